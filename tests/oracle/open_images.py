#!/usr/bin/env python3
"""Open Images and Pascal VOC rules on random cases against their published evaluators.

Matching, groups, difficult objects, verified labels, areas under the curve and the hierarchy of classes:
TensorFlow's Object Detection API (PyPI tf-models-research-object-detection 2.8.0.post1, the source
archive unpacked into FOLDER: the parts that need nothing but numpy; TensorFlow itself is not needed).
Eleven points: its precisions and recalls, and PyPI object-detection-metrics 0.4.post1 (no difficult
objects there). Scores are all different, since of equal scores each takes another first.

Pinned: numpy 2.4.6, Python 3.11 and the two above.
Usage: open_images.py PROGRAM FOLDER [CASES] [FIRST]   PROGRAM is tests/coco_arrays of a build
       open_images.py golden FOLDER   writes tests/golden/coco/open_images.txt: per case a line with
           convention, whether results are expanded, AP of the classes and their mean; then hierarchy
           (or -), truth, results
"""
import json
import logging
import pathlib
import sys
import tempfile
import types

import numpy as np

import coco as base
from conventions import overlap, run, same

logging.disable(logging.CRITICAL)
np.float, np.NAN = float, np.nan  # names that numpy dropped


def load(folder):
    """The evaluators; what they import beside numpy only names things."""
    compat = types.ModuleType("tensorflow.compat")
    compat.v1 = types.ModuleType("tensorflow.compat.v1")
    labels = types.ModuleType("object_detection.utils.label_map_util")
    labels.create_category_index = lambda categories: {c["id"]: c for c in categories}
    absl = types.ModuleType("absl")
    absl.app, absl.flags = types.ModuleType("absl.app"), types.ModuleType("absl.flags")
    absl.flags.FLAGS = None
    absl.flags.DEFINE_string = absl.flags.DEFINE_integer = lambda *a, **k: None
    sys.modules.update({"tensorflow": types.ModuleType("tensorflow"), "tensorflow.compat": compat,
                        "tensorflow.compat.v1": compat.v1, "absl": absl, "absl.app": absl.app,
                        "absl.flags": absl.flags, "object_detection.utils.label_map_util": labels})
    sys.path.insert(0, str(folder))
    from object_detection.core import standard_fields
    from object_detection.dataset_tools import oid_hierarchical_labels_expansion as expansion
    from object_detection.utils import label_map_util as _, object_detection_evaluation as evaluation
    return standard_fields, evaluation, expansion


def case(seed, groups):
    truth, results, _ = base.case(seed, "bbox")
    rng = np.random.default_rng(seed + 4242)
    ids = [c["id"] for c in truth["categories"]]
    for n, a in enumerate(truth["annotations"]):
        a.pop("ignore", None)
        a["iscrowd"], a["id"] = 0, n + 1
        a["category_id"] = a["category_id"] if a["category_id"] in ids else ids[0]
        if groups and rng.random() < .3:
            a["is_group_of"] = True
        elif not groups and rng.random() < .25:
            a["difficult"] = 1
    results = [r for r in results if r["category_id"] in ids and r["bbox"][2] > 0 and r["bbox"][3] > 0]
    # Corners and sides round differently where an overlap is the threshold itself.
    edge = lambda r, a: any(abs(overlap(r["bbox"], a["bbox"], 0, c) - .5) < 1e-9 for c in (False, True))
    results = [r for r in results if not any(edge(r, a) for a in truth["annotations"] if a["image_id"] == r["image_id"])]
    for r, score in zip(results, rng.permutation(len(results))):
        r["score"] = float(score + 1) / (len(results) + 1)
    for c in truth["categories"]:
        c["name"] = f"/m/{c['id']}"
    return truth, results, rng


def forest(rng, names):
    """A random hierarchy; some classes stand in two places, some stand nowhere, some are in no data."""
    nodes = [{"LabelName": n} for n in names if rng.random() < .9] + [{"LabelName": f"/m/x{k}"} for k in range(2)]
    root = {"LabelName": "/m/0bl9f", "Subcategory": []}
    placed = [root]
    for node in (nodes[i] for i in rng.permutation(len(nodes))):
        parent = placed[int(rng.integers(len(placed)))]
        parent.setdefault("Subcategory", []).append(node)
        placed.append(node)
        if rng.random() < .3:
            other = placed[int(rng.integers(len(placed) - 1))]
            if other is not node and not any(c["LabelName"] == node["LabelName"] for c in other.get("Subcategory", [])):
                copy = {"LabelName": node["LabelName"]}
                inside = json.dumps(other)
                if f'"{other["LabelName"]}"' not in json.dumps(node) and inside:
                    other.setdefault("Subcategory", []).append(copy)
    return root


def evaluate(api, evaluator, truth, results, verified):
    fields, _, _ = api
    g, d = fields.InputDataFields, fields.DetectionResultFields
    corners = lambda rows: np.array([[r["bbox"][1], r["bbox"][0], r["bbox"][1] + r["bbox"][3],
                                      r["bbox"][0] + r["bbox"][2]] for r in rows], float).reshape(-1, 4)
    index = {c: k + 1 for k, c in enumerate(sorted(c["id"] for c in truth["categories"]))}
    for image in sorted({i["id"] for i in truth["images"]}):
        a = [x for x in truth["annotations"] if x["image_id"] == image]
        r = [x for x in results if x["image_id"] == image]
        info = {g.groundtruth_boxes: corners(a),
                g.groundtruth_classes: np.array([index[x["category_id"]] for x in a], int),
                g.groundtruth_difficult: np.array([bool(x.get("difficult")) for x in a], bool),
                g.groundtruth_group_of: np.array([bool(x.get("is_group_of")) for x in a], bool)}
        if verified is not None:
            info[g.groundtruth_image_classes] = np.array([index[c] for c in verified[image]], int)
        evaluator.add_single_ground_truth_image_info(image, info)
        evaluator.add_single_detected_image_info(image, {
            d.detection_boxes: corners(r), d.detection_scores: np.array([x["score"] for x in r], float),
            d.detection_classes: np.array([index[x["category_id"]] for x in r], int)})
    return evaluator._evaluation.evaluate()


def expand(api, tree, truth, results, verified):
    """Rows and labels as the published tool writes them, for the classes that the truth lists."""
    tool = api[2].OIDHierarchicalLabelsExpansion(tree)
    name = {c["id"]: c["name"] for c in truth["categories"]}
    ids = {v: k for k, v in name.items()}

    def rows(old):
        for r in old:
            label = name[r["category_id"]]
            lines = tool.expand_boxes_or_segments_from_csv(f"i,{label}") if label in tool._hierarchy_keyed_child \
                else [f"i,{label}"]
            for line in lines:
                if line.split(",")[1] in ids:
                    yield dict(r, category_id=ids[line.split(",")[1]])

    def labels(old):
        for c in old:
            lines = tool.expand_labels_from_csv(f"i,{name[c]},0") if name[c] in tool._hierarchy_keyed_parent \
                else [f"i,{name[c]},0"]
            yield from (ids[line.split(",")[1]] for line in lines if line.split(",")[1] in ids)

    wide = dict(truth, annotations=list(rows(truth["annotations"])))
    return wide, list(rows(results)), {i: sorted(set(labels(v))) for i, v in verified.items()}


def wanted(got):
    ap = np.asarray(got.average_precisions, float)
    return [*np.where(np.isnan(ap), -1.0, ap), -1.0 if np.all(np.isnan(ap)) else np.nanmean(ap)]


def check_voc(program, api, seed):
    truth, results, _ = case(seed, False)
    n = max(len(truth["categories"]), 1)
    categories = [{"id": k + 1, "name": str(k)} for k in range(n)]
    got = evaluate(api, api[1].PascalDetectionEvaluator(categories), truth, results, None)
    area = run(program, truth, results, "bbox", "voc2012")
    good, what = same(area if isinstance(area, str) else [*area[:n], area[-2]], [wanted(got)], False)
    if not good:
        return good, what, 2 * n
    points = [np.nan if np.isnan(ap) else 0.0 if not len(p) else
              float(np.mean([max(p[r >= i * .1], default=0.0) for i in range(11)]))
              for ap, p, r in zip(got.average_precisions, got.precisions, got.recalls)]
    eleven = run(program, truth, results, "bbox", "voc2007")
    mean = -1.0 if np.all(np.isnan(points)) else np.nanmean(points)
    return *same(eleven if isinstance(eleven, str) else eleven[-2:-1], [mean], False), 2 * n + 1


def check_podm(program, api, seed):
    from podm.metrics import BoundingBox, MethodAveragePrecision, MetricPerClass, get_pascal_voc_metrics
    truth, results, _ = case(seed, False)
    for a in truth["annotations"]:
        a.pop("difficult", None)
    corners = lambda r: (r["bbox"][0], r["bbox"][1], r["bbox"][0] + r["bbox"][2], r["bbox"][1] + r["bbox"][3])
    images = {i["id"] for i in truth["images"]}
    gold = [BoundingBox.of_bbox(a["image_id"], a["category_id"], *corners(a)) for a in truth["annotations"]
            if a["image_id"] in images]
    pred = [BoundingBox.of_bbox(r["image_id"], r["category_id"], *corners(r), r["score"]) for r in results]
    bad, n = "", 0
    for name, method in (("voc2007", MethodAveragePrecision.ElevenPointsInterpolation),
                         ("voc2012", MethodAveragePrecision.AllPointsInterpolation)):
        if not gold:
            continue
        metrics = get_pascal_voc_metrics(gold, pred, .5, method)
        mine = run(program, truth, results, "bbox", name)
        good, what = same(mine if isinstance(mine, str) else mine[-2:-1], [MetricPerClass.mAP(metrics)], False)
        bad, n = bad if good else what, n + 1
    return not bad, bad, n


def with_groups(api, seed):
    """Open Images V2: groups are ignored."""
    truth, results, _ = case(seed, True)
    ids = sorted(c["id"] for c in truth["categories"])
    categories = [{"id": k + 1, "name": str(k)} for k in range(len(ids))]
    got = evaluate(api, api[1].OpenImagesDetectionEvaluator(categories), truth, results, None)
    return truth, results, "open-images", None, False, wanted(got)


def challenge(api, seed, tree=True):
    """A group is one object; only verified classes count; objects, and results if both, are expanded."""
    truth, results, rng = case(seed, True)
    ids = sorted(c["id"] for c in truth["categories"])
    tree, both = forest(rng, [c["name"] for c in truth["categories"]]) if tree else None, seed % 2 == 1
    if tree and not any(f'"/m/{c}"' in json.dumps(tree) for c in ids):
        return None
    verified = {i["id"]: [c for c in ids if rng.random() < .4] for i in truth["images"]}
    for i in truth["images"]:  # an image may stand there twice: the last one counts
        i["neg_category_ids"] = verified[i["id"]]
    wide, more, labels = expand(api, tree, truth, results, verified) if tree else (truth, results, verified)
    categories = [{"id": k + 1, "name": str(k)} for k in range(len(ids))]
    got = evaluate(api, api[1].OpenImagesDetectionChallengeEvaluator(categories), wide,
                   more if tree and both else results, labels)
    return truth, results, "open-images-challenge", tree, both, wanted(got)


def compare(program, made):
    if made is None:
        return True, "", 0
    truth, results, name, tree, both, values = made
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(tree, file)
        file.flush()
        mine = run(program, truth, results, "bbox", name,
                   ["hierarchy=" + "+" * both + file.name] if tree else [])
    return *same(mine if isinstance(mine, str) else [*mine[:len(values) - 1], mine[-2]], [values], False), len(values)


def check_groups(program, api, seed):
    return compare(program, with_groups(api, seed))


def check_challenge(program, api, seed):
    return compare(program, challenge(api, seed, False))


def check_hierarchy(program, api, seed):
    return compare(program, challenge(api, seed))


def golden(api):
    size = 0
    path = pathlib.Path(__file__).parent.parent / "golden" / "coco" / "open_images.txt"
    with open(path, "w") as out:
        for make, some in ((with_groups, 3), (lambda a, s: challenge(a, s, False), 3), (challenge, 8)):
            n = seed = 0
            while n < some:
                made = make(api, seed)
                seed += 1
                if made is None or len(json.dumps(made[:2])) > 7000 or not 0 < made[-1][-1] < 1:
                    continue
                truth, results, name, tree, both, values = made
                text = "\n".join([" ".join([name, str(int(both)), str(len(values)), *(float(v).hex() for v in values)]),
                                  json.dumps(tree) if tree else "-", json.dumps(truth), json.dumps(results)]) + "\n"
                out.write(text)
                size += len(text)
                n += 1
    print(size, "bytes")


def main():
    program, folder = sys.argv[1:3]
    cases, first = ([int(a) for a in sys.argv[3:]] + [200, 0][len(sys.argv) - 3:])[:2]
    api, bad = load(pathlib.Path(folder)), 0
    if program == "golden":
        return golden(api)
    for check in (check_voc, check_podm, check_groups, check_challenge, check_hierarchy):
        differ = values = 0
        for seed in range(first, first + cases):
            good, what, n = check(program, api, seed)
            values += n
            if not good:
                differ += 1
                if differ <= 4:
                    print(f"{check.__name__} {seed}: {what}", flush=True)
        print(f"{check.__name__[6:]}: {cases} cases, {values} values, {differ} cases differ", flush=True)
        bad += differ
    sys.exit(bad > 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main()
