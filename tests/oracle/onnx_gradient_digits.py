#!/usr/bin/env python3
"""Input gradients of examples/digits/digits.onnx by torch's autograd in double precision, for every loss
of the attacks: writes tests/golden/onnx_gradient/digits_gradient.npy [loss, image, 784] and the images,
digits_images.npy, for tests/unit/adapters/test_onnx_gradient.c.

The losses are written from their definitions (Croce and Hein 2020 for the DLR), in the order of
assay_loss_kind: cross-entropy, margin, logit, logit difference, DLR, targeted DLR.

Pinned: Python 3.11, numpy 2.4.6, torch 2.14.1, onnx 1.23.
"""
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).parent.parent.parent
LABEL, OTHER = [3, 0, 9], [1, 8, 2]


def layers():
    graph = onnx.load(ROOT / "examples/digits/digits.onnx").graph
    held = {t.name: torch.tensor(numpy_helper.to_array(t).copy(), dtype=torch.float64) for t in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type == "Gemm":
            turned = {a.name: a.i for a in node.attribute}.get("transB", 0)
            weight = held[node.input[1]]
            found.append((weight.T if turned else weight, held[node.input[2]]))
    return found


def logits(x):
    (w1, b1), (w2, b2) = layers()
    return torch.relu(x @ w1 + b1) @ w2 + b2


def losses(z):
    rows = torch.arange(len(z))
    own, other = z[rows, LABEL], z[rows, OTHER]
    rest = z.clone()
    rest[rows, LABEL] = -torch.inf
    rival, order = rest.max(1).values, z.sort(1, descending=True).values
    yield torch.logsumexp(z, 1) - own
    yield rival - own
    yield own
    yield other - own
    yield -(own - rival) / (order[:, 0] - order[:, 2] + 1e-12)
    yield -(own - other) / (order[:, 0] - (order[:, 2] + order[:, 3]) / 2 + 1e-12)


def main():
    images = np.random.default_rng(11).random((3, 784), dtype=np.float32)
    x = torch.tensor(images, dtype=torch.float64, requires_grad=True)
    found = [torch.autograd.grad(loss.sum(), x, retain_graph=True)[0].numpy() for loss in losses(logits(x))]
    folder = ROOT / "tests/golden/onnx_gradient"
    np.save(folder / "digits_images.npy", images)
    np.save(folder / "digits_gradient.npy", np.stack(found).astype(np.float32))


main()
