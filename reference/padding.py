"""How many zeros go around the picture, and putting them there.

A caller may say it with a number or with a word. Either way the answer is four numbers, found here and
nowhere else, and from then on nothing depends on how it was said.
"""

import math
from typing import Any

import numpy as np

from convspec.reference.arguments import Array, Pads, Pair, integer, pair
from convspec.reference.shapes import effective_kernel_size

PADDING_WORDS = ("valid", "same", "same_upper", "same_lower", "full")

LARGEST_ARRAY = 2**28
"""Padding may not make an array of more numbers than this: loops in Python would not come to an end."""


def pad_for_word(word: str, *, size: int, kernel: int, stride: int, dilation: int) -> Pair:
    r"""Find the zeros before and after one axis that a padding word stands for.

    "valid" adds nothing: the kernel stays inside the picture. "full" adds :math:`\hat k - 1` on either
    side: every position at which the kernel touches the picture at all. "same" adds, in all,

    .. math:: \max(0, (\lceil i / s \rceil - 1) s + \hat k - i)

    so that the output has :math:`\lceil i / s \rceil` elements, with stride 1 as many as the input. If that
    number is odd, the zero left over goes after ("same", "same_upper") or before ("same_lower").

    Parameters
    ----------
    word : str
        "valid", "same", "same_upper", "same_lower" or "full".
    size : int
        Length *i* of the input along this axis, in samples.
    kernel, stride, dilation : int
        Number of taps, step between positions and distance between taps, along this axis.

    Returns
    -------
    (int, int)
        Zeros before and after, in samples.

    Raises
    ------
    ValueError
        An unknown word. The message gives it, and the words there are.

    Notes
    -----
    Sources: Dumoulin and Visin, arXiv:1603.07285, relationships 1 (valid), 3 (half, or same) and 4 (full);
    the ONNX operator Conv, ``auto_pad``, for a stride above 1 and for an even kernel.

    Examples
    --------
    An even kernel cannot be centred, so one side gets one zero more.

    >>> pad_for_word("same_upper", size=5, kernel=4, stride=1, dilation=1)
    (1, 2)
    >>> pad_for_word("same_lower", size=5, kernel=4, stride=1, dilation=1)
    (2, 1)
    """
    if word not in PADDING_WORDS:
        raise ValueError(f"padding must be numbers or one of {', '.join(PADDING_WORDS)}, got {word!r}")
    reach = effective_kernel_size(kernel, dilation)

    if word == "valid":
        return 0, 0
    if word == "full":
        return reach - 1, reach - 1

    positions = -(-size // stride)  # size / stride, rounded up without leaving the whole numbers
    total = max(0, (positions - 1) * stride + reach - size)
    smaller, larger = total // 2, total - total // 2
    if word == "same_lower":
        return larger, smaller
    return smaller, larger


def resolve_padding(padding: Any, *, size: Pair, kernel: Pair, stride: Pair = (1, 1),
                    dilation: Pair = (1, 1)) -> Pads:
    """Turn any way of saying the padding into four numbers.

    Parameters
    ----------
    padding : int, (int, int), ((int, int), (int, int)) or str
        One number for all four sides; one for top and bottom and one for left and right; ((top, bottom),
        (left, right)); or a word of `pad_for_word`.
    size : (int, int)
        Height and width of the picture, in samples. The batch and the channels play no part.
    kernel : (int, int)
        Height and width of the kernel, in taps.
    stride, dilation : (int, int)
        Steps between positions and between taps, down and across.

    Returns
    -------
    ((int, int), (int, int))
        Zeros at the (top, bottom) and at the (left, right), in samples, each at least 0.

    Raises
    ------
    ValueError
        A number below 0 or not an integer, a wrong count of numbers, an unknown word, or another argument out
        of range. The message gives the name and the value.

    Examples
    --------
    >>> resolve_padding((1, 2), size=(8, 7), kernel=(3, 3))
    ((1, 1), (2, 2))
    >>> resolve_padding("same", size=(8, 7), kernel=(3, 2), dilation=(2, 1))
    ((2, 2), (0, 1))
    """
    sizes = pair("size", size, at_least=0)
    kernels = pair("kernel", kernel, at_least=1)
    strides = pair("stride", stride, at_least=1)
    dilations = pair("dilation", dilation, at_least=1)

    if isinstance(padding, str):
        top_bottom, left_right = (
            pad_for_word(padding, size=sizes[axis], kernel=kernels[axis], stride=strides[axis],
                         dilation=dilations[axis])
            for axis in range(2)
        )
        return top_bottom, left_right
    if isinstance(padding, (tuple, list)) and any(isinstance(side, (tuple, list)) for side in padding):
        return pads_of_four_sides(padding)
    vertical, horizontal = pair("padding", padding, at_least=0)
    return (vertical, vertical), (horizontal, horizontal)


def pads_of_four_sides(padding: Any) -> Pads:
    """Check ((top, bottom), (left, right)) and return it in tuples of Python ints.

    Parameters
    ----------
    padding : sequence of two sequences of two ints
        Zeros at the (top, bottom) and at the (left, right), in samples.

    Returns
    -------
    ((int, int), (int, int))
        The same numbers.

    Raises
    ------
    ValueError
        Another count of numbers, a number below 0, or something that is not an integer.

    Examples
    --------
    >>> pads_of_four_sides([[0, 1], [2, 3]])
    ((0, 1), (2, 3))
    >>> pads_of_four_sides((1, (2, 3)))
    Traceback (most recent call last):
    ValueError: padding must be ((top, bottom), (left, right)), got (1, (2, 3))
    """
    if len(padding) != 2 or any(not isinstance(side, (tuple, list)) or len(side) != 2 for side in padding):
        raise ValueError(f"padding must be ((top, bottom), (left, right)), got {padding!r}")
    (top, bottom), (left, right) = padding
    return (
        (integer("padding", top, at_least=0), integer("padding", bottom, at_least=0)),
        (integer("padding", left, at_least=0), integer("padding", right, at_least=0)),
    )


def zero_pad(x: Array, pads: Pads) -> Array:
    """Put zeros around each picture.

    Parameters
    ----------
    x : array (N, C, H, W)
        The pictures.
    pads : ((int, int), (int, int))
        Zeros at the (top, bottom) and at the (left, right), in samples, at least 0.

    Returns
    -------
    array (N, C, top + H + bottom, left + W + right)
        A new array of the same dtype. The zeros are ordinary numbers and take part in everything that
        follows.

    Raises
    ------
    ValueError
        `x` has another rank, a pad is below 0, or the result would hold more than `LARGEST_ARRAY` numbers.

    Examples
    --------
    >>> zero_pad(np.array([[[[7]]]]), ((0, 1), (2, 0)))
    array([[[[0, 0, 7],
             [0, 0, 0]]]])
    """
    if x.ndim != 4:
        raise ValueError(f"x must have rank 4, got shape {x.shape}")
    (top, bottom), (left, right) = pads_of_four_sides(pads)
    N, C, H, W = x.shape
    shape = (N, C, top + H + bottom, left + W + right)
    # Checked before anything is allocated. An empty axis counts as one: NumPy refuses such shapes too.
    if math.prod(max(length, 1) for length in shape) > LARGEST_ARRAY:
        raise ValueError(f"padding {pads} makes an array of shape {shape}, more than {LARGEST_ARRAY} numbers")
    # For dtype object these zeros are Python's, as wide as any number beside them; np.pad would put NumPy's there.
    x_padded = np.zeros(shape, x.dtype)
    x_padded[:, :, top:top + H, left:left + W] = x
    return x_padded
