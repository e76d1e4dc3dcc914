#!/usr/bin/env python3
"""bench/attack.py: PGD and AutoAttack beside torchattacks, ART and the reference AutoAttack (as packaged
in pyautoattack) on the same weights, images and machine, in one run. Needs numpy, torch, torchattacks,
onnx, foolbox (for its MNIST pictures), pyautoattack and adversarial-robustness-toolbox (ART's AutoAttack
has other parts, so only its PGD is compared).

What is compared is processor time, of all threads, of the attack alone: for the other libraries around
the call, with the model loaded; for Assay the difference between a run that makes the attack once more
(PGD: eight times more, for one takes less than a start varies by) and one that makes it once, so that
start, checks and files do not count. The least of several runs each. Right answers left are printed, as
an attack that gives up early is fast.

Images whose two best classes are nearer than 0.001 in the logits are left out: their answer is decided by
the last bits of a sum, which libraries order differently, and then one library would be given an image
that another takes to be wrong already.
"""
import argparse
import json
import os
import pathlib
import resource
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
    images = np.stack(images)
    x = torch.tensor(images, dtype=torch.float32)[:, None] / 255
    with torch.no_grad():
        best = net(x).topk(2, dim=1)
    clear = torch.nonzero(best.values[:, 0] - best.values[:, 1] > 1e-3)[:count, 0]
    images, x, y = images[clear.numpy()], x[clear], best.indices[clear, 0]
    for i, image in enumerate(images):
        place = folder / str(int(y[i]))
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i:04d}.png")
    return x, y


def assay(folder, attack, eps, repeats):
    """Processor seconds of one more attack, and right answers left; every image must be right before."""
    more = 8 if attack.startswith("pgd") else 1
    spent = []
    for times in (1, 1 + more):
        spent.append(float("inf"))
        for _ in range(repeats):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            out = subprocess.run(
                [os.environ.get("ASSAY_PROGRAM", ROOT / "build/release/bin/assay"), "attack",
                 folder / "net.onnx", folder / "images", *["--attack", attack] * times, "--eps",
                 str(eps), "--json", "-", "--quiet"], check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent[-1] = min(spent[-1], after.ru_utime + after.ru_stime - before.ru_utime
                            - before.ru_stime)
    found = json.loads(out.stdout)
    assert found["clean"]["value"] == 1.0, "the labels are not the model's own answers"
    return (spent[1] - spent[0]) / more, found["worst_case"][0]["value"] * found["n"]


def timed(function, net, x, y, repeats):
    seconds = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        found = function()
        seconds = min(seconds, time.process_time() - start)
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


def reference_autoattack(net, x, y, eps):
    from pyautoattack import AutoAttack
    attack = AutoAttack(net, norm="Linf", eps=eps, version="standard")
    return attack.run_standard_evaluation(x, y, batch_size=len(x))[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--eps", type=float, default=0.08)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--attacks", default="pgd,autoattack")
    options = parser.parse_args()
    eps = options.eps
    attacks = [a for a in ("pgd:steps=40", "autoattack") if a.split(":")[0] in options.attacks]
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
            ours = {attack: assay(folder, attack, eps, options.repeats) for attack in attacks}
        theirs = {
            "pgd:steps=40": [
                ("torchattacks", lambda: torchattacks.PGD(net, eps=eps, alpha=eps / 10, steps=40)(x, y)),
                ("ART", lambda: art_pgd(net, x, y, eps))],
            "autoattack": [
                ("torchattacks", lambda: torchattacks.AutoAttack(
                    net, norm="Linf", eps=eps, n_classes=10)(x, y)),
                ("reference", lambda: reference_autoattack(net, x, y, eps))]}
        for attack, (seconds, left) in ours.items():
            print(f"  {attack}: Assay {seconds:.3f} s of processor, {left:.0f} right answers left")
            for peer, function in theirs[attack]:
                their_seconds, their_left = timed(function, net, x, y, options.repeats)
                print(f"    {peer} {their_seconds:.3f} s, {their_left} left: "
                      f"{their_seconds / max(seconds, 1e-3):.2f} times as long", flush=True)


if __name__ == "__main__":
    main()
