"""What a small world holds: every geometry once, the part that is claimed, numbers of which no sum is rounded."""

import itertools

import numpy as np
import pytest

from convspec.adapters.protocol import Capabilities
from convspec.conformance.calls import call_of
from convspec.conformance.case import Case
from convspec.conformance.fitting import fit
from convspec.conformance.recipes import FORMATS, arrays
from convspec.conformance.world import ALONE, WORLD, Axis, World, part_of
from convspec.conformance.world_answers import right_answer, taps
from convspec.reference import conv2d

TINY = World(size=2, kernel=2, stride=2, dilation=1, pad=1)
LITTLE = Capabilities(
    dtypes=("float64",), stride="same", padding="same", dilation="none", groups=False, bias=False,
    square_kernels_only=True,
)


def test_the_usual_world_is_large_and_whole():
    """Counted again by the formula of the effective kernel, not by the code under test."""
    fitting = [
        axis
        for axis in itertools.product(range(1, 6), range(1, 4), range(1, 4), range(1, 3), range(2), range(2))
        if axis[0] + axis[4] + axis[5] >= (axis[1] - 1) * axis[3] + 1
    ]
    assert {tuple(axis) for axis in WORLD.axes} == set(fitting)
    assert WORLD.total == 3 * len(fitting) ** 2 == 264627
    assert {channels.groups for channels in WORLD.channels} == {1, 2, 3}
    assert {channels.bias for channels in WORLD.channels} == {True, False}


def test_every_geometry_comes_once():
    part = part_of(TINY, Capabilities())
    seen = {
        (rows, columns, channels): (case.line, case.geometry.output) for rows, columns, channels, case in part
    }
    assert len(seen) == part.total == TINY.total
    assert seen.keys() == set(itertools.product(TINY.axes, TINY.axes, TINY.channels))
    assert len({line for line, _ in seen.values()}) == TINY.total
    assert all(output == (rows.outputs, columns.outputs) for (rows, columns, _), (_, output) in seen.items())


def test_all_regions_come_early():
    part = part_of(WORLD, Capabilities())
    first = list(itertools.islice(part, 400))
    for field in range(6):
        for side in (0, 1):
            assert {geometry[side][field] for geometry in first} == {axis[field] for axis in WORLD.axes}
    assert {geometry[2] for geometry in first} == set(WORLD.channels)


@pytest.mark.parametrize(
    "claims",
    [
        LITTLE,
        Capabilities(stride="same"),
        Capabilities(dilation="same", padding="pair"),
        Capabilities(stride="none", padding="none", groups=False),
        Capabilities(profile="plane", padding="same", dilation="none"),
        Capabilities(bias=False, square_kernels_only=True, dtypes=("float32",)),
    ],
)
def test_the_part_that_is_asked_for_is_all_of_what_is_claimed(claims):
    part = part_of(TINY, claims)
    asked = {(rows, columns) for rows, columns, _, case in part if fit(case, claims) == case}
    assert len(asked) * len(part.channels) == part.total
    everything = part_of(TINY, Capabilities(dtypes=("float32", "float64")))
    claimed = {
        (rows, columns)
        for rows, columns, channels, case in everything
        if channels == TINY.channels[0]
        and (alone := Case(case.size, case.kernel, stride=case.stride, padding=case.padding, dilation=case.dilation,
                           dtype=part.dtype))
        and fit(alone, claims) == alone
    }
    assert asked == claimed
    assert part.restricted


def test_what_is_not_claimed_is_said():
    part = part_of(TINY, LITTLE)
    assert [reason.partition(":")[0] for reason in part.restricted] == [
        "it has no groups", "it has no bias", "it takes one stride for both axes", "it has no dilation",
        "it takes one padding for all sides", "it takes square kernels only",
    ]
    assert {channels.bias for channels in part.channels} == {False}
    assert part_of(TINY, Capabilities(profile="plane")).channels == (ALONE,)
    assert part_of(TINY, Capabilities(), as_plane=True).channels == (ALONE,)
    assert part_of(TINY, Capabilities(dtypes=("complex128",))) is None
    assert not part_of(TINY, Capabilities()).restricted


@pytest.mark.parametrize("dtype", ["float64", "int64", "float32", "int32"])
def test_no_sum_is_rounded(dtype):
    part = part_of(WORLD, Capabilities(dtypes=(dtype,)))
    precision = FORMATS[dtype].precision if dtype in FORMATS else 8 * np.dtype(dtype).itemsize - 1
    assert part.dtype == dtype
    assert part.largest_sum < 2 ** min(precision, 53)
    assert part.terms <= part.spare < 2**precision
    for *_, case in itertools.islice(part, 200):
        operands = arrays(case)
        gauge = max(
            int(np.abs(row).astype(object).sum()) for row in operands.w.reshape(len(operands.w), -1)
        ) * int(np.abs(operands.x).max()) + int(np.abs(operands.bias).max() if operands.bias is not None else 0)
        assert gauge <= part.largest_sum


def test_the_screen_is_the_definition():
    """On every geometry of a world, against the loops."""
    for rows, columns, channels, case in part_of(TINY, Capabilities()):
        call = call_of(case)
        right = conv2d(call.x, call.w, call.bias, stride=case.stride, padding=case.padding, groups=case.groups)
        assert np.array_equal(right_answer(rows, columns, channels, call), right.ravel())


def test_taps_by_eye():
    assert taps(Axis(3, 2, 2, 2, 1, 1)).tolist() == [[3, 1], [1, 3]]


def test_the_bound_on_a_slip_holds_and_is_nearly_reached():
    """The difference x0 w0 is of degree 2: with |S| = 8 it is zero in 15 cases of 64, and the bound says 16."""
    slips = 0
    for seed in range(4000):
        operands = arrays(Case((1, 1, 1, 1), (1, 1, 1, 1), dtype="float16", data="even", seed=seed))
        slips += float(operands.x[0, 0, 0, 0]) * float(operands.w[0, 0, 0, 0]) == 0
    # Four standard deviations of the share of 4000 trials.
    assert abs(slips / 4000 - 15 / 64) < 4 * (15 / 64 * 49 / 64 / 4000) ** 0.5


def test_another_seed_gives_other_numbers():
    first, second = (next(iter(part_of(TINY, Capabilities(), seed=seed))) for seed in (0, 1))
    assert first[:3] == second[:3]
    assert not np.array_equal(arrays(first[3]).x, arrays(second[3]).x)
