#!/usr/bin/env python3
"""Functions that the project does not call, with what to use instead."""
import re

from source_tree import c_files, code_only, finish, text

EVERYWHERE = {
    "strcpy": "snprintf or base/text.h",
    "strcat": "snprintf or base/buffer.h",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strtok": "base/text.h (strtok keeps state)",
    "gets": "fgets",
    "atoi": "base/text.h (atoi hides errors)",
    "atol": "base/text.h (atol hides errors)",
    "atof": "base/text.h (atof hides errors)",
    "localtime": "base/clock.h",
    "gmtime": "base/clock.h (gmtime is not thread-safe)",
    "asctime": "base/clock.h",
    "ctime": "base/clock.h",
    "rand": "base/rng.h (results must be repeatable)",
    "srand": "base/rng.h",
    "random": "base/rng.h",
    "drand48": "base/rng.h",
    "alloca": "base/arena.h",
    "setlocale": "nothing: the caller's locale is not ours to change",
    "system": "posix_spawn in adapters/process (a shell interprets its argument)",
    "popen": "posix_spawn in adapters/process",
    "tmpnam": "mkstemp",
    "mktemp": "mkstemp",
}
LIBRARY = {
    "strerror": "assay_fail_errno, strerror_r (strerror is not thread-safe)",
    "abort": "an assay_status",
    "exit": "an assay_status",
    "printf": "base/log.h or a writer",
    "puts": "base/log.h or a writer",
    "putchar": "base/log.h or a writer",
}
OUTSIDE_BASE = {
    "malloc": "base/alloc.h",
    "calloc": "base/alloc.h",
    "realloc": "base/alloc.h",
    "aligned_alloc": "base/alloc.h",
    "free": "assay_free",
    "strdup": "assay_strdup",
    "strndup": "base/text.h",
    "qsort": "base/sort.h (qsort leaves the order of ties open)",
    "strtod": "base/text.h (strtod depends on the locale)",
    "strtof": "base/text.h (strtof depends on the locale)",
    "pthread_create": "base/parallel.h",
    "time": "base/clock.h",
    "clock_gettime": "base/clock.h",
}
# Where a foreign interface hands memory over that only free() may release, or where the rule has
# another good reason not to hold. One line each, with the reason.
EXCEPTIONS = {
    ("src/codec/json_value.c", "qsort"): "the keys of a JSON object are unique: there are no ties",
    ("fuzz/replay_main.c", "*"): "stands outside the library so that it also works when base is broken",
}
CALL = re.compile(r"(?<![\w.>])([a-z_][a-z_0-9]*)\s*\(")


def reason(path, name):
    if ((path, "*") in EXCEPTIONS) or ((path, name) in EXCEPTIONS):
        return None
    if name in EVERYWHERE and not path.startswith("tests/"):
        return EVERYWHERE[name]
    if path.startswith("src/") and name in LIBRARY:
        return LIBRARY[name]
    if path.startswith("src/") and not path.startswith("src/base/") and name in OUTSIDE_BASE:
        return OUTSIDE_BASE[name]
    return None


def main():
    problems, calls = [], 0
    for path in c_files():
        source = code_only(text(path))
        for match in CALL.finditer(source):
            calls += 1
            instead = reason(path, match.group(1))
            if instead:
                row = source.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{row}: {match.group(1)} is banned here; use {instead}")
    finish("banned", calls, "calls", problems)


main()
