#!/usr/bin/env python3
"""Golden values of the image measurements (src/core/image_measure.c).

Pinned: numpy 2.4.6, opencv-python-headless 5.0.0.93, Python 3.11.
Usage: image_measure.py      (writes tests/golden/image_measure.txt)

Pixels come from a formula that the C test repeats, so
that no image has to be stored: sample j of image k is (a*j*j + b*j + c*(j // 7)) mod m with the
numbers of the golden's row, for float images divided by (m - 1).
"""
import pathlib

import cv2
import numpy as np

CASES = [
    # type, width, height, channels, a, b, c, m
    ("u8", 7, 5, 1, 3, 5, 11, 256),
    ("u8", 1, 1, 1, 3, 5, 11, 256),
    ("u8", 1, 9, 1, 3, 50, 11, 256),
    ("u8", 9, 1, 3, 3, 50, 11, 256),
    ("u8", 2, 2, 4, 1, 77, 3, 256),
    ("u8", 33, 21, 3, 7, 13, 5, 256),
    ("u8", 64, 48, 4, 1, 2, 3, 251),
    ("u8", 16, 16, 2, 5, 9, 1, 256),
    ("u8", 12, 12, 1, 0, 0, 0, 256),
    ("u16", 19, 23, 1, 7, 1313, 5, 65536),
    ("u16", 11, 13, 3, 7, 1313, 5, 65536),
    ("f32", 17, 12, 1, 7, 131, 5, 1021),
    ("f32", 8, 30, 3, 7, 131, 5, 1021),
    ("f32", 8, 8, 4, 1, 31, 5, 1021),
]


def pixels(kind, width, height, channels, a, b, c, m):
    j = np.arange(width * height * channels, dtype=np.int64)
    values = (a * j * j + b * j + c * (j // 7)) % m
    shape = (height, width, channels)
    if kind == "f32":
        return (values.astype(np.float32) / np.float32(m - 1)).reshape(shape)
    return values.astype({"u8": np.uint8, "u16": np.uint16}[kind]).reshape(shape)


def luma(image):
    """ITU-R 601-2: whole numbers as Pillow's convert("L") for 8 bit, real otherwise."""
    if image.dtype == np.uint8:
        if image.shape[2] < 3:
            return image[:, :, 0] / 255.0, image[:, :, 0]
        r, g, b = (image[:, :, i].astype(np.int64) for i in range(3))
        grey = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16
        return grey / 255.0, grey
    scaled = image.astype(np.float64) / (65535.0 if image.dtype == np.uint16 else 1.0)
    if image.shape[2] < 3:
        value = scaled[:, :, 0]
    else:
        value = (scaled[:, :, 0] * 19595 + scaled[:, :, 1] * 38470 + scaled[:, :, 2] * 7471) / 65536
    return value, np.floor(np.clip(value, 0, 1) * 255 + 0.5).astype(np.int64)


def measure(image):
    value, bins = luma(image)
    laplacian = cv2.Laplacian(np.ascontiguousarray(value), cv2.CV_64F, ksize=1,
                              borderType=cv2.BORDER_REFLECT_101)
    p = np.bincount(bins.ravel(), minlength=256) / bins.size
    p = p[p > 0]
    return [float(value.mean()), float(value.std()), float(laplacian.var()),
            float(-(p * np.log2(p)).sum())]


def main():
    here = pathlib.Path(__file__).resolve().parent.parent / "golden"
    lines = [f"# numpy {np.__version__} opencv {cv2.__version__}",
             "# type width height channels a b c m mean contrast sharpness entropy"]
    for case in CASES:
        lines.append(" ".join(map(str, case)) + " " +
                     " ".join(repr(v) for v in measure(pixels(*case))))
    (here / "image_measure.txt").write_text("\n".join(lines) + "\n")


main()
