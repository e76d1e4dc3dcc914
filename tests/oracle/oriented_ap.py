#!/usr/bin/env python3
"""Oracle of AP for turned boxes: tests/golden/oriented_ap.txt.

pycocotools 2.0.11 with the overlaps of shapely 2.1 in place of its own (COCO), and the evaluation of
the VOC 2007 development kit (11 points, difficult objects ignored, a detection claims its best object)
written out on the same overlaps, as DOTA's kit has it.

Usage: python tests/oracle/oriented_ap.py > tests/golden/oriented_ap.txt
"""
import contextlib
import io
import math

import numpy as np
import shapely
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from shapely.geometry import Polygon


def corners(cx, cy, w, h, angle):
    c, s = math.cos(angle), math.sin(angle)
    return [v for x, y in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2))
            for v in (cx + c * x - s * y, cy + s * x + c * y)]


def polygon(q):
    return Polygon([(q[i], q[i + 1]) for i in range(0, 8, 2)])


def overlap(a, b):
    a, b = polygon(a), polygon(b)
    both = a.intersection(b).area
    return both / (a.area + b.area - both)


def box(q):
    x, y = q[0::2], q[1::2]
    return [min(x), min(y), max(x) - min(x), max(y) - min(y)]


class Turned(COCOeval):
    def computeIoU(self, image, category):
        gt, dt = self._gts[image, category], self._dts[image, category]
        if not gt and not dt:
            return []
        order = np.argsort([-d["score"] for d in dt], kind="mergesort")
        dt = [dt[i] for i in order][:self.params.maxDets[-1]]
        return np.array([[overlap(d["quad"], g["quad"]) for g in gt] for d in dt]).reshape(len(dt), len(gt))


def coco_stats(truth, results, images, classes):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {
            "images": [{"id": i + 1, "width": 1000, "height": 1000} for i in range(images)],
            "categories": [{"id": k, "name": str(k)} for k in range(classes)],
            "annotations": [{"id": n + 1, "image_id": i + 1, "category_id": k, "bbox": box(q), "quad": q,
                             "area": polygon(q).area, "iscrowd": 0} for n, (i, k, _, q) in enumerate(truth)]}
        gt.createIndex()
        dt = gt.loadRes([{"image_id": i + 1, "category_id": k, "bbox": box(q), "score": s}
                         for i, k, s, q in results])
        for a, (_, _, _, q) in zip(dt.dataset["annotations"], results):
            a["quad"], a["area"] = q, polygon(q).area
        e = Turned(gt, dt, "bbox")
        e.evaluate()
        e.accumulate()
        e.summarize()
    return e.stats


def voc07(truth, results, classes):
    """Mean AP at 0.5 over the classes that have objects."""
    aps = []
    for k in range(classes):
        objects = [(i, d, q, [False]) for i, c, d, q in truth if c == k]
        positives = sum(not d for _, d, _, _ in objects)
        if not positives:
            continue
        found = sorted([(s, n, i, q) for n, (i, c, s, q) in enumerate(results) if c == k],
                       key=lambda v: (-v[0], v[1]))
        tp, fp = [], []
        for _, _, i, q in found:
            best, which = -1.0, None
            for o in objects:
                if o[0] == i:
                    v = overlap(q, o[2])
                    if v > best:
                        best, which = v, o
            if which is not None and best > 0.5:
                if which[1]:
                    continue
                tp.append(not which[3][0])
                fp.append(which[3][0])
                which[3][0] = True
            else:
                tp.append(False)
                fp.append(True)
        tp, fp = np.cumsum(tp), np.cumsum(fp)
        recall = tp / positives
        precision = tp / np.maximum(tp + fp, 2.2e-16)
        aps.append(sum(max(precision[recall >= t], default=0.0) / 11 for t in np.arange(0, 1.1, 0.1)))
    return float(np.mean(aps)) if aps else -1.0


def main():
    rng = np.random.default_rng(7)
    print(f"# pycocotools 2.0.11 shapely {shapely.__version__} numpy {np.__version__}")
    for _ in range(40):
        images, classes = int(rng.integers(1, 8)), int(rng.integers(1, 4))
        truth, results = [], []
        for i in range(images):
            for _ in range(rng.integers(0, 7)):
                k = int(rng.integers(0, classes))
                side = 10 ** rng.uniform(0.8, 2.4)
                place = [*rng.uniform(0, 1000, 2), side, side * rng.uniform(0.1, 1), rng.uniform(-4, 4)]
                truth.append((i, k, bool(rng.random() < 0.15), corners(*place)))
                for _ in range(rng.integers(0, 4)):
                    moved = np.array(place) * (1 + rng.normal(0, 0.04, 5))
                    moved[:2] = np.array(place[:2]) + rng.normal(0, 0.07, 2) * side
                    wrong = rng.random() < 0.1
                    results.append((i, int(rng.integers(0, classes)) if wrong else k,
                                    float(round(rng.random(), 2)), corners(*moved)))
        print("case", images, classes, len(truth), len(results))
        for i, k, d, q in truth:
            print(i, k, int(d), *(repr(float(v)) for v in q))
        for i, k, s, q in results:
            print(i, k, repr(s), *(repr(float(v)) for v in q))
        stats = coco_stats(truth, results, images, classes) if results else [-1.0] * 12
        print("stats", *(repr(float(v)) for v in stats), repr(voc07(truth, results, classes)))


main()
