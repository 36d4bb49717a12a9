"""The arrangement of the numbers in memory is taken for another one than it is."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array

wrong = Family("layouts")


def in_memory_order(array: Array) -> Array:
    """Read an array's numbers as they stand in memory, and give them the array's shape in C order."""
    return array if array.flags.c_contiguous else array.ravel("K").reshape(array.shape)


def forwards(array: Array) -> Array:
    """Read axes with a negative step forwards."""
    return array[tuple(slice(None, None, -1) if step < 0 else slice(None) for step in array.strides)]


def channels_last(array: Array) -> bool:
    """Say whether the channels stand next to each other in memory, and there is more than one."""
    return array.ndim == 4 and array.shape[1] > 1 and array.strides[1] == array.itemsize


@wrong(
    "memory-order",
    remedy="copy an array that is not contiguous, or use its strides",
    hides="when x and w are contiguous",
    caught_by="PUR-02",
    recreates="https://github.com/pytorch/pytorch/issues/1246",
    witness=plain(layout_x="F"),
)
def memory_order(call: Call) -> Array:
    """Arrays that are not contiguous are read in the order in which they stand in memory."""
    return convolve(call.but(x=in_memory_order(call.x), w=in_memory_order(call.w)))


@wrong(
    "weight-memory-order",
    remedy="copy a weight that is not contiguous, or use its strides",
    hides="when w is contiguous",
    caught_by="PUR-02",
    recreates="https://github.com/pytorch/pytorch/issues/55781",
    witness=plain(layout_w="channels last"),
)
def weight_memory_order(call: Call) -> Array:
    """A weight that is not contiguous is read in the order in which it stands in memory."""
    return convolve(call.but(w=in_memory_order(call.w)))


@wrong(
    "channels-last-misread",
    remedy="read a channels-last array through its strides",
    hides="when the channels do not stand next to each other in memory",
    caught_by="PUR-02",
    recreates="https://github.com/pytorch/pytorch/issues/180984",
    witness=plain(layout_x="channels last"),
)
def channels_last_misread(call: Call) -> Array:
    """An input in channels-last order is read as if it were contiguous."""
    return convolve(call.but(x=in_memory_order(call.x)) if channels_last(call.x) else call)


@wrong(
    "channels-last-needs-four",
    remedy="handle channel counts that are no multiple of 4 in channels-last order too",
    hides="when x is not in channels-last order, or has a multiple of 4 channels",
    caught_by="PUR-02",
    witness=plain(x=(1, 3, 4, 5), w=(2, 3, 2, 3), layout_x="channels last"),
)
def channels_last_needs_four(call: Call) -> Array:
    """In channels-last order the last C % 4 channels are not read."""
    count = call.x.shape[1]
    if not channels_last(call.x) or count % 4 == 0:
        return convolve(call)
    x = call.x.copy()
    x[:, count - count % 4:] = 0
    return convolve(call.but(x=x))


@wrong(
    "negative-strides-read-forwards",
    remedy="copy an array with negative strides, or start from its last element",
    hides="when no axis has a negative stride",
    caught_by="PUR-02",
    recreates="https://github.com/cupy/cupy/issues/10303",
    witness=plain(layout_x="reversed"),
)
def negative_strides_read_forwards(call: Call) -> Array:
    """A reversed view is read forwards."""
    return convolve(call.but(x=forwards(call.x), w=forwards(call.w)))


@wrong(
    "steps-of-a-view-ignored",
    remedy="copy a stepped view, or use its strides",
    hides="when no view leaves columns out",
    caught_by="PUR-02",
    recreates="https://github.com/huggingface/candle/pull/3853",
    witness=plain(layout_x="stepped"),
)
def steps_of_a_view_ignored(call: Call) -> Array:
    """A view of every second column is read as if it held neighbouring columns."""
    x = call.x
    if x.shape[3] > 1 and x.strides[3] > x.itemsize and not channels_last(x) and not _transposed(x):
        strides = (*x.strides[:3], x.itemsize)
        x = np.lib.stride_tricks.as_strided(x, x.shape, strides, writeable=False)
    return convolve(call.but(x=x))


@wrong(
    "offset-of-a-slice-ignored",
    remedy="start reading at the slice's own first element",
    hides="when x is not a slice of a larger array",
    caught_by="DEF-04",
    recreates="https://github.com/huggingface/candle/pull/3736",
    witness=plain(layout_x="slice"),
)
def offset_of_a_slice_ignored(call: Call) -> Array:
    """A slice of a larger array is read from the start of that array."""
    x, base = call.x, call.x.base
    if isinstance(base, np.ndarray) and base.dtype == x.dtype and base.size > x.size and x.flags.c_contiguous:
        x = base.ravel("K")[:x.size].reshape(x.shape)
    return convolve(call.but(x=x))


@wrong(
    "offset-of-any-view-ignored",
    remedy="start reading at the view's own first element",
    hides="when x is not an inner part of a larger array",
    caught_by="PUR-02 PUR-03",
    witness=plain(layout_x="guarded"),
)
def offset_of_any_view_ignored(call: Call) -> Array:
    """The inner part of a larger picture is read from that picture's corner."""
    x, base = call.x, call.x.base
    inner = isinstance(base, np.ndarray) and base.strides == x.strides and base.dtype == x.dtype
    if base is not None and inner:
        x = base[tuple(slice(0, length) for length in x.shape)]
    return convolve(call.but(x=x))


@wrong(
    "repeated-rows-taken-for-stored",
    remedy="respect a stride of 0: the same numbers stand for every row",
    hides="when no axis is broadcast",
    caught_by="PUR-02",
    recreates="https://github.com/pytorch/pytorch/issues/4500",
    witness=plain(layout_x="broadcast"),
)
def repeated_rows_taken_for_stored(call: Call) -> Array:
    """Of an array that is repeated by a stride of 0 only the first copy counts; the others are zero."""
    return convolve(call.but(x=_first_copy(call.x), w=_first_copy(call.w)))


@wrong(
    "bias-stride-ignored",
    remedy="read the bias through its stride",
    hides="when the bias is contiguous",
    caught_by="PUR-02",
    recreates="https://github.com/pytorch/pytorch/issues/85694",
    witness=plain(bias=True, layout_bias="stepped"),
)
def bias_stride_ignored(call: Call) -> Array:
    """A bias that is a view of every s-th number is read as neighbouring numbers."""
    bias = call.bias
    if bias is not None and bias.size > 1 and bias.strides[0] > bias.itemsize:
        bias = np.lib.stride_tricks.as_strided(bias, bias.shape, (bias.itemsize,), writeable=False)
    return convolve(call.but(bias=bias))


@wrong(
    "reads-past-the-row",
    remedy="mask the columns beyond the row; a weight of zero does not stop a NaN",
    hides="when x is contiguous, or what stands beside it in memory is finite",
    caught_by="PUR-03",
    recreates="https://github.com/openxla/xla/issues/48713",
    witness=plain(layout_x="guarded"),
)
def reads_past_the_row(call: Call) -> Array:
    """One number past the end of each row is read and multiplied by zero."""
    x, y = call.x, convolve(call)
    inside = isinstance(x.base, np.ndarray) and x.strides[3] == x.itemsize and x.shape[2] > 1
    if y.dtype.kind in "iu" or not inside or x.strides[2] <= x.shape[3] * x.itemsize:
        return y
    shape = (*x.shape[:2], x.shape[2] - 1, 2)
    past = np.lib.stride_tricks.as_strided(x[..., -1:], shape, x.strides, writeable=False)[..., 1]
    spoiled: Array = y + 0 * past.sum(axis=(1, 2)).reshape(-1, 1, 1, 1)
    return spoiled.astype(y.dtype)


@wrong(
    "both-arrays-strided",
    remedy="copy each array that is not contiguous, not only the first one met",
    hides="when x or w is contiguous",
    caught_by="PUR-02",
    witness=plain(layout_x="F", layout_w="F"),
)
def both_arrays_strided(call: Call) -> Array:
    """When neither x nor w is contiguous, only x is put in order."""
    both = not call.x.flags.c_contiguous and not call.w.flags.c_contiguous
    return convolve(call.but(w=in_memory_order(call.w)) if both else call)


@wrong(
    "half-precision-channels-last",
    remedy="treat channels-last order alike in every dtype",
    hides="unless x is float16 or bfloat16 in channels-last order and the kernel is dilated",
    caught_by="NUM-09",
    recreates="https://github.com/pytorch/pytorch/issues/169688",
    witness=plain(x=(2, 4, 7, 6), dilation=(2, 1), dtype="float16", layout_x="channels last"),
)
def half_precision_channels_last(call: Call) -> Array:
    """In half precision, channels-last order and dilation together give the output of dilation 1."""
    special = call.x.dtype.name in {"float16", "bfloat16"} and channels_last(call.x)
    if not special or max(call.dilation) == 1:
        return convolve(call)
    rows, columns = convolve(call).shape[2:]
    return convolve(call.but(dilation=(1, 1), padding=call.pads))[:, :, :rows, :columns].copy()


def _transposed(x: Array) -> bool:
    return abs(x.strides[3]) > abs(x.strides[2])


def _first_copy(array: Array) -> Array:
    stored = array.copy()
    for axis, step in enumerate(array.strides):
        if step == 0 and array.shape[axis] > 1:
            stored[(slice(None),) * axis + (slice(1, None),)] = 0
    return stored
