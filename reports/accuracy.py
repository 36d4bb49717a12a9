"""The accuracy page: ``accuracy.html``, made from one accuracy file."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from convspec.reports.accuracy_drawn import DETAILS, Detail, bounds, growth, regimes, spreads, trees
from convspec.reports.accuracy_file import read_accuracy
from convspec.reports.accuracy_records import Accuracy, Measured
from convspec.reports.accuracy_views import (
    BOUNDS,
    VERDICTS,
    Row,
    contradictions,
    groups,
    headline,
    rows,
    share,
    ulps,
)
from convspec.reports.figures import Figure
from convspec.reports.page import Citation, Identity, Pages, cited, render, write_page
from convspec.reports.words import counted, listed, readable, slug

TITLE: Final = "How accurate are convolutions?"
COMMANDS: Final[tuple[tuple[str, str], ...]] = (
    ("convspec accuracy", "SciPy, PyTorch and the vectorised variant; about a minute on two cores"),
    ("convspec accuracy mymodule:my_conv", "a function or an adapter of yours"),
    ("convspec accuracy torch --seed 1", "one implementation, with other numbers"),
)
LARGEST_SIZE: Final = 1_000_000

# Implementation, dtype, numbers of terms, and for each regime a line for each of them.
Grid = tuple[str, str, list[int], list[tuple[str, list[Measured | None]]]]


def write_accuracy_page(
    accuracy_path: str | os.PathLike[str], out_path: str | os.PathLike[str], pages: Pages = ()
) -> Path:
    """Write the accuracy page for an accuracy file.

    Parameters
    ----------
    accuracy_path, out_path : path
        The accuracy file, and the HTML file to write; its folder is made.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation.

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ResultsError
        The accuracy file is broken; the message names the file, the line and what is wrong.
    """
    out = Path(out_path)
    write_page(out, accuracy_page(read_accuracy(accuracy_path), pages, out.name), pages)
    return out


def accuracy_page(accuracy: Accuracy, pages: Pages = (), current: str = "accuracy.html") -> bytes:
    """Make the page, as detailed as its size allows.

    Returns
    -------
    bytes
        One HTML file, UTF-8, below 1 MB.
    """
    data = b""
    for detail in DETAILS:
        data = _render(accuracy, detail, pages, current)
        if len(data) < LARGEST_SIZE:
            break
    return data


def _render(accuracy: Accuracy, detail: Detail, pages: Pages, current: str) -> bytes:
    header = accuracy.header
    identity = Identity(header.suite, header.suite_version, header.date)
    found = rows(accuracy)
    used: set[str] = set()
    anchors = {adapter.id: slug(adapter.id, used) for adapter in accuracy.adapters}
    growing, spread = list(growth(accuracy, detail)), list(spreads(accuracy, detail))
    by_data, sums = list(regimes(accuracy, anchors, detail)), list(trees(accuracy, anchors, detail))
    nearness = bounds(found, detail)
    values: dict[str, object] = {
        "accuracy": accuracy,
        "results": accuracy,
        "header": identity,
        "title": f"{header.suite}: {TITLE}",
        "headline": headline(accuracy),
        "pages": list(pages),
        "current": current,
        "nav": _navigation(accuracy, nearness is not None, bool(growing or by_data), bool(spread), bool(sums)),
        "cite": _cite(accuracy, identity),
        "example_address": nearness.anchor if nearness else "accuracy",
        "numbers": _numbers(accuracy, found),
        "rows": found,
        "bounds": nearness,
        "growth": growing,
        "regimes": by_data,
        "spread": spread,
        "trees": sums,
        "told": [
            (adapter, f"adapter-of-{anchors[adapter.id]}", groups(accuracy, adapter.id))
            for adapter in accuracy.adapters[: detail.rows]
        ],
        "contradictions": contradictions(accuracy),
        "tables": list(_tables(accuracy, detail.rows)),
        "formulas": [(name, *BOUNDS[name]) for name in BOUNDS if any(row.bound == name for row in found)],
        "verdicts": [(symbol, kind, word) for word, (symbol, kind) in VERDICTS.items()],
        "unanswered": [line for line in accuracy.measured if not line.outputs],
        "commands": COMMANDS,
        "identity": _identity(accuracy),
        "most": detail.rows,
        "counted": counted,
        "listed": listed,
        "share": share,
        "ulps": ulps,
        "percent": _percent,
        "table_link": _table_link,
    }
    return render("accuracy.html.j2", values, detail.text, styles=("proof.css", "speed.css", "accuracy.css"))


def _tables(accuracy: Accuracy, most: int) -> Iterator[Grid]:
    """For each implementation and dtype: the lines by regime and number of terms."""
    for adapter, dtype in accuracy.pairs[:most]:
        lines = {(line.regime, line.terms): line for line in accuracy.measured
                 if (line.adapter, line.dtype) == (adapter, dtype)}
        terms = sorted({terms for _, terms in lines})
        regimes = dict.fromkeys(regime for regime, _ in lines)
        yield adapter, dtype, terms, [(regime, [lines.get((regime, n)) for n in terms]) for regime in regimes]


def _numbers(accuracy: Accuracy, found: Sequence[Row]) -> list[tuple[str, str, str]]:
    """Give the numbers at the top of the page: name, value, and a note on it."""
    outputs = sum(row.outputs for row in found)
    if not outputs:
        return []
    numbers = [("results measured", f"{outputs:,}".replace(",", " "), "against exact sums"),
               ("correctly rounded", _percent(sum(row.correct for row in found) / outputs), "of all results")]
    sums = [line.sum for line in accuracy.betrayed if line.sum is not None]
    if sums:
        confirmed = sum(one.reproduced == one.tried > 0 for one in sums)
        numbers.append(("orders of sums found", str(len(sums)), f"{confirmed} reproduce random sums bit for bit"))
    return numbers


def _percent(value: float) -> str:
    # What is not quite all must not read as all.
    return f"{min(100 * value, 99.9):.3g} %" if value < 1 else "100 %"


def _table_link(table: Sequence[Sequence[str | int | float]]) -> Markup:
    return Markup(Figure("fig-table", "", "", table).csv_link)


def _navigation(accuracy: Accuracy, bounds: bool, growth: bool, spread: bool, trees: bool) -> list[tuple[str, str]]:
    entries = [
        ("accuracy", "Accuracy", True),
        ("words", "Words", True),
        ("bounds", "Bounds", bounds),
        ("growth", "Growth", growth),
        ("spread", "Distributions", spread),
        ("worst", "Worst cases", bool(accuracy.worst)),
        ("betrayed", "What errors betray", bool(accuracy.betrayed)),
        ("sums", "Orders of sums", trees),
        ("repeat", "Repeat", True),
        ("run", "This run", True),
        ("cite", "Cite", True),
    ]
    return [(anchor, text) for anchor, text, there in entries if there]


def _identity(accuracy: Accuracy) -> list[tuple[str, str]]:
    header = accuracy.header
    named = header.environment.get("packages")
    packages = named if isinstance(named, dict) else {}
    entries = [
        ("suite", f"{header.suite} {header.suite_version}"),
        ("date", header.date),
        ("seed", str(header.seed)),
        ("terms", ", ".join(map(str, header.terms))),
        ("results of each measurement", str(header.outputs)),
        ("cases of each search", str(header.evaluations)),
        *((name, str(header.environment.get(key, ""))) for name, key in
          (("processor", "cpu"), ("platform", "platform"), ("Python", "python"), ("BLAS", "blas"))),
        *(sorted((str(name), str(version)) for name, version in packages.items())),
        *((adapter.id, adapter.reason) for adapter in accuracy.adapters if adapter.reason),
        ("took", f"{accuracy.footer.seconds:.0f} s" if accuracy.footer else ""),
        ("accuracy.jsonl, SHA-256", accuracy.sha256),
    ]
    return [(name, text) for name, text in entries if text]


def _cite(accuracy: Accuracy, identity: Identity) -> Citation:
    versions = {f"{name} {version}" for adapter in accuracy.adapters for name, version in adapter.versions.items()}
    used = sorted(versions) or [adapter.id for adapter in accuracy.adapters]
    return cited(identity, "Accuracy of 2-D convolutions", of=readable(listed(used, 12), 300), sha256=accuracy.sha256)
