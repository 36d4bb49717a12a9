"""The folder that a command writes into: made, held by one run at a time, and nobody else's files are overwritten."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from convspec.conformance.results import UNWRITABLE, NotWritten
from convspec.interrupting import held_back
from convspec.reports import has_our_mark

if sys.platform != "win32":
    import fcntl

# Most pages are smaller.
ROOM = 1 << 20
# A header is much shorter.
LONGEST_HEADER = 1 << 20
# What has no mark of ours is ours where it lies beside a file that has.
BESIDE = {
    "summary.md": ("index.html", "results.jsonl"),
    "badge.svg": ("index.html", "results.jsonl"),
    "junit.xml": ("results.jsonl", "index.html"),
    "diff.md": ("diff.html",),
}
ELSEWHERE = "write to another folder, or move it away"
# Descriptors that hold folders; a process that is forked may outlive the run, and must not hold them on.
_holding: set[int] = set()


@contextlib.contextmanager
def held(out: str | os.PathLike[str], names: Sequence[str]) -> Iterator[Path]:
    """Make a folder and hold it as long as it is written into.

    Parameters
    ----------
    out : path
        The folder. If it had to be made and nothing is in it at the end, it goes away again.
    names : sequence of str
        The files that will be written there.

    Raises
    ------
    NotWritten
        It cannot be written into, another run does so at this time, or a file of one of these names is there that is
        nobody's but the user's; or writing failed in the end.
    """
    folder = _named(out)
    made: list[Path] = []
    try:
        _make(folder, made)
        with _alone(folder):
            try:
                for name in names:
                    _refuse_a_stranger(folder / name)
                _refuse_without_room(folder)
                # What a run that was killed has left, or a link that somebody put in its place.
                _clear(folder, names)
                yield folder
            finally:
                # A signal that comes now comes too late to end anything.
                with contextlib.suppress(KeyboardInterrupt), held_back():
                    _tidy(folder, names, made)
    except OSError as error:
        if not is_about_writing(error):
            raise
        raise NotWritten(f"{error.filename or folder}: {error.strerror or error}") from error


def is_about_writing(error: OSError) -> bool:
    """Whether an error tells of a file, or of a disk, and not of the suite."""
    return error.filename is not None or error.errno in UNWRITABLE


def _named(out: str | os.PathLike[str]) -> Path:
    text = os.fspath(out)
    if not text:
        raise NotWritten("the folder to write into has an empty name; '.' is the working folder")
    if "\0" in text:
        raise NotWritten(f"{text!r}: a name that holds a NUL is no folder's")
    return Path(text)


def _make(folder: Path, made: list[Path]) -> None:
    try:
        if folder.is_symlink() and not folder.exists():
            raise NotWritten(f"{folder}: is a link to {os.readlink(folder)}, which is not there")
        if folder.exists() and not folder.is_dir():
            raise NotWritten(f"{folder}: is no folder, so nothing can be written there")
        missing = []
        place = folder
        while not place.exists():
            missing.append(place)
            place = place.parent
        for part in reversed(missing):
            part.mkdir(exist_ok=True)
            made.append(part)
    except OSError as error:
        with contextlib.suppress(OSError):
            for part in reversed(made):
                part.rmdir()
        raise NotWritten(f"{folder}: the folder cannot be made: {error.strerror or error}") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder itself, not a file in it: nothing is left behind, whatever becomes of this process."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    _holding.add(descriptor)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        _holding.discard(descriptor)
        with contextlib.suppress(OSError):
            # A copy of the descriptor in another process would hold the folder on.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    busy = NotWritten(f"another run writes into {folder} now; give this one an --out of its own")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise busy from None
    except OSError:
        # A file system without locks.
        return
    try:
        # A run that found nothing to write has taken its folder away in the meantime.
        is_there = os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        is_there = False
    if not is_there:
        raise busy


def _let_go_in_a_fork() -> None:
    for descriptor in _holding:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _holding.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_a_fork)


def _refuse_a_stranger(path: Path) -> None:
    """Refuse to overwrite what the suite has not written."""
    if path.is_symlink():
        raise NotWritten(f"{path}: is a link, and would be overwritten; {ELSEWHERE}")
    if not path.exists():
        return
    if not path.is_file():
        raise NotWritten(f"{path}: is no file, and a file of this name would be written; {ELSEWHERE}")
    if not (_is_ours(path) or any(_is_ours(path.with_name(name)) for name in BESIDE.get(path.name, ()))):
        raise NotWritten(f"{path}: was not written by convspec, and would be overwritten; {ELSEWHERE}")


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        if path.suffix == ".html":
            return has_our_mark(path)
        return path.suffix == ".jsonl" and (path.stat().st_size == 0 or _has_our_header(path))
    except OSError:
        return False


def _has_our_header(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(LONGEST_HEADER)
    try:
        header = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and header.get("type") == "header"


def _refuse_without_room(folder: Path) -> None:
    """Write a file without a name, of which nothing is left."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        raise NotWritten(f"{folder}: a report cannot be written there: {error.strerror or error}") from error


def _clear(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        (folder / f"{name}.part").unlink(missing_ok=True)


def _tidy(folder: Path, names: Sequence[str], made: Sequence[Path]) -> None:
    """Take away what an interruption left half written, and folders that were made for nothing."""
    with contextlib.suppress(OSError):
        _clear(folder, names)
        for part in reversed(made):
            part.rmdir()
