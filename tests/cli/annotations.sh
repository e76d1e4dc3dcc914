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
evaluate=("$assay" evaluate --task detection)
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
finish
