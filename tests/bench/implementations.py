"""What the benchmark runs: the calls, and the implementations that can make them.

Every ``prepare`` builds its arrays and returns a function without parameters; only that function is timed.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from convspec.adapters.vectorized import adapter
from convspec.reference import conv2d

Array = np.ndarray[Any, Any]
Call = Callable[[], Any]


@dataclass(frozen=True)
class Workload:
    """One call: shapes and parameters, the same on both axes."""

    id: str
    title: str
    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    dtype: str = "float32"
    counted: bool = True

    @property
    def operations(self) -> int:
        """Multiplications and additions of the definition."""
        reach = [self.dilation * (self.w[axis] - 1) + 1 for axis in (2, 3)]
        positions = [(self.x[axis + 2] + 2 * self.padding - reach[axis]) // self.stride + 1 for axis in range(2)]
        return 2 * self.x[0] * math.prod(positions) * math.prod(self.w)

    def arrays(self) -> tuple[Array, Array]:
        """Build x and w."""
        random = np.random.default_rng(0)
        if np.dtype(self.dtype).kind in "iu":
            limits = np.iinfo(self.dtype)
            return (random.integers(limits.min, limits.max, self.x, self.dtype),
                    random.integers(limits.min, limits.max, self.w, self.dtype))
        return random.standard_normal(self.x).astype(self.dtype), random.standard_normal(self.w).astype(self.dtype)


WORKLOADS = [
    Workload("first-layer", "7x7 stride 2, 3 to 64 channels, 224x224", (1, 3, 224, 224), (64, 3, 7, 7), 2, 3),
    Workload("resnet-64", "3x3, 64 to 64 channels, 56x56", (1, 64, 56, 56), (64, 64, 3, 3), 1, 1),
    Workload("resnet-128", "3x3, 128 to 128 channels, 28x28", (1, 128, 28, 28), (128, 128, 3, 3), 1, 1),
    Workload("resnet-256", "3x3, 256 to 256 channels, 14x14", (1, 256, 14, 14), (256, 256, 3, 3), 1, 1),
    Workload("pointwise", "1x1, 256 to 64 channels, 56x56", (1, 256, 56, 56), (64, 256, 1, 1)),
    Workload("downsample", "3x3 stride 2, 128 to 256 channels, 28x28", (1, 128, 28, 28), (256, 128, 3, 3), 2, 1),
    Workload("batch-8", "batch of 8, 3x3, 64 to 64 channels, 56x56", (8, 64, 56, 56), (64, 64, 3, 3), 1, 1),
    Workload("picture-3", "one channel, 512x512, 3x3", (1, 1, 512, 512), (1, 1, 3, 3), 1, 1),
    Workload("picture-15", "one channel, 512x512, 15x15", (1, 1, 512, 512), (1, 1, 15, 15), 1, 7),
    Workload("large-64", "3x3, 64 to 64 channels, 224x224", (1, 64, 224, 224), (64, 64, 3, 3), 1, 1),
    Workload("example", "the worked example, 8x7 with 3x3", (1, 1, 8, 7), (1, 1, 3, 3)),
    Workload("depthwise", "depthwise 3x3, 128 channels, 56x56", (1, 128, 56, 56), (128, 1, 3, 3), 1, 1,
             groups=128, counted=False),
    Workload("dilated", "3x3 dilation 2, 64 to 64 channels, 56x56", (1, 64, 56, 56), (64, 64, 3, 3), 1, 2,
             dilation=2, counted=False),
    Workload("groups-4", "3x3 in 4 groups, 64 to 64 channels, 56x56", (1, 64, 56, 56), (64, 16, 3, 3), 1, 1,
             groups=4, counted=False),
    Workload("double", "float64, 3x3, 64 to 64 channels, 56x56", (1, 64, 56, 56), (64, 64, 3, 3), 1, 1,
             dtype="float64", counted=False),
    Workload("int32", "int32, 3x3, 64 to 64 channels, 28x28", (1, 64, 28, 28), (64, 64, 3, 3), 1, 1,
             dtype="int32", counted=False),
    Workload("batch-64", "batch of 64, 5x5, 16 to 16 channels, 28x28", (64, 16, 28, 28), (16, 16, 5, 5), 1, 2,
             counted=False),
]


def vectorized(task: Workload) -> Call:
    """Prepare the project's own variant."""
    x, w = task.arrays()
    pads = ((task.padding, task.padding), (task.padding, task.padding))
    return partial(adapter.conv2d, x, w, None, stride=(task.stride, task.stride), padding=pads,
                   dilation=(task.dilation, task.dilation), groups=task.groups)


def pytorch(task: Workload) -> Call:
    """Prepare ``torch.nn.functional.conv2d``."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_grad_enabled(False)
    x, w = map(torch.from_numpy, task.arrays())
    return partial(torch.nn.functional.conv2d, x, w, None, task.stride, task.padding, task.dilation, task.groups)


def by_planes(task: Workload, correlate: Callable[[Array, Array], Array]) -> Call:
    """Sum correlations of single planes, where strides, dilation and groups are not used."""
    if task.groups != 1 or task.dilation != 1:
        raise LookupError("has no groups and no dilation")
    x, w = task.arrays()
    s, p = task.stride, task.padding
    zero = np.zeros((), x.dtype)

    def call() -> Array:
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        planes = [[sum((correlate(plane, tap) for plane, tap in zip(picture, kernel, strict=True)), start=zero)
                   for kernel in w] for picture in padded]
        return np.array(planes)[:, :, ::s, ::s]

    return call


def scipy_correlate2d(task: Workload) -> Call:
    """Prepare ``scipy.signal.correlate2d``, one plane at a time."""
    from scipy.signal import correlate2d

    return by_planes(task, partial(correlate2d, mode="valid"))


def scipy_oaconvolve(task: Workload) -> Call:
    """Prepare ``scipy.signal.oaconvolve``: Fourier transforms, so another kind of error."""
    from scipy.signal import oaconvolve

    if np.dtype(task.dtype).kind in "iu":
        raise LookupError("is not exact for integers")
    return by_planes(task, lambda plane, tap: oaconvolve(plane, tap[::-1, ::-1], "valid"))


def loop_reference(task: Workload) -> Call:
    """Prepare the specification itself."""
    x, w = task.arrays()
    return partial(conv2d, x, w, stride=task.stride, padding=task.padding, dilation=task.dilation, groups=task.groups)


def all_windows(task: Workload) -> tuple[Call, Array]:
    """Make a function that views all windows (N, groups, C, oH, oW, kH, kW), and the weight with its groups."""
    x, w = task.arrays()
    p, s, d, g = task.padding, task.stride, task.dilation, task.groups
    reach = tuple(d * (k - 1) + 1 for k in task.w[2:])

    def call() -> Array:
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        view = np.lib.stride_tricks.sliding_window_view(padded, reach, (2, 3))[:, :, ::s, ::s, ::d, ::d]
        return view.reshape(x.shape[0], g, -1, *view.shape[2:])

    return call, w.reshape(g, -1, *w.shape[1:])


def plain_im2col(task: Workload) -> Call:
    """Prepare the textbook's one matrix of all windows."""
    windows, w = all_windows(task)

    def call() -> Array:
        view = windows()
        N, g, _, oH, oW = view.shape[:5]
        columns = view.transpose(0, 1, 2, 5, 6, 3, 4).reshape(N, g, -1, oH * oW)
        y: Array = (w.reshape(g, w.shape[1], -1) @ columns).reshape(N, -1, oH, oW)
        return y

    return call


def einsum(task: Workload) -> Call:
    """Prepare ``numpy.einsum`` over ``sliding_window_view``."""
    windows, w = all_windows(task)
    return lambda: np.einsum("ngchwpq,gocpq->ngohw", windows(), w, optimize=True)


def onnx_runtime(task: Workload) -> Call:
    """Prepare a model of one node for ONNX Runtime."""
    import onnxruntime
    from onnx import TensorProto, helper

    x, w = task.arrays()
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[task.stride] * 2, pads=[task.padding] * 4,
                            dilations=[task.dilation] * 2, group=task.groups)
    kind = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}.get(task.dtype)
    if kind is None:
        raise LookupError(f"has no convolution of {task.dtype}")
    graph = helper.make_graph([node], "conv", [helper.make_tensor_value_info(name, kind, shape) for name, shape in
                                               (("x", x.shape), ("w", w.shape))],
                              [helper.make_tensor_value_info("y", kind, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return partial(session.run, None, {"x": x, "w": w})


def jax_lax(task: Workload) -> Call:
    """Prepare ``jax.lax.conv_general_dilated``, compiled."""
    import jax

    jax.config.update("jax_enable_x64", True)
    x, w = map(jax.numpy.asarray, task.arrays())
    compiled = jax.jit(lambda x, w: jax.lax.conv_general_dilated(
        x, w, (task.stride,) * 2, [(task.padding,) * 2] * 2, rhs_dilation=(task.dilation,) * 2,
        feature_group_count=task.groups))
    return lambda: compiled(x, w).block_until_ready()


def opencv(task: Workload) -> Call:
    """Prepare ``cv2.filter2D``, for one picture and one filter."""
    import cv2

    single = task.x[:2] == (1, 1) and task.w[0] == 1 and task.stride == task.dilation == 1
    if not single or 2 * task.padding + 1 != task.w[2]:
        raise LookupError("filters single pictures to their own size")
    cv2.setNumThreads(int(os.environ["OMP_NUM_THREADS"]))
    x, w = task.arrays()
    return partial(cv2.filter2D, x[0, 0], -1, w[0, 0], borderType=cv2.BORDER_CONSTANT)


@dataclass(frozen=True)
class Implementation:
    """How to prepare one, what must be installed, and how many operations it can be asked for."""

    prepare: Callable[[Workload], Call]
    package: str
    most: float = math.inf
    traced: bool = False


IMPLEMENTATIONS = {
    "vectorized": Implementation(vectorized, "numpy", traced=True),
    "torch": Implementation(pytorch, "torch"),
    "im2col": Implementation(plain_im2col, "numpy", traced=True),
    "einsum": Implementation(einsum, "numpy", traced=True),
    "scipy.correlate2d": Implementation(scipy_correlate2d, "scipy", 1e9, traced=True),
    "scipy.oaconvolve": Implementation(scipy_oaconvolve, "scipy", 1e9, traced=True),
    "reference": Implementation(loop_reference, "numpy", 1e5, traced=True),
    "onnxruntime": Implementation(onnx_runtime, "onnxruntime"),
    "jax": Implementation(jax_lax, "jax"),
    "cv2.filter2D": Implementation(opencv, "cv2"),
}
