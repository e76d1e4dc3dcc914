#!/bin/bash
# assay compare of counts and of files about different data: numbers of statsmodels and scipy, exit codes, bad input.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

# statsmodels 0.15: score interval of the ratio, Newcombe; scipy 1.17: Fisher, Boschloo, odds ratio; the score interval
# of the difference from the likelihood (statsmodels' estimate is not its maximum)
expect 0 "$assay" compare 45/50 38/60 --rope 0.05
says out "-0.26667    -0.41139 to -0.11152    miettinen_nurminen"
says out "-0.40522 to -0.10822    newcombe"
says out "0.7037     0.55528 to 0.86417     miettinen_nurminen"
says out "0.05248 to 0.594 "
says out "score 0.00128, Fisher 0.00158, Fisher mid-P 0.00117, Boschloo 0.00125"
says out "0.9969; practically equal: 0.00306"
expect 0 "$assay" compare 45/50 38/60 --json -
says out '"fisher_mid_p"'
says out '"method": "exact, given the margins"'
says out 'The samples are of different data'
cp out first
expect 0 "$assay" compare 45/50 38/60 --json - --threads 1
cp out second
expect 0 cmp second first
# the exit code answers the margin: worse, not worse, undecided; and for failures the other way round
expect 1 "$assay" compare 45/50 38/60 --margin 0.05
says out "shown: worse by more than 0.05"
expect 0 "$assay" compare 38/60 45/50 --margin 0.05
expect 2 "$assay" compare 45/50 44/50 --margin 0.05
expect 0 "$assay" compare 45/50 38/60 --margin 0.05 --failures
expect 0 "$assay" compare 900/1000 905/1000 --equivalence 0.05
says out "shown: they differ by less than 0.05"
expect 2 "$assay" compare 45/50 44/50 --equivalence 0.05
expect 1 "$assay" compare 45/50 8/60 --equivalence 0.05
# ends of the range
expect 0 "$assay" compare 0/10 0/20
says out "odds ratio                  -           0 to infinite"
expect 0 "$assay" compare 10/10 0/20 --json -
says out '"value": 0,'
# bad input
refuse 64 "there are more successes than trials" "$assay" compare 5/4 1/2
refuse 64 "there are no trials" "$assay" compare 0/0 1/2
refuse 64 "'b.csv' is no count" "$assay" compare 5/9 b.csv
refuse 64 "two at a time" "$assay" compare 5/9 4/9 3/9
refuse 64 "a margin of a rate lies between 0 and 1" "$assay" compare 5/9 4/9 --margin 5
refuse 64 "rope must be above 0" "$assay" compare 5/9 4/9 --rope 0
refuse 64 "have no pairs" "$assay" compare 5/9 4/9 --flips f.csv
refuse 64 "have no pairs" "$assay" compare a.csv b.csv --independent --cluster scene

# files about different data: other ids, other numbers of rows
awk 'BEGIN { print "id,target,label"; for (i = 0; i < 50; i++) print "a" i ",yes," (i < 45 ? "yes" : "no"); print "z,no,no" }' >a.csv
awk 'BEGIN { print "id,target,label"; for (i = 0; i < 60; i++) print "b" i ",yes," (i < 38 ? "yes" : "no"); print "z,no,no" }' >b.csv
expect 0 "$assay" compare a.csv b.csv --independent -m recall --json -
says out '"class": "yes"'
says out '"low": -0.4113'
says out '"low": -0.40522'
expect 0 "$assay" compare a.csv b.csv --independent -m accuracy -m f1
says out "mover"
says out "p, adjusted (Holm)"
expect 1 "$assay" compare a.csv b.csv --independent -m accuracy --margin 0.05
expect 0 "$assay" compare a.csv a.csv --independent -m accuracy --name spring,autumn
says out "second: autumn (n = 51)"
# without the option they are not comparable
expect 65 "$assay" compare a.csv b.csv -m accuracy
sed 's/no/nein/g' b.csv >c.csv
refuse 65 "name all of them with --classes" "$assay" compare a.csv c.csv --independent -m accuracy
finish
