#!/usr/bin/env python3
"""bench/segmentation.py: label maps from PNG files to all measures, beside Pillow with numpy (the confusion by bincount:
mIoU alone), torchmetrics (IoU of classes) and OpenCV (boundary IoU as in the reference of Cheng et al.), one thread each.

The program is $ASSAY_PROGRAM. Peers that are not installed are left out. Fails when a mean IoU differs by more than
1e-6 (torchmetrics counts in single precision)."""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

IMAGES, WIDTH, HEIGHT, CLASSES = 12, 1024, 512, 19


def make(folder):
    rng = np.random.default_rng(5)
    for kind in ("truth", "prediction"):
        pathlib.Path(folder, kind).mkdir()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for i in range(IMAGES):
        truth = np.zeros((HEIGHT, WIDTH), np.uint8)
        for _ in range(60):
            cx, cy, r = rng.integers(0, WIDTH), rng.integers(0, HEIGHT), rng.integers(5, 120)
            truth[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = rng.integers(0, CLASSES)
        predicted = np.roll(truth, int(rng.integers(-3, 4)), axis=1)
        blot = (x - rng.integers(0, WIDTH)) ** 2 + (y - rng.integers(0, HEIGHT)) ** 2 < 40 ** 2
        predicted[blot] = rng.integers(0, CLASSES)
        truth[rng.random((HEIGHT, WIDTH)) < .002] = 255
        Image.fromarray(truth).save(f"{folder}/truth/{i:03}.png")
        Image.fromarray(predicted).save(f"{folder}/prediction/{i:03}.png")


def pairs(folder):
    for i in range(IMAGES):
        yield (np.asarray(Image.open(f"{folder}/truth/{i:03}.png")), np.asarray(Image.open(f"{folder}/prediction/{i:03}.png")))


def with_numpy(folder):
    total = np.zeros((CLASSES, CLASSES), int)
    for t, p in pairs(folder):
        valid = t != 255
        total += np.bincount(t[valid].astype(int) * CLASSES + p[valid], minlength=CLASSES ** 2).reshape(CLASSES, CLASSES)
    both = np.diag(total)
    return float(np.mean(both / (total.sum(0) + total.sum(1) - both)))


def with_torchmetrics(folder):
    import torch
    from torchmetrics.classification import MulticlassJaccardIndex
    torch.set_num_threads(1)
    index = MulticlassJaccardIndex(num_classes=CLASSES, ignore_index=255)
    for t, p in pairs(folder):
        index.update(torch.from_numpy(p.astype(np.int64)), torch.from_numpy(t.astype(np.int64)))
    return float(index.compute())


def with_opencv(folder):
    import cv2
    cv2.setNumThreads(1)
    thick = max(1, round(.02 * np.hypot(HEIGHT, WIDTH)))

    def band(mask):
        padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        return mask - cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=thick)[1:-1, 1:-1]
    shared, joined = np.zeros(CLASSES), np.zeros(CLASSES)
    for t, p in pairs(folder):
        valid = t != 255
        for c in range(CLASSES):
            a, b = band((valid & (t == c)).astype(np.uint8)), band((valid & (p == c)).astype(np.uint8))
            shared[c] += (a & b).sum()
            joined[c] += (a | b).sum()
    return float(np.mean(shared / joined))


def main():
    program = os.environ.get("ASSAY_PROGRAM", "build/release/bin/assay")
    with tempfile.TemporaryDirectory() as folder:
        make(folder)

        def ours(*more):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run([program, "evaluate", "--task", "segmentation", "--truth", f"{folder}/truth", "--predictions",
                                   f"{folder}/prediction", "--threads", "1", "--json", "-", "--quiet", *more],
                                  check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found = {m["metric"]: m["value"] for m in json.loads(done.stdout)["measures"] if not m.get("class")}
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found
        single, found = ours("--replicates", "-1")
        counts, _ = ours("--replicates", "-1", "--metric", "mean_iou")
        many, _ = ours()
        print(f"{IMAGES} label maps of {WIDTH} x {HEIGHT}, {CLASSES} classes: mIoU alone {counts:.2f} s of processor "
              f"time, all measures {single:.2f} s, with 1,000 replicates {many:.2f} s")
        good = True
        for name, function, metric in (("Pillow and numpy, mIoU alone", with_numpy, "mean_iou"),
                                       ("torchmetrics, mIoU alone", with_torchmetrics, "mean_iou"),
                                       ("OpenCV, boundary IoU alone", with_opencv, "boundary_iou")):
            try:
                function(folder)  # its libraries are loaded
                function_start = time.process_time()
                value = function(folder)
            except ImportError:
                continue
            seconds = time.process_time() - function_start
            same = abs(value - found[metric]) < 1e-6
            good &= same
            print(f"  {name}: {seconds:.2f} s, {seconds / (counts if metric == 'mean_iou' else single):.1f} times; {metric} {value:.9f}"
                  f"{'' if same else f', NOT {found[metric]:.9f}'}", flush=True)
        sys.exit(not good)


if __name__ == "__main__":
    main()
