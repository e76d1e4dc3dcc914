#!/usr/bin/env python3
"""bench/annotations.py: annotations of 5,000 images with 40,000 boxes from four formats to COCO, beside what Python
needs to read the same files into lists (json, xml.etree, csv), processor time of one thread.

The program is $ASSAY_PROGRAM. Fails when a number of boxes differs."""
import csv
import glob
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import numpy as np

IMAGES, BOXES, CLASSES = 5000, 40000, 20


def make(path):
    rng = np.random.default_rng(9)
    image = np.sort(rng.integers(1, IMAGES + 1, BOXES))
    corner, size = rng.integers(0, 500, (BOXES, 2)), rng.integers(2, 130, (BOXES, 2))
    label = rng.integers(1, CLASSES + 1, BOXES)
    json.dump({"images": [{"id": i, "file_name": f"{i:06}.jpg", "width": 640, "height": 640} for i in range(1, IMAGES + 1)],
               "categories": [{"id": k, "name": f"class{k}"} for k in range(1, CLASSES + 1)],
               "annotations": [{"id": i + 1, "image_id": int(image[i]), "category_id": int(label[i]), "iscrowd": 0,
                                "bbox": [*map(int, corner[i]), *map(int, size[i])], "area": int(size[i].prod())}
                               for i in range(BOXES)]}, open(path, "w"))


def read_coco(path):
    return len(json.load(open(path))["annotations"])


def read_voc(path):
    n = 0
    for file in glob.glob(f"{path}/**/*.xml", recursive=True):
        for o in xml.etree.ElementTree.parse(file).getroot().iter("object"):
            n += len([float(o.find("bndbox/" + c).text) for c in ("xmin", "ymin", "xmax", "ymax")]) == 4
    return n


def read_labelme(path):
    return sum(len(json.load(open(f))["shapes"]) for f in glob.glob(f"{path}/**/*.json", recursive=True))


def read_csv(path):
    n = 0
    for row in csv.DictReader(open(path)):
        n += bool(row)
    return n


def main():
    program = os.environ.get("ASSAY_PROGRAM", "build/release/bin/assay")
    good = True

    def run(*words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, *words, "--threads", "1", "--quiet"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/source.json"
        make(source)
        for name, place, read in (("coco", "again.json", read_coco), ("voc", "voc", read_voc),
                                  ("labelme", "labelme", read_labelme), ("csv", "boxes.csv", read_csv)):
            path = f"{folder}/{place}"
            run("convert", source, "--to", name, "--out", path)
            back = f"{folder}/back-{name}.json"
            mine = run("convert", path, "--to", "coco", "--out", back)
            start = time.process_time()
            count = read(path)
            theirs = time.process_time() - start
            same = count == BOXES == read_coco(back)
            good &= same
            print(f"{name}: {BOXES} boxes read and written as COCO in {mine:.2f} s, Python reads them in {theirs:.2f} s, "
                  f"{theirs / mine:.1f} times{'' if same else ', NUMBERS OF BOXES DIFFER'}", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
