"""Exact answers of whole cases, and what the numbers that came instead are off by.

The screen of the oracle is not enough here: whether a float64 result is the nearest one is decided by digits that the
80-bit type does not hold. So all sums are made of whole numbers, and held against the definition at one position.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.calls import call_of
from convspec.conformance.case import Case
from convspec.conformance.contract import Contract
from convspec.conformance.expected import Expected, SuiteError
from convspec.conformance.formats import FORMATS
from convspec.reference import round_to

# Whole numbers of more bits than this are no floats.
MOST_BITS = 1000


@dataclass(frozen=True)
class Errors:
    """The errors of the outputs of one case, both parts of a complex one, as flat arrays of float64.

    Parameters
    ----------
    bounds : array
        In units of the bound of the contract; infinite where the answer is not finite.
    ulps : array
        In units in the last place of the correctly rounded result.
    gauges : array
        In units of u B, the unit roundoff times the sum of the absolute products.
    correct : array of bool
        Whether the answer is the correctly rounded result.
    """

    bounds: Array
    ulps: Array
    gauges: Array
    correct: Array


class ExactAnswers:
    """The exact outputs of a case without padding, stride, dilation, groups or bias, for all who ask.

    Parameters
    ----------
    case : Case
        Of finite floating-point numbers.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.form = FORMATS[case.dtype]
        self.expected = Expected(call_of(case))
        real = {"complex64": np.float32, "complex128": np.float64}
        self._part_dtype: Any = np.dtype(real.get(case.dtype, self.expected.dtype))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the result."""
        return self.expected.shape

    @cached_property
    def sums(self) -> tuple[tuple[Array, int], ...]:
        """For each part: whole numbers and an exponent, whose products with powers of two are the exact sums."""
        x, w = self.expected.x, self.expected.w
        if not self.expected.is_complex:
            pairs = [[(x, w, 1)]]
        else:
            pairs = [[(x.real, w.real, 1), (x.imag, w.imag, -1)], [(x.real, w.imag, 1), (x.imag, w.real, 1)]]
        found = tuple(_joined([_product(*pair) for pair in part]) for part in pairs)
        self._hold_against_the_definition(found)
        return found

    def _hold_against_the_definition(self, found: tuple[tuple[Array, int], ...]) -> None:
        position = tuple(length // 2 for length in self.shape)
        full = (0, 0, *position) if self.expected.is_plane else position
        for part, (numbers, exponent) in enumerate(found):
            if numbers[full] * Fraction(2) ** exponent != self.expected.exact(position, part).value:
                raise SuiteError(f"the exact sums and the definition differ at {position}: {self.case.line}")

    @cached_property
    def rounded(self) -> tuple[Array, ...]:
        """For each part: the correctly rounded results, flat."""
        return tuple(
            np.array([round_to(number * Fraction(2) ** exponent, self._part_dtype) for number in numbers.ravel()],
                     self._part_dtype)
            for numbers, exponent in self.sums
        )

    def errors_of(self, got: Array, contract: Contract) -> Errors:
        """Measure an answer of the right shape.

        Parameters
        ----------
        got : array
            Of the case's dtype, or of a wider one; it is then rounded to the case's first.
        contract : Contract
            Of the adapter and the case's dtype.
        """
        parts = (got.real, got.imag) if self.expected.is_complex else (got,)
        with np.errstate(all="ignore"):
            answers = [part.astype(self._part_dtype).ravel() for part in parts]
            found = [self._of_part(index, answer, contract) for index, answer in enumerate(answers)]
        return Errors(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))

    def _of_part(self, part: int, got: Array, contract: Contract) -> tuple[Array, ...]:
        numbers, exponent = self.sums[part]
        sums, rounded = self.expected.sums[part], self.rounded[part]
        finite = np.isfinite(got)
        error, unit = _distances(numbers.ravel(), exponent, np.where(finite, got, 0))
        error = np.where(finite, error, np.inf)
        bound = np.broadcast_to(contract.allowance(sums, contract.class_term(self.expected)), self.shape)
        _, exponents = np.frexp(rounded.astype(np.longdouble))
        smallest = self.form.smallest_exponent - self.form.precision + 1
        ulp = np.maximum(exponents.astype(np.int64) - self.form.precision, smallest)
        gauge = np.ldexp(np.asarray(sums.gauge, np.longdouble).ravel(), -self.form.precision)
        return (
            _quotient(error, np.ldexp(np.asarray(bound, np.longdouble).ravel(), -unit)),
            _quotient(error, np.ldexp(np.ones(len(ulp), np.longdouble), ulp - unit)),
            _quotient(error, np.ldexp(gauge, -unit)),
            np.asarray(got == rounded),
        )


def whole(array: Array) -> tuple[Array, int]:
    """Write finite floats as Python integers times one power of two.

    Returns
    -------
    (array of dtype object, int)
        ``array == numbers * 2.0**exponent`` exactly.
    """
    significands, exponents = np.frexp(array.astype(np.float64))
    numbers = np.ldexp(significands, 53).astype(np.int64)
    exponents = np.where(numbers == 0, 0, exponents.astype(np.int64) - 53)
    lowest = int(exponents[numbers != 0].min(initial=0)) if (numbers != 0).any() else 0
    shifts = np.where(numbers == 0, 0, exponents - lowest)
    return np.asarray(np.left_shift(numbers.astype(object), shifts.astype(object))), lowest


def _product(x: Array, w: Array, sign: int) -> tuple[Array, int]:
    """Sums of products as whole numbers: (N, C_out, oH, oW) and an exponent."""
    (x_whole, x_exponent), (w_whole, w_exponent) = whole(x), whole(w)
    windows = np.lib.stride_tricks.sliding_window_view(x_whole, w.shape[2:], axis=(2, 3))
    n, _, height, width = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, -1, height * width)
    sums = np.matmul(w_whole.reshape(len(w), -1), columns)
    return sign * sums.reshape(n, len(w), height, width), x_exponent + w_exponent


def _joined(parts: list[tuple[Array, int]]) -> tuple[Array, int]:
    lowest = min(exponent for _, exponent in parts)
    total: Any = 0
    for numbers, exponent in parts:
        total = total + numbers * 2 ** (exponent - lowest)
    return np.asarray(total), lowest


def _distances(numbers: Array, exponent: int, got: Array) -> tuple[Array, int]:
    """How far each answer is from its whole number, in units of 2**unit, and unit."""
    got_whole, got_exponent = whole(got)
    unit = min(exponent, got_exponent)
    apart = np.abs(numbers * 2 ** (exponent - unit) - got_whole * 2 ** (got_exponent - unit))
    longest = max((int(distance).bit_length() for distance in apart), default=0)
    if longest > MOST_BITS:
        # Only where an answer is absurdly far off; what is lost of the others is far below any bound.
        apart, unit = np.right_shift(apart, longest - MOST_BITS), unit + longest - MOST_BITS
    return apart.astype(np.float64), unit


def _quotient(error: Array, unit: Array) -> Array:
    """Errors in a unit; 0 where there is no error, whatever the unit."""
    return np.asarray(np.where(error == 0, 0.0, error / unit).astype(np.float64))
