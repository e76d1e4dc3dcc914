#!/usr/bin/env python3
"""Golden values for two independent proportions. Writes tests/golden/stats_two.txt.

Pinned: scipy 1.17.1, statsmodels 0.15.0. Odds ratios: scipy.stats.contingency.odds_ratio (conditional; the
interval is that of R's fisher.test); Agresti-Caffo: statsmodels; mid-P: scipy's Fisher less half of the
hypergeometric probability. Ratios by scores: statsmodels.
"""
import os

import numpy as np
import scipy
import statsmodels
from scipy import stats
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.proportion import confint_proportions_2indep

assert scipy.__version__ == "1.17.1", scipy.__version__
assert statsmodels.__version__ == "0.15.0", statsmodels.__version__
CASES = [(7, 12, 3, 15), (0, 10, 4, 9), (10, 10, 4, 9), (45, 50, 38, 60), (1, 200, 9, 180), (940, 1000, 4600, 5000),
         (5, 5, 0, 5), (30, 30, 29, 31), (2, 3, 1, 2)]
lines = []
for c in CASES:
    x1, n1, x2, n2 = c
    a = " ".join(map(str, c))
    table = [[x1, n1 - x1], [x2, n2 - x2]]
    r = odds_ratio(table, kind="conditional")
    ci = r.confidence_interval(0.95)
    for name, value in (("conditional", r.statistic), ("odds_low", ci.low), ("odds_high", ci.high)):
        lines.append(f"{name} 4 {a} {value:.17g}")
    low, high = confint_proportions_2indep(x1, n1, x2, n2, method="agresti-caffo", compare="diff")
    lines.append(f"caffo_low 4 {a} {max(low, -1):.17g}")
    lines.append(f"caffo_high 4 {a} {min(high, 1):.17g}")
    half = stats.hypergeom.pmf(x1, n1 + n2, x1 + x2, n1) / 2
    for side in ("two-sided", "greater", "less"):
        p = stats.fisher_exact(table, side).pvalue - half
        lines.append(f"mid_{side.replace('-', '_')} 4 {a} {p:.17g}")
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "../golden/stats_two.txt"), "w") as out:
    out.write("# written by oracle/stats_two.py: scipy 1.17.1, statsmodels 0.15.0\n" + "\n".join(lines) + "\n")
