"""The parent's side of the child process: send trials, collect outcomes, notice deaths."""

import contextlib
import faulthandler
import functools
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from convspec.adapters import loading
from convspec.adapters.probes import Answer
from convspec.adapters.protocol import Adapter
from convspec.adapters.recognition import Reading
from convspec.conformance import interpreter
from convspec.conformance.calls import Outcome, Trialled
from convspec.conformance.case import Case
from convspec.conformance.expected import SuiteError
from convspec.conformance.in_process import InProcess
from convspec.conformance.machine import cpu_flags
from convspec.conformance.output import Output
from convspec.conformance.processor_time import members
from convspec.conformance.waiting import Allowance, NoAnswer, TimeLimits
from convspec.conformance.worker import Worker
from convspec.conformance.zygote import Description, kill_group, own_streams, serve

# The first cases of a requirement find most; sent by few, little is left over when one of them fails.
FIRST_BATCH, BATCH = 6, 48
# How many are begun while others are judged.
AHEAD = 128
DEFAULT = TimeLimits()
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class ChildProcess:
    """An implementation in a process of its own.

    Parameters
    ----------
    target : str
        What `convspec.adapters.loading.load` takes.
    adapter : Adapter or None
        An adapter that cannot be found by name; the zygote is then forked from this process.
    dtypes : tuple of str
        Element types to claim instead of the declared ones.
    limits : TimeLimits
        What a trial may take.
    memory : int
        Bytes that a worker may use beyond what it starts with.

    Attributes
    ----------
    deaths, hangs : int
        How many workers died or hung so far, and how many hangs were waited for in full.
    """

    def __init__(
        self,
        target: str,
        *,
        adapter: Adapter | None = None,
        dtypes: tuple[str, ...] = (),
        limits: TimeLimits = DEFAULT,
        memory: int = 4 << 30,
    ) -> None:
        self.limits = limits
        self.deaths = self.hangs = 0
        # The longest that an answer took: of a new worker, and of one that had returned something before.
        self._slowest = {True: 0.0, False: 0.0}
        self._reading: Reading | None = None
        self._worker: Worker | None = None
        self._ahead: tuple[Worker, Sequence[Trialled]] | None = None
        self._output = Output()
        self._control, theirs = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        self._zygote = 0
        if adapter is None:
            self._process = self._launch(target, dtypes, theirs, memory)
            self.isolation = "child process, forked from one that has only imported it"
        else:
            self._zygote = self._fork(adapter, theirs, memory)
            self.isolation = "child process, forked from this one (it cannot be found by name)"
        theirs.close()
        self._output.let_go()
        self._requests = Connection(os.dup(self._control.fileno()))
        self._target = target

    @functools.cached_property
    def description(self) -> Description:
        """What the implementation says of itself; waits until it is imported.

        Raises
        ------
        UnknownAdapter, Unavailable
            It cannot be loaded.
        """
        return self._loaded(self._target)

    def _launch(
        self, target: str, dtypes: tuple[str, ...], theirs: socket.socket, memory: int
    ) -> "subprocess.Popen[bytes]":
        order = pickle.dumps((theirs.fileno(), target, dtypes, cpu_flags(), memory))
        environment = interpreter.environment()
        environment.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        # Memory that was never written holds a pattern, the same in every run, instead of lucky zeros.
        environment["MALLOC_PERTURB_"] = "165"
        return subprocess.Popen(
            interpreter.command("convspec.conformance.zygote", order.hex()),
            stdin=subprocess.DEVNULL,
            stdout=self._output.descriptor,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs.fileno(),),
            env=environment,
        )

    def _fork(self, adapter: Adapter, theirs: socket.socket, memory: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        self._control.close()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, instead in enumerate((nothing, self._output.descriptor, self._output.descriptor)):
            os.dup2(instead, number)
        # A notebook or a test runner has put objects here that know other ways in and out.
        sys.stdin = os.fdopen(0, closefd=False)
        own_streams()
        self._output.forget()
        faulthandler.disable()
        try:
            serve(adapter, None, theirs, cpu_flags(), memory)
        finally:
            os._exit(0)

    def _loaded(self, target: str) -> Description:
        try:
            kind, content = self._request_answer()
        except (EOFError, OSError):
            raise loading.UnknownAdapter(
                f"importing {target!r} ended the process: {self.printed() or 'nothing printed'}"
            ) from None
        if kind == "failed":
            reason, _, text = str(content).partition(": ")
            raise (loading.Unavailable if reason == "unavailable" else loading.UnknownAdapter)(text)
        description: Description = content
        return description

    def _request_answer(self) -> Any:
        return pickle.loads(self._requests.recv_bytes())

    def printed(self) -> str:
        """The last of what the implementation printed."""
        return self._output.end()

    def configure(self, reading: Reading) -> None:
        """Tell this and all later workers what was recognised of a plain function."""
        self._reading = reading
        self.fresh()

    def annotate(self, cases: list[Case]) -> list[tuple[str | None, tuple[int, ...]]]:
        """For each case: why it is not claimed (or None), and which deviations match it."""
        if not self.description.exclusions and not self.description.deviations:
            return [(None, ())] * len(cases)
        worker = self._ready()
        worker.ask(("annotate", cases))
        found = self._received(worker)
        if isinstance(found, Outcome):
            raise loading.UnknownAdapter(
                f"{self.description.name}: asking its exclusions and deviations which of {len(cases)} cases they "
                f"match: {found.text}"
            )
        notes: list[tuple[str | None, tuple[int, ...]]] = found[1]
        return notes

    def probe(self, dtypes: tuple[str, ...], names: Sequence[str]) -> dict[str, Answer]:
        """Make the probing calls of a plain function; one that kills the worker, or hangs, does not work."""
        answers: dict[str, Answer] = {}
        while waiting := [name for name in names if name not in answers]:
            worker = self._ready()
            # One that is dead says so when it is asked for its answers.
            with contextlib.suppress(OSError):
                for name in waiting:
                    worker.ask(("probe", dtypes, (name,)))
            for name in waiting:
                answer = self._received(worker)
                if isinstance(answer, Outcome):
                    answers[name] = Answer("broke", text=answer.text)
                    break
                answers |= answer[1]
                worker.is_new = worker.is_new and answers[name].shape is None
        return answers

    def _received(self, worker: Worker, hasty: bool = False) -> Any:
        """The next answer; where there is none, how the worker ended: it has died, or is ended here."""
        hasty = hasty or self.hangs >= self.limits.hangs
        try:
            return worker.answer(self._allowance(worker, hasty))
        except (EOFError, OSError):
            return self._death(self._buried(worker))
        except NoAnswer as problem:
            # One that hangs may wait for processes that it has put into groups of their own.
            for pid in members(worker.pid):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            self._end(worker)
            if not hasty:
                self.hangs += 1
                return Outcome("timed out", None, str(problem))
            return Outcome("not waited for", None, f"{problem}, and it is not waited for any longer")

    def _allowance(self, worker: Worker, hasty: bool) -> Allowance:
        if hasty:
            return self.limits.hasty(worker.is_new, self._slowest[worker.is_new])
        return self.limits.allowance(worker.is_new)

    def begin(self, trials: Sequence[Trialled]) -> None:
        """Let a further worker make a start on trials; `run` of the same ones goes on where it is then."""
        self._drop_ahead()
        worker = self._new_worker()
        self._ahead = worker, trials
        # One that is dead says so when it is asked for its answers.
        with contextlib.suppress(OSError):
            worker.ask(("trials", list(trials[:AHEAD])))

    def run(
        self, trials: Sequence[Trialled], fresh: bool = False, hasty: bool = False
    ) -> Iterator[tuple[Outcome, ...]]:
        """Run trials in order, each one's outcomes as soon as they are there.

        Parameters
        ----------
        trials : sequence of (str, Case)
            Requirement and case. A death gives one outcome, and the next trial has a new worker.
        fresh : bool
            Whether the first trial has a worker with no history.
        hasty : bool
            Whether a trial may be given up early, as "not waited for": from that nothing can be concluded. All trials
            are run like that once as many hangs were waited for as the limits allow.

        Raises
        ------
        SuiteError
            Building the calls failed in the child.
        """
        sent = 0
        if self._ahead is not None and self._ahead[1] is trials:
            self.fresh()
            (self._worker, _), self._ahead = self._ahead, None
            sent = min(len(trials), AHEAD)
        elif fresh:
            self.fresh()
        return self._answers(trials, sent, hasty)

    def _answers(self, trials: Sequence[Trialled], sent: int, hasty: bool) -> Iterator[tuple[Outcome, ...]]:
        done, batch, worker = 0, FIRST_BATCH, self._worker
        try:
            while done < len(trials):
                worker = self._ready()
                if sent - done < batch // 2 and sent < len(trials):
                    some = list(trials[sent : sent + batch])
                    batch = min(2 * batch, BATCH)
                    try:
                        worker.ask(("trials", some))
                        sent += len(some)
                    except OSError:
                        # The worker is dead; reading its answer says how it died.
                        sent = max(sent, done + 1)
                outcomes, alive = self._next(worker, hasty)
                done += 1
                if not alive:
                    self.deaths += 1
                    sent = done
                yield outcomes
        finally:
            # Answers that nobody will read are still to come, unless another worker has taken the place meanwhile.
            if worker is not None and worker is self._worker:
                self._leave(worker, sent - done)

    def _leave(self, worker: Worker, answers: int) -> None:
        """Read them where they are few, else end the worker."""
        if answers > 2 * FIRST_BATCH:
            self._end(worker)
        while answers > 0 and self._worker is worker:
            self._next(worker, hasty=True)
            answers -= 1

    def _next(self, worker: Worker, hasty: bool) -> tuple[tuple[Outcome, ...], bool]:
        answer = self._received(worker, hasty)
        if isinstance(answer, Outcome):
            return (answer,), False
        if answer[0] == "error":
            raise SuiteError(f"the child could not build the calls:\n{answer[1]}")
        _, outcomes, seconds = answer
        self._slowest[worker.is_new] = max(self._slowest[worker.is_new], seconds)
        worker.is_new = worker.is_new and not any(outcome.kind == "returned" for outcome in outcomes)
        return outcomes, True

    def _death(self, status: int) -> Outcome:
        if status < 0:
            try:
                name = signal.Signals(-status).name
            except ValueError:
                name = f"signal {-status}"
            return Outcome("crashed", None, f"the process was killed by {name}")
        return Outcome("exited", None, f"the process ended with status {status} and no answer")

    def _ready(self) -> Worker:
        if self._worker is None:
            self._worker = self._new_worker()
        return self._worker

    def _new_worker(self) -> Worker:
        # No worker before the implementation is imported: this waits for it.
        _ = self.description
        self._requests.send_bytes(pickle.dumps(("fork",)))
        _, pid = self._request_answer()
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        worker = Worker(descriptors[0], pid, self._output.reader)
        if self._reading is not None:
            worker.ask(("configure", self._reading))
            worker.connection.recv_bytes()
        return worker

    def fresh(self) -> None:
        """End the worker; the next trial has a new one, with no history."""
        if self._worker is not None:
            self._end(self._worker)

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            (worker, _), self._ahead = self._ahead, None
            self._end(worker)

    def _end(self, worker: Worker) -> None:
        """Kill a worker."""
        kill_group(worker.pid)
        self._leave_behind(worker, "forget")

    def _buried(self, worker: Worker) -> int:
        """How a worker ended that is dead already; its children, if it has any, end here."""
        kill_group(worker.pid)
        self._leave_behind(worker, "reap")
        _, status = self._request_answer()
        return int(status)

    def _leave_behind(self, worker: Worker, order: str) -> None:
        worker.connection.close()
        if worker is self._worker:
            self._worker = None
        self._requests.send_bytes(pickle.dumps((order, worker.pid)))

    def close(self) -> None:
        """End the workers and the zygote."""
        with contextlib.suppress(OSError, EOFError):
            self.fresh()
            self._drop_ahead()
        self._requests.close()
        self._control.close()
        self._output.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        elif self._zygote:
            try:
                os.kill(self._zygote, signal.SIGKILL)
                os.waitpid(self._zygote, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


Child = ChildProcess | InProcess


def start(
    target: str, *, adapter: Adapter | None = None, dtypes: tuple[str, ...] = (), limits: TimeLimits = DEFAULT
) -> Child:
    """Start an implementation in the best isolation that the system offers."""
    if hasattr(os, "fork"):
        return ChildProcess(target, adapter=adapter, dtypes=dtypes, limits=limits)
    return InProcess(target, adapter=adapter, dtypes=dtypes)
