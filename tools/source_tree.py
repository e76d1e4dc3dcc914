"""What the checks of the source tree share: the list of its files and one way to report."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GENERATED_FOLDERS = ("generated/", "docs/reference/", "tests/golden/")
C_FOLDERS = ("apps/", "bench/", "fuzz/", "include/", "src/", "tests/")


def files():
    """Paths of all files of the project relative to its root, sorted. Without git (a release
    archive) everything but what is built and set up."""
    try:
        output = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        found = [os.fsdecode(name) for name in output.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [f for f in folders
                          if f not in (".git", ".deps", "build", "dist", "__pycache__")]
            found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return sorted({f for f in found if os.path.isfile(os.path.join(ROOT, f))})


def c_files(extensions=(".c", ".h", ".cpp")):
    return [f for f in files() if f.startswith(C_FOLDERS) and f.endswith(extensions)]


def text(path):
    """The file's text, or None if it is not UTF-8 (an image, a model)."""
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        return None


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def code_only(source):
    """C source with comments, strings and characters blanked; lines and columns stay."""
    def blank(match):
        token = match.group(0)
        keep = token[0] if token[0] in "\"'" else " "
        return keep + re.sub(r"[^\n]", " ", token[1:-1]) + (keep if len(token) > 1 else "")
    return _TOKEN.sub(blank, source)


def finish(name, checked, unit, problems):
    """Print the problems and the closing line, and end the program."""
    for problem in problems:
        print(problem)
    print(f"{name}: {checked} {unit}, {len(problems)} problems")
    sys.exit(1 if problems or checked == 0 else 0)
