"""The fifteen relationships of Dumoulin and Visin, arXiv:1603.07285, with the parameters of the figures.

Relationships 1 to 7 and 15 speak of the convolution itself. Relationships 8 to 14 speak of the transposed
one, which the specification does not contain: here it is written out as the adjoint, and once more in the
paper's way, as a convolution over a stretched and padded input.
"""

import numpy as np
import pytest

from convspec.reference import conv2d, output_size


def numbers(seed, *shape):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def transposed(y, w, *, stride, padding, size):
    """Scatter each output element back to the pixels it was made of: the adjoint of the convolution."""
    k = len(w)
    padded = np.zeros((size + 2 * padding, size + 2 * padding), dtype=y.dtype)
    for i in range(len(y)):
        for j in range(len(y)):
            for p in range(k):
                for q in range(k):
                    padded[i * stride + p, j * stride + q] += y[i, j] * w[p, q]
    return padded[padding : padding + size, padding : padding + size]


@pytest.mark.parametrize(
    ("relationship", "i", "k", "s", "p", "o", "formula"),
    [
        (1, 4, 3, 1, 0, 2, lambda i, k, s, p: (i - k) + 1),
        (2, 5, 4, 1, 2, 6, lambda i, k, s, p: (i - k) + 2 * p + 1),
        (3, 5, 3, 1, 1, 5, lambda i, k, s, p: i + 2 * (k // 2) - (k - 1)),
        (4, 5, 3, 1, 2, 7, lambda i, k, s, p: i + (k - 1)),
        (5, 5, 3, 2, 0, 2, lambda i, k, s, p: (i - k) // s + 1),
        (6, 5, 3, 2, 1, 3, lambda i, k, s, p: (i + 2 * p - k) // s + 1),
        (6, 6, 3, 2, 1, 3, lambda i, k, s, p: (i + 2 * p - k) // s + 1),
        (7, 5, 3, 1, 0, 3, lambda i, k, s, p: (i - k) // s + 1),
    ],
)
def test_convolution(relationship, i, k, s, p, o, formula):
    assert formula(i, k, s, p) == o
    assert output_size(i, k, pad=(p, p), stride=s) == o
    x, w = numbers(relationship, i, i), numbers(relationship + 50, k, k)
    assert conv2d(x, w, stride=s, padding=p).shape == (o, o)
    word = {1: "valid", 3: "same", 4: "full"}.get(relationship)
    if word is not None:
        np.testing.assert_array_equal(conv2d(x, w, padding=word), conv2d(x, w, padding=p))


def test_pooling_by_the_mean_is_a_convolution_with_ones():
    # Relationship 7: the windows of a pooling layer are those of a convolution.
    x = numbers(7, 5, 5)
    means = [[x[i : i + 3, j : j + 3].sum() for j in range(3)] for i in range(3)]
    np.testing.assert_array_equal(conv2d(x, np.ones((3, 3), dtype=int)), means)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_dilated_convolution(d):
    # Relationship 15; the paper's figure has i = 7, k = 3, d = 2 and shows 3 by 3 outputs.
    i, k, s, p = 7, 3, 1, 0
    o = (i + 2 * p - k - (k - 1) * (d - 1)) // s + 1
    assert o == {1: 5, 2: 3, 3: 1}[d]
    assert output_size(i, k, dilation=d) == o
    x, w = numbers(15, i, i), numbers(65, k, k)
    stuffed = np.zeros((d * (k - 1) + 1, d * (k - 1) + 1), dtype=int)
    stuffed[::d, ::d] = w
    np.testing.assert_array_equal(conv2d(x, w, dilation=d), conv2d(x, stuffed))


@pytest.mark.parametrize(
    ("relationship", "i", "k", "s", "p", "o", "formula"),
    [
        (8, 4, 3, 1, 0, 2, lambda o, k, s, p, a: o + (k - 1)),
        (9, 5, 4, 1, 2, 6, lambda o, k, s, p, a: o + (k - 1) - 2 * p),
        (10, 5, 3, 1, 1, 5, lambda o, k, s, p, a: o),
        (11, 5, 3, 1, 2, 7, lambda o, k, s, p, a: o - (k - 1)),
        (12, 5, 3, 2, 0, 2, lambda o, k, s, p, a: s * (o - 1) + k),
        (13, 5, 3, 2, 1, 3, lambda o, k, s, p, a: s * (o - 1) + k - 2 * p),
        (14, 6, 3, 2, 1, 3, lambda o, k, s, p, a: s * (o - 1) + a + k - 2 * p),
    ],
)
def test_transposed_convolution(relationship, i, k, s, p, o, formula):
    a = (i + 2 * p - k) % s
    assert a == (1 if relationship == 14 else 0)
    assert output_size(i, k, pad=(p, p), stride=s) == o
    assert formula(o, k, s, p, a) == i

    x, w, y = numbers(relationship, i, i), numbers(relationship + 50, k, k), numbers(relationship + 90, o, o)
    back = transposed(y, w, stride=s, padding=p, size=i)
    # It is the adjoint: it moves to the other side of the inner product.
    assert np.sum(conv2d(x, w, stride=s, padding=p) * y) == np.sum(x * back)

    # The paper's way: s - 1 zeros between the elements, k - p - 1 around, a more at the bottom and right.
    stretched = np.zeros((s * (o - 1) + 1, s * (o - 1) + 1), dtype=int)
    stretched[::s, ::s] = y
    around = k - p - 1
    turned = w[::-1, ::-1]
    np.testing.assert_array_equal(conv2d(stretched, turned, padding=((around, around + a),) * 2), back)
