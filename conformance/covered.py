"""Which lines and branches of the project's own code the suite reaches.

Each measurement runs in a process of its own, which imports the code while it is watched.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from convspec.conformance import interpreter

CASES = 12
REFERENCE = ("arguments", "convolution", "exact", "padding", "rounding", "shapes")


@dataclass(frozen=True)
class Measured:
    """What is measured: which files, while an adapter is verified with the first cases of each requirement.

    Parameters
    ----------
    cases : int
        How many of each.
    multiplications : int
        Cases with more are left out; 0 for no limit.
    """

    adapter: str
    what: str
    files: tuple[str, ...]
    cases: int = CASES
    multiplications: int = 0


MEASURED = (
    Measured(
        "vectorized", f"the vectorised variant under the first {CASES} cases of each requirement",
        ("adapters/vectorized.py",),
    ),
    # The reference's loops are slow while each line of them is watched, and small cases take the same branches.
    Measured(
        "reference", f"the reference under the first {CASES} small cases of each requirement",
        tuple(f"reference/{name}.py" for name in REFERENCE), multiplications=250,
    ),
)


def code_lines(measurements: Sequence[Measured] = MEASURED) -> Iterator[dict[str, Any]]:
    """One line for each file; none where coverage.py is not installed.

    Yields
    ------
    dict
        With ``lines`` and ``branches`` as [reached, all].
    """
    if find_spec("coverage") is None:
        return
    for measured in measurements:
        report = _report(measured)
        for file in measured.files:
            summary = next(
                found["summary"] for path, found in report["files"].items() if Path(path).as_posix().endswith(file)
            )
            yield {
                "type": "code",
                "what": measured.what,
                "file": file,
                "lines": [summary["covered_lines"], summary["num_statements"]],
                "branches": [summary["covered_branches"], summary["num_branches"]],
            }


def _report(measured: Measured) -> dict[str, Any]:
    """What coverage.py says of one adapter's files, in the form of its JSON report."""
    package = Path(__file__).resolve().parent.parent
    included = ",".join(str((package / file).resolve()) for file in measured.files)
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder, "data"), Path(folder, "report.json")
        run = ["run", "--branch", f"--include={included}", "-m", "convspec.conformance.covered"]
        report = ["json", f"--include={included}", "-o", str(out), "-q"]
        for arguments in ([*run, measured.adapter, str(measured.cases), str(measured.multiplications)], report):
            subprocess.run(
                [sys.executable, "-P", "-m", "coverage", arguments[0], f"--data-file={data}",
                 f"--rcfile={os.devnull}", *arguments[1:]],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_where_this_package_is(),
            )
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _where_this_package_is() -> dict[str, str]:
    """An environment in which the package is imported from where it is here, and not from the working folder."""
    places = [interpreter.home(), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def main(name: str, cases: str, multiplications: str) -> None:
    """Run the first cases of all requirements over an adapter in this process."""
    # Imported here, while it is watched: the lines of definitions count, too.
    from convspec.conformance.battery import Battery
    from convspec.conformance.catalogue import catalogue
    from convspec.conformance.engine import Verifier
    from convspec.conformance.in_process import InProcess
    from convspec.conformance.oracle import Oracle
    from convspec.conformance.requirements import requirements

    largest = int(multiplications) or None
    verifier = Verifier(name, InProcess(name), Battery(0, "quick", largest), Oracle(), shrinks=False)
    for requirement in requirements().values():
        verifier.verify(requirement, catalogue()[requirement.id], slice(int(cases)))


if __name__ == "__main__":
    main(*sys.argv[1:])
