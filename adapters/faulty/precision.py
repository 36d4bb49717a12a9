"""Numbers that are rounded more than the contract says: inputs, sums, transforms or results."""

import numpy as np

from convspec.adapters.faulty.algorithms import cut, with_inputs
from convspec.adapters.faulty.pieces import Call, add_bias, convolve
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array

wrong = Family("precision")

SINGLE = plain(dtype="float32", data="normal")
DOUBLE = plain(dtype="float64", data="normal")
LADDER = plain(dtype="float32", data="ladder")


def summed_in(dtype: str, seen: Array, w: Array, groups: int) -> Array:
    """Sum the products one after the other, rounding to `dtype` each time."""
    N, C_in, oH, oW, kH, kW = seen.shape
    C_out, Cg = w.shape[:2]
    total = np.zeros((N, groups, C_out // groups, oH, oW), dtype)
    seen = seen.reshape(N, groups, C_in // groups, oH, oW, kH, kW)
    w = w.reshape(groups, C_out // groups, Cg, kH, kW, 1, 1)
    for c in range(Cg):
        for p in range(kH):
            for q in range(kW):
                total += (seen[:, :, c, :, :, p, q][:, :, np.newaxis] * w[:, :, c, p, q]).astype(dtype)
    return total.reshape(N, C_out, oH, oW).astype(seen.dtype)


@wrong(
    "half-summed-in-half",
    remedy="sum float16 in float32, or declare the accumulator",
    hides="when all partial sums are exact in 11 bits",
    caught_by="DTY-04 NUM-04",
    recreates="https://github.com/ARM-software/ComputeLibrary/pull/1287",
    witness=plain(dtype="float16", data="normal"),
)
def half_summed_in_half(call: Call) -> Array:
    """Products of float16 are summed in float16, which is not declared."""
    if call.dtype != np.float16:
        return convolve(call)
    return convolve(call, total=lambda seen, w, groups: summed_in("float16", seen, w, groups))


@wrong(
    "single-summed-in-half",
    remedy="sum float32 in float32",
    hides="when all partial sums are exact in 11 bits",
    caught_by="NUM-01 NUM-09",
    recreates="https://github.com/uxlfoundation/oneDNN/pull/5041",
    witness=SINGLE,
)
def single_summed_in_half(call: Call) -> Array:
    """Products of float32 are summed in float16."""
    if call.dtype != np.float32:
        return convolve(call)
    return convolve(call, total=lambda seen, w, groups: summed_in("float16", seen, w, groups))


@wrong(
    "double-computed-in-single",
    remedy="compute float64 in float64",
    hides="when all numbers are exact in 24 bits",
    caught_by="NUM-01 NUM-09",
    recreates="https://github.com/xarray-contrib/xarray-spatial/pull/1097",
    witness=DOUBLE,
)
def double_computed_in_single(call: Call) -> Array:
    """A float64 convolution is computed in float32."""
    if call.dtype != np.float64:
        return convolve(call)
    return convolve(call.in_dtype(np.float32)).astype(np.float64)


def inputs_cut(call: Call, dtype: str, bits: int) -> Array:
    """Convolve with inputs of fewer significand bits, if the dtype is the one named."""
    return convolve(with_inputs(call, lambda array: cut(array, bits)) if call.dtype.name == dtype else call)


@wrong(
    "inputs-cut-to-tf32",
    remedy="switch TensorFloat-32 off, or declare input_precision=11",
    hides="when the inputs are exact in 11 bits",
    caught_by="NUM-01 NUM-09",
    recreates="https://github.com/pytorch/pytorch/issues/107514",
    witness=SINGLE,
)
def inputs_cut_to_tf32(call: Call) -> Array:
    """Inputs of float32 are rounded to the 11 significand bits of TF32."""
    return inputs_cut(call, "float32", 11)


@wrong(
    "inputs-cut-to-bfloat16",
    remedy="use the inputs as they are, or declare input_precision=8",
    hides="when the inputs are exact in 8 bits",
    caught_by="NUM-01 NUM-09",
    witness=SINGLE,
)
def inputs_cut_to_bfloat16(call: Call) -> Array:
    """Inputs of float32 are rounded to the 8 significand bits of bfloat16."""
    return inputs_cut(call, "float32", 8)


@wrong(
    "inputs-lack-three-bits",
    remedy="use all 24 bits of the inputs",
    hides="when the inputs are exact in 21 bits, or many terms hide the loss",
    caught_by="NUM-09",
    witness=LADDER,
)
def inputs_lack_three_bits(call: Call) -> Array:
    """Inputs of float32 are rounded to 21 of their 24 significand bits."""
    return inputs_cut(call, "float32", 21)


@wrong(
    "double-inputs-lack-five-bits",
    remedy="use all 53 bits of the inputs",
    hides="when the inputs are exact in 48 bits, or many terms hide the loss",
    caught_by="NUM-09",
    witness=plain(data="ladder"),
)
def double_inputs_lack_five_bits(call: Call) -> Array:
    """Inputs of float64 are rounded to 48 of their 53 significand bits, as two float32 hold them."""
    return inputs_cut(call, "float64", 48)


@wrong(
    "weights-quantised",
    remedy="use the weights as they are; quantisation belongs into a dtype of its own",
    hides="when the dtype is not float32, or the weights are whole numbers up to 127 of which one is 127",
    caught_by="NUM-01",
    witness=SINGLE,
)
def weights_quantised(call: Call) -> Array:
    """Weights of float32 are rounded to 255 levels."""
    if call.w.dtype != np.float32 or call.w.size == 0:
        return convolve(call)
    step = np.abs(call.w).max() / np.float32(127)
    fits = np.isfinite(step) and step > 0
    return convolve(call.but(w=(np.rint(call.w / step) * step).astype(call.w.dtype)) if fits else call)


@wrong(
    "bfloat16-result-cut-off",
    remedy="round to the nearest; do not cut the lower half of the float32 off",
    hides="when the result is exact in bfloat16, or the dtype is another",
    caught_by="DTY-04 NUM-04",
    witness=plain(dtype="bfloat16", data="normal"),
)
def bfloat16_result_cut_off(call: Call) -> Array:
    """A bfloat16 result is the float32 sum with its lower bits cut off, not rounded."""
    if call.dtype.name != "bfloat16":
        return convolve(call)

    def truncated(y: Array, dtype: np.dtype[np.generic]) -> Array:
        return (np.ascontiguousarray(y, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(
            np.float32).astype(dtype)

    return convolve(call, cast=truncated)


@wrong(
    "half-result-cut-off",
    remedy="round to the nearest float16",
    hides="when the result is exact in float16, or the dtype is another",
    caught_by="DTY-04 NUM-04",
    witness=plain(dtype="float16", data="normal"),
)
def half_result_cut_off(call: Call) -> Array:
    """A float16 result is rounded towards zero."""
    if call.dtype != np.float16:
        return convolve(call)

    def towards_zero(y: Array, dtype: np.dtype[np.generic]) -> Array:
        near = y.astype(dtype)
        too_far = np.abs(near.astype(y.dtype)) > np.abs(y)
        return np.where(too_far, np.nextafter(near, near.dtype.type(0)), near)

    return convolve(call, cast=towards_zero)


@wrong(
    "rounded-downwards",
    remedy="leave the rounding direction at nearest",
    hides="when the result is exact",
    caught_by="LAW-01 NUM-09",
    witness=LADDER,
)
def rounded_downwards(call: Call) -> Array:
    """A float32 sum is rounded towards minus infinity instead of to the nearest."""
    if call.dtype != np.float32:
        return convolve(call)
    wide = convolve(call.in_dtype(np.float64))
    near = wide.astype(np.float32)
    return np.where(near > wide, np.nextafter(near, np.float32(-np.inf)), near)


@wrong(
    "one-unit-too-large",
    remedy="return the sum itself",
    hides="in any test with a tolerance",
    caught_by="NUM-03 NUM-07",
    witness=plain(dtype="float32"),
)
def one_unit_too_large(call: Call) -> Array:
    """Every floating-point result is the next number above the right one."""
    y = convolve(call)
    return np.nextafter(y, y.dtype.type(np.inf)) if y.dtype.name in {"float32", "float64"} else y


@wrong(
    "relative-error-in-double",
    remedy="write constants with all their digits",
    hides="in any test with a tolerance above 1e-10",
    caught_by="NUM-01 NUM-03 NUM-09",
    witness=Witness(),
)
def relative_error_in_double(call: Call) -> Array:
    """Every float64 result is too large by a factor of 1 + 1e-10."""
    y = convolve(call)
    return y * (1 + 1e-10) if y.dtype == np.float64 else y


@wrong(
    "relative-error-in-single",
    remedy="write constants with all their digits",
    hides="in any test with a tolerance above 1e-6",
    caught_by="NUM-01 NUM-03 NUM-09",
    witness=Witness(dtype="float32"),
)
def relative_error_in_single(call: Call) -> Array:
    """Every float32 result is too large by a factor of 1 + 1e-6."""
    y = convolve(call)
    return y * np.float32(1 + 1e-6) if y.dtype == np.float32 else y


@wrong(
    "epsilon-added",
    remedy="add nothing; a convolution divides by nothing",
    hides="when the result is far above 1e-12 in magnitude",
    caught_by="NUM-07 LAW-02 LAW-05",
    witness=plain(x=(1, 1, 3, 3), w=(1, 1, 1, 1), dtype="float32", data="tiny"),
)
def epsilon_added(call: Call) -> Array:
    """The number 1e-12 is added to every floating-point result, as if to avoid a division by zero."""
    y = convolve(call)
    return (y + y.dtype.type(1e-12)) if y.dtype.name in {"float32", "float64"} else y


@wrong(
    "small-numbers-pruned",
    remedy="use every weight, however small",
    hides="when no weight is below 1e-6 in magnitude",
    caught_by="LAW-02",
    witness=plain(dtype="float32", data="tiny"),
)
def small_numbers_pruned(call: Call) -> Array:
    """Weights below 1e-6 in magnitude are taken for zero."""
    if call.w.dtype.kind in "iu":
        return convolve(call)
    return convolve(call.but(w=np.where(np.abs(call.w) < 1e-6, 0, call.w).astype(call.w.dtype)))


@wrong(
    "bias-rounded-to-half",
    remedy="add the bias in the working precision",
    hides="when the bias is exact in 11 bits",
    caught_by="NUM-01",
    witness=plain(dtype="float32", data="normal", bias=True),
)
def bias_rounded_to_half(call: Call) -> Array:
    """A floating-point bias is rounded to 11 significand bits."""
    return convolve(call, add=lambda y, bias: add_bias(y, cut(bias, 11)))
