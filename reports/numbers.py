"""Numbers as a page shows them: short enough to read, exact in the tooltip."""

import cmath
import math
from collections.abc import Sequence
from typing import Final

from convspec.reports.results import Array, Number

WIDTH: Final = 7


def short(value: Number) -> str:
    """Write a number in about seven characters; ``exact`` says what the rounding left out.

    Examples
    --------
    >>> short(30.0), short(-0.1), short(1 / 3), short(float("nan")), short(123456789)
    ('30', '−0.1', '0.3333', 'nan', '1.23e8')
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, complex):
        sign = "−" if math.copysign(1.0, value.imag) < 0 else "+"
        return f"{short(value.real)}{sign}{short(abs(value.imag))}i"
    if isinstance(value, int):
        text = str(value) if abs(value) < 10**WIDTH else _scientific(value)
    elif not math.isfinite(value):
        text = str(value)
    elif value == 0:
        text = "-0" if math.copysign(1.0, value) < 0 else "0"
    elif value == int(value) and abs(value) < 10**WIDTH:
        text = str(int(value))
    else:
        text = repr(value)
        if len(text) > WIDTH or "e" in text:
            text = f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else _scientific(value)
    return text.replace("-", "−")


def _scientific(value: float | int) -> str:
    try:
        mantissa, exponent = f"{value:.2e}".split("e")
    except OverflowError:
        return (
            f"{'-' if value < 0 else ''}2^{abs(value).bit_length() - 1}…"
            if isinstance(value, int)
            else str(value)
        )
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def apart(value: Number, other: Number) -> str:
    """Write a number with as many digits as it takes to tell it from another one.

    Examples
    --------
    >>> apart(0.1, 0.1 + 1e-9), apart(2.0, 3.0), apart(1.0, 1.0)
    ('0.1', '2', '1')
    >>> apart(0.1 + 1e-9, 0.1)
    '0.100000001'
    """
    text = short(value)
    if text != short(other) or same(value, other) or isinstance(value, complex) or isinstance(other, complex):
        return text
    for digits in range(5, 18):
        longer, against = f"{float(value):.{digits}g}", f"{float(other):.{digits}g}"
        if longer != against:
            return longer.replace("-", "−")
    return repr(value).replace("-", "−")


def exact(value: Number) -> str:
    """Write a number so that nothing is lost: in full, and floats in hexadecimal too."""
    if isinstance(value, float) and math.isfinite(value) and value != int(value):
        return f"{value!r} = {value.hex()}"
    return repr(value)


def ratio(value: float) -> str:
    """Write a share of a bound with three digits.

    Examples
    --------
    >>> ratio(0.41666), ratio(3.0)
    ('0.417', '3')
    """
    return f"{value:.3g}"


def same(one: Number, other: Number) -> bool:
    """Tell whether two numbers are equal, any NaN being equal to any other."""
    if cmath.isnan(one) or cmath.isnan(other):
        return cmath.isnan(one) and cmath.isnan(other)
    return one == other


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Give the steps of a C-ordered flat list, in elements, for each axis."""
    steps = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        steps[axis] = steps[axis + 1] * shape[axis + 1]
    return tuple(steps)


def plane(array: Array, *front: int) -> list[list[Number]] | None:
    """Take the last two axes of an array at the given leading indices.

    Returns
    -------
    list of rows, or None where the array has no such plane or was not written out.
    """
    lead = array.shape[:-2]
    if array.data is None or len(array.shape) < 2 or len(front) != len(lead):
        return None
    if any(not 0 <= index < length for index, length in zip(front, lead, strict=True)):
        return None
    rows, columns = array.shape[-2:]
    start = sum(i * step for i, step in zip(front, strides_of(array.shape), strict=False))
    return [list(array.data[start + r * columns : start + (r + 1) * columns]) for r in range(rows)]


def literal(array: Array, name: str) -> str:
    """Write an array as one line of NumPy.

    Examples
    --------
    >>> literal(Array((2,), "float64", (1.0, float("nan")), ""), "bias")
    "bias = np.array([1.0, np.nan], dtype='float64')"
    """
    numbers = ", ".join(_python(value) for value in array.data or ())
    kind = array.dtype if array.dtype == "bfloat16" else repr(array.dtype)
    reshaped = f".reshape({', '.join(map(str, array.shape))})" if len(array.shape) != 1 else ""
    return f"{name} = np.array([{numbers}], dtype={kind}){reshaped}"


def _python(value: Number) -> str:
    if isinstance(value, complex):
        return f"complex({_python(value.real)}, {_python(value.imag)})"
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else ("np.inf" if value > 0 else "-np.inf")
    return repr(value)
