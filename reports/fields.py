"""Take typed values out of one line of a results file, with errors that say where and what."""

from collections.abc import Mapping
from typing import Final, NoReturn

# What can be counted, or lie in memory: larger numbers stand for nothing that a run can have done.
LARGEST_COUNT: Final = 2**63
SPECIAL: Final[dict[str, float]] = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


class ResultsError(ValueError):
    """A results file is not what the schema says; the message names the file, the line and the fault."""


class _Missing:
    """Stands for 'no default': the key must be there."""


MISSING: Final = _Missing()


class Fields:
    """The members of one JSON object, read by name and type.

    Parameters
    ----------
    members : dict
        The object as ``json.loads`` gave it.
    where : str
        File, line and the path inside the line; the beginning of every error message.

    Notes
    -----
    Members that nobody asks for are left alone, so that a newer writer may add some.
    """

    def __init__(self, members: Mapping[str, object], where: str) -> None:
        self.members = members
        self.where = where

    def fail(self, message: str) -> NoReturn:
        """Raise ``ResultsError`` with the place in front of the message."""
        raise ResultsError(f"{self.where}: {message}")

    def has(self, key: str) -> bool:
        """Tell whether the key is there and not null."""
        return self.members.get(key) is not None

    def anything(self, key: str) -> object:
        """Give the value as it is; None where there is none."""
        return self.members.get(key)

    def text(self, key: str, default: str | _Missing = MISSING) -> str:
        """Give a text."""
        value = self._value(key, default)
        return value if isinstance(value, str) else self._wrong(key, "a text", value)

    def optional_text(self, key: str) -> str | None:
        """Give a text, or None for null or a missing key."""
        return self.text(key) if self.has(key) else None

    def word(self, key: str, known: tuple[str, ...]) -> str:
        """Give a text that is one of the known words."""
        value = self.text(key)
        return value if value in known else self._wrong(key, "one of " + ", ".join(known), value)

    def whole(self, key: str, default: int | _Missing = MISSING) -> int:
        """Give a whole number."""
        value = self._value(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._wrong(key, "a whole number", value)

    def count(self, key: str, default: int | _Missing = MISSING, *, least: int = 0) -> int:
        """Give a whole number of things."""
        value = self.whole(key, default)
        if not least <= value <= LARGEST_COUNT:
            self.fail(f"{key!r} must be a count from {least} to {LARGEST_COUNT}, got {_shown(value)}")
        return value

    def real(self, key: str) -> float:
        """Give a number; the texts ``nan``, ``inf`` and ``-inf`` stand for what they say."""
        value = self._value(key, MISSING)
        if isinstance(value, str) and value in SPECIAL:
            return SPECIAL[value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return SPECIAL["inf"] if value > 0 else SPECIAL["-inf"]
        return self._wrong(key, "a number, 'nan', 'inf' or '-inf'", value)

    def optional_real(self, key: str) -> float | None:
        """Give a number, or None for null or a missing key."""
        return self.real(key) if self.has(key) else None

    def within(self, key: str, least: float, most: float) -> float | None:
        """Give a number in a range, ends included, or None for null or a missing key."""
        value = self.optional_real(key)
        if value is not None and not least <= value <= most:
            self.fail(f"{key!r} must be from {least:g} to {most:g}, got {value}")
        return value

    def seconds(self, key: str = "seconds") -> float:
        """Give a time that something took."""
        value = self.real(key)
        if not 0 <= value < SPECIAL["inf"]:
            self.fail(f"{key!r} must be a number of seconds, finite and not below 0, got {value}")
        return value

    def truth(self, key: str, default: bool | _Missing = MISSING) -> bool:
        """Give true or false."""
        value = self._value(key, default)
        return value if isinstance(value, bool) else self._wrong(key, "true or false", value)

    def texts(self, key: str, default: tuple[str, ...] | _Missing = MISSING) -> tuple[str, ...]:
        """Give a list of texts."""
        values = self._list(key, default)
        return tuple(v if isinstance(v, str) else self._wrong(key, "a list of texts", v) for v in values)

    def wholes(self, key: str) -> tuple[int, ...]:
        """Give a list of whole numbers."""
        values = self._list(key, MISSING)
        return tuple(
            v
            if isinstance(v, int) and not isinstance(v, bool)
            else self._wrong(key, "a list of whole numbers", v)
            for v in values
        )

    def optional_wholes(self, key: str) -> tuple[int, ...] | None:
        """Give a list of whole numbers, or None for null or a missing key."""
        return self.wholes(key) if self.has(key) else None

    def numbers(self, key: str) -> tuple[int | float | complex | bool, ...]:
        """Give a list of numbers; a complex number is written as the list [real, imaginary]."""
        return tuple(self._number(key, value) for value in self._list(key, MISSING))

    def mapping(self, key: str, default: Mapping[str, object] | _Missing = MISSING) -> Mapping[str, object]:
        """Give an object as it is."""
        value = self._value(key, default)
        return value if isinstance(value, dict) else self._wrong(key, "an object", value)

    def text_mapping(self, key: str) -> Mapping[str, str]:
        """Give an object whose values are texts; empty where the key is missing."""
        inner = Fields(self.mapping(key, {}), f"{self.where}, {key}")
        return {name: inner.text(name) for name in inner.members}

    def counts(self, key: str) -> Mapping[str, Mapping[str, int]]:
        """Give an object of objects of counts; empty where the key is missing."""
        outer = Fields(self.mapping(key, {}), f"{self.where}, {key}")
        return {
            name: {value: outer.inner(name).count(value) for value in outer.mapping(name)}
            for name in outer.members
        }

    def inner(self, key: str) -> "Fields":
        """Give an object for reading on."""
        return Fields(self.mapping(key), f"{self.where}, {key}")

    def inners(self, key: str) -> tuple["Fields", ...]:
        """Give a list of objects for reading on; empty where the key is missing."""
        return tuple(
            Fields(v, f"{self.where}, {key}")
            if isinstance(v, dict)
            else self._wrong(key, "a list of objects", v)
            for v in self._list(key, ())
        )

    def _number(self, key: str, value: object) -> int | float | complex | bool:
        if isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str) and value in SPECIAL:
            return SPECIAL[value]
        if isinstance(value, list) and len(value) == 2:
            real, imaginary = (Fields({"part": part}, f"{self.where}, {key}").real("part") for part in value)
            return complex(real, imaginary)
        return self._wrong(key, "numbers, 'nan', 'inf', '-inf' or pairs [real, imaginary]", value)

    def _list(self, key: str, default: tuple[object, ...] | _Missing) -> tuple[object, ...]:
        value = self._value(key, default)
        return tuple(value) if isinstance(value, (list, tuple)) else self._wrong(key, "a list", value)

    def _value(self, key: str, default: object) -> object:
        if self.has(key):
            return self.members[key]
        if default is MISSING:
            self.fail(f"{key!r} is missing" if key not in self.members else f"{key!r} is null")
        return default

    def _wrong(self, key: str, wanted: str, value: object) -> NoReturn:
        self.fail(f"{key!r} must be {wanted}, got {_shown(value)}")


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
