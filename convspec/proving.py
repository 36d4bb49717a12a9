"""The proof of the suite's power: made, written, shown."""

import time
from pathlib import Path
from typing import Any

import convspec
from convspec.adapters.faulty import FAULTS
from convspec.conformance.machine import today
from convspec.conformance.proof import PARTS, Plan, prove
from convspec.folder import held
from convspec.measuring import Lines, tell, write_measured
from convspec.reports import pages_in, write_proof_page

FILE, PAGE = "proof.jsonl", "proof.html"


def prove_and_report(
    out: str | Path, seeds: tuple[int, ...], faults: tuple[str, ...], null_effort: str, workers: int,
    parts: tuple[str, ...] = PARTS,
) -> int:
    """Make the proof, write ``proof.jsonl`` and ``proof.html``, and say what came of it.

    Returns
    -------
    int
        0 if every fault is found and no correct variant accused, 1 otherwise.

    Raises
    ------
    ValueError
        A fault is unknown, or there are no workers; the message names the value.
    NotWritten
        The folder cannot be written into.
    """
    for id in faults:
        if id not in FAULTS:
            raise ValueError(
                f"fault {id!r} is unknown; there are {len(FAULTS)}, for instance {', '.join(list(FAULTS)[:5])}"
            )
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be at least 1")
    started = time.perf_counter()
    plan = Plan(
        seeds,
        workers,
        faults,
        null_effort,
        parts,
        convspec.__version__,
        today(),
        lambda text: tell(f"{time.perf_counter() - started:5.0f} s  {text}"),
    )
    footer: dict[str, Any] = {}

    def watched() -> Lines:
        for line in prove(plan):
            if line["type"] == "footer":
                footer.update(line)
            yield line

    with held(out, (FILE, PAGE)) as folder:
        write_measured(
            folder / FILE, watched(),
            lambda: write_proof_page(folder / FILE, folder / PAGE, pages_in(folder, PAGE)),
        )
    _tell(footer, folder)
    return int(footer["exit_status"])


def _tell(footer: dict[str, Any], out: Path) -> None:
    for effort, runs in footer["found"].items():
        for run in runs:
            print(f"{effort} effort, seed {run['seed']}: {run['found']} of {run['total']} faults found")
    for id in footer["survivors"]:
        print(f"survivor: {id}")
    for id, requirement in footer["not_caught"]:
        print(f"not caught by the requirement that must catch it: {id}, {requirement}")
    for requirement in footer["unnamed"]:
        print(f"no fault names {requirement}")
    if footer["median_seconds"] is not None:
        print(
            f"median {footer['median_seconds']} s and {footer['median_cases']:g} cases until found, "
            f"worst {footer['worst_seconds']} s"
        )
    print(f"{footer['false_alarms']} false alarms in {footer['benign_cases']} cases of correct variants")
    print(f"{footer['seconds']:g} s in all")
    print(f"Proof: {out / PAGE}")
