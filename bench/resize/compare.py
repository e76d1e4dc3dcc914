"""Resampling beside Pillow and OpenCV: one run, the same sizes, one thread each.

    python bench/resize/compare.py path/to/bench/bench_resize [seconds per measurement]

Prints nanoseconds per output pixel, best of the repetitions that fit, and theirs / ours (above 1:
we are faster). OpenCV runs twice: without IPP (the code whose bits we give) and as it comes.
"""

import subprocess
import sys
import time

import cv2
import numpy as np
import PIL
from PIL import Image

SHAPES = [
    ((500, 375), (224, 224)),
    ((32, 32), (224, 224)),
    ((28, 28), (32, 32)),
    ((1920, 1080), (640, 640)),
    ((448, 448), (224, 224)),
    ((1200, 900), (400, 300)),
]
PILLOW = {"nearest": Image.Resampling.NEAREST, "box": Image.Resampling.BOX,
          "bilinear": Image.Resampling.BILINEAR, "hamming": Image.Resampling.HAMMING,
          "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
OPENCV = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA,
          "cubic": cv2.INTER_CUBIC}


def best(call, seconds, pixels):
    low = float("inf")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        before = time.perf_counter()
        call()
        low = min(low, time.perf_counter() - before)
    return low * 1e9 / pixels


def ours(tool, mode, kind, channels, size, out, seconds):
    words = [tool, mode, kind, str(channels), *map(str, (*size, *out)), str(seconds)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def show(mode, kind, channels, size, out, mine, theirs):
    ratios = "  ".join(f"{name} {value:8.2f} ns ({value / mine:5.2f}x)" for name, value in theirs)
    shape = f"{size[0]}x{size[1]} -> {out[0]}x{out[1]}"
    print(f"{mode:16} {kind} {channels}  {shape:24} ours {mine:8.2f} ns   {ratios}", flush=True)


def main():
    tool = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
    cv2.setNumThreads(1)
    rng = np.random.default_rng(1)
    print(f"pillow {PIL.__version__}, opencv {cv2.__version__}, IPP {cv2.ipp.getIppVersion()}")
    for kind, channels in (("u8", 3), ("u8", 1), ("u8", 4), ("f32", 1), ("f32", 3)):
        for size, out in SHAPES:
            noise = rng.random((size[1], size[0], channels))
            pixels = (noise * 255).astype(np.uint8) if kind == "u8" else noise.astype(np.float32)
            pixels = pixels[:, :, 0] if channels == 1 else pixels
            count = out[0] * out[1]
            for name, resample in PILLOW.items():
                if kind == "f32" and channels > 1:
                    continue
                image = Image.fromarray(pixels)
                theirs = best(lambda: image.resize(out, resample), seconds, count)
                mode = "pillow_" + name
                mine = ours(tool, mode, kind, channels, size, out, seconds)
                show(mode, kind, channels, size, out, mine, [("pillow", theirs)])
            for name, inter in OPENCV.items():
                cv2.ipp.setUseIPP(False)
                plain = best(lambda: cv2.resize(pixels, out, interpolation=inter), seconds, count)
                cv2.ipp.setUseIPP(True)
                usual = best(lambda: cv2.resize(pixels, out, interpolation=inter), seconds, count)
                mode = "opencv_" + name
                mine = ours(tool, mode, kind, channels, size, out, seconds)
                show(mode, kind, channels, size, out, mine, [("plain", plain), ("default", usual)])


if __name__ == "__main__":
    main()
