"""Ten functions that are wrong in ten ways: each is found, with a counterexample that fits on a line."""

import numpy as np
import pytest

from convspec import check
from convspec.adapters.faulty import FAULTS
from convspec.conformance.case import parse_case
from convspec.conformance.recipes import arrays
from convspec.reference import conv2d

# The requirement that finds it first, and what the smallest case must have.
WRONG = {
    "kernel-flipped": ("DEF", lambda case: max(case.kernel) > 1),
    "kernel-flipped-vertically": ("DEF", lambda case: case.kernel[0] > 1),
    "stride-ignored-on-width": ("DEF", lambda case: case.stride[1] > 1),
    "size-rounded-up": ("DEF", lambda case: max(case.stride) > 1),
    "pads-on-the-wrong-side": ("DEF", lambda case: case.padding != ((0, 0), (0, 0))),
    "dilation-ignored": ("DEF", lambda case: max(case.dilation) > 1),
    "groups-interleaved": ("DEF", lambda case: case.groups > 1),
    "bias-per-row": ("DEF", lambda case: case.bias_shape is not None),
    "nan-swallowed": ("SPC", lambda case: any(np.isnan(number) for part in case.literal for number in part)),
    "input-changed-in-place": ("PUR", lambda case: True),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_function_is_found_with_a_small_counterexample(name, drawn_once, unexplained):
    family, has_the_cause = WRONG[name]
    result = check(FAULTS[name].function, effort="quick", out=None, fail_fast=True, only=FAULTS[name].caught_by)
    assert result.exit_status == 1
    assert not result
    (verdict,) = result.failures
    assert verdict["requirement"].startswith(family)
    assert verdict["outcome"] == "failed"
    example = verdict["counterexample"]
    id, _, line = example["case"].partition(" ")
    case = parse_case(line)
    assert id == verdict["requirement"]
    assert case.literal is not None
    assert case.numbers == sum(len(part) for part in case.literal) <= 25
    assert case.is_valid
    assert has_the_cause(case)
    assert example["message"] == verdict["reason"]
    assert example["repro"] == f"convspec repro '{id} {line}' --adapter {next(iter(result.conclusions))}"
    shows_the_fault(FAULTS[name].function, case, example)


def shows_the_fault(function, case, example):
    """The case taken from the line, without the suite: the function's answer is not the specification's."""
    operands = arrays(case)
    settings = {"stride": case.stride, "padding": case.geometry.pads, "dilation": case.dilation, "groups": case.groups}
    before = operands.x.copy()
    right = conv2d(operands.x, operands.w, operands.bias, **settings)
    try:
        got = function(operands.x, operands.w, operands.bias, **settings)
    except (ValueError, IndexError):
        assert example["got"] is None
        return
    assert not np.array_equal(got, right, equal_nan=True) or not np.array_equal(operands.x, before, equal_nan=True)
    numbers = np.array(example["x"]["data"], np.float64).astype(operands.x.dtype)
    assert np.array_equal(numbers.reshape(example["x"]["shape"]), before, equal_nan=True)
