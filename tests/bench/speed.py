"""Compare the time and memory of convolutions, and write ``speed.json`` and its page ``speed.html``.

    tox run -e bench                                  seven minutes on two cores
    tox run -e bench -- --quick                       a minute: every figure, fewer rounds
    python tests/bench/speed.py --out reports/out [--quick] [--only WORKLOAD ...]

Nothing here passes or fails by time; it stops where an implementation gives a wrong answer (`agreement.py`). A process
runs all implementations on one thread, another one on all cores (`timing.py`). A third measures memory, a fork for each
call (`memory.py`); a fourth profiles the vectorised variant (`breakdown.py`); a fifth runs the suite itself
(`harness.py`). The file's form is published as ``reports/speed.schema.json``.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import breakdown
import memory
import numpy as np
import timing
from implementations import IMPLEMENTATIONS
from workloads import WORKLOADS, Workload

import convspec
from convspec.reports import pages_in, write_speed_page

SCHEMA_VERSION = 1
HARNESS = Path(__file__).with_name("harness.py")
PROFILE_SECONDS = {"quick": 0.1, "standard": 0.5}


def in_child(threads: int, *arguments: str) -> Any:
    """Run a program once more with a fixed number of threads, and read the JSON that it prints."""
    environment = os.environ | {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
    if threads == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    # Each library is to use the best instructions that it knows for this processor.
    environment.pop("OPENBLAS_CORETYPE", None)
    done = subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with status {done.returncode}")
    return json.loads(done.stdout)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """Name the machine, and say how busy it was."""
    described = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in described.read_text().splitlines()
             if line.startswith("model name")] if described.exists() else []
    caches = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            caches[f"L{level}"] = size
    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {"cpu": names[0] if names else platform.processor() or "unknown", "cores": cores(), "caches": caches,
            "platform": f"{platform.system()}-{platform.machine()}", "python": platform.python_version(),
            "blas": f"{blas['name']} {blas['version']}",
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}


def versions() -> dict[str, str]:
    """The versions of the packages that are compared."""
    found = {entry.package for entry in IMPLEMENTATIONS.values() if entry.is_installed}
    return {name: str(importlib.import_module(name).__version__) for name in sorted(found)}


def suite_version() -> str:
    """The version of what is installed, or of the checkout."""
    try:
        return metadata.version("convspec")
    except metadata.PackageNotFoundError:
        return convspec.__version__


def rounded(value: Any) -> Any:
    """The same with six digits of each float: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def stage(name: str, effort: str, tasks: list[Workload]) -> Any:
    """Do one part of the benchmark in this process."""
    if name == "memory":
        return memory.peaks(tasks, with_slow=effort == "standard")
    if name == "profile":
        return [breakdown.breakdown(task, PROFILE_SECONDS[effort]) for task in tasks]
    return timing.measure(tasks, timing.EFFORTS[effort], with_growth=timing.threads() == 1)


def document(effort: str, tasks: list[Workload], only: list[str]) -> dict[str, Any]:
    """Run all stages, one after the other, and put their answers together."""
    started, date = time.perf_counter(), time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    named = machine()

    def child(threads: int, *arguments: str) -> Any:
        print(f"{time.perf_counter() - started:5.0f} s  {arguments[-1]}, {threads} thread(s)", file=sys.stderr)
        return in_child(threads, *arguments)

    same = [__file__, *(["--quick"] if effort == "quick" else []), *(["--only", *only] if only else [])]
    runs = [child(count, *same, "--stage", "times") for count in sorted({1, cores()})]
    peaks = child(1, *same, "--stage", "memory")
    profile = child(1, *same, "--stage", "profile")
    harness = child(1, str(HARNESS), effort) if not only else None
    return {
        "schema_version": SCHEMA_VERSION, "kind": "speed",
        "suite": {"name": "convspec", "version": suite_version()}, "date": time.strftime("%Y-%m-%d", date),
        "effort": effort, "only": only, "seconds": time.perf_counter() - started, "machine": named,
        "versions": versions(),
        "left_out": {name: "not installed" for name, entry in IMPLEMENTATIONS.items() if not entry.is_installed},
        "workloads": [asdict(task) | {"operations": task.operations, "least_bytes": task.least_bytes}
                      for task in tasks],
        "runs": runs, "memory": peaks, "profile": profile, "harness": harness,
    }


def told(found: dict[str, Any]) -> list[str]:
    """The figures in short: ratios, shares of the matrix-product rate, memory, and the suite's own speed."""
    peaks = {(row["workload"], row["implementation"]): row["process_bytes"] for row in found["memory"]}
    lines = []
    for run in found["runs"]:
        for row in run["results"]:
            ratio = "" if row["ratio"] is None else f"{row['ratio']:9.3f} of torch"
            part = row["share_of_matmul"]
            share = "" if part is None else f"{100 * part:6.1f} % of matrix products"
            peak = peaks.get((row["workload"], row["implementation"]))
            size = "" if peak is None else f"{peak / 2**20:8.1f} MiB"
            lines.append(f"{run['threads']} thread(s)  {row['workload']:12} {row['implementation']:18} "
                         f"{row['seconds'] * 1e3:10.3f} ms {ratio:18} {share:27} {size}")
        lines += [f"{run['threads']} thread(s)  geometric mean of {name}: {mean:.3f} of torch"
                  for name, mean in run["geometric_mean"].items()]
    if harness := found["harness"]:
        lines += [f"suite, {harness['effort']} effort: {row['adapter']} {row['cases']} cases, "
                  f"{row['cases'] / max(row['seconds'], 1e-9):.0f} a second" for row in harness["adapters"]]
    return lines


def main() -> None:
    """Measure, each stage in a process of its own, and write what was found."""
    parser = argparse.ArgumentParser(description="Compare the time and memory of convolutions.")
    parser.add_argument("--out", type=Path, default=Path("reports/out"), help="folder of speed.json and speed.html")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and a quick check of the suite's own speed")
    parser.add_argument("--only", nargs="+", metavar="WORKLOAD", choices=[task.id for task in WORKLOADS], default=[],
                        help="these workloads alone, without the suite's own speed")
    parser.add_argument("--stage", choices=("times", "memory", "profile"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    tasks = [task for task in WORKLOADS if not chosen.only or task.id in chosen.only]
    effort = "quick" if chosen.quick else "standard"
    if chosen.stage:
        # What a library prints while it runs is not part of the answer.
        answer, sys.stdout = sys.stdout, sys.stderr
        json.dump(stage(chosen.stage, effort, tasks), answer, allow_nan=False)
        return

    found = rounded(document(effort, tasks, chosen.only))
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / "speed.json"
    path.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print("\n".join(told(found)))
    page = write_speed_page(path, path.with_suffix(".html"), pages_in(chosen.out, "speed.html"))
    print(f"{found['seconds']:.0f} s. Numbers: {path}. Page: {page}")


if __name__ == "__main__":
    main()
