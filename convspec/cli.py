"""The command line."""

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import convspec
from convspec.accuracy import measure_accuracy
from convspec.adapters.loading import DEFAULTS, Unavailable, UnknownAdapter, names
from convspec.checking import STANDING, Result, check, results_lines
from convspec.conformance.battery import EFFORTS
from convspec.conformance.catalogue import catalogue
from convspec.conformance.expected import SuiteError
from convspec.conformance.proof import HEARD_CASES, PARTS
from convspec.conformance.requirements import requirements
from convspec.conformance.results import NotWritten
from convspec.conformance.results_file import NAME
from convspec.conformance.world import WORLD
from convspec.conventions import measure_conventions
from convspec.edition import publish
from convspec.folder import is_about_writing
from convspec.measuring import tell
from convspec.proving import prove_and_report
from convspec.repeating import repro
from convspec.reporting import remake, show_difference
from convspec.reports import ResultsError
from convspec.rules import INCOMPLETE, INTERRUPTED, SUITE_FAILED, WRONG_USAGE
from convspec.smoking import smoke

DEFAULT_OUT = "convspec-report"
SHOWN = 6


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="convspec", description="Find out whether a 2-D convolution is right.")
    top.add_argument("--version", action="version", version=f"convspec {convspec.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    checking = commands.add_parser(
        "check",
        help="verify convolutions and write a report",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=textwrap.dedent("""\
            Verify convolutions against the specification and write a report.

            TARGET is a known name (see `convspec list`), module:attr, or path/to/file.py:attr (which runs that file);
            'homework/*.py:conv' means one target for each file. Without any: SciPy, PyTorch and the vectorised variant.
            """),
        epilog="exit status: 0 conforms, for what is claimed and but for known deviations; 1 a failure was found, also "
        "if the run did not end; 2 wrong usage, a declaration that is refused, or a report that cannot be written; 3 "
        "nothing was verified; 4 the suite itself failed; 5 the run did not end, and no failure was found; 130 "
        "interrupted before the first verdict",
    )
    checking.add_argument("targets", nargs="*", metavar="TARGET")
    checking.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="a requirement (SHP-06) or family (PAD); may be repeated",
    )
    checking.add_argument(
        "--effort", choices=list(EFFORTS), default="standard", help="how many cases (default: standard)"
    )
    checking.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="another seed tries other cases (default: 0)"
    )
    checking.add_argument(
        "--out", default=DEFAULT_OUT, metavar="DIR", help=f"folder of the report (default: {DEFAULT_OUT})"
    )
    checking.add_argument(
        "--profile", choices=["plane", "layer"], help="ask for one picture and one filter only, or for layers"
    )
    checking.add_argument(
        "--dtypes", action="append", default=[], metavar="NAMES", help="element types to ask for, with commas between"
    )
    checking.add_argument(
        "--exhaustive",
        action="store_true",
        help=f"try every geometry up to a bound as well: {WORLD.total} of them, a minute or two for each adapter",
    )
    checking.add_argument(
        "--strict", action="store_true",
        help="hold plain functions to refusing what is no convolution, and to what they say nothing about",
    )
    checking.add_argument("--fail-fast", action="store_true", help="stop at the first failure that counts")
    checking.add_argument(
        "--known",
        metavar="FILE",
        help="failures that are expected, one a line: requirement, predicate or id=CASE, link",
    )
    checking.add_argument(
        "--time-limit", type=_seconds, default=10.0, metavar="S",
        help="seconds of processor time that one trial may take (default: 10)",
    )
    checking.add_argument(
        "-n", "--workers", type=int, default=0, metavar="N", help="processes side by side (needs pytest-xdist)"
    )
    checking.add_argument(
        "--pytest",
        action="append",
        default=[],
        metavar="ARG",
        help="a further argument for pytest, such as --pytest=-k --pytest=PAD",
    )

    proving = commands.add_parser(
        "prove",
        help="hold the suite against implementations that are wrong on purpose, and against correct ones",
        epilog="exit status: 0 every fault is found and no correct variant accused; 1 otherwise",
    )
    proving.add_argument(
        "--out",
        default=DEFAULT_OUT,
        metavar="DIR",
        help=f"folder of proof.jsonl and proof.html (default: {DEFAULT_OUT})",
    )
    proving.add_argument(
        "--seeds",
        type=_seed,
        nargs="+",
        default=[0, 1, 2],
        metavar="N",
        help="seeds of standard effort (default: 0 1 2)",
    )
    proving.add_argument(
        "--fault", action="append", default=[], metavar="ID", help="hunt this fault only; may be repeated"
    )
    proving.add_argument(
        "--part", action="append", default=[], choices=PARTS, help="make this part only; may be repeated"
    )
    proving.add_argument(
        "--null", choices=list(EFFORTS), default="",
        help=f"effort with which the correct variants are heard (default: {HEARD_CASES} cases of each requirement)",
    )
    proving.add_argument(
        "-n", "--workers", type=int, default=2, metavar="N",
        help="processes that work side by side, besides one for what hangs (default: 2)",
    )

    asking = commands.add_parser(
        "conventions", help="call each library in its own words and show where they disagree"
    )
    asking.add_argument(
        "--out",
        default=DEFAULT_OUT,
        metavar="DIR",
        help=f"folder of conventions.jsonl and conventions.html (default: {DEFAULT_OUT})",
    )

    measuring = commands.add_parser(
        "accuracy",
        help="measure rounding errors, and what they betray of how sums are made",
        epilog="exit status: 0 all errors stay below their bounds and nothing contradicts what is declared; "
        "1 otherwise; 2 wrong usage; 3 nothing could be measured",
    )
    measuring.add_argument("targets", nargs="*", metavar="TARGET")
    measuring.add_argument("--seed", type=_seed, default=0, metavar="N", help="another seed draws other numbers")
    measuring.add_argument("--out", default=DEFAULT_OUT, metavar="DIR",
                           help=f"folder of accuracy.jsonl and accuracy.html (default: {DEFAULT_OUT})")

    remaking = commands.add_parser("report", help="make pages again from the files of a run")
    remaking.add_argument(
        "files", nargs="+", metavar="NAME",
        help="results.jsonl, proof.jsonl, conventions.jsonl, accuracy.jsonl, speed.json",
    )
    remaking.add_argument("--out", required=True, metavar="DIR", help="folder of the pages")
    publishing = commands.add_parser(
        "edition", help="publish a run: pages, results, figures, tables, test vectors and their checksums"
    )
    publishing.add_argument("source", metavar="DIR", help="folder of the run's files")
    publishing.add_argument("--out", required=True, metavar="DIR", help="folder of all editions")
    comparing = commands.add_parser(
        "diff",
        help="compare two results files",
        epilog="exit status: 0 nothing got worse; 1 a requirement got worse for an adapter, or passed and is no longer "
        "claimed; 2 a file cannot be read",
    )
    comparing.add_argument("old", metavar="OLD", help="the earlier results.jsonl")
    comparing.add_argument("new", metavar="NEW", help="the later results.jsonl")
    comparing.add_argument("--out", metavar="DIR", help="folder for diff.html and diff.md; none are written without it")

    commands.add_parser("list", help="the requirements and the known adapters")
    explaining = commands.add_parser("explain", help="what a requirement says and how it is checked")
    explaining.add_argument("id", metavar="ID")
    smoking = commands.add_parser(
        "smoke", help="a handful of fixed cases: is the adapter miswired, or the implementation wrong?"
    )
    smoking.add_argument("target", metavar="TARGET")
    repeating = commands.add_parser("repro", help="run one requirement on one case and show all that belongs to it")
    repeating.add_argument("line", metavar="'ID CASE'")
    repeating.add_argument("--adapter", required=True, metavar="TARGET")
    for command in (smoking, repeating):
        command.add_argument("--dtypes", action="append", default=[], metavar="NAMES")
        command.add_argument("--time-limit", type=_seconds, default=10.0, metavar="S")
    return top


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"seed is {text!r}; it must be a whole number of at least 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"time limit is {text!r}; it must be a number of seconds above 0")
    return seconds


def run_command(arguments: Sequence[str]) -> int:
    """Run one command.

    Returns
    -------
    int
        The exit status.
    """
    given = parser().parse_args(arguments)
    try:
        if given.command == "check":
            return _check(given)
        if given.command == "prove":
            return prove_and_report(given.out, tuple(given.seeds), tuple(given.fault), given.null, given.workers,
                                    tuple(given.part) or PARTS)
        if given.command == "conventions":
            return measure_conventions(given.out)
        if given.command == "accuracy":
            return measure_accuracy(tuple(given.targets), given.seed, given.out)
        if given.command == "report":
            return remake([Path(file) for file in given.files], given.out)
        if given.command == "edition":
            return publish(Path(given.source), given.out)
        if given.command == "diff":
            return show_difference(Path(given.old), Path(given.new), given.out)
        if given.command == "list":
            return _list()
        if given.command == "explain":
            return _explain(given.id)
        if given.command == "smoke":
            return smoke(given.target, given.dtypes, given.time_limit)
        return repro(given.line, given.adapter, given.dtypes, given.time_limit)
    except (UnknownAdapter, Unavailable, ResultsError, NotWritten, ValueError) as error:
        print(f"convspec: {error}", flush=True)
        return WRONG_USAGE
    except OSError as error:
        if not is_about_writing(error):
            raise
        print(f"convspec: {error.filename or 'a file cannot be written'}: {error.strerror}", flush=True)
        return WRONG_USAGE
    except SuiteError as error:
        print(f"convspec: the suite itself failed: {error}", flush=True)
        return SUITE_FAILED
    except KeyboardInterrupt as interruption:
        tell(f"convspec: interrupted{''.join(f'; {told}' for told in interruption.args)}")
        return INTERRUPTED


def _check(given: argparse.Namespace) -> int:
    result = None
    try:
        result = _checked(given)
        _show(result, Path(given.out))
    except KeyboardInterrupt:
        if result is None:
            raise
        tell("convspec: interrupted while the verdict was told")
        return result.exit_status if result.exit_status in STANDING else INCOMPLETE
    return result.exit_status


def _checked(given: argparse.Namespace) -> Result:
    return check(
        *given.targets,
        only=given.only,
        effort=given.effort,
        seed=given.seed,
        profile=given.profile,
        dtypes=given.dtypes,
        out=given.out,
        fail_fast=given.fail_fast,
        time_limit=given.time_limit,
        workers=given.workers,
        pytest_args=given.pytest,
        exhaustive=given.exhaustive,
        strict=given.strict,
        known=given.known,
    )


def _show(result: Result, out: Path) -> None:
    """Failures first, then one line for each adapter, then where the report is and what the verdict is."""
    if result.interrupted:
        tell(f"convspec: interrupted {_where(result)}")
    for name in result.conclusions:
        mine = [line for line in result.failures if line["adapter"] == name]
        for line in mine[:SHOWN]:
            print(f"{name} {line['requirement']} {line['outcome']}: {line['reason']}")
            if "counterexample" in line:
                print(f"    {line['counterexample']['repro']}")
            if "exclusion" in line:
                print(f"    to declare that it is not claimed: {line['exclusion']}")
        if len(mine) > SHOWN:
            print(f"{name}: {len(mine) - SHOWN} more in the report")
        for told in dict.fromkeys(
            line["diagnosis"]["sentence"] + _change(line) for line in mine if "diagnosis" in line
        ):
            print(f"{name}: {told}")
    for text in result.suite_errors:
        print(f"The suite itself failed at {text}")
    for text in results_lines(out):
        print(text)
    told = "; ".join(f"{name} {conclusion}" for name, conclusion in result.conclusions.items())
    state = "" if result.complete else "INCOMPLETE; "
    page = f"Report: {result.page}." if result.page else f"No page was made of {out / NAME}."
    print(f"{page} Verdict: {state}{told}.")


def _where(result: Result) -> str:
    number = len(result.verdicts)
    if not number:
        return "before the first verdict"
    return f"after {number} verdict{'s' if number > 1 else ''}"


def _change(line: dict[str, Any]) -> str:
    change = line["diagnosis"]["change"]
    return f" To change: {change}." if change else ""


def _list() -> int:
    known = names()
    print("Adapters (also: module:attr, path/to/file.py:attr)")
    for name, place in sorted(known.items()):
        print(f"  {name:12} {place}{'  (verified when none is named)' if name in DEFAULTS else ''}")
    family = ""
    for id, entry in catalogue().items():
        if entry.family != family:
            family = entry.family
            print(f"\n{family}")
        state = "" if entry.is_checked else "  (planned)"
        print(f"  {id:7} {entry.level:6} {entry.title}{state}")
    return 0


def _explain(id: str) -> int:
    entry = catalogue().get(id.upper())
    if entry is None:
        raise ValueError(f"{id!r} is no requirement; `convspec list` shows them")
    print(f"{entry.id}  {entry.title}  ({entry.level}, profile {entry.profile}, verdict class {entry.verdict_class})\n")
    print(textwrap.fill(entry.statement, 100))
    if entry.formula:
        print(f"\nFormula (LaTeX): {entry.formula}")
    print("\n" + textwrap.fill(f"How it is checked: {entry.check}", 100))
    found = requirements().get(entry.id)
    if found is None:
        print("\nPlanned: not yet tested.")
    else:
        counts = ", ".join(f"{round(number * found.share)} ({effort})" for effort, number in EFFORTS.items())
        print(f"\nCases: up to {counts}.")
    print("\nSources:")
    for source in entry.sources:
        print(f"  - {source}")
    return 0
