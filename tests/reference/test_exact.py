"""The exact side of the specification: whole numbers, the exact convolution, its gauge, and rounding once."""

from fractions import Fraction

import numpy as np
import pytest

from convspec.reference import conv2d, correctly_rounded, exact_conv2d, gauge, round_to, whole_numbers

SETTINGS = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}


def floats(seed, shape, dtype):
    """Numbers of very different size, as exact multiples of powers of two."""
    rng = np.random.default_rng(seed)
    return np.ldexp(rng.integers(-999, 1000, shape).astype(np.float64), rng.integers(-20, 1, shape)).astype(
        dtype
    )


def by_fractions(x, w, bias, settings):
    """Compute with a Fraction for each number: slow, and without any scaling."""
    x, w, bias = (
        np.vectorize(lambda number: Fraction(float(number)), otypes=[object])(a) for a in (x, w, bias)
    )
    return conv2d(x, w, bias, **settings)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, "bfloat16"])
def test_exact_is_what_fractions_give(dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    x, w, bias = (floats(seed, shape, dtype) for seed, shape in enumerate([(2, 4, 5, 6), (2, 2, 3, 2), (2,)]))
    y = exact_conv2d(x, w, bias, **SETTINGS)
    assert all(type(number) is Fraction for number in y.flat)
    want = by_fractions(x, w, bias, SETTINGS)
    assert y.shape == want.shape
    assert all(y.ravel() == want.ravel())
    rounded = correctly_rounded(x, w, bias, **SETTINGS)
    assert rounded.dtype == np.dtype(dtype)
    assert rounded.tolist() == np.array([round_to(n, dtype) for n in want.flat]).reshape(want.shape).tolist()


def test_cancellation_is_seen():
    x, w = np.array([[1e300, 1.0, -1e300]]), np.ones((1, 3))
    assert exact_conv2d(x, w)[0, 0] == 1
    assert conv2d(x, w)[0, 0] == 0
    assert correctly_rounded(x, w)[0, 0] == 1
    assert gauge(x, w)[0, 0] == 2e300


def test_bias_finer_than_the_products():
    y = exact_conv2d(np.array([[3.0]]), np.array([[1.0]]), np.array([2.0**-1074]))
    assert y[0, 0] == 3 + Fraction(1, 2**1074)


def test_integers_do_not_wrap_here():
    x, w = np.array([[-128, 127]], dtype=np.int8), np.array([[-128, 127]], dtype=np.int8)
    y = exact_conv2d(x, w, np.array([100], dtype=np.int8))
    assert type(y[0, 0]) is int
    assert y[0, 0] == 128**2 + 127**2 + 100
    assert gauge(x, w, np.array([-100], dtype=np.int8))[0, 0] == 128**2 + 127**2 + 100
    assert conv2d(x, w, np.array([100], dtype=np.int8))[0, 0] == round_to(y[0, 0], np.int8)
    assert correctly_rounded(x, w)[0, 0] == round_to(y[0, 0] - 100, np.int8)
    assert gauge(x, np.array([[1, -1]], dtype=np.int8))[0, 0] == 128 + 127
    large = np.array([[2**64 - 1]], dtype=np.uint64)
    assert exact_conv2d(large, large)[0, 0] == (2**64 - 1) ** 2
    assert conv2d(large, large)[0, 0] == 1


def test_objects_are_taken_as_they_are():
    third = np.array([[Fraction(1, 3)]], dtype=object)
    assert conv2d(third, third)[0, 0] == Fraction(1, 9)
    assert type(conv2d(np.array([[2**200]], dtype=object), [[3]])[0, 0]) is int
    assert gauge(-third, third)[0, 0] == Fraction(1, 9)
    halves = np.array([[Fraction(1, 2), 3]], dtype=object)
    assert exact_conv2d(halves, halves)[0, 0] == Fraction(37, 4)


@pytest.mark.parametrize(
    ("array", "numbers", "exponent"),
    [
        ([0.5, 3.0, -0.75], [2, 12, -3], -2),
        (np.array([3, -4], dtype=np.int8), [3, -4], 0),
        (np.array([2.0**100, 0.0]), [2**100, 0], 0),
        (np.array([5e-324]), [1], -1074),
        (np.array([], dtype=np.float32), [], 0),
    ],
)
def test_whole_numbers(array, numbers, exponent):
    got, got_exponent = whole_numbers(array)
    assert got.tolist() == numbers
    assert all(type(number) is int for number in got)
    assert got_exponent == exponent


def test_whole_numbers_keep_the_shape_and_the_value():
    x = floats(5, (2, 3, 4), np.float64)
    numbers, exponent = whole_numbers(x)
    assert numbers.shape == x.shape
    np.testing.assert_array_equal(np.ldexp(numbers.astype(float), exponent), x)


def test_gauge_of_floats_is_float64_and_passes_what_is_not_finite():
    x = np.array([[-np.inf, 1, 2], [3, -4, np.nan]], dtype=np.float16)
    y = gauge(x, np.array([[-2]], dtype=np.float16), np.array([-1], dtype=np.float16))
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, [[np.inf, 3, 5], [7, 9, np.nan]])
    # 60000 * 60000 is no float16, but the gauge is not rounded to one.
    large = np.array([[60000]], dtype=np.float16)
    assert gauge(large, large)[0, 0] == 60000.0 * 60000.0


def test_exact_shapes_with_nothing_in_them():
    assert exact_conv2d(np.zeros((0, 1, 3, 3)), np.zeros((2, 1, 2, 2))).shape == (0, 2, 2, 2)
    y = exact_conv2d(np.zeros((1, 0, 2, 2)), np.zeros((1, 0, 2, 2)), [0.5])
    assert y.tolist() == [[[[Fraction(1, 2)]]]]
