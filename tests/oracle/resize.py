"""Goldens of assay_image_resize: Pillow and OpenCV themselves.

    python tests/oracle/resize.py            (pillow 13: every mode but pillow12_*)
    python tests/oracle/resize.py            (pillow 12.1.0 in its place: pillow12_* only)

Pinned: pillow 13.0.0 and 12.1.0, opencv-python-headless 5.0.0.93 (IPP off), numpy 2.4.6.

Writes tests/golden/resize/<library>.txt: one case per line,
    MODE TYPE CHANNELS WIDTH HEIGHT OUT_WIDTH OUT_HEIGHT X0 Y0 X1 Y1 SHA256
where SHA256 is of the packed little-endian output samples. Inputs are made by `pattern`, which
tests/unit/codec/test_resize.c repeats.
"""

import hashlib
import pathlib
import sys

import cv2
import numpy as np
import PIL

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from resize_sweep import OPENCV, PILLOW, opencv_resize, pillow_resize  # noqa: E402

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "resize"

# (width, height) -> (width, height)
SIZES = [
    ((1, 1), (1, 1)), ((1, 1), (7, 5)), ((5, 7), (1, 1)), ((1, 40), (3, 9)), ((40, 1), (9, 3)),
    ((28, 28), (32, 32)), ((32, 32), (28, 28)), ((33, 21), (64, 48)), ((64, 48), (32, 24)),
    ((60, 45), (20, 15)), ((60, 40), (15, 20)), ((61, 43), (17, 29)), ((50, 50), (50, 20)),
    ((50, 50), (20, 50)), ((300, 4), (7, 9)), ((4, 300), (9, 7)), ((98, 49), (2, 1)),
    ((20, 90), (22, 30)), ((90, 20), (30, 22)),
]
BOXES = [
    ((40, 30), (20, 20), (3.0, 2.0, 37.0, 25.0)),
    ((40, 30), (40, 30), (0.5, 0.25, 39.5, 29.75)),
    ((40, 30), (61, 11), (10.3, 4.7, 12.9, 28.1)),
]


def pattern(width, height, channels, kind):
    """Sample i (in memory order) is a hash of i."""
    h = np.arange(width * height * channels, dtype=np.uint64)
    h = (h * 2654435761 + 0x9E3779B9) & 0xFFFFFFFF
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & 0xFFFFFFFF
    h ^= h >> 12
    if kind == "u8":
        pixels = (h >> 24).astype(np.uint8)
    elif kind == "u16":
        pixels = (h >> 16).astype(np.uint16)
    else:
        pixels = (h >> 8).astype(np.float32) / np.float32(1 << 24) * np.float32(4) - np.float32(1)
    return pixels.reshape(height, width, channels)


def cases():
    for in_size, out_size in SIZES:
        for kind in ("u8", "f32", "u16"):
            for channels in (1, 2, 3, 4):
                yield in_size, out_size, kind, channels, None
    for in_size, out_size, box in BOXES:
        for kind, channels in (("u8", 1), ("u8", 3), ("u8", 4), ("f32", 1), ("u16", 1)):
            yield in_size, out_size, kind, channels, box


def wanted(mode, kind, channels, box, number):
    if mode in OPENCV:
        if box is not None or (kind == "u16" and mode != "opencv_nearest"):
            return False
    elif kind == "u16" and channels > 1 and mode != "pillow_nearest":
        return False
    return kind != "f32" or channels in (1, 3) or number % 3 == 0


def write(name, modes):
    lines = []
    for number, (in_size, out_size, kind, channels, box) in enumerate(cases()):
        pixels = pattern(*in_size, channels, kind)
        for mode in modes:
            if not wanted(mode, kind, channels, box, number):
                continue
            if mode in OPENCV:
                out = opencv_resize(pixels, out_size, mode)
            else:
                out = pillow_resize(pixels, out_size, mode, box)
            digest = hashlib.sha256(np.ascontiguousarray(out).tobytes()).hexdigest()
            edges = " ".join(f"{b:g}" for b in (box or (0, 0, *in_size)))
            lines.append(f"{mode} {kind} {channels} {in_size[0]} {in_size[1]} {out_size[0]} "
                         f"{out_size[1]} {edges} {digest}\n")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    (GOLDEN / f"{name}.txt").write_text("".join(lines))
    print(f"{name}: {len(lines)} cases")


def main():
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)
    if "pillow12_box" in PILLOW:
        assert PIL.__version__ == "12.1.0", PIL.__version__
        write("pillow12", list(PILLOW))
        return
    assert PIL.__version__ == "13.0.0" and cv2.__version__ == "5.0.0"
    write("pillow", list(PILLOW))
    write("opencv", list(OPENCV))


if __name__ == "__main__":
    main()
