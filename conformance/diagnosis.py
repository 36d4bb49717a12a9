"""Saying what is wrong: the known fault that gives the same answers, or the conditions that all failures share.

A guess is held against every answer that was seen, wrong and right ones: a fault that does not reproduce them all is
not named.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convspec.adapters.faulty import FAULTS, Fault, pieces
from convspec.adapters.faulty.pieces import Body, both, correct
from convspec.adapters.faulty.registry import as_function
from convspec.adapters.protocol import Array
from convspec.conformance.battery import further
from convspec.conformance.calls import Call, Outcome
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.conditions import Labelled, Shared, shared_conditions
from convspec.conformance.engine import Verifier
from convspec.conformance.expected import Expected
from convspec.conformance.judging import Judge
from convspec.conformance.layouts import place
from convspec.conformance.requirement import Requirement, one_call
from convspec.conformance.requirements import requirements

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
sound = as_function(correct, checked=False)


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


@dataclass(frozen=True)
class Evidence:
    """One answer that was seen.

    Parameters
    ----------
    call, outcome
        What was asked, and what came of it.
    wrong : bool
        Whether the answer is.
    has_right_answer : bool
        Whether there is one at all.
    asked_of_all : str
        The id of the case, if it is one that every implementation is asked; else empty.
    """

    call: Call
    outcome: Outcome
    wrong: bool
    has_right_answer: bool = True
    asked_of_all: str = ""

    @cached_property
    def checked(self) -> pieces.Call | None:
        """The call as the bodies of faults take it, which must not write into its arrays; None if it is refused."""
        try:
            return pieces.check(_arranged(self.call))
        except ValueError:
            return None


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
            same = all(_same(_known_answer(fault, item), item.outcome) for item in self.answers)
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
    if any(item.wrong for item in evidence.answers):
        single = next((fault for fault in _candidates(without) if evidence.is_like(fault, verifier.judge)), None)
        if single is not None:
            return _named((single,))
        pair = _pair(evidence.answers, without)
        if pair is not None:
            return _named(pair)
    failing = [requirement for requirement, _ in _parsed(failures)]
    if failing and not any(requirement.valid for requirement in failing):
        titles = dict.fromkeys(catalogue()[requirement.id].title for requirement in failing)
        return Diagnosis(f"It does not refuse what must be refused: {'; '.join(titles)}.")
    shared = shared_conditions(labelled(verifier, failing))
    return None if shared is None else Diagnosis(shared.sentence, shared=shared)


def _named(faults: tuple[Fault, ...]) -> Diagnosis:
    told = " And: ".join(fault.sentence for fault in faults)
    how_many = "a known fault" if len(faults) == 1 else "two known faults together"
    return Diagnosis(
        f"It behaves exactly like {how_many}: {told}",
        "; ".join(fault.remedy for fault in faults),
        tuple(fault.id for fault in faults),
    )


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


def gives_the_same_answers(verifier: Verifier, faults: Sequence[str], seed: int) -> bool:
    """Whether some known faults together answer further cases as the implementation does."""
    bodies = [body for id in faults if (body := FAULTS[id].body) is not None]
    if len(bodies) < len(faults):
        return False
    known = FAULTS[faults[0]].function if len(faults) == 1 else as_function(both(*bodies))
    definition = requirements()["DEF-01"]
    battery = further(seed)
    cases = [case for case in battery.fitted(definition, verifier.capabilities) if _tells_apart(case)]
    return all(
        _same(_call(known, trial.calls[0]), trial.outcomes[0])
        for _, trial in verifier.each(definition, cases[:DISCRIMINATING])
        if not trial.outcomes[0].died
    )


def _candidates(without: Collection[str], families: tuple[str, ...] | None = None) -> Iterator[Fault]:
    for fault in FAULTS.values():
        if fault.id in without or fault.family in NOT_COMPARED or fault.body is None:
            continue
        if families is None or fault.family in families:
            yield fault


def _is_wrong_too(judge: Judge, fault: Fault, evidence: Iterable[Evidence]) -> bool:
    """Whether the fault's answers are wrong, too: equal to within rounding says nothing where rounding is the fault."""
    for item in evidence:
        answer = _known_answer(fault, item) if item.wrong and item.has_right_answer else None
        if answer is None:
            continue
        try:
            expected = Expected(item.call)
        except ValueError:
            # A law's own call, of which the judge knows more than the definition does.
            continue
        if judge.answer(expected, Outcome("returned", answer)) is None:
            return False
    return True


def _pair(evidence: Sequence[Evidence], without: Collection[str]) -> tuple[Fault, Fault] | None:
    wrong = [item for item in evidence if item.wrong]
    # A fault that changes an answer that was right cannot be half of the explanation, unless the other half undoes it.
    right = [item for item in evidence if not item.wrong][:6]
    likely = [
        fault
        for fault in _candidates(without, PAIRED)
        if all(_same(_known_answer(fault, item), item.outcome) for item in right)
    ]
    # Of two that leave the smallest wrong case as it should be, each alone, nothing is to be expected together.
    should_be = _call(sound, wrong[0].call)
    idle = {fault.id for fault in likely if _agree(_known_answer(fault, wrong[0]), should_be)}
    for first, second in itertools.product(likely, likely):
        if first.body is None or second.body is None or first.id == second.id or {first.id, second.id} <= idle:
            continue
        joined = both(first.body, second.body)
        if _reproduces(joined, wrong) and _reproduces(joined, evidence):
            return first, second
    return None


# The answers of known faults to cases that every implementation is asked.
_KNOWN_ANSWERS: dict[tuple[str, str], Array | None] = {}


def _known_answer(fault: Fault, item: Evidence) -> Array | None:
    if not item.asked_of_all:
        return _call(fault.function, item.call)
    key = (fault.id, item.asked_of_all)
    if key not in _KNOWN_ANSWERS:
        _KNOWN_ANSWERS[key] = _call(fault.function, item.call)
    return _KNOWN_ANSWERS[key]


def _reproduces(body: Body, evidence: Iterable[Evidence]) -> bool:
    return all(_same(_answer(body, item), item.outcome) for item in evidence)


def _answer(body: Body, item: Evidence) -> Array | None:
    if item.checked is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return _as_asked(item.call, body(item.checked))
    except Exception:
        return None


def _call(function: Callable[..., Array], call: Call) -> Array | None:
    """A fault's answer to arrays that lie as those of the call did; None if it raises."""
    asked = _arranged(call)
    try:
        with np.errstate(all="ignore"):
            result = function(
                asked.x, asked.w, asked.bias,
                stride=asked.stride, padding=asked.padding, dilation=asked.dilation, groups=asked.groups,
            )
    except Exception:
        return None
    return _as_asked(call, result)


def _arranged(call: Call) -> pieces.Call:
    """The call with its arrays laid out; planes become pictures of one channel."""
    x, w = place(call.x, call.layout_x)[0], place(call.w, call.layout_w)[0]
    bias = None if call.bias is None else place(call.bias, call.layout_bias)[0]
    if _is_plane(call):
        x, w = x[None, None], w[None, None]
    return pieces.Call(x, w, bias, call.stride, call.padding, call.dilation, call.groups)


def _as_asked(call: Call, result: Array) -> Array:
    return result[0, 0] if _is_plane(call) and result.ndim == 4 else result


def _is_plane(call: Call) -> bool:
    return call.x.ndim == call.w.ndim == 2


def _same(answer: Array | None, outcome: Outcome) -> bool:
    if answer is None or outcome.value is None:
        return answer is None and outcome.kind in ("raised", "out of memory")
    return _agree(answer, outcome.value)


def _agree(answer: Array | None, got: Array | None) -> bool:
    if answer is None or got is None:
        return answer is got
    if answer.shape != got.shape:
        return False
    if answer.dtype.kind in "iu" and got.dtype.kind in "iu":
        return bool(np.array_equal(answer, got.astype(answer.dtype)))
    with np.errstate(all="ignore"):
        left, right = (part.astype(np.complex128 if part.dtype.kind == "c" else np.float64) for part in (answer, got))
        # Two ways to write one fault differ by their rounding, which is relative to what was summed, not to the sum.
        scale = max(float(np.max(np.abs(part), initial=0, where=np.isfinite(part))) for part in (left, right))
        return bool(np.allclose(left, right, rtol=1e-5, atol=1e-6 * scale, equal_nan=True))


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
