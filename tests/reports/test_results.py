"""Reading results files: what is accepted, what is refused, and in which words."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_results import written

from convspec.reports.conclusion import Conclusion
from convspec.reports.results import Results, ResultsError, read_results
from convspec.reports.standing import standings
from convspec.reports.words import OUTCOMES

Line = dict[str, Any]
Write = Callable[[list[Line]], Path]
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "reports" / "results.schema.json").read_text("utf-8")
)


def concluded(results: Results) -> dict[str, Conclusion]:
    return {standing.adapter.id: standing.conclusion for standing in standings(results)}


def test_the_sample_is_what_the_schema_says(sample_lines: list[Line]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for line in written(sample_lines):
        validator.validate(line)


def test_the_schema_knows_the_same_outcomes() -> None:
    assert set(SCHEMA["$defs"]["verdict"]["properties"]["outcome"]["enum"]) == set(OUTCOMES)


def test_a_complete_file(sample_lines: list[Line], write_lines: Write) -> None:
    results = read_results(write_lines(sample_lines))
    assert results.complete
    assert [adapter.id for adapter in results.adapters] == ["scipy", "faulty", "torch"]
    assert concluded(results)["faulty"].state == "does not conform"
    assert results.totals("faulty")["failed"] == 3
    assert results.totals("faulty")["unavailable"] == 0
    assert len(results.sha256) == 64
    failed = next(v for v in results.verdicts if v.adapter == "faulty" and v.requirement == "DEF-02")
    assert failed.counterexample is not None
    assert failed.counterexample.x is not None
    assert failed.counterexample.x.shape == (1, 1, 3, 3)
    assert failed.diagnosis.startswith("It behaves as if the kernel were flipped. To change: ")


def test_every_outcome_is_in_the_sample(sample_lines: list[Line], write_lines: Write) -> None:
    assert {verdict.outcome for verdict in read_results(write_lines(sample_lines)).verdicts} == set(OUTCOMES)


def test_without_footer_it_is_incomplete(sample_lines: list[Line], write_lines: Write) -> None:
    results = read_results(write_lines(sample_lines[:-1]))
    assert not results.complete
    states = {name: found.state for name, found in concluded(results).items()}
    assert states == {"scipy": "incomplete", "torch": "unavailable", "faulty": "does not conform"}


def test_a_last_line_that_breaks_off_counts_as_not_written(
    sample_lines: list[Line], write_lines: Write
) -> None:
    path = write_lines(sample_lines)
    whole = path.read_bytes()
    footer = whole.index(b'"type": "footer"')
    path.write_bytes(whole[:footer])
    results = read_results(path)
    assert not results.complete
    assert len(results.verdicts) == sum(line["type"] == "verdict" for line in sample_lines)
    path.write_bytes(whole[: whole.index(b"\n", footer)])
    assert read_results(path).complete
    path.write_bytes(whole[:-30])
    results = read_results(path)
    assert results.complete
    assert [verdict for verdict in results.verdicts if verdict.diagnosis] == []


def test_a_file_cut_anywhere_is_read_as_incomplete(sample_lines: list[Line], write_lines: Write) -> None:
    path = write_lines(sample_lines)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, whole.index(b'"type": "footer"'), len(whole) // 40):
        path.write_bytes(whole[:cut])
        assert not read_results(path).complete


def test_an_interrupted_run_may_not_have_described_its_adapters(
    sample_lines: list[Line], write_lines: Write
) -> None:
    lines = [line for line in sample_lines if line["type"] not in ("adapter", "footer")]
    results = read_results(write_lines(lines))
    assert {adapter.id for adapter in results.adapters} == {"scipy", "faulty", "torch"}
    assert "stopped before" in results.adapters[0].reason


def test_special_numbers_are_texts(sample_lines: list[Line], write_lines: Write) -> None:
    line = next(line for line in sample_lines if line.get("counterexample"))
    line["counterexample"]["x"]["data"][:3] = ["nan", "inf", "-inf"]
    line["counterexample"]["w"]["data"][0] = [1.0, "nan"]
    line["worst_ratio"] = "inf"
    verdict = next(v for v in read_results(write_lines(sample_lines)).verdicts if v.counterexample)
    example = verdict.counterexample
    assert example is not None
    assert example.x is not None
    assert example.w is not None
    assert example.x.data is not None
    assert example.w.data is not None
    assert math.isnan(example.x.data[0].real)
    assert example.x.data[1:3] == (math.inf, -math.inf)
    assert isinstance(example.w.data[0], complex)
    assert verdict.worst_ratio == math.inf


def change(kind: str, **members: Any) -> Callable[[list[Line]], None]:
    def apply(lines: list[Line]) -> None:
        next(line for line in lines if line["type"] == kind).update(members)

    return apply


def drop(kind: str, key: str) -> Callable[[list[Line]], None]:
    def apply(lines: list[Line]) -> None:
        del next(line for line in lines if line["type"] == kind)[key]

    return apply


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (change("header", schema_version=3), "line 1: schema_version is 3, this program reads 1 and 2"),
        (drop("header", "seed"), "line 1: 'seed' is missing"),
        (change("header", seed="0"), "'seed' must be a whole number, got '0'"),
        (change("header", targets="scipy"), "'targets' must be a list, got 'scipy'"),
        (change("verdict", outcome="fine"), "'outcome' must be one of passed, failed"),
        (change("verdict", cases=1.5), "'cases' must be a whole number, got 1.5"),
        (change("verdict", seconds="soon"), "'seconds' must be a number, 'nan', 'inf' or '-inf', got 'soon'"),
        (
            change("verdict", evidence={"stride": {"1,1": "many"}}),
            "evidence, stride: '1,1' must be a whole number",
        ),
        (change("verdict", adapter="nobody"), "verdict for adapter 'nobody', which has no line"),
        (change("verdict", requirement="PAD-99"), "verdict for requirement 'PAD-99', which has no line"),
        (change("requirement", level="MAY"), "'level' must be one of MUST, SHOULD, DECL, INFO, got 'MAY'"),
        (change("adapter", available="yes"), "'available' must be true or false, got 'yes'"),
        (change("adapter", deviations=[3]), "'deviations' must be a list of objects, got 3"),
        (change("footer", verdicts={"scipy": "good"}), "'scipy' must be one of"),
        (lambda lines: lines.insert(3, lines[0]), "line 5: the header must be the first line, once"),
        (lambda lines: lines.pop(0), "line 1: the header must be the first line, once"),
        (lambda lines: lines.insert(2, lines[1]), "line 4: requirement 'DEF-01' comes a second time"),
        (lambda lines: lines.append(lines[5]), "comes after the footer"),
        (lambda lines: lines.insert(-1, lines[-2]), "a second verdict for adapter"),
        (lambda lines: lines.insert(1, {"type": "rumour"}), "line 3: 'type' must be one of header"),
    ],
)
def test_a_broken_file_says_where_and_what(
    fault: Callable[[list[Line]], None], words: str, sample_lines: list[Line], write_lines: Write
) -> None:
    fault(sample_lines)
    path = write_lines(sample_lines)
    with pytest.raises(ResultsError) as caught:
        read_results(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no results"),
        (b"{}\n", "line 1: 'type' is missing"),
        (b"not json\n", "line 1: not JSON: Expecting value at column 1"),
        (b"[1]\n", "line 1: expected an object in braces, got list"),
        (b'{"type": NaN}\n', "line 1: not a results line: NaN is written as a bare word"),
        (b'{"type": "\xff"}\n', "line 1: not UTF-8"),
        (b"[" * 100_000 + b"\n", "line 1: not"),
        (b'{"type": "header"}\n\n', "line 1: 'schema_version' is missing"),
    ],
)
def test_a_file_that_is_no_results_file(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(data)
    with pytest.raises(ResultsError) as caught:
        read_results(path)
    assert words in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"nothing\.jsonl: cannot be read: No such file"):
        read_results(tmp_path / "nothing.jsonl")


def test_an_array_must_fill_its_shape(sample_lines: list[Line], write_lines: Write) -> None:
    line = next(line for line in sample_lines if line.get("counterexample"))
    line["counterexample"]["x"]["data"].append(1.0)
    with pytest.raises(ResultsError, match=r"10 numbers do not fill the shape \[1, 1, 3, 3\]"):
        read_results(write_lines(sample_lines))
