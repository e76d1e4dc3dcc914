#!/usr/bin/env python3
"""Oracle of panoptic quality: tests/golden/panoptic.txt.

The evaluation of Kirillov et al. 2019 in the form of COCO's panopticapi, restated here with dictionaries
(panopticapi is in no package index); without crowds and void checked against torchmetrics 1.9
(PanopticQuality, things only, all labels), numpy 2.4.

Usage: python tests/oracle/panoptic.py > tests/golden/panoptic.txt
"""
import sys

import numpy as np
import torch
from torchmetrics.detection import PanopticQuality


def count(truth, pred, gt, dt, classes):
    """gt, dt: id -> (class, crowd, area). Returns per class [overlap, tp, fp, fn]."""
    stat = {k: [0.0, 0, 0, 0] for k in range(classes)}
    area = {i: int((pred == i).sum()) for i in dt}
    pairs, numbers = np.unique(np.stack([truth.ravel(), pred.ravel()]), axis=1, return_counts=True)
    shared = {(int(a), int(b)): int(n) for (a, b), n in zip(pairs.T, numbers)}
    found, used = set(), set()
    for (g, p), both in shared.items():
        if g not in gt or p not in dt or gt[g][1] or gt[g][0] != dt[p][0]:
            continue
        overlap = both / (area[p] + gt[g][2] - both - shared.get((0, p), 0))
        if overlap > 0.5:
            stat[gt[g][0]][0] += overlap
            stat[gt[g][0]][1] += 1
            found.add(g)
            used.add(p)
    crowds = {}
    for g, (k, crowd, _) in gt.items():
        if g in found:
            continue
        if crowd:
            crowds[k] = g
        else:
            stat[k][3] += 1
    for p, (k, _, _) in dt.items():
        if p not in used:
            beside = shared.get((0, p), 0) + (shared.get((crowds[k], p), 0) if k in crowds else 0)
            if not beside / area[p] > 0.5:
                stat[k][2] += 1
    return stat


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


def main():
    rng = np.random.default_rng(11)
    print(f"# numpy {np.__version__}, panopticapi's rules restated")
    for case in range(60):
        h, w = (int(v) for v in rng.integers(4, 24, 2))
        classes = int(rng.integers(1, 5))
        plain = case % 3 == 0
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
        stat = count(truth, pred, gt, dt, classes)
        if plain and 0 not in np.unique(pred):
            metric = PanopticQuality(things=set(range(classes)), stuffs={classes + 1}, allow_unknown_preds_category=True,
                                     return_sq_and_rq=True, return_per_class=True)
            def pack(ids, s):
                cls = np.vectorize(lambda i: s[i][0])(ids)
                return torch.tensor(np.stack([cls, ids], -1))[None]
            got = metric(pack(pred, dt), pack(truth, gt)).numpy().reshape(-1, 3)[:classes]
            for k in range(classes):
                o, tp, fp, fn = stat[k]
                n = tp + fp / 2 + fn / 2
                if n and abs(got[k][0] - o / n) > 1e-5:
                    print(f"case {case}, class {k}: torchmetrics {got[k]}, here {o / n}", file=sys.stderr)
        print("case", h, w, classes, len(gt), len(dt))
        print(*truth.ravel())
        print(*pred.ravel())
        for s in (gt, dt):
            for i, (k, crowd, area) in s.items():
                print(i, k, int(crowd), area)
        for k in range(classes):
            print("class", repr(stat[k][0]), *stat[k][1:])


main()
