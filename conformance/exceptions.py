"""Findings that are one, however many cases and requirements they show in: equal exceptions, the dtype of results."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from convspec.conformance.calls import Trial
from convspec.conformance.case import Case
from convspec.conformance.conditions import Labelled, shared_conditions
from convspec.conformance.judging import Finding
from convspec.conformance.verdict import Counterexample, Raised

SHOWN_TEXT = 160
OF_DTYPE, NO_ARRAY = "another dtype", "no array of numbers"


@dataclass
class Group:
    """Cases of one requirement that raise the same exception: the same type, at the same lines of code."""

    raised: Raised
    first: Counterexample
    cases: list[Case] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Count one more case."""
        self.cases.append(case)
        self.raised = replace(self.raised, cases=len(self.cases))


def raised_by(finding: Finding, trial: Trial) -> Raised | None:
    """Tell what a finding is about that is one wherever it shows: an exception, the dtype, a result that is no array.

    Returns
    -------
    Raised or None
        None for a wrong answer or a death.
    """
    if finding.of_dtype:
        return Raised(OF_DTYPE, "", finding.reason[:SHOWN_TEXT])
    outcome = trial.outcomes[min(finding.call, len(trial.outcomes) - 1)]
    if outcome.kind == "not an array":
        return Raised(NO_ARRAY, outcome.where, outcome.text[:SHOWN_TEXT])
    if outcome.kind != "raised":
        return None
    kind = outcome.text.partition(":")[0]
    return Raised(kind, outcome.where, outcome.text[:SHOWN_TEXT], outcome.refused)


def is_reported_elsewhere(raised: Raised, family: str, known: Collection[str]) -> bool:
    """Whether another requirement has reported the same; what is about the dtype is for the family DTY to report."""
    return raised.key in known and not (raised.kind == OF_DTYPE and family == "DTY")


def suggested_exclusion(group: Group, others: Sequence[Case]) -> str:
    """Write the `Exclusion` that would declare what raises; empty if no condition tells these cases from the others.

    Parameters
    ----------
    group : Group
    others : sequence of Case
        Those that were answered.
    """
    if group.raised.kind in (OF_DTYPE, NO_ARRAY):
        return ""
    labelled = [Labelled(case, True) for case in group.cases] + [Labelled(case, False) for case in others]
    shared = shared_conditions(labelled, least_failures=1)
    if shared is None or not shared.conditions:
        return ""
    code = " and ".join(condition.code for condition in shared.conditions)
    reason = " and ".join(condition.text for condition in shared.conditions)
    return f'Exclusion("it raises {group.raised.kind} when {reason}", lambda case: {code})'
