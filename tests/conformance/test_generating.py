"""What is drawn: valid, even, reaching everything; and fitted to claims."""

import collections
import itertools

import pytest
from hypothesis import given, settings

from convspec.adapters.protocol import DTYPES, WORDS, Capabilities
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.extremes import MULTIPLICATIONS_LIMIT
from convspec.conformance.fitting import fit
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


CLAIMS = {
    "everything": Capabilities(dtypes=DTYPES, padding_words=WORDS),
    "homework": Capabilities(profile="plane", stride="same", padding="same", dilation="none", groups=False, bias=False,
                             zero_channels=False),
    "plain plane": Capabilities(profile="plane", dtypes=("float64",), stride="none", padding="none", dilation="none",
                                groups=False, bias=False, zero_channels=False),
    "plane with sides": Capabilities(profile="plane", dtypes=("float32", "int8"), padding_words=("same",), groups=False,
                                     bias=False),
    "layer of pairs": Capabilities(stride="same", padding="pair", dilation="same", padding_words=("valid", "full")),
    "bare layer": Capabilities(stride="none", padding="none", dilation="none", groups=False, bias=False),
    "squares": Capabilities(square_kernels_only=True, dtypes=("complex64", "uint8")),
}


def inside(case, claims):
    """Whether a case asks for nothing that is not claimed."""
    plane = claims.profile == "plane"
    word = isinstance(case.padding, str)
    (top, bottom), (left, right) = NO_PADS if word else case.padding
    sides = {
        "none": (top, bottom, left, right) == (0, 0, 0, 0), "same": top == bottom == left == right,
        "pair": top == bottom and left == right, "sides": True,
    }[claims.padding]
    axes = {"none": lambda value: value == (1, 1), "same": lambda value: value[0] == value[1], "each": bool}
    return (
        case.dtype in claims.dtypes and len(case.x_shape) == len(case.w_shape) == (2 if plane else 4)
        and (case.padding in claims.padding_words if word else sides)
        and axes[claims.stride](case.stride) and axes[claims.dilation](case.dilation)
        and (case.groups == 1 or (claims.groups and not plane))
        and (case.bias_shape is None or (claims.bias and not plane))
        and (not claims.square_kernels_only or case.kernel[0] == case.kernel[1])
    )


@pytest.mark.parametrize("name", CLAIMS)
def test_a_fitted_case_lies_inside_the_claims(name, drawn):
    claims = CLAIMS[name]
    for case in drawn[:500]:
        fitted = fit(case, claims)
        assert inside(fitted, claims), (case.line, fitted.line)
        assert fit(fitted, claims) == fitted
        assert fitted == case or not inside(case, claims), case.line
        assert fitted.is_valid, (case.line, fitted.line)


@pytest.mark.parametrize("name", CLAIMS)
def test_fitting_leaves_what_can_stay(name, drawn):
    claims = CLAIMS[name]
    for case in drawn[:300]:
        fitted = fit(case, claims)
        assert fitted.seed == case.seed
        if claims.stride == "each":
            assert fitted.stride == case.stride
        if case.dtype in claims.dtypes:
            assert fitted.dtype == case.dtype
        if not claims.square_kernels_only:
            assert fitted.kernel == case.kernel


def test_invalid_cases_are_fitted_without_being_repaired():
    """An illegal stride must reach a function that takes one number for both axes."""
    case = Case((1, 1, 5, 5), (1, 1, 2, 2), stride=(0, 1), data="int")
    assert fit(case, CLAIMS["homework"]).stride == (0, 0)
    assert fit(case.but(stride=(1, -1)), CLAIMS["homework"]).stride == (-1, -1)
    assert fit(case.but(stride=(1, 1.5)), CLAIMS["homework"]).stride == (1.5, 1.5)
    assert fit(case.but(stride=(1, 2, 1)), CLAIMS["homework"]).stride == (1, 2, 1)


def test_words_that_mean_the_same_are_exchanged():
    case = Case((1, 1, 5, 5), (1, 1, 2, 2), padding="same_upper")
    assert fit(case, CLAIMS["plane with sides"]).padding == "same"
    assert fit(case, CLAIMS["everything"]).padding == "same_upper"
    assert fit(case.but(padding="same"), CLAIMS["everything"]).padding == "same"
    assert fit(case.but(padding="same_lower"), CLAIMS["plane with sides"]).padding == ((1, 0), (1, 0))


def test_two_dtypes_stay_two_if_both_are_claimed():
    case = Case((1, 1, 5, 5), (1, 1, 2, 2), dtype="float32", w_dtype="int8")
    assert fit(case, CLAIMS["everything"]).w_dtype == "int8"
    fitted = fit(case, Capabilities(dtypes=("float32", "float64")))
    assert fitted.w_dtype in (None, "float64")
