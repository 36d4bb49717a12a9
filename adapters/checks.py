"""What a wrapper checks before it calls a library that would not."""

from typing import Any

import numpy as np

from convspec.adapters.protocol import Array, Pads, Pair
from convspec.reference import output_size, resolve_padding
from convspec.reference.arguments import check_ranks, check_shapes, integer, pair


def check_arguments(
    x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
) -> tuple[tuple[int, int, int, int], Pads, np.dtype[Any]]:
    """Check a call as the specification does.

    Returns
    -------
    (shape, pads, dtype)
        The result's shape (N, C_out, oH, oW), the padding as ((top, bottom), (left, right)), the result's dtype.

    Raises
    ------
    ValueError
        As `convspec.reference.conv2d` raises; the message names the parameter and the value.
    """
    check_ranks(x, w)
    strides, dilations = pair("stride", stride, at_least=1), pair("dilation", dilation, at_least=1)
    check_shapes(x, w, bias, integer("groups", groups, at_least=1))
    size, kernel = (x.shape[2], x.shape[3]), (w.shape[2], w.shape[3])
    pads = resolve_padding(padding, size=size, kernel=kernel, stride=strides, dilation=dilations)
    height, width = (
        output_size(size[axis], kernel[axis], pad=pads[axis], stride=strides[axis], dilation=dilations[axis])
        for axis in (0, 1)
    )
    return (x.shape[0], w.shape[0], height, width), pads, np.result_type(x, w)
