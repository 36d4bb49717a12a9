"""Ctrl-C, SIGTERM and SIGHUP end a command in order, at any moment; a kill leaves nothing that runs on."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import convspec
from convspec import __main__, checking, cli, interrupting
from convspec.conformance.run import Run
from convspec.interrupting import begin, deaf_children, finish, held_back, let_go, take_over
from convspec.reports import read_results

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no processes of that kind")

HOME = str(Path(convspec.__file__).parents[1])
WHOLE = os.environ.get("CONVSPEC_OUTSIDE_EFFORT", "quick") != "quick"
RIGHT = """import numpy as np
def conv(image, kernel):
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError("the kernel does not fit")
    result = np.zeros((rows, columns))
    for p in range(kernel.shape[0]):
        for q in range(kernel.shape[1]):
            result += image[p:p + rows, q:q + columns] * kernel[p, q]
    return result
"""
FORKED = """
import json, os, random, signal, sys, time
import convspec.cli
from convspec import interrupting
from convspec.__main__ import main

def children(session):
    for place in os.listdir("/proc"):
        try:
            state, _, _, found = open(f"/proc/{place}/stat").read().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(found) == session and state != "Z":
            yield int(place)

def trial(number, arguments, sent, wait):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.setsid()
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{number}.{name}", os.O_CREAT | os.O_WRONLY), descriptor)
        sys.argv[1:] = [*arguments, "--out", f"folder-{number}"]
        interrupting.take_over()
        os.write(writer, b"!")
        try:
            main()
        except SystemExit as ended:
            os._exit(ended.code)
    os.read(reader, 1)
    os.close(reader), os.close(writer)
    started = time.perf_counter()
    if sent:
        time.sleep(wait)
        os.kill(pid, sent)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    took = time.perf_counter() - started
    left = list(children(pid))
    for _ in range(200):
        if not left:
            break
        time.sleep(0.05)
        left = list(children(pid))
    return {"number": number, "sent": sent, "wait": wait, "status": status, "left": left, "took": took}

seed, trials, arguments = json.loads(sys.argv[1])
draw = random.Random(seed)
whole = trial(0, arguments, 0, 0)
print(json.dumps(whole), flush=True)
for number, sent in enumerate(trials, 1):
    print(json.dumps(trial(number, arguments, sent, draw.uniform(0, whole["took"]))), flush=True)
"""


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("right.py").write_text(RIGHT)
    Path("wrong.py").write_text(RIGHT.replace("* kernel[p, q]", "* kernel[-1 - p, q]"))
    yield
    let_go()


def at_random_moments(seed, trials, *arguments):
    """What became of runs that were given signals; each is forked from a process that has imported everything."""
    environment = {**os.environ, "PYTHONPATH": HOME}
    order = json.dumps([seed, [int(number) for number in trials], arguments])
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORKED, order], env=environment, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    first, *others = map(json.loads, done.stdout.splitlines())
    assert len(others) == len(trials)
    for one in (first, *others):
        number = one["number"]
        said = Path(f"{number}.err").read_text() + Path(f"{number}.out").read_text()
        for word in ("Traceback", "Exception ignored", "INTERNALERROR", "Fatal"):
            assert word not in said, (one, said)
        assert not one["left"], one
        one["said"] = said
        one["folder"] = Path(f"folder-{number}")
    return first, others


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no list of processes")
@pytest.mark.parametrize(("target", "family", "seed", "whole"), [
    ("right.py:conv", "SHP", 11, 0), ("wrong.py:conv", "DEF", 12, 1),
])
def test_a_signal_at_any_moment(target, family, seed, whole):
    trials = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * (7 if WHOLE else 1)
    first, others = at_random_moments(seed, trials, "check", target, "--only", family, "--effort", "quick")
    assert first["status"] == whole
    for one in others:
        assert one["status"] in {whole, 5, 130}, one
        assert one["status"] in (0, 1) or "convspec: interrupted" in one["said"], one
        assert not list(one["folder"].glob("*.part"))
        results = one["folder"] / "results.jsonl"
        if results.exists():
            assert read_results(results).complete or one["status"] != 0, one
            what_was_verified_is_there(one)
        else:
            assert one["status"] == 130
            assert not one["folder"].exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no list of processes")
def test_a_kill_at_any_moment_leaves_nothing_that_runs_on():
    trials = [signal.SIGKILL] * (20 if WHOLE else 3)
    _, others = at_random_moments(13, trials, "check", "right.py:conv", "--only", "SHP", "--effort", "quick")
    for one in others:
        assert one["status"] in (-signal.SIGKILL, 0), one
        what_was_verified_is_there(one)
        if one["folder"].exists():  # It is free at once for the next one.
            assert cli.run_command(["report", "nothing", "--out", str(one["folder"])]) == 2


def what_was_verified_is_there(one):
    """All verdicts that a run has told of are in its file, and pages can be made of it."""
    path, told = one["folder"] / "results.jsonl", re.findall(r"^ *(\d+)/\d+ [A-Z]", one["said"], re.MULTILINE)
    if told:
        assert len(read_results(path).verdicts) >= max(map(int, told))
        assert cli.run_command(["report", str(path), "--out", str(one["folder"])]) == 0


@pytest.mark.parametrize("group", [False, True])
def test_processes_side_by_side(group):
    pytest.importorskip("xdist")
    command = [sys.executable, "-P", "-m", "convspec", "check", "right.py:conv", "--effort", "quick", "-n", "2"]
    draw = random.Random(14)
    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 4 if WHOLE else (signal.SIGINT,):
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": HOME}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )
        time.sleep(draw.uniform(2, 6))
        os.killpg(process.pid, sent) if group else process.send_signal(sent)
        out, err = process.communicate(timeout=60)
        assert process.returncode in (5, 130), (out, err)
        assert "convspec: interrupted" in err
        assert "Traceback" not in err


def test_a_terminal_that_is_closed():
    """It sends SIGHUP, and nothing can be printed any more: that is no full disk."""
    pty = pytest.importorskip("pty")
    command = [sys.executable, "-P", "-m", "convspec", "check", "right.py:conv", "--effort", "quick"]
    command += ["--only", "DEF", "--only", "SHP", "--only", "PAD"]
    pid, terminal = pty.fork()
    if not pid:
        os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": HOME})
    seen = b""
    while b"DEF-01" not in seen:
        seen += os.read(terminal, 1000)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    results = read_results(Path("convspec-report/results.jsonl"))
    assert results.verdicts
    assert not results.complete


@pytest.fixture
def verdicts(monkeypatch, drawn_once):
    """Let a run be interrupted when it is to verify one more requirement than these."""
    verify = Run.verify

    def interrupt_after(number):
        asked = []

        def interrupted(run, target, requirement):
            asked.append(requirement)
            if len(asked) > number:
                raise KeyboardInterrupt
            return verify(run, target, requirement)

        monkeypatch.setattr(Run, "verify", interrupted)

    return interrupt_after


def interrupt(*arguments, **options):
    raise KeyboardInterrupt


def check(target):
    return cli.run_command(["check", target, "--only", "DEF-05", "--only", "SHP-07", "--only", "LAW-05",
                            "--effort", "quick", "--out", "out"])


@pytest.mark.parametrize(("target", "number", "status", "told"), [
    ("right.py:conv", 0, 130, "before the first verdict"), ("right.py:conv", 1, 5, "after 1 verdict"),
    ("right.py:conv", 2, 5, "after 2 verdicts"), ("wrong.py:conv", 1, 1, "after 1 verdict"),
])
def test_the_status_says_what_was_found_until_then(target, number, status, told, verdicts, capsys):
    verdicts(number)
    assert check(target) == status
    printed, said = capsys.readouterr()
    assert f"convspec: interrupted {told}\n" in said
    assert "Report: out/index.html. Verdict: INCOMPLETE; " in printed
    assert not read_results(Path("out/results.jsonl")).complete


@pytest.mark.parametrize(("target", "place", "status", "is_complete"), [
    ("right.py:conv", (Run, "start_all"), 130, None),
    ("wrong.py:conv", (Run, "diagnose"), 1, True),
    ("right.py:conv", (checking, "write_report"), 5, True),
    ("wrong.py:conv", (checking, "write_report"), 1, True),
    ("right.py:conv", (cli, "results_lines"), 5, True),
    ("wrong.py:conv", (cli, "results_lines"), 1, True),
])
def test_what_comes_before_and_after_the_verdicts(target, place, status, is_complete, monkeypatch, drawn_once, capsys):
    monkeypatch.setattr(*place, interrupt)
    if place[1] != "diagnose":
        monkeypatch.setattr(Run, "diagnose", lambda run, target: None)
    assert check(target) == status
    printed, said = capsys.readouterr()
    assert "convspec: interrupted" in said
    if is_complete is None:
        assert not Path("out").exists()
    else:
        assert read_results(Path("out/results.jsonl")).complete == is_complete
    assert ("No page was made of out/results.jsonl." in printed) == (place[1] == "write_report")


def test_the_function_raises_only_before_the_first_verdict(verdicts):
    from convspec.reference import conv2d

    verdicts(1)
    result = convspec.check(conv2d, only=("DEF-05", "SHP-07"), effort="quick")
    assert (result.exit_status, result.complete, result.interrupted) == (5, False, True)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(("arguments", "measure", "kept"), [
    (("conventions",), "convspec.conformance.convention_lines.measure", "conventions"),
    (("accuracy", "vectorized"), "convspec.conformance.accuracy_lines._measurements", "accuracy"),
    (("prove", "--part", "geometry"), "convspec.conformance.proof.geometry_line", "proof"),
])
def test_a_measurement_keeps_what_there_is(arguments, measure, kept, monkeypatch, capsys):
    monkeypatch.setattr(measure, interrupt)
    assert cli.run_command([*arguments, "--out", "out"]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (f"convspec: interrupted; out/{kept}.jsonl holds what was measured until then, "
                    "and says that it is incomplete")
    assert sorted(path.name for path in Path("out").iterdir()) == [f"{kept}.html", f"{kept}.jsonl"]


def test_pages_that_are_interrupted_stay_as_they_were(monkeypatch, capsys):
    verdict = (Path(__file__).parents[2] / "reports/editions/0.1.1/index.html").read_bytes()
    Path("out").mkdir()
    Path("out/diff.html").write_bytes(verdict)
    Path("run.jsonl").write_text(json.dumps({
        "type": "header", "schema_version": 1, "suite": {"name": "convspec", "version": "0.1.1"}, "seed": 0,
        "effort": "quick", "profile": None, "only": [], "date": "2026-11-28", "environment": {}, "targets": [],
    }) + "\n")
    monkeypatch.setattr(os, "replace", interrupt)
    assert cli.run_command(["diff", "run.jsonl", "run.jsonl", "--out", "out"]) == 130
    assert Path("out/diff.html").read_bytes() == verdict
    assert [path.name for path in Path("out").iterdir()] == ["diff.html"]


@pytest.mark.parametrize("number", interrupting.SIGNALS)
def test_a_signal_is_an_interruption_and_can_wait(number):
    take_over()
    begin()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    done = []

    def protected():
        with held_back():
            with held_back():
                signal.raise_signal(number)
                done.append("within")
            done.append("without")

    with pytest.raises(KeyboardInterrupt):
        protected()
    assert done == ["within", "without"]
    finish()
    signal.raise_signal(number)
    let_go()
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


def test_what_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        take_over()
        begin()
        signal.raise_signal(signal.SIGHUP)
        finish()
        let_go()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_interruption_where_no_exception_gets_out_is_repeated(capsys):
    class Dying:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    take_over()
    begin()
    started = time.perf_counter()
    Dying()
    with pytest.raises(KeyboardInterrupt):
        time.sleep(5)
    assert time.perf_counter() - started < 4
    assert capsys.readouterr().err == ""


def test_a_process_that_was_forked_waits_for_its_end():
    take_over()
    begin()
    pid = os.fork()
    if not pid:
        with contextlib.suppress(SystemExit):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_processes_are_started_deaf():
    program = "import signal; print(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
    with deaf_children():
        started = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert started.stdout == f"{sorted((signal.SIGINT, signal.SIGHUP))}\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


IMPORTING = """
import os, signal, sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "convspec.cli":
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder)
from convspec.__main__ import main
main()
"""


@pytest.mark.parametrize("number", interrupting.SIGNALS)
def test_a_signal_while_modules_are_imported(number):
    done = subprocess.run(
        [sys.executable, "-P", "-c", IMPORTING.format(number=int(number)), "list"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": HOME}, check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "convspec: interrupted\n")


def test_what_nobody_foresaw_is_the_suite_s_fault(monkeypatch, capsys):
    def fails(arguments):
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(cli, "run_command", fails)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 4
    assert "nobody foresaw this" in capsys.readouterr().err
