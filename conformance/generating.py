"""What to try: Hypothesis strategies that build valid cases forward.

Outputs, kernel, stride, dilation, pads and the remainder are drawn; height and width follow from them. So nothing is
filtered away. Every axis is drawn on its own, and conditions are drawn jointly: most real faults need two numbers that
differ, or two conditions at once.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, SIGNED_INTEGERS, UNSIGNED_INTEGERS, Pair
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.number_kinds import DRAWN_RECIPES, FINITE_RECIPES

INTEGERS = SIGNED_INTEGERS + UNSIGNED_INTEGERS
# Weighted by repetition: float32 is what most convolutions run in.
ANY_DTYPE = ("float32",) * 4 + ("float64",) * 3 + ("int64",) * 2 + REAL_FLOATS + COMPLEX_FLOATS + INTEGERS
PLAIN_DTYPES = ("float32", "float64", "int64", "float32", "float64", "int32")
EXACT_DTYPES = ("float32", "float64", "int64", "float32", "float64", *INTEGERS)
ANY_LAYOUT = ("C",) * 12 + LAYOUTS[1:]
# Around the sizes at which real implementations cut their tiles and vectors.
TILE_LENGTHS = (4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 24, 28, 30, 31, 32, 33, 34, 48, 62, 63, 64, 65, 66)
TILE_CHANNELS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33)
MULTIPLICATIONS_LIMIT = 80_000


@dataclass(frozen=True)
class Bias:
    """Which part of the space a requirement looks at, and how often at its corners.

    Parameters
    ----------
    dtypes, data : tuple of str
        Drawn evenly; repeat to weight. `data` applies to floating dtypes, `whole_data` to integer ones.
    stride, dilation : "any", "one", "above" (at least one axis above 1)
    padding : tuple of str
        Out of "none", "symmetric", "sides", "wide" and the padding words.
    groups : "any", "one", "above", "depthwise"
    kernels : tuple of (kH, kW), or None for any
    bias : bool or None
        Always, never, or either.
    layouts : tuple of str
    sizes : tuple of str
        Out of "small", "tile", "channels", "long", "large", "extreme".
    remainder : "any", "none", "some"
        Rows and columns that the stride leaves over.
    output : "any" or "one"
        "one": the kernel fits exactly once.
    batch, channels, outputs : "any", or the number
    """

    dtypes: tuple[str, ...] = ANY_DTYPE
    data: tuple[str, ...] = ("int",) * 5 + FINITE_RECIPES
    whole_data: tuple[str, ...] = ("int", "int", "full", "edge", "wide")
    stride: str = "any"
    dilation: str = "any"
    padding: tuple[str, ...] = (
        "none", "none", "symmetric", "sides", "sides", "wide", "same_upper", "same_lower", "valid", "full",
    )
    groups: str = "any"
    kernels: tuple[Pair, ...] | None = None
    bias: bool | None = None
    layouts: tuple[str, ...] = ("C",)
    sizes: tuple[str, ...] = ("small",) * 6 + ("tile", "channels")
    remainder: str = "any"
    output: str = "any"
    batch: int | str = "any"
    channels: int | str = "any"
    outputs: int | str = "any"

    def but(self, **changes: Any) -> "Bias":
        """The same bias with some parts changed."""
        return dataclasses.replace(self, **changes)


def _pairs(numbers: Iterable[int]) -> list[Pair]:
    """All pairs, the equal ones among them."""
    values = list(numbers)
    return [(a, b) for a in values for b in values]


ANYTHING = Bias(
    layouts=ANY_LAYOUT, data=("int",) * 6 + DRAWN_RECIPES,
    sizes=("small",) * 11 + ("tile",) * 8 + ("channels",) * 4 + ("extreme",) * 2,
)
EXACT = Bias(dtypes=EXACT_DTYPES, data=("int", "int", "impulse", "wide"))
LAW = Bias(
    dtypes=PLAIN_DTYPES, data=("int",), whole_data=("int",), layouts=ANY_LAYOUT,
    padding=("none", "none", "symmetric", "sides", "sides", "wide"),
)

# One choice of a pair costs half of two choices of its parts, and is as independent: the lists are products.
_COIN = range(10)
_PADDED = {most: _pairs(range(most + 1)) for most in range(13)}
_KERNELS = _pairs(range(1, 6))
_SMALL_KERNELS = _pairs(range(1, 4))
_FAST_KERNELS = [(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (7, 7)]
_STEPS = _pairs(range(1, 5))[1:]
_GAPS = _pairs(range(1, 4))[1:]
_OUTPUTS = {
    "small": _pairs(range(1, 9)), "channels": _pairs(range(1, 6)),
    "long": [(50 + 23 * a, b) for a in range(1, 13) for b in (1, 2)],
}
_TILE_HEIGHTS = (1, 2, 3, 5, *TILE_LENGTHS)
_LEFT_OVER = {most: range(most + 1) for most in range(13)}
_ROOM = _pairs(range(1, 5))
_BATCHES = (1, 1, 2, 2, 3, 3, 4, 5, 9)
# One dimension far beyond the others: counters of one or two bytes, half-precision sizes, blocks of 256.
_EXTREMES = (
    "height", "width", "width", "area", "kernel height", "kernel width", "stride", "dilation", "pads", "batch",
    "channels", "filters",
)
_LONG = (129, 257, 300, 520, 1030, 2051, 4100, 33_000, 66_000)
_MEDIUM = (7, 9, 11, 13, 17, 23, 33, 40)
_FEW_CHANNELS = _pairs(range(1, 5))
_GROUPS = range(2, 6)
_IN_GROUPS = {False: _pairs(range(1, 4)), True: _pairs(range(1, 10))}
_DEPTHWISE = {
    False: [(g, 1, o) for g in range(2, 7) for o in range(1, 4)],
    True: [(g, 1, o) for g in TILE_CHANNELS[1:] for o in range(1, 4)],
}
_GROUP_KINDS = ("one", "one", "one", "above", "above", "depthwise")

Pick = Callable[[Sequence[Any]], Any]


class Choices:
    """Independent choices from 64 bits.

    Hypothesis repeats and mutates what it drew before, which suits shrinking; a fault that needs two rare conditions at
    once is found only if they are drawn independently (they were not: one dtype got no dilation in 42 cases where 13
    were due). So Hypothesis draws the bits, and all choices of a case follow from them alone. Python guarantees the
    numbers of ``Random(seed).random()`` from version to version.
    """

    def __init__(self, bits: int) -> None:
        self._random = Random(bits).random

    def __call__(self, values: Sequence[Any]) -> Any:
        """One of some values, all equally likely."""
        return values[int(self._random() * len(values))]

    def seed(self) -> int:
        """A number of 32 bits."""
        return int(self._random() * 2**32)


# As truth values: into numbers Hypothesis mixes constants that it reads in the modules that happen to be imported, and
# the same seed would give other cases in another process.
_BITS = st.tuples(*[st.booleans()] * 64)


def cases(bias: Bias) -> st.SearchStrategy[Case]:
    """Strategy for valid cases within a bias; every case of it is a layer (rank 4)."""
    return bundles(bias, 1, 0).map(lambda bundle: bundle[0])


def bundles(bias: Bias, count: int, stream: int) -> st.SearchStrategy[list[Case]]:
    """Strategy for so many cases at a time, no less independent: Hypothesis takes as long for one as for thirty.

    Parameters
    ----------
    bias : Bias
    count : int
    stream : int
        Joined to the bits that are drawn: the first ones that Hypothesis tries are the same whatever its seed.
    """
    strides, dilations = (
        {fast: _weighted(wanted, above, ones) for fast, ones in ((False, 6), (True, when_fast))}
        for wanted, above, when_fast in ((bias.stride, _STEPS, 8), (bias.dilation, _GAPS, 9))
    )

    def built(bits: tuple[bool, ...]) -> list[Case]:
        pick = Choices(sum(bit << place for place, bit in enumerate(bits)) + (stream << len(bits)))
        return [_draw_case(pick, bias, strides, dilations) for _ in range(count)]

    return _BITS.map(built)


def _weighted(wanted: str, above: list[Pair], ones_out_of_ten: int) -> list[Pair]:
    """(1, 1) so many times out of ten, else one of the others."""
    if wanted == "one":
        return [(1, 1)]
    if wanted == "above":
        return above
    ones = round(len(above) * ones_out_of_ten / (10 - ones_out_of_ten))
    return [(1, 1)] * ones + above


def _draw_case(
    pick: Choices, bias: Bias, strides: dict[bool, list[Pair]], dilations: dict[bool, list[Pair]]
) -> Case:
    size = pick(bias.sizes)
    fast = size in ("tile", "channels") and pick(_COIN) < 7
    if bias.kernels is not None:
        kernel = pick(bias.kernels)
    else:
        kernel = pick(_FAST_KERNELS if fast else _SMALL_KERNELS if size in ("large", "extreme") else _KERNELS)
    stride, dilation = pick(strides[fast]), pick(dilations[fast])
    n, per_group, filters, groups = _draw_channels(pick, bias, size)
    padding = _draw_padding(pick, pick(bias.padding), kernel)
    height, width = _draw_size(pick, bias, size, kernel, stride, dilation, padding)
    dtype = pick(bias.dtypes)
    data = pick(bias.whole_data if dtype in INTEGERS else bias.data)
    layout_x, layout_w = (pick(bias.layouts), pick(bias.layouts)) if len(bias.layouts) > 1 else bias.layouts * 2
    # It also decides what is not chosen.
    seed = pick.seed()
    has_bias = bias.bias if bias.bias is not None else seed % 2 == 0
    layout_bias = bias.layouts[seed // 2 % len(bias.layouts)]
    if dtype in COMPLEX_FLOATS and data.startswith("special"):
        data = "int"
    if data == "special_w" and padding not in (NO_PADS, "valid"):
        data = "special"
    case = Case(
        (n, per_group * groups, height, width), (filters * groups, per_group, *kernel),
        (filters * groups,) if has_bias else None, stride, padding, dilation, groups, dtype,
        layout_x=layout_x, layout_w=layout_w,
        layout_bias="C" if layout_bias == "broadcast" or not has_bias else layout_bias, data=data, seed=seed,
    )
    if size == "extreme":
        case = _holding_the_kernel(_stretched(pick, case))
    return _within_limit(case)


def _holding_the_kernel(case: Case) -> Case:
    """As many rows and columns more as the kernel needs."""
    if isinstance(case.padding, str) and case.padding != "valid":
        return case
    pads = NO_PADS if case.padding == "valid" else case.padding
    lengths = [
        max(1, length, (k - 1) * d + 1 - sum(sides))
        for length, k, d, sides in zip(case.size, case.kernel, case.dilation, pads, strict=True)
    ]
    return case.but(x_shape=(*case.x_shape[:2], *lengths))


def _stretched(pick: Pick, case: Case) -> Case:
    """One dimension of a small case stretched."""
    which, long, medium = pick(_EXTREMES), pick(_LONG), pick(_MEDIUM)
    n, _, height, width = case.x_shape
    per_group, kernel = case.w_shape[1], case.w_shape[2:]
    if which in ("height", "width", "area"):
        if long > 10_000:
            # Nothing new would be learnt from more taps, and a loop in Python takes a microsecond for each product.
            kernel = (min(kernel[0], 2), min(kernel[1], 2))
        height, width = {"height": (long, kernel[1]), "width": (kernel[0], long), "area": (183, 181)}[which]
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, case.dilation, strict=True)]
        # Wide pads along the short axis would make a long picture a large one.
        padding = case.padding if isinstance(case.padding, str) or case.padding == NO_PADS else ((0, 1), (1, 0))
        return case.but(x_shape=(1, 1, max(height, reach[0]), max(width, reach[1])), w_shape=(1, 1, *kernel),
                        padding=padding, groups=1, bias_shape=case.bias_shape and (1,))
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


def _within_limit(case: Case) -> Case:
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


def _draw_channels(pick: Pick, bias: Bias, size: str) -> tuple[int, int, int, int]:
    """(N, C_in / groups, C_out / groups, groups)."""
    if size in ("long", "large"):
        return 1, 1, 1, 1
    n = pick(_BATCHES) if bias.batch == "any" else int(bias.batch)
    many = size == "channels"
    kind = bias.groups if bias.groups != "any" else pick(_GROUP_KINDS)
    if kind == "one":
        groups = 1
        per_group, filters = (pick(TILE_CHANNELS), pick(TILE_CHANNELS)) if many else pick(_FEW_CHANNELS)
    elif kind == "depthwise":
        groups, per_group, filters = pick(_DEPTHWISE[many])
    else:
        groups = pick(_GROUPS)
        per_group, filters = pick(_IN_GROUPS[many])
    if bias.channels != "any":
        per_group = int(bias.channels)
    if bias.outputs != "any":
        filters = int(bias.outputs)
    return n, per_group, filters, groups


def _draw_padding(pick: Pick, kind: str, kernel: Pair) -> Any:
    if kind == "none":
        return NO_PADS
    if kind == "symmetric":
        top, left = pick(_PADDED[max(1, min(max(kernel), 6))])
        return ((top, top), (left, left))
    if kind in ("sides", "wide"):
        most = _PADDED[5 if kind == "sides" else 9]
        return (pick(most), pick(most))
    return kind


def _draw_size(
    pick: Pick, bias: Bias, size: str, kernel: Pair, stride: Pair, dilation: Pair, padding: Any
) -> Pair:
    """H and W from the number of outputs, the remainder and the padding."""
    if bias.output == "one":
        outputs = (1, 1)
    elif size == "large":
        outputs = (200 // stride[0], 190 // stride[1])
    elif size == "tile":
        outputs = (pick(_TILE_HEIGHTS), pick(TILE_LENGTHS))
    else:
        outputs = pick(_OUTPUTS["channels" if size == "extreme" else size])
    # Tiles are cut along the output, but also along the input.
    by_input = size == "tile" and bias.output == "any" and pick(_COIN) < 4
    lengths = []
    for axis in (0, 1):
        effective = (kernel[axis] - 1) * dilation[axis] + 1
        left_over = 0
        if stride[axis] > 1 and bias.remainder != "none":
            left_over = pick(_LEFT_OVER[min(stride[axis] - 1, 12)])
            if bias.remainder == "some":
                left_over = max(1, left_over)
        reach = (outputs[axis] - 1) * stride[axis] + left_over
        if padding == "valid":
            length = reach + effective
        elif isinstance(padding, str):
            # Any length of at least 1 fits under the other words.
            length = reach + 1
        else:
            length = reach + effective - sum(padding[axis])
            if length < 1:
                # The padding alone would hold the kernel: keep a few samples, and let the outputs be more.
                length = pick(_ROOM)[axis] if bias.output == "any" else 1
        if by_input:
            fits = 1 if isinstance(padding, str) and padding != "valid" else effective - (
                0 if isinstance(padding, str) else sum(padding[axis]))
            length = max(outputs[axis], fits, 1)
        lengths.append(length)
    return lengths[0], lengths[1]
