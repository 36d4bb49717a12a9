"""The suite's own speed: cases a second for each adapter, and where the processor's time goes.

A check runs in this process as a caller would start it. All its processes, those that it forks included, look every few
milliseconds of processor time at what they are doing, and write down the innermost file of the project on their stack.
Each adapter is wrapped, so that time inside it is told from the suite's. Time spent waiting is not counted.
"""

import json
import os
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import convspec
from convspec.adapters.loading import DEFAULTS, Unavailable, load
from convspec.checking import Result, check

INTERVAL = 0.004
LENGTH = struct.Struct("<dH")
PACKAGE = str(Path(convspec.__file__).parent) + os.sep

# What the files of the suite are there for, and what is said of it on the page.
ADAPTER, REST = "adapter under test", "rest"
PURPOSES = {
    ADAPTER: ("the implementations themselves", ()),
    "generator": ("drawing cases, and fitting them to what is claimed",
                  ("battery", "extremes", "fitting", "generating")),
    "arrays": ("building the arrays of a case", ("calls", "case", "formats", "layouts", "number_kinds", "recipes")),
    "oracle": ("the expected answers",
               ("exact_numbers", "expected", "oracle", "convolution", "exact", "padding", "rounding", "shapes",
                "arguments")),
    "judging": ("the requirements, their bounds and the evidence that is kept",
                ("contract", "engine", "evidence", "judging", "requirement", "requirements", "verdict",
                 "checks_channels", "checks_definition", "checks_errors", "checks_laws", "checks_numbers",
                 "checks_padding", "checks_purity", "checks_shape")),
    "messaging": ("sending cases and answers, and looking at what a call did",
                  ("child", "in_process", "performing", "zygote")),
    "failing cases": ("confirming, making small, diagnosing", ("conditions", "confirming", "diagnosis", "shrinking")),
    REST: ("pytest, start and end, results and report", ()),
}
PURPOSE_OF = {name: purpose for purpose, (_, names) in PURPOSES.items() for name in names}


class Wrapped:
    """An adapter whose calls can be seen on the stack."""

    def __init__(self, wrapped: Any, name: str) -> None:
        self._wrapped = wrapped
        self.name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._wrapped, name)

    def conv2d(self, *arguments: Any, **options: Any) -> Any:
        """Pass the call on."""
        return self._wrapped.conv2d(*arguments, **options)


@cache
def part(file: str) -> str:
    """Folder and name of a file of the project; empty for others."""
    return file.removeprefix(PACKAGE).replace(os.sep, "/") if file.startswith(PACKAGE) else ""


def place(frame: FrameType | None) -> str:
    """The adapter that is being called, or the innermost file of the project; empty if there is none."""
    innermost = ""
    while frame is not None:
        if frame.f_code is Wrapped.conv2d.__code__:
            return f"{ADAPTER}:{frame.f_locals['self'].name}"
        innermost = innermost or part(frame.f_code.co_filename)
        frame = frame.f_back
    return innermost


class Samples:
    """Writes down what this process and all that it forks are doing. A context; `seconds` afterwards."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._running = False
        self._last = 0.0
        os.register_at_fork(after_in_child=self._start)

    def __enter__(self) -> "Samples":
        number, self._path = tempfile.mkstemp()
        os.close(number)
        # Each record is one short write to the end: those of several processes do not mix.
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._before = signal.signal(signal.SIGPROF, self._look)
        self._running = True
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._running = False
        signal.signal(signal.SIGPROF, self._before)
        os.close(self._file)
        data = Path(self._path).read_bytes()
        os.unlink(self._path)
        while data:
            seconds, length = LENGTH.unpack_from(data)
            self.seconds[data[LENGTH.size:LENGTH.size + length].decode()] += seconds
            data = data[LENGTH.size + length:]

    def _start(self) -> None:
        # A fork does not inherit the timer.
        if self._running:
            self._last = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def _look(self, _: int, frame: FrameType | None) -> None:
        now = time.process_time()
        told = place(frame).encode()
        os.write(self._file, LENGTH.pack(now - self._last, len(told)) + told)
        self._last = now


def purpose(name: str) -> tuple[str, str]:
    """What a place is there for, and its name: an adapter, a file of the project, or neither."""
    first, _, adapter = name.partition(":")
    if first == ADAPTER:
        return ADAPTER, adapter
    return PURPOSE_OF.get(Path(name).stem, REST), name or "outside the project"


def adapters() -> list[Wrapped]:
    """The built-in adapters whose library is installed."""
    found = []
    for name in DEFAULTS:
        try:
            found.append(Wrapped(load(name), name))
        except Unavailable:
            continue
    return found


def measure(effort: str) -> dict[str, Any]:
    """Check the built-in adapters once."""
    targets = adapters()
    with tempfile.TemporaryDirectory() as folder, Samples() as samples:
        started = time.perf_counter()
        result = check(*targets, effort=effort, out=folder)
        took = time.perf_counter() - started
    parts = [{"purpose": group, "name": name, "seconds": round(seconds, 3)}
             for (group, name), seconds in sorted(grouped(samples.seconds).items())]
    return {"effort": effort, "seconds": took, "processor_seconds": sum(samples.seconds.values()),
            "adapters": [figures(target.name, result) for target in targets], "parts": parts,
            "purposes": {name: says for name, (says, _) in PURPOSES.items()}}


def grouped(seconds: Counter[str]) -> Counter[tuple[str, str]]:
    """The same by purpose and name."""
    found: Counter[tuple[str, str]] = Counter()
    for name, own in seconds.items():
        found[purpose(name)] += own
    return found


def figures(name: str, result: Result) -> dict[str, Any]:
    """How many cases an adapter was held to, and in what time."""
    lines = [line for line in result.verdicts if line["adapter"] == name]
    return {"adapter": name, "conclusion": result.conclusions.get(name, "not checked"),
            "cases": sum(line.get("cases", 0) for line in lines), "calls": sum(line.get("calls", 0) for line in lines),
            "seconds": sum(line.get("seconds", 0.0) for line in lines)}


if __name__ == "__main__":
    # What the suite prints while it runs is not part of the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    json.dump(measure(sys.argv[1]), answer)
