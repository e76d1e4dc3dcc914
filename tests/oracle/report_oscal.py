#!/usr/bin/env python3
"""oscal.json against NIST's own definition of the format: the resolved metaschema of OSCAL 1.1.3.

Pinned: Python 3.11, oscal 3.2.2 (PyPI; it carries the resolved metaschemas that NIST publishes with each
release). Checked are structure, data types, allowed values, cardinality and choices. So that a pass means
something, the file is then damaged in every one of these ways, and each damage has to be found.

    report_oscal.py oscal.json...
"""
import copy
import json
import logging
import os
import sys
import tempfile
from importlib.metadata import version

from oscal.oscal_content import OSCAL

assert version("oscal") == "3.2.2", version("oscal")
logging.disable(logging.CRITICAL)  # it looks for the imported plan, which is no OSCAL document


def problems(document):
    loaded = OSCAL.loads(json.dumps(document))
    if loaded.oscal_version != "v1.1.3":
        return [f"held against {loaded.oscal_version}"]
    found = [str(e) for e in loaded.validation_errors]
    return found if found or loaded.is_valid else ["not valid"]


def result(document):
    return document["assessment-results"]["results"][0]


DAMAGES = {
    "no title": lambda d: result(d).pop("title"),
    "no UUID": lambda d: d["assessment-results"].pop("uuid"),
    "bad UUID": lambda d: result(d).update(uuid="1234"),
    "bad time": lambda d: result(d).update(start="yesterday"),
    "no methods": lambda d: result(d)["observations"][0].pop("methods"),
    "unknown state": lambda d: result(d)["findings"][0]["target"]["status"].update(state="perhaps"),
    "bad name": lambda d: result(d)["findings"][0]["props"][0].update(name="has blanks"),
}


def main():
    paths = [os.path.abspath(path) for path in sys.argv[1:]]
    scratch = tempfile.TemporaryDirectory()
    os.chdir(scratch.name)  # the package unpacks its 160 MB of metaschemas into the working directory
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        found = problems(document)
        if found:
            sys.exit(f"{path}: " + "\n".join(found))
        missed = []
        for name, damage in DAMAGES.items():
            broken = copy.deepcopy(document)
            try:
                damage(broken)
            except (KeyError, IndexError):
                continue
            if not problems(broken):
                missed.append(name)
        if missed:
            sys.exit(f"{path}: damages that were not found: {', '.join(missed)}")
        print(f"{path}: valid, and no damage went unnoticed")


if __name__ == "__main__":
    main()
