"""What the conventions page shows of its file: groups of equal answers, the figure of a topic, the table as CSV."""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from convspec.reports.convention_records import Cell, Conventions, Library, Topic
from convspec.reports.figures import Figure, Table
from convspec.reports.numbers import plane, short
from convspec.reports.records import Array
from convspec.reports.svg import Cell as Square
from convspec.reports.svg import Part, element, grid_part, in_a_row, stacked
from convspec.reports.words import listed, readable

NO_ARGUMENT: Final = "no such argument"
# Longest side of a grid, in cells; what is larger is written as text alone.
MOST_CELLS: Final = 12
GAP: Final = 12
# Room for the word above a grid, and for each letter of it.
WORD, LETTER = 18, 6.7
MOST_NAMES: Final = 3


@dataclass(frozen=True)
class Kind:
    """How a cell is shown beside the specification's: a symbol that differs in shape, and what it means."""

    word: str
    symbol: str
    meaning: str


KINDS: Final = {
    kind.word: kind
    for kind in (
        Kind("same", "=", "as the specification"),
        Kind("differs", "≠", "another convention"),
        Kind("refuses", "×", "refuses where the specification answers"),
        Kind("broken", "‼", "the process died, or did not come back"),
        Kind("none", "–", "offers no such thing"),
    )
}


@dataclass(frozen=True)
class Group:
    """The functions that give a topic the same meaning, with the word and sentence of it."""

    word: str
    sentence: str
    kind: Kind
    cells: tuple[tuple[Library, Cell], ...]


def kind_of(found: Conventions, cell: Cell) -> Kind:
    """Hold one cell against the specification's cell of the same topic."""
    ours = found.cells.get((cell.topic, found.header.specification))
    if cell.kind in ("crashed", "timed out"):
        return KINDS["broken"]
    if cell.word == NO_ARGUMENT:
        return KINDS["none"]
    if ours is not None and ours.word == cell.word:
        return KINDS["same"]
    return KINDS["refuses" if cell.kind == "refused" else "differs"]


def disagreed(found: Conventions) -> list[str]:
    """List the topics on which functions that offer the thing at all do not all mean the same."""
    offered = [cell for cell in found.cells.values() if cell.word != NO_ARGUMENT]
    words = {topic.id: {cell.word for cell in offered if cell.topic == topic.id} for topic in found.topics}
    return [id for id, said in words.items() if len(said) > 1]


def groups(found: Conventions, topic: Topic) -> list[Group]:
    """Put the cells of a topic together by their word: the specification's first, then by number of functions."""
    sentences = {**found.header.words, **{one.word: one.sentence for one in topic.meanings}}
    members: dict[str, list[tuple[Library, Cell]]] = {}
    for library in found.measured:
        cell = found.cells.get((topic.id, library.id))
        if cell is not None:
            members.setdefault(cell.word, []).append((library, cell))
    rows = [
        Group(word, sentences[word], kind_of(found, cells[0][1]), tuple(cells)) for word, cells in members.items()
    ]
    order = list(KINDS)
    return sorted(rows, key=lambda group: (order.index(group.kind.word), -len(group.cells), group.word))


def answer_text(cell: Cell) -> str:
    """Write what came: the numbers with their shape and type, or the error."""
    if cell.array is None:
        return ": ".join(part for part in (cell.error, cell.text) if part) or cell.kind
    shape = " × ".join(map(str, cell.array.shape)) or "one number"
    if cell.array.data is None:
        return f"{cell.array.dtype}, {shape}"
    numbers = " ".join(map(short, cell.array.data)) if cell.array.data else "no elements"
    return f"{cell.array.dtype}, {shape}: {numbers}"


def column_name(library: Library) -> str:
    """Shorten the name of a function for the head of a column: the last two parts, of two parts the last.

    Examples
    --------
    >>> column_name(Library("t", "PyTorch", "torch.nn.functional.conv2d", "2", True, ""))
    'functional.conv2d'
    >>> column_name(Library("n", "NumPy", "numpy.convolve", "2", True, ""))
    'convolve'
    """
    parts = library.function.split(".")
    return ".".join(parts[-2:] if len(parts) > 2 else parts[-1:])


def broken(name: str) -> Markup:
    """Set a name so that a narrow column breaks it after a dot or an underscore, and not elsewhere if it can."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))


def drawn(found: Conventions, topic: Topic) -> Figure:
    """Draw the picture, the kernel, and below them each answer that was measured, with its word and who gave it."""
    x, w = _part(topic.x, "picture x"), _part(topic.w, "kernel w")
    rows = [in_a_row([x, "⋆", w])] if x and w else [part for part in (x, w) if part]
    table: list[list[str | int | float]] = [["what", "word", "functions", "shape", "numbers"]]
    table += [[name, "", "", *_written(array)] for name, array in (("x", topic.x), ("w", topic.w))]
    told = []
    for group in groups(found, topic):
        answers = _answers(group)
        for array, names in answers:
            # Which functions a word belongs to stands in the lists; a word with several answers needs them here too.
            part = _part(array, group.word if len(answers) == 1 else f"{group.word} ({listed(names, MOST_NAMES)})")
            rows += [part] if part else []
            table.append(["answer", group.word, "; ".join(names), *_written(array)])
            told.append(f"{group.word}: {_written(array)[1]}")
    drawing = stacked(rows, GAP) if rows else Part(1, 1, "")
    svg = element(drawing.width, drawing.height, topic.title, "; ".join(told), drawing.body, "grid")
    caption = "the case, and each answer to it." if rows else "nothing has elements here."
    return Figure(f"fig-{topic.id}", readable(f"{topic.title}: {caption}", 200), svg, table)


def _answers(group: Group) -> list[tuple[Array, list[str]]]:
    """Give the distinct answers of a group, each with the libraries that gave it."""
    found: dict[tuple[object, ...], tuple[Array, list[str]]] = {}
    for library, cell in group.cells:
        if cell.array is not None:
            # Numbers are compared as they are written: rounding in the last place is no convention.
            _, names = found.setdefault((cell.array.shape, _written(cell.array)[1]), (cell.array, []))
            names.append(column_name(library))
    return list(found.values())


def _part(array: Array, word: str) -> Part | None:
    """Draw an array with its word above it; None for no elements, too many, or more than two axes longer than 1."""
    lead = array.shape[:-2]
    if any(length != 1 for length in lead):
        return None
    rows = plane(array, *(0 for _ in lead))
    if not rows or not rows[0] or max(len(rows), len(rows[0])) > MOST_CELLS:
        return None
    part = grid_part([[Square(short(value)) for value in row] for row in rows])
    text = readable(word, 120)
    above = f'<text class="word start" x="1" y="12">{escape(text)}</text>'
    named = f'{above}<g transform="translate(0 {WORD})">{part.body}</g>'
    return Part(max(part.width, len(text) * LETTER), part.height + WORD, named)


def _written(array: Array) -> tuple[str, str]:
    numbers = " ".join(map(short, array.data)) if array.data is not None else array.note
    return " × ".join(map(str, array.shape)), numbers


def csv_table(found: Conventions) -> Table:
    """The matrix: a row a topic, a column a function."""
    head = ["topic", "title", *(f"{library.function} {library.version}" for library in found.measured)]
    rows = []
    for topic in found.topics:
        cells = [found.cells.get((topic.id, library.id)) for library in found.measured]
        rows.append([topic.id, topic.title, *("" if cell is None else cell.word for cell in cells)])
    return [head, *rows]
