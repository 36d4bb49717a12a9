"""Saying what is wrong: the known fault that gives the same answers, or the conditions that all failures share.

A guess is held against every answer that was seen, wrong and right ones: a fault that does not reproduce them all is
not named.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convspec.adapters.faulty import FAULTS, Fault
from convspec.adapters.faulty.pieces import Body, both
from convspec.adapters.faulty.registry import as_function
from convspec.adapters.protocol import Array
from convspec.conformance.battery import further
from convspec.conformance.calls import Outcome, Trial
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.conditions import Labelled, Shared, shared_conditions
from convspec.conformance.engine import Verifier
from convspec.conformance.expected import Expected
from convspec.conformance.judging import Finding, Judge, same_bits
from convspec.conformance.known_answers import Evidence, agree, answer_of, is_the_same, known_answer, reproduces, sound
from convspec.conformance.requirement import Requirement, one_call
from convspec.conformance.requirements import requirements
from convspec.conformance.results import explanation_line

# These misbehave towards the process or from call to call; they are told by what was seen, not by their answers.
NOT_COMPARED = ("process", "state")
# Families whose members are likely to come in pairs in one function.
PAIRED = ("definition", "axes", "geometry", "padding", "channels")
DISCRIMINATING = 60
# Of each battery, for each requirement; batteries, until so many failures were seen.
FURTHER = 120
FEWEST_BATTERIES, MOST_BATTERIES = 2, 5
ENOUGH_FAILURES = 20
REQUIREMENTS_LOOKED_AT = 3
# The first few pairs that fit what was seen are held against further cases, too.
PAIRS_HELD_AGAINST = 3


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, in words.

    Parameters
    ----------
    sentence : str
        What the implementation does.
    change : str
        What to change, where that is known.
    faults : tuple of str
        The known faults that give the same answers; none if only conditions are known.
    shared : Shared or None
        The conditions that all failures share, where no known fault fits.
    """

    sentence: str
    change: str = ""
    faults: tuple[str, ...] = ()
    shared: Shared | None = None


class Seen:
    """All that was seen of an implementation, and which known faults were held against it already.

    Parameters
    ----------
    answers : sequence of Evidence
        Wrong ones first.
    """

    def __init__(self, answers: Sequence[Evidence]) -> None:
        self.answers = answers
        self._known: dict[str, bool] = {}

    def is_like(self, fault: Fault, judge: Judge) -> bool:
        """Whether a known fault gives the same answers, and wrong ones where they are wrong."""
        if fault.id not in self._known:
            same = all(is_the_same(known_answer(fault, item), item.outcome) for item in self.answers)
            self._known[fault.id] = same and _is_wrong_too(judge, fault, self.answers)
        return self._known[fault.id]


def diagnose(
    verifier: Verifier,
    failures: Sequence[tuple[str, str]],
    *,
    evidence: Seen | None = None,
    without: Collection[str] = (),
) -> Diagnosis | None:
    """Explain why an adapter fails.

    Parameters
    ----------
    verifier : Verifier
    failures : sequence of (str, str)
        Requirement and case line of each counterexample.
    evidence : Seen or None
        What `gathered` gives for them, where the caller has it already.
    without : collection of str
        Known faults that are left out, to measure how good the explanation is without them.

    Returns
    -------
    Diagnosis or None
        None if the failures are not of the kind that answers explain.
    """
    if evidence is None:
        evidence = gathered(verifier, failures)
    failing = [requirement for requirement, _ in _parsed(failures)]
    if any(item.wrong for item in evidence.answers):
        alike = [fault for fault in _candidates(without) if evidence.is_like(fault, verifier.judge)]
        single = _told_apart(verifier, alike, failing, evidence.answers)
        if single is not None and _explains(verifier, single.function, failing, evidence.answers):
            return _named((single,))
        for first, second, joined in itertools.islice(_pairs(evidence.answers, without), PAIRS_HELD_AGAINST):
            if _explains(verifier, as_function(joined), failing, evidence.answers):
                return _named((first, second))
    if failing and not any(requirement.valid for requirement in failing):
        titles = dict.fromkeys(catalogue()[requirement.id].title for requirement in failing)
        return Diagnosis(f"It does not refuse what must be refused: {'; '.join(titles)}.")
    shared = shared_conditions(labelled(verifier, failing))
    return None if shared is None else Diagnosis(shared.sentence, shared=shared)


def explained(verifier: Verifier, adapter: str, lines: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Explain the verdict lines of failures that have a counterexample, and put the explanation into each of them.

    Returns
    -------
    dict or None
        The explanation as a line of its own; None where nothing explains them.
    """
    order = list(catalogue())
    lines = sorted(lines, key=lambda line: order.index(line["requirement"]))
    found = diagnose(
        verifier, [(line["requirement"], line["counterexample"]["case"].partition(" ")[2]) for line in lines]
    )
    if found is None:
        return None
    diagnosis = {"sentence": found.sentence, "change": found.change, "faults": list(found.faults)}
    for line in lines:
        line["diagnosis"] = diagnosis
    return explanation_line(adapter, [line["requirement"] for line in lines], diagnosis)


def _named(faults: tuple[Fault, ...]) -> Diagnosis:
    told = " And: ".join(fault.sentence for fault in faults)
    how_many = "a known fault" if len(faults) == 1 else "two known faults together"
    return Diagnosis(
        f"It behaves exactly like {how_many}: {told}",
        "; ".join(fault.remedy for fault in faults),
        tuple(fault.id for fault in faults),
    )


def _told_apart(
    verifier: Verifier, alike: list[Fault], failing: Sequence[Requirement], seen: Sequence[Evidence]
) -> Fault | None:
    """Of known faults that give all the answers that were seen, the one that also does where they differ.

    Where rounding is what is wrong they may differ by a little only: then it is the one that most often gives the very
    same numbers.
    """
    left = _that_answer_further_cases(verifier, alike, failing)
    if len(left) < 2:
        return left[0] if left else None
    wrong = [item for item in seen if item.wrong]
    equal = {
        fault.id: sum(same_bits(known_answer(fault, item), item.outcome.value) for item in wrong) for fault in left
    }
    for _, _, trial in _further_trials(verifier, failing, verifier.battery.seed + 1):
        for fault in left:
            equal[fault.id] += same_bits(answer_of(fault.function, trial.calls[0]), trial.outcomes[0].value)
    return max(left, key=lambda fault: equal[fault.id])


def _that_answer_further_cases(
    verifier: Verifier, alike: list[Fault], failing: Sequence[Requirement]
) -> list[Fault]:
    """Those that do as the implementation does in further cases in which they differ, until one is left."""
    battery = further(verifier.battery.seed + 1)
    for requirement in dict.fromkeys((*_plain(failing), requirements()["DEF-01"])):
        for case in filter(_tells_apart, battery.fitted(requirement, verifier.capabilities)):
            if len(alike) < 2:
                return alike
            (call,) = verifier.oracle.calls_of(requirement.id, case)
            answers = [answer_of(fault.function, call) for fault in alike]
            if all(agree(answers[0], answer) for answer in answers[1:]):
                continue
            for _, trial in verifier.each(requirement, [case]):
                pairs = zip(alike, answers, strict=True)
                alike = [fault for fault, answer in pairs if is_the_same(answer, trial.outcomes[0])]
    return alike


def _plain(failing: Iterable[Requirement]) -> list[Requirement]:
    """Those of which each case is one call with a right answer."""
    return [requirement for requirement in failing if requirement.calls is one_call and requirement.valid]


def _further_trials(
    verifier: Verifier, failing: Iterable[Requirement], seed: int
) -> Iterator[tuple[Requirement, Finding | None, Trial]]:
    """What comes of further cases of the failing requirements that are told by one answer."""
    for requirement in _plain(failing):
        cases = list(further(seed).fitted(requirement, verifier.capabilities))[:DISCRIMINATING]
        for finding, trial in verifier.each(requirement, cases):
            yield requirement, finding, trial


def _explains(
    verifier: Verifier, known: Callable[..., Array], failing: Sequence[Requirement], seen: Sequence[Evidence]
) -> bool:
    """Whether what gives the same answers to within rounding is more than a neighbour of the right ones.

    Where all that is wrong is the rounding, or the dtype, it must give the very same numbers or fail in the same cases.
    """
    wrong = [item for item in seen if item.wrong]
    if any(not is_the_same(answer_of(sound, item.call), item.outcome) for item in wrong):
        return True
    exactly = all(same_bits(answer_of(known, item.call), item.outcome.value) for item in wrong)
    return exactly or _fails_alike(verifier, known, failing, verifier.battery.seed + 1)


def _parsed(failures: Iterable[tuple[str, str]]) -> list[tuple[Requirement, Case]]:
    return [(requirements()[id], parse_case(line)) for id, line in failures if id in requirements()]


def gathered(verifier: Verifier, failures: Sequence[tuple[str, str]]) -> Seen:
    """The answers to the counterexamples, and to further cases that tell faults apart; wrong ones first."""
    evidence: list[Evidence] = []
    for requirement, case in _parsed(failures)[:12]:
        finding, trial = verifier.once(requirement, case)
        if finding is None or len(trial.outcomes) <= finding.call or trial.outcomes[finding.call].died:
            continue
        value = trial.outcomes[finding.call].value
        same_kind = value is None or value.dtype.kind == trial.calls[finding.call].x.dtype.kind
        # An integer case answered in floats: the faults answer integers in integers, so they could not be compared.
        if same_kind:
            has_right_answer = requirement.valid and case.is_valid
            evidence.append(Evidence(trial.calls[finding.call], trial.outcomes[finding.call], True, has_right_answer))
    definition = requirements()["DEF-01"]
    cases = [case for case in verifier.battery.fitted(definition, verifier.capabilities) if _tells_apart(case)][
        :DISCRIMINATING
    ]
    for finding, trial in verifier.each(definition, cases):
        if not trial.outcomes[0].died:
            answer = Evidence(trial.calls[0], trial.outcomes[0], finding is not None, asked_of_all=trial.case.id)
            evidence.append(answer)
    # What becomes of NaN and infinities depends on how a fault is written, unless nothing else is wrong.
    finite = [item for item in evidence if np.isfinite(item.call.x).all() and np.isfinite(item.call.w).all()]
    telling = finite if any(item.wrong for item in finite) else evidence
    return Seen(sorted(telling, key=lambda item: (not item.wrong, item.call.x.size)))


def _tells_apart(case: Case) -> bool:
    """Whole numbers in floats, small: exact in any order, and quick; a fault that divides does so alike in both."""
    return case.data in ("int", "impulse") and "float" in case.dtype and case.multiplications < 20_000


def gives_the_same_answers(
    verifier: Verifier, faults: Sequence[str], failing: Iterable[Requirement], seed: int
) -> bool:
    """Whether some known faults together answer further cases as the implementation does, and fail where it fails."""
    bodies = [body for id in faults if (body := FAULTS[id].body) is not None]
    if len(bodies) < len(faults):
        return False
    known = FAULTS[faults[0]].function if len(faults) == 1 else as_function(both(*bodies))
    definition = requirements()["DEF-01"]
    battery = further(seed)
    cases = [case for case in battery.fitted(definition, verifier.capabilities) if _tells_apart(case)]
    if not all(
        is_the_same(answer_of(known, trial.calls[0]), trial.outcomes[0])
        for _, trial in verifier.each(definition, cases[:DISCRIMINATING])
        if not trial.outcomes[0].died
    ):
        return False
    return _fails_alike(verifier, known, failing, seed)


def _fails_alike(
    verifier: Verifier, known: Callable[..., Array], failing: Iterable[Requirement], seed: int
) -> bool:
    """Whether further cases of the failing requirements find the same: to within rounding, answers say too little."""
    return all(
        (finding is None) == (_heard(verifier, requirement, trial, answer_of(known, trial.calls[0])) is None)
        for requirement, finding, trial in _further_trials(verifier, failing, seed)
        if not trial.outcomes[0].died
    )


def _heard(verifier: Verifier, requirement: Requirement, trial: Trial, answer: Array | None) -> Finding | None:
    """What would be found if this had been the answer; None stands for an exception."""
    came = Outcome("returned", answer) if answer is not None else Outcome("raised", None, "an exception")
    return verifier.heard(requirement, replace(trial, outcomes=(came,)))


def _candidates(without: Collection[str], families: tuple[str, ...] | None = None) -> Iterator[Fault]:
    for fault in FAULTS.values():
        if fault.id in without or fault.family in NOT_COMPARED or fault.body is None:
            continue
        if families is None or fault.family in families:
            yield fault


def _is_wrong_too(judge: Judge, fault: Fault, evidence: Iterable[Evidence]) -> bool:
    """Whether the fault's answers are wrong, too: equal to within rounding says nothing where rounding is the fault."""
    for item in evidence:
        answer = known_answer(fault, item) if item.wrong and item.has_right_answer else None
        if answer is None:
            continue
        try:
            expected = Expected(item.call)
        except ValueError:
            # A law's own call, of which the judge knows more than the definition does.
            continue
        # What only a law finds wrong, in comparison with another answer, may be right by itself.
        if judge.answer(expected, Outcome("returned", answer)) is None and judge.answer(expected, item.outcome):
            return False
    return True


def _pairs(evidence: Sequence[Evidence], without: Collection[str]) -> Iterator[tuple[Fault, Fault, Body]]:
    """Pairs of known faults that together give all the answers that were seen."""
    wrong = [item for item in evidence if item.wrong]
    # A fault that changes an answer that was right cannot be half of the explanation, unless the other half undoes it.
    right = [item for item in evidence if not item.wrong][:6]
    likely = [
        fault
        for fault in _candidates(without, PAIRED)
        if all(is_the_same(known_answer(fault, item), item.outcome) for item in right)
    ]
    # Of two that leave the smallest wrong case as it should be, each alone, nothing is to be expected together.
    should_be = answer_of(sound, wrong[0].call)
    idle = {fault.id for fault in likely if agree(known_answer(fault, wrong[0]), should_be)}
    for first, second in itertools.product(likely, likely):
        if first.body is None or second.body is None or first.id == second.id or {first.id, second.id} <= idle:
            continue
        joined = both(first.body, second.body)
        if reproduces(joined, wrong) and reproduces(joined, evidence):
            yield first, second, joined


def labelled(
    verifier: Verifier,
    failing: list[Requirement],
    first_seed: int | None = None,
    fewest_batteries: int = FEWEST_BATTERIES,
    enough: int = ENOUGH_FAILURES,
) -> list[Labelled]:
    """Further cases of the failing requirements, each with whether it fails; the more, the more seldom one does."""
    first = verifier.battery.seed + 1 if first_seed is None else first_seed
    # Where a case leads to several calls, it is not the case alone that says when one of them fails.
    plain = [requirement for requirement in failing if requirement.calls is one_call]
    looked_at = {requirement.id: requirement for requirement in plain or failing}
    found: list[Labelled] = []
    for requirement in list(looked_at.values())[:REQUIREMENTS_LOOKED_AT]:
        # Requirements that fail for one reason say the same.
        if sum(item.fails for item in found) >= 2 * enough:
            break
        failures = 0
        for number in range(MOST_BATTERIES):
            if number >= fewest_batteries and failures >= enough:
                break
            cases = list(further(first + number).fitted(requirement, verifier.capabilities))[:FURTHER]
            for finding, trial in verifier.each(requirement, cases):
                failures += finding is not None
                found.append(Labelled(trial.case, finding is not None))
    return found
