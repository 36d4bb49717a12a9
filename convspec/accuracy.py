"""How accurate implementations are: measured, written, shown."""

import contextlib
import itertools
import time
from pathlib import Path

import convspec
from convspec.adapters.loading import DEFAULTS
from convspec.checking import make_settings
from convspec.conformance.accuracy_lines import Plan, accuracy
from convspec.conformance.machine import today
from convspec.folder import held
from convspec.measuring import Lines, tell, write_measured
from convspec.reports import accuracy_headline, pages_in, read_accuracy, write_accuracy_page

FILE, PAGE = "accuracy.jsonl", "accuracy.html"


def measure_accuracy(targets: tuple[str, ...], seed: int, out: str | Path) -> int:
    """Measure the rounding errors of implementations, and write ``accuracy.jsonl`` and its page.

    Parameters
    ----------
    targets : tuple of str
        Empty for SciPy, PyTorch and the vectorised variant.
    seed : int
        Another seed draws other numbers.
    out : path
        Folder of both files; it is made if it is not there.

    Returns
    -------
    int
        0 if all errors stay below their bounds and nothing contradicts what is declared; 1 otherwise; 3 if nothing
        could be measured.

    Raises
    ------
    UnknownAdapter, Unavailable
        A named target cannot be loaded.
    NotWritten
        The folder cannot be written into.
    """
    started = time.perf_counter()

    named = make_settings(
        targets, only=(), effort="quick", seed=seed, profile=None, dtypes=(), time_limit=10.0
    ).targets
    plan = Plan(
        named, seed, convspec.__version__, today(),
        lambda text: tell(f"{time.perf_counter() - started:5.0f} s  {text}"),
    )
    with held(out, (FILE, PAGE)) as folder:
        write_measured(
            folder / FILE, _with_known_targets(accuracy(plan), len(named or DEFAULTS)),
            lambda: write_accuracy_page(folder / FILE, folder / PAGE, pages_in(folder, PAGE)),
        )
        found = read_accuracy(folder / FILE)
    print(accuracy_headline(found))
    print(f"Accuracy: {folder / PAGE}")
    return found.footer.exit_status if found.footer else 1


def _with_known_targets(lines: Lines, number: int) -> Lines:
    """The same lines, with all targets loaded before a file is written: a mistyped name must not cost the old one."""
    # The header, and a line for each target.
    first = list(itertools.islice(lines, 1 + number))

    def all_of_them() -> Lines:
        with contextlib.closing(lines):
            yield from first
            yield from lines

    return all_of_them()
