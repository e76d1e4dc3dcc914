#!/usr/bin/env python3
"""`assay evaluate` on files of predictions beside pandas, pyarrow and scikit-learn on the same files in the same run.

usage: bench/evaluate.py [--program build/release/bin/assay] [--rows 1000000] [--rows 5000000]

Each side is a process of its own that reads the file, measures all rows and each value of a column
(four slices), and ends; time by the clock, processor time of all threads and peak memory are those
of the whole process. The set for two classes: accuracy, balanced accuracy, precision, recall, F1, MCC, kappa, ROC AUC,
average precision, log loss, Brier score, calibration error; ten classes: the same without MCC and
kappa. Assay is run without resampling, as scikit-learn gives no intervals (the exact ones of
proportions and DeLong's are there all the same), and once more with its 1000 replicates.
scikit-learn's ROC AUC alone, on arrays that are in memory already, is timed beside the command.

Needs numpy, pandas, pyarrow, scikit-learn. Values are compared, times are not asserted.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

COMMON = ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc",
          "average_precision", "log_loss", "brier_score", "expected_calibration_error"]
SETS = {2: COMMON + ["matthews_correlation", "cohens_kappa"], 10: COMMON}


def make(path, rows, classes):
    import numpy as np
    import pandas as pd
    rng = np.random.default_rng(rows + classes)
    target = rng.integers(0, classes, rows)
    scores = rng.normal(size=(rows, classes))
    scores[np.arange(rows), target] += 1.5
    scores = np.exp(scores)
    scores /= scores.sum(1, keepdims=True)
    frame = pd.DataFrame({"id": np.char.add("f", np.arange(rows).astype(str)), "target": target,
                          **{f"score_{k}": scores[:, k] for k in range(classes)},
                          "sensor": np.array(["rgb", "ir", "sar", "lidar"])[rng.integers(0, 4, rows)]})
    frame.to_csv(path + ".csv", index=False)
    frame.to_parquet(path + ".parquet", index=False)


def peer(path, classes, auc_only):
    """What people write: read, measure, and the same again for each slice."""
    import numpy as np
    import pandas as pd
    from sklearn import metrics
    frame = (pd.read_parquet if path.endswith(".parquet") else pd.read_csv)(path)
    names = [f"score_{k}" for k in range(classes)]

    def measure(part):
        y, p = part["target"].to_numpy(), part[names].to_numpy()
        label = p.argmax(1)
        binary = classes == 2
        out = {"accuracy": metrics.accuracy_score(y, label),
               "balanced_accuracy": metrics.balanced_accuracy_score(y, label),
               "log_loss": metrics.log_loss(y, p)}
        metrics.precision_recall_fscore_support(y, label)
        metrics.precision_recall_fscore_support(y, label, average="macro")
        one = np.zeros_like(p)
        one[np.arange(len(y)), y] = 1
        out["brier_score"] = float(np.mean(((p - one) ** 2).sum(1)))
        bins = np.minimum((p.max(1) * 15).astype(int), 14)
        for weights in (None, p.max(1), label == y):
            np.bincount(bins, weights, minlength=15)
        if binary:
            out["roc_auc"] = metrics.roc_auc_score(y, p[:, 1])
            metrics.average_precision_score(y, p[:, 1])
            metrics.matthews_corrcoef(y, label)
            metrics.cohen_kappa_score(y, label)
        else:
            out["roc_auc"] = metrics.roc_auc_score(y, p, multi_class="ovr")
            metrics.average_precision_score(one, p)
        return out

    if auc_only:
        y, p = frame["target"].to_numpy(), frame["score_1"].to_numpy()
        start, busy = time.perf_counter(), time.process_time()
        metrics.roc_auc_score(y, p)
        print(json.dumps([time.perf_counter() - start, time.process_time() - busy]))
        return
    whole = measure(frame)
    for _, part in frame.groupby("sensor"):
        measure(part)
    print(json.dumps(whole))


def timed(command):
    """Clock, processor time, peak memory in MiB, standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    assert status == 0, command
    del before
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out


def ours(program, path, classes, replicates):
    command = [program, "evaluate", "--predictions", path, "--group", "sensor", "--replicates",
               str(replicates), "--json", "-"]
    for name in SETS[classes]:
        command += ["-m", name]
    return timed(command)


def check(text, theirs, classes):
    values = {}
    for m in json.loads(text)["measures"]:
        if m.get("group") is None and "value" in m and m.get("average") in (None, "macro"):
            if "class" not in m:
                values[m["metric"]] = m["value"]
            elif classes == 2 and m["class"] == "1" and m["metric"] == "roc_auc":
                values["roc_auc"] = m["value"]
    for name, value in theirs.items():
        assert abs(values[name] - value) < 1e-9, (name, values[name], value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/bin/assay")
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        peer(options.peer[0], int(options.peer[1]), options.peer[2] == "auc")
        return
    print("time by the clock, (processor time), peak memory")
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.rows or [1_000_000, 5_000_000]:
            for classes in (2, 10):
                path = os.path.join(folder, "p")
                subprocess.run([sys.executable, "-c",
                                f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); "
                                f"import evaluate; evaluate.make({path!r}, {rows}, {classes})"],
                               check=True)
                for kind in (".csv", ".parquet"):
                    run = [sys.executable, __file__, "--peer", path + kind, str(classes)]
                    a = ours(options.program, path + kind, classes, -1)
                    b = timed(run + ["all"])
                    full = ours(options.program, path + kind, classes, 1000)
                    check(a[3], json.loads(b[3]), classes)
                    print(f"{rows} rows, {classes} classes, {kind[1:]}: assay {a[0]:.2f} s "
                          f"({a[1]:.2f} s), {a[2]:.0f} MiB; pandas and scikit-learn {b[0]:.2f} s "
                          f"({b[1]:.2f} s), {b[2]:.0f} MiB: {b[0] / a[0]:.1f} times ({b[1] / a[1]:.1f}); "
                          f"with 1000 replicates {full[0]:.2f} s ({full[1]:.2f} s)", flush=True)
                    if classes == 2:
                        auc = json.loads(timed(run + ["auc"])[3])
                        print(f"  scikit-learn's ROC AUC alone, arrays in memory: {auc[0]:.2f} s "
                              f"({auc[1]:.2f} s)", flush=True)


if __name__ == "__main__":
    main()
