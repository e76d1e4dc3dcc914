#!/usr/bin/env python3
"""assay evaluate --task detection beside pycocotools and faster-coco-eval, from the JSON files to the
12 statistics, each in a process of its own: compare.py [--large] [--objects365]

The program is $ASSAY_PROGRAM. Peers that are not installed are left out. Fails when a statistic
differs from pycocotools in any bit."""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PEER = """
import contextlib, io, json, sys
with contextlib.redirect_stdout(io.StringIO()):
    if sys.argv[1] == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval as Eval
    elif sys.argv[1] == "faster_coco_eval":
        from faster_coco_eval import COCO, COCOeval_faster as Eval
    elif sys.argv[1] == "ultrafast_pycocotools":
        from ultrafast_pycocotools.coco import COCO
        from ultrafast_pycocotools.cocoeval import COCOeval as Eval
    else:
        from hotcoco import COCO, COCOeval as Eval
    truth = COCO(sys.argv[2])
    load = truth.load_res if sys.argv[1] == "hotcoco" else truth.loadRes
    e = Eval(truth, load(sys.argv[3]), sys.argv[4])
    e.evaluate(); e.accumulate(); e.summarize()
print(json.dumps([float(s) for s in list(e.stats)[:12]]))
"""


def timed(words):
    """Wall seconds, processor seconds, peak memory in MB and the output."""
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{words[0]} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def installed(name):
    return subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode == 0


def compare(folder, detections, iou, program, large=False):
    slow = ("pycocotools", "faster_coco_eval")
    subprocess.run([sys.executable, str(pathlib.Path(__file__).parent / "make_data.py"), folder,
                    str(detections)] + ["segm"] * (iou == "segm") + ["objects365"] * large, check=True)
    truth, results = f"{folder}/truth.json", f"{folder}/results.json"
    base = [program, "evaluate", "--task", "detection", "--truth", truth, "--predictions", results,
            "--iou-type", iou, "--json", "-", "--quiet"]
    plain = min((timed(base + ["--replicates", "-1"]) for _ in range(5)), key=lambda run: run[0])
    resampled = min((timed(base) for _ in range(3)), key=lambda run: run[0])
    runs = {"assay": plain, "assay, 1,000 replicates": resampled}
    for peer in ("pycocotools", "faster_coco_eval", "ultrafast_pycocotools", "hotcoco"):
        if installed(peer) and (peer not in slow or not large):
            runs[peer] = timed([sys.executable, "-c", PEER, peer, truth, results, iou])
    print(f"{iou}, {detections} detections", flush=True)
    own = runs["assay"][0]
    for name, (seconds, processor, memory, _) in runs.items():
        print(f"  {name:24} {seconds:8.2f} s {processor:8.2f} s processor {memory:8.0f} MB"
              f" {seconds / own:7.1f} x, {processor / runs['assay'][1]:7.1f} x processor", flush=True)
    mine = [m["value"] for m in json.loads(runs["assay"][3])["measures"][:12]]
    if "pycocotools" in runs:
        theirs = json.loads(runs["pycocotools"][3])
        same = [a == b or (a is None and b == -1) for a, b in zip(mine, theirs)]
        print(f"  {sum(same)} of 12 statistics equal to pycocotools in every bit")
        return all(same)
    return True


def growth(folder, program, iou):
    """Twice the detections must not take more than twice the time: the exponent of the best fit in
    logarithms (1 is linear; reading the truth is the same each time, so it is less)."""
    print(f"growth with the number of detections ({iou}, no replicates)", flush=True)
    first = 25000 if iou == "segm" else 150000
    times = []
    for factor in (1, 2, 4, 8):
        detections = first * factor
        subprocess.run([sys.executable, str(pathlib.Path(__file__).parent / "make_data.py"), folder, str(detections)]
                       + ["segm"] * (iou == "segm"), check=True)
        runs = [timed([program, "evaluate", "--task", "detection", "--truth", f"{folder}/truth.json", "--predictions",
                       f"{folder}/results.json", "--iou-type", iou, "--json", "-", "--quiet", "--replicates", "-1"])
                for _ in range(3)]
        seconds, processor, memory, _ = min(runs, key=lambda run: run[1])
        times.append((detections, processor))
        print(f"  {detections:8} {seconds:8.2f} s {processor:8.2f} s processor {memory:8.0f} MB "
              f"{1e6 * processor / detections:8.2f} us per detection", flush=True)
    x = [math.log(n) for n, _ in times]
    y = [math.log(t) for _, t in times]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)
    last = math.log(times[-1][1] / times[-2][1]) / math.log(2)
    print(f"  exponent {slope:.2f} over all, {last:.2f} from the last doubling (1 is linear)", flush=True)


def main():
    program = os.environ.get("ASSAY_PROGRAM", "build/bin/assay")
    ok = True
    cases = [(37500, "bbox", False), (37500, "segm", False)] + [(431000, "bbox", False)] * ("--large" in sys.argv)
    cases += [(1200000, "bbox", True)] * ("--objects365" in sys.argv)
    for detections, iou, large in cases:
        with tempfile.TemporaryDirectory() as folder:
            ok = compare(folder, detections, iou, program, large) and ok
    for iou in ("bbox", "segm"):
        with tempfile.TemporaryDirectory() as folder:
            growth(folder, program, iou)
    sys.exit(not ok)


if __name__ == "__main__":
    main()
