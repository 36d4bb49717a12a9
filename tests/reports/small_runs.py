"""Results files of a few lines, for comparing runs."""

from collections.abc import Callable
from typing import Any

from sample_results import footer

from convspec.reports.diff_changes import Difference

Line = dict[str, Any]
Compare = Callable[[list[Line], list[Line]], Difference]
TITLES = {"DEF-01": "One element", "DEF-02": "No flip", "PAD-01": "Zeros", "PAD-02": "Each side"}

CASE: Line = {
    "case": "x=1x1x1x2 w=1x1x1x2",
    "id": "abc123",
    "x": {"shape": [1, 1, 1, 2], "dtype": "float64", "data": [1, 2]},
    "w": {"shape": [1, 1, 1, 2], "dtype": "float64", "data": [3, 5]},
    "stride": [1, 1],
    "padding": [[0, 0], [0, 0]],
    "dilation": [1, 1],
    "groups": 1,
    "expected": {"shape": [1, 1, 1, 1], "dtype": "float64", "data": [13]},
    "got": {"shape": [1, 1, 1, 1], "dtype": "float64", "data": [11]},
    "at": [0, 0, 0, 0],
    "message": "got 11, want 13",
    "repro": "convspec repro 'DEF-02 x=1x1x1x2 `' --adapter mine",
}


def header(**changes: Any) -> Line:
    """Of schema 1: such a file need not hold a verdict on each requirement for each adapter."""
    return {
        "type": "header",
        "schema_version": 1,
        "suite": {"name": "convspec", "version": "0.1.0"},
        "seed": 0,
        "effort": "standard",
        "profile": None,
        "only": [],
        "date": "2026-11-01",
        "targets": ["mine", "other"],
        "environment": {"python": "3.11.7", "packages": {"numpy": "2.4.6"}},
        **changes,
    }


def requirement(id: str, **changes: Any) -> Line:
    return {
        "type": "requirement",
        "id": id,
        "family": id[:3],
        "level": "MUST",
        "profile": "plane",
        "title": TITLES.get(id, id),
        "statement": f"What {id} asks.",
        "class": "EQ",
        "status": "core",
        **changes,
    }


def adapter(id: str, **changes: Any) -> Line:
    versions = {id: "1.0"}
    return {"type": "adapter", "id": id, "name": id, "versions": versions, "available": True, **changes}


def verdict(name: str, id: str, outcome: str = "passed", **changes: Any) -> Line:
    line = {"type": "verdict", "adapter": name, "requirement": id, "outcome": outcome, "cases": 9, "seconds": 0.1}
    return line | changes


def run(outcomes: dict[str, dict[str, Any]], ids: tuple[str, ...] = tuple(TITLES), **changes: Any) -> list[Line]:
    """A whole file; an outcome is a word, or a word with further members of the verdict."""
    lines = [header(**{"targets": list(outcomes), **changes}), *map(requirement, ids), *map(adapter, outcomes)]
    for name, row in outcomes.items():
        for id, outcome in row.items():
            word, rest = outcome if isinstance(outcome, tuple) else (outcome, {})
            lines.append(verdict(name, id, word, **rest))
    return [*lines, footer()]
