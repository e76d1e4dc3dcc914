#!/usr/bin/env python3
"""bench/nms.py --program bench_nms: suppression of duplicates beside torchvision.ops.nms and batched_nms on the
same boxes, processor time of one thread. Needs numpy, torch and torchvision; without them Assay alone."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np

try:
    import torch
    import torchvision
except ImportError:
    torch = None


def boxes_of(n, rng):
    """Dense boxes of a detector: clusters around objects and boxes anywhere, 80 classes."""
    objects = rng.random((max(1, n // 40), 2)) * 600
    at = rng.integers(0, len(objects), n)
    size = np.exp(rng.normal(3.7, .5, (n, 2)))
    corner = np.where(rng.random(n)[:, None] < .8, objects[at] + rng.normal(0, 4, (n, 2)), rng.random((n, 2)) * 600)
    label = np.where(rng.random(n) < .8, at % 80, rng.integers(0, 80, n))
    return np.hstack([corner, corner + size, rng.random((n, 1)), label[:, None]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/bench/bench_nms")
    options = parser.parse_args()
    rng = np.random.default_rng(3)
    if torch is not None:
        torch.set_num_threads(1)
    for n in (300, 1000, 8400, 25200):
        rows = boxes_of(n, rng)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "boxes")
            rows.tofile(path)
            for agnostic in (False, True):
                rounds = max(3, min(20, 60000 // n))
                mine = json.loads(subprocess.run([options.program, path, str(n), ".5", str(int(agnostic)), str(rounds)],
                                                 check=True, capture_output=True, text=True).stdout)
                line = f"{n} boxes, {'all classes together' if agnostic else 'class by class'}: {1e3 * mine['seconds']:.3f} ms"
                if torch is not None:
                    b, s = torch.tensor(rows[:, :4]), torch.tensor(rows[:, 4])
                    c = torch.tensor(rows[:, 5]).long()
                    best = 1e9
                    for _ in range(rounds):
                        start = time.process_time()
                        kept = torchvision.ops.nms(b, s, .5) if agnostic else torchvision.ops.batched_nms(b, s, c, .5)
                        best = min(best, time.process_time() - start)
                    same = len(kept) == mine["left"]
                    assert same or not agnostic, (len(kept), mine)
                    line += (f", torchvision {torchvision.__version__.split('+')[0]} {1e3 * best:.3f} ms, "
                             f"{best / mine['seconds']:.1f} times; {mine['left']} remain{'' if same else ' (theirs: %d)' % len(kept)}")
                print(line, flush=True)


if __name__ == "__main__":
    main()
