"""Variants that differ from a plain sum in a way which they declare."""

import numpy as np

from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.algorithms import (
    by_fourier,
    by_winograd,
    cut,
    moderate,
    three_products,
    with_inputs,
)
from convspec.adapters.faulty.pieces import Call, check, convolve, correct
from convspec.adapters.faulty.precision import summed_in
from convspec.adapters.protocol import DTYPES, WORDS, Array, Capabilities, Numerics

right = Collection()

WITHOUT_HALVES = tuple(name for name in DTYPES if name not in ("float16", "bfloat16"))
SINGLES = {"float32", "float64"}


@right("fourier-declared", numerics=Numerics(algorithm="fft", nan_local=False))
def fourier_declared(call: Call) -> Array:
    """Floats of moderate size are convolved by Fourier transform, and that is declared."""
    return by_fourier(call)


@right("winograd-two-declared", numerics=Numerics(algorithm="winograd", tile=2, nan_local=False))
def winograd_two_declared(call: Call) -> Array:
    """Kernels of 3x3 use Winograd's F(2, 3), and that is declared."""
    return by_winograd(call, 2)


# In half precision the bound of F(4, 3) is larger than most answers, so nothing could be claimed there.
@right(
    "winograd-four-declared", capabilities=Capabilities(dtypes=WITHOUT_HALVES, padding_words=WORDS),
    numerics=Numerics(algorithm="winograd", tile=4, nan_local=False),
)
def winograd_four_declared(call: Call) -> Array:
    """Kernels of 3x3 use Winograd's F(4, 3), and that is declared; halves are refused."""
    if call.dtype.name not in WITHOUT_HALVES:
        raise ValueError(f"the dtype is {call.dtype}, which is not offered")
    return by_winograd(call, 4)


@right("half-in-half-declared", numerics=Numerics(accumulator={"float16": "float16", "bfloat16": "float32"}))
def half_in_half_declared(call: Call) -> Array:
    """Products of float16 are summed in float16, and that is declared."""
    if call.dtype != np.float16:
        return convolve(call)
    return convolve(call, total=lambda seen, w, groups: summed_in(
        "float16", seen.astype(np.float16), w.astype(np.float16), groups))


@right("three-products-declared", numerics=Numerics(complex_products=3))
def three_products_declared(call: Call) -> Array:
    """Complex numbers are multiplied by three real products, and that is declared."""
    return convolve(call, total=three_products) if call.dtype.kind == "c" and moderate(call) else convolve(call)


def flushed(array: Array) -> Array:
    """Replace subnormal numbers by 0."""
    if array.dtype.name not in SINGLES:
        return array
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, 0, array).astype(array.dtype)


@right("flush-to-zero-declared", numerics=Numerics(flush_to_zero=True))
def flush_to_zero_declared(call: Call) -> Array:
    """Subnormal inputs and results are zero, and that is declared."""
    bias = None if call.bias is None else flushed(call.bias)
    return flushed(convolve(with_inputs(call, flushed).but(bias=bias)))


@right("subnormal-results-flushed-declared", numerics=Numerics(flush_to_zero=True))
def subnormal_results_flushed_declared(call: Call) -> Array:
    """Subnormal results are zero, subnormal inputs are used, and that is declared."""
    return flushed(convolve(call))


@right(
    "tf32-declared", numerics=Numerics(input_precision=11),
    capabilities=Capabilities(dtypes=("float32",), padding_words=WORDS, mixed_dtypes="raise"), checked=False)
def tf32_declared(call: Call) -> Array:
    """Inputs of float32 are rounded to 11 significand bits, and that is declared."""
    valid = check(call)
    if valid.x.dtype != np.float32 or valid.w.dtype != np.float32:
        raise ValueError(f"x and w must be float32, got {valid.x.dtype} and {valid.w.dtype}")
    return convolve(with_inputs(valid, lambda array: cut(array, 11)))


@right(
    "nothing-for-too-large-a-kernel",
    capabilities=Capabilities(dtypes=DTYPES, padding_words=WORDS, empty_output="zero"), checked=False)
def nothing_for_too_large_a_kernel(call: Call) -> Array:
    """A kernel larger than the padded picture gives a result of no pixel, and that is declared."""
    if np.ndim(call.x) != 4 or np.ndim(call.w) != 4:
        return correct(call)
    x, w = np.asarray(call.x), np.asarray(call.w)
    larger = np.zeros((*x.shape[:2], x.shape[2] + 1, x.shape[3] + 1), x.dtype)
    # With a kernel of one tap and a picture of at least one pixel, whatever else is invalid is still refused.
    valid = check(call.but(x=larger, w=w[..., :1, :1])).but(x=x, w=w, padding=call.padding)
    lengths = [
        max(0, (n + sum(p) - k) // s + 1)
        for n, p, k, s in zip(valid.size, valid.pads, valid.reach, valid.stride, strict=True)]
    return correct(call) if min(lengths) > 0 else np.zeros((len(x), len(w), *lengths), valid.dtype)


@right(
    "mixed-dtypes-refused",
    capabilities=Capabilities(dtypes=DTYPES, padding_words=WORDS, mixed_dtypes="raise"))
def mixed_dtypes_refused(call: Call) -> Array:
    """Arrays of different dtypes are refused, and that is declared."""
    if call.x.dtype != call.w.dtype:
        raise ValueError(f"x has dtype {call.x.dtype}, w has {call.w.dtype}")
    return convolve(call)


@right(
    "little-claimed",
    capabilities=Capabilities(
        dtypes=("float64",), stride="same", padding="same", dilation="none", groups=False, bias=False,
        square_kernels_only=True, zero_channels=False, mixed_dtypes="raise"))
def little_claimed(call: Call) -> Array:
    """Only what a first layer needs is offered; everything else is refused."""
    (top, bottom), (left, right_pad) = call.pads
    offered = {
        "stride": call.stride[0] == call.stride[1],
        "padding": not isinstance(call.padding, str) and top == bottom == left == right_pad,
        "dilation": call.dilation == (1, 1),
        "groups": call.groups == 1,
        "bias": call.bias is None,
        "w": call.kernel[0] == call.kernel[1],
        "x": call.x.shape[1] > 0 and call.x.dtype == call.w.dtype == np.float64,
    }
    for name, fits in offered.items():
        if not fits:
            raise ValueError(f"{name} is not offered in this form")
    return convolve(call)
