#!/usr/bin/env python3
"""Golden values of multiplicity, sprt, mixture, betting, power and sample_size in src/stats.
Writes tests/golden/stats_sequential.txt.

Pinned: scipy 1.17.1, statsmodels 0.15.0, numpy 2.4.6, mpmath 1.3.0, confseq 0.0.11 (its
source release does not build with newer compilers as it is: put src/confseq into site-packages, with
boundaries.cpp and quantiles.cpp compiled against pybind11 3.1.0 and Boost 1.74, as C++17).
"""
import math

import mpmath
import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from statsmodels.stats.multitest import multipletests

np.float_ = np.float64  # confseq 0.0.11 was written for numpy 1
from confseq import boundaries  # noqa: E402
from confseq.betting import betting_cs  # noqa: E402
from confseq.predmix import lambda_predmix_eb, predmix_lower_cs  # noqa: E402
from stats_common import Golden, Sequence  # noqa: E402

assert (scipy.__version__, statsmodels.__version__) == ("1.17.1", "0.15.0")
GOLDEN = Golden()
add = GOLDEN.add


def p_values(seed, m):
    return np.array([(1 + Sequence(seed + i).next(1000)) / (1001.0 * (1 + i % 7) ** 2) for i in range(m)])


def multiplicity():
    names = {1: "bonferroni", 2: "sidak", 3: "holm", 4: "holm-sidak", 5: "simes-hochberg", 6: "fdr_bh",
             7: "fdr_by"}
    for seed, m in [(61, 1), (62, 5), (63, 20)]:
        p = p_values(seed, m)
        for code, name in names.items():
            adjusted = multipletests(p, method=name)[1]
            for i in {0, m // 2, m - 1}:
                add("adjusted", (seed, m, code, i), adjusted[i])
        e = 1 / p
        order = np.argsort(-e)
        for i in {0, m // 2, m - 1}:
            # the smallest alpha at which the rule of Wang and Ramdas rejects i, by trying them
            tries = sorted({m / (k * v) for k in range(1, m + 1) for v in e})
            best = 1.0
            for alpha in tries:
                ks = [k for k in range(1, m + 1) if e[order[k - 1]] >= m / (k * alpha) * (1 - 1e-12)]
                if ks and i in order[:max(ks)]:
                    best = min(1.0, alpha)
                    break
            add("e_bh", (seed, m, i), best)
    for seed, m, replicates in [(71, 4, 200), (72, 9, 500)]:
        sequence = Sequence(seed)
        observed = np.array(sequence.take(m, 100)) / 10.0 + np.arange(m) / 100 + 2
        null = np.array(sequence.take(m * replicates, 100)).reshape(replicates, m) / 10.0
        order = np.argsort(-observed)
        step = np.zeros(m)
        largest = 0.0
        for rank, j in enumerate(order):
            count = (null[:, order[rank:]].max(axis=1) >= observed[j]).sum()
            largest = max(largest, (1 + count) / (1 + replicates))
            step[j] = largest
        for j in (0, m - 1):
            single = (1 + (null.max(axis=1) >= observed[j]).sum()) / (1 + replicates)
            add("max_t_single", (seed, m, replicates, j), single)
            add("max_t_step", (seed, m, replicates, j), step[j])


def sprt():
    for p0, p1, alpha, beta, x, n in [(.9, .95, .05, .1, 60, 62), (.1, .05, .01, .05, 1, 90),
                                      (.5, .6, .05, .05, 30, 71)]:
        a = (p0, p1, alpha, beta)
        ratio = stats.binom.logpmf(x, n, p1) - stats.binom.logpmf(x, n, p0)
        add("sprt_log_ratio", (*a, x, n), ratio)
        s, f = math.log(p1 / p0), math.log((1 - p1) / (1 - p0))
        up, down = math.log((1 - beta) / alpha), math.log(beta / (1 - alpha))
        for p in (p0, p1, (p0 + 2 * p1) / 3, .3):
            drift = p * s + (1 - p) * f
            side = -1 if drift > 0 else 1
            start = 1e-4
            h = optimize.brentq(lambda h: p * math.exp(h * s) + (1 - p) * math.exp(h * f) - 1,
                                side * start, side * 60, xtol=1e-15, rtol=1e-14)
            accept = (math.exp(h * up) - 1) / (math.exp(h * up) - math.exp(h * down))
            add("sprt_accept", (*a, p), accept)
            add("sprt_trials", (*a, p), (accept * down + (1 - accept) * up) / drift)


def likelihood(p, x, n):
    return x * mpmath.log(p) + (n - x) * mpmath.log(1 - mpmath.mpf(p))


def mixtures():
    mpmath.mp.dps = 30
    for x, n in [(0, 1), (3, 10), (59, 59), (590, 640), (0, 300)]:
        for a, b, alpha in [(1, 1, .05), (.5, .5, .01)]:
            marginal = mpmath.log(mpmath.beta(a + x, b + n - x) / mpmath.beta(a, b))

            def bisect(low, high, f):
                low, high = mpmath.mpf(low), mpmath.mpf(high)
                for _ in range(100):
                    middle = (low + high) / 2
                    low, high = (middle, high) if f(middle) else (low, middle)
                return low
            limit = -mpmath.log(mpmath.mpf(alpha))
            out = lambda p: marginal - likelihood(p, x, n) >= limit
            add("sequence_low", (x, n, a, b, alpha), 0 if x == 0 else bisect(0, mpmath.mpf(x) / n, out))
            add("sequence_high", (x, n, a, b, alpha),
                1 if x == n else bisect(mpmath.mpf(x) / n, 1, lambda p: not out(p)))
            for p0 in (.02, .3, .9):
                add("bernoulli_e", (x, n, p0, a, b), marginal - likelihood(p0, x, n))
                for above in (0, 1):
                    prior = stats.beta(a, b)
                    # the mixture over the alternative, integrated numerically
                    f = lambda p: mpmath.exp(x * mpmath.log(p) + (n - x) * mpmath.log(1 - p)
                                             - likelihood(p0, x, n)) * p**(a - 1) * (1 - p)**(b - 1)
                    ends = [p0, (1 + p0) / 2, .97, .99, .999, 1] if above else [0, .001, .01, p0 / 2, p0]
                    ends = sorted(e for e in ends if (e >= p0 if above else e <= p0))
                    mass = prior.sf(p0) if above else prior.cdf(p0)
                    value = mpmath.quad(f, ends) / mpmath.beta(a, b) / mass
                    add("one_sided_e", (x, n, p0, above, a, b), mpmath.log(value))
    # Robbins: (n + 1) C(n, x) p^x q^(n - x) = alpha at the ends
    for x, n in [(3, 10), (590, 640)]:
        low = optimize.brentq(lambda p: math.log(n + 1) + stats.binom.logpmf(x, n, p) - math.log(.05),
                              1e-9, x / n, xtol=1e-15)
        add("sequence_low", (x, n, 1, 1, .05), low)
    for v, v_opt, alpha in [(10., 100., .05), (250., 100., .01), (1e4, 50., .05)]:
        rho = v_opt / (2 * math.log(1 / alpha) + math.log(1 + 2 * math.log(1 / alpha)))
        add("mixture_rho", (v_opt, alpha), rho)
        add("normal_mixture", (v, rho, 1, alpha), math.sqrt((v + rho) * math.log((v + rho) / (rho * alpha**2))))
        for two in (0, 1):
            # confseq tunes its mixture with the same rho, the one-sided one at twice alpha
            at = alpha if two else 2 * alpha
            rho = v_opt / (2 * math.log(1 / at) + math.log(1 + 2 * math.log(1 / at)))
            bound = float(boundaries.normal_mixture_bound(v, alpha, v_opt, alpha_opt=alpha,
                                                          is_one_sided=not two))
            add("normal_mixture", (v, rho, two, alpha), bound)
    for x, n, N in [(0, 5, 20), (3, 10, 30), (59, 59, 500), (450, 500, 1000), (0, 0, 10), (7, 7, 7)]:
        for a, alpha in [(1, .05), (.5, .01)]:
            K = np.arange(N + 1)
            prior = stats.betabinom(N, a, a).pmf(K)
            posterior = np.where((K >= x) & (K <= N - n + x),
                                 stats.betabinom(N - n, a + x, a + n - x).pmf(K - x), 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside = K[(posterior > 0) & (prior / posterior < 1 / alpha)]
            add("pool_low", (x, n, N, a, alpha), inside.min())
            add("pool_high", (x, n, N, a, alpha), inside.max())


def stream(seed, n, levels):
    return np.array(Sequence(seed).take(n, levels + 1)) / levels


def bernstein_lower(x, alpha, N):
    """predmix_empbern_lower_cs with the regularised mean of the paper as predictor (confseq's own
    wrapper starts at 0)."""
    t = np.arange(1, len(x) + 1)
    before = np.append(.5, ((.5 + np.cumsum(x)) / (t + 1))[:-1])
    return predmix_lower_cs(x, v=(x - before)**2, alpha=alpha, running_intersection=True, N=N,
                            lambdas_fn=lambda y: lambda_predmix_eb(y, truncation=.5, alpha=alpha),
                            psi_fn=lambda l: -np.log(1 - l) - l)


def bets():
    for seed, n, levels, N, alpha in [(81, 5, 1, 0, .05), (82, 100, 1, 0, .05), (83, 400, 10, 0, .01),
                                      (84, 60, 1, 100, .05), (85, 150, 5, 1000, .1)]:
        x = stream(seed, n, levels)
        population = N or None
        low, high = betting_cs(x, breaks=200, alpha=alpha, N=population, running_intersection=True)
        if N:  # what was seen is certain
            low = np.maximum(low, np.cumsum(x) / N)
            high = np.minimum(high, 1 - (np.arange(1, n + 1) - np.cumsum(x)) / N)
        add("betting_low", (seed, n, levels, N, alpha), low[-1])
        add("betting_high", (seed, n, levels, N, alpha), high[-1])
        low, high = bernstein_lower(x, alpha / 2, population), 1 - bernstein_lower(1 - x, alpha / 2,
                                                                                   population)
        if N:
            low = np.maximum(low, np.cumsum(x) / N)
            high = np.minimum(high, 1 - (np.arange(1, n + 1) - np.cumsum(x)) / N)
        add("bernstein_low", (seed, n, levels, N, alpha), max(0, np.max(low)))
        add("bernstein_high", (seed, n, levels, N, alpha), min(1, np.min(high)))


def exact_power(n, p0, p1, alpha):
    if p1 < p0:
        p0, p1 = 1 - p0, 1 - p1
    k = np.arange(n + 2)
    c = k[stats.binom.sf(k - 1, n, p0) <= alpha].min()
    return stats.binom.sf(c - 1, n, p1), c


def planning():
    z = stats.norm.isf
    for p0, p1, alpha, power in [(.9, .95, .05, .8), (.5, .6, .025, .9), (.1, .05, .05, .8),
                                 (.9, .99, .05, .9), (.3, .5, .01, .95)]:
        a = (p0, p1, alpha, power)
        n = ((z(alpha) * math.sqrt(p0 * (1 - p0)) + z(1 - power) * math.sqrt(p1 * (1 - p1)))
             / (p1 - p0))**2
        add("size_one_normal", a, math.ceil(n))
        powers = [exact_power(m, *a[:3])[0] for m in range(1, int(3 * n) + 200)]
        add("size_one_exact", a, max(m + 1 for m, v in enumerate(powers) if v < power) + 1)
        mean = (p0 + p1) / 2
        two = ((z(alpha / 2) * math.sqrt(2 * mean * (1 - mean))
                + z(1 - power) * math.sqrt(p0 * (1 - p0) + p1 * (1 - p1))) / (p0 - p1))**2
        add("size_two", (*a, 0), math.ceil(two))
        gap = abs(p0 - p1)
        add("size_two", (*a, 1), math.ceil(two / 4 * (1 + math.sqrt(1 + 4 / (two * gap)))**2))
    for p10, p01, alpha, power in [(.15, .05, .05, .8), (.02, .08, .05, .9)]:
        d, g = p10 + p01, p10 - p01
        n = math.ceil(((z(alpha / 2) * math.sqrt(d) + z(1 - power) * math.sqrt(d - g * g)) / g)**2)
        add("size_mcnemar", (p10, p01, alpha, power), n)
        for mid in (0, 1):
            total = 0
            for b in range(n + 1):
                for c in range(n - b + 1):
                    m = b + c
                    if m == 0:
                        continue
                    k = min(b, c)
                    p = min(1, 2 * special.bdtr(k, m, .5)) if b != c else 1
                    p -= mid * special.comb(m, k) * .5**m if b != c else 0
                    if p <= alpha:
                        total += math.exp(special.gammaln(n + 1) - special.gammaln(b + 1)
                                          - special.gammaln(c + 1) - special.gammaln(n - m + 1)
                                          + b * math.log(p10) + c * math.log(p01)
                                          + (n - m) * math.log(1 - d))
            add("power_mcnemar", (n, p10, p01, alpha, mid), total)
    for limit, confidence in [(.9, .95), (.95, .95), (.99, .9), (.5, .99)]:
        for f in (0, 1, 5):
            n = next(n for n in range(f + 1, 10**5)
                     if stats.binom.cdf(f, n, 1 - limit) <= 1 - confidence)
            add("size_demonstration", (limit, confidence, f), n)
    for N, bad, confidence, f in [(100, 5, .95, 0), (1000, 50, .95, 2), (30, 1, .9, 0), (500, 3, .99, 1)]:
        n = next((n for n in range(f + 1, N + 1)
                  if stats.hypergeom.cdf(f, N, bad, n) <= 1 - confidence), N)
        add("size_pool", (N, bad, confidence, f), n)
    for p, half in [(.9, .03), (.5, .05), (.99, .01)]:
        from statsmodels.stats.proportion import proportion_confint, samplesize_confint_proportion
        add("size_width", (p, half, .05, 0), math.ceil(samplesize_confint_proportion(p, half, .05)))
        n = next(n for n in range(1, 10**5)
                 if np.diff(proportion_confint(p * n, n, .05, "wilson"))[0] <= 2 * half)
        add("size_width", (p, half, .05, 1), n)


def main():
    for step in (multiplicity, sprt, mixtures, bets, planning):
        step()
    GOLDEN.write("stats_sequential", "scipy 1.17.1, statsmodels 0.15.0, confseq 0.0.11")


if __name__ == "__main__":
    main()
