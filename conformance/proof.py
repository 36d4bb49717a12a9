"""The proof of the suite's power as a stream of lines.

Every fault is hunted, every correct variant heard; then what the generator and the suite reach is counted, how often an
explanation is right, and small worlds are explored whole.
"""

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from typing import Any

from convspec.adapters.benign import BENIGN
from convspec.adapters.faulty import FAULTS
from convspec.adapters.homework import homework
from convspec.conformance.battery import Battery
from convspec.conformance.catalogue import catalogue
from convspec.conformance.covered import code_lines
from convspec.conformance.exhaustive import line_for_proof
from convspec.conformance.explaining import (
    Explained,
    compared,
    draw_for,
    explain_fault,
    explain_homework,
)
from convspec.conformance.machine import environment
from convspec.conformance.oracle import Oracle
from convspec.conformance.proving import (
    FIRST,
    WITH_HISTORY,
    Heard,
    Hunt,
    finders,
    hear,
    hunt,
    in_order,
    joined,
    needs_a_process,
    start_early,
)
from convspec.conformance.reach import geometry_line
from convspec.conformance.requirements import requirements

SCHEMA_VERSION = 1
PARTS = ("hunts", "correct", "geometry", "code", "diagnosis", "exhaustive")
QUICK_SHARE = 0.95
ADAPTERS = {
    "scipy": "The adapter of SciPy's correlate2d.",
    "torch": "The adapter of PyTorch's conv2d.",
    "vectorized": "The project's own vectorised variant.",
}
# Of each requirement's cases at standard effort, so many are tried on every fault, and on every correct variant.
TRIED_CASES, HEARD_CASES = 6, 54
Tools = tuple[Battery, Oracle]


@dataclass(frozen=True)
class Plan:
    """What is to be proved.

    Parameters
    ----------
    seeds : tuple of int
        Standard effort hunts every fault with each.
    workers : int
        Processes side by side.
    faults : tuple of str
        Ids to hunt; empty for all.
    null_effort : str
        Effort with which the correct variants are heard, with the first seed; if empty, `HEARD_CASES` are enough.
    parts : tuple of str
        Out of `PARTS`; the footer counts what was done.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    workers: int = 2
    faults: tuple[str, ...] = ()
    null_effort: str = ""
    parts: tuple[str, ...] = PARTS
    version: str = "unknown"
    date: str = ""
    progress: Callable[[str], None] = field(default=lambda text: None)

    @property
    def hunted(self) -> tuple[str, ...]:
        """The faults to hunt."""
        return (self.faults or tuple(FAULTS)) if "hunts" in self.parts else ()

    @property
    def heard(self) -> tuple[str, ...]:
        """The correct variants to hear, and the adapters."""
        return (*BENIGN, *ADAPTERS) if "correct" in self.parts and not self.faults else ()

    @property
    def heard_with(self) -> str:
        """With which cases they are heard, in words."""
        if self.null_effort:
            return f"all cases of {self.null_effort} effort"
        return f"the first {HEARD_CASES} cases of each at standard effort"

    def has(self, part: str) -> bool:
        """Whether a summary of the whole is wanted."""
        return part in self.parts and not self.faults


class _Workshop:
    """Batteries, drawn before the processes are forked that share them, and their oracles."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.started = start_early(FAULTS[id] for id in plan.hunted)
        # What is held against explanations is asked for again and again, and by nobody else.
        self.further = Oracle(for_several=True)
        self._made: dict[tuple[str, int], Tools] = {}

    def prepare(self, effort: str, seed: int) -> None:
        """Draw a battery."""
        battery, _ = self.tools(effort, seed)
        for requirement in requirements().values():
            battery.drawn(requirement)

    def forget(self, effort: str, seed: int) -> None:
        """Give the memory of a battery back."""
        del self._made[effort, seed]

    def close(self) -> None:
        """Give all memory back, and end what was started."""
        self._made.clear()
        for child in self.started.values():
            child.close()

    def tools(self, effort: str, seed: int) -> Tools:
        """A battery and its oracle."""
        if (effort, seed) not in self._made:
            self._made[effort, seed] = Battery(seed, effort), Oracle(for_several=True)
        return self._made[effort, seed]

    def pool(self) -> Pool:
        """Processes forked now: one more than are to work, as some only wait for what hangs."""
        return multiprocessing.get_context("fork").Pool(self.plan.workers + 1)


# Set before each pool is forked: what it holds is too large to be sent.
_WORKSHOP: list[_Workshop] = []


def _hunted(task: tuple[str, str, int]) -> Hunt:
    id, effort, seed = task
    workshop = _WORKSHOP[-1]
    return hunt(FAULTS[id], *workshop.tools(effort, seed), workshop.started)


def _finders(id: str) -> tuple[str, tuple[str, ...]]:
    """The requirements that find a fault with their first cases; those that it names may try all."""
    workshop, fault = _WORKSHOP[-1], FAULTS[id]
    seed = workshop.plan.seeds[0]
    # What hangs does so under nearly every requirement, for seconds each time: a few will do.
    tried = (*FIRST, *fault.caught_by) if fault.family == "process" else requirements()
    tools = workshop.tools("standard", seed)
    found = finders(fault, dict.fromkeys(tried), *tools, slice(TRIED_CASES), workshop.started)
    missing = [name for name in fault.caught_by if name not in found]
    if missing:
        found += finders(fault, missing, *tools, started=workshop.started)
    order = list(catalogue())
    return id, tuple(sorted(found, key=order.index))


def _heard(task: tuple[str, str]) -> list[Heard]:
    """A variant under all requirements, or a requirement over all variants that need no process."""
    kind, id = task
    workshop = _WORKSHOP[-1]
    effort, seed = workshop.plan.null_effort, workshop.plan.seeds[0]
    part = slice(None if effort else HEARD_CASES)
    battery, _ = workshop.tools(effort or "standard", seed)
    if kind == "variant":
        return [hear(BENIGN.get(id, id), battery, Oracle(), part)]
    # One after the other, so that what is right is worked out once, and forgotten when all were heard.
    oracle = Oracle(for_several=True)
    members = [member for member in BENIGN.values() if not needs_a_process(member)]
    return [hear(member, battery, oracle, part, [requirements()[id]]) for member in members]


def _hearings() -> list[tuple[str, str]]:
    """What takes longest comes first."""
    apart = [id for id, member in BENIGN.items() if needs_a_process(member)]
    together = sorted(in_order(requirements()), key=lambda requirement: -requirement.share)
    return [*(("variant", id) for id in (*ADAPTERS, *apart)), *(("requirement", item.id) for item in together)]


def _worlds() -> list[dict[str, Any]]:
    return [line_for_proof()]


def _reached() -> list[dict[str, Any]]:
    return list(code_lines())


def _homework_explained(id: str) -> Explained:
    workshop = _WORKSHOP[-1]
    return explain_homework(homework()[id], *workshop.tools("quick", workshop.plan.seeds[0]))


def _fault_explained(task: tuple[str, tuple[str, ...]]) -> tuple[Explained, Explained]:
    workshop, (id, found_by) = _WORKSHOP[-1], task
    battery, _ = workshop.tools("standard", workshop.plan.seeds[0])
    return explain_fault(FAULTS[id], battery, workshop.further, found_by, workshop.started)


def prove(plan: Plan) -> Iterator[dict[str, Any]]:
    """The lines of the proof, header first, footer last.

    Yields
    ------
    dict
        One line of ``proof.jsonl``.
    """
    started = time.perf_counter()
    yield {
        "type": "header",
        "kind": "proof",
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": "convspec", "version": plan.version},
        "date": plan.date,
        "seeds": list(plan.seeds),
        "efforts": ["standard", "quick"],
        "heard": plan.heard_with,
        "environment": environment(),
    }
    for entry in catalogue().values():
        if entry.is_checked:
            yield {"type": "requirement", "id": entry.id, "title": entry.title, "informs": entry.informs}
    workshop = _Workshop(plan)
    _WORKSHOP.append(workshop)
    try:
        hunts = _hunts(plan, workshop)
        if plan.heard and plan.null_effort:
            workshop.prepare(plan.null_effort, plan.seeds[0])
        with workshop.pool() as pool:
            # What takes longest is given out first, and asked for last.
            worlds = [pool.apply_async(_worlds)] if plan.has("exhaustive") else []
            reached = [pool.apply_async(_reached)] if plan.has("code") else []
            found = pool.imap_unordered(_finders, _slow_first(plan.hunted))
            hearings = _hearings() if plan.heard else []
            hearing = pool.imap_unordered(_heard, hearings)
            matrix = dict(_watched(plan, "matrix", found, len(plan.hunted)))
            yield from (_fault_line(id, hunts, matrix[id]) for id in plan.hunted)
            if plan.has("diagnosis"):
                draw_for((matrix.get(id, ()) for id in compared()), plan.seeds[0])
            parts = [item for some in _watched(plan, "correct variants", hearing, len(hearings)) for item in some]
            heard = [joined(item for item in parts if item.id == id) for id in plan.heard]
            yield from (_benign_line(item) for item in heard)
            for name, results in (("lines and branches that are reached", reached), ("small worlds", worlds)):
                for result in results:
                    yield from result.get()
                    plan.progress(name)
        if plan.has("diagnosis"):
            with workshop.pool() as pool:
                yield from _explained(plan, pool, matrix)
    finally:
        _WORKSHOP.pop()
        workshop.close()
    if plan.has("geometry"):
        yield geometry_line(Battery(plan.seeds[0], "standard"))
    yield _footer(plan, hunts, matrix, heard, time.perf_counter() - started)


def _benign_line(item: Heard) -> dict[str, Any]:
    sentence = BENIGN[item.id].sentence if item.id in BENIGN else ADAPTERS[item.id]
    return {
        "type": "benign", "id": item.id, "sentence": sentence, "cases": item.cases, "accused_by": list(item.accused_by),
    }


Hunts = dict[tuple[str, int], dict[str, Hunt]]


def _hunts(plan: Plan, workshop: _Workshop) -> Hunts:
    """Round after round: one battery for all faults, drawn before the processes are forked and beside those before."""
    hunts: Hunts = {}
    rounds = [*(("standard", seed) for seed in reversed(plan.seeds)), ("quick", plan.seeds[0])] if plan.hunted else []
    if rounds:
        workshop.prepare(*rounds[0])
    for (effort, seed), following in itertools.zip_longest(rounds, rounds[1:]):
        tasks = [(id, effort, seed) for id in _slow_first(plan.hunted)]
        with workshop.pool() as pool:
            results = pool.imap_unordered(_hunted, tasks)
            if following is not None:
                workshop.prepare(*following)
            found = list(_watched(plan, f"{effort} effort, seed {seed}", results, len(tasks)))
        hunts[effort, seed] = {item.id: item for item in found}
        # The batteries of the first seed stay: what comes after the hunts needs them, too.
        if seed != plan.seeds[0]:
            workshop.forget(effort, seed)
    return hunts


def _slow_first(ids: Iterable[str]) -> list[str]:
    """Those in processes of their own take longest: nobody is to wait for them at the end."""
    return sorted(ids, key=lambda id: FAULTS[id].family not in WITH_HISTORY)


def _explained(plan: Plan, pool: Pool, found_by: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """How often explanations are right, measured in three ways."""
    exercises = [id for id, item in homework().items() if item.fault]
    answers = pool.imap_unordered(_homework_explained, exercises)
    tasks = [(id, found_by.get(id, ())) for id in compared()]
    explained = pool.imap_unordered(_fault_explained, tasks)
    yield _diagnosis_line("homework", _in_order(exercises, _watched(plan, "homework", answers, len(exercises))))
    both = list(_watched(plan, "explanations", explained, len(tasks)))
    for number, what in enumerate(("zoo", "zoo without the twin")):
        yield _diagnosis_line(what, _in_order(compared(), [pair[number] for pair in both]))


def _diagnosis_line(what: str, found: list[Explained]) -> dict[str, Any]:
    return {
        "type": "diagnosis",
        "what": what,
        "total": len(found),
        "right": sum(item.right for item in found),
        "wrong": [{"id": item.id, "said": item.said} for item in found if not item.right],
    }


def _in_order(ids: Sequence[str], found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda item: ids.index(item.id))


def _watched(plan: Plan, name: str, results: Iterable[Any], total: int) -> Iterator[Any]:
    for done, result in enumerate(results, 1):
        if done % 25 == 0 or done == total:
            plan.progress(f"{name}: {done} of {total}")
        yield result


def _fault_line(id: str, hunts: Hunts, found_by: tuple[str, ...]) -> dict[str, Any]:
    fault = FAULTS[id]
    return {
        "type": "fault",
        "id": id,
        "family": fault.family,
        "sentence": fault.sentence,
        "remedy": fault.remedy,
        "hides": fault.hides,
        "recreates": fault.recreates,
        "caught_by": list(fault.caught_by),
        "found_by": list(found_by),
        "hunts": [
            {
                "effort": effort,
                "seed": seed,
                "found_by": found[id].found_by,
                "cases": found[id].cases,
                "seconds": found[id].seconds,
            }
            for (effort, seed), found in hunts.items()
        ],
    }


def _footer(
    plan: Plan, hunts: Hunts, matrix: dict[str, tuple[str, ...]], heard: list[Heard], seconds: float
) -> dict[str, Any]:
    standard = [found for (effort, _), members in hunts.items() if effort == "standard" for found in members.values()]
    survivors = sorted({found.id for found in standard if not found.found_by})
    named = {name for id in plan.hunted for name in FAULTS[id].caught_by}
    finding = [id for id in requirements() if not catalogue()[id].informs]
    unnamed = [id for id in finding if id not in named] if plan.has("hunts") else []
    not_caught = [[id, name] for id in plan.hunted for name in FAULTS[id].caught_by if name not in matrix[id]]
    alarms = sum(bool(item.accused_by) for item in heard)
    found: dict[str, list[dict[str, int]]] = {"standard": [], "quick": []}
    for (effort, seed), members in sorted(hunts.items()):
        found[effort].append(
            {"seed": seed, "found": sum(bool(item.found_by) for item in members.values()), "total": len(members)}
        )
    cases = [item.cases for item in standard]
    seconds_each = [item.seconds for item in standard]
    quick_enough = all(item["found"] >= QUICK_SHARE * item["total"] for item in found["quick"])
    good = not (survivors or alarms or unnamed or not_caught) and quick_enough
    return {
        "type": "footer",
        "found": found,
        "median_seconds": round(statistics.median(seconds_each), 3) if standard else None,
        "worst_seconds": max(seconds_each, default=None),
        "median_cases": statistics.median(cases) if standard else None,
        "benign_cases": sum(item.cases for item in heard),
        "false_alarms": alarms,
        "survivors": survivors,
        "unnamed": unnamed,
        "not_caught": not_caught,
        "seconds": round(seconds, 1),
        "exit_status": 0 if good else 1,
    }
