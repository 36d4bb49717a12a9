"""Read ``conventions.jsonl``, the record of what libraries answer where they disagree.

A stream of JSON lines as a results file is: a header of the kind ``conventions``, the topics, each library with one
line for each topic, and a footer. The published schema is ``conventions.schema.json``.
"""

import os
from typing import Final

from convspec.reports.convention_records import Cell, Conventions, Header, Library, Meaning, Topic
from convspec.reports.examples import array_of
from convspec.reports.fields import Fields, ResultsError
from convspec.reports.records import Array
from convspec.reports.stream import Stream, check_version

SCHEMA_VERSION: Final = 1
KINDS: Final = ("answered", "refused", "crashed", "timed out")


def read_conventions(path: str | os.PathLike[str]) -> Conventions:
    """Read and check a file of conventions.

    Parameters
    ----------
    path : path
        A file of JSON lines as ``convspec conventions`` writes it.

    Returns
    -------
    Conventions
        ``complete`` is False where there is no footer. A last line that breaks off in the middle counts as not written.

    Raises
    ------
    ResultsError
        The file cannot be read, or a line of it is not what the schema says. The message names the file, the line and
        what is wrong with it.
    """
    stream = _Stream(os.fspath(path))
    return stream.finish(stream.read())


class _Stream(Stream):
    """The state of reading: what has come so far."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.header: Header | None = None
        self.complete = False
        self.topics: dict[str, Topic] = {}
        self.libraries: dict[str, Library] = {}
        self.cells: dict[tuple[str, str], Cell] = {}
        self.readers = {
            "header": self._header,
            "topic": self._topic,
            "library": self._library,
            "cell": self._cell,
            "footer": self._footer,
        }

    def finish(self, sha256: str) -> Conventions:
        if self.header is None:
            raise ResultsError(f"{self.name}: holds no conventions: the header line is missing")
        return Conventions(
            self.header,
            tuple(self.topics.values()),
            tuple(self.libraries.values()),
            self.cells,
            self.complete,
            sha256,
        )

    def _header(self, fields: Fields) -> None:
        fields.word("kind", ("conventions",))
        check_version(fields, SCHEMA_VERSION)
        suite = fields.inner("suite")
        self.header = Header(
            suite.text("name"),
            suite.text("version"),
            fields.text("date"),
            fields.mapping("environment", {}),
            fields.text_mapping("words"),
            fields.text("specification"),
        )

    def _topic(self, fields: Fields) -> None:
        id = _new(fields, self.topics)
        self.topics[id] = Topic(
            id,
            fields.text("title"),
            fields.text("question"),
            fields.text("matters"),
            fields.texts("requirements"),
            _array(fields, "x"),
            _array(fields, "w"),
            tuple(_meaning(inner) for inner in fields.inners("meanings")),
        )

    def _library(self, fields: Fields) -> None:
        id = _new(fields, self.libraries)
        self.libraries[id] = Library(
            id,
            fields.text("name"),
            fields.text("function"),
            fields.text("version"),
            fields.truth("available"),
            fields.text("reason", ""),
        )

    def _cell(self, fields: Fields) -> None:
        topic = self.topics.get(fields.text("topic"))
        if topic is None:
            fields.fail(f"topic {fields.text('topic')!r} has no line before this one")
        library = fields.text("library")
        if library not in self.libraries or not self.libraries[library].available:
            fields.fail(f"library {library!r} has no line before this one that says it is available")
        if (topic.id, library) in self.cells:
            fields.fail(f"a second cell for {topic.id} and {library}")
        words = [meaning.word for meaning in topic.meanings] + list(self.header.words if self.header else ())
        self.cells[topic.id, library] = Cell(
            topic.id,
            library,
            fields.text("call"),
            fields.text("program"),
            fields.word("kind", KINDS),
            array_of(fields, "array"),
            fields.text("error", ""),
            fields.text("text", ""),
            fields.word("word", tuple(words)),
        )
        if (self.cells[topic.id, library].array is None) is (fields.text("kind") == "answered"):
            fields.fail("an answer has an array, and nothing else has one")

    def _footer(self, fields: Fields) -> None:
        told = fields.whole("cells")
        if told != len(self.cells):
            fields.fail(f"the footer counts {told} cells, the file holds {len(self.cells)}")
        self.complete = True


def _new(fields: Fields, known: dict[str, Topic] | dict[str, Library]) -> str:
    id = fields.text("id")
    if id in known:
        fields.fail(f"a second {fields.text('type')} {id!r}")
    return id


def _meaning(fields: Fields) -> Meaning:
    answers = (Fields({"answer": answer.members}, answer.where) for answer in fields.inners("answers"))
    return Meaning(
        fields.text("word"), fields.text("sentence"), tuple(_array(answer, "answer") for answer in answers)
    )


def _array(fields: Fields, key: str) -> Array:
    array = array_of(fields, key)
    return fields.fail(f"{key!r} is missing") if array is None else array
