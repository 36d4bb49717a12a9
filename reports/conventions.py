"""The conventions page: ``conventions.html``, made from one file of conventions."""

import os
from pathlib import Path
from typing import Final

from markupsafe import Markup

from convspec.reports.convention_file import read_conventions
from convspec.reports.convention_records import Conventions
from convspec.reports.convention_views import (
    KINDS,
    answer_text,
    broken,
    column_name,
    csv_table,
    disagreed,
    drawn,
    groups,
    kind_of,
)
from convspec.reports.figures import Figure
from convspec.reports.page import Citation, Identity, Pages, cited, render, write_page
from convspec.reports.stated import STATED
from convspec.reports.views import plain
from convspec.reports.words import counted, listed, readable

TITLE: Final = "Where libraries disagree about convolution"
# What stands under "How to repeat this".
COMMANDS: Final[tuple[tuple[str, str], ...]] = (
    ("convspec conventions", "call every library that is installed, write conventions.jsonl and this page"),
    ("convspec report conventions.jsonl --out DIR", "make this page again from the file"),
)
TEXT_LIMIT: Final = 3000


def write_conventions_page(
    conventions_path: str | os.PathLike[str], out_path: str | os.PathLike[str], pages: Pages = ()
) -> Path:
    """Write the conventions page for a file of conventions.

    Parameters
    ----------
    conventions_path, out_path : path
        The file, and the HTML file to write; its folder is made.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation. Requirements are links where ``index.html``
        is among them.

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ResultsError
        The file is broken; the message names the file, the line and what is wrong.
    """
    out = Path(out_path)
    write_page(out, conventions_page(read_conventions(conventions_path), pages, out.name), pages)
    return out


def conventions_page(found: Conventions, pages: Pages = (), current: str = "conventions.html") -> bytes:
    """Make the page.

    Returns
    -------
    bytes
        One HTML file, UTF-8, the same for the same file and pages.
    """
    header = found.header
    identity = Identity(header.suite, header.suite_version, header.date)
    known = {topic.id for topic in found.topics}
    values: dict[str, object] = {
        "found": found,
        "results": found,
        "header": identity,
        "title": f"{header.suite}: {TITLE}",
        "headline": _headline(found),
        "disagreed": len(disagreed(found)),
        "pages": list(pages),
        "current": current,
        "nav": [("conventions", "Conventions"), ("matrix", "Matrix"), ("topics", "Topics"), ("functions", "Functions"),
                ("stated", "As stated"), ("repeat", "Repeat"), ("run", "This run"), ("cite", "Cite")],
        "verdict": any(address == "index.html" for address, _ in pages),
        "cite": _cite(found, identity),
        "example_address": next(iter(sorted(known)), "matrix"),
        "kinds": KINDS,
        "kind_of": kind_of,
        "groups": {topic.id: groups(found, topic) for topic in found.topics},
        "figures": {topic.id: drawn(found, topic) for topic in found.topics},
        "titles": {topic.id: topic.title for topic in found.topics},
        "matrix_link": Markup(Figure("fig-matrix", "", "", csv_table(found)).csv_link),
        "stated": [stated for stated in STATED if stated.topic in known],
        "commands": COMMANDS,
        "identity": _run(found),
        "answer_text": answer_text,
        "column_name": lambda library: broken(readable(column_name(library), 80)),
        "counted": counted,
        "listed": listed,
    }
    return render("conventions.html.j2", values, TEXT_LIMIT, styles=("proof.css", "conventions.css"))


def _headline(found: Conventions) -> str:
    functions = counted(len(found.measured), "function")
    if not found.cells:
        return f"{functions} measured."
    questions = counted(len(found.topics), "question")
    return f"{functions}, {questions}: on {len(disagreed(found))} of them the answers differ."


def _run(found: Conventions) -> list[tuple[str, str]]:
    header = found.header
    environment = dict(header.environment)
    rows = [("suite", f"{header.suite} {header.suite_version}"), ("date", header.date)]
    packages = environment.pop("packages", None)
    if isinstance(packages, dict):
        rows += [(str(name), plain(version)) for name, version in sorted(packages.items())]
    rows += [(name.replace("_", " "), plain(value)) for name, value in sorted(environment.items())]
    return [*rows, ("conventions.jsonl, SHA-256", found.sha256)]


def _cite(found: Conventions, identity: Identity) -> Citation:
    used = listed(list(dict.fromkeys(f"{library.name} {library.version}" for library in found.measured)), 20)
    return cited(identity, TITLE, of=readable(used, 400), sha256=found.sha256)
