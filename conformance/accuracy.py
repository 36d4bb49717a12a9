"""How large the rounding errors of an implementation are: over regimes of data and numbers of terms."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, Array
from convspec.conformance.battery import Battery, admits
from convspec.conformance.calls import Outcome
from convspec.conformance.case import Case
from convspec.conformance.child import Child
from convspec.conformance.contract import Contract
from convspec.conformance.engine import Verifier
from convspec.conformance.exact_answers import Errors, ExactAnswers
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirements import requirements

FLOATS = (*REAL_FLOATS, *COMPLEX_FLOATS)
# Recipe of the numbers to what a reader is told of it.
REGIMES = {
    "uniform": "numbers between −1 and 1, of both signs",
    "positive": "numbers between ½ and 1: nothing cancels, so the sum grows with every term",
    "constant": "all inputs equal and all weights equal: the same rounding, again and again, in one direction",
    "cancel": "numbers close to +1 and −1: large terms cancel, and little is left",
    "log": "numbers over many powers of two, of both signs",
    "tiny": "products around the smallest number of full precision",
    "huge": "sums close to the largest number",
}
# Height and width of the kernel, and channels; a plane has its kernel alone.
LAYERS = {1: (1, 1), 4: (2, 1), 9: (3, 1), 36: (3, 4), 144: (3, 16), 576: (3, 64), 2304: (3, 256), 9216: (3, 1024)}
PLANES = {1: 1, 4: 2, 9: 3, 36: 6, 144: 12, 576: 24, 2304: 48, 9216: 96}
OUTPUTS = 64
# A call for each pair of channels, as some make, takes long where there are many.
FILTERS, FEWER_FILTERS, MANY_CHANNELS = 4, 2, 256
# From this many powers of two below the bound, or below an ulp, errors are counted together.
LEAST_POWER = -24
# Under which a case can be repeated on the command line: the first that speaks of it.
REPEATED_AS = ("NUM-01", "DTY-05")


@dataclass
class Measured:
    """The errors of one implementation in one dtype and regime, with one number of terms."""

    dtype: str
    regime: str
    terms: int
    case: Case
    outputs: int = 0
    correct: int = 0
    not_finite: int = 0
    worst_bound: float = 0.0
    worst_ulp: float = 0.0
    worst_gauge: float = 0.0
    typical_gauge: float = 0.0
    reason: str = ""
    ended: str = ""


@dataclass
class Spread:
    """How often each size of error came, in one dtype and regime, by power of two.

    The power k counts the errors in (2**(k - 1), 2**k], "exact" those that are zero, "inf" what is not finite.
    """

    dtype: str
    regime: str
    bounds: Counter[str] = field(default_factory=Counter)
    ulps: Counter[str] = field(default_factory=Counter)

    def add(self, errors: Errors) -> None:
        """Count the errors of one case."""
        self.bounds.update(powers(errors.bounds))
        self.ulps.update(powers(errors.ulps))


class Subject:
    """An implementation in its child process, and what it claims.

    Parameters
    ----------
    target : str
        What names it on the command line.
    child : Child
        Where it runs.
    """

    def __init__(self, target: str, child: Child) -> None:
        self.target, self.child = target, child
        # Only for what it finds out about the claims of a plain function.
        verifier = Verifier(target, child, Battery(0, "quick"), Oracle())
        self.capabilities = verifier.capabilities
        self.numerics = child.description.numerics
        self.is_plane = self.capabilities.profile == "plane"

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The floating-point types that it claims, narrow ones first."""
        return tuple(name for name in FLOATS if name in self.capabilities.dtypes)

    def contract(self, dtype: str) -> Contract:
        """What its errors are held against."""
        return Contract(self.numerics, dtype)

    def answers(self, cases: list[Case]) -> Iterator[Outcome]:
        """Make one call for each case."""
        for outcomes in self.child.run([(repeated_as(case), case) for case in cases]):
            yield outcomes[0]

    def values(self, cases: list[Case]) -> Iterator[Array | None]:
        """What each case gives, where it gives an array of the right shape; None elsewhere."""
        for case, outcome in zip(cases, self.answers(cases), strict=True):
            yield outcome.value if _fits(outcome, _shape(case)) else None


def repeated_as(case: Case) -> str:
    """The requirement under which a case can be repeated."""
    return next(id for id in REPEATED_AS if admits(requirements()[id], case))


def shaped(terms: int, is_plane: bool, **rest: Any) -> Case:
    """A case with so many terms and `OUTPUTS` outputs."""
    if is_plane:
        kernel = PLANES[terms]
        side = kernel + math.isqrt(OUTPUTS) - 1
        return Case((side, side), (kernel, kernel), **rest)
    kernel, channels = LAYERS[terms]
    filters = FEWER_FILTERS if channels >= MANY_CHANNELS else FILTERS
    rows, columns = 4, OUTPUTS // (4 * filters)
    return Case((1, channels, kernel + rows - 1, kernel + columns - 1), (filters, channels, kernel, kernel), **rest)


def cases(dtype: str, is_plane: bool, seed: int) -> list[tuple[str, int, Case]]:
    """The cases of one dtype: regime, number of terms, case."""
    return [
        (regime, terms, shaped(terms, is_plane, dtype=dtype, data=regime, seed=seed * 1000 + place))
        for regime in REGIMES
        # Near the largest number, one part of a complex product may spoil the other.
        if not (regime == "huge" and dtype in COMPLEX_FLOATS)
        for place, terms in enumerate(LAYERS)
    ]


class Remembered:
    """Exact answers by case, worked out once for all implementations."""

    def __init__(self) -> None:
        self._found: dict[str, ExactAnswers] = {}

    def of(self, case: Case) -> ExactAnswers:
        """The exact answers of a case."""
        return self._found.setdefault(case.id, ExactAnswers(case))

    def forget(self) -> None:
        """Let the answers go: those of one dtype are many."""
        self._found.clear()


def measure(subject: Subject, dtype: str, seed: int, exact: Remembered) -> tuple[list[Measured], list[Spread]]:
    """Measure the errors of one implementation in one dtype, over all regimes and numbers of terms."""
    wanted = cases(dtype, subject.is_plane, seed)
    found: list[Measured] = []
    spreads = {regime: Spread(dtype, regime) for regime, _, _ in wanted}
    notes = subject.child.annotate([case for _, _, case in wanted])
    claimed = [part for part, (excluded, _) in zip(wanted, notes, strict=True) if excluded is None]
    outcomes = subject.answers([case for _, _, case in claimed])
    for (regime, terms, case), outcome in zip(claimed, outcomes, strict=True):
        line = Measured(dtype, regime, terms, case)
        found.append(line)
        answers = exact.of(case)
        if outcome.value is None or not _fits(outcome, answers.shape):
            line.reason = outcome.text or f"{outcome.kind} another shape or dtype"
            line.ended = outcome.kind if outcome.died else ""
            continue
        errors = answers.errors_of(outcome.value, subject.contract(dtype))
        spreads[regime].add(errors)
        _sum_up(line, errors)
    return found, [spread for spread in spreads.values() if spread.bounds]


def _fits(outcome: Outcome, shape: tuple[int, ...]) -> bool:
    value = outcome.value
    return value is not None and value.shape == shape and (value.dtype.kind in "fc" or value.dtype.name == "bfloat16")


def _shape(case: Case) -> tuple[int, ...]:
    area = case.geometry.output
    return area if case.is_plane else (case.batch, case.outputs, *area)


def _sum_up(line: Measured, errors: Errors) -> None:
    finite = np.isfinite(errors.bounds)
    line.outputs = len(errors.bounds)
    line.correct = int(errors.correct.sum())
    line.not_finite = int((~finite).sum())
    line.worst_bound = float(errors.bounds.max(initial=0))
    line.worst_ulp = float(errors.ulps.max(initial=0))
    line.worst_gauge = float(errors.gauges.max(initial=0))
    line.typical_gauge = math.sqrt(float(np.mean(errors.gauges[finite] ** 2))) if finite.any() else math.inf


def powers(errors: Array) -> Counter[str]:
    """Count errors by power of two.

    Examples
    --------
    >>> sorted(powers(np.array([0.0, 0.3, 0.5, 0.6, math.inf])).items())
    [('-1', 2), ('0', 1), ('exact', 1), ('inf', 1)]
    """
    counts: Counter[str] = Counter()
    for error in errors:
        if error == 0:
            counts["exact"] += 1
        elif not math.isfinite(error):
            counts["inf"] += 1
        else:
            significand, exponent = math.frexp(error)
            counts[str(max(LEAST_POWER, exponent - (significand == 0.5)))] += 1
    return counts
