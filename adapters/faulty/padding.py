"""Zeros at the wrong side, too many or too few of them, words misunderstood, or no zeros at all."""

import numpy as np

from convspec.adapters.faulty.pieces import Body, Call, convolve, zero_pad
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array, Pads, Pair

wrong = Family("padding")

ONNX_EVALUATOR = (
    "https://github.com/onnx/onnx/blob/0edb5c555a7982452030f88daa03cc030951a0a7/onnx/reference/ops/op_conv.py")

SAME = ("same", "same_upper", "same_lower")
EVEN = plain(w=(3, 4, 2, 4), padding="same_upper")


def same(call: Call, *, size: Pair | None = None, reach: Pair | None = None, stride: Pair | None = None,
         clamp: bool = True) -> Pads:
    """Resolve "same", each number replaceable by a wrong one."""
    found = []
    for n, k, s in zip(size or call.size, reach or call.reach, stride or call.stride, strict=True):
        total = (-(-n // s) - 1) * s + k - n
        total = max(0, total) if clamp else total
        half = total // 2
        found.append((total - half, half) if call.padding == "same_lower" else (half, total - half))
    return found[0], found[1]


def convolve_cropped(call: Call, pads: Pads) -> Array:
    """Convolve with pads of which a negative one cuts samples off."""
    (top, bottom), (left, right) = pads
    H, W = call.size
    x = call.x[:, :, max(0, -top):H - max(0, -bottom), max(0, -left):W - max(0, -right)]
    return convolve(call.but(x=x, padding=((max(0, top), max(0, bottom)), (max(0, left), max(0, right)))))


def accepts(*, padding: object, x: tuple[int, ...] = (1, 1, 5, 5)) -> Witness:
    """Make a witness of a padding that must be refused."""
    return plain(x=x, w=(1, 1, 2, 2), padding=padding)


@wrong(
    "padding-ignored",
    remedy="put the zeros around the picture before the window moves",
    hides="when there is no padding",
    caught_by="DEF-01 PAD-01 SHP-01",
    recreates="https://github.com/pytorch/pytorch/issues/29712",
)
def padding_ignored(call: Call) -> Array:
    """The padding is ignored."""
    return convolve(call, pads=((0, 0), (0, 0)))


@wrong(
    "pads-on-the-wrong-side",
    remedy="swap the two numbers of each axis: (top, bottom), (left, right)",
    hides="when both sides of an axis are padded alike",
    caught_by="DEF-01 PAD-01",
)
def pads_on_the_wrong_side(call: Call) -> Array:
    """The pad is on the wrong side: top and bottom are swapped, and left and right."""
    (top, bottom), (left, right) = call.pads
    return convolve(call, pads=((bottom, top), (right, left)))


@wrong(
    "end-pad-symmetrised",
    remedy="pad the bottom and the right by their own numbers",
    hides="when both sides of an axis are padded alike",
    caught_by="DEF-01 PAD-01",
    recreates="https://github.com/FluxML/Flux.jl/issues/775",
)
def end_pad_symmetrised(call: Call) -> Array:
    """Bottom and right are padded by the numbers for top and left."""
    (top, _), (left, _) = call.pads
    return convolve(call, pads=((top, top), (left, left)))


@wrong(
    "end-pad-dropped",
    remedy="pad the bottom and the right as well",
    hides="when only the top and the left are padded, or the stride swallows the rest",
    caught_by="DEF-01 PAD-01 LAW-08",
    recreates="https://github.com/tracel-ai/burn/issues/5601",
)
def end_pad_dropped(call: Call) -> Array:
    """Bottom and right are not padded."""
    (top, _), (left, _) = call.pads
    return convolve(call, pads=((top, 0), (left, 0)))


@wrong(
    "pads-averaged",
    remedy="keep four numbers; a library with one per axis needs a padded copy of the picture",
    hides="when both sides of an axis are padded alike",
    caught_by="DEF-01 PAD-01",
    witness=plain(padding=((2, 0), (0, 0))),
)
def pads_averaged(call: Call) -> Array:
    """The zeros of an axis are shared out evenly between its two sides."""
    (top, bottom), (left, right) = (((a + b) // 2, (a + b + 1) // 2) for a, b in call.pads)
    return convolve(call, pads=((top, bottom), (left, right)))


@wrong(
    "pads-read-in-another-order",
    remedy="turn (top, left, bottom, right) into ((top, bottom), (left, right))",
    hides="when bottom and left are padded alike",
    caught_by="DEF-01 PAD-01",
    recreates="https://github.com/opencv/opencv/issues/20342",
)
def pads_read_in_another_order(call: Call) -> Array:
    """The four pads are read in the order top, left, bottom, right."""
    (top, bottom), (left, right) = call.pads
    return convolve(call, pads=((top, left), (bottom, right)))


@wrong(
    "padding-of-height-for-both",
    remedy="pad the columns by their own numbers",
    hides="when height and width are padded alike",
    caught_by="DEF-01 PAD-01 SHP-02",
    recreates="https://github.com/Oldpan/Faceswap-Deepfake-Pytorch/issues/1",
)
def padding_of_height_for_both(call: Call) -> Array:
    """The pads of the height are used for the width too."""
    return convolve(call, pads=(call.pads[0], call.pads[0]))


@wrong(
    "pads-scaled-by-dilation",
    remedy="count the pads in samples, whatever the dilation",
    hides="when the dilation is 1 or nothing is padded",
    caught_by="DEF-01",
)
def pads_scaled_by_dilation(call: Call) -> Array:
    """The pads are multiplied by the dilation."""
    (top, bottom), (left, right) = call.pads
    dh, dw = call.dilation
    return convolve(call, pads=((top * dh, bottom * dh), (left * dw, right * dw)))


@wrong(
    "pads-limited-to-kernel",
    remedy="allow pads of any size; windows wholly in the padding are legal",
    hides="when every pad is smaller than the kernel",
    caught_by="PAD-09",
    witness=plain(padding=((4, 0), (0, 0))),
)
def pads_limited_to_kernel(call: Call) -> Array:
    """A pad is cut down to the kernel's reach less one."""
    (top, bottom), (left, right) = (
        (min(a, k - 1), min(b, k - 1)) for (a, b), k in zip(call.pads, call.reach, strict=True))
    return convolve(call, pads=((top, bottom), (left, right)))


@wrong(
    "pads-limited-to-picture",
    remedy="allow pads of any size; only reflected edges need samples to reflect",
    hides="when every pad is at most the picture's size",
    caught_by="PAD-09",
    witness=plain(x=(2, 4, 2, 6), padding=((3, 3), (0, 0))),
)
def pads_limited_to_picture(call: Call) -> Array:
    """A pad is cut down to the picture's own size."""
    (top, bottom), (left, right) = (
        (min(a, n), min(b, n)) for (a, b), n in zip(call.pads, call.size, strict=True))
    return convolve(call, pads=((top, bottom), (left, right)))


def padded_by(mode: str) -> Body:
    """Make the body of a fault that fills the padding from the picture."""

    def body(call: Call) -> Array:
        def pad(x: Array, pads: Pads) -> Array:
            if 0 in x.shape:
                return zero_pad(x, pads)
            filled: Array = np.pad(x, ((0, 0), (0, 0), *pads), mode=mode)  # type: ignore[call-overload]
            return filled

        return convolve(call, pad=pad)

    return body


@wrong(
    "padding-repeats-the-edge",
    remedy="fill the padding with zeros",
    hides="when there is no padding or the edges are zero",
    caught_by="DEF-01 PAD-01",
)
def padding_repeats_the_edge(call: Call) -> Array:
    """The padding repeats the pixels of the edge instead of being zero."""
    return padded_by("edge")(call)


@wrong(
    "padding-wraps-around",
    remedy="fill the padding with zeros",
    hides="when there is no padding or the opposite edge is zero",
    caught_by="DEF-01 PAD-01",
)
def padding_wraps_around(call: Call) -> Array:
    """The padding holds the pixels of the opposite edge: the picture is taken to be periodic."""
    return padded_by("wrap")(call)


@wrong(
    "padding-reflects",
    remedy="fill the padding with zeros",
    hides="when there is no padding",
    caught_by="DEF-01 PAD-01",
)
def padding_reflects(call: Call) -> Array:
    """The padding holds the pixels reflected at the edge."""
    return padded_by("symmetric")(call)


@wrong(
    "unsigned-padding-not-zero",
    remedy="pad with 0 in every dtype",
    hides="when the dtype is not unsigned, or there is no padding",
    caught_by="DTY-02",
    witness=Witness(dtype="uint8"),
)
def unsigned_padding_not_zero(call: Call) -> Array:
    """Unsigned pictures are padded with the middle of their range, as if that were zero."""

    def pad(x: Array, pads: Pads) -> Array:
        if x.dtype.kind != "u":
            return zero_pad(x, pads)
        return np.pad(x, ((0, 0), (0, 0), *pads), constant_values=np.iinfo(x.dtype).max // 2 + 1)

    return convolve(call, pad=pad)


@wrong(
    "left-padding-holds-the-previous-row",
    remedy="take zeros left of column 0; the memory there is the end of the row above",
    hides="when the left pad is at most 2",
    caught_by="PAD-09",
    recreates="https://github.com/modular/modular/issues/6712",
    witness=plain(padding=((0, 0), (3, 0))),
)
def left_padding_holds_the_previous_row(call: Call) -> Array:
    """With a left pad above 2, the padding next to the picture holds the end of the row above."""

    def pad(x: Array, pads: Pads) -> Array:
        padded = zero_pad(x, pads)
        (top, _), (left, _) = pads
        if left > 2 and x.shape[2] > 1 and x.shape[3]:
            padded[:, :, top + 1:top + x.shape[2], left - 1] = x[:, :, :-1, -1]
        return padded

    return convolve(call, pad=pad)


@wrong(
    "right-padding-holds-the-next-row",
    remedy="take zeros right of the last column; the memory there is the start of the next row",
    hides="when there is no right pad",
    caught_by="DEF-01 PAD-01",
    recreates="https://github.com/openxla/xla/issues/48713",
)
def right_padding_holds_the_next_row(call: Call) -> Array:
    """The first padding column on the right holds the start of the next row."""

    def pad(x: Array, pads: Pads) -> Array:
        padded = zero_pad(x, pads)
        (top, _), (left, right) = pads
        if right and x.shape[2] > 1 and x.shape[3]:
            padded[:, :, top:top + x.shape[2] - 1, left + x.shape[3]] = x[:, :, 1:, 0]
        return padded

    return convolve(call, pad=pad)


@wrong(
    "bias-missing-in-the-padding",
    remedy="add the bias to every output, also where the window holds nothing but padding",
    hides="when no window lies wholly in the padding, or there is no bias",
    caught_by="PAD-09",
    witness=plain(padding=((4, 0), (0, 0)), bias=True),
)
def bias_missing_in_the_padding(call: Call) -> Array:
    """Windows that lie wholly in the padding give 0 instead of the bias."""
    y = convolve(call)
    touched = convolve(call.but(
        x=np.ones((1, 1, *call.size)), w=np.ones((1, 1, *call.kernel)), bias=None, groups=1,
        padding=call.pads))
    return np.where(touched > 0, y, 0).astype(y.dtype)


@wrong(
    "same-from-batch-and-channels",
    remedy="take the sizes from x.shape[2:], not from x.shape[:2]",
    hides="when the stride is 1",
    caught_by="PAD-04 PAD-05 PAD-06",
    recreates=ONNX_EVALUATOR,
    witness=plain(x=(2, 3, 7, 8), w=(2, 3, 3, 3), stride=(2, 2), padding="same_upper"),
)
def same_from_batch_and_channels(call: Call) -> Array:
    """The pads of "same" are computed from the batch and the channels instead of height and width."""
    if call.padding not in SAME:
        return convolve(call)
    return convolve(call, pads=same(call, size=(call.x.shape[0], call.x.shape[1])))


@wrong(
    "same-upper-and-lower-swapped",
    remedy="put the odd zero at the end for same_upper, at the beginning for same_lower",
    hides="when the zeros of an axis can be shared out evenly",
    caught_by="PAD-04 PAD-05",
    recreates="https://github.com/microsoft/onnxruntime/pull/12537",
    witness=EVEN,
)
def same_upper_and_lower_swapped(call: Call) -> Array:
    """The odd zero of "same_upper" and of "same_lower" goes to the other side."""
    other = {"same": "same_lower", "same_upper": "same_lower", "same_lower": "same_upper"}
    return convolve(call.but(padding=other[call.padding]) if call.padding in SAME else call)


@wrong(
    "same-lower-is-upper",
    remedy="put the odd zero at the beginning for same_lower",
    hides="when the zeros of an axis can be shared out evenly",
    caught_by="PAD-05",
    recreates="https://github.com/microsoft/onnxruntime/pull/6510",
    witness=plain(w=(3, 4, 2, 4), padding="same_lower"),
)
def same_lower_is_upper(call: Call) -> Array:
    """The word "same_lower" is treated as "same_upper"."""
    return convolve(call.but(padding="same_upper") if call.padding == "same_lower" else call)


@wrong(
    "same-ignores-dilation",
    remedy="compute the zeros from the effective kernel (k - 1)*d + 1",
    hides="when the dilation is 1",
    caught_by="PAD-06",
    recreates="https://github.com/microsoft/onnxscript/pull/3037",
    witness=Witness(padding="same_upper"),
)
def same_ignores_dilation(call: Call) -> Array:
    """The pads of "same" are computed from the kernel without its gaps."""
    return convolve(call, pads=same(call, reach=call.kernel)) if call.padding in SAME else convolve(call)


@wrong(
    "same-ignores-stride",
    remedy="compute the zeros from ceil(size / stride) output positions",
    hides="when the stride is 1, and for some sizes by luck",
    caught_by="PAD-04",
    recreates="https://github.com/microsoft/onnxruntime/issues/26734",
    witness=plain(x=(2, 4, 8, 8), w=(3, 4, 3, 3), stride=(2, 2), padding="same_upper"),
)
def same_ignores_stride(call: Call) -> Array:
    """The pads of "same" are those of stride 1."""
    return convolve(call, pads=same(call, stride=(1, 1))) if call.padding in SAME else convolve(call)


@wrong(
    "same-not-clamped",
    remedy="pad by at least 0: max(0, total)",
    hides="when the stride is at most the kernel's reach",
    caught_by="PAD-08",
    recreates="https://github.com/onnx/keras-onnx/pull/147",
    witness=plain(x=(2, 4, 9, 9), w=(3, 4, 1, 1), stride=(3, 3), padding="same_upper"),
)
def same_not_clamped(call: Call) -> Array:
    """With a stride larger than the kernel, "same" cuts the picture instead of leaving it alone."""
    if call.padding not in SAME:
        return convolve(call)
    return convolve_cropped(call, same(call, clamp=False))


@wrong(
    "same-is-half-the-kernel",
    remedy="share out (k - 1)*d zeros for stride 1, which is odd for an even kernel",
    hides="when the kernel is odd and the stride is 1",
    caught_by="PAD-04 PAD-05",
    recreates="https://github.com/Theano/Theano/pull/2126",
    witness=EVEN,
)
def same_is_half_the_kernel(call: Call) -> Array:
    """The word "same" pads half the kernel on either side, so that an even kernel makes the output grow."""
    half = [k // 2 for k in call.reach]
    pads = ((half[0], half[0]), (half[1], half[1]))
    return convolve(call, pads=pads) if call.padding in SAME else convolve(call)
