"""A figure that can be taken away: as SVG, with its numbers as CSV, and with the words to cite it by."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from urllib.parse import quote, unquote_to_bytes

from convspec.reports.page import STATIC

DRAWN = re.compile(r'<div class="canvas">(<svg.*?</svg>)</div>.*?<a download="([^"]+\.svg)"', re.DOTALL)
TABLES = re.compile(r'<a download="([^"]+\.csv)" href="data:[^,"]*,([^"]*)"')
Table = Sequence[Sequence[str | int | float]]


@dataclass(frozen=True)
class Figure:
    """One figure of a page.

    ``anchor`` is its address, made from its name and never changed; ``caption`` is a sentence, with words in
    backticks set as code; ``svg`` is one ``<svg>`` element; ``table`` holds the numbers, its first row the
    names of the columns.
    """

    anchor: str
    caption: str
    svg: str
    table: Table

    @property
    def file_name(self) -> str:
        """The name of the files, without the ending."""
        return f"convspec-{self.anchor.removeprefix('fig-')}"

    @property
    def csv_link(self) -> str:
        """The numbers as a ``data:`` address."""
        return f"data:text/csv;charset=utf-8,{quote(comma_separated(self.table), safe=',-_.()')}"


def standalone(svg: str) -> str:
    """Make a file of its own from a figure of a page: with a name space, and with the styles that it needs.

    The colours are those of light paper, because a slide or a book does not ask what its reader prefers. ``frame.js``
    does the same on a page, which would be nearly twice as long if it held each figure once more.
    """
    # The words that a pointer brings up on a page: a file is printed or shown, and its description has them all.
    svg = re.sub(r"<title>[^<]*</title>(?=</(?:circle|path|rect)>)", "", svg)
    head, _, body = svg.partition(">")
    classes = {name for text in re.findall(r'class="([^"]*)"', svg) for name in text.split()}
    rules = "".join(line for line in _rules() if _needed(line, classes))
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{rules}</style>{body}\n'


def _needed(line: str, classes: set[str]) -> bool:
    keyframes = re.match(r"@keyframes ([\w-]+)", line)
    if keyframes:
        return keyframes[1] in classes
    selectors = re.sub(r"@media[^{]*{", "", line).partition("{")[0]
    return any(set(re.findall(r"\.([a-z][\w-]*)", one)) <= classes for one in selectors.split(","))


@cache
def _rules() -> tuple[str, ...]:
    text = (STATIC / "figures.css").read_text(encoding="utf-8")
    colours = light_colours()
    plain = re.sub(r"var\(--([\w-]+)\)", lambda found: colours.get(found[1], found[0]), text)
    return tuple(line for line in plain.splitlines() if line and not line.startswith("/*"))


@cache
def light_colours() -> Mapping[str, str]:
    """Give the colours and fonts of light paper by their names, as ``palette.css`` has them."""
    text = (STATIC / "palette.css").read_text(encoding="utf-8")
    light = text[text.index(":root{") : text.index("@media")]
    return dict(re.findall(r"--([\w-]+):([^;}]+)", light))


def offered(page: str) -> Iterator[tuple[str, bytes]]:
    """Find what a page offers to be saved: its figures as SVG, and numbers as CSV.

    Parameters
    ----------
    page : str
        HTML that was made here.

    Yields
    ------
    (str, bytes)
        File name and content.
    """
    for svg, name in DRAWN.findall(page):
        yield name, standalone(svg).encode("utf-8")
    for name, link in TABLES.findall(page):
        yield name, unquote_to_bytes(unescape(link))


def comma_separated(table: Table) -> str:
    r"""Write rows as CSV, one a line.

    Examples
    --------
    >>> comma_separated([["row", "value"], [0, "a, b"]])
    'row,value\n0,"a, b"\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()
