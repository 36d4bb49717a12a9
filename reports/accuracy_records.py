"""What an accuracy file holds, as plain records; ``reports.accuracy_file`` fills them from the lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

# A term of a sum, or the branches that are added.
Tree = int | tuple["Tree", ...]


@dataclass(frozen=True)
class Regime:
    """One kind of data."""

    id: str
    says: str


@dataclass(frozen=True)
class Header:
    """What was measured: which suite, when, with which seed, on which machine."""

    suite: str
    suite_version: str
    date: str
    seed: int
    targets: tuple[str, ...]
    terms: tuple[int, ...]
    outputs: int
    evaluations: int
    regimes: tuple[Regime, ...]
    environment: Mapping[str, object]


@dataclass(frozen=True)
class Adapter:
    """One implementation; ``reason`` says why nothing of it was measured."""

    id: str
    name: str
    versions: Mapping[str, str]
    dtypes: tuple[str, ...]
    available: bool
    reason: str
    profile: str
    numerics: Mapping[str, object]


@dataclass(frozen=True)
class Measured:
    """Errors with one kind of data and one number of terms.

    ``worst_gauge`` and ``typical_gauge`` (root of the mean square) are in units of u B; ``reason`` says why there
    are no outputs.
    """

    adapter: str
    dtype: str
    regime: str
    terms: int
    outputs: int
    correct: int
    not_finite: int
    bound: str
    worst_bound: float
    worst_ulp: float
    worst_gauge: float
    typical_gauge: float
    case: str
    reason: str


@dataclass(frozen=True)
class Spread:
    """How often each size of error came: by power of two, and ``exact`` and ``inf``."""

    adapter: str
    dtype: str
    regime: str
    bounds: Mapping[str, int]
    ulps: Mapping[str, int]


@dataclass(frozen=True)
class Worst:
    """The worst case that a directed search found, with so many terms."""

    adapter: str
    dtype: str
    terms: int
    evaluations: int
    start: float
    bound: float
    ulp: float
    got: str
    want: str
    case: str
    repro: str


@dataclass(frozen=True)
class Sum:
    """The order of a sum, the terms that are fused, and how many random sums it reproduces."""

    tree: Tree
    terms: int
    depth: int
    fused: tuple[int, ...]
    reproduced: int
    tried: int


@dataclass(frozen=True)
class Betrayed:
    """One thing that the answers say of how they were computed, beside what is declared."""

    adapter: str
    dtype: str
    about: str
    said: str
    declared: str
    verdict: str
    evidence: str
    asked: int
    case: str | None
    sum: Sum | None


@dataclass(frozen=True)
class Footer:
    """The end of a complete file."""

    outputs: int
    above: int
    contradictions: int
    exit_status: int
    seconds: float


@dataclass(frozen=True)
class Accuracy:
    """A whole accuracy file. ``complete`` is False where the footer is missing."""

    header: Header
    adapters: tuple[Adapter, ...]
    measured: tuple[Measured, ...]
    spreads: tuple[Spread, ...]
    worst: tuple[Worst, ...]
    betrayed: tuple[Betrayed, ...]
    footer: Footer | None
    sha256: str

    @property
    def complete(self) -> bool:
        """Whether the measurement came to its end."""
        return self.footer is not None

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Adapter and dtype of all that was measured, adapters in the order of the file."""
        order = {adapter.id: place for place, adapter in enumerate(self.adapters)}
        found = dict.fromkeys((line.adapter, line.dtype) for line in self.measured)
        return tuple(sorted(found, key=lambda pair: order.get(pair[0], len(order))))
