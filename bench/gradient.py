#!/usr/bin/env python3
"""Input gradients: Assay's gradient graph against the forward pass of the same model (aim: at most
2.2 times its time on ResNets) and against torch's autograd, in one thread, in the same run. Least
processor time of several runs.

Needs torch and torchvision (networks with random weights).
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")


def torch_seconds(net, x, repeats):
    import torch
    torch.set_num_threads(1)
    label = torch.zeros(x.shape[0], dtype=torch.long)
    best = float("inf")
    for _ in range(repeats + 1):
        t = x.clone().requires_grad_(True)
        begin = time.thread_time()
        loss = torch.nn.functional.cross_entropy(net(t), label, reduction="sum")
        torch.autograd.grad(loss, t)
        best = min(best, time.thread_time() - begin)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--nets", default="resnet18:224,resnet50:224,mobilenet_v2:224")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    args = parser.parse_args()
    try:
        import torch
        import torchvision
    except ImportError:
        print("torch and torchvision are not installed: nothing to compare with")
        return
    with tempfile.TemporaryDirectory() as folder:
        for item in args.nets.split(","):
            name, side = item.split(":")
            torch.manual_seed(1)
            net = getattr(torchvision.models, name)(weights=None).eval()
            for p in net.parameters():
                p.requires_grad_(False)
            x = torch.randn(args.batch, 3, int(side), int(side))
            path = os.path.join(folder, "net.onnx")
            torch.onnx.export(net, x, path, opset_version=17, dynamo=False, input_names=["x"],
                              output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
            done = subprocess.run([args.program, path, str(args.batch), str(args.repeats)],
                                  capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            forward, gradient, ratio = map(float, done.stdout.split())
            peer = torch_seconds(net, x, args.repeats)
            print(f"{name}, {side} pixels, batch {args.batch}: forward {forward * 1e3:.1f} ms, gradient "
                  f"{gradient * 1e3:.1f} ms = {ratio:.2f} x forward; torch autograd {peer * 1e3:.1f} ms = "
                  f"{peer / gradient:.2f} x Assay's time", flush=True)


main()
