#!/usr/bin/env python3
"""Golden values of paired, rank_tests, two_proportions, equivalence, effect, permutation and bayes in
src/stats. Writes tests/golden/stats_compare.txt.

Pinned: scipy 1.17.1, statsmodels 0.15.0, mpmath 1.3.0, numpy 2.4.6. Tango's interval is computed here
from its definition, with the restricted maximum likelihood found numerically.
"""
import itertools
import math

import mpmath
import numpy as np
import scipy
import statsmodels
from scipy import integrate, stats
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

from stats_common import Golden, Sequence

assert (scipy.__version__, statsmodels.__version__) == ("1.17.1", "0.15.0")
mpmath.mp.dps = 30
M = mpmath.mpf
GOLDEN = Golden()
add = GOLDEN.add


def tango_z(b, c, n, delta):
    """Maximise b ln(q + delta) + c ln(q) + (n - b - c) ln(1 - 2 q - delta) over q by bisection of its
    derivative."""
    delta = M(delta)

    def slope(q):
        value = M(0)
        if b:
            value += b / (q + delta)
        if c:
            value += c / q
        if n - b - c:
            value -= 2 * (n - b - c) / (1 - 2 * q - delta)
        return value
    low, high = max(M(0), -delta), (1 - delta) / 2
    for _ in range(110):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    q = (low + high) / 2
    variance = n * (2 * q + delta * (1 - delta))
    distance = b - c - n * delta
    if variance <= M(10) ** -28:
        return mpmath.sign(distance) * mpmath.inf if abs(distance) > M(10) ** -20 else M(0)
    return distance / mpmath.sqrt(variance)


def tango(b, c, n, alpha):
    z = mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * M(alpha))
    ends = []
    for sign in (1, -1):
        low, high = (M(-1), M(b - c) / n) if sign == 1 else (M(b - c) / n, M(1))
        for _ in range(90):
            middle = (low + high) / 2
            low, high = (middle, high) if tango_z(b, c, n, middle) > sign * z else (low, middle)
        ends.append(low)
    return ends


def paired():
    for b, c in [(0, 1), (5, 0), (7, 1), (1, 7), (12, 12), (30, 51), (400, 310), (3, 60)]:
        add("mcnemar_exact", (b, c), mcnemar([[9, b], [c, 9]], exact=True).pvalue)
        for corrected in (False, True):
            if b == c and corrected:
                continue  # statsmodels: (|0| - 1)^2; a correction that overshoots is none
            result = mcnemar([[9, b], [c, 9]], exact=False, correction=corrected)
            name = "mcnemar_corrected" if corrected else "mcnemar_chi_square"
            add(name, (b, c), result.statistic)
            add(name + "_p", (b, c), result.pvalue)
        k = min(b, c)
        mid = (1 - stats.binom.pmf(b, b + c, .5) / 2 if b == c else
               2 * stats.binom.cdf(k, b + c, .5) - stats.binom.pmf(k, b + c, .5))
        add("mcnemar_mid_p", (b, c), mid)
    for b, c, n in [(1, 7, 21), (0, 0, 10), (0, 4, 20), (10, 0, 10), (0, 10, 10), (14, 5, 54),
                    (120, 90, 1000), (3, 60, 640), (1, 0, 100000)]:
        for alpha in (.025, .005):
            low, high = tango(b, c, n, alpha)
            add("tango_low", (b, c, n, alpha), -1 if c == n else low)
            add("tango_high", (b, c, n, alpha), 1 if b == n else high)
        for margin in (.02, .1):
            add("tango_z", (b, c, n, -margin), tango_z(b, c, n, -margin))


def score_z(x1, n1, x2, n2, delta, factor):
    """Farrington and Manning's statistic with the restricted maximum likelihood by bisection of the
    likelihood's derivative. (statsmodels 0.15 agrees at delta = 0; elsewhere its estimate is not the
    maximum of the likelihood.)"""
    delta = M(delta)
    low, high = max(M(0), -delta), min(M(1), 1 - delta)
    for _ in range(100):
        p = (low + high) / 2
        slope = (x1 / (p + delta) - (n1 - x1) / (1 - p - delta) + x2 / p - (n2 - x2) / (1 - p))
        low, high = (p, high) if slope > 0 else (low, p)
    q = p + delta
    variance = q * (1 - q) / n1 + p * (1 - p) / n2
    if factor:
        variance *= M(n1 + n2) / (n1 + n2 - 1)
    return (M(x1) / n1 - M(x2) / n2 - delta) / mpmath.sqrt(variance)


def ratio_z(x1, n1, x2, n2, ratio, factor):
    """Koopman's statistic for p1 = ratio p2, restricted maximum likelihood by bisection."""
    ratio = M(ratio)
    low, high = M(0), min(M(1), 1 / ratio)
    for _ in range(120):
        p = (low + high) / 2
        slope = (x1 + x2) / p - ratio * (n1 - x1) / (1 - ratio * p) - (n2 - x2) / (1 - p)
        low, high = (p, high) if slope > 0 else (low, p)
    variance = ratio * p * (1 - ratio * p) / n1 + ratio ** 2 * p * (1 - p) / n2
    if factor:
        variance *= M(n1 + n2) / (n1 + n2 - 1)
    return (M(x1) / n1 - ratio * M(x2) / n2) / mpmath.sqrt(variance)


def ratio_end(a, factor, sign):
    """By bisection of the logarithm."""
    x1, n1, x2, n2 = a
    estimate = mpmath.log(M(x1) / n1 / (M(x2) / n2))
    low, high = (estimate - 15, estimate) if sign == 1 else (estimate, estimate + 15)
    z = sign * mpmath.sqrt(2) * mpmath.erfinv(M("0.95"))
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if ratio_z(*a, mpmath.exp(middle), factor) > z else (low, middle)
    return mpmath.exp(low)


def two_proportions():
    for x1, n1, x2, n2 in [(56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (10, 10, 0, 20),
                           (590, 640, 300, 350), (1, 200, 9, 210), (3, 30, 5, 17)]:
        a = (x1, n1, x2, n2)
        low, high = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb", compare="diff")
        add("newcombe_low", a, low)
        add("newcombe_high", a, high)
        if x1 * x2:
            for factor in (0, 1):
                for name, sign in (("low", 1), ("high", -1)):
                    low, high = ((M(-1), M(x1) / n1 - M(x2) / n2) if sign == 1 else
                                 (M(x1) / n1 - M(x2) / n2, M(1)))
                    z = sign * mpmath.sqrt(2) * mpmath.erfinv(M("0.95"))
                    for _ in range(80):
                        middle = (low + high) / 2
                        above = score_z(*a, middle, factor) > z
                        low, high = (middle, high) if above else (low, middle)
                    add("score_" + name, (*a, factor), low)
                for delta in (-.1, 0, .05):
                    add("score_z", (*a, delta, factor), score_z(*a, delta, factor))
                ends = [ratio_end(a, factor, 1), ratio_end(a, factor, -1)]
                add("ratio_low", (*a, factor), ends[0])
                add("ratio_high", (*a, factor), ends[1])
                for got, want in zip(ends, confint_proportions_2indep(
                        x1, n1, x2, n2, method="score", compare="ratio", correction=bool(factor))):
                    assert math.isclose(got, want, rel_tol=1e-4), (a, factor, got, want)
                pooled = test_proportions_2indep(x1, n1, x2, n2, value=0, method="score",
                                                 compare="diff", correction=bool(factor)).statistic
                assert math.isclose(pooled, score_z(*a, 0, factor), rel_tol=1e-9)
        table = [[x1, n1 - x1], [x2, n2 - x2]]
        for side, name in (("greater", "greater"), ("less", "less"), ("two-sided", "two_sided")):
            add("fisher_" + name, a, stats.fisher_exact(table, side).pvalue)
            if n1 + n2 < 100:
                # boschloo_exact puts the samples in columns
                p = stats.boschloo_exact(np.array(table).T, side, n=256).pvalue
                add("boschloo_" + name, a, p)


def differences(seed, n, spread, zeros):
    sequence = Sequence(seed)
    return np.array([sequence.next(2 * spread + 1) - spread + (1 if sequence.next(3) == 0 else 0)
                     if sequence.next(10) >= zeros else 0 for _ in range(n)], float)


def permutation_wilcoxon(d, zero_method):
    """All sign patterns of the ranks that there are."""
    ranked = d[d != 0] if zero_method == "wilcox" else d
    ranks = stats.rankdata(abs(ranked))[ranked != 0]
    signs = ranked[ranked != 0] > 0
    observed = ranks[signs].sum()
    sums = np.array([ranks[np.array(s, bool)].sum()
                     for s in itertools.product((0, 1), repeat=len(ranks))])
    less, greater = (sums <= observed).mean(), (sums >= observed).mean()
    return less, greater, min(1, 2 * min(less, greater))


def ranks():
    methods = {"wilcox": 0, "pratt": 1, "zsplit": 2}
    for seed, n, spread, zeros in [(11, 12, 4, 1), (12, 30, 50, 0), (13, 200, 10, 2)]:
        d = differences(seed, n, spread, zeros)
        for name, code in methods.items():
            for correct in (0, 1):
                for side in ("two-sided", "greater", "less"):
                    p = stats.wilcoxon(d, zero_method=name, correction=bool(correct),
                                       alternative=side, method="asymptotic").pvalue
                    add("wilcoxon_" + side.replace("-", "_"), (seed, n, spread, zeros, code, correct), p)
    for seed, n, spread, zeros in [(11, 12, 4, 1), (14, 14, 2, 3), (15, 9, 1000, 0)]:
        d = differences(seed, n, spread, zeros)
        for name in ("wilcox", "pratt"):
            less, greater, both = permutation_wilcoxon(d, name)
            a = (seed, n, spread, zeros, methods[name])
            add("wilcoxon_exact_less", a, less)
            add("wilcoxon_exact_greater", a, greater)
            add("wilcoxon_exact_two_sided", a, both)
    d = differences(16, 45, 10**6, 0)
    assert len(set(abs(d))) == 45 and (d != 0).all()
    add("wilcoxon_exact_two_sided", (16, 45, 10**6, 0, 0), stats.wilcoxon(d, method="exact").pvalue)
    for seed, n, k, levels in [(21, 6, 3, 100), (22, 14, 4, 3), (23, 60, 6, 20)]:
        values = np.array(Sequence(seed).take(n * k, levels), float).reshape(n, k) \
            + np.arange(k) * levels / 10
        result = stats.friedmanchisquare(*values.T)
        a = (seed, n, k, levels)
        add("friedman_chi_square", a, result.statistic)
        add("friedman_p", a, result.pvalue)
        f = (n - 1) * result.statistic / (n * (k - 1) - result.statistic)
        add("friedman_f_p", a, stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
        mean = np.apply_along_axis(stats.rankdata, 1, values).mean(axis=0)
        q = abs(mean[0] - mean[-1]) / math.sqrt(k * (k + 1) / 12 / n)
        add("nemenyi_p", a, range_sf(q, k))
        right = (np.array(Sequence(seed).take(n * k, levels)).reshape(n, k)
                 < levels * (2 + np.arange(k)) / (k + 3)).astype(int)
        result = cochrans_q(right)
        add("cochran_q", a, result.statistic)
        add("cochran_p", a, result.pvalue)


def range_sf(q, k):
    q = M(q)
    phi = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    cdf = lambda z: mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    value = k * mpmath.quad(lambda z: phi(z) * (cdf(z)**(k - 1) - (cdf(z) - cdf(z - q))**(k - 1)),
                            list(mpmath.linspace(-14, q / 2 + 16, 24)))
    return value


def ranges():
    for k in (2, 3, 10, 40):
        for q in (.05, 1.0, 3.3, 5.0, 12.0):
            value = range_sf(q, k)
            other = stats.studentized_range.sf(q, k, np.inf)
            assert math.isclose(value, other, rel_tol=1e-5, abs_tol=1e-9), (q, k, value, other)
            add("range_sf", (q, k), value)
    # Demsar (2006), table 5: q(0.05) / sqrt(2) = 2.343 for 3 models and 2.728 for 5
    for k, alpha in [(3, .05), (5, .05), (10, .01)]:
        add("range_quantile_upper", (alpha, k), stats.studentized_range.isf(alpha, k, np.inf))


def effects():
    add("cohen_h", (.8, .55), 2 * math.asin(math.sqrt(.8)) - 2 * math.asin(math.sqrt(.55)))
    for seed, n in [(31, 9), (32, 40)]:
        x = np.array(Sequence(seed).take(n, 12))
        y = np.array(Sequence(seed + 50).take(n + 3, 10))
        add("cliff_delta", (seed, n), np.sign(x[:, None] - y[None]).mean())


def flips():
    for seed, n in [(41, 5), (42, 10), (43, 13)]:
        d = differences(seed, n, 6, 1)
        sums = np.array(list(itertools.product((-1, 1), repeat=n))) @ d
        add("flip_exact_both", (seed, n), (abs(sums) >= abs(d.sum())).sum())
        add("flip_exact_greater", (seed, n), (sums >= d.sum()).sum())


def bayes():
    for seed, n, rho, rope in [(51, 10, .1, 1.0), (52, 100, .1, .5), (53, 5, 0, 0)]:
        d = differences(seed, n, 6, 0)
        scale = d.std(ddof=1) * math.sqrt(1 / n + rho / (1 - rho))
        add("bayes_t_below", (seed, n, rho, rope), stats.t.cdf(-rope, n - 1, d.mean(), scale))
        add("bayes_t_above", (seed, n, rho, rope), stats.t.sf(rope, n - 1, d.mean(), scale))
    for b, c, n, prior, rope in [(7, 1, 21, 1, .05), (120, 90, 1000, .5, .01), (0, 0, 30, 1, .1),
                                 (9, 9, 18, 1, .2), (2, 30, 40, .5, 0)]:
        share = stats.beta(b + c + 2 * prior, n - b - c + 2 * prior)
        density = stats.beta(b + prior, c + prior).pdf
        for name, sign in (("above", 1), ("below", -1)):
            # over u itself, not over its probability scale
            value = integrate.quad(lambda u: density(u) * share.sf(rope / (sign * (2 * u - 1))),
                                   *((.5 + rope / 2, 1) if sign == 1 else (0, .5 - rope / 2)),
                                   epsabs=1e-13, epsrel=1e-11, limit=400)[0]
            add("bayes_paired_" + name, (b, c, n, prior, rope), value)
    for x1, n1, x2, n2, prior, rope in [(56, 70, 48, 80, 1, .05), (9, 10, 3, 10, .5, 0),
                                        (0, 10, 0, 20, .5, .02), (590, 640, 300, 350, 1, .02)]:
        first, second = (stats.beta(x + prior, n - x + prior) for x, n in ((x1, n1), (x2, n2)))
        near = [q for q in (.001, .1, .5, .9, .999) for q in (second.ppf(q),)]
        value = integrate.quad(lambda p: second.pdf(p) * first.sf(p + rope), 0, 1 - rope,
                               points=near, epsabs=1e-13, epsrel=1e-11, limit=400)[0]
        add("bayes_two_above", (x1, n1, x2, n2, prior, rope), value)
    for k, n, a, b in [(0, 5, .5, .5), (3, 5, 2, 7.5), (40, 467, 590.5, 50.5), (460, 467, 590.5, 50.5),
                       (70000, 10**5, 3, 2)]:
        log = lambda k: (mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(n - k + 1)
                         + mpmath.loggamma(k + M(a)) + mpmath.loggamma(n - k + M(b))
                         - mpmath.loggamma(n + M(a) + b) + mpmath.loggamma(M(a) + b)
                         - mpmath.loggamma(M(a)) - mpmath.loggamma(M(b)))
        add("beta_binomial_pmf", (k, n, a, b), mpmath.exp(log(k)))
        if n < 1000:
            add("beta_binomial_cdf", (k, n, a, b), sum(mpmath.exp(log(i)) for i in range(k + 1)))
            add("beta_binomial_sf", (k, n, a, b), sum(mpmath.exp(log(i)) for i in range(k + 1, n + 1)))


def main():
    for step in (paired, two_proportions, ranks, ranges, effects, flips, bayes):
        step()
    GOLDEN.write("stats_compare", "scipy 1.17.1, statsmodels 0.15.0, mpmath 1.3.0")


if __name__ == "__main__":
    main()
