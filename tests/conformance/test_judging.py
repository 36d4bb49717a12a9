"""What is right and what is not: shape, dtype, exactness, bounds to the last bit, special values, integers, planes."""

import math
from fractions import Fraction

import numpy as np
import pytest

from convspec.adapters.protocol import DTYPES, Capabilities, Numerics
from convspec.conformance.calls import Outcome, call_of
from convspec.conformance.case import Case, parse_case
from convspec.conformance.contract import Contract
from convspec.conformance.exact_numbers import exactly
from convspec.conformance.expected import EXTENDED, Expected, SuiteError
from convspec.conformance.judging import Judge, rounded_answer, same_bits
from convspec.conformance.recipes import numpy_dtype
from convspec.reference import conv2d

LAYER = Judge(Capabilities(dtypes=DTYPES), Numerics())
PLANE = Judge(Capabilities(profile="plane", dtypes=DTYPES), Numerics())


def setting(line):
    call = call_of(parse_case(line))
    expected = Expected(call)
    arguments = {name: getattr(call, name) for name in ("stride", "padding", "dilation", "groups")}
    return expected, conv2d(call.x, call.w, call.bias, **arguments)


def judged(expected, value, judge=LAYER):
    return judge.answer(expected, Outcome("returned", value))


def changed(array, at, number):
    other = array.copy()
    other[at] = number
    return other


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", ["int", "wide"])
def test_the_specification_itself_is_right(dtype, data):
    expected, right = setting(f"x=2x2x5x4 w=3x2x2x3 bias=3 stride=2,1 padding=1,0,0,2 dtype={dtype} data={data}:5")
    assert judged(expected, right) is None


def test_a_wrong_shape_is_found_first():
    expected, right = setting("x=1x1x5x4 w=2x1x2x2 data=int:0")
    found = judged(expected, right[:, :, :-1])
    assert found.reason == "got shape (1, 2, 3, 3), want (1, 2, 4, 3)"
    assert found.expected.shape == (1, 2, 4, 3)
    assert judged(expected, right[0]).reason == "got shape (2, 4, 3), want (1, 2, 4, 3)"


def test_the_same_numbers_in_another_order_of_axes_are_wrong():
    expected, right = setting("x=1x1x4x4 w=3x1x2x2 data=int:0")
    assert judged(expected, right) is None
    assert judged(expected, np.swapaxes(right, 2, 3)).bound == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_whole_numbers_are_exact(dtype):
    """T0: one unit in the last place is too much, in any element."""
    expected, right = setting(f"x=1x2x4x4 w=2x2x2x2 bias=2 dtype={dtype} data=int:3")
    for at in [(0, 0, 0, 0), (0, 1, 2, 2), (0, 1, 1, 0)]:
        for way in (-math.inf, math.inf):
            beside = np.nextafter(right[at], right.dtype.type(way))
            found = judged(expected, changed(right, at, beside))
            assert found.at == at
            assert found.bound == 0
            assert found.bound_text.startswith("exact: ")
            assert np.array_equal(found.expected, right)


def test_whole_numbers_of_another_unit_are_exact_too():
    """Multiples of 2**-20, and of 2**20."""
    for unit in (2.0**-20, 2.0**20):
        numbers = ((3 * unit, unit, 5 * unit, 0.0), (1.0, 3.0), ())
        case = Case((1, 1, 2, 2), (1, 1, 1, 2), dtype="float32", literal=numbers)
        expected = Expected(call_of(case))
        right = np.array([6 * unit, 5 * unit], np.float32).reshape(1, 1, 2, 1)
        assert judged(expected, right) is None
        assert judged(expected, np.nextafter(right, np.float32(0))).bound == 0


def test_a_single_product_is_correctly_rounded_or_nothing():
    expected, right = setting("x=1x1x1x1 w=1x1x1x1 dtype=float32 values=0.1;0.5;")
    assert judged(expected, right) is None
    assert judged(expected, np.nextafter(right, np.float32(1))).bound == 0


def test_only_direct_sums_of_whole_inputs_must_be_exact():
    expected, right = setting("x=1x1x4x4 w=1x1x2x2 dtype=float32 data=int:3")
    beside = np.nextafter(right, np.float32(math.inf))
    for numerics in (Numerics(algorithm="fft"), Numerics(algorithm="winograd", tile=2), Numerics(input_precision=11)):
        assert judged(expected, beside, Judge(LAYER.capabilities, numerics)) is None
    assert judged(expected, beside) is not None


@pytest.mark.parametrize("numerics", [
    Numerics(), Numerics(accumulator={}), Numerics(algorithm="fft"), Numerics(algorithm="winograd", tile=4),
    Numerics(input_precision=8),
], ids=["direct", "in itself", "fft", "winograd", "cut"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("way", [-1, 1])
def test_at_the_bound_is_accepted_and_one_step_beyond_is_found(numerics, dtype, way):
    judge = Judge(LAYER.capabilities, numerics)
    expected, right = setting(f"x=1x2x4x4 w=2x2x2x2 bias=2 dtype={dtype} data=uniform:3")
    contract = Contract(numerics, dtype, separate_bias=True)
    extra = contract.class_term(expected)
    for at in [(0, 0, 0, 0), (0, 1, 2, 1)]:
        exact = expected.exact(at)
        share = Fraction(float(np.broadcast_to(extra, right.shape)[at])) * Fraction(1 + 2.0**-20)
        bound = contract.allowance(exact, share)
        farthest = last_within(exact.value, bound, right.dtype, way)
        assert judged(expected, changed(right, at, farthest), judge) is None
        beyond = np.nextafter(farthest, right.dtype.type(way * math.inf))
        found = judged(expected, changed(right, at, beyond), judge)
        assert found is not None
        assert found.at == at
        assert found.error >= found.bound
        assert found.bound == pytest.approx(float(bound))
        assert found.bound_text == contract.in_words(exact)


def last_within(value, bound, dtype, way):
    """The number farthest from an exact value, on one side, that is no farther off than the bound."""
    with np.errstate(all="ignore"):
        number = dtype.type(float(value + way * bound))
    outwards, inwards = dtype.type(way * math.inf), dtype.type(-way * math.inf)
    while abs(exactly(number) - value) > bound:
        number = np.nextafter(number, inwards)
    while abs(exactly(np.nextafter(number, outwards)) - value) <= bound:
        number = np.nextafter(number, outwards)
    return number


@pytest.mark.parametrize(("numerics", "needs_bounds"), [
    (Numerics(), False), (Numerics(accumulator={"float32": "float64"}), True), (Numerics(algorithm="fft"), False),
])
def test_what_equals_the_screen_needs_bounds_only_if_the_screen_is_no_finer(monkeypatch, numerics, needs_bounds):
    expected, _ = setting("x=2x2x5x4 w=3x2x2x3 bias=3 dtype=float32 data=int:5")
    asked = []
    limits = Judge._limits
    monkeypatch.setattr(Judge, "_limits", lambda *arguments: asked.append(1) or limits(*arguments))
    judge = Judge(Capabilities(dtypes=DTYPES), numerics)
    right = expected.sums[0].value.astype(np.float32)
    assert judged(expected, right, judge) is None
    assert bool(asked) == needs_bounds
    assert judged(expected, changed(right, (0, 0, 0, 0), right.max() * 1.5 + 1), judge) is not None
    assert asked


def test_what_was_right_once_is_right_again_and_nothing_else_is(monkeypatch):
    expected, right = setting("x=1x2x5x4 w=3x2x2x3 dtype=float32 data=uniform:5")
    wrong = changed(right, (0, 1, 2, 1), right[0, 1, 2, 1] + 1)
    assert judged(expected, right) is None
    assert judged(expected, wrong) is not None
    looked_at = []
    bounds = Judge._held_against_the_bound
    monkeypatch.setattr(Judge, "_held_against_the_bound", lambda *given: looked_at.append(1) or bounds(*given))
    assert judged(expected, right) is None
    assert not looked_at
    assert judged(expected, wrong) is not None
    assert judged(expected, right.view(np.int32).astype(np.float32)) is not None
    # Another contract has other bounds.
    assert judged(expected, right, Judge(LAYER.capabilities, Numerics(accumulator={"float32": "float64"}))) is None
    assert len(looked_at) == 3


def test_the_finding_says_how_far_off():
    expected, right = setting("x=1x2x4x4 w=2x2x2x2 bias=2 dtype=float32 data=uniform:3")
    found = judged(expected, changed(right, (0, 1, 2, 2), right[0, 1, 2, 2] + np.float32(0.5)))
    assert found.reason.startswith("got ")
    assert "at (0, 1, 2, 2), want" in found.reason
    assert "off by 0.5" in found.reason
    assert "times the bound" in found.reason
    assert found.error == pytest.approx(0.5, rel=1e-5)


def test_the_worst_element_is_the_one_that_is_shown():
    expected, right = setting("x=1x2x4x4 w=2x2x2x2 dtype=float32 data=uniform:3")
    wrong = changed(changed(right, (0, 0, 0, 1), 9), (0, 1, 1, 1), 90)
    assert judged(expected, wrong).at == (0, 1, 1, 1)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_nan_and_infinity_are_where_they_belong(dtype):
    expected, right = setting(f"x=1x1x1x5 w=1x1x1x2 dtype={dtype} values=nan,0,inf,1,-inf;1,1;")
    assert np.array_equal(right.ravel().astype(np.float64), [np.nan, np.inf, np.inf, -np.inf], equal_nan=True)
    assert judged(expected, right) is None
    for at, number in [(0, 0.0), (0, math.inf), (1, math.nan), (1, -math.inf), (1, 65000.0), (3, math.inf), (3, 0.0)]:
        found = judged(expected, changed(right, (0, 0, 0, at), number))
        assert found.at == (0, 0, 0, at)
        assert found.bound_text == "NaN and infinities arise as IEEE 754 says"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_nowhere_else(number):
    for line in ("x=1x1x2x3 w=1x1x2x2 dtype=float32 data=int:1", "x=1x1x2x3 w=1x1x2x2 data=uniform:1"):
        expected, right = setting(line)
        found = judged(expected, changed(right, (0, 0, 0, 1), number))
        assert found.at == (0, 0, 0, 1)
        assert found.error is None


def test_what_spreads_a_nan_by_declaration_is_not_judged_on_it():
    expected, right = setting("x=1x1x1x4 w=1x1x1x2 values=nan,0,0,1;1,1;")
    spread = np.full_like(right, math.nan)
    assert judged(expected, spread) is not None
    assert judged(expected, spread, Judge(LAYER.capabilities, Numerics(nan_local=False))) is None
    assert judged(expected, spread, Judge(LAYER.capabilities, Numerics(algorithm="fft"))) is None


@pytest.mark.parametrize(("line", "judged_on_it"), [
    # A partial sum in one order is infinite, in the other it is not.
    ("dtype=float32 values=3e38,-3e38;1,1;", False),
    ("dtype=float32 values=7e37,-7e37;1,1;", True),
    ("dtype=float64 values=1.5e308,-1.5e308;1,1;", False),
    # Halves are summed in float32, which holds the sum on the way; only what is stored must fit.
    ("dtype=float16 values=60000,-60000;1,1;", True),
    ("dtype=float16 values=60000,60000;1,1;", False),
])
def test_near_overflow_anything_goes(line, judged_on_it):
    expected, right = setting(f"x=1x1x1x2 w=1x1x1x2 {line}")
    assert (judged(expected, changed(right, (0, 0, 0, 0), math.inf)) is not None) == judged_on_it


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_integers_wrap_and_are_exact(dtype):
    expected, right = setting(f"x=1x2x4x4 w=2x2x2x2 bias=2 dtype={dtype} data=full:3")
    assert judged(expected, right) is None
    with np.errstate(over="ignore"):
        found = judged(expected, changed(right, (0, 1, 2, 0), right[0, 1, 2, 0] + right.dtype.type(1)))
    assert found.at == (0, 1, 2, 0)
    assert f"integers are exact, modulo 2^{8 * right.itemsize}" in found.reason
    assert np.array_equal(found.expected, right)


def test_integers_that_saturate_are_wrong():
    expected, right = setting("x=1x1x1x1 w=1x1x1x1 dtype=int8 values=100;2;")
    assert right.item() == -56
    assert judged(expected, np.full((1, 1, 1, 1), 127, np.int8)).reason.startswith("got 127 at (0, 0, 0, 0), want -56")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_parts_are_judged_one_by_one(dtype):
    expected, right = setting(f"x=1x1x3x3 w=1x1x2x2 dtype={dtype} data=int:2")
    assert judged(expected, right) is None
    for step, name in ((1, "real part"), (1j, "imaginary part")):
        found = judged(expected, changed(right, (0, 0, 1, 1), right[0, 0, 1, 1] + step))
        assert found.at == (0, 0, 1, 1)
        assert name in found.reason
    assert judged(expected, right.conj()) is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planes_of_integers_in_floats_are_exact_while_the_floats_hold_them(dtype):
    expected, right = setting("x=4x4 w=2x2 dtype=int32 data=int:3")
    assert judged(expected, right.astype(dtype), PLANE) is None
    wrong = changed(right.astype(dtype), (1, 2), np.nextafter(right.astype(dtype)[1, 2], np.inf))
    assert judged(expected, wrong, PLANE).at == (1, 2)
    assert judged(expected, changed(right.astype(dtype), (0, 1), math.nan), PLANE).at == (0, 1)


def test_planes_of_large_integers_in_floats_are_judged_by_the_bound():
    expected, _ = setting("x=1x2 w=1x2 dtype=int64 values=9007199254740993,1;1,1;")
    assert judged(expected, np.array([[2.0**53 + 2]]), PLANE) is None
    assert judged(expected, np.array([[2.0**53 + 64]]), PLANE) is not None


def test_planes_of_narrow_integers_widened_keep_what_would_wrap():
    expected, right = setting("x=1x1 w=1x1 dtype=int8 values=100;2;")
    assert right.item() == -56
    assert judged(expected, np.array([[200]], np.int64), PLANE) is None
    assert judged(expected, np.array([[201]], np.int64), PLANE) is not None


@pytest.mark.parametrize(("kind", "text", "said"), [
    ("raised", "ValueError: no", "raised ValueError: no, want a result"),
    ("not an array", "a list, not an array: [1]", "returned a list, not an array: [1], want a result"),
    ("crashed", "the process was killed by SIGSEGV", "the process was killed by SIGSEGV, want a result"),
    ("timed out", "no answer within 1 s", "no answer within 1 s, want a result"),
    ("out of memory", "MemoryError: ", "MemoryError: , want a result"),
])
def test_what_did_not_answer_is_not_right(kind, text, said):
    expected, _ = setting("x=3x3 w=2x2 data=int:0")
    assert LAYER.answer(expected, Outcome(kind, None, text), 3).reason == said
    assert LAYER.answer(expected, Outcome(kind, None, text), 3).call == 3


def test_the_worst_ratio_is_in_units_of_the_bound():
    expected, right = setting("x=1x2x4x4 w=2x2x2x2 dtype=float32 data=uniform:3")
    exact = expected.exact((0, 0, 0, 0))
    bound = Contract(Numerics(), "float32").allowance(exact)
    half = np.float32(float(exact.value + bound / 2))
    ratio = LAYER.worst_ratio(expected, Outcome("returned", changed(right, (0, 0, 0, 0), half)))
    assert ratio == pytest.approx(0.5, abs=0.1)
    whole, numbers = setting("x=1x1x4x4 w=1x1x2x2 dtype=int8 data=int:3")
    assert LAYER.worst_ratio(whole, Outcome("returned", numbers)) is None
    assert LAYER.worst_ratio(expected, Outcome("raised")) is None


def test_a_contradiction_inside_the_suite_is_the_suites_fault():
    expected, right = setting("x=1x1x3x3 w=1x1x2x2 dtype=int64 data=int:3")
    expected.__dict__["whole_value"] = expected.whole_value + np.uint64(1)
    with pytest.raises(SuiteError, match="whole numbers"):
        judged(expected, right)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "complex64", "int8"])
def test_the_answer_that_is_shown_is_rounded(dtype):
    expected, right = setting(f"x=1x1x3x3 w=1x1x2x2 dtype={dtype} data=int:3")
    shown = rounded_answer(expected)
    assert shown.dtype == numpy_dtype(dtype)
    assert np.array_equal(shown, right)
    large = Expected(call_of(Case((1, 1, 70, 70), (1, 1, 1, 1))))
    assert rounded_answer(large) is None


def test_bits_are_compared_as_bits_but_for_nan():
    one, nan = np.array([1.0, math.nan]), np.array([1.0, -math.nan])
    assert same_bits(one, nan)
    assert not same_bits(one, np.array([1.0 + 2**-52, math.nan]))
    assert not same_bits(one, one.astype(np.float32))
    assert not same_bits(one, one[None])
    assert not same_bits(one, None)
    assert not same_bits(None, one)


def test_a_subnormal_number_may_count_as_zero_where_that_is_declared():
    """The product is a normal number, and yet may be lost with the subnormal factor."""
    expected = Expected(call_of(parse_case("x=1x1x1x1 w=1x1x1x1 dtype=float32 values=128;9.183549615799121e-41;")))
    lost = np.zeros((1, 1, 1, 1), np.float32)
    assert judged(expected, lost, Judge(LAYER.capabilities, Numerics(flush_to_zero=True))) is None
    assert judged(expected, lost, LAYER) is not None


@pytest.mark.skipif(not EXTENDED, reason="there is no type of 80 bits here")
def test_a_single_product_may_be_rounded_twice():
    """Through the 80-bit type, a product just above the middle between two numbers comes to lie on it."""
    expected = Expected(call_of(parse_case(
        "x=1x1x1x1 w=1x1x1x1 values=1.0000000000000002;1.4999999999999998;")))
    product = np.longdouble(expected.x[0, 0, 0, 0]) * np.longdouble(expected.w[0, 0, 0, 0])
    assert judged(expected, np.float64(product).reshape(1, 1, 1, 1)) is None
    off = np.nextafter(np.nextafter(np.float64(product), 2), 2)
    assert judged(expected, off.reshape(1, 1, 1, 1)) is not None
