"""The child process: whatever an implementation does, the right outcome is told in clear words and the run goes on."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from odd_functions import AFTER, GOOD, ODD, acting, outcomes, the_others_are_right

from convspec.adapters.loading import Unavailable, UnknownAdapter, adapt
from convspec.conformance.child import ChildProcess, start
from convspec.conformance.expected import SuiteError
from convspec.conformance.in_process import InProcess
from convspec.conformance.processor_time import members, usage
from convspec.reference import conv2d

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

class Mine(np.ndarray):
    """A subclass that only its own module knows."""


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Shy:
    def __repr__(self):
        raise RuntimeError("no text")


def endless_file(right):
    with tempfile.TemporaryFile() as file:
        os.truncate(file.fileno(), 1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"one more")
        file.flush()


def leaving_a_child(right):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    os._exit(4)


def allocating(right):
    kept = []
    while True:
        kept.append(np.ones(1 << 20))


def deep(right):
    return deep(right)


def raising(error):
    def act(right):
        raise error

    return act


def warning(right):
    warnings.warn("careful", stacklevel=1)


def forking_noise(right):
    if os.fork() == 0:
        for _ in range(50):
            print("noise")
        sys.stdout.flush()
        os._exit(3)


def forking_sleeper(right):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)


def forking_both(right):
    os.fork()


def threading_sleeper(right):
    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()


ANSWERS = {
    "nothing odd": lambda right: None,
    "another shape": lambda right: [right[0, 0]],
    "a subclass": lambda right: [right.view(Mine)],
    "a matrix": lambda right: [np.matrix(right[0, 0])],
    "warning": warning,
    "forking noise": forking_noise,
    "forking a sleeper": forking_sleeper,
    "forking, and both come back": forking_both,
    "a thread that stays": threading_sleeper,
    "an interrupt": lambda right: os.kill(os.getpid(), signal.SIGINT),
    "warnings made errors": lambda right: warnings.simplefilter("error"),
    "another folder": lambda right: os.chdir("/"),
}
TOLD = {
    "a list": (lambda right: [right.tolist()], "not an array", "a list, not an array: [[[["),
    "None": (lambda right: [None], "not an array", "None, not an array"),
    "a number": (lambda right: [3.5], "not an array", "a float, not an array: 3.5"),
    "a NumPy number": (lambda right: [np.float64(3.5)], "not an array", "a float64, not an array"),
    "objects": (lambda right: [np.array([Shy()])], "not an array", "an array of Python objects, not of numbers"),
    "what cannot be shown": (lambda right: [Shy()], "raised", "RuntimeError: no text"),
    "an exception": (raising(KeyError("four")), "raised", "KeyError: 'four'"),
    "an exception without text": (raising(MuteError()), "raised", "MuteError"),
    "a deep exception": (raising(BaseException("deep")), "raised", "BaseException: deep"),
    "no end of calls": (deep, "raised", "RecursionError: maximum recursion depth exceeded"),
    "a file without end": (endless_file, "raised", "File too large (the suite lets it write files of up to 1024 MiB)"),
    "sys.exit": (lambda right: sys.exit(3), "exited", "tried to end the process (SystemExit: 3)"),
    "KeyboardInterrupt": (raising(KeyboardInterrupt()), "exited", "tried to end the process (KeyboardInterrupt: )"),
    "os._exit(0)": (lambda right: os._exit(0), "exited", "the process ended with status 0 and no answer"),
    "os._exit(7)": (lambda right: os._exit(7), "exited", "the process ended with status 7 and no answer"),
    "closed descriptors": (lambda right: os.closerange(3, 64), "exited", "no answer"),
    "SIGSEGV": (lambda right: os.kill(os.getpid(), signal.SIGSEGV), "crashed", "the process was killed by SIGSEGV"),
    "reading at 1": (lambda right: ctypes.string_at(1), "crashed", "the process was killed by SIGSEGV"),
    "abort": (lambda right: os.abort(), "crashed", "the process was killed by SIGABRT"),
    "a child that outlives it": (leaving_a_child, "exited", "the process ended with status 4"),
}


@pytest.mark.parametrize("act", ANSWERS.values(), ids=ANSWERS)
def test_odd_behaviour_that_still_answers(act):
    found, deaths = outcomes(act)
    assert [outcome.kind for outcome in found] == ["returned"] * 4
    assert deaths == 0
    assert type(found[1].value) is np.ndarray
    the_others_are_right(found)


@pytest.mark.parametrize(("act", "kind", "text"), TOLD.values(), ids=TOLD)
def test_what_happened_is_told_and_the_run_goes_on(act, kind, text):
    found, deaths = outcomes(act)
    assert found[1].kind == kind
    assert text in found[1].text
    assert found[1].value is None
    assert deaths == (kind in ("crashed", "timed out") or "the process ended" in found[1].text)
    assert found[1].died == (kind in ("crashed", "timed out", "exited"))
    the_others_are_right(found)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_memory_without_end_is_refused():
    found, _ = outcomes(allocating, memory=64 << 20)
    assert found[1].kind == "out of memory"
    assert found[1].text.startswith("MemoryError: ")
    the_others_are_right(found)


@pytest.mark.parametrize(("act", "seen"), [
    ("x[...] = 0", {"changed": ("x",)}), ("w *= 2", {"changed": ("w",)}), ("bias += 1", {"changed": ("bias",)}),
    ("return x", {"aliases": ("x",)}), ("return w[:1]", {"aliases": ("w",)}),
    ("np.random.seed(0)", {"disturbed": ("the random state",)}),
    ("np.seterr(over='ignore')", {"disturbed": ("NumPy's error state",)}),
    ("np.random.default_rng(0)", {}), ("return x.copy()", {}),
])
def test_what_was_done_to_the_arguments_is_seen(act, seen):
    names = {"np": np}
    exec(f"def function(x, w, bias=None, stride=1):\n    {act}\n    return np.ones((1, 1, 2, 2))", names)
    child = ChildProcess("acting", adapter=adapt(names["function"], "acting"))
    try:
        first, *_ = next(iter(child.run([("PUR-06", GOOD.but(bias_shape=(1,)))])))
    finally:
        child.close()
    for what in ("changed", "aliases", "disturbed"):
        assert getattr(first, what) == seen.get(what, ())


def test_a_result_that_is_handed_out_twice_is_seen():
    kept = np.ones((1, 1, 2, 2))
    child = ChildProcess("keeping", adapter=adapt(lambda x, w: kept, "keeping"))
    try:
        first, second = next(iter(child.run([("PUR-04", GOOD)])))
    finally:
        child.close()
    assert first.aliases == ()
    assert second.aliases == ("an earlier result",)


def test_a_worker_remembers_and_a_fresh_one_does_not():
    calls = []

    def counting(x, w):
        calls.append(1)
        return np.full((1, 1, 2, 2), len(calls))

    def ask():
        first, *_ = next(iter(child.run([("DEF-01", GOOD)])))
        return first.value[0, 0, 0, 0]

    child = ChildProcess("counting", adapter=adapt(counting, "counting"))
    try:
        assert [ask(), ask()] == [1, 2]
        child.fresh()
        assert ask() == 1
    finally:
        child.close()
    assert not calls


def test_answers_that_nobody_reads_are_not_taken_for_later_ones():
    child = ChildProcess("plain", adapter=adapt(acting(lambda right: None), "plain"))
    try:
        answers = child.run([("DEF-01", case) for case in (GOOD, ODD, AFTER) * 60])
        next(answers)
        answers.close()
        first, *_ = next(iter(child.run([("DEF-01", AFTER)])))
        assert first.value.shape == (1, 1, 2, 4)
    finally:
        child.close()


def test_many_deaths_in_a_row():
    child = ChildProcess("dying", adapter=adapt(acting(lambda right: os._exit(1)), "dying"))
    try:
        kinds = [first.kind for first, *_ in child.run([("DEF-01", case) for case in (ODD, GOOD, ODD, ODD) * 3])]
    finally:
        child.close()
    assert kinds == ["exited", "returned", "exited", "exited"] * 3
    assert child.deaths == 9


def ending_the_zygote(right):
    os.kill(os.getppid(), signal.SIGKILL)
    # The signal that ends this process, too, may come a little later than an answer would.
    time.sleep(60)


def test_who_ends_the_zygote_ahead_is_not_taken_for_the_one_that_is_asked():
    child = ChildProcess("killing", adapter=adapt(acting(ending_the_zygote), "killing"))
    good, odd = [("DEF-01", GOOD)] * 3, [("DEF-01", ODD)]
    try:
        next(child.run(good))
        child.begin(odd)
        time.sleep(1)
        assert [first.kind for first, *_ in child.run(good)] == ["returned"] * 3
        assert [first.kind for first, *_ in child.run(odd)] == ["exited"]
        assert [first.kind for first, *_ in child.run(good)] == ["returned"] * 3
    finally:
        child.close()
        child.close()


def test_calls_that_cannot_be_built_are_the_suites_fault():
    child = ChildProcess("plain", adapter=adapt(acting(lambda right: None), "plain"))
    try:
        with pytest.raises(SuiteError, match="data recipe 'nonsense' is unknown"):
            list(child.run([("DEF-01", GOOD.but(data="nonsense"))]))
    finally:
        child.close()


FILES = {
    "dies while it is imported": ("import os\nos._exit(5)", UnknownAdapter, "importing .* ended the process"),
    "says why it dies": ("import os\nprint('goodbye', flush=True)\nos._exit(5)", UnknownAdapter, "goodbye"),
    "raises while it is imported": ("1 / 0", UnknownAdapter, "ZeroDivisionError"),
    "is not Python": ("def conv(", UnknownAdapter, "SyntaxError"),
    "leaves while it is imported": ("import sys\nsys.exit(1)", UnknownAdapter, "SystemExit"),
    "has another name in it": ("def other(x, w): pass", UnknownAdapter, "has no attribute 'conv'; it has other"),
    "has no function there": ("conv = 3", UnknownAdapter, "is int, neither a function nor an object with a conv2d"),
    "needs what is not there": ("import no_such_library", UnknownAdapter, "No module named 'no_such_library'"),
}


@pytest.mark.parametrize(("text", "error", "told"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_used(text, error, told, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(text)
    child = ChildProcess(f"{file}:conv")
    try:
        with pytest.raises(error, match=told):
            assert child.description
    finally:
        child.close()


def test_a_target_in_a_file_runs_beside_the_suite(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import os\nimport numpy as np\n\ndef conv(x, w):\n    return np.full((1, 1, 2, 2), os.getpid())\n")
    child = start(f"{file}:conv")
    try:
        assert child.description.name == f"{file}:conv"
        first, *_ = next(iter(child.run([("DEF-01", GOOD)])))
        assert first.value[0, 0, 0, 0] not in (0, os.getpid())
        assert "child process" in child.isolation
    finally:
        child.close()


def test_an_unknown_name_and_a_missing_library():
    for target, error in (("scipi", UnknownAdapter), ("no_such_module:conv", UnknownAdapter)):
        child = ChildProcess(target)
        try:
            with pytest.raises(error, match=r"scipi|no module 'no_such_module'"):
                assert child.description
        finally:
            child.close()
    assert issubclass(Unavailable, ImportError)


def test_where_there_is_no_fork_it_runs_in_this_process():
    here = InProcess("plain", adapter=adapt(acting(lambda right: None), "plain"))
    first, *_ = next(iter(here.run([("DEF-01", GOOD)])))
    assert np.array_equal(first.value, conv2d(*operands(GOOD)))
    assert "cannot fork" in here.isolation
    here.fresh()
    here.close()


def operands(case):
    from convspec.conformance.recipes import arrays

    built = arrays(case)
    return built.x, built.w


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed in /proc on Linux only")
def test_nothing_is_left_behind():
    before = children()
    child = ChildProcess("plain", adapter=adapt(acting(forking_sleeper), "plain"))
    list(child.run([("DEF-01", ODD)]))
    assert children() - before
    child.close()
    assert not children() - before


SLEEPING = """import os, sys, time
from convspec.adapters.loading import adapt
from convspec.conformance.case import Case
from convspec.conformance.child import ChildProcess

def conv(x, w):
    print(os.getpid(), file=told, flush=True)
    while True:
        time.sleep(600)

told = os.fdopen(os.dup(1), "w")
child = ChildProcess("sleeping", adapter=adapt(conv, "sleeping"))
list(child.run([("DEF-01", Case((1, 1, 3, 3), (1, 1, 2, 2), seed=1))]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed in /proc on Linux only")
def test_nothing_is_left_behind_by_a_run_that_is_killed():
    path = os.pathsep.join(part for part in sys.path if part)
    suite = subprocess.Popen(
        [sys.executable, "-c", SLEEPING], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    worker = int(suite.stdout.readline())
    # Its zygote and its workers, and the one that reads what they print.
    assert len(members(suite.pid)) >= 4
    suite.kill()
    # All who could print hold the other end: it is closed when the last of them has ended.
    assert suite.stdout.read() == b""
    suite.wait()
    assert usage(worker) is None or usage(worker).ended


def children():
    """The processes in this process's group and beneath, as the kernel lists them."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found.add((int(status.parent.name), int(fields[1])))
    mine, size = {os.getpid()}, 0
    while len(mine) != size:
        size = len(mine)
        mine |= {pid for pid, parent in found if parent in mine}
    return mine
