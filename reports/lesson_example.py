"""The numbers of the lesson: the worked example and what readers ask next, each computed by the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from convspec.reference import conv2d, output_size, resolve_padding, zero_pad

Ints = npt.NDArray[np.int64]
Pads = tuple[tuple[int, int], tuple[int, int]]

# Tens on the left, zeros on the right: a picture of eight rows and seven columns with one upright edge.
PICTURE: Final[Ints] = np.array([[10, 10, 10, 0, 0, 0, 0]] * 8)
EDGE: Final[Ints] = np.array([[1, 0, -1]] * 3)


@dataclass(frozen=True)
class Step:
    """One position of the window: where, what it sees, the products, and their sum."""

    row: int
    column: int
    slice: list[list[int]]
    products: list[list[int]]
    sum: int


@dataclass(frozen=True)
class Walk:
    """A whole convolution of one picture with one filter, step by step."""

    picture: Ints
    padded: Ints
    pads: Pads
    weights: Ints
    output: Ints
    stride: int
    dilation: int

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All positions, row by row."""
        return tuple(self._step(i, j) for i in range(self.output.shape[0]) for j in range(self.output.shape[1]))

    def _step(self, i: int, j: int) -> Step:
        kernel = ints(self.weights)
        rows = [i * self.stride + p * self.dilation for p in range(len(kernel))]
        columns = [j * self.stride + q * self.dilation for q in range(len(kernel[0]))]
        seen = ints([[self.padded[r, c] for c in columns] for r in rows])
        # One product is a convolution too, of one sample with one tap.
        products = [
            [int(conv2d([[value]], [[weight]])[0, 0]) for value, weight in zip(*lines, strict=True)]
            for lines in zip(seen, kernel, strict=True)
        ]
        return Step(i, j, seen, products, int(self.output[i, j]))

    @property
    def size(self) -> str:
        """The output's shape in words."""
        return by(self.output)


def walk(x: Ints, w: Ints, *, stride: int = 1, padding: Any = 0, dilation: int = 1) -> Walk:
    """Convolve, and keep what is needed to write down every step.

    Parameters
    ----------
    x, w : array (H, W), array (kH, kW)
        One picture and one filter.
    stride, padding, dilation
        As `convspec.reference.conv2d` takes them.

    Raises
    ------
    ValueError
        What the reference refuses.
    """
    y = conv2d(x, w, stride=stride, padding=padding, dilation=dilation)
    (H, W), (kH, kW) = x.shape, w.shape
    pads = resolve_padding(
        padding, size=(H, W), kernel=(kH, kW), stride=(stride, stride), dilation=(dilation, dilation)
    )
    padded = zero_pad(x[np.newaxis, np.newaxis], pads)[0, 0]
    return Walk(x, padded, pads, w, y, stride, dilation)


def visits(shape: tuple[int, int], kernel: tuple[int, int], padding: int = 0) -> Ints:
    """Count how many windows read each sample of a picture.

    A picture with a single one, under a kernel of ones, gives a one for each window that reads it.
    """
    counts = np.zeros(shape, dtype=np.int64)
    for r in range(shape[0]):
        for c in range(shape[1]):
            single = np.zeros(shape, dtype=np.int64)
            single[r, c] = 1
            counts[r, c] = conv2d(single, np.ones(kernel, dtype=np.int64), padding=padding).sum()
    return counts


def left_over(size: int, kernel: int, *, stride: int, pad: int = 0, dilation: int = 1) -> int:
    """Count the samples behind the last window of an axis.

    Taking one sample away does not change the output's size as long as the sample was left over.
    """
    positions = output_size(size, kernel, pad=(pad, pad), stride=stride, dilation=dilation)
    count = 0
    while _positions(size - count - 1, kernel, pad, stride, dilation) == positions:
        count += 1
    return count


def _positions(size: int, kernel: int, pad: int, stride: int, dilation: int) -> int:
    try:
        return output_size(size, kernel, pad=(pad, pad), stride=stride, dilation=dilation)
    except ValueError:
        return 0


def refusal(*arguments: Any, **named: Any) -> str:
    """Give the words in which the reference refuses a call of `conv2d`.

    Raises
    ------
    AssertionError
        It does not refuse.
    """
    try:
        conv2d(*arguments, **named)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"the reference accepts {arguments} {named}")


def counting(rows: int, columns: int, start: int = 1) -> Ints:
    """Make a small picture whose numbers tell where they are: 1, 2, 3, and so on."""
    return np.arange(start, start + rows * columns).reshape(rows, columns)


def scattered(rows: int, columns: int) -> Ints:
    """Make a small picture of digits without a pattern that the eye could follow."""
    return np.array([[(3 * r * r + 5 * c + 4 * r * c + 1) % 7 % 4 for c in range(columns)] for r in range(rows)])


def ints(rows: Sequence[Sequence[Any]] | Ints) -> list[list[int]]:
    """Turn rows of any integers into rows of Python's."""
    return [[int(value) for value in row] for row in rows]


def by(array: npt.NDArray[Any]) -> str:
    """Write a shape as a reader says it.

    Examples
    --------
    >>> by(PICTURE)
    '8×7'
    """
    return "×".join(map(str, array.shape))
