#!/usr/bin/env python3
"""Assay's metrics beside scikit-learn: the same set on the same array in the same run.

usage: bench/metrics.py [--program build/bench/bench_metrics] [--rows 5000000] [--classes 10]

Set: accuracy, confusion matrix, per-class precision, recall and F1 with their averages, log loss,
expected calibration error (15 bins, right-closed), from the scores to the numbers. scikit-learn has
no calibration error: it is written in numpy here, as people do. The clock starts when the arrays are
in memory. scikit-learn's peak memory is that of this process above the arrays.

Pinned for comparisons: scikit-learn 1.9.1, numpy 2.4.6 (others work, and are named in the output).
"""
import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np
import sklearn
from sklearn import metrics


def arrays(rows, classes):
    rng = np.random.default_rng(1)
    target = rng.integers(0, classes, rows, dtype=np.int32)
    scores = rng.standard_normal((rows, classes))
    scores[np.arange(rows), target] += 2.0
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return target, scores


def ece(confidence, correct, bins=15):
    edges = np.linspace(0, 1, bins + 1)
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    total = np.bincount(index, minlength=bins)
    conf = np.bincount(index, confidence, minlength=bins)
    acc = np.bincount(index, correct, minlength=bins)
    return np.abs(acc - conf).sum() / total.sum()


def peak():
    """Peak resident bytes since the last call of `forget_peak`."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024


def forget_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def peer(target, scores):
    start = time.perf_counter()
    label = scores.argmax(axis=1)
    out = {"accuracy": metrics.accuracy_score(target, label)}
    metrics.confusion_matrix(target, label)
    metrics.precision_recall_fscore_support(target, label)
    for average in ("micro", "macro", "weighted"):
        p, r, f, _ = metrics.precision_recall_fscore_support(target, label, average=average)
        out["precision_" + average], out["recall_" + average], out["f1_" + average] = p, r, f
    out["log_loss"] = metrics.log_loss(target, scores)
    confidence = scores[np.arange(len(label)), label].astype(np.float64)
    out["expected_calibration_error"] = ece(confidence, label == target)
    return time.perf_counter() - start, out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/bench/bench_metrics")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--classes", type=int, default=10)
    options = parser.parse_args()
    target, scores = arrays(options.rows, options.classes)
    print(f"{options.rows} rows x {options.classes} classes, scikit-learn {sklearn.__version__}, "
          f"numpy {np.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        target_path = os.path.join(folder, "target")
        target.tofile(target_path)
        for kind, dtype in (("f64", np.float64), ("f32", np.float32)):
            mine = scores.astype(dtype, copy=False)
            path = os.path.join(folder, kind)
            mine.tofile(path)
            forget_peak()
            before = peak()
            theirs, want = min((peer(target, mine) for _ in range(2)), key=lambda pair: pair[0])
            extra = peak() - before
            for threads in (1, 2):
                line = subprocess.run([options.program, path, target_path, str(options.rows),
                                       str(options.classes), kind, str(threads)],
                                      check=True, capture_output=True, text=True).stdout
                got = json.loads(line)
                tolerance = 1e-9 if kind == "f64" else 1e-4
                for name, value in want.items():
                    if name == "log_loss" and kind == "f32":
                        continue  # scikit-learn sums float32 and clips at its epsilon
                    if abs(got[name] - value) > tolerance * max(1, abs(value)):
                        raise SystemExit(f"{name}: {got[name]} and {value}")
                print(f"{kind} {threads} thread(s): assay {got['seconds']:.3f} s, scikit-learn "
                      f"{theirs:.2f} s: {theirs / got['seconds']:.1f} times; peak memory assay "
                      f"{got['peak_bytes'] / mine.nbytes:.2f} times the scores, scikit-learn takes "
                      f"{extra / mine.nbytes:.2f} times on top of them")
            os.remove(path)


if __name__ == "__main__":
    main()
