"""The lesson: ``lesson.html``, the way from two arrays to strides, its numbers computed when the page is made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from convspec.reference import conv2d, effective_kernel_size, output_size
from convspec.reports import lesson_code, lesson_questions
from convspec.reports.figures import Figure
from convspec.reports.lesson_example import EDGE, PICTURE, Walk, by, refusal, visits, walk
from convspec.reports.lesson_explorer import SHOWN, START, WORDS, call, knowledge, shape
from convspec.reports.lesson_figures import (
    axis_figure,
    heat_figure,
    numbers_figure,
    picture_figure,
    step_figure,
    stepper_figure,
    steps_as_data,
    steps_as_text,
    unpadded_and_padded,
)
from convspec.reports.lesson_formulas import shown
from convspec.reports.numbers import short
from convspec.reports.page import Identity, Pages, cited, render, write_page
from convspec.reports.svg import element
from convspec.reports.svg_axis import MOST_CELLS, axis_part

TITLE: Final = "Two-dimensional convolution, from two arrays to strides"
# Longest text of a figure's description or of a line for citing, in characters.
LONGEST_TEXT: Final = 4000
SECTIONS: Final = (
    ("inputs", "Inputs"),
    ("one-step", "One step"),
    ("double-loop", "Loops"),
    ("output-shape", "Shape"),
    ("padding", "Padding"),
    ("stride", "Stride"),
    ("complete-code", "Code"),
    ("shape-explorer", "Explorer"),
    ("questions", "Questions"),
    ("moving", "Moving"),
    ("cite", "Cite"),
)


def write_lesson_page(path: Path, *, version: str, date: str, pages: Pages = ()) -> None:
    """Write the lesson.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made.
    version : str
        Of convspec, for the line on citing.
    date : str
        Such as ``2026-11-22``; the page knows no clock.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation. Requirements are links where
        ``index.html`` is among them.
    """
    write_page(path, lesson_page(version, date, pages, path.name), pages)


def lesson_page(version: str, date: str, pages: Pages = (), current: str = "lesson.html") -> bytes:
    """Make the page.

    Returns
    -------
    bytes
        One HTML file, UTF-8, the same for the same version, date and pages.
    """
    identity = Identity("convspec", version, date)
    walks = {
        "plain": walk(PICTURE, EDGE),
        "padded": walk(PICTURE, EDGE, padding=1),
        "strided": walk(PICTURE, EDGE, stride=2),
        "both": walk(PICTURE, EDGE, stride=2, padding=1),
    }
    values: dict[str, object] = {
        "header": identity,
        "title": f"convspec: {TITLE[0].lower()}{TITLE[1:]}",
        "heading_text": TITLE,
        "cite": cited(identity, TITLE),
        "pages": list(pages),
        "current": current,
        "nav": SECTIONS,
        "verdict": any(address == "index.html" for address, _ in pages),
        "example_address": "fig-one-step",
        "walks": walks,
        "figures": {figure.anchor: figure for figure in figures(walks)},
        "classics": lesson_questions.classics(),
        "steps_as_data": steps_as_data,
        "steps_as_text": steps_as_text,
        "code": lesson_code,
        "shown": shown,
        "size": output_size,
        "reach": effective_kernel_size,
        "rows": PICTURE.shape[0],
        "columns": PICTURE.shape[1],
        "floor_table": lesson_questions.floor_table(),
        "unchanged": bool(_last_row_is_unread()),
        "too_small": refusal(np.ones((2, 2), dtype=int), EDGE),
        "explorer": {
            "start": START,
            "words": WORDS,
            "knowledge": knowledge(),
            "longest": MOST_CELLS,
            "shape": shape(START["size"], START["kernel"], (0, 0), START["stride"], START["dilation"]),
            "drawing": _explorer_drawing(),
            "rows": [(call(arguments), shape(**arguments)) for arguments in SHOWN],
        },
    }
    return render("lesson.html.j2", values, LONGEST_TEXT, styles=("lesson.css",), scripts=("lesson.js",))


def _last_row_is_unread() -> bool:
    """Tell whether other numbers in the row that a stride of 2 leaves over change nothing."""
    changed = PICTURE.copy()
    changed[-1] = 99
    return np.array_equal(conv2d(changed, EDGE, stride=2), conv2d(PICTURE, EDGE, stride=2))


def _explorer_drawing() -> str:
    part = axis_part(**START)
    return element(part.width, part.height, "The axis", "The numbers stand beside the drawing.", part.body, "axis")


def figures(walks: dict[str, Walk]) -> Sequence[Figure]:
    """Make the figures that stand in the text; the moving ones are apart."""
    plain, padded, strided, both = (walks[name] for name in ("plain", "padded", "strided", "both"))
    rows, columns = PICTURE.shape
    taps = EDGE.shape[0]
    low, high = int(PICTURE.min()), int(PICTURE.max())
    brightest = plain.output.max()
    visited = f"{by(EDGE)} windows"
    return (
        picture_figure(
            "fig-inputs", f"The picture: {rows} rows, {columns} columns; {low} is black, {high} is white.",
            "The picture of the worked example", PICTURE, low, high,
        ),
        numbers_figure(
            "fig-weights", "The filter. It answers where left and right differ.", "The filter", EDGE
        ),
        step_figure("fig-one-step", "One step: nine products, one sum.", plain, plain.steps[0]),
        stepper_figure(
            "fig-positions", f"The window at each of the {len(plain.steps)} positions.",
            "The window moves over the picture", plain,
        ),
        axis_figure(
            "fig-output-shape",
            "Both axes of the worked example: each line is the kernel at one position, its dots are the taps.",
            "At how many positions the kernel fits",
            [
                (f"{size} {name}, kernel {taps}: output {output_size(size, taps)}", {"size": size, "kernel": taps})
                for name, size in (("rows", rows), ("columns", columns))
            ],
        ),
        picture_figure(
            "fig-result", f"The output as a picture; 0 is black, {brightest} is white.",
            "The output of the worked example", plain.output, 0, int(brightest),
        ),
        heat_figure(
            "fig-visits", "How many windows read each pixel, without padding and with one layer of zeros.",
            f"How many {visited} read each pixel",
            [("no padding", visits((rows, columns), (taps, taps))),
             ("padding 1", visits((rows, columns), (taps, taps), padding=1))],
        ),
        unpadded_and_padded(
            "fig-padded", "One layer of zeros around the picture; the output is as large as the picture was. "
            f"In the output {short(int(padded.output.min()))} is black and {int(padded.output.max())} is white.",
            "The worked example with padding", padded,
        ),
        stepper_figure(
            "fig-stride", f"Stride 2: the window visits {len(strided.steps)} positions.",
            "The window moves by two", strided,
        ),
        stepper_figure(
            "fig-stride-and-padding", f"Stride 2 and one layer of zeros: {len(both.steps)} positions.",
            "The window moves by two over the padded picture", both,
        ),
        lesson_questions.left_over_figure(),
        lesson_questions.flip_figure(),
        lesson_questions.channels_figure(),
        lesson_questions.batch_figure(),
        lesson_questions.bias_figure(),
        lesson_questions.dilation_figure(),
        lesson_questions.groups_figure(),
        lesson_questions.same_figure(),
    )  # fmt: skip
