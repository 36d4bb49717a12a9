"""The bounds T2 to T5, with numbers put in by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest

from convspec.adapters.protocol import Numerics
from convspec.conformance.calls import call_of
from convspec.conformance.case import Case, parse_case
from convspec.conformance.contract import WINOGRAD_GROWTH, Contract
from convspec.conformance.exact_numbers import ExactElement
from convspec.conformance.expected import Expected
from convspec.conformance.recipes import FORMATS

# y = 3 with B = 12 out of four products that are not zero, and a bias of 1.
FOUR = ExactElement(Fraction(3), Fraction(12), 4, Fraction(2))
TINY = {"float16": Fraction(1, 2**24), "bfloat16": Fraction(1, 2**133), "float32": Fraction(1, 2**149),
        "float64": Fraction(1, 2**1074)}


@pytest.mark.parametrize(("dtype", "u"), [("float32", 2**-24), ("float64", 2**-53), ("complex64", 2**-24)])
def test_t2_is_n_plus_one_u_b(dtype, u):
    """The one more, and a 256th of it, is room for compensated summation."""
    contract = Contract(Numerics(), dtype)
    assert contract.name == "T2"
    assert contract.is_proved
    tiny = TINY[{"complex64": "float32"}.get(dtype, dtype)]
    assert contract.allowance(FOUR) == (4 + 1 + Fraction(1, 256)) * Fraction(u) * 12 + 5 * tiny


def test_t2_of_a_single_product_is_its_rounding():
    single = ExactElement(Fraction(3), Fraction(3), 1, Fraction(3))
    twice = 1 + Fraction(1, 2**10)
    assert Contract(Numerics(), "float32").allowance(single) == Fraction(3, 2**24) * twice + 2 * TINY["float32"]
    nothing = ExactElement(Fraction(0), Fraction(0), 0, Fraction(0))
    assert Contract(Numerics(), "float32").allowance(nothing) == TINY["float32"]


def test_t2_of_a_half_that_is_summed_in_itself():
    contract = Contract(Numerics(accumulator={}), "float16")
    assert contract.name == "T2"
    assert contract.allowance(FOUR) == (5 + Fraction(1, 256)) * Fraction(12, 2**11) + 5 * TINY["float16"]


@pytest.mark.parametrize(("dtype", "u"), [("float16", 2**-11), ("bfloat16", 2**-8)])
def test_t3_is_one_rounding_and_a_sum_in_the_accumulator(dtype, u):
    contract = Contract(Numerics(), dtype)
    assert contract.name == "T3"
    rounding = Fraction(u) * 3 * Fraction(1 + 2**-10)
    summing = 5 * Fraction(1, 2**24) * 12 * Fraction(1.01)
    assert contract.allowance(FOUR) == rounding + summing + 5 * TINY[dtype]


def test_t3_with_a_bias_that_is_added_afterwards_rounds_twice():
    once, twice = (Contract(Numerics(), "float16", separate).allowance(FOUR) for separate in (False, True))
    assert twice - once == Fraction(1, 2**11) * 2 * Fraction(1 + 2**-10)


def test_t3_of_float32_summed_in_float64():
    contract = Contract(Numerics(accumulator={"float32": "float64"}), "float32")
    assert contract.name == "T3"
    assert contract.allowance(FOUR) < Contract(Numerics(), "float32").allowance(FOUR)


@pytest.mark.parametrize(("precision", "cut"), [(11, Fraction(1, 2**10)), (8, Fraction(1, 2**7))])
def test_inputs_that_are_cut_lose_twice_and_once_squared(precision, cut):
    whole, contract = Contract(Numerics(), "float32"), Contract(Numerics(input_precision=precision), "float32")
    assert contract.allowance(FOUR) - whole.allowance(FOUR) == (2 * cut + cut * cut) * 12
    assert not contract.uses_all_bits
    assert Contract(Numerics(input_precision=24), "float32").allowance(FOUR) == whole.allowance(FOUR)


def expected(line):
    return Expected(call_of(parse_case(line)))


# |x| = 5, |w| = 5; the largest x is 4, the sum of w is 7.
THREE_FOUR_FIVE = "x=1x1x2x2 w=1x1x1x2 dtype=float32 values=1,2,-2,4;-3,4;"


def test_direct_sums_have_no_further_term():
    assert Contract(Numerics(), "float32").class_term(expected(THREE_FOUR_FIVE)).tolist() == [[[[0.0]]]]


def test_t4_is_the_norms_times_the_logarithm_of_the_points():
    contract = Contract(Numerics(algorithm="fft"), "float32")
    assert contract.name == "T4"
    assert not contract.is_proved
    points = (2 + 1) * (2 + 2)
    factor = 2.0**-24 * (3 * math.log2(2 * points) + 1 + 2)
    assert contract.class_term(expected(THREE_FOUR_FIVE)).item() == pytest.approx(factor * 25, rel=1e-12)


def test_t4_counts_padding_and_the_effective_kernel():
    contract = Contract(Numerics(algorithm="fft"), "float64")
    line = "x=1x1x2x2 w=1x1x1x2 padding=1,0,2,1 dilation=1,3 values=1,2,-2,4;-3,4;"
    points = (2 + 1 + 1) * (2 + 3 + 4)
    factor = 2.0**-53 * (3 * math.log2(2 * points) + 1 + 2)
    assert contract.class_term(expected(line)).item() == pytest.approx(factor * 25, rel=1e-12)


@pytest.mark.parametrize(("tile", "growth"), [(2, 16), (4, 860), (6, 1565)])
def test_t5_is_the_largest_x_times_the_sum_of_w_times_the_growth(tile, growth):
    assert WINOGRAD_GROWTH[tile] == growth
    contract = Contract(Numerics(algorithm="winograd", tile=tile), "float32")
    assert contract.name == "T5"
    assert not contract.is_proved
    term = contract.class_term(expected(THREE_FOUR_FIVE)).item()
    assert term == pytest.approx(2.0**-24 * growth * (1 + 2) * 4 * 7, rel=1e-12)


@pytest.mark.parametrize("numerics", [Numerics(algorithm="fft"), Numerics(algorithm="winograd", tile=2)], ids=str)
def test_each_output_channel_has_its_own_term(numerics):
    """Group 0 holds ones and group 1 tens, so that the second output's term is a hundred times the first one's."""
    case = Case((1, 2, 2, 2), (2, 1, 1, 2), groups=2, literal=((1,) * 4 + (10,) * 4, (1, 1, 10, 10), ()))
    term = Contract(numerics, "float64").class_term(Expected(call_of(case)))
    assert term.shape == (1, 2, 1, 1)
    assert term[0, 1, 0, 0] == pytest.approx(100 * term[0, 0, 0, 0])
    plane = Case((2, 2), (1, 2), literal=((1,) * 4, (1, 1), ()))
    flat = Contract(numerics, "float64").class_term(Expected(call_of(plane)))
    assert flat.shape == (1, 1)
    assert flat.item() == pytest.approx(term[0, 0, 0, 0])


def test_three_real_products_for_a_complex_one():
    """(2 n + 6) u 1.01 G with n = 2 (K + 1) and the gauge G of |re| + |im|."""
    line = "x=1x1x1x2 w=1x1x1x2 dtype=complex64 values=1+2j,3;1j,2-2j;"
    contract = Contract(Numerics(complex_products=3), "complex64")
    joint = (1 + 2) * 1 + 3 * (2 + 2)
    assert contract.class_term(expected(line)).item() == pytest.approx((2 * 6 + 6) * 2.0**-24 * 1.01 * joint, rel=1e-12)
    assert not Contract(Numerics(), "complex64").class_term(expected(line)).any()


def test_flushing_costs_the_smallest_normal_number_for_each_number():
    contract = Contract(Numerics(flush_to_zero=True), "float32")
    term = contract.class_term(expected(THREE_FOUR_FIVE)).item()
    assert term == pytest.approx(2.0**-126 * (2 * 2 + 2 + 9 + 7), rel=1e-12)
    infinite = expected("x=1x1x1x2 w=1x1x1x2 dtype=float32 values=inf,1;nan,2;")
    assert contract.class_term(infinite).item() == pytest.approx(2.0**-126 * (2 * 2 + 2 + 1 + 2), rel=1e-12)


def test_flushing_may_be_declared_for_some_dtypes():
    numerics = Numerics(flush_to_zero=("bfloat16",))
    assert Contract(numerics, "bfloat16").flushes
    assert not Contract(numerics, "float32").flushes


@pytest.mark.parametrize("numerics", [
    Numerics(), Numerics(accumulator={}), Numerics(input_precision=8), Numerics(accumulator={"float32": "float64"}),
], ids=["default", "in itself", "cut", "wider"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_fractions_agree_with_floats(numerics, dtype):
    for seed in range(6):
        call = call_of(Case((2, 2, 5, 4), (3, 2, 2, 2), (3,), dtype=dtype, data="uniform", seed=seed))
        answer = Expected(call)
        contract = Contract(numerics, dtype, separate_bias=True)
        floats = contract.allowance(answer.sums[0])
        for at in [(0, 0, 0, 0), (1, 2, 3, 2), (1, 0, 2, 1)]:
            exact = contract.allowance(answer.exact(at))
            assert isinstance(exact, Fraction)
            assert float(floats[at]) == pytest.approx(float(exact), rel=1e-9)


def test_formats_are_those_of_ieee_754():
    for name, kind in (("float16", np.float16), ("float32", np.float32), ("float64", np.float64)):
        form, info = FORMATS[name], np.finfo(kind)
        assert form.precision == info.nmant + 1
        assert form.smallest_normal == float(info.smallest_normal)
        assert form.smallest_subnormal == float(info.smallest_subnormal)
        assert form.overflow_threshold == float(info.max)
        assert form.unit_roundoff == float(info.eps) / 2
    assert FORMATS["bfloat16"].overflow_threshold == float.fromhex("0x1.fep127")
    assert FORMATS["bfloat16"].smallest_subnormal == 2.0**-133


def test_a_bound_in_words_has_its_numbers_in_it():
    assert Contract(Numerics(), "float32").in_words(FOUR) == "T2: (n_eff + 1) u B, with n_eff = 4, u = 2^-24, B = 12"
    half = Contract(Numerics(), "float16").in_words(FOUR)
    assert half == "T3: u |y| + (n_eff + 1) u_acc B, with u = 2^-11, n_eff = 4, u_acc = 2^-24, B = 12"
    assert Contract(Numerics(algorithm="fft"), "float32").in_words(FOUR).endswith("and the budget of the fft class")
