"""Failures that a maintainer expects, read from a text file: requirement, predicate or case id, link.

    # One a line; a line that begins with # is a comment.
    DEF-02  dtype=bfloat16 & stride>1  https://example.org/issues/12
    PAD     padding=same & kernel_h!=kernel_w  https://example.org/issues/13  adapter=mine
    NUM-01  id=3f9a1c22ab              https://example.org/issues/14

A predicate is one comparison or several joined by ``&``; ``*`` holds for every case. Nothing in the file is evaluated.
"""

import hashlib
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convspec.adapters.protocol import DTYPES, WORDS
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import select
from convspec.conformance.description import DeviationNote, Notes
from convspec.conformance.layouts import LAYOUTS

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS: dict[str, Callable[[Case], Any]] = {
    "stride": lambda case: max(case.stride),
    "stride_h": lambda case: case.stride[0],
    "stride_w": lambda case: case.stride[1],
    "dilation": lambda case: max(case.dilation),
    "dilation_h": lambda case: case.dilation[0],
    "dilation_w": lambda case: case.dilation[1],
    "kernel": lambda case: max(case.kernel),
    "kernel_h": lambda case: case.kernel[0],
    "kernel_w": lambda case: case.kernel[1],
    "groups": lambda case: case.groups,
    "batch": lambda case: case.batch,
    "channels": lambda case: case.channels,
    "outputs": lambda case: case.outputs,
    "height": lambda case: case.size[0],
    "width": lambda case: case.size[1],
    # A word stays a word; of the four numbers the largest counts.
    "padding": lambda case: case.padding if isinstance(case.padding, str) else max(map(max, case.padding)),
}
TEXTS: dict[str, Callable[[Case], Any]] = {
    "dtype": lambda case: case.dtype,
    "w_dtype": lambda case: case.w_dtype or case.dtype,
    "layout_x": lambda case: case.layout_x,
    "layout_w": lambda case: case.layout_w,
    "layout_bias": lambda case: case.layout_bias,
    "data": lambda case: "values" if case.literal is not None else case.data,
    "bias": lambda case: "no" if case.bias_shape is None else "yes",
    "id": lambda case: case.id,
}
# What a field may be compared with, where that is a list.
ALLOWED = {
    "dtype": DTYPES,
    "w_dtype": DTYPES,
    "layout_x": LAYOUTS,
    "layout_w": LAYOUTS,
    "layout_bias": LAYOUTS,
    "bias": ("yes", "no"),
}
FIELDS = (*NUMBERS, *TEXTS)
COMPARISON = re.compile(r"([a-z_]+)\s*(!=|<=|>=|=|<|>)\s*(\S+)")
# A predicate that holds for all of these, which have little in common, tells no case from another.
UNLIKE = tuple(
    parse_case(line)
    for line in (
        "x=1x1x1x1 w=1x1x1x1 data=int:1",
        "x=3x4x9x6 w=6x2x2x3 bias=6 stride=2,3 padding=1,0,2,1 dilation=3,2 groups=2 dtype=float32 layout_x=F "
        "layout_w=channels_last layout_bias=stepped data=uniform:2",
        "x=2x0x5x8 w=2x0x5x4 padding=same dtype=int64 w_dtype=float64 layout_x=reversed data=ones:3",
    )
)


@dataclass(frozen=True)
class Comparison:
    """One field of a case against a value, or against another field where both are numbers."""

    field: str
    sign: str
    value: str | int

    def holds(self, case: Case) -> bool:
        """Whether it is so; a case whose field has no such value (a stride of text, rank 3) is not meant."""
        try:
            if self.field in TEXTS:
                return OPERATORS[self.sign](TEXTS[self.field](case), self.value)
            found = NUMBERS[self.field](case)
            wanted = NUMBERS[self.value](case) if self.value in NUMBERS else self.value
            if isinstance(found, str) != isinstance(wanted, str):
                return self.sign == "!="
            return bool(OPERATORS[self.sign](found, wanted))
        except (TypeError, ValueError, IndexError):
            return False


@dataclass(frozen=True)
class KnownFailure:
    """One line of the file.

    Parameters
    ----------
    file : str
        The file's name.
    line : int
        Its number, from 1.
    text : str
        The line itself.
    condition : str
        Requirement and predicate, as they stand there.
    requirements : tuple of str
        Their ids; or ``*``.
    comparisons : tuple of Comparison
        All of them must hold; empty for ``*``.
    link : str
    adapter : str
        The only adapter that is meant; empty for all.
    """

    file: str
    line: int
    text: str
    condition: str
    requirements: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    link: str
    adapter: str = ""

    def matches(self, case: Case) -> bool:
        """Whether a failure of the case is expected."""
        return all(comparison.holds(case) for comparison in self.comparisons)

    @property
    def note(self) -> DeviationNote:
        """The same as the engine knows the deviations that an adapter declares."""
        reason = f"expected by line {self.line} of {self.file}: {self.condition}"
        return DeviationNote(self.requirements, reason, self.link, None, harmful=False, applies=True)


@dataclass(frozen=True)
class KnownFile:
    """A file of known failures.

    Parameters
    ----------
    name : str
        Without its folder.
    sha256 : str
    failures : tuple of KnownFailure
    """

    name: str
    sha256: str
    failures: tuple[KnownFailure, ...]

    def of(self, *names: str) -> tuple[KnownFailure, ...]:
        """Those that are meant for an adapter, by any of its names."""
        return tuple(failure for failure in self.failures if failure.adapter in ("", *names))

    def header(self) -> dict[str, Any]:
        """What the header of the results says of the file."""
        lines = [
            {"line": failure.line, "text": failure.text, "adapter": failure.adapter} for failure in self.failures
        ]
        return {"file": self.name, "sha256": self.sha256, "lines": lines}


def read_known(path: str | Path) -> KnownFile:
    """Read a file of known failures.

    Raises
    ------
    ValueError
        The file cannot be read, or a line is not what it should be; the message names file, line and word.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: the file of known failures cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: the file of known failures is not UTF-8, at byte {error.start}") from None
    failures = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                failures.append(_failure(path.name, number, line.strip()))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from None
    return KnownFile(path.name, hashlib.sha256(raw).hexdigest(), tuple(failures))


def with_known(notes: Notes, cases: list[Case], known: tuple[KnownFailure, ...], first: int) -> Notes:
    """Add to what an adapter says of its cases which known failures match them, numbered from `first`."""
    if not known:
        return notes
    return [
        (excluded, (*declared, *(first + index for index, failure in enumerate(known) if failure.matches(case))))
        for case, (excluded, declared) in zip(cases, notes, strict=True)
    ]


def _failure(file: str, number: int, line: str) -> KnownFailure:
    words = line.split()
    links = [place for place, word in enumerate(words) if word.startswith(("https://", "http://"))]
    if not links:
        raise ValueError(f"{line!r} has no link; a line is REQUIREMENT PREDICATE LINK, with https:// before the link")
    at = links[0]
    if at < 2:
        raise ValueError(f"{line!r} has no predicate; write * for every case of {words[0]}")
    failure = KnownFailure(
        file,
        number,
        line,
        " ".join(words[:at]),
        ("*",) if words[0] == "*" else select((words[0],)),
        _comparisons(" ".join(words[1:at])),
        words[at],
        _adapter(words[at + 1 :]),
    )
    if failure.requirements == ("*",) and all(failure.matches(case) for case in UNLIKE):
        raise ValueError(f"{line!r} matches every case of every requirement, so nothing would be verified")
    return failure


def _adapter(words: Iterable[str]) -> str:
    name = ""
    for word in words:
        key, equals, name = word.partition("=")
        if key != "adapter" or not equals or not name:
            raise ValueError(f"{word!r} stands after the link, where only adapter=NAME may stand")
    return name


def _comparisons(text: str) -> tuple[Comparison, ...]:
    if text == "*":
        return ()
    return tuple(_comparison(part.strip()) for part in text.split("&"))


def _comparison(text: str) -> Comparison:
    found = COMPARISON.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no comparison such as stride>1 or dtype=float16; they are joined by &")
    field, sign, value = found.groups()
    if field not in FIELDS:
        raise ValueError(f"{field!r} in {text!r} is no field; known are {', '.join(FIELDS)}")
    if field in TEXTS or (field == "padding" and value in WORDS):
        return _with_text(text, field, sign, value)
    if value in NUMBERS:
        return Comparison(field, sign, value)
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        word = f", and no padding word ({', '.join(WORDS)})" if field == "padding" else ""
        raise ValueError(f"{value!r} in {text!r} is no whole number and no field of numbers{word}")
    return Comparison(field, sign, int(value))


def _with_text(text: str, field: str, sign: str, value: str) -> Comparison:
    if sign not in ("=", "!="):
        raise ValueError(f"{sign!r} in {text!r} needs numbers; {field} is compared with = or !=")
    allowed = ALLOWED.get(field)
    if allowed is not None and value not in allowed:
        raise ValueError(f"{value!r} in {text!r} is no {field}; known are {', '.join(allowed)}")
    if field == "id" and not re.fullmatch(r"[0-9a-f]{10}", value):
        raise ValueError(f"{value!r} in {text!r} is no id of a case, which has ten digits from 0 to f")
    return Comparison(field, sign, value)

