#!/usr/bin/env python3
"""Golden values of the suppression of duplicates. Writes tests/golden/nms.txt.

Needs numpy 2.4.6, torch 2.14.1 and torchvision 0.29.1. hard: torchvision.ops.nms on double tensors,
across classes, and class by class (on whole coordinates checked against batched_nms too). linear,
gaussian: the algorithm of Bodla et al. 2017, figure 2, in numpy. One case:

    case KIND AGNOSTIC IOU SIGMA FLOOR BEFORE MOST N
    in X1 Y1 X2 Y2 SCORE LABEL
    out INDEX SCORE
"""
import pathlib

import numpy as np
import torch
import torchvision

rng = np.random.default_rng(7)
lines = []


def hard(boxes, scores, labels, agnostic, iou):
    t, s = torch.tensor(boxes), torch.tensor(scores)
    if agnostic:
        return torchvision.ops.nms(t, s, iou).tolist()
    keep = [i for k in np.unique(labels) for g in [np.flatnonzero(labels == k)]
            for i in g[torchvision.ops.nms(t[g], s[g], iou).numpy()]]
    keep = sorted(keep, key=lambda i: (-scores[i], i))
    if np.all(boxes == np.round(boxes)):
        assert keep == torchvision.ops.batched_nms(t, s, torch.tensor(labels), iou).tolist()
    return keep


def overlap(a, b):
    w = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0)
    h = max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    both = w * h
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def soft(boxes, scores, labels, agnostic, kind, iou, sigma, floor):
    out = []
    for k in [None] if agnostic else np.unique(labels):
        left = [i for i in range(len(scores)) if k is None or labels[i] == k]
        now = dict(zip(left, scores[left]))
        while left:
            best = max(left, key=lambda i: (now[i], -i))
            out.append((best, now[best]))
            left.remove(best)
            for i in left:
                o = np.nan_to_num(overlap(boxes[best], boxes[i]))  # two boxes without area: 0 / 0
                now[i] *= (1.0 - o if o > iou else 1.0) if kind == "linear" else np.exp(-(o * o) / sigma)
            left = [i for i in left if now[i] > floor]
    return sorted(out, key=lambda p: (-p[1], p[0]))


def case(n, classes, kind, agnostic, iou, sigma, floor, before, most, whole, ties):
    corner = rng.uniform(0, 120, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0, 60, (n, 2))], 1)
    boxes = np.round(boxes) if whole else boxes
    if n > 8:
        boxes[3] = boxes[2]          # the same box twice
        boxes[5, 2:] = boxes[5, :2]  # without area
    scores = rng.uniform(0, 1, n)
    scores = np.round(scores, 1) if ties else scores
    labels = rng.integers(0, classes, n)
    kept = np.flatnonzero(scores > floor)
    kept = kept[np.argsort(-scores[kept], kind="stable")][: before or None]
    b, s, c = boxes[kept], scores[kept], labels[kept]
    with np.errstate(invalid="ignore"):
        if kind == "none":
            out = list(enumerate(s))
        elif kind == "hard":
            out = [(i, s[i]) for i in hard(b, s, c, agnostic, iou)]
        else:
            out = soft(b, s, c, agnostic, kind, iou, sigma, floor)
    lines.append(f"case {kind} {int(agnostic)} {iou!r} {sigma!r} {floor!r} {before} {most} {n}")
    for i in range(n):
        lines.append("in " + " ".join(repr(float(v)) for v in (*boxes[i], scores[i])) + f" {labels[i]}")
    for i, score in out[: most or None]:
        lines.append(f"out {kept[i]} {float(score)!r}")


for kind in ("none", "hard", "linear", "gaussian"):
    for n, classes in ((1, 1), (12, 2), (60, 3)):
        for agnostic in (False, True):
            for whole in (False, True):  # batched_nms shifts classes apart, which rounds
                case(n, classes, kind, agnostic, 0.45, 0.5, 0.05, 0, 0, whole, False)
                case(n, classes, kind, agnostic, 0.3, 0.2, 0.001, 40, 10, whole, n < 100)
(pathlib.Path(__file__).resolve().parent.parent / "golden" / "nms.txt").write_text("\n".join(lines) + "\n")
print(np.__version__, torch.__version__, torchvision.__version__, len(lines))
