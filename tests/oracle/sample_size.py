#!/usr/bin/env python3
"""Sample sizes by trying every number, or from statsmodels.

Pinned: Python 3.11, scipy 1.11 or later, statsmodels 0.14.
Writes tests/golden/sample_size.txt: the function, its arguments, the answer.
"""
import math
import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint, samplesize_confint_proportion

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden/sample_size.txt"


def power_size(limit, at_least, confidence, expect, power):
    """Exact power of every n up to a bound far above; the last failure decides."""
    if not at_least:
        limit, expect = 1 - limit, 1 - expect
    z = stats.norm.isf(1 - confidence) + stats.norm.isf(1 - power)
    bound = int(4 * z * z * max(limit * (1 - limit), .02) / (expect - limit) ** 2 + 4000)
    n = np.arange(1, bound)
    # smallest c with P(X >= c | limit) <= alpha
    c = stats.binom.isf(1 - confidence, n, limit) + 1
    reached = stats.binom.sf(c - 1, n, expect)
    return int(n[reached < power].max()) + 1


def failures_size(limit, at_least, confidence, failures):
    bad = 1 - limit if at_least else limit
    n = failures + 1
    while stats.binom.cdf(failures, n, bad) > 1 - confidence:
        n += 1
    return n


def pool_size(limit, at_least, confidence, failures, pool):
    bad = math.floor(round((1 - limit if at_least else limit) * pool, 6)) + 1
    n = failures + 1
    while stats.hypergeom.cdf(failures, pool, bad, n) > 1 - confidence:
        n += 1
    return n


def paired_size(wins, losses, confidence, power):
    d, p = wins - losses, wins + losses
    z, b = stats.norm.isf((1 - confidence) / 2), stats.norm.isf(1 - power)
    return math.ceil(((z * math.sqrt(p) + b * math.sqrt(p - d * d)) / d) ** 2)


def two_size(p1, p2, confidence, power):
    """Fleiss' formula; beside it statsmodels' (arcsine) as a check that both mean the same thing."""
    m = (p1 + p2) / 2
    z, b = stats.norm.isf((1 - confidence) / 2), stats.norm.isf(1 - power)
    n = ((z * math.sqrt(2 * m * (1 - m)) + b * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2)))
         / (p1 - p2)) ** 2
    h = 2 * math.asin(math.sqrt(p1)) - 2 * math.asin(math.sqrt(p2))
    other = NormalIndPower().solve_power(h, alpha=1 - confidence, power=power)
    assert abs(n - other) < .1 * n, (n, other)
    return math.ceil(n)


def precision_size(expect, half, confidence):
    guess = samplesize_confint_proportion(expect, half, alpha=1 - confidence)
    n = np.arange(1, int(3 * guess + 20 / half + 200))
    low, high = proportion_confint(np.rint(expect * n), n, 1 - confidence, method="beta")
    low = np.where(np.isnan(low), 0, low)
    high = np.where(np.isnan(high), 1, high)
    return int(n[high - low > 2 * half].max()) + 1


def last_failing(power_of, numbers, power):
    """The smallest number from which on all reach the power."""
    return max([n for n in numbers if power_of(n) < power], default=0) + 1


def pool_power_size(limit, at_least, confidence, expect, power, pool):
    """Every size of the sample, every number of bad items in it (scipy's hypergeometric)."""
    bad = math.floor(round((1 - limit if at_least else limit) * pool, 6)) + 1
    true = round((1 - expect if at_least else expect) * pool)

    def reached(n):
        c = np.arange(-1, n + 1)
        c = c[(stats.hypergeom.cdf(c, pool, bad, n) <= 1 - confidence) & (c < bad)].max()
        return stats.hypergeom.cdf(c, pool, true, n)
    return last_failing(reached, range(1, pool + 1), power)


def fisher_size(p1, p2, confidence, power):
    """Every table of every size up to a bound (scipy.stats.fisher_exact's definition, checked on some)."""
    def reached(n):
        x = np.arange(n + 1)
        total = 0.0
        for m in range(2 * n + 1):
            a = x[(x <= m) & (m - x <= n)]
            mass = stats.hypergeom.pmf(a, 2 * n, m, n)
            p = np.array([mass[mass <= v * (1 + 1e-7)].sum() for v in mass])
            if m == n and n < 20:
                assert abs(p[2] - stats.fisher_exact([[a[2], m - a[2]], [n - a[2], n - m + a[2]]])[1]) < 1e-9
            total += (stats.binom.pmf(a, n, p1) * stats.binom.pmf(m - a, n, p2))[p <= 1 - confidence].sum()
        return total
    return last_failing(reached, range(2, 90), power)


def mcnemar_size(wins, losses, confidence, power):
    """Every split of every number of flips (statsmodels' exact test is this binomial)."""
    flips = wins + losses

    def reached(n):
        total = 0.0
        for m in range(n + 1):
            k = np.arange(m + 1)
            p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(k, m - k), m, .5))
            total += stats.binom.pmf(m, n, flips) * stats.binom.pmf(k, m, wins / flips)[p <= 1 - confidence].sum()
        return total
    return last_failing(reached, range(1, 240), power)


def exact_lines():
    lines = []
    for a in [(.9, 1, .95, .95, .8, 500), (.1, 0, .95, .05, .8, 40), (.95, 1, .9, .99, .9, 300),
              (.01, 0, .95, .0, .8, 200)]:
        lines.append(("poolpower", *a, pool_power_size(*a)))
    for a in [(.5, .8, .95, .8), (.95, .6, .95, .9), (.1, .3, .9, .8)]:
        lines.append(("fisher", *a, fisher_size(*a)))
    for a in [(.2, .05, .95, .8), (.02, .12, .95, .9), (.3, .1, .9, .8)]:
        lines.append(("mcnemar", *a, mcnemar_size(*a)))
    return lines


def main():
    lines = exact_lines()
    for a in [(.9, 1, .95, .95, .8), (.9, 1, .95, .99, .9), (.95, 1, .95, .97, .8), (.5, 1, .9, .6, .8),
              (.05, 0, .95, .02, .8), (.05, 0, .95, 0., .9), (.99, 1, .95, .999, .8), (.9, 1, .99, .92, .95),
              (.01, 0, .9, .001, .8), (.1, 1, .95, .2, .8), (.8, 1, .8, .85, .5), (.9, 1, .95, 1., .8)]:
        lines.append(("power", *a, power_size(*a)))
    for a in [(.95, 1, .95, 0), (.9, 1, .95, 0), (.99, 1, .95, 1), (.05, 0, .95, 3), (.999, 1, .9, 0),
              (.5, 1, .5, 0), (.8, 1, .99, 10)]:
        lines.append(("failures", *a, failures_size(*a)))
    for a in [(.95, 1, .95, 0, 100), (.95, 1, .95, 1, 100), (.99, 1, .95, 0, 1000), (.05, 0, .9, 2, 500),
              (.9, 1, .95, 0, 20), (.95, 1, .95, 0, 1000000)]:
        lines.append(("pool", *a, pool_size(*a)))
    for a in [(.9, .95, .95, .8), (.5, .6, .95, .9), (.01, .03, .99, .8), (.2, .1, .9, .8)]:
        lines.append(("two", *a, two_size(*a)))
    for a in [(.1, .05, .95, .8), (.02, .04, .95, .9), (.3, .0, .95, .8), (.015, .01, .99, .8)]:
        lines.append(("paired", *a, paired_size(*a)))
    for a in [(.9, .03, .95), (.5, .05, .95), (.99, .01, .95), (1., .02, .95), (0., .05, .9),
              (.95, .005, .99), (.3, .2, .8)]:
        lines.append(("precision", *a, precision_size(*a)))
    OUT.write_text("\n".join(" ".join(str(v) for v in line) for line in lines) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
