"""More misunderstandings of padding words, and pads that must be refused."""

from convspec.adapters.faulty.padding import ONNX_EVALUATOR, SAME, accepts, convolve_cropped, same
from convspec.adapters.faulty.pieces import Call, check, convolve, correct, fitting
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array, Pair

wrong = Family("padding")


@wrong(
    "same-size-rounded-down",
    remedy="the output of same has ceil(size / stride) positions, not floor",
    hides="when the stride divides the size",
    caught_by="PAD-04 PAD-05",
    recreates="https://github.com/pytorch/pytorch/issues/3867",
    witness=plain(stride=(2, 1), padding="same_upper"),
)
def same_size_rounded_down(call: Call) -> Array:
    """The output of "same" has floor(size / stride) positions."""
    if call.padding not in SAME:
        return convolve(call)

    def floor(padded: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Pair:
        return call.size[0] // stride[0], call.size[1] // stride[1]

    return convolve(call, extent=floor)


@wrong(
    "same-from-height-only",
    remedy="compute the zeros of the width from W and kW",
    hides="when height and width, and both sides of the kernel, are equal",
    caught_by="PAD-04 PAD-06",
    recreates="https://github.com/PaddlePaddle/Paddle/pull/20997",
    witness=plain(padding="same_upper"),
)
def same_from_height_only(call: Call) -> Array:
    """The pads that "same" finds for the height are used for the width too."""
    pads = call.pads
    return convolve(call, pads=(pads[0], pads[0])) if call.padding in SAME else convolve(call)


@wrong(
    "same-dilations-swapped",
    remedy="use each axis' own dilation when the zeros are counted",
    hides="when both dilations are equal",
    caught_by="PAD-06",
    recreates="https://github.com/tinygrad/tinygrad/pull/17805",
    witness=plain(dilation=(1, 2), padding="same_upper"),
)
def same_dilations_swapped(call: Call) -> Array:
    """Counting the zeros of "same", each axis takes the other's dilation."""
    if call.padding not in SAME:
        return convolve(call)
    return convolve(call, pads=call.but(dilation=call.dilation[::-1]).pads)


@wrong(
    "same-odd-kernel-off-centre",
    remedy="put (k - 1)/2 zeros on either side of an odd kernel",
    hides="when the kernel is even, or one tap wide",
    caught_by="PAD-07",
    witness=plain(w=(3, 4, 3, 3), padding="same_lower"),
)
def same_odd_kernel_off_centre(call: Call) -> Array:
    """For "same_lower" one zero too many goes to the beginning, even if they could be shared out evenly."""
    if call.padding != "same_lower":
        return convolve(call)
    (top, bottom), (left, right) = (
        (a + 1, b - 1) if a == b and b > 0 else (a, b) for a, b in call.pads)
    return convolve(call, pads=((top, bottom), (left, right)))


@wrong(
    "valid-is-same",
    remedy="add no zeros for valid",
    hides="when the kernel has one tap, or numbers are given",
    caught_by="PAD-02",
    recreates=ONNX_EVALUATOR,
    witness=plain(padding="valid"),
)
def valid_is_same(call: Call) -> Array:
    """The word "valid" is padded like "same"."""
    return convolve(call.but(padding="same_upper") if call.padding == "valid" else call)


@wrong(
    "same-is-valid",
    remedy="turn the word into zeros before convolving",
    hides="when the kernel has one tap, or numbers are given",
    caught_by="PAD-04 PAD-05",
    recreates="https://github.com/microsoft/onnxruntime/issues/4086",
    witness=plain(padding="same_upper"),
)
def same_is_valid(call: Call) -> Array:
    """The word "same" is accepted and ignored."""
    return convolve(call, pads=((0, 0), (0, 0)) if call.padding in SAME else None)


@wrong(
    "full-ignores-dilation",
    remedy="pad (k - 1)*d on each side for full",
    hides="when the dilation is 1",
    caught_by="PAD-03",
    witness=plain(dilation=(1, 2), padding="full"),
)
def full_ignores_dilation(call: Call) -> Array:
    """The word "full" pads the kernel without its gaps."""
    (kH, kW), full = call.kernel, call.padding == "full"
    return convolve(call, pads=((kH - 1, kH - 1), (kW - 1, kW - 1)) if full else None)


@wrong(
    "full-too-wide",
    remedy="pad the kernel's reach less one for full, so that every window touches the picture",
    hides="when numbers or other words are given",
    caught_by="PAD-03",
    witness=plain(padding="full"),
)
def full_too_wide(call: Call) -> Array:
    """The word "full" pads the kernel's whole reach, one too many on each side."""
    (a, b), full = call.reach, call.padding == "full"
    return convolve(call, pads=((a, a), (b, b)) if full else None)


@wrong(
    "full-is-same",
    remedy="pad the kernel's reach less one on each side for full",
    hides="when the kernel has one tap, or numbers are given",
    caught_by="PAD-03",
    witness=plain(padding="full"),
)
def full_is_same(call: Call) -> Array:
    """The word "full" is treated as "same"."""
    return convolve(call.but(padding="same") if call.padding == "full" else call)


@wrong(
    "same-stride-of-height-for-both",
    remedy="count the positions of the columns with stride[1]",
    hides="when both strides are equal",
    caught_by="PAD-04",
    recreates="https://github.com/tensorflow/tensorflow/issues/61815",
    witness=plain(stride=(2, 1), padding="same_upper"),
)
def same_stride_of_height_for_both(call: Call) -> Array:
    """Counting the zeros of "same", the stride of the rows is used for the columns too."""
    if call.padding not in SAME:
        return convolve(call)
    return convolve(call, pads=same(call, stride=(call.stride[0], call.stride[0])))


@wrong(
    "negative-pad-crops",
    remedy="refuse a pad below 0",
    hides="when no pad is negative",
    caught_by="PAD-12",
    recreates="https://github.com/ml-explore/mlx/issues/548",
    witness=accepts(padding=((-1, 0), (0, 0))),
    checked=False,
)
def negative_pad_crops(call: Call) -> Array:
    """A negative pad cuts samples off instead of being refused."""
    if not _whole(call.padding) or min(*call.padding[0], *call.padding[1]) >= 0:
        return correct(call)
    clipped = tuple(tuple(max(0, p) for p in axis) for axis in call.padding)
    return convolve_cropped(check(call.but(padding=clipped)), call.padding)


@wrong(
    "negative-pad-is-zero",
    remedy="refuse a pad below 0",
    hides="when no pad is negative",
    caught_by="PAD-12",
    witness=accepts(padding=((0, 0), (0, -1))),
    checked=False,
)
def negative_pad_is_zero(call: Call) -> Array:
    """A negative pad is taken for 0 instead of being refused."""
    if not _whole(call.padding):
        return correct(call)
    return correct(call.but(padding=tuple(tuple(max(0, p) for p in axis) for axis in call.padding)))


@wrong(
    "negative-pads-netted",
    remedy="refuse a pad below 0",
    hides="when no pad is negative",
    caught_by="PAD-12",
    recreates="https://github.com/openxla/xla/issues/48713",
    witness=accepts(padding=((3, -1), (0, 0))),
    checked=False,
)
def negative_pads_netted(call: Call) -> Array:
    """A negative pad is accepted if the other side of the axis makes up for it."""
    if not _whole(call.padding):
        return correct(call)
    netted = tuple((a + b, 0) if min(a, b) < 0 <= a + b else (a, b) for a, b in call.padding)
    return correct(call.but(padding=netted))


@wrong(
    "bottom-pad-limited-by-stride",
    remedy="pad the bottom by its number; which rows are left over is found later",
    hides="when the bottom pad is smaller than the stride",
    caught_by="DEF-01",
    witness=plain(padding=((0, 3), (0, 0)), stride=(2, 1)),
)
def bottom_pad_limited_by_stride(call: Call) -> Array:
    """The bottom is padded by at most one row less than the stride, above a stride of 1."""
    (top, bottom), sides = call.pads
    limited = min(bottom, call.stride[0] - 1) if call.stride[0] > 1 else bottom
    if fitting(call.size[0] + top + limited, call.reach[0], call.stride[0]) < 1:
        limited = bottom
    return convolve(call, pads=((top, limited), sides))


def _whole(padding: object) -> bool:
    return (isinstance(padding, (tuple, list)) and len(padding) == 2
            and all(isinstance(axis, (tuple, list)) and len(axis) == 2 for axis in padding)
            and all(type(p) is int for axis in padding for p in axis))
