"""Making a failing case smaller: it goes on failing, and never grows."""

import itertools

import numpy as np
import pytest

from convspec.conformance.case import LITERAL_LIMIT, NO_PADS, Case
from convspec.conformance.recipes import arrays
from convspec.conformance.requirements import requirements
from convspec.conformance.shrinking import smallest

# Each says of a valid case whether it fails; the smallest numbers that can fail follow.
FAULTS = {
    "always": (lambda case: True, 2),
    "stride": (lambda case: case.stride[0] > 1, 2),
    "two strides": (lambda case: case.stride[0] != case.stride[1], 2),
    "dilation": (lambda case: case.dilation[1] > 1 and case.kernel[1] > 1, 3),
    "groups": (lambda case: case.groups > 1, 4),
    "bias": (lambda case: case.bias_shape is not None, 3),
    "second channel": (lambda case: case.w_shape[1] > 1, 4),
    "batch": (lambda case: case.batch > 1, 3),
    "padding": (lambda case: case.padding != NO_PADS, 2),
    "one side": (lambda case: case.geometry.pads[0][0] != case.geometry.pads[0][1], 2),
    "wide output": (lambda case: case.geometry.output[1] > 2, 2),
    "even width": (lambda case: case.size[1] % 2 == 0, 3),
    "layout": (lambda case: case.layout_x != "C", 2),
    "half": (lambda case: case.dtype == "float32", 2),
    "row of two": (lambda case: case.kernel[0] == 2, 3),
}


@pytest.fixture(scope="module")
def drawn(battery):
    return battery.drawn(requirements()["DEF-01"])


def shown(case, fault):
    return case.is_valid and fault(case)


@pytest.mark.parametrize("name", FAULTS)
def test_it_goes_on_failing_and_never_grows(name, drawn):
    fault, least = FAULTS[name]
    seen = []

    def fails(case):
        seen.append(case)
        return shown(case, fault)

    failing = [case for case in drawn if shown(case, fault)][1:30:12]
    assert len(failing) == 3
    for case in failing:
        small, tried = smallest(case, fails)
        assert shown(small, fault)
        assert small.numbers <= case.numbers
        assert small.multiplications <= case.multiplications
        assert least <= small.numbers <= least + 4, small.line
        assert small.dtype == case.dtype
        assert tried <= 600
    assert len({case.id for case in seen}) > 20


def test_what_is_smallest_stays(drawn):
    fault = FAULTS["two strides"][0]
    case = next(case for case in drawn if shown(case, fault) and case.numbers > 100)
    small, _ = smallest(case, lambda case: shown(case, fault))
    again, _ = smallest(small, lambda case: shown(case, fault))
    assert again == small


def test_few_numbers_are_written_out_small_and_whole(drawn):
    """Fails as soon as one number of x is above 2: what remains is one number just above it."""
    def fails(case):
        with np.errstate(invalid="ignore"):
            return case.is_valid and bool((arrays(case).x.astype(np.float64) > 2).any())

    whole = (case for case in drawn if case.dtype == "float64" and case.data == "int" and case.numbers > 80)
    case = next(case for case in whole if fails(case))
    small, _ = smallest(case, fails)
    assert small.literal is not None
    x, w, bias = small.literal
    assert sorted(x)[-1] == sum(x) == 3
    assert (w, bias) == ((0,), ())
    assert small.numbers <= 4


def test_the_numbers_that_remain_are_those_that_were_there():
    """A cut keeps the first rows and columns, so that an error at a place stays where it is."""
    numbers = tuple(range(1, 17))
    case = Case((1, 1, 4, 4), (1, 1, 1, 1), literal=(numbers, (1,), ()))

    def fails(case):
        return case.is_valid and arrays(case).x.ravel()[-1] == 6

    start = case.but(x_shape=(1, 1, 2, 2), literal=((1, 2, 5, 6), (1,), ()))
    small, _ = smallest(start, fails)
    assert fails(small)


def test_nan_and_infinity_stay_where_they_are_needed():
    case = Case((1, 1, 2, 3), (1, 1, 1, 2), dtype="float32", data="special", seed=5)

    def fails(case):
        return case.is_valid and not np.isfinite(arrays(case).x).all()

    assert fails(case)
    small, _ = smallest(case, fails)
    assert fails(small)
    assert sum(number not in (0, 1) for number in small.literal[0]) == 1


def test_the_budget_is_kept(drawn):
    tried = itertools.count()

    def fails(case):
        next(tried)
        return case.is_valid

    smallest(max(drawn, key=lambda case: case.numbers), fails, budget=7)
    assert next(tried) == 7


def test_a_case_that_nothing_smaller_repeats_is_given_back(drawn):
    case = drawn[20]
    assert smallest(case, lambda other: False)[0] == case


def test_invalid_cases_shrink_too():
    case = Case((2, 3, 6, 5), (4, 3, 2, 3), (4,), stride=(0, 2), padding=((1, 0), (0, 2)), data="int", dtype="float32")
    small, _ = smallest(case, lambda case: case.stride[0] == 0)
    assert small.numbers == 2
    assert small.stride[0] == 0
    odd, _ = smallest(case.but(stride=(1.5, "1")), lambda case: case.stride == (1.5, "1"))
    assert odd.stride == (1.5, "1")
    assert odd.numbers == 2
    flat, _ = smallest(Case((3, 4, 5), (2, 3, 2, 2), data="int"), lambda case: len(case.x_shape) == 3)
    assert len(flat.x_shape) == 3


def test_large_cases_are_not_written_out():
    small, _ = smallest(Case((1, 1, 9, 9), (1, 1, 1, 1)), lambda case: case.numbers > LITERAL_LIMIT)
    assert small.literal is None
    assert LITERAL_LIMIT < small.numbers < 82
