"""Where sums are exact: every partial sum, in any order, is a number of the format."""

import math

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.contract import Contract
from convspec.conformance.expected import Expected, screen_roundoff


def hides_nothing(expected: Expected, contract: Contract) -> bool:
    """Whether every bound is larger than the screen's own rounding: then what equals the screen's sum is right.

    With n products that are not zero the bound is u B at least and (n + 1) u B from n = 2 on, u the accumulator's; the
    screen is off by (n + 2) v B, v of the wide type. Four times as fine is enough.
    """
    return contract.accumulator.unit_roundoff >= 4 * screen_roundoff(expected.dtype)


def has_no_subnormals(expected: Expected, smallest_normal: float) -> bool:
    """Whether no operand but zero is below the smallest number of full precision."""
    parts = [part for part in (expected.x, expected.w, expected.bias) if part is not None]
    real = [number for part in parts for number in (part.real, part.imag)]
    return not any(bool(((number != 0) & (np.abs(number) < smallest_normal)).any()) for number in real)


def common_unit(expected: Expected) -> float:
    """A power of two of which all products and biases are whole multiples; 0.0 if it is too small for a float64."""
    lowest = _lowest_bit(expected.x) + _lowest_bit(expected.w)
    if expected.bias is not None:
        lowest = min(lowest, _lowest_bit(expected.bias))
    # A smaller unit will do as well, and leaves room for the comparison.
    return math.ldexp(1.0, min(lowest, 900)) if lowest >= -1074 else 0.0


def _lowest_bit(array: Array) -> int:
    """The largest e such that all numbers are whole multiples of 2**e; 0 for an array of zeros."""
    parts = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
    lowest = math.inf
    for part in parts:
        significands, exponents = np.frexp(np.asarray(part, np.float64))
        whole = np.ldexp(significands, 53).astype(np.int64)
        # Of each number its lowest bit alone, as a number; 0 of a zero.
        bits = np.ldexp((whole & -whole).astype(np.float64), exponents - 53)
        lowest = min(lowest, float(bits.min(initial=math.inf, where=bits > 0)))
    return math.frexp(lowest)[1] - 1 if lowest < math.inf else 0
