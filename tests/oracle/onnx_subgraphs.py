#!/usr/bin/env python3
"""Models whose scores pass an If, a Loop or a Scan, which are not differentiated: the test wants them
refused by name. Writes tests/golden/onnx_gradient/{if,loop,scan}.onnx.

Made with Python 3.11, onnx 1.23, numpy 2.4.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden/onnx_gradient")


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, node, before=()):
    weights = np.random.RandomState(1).randn(64, 3).astype(np.float32)
    nodes = [helper.make_node("Flatten", ["x"], ["flat"]),
             helper.make_node("MatMul", ["flat", "w"], ["z"], name="scores"), *before, node]
    constants = {"w": weights, "zero": np.float32(0), "trips": np.int64(2), "go": np.array(True)}
    graph = helper.make_graph(nodes, "g", [value("x", ["N", 1, 8, 8])], [value("y", ["N", 3])],
                              [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="tests")
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(FOLDER, name))


def main():
    yes = helper.make_graph([helper.make_node("Identity", ["z"], ["a"])], "yes", [], [value("a", None)])
    no = helper.make_graph([helper.make_node("Neg", ["z"], ["b"])], "no", [], [value("b", None)])
    save("if.onnx", helper.make_node("If", ["c"], ["y"], name="chooser", then_branch=yes, else_branch=no),
         [helper.make_node("ReduceSum", ["z"], ["s"], keepdims=0),
          helper.make_node("Greater", ["s", "zero"], ["c"])])
    body = helper.make_graph(
        [helper.make_node("Identity", ["ci"], ["co"]), helper.make_node("Add", ["si", "si"], ["so"])], "body",
        [value("i", [], TensorProto.INT64), value("ci", [], TensorProto.BOOL), value("si", None)],
        [value("co", [], TensorProto.BOOL), value("so", None)])
    save("loop.onnx", helper.make_node("Loop", ["trips", "go", "z"], ["y"], name="again", body=body))
    row = helper.make_graph([helper.make_node("Identity", ["r"], ["o"])], "row", [value("r", None)],
                            [value("o", None)])
    save("scan.onnx", helper.make_node("Scan", ["z"], ["y"], name="rows", body=row, num_scan_inputs=1))


main()
