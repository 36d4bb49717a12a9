"""One requirement held against one adapter: run its cases, judge them, make a failing one small, confirm it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np

from convspec.adapters.functions import claims as read_claims
from convspec.adapters.functions import probes
from convspec.adapters.protocol import DTYPES, Capabilities
from convspec.conformance.battery import Battery, admits
from convspec.conformance.calls import Outcome, Trial, Trialled
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import Entry
from convspec.conformance.child import Child
from convspec.conformance.confirming import Confirmation
from convspec.conformance.evidence import Distribution
from convspec.conformance.expected import SuiteError
from convspec.conformance.fitting import fit
from convspec.conformance.judging import Finding, Judge, rounded_answer
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Hearing, Requirement
from convspec.conformance.verdict import Counterexample, Verdict

DEATHS_PER_REQUIREMENT = 3
BUILDABLE = tuple(name for name in DTYPES if name != "bfloat16" or find_spec("ml_dtypes") is not None)
# A run whose right answers are nearly all zero tells nothing.
LEAST_NONTRIVIAL = 0.1


@dataclass(frozen=True)
class Plan:
    """What will be asked for one requirement.

    Parameters
    ----------
    requirement : Requirement
    cases : list of Case
        Those to run.
    unclaimed : set of str
        The ids of those that are not claimed (asked by DTY-05 alone).
    matching : dict
        By the case's id, the deviations that match it, if there are any.
    """

    requirement: Requirement
    cases: list[Case]
    unclaimed: set[str]
    matching: dict[str, tuple[int, ...]]

    @cached_property
    def trials(self) -> list[Trialled]:
        """The cases as the child takes them."""
        return [(self.requirement.id, case) for case in self.cases]

    def part(self, some: slice) -> "Plan":
        """The same with some of the cases."""
        return self if some == slice(None) else replace(self, cases=self.cases[some])


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
    ) -> None:
        self.name, self.child, self.battery, self.oracle = name, child, battery, oracle
        self.shrinks, self.forgets = shrinks, forgets
        self.hangs = 0
        self._begun: Plan | None = None
        self.not_claimed: dict[str, str] = {}
        self.capabilities = self._that_can_be_built(self._claims(dtypes))
        self.as_plane = profile == "plane" and self.capabilities.profile == "layer"
        self.judge = Judge(self.capabilities, child.description.numerics)

    def _that_can_be_built(self, claims: Capabilities) -> Capabilities:
        """The claims without bfloat16 where ml_dtypes, which has its arrays, is not installed."""
        kept = tuple(name for name in claims.dtypes if name in BUILDABLE)
        if kept == claims.dtypes or not kept:
            return claims
        self.not_claimed["dtype bfloat16"] = "ml_dtypes, which has arrays of it, is not installed"
        return replace(claims, dtypes=kept)

    def _claims(self, dtypes: tuple[str, ...]) -> Capabilities:
        description = self.child.description
        declared = description.capabilities
        if description.signature is None:
            return declared
        wanted = dtypes or declared.dtypes
        names = [probe.name for probe in probes(description.signature, wanted)]
        answers = self.child.probe(wanted, names)
        found, self.not_claimed = read_claims(
            description.signature, answers, wanted, declared if description.declares else None
        )
        self.child.configure(found)
        return found

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
            plan = self._plan(requirement)
        if not plan.cases:
            return replace(verdict, outcome="skipped", reason="not claimed: no case of it lies inside the claims")
        plan = plan.part(part)
        if following is not None and not self._not_asked(*following):
            self._begun = self._plan(following[0])
        answers = self.child.run(plan.trials, fresh=self.forgets)
        if self._begun is not None:
            self.child.begin(self._begun.trials)
        self._run(verdict, plan, answers)
        self._conclude(requirement, entry, verdict)
        return verdict

    def _plan(self, requirement: Requirement) -> Plan:
        # Odd cells that are not claimed are left out below, so begin with more than are wanted.
        picky = bool(self.child.description.exclusions) and requirement.id != "DTY-05"
        cases = list(self.battery.fitted(requirement, self.capabilities, all_drawn=picky))
        if self.as_plane:
            cases = [case for case in cases if case.batch == case.channels == case.outputs == 1]
        unclaimed: set[str] = set()
        if requirement.id == "DTY-05" and self.child.description.signature is None:
            extra = self._outside_the_claims(requirement)
            unclaimed = {case.id for case in extra}
            cases = extra + cases
        examples = []
        for note in self.child.description.deviations:
            if note.applies and note.example and requirement.id in note.requirements:
                examples.append(parse_case(note.example))
        cases = [*examples, *cases]
        if not cases:
            return Plan(requirement, [], unclaimed, {})
        notes = self.child.annotate(cases)
        kept: list[Case] = []
        matching: dict[str, tuple[int, ...]] = {}
        for case, (excluded, deviations) in zip(cases, notes, strict=True):
            if excluded:
                if requirement.id != "DTY-05":
                    continue
                unclaimed.add(case.id)
            kept.append(case)
            if deviations:
                matching[case.id] = tuple(
                    index
                    for index in deviations
                    if {requirement.id, "*"} & set(self.child.description.deviations[index].requirements)
                )
        return Plan(requirement, kept[: self.battery.size(requirement)], unclaimed, matching)

    def _outside_the_claims(self, requirement: Requirement) -> list[Case]:
        """Cases that a declared adapter does not claim: it refuses them or is right."""
        claims = self.capabilities
        is_layer = claims.profile == "layer"
        everything = replace(
            claims,
            dtypes=BUILDABLE,
            stride="each",
            dilation="each",
            padding="sides",
            groups=is_layer,
            bias=is_layer,
            square_kernels_only=False,
        )
        outside: list[Case] = []
        for drawn in self.battery.drawn(requirement):
            case = fit(drawn, everything)
            if fit(case, claims) != case and admits(requirement, case):
                outside.append(case)
        return outside[: self.battery.size(requirement) // 3]

    def _run(self, verdict: Verdict, plan: Plan, answers: Iterator[tuple[Outcome, ...]]) -> None:
        """Run the cases until one fails that no known deviation explains."""
        requirement, unclaimed, matching = plan.requirement, plan.unclaimed, plan.matching
        distribution = Distribution()
        answered, nontrivial, deaths = 0, 0, 0
        known: set[int] = set()
        passed_examples: set[int] = set()
        for case, outcomes in zip(plan.cases, answers, strict=False):
            trial = self.trial(requirement, case, outcomes)
            verdict.cases += 1
            verdict.calls += len(trial.calls)
            distribution.count(case)
            finding, notes = self.heard(requirement, trial, case.id in unclaimed), matching.get(case.id, ())
            if outcomes[0].kind in ("crashed", "timed out"):
                deaths += 1
            # A refusal of what is not claimed is no answer.
            answered += case.id not in unclaimed or outcomes[0].kind != "raised"
            if finding is None:
                passed_examples.update(index for index in notes if self._is_example(index, case))
                nontrivial += self._is_nontrivial(requirement, trial)
                ratio = self._ratio(requirement, trial)
                if ratio is not None:
                    verdict.worst_ratio = max(verdict.worst_ratio or 0.0, ratio)
            elif notes:
                known.update(notes)
                harmful = any(self.child.description.deviations[index].harmful for index in notes)
                verdict.counterexample = verdict.counterexample or Counterexample(
                    case, finding, trial, harmful=harmful
                )
            else:
                verdict.counterexample = Counterexample(case, finding, trial)
                verdict.outcome = "failed"
                verdict.evidence = distribution.table()
                verdict.deviations = tuple(sorted(known))
                verdict.reason = finding.reason
                if self.shrinks:
                    Confirmation(self).explain(requirement, verdict, plan.cases[: verdict.cases], unclaimed)
                return
            if deaths >= DEATHS_PER_REQUIREMENT and not known:
                break
        verdict.evidence = distribution.table()
        verdict.deviations = tuple(sorted(known))
        verdict.nontrivial = round(nontrivial / max(1, answered), 3)
        if known:
            verdict.outcome = "known deviation"
            verdict.reason = "; ".join(self.child.description.deviations[index].reason for index in sorted(known))
        else:
            # Only its own example can say that a deviation is gone: where it has none, other cases were perhaps spared.
            if passed_examples:
                gone = self.child.description.deviations[min(passed_examples)]
                verdict.outcome = "unexpectedly passing"
                verdict.reason = f"a known deviation is gone: {gone.reason}"
            elif answered and not requirement.trivial and verdict.nontrivial < LEAST_NONTRIVIAL:
                verdict.outcome = "mistrusted"
                verdict.reason = f"only {verdict.nontrivial:.0%} of the right answers are not all zero"

    def _is_example(self, index: int, case: Case) -> bool:
        example = self.child.description.deviations[index].example
        return example is not None and parse_case(example).id == case.id

    def trial(self, requirement: Requirement, case: Case, outcomes: tuple[Outcome, ...]) -> Trial:
        """A case with its calls and what came of them; a death stands for all of its calls."""
        calls = self.oracle.calls_of(requirement.id, case)
        if len(outcomes) < len(calls):
            outcomes = outcomes * len(calls)
        return Trial(case, calls, outcomes)

    def heard(self, requirement: Requirement, trial: Trial, unclaimed: bool = False) -> Finding | None:
        """The judge's finding; a death is one whatever the judge would say, unless the judge may look at it."""
        if unclaimed and trial.outcomes[0].kind in ("raised", "out of memory"):
            return None
        if trial.outcomes[0].died and requirement.valid:
            return Finding(f"{trial.outcomes[0].text}, want a result")
        hearing = Hearing(trial, self.judge, lambda call: self.oracle.of(requirement, trial, call))
        return requirement.judge(hearing)

    def _is_nontrivial(self, requirement: Requirement, trial: Trial) -> bool:
        value = trial.outcomes[0].value
        return value is not None and value.size > 0 and bool(np.any(value != 0))

    def _ratio(self, requirement: Requirement, trial: Trial) -> float | None:
        if requirement.family not in ("NUM", "DTY") or not trial.case.is_valid:
            return None
        return self.judge.worst_ratio(self.oracle.of(requirement, trial, 0), trial.outcomes[0])

    def once(self, requirement: Requirement, case: Case) -> tuple[Finding | None, Trial]:
        """Run one case in a child without history."""
        outcomes = next(self.child.run([(requirement.id, case)], fresh=True))
        trial = self.trial(requirement, case, outcomes)
        return self.heard(requirement, trial), trial

    def each(self, requirement: Requirement, cases: list[Case]) -> Iterator[tuple[Finding | None, Trial]]:
        """Run cases one after the other in a fresh child, whatever comes of each."""
        notes = self.child.annotate(cases)
        cases = [case for case, (excluded, known) in zip(cases, notes, strict=True) if not excluded and not known]
        trials = [(requirement.id, case) for case in cases]
        for case, outcomes in zip(cases, self.child.run(trials, fresh=True), strict=False):
            trial = self.trial(requirement, case, outcomes)
            yield self.heard(requirement, trial), trial

    def confirm(
        self, requirement: Requirement, case: Case, unclaimed: bool = False, fresh: bool = True
    ) -> tuple[Finding, Trial] | None:
        """Run one case, in a child without history if asked for; what is wrong with it, or None."""
        outcomes = next(self.child.run([(requirement.id, case)], fresh=fresh))
        trial = self.trial(requirement, case, outcomes)
        finding = self.heard(requirement, trial, unclaimed)
        return None if finding is None else (finding, trial)

    def _conclude(self, requirement: Requirement, entry: Entry, verdict: Verdict) -> None:
        """What only informs, or is only reported in the plane profile, never fails."""
        in_plane = self.capabilities.profile == "plane" and entry.reported_in_plane
        if verdict.outcome in ("passed", "failed", "errored", "crashed", "timed out", "out of memory") and (
            entry.informs or in_plane
        ):
            if in_plane:
                verdict.reason = _in_plane(requirement, verdict)
            verdict.outcome = "info"


def _in_plane(requirement: Requirement, verdict: Verdict) -> str:
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
