#!/bin/bash
# assay verify: the same verdicts from evidence without the model; predictions files; refusals.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }
keys='[.verdicts[] | [.id, .verdict, .value, .low, .high, .n, .p_met, .more_needed]]'

cp "$ASSAY_SOURCE/examples/digits/digits.onnx" .
python3 - <<'PY'
import os, random
random.seed(11)
os.makedirs('images', exist_ok=True)
with open('m.csv', 'w') as out, open('p.csv', 'w') as p:
    out.write('id,path,target,side\n')
    p.write('id,target,label,side\n')
    for i in range(120):
        digit = i % 10
        rows = [bytes(200 if 4 <= x < 4 + digit and 3 <= y < 17 else random.randrange(20)
                      for x in range(20)) for y in range(20)]
        name = f'images/{i:03d}.pgm'
        with open(name, 'wb') as f:
            f.write(b'P5\n20 20\n255\n' + b''.join(rows))
        side = 'even' if i % 2 == 0 else 'odd'
        out.write(f'd{i:03d},{name},{digit},{side}\n')
        p.write(f'd{i:03d},{digit},{digit if i % 12 else 9 - digit},{side}\n')
PY
cat >plan.yaml <<'YAML'
assay: 1
models:
  m:
    file: digits.onnx
    input: {color: grey, steps: [{pad: {width: 28, height: 28}}]}
    output: {scores: probabilities}
data: {d: {path: m.csv}}
contexts:
  all: {data: d}
  even: {data: d, where: side = 'even'}
  noisy: {data: d, perturbation: {gaussian_noise: {severity: 2}}}
requirements:
  - {id: LOW, text: t, metric: accuracy, context: all, at_least: 0}
  - {id: SIDE, text: t, metric: accuracy, context: even, at_most: 0.5}
  - {id: F1, text: t, metric: f1, average: macro, context: all, at_most: 0.5}
  - {id: NOISE, text: t, metric: accuracy, context: noisy, at_most: 0.6}
  - {id: HIGH, text: t, metric: accuracy, context: all, at_least: 0.99}
YAML
expect 1 "$assay" run plan.yaml
run=$(jq -c "$keys" evidence/results.json)
sum=$(find evidence -type f | sort | xargs sha256sum | sha256sum)

# the model and the images are gone: nothing but the evidence is looked at
rm -r digits.onnx images
expect 1 "$assay" verify evidence --plan plan.yaml --json v.json
says out "NOT MET        HIGH"
says out "speak of the population that its rows are an independent random sample of"
is "$(jq -c "$keys" v.json)" "$run"
is "$(jq -c .rule v.json)" "$(jq -c .rule evidence/results.json)"
fits evidence/results.json
fits --parts v.json
silent out "rule changed"
is "$(jq -r .estimand v.json)" "$(jq -r .run.estimand evidence/results.json)"
says evidence/junit.xml 'name="estimand" value="Values speak of this fixed test set'
is "$(jq -r '.runs[0].properties.estimand' evidence/results.sarif)" "$(jq -r .estimand v.json)"
expect 1 "$assay" verify evidence/results.json --requirements plan.yaml --json -
is "$(jq -c "$keys" out)" "$run"
is "$(find evidence -type f | sort | xargs sha256sum | sha256sum)" "$sum"

# other requirements on the same evidence
sed '/id: HIGH/d' plan.yaml >easy.yaml
expect 0 "$assay" verify evidence --plan easy.yaml
says out "The decision rule changed after data were seen"
sed "s/side = 'even'/side = 'odd'/; /id: HIGH/d; s/at_most: 0.5}/at_most: 0.0001}/" plan.yaml >odd.yaml
expect 1 "$assay" verify evidence --plan odd.yaml
sed '/id: HIGH/d; s/severity: 2/severity: 3/' plan.yaml >other.yaml
expect 3 "$assay" verify evidence --plan other.yaml
says out "no predictions of the model in this context"
sed '/id: HIGH/d; s/^  m:/  k:/' plan.yaml >name.yaml
expect 3 "$assay" verify evidence --plan name.yaml
says out "knows no model of this name"

# a predictions file: 110 of 120 are right
expect 1 "$assay" verify --predictions p.csv --plan plan.yaml --json v.json
is "$(jq -c '.verdicts[0] | [.value * 120, .n, .verdict]' v.json)" '[110,120,"MET"]'
is "$(jq -r '.verdicts[3].reason' v.json)" "the predictions are not of perturbed data"
expect 1 "$assay" verify --predictions p.csv --plan plan.yaml --model m --data d

# predictions that the plan itself names, and whose content changed since
cat >given.yaml <<'YAML'
assay: 1
models: {m: {predictions: p.csv, data: d}}
contexts: {all: {data: d}}
requirements: [{id: R, text: t, metric: accuracy, context: all, at_least: 0.8}]
YAML
expect 0 "$assay" run given.yaml --out given
expect 0 "$assay" verify given --plan given.yaml
sed -i 's/^d001,1,1/d001,1,2/' p.csv
expect 3 "$assay" verify given --plan given.yaml
says out "its content changed"

refuse 64 "--plan FILE is missing" "$assay" verify evidence
refuse 64 "either an evidence folder or --predictions" "$assay" verify --plan plan.yaml
refuse 64 "no model 'x' (known: m)" "$assay" verify --predictions p.csv --plan plan.yaml --model x
refuse 66 "none/results.json" "$assay" verify none --plan plan.yaml
refuse 66 "none.csv" "$assay" verify --predictions none.csv --plan given.yaml
mkdir broken
echo '{' >broken/results.json
expect 65 "$assay" verify broken --plan plan.yaml
one_line
sed '/^requirements/,$d' plan.yaml >without.yaml
refuse 64 "has no requirements" "$assay" verify evidence --plan without.yaml

# label until decided: rows without a true class are not labelled yet; the order is declared
python3 - <<'PY'
import random
random.seed(5)
rows = [(f'r{i:04d}', i, 'a' if random.random() < .5 else 'b') for i in range(400)]
with open('seq.csv', 'w') as f, open('late.csv', 'w') as g, open('tie.csv', 'w') as h:
    f.write('id,target,label,when\n')
    g.write('id,target,label,when\n')
    h.write('id,target,label\n')
    for name, i, target in rows:
        other = 'b' if target == 'a' else 'a'
        label = target if random.random() < .97 else other
        f.write(f'{name},{target if i < 300 else ""},{label},{i}\n')
    for name, i, target in reversed(rows):
        g.write(f'{name},{target if i < 300 else ""},{target},{i}\n')
    for name, i, target in rows[:60]:
        h.write(f'{name},{target},{target if i % 10 else ("b" if target == "a" else "a")}\n')
PY
cat >seq.yaml <<'YAML'
assay: 1
models: {m: {predictions: seq.csv, data: d}}
requirements:
  - {id: S, text: t, metric: accuracy, model: m, at_least: 0.9, objective: 0.95, sequential: mixture}
  - {id: P, text: t, metric: accuracy, model: m, at_least: 0.5, sequential: {method: pool, order: when}}
YAML
expect 0 "$assay" verify --predictions seq.csv --plan seq.yaml --json v.json
says out "Decided at the labelled sample"
is "$(jq -c '[.verdicts[] | .verdict, .sequential.unlabelled, .sequential.pool]' v.json)" '["MET",100,null,"MET",100,400]'
is "$(jq '.verdicts[0].sequential | .decided_at == .looked_at and .decided_at < 300 and .labelled == 300' v.json)" true
is "$(jq '.verdicts[0].sequential.path[-1][2] >= 0.9' v.json)" true
fits --parts v.json
is "$(jq -r '.estimand | test("finite pool")' v.json)" true
expect 0 "$assay" run seq.yaml --out seq
says seq/report.html "How it was decided, sample by sample"
sed 's/, sequential: mixture//; s/, sequential: {[^}]*}//' seq.yaml | sed '/id: P/d' >plain.yaml
for method in mixture betting sprt pool empirical_bernstein normal_mixture; do
    # 54 of 60: open as a sample, decided as a whole pool
    expect $([ $method = pool ] && echo 0 || echo 2) "$assay" verify --predictions tie.csv --plan plain.yaml --sequential $method --json v.json
    is "$(jq -r '.verdicts[0].sequential.method' v.json)" $method
    fits --parts v.json
done
expect 0 "$assay" verify --predictions late.csv --plan plain.yaml --sequential mixture --order when
refuse 64 "there is no metadata column 'whne'" "$assay" verify --predictions late.csv --plan plain.yaml --sequential mixture --order whne
expect 64 "$assay" verify --predictions tie.csv --plan plain.yaml --sequential guess

# a family of watched requirements: e-values by the numbers of all labelled samples, then e-BH
cat >family.yaml <<'YAML'
assay: 1
models: {m: {predictions: seq.csv, data: d}}
families: {watched: {logic: any_fail_is_found, adjust: e_bh, alpha: 0.1}}
requirements:
  - {id: A, text: t, metric: accuracy, at_least: 0.999, confidence: 0.9, family: watched, sequential: mixture}
  - {id: B, text: t, metric: accuracy, at_least: 0.9, family: watched, sequential: mixture}
  - {id: C, text: t, metric: accuracy, at_least: 0.5, family: watched, sequential: mixture}
YAML
expect 1 "$assay" verify --predictions seq.csv --plan family.yaml --json v.json
is "$(jq -c '[.verdicts[].verdict]' v.json)" '["NOT MET","MET","MET"]'
is "$(jq '[.verdicts[].sequential.log_e_not_met] | max as $e | 3 / ($e | exp)' v.json | cut -c1-12)" "$(jq '.verdicts[0].p_adjusted' v.json | cut -c1-12)"
fits --parts v.json
sed 's/, sequential: mixture}/}/' family.yaml >plain2.yaml
refuse 64 "e_bh takes e-values" "$assay" verify --predictions p.csv --model m --plan plain2.yaml
for adjust in bh by fixed_sequence; do
    sed "s/e_bh/$adjust/" plain2.yaml >adjust.yaml
    expect 1 "$assay" verify --predictions p.csv --plan adjust.yaml --json v.json
    is "$(jq '.verdicts[0] | .p_adjusted >= .p_not_met' v.json)" true
done

# 90 is not 90 %
sed 's/at_least: 0.999/at_least: 90/' plain2.yaml >percent.yaml
refuse 64 "requirement A: at_least is 90, but accuracy lies between 0 and 1: write 0.9 if 90 % is meant" "$assay" verify --predictions p.csv --plan percent.yaml
refuse 64 "write 0.9 if" "$assay" run --check percent.yaml
expect 64 "$assay" verify --predictions tie.csv --plan plain.yaml --sequential mixture --order moon
# A gap between groups is no share of rows: said, not judged one at a time.
awk -F, 'NR == 1 { print $0 ",side"; next } { print $0 "," (NR % 2 ? "left" : "right") }' tie.csv >sides.csv
cat >sides.yaml <<'YAML'
assay: 1
models: {m: {predictions: sides.csv}}
groups: {sides: {columns: [side], positive: a}}
requirements:
  - {id: G, text: t, metric: equalized_odds_difference, group: sides, model: m, at_most: 0.9}
YAML
expect 3 "$assay" verify --predictions sides.csv --plan sides.yaml --sequential betting
says out "takes a share of rows"
# what the scores are: one row of three does not sum to one
printf '%s\n' target,score_a,score_b a,0.9,0.1 b,0.2,0.8 a,0.9,0.4 a,0.7,0.3 >kind.csv
for kind in probabilities any; do
    cat >$kind.yaml <<YAML
assay: 1
models: {m: {predictions: kind.csv, data: d, score_kind: $kind}}
contexts: {all: {data: d}}
metrics: [accuracy, log_loss]
requirements: [{id: K, text: t, metric: log_loss, context: all, at_most: 100}]
YAML
done
refuse 65 "row 3" "$assay" verify --predictions kind.csv --plan probabilities.yaml
expect 3 "$assay" verify --predictions kind.csv --plan any.yaml
says out "NOT EVALUATED"
refuse 65 "row 3" "$assay" run probabilities.yaml --out kind1
expect 3 "$assay" run any.yaml --out kind2
says kind2/results.json "probabilit"
sed 's/score_kind: any/score_kind: logits/' any.yaml >logits.yaml
refuse 64 "expected auto, probabilities or any" "$assay" verify --predictions kind.csv --plan logits.yaml

# names that the plan does not know, with those that it knows
cat >names.yaml <<'YAML'
assay: 1
models: {first: {predictions: tie.csv, data: d}, second: {predictions: tie.csv, data: d}}
contexts: {all: {data: d}}
families: {fam: {logic: any_fail_is_found}}
requirements: [{id: R, text: t, metric: recall, class: a, model: first, context: all, family: fam, at_least: 0.1}]
YAML
wrong() { sed "$1" names.yaml >wrong.yaml && refuse 64 "$2" "$assay" run --check wrong.yaml; }
wrong 's/model: first/model: frist/' "there is no model 'frist'; did you mean 'first'? (known: first, second)"
wrong 's/context: all/context: x/' "there is no context 'x' (known: all)"
wrong 's/any_fail_is_found/some/' "logic is 'some', which is not known (known: all_must_pass, any_fail_is_found)"
wrong 's/family: fam/family: fan/' "there is no family 'fan'; did you mean 'fam'? (known: fam)"
wrong 's/{data: d}}$/{data: d, models: [third]}}/' "there is no model 'third' (known: first, second)"
sed 's/class: a/class: z/' names.yaml >wrong.yaml
expect 3 "$assay" run wrong.yaml --out wrong
is "$(jq -r '.verdicts[0].reason' wrong/results.json)" "the metric has no value for the class 'z' (known: a, b)"

# an SPRT that accepts the threshold does not show that the truth is below it
awk 'BEGIN { print "id,target,label"; for (i = 1; i <= 200; i++) print i ",a," (i % 6 && i < 50 || i % 30 ? "a" : "b") }' >sprt.csv
sed -i '5,9s/,a$/,b/' sprt.csv
cat >sprt.yaml <<'YAML'
assay: 1
models: {m: {predictions: sprt.csv, data: d, classes: [a, b]}}
requirements: [{id: R, text: t, metric: accuracy, at_least: 0.8, objective: 0.95, sequential: sprt}]
YAML
expect 1 "$assay" run sprt.yaml --out sprt
is "$(jq -r '.verdicts[0].explanation | test("accepted the threshold 0.8 against the objective 0.95") and test("at most 10 %") and test("is not shown by it")' sprt/results.json)" true
says sprt/report.html "has accepted the threshold 0.8 against the objective 0.95"
says sprt/report.html "The measured value is that of all labelled samples."
finish
