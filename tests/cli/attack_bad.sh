#!/bin/bash
# assay attack on what goes wrong: a model without gradients, one that answers NaN, commands that die, hang
# or change their mind, an eps beyond the range of pixels, targets that do not exist. One line each.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cp "$ASSAY_SOURCE"/tests/golden/attack_checks/* .
patterns=(patterns.npy --labels patterns_labels.npy)

fails() # CODE TEXT ARGUMENTS...
{
    local code=$1 text=$2
    shift 2
    expect "$code" "$assay" attack "$@"
    says err "$text"
    cp err said
    expect 0 test "$(grep -c '^assay attack: ' said)" = 1
}

# no gradients: the node is named, and what to do
fails 65 'node RandomNormalLike' random.onnx "${patterns[@]}" --attack pgd --eps 0.1
fails 65 'attacks that need scores' random.onnx "${patterns[@]}" --attack noise --attack fgsm --eps 0.1
fails 65 'RandomNormalLike' masked.onnx "${patterns[@]}" --attack pgd --eps 0.1 --gradients random.onnx
fails 65 'RandomNormalLike' sound.onnx "${patterns[@]}" --attack pgd --eps 0.1 --proxy random.onnx
# as a source of the matrix it is left out, as a target it is tried
expect 0 "$assay" attack sound.onnx "${patterns[@]}" --attack pgd --eps 0.1 --transfer random.onnx --matrix 0.2
cp out table
expect 0 grep -q '2 random.onnx  *-  *-' table
# AutoAttack for models that answer at random averages over its authors' 20 calls, unless told otherwise
expect 0 "$assay" attack sound.onnx "${patterns[@]}" --attack autoattack:version=rand --eps 0.4 --json rand.json
expect 0 test "$(jq -c '[.repeats, .attacks[0].cost.backwards % 20]' rand.json)" = '[20,0]'
expect 0 "$assay" attack sound.onnx "${patterns[@]}" --attack autoattack:version=rand --eps 0.4 --repeats 1 --json rand.json
expect 0 test "$(jq .repeats rand.json)" = 1
# files of the same name are told apart by their folders
mkdir -p one two
sed "s,file: ,file: ../," saturated.yaml >one/m.yaml
sed "s,file: ,file: ../," rough.yaml >two/m.yaml
expect 0 "$assay" attack sound.onnx "${patterns[@]}" --attack fgsm --eps 0.1 --transfer one/m.yaml \
    --transfer two/m.yaml --matrix 0.2
says out "2 one/m.yaml "
says out "3 two/m.yaml "

# a model that gives classes only
sed 's/logits/labels/' sound.yaml >labels.yaml
command_model() # NAME SCORES: the body is read from standard input, with $n the number of images
{
    { cat <<'SH'; cat; echo done; } >"$1.sh"
while IFS= read -r line; do
    n=$(printf '%s' "$line" | grep -o '"png"' | wc -l)
    id=$(printf '%s' "$line" | sed 's/^{"id": *\([0-9]*\).*/\1/')
    rows() { for _ in $(seq "$n"); do printf '%s' "$sep$1"; sep=,; done; sep=; }
SH
    sed -i "1i echo '{\"assay\": 1, \"classes\": [\"0\", \"1\", \"2\", \"3\"], \"scores\": \"$2\"}'" "$1.sh"
    # only what is to hang is waited for: on a busy machine an answer may take seconds
    local timeout=60
    test "$1" = hangs && timeout=2
    printf 'command: [sh, %s.sh]\ntimeout: %s\nbatch: 16\n' "$1" "$timeout" >"$1.yaml"
}
command_model labels labels <<'SH'
    echo "{\"id\": $id, \"labels\": [$(rows '"0"')]}"
SH
fails 65 'gives labels only' labels.yaml "${patterns[@]}" --attack square --eps 0.1
expect 0 "$assay" attack labels.yaml "${patterns[@]}" --attack noise:draws=3 --eps 0.1
command_model nan logits <<'SH'
    echo "{\"id\": $id, \"scores\": [$(rows '[1, 2, NaN, 0]')]}"
SH
fails 69 'JSON has neither NaN' nan.yaml "${patterns[@]}" --attack square --eps 0.1
command_model huge logits <<'SH'
    echo "{\"id\": $id, \"scores\": [$(rows '[1, 2, 1e999, 0]')]}"
SH
fails 69 'the number is too large' huge.yaml "${patterns[@]}" --attack square --eps 0.1
command_model dies logits <<'SH'
    test "$id" -ge 5 && { echo "no more memory" >&2; exit 7; }
    echo "{\"id\": $id, \"scores\": [$(rows '[1, 0, 0, 0]')]}"
SH
fails 69 'exit status 7' dies.yaml "${patterns[@]}" --attack square:queries=50 --eps 0.1
says said "no more memory"
command_model hangs logits <<'SH'
    test "$id" -ge 3 && sleep 60
    echo "{\"id\": $id, \"scores\": [$(rows '[1, 0, 0, 0]')]}"
SH
fails 69 'hangs.yaml' hangs.yaml "${patterns[@]}" --attack square:queries=50 --eps 0.1
# one that answers each question with another class: successes are taken back, the checks say so
command_model fickle logits <<'SH'
    turn=$((id % 4))
    echo "{\"id\": $id, \"scores\": [$(rows "$(printf '0 0 0 0' | awk -v t=$turn '{ $(t + 1) = 5; printf "[%s,%s,%s,%s]", $1, $2, $3, $4 }')")]}"
SH
expect 0 "$assay" attack fickle.yaml "${patterns[@]}" --attack noise:draws=7 --eps 0.1 --threads 1
says out "WARNING  deterministic"

# an ONNX model that answers NaN for some images
cp "$ASSAY_SOURCE/tests/golden/onnx/nan_when_black.onnx" .
mkdir -p black/0 black/1
printf 'P6\n4 4\n255\n%048d' 0 >black/0/a.ppm
printf 'P6\n4 4\n255\n' >black/1/b.ppm
head -c 48 /dev/zero >>black/1/b.ppm
fails 65 'b.ppm' nan_when_black.onnx black --attack noise --eps 0.1

# attacks on classes alone reach a given class from images of it, noise does not
for name in hopskipjump:steps=4 boundary:steps=300 sign_opt:queries=1500 pointwise:queries=800; do
    norm=l2
    test "${name%%:*}" = pointwise && norm=l0
    expect 0 "$assay" attack sound.onnx "${patterns[@]}" --attack "$name" --norm $norm --eps 8 --limit 8 \
        --target-class 3 --json aimed.json
    expect 0 grep -q '"found": [1-9]' aimed.json
    expect 1 grep -q '"found": 0' aimed.json
done

# budgets, targets, columns
fails 64 'two images of 64 values in 0 to 1 differ by 1 at most' sound.onnx "${patterns[@]}" --attack pgd --eps 8
fails 64 'differ by 8 at most' sound.onnx "${patterns[@]}" --attack pgd --norm l2 --eps 9
fails 64 'above the one before' sound.onnx "${patterns[@]}" --attack pgd --eps 0.2,0.1
fails 64 'each must be above 0' sound.onnx "${patterns[@]}" --attack pgd --eps -0.1
fails 64 "has no class '7'" sound.onnx "${patterns[@]}" --attack pgd --eps 0.1 --target-class 7
fails 64 'cannot aim at a class' sound.onnx "${patterns[@]}" --attack apgd_dlr --norm l2 --eps 0.1 --target-class 1
fails 64 "no metadata column 'colour'" sound.onnx "${patterns[@]}" --attack pgd --eps 0.1 --by colour
fails 66 'nowhere.onnx' nowhere.onnx "${patterns[@]}" --attack pgd
fails 66 'nothing.npy' sound.onnx nothing.npy --attack pgd
fails 64 'they cannot be attacked together' sound.onnx "${patterns[@]}" --attack pgd --eps 0.1 --transfer mean.onnx
finish
