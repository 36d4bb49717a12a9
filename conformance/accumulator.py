"""What single designed sums betray: the accumulator's precision, fused products, cut inputs, lost subnormals."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from convspec.adapters.protocol import COMPLEX_FLOATS
from convspec.conformance.formats import FORMATS
from convspec.conformance.number_kinds import Bits
from convspec.conformance.probing import Prober, Terms, power

# Significand bits of the accumulators that are in use: bfloat16, float16, float32, float64, the 80-bit type, binary128.
PRECISIONS = (8, 11, 24, 53, 64, 113)
COMPLEX_SUMS = 6


@dataclass(frozen=True)
class Precision:
    """The precision of an accumulator, as far as it could be told.

    Parameters
    ----------
    bits : int or None
        Significand bits of the narrowest accumulator that was seen; None where answers are not those of one.
    at_least : int
        So many bits it has at any rate.
    witness : Terms or None
        The sum in which a term was lost.
    """

    bits: int | None
    at_least: int
    witness: Terms | None = None


def smallest_exponent(dtype: str) -> int:
    """Of the small term: 0 where the range allows, else as low as a normal result can be."""
    return -14 if dtype == "float16" else 0


def largest_exponent(dtype: str) -> int:
    """Of a product of two powers of two, with room for a sum."""
    form = FORMATS[dtype]
    return min(2 * form.largest_exponent, 120) if dtype == "float16" else 120


def precision(prober: Prober) -> Precision:
    """Find the precision of the accumulator: 2**t + 1 - 2**t is 1 in every order if it has more than t bits.

    In some order of the three terms the small one meets a large one first, whatever the order of summation is.
    """
    base = smallest_exponent(prober.dtype)
    most = largest_exponent(prober.dtype) - base
    tests = sorted({t for bits in PRECISIONS for t in (bits - 1, bits) if t <= most})
    lost = dict(zip(tests, _lost(prober, tests, base), strict=True))
    kept = [t for t in tests if lost[t] is None]
    if not all(t in kept for t in tests[: len(kept)]):
        return Precision(None, 0, lost[tests[0]])
    if len(kept) == len(tests):
        return Precision(None, tests[-1] + 1)
    low, high = (kept[-1] if kept else 0), tests[len(kept)]
    while high - low > 1:
        middle = (low + high) // 2
        found = _lost(prober, [middle], base)[0]
        low, high = (middle, high) if found is None else (low, middle)
        lost[middle] = found
    return Precision(high, high, lost[high])


def _lost(prober: Prober, tests: Sequence[int], base: int) -> list[Terms | None]:
    """For each t: a sum in which the small term did not survive, or None."""
    last = prober.terms - 1
    triples = ((0, 1, 2), (0, prober.terms // 2, last), (last - 2, last - 1, last))
    orders = [order for triple in triples for order in itertools.permutations(triple)]
    sums = [
        prober.sparse({a: power(base + t), b: power(base), c: power(base + t, -1)}) for t in tests for a, b, c in orders
    ]
    small = math.ldexp(1.0, base)
    answers = prober.answers(sums)
    found = []
    for start in range(0, len(sums), len(orders)):
        mine = zip(sums[start : start + len(orders)], answers[start : start + len(orders)], strict=True)
        found.append(next((terms for terms, answer in mine if answer != small), None))
    return found


def is_fused(prober: Prober, bits: int) -> bool | None:
    """Whether a product is added before it is rounded; None where products are exact in the accumulator anyway."""
    pairs = [pair for term in range(1, prober.terms) for pair in ((0, term), (term, 0))]
    probes = [fused_probe(prober, bits, before, term) for before, term in pairs]
    asked = [probe for probe in probes if probe is not None]
    return fused_remainder(bits) in prober.answers(asked) if asked else None


def fused_probe(prober: Prober, bits: int, before: int, term: int) -> Terms | None:
    """A sum that a fused product changes: (1 + 2**-h)(1 - 2**-h) - 1 is -2**-2h, and 0 if the product is rounded first.

    Parameters
    ----------
    prober : Prober
    bits : int
        Precision of the accumulator.
    before, term : int
        Where the -1 and the product stand.

    Returns
    -------
    Terms or None
        None where products are exact in the accumulator.
    """
    own, half = prober.significand, _half(bits)
    if 2 * own <= bits or half >= own:
        return None
    return prober.sparse({
        term: (1 + math.ldexp(1.0, -half), 1 - math.ldexp(1.0, -half)), before: (-1.0, 1.0),
    })


def fused_remainder(bits: int) -> float:
    """What a fused product leaves of that sum."""
    return -math.ldexp(1.0, -2 * _half(bits))


def _half(bits: int) -> int:
    return bits // 2 + 2


def input_bits(prober: Prober) -> int:
    """Significand bits with which a factor comes through a product with 1; the fewest for x and for w."""
    own = FORMATS[prober.dtype].precision

    def comes_through(bits: int) -> bool:
        number = 1 + math.ldexp(1.0, 1 - bits)
        positions = (0, prober.terms // 2, prober.terms - 1)
        sums = [prober.sparse({term: pair}) for term in positions for pair in ((number, 1.0), (1.0, number))]
        return all(answer == number for answer in prober.answers(sums))

    if comes_through(own):
        return own
    return next((bits for bits in range(own - 1, 1, -1) if comes_through(bits)), 1)


def subnormals_lost(prober: Prober) -> tuple[bool, bool]:
    """Whether subnormal inputs count as zero, and whether subnormal results come back as zero."""
    form = FORMATS[prober.dtype]
    positions = (0, prober.terms - 1)
    from_input = [prober.sparse({term: pair}) for term in positions
                  for pair in ((form.smallest_subnormal, 1.0), (1.0, form.smallest_subnormal))]
    result = [prober.sparse({term: pair}) for term in positions
              for pair in ((form.smallest_normal, 0.5), (0.5, form.smallest_normal))]
    inputs, results = prober.answers(from_input), prober.answers(result)
    # A result that is lost hides whether the input was.
    return any(answer == 0 for answer in inputs), any(answer == 0 for answer in results)


def complex_products(prober: Prober, seed: int) -> int | None:
    """How many real products a complex one takes: 4, or 3 where the imaginary part shows it; None for a real dtype.

    Of (a + bi)(c + di) with small b and d, four products leave an error of a few roundings of ad and bc. By Gauss's
    trick the imaginary part is what is left of numbers as large as ac, and so is its error.
    """
    if prober.dtype not in COMPLEX_FLOATS:
        return None
    form = FORMATS[prober.dtype]
    small, bits = -(form.precision // 2), Bits(seed)
    pairs = [
        tuple(complex(_significand(bits, form.precision), math.ldexp(_significand(bits, form.precision), small))
              for _ in range(2))
        for _ in range(COMPLEX_SUMS)
    ]
    answers = prober.complex_answers([prober.sparse({prober.terms - 1: (x, w)}) for x, w in pairs])
    for (x, w), answer in zip(pairs, answers, strict=True):
        parts = (Fraction(x.real) * Fraction(w.imag), Fraction(x.imag) * Fraction(w.real))
        room = (len(parts) + 1) * Fraction(form.unit_roundoff) * sum(map(abs, parts))
        if answer is None or not math.isfinite(answer.imag) or abs(Fraction(answer.imag) - sum(parts)) > room:
            return 3
    return 4


def _significand(bits: Bits, precision: int) -> float:
    """A number in [1, 2) with all bits random."""
    return 1.0 + math.ldexp(float(bits.one(1 << (precision - 1))), 1 - precision)
