"""The parent's side of the child process: send trials, collect outcomes, notice deaths."""

import contextlib
import functools
import os
from collections.abc import Iterator, Sequence
from typing import Any

from convspec.adapters import loading
from convspec.adapters.probes import Answer
from convspec.adapters.protocol import Adapter
from convspec.adapters.recognition import Reading
from convspec.conformance.calls import Outcome, Trialled
from convspec.conformance.case import Case
from convspec.conformance.description import Description, Notes
from convspec.conformance.ending import kill, kill_group
from convspec.conformance.expected import SuiteError
from convspec.conformance.in_process import InProcess
from convspec.conformance.messages import (
    Answered,
    Configured,
    Garbled,
    NotBuilt,
    Noted,
    Probed,
    expected,
    outcomes_of,
)
from convspec.conformance.output import Output
from convspec.conformance.processor_time import members
from convspec.conformance.requirements import calls_of
from convspec.conformance.waiting import Allowance, NoAnswer, TimeLimits
from convspec.conformance.worker import Worker
from convspec.conformance.zygote_process import Lost, ZygoteProcess, death

# The first cases of a requirement find most; sent by few, little is left over when one of them fails.
FIRST_BATCH, BATCH = 6, 48
# How many are begun while others are judged.
AHEAD = 128
# How often the process from which workers are forked is started again, where the implementation has ended it.
RESTARTS = 50
DEFAULT = TimeLimits()


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
        self._start = functools.partial(ZygoteProcess, target, adapter, dtypes, limits, memory, self._output)
        self._restarts = 0
        self._zygote = self._start()
        self.isolation = self._zygote.isolation

    @functools.cached_property
    def description(self) -> Description:
        """What the implementation says of itself; waits until it is imported.

        Raises
        ------
        UnknownAdapter, Unavailable
            It cannot be loaded.
        """
        return self._zygote.loaded()

    def printed(self) -> str:
        """The last of what the implementation printed."""
        return self._output.end()

    def configure(self, reading: Reading) -> None:
        """Tell this and all later workers what was recognised of a plain function."""
        self._reading = reading
        self.fresh()

    def annotate(self, cases: list[Case]) -> Notes:
        """For each case: why it is not claimed (or None), and which deviations match it."""
        if not self.description.exclusions and not self.description.deviations:
            return [(None, ())] * len(cases)
        try:
            worker = self._ready()
            self._ask(worker, ("annotate", cases))
            found = self._received(worker, Noted)
        except Lost as problem:
            found = _lost(problem)
        if isinstance(found, Outcome) or len(found[0].notes) != len(cases):
            told = found.text if isinstance(found, Outcome) else f"{len(found[0].notes)} answers came"
            raise loading.UnknownAdapter(
                f"{self.description.name}: asking its exclusions and deviations which of {len(cases)} cases they "
                f"match: {told}"
            )
        return list(found[0].notes)

    def probe(self, dtypes: tuple[str, ...], names: Sequence[str]) -> dict[str, Answer]:
        """Make the probing calls of a plain function; one that kills the worker, or hangs, does not work."""
        answers: dict[str, Answer] = {}
        while waiting := [name for name in names if name not in answers]:
            try:
                worker = self._ready()
            except Lost as problem:
                return answers | {name: Answer("broke", text=_lost(problem).text) for name in waiting}
            for name in waiting:
                self._ask(worker, ("probe", dtypes, (name,)))
            for name in waiting:
                found = self._received(worker, Probed)
                answer = Answer("broke", text=found.text) if isinstance(found, Outcome) else found[0].answers.get(name)
                answers[name] = answer or Answer("broke", text="gave no answer to this call")
                if isinstance(found, Outcome):
                    break
                worker.is_new = worker.is_new and answers[name].shape is None
        return answers

    def _ask(self, worker: Worker, request: tuple[Any, ...]) -> bool:
        """Send a request; False if there is nobody to take it: who reads its answers is told how it ended."""
        try:
            worker.ask(request, self.limits.allowance(is_first=True))
        except (NoAnswer, EOFError, OSError):
            return False
        return True

    def _received(self, worker: Worker, *kinds: type, hasty: bool = False) -> tuple[Any, bytes] | Outcome:
        """The next answer; where there is none, how the worker ended: it has died, or is ended here."""
        hasty = hasty or self.hangs >= self.limits.hangs
        try:
            message, raw = worker.answer(self._allowance(worker, hasty))
            return expected(message, kinds), raw
        except (EOFError, OSError):
            return self._death(worker)
        except Garbled as problem:
            self._end(worker)
            return Outcome("exited", None, f"the process was ended: {problem}")
        except NoAnswer as problem:
            # One that hangs may wait for processes that it has put into groups of their own.
            for pid in members(worker.pid):
                kill(pid)
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
        # Where none can be had, `run` will say so.
        with contextlib.suppress(Lost):
            worker = self._new_worker()
            self._ahead = worker, trials
            self._ask(worker, ("trials", list(trials[:AHEAD])))

    def run(
        self, trials: Sequence[Trialled], fresh: bool = False, hasty: bool = False
    ) -> Iterator[tuple[Outcome, ...]]:
        """Run trials in order, each one's outcomes as soon as they are there.

        Parameters
        ----------
        trials : sequence of (str, Case)
            Requirement and case. A death gives one outcome.
        fresh : bool
            Whether the first trial has a worker with no history.
        hasty : bool
            Whether a trial may be given up early, as "not waited for": from that nothing can be concluded. All trials
            are run like that once as many hangs were waited for as the limits allow.

        Raises
        ------
        SuiteError
            The calls can be made up neither in the child nor here.
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
                try:
                    worker = self._ready()
                except Lost as problem:
                    done += 1
                    yield (Outcome("not waited for", None, f"{_lost(problem).text}, and it is not started again"),)
                    continue
                if sent - done < batch // 2 and sent < len(trials):
                    some = list(trials[sent : sent + batch])
                    batch = min(2 * batch, BATCH)
                    # Of a worker that is dead, reading its answer says how it died.
                    sent = sent + len(some) if self._ask(worker, ("trials", some)) else max(sent, done + 1)
                outcomes, alive = self._next(worker, trials[done], hasty)
                if not alive and self._zygote.is_lost and self._ahead is not None:
                    # The worker that is ahead may have ended it: this one is asked once more, alone.
                    self._drop_ahead()
                    sent = done
                    continue
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
            self._received(worker, Answered, NotBuilt, hasty=True)
            answers -= 1

    def _next(self, worker: Worker, trial: Trialled, hasty: bool) -> tuple[tuple[Outcome, ...], bool]:
        answer = self._received(worker, Answered, NotBuilt, hasty=hasty)
        if isinstance(answer, Outcome):
            return (answer,), False
        message, raw = answer
        if isinstance(message, NotBuilt):
            self._refuse_fault(trial, message)
            self._end(worker)
            last = message.text.strip().rpartition("\n")[2]
            told = f"it has changed its process, where no call can be made any more: {last}"
            return (Outcome("exited", None, told),), False
        try:
            outcomes = outcomes_of(message, raw)
        except Garbled as problem:
            self._end(worker)
            return (Outcome("exited", None, f"the process was ended: {problem}"),), False
        self._slowest[worker.is_new] = max(self._slowest[worker.is_new], message.seconds)
        worker.is_new = worker.is_new and not any(outcome.kind == "returned" for outcome in outcomes)
        return outcomes, True

    def _refuse_fault(self, trial: Trialled, message: NotBuilt) -> None:
        """Tell a fault of the suite, whose calls cannot be made up here either, from a process that was changed.

        Raises
        ------
        SuiteError
            It is the suite's.
        """
        try:
            calls_of(*trial)
        except Exception:
            raise SuiteError(f"the child could not build the calls:\n{message.text}") from None

    def _death(self, worker: Worker) -> Outcome:
        try:
            self._take_leave(worker)
            return death(self._zygote.status_of(worker.pid))
        except Lost as problem:
            return _lost(problem)

    def _ready(self) -> Worker:
        if self._worker is None:
            self._worker = self._new_worker()
        return self._worker

    def _new_worker(self) -> Worker:
        """A worker with no history.

        Raises
        ------
        Lost
            There is none to be had any more.
        """
        # No worker before the implementation is imported: this waits for it.
        _ = self.description
        while True:
            try:
                return self._forked()
            except Lost as problem:
                self._restart(problem)

    def _forked(self) -> Worker:
        worker = self._zygote.worker()
        if self._reading is not None:
            self._ask(worker, ("configure", self._reading))
            if isinstance(found := self._received(worker, Configured), Outcome):
                raise Lost(f"gives no worker: {found.text}")
        return worker

    def _restart(self, problem: Lost) -> None:
        """Start another zygote, since an implementation has ended the last one; not for ever.

        Raises
        ------
        Lost
            It has done so too often.
        """
        self._end_workers()
        self._zygote.close()
        if self._restarts == RESTARTS:
            raise problem
        self._restarts += 1
        self._zygote = self._start()
        # It has said what it is before; a second import that fails is the implementation's doing, too.
        try:
            self._zygote.loaded()
        except (loading.UnknownAdapter, loading.Unavailable):
            raise problem from None

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
        self._take_leave(worker)
        self._zygote.forget(worker.pid)

    def _take_leave(self, worker: Worker) -> None:
        """Let go of a worker; its children, if it has any, end here."""
        kill_group(worker.pid)
        worker.channel.close()
        if worker is self._worker:
            self._worker = None

    def _end_workers(self) -> None:
        for worker in (self._worker, *(self._ahead or ())[:1]):
            if worker is not None:
                self._take_leave(worker)
        self._ahead = None

    def close(self) -> None:
        """End the workers, the zygote, and all that the implementation has started."""
        self._end_workers()
        self._zygote.close()
        self._output.close()


def _lost(problem: Lost) -> Outcome:
    return Outcome("exited", None, f"the process from which it is started {problem}")


Child = ChildProcess | InProcess


def start(
    target: str, *, adapter: Adapter | None = None, dtypes: tuple[str, ...] = (), limits: TimeLimits = DEFAULT
) -> Child:
    """Start an implementation in the best isolation that the system offers."""
    if hasattr(os, "fork"):
        return ChildProcess(target, adapter=adapter, dtypes=dtypes, limits=limits)
    return InProcess(target, adapter=adapter, dtypes=dtypes)
