"""A process that answers trials, as its parent sees it."""

import functools
import pickle
import select
import time
from multiprocessing.connection import Connection
from typing import Any

from convspec.conformance.processor_time import usage
from convspec.conformance.waiting import FIRST_LOOK, Allowance, Wait


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
        self.connection, self.pid = Connection(descriptor), pid
        self._read = functools.partial(usage, beside=(reader,))
        self.is_new = True
        # Connection.poll builds a selector each time, which costs more than judging a small answer.
        self._waiting = select.poll()
        self._waiting.register(descriptor, select.POLLIN)

    def ask(self, request: tuple[Any, ...]) -> None:
        """Send a request."""
        self.connection.send_bytes(pickle.dumps(request, protocol=5))

    def answer(self, allowance: Allowance) -> Any:
        """The next answer.

        Raises
        ------
        NoAnswer
            There is none within the allowance.
        EOFError, OSError
            The process is dead.
        SuiteError
            The machine is too busy.
        """
        if not self._waiting.poll(1000 * FIRST_LOOK):
            self._wait(Wait(self.pid, allowance, self._read))
        try:
            return pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            # It has closed its socket. If it lives on, it may hang as well, and must not be waited for without end.
            wait = Wait(self.pid, allowance, self._read)
            while wait.is_told and wait.look():
                time.sleep(wait.pause)
            raise

    def _wait(self, wait: Wait) -> None:
        while not self._waiting.poll(1000 * wait.pause):
            # A child of its own may hold the socket open after its death.
            if not wait.look() and not self._waiting.poll(0):
                raise EOFError
