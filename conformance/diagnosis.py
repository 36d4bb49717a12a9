"""Saying what is wrong: the known fault that gives the same answers, or the conditions that all failures share.

A guess is held against every answer that was seen, wrong and right ones: a fault that does not reproduce them all is
not named.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from convspec.adapters.faulty import FAULTS, Fault
from convspec.adapters.faulty.pieces import both
from convspec.adapters.faulty.registry import as_function
from convspec.adapters.protocol import Array
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Call, Outcome
from convspec.conformance.case import Case, parse_case
from convspec.conformance.conditions import Labelled, shared_conditions
from convspec.conformance.engine import Verifier
from convspec.conformance.judging import Judge
from convspec.conformance.oracle import Expected
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import requirements

# These misbehave towards the process or from call to call; they are told by what was seen, not by their answers.
NOT_COMPARED = ("process", "state")
# Families whose members are likely to come in pairs in one function.
PAIRED = ("definition", "axes", "geometry", "padding", "channels")
DISCRIMINATING = 60
FURTHER = 240
REQUIREMENTS_LOOKED_AT = 4


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
    """

    sentence: str
    change: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One answer that was seen."""

    call: Call
    outcome: Outcome
    wrong: bool


def diagnose(
    verifier: Verifier, failures: Sequence[tuple[str, str]], *, without: Iterable[str] = ()
) -> Diagnosis | None:
    """Explain why an adapter fails.

    Parameters
    ----------
    verifier : Verifier
    failures : sequence of (str, str)
        Requirement and case line of each counterexample.
    without : iterable of str
        Known faults that are left out, to measure how good the explanation is without them.

    Returns
    -------
    Diagnosis or None
        None if the failures are not of the kind that answers explain.
    """
    found = [(requirements()[id], parse_case(line)) for id, line in failures if id in requirements()]
    evidence = _evidence(verifier, found)
    if any(item.wrong for item in evidence):
        single = _single(verifier.judge, evidence, frozenset(without))
        if single is not None:
            return _named((single,))
        pair = _pair(evidence, frozenset(without))
        if pair is not None:
            return _named(pair)
    labelled = _labelled(verifier, [requirement for requirement, _ in found])
    sentence = shared_conditions(labelled)
    return Diagnosis(sentence) if sentence else None


def _named(faults: tuple[Fault, ...]) -> Diagnosis:
    told = " And: ".join(fault.sentence for fault in faults)
    how_many = "a known fault" if len(faults) == 1 else "two known faults together"
    return Diagnosis(
        f"It behaves exactly like {how_many}: {told}",
        "; ".join(fault.remedy for fault in faults),
        tuple(fault.id for fault in faults),
    )


def _evidence(verifier: Verifier, failures: list[tuple[Requirement, Case]]) -> list[Evidence]:
    """The answers to the counterexamples, and to further cases that tell faults apart; wrong ones first."""
    evidence: list[Evidence] = []
    for requirement, case in failures[:12]:
        finding, trial = verifier.once(requirement, case)
        if finding is None or len(trial.outcomes) <= finding.call or trial.outcomes[finding.call].died:
            continue
        value = trial.outcomes[finding.call].value
        same_kind = value is None or value.dtype.kind == trial.calls[finding.call].x.dtype.kind
        # An integer case answered in floats: the faults answer integers in integers, so they could not be compared.
        if same_kind:
            evidence.append(Evidence(trial.calls[finding.call], trial.outcomes[finding.call], True))
    definition = requirements()["DEF-01"]
    cases = [case for case in verifier.battery.fitted(definition, verifier.capabilities) if _tells_apart(case)][
        :DISCRIMINATING
    ]
    for finding, trial in verifier.each(definition, cases):
        if not trial.outcomes[0].died:
            evidence.append(Evidence(trial.calls[0], trial.outcomes[0], finding is not None))
    return sorted(evidence, key=lambda item: (not item.wrong, item.call.x.size))


def _tells_apart(case: Case) -> bool:
    """Whole numbers in floats, small: exact in any order, and quick; a fault that divides does so alike in both."""
    return case.data in ("int", "impulse") and "float" in case.dtype and case.multiplications < 20_000


def _candidates(without: frozenset[str], families: tuple[str, ...] | None = None) -> Iterator[Fault]:
    for fault in FAULTS.values():
        if fault.id in without or fault.family in NOT_COMPARED or fault.body is None:
            continue
        if families is None or fault.family in families:
            yield fault


def _single(judge: Judge, evidence: list[Evidence], without: frozenset[str]) -> Fault | None:
    for fault in _candidates(without):
        if _reproduces(fault.function, evidence) and _is_wrong_too(judge, fault, evidence):
            return fault
    return None


def _is_wrong_too(judge: Judge, fault: Fault, evidence: Iterable[Evidence]) -> bool:
    """Whether the fault's answers are wrong, too: equal to within rounding says nothing where rounding is the fault."""
    for item in evidence:
        answer = _call(fault.function, item.call) if item.wrong else None
        if answer is None:
            continue
        try:
            expected = Expected(item.call)
        except (ValueError, TypeError):
            # Not a convolution, so any answer is wrong.
            continue
        if judge.answer(expected, Outcome("returned", answer)) is None:
            return False
    return True


def _pair(evidence: list[Evidence], without: frozenset[str]) -> tuple[Fault, Fault] | None:
    wrong = [item for item in evidence if item.wrong]
    # A fault that changes an answer that was right cannot be half of the explanation, unless the other half undoes it.
    right = [item for item in evidence if not item.wrong][:6]
    likely = [
        fault
        for fault in _candidates(without, PAIRED)
        if all(_same(_call(fault.function, item.call), item.outcome) for item in right)
    ]
    for first in likely:
        for second in likely:
            if first.body is None or second.body is None or first.id == second.id:
                continue
            joined = as_function(both(first.body, second.body))
            if _reproduces(joined, wrong) and _reproduces(joined, evidence):
                return first, second
    return None


def _reproduces(function: Callable[..., Array], evidence: Iterable[Evidence]) -> bool:
    return all(_same(_call(function, item.call), item.outcome) for item in evidence)


def _call(function: Callable[..., Array], call: Call) -> Array | None:
    """A fault's answer; None if it raises."""
    x, w = (call.x[None, None], call.w[None, None]) if call.x.ndim == call.w.ndim == 2 else (call.x, call.w)
    try:
        with np.errstate(all="ignore"):
            result = function(
                x, w, call.bias, stride=call.stride, padding=call.padding, dilation=call.dilation, groups=call.groups
            )
    except Exception:
        return None
    return result[0, 0] if x is not call.x and result.ndim == 4 else result


def _same(answer: Array | None, outcome: Outcome) -> bool:
    if answer is None or outcome.value is None:
        return answer is None and outcome.kind in ("raised", "out of memory")
    got = outcome.value
    if answer.shape != got.shape:
        return False
    if answer.dtype.kind in "iu" and got.dtype.kind in "iu":
        return bool(np.array_equal(answer, got.astype(answer.dtype)))
    with np.errstate(all="ignore"):
        left, right = (part.astype(np.complex128 if part.dtype.kind == "c" else np.float64) for part in (answer, got))
        return bool(np.allclose(left, right, rtol=1e-5, atol=1e-30, equal_nan=True))


def _labelled(verifier: Verifier, failing: list[Requirement]) -> list[Labelled]:
    """Further cases of the failing requirements, each with whether it fails."""
    labelled: list[Labelled] = []
    looked_at = {requirement.id: requirement for requirement in failing}
    fresh = Battery(verifier.battery.seed + 1, verifier.battery.effort)
    for requirement in list(looked_at.values())[:REQUIREMENTS_LOOKED_AT]:
        for battery in (verifier.battery, fresh):
            cases = list(battery.fitted(requirement, verifier.capabilities))[:FURTHER]
            for finding, trial in verifier.each(requirement, cases):
                labelled.append(Labelled(trial.case, finding is not None))
    return labelled
