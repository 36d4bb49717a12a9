"""Pages made again from files, and two runs compared: no convolution is called."""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convspec.folder import held
from convspec.reports import (
    Pages,
    ResultsError,
    compare,
    diff_lines,
    pages_in,
    read_accuracy,
    read_conventions,
    read_proof,
    read_results,
    read_speed,
    write_accuracy_page,
    write_conventions_page,
    write_diff,
    write_proof_page,
    write_report,
    write_speed_page,
)


@dataclass(frozen=True)
class Source:
    """One kind of file from which pages are made; ``write`` is given the file, the first page and all pages there.

    ``beside`` are further files that are written with the pages.
    """

    name: str
    usual: str
    maker: str
    pages: tuple[str, ...]
    read: Callable[[Path], object]
    write: Callable[[Path, Path, Pages], object]

    @property
    def article(self) -> str:
        """The word before the name."""
        return "an" if self.name[0] in "aeiou" else "a"
    beside: tuple[str, ...] = ()


def _write_report(results: Path, page: Path, pages: Pages) -> None:
    # It finds the pages beside it by itself, because `convspec check` has no list of them.
    write_report(results, page.parent)


# In the order in which they are written: the results last, so that their pages find the others beside them.
SOURCES: dict[str, Source] = {
    "proof": Source(
        "proof file", "proof.jsonl", "convspec prove", ("proof.html",), read_proof, write_proof_page
    ),
    "conventions": Source(
        "file of conventions", "conventions.jsonl", "convspec conventions", ("conventions.html",), read_conventions,
        write_conventions_page,
    ),
    "accuracy": Source(
        "accuracy file", "accuracy.jsonl", "convspec accuracy", ("accuracy.html",), read_accuracy, write_accuracy_page
    ),
    "speed": Source("speed file", "speed.json", "tox run -e bench", ("speed.html",), read_speed, write_speed_page),
    "results": Source(
        "results file", "results.jsonl", "convspec check", ("index.html", "lesson.html"), read_results, _write_report,
        ("summary.md", "badge.svg"),
    ),
}


def remake(paths: Sequence[Path], out: str | Path) -> int:
    """Make pages again from the files of a run; which is which is seen from what they hold.

    Parameters
    ----------
    paths : sequence of Path
        At most one file of each kind.
    out : path
        Folder of the pages; it is made if it is not there.

    Returns
    -------
    int
        0.

    Raises
    ------
    ResultsError
        A file cannot be read, is broken, or is of no known kind, or two are of the same kind. The message names the
        file. Nothing is written then.
    NotWritten
        The folder cannot be written into.
    """
    found: dict[str, Path] = {}
    for path in paths:
        kind = recognised(path)
        SOURCES[kind].read(path)
        if kind in found:
            raise ResultsError(
                f"{path}: a second {SOURCES[kind].name} beside {found[kind]}; a folder holds the pages of one"
            )
        found[kind] = path
    coming = [page for kind in found for page in SOURCES[kind].pages]
    with held(out, [*coming, *(name for kind in found for name in SOURCES[kind].beside)]) as folder:
        pages = pages_in(folder, *coming)
        for kind, source in SOURCES.items():
            if kind in found:
                source.write(found[kind], folder / source.pages[0], pages)
    for address, _ in pages:
        print(f"{'Made' if address in coming else 'There'}: {folder / address}")
    return 0


def recognised(path: Path) -> str:
    """Tell the kind of a file by its content.

    Returns
    -------
    str
        "results", "proof", "conventions", "accuracy" or "speed".

    Raises
    ------
    ResultsError
        It cannot be read or is none of these; the message names the file and what is known.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    first = _members(raw.partition(b"\n")[0])
    if first.get("type") == "header":
        kind = first.get("kind", "results")
        if kind in ("results", "proof", "conventions", "accuracy"):
            return str(kind)
    # A speed file is one object over many lines.
    elif raw[:1] == b"{" and (first or _members(raw)).get("kind") == "speed":
        return "speed"
    known = ", ".join(
        f"{source.article} {source.name} ({source.usual}, from `{source.maker}`)" for source in SOURCES.values()
    )
    raise ResultsError(f"{path}: not a file that pages are made from; known are {known}")


def _members(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def show_difference(old: Path, new: Path, out: str | Path | None) -> int:
    """Compare two results files, print what changed and, with ``out``, write ``diff.html`` and ``diff.md`` there.

    Returns
    -------
    int
        1 if a requirement got worse for an adapter, else 0.

    Raises
    ------
    ResultsError
        A file cannot be read or is no results file; the message names it.
    NotWritten
        The folder cannot be written into.
    """
    with contextlib.nullcontext() if out is None else held(out, ("diff.html", "diff.md")) as folder:
        difference = compare(read_results(old), read_results(new))
        for line in diff_lines(difference):
            print(line)
        if folder is not None:
            print(f"\nDifference: {write_diff(difference, folder)}")
    return difference.exit_status
