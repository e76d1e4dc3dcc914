#!/usr/bin/env python3
"""Are differences between our gradients and torch's those of single precision at kinks, or of a rule?

The gradient graph that the test program `onnx_gradient` writes is computed here node by node in double precision,
so that rounding leaves 1e-13, and compared with torch's autograd (double) through the model's own nodes. Then the
same graph in ONNX Runtime (float32), and once more in double with the masks that float32 took (where Relu and Clip
let a gradient through): if these two agree and the former do not, kinks are the whole difference.

    onnx_gradient_double.py model.onnx 1,512,512,3 [OUTPUT ...] [--scale 255]

Tested with Python 3.11, numpy 2.4, torch 2.14, onnx 1.23, onnxruntime 1.32.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "build/release/tests/onnx_gradient")
MASKS = ("HardSigmoid", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")


def linear(x, size):
    """Resize with mode linear, coordinates asymmetric."""
    for axis, n in zip((2, 3), size):
        m = x.shape[axis]
        matrix = torch.zeros(n, m, dtype=x.dtype)
        for o in range(n):
            at = o * m / n
            low = min(int(at), m - 1)
            matrix[o, low] += 1 - (at - low)
            matrix[o, min(low + 1, m - 1)] += at - low
        x = torch.movedim(torch.tensordot(x, matrix, dims=([axis], [1])), -1, axis)
    return x


def pads_of(a, x, kernel):
    strides, auto = a.get("strides", [1, 1]), a.get("auto_pad", b"NOTSET")
    if auto in (b"NOTSET", b"VALID"):
        top, left, bottom, right = a.get("pads", [0] * 4)
        return [left, right, top, bottom]
    out = []
    for d in (1, 0):
        n, k, s = x.shape[2 + d], kernel[d], strides[d]
        total = max((-(-n // s) - 1) * s + k - n, 0)
        low = total // 2 if auto == b"SAME_UPPER" else total - total // 2
        out += [low, total - low]
    return out


def conv(x, a):
    y = F.pad(x[0], pads_of(a, x[0], x[1].shape[2:]))
    return F.conv2d(y, x[1], x[2] if len(x) > 2 else None, a.get("strides", [1, 1]), 0, a.get("dilations", [1, 1]),
                    a.get("group", 1))


def conv_transpose(x, a):
    top, left, bottom, right = a.get("pads", [0] * 4)
    y = F.conv_transpose2d(x[0], x[1], None, a.get("strides", [1, 1]), 0, 0, a.get("group", 1), a.get("dilations", [1, 1]))
    more = a.get("output_padding", [0, 0])
    y = F.pad(y, [-left, more[1] - right, -top, more[0] - bottom])
    return y + x[2].view(1, -1, 1, 1) if len(x) > 2 and x[2] is not None else y


def cut(x, a):
    y = x[0]
    n = len(x[1])
    axes = x[3].tolist() if len(x) > 3 and x[3] is not None else range(n)
    steps = x[4].tolist() if len(x) > 4 and x[4] is not None else [1] * n
    for low, high, axis, step in zip(x[1].tolist(), x[2].tolist(), axes, steps):
        size = y.shape[axis]
        low, high = low + size * (low < 0), high + size * (high < 0)
        low = min(max(low, 0), size if step > 0 else size - 1)
        high = min(max(high, 0 if step > 0 else -1), size)
        y = y.index_select(axis, torch.arange(low, high, step) if (high - low) * step > 0 else torch.arange(0))
    return y


def resize(x, a):
    sizes = x[3] if len(x) > 3 and x[3] is not None else None
    size = [int(s) for s in sizes[2:]] if sizes is not None else [int(n * float(s)) for n, s in zip(x[0].shape[2:], x[2][2:])]
    assert a.get("coordinate_transformation_mode") == b"asymmetric", a
    return linear(x[0], size) if a["mode"] == b"linear" else F.interpolate(x[0], size=size, mode="nearest")


def pad(x, a):
    assert a.get("mode", b"constant") == b"constant" and len(x) < 4, a
    n, y = x[0].dim(), x[0]
    low, high = x[1].tolist()[:n], x[1].tolist()[n:]
    value = float(x[2]) if len(x) > 2 and x[2] is not None else 0.0
    return F.pad(y, [z for d in reversed(range(n)) for z in (low[d], high[d])], value=value)


def reduced(what):
    def run(x, a):
        axes = x[1].tolist() if len(x) > 1 and x[1] is not None else a.get("axes", list(range(x[0].dim())))
        return getattr(x[0], what)(dim=tuple(axes), keepdim=bool(a.get("keepdims", 1)))
    return run


def gemm(x, a):
    y = (x[0].T if a.get("transA") else x[0]) @ (x[1].T if a.get("transB") else x[1]) * a.get("alpha", 1.0)
    return y + a.get("beta", 1.0) * x[2] if len(x) > 2 else y


def cast(x, a):
    to = {1: torch.float64, 7: torch.int64, 9: torch.bool}[a["to"]]
    return x[0].to(to)


OPS = {
    "Transpose": lambda x, a: x[0].permute(a["perm"]), "Conv": conv, "ConvTranspose": conv_transpose, "Slice": cut,
    "Pad": pad,
    "Mul": lambda x, a: x[0] * x[1], "Add": lambda x, a: x[0] + x[1], "Sub": lambda x, a: x[0] - x[1],
    "Div": lambda x, a: x[0] / x[1], "Clip": lambda x, a: torch.clamp(x[0], *[z for z in x[1:3]]),
    "Relu": lambda x, a: F.relu(x[0]), "Sigmoid": lambda x, a: torch.sigmoid(x[0]), "Identity": lambda x, a: x[0],
    "HardSigmoid": lambda x, a: torch.clamp(a.get("alpha", 0.2) * x[0] + a.get("beta", 0.5), 0, 1),
    "Equal": lambda x, a: x[0] == x[1], "Greater": lambda x, a: x[0] > x[1], "Where": lambda x, a: torch.where(*x),
    "Less": lambda x, a: x[0] < x[1], "ReduceMean": reduced("mean"), "ReduceSum": reduced("sum"),
    "Concat": lambda x, a: torch.cat(x, a["axis"]), "MatMul": lambda x, a: x[0] @ x[1], "Gemm": gemm, "Cast": cast,
    "Shape": lambda x, a: torch.tensor(x[0].shape), "Resize": resize, "Flatten": lambda x, a: x[0].flatten(a.get("axis", 1)),
    "Reshape": lambda x, a: x[0].reshape([int(z) for z in x[1]]),
    "Expand": lambda x, a: x[0].expand(torch.broadcast_shapes(x[0].shape, tuple(x[1].tolist()))),
    "Softmax": lambda x, a: x[0].softmax(a.get("axis", -1)), "Neg": lambda x, a: -x[0],
}


def wide(array):
    t = torch.tensor(array)
    return t.double() if t.is_floating_point() else t


def compute(model, x, given=None):
    """Every value of the graph in double precision; `given` takes the place of what nodes would give."""
    values = {t.name: wide(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    values[model.graph.input[0].name] = x
    for node in model.graph.node:
        if given is not None and node.output[0] in given:
            values[node.output[0]] = given[node.output[0]]
            continue
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            values[node.output[0]] = wide(numpy_helper.to_array(attributes["value"]).copy())
            continue
        try:
            values[node.output[0]] = OPS[node.op_type]([values[i] if i else None for i in node.input], attributes)
        except Exception as wrong:
            shapes = [tuple(values[i].shape) for i in node.input if i]
            raise SystemExit(f"{node.op_type} {list(node.output)} of {shapes}: {wrong!r}") from wrong
    return values


def run_single(model, x, names):
    wanted = onnx.ModelProto()
    wanted.CopyFrom(model)
    have = {o.name for o in wanted.graph.output}
    wanted.graph.output.extend(helper.make_empty_tensor_value_info(n) for n in names if n not in have)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # as it stands, node by node: fused nodes would have no masks to look at
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(wanted.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, {model.graph.input[0].name: x})))


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def end_at(model, wanted):
    """The model with these values as its outputs, without what they do not need."""
    needed, kept = set(wanted), []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            kept.insert(0, node)
            needed |= set(node.input)
    graph = helper.make_graph(kept, model.graph.name, model.graph.input,
                              [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in wanted],
                              [t for t in model.graph.initializer if t.name in needed])
    return helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def prepare(args, folder):
    path = os.path.join(folder, "m.onnx")
    model = onnx.load(args.model)
    name = model.graph.input[0].name
    wanted = args.outputs or [o.name for o in model.graph.output]
    if args.logits:
        wanted = [next(n for n in model.graph.node if n.op_type == "Softmax").input[0]]
    model = end_at(model, wanted)
    onnx.save(model, path)
    done = subprocess.run([args.tool, path, os.path.join(folder, "g.onnx"), f"{name}={args.shape}"],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return model, onnx.load(os.path.join(folder, "g.onnx")), wanted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("shape")
    parser.add_argument("outputs", nargs="*")
    parser.add_argument("--logits", action="store_true", help="what the closing Softmax gets")
    parser.add_argument("--scale", type=float, default=1.0, help="inputs are uniform in 0 to this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tool", default=TOOL)
    args = parser.parse_args()
    shape = [int(n) for n in args.shape.split(",")]
    x = (np.random.default_rng(args.seed).random(shape) * args.scale).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        model, graph, outputs = prepare(args, folder)
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    values = compute(model, leaf)
    truth = torch.autograd.grad(sum(values[o].sum() for o in outputs), leaf)[0].numpy()
    with torch.no_grad():
        ours = compute(graph, torch.tensor(x, dtype=torch.float64))
        gradient = graph.graph.output[-1].name
        masks = [n.output[0] for n in graph.graph.node if n.op_type in MASKS]
        single = run_single(graph, x, masks + [gradient])
        forced = compute(graph, torch.tensor(x, dtype=torch.float64), {m: wide(single[m]) for m in masks})
    flips = sum(int((ours[m].numpy() != single[m]).sum()) for m in masks)
    places = sum(single[m].size for m in masks)
    exact, real = relative(ours[gradient].numpy(), truth), relative(single[gradient], truth)
    same = relative(single[gradient], forced[gradient].numpy())
    print(f"in double, against torch in double      {exact:.1e}")
    print(f"in float32, against torch in double     {real:.1e}")
    print(f"in float32, against double, same masks  {same:.1e}   ({flips} of {places} places of masks differ)")
    sys.exit(exact > 1e-9 or same > 1e-4)


main()
