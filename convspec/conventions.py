"""Where libraries disagree: measured, written, shown."""

from pathlib import Path

import convspec
from convspec.conformance.convention_lines import Plan, conventions
from convspec.conformance.machine import today
from convspec.folder import held
from convspec.measuring import tell, write_measured
from convspec.reports import pages_in, read_conventions, write_conventions_page

FILE, PAGE = "conventions.jsonl", "conventions.html"


def measure_conventions(out: str | Path) -> int:
    """Measure the conventions of all libraries that are installed, and write ``conventions.jsonl`` and its page.

    Parameters
    ----------
    out : path
        Folder of both; it is made if it is not there.

    Returns
    -------
    int
        0: to disagree is no fault.

    Raises
    ------
    NotWritten
        The folder cannot be written into.
    """
    plan = Plan(convspec.__version__, today(), tell)
    with held(out, (FILE, PAGE)) as folder:
        write_measured(
            folder / FILE, conventions(plan),
            lambda: write_conventions_page(folder / FILE, folder / PAGE, pages_in(folder, PAGE)),
        )
        found = read_conventions(folder / FILE)
    for library in found.libraries:
        if not library.available:
            print(f"{library.function}: {library.reason}")
    print(f"{len(found.topics)} topics, {len(found.measured)} functions, {len(found.cells)} calls")
    print(f"Conventions: {folder / PAGE}")
    return 0
