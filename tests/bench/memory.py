"""The memory that one call needs beside its input.

Each call has a process of its own, which has made only one small call before, so that what a library sets up once is
not counted, and memory kept from earlier calls does not hide what this one needs.
"""

import contextlib
import json
import math
import os
import resource
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from implementations import IMPLEMENTATIONS, NotOffered, prepared
from workloads import WORKLOADS, Workload

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
SMALLEST = min(WORKLOADS, key=lambda task: task.operations)


def resident() -> tuple[int, int]:
    """Bytes of this process in memory: now, and at most since `forget`."""
    if not STATUS.exists():
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return largest, largest
    fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
    now, largest = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, largest


def forget() -> None:
    """Let the system's highest mark start from what is in memory now, where it can."""
    if RESET.exists():
        RESET.write_text("5")


def one_call(name: str, task: Workload) -> dict[str, Any]:
    """Measure one call in this process: by the system's highest mark, and by what NumPy tells Python it allocates."""
    call = prepared(name, task)
    with contextlib.suppress(NotOffered):
        prepared(name, SMALLEST)()
    traced = IMPLEMENTATIONS[name].traced
    if traced:
        tracemalloc.start()
    forget()
    before = resident()[0]
    call()
    grown = max(0, resident()[1] - before)
    peak = tracemalloc.get_traced_memory()[1] if traced else None
    tracemalloc.stop()
    return {"workload": task.id, "implementation": name, "process_bytes": grown, "traced_bytes": peak}


def in_fork(name: str, task: Workload) -> dict[str, Any] | None:
    """The same in a process of its own, forked from this one, which must not have made a call; None if not offered."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            try:
                found = one_call(name, task)
            except NotOffered:
                found = None
            os.write(writing, json.dumps(found).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read()
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit(f"{name} on {task.id} ended its process")
    found: dict[str, Any] | None = json.loads(told)
    return found


def peaks(tasks: list[Workload], with_slow: bool) -> list[dict[str, Any]]:
    """Measure all implementations on all tasks, without the slow ones if asked; nothing where there is no fork."""
    if not hasattr(os, "fork"):
        return []
    for entry in IMPLEMENTATIONS.values():
        if entry.is_installed:
            __import__(entry.package)
    found = [in_fork(name, task) for task in tasks for name, entry in IMPLEMENTATIONS.items()
             if with_slow or entry.most == math.inf]
    return [row for row in found if row is not None]
