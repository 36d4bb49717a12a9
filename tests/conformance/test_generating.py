"""What is drawn: valid, even, reaching everything."""

import collections
import itertools

import pytest
from hypothesis import given, settings

from convspec.adapters.protocol import DTYPES, WORDS
from convspec.conformance.case import NO_PADS
from convspec.conformance.extremes import MULTIPLICATIONS_LIMIT
from convspec.conformance.generating import (
    ANY_DTYPE,
    ANY_LAYOUT,
    ANYTHING,
    DRAWN_RECIPES,
    INTEGERS,
    cases,
)
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.recipes import WHOLE_RECIPES
from convspec.conformance.requirements import requirements


@pytest.fixture(scope="module")
def drawn(battery):
    """All that is drawn for DEF-01 at standard effort, which looks at everything."""
    return battery.drawn(requirements()["DEF-01"])


def shares(values):
    values = list(values)
    return {value: count / len(values) for value, count in collections.Counter(values).items()}


def test_everything_drawn_is_valid_and_quick(drawn):
    assert len(drawn) > 900
    for case in drawn:
        assert case.is_valid, case.line
        assert case.multiplications <= 4 * MULTIPLICATIONS_LIMIT
        assert min(case.geometry.output) >= 1


@settings(max_examples=1, deadline=None, database=None, derandomize=True)
@given(cases(ANYTHING))
def test_what_shrinks_furthest_is_valid_too(case):
    assert case.is_valid


def test_every_value_of_each_dimension_is_reached(drawn):
    assert {case.dtype for case in drawn} == set(DTYPES)
    assert {case.layout_x for case in drawn} == {case.layout_w for case in drawn} == set(LAYOUTS)
    assert {case.layout_bias for case in drawn} == set(LAYOUTS) - {"broadcast"}
    assert {case.data for case in drawn if case.dtype not in INTEGERS} == set(DRAWN_RECIPES)
    assert {case.data for case in drawn if case.dtype in INTEGERS} <= set(WHOLE_RECIPES)
    assert {case.padding for case in drawn if isinstance(case.padding, str)} == set(WORDS) - {"same"}
    assert {case.bias_shape is None for case in drawn} == {True, False}
    steps = set(itertools.product(range(1, 5), repeat=2))
    assert {case.stride for case in drawn} >= steps
    assert {case.dilation for case in drawn} >= set(itertools.product(range(1, 4), repeat=2))
    assert {case.kernel for case in drawn} >= set(itertools.product(range(1, 6), repeat=2))
    assert {case.batch for case in drawn} >= {1, 2, 3}
    assert {case.groups for case in drawn} >= {1, 2, 3, 4, 5, 6}
    assert {case.w_shape[1] for case in drawn} >= {1, 2, 3, 4, 8, 16, 17}


def test_no_dtype_above_twice_its_share(drawn):
    meant, found = shares(ANY_DTYPE), shares(case.dtype for case in drawn)
    for dtype in DTYPES:
        assert found[dtype] <= 2 * meant[dtype], dtype
        assert found[dtype] >= meant[dtype] / 3, dtype


def test_no_layout_above_twice_its_share(drawn):
    meant = shares(ANY_LAYOUT)
    for found in (shares(case.layout_x for case in drawn), shares(case.layout_w for case in drawn)):
        for layout in LAYOUTS:
            assert meant[layout] / 3 <= found[layout] <= 2 * meant[layout], layout


def test_axes_differ_as_often_as_chance_would_have_it(drawn):
    """Most real faults need two numbers that differ."""
    above = [case for case in drawn if case.stride != (1, 1)]
    assert 0.3 < len(above) / len(drawn) < 0.6
    assert sum(case.stride[0] != case.stride[1] for case in above) / len(above) > 0.5
    wide = [case for case in drawn if max(case.dilation) > 1]
    assert sum(case.dilation[0] != case.dilation[1] for case in wide) / len(wide) > 0.4
    assert sum(case.kernel[0] != case.kernel[1] for case in drawn) / len(drawn) > 0.5
    assert sum(case.size[0] != case.size[1] for case in drawn) / len(drawn) > 0.7
    pads = [case.padding for case in drawn if isinstance(case.padding, tuple) and case.padding != NO_PADS]
    assert sum(len({*pad[0], *pad[1]}) > 2 for pad in pads) / len(pads) > 0.3


def test_conditions_meet(drawn):
    """Two conditions at once, each a few times in a hundred cases."""
    for together in (
        lambda case: max(case.stride) > 1 and max(case.dilation) > 1,
        lambda case: case.groups > 1 and max(case.stride) > 1,
        lambda case: case.groups > 1 and case.bias_shape is not None,
        lambda case: case.layout_x != "C" and case.groups > 1,
        lambda case: case.padding not in (NO_PADS, "valid") and max(case.dilation) > 1,
    ):
        assert sum(map(together, drawn)) > 0.05 * len(drawn)


def test_remainders_are_left_over(drawn):
    """Rows that the stride does not reach, which tell floor from ceiling."""
    above = [case for case in drawn if case.stride[0] > 1]
    left = [
        (case.geometry.padded[0] - case.geometry.effective_kernel[0]) % case.stride[0] for case in above
    ]
    assert 0.3 < sum(rest > 0 for rest in left) / len(left) < 0.9


def test_seeds_differ(drawn):
    assert len({case.seed for case in drawn}) > 0.99 * len(drawn)


def test_what_a_bias_asks_for_is_drawn():
    asked = ANYTHING.but(dtypes=("int8",), stride="above", dilation="one", groups="depthwise", bias=True, output="one",
                         remainder="none", kernels=((2, 3),), padding=("none",), layouts=("F",), sizes=("small",))

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(cases(asked))
    def holds(case):
        assert case.dtype == "int8"
        assert max(case.stride) > 1
        assert case.dilation == (1, 1)
        assert case.groups > 1
        assert case.w_shape[1] == 1
        assert case.bias_shape == (case.outputs,)
        assert case.geometry.output == (1, 1)
        assert case.size == case.kernel == (2, 3)
        assert case.layout_x == case.layout_w == "F"

    holds()
