"""Inverse normal CDF: writes tests/golden/base_normal.txt (p and z as hexadecimal doubles).

Truth is the root of the normal CDF in 60-digit arithmetic (mpmath 1.3.0); SciPy 1.17.1's ndtri must
agree with it to 4e-15, which guards against an error in this script.
"""
import pathlib
import random

import mpmath
from mpmath import mpf
from scipy.special import ndtri

mpmath.mp.dps = 60


def quantile(p):
    z = mpf(float(ndtri(p)))
    target = mpf(p)
    for _ in range(4):
        tail = mpmath.erfc(-z / mpmath.sqrt(2)) / 2
        z -= (tail - target) / mpmath.npdf(z)
    return z


random.seed(20240229)
points = [0.5, 0.075, 0.925, 0.025, 0.975, 1e-300, 5e-324, 2.0**-53, 1 - 2.0**-53, 1e-11, 1e-12]
points += [i / 64 for i in range(1, 64)]
points += [10.0 ** -i for i in range(1, 30)]
points += [1 - 2.0**-i for i in range(2, 53)]
points += [2.0**-i for i in range(2, 1074, 29)]
points += [(random.getrandbits(52) + 0.5) * 2.0**-52 for _ in range(300)]
points += [0.5 + random.uniform(-1e-6, 1e-6) for _ in range(20)]

lines = []
for p in sorted(set(points)):
    z = quantile(p)
    scipy_z = float(ndtri(p))
    assert abs(scipy_z - z) <= 4e-15 * max(abs(z), mpf(10) ** -300), (p, scipy_z, z)
    lines.append(f"{p.hex()} {float(z).hex()}")
golden = pathlib.Path(__file__).parents[1] / "golden" / "base_normal.txt"
golden.write_text("\n".join(lines) + "\n")
