"""Numbers without rounding: floating-point numbers as fractions and as whole multiples of a power of two."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array


@dataclass(frozen=True)
class ExactElement:
    """One output on exact numbers: the sum, the gauge, how many products are nonzero, the sum without bias."""

    value: Fraction
    gauge: Fraction
    terms: int
    products: Fraction


class ExactArray:
    """An array whose numbers are taken out as whole multiples of one power of two.

    Only what the definition asks for is converted: a window, not the picture.
    """

    def __init__(self, array: Array, see: Callable[[int], int] = int, exponent: int | None = None) -> None:
        self._array, self._see, self.shape = array, see, array.shape
        self.exponent = lowest_exponent(array) if exponent is None else exponent

    def seen_as(self, see: Callable[[int], int]) -> "ExactArray":
        """The same array with each number put through `see`."""
        return ExactArray(self._array, see, self.exponent)

    def __getitem__(self, index: tuple[int, ...]) -> int:
        number = self._array[index]
        if self._array.dtype.kind in "iu":
            return self._see(int(number))
        numerator, denominator = float(number).as_integer_ratio()
        scaled = numerator << -self.exponent if self.exponent < 0 else numerator >> self.exponent
        return self._see(scaled // denominator)


def lowest_exponent(array: Array) -> int:
    """An exponent e such that all numbers are whole multiples of 2**e; at most 0."""
    if array.dtype.kind in "iu":
        return 0
    _, exponents = np.frexp(array.astype(np.float64))
    return min(0, int(exponents.min(initial=0)) - 53)


def power_of_two(exponent: int) -> Fraction:
    """2 to a whole power, which may be negative."""
    return Fraction(2**exponent) if exponent >= 0 else Fraction(1, 2**-exponent)


def exactly(number: Any) -> Fraction:
    """A finite number of any real type, exactly."""
    if isinstance(number, np.longdouble):
        significand, exponent = np.frexp(number)
        return Fraction(int(np.ldexp(significand, 64))) * power_of_two(int(exponent) - 64)
    if isinstance(number, np.integer):
        return Fraction(int(number))
    return Fraction(float(number))
