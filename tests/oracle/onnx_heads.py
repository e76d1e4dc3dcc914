#!/usr/bin/env python3
"""A small ONNX model for every head that a decoder reads, and what `assay predict` must make of it:
tests/golden/onnx/heads/<decoder>_<n>.onnx and expected.json.

Needs onnx 1.23.2, numpy 2.4.6, torch 2.14.1, torchvision 0.29.1 and shapely 2.2.0. The raw outputs and their boxes
are those of tests/golden/decoder (tests/oracle/decoders.py, decoders_turned.py). From there on: torchvision's nms
class by class (turned boxes: the same by shapely's areas), the best hundred, and the way back through a
letterbox of an image of twice the width."""
import json
import pathlib

import numpy as np
import onnx
import torch
import torchvision
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from shapely.geometry import Polygon

HERE = pathlib.Path(__file__).resolve().parent.parent / "golden"
OUT = HERE / "onnx" / "heads"
NMS, MOST, BYTES = 0.4, 100, 26000
SHARED = {"ssd": ["priors"], "yolov5_raw": ["anchors"]}


def cases(path):
    now = None
    for line in path.read_text().splitlines():
        words = line.split(" ")
        if words[0] == "case":
            now = {"args": words[1], "size": (int(words[2]), int(words[3])), "classes": int(words[4]),
                   "floor": float(words[5]), "raw": {}, "boxes": []}
        elif words[0] == "raw":
            shape = [int(w) for w in words[3:3 + int(words[2])]]
            now["raw"][words[1]] = np.array(words[3 + len(shape):], np.float64).astype(np.float32).reshape(shape)
        elif words[0] == "box":
            now["boxes"].append([float(w) for w in words[1:]])
        else:
            yield now


def model(path, case, decoder):
    """Constants, to which the first pixel is added times nothing: the image is really an input."""
    width, height = case["size"]
    nodes = [helper.make_node("Slice", ["image", "z4", "o4", "a4"], ["corner"]),
             helper.make_node("Reshape", ["corner", "one"], ["v"]), helper.make_node("Mul", ["v", "nothing"], ["w"])]
    weights = {"z4": np.array([0, 0, 0], np.int64), "o4": np.array([1, 1, 1], np.int64),
               "a4": np.array([1, 2, 3], np.int64), "one": np.array([1], np.int64), "nothing": np.zeros(1, np.float32)}
    outputs = []
    for role, raw in case["raw"].items():
        raw = raw if role in SHARED.get(decoder, []) else raw[None]
        weights[role + "_c"] = raw
        nodes.append(helper.make_node("Add", [role + "_c", "w"], [role]))
        outputs.append(helper.make_tensor_value_info(role, T.FLOAT, list(raw.shape)))
    graph = helper.make_graph(nodes, decoder, [helper.make_tensor_value_info("image", T.FLOAT, [1, 3, height, width])],
                              outputs, [numpy_helper.from_array(a, n) for n, a in weights.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString())


def suppressed(boxes, turned):
    rows = sorted(range(len(boxes)), key=lambda i: -boxes[i][4])
    if not turned:
        b = torch.tensor([boxes[i][:4] for i in rows], dtype=torch.float64)
        s = torch.tensor([boxes[i][4] for i in rows], dtype=torch.float64)
        keep = []
        for label in sorted({boxes[i][5] for i in rows}):
            own = [k for k, i in enumerate(rows) if boxes[i][5] == label]
            keep += [own[int(k)] for k in torchvision.ops.nms(b[own], s[own], NMS)]
        return [boxes[rows[k]] for k in sorted(keep)][:MOST]
    shapes, kept = {i: Polygon(np.reshape(boxes[i][6:], (4, 2))) for i in rows}, []
    for i in rows:
        def overlap(j):
            both = shapes[i].intersection(shapes[j]).area
            return both / (shapes[i].area + shapes[j].area - both)
        if not any(boxes[j][5] == boxes[i][5] and overlap(j) > NMS for j in kept):
            kept.append(i)
    return [boxes[i] for i in kept][:MOST]


def back(box, case, decoder):
    """From the model's input to an image of twice the width: halved, and in the middle of the height."""
    width, height = case["size"]
    scaled = round(height / 2)
    top = (height - scaled) // 2
    x = lambda v: v / 0.5
    y = lambda v: (v - top) / (scaled / height)
    cut = lambda v, most: min(max(v, 0.0), float(most))
    row = {"label": int(box[5]), "score": box[4]}
    if decoder == "yolov8_obb":
        xy = [x(v) if k % 2 == 0 else y(v) for k, v in enumerate(box[6:])]
        row["segmentation"] = [xy]
        left, top_, right, bottom = min(xy[0::2]), min(xy[1::2]), max(xy[0::2]), max(xy[1::2])
    else:
        left, right = cut(x(box[0]), 2 * width), cut(x(box[2]), 2 * width)
        top_, bottom = cut(y(box[1]), height), cut(y(box[3]), height)
    if decoder == "yolov8_pose":
        row["keypoints"] = [cut(x(v), 2 * width) if k % 3 == 0 else cut(y(v), height) if k % 3 == 1 else v
                            for k, v in enumerate(box[6:])]
    return row | {"bbox": [left, top_, right - left, bottom - top_]}


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    expected = []
    for path in sorted((HERE / "decoder").glob("*.txt")):
        decoder, n = path.stem, 0
        for case in cases(path):
            size = sum(a.nbytes for a in case["raw"].values())
            if n == 2 or size > BYTES or case["size"][1] % 2 or (n == 1 and case["args"] == "-"):
                continue
            name = f"{decoder}_{n}"
            n += 1
            model(OUT / f"{name}.onnx", case, decoder)
            kept = suppressed(case["boxes"], decoder == "yolov8_obb")
            args = {} if case["args"] == "-" else dict(a.split("=") for a in case["args"].split(","))
            expected.append({"name": name, "decoder": decoder, "arguments": args, "classes": case["classes"],
                             "size": case["size"], "floor": case["floor"], "roles": list(case["raw"]), "nms": NMS,
                             "candidates": len(case["boxes"]), "results": [back(b, case, decoder) for b in kept]})
        assert n > 0, decoder
    (OUT / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    print(*(f"{e['name']}: {e['candidates']} -> {len(e['results'])}" for e in expected), sep="\n")
