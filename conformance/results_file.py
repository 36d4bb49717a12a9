"""The file ``results.jsonl``: line by line while a run lasts, and once more, whole, when it has ended."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from convspec.chain import CHAINED, Chain
from convspec.conformance.results import NotWritten, dump, parted, replace_file

NAME = "results.jsonl"
# A whole file of an earlier run in the same folder, until this run has one of its own.
PREVIOUS = "results.previous.jsonl"

Line = Mapping[str, Any]


class ResultsFile:
    """Writes the results of a run into a folder, so that a run that ends anywhere leaves what it knew.

    Each line is written in one call to the system when it is known: a process that is killed leaves at most its last
    line cut. When the run has ended, the file is replaced in one step by one in the order of the catalogue.

    Parameters
    ----------
    folder : Path
        It is made if it is not there. Nothing is written before `begin`.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.previous = folder / PREVIOUS
        self.has_begun = False
        self._chain = Chain()
        self._file: int | None = None
        self._adapters: dict[str, bytes] = {}
        self._moved = False

    def begin(self, lines: Iterable[Line]) -> None:
        """Keep the file that is there, and begin a new one.

        Parameters
        ----------
        lines : iterable of mapping
            The header and the requirements.

        Raises
        ------
        NotWritten
        """
        # Whoever interrupts what follows finds the earlier file moved, and `finish` puts one in its place.
        self.has_begun = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._keep_what_is_there()
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        except OSError as error:
            raise NotWritten.because(error, self.path) from error
        for line in lines:
            self.add(line)

    def _keep_what_is_there(self) -> None:
        """Move the file of an earlier run out of the way; never put an unfinished one in the place of another."""
        if self.path.exists() and (not self.previous.exists() or is_finished(self.path)):
            self.path.replace(self.previous)
            self._moved = True

    def add(self, line: Line) -> None:
        """Write a line, and that of its time behind it; one on an adapter only if it is new or says something new.

        Raises
        ------
        NotWritten
        """
        kept, time = parted(line)
        text = dump(kept).encode()
        if kept["type"] == "adapter":
            if self._adapters.get(kept["id"]) == text:
                return
            self._adapters[kept["id"]] = text
        self._append(self._chain.sealed(text))
        if time is not None:
            self._append(dump(time).encode() + b"\n")

    def finish(self, lines: Iterable[Line]) -> None:
        """Replace the file in one step by one of these lines; with a footer, the earlier one is let go.

        Raises
        ------
        NotWritten
            What was written line by line is still there.
        """
        lines = list(lines)
        replace_file(self.path, [b"".join(chained(lines))])
        self.close()
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            if lines[-1]["type"] == "footer":
                self.previous.unlink(missing_ok=True)
        except OSError as error:
            raise NotWritten.because(error, self.path) from error

    def explain(self, line: Line) -> None:
        """Write a line outside of the chain behind a finished file.

        Raises
        ------
        NotWritten
        """
        self._append(dump(line).encode() + b"\n")

    def withdraw(self) -> None:
        """Take the new file away and put the earlier one back, for a run that is refused.

        Raises
        ------
        NotWritten
        """
        self.close()
        try:
            if self._moved:
                self.previous.replace(self.path)
            elif self.has_begun:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NotWritten.because(error, self.path) from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, data: bytes) -> None:
        if self._file is None:
            raise ValueError("the file is not open")
        try:
            done = os.write(self._file, data)
            while done < len(data):
                # A disk that is full takes a part, and says at the next call why not the rest.
                done += os.write(self._file, data[done:])
        except OSError as error:
            raise NotWritten.because(error, self.path) from error


def chained(lines: Iterable[Line]) -> Iterator[bytes]:
    """Give the bytes of each line of a results file, those that the chain holds with their hashes."""
    chain = Chain()
    for line in lines:
        kept, time = parted(line)
        text = dump(kept).encode()
        yield chain.sealed(text) if kept["type"] in CHAINED else text + b"\n"
        if time is not None:
            yield dump(time).encode() + b"\n"


def is_finished(path: Path) -> bool:
    """Whether a results file has a footer; after it, only lines outside of the chain may follow."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return False
    for line in reversed(lines):
        try:
            kind = json.loads(line)["type"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if kind in CHAINED:
            return bool(kind == "footer")
    return False
