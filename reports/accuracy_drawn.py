"""The figures of the accuracy page, made from the records."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from convspec.reports.accuracy_figures import binned, legend_width, shares, tree
from convspec.reports.accuracy_file import DTYPES
from convspec.reports.accuracy_records import Accuracy, Betrayed, Measured
from convspec.reports.accuracy_views import NO_CANCELLATION, Row
from convspec.reports.figures import Figure
from convspec.reports.speed_figures import SHAPES, Axis, Mark, Series, chart
from convspec.reports.speed_figures import rows as marked_rows
from convspec.reports.words import counted, readable

CHART_WIDTH: Final = 480
# The regimes in which nothing underflows or overflows.
GROWING: Final = ("constant", "positive", "log", "uniform", "cancel")
# Bins of the distributions: up to 2**low, each power, and above 2**high.
ULPS: Final = (-1, 10)
SHARES: Final = (-14, 0)
PREFERRED: Final = ("float32", "float64", *DTYPES)


@dataclass(frozen=True)
class Detail:
    """How much a page shows: the longest text, the most series of a figure, rows of a table, and trees."""

    text: int
    series: int
    rows: int
    trees: int


# More series than shapes could not be told apart.
DETAILS: Final = (
    Detail(400, len(SHAPES), 60, 12),
    Detail(200, 4, 30, 4),
    Detail(100, 3, 20, 2),
    Detail(60, 2, 10, 0),
)


def _shown(accuracy: Accuracy, dtype: str, detail: Detail) -> list[str]:
    return [adapter for adapter, other in accuracy.pairs if other == dtype][: detail.series]


def _dtypes(accuracy: Accuracy) -> list[str]:
    return [dtype for dtype in DTYPES if any(dtype == other for _, other in accuracy.pairs)]


def _width(names: Sequence[str]) -> float:
    return max(CHART_WIDTH, legend_width(names))


def bounds(found: Sequence[Row], detail: Detail) -> Figure | None:
    """Worst errors in units of the bound, a row for each implementation and dtype."""
    lines = []
    table: list[list[str | int | float]] = []
    for row in found[: detail.rows]:
        kinds = (
            ("one term", "square", row.single.worst_bound if row.single else None),
            ("several terms", "disc", row.longer.worst_bound if row.longer else None),
            ("searched", "ring", row.searched.bound if row.searched else None),
        )
        values = [(name, kind, value) for name, kind, value in kinds if value is not None]
        table += [[row.adapter, row.dtype, name, value] for name, _, value in values]
        marks = [Mark(name, kind, value) for name, kind, value in values if 0 < value < float("inf")]
        if marks:
            lines.append((f"{readable(row.adapter, 14)} {row.dtype}", marks))
    if not lines:
        return None
    return Figure(
        "fig-bounds",
        "The largest errors in units of the bound: of single products, of sums over all kinds of data, and of the "
        "worst case that the search found. Right of 1 nothing may be. Errors of zero, and infinite ones, are not "
        "drawn.",
        marked_rows(lines, Axis("error / bound", _number), "Errors in units of the bound", ((1.0, "bound"),)),
        [("adapter", "dtype", "what", "error_by_bound"), *table],
    )


def _guides(terms: Sequence[int]) -> list[tuple[str, list[tuple[float, float]]]]:
    ends = (min(terms), max(terms))
    return [("n", [(n, n) for n in ends]), ("√n", [(n, n**0.5) for n in ends])]


def growth(accuracy: Accuracy, detail: Detail) -> Iterator[Figure]:
    """For each dtype: the typical error by the number of terms, one curve for each implementation."""
    for dtype in _dtypes(accuracy):
        names = _shown(accuracy, dtype, detail)
        lines = [line for line in accuracy.measured if line.dtype == dtype and line.regime == NO_CANCELLATION]
        series = [
            Series(readable(name, 24), shape, _points([line for line in lines if line.adapter == name], "typical"))
            for name, shape in zip(names, SHAPES, strict=False)
        ]
        if figure := _curves(f"fig-growth-{dtype}", series, f"{dtype}: numbers between ½ and 1",
                             f"Typical error (root of the mean square) of {dtype} sums of positive numbers.", lines):
            yield figure


def regimes(accuracy: Accuracy, anchors: Mapping[str, str], detail: Detail) -> Iterator[Figure]:
    """For each implementation in one dtype: the largest error by the number of terms, one curve for each regime."""
    for adapter in accuracy.adapters[: detail.series]:
        dtype = next((dtype for dtype in PREFERRED if (adapter.id, dtype) in accuracy.pairs), None)
        lines = [line for line in accuracy.measured if (line.adapter, line.dtype) == (adapter.id, dtype)]
        series = [Series(regime, shape, _points([line for line in lines if line.regime == regime], "worst"))
                  for regime, shape in zip(GROWING, SHAPES, strict=False)]
        name = readable(adapter.id, 40)
        if figure := _curves(f"adapter-data-{anchors[adapter.id]}", series, f"{name}, {dtype}, by kind of data",
                             f"Largest error of {name} in {dtype}, by kind of data.", lines):
            yield figure


def _points(lines: Sequence[Measured], which: str) -> list[tuple[float, float, str]]:
    values = [(line.terms, line.typical_gauge if which == "typical" else line.worst_gauge) for line in lines]
    return [(terms, value, "") for terms, value in sorted(values) if 0 < value < float("inf")]


def _curves(
    anchor: str, series: Sequence[Series], title: str, caption: str, lines: Sequence[Measured]
) -> Figure | None:
    drawn = [one for one in series if one.points]
    terms = [line.terms for line in lines]
    if not drawn or len(set(terms)) < 2:
        return None
    table: list[list[str | int | float]] = [
        [line.adapter, line.dtype, line.regime, line.terms, line.typical_gauge, line.worst_gauge] for line in lines
    ]
    return Figure(
        anchor,
        caption + " The broken lines are n and √n.",
        chart(drawn, Axis("terms n", _number), Axis(f"{lines[0].dtype}: error / (u B)", _number), title,
              width=_width([one.name for one in drawn]), guides=_guides(terms)),
        [("adapter", "dtype", "regime", "terms", "typical_error_by_uB", "largest_error_by_uB"), *table],
    )


def spreads(accuracy: Accuracy, detail: Detail) -> Iterator[Figure]:
    """For each dtype: what share of the results has which error, in ulp and in units of the bound."""
    for dtype in _dtypes(accuracy):
        names = _shown(accuracy, dtype, detail)
        for unit, (low, high) in (("ulps", ULPS), ("bounds", SHARES)):
            counts = {name: _counted(accuracy, name, dtype, unit, low, high) for name in names}
            sizes = [f"≤ {_power(low)}", *(_power(power) for power in range(low + 1, high + 1)), "more"]
            series = [(readable(name, 24), kind, [count / sum(counts[name]) for count in counts[name]])
                      for name, kind in zip(names, SHAPES, strict=False) if sum(counts[name])]
            if not series:
                continue
            word = "ulp" if unit == "ulps" else "units of the bound"
            table: list[list[str | int | float]] = [
                [name, size, count] for name in names for size, count in zip(sizes, counts[name], strict=True)
            ]
            yield Figure(
                f"fig-{'ulps' if unit == 'ulps' else 'shares'}-{dtype}",
                f"Errors of {dtype} results in {word}, over all kinds of data and numbers of terms.",
                shares(series, sizes, f"error in {word}, up to", f"{dtype}: errors in {word}",
                       _width([name for name, _, _ in series])),
                [("adapter", "up_to", "results"), *table],
            )


def _counted(accuracy: Accuracy, adapter: str, dtype: str, unit: str, low: int, high: int) -> list[int]:
    total: Counter[str] = Counter()
    for spread in accuracy.spreads:
        if (spread.adapter, spread.dtype) == (adapter, dtype):
            total.update(spread.ulps if unit == "ulps" else spread.bounds)
    return binned(total, low, high)


def _power(power: int) -> str:
    superscript = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return "½" if power == -1 else str(2**power) if 0 <= power <= 10 else f"2{superscript}"


def trees(accuracy: Accuracy, anchors: Mapping[str, str], detail: Detail) -> Iterator[Figure]:
    """For each implementation: the orders of its sums in one dtype, as far as they are known."""
    drawn = 0
    for adapter in accuracy.adapters:
        said = [line for line in accuracy.betrayed if line.adapter == adapter.id and line.sum is not None]
        dtype = next((dtype for dtype in PREFERRED if any(line.dtype == dtype for line in said)), None)
        for number, line in enumerate((line for line in said if line.dtype == dtype), start=1):
            if line.sum is None or drawn >= detail.trees:
                continue
            drawn += 1
            yield _tree(line, f"adapter-sum-{number}-{anchors[adapter.id]}")


def _tree(line: Betrayed, anchor: str) -> Figure:
    summed = line.sum
    assert summed is not None
    name = f"{readable(line.adapter, 40)}, {line.dtype}, {line.about}: {line.said}"
    fused = f" Fused: {counted(len(summed.fused), 'product')}." if summed.fused else ""
    return Figure(
        anchor,
        f"{name}. {line.evidence[:1].upper()}{line.evidence[1:]}.{fused}",
        tree(summed, name),
        [("term", "fused"), *([term + 1, int(term in summed.fused)] for term in range(summed.terms))],
    )


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
