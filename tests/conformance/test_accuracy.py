"""Rounding errors measured, searched for, and read: simulated implementations are told apart."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from convspec.adapters.benign import BENIGN
from convspec.adapters.protocol import Numerics
from convspec.conformance import accuracy
from convspec.conformance.accumulator import precision
from convspec.conformance.accuracy import Remembered, Subject, cases, measure, powers, repeated_as, shaped
from convspec.conformance.accuracy_lines import Plan
from convspec.conformance.accuracy_lines import accuracy as lines_of
from convspec.conformance.betrayal import Statement, betrayed, depth, named, partial_sums
from convspec.conformance.calls import call_of
from convspec.conformance.case import Case, parse_case
from convspec.conformance.child import start
from convspec.conformance.contract import Contract
from convspec.conformance.directed_search import search
from convspec.conformance.exact_answers import ExactAnswers, whole
from convspec.conformance.formats import FORMATS
from convspec.conformance.probing import LAYERS, Prober
from convspec.conformance.proving import Known
from convspec.conformance.summation_order import reveal
from convspec.reference import correctly_rounded, exact_conv2d


@contextmanager
def subject(id: str, numerics: Numerics | None = None) -> Iterator[Subject]:
    """A correct variant in its child process, with another declaration if one is given."""
    member = BENIGN[id] if numerics is None else replace(BENIGN[id], numerics=numerics)
    child = start(id, adapter=Known(member))
    try:
        yield Subject(id, child)
    finally:
        child.close()


def statements(id: str, dtype: str, numerics: Numerics | None = None) -> dict[str, Statement]:
    with subject(id, numerics) as one:
        return {statement.about: statement for statement in betrayed(one, dtype, 0)}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("data", ["uniform", "log", "tiny"])
def test_exact_answers_are_those_of_the_reference(dtype, data):
    case = shaped(36, False, dtype=dtype, data=data, seed=3)
    call, exact = call_of(case), ExactAnswers(case)
    numbers, exponent = exact.sums[0]
    want = exact_conv2d(call.x, call.w)
    assert all(number * Fraction(2) ** exponent == right for number, right in zip(numbers.flat, want.flat, strict=True))
    assert np.array_equal(exact.rounded[0], correctly_rounded(call.x, call.w).ravel())


def test_errors_are_measured_in_their_units():
    case = Case((1, 1, 1, 2), (1, 1, 1, 2), dtype="float32", literal=((1.0, 2.0), (1.0, 1.0), ()))
    exact, contract = ExactAnswers(case), Contract(Numerics(), "float32")
    ulp, u = 2.0**-22, 2.0**-24
    errors = exact.errors_of(np.full((1, 1, 1, 1), 3 + 5 * ulp, np.float32), contract)
    assert errors.ulps == [5]
    assert errors.gauges == pytest.approx([5 * ulp / (3 * u)], rel=1e-12)
    assert errors.bounds == pytest.approx([5 * ulp / (3 * 3 * u)], rel=0.01)
    assert not errors.correct[0]
    right = exact.errors_of(np.full((1, 1, 1, 1), 3, np.float32), contract)
    assert (right.bounds[0], right.ulps[0], right.correct[0]) == (0, 0, True)
    lost = exact.errors_of(np.full((1, 1, 1, 1), np.nan, np.float32), contract)
    assert lost.bounds == [math.inf]
    absurd = exact.errors_of(np.full((1, 1, 1, 1), 3e38, np.float32), contract)
    assert 1e38 < absurd.bounds[0] < math.inf


def test_whole_numbers_hold_every_bit():
    array = np.array([0.1, -3e-310, 0.0, 1e300])
    numbers, exponent = whole(array)
    assert [number * Fraction(2) ** exponent for number in numbers] == [Fraction(float(value)) for value in array]
    assert powers(np.array([0.0, 0.5, 0.51, math.inf])) == {"exact": 1, "-1": 1, "0": 1, "inf": 1}


@pytest.mark.parametrize("is_plane", [False, True])
def test_all_cases_have_their_terms_and_can_be_repeated(is_plane):
    for dtype in accuracy.FLOATS:
        for _, terms, case in cases(dtype, is_plane, 7):
            assert case.geometry.terms == terms
            assert math.prod(case.geometry.output) * case.outputs == accuracy.OUTPUTS
            assert parse_case(case.line) == case
            assert repeated_as(case) in accuracy.REPEATED_AS


def test_the_errors_of_a_narrow_accumulator_exceed_the_bound_of_a_wide_one():
    with subject("half-in-half-declared") as honest, subject("half-in-half-declared", Numerics()) as false:
        exact = Remembered()
        kept, _ = measure(honest, "float16", 0, exact)
        broken, spreads = measure(false, "float16", 0, exact)
    assert max(line.worst_bound for line in kept) <= 1
    assert max(line.worst_bound for line in broken) > 10
    assert [line.correct for line in kept] == [line.correct for line in broken]
    assert sum(spread.bounds.total() for spread in spreads) == sum(line.outputs for line in broken)


def test_sums_in_pairs_err_less_than_sums_in_order():
    typical = {}
    for id in ("tap-by-tap", "pairwise", "double-rounded-once"):
        with subject(id) as one:
            found, _ = measure(one, "float32", 0, Remembered())
        longest = max(line.terms for line in found)
        typical[id] = next(line for line in found if line.regime == "positive" and line.terms == longest)
    assert typical["double-rounded-once"].correct == accuracy.OUTPUTS
    assert typical["tap-by-tap"].typical_gauge > 5 * typical["pairwise"].typical_gauge
    assert typical["pairwise"].typical_gauge > 0


@pytest.mark.parametrize(
    ("id", "dtype", "accumulator", "verdict"),
    [
        ("tap-by-tap", "float32", "float32", "agrees"),
        ("double-rounded-once", "float32", "float64", "better than declared"),
        ("extended-precision", "float64", "the 80-bit type", "better than declared"),
        ("half-in-half-declared", "float16", "float16", "agrees"),
        ("fourier-declared", "float32", "cannot be told", "cannot be told"),
        ("winograd-two-declared", "float32", "cannot be told", "cannot be told"),
    ],
)
def test_the_accumulator_is_found(id, dtype, accumulator, verdict):
    if accumulator == "the 80-bit type" and np.finfo(np.longdouble).nmant != 63:
        pytest.skip("this machine has no 80-bit type")
    found = statements(id, dtype)["accumulator"]
    assert (found.said, found.verdict) == (accumulator, verdict)


def test_what_is_declared_is_contradicted():
    assert statements("half-in-half-declared", "float16", Numerics())["accumulator"].verdict == "contradicts"
    assert statements("tf32-declared", "float32", Numerics())["inputs"].verdict == "contradicts"
    assert statements("flush-to-zero-declared", "float32", Numerics())["subnormal numbers"].verdict == "contradicts"
    assert statements("three-products-declared", "complex64", Numerics())["complex products"].verdict == "contradicts"
    fourier = statements("fourier-declared", "float32", Numerics())["algorithm"]
    assert (fourier.said, fourier.verdict) == ("a Fourier transform of the plane", "contradicts")


def test_what_is_declared_and_does_not_show():
    declared = Numerics(input_precision=11, flush_to_zero=True, complex_products=3)
    said = statements("tap-by-tap", "complex64", declared)
    for about in ("inputs", "subnormal numbers", "complex products"):
        assert said[about].verdict == "declared, not visible"
    said = statements("tap-by-tap", "float32", Numerics(algorithm="fft"))
    assert said["algorithm"].verdict == "declared, not visible"


def test_transforms_of_tiles_are_told_from_those_of_the_plane():
    assert statements("winograd-four-declared", "float32")["algorithm"].said.startswith("a transform of tiles")
    assert statements("fourier-declared", "float32")["algorithm"].verdict == "agrees"


@pytest.mark.parametrize(
    ("id", "named"),
    [
        ("tap-by-tap", "one after the other, first to last"),
        ("taps-in-reverse", "one after the other, last to first"),
        ("pairwise", "in pairs, pairs of pairs, and so on"),
        ("two-accumulators", "in 2 partial sums"),
        ("fused-multiply-add", "one after the other, first to last"),
        ("tf32-declared", None),
    ],
)
def test_the_order_of_a_sum_is_found_and_reproduces_random_sums(id, named):
    said = statements(id, "float32")
    for place in LAYERS:
        found = said[f"order, {place.name}"]
        assert found.order is not None
        assert named in (None, found.said)
        assert found.order.reproduced == found.order.tried > 0
    fused = {"fused-multiply-add": "fused: added before they are rounded", "tap-by-tap": "rounded, then added"}
    if id in fused:
        assert said["products, a single output"].said == fused[id]


def test_a_compensated_sum_is_not_taken_for_a_plain_one():
    said = statements("compensated", "float32")["order, a single output"]
    assert said.order is None or said.order.reproduced < said.order.tried


def test_orders_are_named():
    place = replace(LAYERS[0], w_shape=(1, 1, 2, 2))
    assert named((0, (1, (2, 3))), place) == "one after the other, last to first"
    assert named((((0, 2), 1), 3), place) == "one after the other, but in the order 1, 3, 2, 4, …"
    assert named(((0, 1), (2, 3)), place) == "in pairs, pairs of pairs, and so on"
    eight = replace(place, w_shape=(1, 2, 2, 2))
    lanes = ((((0, 2), 4), 6), (((1, 3), 5), 7))
    assert (named(lanes, eight), depth(lanes), partial_sums(lanes)) == ("in 2 partial sums", 4, 2)
    several = (0, 1, 2, 3)
    assert (depth(several), partial_sums(several)) == (1, 1)


def test_no_order_is_claimed_where_the_answers_depend_on_more():
    with subject("fourier-declared") as one:
        prober = Prober(one, "float32", LAYERS[0])
        assert reveal(prober, 24, 0) is None
        assert precision(prober).bits is None or precision(prober).bits < 24


def test_the_search_is_repeatable_and_finds_more_than_it_starts_with():
    with subject("tap-by-tap") as one:
        first, again = (list(search(one, "float32", 1, 60)) for _ in range(2))
        other = list(search(one, "float32", 2, 60))
    assert [worst.case for worst in first] == [worst.case for worst in again]
    assert [worst.case for worst in first] != [worst.case for worst in other]
    for worst in first:
        assert worst.start <= worst.bound <= 1
        assert worst.evaluations == 60
        assert parse_case(worst.case.line) == worst.case
    # Beside a 1, eight terms of u are lost one by one; the bound of nine terms is (n + 1 + 2**-8) u B, B = 1 + 8 u.
    assert max(worst.bound for worst in first) >= 8 / (10 + 2.0**-8) * (1 - 2.0**-20)


def test_the_file_is_whole_and_says_what_contradicts():
    member = replace(BENIGN["half-in-half-declared"], numerics=Numerics(),
                     capabilities=replace(BENIGN["half-in-half-declared"].capabilities, dtypes=("float16",)))
    told: list[str] = []
    plan = Plan(("half",), 0, "0.1.0", "2026-11-22", told.append, 30, {"half": Known(member)})
    lines = list(lines_of(plan))
    assert [lines[0]["type"], lines[1]["type"], lines[-1]["type"]] == ["header", "adapter", "footer"]
    assert lines[1]["dtypes"] == ("float16",)
    assert lines[-1]["exit_status"] == 1
    assert lines[-1]["contradictions"] == 1
    assert lines[-1]["above"] > 0
    assert len(told) == 1


def test_integers_alone_give_nothing_to_measure():
    member = replace(BENIGN["tap-by-tap"], capabilities=replace(BENIGN["tap-by-tap"].capabilities, dtypes=("int64",)))
    lines = list(lines_of(Plan(("whole",), 0, "0.1.0", "2026-11-22", print, 30, {"whole": Known(member)})))
    assert lines[1]["reason"] == "it claims no floating-point type"
    assert (lines[-1]["outputs"], lines[-1]["exit_status"]) == (0, 3)


def test_a_function_that_answers_wrongly_or_not_at_all_is_no_error_of_the_suite():
    class Silent(Known):
        def conv2d(self, x, w, bias, **rest):
            if x.shape[1] > 4:
                raise RuntimeError("too many channels")
            return np.full((1, 4, 4, 4), np.nan, x.dtype)

    member = replace(BENIGN["tap-by-tap"], capabilities=replace(BENIGN["tap-by-tap"].capabilities, dtypes=("float32",)))
    lines = list(lines_of(Plan(("silent",), 0, "0.1.0", "2026-11-22", print, 30, {"silent": Silent(member)})))
    measured = [line for line in lines if line["type"] == "measured"]
    assert {line["reason"] for line in measured if line["terms"] > 36} == {"RuntimeError: too many channels"}
    assert all(line["not_finite"] == line["outputs"] > 0 for line in measured if line["terms"] <= 36)
    assert lines[-1]["exit_status"] == 1


def test_formats_agree_with_the_names_of_accumulators():
    from convspec.conformance.betrayal import NAMES

    assert {bits: name for bits, name in NAMES.items() if name in FORMATS} == {
        form.precision: name for name, form in FORMATS.items() if not name.startswith("complex")
    }
