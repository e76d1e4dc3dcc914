#!/usr/bin/env python3
"""Annotated photographs made by others against pycocotools, byte for byte.

The sets of `tools/setup --annotations` (951 trees in aerial photographs, VOC 2011 photographs, frames of a
video) go through `assay convert`; detections are their boxes and masks, moved, scaled, lost, of another
class, and false ones. Pinned: pycocotools 2.0.11, numpy 2.4.6, Python 3.11.
Usage: real_sets.py ASSAY COCO_ARRAYS SETS [CASES]   SETS is .deps/annotations
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from coco import peer

SETS = (("deepforest", "bbox"), ("labelme/bbox_detection/data_annotated", "bbox"),
        ("labelme/instance_segmentation/data_annotated", "bbox"),
        ("labelme/instance_segmentation/data_annotated", "segm"),
        ("labelme/video_annotation/data_annotated", "segm"))


def detections(rng, truth, iou):
    sizes = {i["id"]: (i["width"], i["height"]) for i in truth["images"]}
    ids = [c["id"] for c in truth["categories"]]
    spread, rows = float(rng.choice([0, .05, .2])), []
    for a in truth["annotations"]:
        for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
            x, y, w, h = a["bbox"]
            shift, scale = rng.normal(0, spread, 2) * (w, h), np.exp(rng.normal(0, spread, 2))
            row = {"image_id": a["image_id"], "score": round(float(rng.random()), 2),
                   "category_id": a["category_id"] if rng.random() < .9 else int(rng.choice(ids))}
            if iou == "segm":
                row["segmentation"] = [[float(v + shift[k % 2]) for k, v in enumerate(p)] for p in a["segmentation"]]
            else:
                row["bbox"] = [float(v) for v in (x + shift[0], y + shift[1], w * scale[0], h * scale[1])]
            rows.append(row)
    for _ in range(len(rows) // 3 if iou == "bbox" else 0):
        image = int(rng.choice(list(sizes)))
        w, h = (float(v) for v in rng.uniform(5, 90, 2))
        rows.append({"image_id": image, "category_id": int(rng.choice(ids)), "score": round(float(rng.random()), 2),
                     "bbox": [float(rng.uniform(0, sizes[image][0])), float(rng.uniform(0, sizes[image][1])), w, h]})
    if iou == "segm":  # pycocotools takes run lengths only
        from pycocotools import mask
        for r in rows:
            w, h = sizes[r["image_id"]]
            rle = mask.merge(mask.frPyObjects(r["segmentation"], h, w))
            r["segmentation"] = {"size": rle["size"], "counts": rle["counts"].decode()}
    return rows


def main():
    assay, arrays, sets = sys.argv[1:4]
    cases, differ, values = int((sys.argv[4:] or ["20"])[0]), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        t, r, o = f"{folder}/t.json", f"{folder}/r.json", f"{folder}/o"
        for name, iou in SETS:
            subprocess.run([assay, "convert", f"{sets}/{name}", "--to", "coco", "--out", t, "--quiet"], check=True,
                           capture_output=True)
            truth = json.loads(pathlib.Path(t).read_text())
            for seed in range(cases):
                caps = ([1, 10, 100], [10, 300, 1000])[seed % 2]
                pathlib.Path(r).write_text(json.dumps(detections(np.random.default_rng(seed), truth, iou)))
                wanted = b"".join(np.ascontiguousarray(a).tobytes() for a in peer(t, r, iou, caps))
                done = subprocess.run([arrays, t, r, iou, "coco", ",".join(map(str, caps)), o], capture_output=True,
                                      text=True)
                got = pathlib.Path(o).read_bytes() if done.returncode == 0 else b""
                values += len(wanted) // 8
                if got != wanted:
                    differ += 1
                    print(name, iou, seed, done.stderr.strip())
    print(f"{len(SETS)} sets, {cases} cases each, {values} values, {differ} cases differ")
    sys.exit(differ > 0)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main()
