"""The parent's side of a zygote: start it, be told what it has loaded, have workers forked, end all of it."""

import contextlib
import faulthandler
import os
import pickle
import signal
import socket
import subprocess
import sys
from typing import Any

from convspec.adapters import loading
from convspec.adapters.protocol import Adapter
from convspec.conformance import interpreter
from convspec.conformance.calls import Outcome
from convspec.conformance.description import Description
from convspec.conformance.ending import die_with_parent, is_child, kill_all
from convspec.conformance.machine import cpu_flags
from convspec.conformance.messages import ControlChannel, Failed, Forked, Garbled, Loaded, Reaped, decoded, expected
from convspec.conformance.output import Output
from convspec.conformance.waiting import NoAnswer, TimeLimits
from convspec.conformance.worker import Patience, Worker
from convspec.conformance.zygote import own_streams, serve


class Lost(Exception):
    """The process from which workers are forked is gone, or answers no longer; the text says how."""


class ZygoteProcess:
    """A process that has imported an implementation, and forks workers of itself.

    Parameters
    ----------
    target, adapter, dtypes, limits, memory
        As of `convspec.conformance.child.ChildProcess`.
    output : Output
        Where it and its workers print to.

    Attributes
    ----------
    isolation : str
        How the implementation is kept apart, in words.
    is_lost : bool
        Whether it is known to be gone, or to answer no longer.
    """

    def __init__(
        self,
        target: str,
        adapter: Adapter | None,
        dtypes: tuple[str, ...],
        limits: TimeLimits,
        memory: int,
        output: Output,
    ) -> None:
        self._target, self._dtypes, self._memory, self._output = target, dtypes, memory, output
        # Whatever is asked of it comes after the import, or is it.
        self._allowance = limits.allowance(is_first=True)
        self.is_lost = self._is_closed = False
        ours, theirs = socket.socketpair()
        self._channel = ControlChannel(ours)
        self._process: subprocess.Popen[bytes] | None = None
        if adapter is None:
            self._process = self._launch(theirs)
            self._pid = self._process.pid
            self.isolation = "child process, forked from one that has only imported it"
        else:
            self._pid = self._fork(adapter, theirs)
            self.isolation = "child process, forked from this one (it cannot be found by name)"
        theirs.close()
        ours.setblocking(False)
        self._patience = Patience(ours.fileno(), self._pid)

    def _launch(self, theirs: socket.socket) -> "subprocess.Popen[bytes]":
        order = pickle.dumps((theirs.fileno(), self._target, self._dtypes, cpu_flags(), self._memory, os.getpid()))
        # Memory that was never written holds a pattern, the same in every run, instead of lucky zeros.
        environment = interpreter.one_thread() | {"MALLOC_PERTURB_": "165"}
        return subprocess.Popen(
            interpreter.command("convspec.conformance.zygote", order.hex()),
            stdin=subprocess.DEVNULL,
            stdout=self._output.descriptor,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            env=environment,
        )

    def _fork(self, adapter: Adapter, theirs: socket.socket) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        die_with_parent(parent)
        self._channel.close()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, instead in enumerate((nothing, self._output.descriptor, self._output.descriptor)):
            os.dup2(instead, number)
        # A notebook or a test runner has put objects here that know other ways in and out.
        sys.stdin = os.fdopen(0, closefd=False)
        own_streams()
        self._output.forget()
        faulthandler.disable()
        try:
            serve(adapter, None, theirs, cpu_flags(), self._memory)
        finally:
            os._exit(0)

    def loaded(self) -> Description:
        """What the implementation says of itself; waits until it is imported.

        Raises
        ------
        UnknownAdapter, Unavailable
            It cannot be loaded.
        """
        try:
            answer: Loaded | Failed = self._told(Loaded, Failed)
        except Lost as problem:
            raise loading.UnknownAdapter(
                f"importing {self._target!r} {problem}: {self._output.end() or 'nothing printed'}"
            ) from None
        if isinstance(answer, Failed):
            raise (loading.Unavailable if answer.why == "unavailable" else loading.UnknownAdapter)(answer.text)
        return answer.description

    def worker(self) -> Worker:
        """Have a worker forked.

        Raises
        ------
        Lost
            There is nobody to fork it.
        """
        self._order("fork")
        answer: Forked = self._told(Forked)
        if not self._channel.descriptors or not is_child(answer.pid, self._pid):
            raise self._lost(f"cannot be believed: it names {answer.pid} as a worker")
        return Worker(self._channel.descriptors.pop(0), answer.pid, self._output.reader)

    def forget(self, pid: int) -> None:
        """Have a worker that was killed cleared away."""
        # A zygote that is lost is found so when the next worker is asked for.
        with contextlib.suppress(Lost):
            self._order("forget", pid)

    def status_of(self, pid: int) -> int:
        """How a worker ended that is dead: its exit status, or the negative of a signal's number.

        Raises
        ------
        Lost
            Nobody tells.
        """
        self._order("reap", pid)
        reaped: Reaped = self._told(Reaped)
        return reaped.status

    def _told(self, *kinds: type) -> Any:
        """What the zygote tells next.

        Raises
        ------
        Lost
            It tells nothing, or something else.
        """
        try:
            text, _ = self._channel.receive(self._patience.within(self._allowance))
            return expected(decoded(text), kinds)
        except NoAnswer as problem:
            raise self._lost(f"did not come to an end ({problem})") from None
        except Garbled as problem:
            raise self._lost(f"cannot be believed: {problem}") from None
        except (EOFError, OSError):
            raise self._lost("ended the process") from None

    def _order(self, order: str, pid: int = 0) -> None:
        """Give the zygote an order."""
        try:
            self._channel.send(b"", pickle.dumps((order, pid)), self._patience.within(self._allowance))
        except NoAnswer as problem:
            raise self._lost(f"does not listen ({problem})") from None
        except (EOFError, OSError):
            raise self._lost("has ended") from None

    def _lost(self, text: str) -> Lost:
        self.is_lost = True
        return Lost(text)

    def close(self) -> None:
        """End it, its workers, and all that the implementation has started."""
        if self._is_closed:
            # Its number may be another process's by now.
            return
        self._is_closed = True
        self._channel.close()
        kill_all(self._pid)
        if self._process is not None:
            self._process.wait()
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)


def death(status: int) -> Outcome:
    """What came of a call that ended its process with this status, or by this signal where it is negative."""
    if status >= 0:
        return Outcome("exited", None, f"the process ended with status {status} and no answer")
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return Outcome("crashed", None, f"the process was killed by {name}")
