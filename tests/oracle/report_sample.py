#!/usr/bin/env python3
"""A rich results.json for the tests of the report, and a check of it against the published schema.

Pinned: Python 3.11, numpy 2.x or 1.26, scipy 1.11 or later, jsonschema 4.26.
Writes tests/golden/report/results_sample.json. The numbers are simulated; the intervals are exact
Clopper-Pearson (scipy.stats.beta), so that every figure in the sample is consistent with its n.

    report_sample.py              write the sample
    report_sample.py --check F... check files (the sample when none is named) against the schema
"""
import base64
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
from scipy.stats import beta

TESTS = pathlib.Path(__file__).resolve().parent.parent
SAMPLE = TESTS / "golden/report/results_sample.json"
SCHEMA = TESTS.parent / "docs/results.schema.json"
rng = np.random.default_rng(20260101)

CLASSES = [str(i) for i in range(10)]
MODELS = {"reader": "Digit reader as delivered", "tuned": "Digit reader, input scaled to 20 pixels"}
CONTEXTS = {  # name: (title, kind, data, where, perturbation, n, accuracy of each model)
    "held_out": ("MNIST held-out", "dataset", "held_out", None, None, 2000, (0.979, 0.974)),
    "field": ("Field data", "dataset", "field", None, None, 1000, (0.512, 0.914)),
    "thin": ("Thin strokes", "slice", "field", "stroke_width < 2.0", None, 212, (0.392, 0.858)),
    "dark": ("Low contrast, scanner B", "slice", "field",
             "contrast < 0.35 AND source = 'scanner B'", None, 64, (0.297, 0.766)),
    "blurred": ("Out of focus", "perturbation", "field", None,
                {"name": "gaussian_blur", "severity": 3, "params": {"sigma": 1.6}}, 1000,
                (0.404, 0.803)),
    "tiny": ("Class 7 by left-handed writers", "slice", "field", "writer = 'left'", None, 3,
             (0.667, 1.0)),
}
SWEEPS = {
    "noise": ("Sensor noise", "held_out", "gaussian_noise", "sigma", [0.05, 0.1, 0.2, 0.35, 0.5],
              [1, 2, 3, 4, 5], (0.979, .974), ((0.976, 0.955, 0.871, 0.642, 0.401),
                                               (0.972, 0.962, 0.921, 0.774, 0.553))),
    "turned": ("Turned paper", "field", "rotation", "angle", [-30, -15, 15, 30], None,
               (0.512, 0.914), ((0.311, 0.455, 0.470, 0.322), (0.702, 0.871, 0.880, 0.715))),
}


def interval(k, n, level=0.95, sided=2):
    tail = (1 - level) / sided
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1 - tail, k + 1, n - k))
    return low, high


def proportion(p, n):
    k = int(round(p * n))
    low, high = interval(k, n)
    return {"value": k / n, "low": low, "high": high, "level": 0.95, "n": n,
            "method": "clopper_pearson", "outcome": "value"}


def around(value, width, n, method="bootstrap_percentile(replicates=1000)"):
    return {"value": value, "low": max(0.0, value - width), "high": value + width, "level": 0.95,
            "n": n, "method": method, "outcome": "value"}


def png(pixels):
    rows = b"".join(b"\0" + bytes(row) for row in pixels)

    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))
    height, width = len(pixels), len(pixels[0])
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
    return "data:image/png;base64," + base64.b64encode(data).decode()


SEGMENTS = {"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd",
            "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abfgcd"}


def digit(label, size, pad, thick):
    """A seven-segment digit, slanted: enough to look at."""
    image = np.zeros((size, size))
    top, bottom, left, right = pad, size - 1 - pad, pad + 2, size - 3 - pad
    middle = (top + bottom) // 2
    lines = {"a": (top, left, top, right), "b": (top, right, middle, right),
             "c": (middle, right, bottom, right), "d": (bottom, left, bottom, right),
             "e": (middle, left, bottom, left), "f": (top, left, middle, left),
             "g": (middle, left, middle, right)}
    for segment in SEGMENTS[label]:
        y0, x0, y1, x1 = lines[segment]
        for t in np.linspace(0, 1, 40):
            y, x = y0 + t * (y1 - y0), x0 + t * (x1 - x0)
            x += (middle - y) * 0.18
            ys, xs = np.mgrid[0:size, 0:size]
            image = np.maximum(image, np.clip(thick - np.hypot(ys - y, xs - x), 0, 1))
    image = np.clip(image * 235 + rng.normal(0, 6, image.shape), 0, 255)
    return [[int(v) // 8 * 8 for v in row] for row in image]


def contexts():
    out = []
    for name, (title, kind, data, where, perturbation, n, _) in CONTEXTS.items():
        item = {"name": name, "title": title, "kind": kind, "data": data, "n": n,
                "models": list(MODELS)}
        if where:
            item["where"] = where
        if perturbation:
            item["perturbation"] = perturbation
        out.append(item)
    for name, (title, data, operation, param, values, severities, _, _) in SWEEPS.items():
        n = CONTEXTS[data][5]
        out.append({"name": f"{name}@clean", "title": f"{title}: clean", "kind": "dataset",
                    "data": data, "sweep": name, "n": n, "models": list(MODELS)})
        for i, value in enumerate(values):
            perturbation = {"name": operation, "params": {param: value}}
            if severities:
                perturbation["severity"] = severities[i]
            out.append({"name": f"{name}@{value}", "title": f"{title}: {param} {value}",
                        "kind": "perturbation", "data": data, "perturbation": perturbation,
                        "sweep": name, "n": n, "models": list(MODELS)})
    return out


def sweeps():
    out = []
    for name, (title, data, operation, param, values, severities, _, _) in SWEEPS.items():
        points = [{"context": f"{name}@clean", "value": None}]
        for i, value in enumerate(values):
            points.append({"context": f"{name}@{value}", "value": value})
            if severities:
                points[-1]["severity"] = severities[i]
        out.append({"name": name, "title": title, "data": data, "perturbation": operation,
                    "param": param, "points": points})
    return out


def per_class(p, n):
    out = []
    for i, name in enumerate(CLASSES):
        m = max(1, n // 10 + int(rng.integers(-n // 60 - 1, n // 60 + 1)))
        for metric in ("precision", "recall"):
            value = min(1.0, max(0.0, p + float(rng.normal(0, 0.03))))
            if n < 10 and i > 1:
                out.append({"metric": metric, "class": name, "value": None, "low": None,
                            "high": None, "level": 0.95, "n": 0, "method": "clopper_pearson",
                            "outcome": "undefined",
                            "reason": f"class {name} {'was never predicted' if metric == 'precision' else 'does not occur'}"})
            else:
                out.append({"metric": metric, "class": name, **proportion(value, m)})
    return out


def measures():
    out = []
    for name, (_, kind, _, _, _, n, accuracy) in CONTEXTS.items():
        for m, model in enumerate(MODELS):
            p = accuracy[m]
            head = {"model": model, "context": name}
            rows = [{"metric": "accuracy", **proportion(p, n)},
                    {"metric": "top_k_accuracy", "params": {"k": 2}, **proportion(min(1, p + 0.4 * (1 - p)), n)},
                    {"metric": "balanced_accuracy", **around(p - 0.004, 0.9 / n ** 0.5, n)},
                    {"metric": "f1", "average": "macro", **around(p - 0.006, 0.95 / n ** 0.5, n)},
                    {"metric": "log_loss", "unit": "nat", **around(0.05 + 2.4 * (1 - p), 2 / n ** 0.5, n)},
                    {"metric": "expected_calibration_error", "params": {"bins": 15, "binning": "equal_width"},
                     **around(0.01 + 0.5 * (1 - p), 0.5 / n ** 0.5, n)}]
            if n < 10:
                rows[2].update(outcome="too_few", reason="3 samples; at least 10 are wanted")
            for row in rows + (per_class(p, n) if kind == "dataset" or n < 10 else []):
                out.append({**head, **row})
    for name, (_, data, _, _, values, _, clean, curves) in SWEEPS.items():
        n = CONTEXTS[data][5]
        for m, model in enumerate(MODELS):
            out.append({"model": model, "context": f"{name}@clean", "metric": "accuracy",
                        **proportion(clean[m], n)})
            for i, value in enumerate(values):
                out.append({"model": model, "context": f"{name}@{value}", "metric": "accuracy",
                            **proportion(curves[m][i], n)})
    return out


def confusion(p, n):
    counts = np.zeros((10, 10), int)
    likely = {4: 9, 9: 4, 7: 1, 3: 5, 5: 3, 8: 3, 2: 7, 0: 6, 6: 0, 1: 7}
    for truth in range(10):
        share = np.full(10, (1 - p) * 0.4 / 8)
        share[likely[truth]] = (1 - p) * 0.6
        share[truth] = p
        counts[truth] = rng.multinomial(n // 10, share / share.sum())
    return [[t, q, int(counts[t, q])] for t in range(10) for q in range(10) if counts[t, q]]


def reliability(p, n, bias):
    rows = []
    weight = np.array([0, 0, 0, .01, .02, .03, .04, .06, .1, .74]) if p > 0.9 else \
        np.array([0, 0, .02, .05, .08, .1, .13, .16, .2, .26])
    for i in range(10):
        m = int(n * weight[i])
        if m:
            confidence = 0.1 * i + 0.055
            k = int(round(m * min(1, max(0, confidence - bias * (0.4 + 0.06 * i)))))
            low, high = interval(k, m)
            rows.append([0.1 * i, 0.1 * (i + 1), m, confidence, k / m, low, high])
    return rows


def curves():
    out = []
    for name in ("held_out", "field"):
        n, accuracy = CONTEXTS[name][5], CONTEXTS[name][6]
        for m, model in enumerate(MODELS):
            head = {"model": model, "context": name}
            p = accuracy[m]
            out.append({**head, "curve": "confusion_matrix", "columns": ["truth", "predicted", "count"],
                        "rows": confusion(p, n)})
            out.append({**head, "curve": "reliability", "params": {"bins": 10},
                        "columns": ["low", "high", "n", "confidence", "accuracy", "accuracy_low",
                                    "accuracy_high"],
                        "rows": reliability(p, n, 0.3 if p < 0.6 else 0.02 + 0.1 * m)})
            rows = [[i / 100, (1 - p) * (i / 100) ** 1.6, n * i // 100] for i in range(1, 101)]
            out.append({**head, "curve": "risk_coverage", "columns": ["coverage", "risk", "n"],
                        "rows": rows})
    return out


def verdict(identity, text, model, context, metric, compare, threshold, word, more=None, **extra):
    n, p = CONTEXTS[context][5], CONTEXTS[context][6][list(MODELS).index(model)]
    k = int(round(p * n))
    if metric == "expected_calibration_error":
        value, low, high = 0.254, 0.229, 0.281
    else:
        value = k / n
        low, high = interval(k, n, sided=1)
    item = {"id": identity, "text": text, "model": model, "context": context, "metric": metric,
            "compare": compare, "threshold": threshold, "confidence": 0.95, "verdict": word,
            "value": value, "low": low, "high": high, "n": n,
            "method": "clopper_pearson" if metric == "accuracy" else "bootstrap_percentile(replicates=1000)",
            "explanation": "", **extra}
    decided = (low >= threshold, high < threshold) if compare == "at_least" else \
        (high <= threshold, low > threshold)
    assert word == ("MET" if decided[0] else "NOT MET" if decided[1] else "INCONCLUSIVE"), identity
    if word == "INCONCLUSIVE":
        item["more_needed"] = more
    return item


def verdicts():
    out = [verdict("REQ-001", "The reader shall read at least 95 % of the digits of the held-out data.",
                   "reader", "held_out", "accuracy", "at_least", 0.95, "MET"),
           verdict("REQ-002", "The reader shall read at least 90 % of the digits of the field data.",
                   "reader", "field", "accuracy", "at_least", 0.90, "NOT MET"),
           verdict("REQ-003", "With scaled input the reader shall read at least 90 % of the digits of "
                   "the field data.", "tuned", "field", "accuracy", "at_least", 0.90,
                   "INCONCLUSIVE", 467),
           verdict("REQ-004", "The stated confidence shall be off by at most 5 % on the field data.",
                   "reader", "field", "expected_calibration_error", "at_most", 0.05, "NOT MET",
                   params={"bins": 15})]
    out.append({"id": "REQ-<script>alert('id')</script>",
                "text": "Hostile \"text\" & <img src=x onerror=alert(1)> \u202edesrever\u202c "
                        "with a\u0007 bell -- and a comment end -->",
                "model": "tuned", "context": "tiny", "metric": "recall", "class": "8",
                "compare": "at_least", "threshold": 0.8, "confidence": 0.95,
                "verdict": "NOT EVALUATED", "value": None, "low": None, "high": None, "n": 0,
                "method": "clopper_pearson", "reason": "class 8 does not occur in this context",
                "explanation": ""})
    return out


def findings():
    return [
        {"kind": "preprocessing", "severity": "high",
         "title": "The input of the field data is prepared differently from the training data",
         "text": "On the field data the reader gives 51.2 % right answers, with the input scaled to "
                 "a 20-pixel box and centred 91.4 %. The digits fill 20 of 20 pixels where the "
                 "model was trained on 20 of 28. This points to the preparation of the input, not "
                 "to the model.",
         "model": "reader", "context": "field",
         "evidence": ["accuracy 51.2 % (48.1 to 54.3 %) as delivered, n = 1,000",
                      "accuracy 91.4 % (89.5 to 93.1 %) with scaled input, n = 1,000",
                      {"column": "content_height", "held_out": 20.0, "field": 26.4}]},
        {"kind": "overconfident", "severity": "medium",
         "title": "The reader is sure of its mistakes",
         "text": "On the field data it states 25 percentage points more confidence than it deserves. "
                 "A person who relies on the stated confidence is misled.",
         "model": "reader", "context": "field"},
        {"kind": "skipped_data", "severity": "low", "title": "Three files could not be read",
         "text": "They are listed under \u201cThe data\u201d and are part of no number."},
    ]


def examples():
    out = []
    cases = {("reader", "field"): [("4", "9", .998), ("7", "1", .996), ("3", "5", .991), ("8", "3", .987),
                                   ("2", "7", .981), ("0", "6", .974)],
             ("tuned", "field"): [("9", "4", .962), ("5", "3", .951), ("1", "7", .947)],
             ("reader", "held_out"): [("4", "9", .983), ("6", "0", .921)]}
    for (model, context), rows in cases.items():
        for i, (target, label, confidence) in enumerate(rows):
            number = int(rng.integers(0, 5000))
            item = {"model": model, "context": context, "id": f"{context}/digits/{number:05d}.png",
                    "target": target, "label": label, "confidence": confidence,
                    "p_target": round((1 - confidence) * 0.7, 6),
                    "image": png(digit(target, 20 if context == "field" else 28,
                                       1 if context == "field" else 4, 2.0)),
                    "width": 20 if context == "field" else 28,
                    "height": 20 if context == "field" else 28}
            if context == "field":
                item["seen"] = png(digit(target, 28, 1 if model == "reader" else 4, 2.4))
            out.append(item)
    out[1]["id"] = "x" * 180 + "/<script>alert(2)</script>\"onload=\"alert(3)"
    out[2]["image"] = "http" + "://example.org/track.png\" onerror=\"alert(4)"
    return out


def breakdowns():
    shapes = {"stroke_width": ("range", ["1.0 to 1.6", "1.6 to 2.0", "2.0 to 2.6", "2.6 to 3.4", "3.4 to 5.1"],
                               (-.22, -.1, .05, .15, .12)),
              "contrast": ("range", ["0.12 to 0.35", "0.35 to 0.50", "0.50 to 0.66", "0.66 to 0.98"],
                           (-.15, -.02, .06, .11)),
              "source": ("value", ["scanner A", "scanner B", "tablet"], (.08, -.12, .04)),
              "sharpness": ("range", ["low", "middle", "high"], (-.02, .01, .01)),
              "file_size": ("range", ["under 300 bytes", "over 300 bytes"], (.0, .0)),
              "entropy": ("range", ["1.1 to 2.0", "2.0 to 3.1"], (-.01, .01))}
    out = []
    for column, (kind, labels, shift) in shapes.items():
        for m, model in enumerate(MODELS):
            bins = []
            for i, label in enumerate(labels):
                p = min(0.99, max(0.02, CONTEXTS["field"][6][m] + shift[i] * (1 - 0.6 * m)))
                row = proportion(p, 1000 // len(labels))
                bins.append({"label": label, "n": row["n"], "accuracy": row["value"],
                             "accuracy_low": row["low"], "accuracy_high": row["high"]})
                if kind == "range" and " to " in label:
                    bins[-1]["low"], bins[-1]["high"] = (float(v) for v in label.split(" to "))
            out.append({"model": model, "data": "field", "column": column, "kind": kind, "bins": bins})
    return out


def digest(text):
    import hashlib
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def data():
    columns = [{"name": "width", "type": "int", "low": 20, "high": 20, "mean": 20},
               {"name": "contrast", "type": "real", "low": 0.1189, "high": 0.98123, "mean": 0.5532},
               {"name": "stroke_width", "type": "real", "low": 1.02, "high": 5.07, "mean": 2.381},
               {"name": "source", "type": "text"}]
    return [{"name": "held_out", "title": "MNIST held-out", "path": "data/mnist-test.csv",
             "digest": digest("held_out"), "n": 2000, "classes": CLASSES,
             "class_counts": [196, 227, 206, 202, 196, 178, 192, 206, 195, 202], "skipped": [],
             "columns": columns[:2]},
            {"name": "field", "title": "Field data", "path": "data/field.csv",
             "digest": digest("field"), "n": 1000, "classes": CLASSES, "class_counts": [100] * 10,
             "skipped": [
                 {"id": "digits/00417.png", "where": "data/field.csv:418",
                  "reason": "PNG: truncated after 212 of 391 bytes"},
                 {"id": "digits/00981.png", "where": "data/field.csv:982", "reason": "file is empty"},
                 {"id": "<b>\u2066evil\u2069</b>", "where": "data/field.csv:1002",
                  "reason": "unknown label 'x & y'"}],
             "columns": columns}]


def models():
    out = []
    for i, (name, title) in enumerate(MODELS.items()):
        out.append({"name": name, "title": title, "kind": "onnx", "path": "digits.onnx",
                    "digest": digest("model"), "backend": "onnxruntime 1.20.1 (CPU)",
                    "classes": CLASSES, "batch": 64,
                    "preprocess": {"color": "grey", "invert": False,
                                   "steps": [{"fit_content": {"size": 20, "mode": "pillow_lanczos"}},
                                             {"center_mass": {"width": 28, "height": 28}}] if i else
                                   [{"pad": {"width": 28, "height": 28, "fill": 0}}],
                                   "scale": 1 / 255, "layout": "nchw"},
                    "inputs": [{"name": "image", "type": "float32", "shape": [-1, 1, 28, 28]}],
                    "outputs": [{"name": "probabilities", "type": "float32", "shape": [-1, 10]}],
                    "queries": 15000})
    return out


def results():
    return {
        "assay": "0.1.0", "schema": 1,
        "run": {"title": "Acceptance test of the digit reader",
                "description": "Can the digit reader that was trained on MNIST read the digits of "
                               "the field scanners? Two ways of preparing the input are compared.",
                "marking": "UNCLASSIFIED // EXAMPLE",
                "plan": {"path": "plan.yaml", "digest": digest("plan")}, "seed": 42, "level": 0.95,
                "replicates": 1000, "started": "2026-01-15T09:12:44Z",
                "finished": "2026-01-15T09:13:31Z", "status": "complete",
                "estimand": "Each number is the expected result on further samples drawn in the same "
                            "way as those of its context; it says nothing about other kinds of data."},
        "models": models(), "data": data(), "contexts": contexts(), "sweeps": sweeps(),
        "measures": measures(), "curves": curves(), "verdicts": verdicts(), "findings": findings(),
        "examples": examples(), "breakdowns": breakdowns(),
        "skipped": {"total": 3, "by_data": {"held_out": 0, "field": 3}},
        "provenance": {"assay": "0.1.0", "build": "release, gcc 12.2.0", "platform": "Linux x86_64",
                       "onnxruntime": "1.20.1", "duckdb": "v1.1.3",
                       "operations": [{"kind": "metric", "name": "accuracy", "revision": 1},
                                      {"kind": "metric", "name": "expected_calibration_error", "revision": 2},
                                      {"kind": "interval", "name": "clopper_pearson", "revision": 1},
                                      {"kind": "perturbation", "name": "gaussian_noise", "revision": 1}],
                       "command": ["assay", "run", "plan.yaml", "--out", "evidence"],
                       "files": [{"path": "digits.onnx", "digest": digest("model")},
                                 {"path": "data/field.csv", "digest": digest("field")}]},
    }


def check(paths):
    import jsonschema
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    problems = 0
    for path in paths:
        for error in validator.iter_errors(json.loads(pathlib.Path(path).read_text())):
            problems += 1
            print(f"{path}: {error.json_path}: {error.message[:200]}")
    print(f"schema: {len(paths)} files, {problems} problems")
    return problems == 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        sys.exit(0 if check(sys.argv[2:] or [SAMPLE]) else 1)
    SAMPLE.write_text(json.dumps(results(), indent=None, separators=(",", ":"), ensure_ascii=False) + "\n")
