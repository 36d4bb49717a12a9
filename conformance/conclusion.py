"""The rules of `convspec.rules` applied to verdict lines, whose levels the catalogue knows."""

from collections.abc import Iterable, Mapping
from typing import Any

from convspec.conformance.catalogue import catalogue
from convspec.rules import Judged, is_against, share_left_out, state_of

Line = Mapping[str, Any]


def judged(lines: Iterable[Line]) -> list[Judged]:
    """Give each verdict's requirement, level and outcome."""
    return [(line["requirement"], catalogue()[line["requirement"]].level, line["outcome"]) for line in lines]


def counts_against(line: Line) -> bool:
    """Whether a verdict makes the adapter not conform."""
    return is_against(catalogue()[line["requirement"]].level, line["outcome"])


def left_out(lines: Iterable[Line]) -> float:
    """Give the share of cases that were excluded, refused, or excused by a known deviation."""
    return share_left_out((line["cases"], line.get("excluded", 0), line.get("excused", 0)) for line in lines)


def state_of_lines(lines: Iterable[Line], *, whole: bool) -> str:
    """Say what the verdict lines of one adapter amount to, of a run that has ended."""
    lines = list(lines)
    return state_of(judged(lines), whole=whole, left_out=left_out(lines))
