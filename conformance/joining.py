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
    reporters: dict[str, Line] = {}
    for line in lines:
        for key in _keys(line) if OTHERWISE in line else ():
            # What is about the dtype is for the family DTY to report, wherever else it shows.
            is_better = key.startswith(OF_DTYPE) and _is_of_dtype(line) and not _is_of_dtype(reporters.get(key, line))
            if key not in reporters or is_better:
                reporters[key] = line
    return [_reported(line, any(reporters[key] is line for key in _keys(line) if key in reporters)) for line in lines]


def _reported(line: Line, is_first: bool) -> Line:
    """The line as it stands if it is the first to report one of its exceptions, or if it is not."""
    said = {name: value for name, value in line.items() if name != OTHERWISE}
    if OTHERWISE in line and not is_first:
        said["outcome"], said["reason"] = line[OTHERWISE]
        for name in ("counterexample", "exclusion"):
            said.pop(name, None)
    return said


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
