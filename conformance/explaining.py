"""How often an explanation is right: measured on the zoo, on the zoo without the fault itself, and on homework."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convspec.adapters.faulty import FAULTS, Fault
from convspec.adapters.homework import Homework
from convspec.conformance.battery import Battery, further
from convspec.conformance.catalogue import catalogue
from convspec.conformance.diagnosis import (
    FEWEST_BATTERIES,
    NOT_COMPARED,
    Diagnosis,
    diagnose,
    gathered,
    gives_the_same_answers,
    labelled,
)
from convspec.conformance.engine import Verifier
from convspec.conformance.oracle import Oracle
from convspec.conformance.proving import Started, accuses, glancing, in_order, verifying
from convspec.conformance.requirements import requirements

# An explanation is drawn from the first failing requirements.
FAILURES = 2
# Far from the seeds of any hunt: what an explanation says is held against cases that it was not drawn from.
HELD_OUT = 1_000_003
# They are asked for until so many fail.
HELD_OUT_FAILURES = 10


@dataclass(frozen=True)
class Explained:
    """One explanation, and whether it is right."""

    id: str
    right: bool
    said: str


def draw_for(found_by: Iterable[Sequence[str]], seed: int) -> None:
    """Draw what most explanations will ask for, so that processes that are forked later share it.

    Parameters
    ----------
    found_by : iterable of sequence of str
        The requirements that find each of the faults.
    seed : int
        Of the battery with which they will be explained.
    """
    wanted = {requirement.id: requirement for ids in found_by for requirement in in_order(ids)[:FAILURES]}
    for number in (*range(seed + 1, seed + 1 + FEWEST_BATTERIES), HELD_OUT):
        for requirement in wanted.values():
            further(number).drawn(requirement)


def compared() -> tuple[str, ...]:
    """The faults that are told by their answers; the others misbehave towards the process, or from call to call."""
    return tuple(fault.id for fault in FAULTS.values() if fault.family not in NOT_COMPARED)


def explain_homework(item: Homework, battery: Battery, oracle: Oracle) -> Explained:
    """Whether the mistake in a homework function is named."""
    with verifying(item.target, battery, oracle) as verifier:
        failing = _failing(verifier)
        found = diagnose(verifier, failing) if failing else None
    return Explained(item.id, found is not None and found.faults == (item.fault,), _said(found))


def explain_fault(
    fault: Fault, battery: Battery, oracle: Oracle, found_by: Sequence[str] = (), started: Started | None = None
) -> tuple[Explained, Explained]:
    """Whether a fault of the zoo is recognised, and whether what is said of it is right when it is not known.

    Recognised is it by its name, or by the name of one that does the same. What is said without it must be borne out
    by cases from which it was not drawn.

    Parameters
    ----------
    found_by : sequence of str
        Requirements of which it is known that they find it; none if all must be tried.
    started : mapping
        Children that were started early.
    """
    with verifying(fault, battery, oracle, started=started) as verifier:
        failing = _failing(verifier, found_by)
        evidence = gathered(verifier, failing)
        found = diagnose(verifier, failing, evidence=evidence)
        without = diagnose(verifier, failing, evidence=evidence, without=[fault.id])
        right = found is not None and (found.faults == (fault.id,) or _does_the_same(verifier, found, failing))
        return (
            Explained(fault.id, right, _said(found)),
            Explained(fault.id, without is not None and _is_borne_out(verifier, without, failing), _said(without)),
        )


def _does_the_same(verifier: Verifier, found: Diagnosis, failing: list[tuple[str, str]]) -> bool:
    asked = [requirements()[id] for id, _ in failing]
    return bool(found.faults) and gives_the_same_answers(verifier, found.faults, asked, HELD_OUT)


def _is_borne_out(verifier: Verifier, found: Diagnosis, failing: list[tuple[str, str]]) -> bool:
    if found.faults:
        return _does_the_same(verifier, found, failing)
    asked = [requirements()[id] for id, _ in failing]
    cases = labelled(verifier, asked, HELD_OUT, fewest_batteries=1, enough=HELD_OUT_FAILURES)
    return found.shared.is_borne_out(cases) if found.shared is not None else any(item.fails for item in cases)


def _failing(verifier: Verifier, found_by: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The first requirements that fail, each with its case."""
    known = (verifier.verify(requirement, catalogue()[requirement.id]) for requirement in in_order(found_by))
    failing = (
        (verdict.requirement, verdict.counterexample.case.line)
        for verdict in (known if found_by else glancing(verifier))
        if accuses(verdict) and verdict.counterexample is not None
    )
    return list(itertools.islice(failing, FAILURES))


def _said(found: Diagnosis | None) -> str:
    if found is None:
        return ""
    return ", ".join(found.faults) or found.sentence
