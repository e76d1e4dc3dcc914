#!/usr/bin/env python3
"""Golden values for metrics of weighted rows. Writes tests/golden/metric_weighted.json.

Pinned: scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17. Values are scikit-learn's with `sample_weight`
wherever it takes one; the means of bins (calibration), the areas over coverage, the pairs of
one-against-one, costs and thresholds are written out in numpy. `weight` is the total weight behind a
measure, `n_effective` Kish's number, and the interval of a proportion Korn and Graubard's (1998), as
quantiles of scipy.stats.beta.
"""
import json
import os
import warnings

import numpy as np
import sklearn
from scipy import stats
from sklearn import metrics as sk

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
warnings.simplefilter("ignore")
rng = np.random.default_rng(97)


def korn_graubard(right, w, level=.95):
    """Every row is a cluster of its own; `right` and `w` of the rows in the denominator."""
    n, p = len(w), np.average(right, weights=w)
    kish = w.sum() ** 2 / (w ** 2).sum()
    if p in (0, 1) or n < 2:
        effective = min(kish, n)
    else:
        variance = n / (n - 1) * (w ** 2 * (right - p) ** 2).sum() / w.sum() ** 2
        effective = min(p * (1 - p) / variance, n)
    x, a = p * effective, (1 - level) / 2
    low = 0.0 if p == 0 else stats.beta.ppf(a, x, effective - x + 1)
    high = 1.0 if p == 1 else stats.beta.ppf(1 - a, x + 1, effective - x)
    return low, high


def measure(value, rows, w, average=None, cls=None, right=None):
    """`rows`: how often each row is behind the number."""
    rows = np.asarray(rows) * (w > 0)
    out = {"value": None if value is None or np.isnan(value) else float(value),
           "n": int(rows.sum()), "weight": float((rows * w).sum()),
           "n_effective": float((rows * w).sum() ** 2 / max((rows * w ** 2).sum(), 1e-300))}
    if average:
        out["average"] = average
    if cls is not None:
        out["class"] = str(cls)
    if right is not None and out["value"] is not None:
        keep = rows > 0
        assert np.isclose(np.average(right[keep], weights=w[keep]), value, rtol=1e-12)
        out["low"], out["high"] = korn_graubard(right[keep].astype(float), w[keep])
    return out


def ratio(name, y, label, w, classes):
    ones = np.ones(len(y))
    right = (y == label).astype(float)
    function, options = {
        "precision": (sk.precision_score, {}), "recall": (sk.recall_score, {}),
        "f1": (sk.f1_score, {}), "jaccard": (sk.jaccard_score, {}),
        "f_beta": (sk.fbeta_score, {"beta": 2.0}),
        "specificity": (None, {}), "false_positive_rate": (None, {}),
        "false_negative_rate": (None, {}), "negative_predictive_value": (None, {})}[name]
    each, shares = [], []
    for c in range(classes):
        t, p = y == c, label == c
        rows = {"precision": p, "recall": t, "specificity": ~t, "false_positive_rate": ~t,
                "false_negative_rate": t, "negative_predictive_value": ~p,
                "f1": t * 1 + p - (t & p), "jaccard": t | p, "f_beta": t * 1 + p - (t & p)}[name]
        good = {"precision": t, "recall": p, "specificity": ~p, "false_positive_rate": p,
                "false_negative_rate": ~p, "negative_predictive_value": ~t}.get(name)
        if function is None:
            value = np.average(good[rows], weights=w[rows])
        else:
            value = function(y, label, labels=[c], average=None, sample_weight=w, **options)[0]
        each.append(value)
        # a Jaccard index is a share of the rows in the union, but not reported as a proportion of rows
        proportion = good is not None or name == "jaccard"
        right_rows = good if good is not None else (t & p)
        shares.append(measure(value, rows, w, cls=c, right=right_rows if proportion else None))
    support = np.array([w[y == c].sum() for c in range(classes)])
    micro = {"false_positive_rate": None, "specificity": None, "negative_predictive_value": None,
             "false_negative_rate": 1 - np.average(right, weights=w)}.get(
                 name, np.average(right, weights=w))
    if name == "jaccard":
        micro = sk.jaccard_score(y, label, average="micro", sample_weight=w)
    if function is not None:
        for a, want in (("macro", np.mean(each)), ("weighted", np.average(each, weights=support))):
            got = function(y, label, average=a, sample_weight=w, **options)
            assert abs(got - want) < 1e-12
    if micro is None:
        cms = sk.multilabel_confusion_matrix(y, label, labels=np.arange(classes), sample_weight=w)
        tn, fp, fn = cms[:, 0, 0].sum(), cms[:, 0, 1].sum(), cms[:, 1, 0].sum()
        micro = {"specificity": tn / (tn + fp), "false_positive_rate": fp / (tn + fp),
                 "negative_predictive_value": tn / (tn + fn)}[name]
    is_share = name in ("precision", "recall", "f1", "f_beta", "false_negative_rate")
    wrong = name == "false_negative_rate"
    return [measure(micro, ones, w, "micro",
                    right=(1 - right if wrong else right) if is_share else None),
            measure(np.mean(each), ones, w, "macro"),
            measure(np.average(each, weights=support), ones, w, "weighted")] + shares


def ranked(of, s, y, w, classes):
    ones = np.ones(len(y))
    each = [of(y == c, s[:, c]) for c in range(classes)]
    support = [w[y == c].sum() for c in range(classes)]
    return [measure(np.mean(each), ones, w, "macro"),
            measure(np.average(each, weights=support), ones, w, "weighted")] + \
        [measure(v, ones, w, cls=c) for c, v in enumerate(each)]


def selective(confidence, wrong, w):
    """Risk over coverage: rows of equal confidence are answered together."""
    levels = np.unique(confidence[w > 0])[::-1]
    total = w.sum()
    aurc = augrc = before = 0.0
    for level in levels:
        group, above = w[confidence == level].sum(), confidence >= level
        errors = (w * wrong)[above].sum()
        aurc += group * errors / w[above].sum()
        augrc += .5 * group * (before + errors)
        before = errors
    risk = np.average(wrong, weights=w)
    return aurc / total, augrc / total ** 2, aurc / total - (risk + (1 - risk) * np.log1p(-risk))


def binned(confidence, right, w, edges):
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    total = np.bincount(index, w, minlength=len(edges) - 1)
    conf = np.bincount(index, w * confidence, minlength=len(edges) - 1)
    acc = np.bincount(index, w * right, minlength=len(edges) - 1)
    squares = np.bincount(index, w ** 2, minlength=len(edges) - 1)
    keep = total > 0
    return total[keep], conf[keep] / total[keep], acc[keep] / total[keep], squares[keep]


def one_vs_one(y, s, w, classes):
    areas, shares = [], []
    for a in range(classes):
        for b in range(a):
            both = (y == a) | (y == b)
            areas.append(.5 * sum(sk.roc_auc_score(y[both] == k, s[both, k], sample_weight=w[both])
                                  for k in (a, b)))
            shares.append(w[both].sum())
    return np.mean(areas), np.average(areas, weights=shares)


def classification(y, s, w):
    classes, n = s.shape[1], len(y)
    label, ones = s.argmax(axis=1), np.ones(n)
    right = (y == label).astype(float)
    confidence = s.max(axis=1)
    out = []

    def add(metric, measures, **params):
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": measures})

    def one(metric, value, share=None, **params):
        add(metric, [measure(value, ones, w, right=share)], **params)

    one("accuracy", sk.accuracy_score(y, label, sample_weight=w), right)
    one("zero_one_loss", sk.zero_one_loss(y, label, sample_weight=w), 1 - right)
    one("hamming_loss", sk.hamming_loss(y, label, sample_weight=w), 1 - right)
    for adjusted in (False, True):
        one("balanced_accuracy", sk.balanced_accuracy_score(y, label, sample_weight=w,
                                                            adjusted=adjusted),
            adjusted=str(adjusted).lower())
    one("matthews_correlation", sk.matthews_corrcoef(y, label, sample_weight=w))
    for k in (None, "linear", "quadratic"):
        one("cohens_kappa", sk.cohen_kappa_score(y, label, weights=k, sample_weight=w),
            weights=k or "none")
    for name in ("precision", "recall", "f1", "f_beta", "jaccard", "specificity",
                 "false_positive_rate", "false_negative_rate", "negative_predictive_value"):
        add(name, ratio(name, y, label, w, classes))
    one("log_loss", sk.log_loss(y, s, labels=np.arange(classes), sample_weight=w))
    onehot = np.eye(classes)[y]
    for half in (False, True):
        value = np.average(((s - onehot) ** 2).sum(axis=1), weights=w) * (.5 if half else 1)
        assert abs(value - sk.brier_score_loss(y, s, sample_weight=w, scale_by_half=half)) < 1e-12
        one("brier_score", value, half=str(half).lower())
    one("hinge_loss", sk.hinge_loss(y, s, labels=np.arange(classes), sample_weight=w)
        if classes > 2 else
        np.average(np.maximum(0, 1 - (s[np.arange(n), y] - s[np.arange(n), 1 - y])), weights=w))
    above = (s > s[np.arange(n), y][:, None]).sum(axis=1) + \
        np.array([(s[i, :y[i]] == s[i, y[i]]).sum() for i in range(n)])
    one("top_k_accuracy", np.average(above < 2, weights=w), (above < 2).astype(float), k=2)
    auc = lambda t, v: sk.roc_auc_score(t, v, sample_weight=w)
    add("roc_auc", ranked(auc, s, y, w, classes))
    if classes > 2:
        for a in ("macro", "weighted"):
            got = sk.roc_auc_score(y, s, multi_class="ovr", average=a, sample_weight=w)
            assert abs(got - [m for m in out[-1]["measures"] if m.get("average") == a][0]["value"]) < 1e-12
    add("roc_auc", ranked(lambda t, v: sk.roc_auc_score(t, v, sample_weight=w, max_fpr=.2),
                          s, y, w, classes), max_fpr=.2)
    add("average_precision", ranked(lambda t, v: sk.average_precision_score(t, v, sample_weight=w),
                                    s, y, w, classes))
    macro, weighted = one_vs_one(y, s, w, classes)
    add("roc_auc_one_vs_one", [measure(macro, ones, w, "macro"),
                               measure(weighted, ones, w, "weighted")])

    def at(t, v, best, meets):
        """Over all thresholds: values (precision, recall, fpr) of the predictions they give."""
        found = 0.0
        for threshold in np.unique(v[w > 0]):
            p = v >= threshold
            tp, fp = w[t & p].sum(), w[~t & p].sum()
            point = tp / (tp + fp), tp / w[t].sum(), fp / w[~t].sum()
            found = max(found, best(point)) if meets(point) else found
        return found
    add("precision_at_recall", ranked(lambda t, v: at(t, v, lambda p: p[0], lambda p: p[1] >= .8),
                                      s, y, w, classes), recall=.8)
    add("recall_at_precision", ranked(lambda t, v: at(t, v, lambda p: p[1], lambda p: p[0] >= .7),
                                      s, y, w, classes), precision=.7)
    add("recall_at_fpr", ranked(lambda t, v: at(t, v, lambda p: p[1], lambda p: p[2] <= .1),
                                s, y, w, classes), fpr=.1)
    add("net_benefit", ranked(lambda t, v: (w[t & (v >= .4)].sum() - w[~t & (v >= .4)].sum()
                                            * (.4 / .6)) / w.sum(), s, y, w, classes), threshold=.4)
    add("expected_cost", [measure(
        (2 * w[(label == c) & (y != c)].sum() + 3 * w[(label != c) & (y == c)].sum()) / w.sum(),
        ones, w, cls=c) for c in range(classes)], false_positive=2, false_negative=3)
    costs = []
    for c in range(classes):
        t, v = y == c, s[:, c]
        costs.append(min([w[t].sum()] + [w[~t & (v >= u)].sum() + w[t & (v < u)].sum()
                                         for u in np.unique(v)]) / w.sum())
    add("optimal_threshold", [measure(v, ones, w, cls=c) for c, v in enumerate(costs)], report="cost")

    aurc, augrc, e_aurc = selective(confidence, 1 - right, w)
    one("aurc", aurc)
    one("augrc", augrc)
    one("e_aurc", e_aurc)
    # numpy.quantile takes weights with this method alone
    equal_mass = np.quantile(confidence, np.arange(11) / 10, weights=w, method="inverted_cdf")
    for binning, edges in (("equal_width", np.linspace(0, 1, 11)), ("equal_mass", equal_mass)):
        total, conf, acc, squares = binned(confidence, right, w, edges)
        share = total / w.sum()
        gap = np.abs(acc - conf)
        for norm, value in (("l1", (share * gap).sum()), ("l2", np.sqrt((share * gap ** 2).sum())),
                            ("max", gap.max())):
            one("expected_calibration_error", value, bins=10, binning=binning, norm=norm)
        rows = total ** 2 / squares
        keep = rows > 1 + 1e-12
        debiased = (share * (gap ** 2 - acc * (1 - acc) / np.where(keep, rows - 1, 1)))[keep].sum()
        one("debiased_calibration_error", np.sqrt(max(debiased, 0)), bins=10, binning=binning)
        overall = np.average(right, weights=w)
        for part, value in (("reliability", (share * gap ** 2).sum()),
                            ("resolution", (share * (acc - overall) ** 2).sum()),
                            ("uncertainty", overall * (1 - overall))):
            one("brier_decomposition", value, bins=10, binning=binning, part=part)

        def of(t, v):
            e = edges if binning == "equal_width" else \
                np.quantile(v, np.arange(11) / 10, weights=w, method="inverted_cdf")
            index = np.searchsorted(e[1:-1], v, side="left")
            return np.abs(np.bincount(index, w * (v - t))).sum() / w.sum()
        add("classwise_calibration_error", ranked(of, s, y, w, classes), bins=10, binning=binning)
    matrix = sk.confusion_matrix(y, label, labels=np.arange(classes), sample_weight=w)
    out.append({"metric": "confusion_matrix", "params": {},
                "curve": [[a, b, float(matrix[a, b])] for a in range(classes)
                          for b in range(classes) if matrix[a, b] > 0]})
    for name, function in (("roc_curve", sk.roc_curve), ("pr_curve", sk.precision_recall_curve)):
        points = []
        for c in range(classes):
            if name == "roc_curve":
                fpr, tpr, t = function(y == c, s[:, c], sample_weight=w, drop_intermediate=False)
                points += [[c, float(u), float(a), float(b)] for u, a, b in zip(t, fpr, tpr)][1:]
            else:
                p, r, t = function(y == c, s[:, c], sample_weight=w)
                points += [[c, float(u), float(a), float(b)] for u, a, b in zip(t, r, p)][::-1]
        out.append({"metric": name, "params": {}, "curve": points})
    return out


def regression(y, v, w):
    ones = np.ones(len(y))
    out = []

    def one(metric, value, share=None, **params):
        out.append({"metric": metric, "params": {k: str(x) for k, x in params.items()},
                    "measures": [measure(value, ones, w, right=share)]})

    o = dict(sample_weight=w)
    one("mean_absolute_error", sk.mean_absolute_error(y, v, **o))
    one("mean_squared_error", sk.mean_squared_error(y, v, **o))
    one("root_mean_squared_error", sk.root_mean_squared_error(y, v, **o))
    one("mean_absolute_percentage_error", sk.mean_absolute_percentage_error(y, v, **o))
    one("symmetric_mean_absolute_percentage_error",
        np.average(2 * np.abs(y - v) / (np.abs(y) + np.abs(v)), weights=w))
    one("median_absolute_error", sk.median_absolute_error(y, v, **o))
    one("mean_error", np.average(v - y, weights=w))
    one("max_error", np.abs(y - v)[w > 0].max())
    one("r2", sk.r2_score(y, v, **o))
    one("explained_variance", sk.explained_variance_score(y, v, **o))
    for quantile in (.2, .5):
        one("pinball_loss", sk.mean_pinball_loss(y, v, alpha=quantile, **o), quantile=quantile)
    for power in (1, 1.5, 2, 3):
        one("tweedie_deviance", sk.mean_tweedie_deviance(y, v, power=power, **o), power=power)
    share = (y <= v).astype(float)
    one("quantile_coverage", np.average(share, weights=w), share)
    return out


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main():
    data = []
    for name, n, classes, digits, weights in (
            ("gamma weights", 150, 4, 6, "gamma"), ("ties", 120, 3, 1, "gamma"),
            ("two classes, some weights zero", 90, 2, 6, "zeros"),
            ("weights over ten powers of ten", 80, 3, 6, "wild")):
        y = rng.integers(0, classes, n)
        logits = rng.normal(size=(n, classes)) * 1.5
        logits[np.arange(n), y] += 1.2
        s = np.round(softmax(logits), digits)
        s[:, 0] += 1 - s.sum(axis=1)
        s = np.abs(s)
        s /= s.sum(axis=1, keepdims=True)
        w = {"gamma": rng.gamma(1.5, 2, n), "zeros": rng.integers(0, 4, n) * rng.random(n),
             "wild": 10.0 ** rng.uniform(-5, 5, n)}[weights]
        data.append({"name": name, "classes": classes, "repeat": 1, "target": y.tolist(),
                     "label": s.argmax(axis=1).tolist(), "scores": s.ravel().tolist(),
                     "weights": w.tolist(), "expected": classification(y, s, w)})
    y = np.exp(rng.normal(size=101))
    v = y * np.exp(.3 * rng.normal(size=101))
    for name, w in (("values", rng.gamma(1.5, 2, 101)), ("median between rows", np.full(101, .5))):
        if name != "values":
            y, v, w = y[:100], v[:100], w[:100]
        data.append({"name": name, "truth": y.tolist(), "value": v.tolist(), "weights": w.tolist(),
                     "expected": regression(y, v, w)})
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_weighted.json")
    with open(path, "w") as f:
        json.dump({"datasets": data}, f, separators=(",", ":"))
        f.write("\n")
    print(sum(len(d["expected"]) for d in data), "cases")


if __name__ == "__main__":
    main()
