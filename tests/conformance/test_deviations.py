"""Known deviations: what is seen, what is gone, and what must not be shown to others."""

import os
import re
from dataclasses import replace

import pytest

from convspec import check
from convspec.adapters.protocol import Capabilities, Deviation, Numerics
from convspec.conformance.calls import Outcome, Trial, call_of
from convspec.conformance.case import parse_case
from convspec.conformance.judging import Finding
from convspec.conformance.results import counterexample_line
from convspec.conformance.verdict import Counterexample
from convspec.reference import conv2d
from convspec.reports import deviation_lines, read_results

pytestmark = pytest.mark.usefixtures("drawn_once", "unexplained")
LINK = "https://example.org/1"
EXAMPLE = "x=1x1x3x3 w=1x1x2x2 dilation=1,2 data=int:1"


class Declared:
    """The reference, but for what is done with a dilation, and with what is declared of it."""

    name = "declared"
    versions = {}
    capabilities = Capabilities()
    numerics = Numerics()

    def __init__(self, deviation, dilated=conv2d):
        self.deviations = (deviation,)
        self.dilated = dilated

    def conv2d(self, x, w, bias, *, stride, padding, dilation, groups):
        answer = self.dilated if dilation != (1, 1) else conv2d
        return answer(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def of_dilation(**changes):
    reason = "dilated answers are wrong"
    return Deviation(("DIL-01",), reason, LINK, when=lambda case: case.dilation != (1, 1), **changes)


def wrong(x, w, bias, **more):
    return conv2d(x, w, bias, **more) + 1


def ends(x, w, bias, **more):
    os.abort()


def held(adapter, out=None):
    result = check(adapter, only=["DIL-01"], effort="quick", out=out)
    (verdict,) = result.verdicts
    return verdict


def test_a_deviation_without_an_example_is_never_called_gone():
    assert held(Declared(of_dilation()))["outcome"] == "passed"


def test_a_deviation_whose_example_is_right_is_gone():
    verdict = held(Declared(of_dilation(example=EXAMPLE)))
    assert verdict["outcome"] == "unexpectedly passing"
    assert verdict["reason"] == "a known deviation is gone: dilated answers are wrong"


@pytest.mark.parametrize(("dilated", "told"), [(wrong, "seen in this run"), (conv2d, "not seen in this run")])
def test_the_run_says_whether_a_deviation_was_seen(dilated, told, tmp_path):
    held(Declared(of_dilation(), dilated), tmp_path)
    (line,) = deviation_lines(read_results(tmp_path / "results.jsonl"))
    assert line == f"≈ declared, DIL-01: dilated answers are wrong ({told})"
    page = re.sub(r"<[^>]+>", "", (tmp_path / "index.html").read_text(encoding="utf-8"))
    assert f"({told})" in page


def test_what_is_of_another_processor_is_neither_seen_nor_excused(tmp_path):
    elsewhere = replace(of_dilation(), requirements=("*",), processor=lambda flags: False)
    assert held(Declared(elsewhere, wrong), tmp_path)["outcome"] == "failed"
    (line,) = deviation_lines(read_results(tmp_path / "results.jsonl"))
    assert line.endswith(", any requirement: dilated answers are wrong (does not apply to this processor)")


def test_a_harmful_deviation_has_no_example():
    with pytest.raises(ValueError, match="a harmful deviation has an example"):
        of_dilation(harmful=True, example=EXAMPLE)


@pytest.mark.parametrize("harmful", [True, False])
def test_a_known_deviation_tells_how_a_call_ended_and_that_it_is_harmful(harmful):
    found = held(Declared(of_dilation(harmful=harmful), ends))
    assert found["outcome"] == "known deviation"
    example = found["counterexample"]
    assert example["ended"] == "crashed"
    assert example.get("harmful", False) is harmful
    # On one's own machine nothing is withheld.
    assert parse_case(example["case"].partition(" ")[2]).dilation != (1, 1)
    assert example["repro"]


def test_an_answer_that_came_ended_nothing():
    assert "ended" not in held(Declared(of_dilation(), wrong))["counterexample"]


@pytest.mark.parametrize("place", [0, 1])
def test_any_of_several_calls_may_have_ended_the_process(place):
    case = parse_case(EXAMPLE)
    outcomes = [Outcome("raised", None, "no"), Outcome("raised", None, "no")]
    outcomes[place] = Outcome("timed out", None, "no answer within 3 s")
    trial = Trial(case, (call_of(case),) * 2, tuple(outcomes))
    line = counterexample_line("declared", "DIL-01", Counterexample(case, Finding("no", 1 - place), trial), None)
    assert line["ended"] == "timed out"
