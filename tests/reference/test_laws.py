"""Algebra that every convolution obeys, exactly, on whole numbers."""

from typing import NamedTuple

import numpy as np
import pytest

from convspec.reference import conv2d

LAYERS = range(12)


class Layer(NamedTuple):
    x: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    settings: dict


def layer(seed):
    """Draw a layer whose axes, pads, strides and channels all differ where they can."""
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(1, 4))
    channels_per_group, filters_per_group = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    kernel = rng.integers(1, 4, 2)
    dilation = rng.integers(1, 3, 2)
    size = dilation * (kernel - 1) + 1 + rng.integers(0, 4, 2)
    x = rng.integers(-99, 100, (2, groups * channels_per_group, *size))
    w = rng.integers(-99, 100, (groups * filters_per_group, channels_per_group, *kernel))
    (top, bottom), (left, right) = rng.integers(0, 3, (2, 2)).tolist()
    settings = {
        "stride": tuple(rng.integers(1, 4, 2).tolist()),
        "dilation": tuple(dilation.tolist()),
        "padding": ((top, bottom), (left, right)),
        "groups": groups,
    }
    return Layer(x, w, rng.integers(-99, 100, len(w)), settings)


@pytest.mark.parametrize("seed", LAYERS)
def test_linear_in_the_picture_and_in_the_weights(seed):
    x, w, bias, settings = layer(seed)
    x_other, w_other = np.roll(x, 1, axis=-1) * 3 + 1, np.roll(w, 1, axis=0) * 5 - 2
    y = conv2d(x, w, **settings)
    np.testing.assert_array_equal(conv2d(x + x_other, w, **settings), y + conv2d(x_other, w, **settings))
    np.testing.assert_array_equal(conv2d(x, w + w_other, **settings), y + conv2d(x, w_other, **settings))
    np.testing.assert_array_equal(conv2d(-7 * x, w, **settings), -7 * y)
    np.testing.assert_array_equal(conv2d(x, w, bias, **settings), y + bias.reshape(1, -1, 1, 1))


@pytest.mark.parametrize("seed", LAYERS)
def test_transposing_everything_transposes_the_result(seed):
    x, w, bias, settings = layer(seed)
    turned = dict(settings)
    for name in ("stride", "dilation", "padding"):
        turned[name] = settings[name][::-1]
    y = conv2d(x.swapaxes(2, 3), w.swapaxes(2, 3), bias, **turned)
    np.testing.assert_array_equal(y, conv2d(x, w, bias, **settings).swapaxes(2, 3))


@pytest.mark.parametrize("seed", LAYERS)
def test_flipping_everything_flips_the_result(seed):
    # Only where the stride leaves nothing over: with stride 1, always.
    x, w, bias, settings = layer(seed)
    settings["stride"] = 1
    flipped = dict(settings, padding=tuple(pair[::-1] for pair in settings["padding"]))
    y = conv2d(x[:, :, ::-1, ::-1], w[:, :, ::-1, ::-1], bias, **flipped)
    np.testing.assert_array_equal(y, conv2d(x, w, bias, **settings)[:, :, ::-1, ::-1])


@pytest.mark.parametrize("seed", LAYERS)
def test_shifting_the_picture_by_a_stride_shifts_the_result_by_one(seed):
    x, w, bias, settings = layer(seed)
    down, across = settings["stride"]
    (top, bottom), (left, right) = settings["padding"]
    further = dict(settings, padding=((top + down, bottom), (left + across, right)))
    shifted = conv2d(x, w, bias, **further)
    np.testing.assert_array_equal(shifted[:, :, 1:, 1:], conv2d(x, w, bias, **settings))


@pytest.mark.parametrize("seed", LAYERS)
def test_stride_is_every_so_many_of_stride_one(seed):
    x, w, bias, settings = layer(seed)
    down, across = settings["stride"]
    dense = conv2d(x, w, bias, **dict(settings, stride=1))
    np.testing.assert_array_equal(conv2d(x, w, bias, **settings), dense[:, :, ::down, ::across])


@pytest.mark.parametrize("seed", LAYERS)
def test_dilation_is_a_kernel_with_zeros_between_the_taps(seed):
    x, w, bias, settings = layer(seed)
    down, across = settings["dilation"]
    kH, kW = w.shape[2:]
    stuffed = np.zeros((*w.shape[:2], (kH - 1) * down + 1, (kW - 1) * across + 1), dtype=w.dtype)
    stuffed[:, :, ::down, ::across] = w
    np.testing.assert_array_equal(
        conv2d(x, w, bias, **settings), conv2d(x, stuffed, bias, **dict(settings, dilation=1))
    )


@pytest.mark.parametrize("seed", LAYERS)
def test_groups_are_layers_side_by_side(seed):
    x, w, bias, settings = layer(seed)
    groups = settings["groups"]
    parts = [
        conv2d(x_part, w_part, bias_part, **dict(settings, groups=1))
        for x_part, w_part, bias_part in zip(
            np.split(x, groups, axis=1), np.split(w, groups), np.split(bias, groups), strict=True
        )
    ]
    np.testing.assert_array_equal(conv2d(x, w, bias, **settings), np.concatenate(parts, axis=1))


@pytest.mark.parametrize("seed", LAYERS)
def test_groups_are_a_block_diagonal_of_weights(seed):
    x, w, bias, settings = layer(seed)
    groups, channels, filters = settings["groups"], w.shape[1], len(w) // settings["groups"]
    dense = np.zeros((len(w), x.shape[1], *w.shape[2:]), dtype=w.dtype)
    for g in range(groups):
        its_filters = slice(g * filters, (g + 1) * filters)
        dense[its_filters, g * channels : (g + 1) * channels] = w[its_filters]
    np.testing.assert_array_equal(
        conv2d(x, w, bias, **settings), conv2d(x, dense, bias, **dict(settings, groups=1))
    )


@pytest.mark.parametrize("seed", LAYERS)
def test_pictures_and_channels_keep_to_themselves(seed):
    x, w, bias, settings = layer(seed)
    y = conv2d(x, w, bias, **settings)
    np.testing.assert_array_equal(conv2d(x[1:], w, bias, **settings), y[1:])
    np.testing.assert_array_equal(conv2d(x[::-1], w, bias, **settings), y[::-1])
    ungrouped = dict(settings, groups=1)
    w_all = np.concatenate([w] * settings["groups"], axis=1)
    order = np.random.default_rng(seed).permutation(len(w))
    np.testing.assert_array_equal(
        conv2d(x, w_all[order], bias[order], **ungrouped), conv2d(x, w_all, bias, **ungrouped)[:, order]
    )
    order = np.random.default_rng(seed).permutation(x.shape[1])
    np.testing.assert_array_equal(
        conv2d(x[:, order], w_all[:, order], **ungrouped), conv2d(x, w_all, **ungrouped)
    )


@pytest.mark.parametrize("seed", LAYERS)
def test_two_convolutions_are_one_with_the_convolved_kernel(seed):
    rng = np.random.default_rng(seed)
    x, first, second = (
        rng.integers(-9, 10, (9, 10)),
        rng.integers(-9, 10, (2, 3)),
        rng.integers(-9, 10, (3, 2)),
    )
    step = int(rng.integers(1, 3))
    # The second kernel acts on results that are `step` samples apart; the true convolution turns one kernel.
    stuffed = np.zeros((2 * step + 1, step + 1), dtype=int)
    stuffed[::step, ::step] = second
    both = conv2d(stuffed, first[::-1, ::-1], padding="full")
    twice = conv2d(conv2d(x, first, stride=step), second, stride=2)
    np.testing.assert_array_equal(twice, conv2d(x, both, stride=2 * step))


@pytest.mark.parametrize("seed", LAYERS)
def test_separable_kernel_in_two_steps(seed):
    rng = np.random.default_rng(seed)
    x, column, row = rng.integers(-9, 10, (6, 7)), rng.integers(-9, 10, (3, 1)), rng.integers(-9, 10, (1, 4))
    np.testing.assert_array_equal(conv2d(x, column * row), conv2d(conv2d(x, column), row))


@pytest.mark.parametrize("seed", LAYERS)
def test_exchanging_picture_and_kernel_turns_the_full_result(seed):
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 10, (4, 5)), rng.integers(-9, 10, (2, 3))
    np.testing.assert_array_equal(conv2d(w, x, padding="full"), conv2d(x, w, padding="full")[::-1, ::-1])
    assert conv2d(x, w, padding="full").sum() == x.sum() * w.sum()


@pytest.mark.parametrize("seed", LAYERS)
def test_one_tap_is_a_matrix_product_and_a_whole_picture_an_inner_product(seed):
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 10, (2, 3, 4, 5)), rng.integers(-9, 10, (6, 3, 1, 1))
    product = np.moveaxis(np.moveaxis(x, 1, -1) @ w[:, :, 0, 0].T, -1, 1)
    np.testing.assert_array_equal(conv2d(x, w), product)
    w = rng.integers(-9, 10, (6, 3, 4, 5))
    np.testing.assert_array_equal(conv2d(x, w)[:, :, 0, 0], x.reshape(2, -1) @ w.reshape(6, -1).T)
