"""Stride, dilation and the size of the output are computed wrongly."""

import math

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, extent, windows, zero_pad
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array, Pair

wrong = Family("geometry")


@wrong(
    "stride-ignored",
    remedy="step by the stride from one output position to the next",
    hides="when the stride is 1 or the output has one position",
    caught_by="DEF-01 STR-01 SHP-01 SHP-03",
)
def stride_ignored(call: Call) -> Array:
    """The stride is ignored on both axes."""
    return convolve(call.but(stride=(1, 1)))


@wrong(
    "stride-clamped-to-kernel",
    remedy="let the stride be larger than the kernel: samples between the windows are read by nobody",
    hides="when the stride is at most the kernel's reach",
    caught_by="DEF-01 SHP-07",
    recreates="https://github.com/onnx/onnx/pull/2023",
    witness=plain(w=(3, 4, 2, 2), stride=(3, 3)),
)
def stride_clamped_to_kernel(call: Call) -> Array:
    """A stride larger than the kernel is cut down to the kernel."""
    stride = tuple(min(s, k) for s, k in zip(call.stride, call.reach, strict=True))
    return convolve(call.but(stride=stride))


@wrong(
    "stride-starts-in-the-middle",
    remedy="start the first window at the first padded sample: y[..., ::s, ::s]",
    hides="when the stride is 1",
    caught_by="DEF-01 STR-01",
)
def stride_starts_in_the_middle(call: Call) -> Array:
    """Of the outputs of stride 1, every s-th is taken, but from the middle of a step on."""
    full = convolve(call.but(stride=(1, 1), padding=call.pads))
    starts = [min(s // 2, length - 1) for s, length in zip(call.stride, full.shape[2:], strict=True)]
    return full[:, :, starts[0]::call.stride[0], starts[1]::call.stride[1]].copy()


@wrong(
    "picture-subsampled",
    remedy="move the window by the stride over all samples; do not thin the picture out first",
    hides="when the stride is 1 or the kernel has one tap",
    caught_by="DEF-01 STR-01",
    witness=plain(stride=(2, 1), x=(2, 4, 12, 6)),
)
def picture_subsampled(call: Call) -> Array:
    """The padded picture is thinned out by the stride, then convolved with stride 1."""
    padded = zero_pad(call.x, call.pads)[:, :, ::call.stride[0], ::call.stride[1]]
    return convolve(call.but(x=padded, padding=((0, 0), (0, 0)), stride=(1, 1)))


@wrong(
    "stride-above-three",
    remedy="use the stride as it is, however large",
    hides="when no stride is above 3",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 12, 6), stride=(4, 1)),
)
def stride_above_three(call: Call) -> Array:
    """Strides above 3 are treated as 3."""
    return convolve(call.but(stride=tuple(min(3, s) for s in call.stride)))


@wrong(
    "stride-three-is-two",
    remedy="give stride 3 a path of its own instead of the one for stride 2",
    hides="when no stride is 3",
    caught_by="DEF-01",
    recreates="https://github.com/pytorch/pytorch/issues/169688",
    witness=plain(stride=(3, 1)),
)
def stride_three_is_two(call: Call) -> Array:
    """A stride of 3 is treated as 2, as if strides were powers of two."""
    return convolve(call.but(stride=tuple(2 if s == 3 else s for s in call.stride)))


@wrong(
    "dilation-ignored",
    remedy="space the taps by the dilation",
    hides="when the dilation is 1 or the kernel has one tap",
    caught_by="DEF-01 DIL-01 SHP-04",
)
def dilation_ignored(call: Call) -> Array:
    """The dilation is ignored: the taps stay neighbours."""
    return convolve(call.but(dilation=(1, 1), padding=call.pads))


@wrong(
    "dilation-not-in-size",
    remedy="compute the output's size from the effective kernel (k - 1)*d + 1",
    hides="when the dilation is 1 or the kernel has one tap",
    caught_by="DEF-01 SHP-01 SHP-03 SHP-04",
    recreates="https://github.com/microsoft/onnxjs/pull/155",
)
def dilation_not_in_size(call: Call) -> Array:
    """The output's size is computed from the kernel without its gaps; zeros are read beyond the edge."""

    def undilated(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent(padded, kernel, stride, (1, 1))

    return convolve(call, extent=undilated)


@wrong(
    "dilation-counts-gaps",
    remedy="a dilation of 1 means no gap; pass d - 1 to a library that counts the zeros in between",
    hides="when the kernel has one tap",
    caught_by="DEF-01 SHP-04",
    recreates="https://github.com/uxlfoundation/oneDNN/issues/438",
    witness=plain(x=(2, 4, 9, 9)),
)
def dilation_counts_gaps(call: Call) -> Array:
    """The dilation is taken for the number of zeros between taps: one too far."""
    return convolve(call.but(dilation=(call.dilation[0] + 1, call.dilation[1] + 1)))


@wrong(
    "effective-kernel-too-large",
    remedy="the effective kernel is (k - 1)*d + 1, not k*d",
    hides="when the dilation is 1, or the stride swallows the difference",
    caught_by="DEF-01 SHP-01 SHP-04",
)
def effective_kernel_too_large(call: Call) -> Array:
    """The effective kernel is taken to be k*d, so that the last positions are missing."""

    def larger(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = (max(0, (padded[a] - kernel[a] * dilation[a]) // stride[a] + 1) for a in range(2))
        return rows, columns

    return convolve(call, extent=larger)


@wrong(
    "dilation-of-a-single-tap",
    remedy="a kernel of one tap reaches over one sample, whatever the dilation",
    hides="when the kernel has more than one tap on each axis, or the dilation is 1",
    caught_by="DIL-02",
    witness=plain(w=(3, 4, 1, 2), dilation=(2, 1)),
)
def dilation_of_a_single_tap(call: Call) -> Array:
    """On an axis with one tap, the dilation makes the output smaller."""

    def single(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        less = [d - 1 if k == 1 else 0 for k, d in zip(kernel, dilation, strict=True)]
        rows, columns = extent((padded[0] - less[0], padded[1] - less[1]), kernel, stride, dilation)
        return max(0, rows), max(0, columns)

    return convolve(call, extent=single)


@wrong(
    "dilation-of-the-first-gap-only",
    remedy="put tap p at p*d, not at d + p - 1",
    hides="when the dilation is 1 or the kernel has at most two taps on an axis",
    caught_by="DEF-01 DIL-01",
    witness=plain(dilation=(2, 1)),
)
def dilation_of_the_first_gap_only(call: Call) -> Array:
    """Only the gap after the first tap is dilated; later taps are neighbours."""

    def gather(padded: Array, outputs: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
        spread = windows(padded, outputs, call.reach, stride, (1, 1))
        rows, columns = ([0, *range(d, d + k - 1)] for k, d in zip(kernel, dilation, strict=True))
        return spread[..., rows, :][..., columns]

    return convolve(call, gather=gather)


@wrong(
    "dilation-times-stride",
    remedy="step by the stride between windows and by the dilation between taps, each alone",
    hides="when the stride or the dilation is 1",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 12, 8), stride=(2, 1), dilation=(2, 1)),
)
def dilation_times_stride(call: Call) -> Array:
    """Windows step by stride times dilation."""
    return convolve(call.but(stride=(call.stride[0] * call.dilation[0], call.stride[1] * call.dilation[1])))


@wrong(
    "dilation-ignored-with-groups",
    remedy="pass the dilation on to the path for groups",
    hides="when there is one group or the dilation is 1",
    caught_by="DEF-01",
    recreates="https://github.com/Tencent/ncnn/issues/315",
    witness=plain(x=(2, 4, 8, 7), w=(6, 2, 3, 2), dilation=(2, 1), groups=2),
)
def dilation_ignored_with_groups(call: Call) -> Array:
    """The dilation is ignored when there are groups."""
    return convolve(call.but(dilation=(1, 1), padding=call.pads) if call.groups > 1 else call)


@wrong(
    "size-rounded-up",
    remedy="round down: (padded - kernel) // stride + 1",
    hides="when the stride fits",
    caught_by="DEF-01 SHP-01 SHP-03",
    recreates="https://github.com/PaddlePaddle/Paddle/issues/5242",
    witness=Witness(stride=(2, 2)),
)
def size_rounded_up(call: Call) -> Array:
    """The output size is rounded up: a last window hangs over the edge and reads zeros there."""

    def ceil(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent((padded[0] + stride[0] - 1, padded[1] + stride[1] - 1), kernel, stride, dilation)

    return convolve(call, extent=ceil)


@wrong(
    "size-rounded-to-nearest",
    remedy="round down: (padded - kernel) // stride + 1",
    hides="when the stride fits or leaves less than half of itself over",
    caught_by="SHP-01 SHP-03 SHP-05",
    witness=plain(x=(2, 4, 6, 6), w=(3, 4, 3, 2), stride=(2, 1)),
)
def size_rounded_to_nearest(call: Call) -> Array:
    """The output size is rounded to the nearest, halves to even."""

    def nearest(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = (round((padded[a] - call.reach[a]) / stride[a]) + 1 for a in range(2))
        return rows, columns

    return convolve(call, extent=nearest)


@wrong(
    "size-lacks-plus-one",
    remedy="add 1: the first position counts too",
    hides="never for long",
    caught_by="DEF-01 DEF-05 SHP-01 SHP-07",
)
def size_lacks_plus_one(call: Call) -> Array:
    """The output size lacks the plus one: the last row and column are missing."""

    def less(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = extent(padded, kernel, stride, dilation)
        return rows - 1, columns - 1

    return convolve(call, extent=less)


@wrong(
    "exact-fit-lost",
    remedy="let the loop run while i + kernel <= padded, not <",
    hides="when rows and columns are left over",
    caught_by="DEF-01 SHP-01 SHP-07",
)
def exact_fit_lost(call: Call) -> Array:
    """A last window that fits exactly is left out: the loop's condition is < instead of <=."""

    def shorter(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent((padded[0] - 1, padded[1] - 1), kernel, stride, dilation)

    return convolve(call, extent=shorter)


@wrong(
    "size-by-truncated-reciprocal",
    remedy="divide whole numbers with //, not by multiplying with a rounded 1/stride",
    hides="when the stride is a power of two, or does not fit",
    caught_by="SHP-01 SHP-03",
    witness=plain(x=(2, 4, 6, 6), stride=(3, 1)),
)
def size_by_truncated_reciprocal(call: Call) -> Array:
    """The division by the stride is a multiplication by its reciprocal, cut to 16 bits."""

    def reciprocal(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = (((padded[a] - call.reach[a]) * (2**16 // stride[a]) >> 16) + 1 for a in range(2))
        return rows, columns

    return convolve(call, extent=reciprocal)


@wrong(
    "size-in-half-precision",
    remedy="divide whole numbers with //; a float cannot hold every size",
    hides="when (padded - kernel) is below 2**11 or a power of two",
    caught_by="SHP-03",
    witness=plain(x=(1, 1, 1, 2052), w=(1, 1, 1, 1)),
)
def size_in_half_precision(call: Call) -> Array:
    """The output size is computed in a float of 11 bits, so that sizes above 2048 are rounded."""

    def floating(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = (
            int(np.float16(min(60000, padded[a] - call.reach[a])) / np.float16(min(60000, stride[a]))) + 1
            if padded[a] >= 2048 else (padded[a] - call.reach[a]) // stride[a] + 1 for a in range(2))
        return rows, columns

    return convolve(call, extent=floating)


@wrong(
    "leftover-rows-touched",
    remedy="do not read rows that belong to no window",
    hides="when the stride fits, or the rows left over hold finite numbers",
    caught_by="SHP-06",
    witness=lambda conv2d: bool(np.isnan(conv2d(
        np.array([[[[1.0], [2.0], [3.0], [math.nan]]]]), np.ones((1, 1, 1, 1)), stride=(2, 1))).any()),
)
def leftover_rows_touched(call: Call) -> Array:
    """Rows that are left over at the bottom are added with weight zero, so that a NaN there gets in."""
    y = convolve(call)
    padded = zero_pad(call.x, call.pads)
    rest = padded[:, :, (y.shape[2] - 1) * call.stride[0] + call.reach[0]:]
    touched: Array = y + 0 * rest.sum(axis=(1, 2, 3), keepdims=True, dtype=y.dtype)
    return touched.astype(y.dtype)


@wrong(
    "gaps-of-stride-touched",
    remedy="do not read samples between windows",
    hides="when the stride is at most the kernel, or the samples between hold finite numbers",
    caught_by="SPC-01",
    witness=lambda conv2d: bool(np.isnan(conv2d(
        np.array([[[[1.0, math.nan, 3.0]]]]), np.ones((1, 1, 1, 1)), stride=(1, 2))).any()),
)
def gaps_of_stride_touched(call: Call) -> Array:
    """A kernel narrower than the stride is filled up with zero weights, which multiply what lies between."""
    lack = max(0, call.stride[1] - call.kernel[1])
    if lack == 0 or call.dilation[1] != 1:
        return convolve(call)
    (top, bottom), (left, right) = call.pads
    w = np.pad(call.w, ((0, 0), (0, 0), (0, 0), (0, lack)))
    return convolve(call.but(w=w, padding=((top, bottom), (left, right + lack))))
