"""Affine transforms and rotations beside Pillow; goldens and a wide comparison.

    python tests/oracle/geometry.py                                   writes the goldens
    python tests/oracle/geometry.py path/to/bench_geometry [cases]    compares bytes, random cases

Pinned: pillow 13.0.0, numpy 2.4.6, scipy 1.17.1 (centre of mass).

tests/golden/geometry/pillow.txt: one case per line,
    affine|rotate INTERPOLATION TYPE CHANNELS W H OUT_W OUT_H M0 .. M5 F0 .. F3 SHA256
with the inputs of `pattern` in resize.py. tests/golden/geometry/mass.txt:
    TYPE W H THRESHOLD COUNT WEIGHT X Y LEFT TOP RIGHT BOTTOM
"""

import collections
import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import PIL
import scipy
from PIL import Image
from scipy import ndimage

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from resize import pattern  # noqa: E402

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "geometry"
RESAMPLE = [Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]


def planes(pixels):
    """The images through which Pillow can treat these pixels, with the channels of each."""
    channels = pixels.shape[2]
    if pixels.dtype == np.uint8:
        return [(Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels), range(channels))]
    return [(Image.fromarray(np.ascontiguousarray(pixels[:, :, c])), [c]) for c in range(channels)]


def apply(pixels, case):
    what, interpolation, size, matrix, fill = case
    parts = []
    for image, channels in planes(pixels):
        colour = tuple(fill[c] for c in channels)
        if pixels.dtype != np.float32:
            colour = tuple(int(v) for v in colour)
        colour = colour[0] if len(colour) == 1 else colour
        if image.mode == "I;16" and interpolation:  # only nearest takes I;16
            image = image.convert("I")
        if what == "rotate":
            out = image.rotate(matrix[0], RESAMPLE[interpolation], fillcolor=colour)
        else:
            out = image.transform(size, Image.Transform.AFFINE, matrix, RESAMPLE[interpolation],
                                  fillcolor=colour)
        out = np.asarray(out)
        if pixels.dtype == np.uint16:
            out = np.clip(out, 0, 65535).astype(np.uint16)
        parts.append(out.reshape(out.shape[0], out.shape[1], -1))
    return np.concatenate(parts, axis=2)


def line_of(case, kind, pixels):
    what, interpolation, size, matrix, fill = case
    height, width, channels = pixels.shape
    return " ".join([what, str(interpolation), kind,
                     *map(str, (channels, width, height, *size)),
                     *(repr(float(v)) for v in matrix), *(repr(float(v)) for v in fill)])


def random_case(rng, width, height, kind):
    what = "rotate" if rng.integers(0, 3) == 0 else "affine"
    top = {"u8": 256, "u16": 65536, "f32": 3}[kind]
    fill = [float(v) for v in rng.integers(0, top, 4)] if rng.integers(0, 2) else [0.0] * 4
    if what == "rotate":
        degrees = rng.choice([rng.uniform(-400, 400), float(rng.integers(-8, 9) * 45),
                              float(rng.integers(-90, 90))])
        return what, int(rng.integers(0, 3)), (width, height), [float(degrees)] + [0.0] * 5, fill
    size = int(rng.integers(1, 60)), int(rng.integers(1, 60))
    style = rng.integers(0, 5)
    m = list(rng.normal(0, 1, 6))
    m[2], m[5] = rng.uniform(-30, 30, 2)
    if style == 0:  # shift
        m[:2], m[3:5] = [1.0, 0.0], [0.0, 1.0]
        if rng.integers(0, 2):
            m[2], m[5] = round(m[2]), round(m[5])
    elif style == 1:  # scale
        m[1] = m[3] = 0.0
    elif style == 2:  # too large for fixed point
        m[2] += rng.choice([-1, 1]) * 40000.0
        m[0] = abs(m[2]) / 20 * (1 if m[2] < 0 else -1)
    return what, int(rng.integers(0, 3)), size, [float(v) for v in m], fill


def sweep(tool, count):
    process = subprocess.Popen([tool, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    rng = np.random.default_rng(5)
    table = collections.defaultdict(lambda: [0, 0])
    for _ in range(count):
        kind = str(rng.choice(["u8", "u8", "f32", "u16"]))
        channels = int(rng.integers(1, 5))
        width, height = int(rng.integers(1, 60)), int(rng.integers(1, 60))
        if rng.integers(0, 3) == 0:
            height = width
        pixels = pattern(width, height, channels, kind)
        case = random_case(rng, width, height, kind)
        wanted = apply(pixels, case)
        process.stdin.write(line_of(case, kind, pixels).encode() + b"\n" + pixels.tobytes())
        process.stdin.flush()
        status, size = map(int, process.stdout.readline().split())
        data = process.stdout.read(size)
        row = table[case[0], case[1], kind, channels]
        row[0] += 1
        if status != 0 or data != np.ascontiguousarray(wanted).tobytes():
            row[1] += 1
            if row[1] == 1:
                print("differs:", line_of(case, kind, pixels), "status", status)
    process.stdin.close()
    wrong = 0
    for key in sorted(table):
        wrong += table[key][1]
        print(*key, f"cases {table[key][0]}  differ {table[key][1]}")
    print(f"{count} cases, {wrong} differ; pillow {PIL.__version__}")
    return 1 if wrong else 0


def write():
    assert PIL.__version__ == "13.0.0" and scipy.__version__ == "1.17.1", scipy.__version__
    GOLDEN.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    lines = []
    for number in range(320):
        kind = ["u8", "u8", "f32", "u16"][number % 4]
        width, height = int(rng.integers(1, 40)), int(rng.integers(1, 40))
        if number % 5 == 0:
            height = width
        pixels = pattern(width, height, int(rng.integers(1, 5)), kind)
        case = random_case(rng, width, height, kind)
        out = np.ascontiguousarray(apply(pixels, case))
        lines.append(f"{line_of(case, kind, pixels)} {hashlib.sha256(out.tobytes()).hexdigest()}\n")
    (GOLDEN / "pillow.txt").write_text("".join(lines))

    lines = []
    for number in range(60):
        kind = ["u8", "u16", "f32"][number % 3]
        width, height = int(rng.integers(1, 50)), int(rng.integers(1, 50))
        pixels = pattern(width, height, 1, kind)[:, :, 0]
        top = {"u8": 255.0, "u16": 65535.0, "f32": 3.0}[kind]
        threshold = float(np.round(rng.choice([0.0, 0.5, 0.9, 0.99]) * top, 2))
        above = pixels > threshold
        if not above.any():
            continue
        values = np.where(above, pixels.astype(np.float64), 0.0)
        y, x = ndimage.center_of_mass(values)
        rows, columns = ndimage.find_objects(above.astype(int))[0]
        lines.append(f"{kind} {width} {height} {threshold!r} {int(above.sum())} "
                     f"{float(values.sum())!r} {float(x) + 0.5!r} {float(y) + 0.5!r} "
                     f"{columns.start} {rows.start} {columns.stop} {rows.stop}\n")
    (GOLDEN / "mass.txt").write_text("".join(lines))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(sweep(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4000))
    write()
