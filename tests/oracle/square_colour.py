#!/usr/bin/env python3
"""The Square attack in L2 and L1 on colour images, by the authors' code: tests/golden/square_colour, for
tests/cli/attack_square.sh.

    python tests/oracle/square_colour.py

numpy 2.4.6, torch 2.14.1, pyautoattack 0.2.0, onnx 1.22.0.

A network of random weights and 60 random images of 3 x 15 x 15 (15 is five tiles of three, which the
authors' first pattern needs), labelled with its own answers. expected.txt: NORM EPS QUERIES and how many
images are still right, the mean over ten seeds. Their squares are the same for the whole batch, so single
runs spread.
"""
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from pyautoattack.square import SquareAttack

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "square_colour"
N, SIDE, FILTERS, CLASSES = 60, 15, 8, 5
rng = np.random.default_rng(20260101)
W1, B1 = rng.normal(0, 0.6, (FILTERS, 3, 3, 3)), rng.normal(0, 0.3, FILTERS)
W2, B2 = rng.normal(0, 0.1, (FILTERS * 49, CLASSES)), rng.normal(0, 0.3, CLASSES)
PIXELS = rng.integers(0, 256, (N, SIDE, SIDE, 3), dtype=np.uint8)


def network():
    conv = torch.nn.Conv2d(3, FILTERS, 3, padding=1)
    last = torch.nn.Linear(FILTERS * 49, CLASSES)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor(W1))
        conv.bias.copy_(torch.tensor(B1))
        last.weight.copy_(torch.tensor(W2.T))
        last.bias.copy_(torch.tensor(B2))
    return torch.nn.Sequential(conv, torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(), last).eval()


def save():
    node = helper.make_node
    nodes = [node("Conv", ["image", "w1", "b1"], ["c"], pads=[1, 1, 1, 1]), node("Relu", ["c"], ["r"]),
             node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
             node("Flatten", ["p"], ["f"], axis=1), node("Gemm", ["f", "w2", "b2"], ["logits"])]
    values = {"w1": W1, "b1": B1, "w2": W2, "b2": B2}
    graph = helper.make_graph(
        nodes, "colour", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in values.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)],
                              producer_name="tests/oracle/square_colour.py")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    (OUT / "m.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (OUT / "m.yaml").write_text("file: m.onnx\noutput: {scores: logits}\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    net = network()
    x = torch.tensor(PIXELS.transpose(0, 3, 1, 2) / 255.0, dtype=torch.float32).contiguous()
    y = net(x).argmax(1)
    save()
    np.save(OUT / "images.npy", PIXELS)
    np.save(OUT / "labels.npy", y.numpy().astype(np.int64))
    lines = ["# tests/oracle/square_colour.py: pyautoattack 0.2.0, torch " + torch.__version__]
    for norm, eps in (("l2", 0.25), ("l1", 2.5)):
        for queries in (30, 200):
            left = []
            for seed in range(1, 11):
                attack = SquareAttack(net, norm=norm.upper(), eps=eps, n_queries=queries, seed=seed, device="cpu",
                                      p_init=0.8, n_restarts=1, resc_schedule=False, verbose=False)
                left.append(int((net(attack.perturb(x, y)).argmax(1) == y).sum()))
            lines.append(f"{norm} {eps:g} {queries} {np.mean(left):g}")
            print(lines[-1], left, flush=True)
    (OUT / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
