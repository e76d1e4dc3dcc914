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
refuse 64 "does not compare groups" "$assay" run --check plain.yaml
# temperature scaling
expect 0 "$assay" evaluate --predictions p.csv -m accuracy --temperature
says out "there are only labels"
refuse 64 "belongs to classification" "$assay" evaluate --task regression --predictions p.csv --temperature
finish
