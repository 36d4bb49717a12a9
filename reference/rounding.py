"""Numbers on their way out of an array and back into one.

Arithmetic on NumPy's own scalars wraps or rounds at every step. The specification takes the numbers out as
Python numbers, computes, and puts the result back once; only then is anything rounded.
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convspec.reference.arguments import Array


class FloatFormat(NamedTuple):
    """A binary floating-point format: its precision and its range of exponents.

    Its positive numbers are ``m * 2**(e - precision + 1)`` with whole numbers ``m < 2**precision`` and
    ``smallest_exponent <= e <= largest_exponent``.
    """

    precision: int
    smallest_exponent: int
    largest_exponent: int


FLOAT_FORMATS = {
    "float16": FloatFormat(precision=11, smallest_exponent=-14, largest_exponent=15),
    "bfloat16": FloatFormat(precision=8, smallest_exponent=-126, largest_exponent=127),
    "float32": FloatFormat(precision=24, smallest_exponent=-126, largest_exponent=127),
    "float64": FloatFormat(precision=53, smallest_exponent=-1022, largest_exponent=1023),
}
"""By name of the dtype. Source: IEEE 754-2019, table 3.5; bfloat16 is the upper half of a float32."""

INTEGER_DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COMPLEX_DTYPES = ("complex64", "complex128")


def kind_of_number(name: str, dtype: np.dtype[Any]) -> int:
    """Tell which kind of number a dtype holds: each kind contains the ones before it.

    Parameters
    ----------
    name : str
        What the array of this dtype is called in the message.
    dtype : numpy.dtype
        Any.

    Returns
    -------
    int
        0 for integers, 1 for floats, 2 for complex numbers, 3 for objects, which may be of any kind.

    Raises
    ------
    ValueError
        The dtype holds something else, for example bool. The message gives it.

    Examples
    --------
    >>> kind_of_number("x", np.dtype(np.float32))
    1
    >>> kind_of_number("x", np.dtype(bool))
    Traceback (most recent call last):
    ValueError: x must hold integers, floats or complex numbers, got dtype bool
    """
    for kind, names in enumerate((INTEGER_DTYPES, FLOAT_FORMATS, COMPLEX_DTYPES, ("object",))):
        if dtype.name in names:
            return kind
    raise ValueError(f"{name} must hold integers, floats or complex numbers, got dtype {dtype}")


def python_numbers(array: Array) -> Array:
    """Take the numbers out of an array as Python numbers.

    Parameters
    ----------
    array : array
        Of an integer, floating-point or complex dtype, or of dtype object, which is left as it is.

    Returns
    -------
    array of dtype object
        The same shape with ``int``, ``float`` or ``complex`` in it, each exactly the number that was there.

    Examples
    --------
    >>> python_numbers(np.array([200, 100], dtype=np.uint8)).sum()
    300
    """
    return array.astype(object)


def result_dtype(x: Array, w: Array, bias: Array | None = None) -> np.dtype[Any]:
    """Find the dtype of a result: the one to which NumPy promotes `x` and `w`, in the machine's byte order.

    Parameters
    ----------
    x, w : array
        The two factors.
    bias : array, optional
        Has no say in the dtype, but must fit: a fraction is not added to integers.

    Returns
    -------
    numpy.dtype
        The same dtype if both have it.

    Raises
    ------
    ValueError
        An array does not hold numbers, there is no dtype that could hold both factors, or the bias does not
        fit. The message gives the dtypes.

    Examples
    --------
    >>> result_dtype(np.zeros(1, np.float32), np.zeros(1, np.float64))
    dtype('float64')
    """
    kind = max(kind_of_number("x", x.dtype), kind_of_number("w", w.dtype))
    if bias is not None and kind_of_number("bias", bias.dtype) > kind:
        raise ValueError(
            f"bias of dtype {bias.dtype} does not fit x of dtype {x.dtype} and w of dtype {w.dtype}"
        )
    try:
        return np.result_type(x, w)
    except TypeError:
        raise ValueError(f"x of dtype {x.dtype} and w of dtype {w.dtype} have no common dtype") from None


def round_to(value: Fraction | int | float, dtype: npt.DTypeLike) -> Any:
    """Give the number of a dtype that is nearest to an exact one.

    Floats: nearest, and of two equally near the one whose last bit is 0; beyond the range, infinity; below
    it, subnormal numbers and at last a zero with the sign of the value. Integers: modulo two to the number
    of bits.

    Parameters
    ----------
    value : Fraction, int or float
        The exact number. A float infinity or NaN is passed on.
    dtype : dtype
        An integer dtype, float16, bfloat16, float32 or float64. A bfloat16 is known by its name, so the
        package that defines it is not needed here.

    Returns
    -------
    NumPy scalar
        Of that dtype.

    Raises
    ------
    ValueError
        Another dtype, or a fraction for an integer dtype.

    Notes
    -----
    Source: IEEE 754-2019, section 4.3.1, roundTiesToEven, and section 7.4 for what lies beyond the range.

    Examples
    --------
    >>> round_to(Fraction(1, 3), np.float32)
    np.float32(0.33333334)
    >>> int(round_to(2**24 + 1, np.float32)) - 2**24
    0
    >>> round_to(200, np.int8)
    np.int8(-56)
    """
    target: np.dtype[Any] = np.dtype(dtype)
    if target.name in INTEGER_DTYPES:
        return wrap_integer(value, target)
    if target.name not in FLOAT_FORMATS:
        raise ValueError(f"dtype must be an integer or floating-point one, got {target}")
    if isinstance(value, float) and not math.isfinite(value):
        return target.type(value)

    rounded = round_magnitude(abs(Fraction(value)), FLOAT_FORMATS[target.name])
    return target.type(-rounded if value < 0 else rounded)


def wrap_integer(value: Fraction | int | float, dtype: np.dtype[Any]) -> Any:
    """Count modulo two to the number of bits, as integer dtypes do.

    Parameters
    ----------
    value : Fraction, int or float
        A whole number.
    dtype : numpy.dtype
        Signed or unsigned.

    Returns
    -------
    NumPy scalar
        Of that dtype.

    Raises
    ------
    ValueError
        `value` is not whole. The message gives it.

    Examples
    --------
    >>> wrap_integer(-1, np.dtype(np.uint8))
    np.uint8(255)
    """
    if value != value // 1:
        raise ValueError(f"value must be whole for dtype {dtype}, got {value}")
    smallest = int(np.iinfo(dtype).min)
    count = 2 ** (8 * dtype.itemsize)
    return dtype.type((int(value) - smallest) % count + smallest)


def round_magnitude(magnitude: Fraction, float_format: FloatFormat) -> float:
    """Round a number that is not negative to the nearest of a format, ties to even.

    Parameters
    ----------
    magnitude : Fraction
        At least 0.
    float_format : FloatFormat
        The numbers to choose from.

    Returns
    -------
    float
        One of the format's numbers, or infinity. Each of them is a Python float too.

    Examples
    --------
    >>> round_magnitude(Fraction(2049), FLOAT_FORMATS["float16"])
    2048.0
    >>> round_magnitude(Fraction(65520), FLOAT_FORMATS["float16"])
    inf
    """
    # The exponent e for which 2**e <= magnitude < 2**(e + 1), but none below the format's range.
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    exponent = max(exponent, float_format.smallest_exponent)

    # Neighbours in this stretch of the format lie one spacing apart; Python's round takes ties to even.
    spacing = Fraction(2) ** (exponent - float_format.precision + 1)
    rounded = round(magnitude / spacing) * spacing
    if rounded >= Fraction(2) ** (float_format.largest_exponent + 1):
        return float("inf")
    return float(rounded)
