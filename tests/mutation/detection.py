#!/usr/bin/env python3
"""Do the tests of detection catch a broken rule? One rule at a time is broken in a copy of its source
file, which is compiled and linked in place of the original; the unit tests must then fail.

Usage: detection.py BUILD_FOLDER [NAME...]   BUILD_FOLDER holds compile_commands.json and is built.
"""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

TESTS = ("core_test_detection", "core_test_detection_analysis", "core_test_oriented", "codec_test_coco")

# name, file, what stands there, what it becomes
MUTATIONS = [
    ("transposed IoU", "src/codec/rle.c", "(crowd ? area : area + truth[2] * truth[3] - common)",
     "(crowd ? truth[2] * truth[3] : area + truth[2] * truth[3] - common)"),
    ("union without the intersection", "src/codec/rle.c", "truth[2] * truth[3] - common)", "truth[2] * truth[3])"),
    ("mask overlap by boxes", "src/codec/rle.c", "    if (common == 0) {\n        return 0.0;\n    }",
     "    if (common == 0) {\n        return 1.0;\n    }"),
    ("polygon pixels half a pixel off", "src/codec/rle_polygon.c", "CROSSED = 2", "CROSSED = 1"),
    ("no envelope", "src/core/detection_accumulate.c",
     "f->precision[i - 1] = f->precision[i];", "(void)f;"),
    ("no epsilon", "src/core/detection_accumulate.c", "2.220446049250313e-16", "0.0"),
    ("recall grid of decimals", "src/core/detection_protocol.c", "out[i] = i * step + low;",
     "out[i] = low + (high - low) * i / (n - 1);"),
    ("IoU grid not closed", "src/core/detection_match.c", "if (!(iou < m->least[0])) {", "if (iou > m->least[0]) {"),
    ("first of equals", "src/core/detection_match.c", "(first && best >= 0", "(best >= 0"),
    ("a crowd is taken once", "src/core/detection_match.c", "(used && !o->crowd)", "used"),
    ("a crowd by union", "src/core/detection_match.c", "assay_thing_overlap(t, o, p, o->crowd || o->group)",
     "assay_thing_overlap(t, o, p, false)"),
    ("ignored objects first", "src/core/detection_match.c", "taken, area, t, false);", "taken, area, t, true);"),
    ("ignored hits count", "src/core/detection_match.c",
     "out->skip |= (o->ignored >> area & 1) != 0 ? bits : 0;", "(void)area;"),
    ("detections outside the range count", "src/core/detection_match.c",
     "if ((t->ignored >> a & 1) != 0 || cell->partial) {", "if (cell->partial) {"),
    ("open upper end of areas", "src/core/detection_shape.c", ": area > range->high;", ": area >= range->high;"),
    ("id 0 is found", "src/core/detection_match.c", "out->hit |= lost ? 0 : bits;", "out->hit |= bits; (void)lost;"),
    ("caps ignored in recall", "src/core/detection_accumulate.c", "if (list.place[i] >= cap) {",
     "if (list.place[i] >= cap + 1) {"),
    ("ties in reverse", "src/core/detection_match.c", "s->scores[s->order[at - 1]] < s->scores[i]",
     "s->scores[s->order[at - 1]] <= s->scores[i]"),
    ("absent classes count 0", "src/core/detection_accumulate.c", "(positives > 0 || absent);",
     "(positives >= 0 || absent);"),
    ("area of the box for objects", "src/core/detection_shape.c",
     "    if ((rows->has[row] & ASSAY_COCO_AREA) == 0 ||", "    if (!mask ||"),
    ("plain sums", "src/core/detection_accumulate.c", "    if (n <= 128) {", "    if (n <= 7) {"),
    ("OKS: no mean", "src/core/detection_shape.c", "assay_numpy_sum(terms, n) / (double)n",
     "assay_numpy_sum(terms, n) / 17.0"),
    ("OKS: sigma not doubled", "src/core/detection_shape.c", "protocol->sigmas[k] * 2.0", "protocol->sigmas[k] * 1.0"),
    ("OKS: invisible keypoints count", "src/core/detection_shape.c", "if (!(g[2] > 0.0)) {", "if (g[2] < 0.0) {"),
    ("OKS: box not doubled", "src/core/detection_shape.c", "double left = b[0] - b[2];", "double left = b[0];"),
    ("LVIS: not federated", "src/core/detection_pair.c",
     "if (cell->n_objects == 0 && !listed_in(&truth->absent, image, category)) {", "if (cell->n_objects < 0) {"),
    ("LVIS: partial classes count", "src/core/detection_pair.c",
     "cell->partial = listed_in(&truth->partial, image, category);", "cell->partial = false;"),
    ("VOC: only free objects are claimed", "src/core/detection_match.c",
     "if (*better == NULL || c->iou > (*better)->iou) {",
     "if ((taken[c->object] & 1) == 0 && (*better == NULL || c->iou > (*better)->iou)) {"),
    ("Open Images: groups take nothing", "src/core/detection_match.c", "out.skip |= (uint16_t)(within & ~out.hit);",
     "(void)within;"),
    ("turned boxes overlap as the boxes around them", "src/core/detection_shape.c",
     "        return assay_hull_iou(&detection->hull, &object->hull, crowd);", "        break;"),
    ("crossings of a column unsorted", "src/codec/rle_polygon.c", "k > 0 && values[k - 1] > value",
     "k > n && values[k - 1] > value"),
    ("the box of a mask: runs end a column late", "src/codec/rle.c", "column_of(column, at - 1, h)",
     "column_of(column, at, h)"),
    ("columns crossed more than twice", "src/codec/rle_polygon.c", "if (o.n_more == 0) {", "if (o.n_more >= 0) {"),
    ("ties one after the other", "src/core/detection_protocol.c", "ASSAY_RULE_ABSENT_ZERO | ASSAY_RULE_TIES",
     "ASSAY_RULE_ABSENT_ZERO"),
    ("replicates without weights of objects", "src/core/detection_bootstrap.c",
     "objects[l] += (double)n * (double)w[l];", "objects[l] += (double)n;"),
    ("replicates without an envelope", "src/core/detection_curves.c",
     "c->best[l] = precision > c->best[l] ? precision : c->best[l];", "c->best[l] = precision;"),
    ("clusters drawn one by one", "src/core/detection_bootstrap.c",
     "d->address != NULL ? d->address[i] : d->image_id[i]", "d->image_id[i]"),
    ("TIDE: background before place", "src/core/detection_errors.c",
     "if (j->background <= same.overlap && same.overlap <= j->iou) {",
     "if (j->iou <= same.overlap && same.overlap <= j->iou) {"),
    ("TIDE: duplicates are mended to hits", "src/core/detection_errors.c",
     "p->mends = o->detection < 0 && o->missed;", "p->mends = o->missed;"),
    ("TIDE: missed objects stay", "src/core/detection_errors_weigh.c",
     "out->not_missed[l] += o->missed ? 0 : w[l];", "out->not_missed[l] += w[l];"),
    ("confusion by class", "src/core/detection_confusion.c", "hits[t] = s->object_class[o];",
     "hits[t] = s->detection_class[t];"),
    ("rates: overlap of a half suffices twice", "src/core/detection_confusion.c", "other |= !same;", "found |= !same;"),
]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    commands = {c["file"]: c for c in json.loads((build / "compile_commands.json").read_text())}
    links = {}
    for test in TESTS:
        lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", test], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        links[test] = shlex.split(lines[-1].replace(": && ", "", 1).replace(" && :", ""))
    survived, tried = [], 0
    for name, file, old, new in MUTATIONS:
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        text = (root / file).read_text()
        if old not in text:
            raise SystemExit(f"{name}: {file} has no '{old}'")
        command = commands[str(root / file)]
        words = shlex.split(command["command"])
        target = words[words.index("-o") + 1]
        with tempfile.TemporaryDirectory() as folder:
            source, made = f"{folder}/mutant.c", f"{folder}/mutant.o"
            pathlib.Path(source).write_text(text.replace(old, new, 1))
            words[words.index("-o") + 1] = made
            words[words.index(command["file"])] = source
            words = [w for w in words if w != "-Werror"]
            subprocess.run(words, cwd=command["directory"], check=True, capture_output=True)
            caught = False
            for test, link in links.items():
                program = f"{folder}/{test}"
                line = [made if w == target else program if link[i - 1] == "-o" else w for i, w in enumerate(link)]
                subprocess.run(line, cwd=build, check=True, capture_output=True)
                try:
                    caught = caught or subprocess.run([program], cwd=build, capture_output=True, timeout=90).returncode != 0
                except subprocess.TimeoutExpired:
                    caught = True
        tried += 1
        if not caught:
            survived.append(name)
        print(f"{'caught' if caught else 'SURVIVED':10} {name}", flush=True)
    print(f"{tried - len(survived)} of {tried} caught")
    sys.exit(bool(survived))


if __name__ == "__main__":
    main()
