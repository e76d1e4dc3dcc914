#!/usr/bin/env python3
"""Synthetic detection data of the size of COCO's validation set: make_data.py FOLDER DETECTIONS [segm] [objects365]

5,000 images, 36,781 objects, 80 classes; detections scatter around the objects, with scores that fall
with the error, and the rest are false. Seeded: the same files every time. With segm every object and
detection has a polygon or a compressed mask as well (pycocotools is needed). With objects365: 80,000 images, 1,200,000 objects, 365 classes."""
import json
import pathlib
import sys

import numpy as np

WIDTH, HEIGHT = 640, 480


def main(folder, detections, segm, large=False):
    IMAGES, OBJECTS, CLASSES = (80000, 1200000, 365) if large else (5000, 36781, 80)
    rng = np.random.default_rng(7)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    prior = 1 / np.arange(1, CLASSES + 1)
    label = rng.choice(CLASSES, OBJECTS, p=prior / prior.sum()) + 1
    image = rng.integers(0, IMAGES, OBJECTS) + 1
    size = np.exp(rng.normal(4, 1, (OBJECTS, 2))).clip(4, 400)
    corner = rng.random((OBJECTS, 2)) * np.maximum(1, [WIDTH, HEIGHT] - size)
    box = np.round(np.hstack([corner, size]), 2)
    crowd = rng.random(OBJECTS) < .012
    share = rng.uniform(.4, .9, OBJECTS)

    def outline(b):
        a = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        x, y = b[0] + b[2] * (.5 + .5 * np.cos(a)), b[1] + b[3] * (.5 + .5 * np.sin(a))
        return [float(v) for pair in zip(np.round(x, 2), np.round(y, 2)) for v in pair]

    annotations = []
    for i in range(OBJECTS):
        a = {"id": i + 1, "image_id": int(image[i]), "category_id": int(label[i]),
             "bbox": box[i].tolist(), "area": float(round(box[i, 2] * box[i, 3] * share[i], 4)),
             "iscrowd": int(crowd[i])}
        if segm:
            a["segmentation"] = [outline(box[i])]
        annotations.append(a)
    truth = {"images": [{"id": i + 1, "width": WIDTH, "height": HEIGHT} for i in range(IMAGES)],
             "categories": [{"id": k + 1, "name": f"class {k + 1}"} for k in range(CLASSES)],
             "annotations": annotations}
    (folder / "truth.json").write_text(json.dumps(truth))

    at = rng.integers(0, OBJECTS, detections)
    real = rng.random(detections) < min(1, 1.3 * OBJECTS / detections)
    error = rng.gamma(1.5, .06, detections)
    moved = box[at] + rng.normal(0, 1, (detections, 4)) * (error[:, None] * np.tile(box[at, 2:], 2))
    false = np.hstack([rng.random((detections, 2)) * [500, 380],
                       np.exp(rng.normal(3.5, 1, (detections, 2))).clip(3, 300)])
    boxes = np.where(real[:, None], moved, false)
    boxes[:, 2:] = boxes[:, 2:].clip(1)
    score = np.where(real, np.exp(-4 * error) * rng.beta(6, 2, detections), rng.beta(1, 7, detections))
    images = np.where(real, image[at], rng.integers(1, IMAGES + 1, detections))
    labels = np.where(real, label[at], rng.integers(1, CLASSES + 1, detections))
    results = [{"image_id": int(images[i]), "category_id": int(labels[i]), "bbox": boxes[i].tolist(),
                "score": float(score[i])} for i in range(detections)]
    if segm:
        from pycocotools import mask
        for r in results:
            rle = mask.frPyObjects([outline(r["bbox"])], HEIGHT, WIDTH)[0]
            r["segmentation"] = {"size": rle["size"], "counts": rle["counts"].decode()}
    (folder / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), "segm" in sys.argv[3:], "objects365" in sys.argv[3:])
