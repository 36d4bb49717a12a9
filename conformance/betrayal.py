"""What the answers say of how they were computed, beside what the adapter declares."""

from collections.abc import Iterator
from dataclasses import dataclass

from convspec.conformance.accumulator import (
    COMPLEX_SUMS,
    Precision,
    complex_products,
    input_bits,
    is_fused,
    precision,
    subnormals_lost,
)
from convspec.conformance.accuracy import Subject
from convspec.conformance.case import Case
from convspec.conformance.formats import FORMATS
from convspec.conformance.probing import Place, Prober, places
from convspec.conformance.summation_order import PARTS, Order, Tree, reveal
from convspec.conformance.transforms import Noise, noise

AGREES = "agrees"
BETTER = "better than declared"
CONTRADICTS = "contradicts"
NOT_VISIBLE = "declared, not visible"
UNDECLARED = "nothing declared"
UNTOLD = "cannot be told"
VERDICTS = (AGREES, BETTER, CONTRADICTS, NOT_VISIBLE, UNDECLARED, UNTOLD)
NAMES = {8: "bfloat16", 11: "float16", 24: "float32", 53: "float64", 64: "the 80-bit type", 113: "binary128"}
# So many numbers of an order that has no simple name are given.
SHOWN = 8


@dataclass(frozen=True)
class Statement:
    """One thing that the answers betray.

    Parameters
    ----------
    dtype, about : str
        In which type, and of what it speaks.
    said, declared : str
        What the answers say, and what the adapter declares.
    verdict : str
        One of `VERDICTS`.
    evidence : str
        The measured answers behind it.
    asked : int
        How many calls that took.
    case : Case or None
        One of them.
    order : Order or None
        For the order of a sum: its tree.
    """

    dtype: str
    about: str
    said: str
    declared: str
    verdict: str
    evidence: str
    asked: int
    case: Case | None = None
    order: Order | None = None


def betrayed(subject: Subject, dtype: str, seed: int) -> Iterator[Statement]:
    """Ask for designed sums, and say what their answers betray."""
    noises = noise(subject, dtype, seed)
    yield _algorithm(subject, dtype, noises)
    # What a designed sum shows of a transform are the transform's own roundings.
    is_noisy = any(found.reach for found in noises) or subject.numerics.algorithm != "direct"
    probers = [Prober(subject, dtype, place) for place in places(subject.is_plane)]
    yield _inputs(subject, dtype, probers, is_noisy)
    before = sum(prober.asked for prober in probers)
    found = [(prober, precision(prober)) for prober in probers]
    yield _accumulator(subject, dtype, found, is_noisy, sum(prober.asked for prober in probers) - before)
    for prober, bits in found:
        yield from _sum(prober, bits, is_noisy, seed)
    yield _subnormals(subject, dtype, probers)
    products = complex_products(probers[0], seed)
    if products is not None:
        yield _complex(subject, dtype, products)


def _algorithm(subject: Subject, dtype: str, noises: list[Noise]) -> Statement:
    declared = subject.numerics.algorithm
    worst = max(noises, key=lambda found: found.reach, default=None)
    if worst is None:
        return Statement(dtype, "algorithm", UNTOLD, declared, UNTOLD, "no answer came", len(noises))
    if worst.reach == 0:
        said = "direct sums: exact zeros stay exact"
        kernels = " and ".join(_squared(found.kernel) for found in noises)
        evidence = f"with {kernels} kernels over zeros, all outputs are 0"
    else:
        said = "a Fourier transform of the plane" if worst.is_everywhere else "a transform of tiles, such as Winograd’s"
        evidence = (f"with a {_squared(worst.kernel)} kernel, outputs whose windows hold zeros alone are not 0, "
                    f"up to {worst.reach} of {worst.farthest} positions away from the numbers")
    is_direct = worst.reach == 0
    if is_direct == (declared == "direct"):
        verdict = AGREES if is_direct or worst.is_everywhere == (declared == "fft") else CONTRADICTS
    else:
        verdict = NOT_VISIBLE if is_direct else CONTRADICTS
    return Statement(dtype, "algorithm", said, declared, verdict, evidence, len(noises))


def _accumulator(
    subject: Subject, dtype: str, found: list[tuple[Prober, Precision]], is_noisy: bool, asked: int
) -> Statement:
    name = subject.numerics.accumulator.get(dtype, dtype)
    declared = PARTS.get(name, name)
    prober, narrowest = min(found, key=lambda pair: pair[1].at_least)
    about = "accumulator"
    if is_noisy or (narrowest.bits is None and narrowest.at_least == 0):
        evidence = "no one precision explains which terms are lost"
        if is_noisy:
            evidence = "the roundings of a transform hide it"
        return Statement(dtype, about, UNTOLD, declared, UNTOLD, evidence, asked)
    wanted = FORMATS[declared].precision
    if narrowest.bits is None:
        said = f"more than {narrowest.at_least - 1} significand bits"
        evidence = f"1 survives beside {raised(narrowest.at_least - 1)} in every order of three terms"
    else:
        said = NAMES.get(narrowest.bits, f"{narrowest.bits} significand bits")
        kept, lost = raised(narrowest.bits - 1), raised(narrowest.bits)
        evidence = f"{kept} + 1 − {kept} is 1 in every order, {lost} + 1 − {lost} is not"
    seen = narrowest.at_least
    verdict = AGREES if seen == wanted else BETTER if seen > wanted else CONTRADICTS
    if narrowest.bits is None and seen < wanted:
        verdict = UNTOLD
    case = None if narrowest.witness is None else prober.case(narrowest.witness)
    return Statement(dtype, about, said, declared, verdict, evidence, asked, case)


def _sum(prober: Prober, bits: Precision, is_noisy: bool, seed: int) -> Iterator[Statement]:
    place, before = prober.place, prober.asked
    if is_noisy or bits.bits is None:
        yield Statement(prober.dtype, f"order, {place.name}", UNTOLD, "", UNTOLD,
                        "it shows only in sums that lose terms", 0)
        return
    fused = is_fused(prober, bits.bits)
    said, evidence = {
        True: ("fused: added before they are rounded", "(1 + 2⁻ʰ)(1 − 2⁻ʰ) − 1 keeps its last digits"),
        False: ("rounded, then added", "(1 + 2⁻ʰ)(1 − 2⁻ʰ) − 1 is 0 at every pair of places that was asked"),
        None: ("exact in the accumulator", "it has room for all digits of a product"),
    }[fused]
    yield Statement(prober.dtype, f"products, {place.name}", said, "", UNDECLARED, evidence, prober.asked - before)
    before = prober.asked
    order = reveal(prober, bits.bits, seed)
    asked = prober.asked - before
    about = f"order, {place.name}"
    if order is None:
        yield Statement(prober.dtype, about, UNTOLD, "", UNTOLD,
                        "the answers are not those of one order and one accumulator", asked)
        return
    yield Statement(prober.dtype, about, named(order.tree, place), "", UNDECLARED, _path(order, place), asked,
                    None, order)


def _path(order: Order, place: Place) -> str:
    told = f"the longest path has {depth(order.tree)} of {place.terms - 1} additions; "
    if order.reproduced == order.tried:
        return told + f"{order.reproduced} of {order.tried} random sums added in this order agree bit for bit"
    return told + (f"only {order.reproduced} of {order.tried} random sums added in this order agree bit for bit, "
                   "so some roundings are others")


def _inputs(subject: Subject, dtype: str, probers: list[Prober], is_noisy: bool) -> Statement:
    own, declared = FORMATS[dtype].precision, subject.numerics.input_precision
    wanted = own if declared is None else min(own, declared)
    text = "as they are" if declared is None else f"cut to {declared} bits"
    before = sum(prober.asked for prober in probers)
    bits = min(input_bits(prober) for prober in probers)
    asked = sum(prober.asked for prober in probers) - before
    if not is_noisy:
        for prober in probers:
            prober.significand = bits
    if is_noisy and bits < own:
        return Statement(dtype, "inputs", UNTOLD, text, UNTOLD, "the roundings of a transform hide it", asked)
    said = "all their bits are used" if bits == own else f"cut to {bits} of {own} significand bits"
    if bits == wanted:
        verdict = AGREES
    elif bits < wanted:
        verdict = CONTRADICTS
    else:
        verdict = NOT_VISIBLE
    evidence = "1 with its last bit set, times 1, comes through" if bits == own else (
        f"1 + {raised(1 - bits)} times 1 comes through, 1 + {raised(-bits)} does not")
    return Statement(dtype, "inputs", said, text, verdict, evidence, asked)


def _subnormals(subject: Subject, dtype: str, probers: list[Prober]) -> Statement:
    before = sum(prober.asked for prober in probers)
    lost = [subnormals_lost(prober) for prober in probers]
    asked = sum(prober.asked for prober in probers) - before
    inputs, results = (any(part) for part in zip(*lost, strict=True))
    flushes = subject.contract(dtype).flushes
    said = {
        (False, False): "kept", (True, False): "taken for zero in the input",
        (False, True): "results become zero", (True, True): "become zero",
    }[inputs, results]
    verdict = AGREES if (inputs or results) == flushes else NOT_VISIBLE if flushes else CONTRADICTS
    evidence = "the smallest number times 1, and the smallest number of full precision times ½"
    declared = "may become zero" if flushes else "kept"
    return Statement(dtype, "subnormal numbers", said, declared, verdict, evidence, asked)


def _complex(subject: Subject, dtype: str, products: int) -> Statement:
    declared = subject.numerics.complex_products
    words = {3: "three real products (Gauss)", 4: "four real products"}
    verdict = AGREES if products == declared else NOT_VISIBLE if products == 4 else CONTRADICTS
    evidence = ("of (a + bi)(c + di) with small b and d, the imaginary part "
                + ("has small errors" if products == 4 else "has errors as large as those of ac"))
    return Statement(dtype, "complex products", words[products], words[declared], verdict, evidence, COMPLEX_SUMS)


def raised(exponent: int) -> str:
    """Write a power of two.

    Examples
    --------
    >>> raised(-24)
    '2⁻²⁴'
    """
    return "2" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _squared(side: int) -> str:
    return f"{side}×{side}"


def depth(tree: Tree) -> int:
    """The additions on the longest path of a sum."""
    return 0 if isinstance(tree, int) else 1 + max(depth(branch) for branch in tree)


def is_chain(tree: Tree) -> bool:
    """Whether each addition brings in single terms only."""
    while not isinstance(tree, int):
        longer = [branch for branch in tree if not isinstance(branch, int)]
        if len(longer) > 1:
            return False
        tree = longer[0] if longer else 0
    return True


def partial_sums(tree: Tree) -> int:
    """How many chains are summed apart before they are added."""
    if isinstance(tree, int):
        return 0
    return 1 if is_chain(tree) else sum(partial_sums(branch) for branch in tree)


def in_order(tree: Tree) -> list[int]:
    """The terms of a chain, in the order in which they come in."""
    if isinstance(tree, int):
        return [tree]
    longer = next((branch for branch in tree if not isinstance(branch, int)), None)
    own = [branch for branch in tree if isinstance(branch, int)]
    return own if longer is None else in_order(longer) + own


def named(tree: Tree, place: Place) -> str:
    """Say in words in which order a sum is made."""
    n = place.terms
    if is_chain(tree):
        terms = in_order(tree)
        if terms == sorted(terms):
            return "one after the other, first to last"
        # The first addition has no first term.
        if terms[:2] == [n - 2, n - 1] and terms[2:] == list(range(n - 3, -1, -1)):
            return "one after the other, last to first"
        shown = ", ".join(str(term + 1) for term in terms[:SHOWN])
        return f"one after the other, but in the order {shown}, …"
    if depth(tree) == (n - 1).bit_length():
        return "in pairs, pairs of pairs, and so on"
    return f"in {partial_sums(tree)} partial sums"
