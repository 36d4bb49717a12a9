"""How a process is waited for, with times that are told: no test here waits."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from convspec.conformance import processor_time
from convspec.conformance.expected import SuiteError
from convspec.conformance.processor_time import Listed, Usage, listed_by_ps, listed_in_proc, usage
from convspec.conformance.waiting import Allowance, NoAnswer, TimeLimits, Wait

ALLOWANCE = Allowance(processor=10.0, asleep=60.0, ceiling=1200.0)
IDLE = Usage(processor=0.0, delayed=0.0, runnable=False, ended=False)


def end(share, *, delayed=0.0, runnable=False, late=1.0, told=True, allowance=ALLOWANCE):
    """How the wait for a process ends, and when.

    `share` is what it has of a processor, `delayed` the share of the time for which it waited for one, and `late` how
    many times the pause passes before somebody looks.
    """
    now = 0.0

    def read(pid):
        return Usage(share * now, delayed * now, runnable, ended=False) if told else None

    wait = Wait(1, allowance, read, lambda: now)
    try:
        while True:
            now += late * wait.pause
            assert wait.look()
    except NoAnswer as problem:
        return str(problem), now


def test_what_works_has_its_processor_time():
    text, seconds = end(1.0, runnable=True)
    assert text == "no answer within 10 s of processor time"
    assert 10 <= seconds < 12


def test_on_a_busy_machine_it_has_the_same_processor_time():
    """With forty others on two processors; seen to run, or only known to have waited for a processor."""
    for seen in ({"runnable": True}, {"delayed": 0.95}):
        text, seconds = end(0.05, **seen)
        assert text == "no answer within 10 s of processor time"
        assert seconds > 190


def test_many_threads_are_no_slow_implementation():
    _, seconds = end(64.0, runnable=True)
    assert seconds >= 10


def test_what_sleeps_has_a_minute():
    text, seconds = end(0.0)
    assert text == "no answer, and it slept or waited for 60 s"
    assert 60 <= seconds < 63


def test_what_wakes_up_now_and_then_still_sleeps():
    text, seconds = end(0.02)
    assert "slept or waited" in text
    assert 60 <= seconds < 65


def test_what_prints_much_and_waits_for_it_to_be_read_works():
    text, seconds = end(0.5)
    assert text == "no answer within 10 s of processor time"
    assert seconds >= 19


def test_time_that_nobody_watched_proves_nothing():
    """The machine was so busy that the suite itself looked too late, or it stood still."""
    _, seconds = end(0.0, late=10.0)
    assert seconds > 280


def test_without_any_account_only_the_long_limit_holds():
    text, seconds = end(0.0, told=False)
    assert text == "no answer, and it slept or waited for 60 s"
    assert 60 <= seconds < 63


def test_a_machine_too_busy_for_a_verdict_is_not_the_implementations_fault():
    with pytest.raises(SuiteError, match=r"the machine is too busy .* has had 1\.2 s of processor time, and has slept"):
        end(0.001, delayed=0.999, runnable=True)


def test_a_process_that_is_dead_is_not_waited_for():
    told = [IDLE, replace(IDLE, processor=99.0, ended=True)]
    assert not Wait(1, ALLOWANCE, lambda pid: told.pop(0), lambda: 0.0).look()


def test_children_that_die_take_their_time_along():
    """What is told can become less; it is not made up by what comes later."""
    told = [Usage(seconds, 0.0, True, False) for seconds in (0.0, 6.0, 1.0, 5.0)]
    now = iter((0.0, 6.0, 7.0, 11.0))
    wait = Wait(1, ALLOWANCE, lambda pid: told.pop(0), lambda: next(now))
    assert wait.look()
    assert wait.look()
    with pytest.raises(NoAnswer):
        wait.look()


def test_limits_follow_from_what_the_user_says():
    assert TimeLimits.of(10.0) == TimeLimits() == TimeLimits(trial=10.0, long=60.0, hangs=3)
    assert TimeLimits.of(0.5).long == 60.0
    assert TimeLimits.of(100.0).long == 600.0
    assert TimeLimits().allowance(False) == ALLOWANCE
    assert TimeLimits().allowance(True) == ALLOWANCE._replace(processor=60.0)


def test_who_is_in_haste_still_waits_for_much_longer_than_the_slowest_answer():
    limits = TimeLimits()
    assert limits.hasty(False, slowest=0.001)[:2] == (1.0, 1.0)
    assert limits.hasty(False, slowest=0.5)[:2] == (5.0, 5.0)
    assert limits.hasty(False, slowest=5.0)[:2] == (10.0, 50.0)
    assert limits.hasty(True, slowest=5.0)[:2] == (50.0, 50.0)
    assert TimeLimits(trial=0.2, long=0.5).hasty(True, slowest=0.0)[:2] == (0.5, 0.5)


TREE = [
    Listed(1, 0, 1, "S", 50.0),
    Listed(7, 1, 7, "S", 1.0),
    Listed(8, 7, 7, "S", 2.0),
    Listed(9, 8, 9, "R", 4.0),
    # Its parent has died, and it is still of the group.
    Listed(10, 1, 7, "S", 8.0),
    Listed(11, 1, 11, "R", 16.0),
]


@pytest.fixture
def listing(monkeypatch):
    """What the system lists, without the threads of each process."""

    def set_to(processes):
        monkeypatch.setattr(processor_time, "_listed", lambda: processes)
        monkeypatch.setattr(processor_time, "_threads", lambda pid: ("", 0.0))

    return set_to


def test_the_group_and_all_descendants_count(listing):
    listing(TREE)
    assert usage(7) == Usage(processor=15.0, delayed=0.0, runnable=True, ended=False)
    assert sorted(processor_time.members(7)) == [7, 8, 9, 10]


def test_so_does_a_process_beside_it_that_it_waits_for(listing):
    listing(TREE)
    assert not usage(10, beside=(7,)).runnable
    assert usage(10, beside=(11,)) == Usage(processor=24.0, delayed=0.0, runnable=True, ended=False)


def test_a_process_ends_though_its_children_live_on(listing):
    listing([replace(process, state="Z") if process.pid == 7 else process for process in TREE])
    assert usage(7).ended
    listing([process for process in TREE if process.pid != 7])
    assert usage(7).ended
    listing(TREE)
    assert not usage(7).ended


def test_a_system_that_does_not_tell(listing):
    listing(None)
    assert usage(7) is None
    assert processor_time.members(7) == []


LISTINGS = [
    pytest.param(listed_in_proc, marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this /proc")),
    pytest.param(listed_by_ps, marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no ps")),
]


@pytest.mark.parametrize("listed", LISTINGS)
def test_the_system_tells_of_a_process_that_works(listed, monkeypatch):
    """It is the one that asks, and asks until it is told that it has had more; nobody looks at a clock."""
    monkeypatch.setattr(processor_time, "_listed", listed)
    if listed() is None:
        pytest.skip("there is no ps here")
    started, before = time.process_time(), usage(os.getpid())
    assert not before.ended
    assert before.runnable
    while (after := usage(os.getpid())).processor <= before.processor:
        # The command ps tells whole seconds on some systems.
        assert time.process_time() - started < 30
    assert after.processor > before.processor
    (mine,) = (process for process in listed() if process.pid == os.getpid())
    assert (mine.parent, mine.group) == (os.getppid(), os.getpgrp())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither /proc nor ps")
def test_the_system_tells_of_one_that_sleeps():
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", "print(flush=True); import time; time.sleep(600)"],
        stdout=subprocess.PIPE, process_group=0,
    )
    try:
        process.stdout.readline()
        while usage(process.pid).runnable:
            pass
        assert not usage(process.pid).ended
    finally:
        process.kill()
        while not usage(process.pid).ended:
            pass
        process.communicate()
