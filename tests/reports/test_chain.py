"""A results file is believed only as far as its lines hold together: no flip, cut or edit makes a verdict better."""

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_results import ROOT, as_bytes, footer, sample, written
from small_runs import adapter, header, requirement, verdict
from test_results import concluded

from convspec.chain import Chain, unsealed
from convspec.conformance.results_file import chained
from convspec.reports import ResultsError, read_results

Line = dict[str, Any]
IDS = ("DEF-01", "DEF-02", "PAD-01")
# What a result may turn into: what comes later in a row is no better.
ROWS = {
    "conforms": ("conforms", "incomplete"),
    "does not conform": ("does not conform", "incomplete"),
    "nothing verified": ("nothing verified", "incomplete"),
    "unavailable": ("unavailable", "incomplete"),
}


def small(*, fails: bool) -> list[Line]:
    """A finished run of two adapters, small enough to be broken in every way."""
    world = {"type": "exhaustive", "adapter": "mine", "outcome": "passed", "bound": "up to 4", "seconds": 1.5,
             "geometries": 9, "total": 9, "probability": 1e-6}
    lines = [header(schema_version=2), *map(requirement, IDS)]
    lines += [adapter(name, target=name) for name in ("mine", "other")]
    for name in ("mine", "other"):
        for id in IDS:
            more: Line = {}
            if fails and (name, id) == ("other", "PAD-01"):
                more = {"outcome": "failed", "reason": "2 of 9", "diagnosis": {"sentence": "It pads with ones."}}
            lines.append(verdict(name, id) | more)
    return [*lines, world, footer()]


def read(path: Path, data: bytes) -> dict[str, str]:
    """The states that a reader sees, after everything that a page asks of it."""
    path.write_bytes(data)
    return {name: found.state for name, found in concluded(read_results(path)).items()}


def of_kind(lines: list[Line], kind: str, number: int = 0) -> Line:
    return [line for line in lines if line["type"] == kind][number]


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_that_holds_together_is_read(fails: bool, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"".join(as_bytes(small(fails=fails))))
    results = read_results(path)
    assert results.chained
    assert results.header.date == "2026-11-01"
    assert {one.seconds for one in results.verdicts} == {0.1}
    assert [world.seconds for world in results.worlds] == [1.5]
    assert results.footer is not None
    assert results.footer.seconds == 41.2
    assert results.footer.exit_status == int(fails)
    assert [one.diagnosis for one in results.verdicts if one.diagnosis] == ["It pads with ones."] * fails


def test_the_suite_writes_the_same_chain() -> None:
    lines = [json.loads(line) for line in as_bytes(small(fails=True))]
    for line in lines:
        line.pop("chain", None)
    assert [line for line in chained(lines) if b"chain" in line] == [
        line for line in as_bytes(small(fails=True)) if b"chain" in line
    ]


def test_a_chain() -> None:
    chain, again = Chain(), Chain()
    lines = [chain.sealed(b'{"a": 1}'), chain.sealed(b'{"a": 1}')]
    assert lines[0] != lines[1]
    assert [again.holds(line.rstrip(b"\n")) for line in lines] == [True, True]
    assert not again.holds(lines[0].rstrip(b"\n"))
    assert unsealed(lines[0].rstrip(b"\n")) == b'{"a": 1}'
    assert unsealed(b'{"a": 1}') is None


CONTRADICTIONS: list[tuple[Callable[[list[Line]], object], str]] = [
    (lambda lines: lines[-1].update(totals={"mine": {"passed": 3}, "other": {"passed": 3}}),
     "the footer counts 0 failed for adapter 'other', and there are 1"),
    (lambda lines: lines[-1].update(totals={"mine": {"passed": 3}}), "the footer counts 0 failed for adapter 'other'"),
    (lambda lines: lines[-1].update(verdicts={"mine": "conforms", "other": "conforms"}),
     "the footer says of adapter 'other' 'conforms', and its verdicts say 'does not conform'"),
    (lambda lines: lines[-1].update(verdicts={"mine": "conforms"}), "the footer says of adapter 'other' 'nothing'"),
    (lambda lines: lines[-1].update(exit_status=0), "the footer says exit status 0, and the verdicts say 1"),
]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("change", "words"), CONTRADICTIONS)
def test_a_footer_that_contradicts_the_lines(
    change: Callable[[list[Line]], object], words: str, version: int, tmp_path: Path
) -> None:
    lines = small(fails=True)
    lines[0]["schema_version"] = version
    change(lines)
    whole = as_bytes(lines)
    number = 1 + next(index for index, line in enumerate(whole) if b'"footer"' in line)
    with pytest.raises(ResultsError) as caught:
        read(tmp_path / "results.jsonl", b"".join(whole))
    assert f"results.jsonl, line {number}: {words}" in str(caught.value)


@pytest.mark.parametrize(("change", "words"), [
    (lambda lines: lines.remove(of_kind(lines, "verdict", 5)),
     "the run is said to have ended, and there is no verdict on PAD-01 for 'other'"),
    (lambda lines: lines[0].update(targets=["mine", "other", "third"]), ".* 'third' has not one adapter line"),
    (lambda lines: lines[0].update(targets=["mine"]), ".* 'other' has not one adapter line"),
    (lambda lines: lines[0].update(exhaustive=True), "the run is said to have ended, and 'other' has no small world"),
    (lambda lines: of_kind(lines, "exhaustive").update(outcome="failed"),
     "a small world of 'mine' is failed, and DEF-01 is not"),
    (lambda lines: lines.insert(6, adapter("mine", target="mine")), "adapter 'mine' comes a second time"),
])
def test_what_is_missing_though_the_run_is_said_to_have_ended(
    change: Callable[[list[Line]], object], words: str, tmp_path: Path
) -> None:
    lines = small(fails=True)
    change(lines)
    with pytest.raises(ResultsError, match=rf"results\.jsonl, line \d+: {words}"):
        read(tmp_path / "results.jsonl", b"".join(as_bytes(lines)))


def test_a_selection_asks_for_its_own_only(tmp_path: Path) -> None:
    lines = small(fails=False)
    lines[0]["only"] = ["def"]
    lines = [line for line in lines if line.get("requirement") != "PAD-01"]
    assert read(tmp_path / "results.jsonl", b"".join(as_bytes(lines))) == dict.fromkeys(("mine", "other"), "conforms")


def test_who_left_out_more_than_half_of_the_cases_does_not_conform(tmp_path: Path) -> None:
    lines = small(fails=False)
    of_kind(lines, "verdict").update(excluded=28)
    data = b"".join(as_bytes(lines))
    assert read(tmp_path / "results.jsonl", data) == {"mine": "nothing verified", "other": "conforms"}
    lines[-1]["verdicts"] = {"mine": "conforms", "other": "conforms"}
    with pytest.raises(ResultsError, match="its verdicts say 'nothing verified'"):
        read(tmp_path / "results.jsonl", b"".join(as_bytes(lines)))


def test_a_small_world_that_failed_counts_in_a_run_that_did_not_end(tmp_path: Path) -> None:
    lines = small(fails=False)
    of_kind(lines, "exhaustive").update(outcome="failed")
    found = read(tmp_path / "results.jsonl", b"".join(as_bytes(lines[:-1])))
    assert found == {"mine": "does not conform", "other": "incomplete"}


def places(whole: list[bytes]) -> list[int]:
    return [index for index, line in enumerate(whole) if b'"type": "verdict"' in line]


@pytest.mark.parametrize(("edit", "offset"), [
    (lambda whole, at: whole.__delitem__(at), 1),
    (lambda whole, at: whole.insert(at, whole[at]), 2),
    (lambda whole, at: whole.insert(at, whole.pop(at + 2)), 0),
    (lambda whole, at: whole.__setitem__(at, whole[at].replace(b'"cases": 9', b'"cases": 8')), 0),
    (lambda whole, at: whole.__setitem__(at, whole[at].replace(b'"passed"', b'"skipped"')), 0),
    (lambda whole, at: whole.insert(at, Chain().sealed(b'{"type": "verdict"}')), 0),
], ids=["taken out", "doubled", "moved", "edited", "outcome", "put in"])
def test_an_edit_is_refused_at_its_line(
    edit: Callable[[list[bytes], int], object], offset: int, tmp_path: Path
) -> None:
    whole = as_bytes(small(fails=True))
    at = places(whole)[1]
    edit(whole, at)
    # Where a line is gone, its time has moved up to its place.
    number = at + 1 + (offset if offset != 2 else 1)
    with pytest.raises(ResultsError) as caught:
        read(tmp_path / "results.jsonl", b"".join(whole))
    assert f"results.jsonl, line {number}: its hash does not fit: this line was changed" in str(caught.value)


@pytest.mark.parametrize(("line", "words"), [
    (verdict("mine", "DEF-01"), "a verdict line comes after the footer, which ends the file"),
    ({"type": "time", "seconds": 1, "chain": "0" * 64}, "a time line stands outside of the chain, and has no hash"),
    ({"type": "time", "seconds": -1}, "'seconds' must be a number of seconds, finite and not below 0, got -1"),
    ({"type": "explanation", "adapter": "mine", "requirements": ["PAD-09"], "sentence": "So."},
     "it explains 'PAD-09' of adapter 'mine', of which there is no verdict"),
])
def test_what_may_not_be_put_behind_the_footer(line: Line, words: str, tmp_path: Path) -> None:
    whole = as_bytes(small(fails=False))
    with pytest.raises(ResultsError) as caught:
        read(tmp_path / "results.jsonl", b"".join([*whole, json.dumps(line).encode() + b"\n"]))
    assert f"results.jsonl, line {len(whole) + 1}: {words}" in str(caught.value)


def test_a_time_or_an_explanation_changes_no_verdict(tmp_path: Path) -> None:
    data = b"".join(as_bytes(small(fails=True)))
    found = read(tmp_path / "results.jsonl", data)
    for line in (
        {"type": "time", "adapter": "other", "requirement": "PAD-01", "seconds": 1e9, "outcome": "passed"},
        {"type": "explanation", "adapter": "other", "requirements": ["PAD-01"], "sentence": "passed"},
    ):
        assert read(tmp_path / "results.jsonl", data + json.dumps(line).encode() + b"\n") == found


def test_without_the_lines_of_times_nothing_is_known_of_them(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"".join(line for line in as_bytes(small(fails=False)) if b'"time"' not in line))
    results = read_results(path)
    assert {one.seconds for one in (*results.verdicts, *results.worlds)} == {None}
    assert results.header.date == ""


@pytest.mark.parametrize(("kind", "change", "words"), [
    ("verdict", {"cases": -1}, "'cases' must be a count from 0 to"),
    ("verdict", {"cases": 2**63 + 1}, "'cases' must be a count from 0 to"),
    ("verdict", {"excluded": -3}, "'excluded' must be a count"),
    ("verdict", {"evidence": {"dtype": {"float32": -1}}}, "'float32' must be a count"),
    ("verdict", {"nontrivial": 1.5}, "'nontrivial' must be from 0 to 1, got 1.5"),
    ("verdict", {"nontrivial": "nan"}, "'nontrivial' must be from 0 to 1, got nan"),
    ("verdict", {"worst_ratio": -0.5}, "'worst_ratio' must be from 0 to inf, got -0.5"),
    ("verdict", {"seconds": "inf"}, "'seconds' must be a number of seconds, finite"),
    ("exhaustive", {"probability": 2}, "'probability' must be from 0 to 1, got 2"),
    ("exhaustive", {"geometries": 10}, "10 geometries are right of only 9"),
    ("header", {"seed": -1}, "'seed' must not be below 0, got -1"),
    ("verdict", {"counterexample": {"x": {"shape": [2**40, 2**40], "dtype": "float64"}}}, "no array has the shape"),
    ("verdict", {"counterexample": {"x": {"shape": [-1], "dtype": "float64"}}}, "no array has the shape"),
    ("verdict", {"counterexample": {"got": {"shape": [1, 4], "dtype": "float64"}, "at": [0, 4]}},
     "'at' must lie inside the answer, got [0, 4]"),
])
def test_absurd_numbers(kind: str, change: Line, words: str, tmp_path: Path) -> None:
    for version in (1, 2):
        lines = small(fails=False)
        lines[0]["schema_version"] = version
        if "counterexample" in change:
            change["counterexample"] |= {"case": "", "id": "a", "repro": ""}
        of_kind(lines, kind).update(change)
        with pytest.raises(ResultsError) as caught:
            read(tmp_path / "results.jsonl", b"".join(as_bytes(lines)))
        assert words in str(caught.value)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    whole = as_bytes(small(fails=False))
    whole[0] = whole[0].replace(b'{"effort"', b'{"seed": 1, "effort"', 1)
    with pytest.raises(ResultsError, match="line 1: not a results line: 'seed' stands twice in one object"):
        read(tmp_path / "results.jsonl", b"".join(whole))


def test_a_line_without_its_hash(tmp_path: Path) -> None:
    whole = as_bytes(small(fails=False))
    opened = unsealed(whole[2].rstrip(b"\n"))
    assert opened is not None
    whole[2] = opened + b"\n"
    with pytest.raises(ResultsError, match="line 3: 'chain', the hash of what precedes it, is missing"):
        read(tmp_path / "results.jsonl", b"".join(whole))
    whole[0] = whole[0].replace(b'"schema_version": 2', b'"schema_version": 1')
    with pytest.raises(ResultsError, match="line 1: this belongs into a file of schema 2, and this one is of schema 1"):
        read(tmp_path / "results.jsonl", b"".join(whole))


def test_files_of_schema_1_are_read_and_marked(tmp_path: Path) -> None:
    lines = small(fails=True)
    lines[0]["schema_version"] = 1
    path = tmp_path / "results.jsonl"
    assert read(path, b"".join(as_bytes(lines))) == {"mine": "conforms", "other": "does not conform"}
    results = read_results(path)
    assert not results.chained
    assert results.verdicts[0].seconds == 0.1
    assert results.verdicts[-1].diagnosis == "It pads with ones."


def test_files_of_schema_1_follow_their_own_schema() -> None:
    schema = json.loads((ROOT / "reports" / "results-1.schema.json").read_text("utf-8"))
    lines = sample()
    lines[0]["schema_version"] = 1
    for line in written(lines):
        jsonschema.Draft202012Validator(schema).validate(line)


PUBLISHED = sorted(ROOT.glob("reports/editions/*/measured.zip"))


@pytest.mark.skipif(not PUBLISHED, reason="the source distribution holds no editions")
def test_published_results_are_still_read(tmp_path: Path) -> None:
    for edition in PUBLISHED:
        with zipfile.ZipFile(edition) as packed:
            found = read(tmp_path / "results.jsonl", packed.read("results.jsonl"))
        assert set(found.values()) == {"conforms"}


def test_files_of_schema_1_are_held_to_the_rules_of_their_time_too(tmp_path: Path) -> None:
    """Release 0.1.1 called conforming what passed anything at all; what the page says follows the rules of today."""
    lines = small(fails=False)
    lines[0]["schema_version"] = 1
    for number in (0, 1):
        of_kind(lines, "verdict", number)["outcome"] = "skipped"
    lines[-1] |= {"verdicts": {"mine": "conforms", "other": "conforms"}, "exit_status": 0}
    found = read(tmp_path / "results.jsonl", b"".join(as_bytes(lines)))
    assert found == {"mine": "nothing verified", "other": "conforms"}


@pytest.mark.parametrize("fails", [False, True])
def test_flipped_bits_never_make_it_better(fails: bool, tmp_path: Path) -> None:
    data = b"".join(as_bytes(small(fails=fails)))
    truth = read(tmp_path / "results.jsonl", data)
    draw = random.Random(7)
    refused = 0
    for _ in range(1000):
        changed = bytearray(data)
        changed[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            found = read(tmp_path / "results.jsonl", bytes(changed))
        except ResultsError:
            refused += 1
        else:
            assert_no_better(found, truth)
    assert refused > 800


@pytest.mark.parametrize("fails", [False, True])
def test_a_cut_anywhere_never_makes_it_better(fails: bool, tmp_path: Path) -> None:
    whole = as_bytes(small(fails=fails))
    data = b"".join(whole)
    truth = read(tmp_path / "results.jsonl", data)
    end = data.index(b"\n", data.index(b'"type": "footer"'))
    for cut in range(len(data) - len(b"".join(whole[-10:])), len(data)):
        found = read(tmp_path / "results.jsonl", data[:cut])
        assert_no_better(found, truth)
        assert (found == truth) == (cut >= end) or fails


def assert_no_better(found: dict[str, str], truth: dict[str, str]) -> None:
    for name, state in found.items():
        assert state in ROWS[truth[name]]
