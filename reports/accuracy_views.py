"""What the accuracy page says, worked out from the records: rows, groups and sentences."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from convspec.reports.accuracy_records import Accuracy, Betrayed, Measured, Spread, Worst
from convspec.reports.words import counted

# Symbol and kind of each verdict on a declaration.
VERDICTS: Final = {
    "agrees": ("✓", "good"),
    "better than declared": ("✓", "good"),
    "contradicts": ("✗", "bad"),
    "declared, not visible": ("○", "quiet"),
    "nothing declared": ("·", "quiet"),
    "cannot be told": ("?", "quiet"),
}
# Nothing cancels here, so that an error in ulp says something of the sum.
NO_CANCELLATION: Final = "positive"
BOUNDS: Final = {
    "T2": ("(n + 1) u B, and u B for a single product", "for sums made in the type itself"),
    "T3": ("u |y| + (n + 1) u′ B", "for sums made in a wider type, whose u′ is smaller, and rounded at the end"),
    "T4": ("T2, and a share of the plane’s norm", "by Fourier transform; the share is a measured budget, no theorem"),
    "T5": ("T2, and a share of the tile’s norm", "by Winograd’s transform; the share is a measured budget, no theorem"),
}


@dataclass(frozen=True)
class Row:
    """One implementation in one dtype: its worst errors, and how often it is right to the last digit."""

    adapter: str
    dtype: str
    bound: str
    outputs: int
    correct: int
    within_one: float
    single: Measured | None
    longer: Measured | None
    searched: Worst | None
    ulp: float | None
    accumulator: Betrayed | None

    @property
    def above(self) -> bool:
        """Whether an error exceeds its bound."""
        found = [line.worst_bound for line in (self.single, self.longer) if line is not None]
        return any(error > 1 for error in found) or (self.searched is not None and self.searched.bound > 1)

    @property
    def worst(self) -> float:
        """The worst error in units of the bound, in sums of more than one term."""
        found = [self.longer.worst_bound] if self.longer else []
        return max([*found, *([self.searched.bound] if self.searched else [])], default=0.0)


@dataclass(frozen=True)
class Group:
    """Statements that say the same of several dtypes."""

    about: str
    said: str
    declared: str
    verdict: str
    symbol: str
    kind: str
    evidence: str
    dtypes: tuple[str, ...]
    asked: int
    case: str | None


def rows(accuracy: Accuracy) -> list[Row]:
    """Give a row for each implementation and dtype."""
    lines: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for line in accuracy.measured:
        lines[line.adapter, line.dtype].append(line)
    spreads: dict[tuple[str, str], list[Spread]] = defaultdict(list)
    for spread in accuracy.spreads:
        spreads[spread.adapter, spread.dtype].append(spread)
    return [_row(accuracy, pair, lines[pair], spreads[pair]) for pair in accuracy.pairs]


def _row(accuracy: Accuracy, pair: tuple[str, str], lines: list[Measured], spreads: list[Spread]) -> Row:
    answered = [line for line in lines if line.outputs]
    counts = [(name, count) for spread in spreads for name, count in spread.ulps.items()]
    near = sum(count for name, count in counts if name == "exact" or (name != "inf" and int(name) <= 0))
    said = [line for line in accuracy.betrayed if (line.adapter, line.dtype) == pair]
    is_complex = pair[1].startswith("complex")
    return Row(
        *pair,
        next((line.bound for line in answered), ""),
        sum(line.outputs for line in answered),
        sum(line.correct for line in answered),
        near / max(1, sum(count for _, count in counts)),
        max((line for line in answered if line.terms == 1), key=lambda line: line.worst_bound, default=None),
        max((line for line in answered if line.terms > 1), key=lambda line: line.worst_bound, default=None),
        max((line for line in accuracy.worst if (line.adapter, line.dtype) == pair), key=lambda line: line.bound,
            default=None),
        # The real part of a product of complex numbers is a difference, whatever the signs of the parts.
        max((line.worst_ulp for line in answered if line.regime == NO_CANCELLATION and not is_complex), default=None),
        next((line for line in said if line.about == "accumulator"), None),
    )


def headline(accuracy: Accuracy) -> str:
    """Answer in one sentence, or two."""
    found = [row for row in rows(accuracy) if row.outputs]
    if not found:
        return "Nothing was measured." if accuracy.complete else "Nothing has been measured so far."
    start = "" if accuracy.complete else "So far: "
    against = len(contradictions(accuracy))
    more = f" {counted(against, 'answer contradicts', 'answers contradict')} what is declared." if against else ""
    bad = [row for row in found if row.above]
    if bad:
        worst = max(bad, key=_largest)
        many = len(bad) > 1
        return (f"{start}Errors exceed {'their bounds' if many else 'the bound'} in {counted(len(bad), 'type')} of "
                f"{len(found)}; {'the worst' if many else 'it'} is {times(_largest(worst))} the bound, {worst.adapter} "
                f"{worst.dtype}.{more}")
    # Where the sum is made in a wider type, the rounding at its end alone comes near the bound.
    own = [row for row in found if row.bound != "T3"]
    worst = max(own or found, key=lambda row: row.worst)
    which = "the worst of sums made in their own type" if own else "the worst"
    return (f"{start}All errors stay below their bounds; {which} is {share(worst.worst)} of it, "
            f"{worst.adapter} {worst.dtype}.{more}")


def _largest(row: Row) -> float:
    return max(row.worst, row.single.worst_bound if row.single else 0.0)


def share(value: float) -> str:
    """Write a share of a bound."""
    return "0" if value == 0 else f"{value:.3f}".rstrip("0").rstrip(".") if value >= 0.01 else f"{value:.1e}"


def times(value: float) -> str:
    """Write a multiple of a bound."""
    return "infinitely many times" if value == float("inf") else f"{value:.3g} times"


def ulps(value: float | None) -> str:
    """Write an error in ulp."""
    if value is None:
        return "–"
    if value == float("inf"):
        return "∞"
    return f"{value:.2g}" if value < 100 else f"{value:.0f}" if value < 1e6 else f"{value:.0e}"


def groups(accuracy: Accuracy, adapter: str) -> list[Group]:
    """Put statements on one implementation together that differ in the dtype only, in the order in which they come."""
    found: dict[tuple[str, str, str, str, str], list[Betrayed]] = defaultdict(list)
    order: dict[str, int] = {}
    for line in accuracy.betrayed:
        if line.adapter == adapter:
            order.setdefault(line.about, len(order))
            found[line.about, line.said, line.declared, line.verdict, line.evidence].append(line)
    made = [
        Group(about, said, declared, verdict, *VERDICTS[verdict], evidence, tuple(line.dtype for line in lines),
              sum(line.asked for line in lines), next((line.case for line in lines if line.case), None))
        for (about, said, declared, verdict, evidence), lines in found.items()
    ]
    return sorted(made, key=lambda group: order[group.about])


def contradictions(accuracy: Accuracy) -> list[Betrayed]:
    """Give the statements against what is declared."""
    return [line for line in accuracy.betrayed if line.verdict == "contradicts"]
