"""What to try: Hypothesis strategies that build valid cases forward.

Outputs, kernel, stride, dilation, pads and the remainder are drawn; height and width follow from them. So nothing is
filtered away. Every choice is drawn on its own, the numbers of the data too: most real faults need two numbers that
differ, or two conditions at once.
"""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, SIGNED_INTEGERS, UNSIGNED_INTEGERS, Pair
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.choices import Choices, Pick
from convspec.conformance.extremes import FAR, holding_the_kernel, is_quick, stretched, within_limit
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
        Out of "small", "tile", "channels", "long", "extreme".
    remainder : "any", "none", "some"
        Rows and columns that the stride leaves over.
    output : "any" or "one"
        "one": the kernel fits exactly once.
    batch, channels, outputs : "any", or the number
    neighbours : int
        One case in so many is the one before it with one thing changed: what is kept by an incomplete key then answers
        for the other. 0 for none.
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
    neighbours: int = 0

    def but(self, **changes: Any) -> "Bias":
        """The same bias with some parts changed."""
        return dataclasses.replace(self, **changes)


def _pairs(numbers: Iterable[int]) -> list[Pair]:
    """All pairs, the equal ones among them."""
    values = list(numbers)
    return [(a, b) for a in values for b in values]


ANYTHING = Bias(
    layouts=ANY_LAYOUT, data=("int",) * 6 + DRAWN_RECIPES,
    sizes=("small",) * 22 + ("tile",) * 16 + ("channels",) * 8 + ("extreme",) * 3, neighbours=10,
)
EXACT = Bias(dtypes=EXACT_DTYPES, data=("int", "int", "impulse", "wide"))
LAW = Bias(
    dtypes=PLAIN_DTYPES, data=("int",), whole_data=("int",), layouts=ANY_LAYOUT,
    padding=("none", "none", "symmetric", "sides", "sides", "wide"),
)

def _with_far(pairs: list[Pair], near: Iterable[int], one_in: int) -> list[Pair]:
    """The pairs, and once in so many times one that is far beyond them along either axis, or now and then both."""
    far = [pair for away in FAR for beside in near for pair in ((away, beside), (beside, away))]
    far += zip(FAR, FAR[::-1], strict=True)
    return pairs * round(len(far) * (one_in - 1) / len(pairs)) + far


# One choice of a pair costs half of two choices of its parts, and is as independent: the lists are products.
_COIN = range(10)
_PADDED = {most: _pairs(range(most + 1)) for most in range(7)}
# Rows, columns and 3x3 more often than chance would have them, and so are single channels: what is written for them is
# rarely tried with anything else.
_KERNELS = _with_far([*_pairs(range(1, 6)), (1, 2), (1, 3), (2, 1), (3, 1), (3, 3), (3, 3)], range(1, 4), 25)
_SMALL_KERNELS = _pairs(range(1, 4))
_FAST_KERNELS = [(1, 1), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (7, 7)]
# Two along both axes is what most networks use, and so what most fast paths are written for.
_STEPS = _with_far(_pairs(range(1, 5))[1:] + [(2, 2)] * 6 + [(3, 3)], range(1, 4), 12)
_GAPS = _with_far(_pairs(range(1, 4))[1:] + [(2, 2)] * 3, range(1, 3), 10)
_WIDE_PADS = _with_far(_pairs(range(10)), range(3), 4)
_OUTPUTS = {
    "small": _pairs(range(1, 9)), "channels": _pairs(range(1, 6)),
    "long": [pair for a in range(1, 13) for b in (1, 2) for pair in ((50 + 23 * a, b), (b, 50 + 23 * a))],
}
_TILE_HEIGHTS = (1, 2, 3, 5, *TILE_LENGTHS)
# Samples along an axis with a far step: few outputs, for what lies between their windows is read by nobody.
_STRIDE_OVER = 64
_ROOM = _pairs(range(1, 5))
_BATCHES = (1, 1, 2, 2, 3, 3, 4, 5, 9)
_FEW_CHANNELS = _pairs(range(1, 5)) + [(1, 1)] * 4
_GROUPS = range(2, 6)
_IN_GROUPS = {False: _pairs(range(1, 4)), True: _pairs(range(1, 10))}
_DEPTHWISE = {
    False: [(g, 1, o) for g in range(2, 7) for o in range(1, 4)],
    True: [(g, 1, o) for g in TILE_CHANNELS[1:] for o in range(1, 4)],
}
_GROUP_KINDS = ("one", "one", "one", "above", "above", "depthwise")


# As truth values: into numbers Hypothesis mixes constants that it reads in the modules that happen to be imported, and
# the same seed would give other cases in another process.
_BITS = st.tuples(*[st.booleans()] * 64)


def cases(bias: Bias) -> st.SearchStrategy[Case]:
    """Strategy for valid cases within a bias; every case of it is a layer (rank 4)."""
    return bundles(bias, 1, 0).map(lambda bundle: bundle[0])


def bundles(
    bias: Bias, count: int, stream: int, adjust: Callable[[Case, Pick], Case] | None = None
) -> st.SearchStrategy[list[Case]]:
    """Strategy for so many cases at a time, no less independent: Hypothesis takes as long for one as for thirty.

    Parameters
    ----------
    bias : Bias
    count : int
    stream : int
        Joined to the bits that are drawn: the first ones that Hypothesis tries are the same whatever its seed.
    adjust : function of a case and of what picks, or None
        Turns a drawn case into one of a requirement, with choices of its own.
    """
    strides, dilations = (
        {fast: _weighted(wanted, above, ones) for fast, ones in ((False, 6), (True, when_fast))}
        for wanted, above, when_fast in ((bias.stride, _STEPS, 7), (bias.dilation, _GAPS, 9))
    )

    def built(bits: tuple[bool, ...]) -> list[Case]:
        pick = Choices(sum(bit << place for place, bit in enumerate(bits)) + (stream << len(bits)))
        drawn: list[Case] = []
        for _ in range(count):
            if drawn and bias.neighbours and pick(range(bias.neighbours)) == 0:
                drawn.append(_neighbour(pick, drawn[-1], bias))
            else:
                drawn.append(_draw_case(pick, bias, strides, dilations))
        return drawn if adjust is None else [adjust(case, pick) for case in drawn]

    return _BITS.map(built)


def _neighbour(pick: Choices, case: Case, bias: Bias) -> Case:
    """The same case with other numbers, and one more thing changed."""
    case = case.but(seed=pick.seed())
    changed = pick(("dtype", "stride", "dilation", "bias", "layout", "padding", "numbers"))
    if changed == "dtype":
        dtype = pick(bias.dtypes)
        return case.but(dtype=dtype, data=pick(bias.whole_data) if dtype in INTEGERS else "int")
    if changed == "stride" and bias.stride == "any":
        other = case.but(stride=pick([(1, 1), (2, 2), case.stride[::-1]]))
        return other if is_quick(other) else case
    if changed == "dilation" and bias.dilation == "any":
        # Smaller gaps always fit.
        other = case.but(dilation=(pick((1, case.dilation[0])), pick((1, case.dilation[1]))))
        return other if is_quick(other) else case
    if changed == "bias" and bias.bias is None:
        return case.but(bias_shape=None if case.bias_shape else (case.outputs,), layout_bias="C")
    if changed == "layout":
        return case.but(layout_x=pick(bias.layouts), layout_w=pick(bias.layouts))
    if changed == "padding" and isinstance(case.padding, tuple):
        return case.but(padding=(case.padding[0][::-1], case.padding[1][::-1]))
    return case


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
        kernel = pick(_FAST_KERNELS if fast else _SMALL_KERNELS if size == "extreme" else _KERNELS)
    stride, dilation = pick(strides[fast]), pick(dilations[fast])
    n, per_group, filters, groups = _draw_channels(pick, bias, size)
    padding = _draw_padding(pick, pick(bias.padding), kernel)
    height, width = _draw_size(pick, bias, size, kernel, stride, dilation, padding)
    dtype = pick(bias.dtypes)
    data = pick(bias.whole_data if dtype in INTEGERS else bias.data)
    layout_x, layout_w = (pick(bias.layouts), pick(bias.layouts)) if len(bias.layouts) > 1 else bias.layouts * 2
    has_bias = bias.bias if bias.bias is not None else pick((True, False))
    layout_bias = pick(bias.layouts) if has_bias and len(bias.layouts) > 1 else bias.layouts[0]
    if dtype in COMPLEX_FLOATS and data.startswith("special"):
        data = "int"
    if data == "special_w" and padding not in (NO_PADS, "valid"):
        data = "special"
    case = Case(
        (n, per_group * groups, height, width), (filters * groups, per_group, *kernel),
        (filters * groups,) if has_bias else None, stride, padding, dilation, groups, dtype,
        layout_x=layout_x, layout_w=layout_w,
        layout_bias="C" if layout_bias == "broadcast" or not has_bias else layout_bias, data=data, seed=pick.seed(),
    )
    if size == "extreme":
        case = holding_the_kernel(stretched(pick, case))
    return within_limit(case)


def _draw_channels(pick: Pick, bias: Bias, size: str) -> tuple[int, int, int, int]:
    """(N, C_in / groups, C_out / groups, groups)."""
    if size == "long":
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
        pairs = _PADDED[5] if kind == "sides" else _WIDE_PADS
        return (pick(pairs), pick(pairs))
    return kind


def _draw_size(
    pick: Pick, bias: Bias, size: str, kernel: Pair, stride: Pair, dilation: Pair, padding: Any
) -> Pair:
    """H and W from the number of outputs, the remainder and the padding."""
    if bias.output == "one":
        outputs = (1, 1)
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
            left_over = pick(range(stride[axis]))
            if bias.remainder == "some":
                left_over = max(1, left_over)
        count = outputs[axis]
        if stride[axis] >= FAR[0] and size != "long":
            count = min(count, 1 + _STRIDE_OVER // stride[axis])
        reach = (count - 1) * stride[axis] + left_over
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
