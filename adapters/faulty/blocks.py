"""Paths for some kernels and channel counts only, which lose what does not fill a block."""

import numpy as np

from convspec.adapters.faulty.fastpaths import is_kernel
from convspec.adapters.faulty.pieces import Call, convolve
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array

wrong = Family("fastpaths")


@wrong(
    "point-kernel-ignores-stride",
    remedy="step by the stride in the path for 1x1 kernels too",
    hides="when the kernel is larger than 1x1, or the stride is 1",
    caught_by="STR-02",
    witness=plain(w=(3, 4, 1, 1), stride=(2, 1)),
)
def point_kernel_ignores_stride(call: Call) -> Array:
    """A 1x1 kernel ignores the stride."""
    return convolve(call.but(stride=(1, 1), padding=call.pads) if call.kernel == (1, 1) else call)


@wrong(
    "point-kernel-ignores-padding",
    remedy="pad in the path for 1x1 kernels too",
    hides="when the kernel is larger than 1x1, or there is no padding",
    caught_by="STR-02",
    witness=plain(w=(3, 4, 1, 1), padding=((1, 1), (0, 0))),
)
def point_kernel_ignores_padding(call: Call) -> Array:
    """A 1x1 kernel ignores the padding."""
    return convolve(call, pads=((0, 0), (0, 0)) if call.kernel == (1, 1) and 0 not in call.size else None)


@wrong(
    "point-kernel-transposed-weight",
    remedy="multiply the channels by w[:, :, 0, 0], not by its transpose",
    hides="when the kernel is larger than 1x1, or the channel counts differ",
    caught_by="DEF-01",
    witness=plain(w=(4, 4, 1, 1)),
)
def point_kernel_transposed_weight(call: Call) -> Array:
    """A 1x1 kernel with as many outputs as inputs multiplies by the transposed weight."""
    special = call.kernel == (1, 1) and call.w.shape[0] == call.w.shape[1]
    return convolve(call.but(w=call.w.swapaxes(0, 1)) if special else call)


@wrong(
    "five-by-five-taken-for-three",
    remedy="let the kernel size reach the path that is chosen",
    hides="when the kernel is not 5x5",
    caught_by="DEF-01",
    recreates="https://github.com/apache/tvm/pull/4276",
    witness=plain(w=(3, 4, 5, 5)),
)
def five_by_five_taken_for_three(call: Call) -> Array:
    """Of a 5x5 kernel only the 3x3 in the corner is used."""
    w = call.w.copy()
    if is_kernel(call, 5):
        w[:, :, 3:], w[:, :, :, 3:] = 0, 0
    return convolve(call.but(w=w))


@wrong(
    "kernel-above-seven-cut",
    remedy="unroll loops only as a shortcut for small kernels",
    hides="when no side of the kernel is above 7",
    caught_by="DEF-01",
    witness=plain(x=(1, 2, 10, 10), w=(2, 2, 1, 9)),
)
def kernel_above_seven_cut(call: Call) -> Array:
    """Taps beyond the seventh are not read."""
    w = call.w.copy()
    w[:, :, 7:], w[:, :, :, 7:] = 0, 0
    return convolve(call.but(w=w))


@wrong(
    "taps-beyond-a-vector",
    remedy="read the last kW % 4 taps of a row in a tail loop",
    hides="when the kernel has at most 4 columns or a multiple of 4",
    caught_by="DEF-01",
    witness=plain(w=(3, 4, 2, 5)),
)
def taps_beyond_a_vector(call: Call) -> Array:
    """Taps of a kernel row that do not fill a vector of 4 are not read."""
    w, width = call.w.copy(), call.kernel[1]
    if width > 4 and width % 4:
        w[..., -(width % 4):] = 0
    return convolve(call.but(w=w))


def channels_cut(call: Call, block: int) -> Array:
    """Leave out the input channels beyond the last whole block, if there is a whole one."""
    w, count = call.w.copy(), call.w.shape[1]
    if count > block and count % block:
        w[:, count - count % block:] = 0
    return convolve(call.but(w=w))


@wrong(
    "input-channels-beyond-four",
    remedy="sum the last C % 4 channels in a tail loop",
    hides="when there are at most 4 channels in a group or a multiple of 4",
    caught_by="CHN-04",
    witness=plain(x=(1, 6, 4, 5), w=(3, 6, 2, 3)),
)
def input_channels_beyond_four(call: Call) -> Array:
    """Input channels that do not fill a block of 4 are not read."""
    return channels_cut(call, 4)


@wrong(
    "input-channels-beyond-eight",
    remedy="sum the last C % 8 channels in a tail loop",
    hides="when there are at most 8 channels in a group or a multiple of 8",
    caught_by="CHN-04",
    recreates="https://github.com/modular/modular/issues/6248",
    witness=plain(x=(1, 9, 4, 5), w=(3, 9, 2, 3)),
)
def input_channels_beyond_eight(call: Call) -> Array:
    """Input channels that do not fill a block of 8 are not read."""
    return channels_cut(call, 8)


@wrong(
    "input-channels-beyond-sixteen",
    remedy="sum the last C % 16 channels in a tail loop",
    hides="when there are at most 16 channels in a group or a multiple of 16",
    caught_by="DEF-01",
    witness=plain(x=(1, 17, 4, 5), w=(3, 17, 2, 3)),
)
def input_channels_beyond_sixteen(call: Call) -> Array:
    """Input channels that do not fill a block of 16 are not read."""
    return channels_cut(call, 16)


@wrong(
    "output-channels-beyond-four",
    remedy="compute the last C_out % 4 output channels in a tail loop",
    hides="when there are at most 4 output channels or a multiple of 4",
    caught_by="CHN-04 CHN-02",
    witness=plain(w=(5, 4, 3, 2)),
)
def output_channels_beyond_four(call: Call) -> Array:
    """Output channels that do not fill a block of 4 stay zero."""
    y = convolve(call)
    if y.shape[1] > 4 and y.shape[1] % 4:
        y[:, -(y.shape[1] % 4):] = 0
    return y


@wrong(
    "output-channels-beyond-eight",
    remedy="advance to the next block of filters after 8",
    hides="when there are at most 8 output channels",
    caught_by="CHN-04",
    recreates="https://github.com/pytorch/pytorch/issues/21597",
    witness=plain(w=(9, 4, 3, 2)),
)
def output_channels_beyond_eight(call: Call) -> Array:
    """Output channels from the ninth on repeat the first ones."""
    y = convolve(call)
    return y[:, np.arange(y.shape[1]) % 8] if y.shape[1] > 8 else y


@wrong(
    "products-beyond-thirty-two",
    remedy="keep every product; do not size the buffer for 32",
    hides="when an output is the sum of at most 32 products",
    caught_by="DEF-01",
    witness=plain(x=(1, 4, 6, 6), w=(2, 4, 3, 3)),
)
def products_beyond_thirty_two(call: Call) -> Array:
    """Only the first 32 products of each output are summed."""
    C_out, per_filter = call.w.shape[0], call.w[:1].size
    kept = np.where(np.arange(per_filter) < 32, 1, 0).astype(call.w.dtype)
    w = (call.w.reshape(C_out, per_filter) * kept).reshape(call.w.shape)
    return convolve(call.but(w=w.astype(call.w.dtype)))
