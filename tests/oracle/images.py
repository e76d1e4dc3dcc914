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


# ---------------------------------------------------------------------------------------- WebP


def webp_cases():
    for w, h in ((13, 9), (37, 29), (16, 16)):
        rgb, rgba = random_image(h, w, 3), random_image(h, w, 4)
        emit(f"webp_lossless_{w}x{h}.webp", saved(rgb, form="WEBP", lossless=True))
        emit(f"webp_lossless_alpha_{w}x{h}.webp", saved(rgba, form="WEBP", lossless=True))
        emit(f"webp_lossy_{w}x{h}.webp", saved(rgb, form="WEBP", quality=70))
        emit(f"webp_lossy_alpha_{w}x{h}.webp", saved(rgba, form="WEBP", quality=40))
    exact = saved(random_image(9, 14, 4), form="WEBP", lossless=True, exact=True)
    emit("webp_exact.webp", exact)
    for orientation in (1, 3, 6, 8):
        block = exif_block(orientation, ">" if orientation == 6 else "<")
        rgb = random_image(7, 12, 3)
        prefix = b"Exif\0\0" if orientation == 8 else b""
        data = saved(rgb, form="WEBP", lossless=orientation != 6, exif=prefix + block)
        emit(f"webp_exif_{orientation}.webp", data)
    emit("webp_trailing.webp", exact + b"trailing")


# ----------------------------------------------------------------------------------------- PNM


def pnm_cases():
    def head(kind, w, h, top=None):
        return f"P{kind}\n{w} {h}\n".encode() + (b"" if top is None else b"%d\n" % top)

    bits = random_image(9, 13, 1, 1)
    emit("pnm_p1.pnm", head(1, 13, 9) + b"\n".join(b" ".join(b"%d" % v for v in r) for r in bits[:, :, 0]) + b"\n")
    tight = b"# a comment\n" + b"".join(b"%d" % v for v in bits.reshape(-1))
    emit("pnm_p1_tight.pnm", b"P1 # kind\n#size\n13\t9 " + tight)
    emit("pnm_p4.pnm", head(4, 13, 9) + b"".join(pack_samples(row, 1) for row in bits))
    wide = random_image(5, 16, 1, 1)
    emit("pnm_p4_16.pnm", head(4, 16, 5) + b"".join(pack_samples(row, 1) for row in wide))
    for c, plain, raw in ((1, 2, 5), (3, 3, 6)):
        for top in (1, 7, 100, 254, 255):
            image = RNG.integers(0, top + 1, (11, 14, c))
            text = b"\n".join(b" ".join(b"%d" % v for v in row.reshape(-1)) for row in image)
            emit(f"pnm_p{plain}_{top}.pnm", head(plain, 14, 11, top) + text + b"\n")
            emit(f"pnm_p{raw}_{top}.pnm", head(raw, 14, 11, top) + image.astype(np.uint8).tobytes())
        for top in (256, 1000, 4095, 65534, 65535):
            image = RNG.integers(0, top + 1, (11, 14, c))
            text = b"\n".join(b" ".join(b"%d" % v for v in row.reshape(-1)) for row in image)
            truth = None
            if c == 3:  # Pillow reduces colour to 8 bits: its own formula for grey, applied to all
                truth = np.array([round(v / top * 65535) for v in image.reshape(-1).tolist()])
                truth = truth.reshape(image.shape).astype(np.uint16)
            emit(f"pnm_p{plain}_{top}.pnm", head(plain, 14, 11, top) + text + b"\n", truth)
            data = head(raw, 14, 11, top) + image.astype(">u2").tobytes()
            emit(f"pnm_p{raw}_{top}.pnm", data, truth)
    emit("pnm_trailing.pnm", b"P5 2 2 255\n" + bytes([1, 2, 3, 4]) + b"trailing")


# ----------------------------------------------------------------------------------------- BMP


def bmp_bytes(w, h, bits, rows, palette=b"", header=40, compression=0, masks=(), down=False, gap=0):
    """rows: bytes of each row, top row first, or the whole compressed body."""
    body = rows
    if isinstance(rows, list):
        body = b"".join(row + bytes(-len(row) % 4) for row in (rows if down else rows[::-1]))
    colors = len(palette) // (3 if header == 12 else 4)
    if header == 12:
        dib = struct.pack("<IHHHH", 12, w, h, 1, bits)
    else:
        dib = struct.pack("<IiiHHIIiiII", header, w, -h if down else h, 1, bits, compression,
                          len(body), 2835, 2835, colors, 0)
        fields = b"".join(struct.pack("<I", m) for m in masks)
        if header == 40 or header == 64:
            dib += bytes(header - 40) + fields
        else:
            dib += fields + bytes(header - 40 - len(fields))
    offset = 14 + len(dib) + len(palette) + gap
    head = b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset)
    return head + dib + palette + bytes(gap) + body


def rle_body(index, bits):
    """Runs, literals, a skipped part, rows ended early: all that the format has."""
    out = b""
    h, w = index.shape
    for y in range(h - 1, -1, -1):
        row, x = index[y], 0
        while x < w:
            run = 1
            while x + run < w and row[x + run] == row[x]:
                run += 1
            left = w - x
            if y % 4 == 1 and x == 0 and left >= 5:
                n = min(left, 9 if bits == 8 else 7)
                part = row[x : x + n]
                raw = pack_samples(part, bits)
                out += bytes([0, n]) + raw + bytes(len(raw) % 2)
                x += n
            elif bits == 4 and y % 4 == 2 and left >= 4:
                n = min(left, 6)
                index[y, x : x + n] = [[row[x], row[x + 1]][i % 2] for i in range(n)]
                out += bytes([n, int(row[x]) << 4 | int(row[x + 1])])
                x += n
            elif y == 3 and 3 <= x <= 5 and left >= 4:
                out += bytes([0, 2, 4, 0])
                index[y, x : x + 4] = 0
                x += 4
            else:
                value = int(row[x])
                out += bytes([run, value if bits == 8 else value << 4 | value])
                x += run
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def bmp_cases():
    def colors(n, size=4):
        entries = RNG.integers(0, 256, (n, size)).astype(np.uint8)
        return entries.tobytes()

    for bits in (1, 4, 8):
        n = 1 << bits
        index = RNG.integers(0, n, (9, 13)).astype(np.uint8)
        rows = [pack_samples(row, bits) for row in index]
        emit(f"bmp_{bits}.bmp", bmp_bytes(13, 9, bits, rows, colors(n)))
        emit(f"bmp_{bits}_core.bmp", bmp_bytes(13, 9, bits, rows, colors(n, 3), header=12))
        emit(f"bmp_{bits}_down.bmp", bmp_bytes(13, 9, bits, rows, colors(n), down=True))
        emit(f"bmp_{bits}_os2.bmp", bmp_bytes(13, 9, bits, rows, colors(n), header=64))
    few = [pack_samples(row, 8) for row in RNG.integers(0, 5, (6, 7))]
    emit("bmp_8_few.bmp", bmp_bytes(7, 6, 8, few, colors(5), gap=6))
    ramp = b"".join(bytes([v, v, v, 0]) for v in range(256))
    grey = [pack_samples(row, 8) for row in RNG.integers(0, 256, (6, 7))]
    emit("bmp_8_grey.bmp", bmp_bytes(7, 6, 8, grey, ramp))
    black_white = bytes([0, 0, 0, 0, 255, 255, 255, 0])
    bits = [pack_samples(row, 1) for row in RNG.integers(0, 2, (6, 37))]
    emit("bmp_1_grey.bmp", bmp_bytes(37, 6, 1, bits, black_white))
    for bits in (16, 24, 32):
        rows = [RNG.integers(0, 256, 13 * bits // 8).astype(np.uint8).tobytes() for _ in range(9)]
        emit(f"bmp_{bits}.bmp", bmp_bytes(13, 9, bits, rows))
        emit(f"bmp_{bits}_down.bmp", bmp_bytes(13, 9, bits, rows, down=True))
        emit(f"bmp_{bits}_gap.bmp", bmp_bytes(13, 9, bits, rows, gap=10))
        if bits != 16:
            emit(f"bmp_{bits}_core.bmp", bmp_bytes(13, 9, bits, rows, header=12))
    masks = {
        16: [(0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F)],
        24: [(0xFF0000, 0xFF00, 0xFF)],
        32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0),
             (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
             (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0, 0, 0, 0)],
    }
    for bits, variants in masks.items():
        for number, mask in enumerate(variants):
            row = [RNG.integers(0, 256, 11 * bits // 8).astype(np.uint8).tobytes() for _ in range(5)]
            for header in (40, 52, 56, 108, 124):
                if (header == 40 or header == 52) and len(mask) == 4 and (mask[3] or not any(mask)):
                    continue
                if number > 1 and header == 124:
                    continue
                fields = mask[:3] if header in (40, 52) else mask
                data = bmp_bytes(11, 5, bits, row, header=header, compression=3, masks=fields)
                emit(f"bmp_{bits}_fields{number}_{header}.bmp", data)
    for bits, kind in ((4, 2), (8, 1)):
        n = 1 << bits
        index = np.repeat(RNG.integers(0, n, (11, 8)), 3, axis=1)[:, :22].astype(np.uint8)
        body = rle_body(index, bits)
        emit(f"bmp_rle{bits}.bmp", bmp_bytes(22, 11, bits, body, colors(n), compression=kind))


# ---------------------------------------------------------------------------------------- TIFF


def packbits(data):
    out, at = b"", 0
    while at < len(data):
        run = 1
        while at + run < len(data) and run < 128 and data[at + run] == data[at]:
            run += 1
        if run > 2:
            out += struct.pack("b", 1 - run) + data[at : at + 1]
            at += run
            continue
        n = min(5, len(data) - at)
        out += bytes([n - 1]) + data[at : at + n]
        at += n
    return out


def lzw(data):
    out, pending, filled = bytearray(), 0, 0
    table, width, word = {}, 9, b""

    def put(code):
        nonlocal pending, filled
        pending, filled = pending << width | code, filled + width
        while filled >= 8:
            filled -= 8
            out.append(pending >> filled & 255)
        pending &= (1 << filled) - 1

    def reset():
        nonlocal table, width
        put(256)
        table, width = {bytes([i]): i for i in range(256)}, 9

    reset()
    for value in data:
        grown = word + bytes([value])
        if grown in table:
            word = grown
            continue
        put(table[word])
        table[grown] = len(table) + 2
        if len(table) + 2 == 4094:
            reset()
        elif len(table) + 2 in (512, 1024, 2048):
            width += 1
        word = bytes([value])
    put(table[word])
    if len(table) + 3 in (512, 1024, 2048):
        width += 1
    put(257)
    return bytes(out) + (bytes([pending << (8 - filled) & 255]) if filled else b"")


COMPRESS = {1: bytes, 5: lzw, 8: zlib.compress, 32773: packbits, 32946: zlib.compress}


def tiff_bytes(image, photometric, bits, order="<", compression=1, rows=None, tile=None,
               planar=1, predictor=1, extra=(), colormap=None, orientation=1, big=False, front=True):
    h, w, c = image.shape

    def packed(block):  # block: rows x columns x samples
        if predictor == 2:
            step = block.astype(np.int64)
            step[:, 1:] = step[:, 1:] - block[:, :-1].astype(np.int64)
            block = step & ((1 << bits) - 1)
        if bits == 16:
            return np.ascontiguousarray(block).astype(order + "u2").tobytes()
        return b"".join(pack_samples(row, bits) for row in block)

    planes = [image] if planar == 1 else [image[:, :, i : i + 1] for i in range(c)]
    blocks = []
    for plane in planes:
        if tile:
            th, tw = tile
            for y in range(0, h, th):
                for x in range(0, w, tw):
                    part = plane[y : y + th, x : x + tw]
                    pad = ((0, th - part.shape[0]), (0, tw - part.shape[1]), (0, 0))
                    blocks.append(COMPRESS[compression](packed(np.pad(part, pad))))
        else:
            for y in range(0, h, rows or h):
                blocks.append(COMPRESS[compression](packed(plane[y : y + (rows or h)])))
    short, long = 3, 4
    tags = {256: (short, [w]), 257: (long, [h]), 258: (short, [bits] * c),
            259: (short, [compression]), 262: (short, [photometric]), 277: (short, [c]),
            284: (short, [planar])}
    if orientation != 1:
        tags[274] = (short, [orientation])
    if predictor != 1:
        tags[317] = (short, [predictor])
    if extra:
        tags[338] = (short, list(extra))
    if colormap is not None:
        tags[320] = (short, list(colormap))
    if tile:
        tags.update({322: (short, [tile[1]]), 323: (short, [tile[0]])})
    elif rows:
        tags[278] = (short, [rows])
    at_tag, size_tag = (324, 325) if tile else (273, 279)
    tags[size_tag] = (long, [len(b) for b in blocks])
    tags[at_tag] = (long, [0] * len(blocks))

    word, code = (8, "Q") if big else (4, "I")
    header = 16 if big else 8
    entry = 20 if big else 12
    ifd_size = (8 if big else 2) + entry * len(tags) + word
    values = sum(2 * len(v) if t == short else 4 * len(v) for t, v in tags.values())
    room = ifd_size + values + 8 * len(tags)
    body = b"".join(blocks)
    ifd_at = header if front else header + len(body) + len(body) % 2
    data_at = header + room if front else header
    at = data_at
    for i, block in enumerate(blocks):
        tags[at_tag][1][i] = at
        at += len(block)
    ifd = struct.pack(order + ("Q" if big else "H"), len(tags))
    later, later_at = b"", ifd_at + ifd_size
    for tag in sorted(tags):
        kind, numbers = tags[tag]
        raw = struct.pack(order + ("H" if kind == short else "I") * len(numbers), *numbers)
        ifd += struct.pack(order + "HH" + code, tag, kind, len(numbers))
        if len(raw) <= word:
            ifd += raw + bytes(word - len(raw))
        else:
            ifd += struct.pack(order + code, later_at + len(later))
            later += raw + bytes(len(raw) % 2)
    ifd += bytes(word)
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, ifd_at)
    else:
        head = mark + struct.pack(order + "HI", 42, ifd_at)
    tail = ifd + later
    if front:
        return head + tail + bytes(room - len(tail)) + body
    return head + body + bytes(len(body) % 2) + tail


def tiff_emit(name, image, photometric, bits, **options):
    data = tiff_bytes(image, photometric, bits, **options)
    orientation = options.get("orientation", 1)
    # tifffile alone reads no LZW and no 2 or 4 bits; Pillow reduces deep colour to 8 bits
    truth = None
    pillow_fails = options.get("big", False) and options.get("order") == ">"
    if bits == 16 and image.shape[2] > 1 or pillow_fails:
        truth = image
        if options.get("extra", ()) == (0,):
            truth = image[:, :, :-1]
    plain = options.get("compression", 1) != 5 and options.get("predictor", 1) == 1
    if plain and bits not in (2, 4):
        read = tifffile.imread(io.BytesIO(data))
        stored = image
        if options.get("planar", 1) == 2:
            read = np.moveaxis(read, 0, -1)
        assert np.array_equal(read.reshape(stored.shape), stored), name
    if truth is None:
        truth = pillow_pixels(data)
    emit(name, data, truth)
    assert orientation == 1 or truth.ndim == 3


def tiff_cases():
    orders = {"<": "le", ">": "be"}
    for order, tag in orders.items():
        for bits in (8, 16):
            for c, photometric in ((1, 1), (3, 2)):
                image = random_image(13, 21, c, bits)
                base = dict(order=order)
                tiff_emit(f"tiff_{c}x{bits}_{tag}.tif", image, photometric, bits, **base)
                tiff_emit(f"tiff_{c}x{bits}_{tag}_rows.tif", image, photometric, bits, rows=5, front=False, **base)
                tiff_emit(f"tiff_{c}x{bits}_{tag}_tiles.tif", image, photometric, bits, tile=(16, 16), **base)
                for compression in (5, 8, 32773):
                    tiff_emit(f"tiff_{c}x{bits}_{tag}_c{compression}.tif", image, photometric, bits,
                              compression=compression, rows=4, **base)
                for compression in (5, 8):
                    tiff_emit(f"tiff_{c}x{bits}_{tag}_p{compression}.tif", image, photometric, bits,
                              compression=compression, predictor=2, tile=(16, 16), **base)
            planes = random_image(13, 21, 3, bits)
            tiff_emit(f"tiff_planar{bits}_{tag}.tif", planes, 2, bits, order=order, planar=2, rows=6, compression=8)
            tiff_emit(f"tiff_planar{bits}_{tag}_tiles.tif", planes, 2, bits, order=order, planar=2,
                      tile=(16, 16), compression=5)
    for bits in (1, 2, 4, 8, 16):
        grey = random_image(9, 19, 1, bits)
        tiff_emit(f"tiff_white{bits}.tif", grey, 0, bits, rows=4)
        tiff_emit(f"tiff_white{bits}_lzw.tif", grey, 0, bits, compression=5)
    for bits in (1, 2, 4):
        tiff_emit(f"tiff_grey{bits}.tif", random_image(9, 19, 1, bits), 1, bits, compression=32773)
    for bits in (1, 2, 4, 8):
        index = RNG.integers(0, 1 << bits, (9, 19, 1)).astype(np.uint8)
        colormap = RNG.integers(0, 65536, 3 << bits).tolist()
        tiff_emit(f"tiff_palette{bits}.tif", index, 3, bits, colormap=colormap, rows=3)
        tiff_emit(f"tiff_palette{bits}_be.tif", index, 3, bits, colormap=colormap, order=">", compression=8)
    for bits in (8, 16):
        rgba = random_image(8, 11, 4, bits)
        for extra in ((), (0,), (2,)):
            tiff_emit(f"tiff_rgba{bits}_{''.join(map(str, extra)) or 'none'}.tif", rgba, 2, bits, extra=extra)
        tiff_emit(f"tiff_rgba{bits}_planar.tif", rgba, 2, bits, extra=(2,), planar=2, compression=8)
    rgba = random_image(16, 16, 4)
    rgba[:, :, 3] = np.arange(256).reshape(16, 16)
    tiff_emit("tiff_premultiplied.tif", rgba, 2, 8, extra=(1,))
    grey_alpha = random_image(9, 12, 2)
    for extra in (0, 1, 2):
        tiff_emit(f"tiff_grey_alpha{extra}.tif", grey_alpha, 1, 8, extra=(extra,), compression=8)
    for orientation in range(1, 9):
        tiff_emit(f"tiff_orientation{orientation}.tif", random_image(6, 10, 3), 2, 8, orientation=orientation)
    tiff_emit("tiff_old_deflate.tif", random_image(9, 12, 3), 2, 8, compression=32946)
    tiff_emit("tiff_big.tif", random_image(9, 12, 3), 2, 8, big=True, rows=4)
    tiff_emit("tiff_big_be.tif", random_image(9, 12, 1, 16), 1, 16, big=True, order=">", tile=(16, 16))
    out = io.BytesIO()
    image = random_image(20, 27, 3)
    tifffile.imwrite(out, image, photometric="rgb", tile=(16, 16), description="written by tifffile")
    emit("tiff_tifffile.tif", out.getvalue(), image)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        emit(f"tiff_pillow_{compression}.tif", saved(image, form="TIFF", compression=compression))


# ------------------------------------------------------------------------- encoders, conversion


def encode_cases():
    for name, c in (("rgb", 3), ("grey", 1)):
        image = random_image(27, 35, c)
        emit(f"encode_{name}.png", saved(image))
        for quality in (1, 30, 75, 95, 100):
            emit(f"encode_{name}_{quality}.jpg", saved(image, form="JPEG", quality=quality))
    rgba = random_image(31, 33, 4)
    rgba[:4, :, :3] = RNG.integers(0, 256, (4, 33, 3))
    emit("convert_rgba.png", saved(rgba))
    emit("convert_rgba_grey.png", saved(np.asarray(Image.fromarray(rgba).convert("L"))))
    emit("convert_rgba_rgb.png", saved(np.asarray(Image.fromarray(rgba).convert("RGB"))))
    grey_alpha = random_image(9, 17, 2)
    emit("convert_la.png", saved(grey_alpha))
    emit("convert_la_grey.png", saved(np.asarray(Image.fromarray(grey_alpha).convert("L"))))
    emit("convert_la_rgb.png", saved(np.asarray(Image.fromarray(grey_alpha).convert("RGB"))))


CASES = [jpeg_cases, png_cases, webp_cases, pnm_cases, bmp_cases, tiff_cases, encode_cases]


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
