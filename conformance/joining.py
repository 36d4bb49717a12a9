"""What is said once of an adapter, though several requirements found it: equal exceptions, refusals, missing checks."""

from collections.abc import Iterable, Mapping
from typing import Any

from convspec.conformance.catalogue import catalogue
from convspec.conformance.exceptions import OF_DTYPE
from convspec.conformance.results import OTHERWISE

Line = dict[str, Any]


def joined_exceptions(lines: Iterable[Line]) -> list[Line]:
    """Give the verdict lines of one adapter with each exception reported by the first requirement that met it.

    Parameters
    ----------
    lines : iterable of verdict lines
        In the order of the catalogue.

    Returns
    -------
    list of verdict lines
        Where all exceptions of a line were reported before, its outcome is that of its other cases.
    """
    lines = list(lines)
    # What is about the dtype is for the family DTY to report, whatever else it shows in.
    of_dtype = set().union(*(_keys(line) for line in lines if _is_of_dtype(line) and OTHERWISE in line))
    of_dtype = {key for key in of_dtype if key.startswith(OF_DTYPE)}
    known: set[str] = set(of_dtype)
    joined = []
    for line in lines:
        line = dict(line)
        otherwise = line.pop(OTHERWISE, None)
        keys = _keys(line)
        if _is_of_dtype(line) and otherwise is not None:
            known -= of_dtype
            of_dtype = set()
        if otherwise is not None and keys <= known:
            line["outcome"], line["reason"] = otherwise
            for name in ("counterexample", "exclusion"):
                line.pop(name, None)
        known |= keys
        joined.append(line)
    return joined


def _keys(line: Mapping[str, Any]) -> set[str]:
    return {f"{raised['type']} at {raised['where']}" for raised in line.get("exceptions", ())}


def _is_of_dtype(line: Mapping[str, Any]) -> bool:
    return catalogue()[line["requirement"]].family == "DTY"


def remarks(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say in which corners a plain function, which says nothing of them, does otherwise than the specification."""
    unchecked: list[str] = []
    other: list[str] = []
    for line in lines:
        entry = catalogue()[line["requirement"]]
        if line["outcome"] == "info" and entry.unsaid and line["cases"]:
            (unchecked if entry.verdict_class == "RAISES" else other).append(entry.unsaid)
    told = []
    if unchecked:
        told.append(f"does not check its arguments: {', '.join(unchecked)}")
    if other:
        told.append(f"does otherwise in corners of which it says nothing: {', '.join(other)}")
    return told


def refused(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say what a plain function refuses of the calls that it seemed to take, in words that follow "conforms, for"."""
    counts: dict[str, int] = {}
    texts: dict[str, str] = {}
    for line in lines:
        for refusal in line.get("refusals", ()):
            counts[refusal["where"]] = counts.get(refusal["where"], 0) + refusal["cases"]
            texts.setdefault(refusal["where"], refusal["text"])
    return [f"calls that it does not refuse ({texts[where]}; {counts[where]} cases)" for where in counts]


def left_out(lines: Iterable[Mapping[str, Any]]) -> float:
    """Give the share of cases that were not verified: excluded, refused, or excused by a known deviation."""
    known = [line for line in lines if "cases" in line]
    excluded = sum(line.get("excluded", 0) for line in known)
    excused = sum(line.get("excused", 0) for line in known)
    asked = excluded + sum(line["cases"] for line in known)
    return (excluded + excused) / asked if asked else 0.0
