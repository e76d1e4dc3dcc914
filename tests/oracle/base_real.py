"""Shortest decimals: writes tests/golden/base_real.txt (bits, significant digits, exponent).

Oracle: repr() of CPython 3.11 (David Gay's algorithm, mode 0): shortest digits that read back, the
closest such to the value. Line "bits digits exponent" stands for 0.DIGITS * 10**exponent.
"""
import pathlib
import random
import struct
from decimal import Decimal


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def value_of(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


random.seed(20240301)
values = [2.0**e for e in range(-1074, 1024)]  # where the nearest decimal is not always the answer
values += [value_of(random.getrandbits(63) % 0x7FF0000000000000) for _ in range(2000)]
values += [value_of(random.getrandbits(random.randint(1, 52))) for _ in range(500)]  # subnormal
values += [random.randint(1, 10**6) / 10 ** random.randint(0, 12) for _ in range(500)]
values += [9007199254740993.0, 1e22, 1e23, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]

lines = []
for value in sorted(set(v for v in values if v > 0)):
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    exponent += len(text)
    lines.append(f"{bits_of(value):016x} {text.rstrip('0')} {exponent}")
golden = pathlib.Path(__file__).parents[1] / "golden" / "base_real.txt"
golden.write_text("\n".join(lines) + "\n")
