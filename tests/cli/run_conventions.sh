#!/bin/bash
# The member `detection` of a plan: turned boxes, keypoints, masks, the conventions, thresholds, areas and
# hierarchies give in `assay run` and `assay verify` what `assay evaluate` gives; what does not fit is refused.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
python3 - <<'PY'
import json, math, random
rng = random.Random(11)
images = [{"id": i, "file_name": f"{i}.png", "width": 400, "height": 300, "scene": i % 12, "neg_category_ids": [1, 2, 3],
           "not_exhaustive_category_ids": []} for i in range(1, 41)]
names = ["animal", "dog", "car"]
truth, results = [], {"a": [], "b": []}
def turned(cx, cy, w, h, angle):
    c, s = math.cos(angle), math.sin(angle)
    return [round(v, 3) for x, y in ((-w, -h), (w, -h), (w, h), (-w, h))
            for v in (cx + (x * c - y * s) / 2, cy + (x * s + y * c) / 2)]
def box(q):
    x, y = q[0::2], q[1::2]
    return [min(x), min(y), max(x) - min(x), max(y) - min(y)]
def row(image, kind, cx, cy, w, h, angle):
    q = turned(cx, cy, w, h, angle)
    points = [v for k in range(17) for v in (cx + w * math.cos(k) / 3, cy + h * math.sin(k) / 3, 2)]
    return {"image_id": image["id"], "category_id": kind, "bbox": box(q), "segmentation": [q], "keypoints": points}
for image in images:
    for _ in range(rng.randint(1, 5)):
        kind, cx, cy = rng.randint(1, 3), rng.uniform(60, 340), rng.uniform(60, 240)
        w, h, angle = rng.uniform(15, 110), rng.uniform(10, 60), rng.uniform(0, 3)
        o = row(image, kind, cx, cy, w, h, angle)
        truth.append(o | {"id": len(truth) + 1, "area": round(w * h, 3), "iscrowd": int(rng.random() < .05),
                          "num_keypoints": 17})
        for name, noise in (("a", .08), ("b", .16)):
            if rng.random() < .85:
                n = lambda: 1 + rng.gauss(0, noise)
                results[name].append(row(image, kind, cx + w * (n() - 1), cy + h * (n() - 1), w * n(), h * n(),
                                         angle + rng.gauss(0, noise)) | {"score": round(rng.uniform(.3, 1), 2)})
    for name in results:
        if rng.random() < .5:
            results[name].append(row(image, rng.randint(1, 3), rng.uniform(60, 340), rng.uniform(60, 240), 40, 30,
                                     1.0) | {"score": round(rng.uniform(0, .8), 2)})
json.dump({"images": images, "annotations": truth,
           "categories": [{"id": k + 1, "name": n, "frequency": "rcf"[k]} for k, n in enumerate(names)]}, open("truth.json", "w"))
for name in results:
    json.dump(results[name], open(f"{name}.json", "w"))
json.dump({"LabelName": "thing", "Subcategory": [{"LabelName": "animal", "Subcategory": [{"LabelName": "dog"}]},
                                                 {"LabelName": "car"}]}, open("classes.json", "w"))
PY
plan() { # DETECTION REQUIREMENT...
    cat >plan.yaml <<YAML
assay: 1
task: detection
replicates: 200
$1
models:
  a: {predictions: a.json, data: d}
  b: {predictions: b.json, data: d}
data:
  d: {path: truth.json, cluster: scene}
requirements:
YAML
    shift
    printf '  - %s\n' "$@" >>plan.yaml
}
# same NAME EVALUATE-OPTIONS: the averages of `evaluate` are those of the run in e, with their intervals.
same() {
    name=$1
    shift
    expect 0 "$assay" evaluate --task detection --truth truth.json --predictions a.json --cluster scene \
        --replicates 200 --json one.json "$@"
    python3 - "$name" <<'PY' || fail "$name: run and evaluate differ"
import json, sys
def averages(path, model):
    return {(m["metric"], m.get("class"), json.dumps(m["params"])): (m["value"], m.get("low"), m.get("high"), m["n"])
            for m in json.load(open(path))["measures"]
            if m["metric"].split("_", 1)[1] in ("average_precision", "average_recall") and "tide" not in m["metric"]
            and m.get("model") in (None, model)}
one, run = averages("one.json", None), averages("e/results.json", "a")
assert one and run, (len(one), len(run))
assert one == run, [(k, one.get(k), run.get(k)) for k in one | run if one.get(k) != run.get(k)][:5]
PY
    checks=$((checks + 1))
}
# judged TEXT: the verdicts of the run; verify's are the same, with the same numbers.
judged() {
    says out "$1"
    python3 -c 'import json; print([(v["id"], v["verdict"], v.get("low"), v.get("high"))
        for v in json.load(open("e/results.json"))["verdicts"]])' >first
    expect "$code" "$assay" verify e --plan plan.yaml --json again.json
    python3 -c 'import json; print([(v["id"], v["verdict"], v.get("low"), v.get("high"))
        for v in json.load(open("again.json"))["verdicts"]])' >second
    cmp -s first second || { fail "run and verify judge differently"; diff first second; }
}
go() { # CODE
    code=$1
    rm -rf e
    expect "$code" "$assay" run plan.yaml --out e
}
low='at_least: 0.2, model: a}' high='at_least: 0.97, model: a}'

plan 'detection: {iou_type: obb}' \
    "{id: R1, text: a, metric: {detection_average_precision: {iou: 0.5}}, $low" \
    "{id: R2, text: b, metric: coco_average_precision, class: car, $high" \
    "{id: R3, text: c, metric: {detection_average_precision: {area: small}}, at_least: 0.0, model: a}" \
    "{id: R4, text: d, metric: {tide_missed: {iou: 0.5}}, at_most: 0.9, model: a}" \
    "{id: R5, text: e, metric: {object_vanished_rate: {confidence: 0.3}}, at_most: 0.9, model: b}"
go 1
judged '4 MET, 1 NOT MET'
same obb --iou-type obb
says e/results.json '"iou_type": "obb"'
says e/report.html 'turned boxes'
python3 - <<'PY' || fail "turned boxes: comparison of the detectors"
import json
r = json.load(open("e/results.json"))
d = [c for c in r["comparisons"] if c["metric"] == "coco_average_precision"]
assert d and all(c["difference"] < 0 for c in d if c.get("class") is None and c["params"]["area"] == "all"), d
PY

plan 'detection: {convention: voc2012}' \
    "{id: R1, text: a, metric: detection_average_precision, $low" \
    "{id: R2, text: b, metric: {detection_average_precision: {iou: 0.5}}, class: dog, $high" \
    "{id: R3, text: c, metric: {detection_average_precision: {iou: 0.75}}, $low"
go 1
judged '1 MET, 1 NOT MET, 0 INCONCLUSIVE, 1 NOT EVALUATED'
fits e/results.json
same voc2012 --convention voc2012
says e/report.html 'voc2012'

for convention in voc2007 coco-corrected lvis open-images open-images-challenge torchmetrics; do
    plan "detection: {convention: $convention}" "{id: R1, text: a, metric: detection_average_precision, $low" \
        "{id: R2, text: b, metric: detection_average_recall, at_least: 0.05, model: a}"
    go 0
    judged '2 MET'
    same "$convention" --convention "$convention"
done

plan 'detection: {iou: [0.3, 0.6], areas: {tiny: [0, 500], rest: [500, inf]}, max_detections: [5, 50], recalls: 41}' \
    "{id: R1, text: a, metric: {detection_average_precision: {iou: 0.3, max_detections: 50}}, $low" \
    "{id: R2, text: b, metric: {detection_average_precision: {area: rest}}, $low" \
    "{id: R3, text: c, metric: {detection_average_recall: {max_detections: 5}}, $low"
go 0
judged '3 MET'
same free --iou 0.3,0.6 --areas tiny:0:500,rest:500:inf --max-detections 5,50 --recalls 41
says e/report.html 'AP rest'

plan 'detection: {iou_type: keypoints}' "{id: R1, text: a, metric: {coco_average_precision: {iou: \"0.50\", max_detections: 20}}, $low" \
    "{id: R2, text: b, metric: {detection_average_precision: {iou: 0.75}}, at_least: 0.01, model: a}" \
    "{id: R3, text: c, metric: {detection_average_recall: {area: medium}}, at_least: 0, model: a}"
go 0
judged '3 MET'
same keypoints --iou-type keypoints
says e/report.html 'keypoints'

plan 'detection: {iou_type: segm}' "{id: R1, text: a, metric: coco_average_precision, $low"
go 0
judged '1 MET'
same segm --iou-type segm

plan 'detection: {convention: open-images, hierarchy: classes.json, expand_predictions: true}' \
    "{id: R1, text: a, metric: detection_average_precision, class: animal, $low"
go 0
judged '1 MET'
same hierarchy --convention open-images --hierarchy classes.json --expand-predictions
before=$(grep -A3 '"rule"' e/results.json | grep digest)
sed -i 's/, expand_predictions: true//' plan.yaml
"$assay" run plan.yaml --out e >out 2>&1
[ "$before" != "$(grep -A3 '"rule"' e/results.json | grep digest)" ] || fail "the rule's digest does not know of expand_predictions"

# `assay compare` takes the same options: in both detectors its values are those of evaluate.
compared() {
    expect 0 "$assay" compare --task detection --truth truth.json a.json b.json --replicates 200 --json both.json "$@"
    for name in a b; do
        expect 0 "$assay" evaluate --task detection --truth truth.json --predictions $name.json --replicates -1 \
            --json $name.one "$@"
    done
    python3 - <<'PY' || fail "compare $*: not the values of evaluate"
import json
def values(path):
    return {(m.get("class"), m["params"]["iou"], m["params"]["area"], m["params"]["max_detections"]): m["value"]
            for m in json.load(open(path))["measures"] if m["metric"].endswith("_average_precision") and "area" in m["params"]}
a, b = values("a.one"), values("b.one")
seen = 0
for d in json.load(open("both.json"))["comparisons"]:
    if d["metric"].endswith("_average_precision") and "area" in d["params"]:
        key = (d.get("class"), d["params"]["iou"], d["params"]["area"], d["params"]["max_detections"])
        assert (d["in_a"], d["in_b"]) == (a[key], b[key]), (key, d, a[key], b[key])
        seen += 1
assert seen > 3, seen
PY
    checks=$((checks + 1))
}
compared --iou-type obb
compared --convention voc2007 --iou 0.3,0.5 --pixel
compared --iou 0.4:0.6:0.1 --areas tiny:0:500,rest:500:inf --max-detections 5,50 --recalls 41
compared --iou-type keypoints --sigmas "$(printf '0.05,%.0s' {1..16})0.1"

# DOTA's files: results are written a file per class and found again, images that are called by numbers too;
# all values are those of the COCO files.
expect 0 "$assay" convert truth.json --to dota --out boxes
expect 0 "$assay" convert a.json --truth truth.json --to dota --out found
[ "$(cat found/Task1_*.txt | wc -l)" = "$(python3 -c 'import json; print(len(json.load(open("a.json"))))')" ] ||
    fail "results are missing from DOTA's files"
for part in boxes found; do
    [ $part = boxes ] && truth=boxes || truth=truth.json
    expect 0 "$assay" evaluate --task detection --truth $truth --predictions found --iou-type obb --convention voc2007 \
        --iou 0.5:0.75:0.05 --replicates -1 --json dota.json
    expect 0 "$assay" evaluate --task detection --truth truth.json --predictions a.json --iou-type obb \
        --convention voc2007 --iou 0.5:0.75:0.05 --replicates -1 --json coco.json
    python3 - $part <<'PY' || fail "DOTA's files give other values than COCO's: $part"
import json, sys
values = lambda p: {(m["metric"], m.get("class"), m["params"]["iou"]): m["value"] for m in json.load(open(p))["measures"]
                    if m["metric"].startswith("detection_average")}
a, b = values("dota.json"), values("coco.json")
# crowds, which DOTA does not have, are ordinary objects for VOC's rules
assert a and a.keys() == b.keys() and all(abs(a[k] - b[k]) < 1e-12 for k in a), (a, b)  # classes in another order
PY
    checks=$((checks + 1))
done
cat >plan.yaml <<YAML
assay: 1
task: detection
replicates: 200
detection: {iou_type: obb, convention: voc2007}
models: {a: {predictions: found, data: d}}
data: {d: {path: boxes}}
contexts:
  all: {data: d}
  small: {data: d, where: area < 1500}
  cars: {data: d, where: category = 'car'}
requirements:
  - {id: R1, text: a, metric: detection_average_precision, context: all, at_least: 0.3}
  - {id: R2, text: b, metric: detection_average_precision, class: dog, context: small, at_least: 0.1}
YAML
go 0
judged '2 MET'
for context in "all 1=1" "small area < 1500" "cars category = 'car'"; do
    expect 0 "$assay" evaluate --task detection --truth boxes --predictions found --iou-type obb --convention voc2007 \
        --where "${context#* }" --replicates 200 --json one.json
    python3 - "${context%% *}" <<'PY' || fail "slice ${context%% *}: run and evaluate differ"
import json, sys
pick = lambda p: [(m["metric"], m.get("class"), m["value"], m.get("low"), m.get("high")) for m in json.load(open(p))["measures"]
                  if m["metric"].startswith("detection_average") and (p == "one.json" or m["context"] == sys.argv[1])]
assert pick("one.json") and pick("one.json") == pick("e/results.json"), (pick("one.json"), pick("e/results.json"))
PY
    checks=$((checks + 1))
done

# What does not fit is refused before anything is measured, with its place.
bad() { # TEXT DETECTION REQUIREMENT
    plan "$2" "$3"
    expect 64 "$assay" run --check plan.yaml
    says err "$1"
}
bad "convention is 'voc'" 'detection: {convention: voc}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "IoU type is 'box'" 'detection: {iou_type: box}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "did you mean 'convention'" 'detection: {convention_: coco}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "IoU thresholds are '1.5'" 'detection: {iou: 1.5}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "must be [from, to]" 'detection: {areas: {small: 5}}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "ask for detection_average_precision" 'detection: {convention: voc2007}' "{id: R1, text: a, metric: coco_average_precision, $low"
bad "one object is of several" 'detection: {hierarchy: classes.json}' "{id: R1, text: a, metric: tide_missed, at_most: 0.5, model: a}"
bad "needs a hierarchy" 'detection: {expand_predictions: true}' "{id: R1, text: a, metric: detection_average_precision, $low"
bad "sigmas belong" 'detection: {sigmas: [0.1]}' "{id: R1, text: a, metric: detection_average_precision, $low"
finish
