"""What the cases of one requirement amount to, where none of them answered wrongly."""

from collections.abc import Sequence

from convspec.conformance.description import DeviationNote
from convspec.conformance.requirement import Requirement
from convspec.conformance.tally import Tally
from convspec.conformance.verdict import Verdict

# A run whose right answers are nearly all zero tells nothing.
LEAST_NONTRIVIAL = 0.1


def weigh(
    verdict: Verdict, requirement: Requirement, tally: Tally, deviations: Sequence[DeviationNote], hangs: int
) -> None:
    """Put into a verdict the outcome and the reason that follow from its cases, exceptions apart.

    Parameters
    ----------
    verdict : Verdict
    requirement : Requirement
    tally : Tally
        Of its cases.
    deviations : sequence of DeviationNote
        Those that are known of the adapter.
    hangs : int
        How often the implementation was waited for in vain in this run.
    """
    if tally.refusals and not tally.passing and not tally.known:
        verdict.outcome, verdict.reason = "skipped", f"not claimed: it refuses all of its cases ({_texts(tally)})"
    elif tally.known:
        verdict.outcome = "known deviation"
        verdict.reason = "; ".join(deviations[index].reason for index in sorted(tally.known))
    elif verdict.exceptions and not tally.passing:
        verdict.outcome, verdict.reason = "skipped", "all of its cases fail as under another requirement"
    elif tally.passed_examples:
        # Only its own example can say that a deviation is gone: where it has none, other cases were perhaps spared.
        verdict.outcome = "unexpectedly passing"
        verdict.reason = f"a known deviation is gone: {deviations[min(tally.passed_examples)].reason}"
    else:
        doubt = _doubt(verdict, requirement, tally, hangs)
        verdict.outcome = "mistrusted" if doubt else "passed"
        verdict.reason = doubt or _told(requirement, verdict, tally)
        # What is left beside cases that raise or are refused need not tell anything.
        if doubt and tally.refusals:
            verdict.outcome, verdict.reason = "skipped", f"not claimed: it refuses most of its cases ({_texts(tally)})"
        elif doubt and verdict.exceptions:
            verdict.outcome, verdict.reason = "skipped", "most of its cases fail as under another requirement"


def _doubt(verdict: Verdict, requirement: Requirement, tally: Tally, hangs: int) -> str:
    """Why nothing follows from cases that are all in order; empty if something does."""
    if tally.answered and not requirement.trivial and (verdict.nontrivial or 0) < LEAST_NONTRIVIAL:
        return f"only {verdict.nontrivial:.0%} of the right answers are not all zero"
    if tally.loose[True] > tally.loose[False]:
        return (
            f"the declared contract allows too much: in {tally.loose[True]} of "
            f"{tally.loose[True] + tally.loose[False]} cases an answer of zero, or twice the right one, would pass"
        )
    if tally.not_waited_for:
        why = f"the implementation had hung {hangs} times before" if hangs else "its process could not be started again"
        return (
            f"{tally.not_waited_for} of {verdict.cases + tally.not_waited_for} cases were not waited for, since {why}; "
            "the others are in order"
        )
    return ""


def _told(requirement: Requirement, verdict: Verdict, tally: Tally) -> str:
    """What is reported beside a requirement that passed."""
    told = []
    if requirement.observation is not None and tally.observed.total():
        told.append(f"{requirement.observation.words} in {tally.observed[True]} of {tally.observed.total()} cases")
    if verdict.refusals:
        told.append(f"{sum(refusal.cases for refusal in verdict.refusals)} more cases are refused ({_texts(tally)})")
    left_out = sum(raised.cases for raised in verdict.exceptions)
    if left_out:
        told.append(f"{left_out} more cases fail as under another requirement")
    return "; ".join(told)


def _texts(tally: Tally) -> str:
    return "; ".join(refusal.text for refusal in tally.refusals.values())
