"""Perturbations by other people's code: goldens for tests/operation/check_perturbation.c.

    python tests/oracle/perturbation.py

Pinned: numpy 2.4.6, scipy 1.17.1, pillow 13.0.0 (libjpeg-turbo 3.2.0), OpenCV 5.0.0.

tests/golden/perturbation/NAME.txt: one case per line,
    ARGUMENTS TYPE CHANNELS W H TOLERANCE OFFSET
where ARGUMENTS is NAME=VALUE,... or -, and OFFSET counts floats in NAME.f32 (little-endian), which
holds the result before rounding to the type, in sample units. TOLERANCE is what an integer
result may be away from that: half a level for rounding, or 0 where the outside library works in
integers itself. Inputs are those of `picture`; random streams have SEED and DATUM.
"""

import colorsys
import io
import math
import pathlib
import sys

import cv2
import numpy as np
import PIL
import scipy
from PIL import Image
from scipy import ndimage, special, stats

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from geometry import apply as pillow_geometry  # noqa: E402

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "perturbation"
WHITE = {"u8": 255.0, "u16": 65535.0, "f32": 1.0}
DTYPE = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}
SEED, DATUM = 7, 3
ROUNDED = {"u8": 0.501, "u16": 0.53, "f32": 2e-6}
BILINEAR = 1
NEAREST = 0


def picture(width, height, channels, kind):
    """A slope with texture; the first pixel is black, so that every corner of HSV is there."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels].astype(np.uint64)
    h = ((y * width + x) * channels + c) * 2654435761 + 0x9E3779B9 & 0xFFFFFFFF
    h ^= h >> 15
    h = h * 0x2C1B3C6D & 0xFFFFFFFF
    h ^= h >> 12
    coarse = x * 7 + y * 5 + c * 60 + (h >> 26) & 255
    fine = coarse * 256 + (h >> 8 & 255)
    fine[0, 0] = 0
    if kind == "u8":
        return (fine >> 8).astype(np.uint8)
    if kind == "u16":
        return fine.astype(np.uint16)
    return (fine.astype(np.float64) / 65535.0).astype(np.float32)


def colours(channels):
    return 1 if channels < 3 else 3


# ---------------------------------------------------------------- random numbers

def philox(counter, key):
    """Philox4x32-10 of an array of counters (n, 4)."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k0, k1 = key
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0 = c[0] * np.uint64(0xD2511F53)
        p1 = c[2] * np.uint64(0xCD9E8D57)
        c = [p1 >> np.uint64(32) ^ c[1] ^ np.uint64(k0), p1 & low,
             p0 >> np.uint64(32) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0 = k0 + 0x9E3779B9 & 0xFFFFFFFF
        k1 = k1 + 0xBB67AE85 & 0xFFFFFFFF
    return np.stack(c, axis=1)


def words(operation, n):
    """The first n 32-bit words of the stream (SEED, operation, DATUM)."""
    name = 2166136261
    for byte in operation.encode():
        name = (name ^ byte) * 16777619 & 0xFFFFFFFF
    blocks = (n + 3) // 4
    counter = np.zeros((blocks, 4), dtype=np.uint64)
    counter[:, 0] = np.arange(blocks)
    counter[:, 1] = name
    counter[:, 2] = DATUM
    return philox(counter, (SEED, 0)).reshape(-1)[:n]


def longs(operation, n):
    w = words(operation, 2 * n)
    return w[0::2] | w[1::2] << np.uint64(32)


def uniforms(operation, n):
    return (longs(operation, n) >> np.uint64(11)).astype(np.float64) * 2.0 ** -53


def normals(operation, n):
    return special.ndtri((words(operation, n).astype(np.float64) + 0.5) * 2.0 ** -32)


# ---------------------------------------------------------------- the perturbations

def photometric(function):
    """`function(colour samples in sample units, white, ...)`; alpha stays, the range is clipped."""
    def run(pixels, kind, **arguments):
        n = colours(pixels.shape[2])
        out = pixels.astype(np.float64)
        out[:, :, :n] = np.clip(function(out[:, :, :n], WHITE[kind], **arguments), 0, WHITE[kind])
        return out, ROUNDED[kind]
    run.__name__ = function.__name__
    return run


@photometric
def gaussian_noise(values, white, sigma):
    return values + sigma * white * normals("gaussian_noise", values.size).reshape(values.shape)


@photometric
def gaussian_blur(values, white, sigma, border="nearest"):
    del white
    return np.stack([ndimage.gaussian_filter(values[:, :, c], sigma, mode=border, truncate=4.0)
                     for c in range(values.shape[2])], axis=2)


@photometric
def brightness(values, white, change):
    out = np.empty_like(values)
    for index in np.ndindex(values.shape[:2]):
        rgb = values[index] / white
        h, s, v = colorsys.rgb_to_hsv(*np.broadcast_to(rgb, 3))
        lifted = colorsys.hsv_to_rgb(h, s, min(max(v + change, 0.0), 1.0))
        out[index] = np.array(lifted[:len(rgb)]) * white
    return out


@photometric
def contrast(values, white, factor):
    del white
    mean = values.mean(axis=(0, 1), keepdims=True)
    return (values - mean) * factor + mean


def jpeg(pixels, kind, quality):
    n = colours(pixels.shape[2])
    small = np.floor(pixels[:, :, :n].astype(np.float64) / (WHITE[kind] / 255) + 0.5)
    image = Image.fromarray(small.astype(np.uint8)[:, :, 0] if n == 1 else small.astype(np.uint8))
    file = io.BytesIO()
    image.save(file, format="jpeg", quality=quality)
    decoded = np.asarray(Image.open(file)).reshape(*pixels.shape[:2], n)
    out = pixels.astype(np.float64)
    out[:, :, :n] = decoded * (WHITE[kind] / 255)
    # libjpeg-turbo 2 and 3 agree on these images; a level is left for other builds
    return out, {"u8": 1.0, "u16": 257.0, "f32": 1.01 / 255}[kind]


def filled(pixels, kind, level):
    n = colours(pixels.shape[2])
    grey = level if kind == "f32" else float(np.floor(level * WHITE[kind] + 0.5))
    return [grey if c < n else WHITE[kind] for c in range(4)]


def exact(pixels, what, interpolation, matrix, fill):
    height, width = pixels.shape[:2]
    return pillow_geometry(pixels, (what, interpolation, (width, height), matrix, fill)), 0.0


def rotation(pixels, kind, angle, direction="counterclockwise", fill=0.0):
    if direction == "clockwise" or (direction == "random" and words("rotation", 1)[0] >= 1 << 31):
        angle = -angle
    return exact(pixels, "rotate", BILINEAR, [angle], filled(pixels, kind, fill))


def translation(pixels, kind, shift, direction="right", fill=0.0):
    height, width = pixels.shape[:2]
    if direction == "random":
        angle = 2 * np.pi * uniforms("translation", 1)[0]
        x, y = np.cos(angle), -np.sin(angle)
    else:
        x = ("right" in direction) - ("left" in direction)
        y = ("down" in direction) - ("up" in direction)
    x, y = float(x * (shift * width)), float(y * (shift * height))
    whole = x == np.floor(x) and y == np.floor(y)
    return exact(pixels, "affine", NEAREST if whole else BILINEAR, [1, 0, -x, 0, 1, -y],
                 filled(pixels, kind, fill))


def scale(pixels, kind, factor, fill=0.0):
    height, width = pixels.shape[:2]
    step = 1.0 / factor
    matrix = [step, 0, width / 2 - step * (width / 2), 0, step, height / 2 - step * (height / 2)]
    return exact(pixels, "affine", BILINEAR, matrix, filled(pixels, kind, fill))


class Stream:
    """The stream one number after another, for draws that need a varying number of words."""

    def __init__(self, operation, n):
        self.longs = iter(int(v) for v in longs(operation, n))

    def open(self):
        return ((next(self.longs) >> 12) + 0.5) * 2.0 ** -52

    def poisson(self, mean):
        """Inversion below 10, else the transformed rejection of Hoermann (1993) with the constants
        of src/base/rng.c; the masses are SciPy's."""
        if mean < 10.0:
            u = (next(self.longs) >> 11) * 2.0 ** -53
            return int(stats.poisson.ppf(u, mean)) if u > 0 else 0
        b = 0.931 + 2.53 * math.sqrt(mean)
        a = -0.059 + 0.02483 * b
        inverse_alpha = (1.1239 + 1.1328 / (b - 3.4)) * (1.0 + 0.07 / b)
        squeeze = 0.9277 - 3.6224 / (b - 2.0) - 0.01
        while True:
            u = self.open() - 0.5
            v = self.open()
            us = 0.5 - abs(u)
            k = math.floor((2.0 * a / us + b) * u + mean + 0.43)
            if us >= 0.07 and v <= squeeze:
                return k
            if k < 0 or (us < 0.013 and v > us):
                continue
            if math.log(v * inverse_alpha / (a / (us * us) + b)) <= stats.poisson.logpmf(k, mean):
                return k


@photometric
def shot_noise(values, white, photons):
    stream = Stream("shot_noise", 40 * values.size + 200)
    counts = [stream.poisson(x / white * photons) if x > 0 else 0 for x in values.reshape(-1)]
    return np.array(counts, dtype=np.float64).reshape(values.shape) / photons * white


@photometric
def impulse_noise(values, white, amount):
    u = words("impulse_noise", values.size).reshape(values.shape)
    half = math.floor(amount * 2.0 ** 31)
    return np.where(u < half, white, np.where(u < 2 * half, 0.0, values))


@photometric
def defocus_blur(values, white, radius, alias=0.0):
    del white
    grid = np.arange(-8, 9) if radius <= 8 else np.arange(-math.ceil(radius), math.ceil(radius) + 1)
    taps = (3, 3) if radius <= 8 else (5, 5)
    x, y = np.meshgrid(grid, grid)
    disk = (x ** 2 + y ** 2 <= radius ** 2).astype(np.float64)
    disk /= disk.sum()
    kernel = cv2.GaussianBlur(disk, taps, sigmaX=alias or (0.1 if radius <= 3 else 0.5))
    reach = len(grid)  # mirrored by NumPy, as OpenCV's own border stops at one image's width
    padded = np.pad(values, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    out = cv2.filter2D(padded, -1, kernel)
    return out.reshape(padded.shape)[reach:-reach, reach:-reach]


@photometric
def motion_blur(values, white, sigma, angle=0.0, radius=0, random="false"):
    del white
    if random == "true":
        angle = uniforms("motion_blur", 1)[0] * 90 - 45
    radius = radius or (10 if sigma <= 3 else 15 if sigma <= 12 else 20)
    steps = np.arange(2 * radius + 1)
    weights = stats.norm.pdf(steps, scale=sigma)
    weights /= weights.sum()
    height, width = values.shape[:2]
    out = np.zeros_like(values)
    for i, weight in zip(steps, weights):
        dx = math.ceil(i * np.cos(np.deg2rad(angle)) - 0.5)
        dy = math.ceil(i * np.sin(np.deg2rad(angle)) - 0.5)
        rows = np.clip(np.arange(height) + dy, 0, height - 1)
        columns = np.clip(np.arange(width) + dx, 0, width - 1)
        out += weight * values[rows][:, columns]
    return out


def pixelate(pixels, kind, share):
    height, width = pixels.shape[:2]
    n = colours(pixels.shape[2])
    small = max(1, int(width * share)), max(1, int(height * share))
    out = pixels.astype(np.float64)
    together = n == 3 and kind == "u8"
    for c in [slice(0, 3)] if together else range(n):
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, c]))
        image = image.resize(small, Image.Resampling.BOX)
        out[:, :, c] = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return out, 0.0 if kind != "f32" else 1e-7


STRENGTHS = {
    gaussian_noise: [dict(sigma=0.08), dict(sigma=0.38)],
    gaussian_blur: [dict(sigma=1), dict(sigma=6), dict(sigma=0.4), dict(sigma=2, border="reflect"),
                    dict(sigma=3, border="mirror")],
    brightness: [dict(change=0.1), dict(change=0.5), dict(change=-0.35)],
    contrast: [dict(factor=0.4), dict(factor=0.05), dict(factor=2.5)],
    jpeg: [dict(quality=25), dict(quality=7), dict(quality=92)],
    rotation: [dict(angle=15), dict(angle=30, direction="clockwise", fill=0.5), dict(angle=90),
               dict(angle=-77.5, direction="random", fill=1)],
    translation: [dict(shift=0.1), dict(shift=0.05, direction="up_left", fill=0.25),
                  dict(shift=0.17, direction="down"), dict(shift=0.2, direction="random")],
    shot_noise: [dict(photons=60), dict(photons=3), dict(photons=5000)],
    impulse_noise: [dict(amount=0.09), dict(amount=0.27), dict(amount=1)],
    defocus_blur: [dict(radius=3), dict(radius=10), dict(radius=0.4, alias=0.5),
                   dict(radius=8.5, alias=1.5)],
    motion_blur: [dict(sigma=3), dict(sigma=15, angle=37), dict(sigma=2, radius=4, angle=-110),
                  dict(sigma=8, random="true")],
    pixelate: [dict(share=0.6), dict(share=0.25), dict(share=0.01)],
    scale: [dict(factor=0.8), dict(factor=0.5, fill=1), dict(factor=1.3), dict(factor=7)],
}
SHAPES = [("u8", 3, 15, 11), ("u8", 1, 20, 20), ("u8", 4, 13, 9), ("u16", 1, 11, 17),
          ("f32", 3, 9, 14), ("u8", 3, 1, 1), ("u8", 2, 19, 1), ("f32", 4, 5, 7), ("u16", 3, 8, 5)]


def write(function, list_of_arguments):
    """The goldens of one perturbation; `function` has its name."""
    versions = np.__version__, scipy.__version__, PIL.__version__, cv2.__version__
    assert versions == ("2.4.6", "1.17.1", "13.0.0", "5.0.0"), versions
    GOLDEN.mkdir(parents=True, exist_ok=True)
    lines, values, offset = [], [], 0
    for number, arguments in enumerate(list_of_arguments):
        for kind, channels, width, height in SHAPES if number < 2 else SHAPES[:4]:
            out, tolerance = function(picture(width, height, channels, kind), kind, **arguments)
            text = ",".join(f"{k}={v}" for k, v in arguments.items()) or "-"
            lines.append(f"{text} {kind} {channels} {width} {height} {tolerance!r} {offset}\n")
            values.append(np.ascontiguousarray(out, dtype="<f4").reshape(-1))
            offset += out.size
    (GOLDEN / f"{function.__name__}.txt").write_text("".join(lines))
    (GOLDEN / f"{function.__name__}.f32").write_bytes(np.concatenate(values).tobytes())
    print(f"{function.__name__}: {len(lines)} cases, {4 * offset} bytes")


if __name__ == "__main__":
    for one, its_arguments in STRENGTHS.items():
        write(one, its_arguments)
