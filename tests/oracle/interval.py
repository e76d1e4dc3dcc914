#!/usr/bin/env python3
"""Golden values of the intervals of proportions. Writes tests/golden/interval/NAME.txt, one case per
line: SUCCESSES TRIALS ALPHA_LOW ALPHA_HIGH LOW HIGH.

Pinned: statsmodels 0.15.0, scipy 1.17.1
"""
import pathlib

import scipy
import statsmodels
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "interval"
COUNTS = [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (17, 40), (1, 299), (298, 299), (950, 1000),
          (4999, 100000)]
ALPHAS = [0.005, 0.025, 0.05, 0.1]


def write(name, reference):
    """reference(successes, trials, alpha_low, alpha_high) gives (low, high)."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    lines = []
    for successes, trials in COUNTS:
        for alpha in ALPHAS:
            low, high = reference(successes, trials, alpha, alpha)
            lines.append(f"{successes} {trials} {alpha!r} {alpha!r} {float(low)!r} "
                         f"{float(high)!r}\n")
    (GOLDEN / f"{name}.txt").write_text("".join(lines))
    print(f"{name}: {len(lines)} cases")


def two_sided(method):
    """statsmodels takes the error probability of both ends together."""
    return lambda x, n, alpha, _: proportion_confint(x, n, 2 * alpha, method)


def jeffreys(x, n, alpha, _):
    """With the ends of Brown, Cai and DasGupta (2001): 0 without successes, 1 without failures."""
    low, high = proportion_confint(x, n, 2 * alpha, "jeffreys")
    return 0.0 if x == 0 else low, 1.0 if x == n else high


def agresti_coull(x, n, alpha, _):
    """statsmodels does not cut the interval to [0, 1]."""
    low, high = proportion_confint(x, n, 2 * alpha, "agresti_coull")
    return max(0.0, low), min(1.0, high)


def mid_p(x, n, alpha, _):
    """The ends where the tail beyond x and half of P(x) are alpha, by scipy's brentq."""
    def tail(p, upper):
        beyond = stats.binom.cdf(x - 1, n, p) if upper else stats.binom.sf(x, n, p)
        return beyond + stats.binom.pmf(x, n, p) / 2 - alpha
    def end(upper):
        return optimize.brentq(lambda p: tail(p, upper), 1e-15, 1 - 1e-15, xtol=1e-15, rtol=1e-14)
    return 0.0 if x == 0 else end(False), 1.0 if x == n else end(True)


POPULATION = 1000000  # the operations' default
ROUNDING = 1 + 1e-8  # of scipy, from logarithms of factorials; neighbouring numbers differ by more


def hypergeometric(x, n, alpha, _):
    """All numbers of successes in the stock that no one-sided test rejects, by bisection."""
    def first(wrong, lowest, highest):
        while highest > lowest:
            middle = (lowest + highest) // 2
            lowest, highest = (middle + 1, highest) if wrong(middle) else (lowest, middle)
        return lowest
    low = 0 if x == 0 else first(
        lambda k: stats.hypergeom.sf(x - 1, POPULATION, k, n) <= alpha * ROUNDING, x, POPULATION)
    high = POPULATION if x == n else first(
        lambda k: stats.hypergeom.cdf(x, POPULATION, k, n) > alpha * ROUNDING, x, POPULATION) - 1
    return low / POPULATION, high / POPULATION


def wilson_finite(x, n, alpha, _):
    """The roots of the score equation with the corrected variance."""
    z2 = stats.norm.isf(alpha) ** 2 * (POPULATION - n) / (POPULATION - 1)
    def gap(p):
        return (x / n - p) ** 2 * n - z2 * p * (1 - p)
    low = 0.0 if x == 0 else optimize.brentq(gap, 0, x / n - 1e-12, xtol=1e-16, rtol=1e-15)
    high = 1.0 if x == n else optimize.brentq(gap, x / n + 1e-12, 1, xtol=1e-16, rtol=1e-15)
    return low, high


if __name__ == "__main__":
    versions = statsmodels.__version__, scipy.__version__
    assert versions == ("0.15.0", "1.17.1"), versions
    write("clopper_pearson", two_sided("beta"))
    write("jeffreys", jeffreys)
    write("agresti_coull", agresti_coull)
    write("mid_p", mid_p)
    write("wilson", two_sided("wilson"))
    write("hypergeometric", hypergeometric)
    write("wilson_finite", wilson_finite)
