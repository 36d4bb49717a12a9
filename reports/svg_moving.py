"""A window that moves over a picture, and the element of the output that goes with it, in step.

The movement is CSS: two groups inside each other, one going across, one going down. It stands still on paper and
for readers who asked for less motion; then the window lies on its first position.
"""

from collections.abc import Sequence
from typing import Final

from convspec.reports.numbers import short
from convspec.reports.svg import element

Rows = Sequence[Sequence[int]]

UNIT: Final = 24
GAP: Final = 34
SECONDS: Final = 0.9


def moving_figure(
    padded: Rows,
    weights: Rows,
    output: Rows,
    *,
    pads: tuple[tuple[int, int], tuple[int, int]],
    stride: int,
    dilation: int,
    title: str,
    description: str,
) -> str:
    """Draw a convolution in motion.

    Parameters
    ----------
    padded, weights, output : rows of int
        The input with its zeros, the kernel, and the result, whose shape gives the positions.
    pads : ((top, bottom), (left, right))
        How many rows and columns of ``padded`` are padding.
    stride, dilation : int
        The same on both axes, in samples.
    title, description : str
        What a screen reader says.
    """
    rows, columns = len(output), len(output[0])
    left = len(padded[0]) * UNIT + GAP
    top = max(0, len(padded) - rows) * UNIT / 2
    height = max(len(padded), rows) * UNIT
    (above, below), (before, after) = pads
    squares: dict[str, list[str]] = {"pad": [], "cell": [], "made": []}
    numbers = []
    for r, row in enumerate(padded):
        for c, value in enumerate(row):
            inside = above <= r < len(padded) - below and before <= c < len(row) - after
            x, y = c * UNIT + 1, r * UNIT + 1
            squares["cell" if inside else "pad"].append(f"M{x} {y}h{UNIT}v{UNIT}h-{UNIT}z")
            numbers.append(_number(x, y, "" if inside else "pad", value))
    for r, row in enumerate(output):
        for c, value in enumerate(row):
            x, lowered = left + c * UNIT + 1, top + r * UNIT + 1
            squares["made"].append(f"M{x} {lowered:g}h{UNIT}v{UNIT}h-{UNIT}z")
            numbers.append(_number(x, lowered, "", value))
    cells = [f'<path class="{kind}" d="{"".join(paths)}"/>' for kind, paths in squares.items() if paths]
    taps = "".join(
        f'<rect class="tap" x="{q * dilation * UNIT + 1}" y="{p * dilation * UNIT + 1}" width="{UNIT}" '
        f'height="{UNIT}"/><text class="weight" x="{q * dilation * UNIT + UNIT - 3}" '
        f'y="{p * dilation * UNIT + UNIT - 2}">{short(weight)}</text>'
        for p, line in enumerate(weights)
        for q, weight in enumerate(line)
    )
    frame = f'<rect class="now" x="{left + 1}" y="{top + 1:g}" width="{UNIT}" height="{UNIT}"/>'
    arrow = f'<text class="op" x="{left - GAP / 2:g}" y="{height / 2 + 7:g}">→</text>'
    body = (
        "".join(cells + numbers)
        + arrow
        + _moved(taps, rows, columns, stride * UNIT)
        + _moved(frame, rows, columns, UNIT)
    )
    return element(left + columns * UNIT + 2, height + 2, title, description, body, "moving")


def _number(x: float, y: float, kind: str, value: int) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x + UNIT / 2:g}" y="{y + 16:g}">{short(value)}</text>'


def _moved(body: str, rows: int, columns: int, step: int) -> str:
    """Let a drawing go across in ``columns`` steps and down in ``rows``, one row after the other."""
    across = f"--steps:{columns};--way:{columns * step}px;--time:{columns * SECONDS:g}s"
    down = f"--steps:{rows};--way:{rows * step}px;--time:{rows * columns * SECONDS:g}s"
    return f'<g class="down" style="{down}"><g class="across" style="{across}">{body}</g></g>'
