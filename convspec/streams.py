"""What is printed, where whoever reads it may be gone and the disk behind it may be full: no reason to stop a run."""

import io
import os
import sys
from typing import Any, TextIO


class Steady(io.RawIOBase):
    """A stream below another one, to which writing never fails: what goes wrong is kept, and what follows is dropped.

    Parameters
    ----------
    stream : stream of text
        What is written to, past its own buffer.

    Attributes
    ----------
    problem : OSError or None
        The first thing that went wrong.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        # Kept, as it would be closed as soon as nobody has it any more.
        self._stream = stream
        self._below: Any = getattr(stream.buffer, "raw", stream.buffer)
        self.problem: OSError | None = None

    def writable(self) -> bool:
        """It can always be written to."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream below."""
        return self._stream.fileno()

    def write(self, data: Any, /) -> int:
        """Write as much as can be written, or nothing at all."""
        if self.problem is None:
            try:
                return int(self._below.write(data))
            except OSError as error:
                self.problem = error
        return memoryview(data).nbytes


def steady(stream: TextIO) -> tuple[TextIO, Steady | None]:
    """Put a `Steady` stream below a stream of text.

    Returns
    -------
    stream, Steady or None
        The stream to print to, and what is below it; where it is no stream of Python's own, it stays as it is.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return stream, None
    below = Steady(stream)
    # A terminal that knows ASCII alone shows the signs that it lacks as their numbers.
    text = io.TextIOWrapper(
        io.BufferedWriter(below), encoding=stream.encoding, errors="backslashreplace",
        line_buffering=stream.line_buffering, write_through=stream.write_through,
    )
    return text, below


def open_what_is_closed() -> bool:
    """Open what a shell closed with ``<&-`` or ``2>&-``, so that no file of a run takes its number.

    Returns
    -------
    bool
        Whether there is a standard output; it is not opened, as nothing could be told then.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    # The lowest number that is free is the one that the system gives.
    for _ in closed:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if 2 in closed:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    return 1 not in closed


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
