"""Read a file of JSON lines, as results and proofs are: the bytes, then one object after the other."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from convspec.reports.fields import Fields, ResultsError


def read_raw(path: str | os.PathLike[str]) -> bytes:
    """Read the bytes of a file.

    Raises
    ------
    ResultsError
        It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ResultsError(f"{os.fspath(path)}: cannot be read: {error.strerror or error}") from error


def numbered_lines(name: str, raw: bytes) -> Iterator[tuple[int, bytes, Fields]]:
    """Take the lines apart, each with its number from 1 and its bytes.

    A last line that breaks off in the middle counts as not written.

    Raises
    ------
    ResultsError
        A line is no JSON object; the message names the file, the line and what is wrong with it.
    """
    *pieces, unfinished = raw.split(b"\n")
    for number, piece in enumerate(pieces, start=1):
        yield number, piece, _parse(name, number, piece)
    if unfinished.strip():
        try:
            last = _parse(name, len(pieces) + 1, unfinished)
        except ResultsError:
            return
        yield len(pieces) + 1, unfinished, last


class Stream:
    """A file while it is read: a header first, lines of known types, a footer last.

    ``outside`` are the types of lines that may stand behind the footer as well.

    Parameters
    ----------
    name : str
        The file's path.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = 0
        self.began = self.ended = False
        self.readers: dict[str, Callable[[Fields], None]] = {}
        self.outside: frozenset[str] = frozenset()

    def read(self) -> str:
        """Give each line to the reader of its type.

        Returns
        -------
        str
            The file's SHA-256, as hexadecimal digits.

        Raises
        ------
        ResultsError
            The file cannot be read, or a line is not what it should be or stands where it must not.
        """
        raw = read_raw(self.name)
        for number, piece, fields in numbered_lines(self.name, raw):
            self.number = number
            kind = fields.word("type", tuple(self.readers))
            if self.ended and kind not in self.outside:
                fields.fail(f"a {kind} line comes after the footer, which ends the file")
            if self.began == (kind == "header"):
                fields.fail("the header must be the first line, once")
            self.check(kind, piece, fields)
            self.readers[kind](fields)
            self.began, self.ended = True, self.ended or kind == "footer"
        return hashlib.sha256(raw).hexdigest()

    def check(self, kind: str, piece: bytes, fields: Fields) -> None:
        """Refuse a line, whole as it stands in the file, before anything of it is believed; nothing is refused here."""


def check_version(fields: Fields, *known: int) -> int:
    """Refuse a header of another version of the file's form, and give its version."""
    version = fields.whole("schema_version")
    if version not in known:
        fields.fail(f"schema_version is {version}, this program reads {' and '.join(map(str, known))}")
    return version


def _parse(name: str, number: int, piece: bytes) -> Fields:
    """Turn one line into checked fields, or say what is wrong with it."""
    where = f"{name}, line {number}"
    try:
        value = json.loads(piece.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_members)
    except UnicodeDecodeError as error:
        raise ResultsError(f"{where}: not UTF-8: {error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ResultsError(f"{where}: not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ResultsError(f"{where}: not a results line: lists or objects lie too deep in one another") from error
    except ValueError as error:
        raise ResultsError(f"{where}: not a results line: {error}") from error
    if not isinstance(value, dict):
        raise ResultsError(f"{where}: expected an object in braces, got {type(value).__name__}")
    return Fields(value, where)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Give an object; refuse two members of one name, of which each reader might believe another."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r:.60} stands twice in one object")
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is written as a bare word; it must be one of the texts 'nan', 'inf', '-inf'")
