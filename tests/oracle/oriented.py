#!/usr/bin/env python3
"""Oracle of overlaps of turned boxes: tests/golden/oriented.txt.

shapely 2.1 (exact intersection of the convex hulls), opencv-python (rotatedRectangleIntersection, a
cross-check to 1e-3: it works in single precision).

Usage: python tests/oracle/oriented.py > tests/golden/oriented.txt
"""
import math
import sys

import cv2
import numpy as np
import shapely
from shapely.geometry import MultiPoint


def corners(cx, cy, w, h, angle):
    c, s = math.cos(angle), math.sin(angle)
    return [(cx + c * x - s * y, cy + s * x + c * y)
            for x, y in ((-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2))]


def iou(a, b):
    a, b = MultiPoint(a).convex_hull, MultiPoint(b).convex_hull
    if a.area == 0 or b.area == 0:
        return 0.0
    both = a.intersection(b).area
    return both / (a.area + b.area - both)


def put(a, b, value):
    print(*(repr(float(v)) for p in (a, b) for xy in p for v in xy), repr(value))


def main():
    rng = np.random.default_rng(20261126)
    print(f"# shapely {shapely.__version__} opencv {cv2.__version__}")
    square = corners(0, 0, 2, 2, 0)
    # analytic: a square and the same turned by 45 degrees share a regular octagon
    octagon = 8 * (math.sqrt(2) - 1)
    put(square, corners(0, 0, 2, 2, math.pi / 4), octagon / (8 - octagon))
    put(square, square, 1.0)
    put(square, square[::-1], 1.0)
    put(square, corners(2, 0, 2, 2, 0), 0.0)
    put(square, corners(1, 0, 2, 2, 0), 1 / 3)
    put(square, [(0, 0)] * 4, 0.0)
    put([(0, 0), (1, 1), (2, 2), (3, 3)], square, 0.0)
    put(corners(1e6, 1e6, 10, 4, 0.3), corners(1e6, 1e6, 10, 4, 0.3), 1.0)
    for k in range(400):
        scale = 10.0 ** rng.integers(-2, 4)
        offset = rng.choice([0.0, 1000.0])
        box = [rng.uniform(-1, 1, 2) * scale + offset, rng.uniform(0.01, 2, 2) * scale,
               rng.uniform(-4, 4)]
        a = corners(*box[0], *box[1], box[2])
        move = rng.choice([0.01, 0.3, 1.0])
        other = [box[0] + rng.uniform(-1, 1, 2) * scale * move, box[1] * np.exp(rng.normal(0, move, 2)),
                 box[2] + rng.choice([0.0, math.pi / 2, rng.normal(0, move)])]
        b = corners(*other[0], *other[1], other[2])
        if k % 10 == 0:
            b = [tuple(rng.uniform(-1, 1, 2) * scale + offset) for _ in range(4)]
        value = iou(a, b)
        if k % 10 and offset == 0.0:
            rects = [((float(v[0][0]), float(v[0][1])), (float(v[1][0]), float(v[1][1])),
                      math.degrees(v[2])) for v in (box, other)]
            kind, points = cv2.rotatedRectangleIntersection(*rects)
            both = 0.0 if points is None else cv2.contourArea(cv2.convexHull(points))
            got = both / (rects[0][1][0] * rects[0][1][1] + rects[1][1][0] * rects[1][1][1] - both)
            if abs(got - value) > 2e-3:
                print(f"OpenCV says {got}, shapely {value}: {rects}", file=sys.stderr)
        put(a, b, value)


main()
