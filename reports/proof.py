"""The proof page: ``proof.html``, made from one proof file."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from convspec.reports import results
from convspec.reports.page import Citation, Pages, citation, render, write_page
from convspec.reports.proof_figures import bands, binned, heads, histogram, strip
from convspec.reports.proof_file import read_proof
from convspec.reports.proof_records import Proof
from convspec.reports.proof_views import (
    NOT_HUNTED,
    QUICKLY_MISSED,
    SURVIVED,
    FamilyView,
    FaultView,
    Speed,
    accused,
    benign_cases,
    by_family,
    column_views,
    disagreements,
    families,
    fault_views,
    grouped,
    headline,
    main_effort,
    odds,
    percent,
    rate,
    requirement_order,
    runs,
    speeds,
    sums,
    timed,
)
from convspec.reports.views import plain
from convspec.reports.words import counted, listed, readable, slug

Row = tuple[FaultView, Markup, int]

LARGEST_SIZE: Final = 1_000_000
TITLE: Final = "Who tests the tests?"
# What stands under "How to repeat this".
COMMANDS: Final[tuple[tuple[str, str], ...]] = (
    ("convspec prove", "hunt all faults, hear all correct variants, write this page"),
    ("tox -e prove", "the same, with the versions that the project pins"),
    ("convspec check vectorized --exhaustive", "the small worlds alone"),
)


@dataclass(frozen=True)
class Detail:
    """How much a page shows: the longest text, the most rows and names, and whether each fault lists its finders."""

    text: int
    faults: int
    names: int
    columns: int
    lists: bool


DETAILS: Final = (
    Detail(1200, 2000, 60, 200, True),
    Detail(300, 1000, 40, 150, True),
    Detail(120, 500, 20, 120, False),
    Detail(60, 120, 10, 60, False),
)


def write_proof_page(
    proof_path: str | os.PathLike[str], out_path: str | os.PathLike[str], pages: Pages = ()
) -> Path:
    """Write the proof page for a proof file.

    Parameters
    ----------
    proof_path, out_path : path
        The proof file, and the HTML file to write; its folder is made.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation, such as
        ``("index.html", "Verdict")``; this page itself may be among them. Addresses are file names.

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ResultsError
        The proof file is broken; the message names the file, the line and what is wrong.
    """
    out = Path(out_path)
    write_page(out, proof_page(read_proof(proof_path), pages, out.name), pages)
    return out


def proof_page(proof: Proof, pages: Pages = (), current: str = "proof.html") -> bytes:
    """Make the page, as detailed as its size allows.

    Returns
    -------
    bytes
        One HTML file, UTF-8, below 1 MB.
    """
    data = b""
    for detail in DETAILS:
        data = _render(proof, detail, pages, current)
        if len(data) < LARGEST_SIZE:
            break
    return data


def _render(proof: Proof, detail: Detail, pages: Pages, current: str) -> bytes:
    views = fault_views(proof)
    # What went wrong must not be what a crowded page has no room for.
    crowded = len(views) > detail.faults
    groups = families(proof, sorted(views, key=lambda view: crowded and view.state.kind != "bad"))
    shown = _shown(groups, detail.faults)
    order = requirement_order(proof)
    columns = column_views(order, views)
    kept = columns[: detail.columns]
    places = {column.requirement.id: place for place, column in enumerate(kept)}
    visible = {view.anchor for _, members in shown for view in members}
    measured = speeds(proof, views)
    used: set[str] = set()
    benign = [(variant, f"benign-{slug(variant.id, used)}") for variant in proof.benign]
    with_matrix = bool(places) and any(view.fault.found_by is not None for view in views)
    listing = {
        "survivors": [view for view in views if view.state is SURVIVED],
        "uncaught": [view for view in views if view.uncaught],
        "unhunted": [view for view in views if view.state is NOT_HUNTED],
        "missed_quickly": [view for view in views if view.state is QUICKLY_MISSED],
    }
    values: dict[str, object] = {
        "proof": proof,
        "results": proof,
        "header": proof.header,
        "detail": detail,
        "title": f"{proof.header.suite}: {TITLE}",
        "headline": headline(proof, views),
        "disagreements": disagreements(proof, views)[:10],
        "example_address": next(iter(sorted(visible)), "proof"),
        "cite": _cite(proof),
        "pages": list(pages),
        "current": current,
        "nav": _navigation(proof, bool(views), with_matrix, bool(kept), bool(measured)),
        "figures": _figures(proof, views, measured),
        **listing,
        "accused": accused(proof),
        "views": views,
        "families": groups,
        "shown": shown,
        "visible": visible,
        "shown_families": {family.anchor for family, _ in shown},
        "hidden_faults": len(views) - len(visible),
        "runs": runs(proof),
        "sums": sums(views, runs(proof)),
        "matrix": _matrix(shown, places) if with_matrix else [],
        "heads": Markup(heads(places)),
        "bands": Markup(bands([len(list(group)) for _, group in groupby(places, _family)])),
        "columns": kept,
        "places": {requirement.id: place for place, requirement in enumerate(order)},
        "hidden_columns": len(columns) - len(kept),
        "column_anchor": {column.requirement.id: column.anchor for column in kept},
        "fault_anchor": {view.fault.id: view.anchor for view in views if view.anchor in visible},
        "speeds": [(speed, _chart(speed)) for speed in measured],
        "benign": benign,
        "benign_sum": sum(variant.cases for variant in proof.benign),
        "commands": COMMANDS,
        "identity": _identity(proof),
        "sample": _sample,
        "marked": _marked,
        "counted": counted,
        "grouped": grouped,
        "listed": listed,
        "odds": odds,
        "percent": percent,
        "rate": rate,
        "timed": timed,
    }
    return render("proof.html.j2", values, detail.text, styles=("proof.css",))


def _shown(groups: Iterable[FamilyView], most: int) -> list[tuple[FamilyView, tuple[FaultView, ...]]]:
    """Give the families with as many of their faults as there is room for."""
    shown, left = [], most
    for family in groups:
        members = family.faults[:left]
        left -= len(members)
        if members:
            shown.append((family, members))
    return shown


def _matrix(
    shown: Iterable[tuple[FamilyView, Sequence[FaultView]]], places: Mapping[str, int]
) -> list[tuple[FamilyView, list[Row]]]:
    rows = []
    for family, members in shown:
        drawn: list[Row] = [
            (view, Markup(strip(places, view.fault.caught_by, view.fault.found_by)), len(view.fault.found_by))
            for view in members
            if view.fault.found_by is not None
        ]
        if drawn:
            rows.append((family, drawn))
    return rows


def _family(id: str) -> str:
    return id.partition("-")[0]


def _sample(kind: str) -> Markup:
    """Draw one mark for the legend."""
    named, found = {"yes": (["x"], ["x"]), "also": ([], ["x"]), "not": (["x"], [])}[kind]
    return Markup(strip({"x": 0}, named, found))


def _marked(view: FaultView, places: Mapping[str, int]) -> Markup:
    """List the requirements of one row of the matrix, family by family, the named ones marked."""
    named, caught = set(view.fault.caught_by), set(view.fault.found_by or ())
    parts = []
    for family, numbers in by_family(
        sorted(named | caught, key=lambda id: (places.get(id, len(places)), id))
    ):
        parts.append(Markup("<b>{}</b>").format(readable(family, 12)))
        for number in numbers:
            id = f"{family}-{number}" if family else number
            mark = "u" if id in named & caught else "s" if id in named else ""
            text = escape(readable(number, 12))
            parts.append(Markup("<{0}>{1}</{0}>").format(Markup(mark), text) if mark else text)
    return Markup(" ").join(parts)


def _chart(speed: Speed) -> Markup:
    return Markup(histogram(binned(speed.seconds), f"Seconds until found, {speed.effort} effort"))


def _figures(
    proof: Proof, views: Sequence[FaultView], measured: Sequence[Speed]
) -> list[tuple[str, str, str]]:
    """Give the numbers at the top of the page: name, value, and a note on it."""
    rows = []
    columns = runs(proof)
    for effort in dict.fromkeys(effort for effort, _ in columns):
        both = [pair for run, pair in zip(columns, sums(views, columns), strict=True) if run[0] == effort]
        least = min(both, key=lambda pair: pair[0] / pair[1])
        note = f"with each of {len(both)} seeds" if len(both) > 1 else "with one seed"
        if len(set(both)) > 1:
            note = f"at worst of {len(both)} seeds"
        rows.append((f"found, {effort} effort", f"{grouped(least[0])} of {grouped(least[1])}", note))
    cases = benign_cases(proof)
    if cases:
        alarms = max(len(accused(proof)), proof.footer.false_alarms if proof.footer else 0)
        rows.append(("false alarms", grouped(alarms), f"in {grouped(cases)} cases"))
    for speed in measured:
        if speed.effort == main_effort(proof):
            rows.append(
                (
                    "time until found",
                    timed(speed.median_seconds),
                    f"median; worst {timed(max(speed.seconds))}",
                )
            )
    for line in proof.geometry[:1]:
        rows.append(("pairs of conditions", percent(line.pairs.reached, line.pairs.feasible), "reached"))
    for world in proof.exhaustive[:1]:
        rows.append(("small worlds", grouped(world.geometries), "geometries"))
    return rows


def _navigation(
    proof: Proof, faults: bool, matrix: bool, columns: bool, measured: bool
) -> list[tuple[str, str]]:
    entries = [
        ("proof", "Proof", True),
        ("survivors", "Survivors", True),
        ("families", "Families", faults),
        ("matrix", "Matrix", matrix),
        ("requirements", "Requirements", columns),
        ("time", "Time", measured),
        ("benign", "Correct variants", bool(proof.benign)),
        ("coverage", "Coverage", bool(proof.geometry or proof.code)),
        ("diagnosis", "Diagnosis", bool(proof.diagnoses)),
        ("worlds", "Small worlds", bool(proof.exhaustive)),
        ("faults", "Faults", faults),
        ("repeat", "Repeat", True),
        ("run", "This run", True),
        ("cite", "Cite", True),
    ]
    return [(anchor, text) for anchor, text, there in entries if there]


def _identity(proof: Proof) -> list[tuple[str, str]]:
    header = proof.header
    rows = [
        ("suite", f"{header.suite} {header.suite_version}"),
        ("date", header.date),
        ("seeds", ", ".join(map(str, header.seeds[:20]))),
        ("efforts", ", ".join(header.efforts)),
    ]
    if proof.footer:
        rows += [("took", timed(proof.footer.seconds)), ("exit status", str(proof.footer.exit_status))]
    environment = dict(header.environment)
    flags = environment.pop("cpu_flags", None)
    rows += [(name, version) for name, version in sorted(_packages(proof).items())]
    environment.pop("packages", None)
    rows += [(name.replace("_", " "), plain(value)) for name, value in sorted(environment.items())]
    if flags is not None:
        rows.append(("cpu flags", plain(flags).replace(",", "")))
    return [*rows, ("proof.jsonl, SHA-256", proof.sha256)]


def _packages(proof: Proof) -> dict[str, str]:
    packages = proof.header.environment.get("packages")
    return {name: plain(version) for name, version in packages.items()} if isinstance(packages, dict) else {}


def _cite(proof: Proof) -> Citation:
    """Cite the page as a verdict page is cited; the packages stand where that one names its adapters."""
    header = proof.header
    run = results.Header(
        header.suite, header.suite_version, 0, "", None, (), header.date, header.environment, ()
    )
    used = results.Adapter(
        "the project’s own faults", "", "", _packages(proof), True, "", "", {}, (), (), {}, {}, (), ""
    )
    title = "Proof of a conformance suite for 2-D convolutions"
    return citation(results.Results(run, (), (used,), (), None, proof.sha256), title)
