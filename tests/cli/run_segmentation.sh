#!/bin/bash
# Plans with task: segmentation: measures, slices, groups, verdicts, comparison, gallery; the same from
# assay evaluate, compare and verify; what changed since; what is refused.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
cat >png.py <<'PY'
import os, struct, zlib
def write(path, rows, kind=0):
    """label numbers: kind 0 grey of 8 bits, 2 ids of segments in three channels"""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    def pack(row):
        return bytes(row) if kind == 0 else b"".join(bytes((v & 255, v >> 8 & 255, v >> 16)) for v in row)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    raw = b"".join(b"\0" + pack(r) for r in rows)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]),
        len(rows), 8, kind, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
PY
python3 - <<'PY'
import csv, json, random, png
random.seed(9)
names = ["sky", "road", "car"]
segments = {"pt": [], "pp": []}
def shaky(rows, share):
    return [[v if random.random() > share else random.randrange(3) for v in r] for r in rows]
with open("about.csv", "w") as f:
    w = csv.writer(f)
    w.writerow(["file_name", "light", "flight"])
    for i in range(24):
        night = i % 3 == 0
        truth = [[0 if y < 8 + i % 4 else 2 if 10 < x < 18 + i % 5 and y < 16 else 1 for x in range(40)] for y in range(24)]
        truth[0][0] = 255
        png.write(f"t/{i}.png", truth)
        seen = [[v if v != 255 else 0 for v in r] for r in truth]
        png.write(f"a/{i}.png", shaky(seen, 0.3 if night else 0.1))
        png.write(f"b/{i}.png", shaky(seen, 0.35 if night else 0.04))
        w.writerow([f"{i}.jpg", "night" if night else "day", i // 2])
        for name, shift in (("pt", 0), ("pp", i % 3)):
            ids = [[1 if y < 8 else 70000 if 10 < x < 18 + shift and y < 16 else 2 for x in range(40)] for y in range(24)]
            png.write(f"{name}/{i}.png", ids, 2)
            flat = [v for r in ids for v in r]
            segments[name].append({"image_id": i, "file_name": f"{i}.png", "segments_info": [
                {"id": v, "category_id": c, "area": flat.count(v), "iscrowd": 0} for v, c in ((1, 4), (70000, 6), (2, 5))]})
for name, annotations in segments.items():
    json.dump({"annotations": annotations, "categories": [{"id": 4, "name": "sky", "isthing": 0},
               {"id": 6, "name": "car", "isthing": 1}, {"id": 5, "name": "road", "isthing": 0}]}, open(name + ".json", "w"))
PY
mkdir photos
for i in $(seq 0 23); do
    python3 -c "import sys; sys.stdout.buffer.write(b'P5\n40 24\n255\n' + bytes([$i * 9]) * 960)" >"photos/$i.pgm"
done
plan() { # DATA-KEYS
    cat >plan.yaml <<YAML
assay: 1
task: segmentation
title: Ground
replicates: 300
models:
  first: {predictions: a, data: scenes}
  second: {predictions: b, data: scenes}
data:
  scenes: {path: t, classes: [sky, road, car], metadata: about.csv$1}
contexts:
  all: {data: scenes}
  day: {data: scenes, where: light = 'day'}
  large: {data: scenes, where: width >= 40}
requirements:
  - {id: R1, text: a, model: second, context: day, metric: mean_iou, at_least: 0.8}
  - {id: R2, text: b, model: second, context: all, metric: iou, class: car, at_least: 0.99}
  - {id: R3, text: c, model: first, context: all, metric: dice, class: sky, at_least: 0.5}
  - {id: R4, text: d, model: first, context: all, metric: boundary_iou, at_most: 0.999}
  - {id: R5, text: e, model: first, context: all, metric: boundary_f, class: road, at_most: 0.999}
  - {id: R6, text: f, model: first, context: all, metric: pixel_accuracy, at_least: 0.5}
compare: {per_class: true, margin: 0.05}
YAML
}
plan ''
expect 0 "$assay" run --check plan.yaml
expect 1 "$assay" run plan.yaml --out e
says out "5 MET, 1 NOT MET, 0 INCONCLUSIVE, 0 NOT EVALUATED"
says e/report.html "Covering the right areas"
says e/report.html "what the model says"
says e/report.html "taken for"
fits e/results.json
cat >same.py <<'PY'
import json, sys
run, alone, model, context = sys.argv[1:]
def load(path, keep):
    return {(m["metric"], m.get("class"), str(m.get("params"))): [m[k] for k in ("value", "low", "high", "n", "method")]
            for m in json.load(open(path))["measures"] if keep(m)}
a = load(run, lambda m: m["model"] == model and m["context"] == context)
b = load(alone, lambda m: True)
assert a and a == b, (set(a) ^ set(b), [k for k in a if k in b and a[k] != b[k]])
PY
evaluate=("$assay" evaluate --task segmentation --truth t --classes sky,road,car --replicates 300 --metadata about.csv)
expect 0 "${evaluate[@]}" --predictions a --json one.json
expect 0 python3 same.py e/results.json one.json first all
expect 0 "${evaluate[@]}" --predictions b --where "light = 'day'" --json one.json
expect 0 python3 same.py e/results.json one.json second day
expect 0 "$assay" compare a b --task segmentation --truth t --classes sky,road,car --replicates 300 --json c.json
expect 0 python3 - <<'PY'
import json
r = json.load(open("e/results.json"))
c = json.load(open("c.json"))
assert r["run"]["task"] == "segmentation"
inside = {(x["metric"], x.get("class")): x for x in r["comparisons"] if x["context"] == "all"}
alone = {(x["metric"], x.get("class")): x for x in c["comparisons"]}
assert set(inside) == set(alone) and ("iou", "car") in alone, set(inside) ^ set(alone)
for k, x in inside.items():
    assert [x[i] for i in ("difference", "low", "high", "p", "p_adjusted")] == [alone[k][i] for i in ("difference", "low", "high", "p", "p_adjusted")], k
    assert abs(x["difference"] - (x["in_b"]["value"] - x["in_a"]["value"])) < 1e-15
assert [i["id"] for i in r["changed"][0]["images"]] == [i["file_name"] for i in c["changed_images"]]
assert r["changed"][0]["n"] == 24 and [x["n"] for x in r["changed"]] == [24, 16, 24]
gaps = [abs(i["value_b"] - i["value_a"]) for i in c["changed_images"]]
assert gaps == sorted(gaps, reverse=True)
truth = r["truth"][0]
assert truth["format"] == "label_maps" and truth["ignore"] == 255 and [k["name"] for k in truth["classes"]] == ["sky", "road", "car"]
assert len({k["color"] for k in truth["classes"]}) == 3
g = [p for p in r["gallery"] if p["model"] == "second"]
assert len(g) == 8 and all(p["views"]["errors"].startswith("data:image/png") for p in g)
assert [p["value"] for p in g] == sorted(p["value"] for p in g) and {p["context"] for p in g} == {"all"}
near = {v["id"]: v for v in r["verdicts"]}
assert near["R1"]["n"] == 16 and near["R2"]["n"] == 24
PY

cp e/results.json first.json
expect 1 "$assay" run plan.yaml --out e --threads 1
expect 0 python3 - <<'PY'
import json
a, b = json.load(open("first.json")), json.load(open("e/results.json"))
for r in (a, b):
    r["provenance"].pop("command"); [r["run"].pop(k) for k in ("started", "finished")]
assert a == b
PY

# verdicts again from the evidence: the same; of files alone; and when something changed
expect 1 "$assay" verify e --plan plan.yaml --json v.json
expect 0 python3 - <<'PY'
import json
keys = ("id", "verdict", "value", "low", "high", "n", "p_met", "more_needed")
a, b = ([[v.get(k) for k in keys] for v in json.load(open(f))["verdicts"]] for f in ("e/results.json", "v.json"))
assert a == b, (a, b)
PY
expect 1 "$assay" verify --plan plan.yaml --predictions b --model second --data scenes
says out "NOT EVALUATED  R3"
says out "MET            R1"
cp b/3.png kept.png
cp b/4.png b/3.png
expect 3 "$assay" verify e --plan plan.yaml
says out "the predictions are not those of the evidence: their content changed"
cp kept.png b/3.png
cp t/3.png kept.png
cp t/4.png t/3.png
expect 3 "$assay" verify e --plan plan.yaml
says out "the truth is not the one of the evidence: its content changed"
cp kept.png t/3.png

# images, their properties as columns, and groups of images
plan ', root: photos, cluster: flight'
sed -i 's/large: .*/bright: {data: scenes, where: mean > 0.5}/' plan.yaml
expect 1 "$assay" run plan.yaml --out g
says g/results.json "bootstrap_basic_or_t over clusters"
says g/results.json "data:image/jpeg"
expect 0 "${evaluate[@]}" --predictions a --cluster flight --json one.json
expect 0 python3 same.py g/results.json one.json first all
expect 1 "$assay" verify g --plan plan.yaml --json v.json
mv photos/5.pgm kept.pgm
refuse 66 "there is no image for the label map 5.png" "$assay" run plan.yaml --out h
mv kept.pgm photos/5.pgm

# segments
cat >pan.yaml <<'YAML'
assay: 1
task: segmentation
title: Segments
replicates: 200
models: {only: {predictions: pp.json, data: scenes}}
data: {scenes: {path: pt.json}}
contexts: {all: {data: scenes}}
requirements:
  - {id: P1, text: a, metric: {panoptic_quality: {classes: things}}, context: all, at_least: 0.5}
  - {id: P2, text: b, metric: panoptic_quality, class: sky, context: all, at_least: 0.5}
  - {id: P3, text: c, metric: panoptic_recognition_quality, context: all, at_least: 0.5}
YAML
# sky and recognition are perfect in every image: without spread there is no interval to judge by
expect 3 "$assay" run pan.yaml --out p
says out "1 MET, 0 NOT MET, 0 INCONCLUSIVE, 2 NOT EVALUATED"
expect 0 "$assay" evaluate --task segmentation --truth pt.json --predictions pp.json --replicates 200 --json one.json
expect 0 python3 same.py p/results.json one.json only all
says p/report.html "PQ things"
fits p/results.json
says p/report.html "mask-gallery"
expect 3 "$assay" verify p --plan pan.yaml
expect 0 "$assay" compare pp.json pt.json --task segmentation --truth pt.json --margin 0.1
says out "panoptic_quality, things"

# not asked for: no boundaries
plan ''
sed -i '/R4/d; /R5/d' plan.yaml
echo 'metrics: [mean_iou, {iou: {}}]' >>plan.yaml
expect 1 "$assay" run plan.yaml --out m
expect 0 python3 - <<'PY'
import json
got = {m["metric"] for m in json.load(open("m/results.json"))["measures"]}
assert got == {"mean_iou", "iou", "dice", "pixel_accuracy"}, got
PY

# labels that no class explains: one card for all models, with their list
plan ''
sed -i 's/classes: .sky, road, car./classes: [sky, road]/; /R2/d' plan.yaml
expect 0 "$assay" run plan.yaml --out l
expect 0 python3 - <<'PY'
import json
found = [f for f in json.load(open("l/results.json"))["findings"] if f["kind"] == "labels_elsewhere"]
assert len(found) == 1 and found[0]["title"] == "Label maps with numbers that are no class (4)", found
assert "first: " in found[0]["text"] and "second: " in found[0]["text"] and found[0].get("model") is None
PY

# the example
expect 0 "$ASSAY_SOURCE/examples/segmentation/prepare" example/data
cp "$ASSAY_SOURCE/examples/segmentation/plan.yaml" example
expect 1 "$assay" run example/plan.yaml
says out "2 MET, 1 NOT MET, 1 INCONCLUSIVE, 0 NOT EVALUATED"

# what is refused
plan ''
bad() { # STATUS TEXT SED
    sed "$3" plan.yaml >bad.yaml
    refuse "$1" "$2" "$assay" run bad.yaml --out x
}
bad 64 "metric accuracy is for classification, but this plan tests segmentation" 's/metric: mean_iou/metric: accuracy/'
bad 64 "metric panoptic_quality needs segments" 's/metric: mean_iou/metric: panoptic_quality/'
bad 64 'there is no column "area"' "s/light = 'day'/area > 3/"
bad 64 "bad.yaml:12:8: context day" "s/light = 'day'/lihgt = 'day'/"
bad 66 "neither a folder of label maps (PNG) nor a panoptic file" 's/path: t,/path: nowhere,/'
bad 66 "there is no such folder or file" 's/predictions: b/predictions: nowhere/'
bad 66 "is no folder of label maps" 's/predictions: b/predictions: pp.json/'
bad 64 "ignore is 'x', expected a label or 'none'" 's/classes: \[/ignore: x, classes: [/'
bad 64 "ignore is for label maps" 's/task: segmentation/task: detection/; s/classes: \[/ignore: 3, classes: [/'
bad 66 "about2.csv" 's/about.csv/about2.csv/'
bad 64 "sequential requirements are for classification; those on detections and segmentations" \
    's/metric: mean_iou,/metric: mean_iou, sequential: mixture,/'
sed 's/^\([0-9]*\).jpg/x\1.jpg/' about.csv >other.csv
bad 65 "no row's file_name is that of an image of the truth" 's/about.csv/other.csv/'
python3 -c "import png; png.write('b/7.png', [[0, 1]])"
bad 65 "b/7.png: the prediction is 2 x 1 pixels, the truth 40 x 24" s/x/x/
refuse 64 "margin 1 lies outside what mean IoU can differ by" \
    "$assay" compare a b --task segmentation --truth t --margin 1
refuse 64 "--adjust does not belong to the task segmentation" \
    "$assay" compare a b --task segmentation --truth t --adjust holm
refuse 64 "needs the truth" "$assay" compare a b --task segmentation
refuse 64 "ignore belongs to the task segmentation" "$assay" compare a.csv b.csv --ignore 3
refuse 64 "margin 1.5 lies outside what average precision can differ by" \
    "$assay" compare a.json b.json --task detection --truth t.json --margin 1.5
finish
