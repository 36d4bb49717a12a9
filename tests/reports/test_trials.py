"""What was tried: told once where adapters were tried alike, and by dtype for the filter of the verdict."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reader import Reader, check_addresses
from sample_results import EVIDENCE, Line, adapter, catalogue, flipped, footer, header, verdict, write

from convspec.reports import read_results
from convspec.reports.trials import beyond, dtypes, evidence
from convspec.reports.verdict import verdict_page

ROWS = (("stride", "1×1: 3"), ("dtype", "float64: 3"), ("data", "integers: 3"), ("groups", "1: 3"))
Page = Callable[[dict[str, Line]], str]


def test_evidence_is_told_by_its_difference() -> None:
    changed = (*ROWS[:3], ("groups", "2: 3"))
    assert beyond(ROWS, []) == (None, ROWS)
    assert beyond(ROWS, [ROWS]) == (0, ())
    assert beyond(changed, [ROWS]) == (0, (("groups", "2: 3"),))
    # The nearest is taken, the first of two that are as near.
    assert beyond(changed, [ROWS, changed, changed]) == (1, ())
    # Too little in common: the reader is not sent elsewhere for it.
    assert beyond(ROWS, [(*ROWS[:2], ("data", "wide: 3"), ("groups", "2: 3"))]) == (None, ROWS)
    # "The rest as there" would claim an axis that was not tried.
    assert beyond(ROWS, [(*ROWS, ("layout", "C: 3"))]) == (None, ROWS)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    def made(verdicts: dict[str, Line]) -> str:
        requirement = next(line for line in catalogue() if line["id"] == "DEF-01")
        lines = [header(list(verdicts)), requirement, *map(adapter, verdicts)]
        lines += [verdict(name, "DEF-01", **changes) for name, changes in verdicts.items()]
        results = read_results(write(tmp_path / "results.jsonl", [*lines, footer()]))
        return verdict_page(results).decode("utf-8")

    return made


def outcome_of(html: str, name: str) -> str:
    item = html[html.index(f'<li id="{name}-DEF-01"') :]
    return item[: item.index("</li>")]


def test_the_page_sends_to_the_evidence_that_it_shares(page: Page) -> None:
    other: Line = {**EVIDENCE, "groups": {"1": 120}}
    html = page({"one": {}, "two": {}, "three": {"evidence": other}})
    check_addresses(html)
    assert "as with" not in outcome_of(html, "one")
    assert 'the same as with <a href="#one-DEF-01">' in outcome_of(html, "two")
    three = outcome_of(html, "three")
    assert '<b>groups</b> 1: 120; the rest as with <a href="#one-DEF-01">' in three
    assert "<b>stride</b>" not in three


def bits(html: str, name: str) -> set[str]:
    choice = html[html.index('<select name="dtype">') :]
    options = re.findall(r"<option>([^<]*)</option>", choice[: choice.index("</select>")])
    found = re.search(r' data-d="([0-9a-f]+)"', outcome_of(html, name))
    number = int(found[1], 16) if found else 0
    assert number < 1 << len(options)
    return {option for place, option in enumerate(options) if number >> place & 1}


def test_an_outcome_speaks_of_the_dtypes_of_its_case_or_of_all_that_were_tried(page: Page) -> None:
    html = page(
        {
            "tried": {},
            "failed": {"outcome": "failed", "counterexample": flipped()},
            "skipped": {"outcome": "skipped"},
            "rest": {"evidence": {"dtype": {"bfloat16": 2, "other": 4}}},
        }
    )
    assert bits(html, "tried") == {"float32", "float64", "int64"}
    assert bits(html, "failed") == {"float64"}
    assert bits(html, "skipped") == set()
    assert bits(html, "rest") == {"bfloat16"}
    card = html[html.index('<article class="card bad"') :]
    assert ' data-d="' in card[: card.index(">")]


def test_hundreds_of_dtypes_do_not_make_the_page_large(page: Page) -> None:
    many: dict[str, Any] = {f"type{number}": 1 for number in range(500)}
    html = page({"one": {"evidence": {"dtype": many}}})
    assert len(bits(html, "one")) == 30
    assert "type499" not in Reader(html).text


def test_without_evidence_nothing_is_told(tmp_path: Path) -> None:
    lines = [header(["mine"]), catalogue()[0], adapter("mine"), verdict("mine", catalogue()[0]["id"])]
    found = read_results(write(tmp_path / "results.jsonl", lines)).verdicts[0]
    assert evidence(found, 0) == ()
    assert dtypes(found) == ("float32", "float64", "int64")
