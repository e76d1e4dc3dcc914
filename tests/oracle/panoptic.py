#!/usr/bin/env python3
"""Oracle of panoptic quality: COCO's panopticapi itself, with crowds and void.

PyPI panopticapi-lite 0.2.0, numpy 2.4.6, Pillow 13.0.0; cases without crowds and void are held against
torchmetrics 1.9.0 too (things only, all labels).

Usage: panoptic.py golden > tests/golden/panoptic.txt   counts of single images
       panoptic.py check ASSAY [CASES] [FIRST]          whole sets, JSON and PNG, through the program
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from panopticapi.evaluation import pq_compute_single_core
from PIL import Image


def save(path, ids):
    Image.fromarray(np.stack([ids & 255, ids >> 8 & 255, ids >> 16], -1).astype(np.uint8)).save(path)


def annotation(image, name, segments):
    return {"image_id": image, "file_name": name, "segments_info": [
        {"id": i, "category_id": k, "iscrowd": int(crowd), "area": area} for i, (k, crowd, area) in segments.items()]}


def panopticapi(pairs, classes, folder):
    """pairs: (truth map, prediction map, truth segments, prediction segments) -> PQStat"""
    matched = []
    for side in ("gt", "dt"):
        pathlib.Path(folder, side).mkdir(exist_ok=True)
    for n, (truth, pred, gt, dt) in enumerate(pairs):
        save(f"{folder}/gt/{n}.png", truth)
        save(f"{folder}/dt/{n}.png", pred)
        matched.append((annotation(n, f"{n}.png", gt), annotation(n, f"{n}.png", dt)))
    with contextlib.redirect_stdout(io.StringIO()):
        return pq_compute_single_core(0, matched, f"{folder}/gt", f"{folder}/dt", {k: {} for k in range(classes)})


def scene(rng, h, w, classes, crowds, void):
    ids, segments = np.zeros((h, w), int), {}
    for n in range(int(rng.integers(1, 9))):
        i = int(rng.integers(1, 1 << 16)) * 7 + n + 1
        y, x = rng.integers(0, h), rng.integers(0, w)
        ids[y:y + rng.integers(2, h), x:x + rng.integers(2, w)] = i
        segments[i] = (int(rng.integers(0, classes)), bool(crowds and rng.random() < 0.25))
    if not void:
        i = 3
        ids[ids == 0] = i
        segments[i] = (0, False)
    return ids, {i: (*v, int((ids == i).sum())) for i, v in segments.items() if (ids == i).any()}


def pair(rng, h, w, classes, plain):
    truth, gt = scene(rng, h, w, classes, not plain, not plain)
    pred = np.roll(truth, int(rng.integers(-1, 2)), axis=0)
    noise = rng.random((h, w)) < rng.choice([0.0, 0.1])
    extra, more = scene(rng, h, w, classes, False, True)
    pred = np.where(noise | (rng.random() < 0.3), np.where(extra > 0, extra + 2000000, pred), pred)
    dt = {}
    for i in np.unique(pred):
        i = int(i)
        if i:
            k = gt[i][0] if i in gt else more[i - 2000000][0]
            dt[i] = (k if rng.random() < 0.9 else int(rng.integers(0, classes)), False, -1)
    return truth, pred, gt, dt


def against_torchmetrics(case, stat, truth, pred, gt, dt, classes):
    import torch
    from torchmetrics.detection import PanopticQuality
    metric = PanopticQuality(things=set(range(classes)), stuffs={classes + 1}, allow_unknown_preds_category=True,
                             return_sq_and_rq=True, return_per_class=True)

    def pack(ids, s):
        cls = np.vectorize(lambda i: s[i][0])(ids)
        return torch.tensor(np.stack([cls, ids], -1))[None]
    got = metric(pack(pred, dt), pack(truth, gt)).numpy().reshape(-1, 3)[:classes]
    for k in range(classes):
        n = stat[k].tp + stat[k].fp / 2 + stat[k].fn / 2
        if n and abs(got[k][0] - stat[k].iou / n) > 1e-5:
            print(f"case {case}, class {k}: torchmetrics {got[k]}, panopticapi {stat[k].iou / n}", file=sys.stderr)


def golden():
    rng = np.random.default_rng(11)
    print(f"# numpy {np.__version__}, panopticapi-lite 0.2.0")
    for case in range(60):
        h, w = (int(v) for v in rng.integers(4, 24, 2))
        classes = int(rng.integers(1, 5))
        plain = case % 3 == 0
        truth, pred, gt, dt = pair(rng, h, w, classes, plain)
        with tempfile.TemporaryDirectory() as folder:
            stat = panopticapi([(truth, pred, gt, dt)], classes, folder)
        if plain and 0 not in np.unique(pred):
            against_torchmetrics(case, stat, truth, pred, gt, dt, classes)
        print("case", h, w, classes, len(gt), len(dt))
        print(*truth.ravel())
        print(*pred.ravel())
        for s in (gt, dt):
            for i, (k, crowd, area) in s.items():
                print(i, k, int(crowd), area)
        for k in range(classes):
            print("class", repr(float(stat[k].iou)), stat[k].tp, stat[k].fp, stat[k].fn)


def check(program, seed):
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 6))
    pairs = [pair(rng, *(int(v) for v in rng.integers(4, 40, 2)), classes, rng.random() < .3)
             for _ in range(int(rng.integers(1, 7)))]
    kinds = {k: {"id": k, "name": f"c{k}", "isthing": int(rng.integers(2))} for k in range(classes)}
    with tempfile.TemporaryDirectory() as folder:
        stat = panopticapi(pairs, classes, folder)
        for side, which in (("gt", 2), ("dt", 3)):
            notes = [annotation(n, f"{n}.png", p[which]) for n, p in enumerate(pairs)]
            if side == "dt":  # results state no areas
                for note in notes:
                    for s in note["segments_info"]:
                        del s["area"], s["iscrowd"]
            order = [notes[i] for i in rng.permutation(len(notes))] if side == "dt" else notes
            pathlib.Path(folder, side + ".json").write_text(json.dumps(
                {"images": [{"id": n, "file_name": f"{n}.jpg", "height": p[0].shape[0], "width": p[0].shape[1]}
                            for n, p in enumerate(pairs)], "annotations": order, "categories": list(kinds.values())}))
        done = subprocess.run([program, "evaluate", "--task", "segmentation", "--truth", f"{folder}/gt.json",
                               "--predictions", f"{folder}/dt.json", "--replicates", "-1", "--json", "-"],
                              capture_output=True, text=True)
        if done.returncode:
            return 1, done.stderr
    got = {}
    for m in json.loads(done.stdout)["measures"]:
        got[m["metric"], m.get("class"), (m.get("params") or {}).get("classes")] = m["value"]
    names = ("panoptic_quality", "panoptic_segmentation_quality", "panoptic_recognition_quality")
    wrong, values = [], 0

    def expect(name, cls, some, value):
        nonlocal values
        mine = got[name, cls, some]
        values += 1
        if (mine is None) != (value is None) or (value is not None and not abs(mine - value) < 1e-12):
            wrong.append((name, cls, some, mine, value))
    for k in range(classes):
        s = stat[k]
        n = s.tp + s.fp / 2 + s.fn / 2
        for name, value in zip(names, (s.iou / n if n else None, s.iou / s.tp if s.tp else (0.0 if n else None),
                                       s.tp / n if n else None)):
            if name != names[1] or s.tp:
                expect(name, f"c{k}", None, value)
    for some_name, thing in (("all", None), ("things", True), ("stuff", False)):
        some = [k for k in kinds if thing is None or kinds[k]["isthing"] == thing]
        if any(stat[k].tp + stat[k].fp + stat[k].fn for k in some):
            mean, _ = stat.pq_average(kinds, thing)
            for name, value in zip(names, (mean["pq"], mean["sq"], mean["rq"])):
                expect(name, None, some_name, value)
    return values, wrong


def main():
    if sys.argv[1:] == ["golden"]:
        return golden()
    if len(sys.argv) < 3 or sys.argv[1] != "check":
        sys.exit(__doc__)
    cases, first = ([int(a) for a in sys.argv[3:]] + [100, 0][len(sys.argv) - 3:])[:2]
    values = differ = 0
    for seed in range(first, first + cases):
        n, wrong = check(sys.argv[2], seed)
        values += n
        if wrong:
            differ += 1
            print(seed, wrong if isinstance(wrong, str) else wrong[:3], flush=True)
    print(f"{cases} sets, {values} values, {differ} sets differ")
    sys.exit(differ > 0)


main()
