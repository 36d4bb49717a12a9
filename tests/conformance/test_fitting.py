"""Drawn cases, and those whose numbers are written out, fitted to claims."""

import math
from dataclasses import fields
from itertools import cycle, islice

import numpy as np
import pytest

from convspec.adapters.protocol import DTYPES, WORDS, Capabilities, Exclusion
from convspec.conformance.case import NO_PADS, Case, parse_case
from convspec.conformance.checks_definition import COUNTING, EDGE
from convspec.conformance.fitting import fit
from convspec.conformance.recipes import arrays
from convspec.conformance.requirements import requirements


@pytest.fixture(scope="module")
def drawn(battery):
    """All that is drawn for DEF-01 at standard effort, which looks at everything."""
    return battery.drawn(requirements()["DEF-01"])


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
    "odd": Capabilities(odd_kernels_only=True, padding_words=WORDS),
    "odd squares": Capabilities(odd_kernels_only=True, square_kernels_only=True, stride="same"),
    "square pictures": Capabilities(square_pictures_only=True, padding_words=WORDS),
    "exact": Capabilities(exact_fit_only=True, padding_words=WORDS),
    "exact squares": Capabilities(exact_fit_only=True, square_pictures_only=True, padding="same", stride="same"),
}


def fits_exactly(case):
    """Whether the strides leave no row and no column over."""
    geometry = case.geometry
    return all((geometry.padded[axis] - geometry.effective_kernel[axis]) % case.stride[axis] == 0 for axis in (0, 1))


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
        and (not claims.odd_kernels_only or all(length % 2 for length in case.kernel))
        and (not claims.square_pictures_only or case.size[0] == case.size[1])
        and (not claims.exact_fit_only or fits_exactly(case))
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
        if claims.stride == "each" and not claims.exact_fit_only:
            assert fitted.stride == case.stride
        if case.dtype in claims.dtypes:
            assert fitted.dtype == case.dtype
        if not claims.square_kernels_only and not claims.odd_kernels_only:
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


def every_value():
    """Claims that differ from the defaults, of a layer and of a plane, in one field and one value."""
    values = {
        "dtypes": [(dtype,) for dtype in DTYPES],
        "padding_words": [(), *((word,) for word in WORDS)],
        "stride": ("none", "same", "each"), "dilation": ("none", "same", "each"),
        "padding": ("none", "same", "pair", "sides"),
        "groups": (True, False), "bias": (True, False), "square_kernels_only": (True, False),
        "odd_kernels_only": (True, False), "square_pictures_only": (True, False), "exact_fit_only": (True, False),
        "zero_channels": (True, False), "wider_result": (True, False), "empty_output": ("raise", "zero"),
        "mixed_dtypes": ("raise", "promote"),
        "exclusions": ((), (Exclusion("nothing odd", lambda case: False),)), "bridged": ({}, {"stride": "every s-th"}),
    }
    assert {*values, "profile"} == {field.name for field in fields(Capabilities)}
    for profile in ("layer", "plane"):
        for name, some in values.items():
            for value in some:
                yield pytest.param(Capabilities(profile=profile, **{name: value}), id=f"{profile}-{name}-{value}"[:60])


def written_out(x_shape, w_shape, numbers=(1, -2, 3), **others):
    """A case whose numbers are written out."""
    case = Case(x_shape, w_shape, **others)
    return case.but(literal=tuple(tuple(islice(cycle(numbers), count)) for count in case.counts))


@pytest.mark.parametrize("claims", list(every_value()))
def test_numbers_that_are_written_out_fit_the_shapes_and_the_dtype(claims):
    """Padding that is not offered makes the picture larger, and a picture has no second channel."""
    for case in (
        EDGE, COUNTING, EDGE.but(stride=(2, 1), padding=((1, 0), (2, 1))), EDGE.but(padding="same_lower", dtype="int8"),
        written_out((1, 1, 3, 3), (1, 1, 1, 2), dilation=(1, 2)),
        written_out((2, 2, 2, 2), (3, 2, 1, 2), bias_shape=(3,)),
        written_out((1, 4, 2, 2), (2, 2, 2, 1), groups=2, bias_shape=(2,), dtype="float32"),
        written_out((1, 1, 2, 2), (1, 1, 2, 2), (1 + 2j, 3j), dtype="complex64"),
        written_out((1, 1, 2, 2), (1, 1, 2, 2), (0.5, math.inf, 1e300, -math.nan)),
        written_out((1, 1, 2, 2), (1, 1, 2, 2), (300, 70000), dtype="int64", w_dtype="float64"),
    ):
        fitted = fit(case, claims)
        assert parse_case(fitted.line).line == fitted.line
        assert inside(fitted, claims)
        assert fit(fitted, claims).line == fitted.line
        if fitted.dtype == "bfloat16" or fitted.w_dtype == "bfloat16":
            pytest.importorskip("ml_dtypes")
        operands = arrays(fitted)
        assert (operands.x.shape, operands.w.shape) == (fitted.x_shape, fitted.w_shape)
        if fitted.literal is not None:
            assert fitted.literal[:2] == case.literal[:2]
            assert np.isfinite(operands.x).sum() == np.isfinite(np.array(case.literal[0])).sum()


def test_numbers_that_are_written_out_stay_where_they_can():
    case = written_out((1, 1, 2, 2), (1, 1, 2, 2), bias_shape=(1,))
    assert fit(case, Capabilities()) == case
    assert fit(case, Capabilities(bias=False)).literal == (*case.literal[:2], ())
    assert fit(case, Capabilities(profile="plane")).literal == (*case.literal[:2], ())
    assert fit(case, Capabilities(dtypes=("int8",))).literal == case.literal
    assert fit(case, Capabilities(dtypes=("uint8",))).literal is None
