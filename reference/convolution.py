"""The definition of one output element, and the loop around it.

If you read one module, read this one. `output_element` is the formula of the textbook with nothing added;
`conv2d` puts zeros around the picture, slides the kernel over it, and calls `output_element` at each
position.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from convspec.reference.arguments import Array, Pair, check_ranks, check_shapes, integer, pair
from convspec.reference.padding import resolve_padding, zero_pad
from convspec.reference.rounding import python_numbers, result_dtype, round_to
from convspec.reference.shapes import output_size


def output_element(x_padded: Array, w: Array, bias: Array | None, n: int, o: int, i: int, j: int, *,
                   stride: Pair, dilation: Pair, groups: int) -> Any:
    r"""Compute one number of the output, by definition.

    .. math:: y_{n, o, i, j} = b_o + \sum_c \sum_p \sum_q
              \tilde x_{n,\; g C + c,\; i s_h + p d_h,\; j s_w + q d_w} \; w_{o, c, p, q}

    Here :math:`\tilde x` is the padded input, :math:`C = C_{in} / groups` the number of channels that one
    filter sees, and *g* the group to which output channel *o* belongs.

    Parameters
    ----------
    x_padded : array (N, C_in, H + pads, W + pads)
        The input with its zeros already around it, holding Python numbers of any kind (dtype object).
    w : array (C_out, C_in / groups, kH, kW)
        The weights, holding Python numbers.
    bias : array (C_out,), or None
        What is added to the sum.
    n, o : int
        Which picture of the batch, and which output channel.
    i, j : int
        Which row and which column of the output.
    stride, dilation : (int, int)
        Steps between positions and between taps, down and across, in samples.
    groups : int
        Number of groups of channels that do not see each other.

    Returns
    -------
    number
        Of the kind that the products have: ints give an int, fractions a fraction, floats a float.

    Notes
    -----
    The sum starts from 0 and takes channels, then rows, then columns, then the bias; for floats the order
    matters. Zeros of the padding are multiplied like all other numbers, so that an infinite weight over
    padding gives NaN.

    Examples
    --------
    The corner of the worked example: three columns of tens under a filter that finds vertical edges.

    >>> x = np.full((1, 1, 3, 3), 10, dtype=object)
    >>> w = np.array([[[[1, 0, -1], [1, 0, -1], [1, 0, -1]]]], dtype=object)
    >>> output_element(x, w, None, 0, 0, 0, 0, stride=(1, 1), dilation=(1, 1), groups=1)
    0
    """
    C_out, channels_per_group, kH, kW = w.shape
    group = o // (C_out // groups)
    first_channel = group * channels_per_group
    first_row = i * stride[0]
    first_column = j * stride[1]

    total = 0
    for c in range(channels_per_group):
        for p in range(kH):
            for q in range(kW):
                row = first_row + p * dilation[0]
                column = first_column + q * dilation[1]
                total += x_padded[n, first_channel + c, row, column] * w[o, c, p, q]
    if bias is not None:
        total += bias[o]
    return total


def conv2d(x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *, stride: int | Pair = 1,
           padding: Any = 0, dilation: int | Pair = 1, groups: int = 1) -> Array:
    """Convolve pictures with filters: a cross-correlation, in which nothing is flipped.

    Each output element is `output_element`; the output has as many rows and columns as `output_size` says.

    Parameters
    ----------
    x : array (N, C_in, H, W) or (H, W)
        The pictures. A single picture without channels goes with a single filter.
    w : array (C_out, C_in / groups, kH, kW) or (kH, kW)
        The weights, one filter for each output channel.
    bias : array (C_out,), optional
        One number for each output channel, added to its elements; nothing if left out.
    stride : int or (int, int)
        Step from one position of the kernel to the next, in samples, down and across; at least 1.
    padding : int, (int, int), ((int, int), (int, int)) or str
        Zeros around each picture, in samples: on all sides; at (top and bottom, left and right); at ((top,
        bottom), (left, right)); or one of the words "valid", "same", "same_upper", "same_lower" and "full".
    dilation : int or (int, int)
        Distance from one tap of the kernel to the next, in samples, down and across; at least 1.
    groups : int
        Into how many groups the channels are divided, in order; each filter sees the channels of its own
        group.

    Returns
    -------
    array (N, C_out, oH, oW) or (oH, oW)
        A new array whose dtype is NumPy's promotion of the dtypes of `x` and `w`. Integers are computed
        exactly and then wrap; floats are computed as Python floats and then rounded; objects stay what they
        are.

    Raises
    ------
    ValueError
        The kernel fits nowhere, an axis of it has length 0, channels or groups do not fit, an argument is
        out of range or of the wrong kind, shape or dtype. The message gives the parameter and the value.

    Notes
    -----
    No picture (N = 0), no input channel (a sum of nothing, so the bias or 0), no output channel, and an
    axis of length 0 under enough padding are all legal.

    Source: Dumoulin and Visin, arXiv:1603.07285, chapters 1 and 2; dilation from section 5.1. Groups as in
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks",
    section 3.5.

    Examples
    --------
    The worked example: bright on the left, dark on the right, and the filter answers where the edge is.

    >>> picture = np.array([[10, 10, 10, 0, 0, 0, 0]] * 8)
    >>> edge = np.array([[1, 0, -1]] * 3)
    >>> conv2d(picture, edge).shape
    (6, 5)
    >>> conv2d(picture, edge)[0]
    array([ 0, 30, 30,  0,  0])
    >>> conv2d(picture, edge, stride=2, padding=1).shape
    (4, 4)
    """
    # Check
    x, w = np.asarray(x), np.asarray(w)
    check_ranks(x, w)
    if x.ndim == 2:
        batch_of_one = conv2d(x[np.newaxis, np.newaxis], w[np.newaxis, np.newaxis], bias,
                              stride=stride, padding=padding, dilation=dilation, groups=groups)
        single: Array = batch_of_one[0, 0]
        return single
    bias = None if bias is None else np.asarray(bias)
    strides = pair("stride", stride, at_least=1)
    dilations = pair("dilation", dilation, at_least=1)
    groups = integer("groups", groups, at_least=1)
    check_shapes(x, w, bias, groups)
    dtype = result_dtype(x, w, bias)

    # Pad
    N, _, H, W = x.shape
    C_out, _, kH, kW = w.shape
    pads = resolve_padding(padding, size=(H, W), kernel=(kH, kW), stride=strides, dilation=dilations)
    oH = output_size(H, kH, pad=pads[0], stride=strides[0], dilation=dilations[0])
    oW = output_size(W, kW, pad=pads[1], stride=strides[1], dilation=dilations[1])
    x_padded = python_numbers(zero_pad(x, pads))

    # Slide
    w = python_numbers(w)
    bias = None if bias is None else python_numbers(bias)
    y = np.empty((N, C_out, oH, oW), dtype)
    for n in range(N):
        for o in range(C_out):
            for i in range(oH):
                for j in range(oW):
                    # Sum
                    total = output_element(x_padded, w, bias, n, o, i, j,
                                           stride=strides, dilation=dilations, groups=groups)
                    y[n, o, i, j] = stored(total, dtype)
    return y


def stored(total: Any, dtype: np.dtype[Any]) -> Any:
    """Turn a sum into what an array of a dtype holds.

    Parameters
    ----------
    total : number
        The sum, a Python number.
    dtype : numpy.dtype
        Of the output.

    Returns
    -------
    number
        For dtype object the sum itself; for complex dtypes each part to the nearest; else `round_to` of it.

    Examples
    --------
    >>> stored(300, np.dtype(np.uint8))
    np.uint8(44)
    """
    if dtype.kind == "O":
        return total
    if dtype.kind == "c":
        with np.errstate(over="ignore"):
            return dtype.type(total)
    return round_to(total, dtype)
