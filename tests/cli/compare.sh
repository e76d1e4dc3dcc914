#!/bin/bash
# assay compare: known numbers, matching of rows, slices, clusters, margins, wrong files.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }

# 40 rows: both right 20, only a right 4, only b right 12, both wrong 4
make() {
    awk -v model="$1" 'BEGIN { print "id,target,label,sensor,scene"
        for (i = 1; i <= 40; i++) {
            truth = i % 2 ? "cat" : "dog"; other = i % 2 ? "dog" : "cat"
            right = i <= 20 || (model == "a" ? i <= 24 : i > 24 && i <= 36)
            printf "r%02d,%s,%s,s%d,f%d\n", i, truth, right ? truth : other, i % 3, i % 13
        } }'
}
make a >a.csv
make b >b.csv
{ head -n 1 b.csv; tail -n +2 b.csv | sort -r; } >shuffled.csv

expect 0 "$assay" compare a.csv b.csv -m accuracy --json -
says out '"difference": 0.2,'
says out '"p": 0.049041748046875,'   # mid-P of 4 and 12: 0.076812744140625 - 0.02777099609375
says out '"only_a_right": 4,'
says out '"only_b_right": 12,'
says out '"method": "tango"'
says out '"better": "b"'
says out '"matched_by": "id"'
says out '"estimand": '
says out '"id": "r21"'
cp out first
expect 0 "$assay" compare a.csv b.csv -m accuracy --json - --threads 1
cp out second
expect 0 cmp second first
expect 0 "$assay" compare a.csv b.csv -m accuracy --exact --json -
says out '"p": 0.076812744140625,'
says out '"better": "not_shown"'
expect 0 "$assay" compare a.csv shuffled.csv -m accuracy --json -
says out '"only_b_right": 12,'
says out '"p": 0.049041748046875,'

# the table, the list of flips
expect 0 "$assay" compare a.csv b.csv --flips flips.csv --json c.json
says out "both right 20, only a 4, only b 12, both wrong 4"
says out "independent random sample"
says flips.csv "a,b,21,r21,cat,cat,dog,a"
says flips.csv "a,b,36,r36,dog,cat,dog,b"
checks=$((checks + 1))
[ "$(wc -l <flips.csv)" -eq 17 ] || fail "flips.csv has not 16 rows"
expect 0 "$assay" compare a.csv b.csv --name old,new -m accuracy -m f1 --adjust none
says out "old and new"

# slices, groups, clusters, three models
expect 0 "$assay" compare a.csv b.csv -m accuracy --slice "late=id > 'r30'" --by sensor
says out "late (10 rows)"
says out "sensor = s2 (13 rows)"
says out "in 5 tests"
expect 0 "$assay" compare a.csv b.csv -m accuracy --cluster scene --json -
says out '"clusters": 13'
says out "cluster_robust, 13 clusters"
says out "cluster_robust t"
expect 0 "$assay" compare a.csv b.csv shuffled.csv -m accuracy
says out "Cochran's Q"
says out "b and shuffled"

refuse 64 "the margin is 2, but accuracy lies between 0 and 1: write 0.02 if 2 % is meant" "$assay" compare a.csv b.csv -m accuracy --margin 2
refuse 64 "the margin of equivalence is 5" "$assay" compare a.csv b.csv -m accuracy --equivalence 5
refuse 64 "adjust is 'e_bh'" "$assay" compare a.csv b.csv -m accuracy --adjust e_bh

# over the groups
awk -F, -v OFS=, 'NR == 1 { print "id,target,label,site" } NR > 1 { for (k = 0; k < 3; k++) print $1 k, $2, (NR + k) % 7 ? $2 : "x", "s" NR % 6 }' a.csv >ga.csv
awk -F, -v OFS=, 'NR == 1 { print "id,target,label,site" } NR > 1 { for (k = 0; k < 3; k++) print $1 k, $2, (NR + k) % 3 ? $2 : "x", "s" NR % 6 }' a.csv >gb.csv
awk -F, -v OFS=, 'NR == 1 { print "id,target,label,site" } NR > 1 { for (k = 0; k < 3; k++) print $1 k, $2, (NR + k) % 2 ? $2 : "x", "s" NR % 6 }' a.csv >gc.csv
expect 0 "$assay" compare ga.csv gb.csv -m accuracy --by site --json g.json
says out "Over the groups"
is "$(jq -c '.omnibus[] | [.test, .n, .df, .statistic, .p]' g.json)" '["wilcoxon_exact",6,null,0,0.03125]'
fits --parts g.json
expect 0 "$assay" compare ga.csv gb.csv gc.csv -m accuracy -m log_loss --by site --json g.json
says out "(Nemenyi): ga and gc"
is "$(jq -c '.omnibus[] | select(.test == "friedman") | [.p < 0.01, .mean_ranks[0].rank, (.nemenyi | length), (.nemenyi[1].p <= 0.05)]' g.json)" '[true,1,3,true]'
fits --parts g.json

# not worse than the first?
expect 0 "$assay" compare a.csv b.csv -m accuracy --margin 0.05
says out "within the margin"
expect 1 "$assay" compare b.csv a.csv -m accuracy --margin 0
says out "worse than the margin"
expect 2 "$assay" compare b.csv a.csv -m accuracy --margin 0.2
says out "margin undecided"

# rows that do not belong together
tail -n +3 b.csv | sed '1i id,target,label,sensor,scene' >short.csv
refuse 65 "r01" "$assay" compare a.csv short.csv
refuse 65 "1 are only in the second: r01" "$assay" compare short.csv a.csv
expect 0 "$assay" compare a.csv short.csv --on-error skip -m accuracy
says out "(39 rows)"
says out "left out: 1 of the first"
sed 's/^r05,cat/r05,dog/' b.csv >other.csv
refuse 65 "a.csv and other.csv: row 5, id r05: the true class is 'cat' in the first, 'dog' in the other" "$assay" compare a.csv other.csv
sed 's/^r06/r05/' b.csv >twice.csv
refuse 65 "r05" "$assay" compare a.csv twice.csv
cut -d, -f2-5 a.csv >a_noid.csv
cut -d, -f2-5 b.csv >b_noid.csv
expect 0 "$assay" compare a_noid.csv b_noid.csv -m accuracy --json -
says out '"matched_by": "order"'
says out '"p": 0.049041748046875,'
refuse 65 "has none" "$assay" compare a.csv b_noid.csv
head -n 30 b_noid.csv >b_few.csv
refuse 65 "a_noid.csv has 40 rows and b_few.csv has 29" "$assay" compare a_noid.csv b_few.csv

# equivalence, regions of practical equivalence, joint and ordered tests
expect 2 "$assay" compare a.csv b.csv -m accuracy --equivalence 0.2 --rope 0.05 --json e.json
is "$(jq -r '.comparisons[0].equivalence | .verdict, .test' e.json | xargs)" "undecided tango, two one-sided"
is "$(jq '.comparisons[0].posterior | (.b_worse + .equivalent + .b_better - 1) | fabs < 1e-9' e.json)" true
expect 0 "$assay" compare a.csv b.csv -m accuracy -m f1 --adjust max_t --json e.json
is "$(jq '[.comparisons[] | select(.p_adjusted != null) | .p_adjusted <= 1 and .p_adjusted > 0] | all' e.json)" true
expect 0 "$assay" compare a.csv b.csv -m accuracy -m f1 --adjust fixed_sequence --json e.json
is "$(jq '[.comparisons[].p_adjusted] | . == sort' e.json)" true
fits --parts c.json e.json
refuse 64 "equivalence must be above 0" "$assay" compare a.csv b.csv --equivalence 0
refuse 64 "rope must be above 0" "$assay" compare a.csv b.csv --rope=-2

# intervals of differences by name
for kind in bootstrap_basic bca; do
    expect 0 "$assay" compare a.csv b.csv -m f1 --interval $kind --json e.json
    is "$(jq -r '.comparisons[1] | .method, (.low < .difference and .difference < .high)' e.json | xargs)" "paired $kind, 1000 replicates true"
    is "$(jq -r --arg k $kind '[.provenance.operations[] | select(.name == $k)] | length' e.json)" 1
    fits --parts e.json
done
refuse 64 "bootstrap_studentised is not made for differences" "$assay" compare a.csv b.csv -m f1 --interval bootstrap_studentised
refuse 64 "interval" "$assay" compare 45/50 38/60 --interval bca

# wrong requests
refuse 64 "at least two files" "$assay" compare a.csv
refuse 66 "missing.csv" "$assay" compare a.csv missing.csv
refuse 64 "adjust is 'holmes'" "$assay" compare a.csv b.csv --adjust holmes
refuse 64 "colour" "$assay" compare a.csv b.csv --slice "red=colour = 1"
refuse 64 "is not name=SQL" "$assay" compare a.csv b.csv --slice red
refuse 64 "two slices named 'x'" "$assay" compare a.csv b.csv --slice "x=sensor = 's1'" --slice "x=sensor = 's2'"
refuse 64 "no metadata column 'flight'; it has: sensor, scene" "$assay" compare a.csv b.csv --cluster flight
refuse 65 "3 values" "$assay" compare a.csv b.csv --cluster sensor
refuse 64 "margin" "$assay" compare a.csv b.csv --margin -0.5
refuse 64 "margin" "$assay" compare a.csv b.csv --margin -1
refuse 64 "equivalence must be above 0" "$assay" compare a.csv b.csv --equivalence -1
refuse 64 "rope must be above 0" "$assay" compare a.csv b.csv --rope -1
refuse 64 "margin must be above 0" "$assay" compare 45/50 38/60 --margin -1
refuse 64 "did you mean" "$assay" compare a.csv b.csv -m acuracy
refuse 65 "nothing to compare" "$assay" compare a.csv b.csv --where "sensor = 's9'"
printf 'id,target,label\n1,a,a\n' >one.csv
expect 0 "$assay" compare one.csv one.csv
says out "one.csv (2)"

# detectors: paired differences, a permutation test, the images that changed
python3 - <<'PY'
import json
images, annotations, a, b = [], [], [], []
for i in range(1, 31):
    images.append({"id": i, "width": 200, "height": 200, "scene": i // 2})
    for k in range(3):
        annotations.append({"id": len(annotations) + 1, "image_id": i, "category_id": 1, "area": 400,
                            "bbox": [50 * k, 0, 20, 20], "iscrowd": 0})
        a.append({"image_id": i, "category_id": 1, "score": 1 / (1 + len(a)), "bbox": [50 * k, (i * k) % 5, 20, 20]})
        b.append({"image_id": i, "category_id": 1, "score": 1 / (1 + len(b)), "bbox": [50 * k, (i * k) % 9, 20, 20]})
json.dump({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "boat"}]}, open("gt.json", "w"))
json.dump(a, open("da.json", "w"))
json.dump(b, open("db.json", "w"))
PY
expect 0 "$assay" compare --task detection --truth gt.json da.json db.json --flips changed.csv
says out "AP 0.50:0.95 all 100"
says out "boat"
says out "images change at IoU 0.5"
expect 0 head -1 changed.csv
says out "a,b,image,objects,found_a,found_b,false_alarms_a,false_alarms_b"
expect 0 "$assay" compare --task detection --truth gt.json da.json db.json --json - --threads 1
says out '"better": "a"'
says out '"adjust": "westfall_young_maxt"'
cp out first
expect 0 "$assay" compare --task detection --truth gt.json da.json db.json --json - --threads 3
cp out second
expect 0 cmp second first
expect 0 "$assay" compare --task detection --truth gt.json da.json da.json --margin 0.01 --replicates 100
expect 1 "$assay" compare --task detection --truth gt.json da.json db.json --margin 0.01
expect 0 "$assay" compare --task detection --truth gt.json da.json db.json --cluster scene
says out "random clusters"
refuse 64 "needs the truth" "$assay" compare --task detection da.json db.json
refuse 64 "belong to the tasks detection and segmentation" "$assay" compare --truth gt.json da.json db.json
refuse 64 "--by does not belong" "$assay" compare --task detection --truth gt.json da.json db.json --by scene
refuse 64 "is about boxes" "$assay" compare --task detection --truth gt.json da.json db.json --where "aspect >= 1"
# weights: a 4, b 1, c 3, d 2; only x has a right, only y has b right, both have c right
cat >x.csv <<'CSV'
id,target,label,w
a,p,p,4
b,p,q,1
c,q,q,3
d,q,p,2
e,q,p,0
CSV
sed 's/^a,p,p/a,p,q/; s/^b,p,q/b,p,p/; s/^e,q,p/e,q,q/' x.csv >y.csv
expect 0 "$assay" compare x.csv y.csv -m accuracy --weights w --json -
[ "$(jq -c '.comparisons[0] | [.in_a.value, .in_b.value, (.difference * 1e9 | round), .n, .flips.only_a_right, .flips.only_b_right]' out)" = \
    '[0.7,0.4,-300000000,4,1,1]' ] || fail "weighted: $(jq -c '.comparisons[0]' out)"
says out 'tango of weighted rows'
says out 'permutation'
silent out 'mcnemar'
says out '"weights": "w"'
expect 0 "$assay" compare x.csv y.csv x.csv -m accuracy --weights w --name a,b,c
says out 'weighted by w'
silent out 'cochran_q'
refuse 64 'does not hold for weighted' "$assay" compare x.csv y.csv --weights w --exact
refuse 65 'no column "v"' "$assay" compare x.csv y.csv --weights v
sed 's/,4$/,-4/' x.csv >neg.csv
refuse 65 'row 1, id a holds -4' "$assay" compare neg.csv y.csv --weights w
finish
