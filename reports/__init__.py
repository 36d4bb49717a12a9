"""Results files in, pages out: nothing here runs a convolution under test."""

import os
from pathlib import Path

from convspec.reports.accuracy import write_accuracy_page
from convspec.reports.accuracy_file import read_accuracy
from convspec.reports.accuracy_views import headline as accuracy_headline
from convspec.reports.conclusion import conclude
from convspec.reports.convention_file import read_conventions
from convspec.reports.conventions import write_conventions_page
from convspec.reports.diff import write_diff
from convspec.reports.diff_changes import compare
from convspec.reports.diff_text import diff_lines
from convspec.reports.figures import offered
from convspec.reports.lesson import write_lesson_page
from convspec.reports.page import Pages, has_our_mark, pages_in, write_bytes, write_page
from convspec.reports.proof import write_proof_page
from convspec.reports.proof_file import read_proof
from convspec.reports.results import Results, ResultsError, read_results
from convspec.reports.speed import write_speed_page
from convspec.reports.speed_file import read_speed
from convspec.reports.summary import badge, deviation_lines, markdown, verdict_lines
from convspec.reports.verdict import verdict_page, write_verdict_page
from convspec.reports.withholding import published, unpublishable
from convspec.reports.worlds import world_lines

__all__ = [
    "Pages",
    "Results",
    "ResultsError",
    "accuracy_headline",
    "badge",
    "compare",
    "conclude",
    "deviation_lines",
    "diff_lines",
    "has_our_mark",
    "offered",
    "pages_in",
    "published",
    "read_accuracy",
    "read_conventions",
    "read_proof",
    "read_results",
    "read_speed",
    "unpublishable",
    "verdict_lines",
    "world_lines",
    "write_accuracy_page",
    "write_conventions_page",
    "write_diff",
    "write_lesson_page",
    "write_proof_page",
    "write_report",
    "write_speed_page",
    "write_verdict_page",
]


def write_report(results_path: str | os.PathLike[str], out_dir: str | os.PathLike[str]) -> Path:
    """Write the verdict, ``index.html``, with ``summary.md``, ``badge.svg`` and, beside it, the lesson.

    Parameters
    ----------
    results_path : path
        A ``results.jsonl``, complete or not.
    out_dir : path
        The folder for the files; it is made if it is not there.

    Returns
    -------
    Path
        The page, ``index.html``.

    Raises
    ------
    ResultsError
        The results file is broken; the message names the file, the line and what is wrong.
    """
    results = read_results(results_path)
    folder = Path(out_dir)
    pages = pages_in(folder, "index.html", "lesson.html")
    write_page(folder / "index.html", verdict_page(results, pages), pages)
    write_lesson_page(
        folder / "lesson.html", version=results.header.suite_version, date=results.header.date, pages=pages
    )
    write_bytes(folder / "summary.md", markdown(results).encode("utf-8"))
    write_bytes(folder / "badge.svg", badge(results).encode("utf-8"))
    return folder / "index.html"
