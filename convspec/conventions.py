"""Where libraries disagree: measured, written, shown."""

import sys
from pathlib import Path

import convspec
from convspec.conformance.convention_lines import Plan, conventions
from convspec.conformance.machine import today
from convspec.conformance.results import write_lines
from convspec.reports import pages_in, read_conventions, write_conventions_page

FILE, PAGE = "conventions.jsonl", "conventions.html"


def measure_conventions(out: Path) -> int:
    """Measure the conventions of all libraries that are installed, and write ``conventions.jsonl`` and its page.

    Parameters
    ----------
    out : Path
        Folder of both; it is made if it is not there.

    Returns
    -------
    int
        0: to disagree is no fault.
    """
    plan = Plan(convspec.__version__, today(), show)
    try:
        write_lines(out / FILE, conventions(plan))
    finally:
        # Interrupted, it shows what there is, and says that it is incomplete.
        write_conventions_page(out / FILE, out / PAGE, pages_in(out, PAGE))
    found = read_conventions(out / FILE)
    for library in found.libraries:
        if not library.available:
            print(f"{library.function}: {library.reason}")
    print(f"{len(found.topics)} topics, {len(found.measured)} functions, {len(found.cells)} calls")
    print(f"Conventions: {out / PAGE}")
    return 0


def show(text: str) -> None:
    """Say on the error stream what is being done."""
    print(text, file=sys.stderr, flush=True)
