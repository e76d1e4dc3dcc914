#!/usr/bin/env python3
"""Small detectors for the tests of the ONNX Runtime adapter. Writes tests/golden/onnx/detector_*.onnx.

Needs onnx 1.23.2 and numpy 2.4.6. Their answers do not look at the image but for its first value,
which is added to the score of the first box: enough to tell images of a batch apart.
"""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "onnx"


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, **attributes)


def save(name, nodes, inputs, outputs, weights):
    graph = helper.make_graph(nodes, name, inputs, outputs,
                              [numpy_helper.from_array(a, n) for n, a in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())


def first_value():
    """[batch, 1, 1]: the first channel of the upper left pixel, 0 to 1."""
    return [node("Slice", ["image", "zero4", "one4", "axes4"], ["corner"]),
            node("Reshape", ["corner", "column"], ["v"])]


corner = {"zero4": np.array([0, 0, 0], np.int64), "one4": np.array([1, 1, 1], np.int64),
          "axes4": np.array([1, 2, 3], np.int64), "column": np.array([-1, 1, 1], np.int64)}

# YOLOv8: 2 classes, 40 anchors: two on one object, one elsewhere, one of the other class, the rest
# below.
yolo = np.zeros((1, 6, 40), np.float32)
yolo[0, :, 0] = [16, 16, 8, 8, 0.5, 0.1]
yolo[0, :, 1] = [17, 16, 8, 8, 0.45, 0.2]
yolo[0, :, 2] = [8, 24, 4, 6, 0.3, 0.1]
yolo[0, :, 3] = [16, 16, 8, 8, 0.0, 0.4]
yolo[0, :, 4] = [5, 5, 2, 2, 0.0001, 0.0002]
mask = np.zeros((1, 6, 40), np.float32)
mask[0, 4, 0] = 0.5
save("detector_yolov8", first_value() + [node("Mul", ["v", "mask"], ["m"]), node("Add", ["yolo", "m"], ["output0"])],
     [value("image", T.FLOAT, ["batch", 3, 32, 32])], [value("output0", T.FLOAT, ["batch", 6, 40])],
     {"yolo": yolo, "mask": mask} | corner)

# torchvision: three outputs without a batch, labels from 1, 64 bit; one image at a time.
save("detector_torchvision", [node("Identity", [n + "_c"], [n]) for n in ("boxes", "labels", "scores")],
     [value("image", T.FLOAT, [1, 3, 32, 32])],
     [value("boxes", T.FLOAT, ["n", 4]), value("labels", T.INT64, ["n"]), value("scores", T.FLOAT, ["n"])],
     {"boxes_c": np.array([[1, 2, 11, 22], [4, 4, 40, 20]], np.float32),
      "labels_c": np.array([2, 1], np.int64), "scores_c": np.array([0.75, 0.5], np.float32)})

# JATIC_ONNX v1: boxes as fractions, scores of all classes, the first the background.
folder = OUT / "jatic"
folder.mkdir(exist_ok=True)
boxes = np.array([[[0.0, 0.1, 0.5, 1.0], [0.5, 0.5, 1.0, 1.0], [0.2, 0.2, 0.4, 0.4]]], np.float32)
scores = np.array([[[0.1, 0.9, 0.2], [0.1, 0.3, 0.7], [0.8, 0.1, 0.1]]], np.float32)
save("jatic/detector", first_value() + [node("Mul", ["v", "zero"], ["z"]), node("Add", ["boxes_c", "z"], ["boxes"]),
                                        node("Add", ["scores_c", "z"], ["scores"])],
     [value("image", T.FLOAT, ["batch", 3, 10, 20])],
     [value("boxes", T.FLOAT, ["batch", 3, 4]), value("scores", T.FLOAT, ["batch", 3, 3])],
     {"boxes_c": boxes, "scores_c": scores, "zero": np.zeros((1, 1, 1), np.float32)} | corner)
(folder / "model-metadata.json").write_text(json.dumps({
    "interface": {"name": "JATIC_ONNX", "version": "v1"},
    "io": {"batchSize": -1, "interface": "IMAGE_OBJECT_DETECTION",
           "input": {"channels": "RGB", "height": 10, "width": 20}, "output": {"nBoxes": 3, "nClasses": 3}},
    "index2label": {"0": "background", "1": "cat", "2": "dog"}}, indent=1) + "\n")

# NaN in a box.
save("detector_nan", [node("Identity", ["nan_c"], ["output"])], [value("image", T.FLOAT, [1, 3, 32, 32])],
     [value("output", T.FLOAT, [1, 1, 6])],
     {"nan_c": np.array([[[np.nan, 1, 2, 3, 0.5, 0]]], np.float32)})
