"""Lines of type "exhaustive": what is read, what is refused, what the page and the terminal say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_results import world, written

from convspec.reports import read_results, world_lines
from convspec.reports.results import ResultsError
from convspec.reports.verdict import verdict_page

Line = dict[str, Any]
Write = Callable[[list[Line]], Path]
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "reports" / "results.schema.json").read_text("utf-8")
)


def with_world(sample_lines: list[Line], **changes: Any) -> list[Line]:
    return [*sample_lines[:-1], world(**changes), sample_lines[-1]]


def test_the_line_is_read_and_shown(sample_lines: list[Line], write_lines: Write) -> None:
    for line in written([world()]):
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    results = read_results(write_lines(with_world(sample_lines)))
    assert results.worlds[0].geometries == 264627
    html = verdict_page(results).decode("utf-8")
    assert html.count('id="exhaustive"') == 1
    assert 'id="exhaustive-scipy"' in html
    assert "sizes up to &lt;5&gt;" in html
    assert "1 − 2/1\u202f048\u202f576 = 0.9999980 for each geometry; as sure as that" in html
    assert "80.0 s, 3307 geometries a second" in html
    (line,) = world_lines(results)
    assert line == (
        "✓ scipy small worlds, whole: all 264 627 geometries inside its claims are right (3307 a second); "
        "as sure as that."
    )


def test_without_such_a_line_the_page_has_no_such_section(
    sample_lines: list[Line], write_lines: Write
) -> None:
    html = verdict_page(read_results(write_lines(sample_lines))).decode("utf-8")
    assert "Small worlds" not in html


def test_a_failure_is_shown_with_its_case_and_no_confidence(
    sample_lines: list[Line], write_lines: Write
) -> None:
    example = next(line["counterexample"] for line in sample_lines if line.get("counterexample"))
    changes = {"outcome": "failed", "reason": "got 1, want 0", "geometries": 78, "probability": None}
    definition = next(line for line in sample_lines if line.get("requirement") == "DEF-01")
    definition["outcome"] = "failed"
    results = read_results(write_lines(with_world(sample_lines, counterexample=example, **changes)))
    html = verdict_page(results).decode("utf-8")
    section = html[html.index('id="exhaustive"') : html.index('<section id="adapters"')]
    assert "got 1, want 0" in section
    assert "The case, made small" in section
    assert "<dt>confidence" not in section
    (line,) = world_lines(results)
    assert line.startswith("✗ scipy small worlds, whole: failed after 78 of 264 627 geometries: got 1, want 0")


def test_restrictions_are_shown(sample_lines: list[Line], write_lines: Write) -> None:
    results = read_results(write_lines(with_world(sample_lines, restricted=["it has no stride"], probability=None)))
    html = verdict_page(results).decode("utf-8")
    assert "<li><bdi>it has no stride</bdi></li>" in html
    assert "No probability is claimed." in html
    assert world_lines(results)[0].endswith("Restricted: it has no stride.")


def test_nothing_was_tried(sample_lines: list[Line], write_lines: Write) -> None:
    changes = {"outcome": "unavailable", "geometries": 0, "total": 0, "elements": 0, "set_size": 0, "seconds": 0}
    results = read_results(write_lines(with_world(sample_lines, **changes)))
    assert b'id="exhaustive-scipy"' in verdict_page(results)
    assert world_lines(results)[0].endswith("unavailable after 0 of 0 geometries: nothing was tried.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"adapter": "nobody"}, "world of adapter 'nobody', which has no line"),
        ({"set_size": 10**400}, "'set_size' must be a count from 0 to"),
        ({"geometries": -1}, "'geometries' must be a count from 0 to"),
        ({"outcome": "splendid"}, "'outcome' must be one of"),
        ({"bound": None}, "'bound' is null"),
    ],
)
def test_what_is_refused(change: Line, words: str, sample_lines: list[Line], write_lines: Write) -> None:
    with pytest.raises(ResultsError, match=words):
        read_results(write_lines(with_world(sample_lines, **change)))


def test_a_second_world_is_refused(sample_lines: list[Line], write_lines: Write) -> None:
    with pytest.raises(ResultsError, match="a second world of adapter 'scipy'"):
        read_results(write_lines([*sample_lines[:-1], world(), world()]))


def test_an_interrupted_run_may_not_have_described_the_adapter(
    sample_lines: list[Line], write_lines: Write
) -> None:
    results = read_results(write_lines([sample_lines[0], world("late")]))
    assert [adapter.id for adapter in results.adapters] == ["late"]
    assert not results.complete
