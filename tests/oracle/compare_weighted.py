#!/usr/bin/env python3
"""Golden values for the comparison of models on rows with weights (src/core/compare_weighted.c). Writes
tests/golden/compare_weighted.txt.

Pinned: statsmodels 0.15.0, scipy 1.17.1, scikit-learn 1.9.1. Standard errors are those of statsmodels'
weighted regression of the differences on a constant, heteroskedasticity-robust (HC1) and
cluster-robust; Tango's interval by root finding over a likelihood, at the counts that the weighted rows are worth;
sign-flip p-values by all 2^n flips with metrics of scikit-learn and sample_weight.
"""
import itertools
import os
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn import metrics

assert statsmodels.__version__ == "0.15.0", statsmodels.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.simplefilter("ignore")
lines = []


def put(*words):
    lines.append(" ".join(repr(float(w)) if isinstance(w, float) else str(w) for w in words))


def tango_score(delta, b, c, n):
    def slope(p):
        value = -2 * (n - b - c) / (1 - 2 * p - delta) if n > b + c else 0.0
        value += b / (p + delta) if b else 0.0
        return value + (c / p if c else 0.0)
    low, high = max(0.0, -delta), (1 - delta) / 2
    tiny = 1e-15 * max(1.0, high)
    if slope(low + tiny) <= 0:
        p = low
    elif slope(high - tiny) >= 0:
        p = high
    else:
        p = optimize.brentq(slope, low + tiny, high - tiny, xtol=1e-16)
    return (b - c - n * delta) / np.sqrt(n * (2 * p + delta * (1 - delta)))


def tango(b, c, n, alpha):
    z, estimate = stats.norm.isf(alpha), (b - c) / n
    low = optimize.brentq(lambda d: tango_score(d, b, c, n) - z, -1 + 1e-9, estimate - 1e-9,
                          xtol=1e-13)
    high = optimize.brentq(lambda d: tango_score(d, b, c, n) + z, estimate + 1e-9, 1 - 1e-9,
                           xtol=1e-13)
    return float(low), float(high)


def rows(w, y, a, b, cluster):
    put("rows", len(y))
    for i in range(len(y)):
        put(float(w[i]), int(y[i]), int(a[i]), int(b[i]), int(cluster[i]))


def do_shares(rng):
    for n, skill in ((40, (.7, .9)), (90, (.95, .9)), (60, (.8, .8))):
        w = np.round(rng.exponential(size=n), 3) + 1e-3
        w[:3] = 0
        y = rng.integers(0, 3, n)
        a, b = [np.where(rng.random(n) < s, y, rng.integers(0, 3, n)) for s in skill]
        cluster = np.arange(n) // 3 + 1
        rows(w, y, a, b, cluster)
        used = w > 0
        d = (b == y).astype(float) - (a == y)
        x, weight = np.ones(used.sum()), w[used]
        plain = sm.WLS(d[used], x, weights=weight).fit(cov_type="HC1")
        value, se = float(plain.params[0]), float(plain.bse[0])
        kish = weight.sum() ** 2 / (weight ** 2).sum()
        up = w[(d > 0)].sum() / w.sum()
        down = w[(d < 0)].sum() / w.sum()
        effective = min((up + down - value ** 2) / se ** 2, kish)
        put("share", value, se, float(kish - 1),
            *tango(up * effective, down * effective, effective, .025))
        grouped = sm.WLS(d[used], x, weights=weight).fit(
            cov_type="cluster", cov_kwds={"groups": cluster[used], "use_correction": True,
                                          "df_correction": False})
        # statsmodels' factor is C / (C - 1) (n - 1) / (n - 1)
        totals = np.array([weight[cluster[used] == c].sum() for c in np.unique(cluster[used])])
        df = totals.sum() ** 2 / (totals ** 2).sum() - 1
        se = float(grouped.bse[0])
        inside = stats.t.isf(.025, df) * se
        put("clusters", value, se, float(df), float(value - inside), float(value + inside),
            float(2 * stats.t.sf(abs(value) / se, df)))


def do_flips(rng):
    n, k = 10, 3
    y = rng.permutation(np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2]))
    w = np.round(rng.exponential(size=n), 2) + .1
    scores = []
    for strength in (.3, 2.):
        z = rng.normal(size=(n, k))
        z[np.arange(n), y] += strength
        e = np.exp(z)
        p = np.round(e / e.sum(1, keepdims=True), 3)
        p[:, 2] = np.round(1 - p[:, 0] - p[:, 1], 3)
        scores.append(p)
    a, b = scores
    put("flips_rows", n, k, *y.tolist(), *[float(v) for v in w])
    put("flips_a", *[float(v) for v in a.ravel()])
    put("flips_b", *[float(v) for v in b.ravel()])
    one_hot = np.eye(k)[y]
    for name, metric in (
            ("accuracy", lambda p: metrics.accuracy_score(y, p.argmax(1), sample_weight=w)),
            ("f1", lambda p: metrics.f1_score(y, p.argmax(1), average="macro", labels=range(k),
                                              sample_weight=w)),
            ("log_loss", lambda p: metrics.log_loss(y, p, labels=range(k), sample_weight=w)),
            ("average_precision", lambda p: np.mean([metrics.average_precision_score(
                one_hot[:, c], p[:, c], sample_weight=w) for c in range(k)]))):
        observed = metric(b) - metric(a)
        extreme = 0
        for flips in itertools.product((False, True), repeat=n):
            f = np.array(flips)[:, None]
            extreme += abs(metric(np.where(f, a, b)) - metric(np.where(f, b, a))) >= \
                abs(observed) - 1e-12
        put("flips", name, float(observed), extreme / 2.0 ** n)


rng = np.random.default_rng(41)
do_shares(rng)
do_flips(rng)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "..", "golden", "compare_weighted.txt"), "w") as out:
    out.write("# written by oracle/compare_weighted.py: statsmodels %s, scipy %s, scikit-learn %s\n"
              % (statsmodels.__version__, scipy.__version__, sklearn.__version__))
    out.write("\n".join(lines) + "\n")
