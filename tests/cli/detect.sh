#!/bin/bash
# assay predict with a detector: COCO results and Parquet, the way back to the image, batches and
# threads, reuse, JATIC_ONNX, and what is refused.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
golden=$ASSAY_SOURCE/tests/golden/onnx
mkdir photos
photo() { # NAME WIDTH HEIGHT LEVEL
    { printf 'P5\n%d %d\n255\n' "$2" "$3"; head -c $(($2 * $3)) /dev/zero | tr '\0' "\\$4"; } >"photos/$1"
}
photo a.pgm 64 32 000
photo b.pgm 32 32 377
photo c.pgm 16 64 000

cp "$golden/detector_yolov8.onnx" y.onnx
describe() {
    cat >y.yaml <<YAML
file: y.onnx
classes: [ship, buoy]
batch: $1
input: {color: rgb, steps: [letterbox: {width: 32, height: 32, fill: 0}]}
output: {decoder: yolov8, nms: {iou: 0.5}, confidence: 0.01$2}
YAML
}
describe 1 ''
expect 0 "$assay" predict --model y.onnx --data photos --out d.json
says out "9 boxes of 3 images in d.json"
# 64x32 is halved and lies 8 pixels down: box 12..20 becomes 24..40, top 8..24. The duplicate is gone.
says d.json '{"image_id":1,"category_id":1,"bbox":[24,8,16,16],"score":0.5}'
says d.json '{"image_id":1,"category_id":2,"bbox":[24,8,16,16],"score":0.4000000059604645}'
# 32x32 is white: the mask adds 0.5.
says d.json '{"image_id":2,"category_id":1,"bbox":[12,12,8,8],"score":1}'
# 16x64 is halved to 8x32, 12 pixels from the left; what lies outside is cut off.
says d.json '{"image_id":3,"category_id":1,"bbox":[0,24,16,16],"score":0.5}'
says d.json '{"image_id":3,"category_id":1,"bbox":[0,42,0,12],"score":0.30000001192092896}'
for batch in 2 3 7; do
    describe $batch ''
    expect 0 "$assay" predict --model y.onnx --data photos --out e.json --threads 2
    expect 0 cmp d.json e.json
done
expect 0 "$assay" predict --model y.onnx --data photos --out d.parquet
expect 0 "$assay" predict --model y.onnx --data photos --out d.parquet
says out "reused"
describe 1 ', max_detections: 1'
expect 0 "$assay" predict --model y.onnx --data photos --out d.parquet
silent out "reused"
says out "3 boxes"
# An image without boxes has a row that names it: nothing is lost on the way through a table.
cat >sized.json <<'JSON'
{"images":[{"id":1,"file_name":"a.pgm","width":64,"height":32},{"id":2,"file_name":"b.pgm","width":32,"height":32},
 {"id":3,"file_name":"c.pgm","width":16,"height":64}],"categories":[{"id":1,"name":"ship"},{"id":2,"name":"buoy"}],
 "annotations":[{"id":1,"image_id":2,"category_id":1,"bbox":[12,12,8,8],"area":64,"iscrowd":0}]}
JSON
sed -i 's/confidence: 0.01/confidence: 0.6/' y.yaml
expect 0 "$assay" predict --model y.onnx --data photos --out few.parquet
says out "1 boxes of 3 images"
expect 0 "$assay" predict --model y.onnx --data photos --out few.parquet
says out "reused"
says out "1 boxes of 3 images"
expect 0 "$assay" predict --model y.onnx --data photos --out few.json
expect 0 "$assay" convert few.parquet --truth sized.json --to coco --out back.json
expect 0 python3 - <<'PY'
import json
assert json.load(open("back.json")) == json.load(open("few.json")) and len(json.load(open("back.json"))) == 1
PY
expect 0 "$assay" validate sized.json --predictions few.parquet
says out "few.parquet (table): 1 results"
expect 0 "$assay" evaluate --task detection --truth sized.json --predictions few.parquet --replicates -1
sed -i 's/confidence: 0.6/confidence: 1/' y.yaml
expect 0 "$assay" predict --model y.onnx --data photos --out none.parquet
says out "0 boxes of 3 images"
expect 0 "$assay" convert none.parquet --truth sized.json --to coco --out none.json
describe 1 ', clip: false'
expect 0 "$assay" predict --model y.onnx --data photos --out e.json
says e.json '"bbox":[-12,42,8,12]'

# A COCO file as data: its numbers, its names of classes.
cat >truth.json <<'JSON'
{"images":[{"id":70,"file_name":"photos/b.pgm","width":32,"height":32},{"id":7,"file_name":"photos/a.pgm"}],
 "categories":[{"id":5,"name":"buoy"},{"id":9,"name":"ship"}],
 "annotations":[{"id":1,"image_id":70,"category_id":9,"bbox":[12,12,8,8],"area":64,"iscrowd":0}]}
JSON
describe 1 ''
expect 0 "$assay" predict --model y.onnx --data truth.json --out e.json
says e.json '{"image_id":70,"category_id":9,"bbox":[12,12,8,8],"score":1}'
expect 0 "$assay" evaluate --task detection --truth truth.json --predictions e.json --replicates -1
says out "= 1.000"
# a perturbation is seen by the model
expect 0 "$assay" predict --model y.onnx --data photos --out e.json --perturb brightness:change=-0.5
says e.json '"image_id":2,"category_id":1,"bbox":[12,12,8,8],"score":0.7'

# torchvision's form: no batch, labels from 1
cp "$golden/detector_torchvision.onnx" t.onnx
cat >t.yaml <<'YAML'
file: t.onnx
classes: [ship, buoy]
input: {steps: [resize: {width: 32, height: 32}]}
output: {decoder: {decoded: {first_class: 1}}}
YAML
expect 0 "$assay" predict --model t.yaml --data photos --out e.json
says e.json '{"image_id":1,"category_id":2,"bbox":[2,2,20,20],"score":0.75}'
says e.json '{"image_id":1,"category_id":1,"bbox":[8,4,56,16],"score":0.5}'

# JATIC_ONNX beside its metadata
cp -r "$golden/jatic" jatic
expect 0 "$assay" predict --model jatic/detector.onnx --data photos --out e.json
says out "6 boxes of 3 images"
says e.json '"image_id":1,"category_id":1,"bbox":[0,3.2000'
says e.json '"image_id":1,"category_id":2,"bbox":[32,16,32,16],"score":0.69'
sed -i 's/"v1"/"v2"/' jatic/model-metadata.json
refuse 65 "not JATIC_ONNX v1" "$assay" predict --model jatic/detector.onnx --data photos --out e.json

# what does not fit
sed 's/ship, buoy/ship/' y.yaml >y1.yaml
refuse 65 "1 classes are declared, but the model gives 2" "$assay" predict --model y1.yaml --data photos --out e.json
sed 's/yolov8/yolov7/' y.yaml >y2.yaml
refuse 64 "did you mean 'yolov" "$assay" predict --model y2.yaml --data photos --out e.json
sed 's/decoder: yolov8, nms/nms/' y.yaml >y3.yaml
refuse 64 "name the decoder too" "$assay" predict --model y3.yaml --data photos --out e.json
sed 's/yolov8,/ssd,/' y.yaml >y4.yaml
refuse 65 'the decoder ssd needs "scores"' "$assay" predict --model y4.yaml --data photos --out e.json
sed 's/letterbox: {width: 32, height: 32, fill: 0}/fit_content: {size: 32}/' y.yaml >y5.yaml
refuse 65 "cannot be brought back through the step fit_content" "$assay" predict --model y5.yaml --data photos --out e.json
cp "$golden/detector_nan.onnx" n.onnx
cat >n.yaml <<'YAML'
file: n.onnx
classes: [ship]
input: {steps: [resize: {width: 32, height: 32}]}
output: {decoder: yolov10}
YAML
refuse 65 "the model gave a box (nan, 1, 2, 3)" "$assay" predict --model n.yaml --data photos --out e.json
refuse 64 "COCO results (.json) or as a table" "$assay" predict --model y.yaml --data photos --out e.csv
finish
