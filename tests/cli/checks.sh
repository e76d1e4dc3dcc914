#!/bin/bash
# assay run: what the evaluation checks about itself; data that come in groups.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }

python3 - <<'PY'
# 40 scenes of 5 to 14 data; errors come by whole scenes. The design effect by the plain formulas.
import random
random.seed(5)
rows, groups = [], []
for scene in range(40):
    share = random.choice([0.99, 0.95, 0.4])
    groups.append([random.random() < share for _ in range(5 + scene % 10)])
    for right in groups[-1]:
        target = random.randrange(3)
        rows.append((f'scene {scene}', target, target if right else (target + 1) % 3))
random.shuffle(rows)
with open('p.csv', 'w') as out:
    out.write('id,target,label,Scene_id,other\n')
    for i, (scene, target, label) in enumerate(rows):
        out.write(f'd{i},{target},{label},{scene},{i}\n')
n, k = len(rows), len(groups)
mean = sum(map(sum, groups)) / n
between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups) / (k - 1)
within = sum(sum((x - sum(g) / len(g)) ** 2 for x in g) for g in groups) / (n - k)
squares = sum(len(g) ** 2 for g in groups)
m0 = (n - squares / n) / (k - 1)
icc = (between - within) / (between + (m0 - 1) * within)
with open('expected', 'w') as out:
    out.write(f'{n} data in {k} groups\n')
    out.write(f'group is {icc:.2g}, the design effect {1 + (squares / n - 1) * icc:.2g}:\n')
PY
cat >plan.yaml <<'YAML'
assay: 1
models: {m: {predictions: p.csv, data: d}}
metrics: [accuracy, zero_one_loss, matthews_correlation, recall, precision, f1, jaccard, specificity]
YAML
expect 0 "$assay" run plan.yaml
is "$(jq -c '.validation | [.recomputed > 15, .differences, .label_shuffles, .label_shuffles_off_chance]' evidence/results.json)" '[true,0,1,0]'
is "$(jq '[.findings[] | select(.kind == "self_check")] | length' evidence/results.json)" 0
is "$(jq '[.findings[] | select(.kind == "dependent_data")] | length' evidence/results.json)" 1
while read -r line; do says evidence/results.json "$line"; done <expected
says evidence/results.json "declare it: 'cluster' in the plan"

# values within groups and gaps between them are computed again too; what is not is named
awk -F, 'NR == 1 { print $0 ",half,w" } NR > 1 { print $0 "," (NR % 3 ? "odd" : "even") "," NR % 5 / 4 }' p.csv >h.csv
gaps='[accuracy_difference, demographic_parity_ratio, equal_opportunity_difference, equal_opportunity_ratio, demographic_parity_difference,
  equalized_odds_difference, {equalized_odds_ratio: {agg: mean}}, predictive_equality_ratio, predictive_equality_difference,
  predictive_parity_difference, predictive_parity_ratio, worst_group_accuracy, worst_group_recall, accuracy, recall,'
for weights in '' ', weights: w'; do
  printf 'assay: 1\nmodels: {m: {predictions: h.csv, data: d}}\ndata: {d: {cluster: Scene_id%s}}\n' "$weights" >groups.yaml
  printf 'groups: {half: {columns: [half]}}\nmetrics: %s]\n' "$gaps" >>groups.yaml
  expect 0 "$assay" run groups.yaml --out groups
  is "$(jq -c '.validation | [.recomputed > 60, .differences, .not_recomputed, .not_recomputed_metrics]' groups/results.json)" '[true,0,0,[]]'
done
sed -i 's/worst_group_recall,/{accuracy_difference: {method: to_overall}},/' groups.yaml
expect 0 "$assay" run groups.yaml --out groups
is "$(jq -c '.validation | [.differences, .not_recomputed, .not_recomputed_metrics]' groups/results.json)" '[0,1,["accuracy_difference"]]'
says groups/report.html 'Not computed a second time'

# two models on the same data: said once, with what it means for each
sed 's/models: .*/models: {m: {predictions: p.csv, data: d, title: One}, k: {predictions: p.csv, data: d, title: Two}}/' plan.yaml >two.yaml
echo 'data: {d: {}}' >>two.yaml
expect 0 "$assay" run two.yaml --out two
is "$(jq '[.findings[] | select(.kind == "dependent_data")] | length' two/results.json)" 1
is "$(jq -r '.findings[] | select(.kind == "dependent_data") | .text | [test("accuracy of One"), test("accuracy of Two")] | all' two/results.json)" true

# beside a sequential requirement, too
{ cat plan.yaml; echo 'requirements: [{id: S, text: a, metric: accuracy, at_least: 0.2, sequential: mixture}]'; } >beside.yaml
expect 0 "$assay" run beside.yaml --out beside
is "$(jq -c '.validation | [.label_shuffles, .label_shuffles_off_chance]' beside/results.json)" '[1,0]'

# a column that is no key of groups is left alone
sed 's/Scene_id/colour/' p.csv >q.csv
sed 's/p.csv/q.csv/' plan.yaml >none.yaml
expect 0 "$assay" run none.yaml --out none
silent none/results.json dependent_data

# declared, every interval allows for it, those along the metadata too; the group itself has none
awk -F, -v OFS=, '{ print $0, NR == 1 ? "half" : (substr($4, 7) + 0 < 20 ? "first" : "second") }' p.csv >h.csv
sed 's/p.csv/h.csv/; s/metrics: .*/metrics: [accuracy]/' plan.yaml >alone.yaml
{ cat alone.yaml; echo 'data: {d: {cluster: Scene_id}}'; } >declared.yaml
expect 0 "$assay" run alone.yaml --out alone
expect 0 "$assay" run declared.yaml --out declared
half='.breakdowns[] | select(.column == "half")'
is "$(jq -c "$half | [.method, .cluster, .bins[0].clusters]" alone/results.json)" '["clopper_pearson",null,null]'
is "$(jq -c "$half | [.method, .cluster, .bins[0].clusters]" declared/results.json)" '["korn_graubard","Scene_id",20]'
wide() { jq "[$half | .bins[] | .accuracy_high - .accuracy_low] | add" "$1/results.json"; }
is "$(jq -n "$(wide declared) > 1.5 * $(wide alone)")" true
says declared/report.html "Intervals allow for rows with the same Scene_id being alike (korn_graubard)."
says declared/report.md 'korn\_graubard'
# the same interval as of a context that is that half
{ cat declared.yaml; echo "contexts: {all: {data: d}, first: {data: d, where: half = 'first'}}"; } >same.yaml
expect 0 "$assay" run same.yaml --out same
is "$(jq -c '.measures[] | select(.context == "first") | [.value, .low, .high]' same/results.json)" \
    "$(jq -c "$half | .bins[] | select(.label == \"first\") | [.accuracy, .accuracy_low, .accuracy_high]" same/results.json)"
fits evidence/results.json none/results.json alone/results.json declared/results.json
finish
