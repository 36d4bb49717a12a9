"""One requirement held against one adapter: run its cases, judge them, make a failing one small, confirm it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from convspec.adapters.loading import RefusedDeclaration
from convspec.adapters.probes import probes
from convspec.adapters.recognition import Reading, read_answers
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Outcome, Trial
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import Entry
from convspec.conformance.child import Child
from convspec.conformance.confirming import Confirmation, outcome_of
from convspec.conformance.description import Notes
from convspec.conformance.digests import believed
from convspec.conformance.exceptions import is_reported_elsewhere, raised_by, suggested_exclusion
from convspec.conformance.expected import SuiteError
from convspec.conformance.judging import Finding, Judge, rounded_answer
from convspec.conformance.known_failures import KnownFailure, with_known
from convspec.conformance.oracle import Oracle
from convspec.conformance.planning import BUILDABLE, Plan, Planner
from convspec.conformance.requirement import Hearing, Requirement
from convspec.conformance.requirements import requirements
from convspec.conformance.tally import Tally
from convspec.conformance.verdict import Counterexample, Verdict
from convspec.conformance.weighing import weigh

DEATHS_PER_REQUIREMENT = 3
# So many cases tell whether a predicate matches everything.
VARIED = 100
COUNTS = ("passed", "failed", "errored", "crashed", "timed out", "out of memory")


class Verifier:
    """Holds requirements against one adapter.

    Parameters
    ----------
    name : str
        The adapter's id in the results.
    child : Child
        Where the implementation runs.
    battery : Battery
    oracle : Oracle
        Shared with other adapters.
    profile : str or None
        "plane" asks a layer only for planes.
    dtypes : tuple of str
        As the user named them; else those that the adapter declares.
    shrinks : bool
        Whether a failing case is confirmed and made small, or only found.
    forgets : bool
        Whether each requirement begins with a worker that has no history.
    strict : bool
        Whether a plain function is held to refusing what is no convolution, and to corners of which it does not speak.
    known : tuple of KnownFailure
        Failures that are expected, beside the deviations that the adapter declares.

    Raises
    ------
    NotCallable
        A plain function gives a convolution in no form that was tried.
    """

    def __init__(
        self,
        name: str,
        child: Child,
        battery: Battery,
        oracle: Oracle,
        *,
        profile: str | None = None,
        dtypes: tuple[str, ...] = (),
        shrinks: bool = True,
        forgets: bool = True,
        strict: bool = False,
        known: tuple[KnownFailure, ...] = (),
    ) -> None:
        self.name, self.child, self.battery, self.oracle = name, child, battery, oracle
        self.shrinks, self.forgets, self.strict = shrinks, forgets, strict
        self.known_exceptions: set[str] = set()
        self._begun: Plan | None = None
        description = child.description
        self.is_plain = description.signature is not None and not description.declares
        self.known = known
        self.deviations = (*description.deviations, *(failure.note for failure in known))
        reading = self._reading(dtypes)
        self.capabilities, self.not_claimed = reading.capabilities, dict(reading.not_claimed)
        self._leave_out_what_cannot_be_built()
        # Phrases that complete "conforms, for …"; and what informs a reader and never counts.
        self.limits, self.remarks = [*reading.limits, *self.capabilities.limits], list(reading.remarks)
        self.as_plane = profile == "plane" and self.capabilities.profile == "layer"
        self.judge = Judge(self.capabilities, description.numerics)
        self.planner = Planner(
            battery, oracle, self.capabilities, self.annotate, self.deviations, bool(description.exclusions),
            self.as_plane, self.is_plain,
        )

    def _leave_out_what_cannot_be_built(self) -> None:
        """Claim no bfloat16 where ml_dtypes, which has its arrays, is not installed."""
        kept = tuple(name for name in self.capabilities.dtypes if name in BUILDABLE)
        if kept and kept != self.capabilities.dtypes:
            self.not_claimed["dtype bfloat16"] = "ml_dtypes, which has arrays of it, is not installed"
            self.capabilities = replace(self.capabilities, dtypes=kept)

    def _reading(self, dtypes: tuple[str, ...]) -> Reading:
        """What the adapter claims: as it declares, or as a plain function's answers to probing calls say."""
        description = self.child.description
        declared = description.capabilities
        if description.signature is None:
            return Reading(declared)
        wanted = dtypes or declared.dtypes
        names = [probe.name for probe in probes(description.signature, wanted)]
        answers = self.child.probe(wanted, names)
        found = read_answers(description.signature, answers, wanted, declared if description.declares else None)
        self.child.configure(found)
        return found

    def refuse_what_excuses_everything(self) -> None:
        """Refuse a known deviation whose predicate holds whatever is asked.

        Raises
        ------
        RefusedDeclaration
            There is one; the message gives its reason.
        """
        deviations = self.child.description.deviations
        if not any(note.applies for note in deviations):
            return
        cases = list(self.battery.fitted(requirements()["DEF-01"], self.capabilities))[:VARIED]
        notes = self.child.annotate(cases)
        for index, note in enumerate(deviations):
            if cases and all(index in matching for _, matching in notes):
                raise RefusedDeclaration(
                    f"the known deviation {note.reason!r} holds in all of {len(cases)} cases that have nothing in "
                    "common: its predicate `when` must say which cases deviate"
                )
    def annotate(self, cases: list[Case]) -> Notes:
        """For each case: why it is not claimed (or None), and which of `deviations` match it."""
        return with_known(self.child.annotate(cases), cases, self.known, len(self.child.description.deviations))

    def verify(
        self,
        requirement: Requirement,
        entry: Entry,
        part: slice = slice(None),
        following: tuple[Requirement, Entry] | None = None,
    ) -> Verdict:
        """Hold one requirement against the adapter.

        Parameters
        ----------
        requirement : Requirement
        entry : Entry
            Its line in the catalogue.
        part : slice
            Which of its cases; all unless said.
        following : (Requirement, Entry) or None
            What will be asked next: the child makes a start on it while this is judged.

        Raises
        ------
        SuiteError
            The suite contradicts itself.
        """
        started = time.perf_counter()
        verdict = self._verify(requirement, entry, part, following)
        verdict.seconds = time.perf_counter() - started
        return verdict

    def _not_asked(self, requirement: Requirement, entry: Entry) -> str | None:
        reason = requirement.not_asked(self.capabilities, self.judge.numerics)
        return reason or ("it is asked for planes only" if self.as_plane and entry.profile == "layer" else None)

    def _verify(
        self, requirement: Requirement, entry: Entry, part: slice, following: tuple[Requirement, Entry] | None
    ) -> Verdict:
        verdict = Verdict(self.name, requirement.id, "passed")
        reason = self._not_asked(requirement, entry)
        if reason:
            return replace(verdict, outcome="skipped", reason=f"not claimed: {reason}")
        plan, self._begun = self._begun, None
        if plan is None or plan.requirement is not requirement:
            plan = self.planner.plan(requirement)
        if not plan.cases:
            return replace(verdict, outcome="skipped", reason="not claimed: no case of it lies inside the claims")
        plan = plan.part(part)
        if following is not None and not self._not_asked(*following):
            self._begun = self.planner.plan(following[0])
        answers = self.child.run(plan.trials, fresh=self.forgets)
        if self._begun is not None:
            self.child.begin(self._begun.trials)
        self._run(verdict, plan, answers)
        self._conclude(requirement, entry, verdict)
        return verdict

    def _run(self, verdict: Verdict, plan: Plan, answers: Iterator[tuple[Outcome, ...]]) -> None:
        """Run the cases until one answers wrongly that no known deviation explains; exceptions are collected."""
        requirement, tally = plan.requirement, Tally()
        verdict.excluded = plan.excluded
        for case, outcomes in zip(plan.cases, answers, strict=False):
            trial = self.trial(requirement, case, outcomes)
            outcomes = trial.outcomes
            verdict.calls += len(trial.calls)
            is_unclaimed, notes = case.id in plan.unclaimed, plan.matching.get(case.id, ())
            if outcomes[0].kind == "not waited for" and not notes:
                # It is neither right nor wrong, unless the adapter itself says that it is wrong.
                tally.not_waited_for += 1
                if tally.not_waited_for + tally.deaths >= DEATHS_PER_REQUIREMENT:
                    break
                continue
            hearing = self._hearing(requirement, trial)
            finding = self._finding(requirement, hearing, is_unclaimed)
            raised = None if finding is None or notes else raised_by(finding, trial)
            if raised is not None and self.is_plain and raised.refused:
                # Of a plain function nobody said that it takes everything: what it refuses by its own will is left out.
                verdict.excluded += 1
                tally.refused(raised)
                continue
            verdict.cases += 1
            tally.count(case, outcomes[0], is_unclaimed)
            if finding is None:
                tally.right([index for index in notes if self._is_example(index, case)])
                self._look_at_what_is_right(verdict, requirement, hearing, tally)
            elif raised is not None:
                tally.raised(raised, Counterexample(case, finding, trial))
            elif notes:
                tally.deviates(notes)
                harmful = any(self.deviations[index].harmful for index in notes)
                verdict.counterexample = verdict.counterexample or Counterexample(
                    case, finding, trial, harmful=harmful
                )
            else:
                self._fails(verdict, requirement, Counterexample(case, finding, trial), plan, tally)
                return
            if tally.deaths >= DEATHS_PER_REQUIREMENT and not tally.known:
                break
        self._ends(verdict, plan, tally)

    def _look_at_what_is_right(
        self, verdict: Verdict, requirement: Requirement, hearing: Hearing, tally: Tally
    ) -> None:
        """What a right answer tells: whether it could have been otherwise, how near to its bound it is."""
        trial = hearing.trial
        value = trial.outcomes[0].value
        tally.nontrivial += value is not None and value.size > 0 and bool(np.any(value != 0))
        if not requirement.valid or value is None or not trial.case.is_valid:
            return
        if self.judge.may_be_loose(trial.case.dtype):
            tally.loose[self.judge.allows_anything(self.oracle.of(requirement, trial, 0))] += 1
        if requirement.observation is not None and all(outcome.value is not None for outcome in trial.outcomes):
            tally.observed[requirement.observation.holds(hearing)] += 1
        if requirement.family in ("NUM", "DTY"):
            ratio = self.judge.worst_ratio(self.oracle.of(requirement, trial, 0), trial.outcomes[0])
            if ratio is not None:
                verdict.worst_ratio = max(verdict.worst_ratio or 0.0, ratio)

    def _fails(
        self, verdict: Verdict, requirement: Requirement, found: Counterexample, plan: Plan, tally: Tally
    ) -> None:
        verdict.counterexample, verdict.outcome, verdict.reason = found, "failed", found.finding.reason
        verdict.evidence, verdict.deviations = tally.distribution.table(), tuple(sorted(tally.known))
        verdict.excused = tally.excused
        if self.shrinks:
            Confirmation(self).explain(requirement, verdict, tally.before(found.case), plan.unclaimed)
        verdict.counterexample.drawn = found.case

    def _ends(self, verdict: Verdict, plan: Plan, tally: Tally) -> None:
        """What the cases amount to, where none answered wrongly."""
        requirement = plan.requirement
        verdict.evidence, verdict.deviations = tally.distribution.table(), tuple(sorted(tally.known))
        verdict.nontrivial = round(tally.nontrivial / max(1, tally.answered), 3)
        verdict.excused, verdict.refusals = tally.excused, tuple(tally.refusals.values())
        verdict.exceptions = tuple(group.raised for group in tally.exceptions.values())
        weigh(verdict, requirement, tally, self.deviations, self.child.hangs)
        new = [
            group for group in tally.exceptions.values()
            if not is_reported_elsewhere(group.raised, requirement.family, self.known_exceptions)
        ]
        if new:
            verdict.otherwise = verdict.outcome, verdict.reason
            first = new[0].first
            verdict.outcome, verdict.reason = outcome_of(first.finding, first.trial), first.finding.reason
            verdict.counterexample = first
            if self.shrinks:
                Confirmation(self).explain(requirement, verdict, tally.before(first.case), plan.unclaimed)
                verdict.exclusion = suggested_exclusion(new[0], tally.passing)

    def _is_example(self, index: int, case: Case) -> bool:
        example = self.deviations[index].example
        return example is not None and parse_case(example).id == case.id

    def trial(self, requirement: Requirement, case: Case, outcomes: tuple[Outcome, ...]) -> Trial:
        """A case with its calls and what came of them; a death stands for all of its calls."""
        calls = self.oracle.calls_of(requirement.id, case)
        return Trial(case, calls, believed(calls, outcomes))

    def heard(self, requirement: Requirement, trial: Trial, unclaimed: bool = False) -> Finding | None:
        """The judge's finding; a death is one whatever the judge would say, unless the judge may look at it."""
        return self._finding(requirement, self._hearing(requirement, trial), unclaimed)

    def _hearing(self, requirement: Requirement, trial: Trial) -> Hearing:
        return Hearing(trial, self.judge, lambda call: self.oracle.of(requirement, trial, call))

    def _finding(self, requirement: Requirement, hearing: Hearing, unclaimed: bool) -> Finding | None:
        outcome = hearing.outcomes[0]
        if unclaimed and outcome.kind in ("raised", "out of memory"):
            return None
        if outcome.died and requirement.valid:
            return Finding(f"{outcome.text}, want a result")
        return requirement.judge(hearing)

    def once(self, requirement: Requirement, case: Case) -> tuple[Finding | None, Trial]:
        """Run one case in a child without history."""
        outcomes = next(self.child.run([(requirement.id, case)], fresh=True))
        trial = self.trial(requirement, case, outcomes)
        return self.heard(requirement, trial), trial

    def each(self, requirement: Requirement, cases: list[Case]) -> Iterator[tuple[Finding | None, Trial]]:
        """Run cases one after the other in a fresh child, whatever comes of each."""
        cases = [case for case in cases if self.planner.stays_inside(requirement, case)]
        notes = self.planner.notes(requirement, cases)
        cases = [case for case, (excluded, known) in zip(cases, notes, strict=True) if not excluded and not known]
        trials = [(requirement.id, case) for case in cases]
        for case, outcomes in zip(cases, self.child.run(trials, fresh=True), strict=False):
            trial = self.trial(requirement, case, outcomes)
            yield self.heard(requirement, trial), trial

    def confirm(
        self, requirement: Requirement, case: Case, unclaimed: bool = False, *, fresh: bool = True, hasty: bool = False
    ) -> tuple[Finding, Trial] | None:
        """Run one case, in a child without history, and waited for in full, unless said; what is wrong, or None."""
        outcomes = next(self.child.run([(requirement.id, case)], fresh=fresh, hasty=hasty))
        trial = self.trial(requirement, case, outcomes)
        finding = self.heard(requirement, trial, unclaimed)
        return None if finding is None else (finding, trial)

    def _conclude(self, requirement: Requirement, entry: Entry, verdict: Verdict) -> None:
        """What only informs, or is only reported of planes or of plain functions, never fails."""
        if verdict.outcome not in COUNTS:
            return
        in_plane = self.capabilities.profile == "plane" and entry.reported_in_plane and not self.strict
        if entry.informs:
            verdict.outcome = "info"
        elif self.is_plain and entry.unsaid and not self.strict:
            if verdict.outcome != "passed":
                verdict.outcome, verdict.reason = "info", f"not asked of a plain function: {verdict.reason}"
        elif in_plane:
            verdict.outcome, verdict.reason = "info", _in_plane(verdict)


def _in_plane(verdict: Verdict) -> str:
    if verdict.outcome == "passed":
        return f"reported, not required for a plane: it raises in all {verdict.cases} cases"
    return f"reported, not required for a plane: {verdict.reason}"


def right_answer_of(requirement: Requirement, found: Counterexample, oracle: Oracle) -> "np.ndarray[Any, Any] | None":
    """The right answer to the call that the finding is about, if the call is valid."""
    if found.finding.expected is not None:
        return found.finding.expected
    if not found.case.is_valid:
        return None
    try:
        return rounded_answer(oracle.of(requirement, found.trial, found.finding.call))
    except (ValueError, SuiteError):
        return None
