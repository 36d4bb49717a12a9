"""Cases of which one dimension is far beyond the others, and the limit that keeps every case quick."""

from collections.abc import Callable, Sequence
from typing import Any

from convspec.conformance.case import NO_PADS, Case

MULTIPLICATIONS_LIMIT = 80_000
Pick = Callable[[Sequence[Any]], Any]

# One dimension far beyond the others: counters of one or two bytes, half-precision sizes, blocks of 256.
_EXTREMES = (
    "height", "width", "width", "area", "kernel height", "kernel width", "stride", "dilation", "pads", "batch",
    "channels", "filters", "blur", "blur",
)
_LONG = (129, 257, 300, 520, 1030, 2051, 4100, 33_000, 66_000)
_MEDIUM = (7, 9, 11, 13, 17, 23, 33, 40)


def holding_the_kernel(case: Case) -> Case:
    """As many rows and columns more as the kernel needs."""
    if isinstance(case.padding, str) and case.padding != "valid":
        return case
    pads = NO_PADS if case.padding == "valid" else case.padding
    lengths = [
        max(1, length, (k - 1) * d + 1 - sum(sides))
        for length, k, d, sides in zip(case.size, case.kernel, case.dilation, pads, strict=True)
    ]
    return case.but(x_shape=(*case.x_shape[:2], *lengths))


def stretched(pick: Pick, case: Case) -> Case:
    """One dimension of a small case stretched."""
    which, long, medium = pick(_EXTREMES), pick(_LONG), pick(_MEDIUM)
    n, _, height, width = case.x_shape
    per_group, kernel = case.w_shape[1], case.w_shape[2:]
    if which in ("height", "width", "area"):
        if long > 10_000:
            # Nothing new would be learnt from more taps, and a loop in Python takes a microsecond for each product.
            kernel = (1, min(kernel[1], 2)) if which == "width" else (min(kernel[0], 2), 1)
        height, width = {"height": (long, kernel[1]), "width": (kernel[0], long), "area": (183, 181)}[which]
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, case.dilation, strict=True)]
        # Wide pads along the short axis would make a long picture a large one.
        padding = case.padding if isinstance(case.padding, str) or case.padding == NO_PADS else ((0, 1), (1, 0))
        return case.but(x_shape=(1, 1, max(height, reach[0]), max(width, reach[1])), w_shape=(1, 1, *kernel),
                        padding=padding, groups=1, bias_shape=case.bias_shape and (1,))
    if which == "blur":
        # One picture under one large filter, as image processing has it, and wide enough for a fast path of its own.
        kernel = (min(medium, 17), 1 + case.seed // 8 % 11)
        size = (kernel[0] + case.seed % 8, kernel[1] + 40 + case.seed // 128 % 30)
        return case.but(x_shape=(1, 1, *size), w_shape=(1, 1, *kernel), groups=1, dilation=(1, 1),
                        stride=case.stride if case.seed % 4 == 0 else (1, 1), bias_shape=case.bias_shape and (1,))
    if which in ("kernel height", "kernel width"):
        kernel = (medium, kernel[1]) if which == "kernel height" else (kernel[0], medium)
        lengths = (
            length + (k - 1) * d for length, k, d in zip((height, width), kernel, case.dilation, strict=True)
        )
        return case.but(w_shape=(case.outputs, per_group, *kernel), x_shape=(n, case.channels, *lengths))
    if which == "stride":
        return case.but(
            stride=(medium, case.stride[1]) if case.seed % 2 else (case.stride[0], medium),
            x_shape=(n, case.channels, height + medium, width + medium),
        )
    if which == "dilation":
        return case.but(
            dilation=(medium, case.dilation[1]) if case.seed % 2 else (case.dilation[0], medium),
            x_shape=(n, case.channels, height + (kernel[0] - 1) * medium, width + (kernel[1] - 1) * medium),
        )
    if which == "pads":
        return case.but(padding=((medium, 1), (0, 2)) if case.seed % 2 else ((1, 0), (2, medium)))
    if which == "batch":
        return case.but(x_shape=(
            min(long, 300) if long > 200 else medium, case.channels,
            min(height, 4 + kernel[0] * case.dilation[0]), min(width, 4 + kernel[1] * case.dilation[1]),
        ))
    many = min(long, 300)
    if which == "channels":
        return case.but(x_shape=(1, many, height, width), w_shape=(1, many, *kernel), groups=1,
                        bias_shape=case.bias_shape and (1,))
    return case.but(x_shape=(1, 1, height, width), w_shape=(many, 1, *kernel), groups=1,
                    bias_shape=case.bias_shape and (many,))


def within_limit(case: Case) -> Case:
    """Fewer channels, then fewer rows, until the case is quick; the width stays, which tiles are cut along."""
    while case.multiplications > MULTIPLICATIONS_LIMIT:
        n, c, height, width = case.x_shape
        o, per_group, *kernel = case.w_shape
        if n > 1:
            case = case.but(x_shape=(1, c, height, width))
        elif per_group > 8:
            case = case.but(x_shape=(n, case.groups * 3, height, width), w_shape=(o, 3, *kernel))
        elif o > 8 and o // case.groups > 1:
            outputs = case.groups
            case = case.but(w_shape=(outputs, per_group, *kernel), bias_shape=(outputs,) if case.bias_shape else None)
        elif case.groups > 1:
            case = case.but(groups=1, x_shape=(n, per_group, height, width), w_shape=(1, per_group, *kernel),
                            bias_shape=(1,) if case.bias_shape else None)
        elif height > 2 * (kernel[0] - 1) * case.dilation[0] + 4:
            case = case.but(x_shape=(n, c, height // 2, width))
        elif per_group > 1:
            case = case.but(x_shape=(n, case.groups, height, width), w_shape=(o, 1, *kernel))
        else:
            return case
    return case
