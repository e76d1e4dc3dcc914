#!/usr/bin/env python3
"""bench/annotations.py: annotations of 5,000 images with 40,000 boxes from four formats to COCO, beside what Python
needs to read the same files into lists (json, xml.etree, csv), processor time of one thread.

The program is $ASSAY_PROGRAM. Fails when a number of boxes differs."""
import csv
import glob
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import numpy as np

IMAGES, BOXES, CLASSES = 5000, 40000, 20
GROWTH = (1000, 2000, 4000, 8000)


VISDRONE = ["pedestrian", "people", "bicycle", "car", "van", "truck", "tricycle", "awning-tricycle", "bus", "motor"]


def make(path, images=IMAGES, boxes=BOXES, names=None):
    names = names or [f"class{k}" for k in range(1, CLASSES + 1)]
    rng = np.random.default_rng(9)
    image = np.sort(rng.integers(1, images + 1, boxes))
    corner, size = rng.integers(0, 500, (boxes, 2)), rng.integers(2, 130, (boxes, 2))
    label = rng.integers(1, len(names) + 1, boxes)
    json.dump({"images": [{"id": i, "file_name": f"{i:06}.jpg", "width": 640, "height": 640} for i in range(1, images + 1)],
               "categories": [{"id": k + 1, "name": name} for k, name in enumerate(names)],
               "annotations": [{"id": i + 1, "image_id": int(image[i]), "category_id": int(label[i]), "iscrowd": 0,
                                "bbox": [*map(int, corner[i]), *map(int, size[i])], "area": int(size[i].prod())}
                               for i in range(boxes)]}, open(path, "w"))


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
        n += row["xmin"] != ""  # an image without boxes has a row of its own
    return n


def growth(run, folder):
    """Twice the images and boxes must not take more than twice the time, in any format: exponent of the last
    doubling. YOLO, DOTA and VisDrone do not say how large images are: every image file is opened."""
    for name in ("coco", "yolo", "voc", "labelme", "dota", "visdrone", "csv"):
        times = []
        for images in GROWTH:
            source, place = f"{folder}/g{images}.json", f"{folder}/{name}-{images}{'.csv' * (name == 'csv')}"
            make(source, images, 8 * images, VISDRONE)
            if name in ("yolo", "dota", "visdrone"):
                pictures = f"{folder}/pictures"
                os.makedirs(pictures, exist_ok=True)
                for i in range(1, images + 1):
                    if not os.path.exists(f"{pictures}/{i:06}.jpg"):
                        with open(f"{pictures}/{i:06}.jpg", "wb") as f:
                            f.write(b"P5\n640 640\n255\n")
                run("convert", source, "--to", name, "--out", place, "--images", pictures)
            else:
                run("convert", source, "--to", name, "--out", place)
            times.append(run("convert", place, "--to", "coco", "--out", f"{folder}/out.json"))
            os.remove(f"{folder}/out.json")
        exponents = [math.log2(b / a) for a, b in zip(times, times[1:])]
        print(f"{name}: {8 * GROWTH[0]:,} to {8 * GROWTH[-1]:,} boxes in {', '.join(f'{t:.2f}' for t in times)} s, exponents "
              f"{', '.join(f'{e:.2f}' for e in exponents)} (1 is linear)", flush=True)


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
        growth(run, folder)
    sys.exit(not good)


if __name__ == "__main__":
    main()
