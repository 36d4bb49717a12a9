"""What a file of conventions holds, as plain records; ``reports.convention_file`` fills them from the lines."""

from collections.abc import Mapping
from dataclasses import dataclass

from convspec.reports.records import Array


@dataclass(frozen=True)
class Header:
    """Who measured, when and where.

    ``words`` are those that any topic may have, each with its sentence; ``specification`` is the id of the column that
    the others are held against.
    """

    suite: str
    suite_version: str
    date: str
    environment: Mapping[str, object]
    words: Mapping[str, str]
    specification: str


@dataclass(frozen=True)
class Meaning:
    """One convention: its word, a sentence, and every answer that shows it."""

    word: str
    sentence: str
    answers: tuple[Array, ...]


@dataclass(frozen=True)
class Topic:
    """One question, why it matters, the requirements that settle it, the case, and the conventions it tells apart."""

    id: str
    title: str
    question: str
    matters: str
    requirements: tuple[str, ...]
    x: Array
    w: Array
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True)
class Library:
    """One function of one library; ``reason`` says why it could not be imported."""

    id: str
    name: str
    function: str
    version: str
    available: bool
    reason: str


@dataclass(frozen=True)
class Cell:
    """What one function answered to one topic: an array, or an error; ``word`` says what it means."""

    topic: str
    library: str
    call: str
    program: str
    kind: str
    array: Array | None
    error: str
    text: str
    word: str


@dataclass(frozen=True)
class Conventions:
    """A whole file. ``complete`` is False where the footer is missing."""

    header: Header
    topics: tuple[Topic, ...]
    libraries: tuple[Library, ...]
    cells: Mapping[tuple[str, str], Cell]
    complete: bool
    sha256: str

    @property
    def measured(self) -> tuple[Library, ...]:
        """The functions that could be called."""
        return tuple(library for library in self.libraries if library.available)
