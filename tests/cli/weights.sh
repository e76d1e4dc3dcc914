#!/bin/bash
# `weights` in a plan: measures, breakdowns, comparisons, verdicts and their verification weigh rows.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
data=$ASSAY_SOURCE/examples/digits

python3 - <<'PY'
# 120 rows; m is right in rows 0..99 and n in rows 20..119; the rest weighs 3 instead of 1.
with open('m.csv', 'w') as m, open('n.csv', 'w') as n:
    for out in (m, n):
        out.write('id,target,label,site,w\n')
    for i in range(120):
        weight = 0 if i == 50 else 3 if i >= 100 else 1
        for out, right in ((m, i < 100), (n, i >= 20)):
            t = 'ab'[i % 2]
            out.write(f'r{i},{t},{t if right else "c"},{"x" if i < 60 else "y"},{weight}\n')
PY
cat >plan.yaml <<'YAML'
assay: 1
title: Weights
models:
  m: {predictions: m.csv, data: d}
  n: {predictions: n.csv, data: d}
data: {d: {weights: w}}
contexts:
  all: {data: d}
  x: {data: d, where: site = 'x'}
metrics: [accuracy, f1]
requirements:
  - {id: R, text: right, metric: accuracy, model: m, context: all, at_least: 0.6}
YAML
"$assay" run plan.yaml >out 2>err </dev/null # inconclusive or met: not the point here
[ -s evidence/results.json ] || fail "no results: $(cat err)"
# m: 99 of 159; n: 139 of 159; in x: 59 of 59 and 39 of 59
[ "$(jq -c '[.measures[] | select(.metric == "accuracy") | [.model, .context, (.value * 1e6 | round), .n, .weight]]' evidence/results.json)" = \
    '[["m","all",622642,119,159],["m","x",1000000,59,59],["n","all",874214,119,159],["n","x",661017,59,59]]' ] ||
    fail "measures: $(jq -c '[.measures[] | select(.metric == "accuracy") | [.model, .context, .value, .n, .weight]]' evidence/results.json)"
[ "$(jq -c '[.comparisons[] | select(.metric == "accuracy" and .context == "all") | [(.difference * 1e6 | round), .n, (.method | startswith("tango of weighted"))]]' evidence/results.json)" = \
    '[[251572,119,true]]' ] || fail "comparison: $(jq -c '.comparisons[0]' evidence/results.json)"
[ "$(jq -c '[.breakdowns[] | select(.column == "site" and .model == "m") | .bins[] | [.label, .n, (.accuracy * 1e6 | round)]]' evidence/results.json)" = \
    '[["x",59,1000000],["y",60,400000]]' ] || fail "breakdown: $(jq -c '.breakdowns' evidence/results.json)"
[ "$(jq -c '[.validation.differences, (.validation.recomputed > 5)]' evidence/results.json)" = '[0,true]' ] ||
    fail "self check: $(jq -c .validation evidence/results.json)"
verdict='.verdicts[0] | [.verdict, .value, .low, .high]'
want=$(jq -c "$verdict" evidence/results.json)
"$assay" verify evidence --plan plan.yaml --json v.json >/dev/null 2>&1
[ "$(jq -c "$verdict" v.json)" = "$want" ] || fail "verify: $(jq -c "$verdict" v.json), not $want"
"$assay" verify --predictions m.csv --model m --plan plan.yaml --json v.json >/dev/null 2>&1
[ "$(jq -c "$verdict" v.json)" = "$want" ] || fail "verify of the file: $(jq -c "$verdict" v.json), not $want"
# without weights it is another rule and another value
sed 's/{weights: w}/{}/' plan.yaml >plain.yaml
"$assay" verify evidence --plan plain.yaml --json v.json >out 2>&1
[ "$(jq -c '.verdicts[0].value * 120 | round' v.json)" = 100 ] || fail "plain: $(jq -c "$verdict" v.json)"
[ "$(jq -r .rule.digest v.json)" != "$(jq -r .rule.digest evidence/results.json)" ] || fail "the same rule"
# the same through a model that is run, with the weights of its data
python3 - <<'PY'
import os
os.makedirs('images')
with open('i.csv', 'w') as out:
    out.write('id,path,target,w\n')
    for i in range(30):
        with open(f'images/{i}.pgm', 'wb') as f:
            f.write(b'P5\n28 28\n255\n' + bytes((x * y * (i + 1)) % 251 for y in range(28) for x in range(28)))
        out.write(f'd{i},images/{i}.pgm,{i % 10},{1 + i % 3}\n')
PY
cat >model.yaml <<YAML
assay: 1
title: Weights of images
models:
  m: {file: $data/digits.onnx, input: {color: grey}, output: {scores: probabilities}}
data: {d: {path: i.csv, weights: w}}
metrics: [accuracy]
YAML
expect 0 "$assay" run model.yaml --out images_evidence
file=$(ls images_evidence/predictions/*.parquet)
expect 0 "$assay" evaluate --predictions "$file" --weights w -m accuracy --json e.json
[ "$(jq -c '.measures[0] | [.value, .low, .high, .weight]' images_evidence/results.json)" = \
    "$(jq -c '.measures[0] | [.value, .low, .high, .weight]' e.json)" ] ||
    fail "of images: $(jq -c '.measures[0]' images_evidence/results.json) and $(jq -c '.measures[0]' e.json)"
sed 's/weights: w/weights: v/' plan.yaml >other.yaml
refuse 65 'no column "v"' "$assay" run other.yaml --out o
sed 's/,1$/,-1/' m.csv >neg.csv
sed 's/m.csv/neg.csv/' plan.yaml >neg.yaml
refuse 65 'row 1, id r0 holds -1' "$assay" run neg.yaml --out o
finish
