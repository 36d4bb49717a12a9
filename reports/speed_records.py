"""What a speed file holds, as plain records; ``reports.speed_file`` fills them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """Where it was measured; ``load`` is how many processes ran there when it began, None where nobody counts them."""

    cpu: str
    cores: int
    caches: Mapping[str, str]
    platform: str
    python: str
    blas: str
    load: float | None


@dataclass(frozen=True)
class Workload:
    """One call. ``operations`` are those of the definition; ``least_bytes`` what it must move: x, w and y once."""

    id: str
    title: str
    counted: bool
    x: tuple[int, ...]
    w: tuple[int, ...]
    stride: int
    padding: int
    dilation: int
    groups: int
    dtype: str
    operations: int
    least_bytes: int

    @property
    def is_layer(self) -> bool:
        """Whether it sums over more than one channel."""
        return self.x[1] > 1 and self.groups == 1

    @property
    def is_broad(self) -> bool:
        """Whether it is a 3x3 layer of 64 or more channels on both sides, in floating point."""
        return self.is_layer and self.w[2:] == (3, 3) and min(self.w[:2]) >= 64 and self.dtype.startswith("float")


@dataclass(frozen=True)
class Timing:
    """One implementation on one workload: the median of its rounds, and its ratios to PyTorch, round by round."""

    workload: str
    implementation: str
    rounds: int
    seconds: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    rate: float
    matmul_rate: float | None
    share_of_matmul: float | None


@dataclass(frozen=True)
class NotRun:
    """Why an implementation was not timed on a workload."""

    workload: str
    implementation: str
    reason: str


@dataclass(frozen=True)
class Point:
    """One point of a growth curve."""

    axis: str
    value: int
    implementation: str
    seconds: float
    operations: int


@dataclass(frozen=True)
class Run:
    """All timings with one number of threads; rates in operations, and ``bandwidth`` in bytes, a second."""

    threads: int
    matmul_rate: Mapping[str, float]
    bandwidth: float
    geometric_mean: Mapping[str, float]
    timings: tuple[Timing, ...]
    not_run: tuple[NotRun, ...]
    growth: tuple[Point, ...]

    def timing(self, workload: str, implementation: str) -> Timing | None:
        """Find one timing."""
        for row in self.timings:
            if (row.workload, row.implementation) == (workload, implementation):
                return row
        return None


@dataclass(frozen=True)
class Peak:
    """The memory that a call took beyond its input: by the system's mark, and by NumPy's own account or None."""

    workload: str
    implementation: str
    process_bytes: int
    traced_bytes: int | None


@dataclass(frozen=True)
class Part:
    """What one function took of a profiled call, in seconds; ``says`` is the first line of what it says of itself."""

    name: str
    says: str
    seconds: float


@dataclass(frozen=True)
class Profile:
    """Where the time of one workload goes, the largest part first."""

    workload: str
    implementation: str
    calls: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Checked:
    """How many cases one adapter was held to, and in how many seconds."""

    adapter: str
    conclusion: str
    cases: int
    calls: int
    seconds: float


@dataclass(frozen=True)
class Spent:
    """Processor time of one file of the suite or one adapter, and what that is there for."""

    purpose: str
    name: str
    seconds: float


@dataclass(frozen=True)
class Harness:
    """The suite's own speed, from one check of the built-in adapters."""

    effort: str
    seconds: float
    processor_seconds: float
    adapters: tuple[Checked, ...]
    spent: tuple[Spent, ...]
    purposes: Mapping[str, str]


@dataclass(frozen=True)
class Speed:
    """A whole speed file."""

    suite: str
    suite_version: str
    date: str
    effort: str
    only: tuple[str, ...]
    seconds: float
    machine: Machine
    versions: Mapping[str, str]
    left_out: Mapping[str, str]
    workloads: tuple[Workload, ...]
    runs: tuple[Run, ...]
    peaks: tuple[Peak, ...]
    profiles: tuple[Profile, ...]
    harness: Harness | None
    sha256: str
