#!/bin/bash
# Annotated photographs made by others (tools/setup --annotations): read, validated, converted there and
# back, evaluated with known boxes. What stands in the files is read here a second time with Python.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
sets=${ASSAY_DEPS_DIR:-$ASSAY_SOURCE/.deps}/annotations
if [ ! -e "$sets/labelme/.from" ] || [ ! -e "$sets/deepforest/.from" ]; then
    echo "SKIPPED: $sets does not hold the annotated photographs; fetch them: tools/setup --annotations"
    exit 77
fi
aerial=$sets/deepforest
photos=$sets/labelme

# 951 trees in four aerial photographs, as VOC files
expect 0 "$assay" validate "$aerial" --json trees.json
says out "(voc): 4 images, 951 objects, 3 classes"
says out "Nothing was found."
silent out "not looked at"
expect 0 "$assay" convert "$aerial" --to coco --out trees.coco.json
cat >same.py <<'PY'
"""same.py VOC-FOLDER COCO [TOLERANCE]: every object once, with its class and box."""
import json, pathlib, sys
from xml.etree import ElementTree
folder, coco, near = sys.argv[1], json.load(open(sys.argv[2])), float((sys.argv[3:] or ["0"])[0])
want = []
for file in sorted(pathlib.Path(folder).glob("*.xml")):
    root = ElementTree.parse(file).getroot()
    for o in root.iter("object"):
        b = [float(o.find("bndbox").find(k).text) for k in ("xmin", "ymin", "xmax", "ymax")]
        want.append((pathlib.Path(root.findtext("filename")).stem, o.findtext("name"), b))
files = {i["id"]: pathlib.Path(i["file_name"]).stem for i in coco["images"]}
names = {c["id"]: c["name"] for c in coco["categories"]}
got = [(files[a["image_id"]], names[a["category_id"]],
        [a["bbox"][0], a["bbox"][1], a["bbox"][0] + a["bbox"][2], a["bbox"][1] + a["bbox"][3]])
       for a in coco["annotations"]]
assert len(want) == len(got) > 0, (len(want), len(got))
key = lambda x: (*x[:2], [round(v, 6) for v in x[2]])
for w, g in zip(sorted(want, key=key), sorted(got, key=key)):
    assert w[:2] == g[:2] and max(abs(x - y) for x, y in zip(w[2], g[2])) <= near, (w, g)
PY
expect 0 python3 same.py "$aerial" trees.coco.json
for format in yolo voc labelme dota csv parquet; do
    case $format in
    csv | parquet) to=trees.$format ;;
    *) to=trees.$format.d ;;
    esac
    expect 0 "$assay" convert trees.coco.json --to "$format" --out "$to" --images "$aerial"
    expect 0 "$assay" convert "$to" --to coco --out back.json
    expect 0 python3 same.py "$aerial" back.json 1e-9
    expect 0 "$assay" validate "$to"
    [ $format = labelme ] || silent out "warning" # labelme looks for its images in the same folder
    rm -rf back.json
done
# None of VisDrone's classes is a tree. OSBS_029 is there as TIFF and as PNG: the VOC file names the TIFF.
refuse 65 "nothing would be left" "$assay" convert trees.coco.json --to visdrone --out trees.visdrone
expect 0 grep -q '"OSBS_029.tif"' trees.coco.json

# the same trees in other hands' tables
for table in OSBS_029 testfile_deepforest example testfile_multi; do
    expect 0 "$assay" validate "$aerial/$table.csv"
    says out "Nothing was found."
done
mkdir one && cp "$aerial/OSBS_029.xml" one/
expect 0 "$assay" convert "$aerial/OSBS_029.csv" --to coco --out osbs.json
expect 0 python3 same.py one osbs.json

# Known detections: all, every second one, moved by a third of their width, false ones below and above.
python3 - <<'PY'
import json
truth = json.load(open("trees.coco.json"))
size = {i["id"]: (i["width"], i["height"]) for i in truth["images"]}
def iou(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h) if w > 0 and h > 0 else 0.0
def rows(boxes, score=lambda k: .9 - k * 1e-5):
    return [{"image_id": i, "category_id": c, "bbox": b, "score": score(k)} for k, (i, c, b) in enumerate(boxes)]
all_of = [(a["image_id"], a["category_id"], a["bbox"]) for a in truth["annotations"]]
json.dump(rows(all_of), open("all.json", "w"))
json.dump(rows(all_of[::2]), open("half.json", "w"))
moved = [(i, c, [b[0] + b[2] / 3, *b[1:]]) for i, c, b in all_of]
json.dump(rows(moved), open("moved.json", "w"))
false = [(i, c, [0.0, size[i][1] + 5.0, 3.0, 3.0]) for i, c, _ in all_of[:60]]
json.dump(rows(all_of) + rows(false, lambda k: .01), open("below.json", "w"))
by = {}
for i, c, b in all_of:
    by.setdefault((i, c), []).append(b)
best = max(iou(m, b) for i, c, m in moved for b in by[i, c])
per = {}
for k, (i, c, b) in enumerate(all_of):
    n = per.setdefault(c, [0, 0])
    n[0] += 1
    n[1] += k % 2 == 0
json.dump({"best": best, "recall": sum(b / a for a, b in per.values()) / len(per)}, open("known.json", "w"))
PY
ask() { "$assay" evaluate --task detection --truth "$aerial" --predictions "$1" --replicates -1 --max-detections 1000 --json "$1.out" "${@:2}"; }
for name in all half moved below; do expect 0 ask $name.json; done
expect 0 python3 - <<'PY'
import json
def value(name, metric, iou=None):
    for m in json.load(open(name + ".json.out"))["measures"]:
        p = m.get("params") or {}
        if m["metric"] == metric and m.get("class") is None and p.get("area", "all") == "all" and (
                iou is None or str(p.get("iou")) == iou):
            return m["value"]
known = json.load(open("known.json"))
near = lambda a, b: abs(a - b) < 1e-9
assert near(value("all", "coco_average_precision"), 1) and near(value("below", "coco_average_precision"), 1)
assert near(value("half", "coco_average_recall"), known["recall"]), (value("half", "coco_average_recall"), known)
assert known["best"] < .85, known
m = {str((x.get("params") or {}).get("iou")): x["value"] for x in json.load(open("moved.json.out"))["measures"]
     if x["metric"] == "coco_average_precision" and x.get("class") is None}
assert any(k.startswith("0.5") and v > .3 for k, v in m.items()), m
PY

# three photographs of VOC 2011: labelme's files and what labelme made of them
expect 0 "$assay" validate "$photos/bbox_detection/data_annotated"
says out "(labelme): 3 images, 9 objects, 3 classes"
expect 0 "$assay" convert "$photos/bbox_detection/data_annotated" --to coco --out photos.json
expect 0 python3 same.py "$photos/bbox_detection/data_dataset_voc/Annotations" photos.json 1e-9
expect 0 "$assay" convert "$photos/instance_segmentation/data_annotated" --to coco --out instances.json
expect 0 python3 - "$photos/instance_segmentation/data_dataset_coco/annotations.json" <<'PY'
import json, pathlib, sys
mine, theirs = json.load(open("instances.json")), json.load(open(sys.argv[1]))
def of(coco):
    files = {i["id"]: pathlib.Path(i["file_name"]).stem for i in coco["images"]}
    names = {c["id"]: c["name"] for c in coco["categories"]}
    return sorted((files[a["image_id"]], names[a["category_id"]], sorted(map(len, a["segmentation"])),
                   a["bbox"], a["area"]) for a in coco["annotations"] if names[a["category_id"]] != "__ignore__")
a, b = of(mine), of(theirs)
assert len(a) == len(b) == 12, (len(a), len(b))
for x, y in zip(a, b):  # labelme draws masks and measures these, in whole pixels
    assert x[:3] == y[:3] and max(abs(p - q) for p, q in zip(x[3], y[3])) < 2, (x, y)
    assert abs(x[4] - y[4]) < .02 * y[4] + 60, (x, y)
PY
expect 0 "$assay" validate "$photos/instance_segmentation/data_dataset_coco/annotations.json"
says out "objects with the id 0"
expect 0 "$assay" validate "$photos/primitives"
says out "shapes that are points or lines"

# five frames of a video with outlines: masks as their own predictions
expect 0 "$assay" convert "$photos/video_annotation/data_annotated" --to coco --out video.json
expect 0 "$assay" convert video.json --to yolo --out video.yolo --images "$photos/video_annotation/data_annotated"
python3 -c 'import json
t = json.load(open("video.json"))
json.dump([{"image_id": a["image_id"], "category_id": a["category_id"], "segmentation": a["segmentation"],
            "score": 1 - k / 100} for k, a in enumerate(t["annotations"])], open("video_dt.json", "w"))'
for truth in "$photos/video_annotation/data_annotated" video.json; do
    expect 0 "$assay" evaluate --task detection --truth "$truth" --predictions video_dt.json --iou-type segm --replicates -1
    says out "area=   all | maxDets=100 ] = 1.000"
done
expect 0 "$assay" validate video.yolo
says out "(yolo): 5 images, 15 objects, 2 classes"
expect 65 "$assay" validate "$photos/classification/data_annotated"
says out "no classes are listed"
finish
