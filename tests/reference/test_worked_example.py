"""The numbers of the article with which the project began, and a few more that were computed by hand."""

import numpy as np
import pytest

from convspec.reference import conv2d, output_element, output_size, resolve_padding, zero_pad

PICTURE = np.array([[10, 10, 10, 0, 0, 0, 0]] * 8)
EDGE = np.array([[1, 0, -1]] * 3)


def test_one_step_in_the_corner_gives_zero():
    x = PICTURE.astype(object).reshape(1, 1, 8, 7)
    w = EDGE.astype(object).reshape(1, 1, 3, 3)
    number = output_element(x, w, None, 0, 0, 0, 0, stride=(1, 1), dilation=(1, 1), groups=1)
    assert type(number) is int
    assert number == 0


def test_whole_convolution():
    expected = [[0, 30, 30, 0, 0]] * 6
    np.testing.assert_array_equal(conv2d(PICTURE, EDGE), expected)


@pytest.mark.parametrize(
    ("padding", "stride", "shape"),
    [(0, 1, (6, 5)), (1, 1, (8, 7)), (0, 2, (3, 3)), (1, 2, (4, 4))],
)
def test_shapes_of_the_article(padding, stride, shape):
    assert conv2d(PICTURE, EDGE, padding=padding, stride=stride).shape == shape


def test_one_layer_of_zeros():
    # By hand: a row in the middle sees three rows, the first and the last see two.
    middle = [-30, 0, 30, 30, 0, 0, 0]
    border = [-20, 0, 20, 20, 0, 0, 0]
    np.testing.assert_array_equal(conv2d(PICTURE, EDGE, padding=1), [border, *[middle] * 6, border])


def test_stride_two():
    np.testing.assert_array_equal(conv2d(PICTURE, EDGE, stride=2), [[0, 30, 0]] * 3)
    np.testing.assert_array_equal(
        conv2d(PICTURE, EDGE, stride=2, padding=1), [[-20, 20, 0, 0], *[[-30, 30, 0, 0]] * 3]
    )


def test_how_often_each_pixel_is_visited():
    # The response to ones, seen from the picture's side: put a single 1 at a pixel and count the answers.
    def visits(row, column):
        pixel = np.zeros((8, 7), dtype=int)
        pixel[row, column] = 1
        return int(conv2d(pixel, np.ones((3, 3), dtype=int)).sum())

    assert visits(0, 0) == 1
    assert visits(0, 3) == 3
    assert visits(4, 3) == 9


def test_three_by_three_with_two_by_two():
    x = np.arange(9).reshape(3, 3)
    w = np.arange(4).reshape(2, 2)
    np.testing.assert_array_equal(conv2d(x, w), [[19, 25], [37, 43]])


def test_impulse_shows_the_kernel_turned_by_half():
    x = np.zeros((3, 3), dtype=int)
    x[1, 1] = 1
    w = np.array([[1, 2], [3, 4]])
    np.testing.assert_array_equal(conv2d(x, w), [[4, 3], [2, 1]])
    np.testing.assert_array_equal(
        conv2d(x, w, padding="full"), [[0, 0, 0, 0], [0, 4, 3, 0], [0, 2, 1, 0], [0, 0, 0, 0]]
    )


def test_impulse_in_the_kernel_picks_one_pixel():
    x = np.arange(20).reshape(4, 5)
    w = np.zeros((2, 3), dtype=int)
    w[1, 2] = 1
    np.testing.assert_array_equal(conv2d(x, w), [[7, 8, 9], [12, 13, 14], [17, 18, 19]])


def test_dilated_impulse():
    x = np.zeros((5, 5), dtype=int)
    x[2, 2] = 1
    w = np.array([[1, 2], [3, 4]])
    # Rows two apart, columns one apart.
    np.testing.assert_array_equal(conv2d(x, w, dilation=(2, 1)), [[0, 4, 3, 0], [0, 0, 0, 0], [0, 2, 1, 0]])


def test_stride_on_one_axis_only():
    x = np.arange(16).reshape(4, 4)
    np.testing.assert_array_equal(conv2d(x, [[1]], stride=(3, 1)), [[0, 1, 2, 3], [12, 13, 14, 15]])
    np.testing.assert_array_equal(conv2d(x, [[1]], stride=(1, 3)), [[0, 3], [4, 7], [8, 11], [12, 15]])


def test_each_of_four_pads_on_its_own_side():
    np.testing.assert_array_equal(
        conv2d([[5]], [[1]], padding=((1, 2), (3, 0))),
        [[0, 0, 0, 0], [0, 0, 0, 5], [0, 0, 0, 0], [0, 0, 0, 0]],
    )
    np.testing.assert_array_equal(conv2d([[5]], [[1]], padding=(1, 0)), [[0], [5], [0]])


def test_channels_groups_bias_and_batch():
    # Four channels that hold 1, 10, 100 and 1000; the second picture is twice the first.
    x = np.array([1, 10, 100, 1000]).reshape(1, 4, 1, 1) * np.array([1, 2]).reshape(2, 1, 1, 1)
    w = np.array([[1, 2], [3, 4], [5, 6], [7, 8]]).reshape(4, 2, 1, 1)
    y = conv2d(x, w, [0, 1, 0, -1], groups=2)
    assert y.shape == (2, 4, 1, 1)
    np.testing.assert_array_equal(y[:, :, 0, 0], [[21, 44, 6500, 8699], [42, 87, 13000, 17399]])


def test_depthwise_with_two_filters_for_each_channel():
    x = np.array([1, 10]).reshape(1, 2, 1, 1)
    w = np.array([1, 2, 3, 4]).reshape(4, 1, 1, 1)
    np.testing.assert_array_equal(conv2d(x, w, groups=2)[0, :, 0, 0], [1, 2, 30, 40])


def test_left_over_rows_are_read_by_nobody():
    x = np.ones((1, 1, 6, 5))
    x[0, 0, 5] = np.nan
    y = conv2d(x, np.ones((1, 1, 3, 3)), stride=2)
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), 9.0))


def test_zero_pad():
    x = np.array([1, 2]).reshape(1, 1, 1, 2)
    np.testing.assert_array_equal(zero_pad(x, ((1, 0), (0, 2)))[0, 0], [[0, 0, 0, 0], [1, 2, 0, 0]])
    copy = zero_pad(x, ((0, 0), (0, 0)))
    copy[...] = 7
    np.testing.assert_array_equal(x.ravel(), [1, 2])


@pytest.mark.parametrize(
    ("word", "kernel", "stride", "dilation", "pads"),
    [
        ("valid", (3, 3), (1, 1), (1, 1), ((0, 0), (0, 0))),
        ("full", (3, 2), (1, 1), (2, 3), ((4, 4), (3, 3))),
        ("same", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1))),
        ("same_upper", (4, 2), (1, 1), (1, 1), ((1, 2), (0, 1))),
        ("same_lower", (4, 2), (1, 1), (1, 1), ((2, 1), (1, 0))),
        ("same", (4, 2), (1, 1), (1, 1), ((1, 2), (0, 1))),
        # 8 rows, stride 3: 3 positions reach over 6 + 5 rows, so 3 zeros; 7 columns: 6 + 2, so 1 zero.
        ("same_upper", (3, 2), (3, 2), (2, 1), ((1, 2), (0, 1))),
        ("same_lower", (3, 2), (3, 2), (2, 1), ((2, 1), (1, 0))),
        # A kernel shorter than the stride needs no zeros, and is not given a negative number of them.
        ("same", (1, 1), (3, 4), (1, 1), ((0, 0), (0, 0))),
    ],
)
def test_padding_words(word, kernel, stride, dilation, pads):
    assert resolve_padding(word, size=(8, 7), kernel=kernel, stride=stride, dilation=dilation) == pads
    x = np.arange(56).reshape(8, 7)
    w = np.arange(1, kernel[0] * kernel[1] + 1).reshape(kernel)
    np.testing.assert_array_equal(
        conv2d(x, w, padding=word, stride=stride, dilation=dilation),
        conv2d(x, w, padding=pads, stride=stride, dilation=dilation),
    )


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_same_keeps_the_size_divided_by_the_stride(size, kernel, stride):
    for word in ("same_upper", "same_lower"):
        (before, after), _ = resolve_padding(
            word, size=(size, 1), kernel=(kernel, 1), stride=(stride, stride)
        )
        assert output_size(size, kernel, pad=(before, after), stride=stride) == (size + stride - 1) // stride
        assert abs(before - after) <= 1
        assert (before <= after) if word == "same_upper" else (before >= after)


def test_padding_forms():
    forms = [2, np.int8(2), np.array(2), (2, 2), [2, 2], ((2, 2), (2, 2)), [[2, 2], (2, np.int64(2))]]
    for form in forms:
        assert resolve_padding(form, size=(1, 1), kernel=(1, 1)) == ((2, 2), (2, 2))
    assert resolve_padding((1, 2), size=(1, 1), kernel=(1, 1)) == ((1, 1), (2, 2))


def test_integer_parameters_of_any_integer_type():
    x, w = np.arange(25).reshape(5, 5), np.arange(4).reshape(2, 2)
    expected = conv2d(x, w, stride=2, dilation=2, groups=1)
    for two, one in [
        (np.int64(2), np.uint8(1)),
        (np.array(2), np.array(1)),
        ([2, 2], 1),
        ((2, np.int16(2)), 1),
    ]:
        np.testing.assert_array_equal(conv2d(x, w, stride=two, dilation=two, groups=one), expected)
