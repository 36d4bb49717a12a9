"""One requirement held against one adapter: run its cases, judge them, make a failing one small, confirm it."""

import collections
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convspec.adapters.functions import claims as read_claims
from convspec.adapters.functions import probes
from convspec.adapters.protocol import DTYPES, Capabilities
from convspec.conformance.battery import Battery, admits
from convspec.conformance.calls import Outcome, Trial
from convspec.conformance.case import NO_PADS, Case, parse_case
from convspec.conformance.catalogue import Entry
from convspec.conformance.child import Child
from convspec.conformance.fitting import fit
from convspec.conformance.judging import Finding, Judge, rounded_answer
from convspec.conformance.oracle import Expected, SuiteError
from convspec.conformance.requirement import Hearing, Requirement
from convspec.conformance.requirements import calls_of
from convspec.conformance.shrinking import smallest

DEATHS_PER_REQUIREMENT = 3
DEATHS_WHILE_SHRINKING = 12
REMEMBERED = 40_000
# A run whose right answers are nearly all zero tells nothing.
LEAST_NONTRIVIAL = 0.1
VERIFIED_EVERY = 8
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
OUTCOME_OF_DEATH = {"crashed": "crashed", "exited": "crashed", "timed out": "timed out", "out of memory": "out of memory"}


@dataclass
class Counterexample:
    """A failing case with all that is needed to show and to repeat it."""

    case: Case
    finding: Finding
    trial: Trial
    history: tuple[Case, ...] = ()


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


class Oracle:
    """Expected values, remembered by case and call and shared by all adapters."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[str, str, int], Expected] = {}
        self._computed = 0

    def of(self, requirement: Requirement, trial: Trial, call: int) -> Expected:
        """The right answer to one call of a trial."""
        # A requirement's first call is nearly always the case itself, but only its own function knows.
        key = (requirement.id, trial.case.id, call)
        expected = self._remembered.get(key)
        if expected is None:
            expected = Expected(trial.calls[call])
            self._computed += 1
            if self._computed % VERIFIED_EVERY == 0:
                expected.verify_screen(1)
            if len(self._remembered) < REMEMBERED and math.prod(expected.shape) < 4096:
                self._remembered[key] = expected
        return expected


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
    """

    def __init__(
        self, name: str, child: Child, battery: Battery, oracle: Oracle, *, profile: str | None = None,
        dtypes: tuple[str, ...] = (), shrinks: bool = True,
    ) -> None:
        self.name, self.child, self.battery, self.oracle = name, child, battery, oracle
        self.shrinks = shrinks
        self.not_claimed: dict[str, str] = {}
        self.capabilities = self._claims(dtypes)
        self.as_plane = profile == "plane" and self.capabilities.profile == "layer"
        self.judge = Judge(self.capabilities, child.description.numerics)

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

    def verify(self, requirement: Requirement, entry: Entry) -> Verdict:
        """Hold one requirement against the adapter.

        Raises
        ------
        SuiteError
            The suite contradicts itself.
        """
        started = time.perf_counter()
        verdict = self._verify(requirement, entry)
        verdict.seconds = time.perf_counter() - started
        return verdict

    def _verify(self, requirement: Requirement, entry: Entry) -> Verdict:
        verdict = Verdict(self.name, requirement.id, "passed")
        reason = requirement.not_asked(self.capabilities, self.judge.numerics)
        reason = reason or ("it is asked for planes only" if self.as_plane and entry.profile == "layer" else None)
        if reason:
            return replace(verdict, outcome="skipped", reason=f"not claimed: {reason}")
        cases, unclaimed, matching = self._cases(requirement)
        if not cases:
            return replace(verdict, outcome="skipped", reason="not claimed: no case of it lies inside the claims")
        self.child.fresh()
        self._run(requirement, verdict, cases, unclaimed, matching)
        self._conclude(requirement, entry, verdict)
        return verdict

    def _cases(self, requirement: Requirement) -> tuple[list[Case], set[str], dict[str, tuple[int, ...]]]:
        """The cases to run; those of them that are not claimed (asked by DTY-05 alone); the deviations that match."""
        cases = list(self.battery.fitted(requirement, self.capabilities))
        if self.as_plane:
            cases = [case for case in cases if case.batch == case.channels == case.outputs == 1]
        unclaimed: set[str] = set()
        if requirement.id == "DTY-05" and self.child.description.signature is None:
            extra = self._outside_the_claims(requirement)
            unclaimed = {case.id for case in extra}
            cases = cases[: len(cases) - len(cases) // 3] + extra
        examples = []
        for note in self.child.description.deviations:
            if note.applies and note.example and requirement.id in note.requirements:
                examples.append(parse_case(note.example))
        cases = [*examples, *cases]
        notes = self.child.annotate(cases)
        kept: list[Case] = []
        matching: dict[str, tuple[int, ...]] = {}
        for case, (excluded, deviations) in zip(cases, notes, strict=True):
            if excluded:
                if requirement.id != "DTY-05":
                    continue
                unclaimed.add(case.id)
            kept.append(case)
            matching[case.id] = tuple(
                index for index in deviations
                if {requirement.id, "*"} & set(self.child.description.deviations[index].requirements)
            )
        return kept, unclaimed, matching

    def _outside_the_claims(self, requirement: Requirement) -> list[Case]:
        """Cases that a declared adapter does not claim: it refuses them or is right."""
        claims = self.capabilities
        is_layer = claims.profile == "layer"
        everything = replace(
            claims, dtypes=DTYPES, stride="each", dilation="each", padding="sides", groups=is_layer, bias=is_layer,
            square_kernels_only=False,
        )
        outside: list[Case] = []
        for drawn in self.battery.drawn(requirement):
            case = fit(drawn, everything)
            if fit(case, claims) != case and admits(requirement, case):
                outside.append(case)
        return outside[: self.battery.size(requirement) // 3]

    def _run(
        self, requirement: Requirement, verdict: Verdict, cases: list[Case], unclaimed: set[str],
        matching: dict[str, tuple[int, ...]],
    ) -> None:
        """Run the cases until one fails that no known deviation explains."""
        counters: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        nontrivial, deaths = 0, 0
        known: set[int] = set()
        unexplained_passes: set[int] = set()
        passed_examples: set[int] = set()
        trials = [(requirement.id, case) for case in cases]
        for case, outcomes in zip(cases, self.child.run(trials), strict=False):
            trial = self._trial(requirement, case, outcomes)
            verdict.cases += 1
            verdict.calls += len(trial.calls)
            _count(counters, case)
            finding = self._heard(requirement, trial, case.id in unclaimed)
            if outcomes[0].died:
                deaths += 1
            if finding is None:
                unexplained_passes.update(matching[case.id])
                passed_examples.update(index for index in matching[case.id] if self._is_example(index, case))
                nontrivial += self._is_nontrivial(requirement, trial)
                ratio = self._ratio(requirement, trial)
                if ratio is not None:
                    verdict.worst_ratio = max(verdict.worst_ratio or 0.0, ratio)
            elif matching[case.id]:
                known.update(matching[case.id])
                verdict.counterexample = verdict.counterexample or Counterexample(case, finding, trial)
            else:
                verdict.counterexample = Counterexample(case, finding, trial)
                verdict.outcome = "failed"
                verdict.evidence = _evidence(counters)
                verdict.deviations = tuple(sorted(known))
                verdict.reason = finding.reason
                if self.shrinks:
                    self._explain(requirement, verdict, cases[: verdict.cases], unclaimed)
                return
            if deaths >= DEATHS_PER_REQUIREMENT and not known:
                break
        verdict.evidence = _evidence(counters)
        verdict.deviations = tuple(sorted(known))
        answered = max(1, verdict.cases)
        verdict.nontrivial = round(nontrivial / answered, 3)
        if known:
            verdict.outcome = "known deviation"
            verdict.reason = "; ".join(self.child.description.deviations[index].reason for index in sorted(known))
        else:
            gone = [
                note for index, note in enumerate(self.child.description.deviations)
                if index in (unexplained_passes if note.example is None and "*" not in note.requirements else passed_examples)
            ]
            if gone:
                verdict.outcome = "unexpectedly passing"
                verdict.reason = f"a known deviation is gone: {gone[0].reason}"
            elif not requirement.trivial and verdict.nontrivial < LEAST_NONTRIVIAL:
                verdict.outcome = "mistrusted"
                verdict.reason = f"only {verdict.nontrivial:.0%} of the right answers are not all zero"

    def _is_example(self, index: int, case: Case) -> bool:
        example = self.child.description.deviations[index].example
        return example is not None and parse_case(example).id == case.id

    def _trial(self, requirement: Requirement, case: Case, outcomes: tuple[Outcome, ...]) -> Trial:
        calls = calls_of(requirement.id, case)
        if len(outcomes) < len(calls):
            outcomes = outcomes * len(calls)
        return Trial(case, calls, outcomes)

    def _heard(self, requirement: Requirement, trial: Trial, unclaimed: bool = False) -> Finding | None:
        """The judge's finding; a death is one whatever the judge would say, unless the judge may look at it."""
        if unclaimed and trial.outcomes[0].kind in ("raised", "out of memory"):
            return None
        if trial.outcomes[0].died and requirement.valid:
            return Finding(f"{trial.outcomes[0].text}, want a result")
        hearing = Hearing(trial, self.judge, lambda call: self.oracle.of(requirement, trial, call))
        finding = requirement.judge(hearing)
        if finding is None:
            # Whatever a requirement asks, no call may change its arguments unseen.
            return None
        return finding

    def _is_nontrivial(self, requirement: Requirement, trial: Trial) -> bool:
        value = trial.outcomes[0].value
        return value is not None and value.size > 0 and bool(np.any(value != 0))

    def _ratio(self, requirement: Requirement, trial: Trial) -> float | None:
        if requirement.family not in ("NUM", "DTY") or not trial.case.is_valid:
            return None
        return self.judge.worst_ratio(self.oracle.of(requirement, trial, 0), trial.outcomes[0])

    def _explain(self, requirement: Requirement, verdict: Verdict, history: list[Case], unclaimed: set[str]) -> None:
        """Confirm the failure in a fresh child, make it small, and put it into words."""
        found = verdict.counterexample
        assert found is not None
        is_unclaimed = found.case.id in unclaimed
        again = self._once(requirement, found.case, is_unclaimed)
        if again is None:
            self._explain_by_history(requirement, verdict, history)
            return
        found.finding, found.trial = again
        deaths = 0

        def fails(case: Case) -> bool:
            nonlocal deaths
            if deaths > DEATHS_WHILE_SHRINKING:
                return False
            if fit(case, self.capabilities) != case and not is_unclaimed:
                return False
            if not admits(requirement, case):
                return False
            if any(excluded or matched for excluded, matched in self.child.annotate([case])) and not is_unclaimed:
                return False
            heard = self._once(requirement, case, is_unclaimed, fresh=False)
            if heard is None:
                return False
            deaths += heard[1].outcomes[0].died
            return True

        # Small cases first, the same ones whatever ran before: most faults show on one of them.
        small = (fit(other.but(dtype=found.case.dtype), self.capabilities) for other in SMALL)
        start = next((case for case in small if case.numbers < found.case.numbers and fails(case)), found.case)
        case, _ = smallest(start, fails)
        confirmed = self._once(requirement, case, is_unclaimed)
        if confirmed is None:
            case, confirmed = found.case, again
        finding, trial = confirmed
        verdict.counterexample = Counterexample(case, finding, trial)
        verdict.outcome = self._outcome(finding, trial)
        verdict.reason = finding.reason

    def once(self, requirement: Requirement, case: Case) -> tuple[Finding | None, Trial]:
        """Run one case in a child without history."""
        self.child.fresh()
        outcomes = next(iter(self.child.run([(requirement.id, case)])))
        trial = self._trial(requirement, case, outcomes)
        return self._heard(requirement, trial), trial

    def each(self, requirement: Requirement, cases: list[Case]) -> Iterator[tuple[Finding | None, Trial]]:
        """Run cases one after the other in a fresh child, whatever comes of each."""
        self.child.fresh()
        notes = self.child.annotate(cases)
        cases = [case for case, (excluded, known) in zip(cases, notes, strict=True) if not excluded and not known]
        for case, outcomes in zip(cases, self.child.run([(requirement.id, case) for case in cases]), strict=False):
            trial = self._trial(requirement, case, outcomes)
            yield self._heard(requirement, trial), trial

    def _once(
        self, requirement: Requirement, case: Case, unclaimed: bool = False, fresh: bool = True
    ) -> tuple[Finding, Trial] | None:
        """Run one case, in a child without history if asked for; what is wrong with it, or None."""
        if fresh:
            self.child.fresh()
        outcomes = next(iter(self.child.run([(requirement.id, case)])))
        trial = self._trial(requirement, case, outcomes)
        finding = self._heard(requirement, trial, unclaimed)
        return None if finding is None else (finding, trial)

    def _explain_by_history(self, requirement: Requirement, verdict: Verdict, history: list[Case]) -> None:
        """A case that fails only after others: find a short history that leads to the failure."""
        found = verdict.counterexample
        assert found is not None
        before = self._shortened(requirement, history)
        verdict.outcome = self._outcome(found.finding, found.trial)
        if before is None:
            verdict.reason = (
                f"{found.finding.reason} (seen once, after {len(history) - 1} other cases; the same calls in a fresh process were "
                "right, so the result depends on something else than the calls)"
            )
            return
        finding, trial, calls = before
        verdict.counterexample = Counterexample(trial.case, finding, trial, tuple(calls))
        verdict.reason = f"{finding.reason} (only after {len(calls)} other case{'s' if len(calls) != 1 else ''} in the same process)"

    def _shortened(self, requirement: Requirement, history: list[Case]) -> tuple[Finding, Trial, list[Case]] | None:
        def fails(cases: list[Case]) -> tuple[Finding, Trial] | None:
            self.child.fresh()
            last = None
            for case, outcomes in zip(cases, self.child.run([(requirement.id, case) for case in cases]), strict=False):
                trial = self._trial(requirement, case, outcomes)
                finding = self._heard(requirement, trial)
                last = (finding, trial) if finding is not None else None
                if last:
                    break
            return last

        heard = fails(history)
        if heard is None:
            return None
        target = heard[1].case
        before = history[: next(index for index, case in enumerate(history) if case.id == target.id)]
        size = len(before)
        # Halve what comes before, keeping the later half, as long as the failure stays.
        while size > 1:
            size //= 2
            shorter = before[-size:]
            again = fails([*shorter, target])
            if again is None or again[1].case.id != target.id:
                break
            before, heard = shorter, again
        return heard[0], heard[1], before

    def _outcome(self, finding: Finding, trial: Trial) -> str:
        outcome = trial.outcomes[min(finding.call, len(trial.outcomes) - 1)]
        if trial.outcomes[0].died:
            return OUTCOME_OF_DEATH[trial.outcomes[0].kind]
        if outcome.kind == "out of memory":
            return "out of memory"
        return "errored" if outcome.kind in ("raised", "not an array") else "failed"

    def _conclude(self, requirement: Requirement, entry: Entry, verdict: Verdict) -> None:
        """What only informs, or is only reported in the plane profile, never fails."""
        in_plane = self.capabilities.profile == "plane" and entry.reported_in_plane
        if verdict.outcome in ("passed", "failed", "errored", "crashed", "timed out", "out of memory") and (entry.informs or in_plane):
            if in_plane:
                verdict.reason = _in_plane(requirement, verdict)
            verdict.outcome = "info"


def _in_plane(requirement: Requirement, verdict: Verdict) -> str:
    if verdict.outcome == "passed":
        return f"reported, not required for a plane: it raises in all {verdict.cases} cases"
    return f"reported, not required for a plane: {verdict.reason}"


def _count(counters: dict[str, collections.Counter[str]], case: Case) -> None:
    counters["dtype"][case.dtype if case.w_dtype is None else f"{case.dtype} with {case.w_dtype}"] += 1
    counters["kernel"]["x".join(map(str, case.w_shape[-2:])) or "scalar"] += 1
    counters["stride"][_short(case.stride)] += 1
    counters["dilation"][_short(case.dilation)] += 1
    counters["padding"][_padding_kind(case.padding)] += 1
    counters["groups"][_short(case.groups)] += 1
    counters["layout x"][case.layout_x] += 1
    counters["layout w"][case.layout_w] += 1
    counters["data"][case.data if case.literal is None else "written out"] += 1


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _padding_kind(padding: Any) -> str:
    if isinstance(padding, str):
        return padding
    if padding == NO_PADS:
        return "0"
    try:
        (top, bottom), (left, right) = padding
        return "symmetric" if (top, left) == (bottom, right) else "sides"
    except (TypeError, ValueError):
        return "other"


def _evidence(counters: dict[str, collections.Counter[str]], most: int = 12) -> dict[str, dict[str, int]]:
    """The commonest values of each dimension; the rest together."""
    evidence = {}
    for name, counter in counters.items():
        common = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
        kept = dict(common[:most])
        rest = sum(count for _, count in common[most:])
        if rest:
            kept["other"] = rest
        evidence[name] = kept
    return evidence


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


def evidence_of(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """How the dimensions are distributed in some cases."""
    counters: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for case in cases:
        _count(counters, case)
    return _evidence(counters)
