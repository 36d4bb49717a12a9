"""Paths for some sizes only, which are wrong at the end of a tile or outside the sizes they were made for."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, sum_of_products, windows
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array, Pair

wrong = Family("fastpaths")

WIDE = plain(x=(1, 2, 5, 40), w=(2, 2, 2, 2))


def is_kernel(call: Call, side: int) -> bool:
    """Say whether the kernel is a square of that side, not dilated."""
    return call.kernel == (side, side) and call.dilation == (1, 1)


@wrong(
    "columns-after-the-tiles-zero",
    remedy="compute the last oW % 4 columns in a tail loop",
    hides="when the output has at most 4 columns or a multiple of 4",
    caught_by="DEF-01 LAW-06",
    recreates="https://github.com/Tencent/ncnn/pull/1891",
)
def columns_after_the_tiles_zero(call: Call) -> Array:
    """Output columns that do not fill a tile of 4 stay zero."""
    y = convolve(call)
    if y.shape[3] > 4 and y.shape[3] % 4:
        y[..., -(y.shape[3] % 4):] = 0
    return y


@wrong(
    "rows-after-the-tiles-repeat",
    remedy="compute the last oH % 8 rows in a tail loop",
    hides="when the output has at most 8 rows or a multiple of 8",
    caught_by="DEF-01",
    witness=plain(x=(1, 2, 12, 5), w=(2, 2, 2, 3)),
)
def rows_after_the_tiles_repeat(call: Call) -> Array:
    """Output rows that do not fill a tile of 8 repeat the last row of the tiles."""
    y = convolve(call)
    tail = y.shape[2] % 8
    if y.shape[2] > 8 and tail:
        y[:, :, -tail:] = y[:, :, -tail - 1:-tail]
    return y


@wrong(
    "single-column-after-sixteen",
    remedy="let the tail loop run for a single column too",
    hides="unless the output is one column wider than a multiple of 16",
    caught_by="DEF-01",
    witness=plain(x=(1, 2, 4, 18), w=(2, 2, 2, 2)),
)
def single_column_after_sixteen(call: Call) -> Array:
    """One column left over after tiles of 16 repeats the one before it."""
    y = convolve(call)
    if y.shape[3] > 16 and y.shape[3] % 16 == 1:
        y[..., -1] = y[..., -2]
    return y


@wrong(
    "columns-beyond-thirty-two",
    remedy="round the number of tiles up, not down",
    hides="when the output has at most 32 columns or a multiple of 32",
    caught_by="DEF-01",
    recreates="https://github.com/ggml-org/ggml/pull/274",
    witness=WIDE,
)
def columns_beyond_thirty_two(call: Call) -> Array:
    """Output columns beyond the last whole 32 are those of the first tile."""
    y = convolve(call)
    tail = y.shape[3] % 32
    if y.shape[3] > 32 and tail:
        y[..., -tail:] = y[..., :tail]
    return y


@wrong(
    "columns-beyond-sixty-four",
    remedy="carry the offset of the second block on",
    hides="when the output has at most 64 columns",
    caught_by="DEF-01",
    witness=plain(x=(1, 1, 3, 70), w=(1, 1, 2, 2)),
)
def columns_beyond_sixty_four(call: Call) -> Array:
    """From column 64 on, the output is shifted by one."""
    y = convolve(call)
    if y.shape[3] > 64:
        y[..., 64:] = y[..., 63:-1].copy()
    return y


@wrong(
    "width-of-exactly-eight",
    remedy="let the loop over tiles run for one whole tile",
    hides="unless the output has exactly 8 columns",
    caught_by="DEF-01",
    witness=plain(x=(1, 2, 4, 9), w=(2, 2, 2, 2)),
)
def width_of_exactly_eight(call: Call) -> Array:
    """An output of exactly 8 columns has its last one missing: it stays zero."""
    y = convolve(call)
    if y.shape[3] == 8:
        y[..., -1] = 0
    return y


@wrong(
    "column-counter-of-one-byte",
    remedy="count columns in a wider integer",
    hides="when the padded picture has at most 256 columns",
    caught_by="DEF-01",
    witness=plain(x=(1, 1, 2, 300), w=(1, 1, 1, 2)),
)
def column_counter_of_one_byte(call: Call) -> Array:
    """The column of a sample is counted in one byte, so that column 256 is column 0 again."""

    def gather(padded: Array, outputs: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
        wrapped = padded[..., np.arange(padded.shape[3]) % 256]
        return windows(wrapped, outputs, kernel, stride, dilation)

    return convolve(call, gather=gather)


@wrong(
    "index-overflow",
    remedy="compute addresses in 64 bits",
    hides="when x has at most 2**15 numbers",
    caught_by="DEF-01",
    recreates="https://github.com/scipy/scipy/issues/10761",
    witness=plain(x=(1, 1, 200, 190), w=(1, 1, 1, 2)),
)
def index_overflow(call: Call) -> Array:
    """For a large x the last quarter of the output stays zero: an address has overflowed."""
    y = convolve(call)
    if call.x.size > 2**15:
        y.reshape(y.size)[3 * y.size // 4:] = 0
    return y


@wrong(
    "three-by-three-pads-one",
    remedy="pass the padding on to the path for 3x3 kernels",
    hides="when the kernel is not 3x3, or every pad is 0 or 1",
    caught_by="DEF-01",
    recreates="https://github.com/openvinotoolkit/openvino/pull/33681",
    witness=plain(w=(3, 4, 3, 3), padding=((2, 2), (2, 2))),
)
def three_by_three_pads_one(call: Call) -> Array:
    """A 3x3 kernel of stride 1 with any padding is padded by one."""
    special = is_kernel(call, 3) and call.stride == (1, 1) and any(map(any, call.pads))
    return convolve(call, pads=((1, 1), (1, 1)) if special else None)


@wrong(
    "odd-tile-of-three-by-three",
    remedy="compute the last output column of a tile that is half full",
    hides="when the kernel is not 3x3 of stride 1, or the output is even in width",
    caught_by="DEF-01",
    recreates="https://github.com/Tencent/ncnn/pull/1891",
    witness=plain(w=(3, 4, 3, 3), x=(1, 4, 5, 7)),
)
def odd_tile_of_three_by_three(call: Call) -> Array:
    """A 3x3 kernel of stride 1 works in tiles of 2; a single column at the end repeats the one before."""
    y = convolve(call)
    if is_kernel(call, 3) and call.stride == (1, 1) and y.shape[3] % 2 and y.shape[3] > 1:
        y[..., -1] = y[..., -2]
    return y


@wrong(
    "three-by-three-stride-two-corner",
    remedy="read the last window of stride 2 to its end",
    hides="unless the kernel is 3x3, the stride 2 and the padded width odd",
    caught_by="DEF-01",
    recreates="https://github.com/Tencent/ncnn/issues/1283",
    witness=plain(w=(3, 4, 3, 3), x=(1, 4, 7, 7), stride=(2, 2)),
)
def three_by_three_stride_two_corner(call: Call) -> Array:
    """A 3x3 kernel of stride 2 gives one wrong pixel in each channel, at the last corner."""
    y = convolve(call)
    width = call.size[1] + sum(call.pads[1])
    if is_kernel(call, 3) and call.stride == (2, 2) and width % 2:
        y[:, :, -1, -1] = 0
    return y


@wrong(
    "kernel-as-large-as-the-picture",
    remedy="pad first, then ask whether one window is all",
    hides="when the kernel is smaller than the picture, or there is no padding",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 3, 2), padding=((1, 1), (1, 1))),
)
def kernel_as_large_as_the_picture(call: Call) -> Array:
    """A kernel as large as the picture is taken for one dot product: the padding is ignored."""
    return convolve(call, pads=((0, 0), (0, 0)) if call.reach == call.size else None)


@wrong(
    "patches-ignore-padding",
    remedy="cut the padded picture into patches, not the picture",
    hides="when the stride differs from the kernel, or there is no padding",
    caught_by="DEF-01",
    recreates="https://github.com/uxlfoundation/oneDNN/pull/4684",
    witness=plain(x=(2, 4, 6, 4), w=(3, 4, 2, 2), stride=(2, 2), padding=((1, 1), (0, 0))),
)
def patches_ignore_padding(call: Call) -> Array:
    """With a stride equal to the kernel, zeros at the top and left go to the bottom and right."""
    (top, bottom), (left, right) = call.pads
    special = call.stride == call.reach
    return convolve(call, pads=((0, top + bottom), (0, left + right)) if special else None)


@wrong(
    "single-pixel-output-flipped",
    remedy="treat an output of one pixel like any other",
    hides="when the output has more than one pixel",
    caught_by="SHP-07",
    witness=plain(x=(2, 4, 3, 2)),
)
def single_pixel_output_flipped(call: Call) -> Array:
    """For an output of one pixel the window is flattened in reverse."""
    one = all(
        n + sum(p) - k < s for n, p, k, s in zip(call.size, call.pads, call.reach, call.stride, strict=True))
    return convolve(call.but(w=call.w[..., ::-1, ::-1]) if one else call)


@wrong(
    "last-tile-touched-twice",
    remedy="write each output once; the last tile must not overlap when outputs are added to",
    hides="when the output has fewer than 4 columns or a multiple of 4",
    caught_by="DEF-01",
    witness=Witness(x=(2, 4, 7, 9)),
)
def last_tile_touched_twice(call: Call) -> Array:
    """The last tile of 4 columns is moved back to fit; what it shares with the one before is added twice."""

    def twice(seen: Array, w: Array, groups: int) -> Array:
        y = sum_of_products(seen, w, groups)
        tail = y.shape[3] % 4
        if y.shape[3] > 4 and tail:
            y[..., -4:-tail] += y[..., -4:-tail].copy()
        return y

    return convolve(call, total=twice)


@wrong(
    "picture-of-one-column",
    remedy="index the rows of a picture of one column like any others",
    hides="when the picture has more than one column",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 5, 1), w=(3, 4, 2, 1)),
)
def picture_of_one_column(call: Call) -> Array:
    """A picture of one column is read from the bottom up."""
    return convolve(call.but(x=call.x[:, :, ::-1]) if call.size[1] == 1 else call)


@wrong(
    "tall-step-forgets-the-bias",
    remedy="pass the bias on to the path that skips rows",
    hides="when there is no bias, or neither the stride nor the dilation is above 6 along the height",
    caught_by="DEF-01 BIA-01 PAD-09",
    witness=plain(x=(2, 4, 12, 6), stride=(7, 1), bias=True),
)
def tall_step_forgets_the_bias(call: Call) -> Array:
    """A long vertical stride or dilation takes a path of its own, which adds no bias."""
    return convolve(call.but(bias=None) if max(call.stride[0], call.dilation[0]) > 6 else call)


@wrong(
    "wide-step-forgets-the-bias",
    remedy="pass the bias on to the path that skips columns",
    hides="when there is no bias, or neither the stride nor the dilation is above 6 along the width",
    caught_by="DEF-01 BIA-01 PAD-09",
    witness=plain(x=(2, 4, 7, 12), stride=(1, 7), bias=True),
)
def wide_step_forgets_the_bias(call: Call) -> Array:
    """A long horizontal stride or dilation takes a path of its own, which adds no bias."""
    return convolve(call.but(bias=None) if max(call.stride[1], call.dilation[1]) > 6 else call)


@wrong(
    "long-kernel-forgets-the-bias",
    remedy="pass the bias on to the path for long kernels",
    hides="when there is no bias, or the kernel has at most 8 taps along each axis",
    caught_by="DEF-01 BIA-01 PAD-09",
    witness=plain(x=(2, 4, 12, 6), w=(3, 4, 9, 2), bias=True),
)
def long_kernel_forgets_the_bias(call: Call) -> Array:
    """A kernel of more than 8 taps along an axis takes a path of its own, which adds no bias."""
    return convolve(call.but(bias=None) if max(call.kernel) > 8 else call)


@wrong(
    "deep-bottom-with-groups",
    remedy="begin the zeros at the bottom after the last row, with groups as without",
    hides="when there is one group, or at most 8 rows of zeros at the bottom",
    caught_by="DEF-01 PAD-09",
    witness=plain(x=(2, 4, 7, 6), w=(6, 2, 3, 2), padding=((0, 9), (0, 0)), groups=2),
)
def deep_bottom_with_groups(call: Call) -> Array:
    """With groups, one of more than 8 rows of zeros at the bottom goes to the top."""
    (top, bottom), across = call.pads
    return convolve(call, pads=((top + 1, bottom - 1), across) if call.groups > 1 and bottom > 8 else None)
