#!/usr/bin/env python3
"""Small detectors in the forms of Assay's decoders, and what the heads of `assay model cut` give on them by
torch's autograd in double precision: tests/golden/model_cut/. Also a small classifier and the values of one
of its layers, for `assay model embed`.

    python tests/oracle/model_cut.py

Needs torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6.

expected.txt, one case per line: MODEL HEAD CLASS THRESHOLD VALUES... ; values of the verdict: its logits; of
the others: the objective, then the products of its gradient in the image with cos(0.37 (j + 1)(i + 1)),
i the place in the image, j = 0 to 3.
"""
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto as T
from onnx import helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "model_cut"
SIDE, CLASSES, ANCHORS, CELLS = 16, 3, 2, 4
NAMES = ["cat", "dog", "cow"]
rng = np.random.default_rng(4)


def weights(*shape, scale=1.0):
    return rng.normal(size=shape).astype(np.float32) * np.float32(scale)


# A trunk of one convolution, and a convolution for what each form needs.
TRUNK, TRUNK_BIAS = weights(6, 3, 4, 4, scale=0.3), weights(6, scale=0.1)
HEADS = {"map1": ANCHORS * (5 + CLASSES), "map2": ANCHORS * (5 + CLASSES), "packed8": 4 + CLASSES,
         "packed5": 5 + CLASSES, "logits": CLASSES + 1, "boxes": 4, "heat": CLASSES, "size": 2}
CONV = {name: (weights(n, 6, 1, 1, scale=1.2), weights(n, scale=0.5)) for name, n in HEADS.items()}


def trunk(x):
    y = torch.nn.functional.conv2d(x, torch.tensor(TRUNK).double(), torch.tensor(TRUNK_BIAS).double(),
                                   stride=4)
    return torch.tanh(y)


def head(x, name):
    w, b = CONV[name]
    return torch.nn.functional.conv2d(trunk(x), torch.tensor(w).double(), torch.tensor(b).double())


def rows(x, name):
    return head(x, name).flatten(2).transpose(1, 2)


def raw_map(x, name):
    return head(x, name).reshape(x.shape[0], ANCHORS, 5 + CLASSES, CELLS, CELLS)


def yolov5_raw(x):
    parts = [raw_map(x, m).permute(0, 1, 3, 4, 2).reshape(x.shape[0], -1, 5 + CLASSES)
             for m in ("map1", "map2")]
    r = torch.cat(parts, 1)
    return torch.sigmoid(r[..., 5:]) * torch.sigmoid(r[..., 4:5]), r[..., :4]


def yolov5(x):
    r = rows(x, "packed5")
    s = torch.sigmoid(r[..., 4:])
    return s[..., 1:] * s[..., :1], r[..., :4]


def yolov8(x):
    r = rows(x, "packed8")
    return torch.sigmoid(r[..., 4:]), r[..., :4]


def detr(x):
    return torch.softmax(rows(x, "logits"), -1)[..., :-1], rows(x, "boxes")


def ssd(x):
    return torch.softmax(rows(x, "logits"), -1)[..., 1:], rows(x, "boxes")


def centernet(x):
    return torch.sigmoid(rows(x, "heat")), None


FORMS = {f.__name__: f for f in (yolov5_raw, yolov5, yolov8, detr, ssd, centernet)}
DECODERS = {
    "yolov5_raw": "{decoder: yolov5_raw}", "yolov5": "{decoder: yolov5}", "yolov8": "{decoder: yolov8}",
    "detr": "{decoder: detr}",
    "ssd": "{decoder: {ssd: {coding: xyxy}}}",
    "centernet": "{decoder: {centernet: {activation: sigmoid}}, outputs: {heatmap: heat}}"}


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.outputs = [], {}, []

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"to_{output}", **attributes))
        return output

    def constant(self, name, value):
        self.weights[name] = value
        return name

    def conv(self, x, name, w, b, stride):
        return self.node("Conv", [x, self.constant(name + "_w", w), self.constant(name + "_b", b)], name,
                         strides=[stride, stride])

    def head(self, name, output):
        return self.conv("trunk", output, *CONV[name], 1)

    def rows(self, name, output, columns):
        flat = self.node("Reshape", [self.head(name, output + "_map"),
                                     self.constant(output + "_s", np.array([-1, columns, CELLS ** 2]))],
                         output + "_flat")
        return self.node("Transpose", [flat], output, perm=[0, 2, 1])

    def save(self, name, outputs, batch="n", shapes=None):
        values = [helper.make_tensor_value_info(o, T.FLOAT, (shapes or {}).get(o)) for o in outputs]
        graph = helper.make_graph(self.nodes, name,
                                  [helper.make_tensor_value_info("image", T.FLOAT, [batch, 3, SIDE, SIDE])],
                                  values,
                                  [numpy_helper.from_array(np.asarray(v), k) for k, v in self.weights.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())


def start():
    g = Graph()
    g.node("Tanh", [g.conv("image", "trunk_conv", TRUNK, TRUNK_BIAS, 4)], "trunk")
    return g


def detector(name):
    g, cells = start(), CELLS ** 2
    if name == "yolov5_raw":
        for m in ("map1", "map2"):
            r = g.node("Reshape", [g.head(m, m + "_conv"),
                                   g.constant(m + "_s", np.array([-1, ANCHORS, 5 + CLASSES, CELLS, CELLS]))],
                       m + "_split")
            if m == "map1":
                g.node("Transpose", [r], m, perm=[0, 1, 3, 4, 2])
            else:  # as the last convolution leaves it
                g.node("Identity", [m + "_conv"], m)
        g.save(name, ["map1", "map2"], 1, {"map1": [1, ANCHORS, CELLS, CELLS, 5 + CLASSES],
                                        "map2": [1, ANCHORS * (5 + CLASSES), CELLS, CELLS]})
    elif name == "yolov5":
        g.rows("packed5", "r", 5 + CLASSES)
        g.nodes.append(helper.make_node("Split", ["r", g.constant("parts", np.array([4, 1 + CLASSES]))],
                                        ["r_box", "r_score"], axis=2))
        g.node("Sigmoid", ["r_score"], "s")
        g.node("Concat", ["r_box", "s"], "predictions", axis=2)
        g.save(name, ["predictions"], "n", {"predictions": ["n", cells, 5 + CLASSES]})
    elif name == "yolov8":
        flat = g.node("Reshape", [g.head("packed8", "m"),
                                  g.constant("flat", np.array([-1, 4 + CLASSES, cells]))], "f")
        g.nodes.append(helper.make_node("Split", [flat, g.constant("parts", np.array([4, CLASSES]))],
                                        ["f_box", "f_score"], axis=1))
        g.node("Sigmoid", ["f_score"], "s")
        g.node("Concat", ["f_box", "s"], "output0", axis=1)
        g.save(name, ["output0"], "n", {"output0": ["n", 4 + CLASSES, cells]})
    elif name in ("detr", "ssd"):
        scores = "logits" if name == "detr" else "scores"
        g.rows("logits", scores, CLASSES + 1)
        g.rows("boxes", "boxes", 4)
        g.save(name, [scores, "boxes"], "n", {scores: ["n", cells, CLASSES + 1], "boxes": ["n", cells, 4]})
    else:
        g.head("heat", "heat")
        g.head("size", "size")
        g.save(name, ["heat", "size"], "n", {"heat": ["n", CLASSES, CELLS, CELLS],
                                             "size": ["n", 2, CELLS, CELLS]})
    (OUT / f"{name}.yaml").write_text(
        f"file: {name}.onnx\nclasses: [{', '.join(NAMES)}]\n"
        f"input: {{color: rgb, steps: [resize: {{width: {SIDE}, height: {SIDE}, mode: opencv_linear}}]}}\n"
        f"output: {DECODERS[name]}\n")


def aims(p, boxes, threshold):
    best = p.max(2).values
    weight = (best >= threshold).double().detach()
    share = p / p.sum(2, keepdim=True)
    yield "vanish", "-", torch.log1p(-best).sum()
    yield "fabricate", "-", best.log().sum()
    yield "mislabel", "-", -(weight * share.max(2).values.log()).sum()
    yield "mislabel", "cow", (weight * share[..., 2].log()).sum()
    if boxes is not None:
        # The reference is 0.
        yield "shift", "-", (weight[..., None] * boxes.abs()).sum()


def expected(name, x):
    threshold = 0.3
    p, boxes = FORMS[name](x)
    top = p.max(1).values
    verdict = torch.cat([torch.full((1, 1), np.log(threshold / (1 - threshold))), torch.logit(top)], 1)
    yield name, "verdict", "-", threshold, verdict.detach().flatten().tolist()
    for head_name, class_name, value in aims(p, boxes, threshold):
        g = torch.autograd.grad(value, x, retain_graph=True)[0].flatten()
        i = torch.arange(1, g.numel() + 1, dtype=torch.float64)
        products = [(g * torch.cos(0.37 * j * i)).sum().item() for j in range(1, 5)]
        yield name, head_name, class_name, threshold, [value.item(), *products]


def classifier():
    """Convolution, ReLU, mean over places, two layers: 8 numbers before the last one."""
    g = start()
    g.node("Relu", ["trunk"], "r")
    g.node("GlobalAveragePool", ["r"], "pooled")
    g.node("Flatten", ["pooled"], "flat", axis=1)
    g.node("Gemm", ["flat", g.constant("w1", weights(8, 6)), g.constant("b1", weights(8))], "hidden",
           transB=1)
    g.node("Relu", ["hidden"], "features")
    g.node("Gemm", ["features", g.constant("w2", weights(CLASSES, 8)), g.constant("b2", weights(CLASSES))],
           "z", transB=1)
    g.node("Softmax", ["z"], "probabilities", axis=1)
    g.save("classifier", ["probabilities"], "n", {"probabilities": ["n", CLASSES]})


def embeddings(images):
    """By onnxruntime, from the graph with other outputs: onnx.utils' extraction is not used."""
    import onnxruntime
    model = onnx.load(OUT / "classifier.onnx")
    del model.graph.output[:]
    for name in ("features", "trunk"):
        model.graph.output.append(helper.make_tensor_value_info(name, T.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x = images.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    features, maps = session.run(None, {"image": x})
    np.save(OUT / "features.npy", features)
    np.save(OUT / "trunk.npy", maps.reshape(len(x), -1))
    np.save(OUT / "trunk_mean.npy", maps.mean((2, 3), dtype=np.float64).astype(np.float32))


def main():
    OUT.mkdir(exist_ok=True)
    x = torch.tensor(rng.random((1, 3, SIDE, SIDE)).astype(np.float32)).double().requires_grad_(True)
    np.save(OUT / "image.npy", x.detach().float().numpy())
    lines = [f"# tests/oracle/model_cut.py: torch {torch.__version__}, onnx {onnx.__version__}"]
    for name in FORMS:
        detector(name)
        for model, head_name, class_name, threshold, values in expected(name, x):
            lines.append(f"{model} {head_name} {class_name} {threshold:g} "
                         + " ".join(f"{v:.9g}" for v in values))
    (OUT / "expected.txt").write_text("\n".join(lines) + "\n")
    classifier()
    images = rng.integers(0, 256, (20, SIDE, SIDE, 3), dtype=np.uint8)
    np.save(OUT / "images.npy", images)
    embeddings(images)


if __name__ == "__main__":
    main()
