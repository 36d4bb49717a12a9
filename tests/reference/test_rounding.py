"""`round_to` is held against what it does not use: NumPy, Python, and neighbours in each format."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convspec.reference import round_to

EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True, database=None)
FLOATS = [np.float16, np.float32, np.float64]

# Spread over all exponents, subnormal numbers of float16 and float32 among them.
DOUBLES = st.builds(math.ldexp, st.integers(-(2**53) + 1, 2**53 - 1), st.integers(-210, 90))


def same(got, want):
    """Equal, of the same dtype, zeros of the same sign."""
    return got.dtype == want.dtype and got == want and np.signbit(got) == np.signbit(want)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@EXAMPLES
@given(value=DOUBLES)
def test_agrees_with_the_conversion_of_numpy(dtype, value):
    with np.errstate(over="ignore", under="ignore"):
        want = np.array(value).astype(dtype)[()]
    exact = Fraction(value)
    assert same(round_to(exact, dtype), want if exact else dtype(0.0))


@EXAMPLES
@given(
    numerator=st.integers(-(2**80), 2**80),
    denominator=st.integers(1, 2**80),
    exponent=st.integers(-1100, 900),
)
def test_agrees_with_the_division_of_python(numerator, denominator, exponent):
    exact = Fraction(numerator, denominator) * Fraction(2) ** exponent
    assert same(round_to(exact, np.float64), np.float64(float(exact)))


def neighbours(dtype):
    """Pairs of neighbouring numbers: the least, the last subnormal ones, about 1, and the largest."""
    info = np.finfo(dtype)
    starts = [
        dtype(0),
        info.smallest_subnormal,
        info.smallest_normal,
        dtype(1),
        dtype(2) - info.eps,
        dtype(100),
    ]
    starts += [-np.nextafter(info.smallest_normal, dtype(0)), np.nextafter(info.max, dtype(0)), dtype(-1)]
    return [(start, np.nextafter(start, dtype(np.inf))) for start in starts]


@pytest.mark.parametrize("dtype", FLOATS)
def test_ties_go_to_even_and_anything_beside_a_tie_to_its_side(dtype):
    bits = {np.float16: np.uint16, np.float32: np.uint32, np.float64: np.uint64}[dtype]
    for low, high in neighbours(dtype):
        middle = (Fraction(float(low)) + Fraction(float(high))) / 2
        a_little = (Fraction(float(high)) - Fraction(float(low))) / 2**70
        even = low if low.view(bits) % 2 == 0 else high
        assert round_to(middle, dtype) == even
        assert round_to(middle - a_little, dtype) == low
        assert round_to(middle + a_little, dtype) == high
        assert round_to(Fraction(float(low)), dtype) == low


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", FLOATS)
def test_overflow_begins_half_a_spacing_beyond_the_largest(dtype):
    largest = np.finfo(dtype).max
    half_spacing = (Fraction(float(largest)) - Fraction(float(np.nextafter(largest, dtype(0))))) / 2
    edge = Fraction(float(largest)) + half_spacing
    assert round_to(edge - Fraction(1, 3), dtype) == largest
    assert round_to(edge, dtype) == dtype(np.inf)
    assert round_to(-edge, dtype) == dtype(-np.inf)
    assert round_to(10**400, dtype) == dtype(np.inf)


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_vanishes_keeps_its_sign(dtype):
    least = Fraction(float(np.finfo(dtype).smallest_subnormal))
    assert same(round_to(least / 2, dtype), dtype(0.0))
    assert same(round_to(-least / 2, dtype), dtype(-0.0))
    assert same(round_to(0, dtype), dtype(0.0))
    assert round_to(least * Fraction(51, 100), dtype) == np.finfo(dtype).smallest_subnormal


def test_every_tie_of_bfloat16_by_its_bits():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    # A bfloat16 is the upper half of a float32, so the next one is the next whole number of its bits.
    patterns = [0x0000, 0x0001, 0x007F, 0x0080, 0x0081, 0x3F7F, 0x3F80, 0x3F81, 0x42C8, 0x7F7E]
    for pattern in patterns:
        low, high = (np.array([p << 16], np.uint32).view(np.float32)[0] for p in (pattern, pattern + 1))
        even = low if pattern % 2 == 0 else high
        middle = (Fraction(float(low)) + Fraction(float(high))) / 2
        a_little = (Fraction(float(high)) - Fraction(float(low))) / 2**70
        assert round_to(middle, bfloat16).dtype == np.dtype(bfloat16)
        for sign in (1, -1):
            assert float(round_to(sign * middle, bfloat16)) == sign * even
            assert float(round_to(sign * (middle - a_little), bfloat16)) == sign * low
            assert float(round_to(sign * (middle + a_little), bfloat16)) == sign * high
    # Rounding by way of float32 would lose the last term and then see a tie.
    assert float(round_to(1 + Fraction(1, 2**8) + Fraction(1, 2**40), bfloat16)) == 1 + 2**-7
    assert float(round_to(2**128, bfloat16)) == math.inf


@pytest.mark.parametrize(
    "dtype", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
)
def test_integers_wrap(dtype):
    least, largest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    assert round_to(largest, dtype) == largest
    assert round_to(largest + 1, dtype) == least
    assert round_to(least - 1, dtype) == largest
    assert round_to(Fraction(5), dtype) == 5
    assert round_to(3.0, dtype) == 3
    assert round_to(7 * (largest - least + 1) + 3, dtype) == 3
    assert round_to(0, dtype).dtype == np.dtype(dtype)


def test_infinities_and_nan_pass():
    assert round_to(math.inf, np.float32) == np.float32(math.inf)
    assert round_to(-math.inf, np.float16) == np.float16(-math.inf)
    assert np.isnan(round_to(math.nan, np.float64))


def test_accepts_a_dtype_in_any_form():
    for form in ("float32", np.float32, np.dtype(">f4")):
        assert round_to(Fraction(1, 10), form) == np.float32(0.1)
