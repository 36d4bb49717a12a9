"""The results file while it is written: nothing that is known gets lost, and nothing whole is replaced by a part."""

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import convspec
from convspec import check
from convspec.conformance import results_file
from convspec.conformance.plugin import Intake
from convspec.conformance.results import NotWritten, replace_file, write_lines
from convspec.conformance.results_file import NAME, PREVIOUS, ResultsFile, is_finished
from convspec.conformance.run import Run, Settings
from convspec.reports import ResultsError, read_results, write_report

HOME = str(Path(convspec.__file__).parents[1])
SELECTED = ("DEF-05", "SHP-06", "LAW-04")
# A run that ends without a word after so many verdicts.
KILLED = """
import os, signal
from convspec import check
from convspec.conformance.plugin import Progress
def show(self, line):
    self.done += 1
    if self.done == {done}:
        {end}
Progress.show = show
check("vectorized", only={selected}, effort="quick", out="out")
"""


def killed(folder, done, end="os._exit(9)"):
    program = KILLED.format(done=done, selected=SELECTED, end=end)
    environment = {**os.environ, "PYTHONPATH": HOME}
    return subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, check=False).returncode


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a finished file."""
    out = tmp_path_factory.mktemp("whole")
    assert check("vectorized", only="DEF-05", effort="quick", out=out).exit_status == 0
    assert not (out / PREVIOUS).exists()
    return (out / NAME).read_bytes()


@pytest.mark.parametrize("done", [1, 2])
def test_a_run_that_is_killed_loses_no_verdict(done, tmp_path):
    assert killed(tmp_path, done) == 9
    results = read_results(tmp_path / "out" / NAME)
    assert results.chained
    assert not results.complete
    assert [(verdict.requirement, verdict.outcome) for verdict in results.verdicts] == [
        (id, "passed") for id in SELECTED[:done]
    ]
    assert results.adapters[0].versions
    page = write_report(tmp_path / "out" / NAME, tmp_path / "pages").read_text(encoding="utf-8")
    assert "was not finished" in page


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_signal_leaves_a_file_that_says_that_it_is_incomplete(name, tmp_path):
    assert killed(tmp_path, 2, f"os.kill(os.getpid(), signal.{name})") != 0
    results = read_results(tmp_path / "out" / NAME)
    assert not results.complete
    assert len(results.verdicts) == 2


def test_flipped_bits_of_a_real_file_are_seen(whole, tmp_path):
    draw = random.Random(3)
    path = tmp_path / NAME
    refused = 0
    for _ in range(200):
        changed = bytearray(whole)
        changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        try:
            results = read_results(path)
        except ResultsError:
            refused += 1
        else:
            assert [(verdict.requirement, verdict.outcome) for verdict in results.verdicts] == [("DEF-05", "passed")]
    assert refused > 150


def test_a_file_of_before_is_kept_until_there_is_a_whole_one(whole, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / NAME).write_bytes(whole)
    for done in (1, 2):
        killed(tmp_path, done)
        # The second time, what was interrupted does not take the place of what is whole.
        assert (out / PREVIOUS).read_bytes() == whole
        assert len(read_results(out / NAME).verdicts) == done
    check("vectorized", only="DEF-05", effort="quick", out=out)
    assert read_results(out / NAME).complete
    assert not (out / PREVIOUS).exists()


def test_an_interrupted_run_keeps_it_too(whole, tmp_path, monkeypatch):
    def stopped(run, target, requirement):
        raise KeyboardInterrupt

    (tmp_path / NAME).write_bytes(whole)
    monkeypatch.setattr("convspec.conformance.run.Run.verify", stopped)
    assert check("vectorized", only="DEF-05", effort="quick", out=tmp_path).exit_status == 130
    assert (tmp_path / PREVIOUS).read_bytes() == whole
    assert not read_results(tmp_path / NAME).complete


def test_what_is_refused_costs_nothing(whole, tmp_path):
    (tmp_path / NAME).write_bytes(whole)
    with pytest.raises(ValueError, match="pytest refuses"):
        check("vectorized", only="DEF-05", effort="quick", out=tmp_path, pytest_args=["--no-such-option"])
    file = ResultsFile(tmp_path)
    file.begin([{"type": "header"}])
    file.withdraw()
    assert (tmp_path / NAME).read_bytes() == whole
    assert not (tmp_path / PREVIOUS).exists()


def test_whether_a_file_is_finished(whole, tmp_path):
    path = tmp_path / NAME
    assert not is_finished(path)
    for content, finished in (
        (whole, True),
        (whole + b'{"type": "explanation"}\n{"type": "ti', True),
        (whole[: whole.index(b'"type": "footer"')], False),
        (b"\xff\n", False),
        (b"[]\n", False),
    ):
        path.write_bytes(content)
        assert is_finished(path) is finished


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "some.jsonl"
    path.write_text("old\n")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWritten, match=r"some\.jsonl cannot be written: No space left on device"):
        write_lines(path, [{"type": "header"}])
    assert path.read_text() == "old\n"
    assert [found.name for found in tmp_path.iterdir()] == ["some.jsonl"]


def test_what_ends_with_an_exception_is_kept_as_far_as_it_came(tmp_path):
    def lines():
        yield b"one\n"
        raise KeyboardInterrupt

    path = tmp_path / "some.jsonl"
    path.write_text("old\n")
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, lines())
    assert path.read_text() == "one\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match=r"results\.jsonl cannot be written: "):
        ResultsFile(tmp_path / "file").begin([])
    with pytest.raises(NotWritten, match=r"some\.jsonl cannot be written: "):
        write_lines(tmp_path / "file" / "some.jsonl", [])


@pytest.mark.parametrize("done", [1, 40, 10_000])
def test_a_disk_that_fills_up_stops_the_run_and_takes_nothing(done, whole, tmp_path, monkeypatch):
    """While the first lines are written, in the middle, or at the end."""
    (tmp_path / NAME).write_bytes(whole)
    left = [done]

    def write(file, data, write=os.write):
        left[0] -= 1
        return write(file, data) if left[0] >= 0 else full()

    class Os:
        def __getattr__(self, name):
            return write if name == "write" else getattr(os, name)

    monkeypatch.setattr(results_file, "os", Os())
    if done == 10_000:
        monkeypatch.setattr(results_file, "replace_file", lambda path, pieces: full_disk(path))
    with pytest.raises(NotWritten, match=r"results\.jsonl cannot be written: No space left on device"):
        check("vectorized", only=SELECTED, effort="quick", out=tmp_path)
    assert (tmp_path / PREVIOUS).read_bytes() == whole
    if done > 1:
        assert not read_results(tmp_path / NAME).complete


def full_disk(path):
    raise NotWritten.because(OSError(errno.ENOSPC, "No space left on device"), path)


def test_the_file_of_junit_may_be_what_does_not_fit(tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("_pytest.junitxml.LogXML.pytest_sessionfinish", write)
    with pytest.raises(NotWritten, match="No space left on device"):
        check("vectorized", only="DEF-05", effort="quick", out=tmp_path)
    assert read_results(tmp_path / NAME).complete


def test_an_error_of_the_system_inside_pytest_is_told_apart(tmp_path):
    class Session:
        shouldstop = ""

        class config:  # noqa: N801
            class pluginmanager:  # noqa: N801
                get_plugin = staticmethod(lambda name: None)

    run = Run(Settings(("vectorized",), ("DEF-05",), "quick"))
    try:
        intake = Intake(run, tmp_path, None, Session)
        for error, told in ((OSError(errno.EAGAIN, "busy"), None), (ValueError("no"), None),
                            (OSError(errno.ENOSPC, "full", "junit.xml"), True)):
            try:
                raise error
            except Exception:
                assert intake.pytest_internalerror(pytest.ExceptionInfo.from_current()) is told
        assert run.not_written == "junit.xml cannot be written: full"
    finally:
        run.close()


def test_nobody_needs_to_wait_for_explanations(tmp_path, monkeypatch):
    def stopped(run, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("convspec.conformance.run.Run.diagnose", stopped)
    result = check("vectorized", only="DEF-05", effort="quick", out=tmp_path)
    assert result.exit_status == 5
    assert read_results(tmp_path / NAME).complete


def test_an_adapter_is_written_again_when_there_is_more_to_say(tmp_path):
    about = {"type": "adapter", "id": "a", "name": "a", "available": True, "remarks": []}
    header = {"type": "header", "schema_version": 2, "suite": {"name": "convspec", "version": "0"}, "seed": 0,
              "effort": "quick", "environment": {}, "targets": ["a"]}
    file = ResultsFile(tmp_path)
    file.begin([header])
    for remarks in ([], [], ["more"], ["more"]):
        file.add({**about, "remarks": remarks})
    file.close()
    lines = [json.loads(line) for line in (tmp_path / NAME).read_bytes().splitlines()]
    assert [line["remarks"] for line in lines if line["type"] == "adapter"] == [[], ["more"]]
    (adapter,) = read_results(tmp_path / NAME).adapters
    assert adapter.remarks == ("more",)
