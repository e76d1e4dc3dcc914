#!/usr/bin/env python3
"""Oracle of intervals and comparisons of segmentations: tests/golden/segmentation_replicates.txt.

numpy 2.4 (20,000 Poisson bootstrap replicates of the images over confusion matrices, and 20,000 exchanges
of two models in random images), torchmetrics 1.9 (MulticlassJaccardIndex, MulticlassF1Score: the Dice of
classes), scipy 1.17 (t).

Usage: python tests/oracle/segmentation_replicates.py > tests/golden/segmentation_replicates.txt
"""
import sys
import warnings

import numpy as np
import torch
import torchmetrics
from torchmetrics.classification import MulticlassF1Score, MulticlassJaccardIndex

warnings.filterwarnings("ignore")
IMAGES, CLASSES, PIXELS, REPLICATES = 60, 4, 3000, 20000


def statistics(c):
    """mean IoU, mean Dice, pixel accuracy, mean class accuracy of confusion matrices (.., truth, predicted)"""
    truth, predicted, both = c.sum(-1), c.sum(-2), np.diagonal(c, axis1=-2, axis2=-1)
    iou = both / (truth + predicted - both)
    return np.stack([iou.mean(-1), (2 * both / (truth + predicted)).mean(-1), both.sum(-1) / truth.sum(-1),
                     (both / truth).mean(-1)], -1), iou


def main():
    rng = np.random.default_rng(11)
    maps, models = [], ([], [])
    for i in range(IMAGES):
        share = rng.dirichlet([4, 2, 1, .5])
        truth = rng.choice(CLASSES, PIXELS, p=share)
        hard = rng.beta(2, 12)
        maps.append(truth)
        for k, model in enumerate(models):
            wrong = rng.random(PIXELS) < hard * rng.lognormal(0, .35) * (1.08 if k == 0 else 1)
            model.append(np.where(wrong, rng.choice(CLASSES, PIXELS), truth))
    counts = [np.array([np.bincount(t * CLASSES + p, minlength=CLASSES ** 2).reshape(CLASSES, CLASSES)
                        for t, p in zip(maps, model)]).astype(float) for model in models]
    print(f"# numpy {np.__version__}, torchmetrics {torchmetrics.__version__}")
    print("images", IMAGES, CLASSES)
    for i in range(IMAGES):
        for c in counts:
            truth, predicted, both = c[i].sum(1), c[i].sum(0), np.diag(c[i])
            print(*(int(v) for k in range(CLASSES) for v in (truth[k], predicted[k], both[k])))
    for k, c in enumerate(counts):
        all_, iou = statistics(c.sum(0))
        t, p = torch.tensor(np.concatenate(maps)), torch.tensor(np.concatenate(models[k]))
        theirs = float(MulticlassJaccardIndex(CLASSES)(p, t)), float(MulticlassF1Score(CLASSES, average="macro")(p, t))
        assert abs(theirs[0] - all_[0]) < 1e-5 and abs(theirs[1] - all_[1]) < 1e-5, (theirs, all_)
        print("values", *(repr(float(v)) for v in (*all_, *iou)))
    weights = rng.poisson(1.0, (REPLICATES, IMAGES)).astype(float)
    drawn = [statistics(np.tensordot(weights, c, 1)) for c in counts]
    for all_, iou in drawn:
        print("spread", *(repr(float(v)) for v in (*all_.std(0), *iou.std(0))))
    print("spread_of_difference", *(repr(float(v)) for v in (*(drawn[1][0] - drawn[0][0]).std(0),
                                                             *(drawn[1][1] - drawn[0][1]).std(0))))
    coin = (rng.random((REPLICATES, IMAGES)) < .5).astype(float)
    heads = np.tensordot(coin, counts[0], 1) + np.tensordot(1 - coin, counts[1], 1)
    tails = np.tensordot(coin, counts[1], 1) + np.tensordot(1 - coin, counts[0], 1)
    gap = [b - a for a, b in zip(statistics(heads), statistics(tails))]
    seen = [b - a for a, b in zip(statistics(counts[0].sum(0)), statistics(counts[1].sum(0)))]
    ps = [(1 + (np.abs(g) >= np.abs(s) - 1e-12).sum(0)) / (1 + REPLICATES) for g, s in zip(gap, seen)]
    print("p", *(repr(float(v)) for v in (*ps[0], *ps[1])))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
