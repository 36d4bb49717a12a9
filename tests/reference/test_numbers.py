"""Which numbers come out: dtypes, wrapping, signs of zero, infinities, and shapes with nothing in them."""

import math

import numpy as np
import pytest

from convspec.reference import conv2d, output_size

INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]
COMPLEX = [np.complex64, np.complex128]


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + COMPLEX)
def test_result_has_the_dtype_of_the_input(dtype):
    y = conv2d(np.ones((2, 3), dtype), np.ones((1, 2), dtype))
    assert y.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(y, np.full((2, 2), 2))


def test_mixed_dtypes_are_promoted():
    x = np.ones((1, 1), np.float32)
    assert conv2d(x, np.ones((1, 1))).dtype == np.float64
    assert conv2d(x, np.ones((1, 1), np.int64)).dtype == np.float64
    assert conv2d(x, np.ones((1, 1), np.complex64)).dtype == np.complex64
    assert conv2d(x, np.ones((1, 1), object)).dtype == np.dtype(object)


def test_foreign_byte_order_is_read_and_not_written():
    y = conv2d(np.array([[1, 256]], ">i2"), np.array([[1, 1]], ">i2"))
    assert y.dtype == np.dtype(np.int16)
    assert y.dtype.isnative
    assert y[0, 0] == 257


def test_bfloat16_is_rounded_once():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    # 1 + 2**-8 + 2**-40 is just above a tie; by way of float32 it would be the tie.
    x = np.array([[1, 2**-8, 2**-40]], bfloat16)
    y = conv2d(x, np.ones((1, 3), bfloat16))
    assert y.dtype == np.dtype(bfloat16)
    assert float(y[0, 0]) == 1 + 2**-7
    assert conv2d(x, np.ones((1, 3), np.float32)).dtype == np.float32


def test_floats_are_summed_in_python_floats_and_rounded_once():
    x = np.array([[2048, 1, 1, -2048]], np.float16)
    assert conv2d(x, np.ones((1, 4), np.float16))[0, 0] == 2
    # In double precision the order decides: channels, rows, columns, then the bias.
    x = np.array([1.0, 2.0**53, -(2.0**53), 3.0]).reshape(1, 2, 1, 2)
    assert conv2d(x, np.ones((1, 2, 1, 2)), [-3.0])[0, 0, 0, 0] == ((1.0 + 2.0**53) - 2.0**53 + 3.0) - 3.0


def test_overflow_of_the_result_only():
    y = conv2d(
        np.array([[60000, 60000]], np.float16), np.ones((1, 2), np.float16), np.array([-60000], np.float16)
    )
    assert y[0, 0] == 60000
    y = conv2d(np.full((1, 2), 60000, np.float16), np.full((1, 2), -1, np.float16))
    assert y[0, 0] == np.float16(-np.inf)
    y = conv2d(np.full((1, 2), 3e38 + 3e38j, np.complex64), np.ones((1, 2), np.complex64))
    assert math.isinf(y[0, 0].real)
    assert math.isinf(y[0, 0].imag)


def test_complex_numbers_are_not_conjugated():
    y = conv2d(np.array([[1 + 2j, 3]]), np.array([[1j, 1 - 1j]]), np.array([10j]))
    assert y[0, 0] == (1 + 2j) * 1j + 3 * (1 - 1j) + 10j


def test_sum_starts_from_positive_zero():
    assert not np.signbit(conv2d(np.array([[-0.0]]), np.array([[1.0]]))[0, 0])
    assert not np.signbit(conv2d(np.array([[-0.0]]), np.array([[1.0]]), np.array([-0.0]))[0, 0])


def test_nan_stays_in_the_windows_that_contain_it():
    x = np.ones((4, 4))
    x[0, 1] = np.nan
    y = conv2d(x, np.array([[0.0, 1.0], [1.0, 1.0]]))
    np.testing.assert_array_equal(np.isnan(y), [[True, True, False], [False] * 3, [False] * 3])


def test_infinities():
    x = np.array([[np.inf, 1.0, -np.inf]])
    np.testing.assert_array_equal(conv2d(x, [[2.0]]), [[np.inf, 2, -np.inf]])
    np.testing.assert_array_equal(conv2d(x, [[0.0]]), [[np.nan, 0, np.nan]])
    assert np.isnan(conv2d(x, np.ones((1, 3)))[0, 0])


@pytest.mark.parametrize("dtype", FLOATS)
def test_padding_takes_part_in_the_products(dtype):
    y = conv2d(np.ones((1, 1), dtype), np.array([[1, np.inf]], dtype), padding=((0, 0), (1, 1)))
    np.testing.assert_array_equal(y, [[np.inf, np.nan]])


def test_window_wholly_in_the_padding_gives_the_bias():
    y = conv2d(np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2)), [0.5], padding=3)
    np.testing.assert_array_equal(y[0, 0, 0], np.full(6, 0.5))


def test_no_picture():
    assert conv2d(np.zeros((0, 2, 5, 6)), np.zeros((3, 2, 2, 2)), stride=2).shape == (0, 3, 2, 3)


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.complex64, object])
def test_no_input_channel_gives_the_bias_or_zero(dtype):
    x, w = np.zeros((1, 0, 3, 3), dtype), np.zeros((2, 0, 2, 2), dtype)
    np.testing.assert_array_equal(conv2d(x, w), np.zeros((1, 2, 2, 2)))
    y = conv2d(x, w, np.array([5, -6], dtype))
    np.testing.assert_array_equal(y, np.broadcast_to(np.reshape([5, -6], (1, 2, 1, 1)), (1, 2, 2, 2)))
    assert y.dtype == np.dtype(dtype)


def test_no_output_channel():
    assert conv2d(np.zeros((1, 2, 3, 3)), np.zeros((0, 2, 2, 2)), np.zeros(0)).shape == (1, 0, 2, 2)
    assert conv2d(np.zeros((1, 2, 3, 3)), np.zeros((0, 1, 2, 2)), groups=2).shape == (1, 0, 2, 2)


def test_axis_without_a_sample_under_enough_padding():
    y = conv2d(np.zeros((1, 1, 0, 2)), np.ones((1, 1, 2, 1)), [7.0], padding=((1, 1), (0, 0)))
    np.testing.assert_array_equal(y, np.full((1, 1, 1, 2), 7.0))
    assert output_size(0, 2, pad=(1, 1)) == 1


@pytest.mark.parametrize("huge", [2**31, 2**32, 2**62, 2**63 - 1, 2**70])
def test_huge_steps_over_a_single_position(huge):
    x = np.arange(9).reshape(3, 3)
    np.testing.assert_array_equal(conv2d(x, [[1]], stride=huge), [[0]])
    np.testing.assert_array_equal(conv2d(x, [[1]], dilation=huge), x)
    np.testing.assert_array_equal(conv2d(x, [[1]], dilation=huge, padding="full"), x)
    np.testing.assert_array_equal(conv2d(x, [[1]], stride=huge, padding="same"), [[0]])
    assert output_size(3, 3, pad=(huge, huge), stride=huge, dilation=huge) == 1
    assert output_size(3, 3, pad=(huge, huge), stride=huge) == 3
    assert output_size(3, 3, pad=(huge, huge)) == 2 * huge + 1


def test_inputs_are_left_alone():
    x, w, bias = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 1, 1)), np.zeros(1)
    for array in (x, w, bias):
        array.setflags(write=False)
    y = conv2d(x, w, bias)
    assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(y, x)


def test_memory_layout_plays_no_part():
    x, w = np.arange(48).reshape(2, 2, 3, 4), np.arange(24).reshape(3, 2, 2, 2)
    y = conv2d(x, w)
    np.testing.assert_array_equal(conv2d(np.asfortranarray(x), np.asfortranarray(w)), y)
    np.testing.assert_array_equal(conv2d(x[:, :, ::-1].copy()[:, :, ::-1], w), y)
    np.testing.assert_array_equal(conv2d(np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1), w), y)
