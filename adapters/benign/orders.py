"""Other orders of the same sum, and other precisions above the one that is asked for."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.pieces import Call, add_bias, convolve, extent, windows, working_dtype, zero_pad
from convspec.adapters.protocol import Array

right = Collection()


def prepared(call: Call, work: np.dtype[Any] | None = None) -> tuple[Array, Array]:
    """Give windows (N, g, 1, C, oH, oW, kH, kW) and filters (g, O, C, 1, 1, kH, kW) in the working dtype."""
    dtype = work or working_dtype(call.dtype)
    padded = zero_pad(call.x.astype(dtype), call.pads)
    outputs = extent((padded.shape[2], padded.shape[3]), call.kernel, call.stride, call.dilation)
    seen = windows(padded, outputs, call.kernel, call.stride, call.dilation)
    N, C_in, oH, oW, kH, kW = seen.shape
    C_out, Cg = call.w.shape[:2]
    grouped = seen.reshape(N, call.groups, 1, C_in // call.groups, oH, oW, kH, kW)
    return grouped, call.w.astype(dtype).reshape(call.groups, C_out // call.groups, Cg, 1, 1, kH, kW)


def shape_of(call: Call, seen: Array) -> tuple[int, ...]:
    """Give the shape of the output of windows that were prepared."""
    return seen.shape[0], call.w.shape[0], seen.shape[4], seen.shape[5]


def products(call: Call, work: np.dtype[Any] | None = None) -> Iterator[Array]:
    """Yield the products of one channel and one tap after the other: (N, g, O, oH, oW) each."""
    seen, w = prepared(call, work)
    for c in range(w.shape[2]):
        for p in range(w.shape[5]):
            for q in range(w.shape[6]):
                yield seen[:, :, :, c, :, :, p, q] * w[:, :, c, :, :, p, q]


def finished(call: Call, total: Array, *, bias: bool = True) -> Array:
    """Join the groups, add the bias in the dtype of the sum and round."""
    y = total.reshape(len(call.x), call.w.shape[0], *total.shape[-2:])
    if bias and call.bias is not None:
        y = add_bias(y, call.bias.astype(y.dtype))
    return y.astype(call.dtype)


def zeros(call: Call, work: np.dtype[Any] | None = None) -> Array:
    """Give the empty sums: (N, g, O, oH, oW)."""
    padded = [n + sum(p) for n, p in zip(call.size, call.pads, strict=True)]
    rows, columns = extent((padded[0], padded[1]), call.kernel, call.stride, call.dilation)
    each = call.w.shape[0] // call.groups
    return np.zeros((len(call.x), call.groups, each, rows, columns), work or working_dtype(call.dtype))


@right("windows-as-a-matrix")
def windows_as_a_matrix(call: Call) -> Array:
    """Windows are copied into a matrix, and one matrix product of the linear algebra library sums them."""
    seen, w = prepared(call)
    N, g, _, C, oH, oW, kH, kW = seen.shape
    columns = seen.transpose(0, 1, 2, 3, 6, 7, 4, 5).reshape(N, g, C * kH * kW, oH * oW)
    y = np.matmul(w.reshape(g, w.shape[1], C * kH * kW), columns)
    return finished(call, y.reshape(N, g, w.shape[1], oH, oW))


@right("tap-by-tap")
def tap_by_tap(call: Call) -> Array:
    """One tap after the other is added to all outputs at once."""
    total = zeros(call)
    for product in products(call):
        total += product
    return finished(call, total)


@right("taps-in-reverse")
def taps_in_reverse(call: Call) -> Array:
    """The products are summed from the last to the first."""
    total = zeros(call)
    for product in reversed(list(products(call))):
        total += product
    return finished(call, total)


@right("taps-shuffled")
def taps_shuffled(call: Call) -> Array:
    """The products are summed in an order that looks random, the same one each time."""
    total, terms = zeros(call), list(products(call))
    for number in sorted(range(len(terms)), key=lambda n: (n * 2654435761) % 2**32):
        total += terms[number]
    return finished(call, total)


@right("pairwise")
def pairwise(call: Call) -> Array:
    """Neighbouring sums are added in pairs, as in a tournament."""
    terms = [zeros(call), *products(call)]
    while len(terms) > 1:
        terms = [sum(terms[n + 1:n + 2], start=terms[n]) for n in range(0, len(terms), 2)]
    return finished(call, terms[0])


@right("compensated")
def compensated(call: Call) -> Array:
    """What each addition loses is carried on, after Kahan."""
    total, lost = zeros(call), zeros(call)
    for product in products(call):
        term = product - lost
        new = total + term
        # Where a sum is infinite there is no loss to speak of; inf - inf would make it NaN.
        lost = np.where(np.isfinite(new), (new - total) - term, 0).astype(total.dtype)
        total = new
    return finished(call, total)


@right("blocks-of-channels")
def blocks_of_channels(call: Call) -> Array:
    """Four channels at a time are summed apart, then the blocks are added."""
    per_channel, total = call.kernel[0] * call.kernel[1], zeros(call)
    block = zeros(call)
    for number, product in enumerate(products(call), start=1):
        block += product
        if number % (4 * per_channel) == 0:
            total, block = total + block, zeros(call)
    return finished(call, total + block)


@right("two-accumulators")
def two_accumulators(call: Call) -> Array:
    """Even and odd taps are summed apart, as unrolled loops do."""
    sums = [zeros(call), zeros(call)]
    for number, product in enumerate(products(call)):
        sums[number % 2] += product
    return finished(call, sums[0] + sums[1])


@right("fused-multiply-add")
def fused_multiply_add(call: Call) -> Array:
    """Each product is added before it is rounded, as a fused multiply-add does."""
    if call.dtype.kind != "f":
        return convolve(call)
    work = working_dtype(call.dtype)
    wide = np.dtype(np.longdouble if work == np.float64 else np.float64)
    total = zeros(call)
    for product in products(call, wide):
        total = (total.astype(wide) + product).astype(work)
    return finished(call, total)


@right("bias-first")
def bias_first(call: Call) -> Array:
    """The sum starts from the bias instead of from zero."""
    total = zeros(call)
    if call.bias is not None:
        total += call.bias.astype(total.dtype).reshape(call.groups, total.shape[2], 1, 1)
    for product in products(call):
        total += product
    return finished(call, total, bias=False)


@right("bias-rounded-apart")
def bias_rounded_apart(call: Call) -> Array:
    """The sum is rounded to the dtype of the result, then the bias is added and the result rounded again."""
    y = convolve(call.but(bias=None))
    return y if call.bias is None else add_bias(y, call.bias.astype(y.dtype)).astype(y.dtype)


@right("double-rounded-once")
def double_rounded_once(call: Call) -> Array:
    """Floats below 64 bits are computed in float64 and rounded once."""
    wider = {"float16": "float64", "bfloat16": "float64", "float32": "float64", "complex64": "complex128"}
    if call.dtype.name not in wider:
        return convolve(call)
    work = np.dtype(wider[call.dtype.name])
    total = zeros(call, work)
    for product in products(call, work):
        total += product
    return finished(call, total)


@right("extended-precision")
def extended_precision(call: Call) -> Array:
    """Real floats are computed in the longest float of the machine and rounded once."""
    if call.dtype.name not in {"float16", "bfloat16", "float32", "float64"}:
        return convolve(call)
    work = np.dtype(np.longdouble)
    total = zeros(call, work)
    for product in products(call, work):
        total += product
    return finished(call, total)


@right("python-numbers")
def python_numbers(call: Call) -> Array:
    """Integers are computed as Python integers, without end, and wrapped at last."""
    if call.dtype.kind not in "iu":
        return convolve(call)
    total = zeros(call).astype(object)
    for product in products(call, np.dtype(object)):
        total = total + product
    if call.bias is not None:
        total = total + call.bias.astype(object).reshape(call.groups, total.shape[2], 1, 1)
    bits = 8 * call.dtype.itemsize
    low = int(np.iinfo(call.dtype).min)
    wrapped: Array = (total - low) % 2**bits + low
    return wrapped.astype(call.dtype).reshape(len(call.x), call.w.shape[0], *total.shape[-2:])


@right("integers-widened-inside")
def integers_widened_inside(call: Call) -> Array:
    """Integers are summed in 64 bits and cut down to their own width at the end."""
    if call.dtype.kind not in "iu":
        return convolve(call)
    total = zeros(call, np.dtype(np.int64))
    for product in products(call, np.dtype(np.int64)):
        total += product
    return finished(call, total)


@right("integers-in-exact-floats")
def integers_in_exact_floats(call: Call) -> Array:
    """Integers are summed in float64 where every sum is below 2**53, else as integers."""
    if call.dtype.kind not in "iu" or call.x.size == 0 or call.w.size == 0:
        return convolve(call)
    largest = max(abs(int(array.max())) for array in (call.x, call.w)) + max(
        abs(int(array.min())) for array in (call.x, call.w))
    if call.w[:1].size * largest**2 >= 2**52:
        return convolve(call)
    bias = None if call.bias is None else call.bias.astype(np.float64)
    if bias is not None and bias.size and np.abs(bias).max() >= 2.0**51:
        return convolve(call)
    y = convolve(call.but(x=call.x.astype(np.float64), w=call.w.astype(np.float64), bias=bias))
    return y.astype(np.int64).astype(call.dtype)


@right("complex-by-four-products")
def complex_by_four_products(call: Call) -> Array:
    """Complex convolutions are four real ones."""
    if call.dtype.kind != "c":
        return convolve(call)
    x, w = call.x.astype(call.dtype), call.w.astype(call.dtype)
    part = call.but(bias=None)
    y = np.empty((len(x), len(w), *zeros(part.but(x=x.real, w=w.real)).shape[-2:]), call.dtype)
    y.real = convolve(part.but(x=x.real, w=w.real)) - convolve(part.but(x=x.imag, w=w.imag))
    y.imag = convolve(part.but(x=x.real, w=w.imag)) + convolve(part.but(x=x.imag, w=w.real))
    return y if call.bias is None else add_bias(y, call.bias.astype(call.dtype))
