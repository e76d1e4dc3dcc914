#!/usr/bin/env python3
"""Oracle of the image decoders: small files of every kind and the pixels they must give.

Written with Python 3.11, Pillow 13.0.0 (libjpeg-turbo 3.2.0, libwebp 1.6.0, libtiff 4.7.2),
tifffile 2026.3.3, numpy 2.4.6.

Each file goes to tests/golden/images/NAME.EXT, its pixels (little-endian, interleaved) to
NAME.EXT.raw, and one line "FILE WIDTH HEIGHT CHANNELS BYTES" to index.txt. The pixels are Pillow's
after ImageOps.exif_transpose. Where Pillow reduces 16-bit samples to 8 the pixels are the array that
the file was written from (and, for TIFF, tifffile reads it back alike).
"""
import io
import itertools
import pathlib
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "images"
RNG = np.random.Generator(np.random.PCG64(20260101))
INDEX = []


def random_image(h, w, c, bits=8):
    """Smooth colour ramps with a rectangle and some noise: exercises prediction and subsampling."""
    top = (1 << bits) - 1
    y, x = np.mgrid[0:h, 0:w]
    planes = []
    for _ in range(c):
        a, b, p = RNG.uniform(-1, 1, 3)
        plane = 0.5 + 0.5 * np.sin(3 * (a * x / w + b * y / h) + 6 * p)
        plane[h // 3 : h // 2, w // 4 : w // 2] = RNG.uniform()
        planes.append(plane + RNG.normal(0, 0.05, (h, w)))
    image = np.clip(np.stack(planes, -1), 0, 1) * top
    return np.round(image).astype(np.uint16 if bits > 8 else np.uint8)


def pillow_pixels(data):
    """What Image.open gives, palettes and CMYK expanded."""
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        im = ImageOps.exif_transpose(opened)
        if im.mode == "P":
            im = im.convert("RGBA" if "transparency" in opened.info else "RGB")
        elif im.mode == "PA":
            im = im.convert("RGBA")
        elif im.mode == "1":
            im = im.convert("L")
        elif im.mode == "La":
            im = im.convert("LA")
        elif im.mode == "CMYK":
            im = im.convert("RGB")
        pixels = np.asarray(im)
    if pixels.dtype not in (np.uint8, np.uint16):
        pixels = pixels.astype(np.uint16)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def emit(name, data, pixels=None):
    if pixels is None:
        pixels = pillow_pixels(data)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    (OUT / name).write_bytes(data)
    h, w, c = pixels.shape
    (OUT / (name + ".raw")).write_bytes(
        np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()
    )
    INDEX.append(f"{name} {w} {h} {c} {pixels.dtype.itemsize}")


def saved(array, mode=None, form="PNG", **options):
    out = io.BytesIO()
    image = Image.fromarray(array.squeeze(), mode) if mode else Image.fromarray(array.squeeze())
    image.save(out, form, **options)
    return out.getvalue()


def exif_block(orientation, order="<", kind=3):
    """A TIFF structure with a Make string before the orientation."""
    mark = b"II" if order == "<" else b"MM"
    value = struct.pack(order + {1: "Bxxx", 3: "Hxx", 4: "I"}[kind], orientation)
    entries = struct.pack(order + "HHI4s", 0x010F, 2, 4, b"Cam\0")
    entries += struct.pack(order + "HHI4s", 0x0112, kind, 1, value)
    head = mark + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)


# ---------------------------------------------------------------------------------------- JPEG


def jpeg_with_exif(data, block):
    body = b"Exif\0\0" + block
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def jpeg_cases():
    for (w, h), sub in itertools.product([(13, 9), (37, 29), (16, 16)], range(3)):
        rgb = random_image(h, w, 3)
        for progressive in (False, True):
            kind = "progressive" if progressive else "baseline"
            data = saved(rgb, form="JPEG", quality=80, subsampling=sub, progressive=progressive)
            emit(f"jpeg_{kind}_{('444', '422', '420')[sub]}_{w}x{h}.jpg", data)
    emit("jpeg_1x1.jpg", saved(random_image(1, 1, 3), form="JPEG"))
    for progressive in (False, True):
        grey = random_image(21, 33, 1)
        data = saved(grey, form="JPEG", quality=60, progressive=progressive)
        emit(f"jpeg_grey_{int(progressive)}.jpg", data)
        cmyk = random_image(19, 23, 4)
        data = saved(cmyk, "CMYK", form="JPEG", quality=85, progressive=progressive)
        emit(f"jpeg_cmyk_{int(progressive)}.jpg", data)
    emit("jpeg_rgb.jpg", saved(random_image(17, 18, 3), form="JPEG", keep_rgb=True, quality=90))
    rgb = random_image(29, 37, 3)
    emit("jpeg_restart_blocks.jpg", saved(rgb, form="JPEG", restart_marker_blocks=2))
    emit("jpeg_restart_rows.jpg", saved(rgb, form="JPEG", restart_marker_rows=1, subsampling=0))
    emit("jpeg_optimized_q30.jpg", saved(rgb, form="JPEG", quality=30, optimize=True))
    emit("jpeg_q100.jpg", saved(rgb, form="JPEG", quality=100))
    base = saved(random_image(11, 14, 3), form="JPEG", quality=75)
    for orientation in range(1, 9):
        order = "<" if orientation % 2 else ">"
        emit(f"jpeg_exif_{orientation}.jpg", jpeg_with_exif(base, exif_block(orientation, order)))
    emit("jpeg_exif_9.jpg", jpeg_with_exif(base, exif_block(9)))
    emit("jpeg_exif_broken.jpg", jpeg_with_exif(base, b"II*\0\xff\xff\xff\x7f"))
    grey = saved(random_image(10, 15, 1), form="JPEG")
    emit("jpeg_exif_grey_6.jpg", jpeg_with_exif(grey, exif_block(6)))
    emit("jpeg_trailing.jpg", base + b"trailing bytes")


# ----------------------------------------------------------------------------------------- PNG


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pack_samples(samples, bits):
    """One row of samples to bytes, most significant bit first."""
    flat = np.asarray(samples).reshape(-1)
    if bits == 16:
        return flat.astype(">u2").tobytes()
    if bits == 8:
        return flat.astype(np.uint8).tobytes()
    out = np.zeros((len(flat) * bits + 7) // 8, np.uint8)
    for i, v in enumerate(flat):
        out[i * bits // 8] |= int(v) << (8 - bits - i * bits % 8)
    return out.tobytes()


def png_filter(rows, step):
    """Filter types in turn, so that each occurs."""
    out = b""
    before = np.zeros(len(rows[0]), np.int32)
    for y, row in enumerate(rows):
        now = np.frombuffer(row, np.uint8).astype(np.int32)
        left = np.concatenate([np.zeros(step, np.int32), now[:-step]])[: len(now)]
        corner = np.concatenate([np.zeros(step, np.int32), before[:-step]])[: len(now)]
        p = left + before - corner
        pa, pb, pc = abs(p - left), abs(p - before), abs(p - corner)
        paeth = np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, before, corner))
        guess = [0 * now, left, before, (left + before) // 2, paeth][y % 5]
        out += bytes([y % 5]) + ((now - guess) & 255).astype(np.uint8).tobytes()
        before = now
    return out


def png_bytes(samples, color, bits, interlaced, before=b"", after=b""):
    h, w, c = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
        passes += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x0, y0, dx, dy in passes:
        part = samples[y0::dy, x0::dx]
        if part.size:
            raw += png_filter([pack_samples(row, bits) for row in part], max(1, c * bits // 8))
    packed = zlib.compress(raw)
    head = struct.pack(">IIBBBBB", w, h, bits, color, 0, 0, int(interlaced))
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + before
    for at in range(0, len(packed), 700):
        data += png_chunk(b"IDAT", packed[at : at + 700])
    return data + after + png_chunk(b"IEND", b"")


def png_cases():
    for interlaced in (False, True):
        tag = "_interlaced" if interlaced else ""
        for bits in (1, 2, 4, 8, 16):
            grey = random_image(13, 21, 1, bits)
            truth = grey if bits == 16 else None
            emit(f"png_grey{bits}{tag}.png", png_bytes(grey, 0, bits, interlaced), truth)
        for bits in (8, 16):
            for color, c in ((4, 2), (2, 3), (6, 4)):
                image = random_image(13, 19, c, bits)
                truth = image if bits == 16 else None
                emit(f"png_{c}x{bits}{tag}.png", png_bytes(image, color, bits, interlaced), truth)
        for bits in (1, 2, 4, 8):
            n = min(1 << bits, 200)
            index = RNG.integers(0, n, (11, 23, 1)).astype(np.uint8)
            plte = png_chunk(b"PLTE", RNG.integers(0, 256, 3 * n).astype(np.uint8).tobytes())
            trns = png_chunk(b"tRNS", RNG.integers(0, 256, (n + 1) // 2).astype(np.uint8).tobytes())
            emit(f"png_palette{bits}{tag}.png", png_bytes(index, 3, bits, interlaced, plte))
            emit(f"png_trns{bits}{tag}.png", png_bytes(index, 3, bits, interlaced, plte + trns))
    grey = random_image(9, 13, 1)
    trns = png_chunk(b"tRNS", struct.pack(">H", int(grey[0, 0, 0])))
    emit("png_grey_trns.png", png_bytes(grey, 0, 8, False, trns))
    text = png_chunk(b"tEXt", b"Title\0ignored") + png_chunk(b"gAMA", struct.pack(">I", 45455))
    for orientation in range(1, 9):
        exif = png_chunk(b"eXIf", exif_block(orientation, ">" if orientation % 2 else "<"))
        after = orientation % 3 == 0
        data = png_bytes(
            random_image(6, 11, 3), 2, 8, False, text + (b"" if after else exif), exif if after else b""
        )
        emit(f"png_exif_{orientation}.png", data)
    emit("png_exif_long.png", png_bytes(grey, 0, 8, False, png_chunk(b"eXIf", exif_block(8, "<", 4))))
    emit("png_1x1.png", png_bytes(random_image(1, 1, 4), 6, 8, True))
    emit("png_trailing.png", png_bytes(grey, 0, 8, False) + b"trailing")


CASES = [jpeg_cases, png_cases]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for cases in CASES:
        cases()
    (OUT / "index.txt").write_text("".join(line + "\n" for line in INDEX))
    total = sum(p.stat().st_size for p in OUT.iterdir())
    print(f"{len(INDEX)} images, {total} bytes")


if __name__ == "__main__":
    main()
