"""The number formats by name: significand, exponents, and NumPy's dtype."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FloatFormat:
    """A binary floating-point format: significand bits (the hidden one counted), normal exponents."""

    precision: int
    smallest_exponent: int
    largest_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2**-precision, half the distance from 1 to the next number."""
        return math.ldexp(1.0, -self.precision)

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number."""
        return math.ldexp(1.0, self.smallest_exponent - self.precision + 1)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        return math.ldexp(1.0, self.smallest_exponent)

    @property
    def overflow_threshold(self) -> float:
        """Omega, the largest finite number, to within a unit in its last place."""
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.precision), self.largest_exponent)


FORMATS = {
    "float16": FloatFormat(11, -14, 15),
    "bfloat16": FloatFormat(8, -126, 127),
    "float32": FloatFormat(24, -126, 127),
    "float64": FloatFormat(53, -1022, 1023),
}
FORMATS["complex64"] = FORMATS["float32"]
FORMATS["complex128"] = FORMATS["float64"]


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype of that name; bfloat16 comes from ml_dtypes.

    Raises
    ------
    ModuleNotFoundError
        bfloat16 is asked for and ml_dtypes is not installed.
    """
    if name == "bfloat16":
        import ml_dtypes

        found: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return found
    return np.dtype(name)
