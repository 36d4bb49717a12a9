"""The process beside the suite in which an implementation lives.

A zygote has imported the implementation but never called it, and has one thread. For each worker it forks itself, so
that a crash costs a fork and not an import. A worker reads requests and answers them; only an answer is proof of life.
What they are asked comes pickled from the suite; what they answer is never unpickled (`convspec.conformance.messages`).
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
from collections.abc import Iterator
from typing import Any, cast

from convspec.adapters import loading
from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.protocol import Adapter
from convspec.conformance.case import Case, parse_case
from convspec.conformance.description import annotate, describe
from convspec.conformance.digests import Digest
from convspec.conformance.ending import (
    adopt_orphans,
    children,
    die_with_parent,
    kill,
    kill_all,
    kill_group,
    outlive_parent,
)
from convspec.conformance.machine import address_space
from convspec.conformance.messages import (
    LENGTHS,
    Answered,
    Channel,
    Configured,
    Failed,
    Forked,
    Garbled,
    Loaded,
    Message,
    NotBuilt,
    Noted,
    Probed,
    Reaped,
    decoded,
    encoded,
    outcomes_of,
    parts,
)
from convspec.conformance.performing import LARGEST_FILE, perform
from convspec.conformance.requirements import calls_of

ROOM = 4 << 20
WARMING = (
    ("PUR-06", "x=2x2x5x5 w=2x2x3x3 bias=2 dtype=float32 layout_x=channels_last layout_w=F data=uniform:1"),
    ("DEF-01", "x=2x2x5x5 w=2x2x3x3 dtype=int64 layout_x=unaligned layout_w=stepped data=int:1"),
    ("NUM-09", "x=1x1x5x5 w=1x1x2x2 dtype=float64 data=log:1"),
)


def work(adapter: Adapter, channel: Channel, flags: frozenset[str]) -> None:
    """Answer requests until the other side closes."""
    worker = os.getpid()
    while True:
        try:
            _, request = channel.receive()
        except (EOFError, OSError):
            return
        for message, raw in _answers(adapter, pickle.loads(request), flags):
            if os.getpid() != worker:
                # The implementation forked, and its child came back as well: only one may answer.
                os._exit(0)
            channel.send(encoded(message), raw)


def _answers(adapter: Adapter, request: tuple[Any, ...], flags: frozenset[str]) -> Iterator[tuple[Message, bytes]]:
    kind = request[0]
    if kind == "trials":
        for requirement, line in request[1]:
            yield _trial(adapter, requirement, line)
    elif kind == "annotate":
        yield Noted(tuple(annotate(adapter, request[1], flags))), b""
    elif kind == "probe":
        assert isinstance(adapter, FunctionAdapter)
        yield Probed(adapter.probe(request[1], request[2])), b""
    elif kind == "configure":
        if isinstance(adapter, FunctionAdapter):
            adapter.understand(request[1])
        yield Configured(), b""


def _trial(adapter: Adapter, requirement: str, line: "str | Case") -> tuple[Message, bytes]:
    started = time.perf_counter()
    digest = Digest()
    try:
        came, raw = parts(perform(adapter, calls_of(requirement, _case(line)), digest))
    except Exception:
        return NotBuilt(traceback.format_exc()), b""
    return Answered(came, time.perf_counter() - started, digest.text()), raw


def _case(line: "str | Case") -> Case:
    return parse_case(line) if isinstance(line, str) else line


def serve(
    adapter: Adapter | None, error: Failed | None, control: socket.socket, flags: frozenset[str], memory: int
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
    channel = Channel(control)
    if adapter is None:
        assert error is not None
        channel.send(encoded(error))
        return
    _warm()
    _Zygote(adapter, channel, flags, memory).serve()


class _Zygote:
    """The process that has imported an implementation, and its workers."""

    def __init__(self, adapter: Adapter, channel: Channel, flags: frozenset[str], memory: int) -> None:
        self.adapter, self.channel, self.flags, self.memory = adapter, channel, flags, memory
        self.spare: tuple[int, socket.socket] | None = None
        self.workers: set[int] = set()
        self.dying: set[int] = set()
        # From here on it notices itself when the suite is gone, and ends its workers first.
        outlive_parent()
        adopt_orphans()
        # What importing the implementation has started may be needed by it.
        self.helpers = children()
        self.channel.send(encoded(_described(adapter, flags)))

    def serve(self) -> None:
        """Answer until the suite has gone; then nothing that was started here is left."""
        while True:
            try:
                _, request = self.channel.receive()
            except (EOFError, OSError):
                # The suite has ended, by force perhaps: one that hangs would run on for ever.
                for pid in self.workers:
                    kill_group(pid)
                kill_all(os.getpid(), but_itself=True)
                return
            order, pid = pickle.loads(request)
            if order == "fork":
                self._give_worker()
            elif order == "reap":
                self._reap(pid)
            elif order == "forget":
                self.dying.add(pid)
            self._clear()

    def _give_worker(self) -> None:
        pid, theirs = self.spare or self._forked()
        message = encoded(Forked(pid))
        socket.send_fds(self.channel.end, [LENGTHS.pack(len(message), 0) + message], [theirs.fileno()])
        theirs.close()
        # The next one is made while this one works.
        self.spare = self._forked()

    def _forked(self) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        # Room for answers that are not asked for yet: the system gives as much of it as it allows.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            die_with_parent(zygote)
            self.channel.close()
            theirs.close()
            os.setpgid(0, 0)
            _limit(self.memory)
            work(self.adapter, Channel(ours), self.flags)
            os._exit(0)
        ours.close()
        self.workers.add(pid)
        return pid, theirs

    def _reap(self, pid: int) -> None:
        status = 0
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(pid, 0)
        self.workers.discard(pid)
        self.channel.send(encoded(Reaped(os.waitstatus_to_exitcode(status))))

    def _clear(self) -> None:
        """Wait for workers that were ended, and end what they have left behind, which is this process's child now."""
        for pid in children() - self.workers - self.helpers:
            kill(pid)
            self.dying.add(pid)
        gone = {pid for pid in self.dying if _has_ended(pid)}
        self.workers -= gone
        self.dying -= gone


def _described(adapter: Adapter, flags: frozenset[str]) -> Loaded | Failed:
    """What the adapter says of itself, or why that cannot be told: a claim may be a number where it must be a word."""
    try:
        message = Loaded(describe(adapter, flags))
        decoded(encoded(message))
        return message
    except (Garbled, TypeError, ValueError, AttributeError) as problem:
        why = problem.__cause__ or problem
        return Failed("usage", f"{adapter.name}: what it declares is not what it must be: {why}")


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


class _Nothing:
    """Stands for an implementation while the suite's own part of a worker is tried out."""

    def conv2d(self, x: Any, w: Any, bias: Any, **arguments: Any) -> Any:
        return x + 1


def _warm() -> None:
    """Do what a worker will do, without the implementation, so that no worker has to do it for the first time."""
    for requirement, line in WARMING:
        message, raw = _trial(cast(Adapter, _Nothing()), requirement, line)
        answered = decoded(encoded(message))
        assert isinstance(answered, Answered)
        outcomes_of(answered, raw)
    # What is there stays, and is left alone: a collection in a worker would copy every page that it looks at.
    gc.collect()
    gc.freeze()


def _limit(memory: int) -> None:
    """Limit a worker's memory and the size of each file that it writes; what it prints goes to no file."""
    try:
        import resource
    except ImportError:
        return
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: LARGEST_FILE}
    if memory and sys.platform == "linux":
        limits[resource.RLIMIT_AS] = address_space(memory)
    for which, wanted in limits.items():
        # Whoever called the suite may have set a narrower one.
        _, most = resource.getrlimit(which)
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(which, (allowed, allowed))


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
    descriptor, target, dtypes, flags, memory, parent = pickle.loads(bytes.fromhex(sys.argv[1]))
    die_with_parent(parent)
    control = socket.socket(fileno=descriptor)
    own_streams()
    adapter, error = None, None
    try:
        adapter = loading.load(target, dtypes)
    except loading.Unavailable as problem:
        error = Failed("unavailable", str(problem))
    except (loading.UnknownAdapter, ValueError) as problem:
        error = Failed("usage", str(problem))
    except BaseException:
        error = Failed("usage", f"importing {target!r} failed:\n{traceback.format_exc(limit=-3)}")
    serve(adapter, error, control, flags, memory)


if __name__ == "__main__":
    main()
