"""Who is asked for right answers: they are worked out once, and remembered by case for all adapters."""

import math

from convspec.conformance.calls import Call, Trial
from convspec.conformance.case import Case
from convspec.conformance.expected import Expected
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import calls_of

REMEMBERED = 40_000
VERIFIED_EVERY = 8


class Oracle:
    """Calls and expected values, remembered by case and shared by all adapters.

    Parameters
    ----------
    for_several : bool
        Whether other adapters will ask for the same cases.
    """

    def __init__(self, for_several: bool = False) -> None:
        self.for_several = for_several
        self._remembered: dict[tuple[str, str, int], Expected] = {}
        self._calls: dict[tuple[str, str], tuple[Call, ...]] = {}
        self._last: tuple[tuple[str, str], tuple[Call, ...]] = ("", ""), ()
        self._computed = 0

    def calls_of(self, requirement: str, case: Case) -> tuple[Call, ...]:
        """The calls to which a case leads; those of small cases are made once."""
        key = (requirement, case.id)
        # Who makes the calls in this process asks first, who judges what came of them asks next.
        calls = self._last[1] if self._last[0] == key else self._calls.get(key)
        if calls is None:
            calls = calls_of(requirement, case)
            self._last = key, calls
            if self.for_several and len(self._calls) < REMEMBERED and sum(call.x.size for call in calls) < 4096:
                self._calls[key] = calls
        return calls

    def done_with(self, requirement: str) -> None:
        """Forget what was remembered for a requirement that nobody will ask for soon, if room is scarce."""
        if max(len(self._remembered), len(self._calls)) > REMEMBERED // 2:
            self._remembered = {key: kept for key, kept in self._remembered.items() if key[0] != requirement}
            self._calls = {key: calls for key, calls in self._calls.items() if key[0] != requirement}
            self._last = ("", ""), ()

    def of(self, requirement: Requirement, trial: Trial, call: int) -> Expected:
        """The right answer to one call of a trial."""
        # A requirement's first call is nearly always the case itself, but only its own function knows.
        key = (requirement.id, trial.case.id, call)
        expected = self._remembered.get(key)
        if expected is None:
            asked = trial.calls[call]
            before = next((index for index in range(call) if trial.calls[index].asks_the_same(asked)), None)
            if before is not None:
                return self.of(requirement, trial, before)
            expected = Expected(asked)
            self._computed += 1
            if self._computed % VERIFIED_EVERY == 0:
                expected.verify_screen(1)
            if len(self._remembered) < REMEMBERED and math.prod(expected.shape) < 4096:
                self._remembered[key] = expected
        return expected
