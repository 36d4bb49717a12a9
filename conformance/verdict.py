"""What comes of one requirement and one adapter."""

from dataclasses import dataclass, field, replace

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
    drawn : Case or None
        The case by which it was found.
    harmful : bool
        Whether a known deviation that matches it says that such cases may end the process or reach foreign memory.
    """

    case: Case
    finding: Finding
    trial: Trial
    history: tuple[Case, ...] = ()
    drawn: Case | None = None
    harmful: bool = False

    @property
    def ended(self) -> str:
        """How a call of it ended the process or did not come back; empty where each came back."""
        return next((outcome.kind for outcome in self.trial.outcomes if outcome.died), "")


@dataclass(frozen=True)
class Raised:
    """An exception on a valid call.

    Parameters
    ----------
    kind : str
        The name of its type.
    where : str
        The lines of code at which it was raised.
    text : str
        What it says, of the first case.
    refused : bool
        Whether somebody wrote it as a refusal.
    cases : int
        How many cases raise it.
    """

    kind: str
    where: str
    text: str
    refused: bool = False
    cases: int = 1

    @property
    def key(self) -> str:
        """Equal for exceptions of one type from the same lines, whatever numbers their texts hold."""
        return f"{self.kind} at {self.where}"

    def again(self) -> "Raised":
        """The same, seen once more."""
        return replace(self, cases=self.cases + 1)


@dataclass
class Verdict:
    """What came of one requirement and one adapter.

    `excluded` cases are left out by an exclusion or because a plain function refuses them, `excused` ones are wrong in
    a way that is known; `exceptions` and `refusals` say what was raised on claimed cases, and what was refused.
    `otherwise` is the outcome and the reason if another requirement has reported these exceptions already.
    """

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
    excluded: int = 0
    excused: int = 0
    exceptions: tuple[Raised, ...] = ()
    refusals: tuple[Raised, ...] = ()
    exclusion: str = ""
    otherwise: tuple[str, str] | None = None
