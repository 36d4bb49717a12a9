"""Height and width, rows and columns, or the order of the four axes are mixed up."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, extent, fitting
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array, Pair

wrong = Family("axes")


@wrong(
    "stride-of-height-for-both",
    remedy="use stride[1] for the columns",
    hides="when both strides are equal",
    caught_by="DEF-01 STR-01 SHP-01 LAW-07",
    recreates="https://github.com/PaddlePaddle/Paddle/pull/20997",
)
def stride_of_height_for_both(call: Call) -> Array:
    """The stride of the rows is used for the columns too."""
    return convolve(call.but(stride=(call.stride[0], call.stride[0])))


@wrong(
    "stride-of-width-for-both",
    remedy="use stride[0] for the rows",
    hides="when both strides are equal",
    caught_by="DEF-01 STR-01 SHP-01 SHP-02",
)
def stride_of_width_for_both(call: Call) -> Array:
    """The stride of the columns is used for the rows too."""
    return convolve(call.but(stride=(call.stride[1], call.stride[1])))


@wrong(
    "stride-ignored-on-height",
    remedy="step by stride[0] from one output row to the next",
    hides="when stride[0] is 1 or the output has one row",
    caught_by="DEF-01 STR-01 SHP-01",
)
def stride_ignored_on_height(call: Call) -> Array:
    """The stride is ignored on one axis: it moves the columns only."""
    return convolve(call.but(stride=(1, call.stride[1])))


@wrong(
    "stride-ignored-on-width",
    remedy="step by stride[1] from one output column to the next",
    hides="when stride[1] is 1 or the output has one column",
    caught_by="DEF-01 STR-01 SHP-01",
    witness=Witness(stride=(1, 2)),
)
def stride_ignored_on_width(call: Call) -> Array:
    """The stride is ignored on one axis: it moves the rows only."""
    return convolve(call.but(stride=(call.stride[0], 1)))


@wrong(
    "strides-swapped",
    remedy="swap the two strides: (down, across)",
    hides="when both strides are equal",
    caught_by="DEF-01 STR-01 SHP-01",
    recreates="https://github.com/pytorch/pytorch/issues/83180",
)
def strides_swapped(call: Call) -> Array:
    """The strides of the two axes are swapped."""
    return convolve(call.but(stride=call.stride[::-1]))


@wrong(
    "dilations-swapped",
    remedy="swap the two dilations: (down, across)",
    hides="when both dilations are equal or the kernel has one tap",
    caught_by="DEF-01 DIL-01 SHP-01",
    recreates="https://github.com/deeplearning4j/nd4j/issues/2457",
    witness=plain(dilation=(1, 2), padding=((2, 2), (2, 2))),
)
def dilations_swapped(call: Call) -> Array:
    """The dilations of the two axes are swapped."""
    return convolve(call.but(dilation=call.dilation[::-1]))


@wrong(
    "dilation-of-height-for-both",
    remedy="use dilation[1] for the columns",
    hides="when both dilations are equal or the kernel has one column",
    caught_by="DEF-01 DIL-01",
    recreates="https://github.com/tenstorrent/tt-metal/pull/19542",
)
def dilation_of_height_for_both(call: Call) -> Array:
    """The dilation of the rows is used for the columns too."""
    return convolve(call.but(dilation=(call.dilation[0], call.dilation[0])))


@wrong(
    "dilation-ignored-on-width",
    remedy="space the taps of a row by dilation[1]",
    hides="when dilation[1] is 1 or the kernel has one column",
    caught_by="DEF-01 DIL-01",
)
def dilation_ignored_on_width(call: Call) -> Array:
    """The dilation spaces the rows of the kernel, but not its columns."""
    return convolve(call.but(dilation=(call.dilation[0], 1)))


@wrong(
    "pads-swapped",
    remedy="swap the pads of the two axes: ((top, bottom), (left, right))",
    hides="when height and width are padded alike",
    caught_by="DEF-01 PAD-01",
    recreates="https://github.com/pytorch/pytorch/issues/37844",
)
def pads_swapped(call: Call) -> Array:
    """The pads of height and width are swapped."""
    return convolve(call, pads=call.pads[::-1])


@wrong(
    "kernel-sides-swapped-in-size",
    remedy="use kH for the output's height and kW for its width",
    hides="when the kernel is square",
    caught_by="DEF-01 SHP-01 SHP-02",
    recreates="https://github.com/FluxML/Flux.jl/issues/700",
)
def kernel_sides_swapped_in_size(call: Call) -> Array:
    """The output's height is computed from the kernel's width, and the width from its height."""

    def swapped(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent(padded, kernel[::-1], stride, dilation)

    return convolve(call, extent=swapped)


@wrong(
    "image-taken-for-square",
    remedy="compute the output's width from W, not from H",
    hides="when the padded picture is square",
    caught_by="DEF-01 SHP-01 SHP-02",
    recreates="https://github.com/renmengye/np-conv2d/pull/2",
)
def image_taken_for_square(call: Call) -> Array:
    """The output's width is computed from the picture's height."""

    def square(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent((padded[0], padded[0]), kernel, stride, dilation)

    return convolve(call, extent=square)


@wrong(
    "output-taken-for-square",
    remedy="give the output the height and width that belong to it, each computed from its own axis",
    hides="when height and width of the output are equal",
    caught_by="DEF-01 SHP-01 SHP-02",
)
def output_taken_for_square(call: Call) -> Array:
    """Height and width of the output are both the smaller of the two."""

    def smaller(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        side = min(extent(padded, kernel, stride, dilation))
        return side, side

    return convolve(call, extent=smaller)


@wrong(
    "kernel-taken-for-square",
    remedy="use kW, not kH, for the output's width",
    hides="when the kernel is square",
    caught_by="DEF-01 SHP-01",
    recreates="https://github.com/tenstorrent/tt-metal/pull/19542",
)
def kernel_taken_for_square(call: Call) -> Array:
    """The output's width is computed from the kernel's height."""

    def square(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return extent(padded, (kernel[0], kernel[0]), stride, dilation)

    return convolve(call, extent=square)


@wrong(
    "output-transposed",
    remedy="index the output as [row, column]",
    hides="when the output is not square",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 6, 5)),
)
def output_transposed(call: Call) -> Array:
    """A square output is transposed."""
    y = convolve(call)
    return y.swapaxes(2, 3).copy() if y.shape[2] == y.shape[3] else y


@wrong(
    "picture-transposed",
    remedy="index the picture as [row, column]",
    hides="when the picture is not square",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 6, 6)),
)
def picture_transposed(call: Call) -> Array:
    """A square picture is transposed."""
    return convolve(call.but(x=call.x.swapaxes(2, 3)) if call.size[0] == call.size[1] else call)


@wrong(
    "row-pitch-is-the-height",
    remedy="find pixel (i, j) of a flat picture at i*W + j, not at i*H + j",
    hides="when the picture is square or has one row",
    caught_by="DEF-01",
    recreates="https://github.com/tracel-ai/burn/issues/1182",
)
def row_pitch_is_the_height(call: Call) -> Array:
    """In the flat picture, rows are taken to be H pixels apart instead of W."""
    N, C, H, W = call.x.shape
    if H * W == 0:
        return convolve(call)
    places = (np.arange(H)[:, np.newaxis] * H + np.arange(W)) % (H * W)
    return convolve(call.but(x=call.x.reshape(N, C, H * W)[:, :, places]))


@wrong(
    "batch-and-channels-swapped",
    remedy="take axis 0 of x for the batch and axis 1 for the channels",
    hides="when N and C_in differ",
    caught_by="DEF-01 DEF-04",
    witness=plain(x=(3, 3, 6, 5), w=(2, 3, 2, 3)),
)
def batch_and_channels_swapped(call: Call) -> Array:
    """With as many pictures as channels, the two axes are swapped."""
    return convolve(call.but(x=call.x.swapaxes(0, 1)) if call.x.shape[0] == call.x.shape[1] else call)


@wrong(
    "result-channels-last",
    remedy="return (N, C_out, oH, oW): move the last axis back to place 1",
    hides="never for long",
    caught_by="DEF-04 SHP-01",
)
def result_channels_last(call: Call) -> Array:
    """The result comes back as (N, oH, oW, C_out)."""
    return np.ascontiguousarray(np.moveaxis(convolve(call), 1, -1))


@wrong(
    "picture-buffer-channels-last",
    remedy="take x for (N, C, H, W), or transpose it; do not reshape",
    hides="when there is one channel",
    caught_by="DEF-01 DEF-04",
    recreates="https://github.com/ravin-d-27/PyDeepFlow/issues/84",
)
def picture_buffer_channels_last(call: Call) -> Array:
    """The numbers of x are read as if they stood in the order (N, H, W, C)."""
    N, C, H, W = call.x.shape
    return convolve(call.but(x=call.x.reshape(N, H, W, C).transpose(0, 3, 1, 2)))


@wrong(
    "weight-buffer-taps-first",
    remedy="take w for (C_out, C_in/groups, kH, kW), or transpose it; do not reshape",
    hides="when there is one filter of one channel, or one tap of one channel",
    caught_by="DEF-01 DEF-04",
)
def weight_buffer_taps_first(call: Call) -> Array:
    """The numbers of w are read as if they stood in the order (kH, kW, C_in, C_out)."""
    C_out, Cg, kH, kW = call.w.shape
    return convolve(call.but(w=call.w.reshape(kH, kW, Cg, C_out).transpose(3, 2, 0, 1)))


@wrong(
    "weight-channels-swapped",
    remedy="take axis 0 of w for the output channels and axis 1 for the input channels",
    hides="when the two counts differ, as they should in every test",
    caught_by="DEF-01 DEF-04",
    recreates="https://github.com/apache/tvm/pull/4038",
    witness=plain(w=(4, 4, 3, 2)),
)
def weight_channels_swapped(call: Call) -> Array:
    """With as many outputs as inputs, the weight's two channel axes are swapped."""
    square = call.w.shape[0] == call.w.shape[1]
    return convolve(call.but(w=call.w.swapaxes(0, 1)) if square else call)


@wrong(
    "stride-swapped-when-dilated",
    remedy="take stride[0] for the rows in the dilated path as well",
    hides="when both strides are equal, nothing is dilated or there is one group",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 9, 8), w=(4, 2, 3, 2), stride=(2, 1), dilation=(2, 1), groups=2),
)
def stride_swapped_when_dilated(call: Call) -> Array:
    """The strides are swapped, but only when the kernel is dilated and there are groups."""
    special = max(call.dilation) > 1 and call.groups > 1
    return convolve(call.but(stride=call.stride[::-1]) if special else call)


@wrong(
    "stride-swapped-on-thin-output",
    remedy="take stride[0] for the rows also when the output has one column",
    hides="when the output has more than one column, or both strides are equal",
    caught_by="DEF-01",
    witness=plain(x=(2, 4, 9, 3), w=(3, 4, 2, 3), stride=(2, 3)),
)
def stride_swapped_on_thin_output(call: Call) -> Array:
    """When the output is one column wide, the rows step by the stride of the columns."""

    def thin(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        rows, columns = extent(padded, kernel, stride, dilation)
        reach = (kernel[0] - 1) * dilation[0] + 1
        return (fitting(padded[0], reach, stride[1]), 1) if columns == 1 else (rows, columns)

    one = (call.size[1] + sum(call.pads[1]) - call.reach[1]) // call.stride[1] == 0
    return convolve(call.but(stride=(call.stride[1], call.stride[1])) if one else call, extent=thin)
