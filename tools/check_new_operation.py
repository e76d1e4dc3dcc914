#!/usr/bin/env python3
"""What tools/new_operation.py writes: it compiles with the project's warnings, is refused by
assay_op_check until the descriptor is filled in, and is accepted afterwards."""
import os
import pathlib
import py_compile
import re
import shutil
import subprocess
import tempfile

from source_tree import ROOT, finish

NAME = "skeleton_of_the_check"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Wundef",
            "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror"]
TELLER = f"""
#include <stdio.h>
#include "core/op.h"
extern const assay_op assay_op_%s_{NAME};
int main(void)
{{
    assay_error err = {{0}};
    assay_status status = assay_op_check(&assay_op_%s_{NAME}, &err);
    printf("%%s\\n", status == ASSAY_OK ? "complete" : err.message);
    return 0;
}}
"""


def run(words, **options):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)


def judge(compiler, kind, source, folder):
    """What the compiler, or else assay_op_check, says of the file."""
    teller = folder / "teller.c"
    teller.write_text(TELLER % (kind, kind))
    program = folder / "teller"
    base = [f"{ROOT}/src/base/{name}.c" for name in ("alloc", "buffer", "error", "json_write", "text")]
    # Only the descriptor is looked at: what the kernel calls need not be there.
    words = [compiler, "-std=c17", "-D_GNU_SOURCE", "-O1", *WARNINGS, f"-I{ROOT}/src",
             f"-I{ROOT}/include", str(teller), str(source), f"{ROOT}/src/core/op.c", *base,
             "-no-pie", "-Wl,--unresolved-symbols=ignore-all", "-lm", "-o", str(program)]
    built = run(words)
    return built.stdout if built.returncode else run([str(program)]).stdout.strip()


def check(compiler, kind, tree, folder):
    problems = []
    made = run([f"{ROOT}/tools/new_operation.py", kind, NAME, "--root", str(tree)])
    if made.returncode:
        return [f"{kind}: {made.stdout}"]
    source = tree / f"src/ops/{kind}/{NAME}.c"
    said = judge(compiler, kind, source, folder)
    if "lacks a title" not in said:
        problems.append(f"{kind}: the skeleton is not refused for its empty title: {said}")
    filled = re.sub(r'(\.(?:title|summary|description|citation) = )""', r'\1"text"',
                    source.read_text())
    (folder / "filled.c").write_text(filled)
    said = judge(compiler, kind, folder / "filled.c", folder)
    if said != "complete":
        problems.append(f"{kind}: the filled skeleton is refused: {said}")
    if shutil.which("clang-format-14"):
        said = run(["clang-format-14", "--dry-run", "--Werror",
                    f"--style=file:{ROOT}/.clang-format", str(source)])
        if said.returncode:
            problems.append(f"{kind}: {said.stdout}")
    for word in ("TO" + "DO", "FIX" + "ME"):
        if word in source.read_text():
            problems.append(f"{kind}: the skeleton says {word}")
    py_compile.compile(str(tree / f"tests/oracle/{kind}_{NAME}.py"), doraise=True,
                       cfile=str(folder / "oracle.pyc"))
    if not list((tree / f"tests/golden/{kind}").glob(f"{NAME}.*")):
        problems.append(f"{kind}: no golden file")
    if run([f"{ROOT}/tools/new_operation.py", kind, NAME, "--root", str(tree)]).returncode == 0:
        problems.append(f"{kind}: an existing operation is overwritten")
    return problems


def main():
    compiler = os.environ.get("CC", "cc")
    kinds = ("metric", "interval", "perturbation", "attack", "decoder")
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tree = folder / "tree"
        for path in ("src/ops/op_table.def", "include/assay/version.h"):
            (tree / path).parent.mkdir(parents=True)
            shutil.copy(pathlib.Path(ROOT) / path, tree / path)
        for kind in kinds:
            problems += check(compiler, kind, tree, folder)
        lines = [line for line in (tree / "src/ops/op_table.def").read_text().splitlines()
                 if line.startswith("ASSAY_OP")]
        order = sorted(lines, key=lambda line: (
            [line.startswith(f"ASSAY_OP({kind},") for kind in kinds].index(True), line))
        if lines != order or sum(NAME in line for line in lines) != len(kinds):
            problems.append("src/ops/op_table.def: the lines are not in order")
    finish("new_operation", len(kinds), "skeletons", problems)


main()
