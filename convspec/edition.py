"""An edition: what a run found, published so that it means the same in ten years."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import convspec
from convspec.conformance.vectors import vectors
from convspec.folder import held
from convspec.interrupting import held_back
from convspec.reporting import SOURCES, remake
from convspec.reports import ResultsError, offered, published, read_results, unpublishable

SUMS = "SHA256SUMS"
# What is taught lies open, to be linked to; what was measured is a tenth as long when it is packed.
LESSON = "lesson.html"
MEASURED = "measured.zip"
# One file a page holds everything; these are taken out of it again for those who want only the figure or the numbers.
FOLDERS = {".svg": "figures", ".csv": "tables"}
# Without the speed an edition is complete: it tells of one machine on one day.
DEMANDED = ("results", "conventions", "accuracy", "proof")


def publish(source: Path, out: str | Path) -> int:
    """Write an edition: results, pages, figures, tables, test vectors and their checksums.

    The figures and tables of the lesson are files; the results, and the figures and tables of the other pages, are
    in ``measured.zip``. The input of a case that ended a library, or may end it, is withheld from all of them.

    Parameters
    ----------
    source : Path
        Folder of a run: ``results.jsonl``, ``conventions.jsonl``, ``accuracy.jsonl``, ``proof.jsonl`` and, if it is
        there, ``speed.json``.
    out : path
        Folder of all editions; this one goes into the folder of its version.

    Returns
    -------
    int
        0.

    Raises
    ------
    ResultsError
        A file is missing, broken or incomplete, this edition is published already, or an input that is part of the
        suite itself ended a library. Nothing is written then.
    NotWritten
        The folder cannot be written into.
    """
    _refuse_what_is_published(Path(out, convspec.__version__))
    found = _sources(source)
    with held(out, ()) as editions, _temporary_folder(editions) as temporary:
        folder = editions / convspec.__version__
        # It may have come while this one waited.
        _refuse_what_is_published(folder)
        shown = temporary / "shown"
        shown.mkdir()
        part = temporary / folder.name
        _write(_shown(found, shown), part)
        part.rename(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"Edition: {folder}, {size / 1e6:.2f} MB")
    return 0


def _refuse_what_is_published(folder: Path) -> None:
    if os.path.lexists(folder):
        raise ResultsError(f"{folder}: this edition is published, and a published edition never changes; "
                           "raise the version, or write elsewhere")


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder inside another one, which goes away again whatever comes meanwhile."""
    temporary = Path(tempfile.mkdtemp(dir=folder))
    try:
        yield temporary
    finally:
        with held_back():
            shutil.rmtree(temporary, ignore_errors=True)


def _sources(source: Path) -> list[Path]:
    found = []
    for kind, known in SOURCES.items():
        path = source / known.usual
        if path.is_file():
            known.read(path)
            found.append(path)
        elif kind in DEMANDED:
            raise ResultsError(f"{path}: an edition needs it; `{known.maker}` writes it")
    path = source / SOURCES["results"].usual
    results = read_results(path)
    if not results.complete:
        raise ResultsError(f"{path}: the run is incomplete; an edition needs a whole one")
    if results.header.suite_version != convspec.__version__:
        raise ResultsError(f"{path}: it is of version {results.header.suite_version}, "
                           f"and this would be the edition of {convspec.__version__}")
    return found


def _shown(sources: Sequence[Path], folder: Path) -> list[Path]:
    """Copy the files into a folder as they may be published."""
    copies = []
    for path in sources:
        raw = path.read_bytes()
        if path.suffix == ".jsonl":
            for number, called in unpublishable(raw):
                raise ResultsError(f"{path}, line {number}: a library did not live to answer ({called}). Its input is "
                                   "part of the suite, so it cannot be withheld: repeat the run, or take it out")
            raw = published(raw)
        copies.append(folder / path.name)
        copies[-1].write_bytes(raw)
    return copies


def _write(sources: Sequence[Path], folder: Path) -> None:
    folder.mkdir()
    remake(sources, folder)
    (folder / "vectors.json").write_text(_json(vectors(convspec.__version__)), encoding="utf-8")
    with zipfile.ZipFile(folder / MEASURED, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sources:
            _pack(packed, path.name, path.read_bytes())
        for page in sorted(folder.glob("*.html")):
            for name, data in offered(page.read_text(encoding="utf-8")):
                place = Path(FOLDERS[Path(name).suffix], page.stem, name.removeprefix("convspec-"))
                if page.name == LESSON:
                    (folder / place).parent.mkdir(parents=True, exist_ok=True)
                    (folder / place).write_bytes(data)
                else:
                    _pack(packed, place.as_posix(), data)
    (folder / SUMS).write_text(sums(folder), encoding="utf-8")


def _pack(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    # The first date that the format knows: the same run gives the same bytes at any time.
    packed.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _json(value: object) -> str:
    """One vector a line: the file is read by people, too, and compared line by line."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return text.replace('{"id": ', '\n{"id": ') + "\n"


def sums(folder: Path) -> str:
    """The SHA-256 of each file below a folder, as `sha256sum` writes them.

    Returns
    -------
    str
        One line a file, in the order of their names.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / SUMS)
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )
