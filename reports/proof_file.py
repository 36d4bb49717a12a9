"""Read ``proof.jsonl``, the record of how the suite itself was tested.

A stream of JSON lines as a results file is: a header of the kind ``proof``, one line for each fault,
each correct variant and each summary, and a footer. The published schema is ``proof.schema.json``.
"""

import os

from convspec.reports.fields import Fields, ResultsError
from convspec.reports.proof_records import (
    Benign,
    Code,
    Diagnosis,
    Exhaustive,
    Fault,
    Footer,
    Found,
    Geometry,
    Header,
    Hunt,
    Proof,
    Reached,
    Requirement,
)
from convspec.reports.stream import Stream, check_version

SCHEMA_VERSION = 1
EFFORTS = ("quick", "standard", "thorough")
# Nobody counts further; what is divided later stays within a float.
LARGEST_COUNT = 10**15


def read_proof(path: str | os.PathLike[str]) -> Proof:
    """Read and check a proof file.

    Parameters
    ----------
    path : path
        A file of JSON lines as the suite writes it.

    Returns
    -------
    Proof
        ``complete`` is False where there is no footer. A last line that breaks off in the middle
        counts as not written.

    Raises
    ------
    ResultsError
        The file cannot be read, or a line of it is not what the schema says. The message names the
        file, the line and what is wrong with it.
    """
    stream = _Stream(os.fspath(path))
    return stream.finish(stream.read())


class _Stream(Stream):
    """The state of reading: what has come so far."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.faults: dict[str, Fault] = {}
        self.benign: dict[str, Benign] = {}
        self.requirements: dict[str, Requirement] = {}
        self.geometry: list[Geometry] = []
        self.code: list[Code] = []
        self.diagnoses: list[Diagnosis] = []
        self.exhaustive: list[Exhaustive] = []
        self.readers = {
            "header": self._header,
            "requirement": self._requirement,
            "fault": self._fault,
            "benign": self._benign,
            "geometry": lambda fields: self.geometry.append(_geometry(fields)),
            "code": lambda fields: self.code.append(_code(fields)),
            "diagnosis": lambda fields: self.diagnoses.append(_diagnosis(fields)),
            "exhaustive": lambda fields: self.exhaustive.append(_exhaustive(fields)),
            "footer": self._footer,
        }

    def finish(self, sha256: str) -> Proof:
        if self.header is None:
            raise ResultsError(f"{self.name}: holds no proof: the header line is missing")
        return Proof(
            self.header,
            tuple(self.faults.values()),
            tuple(self.benign.values()),
            tuple(self.geometry),
            tuple(self.code),
            tuple(self.diagnoses),
            tuple(self.exhaustive),
            tuple(self.requirements.values()),
            self.footer,
            sha256,
        )

    def _header(self, fields: Fields) -> None:
        fields.word("kind", ("proof",))
        check_version(fields, SCHEMA_VERSION)
        suite = fields.inner("suite")
        efforts = fields.texts("efforts")
        for effort in efforts:
            if effort not in EFFORTS:
                fields.fail(f"'efforts' must hold words of {', '.join(EFFORTS)}, got {effort!r}")
        self.header = Header(
            suite.text("name"),
            suite.text("version"),
            fields.text("date"),
            fields.wholes("seeds"),
            efforts,
            fields.mapping("environment", {}),
            fields.text("heard", ""),
        )

    def _requirement(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.requirements:
            fields.fail(f"requirement {identity!r} comes a second time")
        self.requirements[identity] = Requirement(
            identity, fields.text("title", ""), fields.truth("informs", False)
        )

    def _fault(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.faults:
            fields.fail(f"fault {identity!r} comes a second time")
        hunts = tuple(_hunt(item) for item in fields.inners("hunts"))
        if len({(hunt.effort, hunt.seed) for hunt in hunts}) < len(hunts):
            fields.fail("'hunts' holds two hunts with the same effort and seed")
        self.faults[identity] = Fault(
            identity,
            fields.text("family"),
            fields.text("sentence"),
            fields.text("remedy", ""),
            fields.text("hides", ""),
            fields.text("recreates", ""),
            fields.texts("caught_by"),
            fields.texts("found_by") if fields.has("found_by") else None,
            hunts,
            fields.optional_text("diagnosed"),
        )

    def _benign(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.benign:
            fields.fail(f"correct variant {identity!r} comes a second time")
        self.benign[identity] = Benign(
            identity, fields.text("sentence"), _count(fields, "cases"), fields.texts("accused_by")
        )

    def _footer(self, fields: Fields) -> None:
        inner = fields.inner("found")
        found = {
            effort: tuple(
                Found(item.whole("seed"), _count(item, "found"), _count(item, "total"))
                for item in inner.inners(effort)
            )
            for effort in inner.members
        }
        self.footer = Footer(
            found,
            fields.optional_real("median_seconds"),
            fields.optional_real("worst_seconds"),
            fields.optional_real("median_cases"),
            _count(fields, "benign_cases"),
            _count(fields, "false_alarms"),
            fields.texts("survivors"),
            fields.texts("unnamed", ()),
            _groups(fields, "not_caught", 2),
            fields.real("seconds"),
            fields.whole("exit_status"),
        )


def _hunt(fields: Fields) -> Hunt:
    return Hunt(
        fields.word("effort", EFFORTS),
        fields.whole("seed"),
        fields.text("found_by"),
        _count(fields, "cases"),
        fields.real("seconds"),
    )


def _geometry(fields: Fields) -> Geometry:
    dimensions = fields.inner("dimensions") if fields.has("dimensions") else None
    return Geometry(
        _reached(fields.inner("pairs")),
        _reached(fields.inner("triples")),
        {name: dimensions.texts(name) for name in dimensions.members} if dimensions else {},
        _groups(fields, "missing_pairs", 2),
        _groups(fields, "missing_triples", 3),
    )


def _reached(fields: Fields) -> Reached:
    reached, feasible = _count(fields, "reached"), _count(fields, "feasible")
    if reached > feasible:
        fields.fail(f"{reached} combinations reached of only {feasible} feasible ones")
    return Reached(reached, feasible)


def _code(fields: Fields) -> Code:
    return Code(
        fields.text("what"), fields.text("file"), _covered(fields, "lines"), _covered(fields, "branches")
    )


def _covered(fields: Fields, key: str) -> tuple[int, int]:
    numbers = fields.wholes(key)
    if len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1]:
        fields.fail(f"{key!r} must be [covered, all], got {list(numbers)}")
    return numbers[0], numbers[1]


def _diagnosis(fields: Fields) -> Diagnosis:
    total, right = _count(fields, "total"), _count(fields, "right")
    if right > total:
        fields.fail(f"{right} diagnosed rightly of only {total}")
    wrong = tuple((item.text("id"), item.text("said")) for item in fields.inners("wrong"))
    return Diagnosis(fields.text("what"), total, right, wrong)


def _exhaustive(fields: Fields) -> Exhaustive:
    return Exhaustive(
        fields.text("adapter"),
        _count(fields, "geometries"),
        fields.real("seconds"),
        fields.text("bound"),
        _count(fields, "set_size"),
        fields.text("confidence", ""),
        _count(fields, "failures"),
    )


def _count(fields: Fields, key: str) -> int:
    number = fields.whole(key)
    if not 0 <= number <= LARGEST_COUNT:
        fields.fail(f"{key!r} must be a count from 0 to {LARGEST_COUNT}, got {number}")
    return number


def _groups(fields: Fields, key: str, size: int) -> tuple[tuple[str, ...], ...]:
    """Give a list of lists of ``size`` texts; empty where the key is missing."""
    found = []
    for item in _list(fields, key):
        if not isinstance(item, list) or len(item) != size or not all(isinstance(text, str) for text in item):
            shown = repr(item) if len(repr(item)) <= 60 else repr(item)[:57] + "..."
            fields.fail(f"{key!r} must be a list of lists of {size} texts, got {shown}")
        found.append(tuple(item))
    return tuple(found)


def _list(fields: Fields, key: str) -> list[object]:
    value = fields.anything(key)
    if value is None:
        return []
    if not isinstance(value, list):
        fields.fail(f"{key!r} must be a list")
    return value
