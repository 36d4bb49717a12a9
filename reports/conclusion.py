"""How a run ends for one adapter, in the few words that stand in the title, the terminal, the summary and the badge."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from convspec.reports.words import OUTCOMES, counted, listed
from convspec.rules import DECIDING, Judged, state_of

SYMBOLS: Final = {
    "does not conform": "✗",
    "incomplete": "…",
    "conforms": "✓",
    "nothing verified": "–",
    "unavailable": "○",
}
# The sign of what conforms but for known deviations; the outcome of that name has it too.
DEVIATES: Final = OUTCOMES["known deviation"].symbol
KINDS: Final = {
    "does not conform": "bad",
    "incomplete": "bad",
    "conforms": "good",
    "nothing verified": "quiet",
    "unavailable": "quiet",
}
MOST_NAMED: Final = 4


@dataclass(frozen=True)
class Conclusion:
    """What the verdicts on one adapter amount to.

    Parameters
    ----------
    state : str
        One of `ENDED_STATES`, or "incomplete".
    limits : tuple of str
        What it conforms for, as phrases: "square kernels only".
    deviations : int
        Requirements that count against an adapter (MUST, and DECL where it is claimed) and whose outcome is
        "known deviation". So many would not be met if nothing had been declared.
    selection : tuple of str
        The families and requirements that were asked for; empty for the whole catalogue.
    """

    state: str
    limits: tuple[str, ...] = ()
    deviations: int = 0
    selection: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Give the colour: good, bad, known or quiet."""
        return "known" if self.state == "conforms" and self.deviations else KINDS[self.state]

    @property
    def symbol(self) -> str:
        """Give the sign, which differs in shape."""
        return DEVIATES if self.kind == "known" else SYMBOLS[self.state]

    @property
    def qualified(self) -> str:
        """Write what must not be left out where it says that something conforms; empty if there is nothing."""
        if self.state != "conforms":
            return ""
        limits = f", for {listed(list(self.limits), MOST_NAMED)}" if self.limits else ""
        if not self.deviations:
            return limits
        return f"{limits}{',' if limits else ''} but for {counted(self.deviations, 'known deviation')}"

    @property
    def selected(self) -> str:
        """Write what was asked for, ``PAD only``; empty for the whole catalogue."""
        return f"{listed(list(self.selection), MOST_NAMED)} only" if self.selection else ""

    @property
    def words(self) -> str:
        """Write it whole: ``conforms, for square kernels only, but for 3 known deviations (PAD only)``."""
        if self.state == "incomplete":
            return "not finished, without a failure so far" + (f" ({self.selected})" if self.selection else "")
        return self.state + self.qualified + (f" ({self.selected})" if self.selection else "")


def conclude(
    judged: Iterable[Judged],
    *,
    left_out: float = 0.0,
    available: bool = True,
    complete: bool = True,
    limits: Iterable[str] = (),
    only: Iterable[str] = (),
) -> Conclusion:
    """Conclude from the verdicts on one adapter.

    Parameters
    ----------
    judged : iterable of (requirement, level, outcome)
    left_out : float
        The share of its cases that were excluded, refused or excused by a known deviation.
    available : bool
        Whether the adapter's library is installed.
    complete : bool
        Whether the run came to its end. A failure that was found before it stopped counts all the same.
    limits, only : iterable of str
        As `Conclusion` has them.
    """
    judged = list(judged)
    selection = tuple(dict.fromkeys(name.upper() for name in only))
    deviations = sum(level in DECIDING and outcome == "known deviation" for _, level, outcome in judged)
    found = state_of(judged, whole=not selection, left_out=left_out, available=available, complete=complete)
    return Conclusion(found, tuple(limits), deviations, selection)
