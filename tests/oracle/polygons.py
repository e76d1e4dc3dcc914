#!/usr/bin/env python3
"""Polygons drawn by pycocotools 2.0.11 (numpy 2.4), for tests/unit/codec/test_coco.c: writes
tests/golden/coco/polygons.txt, one a line: height, width, number of points, the points, the compressed run lengths.

Stars that cross themselves, corners outside the image, repeated points, coordinates on pixel edges."""
import pathlib

import numpy as np
from pycocotools import mask

rng = np.random.default_rng(11)
lines = []
for case in range(150):
    height, width = (int(v) for v in rng.integers(1, 60 if case % 3 else 300, 2))
    points = int(rng.integers(3, 40 if case % 2 else 9))
    spread = rng.choice([1.0, 1.0, 1.7])
    xy = (rng.random((points, 2)) * spread - (spread - 1) / 2) * [width, height]
    if case % 5 == 1:
        xy = np.round(2 * xy) / 2
    if case % 7 == 2:
        xy[1:] = np.where(rng.random((points - 1, 1)) < .3, xy[:-1], xy[1:])
    if case % 4 == 3:
        xy[:, 0] = np.repeat(xy[::2, 0], 2)[:points]
    flat = [float(v) for v in xy.ravel()]
    text = mask.frPyObjects([flat], height, width)[0]["counts"].decode()
    lines.append(" ".join([str(height), str(width), str(points), *map(repr, flat), text]))
path = pathlib.Path(__file__).parents[1] / "golden" / "coco" / "polygons.txt"
path.write_text("\n".join(lines) + "\n")
