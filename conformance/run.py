"""A whole run: adapters and requirements, what is known so far, and what it amounts to."""

import collections
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convspec.adapters.loading import DEFAULTS, RefusedDeclaration, Unavailable, UnknownAdapter
from convspec.adapters.protocol import Adapter
from convspec.adapters.recognition import NotCallable
from convspec.conformance.adapter_lines import adapter_line, observed
from convspec.conformance.battery import Battery
from convspec.conformance.catalogue import Entry, catalogue, select
from convspec.conformance.child import Child, start
from convspec.conformance.conclusion import state_of_lines
from convspec.conformance.diagnosis import explained
from convspec.conformance.engine import Verifier, right_answer_of
from convspec.conformance.exhaustive import DEFINITION, Explorer, Watch, broken, unexplored_line, world_line
from convspec.conformance.joining import joined_exceptions, refused, remarks
from convspec.conformance.known_failures import read_known
from convspec.conformance.machine import environment, today
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import requirements
from convspec.conformance.results import (
    SCHEMA_VERSION,
    short_ids,
    unavailable_line,
    verdict_line,
)
from convspec.conformance.verdict import Verdict
from convspec.conformance.waiting import TimeLimits
from convspec.conformance.world_answers import Answers
from convspec.rules import BAD, exit_status_of

# Targets that are verified side by side, each in a process of its own.
OPEN_CHILDREN = 3


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Parameters
    ----------
    targets : tuple of str
        Adapters; empty for the built-in ones whose library is installed.
    only : tuple of str
        Requirements or families; empty for all.
    effort, seed : str, int
    profile : "plane", "layer" or None
        None: what each adapter claims.
    dtypes : tuple of str
        Element types to ask for instead of the claimed ones.
    time_limit : float
        Seconds of processor time for one trial.
    objects : mapping
        Adapters that cannot be found by name, by the name they get.
    found_by_pattern : tuple of str
        Targets that a pattern such as ``homework/*.py:conv`` found: one that cannot be loaded does not stop the others.
    version : str
        Of the suite, for the header.
    explains : bool
        Whether a failing adapter's answers are compared with those of known faults.
    exhaustive : bool
        Whether every geometry up to a bound is tried as well.
    strict : bool
        Whether plain functions are held to refusing what is no convolution, and to what they say nothing about.
    known : str
        The file of known failures; empty for none.
    fail_fast : bool
        Whether the run stops at the first failure that counts.
    """

    targets: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    effort: str = "standard"
    seed: int = 0
    profile: str | None = None
    dtypes: tuple[str, ...] = ()
    time_limit: float = 10.0
    objects: Mapping[str, Adapter] = field(default_factory=dict)
    found_by_pattern: tuple[str, ...] = ()
    version: str = "unknown"
    explains: bool = True
    exhaustive: bool = False
    strict: bool = False
    known: str = ""
    fail_fast: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """The targets, the built-in ones if none was given."""
        return self.targets or DEFAULTS


class Run:
    """Verifies adapters one requirement at a time, and remembers the lines.

    Raises
    ------
    ValueError
        A setting is out of range; the message names it.
    """

    # Whether somebody ended it: then it is not complete, whatever it has verified.
    interrupted = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.selected = select(settings.only)
        self.known = read_known(settings.known) if settings.known else None
        self.battery = Battery(settings.seed, settings.effort)
        self.oracle = Oracle(for_several=len(settings.named) > 1)
        self.started = time.perf_counter()
        self.ids = short_ids(settings.named)
        self.adapter_lines: dict[str, dict[str, Any]] = {}
        self.verdict_lines: dict[tuple[str, str], dict[str, Any]] = {}
        self.world_lines: dict[str, dict[str, Any]] = {}
        self.answers = Answers()
        self.suite_errors: list[str] = []
        # Why the run cannot be made as it was asked for; empty if it can.
        self.refusal = ""
        # Why its results cannot be written; empty if they can.
        self.not_written = ""
        self.looks_ahead = False
        self._asked = ""
        self._exceptions: dict[str, set[str]] = collections.defaultdict(set)
        self._children: dict[str, Child] = {}
        self._missing: dict[str, _Missing] = {}
        self._verifiers: dict[str, Verifier] = {}

    def start_all(self) -> None:
        """Start the first few targets side by side, so that a wrong name is found before anything runs.

        Raises
        ------
        UnknownAdapter, Unavailable
            A named target cannot be loaded. Where none was named, a missing library is not an error.
        """
        # Before any child is started, so that the drawing process holds none of their sockets.
        known = requirements()
        self.battery.draw_ahead([known[id] for id in self.selected if id in known])
        first = self.settings.named[:OPEN_CHILDREN]
        for target in first:
            self._started(target)
        # One that cannot be called, or that declares what would excuse everything, is refused once and before all else.
        for target in self.settings.named:
            if target not in self.settings.found_by_pattern:
                self.verifier(target)

    def _started(self, target: str) -> Child:
        if target not in self._children:
            self._children[target] = start(
                target,
                adapter=self.settings.objects.get(target),
                dtypes=self.settings.dtypes,
                limits=TimeLimits.of(self.settings.time_limit),
            )
        return self._children[target]

    def _child(self, target: str) -> "Child | _Missing":
        if target in self._missing:
            return self._missing[target]
        child = self._started(target)
        try:
            # It waits until the target is imported.
            _ = child.description
        except Unavailable as error:
            if self.settings.targets:
                raise
            self._missing[target] = _Missing(str(error))
            return self._missing[target]
        return child

    def verifier(self, target: str) -> Verifier | None:
        """The verifier of a target; None if its library is not installed."""
        if target in self._verifiers:
            return self._verifiers[target]
        child = self._child(target)
        if isinstance(child, _Missing):
            self.adapter_lines[target] = unavailable_line(self.ids[target], target, child.reason)
            return None
        verifier = Verifier(
            self.ids[target],
            child,
            self.battery,
            self.oracle,
            profile=self.settings.profile,
            dtypes=self.settings.dtypes,
            strict=self.settings.strict,
            known=() if self.known is None else self.known.of(self.ids[target], target),
        )
        verifier.refuse_what_excuses_everything()
        self._verifiers[target] = verifier
        self.adapter_lines[target] = adapter_line(self.ids[target], target, verifier)
        for other in list(self._children):
            if len(self._children) > OPEN_CHILDREN and other != target:
                self._children.pop(other).close()
                self._verifiers.pop(other, None)
        return verifier

    def verify(self, target: str, requirement: str) -> dict[str, Any]:
        """Hold one requirement against one target; the line for the results.

        Raises
        ------
        UnknownAdapter, Unavailable
            A named target cannot be loaded, or what it declares is refused. One that a pattern found has a verdict
            instead.
        """
        entry = catalogue()[requirement]
        if not entry.is_checked:
            return self._told(target, requirement, "planned", "not yet tested")
        try:
            verifier = self.verifier(target)
            if verifier is None:
                return self._told(target, requirement, "unavailable", self.adapter_lines[target]["reason"])
        except ValueError as error:
            return self._without(target, requirement, error)
        found = requirements()[requirement]
        if requirement != self._asked:
            self.oracle.done_with(self._asked)
            self._asked = requirement
        excepted = self._exceptions[target]
        verifier.known_exceptions = excepted
        try:
            verdict = verifier.verify(found, entry, following=self._following(requirement))
        except RefusedDeclaration as error:
            return self._without(target, requirement, error)
        excepted.update(raised.key for raised in verdict.exceptions)
        expected = None
        if verdict.counterexample is not None:
            expected = right_answer_of(found, verdict.counterexample, self.oracle)
        self._observe(target, verifier, verdict)
        return self._remember(target, verdict_line(verdict, expected, target))

    def _told(self, target: str, requirement: str, outcome: str, reason: str) -> dict[str, Any]:
        return self._remember(target, verdict_line(Verdict(self.ids[target], requirement, outcome, reason)))

    def _without(self, target: str, requirement: str, error: ValueError) -> dict[str, Any]:
        """What is said of a target that cannot be verified."""
        if isinstance(error, UnknownAdapter | NotCallable) and target not in self.settings.found_by_pattern:
            raise error
        self.adapter_lines.setdefault(target, unavailable_line(self.ids[target], target, str(error), True))
        return self._told(target, requirement, "errored", str(error))

    def _following(self, requirement: str) -> tuple[Requirement, Entry] | None:
        """What each target will be asked next, where the order is known."""
        if not self.looks_ahead:
            return None
        later = self.selected[self.selected.index(requirement) + 1 :]
        return next(((requirements()[id], catalogue()[id]) for id in later if id in requirements()), None)

    def explore(self, target: str, watch: Watch) -> dict[str, Any]:
        """Hold a target against every geometry up to the bound; the line for the results."""
        try:
            verifier = self.verifier(target)
        except (UnknownAdapter, Unavailable, ValueError):
            # Every requirement has said so already.
            verifier = None
        if verifier is None:
            return unexplored_line(self.ids[target])
        return world_line(Explorer(verifier, answers=self.answers, seed=self.settings.seed, watch=watch), target)

    def settle(self) -> None:
        """Say once what several requirements found, and let the one that a geometry broke be broken."""
        for target in self.settings.named:
            if self.is_complete() and target not in self.adapter_lines:
                told = unavailable_line(self.ids[target], target, "nothing that is tested was asked of it", True)
                self.adapter_lines[target] = told
            mine = [self.verdict_lines[target, id] for id in self.selected if (target, id) in self.verdict_lines]
            for line in joined_exceptions(mine):
                self.verdict_lines[target, line["requirement"]] = line
            if target in self.adapter_lines:
                about = self.adapter_lines[target]
                about["remarks"] = sorted({*about.get("remarks", []), *remarks(mine)})
                about["limits"] = sorted({*about.get("limits", []), *refused(mine)})
        for target, line in self.world_lines.items():
            found = broken(self.verdict_lines.get((target, DEFINITION)), line)
            if found is not None:
                self.verdict_lines[target, DEFINITION] = found

    def diagnose(self, target: str) -> dict[str, Any] | None:
        """Explain a target's failures, and put the explanation into the lines of those that it is drawn from.

        Returns
        -------
        dict or None
            The explanation as a line of its own, for the file; None where there is none.
        """
        bad = [line for (name, _), line in self.verdict_lines.items() if name == target and line["outcome"] in BAD]
        shown = [line for line in bad if "counterexample" in line]
        verifier = self.verifier(target) if shown else None
        return None if verifier is None else explained(verifier, self.ids[target], shown)

    def _remember(self, target: str, line: dict[str, Any]) -> dict[str, Any]:
        self.verdict_lines[target, line["requirement"]] = line
        return line

    def _observe(self, target: str, verifier: Verifier, verdict: Verdict) -> None:
        """Put into the adapter's line what a verdict brought to light."""
        line = self.adapter_lines[target]
        for index in verdict.deviations:
            line["deviations"][index]["seen"] = True
        line.update(observed(verifier))

    def close(self) -> None:
        """End all children."""
        self.battery.close()
        for child in self._children.values():
            child.close()
        self._children.clear()
        self._verifiers.clear()

    def header(self) -> dict[str, Any]:
        """The first line of the results."""
        settings = self.settings
        return {
            "type": "header",
            "schema_version": SCHEMA_VERSION,
            "suite": {"name": "convspec", "version": settings.version},
            "seed": settings.seed,
            "effort": settings.effort,
            "profile": settings.profile,
            "only": list(settings.only),
            "date": today(),
            "environment": environment(),
            "targets": list(settings.named),
            "exhaustive": settings.exhaustive,
            **({} if self.known is None else {"known": self.known.header()}),
        }

    def is_complete(self) -> bool:
        """Whether every selected requirement has a verdict for every target, and every world is explored."""
        unexplored = self.settings.exhaustive and self.world_lines.keys() != set(self.settings.named)
        if self.interrupted or unexplored:
            return False
        return all((target, id) in self.verdict_lines for target in self.settings.named for id in self.selected)

    def first_lines(self) -> list[dict[str, Any]]:
        """What is known before anything is verified: the header and the catalogue."""
        return [self.header(), *(entry.line() for entry in catalogue().values())]

    def lines(self) -> list[dict[str, Any]]:
        """All lines in their order; a footer only if the run is complete."""
        order = {id: index for index, id in enumerate(catalogue())}
        targets = {target: index for index, target in enumerate(self.settings.named)}
        lines = self.first_lines()
        lines += [self.adapter_lines[target] for target in self.settings.named if target in self.adapter_lines]
        by_place = sorted(self.verdict_lines.items(), key=lambda item: (targets[item[0][0]], order[item[0][1]]))
        lines += [line for _, line in by_place]
        lines += [self.world_lines[target] for target in self.settings.named if target in self.world_lines]
        if self.is_complete():
            lines.append(self.footer())
        return lines

    def footer(self) -> dict[str, Any]:
        """Totals, the verdict for each adapter, the exit status."""
        return {
            "type": "footer",
            "totals": self.totals(),
            "verdicts": self.conclusions(),
            "exit_status": self.exit_status(),
            "seconds": round(time.perf_counter() - self.started, 1),
        }

    def totals(self) -> dict[str, dict[str, int]]:
        """For each adapter, how many requirements had each outcome."""
        counts: dict[str, collections.Counter[str]] = {
            self.ids[target]: collections.Counter() for target in self.settings.named
        }
        for (target, _), line in self.verdict_lines.items():
            counts[self.ids[target]][line["outcome"]] += 1
        return {name: dict(sorted(counter.items())) for name, counter in counts.items()}

    def conclusions(self) -> dict[str, str]:
        """For each adapter the state that its verdicts amount to, by `state_of`."""
        states: dict[str, str] = {}
        for target in self.settings.named:
            lines = [line for (name, _), line in self.verdict_lines.items() if name == target]
            states[self.ids[target]] = state_of_lines(lines, whole=not self.settings.only)
        return states

    def exit_status(self) -> int:
        """What the run amounts to for a shell, the suite itself not having failed."""
        return exit_status_of(
            set(self.conclusions().values()),
            whole=not self.settings.only,
            complete=self.is_complete(),
            began=bool(self.verdict_lines),
        )


class _Missing:
    """Stands for an adapter whose library is not installed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
