#!/bin/bash
# assay run with task: detection: measures, slices, verdicts, gallery, resuming, files of predictions,
# threads, and what is refused.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
golden=$ASSAY_SOURCE/tests/golden/onnx
cp "$golden/detector_yolov8.onnx" y.onnx
mkdir photos
python3 - <<'PY'
import json
images, annotations = [], []
for i in range(1, 13):
    white = i % 3 == 0
    open(f"photos/{i}.pgm", "wb").write(b"P5\n32 32\n255\n" + bytes([255 * white]) * 1024)
    images.append({"id": 100 - i, "file_name": f"photos/{i}.pgm", "width": 32, "height": 32})
    # The model says: ship 12,12,8,8 (score 0.5, 1 on white), buoy in the same place, ship 6,21,4,6.
    annotations.append({"id": i, "image_id": 100 - i, "category_id": 9, "bbox": [12, 12, 8, 8 + i % 2],
                        "area": 64, "iscrowd": 0})
    if i % 2:
        annotations.append({"id": 50 + i, "image_id": 100 - i, "category_id": 5,
                            "bbox": [0, 0, 6, 6], "area": 36, "iscrowd": 0})
json.dump({"images": images, "annotations": annotations,
           "categories": [{"id": 5, "name": "buoy"}, {"id": 9, "name": "ship"}]}, open("truth.json", "w"))
PY
cat >y.yaml <<'YAML'
file: y.onnx
classes: [ship, buoy]
input: {color: rgb, steps: [letterbox: {width: 32, height: 32}]}
output: {decoder: yolov8, nms: {iou: 0.5}, confidence: 0.01}
YAML
plan() { # EXTRA
    cat >plan.yaml <<YAML
assay: 1
task: detection
title: Detector
replicates: 200
models:
  yolo: {file: y.onnx}
data:
  sea: {path: truth.json$1}
contexts:
  sea: {data: sea}
  bright: {data: sea, where: mean > 0.5}
sweeps:
  dim: {data: sea, perturbation: brightness, values: {change: [-0.2]}}
requirements:
  - {id: R1, text: a, metric: coco_average_precision, class: ship, context: sea, at_least: 0.2}
  - {id: R2, text: b, metric: coco_average_precision, context: sea, at_least: 0.9}
  - {id: R3, text: c, metric: {coco_average_recall: {max_detections: 10}}, context: bright, at_least: 0.9}
YAML
}
plan ''
expect 0 "$assay" run --check plan.yaml
expect 1 "$assay" run plan.yaml --out e
says out "1 MET, 1 NOT MET, 0 INCONCLUSIVE, 1 NOT EVALUATED"
says e/report.html "Detector"
value() { # FOLDER CONTEXT CLASS-OR-NONE IOU: the AP
    python3 - "$@" <<'PY'
import json, sys
folder, context, name, iou = sys.argv[1:]
for m in json.load(open(f"{folder}/results.json"))["measures"]:
    if (m["metric"] == "coco_average_precision" and m["context"] == context and
            m.get("class", "none") == name and m["params"]["iou"] == iou and m["params"]["area"] == "all"):
        print(m["value"], m["n"])
PY
}
# The same as assay predict and assay evaluate on their own.
expect 0 "$assay" predict --model y.onnx --data truth.json --out d.json
expect 0 "$assay" evaluate --task detection --truth truth.json --predictions d.json --replicates 200 --json all.json
mkdir alone
sed 's/"context": *"all"/"context": "sea"/' all.json >alone/results.json
for what in "none 0.50:0.95" "none 0.50" "ship 0.50" "buoy 0.75"; do
    # shellcheck disable=SC2086
    [ -n "$(value e sea $what)" ] && [ "$(value e sea $what)" = "$(value alone sea $what)" ] ||
        fail "run and evaluate differ: $what: $(value e sea $what), $(value alone sea $what)"
    checks=$((checks + 1))
done
[ "$(value e bright ship 0.50)" = "0.9999999999999998 4" ] || [ "$(value e bright ship 0.50 | cut -d' ' -f2)" = 4 ] ||
    fail "the slice: $(value e bright ship 0.50)"
says e/results.json '"state": "missed"'
says e/results.json 'detection_operating_points'
# Resumed, with another number of threads: nothing is run again, the same numbers.
cp e/results.json first.json
expect 1 "$assay" run plan.yaml --out e --threads 2
strip() { # without times, counts of queries and the command
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); r["provenance"].pop("command"); [r["run"].pop(k) for k in ("started", "finished")]; [m.pop("queries") for m in r["models"]]; print(json.dumps(r, indent=1))' "$1"
}
strip first.json >a
strip e/results.json >b
expect 0 cmp a b
says e/results.json '"queries": 0'
# Slices of boxes, columns of the truth's images, and groups of images.
python3 - <<'PY'
import json
t = json.load(open("truth.json"))
for i in t["images"]:
    i["flight"] = f"f{i['id'] % 10}"
json.dump(t, open("truth2.json", "w"))
PY
plan ', cluster: flight'
sed -i 's/truth.json/truth2.json/; s/bright: .*/small: {data: sea, where: area < 50}\n  late: {data: sea, where: "flight in ('"'f7', 'f8'"')"}/; /sweeps/,$d' plan.yaml
expect 0 "$assay" run plan.yaml --out s
for slice in "small:area < 50" "late:flight in ('f7', 'f8')"; do
    expect 0 "$assay" evaluate --task detection --truth truth2.json --predictions d.json --replicates 200 \
        --where "${slice#*:}" --cluster flight --json one.json
    mkdir -p "alone-${slice%%:*}"
    sed 's/"context": *"[^"]*"/"context": "'"${slice%%:*}"'"/' one.json >"alone-${slice%%:*}/results.json"
    [ -n "$(value s "${slice%%:*}" none 0.50)" ] &&
        [ "$(value s "${slice%%:*}" none 0.50)" = "$(value "alone-${slice%%:*}" "${slice%%:*}" none 0.50)" ] ||
        fail "slice: $(value s "${slice%%:*}" none 0.50), $(value "alone-${slice%%:*}" "${slice%%:*}" none 0.50)"
    checks=$((checks + 1))
done
says s/results.json "over clusters"
plan ', cluster: fligt'
refuse 64 "cluster names the column 'fligt', but the images have" "$assay" run plan.yaml --out s

# Files of predictions stand for a detector.
plan ''
sed -i 's/yolo: {file: y.onnx}/yolo: {predictions: d.json, data: sea}/; /sweeps/,+1d' plan.yaml
expect 1 "$assay" run plan.yaml --out f
[ "$(value f sea ship 0.50)" = "$(value e sea ship 0.50)" ] || fail "predictions file: $(value f sea ship 0.50)"

# Two detectors are compared on the same images.
plan ''
sed -i 's/yolo: {file: y.onnx}/yolo: {file: y.onnx}\n  same: {predictions: d.json, data: sea}/; /^requirements/,$d' plan.yaml
expect 0 "$assay" run plan.yaml --out h
checks=$((checks + 1))
python3 - <<'PY' || fail "the comparison"
import json
found = [c for c in json.load(open("h/results.json"))["comparisons"] if c["context"] == "sea"]
names = [c["metric"] for c in found]
assert names[:8] == ["coco_average_precision"] * 6 + ["coco_average_recall", "tide_average_precision"], names
assert len(names) == 16 and all(n.startswith("tide_") for n in names[7:]), names
assert all(c["difference"] == 0 and c["p"] == 1 for c in found if c["outcome"] == "value"), names
changed = [c for c in json.load(open("h/results.json"))["changed"] if c["context"] == "sea"]
assert [c["n"] for c in changed] == [0], changed
PY

# What is refused
plan ''
sed -i 's/bright: {data: sea, where: mean > 0.5}/turned: {data: sea, perturbation: {rotation: {angle: 10}}}/; s/context: bright/context: turned/' plan.yaml
sed -i 's/context: sea, at_least: 0.9/context: turned, at_least: 0.9/' plan.yaml
expect 3 "$assay" run plan.yaml --out g
says g/results.json "this perturbation moves the objects"
plan ''
sed -i 's/coco_average_precision, context/accuracy, context/' plan.yaml
refuse 64 "metric accuracy is for classification, but this plan tests detection" "$assay" run plan.yaml --out g
plan ', format: vok'
refuse 64 "vok" "$assay" run plan.yaml --out g
plan ''
sed -i 's/ship, buoy/boat, plane/' y.yaml
refuse 65 "none of the model's 2 classes" "$assay" run plan.yaml --out g
sed -i 's/output: .*/output: {scores: logits}/; s/classes: .*/classes: [a, b]/' y.yaml
expect 65 "$assay" run plan.yaml --out g
fits e/results.json
finish
