"""The dtype of a result beside that of the right answer: the numbers are one thing, their dtype is another."""

from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.expected import Expected
from convspec.conformance.formats import FORMATS


def said_of(value: Array, expected: Expected) -> str:
    """Say that a result has another dtype than the right answer, and how that is mended."""
    reason = f"got dtype {value.dtype}, want {expected.dtype}"
    if value.dtype == np.float64:
        # What np.zeros makes unless told otherwise.
        reason += "; fill an array of the input's dtype, np.zeros(..., dtype=x.dtype)"
        if holds(value.dtype, expected.dtype):
            reason += ", or declare wider_result=True"
    return reason


def as_numbers(expected: Expected, value: Array) -> Array | None:
    """The result as numbers that the right answer can be compared with; None if it holds something else.

    Complex numbers without an imaginary part stand for real ones, and truth values for 0 and 1.
    """
    if value.dtype.kind == "b":
        return value.astype(np.int8)
    if value.dtype.name not in FORMATS and value.dtype.kind not in "iu":
        return value.astype(np.float64) if value.dtype.kind == "f" else None
    if value.dtype.kind == "c" and not expected.is_complex:
        return value.real if not value.imag.any() else None
    return value


def holds(wider: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    """Whether a dtype holds the numbers of another; floats of 32 bits and more count as holding whole numbers."""
    if dtype.kind in "iu" and wider.name in ("float32", "float64"):
        return True
    try:
        return bool(np.result_type(wider, dtype) == wider)
    except TypeError:
        return False
