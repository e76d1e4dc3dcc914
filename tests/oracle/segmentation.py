#!/usr/bin/env python3
"""Oracle of semantic segmentation: tests/golden/segmentation.txt.

scikit-learn 1.9 (confusion_matrix, jaccard_score, f1_score), opencv-python 5.0 (erode, as in the
reference of Cheng et al. 2021), torchmetrics 1.9 (MulticlassJaccardIndex, cross-check in float32),
numpy 2.4.

Usage: python tests/oracle/segmentation.py > tests/golden/segmentation.txt
"""
import sys
import warnings

import cv2
import numpy as np
import sklearn
import torch
import torchmetrics
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score
from torchmetrics.classification import MulticlassJaccardIndex

warnings.filterwarnings("ignore")


def mask_to_boundary(mask, ratio=0.02):
    """Cheng et al. 2021: pad with background, erode `dilation` times by 3 x 3, take the difference."""
    h, w = mask.shape
    dilation = max(1, int(round(ratio * np.sqrt(h ** 2 + w ** 2))))
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=dilation)
    return mask - eroded[1:h + 1, 1:w + 1]


def seg2bmap(seg):
    """Contours as in the evaluation of DAVIS."""
    seg = seg.astype(bool)
    e, s, se = np.zeros_like(seg), np.zeros_like(seg), np.zeros_like(seg)
    e[:, :-1], s[:-1, :], se[:-1, :-1] = seg[:, 1:], seg[1:, :], seg[1:, 1:]
    b = seg ^ e | seg ^ s | seg ^ se
    b[-1, :] = seg[-1, :] ^ e[-1, :]
    b[:, -1] = seg[:, -1] ^ s[:, -1]
    b[-1, -1] = 0
    return b.astype(np.uint8)


def boundary_f(pr, gt):
    """Boundary F of DAVIS 2016/2017 (Perazzi et al.): db_eval_boundary with bound_th = 0.008."""
    r = int(np.ceil(0.008 * np.linalg.norm(gt.shape)))
    y, x = np.mgrid[-r:r + 1, -r:r + 1]
    disk = (x * x + y * y <= r * r).astype(np.uint8)
    bp, bg = seg2bmap(pr), seg2bmap(gt)
    fg_match, gt_match = bp * cv2.dilate(bg, disk), bg * cv2.dilate(bp, disk)
    n_fg, n_gt = int(bp.sum()), int(bg.sum())
    precision = 1.0 if n_fg == 0 else fg_match.sum() / n_fg
    recall = 1.0 if n_gt == 0 else gt_match.sum() / n_gt
    if n_fg == 0 and n_gt > 0:
        recall = 0.0
    if n_fg > 0 and n_gt == 0:
        precision = 0.0
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def blobs(rng, h, w, k):
    out = np.zeros((h, w), np.uint8)
    for _ in range(rng.integers(0, 9)):
        c = int(rng.integers(0, k))
        y, x = int(rng.integers(0, h)), int(rng.integers(0, w))
        if rng.random() < 0.5:
            cv2.circle(out, (x, y), int(rng.integers(1, max(2, min(h, w) // 2))), c, -1)
        else:
            out[y:y + int(rng.integers(1, h + 1)), x:x + int(rng.integers(1, w + 1))] = c
    return out


def main():
    rng = np.random.default_rng(20261126)
    print(f"# scikit-learn {sklearn.__version__} opencv {cv2.__version__} torchmetrics "
          f"{torchmetrics.__version__} numpy {np.__version__}")
    for case in range(60):
        h, w = (int(v) for v in rng.integers(1, 48, 2))
        if case % 10 == 9:
            h, w = 120, 90
        k = int(rng.integers(1, 6))
        ignore = 255 if case % 3 else (k - 1 if k > 1 else 255)
        truth = blobs(rng, h, w, k)
        pred = truth.copy()
        shift = int(rng.integers(-3, 4))
        pred = np.roll(pred, shift, axis=int(rng.integers(0, 2)))
        noise = rng.random((h, w)) < rng.choice([0, 0.02, 0.3])
        pred[noise] = rng.integers(0, k + 2, noise.sum())   # some are no class
        if case % 3 == 1:
            truth[rng.random((h, w)) < 0.1] = 255
        valid = (truth != ignore) & (truth < k)
        classes = list(range(k))
        t, p = truth[valid], pred[valid].astype(int)
        none = (p == ignore) | (p >= k)
        p = np.where(none, k, p)
        matrix = confusion_matrix(t, p, labels=list(range(k + 1)))[:k] if len(t) else np.zeros((k, k + 1), int)
        print("case", h, w, k, ignore)
        for m in (truth, pred):
            print("".join(f"{v:02x}" for v in m.ravel()))
        print("confusion", *matrix.ravel())
        present = []
        for c in classes:
            gt = (valid & (truth == c)).astype(np.uint8)
            pr = (valid & (pred == c) & (pred != ignore)).astype(np.uint8)
            bg, bp = mask_to_boundary(gt), mask_to_boundary(pr)
            print("class", c, gt.sum(), pr.sum(), (gt & pr).sum(), bg.sum(), bp.sum(), (bg & bp).sum(),
                  repr(float(boundary_f(pr, gt)) if gt.sum() or pr.sum() else 0.0))
            if gt.sum() or pr.sum():
                present.append(c)
        if not len(t):
            print("stats", *["nan"] * 7)
            continue
        iou = jaccard_score(t, p, labels=present, average=None)
        dice = f1_score(t, p, labels=present, average=None)
        rows = matrix.sum(1)
        recall = [matrix[c, c] / rows[c] for c in classes if rows[c]]
        weight = [rows[c] / rows.sum() for c in present]
        boundary = []
        for c in present:
            gt = (valid & (truth == c)).astype(np.uint8)
            pr = (valid & (pred == c) & (pred != ignore)).astype(np.uint8)
            bg, bp = mask_to_boundary(gt), mask_to_boundary(pr)
            if (bg | bp).sum():
                boundary.append((bg & bp).sum() / (bg | bp).sum())
        if not none.any() and len(present) > 1:
            index = MulticlassJaccardIndex(num_classes=k, average=None)
            got = index(torch.tensor(p), torch.tensor(t.astype(int))).numpy()[present]
            if not np.allclose(got, iou, atol=1e-6):
                sys.exit(f"torchmetrics says {got}, scikit-learn {iou}")
        print("stats", *(repr(float(v)) for v in (
            np.mean(iou), np.mean(dice), (t == p).mean(), np.mean(recall), np.dot(weight, iou),
            np.mean(boundary), np.mean([boundary_f(
                (valid & (pred == c) & (pred != ignore)).astype(np.uint8),
                (valid & (truth == c)).astype(np.uint8)) for c in present]))))


main()
