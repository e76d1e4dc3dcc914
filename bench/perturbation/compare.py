"""Perturbations beside other people's code: one run, one 224 x 224 x 3 8-bit picture, one thread.

    python bench/perturbation/compare.py path/to/bench/bench_perturbation [seconds each]

Prints megabytes of pixels per second, best of the repetitions that fit, and ours / theirs (above
1: we are faster). Peers: the package imagecorruptions where it is installed (for what ImageNet-C
has), the plain NumPy, SciPy or Pillow way of doing the same, OpenCV where it has a call for it.
Where a peer computes the same function, the largest difference in levels is printed as well.
"""

import io
import subprocess
import sys
import time
import types

import cv2
import numpy as np
import PIL
import scipy
from PIL import Image
from scipy import ndimage

SIDE = 224
try:
    if "pkg_resources" not in sys.modules:  # setuptools 80 has it no more; only a path is asked of it
        import pathlib
        shim = types.ModuleType("pkg_resources")
        shim.resource_filename = lambda package, name: str(
            pathlib.Path(sys.modules[package].__file__).parent / name)
        sys.modules["pkg_resources"] = shim
    import imagecorruptions
    import skimage
    from skimage.filters import gaussian
except ImportError:
    imagecorruptions = skimage = None


def picture():
    """A slope with texture."""
    y, x, c = np.mgrid[0:SIDE, 0:SIDE, 0:3].astype(np.uint64)
    h = ((y * SIDE + x) * 3 + c) * 2654435761 + 0x9E3779B9 & 0xFFFFFFFF
    h ^= h >> 15
    return ((x + y) // 3 + c * 30 + (h >> 27)).astype(np.uint8)


PIXELS = picture()
IMAGE = Image.fromarray(PIXELS)
RNG = np.random.default_rng(1)


def rounded(values):
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def jpeg():
    file = io.BytesIO()
    IMAGE.save(file, format="jpeg", quality=15)
    return np.asarray(Image.open(file))


def blur_scipy():
    values = PIXELS / 255.0
    return rounded(ndimage.gaussian_filter(values, (3, 3, 0), mode="nearest"))


def contrast_numpy():
    values = PIXELS / 255.0
    mean = values.mean(axis=(0, 1), keepdims=True)
    return rounded((values - mean) * 0.2 + mean)


def brightness_opencv():
    hsv = cv2.cvtColor(PIXELS.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[:, :, 2] = np.clip(hsv[:, :, 2] + 0.3, 0, 1)
    return rounded(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def pixelate_pillow():
    small = IMAGE.resize((int(SIDE * 0.4), int(SIDE * 0.4)), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BOX))


def affine(*matrix):
    return lambda: np.asarray(IMAGE.transform((SIDE, SIDE), Image.Transform.AFFINE, matrix,
                                              Image.Resampling.BILINEAR))


def blur_skimage():
    return rounded(gaussian(PIXELS / 255.0, sigma=3, channel_axis=2))


# ours, its name in imagecorruptions, peers: (name, call, does it compute the same function?)
ROWS = [
    ("gaussian_noise:sigma=0.18", "gaussian_noise", [
        ("numpy", lambda: rounded(PIXELS / 255.0 + RNG.standard_normal(PIXELS.shape) * 0.18), 0)]),
    ("gaussian_blur:sigma=3", None, [  # that of imagecorruptions needs a scikit-image before 0.21
        ("scipy", blur_scipy, 1),
        ("opencv", lambda: cv2.GaussianBlur(PIXELS, (25, 25), 3,
                                            borderType=cv2.BORDER_REPLICATE), 1)]),
    ("brightness:change=0.3", "brightness", [("opencv", brightness_opencv, 1)]),
    ("contrast:factor=0.2", "contrast", [("numpy", contrast_numpy, 1)]),
    ("jpeg:quality=15", "jpeg_compression", [("pillow", jpeg, 1)]),
    ("shot_noise:photons=12", "shot_noise", [
        ("numpy", lambda: rounded(RNG.poisson(PIXELS / 255.0 * 12) / 12), 0)]),
    ("impulse_noise:amount=0.09", "impulse_noise", []),
    ("defocus_blur:radius=6", "defocus_blur", []),
    ("motion_blur:sigma=8,random=true", "motion_blur", []),  # another angle each time
    ("pixelate:share=0.4", "pixelate", [("pillow", pixelate_pillow, 1)]),
    ("rotation:angle=15", None, [
        ("pillow", lambda: np.asarray(IMAGE.rotate(15, Image.Resampling.BILINEAR)), 1)]),
    ("translation:shift=0.1", None, [("pillow", affine(1, 0, -(0.1 * SIDE), 0, 1, 0), 1)]),
    ("scale:factor=0.8", None, [
        ("pillow", affine(1.25, 0, -28, 0, 1.25, -28), 1)]),
]


def rate(call, seconds):
    low = float("inf")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        before = time.perf_counter()
        call()
        low = min(low, time.perf_counter() - before)
    return PIXELS.nbytes / low * 1e-6


def ours(tool, operation, seconds):
    words = [tool, operation, "u8", "3", str(SIDE), str(SIDE), str(seconds)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def result(tool, operation):
    request = f"{operation} u8 3 {SIDE} {SIDE} 0\n".encode() + PIXELS.tobytes()
    answer = subprocess.run([tool, "--serve"], input=request, check=True, capture_output=True).stdout
    return np.frombuffer(answer[answer.index(b"\n") + 1:], np.uint8).reshape(PIXELS.shape)


def main():
    tool = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    cv2.setNumThreads(1)
    print(f"numpy {np.__version__}, scipy {scipy.__version__}, pillow {PIL.__version__}, opencv "
          f"{cv2.__version__}, imagecorruptions {'yes' if imagecorruptions else 'not installed'}")
    for operation, corruption, peers in ROWS:
        mine = ours(tool, operation, seconds)
        mine_pixels = result(tool, operation)
        line = f"{operation:31} {mine:8.1f} MB/s"
        if imagecorruptions and corruption:
            peers = peers + [("imagecorruptions", lambda: imagecorruptions.corrupt(
                PIXELS, corruption_name=corruption, severity=3),
                "noise" not in corruption and corruption not in ("pixelate", "motion_blur"))]
        if skimage and operation.startswith("gaussian_blur"):
            peers = peers + [("skimage", blur_skimage, 1)]
        for name, call, same in peers:
            theirs = rate(call, seconds)
            line += f"   {name} {theirs:7.1f} ({mine / theirs:5.1f}x"
            if same:
                line += f", {np.abs(mine_pixels.astype(int) - call()).max()} levels"
            line += ")"
        print(line, flush=True)


if __name__ == "__main__":
    main()
