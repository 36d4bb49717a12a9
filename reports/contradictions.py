"""What the last line of a results file says of the others, held against what follows from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from convspec.reports.fields import ResultsError
from convspec.reports.records import Footer, Results, Verdict
from convspec.rules import BAD, Judged, exit_status_of, share_left_out, state_of


@dataclass(frozen=True)
class Lines:
    """Where things stand in a file: its name, the number of its footer, and that of each verdict."""

    name: str
    footer: int
    verdicts: Mapping[tuple[str, str], int]

    def refuse(self, number: int, message: str) -> NoReturn:
        """Raise ``ResultsError`` with the file and the line in front of the message."""
        raise ResultsError(f"{self.name}, line {number}: {message}")


def check_ending(results: Results, lines: Lines) -> None:
    """Hold the footer against the lines before it; without one there is nothing to hold.

    Files of schema 1 are held to the rules of their own time as well: nothing was left out then by a rule, and DEF-01
    and DEF-02 had no weight of their own.

    Raises
    ------
    ResultsError
        Totals, a state or the exit status is not what follows from the lines, or a verdict is missing. The message
        names the line.
    """
    footer = results.footer
    if footer is None:
        return
    if results.chained:
        _check_that_nothing_is_missing(results, lines)
    _check_totals(results, footer, lines)
    whole = not results.header.only
    rules = (whole,) if results.chained or not whole else (True, False)
    found = [_states(results, whole=rule) for rule in rules]
    for adapter in dict.fromkeys([*found[0], *footer.verdicts]):
        said, follows = footer.verdicts.get(adapter, "nothing"), [states.get(adapter, "nothing") for states in found]
        if said not in follows:
            lines.refuse(
                lines.footer, f"the footer says of adapter {adapter!r} {said!r}, and its verdicts say {follows[0]!r}"
            )
    began = bool(results.verdicts)
    statuses = [exit_status_of(footer.verdicts.values(), whole=rule, complete=True, began=began) for rule in rules]
    if footer.exit_status not in statuses:
        lines.refuse(
            lines.footer, f"the footer says exit status {footer.exit_status}, and the verdicts say {statuses[0]}"
        )


def _check_that_nothing_is_missing(results: Results, lines: Lines) -> None:
    header = results.header
    described = sorted(adapter.target for adapter in results.adapters)
    if described != sorted(header.targets):
        odd = sorted(set(header.targets) ^ set(described)) or described
        lines.refuse(lines.footer, f"the run is said to have ended, and target {odd[0]!r} has not one adapter line")
    wanted = {name.upper() for name in header.only}
    asked = [one.id for one in results.requirements if not wanted or {one.id, one.family} & wanted]
    explored = {world.adapter: world for world in results.worlds}
    outcomes = {(verdict.adapter, verdict.requirement): verdict.outcome for verdict in results.verdicts}
    for adapter in results.adapters:
        for requirement in asked:
            if (adapter.id, requirement) not in outcomes:
                lines.refuse(
                    lines.footer,
                    f"the run is said to have ended, and there is no verdict on {requirement} for {adapter.id!r}",
                )
        world = explored.get(adapter.id)
        if world is None and header.exhaustive:
            lines.refuse(lines.footer, f"the run is said to have ended, and {adapter.id!r} has no small world")
        if world is not None and world.outcome in BAD and outcomes.get((adapter.id, "DEF-01"), "") not in BAD:
            lines.refuse(
                lines.verdicts.get((adapter.id, "DEF-01"), lines.footer),
                f"a small world of {adapter.id!r} is {world.outcome}, and DEF-01 is not",
            )


def _check_totals(results: Results, footer: Footer, lines: Lines) -> None:
    counted: dict[str, dict[str, int]] = {adapter.id: {} for adapter in results.adapters}
    for verdict in results.verdicts:
        row = counted[verdict.adapter]
        row[verdict.outcome] = row.get(verdict.outcome, 0) + 1
    for adapter in dict.fromkeys([*counted, *footer.totals]):
        said, found = footer.totals.get(adapter, {}), counted.get(adapter, {})
        for outcome in sorted(said.keys() | found.keys()):
            if said.get(outcome, 0) != found.get(outcome, 0):
                lines.refuse(
                    lines.footer,
                    f"the footer counts {said.get(outcome, 0)} {outcome} for adapter {adapter!r}, and there are "
                    f"{found.get(outcome, 0)}",
                )


def _states(results: Results, *, whole: bool) -> dict[str, str]:
    levels = {requirement.id: requirement.level for requirement in results.requirements}
    verdicts: dict[str, list[Verdict]] = {adapter.id: [] for adapter in results.adapters}
    for verdict in results.verdicts:
        verdicts[verdict.adapter].append(verdict)
    return {
        adapter: state_of(_judged(mine, levels), whole=whole, left_out=share_left_out(one.counts for one in mine))
        for adapter, mine in verdicts.items()
    }


def _judged(verdicts: Iterable[Verdict], levels: Mapping[str, str]) -> Iterable[Judged]:
    return ((verdict.requirement, levels[verdict.requirement], verdict.outcome) for verdict in verdicts)
