#!/usr/bin/env python3
"""bench/ranking.py --program bench_ranking [--rows N]: ROC AUC and average precision beside scikit-learn on one array, and
the price of 10,000 bootstrap replicates of macro-F1. Needs numpy and scikit-learn."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np
from sklearn import metrics


def best_of(function, rounds=5):
    times = []
    for _ in range(rounds):
        start, busy = time.perf_counter(), time.process_time()
        value = function()
        times.append((time.perf_counter() - start, time.process_time() - busy))
    return min(t[0] for t in times), min(t[1] for t in times), value


def price_of_replicates(program, folder, rows, rng):
    """10,000 replicates of macro-F1 beside one evaluation; they are to cost less than 30 of them."""
    files = [os.path.join(folder, name) for name in ("targets", "labels", "weights")]
    for classes in (2, 10):
        target = rng.integers(0, classes, rows).astype(np.int32)
        label = np.where(rng.random(rows) < .7, target, rng.integers(0, classes, rows)).astype(np.int32)
        for kind, weights in (("not weighted", None), ("weights 1 to 5", rng.integers(1, 6, rows) * 1.0),
                              ("a million weights", rng.uniform(.5, 2, rows))):
            target.tofile(files[0])
            label.tofile(files[1])
            if weights is not None:
                weights.tofile(files[2])
            theirs, _, value = best_of(
                lambda: metrics.f1_score(target, label, average="macro", sample_weight=weights), 2)
            out = subprocess.run([program, *files[:2], "-" if weights is None else files[2], str(rows),
                                  str(classes), "0", "f1", "10000"],
                                 check=True, capture_output=True, text=True).stdout
            mine = json.loads(out)
            assert abs(mine["value"] - value) < 1e-12, (mine, value)
            print(f"macro-F1, {rows} rows, {classes} classes, {kind}: {mine['evaluation'] * 1e3:.2f} ms "
                  f"(scikit-learn {theirs * 1e3:.0f} ms), 10000 replicates {mine['replicates'] * 1e3:.1f} ms: "
                  f"{mine['replicates'] / mine['evaluation']:.1f} evaluations")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/bench/bench_ranking")
    parser.add_argument("--rows", type=int, default=5_000_000)
    options = parser.parse_args()
    rows = options.rows
    rng = np.random.default_rng(0)
    target = (rng.random(rows) < .3).astype(np.int32)
    scores = 1 / (1 + np.exp(-(rng.normal(size=rows) + target)))
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("scores", "target")]
        scores.tofile(files[0])
        target.tofile(files[1])

        def ours(metric, replicates, n=rows):
            out = subprocess.run([options.program, *files, str(n), "0", metric, str(replicates)],
                                 check=True, capture_output=True, text=True).stdout
            return json.loads(out)
        for metric, function in (("roc_auc", metrics.roc_auc_score),
                                 ("average_precision", metrics.average_precision_score)):
            theirs, busy, value = best_of(lambda: function(target, scores))
            mine = ours(metric, -1)
            assert abs(mine["value"] - value) < 1e-12, (mine, value)
            print(f"{metric}: {rows} rows: {mine['seconds']:.3f} s, scikit-learn {theirs:.3f} s, "
                  f"{theirs / mine['seconds']:.1f} times (processor time of all threads: "
                  f"{mine['processor']:.3f} s, {busy:.3f} s, {busy / mine['processor']:.1f} times)")
        few = min(rows, 1_000_000)
        price_of_replicates(os.path.join(os.path.dirname(options.program), "bench_replicates"), folder, few, rng)
        auc = ours("roc_auc", 1000, few)["seconds"]
        print(f"roc_auc: {few} rows with 1000 replicates: {auc:.2f} s")


if __name__ == "__main__":
    main()
