#!/usr/bin/env python3
"""Golden values for the worst and the best group by any metric. Writes tests/golden/fairness_extremes.txt.

Pinned: fairlearn 0.15.0, scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1. Values, differences and ratios are
those of fairlearn's MetricFrame. The ends of accuracy, recall and precision, whose groups have Clopper and
Pearson's intervals, are put together here with numpy from scipy's beta quantiles, those of their differences
and ratios from score tests of pairs whose likelihood scipy's brentq maximises.
Lines: "row target label group probability-of-1"; "expect metric class|- lowest-group highest-group lowest highest
difference ratio"; "ends metric class|- low high of the lowest, highest, difference, ratio, and the p-value".
"""
import os
import warnings

import fairlearn
import numpy as np
import scipy
import sklearn
from fairlearn.metrics import MetricFrame
from scipy.optimize import brentq
from scipy.stats import beta, norm
from sklearn import metrics as sk

assert fairlearn.__version__ == "0.15.0", fairlearn.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261126)
N, K = 500, 4
g = np.concatenate([np.arange(K), rng.choice(K, N - K, p=[.4, .3, .2, .1])])
y = rng.integers(0, 2, N)
p = np.round(1 / (1 + np.exp(-(rng.normal(size=N) + (2 * y - 1) * (1.4 - .3 * g)))), 6)
label = (p > .5).astype(int)
POINT = {
    ("accuracy", "-"): sk.accuracy_score,
    ("recall", "1"): sk.recall_score,
    ("precision", "1"): sk.precision_score,
    ("f1", "1"): sk.f1_score,
    ("f1", "macro"): lambda a, b: sk.f1_score(a, b, average="macro"),
    ("balanced_accuracy", "-"): sk.balanced_accuracy_score,
    ("matthews_correlation", "-"): sk.matthews_corrcoef,
    ("zero_one_loss", "-"): sk.zero_one_loss,
}
SCORE = {("log_loss", "-"): lambda a, b: sk.log_loss(a, b, labels=[0, 1]), ("roc_auc", "1"): sk.roc_auc_score}
COUNTS = {
    ("accuracy", "-"): lambda a, b: ((a == b).sum(), len(a)),
    ("recall", "1"): lambda a, b: ((b == 1)[a == 1].sum(), (a == 1).sum()),
    ("precision", "1"): lambda a, b: ((a == 1)[b == 1].sum(), (b == 1).sum()),
}


def exact(x, n, alpha):
    return (beta.ppf(alpha, x, n - x + 1) if x else 0.0, beta.ppf(1 - alpha, x + 1, n - x) if x < n else 1.0)


def score_z(a, b, compare, value):
    """Miettinen and Nurminen's statistic: the likelihood under the hypothesis is maximised by its derivative."""
    (x1, n1), (x2, n2) = a, b
    times, plus = (value, 0.0) if compare == "ratio" else (1.0, value)

    def slope(p):
        q = times * p + plus
        return times * (x1 / q - (n1 - x1) / (1 - q)) + x2 / p - (n2 - x2) / (1 - p)

    least, most = max(0.0, -plus / times), min(1.0, (1 - plus) / times)
    gap = (most - least) * 1e-12
    least, most = least + gap, most - gap
    if slope(most) > 0 or slope(least) < 0:
        p = most if slope(most) > 0 else least
    else:
        p = brentq(slope, least, most, xtol=1e-16, rtol=1e-14)
    q = times * p + plus
    n = n1 + n2
    variance = (q * (1 - q) / n1 + times**2 * p * (1 - p) / n2) * n / (n - 1)
    return (x1 / n1 - times * x2 / n2 - plus) / np.sqrt(variance)


def score(a, b, compare, alpha):
    """The interval: its test turned round."""
    ratio = compare == "ratio"
    point = a[0] / a[1] / (b[0] / b[1]) if ratio else a[0] / a[1] - b[0] / b[1]
    low, high = (1e-4, 1e4) if ratio else (-.99, .99)
    z = norm.isf(alpha)
    return (brentq(lambda v: score_z(a, b, compare, v) - z, low, point, xtol=1e-15, rtol=1e-14),
            brentq(lambda v: score_z(a, b, compare, v) + z, point, high, xtol=1e-15, rtol=1e-14))


def ends(counts, alpha=.025):
    v = [x / n for x, n in counts]
    k = len(v)
    at, group, pair = ([exact(x, n, a) for x, n in counts] for a in (alpha, alpha / k, alpha / (k * (k - 1))))
    d_low, d_high, r_low, r_high, least = 0.0, 0.0, 1.0, 1.0, 1.0
    for i in range(k):
        for j in range(k):
            if i == j:
                continue
            d = v[i] - v[j]
            d_low = max(d_low, score(counts[i], counts[j], "diff", alpha / (k * (k - 1)))[0])
            d_high = max(d_high, score(counts[i], counts[j], "diff", alpha)[1])
            if d > 0:
                se = np.hypot(v[i] - at[i][0], at[j][1] - v[j]) / norm.isf(alpha)
                least = min(least, 2 * norm.sf(d / se))
            r_low = min(r_low, score(counts[i], counts[j], "ratio", alpha)[0])
            r_high = min(r_high, score(counts[i], counts[j], "ratio", alpha / (k * (k - 1)))[1])
    low = (min(a[0] for a in at), min(a[1] for a in group))
    high = (max(a[0] for a in group), max(a[1] for a in at))
    return [*low, *high, d_low, d_high, r_low, r_high, min(1.0, least * k * (k - 1) / 2)]


here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../golden/fairness_extremes.txt"), "w") as out:
    for i in range(N):
        out.write(f"row {y[i]} {label[i]} {g[i]} {p[i]:.6f}\n")
    for table, second in ((POINT, label), (SCORE, p)):
        for (name, of), function in table.items():
            frame = MetricFrame(metrics=function, y_true=y, y_pred=second, sensitive_features=g)
            by = frame.by_group
            ratio = frame.ratio() if by.min() >= 0 else np.nan
            out.write(f"expect {name} {of} {by.idxmin()} {by.idxmax()} {frame.group_min():.17g} "
                      f"{frame.group_max():.17g} {frame.difference():.17g} {ratio:.17g}\n")
    for (name, of), count in COUNTS.items():
        numbers = ends([tuple(map(int, count(y[g == k], label[g == k]))) for k in range(K)])
        out.write(f"ends {name} {of} " + " ".join(f"{x:.17g}" for x in numbers) + "\n")
