#!/usr/bin/env python3
"""Conventions of detection metrics other than COCO's, on random cases.

lvis: lvis 0.5.3; torchmetrics: torchmetrics 1.9.0; free grids: pycocotools 2.0.11 with the same
parameters; voc, open-images and coco-corrected: written here from their definitions, the slow way.

Pinned: lvis 0.5.3, torchmetrics 1.9.0, torch 2.14.1, pycocotools 2.0.11, numpy 2.4.6, Python 3.11.
Usage: conventions.py PROGRAM [CASES] [FIRST]   PROGRAM is tests/coco_arrays of a build
"""
import contextlib
import io
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np

import coco as base

np.float = float  # lvis uses the alias that numpy dropped
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)


def run(program, truth, results, iou, name, more=()):
    with tempfile.TemporaryDirectory() as folder:
        t, r, o = (f"{folder}/{n}" for n in ("t.json", "r.json", "o"))
        pathlib.Path(t).write_text(json.dumps(truth))
        pathlib.Path(r).write_text(json.dumps(results))
        done = subprocess.run([program, t, r, iou, name, "-", o, *more], capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr.strip()
        return np.frombuffer(pathlib.Path(o).read_bytes())


def same(mine, wanted, exact):
    if isinstance(mine, str):
        return False, mine
    wanted = np.concatenate([np.ravel(np.asarray(w, float)) for w in wanted])
    if len(mine) != len(wanted):
        return False, f"{len(mine)} values, expected {len(wanted)}"
    off = mine != wanted if exact else ~(np.abs(mine - wanted) < 1e-12)
    at = np.flatnonzero(off)
    return not len(at), [(int(i), mine[i], wanted[i]) for i in at[:3]]


# ---- LVIS ----

def lvis_case(seed):
    iou = ("bbox", "segm")[seed % 2]
    truth, results, _ = base.case(seed, iou)
    rng = np.random.default_rng(seed + 2 ** 20)
    ids = [c["id"] for c in truth["categories"]]
    for i in truth["images"]:
        some = lambda p: [c for c in ids if rng.random() < p]
        i["neg_category_ids"], i["not_exhaustive_category_ids"] = some(.4), some(.25)
    for c in truth["categories"]:
        c["frequency"] = "rcf"[int(rng.integers(3))]
    results = [r for r in results if r["category_id"] in ids]
    if iou == "segm":
        for r in results:
            r.setdefault("bbox", [float(v) for v in base.mask_tools.toBbox(r["segmentation"])]
                         if isinstance(r.get("segmentation"), dict) and isinstance(r["segmentation"]["counts"], str)
                         else None)
        results = [r for r in results if r["bbox"] is not None]
    if results and rng.random() < .2:
        results = [dict(results[int(rng.integers(len(results)))], score=float(rng.integers(1, 40)) / 40)
                   for _ in range(700)]
    return truth, results, iou


def lvis_peer(truth, results, iou):
    from lvis import LVIS, LVISEval, LVISResults
    with tempfile.TemporaryDirectory() as folder:
        t, r = f"{folder}/t.json", f"{folder}/r.json"
        pathlib.Path(t).write_text(json.dumps(truth))
        pathlib.Path(r).write_text(json.dumps(results))
        gt = LVIS(t)
        e = LVISEval(gt, LVISResults(gt, r), iou)
        e.run()
    return e.eval["precision"], e.eval["recall"], list(e.results.values())


def check_lvis(program, seed):
    truth, results, iou = lvis_case(seed)
    if not results:
        return True, "", 0
    precision, recall, stats = lvis_peer(truth, results, iou)
    mine = run(program, truth, results, iou, "lvis")
    if not isinstance(mine, str):  # lvis keeps no scores
        n, m = precision.size, recall.size
        mine = np.concatenate([mine[:n + m], mine[2 * n + m:]])
    good, what = same(mine, [precision, recall, stats], True)
    return good, what, precision.size + recall.size + len(stats)


# ---- torchmetrics ----

def check_torchmetrics(program, seed):
    import torch
    from torchmetrics.detection import MeanAveragePrecision
    truth, results, _ = base.case(seed, "bbox")
    ids = [c["id"] for c in truth["categories"]]
    results = [r for r in results if r["category_id"] in ids]
    for n, a in enumerate(truth["annotations"]):
        a["id"] = n + 1
    used = {a["category_id"] for a in truth["annotations"]} | {r["category_id"] for r in results}
    if not used:
        return True, "", 0
    preds, target = [], []
    for image in sorted(i["id"] for i in truth["images"]):
        a = [x for x in truth["annotations"] if x["image_id"] == image]
        r = [x for x in results if x["image_id"] == image]
        target.append({"boxes": torch.tensor([x["bbox"] for x in a], dtype=torch.float32).reshape(-1, 4),
                       "labels": torch.tensor([x["category_id"] for x in a], dtype=torch.int64),
                       "iscrowd": torch.tensor([x["iscrowd"] for x in a], dtype=torch.int64),
                       "area": torch.tensor([x["area"] for x in a], dtype=torch.float32)})
        preds.append({"boxes": torch.tensor([x["bbox"] for x in r], dtype=torch.float32).reshape(-1, 4),
                      "labels": torch.tensor([x["category_id"] for x in r], dtype=torch.int64),
                      "scores": torch.tensor([x["score"] for x in r], dtype=torch.float32)})
    metric = MeanAveragePrecision(box_format="xywh", extended_summary=True)
    metric.warn_on_many_detections = False
    metric.update(preds, target)
    got = metric.compute()
    names = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large", "mar_1", "mar_10", "mar_100",
             "mar_small", "mar_medium", "mar_large")
    truth["categories"] = [c for c in truth["categories"] if c["id"] in used]  # it knows the used ones only
    mine = run(program, truth, results, "bbox", "torchmetrics")
    arrays = [got[k].numpy() for k in ("precision", "recall", "scores")]
    stats = np.array([float(got[n]) for n in names])
    if not isinstance(mine, str):
        mine = np.concatenate([mine[:-12], mine[-12:].astype(np.float32).astype(float)])
    good, what = same(mine, [*arrays, stats], True)
    return good, what, sum(a.size for a in arrays) + 12


# ---- free grids ----

def check_grids(program, seed):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    rng = np.random.default_rng(seed)
    truth, results, _ = base.case(seed, "bbox")
    iou = [[.3, .5], [.75], [.5, .6, .7, .8, .9], [.05, .5, 1.0]][int(rng.integers(4))]
    recalls = int(rng.integers(2, 300))
    caps = [[1], [3, 7], [1, 2, 5, 50]][int(rng.integers(3))]
    edges = sorted(float(v) for v in rng.choice(4000, 3, replace=False))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        t, r = f"{folder}/t.json", f"{folder}/r.json"
        pathlib.Path(t).write_text(json.dumps(truth))
        pathlib.Path(r).write_text(json.dumps(results))
        gt = COCO(t)
        e = COCOeval(gt, gt.loadRes(r), "bbox")
        e.params.iouThrs = np.array(iou)
        e.params.recThrs = np.arange(recalls) / (recalls - 1)
        e.params.maxDets = caps
        e.params.areaRng = [[0, 1e10], edges[:2], edges[1:]]
        e.params.areaRngLbl = ["all", "a", "b"]
        e.evaluate()
        e.accumulate()
    mine = run(program, truth, results, "bbox", "coco",
               ["iou=" + ",".join(map(str, iou)), f"recalls={recalls}", "max=" + ",".join(map(str, caps)),
                f"areas=a:{edges[0]!r}:{edges[1]!r},b:{edges[1]!r}:{edges[2]!r}"])
    arrays = [e.eval[k] for k in ("precision", "recall", "scores")]
    n = sum(a.size for a in arrays)
    if not isinstance(mine, str):
        if mine[n] < 0 <= arrays[0][:, :, :, 0, -1].max():
            return False, "AP is undefined", n
        mine = mine[:n]
    good, what = same(mine, arrays, True)
    return good, what, n


# ---- from the definitions ----

def overlap(d, g, pixel=0, crowd=False):
    w = min(d[0] + d[2], g[0] + g[2]) - max(d[0], g[0]) + pixel
    h = min(d[1] + d[3], g[1] + g[3]) - max(d[1], g[1]) + pixel
    if w <= 0 or h <= 0:
        return 0.0
    da, ga = (d[2] + pixel) * (d[3] + pixel), (g[2] + pixel) * (g[3] + pixel)
    return w * h / (da if crowd else da + ga - w * h)


def tied_curve(found, objects, grid, area):
    """found: (score, hit) in order; AP with equal scores as one point, or one after the other."""
    points, tp, fp = [], 0, 0
    for i, (score, hit, last) in enumerate(found):
        tp, fp = tp + hit, fp + (not hit)
        if last:
            points.append((tp / objects, tp / (tp + fp)))
    if area:
        ap, before = 0.0, 0.0
        for i, (recall, _) in enumerate(points):
            ap += (recall - before) * max(p for _, p in points[i:])
            before = recall
        return ap
    return float(np.mean([max([p for r, p in points if r >= g], default=0.0) for g in grid]))


def voc_case(seed, groups):
    truth, results, _ = base.case(seed, "bbox")
    rng = np.random.default_rng(seed + 77)
    for a in truth["annotations"]:
        a.pop("ignore", None)
        a["iscrowd"] = 0
        if groups and rng.random() < .25:
            a["is_group_of"] = True
        elif rng.random() < .2:
            a["difficult"] = 1
    if groups and rng.random() < .5:
        ids = [c["id"] for c in truth["categories"]]
        for i in truth["images"]:
            i["neg_category_ids"] = [c for c in ids if rng.random() < .5]
    return truth, results


def voc_peer(truth, results, eleven, pixel, groups):
    """As the development kit does it; groups as in Open Images: what found nothing may lie in a group."""
    aps = []
    judged = {i["id"]: i.get("neg_category_ids") for i in truth["images"]}
    federated = any(v is not None for v in judged.values())
    for c in sorted(x["id"] for x in truth["categories"]):
        here = [a for a in truth["annotations"] if a["category_id"] == c]
        objects = sum(not a.get("difficult") and not a.get("is_group_of") for a in here)
        if objects == 0:
            continue
        taken, found = set(), []
        dets = [r for r in results if r["category_id"] == c]
        if federated:
            present = {a["image_id"] for a in here}
            dets = [r for r in dets if r["image_id"] in present or c in (judged[r["image_id"]] or [])]
        order = sorted(range(len(dets)), key=lambda i: (-dets[i]["score"], dets[i]["image_id"], i))
        for i in order:
            d = dets[i]
            gts = [a for a in here if a["image_id"] == d["image_id"]]
            single = [(overlap(d["bbox"], a["bbox"], pixel), a) for a in gts if not a.get("is_group_of")]
            best, a = max(single, key=lambda x: x[0], default=(0.0, None))
            if best >= .5:
                if a.get("difficult"):
                    continue
                if a["id"] not in taken:
                    taken.add(a["id"])
                    found.append((d["score"], True, True))
                    continue
            if any(a.get("is_group_of") and overlap(d["bbox"], a["bbox"], pixel, True) >= .5 for a in gts):
                continue
            found.append((d["score"], False, True))
        aps.append(tied_curve(found, objects, [i * .1 for i in range(11)], not eleven))
    return float(np.mean(aps)) if aps else -1.0


def check_voc(program, seed):
    groups, eleven, pixel = seed % 3 == 0, seed % 2 == 0 and seed % 3 != 0, int(seed % 5 == 0)
    truth, results = voc_case(seed, groups)
    wanted = voc_peer(truth, results, eleven, pixel, groups)
    name = "open-images" if groups else "voc2007" if eleven else "voc2012"
    mine = run(program, truth, results, "bbox", name, ["pixel"] * pixel)
    good, what = same(mine if isinstance(mine, str) else mine[-2:-1], [wanted], False)
    return good, what, 1


def corrected_peer(truth, results):
    """COCO's definition without its peculiarities, for boxes: AP, AP50, AP75, small, medium, large."""
    ranges = [(0, np.inf), (0, 1024), (1024, 9216), (9216, np.inf)]
    grid = [i / 100 for i in range(101)]
    ap = {}
    for c in sorted(x["id"] for x in truth["categories"]):
        here = [a for a in truth["annotations"] if a["category_id"] == c]
        dets = [r for r in results if r["category_id"] == c]
        kept = []
        for image in sorted(i["id"] for i in truth["images"]):
            mine = [r for r in dets if r["image_id"] == image]
            kept += sorted(mine, key=lambda r: -r["score"])[:100]
        kept.sort(key=lambda r: -r["score"])
        for n, (low, high) in enumerate(ranges):
            ignored = {id(a): bool(a["iscrowd"] or a.get("ignore") or not low <= a["area"] < high) for a in here}
            objects = sum(not v for v in ignored.values())
            for t in range(10):
                level, taken, found = min((50 + 5 * t) / 100, 1 - 1e-10), set(), []
                for d in kept:
                    best = None
                    for wanted in (False, True):
                        for a in here:
                            if a["image_id"] != d["image_id"] or ignored[id(a)] != wanted:
                                continue
                            if id(a) in taken and not a["iscrowd"]:
                                continue
                            v = overlap(d["bbox"], a["bbox"], 0, bool(a["iscrowd"]))
                            if v >= level and (best is None or v > best[0]):
                                best = (v, a)
                        if best:
                            break
                    if best:
                        taken.add(id(best[1]))
                        if not ignored[id(best[1])]:
                            found.append((d["score"], True))
                    elif low <= d["bbox"][2] * d["bbox"][3] < high:
                        found.append((d["score"], False))
                if objects == 0:
                    ap[c, n, t] = 0.0 if found else -1.0
                else:
                    last = [(s, h, i + 1 == len(found) or found[i + 1][0] != s) for i, (s, h) in enumerate(found)]
                    ap[c, n, t] = tied_curve(last, objects, grid, False)
        for n in range(4):  # counted at all when any threshold counts a detection
            if any(ap[c, n, t] >= 0 for t in range(10)):
                for t in range(10):
                    ap[c, n, t] = max(ap[c, n, t], 0.0)
    mean = lambda n, ts: (lambda v: float(np.mean(v)) if v else -1.0)(
        [ap[c["id"], n, t] for c in truth["categories"] for t in ts if ap[c["id"], n, t] >= 0])
    return [mean(0, range(10)), mean(0, [0]), mean(0, [5]), mean(1, range(10)), mean(2, range(10)),
            mean(3, range(10))]


def check_corrected(program, seed):
    truth, results, _ = base.case(seed, "bbox")
    ids = [c["id"] for c in truth["categories"]]
    results = [r for r in results if r["category_id"] in ids]
    mine = run(program, truth, results, "bbox", "coco-corrected")
    good, what = same(mine if isinstance(mine, str) else mine[-12:-6], [corrected_peer(truth, results)], False)
    return good, what, 6


def main():
    program = sys.argv[1]
    cases, first = ([int(a) for a in sys.argv[2:]] + [200, 0][len(sys.argv) - 2:])[:2]
    bad = 0
    for check in (check_lvis, check_torchmetrics, check_grids, check_voc, check_corrected):
        differ = values = 0
        for seed in range(first, first + cases):
            good, what, n = check(program, seed)
            values += n
            if not good:
                differ += 1
                if differ <= 4:
                    print(f"{check.__name__} {seed}: {what}", flush=True)
        print(f"{check.__name__[6:]}: {cases} cases, {values} values, {differ} cases differ", flush=True)
        bad += differ
    sys.exit(bad > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
