"""What a results file holds, as plain values: one class for each kind of line."""

from collections.abc import Mapping
from dataclasses import dataclass

from convspec.reports.words import OUTCOMES, listed

Number = int | float | complex | bool
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class KnownFile:
    """The file of failures that were expected; ``lines`` holds number and text of each."""

    file: str
    sha256: str
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Header:
    """Which run this is: the suite, the settings, the machine. ``date`` is empty where no line tells it."""

    suite: str
    suite_version: str
    seed: int
    effort: str
    profile: str | None
    only: tuple[str, ...]
    date: str
    environment: Mapping[str, object]
    targets: tuple[str, ...]
    known: KnownFile | None = None
    exhaustive: bool = False


@dataclass(frozen=True)
class Requirement:
    """One statement of the catalogue."""

    id: str
    family: str
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


@dataclass(frozen=True)
class Deviation:
    """A departure that is known and declared, whether this run saw it, and whether it concerns this processor.

    ``known_line`` is its line in the file of known failures, None where the adapter itself declares it.
    """

    requirements: tuple[str, ...]
    reason: str
    link: str
    seen: bool | None
    known_line: int | None = None
    applies: bool = True

    @property
    def where(self) -> str:
        """The requirements under which it may show, in words."""
        return "any requirement" if "*" in self.requirements else listed(list(self.requirements))

    @property
    def status(self) -> str:
        """What this run says of it; empty where nothing is known."""
        if not self.applies:
            return "does not apply to this processor"
        return "" if self.seen is None else "seen in this run" if self.seen else "not seen in this run"


@dataclass(frozen=True)
class Adapter:
    """One implementation: what it claims, how it computes, what is known about it.

    ``limits`` complete "conforms, for …"; ``remarks`` inform and never count.
    """

    id: str
    target: str
    name: str
    versions: Mapping[str, str]
    available: bool
    reason: str
    profile: str
    capabilities: Mapping[str, object]
    not_claimed: tuple[tuple[str, str], ...]
    native: tuple[str, ...]
    bridged: Mapping[str, str]
    numerics: Mapping[str, object]
    deviations: tuple[Deviation, ...]
    isolation: str
    limits: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Array:
    """Numbers with a shape; ``data`` is None where the array was too large to be written."""

    shape: tuple[int, ...]
    dtype: str
    data: tuple[Number, ...] | None
    note: str


@dataclass(frozen=True)
class Withheld:
    """What a published file says of a case whose input it withholds: why, and which kind of case it is."""

    why: str
    dtypes: tuple[str, ...]
    kind: tuple[str, ...]


@dataclass(frozen=True)
class Counterexample:
    """The smallest case found in which a requirement is not met, with its arrays.

    ``ended`` says how a call of it ended the process; it is empty where each call came back. Where the input is
    withheld, there are neither arrays nor arguments, and ``case`` and ``repro`` are empty.
    """

    case: str
    id: str
    x: Array | None
    w: Array | None
    bias: Array | None
    stride: object
    padding: object
    dilation: object
    groups: object
    layout: Mapping[str, str]
    expected: Array | None
    got: Array | None
    got_text: str
    at: tuple[int, ...] | None
    error: float | None
    bound: float | None
    bound_text: str
    message: str
    repro: str
    drawn: str = ""
    ended: str = ""
    withheld: Withheld | None = None

    @property
    def named(self) -> str:
        """The case in one line: as it is repeated, or else its id and its kind."""
        if self.withheld is None:
            return self.case
        return f"{self.id} ({', '.join((*self.withheld.dtypes, *self.withheld.kind))}; input withheld)"


@dataclass(frozen=True)
class Verdict:
    """What became of one requirement under one adapter, and on what evidence.

    ``seconds`` is None where no line tells it. ``excluded`` cases were left out or refused, ``excused`` ones are wrong
    in a way that is known.
    """

    adapter: str
    requirement: str
    outcome: str
    cases: int
    calls: int
    seconds: float | None
    reason: str
    evidence: Counts
    nontrivial: float | None
    worst_ratio: float | None
    diagnosis: str
    counterexample: Counterexample | None
    excluded: int = 0
    excused: int = 0

    @property
    def counts(self) -> tuple[int, int, int]:
        """Count its cases, those left out, and those that a known deviation excuses."""
        return self.cases, self.excluded, self.excused


@dataclass(frozen=True)
class World:
    """What became of one adapter on every geometry up to a bound.

    ``geometries`` were found right of ``total`` inside its claims; ``probability`` is that with which a wrong formula
    would have passed them, None where nothing is claimed; ``seconds`` is None where no line tells it.
    """

    adapter: str
    outcome: str
    reason: str
    bound: str
    restricted: tuple[str, ...]
    dtype: str
    geometries: int
    total: int
    elements: int
    seconds: float | None
    set_size: int
    largest_sum: int
    probability: float | None
    confidence: str
    counterexample: Counterexample | None


@dataclass(frozen=True)
class Footer:
    """The end of a complete run: one verdict for each adapter."""

    totals: Counts
    verdicts: Mapping[str, str]
    exit_status: int
    seconds: float | None = None


@dataclass(frozen=True)
class Results:
    """A whole results file. ``complete`` is False where the footer is missing.

    ``chained`` tells whether each line carries the hash of what precedes it; files of schema 1 have none.
    """

    header: Header
    requirements: tuple[Requirement, ...]
    adapters: tuple[Adapter, ...]
    verdicts: tuple[Verdict, ...]
    footer: Footer | None
    sha256: str
    worlds: tuple[World, ...] = ()
    chained: bool = True

    @property
    def complete(self) -> bool:
        """Whether the run came to its end."""
        return self.footer is not None

    def totals(self, adapter: str) -> dict[str, int]:
        """Count the outcomes of one adapter; every outcome is a key, in the order of the design."""
        counts = dict.fromkeys(OUTCOMES, 0)
        for verdict in self.verdicts:
            if verdict.adapter == adapter:
                counts[verdict.outcome] += 1
        return counts
