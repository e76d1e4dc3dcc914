"""Intervals of a rate at a limit of another rate, from scipy's binomial and beta distributions.

scipy 1.17
"""
from pathlib import Path

from scipy.stats import beta, binom


def interval(scores, mine, limit, alpha):
    """By the definition, from the rows: highest share of `mine` at a share of the others <= limit."""
    others = sorted((s for s, m in zip(scores, mine) if not m), reverse=True)
    own = [s for s, m in zip(scores, mine) if m]
    k, m = len(others), len(own)
    ranks = range(1, k + 1)
    r = max((i for i in ranks if binom.cdf(i - 1, k, limit) <= alpha / 2), default=None)
    s = min((i for i in ranks if binom.sf(i - 1, k, limit) <= alpha / 2), default=None)
    low, high = 0.0, 1.0
    if r is not None:
        x = sum(v > others[r - 1] for v in own)
        low = beta.ppf(alpha / 2, x, m - x + 1) if x > 0 else 0.0
    if s is not None:
        x = sum(v >= others[s - 1] for v in own)
        high = beta.isf(alpha / 2, x + 1, m - x) if x < m else 1.0
    return low, high


def main():
    lines = []
    for n, rare, limit in ((60, 3, 0.01), (60, 3, 0.2), (400, 7, 0.05), (400, 2, 0.5), (900, 10, 0.01),
                           (900, 10, 0.1)):
        # scores with ties, made without a generator
        mine = [i % rare == 0 for i in range(n)]
        scores = [((i * 7919) % 101 + (23 if mine[i] else 0)) / 128 for i in range(n)]
        for alpha in (0.025, 0.005):
            low, high = interval(scores, mine, limit, alpha)
            lines.append(f"{n} {rare} {limit} {alpha} {low:.17g} {high:.17g}")
    out = Path(__file__).parent.parent / "golden" / "rates.txt"
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
