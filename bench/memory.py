#!/usr/bin/env python3
"""Memory of attacks: the estimate beside the measured peak, and whether a cap holds without changing a number.

For each network of torchvision (random weights, 224 pixels, opset 17): `assay attack` without a cap and with
caps; the peak (VmHWM, as the JSON has it, and ru_maxrss from outside), the estimate, the batch, and whether all
files are the same to the byte but for times and memory.

    bench/memory.py --assay build/release/bin/assay resnet18 resnet50 mobilenet_v2 vit_b_16
"""
import argparse
import json
import multiprocessing
import os
import re
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
TAKEN = re.compile(r'"(seconds|allowed|allowed_by|estimated|peak|gradient_sessions|batch)"')


def export(name, folder):
    import torch
    import torchvision
    torch.manual_seed(1)
    net = getattr(torchvision.models, name)(weights=None).eval()
    torch.onnx.export(net, torch.randn(2, 3, 224, 224), f"{folder}/{name}.onnx", opset_version=17, dynamo=False,
                      input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
    with open(f"{folder}/{name}.yaml", "w") as file:
        file.write(f"file: {name}.onnx\noutput: {{scores: logits}}\n")


def pictures(folder, n):
    import numpy as np
    from PIL import Image
    rng = np.random.default_rng(1)
    os.makedirs(f"{folder}/data")
    for i in range(n):
        small = Image.fromarray((rng.random((14, 14, 3)) * 255).astype("uint8"))
        small.resize((224, 224)).save(f"{folder}/data/{i}.png")


def run(args, folder, name, label, extra):
    out = f"{folder}/{name}.{label}.json"
    begin = time.time()
    process = subprocess.Popen([args.assay, "attack", f"{folder}/{name}.yaml", f"{folder}/data", "--own-answers",
                                "--eps", "4/255", "--threads", str(args.threads), "--json", out, *extra,
                                *[x for a in args.attack for x in ("--attack", a)]],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read().strip().splitlines()
    _, status, use = os.wait4(process.pid, 0)
    if status:
        return print(f"{name} {label}: {said[-1]}")
    with open(out) as file:
        lines = file.readlines()
    memory = json.loads("".join(lines))["memory"]
    print(f"{name} {label}: batch {memory['models'][0]['batch']}, sessions {memory['models'][0]['gradient_sessions']}, "
          f"peak {memory['peak'] / 1e6:.0f} MB (from outside {use.ru_maxrss * 1024 / 1e6:.0f}), estimated "
          f"{memory['estimated'] / 1e6:.0f}, peak/estimate {memory['peak'] / memory['estimated']:.2f}, "
          f"{use.ru_utime + use.ru_stime:.1f} s of processor, {time.time() - begin:.0f} s", flush=True)
    return memory["peak"], [line for line in lines if not TAKEN.search(line)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nets", nargs="*", default=["resnet18", "resnet50", "mobilenet_v2", "vit_b_16"])
    parser.add_argument("--assay", default="build/release/bin/assay")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--attack", action="append")
    parser.add_argument("--share", type=float, action="append", help="caps, as shares of the peak without one")
    args = parser.parse_args()
    args.attack = args.attack or ["fgsm"]
    with tempfile.TemporaryDirectory() as folder:
        pictures(folder, args.images)
        for name in args.nets:
            # Apart: what a process has taken at most counts for those it starts, too.
            apart = multiprocessing.Process(target=export, args=(name, folder))
            apart.start()
            apart.join()
            if apart.exitcode != 0:
                raise SystemExit(f"{name} could not be exported")
            free = run(args, folder, name, "free", [])
            if free is None:
                continue
            for share in args.share or [0.9, 0.75]:
                cap = int(free[0] * share / 1e6)
                got = run(args, folder, name, f"{cap}MB", ["--memory", f"{cap}MB"])
                if got:
                    print(f"  {'below the cap' if got[0] <= cap * 1e6 else 'ABOVE THE CAP'}, "
                          f"{'the same to the byte' if got[1] == free[1] else 'NOT THE SAME'}", flush=True)


if __name__ == "__main__":
    main()
