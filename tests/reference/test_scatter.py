"""A second way to the same numbers: each pixel gives, instead of each output element taking.

The specification pads, then gathers by multiplication (row = i * stride + p * dilation). The twin below has
no padded array; it starts from a pixel, asks by division which positions see it, and adds to those. The two
share no index arithmetic.
"""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convspec.reference import conv2d, effective_kernel_size, output_size

EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True, database=None)


class Axis(NamedTuple):
    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int


@st.composite
def axes(draw):
    """Build an axis forward, from the number of positions to the size, so that nothing is thrown away."""
    positions, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    left_over = draw(st.integers(0, stride - 1))
    padded = (positions - 1) * stride + (kernel - 1) * dilation + 1 + left_over
    before = draw(st.integers(0, min(3, padded)))
    after = draw(st.integers(0, min(3, padded - before)))
    return Axis(padded - before - after, kernel, stride, dilation, before, after)


def count_positions(axis):
    """Count by trying: a position fits if the last tap is still inside."""
    padded = axis.before + axis.size + axis.after
    return sum(
        1
        for start in range(0, padded, axis.stride)
        if max(start + tap * axis.dilation for tap in range(axis.kernel)) < padded
    )


def positions_that_see(axis, sample):
    """List (position, tap) for the positions at which some tap lies on the sample."""
    seen = []
    for tap in range(axis.kernel):
        position, rest = divmod(sample + axis.before - tap * axis.dilation, axis.stride)
        if rest == 0 and 0 <= position < count_positions(axis):
            seen.append((position, tap))
    return seen


def scatter(x, w, bias, rows, columns, groups):
    N, C_in, H, W = x.shape
    C_out = len(w)
    y = np.zeros((N, C_out, count_positions(rows), count_positions(columns)), dtype=np.int64)
    for c in range(C_in):
        group, channel = divmod(c, C_in // groups)
        for o in range(group * C_out // groups, (group + 1) * C_out // groups):
            for row in range(H):
                for column in range(W):
                    for i, p in positions_that_see(rows, row):
                        for j, q in positions_that_see(columns, column):
                            y[:, o, i, j] += x[:, c, row, column] * w[o, channel, p, q]
    return y + bias.reshape(1, C_out, 1, 1)


@EXAMPLES
@given(
    rows=axes(),
    columns=axes(),
    batch=st.integers(0, 2),
    groups=st.integers(1, 3),
    in_each=st.integers(0, 2),
    out_each=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_gather_equals_scatter(rows, columns, batch, groups, in_each, out_each, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(-99, 100, (batch, groups * in_each, rows.size, columns.size))
    w = rng.integers(-99, 100, (groups * out_each, in_each, rows.kernel, columns.kernel))
    bias = rng.integers(-99, 100, groups * out_each)
    y = conv2d(
        x,
        w,
        bias,
        stride=(rows.stride, columns.stride),
        padding=((rows.before, rows.after), (columns.before, columns.after)),
        dilation=(rows.dilation, columns.dilation),
        groups=groups,
    )
    np.testing.assert_array_equal(y, scatter(x, w, bias, rows, columns, groups), strict=True)


@EXAMPLES
@given(axes())
def test_size_counts_the_positions_that_fit(axis):
    pad = (axis.before, axis.after)
    o = output_size(axis.size, axis.kernel, pad=pad, stride=axis.stride, dilation=axis.dilation)
    assert o == count_positions(axis)
    reach = effective_kernel_size(axis.kernel, axis.dilation)
    assert reach == 1 + max(tap * axis.dilation for tap in range(axis.kernel))
    assert (o - 1) * axis.stride + reach <= axis.size + sum(pad) < o * axis.stride + reach
