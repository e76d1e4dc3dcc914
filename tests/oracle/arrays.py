#!/usr/bin/env python3
"""Golden files of the array readers, written by NumPy.

Pinned: numpy 2.4.6, Python 3.11.
Usage: arrays.py [FOLDER]      (default: tests/golden/arrays beside this script's parent)

npy.tsv, idx.tsv   name, element type, shape (comma between), C-order little-endian bytes in hex,
                   the whole file in hex
write.tsv          as npy.tsv: what numpy.save writes for C-order arrays
refuse.tsv         name, a word the message must contain, the whole file in hex
half.tsv           float32 bits, float16 bits (NumPy's conversion)
*.npz              archives; npz.tsv: archive, array, element type, shape, bytes in hex
"""
import gzip
import io
import pathlib
import struct
import sys
import warnings
import zipfile

import numpy as np

assert np.__version__ == "2.4.6", np.__version__
warnings.filterwarnings("ignore")
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "b1"]
SHAPES = [(3, 5), (7,), (2, 3, 4), ()]
rng = np.random.default_rng(20240607)


def values(code, shape):
    """Random bit patterns, so that every byte of every element counts; reals stay finite."""
    dtype = np.dtype("<" + code)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind == "f":
        return np.asarray(rng.standard_normal(shape) * 1000).astype(dtype)
    info = np.iinfo(dtype)
    return np.asarray(rng.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="),
                                   endpoint=True)).astype(dtype)


def plain(array):
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes().hex()


def shape_text(array):
    return ",".join(str(n) for n in array.shape)


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version, allow_pickle=True)
    return out.getvalue()


def row(name, array, data):
    return "\t".join([name, array.dtype.name, shape_text(array), plain(array), data.hex()]) + "\n"


def raw_npy(header, data=b"", version=(1, 0)):
    text = header.encode("latin1")
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text + data


def npy_cases():
    rows = []
    for code in TYPES:
        for order in "<>":
            for shape in SHAPES:
                array = values(code, shape).astype(np.dtype(order + code))
                rows.append(row(f"{order}{code}-{len(shape)}d", array, npy(array)))
                if len(shape) > 1:
                    fortran = np.asfortranarray(array)
                    rows.append(row(f"{order}{code}-{len(shape)}d-fortran", array, npy(fortran)))
    for version in [(1, 0), (2, 0), (3, 0)]:
        array = values("f4", (2, 2))
        rows.append(row(f"version-{version[0]}", array, npy(array, version)))
    for shape in [(0,), (0, 3), (3, 0, 2), (0, 2**40)]:
        array = np.zeros(shape, "<i4")
        rows.append(row("empty-" + "x".join(map(str, shape)), array, npy(array)))
        rows.append(row("empty-fortran-" + "x".join(map(str, shape)), array,
                        npy(np.asfortranarray(array))))
    array = values("i2", (2, 1, 3, 1, 2, 2, 1, 2))
    rows.append(row("rank-8-fortran", array, npy(np.asfortranarray(array))))
    array = values("u1", (40, 70))  # more than one tile of the transposition
    rows.append(row("tiles-fortran", array, npy(np.asfortranarray(array))))
    array = values("i4", (2,))  # as Python 2 wrote it, keys in another order
    header = '{"shape": (2L,), "fortran_order": False, "descr": "<i4"}\n'
    rows.append(row("python-2", array, raw_npy(header, array.tobytes())))
    return rows


def refuse_cases():
    cases = [
        ("object", "objects", npy(np.array([None, 1], dtype=object))),
        ("structured", "structured", npy(np.zeros(2, [("a", "<f4"), ("b", "<i2")]))),
        ("structured-utf8", "structured", npy(np.zeros(1, [("\u00e4\u4e2d", "<f4")]))),
        ("complex", "complex", npy(np.zeros(2, "<c8"))),
        ("text", "texts", npy(np.array(["ab"]))),
        ("bytes", "texts", npy(np.array([b"ab"]))),
        ("date", "dates", npy(np.array(["2020-01-01"], "<M8[D]"))),
        ("duration", "time differences", npy(np.array([1], "<m8[s]"))),
        ("long-double", "unusual size", npy(np.zeros(1, np.longdouble))),
        ("void", "raw records", npy(np.zeros(1, "V4"))),
        ("rank-9", "8 dimensions", npy(np.zeros((1,) * 9, "u1"))),
        ("shape-overflow", "counted", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n")),
        ("shape-overflow-empty", "counted", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4, 0), }\n")),
        ("bytes-overflow", "counted", raw_npy(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }\n")),
        ("extent-overflow", "2^63", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }\n")),
        ("negative-extent", "non-negative", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n")),
        ("shape-not-tuple", "tuple", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }\n", b"\0" * 12)),
        ("shape-real", "malformed", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,), }\n", b"\0" * 4)),
        ("huge-but-absent", "truncated", raw_npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }\n")),
        ("longer", "longer", npy(np.zeros(2, "<f4")) + b"x"),
        ("no-byte-order", "byte order", raw_npy(
            "{'descr': '|f4', 'fortran_order': False, 'shape': (), }\n", b"\0" * 4)),
        ("missing-key", "must give", raw_npy("{'descr': '<f4', 'shape': (), }\n", b"\0" * 4)),
        ("repeated-key", "repeated", raw_npy(
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (), }\n")),
        ("unknown-key", "unknown key", raw_npy(
            "{'descr': '<f4', 'order': False, 'shape': (), }\n")),
        ("order-not-bool", "fortran_order", raw_npy(
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (), }\n")),
        ("not-a-dictionary", "dictionary", raw_npy("['descr']\n")),
        ("code", "dictionary", raw_npy("__import__('os').abort()\n")),
        ("after-dictionary", "nothing else", raw_npy(
            "{'descr': '|u1', 'fortran_order': False, 'shape': (), } or 1\n", b"\0")),
        ("header-length-lie", "ends inside", b"\x93NUMPY\1\0\xff\xff{'descr': '<f4'"),
        ("header-too-long", "claims", b"\x93NUMPY\2\0\xff\xff\xff\xff" + b" " * 20),
        ("version-4", "version 4.0", raw_npy("{}", version=(4, 0))),
        ("version-1.1", "version 1.1", raw_npy("{}", version=(1, 1))),
        ("pickle", "not a NumPy file", b"\x80\x04\x95\x03\0\0\0\0\0\0\0K\x01."),
        ("empty", "not a NumPy file", b""),
    ]
    return ["\t".join([name, word, data.hex()]) + "\n" for name, word, data in cases]


def write_cases():
    rows = []
    for code in TYPES:
        array = values(code, (2, 3))
        rows.append(row(code, array, npy(array)))
    for shape in [(), (0,), (5,), (1234567, 0), (1, 2, 3, 1, 1, 1, 2, 1)]:
        array = values("f4", shape)
        rows.append(row("shape-" + "x".join(map(str, shape)), array, npy(array)))
    return rows


def idx_cases():
    rows = []
    for code, type_code in [("u1", 8), ("i1", 9), ("i2", 11), ("i4", 12), ("f4", 13), ("f8", 14)]:
        for shape in [(6,), (2, 3), (2, 2, 3), (0, 4)]:
            array = values(code, shape)
            data = struct.pack(">BBBB", 0, 0, type_code, len(shape))
            data += struct.pack(f">{len(shape)}I", *shape)
            data += array.astype(">" + code).tobytes()
            name = f"{code}-" + "x".join(map(str, shape))
            rows.append(row(name, array, data))
            if len(shape) == 3:
                rows.append(row(name + "-gz", array, gzip.compress(data, 9, mtime=0)))
                rows.append(row(name + "-gz-members", array, gzip.compress(data[:9], 9, mtime=0) +
                                gzip.compress(data[9:], 9, mtime=0)))
    return rows


def half_cases():
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    picked = halves[rng.integers(0, len(halves) - 1, 400)]
    above = np.nextafter(picked.astype(np.float16), np.float16(np.inf)).astype(np.float64)
    ties = ((picked + np.where(np.isfinite(above), above, picked)) / 2).astype(np.float32)
    bits = np.concatenate([ties.view(np.uint32), ties.view(np.uint32) + 1, ties.view(np.uint32) - 1,
                           rng.integers(0x33000000, 0x47900000, 400).astype(np.uint32),
                           np.array([0, 1, 0x33000000, 0x33000001, 0x32FFFFFF, 0x38800000,
                                     0x387FFFFF, 0x387FE000, 0x387FF000, 0x477FE000, 0x477FEFFF,
                                     0x477FF000, 0x47800000, 0x7F7FFFFF, 0x7F800000], np.uint32)])
    bits = bits[bits <= 0x7F800000]
    bits = np.concatenate([bits, bits | np.uint32(0x80000000)]).astype(np.uint32)
    halves = bits.view(np.float32).astype(np.float16).view(np.uint16)
    return [f"{b:08x}\t{h:04x}\n" for b, h in zip(bits, halves)]


def write_zip(path, entries, method, zip64=False):
    """zipfile.ZipFile as numpy.savez uses it, with fixed times; zip64 by lowering its limits."""
    limit, count = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    if zip64:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
    with zipfile.ZipFile(path, "w", method, allowZip64=True) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            with archive.open(info, "w", force_zip64=True) as out:
                out.write(data)
        if zip64:
            archive.comment = b"a comment"
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limit, count


def npz_cases(folder):
    arrays = {
        "images": values("u1", (3, 4, 4)),
        "labels": values("i8", (3,)),
        "fortran": np.asfortranarray(values("f4", (4, 3))),
        "big": values("f8", (5,)).astype(">f8"),
        "scalar": values("i4", ()),
        "none": np.zeros((0, 2), "<f2"),
    }
    rows = []
    entries = [(name + ".npy", npy(array)) for name, array in arrays.items()]
    for file, method, zip64 in [("stored.npz", zipfile.ZIP_STORED, False),
                                ("deflated.npz", zipfile.ZIP_DEFLATED, False),
                                ("zip64.npz", zipfile.ZIP_DEFLATED, True),
                                ("zip64-stored.npz", zipfile.ZIP_STORED, True)]:
        write_zip(folder / file, entries + [("readme.txt", b"not an array")], method, zip64)
        with np.load(folder / file) as again:
            for name, array in arrays.items():
                np.testing.assert_array_equal(again[name], array)
                rows.append("\t".join([file, name, array.dtype.name, shape_text(array),
                                       plain(array)]) + "\n")
    # A megabyte of zeros in a kilobyte: legitimate, yet over a caller's limit.
    write_zip(folder / "zeros.npz", [("zeros.npy", npy(np.zeros(1 << 20, "u1")))],
              zipfile.ZIP_DEFLATED)
    write_zip(folder / "bzip2.npz", entries[:1], zipfile.ZIP_BZIP2)
    write_zip(folder / "lzma.npz", entries[:1], zipfile.ZIP_LZMA)
    write_zip(folder / "object.npz", [("o.npy", npy(np.array([None], dtype=object)))],
              zipfile.ZIP_DEFLATED)
    write_zip(folder / "void.npz", [], zipfile.ZIP_STORED)
    with warnings.catch_warnings():
        write_zip(folder / "twice.npz", [entries[0], entries[0]], zipfile.ZIP_STORED)
    return rows


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "golden" / "arrays"
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in [("npy.tsv", npy_cases()), ("refuse.tsv", refuse_cases()),
                       ("write.tsv", write_cases()), ("idx.tsv", idx_cases()),
                       ("half.tsv", half_cases()), ("npz.tsv", npz_cases(folder))]:
        (folder / name).write_text("".join(rows), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
