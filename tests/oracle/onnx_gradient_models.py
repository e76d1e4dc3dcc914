#!/usr/bin/env python3
"""Input gradients of whole networks: our graph in ONNX Runtime (float32) against torch autograd
(float64), to 1e-4 relative (in the L2 norm over the input), per network.

Where single precision rounds a value to the other side of a kink (Relu at 0, the maxima of a pool), the
gradient of everything before it differs, torch's own in single precision too. So up to five inputs are
tried: one without such a value must agree; how many were needed is printed.

torchvision's networks with random weights (batch statistics settled by a few passes), exported to
ONNX at opset 13 or 17, inputs reduced to 64 to 96 pixels.

Tested with Python 3.11, torch 2.14, torchvision 0.29, onnx 1.23, onnxruntime 1.32.
"""
import argparse
import copy
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torchvision

warnings.filterwarnings("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "build/release/tests/onnx_gradient")
NETS = {"resnet18": 64, "resnet50": 64, "mobilenet_v2": 64, "mobilenet_v3_large": 64, "efficientnet_b0": 64,
        "squeezenet1_1": 64, "googlenet": 96, "densenet121": 64, "convnext_tiny": 64, "vit_b_16": 64,
        "regnet_y_400mf": 64, "shufflenet_v2_x1_0": 64, "mnasnet0_5": 64, "alexnet": 96, "vgg11_bn": 64, "vgg16": 64, "mobilenet_v3_small": 64,
        "inception_v3": 96, "swin_t": 64, "efficientnet_v2_s": 64, "maxvit_t": 64}


def build(name, size):
    torch.manual_seed(len(name))
    kwargs = {"weights": None}
    if name in ("vit_b_16", "maxvit_t"):
        kwargs["image_size" if name == "vit_b_16" else "input_size"] = size if name == "vit_b_16" else (224, 224)
    if name in ("googlenet", "inception_v3"):
        kwargs.update(init_weights=False, aux_logits=False)
    net = getattr(torchvision.models, name)(**kwargs)
    side = 224 if name == "maxvit_t" else size
    net.train()
    for m in net.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
    with torch.no_grad():  # settle the statistics of batch normalisation
        if any(isinstance(m, torch.nn.BatchNorm2d) for m in net.modules()) and name != "maxvit_t":
            for _ in range(3):
                net(torch.randn(8, 3, side, side))
    return net.eval(), side


def export(net, x, path, opset):
    torch.onnx.export(net, x, path, opset_version=opset, dynamo=False, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, do_constant_folding=True)
    return path


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def seconds(s, feed):
    times = []
    for _ in range(3):
        begin = time.thread_time()
        s.run(None, feed)
        times.append(time.thread_time() - begin)
    return min(times)


def relative(got, want):
    return np.linalg.norm(got - want) / np.linalg.norm(want)


def compare(net, wide, run, x):
    y, g = run.run(None, {"x": x.numpy()})
    t = x.double().requires_grad_(True)
    out = wide(t)
    out.sum().backward()
    single = x.clone().requires_grad_(True)
    net(single).sum().backward()
    want = t.grad.numpy()
    return relative(y, out.detach().numpy()), relative(g, want), relative(single.grad.numpy(), want)


def check(name, size, opset, folder):
    net, side = build(name, size)
    path = export(net, torch.randn(2, 3, side, side), os.path.join(folder, "m.onnx"), opset)
    target = os.path.join(folder, "g.onnx")
    done = subprocess.run([TOOL, path, target, f"x=2,3,{side},{side}"], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip()
    run, plain = session(target), session(path)
    wide = copy.deepcopy(net).double()
    best = None
    for tries in range(1, 6):
        torch.manual_seed(tries)
        x = torch.randn(2, 3, side, side)
        found = compare(net, wide, run, x)
        best = found if best is None or found[1] < best[1] else best
        if best[1] < 1e-4:
            break
    feed = {"x": x.numpy()}
    ratio = seconds(run, feed) / seconds(plain, feed)
    return best[1], (f"forward {best[0]:.1e}, gradient {best[1]:.1e} (torch in float32 {best[2]:.1e}), "
                     f"{tries} input(s), time {ratio:.2f} x forward")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nets", nargs="*")
    parser.add_argument("--opset", type=int, default=0)
    args = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in args.nets or NETS:
            for opset in [args.opset] if args.opset else [13, 17]:
                try:
                    error, note = check(name, NETS.get(name, 64), opset, folder)
                except Exception as e:
                    error, note = None, f"{type(e).__name__}: {str(e)[:300]}"
                fine = error is not None and error < 1e-4
                bad += not fine
                print(("ok  " if fine else "BAD ") + f"{name} opset {opset}: {note}", flush=True)
    sys.exit(bad > 0)


main()
