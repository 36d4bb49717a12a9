"""ONNX: the operator Conv, run by ONNX Runtime and by the evaluator that comes with the format."""

from convspec.adapters.native.library import Library

MODEL = """\
from onnx import helper
def model(x, w, **attributes):
    kinds = [helper.np_dtype_to_tensor_dtype(array.dtype) for array in (x, w)]
    inputs = [helper.make_tensor_value_info(*one) for one in (("x", kinds[0], x.shape), ("w", kinds[1], w.shape))]
    output = helper.make_tensor_value_info("y", kinds[0], None)
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    graph = helper.make_graph([node], "conv", inputs, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)"""

RUNTIME = """\
from onnxruntime import InferenceSession
def conv(x, w, **attributes):
    session = InferenceSession(model(x, w, **attributes).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x, "w": w})[0]"""

EVALUATOR = """\
from onnx.reference import ReferenceEvaluator
def conv(x, w, **attributes):
    return ReferenceEvaluator(model(x, w, **attributes)).run(None, {"x": x, "w": w})[0]"""

CALLS = {
    "correlation-or-convolution": "conv(x, w, pads=[1, 1, 1, 1])[0, 0]",
    "conjugation": "conv(x, w)[0, 0]",
    "border-unsaid": "conv(x, w)[0, 0]",
    "padding-per-side": "conv(x, w, pads=[1])[0, 0]",
    "padding-order": "conv(x, w, pads=[1, 2, 3, 4])[0, 0]",
    "negative-padding": "conv(x, w, pads=[-1, -1, -1, -1])[0, 0]",
    "word-reflect": 'conv(x, w, auto_pad="REFLECT")[0, 0]',
    "even-kernel-same": 'conv(x, w, auto_pad="SAME_UPPER")[0, 0]',
    "same-with-stride": 'conv(x, w, strides=[3, 3], auto_pad="SAME_UPPER")[0, 0]',
    "kernel-larger": "conv(x, w)[0, 0]",
    "same-with-larger-kernel": 'conv(x, w, auto_pad="SAME_UPPER")[0, 0]',
    "empty-kernel": "conv(x, w)[0, 0]",
    "non-fitting-stride": "conv(x, w, strides=[2, 2])[0, 0]",
    "dilation-one": "conv(x, w, dilations=[1, 1])[0, 0]",
    "dilation-zero": "conv(x, w, dilations=[0, 0])[0, 0]",
    "depthwise-order": "conv(x, w, group=2)",
    "no-channels": "conv(x, w)",
    "batch-of-zero": "conv(x, w)",
    "no-batch-axis": "conv(x, w)",
    "plain-arrays": "conv(x, w)",
    "integer-wrap": "conv(x, w)[0, 0]",
    "mixed-dtypes": "conv(x, w)[0, 0]",
    "zero-times-infinity": "conv(x, w, pads=[0, 1, 0, 1])[0, 0]",
    "nan-locality": 'conv(x, w, auto_pad="SAME_UPPER")[0, 0]',
}
PLANE = "x, w = x[None, None], w[None, None]"

ONNX = (
    Library(
        "onnxruntime", "ONNX Runtime", "Conv", ("onnxruntime", "onnx"), f"{MODEL}\n{RUNTIME}", CALLS, plane=PLANE
    ),
    Library("onnx", "ONNX", "Conv, reference evaluator", ("onnx",), f"{MODEL}\n{EVALUATOR}", CALLS, plane=PLANE),
)
