#!/bin/bash
# assay attack: controls and score attacks on a real model, files, the same bits for any number of
# threads, bad input named in one line.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE/examples/digits/digits.onnx" m.onnx
cat >m.yaml <<'YAML'
file: m.onnx
input: {color: grey}
output: {scores: probabilities}
YAML
# strokes that the reader takes for a 1, of several greys
mkdir -p photos/1 photos/2
for i in 1 2 3 4 5 6; do
    {
        printf 'P5\n28 28\n255\n'
        for y in $(seq 28); do
            for x in $(seq 28); do
                if ((x > 13 && x < 16 && y > 4 && y < 25)); then
                    printf "\\$(printf %o $((120 + 20 * i)))"
                else
                    printf '\0'
                fi
            done
        done
    } >photos/1/$i.pgm
done
cp photos/1/1.pgm photos/2/wrong.pgm

expect 0 "$assay" attack m.onnx photos --attack square:queries=200 --attack noise:draws=20 \
    --attack occlusion --eps 0.1,0.3 --out one --json one.json --threads 1
says out "worst case"
says out "deterministic: Five repeats give the same answers"
expect 0 "$assay" attack m.onnx photos --attack square:queries=200 --attack noise:draws=20 \
    --attack occlusion --eps 0.1,0.3 --out two --json two.json --threads 3
grep -v seconds one.json >one.stripped
grep -v seconds two.json >two.stripped
expect 0 cmp one.stripped two.stripped
for file in 1_square/adversarial.npy 1_square/rows.parquet 1_square/trace.parquet 2_noise/rows.parquet; do
    expect 0 cmp one/$file two/$file
done
says one.json '"checklist"'

expect 0 "$assay" attack m.onnx photos --attack noise:draws=5 --eps 8/255 --transfer m.yaml
expect 0 "$assay" attack m.onnx photos --attack square:queries=50 --eps 0.3 --target-class 7
says out "wants the answer 7"

expect 0 "$assay" attack m.onnx photos --attack noise:draws=5 --eps 0.1 --certify 0.1 --certify-draws 200
says out "Certified"

# in a plan
cat >plan.yaml <<'YAML'
assay: 1
title: Attacked
models: {reader: {file: m.onnx}}
data: {strokes: {path: photos}}
attacks:
  deliberate:
    title: Deliberate changes
    norm: linf
    eps: [8/255, 0.3]
    attacks: [square: {queries: 100}, noise: {draws: 10}, occlusion]
    transfer: [reader]
YAML
expect 0 "$assay" run plan.yaml
says evidence/report.html "What deliberate changes do to it"
says evidence/report.html "Worst case of all"
says evidence/results.json '"worst_case"'
expect 0 test -s evidence/attacks/deliberate/reader/1_square/rows.parquet
sed 's/8.255/0.5/' plan.yaml >bad.yaml
expect 64 "$assay" run bad.yaml
says err "above the one before"
sed 's/norm: linf/norm: l7/' plan.yaml >bad.yaml
expect 64 "$assay" run bad.yaml
says err "linf, l2, l1 or l0"
sed 's/occlusion/oclusion/' plan.yaml >bad.yaml
expect 64 "$assay" run bad.yaml
says err "occlusion"

# bad input
expect 64 "$assay" attack m.onnx
expect 64 "$assay" attack m.onnx photos --norm l9
says err "linf, l2, l1 or l0"
expect 64 "$assay" attack m.onnx photos --attack noise --eps 8
says err "8/255"
expect 64 "$assay" attack m.onnx photos --attack noise --eps 0.2,x
says err "not a number or a fraction"
expect 64 "$assay" attack m.onnx photos --attack nosie --eps 0.2
says err "did you mean 'noise'"
expect 64 "$assay" attack m.onnx photos --attack square --eps 0.2 --target-class ten
says err "has no class 'ten'"
expect 64 "$assay" attack m.onnx photos --attack square --norm l1 --eps 2
says err "only linf, l2"
expect 64 "$assay" attack m.onnx photos --attack noise --eps 0.1 --by colour
says err "colour"
expect 66 "$assay" attack m.onnx nothing --attack noise

# a command that dies
cat >dies.sh <<'SH'
exit 3
SH
cat >dies.yaml <<'YAML'
command: [sh, dies.sh]
classes: ["1", "2"]
output: {scores: probabilities}
timeout: 5
YAML
expect 69 "$assay" attack dies.yaml photos --attack noise --eps 0.1
says err "exit status 3"
finish
