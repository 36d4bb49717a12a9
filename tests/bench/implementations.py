"""Who is timed: for each implementation, how to prepare a call of it.

Every ``prepare`` builds its arrays and returns a function without parameters; only that function is timed.
"""

import importlib.util
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from workloads import Array, Workload

from convspec.adapters.vectorized import adapter
from convspec.reference import conv2d

Call = Callable[[], Any]


class NotOffered(LookupError):
    """An implementation has no such convolution; the message says what it lacks."""


def threads() -> int:
    """How many threads this process may use."""
    return int(os.environ["OMP_NUM_THREADS"])


def vectorized(task: Workload) -> Call:
    """Prepare the project's own variant."""
    x, w = task.arrays()
    pads = ((task.padding, task.padding), (task.padding, task.padding))
    return partial(adapter.conv2d, x, w, None, stride=(task.stride, task.stride), padding=pads,
                   dilation=(task.dilation, task.dilation), groups=task.groups)


def pytorch(task: Workload) -> Call:
    """Prepare ``torch.nn.functional.conv2d``."""
    import torch

    torch.set_num_threads(threads())
    torch.set_grad_enabled(False)
    x, w = map(torch.from_numpy, task.arrays())
    return partial(torch.nn.functional.conv2d, x, w, None, task.stride, task.padding, task.dilation, task.groups)


def by_planes(task: Workload, correlate: Callable[[Array, Array], Array]) -> Call:
    """Sum correlations of single planes, where dilation and groups are not used."""
    if task.groups != 1 or task.dilation != 1:
        raise NotOffered("has no groups and no dilation")
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
        raise NotOffered("is not exact for integers")
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

    def call() -> Array:
        y: Array = np.einsum("ngchwpq,gocpq->ngohw", windows(), w, optimize=True)
        return y.reshape(task.output)

    return call


def onnx_runtime(task: Workload) -> Call:
    """Prepare a model of one node for ONNX Runtime."""
    import onnxruntime
    from onnx import TensorProto, helper

    if task.dtype != "float32":
        raise NotOffered(f"has no convolution of {task.dtype}")
    x, w = task.arrays()
    node = helper.make_node("Conv", ["x", "w"], ["y"], strides=[task.stride] * 2, pads=[task.padding] * 4,
                            dilations=[task.dilation] * 2, group=task.groups)
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name, array in
              (("x", x), ("w", w))]
    graph = helper.make_graph([node], "conv", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x, "w": w})[0]


def jax_lax(task: Workload) -> Call:
    """Prepare ``jax.lax.conv_general_dilated``, compiled before the clock starts."""
    import jax

    jax.config.update("jax_enable_x64", True)
    x, w = map(jax.numpy.asarray, task.arrays())
    compiled = jax.jit(lambda x, w: jax.lax.conv_general_dilated(
        x, w, (task.stride,) * 2, [(task.padding,) * 2] * 2, rhs_dilation=(task.dilation,) * 2,
        feature_group_count=task.groups)).lower(x, w).compile()
    return lambda: compiled(x, w).block_until_ready()


def opencv(task: Workload) -> Call:
    """Prepare ``cv2.filter2D``, for one picture and one filter."""
    import cv2

    single = task.x[:2] == (1, 1) and task.w[0] == 1 and task.stride == task.dilation == 1
    if not single or 2 * task.padding + 1 != task.w[2]:
        raise NotOffered("filters single pictures to their own size")
    cv2.setNumThreads(threads())
    x, w = task.arrays()
    return partial(cv2.filter2D, x[0, 0], -1, w[0, 0], borderType=cv2.BORDER_CONSTANT)


@dataclass(frozen=True)
class Implementation:
    """How to prepare one, and what can be asked of it.

    Parameters
    ----------
    prepare : function
        Raises `NotOffered` for a convolution that the implementation does not have.
    package : str
        What must be installed.
    most : float
        The largest number of operations that it is asked for: it would take too long for more.
    most_planes : float
        The same for pairs of a picture's channel and a filter's, where each pair costs much whatever its size.
    transforms : bool
        Whether it may compute by Fourier transforms, whose error is of another kind.
    traced : bool
        Whether its memory is allocated by NumPy, which tells Python's own book-keeping.
    grows : bool
        Whether it takes part in the growth curves.
    threaded : bool
        Whether more threads can change its time; else it is timed on one only.
    """

    prepare: Callable[[Workload], Call]
    package: str
    most: float = math.inf
    most_planes: float = math.inf
    transforms: bool = False
    traced: bool = False
    grows: bool = False
    threaded: bool = True

    @property
    def is_installed(self) -> bool:
        """Whether the package can be imported."""
        return importlib.util.find_spec(self.package) is not None


IMPLEMENTATIONS = {
    "vectorized": Implementation(vectorized, "numpy", traced=True, grows=True),
    "torch": Implementation(pytorch, "torch", grows=True),
    "im2col": Implementation(plain_im2col, "numpy", traced=True, grows=True),
    "einsum": Implementation(einsum, "numpy", traced=True),
    "scipy.correlate2d": Implementation(scipy_correlate2d, "scipy", 5e8, traced=True, grows=True, threaded=False),
    "scipy.oaconvolve": Implementation(scipy_oaconvolve, "scipy", 5e8, 1e3, transforms=True, traced=True,
                                       threaded=False),
    "reference": Implementation(loop_reference, "numpy", 1e6, traced=True, grows=True, threaded=False),
    "onnxruntime": Implementation(onnx_runtime, "onnxruntime"),
    "jax": Implementation(jax_lax, "jax"),
    "cv2.filter2D": Implementation(opencv, "cv2", transforms=True),
}


def prepared(name: str, task: Workload, patience: float = 1.0) -> Call:
    """Prepare a call.

    Parameters
    ----------
    name : str
    task : Workload
    patience : float
        By what the largest number of operations is multiplied.

    Raises
    ------
    NotOffered
        The package is not installed, the implementation has no such convolution, or it would take too long; the
        message says which.
    """
    entry = IMPLEMENTATIONS[name]
    if not entry.is_installed:
        raise NotOffered("not installed")
    if task.operations > (most := entry.most * patience):
        raise NotOffered(f"too slow for more than {most:.2g} operations")
    if threads() > 1 and not entry.threaded:
        raise NotOffered("runs on one thread, whatever it is given")
    if task.x[0] * math.prod(task.w[:2]) > entry.most_planes:
        raise NotOffered(f"too slow for more than {entry.most_planes:.0f} pairs of planes")
    return entry.prepare(task)
