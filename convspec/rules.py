"""What the verdicts on an adapter amount to, and a run as a whole: its state and its exit status.

The suite applies these rules when it writes a results file, and whoever reads one applies them again. So they lie above
both, and import the standard library alone.
"""

from collections.abc import Iterable

CONFORMS, DOES_NOT_CONFORM, WRONG_USAGE, NOTHING_VERIFIED, SUITE_FAILED, INCOMPLETE = range(6)
INTERRUPTED = 130
# What does not hold counts against an adapter at these levels; at the others it is reported.
DECIDING = ("MUST", "DECL")
BAD = ("failed", "errored", "crashed", "timed out", "out of memory", "mistrusted", "unexpectedly passing")
# In a run of the whole catalogue an adapter conforms only if one of these passed: they hold its answers against the
# definition, and a deviation that covers both leaves nothing of it.
DEFINING = ("DEF-01", "DEF-02")
# A whole run that left more than half of an adapter's cases out has verified nothing.
MOST_LEFT_OUT = 0.5
# The states that the footer of a results file names; a file that has none is "incomplete".
ENDED_STATES = ("conforms", "does not conform", "nothing verified", "unavailable")

# A requirement's id and level, and the outcome.
Judged = tuple[str, str, str]


def is_against(level: str, outcome: str) -> bool:
    """Whether a verdict makes the adapter not conform: a MUST, or a DECL that was claimed, that does not hold."""
    return level in DECIDING and outcome in BAD


def state_of(
    judged: Iterable[Judged], *, whole: bool, left_out: float = 0.0, available: bool = True, complete: bool = True
) -> str:
    """Say what the verdicts on one adapter amount to.

    Parameters
    ----------
    judged : iterable of (requirement, level, outcome)
    whole : bool
        Whether the whole catalogue was asked for, not a selection of it.
    left_out : float
        As `share_left_out` gives it.
    available : bool
        Whether the adapter's library is installed.
    complete : bool
        Whether the run came to its end. A failure that was found before it stopped counts all the same.

    Returns
    -------
    str
        One of `ENDED_STATES`, or "incomplete".
    """
    judged = list(judged)
    if any(is_against(level, outcome) for _, level, outcome in judged):
        return "does not conform"
    outcomes = {outcome for _, _, outcome in judged}
    if not complete:
        return "unavailable" if "unavailable" in outcomes or not available else "incomplete"
    if whole and left_out > MOST_LEFT_OUT:
        return "nothing verified"
    defined = any(outcome == "passed" and requirement in DEFINING for requirement, _, outcome in judged)
    if outcomes & {"passed", "known deviation"} and (defined or not whole):
        return "conforms"
    return "unavailable" if "unavailable" in outcomes else "nothing verified"


def share_left_out(counts: Iterable[tuple[int, int, int]]) -> float:
    """Give the share of an adapter's cases that were not verified.

    Parameters
    ----------
    counts : iterable of (int, int, int)
        Of each verdict: the cases that ran, those that were excluded or refused, and of those that ran how many a
        known deviation excuses.
    """
    cases, excluded, excused = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return (excluded + excused) / (excluded + cases) if excluded + cases else 0.0


def exit_status_of(states: Iterable[str], *, whole: bool, complete: bool, began: bool) -> int:
    """Give the exit status of a run in which the suite itself did not fail.

    Parameters
    ----------
    states : iterable of str
        Those of all adapters, as `state_of` gives them.
    whole : bool
        Whether the whole catalogue was asked for: then each adapter must be verified. In a selection there may be
        nothing that one of them claims.
    complete : bool
        Whether everything that was asked for was verified.
    began : bool
        Whether there is a verdict at all.
    """
    states = set(states)
    if "does not conform" in states:
        return DOES_NOT_CONFORM
    if not began:
        return NOTHING_VERIFIED
    if not complete:
        return INCOMPLETE
    if "conforms" not in states or (whole and "nothing verified" in states):
        return NOTHING_VERIFIED
    return CONFORMS
