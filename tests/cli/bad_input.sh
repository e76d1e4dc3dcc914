#!/bin/bash
# Bad rows of predictions files: evaluate, compare and verify name them, several at once.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

cat >good.csv <<'CSV'
id,target,score_cat,score_dog,scene
a,cat,0.9,0.1,1
b,dog,0.2,0.8,2
c,cat,0.7,0.3,3
CSV
sed 's/^a,cat/a,catt/; s/^c,cat,0.7/c,cat,/' good.csv >class.csv
many='2 of 3 rows are bad: row 1 (line 2), id a: column "target": unknown class "catt", did you mean "cat"?; row 3 (line 4), id c: the score in column "score_cat" is missing'
refuse 65 "$many" "$assay" evaluate --predictions class.csv
refuse 65 "$many" "$assay" compare good.csv class.csv
cat >plan.yaml <<'YAML'
assay: 1
title: bad input
models:
  m: {predictions: class.csv, data: d}
data:
  d: {}
metrics: [accuracy]
requirements:
  - {id: R1, text: right, metric: accuracy, at_least: 0.5}
YAML
refuse 65 "$many" "$assay" verify --predictions class.csv --plan plan.yaml
sed 's/0.2,0.8/0.2,0.9/' good.csv >sum.csv
refuse 65 'row 2, id b: the scores sum to 1.1; probabilities are' "$assay" evaluate --predictions sum.csv
refuse 65 'row 2, id b: the scores sum to 1.1' "$assay" compare good.csv sum.csv
expect 0 "$assay" evaluate --predictions sum.csv --on-error skip -m log_loss
says out '1 bad rows left out'
expect 0 "$assay" evaluate --predictions sum.csv --score-kind any -m accuracy
says out '3 rows'
refuse 65 'row 2, id b: the scores sum to 1.1' "$assay" evaluate --predictions sum.csv --score-kind probabilities
refuse 64 'score kind is' "$assay" evaluate --predictions sum.csv --score-kind logits
sed 's/^b,/x,/; s/^c,/y,/' good.csv >ids.csv
refuse 65 '2 ids of the first are missing in the second: b (row 2), c (row 3), 2 are only in the second: x (row 2), y (row 3)' "$assay" compare good.csv ids.csv
sed 's/,cat,/,dog,/' good.csv >truth.csv
refuse 65 "2 of 3 rows are bad: row 1, id a: the true class is 'cat' in the first, 'dog' in the other; row 3" "$assay" compare good.csv truth.csv
sed 's/,[13]$/,/' good.csv >scene.csv
refuse 65 "2 of 3 rows are bad: row 1, id a: the cluster column 'scene' is empty; row 3, id c" "$assay" evaluate --predictions scene.csv --cluster scene
# after rows were left out, rows are still those of the file
sed 's/^a,cat/a,catt/; s/,3$/,/' good.csv >both.csv
refuse 65 "row 3, id c: the cluster column 'scene' is empty" "$assay" evaluate --predictions both.csv --on-error skip --cluster scene
# all kinds of bad rows at once: a text for a number, an id that stands twice, an unknown class, scores that are no
# probabilities
printf '%s\n' id,target,prob_a,prob_b x1,a,0.9,0.1 x2,b,zzz,0.8 x1,a,0.9,0.1 x4,a,0.7,0.3 x5,zz,0.7,0.3 x6,a,0.5,0.9 >kinds.csv
refuse 65 'row 2 (line 3), id x2: the score in column "prob_a" is "zzz"' "$assay" evaluate --predictions kinds.csv
says err '3 of 6 rows are bad'
says err 'the id "x1" stands twice, first in row 1'
says err 'unknown class "zz"'
says err 'and among the rows without such faults: row 6, id x6: the scores sum to 1.4'
# lines that end in two ways
printf 'id,target,label\r\n1,a,a\r\n2,b,b\n3,a,b\n' >ends.csv
refuse 65 "ends.csv: line 3 ends in LF, the first line in CR LF; save the file with one kind of line end" \
    "$assay" evaluate --predictions ends.csv
printf 'id,target,label\r\n1,a,a\r\n2,b,b\r\n' >windows.csv
expect 0 "$assay" evaluate --predictions windows.csv -m accuracy
# what needs probabilities tells how to find the rows
printf 'id,target,score_a,score_b\n1,a,0.9,0.1\n2,b,0.2,0.7\n3,b,0.5,0.6\n' >sums.csv
expect 0 "$assay" evaluate --predictions sums.csv -m log_loss
says out "--score-kind probabilities names the rows"
refuse 65 "row 2, id 2: the scores sum to 0.9" "$assay" evaluate --predictions sums.csv --score-kind probabilities -m log_loss
finish
