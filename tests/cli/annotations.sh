#!/bin/bash
# assay evaluate --task detection on annotations that are not COCO: the same numbers in every format.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"

python3 - <<'PY'
import json, os, random, struct, zlib
random.seed(3)
def png(path, width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width,
        height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)
names = ["boat", "car", "dog"]
coco = {"images": [], "annotations": [], "categories": [{"id": i, "name": n} for i, n in enumerate(names)]}
results, table, truth_table = [], ["file,class,score,x,y,w,h"], ["image_path,label,xmin,ymin,xmax,ymax"]
for i in range(1, 13):
    W, H = random.choice([(256, 128), (64, 32)])
    stem = f"img{i:02d}"
    png(f"yolo/images/val/{stem}.png", W, H)
    png(f"voc/JPEGImages/{stem}.png", W, H)
    coco["images"].append({"id": i, "width": W, "height": H, "file_name": stem + ".png"})
    yolo, voc, shapes, drone, dots = [], [], [], [], []
    for k in range(0 if i == 5 else random.randint(1, 4)):
        c, w, h = random.randrange(3), random.randint(4, W // 2), random.randint(4, H // 2)
        x, y = random.randint(0, W - w), random.randint(0, H - h)
        coco["annotations"].append({"id": len(coco["annotations"]) + 1, "image_id": i, "iscrowd": 0,
                                    "category_id": c, "bbox": [x, y, w, h], "area": w * h})
        # sizes are powers of two: shares are exact
        yolo.append(f"{c} {(x + w / 2) / W!r} {(y + h / 2) / H!r} {w / W!r} {h / H!r}")
        voc.append(f"<object><name>{names[c]}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin>"
                   f"<xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>")
        shapes.append({"label": names[c], "points": [[x, y], [x + w, y + h]], "shape_type": "rectangle"})
        truth_table.append(f"{stem}.png,{names[c]},{x},{y},{x + w},{y + h}")
        for q in range(2):
            x2, s = x + random.randint(-3, 3), random.randint(1, 999) / 1000
            results.append({"image_id": i, "category_id": c, "bbox": [x2, y, w, h], "score": s})
            dots.append(f"{c} {(x2 + w / 2) / W!r} {(y + h / 2) / H!r} {w / W!r} {h / H!r} {s}")
            table.append(f"{stem}.png,{names[c]},{s},{x2},{y},{w},{h}")
    if yolo:
        put(f"yolo/labels/val/{stem}.txt", "\n".join(yolo) + "\n")
    put(f"voc/Annotations/{stem}.xml", f"<annotation><filename>{stem}.png</filename><size><width>{W}"
        f"</width><height>{H}</height></size>{''.join(voc)}</annotation>")
    put(f"labelme/{stem}.json", json.dumps({"version": "5", "shapes": shapes, "imagePath": stem + ".png",
        "imageData": None, "imageHeight": H, "imageWidth": W}))
    if dots:
        put(f"dots/{stem}.txt", "\n".join(dots) + "\n")
put("yolo/data.yaml", "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: boat\n  1: car\n  2: dog\n")
json.dump(coco, open("gt.json", "w"))
json.dump(results, open("dt.json", "w"))
open("dt.csv", "w").write("\n".join(table) + "\n")
open("gt.csv", "w").write("\n".join(truth_table) + "\n")
PY
evaluate=("$assay" evaluate --task detection --replicates 200)
expect 0 "${evaluate[@]}" --truth gt.json --predictions dt.json
sed 1d out >want
same()
{
    expect 0 "${evaluate[@]}" "$@"
    sed 1d out | grep -v "images without an annotation file" >got
    expect 0 cmp got want
}
for truth in gt.json yolo yolo/data.yaml voc labelme; do
    same --truth $truth --predictions dots
done
same --truth yolo --predictions dt.json
same --truth yolo --predictions dt.csv
same --truth voc --predictions dt.csv
sed 's/^file,class,score,x,y,w,h/f,c,s,l,t,b,h/' dt.csv >renamed.csv
refuse 65 "no column for image is found among f, c, s, l, t, b, h" "${evaluate[@]}" --truth gt.json --predictions renamed.csv
same --truth gt.json --predictions renamed.csv --columns image=f,class=c,score=s,xmin=l,ymin=t,w=b
refuse 64 "expected ROLE=COLUMN" "${evaluate[@]}" --truth gt.json --predictions renamed.csv --columns picture=f
refuse 65 "there is no column 'z'" "${evaluate[@]}" --truth gt.json --predictions renamed.csv --columns image=z
expect 0 "${evaluate[@]}" --truth gt.csv --predictions dt.csv --replicates -1
says out "gt.csv: 11 images"
sed '3s/[^,]*$/-1/' dt.csv >negative.csv
refuse 65 "negative.csv: row 2 (line 3): a box of width" "${evaluate[@]}" --truth gt.json --predictions negative.csv
sed '3s/[^,]*$/x/' dt.csv >word.csv
refuse 65 "row 2 (line 3): h is 'x', expected a number" "${evaluate[@]}" --truth gt.json --predictions word.csv
expect 0 "${evaluate[@]}" --truth yolo --predictions dots --json -
says out '"format": "yolo"'
says out "images without an annotation file: they have no objects"
cp out first
expect 0 "${evaluate[@]}" --truth yolo --predictions dots --json - --threads 1
cp out second
expect 0 cmp first second

# wrong input
refuse 65 "have no scores" "${evaluate[@]}" --truth voc --predictions voc
refuse 66 "no such file or folder" "${evaluate[@]}" --truth nowhere --predictions dots
refuse 64 "did you mean 'yolo'" "${evaluate[@]}" --truth yolo --predictions dots --truth-format yol
refuse 64 "expected edges or pixels" "${evaluate[@]}" --truth voc --predictions dots --voc-corners x
refuse 65 "there is no split 'tset'" "${evaluate[@]}" --truth yolo --predictions dots --split tset
refuse 66 "names the folder 'images/train', which is not there" "${evaluate[@]}" --truth yolo --predictions dots --split train
refuse 64 "belongs to the task" "$assay" evaluate --predictions dt.json --split val
cp -r yolo broken
echo "9 0.5 0.5 0.1 0.1" >>broken/labels/val/img01.txt
refuse 65 "img01.txt: line 3: the class 9 has no name" "${evaluate[@]}" --truth broken --predictions dots
cp -r dots other
cp dots/img01.txt other/nobody.txt
refuse 65 "does not list the image 'nobody'" "${evaluate[@]}" --truth yolo --predictions other
cp -r voc bomb
echo '<!DOCTYPE a [<!ENTITY b "&a;&a;">]><annotation/>' >bomb/Annotations/img01.xml
refuse 65 "document type definitions" "${evaluate[@]}" --truth bomb --predictions dots
mkdir empty
refuse 65 "no annotations of a known kind" "${evaluate[@]}" --truth empty --predictions dots
# conversion: there and back
check_same()
{
    expect 0 python3 - "$@" <<'PY'
import json, sys
a, b = (json.load(open(p)) for p in sys.argv[1:3])
keep = set(sys.argv[3].split(","))
names = lambda d: {c["id"]: c["name"] for c in d["categories"]}
files = lambda d: {i["id"]: (i["file_name"], i.get("width"), i.get("height")) for i in d["images"]}
if "images" in keep and sorted(files(a).values()) != sorted(files(b).values()):
    sys.exit("images differ")
def rows(d):
    n, f = names(d), files(d)
    out = []
    for x in d["annotations"]:
        key = [f[x["image_id"]][0], n[x["category_id"]]] + [round(v, 6) for v in x["bbox"]]
        if "shape" in keep:
            key.append([[round(v, 6) for v in p] for p in x.get("segmentation", [])]
                       if isinstance(x.get("segmentation", []), list) else x["segmentation"])
        for k in ("area", "iscrowd", "difficult", "truncated", "occluded", "hidden"):
            if k in keep:
                key.append(round(x.get(k, 0), 4))
        out.append(json.dumps(key))
    return sorted(out)
x, y = rows(a), rows(b)
if x != y:
    sys.exit(f"{len(x)} and {len(y)} rows; first: {[p for p in zip(x, y) if p[0] != p[1]][:1]}")
PY
}
python3 - <<'PY'
import json
gt = json.load(open("gt.json"))
for k, a in enumerate(gt["annotations"]):
    x, y, w, h = a["bbox"]
    if k % 3 == 0:
        a["segmentation"] = [[x, y, x + w, y, x + w / 2, y + h]]
        a["area"] = w * h / 2
    if k % 3 == 1:
        a["segmentation"] = [[x, y, x + w / 4, y, x, y + h / 4], [x + w / 2, y + h / 2, x + w, y + h, x, y + h]]
        a["area"] = w * h / 32 + w * h / 4
    a["iscrowd"] = int(k == 5)
    for name, rest in (("difficult", 0), ("truncated", 1), ("occluded", 2)):
        if k % 4 == rest:
            a[name] = 1
gt["annotations"][2]["segmentation"] = {"size": [32, 64], "counts": "PPYo0"}
gt["annotations"][2]["segmentation"]["counts"] = [100, 50, 1898]
gt["annotations"][2]["area"] = 50
json.dump(gt, open("rich.json", "w"))
PY
expect 0 "$assay" convert rich.json --out again.json
says out "Nothing was lost."
expect 0 "$assay" convert again.json --to coco --out third.json
expect 0 cmp again.json third.json
for format in yolo voc labelme visdrone dota csv parquet; do
    source=rich.json
    out=to_$format
    case $format in csv | parquet) out=to.$format ;; esac
    if [ $format = visdrone ]; then
        sed 's/"boat"/"van"/; s/"dog"/"bus"/' rich.json >drone.json
        source=drone.json
    fi
    expect 0 "$assay" convert $source --to $format --out $out --images yolo/images/val
    cp out said_$format
    expect 0 "$assay" convert $out --out back_$format.json
    cp $source from_$format.json
done
says said_yolo "outlines of several parts: the boxes are kept"
says said_yolo "1  masks: the boxes are kept"
says said_yolo "1  crowds: they become ordinary objects"
says said_yolo "has links to the images in yolo/images/val"
says said_voc "outlines: the boxes are kept"
check_same rich.json back_yolo.json images
check_same rich.json back_voc.json images,difficult,truncated,occluded
check_same from_visdrone.json back_visdrone.json images,iscrowd,truncated,occluded
check_same rich.json back_dota.json images,difficult
check_same rich.json back_csv.json images,iscrowd,difficult,truncated,occluded
check_same rich.json back_parquet.json images,iscrowd,difficult,truncated,occluded
# labelme keeps outlines of any number of parts; boxes then are those of the outlines
expect 0 "$assay" convert to_labelme --to labelme --out twice_labelme --images yolo/images/val
expect 0 diff -r to_labelme twice_labelme
check_same back_labelme.json back_labelme.json images
expect 0 "$assay" convert to_yolo --to yolo --out twice_yolo
for truth in to_yolo to_voc to_dota to.parquet; do
    expect 0 "${evaluate[@]}" --truth $truth --predictions dt.csv --replicates -1
done
# keypoints stay in COCO and are counted elsewhere
sed 's/"iscrowd": 0/"iscrowd": 0, "keypoints": [1, 2, 2, 3, 4, 1], "num_keypoints": 2/' gt.json >points.json
expect 0 "$assay" convert points.json --out points_again.json
says out "Nothing was lost."
expect 0 grep -q '"keypoints":\[1,2,2,3,4,1\],"num_keypoints":2' points_again.json
expect 0 "$assay" convert points.json --to voc --out points_voc
says out "objects with keypoints: these are left out"
# turned boxes: those that are not turned give what boxes give
expect 0 "$assay" convert gt.json --to dota --out gt_dota --images yolo/images/val
expect 0 "${evaluate[@]}" --truth gt_dota --predictions dt.csv --iou-type obb
says out "IoU of turned boxes"
sed 1,2d out | grep -v "without an annotation" >got
sed 1d want >want_obb
expect 0 cmp got want_obb
mkdir turned turned_p
echo "30 20 50 40 30 60 10 40 ship 0" >turned/a.txt
echo "a 0.9 30 20 50 40 30 60 10 40" >turned_p/Task1_ship.txt
expect 0 "${evaluate[@]}" --truth turned --predictions turned_p --iou-type obb --convention voc2007
says out "1.000"
expect 0 "${evaluate[@]}" --truth turned --predictions turned_p --iou-type obb
says out "area=   all | maxDets=100 ] = 1.000"
# detections
expect 0 "$assay" convert dt.json --truth gt.json --to yolo --out dt_yolo
expect 0 diff -r dt_yolo dots
expect 0 "$assay" convert dots --truth yolo --out dt_back.json
same --truth gt.json --predictions dt_back.json
expect 0 "$assay" convert dt.json --truth gt.json --out dt_back.parquet --json -
says out '"objects": '
same --truth gt.json --predictions dt_back.parquet
refuse 74 "is there already" "$assay" convert gt.json --to voc --out voc
refuse 64 "did you mean 'yolo'" "$assay" convert gt.json --to yolov --out x
refuse 64 "--to FORMAT is missing" "$assay" convert gt.json --out x
refuse 64 "detections are written as" "$assay" convert dt.json --truth gt.json --to voc --out x
refuse 65 "the size of the image" "$assay" convert gt.csv --to yolo --out x
if [ -e x ] || ls -d x.part* 2>/dev/null; then fail "a failed conversion left something"; fi
sed 's/img01.png/..\/..\/evil.png/' gt.json >evil.json
expect 0 "$assay" convert evil.json --to voc --out evil
if [ ! -e evil/Annotations/evil.xml ]; then fail "the file name escaped"; fi

# validation
expect 0 "$assay" validate yolo
says out "images without objects"
silent out "warning"
cat >bad.json <<'JSON'
{"images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.png"}, {"id": 1, "width": 9, "height": 9},
  {"id": 2, "width": 256, "height": 128, "file_name": "img01.png"}, {"id": 3, "width": 5, "height": 5}],
 "categories": [{"id": 1, "name": "x"}, {"id": 2, "name": "x"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [200, 0, 10, 10], "iscrowd": 0, "area": 1000},
  {"id": 1, "image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 0], "iscrowd": 0, "area": 0},
  {"id": 0, "image_id": 2, "category_id": 1, "bbox": [250, 0, 10, 10], "iscrowd": 0, "area": 100},
  {"id": 4, "image_id": 2, "category_id": 1, "bbox": [250, 0, 10, 10], "iscrowd": 0, "area": 100},
  {"id": 5, "image_id": 7, "category_id": 1, "bbox": [1, 1, -2, 3]},
  {"id": 6, "image_id": 2, "category_id": 9, "bbox": [1, 1, 2, 3], "iscrowd": 0, "area": 6,
   "segmentation": {"size": [2, 2], "counts": [0, 4]}},
  {"id": 7, "image_id": 2, "category_id": 1, "area": 6, "iscrowd": 0, "segmentation": [[1, 1, 2, 2]]},
  {"id": 8, "image_id": 2, "category_id": 1, "bbox": [1, 1, 1, 1], "area": 1, "iscrowd": 0,
   "segmentation": [[1, 1, 2, 2, 3]]}]}
JSON
expect 65 "$assay" validate bad.json --images yolo/images/val --json bad_out.json
says out "Evaluation refuses this set."
says out "image 2 (img01.png), object 4, box 250 0 10 10, class x"
expect 0 python3 - <<'PY'
import json
got = {f["check"]: f["count"] for f in json.load(open("bad_out.json"))["faults"]}
size = got.pop("size_differs", 0)
want = {"no_box": 1, "short_outline": 1, "unlisted_image": 1, "unlisted_class": 1, "repeated_id": 1,
        "id_zero": 1, "repeated_image_id": 1, "repeated_class_name": 1, "negative_box": 1, "empty_box": 1,
        "box_outside": 1, "box_partly_outside": 2, "repeated_box": 1, "mask_size": 1, "area": 1,
        "missing_file": 3, "image_without_objects": 2, "class_without_objects": 1, "no_iscrowd": 1, "no_area": 1}
assert got == want, (got, want)
PY

# keypoints: COCO to YOLO and back, results too, and the same numbers of evaluation
python3 - <<'PY'
import json, random
random.seed(4)
images = [{"id": i, "file_name": f"p{i}.png", "width": 256, "height": 128} for i in (1, 2)]
def points(): return [v for _ in range(17) for v in (random.randint(0, 200), random.randint(0, 120), random.randint(0, 2))]
notes = []
for k in range(6):
    p = points()
    notes.append({"id": k + 1, "image_id": k % 2 + 1, "category_id": 1, "bbox": [k * 3, 4, 64, 32], "iscrowd": 0,
                  "area": 64 * 32, "keypoints": p, "num_keypoints": sum(v > 0 for v in p[2::3])})
json.dump({"images": images, "annotations": notes, "categories": [{"id": 1, "name": "person"}]}, open("pose.json", "w"))
json.dump([{"image_id": a["image_id"], "category_id": 1, "bbox": a["bbox"], "score": .9 - k / 10,
            "keypoints": [v + (k * 2 if i % 3 < 2 else 0) for i, v in enumerate(a["keypoints"])]}
           for k, a in enumerate(notes)], open("pose_dt.json", "w"))
PY
mkdir posed && for i in 1 2; do cp yolo/images/val/img01.png posed/p$i.png; done
expect 0 "$assay" convert pose.json --to yolo-pose --out pose.yolo --images posed
says out "Nothing was lost."
says pose.yolo/data.yaml "kpt_shape: [17, 3]"
mkdir pose.yolo/images 2>/dev/null; cp -n posed/*.png pose.yolo/images/
expect 0 "$assay" convert pose.yolo --to coco --out pose_back.json
expect 0 "$assay" convert pose_dt.json --truth pose.json --to yolo-pose --out pose_dt.yolo
expect 0 "$assay" convert pose_dt.yolo --truth pose.json --to coco --out pose_dt_back.json
expect 0 python3 - <<'PY'
import json
a, b = json.load(open("pose.json"))["annotations"], json.load(open("pose_back.json"))["annotations"]
c, d = json.load(open("pose_dt.json")), json.load(open("pose_dt_back.json"))
for x, y in ((a, b), (c, d)):
    x, y = (sorted(v, key=lambda r: (r["image_id"], round(r["bbox"][0]), r.get("score", 0))) for v in (x, y))
    assert len(x) == len(y) == 6
    for p, q in zip(x, y):
        assert max(abs(i - j) for i, j in zip(p["keypoints"], q["keypoints"])) < 1e-9 and len(q["keypoints"]) == 51
        assert p.get("num_keypoints") == q.get("num_keypoints") and p.get("score") == q.get("score")
PY
expect 0 "$assay" evaluate --task detection --iou-type keypoints --truth pose.json --predictions pose_dt.json --replicates -1
sed 1,2d out >wanted
expect 0 "$assay" evaluate --task detection --iou-type keypoints --truth pose.yolo --predictions pose_dt.yolo --replicates -1
sed 1,2d out >got
expect 0 diff <(grep -v '^$' wanted | grep Average) <(grep -v '^$' got | grep Average)
expect 0 "$assay" evaluate --task detection --truth pose.yolo --predictions pose_dt.json --replicates -1
refuse 65 "no object has keypoints" "$assay" convert gt.json --to yolo-pose --out nobody --images yolo/images/val
sed -i 's/17, 3/17, 4/' pose.yolo/data.yaml
refuse 65 "kpt_shape must be" "$assay" validate pose.yolo

# detections
cat >small.json <<'JSON'
{"images": [{"id": 1, "width": 100, "height": 100, "file_name": "a.png"}, {"id": 2, "width": 50, "height": 50,
  "file_name": "b.png"}, {"id": 3, "width": 50, "height": 50, "file_name": "c.png"}],
 "categories": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}, {"id": 3, "name": "z"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 10, 10], "iscrowd": 0, "area": 100},
  {"id": 2, "image_id": 3, "category_id": 2, "bbox": [10, 10, 10, 10], "iscrowd": 0, "area": 100}]}
JSON
python3 - <<'PY'
import json
rows = [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 10, 10], "score": 0.9},
        {"image_id": 1, "category_id": 1, "bbox": [10, 10, 10, 10], "score": 0.8},
        {"image_id": 1, "category_id": 9, "bbox": [10, 10, 10, 10], "score": 0.8},
        {"image_id": 1, "category_id": 3, "bbox": [200, 10, 10, 10], "score": 1.5},
        {"image_id": 1, "category_id": 3, "bbox": [95, 10, 10, 10], "score": 0.5},
        {"image_id": 1, "category_id": 3, "bbox": [1, 1, -3, 10], "score": 0.5},
        {"image_id": 1, "category_id": 3, "bbox": [1, 1, 3, 0], "score": 0.4},
        {"image_id": 1, "category_id": 3, "score": 0.3, "segmentation": {"size": [9, 9], "counts": [0, 81]}}]
json.dump(rows[:7], open("small_dt.json", "w"))
rows += [{"image_id": 2, "category_id": 3, "bbox": [1, 1, 3, 3 + i], "score": i / 200 + .1} for i in range(103)]
json.dump(rows + [{"image_id": 8, "category_id": 1, "bbox": [1, 1, 3, 3], "score": 0.4}], open("many_dt.json", "w"))
json.dump([dict(r, score=0.5) for r in rows[:2]], open("flat_dt.json", "w"))
PY
expect 0 "$assay" validate small.json --predictions small_dt.json
says out "small_dt.json (coco): 7 results"
says out "image 1 (a.png), result 2, box 10 10 10 10, score 0.8, class x"
says out "Evaluation takes this set; look at the warnings."
expect 0 "$assay" evaluate --task detection --truth small.json --predictions small_dt.json --replicates -1
expect 65 "$assay" validate small.json --predictions many_dt.json --json many.json
says out "Evaluation refuses this set."
expect 65 "$assay" evaluate --task detection --truth small.json --predictions many_dt.json --replicates -1
expect 0 "$assay" validate small.json --predictions flat_dt.json
says out "all results have the same score"
expect 0 python3 - <<'PY'
import json
got = {f["check"]: f["count"] for f in json.load(open("many.json"))["predictions"]["faults"]}
want = {"result_unlisted_image": 1, "result_unlisted_class": 1, "result_without_box": 1, "result_negative_box": 1,
        "result_empty_box": 1, "result_outside": 1, "result_partly_outside": 1 + sum(4 + i > 51 for i in range(103)),
        "result_repeated_box": 1, "result_mask_size": 1, "result_over_cap": 3, "result_score_range": 1,
        "image_without_results": 1, "class_without_results": 1}
ties = got.pop("result_tied_score")
scores = [1.5, .5, .5, .4, .3] + [i / 200 + .1 for i in range(103)]
assert ties == len(scores) - len(set(scores)), ties
assert got == want, (got, want)
PY
refuse 65 "gt.json: " "$assay" validate small.json --predictions gt.json
mkdir broken_xml && head -c 60 voc/Annotations/img01.xml >broken_xml/a.xml
refuse 65 "the file is truncated" "$assay" validate broken_xml

# Images elsewhere: the labels are still those beside data.yaml.
mkdir elsewhere
cp yolo/images/val/* elsewhere
expect 0 "$assay" convert yolo --to coco --out plain.json --quiet
expect 0 "$assay" convert yolo --to coco --out elsewhere.json --images elsewhere --quiet
boxes() { grep -o '"bbox": *\[[^]]*\]' "$1"; }
boxes plain.json >first
boxes elsewhere.json >second
expect 0 cmp first second
expect 0 test -s first
: >empty.json
refuse 65 "empty.json: the file is empty" "${evaluate[@]}" --truth gt.json --predictions empty.json

finish
