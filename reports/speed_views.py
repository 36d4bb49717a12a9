"""What the speed page says, worked out from the records: goals, shares, sentences."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from convspec.reports.speed_records import Harness, Profile, Run, Speed, Timing, Workload
from convspec.reports.words import counted, listed

OWN: Final = "vectorized"
PEER: Final = "torch"
NAMES: Final = {OWN: "the variant", PEER: "PyTorch"}
PLAIN_PEER: Final = "scipy.correlate2d"
PRODUCTS: Final = "matrix products"

# What the project set out to reach on one thread.
MEAN_GOAL: Final = 0.7
EACH_GOAL: Final = 1.1
SCIPY_GOAL: Final = 10.0
SHARE_GOAL: Final = 0.8
SMALL_PART: Final = 0.02
# Shorter differences between two numbers of threads are noise.
SLOWER: Final = 1.1


@dataclass(frozen=True)
class Goal:
    """One goal: what it asks, what was measured, and whether that is enough; None where it was not measured."""

    anchor: str
    text: str
    reached: str
    met: bool | None

    @property
    def kind(self) -> str:
        """The colour: good, bad or quiet."""
        return {True: "good", False: "bad", None: "quiet"}[self.met]

    @property
    def symbol(self) -> str:
        """A sign that differs in shape."""
        return {True: "✓", False: "✗", None: "–"}[self.met]

    @property
    def word(self) -> str:
        """The same in a word."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]


def alone(speed: Speed) -> Run:
    """The run on the fewest threads."""
    return min(speed.runs, key=lambda run: run.threads)


def own_timings(speed: Speed, run: Run) -> list[tuple[Workload, Timing]]:
    """The variant's timings, in the order of the workloads."""
    found = [(task, run.timing(task.id, OWN)) for task in speed.workloads]
    return [(task, row) for task, row in found if row is not None]


def headline(speed: Speed) -> str:
    """Answer in one sentence how long the variant takes, measured by PyTorch."""
    run = alone(speed)
    tasks = [task for task in speed.workloads if task.counted]
    mean = run.geometric_mean.get(OWN)
    if mean is None:
        return "The vectorised variant was not compared with PyTorch over all workloads."
    aim = f"the goal of {MEAN_GOAL:g} is {'met' if mean <= MEAN_GOAL else 'not met'}"
    return (
        f"The vectorised variant takes {ratio(mean)} of PyTorch’s time on {counted(run.threads, 'thread')}, "
        f"in the geometric mean over {counted(len(tasks), 'workload')}; {aim}."
    )


def goals(speed: Speed) -> list[Goal]:
    """Hold the figures of one thread against the goals."""
    run = alone(speed)
    rows = own_timings(speed, run)
    return [_mean(run, rows), _each(rows), _scipy(rows, run), _share(rows)]


def _mean(run: Run, rows: Sequence[tuple[Workload, Timing]]) -> Goal:
    mean = run.geometric_mean.get(OWN)
    text = f"geometric mean of the ratios to PyTorch at most {MEAN_GOAL:g}"
    if mean is None:
        return Goal("goal-mean", text, "", None)
    limit = _limit(rows)
    at_best = "" if limit is None else f"; {ratio(limit)} if every layer ran at the machine’s matrix-product rate"
    return Goal("goal-mean", text, ratio(mean) + at_best, mean <= MEAN_GOAL)


def _limit(rows: Sequence[tuple[Workload, Timing]]) -> float | None:
    """The geometric mean if every layer were as fast as matrix products are, and the rest as it is."""
    found = [(row.ratio, row.share_of_matmul if task.is_layer else None)
             for task, row in rows if task.counted and row.ratio is not None]
    if not any(share for _, share in found):
        return None
    return statistics.geometric_mean(value * min(share or 1.0, 1.0) for value, share in found)


def slowed(speed: Speed, run: Run) -> str:
    """Say which implementations take longer on these threads than on the fewest; empty if none does so often."""
    few = alone(speed)
    told = []
    for name in (OWN, PEER):
        pairs = [(one.seconds, many.seconds) for task in speed.workloads
                 if (one := few.timing(task.id, name)) and (many := run.timing(task.id, name))]
        slower = sum(many > SLOWER * one for one, many in pairs)
        if run is not few and slower > len(pairs) / 2:
            told.append(f"{NAMES[name]} takes longer than on {counted(few.threads, 'thread')} "
                        f"in {slower} of {counted(len(pairs), 'workload')}")
    if not told:
        return ""
    sentence = " and ".join(told)
    return f"{sentence[0].upper()}{sentence[1:]}: threads wait for each other here, so these ratios say little."


def _each(rows: Sequence[tuple[Workload, Timing]]) -> Goal:
    text = f"no counted workload above {EACH_GOAL:g} of PyTorch’s time"
    found = [(row.ratio, task.id) for task, row in rows if task.counted and row.ratio is not None]
    if not found:
        return Goal("goal-each", text, "", None)
    above = [f"{id} {ratio(value)}" for value, id in sorted(found, reverse=True) if value > EACH_GOAL]
    worst, id = max(found)
    return Goal("goal-each", text, listed(above, 12) if above else f"worst: {id} {ratio(worst)}", not above)


def _scipy(rows: Sequence[tuple[Workload, Timing]], run: Run) -> Goal:
    text = f"at least {SCIPY_GOAL:g} times faster than SciPy’s correlate2d on the layers"
    found = []
    for task, row in rows:
        other = run.timing(task.id, PLAIN_PEER)
        if task.is_layer and task.counted and other is not None:
            found.append((other.seconds / row.seconds, task.id))
    if not found:
        return Goal("goal-scipy", text, "", None)
    least, id = min(found)
    return Goal("goal-scipy", text, f"least: {id}, {least:.0f} times", least >= SCIPY_GOAL)


def _share(rows: Sequence[tuple[Workload, Timing]]) -> Goal:
    text = f"at least {percent(SHARE_GOAL)} of the matrix-product rate on 3×3 layers of 64 or more channels"
    found = [(row.share_of_matmul, task.id) for task, row in rows
             if task.is_broad and task.counted and row.share_of_matmul is not None]
    if not found:
        return Goal("goal-share", text, "", None)
    short = [f"{id} {percent(value)}" for value, id in sorted(found) if value < SHARE_GOAL]
    least, id = min(found)
    return Goal("goal-share", text, listed(short, 12) if short else f"least: {id} {percent(least)}", not short)


@dataclass(frozen=True)
class Account:
    """Where the time of one workload goes, and why it is told."""

    task: Workload
    why: str
    sentence: str
    profile: Profile


def accounts(speed: Speed) -> list[Account]:
    """Say of each profiled workload what it falls short of, if of anything, and where its time goes."""
    run, profiles = alone(speed), {profile.workload: profile for profile in speed.profiles}
    found = []
    for task, row in own_timings(speed, run):
        profile = profiles.get(task.id)
        if profile is not None:
            found.append(Account(task, shortfall(task, row), where(profile, row), profile))
    return found


def shortfall(task: Workload, row: Timing) -> str:
    """What a workload falls short of; empty if of nothing. Those that are not counted have no goal."""
    short = []
    if task.counted and row.ratio is not None and row.ratio > EACH_GOAL:
        short.append(f"{ratio(row.ratio)} of PyTorch’s time")
    if task.counted and task.is_broad and row.share_of_matmul is not None and row.share_of_matmul < SHARE_GOAL:
        short.append(f"{percent(row.share_of_matmul)} of the matrix-product rate")
    return " and ".join(short)


def where(profile: Profile, row: Timing) -> str:
    """Tell the parts of a call, the largest first, and the rate within its products."""
    total = sum(part.seconds for part in profile.parts)
    told = [
        f"{percent(part.seconds / total)} {'matrix products' if part.name == PRODUCTS else '`' + part.name + '`'}"
        for part in profile.parts
        if part.seconds >= SMALL_PART * total
    ]
    products = sum(part.seconds for part in profile.parts if part.name == PRODUCTS)
    rate = ""
    if products and row.share_of_matmul is not None:
        rate = f"; within the products, {percent(row.share_of_matmul * total / products)} of the matrix-product rate"
    return listed(told, 8) + rate


def rest(speed: Speed) -> str:
    """Say in one sentence what all workloads with a shortfall spend beside matrix products."""
    short = [account for account in accounts(speed) if account.why]
    if not short:
        return ""
    seconds: dict[str, float] = {}
    for account in short:
        total = sum(part.seconds for part in account.profile.parts)
        for part in account.profile.parts:
            seconds[part.name] = seconds.get(part.name, 0.0) + part.seconds / total / len(short)
    products = seconds.pop(PRODUCTS, 0.0)
    others = [f"`{name}` {percent(part)}" for name, part in sorted(seconds.items(), key=lambda item: -item[1])
              if part >= SMALL_PART]
    names = listed([account.task.id for account in short], 8)
    tail = f"; the rest goes into {listed(others, 5)}" if others else ""
    spent = f"On average {percent(products)} of their time is spent inside matrix products"
    return f"Short of a goal: {names}. {spent}{tail}."


def purposes(harness: Harness) -> list[tuple[str, str, float]]:
    """Give (purpose, what it is, seconds of processor time), the largest first."""
    seconds = dict.fromkeys(harness.purposes, 0.0)
    for spent in harness.spent:
        seconds[spent.purpose] += spent.seconds
    return sorted(((name, harness.purposes[name], own) for name, own in seconds.items()), key=lambda row: -row[2])


def implementations(speed: Speed) -> list[str]:
    """All that were timed: the variant, PyTorch, then the others in the order of the file."""
    found = [row.implementation for run in speed.runs for row in run.timings]
    return sorted(dict.fromkeys(found), key=lambda name: {OWN: 0, PEER: 1}.get(name, 2))


def untimed(speed: Speed) -> list[tuple[str, str, list[str]]]:
    """Give (implementation, reason, workloads) for what was not timed, without those that are not installed."""
    found: dict[tuple[str, str], list[str]] = {}
    for run in speed.runs:
        for item in run.not_run:
            names = found.setdefault((item.implementation, item.reason), [])
            if item.workload not in names:
                names.append(item.workload)
    return [(name, reason, tasks) for (name, reason), tasks in found.items()]


def ratio(value: float) -> str:
    """Write a ratio with two digits after the point, three where it is small.

    Examples
    --------
    >>> ratio(0.8349), ratio(0.0123), ratio(164.1)
    ('0.83', '0.012', '164')
    """
    return f"{value:.2f}" if 0.1 <= value < 10 else f"{value:.3f}" if value < 0.1 else f"{value:.0f}"


def percent(value: float) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> percent(0.813).split(), percent(0.004).split()
    (['81', '%'], ['<1', '%'])
    """
    return "<1\N{NO-BREAK SPACE}%" if 0 < value < 0.005 else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def duration(seconds: float) -> str:
    """Write a time with three digits.

    Examples
    --------
    >>> duration(0.00234), duration(1.5e-05), duration(12.0)
    ('2.34 ms', '15.0 µs', '12.0 s')
    """
    if not seconds:
        return "0 s"
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{_digits(seconds / unit)} {name}"
    return f"{_digits(seconds / 1e-9)} ns"


def size(count: float) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> size(0), size(1536), size(3 << 20)
    ('0', '1.50 KiB', '3.00 MiB')
    """
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{_digits(count / unit)} {name}"
    return f"{count:.0f}" + (" B" if count else "")


def _digits(value: float) -> str:
    return f"{value:.{max(0, 2 - int(math.log10(max(value, 1))))}f}"


def giga(rate: float) -> str:
    """Write a rate in thousand millions a second."""
    return _digits(rate / 1e9) if rate >= 1e9 else f"{rate / 1e9:.2g}"

