#!/usr/bin/env python3
"""Models made to trigger the automatic checks of `assay attack`, and images for them, below
tests/golden/attack_checks (used by tests/cli/attack_checks.sh).

numpy 2.4.1, onnx 1.22.0 (any version from 1.14 on gives the same graphs).

Images are 8 x 8, grey, 8 bit: four patterns with noise. sound.onnx compares with the patterns; the others
do the same with one fault each:
  masked     pixels are compared with 0.5 first: the answer has steps, the gradient is zero
  random     noise on the logits
  saturated  probabilities of logits times 1000
  rough      a fast wave on the logits
  mean       two classes, by the mean of the pixels against 127.8 levels (images of mean 128)
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "attack_checks"
rng = np.random.default_rng(20260101)
patterns = np.where(rng.random((4, 8, 8)) < 0.5, 0.38, 0.62)


def save(name, nodes, constants, classes, output="logits"):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", classes])],
        [numpy_helper.from_array(np.asarray(v, np.float32 if k != "shape" else np.int64), k)
         for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)],
                              producer_name="tests/oracle/attack_checks.py")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    scores = "probabilities" if output == "probabilities" else "logits"
    (OUT / f"{name}.yaml").write_text(
        f"file: {name}.onnx\ninput: {{color: grey}}\noutput: {{scores: {scores}}}\n")


w = (patterns.reshape(4, 64) - 0.5).T * 4.0
linear = {"w": w, "b": -(w * 0.5).sum(0)}
flatten = helper.make_node("Flatten", ["image"], ["x"], axis=1)
gemm = lambda x, z: helper.make_node("Gemm", [x, "w", "b"], [z])
node = helper.make_node
save("sound", [flatten, gemm("x", "logits")], linear, 4)
save("masked", [flatten, node("Greater", ["x", "half"], ["g"]),
                node("Cast", ["g"], ["bits"], to=TensorProto.FLOAT), gemm("bits", "logits")],
     linear | {"half": 0.5}, 4)
save("random", [flatten, gemm("x", "z"), node("RandomNormalLike", ["z"], ["e"], scale=0.5),
                node("Add", ["z", "e"], ["logits"])], linear, 4)
save("saturated", [flatten, gemm("x", "z"), node("Mul", ["z", "much"], ["y"]),
                   node("Softmax", ["y"], ["probabilities"], axis=1)], linear | {"much": 1000.0}, 4,
     "probabilities")
save("rough", [flatten, gemm("x", "z"), node("Mul", ["z", "fast"], ["y"]), node("Sin", ["y"], ["s"]),
               node("Add", ["z", "s"], ["logits"])], linear | {"fast": 3000.0}, 4)
save("mean", [flatten, gemm("x", "logits")],
     {"w": np.stack([np.full(64, 10.0), np.full(64, -10.0)], 1),
      "b": np.array([-640.0, 640.0]) * 127.8 / 255}, 2)

labels = np.arange(48) % 4
images = patterns[labels] + rng.normal(0, 0.02, (48, 8, 8))
np.save(OUT / "patterns.npy", np.round(np.clip(images, 0, 1) * 255).astype(np.uint8))
np.save(OUT / "patterns_labels.npy", labels.astype(np.int64))
flat = np.full((40, 8, 8), 128, np.uint8)
flat[:, ::2] += (rng.random((40, 4, 8)) * 20).astype(np.uint8)
flat[:, 1::2] = 0 - flat[:, ::2]  # modulo 256: the mean is 128
np.save(OUT / "mean.npy", flat)
np.save(OUT / "mean_labels.npy", np.zeros(40, np.int64))
