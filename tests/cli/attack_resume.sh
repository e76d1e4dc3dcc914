#!/bin/bash
# assay attack: what an interrupted attack had finished is not asked for again, and the files are those of
# an attack that was never interrupted.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE"/tests/golden/attack_checks/* .
echo "batch: 4" >>sound.yaml

attack() # FOLDER OPTIONS...
{
    local folder=$1
    shift
    expect 0 "$assay" attack sound.onnx patterns.npy --labels patterns_labels.npy --eps 0.1,0.2 --quiet \
        --attack square:queries=100 --attack pgd --attack universal --transfer rough.onnx \
        --threads 2 --out "$folder" "$@"
}
same() # FOLDER: its files are those of the first run
{
    for part in 1_square 2_pgd 3_universal; do
        for file in adversarial.npy rows.parquet trace.parquet; do
            expect 0 cmp whole/$part/$file "$1/$part/$file"
        done
    done
}
before() # FOLDER: images that came from before, of each attack
{
    sed -n 's/.*"rows_from_before": \([0-9]*\).*/\1/p' "$1/attack.json" | tr '\n' ' '
}
attack whole
expect 0 test "$(before whole)" = ""
expect 0 test "$(ls whole/1_square/resume | wc -l)" = 6

# as after a kill: some files are there, one was cut short, one is of something else
cp -r whole part
cd part/1_square/resume || exit 1
set -- *.rows
rm "$1" "$2"
size=$(stat -c %s "$3")
truncate -s $((size - 1)) "$3"
head -c 300 /dev/urandom >"$4"
cd ../../..
rm part/2_pgd/resume/*
attack part
same part
expect 0 test "$(before part)" = "23 "
attack part --threads 1
same part
expect 0 test "$(before part)" = "48 48 "

# other settings, other pixels, another model: nothing counts, and what is of no use goes
attack part --seed 2
expect 0 test "$(before part)" = ""
expect 0 test "$(ls part/1_square/resume | wc -l)" = 6
cp -r whole part2
sed -i 's/color: grey/color: grey, mean: [0.001]/' sound.yaml
attack part2
expect 0 test "$(before part2)" = ""

# a real SIGKILL after the first rows were kept: the same call goes on, with the bits of an unbroken one
slow=("$assay" attack sound.onnx patterns.npy --labels patterns_labels.npy --eps 0.1,0.2 --quiet
    --attack hopskipjump:queries=60000 --norm l2 --threads 1)
expect 0 "${slow[@]}" --out unbroken
# On a busy machine the attack may be over before it is looked at: then once more.
for _ in 1 2 3 4 5; do
    rm -rf killed
    # a plain command, so that $! is the attack itself: of a function it would be a shell around it
    "${slow[@]}" --out killed >out 2>err &
    pid=$!
    while kill -0 $pid 2>/dev/null && ! compgen -G 'killed/1_hopskipjump/resume/*.rows' >/dev/null; do
        sleep 0.01
    done
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    ended=$?
    [ $ended = 137 ] && break
done
[ $ended = 137 ] || fail "the attack was over before SIGKILL, five times: $ended"
compgen -G 'killed/1_hopskipjump/resume/*.rows' >/dev/null || fail "no rows were kept before SIGKILL"
[ -e killed/attack.json ] && fail "results of a killed attack"
expect 0 "${slow[@]}" --out killed
for file in adversarial.npy rows.parquet trace.parquet; do
    expect 0 cmp unbroken/1_hopskipjump/$file killed/1_hopskipjump/$file
done
reused=$(before killed)
[ "${reused:-0}" -gt 0 ] && [ "$reused" -lt 48 ] || fail "of 48 images '$reused' came from before"
if find killed -name '*.tmp*' | grep -q .; then fail "temporary files stay behind"; fi

# in a plan
cat >plan.yaml <<'YAML'
assay: 1
title: Attacked
models: {sound: {file: sound.onnx, input: {color: grey}, output: {scores: logits}}}
data: {patterns: {path: patterns.npy, labels: patterns_labels.npy}}
attacks: {known: {eps: [0.1, 0.2], attacks: [pgd], own_answers: true}}
YAML
expect 0 "$assay" run plan.yaml --out evidence
expect 1 grep -q rows_from_before evidence/results.json
expect 0 grep -q '"labels": *"the model.s own answers"' evidence/results.json
expect 0 "$assay" run plan.yaml --out evidence
expect 0 grep -q '"rows_from_before": *48' evidence/results.json
finish
