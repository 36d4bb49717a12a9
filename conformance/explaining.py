"""How often an explanation is right: measured on the zoo, on the zoo without the fault itself, and on homework."""

from dataclasses import dataclass

from convspec.adapters.faulty import FAULTS, Fault
from convspec.adapters.homework import Homework
from convspec.conformance.battery import Battery
from convspec.conformance.catalogue import catalogue
from convspec.conformance.diagnosis import NOT_COMPARED, Diagnosis, diagnose, gives_the_same_answers, labelled
from convspec.conformance.engine import Oracle, Verifier
from convspec.conformance.proving import accuses, in_order, verifying
from convspec.conformance.requirements import requirements

# An explanation is drawn from the first failing requirements.
FAILURES = 2
# Far from the seeds of any hunt: what an explanation says is held against cases that it was not drawn from.
HELD_OUT = 1_000_003


@dataclass(frozen=True)
class Explained:
    """One explanation, and whether it is right."""

    id: str
    right: bool
    said: str


def compared() -> tuple[str, ...]:
    """The faults that are told by their answers; the others misbehave towards the process, or from call to call."""
    return tuple(fault.id for fault in FAULTS.values() if fault.family not in NOT_COMPARED)


def explain_homework(item: Homework, battery: Battery, oracle: Oracle) -> Explained:
    """Whether the mistake in a homework function is named."""
    with verifying(item.target, battery, oracle) as verifier:
        found = _diagnosis(verifier)
    return Explained(item.id, found is not None and found.faults == (item.fault,), _said(found))


def explain_fault(fault: Fault, battery: Battery, oracle: Oracle) -> Explained:
    """Whether a fault of the zoo is recognised: by its name, or by the name of one that does the same."""
    with verifying(fault, battery, oracle) as verifier:
        found = _diagnosis(verifier)
        right = found is not None and bool(found.faults) and (
            found.faults == (fault.id,) or gives_the_same_answers(verifier, found.faults, HELD_OUT)
        )
    return Explained(fault.id, right, _said(found))


def explain_without_twin(fault: Fault, battery: Battery, oracle: Oracle) -> Explained:
    """Whether what is said of a fault that is not known is borne out by cases from which it was not drawn."""
    with verifying(fault, battery, oracle) as verifier:
        failing = _failing(verifier)
        found = diagnose(verifier, failing, without=[fault.id])
        known = [requirements()[id] for id, _ in failing]
        if found is None:
            right = False
        elif found.faults:
            right = gives_the_same_answers(verifier, found.faults, HELD_OUT)
        elif found.shared is not None:
            right = found.shared.is_borne_out(labelled(verifier, known, HELD_OUT))
        else:
            right = any(item.fails for item in labelled(verifier, known, HELD_OUT))
    return Explained(fault.id, right, _said(found))


def _diagnosis(verifier: Verifier) -> Diagnosis | None:
    failing = _failing(verifier)
    return diagnose(verifier, failing) if failing else None


def _failing(verifier: Verifier) -> list[tuple[str, str]]:
    """The first requirements that fail, each with its case."""
    found: list[tuple[str, str]] = []
    for requirement in in_order(requirements()):
        verdict = verifier.verify(requirement, catalogue()[requirement.id])
        if accuses(verdict) and verdict.counterexample is not None:
            found.append((requirement.id, verdict.counterexample.case.line))
            if len(found) == FAILURES:
                break
    return found


def _said(found: Diagnosis | None) -> str:
    if found is None:
        return ""
    return ", ".join(found.faults) or found.sentence
