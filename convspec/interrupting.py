"""When a signal asks the command line to end, and how it ends: in order, whatever it is doing."""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from convspec.rules import INTERRUPTED

# SIGHUP comes when a terminal is closed; Windows has none.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
Handler = Callable[[int, FrameType | None], Any] | int | None


class _Watch:
    """What is known of the signals of this process, between `take_over` and `let_go`."""

    def __init__(self) -> None:
        self.process = os.getpid()
        # Before anything is begun there is nothing to bring to an end; afterwards nothing is left to end.
        self.begun = self.over = False
        self.held = 0
        self.came = self.waiting = False
        self.before: dict[int, Handler] = {}
        self.shown_unraisable = sys.unraisablehook

    def take(self, number: int, frame: FrameType | None) -> None:
        """Act on a signal, now or later."""
        if os.getpid() != self.process:
            # In a process that was forked from this one, which ends it in its own time, by SIGTERM.
            if number == signal.SIGTERM:
                raise SystemExit(128 + number)
        elif self.over:
            return
        elif not self.begun:
            with contextlib.suppress(OSError):
                os.write(2, b"convspec: interrupted\n")
            os._exit(INTERRUPTED)
        else:
            self.came = True
            if not self.held:
                raise KeyboardInterrupt
            self.waiting = True

    def lost(self, problem: "sys.UnraisableHookArgs") -> None:
        """Repeat an interruption that came where no exception gets out, as while an object is taken down."""
        if not isinstance(problem.exc_value, KeyboardInterrupt):
            self.shown_unraisable(problem)
        elif os.getpid() == self.process:
            again = threading.Timer(0.005, _send_again, [next(iter(self.before))])
            again.daemon = True
            again.start()


def _send_again(number: int) -> None:
    if hasattr(signal, "pthread_kill"):
        # To the main thread, which may wait for something.
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


_watch: _Watch | None = None


def take_over() -> None:
    """Let signals end this process in order; one that was ignored when it was started stays ignored, as under `nohup`.

    Until `begin` they end it at once, with one line and the status 130.
    """
    global _watch
    _watch = _Watch()
    for number in SIGNALS:
        # None: somebody outside Python takes it.
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            _watch.before[number] = signal.signal(number, _watch.take)
    sys.unraisablehook = _watch.lost


def begin() -> None:
    """Let signals raise KeyboardInterrupt from now on."""
    if _watch is not None:
        _watch.begun = True


def came() -> bool:
    """Whether a signal has asked this process to end."""
    return _watch is not None and _watch.came


def finish() -> None:
    """Let signals do nothing from now on: the exit status is known, and nothing is left but to leave."""
    if _watch is not None:
        _watch.over = True
        # Python gives handlers of its own back to the system while it leaves, and the system would end it.
        for number in _watch.before:
            signal.signal(number, signal.SIG_IGN)


def let_go() -> None:
    """Give the signals back to whoever had them."""
    global _watch
    if _watch is not None:
        for number, handler in _watch.before.items():
            signal.signal(number, handler)
        sys.unraisablehook = _watch.shown_unraisable
    _watch = None


@contextlib.contextmanager
def deaf_children() -> Iterator[None]:
    """Start processes that take no notice of a terminal that interrupts or is closed; here, a signal waits so long."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let a signal that comes meanwhile act afterwards; without `take_over` this does nothing.

    Raises
    ------
    KeyboardInterrupt
        One came; raised at the end.
    """
    watch = _watch
    if watch is None:
        yield
        return
    watch.held += 1
    try:
        yield
    finally:
        watch.held -= 1
        if watch.waiting and not watch.held:
            watch.waiting = False
            raise KeyboardInterrupt
