"""The figures of the proof page: one strip of the matrix for each fault, its column heads, and a histogram."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from convspec.reports.svg import element
from convspec.reports.words import readable

COLUMN: Final = 8.5
HEAD: Final = 50
CHART_LENGTH: Final = 190

# Upper ends in seconds; about three steps to a power of ten, so that the bars spread over a logarithmic axis.
STEPS: Final[tuple[tuple[float, str], ...]] = (
    (0.01, "up to 0.01 s"),
    (0.03, "to 0.03 s"),
    (0.1, "to 0.1 s"),
    (0.3, "to 0.3 s"),
    (1.0, "to 1 s"),
    (3.0, "to 3 s"),
    (10.0, "to 10 s"),
    (math.inf, "longer"),
)


def strip(columns: Mapping[str, int], named: Sequence[str], found: Sequence[str]) -> str:
    """Draw one row of the matrix.

    Parameters
    ----------
    columns : mapping from requirement id to place
        The columns, counted from 0.
    named, found : sequence of str
        The requirements that must find the fault, and those that do; ids without a column are left out.

    Returns
    -------
    str
        One ``<svg>``, hidden from screen readers: the section on the fault says the same in words. A
        square is a named requirement that finds it, a dot another one, a cross a named one that does not.
        Two units are one column.
    """
    must, does = set(named), set(found)
    paths = (
        ("yes", "M{0:g} 1h1.3", 0.35, must & does),
        ("not", "M{0:g} .4l1.2 1.2m0-1.2l-1.2 1.2", 0.4, must - does),
    )
    body = ""
    for kind, mark, inset, ids in paths:
        drawn = "".join(mark.format(2 * place + inset) for place in _places(columns, ids))
        body += f'<path class="{kind}" d="{drawn}"/>' if drawn else ""
    dots = _places(columns, does - must)
    if dots:
        # There are thousands of dots on a page: each says only how far it is from the one before.
        drawn = "".join(f"m{2 * (place - before)} 0z" for before, place in itertools.pairwise(dots))
        body += f'<path class="also" d="M{2 * dots[0] + 1} 1z{drawn}"/>'
    return (
        f'<svg class="strip" aria-hidden="true" viewBox="0 0 {2 * len(columns)} 2" '
        f'width="{COLUMN * len(columns):g}" height="{COLUMN:g}">{body}</svg>'
    )


def _places(columns: Mapping[str, int], ids: Iterable[str]) -> list[int]:
    return sorted(columns[id] for id in ids if id in columns)


def heads(columns: Mapping[str, int]) -> str:
    """Write the ids of the requirements above their columns, from the bottom upwards."""
    texts = "".join(
        f'<text transform="translate({COLUMN * (place + 0.84):g} {HEAD - 3})rotate(-90)">'
        f"{escape(readable(id, 12))}</text>"
        for id, place in columns.items()
    )
    width = COLUMN * len(columns)
    return (
        f'<svg class="heads" aria-hidden="true" viewBox="0 0 {width:g} {HEAD}" width="{width:g}" '
        f'height="{HEAD}">{texts}</svg>'
    )


def bands(groups: Sequence[int]) -> str:
    """Give the background of the strips: every other family of columns is tinted.

    Parameters
    ----------
    groups : sequence of int
        How many columns each family has.
    """
    stops, at = [], 0.0
    for i, count in enumerate(groups):
        end = at + COLUMN * count
        stops.append(f"{'var(--raised)' if i % 2 == 0 else 'transparent'} {at:g}px {end:g}px")
        at = end
    return f"linear-gradient(90deg,{','.join(stops)})" if stops else "none"


def binned(seconds: Sequence[float]) -> list[tuple[str, int]]:
    """Count times in steps of about a third of a power of ten, without the empty steps at either end.

    Examples
    --------
    >>> binned([0.02, 0.3, 0.02, 0.31])
    [('to 0.03 s', 2), ('to 0.1 s', 0), ('to 0.3 s', 1), ('to 1 s', 1)]
    """
    counts = [0] * len(STEPS)
    for value in seconds:
        counts[next((i for i, (end, _) in enumerate(STEPS) if value <= end), len(STEPS) - 1)] += 1
    used = [i for i, count in enumerate(counts) if count]
    return [(STEPS[i][1], counts[i]) for i in range(used[0], used[-1] + 1)] if used else []


def histogram(bars: Sequence[tuple[str, int]], title: str) -> str:
    """Draw counts as horizontal bars in the given order, each with its number."""
    most = max((count for _, count in bars), default=0) or 1
    parts = []
    for i, (label, count) in enumerate(bars):
        y = i * 19
        length = CHART_LENGTH * count / most
        parts.append(
            f'<text class="lab" x="86" y="{y + 13}">{escape(label)}</text>'
            f'<rect class="bar" x="92" y="{y + 3}" width="{max(length, 1.0 if count else 0.0):.1f}" height="13"/>'
            f'<text class="val" x="{96 + length:.1f}" y="{y + 13}">{count}</text>'
        )
    told = "; ".join(f"{label}: {count}" for label, count in bars)
    return element(92 + CHART_LENGTH + 50, len(bars) * 19 + 2, title, told, "".join(parts), "bars")
