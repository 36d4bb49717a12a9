"""The words of the reports: outcomes, verdicts, levels, families, each with what it means."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Outcome:
    """How an outcome is shown: a symbol that differs in shape, and a kind that picks the colour."""

    word: str
    symbol: str
    kind: str
    meaning: str


def _table(*rows: Outcome) -> dict[str, Outcome]:
    return {row.word: row for row in rows}


OUTCOMES: Final[dict[str, Outcome]] = _table(
    Outcome("passed", "✓", "good", "every case met the requirement"),
    Outcome("failed", "✗", "bad", "a case was answered wrongly"),
    Outcome("errored", "!", "bad", "a case that must be answered raised an exception or gave no array"),
    Outcome("crashed", "‼", "bad", "the process died in the middle of a call"),
    Outcome("timed out", "◷", "bad", "a call did not come back"),
    Outcome("out of memory", "▦", "bad", "a call asked for more memory than allowed"),
    Outcome(
        "mistrusted", "?", "bad", "nothing was wrong, but outputs were nearly all trivial, or cases were not waited for"
    ),
    Outcome("unexpectedly passing", "✓?", "bad", "a declared deviation was not there any more"),
    Outcome("known deviation", "≈", "known", "not met, as was declared beforehand, with a link"),
    Outcome("info", "i", "quiet", "observed and reported, not required"),
    Outcome("skipped", "–", "quiet", "not claimed by the adapter, so not asked"),
    Outcome("unavailable", "○", "quiet", "the library is not installed"),
    Outcome("planned", "·", "quiet", "in the catalogue, not yet tested"),
)

# What is said of a results file of schema 1, and in place of the day of a run where no line tells it.
UNCHAINED: Final = "unchained: written by an earlier release, its lines do not vouch for each other"
UNDATED: Final = "an unknown day"

LEVELS: Final[tuple[str, ...]] = ("MUST", "SHOULD", "DECL", "INFO")
LEVEL_MEANINGS: Final[dict[str, str]] = {
    "MUST": "required of every adapter that claims the features involved",
    "SHOULD": "recommended; not met, it does not change the verdict",
    "DECL": "required only of an adapter that declares the feature",
    "INFO": "observed and reported, never required",
}

CLASSES: Final[dict[str, str]] = {
    "EQ": "exact equality",
    "INT": "exact equality on whole-number data",
    "BND": "a proven error bound, element by element",
    "BIT": "two runs of the same adapter, equal bit for bit",
    "LAW": "a law between results of the same adapter",
    "RAISES": "an exception, and neither a result nor a crash",
    "INFO": "recorded only",
}

FAMILIES: Final[dict[str, str]] = {
    "DEF": "the definition",
    "SHP": "the output’s shape",
    "PAD": "padding",
    "STR": "stride",
    "DIL": "dilation",
    "GRP": "groups",
    "CHN": "channels",
    "BAT": "batches",
    "BIA": "bias",
    "DTY": "number types",
    "NUM": "rounding error",
    "SPC": "special values",
    "LAW": "algebraic laws",
    "GRD": "gradients",
    "PUR": "purity",
    "ERR": "invalid input",
}

# Control characters, halves of surrogate pairs, and characters that reorder the text around them. They are
# shown as escapes, so that no name or traceback can make a line read as something that it is not.
UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


LONGEST_ADDRESS: Final = 60


def family_title(family: str) -> str:
    """Name a family in words; an unknown one keeps its letters."""
    return FAMILIES.get(family, family)


def outcome(word: str) -> Outcome:
    """Look an outcome up."""
    return OUTCOMES[word]


def readable(text: str, limit: int | None = None) -> str:
    """Make a stranger's text safe to read: control and reordering characters escaped, length limited.

    Markup is not escaped here; the templates do that for every text.
    """
    if limit is not None and len(text) > limit:
        return f"{UNSAFE.sub(_escape, text[:limit])}… ({len(text) - limit} more characters)"
    return UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: ``1 case``, ``3 cases``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def listed(items: list[str], limit: int = 6) -> str:
    """Join items as a sentence does, and count those above the limit."""
    shown = items[:limit]
    if len(items) > limit:
        shown.append(f"{len(items) - limit} more")
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def slug(name: str, used: set[str] | None = None) -> str:
    """Make a stable address from a name: the name itself where it is plain, else with a hash of it.

    With ``used``, an address that another name already took gets the hash as well, and is remembered.
    """
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-")
    address = (
        plain
        if plain == name and 0 < len(plain) <= LONGEST_ADDRESS
        else f"{plain[:40] or 'name'}-{_digest(name)}"
    )
    if used is not None:
        if address in used:
            address = f"{address}-{_digest(name)}"
        used.add(address)
    return address


def _digest(name: str) -> str:
    # A short checksum by hand (FNV-1a, 32 bits): it names, it does not protect.
    value = 2166136261
    for byte in name.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return f"{value:08x}"
