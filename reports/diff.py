"""The comparison of two runs: ``diff.html`` and ``diff.md``, made from two results files."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from convspec.reports.counterexample import CaseView, view
from convspec.reports.diff_changes import SECTIONS, Change, Difference
from convspec.reports.diff_severity import SEVERITY, Kind
from convspec.reports.diff_text import SYMBOLS, WITH_CASE, diff_markdown, reasons, warning
from convspec.reports.page import Citation, Identity, Pages, cited, pages_in, render, write_bytes, write_page
from convspec.reports.results import Results
from convspec.reports.words import OUTCOMES, UNCHAINED, UNDATED, counted, family_title, slug

DIFF_PAGE: Final = "diff.html"
LARGEST_SIZE: Final = 1_000_000
ADDRESSES: Final = (
    "difference",
    "matrix",
    *(kind.name.lower().replace("_", "-") for kind, _ in SECTIONS),
    "still-failing",
    "only",
    "weaker",
    "order",
    "runs",
    "cite",
    "withdrawn",
    "main",
)
EXPLAINED: Final = {
    Kind.WORSE: "The requirement was judged in both runs, and its outcome is graver in the new one; or it passed, and "
    "is asked no more because the adapter ceased to claim it.",
    Kind.NEWLY_FAILING: "Not met, and not judged in the old run: nothing says that it was ever better.",
    Kind.BETTER: "The requirement was judged in both runs, and its outcome is less grave in the new one.",
    Kind.CHANGED: "Another outcome, which says neither that the implementation is better nor that it is worse.",
}
# What a cell of the matrix counts.
COUNTED: Final = tuple(kind for kind, _ in SECTIONS)


@dataclass(frozen=True)
class Detail:
    """How much is shown: the longest text, cards, drawings, rows and the size of the matrix."""

    text: int
    cards: int
    drawn: int
    rows: int
    adapters: int


DETAILS: Final = (
    Detail(1500, 200, 24, 400, 120),
    Detail(600, 120, 8, 200, 120),
    Detail(160, 60, 0, 60, 60),
    Detail(60, 20, 0, 20, 20),
)


@dataclass(frozen=True)
class Card:
    """A change as the page shows it, with its case where there is one and room for it."""

    anchor: str
    change: Change
    case: CaseView | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The changes of one kind; ``left_out`` of them have no room."""

    kind: Kind
    anchor: str
    title: str
    symbol: str
    explained: str
    count: int
    cards: tuple[Card, ...]

    @property
    def left_out(self) -> int:
        """Count the changes without room."""
        return self.count - len(self.cards)


@dataclass(frozen=True)
class Cell:
    """One adapter and one family: how many outcomes changed, by kind, and where the gravest is."""

    counts: tuple[tuple[Kind, int], ...]
    link: str


def write_diff(difference: Difference, out_dir: str | os.PathLike[str]) -> Path:
    """Write ``diff.html`` and ``diff.md``.

    Parameters
    ----------
    difference : Difference
    out_dir : path
        The folder for the files; it is made if it is not there.

    Returns
    -------
    Path
        The page.
    """
    folder = Path(out_dir)
    page = folder / DIFF_PAGE
    pages = pages_in(folder, DIFF_PAGE)
    write_page(page, diff_page(difference, pages), pages)
    write_bytes(folder / "diff.md", diff_markdown(difference).encode("utf-8", "backslashreplace"))
    return page


def diff_page(difference: Difference, pages: Pages = (), current: str = DIFF_PAGE) -> bytes:
    """Make the page, as detailed as its size allows.

    Returns
    -------
    bytes
        One HTML file, UTF-8, below 1 MB, the same for the same two files and pages.
    """
    data = b""
    for level, detail in enumerate(DETAILS):
        data = _render(difference, detail, level > 0, pages, current)
        if len(data) < LARGEST_SIZE:
            break
    return data


def _render(difference: Difference, detail: Detail, reduced: bool, pages: Pages, current: str) -> bytes:
    sections = _sections(difference, detail)
    families, rows = _matrix(difference, sections, detail)
    header = difference.new.header
    still = difference.still_failing
    values = {
        "difference": difference,
        "header": header,
        "title": f"{header.suite}: two runs compared",
        "pages": list(pages),
        "current": current,
        "nav": _navigation(difference, sections),
        "example_address": next((card.anchor for section in sections for card in section.cards), "runs"),
        "cite": _cite(difference),
        "warning": warning(difference),
        "ended": difference.conclusions[: detail.rows],
        "ended_left_out": len(difference.conclusions) - detail.rows,
        "sections": sections,
        "families": [(family, family_title(family)) for family in families],
        "rows": rows[: detail.adapters],
        "hidden_rows": len(rows) - detail.adapters,
        "still": still[: detail.rows],
        "still_left_out": len(still) - detail.rows,
        "weaknesses": difference.weaknesses[: detail.rows],
        "weaknesses_left_out": len(difference.weaknesses) - detail.rows,
        "most": detail.rows,
        "reduced": reduced,
        "runs": [("old", _identity(difference.old)), ("new", _identity(difference.new))],
        "severity": [OUTCOMES[word] for word in SEVERITY],
        "outcomes": OUTCOMES,
        "symbols": SYMBOLS,
        "counted": counted,
        "undated": UNDATED,
    }
    return render("diff.html.j2", values, detail.text)


def _sections(difference: Difference, detail: Detail) -> list[Section]:
    used = set(ADDRESSES)
    found = []
    drawn = 0
    for kind, title in SECTIONS:
        changes = difference.of_kind(kind)
        cards = []
        for change in changes[: detail.cards]:
            anchor = slug(f"{slug(change.adapter.id)}-{slug(change.requirement.id)}", used)
            example = change.new.counterexample if change.new and kind in WITH_CASE else None
            case = None
            if example is not None and drawn < detail.drawn:
                case = view(example, change.adapter, slug(f"case-{anchor}", used))
                drawn += 1
            cards.append(Card(anchor, change, case, reasons(change)))
        if changes:
            anchor = kind.name.lower().replace("_", "-")
            found.append(
                Section(kind, anchor, title, SYMBOLS[kind], EXPLAINED[kind], len(changes), tuple(cards))
            )
    return found


def _matrix(
    difference: Difference, sections: list[Section], detail: Detail
) -> tuple[list[str], list[tuple[str, list[Cell | None]]]]:
    """Count the changes by adapter and family; None where nothing changed and nothing was judged in both runs."""
    links = {
        (card.change.adapter.id, card.change.requirement.family): card.anchor
        for section in reversed(sections)
        for card in reversed(section.cards)
    }
    grouped: dict[str, dict[str, list[Change]]] = {}
    for change in difference.changes:
        if change.kind in COUNTED or change.kind is Kind.SAME:
            grouped.setdefault(change.adapter.id, {}).setdefault(change.requirement.family, []).append(change)
    present = {family for row in grouped.values() for family in row}
    known = [*difference.new.requirements, *difference.old.requirements]
    families = list(dict.fromkeys(found.family for found in known if found.family in present))
    families += sorted(present - set(families))
    order = dict.fromkeys(adapter.id for adapter in (*difference.new.adapters, *difference.old.adapters))
    rows: list[tuple[str, list[Cell | None]]] = []
    for adapter in order:
        row = grouped.get(adapter)
        if row:
            cells = [_cell(row.get(family, []), links.get((adapter, family), "")) for family in families]
            rows.append((adapter, cells))
    if len(rows) > detail.adapters:
        # What got worse must not be what a crowded page has no room for.
        rows.sort(key=lambda row: not any(cell and cell.counts for cell in row[1]))
    return families, rows


def _cell(changes: list[Change], link: str) -> Cell | None:
    counts = [(kind, sum(change.kind is kind for change in changes)) for kind in COUNTED]
    changed = tuple((kind, count) for kind, count in counts if count)
    return Cell(changed, link) if changed or any(change.judged_in_both for change in changes) else None


def _navigation(difference: Difference, sections: list[Section]) -> list[tuple[str, str]]:
    entries = [("difference", "Difference")]
    entries += [(section.anchor, section.title.partition(",")[0]) for section in sections]
    entries += [("still-failing", "Still failing")] if difference.still_failing else []
    only = difference.only_old.sentences or difference.only_new.sentences
    entries += [("only", "Only in one")] if only else []
    entries += [("weaker", "What weakens it")] if difference.weaknesses else []
    return [*entries, ("order", "Order"), ("runs", "The runs"), ("cite", "Cite")]


def _cite(difference: Difference) -> Citation:
    old, new = difference.old, difference.new
    title = (
        f"Verdicts on 2-D convolutions, two runs compared: {old.header.date or UNDATED} "
        f"(results SHA-256 {old.sha256[:12]}) "
        f"and {new.header.date or UNDATED} (results SHA-256 {new.sha256[:12]})"
    )
    return cited(Identity(new.header.suite, new.header.suite_version, new.header.date), title)


def _identity(results: Results) -> list[tuple[str, str]]:
    header = results.header
    adapters = [
        " ".join([adapter.id, *(f"({name} {version})" for name, version in sorted(adapter.versions.items()))])
        for adapter in results.adapters[:12]
    ]
    if len(results.adapters) > len(adapters):
        adapters.append(f"{len(results.adapters) - len(adapters)} more")
    return [
        ("date", header.date or UNDATED),
        ("suite", f"{header.suite} {header.suite_version}"),
        ("state", "complete" if results.complete else "INCOMPLETE"),
        ("seed", str(header.seed)),
        ("effort", header.effort),
        ("adapters", ", ".join(adapters)),
        ("results.jsonl, SHA-256", results.sha256),
        *([] if results.chained else [("chain", UNCHAINED)]),
    ]
