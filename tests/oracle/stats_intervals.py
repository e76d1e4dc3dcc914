#!/usr/bin/env python3
"""Golden values for src/stats. Writes tests/golden/stats_intervals.txt.

Pinned: scipy 1.17.1, mpmath 1.3.0. The values are computed by mpmath with 60 digits and checked
here against scipy, which is the outside implementation: beta and binomial distribution functions
and quantiles, Clopper-Pearson, Wilson and Jeffreys intervals; sample sizes by brute force over
scipy.stats.binom.
"""
import math
import os

import mpmath
import scipy
from scipy import special, stats

assert scipy.__version__ == "1.17.1", scipy.__version__
assert mpmath.__version__ == "1.3.0", mpmath.__version__
mpmath.mp.dps = 60
M = mpmath.mpf


def inc(a, b, x):
    """Regularised incomplete beta by its continued fraction on the side where it converges."""
    a, b, x = M(a), M(b), M(x)
    if x <= 0:
        return M(0)
    if x >= 1:
        return M(1)
    if x > (a + 1) / (a + b + 2):
        return 1 - inc_small(b, a, 1 - x)
    return inc_small(a, b, x)


def inc_upper(a, b, x):
    a, b, x = M(a), M(b), M(x)
    return inc(b, a, 1 - x)


def inc_small(a, b, x):
    front = mpmath.exp(a * mpmath.log(x) + b * mpmath.log1p(-x) - mpmath.log(a)
                       - (mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)))
    tiny = M(10) ** -300
    c, d = M(1), 1 - (a + b) * x / (a + 1)
    d = 1 / (d if d != 0 else tiny)
    h = d
    for m in range(1, 200000):
        num = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + num * d)
        c = 1 + num / c
        h *= d * c
        num = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + num * d)
        c = 1 + num / c
        step = d * c
        h *= step
        if abs(step - 1) < M(10) ** -50:
            return front * h
    raise ArithmeticError((a, b, x))


def solve(function, target, start):
    """x in (0, 1) with function(x) = target, function increasing; bisection about scipy's answer."""
    start = M(start)
    width = max(start, M(10) ** -300) * M(10) ** -6
    low, high = max(M(0), start - width), min(M(1), start + width)
    assert function(low) <= target <= function(high), (low, high)
    for _ in range(90):
        middle = (low + high) / 2
        if function(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def quantile(p, a, b):
    return solve(lambda x: inc(a, b, x), M(p), special.betaincinv(a, b, p))


def quantile_upper(q, a, b):
    # the upper quantile of (a, b) is one minus the lower one of (b, a)
    y = solve(lambda x: inc(b, a, x), M(q), special.betaincinv(b, a, q))
    return 1 - y


def agree(value, reference, tolerance=1e-9):
    assert math.isclose(float(value), float(reference), rel_tol=tolerance, abs_tol=1e-300), \
        (value, reference)
    return float(value)


def clopper_pearson(x, n, alpha):
    low = M(0) if x == 0 else quantile(alpha, x, n - x + 1)
    high = M(1) if x == n else quantile_upper(alpha, x + 1, n - x)
    return (agree(low, 0 if x == 0 else stats.beta.ppf(alpha, x, n - x + 1)),
            agree(high, 1 if x == n else stats.beta.isf(alpha, x + 1, n - x)))


def jeffreys(x, n, alpha):
    low = M(0) if x == 0 else quantile(alpha, x + 0.5, n - x + 0.5)
    high = M(1) if x == n else quantile_upper(alpha, x + 0.5, n - x + 0.5)
    return (agree(low, 0 if x == 0 else stats.beta.ppf(alpha, x + .5, n - x + .5)),
            agree(high, 1 if x == n else stats.beta.isf(alpha, x + .5, n - x + .5)))


def wilson(x, n, alpha):
    z = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * M(alpha))
    p = M(x) / n
    centre = p + z * z / (2 * n)
    half = z * mpmath.sqrt(p * (1 - p) / n + z * z / (4 * M(n) ** 2))
    low, high = (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)
    result = stats.binomtest(x, n).proportion_ci(1 - 2 * alpha, "wilson")
    low = M(0) if x == 0 else low
    high = M(1) if x == n else high
    # scipy subtracts, so it keeps few digits of a small end
    assert abs(float(low) - result.low) < 1e-9 and abs(float(high) - result.high) < 1e-9
    return float(low), float(high)


CASES = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (5, 10), (9, 10), (3, 59), (59, 59), (0, 59),
         (590, 640), (1, 1000), (999, 1000), (500, 1000), (0, 10000), (9876, 10000),
         (0, 10**7), (10**7, 10**7), (1, 10**7), (10**7 - 1, 10**7), (9_900_000, 10**7),
         (5_000_000, 10**7), (17, 10**7)]
ALPHAS = [0.025, 0.05, 0.005, 1e-6, 0.5]


def intervals():
    rows = []
    for x, n in CASES:
        for alpha in ALPHAS:
            rows.append({"x": x, "n": n, "alpha": alpha,
                         "clopper_pearson": clopper_pearson(x, n, alpha),
                         "wilson": wilson(x, n, alpha), "jeffreys": jeffreys(x, n, alpha)})
    return rows


def distributions():
    rows = []
    for n, p in [(1, .3), (10, .5), (59, .05), (640, .92), (1000, .001), (10**5, .3), (10**7, .99)]:
        mean, sd = n * p, math.sqrt(n * p * (1 - p))
        for z in (-8, -3, -1, 0, 1, 3, 8):
            k = int(min(max(round(mean + z * sd), 0), n))
            cdf = M(1) if k == n else inc_upper(k + 1, n - k, p)
            sf = M(0) if k == n else inc(k + 1, n - k, p)
            pmf = mpmath.exp(mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1)
                             - mpmath.loggamma(n - k + 1) + k * mpmath.log(M(p))
                             + (n - k) * mpmath.log1p(-M(p)))
            agree(cdf, stats.binom.cdf(k, n, p), 1e-8)
            agree(sf, stats.binom.sf(k, n, p), 1e-8)
            agree(pmf, stats.binom.pmf(k, n, p), 1e-8)
            row = {"k": k, "n": n, "p": p, "cdf": float(cdf), "sf": float(sf), "pmf": float(pmf)}
            rows.append(row)
    quantiles = [{"q": q, "n": n, "p": p, "k": int(stats.binom.ppf(q, n, p))}
                 for n, p in [(1, .3), (10, .5), (59, .05), (640, .92), (10**5, .3)]
                 for q in (.001, .05, .5, .95, .999)]
    return rows, quantiles


def decide(x, n, limit, at_least, alpha):
    """By the exact binomial test, from scipy alone."""
    if not at_least:
        return decide(n - x, n, 1 - limit, True, alpha)
    if stats.binom.sf(x - 1, n, limit) <= alpha:
        return 1
    if stats.binom.cdf(x, n, limit) < alpha:
        return -1
    return 0


def more(x, n, limit, at_least, confidence):
    """Smallest m by trying every one, in whole numbers."""
    alpha = 1 - confidence
    if decide(x, n, limit, at_least, alpha):
        return 0
    above = x > limit * n
    for m in range(1, 200000):
        gained, rest = divmod(x * m, n)
        if rest and not above:
            gained += 1
        if decide(x + gained, n + m, limit, at_least, alpha):
            return m
    return -1


def planning():
    rows = []
    for x, n, limit, at_least, confidence in [
            (590, 640, .9, True, .95), (95, 100, .9, True, .95), (20, 20, .95, True, .95),
            (90, 100, .9, True, .95), (88, 100, .9, True, .95), (0, 0, .9, True, .95),
            (3, 100, .05, False, .95), (6, 100, .05, False, .95), (0, 30, .05, False, .95),
            (930, 1000, .92, True, .99), (10, 10, .5, True, .95), (1, 40, .5, True, .95),
            (49, 100, .5, True, .9), (1, 2, .4, True, .95), (7, 1000, .01, False, .95)]:
        rows.append({"x": x, "n": n, "limit": limit, "at_least": at_least,
                     "confidence": confidence,
                     "decision": decide(x, n, limit, at_least, 1 - confidence) if n else 0,
                     "more": more(x, n, limit, at_least, confidence) if n else -1})
    fewest = [{"limit": t, "confidence": c,
               "n": next(k for k in range(1, 10**6) if t ** k <= 1 - c)}
              for t, c in [(.9, .95), (.95, .95), (.99, .95), (.999, .95), (.95, .9), (.5, .99)]]
    power = []
    for p, n, limit, c in [(.94, 640, .9, .95), (.97, 100, .9, .95), (.9, 500, .9, .95),
                           (1.0, 59, .95, .95), (.99, 30, .95, .95)]:
        met = next((k for k in range(n + 1) if stats.binom.sf(k - 1, n, limit) <= 1 - c), n + 1)
        power.append({"p": p, "n": n, "limit": limit, "confidence": c,
                      "power": float(stats.binom.sf(met - 1, n, p))})
    return {"more": rows, "fewest": fewest, "power": power}


def main():
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "stats_intervals.txt")
    with open(path, "w", encoding="utf-8") as file:
        def line(*values):
            print(*(repr(v) if isinstance(v, float) else str(int(v)) if not isinstance(v, str)
                    else v for v in values), file=file)

        print("# written by oracle/stats_intervals.py: scipy 1.17.1, mpmath 1.3.0", file=file)
        for row in intervals():
            for method in ("clopper_pearson", "wilson", "jeffreys"):
                line(method, row["x"], row["n"], row["alpha"], *row[method])
        rows, quantiles = distributions()
        for row in rows:
            line("binomial", row["k"], row["n"], row["p"], row["cdf"], row["sf"], row["pmf"])
        for row in quantiles:
            line("quantile", row["q"], row["n"], row["p"], row["k"])
        plan = planning()
        for row in plan["more"]:
            line("more", row["x"], row["n"], row["limit"], row["at_least"], row["confidence"],
                 row["decision"], row["more"])
        for row in plan["fewest"]:
            line("fewest", row["limit"], row["confidence"], row["n"])
        for row in plan["power"]:
            line("power", row["p"], row["n"], row["limit"], row["confidence"], row["power"])


if __name__ == "__main__":
    main()
