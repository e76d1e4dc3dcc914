#!/usr/bin/env python3
"""Golden values for the classification metrics. Writes tests/golden/metric_classification.json.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, torch 2.13.0. Values come from scikit-learn where it has the
metric; expected calibration error is written out here in numpy (right-closed edges, checked against
sklearn.calibration.calibration_curve) and with torch.bucketize as torchmetrics does (left-closed);
top-k on ties, AURC and the risk-coverage curve are written out in numpy.
"""
import json
import os
import warnings

import numpy as np
import sklearn
import torch
from sklearn import calibration, metrics

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
assert torch.__version__.startswith("2.13.0"), torch.__version__
warnings.simplefilter("ignore")
rng = np.random.default_rng(20240607)


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(n, classes, skill, digits):
    target = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) * 1.5
    logits[np.arange(n), target] += skill
    scores = np.round(softmax(logits), digits)
    return target, scores


def tenths(n, classes):
    """Probabilities in steps of one tenth: ties within and between rows, and values on edges."""
    counts = rng.multinomial(10, np.ones(classes) / classes, size=n)
    counts[::9] = 0
    counts[np.arange(0, n, 9), rng.integers(0, classes, len(counts[::9]))] = 10
    return counts / 10.0


def datasets():
    out = {}
    target, scores = draw(60, 4, 1.5, 6)
    out["plain"] = dict(target=target, scores=scores, repeat=1)
    out["single precision"] = dict(target=target, scores=scores.astype(np.float32), repeat=1)
    scores = tenths(80, 3)
    target = np.where(rng.random(80) < .6, scores.argmax(axis=1), rng.integers(0, 3, 80))
    out["ties"] = dict(target=target, scores=scores, repeat=1)
    # class 2 never in the truth, class 3 nowhere, class 4 never predicted
    target, scores = draw(70, 5, 1.0, 6)
    target = np.where((target == 2) | (target == 3), 0, target)
    scores[:, 3] = 0.0
    scores[:, 4] = 0.0
    scores /= scores.sum(axis=1, keepdims=True)
    out["absent classes"] = dict(target=target, scores=scores, repeat=1)
    target, scores = draw(50, 2, 1.0, 6)
    out["two classes"] = dict(target=target, scores=scores, repeat=1)
    out["one row"] = dict(target=np.array([1]), scores=np.array([[.25, .75]]), repeat=1)
    out["one wrong row"] = dict(target=np.array([0]), scores=np.array([[0., 1.]]), repeat=1)
    target, scores = draw(40, 3, .5, 6)
    out["one class"] = dict(target=np.ones(40, int), scores=scores, repeat=1)
    out["perfect"] = dict(target=scores.argmax(axis=1), scores=scores, repeat=1)
    target, scores = draw(401, 10, 2.0, 5)
    out["many rows"] = dict(target=target, scores=scores, repeat=103)
    target = rng.integers(0, 4, 90)
    out["labels only"] = dict(target=target, scores=None, repeat=1,
                              label=np.where(rng.random(90) < .7, target, rng.integers(0, 4, 90)))
    return out


def measure(value, n, average=None, cls=None, successes=None):
    out = {"value": None if value is None or np.isnan(value) else float(value), "n": int(n)}
    if average:
        out["average"] = average
    if cls is not None:
        out["class"] = str(cls)
    if successes is not None:
        out["successes"] = int(successes)
    return out


def ratios(name, function, y, label, classes, **options):
    n = len(y)
    hits = int((y == label).sum())
    out = [measure(function(y, label, average="micro", **options), n, "micro", successes=hits),
           measure(function(y, label, average="macro", **options), n, "macro"),
           measure(function(y, label, average="weighted", **options), n, "weighted")]
    each = function(y, label, average=None, labels=np.arange(classes), **options)
    support = np.bincount(y, minlength=classes)
    if np.isnan(each[support > 0]).all():
        # scikit-learn returns 0 here: no class with a row in the truth has a value
        assert out[2]["value"] == 0
        out[2]["value"] = None
    for c in range(classes):
        tp = int(((y == c) & (label == c)).sum())
        truth, predicted = int((y == c).sum()), int((label == c).sum())
        rows = {"precision": predicted, "recall": truth, "f1": truth + predicted - tp}[name]
        value = each[c] if truth + predicted > 0 else None
        proportion = name != "f1" and rows > 0
        out.append(measure(value, rows, cls=c, successes=tp if proportion else None))
    return out


def edges_of(confidence, bins, binning):
    grid = np.linspace(0, 1, bins + 1)
    return grid if binning == "equal_width" else np.percentile(confidence, grid * 100)


def bin_of(confidence, bins, binning, edges):
    grid = edges_of(confidence, bins, binning)
    if edges == "right_closed":
        return np.searchsorted(grid[1:-1], confidence, side="left")
    if binning == "equal_mass":
        return np.searchsorted(grid[1:-1], confidence, side="right")
    index = torch.bucketize(torch.from_numpy(confidence), torch.linspace(0, 1, bins + 1,
                            dtype=torch.float64), right=True) - 1
    # torch.linspace and numpy.linspace may differ in the last bit of an edge; ours are numpy's
    ours = np.searchsorted(grid, confidence, side="right") - 1
    if not np.array_equal(index.numpy(), ours):
        print("torch's grid differs for", bins, "bins")
    return ours


def ece(confidence, correct, bins, binning, edges, norm):
    index = bin_of(confidence, bins, binning, edges)
    total = np.bincount(index, minlength=bins + 1)
    conf = np.bincount(index, confidence, minlength=bins + 1)
    acc = np.bincount(index, correct, minlength=bins + 1)
    keep = total > 0
    gap = np.abs(acc[keep] / total[keep] - conf[keep] / total[keep])
    share = total[keep] / total.sum()
    if edges == "right_closed" and (confidence <= 1).all():
        strategy = "uniform" if binning == "equal_width" else "quantile"
        if len(np.unique(correct)) == 2:
            prob_true, prob_pred = calibration.calibration_curve(correct, confidence, n_bins=bins,
                                                                 strategy=strategy)
            np.testing.assert_allclose(prob_true, acc[keep] / total[keep])
            np.testing.assert_allclose(prob_pred, conf[keep] / total[keep])
    return {"l1": (gap * share).sum(), "l2": np.sqrt((gap ** 2 * share).sum()),
            "max": gap.max()}[norm]


def reliability(confidence, correct, bins, binning, edges):
    index = bin_of(confidence, bins, binning, edges)
    grid = edges_of(confidence, bins, binning)
    rows = []
    for b in range(bins + 1):
        mine = index == b
        if b == bins and not mine.any():
            continue
        low, high = grid[b], grid[min(b + 1, bins)]
        rows.append([low, high, int(mine.sum()),
                     confidence[mine].mean() if mine.any() else None,
                     correct[mine].mean() if mine.any() else None])
    return rows


def risk_coverage(confidence, correct):
    order = np.argsort(-confidence, kind="stable")
    c, wrong = confidence[order], 1 - correct[order]
    ends = np.append(np.nonzero(np.diff(c))[0], len(c) - 1)
    n = ends + 1
    risk = np.cumsum(wrong)[ends] / n
    area = (np.diff(np.concatenate([[0], n])) * risk).sum() / len(c)
    curve = [[float(k / len(c)), float(r), int(k)] for k, r in zip(n, risk)]
    return curve, area


def top_k(y, scores, k):
    """Of equal scores the lower index comes first."""
    rank = np.array([np.nonzero(np.argsort(-row, kind="stable") == t)[0][0]
                     for row, t in zip(scores, y)])
    hits = int((rank < k).sum())
    if all(len(set(row)) == len(row) for row in scores) and scores.shape[1] > 2:
        want = metrics.top_k_accuracy_score(y, scores, k=k, labels=np.arange(scores.shape[1]))
        assert abs(hits / len(y) - want) < 1e-12
    return hits


def expectations(data):
    y, scores = data["target"], data["scores"]
    repeat = data["repeat"]
    label = data["label"] if scores is None else scores.argmax(axis=1)
    classes = 4 if scores is None else scores.shape[1]
    y, label = np.tile(y, repeat), np.tile(label, repeat)
    n = len(y)
    out = []

    def add(metric, measures=None, curve=None, **params):
        entry = {"metric": metric, "params": {k: str(v) for k, v in params.items()}}
        if measures is not None:
            entry["measures"] = measures
        if curve is not None:
            entry["curve"] = [[None if v is None else float(v) for v in row] for row in curve]
        out.append(entry)

    add("accuracy", [measure(metrics.accuracy_score(y, label), n, successes=(y == label).sum())])
    add("balanced_accuracy", [measure(metrics.balanced_accuracy_score(y, label), n)])
    if len(np.unique(y)) > 1:
        add("balanced_accuracy", [measure(metrics.balanced_accuracy_score(y, label, adjusted=True),
                                          n)], adjusted="true")
    matrix = metrics.confusion_matrix(y, label, labels=np.arange(classes))
    add("confusion_matrix", curve=[[i, j, matrix[i, j]] for i in range(classes)
                                   for j in range(classes) if matrix[i, j]])
    for name, function in (("precision", metrics.precision_score), ("recall", metrics.recall_score)):
        for word, value in (("undefined", np.nan), ("zero", 0)):
            add(name, ratios(name, function, y, label, classes, zero_division=value),
                zero_division=word)
    add("f1", ratios("f1", metrics.f1_score, y, label, classes, zero_division=np.nan))
    if scores is None:
        return out
    single = scores.dtype == np.float32
    wide = np.tile(scores.astype(np.float64), (repeat, 1))
    if not single:
        add("log_loss", [measure(metrics.log_loss(y, wide, labels=np.arange(classes)), n)])
    eps = float(np.finfo(np.float32).eps)
    p = np.clip(wide[np.arange(n), y], eps, 1 - eps)
    add("log_loss", [measure(-np.log(p).mean(), n)], clip=eps)
    brier = ((wide - np.eye(classes)[y]) ** 2).sum(axis=1).mean()
    if classes > 2 and not single:
        want = metrics.brier_score_loss(y, wide, labels=np.arange(classes))
        assert abs(brier - want) < 1e-12, (brier, want)
    add("brier_score", [measure(brier, n)])
    add("brier_score", [measure(brier / 2, n)], half="true")
    for k in (1, 2, 5):
        hits = top_k(y[:n // repeat], wide[:n // repeat], k) * repeat
        add("top_k_accuracy", [measure(hits / n, n, successes=hits)], k=k)
    confidence, correct = wide[np.arange(n), label], (y == label).astype(float)
    for bins in (1, 7, 10, 15):
        for binning in ("equal_width", "equal_mass"):
            for edges in ("right_closed", "left_closed"):
                if bins != 10 and (binning, edges) == ("equal_mass", "left_closed"):
                    continue
                args = dict(bins=bins, binning=binning, edges=edges)
                for norm in ("l1", "l2", "max") if bins == 10 else ("l1",):
                    add("expected_calibration_error",
                        [measure(ece(confidence, correct, bins, binning, edges, norm), n)],
                        norm=norm, **args)
                if bins == 10:
                    add("reliability", curve=reliability(confidence, correct, bins, binning, edges),
                        **args)
    curve, area = risk_coverage(confidence, correct)
    add("aurc", [measure(area, n)])
    if len(curve) <= 200:
        add("risk_coverage", curve=curve)
    return out


def main():
    golden = {"source": "scikit-learn 1.9.1, numpy 2.4.6, torch 2.13.0", "datasets": []}
    for name, data in datasets().items():
        scores = data["scores"]
        entry = {"name": name, "repeat": data["repeat"],
                 "classes": 4 if scores is None else scores.shape[1],
                 "target": data["target"].tolist(),
                 "single": scores is not None and scores.dtype == np.float32}
        if scores is None:
            entry["label"] = data["label"].tolist()
        else:
            entry["scores"] = scores.astype(np.float64).ravel().tolist()
        entry["expected"] = expectations(data)
        golden["datasets"].append(entry)
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_classification.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
