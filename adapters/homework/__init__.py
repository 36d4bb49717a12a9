"""Functions as a beginner writes them, each with one classic mistake: they measure whether explanations are right."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Homework:
    """One function.

    Parameters
    ----------
    id : str
    target : str
        As `convspec check` takes it.
    mistake : str
        What is wrong, in one sentence.
    fault : str
        The known fault that gives the same answers; empty for the function that is right.
    """

    id: str
    target: str
    mistake: str
    fault: str


@cache
def homework() -> dict[str, Homework]:
    """All of it by id, the right one first."""
    index = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
    return {
        id: Homework(id, f"{FOLDER / entry['file']}:conv", entry["mistake"], entry["fault"])
        for id, entry in index.items()
    }
