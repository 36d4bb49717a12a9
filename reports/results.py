"""Read ``results.jsonl``: the one currency from which every report is made.

A results file is a stream of JSON lines: a header, the catalogue, the adapters, one line for each
verdict, and a footer. The footer is the proof that the run came to its end; a file without one is read
as an incomplete run. The published schema of the lines is ``results.schema.json`` beside this module.
"""

import os

from convspec.reports.conclusion import STATES
from convspec.reports.fields import Fields, ResultsError
from convspec.reports.records import (
    Adapter,
    Array,
    Counterexample,
    Deviation,
    Footer,
    Header,
    KnownFile,
    Number,
    Requirement,
    Results,
    Verdict,
    Withheld,
    World,
)
from convspec.reports.stream import Stream, check_version
from convspec.reports.words import LEVELS, OUTCOMES

__all__ = [
    "SCHEMA_VERSION",
    "Adapter",
    "Array",
    "Counterexample",
    "Deviation",
    "Footer",
    "Header",
    "KnownFile",
    "Number",
    "Requirement",
    "Results",
    "ResultsError",
    "Verdict",
    "Withheld",
    "World",
    "read_results",
]

SCHEMA_VERSION = 1
LARGEST_COUNT = 2**63


def read_results(path: str | os.PathLike[str]) -> Results:
    """Read and check a results file.

    Parameters
    ----------
    path : path
        A file of JSON lines as the suite writes it.

    Returns
    -------
    Results
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
    """The state of reading: which lines have come, and which may come next."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.requirements: dict[str, Requirement] = {}
        self.adapters: dict[str, Adapter] = {}
        self.verdicts: dict[tuple[str, str], tuple[int, Verdict]] = {}
        self.worlds: dict[str, tuple[int, World]] = {}
        self.readers = {
            "header": self._header,
            "requirement": self._requirement,
            "adapter": self._adapter,
            "verdict": self._verdict,
            "exhaustive": self._world,
            "footer": self._footer,
        }

    def finish(self, sha256: str) -> Results:
        if self.header is None:
            raise ResultsError(f"{self.name}: holds no results: the header line is missing")
        for (adapter, requirement), (number, _) in self.verdicts.items():
            if self.footer is not None and adapter not in self.adapters:
                raise ResultsError(
                    f"{self.name}, line {number}: verdict for adapter {adapter!r}, which has no line"
                )
            if self.footer is not None and requirement not in self.requirements:
                raise ResultsError(
                    f"{self.name}, line {number}: verdict for requirement {requirement!r}, which has no line"
                )
            self.adapters.setdefault(adapter, _undescribed_adapter(adapter))
            self.requirements.setdefault(requirement, _undescribed_requirement(requirement))
        for adapter, (number, _) in self.worlds.items():
            if self.footer is not None and adapter not in self.adapters:
                raise ResultsError(f"{self.name}, line {number}: world of adapter {adapter!r}, which has no line")
            self.adapters.setdefault(adapter, _undescribed_adapter(adapter))
        return Results(
            self.header,
            tuple(self.requirements.values()),
            tuple(self.adapters.values()),
            tuple(verdict for _, verdict in self.verdicts.values()),
            self.footer,
            sha256,
            tuple(world for _, world in self.worlds.values()),
        )

    def _header(self, fields: Fields) -> None:
        check_version(fields, SCHEMA_VERSION)
        suite = fields.inner("suite")
        self.header = Header(
            suite.text("name"),
            suite.text("version"),
            fields.whole("seed"),
            fields.text("effort"),
            fields.optional_text("profile"),
            fields.texts("only", ()),
            fields.text("date"),
            fields.mapping("environment"),
            fields.texts("targets"),
            _known(fields.inner("known")) if fields.has("known") else None,
        )

    def _requirement(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.requirements:
            fields.fail(f"requirement {identity!r} comes a second time")
        self.requirements[identity] = Requirement(
            identity,
            fields.text("family"),
            fields.word("level", LEVELS),
            fields.text("profile"),
            fields.text("title"),
            fields.text("statement"),
            fields.text("formula", ""),
            fields.text("class"),
            fields.texts("sources", ()),
            fields.text("check", ""),
            fields.word("status", ("core", "planned")),
            fields.truth("informs", False),
        )

    def _adapter(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.adapters:
            fields.fail(f"adapter {identity!r} comes a second time")
        deviations = tuple(
            Deviation(
                item.texts("requirements"),
                item.text("reason"),
                item.text("link", ""),
                item.truth("seen") if item.has("seen") else None,
                item.whole("known_line") if item.has("known_line") else None,
                item.truth("applies", True),
            )
            for item in fields.inners("deviations")
        )
        self.adapters[identity] = Adapter(
            identity,
            fields.text("target", identity),
            fields.text("name"),
            fields.text_mapping("versions"),
            fields.truth("available"),
            fields.text("reason", ""),
            fields.text("profile", ""),
            fields.mapping("capabilities", {}),
            tuple((item.text("feature"), item.text("reason")) for item in fields.inners("not_claimed")),
            fields.texts("native", ()),
            fields.text_mapping("bridged"),
            fields.mapping("numerics", {}),
            deviations,
            fields.text("isolation", ""),
            fields.texts("limits", ()),
            fields.texts("remarks", ()),
        )

    def _verdict(self, fields: Fields) -> None:
        key = fields.text("adapter"), fields.text("requirement")
        if key in self.verdicts:
            fields.fail(f"a second verdict for adapter {key[0]!r} and requirement {key[1]!r}")
        diagnosis = _diagnosis(fields.inner("diagnosis")) if fields.has("diagnosis") else ""
        example = _counterexample(fields.inner("counterexample")) if fields.has("counterexample") else None
        self.verdicts[key] = (
            self.number,
            Verdict(
                key[0],
                key[1],
                fields.word("outcome", tuple(OUTCOMES)),
                fields.whole("cases"),
                fields.whole("calls", 0),
                fields.real("seconds"),
                fields.text("reason", ""),
                fields.counts("evidence"),
                fields.optional_real("nontrivial"),
                fields.optional_real("worst_ratio"),
                diagnosis,
                example,
            ),
        )

    def _world(self, fields: Fields) -> None:
        adapter = fields.text("adapter")
        if adapter in self.worlds:
            fields.fail(f"a second world of adapter {adapter!r}")
        self.worlds[adapter] = self.number, _world(fields)

    def _footer(self, fields: Fields) -> None:
        verdicts = {
            adapter: fields.inner("verdicts").word(adapter, STATES)
            for adapter in fields.mapping("verdicts")
        }
        self.footer = Footer(
            fields.counts("totals"), verdicts, fields.whole("exit_status"), fields.real("seconds")
        )


def _known(fields: Fields) -> KnownFile:
    lines = tuple((item.whole("line"), item.text("text")) for item in fields.inners("lines"))
    return KnownFile(fields.text("file"), fields.text("sha256"), lines)


def _counterexample(fields: Fields) -> Counterexample:
    return Counterexample(
        fields.text("case"),
        fields.text("id"),
        array_of(fields, "x"),
        array_of(fields, "w"),
        array_of(fields, "bias"),
        fields.anything("stride"),
        fields.anything("padding"),
        fields.anything("dilation"),
        fields.anything("groups"),
        fields.text_mapping("layout"),
        array_of(fields, "expected"),
        array_of(fields, "got"),
        fields.text("got_text", ""),
        fields.optional_wholes("at"),
        fields.optional_real("error"),
        fields.optional_real("bound"),
        fields.text("bound_text", ""),
        fields.text("message", ""),
        fields.text("repro", ""),
        fields.text("drawn", ""),
        fields.text("ended", ""),
        _withheld(fields.inner("withheld")) if fields.has("withheld") else None,
    )


def _withheld(fields: Fields) -> Withheld:
    return Withheld(fields.text("why"), fields.texts("dtypes", ()), fields.texts("kind", ()))


def _world(fields: Fields) -> World:
    counts = {}
    for key in ("geometries", "total", "elements", "set_size", "largest_sum"):
        counts[key] = fields.whole(key, 0)
        if not 0 <= counts[key] <= LARGEST_COUNT:
            fields.fail(f"{key!r} must be a count from 0 to {LARGEST_COUNT}, got {counts[key]}")
    return World(
        adapter=fields.text("adapter"),
        outcome=fields.word("outcome", tuple(OUTCOMES)),
        reason=fields.text("reason", ""),
        bound=fields.text("bound"),
        restricted=fields.texts("restricted", ()),
        dtype=fields.text("dtype", ""),
        seconds=fields.real("seconds"),
        probability=fields.optional_real("probability"),
        confidence=fields.text("confidence", ""),
        counterexample=_counterexample(fields.inner("counterexample")) if fields.has("counterexample") else None,
        **counts,
    )


def array_of(fields: Fields, key: str) -> Array | None:
    """Read an array; None where there is none."""
    if not fields.has(key):
        return None
    inner = fields.inner(key)
    shape = inner.wholes("shape")
    data = inner.numbers("data") if inner.has("data") else None
    size = 1
    for length in shape:
        size *= length
    if data is not None and len(data) != size:
        inner.fail(f"{len(data)} numbers do not fill the shape {list(shape)}")
    return Array(shape, inner.text("dtype"), data, inner.text("note", ""))


def _undescribed_adapter(identity: str) -> Adapter:
    reason = "the run stopped before this adapter was described"
    return Adapter(identity, identity, identity, {}, True, reason, "", {}, (), (), {}, {}, (), "")


def _undescribed_requirement(identity: str) -> Requirement:
    statement = "The run stopped before this requirement was described."
    return Requirement(
        identity, identity.split("-")[0], "INFO", "", identity, statement, "", "", (), "", "core", False
    )


def _diagnosis(fields: Fields) -> str:
    """What is wrong, and what to change where that is known."""
    change = fields.text("change") if fields.has("change") else ""
    return fields.text("sentence") + (f" To change: {change}." if change else "")
