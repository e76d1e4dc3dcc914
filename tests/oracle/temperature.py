#!/usr/bin/env python3
"""Golden values of temperature scaling. Writes tests/golden/temperature.txt: per case a line
"case N CLASSES T LOW HIGH" followed by N lines "TARGET SCORE SCORE ...".

Pinned: scipy 1.17.1, numpy 2.4.6. T by scipy's bounded scalar minimisation, polished by bisection of the
derivative; the interval from the sandwich variance of ln T, written out here.
"""
import os

import numpy as np
import scipy
from scipy import optimize, special, stats

assert scipy.__version__ == "1.17.1", scipy.__version__
assert np.__version__ == "2.4.6", np.__version__
rng = np.random.default_rng(5)
EPS = np.finfo(float).eps


def fit(y, p):
    z = np.log(np.maximum(p, EPS))

    def loss(b):
        return (special.logsumexp(b * z, axis=1) - b * z[np.arange(len(y)), y]).mean()

    def rows(b):
        q = special.softmax(b * z, axis=1)
        return (q * z).sum(axis=1) - z[np.arange(len(y)), y], q, z
    start = optimize.minimize_scalar(loss, bounds=(0.01, 100), method="bounded").x
    b = optimize.brentq(lambda x: rows(x)[0].sum(), start / 2, start * 2, xtol=1e-15, rtol=1e-15)
    g, q, z = rows(b)
    h = ((q * z ** 2).sum(axis=1) - (q * z).sum(axis=1) ** 2).sum()
    se = np.sqrt((g ** 2).sum()) / h / b
    width = stats.norm.ppf(0.975) * se
    return 1 / b, np.exp(-width) / b, np.exp(width) / b


def main():
    lines = []
    for n, classes, sharp in ((60, 2, 2.5), (80, 3, 1.0), (70, 4, 0.4)):
        logits = rng.normal(size=(n, classes))
        true = special.softmax(logits, axis=1)
        y = np.array([rng.choice(classes, p=row) for row in true])
        p = np.round(special.softmax(sharp * logits, axis=1), 8)
        p[0] = np.eye(classes)[y[0]]  # probabilities of 0 and 1
        lines.append("case %d %d %.17g %.17g %.17g" % (n, classes, *fit(y, p)))
        for t, row in zip(y, p):
            lines.append("%d %s" % (t, " ".join("%.17g" % v for v in row)))
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "temperature.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
