"""Every choice is drawn on its own: each pair of values of any two axes of a case meets, about as often as is due."""

import itertools

import numpy as np
import pytest

from convspec.adapters.protocol import COMPLEX_FLOATS, DTYPES, WORDS, Capabilities
from convspec.conformance.case import NO_PADS
from convspec.conformance.extremes import FAR
from convspec.conformance.generating import ANYTHING, INTEGERS
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.number_kinds import DRAWN_RECIPES
from convspec.conformance.requirements import requirements

PLANE = Capabilities(profile="plane", dtypes=DTYPES, padding_words=WORDS, groups=False, bias=False, zero_channels=False)
MANY, LONG = 129, 129
WORDS_DRAWN = ("valid", "same_upper", "same_lower", "full")


def among(number, *names):
    """The name of the first range that holds a number; the ranges are given as (name, largest)."""
    return next(name for name, largest in names if number <= largest)


def step(number):
    return among(number, ("1", 1), ("2", 2), ("3 or 4", 4), ("far", 10**9))


def gap(number):
    return among(number, ("1", 1), ("2 or 3", 3), ("far", 10**9))


def taps(length):
    if length >= FAR[0]:
        return "far"
    return "1" if length == 1 else "even" if length % 2 == 0 else "odd"


def length(number):
    return among(number, ("1", 1), ("short", 16), ("tile", LONG - 1), ("long", 10**9))


def count(number):
    return among(number, ("1", 1), ("some", MANY - 1), ("many", 10**9))


def zeros(number):
    return among(number, ("0", 0), ("1 to 6", FAR[0] - 1), ("far", 10**9))


def padding(case):
    if isinstance(case.padding, str):
        return case.padding
    if case.padding == NO_PADS:
        return "none"
    (top, bottom), (left, right) = case.padding
    return "symmetric" if (top, left) == (bottom, right) else "sides"


def side(axis, end):
    return lambda case: "word" if isinstance(case.padding, str) else zeros(case.padding[axis][end])


def left_over(axis):
    def rest(case):
        geometry = case.geometry
        return "some" if (geometry.padded[axis] - geometry.effective_kernel[axis]) % case.stride[axis] else "none"

    return rest


def groups(case):
    return "1" if case.groups == 1 else "depthwise" if case.w_shape[1] == 1 else "above"


STEPS, GAPS = ("1", "2", "3 or 4", "far"), ("1", "2 or 3", "far")
TAPS, LENGTHS, COUNTS = ("1", "even", "odd", "far"), ("1", "short", "tile", "long"), ("1", "some", "many")
PADS = ("word", "0", "1 to 6", "far")
# Each axis: what a case has on it, and all that it may have.
AXES = {
    "stride down": (lambda case: step(case.stride[0]), STEPS),
    "stride across": (lambda case: step(case.stride[1]), STEPS),
    "dilation down": (lambda case: gap(case.dilation[0]), GAPS),
    "dilation across": (lambda case: gap(case.dilation[1]), GAPS),
    "kernel height": (lambda case: taps(case.kernel[0]), TAPS),
    "kernel width": (lambda case: taps(case.kernel[1]), TAPS),
    "padding": (padding, ("none", "symmetric", "sides", *WORDS_DRAWN)),
    "top": (side(0, 0), PADS), "bottom": (side(0, 1), PADS), "left": (side(1, 0), PADS), "right": (side(1, 1), PADS),
    "height": (lambda case: length(case.size[0]), LENGTHS),
    "width": (lambda case: length(case.size[1]), LENGTHS),
    "rows left over": (left_over(0), ("none", "some")),
    "columns left over": (left_over(1), ("none", "some")),
    "dtype": (lambda case: case.dtype, DTYPES),
    "data": (lambda case: case.data, tuple(dict.fromkeys((*DRAWN_RECIPES, *ANYTHING.whole_data)))),
    "layout of x": (lambda case: case.layout_x, LAYOUTS),
    "layout of w": (lambda case: case.layout_w, LAYOUTS),
    "bias": (lambda case: "none" if case.bias_shape is None else "some", ("none", "some")),
    # A bias that repeats one number would hide most of what may be done to it.
    "layout of bias": (lambda case: case.layout_bias, tuple(name for name in LAYOUTS if name != "broadcast")),
    "groups": (groups, ("1", "above", "depthwise")),
    "batch": (lambda case: count(case.batch), COUNTS),
    "channels": (lambda case: count(case.channels), COUNTS),
    "outputs": (lambda case: count(case.outputs), COUNTS),
}
# What is decided by other axes, and what is far only in cases that are made so, are not among them.
STRUCTURE = (
    "stride down", "stride across", "dilation down", "dilation across", "kernel height", "kernel width", "padding",
    "top", "bottom", "left", "right", "bias", "groups",
)
SIDES = ("padding", "top", "bottom", "left", "right")
OF_LAYERS = ("bias", "layout of bias", "groups", "batch", "channels", "outputs")


# A pair that is due so often is missed by chance once in 160,000 times.
DUE = 12
# A pair that is due so often comes less than a third as often by chance once in 50,000 times.
OFTEN = 30


LEFT_OVER = {("stride down", "rows left over"), ("stride across", "columns left over")}
BY_WORD = ("word", *WORDS_DRAWN)
LARGE = {
    *((axis, value) for axis in ("height", "width") for value in ("tile", "long")),
    ("kernel height", "far"), ("kernel width", "far"),
    *((axis, "many") for axis in ("batch", "channels", "outputs")),
}
# Why two values cannot meet: a reason, and when it holds for a value on one axis and another value beside it.
INFEASIBLE = {
    "a stride of 1 leaves nothing over":
        lambda axis, value, beside, other: (axis, beside) in LEFT_OVER and value == "1" and other == "some",
    "a word stands instead of numbers":
        lambda axis, value, beside, other: {axis, beside} <= set(SIDES) and value in BY_WORD and other not in BY_WORD,
    "no padding has no zeros on any side":
        lambda axis, value, beside, other: axis == "padding" and value == "none" and beside in SIDES and other != "0",
    "the recipe is made for numbers of the other sort":
        lambda axis, value, beside, other: axis == "data" and beside == "dtype" and value not in (
            ANYTHING.whole_data if other in INTEGERS else DRAWN_RECIPES),
    "what an infinite complex product is, is not specified":
        lambda axis, value, beside, other: axis == "data" and value.startswith("special") and other in COMPLEX_FLOATS,
    "zeros times infinite weights are not specified":
        lambda axis, value, beside, other: value == "special_w" and beside in SIDES and other not in (
            "none", "valid", "0", "word"),
    "there is no bias to lay out":
        lambda axis, value, beside, other: axis == "layout of bias" and value != "C" and (beside, other) == (
            "bias", "none"),
    "each group has a channel of its own":
        lambda axis, value, beside, other: axis == "groups" and value != "1" and other == "1" and beside in (
            "channels", "outputs"),
    "both together are more than the limit on products allows":
        lambda axis, value, beside, other: {(axis, value), (beside, other)} <= LARGE,
}


def infeasible(one, other):
    """Why two values cannot meet, or None."""
    return next((
        reason for reason, holds in INFEASIBLE.items() if holds(*one, *other) or holds(*other, *one)
    ), None)


def counted(cases, axes):
    """How often each two values meet: a matrix, and what its rows and columns are."""
    values = [(axis, value) for axis in axes for value in AXES[axis][1]]
    place = {value: index for index, value in enumerate(values)}
    has = np.zeros((len(cases), len(values)), np.float32)
    for row, case in enumerate(cases):
        for axis in axes:
            column = place.get((axis, AXES[axis][0](case)))
            if column is not None:
                has[row, column] = 1
    return has.T @ has, values


def pairs(values):
    """Each two values of two axes, with their places."""
    for (i, one), (j, other) in itertools.combinations(enumerate(values), 2):
        if one[0] != other[0]:
            yield i, j, one, other


def usable(case):
    """Whether it is a valid case, with numbers of one dtype, and no axis is empty."""
    return case.is_valid and case.w_dtype is None and case.literal is None and 0 not in (*case.x_shape, *case.w_shape)


def missing(cases, axes):
    """The pairs that never meet, though nothing forbids it and they are due, or both are among the structure."""
    times, values = counted(cases, axes)
    return [
        (one, other) for i, j, one, other in pairs(values)
        if not times[i, j] and not infeasible(one, other)
        and ({one[0], other[0]} <= set(STRUCTURE) or times[i, i] * times[j, j] / len(cases) >= DUE)
    ]


def test_every_pair_of_values_meets_in_a_battery(battery):
    cases = [
        case for requirement in requirements().values() if requirement.valid for case in battery.drawn(requirement)
        if len(case.x_shape) == len(case.w_shape) == 4 and usable(case)
    ]
    assert len(cases) > 15_000
    assert missing(cases, list(AXES)) == []


def test_every_pair_of_values_meets_in_a_battery_for_planes(battery):
    cases = [
        case for requirement in requirements().values() if requirement.valid
        for case in battery.fitted(requirement, PLANE) if usable(case)
    ]
    assert len(cases) > 5_000
    assert missing(cases, [axis for axis in AXES if axis not in OF_LAYERS]) == []


# Drawn from one list of pairs, in which some pairs are more frequent.
TOGETHER = [{f"{what} down", f"{what} across"} for what in ("stride", "dilation")]
ALONE = (
    "bias", "layout of x", "layout of w", "dtype", "padding", "stride down", "stride across", "dilation down",
    "dilation across", "groups",
)


def test_pairs_meet_about_as_often_as_if_each_value_came_alone(battery):
    cases = [case for case in battery.drawn(requirements()["DEF-01"]) if usable(case)]
    times, values = counted(cases, ALONE)
    tried = 0
    for i, j, one, other in pairs(values):
        due = times[i, i] * times[j, j] / len(cases)
        if due >= OFTEN and {one[0], other[0]} not in TOGETHER:
            tried += 1
            assert due / 3 <= times[i, j] <= 3 * due, (one, other)
    assert tried > 250


@pytest.mark.parametrize(("name", "of"), [
    ("bias", lambda case: case.bias_shape is not None),
    ("layout of bias", lambda case: case.layout_bias == "C"),
    ("stride", lambda case: max(case.stride) >= FAR[0] and case.stride[0] > case.stride[1]),
    ("dilation", lambda case: max(case.dilation) >= FAR[0] and case.dilation[0] > case.dilation[1]),
    ("batch", lambda case: case.batch > 2), ("groups", lambda case: case.groups > 1),
])
def test_the_seed_tells_nothing_of_the_case(name, of, battery):
    """It makes the numbers, and nothing else: what it leaves over tells nothing of what was chosen."""
    cases = [case for case in battery.drawn(requirements()["DEF-01"]) if case.seed > 1000]
    for divisor in (2, 3, 4, 5):
        for rest in range(divisor):
            mine = [of(case) for case in cases if case.seed % divisor == rest]
            share = sum(map(of, cases)) / len(cases)
            # Four and a half standard deviations: once in 150,000 times.
            allowed = 4.5 * (share * (1 - share) / len(mine)) ** 0.5
            assert abs(sum(mine) / len(mine) - share) < allowed, (name, divisor, rest)
