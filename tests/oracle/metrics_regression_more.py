#!/usr/bin/env python3
"""Golden values for further metrics of regression, on the data of metrics_regression.py. Writes
tests/golden/metric_regression_more.json.

Pinned: scikit-learn 1.9.1, scipy 1.17.1, torchmetrics 1.9.0, numpy 2.4.6. The concordance correlation
is written out here by Lin's definition; torchmetrics divides variances by n - 1.
"""
import json
import os
import warnings

import numpy as np
import scipy
import torch
import torchmetrics
from scipy import stats
from sklearn import metrics as sk
from torchmetrics.functional import regression as tm

from metrics_regression import datasets

assert scipy.__version__ == "1.17.1", scipy.__version__
assert torchmetrics.__version__ == "1.9.0", torchmetrics.__version__
warnings.simplefilter("ignore")


def expectations(y, p):
    n = len(y)
    out = []

    def add(metric, value, **params):
        value = None if value is None or not np.isfinite(value) else float(value)
        out.append({"metric": metric, "params": {k: str(v) for k, v in params.items()},
                    "measures": [{"value": value, "n": n}]})
    logs = (y > -1).all() and (p > -1).all()
    add("mean_squared_log_error", sk.mean_squared_log_error(y, p) if logs else None)
    add("root_mean_squared_log_error", sk.root_mean_squared_log_error(y, p) if logs else None)
    ty, tp = torch.from_numpy(y), torch.from_numpy(p)
    error = np.abs(p - y)
    cosh = (error + np.log1p(np.exp(-2 * error)) - np.log(2)).mean()
    if error.max() < 300:
        assert abs(cosh - float(tm.log_cosh_error(tp, ty))) < 1e-12
    add("log_cosh_error", cosh)
    size = np.abs(y).sum()
    add("weighted_mean_absolute_percentage_error",
        float(tm.weighted_mean_absolute_percentage_error(tp, ty)) if size > 1e-3 else None)
    spread = len(np.unique(y)) > 1
    add("pearson_correlation",
        stats.pearsonr(y, p).statistic if spread and len(np.unique(p)) > 1 else None)
    ccc = None
    if spread:
        covariance = np.cov(y, p, ddof=0)
        ccc = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1]
                                      + (y.mean() - p.mean()) ** 2)
    add("concordance_correlation", ccc)
    return out


def main():
    golden = {"source": "scikit-learn 1.9.1, scipy 1.17.1, torchmetrics 1.9.0",
              "datasets": [{"name": name, "truth": y.tolist(), "value": p.tolist(),
                            "expected": expectations(y, p)} for name, y, p in datasets()]}
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "metric_regression_more.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
