"""What the verdicts of a run amount to: a state for each adapter, and the exit status."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from convspec.conformance.catalogue import catalogue
from convspec.conformance.joining import left_out
from convspec.conformance.results import BAD

CONFORMS, DOES_NOT_CONFORM, WRONG_USAGE, NOTHING_VERIFIED, SUITE_FAILED, INCOMPLETE = range(6)
INTERRUPTED = 130
# What does not hold counts against an adapter at these levels; at the others it is reported.
DECIDING = ("MUST", "DECL")
# In a run of the whole catalogue an adapter conforms only if one of these passed: they hold its answers against the
# definition, and a deviation that covers both leaves nothing of it.
DEFINING = ("DEF-01", "DEF-02")
# A whole run that left more than half of its cases out has verified nothing.
MOST_LEFT_OUT = 0.5
# The states, which the footer of the results names.
STATES = ("conforms", "does not conform", "nothing verified", "unavailable")


def counts_against(line: Mapping[str, Any]) -> bool:
    """Whether a verdict makes the adapter not conform: a MUST, or a DECL that was claimed, that does not hold."""
    return line["outcome"] in BAD and catalogue()[line["requirement"]].level in DECIDING


def state_of(lines: Iterable[Mapping[str, Any]], *, whole: bool) -> str:
    """Say what the verdicts on one adapter amount to.

    Parameters
    ----------
    lines : iterable of mapping
        Its verdict lines.
    whole : bool
        Whether the whole catalogue was asked for, not a selection of it.

    Returns
    -------
    str
        One of `STATES`.
    """
    lines = list(lines)
    if any(counts_against(line) for line in lines):
        return "does not conform"
    if whole and left_out(lines) > MOST_LEFT_OUT:
        return "nothing verified"
    held = any(line["outcome"] in ("passed", "known deviation") for line in lines)
    defined = any(line["outcome"] == "passed" and line["requirement"] in DEFINING for line in lines)
    if held and (defined or not whole):
        return "conforms"
    return "unavailable" if any(line["outcome"] == "unavailable" for line in lines) else "nothing verified"


def exit_status_of(states: Collection[str], *, whole: bool, complete: bool, began: bool) -> int:
    """Give the exit status of a run in which the suite itself did not fail.

    Parameters
    ----------
    states : collection of str
        Those of all adapters, as `state_of` gives them.
    whole : bool
        Whether the whole catalogue was asked for: then each adapter must be verified. In a selection there may be
        nothing that one of them claims.
    complete : bool
        Whether everything that was asked for was verified.
    began : bool
        Whether there is a verdict at all.
    """
    if "does not conform" in states:
        return DOES_NOT_CONFORM
    if not began:
        return NOTHING_VERIFIED
    if not complete:
        return INCOMPLETE
    if "conforms" not in states or (whole and "nothing verified" in states):
        return NOTHING_VERIFIED
    return CONFORMS
