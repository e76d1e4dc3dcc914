#!/usr/bin/env python3
"""bench/attack.py: PGD and AutoAttack beside torchattacks and ART on the same weights, images and
machine, in one run. Needs numpy, torch, torchattacks, onnx, foolbox (for its MNIST pictures) and,
if it is there, adversarial-robustness-toolbox.

What is compared is the time of the attack alone: Assay's own measure of it (member `cost.seconds`)
beside the call of the other library with the model loaded. Right answers left are printed, because
an attack that gives up early is fast.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import foolbox
import numpy as np
import onnx
import torch
import torchattacks
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent


def digits_net():
    """The reader of examples/digits without its softmax, for torch."""
    weights = {i.name: torch.tensor(numpy_helper.to_array(i))
               for i in onnx.load(ROOT / "examples/digits/digits.onnx").graph.initializer}
    first, second = torch.nn.Linear(784, 128), torch.nn.Linear(128, 10)
    with torch.no_grad():
        first.weight.copy_(weights["hidden.weight"].T)
        first.bias.copy_(weights["hidden.bias"])
        second.weight.copy_(weights["output.weight"].T)
        second.bias.copy_(weights["output.bias"])
    return torch.nn.Sequential(torch.nn.Flatten(), first, torch.nn.ReLU(), second).eval()


def conv_net():
    """A small convolutional net with drawn weights."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(32, 32, 3, stride=2, padding=1), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(32 * 49, 10)).eval()


def export(net, path):
    nodes, tensors, name = [], [], "image"
    for i, layer in enumerate(net):
        out = f"v{i}"
        kind = type(layer).__name__
        if kind in ("Linear", "Conv2d"):
            tensors.append(numpy_helper.from_array(layer.weight.detach().numpy(), f"w{i}"))
            tensors.append(numpy_helper.from_array(layer.bias.detach().numpy(), f"b{i}"))
        if kind == "Linear":
            nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [out], transB=1))
        elif kind == "Conv2d":
            p = layer.padding[0]
            nodes.append(helper.make_node("Conv", [name, f"w{i}", f"b{i}"], [out], pads=[p] * 4,
                                          strides=list(layer.stride), kernel_shape=[3, 3]))
        else:
            nodes.append(helper.make_node({"ReLU": "Relu"}.get(kind, kind), [name], [out]))
        name = out
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 10])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, path)


def pictures(folder, net, count):
    """Foolbox's 20 MNIST pictures, shifted; the net's own answers are the classes."""
    names = sorted(pathlib.Path(foolbox.__file__).parent.glob("data/mnist_*.png"))
    images = []
    for shift in [(y, x) for y in range(-2, 3) for x in range(-2, 3)]:
        for name in names:
            images.append(np.roll(np.array(Image.open(name).convert("L")), shift, (0, 1)))
    images = np.stack(images[:count])
    x = torch.tensor(images, dtype=torch.float32)[:, None] / 255
    with torch.no_grad():
        y = net(x).argmax(1)
    for i, image in enumerate(images):
        place = folder / str(int(y[i]))
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i:04d}.png")
    return x, y


def assay(folder, attack, eps):
    out = subprocess.run(
        [os.environ.get("ASSAY_PROGRAM", ROOT / "build/release/bin/assay"), "attack",
         folder / "net.onnx", folder / "images", "--attack", attack, "--eps", str(eps), "--json",
         "-", "--quiet"], check=True, capture_output=True, text=True)
    found = json.loads(out.stdout)
    return found["attacks"][0]["cost"]["seconds"], found["worst_case"][0]["value"] * found["n"]


def timed(function, net, x, y):
    start = time.perf_counter()
    found = function()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        return seconds, int((net(torch.as_tensor(found)).argmax(1) == y).sum())


def art_pgd(net, x, y, eps):
    from art.attacks.evasion import ProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier
    classifier = PyTorchClassifier(net, torch.nn.CrossEntropyLoss(), (1, 28, 28), 10,
                                   clip_values=(0, 1), device_type="cpu")
    attack = ProjectedGradientDescent(classifier, eps=eps, eps_step=eps / 10, max_iter=40,
                                      num_random_init=1, verbose=False, batch_size=len(x))
    return attack.generate(x.numpy(), y.numpy())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--eps", type=float, default=0.08)
    options = parser.parse_args()
    eps = options.eps
    for title, make in (("digits reader", digits_net), ("small convolutional net", conv_net)):
        net = make()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            export(net, folder / "net.onnx")
            (folder / "net.yaml").write_text(
                "file: net.onnx\nclasses: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']\n"
                "input: {color: grey}\noutput: {scores: logits}\n")
            x, y = pictures(folder / "images", net, options.images)
            print(f"{title}, {len(x)} images, eps {eps}, {torch.get_num_threads()} torch threads")
            ours = {"pgd:steps=40": assay(folder, "pgd:steps=40", eps),
                    "autoattack": assay(folder, "autoattack", eps)}
        theirs = {
            "pgd:steps=40": [("torchattacks", timed(lambda: torchattacks.PGD(
                net, eps=eps, alpha=eps / 10, steps=40)(x, y), net, x, y))],
            "autoattack": [("torchattacks", timed(lambda: torchattacks.AutoAttack(
                net, norm="Linf", eps=eps, n_classes=10)(x, y), net, x, y))]}
        try:
            theirs["pgd:steps=40"].append(("ART", timed(lambda: art_pgd(net, x, y, eps), net, x,
                                                        y)))
        except ImportError:
            print("  ART is not installed: left out")
        for attack, (seconds, left) in ours.items():
            print(f"  {attack}: Assay {seconds:.3f} s, {left:.0f} right answers left")
            for peer, (their_seconds, their_left) in theirs[attack]:
                print(f"    {peer} {their_seconds:.3f} s, {their_left} left: "
                      f"{their_seconds / seconds:.2f} times as long")


if __name__ == "__main__":
    main()
