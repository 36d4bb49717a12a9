"""Grids whose numbers are seen as well as read: pictures in grey levels, and maps of how much."""

from collections.abc import Sequence
from typing import Final

from convspec.reports.numbers import short
from convspec.reports.svg import Cell

Rows = Sequence[Sequence[int]]
Colour = tuple[int, int, int]

BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)
# Both ends differ in lightness, so that the map is one on grey paper too.
PALE: Final[Colour] = (240, 245, 251)
DEEP: Final[Colour] = (16, 63, 110)


def plain_cells(rows: Rows) -> list[list[Cell]]:
    """Make cells of numbers."""
    return [[Cell(short(value)) for value in row] for row in rows]


def grey_cells(rows: Rows, low: int, high: int) -> list[list[Cell]]:
    """Make cells in grey levels: ``low`` is black, ``high`` is white."""
    return _shaded(rows, low, high, BLACK, WHITE)


def heat_cells(rows: Rows, low: int, high: int) -> list[list[Cell]]:
    """Make cells of a heat map: ``low`` is pale, ``high`` is deep."""
    return _shaded(rows, low, high, PALE, DEEP)


def _shaded(rows: Rows, low: int, high: int, first: Colour, last: Colour) -> list[list[Cell]]:
    span = (high - low) or 1
    shaded = []
    for row in rows:
        colours = [mixed(first, last, (value - low) / span) for value in row]
        shaded.append(
            [
                Cell(short(value), fill=hexadecimal(colour), ink=ink_on(colour))
                for value, colour in zip(row, colours, strict=True)
            ]
        )
    return shaded


def mixed(first: Colour, last: Colour, share: float) -> Colour:
    """Mix two colours; a share of 0 is the first, of 1 the last, and what lies beyond is taken as these."""
    share = min(1.0, max(0.0, share))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, last, strict=True))
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    """Write a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink_on(colour: Colour) -> str:
    """Choose black or white for a number, whichever is read better on the colour.

    Of the two the better one has a contrast of at least 4.58 on any colour at all. Source: the definition of
    relative luminance in WCAG 2.2.

    Examples
    --------
    >>> ink_on(BLACK), ink_on(WHITE), ink_on((119, 119, 119))
    ('#fff', '#000', '#000')
    """
    on_black = luminance(colour) + 0.05
    return "#000" if on_black / 0.05 >= 1.05 / on_black else "#fff"


def luminance(colour: Colour) -> float:
    """Give the relative luminance of an sRGB colour, from 0 to 1."""
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
