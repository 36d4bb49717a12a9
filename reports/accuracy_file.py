"""Read ``accuracy.jsonl``, the record of measured rounding errors.

A stream of JSON lines as a results file is: a header of the kind ``accuracy``, one line for each implementation, each
measurement, each search and each statement, and a footer.
"""

import math
import os
import re
from collections.abc import Mapping

from convspec.reports.accuracy_records import (
    Accuracy,
    Adapter,
    Betrayed,
    Footer,
    Header,
    Measured,
    Regime,
    Spread,
    Sum,
    Tree,
    Worst,
)
from convspec.reports.fields import Fields, ResultsError
from convspec.reports.stream import Stream, check_version

SCHEMA_VERSION = 1
DTYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
VERDICTS = (
    "agrees", "better than declared", "contradicts", "declared, not visible", "nothing declared", "cannot be told",
)
# Nobody counts further; what is divided later stays within a float.
LARGEST_COUNT = 10**15
# A tree of more terms is no figure, and a deeper one no JSON that every reader can take.
MOST_TERMS = 200
POWER = re.compile(r"exact|inf|-?\d{1,4}")


def read_accuracy(path: str | os.PathLike[str]) -> Accuracy:
    """Read and check an accuracy file.

    Parameters
    ----------
    path : path
        A file of JSON lines as the suite writes it.

    Returns
    -------
    Accuracy
        ``complete`` is False where there is no footer. A last line that breaks off in the middle counts as not written.

    Raises
    ------
    ResultsError
        The file cannot be read, or a line of it is not what it should be. The message names the file, the line and
        what is wrong with it.
    """
    stream = _Stream(os.fspath(path))
    return stream.finish(stream.read())


class _Stream(Stream):
    """The state of reading: what has come so far."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.adapters: dict[str, Adapter] = {}
        self.measured: dict[tuple[str, str, str, int], Measured] = {}
        self.spreads: dict[tuple[str, str, str], Spread] = {}
        self.worst: list[Worst] = []
        self.betrayed: list[Betrayed] = []
        self.readers = {
            "header": self._header,
            "adapter": self._adapter,
            "measured": self._measured,
            "spread": self._spread,
            "worst": self._worst,
            "betrayed": self._betrayed,
            "footer": self._footer,
        }

    def finish(self, sha256: str) -> Accuracy:
        if self.header is None:
            raise ResultsError(f"{self.name}: holds no accuracy: the header line is missing")
        return Accuracy(
            self.header,
            tuple(self.adapters.values()),
            tuple(self.measured.values()),
            tuple(self.spreads.values()),
            tuple(self.worst),
            tuple(self.betrayed),
            self.footer,
            sha256,
        )

    def _header(self, fields: Fields) -> None:
        fields.word("kind", ("accuracy",))
        check_version(fields, SCHEMA_VERSION)
        suite = fields.inner("suite")
        self.header = Header(
            suite.text("name"),
            suite.text("version"),
            fields.text("date"),
            fields.whole("seed"),
            fields.texts("targets"),
            fields.wholes("terms"),
            _count(fields, "outputs"),
            _count(fields, "evaluations"),
            tuple(Regime(item.text("id"), item.text("says")) for item in fields.inners("regimes")),
            fields.mapping("environment", {}),
        )

    def _adapter(self, fields: Fields) -> None:
        identity = fields.text("id")
        if identity in self.adapters:
            fields.fail(f"adapter {identity!r} comes a second time")
        capabilities = Fields(fields.mapping("capabilities", {}), fields.where)
        self.adapters[identity] = Adapter(
            identity,
            fields.text("name"),
            fields.text_mapping("versions"),
            fields.texts("dtypes"),
            fields.truth("available"),
            fields.text("reason", ""),
            capabilities.text("profile", "layer"),
            fields.mapping("numerics", {}),
        )

    def _pair(self, fields: Fields) -> tuple[str, str]:
        adapter = fields.text("adapter")
        if adapter not in self.adapters:
            fields.fail(f"adapter {adapter!r} has no line of its own before this one")
        return adapter, fields.word("dtype", DTYPES)

    def _measured(self, fields: Fields) -> None:
        adapter, dtype = self._pair(fields)
        key = adapter, dtype, fields.text("regime"), _count(fields, "terms")
        if key in self.measured:
            fields.fail(f"{key[2]!r} with {key[3]} terms comes a second time for {adapter!r} and {dtype}")
        if key[3] < 1:
            fields.fail("'terms' must be at least 1, got 0")
        outputs, correct, not_finite = (_count(fields, name) for name in ("outputs", "correct", "not_finite"))
        if correct + not_finite > outputs:
            fields.fail(f"{correct} correct and {not_finite} not finite of only {outputs} outputs")
        self.measured[key] = Measured(
            *key,
            outputs,
            correct,
            not_finite,
            fields.text("bound", ""),
            _error(fields, "worst_bound"),
            _error(fields, "worst_ulp"),
            _error(fields, "worst_gauge"),
            _error(fields, "typical_gauge"),
            fields.text("case"),
            fields.text("reason", ""),
        )

    def _spread(self, fields: Fields) -> None:
        key = *self._pair(fields), fields.text("regime")
        if key in self.spreads:
            fields.fail(f"{key[2]!r} comes a second time for {key[0]!r} and {key[1]}")
        self.spreads[key] = Spread(*key, _powers(fields, "bounds"), _powers(fields, "ulps"))

    def _worst(self, fields: Fields) -> None:
        self.worst.append(Worst(
            *self._pair(fields),
            _count(fields, "terms"),
            _count(fields, "evaluations"),
            _error(fields, "start"),
            _error(fields, "bound"),
            _error(fields, "ulp"),
            fields.text("got"),
            fields.text("want"),
            fields.text("case"),
            fields.text("repro"),
        ))

    def _betrayed(self, fields: Fields) -> None:
        adapter, dtype = self._pair(fields)
        self.betrayed.append(Betrayed(
            adapter,
            dtype,
            fields.text("about"),
            fields.text("said"),
            fields.text("declared", ""),
            fields.word("verdict", VERDICTS),
            fields.text("evidence"),
            _count(fields, "asked"),
            fields.optional_text("case"),
            _sum(fields.inner("sum")) if fields.has("sum") else None,
        ))

    def _footer(self, fields: Fields) -> None:
        self.footer = Footer(
            _count(fields, "outputs"),
            _count(fields, "above"),
            _count(fields, "contradictions"),
            fields.whole("exit_status"),
            fields.real("seconds"),
        )


def _count(fields: Fields, key: str) -> int:
    number = fields.whole(key)
    if not 0 <= number <= LARGEST_COUNT:
        fields.fail(f"{key!r} must be a count from 0 to {LARGEST_COUNT}, got {number}")
    return number


def _error(fields: Fields, key: str) -> float:
    number = fields.real(key)
    if math.isnan(number) or number < 0:
        fields.fail(f"{key!r} must be at least 0, got {number}")
    return number


def _powers(fields: Fields, key: str) -> Mapping[str, int]:
    inner = fields.inner(key)
    for name in inner.members:
        if not POWER.fullmatch(name):
            inner.fail(f"{name!r} must be a power of two, 'exact' or 'inf'")
    return {name: _count(inner, name) for name in inner.members}


def _sum(fields: Fields) -> Sum:
    terms: list[int] = []
    tree, depth = _tree(fields, fields.anything("tree"), terms)
    if sorted(terms) != list(range(len(terms))):
        fields.fail("'tree' must hold the terms from 0 on, each once")
    fused = fields.wholes("fused")
    if not set(fused) <= set(terms):
        fields.fail("'fused' must hold terms of the tree")
    reproduced, tried = _count(fields, "reproduced"), _count(fields, "tried")
    if reproduced > tried:
        fields.fail(f"{reproduced} reproduced of only {tried}")
    return Sum(tree, len(terms), depth, fused, reproduced, tried)


def _tree(fields: Fields, value: object, terms: list[int], level: int = 0) -> tuple[Tree, int]:
    """Check a tree on the way, and give it with the additions of its longest path."""
    if level > MOST_TERMS or len(terms) > MOST_TERMS:
        fields.fail(f"'tree' must have at most {MOST_TERMS} terms")
    if isinstance(value, int) and not isinstance(value, bool):
        terms.append(value)
        return value, 0
    if not isinstance(value, list) or len(value) < 2:
        fields.fail("'tree' must be a term, or a list of at least two branches")
    branches = [_tree(fields, item, terms, level + 1) for item in value]
    return tuple(tree for tree, _ in branches), 1 + max(depth for _, depth in branches)
