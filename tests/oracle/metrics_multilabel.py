#!/usr/bin/env python3
"""Golden values for rows with sets of classes. Writes tests/golden/metric_multilabel.json.

Pinned: scikit-learn 1.9.1, numpy 2.4.6. Values are scikit-learn's with `zero_division=np.nan` (and 0),
its averages micro, macro, weighted and samples, with and without `sample_weight`; specificity and the
rates are written out from its multilabel_confusion_matrix. torchmetrics 1.9 is asked where it has the
metric too: the assertions show where it agrees and where not.
"""
import json
import os
import warnings

import numpy as np
import sklearn
from sklearn import metrics as sk

assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
warnings.simplefilter("ignore")
rng = np.random.default_rng(4711)


def measure(value, rows, w, average=None, cls=None, share=False):
    rows = np.asarray(rows) * (w > 0)
    out = {"value": None if value is None or np.isnan(value) else float(value),
           "n": int(rows.sum()), "weight": float((rows * w).sum())}
    if share and out["value"] is not None and (w == 1).all() and out["n"] > 0:
        out["successes"] = round(out["value"] * out["n"])
    if average:
        out["average"] = average
    if cls is not None:
        out["class"] = str(cls)
    return out


def weighted_mean(values, weights):
    values, weights = np.asarray(values, float), np.asarray(weights, float)
    keep = ~np.isnan(values)
    return np.average(values[keep], weights=weights[keep]) if weights[keep].sum() > 0 else None


def ratio(tp, fp, fn, tn, name):
    num, den = {"precision": (tp, tp + fp), "recall": (tp, tp + fn), "specificity": (tn, tn + fp),
                "false_positive_rate": (fp, tn + fp), "false_negative_rate": (fn, tp + fn),
                "negative_predictive_value": (tn, tn + fn), "f1": (2 * tp, 2 * tp + fp + fn),
                "f_beta": (5 * tp, 5 * tp + 4 * fn + fp), "jaccard": (tp, tp + fp + fn)}[name]
    with np.errstate(all="ignore"):
        return num / den


def table(y, p, axis, w=None):
    w = np.ones(len(y)) if w is None else w
    each = [(y & p), (~y & p), (y & ~p), (~y & ~p)]
    return [(e * (w[:, None] if axis == 0 else 1)).sum(axis=axis) for e in each]


def ratios(name, y, p, w, weighted, zero=False):
    ones = np.ones(len(y))
    tp, fp, fn, tn = table(y, p, 0, w)
    each = ratio(tp, fp, fn, tn, name)
    samples = ratio(*table(y, p, 1), name)
    micro = ratio(tp.sum(), fp.sum(), fn.sum(), tn.sum(), name)
    if zero:
        each, samples, micro = (np.nan_to_num(v) for v in (each, samples, micro))
    support = (y * w[:, None]).sum(axis=0)
    macro = weighted_mean(each, np.ones_like(each))
    by_support = weighted_mean(each, support)
    by_sample = weighted_mean(samples, w)
    function = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
                "f_beta": lambda *a, **o: sk.fbeta_score(*a, beta=2.0, **o),
                "jaccard": sk.jaccard_score}.get(name)
    if function is not None:
        o = dict(sample_weight=w if weighted else None)
        # jaccard_score takes 0 and 1 alone
        o["zero_division"] = 0 if zero else (np.nan if name != "jaccard" else 0)
        full = not np.isnan(each).any() and not np.isnan(samples).any()
        if name != "jaccard" or zero or full:
            for average, want in (("micro", micro), ("macro", macro), ("weighted", by_support),
                                  ("samples", by_sample)):
                got = function(y, p, average=average, **o)
                assert np.isclose(got, want, rtol=1e-12), (name, average, got, want)
            got = function(y, p, average=None, **o)
            assert np.allclose(got, each, rtol=1e-12, equal_nan=True), (name, got, each)
    rows = {"precision": p, "recall": y, "specificity": ~y, "false_positive_rate": ~y,
            "false_negative_rate": y, "negative_predictive_value": ~p}.get(name, y | p)
    return [measure(micro, ones, w, "micro"), measure(macro, ones, w, "macro"),
            measure(by_support, ones, w, "weighted"),
            measure(by_sample, ~np.isnan(samples), w, "samples")] + \
        [measure(v, rows[:, c], w, cls=c, share=name not in ("f1", "f_beta")) for c, v in enumerate(each)]


def ranked(of, y, s, w, micro=True, both=False):
    ones = np.ones(len(y))
    each = [of(y[:, c], s[:, c], w) if y[:, c].any() and (not both or not y[:, c].all()) else np.nan
            for c in range(y.shape[1])]
    support = (y * w[:, None]).sum(axis=0)
    out = [measure(of(y.ravel(), s.ravel(), np.repeat(w, y.shape[1])), ones, w, "micro")] if micro else []
    return out + [measure(weighted_mean(each, np.ones(len(each))), ones, w, "macro"),
                  measure(weighted_mean(each, support), ones, w, "weighted")] + \
        [measure(v, ones, w, cls=c) for c, v in enumerate(each)]


def cases(y, p, s, w, weighted):
    ones = np.ones(len(y))
    o = dict(sample_weight=w)
    out = []

    def add(metric, measures, **params):
        for m in measures:
            if not weighted:
                del m["weight"]
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": measures})

    for name in ("precision", "recall", "f1", "f_beta", "jaccard", "specificity",
                 "false_positive_rate", "false_negative_rate", "negative_predictive_value"):
        add(name, ratios(name, y, p, w, weighted))
        if name not in ("f1", "f_beta", "jaccard"):
            add(name, ratios(name, y, p, w, weighted, zero=True), zero_division="zero")
    add("exact_match", [measure(sk.accuracy_score(y, p, **o), ones, w, share=True)])
    add("zero_one_loss", [measure(sk.zero_one_loss(y, p, **o), ones, w, share=True)])
    add("hamming_loss", [measure(sk.hamming_loss(y, p, **o), ones, w)])
    add("roc_auc", ranked(lambda t, v, k: sk.roc_auc_score(t, v, sample_weight=k), y, s, w, both=True))
    add("average_precision", ranked(lambda t, v, k: sk.average_precision_score(t, v, sample_weight=k),
                                    y, s, w))
    if y.any(axis=0).all() and not y.all(axis=0).any():
        for average in ("micro", "macro", "weighted"):
            want = [m for m in out[-2]["measures"] if m.get("average") == average][0]["value"]
            assert abs(sk.roc_auc_score(y, s, average=average, **o) - want) < 1e-12
            want = [m for m in out[-1]["measures"] if m.get("average") == average][0]["value"]
            assert abs(sk.average_precision_score(y, s, average=average, **o) - want) < 1e-12
    some = y.any(axis=1)
    mixed = some & ~y.all(axis=1)
    auc = sk.roc_auc_score(y[mixed], s[mixed], average="samples", sample_weight=w[mixed])
    add("roc_auc_samples", [measure(auc, mixed, w)])
    ap = sk.average_precision_score(y[some], s[some], average="samples", sample_weight=w[some])
    add("average_precision_samples", [measure(ap, some, w)])
    add("coverage_error", [measure(sk.coverage_error(y, s, **o), ones, w)])
    add("label_ranking_average_precision",
        [measure(sk.label_ranking_average_precision_score(y, s, **o), ones, w)])
    add("label_ranking_loss", [measure(sk.label_ranking_loss(y, s, **o), ones, w)])
    columns = range(y.shape[1])
    add("log_loss", [measure(np.mean([sk.log_loss(y[:, c], s[:, c], labels=[False, True], **o)
                                      for c in columns]), ones, w)])
    add("brier_score", [measure(np.mean([np.average((s[:, c] - y[:, c]) ** 2, weights=w)
                                         for c in columns]), ones, w)])
    add("recall_at_fpr", ranked(lambda t, v, k: max(
        [0.0] + [k[t & (v >= u)].sum() / k[t].sum() for u in np.unique(v[k > 0])
                 if k[~t & (v >= u)].sum() / k[~t].sum() <= .2]), y, s, w, micro=False, both=True),
        fpr=.2)
    return out


def torch_agrees(y, p, s):
    """Where torchmetrics has the metric, on data in which nothing is 0/0."""
    import torch
    from torchmetrics.functional import classification as tm
    t, q, u = torch.tensor(y * 1), torch.tensor(p * 1), torch.tensor(s)
    classes = y.shape[1]
    for average in ("micro", "macro", "weighted"):
        for ours, theirs in ((sk.f1_score, tm.multilabel_f1_score), (sk.jaccard_score,
                             tm.multilabel_jaccard_index), (sk.precision_score, tm.multilabel_precision)):
            got = float(theirs(q, t, num_labels=classes, average=average))
            assert abs(got - ours(y, p, average=average)) < 1e-6
        got = float(tm.multilabel_auroc(u, t, num_labels=classes, average=average))
        assert abs(got - sk.roc_auc_score(y, s, average=average)) < 1e-6
    assert abs(float(tm.multilabel_exact_match(q, t, num_labels=classes)) - sk.accuracy_score(y, p)) < 1e-6
    assert abs(float(tm.multilabel_coverage_error(u, t, num_labels=classes)) - sk.coverage_error(y, s)) < 1e-5
    assert abs(float(tm.multilabel_ranking_average_precision(u, t, num_labels=classes))
               - sk.label_ranking_average_precision_score(y, s)) < 1e-6
    tied = abs(float(tm.multilabel_ranking_loss(u, t, num_labels=classes)) - sk.label_ranking_loss(y, s))
    assert tied < 1e-6 or len(np.unique(s)) < s.size  # equal scores: by index there, as wrong here


def main():
    data = []
    for name, n, classes, digits, weighted, rare in (
            ("plain", 120, 5, 6, False, False), ("ties", 90, 4, 1, False, False),
            ("empty rows and absent classes", 60, 6, 2, False, True),
            ("weights", 110, 5, 3, True, False), ("two classes, weights, some zero", 70, 2, 2, True, False)):
        logits = rng.normal(size=(n, classes))
        y = rng.random((n, classes)) < 1 / (1 + np.exp(-1.5 * logits))
        s = np.round(1 / (1 + np.exp(-logits - .5 * rng.normal(size=(n, classes)))), digits)
        y[1] = True
        y[2] = False
        if rare:
            y[:, 3] = False
            y[::3] = False
            s[:, 3] = .1
            s[:, 4] = .2
        p = s >= .5
        w = rng.gamma(1.5, 2, n) if weighted else np.ones(n)
        if "zero" in name:
            w[::4] = 0
        if not rare and not weighted and digits > 1:
            torch_agrees(y, p, s)
        data.append({"name": name, "classes": classes, "truth_set": (y * 1).ravel().tolist(),
                     "label_set": (p * 1).ravel().tolist(), "scores": s.ravel().tolist(),
                     **({"weights": w.tolist()} if weighted else {}),
                     "expected": cases(y, p, s, w, weighted)})
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_multilabel.json")
    with open(path, "w") as f:
        json.dump({"datasets": data}, f, separators=(",", ":"))
        f.write("\n")
    print(sum(len(d["expected"]) for d in data), "cases")


if __name__ == "__main__":
    main()
