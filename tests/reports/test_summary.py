"""The run in a few lines, and as a badge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from convspec.reports import badge, read_results, verdict_lines
from convspec.reports.summary import markdown
from convspec.reports.verdict import verdict_page
from convspec.reports.words import OUTCOMES

Line = dict[str, Any]
Write = Callable[[list[Line]], Path]


def test_one_line_for_each_adapter_with_every_outcome(sample_lines: list[Line], write_lines: Write) -> None:
    lines = verdict_lines(read_results(write_lines(sample_lines)))
    assert [line.split()[:2] for line in lines] == [["✗", "faulty"], ["✓", "scipy"], ["○", "torch"]]
    for word in OUTCOMES:
        assert all(f" {word}" in line for line in lines), word
    assert "80 passed, 0 failed" in lines[1]


def test_an_incomplete_run_says_so_first(sample_lines: list[Line], write_lines: Write) -> None:
    results = read_results(write_lines(sample_lines[:-1]))
    assert verdict_lines(results)[0].startswith("INCOMPLETE")
    assert "**INCOMPLETE**" in markdown(results)
    assert "incomplete" in badge(results)


def test_the_table_has_a_column_for_every_outcome(sample_lines: list[Line], write_lines: Write) -> None:
    rows = [
        line for line in markdown(read_results(write_lines(sample_lines))).splitlines() if line[:1] == "|"
    ]
    assert len(rows) == 2 + 3
    assert {row.count("|") for row in rows} == {len(OUTCOMES) + 3}


def test_hostile_names_stay_in_their_cell(sample_lines: list[Line], write_lines: Write) -> None:
    name = "a|b\n# <script>`x`</script>\u202e"
    for line in sample_lines:
        if line["type"] == "adapter" and line["id"] == "faulty":
            line["id"] = name
        if line.get("adapter") == "faulty":
            line["adapter"] = name
    results = read_results(write_lines(sample_lines))
    text = markdown(results)
    assert "<script>" not in text
    assert "\u202e" not in text + "".join(verdict_lines(results))
    assert all("\n" not in line for line in verdict_lines(results))
    rows = [line.replace("\\|", "") for line in text.splitlines() if line[:1] == "|"]
    assert {row.count("|") for row in rows} == {len(OUTCOMES) + 3}


def test_the_badge_counts(sample_lines: list[Line], write_lines: Write) -> None:
    drawn = badge(read_results(write_lines(sample_lines)))
    assert "1 of 2 conform" in drawn
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_file_without_a_chain_says_so(sample_lines: list[Line], write_lines: Write) -> None:
    told = "unchained: written by an earlier release, its lines do not vouch for each other"
    results = read_results(write_lines(sample_lines))
    assert told not in "\n".join([*verdict_lines(results), markdown(results), verdict_page(results).decode()])
    sample_lines[0]["schema_version"] = 1
    results = read_results(write_lines(sample_lines))
    assert verdict_lines(results)[-1] == told
    assert f"`, {told}" in markdown(results)
    assert told in verdict_page(results).decode()
