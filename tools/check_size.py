#!/usr/bin/env python3
"""Files of at most 600 lines and functions of at most 80: what does not fit wants to be two."""
import re

from source_tree import c_files, code_only, finish, text

FILE_LINES = 600
FUNCTION_LINES = 80
# A function's brace stands alone in the first column (.clang-format), and so does its end.
FUNCTION = re.compile(r"^([A-Za-z_][^\n;{}]*(?:\n[^\n;{}#]*)*?)\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def main():
    problems, functions = [], 0
    for path in c_files():
        source = text(path)
        lines = source.count("\n")
        if lines > FILE_LINES:
            problems.append(f"{path}: {lines} lines (at most {FILE_LINES})")
        for match in FUNCTION.finditer(code_only(source)):
            functions += 1
            length = match.group(2).count("\n") + 2
            if length > FUNCTION_LINES:
                name = re.findall(r"(\w+)\s*\(", match.group(1))
                row = source.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{row}: {name[0] if name else '?'} has {length} lines "
                                f"(at most {FUNCTION_LINES})")
    finish("size", functions, "functions", problems)


main()
