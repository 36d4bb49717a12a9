"""Read ``results.jsonl``: the one currency from which every report is made.

A results file is a stream of JSON lines: a header, the catalogue, the adapters, one line for each
verdict, and a footer. The footer is the proof that the run came to its end; a file without one is read
as an incomplete run. Each of these lines carries the hash of what precedes it. Between and behind them
stand lines that are no part of that chain: how long something took, and what explains a failure.
Files of schema 1, which have no chain, are read as well. The published schema of the lines is
``results.schema.json`` beside this module.
"""

import os
from dataclasses import replace
from typing import NoReturn

from convspec.chain import CHAINED, Chain
from convspec.reports.contradictions import Lines, check_ending
from convspec.reports.examples import counterexample_of
from convspec.reports.fields import SPECIAL, Fields, ResultsError
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
from convspec.rules import ENDED_STATES

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

SCHEMA_VERSION = 2
UNCHAINED_VERSION = 1
# What the time of the small worlds is told of in place of a requirement, and that of the whole run.
WORLDS = "exhaustive"
WHOLE_RUN = ("", "")


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
        self.footer_number = 0
        self.chain: Chain | None = None
        self.again: list[tuple[int, str]] = []
        self.date = ""
        self.seconds: dict[tuple[str, str], float] = {}
        self.explained: dict[tuple[str, str], tuple[int, str]] = {}
        self.readers = {
            "header": self._header,
            "requirement": self._requirement,
            "adapter": self._adapter,
            "verdict": self._verdict,
            "exhaustive": self._world,
            "footer": self._footer,
            "time": self._time,
            "explanation": self._explanation,
        }
        self.outside = frozenset({"time", "explanation"})

    def check(self, kind: str, piece: bytes, fields: Fields) -> None:
        if kind == "header" and check_version(fields, UNCHAINED_VERSION, SCHEMA_VERSION) == SCHEMA_VERSION:
            self.chain = Chain()
        if self.chain is None:
            if kind in self.outside or fields.has("chain"):
                fields.fail(f"this belongs into a file of schema {SCHEMA_VERSION}, and this one is of schema 1")
        elif kind in CHAINED:
            if not fields.has("chain"):
                fields.fail("'chain', the hash of what precedes it, is missing")
            if not self.chain.holds(piece):
                fields.fail(
                    "its hash does not fit: this line was changed after it was written, or one before it was changed, "
                    "put in, taken out or moved"
                )
        elif fields.has("chain"):
            fields.fail(f"a {kind} line stands outside of the chain, and has no hash")

    def finish(self, sha256: str) -> Results:
        if self.header is None:
            raise ResultsError(f"{self.name}: holds no results: the header line is missing")
        ended = self.footer is not None
        for (adapter, requirement), (number, _) in self.verdicts.items():
            if ended and adapter not in self.adapters:
                self._refuse(number, f"verdict for adapter {adapter!r}, which has no line")
            if ended and requirement not in self.requirements:
                self._refuse(number, f"verdict for requirement {requirement!r}, which has no line")
            self.adapters.setdefault(adapter, _undescribed_adapter(adapter))
            self.requirements.setdefault(requirement, _undescribed_requirement(requirement))
        for adapter, (number, _) in self.worlds.items():
            if ended and adapter not in self.adapters:
                self._refuse(number, f"world of adapter {adapter!r}, which has no line")
            self.adapters.setdefault(adapter, _undescribed_adapter(adapter))
        for key, (number, _) in self.explained.items():
            if key not in self.verdicts:
                self._refuse(number, f"it explains {key[1]!r} of adapter {key[0]!r}, of which there is no verdict")
        results = Results(
            replace(self.header, date=self.date or self.header.date),
            tuple(self.requirements.values()),
            tuple(self.adapters.values()),
            tuple(self._told(verdict) for _, verdict in self.verdicts.values()),
            self._timed_footer(),
            sha256,
            tuple(
                replace(world, seconds=self.seconds.get((adapter, WORLDS), world.seconds))
                for adapter, (_, world) in self.worlds.items()
            ),
            self.chain is not None,
        )
        verdicts = {key: number for key, (number, _) in self.verdicts.items()}
        check_ending(results, Lines(self.name, self.footer_number, verdicts))
        return results

    def _refuse(self, number: int, message: str) -> NoReturn:
        raise ResultsError(f"{self.name}, line {number}: {message}")

    def _told(self, verdict: Verdict) -> Verdict:
        """Add to a verdict what stands outside of the chain; nothing of it changes the outcome."""
        key = verdict.adapter, verdict.requirement
        _, diagnosis = self.explained.get(key, (0, verdict.diagnosis))
        return replace(verdict, seconds=self.seconds.get(key, verdict.seconds), diagnosis=diagnosis)

    def _timed_footer(self) -> Footer | None:
        if self.footer is None:
            return None
        return replace(self.footer, seconds=self.seconds.get(WHOLE_RUN, self.footer.seconds))

    def _time(self, fields: Fields) -> None:
        if fields.has("date"):
            self.date = self.date or fields.text("date")
        if fields.has("seconds"):
            # The first one stands, so that nothing that is put behind the file changes it.
            key = fields.text("adapter", ""), fields.text("requirement", "")
            self.seconds.setdefault(key, fields.seconds())

    def _explanation(self, fields: Fields) -> None:
        diagnosis = _diagnosis(fields)
        for requirement in fields.texts("requirements"):
            self.explained.setdefault((fields.text("adapter"), requirement), (self.number, diagnosis))

    def _seconds(self, fields: Fields) -> float | None:
        """Give the time that a line of schema 1 tells; later ones have lines of their own for it."""
        return fields.seconds() if self.chain is None else None

    def _header(self, fields: Fields) -> None:
        suite = fields.inner("suite")
        self.header = Header(
            suite.text("name"),
            suite.text("version"),
            _seed(fields),
            fields.text("effort"),
            fields.optional_text("profile"),
            fields.texts("only", ()),
            fields.text("date") if self.chain is None else "",
            fields.mapping("environment"),
            fields.texts("targets"),
            _known(fields.inner("known")) if fields.has("known") else None,
            fields.truth("exhaustive", False),
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
        # While a run lasts, the line comes again when there is more to say; once it has ended, there is one.
        if identity in self.adapters:
            self.again.append((self.number, identity))
            if self.chain is None:
                fields.fail(f"adapter {identity!r} comes a second time")
        deviations = tuple(
            Deviation(
                item.texts("requirements"),
                item.text("reason"),
                item.text("link", ""),
                item.truth("seen") if item.has("seen") else None,
                item.count("known_line", least=1) if item.has("known_line") else None,
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
        of_schema_1 = self.chain is None and fields.has("diagnosis")
        diagnosis = _diagnosis(fields.inner("diagnosis")) if of_schema_1 else ""
        example = counterexample_of(fields.inner("counterexample")) if fields.has("counterexample") else None
        self.verdicts[key] = (
            self.number,
            Verdict(
                key[0],
                key[1],
                fields.word("outcome", tuple(OUTCOMES)),
                fields.count("cases"),
                fields.count("calls", 0),
                self._seconds(fields),
                fields.text("reason", ""),
                fields.counts("evidence"),
                fields.within("nontrivial", 0, 1),
                fields.within("worst_ratio", 0, SPECIAL["inf"]),
                diagnosis,
                example,
                fields.count("excluded", 0),
                fields.count("excused", 0),
            ),
        )

    def _world(self, fields: Fields) -> None:
        adapter = fields.text("adapter")
        if adapter in self.worlds:
            fields.fail(f"a second world of adapter {adapter!r}")
        self.worlds[adapter] = self.number, _world(fields, self._seconds(fields))

    def _footer(self, fields: Fields) -> None:
        verdicts = {
            adapter: fields.inner("verdicts").word(adapter, ENDED_STATES)
            for adapter in fields.mapping("verdicts")
        }
        self.footer = Footer(
            fields.counts("totals"), verdicts, fields.whole("exit_status"), self._seconds(fields)
        )
        self.footer_number = self.number
        for number, identity in self.again:
            self._refuse(number, f"adapter {identity!r} comes a second time")


def _known(fields: Fields) -> KnownFile:
    lines = tuple((item.count("line", least=1), item.text("text")) for item in fields.inners("lines"))
    return KnownFile(fields.text("file"), fields.text("sha256"), lines)


def _seed(fields: Fields) -> int:
    seed = fields.whole("seed")
    return seed if seed >= 0 else fields.fail(f"'seed' must not be below 0, got {seed}")


def _world(fields: Fields, seconds: float | None) -> World:
    names = ("geometries", "total", "elements", "set_size", "largest_sum")
    counts = {key: fields.count(key, 0) for key in names}
    if counts["geometries"] > counts["total"]:
        fields.fail(f"{counts['geometries']} geometries are right of only {counts['total']}")
    return World(
        adapter=fields.text("adapter"),
        outcome=fields.word("outcome", tuple(OUTCOMES)),
        reason=fields.text("reason", ""),
        bound=fields.text("bound"),
        restricted=fields.texts("restricted", ()),
        dtype=fields.text("dtype", ""),
        seconds=seconds,
        probability=fields.within("probability", 0, 1),
        confidence=fields.text("confidence", ""),
        counterexample=counterexample_of(fields.inner("counterexample")) if fields.has("counterexample") else None,
        **counts,
    )


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
