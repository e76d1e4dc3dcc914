#!/usr/bin/env python3
"""Golden values of proportion, clustered, finite, bootstrap and delong in src/stats.
Writes tests/golden/stats_bounds.txt.

Pinned: scipy 1.17.1, statsmodels 0.15.0, mpmath 1.3.0, numpy 2.4.6; R 4.2.2 with pROC 1.18.0 (a
difference beyond 1e-9 from pROC stops this script; without R the step is skipped and said).
"""
import shutil
import subprocess

import mpmath
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from stats_common import Golden, Sequence

assert (scipy.__version__, statsmodels.__version__) == ("1.17.1", "0.15.0")
mpmath.mp.dps = 40
M = mpmath.mpf
GOLDEN = Golden()
CASES = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (5, 10), (3, 59), (58, 59), (590, 640),
         (1, 1000), (999, 1000), (9876, 10000)]


def ends(name, arguments, low, high):
    GOLDEN.add(name + "_low", arguments, low)
    GOLDEN.add(name + "_high", arguments, high)


def mid_p(x, n, alpha):
    def tail(p, first, last):
        return sum(mpmath.binomial(n, k) * p**k * (1 - p)**(n - k) for k in range(first, last + 1))

    def bisect(f):
        low, high = M(0), M(1)
        for _ in range(120):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) < 0 else (low, middle)
        return low
    half = M(1) / 2
    low = 0 if x == 0 else bisect(lambda p: tail(p, x + 1, n) + half * tail(p, x, x) - alpha)
    high = 1 if x == n else bisect(lambda p: alpha - tail(p, 0, x - 1) - half * tail(p, x, x))
    return low, high


def proportions():
    for x, n in CASES:
        for alpha in (.025, .05, .0005):
            level = 1 - 2 * alpha
            ci = stats.binomtest(x, n).proportion_ci(level, "wilsoncc")
            ends("wilson_corrected", (x, n, alpha), ci.low, ci.high)
            ends("agresti_coull", (x, n, alpha),
                 *proportion_confint(x, n, 2 * alpha, "agresti_coull"))
            ends("wald", (x, n, alpha), *proportion_confint(x, n, 2 * alpha, "normal"))
            if n <= 640:
                ends("mid_p", (x, n, alpha), *mid_p(x, n, alpha))
            low, high = confint_poisson(x, 2.5, "exact-c", 2 * alpha)
            ends("poisson_interval", (x, 2.5, alpha), low if x else 0, high)
        for p0 in (.02, .5, .9, .95):
            for side, name in (("greater", "greater"), ("less", "less"), ("two-sided", "two_sided")):
                p = stats.binomtest(x, n, p0, alternative=side).pvalue
                if p > 1e-300:
                    GOLDEN.add("binomial_test_" + name, (x, n, p0), p)
            half = stats.binom.pmf(x, n, p0) / 2
            GOLDEN.add("binomial_test_mid_greater", (x, n, p0), stats.binom.sf(x, n, p0) + half)


def clusters(seed, count, size, limit):
    """Sums and sizes of 0/1 scores that lean with the cluster; the C test makes the same."""
    sequence = Sequence(seed)
    y, n, rows = [], [], []
    for c in range(count):
        m = 1 + sequence.next(size)
        lean = 1 + sequence.next(limit)
        scores = [1 if sequence.next(limit + 1) < lean else 0 for _ in range(m)]
        rows += [(c, s) for s in scores]
        y.append(sum(scores))
        n.append(m)
    return np.array(y, float), np.array(n, float), np.array(rows)


def icc(rows):
    """One-way analysis of variance over the single scores."""
    groups = [rows[rows[:, 0] == c, 1] for c in np.unique(rows[:, 0])]
    total, count = len(rows), len(groups)
    grand = rows[:, 1].mean()
    msb = sum(len(g) * (g.mean() - grand)**2 for g in groups) / (count - 1)
    msw = sum(((g - g.mean())**2).sum() for g in groups) / (total - count)
    size = (total - sum(len(g)**2 for g in groups) / total) / (count - 1)
    return (msb - msw) / (msb + (size - 1) * msw)


def clustered():
    for seed, count, size, limit in [(1, 2, 5, 3), (2, 8, 12, 6), (3, 50, 30, 20), (4, 200, 4, 2)]:
        y, n, rows = clusters(seed, count, size, limit)
        arguments = (seed, count, size, limit)
        fit = sm.OLS(rows[:, 1].astype(float), np.ones(len(rows))).fit(
            cov_type="cluster", cov_kwds={"groups": rows[:, 0], "use_correction": True}, use_t=True)
        p, se, total = y.sum() / n.sum(), float(fit.bse[0]), n.sum()
        assert abs(fit.params[0] - p) < 1e-12
        GOLDEN.add("cluster_se", arguments, se)
        GOLDEN.add("cluster_icc", arguments, icc(rows))
        ends("cluster", arguments, *fit.conf_int(.05)[0])
        deff = se**2 / (p * (1 - p) / total)
        GOLDEN.add("cluster_deff", arguments, deff)
        effective = min(total, max(min(count, total), total / deff))
        size_ = min(total, effective * (stats.t.isf(.025, total - 1)
                                        / stats.t.isf(.025, count - 1))**2)
        x = p * size_
        ends("korn_graubard", arguments, stats.beta.ppf(.025, x, size_ - x + 1),
             stats.beta.isf(.025, x + 1, size_ - x))


def finite():
    for N, n, xs in [(30, 10, (0, 1, 5, 9, 10)), (500, 59, (0, 3, 50, 59)), (1000, 900, (0, 450, 899))]:
        for x in xs:
            for alpha in (.025, .05):
                possible = np.arange(x, N - (n - x) + 1)
                low = [K for K in possible if stats.hypergeom.sf(x - 1, N, K, n) > alpha]
                high = [K for K in possible if stats.hypergeom.cdf(x, N, K, n) > alpha]
                ends("hypergeometric", (x, n, N, alpha), min(low), max(high))


def bootstraps():
    for seed, n in [(5, 20), (6, 57)]:
        data = np.array(Sequence(seed).take(n, 1000)) / 10.0
        index = Sequence(seed + 100)
        draws = np.array([[index.next(n) for _ in range(n)] for _ in range(999)])
        replicates = np.sort(np.exp(data[draws].mean(axis=1) / 50))
        theta = np.exp(data.mean() / 50)
        jackknife = np.array([np.exp(np.delete(data, i).mean() / 50) for i in range(n)])
        from scipy.stats._resampling import _bca_interval
        low, high, a = _bca_interval((data,), lambda x, axis: np.exp(np.mean(x, axis=axis) / 50), -1,
                                     .025, replicates, None, np)
        u = jackknife.mean() - jackknife
        assert np.isclose(a, (u**3).sum() / (6 * (u**2).sum()**1.5))
        GOLDEN.add("bca_a", (seed, n), a)
        ends("bca", (seed, n), np.quantile(replicates, float(low)), np.quantile(replicates, float(high)))
        ends("basic", (seed, n), 2 * theta - np.quantile(replicates, .975),
             2 * theta - np.quantile(replicates, .025))
        GOLDEN.add("bootstrap_se", (seed, n), replicates.std(ddof=1))


def rank_bounds():
    for n in (10, 58, 59, 60, 1000):
        for p in (.5, .95, .99):
            upper = min([r for r in range(1, n + 1) if stats.binom.sf(r - 1, n, p) <= .05] + [n + 1])
            lower = max([r for r in range(1, n + 1) if stats.binom.cdf(r - 1, n, p) <= .05] + [0])
            GOLDEN.add("quantile_upper_rank", (n, p), upper)
            GOLDEN.add("quantile_lower_rank", (n, p), lower)


def roc_data(seed, n, levels):
    sequence = Sequence(seed)
    positive = np.array([sequence.next(3) == 0 for _ in range(n)])
    scores = np.array([[sequence.next(levels) + int(shift * levels * positive[i]) for i in range(n)]
                       for shift in (.3, .5)], float)
    group = np.array(sequence.take(n, max(4, n // 5)))
    return positive, scores, group


def delong_brute(positive, scores):
    auc, v10, v01 = [], [], []
    for s in scores:
        psi = (s[positive][:, None] > s[~positive][None]) + .5 * (s[positive][:, None]
                                                                == s[~positive][None])
        auc.append(psi.mean())
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    cov = np.cov(v10) / positive.sum() + np.cov(v01) / (~positive).sum()
    return np.array(auc), cov, np.array(v10), np.array(v01)


def obuchowski(positive, group, auc, v10, v01):
    count = group.max() + 1
    x = np.zeros((2, count))
    y = np.zeros((2, count))
    for j in range(2):
        np.add.at(x[j], group[positive], v10[j] - auc[j])
        np.add.at(y[j], group[~positive], v01[j] - auc[j])
    m, n = positive.sum(), (~positive).sum()
    i10, i01 = len(set(group[positive])), len(set(group[~positive]))
    return (i10 / (i10 - 1) * x @ x.T / m**2 + i01 / (i01 - 1) * y @ y.T / n**2
            + count / (count - 1) * (x @ y.T + y @ x.T) / m / n)


PROC = """
suppressMessages(library(pROC)); stopifnot(packageVersion("pROC") == "1.18.0")
d <- read.csv(file("stdin"))
a <- roc(d$p, d$a, direction="<", levels=c(0, 1)); b <- roc(d$p, d$b, direction="<", levels=c(0, 1))
cat(sprintf("%.17g ", c(auc(a), auc(b), var(a), var(b), cov(a, b),
                        roc.test(a, b, method="delong")$p.value)))
"""


def proc_says(positive, scores, wanted):
    if shutil.which("Rscript") is None:
        print("pROC was not asked: there is no Rscript")
        return
    table = "p,a,b\n" + "\n".join(f"{int(p)},{a!r},{b!r}" for p, a, b in zip(positive, *map(
        lambda s: [float(v) for v in s], scores)))
    text = subprocess.run(["Rscript", "-e", PROC], input=table, capture_output=True, text=True,
                          check=True).stdout
    assert np.allclose([float(v) for v in text.split()], wanted, rtol=1e-9, atol=0), (text, wanted)


def delong():
    for seed, n, levels in [(7, 12, 4), (8, 100, 1000), (9, 400, 20)]:
        positive, scores, group = roc_data(seed, n, levels)
        auc, cov, v10, v01 = delong_brute(positive, scores)
        variance = cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]
        p = 2 * stats.norm.sf(abs(auc[0] - auc[1]) / np.sqrt(variance))
        proc_says(positive, scores, [*auc, cov[0, 0], cov[1, 1], cov[0, 1], p])
        clustered_cov = obuchowski(positive, group, auc, v10, v01)
        for name, value in [("auc0", auc[0]), ("auc1", auc[1]), ("var0", cov[0, 0]),
                            ("var1", cov[1, 1]), ("cov", cov[0, 1]), ("p", p),
                            ("clustered_var0", clustered_cov[0, 0]),
                            ("clustered_cov", clustered_cov[0, 1])]:
            GOLDEN.add("delong_" + name, (seed, n, levels), value)
        z = stats.norm.isf(.025)
        se = np.sqrt(cov[0, 0])
        logit = np.log(auc[0] / (1 - auc[0]))
        half = z * se / (auc[0] * (1 - auc[0]))
        ends("auc_logit", (seed, n, levels), 1 / (1 + np.exp(half - logit)),
             1 / (1 + np.exp(-half - logit)))


def main():
    for step in (proportions, clustered, finite, bootstraps, rank_bounds, delong):
        step()
    GOLDEN.write("stats_bounds", "scipy 1.17.1, statsmodels 0.15.0, mpmath 1.3.0; R 4.2.2, pROC 1.18.0")


if __name__ == "__main__":
    main()
