#!/usr/bin/env python3
"""Analyses of detections on random cases: kinds of errors against tidecv, confusion against matches of
pycocotools without classes, operating point, miss rate, calibration and rates from their definitions.

Pinned: tidecv 1.0.1, pycocotools 2.0.11, numpy 2.4.6, Python 3.11.
Usage: detection_analysis.py PROGRAM [CASES] [FIRST]   PROGRAM is assay
"""
import contextlib
import io
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import coco as base
from conventions import overlap


def case(seed):
    truth, results, _ = base.case(seed, "bbox")
    ids = [c["id"] for c in truth["categories"]]
    results = [r for r in results if r["category_id"] in ids]
    for n, a in enumerate(truth["annotations"]):
        a["id"] = n + 1
        a.pop("ignore", None)
    for i in truth["images"]:
        i["file_name"] = f"{i['id']}.png"
    return truth, results


def run(program, truth, results, *more):
    with tempfile.TemporaryDirectory() as folder:
        t, r = f"{folder}/t.json", f"{folder}/r.json"
        pathlib.Path(t).write_text(json.dumps(truth))
        pathlib.Path(r).write_text(json.dumps(results))
        done = subprocess.run([program, "evaluate", "--task", "detection", "--truth", t, "--predictions", r,
                               "--replicates", "-1", "--json", "-", "--quiet", *more],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout)


KINDS = {"Cls": "tide_classification", "Loc": "tide_localisation", "Both": "tide_both", "Dupe": "tide_duplicate",
         "Bkg": "tide_background", "Miss": "tide_missed", "FalsePos": "tide_false_positives",
         "FalseNeg": "tide_false_negatives"}


def tide(truth, results, iou):
    from tidecv import TIDE, Data
    gt, dt = Data("gt"), Data("dt")
    for i in truth["images"]:
        gt.add_image(i["id"], i["file_name"])
    for c in truth["categories"]:
        gt.add_class(c["id"], c["name"])
    for a in truth["annotations"]:
        (gt.add_ignore_region if a["iscrowd"] else gt.add_ground_truth)(a["image_id"], a["category_id"], a["bbox"])
    for r in results:
        dt.add_detection(r["image_id"], r["category_id"], r["score"], r["bbox"])
    t = TIDE()
    with contextlib.redirect_stdout(io.StringIO()):
        run = t.evaluate(gt, dt, pos_threshold=iou, mode=TIDE.BOX)
        errors = t.get_all_errors()
    names = list(errors["main"])
    counts = {k.short_name: v for k, v in run.count_errors().items()}
    return run.ap, {**errors["main"][names[0]], **errors["special"][names[0]]}, counts


def check_tide(program, seed):
    truth, results = case(seed)
    if not results or all(a["iscrowd"] for a in truth["annotations"]):
        return True, ""
    iou = [.5, .75, .3][seed % 3]
    ap, gains, counts = tide(truth, results, iou)
    got = run(program, truth, results, "--analyse", "errors", "--analysis-iou", str(iou))
    mine = {m["metric"]: m for m in got["measures"] if m["metric"].startswith("tide_") and not m.get("class")}
    bad = []
    if abs(100 * mine["tide_average_precision"]["value"] - ap) > 1e-9:
        bad.append(("AP", 100 * mine["tide_average_precision"]["value"], ap))
    for short, name in KINDS.items():
        if abs(100 * mine[name]["value"] - gains[short]) > 1e-9:
            bad.append((short, 100 * mine[name]["value"], gains[short]))
        if short in counts and mine[name]["n"] != counts[short]:
            bad.append((short + " count", mine[name]["n"], counts[short]))
    return not bad, bad


def check_confusion(program, seed):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    truth, results = case(seed)
    level = [.3, .5, .7][seed % 3]
    kept = [r for r in results if r["score"] >= level]
    ids = sorted(c["id"] for c in truth["categories"])
    n = len(ids)
    wanted = np.zeros((n + 1, n + 1), int)
    if kept:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            pathlib.Path(f"{folder}/t").write_text(json.dumps(truth))
            pathlib.Path(f"{folder}/r").write_text(json.dumps(kept))
            gt = COCO(f"{folder}/t")
            dt = gt.loadRes(f"{folder}/r")
            e = COCOeval(gt, dt, "bbox")
            e.params.useCats, e.params.iouThrs, e.params.maxDets = 0, np.array([.5]), [1000]
            e.params.areaRng, e.params.areaRngLbl = [[0, 1e10]], ["all"]
            e.evaluate()
        met = set()
        for x in e.evalImgs:
            if x is None:
                continue
            for i, d in enumerate(x["dtIds"]):
                col = ids.index(dt.anns[d]["category_id"])
                m = int(x["dtMatches"][0][i])
                if x["dtIgnore"][0][i]:
                    continue
                wanted[ids.index(gt.anns[m]["category_id"]) if m else n, col] += 1
                met.add(m)
        left = [a for a in truth["annotations"] if a["id"] not in met and not a["iscrowd"]]
    else:
        left = [a for a in truth["annotations"] if not a["iscrowd"]]
    for a in left:
        wanted[ids.index(a["category_id"]), n] += 1
    got = run(program, truth, results, "--analyse", "confusion", "--confidence", str(level))
    curve = next(c for c in got["curves"] if c["curve"] == "detection_confusion")
    mine = np.zeros((n + 1, n + 1), int)
    for row in curve["rows"]:
        mine[int(row[0]), int(row[1])] = int(row[2])
    if not np.array_equal(mine, wanted):
        return False, (mine.tolist(), wanted.tolist())
    return check_rates(truth, results, level, got)


def check_rates(truth, results, level, got):
    """Armory's rates, each object in one of three states."""
    found = wrong = gone = nothing = objects = 0
    for i in truth["images"]:
        gts = [a for a in truth["annotations"] if a["image_id"] == i["id"]]
        dts = [r for r in results if r["image_id"] == i["id"] and r["score"] > level]
        for a in gts:
            if a["iscrowd"]:
                continue
            objects += 1
            on = [d["category_id"] for d in dts if overlap(d["bbox"], a["bbox"]) > .5]
            found += a["category_id"] in on
            wrong += bool(on) and a["category_id"] not in on
            gone += not on
        nothing += sum(all(overlap(d["bbox"], a["bbox"], 0, bool(a["iscrowd"])) <= .5 for a in gts) for d in dts)
    mine = {m["metric"]: m["value"] for m in got["measures"] if not m.get("class")}
    bad = [("hallucinations", mine["hallucinations_per_image"], nothing / len(truth["images"]))] \
        if abs(mine["hallucinations_per_image"] - nothing / len(truth["images"])) > 1e-12 else []
    if objects:
        for name, value in (("found", found), ("misclassified", wrong), ("vanished", gone)):
            if abs(mine[f"object_{name}_rate"] - value / objects) > 1e-12:
                bad.append((name, mine[f"object_{name}_rate"], value / objects))
    return not bad, bad


def fit(d, g):
    """Offset of the centres by the object's size, in pixels, and nuScenes' scale error."""
    far = math.hypot(d[0] + d[2] / 2 - g[0] - g[2] / 2, d[1] + d[3] / 2 - g[1] - g[3] / 2)
    centred = overlap([-d[2] / 2, -d[3] / 2, d[2], d[3]], [-g[2] / 2, -g[3] / 2, g[2], g[3]])
    return far / math.sqrt(g[2] * g[3]), far, 1 - centred


def check_operation(program, seed):
    """From COCO's matches at one IoU, class by class."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    truth, results = case(seed)
    if not results:
        return True, ""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        pathlib.Path(f"{folder}/t").write_text(json.dumps(truth))
        pathlib.Path(f"{folder}/r").write_text(json.dumps(results))
        gt = COCO(f"{folder}/t")
        dt = gt.loadRes(f"{folder}/r")
        e = COCOeval(gt, dt, "bbox")
        e.params.iouThrs, e.params.areaRng, e.params.areaRngLbl = np.array([.5]), [[0, 1e10]], ["all"]
        e.evaluate()
    rows = []  # class, image, score, hit, overlap
    objects = {c["id"]: 0 for c in truth["categories"]}
    for x in e.evalImgs:
        if x is None:
            continue
        objects[x["category_id"]] += int(sum(1 - np.array(x["gtIgnore"])))
        for i in range(len(x["dtIds"])):
            if not x["dtIgnore"][0][i]:
                m = int(x["dtMatches"][0][i])
                rows.append((x["category_id"], x["image_id"], x["dtScores"][i], bool(m),
                             overlap(dt.anns[x["dtIds"][i]]["bbox"], gt.anns[m]["bbox"]) if m else 0.0,
                             fit(dt.anns[x["dtIds"][i]]["bbox"], gt.anns[m]["bbox"]) if m else None))
    images, total = len(truth["images"]), sum(objects.values())
    best = max(({s: 2 * sum(r[3] for r in rows if r[2] >= s) / (sum(r[2] >= s for r in rows) + total)
                 for s in {r[2] for r in rows}} or {0: 0}).items(), key=lambda x: (x[1], -x[0]))
    got = run(program, truth, results, "--analyse", "operation")
    mine = {m["metric"]: m for m in got["measures"] if not m.get("class")}
    bad = []

    def same(name, value):
        v = mine[name]["value"]
        if (v is None) != (value is None) or (v is not None and abs(v - value) > 1e-12 * max(1, abs(value))):
            bad.append((name, v, value))

    up = [r for r in rows if r[2] >= best[0]]
    tp = sum(r[3] for r in up)
    if total and rows:
        if abs(mine["detection_f1"]["params"]["best_f1_confidence"] - best[0]) > 1e-12:
            bad.append(("confidence", mine["detection_f1"]["params"], best))
        same("detection_precision", tp / len(up))
        same("detection_recall", tp / total)
        same("detection_f1", 2 * tp / (len(up) + total))
        same("false_alarms_per_image", (len(up) - tp) / images)
        same("detection_mean_iou", float(np.mean([r[4] for r in up if r[3]])) if tp else None)
        lies = np.array([r[5] for r in up if r[3]])
        for k, name in enumerate(("centre_offset", "centre_distance", "scale_error")):
            same("detection_" + name, float(np.mean(lies[:, k])) if tp else None)
        for m in got["measures"]:
            if m["metric"] == "detection_iou_quantile" and tp:
                mine["quantile"] = m
                same("quantile", float(np.quantile([r[4] for r in up if r[3]], float(m["params"]["quantile"]),
                                                   method="inverted_cdf")))
    rates = []
    for c, n in objects.items():
        if not n:
            continue
        mine_rows = sorted((r for r in rows if r[0] == c), key=lambda r: -r[2])
        points = []
        for i, r in enumerate(mine_rows):
            if i + 1 == len(mine_rows) or mine_rows[i + 1][2] != r[2]:
                hit = sum(x[3] for x in mine_rows[:i + 1])
                points.append(((i + 1 - hit) / images, 1 - hit / n))
        at = [([1.0] + [m for f, m in points if f <= ref])[-1] for ref in (10 ** (-2 + .25 * k) for k in range(9))]
        rates.append(math.exp(np.mean(np.log(np.maximum(at, 1e-10)))))
    same("log_average_miss_rate", float(np.mean(rates)) if rates else None)
    ece = lambda group, bins, value: sum(abs(sum(r[2] - value(r) for r in group if min(int(r[2] * bins), bins - 1) == b))
                                         for b in range(bins)) / len(group)
    if rows:
        same("detection_calibration_error", ece(rows, 10, lambda r: r[3]))
        per = [ece([r for r in rows if r[0] == c], 25, lambda r: r[4] if r[3] else 0)
               for c in objects if any(r[0] == c for r in rows)]
        same("localisation_aware_calibration_error", float(np.mean(per)))
    return not bad, bad


def check_exchange(program, seed):
    """Two detectors: what errors cost, and how often a random exchange of images differs as much."""
    truth, results = case(4 * seed + 1)
    if len(truth["images"]) < 10 or not results or all(a["iscrowd"] for a in truth["annotations"]):
        return True, ""
    rng = np.random.default_rng(seed)
    other = []
    for r in results:
        if rng.random() < .85:
            other.append({**r, "bbox": [r["bbox"][0] + rng.normal() * 3, *r["bbox"][1:]]})
    if not other:
        return True, ""
    with tempfile.TemporaryDirectory() as folder:
        for name, what in (("t", truth), ("a", results), ("b", other)):
            pathlib.Path(f"{folder}/{name}.json").write_text(json.dumps(what))
        done = subprocess.run([program, "compare", "--task", "detection", "--truth", f"{folder}/t.json",
                               f"{folder}/a.json", f"{folder}/b.json", "--replicates", "2000", "--json", "-"],
                              capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        return False, done.stderr
    mine = {c["metric"]: c for c in json.loads(done.stdout)["comparisons"] if c["metric"].startswith("tide_")}
    of = lambda rows: (lambda ap, gains, _: {"tide_average_precision": ap, **{KINDS[k]: v for k, v in gains.items()}})(
        *tide(truth, rows, .5))
    a, b = of(results), of(other)
    bad = [(n, mine[n]["difference"], b[n] - a[n]) for n in mine if abs(100 * mine[n]["difference"] - b[n] + a[n]) > 1e-7]
    ids, trials = [i["id"] for i in truth["images"]], 150
    beyond = dict.fromkeys(mine, 0)
    for _ in range(trials):
        swap = {i for i in ids if rng.random() < .5}
        x = of([r for r in results if r["image_id"] not in swap] + [r for r in other if r["image_id"] in swap])
        y = of([r for r in other if r["image_id"] not in swap] + [r for r in results if r["image_id"] in swap])
        for n in mine:
            beyond[n] += abs(y[n] - x[n]) >= abs(b[n] - a[n]) - 1e-9
    for n in mine:
        p, q = mine[n]["p"], beyond[n] / trials
        if abs(p - q) > 4 * math.sqrt(max(p * (1 - p), .005) / trials) + 1 / trials:
            bad.append((n, "p", p, q))
    return not bad, bad


def main():
    program = sys.argv[1]
    cases, first = ([int(a) for a in sys.argv[2:]] + [200, 0][len(sys.argv) - 2:])[:2]
    differing = 0
    for check in (check_tide, check_confusion, check_operation, check_exchange):
        differ = 0
        for seed in range(first, first + cases):
            good, what = check(program, seed)
            if not good:
                differ += 1
                if differ <= 3:
                    print(f"{check.__name__} {seed}: {str(what)[:600]}", flush=True)
        print(f"{check.__name__[6:]}: {cases} cases, {differ} differ", flush=True)
        differing += differ
    sys.exit(differing > 0)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
