"""Element types: promoted, cut down, saturated, or computed through another one."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, sum_of_products
from convspec.adapters.faulty.registry import EVERYTHING, Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, Array, Capabilities, CaseLike, Exclusion

wrong = Family("dtypes")

POINT = plain(x=(2, 2, 4, 4), w=(2, 2, 2, 2))


def through(call: Call, dtype: str) -> Array:
    """Convolve in another dtype and come back, wrapping integers."""
    y = convolve(call.in_dtype(dtype))
    if call.dtype.kind not in "iu":
        return y.astype(call.dtype)
    y = np.clip(y, -(2.0**62), 2.0**62)
    return y.astype(np.int64).astype(call.dtype)


@wrong(
    "always-float64",
    remedy="return the dtype of the input",
    hides="when the input is float64",
    caught_by="DTY-01",
    witness=plain(dtype="float32"),
)
def always_float64(call: Call) -> Array:
    """A float32 input gives a float64 result."""
    y = convolve(call)
    return y.astype(np.float64) if y.dtype == np.float32 else y


@wrong(
    "always-float32",
    remedy="return the dtype of the input",
    hides="when the input is not float64",
    caught_by="DTY-01",
    recreates="https://github.com/xarray-contrib/xarray-spatial/pull/1097",
)
def always_float32(call: Call) -> Array:
    """A float64 input gives a float32 result."""
    y = convolve(call)
    return y.astype(np.float32) if y.dtype == np.float64 else y


@wrong(
    "half-comes-back-wide",
    remedy="round the float32 sum to the dtype of the input",
    hides="when the input is not float16 or bfloat16",
    caught_by="DTY-01",
    witness=plain(dtype="float16"),
)
def half_comes_back_wide(call: Call) -> Array:
    """A float16 or bfloat16 input gives a float32 result."""
    y = convolve(call)
    return y.astype(np.float32) if y.dtype.name in {"float16", "bfloat16"} else y


@wrong(
    "integers-come-back-as-floats",
    remedy="compute integers as integers",
    hides="when the dtype is not an integer one",
    caught_by="DTY-01",
    witness=plain(dtype="int32"),
)
def integers_come_back_as_floats(call: Call) -> Array:
    """Integer input gives a float64 result."""
    y = convolve(call)
    return y.astype(np.float64) if y.dtype.kind in "iu" else y


@wrong(
    "narrow-integers-widened",
    remedy="return the dtype of the input, or declare the wider one",
    hides="when the dtype has more than 16 bits",
    caught_by="DTY-01",
    recreates="https://github.com/numpy/numpy/issues/17234",
    witness=plain(dtype="int8"),
)
def narrow_integers_widened(call: Call) -> Array:
    """Integers of 8 or 16 bits wrap as such and are then returned as int32."""
    y = convolve(call)
    return y.astype(np.int32) if y.dtype.kind in "iu" and y.dtype.itemsize < 4 else y


@wrong(
    "integers-saturate",
    remedy="let integers wrap modulo 2**bits",
    hides="when no sum leaves the range of the dtype",
    caught_by="DTY-02",
    witness=plain(dtype="int8", data="full"),
)
def integers_saturate(call: Call) -> Array:
    """Integers of up to 32 bits are clipped to their range instead of wrapping."""
    y = convolve(call)
    if y.dtype.kind not in "iu" or y.dtype.itemsize > 4:
        return y
    wide = convolve(call.in_dtype(np.int64))
    limits = np.iinfo(y.dtype)
    return np.clip(wide, limits.min, limits.max).astype(y.dtype)


@wrong(
    "products-saturate",
    remedy="sum the products of bytes in 32 bits",
    hides="when no pair of products leaves 16 bits, or the dtype is not an 8-bit one",
    caught_by="DTY-02",
    witness=plain(dtype="uint8", data="full"),
)
def products_saturate(call: Call) -> Array:
    """Sums of products of 8-bit integers saturate at 16 bits on the way."""

    def saturated(seen: Array, w: Array, groups: int) -> Array:
        if seen.dtype.kind not in "iu" or seen.dtype.itemsize > 1:
            return sum_of_products(seen, w, groups)
        wide = sum_of_products(seen.astype(np.int64), w.astype(np.int64), groups)
        return np.clip(wide, -(2**15), 2**15 - 1).astype(seen.dtype)

    return convolve(call, total=saturated)


@wrong(
    "int64-through-float64",
    remedy="sum 64-bit integers as integers",
    hides="when every sum is below 2**53",
    caught_by="DTY-02",
    recreates="https://github.com/scipy/scipy/issues/10390",
    witness=plain(dtype="int64", data="full"),
)
def int64_through_float64(call: Call) -> Array:
    """Integers of 64 bits are computed in float64."""
    wide = call.dtype.kind in "iu" and call.dtype.itemsize == 8
    return through(call, "float64") if wide else convolve(call)


@wrong(
    "int32-through-float32",
    remedy="sum 32-bit integers as integers",
    hides="when every sum is below 2**24",
    caught_by="DTY-02",
    recreates="https://github.com/JuliaDSP/DSP.jl/issues/410",
    witness=plain(dtype="int32", data="full"),
)
def int32_through_float32(call: Call) -> Array:
    """Integers of 32 bits are computed in float32."""
    special = call.dtype.kind in "iu" and call.dtype.itemsize == 4
    return through(call, "float32") if special else convolve(call)


@wrong(
    "int32-through-float64",
    remedy="sum 32-bit integers as integers",
    hides="when every sum is below 2**53, so nearly always",
    caught_by="DTY-02",
    witness=plain(dtype="int32", data="full"),
)
def int32_through_float64(call: Call) -> Array:
    """Integers of 32 bits are computed in float64, where a sum of full-range products is rounded."""
    special = call.dtype.kind in "iu" and call.dtype.itemsize == 4
    return through(call, "float64") if special else convolve(call)


@wrong(
    "uint16-clipped-as-signed",
    remedy="keep the whole range of an unsigned integer",
    hides="when no number of x is above 32767",
    caught_by="DTY-02",
    recreates="https://github.com/scipy/scipy/issues/8757",
    witness=plain(dtype="uint16", data="full"),
)
def uint16_clipped_as_signed(call: Call) -> Array:
    """Unsigned 16-bit numbers above 32767 are taken for 32767."""
    if call.x.dtype != np.uint16:
        return convolve(call)
    return convolve(call.but(x=np.minimum(call.x, np.uint16(2**15 - 1))))


@wrong(
    "mixed-cut-to-input",
    remedy="promote x and w to their common dtype, or refuse",
    hides="when x and w have the same dtype",
    caught_by="DTY-03",
    recreates="https://github.com/scipy/scipy/issues/7217",
    witness=plain(dtype="float32", dtype_w="float64", data="normal"),
)
def mixed_cut_to_input(call: Call) -> Array:
    """A weight of another dtype is silently cast to the dtype of x."""
    bias = None if call.bias is None else call.bias.astype(call.x.dtype)
    return convolve(call.but(w=call.w.astype(call.x.dtype), bias=bias))


@wrong(
    "mixed-weights-truncated",
    remedy="promote integers and floats to a float dtype",
    hides="when x and w have the same kind of dtype",
    caught_by="DTY-03",
    recreates="https://github.com/scipy/scipy/issues/10527",
    witness=plain(dtype="int32", dtype_w="float64", data="positive"),
)
def mixed_weights_truncated(call: Call) -> Array:
    """With an integer picture, the weights' fractions are cut off."""
    if call.x.dtype.kind in "iu" and call.w.dtype.kind == "f":
        return convolve(call.but(w=np.trunc(call.w)))
    return convolve(call)


@wrong(
    "mixed-computed-in-single",
    remedy="compute in the promoted dtype, not in the narrower one",
    hides="when x and w have the same dtype",
    caught_by="DTY-03",
    witness=plain(dtype="float32", dtype_w="float64", data="normal"),
)
def mixed_computed_in_single(call: Call) -> Array:
    """The result of float32 with float64 is a float64 that was computed in float32."""
    if {call.x.dtype.name, call.w.dtype.name} == {"float32", "float64"}:
        return through(call.but(x=call.x.astype(np.float64), w=call.w.astype(np.float64)), "float32").astype(
            np.float64)
    return convolve(call)


def _dilated_int8(case: CaseLike) -> bool:
    return case.dtype == "int8" and any(step != 1 for step in case.dilation)


@wrong(
    "unclaimed-dilation-answered",
    remedy="raise for int8 with dilation, since it is not claimed",
    hides="when the dtype is not int8, or nothing is dilated",
    caught_by="DTY-05",
    capabilities=Capabilities(
        dtypes=EVERYTHING.dtypes, padding_words=EVERYTHING.padding_words,
        exclusions=(Exclusion("int8 with dilation has no kernel", _dilated_int8),)),
    witness=plain(dtype="int8", dilation=(2, 1)),
)
def unclaimed_dilation_answered(call: Call) -> Array:
    """What is not claimed, int8 with dilation, is answered wrongly instead of refused."""
    if call.dtype == np.int8 and max(call.dilation) > 1:
        return convolve(call) * np.int8(0)
    return convolve(call)


@wrong(
    "unclaimed-dtype-answered",
    remedy="raise for a dtype that is not claimed",
    hides="when the dtype is a floating-point one",
    caught_by="DTY-05",
    capabilities=Capabilities(dtypes=REAL_FLOATS + COMPLEX_FLOATS, padding_words=EVERYTHING.padding_words),
    witness=plain(dtype="int32", data="full"),
)
def unclaimed_dtype_answered(call: Call) -> Array:
    """Integers, which are not claimed, are answered through float32 instead of refused."""
    return through(call, "float32") if call.dtype.kind in "iu" else convolve(call)


@wrong(
    "unclaimed-groups-answered",
    remedy="raise for groups above 1, since they are not claimed",
    hides="when there is one group",
    caught_by="DTY-05",
    capabilities=Capabilities(dtypes=EVERYTHING.dtypes, padding_words=EVERYTHING.padding_words, groups=False),
    witness=plain(w=(6, 2, 3, 2), groups=2),
)
def unclaimed_groups_answered(call: Call) -> Array:
    """Groups, which are not claimed, are accepted, and every output sees the first channels only."""
    if call.groups == 1:
        return convolve(call)
    return convolve(call.but(x=call.x[:, :call.w.shape[1]], groups=1))


@wrong(
    "bfloat16-two-by-two",
    remedy="sum all four taps in bfloat16 as well",
    hides="unless the dtype is bfloat16 and the kernel 2x2",
    caught_by="DEF-01",
    recreates="https://github.com/pytorch/pytorch/issues/163347",
    witness=plain(w=(3, 4, 2, 2), dtype="bfloat16"),
)
def bfloat16_two_by_two(call: Call) -> Array:
    """In bfloat16 only the first tap of a 2x2 kernel is read."""
    w = call.w.copy()
    if call.dtype.name == "bfloat16" and call.kernel == (2, 2):
        w.reshape(*w.shape[:2], 4)[..., 1:] = 0
    return convolve(call.but(w=w))


@wrong(
    "bfloat16-stride-three",
    remedy="treat strides alike in every dtype",
    hides="unless the dtype is bfloat16 and a stride is 3",
    caught_by="DTY-04",
    recreates="https://github.com/pytorch/pytorch/issues/169688",
    witness=Witness(stride=(3, 1), dtype="bfloat16"),
)
def bfloat16_stride_three(call: Call) -> Array:
    """In bfloat16 a stride of 3 gives outputs in reverse."""
    y = convolve(call)
    return y[..., ::-1, ::-1].copy() if y.dtype.name == "bfloat16" and 3 in call.stride else y


@wrong(
    "int8-edge-columns",
    remedy="treat the columns at the padded edges alike in every dtype",
    hides="unless the dtype is int8 and the left pad differs from the right one",
    caught_by="DTY-02",
    recreates="https://github.com/uxlfoundation/oneDNN/issues/5080",
    witness=plain(dtype="int8", padding=((0, 0), (1, 2))),
)
def int8_edge_columns(call: Call) -> Array:
    """In int8, with different pads left and right, the first and last columns are swapped."""
    y = convolve(call)
    if y.dtype == np.int8 and call.pads[1][0] != call.pads[1][1]:
        y[..., [0, -1]] = y[..., [-1, 0]].copy()
    return y
