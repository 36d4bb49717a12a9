"""The house style of figures: plain SVG strings, coloured by CSS classes of the page.

Every figure has a title and a description for those who do not see it, uses shape as well as colour
(dashes for padding, a thick frame for the window, a corner for the wrong element), and is the same
text for the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from convspec.reports.words import readable

HEIGHT: Final = 28
LETTER: Final = 7.4
LEAST_WIDTH: Final = 30
LONGEST: Final = 1000
WORD_HEIGHT: Final = 20
WORD_LETTER: Final = 6.7
# Where the first cell of a grid lies, with and without indices beside it.
LABEL_SPACE: Final = (22, 16)
NO_LABELS: Final = (1, 1)
SIGN: Final = 30

PLAIN: Final = ""
PADDING: Final = "pad"
WINDOW: Final = "win"
DIFFERS: Final = "dif"
WRONG: Final = "bad"


@dataclass(frozen=True)
class Cell:
    """One number of a grid.

    ``marks`` is a set of the words above; ``full`` is the exact number for the tooltip, empty where
    ``text`` already says it; ``fill`` and ``ink`` are the colours of the cell and of its number where they
    mean something themselves, as the greys of a picture do.
    """

    text: str
    full: str = ""
    marks: frozenset[str] = frozenset()
    fill: str = ""
    ink: str = ""


Grid = Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Labels:
    """Indices written beside a grid: the first row's and the first column's, and gaps before and after."""

    first_row: int = 0
    first_column: int = 0


@dataclass(frozen=True)
class Part:
    """A drawing that is not yet a figure: its size, what is in it, and the word above it."""

    width: float
    height: float
    body: str
    word: str = ""


def number_grid(cells: Grid, title: str, description: str, labels: Labels | None = None) -> str:
    """Draw a grid of numbers.

    Parameters
    ----------
    cells : rows of Cell
        All rows of one length; may be empty.
    title, description : str
        What a screen reader says.
    labels : Labels, optional
        Writes row and column indices, starting at these.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    part = grid_part(cells, labels)
    return element(part.width, part.height, title, description, part.body, "grid")


def grid_part(cells: Grid, labels: Labels | None = None, word: str = "", width: float = 0) -> Part:
    """Draw a grid of numbers as a part of a larger figure.

    Parameters
    ----------
    cells, labels
        As for `number_grid`.
    word : str
        Written above it.
    width : float
        Of a cell; 0 gives it what the longest number needs.
    """
    rows, columns = len(cells), len(cells[0]) if cells else 0
    width = width or cell_width(cells)
    left, top = LABEL_SPACE if labels else NO_LABELS
    parts = []
    coloured = [
        (cell.fill, left + c * width, top + r * HEIGHT)
        for r, row in enumerate(cells)
        for c, cell in enumerate(row)
        if cell.fill
    ]
    # One path for each colour is much shorter than one rectangle for each cell.
    for fill in sorted({fill for fill, _, _ in coloured}):
        squares = "".join(
            f"M{x:g} {y}h{width:g}v{HEIGHT}h{-width:g}z" for colour, x, y in coloured if colour == fill
        )
        parts.append(f'<path fill="{fill}" d="{squares}"/>')
    if rows and columns:
        parts.append(f'<path class="net" d="{_net(rows, columns, width, left, top)}"/>')
    for r, row in enumerate(cells):
        for c, cell in enumerate(row):
            parts.append(_cell(cell, left + c * width, top + r * HEIGHT, width))
    if labels:
        parts += [
            f'<text class="idx" x="{left + c * width + width / 2:g}" y="10">{_index(labels.first_column + c)}</text>'
            for c in range(columns)
        ]
        parts += [
            f'<text class="idx" x="9" y="{top + r * HEIGHT + 18}">{_index(labels.first_row + r)}</text>'
            for r in range(rows)
        ]
    return Part(left + columns * width + 2, top + rows * HEIGHT + 2, "".join(parts), word)


def beside(parts: Sequence[Part | str], title: str, description: str, kind: str = "grid") -> str:
    """Draw parts in a row, each with its word above it; a string among them is a sign such as ``⊙``."""
    part = in_a_row(parts)
    return element(part.width, part.height, title, description, part.body, kind)


def in_a_row(parts: Sequence[Part | str]) -> Part:
    """Put parts and signs in a row, each in the middle of its height."""
    drawn = [part for part in parts if isinstance(part, Part)]
    top = WORD_HEIGHT if any(part.word for part in drawn) else 0
    height = max(part.height for part in drawn)
    x, body = 0.0, []
    for part in parts:
        if isinstance(part, str):
            body.append(f'<text class="op" x="{x + SIGN / 2:g}" y="{top + height / 2 + 7:g}">{escape(part)}</text>')
            x += SIGN
            continue
        y = top + (height - part.height) / 2
        room = max(part.width, len(part.word) * WORD_LETTER)
        if part.word:
            body.append(f'<text class="word" x="{x + room / 2:g}" y="{y - 6:g}">{escape(part.word)}</text>')
        body.append(f'<g transform="translate({x + (room - part.width) / 2:g} {y:g})">{part.body}</g>')
        x += room
    return Part(x, top + height, "".join(body))


def stacked(parts: Sequence[Part], gap: float) -> Part:
    """Put parts below each other."""
    y, body = 0.0, []
    for part in parts:
        body.append(f'<g transform="translate(0 {y:g})">{part.body}</g>')
        y += part.height + gap
    return Part(max(part.width for part in parts), y - gap, "".join(body))


def window_over_grid(
    cells: Grid, pads: tuple[tuple[int, int], tuple[int, int]], window: Sequence[tuple[int, int]]
) -> list[list[Cell]]:
    """Mark the padding cells of a padded grid, and the cells that one output element reads.

    Parameters
    ----------
    cells : rows of Cell
        The padded grid.
    pads : ((top, bottom), (left, right))
        How many rows and columns of it are padding.
    window : sequence of (row, column)
        The taps, in the padded grid; those outside it are left out.
    """
    (top, bottom), (left, right) = pads
    rows, columns = len(cells), len(cells[0]) if cells else 0
    taps = set(window)
    marked: list[list[Cell]] = []
    for r, row in enumerate(cells):
        marked.append([])
        for c, cell in enumerate(row):
            added = set(cell.marks)
            if not (top <= r < rows - bottom and left <= c < columns - right):
                added.add(PADDING)
            if (r, c) in taps:
                added.add(WINDOW)
            marked[-1].append(replace(cell, marks=frozenset(added)))
    return marked


def crop(
    cells: Grid, centre: tuple[int, int], rows: int, columns: int
) -> tuple[list[list[Cell]], Labels, bool]:
    """Cut a grid to at most ``rows`` by ``columns`` around a cell.

    Returns
    -------
    (cells, labels, whether anything was cut away)
    """
    height, width = len(cells), len(cells[0]) if cells else 0
    r = max(0, min(centre[0] - rows // 2, height - rows))
    c = max(0, min(centre[1] - columns // 2, width - columns))
    cut = [list(row[c : c + columns]) for row in cells[r : r + rows]]
    return cut, Labels(r, c), height > rows or width > columns


def bar_chart(counts: Mapping[str, int], title: str, limit: int = 8) -> str:
    """Draw how often each value came, as horizontal bars with the numbers written out.

    Parameters
    ----------
    counts : mapping from value to count
        Drawn largest first; those above ``limit`` are put together.
    title : str
        What was counted.
    """
    rows = ranked(counts, limit)
    total = sum(counts.values()) or 1
    most = max((count for _, count in rows), default=1) or 1
    wide = min(130, max((len(label) for label, _ in rows), default=1) * 7 + 10)
    parts = []
    for i, (label, count) in enumerate(rows):
        y = i * 17
        length = max(1.0, 90 * count / most)
        parts.append(
            f'<text class="lab" x="{wide - 5:g}" y="{y + 12}">{escape(label[:20])}</text>'
            f'<rect class="bar" x="{wide:g}" y="{y + 3}" width="{length:.1f}" height="11"/>'
            f'<text class="val" x="{wide + length + 4:.1f}" y="{y + 12}">{share(count, total)}</text>'
        )
    description = "; ".join(f"{label}: {count}" for label, count in rows)
    return element(wide + 128, len(rows) * 17 + 2, title, description, "".join(parts), "bars")


def ranked(counts: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """Order values by count, largest first, then by name; put those above the limit together."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(rows) <= limit:
        return rows
    rest = rows[limit - 1 :]
    return [*rows[: limit - 1], (f"{len(rest)} others", sum(count for _, count in rest))]


def share(count: int, total: int) -> str:
    """Write a count as a share of a total, in per cent; a share that is not zero never reads as zero."""
    percent = 100 * count / total
    return "<1 %" if 0 < percent < 0.5 else f"{percent:.0f} %"


def dot(kind: str, symbol: str, word: str) -> str:
    """Draw one cell of a dot matrix: a disc in the colour of the kind with the outcome's symbol on it."""
    sign = f'<text class="sym" x="9" y="13">{escape(symbol)}</text>'
    body = f'<circle class="dot {kind}" cx="9" cy="9" r="8"/>{sign}'
    return element(18, 18, word, "", body, "dots")


def element(width: float, height: float, title: str, description: str, body: str, kind: str) -> str:
    """Wrap a drawing into one ``<svg>`` with its title and description."""
    told = f"<desc>{escape(readable(description, LONGEST))}</desc>" if description else ""
    return (
        f'<svg class="fig {escape(kind)}" role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}"><title>{escape(readable(title, LONGEST))}</title>{told}{body}</svg>'
    )


def cell_width(cells: Grid) -> float:
    """Give the width that the longest number of a grid needs."""
    longest = max((len(cell.text) for row in cells for cell in row), default=1)
    return float(max(LEAST_WIDTH, round(longest * LETTER) + 10))


def _index(number: int) -> str:
    return str(number).replace("-", "−")


def _net(rows: int, columns: int, width: float, left: float, top: float) -> str:
    across = "".join(f"M{left:g} {top + r * HEIGHT:g}h{columns * width:g}" for r in range(rows + 1))
    down = "".join(f"M{left + c * width:g} {top:g}v{rows * HEIGHT:g}" for c in range(columns + 1))
    return across + down


def _cell(cell: Cell, x: float, y: float, width: float) -> str:
    parts = []
    if cell.marks:
        # In this order the frame of the window lies over the dashes of the padding.
        for mark, inset in ((PADDING, 0), (WINDOW, 1.5), (DIFFERS, 1.5), (WRONG, 1.5)):
            if mark in cell.marks:
                parts.append(
                    f'<rect class="{mark}" x="{x + inset:g}" y="{y + inset:g}" '
                    f'width="{width - 2 * inset:g}" height="{HEIGHT - 2 * inset:g}"/>'
                )
        if WRONG in cell.marks:
            parts.append(f'<path class="flag" d="M{x + width - 11:g} {y + 1.5:g}h9.5v9.5z"/>')
    told = f"<title>{escape(cell.full)}</title>" if cell.full and cell.full != cell.text else ""
    style = ' class="off"' if PADDING in cell.marks and WINDOW not in cell.marks and not cell.ink else ""
    if cell.ink:
        style = f' style="fill:{cell.ink}"'
    parts.append(f'<text{style} x="{x + width / 2:g}" y="{y + 18.5:g}">{escape(cell.text)}{told}</text>')
    return "".join(parts)
