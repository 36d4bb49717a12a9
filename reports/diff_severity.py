"""Which outcome is worse than which: the one order by which two runs are compared."""

from enum import Enum
from typing import Final

from convspec.reports.standing import NOT_HELD
from convspec.reports.words import OUTCOMES

# From best to worst. First what is right; then what says nothing about the implementation; then the fault that is
# declared; then what `check` counts as bad, by what it takes from whoever calls: a declaration that is stale, evidence,
# an answer that is refused aloud, an answer that is wrong in silence, time, the memory of the machine, the process.
SEVERITY: Final[tuple[str, ...]] = (
    "passed",
    "info",
    "planned",
    "skipped",
    "unavailable",
    "known deviation",
    "unexpectedly passing",
    "mistrusted",
    "errored",
    "failed",
    "timed out",
    "out of memory",
    "crashed",
)
# A mistrusted run shows nothing, and a declaration mends nothing: neither is an improvement on what was there before.
NEVER_BETTER: Final = frozenset({"mistrusted", "known deviation"})


class Kind(Enum):
    """What a change of one outcome amounts to; the value is the word for it."""

    WORSE = "worse"
    NEWLY_FAILING = "newly failing"
    BETTER = "better"
    CHANGED = "changed"
    SAME = "the same"
    GONE = "only in the old run"
    COME = "only in the new run"


def severity(outcome: str) -> int:
    """Give the place of an outcome in the order; higher is worse."""
    return SEVERITY.index(outcome)


def kind_of_change(old: str | None, new: str | None, *, unclaimed: bool = False) -> Kind:
    """Say what a change of outcome amounts to.

    Parameters
    ----------
    old, new : str or None
        The outcome of one requirement under one adapter in each run; None where it was not run.
    unclaimed : bool
        Whether the adapter claims less, or other things, in the new run.

    Returns
    -------
    Kind
        ``WORSE`` and ``BETTER`` by `SEVERITY`, and only between outcomes that say something about the implementation.
        A failure where nothing was judged before is ``NEWLY_FAILING``, not worse. What ceases to be judged, is
        declared, or turns from a failure into mistrust has ``CHANGED``, neither better nor worse. What passed and is
        no longer asked because the adapter ceased to claim it is ``WORSE``: whoever relied on it has lost it.
    """
    if new is None:
        return Kind.GONE
    if old == new:
        return Kind.SAME
    if old is None or old in NOT_HELD:
        if OUTCOMES[new].kind == "bad":
            return Kind.NEWLY_FAILING
        return Kind.COME if old is None else Kind.CHANGED
    if new in NOT_HELD:
        return Kind.WORSE if unclaimed and (old, new) == ("passed", "skipped") else Kind.CHANGED
    if severity(new) > severity(old):
        return Kind.WORSE
    return Kind.CHANGED if new in NEVER_BETTER else Kind.BETTER
