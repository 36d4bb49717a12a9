"""Independent choices, each one of some values: of them all cases are made."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Pick = Callable[[Sequence[Any]], Any]
"""Gives one of some values, all equally likely, whatever was picked before."""


class Choices:
    """Independent choices from 64 bits.

    Hypothesis repeats and mutates what it drew before, which suits shrinking; a fault that needs two rare conditions at
    once is found only if they are drawn independently (they were not: one dtype got no dilation in 42 cases where 13
    were due). So Hypothesis draws the bits, and all choices of a case follow from them alone. Python guarantees the
    numbers of ``Random(seed).random()`` from version to version.
    """

    def __init__(self, bits: int) -> None:
        self._random = Random(bits).random

    def __call__(self, values: Sequence[Any]) -> Any:
        """One of some values, all equally likely."""
        return values[int(self._random() * len(values))]

    def seed(self) -> int:
        """A number of 32 bits, of which the numbers of a case are made, and nothing else of it."""
        return int(self._random() * 2**32)
