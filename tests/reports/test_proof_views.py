"""What the proof page says: the first sentence, states, contradictions, and the figures' numbers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convspec.reports.proof_figures import bands, binned, strip
from convspec.reports.proof_file import read_proof
from convspec.reports.proof_views import (
    NOT_HUNTED,
    QUICKLY_MISSED,
    SURVIVED,
    UNCAUGHT,
    column_views,
    disagreements,
    fault_views,
    headline,
    odds,
    percent,
    requirement_order,
)

Line = dict[str, Any]
Change = Callable[[list[Line]], object]
SAMPLE = Path(__file__).with_name("proof-sample.jsonl")


def sample() -> list[Line]:
    """Four faults in two families, all found, and every kind of line."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def of_kind(lines: list[Line], kind: str) -> Line:
    return next(line for line in lines if line["type"] == kind)


def write(folder: Path, lines: list[Line]) -> Path:
    path = folder / "proof.jsonl"
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def said(folder: Path, lines: list[Line]) -> str:
    """Give the first sentence of the page, with plain spaces."""
    proof = read_proof(write(folder, lines))
    return " ".join(headline(proof, fault_views(proof)).split())


def survive(lines: list[Line]) -> None:
    line = of_kind(lines, "fault")
    line["hunts"][1]["found_by"] = ""
    of_kind(lines, "footer")["found"]["standard"][1]["found"] = 3
    of_kind(lines, "footer").update(survivors=["kernel-flipped"], exit_status=1)


def accuse(lines: list[Line]) -> None:
    of_kind(lines, "benign")["accused_by"] = ["NUM-01"]
    of_kind(lines, "footer").update(false_alarms=1, exit_status=1)


def miss_quickly(lines: list[Line]) -> None:
    of_kind(lines, "fault")["hunts"][3]["found_by"] = ""
    of_kind(lines, "footer")["found"]["quick"][0]["found"] = 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((survive,), "1 of 4 faults is not found: kernel-flipped; no correct variant is accused"),
        ((accuse,), "1 correct variant is accused wrongly: einsum; all 4 faults are found"),
        (
            (survive, accuse),
            "1 of 4 faults is not found: kernel-flipped; 1 correct variant is accused wrongly: einsum.",
        ),
        ((miss_quickly,), "Quick effort finds only 3 of 4 with seed 0; all 4 faults are found with each"),
        (
            (lambda lines: of_kind(lines, "exhaustive").update(failures=2),),
            "2 geometries fail in the small worlds; all 4",
        ),
        (
            (lambda lines: of_kind(lines, "footer").update(unnamed=["PAD-09"]),),
            "1 requirement is named by no fault: PAD-09;",
        ),
        (
            (lambda lines: of_kind(lines, "fault")["hunts"].pop(2),),
            "1 of 4 faults was not hunted with every seed;",
        ),
        (
            (lambda lines: of_kind(lines, "footer").update(exit_status=1),),
            "The proof ended with exit status 1; all 4",
        ),
    ],
)
def test_what_went_wrong_comes_first(changes: tuple[Change, ...], words: str, tmp_path: Path) -> None:
    lines = sample()
    for change in changes:
        change(lines)
    assert said(tmp_path, lines).startswith(words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda lines: of_kind(lines, "footer")["found"]["standard"][0].update(found=3),
            "counts 3 of 4 faults found at standard effort with seed 0; the lines say 4 of 4",
        ),
        (
            lambda lines: of_kind(lines, "footer").update(survivors=["ghost"]),
            "names survivors that have no line: ghost",
        ),
        (
            lambda lines: of_kind(lines, "footer").update(false_alarms=2),
            "counts 2 false alarms; the lines name 0 accused variants",
        ),
    ],
)
def test_a_footer_that_contradicts_the_lines(change: Change, words: str, tmp_path: Path) -> None:
    lines = sample()
    change(lines)
    proof = read_proof(write(tmp_path, lines))
    contradictions = disagreements(proof, fault_views(proof))
    assert len(contradictions) == 1
    assert words in contradictions[0]


def test_the_states_of_faults(tmp_path: Path) -> None:
    lines = sample()
    faults = [line for line in lines if line["type"] == "fault"]
    faults[0]["hunts"][3]["found_by"] = ""
    faults[1]["caught_by"] = ["DEF-01", "PAD-01"]
    faults[2]["hunts"] = faults[2]["hunts"][:2]
    faults[3]["hunts"][2]["found_by"] = ""
    views = fault_views(read_proof(write(tmp_path, lines)))
    assert [view.state for view in views] == [QUICKLY_MISSED, UNCAUGHT, NOT_HUNTED, SURVIVED]
    assert views[1].uncaught == ("PAD-01",)


def test_what_each_requirement_finds(tmp_path: Path) -> None:
    proof = read_proof(write(tmp_path, sample()))
    columns = column_views(requirement_order(proof), fault_views(proof))
    found = {c.requirement.id: (c.named, c.finds, [view.fault.id for view in c.alone]) for c in columns}
    assert list(found) == ["DEF-01", "DEF-02", "SPC-01", "SPC-02", "LAW-04"]
    assert found["DEF-01"] == (2, 3, ["mean-not-sum"])
    assert found["LAW-04"] == (0, 1, [])


def test_figures_from_their_numbers() -> None:
    assert strip({"A-1": 0, "B-1": 1}, ["B-1", "C-9"], ["A-1", "C-9"]).count("<path") == 2
    assert bands([1, 2]) == "linear-gradient(90deg,var(--raised) 0px 8.5px,transparent 8.5px 25.5px)"
    assert bands([]) == "none"
    assert binned([]) == []
    assert binned([99.0, 0.5]) == [("to 1 s", 1), ("to 3 s", 0), ("to 10 s", 0), ("longer", 1)]


def test_shares_are_never_rounded_up() -> None:
    assert percent(99_999, 100_000) == "99.9 %"
    assert percent(0, 0) == "–"
    assert odds(1 << 20) == "0.9999980"
    assert odds(3) == "0.33"
    assert odds(10**12).startswith("1 − 2.0e−12")
