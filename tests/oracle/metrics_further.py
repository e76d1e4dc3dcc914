#!/usr/bin/env python3
"""Golden values for rank correlations, explained shares of a loss, errors at rates, likelihood ratios,
conventions of average precision and of ties at the k-th place, with and without weights. Writes
tests/golden/metric_further.json.

Pinned: scikit-learn 1.9.1, scipy 1.17.1, torchmetrics 1.9.0, numpy 2.4.6, mpmath 1.3 or later,
fairlearn 0.15.0, MAPIE 1.6.0, properscoring 0.1. What those do not have is
written out here: points of the envelope (VOC's and COCO's development kits compare rounded fractions,
so recalls are compared as fractions.Fraction), the crossing of both error rates, the calibration error
by kernel density on the rows themselves (checked against the one on the grid within the grid's
error), weighted rank correlations by pairs of rows.
"""
import json
import math
import os
import warnings
from fractions import Fraction

import numpy as np
import scipy
import sklearn
import torch
import torchmetrics
from scipy import stats
from mpmath import mp
from sklearn import dummy
from sklearn import metrics as sk
from torchmetrics.functional import classification as tc
from torchmetrics.functional import regression as tm

import fairlearn.metrics as fl
import mapie
import mapie.metrics.regression as mr
import metrics_fairness
import properscoring
import metrics_regression
from metrics_weighted import measure, softmax

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert torchmetrics.__version__ == "1.9.0", torchmetrics.__version__
warnings.simplefilter("ignore")
rng = np.random.default_rng(1109)


def points(t, s, w, last):
    """Highest precision at recalls k / last or beyond, by all thresholds."""
    positives = sum(Fraction(float(x)) for x in w[t])
    states = []
    for u in np.unique(s[w > 0]):
        tp, fp = w[(s >= u) & t].sum(), w[(s >= u) & ~t].sum()
        exact = sum(Fraction(float(x)) for x in w[(s >= u) & t])
        states.append((exact, tp / (tp + fp)))
    return np.mean([max([p for tp, p in states if tp * last >= k * positives], default=0)
                    for k in range(last + 1)])


def crossing(t, s, w):
    fpr, tpr, _ = sk.roc_curve(t, s, sample_weight=w, drop_intermediate=False)
    gap = fpr - (1 - tpr)
    i = int(np.argmax(gap >= 0))
    share = -gap[i - 1] / (gap[i] - gap[i - 1])
    return fpr[i - 1] + share * (fpr[i] - fpr[i - 1])


def nearest(t, s, w):
    fpr, tpr, _ = sk.roc_curve(t, s, sample_weight=w, drop_intermediate=False)
    gap = np.abs(fpr - (1 - tpr))
    i = int(np.argmax(gap <= gap.min() + 1e-15))
    return (fpr[i] + 1 - tpr[i]) / 2


def log_auc(t, s, w, low, high):
    fpr, tpr, _ = sk.roc_curve(t, s, sample_weight=w, drop_intermediate=False)
    total = 0.0
    for x0, y0, x1, y1 in zip(fpr, tpr, fpr[1:], tpr[1:]):
        a, b = max(x0, low), min(x1, high)
        if b > a:
            line = np.interp([a, b], [x0, x1], [y0, y1])
            total += line.mean() * (math.log(b) - math.log(a))
    return total / (math.log(high) - math.log(low))


def top_k(y, s, k, rule):
    out = []
    for target, row in zip(y, s):
        above, tied = (row > row[target]).sum(), (row == row[target]).sum() - 1
        later = (row[target + 1:] == row[target]).sum()
        before = {"higher_index": later, "right": 0, "wrong": tied, "shared": 0}[rule]
        out.append(float(above + before < k) if rule != "shared"
                   else min(1.0, max(0.0, (k - above) / (tied + 1))))
    return np.array(out)


def kernel(z, x, h):
    u = np.clip(np.abs(z - x) / h, 0, 1)
    return (1 - u ** 2) ** 3


def kde_on_grid(conf, hit, w, h, cells=1024):
    z = np.arange(cells + 1) / cells
    rows, right = np.zeros(cells + 1), np.zeros(cells + 1)
    place = conf * cells
    at = np.minimum(place.astype(int), cells - 1)
    upper = w * (place - at)
    np.add.at(rows, at, w - upper)
    np.add.at(rows, at + 1, upper)
    np.add.at(right, at, hit * (w - upper))
    np.add.at(right, at + 1, hit * upper)
    k = sum(kernel(z[:, None], image[None, :], h) for image in (z, -z, 2 - z))
    density, accurate = k @ rows, k @ right
    return np.trapezoid(np.abs(accurate - z * density)) / np.trapezoid(density)


def kde_exact(conf, hit, w, h):
    z = np.linspace(0, 1, 20001)
    density, accurate = np.zeros_like(z), np.zeros_like(z)
    for c, r, x in zip(conf, hit, w):
        k = x * (kernel(z, c, h) + kernel(z, -c, h) + kernel(z, 2 - c, h))
        density += k
        accurate += r * k
    return np.trapezoid(np.abs(accurate - z * density)) / np.trapezoid(density)


def classification(y, s, w, weighted):
    ones, n, classes = np.ones(len(y)), len(y), s.shape[1]
    label = s.argmax(axis=1)
    o = dict(sample_weight=w)
    out = []

    def entry(value, average=None, cls=None, right=None):
        m = measure(value, ones, w, average, cls, right if weighted else None)
        if not weighted:
            m = {k: v for k, v in m.items() if k not in ("weight", "n_effective")}
            if right is not None:
                m["successes"] = int(right.sum())
        return m

    def add(metric, measures, **params):
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": measures})

    def ranked(metric, function, both=True, **params):
        each = [function(y == c, s[:, c]) if (w[y == c].sum() > 0 and
                                              (not both or w[y != c].sum() > 0)) else np.nan
                for c in range(classes)]
        used = ~np.isnan(each)
        weight = np.array([w[y == c].sum() for c in range(classes)])
        add(metric, [entry(np.mean(np.array(each)[used]) if used.any() else None, "macro"),
                     entry(np.average(np.array(each)[used], weights=weight[used])
                           if used.any() else None, "weighted")]
            + [entry(v, cls=c) for c, v in enumerate(each)], **params)

    for last in (10, 100):
        ranked("average_precision", lambda t, u: points(t, u, w, last), both=False,
               interpolation=f"{last + 1}_points")
    ranked("equal_error_rate", lambda t, u: nearest(t, u, w))
    ranked("equal_error_rate", lambda t, u: crossing(t, u, w), at="crossing")
    for low, high in ((.001, .1), (.05, .5), (.01, 1)):
        ranked("log_auc", lambda t, u: log_auc(t, u, w, low, high), **{"from": low, "to": high})
    for recall in (0, .5, .95, 1):
        def specificity(t, u):
            fpr, tpr, _ = sk.roc_curve(t, u, sample_weight=w, drop_intermediate=False)
            return (1 - fpr)[tpr >= recall - 1e-15].max()
        ranked("specificity_at_recall", specificity, recall=recall)
    if not weighted:
        for c in range(classes):
            t, u = torch.tensor((y == c).astype(int)), torch.tensor(s[:, c])
            if 0 < (y == c).sum() < n:
                assert abs(float(tc.binary_eer(u, t)) - nearest(y == c, s[:, c], w)) < 1e-6
                # single precision may miss a point of the curve at a limit of the range
                assert abs(float(tc.binary_logauc(u, t, fpr_range=(.05, .5)))
                           - log_auc(y == c, s[:, c], w, .05, .5)) < 2e-4
                assert abs(float(tc.binary_specificity_at_sensitivity(u, t, .5)[0])
                           - sk_specificity(y == c, s[:, c], .5)) < 1e-6
    for rule in ("higher_index", "right", "wrong", "shared"):
        for k in (1, 2):
            hits = top_k(y, s, k, rule)
            value = np.average(hits, weights=w)
            if rule == "higher_index":
                assert abs(value - sk.top_k_accuracy_score(y, s, k=k, labels=np.arange(classes), **o)
                           if classes > 2 else 0) < 1e-12
            add("top_k_accuracy", [entry(value, right=None if rule == "shared" else hits)], k=k,
                ties=rule)
    spread = len(np.unique(y[w > 0])) > 1
    add("d2_log_loss", [entry(sk.d2_log_loss_score(y, s, labels=np.arange(classes), **o)
                              if spread else None)])
    add("d2_brier", [entry(d2_brier(y, s, w) if spread else None)])
    constant = dummy.DummyClassifier(strategy="most_frequent").fit(np.zeros((n, 1)), y, **o)
    rate = constant.score(np.zeros((n, 1)), y, **o)
    add("no_information_rate", [entry(rate)])
    add("no_information_rate", [entry(sk.accuracy_score(y, label, **o) - rate)], report="gain")
    ratios = [[], []]
    for c in range(classes):
        positive, negative = sk.class_likelihood_ratios(y == c, label == c, labels=[False, True], **o)
        ratios[0].append(entry(positive, cls=c))
        ratios[1].append(entry(negative, cls=c))
    add("positive_likelihood_ratio", ratios[0])
    add("negative_likelihood_ratio", ratios[1])
    for exposure in (1, .25):
        alarms = [w[(label == c) & (y != c)].sum() for c in range(classes)]
        rates = [entry(a / (w.sum() * exposure), cls=c) for c, a in enumerate(alarms)]
        for m, a in zip(rates, alarms):
            if not weighted:
                m["low"] = float(stats.chi2.ppf(.025, 2 * a) / 2 / n / exposure) if a else 0.0
                m["high"] = float(stats.chi2.ppf(.975, 2 * a + 2) / 2 / n / exposure)
        add("false_alarms_per_exposure", rates, exposure=exposure)
    for costs in (None, np.round(rng.normal(size=(classes, classes)), 2)):
        prices = 1 - np.eye(classes) if costs is None else costs
        given = {} if costs is None else {"costs": "; ".join(" ".join(map(repr, r)) for r in
                                                             costs.tolist())}
        cheapest = (s @ prices).argmin(axis=1)
        add("matrix_cost", [entry((sk.confusion_matrix(y, label, labels=range(classes), **o)
                                   * prices).sum() / w.sum())], **given)
        add("matrix_cost", [entry(np.average(prices[y, cheapest], weights=w))], decide="least_cost",
            **given)
    add("matrix_cost", [entry(None)], costs="0 1 2")
    conf, hit = s[np.arange(n), label], (y == label).astype(float)
    for h in (.05, .2, .002):
        value = kde_on_grid(conf, hit, w, h)
        if h >= .05:
            assert abs(value - kde_exact(conf, hit, w, h)) < 2e-3 * max(value, .05), (h, value)
        add("kde_calibration_error", [entry(value)], bandwidth=h)
    return out


def sk_specificity(t, u, recall):
    fpr, tpr, _ = sk.roc_curve(t, u, drop_intermediate=False)
    return (1 - fpr)[tpr >= recall].max()


def d2_brier(y, s, w):
    if s.shape[1] == 2:
        return sk.d2_brier_score(y, s[:, 1], sample_weight=w, labels=[0, 1])
    return sk.d2_brier_score(y, s, sample_weight=w, labels=np.arange(s.shape[1]))


def kendall(y, v, w):
    """By all pairs of rows."""
    dy, dv = np.sign(y[:, None] - y[None]), np.sign(v[:, None] - v[None])
    pairs = w[:, None] * w[None]
    return (pairs * dy * dv).sum() / math.sqrt((pairs * dy ** 2).sum() * (pairs * dv ** 2).sum())


def spearman(y, v, w):
    def ranks(x):
        return np.array([w[x < a].sum() + w[x == a].sum() / 2 for a in x])
    a, b = ranks(y), ranks(v)
    a, b = a - np.average(a, weights=w), b - np.average(b, weights=w)
    return (w * a * b).sum() / math.sqrt((w * a * a).sum() * (w * b * b).sum())


def d2_tweedie(y, v, w, power):
    """1 - deviance of v / deviance of the mean, by 50 digits."""
    y, v, w = ([mp.mpf(float(x)) for x in column] for column in (y, v, w))
    mean = mp.fsum(a * b for a, b in zip(y, w)) / mp.fsum(w)
    loss = metrics_regression.tweedie_terms(y, v, power)
    null = metrics_regression.tweedie_terms(y, [mean] * len(y), power)
    return float(1 - mp.fsum(a * b for a, b in zip(loss, w)) / mp.fsum(a * b for a, b in zip(null, w)))


def regression(y, v, w, weighted):
    ones, n = np.ones(len(y)), len(y)
    o = dict(sample_weight=w)
    out = []

    def one(metric, value, **params):
        m = measure(value, ones, w)
        if not weighted:
            m = {"value": m["value"], "n": m["n"]}
        out.append({"metric": metric, "params": {k: str(x) for k, x in params.items()},
                    "measures": [m]})
    spread, varied = len(np.unique(y)) > 1, len(np.unique(v)) > 1
    both = spread and varied
    tau, rho = (kendall(y, v, w), spearman(y, v, w)) if both else (None, None)
    if both and not weighted:
        assert abs(tau - stats.kendalltau(y, v).statistic) < 1e-12
        assert abs(rho - stats.spearmanr(y, v).statistic) < 1e-12
    one("kendall_correlation", tau)
    one("spearman_correlation", rho)
    for q in (.1, .5, .9):
        one("d2_pinball", sk.d2_pinball_score(y, v, alpha=q, **o) if spread else None, quantile=q)
    one("d2_absolute_error", sk.d2_absolute_error_score(y, v, **o) if spread else None)
    for power in (1, 1.5, 2, 3, 0, -1, 4.5):
        try:
            value = sk.d2_tweedie_score(y, v, power=power, **o) if spread else None
        except ValueError:
            value = None
        if value is not None:
            exact = d2_tweedie(y, v, w, power)
            assert abs(value - exact) < 1e-9 or y.max() > 1e6  # where scikit-learn's terms cancel
            value = exact
        one("d2_tweedie", value, power=power)
    mean = np.average(y, weights=w)
    share = np.average((y - v) ** 2, weights=w) / max(np.average((y - mean) ** 2, weights=w), 1e-300)
    one("relative_squared_error", share if spread else None)
    one("relative_squared_error", math.sqrt(share) if spread else None, root="true")
    rmse = sk.root_mean_squared_error(y, v, **o)
    one("normalized_root_mean_squared_error", rmse / mean if mean > 0 else None)
    one("normalized_root_mean_squared_error", rmse / np.ptp(y[w > 0]) if spread else None, by="range")
    one("normalized_root_mean_squared_error", math.sqrt(share) if spread else None, by="std")
    if spread and not weighted and mean > 0 and n > 1 and np.abs(y).max() < 1e6:
        ty, tv = torch.from_numpy(y), torch.from_numpy(v)
        assert abs(float(tm.relative_squared_error(tv, ty)) - share) < 1e-9 * share + 1e-12
        for by, value in (("mean", rmse / mean), ("range", rmse / np.ptp(y)),
                          ("std", math.sqrt(share))):
            got = float(tm.normalized_root_mean_squared_error(tv, ty, normalization=by))
            assert abs(got - value) < 1e-9 * max(1, value), (by, got, value)
    return out


def bounds(kind, samples):
    """By docs: pairs (or groups) at 2.5 %, and at 2.5 % over their number for the inner end."""
    n = [len(x) for x in samples]
    m = [x.mean() for x in samples]
    v = [x.var(ddof=1) for x in samples]
    k = len(samples)
    pairs = [(i, j) for i in range(k) for j in range(k) if i != j]

    def welch(i, j, logs):
        a, b = v[i] / n[i], v[j] / n[j]
        d = m[i] - m[j]
        if logs:
            a, b, d = a / m[i] ** 2, b / m[j] ** 2, math.log(m[i] / m[j])
        else:  # scipy's own interval
            low = stats.ttest_ind(samples[i], samples[j], equal_var=False).confidence_interval(.95).low
            df = (a + b) ** 2 / (a * a / (n[i] - 1) + b * b / (n[j] - 1))
            assert abs(low - (d - math.sqrt(a + b) * stats.t.isf(.025, df))) < 1e-9 * max(1, abs(d))
        df = (a + b) ** 2 / (a * a / (n[i] - 1) + b * b / (n[j] - 1))
        return d, lambda alpha: math.sqrt(a + b) * stats.t.isf(alpha, df)
    if kind in ("difference", "ratio"):
        all_pairs = [welch(i, j, kind == "ratio") for i, j in pairs]
        if kind == "difference":
            return (max(0, max(d - reach(.025 / len(pairs)) for d, reach in all_pairs)),
                    max(d + reach(.025) for d, reach in all_pairs))
        return (min(math.exp(d - reach(.025)) for d, reach in all_pairs),
                min(1, min(math.exp(d + reach(.025 / len(pairs))) for d, reach in all_pairs)))
    reach = [lambda alpha, i=i: math.sqrt(v[i] / n[i]) * stats.t.isf(alpha, n[i] - 1) for i in range(k)]
    if kind == "highest":
        return (max(m[i] - reach[i](.025 / k) for i in range(k)),
                max(m[i] + reach[i](.025) for i in range(k)))
    return (max(0, max(abs(m[i]) - reach[i](.025 / 2 / k) for i in range(k))),
            max(abs(m[i]) + reach[i](.025) for i in range(k)))


def grouped(metrics, group, weights, least=10):
    """metrics: {name: (kind, term)}. Values are fairlearn's."""
    out = []
    for name, (kind, term) in metrics.items():
        kept = [g for g in np.unique(group) if (group == g).sum() >= least]
        rows = np.isin(group, kept)
        w = np.ones(len(group)) if weights is None else weights
        frame = fl.MetricFrame(metrics=lambda t, p, w: np.average(p, weights=w), y_true=term[rows],
                               y_pred=term[rows], sensitive_features=group[rows],
                               sample_params={"w": w[rows]})
        value = {"difference": frame.difference, "ratio": frame.ratio, "highest": frame.group_max,
                 "farthest": lambda: frame.by_group.abs().max()}[kind]()
        m = {"value": float(value), "n": int((rows & (w > 0)).sum())}
        if weights is None:
            m["low"], m["high"] = map(float, bounds(kind, [term[group == g] for g in kept]))
        out.append({"metric": name, "params": {"least": str(least)}, "measures": [m]})
    return out


def group_ece(y, s, group, positive, bins, kept):
    stated = s[:, positive] if positive >= 0 else s.max(axis=1)
    true = (y == positive) if positive >= 0 else y == s.argmax(axis=1)
    each = []
    for g in kept:
        mine = group == g
        at = np.minimum((stated[mine] * bins).astype(int), bins - 1)
        gap = np.bincount(at, stated[mine] - true[mine], minlength=bins)
        each.append(np.abs(gap).sum() / mine.sum())
    return each


def group_data():
    y, s, g = metrics_fairness.draw(500, 3, 4, .3)
    for positive in (-1, 1):
        term = (s[:, positive] - (y == positive)) if positive >= 0 else (
            s.max(axis=1) - (y == s.argmax(axis=1)))
        expected = grouped({"calibration_difference": ("difference", term),
                            "worst_group_calibration": ("farthest", term)}, g, None)
        for bins in (5, 10):
            each = group_ece(y, s, g, positive, bins, range(4))
            for name, value in (("worst_group_calibration_error", max(each)),
                                ("calibration_error_difference", max(each) - min(each))):
                expected.append({"metric": name, "params": {"bins": str(bins)},
                                 "measures": [{"value": float(value), "n": 500}]})
        yield {"name": f"groups, positive {positive}", "classes": 3, "repeat": 1,
               "target": y.tolist(), "label": s.argmax(axis=1).tolist(), "single": False,
               "scores": s.ravel().tolist(), "group": g.tolist(), "positive": positive,
               "expected": expected}
    g = rng.integers(0, 3, 300)
    g[:4] = 3  # too few
    y = rng.gamma(2, 3, 300)
    v = y * np.exp(rng.normal(size=300) * (.2 + .1 * g)) + .2 * g
    for weights in (None, rng.gamma(1.5, 2, 300)):
        metrics = {"mean_absolute_error_difference": ("difference", np.abs(y - v)),
                   "mean_absolute_error_ratio": ("ratio", np.abs(y - v)),
                   "worst_group_mean_absolute_error": ("highest", np.abs(y - v)),
                   "mean_error_difference": ("difference", v - y)}
        yield {"name": "regression, groups", "truth": y.tolist(), "value": v.tolist(),
               "group": g.tolist(), "expected": grouped(metrics, g, weights, 10 if weights is None
                                                        else 2),
               **({} if weights is None else {"weights": weights.tolist()})}


def forecast_data():
    """Predictions with quantiles, a standard deviation and an ensemble."""
    n = 150
    y = rng.normal(size=n) * 3
    v = y + rng.normal(size=n)
    sigma = rng.gamma(4, .25, n)
    levels = [.05, .1, .5, .9, .95]
    quantiles = np.stack([v + sigma * stats.norm.ppf(q) for q in levels], axis=1)
    members = v[:, None] + sigma[:, None] * rng.normal(size=(n, 7))
    members[::5] = np.round(members[::5])  # ties
    columns = {f"q{q}": quantiles[:, k].tolist() for k, q in reversed(list(enumerate(levels)))}
    columns["std"] = sigma.tolist()
    columns |= {f"member_{k}": members[:, k].tolist() for k in range(7)}
    for weights in (None, rng.gamma(1.5, 2, n)):
        w = np.ones(n) if weights is None else weights
        expected = []

        def one(metric, terms, share=False, **params):
            m = {"value": None if terms is None else float(np.average(terms, weights=w)), "n": n}
            if share and weights is None:
                m["successes"] = int(terms.sum())
            expected.append({"metric": metric, "params": {k: str(x) for k, x in params.items()},
                             "measures": [m]})
        one("crps_normal", properscoring.crps_gaussian(y, v, sigma))
        ensemble = properscoring.crps_ensemble(y, members)
        assert abs(ensemble.mean() - float(tm.continuous_ranked_probability_score(
            torch.from_numpy(members), torch.from_numpy(y)))) < 1e-12
        one("crps_ensemble", ensemble)
        near = np.abs(members - y[:, None]).mean(axis=1)
        one("crps_ensemble", near - (near - ensemble) * 7 / 6, estimate="fair")
        one("quantile_score", np.mean([2 * np.where(y >= q, a * (y - q), (1 - a) * (q - y))
                                       for a, q in zip(levels, quantiles.T)], axis=0))
        for level, low, high in ((.9, 0, 4), (.8, 1, 3)):
            ends = quantiles[:, [low, high]]
            inside = (ends[:, 0] <= y) & (y <= ends[:, 1])
            width = ends[:, 1] - ends[:, 0]
            score = width + 2 / (1 - level) * (np.maximum(0, ends[:, 0] - y)
                                               + np.maximum(0, y - ends[:, 1]))
            if weights is None:
                both = ends[:, :, None]
                assert abs(float(mr.regression_coverage_score(y, both)[0]) - inside.mean()) < 1e-12
                assert abs(float(mr.regression_mean_width_score(both)[0]) - width.mean()) < 1e-12
                assert abs(mr.regression_mwi_score(y, both, level) - score.mean()) < 1e-9
                pinball = sum(sk.mean_pinball_loss(y, quantiles[:, k], alpha=levels[k])
                              for k in range(5)) * 2 / 5
                assert abs(expected[3]["measures"][0]["value"] - pinball) < 1e-12
            one("interval_coverage", inside.astype(float), True, level=level)
            one("interval_width", width, level=level)
            one("interval_score", score, level=level)
        one("interval_score", None, level=.5)
        yield {"name": "predicted distributions", "truth": y.tolist(), "value": v.tolist(),
               "columns": columns, "expected": expected,
               **({} if weights is None else {"weights": weights.tolist()})}


def class_data():
    for name, n, classes, digits, weights in (
            ("fine scores", 160, 4, 6, None), ("ties", 120, 3, 1, None), ("two classes", 90, 2, 2, None),
            ("weights", 150, 4, 6, "gamma"), ("weights and ties", 120, 3, 1, "zeros")):
        y = rng.integers(0, classes, n)
        logits = rng.normal(size=(n, classes)) * 1.5
        logits[np.arange(n), y] += 1.2
        s = np.round(softmax(logits), digits)
        s[:, 0] += 1 - s.sum(axis=1)
        s = np.abs(s)
        s /= s.sum(axis=1, keepdims=True)
        w = {None: np.ones(n), "gamma": rng.gamma(1.5, 2, n),
             "zeros": rng.integers(0, 4, n) * rng.random(n)}[weights]
        yield name, y, s, w, weights is not None
    s = np.round(softmax(rng.normal(size=(30, 3))), 3)
    s /= s.sum(axis=1, keepdims=True)
    yield "one class in the truth", np.ones(30, int), s, np.ones(30), False


def main():
    data = []
    for name, y, s, w, weighted in class_data():
        data.append({"name": name, "classes": s.shape[1], "repeat": 1, "target": y.tolist(),
                     "label": s.argmax(axis=1).tolist(), "scores": s.ravel().tolist(),
                     "expected": classification(y, s, w, weighted)})
        if weighted:
            data[-1]["weights"] = w.tolist()
    for name, y, v in metrics_regression.datasets():
        data.append({"name": name, "truth": y.tolist(), "value": v.tolist(),
                     "expected": regression(y, v, np.ones(len(y)), False)})
        if len(y) > 80:
            w = rng.gamma(1.5, 2, len(y)) * (rng.random(len(y)) > .1)
            w = w * (y != y[0])  # a true value that has no weight
            data.append({"name": name + ", weights", "truth": y.tolist(), "value": v.tolist(),
                         "weights": w.tolist(), "expected": regression(y, v, w, True)})
    data += list(group_data()) + list(forecast_data())
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_further.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"datasets": data}, file, separators=(",", ":"))
        file.write("\n")
    print(sum(len(d["expected"]) for d in data), "cases")


if __name__ == "__main__":
    main()
