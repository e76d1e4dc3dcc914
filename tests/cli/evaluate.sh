#!/bin/bash
# assay evaluate: known numbers, options, wrong files.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

cat >p.csv <<'CSV'
id,target,label,source
a,cat,cat,lab
b,cat,dog,lab
c,dog,dog,field
d,dog,dog,field
e,bird,cat,field
CSV
expect 0 "$assay" evaluate --task classification --predictions p.csv --json -
says out '"metric": "accuracy"'
says out '"value": 0.6,'
says out '"low": 0.14663'    # Clopper-Pearson of 3 in 5: 0.146633, 0.947255
says out '"high": 0.94725'
says out '"method": "clopper_pearson"'
cp out first
expect 0 "$assay" evaluate --predictions p.csv --json - --threads 1
cp out second
expect 0 cmp second first
expect 0 "$assay" evaluate --predictions p.csv --json file.json
says out "clopper_pearson"
expect 0 cmp file.json first
expect 0 "$assay" evaluate --predictions p.csv --where "source = 'field'" -m accuracy
says out "3 where source = 'field'"
says out "0.666667"
expect 0 "$assay" evaluate --predictions p.csv -m accuracy -m recall --level 0.9
says out "90 % interval"

# scores: named by class, by prefix, by option; labels by the highest
cat >s.csv <<'CSV'
truth,p_a,p_b,extra
a,0.9,0.1,1
b,0.2,0.8,2
b,0.7,0.3,3
CSV
expect 0 "$assay" evaluate --predictions s.csv --target truth --json -
says out '"metric": "log_loss"'
says out '"value": 0.6666666666666666'
expect 0 "$assay" evaluate --predictions s.csv --target truth --scores p_a,p_b --classes a,b -m top_k_accuracy:k=1
says out "0.666667"

# JSON lines and Parquet-less variants of the same rows
printf '%s\n' '{"target":"x","label":"x"}' '{"target":"y","label":"x"}' >p.jsonl
expect 0 "$assay" evaluate --predictions p.jsonl -m accuracy
says out "0.5"


# a calibrated model, 11 of 20 at 0.55 and so on: its error is 0, or chance, and the interval begins at 0
awk 'BEGIN { print "target,prob_no,prob_yes"
    for (c = 11; c < 20; c += 2) for (i = 0; i < 20; i++) print (i < c ? "yes" : "no") "," 1 - c / 20 "," c / 20 }' >cal.csv
for m in expected_calibration_error classwise_calibration_error kde_calibration_error kernel_calibration_error \
    debiased_calibration_error expected_calibration_error:norm=l2 brier_decomposition; do
    expect 0 "$assay" evaluate --predictions cal.csv -m $m --json -
    says out '"method": "bootstrap_distance, 1000 replicates"'
    says out '"low": 0,'
    silent out '"caution"'
done
# the basic interval lies below the value, and says so
expect 0 "$assay" evaluate --predictions cal.csv -m expected_calibration_error --interval bootstrap_basic
says out "(!) without the value"
says out "(!) the interval lies below the value"
expect 0 "$assay" evaluate --predictions cal.csv -m expected_calibration_error --interval bootstrap_basic --json -
says out '"caution": "the interval lies below the value'
# what is below 0 is no distance from it: which metric, and what to do
cat >wrong.csv <<'CSV'
target,label
CSV
for _ in 1 2 3 4 5 6; do printf 'a,b\nb,a\na,b\nb,b\n' >>wrong.csv; done
refuse 64 "matthews_correlation: distance interval: -0.577" "$assay" evaluate --predictions wrong.csv \
    -m matthews_correlation --interval bootstrap_distance
head -n 30 cal.csv >thirty.csv
expect 0 "$assay" evaluate --predictions thirty.csv -m expected_calibration_error:norm=max
says out "none: the largest gap is that of a bin with fewer than 10 rows"
cp cal.csv few.csv

# what the numbers speak about
expect 0 "$assay" evaluate --predictions few.csv -m accuracy
says out "its rows are an independent random sample of"
expect 0 "$assay" evaluate --predictions few.csv -m accuracy --interval hypergeometric:population=500
says out "finite stock whose size was given"
silent out "population that its rows are"
awk -F, 'NR == 1 { print $0 ",scene"; next } { print $0 "," int(NR / 5) }' few.csv >scenes.csv
expect 0 "$assay" evaluate --predictions scenes.csv -m accuracy --cluster scene
says out "its clusters are an independent random sample of"
expect 0 "$assay" evaluate --predictions scenes.csv -m accuracy --weights scene --on-error skip
says out "as its weight says"
# weights: 3 of 5 right, but the right ones weigh 2 + 1 + 1 of 8
cat >w.csv <<'CSV'
id,target,label,w
a,cat,cat,2
b,cat,dog,3
c,dog,dog,1
d,dog,dog,1
e,bird,cat,1
f,cat,cat,0
CSV
expect 0 "$assay" evaluate --predictions w.csv --weights w -m accuracy --json -
says out '"value": 0.5,'
says out '"n": 5,'
says out '"weight": 8'
says out '"n_effective": 4'
says out 'korn_graubard of weighted rows'
refuse 65 'no column "weight"' "$assay" evaluate --predictions w.csv --weights weight
sed 's/,3$/,-3/; s/^d,dog,dog,1/d,dog,dog,/' w.csv >negative.csv
refuse 65 '2 of 6 rows are bad: row 2, id b holds -3; row 4, id d holds nothing' "$assay" evaluate --predictions negative.csv --weights w
expect 0 "$assay" evaluate --predictions negative.csv --weights w --on-error skip -m accuracy
says out '2 bad rows left out'
sed 's/,[0-9]$/,0/' w.csv >zero.csv
refuse 65 'above zero' "$assay" evaluate --predictions zero.csv --weights w
sed 's/^a,cat,cat,2/a,cat,cat,much/' w.csv >word.csv
refuse 65 'row 1, id a holds "much";' "$assay" evaluate --predictions word.csv --weights w

# sets of classes: 3 of 4 rows exact at 0.5, all of them at the thresholds of their own
cat >m.csv <<'CSV'
id,target_rain,target_fog,target_night,score_rain,score_fog,score_night,site
a,1,0,1,0.9,0.2,0.7,x
b,0,0,0,0.1,0.3,0.2,x
c,1,1,0,0.4,0.8,0.6,y
d,0,1,0,0.2,0.9,0.1,y
CSV
expect 0 "$assay" evaluate --task multilabel --predictions m.csv -m exact_match -m f1 -m roc_auc
says out "0.75"
says out "samples"
says out "micro"
silent out "delong"
expect 0 "$assay" evaluate --task multilabel --predictions m.csv -m exact_match --threshold 0.5,rain=0.3,night=0.65 --json -
says out '"value": 1,'
expect 0 "$assay" evaluate --task multilabel --predictions m.csv --where "site = 'y'" -m hamming_loss
says out "2 where"
refuse 64 'no class "snow"' "$assay" evaluate --task multilabel --predictions m.csv --threshold snow=1
refuse 64 'for classification' "$assay" evaluate --task multilabel --predictions m.csv -m accuracy
refuse 64 'task multilabel' "$assay" evaluate --predictions p.csv --threshold 0.4
sed 's/^b,0/b,2/; s/0.8,0.6/0.8,/' m.csv >mbad.csv
refuse 65 'row 2 (line 3), id b: column "target_rain" holds 2, expected 0 or 1' "$assay" evaluate --task multilabel --predictions mbad.csv
expect 65 "$assay" evaluate --task multilabel --predictions mbad.csv
says err '2 of 4 rows are bad'
expect 0 "$assay" evaluate --task multilabel --predictions mbad.csv --on-error skip -m hamming_loss
says out '2 bad rows left out'
refuse 65 'target_<class>' "$assay" evaluate --task multilabel --predictions p.csv

refuse 66 "missing.csv" "$assay" evaluate --predictions missing.csv
mkdir folder
expect 65 "$assay" evaluate --predictions folder
one_line
refuse 65 "targets" "$assay" evaluate --predictions p.csv --target targets
refuse 65 'did you mean "label"' "$assay" evaluate --predictions p.csv --label lable
refuse 64 "colour" "$assay" evaluate --predictions p.csv --where "colour = 1"
refuse 64 "" "$assay" evaluate --predictions p.csv --where "1=1); DROP TABLE meta; --"
refuse 64 "task is 'tracking'" "$assay" evaluate --predictions p.csv --task tracking
refuse 64 "level" "$assay" evaluate --predictions p.csv --level 2
printf 'id,target,prediction,site\na,1,1.5,x\nb,2,2.5,y\nc,4,3,x\n' >values.csv
expect 0 "$assay" evaluate --task regression --predictions values.csv --json values.json
[ "$(jq -c '[.measures[] | [.metric, .value, .n]] | .[0,3,5]' values.json | tr '\n' ' ')" = \
    '["mean_absolute_error",0.6666666666666666,3] ["max_error",1,3] ["r2",0.6785714285714286,3] ' ] ||
    fail "regression: $(jq -c '[.measures[] | [.metric, .value, .n]]' values.json)"
fits --parts values.json file.json
expect 0 "$assay" evaluate --task regression --predictions values.csv -m max_error --where "site = 'y'"
says out "1 where site = 'y'"
expect 0 "$assay" evaluate --task regression --predictions values.csv --target prediction --label target -m mean_error
refuse 64 "metric f1 is for classification" "$assay" evaluate --task regression --predictions values.csv -m f1
refuse 64 "metric r2 is for regression" "$assay" evaluate --predictions p.csv -m r2
refuse 64 "belong to classification" "$assay" evaluate --task regression --predictions values.csv --scores a,b
refuse 65 'column "site" holds "x", expected a finite number' "$assay" evaluate --task regression --predictions values.csv --target site
refuse 65 "no column \"truth\"" "$assay" evaluate --task regression --predictions values.csv --target truth
printf 'id,target,prediction\na,1,1.5\nb,2,\nc,inf,3\n' >holes.csv
refuse 65 "row 2 (line 3), id b: column \"prediction\"" "$assay" evaluate --task regression --predictions holes.csv
expect 0 "$assay" evaluate --task regression --predictions holes.csv --on-error skip -m max_error
says out "2 bad rows left out"
printf 'id,target,prediction\na,1,1.5\na,2,3\n' >same.csv
refuse 65 "stands twice" "$assay" evaluate --task regression --predictions same.csv
: >empty.csv
expect 65 "$assay" evaluate --predictions empty.csv
one_line
printf 'target,label\n' >none.csv
expect 65 "$assay" evaluate --predictions none.csv
one_line
printf 'target,p_a,p_b\na,0.5,nan\n' >nan.csv
expect 65 "$assay" evaluate --predictions nan.csv
one_line
printf 'id,target,label\n1,a,a\n1,b,b\n' >twice.csv
expect 65 "$assay" evaluate --predictions twice.csv
one_line
says err "1"
expect 0 "$assay" evaluate --predictions twice.csv --on-error skip -m accuracy
says out "bad rows left out"
printf 'target,label\na,\xff\xfe\n' >bytes.csv
expect 65 "$assay" evaluate --predictions bytes.csv
one_line
head -c 3000 /dev/urandom >noise.parquet
expect 65 "$assay" evaluate --predictions noise.parquet
one_line
expect 74 "$assay" evaluate --predictions p.csv --json /proc/none/x.json
# resampled rows are rows, not classes: intervals are there, and weights of one change next to nothing
awk 'BEGIN { print "target,prediction,one"; for (i = 1; i <= 200; i++)
    print i / 10 + i % 5, (i + i % 7 - 2 * (i % 3)) / 10 + 1 "," 1 }' | tr ' ' , >numbers.csv
for m in r2 explained_variance pearson_correlation concordance_correlation relative_squared_error; do
    expect 0 "$assay" evaluate --task regression --predictions numbers.csv -m $m --json plain.json
    expect 0 "$assay" evaluate --task regression --predictions numbers.csv -m $m --weights one --json ones.json
    jq -es '[.[].measures[0]] | (.[0].low != null) and (.[0].low < .[0].value) and (.[0].value < .[0].high)
        and ((.[0].low - .[1].low) * 20 | fabs) < (.[0].high - .[0].low)
        and ((.[0].high - .[1].high) * 20 | fabs) < (.[0].high - .[0].low)' plain.json ones.json >/dev/null ||
        fail "$m: $(jq -c '.measures[0]' plain.json)"
done
if [ -w /dev/full ]; then
    "$assay" evaluate --predictions p.csv --json - >/dev/full 2>err
    [ $? -eq 74 ] || fail "a full disk is not noticed"
fi

# shares of true values of 0: the number of such rows is told
printf '%s\n' target,prediction,w 1,1.5,1 0,0.5,3 2,2.5,2 0,0,1 4,5,1 >zero.csv
expect 0 "$assay" evaluate --task regression --predictions zero.csv -m mean_absolute_percentage_error
says out "2 rows have a true value of 0"
says out "(!) see below"
expect 0 "$assay" evaluate --task regression --predictions zero.csv -m mean_absolute_percentage_error --weights w
says out "50 % of the weight have a true value of 0"
expect 0 "$assay" evaluate --task regression --predictions zero.csv -m mean_absolute_percentage_error --where "target > 0"
silent out "true value of 0"
finish
