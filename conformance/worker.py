"""A process that answers trials, as its parent sees it."""

import functools
import pickle
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from convspec.conformance.messages import Channel, Message, decoded
from convspec.conformance.processor_time import usage
from convspec.conformance.waiting import FIRST_LOOK, Allowance, Wait


class Patience:
    """Waits for an end of a socket that does not block, within the allowance of the process at the other end.

    Parameters
    ----------
    descriptor : int
        Of the end.
    pid : int
        The process, which leads a group.
    read : function of int
        Tells what the process has had.
    """

    def __init__(self, descriptor: int, pid: int, read: Callable[[int], Any] = usage) -> None:
        self.pid, self.read = pid, read
        # A selector built for each answer would cost more than judging a small one.
        self._to_read, self._to_write = select.poll(), select.poll()
        self._to_read.register(descriptor, select.POLLIN)
        self._to_write.register(descriptor, select.POLLOUT)

    def within(self, allowance: Allowance) -> Callable[[bool], None]:
        """Give the function that waits until there is something to read, or room to write, for one answer.

        It raises `NoAnswer` when the allowance is used up, `EOFError` when the process is dead, and `SuiteError` when
        the machine is too busy.
        """
        wait: Wait | None = None

        def pause(to_write: bool) -> None:
            nonlocal wait
            poll = (self._to_write if to_write else self._to_read).poll
            if wait is not None:
                # One that sends a little now and then has no more time for the whole of its answer.
                wait.look()
            elif poll(1000 * FIRST_LOOK):
                return
            else:
                wait = Wait(self.pid, allowance, self.read)
            while not poll(1000 * wait.pause):
                # A child of its own may hold the socket open after its death.
                if not wait.look() and not poll(0):
                    raise EOFError

        return pause


class Worker:
    """A process that answers requests in their order.

    Parameters
    ----------
    descriptor : int
        Of the socket.
    pid : int
        It leads a group of processes.
    reader : int
        The process that reads what it prints: who prints much waits for that one, which may wait for a processor.

    Attributes
    ----------
    is_new : bool
        Whether the implementation has not returned anything in it yet, and may still have to import and to compile.
    """

    def __init__(self, descriptor: int, pid: int, reader: int) -> None:
        end = socket.socket(fileno=descriptor)
        end.setblocking(False)
        self.channel, self.pid = Channel(end), pid
        self._read = functools.partial(usage, beside=(reader,))
        self._patience = Patience(descriptor, pid, self._read)
        self.is_new = True

    def ask(self, request: tuple[Any, ...], allowance: Allowance) -> None:
        """Send a request.

        Raises
        ------
        NoAnswer, EOFError, OSError, SuiteError
            As of `answer`.
        """
        self.channel.send(b"", pickle.dumps(request, protocol=5), self._patience.within(allowance))

    def answer(self, allowance: Allowance) -> tuple[Message, bytes]:
        """The next answer, and the bytes of its arrays.

        Raises
        ------
        NoAnswer
            There is none within the allowance.
        EOFError, OSError
            The process is dead.
        Garbled
            What came is no answer.
        SuiteError
            The machine is too busy.
        """
        try:
            text, raw = self.channel.receive(self._patience.within(allowance))
        except (EOFError, OSError):
            # It has closed its socket. If it lives on, it may hang as well, and must not be waited for without end.
            wait = Wait(self.pid, allowance, self._read)
            while wait.is_told and wait.look():
                time.sleep(wait.pause)
            raise
        return decoded(text), raw
