"""What comes of one requirement and one adapter."""

from dataclasses import dataclass, field

from convspec.conformance.calls import Trial
from convspec.conformance.case import Case
from convspec.conformance.judging import Finding


@dataclass
class Counterexample:
    """A failing case with all that is needed to show and to repeat it; `drawn` is the one that it was found by."""

    case: Case
    finding: Finding
    trial: Trial
    history: tuple[Case, ...] = ()
    drawn: Case | None = None


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
