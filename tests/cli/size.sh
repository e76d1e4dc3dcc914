#!/bin/bash
# assay size: numbers of the published tables, plain words, JSON, refusals.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
size() { expect 0 "$assay" size "$@"; }
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }

size --at-least 0.95 --zero-failures
says out "59 samples to show with 95 % confidence that the true rate is at least 95 %"
size --at-least 0.9 --expect 0.95 --confidence 0.95 --power 0.8
says out "203 samples "
says out "at most 13 failures"
says out "probability of MET"
size proportion --at-least 0.95 --failures 0 --pool 100
says out "39 samples "
size precision --expect 0.5 --half-width 0.05
says out "402 samples "
size precision --expect 0.5 --half-width 0.05 --deff 2
says out "804 samples "
says out "worth 402 independent"
size difference --first 0.9 --second 0.95
says out "435 samples in each"
size paired --first 0.1 --second 0.05
says out "469 samples given to both"

size --at-most 0.05 --failures 3 --json -
is "$(jq -c '.size | [.kind, .compare, .n, .allowed, .method]' out)" \
    '["proportion","at_most",153,3,"exact binomial"]'
is "$(jq '.size.operating_characteristic | map(select(.rate >= 0.05 and .met > 0.05)) | length' out)" 0
is "$(jq '.size.operating_characteristic | length > 4' out)" true
size --at-least 0.9 --expect 0.95 --json answer.json
says out "203 samples "
is "$(jq .size.n answer.json)" 203

size difference --first 0.5 --second 0.8 --exact
says out "44 samples in each"
says out "Fisher's exact test"
size paired --first 0.06 --second 0.03 --exact
says out "830 samples given to both"
size --at-least 0.9 --expect 0.95 --pool 500
says out "142 samples "
says out "at most 9 failures"
refuse 64 "--failures is -1, expected 0 or more" "$assay" size --at-least 0.9 --failures -1

refuse 64 "Give --expect" "$assay" size --at-least 0.9
refuse 64 "one of --at-least and --at-most" "$assay" size --expect 0.9
refuse 64 "must be higher" "$assay" size --at-least 0.9 --expect 0.9
refuse 64 "there is no question 'prportion'" "$assay" size prportion
refuse 64 "--first and --second are needed" "$assay" size paired --first 0.1
refuse 64 "--expect and --half-width" "$assay" size precision --expect 0.1
refuse 64 "design effect is 0.5" "$assay" size --at-least 0.9 --zero-failures --deff 0.5
refuse 64 "expected a number" "$assay" size --at-least nine
expect 0 "$assay" size --help
says out "--zero-failures"
refuse 64 "--at-least is 90, but rates lie between 0 and 1: write 0.9" "$assay" size --at-least 90 --expect 0.95
refuse 64 "--confidence is 95, but rates lie between 0 and 1: write 0.95" "$assay" size --at-least 0.9 --expect 0.95 --confidence 95
refuse 64 "--expect is -1" "$assay" size --at-least 0.9 --expect -1

# the formula of the normal approximation: 183.27 and 384.15, beside what the exact rule takes
size --at-least 0.9 --expect 0.95 --normal --json -
is "$(jq -c '.size | [.n, .n_exact_rule, .method]' out)" '[184,203,"normal approximation, one proportion"]'
size --at-least 0.9 --expect 0.95 --normal
says out "takes 203 independent ones"
says out "a probability of about 80 %"
size precision --expect 0.5 --half-width 0.05 --normal
says out "385 samples "
refuse 64 "either --exact or --normal" "$assay" size difference --first 0.5 --second 0.8 --exact --normal
refuse 64 "goes with --expect" "$assay" size --at-least 0.9 --zero-failures --normal

# operating characteristics: R's power.prop.test(n = 435, strict = TRUE); scipy's tests over all outcomes
curve() { jq -c '[.size.operating_characteristic[].found * 1e6 | round]' out; }
size difference --first 0.9 --second 0.95 --json -
is "$(curve)" '[50000,96877,256521,525696,800515,955044,995872]'
size difference --first 0.5 --second 0.8 --exact --json -
is "$(curve | jq -c '[.[0], .[2], .[4]]')" '[25468,217328,802090]'
size paired --first 0.06 --second 0.03 --exact --json -
is "$(curve)" '[37976,89928,262948,538637,800489,946340,991929]'
is "$(jq -c '.size.operating_characteristic[1] | [.first, .second]' out)" '[0.04875,0.04125]'
size paired --first 0.06 --second 0.03
says out "only the first   only the second   probability of finding that they differ"
says out "the population that the samples are an independent random sample of"
finish
