"""The proof of the suite's power as a stream of lines: every fault hunted, every correct variant heard."""

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from convspec.adapters.benign import BENIGN
from convspec.adapters.faulty import FAULTS
from convspec.conformance.battery import Battery
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.engine import Oracle
from convspec.conformance.fitting import fit
from convspec.conformance.machine import environment
from convspec.conformance.proving import Hunt, hear, hunt
from convspec.conformance.requirements import requirements

SCHEMA_VERSION = 1
QUICK_SHARE = 0.95


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
        Effort with which the correct variants are heard.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    workers: int = 2
    faults: tuple[str, ...] = ()
    null_effort: str = "standard"
    version: str = "unknown"
    date: str = ""
    progress: Callable[[str], None] = field(default=lambda text: None)

    @property
    def hunted(self) -> tuple[str, ...]:
        """The faults to hunt."""
        return self.faults or tuple(FAULTS)


_BATTERIES: dict[tuple[str, int], Battery] = {}
_ORACLES: dict[tuple[str, int], Oracle] = {}


def _tools(effort: str, seed: int) -> tuple[Battery, Oracle]:
    """One battery and one oracle for each effort and seed in this process."""
    key = (effort, seed)
    if key not in _BATTERIES:
        _BATTERIES[key], _ORACLES[key] = Battery(seed, effort), Oracle()
    return _BATTERIES[key], _ORACLES[key]


def _hunted(task: tuple[str, str, int]) -> tuple[str, str, int, Hunt]:
    id, effort, seed = task
    battery, oracle = _tools(effort, seed)
    return id, effort, seed, hunt(FAULTS[id], battery, oracle, family=FAULTS[id].family)


def _whole(id: str) -> tuple[str, tuple[str, ...]]:
    """All requirements that find a fault: at quick effort, and at standard effort those that are named and did not."""
    fault = FAULTS[id]
    found = hunt(fault, *_tools("quick", 0), whole=True, family=fault.family).found_by
    missing = [name for name in fault.caught_by if name not in found]
    if missing:
        found += hunt(fault, *_tools("standard", 0), whole=True, ids=missing, family=fault.family).found_by
    order = list(catalogue())
    return id, tuple(sorted(found, key=order.index))


def _heard(task: tuple[str, str]) -> tuple[str, int, list[str]]:
    id, effort = task
    cases, accused_by = hear(BENIGN[id], *_tools(effort, 0))
    return id, cases, accused_by


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
        "environment": environment(),
    }
    context = multiprocessing.get_context("fork")
    with context.Pool(plan.workers) as pool:
        hunts = _all_hunts(plan, pool)
        matrix = dict(_watched(plan, "matrix", pool.imap_unordered(_whole, plan.hunted), len(plan.hunted)))
        variants = list(BENIGN) if not plan.faults else []
        tasks = [(id, plan.null_effort) for id in variants]
        heard = {
            id: (cases, by)
            for id, cases, by in _watched(plan, "correct variants", pool.imap_unordered(_heard, tasks), len(tasks))
        }
    for id in plan.hunted:
        yield _fault_line(id, hunts, matrix[id])
    for id in variants:
        yield {
            "type": "benign",
            "id": id,
            "sentence": BENIGN[id].sentence,
            "cases": heard[id][0],
            "accused_by": heard[id][1],
        }
    yield geometry_line(_tools("standard", 0)[0])
    yield _footer(plan, hunts, matrix, heard, time.perf_counter() - started)


def _all_hunts(plan: Plan, pool: Any) -> dict[tuple[str, int], dict[str, Hunt]]:
    hunts: dict[tuple[str, int], dict[str, Hunt]] = {}
    # Effort by effort and seed by seed, so that a process draws one battery after the other.
    for effort, seed in [*(("standard", seed) for seed in plan.seeds), ("quick", plan.seeds[0])]:
        tasks = [(id, effort, seed) for id in plan.hunted]
        results = pool.imap_unordered(_hunted, tasks)
        for id, _, _, found in _watched(plan, f"{effort} effort, seed {seed}", results, len(tasks)):
            hunts.setdefault((effort, seed), {})[id] = found
    return hunts


def _watched(plan: Plan, name: str, results: Iterable[Any], total: int) -> Iterator[Any]:
    for done, result in enumerate(results, 1):
        if done % 25 == 0 or done == total:
            plan.progress(f"{name}: {done} of {total}")
        yield result


def _fault_line(id: str, hunts: dict[tuple[str, int], dict[str, Hunt]], found_by: tuple[str, ...]) -> dict[str, Any]:
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
                "found_by": found[id].found_by[0] if found[id].found_by else "",
                "cases": found[id].cases,
                "seconds": found[id].seconds,
            }
            for (effort, seed), found in hunts.items()
        ],
    }


def _footer(
    plan: Plan,
    hunts: dict[tuple[str, int], dict[str, Hunt]],
    matrix: dict[str, tuple[str, ...]],
    heard: dict[str, tuple[int, list[str]]],
    seconds: float,
) -> dict[str, Any]:
    standard = [found for (effort, _), members in hunts.items() if effort == "standard" for found in members.values()]
    survivors = sorted({found.id for found in standard if not found.found_by})
    named = {name for id in plan.hunted for name in FAULTS[id].caught_by}
    unnamed = [] if plan.faults else [id for id in requirements() if id not in named and not catalogue()[id].informs]
    not_caught = [[id, name] for id in plan.hunted for name in FAULTS[id].caught_by if name not in matrix[id]]
    alarms = sum(bool(by) for _, by in heard.values())
    found: dict[str, list[dict[str, int]]] = {"standard": [], "quick": []}
    for (effort, seed), members in hunts.items():
        found[effort].append(
            {"seed": seed, "found": sum(bool(item.found_by) for item in members.values()), "total": len(members)}
        )
    quick_enough = all(item["found"] >= QUICK_SHARE * item["total"] for item in found["quick"])
    good = not (survivors or alarms or unnamed or not_caught) and quick_enough
    return {
        "type": "footer",
        "found": found,
        "median_seconds": round(statistics.median(item.seconds for item in standard), 3),
        "worst_seconds": max(item.seconds for item in standard),
        "median_cases": statistics.median(item.cases for item in standard),
        "benign_cases": sum(cases for cases, _ in heard.values()),
        "false_alarms": alarms,
        "survivors": survivors,
        "unnamed": unnamed,
        "not_caught": not_caught,
        "seconds": round(seconds, 1),
        "exit_status": 0 if good else 1,
    }


def _dimensions(case: Case) -> dict[str, str]:
    """On which side of each distinction a valid case lies."""
    (top, bottom), (left, right) = case.geometry.pads
    parities = {(length % 2 == 1) for length in case.kernel}
    over = any(
        (padded - reach) % step
        for padded, reach, step in zip(case.geometry.padded, case.geometry.effective_kernel, case.stride, strict=True)
    )
    if isinstance(case.padding, str):
        pad = f"word {case.padding}"
    elif case.padding == NO_PADS:
        pad = "none"
    elif (top, left) == (bottom, right):
        pad = "symmetric"
    else:
        pad = "more before" if top + left > bottom + right else "more after or mixed"
    return {
        "stride": _steps(case.stride),
        "dilation": _steps(case.dilation),
        "pads": pad,
        "groups": "1" if case.groups == 1 else ("depthwise" if case.groups == case.channels else "between"),
        "kernel": "odd" if parities == {True} else ("even" if parities == {False} else "odd and even"),
        "remainder": "some" if over else "none",
    }


def _steps(pair: tuple[int, int]) -> str:
    return "1" if pair == (1, 1) else ("equal" if pair[0] == pair[1] else "unequal")


VALUES = {
    "stride": ("1", "equal", "unequal"),
    "dilation": ("1", "equal", "unequal"),
    "pads": (
        "none",
        "symmetric",
        "more before",
        "more after or mixed",
        "word valid",
        "word same_upper",
        "word same_lower",
        "word full",
    ),
    "groups": ("1", "between", "depthwise"),
    "kernel": ("odd", "even", "odd and even"),
    "remainder": ("none", "some"),
}


def _feasible(combination: dict[str, str]) -> bool:
    return not (combination.get("stride") == "1" and combination.get("remainder") == "some")


def geometry_line(battery: Battery) -> dict[str, Any]:
    """Which combinations of stride, dilation, pads, groups, kernel parity and remainder are reached."""
    everything = next(iter(FAULTS.values())).capabilities
    seen = [_dimensions(fit(case, everything)) for case in battery.drawn(requirements()["DEF-01"]) if case.is_valid]
    line: dict[str, Any] = {"type": "geometry", "dimensions": {name: list(values) for name, values in VALUES.items()}}
    for size, word in ((2, "pairs"), (3, "triples")):
        feasible, missing = 0, []
        for names in itertools.combinations(VALUES, size):
            reached = {tuple(item[name] for name in names) for item in seen}
            for values in itertools.product(*(VALUES[name] for name in names)):
                if _feasible(dict(zip(names, values, strict=True))):
                    feasible += 1
                    if values not in reached:
                        missing.append([f"{name} {value}" for name, value in zip(names, values, strict=True)])
        line[word] = {"feasible": feasible, "reached": feasible - len(missing)}
        line[f"missing_{word}"] = missing
    return line
