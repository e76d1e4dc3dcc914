#!/bin/bash
# A segmentation model: label maps by `assay predict`, then in a plan up to the verdict. The models, the photographs
# and the maps that must come out (255 = too close to call) are tests/oracle/semantic.py's.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
given=$ASSAY_SOURCE/tests/golden/onnx/semantic
cp -r "$given/images" photos
describe() { # NAME OUTPUT [CLASSES]
    cat >"$1.yaml" <<YAML
file: $given/${4:-scores}.onnx
classes: [${3-a, b, c, d, e}]
input: {color: rgb, steps: [letterbox: {width: 40, height: 32, fill: 114}]}
output: $2
YAML
}
right() { # MAPS EXPECTED: every pixel that counts
    expect 0 "$assay" evaluate --task segmentation --truth "$2" --predictions "$1" --classes a,b,c,d,e --json right.json
    python3 - <<'PY' || fail "$1: not the labels of $2"
import json
m = {m["metric"]: m for m in json.load(open("right.json"))["measures"] if "class" not in m or m["class"] is None}
assert m["pixel_accuracy"]["value"] == 1.0 and m["pixel_accuracy"]["n"] == 12, m["pixel_accuracy"]
assert m["mean_iou"]["value"] == 1.0
PY
    checks=$((checks + 1))
}

# Scores and labels, several images at once and one by one, any number of threads.
describe scores '{decoder: semantic, outputs: {map: out}}'
describe labels '{decoder: {semantic: {form: labels}}}' 'a, b, c, d, e' labels
for name in scores labels; do
    expect 0 "$assay" predict --model "$name.yaml" --data photos --out "maps/$name"
    says out "12 label maps in maps/$name"
    right "maps/$name" "$given/$name"
done
expect 0 "$assay" predict --model scores.yaml --data photos --out one --threads 1
same() { diff -r "$1" "$2" >/dev/null || fail "$1 and $2 differ"; checks=$((checks + 1)); }
same one maps/scores

# What is there already is used; a map that changed is made again; nothing else is overwritten.
expect 0 "$assay" predict --model scores.yaml --data photos --out one
says out "reused: nothing had changed"
cp one/00.png one/01.png
expect 0 "$assay" predict --model scores.yaml --data photos --out one
silent out "reused"
same one maps/scores
refuse 64 "photos holds other files (\"00.png\", ...): name a new or empty folder" "$assay" predict --model scores.yaml --data photos --out photos
refuse 64 "label maps are written into a folder" "$assay" predict --model scores.yaml --data photos --out scores.yaml
cp -r photos twins && cp photos/00.png twins/00.jpg
refuse 65 "two images would have the label map 00.png" "$assay" predict --model scores.yaml --data twins --out new

# In a plan, with classes by name in another order, through a perturbation, up to the verdict.
plan() { # MODEL ROOT CLASSES
    cat >plan.yaml <<YAML
assay: 1
task: segmentation
replicates: 200
models: {net: {file: $given/scores.onnx, classes: [a, b, c, d, e], input: {steps: [letterbox: {width: 40, height: 32, fill: 114}]}, output: $1}}
data: {yard: {path: $given/scores$2, classes: [$3]}}
contexts:
  plain: {data: yard}
  noisy: {data: yard, perturbation: {gaussian_noise: {sigma: 0.2}}}
  turned: {data: yard, perturbation: {rotation: {angle: 30}}}
sweeps:
  darker: {data: yard, perturbation: brightness, severity: [1, 3]}
requirements:
  - {id: R1, text: Much is right with noise, model: net, context: noisy, metric: pixel_accuracy, at_least: 0.2}
  - {id: R2, text: Not with noise, model: net, context: noisy, metric: mean_iou, at_least: 0.99}
YAML
}
plan '{decoder: semantic, outputs: {map: out}}' ', root: photos' 'a, b, c, d, e'
expect 1 "$assay" run plan.yaml --out e
says out "1 MET, 1 NOT MET"
fits e/results.json
python3 - <<'PY' || fail "the run's numbers"
import json
r = json.load(open("e/results.json"))
by = {(m["metric"], m["context"]): m for m in r["measures"] if m.get("class") is None}
assert by["pixel_accuracy", "plain"]["value"] == 1.0
assert by["mean_iou", "plain"]["value"] == 1.0 > by["mean_iou", "noisy"]["value"] > 0.3
assert r["models"][0]["kind"] == "onnx" and r["models"][0]["detector"]["decoder"] == "semantic"
assert "nms" not in r["models"][0]["detector"]
PY
expect 1 "$assay" verify e --plan plan.yaml
says out "MET            R1"
says out "NOT MET        R2"
expect 1 "$assay" run plan.yaml --out e
noisy=$(echo e/predictions/net-noisy-*.parquet)
cp "${noisy%.parquet}/00.png" "${noisy%.parquet}/03.png"
"$assay" verify e --plan plan.yaml >out 2>err
says out "NOT EVALUATED"
plan '{decoder: semantic, outputs: {map: out}}' ', root: photos' 'e, d, c, b, a'
"$assay" run plan.yaml --out reversed >out 2>err
python3 - <<'PY' || fail "classes are matched by name"
import json
of = lambda e: {(m["metric"], m.get("class"), m["context"]): m["value"] for m in json.load(open(e + "/results.json"))["measures"]}
a, b = of("e"), of("reversed")
# The truth's labels are numbers: with the names reversed the model's "a" is label 4.
assert b["iou", "a", "plain"] != a["iou", "a", "plain"] and b["pixel_accuracy", None, "plain"] < 0.6
PY

# What does not fit is told.
plan '{decoder: semantic, outputs: {map: out}}' '' 'a, b, c, d, e'
refuse 64 "give data yard a \`root\`" "$assay" run plan.yaml --out f
plan '{decoder: semantic}' ', root: photos' 'a, b, c, d, e'
refuse 65 "declare outputs: {map: NAME}" "$assay" run plan.yaml --out f
plan '{decoder: semantic, outputs: {map: out}, nms: hard}' ', root: photos' 'a, b, c, d, e'
refuse 64 "nms is for boxes" "$assay" run plan.yaml --out f
plan '{decoder: semantic, outputs: {map: aux}}' ', root: photos' 'a, b, c, d, e'
refuse 65 "5 classes are declared, but the model gives 12" "$assay" run plan.yaml --out f
plan '{decoder: semantic, outputs: {map: out}}' ', root: photos' 'x, y'
refuse 65 "the names must be spelt alike" "$assay" run plan.yaml --out f
plan '{decoder: yolov8, outputs: {predictions: out}}' ', root: photos' 'a, b, c, d, e'
refuse 64 "decoder: semantic" "$assay" run plan.yaml --out f
refuse 65 "gives a class per pixel; what is attacked are classes of images" "$assay" attack scores.yaml photos
refuse 64 "is described as a segmentation" "$assay" model cut scores.yaml --head verdict -o cut.onnx
finish
