#!/usr/bin/env python3
"""Golden values for the comparison of models (src/core/compare*.c). Writes tests/golden/compare.txt.

Pinned: statsmodels 0.15.0, scipy 1.17.1, scikit-learn 1.9.1. McNemar's test and
Cochran's Q from statsmodels, Friedman's test from scipy, adjusted p-values from statsmodels; Tango's
interval by root finding over a likelihood whose maximum is found by root finding too; sign-flip p-values by all
2^n flips with metrics of scikit-learn.
"""
import itertools
import os
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import optimize, stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar
from statsmodels.stats.multitest import multipletests

assert statsmodels.__version__ == "0.15.0", statsmodels.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__
warnings.simplefilter("ignore")
lines = []


def put(*words):
    lines.append(" ".join(repr(float(w)) if isinstance(w, float) else str(w) for w in words))


def do_mcnemar():
    for b, c in [(0, 0), (0, 1), (1, 0), (0, 5), (5, 0), (3, 3), (1, 8), (8, 1), (10, 25), (40, 41),
                 (59, 6), (120, 200), (1000, 1100), (2, 60)]:
        exact = float(mcnemar([[10, b], [c, 10]], exact=True).pvalue)
        least = min(b, c)
        at = float(stats.binom.pmf(least, b + c, 0.5))
        if b + c == 0:
            mid = 1.0
        elif b == c:
            mid = 1.0 - at / 2
        else:
            mid = exact - at
        put("mcnemar", b, c, exact, mid)


def tango_score(delta, b, c, n):
    """b rows only the later model has right, c only the earlier one; delta = p_b - p_c."""
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


def do_tango():
    for b, c, n in [(7, 25, 300), (0, 5, 50), (5, 0, 50), (12, 12, 90), (1, 43, 100), (40, 41, 1000),
                    (3, 1, 20), (30, 10, 44)]:
        for alpha in (0.025, 0.05):
            z = stats.norm.isf(alpha)
            estimate = (b - c) / n
            low = optimize.brentq(lambda d: tango_score(d, b, c, n) - z, -1 + 1e-9,
                                  estimate - 1e-9, xtol=1e-13)
            high = optimize.brentq(lambda d: tango_score(d, b, c, n) + z, estimate + 1e-9,
                                   1 - 1e-9, xtol=1e-13)
            put("tango", c, b, n, alpha, float(low), float(high))


def do_cochran(rng):
    for n, k in [(12, 3), (40, 4), (100, 3), (25, 6)]:
        table = (rng.random((n, k)) < np.linspace(0.4, 0.8, k)).astype(int)
        result = cochrans_q(table)
        text = "".join(str(v) for v in table.ravel())
        put("cochran", n, k, text, float(result.statistic), float(result.pvalue))


def do_friedman(rng):
    for n, k in [(5, 3), (12, 4), (20, 3)]:
        values = np.round(rng.normal(size=(n, k)) + np.linspace(0, 1, k), 1)  # rounding makes ties
        result = stats.friedmanchisquare(*values.T)
        ranks = k + 1 - stats.rankdata(values, axis=1).mean(axis=0)  # 1 = best
        step = np.sqrt(k * (k + 1) / (12 * n))  # Demsar's q is the range over the root of 2
        nemenyi = [stats.studentized_range.sf(abs(ranks[0] - r) / step, k, np.inf) for r in ranks[1:]]
        put("friedman", n, k, *[float(v) for v in values.ravel()], float(result.statistic),
            float(result.pvalue), *map(float, ranks), *map(float, nemenyi),
            float(stats.studentized_range.isf(.05, k, np.inf) * step))


def do_wilcoxon(rng):
    for n in (5, 9, 14):
        values = np.round(rng.normal(size=(n, 2)), 1) + [0, .4]
        d = values[:, 1] - values[:, 0]
        ranks = stats.rankdata(abs(d))
        plus = float(ranks[d > 0].sum())
        # all sign patterns of the ranks that are not of zeros (Pratt)
        sums = np.array([0.0])
        for r in ranks[d != 0]:
            sums = np.concatenate([sums, sums + r])
        centre = ranks[d != 0].sum() / 2
        p = np.mean(abs(sums - centre) >= abs(plus - centre) - 1e-9)
        put("friedman", n, 2, *[float(v) for v in values.ravel()], plus, float(p))


def do_adjust(rng):
    names = {"holm": "holm", "hochberg": "simes-hochberg", "bh": "fdr_bh", "by": "fdr_by",
             "bonferroni": "bonferroni"}
    for n in (1, 2, 7, 20):
        p = rng.random(n) ** 3
        if n > 3:
            p[2] = p[1]
        for ours, theirs in names.items():
            put("adjust", ours, n, *[float(v) for v in p],
                *[float(v) for v in multipletests(p, method=theirs)[1]])


def do_flips(rng):
    """All flips of 10 rows: three classes, labels and probabilities."""
    n, k = 10, 3
    y = rng.permutation(np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2]))
    scores = []
    for strength in (0.9, 1.3):
        z = rng.normal(size=(n, k))
        z[np.arange(n), y] += strength
        e = np.exp(z)
        p = np.round(e / e.sum(1, keepdims=True), 3)
        p[:, 2] = np.round(1 - p[:, 0] - p[:, 1], 3)
        scores.append(p)
    a, b = scores

    def macro_recall(p):
        return metrics.balanced_accuracy_score(y, p.argmax(1))

    def macro_f1(p):
        return metrics.f1_score(y, p.argmax(1), average="macro", labels=range(k))

    def loss(p):
        return metrics.log_loss(y, p, labels=range(k))

    put("flips_rows", n, k, *y.tolist())
    put("flips_a", *[float(v) for v in a.ravel()])
    put("flips_b", *[float(v) for v in b.ravel()])
    for name, metric in (("balanced_accuracy", macro_recall), ("f1", macro_f1),
                         ("log_loss", loss)):
        observed = metric(b) - metric(a)
        extreme = 0
        for flips in itertools.product((False, True), repeat=n):
            f = np.array(flips)[:, None]
            flipped = metric(np.where(f, a, b)) - metric(np.where(f, b, a))
            extreme += abs(flipped) >= abs(observed) - 1e-12
        put("flips", name, float(observed), extreme / 2.0 ** n)


rng = np.random.default_rng(20)
do_mcnemar()
do_tango()
do_cochran(rng)
do_friedman(rng)
do_adjust(rng)
do_flips(rng)
do_wilcoxon(rng)
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "..", "golden", "compare.txt"), "w") as out:
    out.write("# written by oracle/compare.py: statsmodels %s, scipy %s, scikit-learn %s\n"
              % (statsmodels.__version__, scipy.__version__, sklearn.__version__))
    out.write("\n".join(lines) + "\n")
