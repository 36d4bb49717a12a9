"""Where libraries disagree: one small case a topic, and what each possible convention answers to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.reference import conv2d

# An answer means a convention if each number of it is nearer than this to the expected one. The answers of two
# conventions of one topic differ by at least twice as much in some element (a test holds it): no answer can mean both.
NEAR = 0.125

# What may happen with any topic, and needs no number of its own.
REFUSES, NO_ARGUMENT, CRASHES, HANGS, OTHER = "refuses", "no such argument", "crashes", "hangs", "something else"
GENERAL = {
    REFUSES: "The call raises an exception.",
    NO_ARGUMENT: "The function has no argument of that name, so it offers no such thing.",
    CRASHES: "The process ends in the middle of the call.",
    HANGS: "The call does not come back in time.",
    OTHER: "The answer is that of none of the conventions that were expected; its numbers are shown.",
}

# How Python and OpenCV say that a function has no argument of that name.
_UNKNOWN_ARGUMENT = re.compile("unexpected keyword argument|invalid keyword argument")


@dataclass(frozen=True)
class Meaning:
    """One convention: a word for the table, a sentence, and every answer that shows it."""

    word: str
    sentence: str
    answers: tuple[Array, ...]


@dataclass(frozen=True)
class Topic:
    """One question on which libraries disagree, with the case that answers it.

    ``id`` is its address, for ever. ``matters`` says why a learner should care. ``layer`` is set where the arrays go to
    the library as they are; else `x` is one picture (H, W) and `w` one kernel (kH, kW).
    """

    id: str
    title: str
    question: str
    matters: str
    requirements: tuple[str, ...]
    x: Array
    w: Array
    meanings: tuple[Meaning, ...]
    layer: bool = False

    @property
    def inputs(self) -> str:
        """Two lines of source that make `x` and `w`."""
        return f"x = {source(self.x)}\nw = {source(self.w)}"


def source(array: Array) -> str:
    """Write an array as a line of NumPy.

    Examples
    --------
    >>> source(np.array([[1, np.inf]], dtype=np.float32))
    'np.array([[1, np.inf]], dtype=np.float32)'
    >>> source(np.zeros((0, 1), dtype=np.int32))
    'np.zeros((0, 1), dtype=np.int32)'
    """
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype})"
    return f"np.array({_nested(array.tolist())}, dtype=np.{array.dtype})"


def _nested(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_nested(item) for item in value)}]"
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if value != value else ("np.inf" if value > 0 else "-np.inf")
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def floats(rows: list[Any]) -> Array:
    """Make an array of the float type that all libraries have."""
    return np.array(rows, dtype=np.float32)


def turned(w: Array) -> Array:
    """Turn a kernel by 180°."""
    return w[..., ::-1, ::-1]


def both_ways(x: Array, w: Array, **keywords: Any) -> tuple[Array, Array]:
    """Give the answers with the kernel as it is and turned, where turning is not what is asked."""
    return conv2d(x, w, **keywords), conv2d(x, turned(w), **keywords)


def columns(before: int, after: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give the padding of columns alone."""
    return (0, 0), (before, after)


def near(answer: Array, expected: Array) -> bool:
    """Tell whether an answer has the expected shape and, but for rounding, the expected numbers; NaN equals NaN.

    Parameters
    ----------
    answer, expected : array
        Of any shapes.
    """
    if answer.shape != expected.shape or answer.dtype.kind not in "biufc":
        return False
    kind = np.complex128 if "c" in (answer.dtype.kind, expected.dtype.kind) else np.float64
    got, want = answer.astype(kind), expected.astype(kind)
    finite = np.isfinite(got) & np.isfinite(want)
    special = np.array_equal(got[~finite], want[~finite], equal_nan=True)
    return special and bool((np.abs(got[finite] - want[finite]) < NEAR).all())


def meaning(answer: Array, meanings: Sequence[Meaning]) -> str:
    """Find the word of the convention that an answer shows; "something else" where none fits."""
    for one in meanings:
        if any(near(answer, expected) for expected in one.answers):
            return one.word
    return OTHER


def word(measured: Mapping[str, Any], meanings: Sequence[Meaning]) -> str:
    """Say in one word what was measured.

    Parameters
    ----------
    measured : mapping
        An answer of `convspec.conformance.native.measure`.
    meanings : sequence of Meaning
        The conventions of the topic.

    Returns
    -------
    str
        The word of a convention, or one of ``GENERAL``.
    """
    if measured["kind"] == "answered":
        return meaning(as_array(measured["array"]), meanings)
    if measured["kind"] == "refused":
        return NO_ARGUMENT if _UNKNOWN_ARGUMENT.search(measured["text"]) else REFUSES
    return CRASHES if measured["kind"] == "crashed" else HANGS


def as_array(line: Mapping[str, Any]) -> Array:
    """Make the array again that ``array_line`` wrote."""
    if line["data"] is None:
        return np.empty(line["shape"], dtype=object)
    # A complex number is a pair, and NaN and the infinities are words.
    numbers = [complex(*map(float, item)) if isinstance(item, list) else float(item) for item in line["data"]]
    return np.array(numbers).reshape(line["shape"])
