#!/usr/bin/env python3
"""Golden file of conventions and kinds of errors: small cases of conventions.py and detection_analysis.py.

Per case one line of what is expected (convention, type, statistics), one with the truth, one with the
results. Pinned: as those scripts. Usage: detection_golden.py  writes tests/golden/coco/conventions.txt
"""
import json
import pathlib

import numpy as np

import conventions as c
import detection_analysis as a

OUT = pathlib.Path(__file__).parent.parent / "golden" / "coco" / "conventions.txt"


def lvis(seed):
    truth, results, iou = c.lvis_case(seed)
    return truth, results, "lvis", iou, c.lvis_peer(truth, results, iou)[2] if results else None


def voc(seed):
    groups, eleven = seed % 3 == 0, seed % 2 == 0 and seed % 3 != 0
    truth, results = c.voc_case(seed, groups)
    name = "open-images" if groups else "voc2007" if eleven else "voc2012"
    return truth, results, name, "bbox", [c.voc_peer(truth, results, eleven, 0, groups)]


def corrected(seed):
    truth, results, _ = c.base.case(seed, "bbox")
    ids = [x["id"] for x in truth["categories"]]
    results = [r for r in results if r["category_id"] in ids]
    return truth, results, "coco-corrected", "bbox", c.corrected_peer(truth, results)


def errors(seed):
    truth, results = a.case(seed)
    if not results or all(x["iscrowd"] for x in truth["annotations"]):
        return truth, results, "tide", "bbox", None
    ap, gains, counts = a.tide(truth, results, .5)
    return truth, results, "tide", "bbox", [ap / 100, *(gains[k] / 100 for k in a.KINDS), *counts.values()]


def main():
    size = 0
    with open(OUT, "w") as out:
        for make, wanted in ((lvis, 4), (voc, 6), (corrected, 4), (errors, 6)):
            n = seed = 0
            while n < wanted:
                truth, results, name, iou, stats = make(seed)
                seed += 1
                if stats is None or len(json.dumps([truth, results])) > 9000 or not np.any(np.array(stats) > 0):
                    continue
                text = "\n".join([" ".join([name, iou, str(len(stats)), *(float(s).hex() for s in stats)]),
                                  json.dumps(truth), json.dumps(results)]) + "\n"
                out.write(text)
                size += len(text)
                n += 1
    print(size, "bytes")


if __name__ == "__main__":
    main()
