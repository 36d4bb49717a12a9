"""The error that an adapter's numerics contract allows, output by output.

T2 is a theorem for sums of products in any order, with fused multiply-adds or without (Jeannerod and Rump 2013, in the
form n u without a denominator); one u more leaves room for compensated summation (Higham, section 4.3). T3 follows from
it by one more rounding. The constants of T4 (Fourier) and T5 (Winograd) are measured budgets, not theorems; the report
says which is which.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array, Numerics
from convspec.conformance.exact_numbers import ExactElement
from convspec.conformance.expected import Expected, Sums
from convspec.conformance.formats import FORMATS, FloatFormat

# Computed worst cases of |A||G||B| for F(2, 3), F(4, 3), F(6, 3) with the usual interpolation points.
WINOGRAD_GROWTH = {2: 16, 4: 860, 6: 1565}


@dataclass(frozen=True)
class Contract:
    """A numerics contract applied to one dtype.

    Parameters
    ----------
    numerics : Numerics
        What the adapter declares.
    dtype : str
        The dtype of the input; a complex one is judged by its parts.
    separate_bias : bool
        Whether there is a bias, which may be added in a rounding step of its own.
    """

    numerics: Numerics
    dtype: str
    separate_bias: bool = False

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """Equal for contracts that allow the same in this dtype, whoever declares them."""
        numerics = self.numerics
        return (
            numerics.algorithm, numerics.tile, numerics.accumulator.get(self.dtype), numerics.input_precision,
            self.flushes, numerics.complex_products, self.separate_bias,
        )

    @cached_property
    def form(self) -> FloatFormat:
        """The format of the input, or of its parts."""
        return FORMATS[self.dtype]

    @cached_property
    def accumulator(self) -> FloatFormat:
        """The format in which the products are summed."""
        return FORMATS[self.numerics.accumulator.get(self.dtype, self.dtype)]

    @property
    def is_direct(self) -> bool:
        """Whether sums of products are claimed, exact on whole numbers and local with NaN."""
        return self.numerics.algorithm == "direct"

    @property
    def uses_all_bits(self) -> bool:
        """Whether the inputs are multiplied as they are."""
        return self.numerics.input_precision is None or self.numerics.input_precision >= self.form.precision

    @property
    def joins_parts(self) -> bool:
        """Whether complex products are made of three real ones."""
        return self.numerics.complex_products == 3

    @property
    def flushes(self) -> bool:
        """Whether subnormal numbers may count as zero in this dtype."""
        declared = self.numerics.flush_to_zero
        return declared if isinstance(declared, bool) else self.dtype in declared

    @property
    def name(self) -> str:
        """The bound's name on the numeric criterion: T2 to T5."""
        if self.numerics.algorithm == "fft":
            return "T4"
        if self.numerics.algorithm == "winograd":
            return "T5"
        return "T2" if self.accumulator.precision <= self.form.precision else "T3"

    @property
    def is_proved(self) -> bool:
        """Whether the bound is a theorem; a measured budget otherwise."""
        return self.is_direct

    def allowance(self, sums: Sums | ExactElement, extra: Any = 0) -> Any:
        """The allowed error of each output, as floats or, for an exact element, as a fraction.

        Parameters
        ----------
        sums : Sums or ExactElement
            Sum, gauge, number of nonzero products, sum without bias.
        extra : array or Fraction
            The term of the Fourier or Winograd class, from `class_term`.
        """
        exact = isinstance(sums, ExactElement)

        def number(value: float) -> Any:
            return Fraction(value) if exact else value

        u, accumulated = number(self.form.unit_roundoff), number(self.accumulator.unit_roundoff)
        gauge, terms = sums.gauge, sums.terms
        if self.accumulator.precision > self.form.precision:
            bound = u * abs(sums.value) * number(1 + 2.0**-10) + (terms + 1) * accumulated * gauge * number(1.01)
            if self.separate_bias:
                bound = bound + u * abs(sums.products) * number(1 + 2.0**-10)
        else:
            # One u more than n_eff where anything is summed: compensated summation errs by 2 u B beside the products'
            # u B. A single product that goes through the 80-bit type is rounded twice, by u (1 + 2**-11) at most.
            more = (terms > 1) * number(1 + 2.0**-8) + (terms == 1) * number(2.0**-10)
            bound = (terms + more) * accumulated * gauge
        if not self.uses_all_bits:
            cut = number(math.ldexp(1.0, 1 - (self.numerics.input_precision or 0)))
            bound = bound + (2 * cut + cut * cut) * gauge
        return bound + (terms + 1) * number(self.form.smallest_subnormal) + extra

    def class_term(self, expected: Expected) -> Array:
        """What the class adds for each (n, o): zeros for the direct class.

        The shape is (N, C_out, 1, 1), or (1, 1) for planes.
        """
        if self.is_direct and self.uses_all_bits and not (self.flushes or self.joins_parts):
            return np.zeros((1, 1) if expected.is_plane else (1, 1, 1, 1))
        x, w, groups = np.abs(expected.x), np.abs(expected.w), expected.groups
        n, _, height, width = x.shape
        per_group = w.shape[1]
        shape = (n, groups, per_group)
        if self.flushes or not self.uses_all_bits:
            # A subnormal number cut to fewer bits is off by as much as if it were flushed. What is not finite makes its
            # outputs NaN or infinite, which no bound is asked of.
            reach = sum(float(np.sum(part, dtype=np.float64, where=np.isfinite(part))) for part in (x, w))
            flushed = self.form.smallest_normal * (2 * expected.w[0].size + 2 + reach) if w.size else 0.0
        else:
            flushed = 0.0
        if self.joins_parts and expected.is_complex:
            # a = sum xr wr, b = sum xi wi, c = sum (xr + xi)(wr + wi); the parts are a - b and c - a - b. To first
            # order (n + 2) u G for c, n u G for a and b together, 2 u G for each subtraction, with the joint gauge G.
            count = 2 * (expected.w[0].size + 1)
            return np.asarray((2 * count + 6) * self.form.unit_roundoff * 1.01 * expected.joint_gauge + flushed)
        if self.is_direct:
            term = np.zeros((n, w.shape[0]))
        elif self.numerics.algorithm == "fft":
            x_norm = _norms(x).reshape(shape)
            w_norm = _norms(w).reshape(groups, w.shape[0] // groups, per_group)
            (top, bottom), (left, right) = expected.pads
            kernel = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], expected.dilation, strict=True)]
            points = (height + top + bottom + kernel[0]) * (width + left + right + kernel[1])
            factor = self.form.unit_roundoff * (3 * math.log2(2 * points) + per_group + 2)
            term = factor * np.einsum("ngc,goc->ngo", x_norm, w_norm).reshape(n, w.shape[0])
        else:
            x_top = np.max(x, axis=(2, 3), initial=0).astype(np.float64).reshape(shape)
            w_sum = np.sum(w.astype(np.float64), axis=(2, 3)).reshape(groups, w.shape[0] // groups, per_group)
            growth = WINOGRAD_GROWTH[self.numerics.tile or 2] * (per_group + 2)
            term = self.form.unit_roundoff * growth * np.einsum("ngc,goc->ngo", x_top, w_sum).reshape(n, w.shape[0])
        term = (term + flushed)[:, :, None, None]
        return term[0, 0] if expected.is_plane else term

    def in_words(self, exact: ExactElement) -> str:
        """The bound with its numbers put in, for people."""
        u = f"2^-{self.accumulator.precision}"
        factor = "(n_eff + 1)" if exact.terms > 1 else "n_eff"
        text = f"{self.name}: {factor} u B, with n_eff = {exact.terms}, u = {u}, B = {float(exact.gauge):.6g}"
        if self.name == "T3":
            text = (f"T3: u |y| + (n_eff + 1) u_acc B, with u = 2^-{self.form.precision}, n_eff = {exact.terms}, "
                    f"u_acc = {u}, B = {float(exact.gauge):.6g}")
        return text if self.is_proved else text + f", and the budget of the {self.numerics.algorithm} class"


def _norms(planes: Array) -> Array:
    """The Euclidean norm of each plane, (N, C, H, W) to (N, C), without overflow or underflow on the way."""
    planes = planes.astype(np.float64)
    largest = np.max(planes, axis=(2, 3), initial=np.finfo(np.float64).tiny, keepdims=True)
    return np.asarray(np.sqrt(np.sum((planes / largest) ** 2, axis=(2, 3))) * largest[:, :, 0, 0])
