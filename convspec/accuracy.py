"""How accurate implementations are: measured, written, shown."""

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import convspec
from convspec.checking import make_settings
from convspec.conformance.accuracy_lines import Plan, accuracy
from convspec.conformance.machine import today
from convspec.conformance.results import write_lines
from convspec.reports import accuracy_headline, pages_in, read_accuracy, write_accuracy_page

FILE, PAGE = "accuracy.jsonl", "accuracy.html"


def measure_accuracy(targets: tuple[str, ...], seed: int, out: Path) -> int:
    """Measure the rounding errors of implementations, and write ``accuracy.jsonl`` and its page.

    Parameters
    ----------
    targets : tuple of str
        Empty for SciPy, PyTorch and the vectorised variant.
    seed : int
        Another seed draws other numbers.
    out : Path
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
    """
    started = time.perf_counter()

    def tell(text: str) -> None:
        print(f"{time.perf_counter() - started:5.0f} s  {text}", file=sys.stderr, flush=True)

    named = make_settings(
        targets, only=(), effort="quick", seed=seed, profile=None, dtypes=(), time_limit=10.0
    ).targets
    lines = _with_known_targets(accuracy(Plan(named, seed, convspec.__version__, today(), tell)))
    try:
        write_lines(out / FILE, lines)
    finally:
        # Interrupted, it shows what there is, and says that it is incomplete.
        write_accuracy_page(out / FILE, out / PAGE, pages_in(out, PAGE))
    found = read_accuracy(out / FILE)
    print(accuracy_headline(found))
    print(f"Accuracy: {out / PAGE}")
    return found.footer.exit_status if found.footer else 1


def _with_known_targets(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same lines, with all targets loaded before a file is written: a mistyped name must not cost the old one."""
    first = []
    for line in lines:
        first.append(line)
        if line["type"] not in ("header", "adapter"):
            break
    return itertools.chain(first, lines)
