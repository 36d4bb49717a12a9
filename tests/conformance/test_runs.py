"""Whole runs: the same bytes for the same seed, faults of state with their history, what ends a run and what not."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import convspec
from convspec import check
from convspec.adapters.faulty import FAULTS
from convspec.conformance import oracle
from convspec.conformance.case import parse_case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.conclusion import counts_against
from convspec.conformance.results import OUTCOMES, verdict_line
from convspec.conformance.verdict import Verdict
from convspec.reference import conv2d
from convspec.reports import read_results

HOME = str(Path(convspec.__file__).parents[1])
FLIPPED = """import numpy as np
def conv(image, kernel, padding=0, stride=1):
    kernel = kernel[::-1, ::-1]
    padded = np.pad(image, padding)
    rows = range(0, padded.shape[0] - kernel.shape[0] + 1, stride)
    columns = range(0, padded.shape[1] - kernel.shape[1] + 1, stride)
    if not rows or not columns:
        raise ValueError("the kernel does not fit")
    height, width = kernel.shape
    return np.array([[(padded[i:i + height, j:j + width] * kernel).sum() for j in columns] for i in rows])
"""


@pytest.fixture(scope="module")
def flipped(tmp_path_factory):
    """A file with a function that flips its kernel."""
    file = tmp_path_factory.mktemp("homework") / "flipped.py"
    file.write_text(FLIPPED)
    return f"{file}:conv"


def lines(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def timeless(out):
    """The chained lines of a results file, byte for byte, and what explains them."""
    found = (out / "results.jsonl").read_bytes().splitlines()
    return [line for line in found if json.loads(line)["type"] != "time"]


SELECTED = ("DEF-05", "SHP-06", "LAW-04", "ERR-02")


@pytest.fixture(scope="module")
def once(flipped, tmp_path_factory):
    out = tmp_path_factory.mktemp("once")
    result = check(flipped, "vectorized", only=SELECTED, effort="quick", out=out)
    return result, out


def test_the_same_seed_gives_the_same_bytes(once, flipped, tmp_path):
    check(flipped, "vectorized", only=SELECTED, effort="quick", out=tmp_path)
    assert timeless(tmp_path) == timeless(once[1])


def test_processes_side_by_side_give_the_same_bytes(once, flipped, tmp_path):
    result = check(flipped, "vectorized", only=SELECTED, effort="quick", out=tmp_path, workers=2)
    assert timeless(tmp_path) == timeless(once[1])
    assert result.complete
    assert result.exit_status == once[0].exit_status == 1


def test_the_order_of_a_selection_changes_nothing(once, flipped, tmp_path, unexplained, drawn_once):
    check("vectorized", flipped, only=("LAW-04", "LAW-05", "SHP-06", "DEF-05"), effort="quick", out=tmp_path)
    before = {(line["adapter"], line["requirement"]): line for line in lines(once[1]) if line["type"] == "verdict"}
    after = {(line["adapter"], line["requirement"]): line for line in lines(tmp_path) if line["type"] == "verdict"}
    shared = before.keys() & after.keys()
    assert len(shared) == 6
    for key in shared:
        for line in (before[key], after[key]):
            line.pop("chain")
        assert before[key] == after[key]


def test_another_seed_gives_other_cases(once):
    (other,) = check("vectorized", only="SHP-06", effort="quick", seed=5).verdicts
    (first,) = (line for line in once[0].verdicts if (line["adapter"], line["requirement"]) == ("vectorized", "SHP-06"))
    assert other["outcome"] == first["outcome"] == "passed"
    assert other["evidence"] != first["evidence"]


def test_what_a_run_leaves(once):
    result, out = once
    assert {path.name for path in out.iterdir()} >= {"index.html", "junit.xml", "results.jsonl"}
    assert result.page == out / "index.html"
    assert result.complete
    assert not result.suite_errors
    only = "(DEF-05, SHP-06, LAW-04 and ERR-02 only)"
    assert result.conclusions == {"flipped.conv": f"does not conform {only}", "vectorized": f"conforms {only}"}
    (footer,) = (line for line in lines(out) if line["type"] == "footer")
    assert footer["verdicts"] == {"flipped.conv": "does not conform", "vectorized": "conforms"}
    results = read_results(out / "results.jsonl")
    assert results.footer is not None
    order = [(line["adapter"], line["requirement"]) for line in lines(out) if line["type"] == "verdict"]
    assert order == [(name, id) for name in ("flipped.conv", "vectorized") for id in catalogue() if id in SELECTED]


def test_junit_is_xml_with_one_entry_for_each_verdict(once):
    result, out = once
    suite = ElementTree.parse(out / "junit.xml").getroot().find("testsuite")
    cases = list(suite.iter("testcase"))
    assert len(cases) == len(result.verdicts) == 8
    failed = {case.get("name") for case in cases if case.find("failure") is not None}
    assert failed == {line["requirement"] for line in result.failures}
    text = next(case.find("failure").text for case in cases if case.find("failure") is not None)
    assert "convspec repro 'DEF-05 " in text
    assert "Traceback" not in text


def test_a_fault_that_comes_every_seventh_call_is_confirmed_with_its_history(unexplained, drawn_once):
    result = check(FAULTS["every-seventh-call"].function, only="DEF-01", effort="quick")
    (verdict,) = result.failures
    assert verdict["outcome"] == "failed"
    example = verdict["counterexample"]
    history = [line.partition(" ") for line in example["history"]]
    assert {id for id, _, _ in history} == {"DEF-01"}
    assert 1 <= len(history) <= 13
    assert f"only after {len(history)} other case" in verdict["reason"]
    for _, _, line in history:
        assert parse_case(line).line == line


def test_what_depends_on_chance_alone_is_said_to(tmp_path, unexplained, drawn_once):
    mark = tmp_path / "mark"
    mark.mkdir()

    def once_only(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """Wrong for the first batch of three pictures, and in one process only."""
        y = conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
        if x.ndim == 4 and len(x) == 3 and mark.exists():
            mark.rmdir()
            return y[..., :0]
        return y

    (verdict,) = check(once_only, only="SHP-01", effort="quick").failures
    assert "seen once, after " in verdict["reason"]
    assert "depends on something else than the calls" in verdict["reason"]
    assert "history" not in verdict["counterexample"]


def always(act):
    def function(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        y = conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return act(y) if x.shape[2] > 6 or x.shape[3] > 6 else y

    return function


@pytest.mark.parametrize(("act", "outcome", "reason"), [
    (lambda y: y.tolist(), "errored", "returned a list, not an array"),
    (lambda y: y[..., :0], "failed", "got shape"),
    (lambda y: 1 // 0, "errored", "raised ZeroDivisionError"),
    (lambda y: os._exit(0), "crashed", "the process ended with status 0 and no answer"),
    (lambda y: os.kill(os.getpid(), signal.SIGSEGV), "crashed", "the process was killed by SIGSEGV"),
    pytest.param(
        lambda y: np.ones(1 << 36), "out of memory", "MemoryError",
        marks=pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only"),
    ),
], ids=["list", "shape", "raise", "exit", "segfault", "memory"])
def test_what_goes_wrong_has_its_outcome_and_a_small_case(act, outcome, reason, unexplained, drawn_once):
    result = check(always(act), only="SHP-01", effort="quick")
    (verdict,) = result.verdicts
    assert verdict["outcome"] == outcome
    assert reason in verdict["reason"]
    assert result.exit_status == 1
    assert verdict["counterexample"]["case"].startswith("SHP-01 x=1x1x")
    assert max(verdict["counterexample"]["x"]["shape"]) >= 7
    assert counts_against(verdict)


def test_a_function_that_never_answers_is_refused_once(unexplained, drawn_once):
    with pytest.raises(ValueError, match=r"it cannot be called as a convolution: .* returned a list, not an array"):
        check(lambda x, w: [1], only="DEF", effort="quick")


def test_a_contradiction_of_the_suite_is_not_the_implementations_fault(monkeypatch, drawn_once):
    def contradicts(self, positions=2):
        raise oracle.SuiteError("the screen and the definition differ at (0, 0)")

    monkeypatch.setattr(oracle.Expected, "verify_screen", contradicts)
    result = check(conv2d, only=("DEF-01", "ERR-02"), effort="quick")
    assert result.exit_status == 4
    assert "the screen and the definition differ" in result.suite_errors[0]
    assert not result.failures


def test_zeros_everywhere_are_mistrusted(monkeypatch):
    """A run whose right answers are all zero tells nothing."""
    from convspec.conformance import recipes

    def nothing(case):
        operands = built(case)
        return recipes.Operands(operands.x * 0, operands.w, None if operands.bias is None else operands.bias * 0)

    built = recipes.arrays
    monkeypatch.setattr("convspec.conformance.calls.arrays", nothing)
    (verdict,) = check(conv2d, only="SHP-07", effort="quick").verdicts
    assert verdict["outcome"] == "mistrusted"
    assert verdict["reason"] == "only 0% of the right answers are not all zero"


def test_fail_fast_stops_at_the_first_failure(flipped, tmp_path, drawn_once):
    result = check(flipped, only=("DEF", "SHP", "LAW"), effort="quick", fail_fast=True, out=tmp_path)
    assert [line["requirement"] for line in result.failures] == ["DEF-01"]
    assert not result.complete
    assert result.exit_status == 1
    assert len(result.verdicts) == 1
    assert read_results(tmp_path / "results.jsonl").footer is None


def test_fail_fast_stops_processes_side_by_side(flipped, tmp_path):
    known = tmp_path / "known.txt"
    known.write_text("DEF-05 * https://example.org/1\n")
    selected = ("DEF", "SHP", "PAD", "LAW")
    result = check(flipped, only=selected, effort="quick", fail_fast=True, workers=2, known=known)
    assert result.exit_status == 1
    assert not result.complete
    assert next(iter(result.conclusions.values())).startswith("does not conform")
    outcomes = {line["requirement"]: line["outcome"] for line in result.verdicts}
    assert outcomes.get("DEF-05", "known deviation") == "known deviation"


def interrupted(tmp_path, target, *options):
    """Run a check, and press Ctrl-C once there is a first line of progress."""
    command = [sys.executable, "-m", "convspec", "check", target, "--out", str(tmp_path / "report"), *options]
    environment = {**os.environ, "PYTHONPATH": HOME}
    process = subprocess.Popen(
        [*command, "--effort", "quick"], cwd=tmp_path, env=environment, stderr=-1, stdout=-1, text=True,
        # A shell gives deaf ears to what it runs in the background, and so to whoever runs these tests there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate()
    assert first.startswith("   ")
    return process.returncode, printed


def test_an_interrupted_run_leaves_what_it_has(tmp_path):
    out = tmp_path / "report"
    status, printed = interrupted(tmp_path, "vectorized", "--only=DEF-05", "--only=SHP", "--only=PAD", "--only=LAW")
    assert status == 5, printed
    found = [line for line in lines(out) if "chain" in line]
    assert found[0]["type"] == "header"
    assert found[-1]["type"] == "verdict"
    done = [line["requirement"] for line in found if line["type"] == "verdict"]
    selected = [id for id in catalogue() if id == "DEF-05" or id[:3] in ("SHP", "PAD", "LAW")]
    assert done == selected[: len(done)]
    assert 1 <= len(done) < len(selected)
    assert read_results(out / "results.jsonl").footer is None
    assert "incomplete" in (out / "index.html").read_text().lower()
    assert "INCOMPLETE; vectorized not finished, without a failure so far" in printed.splitlines()[-1]


def test_a_failure_that_was_found_before_an_interruption_counts(flipped, tmp_path):
    status, printed = interrupted(tmp_path, flipped, "--only=DEF-05", "--only=SHP", "--only=PAD", "--only=LAW")
    assert status == 1, printed
    assert "INCOMPLETE; flipped.conv does not conform" in printed.splitlines()[-1]


def test_an_interruption_before_the_first_verdict(monkeypatch, tmp_path):
    def stopped(run, target, requirement):
        raise KeyboardInterrupt

    monkeypatch.setattr("convspec.conformance.run.Run.verify", stopped)
    result = check("vectorized", only="DEF-05", effort="quick", out=tmp_path)
    assert (result.exit_status, result.verdicts, bool(result)) == (130, [], False)


def test_outcomes_are_those_of_the_schema():
    schema = json.loads(Path(convspec.__file__).parent.joinpath("reports", "results.schema.json").read_text())
    assert all(f'"{outcome}"' in json.dumps(schema) for outcome in OUTCOMES)
    assert verdict_line(Verdict("a", "DEF-01", "passed"))["outcome"] in OUTCOMES
