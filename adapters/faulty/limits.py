"""Kernels and parameters beyond what can be computed, answered instead of refused."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convspec.adapters.faulty.pieces import Call, check, convolve, correct
from convspec.adapters.faulty.registry import NO_PADDING, Family
from convspec.adapters.faulty.validation import each, invalid
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array

wrong = Family("validation")


def _wrapped(call: Call, bits: int) -> Call:
    def wrap(value: int) -> int:
        return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) if type(value) is int else value

    padding = call.padding if isinstance(call.padding, str) else each(call.padding, wrap)
    return call.but(stride=each(call.stride, wrap), dilation=each(call.dilation, wrap), padding=padding)


@wrong(
    "parameters-in-32-bits",
    remedy="compute sizes without wrapping, or refuse what is too large",
    hides="when every parameter is below 2**31",
    caught_by="ERR-06",
    recreates="https://github.com/pytorch/pytorch/pull/174653",
    witness=invalid(padding=((2**32, 2**32), (0, 0))),
    checked=False,
)
def parameters_in_32_bits(call: Call) -> Array:
    """Strides, pads and dilations are stored in 32 bits and wrap."""
    return correct(_wrapped(call, 32))


@wrong(
    "parameters-clamped",
    remedy="compute sizes without wrapping, or refuse what is too large",
    hides="when every parameter is below 2**16",
    caught_by="ERR-06",
    witness=invalid(padding=((2**62, 0), (0, 0))),
    checked=False,
)
def parameters_clamped(call: Call) -> Array:
    """Pads and dilations of 2**31 and more are taken for nothing at all."""

    def small(default: int) -> Callable[[Any], Any]:
        return lambda value: default if type(value) is int and value >= 2**31 else value

    padding = call.padding if isinstance(call.padding, str) else each(call.padding, small(0))
    return correct(call.but(dilation=each(call.dilation, small(1)), padding=padding))


@wrong(
    "empty-kernel-answered",
    remedy="refuse a kernel with an axis of length 0",
    hides="when the kernel has a tap",
    caught_by="ERR-07",
    recreates="https://github.com/PaddlePaddle/Paddle/pull/78237",
    witness=invalid(w=(2, 2, 0, 1)),
    checked=False,
)
def empty_kernel_answered(call: Call) -> Array:
    """A kernel with an axis of length 0 gives zeros, of a larger shape than the input."""
    if np.ndim(call.w) != 4 or 0 not in call.w.shape[2:]:
        return correct(call)
    kernel = [max(1, length) for length in call.w.shape[2:]]
    return correct(call.but(w=np.zeros((*call.w.shape[:2], *kernel), call.w.dtype)))


def _fits_nowhere(call: Call) -> bool:
    """Say whether all is well with a call, but for a kernel that is larger than the padded picture."""
    if np.ndim(call.w) != 4 or np.ndim(call.x) != 4 or isinstance(call.padding, str):
        return False
    larger = np.zeros((*call.x.shape[:2], call.x.shape[2] + 1, call.x.shape[3] + 1), call.x.dtype)
    try:
        found = call.but(padding=check(call.but(x=larger, w=call.w[..., :1, :1])).pads)
    except ValueError:
        return False
    return any(n + sum(p) < k for n, p, k in zip(found.size, found.pads, found.reach, strict=True))


@wrong(
    "kernel-too-large-gives-nothing",
    remedy="refuse a kernel larger than the padded input, or declare empty_output='zero'",
    hides="when the kernel fits",
    caught_by="SHP-08 ERR-10",
    recreates="https://github.com/tensorflow/tensorflow/pull/109275",
    witness=invalid(w=(2, 2, 5, 2)),
    checked=False,
)
def kernel_too_large_gives_nothing(call: Call) -> Array:
    """A kernel larger than the padded picture gives an output of no pixel instead of an error."""
    if not _fits_nowhere(call):
        return correct(call)
    return np.zeros((len(call.x), len(call.w), 0, 0), call.dtype)


@wrong(
    "kernel-too-large-swaps",
    remedy="refuse a kernel larger than the padded input; do not swap the two",
    hides="when the kernel fits, or fits on one axis",
    caught_by="SHP-08",
    recreates="https://github.com/scipy/scipy/pull/5904",
    witness=invalid(x=(1, 1, 2, 2), w=(1, 1, 3, 3)),
    checked=False,
)
def kernel_too_large_swaps(call: Call) -> Array:
    """A kernel larger than the picture on both axes changes places with it."""
    single = np.ndim(call.x) == np.ndim(call.w) == 4 and call.x.shape[:2] == call.w.shape[:2] == (1, 1)
    inside = single and call.size[0] <= call.kernel[0] and call.size[1] <= call.kernel[1]
    if not inside or not _fits_nowhere(call):
        return correct(call)
    return correct(call.but(x=call.w, w=call.x, padding=NO_PADDING, dilation=(1, 1), bias=None))


@wrong(
    "kernel-too-large-gives-one",
    remedy="refuse a kernel larger than the padded input",
    hides="when the kernel fits",
    caught_by="SHP-08 ERR-10",
    witness=invalid(w=(2, 2, 5, 2)),
    checked=False,
)
def kernel_too_large_gives_one(call: Call) -> Array:
    """A picture smaller than the kernel is filled up with zeros until one window fits."""
    if not _fits_nowhere(call):
        return correct(call)
    (top, bottom), (left, right) = call.pads
    more = [max(0, k - n - sum(p)) for k, n, p in zip(call.reach, call.size, call.pads, strict=True)]
    return correct(call.but(padding=((top, bottom + more[0]), (left, right + more[1]))))


@wrong(
    "no-output-channels-one-plane",
    remedy="return (N, 0, oH, oW) for a weight without filters",
    hides="when there is a filter",
    caught_by="PAD-09",
    witness=plain(w=(0, 4, 3, 2)),
)
def no_output_channels_one_plane(call: Call) -> Array:
    """A weight without filters gives one plane of zeros."""
    if len(call.w) == 0:
        return convolve(call.but(w=np.zeros((call.groups, *call.w.shape[1:]), call.w.dtype), bias=None))[:, :1]
    return convolve(call)
