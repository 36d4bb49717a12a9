"""Calls of libraries in their own words, each library in a process of its own, which a crash or a hang ends alone."""

import ast
import contextlib
import importlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convspec.adapters.native import Library
from convspec.conformance import interpreter
from convspec.conformance.ending import die_with_parent, kill_all
from convspec.conformance.results import array_line, dump
from convspec.conformance.waiting import Allowance, NoAnswer, TimeLimits, Wait

Line = dict[str, Any]

SECONDS = 60.0
LONGEST_READING = 5.0
LONGEST_TEXT = 300


@dataclass(frozen=True)
class Measured:
    """What a library answered; without a version it could not be imported, for the reason given."""

    version: str
    reason: str = ""
    answers: Mapping[str, Line] = field(default_factory=dict)


def measure(library: Library, programs: Mapping[str, str], seconds: float = SECONDS) -> Measured:
    """Run programs of one library in a child process, and go on with the rest where it dies.

    Parameters
    ----------
    library : Library
        Whose modules are imported first.
    programs : mapping
        Name to source; the last line is an expression, whose value is the answer.
    seconds : float
        Of processor time, or of sleep, for the import and all programs together, and again after each death.

    Returns
    -------
    Measured
        One answer for each program: its ``kind`` is "answered" with an ``array``, "refused" with the ``error`` class
        and its ``text``, "crashed" or "timed out".
    """
    version = ""
    answers: dict[str, Line] = {}
    while len(answers) < len(programs):
        left = {name: source for name, source in programs.items() if name not in answers}
        lines, end = _run(library.modules, left, seconds)
        first = lines[0] if lines else {"reason": f"the import {end['text']}"}
        if "reason" in first:
            return Measured("", first["reason"])
        version = first["version"]
        answers |= {line.pop("name"): line for line in lines[1:]}
        unanswered = [name for name in left if name not in answers]
        if unanswered:
            answers[unanswered[0]] = end
    return Measured(version, "", {name: answers[name] for name in programs})


def _run(modules: tuple[str, ...], programs: Mapping[str, str], seconds: float) -> tuple[list[Line], Line]:
    """Give the lines of one child, and what to say of the program that it did not answer."""
    environment = interpreter.one_thread() | {"JAX_PLATFORMS": "cpu"}
    order = json.dumps({"modules": modules, "programs": programs, "parent": os.getpid()})
    process = subprocess.Popen(
        interpreter.command("convspec.conformance.native"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=environment, process_group=0,
    )
    late = ""
    try:
        late = _wait(process, order.encode(), TimeLimits(seconds, seconds).allowance(True))
    finally:
        if hasattr(os, "killpg"):
            kill_all(process.pid)
        process.kill()
    raw = _said_by(process)
    if late:
        return _lines(raw), {"kind": "timed out", "text": late}
    return _lines(raw), {"kind": "crashed", "text": f"ended the process with {_status(process.returncode)}"}


def _said_by(process: "subprocess.Popen[bytes]") -> bytes:
    """What a process that has ended has written; another one that it has hidden may hold its way out open."""
    try:
        return process.communicate(timeout=LONGEST_READING)[0]
    except subprocess.TimeoutExpired as late:
        return late.stdout or b""


def _wait(process: "subprocess.Popen[bytes]", order: bytes, allowance: Allowance) -> str:
    """Give the order and wait for the end of the process; why it is not waited for any longer, if it is not."""
    wait = Wait(process.pid, allowance)
    told: bytes | None = order
    try:
        while True:
            # What was read so far is kept for the next time.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(told, timeout=wait.pause)
                return ""
            told = None
            if not wait.look():
                return ""
    except NoAnswer as problem:
        return str(problem)


def _lines(raw: bytes) -> list[Line]:
    # The child writes a line at once; what follows the last newline is the beginning of one that never ended.
    return [json.loads(line) for line in raw.split(b"\n")[:-1]]


def _status(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


def main() -> None:
    """Be the child: read the order, answer with one line for the import and one for each program."""
    order = json.load(sys.stdin)
    die_with_parent(order["parent"])
    # What a library prints must not come between the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as answers:
        os.dup2(2, 1)
        try:
            modules = [importlib.import_module(name) for name in order["modules"]]
        except ImportError as error:
            print(dump({"reason": f"not installed: {_said(error)}"}), file=answers)
            return
        print(dump({"version": str(modules[0].__version__)}), file=answers)
        for name, source in order["programs"].items():
            print(dump({"name": name, **answer(source)}), file=answers)


def answer(source: str) -> Line:
    r"""Run one program and describe what its last line gives.

    Examples
    --------
    >>> answer("import numpy as np\nnp.ones(2)")["array"]
    {'shape': [2], 'dtype': 'float64', 'data': [1.0, 1.0]}
    >>> answer("1 / 0")
    {'kind': 'refused', 'error': 'ZeroDivisionError', 'text': 'division by zero'}
    """
    tree = ast.parse(source)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise ValueError(f"the last line must be an expression, got {ast.unparse(last)!r}")
    names: dict[str, Any] = {}
    try:
        exec(compile(tree, "<inputs>", "exec"), names)
        value = np.asarray(eval(compile(ast.Expression(last.value), "<call>", "eval"), names))
    except Exception as error:
        return {"kind": "refused", "error": type(error).__name__, "text": _said(error)}
    return {"kind": "answered", "array": array_line(value)}


def _said(error: Exception) -> str:
    """Give the text of an error on one line, without folders, be they of this machine or of the library's makers."""
    text = re.sub(r"(?:[A-Za-z]:)?(?:[/\\\\][\w.+-]+)+[/\\\\](?=[\w.+-])", "", " ".join(str(error).split()))
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
