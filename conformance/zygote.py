"""The process beside the suite in which an implementation lives.

A zygote has imported the implementation but never called it, and has one thread. For each worker it forks itself, so
that a crash costs a fork and not an import. A worker reads requests and answers them; only an answer is proof of life.
"""

import contextlib
import gc
import io
import os
import pickle
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, cast

from convspec.adapters import loading
from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.protocol import Adapter, Capabilities, Numerics, Predicate
from convspec.adapters.signatures import Signature
from convspec.conformance.case import Case, parse_case
from convspec.conformance.machine import address_space
from convspec.conformance.performing import LARGEST_FILE, perform
from convspec.conformance.requirements import calls_of

ROOM = 4 << 20
WARMING = (
    ("PUR-06", "x=2x2x5x5 w=2x2x3x3 bias=2 dtype=float32 layout_x=channels_last layout_w=F data=uniform:1"),
    ("DEF-01", "x=2x2x5x5 w=2x2x3x3 dtype=int64 layout_x=unaligned layout_w=stepped data=int:1"),
    ("NUM-09", "x=1x1x5x5 w=1x1x2x2 dtype=float64 data=log:1"),
)


@dataclass(frozen=True)
class DeviationNote:
    """A known deviation without its predicates, which stay with the adapter."""

    requirements: tuple[str, ...]
    reason: str
    link: str
    example: str | None
    harmful: bool
    applies: bool


@dataclass(frozen=True)
class Description:
    """What an adapter says of itself, as plain data.

    Parameters
    ----------
    capabilities : Capabilities
        Without the predicates of its exclusions.
    exclusions : tuple of str
        Their reasons.
    signature : Signature or None
        For a plain function, whose claims are still to be found out.
    """

    name: str
    versions: dict[str, str]
    capabilities: Capabilities
    numerics: Numerics
    deviations: tuple[DeviationNote, ...]
    exclusions: tuple[str, ...]
    signature: Signature | None
    declares: bool


def describe(adapter: Adapter, flags: frozenset[str]) -> Description:
    """Reduce an adapter to plain data."""
    notes = tuple(
        DeviationNote(
            d.requirements, d.reason, d.link, d.example, d.harmful, d.processor is None or d.processor(flags)
        )
        for d in adapter.deviations
    )
    plain = replace(adapter.capabilities, exclusions=(), bridged=dict(adapter.capabilities.bridged))
    reasons = tuple(exclusion.reason for exclusion in adapter.capabilities.exclusions)
    function = adapter if isinstance(adapter, FunctionAdapter) else None
    numerics = replace(adapter.numerics, accumulator=dict(adapter.numerics.accumulator))
    return Description(
        adapter.name,
        dict(adapter.versions),
        plain,
        numerics,
        notes,
        reasons,
        None if function is None else function.signature,
        function is not None and getattr(function.function, "capabilities", None) is not None,
    )


def annotate(adapter: Adapter, cases: list[Case], flags: frozenset[str]) -> list[tuple[str | None, tuple[int, ...]]]:
    """For each case: the reason why it is not claimed (or None), and which deviations match it."""
    if not adapter.capabilities.exclusions and not adapter.deviations:
        return [(None, ())] * len(cases)
    notes: list[tuple[str | None, tuple[int, ...]]] = []
    for case in cases:
        excluded = next((e.reason for e in adapter.capabilities.exclusions if _says_so(e.when, case)), None)
        matching = tuple(
            index
            for index, d in enumerate(adapter.deviations)
            if (d.processor is None or d.processor(flags)) and _says_so(d.when, case)
        )
        notes.append((excluded, matching))
    return notes


def _says_so(predicate: Predicate, case: Case) -> bool:
    """Whether a predicate holds; one that cannot be asked of this case (a stride of text, say) does not."""
    try:
        return predicate(case)
    except (TypeError, ValueError, IndexError):
        return False


def work(adapter: Adapter, connection: Connection, flags: frozenset[str]) -> None:
    """Answer requests until the other side closes."""
    worker = os.getpid()
    while True:
        try:
            request = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        kind = request[0]
        if kind == "trials":
            for requirement, line in request[1]:
                started = time.perf_counter()
                try:
                    outcomes = perform(adapter, calls_of(requirement, _case(line)))
                    reply: Any = ("outcomes", outcomes, time.perf_counter() - started)
                except Exception:
                    reply = ("error", traceback.format_exc())
                if os.getpid() != worker:
                    # The implementation forked, and its child came back as well: only one may answer.
                    os._exit(0)
                _send(connection, reply)
        elif kind == "annotate":
            _send(connection, ("notes", annotate(adapter, request[1], flags)))
        elif kind == "probe":
            assert isinstance(adapter, FunctionAdapter)
            _send(connection, ("answers", adapter.probe(request[1], request[2])))
        elif kind == "configure":
            if isinstance(adapter, FunctionAdapter):
                adapter.understand(request[1])
            _send(connection, ("configured", None))


def _case(line: "str | Case") -> Case:
    return parse_case(line) if isinstance(line, str) else line


def _send(connection: Connection, reply: Any) -> None:
    connection.send_bytes(pickle.dumps(reply, protocol=5))


def serve(
    adapter: Adapter | None, error: str | None, control: socket.socket, flags: frozenset[str], memory: int
) -> None:
    """The zygote's loop: say what was loaded, then fork a worker for each request.

    Parameters
    ----------
    adapter : Adapter or None
        None if it could not be loaded; `error` then says why.
    control : socket
        Requests come, and the workers' sockets go, through it.
    flags : frozenset of str
        What the processor can do.
    memory : int
        Bytes a worker may use beyond what the zygote has; 0 for no limit.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(os.dup(control.fileno()))
    if adapter is not None:
        _warm()
    _send(connection, ("loaded", describe(adapter, flags)) if adapter is not None else ("failed", error))
    if adapter is None:
        return
    spare: tuple[int, socket.socket] | None = None
    alive: set[int] = set()
    dying: list[int] = []

    def forked() -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        # Room for answers that are not asked for yet: the system gives as much of it as it allows.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        pid = os.fork()
        if pid == 0:
            connection.close()
            control.close()
            theirs.close()
            os.setpgid(0, 0)
            _limit(memory)
            work(adapter, Connection(ours.detach()), flags)
            os._exit(0)
        ours.close()
        alive.add(pid)
        return pid, theirs

    while True:
        try:
            request = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            # The suite has ended, by force perhaps: one that hangs would run on for ever.
            for pid in alive:
                kill_group(pid)
            return
        if request[0] == "fork":
            pid, theirs = spare or forked()
            _send(connection, ("pid", pid))
            socket.send_fds(control, [b"w"], [theirs.fileno()])
            theirs.close()
            # The next one is made while this one works.
            spare = forked()
        elif request[0] == "reap":
            _, status = os.waitpid(request[1], 0)
            alive.discard(request[1])
            _send(connection, ("status", os.waitstatus_to_exitcode(status)))
        elif request[0] == "forget":
            dying.append(request[1])
        gone = {pid for pid in dying if os.waitpid(pid, os.WNOHANG)[0]}
        alive -= gone
        dying = [pid for pid in dying if pid not in gone]


def kill_group(pid: int) -> None:
    """Kill a worker and what it has started, if anything of it is left."""
    for how in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            how(pid, signal.SIGKILL)


class _Nothing:
    """Stands for an implementation while the suite's own part of a worker is tried out."""

    def conv2d(self, x: Any, w: Any, bias: Any, **arguments: Any) -> Any:
        return x + 1


def _warm() -> None:
    """Do what a worker will do, without the implementation, so that no worker has to do it for the first time."""
    for requirement, line in WARMING:
        outcomes = perform(cast(Adapter, _Nothing()), calls_of(requirement, parse_case(line)))
        pickle.loads(pickle.dumps(outcomes, protocol=5))
    # What is there stays, and is left alone: a collection in a worker would copy every page that it looks at.
    gc.collect()
    gc.freeze()


def _limit(memory: int) -> None:
    """Limit a worker's memory and the size of each file that it writes; what it prints goes to no file."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if memory and sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (address_space(memory),) * 2)


def own_streams() -> None:
    """Let what is printed reach the descriptors at once, so that no death loses it, and whatever its characters are."""
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            os.fdopen(number, "wb", 0, closefd=False), "utf-8", "backslashreplace", write_through=True
        )
        for number in (1, 2)
    )


def main() -> None:
    """Serve a target that is named on the command line."""
    descriptor, target, dtypes, flags, memory = pickle.loads(bytes.fromhex(sys.argv[1]))
    control = socket.socket(fileno=descriptor)
    own_streams()
    adapter, error = None, None
    try:
        adapter = loading.load(target, dtypes)
    except loading.Unavailable as problem:
        error = f"unavailable: {problem}"
    except (loading.UnknownAdapter, ValueError) as problem:
        error = f"usage: {problem}"
    except BaseException:
        error = f"usage: importing {target!r} failed:\n{traceback.format_exc(limit=-3)}"
    serve(adapter, error, control, flags, memory)


if __name__ == "__main__":
    main()
