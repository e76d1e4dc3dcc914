#!/usr/bin/env python3
"""Small ONNX files for the tests of the ONNX Runtime adapter, and what they answer.

Needs onnx 1.23.2 and numpy 2.4.6. Writes tests/golden/onnx/*.onnx and tests/golden/onnx/expected.txt.

The images are 4 x 4 with three channels: pixel (image i, row y, column x, channel c) is
(37 i + 11 y + 5 x + 101 c) mod 256. The answers are computed here in double precision with numpy from
the same weights; each line of expected.txt is "model image class value".
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "onnx"
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(20260101)
CLASSES = 5
W = rng.normal(size=(48, CLASSES)).astype(np.float32)
B = rng.normal(size=CLASSES).astype(np.float32)
WG = (3 * rng.normal(size=(3, CLASSES))).astype(np.float32)

i, c, y, x = np.ogrid[0:5, 0:3, 0:4, 0:4]
PIXELS = (37 * i + 11 * y + 5 * x + 101 * c) % 256  # NCHW
UNIT = PIXELS / 255.0


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def const(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, weights, opsets=(("", 13),), **kwargs):
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(d, v) for d, v in opsets], ir_version=8, **kwargs)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    return model


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, **attributes)


gemm = [node("Flatten", ["x"], ["flat"]), node("Gemm", ["flat", "w", "b"], ["z"])]
weights = [const("w", W), const("b", B)]
logits = UNIT.reshape(5, 48) @ W.astype(float) + B
expected = {}

save("dynamic_logits", gemm[:1] + [node("Gemm", ["flat", "w", "b"], ["scores"])],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", CLASSES])], weights)
expected["dynamic_logits"] = softmax(logits)

save("fixed_probabilities", gemm + [node("Softmax", ["z"], ["scores"], axis=1)],
     [value("x", T.FLOAT, [2, 3, 4, 4])], [value("scores", T.FLOAT, [2, CLASSES])], weights)
expected["fixed_probabilities"] = softmax(logits)

save("float16", [node("Cast", ["x"], ["x32"], to=T.FLOAT), node("Flatten", ["x32"], ["flat"]),
                 node("Gemm", ["flat", "w", "b"], ["z"]), node("Softmax", ["z"], ["p"], axis=1),
                 node("Cast", ["p"], ["scores"], to=T.FLOAT16)],
     [value("x", T.FLOAT16, ["batch", 3, 4, 4])], [value("scores", T.FLOAT16, ["batch", CLASSES])], weights)
half = UNIT.astype(np.float32).astype(np.float16).astype(float).reshape(5, 48)
expected["float16"] = softmax(half @ W.astype(float) + B).astype(np.float16).astype(float)

NHWC = PIXELS.transpose(0, 2, 3, 1).reshape(5, 48)
small = [const("w", W / np.float32(255)), const("b", B)]
w_small = (W / np.float32(255)).astype(float)
save("uint8_nhwc", [node("Cast", ["x"], ["x32"], to=T.FLOAT), node("Flatten", ["x32"], ["flat"]),
                    node("Gemm", ["flat", "w", "b"], ["z"]), node("Softmax", ["z"], ["scores"], axis=1)],
     [value("x", T.UINT8, ["batch", 4, 4, 3])], [value("scores", T.FLOAT, ["batch", CLASSES])], small)
expected["uint8_nhwc"] = softmax(NHWC @ w_small + B)

save("int64", [node("Cast", ["x"], ["x32"], to=T.FLOAT), node("Flatten", ["x32"], ["flat"]),
               node("Gemm", ["flat", "w", "b"], ["z"]), node("Softmax", ["z"], ["p"], axis=1),
               node("Cast", ["p"], ["scores"], to=T.DOUBLE)],
     [value("x", T.INT64, ["batch", 3, 4, 4])], [value("scores", T.DOUBLE, ["batch", CLASSES])], small)
expected["int64"] = softmax(PIXELS.reshape(5, 48) @ w_small + B)

save("labels", gemm + [node("ArgMax", ["z"], ["label"], axis=1, keepdims=0)],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("label", T.INT64, ["batch"])], weights)
expected["labels"] = logits.argmax(axis=1)[:, None]

pooled = [node("GlobalAveragePool", ["x"], ["pool"]), node("Flatten", ["pool"], ["flat"]),
          node("MatMul", ["flat", "w"], ["z"]), node("Softmax", ["z"], ["scores"], axis=1)]
save("any_size", pooled, [value("x", T.FLOAT, ["batch", 3, "height", "width"])],
     [value("scores", T.FLOAT, ["batch", "classes"])], [const("w", WG)])
expected["any_size"] = softmax(UNIT.mean(axis=(2, 3)) @ WG.astype(float))

save("four_dimensions", [node("GlobalAveragePool", ["x"], ["pool"]), node("Conv", ["pool", "k"], ["z"]),
                         node("Softmax", ["z"], ["scores"], axis=1)],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", CLASSES, 1, 1])],
     [const("k", np.ascontiguousarray(WG.T).reshape(CLASSES, 3, 1, 1))])
expected["four_dimensions"] = expected["any_size"]

grey = (PIXELS[:, 0] * 19595 + PIXELS[:, 1] * 38470 + PIXELS[:, 2] * 7471 + 0x8000) >> 16
WF = rng.normal(size=(16, CLASSES)).astype(np.float32)
save("flat_grey", [node("MatMul", ["x", "w"], ["z"]), node("Softmax", ["z"], ["scores"], axis=1)],
     [value("x", T.FLOAT, ["batch", 16])], [value("scores", T.FLOAT, ["batch", CLASSES])], [const("w", WF)])
expected["flat_grey"] = softmax(grey.reshape(5, 16) / 255.0 @ WF.astype(float))

save("two_outputs", gemm + [node("Softmax", ["z"], ["probabilities"], axis=1),
                            node("ArgMax", ["z"], ["label"], axis=1, keepdims=0)],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])],
     [value("label", T.INT64, ["batch"]), value("probabilities", T.FLOAT, ["batch", CLASSES])], weights)
expected["two_outputs"] = softmax(logits)

# What cannot be run, or not without a declaration.
save("two_inputs", [node("Add", ["x", "y"], ["s"]), node("Flatten", ["s"], ["flat"]),
                    node("Gemm", ["flat", "w", "b"], ["scores"])],
     [value("x", T.FLOAT, ["batch", 3, 4, 4]), value("y", T.FLOAT, ["batch", 3, 4, 4])],
     [value("scores", T.FLOAT, ["batch", CLASSES])], weights)
save("unknown_operator", [node("Transmogrify", ["x"], ["scores"], domain="example.custom")],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", CLASSES])], [],
     opsets=(("", 13), ("example.custom", 1)))
save("zipmap", gemm + [node("Softmax", ["z"], ["p"], axis=1),
                       node("ZipMap", ["p"], ["output_probability"], domain="ai.onnx.ml",
                            classlabels_int64s=list(range(CLASSES))),
                       node("ArgMax", ["z"], ["output_label"], axis=1, keepdims=0)],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])],
     [value("output_label", T.INT64, ["batch"]),
      helper.make_value_info("output_probability", helper.make_sequence_type_proto(
          helper.make_map_type_proto(T.INT64, helper.make_tensor_type_proto(T.FLOAT, []))))],
     weights, opsets=(("", 13), ("ai.onnx.ml", 1)))
# 0 / 0 for an all-black image.
save("nan_when_black", [node("ReduceMax", ["x"], ["top"], axes=[1, 2, 3], keepdims=1),
                        node("Div", ["x", "top"], ["d"]), node("Flatten", ["d"], ["flat"]),
                        node("Gemm", ["flat", "w", "b"], ["z"]), node("Softmax", ["z"], ["scores"], axis=1)],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", CLASSES])], weights)
save("one_score", [node("Flatten", ["x"], ["flat"]), node("Gemm", ["flat", "w"], ["z"]),
                   node("Sigmoid", ["z"], ["scores"])],
     [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", 1])],
     [const("w", W[:, :1])])
save("no_batch", [node("Reshape", ["x", "s"], ["flat"]), node("Gemm", ["flat", "w", "b"], ["scores"])],
     [value("x", T.FLOAT, [3, 4, 4])], [value("scores", T.FLOAT, [1, CLASSES])],
     weights + [const("s", np.array([1, 48]))])
save("nhwc_or_nchw", [node("GlobalAveragePool", ["x"], ["pool"]), node("Flatten", ["pool"], ["flat"]),
                      node("MatMul", ["flat", "w"], ["scores"])],
     [value("x", T.FLOAT, ["batch", 3, 8, 3])], [value("scores", T.FLOAT, ["batch", CLASSES])],
     [const("w", WG)])
save("text_input", [node("Identity", ["x"], ["scores"])], [value("x", T.STRING, ["batch", 3])],
     [value("scores", T.STRING, ["batch", 3])], [])

model = save("external", gemm[:1] + [node("Gemm", ["flat", "w", "b"], ["scores"])],
             [value("x", T.FLOAT, ["batch", 3, 4, 4])], [value("scores", T.FLOAT, ["batch", CLASSES])],
             weights)
(OUT / "external.bin").unlink(missing_ok=True)
onnx.save_model(model, OUT / "external.onnx", save_as_external_data=True, all_tensors_to_one_file=True,
                location="external.bin", size_threshold=0)
expected["external"] = softmax(logits)

whole = (OUT / "dynamic_logits.onnx").read_bytes()
(OUT / "truncated.onnx").write_bytes(whole[: len(whole) * 3 // 5])
(OUT / "text.onnx").write_text("This is not a model.\n" * 20)
(OUT / "empty.onnx").write_bytes(b"")
(OUT / "pointer.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
(OUT / "graphless.onnx").write_bytes(bytes([0x08, 0x08, 0x12, 0x01, 0x01]))

with open(OUT / "expected.txt", "w", encoding="ascii") as f:
    for name, rows in expected.items():
        for r, row in enumerate(rows):
            for k, v in enumerate(row):
                f.write(f"{name} {r} {k} {float(v):.9g}\n")
