"""How long an answer is waited for.

A machine that is slow or busy gives a right implementation less of its processor, and that must not be held against
it. So a trial is limited by the processor time that the implementation has had, not by the clock; and by the time for
which it slept, for what waits for ever has none. A process that is ready to run while others have the processor does
not sleep.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from convspec.conformance.expected import SuiteError
from convspec.conformance.processor_time import Usage, usage

# Seconds until the first look at a process that has not answered, and at most between two looks.
FIRST_LOOK, LONGEST_PAUSE = 0.1, 1.0
SLOWER = 1.2
# The first call of a process, and sleep, have at least this long, and at least so many times the limit of a trial.
LONG, LONGER = 60.0, 6
# A trial that neither ends nor uses up a limit in so many times the long limit says something of the machine only.
CEILING = 20
# Where nobody is accused, what is not answered in this time, or in so many times the slowest answer, is given up.
HASTY, HASTIER = 1.0, 10


class Allowance(NamedTuple):
    """What one trial may take: seconds of processor time, of sleep, and in all before the suite gives up."""

    processor: float
    asleep: float
    ceiling: float


@dataclass(frozen=True)
class TimeLimits:
    """What the trials of one implementation may take.

    Parameters
    ----------
    trial : float
        Seconds of processor time for one trial.
    long : float
        Seconds of processor time until a process first returns something, which may import and compile; and seconds of
        sleep for any trial.
    hangs : float
        How many trials that do not end are waited for so long. It is at most that many in a whole run, since each may
        take a minute; the later ones are not waited for, and nothing is concluded from them.
    """

    trial: float = 10.0
    long: float = LONG
    hangs: float = 3

    @classmethod
    def of(cls, seconds: float) -> "TimeLimits":
        """The limits for a user's time limit."""
        return cls(seconds, max(LONG, LONGER * seconds))

    def allowance(self, is_first: bool) -> Allowance:
        """What a trial has that is waited for in full."""
        return Allowance(self.long if is_first else self.trial, self.long, CEILING * self.long)

    def hasty(self, is_first: bool, slowest: float) -> Allowance:
        """What a trial has from which nothing will be concluded if it does not answer.

        Parameters
        ----------
        is_first : bool
            Whether the process has not returned anything yet.
        slowest : float
            Seconds that the slowest trial of its kind took which did answer.
        """
        whole = self.allowance(is_first)
        enough = max(HASTY, HASTIER * slowest)
        return whole._replace(processor=min(whole.processor, enough), asleep=min(whole.asleep, enough))


class NoAnswer(Exception):
    """A process has used up its allowance; the message says of what."""


class Wait:
    """Keeps account of one process that is waited for.

    Parameters
    ----------
    pid : int
        It leads a group of processes, and all of them count.
    allowance : Allowance
    read : function of int
        Tells what the process has had.
    clock : function
        Tells the time, in seconds.
    """

    def __init__(
        self,
        pid: int,
        allowance: Allowance,
        read: Callable[[int], Usage | None] = usage,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pid, self.allowance, self._read, self._clock = pid, allowance, read, clock
        self.pause = FIRST_LOOK
        self.processor = self.asleep = self.passed = 0.0
        self._before, self._looked = read(pid), clock()

    @property
    def is_told(self) -> bool:
        """Whether the system tells what processes have had."""
        return self._before is not None

    def look(self) -> bool:
        """Bring the account up to now; whether the process is alive.

        Raises
        ------
        NoAnswer
            It has had all of its processor time, or has slept for too long.
        SuiteError
            It got neither, for so long that the machine must be too busy for any verdict.
        """
        now, told = self._clock(), self._read(self.pid)
        self._count(told, now - self._looked)
        self._before, self._looked = told, now
        self.pause = min(LONGEST_PAUSE, SLOWER * self.pause)
        if told is not None and told.ended:
            return False
        if self.processor >= self.allowance.processor:
            raise NoAnswer(f"no answer within {self.allowance.processor:g} s of processor time")
        if self.asleep >= self.allowance.asleep:
            raise NoAnswer(f"no answer, and it slept or waited for {self.allowance.asleep:g} s")
        if self.passed >= self.allowance.ceiling:
            raise SuiteError(
                f"the machine is too busy for a verdict: in {self.passed:.0f} s the implementation has had "
                f"{self.processor:.3g} s of processor time, and has slept for {self.asleep:.3g} s"
            )
        return True

    def _count(self, told: Usage | None, passed: float) -> None:
        self.passed += passed
        # If this process itself came late, the machine is busy, or stood still: the rest of that time proves nothing.
        watched = min(passed, 2 * self.pause)
        if told is None or self._before is None:
            # This system does not tell: only the clock is left, and its long limit.
            self.asleep += watched
            return
        used = max(0.0, told.processor - self._before.processor)
        delayed = max(0.0, told.delayed - self._before.delayed)
        # Several threads side by side count as one: a machine of many processors is not a slow implementation.
        self.processor += min(used, passed)
        if not told.runnable:
            self.asleep += max(0.0, watched - used - delayed)
