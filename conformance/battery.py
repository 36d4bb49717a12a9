"""The battery: the cases of each requirement, drawn once for a seed and an effort, and shared by all adapters."""

import contextlib
import functools
import math
import multiprocessing
import os
import signal
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from hypothesis import HealthCheck, Phase, given, seed, settings

from convspec.adapters.protocol import Capabilities
from convspec.conformance.case import Case, parse_case
from convspec.conformance.ending import die_with_parent
from convspec.conformance.fitting import fit
from convspec.conformance.generating import bundles
from convspec.conformance.promises import keeps_promises
from convspec.conformance.requirement import Requirement
from convspec.conformance.waiting import FIRST_LOOK, NoAnswer, TimeLimits, Wait

# Cases for each requirement, in units of its share.
EFFORTS = {"quick": 30, "standard": 120, "thorough": 1500}
# Some cases do not speak of their requirement once they are fitted, and some become equal.
SURPLUS = 1.5
BUNDLE = 30
# For fewer requirements the process costs more than it brings.
WORTH_A_PROCESS = 8


class Battery:
    """Cases by requirement, drawn when they are first asked for.

    Parameters
    ----------
    seed : int
    effort : str
        One of `EFFORTS`.
    largest : int or None
        Cases with more multiplications are left out.
    """

    def __init__(self, seed: int, effort: str, largest: int | None = None) -> None:
        if effort not in EFFORTS:
            raise ValueError(f"effort is {effort!r}; it must be one of {', '.join(EFFORTS)}")
        self.seed, self.effort, self.largest = seed, effort, largest
        self._drawn: dict[str, list[Case]] = {}
        self._fitted: dict[tuple[str, str, bool], tuple[Case, ...]] = {}
        self._ahead: Connection | None = None
        self._drawer: BaseProcess | None = None

    def draw_ahead(self, wanted: Sequence[Requirement]) -> None:
        """Draw in a process beside this one, in the order in which the cases will be asked for; the same cases."""
        if not hasattr(os, "fork") or len(wanted) < WORTH_A_PROCESS:
            return
        context = multiprocessing.get_context("fork")
        self._ahead, theirs = context.Pipe(duplex=False)
        self._drawer = context.Process(target=self._serve, args=(theirs, wanted, os.getpid()), daemon=True)
        self._drawer.start()
        theirs.close()

    def _serve(self, connection: Connection, wanted: Sequence[Requirement], parent: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent(parent)
        # Held open here, it would never say that nobody reads any more.
        if self._ahead is not None:
            self._ahead.close()
        with contextlib.suppress(BrokenPipeError):
            for requirement in wanted:
                connection.send((requirement.id, self._draw(requirement)))

    def close(self) -> None:
        """End the process beside this one."""
        if self._drawer is not None:
            self._drawer.kill()
            self._drawer.join()
        if self._ahead is not None:
            self._ahead.close()
        self._drawer = self._ahead = None

    def size(self, requirement: Requirement) -> int:
        """How many cases a requirement gets."""
        return round(EFFORTS[self.effort] * requirement.share)

    def drawn(self, requirement: Requirement) -> list[Case]:
        """The cases of a requirement as drawn, before they are fitted."""
        while requirement.id not in self._drawn and self._ahead is not None:
            try:
                self._wait_for(self._ahead)
                id, drawn = self._ahead.recv()
            except (EOFError, OSError, NoAnswer):
                # This process draws the same ones.
                self.close()
            else:
                self._drawn[id] = drawn
        if requirement.id not in self._drawn:
            self._drawn[requirement.id] = self._draw(requirement)
        return self._drawn[requirement.id]

    def _wait_for(self, ahead: Connection) -> None:
        """Wait until cases are there.

        Raises
        ------
        NoAnswer
            The process that draws does not get on: somebody has stopped it, perhaps.
        """
        wait, drawer = None, self._drawer
        assert drawer is not None
        while not ahead.poll(wait.pause if wait else FIRST_LOOK):
            if wait is None:
                wait = Wait(drawer.pid or 0, TimeLimits().allowance(is_first=True))
            elif not wait.look():
                return

    def _draw(self, requirement: Requirement) -> list[Case]:
        found: dict[str, Case] = {parse_case(line).id: parse_case(line) for line in requirement.lines}
        # Each requirement has a stream of its own, so that a selection of requirements changes nothing.
        stream = (self.seed << 32) ^ zlib.crc32(requirement.id.encode())

        @settings(
            max_examples=math.ceil(self.size(requirement) * SURPLUS / BUNDLE), database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )
        @seed(stream)
        @given(bundles(requirement.bias, BUNDLE, stream, requirement.adjust))
        def collect(bundle: list[Case]) -> None:
            for case in bundle:
                found.setdefault(case.id, case)

        collect()
        return list(found.values())

    def fitted(self, requirement: Requirement, claims: Capabilities, *, all_drawn: bool = False) -> tuple[Case, ...]:
        """The requirement's cases inside the claims, each once; as many as it gets, or all that were drawn."""
        # What is bridged or left out by predicate plays no part in fitting, and equal claims give equal cases.
        key = (requirement.id, repr(replace(claims, bridged={}, exclusions=())), all_drawn)
        if key not in self._fitted:
            self._fitted[key] = tuple(self._fit(requirement, claims, all_drawn))
        return self._fitted[key]

    def _fit(self, requirement: Requirement, claims: Capabilities, all_drawn: bool) -> Iterator[Case]:
        seen: set[str] = set()
        wanted = len(self.drawn(requirement)) if all_drawn else self.size(requirement)
        for drawn in self.drawn(requirement):
            case = fit(drawn, claims)
            if case.id in seen or not admits(requirement, case):
                continue
            if self.largest is not None and case.is_valid and case.multiplications > self.largest:
                continue
            seen.add(case.id)
            yield case
            if len(seen) >= wanted:
                return


def admits(requirement: Requirement, case: Case) -> bool:
    """Whether a case speaks of a requirement: valid where it must be, as its generator draws them, and accepted."""
    try:
        if requirement.valid and not case.is_valid:
            return False
        return keeps_promises(requirement, case) and requirement.accepts(case)
    except (ValueError, TypeError, ArithmeticError, IndexError):
        return False


@functools.lru_cache(maxsize=16)
def further(seed: int) -> Battery:
    """A battery of further cases, to hold a guess against; drawn once for all guesses of this process."""
    return Battery(seed, "standard")
