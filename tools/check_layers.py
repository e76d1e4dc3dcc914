#!/usr/bin/env python3
"""The law of the layers, read from the #include lines.

A folder of src/ may include what LAYERS allows; a header of a library outside the C standard only
in the folders that FOREIGN names. Linking tests against lower layers only (tests/CMakeLists.txt)
checks the same law a second time.
"""
import re

from source_tree import c_files, finish, text

BELOW_CORE = {"base", "codec", "stats", "core"}
LAYERS = {
    "base": {"base"},
    "stats": {"stats", "base"},
    "codec": {"codec", "base"},
    "core": BELOW_CORE,
    "ops": BELOW_CORE | {"ops"},
    "onnx": {"base", "codec", "onnx"},
    "adapters": BELOW_CORE | {"onnx", "adapters"},
    "plan": BELOW_CORE | {"plan"},
    "report": BELOW_CORE | {"report"},
    "api": BELOW_CORE | {"onnx", "ops", "adapters", "plan", "report", "api"},
}
# Adapters do not see each other, but for these headers: files are read and written in one way, and a
# manifest is a table.
BETWEEN_ADAPTERS = {
    "adapters/filesystem/file.h": None,                # everybody
    "adapters/duckdb/duckdb_table.h": ("filesystem",),
}
# Public headers that carry types only and that every layer may use.
PUBLIC_EVERYWHERE = {"status", "version"}

FOREIGN = {
    r"jpeglib\.h|jerror\.h|jmorecfg\.h|png\.h|tiff.*\.h|zlib\.h|webp/.*|jansson\.h": ("src/codec/",),
    r"openssl/.*": ("src/base/digest.c",),
    r"boost/.*": ("src/stats/",),
    r"duckdb.*\.h": ("src/adapters/duckdb/",),
    r"onnxruntime.*\.h": ("src/adapters/onnxruntime/",),
    r"protobuf-c/.*|onnx\.pb-c\.h": ("src/onnx/",),
    r"yaml\.h": ("src/plan/",),
    r"cmocka\.h": ("tests/",),
}
# The C standard library, C++'s for the files that use Boost, and POSIX.
STANDARD = re.compile(
    r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|"
    r"stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|"
    r"threads|time|uchar|wchar|wctype|dirent|dlfcn|fcntl|fnmatch|ftw|getopt|glob|libgen|link|"
    r"malloc|poll|pthread|sched|spawn|strings|termios|unistd|x86intrin|[a-z]?mmintrin|"
    r"(sys|linux)/[a-z_0-9]+)\.h|[a-z_]+")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def adapter_of(path):
    parts = path.split("/")
    return parts[2] if parts[:2] == ["src", "adapters"] and len(parts) > 3 else None


def judge_foreign(path, header):
    for pattern, places in FOREIGN.items():
        if re.fullmatch(pattern, header):
            if path.startswith(places):
                return None
            return f"<{header}> is included in {' and '.join(places)} only"
    if STANDARD.fullmatch(header):
        return None
    return f"<{header}> is not in the list of libraries (tools/check_layers.py, FOREIGN)"


def judge_own(path, header):
    folder, _, name = header.partition("/")
    if not name:
        return None if "/" not in header and not path.startswith("src/") else \
            f'"{header}": write the path from src/ or include/'
    if folder == "assay":
        stem = name.rsplit(".", 1)[0]
        layer = layer_of(path)
        if layer and layer != "api" and stem not in PUBLIC_EVERYWHERE:
            return f'"{header}": public headers other than status.h and version.h belong to api'
        return None
    if path.startswith("apps/"):
        return f'"{header}": programs see include/assay only'
    if path.startswith("include/"):
        return f'"{header}": a public header includes public headers only'
    layer = layer_of(path)
    if layer is None:
        return None  # tests, fuzz, bench: what they may use is decided by what they link
    if layer not in LAYERS:
        return f"src/{layer} is not a layer (tools/check_layers.py, LAYERS)"
    if folder not in LAYERS[layer]:
        return f'"{header}": {layer} may include {", ".join(sorted(LAYERS[layer]))} only'
    ours, theirs = adapter_of(path), adapter_of("src/" + header)
    if ours and theirs and ours != theirs:
        if header in BETWEEN_ADAPTERS and \
                (BETWEEN_ADAPTERS[header] is None or ours in BETWEEN_ADAPTERS[header]):
            return None
        return f'"{header}": adapters do not see each other'
    return None


def main():
    problems, lines = [], 0
    for path in c_files((".c", ".h", ".cpp", ".def")):
        source = text(path)
        for match in INCLUDE.finditer(source):
            lines += 1
            header = match.group(2)
            own = match.group(1) == '"' and not any(re.fullmatch(p, header) for p in FOREIGN)
            problem = judge_own(path, header) if own else judge_foreign(path, header)
            if problem:
                row = source.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{row}: {problem}")
    finish("layers", lines, "include lines", problems)


main()
