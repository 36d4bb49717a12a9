"""Looking for the worst case: numbers are changed, bit by bit, wherever the error grows in units of its bound."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from convspec.adapters.protocol import COMPLEX_FLOATS
from convspec.conformance.accuracy import Subject
from convspec.conformance.case import Case, Number
from convspec.conformance.exact_answers import ExactAnswers
from convspec.conformance.formats import FORMATS, FloatFormat
from convspec.conformance.number_kinds import Bits

# Height and width of the kernel: sums of 4 and of 9 terms. A single term reaches its bound without a search.
KERNELS = (2, 3)
EVALUATIONS = 240
GENERATION = 12
# Exponents of the numbers stay here, so that nothing overflows or becomes subnormal.
EXPONENTS = (-6, 3)

Genes = tuple[float, ...]


@dataclass(frozen=True)
class Worst:
    """The worst case that a search found.

    Parameters
    ----------
    dtype, terms, evaluations
        What was searched, and how many cases were tried.
    start, bound, ulp : float
        The error in units of the bound, of the worst case that the search began with and of the one it ended with; the
        latter in ulp.
    case : Case
        One output, its numbers written out.
    got, want : str
        What came, and the correctly rounded result.
    """

    dtype: str
    terms: int
    evaluations: int
    start: float
    bound: float
    ulp: float
    case: Case
    got: str
    want: str


def search(subject: Subject, dtype: str, seed: int, evaluations: int = EVALUATIONS) -> Iterator[Worst]:
    """Search for the worst case of each size.

    Parameters
    ----------
    subject : Subject
    dtype : str
    seed : int
        The same seed tries the same changes; what they lead to is for the implementation to say.
    evaluations : int
        How many cases are tried for each size.
    """
    for kernel in KERNELS:
        found = _Climb(subject, dtype, kernel, seed).climb(evaluations)
        if found is not None:
            yield found


class _Climb:
    """One climb: the best numbers so far, and their error."""

    def __init__(self, subject: Subject, dtype: str, kernel: int, seed: int) -> None:
        self.subject, self.dtype, self.kernel = subject, dtype, kernel
        self.form = FORMATS[dtype]
        self.parts = 2 if dtype in COMPLEX_FLOATS else 1
        self.count = 2 * kernel * kernel * self.parts
        self.contract = subject.contract(dtype)
        self.bits = Bits((seed << 8) + kernel)

    def climb(self, evaluations: int) -> Worst | None:
        """Begin with numbers that are known to be bad, then change the worst of them."""
        scored = self._scored(list(self._starts())[:evaluations])
        if not scored:
            return None
        tried = len(scored)
        start, best = max(scored, key=lambda item: item[0])
        score = start
        while tried < evaluations:
            scored = self._scored([self._changed(best) for _ in range(min(GENERATION, evaluations - tried))])
            if not scored:
                break
            tried += len(scored)
            found, genes = max(scored, key=lambda item: item[0])
            # Equal is good enough: a plateau is crossed.
            if found >= score:
                score, best = found, genes
        return self._worst(best, start, tried)

    def _starts(self) -> Iterator[Genes]:
        """One large term at each place and the others just small enough to be lost on it; then random numbers."""
        terms = self.kernel * self.kernel
        lost = self.form.unit_roundoff
        small = (math.ldexp(1.0, math.ceil(math.log2(lost) / 2)), math.ldexp(1.0, math.floor(math.log2(lost) / 2)))
        for place, nudge in itertools.product(range(terms), (0.0, lost)):
            x = [1.0 if term == place else small[0] * (1 + 2 * nudge) for term in range(terms)]
            w = [1.0 if term == place else small[1] for term in range(terms)]
            yield tuple(number for number in (*x, *w) for _ in range(self.parts))
        for _ in range(2 * terms):
            yield tuple(self._random() for _ in range(self.count))

    def _random(self) -> float:
        significand = 1.0 + self.bits.one(1 << (self.form.precision - 1)) * math.ldexp(1.0, 1 - self.form.precision)
        return (1.0, -1.0)[self.bits.one(2)] * math.ldexp(significand, self.bits.one(3) - 2)

    def _changed(self, genes: Genes) -> Genes:
        """One or two numbers with a bit turned, the other sign, or another exponent."""
        changed = list(genes)
        for _ in range(1 + self.bits.one(2)):
            place, move = self.bits.one(len(changed)), self.bits.one(8)
            number = changed[place]
            if move == 0:
                changed[place] = -number
            elif move == 1:
                moved = math.ldexp(number, 2 * self.bits.one(2) - 1)
                inside = EXPONENTS[0] - self.form.precision <= math.frexp(moved)[1] <= EXPONENTS[1]
                changed[place] = moved if inside else number
            else:
                changed[place] = turned(number, self.bits.one(self.form.precision - 1), self.form)
        return tuple(changed)

    def _case(self, genes: Genes) -> Case:
        numbers: tuple[Number, ...] = _paired(genes) if self.parts == 2 else genes
        half = len(numbers) // 2
        side = (self.kernel, self.kernel)
        shape = side if self.subject.is_plane else (1, 1, *side)
        return Case(shape, shape, dtype=self.dtype, literal=(numbers[:half], numbers[half:], ()))

    def _scored(self, candidates: list[Genes]) -> list[tuple[float, Genes]]:
        cases = [self._case(genes) for genes in candidates]
        scored = []
        for genes, case, value in zip(candidates, cases, self.subject.values(cases), strict=True):
            if value is not None:
                errors = ExactAnswers(case).errors_of(value, self.contract)
                scored.append((float(errors.bounds.max()), genes))
        return scored

    def _worst(self, genes: Genes, start: float, tried: int) -> Worst | None:
        """The case once more, as whoever repeats it will see it."""
        case = self._case(genes)
        value = next(iter(self.subject.values([case])))
        if value is None:
            return None
        exact = ExactAnswers(case)
        errors = exact.errors_of(value, self.contract)
        want = [repr(float(part[0])) for part in exact.rounded]
        got = [repr(float(part.ravel()[0])) for part in ((value.real, value.imag) if self.parts == 2 else (value,))]
        return Worst(self.dtype, self.kernel**2, tried, start, float(errors.bounds.max()), float(errors.ulps.max()),
                     case, _joined(got), _joined(want))


def turned(number: float, place: int, form: FloatFormat) -> float:
    """Turn one bit of a significand, but not the hidden one.

    Parameters
    ----------
    number : float
        A finite number of the format, not 0.
    place : int
        0 for the last bit, up to precision - 2.

    Examples
    --------
    >>> turned(1.0, 0, FORMATS["float32"]) - 1.0 == 2.0**-23
    True
    """
    significand, exponent = math.frexp(abs(number))
    bits = int(math.ldexp(significand, form.precision)) ^ (1 << place)
    return math.copysign(math.ldexp(float(bits), exponent - form.precision), number)


def _paired(genes: Genes) -> tuple[complex, ...]:
    return tuple(complex(real, imaginary) for real, imaginary in zip(genes[::2], genes[1::2], strict=True))


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{parts[0]} and {parts[1]} i"
