"""Where what an implementation prints goes to: a pipe that is always read, and of which the end is kept."""

import contextlib
import os
import socket
import subprocess
import sys

from convspec.conformance import drain

# Many a print fits in at once; the system's own size is enough where it cannot be changed.
ROOM = 1 << 20
SHOWN = 2000
# Seconds until the end of what was printed is given up.
LONGEST = 10.0


class Output:
    """A pipe, and a process that reads it.

    Attributes
    ----------
    descriptor : int
        What to print to.
    reader : int
        The process that reads.
    """

    def __init__(self) -> None:
        reader, self.descriptor = os.pipe()
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, ROOM)
        self._line, theirs = socket.socketpair()
        self._line.settimeout(LONGEST)
        # In a group of its own, so that Ctrl-C does not end it before those who print.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", drain.__file__], stdin=reader, stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL, process_group=0,
        )
        self.reader = self._process.pid
        os.close(reader)
        theirs.close()

    def forget(self) -> None:
        """Close all of it here, in a process that was forked from the one that reads the end."""
        os.close(self.descriptor)
        self._line.close()

    def end(self) -> str:
        """The last of what was printed; nothing if the reading process is gone."""
        # One that is stopped, as an implementation might do to it, is not waited for.
        with contextlib.suppress(OSError):
            self._line.sendall(b"?")
            told = self._received(int.from_bytes(self._received(4), "big"))
            return told.decode(errors="replace")[-SHOWN:].strip()
        return ""

    def _received(self, count: int) -> bytes:
        content = b""
        while len(content) < count:
            piece = self._line.recv(count - len(content))
            if not piece:
                raise ConnectionError("the process that reads what is printed has ended")
            content += piece
        return content

    def close(self) -> None:
        """End the process that reads, whoever still holds the pipe."""
        if self._line.fileno() < 0:
            # Closed before: the descriptor's number may be another file's by now.
            return
        os.close(self.descriptor)
        self._line.close()
        self._process.kill()
        self._process.wait()
