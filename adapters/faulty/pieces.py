r"""A correct convolution in steps, so that a fault needs to replace only one of them.

Plain NumPy: pad, ask how many positions fit, look at the windows, multiply and sum, add the bias, round once.
Integers are exact and wrap; half precision is summed in float32.

    x ---> pad ---> gather ---> total ---> add ---> cast ---> y
             \--> extent --/
"""

import math
import operator
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any, TypedDict, Unpack

import numpy as np

from convspec.adapters.protocol import DTYPES, Array, Pads, Pair
from convspec.reference import effective_kernel_size, output_size, resolve_padding

LARGEST_ARRAY = 2**26
"""More padded numbers than this are refused rather than allocated."""

WIDER = {"float16": "float32", "bfloat16": "float32"}
"""Dtypes that are summed in a wider one."""


@dataclass(frozen=True)
class Call:
    """The arguments of one call, as they came or as `check` left them."""

    x: Array
    w: Array
    bias: Array | None
    stride: Any
    padding: Any
    dilation: Any
    groups: Any

    def but(self, **changes: Any) -> "Call":
        """Give the same call with some arguments replaced."""
        return replace(self, **changes)

    def in_dtype(self, dtype: Any) -> "Call":
        """Give the same call with all its arrays cast to a dtype."""
        bias = None if self.bias is None else self.bias.astype(dtype)
        return replace(self, x=self.x.astype(dtype), w=self.w.astype(dtype), bias=bias)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the result, in the machine's byte order."""
        return np.dtype(np.result_type(self.x, self.w).type)

    @property
    def size(self) -> Pair:
        """Height and width of the pictures."""
        return self.x.shape[2], self.x.shape[3]

    @property
    def kernel(self) -> Pair:
        """Height and width of the kernel, in taps."""
        return self.w.shape[2], self.w.shape[3]

    @property
    def reach(self) -> Pair:
        """Height and width of the kernel with its gaps, in samples."""
        return effective_kernel_size(self.kernel[0], self.dilation[0]), effective_kernel_size(
            self.kernel[1], self.dilation[1])

    @cached_property
    def pads(self) -> Pads:
        """Zeros at the (top, bottom) and the (left, right)."""
        return _pads(self.padding, self.size, self.kernel, self.stride, self.dilation)


def _remembered(function: Callable[..., Pads]) -> Callable[..., Pads]:
    """Keep what was worked out, as many calls have the same geometry."""
    kept = lru_cache(maxsize=1 << 14)(function)

    def remembering(*arguments: Any) -> Pads:
        # True equals 1 and would be found in its place, but is to be refused.
        return kept(*arguments) if _are_plain(arguments) else function(*arguments)

    return remembering


def _are_plain(values: tuple[Any, ...]) -> bool:
    for value in values:
        if type(value) is tuple:
            if not _are_plain(value):
                return False
        elif type(value) not in {int, str}:
            return False
    return True


@_remembered
def _pads(padding: Any, size: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pads:
    return resolve_padding(padding, size=size, kernel=kernel, stride=stride, dilation=dilation)


@_remembered
def _fitting_pads(padding: Any, size: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pads:
    """Refuse what fits nowhere, too."""
    pads = _pads(padding, size, kernel, stride, dilation)
    for axis in range(2):
        output_size(size[axis], kernel[axis], pad=pads[axis], stride=stride[axis], dilation=dilation[axis])
    return pads


@cache
def _is_supported(dtype: np.dtype[Any]) -> bool:
    return dtype.name in DTYPES


def whole_number(name: str, value: Any) -> int:
    """Give a value as a Python int of at least 1, or refuse it."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, got {value!r}") from None
    if number < 1:
        raise ValueError(f"{name} must be at least 1, got {number}")
    return number


def pair(name: str, value: Any) -> Pair:
    """Give a whole number for each axis, or refuse the value."""
    if not isinstance(value, (tuple, list)):
        return whole_number(name, value), whole_number(name, value)
    if len(value) != 2:
        raise ValueError(f"{name} must be a pair, got {value!r}")
    return whole_number(name, value[0]), whole_number(name, value[1])


def check(call: Call) -> Call:
    """Refuse what the specification refuses, and give the same call with pairs and whole numbers in it."""
    x, w, bias = np.asarray(call.x), np.asarray(call.w), call.bias
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(f"x and w must have rank 4, got x of shape {x.shape} and w of shape {w.shape}")
    if not (_is_supported(x.dtype) and _is_supported(w.dtype)):
        raise ValueError(f"x and w have dtypes {x.dtype} and {w.dtype}, of which one is not supported")
    stride, dilation = pair("stride", call.stride), pair("dilation", call.dilation)
    groups = whole_number("groups", call.groups)
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ValueError(f"groups={groups} does not fit x of shape {x.shape} and w of shape {w.shape}")
    found = Call(x, w, bias, stride, call.padding, dilation, groups)
    try:
        dtype = found.dtype
    except TypeError:
        raise ValueError(f"x of dtype {x.dtype} and w of dtype {w.dtype} have no common dtype") from None
    if bias is not None:
        bias = np.asarray(bias)
        if bias.shape != w.shape[:1]:
            raise ValueError(f"bias must have shape {w.shape[:1]}, got {bias.shape}")
        if not np.can_cast(bias.dtype, working_dtype(dtype), "same_kind"):
            raise ValueError(f"bias has dtype {bias.dtype}, which does not go into a result of dtype {dtype}")
    pads = _fitting_pads(call.padding, found.size, found.kernel, stride, dilation)
    padded = (*x.shape[:2], x.shape[2] + sum(pads[0]), x.shape[3] + sum(pads[1]))
    if math.prod(max(1, length) for length in padded) > LARGEST_ARRAY:
        raise ValueError(f"padding {pads} makes shape {padded}, more than {LARGEST_ARRAY} numbers")
    return found.but(bias=bias, padding=call.padding if isinstance(call.padding, str) else pads)


@cache
def working_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Name the dtype in which products are summed."""
    return np.dtype(WIDER.get(dtype.name, dtype))


def zero_pad(x: Array, pads: Pads) -> Array:
    """Put zeros around each picture, in a new array."""
    (top, bottom), (left, right) = pads
    N, C, H, W = x.shape
    padded = np.zeros((N, C, top + H + bottom, left + W + right), x.dtype)
    padded[:, :, top:top + H, left:left + W] = x
    return padded


def fitting(padded: int, reach: int, stride: int) -> int:
    """Count the positions at which a kernel fits on one axis."""
    return (padded - reach) // stride + 1


def extent(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
    """Count the rows and the columns of the output."""
    rows, columns = (
        fitting(padded[axis], (kernel[axis] - 1) * dilation[axis] + 1, stride[axis]) for axis in range(2))
    return rows, columns


def windows(padded: Array, outputs: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
    """Look at every window: (N, C, oH, oW, kH, kW). What lies beyond the padded picture is zero."""
    # A step that is never made may be larger than any address.
    (sh, sw), (dh, dw) = (
        tuple(step if count > 1 else 1 for step, count in zip(steps, counts, strict=True))
        for steps, counts in ((stride, outputs), (dilation, kernel)))
    rows = (outputs[0] - 1) * sh + (kernel[0] - 1) * dh + 1
    columns = (outputs[1] - 1) * sw + (kernel[1] - 1) * dw + 1
    if rows > padded.shape[2] or columns > padded.shape[3]:
        lack = max(0, rows - padded.shape[2]), max(0, columns - padded.shape[3])
        padded = zero_pad(padded, ((0, lack[0]), (0, lack[1])))
    a, b, c, d = padded.strides
    shape, strides = (*padded.shape[:2], *outputs, *kernel), (a, b, c * sh, d * sw, c * dh, d * dw)
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def sum_of_products(seen: Array, w: Array, groups: int) -> Array:
    """Multiply each window by the filters of its group and sum: (N, C_out, oH, oW)."""
    N, _, oH, oW, kH, kW = seen.shape
    C_out, Cg = w.shape[:2]
    columns = seen.transpose(0, 1, 4, 5, 2, 3).reshape(N, groups, Cg * kH * kW, oH * oW)
    filters = w.reshape(groups, C_out // groups, Cg * kH * kW)
    if seen.dtype.kind != "c":
        y: Array = np.matmul(filters, columns)
        return y.reshape(N, C_out, oH, oW)
    # A complex product of a linear algebra library is scaled by 1 + 0j, which makes NaN of an infinity.
    y = np.empty((N, *filters.shape[:2], oH * oW), seen.dtype)
    a, b, c, d = filters.real, filters.imag, columns.real, columns.imag
    y.real, y.imag = np.matmul(a, c) - np.matmul(b, d), np.matmul(a, d) + np.matmul(b, c)
    return y.reshape(N, C_out, oH, oW)


def add_bias(y: Array, bias: Array) -> Array:
    """Add each output channel's own number."""
    total: Array = y + bias[:, np.newaxis, np.newaxis]
    return total


def cast(y: Array, dtype: np.dtype[Any]) -> Array:
    """Round to the dtype of the result."""
    return y.astype(dtype, copy=False)


class Steps(TypedDict, total=False):
    """The steps that a fault may replace."""

    pads: Pads | None
    pad: Callable[[Array, Pads], Array]
    extent: Callable[[Pair, Pair, Pair, Pair], Pair]
    gather: Callable[[Array, Pair, Pair, Pair, Pair], Array]
    total: Callable[[Array, Array, int], Array]
    add: Callable[[Array, Array], Array]
    cast: Callable[[Array, np.dtype[Any]], Array]


Body = Callable[[Call], Array]
_SECOND: ContextVar[Body | None] = ContextVar("second fault", default=None)
_REPLACED: ContextVar[Steps] = ContextVar("steps that the first fault replaces")


def convolve(call: Call, **steps: Unpack[Steps]) -> Array:
    """Convolve a call that was checked; a fault names the step that it replaces."""
    replaced: Steps = {**_REPLACED.get({}), **steps}
    second = _SECOND.get()
    if second is None:
        return _in_steps(call, replaced)
    tokens = _SECOND.set(None), _REPLACED.set(replaced)
    try:
        return second(call)
    finally:
        _REPLACED.reset(tokens[1])
        _SECOND.reset(tokens[0])


def both(first: Body, second: Body) -> Body:
    """Two faults in one: where the first convolves, the second does, with the steps that the first replaces."""

    def body(call: Call) -> Array:
        token = _SECOND.set(second)
        try:
            return first(call)
        finally:
            _SECOND.reset(token)

    return body


def _in_steps(call: Call, steps: Steps) -> Array:
    dtype = call.dtype
    work = working_dtype(dtype)
    with np.errstate(all="ignore"):
        padded = steps.get("pad", zero_pad)(call.x.astype(work), steps.get("pads") or call.pads)
        outputs = steps.get("extent", extent)(
            (padded.shape[2], padded.shape[3]), call.kernel, call.stride, call.dilation)
        if min(outputs) < 0:
            raise ValueError(f"kernel of shape {call.kernel} fits nowhere, the output would be {outputs}")
        seen = steps.get("gather", windows)(padded, outputs, call.kernel, call.stride, call.dilation)
        y = steps.get("total", sum_of_products)(seen, call.w.astype(work), call.groups)
        if call.bias is not None:
            y = steps.get("add", add_bias)(y, call.bias.astype(work))
        return steps.get("cast", cast)(y, dtype)


def correct(call: Call) -> Array:
    """Check a call and convolve."""
    return convolve(check(call))
