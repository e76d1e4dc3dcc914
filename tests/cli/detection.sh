#!/bin/bash
# assay evaluate --task detection: known numbers, the table, JSON, wrong files.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

cat >gt.json <<'JSON'
{"images": [{"id": 1, "width": 100, "height": 100}, {"id": 2, "width": 100, "height": 100}],
 "categories": [{"id": 3, "name": "boat"}, {"id": 5, "name": "car"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0,
   "segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]},
  {"id": 2, "image_id": 2, "category_id": 3, "bbox": [50, 50, 40, 40], "area": 1600, "iscrowd": 0,
   "segmentation": [[50, 50, 90, 50, 90, 90, 50, 90]]},
  {"id": 3, "image_id": 2, "category_id": 5, "bbox": [0, 0, 32, 32], "area": 1024,
   "segmentation": [[0, 0, 32, 0, 32, 32, 0, 32]]}]}
JSON
cat >dt.json <<'JSON'
[{"image_id": 1, "category_id": 3, "bbox": [10, 10, 20, 20], "score": 0.9},
 {"image_id": 2, "category_id": 5, "bbox": [0, 0, 32, 32], "score": 0.8},
 {"image_id": 2, "category_id": 5, "bbox": [60, 0, 32, 32], "score": 0.7},
 {"image_id": 1, "category_id": 9, "bbox": [60, 0, 32, 32], "score": 0.7}]
JSON
# pycocotools 2.0.11: AP .7524752..., AR .75 (boat: one of two found; car: all)
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json
says out " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.752"
says out " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.750"
says out " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000"
says out "boat"
says out "No intervals: fewer than 10 images"
says out "1 results of categories that are not listed: left out."
says out "1 annotations without iscrowd: taken as 0."
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --json -
says out '"metric": "coco_average_precision"'
says out '"value": 0.7524752475247524'
says out '"outcome": "undefined"'
says out '"class": "car"'
cp out first
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --json - --threads 1
cp out second
expect 0 cmp second first
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --iou-type segm
says out "IoU of masks"
says out " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.750"

# twelve images: every number has an interval
python3 - <<'PY'
import json
images, annotations, results = [], [], []
for i in range(1, 13):
    images.append({"id": i, "width": 200, "height": 200})
    for k in range(3):
        annotations.append({"id": len(annotations) + 1, "image_id": i, "category_id": 1, "area": 400,
                            "bbox": [50 * k, 0, 20, 20], "iscrowd": 0})
        results.append({"image_id": i, "category_id": 1, "score": 1 / (1 + len(results)),
                        "bbox": [50 * k + (i * k) % 7, 0, 20, 20]})
json.dump({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]},
          open("gt12.json", "w"))
json.dump(results, open("dt12.json", "w"))
PY
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --json -
says out "bootstrap_basic_or_t over images, 1000 replicates"
cp out first
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --json - --threads 1
cp out second
expect 0 cmp second first
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --seed 2
says out "95 % interval, two-sided, from 1000 bootstrap replicates of the images."

# conventions, grids, slices, clusters and analyses
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --convention coco-corrected
says out "convention coco-corrected"
says out "area=   all | maxDets=100 ] = 0.75"
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --convention voc2012
says out " Average Precision  (AP) @[ IoU=0.50      | area=   all"
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --iou 0.5,0.6 --areas tiny:0:500 --max-detections 2,300
says out "IoU=0.50:0.60 | area=   all | maxDets=300 ] = 0.752"
says out "area=  tiny"
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --where "area < 1000" --json -
says out '"slice_of": "boxes"'
says out '"context": "area < 1000"'
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions dt.json --where "objects = 1" --json -
says out '"slice_of": "images"'
python3 - <<'PY'
import csv
with open("meta.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["image_id", "scene"])
    w.writerows([[i, "abcdefghijkl"[i // 2]] for i in range(1, 13)])
PY
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --cluster scene --metadata meta.csv
says out "No intervals: fewer than 10 clusters."
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --cluster image_id --analyse all --replicates 100
says out "bootstrap replicates of the clusters"
says out "What AP (0 to 100) would gain"
says out "right class, wrong place"
says out "log-average miss rate"
says out "Images with most errors"
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --analyse all --json - --threads 1
says out '"curve": "detection_confusion"'
says out '"metric": "tide_localisation"'
cp out first
expect 0 "$assay" evaluate --task detection --truth gt12.json --predictions dt12.json --analyse all --json - --threads 3
cp out second
expect 0 cmp second first

# classes within classes
cat >oi.json <<'JSON'
{"images": [{"id": 1, "neg_category_ids": []}, {"id": 2, "neg_category_ids": [1]}],
 "categories": [{"id": 1, "name": "/m/animal"}, {"id": 2, "name": "/m/dog"}, {"id": 3, "name": "/m/cat"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [0, 0, 10, 10], "area": 100, "iscrowd": 0},
  {"id": 2, "image_id": 1, "category_id": 3, "bbox": [20, 0, 40, 40], "area": 1600, "iscrowd": 0, "is_group_of": 1}]}
JSON
cat >oi_dt.json <<'JSON'
[{"image_id": 1, "category_id": 2, "bbox": [0, 0, 10, 10], "score": 0.9},
 {"image_id": 1, "category_id": 3, "bbox": [25, 5, 10, 10], "score": 0.8},
 {"image_id": 1, "category_id": 3, "bbox": [40, 5, 10, 10], "score": 0.7},
 {"image_id": 2, "category_id": 3, "bbox": [1, 1, 10, 10], "score": 0.6}]
JSON
echo '{"LabelName": "/m/all", "Subcategory": [{"LabelName": "/m/animal", "Subcategory": [{"LabelName": "/m/dog"},
 {"LabelName": "/m/cat"}]}]}' >tree.json
open_images() { "$assay" evaluate --task detection --truth oi.json --predictions oi_dt.json --replicates -1 "$@"; }
ap() { python3 -c "import json
for m in json.load(open('out'))['measures']:
    if m['metric'] == 'detection_average_precision': print(m.get('class', 'all'), m['value'])"; }
# Groups are ignored: only the dog counts. The cat in image 2 was not looked for.
expect 0 open_images --convention open-images --json -
ap >values
expect 0 diff values - <<'TXT'
all 1
/m/animal None
/m/dog 1
/m/cat None
TXT
# The dog and the group of cats are animals too, and nobody says so; no animal is no cat, so image 2 counts.
expect 0 open_images --convention open-images-challenge --hierarchy tree.json --json -
says out '"role": "hierarchy"'
ap >values
expect 0 diff values - <<'TXT'
all 0.6666666666666666
/m/animal 0
/m/dog 1
/m/cat 1
TXT
expect 0 open_images --convention open-images-challenge --hierarchy tree.json --expand-predictions
says out "2 objects were added"
says out "4 results were added for broader classes"
says out "each counts once, found by the best result in it"
says out "= 1.000"
expect 0 "$assay" compare --task detection --truth oi.json oi_dt.json oi_dt.json --hierarchy tree.json --convention open-images --replicates -1
refuse 64 "needs --hierarchy" "$assay" evaluate --task detection --truth oi.json --predictions oi_dt.json --expand-predictions
refuse 64 "one object is of several" "$assay" evaluate --task detection --truth oi.json --predictions oi_dt.json --hierarchy tree.json --analyse all
refuse 65 "tree.json: none of its" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --hierarchy tree.json
refuse 66 "no_tree.json" "$assay" evaluate --task detection --truth oi.json --predictions oi_dt.json --hierarchy no_tree.json
refuse 65 "oi_dt.json: expected a hierarchy" "$assay" evaluate --task detection --truth oi.json --predictions oi_dt.json --hierarchy oi_dt.json
refuse 64 "hierarchy belongs" "$assay" evaluate --predictions dt.json --hierarchy tree.json

refuse 64 "--truth FILE" "$assay" evaluate --task detection --predictions dt.json
refuse 64 "expected bbox, segm, obb or keypoints" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --iou-type box
refuse 64 'no column "colour"' "$assay" evaluate --task detection --truth gt.json --predictions dt.json --where colour=1
refuse 64 "no image fulfils" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --where "width > 500"
refuse 64 "the column 'scene'" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --cluster scene
refuse 64 "the convention is 'voc'" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --convention voc
refuse 65 "neg_category_ids" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --convention lvis
refuse 64 "IoU thresholds are '2'" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --iou 2
refuse 64 "expected curves" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --analyse tide
refuse 64 "belong to --analyse" "$assay" evaluate --task detection --truth gt.json --predictions dt.json --confidence 0.5
refuse 64 "truth belongs" "$assay" evaluate --truth gt.json --predictions dt.json
refuse 66 "missing.json" "$assay" evaluate --task detection --truth missing.json --predictions dt.json
refuse 65 "no annotations of a known kind" "$assay" evaluate --task detection --truth . --predictions dt.json
refuse 65 "COCO results are a list" "$assay" evaluate --task detection --truth gt.json --predictions gt.json
refuse 65 "'[' where an object" "$assay" evaluate --task detection --truth dt.json --predictions dt.json
head -c 200 dt.json >cut.json
refuse 65 "cut.json: result 3: line 3, byte" "$assay" evaluate --task detection --truth gt.json --predictions cut.json
echo '[{"image_id": 7, "category_id": 3, "bbox": [1, 1, 2, 2], "score": 1}]' >other.json
refuse 65 "result 1 is for the image 7" "$assay" evaluate --task detection --truth gt.json --predictions other.json
echo '[{"image_id": 1, "category_id": 3, "bbox": [1, NaN, 2, 2], "score": 1}]' >nan.json
refuse 65 "NaN or Infinity" "$assay" evaluate --task detection --truth gt.json --predictions nan.json
echo '[{"image_id": 1, "category_id": 3, "bbox": [9, 9, -2, -2], "score": 1.5}]' >odd.json
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions odd.json
says out "1 results with a negative width or height: they overlap nothing."
says out "1 results with a score below 0 or above 1"
python3 - <<'PY'
import json
square = {"size": [9, 9], "counts": [0, 81]}
json.dump({"images": [{"id": 1, "width": 9, "height": 9}, {"id": 2, "width": 9, "height": 9}], "categories": [{"id": 3, "name": "a"}],
           "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0,
                            "segmentation": {"size": [5, 5], "counts": [0, 25]}}]}, open("mt.json", "w"))
json.dump([{"image_id": 1, "category_id": 3, "score": 0.5, "segmentation": square},
           {"image_id": 2, "category_id": 3, "score": 0.5, "segmentation": {"size": [5, 5], "counts": [0, 25]}}], open("md.json", "w"))
PY
expect 0 "$assay" evaluate --task detection --iou-type segm --truth mt.json --predictions md.json
says out "2 masks of another size than their image: they overlap masks of their own size only."
echo '[]' >none.json
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions none.json
says out "maxDets=100 ] = 0.000"
# A file large enough to be read in parts: the same for any number of threads, errors with their place.
python3 - <<'PY'
import json
rows = [{"image_id": 1 + i % 2, "category_id": 3, "bbox": [i % 90, i % 80, 10, 10 + i % 7], "score": (i % 977) / 977,
         "note": "}, {"} for i in range(80000)]
text = json.dumps(rows)
assert len(text) > 7_000_000
open("many.json", "w").write(text)
at = text.index('"score"', 5_000_000)
open("many_nan.json", "w").write(text[:at] + '"score": NaN, "was"' + text[at + 7:])
open("many_cut.json", "w").write(text[:6_500_000])
PY
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions many.json --json - --threads 1
cp out first
expect 0 "$assay" evaluate --task detection --truth gt.json --predictions many.json --json - --threads 3
says out '"n": 80000'
cp out second
expect 0 cmp second first
expect 65 "$assay" evaluate --task detection --truth gt.json --predictions many_nan.json
says err "many_nan.json: result 47162: line 1, byte 50000"
says err "NaN or Infinity"
expect 65 "$assay" evaluate --task detection --truth gt.json --predictions many_cut.json
says err "byte 6500000"
says err "it is truncated"

finish
