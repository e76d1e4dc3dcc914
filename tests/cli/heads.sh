#!/bin/bash
# Every head that a decoder reads, end to end: an ONNX model, an image through a letterbox, `assay predict`. The
# models and what must come out are tests/oracle/onnx_heads.py's. Turned boxes and keypoints on to a plan.
. "$ASSAY_SOURCE/tests/cli/_lib.sh"
heads=$ASSAY_SOURCE/tests/golden/onnx/heads
python3 - "$heads" <<'PY'
import json, sys
for e in json.load(open(f"{sys.argv[1]}/expected.json")):
    w, h = e["size"]
    open(f"{e['name']}.pgm", "wb").write(b"P5\n%d %d\n255\n" % (2 * w, h) + bytes([77]) * (2 * w * h))
    json.dump({"images": [{"id": 4, "file_name": e["name"] + ".pgm", "width": 2 * w, "height": h}],
               "categories": [{"id": k + 1, "name": f"c{k}"} for k in range(e["classes"])], "annotations": []},
              open(e["name"] + ".json", "w"))
    decoder = json.dumps({e["decoder"]: e["arguments"]}) if e["arguments"] else e["decoder"]
    decoder = decoder.replace('"true"', "true").replace('"false"', "false")
    outputs = ", ".join(f"{r}: {r}" for r in e["roles"])
    open(e["name"] + ".yaml", "w").write(f"""file: {sys.argv[1]}/{e['name']}.onnx
classes: [{", ".join(f"c{k}" for k in range(e["classes"]))}]
input: {{color: rgb, steps: [letterbox: {{width: {w}, height: {h}}}]}}
output: {{decoder: {decoder}, outputs: {{{outputs}}}, nms: {{kind: hard, iou: {e["nms"]}}}, confidence: {e["floor"]!r}, max_detections: 100}}
""")
    open("names", "a").write(e["name"] + "\n")
PY
while read -r name; do
    expect 0 "$assay" predict --model "$name.yaml" --data "$name.json" --out "$name.out.json"
    python3 - "$heads" "$name" <<'PY' || fail "$name: not what the oracle says"
import json, sys
e = next(e for e in json.load(open(f"{sys.argv[1]}/expected.json")) if e["name"] == sys.argv[2])
got = json.load(open(f"{sys.argv[2]}.out.json"))
flat = lambda v: [x for y in v for x in flat(y)] if isinstance(v, list) else [v]
key = lambda r: (-r["score"], flat(r["bbox"]))
assert len(got) == len(e["results"]) > 0, (len(got), len(e["results"]))
for a, b in zip(sorted(got, key=key), sorted(e["results"], key=key)):
    assert a["category_id"] == b["label"] + 1 and a["image_id"] == 4
    for member in ("bbox", "segmentation", "keypoints"):
        assert (member in a) == (member in b), member
        x, y = flat(a.get(member, [])), flat(b.get(member, []))
        assert len(x) == len(y) and all(abs(p - q) <= 1e-9 * max(1, abs(q)) for p, q in zip(x, y)), (member, x, y)
    assert abs(a["score"] - b["score"]) < 1e-12
PY
    checks=$((checks + 1))
done <names

# In a plan: the values are those of `evaluate` on what `predict` gives; verify reads the evidence.
whole() { # MODEL IOU-TYPE
    python3 - "$1" <<'PY'
import json, sys
name = sys.argv[1]
t, results = json.load(open(f"{name}.json")), json.load(open(f"{name}.out.json"))
for k, r in enumerate(results[::2]):  # every second one is true, somewhat elsewhere
    move = lambda v, by: [x + by for x in v]
    a = {"id": k + 1, "image_id": 4, "category_id": r["category_id"], "bbox": r["bbox"], "iscrowd": 0,
         "area": max(1.0, r["bbox"][2] * r["bbox"][3])}
    if "segmentation" in r:
        a["segmentation"] = [move(r["segmentation"][0], k % 3)]
    if "keypoints" in r:
        a["keypoints"] = [x + k % 4 if j % 3 < 2 else 2 for j, x in enumerate(r["keypoints"])]
        a["num_keypoints"] = len(r["keypoints"]) // 3
    t["annotations"].append(a)
json.dump(t, open("truth.json", "w"))
PY
    cat >plan.yaml <<YAML
assay: 1
task: detection
replicates: 100
detection: {iou_type: $2}
models: {m: {file: $heads/$1.onnx, $(sed -n 's/^classes: /classes: /p' "$1.yaml"), $(sed -n 's/^input: /input: /p' "$1.yaml"), $(sed -n 's/^output: /output: /p' "$1.yaml")}}
data: {d: {path: truth.json}}
requirements:
  - {id: R1, text: a, metric: {detection_average_precision: {iou: 0.5}}, at_least: 0.01}
YAML
    rm -rf e
    "$assay" run plan.yaml --out e >out 2>err || [ $? -lt 4 ] || fail "$1: $(cat err)"
    fits e/results.json
    [ "$2" != obb ] || says e/results.json '"corners"'
    [ "$2" != obb ] || says e/report.html '<polygon class="box'
    expect 0 "$assay" evaluate --task detection --truth truth.json --predictions "$1.out.json" --iou-type "$2" \
        --replicates 100 --json one.json
    python3 - <<'PY' || fail "$1 as $2: run and evaluate differ"
import json
def values(path):
    return {(m["metric"], m.get("class"), json.dumps(m["params"])): m["value"] for m in json.load(open(path))["measures"]
            if m["metric"].startswith("coco_")}
a, b = values("one.json"), values("e/results.json")
assert a == b and any(v and 0 < v < 1 for v in a.values()), (a, b)
PY
    checks=$((checks + 1))
    "$assay" verify e --plan plan.yaml --json again.json >out 2>err
    python3 - <<'PY' || fail "$1 as $2: run and verify differ"
import json
pick = lambda p: [(v["id"], v["verdict"], v.get("low"), v.get("high")) for v in json.load(open(p))["verdicts"]]
assert pick("again.json") == pick("e/results.json")
PY
    checks=$((checks + 1))
}
whole yolov8_obb_0 obb
whole yolov8_obb_0 bbox
whole yolov8_pose_0 keypoints
whole yolov8_pose_0 bbox
whole yolov5_raw_0 bbox
expect 0 "$assay" predict --model yolov8_obb_0.yaml --data yolov8_obb_0.json --out o.parquet
expect 0 "$assay" predict --model yolov8_pose_0.yaml --data yolov8_pose_0.json --out p.parquet
# What does not fit.
sed 's/decoder: yolov8_pose/decoder: {yolov8_pose: {keypoints: 9}}/' yolov8_pose_0.yaml >bad.yaml
refuse 65 "predictions" "$assay" predict --model bad.yaml --data yolov8_pose_0.json --out x.json
finish
