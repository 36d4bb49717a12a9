"""A failure confirmed in a fresh child, made small, and put into words; or traced to the calls that came before it."""

from typing import TYPE_CHECKING

from convspec.conformance.against_reference import hold_against_the_reference
from convspec.conformance.battery import admits
from convspec.conformance.calls import Trial
from convspec.conformance.case import Case
from convspec.conformance.exceptions import raised_by
from convspec.conformance.fitting import fit
from convspec.conformance.judging import Finding
from convspec.conformance.requirement import Requirement
from convspec.conformance.shrinking import smallest
from convspec.conformance.verdict import Counterexample, Raised, Verdict

if TYPE_CHECKING:
    from convspec.conformance.engine import Verifier

DEATHS_WHILE_SHRINKING = 12
OUTCOME_OF_DEATH = {
    "crashed": "crashed",
    "exited": "crashed",
    "timed out": "timed out",
    "out of memory": "out of memory",
}
# From where a failing case is made smaller, if it fails there too.
SMALL = (
    Case((1, 1, 3, 3), (1, 1, 2, 2), seed=1),
    Case((1, 1, 3, 4), (1, 1, 2, 2), stride=(1, 2), seed=1),
    Case((1, 1, 4, 3), (1, 1, 2, 2), stride=(2, 1), seed=1),
    Case((1, 1, 3, 3), (1, 1, 2, 2), padding=((1, 0), (0, 2)), seed=1),
    Case((1, 1, 4, 4), (1, 1, 2, 2), dilation=(1, 2), seed=1),
    Case((1, 1, 4, 4), (1, 1, 2, 2), dilation=(2, 1), seed=1),
    Case((1, 2, 2, 2), (2, 2, 1, 2), (2,), seed=1),
    Case((2, 2, 2, 2), (2, 1, 1, 2), groups=2, seed=1),
)


class Confirmation:
    """Explains the failures that one verifier finds."""

    def __init__(self, verifier: "Verifier") -> None:
        self.verifier = verifier

    def explain(self, requirement: Requirement, verdict: Verdict, history: list[Case], unclaimed: set[str]) -> None:
        """Confirm the failure in a fresh child, make it small, and put it into words."""
        found = verdict.counterexample
        assert found is not None
        is_unclaimed = found.case.id in unclaimed
        again = self.verifier.confirm(requirement, found.case, is_unclaimed)
        if again is None:
            self._explain_by_history(requirement, verdict, history)
            return
        if not was_waited_for(again):
            verdict.outcome = outcome_of(found.finding, found.trial)
            return
        found.finding, found.trial = again
        hangs = found.trial.outcomes[0].kind == "timed out"
        deaths, raised = 0, raised_by(found.finding, found.trial)

        def fails(case: Case) -> bool:
            nonlocal deaths
            if deaths > DEATHS_WHILE_SHRINKING:
                return False
            if fit(case, self.verifier.capabilities) != case and not is_unclaimed:
                return False
            if not admits(requirement, case) or not self.verifier.planner.stays_inside(requirement, case):
                return False
            if not is_unclaimed and any(map(any, self.verifier.planner.notes(requirement, [case]))):
                return False
            # A hang is guessed here, and waited for once more when it is small.
            heard = self.verifier.confirm(requirement, case, is_unclaimed, fresh=False, hasty=True)
            if heard is None:
                return False
            deaths += heard[1].outcomes[0].died
            if raised is not None:
                # What raises is made smaller as long as it raises the same.
                return _key(raised_by(*heard)) == raised.key
            return was_waited_for(heard) or hangs

        # Small cases first, the same ones whatever ran before: most faults show on one of them.
        small = (fit(other.but(dtype=found.case.dtype), self.verifier.capabilities) for other in SMALL)
        start = next((case for case in small if case.numbers < found.case.numbers and fails(case)), found.case)
        case, _ = smallest(start, fails)
        confirmed = again if case == found.case else self.verifier.confirm(requirement, case, is_unclaimed)
        if confirmed is None or not was_waited_for(confirmed):
            case, confirmed = found.case, again
        finding, trial = confirmed
        hold_against_the_reference(requirement, case)
        verdict.counterexample = Counterexample(case, finding, trial)
        verdict.outcome = outcome_of(finding, trial)
        verdict.reason = finding.reason

    def _explain_by_history(self, requirement: Requirement, verdict: Verdict, history: list[Case]) -> None:
        """A case that fails only after others: find a short history that leads to the failure."""
        found = verdict.counterexample
        assert found is not None
        before = self._shortened(requirement, history)
        verdict.outcome = outcome_of(found.finding, found.trial)
        hold_against_the_reference(requirement, found.case if before is None else before[1].case)
        if before is None:
            verdict.reason = (
                f"{found.finding.reason} (seen once, after {len(history) - 1} other cases; the same calls in a fresh "
                "process were right, so the result depends on something else than the calls)"
            )
            return
        finding, trial, calls = before
        verdict.counterexample = Counterexample(trial.case, finding, trial, tuple(calls))
        verdict.reason = (
            f"{finding.reason} (only after {len(calls)} other case{'s' if len(calls) != 1 else ''} in the same process)"
        )

    def _shortened(self, requirement: Requirement, history: list[Case]) -> tuple[Finding, Trial, list[Case]] | None:
        def fails(cases: list[Case], hasty: bool = False) -> tuple[Finding, Trial] | None:
            trials = [(requirement.id, case) for case in cases]
            last = None
            for case, outcomes in zip(cases, self.verifier.child.run(trials, fresh=True, hasty=hasty), strict=False):
                trial = self.verifier.trial(requirement, case, outcomes)
                finding = self.verifier.heard(requirement, trial)
                last = (finding, trial) if finding is not None else None
                if last:
                    break
            return last

        heard = fails(history)
        if heard is None or not was_waited_for(heard):
            return None
        target = heard[1].case
        whole = history[: next(index for index, case in enumerate(history) if case.id == target.id)]
        before = whole
        size = len(before)
        # Halve what comes before, keeping the later half, as long as the failure stays.
        while size > 1:
            size //= 2
            shorter = before[-size:]
            again = fails([*shorter, target], hasty=True)
            if again is None or again[1].case.id != target.id:
                break
            before = shorter
        confirmed = fails([*before, target]) if len(before) < len(whole) else heard
        if confirmed is None or confirmed[1].case.id != target.id or not was_waited_for(confirmed):
            return heard[0], heard[1], whole
        return confirmed[0], confirmed[1], before


def was_waited_for(heard: tuple[Finding, Trial]) -> bool:
    """Whether something can be concluded from what was found."""
    return heard[1].outcomes[0].kind != "not waited for"


def _key(raised: Raised | None) -> str:
    return "" if raised is None else raised.key


def outcome_of(finding: Finding, trial: Trial) -> str:
    """The outcome that a finding amounts to."""
    outcome = trial.outcomes[min(finding.call, len(trial.outcomes) - 1)]
    if trial.outcomes[0].died:
        return OUTCOME_OF_DEATH[trial.outcomes[0].kind]
    if outcome.kind == "out of memory":
        return "out of memory"
    return "errored" if outcome.kind in ("raised", "not an array") else "failed"
