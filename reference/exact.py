"""The right answer without any rounding, from the same loop.

Every finite floating-point number is a whole number times a power of two, so a convolution of floats is a
convolution of whole numbers in other units. Python's whole numbers have no largest one. `conv2d` on them is
the oracle against which other implementations are held; it is the same code, not a second one.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from convspec.reference.arguments import Array, Pair
from convspec.reference.convolution import conv2d
from convspec.reference.rounding import (
    COMPLEX_DTYPES,
    FLOAT_FORMATS,
    INTEGER_DTYPES,
    kind_of_number,
    python_numbers,
    result_dtype,
    round_to,
)


def exact_fraction(number: Any) -> Fraction:
    """Turn a finite Python number into the fraction that equals it.

    Parameters
    ----------
    number : int, float or Fraction
        Finite.

    Returns
    -------
    Fraction
        Exactly equal.

    Raises
    ------
    ValueError
        Infinite, NaN or complex. The message gives the number.

    Examples
    --------
    >>> exact_fraction(0.1)
    Fraction(3602879701896397, 36028797018963968)
    """
    try:
        return Fraction(number)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"an exact value needs finite real numbers, got {number!r}") from None


def whole_numbers(array: npt.ArrayLike) -> tuple[Array, int]:
    """Write an array as whole numbers times one power of two.

    Parameters
    ----------
    array : array of any shape
        Integers or finite floats.

    Returns
    -------
    numbers : array of dtype object, the same shape
        Python ints.
    exponent : int
        At most 0. ``array == numbers * 2**exponent`` holds exactly.

    Raises
    ------
    ValueError
        The array does not hold numbers, or one of them is infinite, NaN, complex, or a fraction whose
        denominator is no power of two.

    Examples
    --------
    >>> whole_numbers([0.5, 3.0, -0.75])
    (array([2, 12, -3], dtype=object), -2)
    """
    array = np.asarray(array)
    kind_of_number("array", array.dtype)
    fractions = each(exact_fraction, python_numbers(array))
    denominator = 1
    for fraction in fractions.flat:
        if fraction.denominator.bit_count() != 1:
            raise ValueError(f"array must hold whole numbers times powers of two, got {fraction}")
        denominator = max(denominator, fraction.denominator)
    return each(lambda fraction: int(fraction * denominator), fractions), 1 - denominator.bit_length()


def exact_conv2d(x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *,
                 stride: int | Pair = 1, padding: Any = 0, dilation: int | Pair = 1,
                 groups: int = 1) -> Array:
    """Convolve without rounding and without wrapping.

    Parameters
    ----------
    x, w, bias, stride, padding, dilation, groups
        As for `conv2d`; the numbers are integers or finite floats. A complex convolution is four real ones:
        call this for its real and imaginary parts.

    Returns
    -------
    array of dtype object (N, C_out, oH, oW) or (oH, oW)
        Python ints if the dtypes promote to an integer dtype, else ``fractions.Fraction``.

    Raises
    ------
    ValueError
        As for `conv2d`; also a number that is infinite, NaN or complex.

    Examples
    --------
    The float that is written 0.1 is a little more than a tenth, and ten of them a little more than 1.

    >>> float(exact_conv2d([[0.1] * 10], [[1.0] * 10])[0, 0] - 1)
    5.551115123125783e-17
    """
    x, w = np.asarray(x), np.asarray(w)
    bias = None if bias is None else np.asarray(bias)
    dtype = result_dtype(x, w, bias)
    x_whole, x_exponent = whole_numbers(x)
    w_whole, w_exponent = whole_numbers(w)

    # All in units of one power of two: x and w become whole numbers, the bias need not.
    unit = Fraction(2) ** (x_exponent + w_exponent)
    scaled_bias = None
    if bias is not None:
        scaled_bias = each(lambda number: exact_fraction(number) / unit, python_numbers(bias))
    y = conv2d(x_whole, w_whole, scaled_bias,
               stride=stride, padding=padding, dilation=dilation, groups=groups)
    if dtype.name in INTEGER_DTYPES:
        return each(int, y)
    return each(lambda number: number * unit, y)


def gauge(x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *,
          stride: int | Pair = 1, padding: Any = 0, dilation: int | Pair = 1, groups: int = 1) -> Array:
    r"""Convolve the absolute values: the scale against which a rounding error is large or small.

    .. math:: \gamma = |x| \star |w| + |b|

    A sum may come out small because large terms cancel. The error of summing them does not cancel; it grows
    with the terms, and this is their sum.

    Parameters
    ----------
    x, w, bias, stride, padding, dilation, groups
        As for `conv2d`; real numbers, infinities and NaN included.

    Returns
    -------
    array (N, C_out, oH, oW) or (oH, oW)
        float64 if the dtypes promote to a floating-point one, itself rounded by about 2**-53 of its value
        for each term; otherwise dtype object with exact numbers. For exact numbers in every case, call
        `exact_conv2d` on the absolute values.

    Raises
    ------
    ValueError
        As for `conv2d`; also complex numbers, whose real and imaginary parts are sums of their own.

    Notes
    -----
    Source: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, section 3.1 (inner
    products).

    Examples
    --------
    >>> gauge([[1.0, -2.0]], [[3.0, 1.0]])
    array([[5.]])
    """
    x, w = np.asarray(x), np.asarray(w)
    bias = None if bias is None else np.asarray(bias)
    dtype = result_dtype(x, w, bias)
    if dtype.name in COMPLEX_DTYPES:
        raise ValueError(f"gauge needs real numbers, got x of dtype {x.dtype} and w of dtype {w.dtype}")

    # As Python numbers: the absolute value of the least int8, -128, is no int8.
    y = conv2d(absolute(x), absolute(w), None if bias is None else absolute(bias),
               stride=stride, padding=padding, dilation=dilation, groups=groups)
    if dtype.name in FLOAT_FORMATS:
        return y.astype(np.float64)
    return y


def absolute(array: Array) -> Array:
    """Take the absolute value of each number, as a Python number.

    Parameters
    ----------
    array : array of any shape
        Real numbers.

    Returns
    -------
    array of dtype object, the same shape
        Their absolute values.

    Examples
    --------
    >>> absolute(np.array([-128, 127], dtype=np.int8))
    array([128, 127], dtype=object)
    """
    return each(abs, python_numbers(array))


def correctly_rounded(x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *,
                      stride: int | Pair = 1, padding: Any = 0, dilation: int | Pair = 1,
                      groups: int = 1) -> Array:
    """Convolve exactly, then round once: the best answer that the dtype can hold.

    Parameters
    ----------
    x, w, bias, stride, padding, dilation, groups
        As for `exact_conv2d`.

    Returns
    -------
    array (N, C_out, oH, oW) or (oH, oW)
        Of the dtype to which NumPy promotes those of `x` and `w`.

    Raises
    ------
    ValueError
        As for `exact_conv2d`; also dtype object, which has no format to round to.

    Examples
    --------
    >>> correctly_rounded(np.array([[1e300, 1, 1e300]]), np.array([[1, 1, -1]]))
    array([[1.]])
    """
    dtype = result_dtype(np.asarray(x), np.asarray(w))
    exact = exact_conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    rounded = each(lambda number: round_to(number, dtype), exact)
    return rounded.astype(dtype)


def each(function: Callable[[Any], Any], array: Array) -> Array:
    """Apply a function to each number of an array.

    Parameters
    ----------
    function : callable
        From one number to one number.
    array : array of any shape
        The arguments.

    Returns
    -------
    array of dtype object, the same shape
        The results.

    Examples
    --------
    >>> each(abs, np.array([-1, 2], dtype=object))
    array([1, 2], dtype=object)
    """
    results = np.empty(array.shape, dtype=object)
    for index, number in enumerate(array.flat):
        results.flat[index] = function(number)
    return results
