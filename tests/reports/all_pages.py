"""All pages of a folder, made from the sample files as the command line makes them."""

from pathlib import Path

from sample_results import sample, world, write

import convspec
from convspec.adapters.native import LIBRARIES
from convspec.conformance.convention_lines import Plan, conventions
from convspec.conformance.results import write_lines
from convspec.reporting import remake, show_difference

HERE = Path(__file__).parent
# The outcomes of an earlier run, by those of the sample; it was interrupted, too.
BECAME = {
    "failed": "passed",
    "timed out": "crashed",
    "errored": "skipped",
    "known deviation": "errored",
}


def make_all_pages(folder: Path) -> dict[str, str]:
    """Make every page that `convspec report` knows.

    Returns
    -------
    dict
        File name to text, in the order of the names.
    """
    lines = [*sample()[:-1], world(), sample()[-1]]
    results = write(folder / "results.jsonl", lines)
    changed = [{**line, "outcome": BECAME.get(line.get("outcome", ""), line.get("outcome"))} for line in lines[:-2]]
    show_difference(write(folder / "old.jsonl", changed), results, folder)
    # The real topics, whose addresses are published, with the libraries that are always there.
    always = [library for library in LIBRARIES if library.id.startswith(("convspec", "numpy"))]
    measured = folder / "conventions.jsonl"
    write_lines(measured, conventions(Plan("0.1.0", "2026-11-22", libraries=always)))
    # Of every other kind a sample lies beside this file.
    remake([results, measured, *sorted(HERE.glob("*-sample.json*"))], folder)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}


def make_whole_run(folder: Path) -> Path:
    """Make the files of a run, of which an edition can be made: the samples under their usual names.

    Returns
    -------
    Path
        The folder.
    """
    folder.mkdir(exist_ok=True)
    make_all_pages(folder)
    lines = sample()
    lines[0]["suite"]["version"] = convspec.__version__
    write(folder / "results.jsonl", lines)
    for path in HERE.glob("*-sample.json*"):
        (folder / path.name.replace("-sample", "")).write_bytes(path.read_bytes())
    return folder
