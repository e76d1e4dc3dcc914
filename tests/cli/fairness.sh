#!/bin/bash
# assay evaluate --group: groups, gaps with intervals, small groups, wrong input.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

# 40 of 50 in a and 25 of 50 in b are predicted yes; all of a third group of 3
{
    echo "target,label,site,age"
    for i in $(seq 1 50); do echo "$([ $i -le 30 ] && echo yes || echo no),$([ $i -le 40 ] && echo yes || echo no),a,$((i + 10))"; done
    for i in $(seq 1 50); do echo "$([ $i -le 30 ] && echo yes || echo no),$([ $i -le 25 ] && echo yes || echo no),b,$((i + 10))"; done
    for i in 1 2 3; do echo "yes,yes,c,30"; done
} >p.csv
expect 0 "$assay" evaluate --predictions p.csv --group site --positive yes --json r.json
says out "3 groups, positive class yes, at least 10 rows each"
says out "highest: site=a, lowest: site=b; fewer than 10 rows behind the rate, so left out: site=c"
says out "only 3 rows behind it, at least 10 are asked for"
says out "corrected for the number of groups (Holm)"
grep -q '"fairness": \[' r.json || fail "no fairness in the JSON"
expect 0 "$assay" evaluate --predictions p.csv --group site --positive yes --json - \
    -m demographic_parity_difference:least=1 --where "site <> 'c'"
says out '"metric": "demographic_parity_difference"'
says out '"value": 0.3'
says out '"low": 0.0869'   # Miettinen-Nurminen of 40/50 - 25/50 at 1.25 % and 2.5 %
says out '"high": 0.4672'
says out '"method": "miettinen_nurminen, simultaneous over all pairs of groups"'
cp out first
expect 0 "$assay" evaluate --predictions p.csv --group site --positive yes --json - --threads 1 \
    -m demographic_parity_difference:least=1 --where "site <> 'c'"
cp out second
expect 0 cmp second first
# ranges, combinations, every class in turn
expect 0 "$assay" evaluate --predictions p.csv -g site -g age:25,40 --least 1 -m selection_rate
says out "site=a, age below 25 (14 rows)"
says out "site=c, age 25 to below 40 (3 rows)"
says out "7 groups, at least 1 row each"
# without groups the metric says why it has no value
expect 0 "$assay" evaluate --predictions p.csv -m equalized_odds_difference
says out "no column of groups is named"
refuse 64 "there is no column sex (known: site, age)" "$assay" evaluate --predictions p.csv --group sex
refuse 64 "did you mean 'yes'" "$assay" evaluate --predictions p.csv --group site --positive yess
refuse 64 "is not a number" "$assay" evaluate --predictions p.csv --group age:x
refuse 64 "holds texts" "$assay" evaluate --predictions p.csv --group site:1
refuse 64 "none are given" "$assay" evaluate --predictions p.csv --positive yes
refuse 64 "nothing to compare" "$assay" evaluate --predictions p.csv --group age:500 -m accuracy

# in a plan: requirements on gaps, the report, judging again
cat >plan.yaml <<'YAML'
assay: 1
title: Fairness
models: {m: {predictions: p.csv, data: d}}
groups:
  by_site: {title: Sites, columns: [site], positive: yes}
  by_age: {columns: [site, age], ranges: {age: [25, 40]}, positive: yes, least: 5}
  by_weight: {columns: [weight]}
requirements:
  - {id: R1, text: alike, metric: demographic_parity_difference, group: by_site, at_most: 0.05}
  - {id: R2, text: nobody left, metric: worst_group_accuracy, group: by_age, at_least: 0.05}
  - {id: R3, text: no such column, metric: accuracy_difference, group: by_weight, at_most: 0.5}
YAML
expect 1 "$assay" run plan.yaml --out e
says out "1 MET, 1 NOT MET, 0 INCONCLUSIVE, 1 NOT EVALUATED"
says e/report.html "Is everybody treated alike?"
says e/report.html "highest: site=a, lowest: site=b"
says e/results.json "there is no column weight"
fits e/results.json
fits --parts r.json
expect 1 "$assay" verify e --plan plan.yaml
says out "NOT MET        R1"
says out "NOT EVALUATED  R3"
sed 's/group: by_site, //' plan.yaml >which.yaml
refuse 64 "which is meant" "$assay" run --check which.yaml
sed '/^groups:/,/by_weight/d' plan.yaml >none.yaml
refuse 64 "the plan has no 'groups'" "$assay" run --check none.yaml
sed 's/age: \[25, 40\]/age: [40, 25]/' plan.yaml >down.yaml
refuse 64 "must ascend" "$assay" run --check down.yaml
sed 's/ranges: {age:/ranges: {aeg:/' plan.yaml >name.yaml
refuse 64 "is not one of the columns" "$assay" run --check name.yaml
sed 's/worst_group_accuracy/accuracy/' plan.yaml >plain.yaml
refuse 64 "say which is meant with 'extreme: worst'" "$assay" run --check plain.yaml

# the worst group, the gap, ... by any metric; a group that is left out leaves its side open
cat >worst.yaml <<'YAML'
assay: 1
title: Worst group
models: {m: {predictions: p.csv, data: d}}
groups:
  by_site: {title: Sites, columns: [site], positive: yes}
contexts:
  all: {data: d}
  large: {data: d, where: "site <> 'c'"}
metrics: [f1, matthews_correlation]
requirements:
  - {id: W1, text: nobody left behind, context: large, metric: f1, group: by_site, extreme: worst, at_least: 0.5}
  - {id: W2, text: alike, context: large, metric: recall, group: by_site, extreme: difference, at_most: 0.05}
  - {id: W3, text: alike, context: large, metric: {f_beta: {beta: 2}}, average: macro, group: by_site, extreme: ratio, at_least: 0.3}
  - {id: W4, text: a small group is not passed over, context: all, metric: accuracy, group: by_site, extreme: worst, at_least: 0.05}
  - {id: W5, text: but does not save a bad one, context: all, metric: accuracy, group: by_site, extreme: worst, at_least: 0.99}
  - {id: W6, text: too seldom, context: large, metric: selection_rate, class: no, group: by_site, extreme: highest, at_most: 0.7}
YAML
expect 1 "$assay" run worst.yaml --out w
says out "3 MET, 1 NOT MET, 2 INCONCLUSIVE, 0 NOT EVALUATED"
fits w/results.json
expect 1 "$assay" verify w --plan worst.yaml
cp out judged
says out "Of the groups, highest: site=a, lowest: site=b, of 2 groups; no rows here: site=c."
says out "left out: site=c (only 3 rows behind it, at least 10 are asked for)"
says w/report.html "worst of the groups"
says w/report.html "Of the groups, highest: site=a, lowest: site=b, of 2 groups"
says w/report.html "left out: site=c"
expect 1 "$assay" verify --predictions p.csv --plan worst.yaml
cp out again
expect 0 cmp again judged
grep -q '"metric": "matthews_correlation"' w/results.json || fail "the plan's metrics are not measured within groups"
sed 's/extreme: worst/extreme: worts/' worst.yaml >typo.yaml
refuse 64 "expected worst, best, lowest, highest, difference or ratio" "$assay" run --check typo.yaml
sed 's/extreme: highest/extreme: worst/' worst.yaml >way.yaml
refuse 64 "say lowest or highest" "$assay" run --check way.yaml
sed 's/metric: recall/metric: equal_opportunity_difference/' worst.yaml >twice.yaml
refuse 64 "takes no 'extreme'" "$assay" run --check twice.yaml
sed 's/extreme: worst, at_least: 0.05/extreme: worst, sequential: mixture, at_least: 0.05/' worst.yaml >one.yaml
refuse 64 "not sample by sample" "$assay" run --check one.yaml
sed '/^groups:/,/by_site:/d' worst.yaml >nogroups.yaml
refuse 64 "but the plan has no 'groups'" "$assay" run --check nogroups.yaml
# weighted: no interval says that equal groups differ, as percentiles would
{
    echo "target,label,site,w"
    for i in $(seq 1 60); do for s in a b c; do
        echo "$([ $((i % 2)) = 0 ] && echo yes || echo no),$([ $((i % 3)) = 0 ] && echo yes || echo no),$s,$((1 + i * ${#s} % 4))"
    done; done
} >w.csv
expect 0 "$assay" evaluate --predictions w.csv --group site --positive yes --weights w --json w.json
jq -e '.fairness[0].gaps | map(select(.metric | test("_difference$|_ratio$"))) |
    all(.low == null or (.metric | test("_ratio$")) or .low == 0) and all((.metric | test("_ratio$") | not) or .high == 1)
    and (map(select(.metric == "demographic_parity_difference"))[0] | .method | startswith("simultaneous"))
    and (map(select(.metric == "equalized_odds_difference"))[0] | .method | startswith("bootstrap_distance"))' w.json \
    >/dev/null || fail "weighted gaps: $(jq -c '[.fairness[0].gaps[] | [.metric, .value, .low, .high, .method]]' w.json)"
# temperature scaling
expect 0 "$assay" evaluate --predictions p.csv -m accuracy --temperature
says out "there are only labels"
refuse 64 "belongs to classification" "$assay" evaluate --task regression --predictions p.csv --temperature
finish
