"""What does not end is told from what is slow, waited for a few times, and not waited for without end."""

import os
import signal
import subprocess
import sys
import time

import pytest
from odd_functions import GOOD, LIMITS, ODD, acting, outcomes, the_others_are_right

from convspec import check
from convspec.adapters.loading import adapt
from convspec.conformance import waiting
from convspec.conformance.child import ChildProcess
from convspec.conformance.waiting import TimeLimits
from convspec.reference import conv2d

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def endless(right):
    while True:
        print("x" * (1 << 16))


def busy(right):
    while True:
        pass


def busy_in_a_child(right):
    subprocess.run([sys.executable, "-I", "-c", "while True: pass"], start_new_session=True)


def napping(right):
    while True:
        time.sleep(0.001)


def closing_and_sleeping(right):
    os.closerange(3, 64)
    time.sleep(600)


WORKING, SLEEPING = "no answer within 1 s of processor time", "no answer, and it slept or waited for 2 s"
HANGING = {
    "no end of words": (endless, WORKING),
    "no end of work": (busy, WORKING),
    "no end of work in a child": (busy_in_a_child, WORKING),
    "sleep": (lambda right: time.sleep(600), SLEEPING),
    "little naps": (napping, SLEEPING),
    "SIGSTOP": (lambda right: os.kill(os.getpid(), signal.SIGSTOP), SLEEPING),
    "closed descriptors, then sleep": (closing_and_sleeping, SLEEPING),
}


@pytest.mark.parametrize(("act", "text"), HANGING.values(), ids=HANGING)
def test_what_does_not_end_is_told_and_the_run_goes_on(act, text):
    found, deaths = outcomes(act)
    assert (found[1].kind, found[1].text, found[1].value) == ("timed out", text, None)
    assert deaths == 1
    the_others_are_right(found)


def test_three_hangs_are_waited_for_and_nothing_is_concluded_from_a_fourth():
    child = ChildProcess("sleeping", adapter=adapt(acting(lambda right: time.sleep(600)), "sleeping"), limits=LIMITS)
    try:
        found = [first for first, *_ in child.run([("DEF-01", case) for case in (ODD, ODD, GOOD, ODD, ODD, GOOD)])]
    finally:
        child.close()
    kinds = ["timed out", "timed out", "returned", "timed out", "not waited for", "returned"]
    assert [outcome.kind for outcome in found] == kinds
    assert child.hangs == 3
    assert found[4].died
    assert "it is not waited for any longer" in found[4].text


def test_what_is_given_up_in_haste_is_no_hang_that_was_waited_for():
    child = ChildProcess("sleeping", adapter=adapt(acting(lambda right: time.sleep(600)), "sleeping"))
    try:
        found = [first for first, *_ in child.run([("DEF-01", case) for case in (GOOD, ODD, GOOD)], hasty=True)]
    finally:
        child.close()
    assert [outcome.kind for outcome in found] == ["returned", "not waited for", "returned"]
    assert child.hangs == 0


def test_a_first_call_has_time_to_import_and_to_compile():
    """It takes three times the limit of a trial, of processor time, in each new process."""
    ready = []

    def compiling(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        started = time.process_time()
        while not ready and time.process_time() < started + 0.6:
            pass
        ready.append(True)
        return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)

    child = ChildProcess("compiling", adapter=adapt(compiling, "compiling"), limits=TimeLimits(trial=0.2, long=60.0))
    try:
        for _ in range(2):
            found = [first for first, *_ in child.run([("DEF-01", case) for case in (GOOD, ODD)], fresh=True)]
            assert [outcome.kind for outcome in found] == ["returned", "returned"]
    finally:
        child.close()


@pytest.fixture
def impatient(monkeypatch):
    """A first call, and sleep, have little more than any trial."""
    monkeypatch.setattr(waiting, "LONG", 1.0)


def hanging(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Sleeps for pictures of more than six rows."""
    if x.shape[2] > 6:
        time.sleep(600)
    return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def test_a_run_waits_three_times_and_says_what_it_left_out(impatient, unexplained, drawn_once):
    result = check(hanging, only=("SHP-01", "SHP-02", "BAT-01"), effort="quick", time_limit=0.2)
    first, *others = result.verdicts
    assert first["outcome"] == "timed out"
    assert "it slept or waited for 1.2 s" in first["reason"]
    # The hang is found, seen again in a fresh process, and waited for once more when its case is small.
    assert first["counterexample"]["case"].startswith("SHP-01 x=1x1x7x")
    assert {line["outcome"] for line in others} == {"mistrusted"}
    for line in others:
        assert "cases were not waited for, since the implementation had hung 3 times before" in line["reason"]
        assert "counterexample" not in line
    assert result.exit_status == 1
