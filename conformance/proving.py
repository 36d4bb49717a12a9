"""Who tests the tests: the suite held against implementations that are wrong on purpose, and against correct ones."""

import importlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from convspec.adapters.benign import Benign
from convspec.adapters.faulty import Fault
from convspec.adapters.protocol import Array, Deviation, Pads, Pair
from convspec.conformance.battery import Battery
from convspec.conformance.catalogue import catalogue
from convspec.conformance.child import start
from convspec.conformance.engine import Oracle, Verifier
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import requirements
from convspec.conformance.results import BAD

# What is tried first finds most: the definition itself, then state, layouts, padding words, the rest as it comes.
FIRST = ("DEF-01", "PUR-05", "PUR-02", "PAD-04", "PAD-05", "DTY-02", "NUM-09")
TIME_LIMIT = 2.0


class Known:
    """A member of the zoo as an adapter."""

    versions: dict[str, str] = {}
    deviations: tuple[Deviation, ...] = ()

    def __init__(self, member: Fault | Benign) -> None:
        if isinstance(member, Benign) and member.library:
            # Imported here, so that each fork finds it imported.
            importlib.import_module(member.library)
        self.name = member.id
        self.function = member.function
        self.capabilities = member.capabilities
        self.numerics = member.numerics

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Any:
        """Pass the call on."""
        return self.function(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


@dataclass(frozen=True)
class Hunt:
    """How a fault was, or was not, found.

    Parameters
    ----------
    found_by : tuple of str
        Requirements that found it; the first one only, unless the whole matrix was asked for.
    cases, seconds
        Until the first find.
    """

    id: str
    family: str
    found_by: tuple[str, ...]
    cases: int
    seconds: float


def in_order(ids: Iterable[str]) -> list[Requirement]:
    """The requirements that can find something, those first that find most."""
    found = requirements()
    entries = catalogue()
    usable = [id for id in ids if not entries[id].informs]
    return [found[id] for id in (*(id for id in FIRST if id in usable), *(id for id in usable if id not in FIRST))]


def hunt(
    member: Fault | Benign,
    battery: Battery,
    oracle: Oracle,
    *,
    whole: bool = False,
    ids: Iterable[str] | None = None,
    family: str = "",
) -> Hunt:
    """Hold the requirements against one member of the zoo.

    Parameters
    ----------
    whole : bool
        Go on after the first find, so that all that find it are known.
    ids : iterable of str or None
        The requirements to try; None for all.
    """
    child = start(member.id, adapter=Known(member), time_limit=TIME_LIMIT)
    started = time.perf_counter()
    found: list[str] = []
    cases, first_cases, first_seconds = 0, 0, 0.0
    try:
        verifier = Verifier(member.id, child, battery, oracle, shrinks=False)
        for requirement in in_order(requirements() if ids is None else ids):
            verdict = verifier.verify(requirement, catalogue()[requirement.id])
            cases += verdict.cases
            if verdict.outcome in BAD:
                if not found:
                    first_cases, first_seconds = cases, time.perf_counter() - started
                found.append(requirement.id)
                if not whole:
                    break
    finally:
        child.close()
    return Hunt(
        member.id, family, tuple(found), first_cases or cases, round(first_seconds or time.perf_counter() - started, 3)
    )


def hear(benign: Benign, battery: Battery, oracle: Oracle) -> tuple[int, list[str]]:
    """All requirements over a correct variant: how many cases ran, and which requirements accuse it wrongly."""
    child = start(benign.id, adapter=Known(benign), time_limit=5 * TIME_LIMIT)
    cases = 0
    accused_by: list[str] = []
    try:
        verifier = Verifier(benign.id, child, battery, oracle, shrinks=False)
        for requirement in in_order(requirements()):
            verdict = verifier.verify(requirement, catalogue()[requirement.id])
            cases += verdict.cases
            if verdict.outcome in BAD:
                accused_by.append(requirement.id)
    finally:
        child.close()
    return cases, accused_by
