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
# all but what the run took
strip() { grep -vE '"(seconds|allowed|allowed_by|estimated|peak|gradient_sessions|batch)"' "$1"; }
strip one.json >one.stripped
strip two.json >two.stripped
expect 0 cmp one.stripped two.stripped
for file in 1_square/adversarial.npy 1_square/rows.parquet 1_square/trace.parquet 2_noise/rows.parquet; do
    expect 0 cmp one/$file two/$file
done
says one.json '"checklist"'

expect 0 "$assay" attack m.onnx photos --attack noise:draws=5 --eps 8/255 --transfer m.yaml
expect 0 "$assay" attack m.onnx photos --attack square:queries=50 --eps 0.3 --target-class 7
says out "wants the answer 7"

expect 0 "$assay" attack m.onnx photos --attack noise:draws=5 --eps 0.1 --certify 0.1 --certify-draws 200
expect 0 grep -qx "  0: [0-9.]* %, 0.05: [0-9.]* %, 0.1: [0-9.]* %, 0.15: [0-9.]* %" out
says out "200 draws can show a radius of 0.183 at most"
expect 64 "$assay" attack m.onnx photos --attack noise:draws=5 --eps 0.1 --certify 0.1 --certify-draws 9
says err "9 draws for a certificate"

# a proxy, a matrix of two models, the table under --quiet, a report of its own
mkdir pair
cp m.onnx m.yaml pair/
cp "$ASSAY_SOURCE/examples/digits/proxy.onnx" pair/proxy.onnx
sed 's/m.onnx/proxy.onnx/' m.yaml >pair/proxy.yaml
expect 0 "$assay" attack pair/m.onnx photos --attack noise:draws=5 --eps 0.1,0.3 --quiet \
    --proxy pair/proxy.onnx --transfer pair --matrix 0.2 --out pairs
says out "transfer  "
says out "1 m.onnx"
says out "2 proxy.onnx"
says out "worst case"
for text in "Whose examples fool whom" "Transfer from pair/proxy.onnx" "Reporting checklist" \
    "How many answers it takes" "By class, worst case" "Before, after, and what changed"; do
    says pairs/report.html "$text"
done
says pairs/attack.json '"transfer_matrix"'
expect 64 "$assay" attack m.onnx photos --attack noise --eps 0.1 --matrix 0.1
says err "name them, or their folder"
expect 64 "$assay" attack pair/m.onnx photos --attack noise --eps 0.1 --matrix x --transfer pair
says err "'x' is not a number or a fraction"
expect 64 "$assay" attack pair/m.onnx photos --attack noise --norm l2 --eps 1 --proxy pair/proxy.onnx
says err "norm linf only"
sed 's/classes: .*//; $a classes: ["1", "0", "2", "3", "4", "5", "6", "7", "8", "9"]' m.yaml >pair/swapped.yaml
sed -i 's/proxy.onnx/m.onnx/' pair/swapped.yaml
expect 64 "$assay" attack pair/m.onnx photos --attack noise --eps 0.1 --transfer pair/swapped.yaml
says err "must be in the same order"

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
fits evidence/results.json
expect 0 test -s evidence/attacks/deliberate/reader/1_square/rows.parquet

# requirements on what the attacks leave, judged again from the evidence alone
cat >>plan.yaml <<'YAML'
requirements:
  - {id: R1, text: bears little, metric: robust_accuracy, attack: deliberate, eps: 8/255, at_least: 0.3}
  - {id: R2, text: bears much, metric: robust_accuracy, eps: 0.3, at_least: 0.999}
  - {id: R3, text: half of them, metric: minimum_norm, at_least: 0.9}
  - {id: R4, text: of one class, metric: robust_accuracy, class: "2", eps: 0.3, at_most: 0.99, confidence: 0.5}
YAML
expect 1 "$assay" run plan.yaml
verdicts() # FILE: verdict, value, interval, n of each
{
    tr -d ' \n' <"$1" | grep -o '"verdict":"[A-Z]*","value":[^,]*,"low":[^,]*,"high":[^,]*,"n":[0-9]*'
}
verdicts evidence/results.json >first
expect 0 test "$(wc -l <first)" = 4
expect 0 grep -q '"verdict":"NOTMET","value":0[.0-9]*,"low":0[0-9.]*,"high":0.[0-9]*,"n":7' first
says evidence/report.html "Robust accuracy"
says evidence/report.html "Smallest change that fools it"
# the value is that of the assessment
value=$(tr -d ' \n' <evidence/results.json | grep -o '"worst_case":\[[^]]*' | grep -o '"eps":0.3,"value":[^,]*' | cut -d: -f3)
expect 0 grep -q "\"value\":$value,.*\"n\":7" first
expect 1 "$assay" verify evidence --plan plan.yaml --json again.json
verdicts again.json >second
expect 0 cmp first second
sed 's/queries: 100/queries: 101/' plan.yaml >other.yaml
expect 3 "$assay" verify evidence --plan other.yaml
says out "the evidence holds no such attack on this model"
sed 's/norm: linf/norm: linf\n    own_answers: true/' plan.yaml >other.yaml
expect 3 "$assay" verify evidence --plan other.yaml
says out "the evidence holds no such attack on this model"
for wrong in 's/eps: 0.3,/eps: 0.31,/|not made at eps 0.31' "s/attack: deliberate/attack: delibrate/|did you mean 'deliberate'" \
    "s/eps: 0.3, at/context: strokes, at/|has no 'context'" 's/eps: 0.3, at/at/|needs '\''eps'\''' \
    "s/minimum_norm/accuracy, eps: 0.3/|'eps' belongs to" "s/minimum_norm/minimum_norm, quantile: 2/|quantile"; do
    sed "${wrong%%|*}" plan.yaml >bad.yaml
    expect 64 "$assay" run bad.yaml --check
    says err "${wrong##*|}"
done
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
expect 0 "$assay" attack m.onnx photos --attack square:queries=100 --norm l1 --eps 20,60
says out "eps (l1)"
expect 64 "$assay" attack m.onnx photos --attack square --norm l0 --eps 2
says err "only linf, l2, l1"
expect 64 "$assay" attack m.onnx photos --attack noise --eps 0.1 --by colour
says err "colour"

# each value of a column, the empty one too, and where gradients come from
{
    echo path,target,ward
    for i in 1 2 3 4 5 6; do
        echo "photos/1/$i.pgm,1,$([ $i -gt 2 ] && echo east)"
    done
} >wards.csv
expect 0 "$assay" attack m.onnx wards.csv --attack fgsm --eps 0.1 --by ward --repeats 2 --noise 0.01 \
    --gradients "$ASSAY_SOURCE/examples/digits/proxy.onnx" --out wards
says out "Worst case by ward"
expect 0 grep -q "^  (missing)  .*  2$" out
expect 0 grep -q "^  east  .*  4$" out
says out "proxy.onnx, as declared"
says out "averaged over 2 calls"
says out "noise of sigma 0.01"
says wards/report.html "<dt>Gradients from</dt>"
expect 66 "$assay" attack m.onnx nothing --attack noise

# a guarantee for a command that gives nothing but labels
cat >a.sh <<'SH'
echo '{"assay":1,"classes":["1","2"],"scores":"labels"}'
while read -r line; do
    id=$(printf '%s' "$line" | sed 's/^{"id": *\([0-9]*\).*/\1/')
    labels=$(printf '%s' "$line" | grep -o '"png"' | sed 's/.*/"1"/' | paste -sd,)
    printf '{"id":%s,"labels":[%s]}\n' "$id" "$labels"
done
SH
cat >a.yaml <<'YAML'
command: [sh, a.sh]
classes: ["1", "2"]
output: {scores: labels}
batch: 64
YAML
# 100 of 100 draws: 0.45 at sigma 0.3 (one-sided Clopper-Pearson at 0.001)
expect 0 "$assay" attack a.yaml photos --attack noise:draws=2 --eps 0.1 --certify 0.3 --certify-draws 100 --quiet
says out "0: 85.7 %, 0.25: 85.7 %, 0.5: 0.0 %"

# a command that dies
cat >dies.sh <<'SH'
exit 3
SH
cat >dies.yaml <<'YAML'
command: [sh, dies.sh]
classes: ["1", "2"]
output: {scores: probabilities}
timeout: 60
YAML
expect 69 "$assay" attack dies.yaml photos --attack noise --eps 0.1
says err "exit status 3"
finish

# less memory than usual: the same numbers; much too little: one line
cp "$ASSAY_SOURCE"/tests/golden/attack_checks/sound.* "$ASSAY_SOURCE"/tests/golden/attack_checks/patterns* .
capped=(attack sound.onnx patterns.npy --labels patterns_labels.npy --attack pgd:steps=5 --eps 0.05)
expect 0 "$assay" "${capped[@]}" --json free.json
expect 0 "$assay" "${capped[@]}" --memory 3GB --json capped.json --out report
strip free.json >free.stripped
strip capped.json >capped.stripped
expect 0 cmp free.stripped capped.stripped
says capped.json '"allowed": 3000000000'
says capped.json '"allowed_by": "user"'
says free.json '"allowed_by": "machine"'
says capped.json '"estimated":'
says capped.json '"peak":'
says out "of 3000 MB allowed, in batches of"
says report/report.html "of 3,000 MB allowed, images in batches of"
expect 65 "$assay" "${capped[@]}" --memory 1MB
says err "1 MB are allowed: allow more memory, or use fewer"
expect 64 "$assay" "${capped[@]}" --memory lots
says err "memory is 'lots', expected a number with a unit, such as 2GB"
