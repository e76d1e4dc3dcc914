"""Turns a TensorFlow.js graph model (model.json and its .bin files) into ONNX, for the operators that
the detector of this example has. Needs numpy and onnx.

The layout stays NHWC: convolutions and resampling, which ONNX knows as NCHW only, stand between two
Transpose nodes, and ONNX Runtime takes out those that meet. Weights in float16 become float32.
"""
import base64
import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
ONE_TO_ONE = {"Add": "Add", "AddV2": "Add", "Mul": "Mul", "Sub": "Sub", "Relu": "Relu", "Sigmoid": "Sigmoid",
              "Identity": "Identity", "Equal": "Equal", "FloorDiv": "Div", "FloorMod": "Mod"}
TYPES = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT32, "DT_BOOL": TensorProto.BOOL}


def read_weights(document, folder):
    """{name: array} from the manifest (TensorFlow.js converter, format of weights)."""
    weights = {}
    for group in document["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            half = entry.get("quantization", {}).get("dtype") == "float16"
            kind = "<f2" if half else {"float32": "<f4", "int32": "<i4", "bool": "?"}[entry["dtype"]]
            count = int(np.prod(entry["shape"], dtype=np.int64))
            array = np.frombuffer(data, kind, count, at).reshape(entry["shape"])
            at += array.nbytes
            weights[entry["name"]] = array.astype(np.float32) if half else array
        if at != len(data):
            raise ValueError(f"{group['paths']}: {len(data)} bytes, the manifest describes {at}")
    return weights


class Attributes:
    """The attributes of a node, as TensorFlow's NodeDef writes them in JSON."""

    def __init__(self, node):
        self.values = node.get("attr", {})

    def text(self, name):
        return base64.b64decode(self.values[name]["s"]).decode()

    def texts(self, name):
        return [base64.b64decode(s).decode() for s in self.values.get(name, {}).get("list", {}).get("s", [])]

    def whole(self, name):
        return int(self.values.get(name, {}).get("i", 0))

    def wholes(self, name):
        return [int(v) for v in self.values.get(name, {}).get("list", {}).get("i", [])]

    def true(self, name):
        return bool(self.values.get(name, {}).get("b", False))


class Converter:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants, self.inputs = weights, [], {}, []

    def constant(self, array, name=None):
        name = name or f"constant_{len(self.constants)}"
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def add(self, operator, inputs, output=None, **attributes):
        output = output or f"between_{len(self.nodes)}"
        outputs = output if isinstance(output, list) else [output]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0]

    def value(self, name):
        """A tensor by the name that an input has in TensorFlow: "node" or "node:output"."""
        name = name[:-2] if name.endswith(":0") else name
        return self.constant(self.weights[name], name) if name in self.weights else name

    def array(self, name):
        return self.weights[name.split(":")[0]]

    def activate(self, value, names, output):
        for name in names:
            if name == "Relu6":
                value = self.add("Clip", [value, self.constant(np.float32(0), "zero"),
                                          self.constant(np.float32(6), "six")])
            elif name == "Relu":
                value = self.add("Relu", [value])
            elif name != "BiasAdd":
                raise ValueError(f"a fused {name} is not known")
        return self.add("Transpose", [value], output, perm=TO_NHWC)

    def convolution(self, name, inputs, a, depthwise):
        kernel = self.array(inputs[1])
        if depthwise:
            height, width, channels, times = kernel.shape
            kernel, groups = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, height, width), channels
        else:
            kernel, groups = kernel.transpose(3, 2, 0, 1), 1
        fused = a.texts("fused_ops")
        parts = [self.add("Transpose", [self.value(inputs[0])], perm=TO_NCHW),
                 self.constant(kernel, inputs[1] + "/oihw")]
        if "BiasAdd" in fused:
            parts.append(self.constant(self.array(inputs[2]).reshape(-1), inputs[2]))
        result = self.add("Conv", parts, strides=a.wholes("strides")[1:3], group=groups,
                          dilations=(a.wholes("dilations") or [1] * 4)[1:3],
                          auto_pad="SAME_UPPER" if a.text("padding") == "SAME" else "VALID")
        self.activate(result, fused, name)

    def resize(self, name, inputs, a):
        channels_first = self.add("Transpose", [self.value(inputs[0])], perm=TO_NCHW)
        shape = self.add("Shape", [channels_first])
        kept = self.add("Slice", [shape, self.constant(np.array([0])), self.constant(np.array([2]))])
        sizes = self.add("Concat", [kept, self.constant(self.array(inputs[1]).astype(np.int64))], axis=0)
        mode = ("half_pixel" if a.true("half_pixel_centers") else
                "align_corners" if a.true("align_corners") else "asymmetric")
        result = self.add("Resize", [channels_first, "", "", sizes], mode="linear",
                          coordinate_transformation_mode=mode)
        self.add("Transpose", [result], name, perm=TO_NHWC)

    def slice(self, name, inputs, a):
        begin, end, step = (self.array(i).astype(np.int64).reshape(-1).copy() for i in inputs[1:4])
        shrunk = [k for k in range(len(begin)) if a.whole("shrink_axis_mask") >> k & 1]
        if a.whole("ellipsis_mask") or a.whole("new_axis_mask"):
            raise ValueError(f"{name}: this kind of slice is not known")
        for k in range(len(begin)):
            begin[k] = 0 if a.whole("begin_mask") >> k & 1 else begin[k]
            end[k] = np.iinfo(np.int32).max if a.whole("end_mask") >> k & 1 else end[k]
            end[k] = begin[k] + 1 if k in shrunk else end[k]
        parts = [self.value(inputs[0]), self.constant(begin), self.constant(end),
                 self.constant(np.arange(len(begin))), self.constant(step)]
        result = self.add("Slice", parts, None if shrunk else name)
        if shrunk:
            self.add("Squeeze", [result, self.constant(np.array(shrunk))], name)

    def node(self, node):
        name, operator, a = node["name"], node["op"], Attributes(node)
        inputs = [i for i in node.get("input", []) if not i.startswith("^")]
        values = lambda: [self.value(i) for i in inputs]
        if operator in ONE_TO_ONE:
            self.add(ONE_TO_ONE[operator], values(), name)
        elif operator in ("_FusedConv2D", "Conv2D"):
            self.convolution(name, inputs, a, False)
        elif operator in ("FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"):
            self.convolution(name, inputs, a, True)
        elif operator == "Relu6":
            self.add("Clip", values() + [self.constant(np.float32(0), "zero"),
                                         self.constant(np.float32(6), "six")], name)
        elif operator == "Mean":
            self.add("ReduceMean", [self.value(inputs[0])], name, keepdims=int(a.true("keep_dims")),
                     axes=[int(v) for v in self.array(inputs[1]).reshape(-1)])
        elif operator == "MaxPool":
            before = self.add("Transpose", [self.value(inputs[0])], perm=TO_NCHW)
            pooled = self.add("MaxPool", [before], kernel_shape=a.wholes("ksize")[1:3],
                              strides=a.wholes("strides")[1:3],
                              auto_pad="SAME_UPPER" if a.text("padding") == "SAME" else "VALID")
            self.add("Transpose", [pooled], name, perm=TO_NHWC)
        elif operator == "Reshape":
            shape = self.constant(self.array(inputs[1]).astype(np.int64))
            self.add("Reshape", [self.value(inputs[0]), shape], name)
        elif operator == "ConcatV2":
            self.add("Concat", [self.value(i) for i in inputs[:-1]], name, axis=int(self.array(inputs[-1])))
        elif operator == "ExpandDims":
            axis = self.constant(np.array([int(self.array(inputs[1]))]))
            self.add("Unsqueeze", [self.value(inputs[0]), axis], name)
        elif operator == "GatherV2":
            self.add("Gather", [self.value(i) for i in inputs[:2]], name, axis=int(self.array(inputs[2])))
        elif operator == "Cast":
            self.add("Cast", values(), name, to=TYPES[a.values["DstT"]["type"]])
        elif operator == "TopKV2":
            count = self.constant(np.array([int(self.array(inputs[1]))]))
            self.add("TopK", [self.value(inputs[0]), count], [name, name + ":wide"], axis=-1, sorted=1)
            self.add("Cast", [name + ":wide"], name + ":1", to=TensorProto.INT32)
        elif operator == "ResizeBilinear":
            self.resize(name, inputs, a)
        elif operator == "StridedSlice":
            self.slice(name, inputs, a)
        elif operator == "Placeholder":
            shape = [max(1, int(d["size"])) for d in a.values["shape"]["shape"]["dim"]]
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        elif operator != "Const":
            raise ValueError(f"the operator {operator} is not known")


def convert(source, name, output="tower_0/detections"):
    """Bytes of the ONNX file. `output`: the node whose value is wanted, [1, 100, 6]."""
    document = json.loads(source.read_text())
    converter = Converter(read_weights(document, source.parent))
    for node in document["modelTopology"]["node"]:
        converter.node(node)
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 100, 6])]
    graph = helper.make_graph(converter.nodes, name, converter.inputs, outputs,
                              list(converter.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8,
                              producer_name="assay examples/detection")
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)
