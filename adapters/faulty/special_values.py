"""NaN, infinities, overflow, underflow and subnormal numbers."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, add_bias, convolve, sum_of_products, windows, zero_pad
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array, Pair

wrong = Family("special values")

NAN = plain(data="nan")
INF = plain(data="inf")
SINGLES = {"float32", "float64"}


def floating(array: Array) -> bool:
    """Say whether an array can hold a NaN at all."""
    return array.dtype.kind not in "iu"


def cleaned(array: Array) -> Array:
    """Replace NaN by 0."""
    return np.where(np.isnan(array), 0, array).astype(array.dtype) if floating(array) else array


def tiny(array: Array) -> Array:
    """Replace subnormal numbers by 0."""
    if array.dtype.name not in SINGLES:
        return array
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, 0, array).astype(array.dtype)


def summed_where(seen: Array, w: Array, groups: int, *, skip_inputs: bool, skip_weights: bool) -> Array:
    """Sum the products, but for those whose input or weight is 0."""
    N, C_in, oH, oW, kH, kW = seen.shape
    C_out, Cg = w.shape[:2]
    a = seen.reshape(N, groups, 1, C_in // groups, oH, oW, kH, kW)
    b = w.reshape(1, groups, C_out // groups, Cg, 1, 1, kH, kW)
    skipped = (a == 0) & skip_inputs | (b == 0) & skip_weights
    y: Array = np.where(skipped, 0, a * b).sum(axis=(3, 6, 7), dtype=seen.dtype)
    return y.reshape(N, C_out, oH, oW)


@wrong(
    "nan-swallowed",
    remedy="let a NaN reach every output whose window holds it",
    hides="when all numbers are finite",
    caught_by="SPC-01",
    recreates="https://github.com/tensorflow/tensorflow/issues/63391",
    witness=NAN,
)
def nan_swallowed(call: Call) -> Array:
    """A NaN in the input is taken for 0."""
    return convolve(call.but(x=cleaned(call.x)))


@wrong(
    "nan-weight-swallowed",
    remedy="let a NaN weight reach every output of its filter",
    hides="when all weights are finite",
    caught_by="SPC-02",
    recreates="https://github.com/pytorch/pytorch/issues/12484",
    witness=lambda conv2d: not np.isnan(conv2d(np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), np.nan))).any(),
)
def nan_weight_swallowed(call: Call) -> Array:
    """A NaN in the weight is taken for 0."""
    return convolve(call.but(w=cleaned(call.w)))


@wrong(
    "nan-result-replaced",
    remedy="return NaN where the sum is NaN",
    hides="when no sum is NaN",
    caught_by="SPC-01 SPC-02",
    witness=NAN,
)
def nan_result_replaced(call: Call) -> Array:
    """An output that is NaN is replaced by 0."""
    return cleaned(convolve(call))


@wrong(
    "zero-factors-skipped",
    remedy="multiply by zeros too: 0 times NaN or infinity is NaN",
    hides="when all numbers are finite",
    caught_by="SPC-01",
    recreates="https://github.com/tensorflow/tensorflow/issues/63391",
    witness=lambda conv2d: not np.isnan(conv2d(np.full((1, 1, 1, 1), np.nan), np.zeros((1, 1, 1, 1)))).any(),
)
def zero_factors_skipped(call: Call) -> Array:
    """Products with a zero factor are skipped, so that 0 times NaN is 0."""

    def sparse(seen: Array, w: Array, groups: int) -> Array:
        if not floating(seen) or (np.isfinite(seen).all() and np.isfinite(w).all()):
            return sum_of_products(seen, w, groups)
        return summed_where(seen, w, groups, skip_inputs=True, skip_weights=True)

    return convolve(call, total=sparse)


@wrong(
    "zero-weights-skipped",
    remedy="multiply by zero weights too: 0 times NaN or infinity is NaN",
    hides="when all inputs are finite, or no weight is 0",
    caught_by="SPC-01",
    witness=lambda conv2d: not np.isnan(conv2d(np.full((1, 1, 1, 1), np.inf), np.zeros((1, 1, 1, 1)))).any(),
)
def zero_weights_skipped(call: Call) -> Array:
    """Taps whose weight is 0 are skipped, so that an infinite or NaN input there leaves no trace."""

    def sparse(seen: Array, w: Array, groups: int) -> Array:
        if not floating(seen) or np.isfinite(seen).all():
            return sum_of_products(seen, w, groups)
        return summed_where(seen, w, groups, skip_inputs=False, skip_weights=True)

    return convolve(call, total=sparse)


@wrong(
    "zero-inputs-skipped",
    remedy="multiply zero inputs too: 0 times infinity is NaN",
    hides="when all weights are finite, or no input is 0",
    caught_by="SPC-02",
    recreates="https://github.com/tracel-ai/burn/issues/5385",
    witness=lambda conv2d: not np.isnan(conv2d(np.zeros((1, 1, 1, 1)), np.full((1, 1, 1, 1), np.inf))).any(),
)
def zero_inputs_skipped(call: Call) -> Array:
    """Inputs that are 0 are skipped, so that an infinite weight there leaves no trace."""

    def sparse(seen: Array, w: Array, groups: int) -> Array:
        if not floating(w) or np.isfinite(w).all():
            return sum_of_products(seen, w, groups)
        return summed_where(seen, w, groups, skip_inputs=True, skip_weights=False)

    return convolve(call, total=sparse)


@wrong(
    "infinity-limited",
    remedy="return infinity where the sum is infinite",
    hides="when no sum is infinite",
    caught_by="SPC-02",
    witness=INF,
)
def infinity_limited(call: Call) -> Array:
    """An infinite output is replaced by the largest finite number."""
    y = convolve(call)
    if y.dtype.name not in SINGLES | {"float16"}:
        return y
    largest = np.finfo(y.dtype).max
    return np.where(np.isnan(y), y, np.clip(y, -largest, largest)).astype(y.dtype)


@wrong(
    "infinity-becomes-nan",
    remedy="do not subtract infinities from each other on the way",
    hides="when no sum is infinite",
    caught_by="SPC-02",
    recreates="https://github.com/astropy/astropy/pull/893",
    witness=INF,
)
def infinity_becomes_nan(call: Call) -> Array:
    """An infinite output comes back as NaN."""
    y = convolve(call)
    return np.where(np.isinf(y), np.nan, y).astype(y.dtype) if floating(y) else y


@wrong(
    "infinity-loses-its-sign",
    remedy="return minus infinity where the sum is",
    hides="when no sum is minus infinity",
    caught_by="SPC-02",
    witness=INF,
)
def infinity_loses_its_sign(call: Call) -> Array:
    """Minus infinity comes back as plus infinity."""
    y = convolve(call)
    return np.where(np.isinf(y), np.abs(y), y).astype(y.dtype) if y.dtype.name in SINGLES else y


@wrong(
    "nan-fills-the-plane",
    remedy="let a NaN reach only the windows that hold it, or declare nan_local=False",
    hides="when all numbers are finite, or every window holds the NaN",
    caught_by="SPC-01",
    recreates="https://github.com/scipy/scipy/issues/15927",
    witness=NAN,
)
def nan_fills_the_plane(call: Call) -> Array:
    """A NaN or infinity anywhere in a picture makes its whole output NaN."""
    y = convolve(call)
    if not floating(y):
        return y
    broken = ~np.isfinite(call.x).all(axis=(1, 2, 3), keepdims=True)
    return np.where(broken, np.nan, y).astype(y.dtype)


@wrong(
    "nan-fills-the-row",
    remedy="mask what lies beyond the tile; a weight of zero does not stop a NaN",
    hides="when all numbers are finite, or the output has one column",
    caught_by="SPC-01",
    witness=NAN,
)
def nan_fills_the_row(call: Call) -> Array:
    """A NaN in one output makes all outputs of its row NaN."""
    y = convolve(call)
    return np.where(np.isnan(y).any(axis=3, keepdims=True), np.nan, y).astype(y.dtype) if floating(y) else y


@wrong(
    "nan-crosses-groups",
    remedy="read only the channels of the group",
    hides="when all numbers are finite, or there is one group",
    caught_by="SPC-01",
    recreates="https://github.com/XiaoMi/mace/pull/345",
    witness=plain(w=(6, 2, 3, 2), groups=2, data="nan"),
)
def nan_crosses_groups(call: Call) -> Array:
    """Groups are computed with a dense weight that is zero elsewhere, so that a NaN crosses them."""
    if call.groups == 1 or not floating(call.x):
        return convolve(call)
    C_out, Cg, kH, kW = call.w.shape
    dense = np.zeros((C_out, call.x.shape[1], kH, kW), call.w.dtype)
    for o in range(C_out):
        first = o // (C_out // call.groups) * Cg
        dense[o, first:first + Cg] = call.w[o]
    return convolve(call.but(w=dense, groups=1))


@wrong(
    "gaps-of-dilation-filled",
    remedy="skip the gaps; zeros put between the taps turn a NaN there into NaN",
    hides="when all numbers are finite, or the dilation is 1",
    caught_by="SPC-01",
    witness=lambda conv2d: bool(np.isnan(conv2d(
        np.array([[[[1.0, np.nan, 1.0]]]]), np.ones((1, 1, 1, 2)), dilation=(1, 2))).any()),
)
def gaps_of_dilation_filled(call: Call) -> Array:
    """A dilated kernel is filled up with zero weights, which multiply what lies in the gaps."""
    w = np.zeros((*call.w.shape[:2], *call.reach), call.w.dtype)
    w[:, :, ::call.dilation[0], ::call.dilation[1]] = call.w
    return convolve(call.but(w=w, dilation=(1, 1), padding=call.pads))


@wrong(
    "subnormals-flushed",
    remedy="keep subnormal numbers, or declare flush_to_zero",
    hides="when no result is subnormal",
    caught_by="SPC-06",
    witness=plain(x=(1, 1, 4, 4), w=(1, 1, 1, 1), dtype="float32", data="tiny"),
)
def subnormals_flushed(call: Call) -> Array:
    """Subnormal results are returned as zero, which is not declared."""
    return tiny(convolve(call))


@wrong(
    "subnormal-inputs-flushed",
    remedy="keep subnormal numbers, or declare flush_to_zero",
    hides="when no input is subnormal",
    caught_by="SPC-06",
    witness=lambda conv2d: float(conv2d(
        np.full((1, 1, 1, 1), 1e-40, np.float32), np.full((1, 1, 1, 1), 1e20, np.float32))[0, 0, 0, 0]) == 0,
)
def subnormal_inputs_flushed(call: Call) -> Array:
    """Subnormal inputs and weights are taken for zero, which is not declared."""
    return convolve(call.but(x=tiny(call.x), w=tiny(call.w)))


@wrong(
    "scaled-up-on-the-way",
    remedy="do not scale intermediate sums",
    hides="when no number comes near the end of the range",
    caught_by="SPC-05",
    witness=lambda conv2d: bool(np.isinf(conv2d(
        np.full((1, 1, 1, 1), 1e30, np.float32), np.full((1, 1, 1, 1), 1e6, np.float32))).any()),
)
def scaled_up_on_the_way(call: Call) -> Array:
    """Inputs are multiplied by a power of two and the sum divided by it, so that large sums overflow."""
    if call.dtype.name not in SINGLES:
        return convolve(call)
    factor = call.x.dtype.type(2.0**16 if call.x.dtype == np.float32 else 2.0**128)
    y = convolve(call.but(x=call.x * factor, bias=None)) / factor
    y = y.astype(call.dtype)
    return y if call.bias is None else add_bias(y, call.bias.astype(y.dtype))


@wrong(
    "half-overflows-on-the-way",
    remedy="round to float16 once, after the last product",
    hides="when no partial sum is above 65504",
    caught_by="SPC-05",
    witness=lambda conv2d: not np.isfinite(conv2d(
        np.full((1, 2, 1, 1), 300, np.float16), np.array([[[[300]], [[-300]]]], np.float16))).all(),
)
def half_overflows_on_the_way(call: Call) -> Array:
    """The share of a channel that is above the range of float16 overflows, though the sum would not."""
    if call.dtype != np.float16:
        return convolve(call)

    def by_channel(seen: Array, w: Array, groups: int) -> Array:
        y = np.zeros_like(sum_of_products(seen, w, groups))
        for c in range(w.shape[1]):
            one = sum_of_products(seen[:, c::w.shape[1]], w[:, c:c + 1], groups)
            y += np.where(np.abs(one) < 65520, one, one * np.inf)
        return y

    return convolve(call, total=by_channel)


@wrong(
    "nan-left-in-the-margin",
    remedy="clear the whole margin of the padded picture",
    hides="when there is no right pad",
    caught_by="PAD-01",
    recreates="https://github.com/tensorflow/tflite-micro/issues/1646",
    witness=plain(padding=((0, 0), (1, 2))),
)
def nan_left_in_the_margin(call: Call) -> Array:
    """The last padding column holds NaN, as memory that was never written may."""

    def gather(padded: Array, outputs: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
        if call.pads[1][1] and floating(padded):
            padded = zero_pad(padded, ((0, 0), (0, 0)))
            padded[..., -1] = np.nan
        return windows(padded, outputs, kernel, stride, dilation)

    return convolve(call, gather=gather)
