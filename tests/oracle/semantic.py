#!/usr/bin/env python3
"""Golden values of the decoder `semantic` and a small segmentation model with what `assay predict` must make of
photographs: tests/golden/decoder/semantic.txt, tests/golden/onnx/semantic/.

Needs numpy 2.4.6, torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0 and pillow 13.0.0. Scores are brought to the image
by torch's grid_sample in double precision (and by interpolate with align_corners=False, which must agree, where the
image is the whole input); then the largest wins. Cases of the decoder:

    case ARGUMENTS WIDTH HEIGHT CLASSES FLOOR
    raw map RANK EXTENT... VALUE...
    image WIDTH HEIGHT SCALE_X OFFSET_X SCALE_Y OFFSET_Y     (input pixel = scale * image pixel + offset)
    labels CLASS...                                          (row by row; 65535 = not seen)
    end

Pixels of the photographs whose best two scores differ by less than 1e-4 are 255 in the expected maps.
"""
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent.parent / "golden"
rng = np.random.default_rng(20261127)


def look_up(scores, size, image, mapping, mode):
    """scores [classes, rows, columns] in double at the pixels of the image: values and which are seen."""
    (w, h), (iw, ih), (sx, ox, sy, oy) = size, image, mapping
    x = (np.arange(iw) + 0.5) * sx + ox
    y = (np.arange(ih) + 0.5) * sy + oy
    seen = ((y >= 0) & (y < h))[:, None] & ((x >= 0) & (x < w))[None]
    grid = np.stack(np.broadcast_arrays((2 * x / w - 1)[None], (2 * y / h - 1)[:, None]), -1)
    out = F.grid_sample(torch.tensor(scores)[None].double(), torch.tensor(grid)[None].double(), mode=mode,
                        padding_mode="border", align_corners=False)[0].numpy()
    if mapping == (w / iw, 0.0, h / ih, 0.0) and mode == "bilinear":
        direct = F.interpolate(torch.tensor(scores)[None].double(), size=(ih, iw), mode="bilinear",
                               align_corners=False)[0].numpy()
        assert np.abs(out - direct).max() < 1e-9
    return out, seen


def decoder():
    lines = []

    def case(arguments, raw, size, classes, image, mapping, form="scores", mode="bilinear", threshold=0.5):
        raw = np.asarray(raw, np.float32)
        planes = raw if raw.ndim == 3 else raw[None]
        if "channels_last" in arguments:
            planes = planes.transpose(2, 0, 1)
        values, seen = look_up(planes.astype(np.float64), size, image, mapping, mode)
        if form == "scores":
            top = np.sort(values, 0)
            assert (top[-1] - top[-2])[seen].min() > 1e-7
            labels = values.argmax(0)
        elif form == "binary":
            assert np.abs(values[0] - threshold)[seen].min() > 1e-7
            labels = values[0] > threshold
        else:
            labels = values[0]
        labels = np.where(seen, labels, 65535).astype(int)
        lines.append(f"case {arguments or '-'} {size[0]} {size[1]} {classes} 0.001")
        lines.append(f"raw map {raw.ndim} {' '.join(map(str, raw.shape))} " + " ".join(repr(float(v)) for v in raw.ravel()))
        lines.append(f"image {image[0]} {image[1]} " + " ".join(repr(float(v)) for v in mapping))
        lines.append("labels " + " ".join(map(str, labels.ravel())))
        lines.append("end")

    whole = (32 / 50, 0.0, 24 / 30, 0.0)
    case("", rng.normal(size=(5, 6, 8)), (32, 24), 5, (50, 30), whole)
    case("", rng.normal(size=(3, 24, 32)), (32, 24), 3, (32, 24), (1.0, 0.0, 1.0, 0.0))  # nothing to resize
    case("", rng.normal(size=(4, 16, 16)), (32, 32), 4, (47, 20), (32 / 47, 0.0, 14 / 20, 9.0))  # letterbox
    case("", rng.normal(size=(4, 7, 5)), (20, 28), 4, (41, 60), (0.75, -5.0, 0.75, -8.0))  # a crop hides the edges
    case("layout=channels_last", rng.normal(size=(6, 8, 5)), (32, 24), 5, (50, 30), whole)
    # nearest: torch rounds halves to even, so no centre of a pixel may lie on an edge between two cells
    case("resize=nearest", rng.normal(size=(5, 6, 8)), (32, 24), 5, (48, 32), (32 / 48, 0.0, 24 / 32, 0.0), mode="nearest")
    case("form=labels", rng.integers(0, 7, (6, 8)), (32, 24), 7, (48, 32), (32 / 48, 0.0, 24 / 32, 0.0), "labels", "nearest")
    case("form=labels", rng.integers(0, 7, (1, 6, 8)), (32, 24), 7, (24, 20), (32 / 24, 0.0, 24 / 20, 0.0), "labels", "nearest")
    case("form=binary", rng.uniform(size=(1, 6, 8)), (32, 24), 2, (50, 30), whole, "binary")
    case("form=binary,threshold=0,layout=channels_last", rng.normal(size=(6, 8, 1)), (32, 24), 2, (50, 30), whole, "binary", threshold=0.0)
    case("", rng.normal(size=(2, 1, 1)), (32, 24), 2, (5, 4), (32 / 5, 0.0, 6.0, 0.0))
    (HERE / "decoder" / "semantic.txt").write_text("\n".join(lines) + "\n")


def net(path, form, batch, seen):
    """Two convolutions (stride 4 in all), five classes."""
    weights = {"w1": rng.normal(size=(12, 3, 3, 3)) * 1.5, "b1": rng.normal(size=12),
               "w2": rng.normal(size=(5, 12, 3, 3)) * 0.6, "b2": np.zeros(5)}
    with torch.no_grad():  # no class is much more frequent than another
        hidden = F.relu(F.conv2d(torch.tensor(seen), torch.tensor(weights["w1"]), torch.tensor(weights["b1"]), 2, 1))
        weights["b2"] = -F.conv2d(hidden, torch.tensor(weights["w2"]), None, 2, 1).mean((0, 2, 3)).numpy()
    nodes = [helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], strides=[2, 2], pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["c1"], ["r1"]),
             helper.make_node("Conv", ["r1", "w2", "b2"], ["out"], strides=[2, 2], pads=[1, 1, 1, 1])]
    last = helper.make_tensor_value_info("out", T.FLOAT, [batch, 5, 8, 10])
    outputs = [last, helper.make_tensor_value_info("aux", T.FLOAT, [batch, 12, 16, 20])]
    nodes.append(helper.make_node("Identity", ["r1"], ["aux"]))
    if form == "labels":
        nodes.append(helper.make_node("ArgMax", ["out"], ["label"], axis=1, keepdims=0))
        outputs = [helper.make_tensor_value_info("label", T.INT64, [batch, 8, 10])]
    graph = helper.make_graph(nodes, "semantic", [helper.make_tensor_value_info("image", T.FLOAT, [batch, 3, 32, 40])],
                              outputs, [numpy_helper.from_array(a.astype(np.float32), n) for n, a in weights.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString())


def photographs():
    out = HERE / "onnx" / "semantic"
    (out / "images").mkdir(parents=True, exist_ok=True)
    for folder in ("scores", "labels"):
        (out / folder).mkdir(exist_ok=True)
    prepared = []
    for i in range(12):
        h = (32, 24, 27)[i % 3]  # a letterbox of 40 x 32 leaves a photograph 40 pixels wide as it is
        coarse = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)).resize((40, h), Image.BICUBIC)
        noise = rng.integers(-12, 13, (h, 40, 3))
        pixels = np.clip(np.asarray(coarse).astype(int) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(out / "images" / f"{i:02d}.png")
        top = (32 - h) // 2
        x = np.full((32, 40, 3), 114, np.uint8)
        x[top:top + h] = pixels
        prepared.append((x.transpose(2, 0, 1) / np.float32(255)).astype(np.float32))
    state = rng.bit_generator.state
    net(out / "scores.onnx", "scores", "n", np.array(prepared, np.float64))
    rng.bit_generator.state = state
    net(out / "labels.onnx", "labels", 1, np.array(prepared, np.float64))
    session = onnxruntime.InferenceSession(out / "scores.onnx")
    for i, x in enumerate(prepared):
        h = (32, 24, 27)[i % 3]
        top = (32 - h) // 2
        scores = session.run(["out"], {"image": x[None]})[0][0]
        for form in ("scores", "labels"):
            cells = scores.astype(np.float64)
            ordered = np.sort(cells, 0)
            clear = (ordered[-1] - ordered[-2] > 1e-4)[None].astype(np.float64)
            if form == "labels":
                cells = cells.argmax(0)[None].astype(np.float64)
            mode = "bilinear" if form == "scores" else "nearest"
            values, seen = look_up(cells, (40, 32), (40, h), (1.0, 0.0, 1.0, float(top)), mode)
            assert seen.all()
            if form == "scores":
                ordered = np.sort(values, 0)
                labels = np.where(ordered[-1] - ordered[-2] > 1e-4, values.argmax(0), 255)
            else:
                sure = look_up(clear, (40, 32), (40, h), (1.0, 0.0, 1.0, float(top)), "nearest")[0][0] > 0.5
                labels = np.where(sure, values[0], 255)
            assert (labels == 255).mean() < 0.02
            Image.fromarray(labels.astype(np.uint8)).save(out / form / f"{i:02d}.png")


decoder()
photographs()
