#!/usr/bin/env python3
"""What no file of the project contains: paths of one machine, addresses of package registries,
promises instead of code, tabs and blanks at line ends, and large files."""
import os
import re

from source_tree import GENERATED_FOLDERS, ROOT, files, finish, text

LARGEST = 500_000  # bytes; data are fetched at set-up, never committed
FORBIDDEN = {
    # The patterns are written so that this file does not match itself.
    r"/(?:home|Users)/[a-z]|/work[/]|/tmp/bash[_]": "a path of one machine",
    r"registry\.npm[j]s|registry\.yarn[p]kg|files\.python[h]osted|(?<![\w.])py[p]i\.org|deb\.deb[i]an\.org|"
    r"security\.deb[i]an\.org|artifact[r]egistry": "the address of a package registry",
    r"\b(?:TO[D]O|FIX[M]E|XX[X])\b|not impl[e]mented|for n[o]w\b": "a promise instead of code",
}
WHITESPACE = re.compile(r"[ \t]+$", re.MULTILINE)
# Input that is wrong on purpose or that another program wrote.
AS_IT_IS = GENERATED_FOLDERS + ("fuzz/corpus/", "tests/data/", "LICENSE")


def main():
    problems, checked = [], 0
    for path in files():
        checked += 1
        size = os.path.getsize(os.path.join(ROOT, path))
        if size > LARGEST:
            problems.append(f"{path}: {size} bytes (at most {LARGEST})")
        source = text(path)
        if source is None or path.startswith(("fuzz/corpus/",)):
            continue
        for pattern, what in FORBIDDEN.items():
            for match in re.finditer(pattern, source):
                row = source.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{row}: \"{match.group(0)}\" is {what}")
        if path.startswith(AS_IT_IS):
            continue
        for match in WHITESPACE.finditer(source):
            row = source.count("\n", 0, match.start()) + 1
            problems.append(f"{path}:{row}: blank at the end of the line")
        if "\t" in source and path.endswith((".c", ".h", ".cpp", ".py", ".cmake", ".md", ".yaml")):
            row = source.count("\n", 0, source.index("\t")) + 1
            problems.append(f"{path}:{row}: tab")
        if source and not source.endswith("\n"):
            problems.append(f"{path}: no line feed at the end")
    finish("text", checked, "files", problems)


main()
