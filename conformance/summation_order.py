"""The order of a sum, read off its answers.

A large number M stands at one place of the sum, -M at another, and ones at all others. A one that is added to M or -M
before the two meet is lost; the others are counted by the result. So the result says how many terms are summed before
the two have met, and from such answers the tree of the sum follows, branch by branch. Source: Xie et al.,
"Revealing Floating-Point Accumulation Orders in Software/Hardware Implementations", arXiv:2411.00442.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from convspec.conformance.accumulator import fused_probe, fused_remainder, largest_exponent
from convspec.conformance.formats import numpy_dtype
from convspec.conformance.number_kinds import Bits
from convspec.conformance.probing import Prober, Terms, power
from convspec.reference import round_to
from convspec.reference.rounding import FloatFormat, round_magnitude

# A term, or the branches that are added.
Tree = int | tuple["Tree", ...]
# Ones that are lost must stay lost however many they are, in the widest accumulator too: below half a unit of M.
ROOM, WIDEST = 8, 64
RANDOM_SUMS = 6
PARTS = {"complex64": "float32", "complex128": "float64"}


@dataclass(frozen=True)
class Order:
    """The order of a sum.

    Parameters
    ----------
    tree : Tree
        The terms are numbered by channel, row and column.
    fused : frozenset of int
        The terms whose products are added before they are rounded.
    reproduced, tried : int
        How many random sums come out the same, bit for bit, when they are added in this order.
    """

    tree: Tree
    fused: frozenset[int]
    reproduced: int
    tried: int


class NotATree(Exception):
    """The answers are not those of additions in an order that is always the same."""


def reveal(prober: Prober, bits: int, seed: int) -> Order | None:
    """Find the order in which a sum is made; None where it is not to be seen.

    Parameters
    ----------
    prober : Prober
    bits : int
        Precision of the accumulator.
    seed : int
        Of the random sums.
    """
    # The result must hold the number of ones, and M must be a product; one that float16 may have to hold itself.
    is_narrow = prober.dtype == "float16"
    unit = -10 if is_narrow else 0
    large = unit + ROOM + (bits if is_narrow else max(bits, WIDEST))
    if large > largest_exponent(prober.dtype) or prober.terms >= 1 << ROOM - 1:
        return None
    try:
        tree = _Revealing(prober, unit, large).branch(list(range(prober.terms)))
    except NotATree:
        return None
    fused = _fused_terms(prober, tree, bits)
    sums = [_random_sum(prober, seed, number) for number in range(RANDOM_SUMS)]
    form = FloatFormat(bits, -10_000, 10_000)
    dtype = numpy_dtype(PARTS.get(prober.dtype, prober.dtype))
    same = 0
    for terms, answer in zip(sums, prober.answers(sums), strict=True):
        same += answer is not None and float(round_to(_sum(tree, terms, form, fused), dtype)) == answer
    return Order(tree, fused, same, len(sums))


def _fused_terms(prober: Prober, tree: Tree, bits: int) -> frozenset[int]:
    """The terms that, added to what stands before them in the tree, bring their whole product along."""
    pairs = list(_neighbours(tree))
    probes = [fused_probe(prober, bits, before, term) for before, term in pairs]
    if not probes or probes[0] is None:
        return frozenset()
    asked = [probe for probe in probes if probe is not None]
    remainder = fused_remainder(bits)
    return frozenset(
        term for (_, term), answer in zip(pairs, prober.answers(asked), strict=True) if answer == remainder
    )


def _neighbours(tree: Tree) -> Iterator[tuple[int, int]]:
    """Each term that is a branch of its own, after one of a branch that it is added to."""
    if isinstance(tree, int):
        return
    for branch in tree:
        if isinstance(branch, int):
            yield from ((first_term(other), branch) for other in tree if other is not branch)
        else:
            yield from _neighbours(branch)


def first_term(tree: Tree) -> int:
    """The first of its terms; branches stand in the order of their first terms."""
    return tree if isinstance(tree, int) else first_term(tree[0])


class _Revealing:
    def __init__(self, prober: Prober, unit: int, large: int) -> None:
        self.prober, self.unit, self.large = prober, unit, large
        self._sizes: dict[tuple[int, int], int] = {}

    def sizes(self, first: int, others: Sequence[int]) -> dict[int, int]:
        """For each other term: how many terms are summed until it has met the first."""
        missing = [other for other in others if (first, other) not in self._sizes]
        one, large = power(self.unit), self.large
        sums = []
        for other in missing:
            pairs = [one] * self.prober.terms
            pairs[first], pairs[other] = power(large), power(large, -1)
            sums.append(Terms(tuple(x for x, _ in pairs), tuple(w for _, w in pairs)))
        for other, answer in zip(missing, self.prober.answers(sums), strict=True):
            counted = math.nan if answer is None else math.ldexp(answer, -self.unit)
            if not 0 <= counted <= self.prober.terms - 2 or counted != int(counted):
                raise NotATree
            self._sizes[first, other] = self._sizes[other, first] = self.prober.terms - int(counted)
        return {other: self._sizes[first, other] for other in others}

    def branch(self, terms: list[int]) -> Tree:
        """The tree over terms that are known to form one."""
        # From the middle, sums from either end cost few questions.
        first = terms[len(terms) // 2]
        others = [term for term in terms if term != first]
        tree: Tree = first
        known = 1
        sizes = self.sizes(first, others)
        for size in sorted(set(sizes.values())):
            joined = [other for other in others if sizes[other] == size]
            tree = tuple(sorted((tree, *self._branches(joined, size)), key=first_term))
            known += len(joined)
            if known != size:
                raise NotATree
        return tree

    def _branches(self, terms: list[int], size: int) -> Iterator[Tree]:
        """Terms that meet a first one in the same addition, by the branches that bring them there."""
        while terms:
            first, *others = terms
            sizes = self.sizes(first, others)
            mine = [first, *(other for other in others if sizes[other] < size)]
            terms = [other for other in others if sizes[other] >= size]
            yield self.branch(mine)


def _random_sum(prober: Prober, seed: int, number: int) -> Terms:
    bits = Bits((seed << 8) + number)
    p = prober.significand

    def numbers() -> tuple[float, ...]:
        words = bits.words(prober.terms)
        return tuple(
            math.ldexp(float((int(word) >> (64 - p)) | 1 << (p - 1)), -p) * (1 - 2 * (int(word) & 1)) for word in words
        )

    return Terms(numbers(), numbers())


def _sum(tree: Tree, terms: Terms, form: FloatFormat, fused: frozenset[int]) -> Fraction:
    """Add in an order, exactly, and round as the accumulator does."""

    def product(term: int) -> Fraction:
        return Fraction(terms.x[term]) * Fraction(terms.w[term])  # type: ignore[arg-type]

    def value(branch: Tree) -> Fraction:
        if isinstance(branch, int):
            return _rounded(product(branch), form)
        # Of two products that are added, one was an accumulator already, and is rounded.
        first, *rest = sorted(branch, key=lambda part: isinstance(part, int) and part in fused)
        parts = [product(part) if isinstance(part, int) and part in fused else value(part) for part in rest]
        return _rounded(value(first) + sum(parts), form)

    return value(tree)


def _rounded(number: Fraction, form: FloatFormat) -> Fraction:
    if form.precision > 53:
        return _rounded_long(number, form.precision)
    rounded = Fraction(round_magnitude(abs(number), form))
    return -rounded if number < 0 else rounded


def _rounded_long(number: Fraction, precision: int) -> Fraction:
    """The same beyond what a Python float holds."""
    if number == 0:
        return number
    exponent = abs(number.numerator).bit_length() - number.denominator.bit_length()
    if Fraction(2) ** exponent > abs(number):
        exponent -= 1
    spacing = Fraction(2) ** (exponent - precision + 1)
    return round(number / spacing) * spacing
