"""The suite against the zoo: what each fault names finds it, every requirement is named, correct variants pass."""

import json
from dataclasses import replace

import numpy as np
import pytest

from convspec import cli
from convspec.adapters.benign import BENIGN
from convspec.adapters.faulty import FAULTS
from convspec.adapters.faulty.repeats import COUNTS
from convspec.adapters.homework import homework
from convspec.adapters.protocol import Numerics
from convspec.conformance import known_answers
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Outcome, call_of
from convspec.conformance.case import parse_case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.conditions import Condition, Labelled, Shared
from convspec.conformance.covered import Measured, code_lines
from convspec.conformance.explaining import compared, explain_fault, explain_homework
from convspec.conformance.known_answers import Evidence
from convspec.conformance.oracle import Oracle
from convspec.conformance.proof import Plan, prove
from convspec.conformance.proving import Heard, finders, hear, hunt, in_order, joined, verifying
from convspec.conformance.reach import geometry_line
from convspec.conformance.requirements import requirements


@pytest.fixture(scope="module")
def tools():
    """The battery that `convspec prove` makes its matrix with, and what it expects."""
    # Other tests call the same faults in this process, from which the children are forked.
    COUNTS.clear()
    return Battery(0, "standard"), Oracle()


@pytest.fixture(scope="module")
def quick():
    return Battery(0, "quick"), Oracle()


@pytest.mark.parametrize("id", FAULTS)
def test_each_fault_is_caught_by_all_that_it_names(id, tools):
    fault = FAULTS[id]
    assert set(finders(fault, fault.caught_by, *tools)) == set(fault.caught_by)


def test_each_requirement_that_finds_is_named():
    named = {name for fault in FAULTS.values() for name in fault.caught_by}
    assert named == {id for id in requirements() if not catalogue()[id].informs}


def test_a_hunt_stops_at_the_first_find(tools):
    found = hunt(FAULTS["kernel-flipped"], *tools)
    assert found.found_by == "DEF-01"
    assert found.cases <= 10


def test_a_correct_variant_is_not_accused(quick):
    heard = hear(BENIGN["einsum"], *quick)
    assert heard.accused_by == ()
    assert heard.cases > 2000


@pytest.mark.parametrize(("algorithm", "accused"), [("fft", False), ("direct", True)])
def test_what_changes_its_algorithm_with_the_size_of_the_numbers_must_declare_it(algorithm, accused, quick):
    variant = replace(BENIGN["fourier-declared"], numerics=Numerics(algorithm=algorithm, nan_local=False))
    case = parse_case(
        "x=4x1x3x3 w=1x1x2x4 padding=2,1,2,3 dilation=2,2 dtype=float32 layout_x=channels_last layout_w=channels_last "
        "data=log:495436254"
    )
    with verifying(variant, *quick) as verifier:
        finding, _ = verifier.once(requirements()["LAW-02"], case)
    assert (finding is not None) == accused


def test_what_was_heard_in_parts_is_what_was_heard_at_once(quick):
    battery, _ = quick
    asked = in_order(requirements())[:4]
    at_once = hear(BENIGN["einsum"], battery, Oracle(), slice(20), asked)
    parts = [hear(BENIGN["einsum"], battery, Oracle(for_several=True), slice(20), [each]) for each in asked]
    assert joined(parts) == at_once
    assert at_once.cases == 80
    assert joined([Heard("a", 3, ("PUR-01",)), Heard("a", 2, ("DEF-01",))]) == Heard("a", 5, ("DEF-01", "PUR-01"))


def test_every_pair_of_distinctions_is_reached():
    line = geometry_line(Battery(0, "standard"))
    assert line["pairs"]["reached"] == line["pairs"]["feasible"] > 150
    assert line["missing_pairs"] == []
    assert line["triples"]["reached"] > 0.95 * line["triples"]["feasible"]


@pytest.mark.parametrize("id", ["flipped", "rounded-up", "stride-down-only", "relu-left-in"])
def test_homework_is_explained(id, quick):
    item = homework()[id]
    explained = explain_homework(item, *quick)
    assert explained.right
    assert explained.said == item.fault


def test_a_fault_is_recognised_and_described_without_its_twin(quick):
    known, unknown = explain_fault(FAULTS["columns-after-the-tiles-zero"], *quick)
    assert (known.right, known.said) == (True, "columns-after-the-tiles-zero")
    assert unknown.right
    assert "the output's width is no multiple of 4" in unknown.said


@pytest.mark.parametrize(
    "id", ["same-lower-is-upper", "relative-error-in-double", "mixed-cut-to-input", "rounded-downwards"]
)
def test_faults_that_answer_alike_are_told_apart(id, tools):
    known, _ = explain_fault(FAULTS[id], *tools, found_by=FAULTS[id].caught_by)
    assert known.said == id


def test_a_fault_of_the_dtype_is_not_called_one_that_does_nothing_there(tools):
    fault = FAULTS["narrow-integers-widened"]
    _, unknown = explain_fault(fault, *tools, found_by=fault.caught_by)
    assert unknown.right
    assert "always, and only, when the dtype is int16 or int8 or uint16 or uint8" in unknown.said


def test_what_is_compared_leaves_out_what_depends_on_history():
    assert "kernel-flipped" in compared()
    assert not [id for id in compared() if FAULTS[id].family in ("state", "process")]


def test_the_suite_reaches_every_branch_of_the_vectorised_variant():
    (line,) = code_lines([Measured("vectorized", "all of it", ("adapters/vectorized.py",))])
    assert (line["type"], line["what"], line["file"]) == ("code", "all of it", "adapters/vectorized.py")
    for reached, count in (line["lines"], line["branches"]):
        assert reached == count > 20


def test_a_little_of_the_suite_reaches_less():
    (line,) = code_lines([Measured("vectorized", "a little of it", ("adapters/vectorized.py",), 1)])
    assert line["branches"][0] < line["branches"][1]


def test_conditions_that_tell_nothing_apart_are_not_borne_out():
    wide, narrow = (parse_case(f"x=1x1x3x{width} w=1x1x1x1 data=int:1") for width in (9, 2))
    always = Condition("there is a picture", "True")
    is_wide = Condition("the picture is wide", "case.size[1] > 5")
    seen = [*[Labelled(wide, True)] * 3, *[Labelled(narrow, False)] * 3]
    assert Shared("", (is_wide,), is_exact=True).is_borne_out(seen)
    assert not Shared("", (always,)).is_borne_out(seen)
    assert not Shared("", (is_wide,)).is_borne_out([*seen, Labelled(narrow, True)])
    assert not Shared("", (is_wide,), is_exact=True).is_borne_out([*seen, Labelled(wide, False)])
    assert not Shared("", is_told=False).is_borne_out(seen)


def test_what_all_are_asked_each_known_fault_is_asked_once(monkeypatch):
    asked = []
    fault = replace(FAULTS["kernel-flipped"], function=lambda x, w, bias, **arguments: asked.append(x) or x)
    case = parse_case("x=1x1x4x4 w=1x1x1x1 data=int:1")
    call = call_of(case)
    monkeypatch.setattr(known_answers, "_KNOWN_ANSWERS", {})
    for id, times in (("", 2), (case.id, 1)):
        asked.clear()
        for _ in range(2):
            answer = known_answers.known_answer(fault, Evidence(call, Outcome("returned"), True, asked_of_all=id))
            assert np.array_equal(answer, call.x)
        assert len(asked) == times


def test_no_known_fault_can_change_what_the_next_one_is_asked():
    def spoils(call):
        call.x[...] = 0
        return call.x

    case = parse_case("x=1x1x4x4 w=1x1x1x1 data=int:1")
    item = Evidence(call_of(case), Outcome("returned", np.zeros((1, 1, 4, 4), np.float64)), True)
    assert not known_answers.reproduces(spoils, [item])
    assert np.array_equal(item.checked.x, item.call.x)


def test_a_proof_of_two_faults():
    plan = Plan(seeds=(0,), workers=1, faults=("kernel-flipped", "mean-not-sum"), parts=("hunts",))
    lines = list(prove(plan))
    assert [line["type"] for line in lines if line["type"] != "requirement"] == [
        "header", *["fault"] * len(plan.faults), "footer"]
    (flipped,) = (line for line in lines if line.get("id") == "kernel-flipped")
    assert {hunt["effort"] for hunt in flipped["hunts"]} == {"standard", "quick"}
    assert set(flipped["caught_by"]) <= set(flipped["found_by"])
    assert lines[-1]["survivors"] == lines[-1]["not_caught"] == lines[-1]["unnamed"] == []
    assert lines[-1]["exit_status"] == 0


def test_prove_writes_the_proof_and_the_page(tmp_path, capsys):
    arguments = ["prove", "--fault", "kernel-flipped", "--seeds", "0", "-n", "1", "--out", str(tmp_path)]
    assert cli.run_command(arguments) == 0
    lines = [json.loads(line) for line in (tmp_path / "proof.jsonl").read_text().splitlines()]
    assert lines[-1]["found"]["standard"] == [{"seed": 0, "found": 1, "total": 1}]
    assert "kernel-flipped" in (tmp_path / "proof.html").read_text()
    assert "standard effort, seed 0: 1 of 1 faults found" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "told"), [
    (["--fault", "no-such-fault"], "fault 'no-such-fault' is unknown"),
    (["-n", "0"], "workers is 0; it must be at least 1"),
])
def test_wrong_usage_names_the_value(arguments, told, tmp_path, capsys):
    assert cli.run_command(["prove", *arguments, "--out", str(tmp_path)]) == 2
    assert told in capsys.readouterr().out
