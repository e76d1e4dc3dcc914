#!/usr/bin/env python3
"""Every gradient rule against central differences in double precision, over its attributes.

Each case is one operator in a small model y = sum(weights * op(inputs)), in float64. The gradient
graph that build/release/tests/onnx_gradient writes is evaluated by onnx's reference implementation in
float64 and compared with central differences of the model itself (tolerance 1e-6 relative); with
--ort the same graph in float32 is run by ONNX Runtime too (1e-3).

Tested with Python 3.11, numpy 2.4, onnx 1.23, onnxruntime 1.32.
"""
import argparse
import base64
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh
from onnx.reference import ReferenceEvaluator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "build/release/tests/onnx_gradient")
RNG = np.random.default_rng(20261126)
NUMBER = {np.float64: T.DOUBLE, np.float32: T.FLOAT}


def away(shape, low=-2.0, high=2.0, gap=0.05, kinks=(0.0,)):
    """Random numbers that keep clear of kinks, and of one another (for maxima)."""
    x = RNG.uniform(low, high, size=shape)
    for kink in kinks:
        near = np.abs(x - kink) < gap
        x = np.where(near, kink + np.sign(x - kink + 1e-9) * (gap + np.abs(x - kink)), x)
    return x


def distinct(shape):
    n = int(np.prod(shape))
    return (RNG.permutation(n).reshape(shape) - n / 2) * 0.0625 + 0.013


class Case:
    def __init__(self, name, op, inputs, constants=None, order=None, opset=18, n_out=1, outs=None,
                 reference=True, h=1e-5, ort=True, **attributes):
        self.name, self.op, self.opset = name, op, opset
        self.inputs = inputs            # differentiated: name -> float64
        self.constants = constants or {}
        self.order = order or list(inputs) + list(self.constants)
        self.n_out, self.outs, self.attributes = n_out, outs or [0], attributes
        self.reference, self.h, self.ort = reference, h, ort

    def model(self, dtype, shapes=None):
        names = [f"y{i}" for i in range(self.n_out)]
        nodes = [h.make_node(self.op, self.order, names, name="node", **self.attributes)]
        inits = [nh.from_array(v.astype(dtype) if v.dtype == np.float64 else v, k)
                 for k, v in self.constants.items()]
        out = []
        for i in self.outs:
            if shapes:
                weights = np.random.default_rng(i + 5).normal(size=shapes[i])
                inits.append(nh.from_array(np.asarray(weights, dtype), f"weights{i}"))
                nodes.append(h.make_node("Mul", [f"y{i}", f"weights{i}"], [f"z{i}"]))
                out.append(h.make_tensor_value_info(f"z{i}", NUMBER[dtype], shapes[i]))
            else:
                out.append(h.make_tensor_value_info(f"y{i}", NUMBER[dtype], None))
        graph = h.make_graph(nodes, "case", [h.make_tensor_value_info(k, NUMBER[dtype], v.shape)
                                             for k, v in self.inputs.items()], out, inits)
        return h.make_model(graph, opset_imports=[h.make_opsetid("", self.opset)], ir_version=8)


def cases(X=(2, 3, 5, 6)):
    def c(*a, **k):
        return Case(*a, **k)
    yield c("Erf", "Erf", {"x": away(X)}, reference="ort")  # the reference's is in single precision
    for op in "Abs Relu Sigmoid Tanh Softplus Softsign Exp Neg Sin Cos Sinh Cosh Atan Asinh".split():
        yield c(op, op, {"x": away(X)}, ort=op not in ())
    yield c("HardSwish", "HardSwish", {"x": away(X, -5, 5, kinks=(-3, 3))})
    yield c("Mish", "Mish", {"x": away(X)})
    yield c("Tan", "Tan", {"x": away(X, -1.2, 1.2)})
    for op in ("Asin", "Acos", "Atanh"):
        yield c(op, op, {"x": away(X, -0.9, 0.9)})
    yield c("Acosh", "Acosh", {"x": away(X, 1.2, 3)})
    for op in ("Log", "Sqrt", "Reciprocal"):
        yield c(op, op, {"x": away(X, 0.3, 3)})
    for alpha in (0.01, 0.3, 1.5):
        yield c(f"LeakyRelu {alpha}", "LeakyRelu", {"x": away(X)}, alpha=alpha)
        yield c(f"Elu {alpha}", "Elu", {"x": away(X)}, alpha=alpha)
        yield c(f"Celu {alpha}", "Celu", {"x": away(X)}, alpha=alpha)
        yield c(f"ThresholdedRelu {alpha}", "ThresholdedRelu", {"x": away(X, kinks=(alpha,))}, alpha=alpha)
    yield c("Selu", "Selu", {"x": away(X)})
    yield c("Selu attributes", "Selu", {"x": away(X)}, alpha=0.7, gamma=1.3)
    yield c("HardSigmoid", "HardSigmoid", {"x": away(X, -4, 4, kinks=(-2.5, 2.5))})
    yield c("HardSigmoid 1/6", "HardSigmoid", {"x": away(X, -5, 5, kinks=(-3, 3))}, alpha=1 / 6, beta=0.5)
    yield c("Shrink", "Shrink", {"x": away(X, kinks=(-0.5, 0.5))}, lambd=0.5, bias=0.2)
    for approx in ("none", "tanh"):
        yield c(f"Gelu {approx}", "Gelu", {"x": away(X)}, opset=20, approximate=approx, reference="ort")
    yield c("Clip", "Clip", {"x": away(X, kinks=(-1, 1))}, {"lo": np.array(-1.0), "hi": np.array(1.0)})
    yield c("Clip low", "Clip", {"x": away(X, kinks=(-1,))}, {"lo": np.array(-1.0)})
    yield c("Clip high", "Clip", {"x": away(X, kinks=(1,))}, {"hi": np.array(1.0)}, order=["x", "", "hi"])
    yield c("Clip 6", "Clip", {"x": away(X, kinks=(-1, 1))}, opset=7, min=-1.0, max=1.0, ort=False, reference=False)
    yield c("PRelu", "PRelu", {"x": away(X), "s": RNG.uniform(0.1, 1, (3, 1, 1))})
    for a, b in ((X, X), (X, (3, 1, 1)), ((6,), X), ((2, 1, 5, 1), (3, 1, 6)), (X, ())):
        for op in ("Add", "Sub", "Mul", "Div"):
            yield c(f"{op} {a} {b}", op, {"a": away(a), "b": away(b, 0.5, 2)})
        yield c(f"Pow {a} {b}", "Pow", {"a": away(a, 0.4, 2), "b": away(b)})
        z = distinct((int(np.prod(a)) + int(np.prod(b)),))
        parts = {"a": z[:int(np.prod(a))].reshape(a), "b": z[int(np.prod(a)):].reshape(b)}
        for op in ("Max", "Min"):
            yield c(f"{op} {a} {b}", op, parts)
        yield c(f"Where {a} {b}", "Where", {"a": away(a), "b": away(b)},
                {"m": RNG.random((5, 6)) > 0.5}, order=["m", "a", "b"])
    for e in (2.0, 0.5, 3.0, -1.0, 1.0):
        yield c(f"Pow {e}", "Pow", {"a": away(X, 0.4, 2)}, {"e": np.array(e)})
    yield c("Pow negative base", "Pow", {"a": away(X, -2, 2)}, {"e": np.array(3, np.int64)})
    for op in ("Sum", "Mean"):
        yield c(op, op, {"a": away(X), "b": away((3, 1, 1)), "d": away((6,))})
    yield c("Max three", "Max", {k: v for k, v in zip("abd", distinct((3,) + X))})
    yield from move_cases(c, X)
    yield from product_cases(c)
    yield from window_cases(c)
    yield from reduce_cases(c, X)
    yield from norm_cases(c, X)
    yield from resize_cases(c)
    yield from select_cases(c)


def ints(*v):
    return np.array(v, np.int64)


def move_cases(c, X):
    yield c("Identity", "Identity", {"x": away(X)})
    yield c("Dropout", "Dropout", {"x": away(X)})
    for to in ((6, -1), (0, 0, 30), (180,), (1, 2, 3, 5, 6)):
        yield c(f"Reshape {to}", "Reshape", {"x": away(X)}, {"s": ints(*to)})
    for axis in (0, 1, 2, -1, 4):
        yield c(f"Flatten {axis}", "Flatten", {"x": away(X)}, axis=axis)
    yield c("Squeeze", "Squeeze", {"x": away((2, 1, 5, 1))}, {"a": ints(1, -1)})
    yield c("Squeeze all", "Squeeze", {"x": away((2, 1, 5, 1))})
    yield c("Squeeze 11", "Squeeze", {"x": away((2, 1, 5, 1))}, opset=11, axes=[1])
    yield c("Unsqueeze", "Unsqueeze", {"x": away((2, 5))}, {"a": ints(0, -1)})
    for perm in ([0, 2, 3, 1], [3, 1, 0, 2], None):
        kw = {"perm": perm} if perm else {}
        yield c(f"Transpose {perm}", "Transpose", {"x": away(X)}, **kw)
    for axis in (0, 1, -1):
        shapes = [list(X), list(X), list(X)]
        for k, s in enumerate(shapes):
            s[axis] = k + 1
        yield c(f"Concat {axis}", "Concat", {n: away(tuple(s)) for n, s in zip("abd", shapes)}, axis=axis)
        yield c(f"Split {axis}", "Split", {"x": away((4, 4, 4))}, {"s": ints(1, 3)}, n_out=2, outs=[0, 1], axis=axis)
        yield c(f"Split one used {axis}", "Split", {"x": away((4, 4, 4))}, {"s": ints(1, 3)}, n_out=2, outs=[1], axis=axis)
    yield c("Split equal", "Split", {"x": away((5, 4))}, n_out=3, outs=[0, 1, 2], num_outputs=3, axis=0)
    big = 2 ** 63 - 1
    for s, e, a, st in (((1,), (3,), (2,), (1,)), ((0,), (big,), (3,), (2,)), ((1,), (6,), (3,), (3,)),
                        ((-1,), (-big,), (3,), (-1,)), ((-2,), (-big,), (3,), (-2,)), ((4, 1), (0, 5), (2, 3), (-3, 2)),
                        ((-3,), (-1,), (1,), (1,))):
        yield c(f"Slice {s} {e} {a} {st}", "Slice", {"x": away(X)}, {"s": ints(*s), "e": ints(*e), "a": ints(*a), "t": ints(*st)}, reference="ort")
    yield c("Slice 9", "Slice", {"x": away(X)}, opset=9, starts=[1], ends=[4], axes=[3], reference=False, ort=False)
    for mode in ("constant", "reflect", "edge", "wrap"):
        yield c(f"Pad {mode}", "Pad", {"x": away(X)}, {"p": ints(0, 0, 2, 1, 0, 0, 1, 3)}, mode=mode,
                opset=19 if mode == "wrap" else 18, reference="ort" if mode == "constant" else True)
    yield c("Pad crops", "Pad", {"x": away(X)}, {"p": ints(0, 0, -1, 2, 0, 1, 0, -2)}, reference=False)
    yield c("Pad axes", "Pad", {"x": away(X)}, {"p": ints(1, 2, 0, 3), "v": np.array(0.5), "a": ints(-1, 1)}, reference="ort")
    yield c("Tile", "Tile", {"x": away((2, 3, 4))}, {"r": ints(2, 1, 3)})
    yield c("Expand", "Expand", {"x": away((3, 1))}, {"s": ints(2, 1, 4)})
    for mode in ("DCR", "CRD"):
        yield c(f"DepthToSpace {mode}", "DepthToSpace", {"x": away((2, 8, 2, 3))}, blocksize=2, mode=mode)
    yield c("SpaceToDepth", "SpaceToDepth", {"x": away((2, 2, 4, 6))}, blocksize=2)
    for ex, rev in itertools.product((0, 1), (0, 1)):
        yield c(f"CumSum {ex} {rev}", "CumSum", {"x": away((3, 5))}, {"a": np.array(1, np.int64)}, exclusive=ex, reverse=rev)
    yield c("Trilu upper", "Trilu", {"x": away((2, 4, 5))}, {"k": np.array(1, np.int64)}, upper=1)
    yield c("Trilu lower", "Trilu", {"x": away((2, 4, 5))}, upper=0)


def product_cases(c):
    for a, b in (((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (6, 4, 5)),
                 ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5))):
        yield c(f"MatMul {a} {b}", "MatMul", {"a": away(a), "b": away(b)})
    for ta, tb in itertools.product((0, 1), (0, 1)):
        a = (4, 3) if ta else (3, 4)
        b = (5, 4) if tb else (4, 5)
        for bias in ((5,), (3, 1), (3, 5), ()):
            yield c(f"Gemm {ta} {tb} {bias}", "Gemm", {"a": away(a), "b": away(b), "d": away(bias)},
                    transA=ta, transB=tb, alpha=0.7, beta=1.3)
    yield c("Gemm no bias", "Gemm", {"a": away((3, 4)), "b": away((4, 5))})
    for eq, shapes in (("ij,jk->ik", ((3, 4), (4, 5))), ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
                       ("bhid,bhjd->bhij", ((2, 2, 3, 4), (2, 2, 5, 4))), ("ij->ji", ((3, 4),)),
                       ("ij->i", ((3, 4),)), ("ij,kl->i", ((3, 4), (2, 5))), ("i,i", ((4,), (4,))),
                       ("ab, cb", ((2, 3), (4, 3)))):
        yield c(f"Einsum {eq}", "Einsum", {n: away(s) for n, s in zip("ab", shapes)}, equation=eq, ort=True)
    for eq, shapes in (("...ij,...jk->...ik", ((2, 3, 4), (2, 4, 5))), ("...ij,jk", ((2, 2, 3, 4), (4, 5))),
                       ("i...,i...->...", ((3, 2, 4), (3, 2, 4))), ("...ij->...ji", ((2, 3, 4),)),
                       ("...i,...i", ((2, 3, 4), (1, 3, 4))), ("ab,bc,cd->ad", ((2, 3), (3, 4), (4, 2))),
                       ("ab,b,ac->c", ((2, 3), (3,), (2, 4)))):
        yield c(f"Einsum {eq}", "Einsum", {n: away(s) for n, s in zip("abc", shapes)}, equation=eq)


def window_cases(c):
    n = 0
    for k, s, p, d, g in itertools.product((1, 2, 3, 5), (1, 2, 3), ((0, 0), (1, 1), (2, 0)), (1, 2), (1, 2, 4)):
        n += 1
        if n % 3 and (k, s) != (3, 2):
            continue
        size = (9, 8)
        if (k - 1) * d + 1 > min(size) + sum(p):
            continue
        yield c(f"Conv k{k} s{s} p{p} d{d} g{g}", "Conv",
                {"x": away((2, 4) + size), "w": away((8, 4 // g, k, k)), "b": away((8,))}, reference="torch",
                kernel_shape=[k, k], strides=[s, s], pads=[p[0], p[0], p[1], p[1]], dilations=[d, d], group=g)
        yield c(f"ConvTranspose k{k} s{s} p{p} d{d} g{g}", "ConvTranspose",
                {"x": away((2, 4, 4, 5)), "w": away((4, 6 // (2 if g == 4 else g), k, k)), "b": away((6 // (2 if g == 4 else g) * g,))},
                reference="torch", strides=[s, s], pads=[min(p[0], (k - 1) * d)] * 2 + [min(p[1], (k - 1) * d)] * 2,
                dilations=[d, d], group=g, output_padding=[s - 1, 0])
    # Many channels: strided convolutions phase by phase; kernel = stride: patches.
    for k, s, p, size in ((3, 2, (1, 1), (7, 6)), (3, 2, (1, 0), (6, 7)), (1, 2, (0, 0), (5, 4)), (5, 3, (2, 1), (8, 7)),
                          (2, 3, (1, 0), (7, 8)), (4, 2, (1, 1), (6, 6)), (3, 4, (0, 2), (9, 8)), (2, 2, (0, 0), (5, 6))):
        yield c(f"Conv phases k{k} s{s} p{p}", "Conv", {"x": away((1, 16) + size), "w": away((2, 16, k, k))},
                reference="torch", kernel_shape=[k, k], strides=[s, s], pads=[p[0], p[0], p[1], p[1]])
    yield c("Conv patches", "Conv", {"x": away((2, 3, 8, 11)), "w": away((5, 3, 4, 4))}, reference="torch", strides=[4, 4])
    for k in (1, 3, 5):
        yield c(f"Conv 1d {k}", "Conv", {"x": away((2, 3, 9)), "w": away((4, 3, k))}, reference="torch", pads=[2, 1])
        yield c(f"Conv 3d {k}", "Conv", {"x": away((1, 2, 5, 6, 5)), "w": away((3, 2, k, k, k))}, reference="torch",
                strides=[1, 2, 1], pads=[1] * 6)
    yield c("Conv wide padding", "Conv", {"x": away((1, 2, 4, 4)), "w": away((3, 2, 1, 1))}, pads=[2, 1, 0, 2], reference="torch")
    for pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for s, k in ((1, 3), (2, 3), (2, 4), (3, 2)):
            yield c(f"Conv {pad} {s} {k}", "Conv", {"x": away((1, 2, 7, 8)), "w": away((3, 2, k, k))}, auto_pad=pad,
                    strides=[s, s], reference="ort")
    for k, s, p, d, ceil in itertools.product((2, 3), (1, 2, 3), (0, 1), (1, 2), (0, 1)):
        x = {"x": distinct((2, 3, 9, 8))}
        yield c(f"MaxPool k{k} s{s} p{p} d{d} c{ceil}", "MaxPool", x, kernel_shape=[k, k], strides=[s, s],
                pads=[p] * 4, dilations=[d, d], ceil_mode=ceil, reference="ort", opset=22 if ceil else 18)
        for inc in (0, 1):
            if d == 1:
                yield c(f"AveragePool k{k} s{s} p{p} c{ceil} i{inc}", "AveragePool", {"x": away((2, 3, 9, 8))},
                        kernel_shape=[k, k], strides=[s, s], pads=[p] * 4, ceil_mode=ceil, count_include_pad=inc, reference="ort",
                        opset=22 if ceil else 18)
    yield c("MaxPool 5x5 s1", "MaxPool", {"x": distinct((1, 2, 8, 8))}, kernel_shape=[5, 5], pads=[2] * 4, reference="ort")
    yield c("AveragePool blocks", "AveragePool", {"x": away((2, 3, 8, 6))}, kernel_shape=[2, 3], strides=[2, 3], reference="ort")
    yield c("AveragePool SAME", "AveragePool", {"x": away((2, 3, 7, 6))}, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER", reference="ort")
    yield c("MaxPool 1d", "MaxPool", {"x": distinct((2, 3, 9))}, kernel_shape=[3], strides=[2], reference="ort")
    yield c("AveragePool 3d", "AveragePool", {"x": away((1, 2, 5, 5, 5))}, kernel_shape=[3, 3, 3], pads=[1] * 6, reference="ort")
    yield c("GlobalAveragePool", "GlobalAveragePool", {"x": away((2, 3, 4, 5))})
    yield c("GlobalMaxPool", "GlobalMaxPool", {"x": distinct((2, 3, 4, 5))})


def reduce_cases(c, X):
    for op in "Sum Mean Max Min L1 L2 LogSum LogSumExp SumSquare".split():
        x = distinct(X) if op in ("Max", "Min") else away(X, 0.3, 2) if op == "LogSum" else away(X)
        for axes, keep in ((None, 1), ((1,), 0), ((2, 3), 1), ((-1,), 0), ((0, 2), 0)):
            k = {} if axes is None else {"a": ints(*axes)}
            yield c(f"Reduce{op} {axes} {keep}", "Reduce" + op, {"x": x}, k, keepdims=keep)
    for name, x in (("", away(X)), (" zeros", np.where(RNG.random(X) < 0.15, 0.0, away(X)))):
        for axes, keep in ((None, 1), ((1,), 0), ((2, 3), 1)):
            yield c(f"ReduceProd{name} {axes}", "ReduceProd", {"x": x}, {} if axes is None else {"a": ints(*axes)}, keepdims=keep)
    yield c("ReduceMean 13", "ReduceMean", {"x": away(X)}, opset=13, axes=[2, 3], keepdims=0)
    yield c("ReduceSum noop", "ReduceSum", {"x": away(X)}, noop_with_empty_axes=1)
    for axis in (0, 1, -1):
        yield c(f"Softmax {axis}", "Softmax", {"x": away((2, 5, 4))}, axis=axis)
        yield c(f"LogSoftmax {axis}", "LogSoftmax", {"x": away((2, 5, 4))}, axis=axis)
        yield c(f"TopK {axis}", "TopK", {"x": distinct((4, 5, 4))}, {"k": ints(3)}, n_out=2, axis=axis, largest=1 if axis else 0)
        yield c(f"Softmax 11 {axis}", "Softmax", {"x": away((2, 5, 4))}, opset=11, axis=axis, reference="ort")


def norm_cases(c, X):
    C = 6
    x = away((2, C, 4, 3))
    yield c("BatchNormalization", "BatchNormalization", {"x": x, "s": away((C,)), "b": away((C,))},
            {"m": RNG.normal(size=C), "v": RNG.uniform(0.3, 2, C)}, epsilon=1e-3)
    yield c("BatchNormalization 9", "BatchNormalization", {"x": x, "s": away((C,)), "b": away((C,))},
            {"m": RNG.normal(size=C), "v": RNG.uniform(0.3, 2, C)}, opset=9, reference="ort")
    yield c("InstanceNormalization", "InstanceNormalization", {"x": x, "s": away((C,)), "b": away((C,))})
    for axis in (-1, 1, 2):
        sh = (2, C, 4, 3)[axis:] if axis > 0 else (3,)
        yield c(f"LayerNormalization {axis}", "LayerNormalization", {"x": x, "s": away(sh), "b": away(sh)}, axis=axis)
        yield c(f"RMSNormalization {axis}", "RMSNormalization", {"x": x, "s": away(sh)}, axis=axis, opset=23)
    yield c("LayerNormalization no bias", "LayerNormalization", {"x": x, "s": away((3,))})
    for g in (1, 2, 6):
        yield c(f"GroupNormalization {g}", "GroupNormalization", {"x": x}, {"s": away((C,)), "b": away((C,))}, num_groups=g, opset=21, reference="ort")
    for p, axis in itertools.product((1, 2), (1, -1)):
        yield c(f"LpNormalization {p} {axis}", "LpNormalization", {"x": x}, p=p, axis=axis, reference="own")
    yield c("MeanVarianceNormalization", "MeanVarianceNormalization", {"x": x}, reference="own")
    yield c("MeanVarianceNormalization axes", "MeanVarianceNormalization", {"x": x}, axes=[1, 3], reference="own")
    for size in (1, 3, 5):
        yield c(f"LRN {size}", "LRN", {"x": x}, size=size, alpha=0.3, beta=0.6, bias=1.5, reference="ort")


def resize_cases(c):
    for mode, coord in itertools.product(("nearest", "linear", "cubic"),
                                         ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")):
        if (mode, coord) == ("nearest", "half_pixel_symmetric"):
            continue  # refused: runtimes disagree where coordinates fall on whole numbers
        for sizes in ((1, 2, 8, 10), (1, 2, 7, 3), (1, 2, 4, 9), (1, 2, 12, 15)):
            nm = ("round_prefer_floor", "floor", "ceil", "round_prefer_ceil")
            for nearest in nm if mode == "nearest" else nm[:1]:
                yield c(f"Resize {mode} {coord} {sizes} {nearest}", "Resize", {"x": away((1, 2, 4, 5))},
                        {"s": ints(*sizes)}, order=["x", "", "", "s"], mode=mode, coordinate_transformation_mode=coord,
                        nearest_mode=nearest, opset=19, reference="ort")
    for scales in ((1, 1, 2, 2), (1, 1, 1.5, 0.6), (1, 1, 3, 3)):
        for mode in ("nearest", "linear", "cubic"):
            yield c(f"Resize {mode} scales {scales}", "Resize", {"x": away((1, 2, 4, 5))},
                    {"s": np.array(scales, np.float32)}, order=["x", "", "s"], mode=mode, reference="ort")
    for mode, coord, out in itertools.product(("linear", "cubic"), ("half_pixel", "align_corners", "asymmetric"), (0, 1)):
        for sizes in ((1, 2, 4, 3), (1, 2, 11, 4)):
            yield c(f"Resize antialias {mode} {coord} {sizes} {out}", "Resize", {"x": away((1, 2, 9, 10))}, {"s": ints(*sizes)},
                    order=["x", "", "", "s"], mode=mode, coordinate_transformation_mode=coord, antialias=1, exclude_outside=out,
                    reference="ort")
    yield c("Resize exclude", "Resize", {"x": away((1, 2, 4, 5))}, {"s": ints(1, 2, 7, 8)}, order=["x", "", "", "s"],
            mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5, reference="ort")
    yield c("Resize axes", "Resize", {"x": away((1, 2, 4, 5))}, {"s": ints(7, 8)}, order=["x", "", "", "s"],
            mode="linear", axes=[2, 3], reference="ort")
    yield c("Upsample", "Upsample", {"x": away((1, 2, 4, 5))}, {"s": np.array([1, 1, 2, 3], np.float32)}, opset=9, mode="nearest", reference="ort")
    yield c("Resize 10", "Resize", {"x": away((1, 2, 4, 5))}, {"s": np.array([1, 1, 2, 3], np.float32)}, opset=10, mode="linear", reference="ort")


def attention_cases(c):
    q, k, v = (2, 4, 3, 5), (2, 4, 6, 5), (2, 4, 6, 7)
    mask = RNG.random((3, 6)) < 0.7
    mask[:, 0] = True
    plain = {"q": away(q), "k": away(k), "v": away(v)}
    yield c("Attention", "Attention", plain, opset=23)
    yield c("Attention scale", "Attention", plain, opset=23, scale=0.3)
    yield c("Attention softcap", "Attention", plain, opset=23, softcap=1.5)
    yield c("Attention causal", "Attention", {"q": away(k), "k": away(k), "v": away(v)}, opset=23, is_causal=1)
    yield c("Attention mask", "Attention", plain, {"m": mask}, opset=23)
    for shape in ((3, 6), (1, 1, 3, 6), (2, 4, 3, 6), (2, 1, 3, 6)):
        yield c(f"Attention bias {shape}", "Attention", {**plain, "m": away(shape)}, opset=23)
    yield c("Attention 3d", "Attention", {"q": away((2, 3, 20)), "k": away((2, 6, 20)), "v": away((2, 6, 28))}, opset=23,
            q_num_heads=4, kv_num_heads=4)
    shared = {"q": away(q), "k": away((2, 2, 6, 5)), "v": away((2, 2, 6, 7))}
    yield c("Attention shared", "Attention", shared, opset=23, reference="ort")
    yield c("Attention shared 3d", "Attention", {"q": away((2, 3, 20)), "k": away((2, 6, 10)), "v": away((2, 6, 14))}, opset=23,
            q_num_heads=4, kv_num_heads=2, reference="ort")


def select_cases(c):
    yield from attention_cases(c)
    for axes in ((1, 0), (0, 1)):
        yield c(f"ReverseSequence {axes}", "ReverseSequence", {"x": away((4, 4, 3))}, {"n": ints(1, 2, 3, 4)},
                batch_axis=axes[0], time_axis=axes[1])
    yield c("Mod", "Mod", {"x": away((3, 4)) * 2 + 0.013, "y": away((3, 4), 0.7, 1.3)}, fmod=1, h=1e-6)
    for p in (1, 2, 3):
        yield c(f"GlobalLpPool {p}", "GlobalLpPool", {"x": away((2, 3, 4, 5))}, p=p, reference="ort")
        yield c(f"LpPool {p}", "LpPool", {"x": away((2, 3, 6, 5))}, p=p, kernel_shape=[3, 2], strides=[2, 1],
                pads=[1, 0, 0, 1], reference="ort")
    x = away((4, 5, 3))
    for axis in (0, 1, -1):
        yield c(f"Gather list {axis}", "Gather", {"x": x}, {"i": np.array([[0, 2], [2, -1]], np.int64)}, axis=axis)
        yield c(f"Gather one {axis}", "Gather", {"x": x}, {"i": np.array(1, np.int64)}, axis=axis)
        yield c(f"Gather last {axis}", "Gather", {"x": x}, {"i": np.array(-1, np.int64)}, axis=axis)
        yield c(f"GatherElements {axis}", "GatherElements", {"x": x}, {"i": RNG.integers(0, 3, [2 if d == axis % 3 else n for d, n in enumerate(x.shape)])}, axis=axis, reference="ort")
        for red in ("none", "add"):
            idx = np.stack([RNG.permutation(3)[:2] for _ in range(12)]).reshape(4, 3, 2)
            idx = np.moveaxis(idx[:3, :3], -1, axis).astype(np.int64)
            yield c(f"ScatterElements {axis} {red}", "ScatterElements", {"x": x, "u": away(idx.shape)}, {"i": idx},
                    order=["x", "i", "u"], axis=axis, reduction=red, reference="ort")
    yield c("GatherND", "GatherND", {"x": x}, {"i": np.array([[0, 1], [3, 4], [0, 1]], np.int64)})
    for red in ("none", "add"):
        yield c(f"ScatterND {red}", "ScatterND", {"x": x, "u": away((2, 3))}, {"i": np.array([[0, 1], [3, 4]], np.int64)},
                order=["x", "i", "u"], reduction=red)


class Runner:
    """Forward and gradient graphs in float64 where something evaluates them, else in float32."""

    def __init__(self, model, how):
        self.how = how
        if how == "reference":
            self.session = ReferenceEvaluator(model)
        else:
            import onnxruntime as ort
            options = ort.SessionOptions()
            options.log_severity_level = 3
            options.intra_op_num_threads = 1
            self.session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def __call__(self, feeds):
        return self.session.run(None, feeds)


def torch_forward(case, values):
    """Convolutions in float64 by torch, and their gradients by autograd."""
    import torch
    import torch.nn.functional as F
    t = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in values.items()}
    a = case.attributes
    n = t["x"].dim() - 2
    pads = a.get("pads", [0] * 2 * n)
    s, d, g = a.get("strides", [1] * n), a.get("dilations", [1] * n), a.get("group", 1)
    if case.op == "Conv":
        flat = [v for i in reversed(range(n)) for v in (pads[i], pads[n + i])]
        y = (F.conv1d, F.conv2d, F.conv3d)[n - 1](F.pad(t["x"], flat), t["w"], t.get("b"), s, 0, d, g)
    else:
        y = F.conv_transpose2d(t["x"], t["w"], t.get("b"), s, 0, a.get("output_padding", 0), g, d)
        y = y[:, :, pads[0]:y.shape[2] - pads[2], pads[1]:y.shape[3] - pads[3]]
    return y, t


def differentiate(folder, model):
    source, target = os.path.join(folder, "m.onnx"), os.path.join(folder, "g.onnx")
    onnx.save(model, source)
    done = subprocess.run([TOOL, source, target], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return onnx.load(target)


def numeric(run, weights, values, key, step):
    """Central differences with one Richardson step, of sum(weights * outputs)."""
    def f(x):
        out = run(dict(values, **{key: x}))
        return sum(np.sum(np.asarray(o, np.float64) * w) for o, w in zip(out, weights))
    base, grad = values[key], np.zeros(values[key].shape)
    for at in np.ndindex(*base.shape) if base.shape else [()]:
        d = []
        for k in (step, step / 2):
            up, down = base.copy(), base.copy()
            up[at] += k
            down[at] -= k
            d.append((f(up) - f(down)) / (float(up[at]) - float(down[at])))
        grad[at] = (4 * d[1] - d[0]) / 3
    return grad


def compare(case, folder):
    if case.reference == "torch":
        y, t = torch_forward(case, case.inputs)
        weights = [np.random.default_rng(5).normal(size=tuple(y.shape))]
        import torch
        (y * torch.tensor(weights[0])).sum().backward()
        wanted = {k: v.grad.numpy() for k, v in t.items()}
        graph = differentiate(folder, case.model(np.float32, [y.shape]))
        got = Runner(graph, "ort")({k: v.astype(np.float32) for k, v in case.inputs.items()})[1:]
        tolerance = 2e-5
    else:
        single = case.reference in ("ort", "own", False)
        dtype = np.float32 if single else np.float64
        run = Runner(case.model(dtype), "ort" if single else "reference")
        values = {k: np.asarray(v, dtype) for k, v in case.inputs.items()}
        outputs = run(values)
        shapes = {i: outputs[k].shape for k, i in enumerate(case.outs)}
        weights = [np.random.default_rng(i + 5).normal(size=shapes[i]) for i in case.outs]
        # Linear and piecewise linear operators allow a large step in float32.
        step = 1e-2 if single else case.h
        wanted = {k: numeric(run, weights, values, k, step) for k in case.inputs}
        graph = differentiate(folder, case.model(dtype, shapes))
        got = Runner(graph, "ort" if single else "reference")(values)[len(case.outs):]
        tolerance = 4e-3 if single else 2e-6
    names = [o.name for o in graph.graph.output]
    got = dict(zip(names[len(names) - len(got):], got))
    worst = 0.0
    for key, w in wanted.items():
        g = got["grad_" + key]
        assert g.shape == w.shape, (g.shape, w.shape)
        worst = max(worst, float(np.max(np.abs(g - w)) / (1.0 + np.max(np.abs(w)))) if w.size else 0.0)
    return worst, tolerance, wanted


def write_goldens(path):
    """Up to two small cases of each operator: the model, its inputs, the gradients as measured."""
    chosen = {}
    for case in cases():
        size = sum(v.size for v in case.inputs.values())
        if size <= 400:
            chosen.setdefault(case.op, []).append((size, len(chosen.get(case.op, [])), case))
    with tempfile.TemporaryDirectory() as folder, open(path, "w") as out:
        out.write("# Written by tests/oracle/onnx_gradient.py --golden: name, tolerance, model, then for each\n"
                  "# input its name, values and gradient; base64 of ONNX and of little-endian float32.\n")
        for op in sorted(chosen):
            for size, _, case in sorted(chosen[op], key=lambda t: t[:2])[:2]:
                error, tolerance, wanted = compare(case, folder)
                assert error <= tolerance, (case.name, error)
                values = {k: np.asarray(v, np.float32) for k, v in case.inputs.items()}
                shapes = {i: o.shape for i, o in zip(case.outs, Runner(case.model(np.float32), "ort")(values))}
                fields = [case.name, f"{max(tolerance, 2e-5):g}", b64(case.model(np.float32, shapes).SerializeToString())]
                for key, value in values.items():
                    fields += [key, b64(value.tobytes()), b64(np.asarray(wanted[key], np.float32).tobytes())]
                out.write("\t".join(fields) + "\n")


def write_odd_models(folder):
    """Two classifiers whose gradients are not to be trusted: one rounds, one has a node without rule."""
    weights = {"w": RNG.normal(size=(16, 3)).astype(np.float32), "three": np.array(3, np.float32)}
    rounds = [h.make_node("Mul", ["x", "three"], ["a"]), h.make_node("Round", ["a"], ["b"], name="quantised")]
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 4)), -1)[None].astype(np.float32)
    stopped = [h.make_node("GridSample", ["x", "grid"], ["b"], name="warp")]
    for name, nodes, extra in (("rounds", rounds, {}), ("stopped", stopped, {"grid": grid})):
        nodes = nodes + [h.make_node("Flatten", ["b"], ["f"]), h.make_node("MatMul", ["f", "w"], ["z"]),
                         h.make_node("Softmax", ["z"], ["y"], axis=1)]
        graph = h.make_graph(nodes, name, [h.make_tensor_value_info("x", T.FLOAT, [1, 1, 4, 4])],
                             [h.make_tensor_value_info("y", T.FLOAT, [1, 3])],
                             [nh.from_array(v, k) for k, v in {**weights, **extra}.items()])
        onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8),
                  os.path.join(folder, name + ".onnx"))


def write_kinks(folder):
    """Ten layers with random weights: sound gradients, and a Relu that turns on or off wherever one moves."""
    rng = np.random.default_rng(2)
    nodes, held, x, channels = [], {}, "image", 1
    for k in range(10):
        held[f"w{k}"] = rng.normal(0, np.sqrt(2 / (9 * channels)), (16, channels, 3, 3)).astype(np.float32)
        nodes += [h.make_node("Conv", [x, f"w{k}"], [f"c{k}"], pads=[1] * 4, strides=[2 if k == 2 else 1] * 2),
                  h.make_node("Relu", [f"c{k}"], [f"r{k}"])]
        x, channels = f"r{k}", 16
    held["w"] = rng.normal(0, 0.3, (16, 4)).astype(np.float32)
    nodes += [h.make_node("GlobalAveragePool", [x], ["m"]), h.make_node("Flatten", ["m"], ["f"]),
              h.make_node("MatMul", ["f", "w"], ["z"]), h.make_node("Softmax", ["z"], ["y"], axis=1)]
    graph = h.make_graph(nodes, "kinks", [h.make_tensor_value_info("image", T.FLOAT, ["N", 1, 32, 32])],
                         [h.make_tensor_value_info("y", T.FLOAT, ["N", 4])],
                         [nh.from_array(v, k) for k, v in held.items()])
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8),
              os.path.join(folder, "kinks.onnx"))


def b64(data):
    return base64.b64encode(data).decode()


def in_float32(case, folder):
    """The same gradient graph in float32 by ONNX Runtime, against float64 by the reference."""
    wide = differentiate(folder, case.model(np.float64, case_shapes(case)))
    narrow = differentiate(folder, case.model(np.float32, case_shapes(case)))
    n = len(case.outs)
    want = Runner(wide, "reference")({k: np.asarray(v) for k, v in case.inputs.items()})[n:]
    got = Runner(narrow, "ort")({k: np.asarray(v, np.float32) for k, v in case.inputs.items()})[n:]
    return max(float(np.max(np.abs(g - w)) / (1 + np.max(np.abs(w)))) for g, w in zip(got, want) if w.size)


def case_shapes(case):
    out = Runner(case.model(np.float64), "reference")({k: np.asarray(v) for k, v in case.inputs.items()})
    return {i: out[k].shape for k, i in enumerate(case.outs)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--golden", help="folder to write")
    args = parser.parse_args()
    if args.golden:
        write_goldens(os.path.join(args.golden, "rules.tsv"))
        write_odd_models(args.golden)
        write_kinks(args.golden)
        return
    good, bad, operators, worst32 = 0, 0, set(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            if args.only and args.only not in case.name:
                continue
            try:
                error, tolerance, _ = compare(case, folder)
                single = 0.0
                if case.reference is True and case.ort and case.op not in ("GroupNormalization",):
                    single = in_float32(case, folder)
                worst32 = max(worst32, single)
                fine = error <= tolerance and single <= 5e-5
                note = f"{error:.2g} (float32 in ONNX Runtime {single:.2g})"
            except Exception as e:  # a case that cannot run has failed
                fine, note = False, f"{type(e).__name__}: {str(e)[:300]}"
            good, bad = good + fine, bad + (not fine)
            operators.add(case.op)
            if not fine or args.verbose:
                print(("ok  " if fine else "BAD ") + case.name + ": " + note)
    print(f"{len(operators)} operators, {good} cases as measured, {bad} not; float32 within {worst32:.1e}")
    sys.exit(bad > 0)


main()
