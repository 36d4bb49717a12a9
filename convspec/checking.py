"""Verifying adapters and writing the report: the one thing that joins the suite and the reports."""

import contextlib
import glob
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from convspec.adapters.loading import adapt
from convspec.adapters.protocol import DTYPES
from convspec.conformance.conclusion import judged, left_out
from convspec.conformance.results import NotWritten
from convspec.conformance.results_file import NAME, PREVIOUS
from convspec.conformance.run import Run, Settings
from convspec.folder import held
from convspec.interrupting import held_back
from convspec.reports import conclude, deviation_lines, read_results, verdict_lines, world_lines, write_report
from convspec.rules import BAD, DOES_NOT_CONFORM, INTERRUPTED, SUITE_FAILED
from convspec.underneath import JUNIT, run_pytest

WRITTEN = (NAME, PREVIOUS, JUNIT, "index.html", "lesson.html", "summary.md", "badge.svg")
# What no interruption takes back.
STANDING = (DOES_NOT_CONFORM, SUITE_FAILED, INTERRUPTED)


@dataclass(frozen=True)
class Result:
    """What a check amounts to.

    Parameters
    ----------
    exit_status : int
        0 conforms; 1 a failure was found, also where the run did not end; 3 nothing was verified; 4 the suite itself
        failed; 5 the run did not end, and no failure was found; 130 interrupted before the first verdict.
    conclusions : dict
        For each adapter what the report says: "conforms", "conforms, for square kernels only", "conforms but for 3
        known deviations", "does not conform", "nothing verified", "unavailable" or "not finished, without a failure so
        far"; of a selection with "(PAD only)" behind it.
    verdicts : list of dict
        The verdict lines of the results file, with ``seconds`` and, where a failure is explained, ``diagnosis``.
    page : Path or None
        The report.
    complete : bool
        Whether all that was selected was verified.
    suite_errors : tuple of str
        Where the suite itself failed: its faults, not the implementation's.
    worlds : list of dict
        The lines of type "exhaustive" of the results file, with ``seconds`` and ``rate``.
    interrupted : bool
        Whether somebody ended the run, or what follows it.
    """

    exit_status: int
    conclusions: dict[str, str]
    verdicts: list[dict[str, Any]]
    page: Path | None
    complete: bool
    suite_errors: tuple[str, ...] = ()
    worlds: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False

    def __bool__(self) -> bool:
        """Whether everything that was asked for conforms."""
        return self.exit_status == 0

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The verdict lines that are not in order."""
        return [line for line in self.verdicts if line["outcome"] in BAD]

    def __repr__(self) -> str:
        told = "; ".join(f"{name} {conclusion}" for name, conclusion in self.conclusions.items())
        first = f"; {self.failures[0]['requirement']}: {self.failures[0]['reason']}" if self.failures else ""
        return f"<{told}{first}>"


def check(
    *targets: str | Callable[..., Any] | Any,
    only: str | Iterable[str] = (),
    effort: str = "standard",
    seed: int = 0,
    profile: str | None = None,
    dtypes: str | Iterable[str] = (),
    out: str | Path | None = None,
    fail_fast: bool = False,
    time_limit: float = 10.0,
    workers: int = 0,
    pytest_args: Iterable[str] = (),
    exhaustive: bool = False,
    strict: bool = False,
    known: str | Path | None = None,
) -> Result:
    """Verify convolutions against the specification.

    Parameters
    ----------
    *targets : str, function, or object with a conv2d method
        A known name, ``module:attr``, ``path/to/file.py:attr``, or the thing itself. None for the built-in adapters.
    only : str or iterable of str
        Requirements or families.
    effort : "quick", "standard" or "thorough"
    seed : int
    profile : "plane", "layer" or None
    dtypes : str or iterable of str
        Element types to ask for instead of those that are claimed.
    out : path or None
        Folder of the report; None writes none.
    fail_fast : bool
        Stop at the first failure that counts.
    time_limit : float
        Seconds of processor time that one trial may take.
    workers : int
        Processes side by side, by pytest-xdist; 0 for none.
    pytest_args : iterable of str
        Further arguments for pytest.
    exhaustive : bool
        Try every geometry up to a bound as well.
    strict : bool
        Hold plain functions to refusing what is no convolution, and to corners of which they say nothing.
    known : path or None
        A text file of failures that are expected, one a line: requirement, predicate or case id, link.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        An argument is out of range, a target cannot be loaded, what it declares is refused, or the file of known
        failures cannot be read; the message names it and the value.
    ImportError
        The library of a named adapter is not installed.
    NotWritten
        The folder cannot be written into, another run does so, a file there is the user's own, or the disk is full; the
        message names the file. Nothing takes the place of a whole file that was there.
    KeyboardInterrupt
        It was interrupted before the first verdict; later there is a result that is not complete.

    Examples
    --------
    >>> from convspec.reference import conv2d
    >>> check(conv2d, only="DEF-05", effort="quick").conclusions
    {'conv2d': 'conforms (DEF-05 only)'}
    """
    settings = make_settings(
        targets, only=only, effort=effort, seed=seed, profile=profile, dtypes=dtypes, time_limit=time_limit
    )
    listed = "" if known is None else str(Path(known).absolute())
    asked = replace(settings, exhaustive=exhaustive, fail_fast=fail_fast, known=listed, strict=strict)
    run = Run(asked)
    with contextlib.nullcontext() if out is None else held(out, WRITTEN) as folder:
        try:
            _perform(run, folder, workers, list(pytest_args))
        except KeyboardInterrupt:
            if not run.verdict_lines:
                raise
            run.interrupted = True
        if run.not_written:
            raise NotWritten(run.not_written)
        if run.refusal:
            raise ValueError(run.refusal)
        return _result(run, folder)


def _perform(run: Run, out: Path | None, workers: int, pytest_args: list[str]) -> None:
    try:
        run.start_all()
        run_pytest(run, out, workers, pytest_args)
    finally:
        with held_back():
            run.close()


def make_settings(
    targets: Iterable[Any],
    *,
    only: str | Iterable[str],
    effort: str,
    seed: int,
    profile: str | None,
    dtypes: str | Iterable[str],
    time_limit: float,
) -> Settings:
    """Settings from what a caller gives, checked.

    Raises
    ------
    ValueError
        Something is out of range; the message names it and the value.
    """
    if not _is_natural(seed):
        raise ValueError(f"seed is {seed!r}; it must be a whole number of at least 0")
    if profile not in (None, "plane", "layer"):
        raise ValueError(f"profile is {profile!r}; it must be 'plane' or 'layer'")
    if not time_limit > 0:
        raise ValueError(f"time_limit is {time_limit!r}; it must be a number of seconds above 0")
    wanted = split_words(dtypes)
    for name in wanted:
        if name not in DTYPES:
            raise ValueError(f"dtypes names {name!r}; known are {', '.join(DTYPES)}")
    named: list[str] = []
    patterns: list[str] = []
    objects: dict[str, Any] = {}
    for target in targets:
        if not isinstance(target, str):
            own_name = str(getattr(target, "name", None) or getattr(target, "__name__", type(target).__name__))
            while own_name in named:
                own_name += "_"
            objects[own_name] = adapt(target, own_name, wanted)
            named.append(own_name)
            continue
        found = _expanded(target)
        patterns += found if found != [target] else []
        named += [item for item in found if item not in named]
    return Settings(
        tuple(named),
        split_words(only),
        effort,
        seed,
        profile,
        wanted,
        time_limit,
        objects,
        tuple(patterns),
        _version(),
    )


def _is_natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def split_words(given: str | Iterable[str]) -> tuple[str, ...]:
    """The words of what may be given in several parts, with commas between."""
    parts = [given] if isinstance(given, str) else list(given)
    return tuple(word for part in parts for word in part.replace(",", " ").split())


def _expanded(target: str) -> list[str]:
    """The targets that a pattern such as ``homework/*.py:conv`` means."""
    path, colon, attribute = target.rpartition(":")
    if not colon or not any(letter in path for letter in "*?["):
        return [target]
    files = sorted(glob.glob(path, recursive=True))
    if not files:
        raise ValueError(f"target {target!r} matches no file")
    return [f"{file}:{attribute}" for file in files]


def _version() -> str:
    try:
        return metadata.version("convspec")
    except metadata.PackageNotFoundError:
        from convspec import __version__

        return __version__


def _result(run: Run, out: Path | None) -> Result:
    """Write the report, and say what the run amounts to."""
    page = None
    if out is not None and (out / NAME).exists():
        try:
            page = write_report(out / NAME, out)
        except KeyboardInterrupt:
            run.interrupted = True
    verdicts = [line for line in run.lines() if line["type"] == "verdict"]
    if run.suite_errors:
        status = SUITE_FAILED
    elif run.interrupted and not verdicts:
        status = INTERRUPTED
    else:
        status = run.exit_status()
    return Result(
        status,
        _conclusions(run),
        verdicts,
        page,
        run.is_complete(),
        tuple(run.suite_errors),
        list(run.world_lines.values()),
        run.interrupted,
    )


def _conclusions(run: Run) -> dict[str, str]:
    """For each adapter the words of the report, whether or not one is written."""
    told = {}
    for target in run.settings.named:
        line = run.adapter_lines.get(target, {})
        mine = [verdict for (name, _), verdict in run.verdict_lines.items() if name == target]
        found = conclude(
            judged(mine),
            left_out=left_out(mine),
            available=line.get("available", True),
            complete=run.is_complete(),
            limits=line.get("limits", ()),
            only=run.settings.only,
        )
        told[run.ids[target]] = found.words
    return told


def results_lines(out: Path) -> list[str]:
    """One line of summary for each adapter of a results file in a folder."""
    path = out / NAME
    if not path.exists():
        return []
    results = read_results(path)
    return verdict_lines(results) + deviation_lines(results) + world_lines(results)
