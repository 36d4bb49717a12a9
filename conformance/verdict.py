"""What comes of one requirement and one adapter."""

from dataclasses import dataclass, field

from convspec.conformance.calls import Trial
from convspec.conformance.case import Case
from convspec.conformance.judging import Finding


@dataclass
class Counterexample:
    """A failing case with all that is needed to show and to repeat it.

    Parameters
    ----------
    history : tuple of Case
        What must run before it in the same process.
    harmful : bool
        Whether a known deviation that matches it says that such cases may end the process or reach foreign memory.
    """

    case: Case
    finding: Finding
    trial: Trial
    history: tuple[Case, ...] = ()
    harmful: bool = False

    @property
    def ended(self) -> str:
        """How a call of it ended the process or did not come back; empty where each came back."""
        return next((outcome.kind for outcome in self.trial.outcomes if outcome.died), "")


@dataclass
class Verdict:
    """What came of one requirement and one adapter."""

    adapter: str
    requirement: str
    outcome: str
    reason: str = ""
    cases: int = 0
    calls: int = 0
    seconds: float = 0.0
    evidence: dict[str, dict[str, int]] = field(default_factory=dict)
    nontrivial: float | None = None
    worst_ratio: float | None = None
    counterexample: Counterexample | None = None
    deviations: tuple[int, ...] = ()
