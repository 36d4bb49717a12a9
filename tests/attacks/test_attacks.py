"""Implementations that return, raise, send, kill and change what they should not: what must be said, and how it ends.

Each is a right convolution that does one such thing. It is verified as an adapter that claims what it can, so that no
probing comes between. None may end in a traceback or a fault of the suite, each leaves results that the suite's own
reader takes, and neither a process nor a file.
"""

import os
import sys
import tempfile
from pathlib import Path

import odd_processes
import odd_results
import pytest
from fast import conv

from convspec import check
from convspec.adapters import Capabilities
from convspec.conformance.results_file import ResultsFile
from convspec.conformance.run import Run, Settings
from convspec.reports import read_results

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks use what Linux has")
SLOWLY = os.environ.get("CONVSPEC_OUTSIDE_EFFORT") == "standard"
# A requirement of few cases, one call each.
ASKED = "DEF-05"


class Attacker:
    """A right convolution that does something to each answer."""

    name = "attacker"
    versions = {}
    capabilities = Capabilities(dtypes=("float64", "int64"), mixed_dtypes="raise")
    deviations = ()

    def __init__(self, act, times=None):
        self.act, self.left = act, times

    def conv2d(self, x, w, bias, *, stride, padding, dilation, groups):
        """Convolve, and do it."""
        right = conv(x, w, bias, stride, padding, dilation, groups)
        if self.left == 0:
            return right
        self.left = None if self.left is None else self.left - 1
        return self.act(right)

    @property
    def numerics(self):
        """Sums in the dtype of the input."""
        from convspec.adapters import Numerics

        return Numerics()


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files that nobody else uses."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def attacked(act, tmp_path, capfd, only=(ASKED,)):
    """Verify an attacker, and look at what is left of it: the exit status and the verdict lines."""
    before, out = descendants(), tmp_path / "out"
    out.mkdir()
    # No page and no explanation: they have tests of their own, and one for an attacker is below.
    settings = Settings(("attacker",), only, "quick", objects={"attacker": Attacker(act)}, explains=False)
    run = Run(settings)
    try:
        run.start_all()
        for requirement in run.selected:
            run.verify("attacker", requirement)
        run.settle()
        file = ResultsFile(out)
        file.begin([])
        file.finish(run.lines())
        file.close()
    finally:
        run.close()
    assert "Traceback" not in "".join(capfd.readouterr())
    assert descendants() == before
    assert not os.listdir(tempfile.gettempdir())
    results = read_results(out / "results.jsonl")
    assert results.complete
    lines = [run.verdict_lines["attacker", requirement] for requirement in run.selected]
    assert [verdict.outcome for verdict in results.verdicts] == [line["outcome"] for line in lines]
    assert os.listdir(out) == ["results.jsonl"]
    return run.exit_status(), lines


def descendants():
    """The living processes that descend from this one, whatever their group."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            parents[int(stat.parent.name)] = int(fields[1])
    mine, size = {os.getpid()}, 0
    while len(mine) != size:
        size = len(mine)
        mine |= {pid for pid, parent in parents.items() if parent in mine}
    return mine - {os.getpid()}


def said(lines):
    """All reasons."""
    return " | ".join(line["reason"] for line in lines)


def unless_none(act):
    """What an act on the process returns; the right answer where it returns nothing."""
    def whole(right):
        instead = act(right)
        return right if instead is None else instead

    return whole


@pytest.mark.parametrize("act", odd_results.READ.values(), ids=odd_results.READ)
def test_right_numbers_in_an_odd_array_conform(act, tmp_path, capfd):
    status, lines = attacked(act, tmp_path, capfd)
    assert (status, said(lines)) == (0, "")


@pytest.mark.parametrize(("act", "words"), odd_results.NOT_READ.values(), ids=odd_results.NOT_READ)
def test_what_is_no_array_of_numbers_is_one_finding(act, words, tmp_path, capfd):
    status, lines = attacked(act, tmp_path, capfd, only=("DEF-05", "BAT-01", "STR-01"))
    assert status == 1
    first, *others = lines
    assert first["outcome"] == "errored"
    assert words in first["reason"]
    assert [line["outcome"] for line in others] == ["skipped", "skipped"]
    assert "exclusion" not in first


@pytest.mark.parametrize(("act", "words"), odd_results.WRONG.values(), ids=odd_results.WRONG)
def test_a_wrong_array_fails(act, words, tmp_path, capfd):
    status, lines = attacked(act, tmp_path, capfd)
    assert status == 1
    assert lines[0]["outcome"] == "failed"
    assert words in said(lines)


@pytest.mark.parametrize("act", odd_results.DTYPES.values(), ids=odd_results.DTYPES)
def test_another_dtype_is_one_finding_about_the_dtype(act, tmp_path, capfd):
    status, lines = attacked(act, tmp_path, capfd, only=("DEF-05", "DTY-01"))
    assert status == 1
    outcomes = {line["requirement"]: line["outcome"] for line in lines}
    assert "failed" in outcomes.values()
    assert "dtype" in said(lines)


@pytest.mark.parametrize(("act", "words"), odd_results.RAISED.values(), ids=odd_results.RAISED)
def test_whatever_an_exception_says_it_is_told(act, words, tmp_path, capfd):
    status, lines = attacked(act, tmp_path, capfd)
    assert status == 1
    assert lines[0]["outcome"] == "errored"
    assert words in said(lines)


@pytest.mark.parametrize("act", odd_processes.HARMLESS.values(), ids=odd_processes.HARMLESS)
def test_what_does_the_answers_no_harm_conforms(act, tmp_path, capfd):
    status, lines = attacked(unless_none(act), tmp_path, capfd)
    assert (status, said(lines)) == (0, "")


@pytest.mark.parametrize(("act", "outcome", "words"), odd_processes.ENDED.values(), ids=odd_processes.ENDED)
def test_who_ends_its_process_or_sends_something_else_is_found(act, outcome, words, tmp_path, capfd):
    status, lines = attacked(unless_none(act), tmp_path, capfd)
    assert status == 1
    assert lines[0]["outcome"] == outcome
    assert words in said(lines)


@pytest.mark.skipif(not SLOWLY, reason="each takes minutes: the environment `outside` makes them")
@pytest.mark.parametrize(("act", "outcome", "words"), odd_processes.SLOW.values(), ids=odd_processes.SLOW)
def test_who_keeps_the_suite_waiting_is_given_up(act, outcome, words, tmp_path, capfd):
    status, lines = attacked(unless_none(act), tmp_path, capfd)
    assert status == (outcome != "passed")
    assert lines[0]["outcome"] == outcome
    assert words in said(lines)


REPORTED = (odd_results.RAISED["a text that is mark-up"][0], odd_results.NOT_READ["records"][0],
            odd_results.DTYPES["complex long double"], unless_none(odd_processes.ENDED["noise"][0]))


@pytest.mark.parametrize("act", REPORTED, ids=("mark-up", "records", "long double", "noise"))
def test_a_report_of_it_can_be_made(act, tmp_path, capfd):
    result = check(Attacker(act), only=ASKED, effort="quick", out=tmp_path / "out")
    assert "Traceback" not in "".join(capfd.readouterr())
    assert (result.exit_status, result.suite_errors) == (1, ())
    assert "<script>alert" not in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_there_are_many_attacks():
    tables = (odd_results.READ, odd_results.NOT_READ, odd_results.WRONG, odd_results.DTYPES, odd_results.RAISED,
              odd_processes.HARMLESS, odd_processes.ENDED, odd_processes.SLOW)
    assert sum(map(len, tables)) >= 100
