#!/bin/bash
# assay verify on a plan with task: detection: the same verdicts from evidence without the model and the
# images, other requirements, files of predictions, what changed since.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || fail "got '$1', expected '$2'"; }
keys='[.verdicts[] | [.id, .verdict, .value, .low, .high, .n, .p_met, .p_adjusted, .more_needed]]'
golden=$ASSAY_SOURCE/tests/golden/onnx
cp "$golden/detector_yolov8.onnx" y.onnx
mkdir photos
python3 - <<'PY'
import json
images, annotations = [], []
for i in range(1, 41):
    white = i % 3 == 0
    open(f"photos/{i}.pgm", "wb").write(b"P5\n32 32\n255\n" + bytes([255 * white]) * 1024)
    images.append({"id": 100 - i, "file_name": f"photos/{i}.pgm", "width": 32, "height": 32})
    annotations.append({"id": i, "image_id": 100 - i, "category_id": 9, "bbox": [12, 12, 8, 8 + i % 4],
                        "area": 64, "iscrowd": 0})
    if i % 5 == 0:
        annotations.append({"id": 100 + i, "image_id": 100 - i, "category_id": 9, "bbox": [6, 21, 4, 6],
                            "area": 24, "iscrowd": 0})
    if i % 7 == 0:
        annotations[-1]["bbox"] = [20, 0, 9, 9]
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
cat >plan.yaml <<'YAML'
assay: 1
task: detection
replicates: 200
models: {yolo: {file: y.onnx}}
data: {sea: {path: truth.json}}
contexts:
  sea: {data: sea}
  bright: {data: sea, where: mean > 0.5}
  dim: {data: sea, perturbation: {brightness: {change: -0.2}}}
families: {all: {logic: any_fail_is_found, adjust: holm}}
requirements:
  - {id: AP, text: t, metric: coco_average_precision, context: sea, at_least: 0.9, family: all}
  - {id: SHIP, text: t, metric: coco_average_precision, class: ship, context: sea, at_least: 0.05, family: all}
  - {id: FIXED, text: t, metric: {detection_recall: {confidence: 0.4, iou: 0.75}}, context: sea, at_least: 0.1}
  - {id: BEST, text: t, metric: detection_f1, context: sea, at_most: 0.9}
  - {id: ALARMS, text: t, metric: {false_alarms_per_image: {confidence: 0.2}}, context: dim, at_most: 3}
  - {id: MISS, text: t, metric: log_average_miss_rate, class: ship, context: sea, at_most: 1}
  - {id: ECE, text: t, metric: detection_calibration_error, context: sea, at_most: 0.01}
  - {id: TIDE, text: t, metric: {tide_missed: {iou: 0.6}}, context: bright, at_most: 0.9}
  - {id: LOST, text: t, metric: {object_vanished_rate: {confidence: 0.3}}, context: sea, at_most: 0.9}
  - {id: PLACE, text: t, metric: detection_centre_offset, context: sea, at_most: 0.5}
  - {id: Q, text: t, metric: {detection_iou_quantile: {quantile: "0.1"}}, context: sea, at_least: 0.5}
  - {id: NONE, text: t, metric: tide_both, class: ship, context: sea, at_most: 0.5, gate: [AP]}
YAML
expect 1 "$assay" run plan.yaml
run=$(jq -c "$keys" evidence/results.json)
is "$(jq -r '[.verdicts[] | select(.verdict == "NOT EVALUATED") | .id] | join(" ")' evidence/results.json)" NONE
is "$(jq '[.verdicts[] | select(.p_adjusted != null)] | length' evidence/results.json)" 2
sum=$(find evidence -type f | sort | xargs sha256sum | sha256sum)

# the model and the images are gone
mkdir gone
mv y.onnx photos gone
expect 1 "$assay" verify evidence --plan plan.yaml --json v.json
is "$(jq -c "$keys" v.json)" "$run"
is "$(jq -c .rule v.json)" "$(jq -c .rule evidence/results.json)"
is "$(find evidence -type f | sort | xargs sha256sum | sha256sum)" "$sum"
sed '/id: AP/d; /id: ECE/d; /id: NONE/d; s/confidence: 0.4/confidence: 0.6/' plan.yaml >easy.yaml
expect 2 "$assay" verify evidence --plan easy.yaml
says out "The decision rule changed after data were seen"
sed 's/change: -0.2/change: -0.3/; /id: \(AP\|ECE\|NONE\|FIXED\)/d' plan.yaml >other.yaml
expect 3 "$assay" verify evidence --plan other.yaml
says out "no predictions of the model in this context"

# a file of predictions, from the evidence itself
boxes=$(ls evidence/predictions/yolo-sea-*.json)
sed '/id: \(ALARMS\|TIDE\)/d' plan.yaml >file.yaml
expect 1 "$assay" verify --predictions "$boxes" --plan file.yaml --json v.json
is "$(jq -c "$keys" v.json)" "$(jq -c '[.verdicts[] | select(.id != "ALARMS" and .id != "TIDE")] | {verdicts: .} | '"$keys" evidence/results.json)"
expect 1 "$assay" verify --predictions "$boxes" --plan plan.yaml --json v.json
is "$(jq -r '.verdicts[] | select(.id == "ALARMS") | .reason' v.json)" "the predictions are not of perturbed data"
says v.json "'where': "
refuse 64 "requirements on detections and segmentations are judged" "$assay" verify evidence --plan plan.yaml --sequential mixture

# what the verdicts were about has changed
cp truth.json before.json
sed -i 's/"bbox": \[12, 12/"bbox": [11, 12/' truth.json
expect 3 "$assay" verify evidence --plan plan.yaml
says out "the truth is not the one of the evidence"
mv before.json truth.json
cp "$boxes" given.json
sed 's/yolo: {file: y.onnx}/yolo: {predictions: given.json, data: sea}/; /id: \(ALARMS\|TIDE\)/d; /bright:\|dim:/d' plan.yaml >given.yaml
expect 1 "$assay" run given.yaml --out g
expect 1 "$assay" verify g --plan given.yaml --json v.json
is "$(jq -c "$keys" v.json)" "$(jq -c "$keys" g/results.json)"
sed -i '2s/"score":0.[0-9]*/"score":0.125/' given.json
expect 3 "$assay" verify g --plan given.yaml
says out "the predictions file is not the one of the evidence"

# parameters that make no sense
sed 's/confidence: 0.4, iou: 0.75/confidence: 1.5/' plan.yaml >bad.yaml
refuse 64 "confidence" "$assay" verify evidence --plan bad.yaml
sed 's/metric: tide_both/metric: tide_bot/' plan.yaml >bad.yaml
refuse 64 "did you mean 'tide_both'" "$assay" verify evidence --plan bad.yaml
finish
