"""The figures of the speed page: curves and points on logarithmic axes, and rows of marks along one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from convspec.reports.svg import element
from convspec.reports.words import readable

WIDTH: Final = 640
HEIGHT: Final = 330
LEFT: Final = 74
RIGHT: Final = 16
BOTTOM: Final = 42
TOP: Final = 26
ROW: Final = 19
LABELS: Final = 150
# The lightest part of a power of ten that is still worth a second or third tick.
FEW_DECADES: Final = 1.7

# Shapes tell the series apart as well as colours do; the first is the project's own.
SHAPES: Final = ("disc", "ring", "square", "diamond", "cross", "triangle")
PATHS: Final = {
    "square": "M-4-4h8v8h-8z",
    "diamond": "M0-5.4L5.4 0L0 5.4L-5.4 0z",
    "cross": "M-4-4L4 4M-4 4L4-4",
    "triangle": "M0-5L5 4h-10z",
}


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis: what it shows, and how its numbers are written."""

    title: str
    write: Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """Points of one name, in their order, each with a label or none; ``joined`` draws a line through them."""

    name: str
    shape: str
    points: Sequence[tuple[float, float, str]]
    joined: bool = True


@dataclass(frozen=True)
class Mark:
    """One value in a row, with its spread or none."""

    name: str
    shape: str
    value: float
    low: float | None = None
    high: float | None = None


class Scale:
    """Values to places on a logarithmic axis, and the values that are written on it."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = (min(values), max(values)) if values else (1.0, 10.0)
        margin = max(0.04 * math.log10(high / low), 0.06)
        self.low, self.high = math.log10(low) - margin, math.log10(high) + margin
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Give the place of a value."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[float]:
        """One, two and five times the powers of ten inside; the powers alone where they are many."""
        steps = (1, 2, 5) if self.high - self.low < FEW_DECADES else (1,)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        every = max(1, round((self.high - self.low) / 7))
        inside = [step * 10.0**power for power in powers if power % every == 0 for step in steps]
        return [value for value in inside if self.low <= math.log10(value) <= self.high]


def shape(kind: str, x: float, y: float, told: str) -> str:
    """Draw one mark with its tooltip."""
    tip = f"<title>{escape(readable(told, 200))}</title>"
    if kind in PATHS:
        return f'<path class="mark {kind}" transform="translate({x:g} {y:g})" d="{PATHS[kind]}">{tip}</path>'
    return f'<circle class="mark {kind}" cx="{x:g}" cy="{y:g}" r="4.5">{tip}</circle>'


def chart(
    series: Sequence[Series],
    across: Axis,
    up: Axis,
    title: str,
    roof: Sequence[tuple[float, float]] = (),
    width: float = WIDTH,
    guides: Sequence[tuple[str, Sequence[tuple[float, float]]]] = (),
) -> str:
    """Draw series on two logarithmic axes.

    Parameters
    ----------
    series : sequence of Series
        All values above 0.
    across, up : Axis
    title : str
    roof : sequence of (x, y)
        A line above which nothing can be; drawn thick.
    width : float
    guides : sequence of (name, points)
        Lines to compare with, drawn broken, with their names at their ends.

    Returns
    -------
    str
        One ``<svg>``; its description holds all numbers.
    """
    points = [(x, y) for one in series for x, y, _ in one.points] + list(roof)
    points += [point for _, line in guides for point in line]
    right = Scale([x for x, _ in points], LEFT, width - RIGHT)
    high = Scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts, places = [_grid(right, high, across, up)], list[tuple[float, float]]()
    if roof:
        line = "L".join(f"{right(x):g} {high(y):g}" for x, y in roof)
        parts.append(f'<path class="roof" d="M{line}"/>')
    for name, ends in guides:
        line = "L".join(f"{right(x):g} {high(y):g}" for x, y in ends)
        x, y = right(ends[-1][0]) - 4, high(ends[-1][1]) - 6
        parts.append(f'<path class="guide" d="M{line}"/>')
        parts.append(f'<text class="note side" x="{x:g}" y="{y:g}">{escape(name)}</text>')
    for one in series:
        if one.joined and len(one.points) > 1:
            line = "L".join(f"{right(x):g} {high(y):g}" for x, y, _ in one.points)
            parts.append(f'<path class="curve {one.shape}" d="M{line}"/>')
    for one in series:
        for x, y, label in one.points:
            told = f"{one.name}{', ' + label if label else ''}: {across.write(x)}, {up.write(y)}"
            parts.append(shape(one.shape, right(x), high(y), told))
            if label:
                place = _free(right(x), high(y), places)
                text = escape(readable(label, 20))
                parts.append(f'<text class="note" x="{place[0]:g}" y="{place[1]:g}">{text}</text>')
    parts.append(legend([(one.name, one.shape) for one in series], 0))
    told = "; ".join(
        f"{one.name}: " + ", ".join(f"{across.write(x)} {up.write(y)}" for x, y, _ in one.points) for one in series
    )
    return element(width, HEIGHT, title, told, "".join(parts), "chart")


def _free(x: float, y: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """Find a place for a short label near a point where no other one stands, and take it."""
    near = [(x, y - 8), (x, y + 16), (x + 13, y + 4), (x - 13, y + 4), (x, y - 19), (x, y + 27), (x + 13, y - 7)]
    free = (place for place in near if all(abs(place[0] - a) > 13 or abs(place[1] - b) > 10 for a, b in taken))
    found = next(free, near[0])
    taken.append(found)
    return found


def _grid(right: Scale, high: Scale, across: Axis, up: Axis) -> str:
    base = HEIGHT - BOTTOM
    lines = "".join(f"M{right(x):g} {TOP}V{base}" for x in right.ticks)
    lines += "".join(f"M{LEFT} {high(y):g}H{right.end:g}" for y in high.ticks)
    texts = "".join(
        f'<text class="tick" x="{right(x):g}" y="{base + 15}">{escape(across.write(x))}</text>' for x in right.ticks
    )
    texts += "".join(
        f'<text class="tick side" x="{LEFT - 6}" y="{high(y) + 4:g}">{escape(up.write(y))}</text>' for y in high.ticks
    )
    middle = (right.start + right.end) / 2
    return (
        f'<path class="net" d="{lines}"/>{texts}'
        f'<text class="tick" x="{middle:g}" y="{HEIGHT - 8}">{escape(across.title)}</text>'
        f'<text class="tick" transform="translate(12 {(TOP + base) / 2:g})rotate(-90)">{escape(up.title)}</text>'
    )


def legend(entries: Sequence[tuple[str, str]], left: float) -> str:
    """Draw the names of the series beside their marks, in one line."""
    parts, x = [], left + 6
    for name, kind in entries:
        text = readable(name, 24)
        parts.append(f'{shape(kind, x, 10, name)}<text class="name" x="{x + 9:g}" y="14">{escape(text)}</text>')
        x += 26 + 6.2 * len(text)
    return "".join(parts)


def rows(
    lines: Sequence[tuple[str, Sequence[Mark]]], axis: Axis, title: str, limits: Sequence[tuple[float, str]] = ()
) -> str:
    """Draw a row of marks for each name, along one logarithmic axis.

    Parameters
    ----------
    lines : sequence of (name, marks)
        All values above 0.
    axis : Axis
    title : str
    limits : sequence of (value, word)
        Lines across all rows.

    Returns
    -------
    str
        One ``<svg>``; its description holds all numbers.
    """
    marks = [mark for _, own in lines for mark in own]
    values = [value for mark in marks for value in (mark.value, mark.low, mark.high) if value]
    right = Scale([*values, *(value for value, _ in limits)], LABELS, WIDTH - RIGHT)
    base = TOP + 18 + len(lines) * ROW
    parts = [f'<path class="net" d="{"".join(f"M{right(x):g} {TOP + 14}V{base}" for x in right.ticks)}"/>']
    for place, (value, word) in enumerate(limits):
        side = "name" if place else "side"
        parts.append(
            f'<path class="limit" d="M{right(value):g} {TOP + 14}V{base}"/>'
            f'<text class="note {side}" x="{right(value) + (3 if place else -3):g}" y="{TOP + 10}">'
            f"{escape(word)}</text>"
        )
    for place, (name, own) in enumerate(lines):
        y = TOP + 18 + place * ROW + ROW / 2
        parts.append(f'<text class="tick side" x="{LABELS - 8}" y="{y + 4:g}">{escape(readable(name, 24))}</text>')
        for mark in own:
            if mark.low and mark.high:
                parts.append(f'<path class="spread {mark.shape}" d="M{right(mark.low):g} {y:g}H{right(mark.high):g}"/>')
            parts.append(shape(mark.shape, right(mark.value), y, f"{mark.name}: {axis.write(mark.value)}"))
    parts += [
        f'<text class="tick" x="{right(x):g}" y="{base + 15}">{escape(axis.write(x))}</text>' for x in right.ticks
    ]
    parts.append(f'<text class="tick" x="{(LABELS + WIDTH) / 2:g}" y="{base + 33}">{escape(axis.title)}</text>')
    parts.append(legend(list(dict.fromkeys((mark.name, mark.shape) for mark in marks)), LABELS - 6))
    told = "; ".join(
        f"{name}: " + ", ".join(f"{mark.name} {axis.write(mark.value)}" for mark in own) for name, own in lines
    )
    return element(WIDTH, base + 42, title, told, "".join(parts), "chart")
