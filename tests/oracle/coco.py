#!/usr/bin/env python3
"""COCO evaluation: random cases against pycocotools, byte for byte; and the golden file of the tests.

Pinned: pycocotools 2.0.11, numpy 2.4.6, Python 3.11.
Usage: coco.py check PROGRAM [CASES] [FIRST]   PROGRAM is tests/coco_arrays of a build
       coco.py golden                          writes tests/golden/coco/
"""
import contextlib
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from pycocotools import mask as mask_tools
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "coco"


def number(rng, value):
    """As files have them: whole, short or with all digits."""
    kind = rng.integers(3)
    return int(round(value)) if kind == 0 else round(float(value), 2) if kind == 1 else float(value)


def rle_of(bits, rng, compressed):
    if compressed:
        rle = mask_tools.encode(np.asfortranarray(bits.astype(np.uint8)))
        return {"size": rle["size"], "counts": rle["counts"].decode()}
    flat = bits.T.reshape(-1)
    counts, value = [], 0
    at = 0
    while at < len(flat):
        end = at
        while end < len(flat) and flat[end] == value:
            end += 1
        counts.append(end - at)
        at, value = end, 1 - value
    return {"size": list(bits.shape), "counts": counts}


def blob(rng, box, height, width):
    y, x = np.mgrid[0:height, 0:width]
    cx, cy = box[0] + box[2] / 2, box[1] + box[3] / 2
    inside = ((x - cx) / max(box[2] / 2, .5)) ** 2 + ((y - cy) / max(box[3] / 2, .5)) ** 2 <= 1
    return (inside & (rng.random((height, width)) < .97)).astype(np.uint8)


def polygon(rng, box):
    n = int(rng.integers(3, 9))
    angle = np.sort(rng.random(n)) * 2 * np.pi
    r = .3 + .7 * rng.random(n)
    x = box[0] + box[2] * (.5 + .5 * r * np.cos(angle))
    y = box[1] + box[3] * (.5 + .5 * r * np.sin(angle))
    flat = [number(rng, v) for pair in zip(x, y) for v in pair]
    if rng.random() < .2:
        flat += flat[:2]  # the first point twice: an edge of length 0
    return flat


def shape(rng, box, height, width, crowd):
    kind = rng.integers(4)
    if crowd or kind == 0:
        return rle_of(blob(rng, box, height, width), rng, compressed=bool(rng.integers(2)))
    if kind == 1 and rng.random() < .5:
        return rle_of(blob(rng, box, height, width), rng, compressed=True)
    parts = [polygon(rng, box) for _ in range(1 + int(rng.random() < .3))]
    return parts


PERSON = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10


def points(rng, box, scale, visible):
    """[x, y, v, ...] of 17 keypoints in a box."""
    xy = box[:2] + np.array(box[2:]) * np.random.default_rng(int(box[0] * 7 + box[2] * 13)).random((17, 2))
    xy = xy + rng.normal(0, 1, (17, 2)) * scale
    v = rng.integers(0, 3, 17) if visible is None else np.full(17, visible)
    return [number(rng, n) for row in np.hstack([xy, v[:, None]]) for n in row]


def keypoint_case(seed):
    """Truth and results of persons; crowds, none visible, no num_keypoints, ties, empty images."""
    truth, results, _ = case(seed, "bbox")
    rng = np.random.default_rng(seed + 10 ** 6)
    for a in truth["annotations"]:
        a["keypoints"] = points(rng, a["bbox"], 0, 0 if rng.random() < .12 else None)
        for k in range(2, 51, 3):
            a["keypoints"][k] = int(a["keypoints"][k])
        a["num_keypoints"] = sum(v > 0 for v in a["keypoints"][2::3])
        if rng.random() < .05:
            a["num_keypoints"] = 0  # the count is believed, not the flags
    with_box = bool(rng.integers(2))
    for r in results:
        scale = np.sqrt(max(r["bbox"][2] * r["bbox"][3], 1)) * float(rng.choice([0, .01, .05, .2]))
        near = [a for a in truth["annotations"] if a["image_id"] == r["image_id"]]
        base = near[int(rng.integers(len(near)))]["bbox"] if near and rng.random() < .8 else r["bbox"]
        r["keypoints"] = points(rng, base, scale, 1)
        if not with_box:
            del r["bbox"]
    return truth, results, [20] if rng.random() < .8 else [5]


def case(seed, iou):
    rng = np.random.default_rng(seed)
    images, classes = int(rng.integers(1, 12)), int(rng.integers(1, 5))
    grid = bool(rng.integers(2))  # boxes and scores on a coarse grid: ties everywhere
    height, width = int(rng.integers(20, 160)), int(rng.integers(20, 160))
    image_ids = [int(i) for i in rng.permutation(rng.choice(1000, images, replace=False))]
    class_ids = [int(i) for i in rng.permutation(rng.choice(90, classes, replace=False))]
    truth = {"info": {}, "images": [{"id": i, "height": height, "width": width} for i in image_ids],
             "categories": [{"id": c, "name": f"class {c}"} for c in class_ids], "annotations": []}
    results = []
    used = class_ids if classes == 1 or rng.random() < .5 else class_ids[:-1]  # one without truth
    next_id = int(rng.integers(2))  # some cases have the id 0

    def box():
        x, y = rng.random(2) * [width * .8, height * .8]
        w, h = np.exp(rng.random(2) * 4)
        if rng.random() < .15:
            w, h = 32, 32  # an area on the edge of two ranges
        if grid:
            return [int(x) // 8 * 8, int(y) // 8 * 8, max(8, int(w) // 8 * 8), max(8, int(h) // 8 * 8)]
        return [number(rng, v) for v in (x, y, max(w, 1), max(h, 1))]

    for image in image_ids:
        for _ in range(int(rng.integers(0, 9)) if rng.random() < .8 else 0):
            b, crowd = box(), int(rng.random() < .12)
            area = b[2] * b[3] if rng.random() < .6 else float(rng.choice([1024, 9216, 500, 1e4]))
            a = {"id": next_id, "image_id": image, "category_id": int(rng.choice(used)), "bbox": b,
                 "area": area, "iscrowd": crowd}
            if rng.random() < .1:
                a["ignore"] = int(rng.integers(2))
            if iou == "segm":
                a["segmentation"] = shape(rng, b, height, width, crowd)
            truth["annotations"].append(a)
            next_id += int(rng.integers(1, 3))
    with_box = iou == "bbox" or bool(rng.integers(2))
    crowded = rng.random() < .1
    for _ in range(int(rng.integers(1, 400 if crowded else 80))):
        b, image, label = box(), int(rng.choice(image_ids)), int(rng.choice(class_ids))
        if truth["annotations"] and rng.random() < .75:
            a = truth["annotations"][int(rng.integers(len(truth["annotations"])))]
            shift = rng.normal(0, 1 if rng.random() < .5 else 4, 4) * (rng.random() < .8)
            b = [float(v) for v in np.maximum(np.array(a["bbox"], float) + shift, [0, 0, 1, 1])]
            image, label = a["image_id"], a["category_id"] if rng.random() < .9 else label
            if grid:
                b = [int(v) // 4 * 4 for v in b]
        score = float(rng.integers(1, 6)) / 5 if grid or rng.random() < .3 else float(rng.random())
        if crowded:
            image = image_ids[0]
        r = {"image_id": image, "category_id": label, "score": score}
        if rng.random() < .02:
            r["category_id"] = 99
        if with_box:
            r["bbox"] = b
        if iou == "segm" and (not with_box or rng.random() < .8):
            compressed = not with_box or bool(rng.integers(2))
            r["segmentation"] = rle_of(blob(rng, b, height, width), rng, compressed) \
                if not with_box or rng.random() < .6 else [polygon(rng, b)]
        results.append(r)
    caps = [1, 10, 100] if rng.random() < .8 else [[1, 10, 300], [2, 5, 20], [1, 3, 100]][int(rng.integers(3))]
    return truth, results, caps


def peer(truth_path, results_path, iou, caps):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(truth_path)
        e = COCOeval(truth, truth.loadRes(results_path), iou)
        e.params.maxDets = list(caps)
        e.evaluate()
        e.accumulate()
        e.summarize()
    return e.eval["precision"], e.eval["recall"], e.eval["scores"], e.stats


def check(program, cases, first):
    differ, values = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        t, r, o = f"{folder}/t.json", f"{folder}/r.json", f"{folder}/o"
        for seed in range(first, first + cases):
            iou = ("bbox", "segm", "keypoints")[seed % 3]
            truth, results, caps = keypoint_case(seed) if iou == "keypoints" else case(seed, iou)
            pathlib.Path(t).write_text(json.dumps(truth))
            pathlib.Path(r).write_text(json.dumps(results))
            wanted = b"".join(np.ascontiguousarray(a).tobytes() for a in peer(t, r, iou, caps))
            done = subprocess.run([program, t, r, iou, "coco", ",".join(map(str, caps)), o], capture_output=True, text=True)
            got = pathlib.Path(o).read_bytes() if done.returncode == 0 else b""
            if iou == "keypoints" and caps != [20]:  # pycocotools says -1 for any other cap
                wanted, got = wanted[:-80], got[:-80]
            values += len(wanted) // 8
            if got != wanted:
                differ += 1
                a, b = np.frombuffer(got), np.frombuffer(wanted)
                where = np.flatnonzero(a != b) if len(a) == len(b) else []
                print(f"case {seed} ({iou}, caps {caps}): {done.stderr.strip()} {len(where)} of {len(b)} differ,"
                      f" first {[(int(i), a[i], b[i]) for i in where[:3]]}")
    print(f"{cases} cases, {values} values, {differ} cases differ")
    return differ == 0


def write_cases(name, count, kinds, limit):
    """Per case one line of what is expected, one with the truth, one with the results."""
    with tempfile.TemporaryDirectory() as folder, open(GOLDEN / name, "w") as out:
        t, r = f"{folder}/t.json", f"{folder}/r.json"
        n = size = seed = 0
        while n < count:
            iou = kinds[seed % len(kinds)]
            truth, results, caps = keypoint_case(seed) if iou == "keypoints" else case(seed, iou)
            seed += 1
            if len(json.dumps([truth, results])) > limit or (iou == "keypoints" and caps != [20]):
                continue
            pathlib.Path(t).write_text(json.dumps(truth))
            pathlib.Path(r).write_text(json.dumps(results))
            arrays = peer(t, r, iou, caps)
            digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays[:3])).hexdigest()
            head = " ".join([iou, *map(str, (caps + [0, 0])[:3]), digest, *(float(s).hex() for s in arrays[3])])
            text = f"{head}\n{json.dumps(truth)}\n{json.dumps(results)}\n"
            out.write(text)
            size += len(text)
            n += 1
    print(f"{name}: {n} cases, {size} bytes")


def golden():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    write_cases("cases.txt", 24, ("bbox", "segm"), 14000)
    write_cases("keypoints.txt", 8, ("keypoints",), 20000)
    return True


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "check":
        numbers = [int(a) for a in sys.argv[3:]] + [400, 0][len(sys.argv) - 3:]
        sys.exit(not check(sys.argv[2], *numbers))
    sys.exit(not golden() if sys.argv[1:] == ["golden"] else __doc__)
