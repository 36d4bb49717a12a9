"""From a recipe to numbers: the same ones on every machine.

A case names a kind of numbers and a seed, or holds the numbers themselves; `arrays` builds x, w and bias from it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.case import Case
from convspec.conformance.formats import FORMATS, FloatFormat, numpy_dtype
from convspec.conformance.layouts import spread
from convspec.conformance.number_kinds import (
    FINITE_RECIPES,
    FLOAT_RECIPES,
    WHOLE_RECIPES,
    Bits,
    Setting,
    fixed_point,
    whole_numbers,
)

__all__ = [
    "FINITE_RECIPES", "FLOAT_RECIPES", "FORMATS", "WHOLE_RECIPES", "FloatFormat", "Operands", "arrays", "numpy_dtype",
]


@dataclass(frozen=True)
class Operands:
    """The arrays of a case, C-contiguous: x, w and bias (or None)."""

    x: Array
    w: Array
    bias: Array | None


def arrays(case: Case) -> Operands:
    """Build x, w and bias of a case, C-contiguous.

    Raises
    ------
    ValueError
        The recipe or the dtype is unknown; the message names it.
    """
    dtype_x, dtype_w = numpy_dtype(case.dtype), numpy_dtype(case.w_dtype or case.dtype)
    if case.literal is not None:
        dtypes = (dtype_x, dtype_w, dtype_w)
        parts = [_cast_literal(part, dtype) for part, dtype in zip(case.literal, dtypes, strict=True)]
    else:
        parts = list(_numbers(case, case.counts, dtype_x, dtype_w))
    x = spread(parts[0].reshape(case.x_shape), case.layout_x)
    w = spread(parts[1].reshape(case.w_shape), case.layout_w)
    return Operands(x, w, parts[2].reshape(case.bias_shape) if case.bias_shape is not None else None)


def _cast_literal(part: tuple[Any, ...], dtype: np.dtype[Any]) -> Array:
    if dtype.kind in "iu":
        return np.array([int(number) for number in part], dtype)
    return np.array(part, np.complex128 if dtype.kind == "c" else np.float64).astype(dtype)


def _numbers(
    case: Case, counts: tuple[int, int, int], dtype_x: np.dtype[Any], dtype_w: np.dtype[Any]
) -> tuple[Array, ...]:
    bits = Bits(case.seed)
    terms = math.prod(case.w_shape[1:]) + 1 if len(case.w_shape) > 2 else math.prod(case.w_shape) + 1
    outputs = case.w_shape[0] if len(case.w_shape) > 2 else 1
    if dtype_x.kind in "iu" or dtype_w.kind in "iu":
        return tuple(
            whole_numbers(case.data, bits, count, dtype, terms) if dtype.kind in "iu"
            else fixed_point(bits.words(count), dtype)
            for count, dtype in zip(counts, (dtype_x, dtype_w, dtype_w), strict=True)
        )
    form = FORMATS[case.dtype]
    if case.w_dtype is not None and FORMATS[case.w_dtype].precision < form.precision:
        form = FORMATS[case.w_dtype]
    if case.data not in FLOAT_RECIPES:
        raise ValueError(
            f"data recipe {case.data!r} is unknown for {case.dtype}; known are {', '.join(FLOAT_RECIPES)}"
        )
    width = case.x_shape[-1] if case.x_shape else 0
    kernel = case.kernel if len(case.w_shape) > 1 else (0, 0)
    setting = Setting(form, terms, counts, outputs, width, kernel, bits)
    make = FLOAT_RECIPES[case.data]
    real = make(setting)
    if dtype_x.kind == "c" or dtype_w.kind == "c":
        imaginary = make(setting)
        return tuple(
            _complex(re, im, dtype)
            for re, im, dtype in zip(real, imaginary, (dtype_x, dtype_w, dtype_w), strict=True)
        )
    return tuple(part.astype(dtype) for part, dtype in zip(real, (dtype_x, dtype_w, dtype_w), strict=True))


def _complex(real: Array, imaginary: Array, dtype: np.dtype[Any]) -> Array:
    """Join the parts without arithmetic, which would turn Inf into NaN."""
    if dtype.kind != "c":
        return real.astype(dtype)
    joined = np.empty(len(real), dtype)
    joined.real, joined.imag = real, imaginary
    return joined
