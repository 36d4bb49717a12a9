"""The verdict page: ``index.html``, made from one results file."""

import os
import re
from pathlib import Path

from markupsafe import Markup, escape

from convspec.reports.numbers import short
from convspec.reports.page import Pages, citation, render, write_page
from convspec.reports.results import Results, read_results
from convspec.reports.standing import Standing, gets_right, headline, reported, sentence, skips, unmatched
from convspec.reports.svg import dot
from convspec.reports.views import DETAILS, Page, build, plain
from convspec.reports.words import (
    CLASSES,
    LEVEL_MEANINGS,
    OUTCOMES,
    UNCHAINED,
    UNDATED,
    counted,
    family_title,
    listed,
    readable,
    slug,
)

# What a page for up to three adapters may weigh, and any page at all.
USUAL_SIZE = 500_000
LARGEST_SIZE = 1_000_000
FEW_ADAPTERS = 3
WORDED_COLUMNS = 6
LONGEST_TITLE = 160


def write_verdict_page(
    results_path: str | os.PathLike[str], out_path: str | os.PathLike[str], pages: Pages = ()
) -> Path:
    """Write the verdict page for a results file.

    Parameters
    ----------
    results_path, out_path : path
        The results file, and the HTML file to write; its folder is made.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation.

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ResultsError
        The results file is broken; the message names the line and what is wrong.
    """
    out = Path(out_path)
    write_page(out, verdict_page(read_results(results_path), pages, out.name), pages)
    return out


def verdict_page(results: Results, pages: Pages = (), current: str = "index.html") -> bytes:
    """Make the page, as detailed as its size allows.

    Returns
    -------
    bytes
        One HTML file, UTF-8, below 500 kB for up to three adapters and below 1 MB always.
    """
    largest = USUAL_SIZE if len(results.adapters) <= FEW_ADAPTERS else LARGEST_SIZE
    data = b""
    # Thousands of verdicts cannot all show their evidence: do not set a page in type only to throw it away.
    first = 0 if len(results.verdicts) < 2500 else 3 if len(results.verdicts) < 6000 else 4
    for level in range(first, len(DETAILS)):
        data = _render(results, level, pages, current)
        if len(data) < largest:
            break
    return data


def _render(results: Results, level: int, pages: Pages, current: str) -> bytes:
    detail = DETAILS[level]
    page = build(results, detail)
    found = [sheet.standing for sheet in page.sheets]
    ended = headline(found)
    values = {
        "results": results,
        "header": results.header,
        "page": page,
        "detail": detail,
        "reduced": level > 0,
        "title": f"{readable(ended.rstrip('.'), LONGEST_TITLE)} – {readable(results.header.suite, 30)}",
        "pages": list(pages),
        "current": current,
        "taken": {requirement.id for requirement in results.requirements},
        "example_address": "PAD-04",
        "headline": ended,
        "unmatched": unmatched(results),
        "cite": citation(results, "Verdict on 2-D convolutions"),
        "nav": _navigation(
            bool(page.failures),
            bool(page.known or page.more),
            bool(page.planned or page.left_out),
            bool(page.worlds),
        ),
        "outcomes": OUTCOMES.values(),
        "levels": LEVEL_MEANINGS,
        "classes": CLASSES,
        "identity": _identity(results),
        "worded": len(found) <= WORDED_COLUMNS,
        "seen_families": [family.id for family in page.families],
        "said": lambda standing: _said(standing, page, detail.full),
        "gets_right": gets_right,
        "reported": reported,
        "skips": skips,
        "listed": listed,
        "counted": counted,
        "slug": slug,
        "family_title": family_title,
        "dot": dot,
        "short": short,
    }
    return render("verdict.html.j2", values, detail.text, scripts=("filter.js",))


def _said(standing: Standing, page: Page, full: bool) -> Markup:
    """Set the sentence on an adapter, each requirement in it leading to its outcome."""
    links = {}
    for family in page.families:
        for item in family.requirements:
            cell = item.by_adapter.get(standing.adapter.id)
            if cell is not None:
                links[item.requirement.id] = cell.anchor if full else item.anchor
    text = readable(sentence(standing), 1500)
    pieces = re.split(r"(\b[A-Z]{3}-\d+\b)", text)
    return Markup("<bdi>{}</bdi>").format(
        Markup("").join(
            Markup('<a class="id" href="#{}">{}</a>').format(links[piece], piece)
            if piece in links
            else escape(piece)
            for piece in pieces
        )
    )


def _navigation(failures: bool, known: bool, planned: bool, worlds: bool) -> list[tuple[str, str]]:
    entries = [
        ("verdict", "Verdict"),
        ("failures", "Failures" if failures else ""),
        ("known", "Deviations and notes" if known else ""),
        ("matrix", "Matrix"),
        ("requirements", "Requirements"),
        ("planned", "Planned" if planned else ""),
        ("exhaustive", "Small worlds" if worlds else ""),
        ("adapters", "Adapters"),
        ("run", "This run"),
        ("cite", "Cite"),
    ]
    return [(anchor, text) for anchor, text in entries if text]


def _identity(results: Results) -> list[tuple[str, str]]:
    header = results.header
    rows = [
        ("suite", f"{header.suite} {header.suite_version}"),
        ("date", header.date or UNDATED),
        ("seed", str(header.seed)),
        ("effort", header.effort),
        ("profile", header.profile or "as each adapter declares"),
        ("only", ", ".join(header.only) or "the whole catalogue"),
    ]
    if header.known is not None:
        rows.append(("known failures", f"{header.known.file}, SHA-256 {header.known.sha256}"))
    environment = dict(header.environment)
    packages = environment.pop("packages", {})
    flags = environment.pop("cpu_flags", None)
    rows += [(name.replace("_", " "), plain(value)) for name, value in sorted(environment.items())]
    if isinstance(packages, dict):
        rows += [(name, plain(version)) for name, version in sorted(packages.items())]
    if flags is not None:
        rows.append(("cpu flags", plain(flags).replace(",", "")))
    rows.append(("results.jsonl, SHA-256", results.sha256))
    if not results.chained:
        rows.append(("chain", UNCHAINED))
    return rows
