"""One axis of a convolution drawn: its cells, its padding, the kernel at each position, and what is left over.

``static/lesson.js`` draws the same axis in the browser; a test holds the two together, character by character.
"""

from typing import Final

from convspec.reference import effective_kernel_size, output_size
from convspec.reports.svg import Part

UNIT: Final = 24
ROW: Final = 15
TOP: Final = 17
MOST_CELLS: Final = 44
MOST_ROWS: Final = 14


def axis_part(
    size: int, kernel: int, *, before: int = 0, after: int = 0, stride: int = 1, dilation: int = 1
) -> Part:
    """Draw an axis.

    Parameters
    ----------
    size, kernel, before, after, stride, dilation : int
        As `convspec.reference.output_size` takes them; a kernel that does not fit is drawn where it would start.

    Returns
    -------
    Part
        Empty where there are more than ``MOST_CELLS`` samples.
    """
    padded, reach = before + size + after, effective_kernel_size(kernel, dilation)
    length = max(padded, reach)
    if length > MOST_CELLS:
        return Part(0, 0, "")
    fits = reach <= padded
    positions = output_size(size, kernel, pad=(before, after), stride=stride, dilation=dilation) if fits else 0
    read = {i * stride + p * dilation for i in range(positions) for p in range(kernel)}
    end = (positions - 1) * stride + reach if fits else padded

    parts = []
    for cell in range(padded):
        kind = "pad" if cell < before or cell >= before + size else "cell"
        # Padding has no number of its own; the others are numbered as the picture's rows are.
        text = "" if kind == "pad" else str(cell - before)
        parts.append(_cell(cell, kind, text, left_over=cell >= end, read=cell in read))
    if fits and end < padded:
        parts.append(f'<text class="idx" x="{(end + padded) * UNIT / 2:g}" y="11">left over</text>')
    shown = min(positions, MOST_ROWS) if fits else 1
    for i in range(shown):
        parts.append(_position(i, i * stride, kernel, dilation, reach, "" if fits else " misfit"))
    height = TOP + UNIT + 6 + shown * ROW
    if positions > shown:
        parts.append(f'<text class="idx rest" x="4" y="{height + 9}">… and {positions - shown} more</text>')
        height += ROW
    return Part(length * UNIT + 26, height + 2, "".join(parts))


def _cell(cell: int, kind: str, text: str, *, left_over: bool, read: bool) -> str:
    x = cell * UNIT + 1
    state = " left" if left_over else "" if read else " over"
    drawn = f'<rect class="{kind}{state}" x="{x}" y="{TOP}" width="{UNIT}" height="{UNIT}"/>'
    if left_over:
        drawn += f'<path class="cross" d="M{x} {TOP}l{UNIT} {UNIT}m0 -{UNIT}l-{UNIT} {UNIT}"/>'
    if text:
        drawn += f'<text class="{kind}{state}" x="{x + UNIT // 2}" y="{TOP + 16}">{text}</text>'
    return drawn


def _position(index: int, start: int, kernel: int, dilation: int, reach: int, state: str) -> str:
    y = TOP + UNIT + 6 + index * ROW + 7
    first = start * UNIT + 1 + UNIT // 2
    last = first + (reach - 1) * UNIT
    taps = "".join(f"M{first + p * dilation * UNIT} {y}h0" for p in range(kernel))
    name = "" if state else f'<text class="idx" x="{last + 16}" y="{y + 4}">{index}</text>'
    return f'<path class="reach{state}" d="M{first} {y}H{last}"/><path class="taps{state}" d="{taps}"/>{name}'
