"""The expected answer.

Two steps, of which only the second can accuse:

1. *Screen.* The sums, the gauge and the number of nonzero products of all outputs at once, in a wider type than the
   one under test (integers modulo 2**64, float64 for up to float32, the 80-bit type for float64). Its own rounding is
   bounded and taken off the bound, so that what passes the screen is proved to pass.
2. *Proof.* What does not pass is computed again, one output at a time, by the definition in `convspec.reference` on
   whole numbers: exact, whatever the format.

The screen is itself held against the definition, at a position of every few answers.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np

from convspec.adapters.protocol import Array, Pads, Pair
from convspec.conformance.calls import Call
from convspec.conformance.exact_numbers import ExactArray, ExactElement, exactly, power_of_two
from convspec.reference import output_element, output_size, resolve_padding, zero_pad

LARGEST_PADDED = 1 << 24
Kept = TypeVar("Kept")
EXTENDED = np.finfo(np.longdouble).nmant >= 63
WIDE: dict[str, type[np.floating[Any]]] = {
    "float16": np.float64, "bfloat16": np.float64, "float32": np.float64, "complex64": np.float64,
    "float64": np.longdouble, "complex128": np.longdouble,
}


class SuiteError(Exception):
    """The suite contradicts itself: its fault, never the implementation's."""


@dataclass(frozen=True)
class Unfolding:
    """A geometry, by which pictures become matrices: a column for each window, a row for each filter.

    Parameters
    ----------
    shape : tuple of int
        The output's, (N, C_out, oH, oW).
    kernel : tuple of int
        The weight's, (C_out, C_in / groups, kH, kW).
    pads, stride, dilation, groups
        Of the call.
    """

    shape: tuple[int, int, int, int]
    kernel: tuple[int, ...]
    pads: Pads
    stride: Pair
    dilation: Pair
    groups: int

    def windows(self, x: Array) -> Array:
        """(N, groups, K, oH * oW): a column for each output position."""
        padded = self._padded(x)
        n, _, height, width = self.shape
        per_group, kernel_height, kernel_width = self.kernel[1:]
        by_n, by_c, by_row, by_column = padded.strides
        # A step along an axis of length 1 is never taken, and may be too large for a memory address.
        lengths = (kernel_height, kernel_width, height, width)
        steps = [
            step if length > 1 else 0 for step, length in zip((*self.dilation, *self.stride), lengths, strict=True)
        ]
        view = np.lib.stride_tricks.as_strided(
            padded,
            (n, self.groups, per_group, kernel_height, kernel_width, height, width),
            (
                by_n, by_c * per_group, by_c,
                *(step * by for step, by in zip(steps, (by_row, by_column) * 2, strict=True)),
            ),
        )
        return view.reshape(n, self.groups, per_group * kernel_height * kernel_width, height * width)

    def _padded(self, x: Array) -> Array:
        """x between its zeros, C-contiguous."""
        (top, bottom), (left, right) = self.pads
        n, channels, height, width = x.shape
        padded = np.zeros((n, channels, top + height + bottom, left + width + right), x.dtype)
        padded[:, :, top : top + height, left : left + width] = x
        return padded

    def filters(self, w: Array) -> Array:
        """(groups, C_out / groups, K): a row for each output channel."""
        return w.reshape(self.groups, w.shape[0] // self.groups, math.prod(w.shape[1:]))

    def products(self, x: Array, w: Array, multiply: Callable[[Array, Array], Array]) -> Array:
        """Each row with each column, (N, C_out, oH, oW)."""
        return multiply(self.filters(w), self.windows(x)).reshape(self.shape)


class Sums:
    """For each output, in the wide type, worked out as far as it is asked for.

    Parameters
    ----------
    unfolding : Unfolding
    pairs : list of (x, w)
        What is multiplied and added up, in the wide type: one pair, or two for a part of complex numbers.
    bias : array or None
    finite : bool
        Whether all numbers are; BLAS may skip a product of zero with one that is not.
    shape : tuple of int
        Of the results.
    """

    def __init__(
        self, unfolding: Unfolding, pairs: list[tuple[Array, Array]], bias: Array | None, finite: bool,
        shape: tuple[int, ...],
    ) -> None:
        self._unfolding, self._pairs, self._shape = unfolding, pairs, shape
        self._bias = None if bias is None else bias[None, :, None, None]
        self._multiply = _matmul if finite else _einsum

    @cached_property
    def products(self) -> Array:
        """The sum without bias."""
        return self._summed(self._pairs, self._multiply)

    @cached_property
    def value(self) -> Array:
        """The sum."""
        return self._with(self._bias, self.products)

    @cached_property
    def gauge(self) -> Array:
        """The sum of the sizes of all that is added."""
        sizes = [(np.abs(x), np.abs(w)) for x, w in self._pairs]
        return self._with(None if self._bias is None else np.abs(self._bias), self._summed(sizes, self._multiply))

    @cached_property
    def terms(self) -> Array:
        """How many products, and bias, are not zero."""
        nonzero = [((x != 0).astype(np.float64), (w != 0).astype(np.float64)) for x, w in self._pairs]
        return self._with(None if self._bias is None else self._bias != 0, self._summed(nonzero, _matmul))

    def _summed(self, pairs: list[tuple[Array, Array]], multiply: Callable[[Array, Array], Array]) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(sum(self._unfolding.products(x, w, multiply) for x, w in pairs)).reshape(self._shape)

    def _with(self, column: Array | None, sums: Array) -> Array:
        if column is None:
            return sums
        with np.errstate(all="ignore"):
            return np.asarray((sums.reshape(self._unfolding.shape) + column).reshape(self._shape))


class Expected:
    """The right answer to one call, worked out as far as it is asked for.

    Parameters
    ----------
    call : Call
        With valid arguments.

    Raises
    ------
    ValueError
        The arrays have not the ranks of a convolution, or the kernel fits nowhere.
    """

    def __init__(self, call: Call) -> None:
        self.is_plane = call.x.ndim == 2
        x, w = (call.x[None, None], call.w[None, None]) if self.is_plane else (call.x, call.w)
        if x.ndim != 4 or w.ndim != 4:
            raise ValueError(f"x and w must have rank 4, or both rank 2, got {call.x.shape} and {call.w.shape}")
        self.stride: Pair = call.stride
        self.dilation: Pair = call.dilation
        self.groups: int = call.groups
        kernel, size = (w.shape[2], w.shape[3]), (x.shape[2], x.shape[3])
        self.pads, (height, width) = _pads_and_output(
            call.padding, size=size, kernel=kernel, stride=self.stride, dilation=self.dilation
        )
        full_shape = (x.shape[0], w.shape[0], height, width)
        self.shape: tuple[int, ...] = full_shape[2:] if self.is_plane else full_shape
        self._unfolding = Unfolding(full_shape, w.shape, self.pads, self.stride, self.dilation, self.groups)
        self.x, self.w, self.bias = x, w, call.bias
        self.dtype = np.result_type(x, w)
        self._kept: dict[Hashable, Any] = {}

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What follows from this answer alone, made once and kept with it for all who ask."""
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the dtype is an integer one."""
        return self.dtype.kind in "iu"

    @property
    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.kind == "c"

    @cached_property
    def finite_operands(self) -> bool:
        """Whether no number in x, w or bias is NaN or infinite."""
        if self.is_whole:
            return True
        return all(bool(np.isfinite(part).all()) for part in (self.x, self.w, self.bias) if part is not None)

    @property
    def is_computable(self) -> bool:
        """Whether the padded input fits into memory; absurd parameters may ask for more than there is."""
        lengths = (length + sum(pads) for length, pads in zip(self.x.shape[2:], self.pads, strict=True))
        return bool(math.prod((*self.x.shape[:2], *lengths)) <= LARGEST_PADDED)

    @cached_property
    def whole_value(self) -> Array:
        """The answer of an integer dtype, exact modulo 2**64, before it is cut to the dtype."""
        sums = self._unfolding.products(_as_uint64(self.x), _as_uint64(self.w), _matmul)
        if self.bias is not None:
            sums = sums + _as_uint64(self.bias)[None, :, None, None]
        return np.asarray(sums.reshape(self.shape))

    @cached_property
    def whole_gauge(self) -> Array:
        """|x| with |w| plus |b| for an integer dtype, in float64; below the true value by its rounding at most."""
        x, w = (np.abs(part.astype(np.float64)) for part in (self.x, self.w))
        gauge = self._unfolding.products(x, w, _matmul)
        if self.bias is not None:
            gauge = gauge + np.abs(self.bias.astype(np.float64))[None, :, None, None]
        return np.asarray(gauge.reshape(self.shape) * (1 + 2.0**-30))

    @cached_property
    def sums(self) -> tuple[Sums, ...]:
        """The sums of a floating dtype: one `Sums`, or two (real and imaginary part) for a complex one."""
        wide = WIDE.get(self.dtype.name, np.longdouble)
        if not self.is_complex:
            return (self._sums([(self.x.astype(wide), self.w.astype(wide))], self._wide_bias(wide, "real")),)
        xr, xi = (np.ascontiguousarray(part).astype(wide) for part in (self.x.real, self.x.imag))
        wr, wi = (np.ascontiguousarray(part).astype(wide) for part in (self.w.real, self.w.imag))
        return (
            self._sums([(xr, wr), (xi, -wi)], self._wide_bias(wide, "real")),
            self._sums([(xr, wi), (xi, wr)], self._wide_bias(wide, "imag")),
        )

    @cached_property
    def joint_gauge(self) -> Array:
        """For complex numbers: the gauge of |re| + |im| of both, which bounds what three real products can lose."""
        wide = WIDE[self.dtype.name]
        x, w = (np.abs(part.real).astype(wide) + np.abs(part.imag).astype(wide) for part in (self.x, self.w))
        joint = self._unfolding.products(x, w, _matmul)
        if self.bias is not None:
            joint = joint + (np.abs(self.bias.real) + np.abs(self.bias.imag)).astype(wide)[None, :, None, None]
        return np.asarray(joint.reshape(self.shape))

    def _wide_bias(self, wide: Any, part: str) -> Array | None:
        return None if self.bias is None else getattr(self.bias, part).astype(wide)

    def _sums(self, pairs: list[tuple[Array, Array]], bias: Array | None) -> Sums:
        return Sums(self._unfolding, pairs, bias, self.finite_operands, self.shape)

    def exact(self, position: tuple[int, ...], part: int = 0) -> ExactElement:
        """One output by the definition, on exact numbers.

        Parameters
        ----------
        position : tuple of int
            (n, o, i, j), or (i, j) for a plane.
        part : int
            0 the real part, 1 the imaginary part of a complex result.
        """
        n, o, i, j = (0, 0, *position) if self.is_plane else position

        def element(x: Any, w: Any) -> Any:
            return output_element(
                x, w, None, n, o, i, j, stride=self.stride, dilation=self.dilation, groups=self.groups
            )

        total, gauge, terms = Fraction(0), Fraction(0), 0
        for x, w, sign in self._exact_pairs[part]:
            unit = power_of_two(x.exponent + w.exponent)
            total += sign * element(x, w) * unit
            gauge += element(x.seen_as(abs), w.seen_as(abs)) * unit
            terms += element(x.seen_as(bool), w.seen_as(bool))
        offset = Fraction(0)
        if self.bias is not None:
            number = self.bias[o]
            offset = exactly(number.imag if part else number.real)
        return ExactElement(total + offset, gauge + abs(offset), terms + (offset != 0), total)

    @cached_property
    def _exact_pairs(self) -> tuple[list[tuple[ExactArray, ExactArray, int]], ...]:
        padded = zero_pad(self.x, self.pads)
        if not self.is_complex:
            return ([(ExactArray(padded), ExactArray(self.w), 1)],)
        xr, xi = ExactArray(padded.real), ExactArray(padded.imag)
        wr, wi = ExactArray(self.w.real), ExactArray(self.w.imag)
        return [(xr, wr, 1), (xi, wi, -1)], [(xr, wi, 1), (xi, wr, 1)]

    def verify_screen(self, positions: int = 2) -> None:
        """Hold the screen against the definition at a few positions, spread over the output.

        Raises
        ------
        SuiteError
            They differ by more than the screen's own rounding.
        """
        count = math.prod(self.shape)
        if count == 0 or not self.finite_operands or not self.is_computable:
            return
        for step in range(min(positions, count)):
            position = tuple(int(index) for index in np.unravel_index((step * 7919 + count // 3) % count, self.shape))
            if self.is_whole:
                right = self.exact(position).value % 2**64 == int(self.whole_value[position])
            else:
                right = all(self._screen_holds(position, part) for part in range(len(self.sums)))
            if not right:
                raise SuiteError(f"the screen and the definition differ at {position}")

    def _screen_holds(self, position: tuple[int, ...], part: int) -> bool:
        screen, exact = self.sums[part], self.exact(position, part)
        rounding = Fraction(screen_roundoff(self.dtype)) * (exact.terms + 2) * exact.gauge
        distance = abs(exactly(screen.value[position]) - exact.value)
        return distance <= rounding and int(screen.terms[position]) == exact.terms


@lru_cache(maxsize=4096)
def _pads_and_output(
    padding: Pads | str, *, size: Pair, kernel: Pair, stride: Pair, dilation: Pair
) -> tuple[Pads, Pair]:
    """The pads and the output's size as the specification has them; laws ask for the same ones again and again."""
    pads = resolve_padding(padding, size=size, kernel=kernel, stride=stride, dilation=dilation)
    height, width = (
        output_size(size[axis], kernel[axis], pad=pads[axis], stride=stride[axis], dilation=dilation[axis])
        for axis in (0, 1)
    )
    return pads, (height, width)


@lru_cache(maxsize=64)
def screen_roundoff(dtype: np.dtype[Any]) -> float:
    """Unit roundoff of the wide type in which the screen computes this dtype."""
    return float(np.finfo(WIDE.get(dtype.name, np.longdouble)).eps) / 2


def _as_uint64(array: Array) -> Array:
    if array.dtype.kind == "f":
        array = array.astype(np.int64)
    return array.astype(np.int64 if array.dtype.kind == "i" else np.uint64).view(np.uint64)


def _matmul(filters: Array, windows: Array) -> Array:
    return np.asarray(np.matmul(filters, windows))


def _einsum(filters: Array, windows: Array) -> Array:
    """Products and sums without BLAS, which may skip a product with zero."""
    return np.asarray(np.einsum("gok,ngkp->ngop", filters, windows))
