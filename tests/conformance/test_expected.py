"""The expected answer: the quick screen agrees with the specification on exact numbers, and is held against it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings

from convspec.conformance.calls import call_of
from convspec.conformance.case import Case, parse_case
from convspec.conformance.exact_numbers import exactly
from convspec.conformance.expected import EXTENDED, Expected, SuiteError, screen_roundoff
from convspec.conformance.generating import ANYTHING, cases
from convspec.conformance.recipes import FINITE_RECIPES, numpy_dtype
from convspec.reference import correctly_rounded, exact_conv2d

FINITE = ANYTHING.but(
    data=("int", "uniform", *FINITE_RECIPES), sizes=("small",), batch=1, channels=1,
    kernels=((1, 1), (1, 2), (2, 2), (3, 1)),
)
many = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def arguments(case):
    pads = case.geometry.pads
    return {"stride": case.stride, "padding": pads, "dilation": case.dilation, "groups": case.groups}


def held(screen, exact, terms, weight, dtype):
    """Whether the screen is as close to the exact numbers as its own rounding lets it be."""
    for got, right, count, size in zip(screen.flat, exact.flat, terms.flat, weight.flat, strict=True):
        allowed = Fraction(screen_roundoff(dtype)) * (int(count) + 2) * Fraction(size)
        assert abs(exactly(got) - Fraction(right)) <= allowed


@many
@given(cases(FINITE.but(dtypes=("float32", "float64", "float16", "bfloat16"))))
def test_screen_equals_the_specification_on_floats(case):
    assume(case.multiplications < 1500)
    call = call_of(case)
    expected, settings = Expected(call), arguments(case)
    (sums,) = expected.sums
    sizes = [None if part is None else np.abs(part) for part in (call.x, call.w, call.bias)]
    weight = exact_conv2d(*sizes, **settings)
    held(sums.value, exact_conv2d(call.x, call.w, call.bias, **settings), sums.terms, weight, expected.dtype)
    held(sums.gauge, weight, sums.terms, weight, expected.dtype)
    held(sums.products, exact_conv2d(call.x, call.w, None, **settings), sums.terms, weight, expected.dtype)
    marks = [None if part is None else (part != 0).astype(np.int64) for part in (call.x, call.w, call.bias)]
    assert np.array_equal(sums.terms.astype(np.int64), exact_conv2d(*marks, **settings).astype(np.int64))


@many
@given(cases(FINITE.but(dtypes=("complex64", "complex128"))))
def test_screen_equals_the_specification_on_complex_numbers(case):
    assume(case.multiplications < 700)
    call = call_of(case)
    expected, settings = Expected(call), arguments(case)
    x, w = call.x, call.w
    offsets = (None, None) if call.bias is None else (call.bias.real, call.bias.imag)
    right = [
        exact_conv2d(x.real, w.real, offsets[0], **settings) - exact_conv2d(x.imag, w.imag, **settings),
        exact_conv2d(x.real, w.imag, offsets[1], **settings) + exact_conv2d(x.imag, w.real, **settings),
    ]
    for part, sums in enumerate(expected.sums):
        weight = np.array([Fraction(exactly(size)) * 2 for size in sums.gauge.flat]).reshape(sums.gauge.shape)
        held(sums.value, right[part], sums.terms, weight, expected.dtype)


@many
@given(cases(ANYTHING.but(dtypes=("int8", "uint8", "int16", "uint32", "int64", "uint64"), sizes=("small",))))
def test_screen_equals_the_specification_on_integers(case):
    assume(case.multiplications < 1500)
    call = call_of(case)
    expected = Expected(call)
    right = exact_conv2d(call.x, call.w, call.bias, **arguments(case))
    assert [int(number) for number in expected.whole_value.flat] == [number % 2**64 for number in right.flat]
    cut = expected.whole_value.astype(call.x.dtype)
    assert np.array_equal(cut, correctly_rounded(call.x, call.w, call.bias, **arguments(case)))


@many
@given(cases(FINITE.but(dtypes=("float32", "float64", "int16", "complex64"))))
def test_one_element_by_the_definition(case):
    assume(0 < case.multiplications < 700)
    call = call_of(case)
    expected = Expected(call)
    x, w, b = ((None if part is None else part.real) for part in (call.x, call.w, call.bias))
    right = exact_conv2d(x, w, b, **arguments(case))
    if expected.is_complex:
        right = right - exact_conv2d(call.x.imag, call.w.imag, **arguments(case))
    position = tuple(case.seed % length for length in expected.shape)
    assert expected.exact(position).value == right[position]


def test_a_plane_is_a_layer_with_one_of_each():
    plane = Case((5, 6), (2, 3), data="uniform", seed=4, stride=(2, 1), padding=((1, 0), (0, 2)))
    layer = plane.but(x_shape=(1, 1, 5, 6), w_shape=(1, 1, 2, 3))
    (flat,), (full,) = Expected(call_of(plane)).sums, Expected(call_of(layer)).sums
    assert flat.value.shape == (3, 6)
    assert np.array_equal(flat.value, full.value[0, 0])
    assert Expected(call_of(plane)).exact((2, 5)) == Expected(call_of(layer)).exact((0, 0, 2, 5))


@pytest.mark.parametrize("line", [
    "x=2x2x5x5 w=3x2x2x2 bias=3 dtype=float32 data=uniform:1", "x=2x2x5x5 w=3x2x2x2 data=log:1",
    "x=1x2x5x5 w=2x2x2x2 dtype=complex64 data=uniform:1", "x=5x5 w=2x2 dtype=float16 data=uniform:1",
    "x=2x4x5x5 w=4x2x2x2 groups=2 dtype=int8 data=full:1", "x=1x1x2x2 w=1x1x1x1 dtype=bfloat16 data=constant:1",
])
@pytest.mark.parametrize("planted", ["value", "terms"])
def test_a_planted_error_in_the_screen_is_noticed(line, planted):
    call = call_of(parse_case(line))
    honest = Expected(call)
    honest.verify_screen(5)
    wrong = Expected(call)
    if wrong.is_whole:
        wrong.__dict__["whole_value"] = wrong.whole_value + np.uint64(1)
    elif planted == "value":
        # A part in 2**30 of the gauge: far below what float32 shows.
        for sums in wrong.sums:
            sums.__dict__["value"] = sums.value + sums.gauge * 2.0**-30
    else:
        for sums in wrong.sums:
            sums.__dict__["terms"] = sums.terms + 1
    with pytest.raises(SuiteError, match="the screen and the definition differ at"):
        wrong.verify_screen(5)


def test_an_error_in_the_imaginary_part_alone_is_noticed():
    wrong = Expected(call_of(parse_case("x=1x2x5x5 w=2x2x2x2 dtype=complex128 data=uniform:1")))
    _, imaginary = wrong.sums
    imaginary.__dict__["value"] = -imaginary.value
    with pytest.raises(SuiteError):
        wrong.verify_screen(1)


def test_what_is_not_finite_follows_ieee_754():
    (sums,) = Expected(call_of(parse_case("x=1x1x1x4 w=1x1x1x2 values=inf,0,-inf,1;0,1;"))).sums
    assert np.array_equal(sums.value[0, 0, 0], [np.nan, -np.inf, np.nan], equal_nan=True)
    (padded,) = Expected(call_of(parse_case("x=1x1x1x1 w=1x1x1x2 padding=0,0,1,1 values=2;inf,3;"))).sums
    assert np.array_equal(padded.value[0, 0, 0], [np.nan, np.inf], equal_nan=True)


def test_nothing_is_summed_without_channels():
    expected = Expected(call_of(Case((2, 0, 3, 3), (2, 0, 2, 2), (2,), literal=((), (), (5, -7)))))
    assert expected.sums[0].value[:, :, 0, 0].tolist() == [[5, -7], [5, -7]]
    expected.verify_screen()
    empty = Expected(call_of(Case((0, 2, 3, 3), (2, 2, 2, 2))))
    assert empty.shape == (0, 2, 2, 2)
    empty.verify_screen()


def test_a_step_that_is_never_taken_may_be_absurd():
    far = 2**62
    expected = Expected(call_of(Case((1, 1, 3, 3), (1, 1, 3, 1), stride=(far, far), dilation=(1, far))))
    assert expected.shape == (1, 1, 1, 1)
    expected.verify_screen()


def test_the_wide_type_is_wide():
    assert screen_roundoff(numpy_dtype("float32")) == 2.0**-53
    assert screen_roundoff(numpy_dtype("bfloat16")) == 2.0**-53
    assert screen_roundoff(numpy_dtype("float64")) <= (2.0**-64 if EXTENDED else 2.0**-53)


def test_numbers_are_taken_exactly():
    assert exactly(np.float32(0.1)) == Fraction(13421773, 2**27)
    assert exactly(np.longdouble(1) + np.finfo(np.longdouble).eps) == 1 + Fraction(float(np.finfo(np.longdouble).eps))
    assert exactly(np.uint64(2**64 - 1)) == 2**64 - 1
    assert exactly(np.longdouble(-3) * np.longdouble(2) ** 100) == -3 * 2**100
