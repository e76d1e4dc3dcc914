#!/usr/bin/env python3
"""Golden values of calibration by the conventions of other packages, each computed by the package
itself, and of kernel calibration error and tests of calibration. Writes
tests/golden/metric_calibration.json.

Pinned: torchmetrics 1.9.0, torch 2.14.1, mpmath 1.3.0, MAPIE 1.6.0, scikit-learn 1.9.1, numpy 2.4.6. MAPIE's
statistics are taken without the random shifts by which it breaks ties; the scores here have none.
torchmetrics casts scores to single precision first; its computation is run in double here, and both must
agree to six digits. The
kernel calibration error is the double sum of its definition.
"""
import json
import os

import mapie
import mpmath
import numpy as np
import torch
import torchmetrics
from mapie.metrics import calibration as mapie_calibration
from sklearn.calibration import calibration_curve
from torchmetrics.functional.classification import (binary_calibration_error,
                                                    multiclass_calibration_error)
from torchmetrics.functional.classification.calibration_error import _ce_compute

mpmath.mp.dps = 30
assert mapie.__version__ == "1.6.0", mapie.__version__
assert torchmetrics.__version__ == "1.9.0", torchmetrics.__version__
assert torch.__version__.startswith("2.14.1"), torch.__version__
assert np.__version__ == "2.4.6", np.__version__
rng = np.random.default_rng(20261127)


def draw(n, classes, skill):
    y = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) * 1.5
    logits[np.arange(n), y] += skill
    scores = np.exp(logits)
    return y, scores / scores.sum(axis=1, keepdims=True)


def measure(value, n, average=None, cls=None):
    out = {"value": float(value), "n": int(n)}
    if average:
        out["average"] = average
    if cls is not None:
        out["class"] = str(cls)
    return out


def kernel(confidence, correct, bandwidth):
    d = correct - confidence
    k = np.exp(-np.abs(confidence[:, None] - confidence[None, :]) / bandwidth)
    return np.sqrt((d[:, None] * d[None, :] * k).sum()) / len(d)


def double_precision(confidence, correct, bins, norm):
    """torchmetrics' own computation without the cast to single precision before it."""
    return float(_ce_compute(torch.from_numpy(confidence.copy()),
                             torch.from_numpy(np.asarray(correct, float)),
                             torch.linspace(0, 1, bins + 1, dtype=torch.float64), norm=norm))


def maximum_sf(x):
    """P(max |B| > x) of Brownian motion, to 30 digits."""
    x = mpmath.mpf(float(x))
    return float(1 - 4 / mpmath.pi * sum(
        (-1) ** k / mpmath.mpf(2 * k + 1) * mpmath.exp(-((2 * k + 1) * mpmath.pi / x) ** 2 / 8)
        for k in range(200)))


def range_sf(x):
    x = mpmath.mpf(float(x))
    return float(1 - sum((8 / x ** 2 + 2 / ((k + mpmath.mpf(0.5)) * mpmath.pi) ** 2)
                         * mpmath.exp(-2 * ((k + mpmath.mpf(0.5)) * mpmath.pi / x) ** 2)
                         for k in range(200)))


def from_curve(y, s, bins, strategy):
    """The mean gap behind scikit-learn's curve."""
    true, predicted = calibration_curve(y, s, n_bins=bins, strategy=strategy)
    edges = np.linspace(0, 1, bins + 1)
    edges = edges if strategy == "uniform" else np.percentile(s, edges * 100)
    total = np.bincount(np.searchsorted(edges[1:-1], s), minlength=bins)
    return (np.abs(true - predicted) * total[total > 0]).sum() / len(y)


def expectations(y, s):
    n, classes = s.shape
    out = []

    def add(metric, measures, **params):
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": measures})

    label = s.argmax(axis=1)
    confidence, correct = s[np.arange(n), label], (label == y).astype(float)
    preds, target = torch.from_numpy(s), torch.from_numpy(y)
    for bins in (10, 15):
        for norm in ("l1", "l2", "max"):
            value = double_precision(confidence, correct, bins, norm)
            single = float(multiclass_calibration_error(preds, target, classes, bins, norm))
            assert abs(value - single) < 1e-6, (value, single)
            add("expected_calibration_error", [measure(value, n)], bins=bins, norm=norm,
                edges="left_closed")
    for bins in (2, 11, 50):
        for ours, theirs in (("equal_width", "uniform"), ("equal_mass", "quantile")):
            value = mapie_calibration.expected_calibration_error(
                correct.astype(int), confidence, num_bins=bins, split_strategy=theirs)
            add("expected_calibration_error", [measure(value, n)], bins=bins, binning=ours,
                edges="mapie")
    for bins in (5, 10):
        for ours, theirs in (("equal_width", "uniform"), ("equal_mass", "quantile")):
            add("expected_calibration_error",
                [measure(from_curve(correct, confidence, bins, theirs), n)], bins=bins, binning=ours)
    support = np.bincount(y, minlength=classes)

    def by_class(function, averages=True):
        each = [function((y == c).astype(int), s[:, c]) for c in range(classes)]
        means = [measure(np.mean(each), n, "macro"),
                 measure(np.average(each, weights=support), n, "weighted")]
        return (means if averages else []) + [measure(v, n, cls=c) for c, v in enumerate(each)]
    for ours, theirs in (("equal_width", "uniform"), ("equal_mass", "quantile")):
        add("classwise_calibration_error", by_class(
            lambda t, p: mapie_calibration.expected_calibration_error(
                t, p, num_bins=20, split_strategy=theirs)), bins=20, binning=ours, edges="mapie")
        add("classwise_calibration_error", by_class(lambda t, p: from_curve(t, p, 10, theirs)),
            bins=10, binning=ours)

    def binary(t, p):
        value = double_precision(p, t, 12, "l1")
        single = binary_calibration_error(torch.from_numpy(p.copy()), torch.from_numpy(t), 12)
        assert abs(value - float(single)) < 1e-6, (value, float(single))
        return value
    add("classwise_calibration_error", by_class(binary), bins=12, edges="left_closed")
    for bandwidth in (0.4, 0.01, 3):
        add("kernel_calibration_error", [measure(kernel(confidence, correct, bandwidth), n)],
            bandwidth=bandwidth)

    def scaled(t, p):
        sums = mapie_calibration.cumulative_differences(t, p, noise_amplitude=0.0)
        return np.append(sums, 0.0) / mapie_calibration.length_scale(p)
    tests = {"kolmogorov_smirnov": (lambda c: np.abs(c).max(), maximum_sf,
                                    mapie_calibration.kolmogorov_smirnov_cdf),
             "kuiper": (lambda c: c.max() - c.min(), range_sf, mapie_calibration.kuiper_cdf)}
    for name, (statistic, sf, cdf) in tests.items():
        def p_value(t, p):
            x = statistic(scaled(t, p))
            # MAPIE breaks its series off early
            assert abs(sf(x) - (1 - cdf(x))) < 1e-9, (name, sf(x), 1 - cdf(x))
            return sf(x)
        add("calibration_test", by_class(lambda t, p: statistic(scaled(t, p)), False),
            statistic=name, value="statistic")
        add("calibration_test", by_class(p_value, False), statistic=name)
    add("spiegelhalter_test", by_class(mapie_calibration.spiegelhalter_statistic, False),
        value="statistic")
    add("spiegelhalter_test", by_class(mapie_calibration.spiegelhalter_p_value, False),
        alternative="greater")
    add("spiegelhalter_test", by_class(
        lambda t, p: 2 * min(mapie_calibration.spiegelhalter_p_value(t, p),
                             1 - mapie_calibration.spiegelhalter_p_value(t, p)), False))
    return out


def main():
    golden = {"source": "torchmetrics 1.9.0, MAPIE 1.6.0, scikit-learn 1.9.1", "datasets": []}
    for name, (y, s) in (("two classes", draw(200, 2, 1.0)), ("four classes", draw(300, 4, 1.5)),
                         ("overconfident", draw(150, 3, 0.2))):
        golden["datasets"].append({
            "name": name, "repeat": 1, "classes": s.shape[1], "target": y.tolist(), "single": False,
            "scores": s.ravel().tolist(), "expected": expectations(y, s)})
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_calibration.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
