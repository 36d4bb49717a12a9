"""How much processor time a process and its children have had, as the system tells it to another process."""

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

NANOSECONDS = 1e9
# Seconds that the command `ps` has.
LONGEST_LISTING = 10.0


@dataclass(frozen=True)
class Usage:
    """What a process, its group and its descendants have had so far.

    Parameters
    ----------
    processor : float
        Seconds of processor time, of all threads together.
    delayed : float
        Seconds for which threads were ready to run and other processes had the processor; 0 where that is not told.
    runnable : bool
        Whether a thread runs, or waits for a processor, at this moment.
    ended : bool
        Whether the process itself is dead, whatever became of its children.
    """

    processor: float
    delayed: float
    runnable: bool
    ended: bool


@dataclass(frozen=True)
class Listed:
    """One line of the system's list of processes: `state` is a letter, `processor` is in seconds."""

    pid: int
    parent: int
    group: int
    state: str
    processor: float


def usage(pid: int, beside: tuple[int, ...] = ()) -> Usage | None:
    """What a process that leads a group has had.

    Linux tells it in /proc; other systems are asked through the command ``ps``.

    Parameters
    ----------
    pid : int
    beside : tuple of int
        Processes for which it may have to wait, and which so count as its own.

    Returns
    -------
    Usage or None
        None where the system tells neither.
    """
    processes = _listed()
    if processes is None:
        return None
    found = _members(pid, processes) | {process.pid: process for process in processes if process.pid in beside}
    delayed, runnable = 0.0, False
    ended = pid not in found
    for member in found.values():
        states, waited = _threads(member.pid)
        states = states or member.state
        delayed += waited
        runnable = runnable or "R" in states
        ended = ended or (member.pid == pid and set(states) <= set("ZX"))
    return Usage(sum(member.processor for member in found.values()), delayed, runnable, ended)


def members(pid: int) -> list[int]:
    """The process, its group, and all that descend from them, be they in groups of their own."""
    return list(_members(pid, _listed() or []))


def living(pid: int) -> list[int]:
    """Those of `members` that have not ended."""
    found = _members(pid, _listed() or [])
    return [number for number, process in found.items() if process.state[:1] not in ("Z", "X")]


def _listed() -> list[Listed] | None:
    return listed_in_proc() if os.path.exists("/proc/self/stat") else listed_by_ps()


def _members(pid: int, processes: list[Listed]) -> dict[int, Listed]:
    found: dict[int, Listed] = {}
    before = -1
    while len(found) != before:
        before = len(found)
        for process in processes:
            if process.pid == pid or process.group == pid or process.parent in found:
                found[process.pid] = process
    return found


def listed_in_proc() -> list[Listed]:
    """The processes of a Linux system, each with the time of the children that it has waited for."""
    tick = os.sysconf("SC_CLK_TCK")
    found = []
    for name in os.listdir("/proc"):
        # One that ends meanwhile is no longer of interest.
        with contextlib.suppress(OSError):
            if name.isdigit():
                # The name of the program, in brackets, may hold spaces and brackets.
                fields = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()
                ticks = sum(map(int, fields[11:15]))
                found.append(Listed(int(name), int(fields[1]), int(fields[2]), fields[0].decode(), ticks / tick))
    return found


def _threads(pid: int) -> tuple[str, float]:
    """The letters of the states of a process's threads, and how long they waited for a processor; nothing elsewhere."""
    states, delayed = "", 0
    with contextlib.suppress(OSError):
        for thread in Path("/proc", str(pid), "task").iterdir():
            with contextlib.suppress(OSError):
                states += (thread / "stat").read_bytes().rpartition(b")")[2].split()[0].decode()
                # A kernel that keeps no such account writes zeros.
                delayed += int((thread / "schedstat").read_bytes().split()[1])
    return states, delayed / NANOSECONDS


def listed_by_ps() -> list[Listed] | None:
    """The processes as ``ps`` lists them; None where there is no such command."""
    try:
        done = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,pgid=,stat=,time="],
            capture_output=True, text=True, check=True, errors="replace", env={**os.environ, "LC_ALL": "C"},
            timeout=LONGEST_LISTING,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [line.split() for line in done.stdout.splitlines()]
    return [
        Listed(int(row[0]), int(row[1]), int(row[2]), row[3][0], seconds(row[4])) for row in rows if len(row) == 5
    ]


def seconds(text: str) -> float:
    """Read a time as ``ps`` writes it.

    Examples
    --------
    >>> seconds("0:01.25"), seconds("00:02:03"), seconds("1-00:00:01")
    (1.25, 123.0, 86401.0)
    """
    days, _, clock = text.rpartition("-")
    total = 24 * int(days or 0)
    parts = clock.split(":")
    result = float(total)
    if len(parts) == 2:
        result *= 60
    for part in parts:
        result = result * 60 + float(part)
    return result
