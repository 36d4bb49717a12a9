"""The handful of cases that comes before all others and tells a miswired adapter from a wrong implementation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from convspec.adapters.protocol import Capabilities
from convspec.checking import split_words
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Trial
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.checks_definition import COUNTING, EDGE
from convspec.conformance.child import start
from convspec.conformance.engine import Verifier
from convspec.conformance.fitting import fit
from convspec.conformance.judging import Finding
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirements import requirements
from convspec.conformance.waiting import TimeLimits
from convspec.rules import NOTHING_VERIFIED

ONE_TAP = Case((1, 1, 1, 1), (1, 1, 1, 1), literal=((3,), (2,), ()))
WRITTEN_OUT = (("one tap on one pixel", ONE_TAP), ("the counting picture", COUNTING), ("the edge picture", EDGE))
LAYER = Case((2, 2, 4, 5), (3, 2, 2, 3), (3,), data="int", seed=5)
TOO_LARGE = Case((1, 1, 2, 2), (1, 1, 3, 3), data="int", seed=5)
ANSWERS, REFUSES = "DEF-01", "ERR-10"


@dataclass(frozen=True)
class Tried:
    """One case and what came of it.

    Parameters
    ----------
    name : str
        What was run, in words.
    finding : Finding or None
        What is wrong.
    answered : bool
        Whether an array came back.
    """

    name: str
    finding: Finding | None
    answered: bool


def smoke(target: str, dtypes: Iterable[str] = (), time_limit: float = 10.0) -> int:
    """Run a handful of fixed cases and say whether the adapter is miswired or the implementation wrong.

    Returns
    -------
    int
        0 if all are in order, 1 otherwise; 3 if the exclusions leave none.
    """
    wanted = split_words(dtypes)
    child = start(target, dtypes=wanted, limits=TimeLimits.of(time_limit))
    try:
        verifier = Verifier(target, child, Battery(0, "quick"), Oracle(), dtypes=wanted)
        claims = verifier.capabilities
        print(f"{target}: profile {claims.profile}, dtypes {', '.join(claims.dtypes)}")
        for feature, reason in verifier.not_claimed.items():
            print(f"  not claimed: {feature} ({reason})")
        tried = [found for case in smoke_cases(claims) if (found := _answer(verifier, case)) is not None]
        answers_all = _refusal(verifier)
        status, conclusion = concluded(tried, answers_all)
        print(conclusion)
        return status
    finally:
        child.close()


def smoke_cases(claims: Capabilities) -> list[Case]:
    """The cases inside the claims: three that are written out, padding and stride, and one for each dtype."""
    stride = (2, 2) if claims.stride != "none" else (1, 1)
    padding = ((1, 1), (1, 1)) if claims.padding != "none" else NO_PADS
    whole = [*(case for _, case in WRITTEN_OUT), EDGE.but(stride=stride, padding=padding)]
    whole += [LAYER.but(dtype=dtype) for dtype in claims.dtypes]
    # Without padding and stride the fourth is the third.
    return list({case.id: case for case in (fit(case, claims) for case in whole)}.values())


def in_words(case: Case) -> str:
    """What a case of `smoke_cases` is."""
    return ", ".join(_parts(case))


def _parts(case: Case) -> Iterator[str]:
    known = [name for name, written in WRITTEN_OUT if case.literal is not None and case.literal == written.literal]
    yield known[0] if known else "a picture of {}x{}".format(*case.size)
    yield "a {}x{} kernel".format(*case.kernel)
    if case.channels > 1:
        yield f"{case.channels} channels"
    if case.outputs > 1:
        yield f"{case.outputs} filters"
    if case.batch > 1:
        yield f"a batch of {case.batch}"
    if case.bias_shape is not None:
        yield "a bias"
    if case.padding != NO_PADS:
        yield f"padding {case.padding[0][0]}"
    if case.stride != (1, 1):
        yield f"stride {case.stride[0]}"
    yield case.dtype


def _answer(verifier: Verifier, case: Case) -> Tried | None:
    """Run a case and print what came of it; None if it is not claimed after all."""
    name = in_words(case)
    (excluded, deviations), = verifier.child.annotate([case])
    if excluded:
        print(f"  left out: {name} (not claimed: {excluded})")
        return None
    finding, trial = verifier.once(requirements()[ANSWERS], case)
    if finding is None:
        print(f"  ok    {name}")
    elif deviations:
        print(f"  known {name}: {verifier.child.description.deviations[deviations[0]].reason}")
        return None
    else:
        print(f"  {'WRONG' if _is_answer(trial) else 'RAISE'} {name}: {finding.reason}")
    return Tried(name, finding, _is_answer(trial))


def _is_answer(trial: Trial) -> bool:
    return trial.outcomes[0].kind == "returned"


def _refusal(verifier: Verifier) -> bool:
    """Ask for what is no convolution; whether an adapter that has to refuse it answers."""
    case = fit(TOO_LARGE, verifier.capabilities)
    name = "a picture of {}x{}, a {}x{} kernel: must raise".format(*case.size, *case.kernel)
    (excluded, deviations), = verifier.child.annotate([case])
    if excluded or deviations:
        return False
    finding, _ = verifier.once(requirements()[REFUSES], case)
    if finding is None:
        print(f"  ok    {name}")
        return False
    if verifier.child.description.signature is not None:
        print(f"  note  {name}, {finding.reason}. A plain function need not check its arguments.")
        return False
    print(f"  WRONG {name}, {finding.reason}")
    return True


def concluded(tried: list[Tried], answers_all: bool) -> tuple[int, str]:
    """The exit status, and what the cases say together.

    Parameters
    ----------
    tried : list of Tried
    answers_all : bool
        Whether what is no convolution was answered, and should not have been.
    """
    right = [found for found in tried if found.finding is None]
    wrong = [found for found in tried if found.finding is not None and found.answered]
    silent = [found for found in tried if not found.answered]
    if not tried:
        return NOTHING_VERIFIED, "Nothing was tried: the exclusions leave none of these cases."
    if not right and not wrong:
        return 1, "No wrong answers, but none at all: the adapter looks miswired (how it is called, what it returns)."
    if not right:
        return 1, "Nothing is right, not even one tap on one pixel: the adapter looks miswired."
    if wrong:
        return 1, ("Simple cases are right, others are not: the implementation looks wrong. "
                   "`convspec check` says how.")
    if silent:
        names = "; ".join(found.name for found in silent)
        return 1, f"Right where it answers. It gives no answer to: {names}. What it does not offer must not be claimed."
    if answers_all:
        return 1, ("All answers are right, but what is no convolution is answered too: "
                   "`check_arguments` of convspec.adapters.checks refuses it.")
    return 0, "All in order: the adapter is wired up. `convspec check` asks for everything."
