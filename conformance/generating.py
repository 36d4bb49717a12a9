"""What to try: Hypothesis strategies that build valid cases forward.

Outputs, kernel, stride, dilation, pads and the remainder are drawn; height and width follow from them. So nothing is
filtered away. Every axis is drawn on its own, and conditions are drawn jointly: most real faults need two numbers that
differ, or two conditions at once.
"""

import dataclasses
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, SIGNED_INTEGERS, UNSIGNED_INTEGERS, Pair
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.number_kinds import FINITE_RECIPES, FLOAT_RECIPES

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
    layouts=ANY_LAYOUT, data=("int",) * 6 + tuple(FLOAT_RECIPES),
    sizes=("small",) * 11 + ("tile",) * 8 + ("channels",) * 4 + ("extreme",) * 2,
)
EXACT = Bias(dtypes=EXACT_DTYPES, data=("int", "int", "impulse", "wide"))
LAW = Bias(
    dtypes=PLAIN_DTYPES, data=("int",), whole_data=("int",), layouts=ANY_LAYOUT,
    padding=("none", "none", "symmetric", "sides", "sides", "wide"),
)

# One choice of a pair costs half of two choices of its parts, and is as independent: the lists are products. They stay
# below 200 entries, beyond which Hypothesis favours the first ones.
_SEEDS = st.integers(0, 2**32 - 1)
_COIN = st.integers(0, 9)
_PADDED = {most: st.sampled_from(_pairs(range(most + 1))) for most in range(13)}
_KERNELS = st.sampled_from(_pairs(range(1, 6)))
_SMALL_KERNELS = st.sampled_from(_pairs(range(1, 4)))
_FAST_KERNELS = st.sampled_from([(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (7, 7)])
_STEPS = _pairs(range(1, 5))[1:]
_GAPS = _pairs(range(1, 4))[1:]
_OUTPUTS = {
    "small": st.sampled_from(_pairs(range(1, 9))), "channels": st.sampled_from(_pairs(range(1, 6))),
    "long": st.sampled_from([(50 + 23 * a, b) for a in range(1, 13) for b in (1, 2)]),
}
_TILE_HEIGHTS = st.sampled_from((1, 2, 3, 5, *TILE_LENGTHS))
_TILE_WIDTHS = st.sampled_from(TILE_LENGTHS)
_LEFT_OVER = {most: st.integers(0, most) for most in range(13)}
_ROOM = st.sampled_from(_pairs(range(1, 5)))
_BATCHES = st.sampled_from((1, 1, 2, 2, 3, 3, 4, 5, 9))
# One dimension far beyond the others: counters of one or two bytes, half-precision sizes, blocks of 256.
_EXTREMES = st.sampled_from((
    "height", "width", "width", "area", "kernel height", "kernel width", "stride", "dilation", "pads", "batch",
    "channels", "filters",
))
_LONG = st.sampled_from((129, 257, 300, 520, 1030, 2051, 4100, 33_000, 66_000))
_MEDIUM = st.sampled_from((7, 9, 11, 13, 17, 23, 33, 40))
_FEW = _pairs(range(1, 5))
_FEW_CHANNELS = st.sampled_from(_FEW)
_TILE_CHANNELS = st.sampled_from(TILE_CHANNELS)
_GROUPS = st.integers(2, 5)
_IN_GROUPS = {False: st.sampled_from(_pairs(range(1, 4))), True: st.sampled_from(_pairs(range(1, 10)))}
_DEPTHWISE = {
    False: st.sampled_from([(g, 1, o) for g in range(2, 7) for o in range(1, 4)]),
    True: st.sampled_from([(g, 1, o) for g in TILE_CHANNELS[1:] for o in range(1, 4)]),
}
_GROUP_KINDS = st.sampled_from(("one", "one", "one", "above", "above", "depthwise"))

Draw = Callable[[st.SearchStrategy[Any]], Any]


def cases(bias: Bias) -> st.SearchStrategy[Case]:
    """Strategy for valid cases within a bias; every case of it is a layer (rank 4)."""
    chosen = _Sampled(bias)

    @st.composite
    def one(draw: Draw) -> Case:
        return _draw_case(draw, bias, chosen)

    return one()


class _Sampled:
    """The strategies of one bias, made once."""

    def __init__(self, bias: Bias) -> None:
        self.dtype = st.sampled_from(bias.dtypes)
        self.data, self.whole_data = st.sampled_from(bias.data), st.sampled_from(bias.whole_data)
        self.padding = st.sampled_from(bias.padding)
        self.layout = st.sampled_from(bias.layouts)
        self.size = st.sampled_from(bias.sizes)
        self.kernel = st.sampled_from(bias.kernels) if bias.kernels else None
        self.stride = {fast: _weighted(bias.stride, _STEPS, 8 if fast else 6) for fast in (False, True)}
        self.dilation = {fast: _weighted(bias.dilation, _GAPS, 9 if fast else 6) for fast in (False, True)}


def _weighted(wanted: str, above: list[Pair], ones_out_of_ten: int) -> st.SearchStrategy[Pair]:
    """(1, 1) so many times out of ten, else one of the others."""
    if wanted == "one":
        return st.just((1, 1))
    if wanted == "above":
        return st.sampled_from(above)
    ones = round(len(above) * ones_out_of_ten / (10 - ones_out_of_ten))
    return st.sampled_from([(1, 1)] * ones + above)


def _draw_case(draw: Draw, bias: Bias, chosen: _Sampled) -> Case:
    size = draw(chosen.size)
    fast = size in ("tile", "channels") and draw(_COIN) < 7
    if chosen.kernel is not None:
        kernel = draw(chosen.kernel)
    else:
        kernel = draw(_FAST_KERNELS if fast else _SMALL_KERNELS if size in ("large", "extreme") else _KERNELS)
    stride, dilation = draw(chosen.stride[fast]), draw(chosen.dilation[fast])
    n, per_group, filters, groups = _draw_channels(draw, bias, size)
    padding = _draw_padding(draw, draw(chosen.padding), kernel)
    height, width = _draw_size(draw, bias, size, kernel, stride, dilation, padding)
    dtype = draw(chosen.dtype)
    data = draw(chosen.whole_data if dtype in INTEGERS else chosen.data)
    layout_x, layout_w = (draw(chosen.layout), draw(chosen.layout)) if len(bias.layouts) > 1 else bias.layouts * 2
    # Hypothesis draws the same few numbers again and again; mixed with all else that was drawn, the seeds differ. They
    # also decide what is not drawn.
    mixed = (
        draw(_SEEDS), n, per_group, filters, groups, kernel, stride, dilation, padding, height, width, dtype, data,
        layout_x, layout_w,
    )
    seed = zlib.crc32(repr(mixed).encode())
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
        case = _holding_the_kernel(_stretched(draw, case))
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


def _stretched(draw: Draw, case: Case) -> Case:
    """One dimension of a small case stretched."""
    which, long, medium = draw(_EXTREMES), draw(_LONG), draw(_MEDIUM)
    n, _, height, width = case.x_shape
    per_group, kernel = case.w_shape[1], case.w_shape[2:]
    if which in ("height", "width", "area"):
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
        else:
            return case
    return case


def _draw_channels(draw: Draw, bias: Bias, size: str) -> tuple[int, int, int, int]:
    """(N, C_in / groups, C_out / groups, groups)."""
    if size in ("long", "large"):
        return 1, 1, 1, 1
    n = draw(_BATCHES) if bias.batch == "any" else int(bias.batch)
    many = size == "channels"
    kind = bias.groups if bias.groups != "any" else draw(_GROUP_KINDS)
    if kind == "one":
        groups = 1
        per_group, filters = (draw(_TILE_CHANNELS), draw(_TILE_CHANNELS)) if many else draw(_FEW_CHANNELS)
    elif kind == "depthwise":
        groups, per_group, filters = draw(_DEPTHWISE[many])
    else:
        groups = draw(_GROUPS)
        per_group, filters = draw(_IN_GROUPS[many])
    if bias.channels != "any":
        per_group = int(bias.channels)
    if bias.outputs != "any":
        filters = int(bias.outputs)
    return n, per_group, filters, groups


def _draw_padding(draw: Draw, kind: str, kernel: Pair) -> Any:
    if kind == "none":
        return NO_PADS
    if kind == "symmetric":
        top, left = draw(_PADDED[max(1, min(max(kernel), 6))])
        return ((top, top), (left, left))
    if kind in ("sides", "wide"):
        most = _PADDED[5 if kind == "sides" else 9]
        return (draw(most), draw(most))
    return kind


def _draw_size(
    draw: Draw, bias: Bias, size: str, kernel: Pair, stride: Pair, dilation: Pair, padding: Any
) -> Pair:
    """H and W from the number of outputs, the remainder and the padding."""
    if bias.output == "one":
        outputs = (1, 1)
    elif size == "large":
        outputs = (200 // stride[0], 190 // stride[1])
    elif size == "tile":
        outputs = (draw(_TILE_HEIGHTS), draw(_TILE_WIDTHS))
    else:
        outputs = draw(_OUTPUTS["channels" if size == "extreme" else size])
    # Tiles are cut along the output, but also along the input.
    by_input = size == "tile" and bias.output == "any" and draw(_COIN) < 4
    lengths = []
    for axis in (0, 1):
        effective = (kernel[axis] - 1) * dilation[axis] + 1
        left_over = 0
        if stride[axis] > 1 and bias.remainder != "none":
            left_over = draw(_LEFT_OVER[min(stride[axis] - 1, 12)])
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
                length = draw(_ROOM)[axis] if bias.output == "any" else 1
        if by_input:
            fits = 1 if isinstance(padding, str) and padding != "valid" else effective - (
                0 if isinstance(padding, str) else sum(padding[axis]))
            length = max(outputs[axis], fits, 1)
        lengths.append(length)
    return lengths[0], lengths[1]
