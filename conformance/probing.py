"""Designed sums: the numbers under one window are chosen, everything around it is zero, one output is looked at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from convspec.adapters.protocol import Array
from convspec.conformance.accuracy import Subject
from convspec.conformance.case import Case, Number
from convspec.conformance.formats import FORMATS


@dataclass(frozen=True)
class Place:
    """Shapes, and the output whose window holds the numbers.

    Parameters
    ----------
    name : str
        What a reader is told of it.
    x_shape, w_shape : tuple of int
        As for `Case`.
    at : (int, int)
        Row and column of the window's corner in x.
    """

    name: str
    x_shape: tuple[int, ...]
    w_shape: tuple[int, ...]
    at: tuple[int, int] = (0, 0)

    @property
    def terms(self) -> int:
        """How many products are summed."""
        return math.prod(self.w_shape[1:]) if len(self.w_shape) > 2 else math.prod(self.w_shape)

    def case(self, dtype: str, x: Sequence[Number], w: Sequence[Number]) -> Case:
        """Put numbers under the window, in the order of channels, rows and columns; all filters are equal."""
        height, width = self.x_shape[-2:]
        kernel_height, kernel_width = self.w_shape[-2:]
        picture: list[Number] = [0] * math.prod(self.x_shape)
        for term, number in enumerate(x):
            channel, tap = divmod(term, kernel_height * kernel_width)
            row, column = divmod(tap, kernel_width)
            picture[(channel * height + self.at[0] + row) * width + self.at[1] + column] = number
        filters = tuple(w) * (self.w_shape[0] if len(self.w_shape) > 2 else 1)
        return Case(self.x_shape, self.w_shape, dtype=dtype, literal=(tuple(picture), filters, ()))

    def number(self, answer: Array) -> complex:
        """The output that belongs to the window; of the last filter, if there are several."""
        row, column = self.at
        return complex(answer[row, column] if answer.ndim == 2 else answer[0, -1, row, column])


# A single output and a layer: libraries have different code for the two.
LAYERS = (
    Place("a single output", (1, 4, 3, 3), (1, 4, 3, 3)),
    Place("a layer of four filters", (1, 8, 8, 8), (4, 8, 3, 3), (2, 3)),
)
PLANES = (
    Place("a single output", (6, 6), (6, 6)),
    Place("a picture", (13, 13), (6, 6), (3, 4)),
)


@dataclass(frozen=True)
class Terms:
    """The factors of the products of one designed sum."""

    x: tuple[Number, ...]
    w: tuple[Number, ...]


class Prober:
    """Asks one implementation for designed sums at one place, and counts them."""

    def __init__(self, subject: Subject, dtype: str, place: Place) -> None:
        self.subject, self.dtype, self.place = subject, dtype, place
        self.asked = 0
        # Significand bits that a number of a designed sum may have; fewer, once inputs are found to be cut.
        self.significand = FORMATS[dtype].precision

    @property
    def terms(self) -> int:
        """How many products are summed."""
        return self.place.terms

    def case(self, terms: Terms) -> Case:
        """The case of a designed sum."""
        return self.place.case(self.dtype, terms.x, terms.w)

    def complex_answers(self, sums: Sequence[Terms]) -> list[complex | None]:
        """The answers to designed sums; None where there is none."""
        self.asked += len(sums)
        values = self.subject.values([self.case(terms) for terms in sums])
        return [None if value is None else self.place.number(value) for value in values]

    def answers(self, sums: Sequence[Terms]) -> list[float | None]:
        """The real parts of the answers."""
        return [None if answer is None else answer.real for answer in self.complex_answers(sums)]

    def sparse(self, products: dict[int, tuple[Number, Number]]) -> Terms:
        """A sum whose products are zero but for some."""
        pairs = [products.get(term, (0, 0)) for term in range(self.terms)]
        return Terms(tuple(x for x, _ in pairs), tuple(w for _, w in pairs))


def places(is_plane: bool) -> tuple[Place, ...]:
    """Where designed sums are put."""
    return PLANES if is_plane else LAYERS


def power(exponent: int, sign: int = 1) -> tuple[float, float]:
    """Two factors, both powers of two, whose product is sign times 2**exponent."""
    half = exponent // 2
    return sign * math.ldexp(1.0, half), math.ldexp(1.0, exponent - half)
