#!/bin/bash
# Help, version, wrong usage: what a newcomer meets first.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

expect 0 "$assay" --version
says out "assay 0."
expect 0 "$assay" --help
says out "Usage: assay COMMAND"
says out "Exit codes"
expect 64 "$assay"
for command in run evaluate predict report describe; do
    expect 0 "$assay" $command --help
    says out "Usage: assay $command"
    says out "Examples"
done
refuse 64 "did you mean 'evaluate'?" "$assay" evalute
refuse 64 "did you mean --predictions?" "$assay" evaluate --prediction x.csv
refuse 64 "--predictions FILE is missing" "$assay" evaluate
refuse 64 "needs a value" "$assay" evaluate --predictions
refuse 64 "expected a whole number" "$assay" evaluate --predictions p.csv --seed x
refuse 64 "unexpected argument" "$assay" evaluate p.csv
refuse 64 "which plan?" "$assay" run
refuse 64 "--model, --data and --out are needed" "$assay" predict --model x.onnx
refuse 64 "expected 0 (all cores) to 4096" "$assay" evaluate --predictions p.csv --threads -2
refuse 64 "there is no metric called 'acuracy': did you mean 'accuracy'?" "$assay" describe metric acuracy
refuse 64 "did you mean 'metric'?" "$assay" describe metrics
expect 0 "$assay" describe
says out "gaussian_noise"
says out "clopper_pearson"
expect 0 "$assay" describe metric accuracy
says out "Source"
expect 0 "$assay" describe --json
says out '"operations"'
expect 0 "$assay" describe --plan-schema
says out '"$schema"'

# A pipe or a device gets what is written; it is not replaced by a file.
printf 'target,label\na,a\nb,a\n' >p.csv
mkfifo pipe
cat pipe >got &
expect 0 "$assay" evaluate --predictions p.csv --json pipe
wait
checks=$((checks + 1))
if [ ! -p pipe ]; then fail "a file stands in the place of the pipe"; fi
says got '"measures"'
finish
