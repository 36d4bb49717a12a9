"""A child that makes a start on what will be asked next: the same outcomes, each of its own case."""

import os
import signal

import pytest

from convspec.adapters.loading import adapt
from convspec.conformance.case import Case
from convspec.conformance.child import ChildProcess
from convspec.reference import conv2d

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

GOOD = Case((1, 1, 3, 3), (1, 1, 2, 2), seed=1)
# The only case whose picture is four rows high.
ODD = Case((1, 1, 4, 3), (1, 1, 2, 2), seed=2)
AFTER = Case((1, 1, 3, 5), (1, 1, 2, 2), seed=3)


def right(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def dying(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if x.shape[2] == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return right(x, w, bias, stride, padding, dilation, groups)


def begun(function, cases, first=()):
    """The outcomes of cases that were begun before others were run to their end."""
    child = ChildProcess("odd", adapter=adapt(function, "odd"))
    trials = [("DEF-01", case) for case in cases]
    try:
        child.begin(trials)
        for _ in child.run([("DEF-01", case) for case in first]):
            pass
        return [outcome for outcome, *_ in child.run(trials, fresh=True)], child.deaths
    finally:
        child.close()


@pytest.mark.parametrize("first", [(), (GOOD, AFTER)])
def test_what_was_begun_goes_on_where_it_is(first):
    cases = [GOOD, ODD, AFTER] * 60
    found, deaths = begun(right, cases, first)
    assert deaths == 0
    assert [outcome.value.shape for outcome in found] == [(1, 1, 2, 2), (1, 1, 3, 2), (1, 1, 2, 4)] * 60


def test_a_death_in_what_was_begun_is_told_of_the_case_that_died():
    found, deaths = begun(dying, [GOOD, AFTER, ODD, GOOD, ODD], (AFTER,))
    assert [outcome.kind for outcome in found] == ["returned", "returned", "crashed", "returned", "crashed"]
    assert deaths == 2


def test_what_was_begun_and_is_not_asked_for_is_left_alone():
    child = ChildProcess("odd", adapter=adapt(right, "odd"))
    some, others = [("DEF-01", GOOD)], [("DEF-01", AFTER)]
    try:
        child.begin(some)
        child.begin(others)
        assert [outcome.value.shape for outcome, *_ in child.run(list(others))] == [(1, 1, 2, 4)]
        assert [outcome.value.shape for outcome, *_ in child.run(others)] == [(1, 1, 2, 4)]
        assert [outcome.value.shape for outcome, *_ in child.run(some)] == [(1, 1, 2, 2)]
    finally:
        child.close()
