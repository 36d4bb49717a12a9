"""Is this outcome the right answer? Pure functions of the call, what came of it, and the expected answer."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array, Capabilities, Numerics
from convspec.conformance.calls import Call, Outcome
from convspec.conformance.contract import Contract
from convspec.conformance.exact_numbers import exactly
from convspec.conformance.exactness import common_unit, has_no_subnormals, hides_nothing
from convspec.conformance.expected import Expected, SuiteError, screen_roundoff
from convspec.conformance.formats import FORMATS
from convspec.conformance.result_dtypes import as_numbers, holds, said_of
from convspec.reference import round_to

# Of each answer so many forms are remembered that were right, up to so many numbers.
REMEMBERED, SMALL = 3, 4096


@dataclass(frozen=True)
class Finding:
    """What is wrong, with the evidence.

    Parameters
    ----------
    reason : str
        One plain sentence: got, want.
    call : int
        Which call of the trial shows it.
    at : tuple of int or None
        The output element.
    expected : array or None
        The right answer, correctly rounded.
    error, bound : float or None
        How far the element is off, and how far it may be.
    bound_text : str
        The bound with its numbers put in.
    of_dtype : bool
        Whether it is about the dtype of the result: the numbers are right, or the dtype does not hold them.
    """

    reason: str
    call: int = 0
    at: tuple[int, ...] | None = None
    expected: Array | None = None
    error: float | None = None
    bound: float | None = None
    bound_text: str = ""
    of_dtype: bool = False


@dataclass(frozen=True)
class Limits:
    """For each output: the class term, the bound, what clears it, whether it must be exact, is finite, is in range."""

    class_term: Array
    bound: Array
    room: Array
    must_be_exact: Array
    want_finite: Array
    in_range: Array


@dataclass(frozen=True)
class Judge:
    """An adapter's claims and contract, held against its outcomes."""

    capabilities: Capabilities
    numerics: Numerics
    _contracts: dict[tuple[Any, bool], Contract] = field(default_factory=dict, init=False, repr=False, compare=False)

    def outcome_kind(self, outcome: Outcome, call: int = 0) -> Finding | None:
        """Whether an answer came at all."""
        if outcome.kind == "returned":
            return None
        said = {"raised": "raised ", "not an array": "returned ", "exited": "", "crashed": "", "timed out": "",
                "not waited for": "", "out of memory": ""}[outcome.kind]
        return Finding(f"{said}{outcome.text}, want a result", call)

    def shape(self, expected: Expected, outcome: Outcome, call: int = 0) -> Finding | None:
        """Whether the result has the right shape."""
        failed = self.outcome_kind(outcome, call)
        if failed or outcome.value is None:
            return failed
        if outcome.value.shape == expected.shape:
            return None
        told = f"got shape {outcome.value.shape}, want {expected.shape}"
        return Finding(told, call, expected=_zeros_if_small(expected))

    def dtype(self, expected: Expected, outcome: Outcome, call: int = 0) -> Finding | None:
        """Whether the result has the input's dtype, or a wider one where that is right."""
        may_be_wider = self.capabilities.wider_result or self.capabilities.profile == "plane"
        if outcome.value is None or outcome.value.dtype == expected.dtype:
            return None
        return self.narrower(expected, outcome, call) if may_be_wider else _other_dtype(expected, outcome.value, call)

    def narrower(self, expected: Expected, outcome: Outcome, call: int = 0) -> Finding | None:
        """Whether the result has a dtype that does not hold the numbers of the right one."""
        value = outcome.value
        if value is None or (value.dtype.kind in "iufcV" and holds(value.dtype, expected.dtype)):
            return None
        return _other_dtype(expected, value, call)

    def answer(self, expected: Expected, outcome: Outcome, call: int = 0) -> Finding | None:
        """Whether the result has the right shape and the right numbers, of whatever dtype they are.

        A result that is right in every number and of another dtype has one fault, which the family DTY asks for.
        """
        failed = self.shape(expected, outcome, call)
        if failed or outcome.value is None:
            return failed
        value = as_numbers(expected, outcome.value)
        found = _other_dtype(expected, outcome.value, call) if value is None else self._numbers(expected, value, call)
        if found and outcome.value.dtype.kind in "iufc" and self.narrower(expected, outcome, call):
            # Numbers that the dtype of the result cannot hold are not to be had in it.
            return replace(found, of_dtype=True)
        return found

    def _numbers(self, expected: Expected, value: Array, call: int) -> Finding | None:
        if expected.is_whole and value.dtype.kind in "iu":
            return self._whole(expected, value, call)
        if expected.is_whole:
            return self._whole_in_floats(expected, value, call)
        contract = self.contract(expected)
        if not expected.finite_operands and not (contract.is_direct and self.numerics.nan_local):
            return None
        for part, got in enumerate((value.real, value.imag) if expected.is_complex else (value,)):
            found = self._floats(expected, contract, got, part, call)
            if found:
                return found
        return None

    def contract(self, expected: Expected) -> Contract:
        """The contract for the dtype of this answer."""
        key = (expected.dtype, expected.bias is not None)
        if key not in self._contracts:
            self._contracts[key] = Contract(self.numerics, expected.dtype.name, expected.bias is not None)
        return self._contracts[key]

    def worst_ratio(self, expected: Expected, outcome: Outcome) -> float | None:
        """The largest error in units of its bound, as the screen sees it; None where there is no bound."""
        value = outcome.value
        if value is None or expected.is_whole or value.shape != expected.shape or not expected.finite_operands:
            return None
        if value.size == 0 or value.dtype.kind not in "fcV":
            return None
        contract = self.contract(expected)
        worst = 0.0
        with np.errstate(all="ignore"):
            for part, got in enumerate((value.real, value.imag) if expected.is_complex else (value,)):
                sums = expected.sums[part]
                ratio = np.abs(got.astype(sums.value.dtype) - sums.value) / self._limits(expected, contract, part).bound
                worst = max(worst, float(np.max(ratio, initial=0, where=np.isfinite(ratio))))
        return worst

    def allowance(self, expected: Expected) -> Array:
        """The error that each number of the answer may have; 0 where every partial sum is a number of its dtype."""
        if expected.is_whole:
            return np.zeros(expected.shape)
        limits = self._limits(expected, self.contract(expected), 0)
        return np.where(limits.must_be_exact, 0.0, np.asarray(limits.bound, np.float64))

    def may_be_loose(self, dtype: str) -> bool:
        """Whether bounds as large as the answers may follow for a dtype: never where single precision is kept."""
        if dtype not in FORMATS:
            return False
        made = Contract(self.numerics, dtype)
        return not (made.is_direct and made.uses_all_bits and made.accumulator.precision >= 24)

    def allows_anything(self, expected: Expected) -> bool | None:
        r"""Whether the bounds let zeros pass for the answer, and so twice the answer.

        An answer of 0 and one of 2 y are both off by \|y\|, and one of -y by twice as much. None where nothing follows
        for the contract: all is zero, or so near to underflow that it is true of sums that keep every bit, too.
        """
        if expected.is_whole or not expected.finite_operands:
            return None if expected.is_whole and not expected.whole_value.any() else False
        size = np.abs(expected.sums[0].value)
        if not size.any() or not np.isfinite(size).all():
            return None

        def hides(contract: Contract) -> bool:
            limits = self._limits(expected, contract, 0)
            return bool((size <= np.where(limits.must_be_exact, 0.0, limits.bound)).all())

        strict = Contract(Numerics(flush_to_zero=True), expected.dtype.name, expected.bias is not None)
        return None if hides(strict) else hides(self.contract(expected))

    def _whole(self, expected: Expected, got: Array, call: int) -> Finding | None:
        if not holds(got.dtype, expected.dtype):
            got = got.astype(expected.dtype)
        want = expected.whole_value.astype(got.dtype)
        wrong = got != want
        if not wrong.any():
            return None
        at = _first(wrong)
        exact = expected.exact(at)
        if round_to(exact.value, want.dtype) == got[at]:
            raise SuiteError(f"the screen and the definition differ on whole numbers at {at}")
        return Finding(
            f"got {got[at]} at {at}, want {want[at]} (integers are exact, modulo 2^{8 * got.dtype.itemsize})",
            call, at, want, float(abs(int(got[at]) - int(want[at]))), 0.0, "exact: integers",
        )

    def _whole_in_floats(self, expected: Expected, got: Array, call: int) -> Finding | None:
        """Integers computed in floats: right while the integers themselves would not wrap."""
        contract = Contract(self.numerics, got.dtype.name, expected.bias is not None)
        gauge = expected.whole_gauge
        fits = gauge < 2.0 ** (8 * expected.dtype.itemsize - 1)
        held = gauge < 2.0**contract.form.precision
        wrong = fits & held & (got != expected.whole_value.astype(np.int64))
        if wrong.any():
            at = _first(wrong)
            want = expected.whole_value.astype(np.int64)[at]
            off = _float(abs(exactly(got[at]) - int(want))) if np.isfinite(got[at]) else None
            return Finding(f"got {_text(got[at])} at {at}, want {want}", call, at, rounded_answer(expected), off, 0.0,
                           "exact: whole numbers that the float type holds")
        with np.errstate(over="ignore"):
            # What equals the right answer to the last bit needs no bound.
            places = np.argwhere(fits & ~held & (got != expected.whole_value.astype(got.dtype))).tolist()
        for at in map(tuple, places):
            exact = expected.exact(at)
            bound = contract.allowance(exact)
            error = abs(exactly(got[at]) - exact.value) if np.isfinite(got[at]) else None
            if error is None or error > bound:
                return Finding(f"got {_text(got[at])} at {at}, want {_text(exact.value)}", call, at,
                               rounded_answer(expected), None if error is None else _float(error), _float(bound),
                               contract.in_words(exact))
        return None

    def _floats(self, expected: Expected, contract: Contract, got: Array, part: int, call: int) -> Finding | None:
        # Many implementations agree bit for bit, and what was right once is right again.
        right = expected.kept(("right", contract.identity, part), set[tuple[str, bytes]])
        answer = (got.dtype.str, got.tobytes()) if got.size <= SMALL else None
        if answer in right:
            return None
        found = self._held_against_the_bound(expected, contract, got, part, call)
        if found is None and answer is not None and len(right) < REMEMBERED:
            right.add(answer)
        return found

    def _held_against_the_bound(
        self, expected: Expected, contract: Contract, got: Array, part: int, call: int
    ) -> Finding | None:
        sums = expected.sums[part]
        wide = got.astype(sums.value.dtype)
        if hides_nothing(expected, contract) and bool((wide == sums.value).all()):
            return None
        limits = self._limits(expected, contract, part)
        with np.errstate(all="ignore"):
            error = np.abs(wide - sums.value)
            cleared = error <= limits.room
            if cleared.all():
                return None
            # A sum that is exact in the wide type and equal to the result needs no bound.
            cleared |= ~limits.want_finite & _same_special(got, sums.value)
            cleared |= limits.want_finite & ~limits.in_range
        if cleared.all():
            return None
        order = np.argsort(np.where(cleared, -1.0, np.where(np.isfinite(error), error, np.inf)), axis=None)[::-1]
        for flat in order[: int((~cleared).sum())]:
            at = tuple(int(index) for index in np.unravel_index(int(flat), got.shape))
            found = self._prove(
                expected, contract, got, part, call, at, bool(limits.must_be_exact[at]), limits.class_term
            )
            if found:
                return found
        return None

    def _limits(self, expected: Expected, contract: Contract, part: int) -> Limits:
        """What the errors of one answer, or of one part of a complex one, are held against; made once."""
        return expected.kept((contract.identity, part), lambda: self._new_limits(expected, contract, part))

    def _new_limits(self, expected: Expected, contract: Contract, part: int) -> Limits:
        sums = expected.sums[part]
        with np.errstate(all="ignore"):
            class_term = contract.class_term(expected)
            in_range = sums.gauge < contract.accumulator.overflow_threshold / 2
            if expected.is_complex:
                # One part out of range may spoil the other.
                in_range = expected.joint_gauge < contract.form.overflow_threshold / 4
            elif contract.name == "T3":
                # A wide accumulator holds what the result does not; only what is stored must be in range.
                stored = np.maximum(np.abs(sums.value), np.abs(sums.products))
                in_range &= stored < contract.form.overflow_threshold * (1 - 2.0**-8)
            if not contract.is_direct:
                # Transforms sum over the whole plane before they multiply.
                plane = np.abs(expected.x).sum(dtype=np.float64) * np.abs(expected.w).sum(dtype=np.float64)
                in_range = in_range & bool(plane < contract.form.overflow_threshold / 256)
            bound = contract.allowance(sums, class_term)
            rounding = (sums.terms + 2) * screen_roundoff(expected.dtype) * sums.gauge * 1.01
            must_be_exact = self._must_be_exact(expected, contract, sums)
            room = np.where(must_be_exact, 0.0, bound * (1 - 2.0**-20) - rounding)
            # An infinite error is never inside an infinite bound.
            room = np.minimum(room, np.finfo(room.dtype).max)
        return Limits(class_term, bound, room, must_be_exact, np.isfinite(sums.value), in_range)

    def _prove(
        self, expected: Expected, contract: Contract, got: Array, part: int, call: int, at: tuple[int, ...],
        must_be_exact: bool, extra: Array,
    ) -> Finding | None:
        """Judge one element by the definition."""
        value = got[at]
        want = expected.sums[part].value[at]
        name = ("real part of " if part == 0 else "imaginary part of ") if expected.is_complex else ""
        if not np.isfinite(want):
            return Finding(f"got {name}{_text(value)} at {at}, want {_text(want)}", call, at,
                           rounded_answer(expected), None, None, "NaN and infinities arise as IEEE 754 says")
        exact = expected.exact(at, part)
        share = np.broadcast_to(extra, got.shape)[at]
        bound = contract.allowance(exact, Fraction(float(share)) * Fraction(1 + 2.0**-20))
        if must_be_exact:
            bound = Fraction(0)
        error = abs(exactly(value) - exact.value) if np.isfinite(value) else None
        if error is not None and error <= bound:
            return None
        right = rounded_answer(expected)
        why = "exact: the sum is a number of this type in any order" if must_be_exact else contract.in_words(exact)
        shown = f"{name}{_text(value)}"
        if error is None:
            return Finding(f"got {shown} at {at}, want {_text(float(exact.value))}", call, at, right, None,
                           _float(bound), why)
        times = "" if bound == 0 else f", {_float(error / bound):.3g} times the bound"
        return Finding(f"got {shown} at {at}, want {_text(float(exact.value))}; off by {_float(error):.3g}{times}",
                       call, at, right, _float(error), _float(bound), why)

    def _must_be_exact(self, expected: Expected, contract: Contract, sums: Any) -> Array:
        """Where every partial sum in any order is a number of the format: T0, and T1 for a single product."""
        if not contract.is_direct or not contract.uses_all_bits or not expected.finite_operands:
            return np.zeros(sums.value.shape, bool)
        form = contract.form
        unit = common_unit(expected)
        gauge = expected.joint_gauge + sums.gauge if expected.is_complex and contract.joins_parts else sums.gauge
        small = gauge < math.ldexp(1.0, form.precision) * unit if unit >= form.smallest_subnormal else False
        if contract.flushes:
            # Neither a product nor what it is made of may count as zero.
            small = small & (unit >= form.smallest_normal) & has_no_subnormals(expected, form.smallest_normal)
        single = np.zeros(sums.value.shape, bool)
        if not expected.is_complex and not contract.flushes:
            representable = sums.value.astype(expected.dtype).astype(sums.value.dtype) == sums.value
            single = (sums.terms <= 1) & representable
        return np.asarray(np.broadcast_to(small, single.shape) | single)


def rounded_answer(expected: Expected) -> Array | None:
    """The right answer as an array of the result's dtype, correctly rounded; None if it is too large to show."""
    if math.prod(expected.shape) > 4096:
        return None
    if expected.is_whole:
        return expected.whole_value.astype(expected.dtype)
    with np.errstate(all="ignore"):
        if expected.is_complex:
            joined = np.empty(expected.shape, expected.dtype)
            joined.real, joined.imag = expected.sums[0].value, expected.sums[1].value
            return joined
        return expected.sums[0].value.astype(expected.dtype)


def _zeros_if_small(expected: Expected) -> Array | None:
    try:
        return rounded_answer(expected)
    except (ValueError, MemoryError):
        return None


def _same_special(got: Array, want: Array) -> Array:
    got_wide = got.astype(want.dtype)
    return np.asarray((np.isnan(want) & np.isnan(got_wide)) | (np.isinf(want) & (got_wide == want)))


def _other_dtype(expected: Expected, value: Array, call: int) -> Finding:
    return Finding(said_of(value, expected), call, expected=_zeros_if_small(expected), of_dtype=True)


def _first(wrong: Array) -> tuple[int, ...]:
    return tuple(int(index) for index in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def _text(value: Any) -> str:
    return f"{float(value):.9g}"


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def same_bits(first: Call | Array | None, second: Array | None) -> bool:
    """Whether two results are equal bit for bit, NaN payloads and the sign of zero apart."""
    if not isinstance(first, np.ndarray) or second is None:
        return False
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    return bool(np.array_equal(first, second, equal_nan=first.dtype.kind not in "iub"))
