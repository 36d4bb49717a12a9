"""The shape explorer: what it starts with, what it says without a script, and what its script knows beforehand.

The script computes sizes by itself. What it says of sizes that do not fit are the words of the reference, which
are asked for here and handed over with places for the numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from convspec.reference import effective_kernel_size, output_size, resolve_padding
from convspec.reports.svg_axis import MOST_CELLS, MOST_ROWS, ROW, TOP, UNIT
from convspec.reports.words import counted

# The fields of the explorer, in the order in which they are filled in, with what they start with.
START: Final = {"size": 8, "kernel": 3, "before": 0, "after": 0, "stride": 2, "dilation": 1}
WORDS: Final = ("valid", "same_upper", "same_lower", "full")
# An unlikely number, so that it is found again in a message.
STRANGE: Final = -987654

# What is worth a look without a script: each of the published relationships once, and what does not fit.
SHOWN: Final[tuple[dict[str, Any], ...]] = (
    {"size": 8, "kernel": 3},
    {"size": 7, "kernel": 3},
    {"size": 8, "kernel": 3, "padding": 1},
    {"size": 8, "kernel": 3, "stride": 2},
    {"size": 8, "kernel": 3, "padding": 1, "stride": 2},
    {"size": 7, "kernel": 3, "dilation": 2},
    {"size": 5, "kernel": 4, "padding": "same_upper"},
    {"size": 5, "kernel": 4, "padding": "same_lower"},
    {"size": 5, "kernel": 3, "padding": "full"},
    {"size": 3, "kernel": 2, "stride": 5},
    {"size": 2, "kernel": 3},
    {"size": 3, "kernel": 2, "dilation": 3},
    {"size": 8, "kernel": 3, "stride": 0},
    {"size": 8, "kernel": 0},
)


@dataclass(frozen=True)
class Shape:
    """What the reference says of one axis: numbers, or the words of its refusal."""

    before: int = 0
    after: int = 0
    reach: int = 0
    positions: int = 0
    left: int = 0
    error: str = ""

    @property
    def says(self) -> str:
        """The answer in a sentence, or the refusal."""
        if self.error:
            return f"ValueError: {self.error}"
        left = f"{counted(self.left, 'sample')} {'is' if self.left == 1 else 'are'}" if self.left else "nothing is"
        return f"The kernel fits at {counted(self.positions, 'position')}; {left} left over."


def shape(size: Any, kernel: Any, padding: Any = (0, 0), stride: Any = 1, dilation: Any = 1) -> Shape:
    """Ask the reference about one axis.

    Parameters
    ----------
    size, kernel, stride, dilation : object
        As `convspec.reference.output_size` takes them; anything else is refused by it.
    padding : int, (int, int) or str
        One number for both ends, one for each, or one of the words of `convspec.reference.resolve_padding`.
    """
    try:
        if isinstance(padding, str):
            axes = resolve_padding(
                padding, size=(size, size), kernel=(kernel, kernel), stride=(stride, stride),
                dilation=(dilation, dilation),
            )  # fmt: skip
            padding = axes[0]
        positions = output_size(size, kernel, pad=padding, stride=stride, dilation=dilation)
    except ValueError as error:
        return Shape(error=str(error))
    before, after = padding if isinstance(padding, tuple) else (padding, padding)
    reach = effective_kernel_size(kernel, dilation)
    end = (positions - 1) * stride + reach
    return Shape(before, after, reach, positions, before + size + after - end)


def call(arguments: Mapping[str, Any]) -> str:
    """Write a row of ``SHOWN`` as a call.

    Examples
    --------
    >>> call({"size": 8, "kernel": 3, "stride": 2})
    'input 8, kernel 3, stride 2'
    """
    names = {"size": "input"}
    return ", ".join(f"{names.get(name, name)} {value}" for name, value in arguments.items())


def knowledge() -> str:
    """Write what the script is given, as JSON.

    ``refusals`` has for each field the least number that is accepted, and the messages for a smaller number and
    for one that is not whole, with ``{value}`` in the place of the number; ``misfit`` is the message for a kernel
    that does not fit; ``orders`` are the orders in which the fields are checked, with numbers and with a word for
    the padding; the rest are the measures of the drawing.
    """
    return json.dumps(
        {
            "refusals": {name: _refusals(name) for name in START},
            "misfit": _misfit(),
            "orders": {
                "numbers": _order("numbers", tuple(START)),
                "word": _order("word", ("size", "kernel", "stride", "dilation")),
            },
            "drawing": {"unit": UNIT, "row": ROW, "top": TOP, "cells": MOST_CELLS, "rows": MOST_ROWS},
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def _asked(form: str, **changed: Any) -> str:
    given = {**START, **changed}
    padding = (given["before"], given["after"]) if form == "numbers" else "same_upper"
    return shape(given["size"], given["kernel"], padding, given["stride"], given["dilation"]).error


def _refusals(name: str) -> dict[str, Any]:
    small = _asked("numbers", **{name: STRANGE}).replace(str(STRANGE), "{value}")
    broken = _asked("numbers", **{name: STRANGE + 0.5}).replace(repr(STRANGE + 0.5), "{value}")
    # A kernel or a pad of 0 may be refused for another reason than its size; the message tells.
    least = next(
        value for value in range(3) if _asked("numbers", **{name: value}) != small.replace("{value}", str(value))
    )
    return {"least": least, "small": small, "broken": broken}


def _misfit() -> str:
    message = shape(1203, 1204, (0, 0), 1, 2).error
    return message.replace(str(effective_kernel_size(1204, 2)), "{reach}").replace("1203", "{padded}")


def _order(form: str, names: tuple[str, ...]) -> list[str]:
    """Find out in which order the reference checks its arguments: what is refused first is mended, and so on."""
    wrong = {name: STRANGE - place for place, name in enumerate(names)}
    order = []
    while wrong:
        message = _asked(form, **wrong)
        first = next(name for name, value in wrong.items() if message.endswith(str(value)))
        order.append(first)
        del wrong[first]
    return order
