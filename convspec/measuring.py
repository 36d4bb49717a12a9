"""A measurement on its way into a file and onto a page."""

import contextlib
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from convspec.conformance.results import NotWritten, write_lines
from convspec.reports import ResultsError

Lines = Generator[dict[str, Any], None, None]


def write_measured(path: Path, lines: Lines, write_page: Callable[[], object]) -> None:
    """Write the lines of a measurement, and the page that shows them.

    Interrupted, or where measuring fails, both show what there is, and say that it is incomplete.

    Raises
    ------
    KeyboardInterrupt
        It was interrupted; the message says what there is.
    NotWritten
        The file cannot be written.
    """
    try:
        # Closed at once, so that processes end before a page is made.
        with contextlib.closing(lines):
            write_lines(path, lines)
    except (OSError, NotWritten):
        raise
    except BaseException as problem:
        # There may be no line yet.
        with contextlib.suppress(ResultsError):
            write_page()
        if isinstance(problem, KeyboardInterrupt):
            told = f"{path} holds what was measured until then, and says that it is incomplete"
            raise KeyboardInterrupt(told) from None
        raise
    write_page()


def tell(text: str) -> None:
    """Say on the error stream what is being done."""
    print(text, file=sys.stderr, flush=True)
