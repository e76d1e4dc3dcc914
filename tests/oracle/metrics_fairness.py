#!/usr/bin/env python3
"""Golden values for the metrics that compare groups. Writes tests/golden/metric_fairness.json.

Pinned: fairlearn 0.15.0, scikit-learn 1.9.1, numpy 2.4.6. Values and the intervals' ends are written
out here only where fairlearn has no counterpart; for classes of several, each is taken against the
rest. The groups have rows behind every rate, as fairlearn counts 0/0 as 0.
"""
import json
import os

import fairlearn
import fairlearn.metrics as fl
import numpy as np
import sklearn
from sklearn import metrics as sk

assert fairlearn.__version__ == "0.15.0", fairlearn.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__
assert np.__version__ == "2.4.6", np.__version__
rng = np.random.default_rng(20261126)


def draw(n, classes, groups, bias):
    group = rng.choice(groups, n, p=np.arange(1, groups + 1) / (groups * (groups + 1) / 2))
    y = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), y] += 1.5 - bias * group
    scores = np.exp(logits)
    return y, np.round(scores / scores.sum(axis=1, keepdims=True), 6), group


def datasets():
    yield "two classes, two groups", *draw(300, 2, 2, .6), 1
    yield "two classes, each against the rest", *draw(200, 2, 3, .3), -1
    yield "three classes, four groups", *draw(600, 3, 4, .3), -1
    y, s, g = draw(400, 2, 2, 0)
    yield "a small group", y, s, np.where(np.arange(400) < 7, 2, g), 1


FUNCTIONS = {
    "demographic_parity": (lambda y, p, **k: fl.selection_rate(y, p), fl.demographic_parity_difference,
                           fl.demographic_parity_ratio),
    "equal_opportunity": (fl.true_positive_rate, fl.equal_opportunity_difference,
                          fl.equal_opportunity_ratio),
    "predictive_equality": (fl.false_positive_rate, None, None),
    "predictive_parity": (lambda y, p: sk.precision_score(y, p, zero_division=0), None, None),
}


def trials(rate, y, p):
    return {"demographic_parity": len(y), "equal_opportunity": int(y.sum()),
            "predictive_equality": int((~y).sum()), "predictive_parity": int(p.sum())}[rate]


def measure(value, n, cls=None):
    out = {"value": None if value is None else float(value), "n": int(n)}
    if cls is not None:
        out["class"] = str(cls)
    return out


def expectations(y, scores, group, positive):
    label = scores.argmax(axis=1)
    classes = [positive] if positive >= 0 else range(scores.shape[1])
    out = []

    def add(metric, measures, **params):
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": measures})

    def each(function, rates, least):
        """The measure for every class, of the groups that have enough rows behind all rates."""
        measures = []
        for c in classes:
            t, p = y == c, label == c
            kept = [g for g in np.unique(group)
                    if all(trials(r, t[group == g], p[group == g]) >= least for r in rates)]
            rows = np.isin(group, kept)
            n = sum(trials(r, t[rows], p[rows]) for r in rates)
            value = function(t[rows], p[rows], group[rows]) if len(kept) > 1 else None
            measures.append(measure(value, n, c))
        return measures

    for least in (1, 10):
        for rate, (one, difference, ratio) in FUNCTIONS.items():
            for method in ("between_groups", "to_overall") if least == 1 else ("between_groups",):
                def frame(t, p, g):
                    return fl.MetricFrame(metrics=one, y_true=t, y_pred=p, sensitive_features=g)

                def gap(t, p, g):
                    value = frame(t, p, g).difference(method=method)
                    if difference:
                        assert abs(difference(t, p, sensitive_features=g, method=method)
                                   - value) < 1e-12
                    return value

                def part(t, p, g):
                    value = frame(t, p, g).ratio(method=method)
                    if ratio:
                        assert abs(ratio(t, p, sensitive_features=g, method=method) - value) < 1e-12
                    return value
                args = dict(least=least, method=method)
                add(rate + "_difference", each(gap, [rate], least), **args)
                add(rate + "_ratio", each(part, [rate], least), **args)
        for method in ("between_groups", "to_overall") if least == 1 else ("between_groups",):
            for agg in ("worst_case", "mean"):
                args = dict(least=least, method=method, agg=agg)
                both = ["equal_opportunity", "predictive_equality"]
                add("equalized_odds_difference", each(
                    lambda t, p, g: fl.equalized_odds_difference(
                        t, p, sensitive_features=g, method=method, agg=agg), both, least), **args)
                add("equalized_odds_ratio", each(
                    lambda t, p, g: fl.equalized_odds_ratio(
                        t, p, sensitive_features=g, method=method, agg=agg), both, least), **args)
        kept = [g for g in np.unique(group) if (group == g).sum() >= least]
        rows = np.isin(group, kept)
        frame = fl.MetricFrame(metrics=sk.accuracy_score, y_true=y[rows], y_pred=label[rows],
                               sensitive_features=group[rows])
        add("accuracy_difference", [measure(frame.difference(), rows.sum())], least=least)
        add("worst_group_accuracy", [measure(frame.group_min(), rows.sum())], least=least)
        add("worst_group_recall", each(
            lambda t, p, g: fl.MetricFrame(metrics=fl.true_positive_rate, y_true=t, y_pred=p,
                                           sensitive_features=g).group_min(),
            ["equal_opportunity"], least), least=least)
    add("accuracy_difference", [measure(fl.MetricFrame(
        metrics=sk.accuracy_score, y_true=y, y_pred=label,
        sensitive_features=group).difference(method="to_overall"), len(y))], least=1,
        method="to_overall")
    selected = []
    for c in range(scores.shape[1]):
        hits = int((label == c).sum())
        entry = measure(fl.selection_rate(y == c, label == c), len(y), c)
        entry["successes"] = hits
        selected.append(entry)
    add("selection_rate", selected)
    return out


def main():
    golden = {"source": "fairlearn 0.15.0, scikit-learn 1.9.1, numpy 2.4.6", "datasets": []}
    for name, y, scores, group, positive in datasets():
        golden["datasets"].append({
            "name": name, "repeat": 1, "classes": scores.shape[1], "target": y.tolist(),
            "single": False, "scores": scores.ravel().tolist(), "group": group.tolist(),
            "positive": positive, "expected": expectations(y, scores, group, positive)})
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_fairness.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
