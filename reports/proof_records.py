"""What a proof file holds, as plain records; ``reports.proof_file`` fills them from the lines."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """What was proved: which suite, when, with which seeds and efforts, on which machine.

    ``heard`` says with which cases the correct variants were heard; empty where that was not noted.
    """

    suite: str
    suite_version: str
    date: str
    seeds: tuple[int, ...]
    efforts: tuple[str, ...]
    environment: Mapping[str, object]
    heard: str = ""


@dataclass(frozen=True)
class Hunt:
    """One search for a fault, stopped at the first find; ``found_by`` is empty where it survived."""

    effort: str
    seed: int
    found_by: str
    cases: int
    seconds: float


@dataclass(frozen=True)
class Fault:
    """An implementation that is wrong on purpose, and what found it.

    ``found_by`` is its row of the matrix, None where the matrix was not made; ``diagnosed`` is the fault
    that the diagnosis named, None where it was not asked.
    """

    id: str
    family: str
    sentence: str
    remedy: str
    hides: str
    recreates: str
    caught_by: tuple[str, ...]
    found_by: tuple[str, ...] | None
    hunts: tuple[Hunt, ...]
    diagnosed: str | None


@dataclass(frozen=True)
class Benign:
    """A correct variant; ``accused_by`` holds the requirements that found something, so it should be empty."""

    id: str
    sentence: str
    cases: int
    accused_by: tuple[str, ...]


@dataclass(frozen=True)
class Reached:
    """How many of the combinations that can occur did occur."""

    reached: int
    feasible: int


@dataclass(frozen=True)
class Geometry:
    """Which combinations of geometric properties the generated cases reach."""

    pairs: Reached
    triples: Reached
    dimensions: Mapping[str, tuple[str, ...]]
    missing_pairs: tuple[tuple[str, ...], ...]
    missing_triples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Code:
    """How much of one file the suite executes: covered and all, in lines and in branches."""

    what: str
    file: str
    lines: tuple[int, int]
    branches: tuple[int, int]


@dataclass(frozen=True)
class Diagnosis:
    """How many wrong implementations of one kind were explained rightly, and what was said of the others."""

    what: str
    total: int
    right: int
    wrong: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Exhaustive:
    """All geometries up to a bound, each evaluated on random whole numbers from a set."""

    adapter: str
    geometries: int
    seconds: float
    bound: str
    set_size: int
    confidence: str
    failures: int


@dataclass(frozen=True)
class Requirement:
    """A requirement as a column of the matrix; one that only informs need not find anything."""

    id: str
    title: str
    informs: bool


@dataclass(frozen=True)
class Found:
    """How many faults one effort found with one seed."""

    seed: int
    found: int
    total: int


@dataclass(frozen=True)
class Footer:
    """The end of a complete proof, with its own sums."""

    found: Mapping[str, tuple[Found, ...]]
    median_seconds: float | None
    worst_seconds: float | None
    median_cases: float | None
    benign_cases: int
    false_alarms: int
    survivors: tuple[str, ...]
    unnamed: tuple[str, ...]
    not_caught: tuple[tuple[str, ...], ...]
    seconds: float
    exit_status: int


@dataclass(frozen=True)
class Proof:
    """A whole proof file. ``complete`` is False where the footer is missing."""

    header: Header
    faults: tuple[Fault, ...]
    benign: tuple[Benign, ...]
    geometry: tuple[Geometry, ...]
    code: tuple[Code, ...]
    diagnoses: tuple[Diagnosis, ...]
    exhaustive: tuple[Exhaustive, ...]
    requirements: tuple[Requirement, ...]
    footer: Footer | None
    sha256: str

    @property
    def complete(self) -> bool:
        """Whether the proof came to its end."""
        return self.footer is not None
