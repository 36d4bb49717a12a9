"""Compare the time and memory of convolutions, and write the figures to ``speed.json``.

    python tests/bench/speed.py --out reports/out [--effort quick|standard] [--only WORKLOAD ...]

Nothing here passes or fails. Times on a shared machine mean little, ratios of neighbouring times mean more: all
implementations of a workload run in turn, round after round, in one process; each round gives a ratio to PyTorch's
time in that round; the median and the quartiles of the ratios are reported. That is done in one process with one
thread and in another with all cores. Arrays are built, and tensors made of them, before the clock starts.
PyTorch keeps no gradients. Before the first round one array of 24 MB is given back, after which the C library keeps
memory instead of asking the system for fresh pages in every call, for all implementations alike.

``speed.json`` is one object::

    {"schema_version": 1,
     "machine": {"cpu": "AMD EPYC", "cores": 2, "platform": "Linux-x86_64", "python": "3.11.7",
                 "blas": "openblas 0.3.31"},
     "versions": {"numpy": "2.4.6", "torch": "2.13.0", ...},
     "left_out": {"jax": "not installed", ...},
     "workloads": [{"id": "resnet-64", "title": "3x3, 64 to 64 channels, 56x56", "counted": true,   counted: in the mean
                    "x": [1, 64, 56, 56], "w": [64, 64, 3, 3], "stride": 1, "padding": 1, "dilation": 1, "groups": 1,
                    "dtype": "float32", "operations": 231211008}, ...],             2 x multiplications
     "runs": [{"threads": 1,
               "matmul_rate": {"float32": 1.0e11, "float64": 5.0e10},               operations a second, 1024^3
               "geometric_mean": {"vectorized": 0.9, ...},       ratio to torch over the counted workloads; only of
                                                                 implementations that ran them all
               "results": [{"workload": "resnet-64", "implementation": "vectorized", "rounds": 40,
                            "seconds": 0.0024,                                      median of one call
                            "ratio": 1.05, "ratio_low": 1.01, "ratio_high": 1.10,   to torch; null without it
                            "rate": 9.6e10, "share_of_matmul": 0.96}, ...],         null where no rate was measured
               "growth": [{"axis": "size"|"channels"|"kernel"|"batch", "value": 56, "implementation": "torch",
                           "seconds": 0.0022, "operations": 231211008}, ...]}, ...],
     "memory": [{"workload": "resnet-64", "implementation": "vectorized",
                 "process_bytes": 3000000,                     growth of the resident set's maximum in one call;
                                                               0 if importing the libraries took more before
                 "traced_bytes": 2900000}, ...]}               tracemalloc's peak; null where NumPy does not allocate
"""

import argparse
import importlib
import importlib.util
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from implementations import IMPLEMENTATIONS, WORKLOADS, Workload

Call = Callable[[], Any]


def growth_tasks() -> list[tuple[str, int, Workload]]:
    """Vary one quantity at a time."""
    tasks = [("size", n, Workload("", "", (1, 32, n, n), (32, 32, 3, 3), 1, 1)) for n in (7, 14, 28, 56, 112, 224)]
    tasks += [("channels", n, Workload("", "", (1, n, 28, 28), (n, n, 3, 3), 1, 1)) for n in (1, 4, 16, 64, 256)]
    tasks += [("kernel", n, Workload("", "", (1, 1, 256, 256), (1, 1, n, n), 1, n // 2)) for n in (1, 3, 5, 7, 15, 31)]
    tasks += [("batch", n, Workload("", "", (n, 16, 28, 28), (16, 16, 3, 3), 1, 1)) for n in (1, 4, 16, 64)]
    return tasks


def calls_for(task: Workload, names: list[str]) -> dict[str, Call]:
    """Prepare every implementation that can do the task, and check that all of them agree."""
    calls: dict[str, Call] = {}
    want = None
    for name in names:
        entry = IMPLEMENTATIONS[name]
        if importlib.util.find_spec(entry.package) is None or task.operations > entry.most:
            continue
        try:
            calls[name] = entry.prepare(task)
        except LookupError:
            continue
        got = calls[name]()
        got = np.asarray(got[0] if isinstance(got, list) else got).ravel()
        want = got if want is None else want
        exact = np.dtype(task.dtype).kind in "iu"
        if not (np.array_equal(got, want) if exact else np.abs(got - want).max() <= 1e-3 * np.abs(want).max()):
            raise SystemExit(f"{name} gives another result than the others on {task}")
    return calls


def interleave(calls: dict[str, Call], seconds: float) -> dict[str, list[float]]:
    """Time all calls in turn, round after round: seconds of one call for each round."""
    loops = {}
    for name, call in calls.items():
        start = perf_counter()
        call()
        loops[name] = max(1, int(0.002 / (perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    started = perf_counter()
    while len(next(iter(times.values()))) < 5 or perf_counter() - started < seconds:
        for name, call in calls.items():
            if len(times[name]) >= 3 and times[name][0] * loops[name] > seconds / 20:
                times[name].append(math.nan)  # slow, and known well enough
                continue
            start = perf_counter()
            for _ in range(loops[name]):
                call()
            times[name].append((perf_counter() - start) / loops[name])
    return times


def matmul_rate(dtype: str) -> float:
    """Measure operations a second of the product of two 1024 x 1024 matrices."""
    a, b = np.random.default_rng(0).standard_normal((2, 1024, 1024)).astype(dtype)
    out = np.empty_like(a)
    times = interleave({"matmul": lambda: np.matmul(a, b, out=out)}, 2.0)["matmul"]
    return 2 * 1024**3 / statistics.median(seconds for seconds in times if not math.isnan(seconds))


def measure(threads: int, tasks: list[Workload], seconds: float) -> dict[str, Any]:
    """Run all workloads and growth curves in this process."""
    np.ones(3 << 20)  # 24 MB, given back at once
    rates = {dtype: matmul_rate(dtype) for dtype in ("float32", "float64")}
    results: list[dict[str, Any]] = []
    for task in tasks:
        times = interleave(calls_for(task, list(IMPLEMENTATIONS)), seconds)
        for name, own in times.items():
            ratios = [a / b for a, b in zip(own, times.get("torch", []), strict=False) if not math.isnan(a + b)]
            low, middle, high = statistics.quantiles(ratios, n=4) if ratios else (None, None, None)
            typical = statistics.median(t for t in own if not math.isnan(t))
            rate, peak = task.operations / typical, rates.get(task.dtype)
            results.append({
                "workload": task.id, "implementation": name, "rounds": sum(not math.isnan(t) for t in own),
                "seconds": typical, "ratio": middle, "ratio_low": low, "ratio_high": high,
                "rate": rate, "share_of_matmul": rate / peak if peak else None})
            if name != "torch":
                spread = f"{middle:8.3f} [{low:.3f}, {high:.3f}] of torch" if ratios else ""
                print(f"{threads} thread(s)  {task.id:12s} {name:18s} {typical * 1e3:10.3f} ms {spread}",
                      file=sys.stderr)
    growth = []
    for axis, value, task in growth_tasks():
        for name, own in interleave(calls_for(task, ["vectorized", "torch", "im2col"]), seconds / 4).items():
            growth.append({"axis": axis, "value": value, "implementation": name, "operations": task.operations,
                           "seconds": statistics.median(t for t in own if not math.isnan(t))})
    counted = {task.id for task in tasks if task.counted}
    means = {}
    for name in IMPLEMENTATIONS:
        ratios = [row["ratio"] for row in results if row["implementation"] == name and row["workload"] in counted]
        if counted and len(ratios) == len(counted) and None not in ratios:
            means[name] = statistics.geometric_mean(ratios)
            print(f"{threads} thread(s)  geometric mean of {name}: {means[name]:.3f}", file=sys.stderr)
    return {"threads": threads, "matmul_rate": rates, "geometric_mean": means, "results": results, "growth": growth}


def peak_memory(name: str, task: Workload) -> dict[str, Any]:
    """Measure one call's memory in this process, which has made no such call before."""
    call = IMPLEMENTATIONS[name].prepare(task)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = call()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    traced = None
    if IMPLEMENTATIONS[name].traced:
        del result
        tracemalloc.start()
        result = call()
        traced = tracemalloc.get_traced_memory()[1]
    return {"workload": task.id, "implementation": name, "process_bytes": grown, "traced_bytes": traced}


def in_child(threads: int, *arguments: str) -> Any:
    """Run this program once more with a fixed number of threads, and read what it prints."""
    environment = os.environ | {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    # Each library is to use the best instructions that it knows for this processor.
    environment.pop("OPENBLAS_CORETYPE", None)
    done = subprocess.run([sys.executable, __file__, *arguments], env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def machine() -> dict[str, Any]:
    """Name the machine."""
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")] if Path("/proc/cpuinfo").exists() else []
    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {"cpu": names[0] if names else platform.processor(), "cores": os.cpu_count(),
            "platform": f"{platform.system()}-{platform.machine()}", "python": platform.python_version(),
            "blas": f"{blas['name']} {blas['version']}"}


def main() -> None:
    """Measure in child processes, one for each number of threads and for each memory peak."""
    parser = argparse.ArgumentParser(description="Compare the time and memory of convolutions.")
    parser.add_argument("--out", type=Path, default=Path("reports/out"), help="folder for speed.json")
    parser.add_argument("--effort", choices=("quick", "standard"), default="standard")
    parser.add_argument("--only", nargs="*", choices=[task.id for task in WORKLOADS], help="these workloads alone")
    parser.add_argument("--child", nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    tasks = [task for task in WORKLOADS if not chosen.only or task.id in chosen.only]
    seconds = 0.4 if chosen.effort == "quick" else 3.0
    if chosen.child:
        if len(chosen.child) == 1:
            answer = measure(int(chosen.child[0]), tasks, seconds)
        else:
            answer = peak_memory(chosen.child[0], next(task for task in tasks if task.id == chosen.child[1]))
        json.dump(answer, sys.stdout, allow_nan=False)
        return

    same = ["--effort", chosen.effort, *(["--only", *chosen.only] if chosen.only else [])]
    counts = sorted({1, os.cpu_count() or 1})
    present = {name: entry for name, entry in IMPLEMENTATIONS.items() if importlib.util.find_spec(entry.package)}
    memory = []
    for task in tasks:
        for name, entry in present.items():
            if task.operations <= entry.most and name in ("vectorized", "torch", "im2col", "einsum"):
                memory.append(in_child(1, *same, "--child", name, task.id))
    document = {
        "schema_version": 1, "machine": machine(),
        "versions": {entry.package: importlib.import_module(entry.package).__version__ for entry in present.values()},
        "left_out": {name: "not installed" for name in IMPLEMENTATIONS if name not in present},
        "workloads": [asdict(task) | {"operations": task.operations} for task in tasks],
        "runs": [in_child(count, *same, "--child", str(count)) for count in counts],
        "memory": memory,
    }
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "speed.json").write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(chosen.out / "speed.json")


if __name__ == "__main__":
    main()
