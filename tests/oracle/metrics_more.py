#!/usr/bin/env python3
"""Golden values for the metrics from rankings, further ratios of counts, calibration by class and
selective prediction. Writes tests/golden/metric_classification_more.json, on the data of metrics.py.

Pinned: scikit-learn 1.9.1, numpy 2.4.6. Values come from scikit-learn where it has the metric; the
rest is written out here in numpy from the definitions (net benefit, thresholds by cost, the envelope
of the precision-recall curve, debiased calibration error, parts of the Brier score).
"""
import json
import os

import numpy as np
from sklearn import metrics as sk

from metrics import bin_of, datasets, measure, risk_coverage


def class_ratios(y, label, classes):
    n = len(y)
    hits = int((y == label).sum())
    counts = sk.multilabel_confusion_matrix(y, label, labels=np.arange(classes))
    tn, fp, fn, tp = counts[:, 0, 0], counts[:, 0, 1], counts[:, 1, 0], counts[:, 1, 1]
    seen = tp + fp + fn > 0
    for name, top, bottom, micro in (("specificity", tn, tn + fp, None),
                                     ("false_positive_rate", fp, fp + tn, None),
                                     ("false_negative_rate", fn, fn + tp, n - hits),
                                     ("negative_predictive_value", tn, tn + fn, None),
                                     ("jaccard", tp, tp + fp + fn, None)):
        for zero in ("undefined", "zero") if name != "jaccard" else (None,):
            each = np.divide(top, bottom, where=bottom > 0,
                             out=np.full(classes, 0.0 if zero == "zero" else np.nan))
            used = seen & ~np.isnan(each)
            weight = (tp + fn)[used]
            total = bottom[seen].sum()
            out = [measure(top[seen].sum() / total if total else None, n, "micro", successes=micro),
                   measure(each[used].mean() if used.any() else None, n, "macro"),
                   measure(np.average(each[used], weights=weight) if weight.sum() else None, n,
                           "weighted")]
            for c in range(classes):
                whole = bottom[c] > 0 and seen[c]
                rows = bottom[c] if seen[c] or name != "jaccard" else 0
                out.append(measure(each[c] if seen[c] else None, rows, cls=c,
                                   successes=top[c] if whole else None))
            if name == "jaccard":
                for entry, average in zip(out, ("micro", "macro", "weighted")):
                    want = sk.jaccard_score(y, label, average=average)
                    assert abs(entry["value"] - want) < 1e-12
            yield name, {} if zero is None else {"zero_division": zero}, out
    for beta in (0.5, 2):
        out = [measure(hits / n, n, "micro", successes=hits)]
        for average in ("macro", "weighted"):
            out.append(measure(sk.fbeta_score(y, label, beta=beta, average=average,
                                              zero_division=np.nan), n, average))
        assert abs(sk.fbeta_score(y, label, beta=beta, average="micro") - hits / n) < 1e-12
        each = sk.fbeta_score(y, label, beta=beta, average=None, labels=np.arange(classes),
                              zero_division=np.nan)
        for c in range(classes):
            out.append(measure(each[c], (tp + fp + fn)[c], cls=c))
        yield "f_beta", {"beta": beta}, out


def from_labels(y, label, classes, add):
    n = len(y)
    wrong = int((y != label).sum())
    for name, params, out in class_ratios(y, label, classes):
        add(name, out, **params)
    add("zero_one_loss", [measure(sk.zero_one_loss(y, label), n, successes=wrong)])
    add("hamming_loss", [measure(sk.hamming_loss(y, label), n, successes=wrong)])
    spread = len(np.unique(y)) > 1 and len(np.unique(label)) > 1
    add("matthews_correlation", [measure(sk.matthews_corrcoef(y, label) if spread else None, n)])
    for weights in (None, "linear", "quadratic"):
        same = len(np.unique(np.concatenate([y, label]))) == 1
        value = None if same else sk.cohen_kappa_score(y, label, weights=weights,
                                                       labels=np.arange(classes))
        add("cohens_kappa", [measure(value, n)], weights=weights or "none")
    for fp_price, fn_price in ((1, 1), (0.5, 20)):
        add("expected_cost", [measure((fp_price * ((y != c) & (label == c)).sum() +
                                       fn_price * ((y == c) & (label != c)).sum()) / n, n, cls=c)
                              for c in range(classes)],
            false_positive=fp_price, false_negative=fn_price)


def class_values(y, classes, function, both):
    n = len(y)
    values, weights = np.full(classes, np.nan), np.bincount(y, minlength=classes)
    for c in range(classes):
        if weights[c] > 0 and (weights[c] < n or not both):
            values[c] = function(c)
    used = ~np.isnan(values)
    return [measure(values[used].mean() if used.any() else None, n, "macro"),
            measure(np.average(values[used], weights=weights[used]) if weights[used].sum() else None,
                    n, "weighted")] + [measure(values[c], n, cls=c) for c in range(classes)]


def one_vs_one(y, s, classes):
    n = len(y)
    areas, shares = [], []
    for a in range(classes):
        for b in range(a):
            mine = (y == a) | (y == b)
            if (y == a).any() and (y == b).any():
                areas.append((sk.roc_auc_score(y[mine] == a, s[mine, a]) +
                              sk.roc_auc_score(y[mine] == b, s[mine, b])) / 2)
                shares.append(mine.mean())
    if not areas:
        return [measure(None, n, "macro"), measure(None, n, "weighted")]
    values = [np.mean(areas), np.average(areas, weights=shares)]
    if classes > 2 and len(np.unique(y)) == classes and np.allclose(s.sum(axis=1), 1, atol=1e-9):
        for value, average in zip(values, ("macro", "weighted")):
            assert abs(value - sk.roc_auc_score(y, s, multi_class="ovo", average=average)) < 1e-12
    return [measure(values[0], n, "macro"), measure(values[1], n, "weighted")]


def envelope(y, s):
    precision, recall, _ = sk.precision_recall_curve(y, s)
    best = np.maximum.accumulate(precision[:-1])  # recall falls along the array
    return -np.sum(np.diff(recall) * best)


def cheapest(y, s, fp_price, fn_price):
    best, at = fn_price * y.sum(), None
    for t in np.unique(s)[::-1]:
        cost = fp_price * ((s >= t) & ~y).sum() + fn_price * ((s < t) & y).sum()
        if cost < best:
            best, at = cost, t
    return at, best / len(y)


def from_scores(y, s, classes, add):
    n = len(y)

    def curve_points(c):
        fpr, tpr, threshold = sk.roc_curve(y == c, s[:, c], drop_intermediate=False)
        return fpr[1:], tpr[1:], threshold[1:]

    for limit in (1, 0.1, 0.5):
        add("roc_auc", class_values(y, classes, lambda c: sk.roc_auc_score(
            y == c, s[:, c], max_fpr=limit if limit < 1 else None), True), max_fpr=limit)
    add("roc_auc_one_vs_one", one_vs_one(y, s, classes))
    add("average_precision", class_values(
        y, classes, lambda c: sk.average_precision_score(y == c, s[:, c]), False))
    add("average_precision", class_values(y, classes, lambda c: envelope(y == c, s[:, c]), False),
        interpolation="envelope")
    for limit in (0.5, 0.9):
        def p_at_r(c):
            precision, recall, _ = sk.precision_recall_curve(y == c, s[:, c])
            return precision[:-1][recall[:-1] >= limit].max()

        def r_at_p(c):
            precision, recall, _ = sk.precision_recall_curve(y == c, s[:, c])
            return recall[precision >= limit].max()
        add("precision_at_recall", class_values(y, classes, p_at_r, False), recall=limit)
        add("recall_at_precision", class_values(y, classes, r_at_p, False), precision=limit)
    for limit in (0.01, 0.2):
        def r_at_fpr(c):
            fpr, tpr, _ = sk.roc_curve(y == c, s[:, c], drop_intermediate=False)
            return tpr[fpr <= limit].max()
        add("recall_at_fpr", class_values(y, classes, r_at_fpr, True), fpr=limit)
    for t in (0.1, 0.5):
        add("net_benefit", class_values(y, classes, lambda c: (
            ((s[:, c] >= t) & (y == c)).sum() -
            ((s[:, c] >= t) & (y != c)).sum() * t / (1 - t)) / n, False), threshold=t)
    for fp_price, fn_price in ((1, 1), (1, 7)):
        rows = {"threshold": [], "cost": []}
        for c in range(classes):
            at, cost = None, None
            if 0 < (y == c).sum() < n:
                at, cost = cheapest(y == c, s[:, c], fp_price, fn_price)
            rows["threshold"].append(measure(at, n, cls=c))
            rows["cost"].append(measure(cost, n, cls=c))
        for report, out in rows.items():
            add("optimal_threshold", out, false_positive=fp_price, false_negative=fn_price,
                report=report)
    roc, pr = [], []
    for c in range(classes):
        if 0 < (y == c).sum() < n:
            roc += [[c, t, x, h] for x, h, t in zip(*curve_points(c))]
        if (y == c).any():
            precision, recall, threshold = sk.precision_recall_curve(y == c, s[:, c])
            pr += [[c, t, r, p] for t, r, p in
                   list(zip(threshold, recall, precision))[::-1]]
    if n < 1000:
        add("roc_curve", curve=roc)
        add("pr_curve", curve=pr)
        roc, pr = [], []
        for c in range(classes):
            if 0 < (y == c).sum() < n:
                fpr, tpr, threshold = sk.roc_curve(y == c, s[:, c], drop_intermediate=True)
                roc += [[c, t, x, h] for x, h, t in zip(fpr[1:], tpr[1:], threshold[1:])]
            if (y == c).any():
                precision, recall, threshold = sk.precision_recall_curve(
                    y == c, s[:, c], drop_intermediate=True)
                pr += [[c, t, r, p] for t, r, p in list(zip(threshold, recall, precision))[::-1]]
        add("roc_curve", curve=roc, drop_intermediate="true")
        add("pr_curve", curve=pr, drop_intermediate="true")


def classwise(y, s, classes, bins, binning, edges):
    values = []
    for c in range(classes):
        index = bin_of(s[:, c], bins, binning, edges)
        total = np.bincount(index, s[:, c] - (y == c), minlength=bins + 1)
        values.append(np.abs(total).sum() / len(y))
    weights = np.bincount(y, minlength=classes)
    return [measure(np.mean(values), len(y), "macro"),
            measure(np.average(values, weights=weights), len(y), "weighted")] + \
           [measure(v, len(y), cls=c) for c, v in enumerate(values)]


def calibration(y, s, label, classes, add):
    n = len(y)
    confidence, correct = s[np.arange(n), label], (y == label).astype(float)
    for bins in (1, 10, 15):
        for binning in ("equal_width", "equal_mass"):
            for edges in ("right_closed", "left_closed"):
                args = dict(bins=bins, binning=binning, edges=edges)
                add("classwise_calibration_error", classwise(y, s, classes, **args), **args)
                index = bin_of(confidence, bins, binning, edges)
                square, parts = 0.0, {"reliability": 0.0, "resolution": 0.0}
                for b in np.unique(index):
                    mine = index == b
                    rows, acc = mine.sum(), correct[mine].mean()
                    gap = acc - confidence[mine].mean()
                    parts["reliability"] += rows / n * gap ** 2
                    parts["resolution"] += rows / n * (acc - correct.mean()) ** 2
                    if rows >= 2:
                        square += rows / n * (gap ** 2 - acc * (1 - acc) / (rows - 1))
                parts["uncertainty"] = correct.mean() * (1 - correct.mean())
                add("debiased_calibration_error", [measure(np.sqrt(max(square, 0.0)), n)], **args)
                if bins == 10:
                    for part, value in parts.items():
                        add("brier_decomposition", [measure(value, n)], part=part, **args)
    _, area = risk_coverage(confidence, correct)
    r = 1 - correct.mean()
    ideal = r + (1 - r) * np.log(1 - r) if r < 1 else 1.0
    add("e_aurc", [measure(area - ideal, n)])
    auc = sk.roc_auc_score(correct, confidence) if 0 < r < 1 else 0.5
    add("augrc", [measure((1 - auc) * r * (1 - r) + r ** 2 / 2, n)])
    if classes > 2:
        add("hinge_loss", [measure(sk.hinge_loss(y, s, labels=np.arange(classes)), n)])
    else:
        margin = (s[:, 1] - s[:, 0]) * (2 * y - 1)
        loss = np.maximum(0, 1 - margin).mean()
        if len(np.unique(y)) == 2:  # scikit-learn takes a single class for the negative one
            assert abs(loss - sk.hinge_loss(y, s[:, 1] - s[:, 0])) < 1e-12
        add("hinge_loss", [measure(loss, n)])


def expectations(data):
    y, scores, repeat = data["target"], data["scores"], data["repeat"]
    label = data["label"] if scores is None else scores.argmax(axis=1)
    classes = 4 if scores is None else scores.shape[1]
    y, label = np.tile(y, repeat), np.tile(label, repeat)
    out = []

    def add(metric, measures=None, curve=None, **params):
        entry = {"metric": metric, "params": {k: str(v) for k, v in params.items()}}
        if measures is not None:
            entry["measures"] = measures
        if curve is not None:
            entry["curve"] = [[float(v) for v in row] for row in curve]
        out.append(entry)

    from_labels(y, label, classes, add)
    if scores is not None:
        wide = np.tile(scores.astype(np.float64), (repeat, 1))
        from_scores(y, wide, classes, add)
        calibration(y, wide, label, classes, add)
    return out


def main():
    golden = {"source": "scikit-learn 1.9.1, numpy 2.4.6", "datasets": []}
    for name, data in datasets().items():
        scores = data["scores"]
        entry = {"name": name, "repeat": data["repeat"],
                 "classes": 4 if scores is None else scores.shape[1],
                 "target": data["target"].tolist(),
                 "single": scores is not None and scores.dtype == np.float32}
        if scores is None:
            entry["label"] = data["label"].tolist()
        elif name == "single precision":
            continue  # the scores of "plain"; only widening differs, which metrics.py covers
        else:
            entry["scores"] = scores.astype(np.float64).ravel().tolist()
        entry["expected"] = expectations(data)
        golden["datasets"].append(entry)
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_classification_more.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
