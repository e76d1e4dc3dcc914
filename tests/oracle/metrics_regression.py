#!/usr/bin/env python3
"""Golden values for the metrics of regression. Writes tests/golden/metric_regression.json.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, mpmath 1.3 or later. Values come from scikit-learn, deviances
from mpmath; the symmetric percentage error
and the mean error, which it does not have, are written out here.
"""
import json
import os

import numpy as np
import sklearn
from mpmath import mp
from sklearn import metrics as sk

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
mp.dps = 50
rng = np.random.default_rng(20240608)


def datasets():
    y = rng.gamma(2, 3, 101)
    yield "positive", y, y * np.exp(rng.normal(size=101) * .3)
    y = rng.normal(size=100) * 10
    yield "both signs", y, y + rng.normal(size=100)
    yield "counts", rng.poisson(1.5, 90).astype(float), rng.gamma(3, .5, 90)
    yield "ties", rng.integers(0, 4, 64).astype(float), rng.integers(0, 4, 64).astype(float)
    yield "far from zero", 1e8 + rng.normal(size=200), 1e8 + rng.normal(size=200)
    yield "one row", np.array([2.0]), np.array([3.5])
    yield "constant truth", np.full(20, 3.0), rng.normal(size=20) + 3
    y = rng.gamma(2, 3, 30)
    yield "perfect", y, y.copy()
    yield "zeros", np.array([0.0, 0.0, 1.0, -1.0]), np.array([0.0, 1.0, 0.0, -1.0])


def tweedie_terms(y, v, power):
    """Half the deviance of each row, by 50 digits."""
    def deviance(a, m):
        p = mp.mpf(power)
        if power == 1:
            return (a * mp.log(a / m) if a else 0) - a + m
        if power == 2:
            return mp.log(m / a) + a / m - 1
        if power == 0:
            return (a - m) ** 2 / 2
        return (max(a, 0) ** (2 - p) / ((1 - p) * (2 - p)) - a * m ** (1 - p) / (1 - p) + m ** (2 - p) / (2 - p))
    return [deviance(mp.mpf(a), mp.mpf(m)) for a, m in zip(y, v)]


def tweedie(y, v, power):
    return float(2 * mp.fsum(tweedie_terms(y.tolist(), v.tolist(), power)) / len(y))


def expectations(y, p):
    n = len(y)
    out = []

    def add(metric, value, successes=None, **params):
        measure = {"value": None if value is None else float(value), "n": n}
        if successes is not None:
            measure["successes"] = int(successes)
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": [measure]})
    add("mean_absolute_error", sk.mean_absolute_error(y, p))
    add("mean_error", np.mean(p - y))
    add("mean_squared_error", sk.mean_squared_error(y, p))
    add("root_mean_squared_error", sk.root_mean_squared_error(y, p))
    add("mean_absolute_percentage_error", sk.mean_absolute_percentage_error(y, p))
    size = np.abs(y) + np.abs(p)
    add("symmetric_mean_absolute_percentage_error",
        np.divide(2 * np.abs(y - p), size, where=size > 0, out=np.zeros(n)).mean())
    add("median_absolute_error", sk.median_absolute_error(y, p))
    add("max_error", sk.max_error(y, p))
    for q in (.5, .1, .95):
        add("pinball_loss", sk.mean_pinball_loss(y, p, alpha=q), quantile=q)
    add("quantile_coverage", (y <= p).mean(), successes=(y <= p).sum())
    spread = len(np.unique(y)) > 1
    add("r2", sk.r2_score(y, p) if spread else None)
    add("explained_variance", sk.explained_variance_score(y, p) if spread else None)
    for power in (1, 1.5, 2, 3, 0, -1, -2.5, 4.5, 0.5):
        try:
            value = sk.mean_tweedie_deviance(y, p, power=power)
            exact = tweedie(y, p, power)
            assert abs(value - exact) < 1e-12 * max(1, exact) or y.max() > 1e6
            value = exact  # scikit-learn's terms cancel far from zero
        except ValueError:
            value = None
        add("tweedie_deviance", value, power=power)
    return out


def main():
    golden = {"source": "scikit-learn 1.9.1, numpy 2.4.6",
              "datasets": [{"name": name, "truth": y.tolist(), "value": p.tolist(),
                            "expected": expectations(y, p)} for name, y, p in datasets()]}
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_regression.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
