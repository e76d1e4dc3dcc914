#!/usr/bin/env python3
"""Golden values of the decoders. Writes tests/golden/decoder/<name>.txt.

Needs numpy 2.4.6, torch 2.14.1 and torchvision 0.29.1. Every decoder is written here a second time
with numpy in double precision, from the papers and the definitions of the formats; SSD's boxes and
their scores come from torchvision's BoxCoder and torch's softmax. One case:

    case ARGUMENTS WIDTH HEIGHT CLASSES FLOOR
    raw ROLE RANK EXTENT... VALUE...
    box X1 Y1 X2 Y2 SCORE LABEL        (in the order of the decoder)
    end
"""
import pathlib

import numpy as np
import torch
import torchvision
from torchvision.models.detection._utils import BoxCoder

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "decoder"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(20261126)


def f32(a):
    return np.asarray(a, dtype=np.float32)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64)))


def softmax(x):
    e = np.exp(np.asarray(x, np.float64) - np.max(x, axis=-1, keepdims=True).astype(np.float64))
    return e / e.sum(axis=-1, keepdims=True)


def corners(c):
    c = np.asarray(c, dtype=np.float64)
    return np.stack([c[..., 0] - c[..., 2] / 2, c[..., 1] - c[..., 3] / 2,
                     c[..., 0] + c[..., 2] / 2, c[..., 1] + c[..., 3] / 2], axis=-1)


class Golden:
    def __init__(self, name):
        self.path = OUT / f"{name}.txt"
        self.lines = []

    def case(self, arguments, width, height, classes, floor, raw, boxes):
        self.lines.append(f"case {arguments or '-'} {width} {height} {classes} {floor!r}")
        for role, array in raw.items():
            array = f32(array)
            numbers = " ".join(repr(float(v)) for v in array.ravel())
            self.lines.append(f"raw {role} {array.ndim} {' '.join(map(str, array.shape))} {numbers}")
        assert boxes, "a case without boxes proves little"
        for box, score, label in boxes:
            self.lines.append("box " + " ".join(repr(float(v)) for v in box) +
                              f" {float(score)!r} {int(label)}")
        self.lines.append("end")

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def pick(scores, floor, multi):
    """(row, label) of the boxes that a row of class scores gives."""
    for i, row in enumerate(scores):
        for k in (range(len(row)) if multi else [int(np.argmax(row))]):
            if row[k] > floor:
                yield i, k


def yolo():
    g5, g8, g10 = Golden("yolov5"), Golden("yolov8"), Golden("yolov10")
    for classes, anchors, floor in ((3, 20, 0.3), (1, 7, 0.25), (80, 12, 0.9)):
        box = f32(np.concatenate([rng.uniform(0, 320, (anchors, 2)), rng.uniform(1, 90, (anchors, 2))], 1))
        obj = f32(rng.uniform(0, 1, anchors))
        cls = f32(rng.uniform(0, 1, (anchors, classes)))
        xyxy = corners(box)
        for multi in (False, True):
            args = "multi_label=true" if multi else "-"
            product = (obj[:, None] * cls).astype(np.float32)  # in float32, as the author has it
            best = [(i, k) for i, k in pick(cls, -1, multi) if product[i, k] > floor]
            if best:
                g5.case(args, 320, 320, classes, floor,
                        {"predictions": np.concatenate([box, obj[:, None], cls], 1)},
                        [(xyxy[i], product[i, k], k) for i, k in best])
            found = list(pick(cls, floor, multi))
            rows = np.concatenate([box, cls], 1)
            g8.case(args, 320, 320, classes, floor, {"predictions": rows.T},
                    [(xyxy[i], cls[i, k], k) for i, k in found])
            g8.case((args + "," if multi else "") + "layout=anchors_first", 320, 320, classes, floor,
                    {"predictions": rows}, [(xyxy[i], cls[i, k], k) for i, k in found])
    # As many anchors as channels: the shape does not tell, channels come first.
    square = f32(rng.uniform(0, 1, (7, 7)))
    g8.case("-", 64, 64, 3, 0.2, {"predictions": square},
            [(corners(square[:4, i]), square[4 + k, i], k)
             for i, k in pick(square[4:].T, 0.2, False)])
    rows = f32(np.concatenate([rng.uniform(0, 640, (30, 4)), rng.uniform(0, 1, (30, 1)),
                               rng.integers(0, 5, (30, 1))], 1))
    rows[20:] = 0  # filling
    g10.case("-", 640, 640, 5, 0.1, {"predictions": rows},
             [(r[:4], r[4], r[5]) for r in rows if r[4] > 0.1])
    for g in (g5, g8, g10):
        g.write()


def detr():
    g = Golden("detr")
    boxes = f32(rng.uniform(0.05, 0.6, (15, 4)))
    xyxy = corners(boxes) * np.array([640, 480, 640, 480.0])
    logits = f32(rng.normal(0, 2, (15, 5)))
    p = softmax(logits)[:, :-1]
    g.case("-", 640, 480, 4, 0.3, {"logits": logits, "boxes": boxes},
           [(xyxy[i], p[i, k], k) for i, k in pick(p, 0.3, False)])
    s = sigmoid(logits)
    g.case("activation=sigmoid", 640, 480, 5, 0.6, {"logits": logits, "boxes": boxes},
           [(xyxy[i], s[i, k], k) for i, k in pick(s, 0.6, True)])
    g.write()


def centernet():
    g = Golden("centernet")
    for classes, h, w, layout, unit, act in ((3, 8, 10, "chw", "cells", "none"),
                                            (2, 6, 6, "hwc", "pixels", "sigmoid")):
        heat = rng.normal(0, 1, (classes, h, w)) if act == "sigmoid" else rng.uniform(0, 1, (classes, h, w))
        heat = f32(heat)
        heat[0, 2, 3] = heat[0, 2, 4] = heat.max() + 0.01  # equal neighbours are both peaks
        size, offset = f32(rng.uniform(0.5, 4, (2, h, w))), f32(rng.uniform(0, 1, (2, h, w)))
        pooled = torch.nn.functional.max_pool2d(torch.tensor(heat)[None], 3, 1, 1)[0].numpy()
        score = sigmoid(heat) if act == "sigmoid" else heat.astype(np.float64)
        width, height, floor = 4 * w, 4 * h, 0.55
        for with_offset in (True, False):
            found = []
            for k, y, x in np.argwhere(pooled == heat):
                if score[k, y, x] > floor:
                    cx = (x + (float(offset[0, y, x]) if with_offset else 0)) * 4.0
                    cy = (y + (float(offset[1, y, x]) if with_offset else 0)) * 4.0
                    s = 4.0 if unit == "cells" else 1.0
                    found.append((corners([cx, cy, float(size[0, y, x]) * s, float(size[1, y, x]) * s]),
                                  score[k, y, x], k))
            raw = {"heatmap": heat, "size": size} | ({"offset": offset} if with_offset else {})
            if layout == "hwc":
                raw = {n: a.transpose(1, 2, 0) for n, a in raw.items()}
            g.case(f"activation={act},layout={layout},size_unit={unit}", width, height, classes, floor,
                   raw, found)
    g.write()


def ssd():
    g = Golden("ssd")
    n, classes = 12, 3
    centers = rng.uniform(20, 280, (n, 2))
    sides = rng.uniform(10, 120, (n, 2))
    priors = f32(np.concatenate([centers - sides / 2, centers + sides / 2], 1))
    deltas = f32(rng.normal(0, 2, (n, 4)))
    deltas[0, 2] = 60  # beyond the limit of the size
    logits = f32(rng.normal(0, 2, (n, classes + 1)))
    for activation, weights in (("softmax", (10.0, 10.0, 5.0, 5.0)), ("sigmoid", (1.0, 1.0, 1.0, 1.0))):
        coder = BoxCoder(weights=weights)
        decoded = coder.decode_single(torch.tensor(deltas, dtype=torch.float64),
                                      torch.tensor(priors, dtype=torch.float64)).numpy()
        used = logits if activation == "softmax" else logits[:, :classes]
        p = (torch.softmax(torch.tensor(used, dtype=torch.float64), -1).numpy()[:, 1:]
             if activation == "softmax" else sigmoid(used))
        args = "" if activation == "softmax" else (
            "activation=sigmoid,background=absent,center_variance=1,size_variance=1")
        g.case(args, 300, 300, classes, 0.25, {"boxes": deltas, "scores": used, "priors": priors},
               [(decoded[i], p[i, k], k) for i, k in pick(p, 0.25, True)])
        # The same priors as centre and size, as fractions of the input.
        fraction = f32(np.concatenate([centers, sides], 1) / 320.0)
        back = corners(fraction.astype(np.float64) * 320.0)
        decoded = coder.decode_single(torch.tensor(deltas, dtype=torch.float64),
                                      torch.tensor(back)).numpy()
        g.case((args + "," if args else "") + "prior_format=cxcywh,prior_normalised=true", 320, 320,
               classes, 0.25, {"boxes": deltas, "scores": used, "priors": fraction},
               [(decoded[i], p[i, k], k) for i, k in pick(p, 0.25, True)])
    unit = f32(rng.uniform(0, 1, (n, 4)))
    p = f32(rng.uniform(0, 1, (n, classes + 1)))
    g.case("coding=xyxy,activation=none,prior_normalised=true,background=last", 300, 200, classes, 0.5,
           {"boxes": unit, "scores": p},
           [(unit[i].astype(np.float64) * [300, 200, 300, 200], p[i, k], k)
            for i, k in pick(p[:, :-1], 0.5, True)])
    g.case("coding=cxcywh,activation=none,background=absent", 300, 200, classes + 1, 0.5,
           {"boxes": unit * 100, "scores": p},
           [(corners(f32(unit * 100)[i]), p[i, k], k) for i, k in pick(p, 0.5, True)])
    g.write()


def decoded():
    g = Golden("decoded")
    n, classes = 14, 4
    boxes, scores = f32(rng.uniform(0, 1, (n, 4))), f32(rng.uniform(0, 1, n))
    labels = rng.integers(0, classes, n)
    ways = {"xyxy": lambda b: b, "xywh": lambda b: np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], 1),
            "cxcywh": corners, "yxyx": lambda b: b[:, [1, 0, 3, 2]]}
    for form, way in ways.items():
        for unit in (False, True):
            scale = np.array([64, 48, 64, 48.0]) if unit else 1.0
            final = way(boxes.astype(np.float64)) * scale
            g.case(f"format={form}" + (",normalised=true" if unit else ""), 64, 48, classes, 0.4,
                   {"boxes": boxes, "scores": scores, "labels": labels},
                   [(final[i], scores[i], labels[i]) for i in range(n) if scores[i] > 0.4])
    g.case("first_class=1,background=first", 64, 48, classes - 1, 0.4,
           {"boxes": boxes, "scores": scores, "labels": labels, "count": [10]},
           [(boxes[i], scores[i], labels[i] - 1) for i in range(10) if scores[i] > 0.4 and labels[i] > 0])
    table = f32(rng.uniform(0, 1, (n, classes)))
    final = boxes.astype(np.float64) * [64, 48, 64, 48]
    g.case("normalised=true", 64, 48, classes, 0.5, {"boxes": boxes, "scores": table},
           [(final[i], table[i, k], k) for i, k in pick(table, 0.5, False)])  # JATIC_ONNX v1
    g.case("normalised=true,background=first", 64, 48, classes - 1, 0.5, {"boxes": boxes, "scores": table},
           [(final[i], table[i, k], k - 1) for i, k in pick(table, 0.5, False) if k > 0])
    s, c, b = scores[:, None], labels[:, None], np.zeros((n, 1))
    for columns, parts in {"box_score_class": (boxes, s, c), "box_class_score": (boxes, c, s),
                           "batch_box_class_score": (b, boxes, c, s),
                           "batch_class_score_box": (b, c, s, boxes)}.items():
        g.case(f"columns={columns}", 64, 48, classes, 0.4, {"boxes": np.concatenate(parts, 1)},
               [(boxes[i], scores[i], labels[i]) for i in range(n) if scores[i] > 0.4])
    g.write()


THREE = [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326]]
FOUR = [[19, 27, 44, 40, 38, 94], [96, 68, 86, 152, 180, 137], [140, 301, 303, 264, 238, 542],
        [436, 615, 739, 380, 925, 792]]


def yolo_raw():
    """YOLOv5 7.0 and YOLOv3 before decoding, with torch in double precision: meshes of cells and
    anchors, all maps one behind the other, as their heads do it."""
    g, own = Golden("yolov5_raw"), np.random.default_rng(5)
    cases = (("yolov5", THREE, False, "anchors", 32, 64, 3, 0.15), ("yolov5", FOUR, False, "channels", 64, 64, 2, 0.3),
             ("yolov3", THREE, False, "anchors", 32, 32, 1, 0.2), ("yolov3", THREE[1:], True, "channels", 64, 32, 4, 0.15),
             ("yolov5", own.uniform(3, 60, (2, 4)).round(2).tolist(), True, "anchors", 32, 32, 2, 0.1))
    for coding, anchors, given, layout, width, height, classes, floor in cases:
        table = torch.tensor(f32(anchors)).double().reshape(len(anchors), -1, 2)
        n, raw, rows = table.shape[1], {}, []
        for i, stride in enumerate((8, 16, 32, 64)[:len(anchors)]):
            h, w = height // stride, width // stride
            x = torch.tensor(f32(own.normal(-1, 2, (n, h, w, 5 + classes))))
            gy, gx = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
            grid, y = torch.stack((gx, gy), 2).double(), x.double()
            if coding == "yolov5":
                s = y.sigmoid()
                xy = (s[..., :2] * 2 + grid - 0.5) * stride
                wh = (s[..., 2:4] * 2) ** 2 * table[i].view(n, 1, 1, 2)
            else:
                xy = (y[..., :2].sigmoid() + grid) * stride
                wh = y[..., 2:4].exp() * table[i].view(n, 1, 1, 2)
            rows.append(torch.cat((xy, wh, y[..., 4:].sigmoid()), -1).reshape(-1, 5 + classes))
            raw[f"map{i + 1}"] = x.numpy() if layout == "anchors" else x.permute(0, 3, 1, 2).reshape(-1, h, w).numpy()
        if given:
            raw["anchors"] = table.numpy()
        rows = torch.cat(rows).numpy()
        xyxy, score = corners(rows[:, :4]), rows[:, 4:5] * rows[:, 5:]
        for multi in (False, True):
            args = ["coding=yolov3"] * (coding == "yolov3") + ["multi_label=true"] * multi
            g.case(",".join(args), width, height, classes, floor, raw,
                   [(xyxy[i], score[i, k], k) for i, k in pick(score, floor, multi)])
    g.write()


if __name__ == "__main__":
    print(np.__version__, torch.__version__, torchvision.__version__)
    yolo()
    yolo_raw()
    detr()
    centernet()
    ssd()
    decoded()
