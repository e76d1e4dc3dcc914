#!/usr/bin/env python3
"""make_data.py FOLDER: a ResNet-18-shaped network with random weights, a tiny one, and 200 JPEGs.

Needs numpy, onnx, pillow. The photographs are sums of smoothed noise over four octaves with edges, so that
they decode at the speed of real ones (500 x 375, quality 90, about 60 kB).
"""
import os
import pathlib
import sys

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from PIL import Image

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
CLASSES = 10


class Net:
    def __init__(self):
        self.nodes, self.weights, self.n = [], [], 0

    def name(self):
        self.n += 1
        return f"t{self.n}"

    def add(self, op, inputs, **attributes):
        y = self.name()
        self.nodes.append(helper.make_node(op, inputs, [y], **attributes))
        return y

    def weight(self, *shape):
        w = self.name()
        fan = int(np.prod(shape[1:])) or 1
        values = rng.normal(0, np.sqrt(2 / fan), shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, w))
        return w

    def conv(self, x, cin, cout, k, stride, relu=True):
        bias = self.name()
        self.weights.append(numpy_helper.from_array(np.zeros(cout, np.float32), bias))
        y = self.add("Conv", [x, self.weight(cout, cin, k, k), bias], kernel_shape=[k, k],
                     strides=[stride, stride], pads=[k // 2] * 4)
        return self.add("Relu", [y]) if relu else y

    def finish(self, x, channels, path):
        x = self.add("GlobalAveragePool", [x])
        x = self.add("Flatten", [x])
        self.nodes.append(helper.make_node("MatMul", [x, self.weight(channels, CLASSES)], ["scores"]))
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("input", T.FLOAT, ["batch", 3, 224, 224])],
            [helper.make_tensor_value_info("scores", T.FLOAT, ["batch", CLASSES])], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        path.write_bytes(model.SerializeToString())


net = Net()
x = net.conv("input", 3, 64, 7, 2)
x = net.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
channels = 64
for stage, width in enumerate((64, 128, 256, 512)):
    for block in range(2):
        stride = 2 if stage > 0 and block == 0 else 1
        y = net.conv(net.conv(x, channels, width, 3, stride), width, width, 3, 1, relu=False)
        if stride != 1 or channels != width:
            x = net.conv(x, channels, width, 1, stride, relu=False)
        x = net.add("Relu", [net.add("Add", [x, y])])
        channels = width
net.finish(x, 512, out / "resnet18.onnx")
net = Net()
net.finish(net.conv("input", 3, 8, 7, 8), 8, out / "tiny.onnx")


def photograph():
    image = np.zeros((375, 500, 3))
    for octave in (4, 8, 16, 60):
        small = rng.uniform(0, 255, (octave * 3 // 4, octave, 3)).astype(np.uint8)
        image += np.asarray(Image.fromarray(small).resize((500, 375), Image.BICUBIC), float) / octave ** 0.3
    image = image / image.max() * 235
    y, x = np.ogrid[0:375, 0:500]
    for _ in range(6):
        cy, cx, r = rng.uniform(0, 375), rng.uniform(0, 500), rng.uniform(15, 80)
        image[(y - cy) ** 2 + (x - cx) ** 2 < r * r] *= rng.uniform(0.4, 1.1, 3)
    return np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


for i in range(200):
    folder = out / "200" / str(i % CLASSES)
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph()).save(folder / f"{i:04d}.jpg", quality=90)
for copy in range(10):
    for path in (out / "200").glob("*/*.jpg"):
        other = out / "2000" / path.parent.name / f"{copy}_{path.name}"
        other.parent.mkdir(parents=True, exist_ok=True)
        if not other.exists():
            os.link(path, other)
