"""Cleverer algorithms, used without saying so, or worse than they are said to be."""

import numpy as np

from convspec.adapters.faulty.algorithms import by_fourier, by_winograd, cut, three_products, with_inputs
from convspec.adapters.faulty.pieces import Call, add_bias, convolve
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array, Numerics

wrong = Family("precision")

DOUBLE = plain(dtype="float64", data="normal")


@wrong(
    "mean-removed-first",
    remedy="multiply the numbers as they are",
    hides="when the picture's mean is not large beside its small numbers",
    caught_by="NUM-01",
    recreates="https://github.com/JuliaImages/Images.jl/issues/318",
    witness=plain(dtype="float32", data="spread"),
)
def mean_removed_first(call: Call) -> Array:
    """Each picture's mean is subtracted and its share added again, which loses what is small beside it."""
    if call.dtype.name not in {"float32", "float64"} or call.x.size == 0:
        return convolve(call)
    mean = call.x.mean(axis=(1, 2, 3), keepdims=True, dtype=call.x.dtype)
    ones = convolve(call.but(x=np.ones_like(call.x), bias=None))
    rest = convolve(call.but(x=call.x - mean))
    y: Array = rest + mean * ones
    return y.astype(call.dtype)


@wrong(
    "box-by-running-sums",
    remedy="sum each window by itself",
    hides="when the weights of a filter are not all alike, or the sums are exact",
    caught_by="NUM-09 SPC-01",
    witness=lambda conv2d: float(conv2d(
        np.array([[[[1.0, 1.0, 1e20, 1.0, 1.0]]]]), np.ones((1, 1, 1, 2)))[0, 0, 0, 3]) != 2.0,
)
def box_by_running_sums(call: Call) -> Array:
    """Filters of equal weights are computed as differences of running sums along the rows."""
    alike = call.w.size > 0 and bool(np.all(call.w == call.w.flat[0])) and call.kernel[1] > 1
    plain_steps = call.stride[1] == call.dilation[1] == 1
    if not alike or not plain_steps or call.dtype.name not in {"float32", "float64"}:
        return convolve(call)
    columns = convolve(call.but(w=call.w[..., :1], bias=None, padding=call.pads))
    sums = np.pad(np.cumsum(columns, axis=3), ((0, 0), (0, 0), (0, 0), (1, 0)))
    y = sums[..., call.kernel[1]:] - sums[..., :-call.kernel[1]]
    return y if call.bias is None else add_bias(y, call.bias.astype(y.dtype))


@wrong(
    "complex-by-three-products",
    remedy="compute real and imaginary parts from four products",
    hides="when real and imaginary parts are of like size",
    caught_by="DEF-03",
    witness=lambda conv2d: abs(conv2d(
        *[np.full((1, 1, 1, 1), 1e4 + 1e-4j, np.complex64)] * 2)[0, 0, 0, 0].imag - 2) > 1e-3,
)
def complex_by_three_products(call: Call) -> Array:
    """Complex numbers are multiplied by three real products, which loses small parts beside large ones."""
    return convolve(call, total=three_products) if call.dtype.kind == "c" else convolve(call)


@wrong(
    "fourier-undeclared",
    remedy="declare algorithm='fft', or sum directly",
    hides="in any test with a tolerance relative to the largest output",
    caught_by="NUM-01 NUM-03 NUM-07",
    recreates="https://github.com/scipy/scipy/issues/15927",
    witness=plain(dtype="float32", data="spread"),
)
def fourier_undeclared(call: Call) -> Array:
    """The convolution is computed by Fourier transform, which is not declared."""
    return by_fourier(call)


@wrong(
    "winograd-undeclared",
    remedy="declare algorithm='winograd' with tile=4, or sum directly",
    hides="when the kernel is not 3x3 of stride 1",
    caught_by="NUM-01 NUM-03",
    recreates="https://github.com/ROCm/rocm-libraries/issues/12334",
    witness=plain(w=(3, 4, 3, 3), dtype="float32", data="spread"),
)
def winograd_undeclared(call: Call) -> Array:
    """Kernels of 3x3 are computed by Winograd's F(4, 3), which is not declared."""
    return by_winograd(call, 4)


@wrong(
    "small-winograd-undeclared",
    remedy="declare algorithm='winograd' with tile=2, or sum directly",
    hides="when the kernel is not 3x3 of stride 1, or the numbers are small integers",
    caught_by="NUM-01",
    witness=plain(w=(3, 4, 3, 3), dtype="float32", data="spread"),
)
def small_winograd_undeclared(call: Call) -> Array:
    """Kernels of 3x3 are computed by Winograd's F(2, 3), which is not declared."""
    return by_winograd(call, 2)


@wrong(
    "fourier-in-single-precision",
    remedy="transform float64 in complex128",
    hides="when the dtype is not float64",
    caught_by="NUM-05",
    numerics=Numerics(algorithm="fft", nan_local=False),
    witness=DOUBLE,
)
def fourier_in_single_precision(call: Call) -> Array:
    """It declares a Fourier transform, but transforms float64 in single precision."""
    return by_fourier(call, complex_dtype="complex64" if call.dtype == np.float64 else None)


@wrong(
    "winograd-in-half-precision",
    remedy="transform float32 in float32",
    hides="when the kernel is not 3x3 of stride 1, or the dtype not float32",
    caught_by="NUM-06",
    numerics=Numerics(algorithm="winograd", tile=2, nan_local=False),
    witness=plain(w=(3, 4, 3, 3), dtype="float32", data="normal"),
)
def winograd_in_half_precision(call: Call) -> Array:
    """It declares Winograd's F(2, 3) in float32, but rounds the inputs to 11 bits first."""
    if call.dtype != np.float32:
        return by_winograd(call, 2)
    return by_winograd(with_inputs(call, lambda array: cut(array, 11)), 2)


@wrong(
    "fourier-wraps-around",
    remedy="pad the plane to height + kernel - 1 before the transform",
    hides="when every pad is 0",
    caught_by="NUM-05 PAD-01",
    numerics=Numerics(algorithm="fft", nan_local=False),
    witness=plain(padding=((1, 1), (1, 1))),
)
def fourier_wraps_around(call: Call) -> Array:
    """It declares a Fourier transform, and its plane is too small: the edges wrap around."""
    padded = np.pad(call.x, ((0, 0), (0, 0), *call.pads), mode="wrap") if 0 not in call.x.shape else call.x
    return by_fourier(call.but(x=padded, padding=((0, 0), (0, 0))) if padded is not call.x else call)
