"""The catalogue as data: all requirements, checked or planned, with their statements and sources."""

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

FAMILIES = (
    "DEF",
    "SHP",
    "PAD",
    "STR",
    "DIL",
    "GRP",
    "CHN",
    "BAT",
    "BIA",
    "DTY",
    "NUM",
    "SPC",
    "LAW",
    "GRD",
    "PUR",
    "ERR",
)


@dataclass(frozen=True)
class Entry:
    """One requirement as the catalogue has it.

    `unsaid` names what a plain function says nothing about, such as "a kernel of size 0"; the requirement informs then.
    """

    id: str
    level: str
    profile: str
    title: str
    statement: str
    formula: str
    verdict_class: str
    sources: tuple[str, ...]
    check: str
    status: str
    informs: bool
    reported_in_plane: bool
    unsaid: str

    @property
    def family(self) -> str:
        """The letters before the number."""
        return self.id.partition("-")[0]

    @property
    def is_checked(self) -> bool:
        """Whether the suite checks it; planned otherwise."""
        return self.status == "core"

    def line(self) -> dict[str, Any]:
        """The entry as a line of a results file."""
        return {
            "type": "requirement",
            "id": self.id,
            "family": self.family,
            "level": self.level,
            "profile": self.profile,
            "title": self.title,
            "statement": self.statement,
            "formula": self.formula,
            "class": self.verdict_class,
            "sources": list(self.sources),
            "check": self.check,
            "status": self.status,
            "informs": self.informs,
        }


@functools.cache
def catalogue() -> dict[str, Entry]:
    """Id to entry, in the order of the families."""
    text = resources.files("convspec.conformance").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries = [
        Entry(
            item["id"],
            item["level"],
            item["profile"],
            item["title"],
            item["statement"],
            item["formula"],
            item["class"],
            tuple(item["sources"]),
            item["check"],
            item["status"],
            item["informs"],
            item.get("reported_in_plane", False),
            item.get("unsaid", ""),
        )
        for item in tomllib.loads(text)["requirement"]
    ]
    return {entry.id: entry for entry in sorted(entries, key=lambda entry: (FAMILIES.index(entry.family), entry.id))}


def select(only: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that a selection means: ids, or families; all of them for an empty one.

    Raises
    ------
    ValueError
        A selection names nothing; the message says what there is.
    """
    known = catalogue()
    if not only:
        return tuple(known)
    for name in only:
        if name.upper() not in known and name.upper() not in FAMILIES:
            raise ValueError(
                f"{name!r} is neither a requirement nor a family; families are {', '.join(FAMILIES)}, and "
                "`convspec list` shows the requirements"
            )
    wanted = {name.upper() for name in only}
    return tuple(id for id, entry in known.items() if id in wanted or entry.family in wanted)
