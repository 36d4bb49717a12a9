"""Cases of which one dimension is far beyond the others, and the limits that keep every case quick."""

from typing import Any

from convspec.adapters.protocol import Pair
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.choices import Pick

MULTIPLICATIONS_LIMIT = 80_000
NUMBERS_LIMIT = 150_000

FAR = (7, 9, 11, 13, 17, 23, 33, 40)
"""Steps, gaps, pads and lengths of kernels beyond those that are usual."""

# One dimension far beyond the others: counters of one or two bytes, half-precision sizes, blocks of 256.
_EXTREMES = ("height", "width", "width", "area", "batch", "channels", "filters", "groups", "blur", "blur")
_LONG = (129, 257, 300, 520, 1030, 2051, 4100, 33_000, 66_000)
_VERY_LONG = 10_000
_MANY = (129, 257, 300)
_AREA = (183, 181)
_FEW_TAPS = ((1, 1), (1, 2), (2, 1))


def _no_longer_than(one: Any, limit: Pair) -> Any:
    """Pads at most so long along each axis."""
    if isinstance(one, str):
        return one
    return tuple(tuple(min(side, most) for side in sides) for sides, most in zip(one, limit, strict=True))


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
    which = pick(_EXTREMES)
    if which in ("height", "width", "area"):
        return _long(pick, case, which)
    if which == "blur":
        return _blur(pick, case)
    return _many(pick, case, which)


def _long(pick: Pick, case: Case, which: str) -> Case:
    """A long, a wide or a large picture; one channel in each group and one filter."""
    length, kernel = pick(_LONG), case.kernel
    if which == "area" or length > _VERY_LONG:
        # Nothing new would be learnt from more taps, and a loop in Python takes a microsecond for each product.
        kernel = pick(_FEW_TAPS)
    size = {"height": (length, kernel[1]), "width": (kernel[0], length), "area": _AREA}[which]
    groups = case.groups if which != "area" and length < _VERY_LONG else 1
    # Wide pads along the short axis would make a long picture a large one.
    most = {"height": (max(FAR), 1), "width": (1, max(FAR)), "area": (1, 1)}[which]
    return case.but(
        x_shape=(1, groups, *size), w_shape=(groups, 1, *kernel), bias_shape=case.bias_shape and (groups,),
        groups=groups, padding=_no_longer_than(case.padding, most),
    )


def _blur(pick: Pick, case: Case) -> Case:
    """One picture under one large filter, as image processing has it, and long enough for a fast path of its own."""
    kernel = (min(pick(FAR), 17), 1 + pick(range(11)))
    size = (kernel[0] + pick(range(8)), kernel[1] + 40 + pick(range(30)))
    if pick((True, False, False)):
        kernel, size = kernel[::-1], size[::-1]
    mostly_one = (False, False, False, True)
    return case.but(
        x_shape=(1, 1, *size), w_shape=(1, 1, *kernel), bias_shape=case.bias_shape and (1,), groups=1,
        stride=case.stride if pick(mostly_one) else (1, 1), dilation=case.dilation if pick(mostly_one) else (1, 1),
    )


def _many(pick: Pick, case: Case, which: str) -> Case:
    """Many pictures, channels, filters or groups."""
    many, n, groups = pick(_MANY), case.batch, case.groups
    if which == "batch":
        # As little else as is possible: the pictures are to stay many.
        n, per_group, filters = pick((many, pick(FAR))), 1, 1
        height, width = (min(length, 4 + k * d) for length, k, d in zip(
            case.size, case.kernel, case.dilation, strict=True))
        case = case.but(x_shape=(*case.x_shape[:2], height, width), padding=_no_longer_than(case.padding, (1, 1)))
    elif which == "channels":
        per_group, filters = max(1, many // groups), 1
    elif which == "filters":
        per_group, filters = 1, max(1, many // groups)
    else:
        groups, per_group, filters = many, 1, 1
    return case.but(
        x_shape=(n, per_group * groups, *case.size), w_shape=(filters * groups, per_group, *case.kernel),
        bias_shape=case.bias_shape and (filters * groups,), groups=groups,
    )


def is_quick(case: Case) -> bool:
    """Whether a valid case keeps to the limits."""
    return case.multiplications <= MULTIPLICATIONS_LIMIT and case.numbers <= NUMBERS_LIMIT


def within_limit(case: Case) -> Case:
    """Fewer pictures, channels, then rows, until the case is quick; the width stays, which tiles are cut along."""
    while not is_quick(case):
        n, c, height, width = case.x_shape
        o, per_group, *kernel = case.w_shape
        if n > 1:
            over = max(case.multiplications / MULTIPLICATIONS_LIMIT, case.numbers / NUMBERS_LIMIT)
            case = case.but(x_shape=(max(1, int(n / over)), c, height, width))
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
            lower = holding_the_kernel(case.but(x_shape=(n, c, max(1, height // 2), width)))
            if lower.size[0] >= height:
                return case
            case = lower
    return case
