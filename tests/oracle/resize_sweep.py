"""Compares assay_image_resize with Pillow and OpenCV, byte for byte, over random cases.

    python resize_sweep.py path/to/bench/bench_resize [--cases 2000] [--seed 1] [--ipp]

Pinned: pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.4.6. With pillow 12.1.0 in place of
13 the modes pillow12_* are compared instead of pillow_*.

OpenCV runs without IPP unless --ipp is given (see docs/decisions/0007-resampling.md). Prints one line
per mode, type and channel count: cases, cases that differ, largest difference.
"""

import argparse
import collections
import subprocess
import sys

import cv2
import numpy as np
import PIL
from PIL import Image

PILLOW = {
    "pillow_nearest": Image.Resampling.NEAREST,
    "pillow_box": Image.Resampling.BOX,
    "pillow_bilinear": Image.Resampling.BILINEAR,
    "pillow_hamming": Image.Resampling.HAMMING,
    "pillow_bicubic": Image.Resampling.BICUBIC,
    "pillow_lanczos": Image.Resampling.LANCZOS,
}
if int(PIL.__version__.split(".")[0]) < 13:
    del PILLOW["pillow_nearest"]
    PILLOW = {name.replace("pillow", "pillow12"): value for name, value in PILLOW.items()}
OPENCV = {
    "opencv_nearest": cv2.INTER_NEAREST,
    "opencv_linear": cv2.INTER_LINEAR,
    "opencv_area": cv2.INTER_AREA,
    "opencv_cubic": cv2.INTER_CUBIC,
}
TYPES = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}


class Tool:
    def __init__(self, path):
        self.process = subprocess.Popen([path, "--serve"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def resize(self, pixels, size, mode, box=None):
        height, width, channels = pixels.shape
        kind = {np.dtype(v): k for k, v in TYPES.items()}[pixels.dtype]
        box = box or (0, 0, width, height)
        line = " ".join([mode, kind, *map(str, (channels, width, height, *size)),
                         *(repr(float(b)) for b in box)])
        self.process.stdin.write(line.encode() + b"\n" + pixels.tobytes())
        self.process.stdin.flush()
        status, count = map(int, self.process.stdout.readline().split())
        data = self.process.stdout.read(count)
        if status != 0:
            raise RuntimeError(f"status {status} for {line}")
        return np.frombuffer(data, pixels.dtype).reshape(size[1], size[0], channels)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def pillow_resize(pixels, size, mode, box=None):
    channels = pixels.shape[2]
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)  # L LA RGB RGBA
        out = np.asarray(image.resize(size, PILLOW[mode], box))
        return out.reshape(size[1], size[0], channels)
    planes = []
    for c in range(channels):  # Pillow has one-channel float and 16-bit images only
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, c]))
        planes.append(np.asarray(image.resize(size, PILLOW[mode], box)))
    return np.stack(planes, axis=2)


def opencv_resize(pixels, size, mode):
    out = cv2.resize(pixels, size, interpolation=OPENCV[mode])
    return out.reshape(size[1], size[0], pixels.shape[2])


def random_size(rng):
    kind = rng.integers(0, 8)
    if kind == 0:
        return 1, int(rng.integers(1, 60))
    if kind == 1:
        return int(rng.integers(1, 60)), 1
    if kind == 2:
        return int(rng.integers(200, 700)), int(rng.integers(1, 12))
    return int(rng.integers(1, 90)), int(rng.integers(1, 90))


def random_case(rng):
    width, height = random_size(rng)
    kind = rng.integers(0, 8)
    if kind == 7:  # extreme ratios
        tall = int(rng.integers(1, 4)), int(rng.integers(2000, 30000))
        wide = tall[::-1]
        small = random_size(rng)
        return [(tall, small), (wide, small), (small, tall), (small, wide)][rng.integers(0, 4)]
    if kind == 0:  # whole factors down, the case with shortcuts
        fx, fy = (int(f) for f in rng.integers(1, 6, 2))
        if rng.integers(0, 2):
            fy = fx
        return (width * fx, height * fy), (width, height)
    if kind == 1:  # whole factors up
        fx, fy = (int(f) for f in rng.integers(1, 6, 2))
        return (width, height), (width * fx, height * fy)
    if kind == 2:
        return (width, height), (width, int(rng.integers(1, 90)))
    if kind == 3:
        return (width, height), (int(rng.integers(1, 90)), height)
    return (width, height), random_size(rng)


def random_pixels(rng, size, channels, kind):
    shape = (size[1], size[0], channels)
    if kind == "f32":
        scale = 10.0 ** rng.integers(-3, 4)
        return ((rng.random(shape) - 0.3) * scale).astype(np.float32)
    top = 256 if kind == "u8" else 65536
    pixels = rng.integers(0, top, shape).astype(TYPES[kind])
    if rng.integers(0, 3) == 0:  # flat areas and hard edges: overshoot and ties
        pixels[pixels < top // 2] = 0
        pixels[pixels >= top // 2] = top - 1
    return pixels


def random_box(rng, size):
    x = np.sort(rng.random(2) * size[0])
    y = np.sort(rng.random(2) * size[1])
    if rng.integers(0, 2):
        x, y = np.floor(x), np.floor(y)
    x[1], y[1] = max(x[1], x[0]), max(y[1], y[0])
    if x[0] == x[1] or y[0] == y[1]:
        return None
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ipp", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(options.ipp)
    rng = np.random.default_rng(options.seed)
    tool = Tool(options.tool)
    table = collections.defaultdict(lambda: [0, 0, 0.0])
    modes = [m for m in [*PILLOW, *OPENCV] if options.only in m]
    for _ in range(options.cases):
        mode = modes[rng.integers(0, len(modes))]
        kind = str(rng.choice(["u8", "u8", "f32", "u16"]))
        channels = int(rng.integers(1, 5))
        if kind == "u16":
            if mode in OPENCV and mode != "opencv_nearest":
                kind = "u8"
            elif mode != "pillow_nearest" and mode in PILLOW:
                channels = 1
        in_size, out_size = random_case(rng)
        pixels = random_pixels(rng, in_size, channels, kind)
        box = random_box(rng, in_size) if mode in PILLOW and rng.integers(0, 3) == 0 else None
        ours = tool.resize(pixels, out_size, mode, box)
        theirs = (pillow_resize(pixels, out_size, mode, box) if mode in PILLOW
                  else opencv_resize(pixels, out_size, mode))
        row = table[mode, kind, channels]
        row[0] += 1
        if ours.tobytes() != theirs.tobytes():
            row[1] += 1
            gap = float(np.max(np.abs(ours.astype(np.float64) - theirs.astype(np.float64))))
            row[2] = max(row[2], gap)
            if options.verbose:
                where = np.argwhere(ours != theirs)
                print(mode, kind, channels, in_size, "->", out_size, box, "differ", len(where),
                      "of", ours.size, "first", where[:3].tolist(), "gap", gap)
    tool.close()
    wrong = 0
    for key in sorted(table):
        count, bad, gap = table[key]
        wrong += bad
        print(f"{key[0]:16} {key[1]:4} {key[2]}  cases {count:5}  differ {bad:5}  largest {gap:g}")
    print(f"{options.cases} cases, {wrong} differ; pillow {PIL.__version__}, "
          f"opencv {cv2.__version__}, IPP {'on' if options.ipp else 'off'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
