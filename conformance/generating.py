"""What to try: Hypothesis strategies that build valid cases forward.

Outputs, kernel, stride, dilation, pads and the remainder are drawn; height and width follow from them. So nothing is
filtered away. Every axis is drawn on its own, and conditions are drawn jointly: most real faults need two numbers that
differ, or two conditions at once.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, SIGNED_INTEGERS, UNSIGNED_INTEGERS, Pair
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.recipes import FINITE_RECIPES, FLOAT_RECIPES

INTEGERS = SIGNED_INTEGERS + UNSIGNED_INTEGERS
# Weighted by repetition: float32 is what most convolutions run in.
ANY_DTYPE = ("float32",) * 4 + ("float64",) * 3 + ("int64",) * 2 + REAL_FLOATS + COMPLEX_FLOATS + INTEGERS
PLAIN_DTYPES = ("float32", "float64", "int64", "float32", "float64", "int32")
EXACT_DTYPES = ("float32", "float64", "int64", "float32", "float64", *INTEGERS)
ANY_LAYOUT = ("C",) * 12 + LAYOUTS[1:]
# Around the sizes at which real implementations cut their tiles and vectors.
TILE_LENGTHS = (4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 24, 28, 30, 31, 32, 33, 34, 48, 62, 63, 64, 65, 66)
TILE_CHANNELS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33)
MULTIPLICATIONS_LIMIT = 150_000


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
        Out of "small", "tile", "channels", "long", "large".
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
    padding: tuple[str, ...] = ("none", "none", "symmetric", "sides", "sides", "wide", "same_upper", "same_lower", "valid", "full")
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


ANYTHING = Bias(layouts=ANY_LAYOUT, data=("int",) * 6 + tuple(FLOAT_RECIPES))
EXACT = Bias(dtypes=EXACT_DTYPES, data=("int", "int", "impulse", "wide"))
LAW = Bias(
    dtypes=PLAIN_DTYPES, data=("int",), whole_data=("int",), layouts=ANY_LAYOUT,
    padding=("none", "none", "symmetric", "sides", "sides", "wide"),
)

_SEEDS = st.integers(0, 2**32 - 1)
_BOOLEANS = st.booleans()
_COIN = st.integers(0, 9)
_ONE_TO: dict[int, st.SearchStrategy[int]] = {top: st.integers(1, top) for top in range(1, 13)}
_ZERO_TO: dict[int, st.SearchStrategy[int]] = {top: st.integers(0, top) for top in range(13)}
_PAIRS_OF_STEPS = st.sampled_from([(a, b) for a in (1, 2, 3, 4) for b in (1, 2, 3, 4) if (a, b) != (1, 1)])
_PAIRS_OF_GAPS = st.sampled_from([(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if (a, b) != (1, 1)])
_FAST_KERNELS = st.sampled_from([(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (7, 7)])

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
        self.data = st.sampled_from(bias.data)
        self.whole_data = st.sampled_from(bias.whole_data)
        self.padding = st.sampled_from(bias.padding)
        self.layout = st.sampled_from(bias.layouts)
        self.size = st.sampled_from(bias.sizes)
        self.kernel = st.sampled_from(bias.kernels) if bias.kernels else None


def _draw_case(draw: Draw, bias: Bias, chosen: _Sampled) -> Case:
    size = draw(chosen.size)
    fast = size in ("tile", "channels") and draw(_COIN) < 7
    if chosen.kernel is not None:
        kernel = draw(chosen.kernel)
    elif fast:
        kernel = draw(_FAST_KERNELS)
    elif size == "large":
        kernel = (draw(_ONE_TO[3]), draw(_ONE_TO[3]))
    else:
        kernel = (draw(_ONE_TO[5]), draw(_ONE_TO[5]))
    stride = _steps(draw, bias.stride, _PAIRS_OF_STEPS, 6 if not fast else 8)
    dilation = _steps(draw, bias.dilation, _PAIRS_OF_GAPS, 6 if not fast else 9)
    n, per_group, filters, groups = _draw_channels(draw, bias, size)
    padding = _draw_padding(draw, draw(chosen.padding), kernel)
    height, width = _draw_size(draw, bias, size, kernel, stride, dilation, padding)
    dtype = draw(chosen.dtype)
    data = draw(chosen.whole_data if dtype in INTEGERS else chosen.data)
    has_bias = bias.bias if bias.bias is not None else draw(_BOOLEANS)
    layouts = [draw(chosen.layout) if len(bias.layouts) > 1 else bias.layouts[0] for _ in range(3)]
    if dtype in COMPLEX_FLOATS and data.startswith("special"):
        data = "int"
    if data == "special_w" and padding not in (NO_PADS, "valid"):
        data = "special"
    case = Case(
        (n, per_group * groups, height, width), (filters * groups, per_group, *kernel),
        (filters * groups,) if has_bias else None, stride, padding, dilation, groups, dtype,
        layout_x=layouts[0], layout_w=layouts[1], layout_bias=layouts[2] if layouts[2] != "broadcast" else "C",
        data=data, seed=draw(_SEEDS),
    )
    return _within_limit(case)


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


def _steps(draw: Draw, wanted: str, above: st.SearchStrategy[Pair], ones_out_of_ten: int) -> Pair:
    if wanted == "one" or (wanted == "any" and draw(_COIN) < ones_out_of_ten):
        return (1, 1)
    pair: Pair = draw(above)
    return pair


_TILE_CHANNEL = st.sampled_from(TILE_CHANNELS)
_TILE_LENGTH = st.sampled_from(TILE_LENGTHS)


def _draw_channels(draw: Draw, bias: Bias, size: str) -> tuple[int, int, int, int]:
    """(N, C_in / groups, C_out / groups, groups)."""
    if size in ("long", "large"):
        return 1, 1, 1, 1
    n = draw(_ONE_TO[3]) if bias.batch == "any" else int(bias.batch)
    many = size == "channels"
    kind = bias.groups if bias.groups != "any" else ("one", "one", "one", "above", "above", "depthwise")[draw(_ZERO_TO[5])]
    if kind == "one":
        per_group = draw(_TILE_CHANNEL if many else _ONE_TO[4]) if bias.channels == "any" else int(bias.channels)
        filters = draw(_TILE_CHANNEL if many else _ONE_TO[4]) if bias.outputs == "any" else int(bias.outputs)
        return n, per_group, filters, 1
    if kind == "depthwise":
        return n, 1, draw(_ONE_TO[3]), draw(_TILE_CHANNEL) if many else 2 + draw(_ZERO_TO[4])
    groups = 2 + draw(_ZERO_TO[3])
    return n, draw(_ONE_TO[9] if many else _ONE_TO[3]), draw(_ONE_TO[9] if many else _ONE_TO[3]), groups


def _draw_padding(draw: Draw, kind: str, kernel: Pair) -> Any:
    if kind == "none":
        return NO_PADS
    if kind == "symmetric":
        top, left = draw(_ZERO_TO[min(kernel[0], 6)]), draw(_ZERO_TO[min(kernel[1], 6)])
        return ((top, top), (left, left))
    if kind in ("sides", "wide"):
        most = _ZERO_TO[5] if kind == "sides" else _ZERO_TO[9]
        return ((draw(most), draw(most)), (draw(most), draw(most)))
    return kind


def _draw_size(
    draw: Draw, bias: Bias, size: str, kernel: Pair, stride: Pair, dilation: Pair, padding: Any
) -> Pair:
    """H and W from the number of outputs, the remainder and the padding."""
    lengths = []
    for axis in (0, 1):
        effective = (kernel[axis] - 1) * dilation[axis] + 1
        if bias.output == "one":
            outputs = 1
        elif size == "tile" and (axis == 1 or draw(_BOOLEANS)):
            outputs = draw(_TILE_LENGTH)
        elif size == "large":
            outputs = (200, 190)[axis] // stride[axis]
        elif size == "long":
            outputs = 50 + 23 * draw(_ONE_TO[12]) if axis == 0 else draw(_ONE_TO[2])
        else:
            outputs = draw(_ONE_TO[8 if size == "small" else 5])
        left_over = 0
        if stride[axis] > 1 and bias.remainder != "none":
            left_over = draw(_ZERO_TO[min(stride[axis] - 1, 12)])
            if bias.remainder == "some":
                left_over = max(1, left_over)
        if isinstance(padding, str):
            if padding == "valid":
                length = (outputs - 1) * stride[axis] + effective + left_over
            else:
                # The length alone is drawn: the words make any length of at least 1 fit.
                length = max(1, (outputs - 1) * stride[axis] + 1 + left_over)
        else:
            length = (outputs - 1) * stride[axis] + effective + left_over - sum(padding[axis])
            if length < 1:
                # The padding alone would hold the kernel: keep one sample, and let the outputs be more.
                length = 1 + (draw(_ZERO_TO[3]) if bias.output == "any" else 0)
        lengths.append(length)
    return lengths[0], lengths[1]
