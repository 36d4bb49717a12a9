"""What was tried for a verdict: its evidence in words, and the dtypes that it speaks of."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from convspec.reports import svg
from convspec.reports.records import Verdict
from convspec.reports.words import readable

Rows = tuple[tuple[str, str], ...]

AXES: Final = (
    "stride",
    "dilation",
    "padding",
    "groups",
    "kernel",
    "dtype",
    "layout x",
    "layout w",
    "layout",
    "data",
)
# The suite's word for values of an axis that it did not count one by one.
REST: Final = "other"


def evidence(verdict: Verdict, limit: int) -> Rows:
    """Say for each axis which values were tried how often.

    Parameters
    ----------
    verdict : Verdict
    limit : int
        How many values of an axis are named; with 0 there is no evidence.
    """
    if not limit:
        return ()
    rows = []
    for axis in ordered(verdict.evidence):
        counts = verdict.evidence[axis]
        text = ", ".join(f"{value_text(value)}: {count}" for value, count in svg.ranked(counts, limit))
        if text:
            rows.append((axis, text))
    if verdict.nontrivial is not None:
        rows.append(("outputs not trivial", svg.share(round(1000 * verdict.nontrivial), 1000)))
    return tuple(rows)


def beyond(rows: Rows, others: Sequence[Rows]) -> tuple[int | None, Rows]:
    """Say evidence by what it shares with evidence that was told already.

    Adapters are asked the same cases as far as their claims allow, so most of what was tried with one was tried with
    the others; told once, the page stays small and the reader sees what is different.

    Returns
    -------
    (index or None, rows)
        Which of ``others`` shares most, and the rows in which these differ from it; None with all rows where none
        shares three. One that has an axis more than these is not asked.
    """
    best, least = None, len(rows) - 2
    for index, other in enumerate(others):
        differing = len(set(rows) - set(other))
        if differing < least and {axis for axis, _ in other} <= {axis for axis, _ in rows}:
            best, least = index, differing
    if best is None:
        return None, rows
    return best, tuple(row for row in rows if row not in others[best])


def dtypes(verdict: Verdict) -> tuple[str, ...]:
    """Name the dtypes that a verdict speaks of: those of its case where it has one, else all that were tried."""
    example = verdict.counterexample
    arrays = (example.x, example.w, example.bias) if example is not None else ()
    found = {array.dtype for array in arrays if array is not None}
    if example is not None and example.withheld is not None:
        found.update(example.withheld.dtypes)
    found = found or set(verdict.evidence.get("dtype", ()))
    return tuple(sorted(name for name in found - {REST} if re.fullmatch(r"\w{1,24}", name, re.ASCII)))


def ordered(axes: Iterable[str]) -> list[str]:
    """Put axes of evidence into the order of the house, unknown ones last by name."""
    return sorted(axes, key=lambda axis: (AXES.index(axis) if axis in AXES else len(AXES), axis))


def value_text(value: str) -> str:
    """Write a value of an axis: ``3,3`` becomes ``3×3``."""
    return readable(value, 40).replace(",", "×") if value.replace(",", "").isdigit() else readable(value, 40)
