"""Who tests the tests: the suite held against implementations that are wrong on purpose, and against correct ones."""

import contextlib
import importlib
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convspec.adapters.benign import Benign
from convspec.adapters.faulty import Fault
from convspec.adapters.loading import adapt
from convspec.adapters.protocol import Adapter, Array, Deviation, Pads, Pair
from convspec.conformance.battery import Battery
from convspec.conformance.catalogue import catalogue
from convspec.conformance.child import Child, start
from convspec.conformance.engine import Verifier
from convspec.conformance.in_process import InProcess
from convspec.conformance.machine import limited_memory
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import requirements
from convspec.conformance.verdict import Verdict
from convspec.conformance.waiting import TimeLimits
from convspec.rules import BAD

# What is tried first finds most of what those before it do not; the rest as it comes.
FIRST = (
    "DEF-01", "PUR-05", "PUR-06", "NUM-09", "SPC-01", "PAD-05", "ERR-02", "ERR-03", "PUR-01", "ERR-05", "DTY-02",
    "SPC-05", "SHP-10", "ERR-06", "ERR-01", "DTY-03", "DTY-05", "PAD-12", "SPC-06", "SHP-09", "SPC-02", "ERR-04",
    "PUR-04", "SHP-08",
)
# Whatever hangs is known to hang, so it is not waited for long, and each time anew.
LIMITS = TimeLimits(trial=2.0, long=2.0, hangs=math.inf)
# A correct variant has what a user's implementation has.
PATIENT = TimeLimits()
# Of each requirement's cases, so many are tried before any requirement tries more.
GLANCES = (3, 12, 48)
# What these do depends on what was called before, or they end the process.
WITH_HISTORY = ("state", "process")
# Those that read outside their arrays may end it, too.
IN_A_PROCESS = (*WITH_HISTORY, "layouts")
MEMORY = 4 << 30
# Children by the name of what they run.
Started = Mapping[str, Child]


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
    found_by : str
        The requirement that found it first; empty if it survived.
    cases, seconds
        Until it was found, or until all was tried.
    """

    id: str
    found_by: str
    cases: int
    seconds: float


@dataclass(frozen=True)
class Heard:
    """How a correct variant fared: how many cases ran, and which requirements accuse it."""

    id: str
    cases: int
    accused_by: tuple[str, ...]


def in_order(ids: Iterable[str]) -> list[Requirement]:
    """The requirements that can find something, those first that find most."""
    found = requirements()
    entries = catalogue()
    usable = [id for id in ids if not entries[id].informs]
    return [found[id] for id in (*(id for id in FIRST if id in usable), *(id for id in usable if id not in FIRST))]


def hunt(fault: Fault, battery: Battery, oracle: Oracle, started: Started | None = None) -> Hunt:
    """Hold the requirements against a fault until one finds it: the first cases of each, then the others."""
    cases = 0
    with verifying(fault, battery, oracle, started=started) as verifier:
        began = time.perf_counter()
        for verdict in glancing(verifier, with_history=fault.family in WITH_HISTORY):
            cases += verdict.cases
            if accuses(verdict):
                return Hunt(fault.id, verdict.requirement, cases, round(time.perf_counter() - began, 3))
        return Hunt(fault.id, "", cases, round(time.perf_counter() - began, 3))


def glancing(verifier: Verifier, with_history: bool = False) -> Iterator[Verdict]:
    """The verdicts on some cases of each requirement, then on more of each, until all were tried.

    Parameters
    ----------
    with_history : bool
        Whether later cases are not to be tried without those that went before.
    """
    looks = [0, *GLANCES, None]
    parts = [slice(start, end) for start, end in itertools.pairwise(looks)]
    if with_history:
        parts = [slice(GLANCES[1]), slice(None)]
    failed: set[str] = set()
    for part in parts:
        for requirement in in_order(requirements()):
            if requirement.id not in failed:
                verdict = verifier.verify(requirement, catalogue()[requirement.id], part)
                if accuses(verdict):
                    failed.add(requirement.id)
                yield verdict


def finders(
    fault: Fault,
    ids: Iterable[str],
    battery: Battery,
    oracle: Oracle,
    part: slice = slice(None),
    started: Started | None = None,
) -> tuple[str, ...]:
    """Those of some requirements that find a fault, with all their cases or with a part of them."""
    with verifying(fault, battery, oracle, started=started) as verifier:
        return tuple(
            requirement.id
            for requirement in in_order(ids)
            if accuses(verifier.verify(requirement, catalogue()[requirement.id], part))
        )


def hear(
    member: Benign | str,
    battery: Battery,
    oracle: Oracle,
    part: slice = slice(None),
    asked: Sequence[Requirement] | None = None,
) -> Heard:
    """Requirements over a correct variant, or over an adapter that is named, with all cases or a part of them.

    Parameters
    ----------
    asked : sequence of Requirement or None
        All that can accuse, unless said.
    """
    cases = 0
    accused_by: list[str] = []
    with verifying(member, battery, oracle, PATIENT) as verifier:
        for requirement in in_order(requirements()) if asked is None else asked:
            verdict = verifier.verify(requirement, catalogue()[requirement.id], part)
            cases += verdict.cases
            if verdict.outcome in BAD:
                accused_by.append(requirement.id)
            if asked is None:
                oracle.done_with(requirement.id)
        return Heard(verifier.name, cases, tuple(accused_by))


def joined(heard: Iterable[Heard]) -> Heard:
    """What was heard of one variant at several times."""
    parts = tuple(heard)
    # They come in any order, and the proof is to say the same each time.
    accused_by = sorted((id for part in parts for id in part.accused_by), key=list(catalogue()).index)
    return Heard(parts[0].id, sum(part.cases for part in parts), tuple(accused_by))


def needs_a_process(member: Fault | Benign) -> bool:
    """Whether a member may harm this process, or was written by others; the rest are a few lines and answer at once."""
    return bool(member.library) if isinstance(member, Benign) else member.family in IN_A_PROCESS


def accuses(verdict: Verdict) -> bool:
    """Whether a requirement does not hold, and a case shows it."""
    return verdict.outcome in BAD and verdict.counterexample is not None


def start_early(faults: Iterable[Fault]) -> dict[str, Child]:
    """The children of faults that need a process, started while this one is small: a fork copies what it holds."""
    children: dict[str, Child] = {
        fault.id: start(fault.id, adapter=Known(fault), limits=LIMITS)
        for fault in faults
        if needs_a_process(fault)
    }
    for child in children.values():
        # What it says of itself is read here, once, and not by each process that is forked from this one.
        _ = child.description
    return children


def _adapter(member: Fault | Benign) -> Adapter:
    """A member of the zoo as an adapter: a plain function as one that comes from outside."""
    is_plain = isinstance(member, Benign) and member.is_plain
    return adapt(member.function, member.id) if is_plain else Known(member)


@contextlib.contextmanager
def verifying(
    member: Fault | Benign | str,
    battery: Battery,
    oracle: Oracle,
    limits: TimeLimits = LIMITS,
    started: Started | None = None,
) -> Iterator[Verifier]:
    """A verifier of a member of the zoo, or of a target that is named; a child that it starts ends with the block."""
    child: Child
    name = member if isinstance(member, str) else member.id
    early = (started or {}).get(name)
    if early is not None:
        child = early
    elif isinstance(member, str):
        child = start(member, limits=limits)
    elif needs_a_process(member):
        child = start(member.id, adapter=_adapter(member), limits=limits)
    else:
        child = InProcess(member.id, adapter=_adapter(member), calls=oracle.calls_of)
    # What has no history answers alike in a worker that has one.
    forgets = isinstance(member, str) or (isinstance(member, Fault) and member.family in WITH_HISTORY)
    here = isinstance(child, InProcess)
    with limited_memory(MEMORY) if here else contextlib.nullcontext():
        try:
            yield Verifier(name, child, battery, oracle, shrinks=False, forgets=forgets)
        finally:
            (child.close if early is None else child.fresh)()
