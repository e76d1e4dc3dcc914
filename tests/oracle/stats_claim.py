#!/usr/bin/env python3
"""Exact p-values and predictive probabilities of claims on a proportion.

Pinned: Python 3.11, scipy 1.11 or later. Writes tests/golden/stats_claim.txt, lines of
    p LIMIT AT_LEAST X N MET NOT_MET                               scipy.stats.binomtest
    predict LIMIT AT_LEAST CONFIDENCE X N MORE MET NOT_MET         scipy.stats.betabinom
"""
import pathlib

import numpy as np
from scipy import stats

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden/stats_claim.txt"


def decisions(n, limit, at_least, alpha):
    """+1, -1, 0 for every x in 0..n, by the exact binomial test."""
    x = np.arange(n + 1)
    upper = stats.binom.sf(x - 1, n, limit)
    lower = stats.binom.cdf(x, n, limit)
    met, fail = (upper, lower) if at_least else (lower, upper)
    return np.where(met <= alpha, 1, np.where(fail < alpha, -1, 0))


def main():
    lines = []
    for limit, x, n in [(.9, 95, 100), (.9, 90, 100), (.9, 80, 100), (.9, 59, 59), (.95, 590, 640),
                        (.05, 0, 30), (.05, 3, 100), (.05, 12, 100), (.5, 0, 1), (.5, 1, 1),
                        (.01, 7, 1000), (.999, 10000, 10000), (.3, 300, 1000), (.7, 0, 10)]:
        for at_least in (1, 0):
            more = stats.binomtest(x, n, limit, alternative="greater").pvalue
            less = stats.binomtest(x, n, limit, alternative="less").pvalue
            met, fail = (more, less) if at_least else (less, more)
            lines.append(f"p {limit} {at_least} {x} {n} {met:.17g} {fail:.17g}")
    for limit, at_least, confidence, x, n, m in [
            (.9, 1, .95, 92, 100, 500), (.9, 1, .95, 20, 20, 9), (.9, 1, .95, 18, 20, 200),
            (.9, 1, .95, 88, 100, 1000), (.05, 0, .95, 3, 100, 200), (.05, 0, .95, 0, 20, 39),
            (.5, 1, .99, 0, 1, 10), (.5, 1, .9, 1, 2, 0), (.95, 1, .95, 960, 1000, 20000),
            (.8, 1, .8, 5, 7, 50), (.02, 0, .9, 1, 60, 3000), (.99, 1, .95, 100, 100, 199)]:
        k = np.arange(m + 1)
        weight = stats.betabinom.pmf(k, m, x + .5, n - x + .5)
        end = decisions(n + m, limit, at_least, 1 - confidence)[x + k]
        lines.append(f"predict {limit} {at_least} {confidence} {x} {n} {m} "
                     f"{weight[end == 1].sum():.17g} {weight[end == -1].sum():.17g}")
    OUT.write_text("\n".join(lines) + "\n")
    print(len(lines), "lines")


if __name__ == "__main__":
    main()
