"""Time calls that take turns: round after round in one process, each turn timed by pytest-benchmark.

Times on a shared machine mean little; ratios of neighbouring times mean more. So all implementations of a workload run
in turn, each round starting with another one, and every round gives one ratio to PyTorch's time in that round. A matrix
product runs among them: it is the yardstick for the share of the machine's rate that the others reach.
"""

import json
import math
import os
import statistics
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from agreement import Checked
from implementations import IMPLEMENTATIONS, Call, NotOffered, prepared, threads
from workloads import Workload, growth

LEAST_TURN = 0.002
MOST_ROUNDS = 40
# A turn longer than this share of a workload's time is made in few rounds only.
SLOW = 0.1
# A first call as long as this is no longer for being the first one.
LONG = 0.1
# Threads of the one before wait for work in a busy loop, those of OpenBLAS for 2**26 cycles, and would be in the way.
PAUSE = 0.06
MATRIX = 1024
YARDSTICK = "matrix product"
RATED = ("float32", "float64")
PAST_THE_CACHES = 1 << 26


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Seconds for each workload and for each point of a curve; rounds at least, and of what is slow; and by what the
    operations are multiplied that a slow implementation is asked for at most.
    """

    seconds: float
    curve_seconds: float
    least_rounds: int
    slow_rounds: int
    patience: float


EFFORTS = {"quick": Effort(0.3, 0.04, 3, 1, 0.25), "standard": Effort(2.0, 0.4, 5, 3, 1.0)}


@dataclass(frozen=True)
class Turn:
    """One implementation's turn in one round of one task."""

    task: str
    name: str
    round: int
    call: Call
    iterations: int
    pause: float


class Turns:
    """A pytest plugin that gives `rounds.py` its turns."""

    def __init__(self, turns: list[Turn]) -> None:
        self.turns = turns

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make an item of each turn, in order."""
        metafunc.parametrize("turn", self.turns, ids=[str(place) for place in range(len(self.turns))])

    def pytest_benchmark_generate_machine_info(self) -> dict[str, Any]:
        """Name no machine: finding it out takes a second, and the benchmark names it once."""
        return {}

    def pytest_benchmark_generate_commit_info(self) -> dict[str, Any]:
        """Name no commit."""
        return {}


def planned(task: str, calls: dict[str, Call], first: dict[str, float], effort: Effort, seconds: float) -> list[Turn]:
    """Divide the time for a task into rounds.

    Parameters
    ----------
    task : str
    calls : dict
    first : dict
        Seconds of the first call of each, which was checked; a short one is made once more to know how long it takes.
    effort, seconds
    """
    single: dict[str, float] = {}
    for name, call in calls.items():
        single[name] = first.get(name, 0.0)
        if single[name] < LONG:
            started = perf_counter()
            call()
            single[name] = perf_counter() - started
    iterations = {name: max(1, math.ceil(LEAST_TURN / took)) for name, took in single.items()}
    # Slow ones have their few rounds beside the time of the others.
    slow = {name for name, took in single.items() if took > seconds * SLOW and name != "torch"}
    one_round = sum(took * iterations[name] for name, took in single.items() if name not in slow)
    rounds = min(max(int(seconds / one_round) if one_round else 0, effort.least_rounds), MOST_ROUNDS)
    chosen = {round(k * (rounds - 1) / max(1, effort.slow_rounds - 1)) for k in range(effort.slow_rounds)}
    turns = []
    pause = PAUSE if threads() > 1 else 0.0
    for number in range(rounds):
        order = list(calls)[number % len(calls):] + list(calls)[:number % len(calls)]
        turns += [Turn(task, name, number, calls[name], iterations[name], pause) for name in order
                  if name not in slow or number in chosen]
    return turns


def timed(turns: list[Turn]) -> dict[tuple[str, str], dict[int, float]]:
    """Let pytest-benchmark time all turns: seconds of one call by (task, name) and round."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "benchmark.json")
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        # Without the plugins that print, remember, or collect garbage at length when a session ends.
        plugins = [f"-p{name}" for name in ("pytest_benchmark.plugin", "no:cacheprovider", "no:terminal",
                                            "no:unraisableexception", "no:threadexception")]
        arguments = ["-c", os.devnull, "--rootdir", folder, "--noconftest", *plugins, "--benchmark-disable-gc",
                     "--benchmark-quiet", f"--benchmark-json={figures}", str(Path(__file__).with_name("rounds.py"))]
        status = pytest.main(arguments, plugins=[Turns(turns)])
        if status != pytest.ExitCode.OK:
            raise SystemExit(f"pytest-benchmark ended with status {status}")
        found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        for entry in json.loads(figures.read_text(encoding="utf-8"))["benchmarks"]:
            told = entry["extra_info"]
            found[told["task"], told["name"]][told["round"]] = entry["stats"]["median"]
    return found


def yardstick(dtype: str) -> Call:
    """Prepare the product of two square matrices."""
    a, b = np.random.default_rng(0).standard_normal((2, MATRIX, MATRIX)).astype(dtype)
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


def bandwidth() -> float:
    """Bytes a second of copying, read and written ones counted, by as many threads as this process may use."""
    count = threads()
    pairs = [(np.ones(PAST_THE_CACHES // 8 // count), np.ones(PAST_THE_CACHES // 8 // count)) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        times = []
        for _ in range(9):
            started = perf_counter()
            list(pool.map(lambda pair: np.copyto(*pair), pairs))
            times.append(perf_counter() - started)
    return 2 * sum(pair[0].nbytes for pair in pairs) / statistics.median(times)


def checked_calls(
    task: Workload, names: list[str], patience: float, left_out: list[dict[str, str]]
) -> tuple[dict[str, Call], dict[str, float]]:
    """Prepare all that can do the task, and hold each answer against the definition and the first answer.

    Returns
    -------
    calls, seconds : dict
        By implementation: the call, and how long it took the first time.
    """
    right = Checked(task)
    calls: dict[str, Call] = {}
    took: dict[str, float] = {}
    other = None
    for name in names:
        try:
            call = prepared(name, task, patience)
        except NotOffered as reason:
            if IMPLEMENTATIONS[name].is_installed:
                left_out.append({"workload": task.id, "implementation": name, "reason": str(reason)})
            continue
        started = perf_counter()
        answer = call()
        took[name] = perf_counter() - started
        checked = right.check(name, answer, IMPLEMENTATIONS[name].transforms, other)
        other = checked if other is None else other
        calls[name] = call
    return calls, took


def summary(task: Workload, found: dict[tuple[str, str], dict[int, float]]) -> list[dict[str, Any]]:
    """One row for each implementation of a workload."""
    rows = []
    torch, product = found.get((task.id, "torch"), {}), found.get((task.id, YARDSTICK), {})
    peak = 2 * MATRIX**3 / statistics.median(product.values()) if product else None
    for (_, name), times in found.items():
        if name == YARDSTICK:
            continue
        ratios = [times[number] / torch[number] for number in times if number in torch]
        low, middle, high = (statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1
                             else (ratios * 3 or [None] * 3))
        seconds = statistics.median(times.values())
        rate = task.operations / seconds
        rows.append({"workload": task.id, "implementation": name, "rounds": len(times), "seconds": seconds,
                     "ratio": middle, "ratio_low": low, "ratio_high": high, "rate": rate, "matmul_rate": peak,
                     "share_of_matmul": rate / peak if peak else None})
    return rows


def measure(tasks: list[Workload], effort: Effort, with_growth: bool) -> dict[str, Any]:
    """Run all workloads, and the growth curves if asked for, in this process."""
    # 24 MB given back at once: from then on the C library keeps memory instead of asking the system for fresh pages in
    # every call, for all implementations alike.
    np.ones(3 << 20)
    left_out: list[dict[str, str]] = []
    results: list[dict[str, Any]] = []
    for task in tasks:
        calls, first = checked_calls(task, list(IMPLEMENTATIONS), effort.patience, left_out)
        if task.dtype in RATED:
            calls[YARDSTICK] = yardstick(task.dtype)
        results += summary(task, timed(planned(task.id, calls, first, effort, effort.seconds)))
    rates = {dtype: statistics.median(row["matmul_rate"] for row in results if row["workload"] in same)
             for dtype in RATED if (same := {task.id for task in tasks if task.dtype == dtype})}
    points = []
    if with_growth:
        curve, growing = growth(), [name for name, entry in IMPLEMENTATIONS.items() if entry.grows]
        turns = []
        for _, _, task in curve:
            calls, first = checked_calls(task, growing, effort.patience, [])
            turns += planned(task.id, calls, first, effort, effort.curve_seconds)
        found = timed(turns)
        for axis, value, task in curve:
            points += [{"axis": axis, "value": value, "implementation": name, "operations": task.operations,
                        "seconds": statistics.median(times.values())}
                       for (id, name), times in found.items() if id == task.id]
    return {"threads": threads(), "matmul_rate": rates, "bandwidth": bandwidth(),
            "geometric_mean": means(tasks, results), "results": results, "not_run": left_out, "growth": points}


def means(tasks: list[Workload], results: list[dict[str, Any]]) -> dict[str, float]:
    """The geometric mean of the ratios over the counted workloads, of those that ran them all."""
    counted = {task.id for task in tasks if task.counted}
    found = {}
    for name in IMPLEMENTATIONS:
        ratios = [row["ratio"] for row in results if row["implementation"] == name and row["workload"] in counted]
        if counted and len(ratios) == len(counted) and None not in ratios:
            found[name] = statistics.geometric_mean(ratios)
    return found
