#!/usr/bin/env python3
"""Golden values of the distributions in src/stats. Writes tests/golden/stats_distributions.txt.

Pinned: mpmath 1.3.0, scipy 1.17.1. Every value is computed by mpmath with 60 digits from series and
continued fractions, and checked here against scipy to eight digits where scipy can follow.
A line is: function argument... value. Quantiles take the probability as the double that is written,
so the last step of Newton's method is made with 60 digits.
"""
import math
import os

import mpmath
import scipy
from scipy import stats
from stats_intervals import inc

assert scipy.__version__ == "1.17.1", scipy.__version__
assert mpmath.__version__ == "1.3.0", mpmath.__version__
mpmath.mp.dps = 60
M = mpmath.mpf
LINES = []
SMALLEST = M(10) ** -300


def out(name, arguments, value):
    LINES.append(" ".join([name, str(len(arguments))]
                          + [repr(float(a)) for a in arguments] + [repr(float(value))]))


def lower_gamma(a, x):
    a, x = M(a), M(x)
    if x == 0:
        return M(0)
    if x > a + 1:
        return 1 - upper_gamma(a, x)
    term = total = M(1)
    n = 0
    while term > total * M(10) ** -58:
        n += 1
        term *= x / (a + n)
        total += term
    return mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1)) * total


def upper_gamma(a, x):
    a, x = M(a), M(x)
    if x <= a + 1:
        return 1 - lower_gamma(a, x)
    b = x + 1 - a
    c = M(10) ** 300
    d = 1 / b
    h = d
    for i in range(1, 10**6):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < M(10) ** -55:
            return mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a)) * h
    raise ArithmeticError((a, x))


def values(name, suffix, arguments, value, complement):
    if value > SMALLEST:
        out(f"{name}_{suffix}", arguments, value)
    if value > M(10) ** -4000 and (name, suffix) != ("kolmogorov", "pdf"):
        log = mpmath.log1p(-complement) if value > .5 and complement < .5 else mpmath.log(value)
        out(f"{name}_log_{suffix}", arguments, log)


def continuous(name, shapes, xs, pdf, cdf, sf, reference, tails=True):
    """All functions of one distribution at all points; quantiles from both tails."""
    for shape in shapes:
        frozen = reference(*shape)
        for x in xs(*shape):
            density, low, high = pdf(M(x), *shape), cdf(M(x), *shape), sf(M(x), *shape)
            for value, other in ((density, frozen.pdf(x)), (low, frozen.cdf(x)),
                                 (high, frozen.sf(x))):
                if value > M(10) ** -250 and not math.isclose(value, other, rel_tol=1e-6):
                    print("scipy differs:", name, shape, x, float(value), other)
            arguments = (x, *shape)
            for suffix, value, rest in (("pdf", density, 1), ("cdf", low, high), ("sf", high, low)):
                values(name, suffix, arguments, value, rest)
            for suffix, value, sign in (("quantile", low, 1), ("quantile_upper", high, -1)):
                # beyond one half the other tail says it better
                if SMALLEST < value <= 0.75 and tails:
                    p = float(value)
                    out(f"{name}_{suffix}", (p, *shape), M(x) + sign * (M(p) - value) / density)


def normal_pdf(x):
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def normal_sf(x):
    return mpmath.erfc(x / mpmath.sqrt(2)) / 2


def t_pdf(x, v):
    v = M(v)
    return mpmath.exp(mpmath.loggamma((v + 1) / 2) - mpmath.loggamma(v / 2)
                      - (v + 1) / 2 * mpmath.log1p(x * x / v)) / mpmath.sqrt(v * mpmath.pi)


def t_sf(x, v):
    v = M(v)
    if x < 0:
        return 1 - t_sf(-x, v)
    return inc(v / 2, M(1) / 2, v / (v + x * x)) / 2


def chi_pdf(x, v):
    v = M(v)
    return mpmath.exp((v / 2 - 1) * mpmath.log(x) - x / 2 - v / 2 * mpmath.log(2)
                      - mpmath.loggamma(v / 2))


def f_pdf(x, d1, d2):
    d1, d2 = M(d1), M(d2)
    log_beta = mpmath.loggamma(d1 / 2) + mpmath.loggamma(d2 / 2) - mpmath.loggamma((d1 + d2) / 2)
    return mpmath.exp(d1 / 2 * mpmath.log(d1 / d2) + (d1 / 2 - 1) * mpmath.log(x) - log_beta
                      - (d1 + d2) / 2 * mpmath.log1p(d1 * x / d2))


def beta_pdf(x, a, b):
    a, b = M(a), M(b)
    log_beta = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
    return mpmath.exp((a - 1) * mpmath.log(x) + (b - 1) * mpmath.log1p(-x) - log_beta)


def kolmogorov_sf(x):
    if x < 0.3:
        return 1 - kolmogorov_cdf(x)
    return 2 * sum((-1) ** (k - 1) * mpmath.exp(-2 * k * k * x * x) for k in range(1, 60))


def kolmogorov_cdf(x):
    if x > 2:
        return 1 - kolmogorov_sf(x)
    return mpmath.sqrt(2 * mpmath.pi) / x * sum(
        mpmath.exp(-(2 * k - 1) ** 2 * mpmath.pi ** 2 / (8 * x * x)) for k in range(1, 60))


def kolmogorov_pdf(x):
    # by the lower series, whatever x: its terms do not cancel with 60 digits for x < 6
    total = M(0)
    if x < 2:
        for k in range(1, 60):
            c = (2 * k - 1) ** 2 * mpmath.pi ** 2 / (8 * x * x)
            total += mpmath.exp(-c) * (2 * c - 1)
        return mpmath.sqrt(2 * mpmath.pi) / (x * x) * total
    return 8 * x * sum((-1) ** (k - 1) * k * k * mpmath.exp(-2 * k * k * x * x)
                       for k in range(1, 60))


def all_continuous():
    continuous("normal", [()], lambda: [-37.0, -12.5, -5.0, -1.959963984540054, -0.3, 1e-9, 0.7, 2.5,
                                        6.0, 20.0, 36.5],
               normal_pdf, lambda x: normal_sf(-x), normal_sf, lambda: stats.norm)
    for x in (38.0, 41.5, 100.0, 1e4, 1e100):
        value = -M(x) ** 2 / 2 if x > 1e50 else mpmath.log(normal_sf(M(x)))
        out("normal_log_sf", (x,), value)
        out("normal_log_cdf", (-x,), value)
    continuous("t", [(1.0,), (2.5,), (9.0,), (57.0,), (1000.0,), (1e6,)],
               lambda v: [-30.0, -2.1, -0.01, 1e-6, 0.5, 1.96, 7.0] + ([1e4, 1e12] if v < 60 else []),
               t_pdf, lambda x, v: t_sf(-x, v), t_sf, stats.t)
    continuous("chi_square", [(1.0,), (2.0,), (7.5,), (100.0,), (20000.0,)],
               lambda v: [v * r for r in (1e-8, .01, .5, .9, 1.0, 1.2, 3.0)] + [v + 600.0],
               chi_pdf, lambda x, v: lower_gamma(M(v) / 2, x / 2),
               lambda x, v: upper_gamma(M(v) / 2, x / 2), stats.chi2)
    continuous("f", [(1.0, 1.0), (2.0, 9.0), (10.0, 3.5), (40.0, 200.0), (3.0, 1e5), (1e4, 1e4)],
               lambda a, b: [1e-6, .03, .6, 1.0, 1.3, 5.0, 60.0],
               f_pdf, lambda x, a, b: inc(M(a) / 2, M(b) / 2, M(a) * x / (M(a) * x + b)),
               lambda x, a, b: inc(M(b) / 2, M(a) / 2, b / (M(a) * x + b)), stats.f)
    continuous("beta", [(.5, .5), (1.0, 3.0), (2.5, 80.0), (300.0, 20.0), (1e5, 2e5), (.01, 40.0)],
               lambda a, b: [1e-5, .004, .2, .3333, .34, .7, .95, .999],
               beta_pdf, lambda x, a, b: inc(a, b, x), lambda x, a, b: inc(b, a, 1 - x), stats.beta)
    continuous("kolmogorov", [()], lambda: [.05, .2, .5, .9, .999999, 1.0, 1.3580986393225505, 2.5, 6.0,
                                            15.0, 18.4],
               kolmogorov_pdf, kolmogorov_cdf, kolmogorov_sf, lambda: stats.kstwobign)
    for n in (1, 2, 5, 30, 400):
        for d in (.01, .1, .35, .62, .9, .999):
            d_ = M(d)
            total = M(0)
            for j in range(int(mpmath.floor(n * (1 - d_))) + 1):
                total += (mpmath.binomial(n, j) * (d_ + M(j) / n) ** (j - 1)
                          * (1 - d_ - M(j) / n) ** (n - j))
            value = d_ * total
            assert math.isclose(value, stats.ksone.sf(d, n), rel_tol=1e-8, abs_tol=1e-200), (n, d)
            if value > SMALLEST:
                out("smirnov_sf", (d, n), value)


def discrete(name, shapes, ks, pmf, cdf, sf, reference):
    for shape in shapes:
        frozen = reference(*shape)
        for k in ks(*shape):
            mass, low, high = pmf(k, *shape), cdf(k, *shape), sf(k, *shape)
            for value, other in ((mass, frozen.pmf(k)), (low, frozen.cdf(k)), (high, frozen.sf(k))):
                if value > M(10) ** -250 and not math.isclose(value, other, rel_tol=1e-6):
                    print("scipy differs:", name, shape, k, float(value), other)
            for suffix, value, rest in (("pmf", mass, 1), ("cdf", low, high), ("sf", high, low)):
                values(name, suffix, (k, *shape), value, rest)
            # a probability inside the step of k, so that rounding cannot move the answer
            if mass > M(10) ** -12 and low - mass > -1:
                out(f"{name}_quantile", (float(low - mass * M(.37)), *shape), k)


def binomial_pmf(k, n, p):
    p = M(p)
    return mpmath.exp(mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(n - k + 1)
                      + k * mpmath.log(p) + (n - k) * mpmath.log1p(-p))


def poisson_pmf(k, m):
    return mpmath.exp(k * mpmath.log(M(m)) - M(m) - mpmath.loggamma(k + 1))


def negative_pmf(k, r, p):
    r, p = M(r), M(p)
    return mpmath.exp(mpmath.loggamma(r + k) - mpmath.loggamma(r) - mpmath.loggamma(k + 1)
                      + r * mpmath.log(p) + k * mpmath.log1p(-p))


def hyper_pmf(k, N, K, n):
    if k < max(0, n - (N - K)) or k > min(K, n):
        return M(0)
    return mpmath.exp(sum(mpmath.loggamma(a + 1) - mpmath.loggamma(b + 1)
                          - mpmath.loggamma(a - b + 1) for a, b in ((K, k), (N - K, n - k)))
                      - mpmath.loggamma(N + 1) + mpmath.loggamma(n + 1) + mpmath.loggamma(N - n + 1))


def hyper_sum(first, last, N, K, n):
    first, last = max(first, 0, n - (N - K)), min(last, K, n)
    if first > last:
        return M(0)
    total, term = M(0), hyper_pmf(first, N, K, n)
    for k in range(first, last + 1):
        total += term
        term *= M(K - k) * (n - k) / (M(k + 1) * (N - K - n + k + 1)) if k < last else 0
    return total


def spread(mean, sd, least, most):
    ks = {int(min(max(round(mean + z * sd), least), most)) for z in (-30, -6, -2, 0, 1, 4, 12, 32)}
    return sorted(ks)


def all_discrete():
    discrete("binomial", [(10, .3), (59, .95), (1000, .001), (10**6, .37)],
             lambda n, p: spread(n * p, math.sqrt(n * p * (1 - p)), 0, n), binomial_pmf,
             lambda k, n, p: M(1) if k == n else inc(n - k, k + 1, 1 - M(p)),
             lambda k, n, p: M(0) if k == n else inc(k + 1, n - k, M(p)), stats.binom)
    discrete("poisson", [(.01,), (1.0,), (7.3,), (250.0,), (1e5,)],
             lambda m: spread(m, math.sqrt(m), 0, 10**7), poisson_pmf,
             lambda k, m: upper_gamma(k + 1, m), lambda k, m: lower_gamma(k + 1, m), stats.poisson)
    discrete("negative_binomial", [(1.0, .5), (3.5, .02), (40.0, .9), (1000.0, .3)],
             lambda r, p: spread(r * (1 - p) / p, math.sqrt(r * (1 - p)) / p, 0, 10**7),
             negative_pmf, lambda k, r, p: inc(r, k + 1, M(p)),
             lambda k, r, p: inc(k + 1, r, 1 - M(p)), stats.nbinom)
    discrete("hypergeometric", [(20, 7, 12), (1000, 3, 900), (5000, 2500, 300), (10**6, 1000, 50000),
                                (10**5, 60000, 70000)],
             lambda N, K, n: spread(n * K / N, math.sqrt(n * K / N * (1 - K / N) * (N - n) / N),
                                    max(0, n - (N - K)), min(K, n)),
             hyper_pmf, lambda k, N, K, n: hyper_sum(0, k, N, K, n),
             lambda k, N, K, n: hyper_sum(k + 1, N, N, K, n), stats.hypergeom)


def main():
    all_continuous()
    all_discrete()
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "stats_distributions.txt")
    with open(path, "w", encoding="utf-8") as file:
        print("# written by oracle/stats_distributions.py: mpmath 1.3.0, scipy 1.17.1", file=file)
        print("\n".join(LINES), file=file)


if __name__ == "__main__":
    main()
