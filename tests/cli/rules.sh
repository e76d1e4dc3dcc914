#!/bin/bash
# assay run: objectives, families, gates, trees; the decision rule and its digest.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

python3 - <<'PY'
# 200 data on the north side with 8 errors, 200 on the south side with 30, 100 each in part a and b.
with open('p.csv', 'w') as out:
    out.write('id,target,label,side\n')
    for side, errors in (('n', 8), ('s', 30)):
        for i in range(200):
            target = 'ab'[i % 2]
            label = 'ba'[i % 2] if i < errors else target
            out.write(f'{side}{i},{target},{label},{side}\n')
PY
cat >plan.yaml <<'YAML'
assay: 1
models: {m: {predictions: p.csv, data: d}}
contexts:
  all: {data: d}
  n: {data: d, where: side = 'n'}
  s: {data: d, where: side = 's'}
families: {sides: {logic: any_fail_is_found, adjust: bonferroni, alpha: 0.05}}
requirements:
  - {id: R1, text: overall, source: "TEMP 3.2", metric: accuracy, context: all, at_least: 0.8, objective: 0.95}
  - {id: R2, text: north, metric: accuracy, context: n, at_least: 0.9, family: sides, gate: [R1]}
  - {id: R3, text: south, metric: accuracy, context: s, at_least: 0.895, family: sides, gate: R1}
  - {id: R4, text: f1, metric: f1, average: macro, context: all, at_least: 0.85}
  - {id: R5, text: never, metric: accuracy, context: all, at_least: 0.5, gate: [R3]}
  - {id: R6, text: both, all_of: [R2, R3]}
  - {id: R7, text: either, any_of: [R3, R2]}
YAML
verdict() { jq -r ".verdicts[] | select(.id == \"$2\") | .$3" "$1/results.json"; }
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }

expect 3 "$assay" run plan.yaml
says out "4 MET, 0 NOT MET, 2 INCONCLUSIVE, 1 NOT EVALUATED"
is "$(verdict evidence R1 verdict)" MET
is "$(verdict evidence R1 objective_verdict)" "NOT MET"
is "$(verdict evidence R1 source)" "TEMP 3.2"
# 170 of 200 against 0.895: binomtest p = 0.02970..., above 0.025
is "$(verdict evidence R3 verdict)" INCONCLUSIVE
is "$(jq '.verdicts[2] | .p_not_met * 2 == .p_adjusted and .p_not_met < 0.05' evidence/results.json)" true
is "$(verdict evidence R3 more_needed)" null
is "$(verdict evidence R5 verdict)" "NOT EVALUATED"
says evidence/results.json "only when R3 is MET"
is "$(verdict evidence R6 verdict)" INCONCLUSIVE
is "$(verdict evidence R7 verdict)" MET
is "$(jq -c '[.verdicts[] | select(.p_met) | (.p_met <= 0.05) == (.verdict == "MET")] | unique' evidence/results.json)" "[true]"
is "$(jq '.rule.changed_from' evidence/results.json)" null
says evidence/report.html "Source: TEMP 3.2"
says evidence/report.html "The objective, at least"
says evidence/report.html "Operating characteristic"
says evidence/report.md "R3 is INCONCLUSIVE"
says evidence/results.sarif '"objective": 0.95'

# without the correction the same data are NOT MET
sed 's/bonferroni/none/' plan.yaml >none.yaml
expect 1 "$assay" run none.yaml --out none
is "$(verdict none R3 verdict)" "NOT MET"
is "$(verdict none R6 verdict)" "NOT MET"

# wording and order are not the rule; a threshold is, and the change stays visible
first=$(jq -r .rule.digest evidence/results.json)
sed 's/text: overall/text: in other words/; s/any_of: \[R3, R2\]/any_of: [R2, R3]/' plan.yaml >same.yaml
expect 3 "$assay" run same.yaml --out evidence
is "$(jq -r .rule.digest evidence/results.json)" "$first"
silent evidence/results.json "rule changed"
sed 's/at_least: 0.8,/at_least: 0.7,/' plan.yaml >other.yaml
expect 3 "$assay" run other.yaml --out evidence
is "$(jq -r .rule.changed_from evidence/results.json)" "$first"
says evidence/results.json "The decision rule changed after data were seen"
expect 3 "$assay" run other.yaml --out evidence
is "$(jq -r .rule.changed_from evidence/results.json)" "$first"
says evidence/report.html "The decision rule changed after data were seen"
fits evidence/results.json
finish
