"""What is refused, and that each refusal names the parameter and the value."""

import re
from fractions import Fraction

import numpy as np
import pytest

from convspec.reference import (
    conv2d,
    correctly_rounded,
    effective_kernel_size,
    exact_conv2d,
    gauge,
    output_size,
    resolve_padding,
    round_to,
    whole_numbers,
    zero_pad,
)

X = np.ones((1, 4, 5, 6))
W = np.ones((6, 4, 3, 3))
HUGE = [2**31, 2**32, 2**62, 2**63 - 1, 2**70]


def refuses(message, function, *args, **kwargs):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(*args, **kwargs)


@pytest.mark.parametrize("value", [1.5, 1.0, "1", None, True, np.True_, np.array([1]), 1 + 0j, {1}])
@pytest.mark.parametrize("name", ["stride", "padding", "dilation", "groups"])
def test_values_that_are_no_integers(name, value):
    if name == "padding" and value == "1":
        refuses("padding must be numbers or one of valid, same", conv2d, X, W, padding=value)
        refuses("got '1'", conv2d, X, W, padding=value)
    else:
        refuses(f"{name} must be an integer, got {value!r}", conv2d, X, W, **{name: value})


@pytest.mark.parametrize("value", [1.5, "1", None, True])
@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_pairs_with_something_else_in_them(name, value):
    refuses(f"{name} must be an integer, got {value!r}", conv2d, X, W, **{name: (1, value)})
    refuses(f"{name} must be an integer, got {value!r}", conv2d, X, W, **{name: [value, 1]})


@pytest.mark.parametrize("value", [0, -1, -(2**63)])
@pytest.mark.parametrize("name", ["stride", "dilation", "groups"])
def test_values_below_one(name, value):
    refuses(f"{name} must be at least 1, got {value}", conv2d, X, W, **{name: value})
    if name != "groups":
        refuses(f"{name} must be at least 1, got {value}", conv2d, X, W, **{name: (1, value)})


@pytest.mark.parametrize("padding", [-1, (0, -1), ((0, 0), (-1, 2)), ((0, -1), (0, 0)), ((0, 0), (5, -1))])
def test_negative_pads(padding):
    refuses("padding must be at least 0, got -1", conv2d, X, W, padding=padding)


@pytest.mark.parametrize("value", [(), (1,), (1, 1, 1), [1, 1, 1, 1]])
@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_wrong_number_of_values(name, value):
    refuses(f"{name} must be one number or a pair of numbers, got {value!r}", conv2d, X, W, **{name: value})


def test_groups_are_one_number():
    refuses("groups must be an integer, got (1, 1)", conv2d, X, W, groups=(1, 1))


@pytest.mark.parametrize(
    "padding", [((1, 1),), ((1, 1), (1, 1), (1, 1)), ((1,), (1, 1)), (1, (1, 1)), ((1, 1), "")]
)
def test_wrong_number_of_sides(padding):
    refuses(f"padding must be ((top, bottom), (left, right)), got {padding!r}", conv2d, X, W, padding=padding)


@pytest.mark.parametrize("word", ["", "SAME", "half", "reflect", "same "])
def test_unknown_words(word):
    refuses(
        f"padding must be numbers or one of valid, same, same_upper, same_lower, full, got {word!r}",
        conv2d,
        X,
        W,
        padding=word,
    )


@pytest.mark.parametrize(
    ("x_rank", "w_rank"), [(4, 2), (2, 4), (3, 3), (3, 4), (4, 3), (5, 4), (4, 5), (0, 0), (1, 1)]
)
def test_ranks(x_rank, w_rank):
    x, w = np.ones((1,) * x_rank), np.ones((1,) * w_rank)
    message = "x and w must both have rank 4 or both rank 2"
    refuses(f"{message}, got x of shape {x.shape} and w of shape {w.shape}", conv2d, x, w)


def test_channels_that_do_not_match():
    refuses(
        "w expects 3 input channels per group, x has C_in=4 in groups=1, that is 4 per group",
        conv2d,
        X,
        np.ones((6, 3, 3, 3)),
    )
    refuses(
        "w expects 4 input channels per group, x has C_in=4 in groups=2, that is 2 per group",
        conv2d,
        X,
        W,
        groups=2,
    )
    refuses(
        "w expects 1 input channels per group, x has C_in=0",
        conv2d,
        np.ones((1, 0, 3, 3)),
        np.ones((1, 1, 1, 1)),
    )


def test_groups_that_do_not_divide():
    refuses("groups must divide the input channels, got groups=3 and C_in=4", conv2d, X, W, groups=3)
    refuses(
        "groups must divide the output channels, got groups=4 and C_out=6",
        conv2d,
        X,
        np.ones((6, 1, 3, 3)),
        groups=4,
    )
    refuses("groups must divide the input channels, got groups=2 and C_in=1", conv2d, [[1]], [[1]], groups=2)


@pytest.mark.parametrize(
    "bias", [np.ones(1), np.ones(5), np.ones((6, 1)), np.ones(()), np.ones((1, 6, 1, 1)), 0]
)
def test_bias_of_another_shape(bias):
    shape = np.shape(bias)
    message = f"bias must have shape (6,), one number for each output channel, got shape {shape}"
    refuses(message, conv2d, X, W, bias)


def test_bias_of_a_single_filter():
    refuses("bias must have shape (1,)", conv2d, [[1]], [[1]], [1, 2])
    refuses("bias must have shape (1,)", conv2d, [[1]], [[1]], 1)


def test_kernel_without_a_tap():
    refuses(
        "w must have at least one tap on each axis of the kernel, got kH=0 and kW=3",
        conv2d,
        X,
        np.ones((6, 4, 0, 3)),
    )
    refuses("got kH=3 and kW=0", conv2d, X, np.ones((6, 4, 3, 0)), padding=3)
    refuses("got kH=0 and kW=0", conv2d, np.ones((3, 3)), np.ones((0, 0)))


@pytest.mark.parametrize(
    ("settings", "reach", "length"),
    [
        ({"dilation": (3, 1)}, 7, 5),
        ({"dilation": (1, 3)}, 7, 6),
        ({"dilation": (4, 1), "padding": ((1, 2), (0, 0))}, 9, 8),
        ({"dilation": 2**62}, 2**63 + 1, 5),
    ],
)
def test_kernel_that_fits_nowhere(settings, reach, length):
    message = f"kernel reaches over {reach} samples, padded input has only {length}"
    refuses(message, conv2d, X, W, **settings)


def test_kernel_larger_than_the_picture():
    refuses(
        "kernel reaches over 3 samples, padded input has only 2", conv2d, np.ones((2, 2)), np.ones((3, 3))
    )
    refuses(
        "kernel reaches over 1 samples, padded input has only 0", conv2d, np.ones((0, 3)), np.ones((1, 1))
    )
    refuses(
        "kernel reaches over 2 samples, padded input has only 0",
        conv2d,
        np.ones((0, 1, 0, 3)),
        np.ones((1, 1, 2, 1)),
    )


@pytest.mark.parametrize("huge", HUGE)
def test_huge_values_are_refused_at_once(huge):
    refuses(
        f"padding (({huge}, {huge}), ({huge}, {huge})) makes an array of shape", conv2d, X, W, padding=huge
    )
    refuses(f"padding ((0, 0), (0, {huge})) makes", conv2d, X, W, padding=((0, 0), (0, huge)))
    refuses(f"padding ((0, 0), (0, {huge})) makes", conv2d, X, W, padding=((0, 0), (0, huge)), stride=huge)
    refuses(f"padding ((0, 0), (0, {huge})) makes", conv2d, X[:0], W, padding=((0, 0), (0, huge)))
    refuses(f"kernel reaches over {2 * huge + 1} samples", conv2d, X, W, dilation=huge)
    refuses("makes an array of shape", conv2d, X, W, dilation=huge, padding="full")
    refuses("makes an array of shape", conv2d, X, W, dilation=huge, padding="same")
    refuses(f"groups must divide the input channels, got groups={huge} and C_in=4", conv2d, X, W, groups=huge)


@pytest.mark.parametrize("name", ["x", "w", "bias"])
@pytest.mark.parametrize("dtype", [bool, "datetime64[s]", "U1"])
def test_arrays_without_numbers(name, dtype):
    arrays = {"x": X, "w": W, "bias": np.ones(6)}
    arrays[name] = np.zeros(arrays[name].shape, dtype)
    for function in (conv2d, exact_conv2d, correctly_rounded, gauge):
        refuses(f"{name} must hold integers, floats or complex numbers, got dtype", function, **arrays)
    refuses("array must hold integers, floats or complex numbers, got dtype", whole_numbers, arrays[name])


@pytest.mark.parametrize(
    ("small", "large"), [(np.int64, np.float16), (np.float64, np.complex64), (np.int8, object)]
)
def test_bias_of_a_larger_kind(small, large):
    factors = f"x of dtype {np.dtype(small)} and w of dtype {np.dtype(small)}"
    message = f"bias of dtype {np.dtype(large)} does not fit {factors}"
    for function in (conv2d, exact_conv2d, correctly_rounded):
        refuses(message, function, X.astype(small), W.astype(small), np.ones(6, large))


def test_dtypes_without_a_common_one():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    refuses(
        "x of dtype bfloat16 and w of dtype float16 have no common dtype",
        conv2d,
        X.astype(bfloat16),
        W.astype(np.float16),
    )


def test_size_of_an_axis():
    refuses("size must be at least 0, got -1", output_size, -1, 1)
    refuses("size must be an integer, got 3.0", output_size, 3.0, 1)
    refuses("kernel must be at least 1, got 0", output_size, 3, 0)
    refuses("kernel must be an integer, got '3'", output_size, 3, "3")
    refuses("pad must be at least 0, got -1", output_size, 3, 1, pad=(0, -1))
    refuses("pad must be one number or a pair of numbers, got (1,)", output_size, 3, 1, pad=(1,))
    refuses("stride must be at least 1, got 0", output_size, 3, 1, stride=0)
    refuses("dilation must be at least 1, got 0", output_size, 3, 1, dilation=0)
    refuses("kernel reaches over 4 samples, padded input has only 3", output_size, 2, 4, pad=(1, 0))
    refuses("kernel must be at least 1, got -2", effective_kernel_size, -2, 1)
    refuses("dilation must be at least 1, got 0", effective_kernel_size, 1, 0)


def test_padding_by_itself():
    refuses("size must be at least 0, got -1", resolve_padding, 0, size=(-1, 1), kernel=(1, 1))
    refuses("kernel must be at least 1, got 0", resolve_padding, "same", size=(1, 1), kernel=(1, 0))
    refuses("stride must be at least 1, got 0", resolve_padding, 0, size=(1, 1), kernel=(1, 1), stride=(1, 0))
    refuses(
        "dilation must be at least 1, got 0", resolve_padding, 0, size=(1, 1), kernel=(1, 1), dilation=(0, 1)
    )
    refuses("x must have rank 4, got shape (3, 3)", zero_pad, np.ones((3, 3)), ((0, 0), (0, 0)))
    refuses("padding must be at least 0, got -1", zero_pad, X, ((0, 0), (-1, 0)))
    refuses("padding must be ((top, bottom), (left, right)), got (1, 1)", zero_pad, X, (1, 1))


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 1 + 0j])
def test_numbers_without_an_exact_value(number):
    message = f"an exact value needs finite real numbers, got {number!r}"
    refuses(message, whole_numbers, [number])
    for function in (exact_conv2d, correctly_rounded):
        refuses(message, function, [[number]], [[1]])
        refuses(message, function, [[1]], [[number]])
        refuses(message, function, np.array([[1]], object), [[1]], np.array([number], object))


def test_fractions_that_are_no_multiples_of_powers_of_two():
    thirds = np.array([[1, Fraction(2, 3)]], dtype=object)
    refuses("array must hold whole numbers times powers of two, got 2/3", whole_numbers, thirds)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_gauge_of_complex_numbers(dtype):
    message = f"gauge needs real numbers, got x of dtype {np.dtype(dtype)} and w of dtype float32"
    refuses(message, gauge, np.ones((1, 1), dtype), np.ones((1, 1), np.float32))


@pytest.mark.parametrize("dtype", [bool, object, np.complex64])
def test_rounding_to_something_else(dtype):
    refuses(f"dtype must be an integer or floating-point one, got {np.dtype(dtype)}", round_to, 1, dtype)


@pytest.mark.parametrize("value", [0.5, float("nan"), float("inf")])
def test_rounding_to_integers(value):
    refuses(f"value must be whole for dtype int8, got {value}", round_to, value, np.int8)
