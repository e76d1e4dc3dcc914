#!/bin/bash
# assay evaluate --task segmentation: known numbers, kinds of PNG, intervals, wrong files.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

cat >png.py <<'PY'
import os, struct, zlib
def write(path, rows, depth=8, kind=0, palette=None):
    """rows of label numbers; depth 1, 2, 4, 8 or 16; kind 0 grey, 3 palette"""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    def pack(row):
        if depth == 16:
            return b"".join(struct.pack(">H", v) for v in row)
        per = 8 // depth
        row = list(row) + [0] * (-len(row) % per)
        return bytes(sum(row[i + k] << (8 - depth * (k + 1)) for k in range(per)) for i in range(0, len(row), per))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    data = zlib.compress(b"".join(b"\0" + pack(r) for r in rows))
    plte = chunk(b"PLTE", bytes(palette)) if palette else b""
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]),
        len(rows), depth, kind, 0, 0, 0)) + plte + chunk(b"IDAT", data) + chunk(b"IEND", b""))
PY
python3 - <<'PY'
import png
truth = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 2, 255]]
found = [[0, 1, 1, 1], [0, 0, 1, 0], [2, 2, 9, 0]]
png.write("t/a.png", truth)
png.write("p/a.png", found)
png.write("t16/a.png", [[v if v != 255 else 65535 for v in r] for r in truth], 16)
png.write("p16/a.png", found, 16)
small = [[v if v != 255 else 3 for v in r] for r in truth]
png.write("t2/a.png", small, 2)
png.write("p4/a.png", [[v if v != 9 else 15 for v in r] for r in found], 4)
png.write("palette/a.png", small, 2, 3, [0, 0, 0, 128, 0, 0, 0, 128, 0, 9, 9, 9])
PY
evaluate=("$assay" evaluate --task segmentation)
# by hand: class 0: 3 of 4 found, 4 found in all: 3/5; class 1: 3 of 4, 4 in all: 3/5; class 2: 2 of 3, 2/3
expect 0 "${evaluate[@]}" --truth t --predictions p --classes sky,road,car --json -
cp out want.json
expect 0 python3 - <<'PY'
import json
d = json.load(open("want.json"))
m = {(x["metric"], x.get("class")): x["value"] for x in d["measures"]}
def near(key, value):
    assert abs(m[key] - value) < 1e-12, (key, m[key], value)
near(("iou", "sky"), 3 / 5)
near(("iou", "road"), 3 / 5)
near(("iou", "car"), 2 / 3)
near(("mean_iou", None), (3 / 5 + 3 / 5 + 2 / 3) / 3)
near(("mean_image_iou", None), (3 / 5 + 3 / 5 + 2 / 3) / 3)
near(("pixel_accuracy", None), 8 / 11)
near(("mean_class_accuracy", None), (3 / 4 + 3 / 4 + 2 / 3) / 3)
near(("dice", "car"), 4 / 5)
near(("class_precision", "car"), 1)
near(("weighted_iou", None), (4 * 3 / 5 + 4 * 3 / 5 + 3 * 2 / 3) / 11)
assert d["confusion"] == [[3, 1, 0, 0], [1, 3, 0, 0], [0, 0, 2, 1]], d["confusion"]
PY
expect 0 "${evaluate[@]}" --truth t --predictions p --classes sky,road,car
says out "mean IoU                            0.6222"
says out "No intervals: fewer than 10 images."
says out "label 255 is ignored"
sed 1d out | cat -s >want
same()
{
    expect 0 "${evaluate[@]}" "$@" --classes sky,road,car
    sed 1d out | grep -v 'is no class' | cat -s >got
    expect 0 cmp got want
}
same --truth t16 --predictions p16 --ignore 65535
same --truth t2 --predictions p4 --ignore 3
same --truth palette --predictions p --ignore 3
same --truth t --predictions p --ignore none # 255 is no class
expect 0 "${evaluate[@]}" --truth t --predictions p
says out "10 classes"

python3 - <<'PY'
import random, png
random.seed(5)
for i in range(15):
    truth = [[(x // 8 + y // 6 + i) % 3 for x in range(40)] for y in range(30)]
    png.write(f"many/t/s{i % 2}/{i}.png", truth)
    png.write(f"many/p/s{i % 2}/{i}.png", [[v if random.random() < 0.9 - i / 40 else random.randrange(3) for v in r] for r in truth])
png.write("many/p/extra.png", [[0]])
PY
expect 0 "${evaluate[@]}" --truth many/t --predictions many/p --json -
says out "bootstrap_basic_or_t over images, 1000 replicates"
says out '"caution": "there are few images ('
says out "a few images decide about one of the classes (as many as "
says out "predictions without a truth: left out"
cp out first
expect 0 "${evaluate[@]}" --truth many/t --predictions many/p --json - --threads 1
cp out second
expect 0 cmp first second
expect 0 "${evaluate[@]}" --truth many/t --predictions many/p --seed 2
says out "from, to: 95 % interval, two-sided, from 1000 bootstrap replicates of the images."
expect 0 "${evaluate[@]}" --truth many/t --predictions many/t --replicates -1
says out "boundary IoU (mean of classes)      1.0000"

# chosen measures: no others, and what is not asked for is not counted
expect 0 "${evaluate[@]}" --truth many/t --predictions many/p --metric mean_iou --metric iou --json -
cp out chosen
expect 0 python3 - <<'PY'
import json
want = {(m["metric"], m.get("class")): m for m in json.load(open("first"))["measures"]}
got = {(m["metric"], m.get("class")): m for m in json.load(open("chosen"))["measures"]}
assert set(got) == {("mean_iou", None), ("iou", "0"), ("iou", "1"), ("iou", "2")}, set(got)
assert all(want[k] == m for k, m in got.items())
PY
expect 0 "${evaluate[@]}" --truth many/t --predictions many/p --metric pixel_accuracy
says out "pixel accuracy"
expect 1 grep -q "mean IoU" out
# slices and groups of images
python3 - <<'PY'
import csv
with open("about.csv", "w") as f:
    w = csv.writer(f)
    w.writerow(["file_name", "night", "flight"])
    w.writerows([f"s{i % 2}/{i}.jpg", i % 3 == 0, i // 2] for i in range(15))
PY
slice=("${evaluate[@]}" --truth many/t --predictions many/p --metadata about.csv)
expect 0 "${slice[@]}" --where "NOT night" --json -
cp out day
mkdir -p day_t day_p && for i in 1 2 4 5 7 8 10 11 13 14; do
    cp "many/t/s$((i % 2))/$i.png" "day_t/$i.png"
    cp "many/p/s$((i % 2))/$i.png" "day_p/$i.png"
done
expect 0 "${evaluate[@]}" --truth day_t --predictions day_p --json -
cp out alone
expect 0 python3 - alone <<'PY'
import json, sys
day = json.load(open("day"))["measures"]
alone = json.load(open(sys.argv[1]))["measures"]
assert len(day) == len(alone)  # the folders have another order of files, so sums may differ in the last bit
assert all(abs(a["value"] - b["value"]) < 1e-14 and a["n"] == b["n"] for a, b in zip(day, alone))
assert all(m["low"] is not None for m in day if m["metric"] == "mean_iou")
PY
expect 0 "${slice[@]}" --cluster flight --json -
says out "none: fewer than 10 clusters"
expect 0 "${slice[@]}" --where "width = 40"
says out "15 images"
refuse 64 "no image fulfils" "${slice[@]}" --where "width = 41"
refuse 64 'there is no column "area"' "${slice[@]}" --where "area > 3"
refuse 64 "metric accuracy is for classification" "${evaluate[@]}" --truth t --predictions p --metric accuracy
refuse 64 "metric panoptic_quality needs segments" "${evaluate[@]}" --truth t --predictions p --metric panoptic_quality
# labels that are no class are counted and told
expect 0 "${evaluate[@]}" --truth t --predictions p --classes sky,road
says out "3 pixels whose true label is no class: left out."
python3 -c "import png; png.write('odd/a.png', [[0, 7, 1, 1], [0, 0, 1, 9], [2, 2, 2, 0]])"
expect 0 "${evaluate[@]}" --truth t --predictions odd --classes sky,road,car
says out "2 pixels predicted as no class: misses of the true class."

refuse 64 "--truth FOLDER" "${evaluate[@]}" --predictions p
refuse 64 "iou_type belongs to the task detection" "${evaluate[@]}" --truth t --predictions p --iou-type bbox
refuse 64 "expected a label or 'none'" "${evaluate[@]}" --truth t --predictions p --ignore x
refuse 64 "ignore belongs to the task segmentation" "$assay" evaluate --predictions p.csv --ignore 3
refuse 66 "the folder of its label maps is not there" "${evaluate[@]}" --truth t/a.png --predictions p
refuse 66 "is neither a folder of label maps" "${evaluate[@]}" --truth nowhere --predictions p
refuse 66 "p/s0/0.png: there is no prediction for an image of many/t (15 of 15 are missing" "${evaluate[@]}" --truth many/t --predictions p
mkdir -p none cut other jpeg
refuse 65 "there are no PNG files" "${evaluate[@]}" --truth none --predictions p
head -c 60 p/a.png >cut/a.png
refuse 65 "cut/a.png: PNG: the file" "${evaluate[@]}" --truth t --predictions cut
python3 -c "import png; png.write('other/a.png', [[1, 2]])"
refuse 65 "other/a.png: the prediction is 2 x 1 pixels, the truth 4 x 3" "${evaluate[@]}" --truth t --predictions other
echo text >jpeg/a.png
refuse 65 "a label map must be a PNG file" "${evaluate[@]}" --truth t --predictions jpeg
# panoptic: ids R + 256 G + 65536 B, the segments in a JSON file beside the folder
python3 - <<'PY'
import json, os, struct, zlib
def rgb(path, rows):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    raw = b"".join(b"\0" + b"".join(bytes((v & 255, v >> 8 & 255, v >> 16)) for v in r) for r in rows)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]),
        len(rows), 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
def write(name, pictures, classes):
    annotations = []
    for i, rows in enumerate(pictures):
        rgb(f"{name}/{i}.png", rows)
        flat = [v for r in rows for v in r]
        annotations.append({"image_id": i, "file_name": f"{i}.png", "segments_info": [
            {"id": v, "category_id": classes[v], "area": flat.count(v), "iscrowd": 0} for v in sorted(set(flat) - {0})]})
    json.dump({"annotations": annotations, "categories": [{"id": 4, "name": "sky", "isthing": 0},
               {"id": 6, "name": "car", "isthing": 1}, {"id": 8, "name": "dog", "isthing": 1}]}, open(name + ".json", "w"))
classes = {1: 4, 70000: 6, 70001: 6}
a = [[1, 1, 1, 1, 1, 1], [70000, 70000, 70000, 70001, 70001, 70001], [0, 0, 0, 0, 0, 0]]
b = [[1, 1, 1, 1, 1, 1], [70000, 70000, 70001, 70001, 70001, 70001], [70001, 0, 0, 0, 0, 0]]
write("pt", [a] * 12, classes)
write("pp", [b] * 12, classes)
PY
# sky 1; cars: 2/3 and 3/(3 + 5 - 3 - 1 void) = 3/4
expect 0 "${evaluate[@]}" --truth pt.json --predictions pp.json --json -
cp out want.json
expect 0 python3 - <<'PY'
import json
d = json.load(open("want.json"))
m = {(x["metric"], x.get("class"), str(x.get("params"))): x for x in d["measures"]}
def near(metric, name, value, params="None"):
    got = m[metric, name, params]["value"]
    assert (got is None) == (value is None) and (got is None or abs(got - value) < 1e-12), (metric, name, got)
car = (2 / 3 + 3 / 4) / 2
near("panoptic_quality", "sky", 1)
near("panoptic_quality", "car", car)
near("panoptic_segmentation_quality", "car", car)
near("panoptic_recognition_quality", "car", 1)
near("panoptic_quality", "dog", None)
near("panoptic_quality", None, (1 + car) / 2, str({"classes": "all"}))
near("panoptic_quality", None, car, str({"classes": "things"}))
assert m["panoptic_quality", "car", "None"]["n"] == 24
assert "1000 replicates" in m["panoptic_quality", "car", "None"]["method"]
PY
expect 0 "${evaluate[@]}" --truth pt.json --predictions pp.json --threads 1
says out "car                        24        0        0    0.7083    0.7083    1.0000"
refuse 64 "belong to folders of label maps" "${evaluate[@]}" --truth pt.json --predictions pp.json --ignore 3
mv pp/3.png elsewhere.png
refuse 66 "pp/3.png" "${evaluate[@]}" --truth pt.json --predictions pp.json
mv elsewhere.png pp/3.png
sed 's/"id": 70001/"id": 70002/' pp.json >pq.json && cp -r pp pq
refuse 65 "has the segment 70001, which its JSON does not list" "${evaluate[@]}" --truth pt.json --predictions pq.json
sed 's/"category_id": 6/"category_id": 7/' pp.json >pq.json
refuse 65 "the class 7, which the truth's categories do not list" "${evaluate[@]}" --truth pt.json --predictions pq.json
head -c 300 pp.json >pq.json
refuse 65 "pq.json: line 1, byte" "${evaluate[@]}" --truth pt.json --predictions pq.json
finish
