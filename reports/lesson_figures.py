"""The figures of the worked example: what goes in, one step, all steps, and what comes out."""

import json
from collections.abc import Sequence
from typing import Final

from convspec.reports.figures import Figure, Table
from convspec.reports.lesson_example import Ints, Step, Walk, by, ints
from convspec.reports.lesson_explorer import shape
from convspec.reports.numbers import short
from convspec.reports.svg import (
    HEIGHT,
    LABEL_SPACE,
    PADDING,
    WORD_LETTER,
    Cell,
    Labels,
    Part,
    beside,
    cell_width,
    element,
    grid_part,
    in_a_row,
    number_grid,
    stacked,
    window_over_grid,
)
from convspec.reports.svg_axis import axis_part
from convspec.reports.svg_pictures import grey_cells, heat_cells, plain_cells

Rows = Sequence[Sequence[int]]

GAP: Final = Part(18, 0, "")


def table_of(rows: Rows) -> Table:
    """Lay a grid out as a table with its indices."""
    width = len(rows[0]) if len(rows) else 0
    return [["row", *(f"column {c}" for c in range(width))], *([r, *row] for r, row in enumerate(rows))]


def told(rows: Rows) -> str:
    """Read a grid out, row by row; equal rows are read once."""
    lines = [" ".join(map(short, row)) for row in rows]
    if len(lines) > 1 and len(set(lines)) == 1:
        return f"{len(lines)} equal rows: {lines[0]}"
    return "; ".join(lines)


def picture_figure(anchor: str, caption: str, title: str, picture: Ints, low: int, high: int) -> Figure:
    """Draw a picture in grey levels with its numbers; ``low`` is black, ``high`` is white."""
    rows = ints(picture)
    drawn = number_grid(grey_cells(rows, low, high), title, told(rows), Labels())
    return Figure(anchor, caption, drawn, table_of(rows))


def numbers_figure(anchor: str, caption: str, title: str, numbers: Ints) -> Figure:
    """Draw a grid of numbers, such as a kernel."""
    rows = ints(numbers)
    return Figure(anchor, caption, number_grid(plain_cells(rows), title, told(rows)), table_of(rows))


def heat_figure(anchor: str, caption: str, title: str, maps: Sequence[tuple[str, Ints]]) -> Figure:
    """Draw maps of how much, side by side on one scale."""
    high = max(int(counts.max()) for _, counts in maps)
    parts: list[Part | str] = []
    table: list[list[str | int]] = [["map", "row", "column", "value"]]
    for word, counts in maps:
        rows = ints(counts)
        parts += [GAP] * bool(parts) + [grid_part(heat_cells(rows, 0, high), word=word)]
        table += [[word, r, c, value] for r, row in enumerate(rows) for c, value in enumerate(row)]
    description = ". ".join(f"{word}: {told(ints(counts))}" for word, counts in maps)
    return Figure(anchor, caption, beside(parts, title, description), table)


def step_figure(anchor: str, caption: str, walked: Walk, step: Step) -> Figure:
    """Draw one step: slice ⊙ kernel = products → sum."""
    weights = ints(walked.weights)
    parts = _step_parts(weights, step, 0)
    description = (
        f"Slice {told(step.slice)}; kernel {told(weights)}; products {told(step.products)}; sum {short(step.sum)}"
    )
    table = _step_table(walked, [step])
    return Figure(anchor, caption, beside(parts, "One step of the convolution", description), table)


def _step_parts(weights: Rows, step: Step, width: float) -> list[Part | str]:
    return [
        _named(grid_part(plain_cells(step.slice), word="slice", width=width), "seen"),
        "⊙",
        grid_part(plain_cells(weights), word="kernel"),
        "=",
        _named(grid_part(plain_cells(step.products), word="products", width=width), "products"),
        "→",
        _named(grid_part([[Cell(short(step.sum))]], word="sum", width=width and width + 8), "sum"),
    ]


def _named(part: Part, name: str) -> Part:
    """Give a part a name, by which a script finds it."""
    return Part(part.width, part.height, f'<g class="at-{name}">{part.body}</g>', part.word)


def _step_table(walked: Walk, steps: Sequence[Step]) -> Table:
    taps = [(p, q) for p in range(walked.weights.shape[0]) for q in range(walked.weights.shape[1])]
    head = ["row", "column", *(f"{name} {p},{q}" for name in ("slice", "product") for p, q in taps), "sum"]
    return [
        head,
        *(
            [step.row, step.column, *(step.slice[p][q] for p, q in taps),
             *(step.products[p][q] for p, q in taps), step.sum]
            for step in steps
        ),
    ]  # fmt: skip


def stepper_figure(anchor: str, caption: str, title: str, walked: Walk) -> Figure:
    """Draw the window on the picture, the element that it gives, and the step between them; a script moves on.

    The drawing shows the first position, the table holds all of them.
    """
    first = walked.steps[0]
    low, high = int(walked.picture.min()), int(walked.picture.max())
    cells = window_over_grid(grey_cells(ints(walked.padded), low, high), walked.pads, ())
    cells = [[_as_padding(cell) for cell in row] for row in cells]
    made_low, made_high = int(walked.output.min()), int(walked.output.max())
    made = grey_cells(ints(walked.output), made_low, made_high)
    (kh, kw), width = walked.weights.shape, cell_width(cells)
    made_width = max(cell_width(made), cell_width(cells))
    seen = grid_part(cells, Labels(-walked.pads[0][0], -walked.pads[1][0]), f"input {by(walked.padded)}", width)
    window = _frame("window", width, walked.stride, (kw, kh), LABEL_SPACE)
    output = grid_part(made, Labels(), f"output {by(walked.output)}", made_width)
    current = _frame("current", made_width, 1, (1, 1), LABEL_SPACE)
    longest = max(
        cell_width(plain_cells([*step.slice, *step.products, [step.sum]])) for step in walked.steps
    )
    above = in_a_row([
        Part(seen.width, seen.height, seen.body + window, seen.word),
        GAP,
        Part(output.width, output.height, f'<g class="at-output">{output.body}</g>{current}', output.word),
    ])  # fmt: skip
    below = in_a_row(_step_parts(ints(walked.weights), first, longest))
    part = stacked([above, below], 14)
    description = (
        f"Input {told(ints(walked.padded))}. Output {told(ints(walked.output))}. The window is at row 0, column 0."
    )
    drawn = element(part.width, part.height, title, description, part.body, "grid stepping")
    return Figure(anchor, caption, drawn, _step_table(walked, walked.steps))


def _as_padding(cell: Cell) -> Cell:
    """Draw a cell of the padding as one, not as a black pixel, although its number is the same."""
    return Cell(cell.text, cell.full, cell.marks) if PADDING in cell.marks else cell


def _frame(name: str, width: float, stride: int, size: tuple[int, int], corner: tuple[int, int]) -> str:
    across, down = size
    box = f'width="{across * width:g}" height="{down * HEIGHT}"'
    return (
        f'<g class="at-{name}" data-dx="{stride * width:g}" data-dy="{stride * HEIGHT}">'
        f'<rect class="halo" x="{corner[0]}" y="{corner[1]}" {box}/>'
        f'<rect class="frame" x="{corner[0]}" y="{corner[1]}" {box}/></g>'
    )


def steps_as_data(walked: Walk) -> str:
    """Write the steps for the script: row, column, slice, products and sum of each."""
    return json.dumps(
        [
            [step.row, step.column, _flat(step.slice), _flat(step.products), step.sum]
            for step in walked.steps
        ],
        separators=(",", ":"),
    )


def _flat(rows: Rows) -> list[int]:
    return [value for row in rows for value in row]


def steps_as_text(walked: Walk) -> list[tuple[str, str]]:
    """Write each step in the form that is printed: where it is, and slice ⊙ kernel = products → sum.

    Each text has one line a row of the kernel; the signs stand in the middle one.
    """
    texts = []
    for step in walked.steps:
        blocks = [_block(step.slice), _block(ints(walked.weights)), _block(step.products)]
        middle = (len(blocks[0]) - 1) // 2
        lines = []
        for r in range(len(blocks[0])):
            times, equals, arrow = ("⊙", "=", f" → {short(step.sum)}") if r == middle else (" ", " ", "")
            lines.append(f"{blocks[0][r]} {times} {blocks[1][r]} {equals} {blocks[2][r]}{arrow}")
        texts.append((f"row {step.row}, column {step.column}", "\n".join(lines)))
    return texts


def _block(rows: Rows) -> list[str]:
    width = max(len(short(value)) for row in rows for value in row)
    return [" ".join(short(value).rjust(width) for value in row) for row in rows]


def axis_figure(anchor: str, caption: str, title: str, axes: Sequence[tuple[str, dict[str, int]]]) -> Figure:
    """Draw axes below each other, each with a word and the arguments of `axis_part`."""
    parts = []
    names = ("size", "kernel", "before", "after", "stride", "dilation")
    table: list[list[str | int]] = [["axis", *names, "output", "left over"]]
    for word, arguments in axes:
        part = axis_part(**arguments)
        head = f'<text class="word start" x="1" y="12">{word}</text>'
        width = max(part.width, len(word) * WORD_LETTER)
        parts.append(Part(width, part.height + 18, f'{head}<g transform="translate(0 18)">{part.body}</g>'))
        given = {"before": 0, "after": 0, "stride": 1, "dilation": 1, **arguments}
        pad = (given["before"], given["after"])
        found = shape(given["size"], given["kernel"], pad, given["stride"], given["dilation"])
        table.append([word, *(given[name] for name in names), found.positions, found.left])
    part = stacked(parts, 16)
    description = "; ".join(word for word, _ in axes)
    return Figure(anchor, caption, element(part.width, part.height, title, description, part.body, "axis"), table)


def unpadded_and_padded(anchor: str, caption: str, title: str, walked: Walk) -> Figure:
    """Draw a picture with its padding beside the output."""
    low, high = int(walked.picture.min()), int(walked.picture.max())
    cells = window_over_grid(grey_cells(ints(walked.padded), low, high), walked.pads, ())
    cells = [[_as_padding(cell) for cell in row] for row in cells]
    rows = ints(walked.output)
    made = grey_cells(rows, int(walked.output.min()), int(walked.output.max()))
    parts: list[Part | str] = [
        grid_part(cells, word=f"input with padding, {by(walked.padded)}"),
        "→",
        grid_part(made, word=f"output, {by(walked.output)}"),
    ]
    description = f"Input with padding: {told(ints(walked.padded))}. Output: {told(rows)}"
    return Figure(anchor, caption, beside(parts, title, description), table_of(rows))


