"""Addresses that were withdrawn: what a page says at a place that others may still cite."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("withdrawn.toml")
FIELDS: Final = ("page", "address", "date", "reason", "instead")


@dataclass(frozen=True)
class Stone:
    """One withdrawn address, with the date and the reason; ``instead`` is empty where nothing replaces it."""

    page: str
    address: str
    date: str
    reason: str
    instead: str

    @property
    def link(self) -> str:
        """What replaces it, as a link from its page."""
        return self.instead if "#" in self.instead else f"#{self.instead}"


def read_stones(text: str) -> tuple[Stone, ...]:
    """Read the table of withdrawn addresses.

    Raises
    ------
    ValueError
        A stone lacks a field, has another one, or stands twice; the message gives its place and the field.
    """
    found: list[Stone] = []
    for place, entry in enumerate(tomllib.loads(text).get("stone", []), start=1):
        if sorted(entry) != sorted(FIELDS) or not all(isinstance(value, str) for value in entry.values()):
            raise ValueError(f"stone {place} must have the texts {', '.join(FIELDS)}, got {', '.join(entry)}")
        stone = Stone(**entry)
        if not re.fullmatch(r"[A-Za-z0-9._-]+", stone.address):
            raise ValueError(f"stone {place}: {stone.address!r} is no address")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", stone.date) or not stone.reason:
            raise ValueError(f"stone {place}: {stone.address} needs a date such as 2026-11-22 and a reason")
        if any((stone.page, stone.address) == (other.page, other.address) for other in found):
            raise ValueError(f"stone {place}: {stone.page}#{stone.address} stands twice")
        found.append(stone)
    return tuple(found)


@cache
def stones() -> tuple[Stone, ...]:
    """Give all withdrawn addresses."""
    return read_stones(FILE.read_text(encoding="utf-8"))
