"""What the proof page says, worked out from the records: states, sums, orders and sentences."""

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from convspec.reports.proof_records import Benign, Fault, Hunt, Proof, Requirement
from convspec.reports.words import FAMILIES, counted, listed, slug

WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SLOWEST: Final = 10
# The least share of the faults that a quick run must find.
LEAST_QUICK: Final = 0.95


@dataclass(frozen=True)
class State:
    """How a fault fared: a word, a symbol that differs in shape, and the kind that picks the colour."""

    word: str
    symbol: str
    kind: str


FOUND: Final = State("found", "✓", "good")
SURVIVED: Final = State("survived", "✗", "bad")
UNCAUGHT: Final = State("found, not by all that are named", "!", "bad")
QUICKLY_MISSED: Final = State("found, missed in a quick run", "≈", "known")
NOT_HUNTED: Final = State("not hunted with every seed", "…", "bad")


@dataclass(frozen=True)
class FaultView:
    """One fault with its address, its state, and the named requirements that do not find it."""

    fault: Fault
    anchor: str
    state: State
    uncaught: tuple[str, ...]
    hunts: tuple[tuple[str, tuple[Hunt, ...]], ...]


@dataclass(frozen=True)
class FamilyView:
    """The faults of one family, and how many each effort and seed found: (found, hunted) for each run."""

    name: str
    anchor: str
    faults: tuple[FaultView, ...]
    sums: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ColumnView:
    """One requirement: how many faults name it, it finds, and nothing else finds."""

    requirement: Requirement
    anchor: str
    named: int
    finds: int
    alone: tuple[FaultView, ...]


@dataclass(frozen=True)
class Speed:
    """Cases and seconds until faults were found, over all hunts of one effort."""

    effort: str
    hunts: int
    seconds: tuple[float, ...]
    median_seconds: float
    median_cases: float
    most_cases: int
    slowest: tuple[tuple[FaultView, Hunt], ...]


def main_effort(proof: Proof) -> str:
    """Give the effort that every fault must be found with: standard where it was run, else the first one."""
    efforts = proof.header.efforts
    return "standard" if "standard" in efforts or not efforts else efforts[0]


def runs(proof: Proof) -> list[tuple[str, int]]:
    """Give every effort and seed that was hunted with, in the order of the header."""
    order = {effort: place for place, effort in enumerate((main_effort(proof), *proof.header.efforts))}
    seen = {(hunt.effort, hunt.seed) for fault in proof.faults for hunt in fault.hunts}
    return sorted(seen, key=lambda run: (run[0] != main_effort(proof), order.get(run[0], len(order)), run))


def fault_views(proof: Proof) -> list[FaultView]:
    """Give the faults in the order of the file."""
    used: set[str] = set()
    efforts = list(dict.fromkeys(effort for effort, _ in runs(proof)))
    return [_fault_view(proof, fault, f"fault-{slug(fault.id, used)}", efforts) for fault in proof.faults]


def _fault_view(proof: Proof, fault: Fault, anchor: str, efforts: Sequence[str]) -> FaultView:
    judged = main_effort(proof)
    seeds = {hunt.seed for hunt in fault.hunts if hunt.effort == judged}
    survivors = proof.footer.survivors if proof.footer else ()
    caught = set(fault.found_by or ())
    uncaught = tuple(id for id in fault.caught_by if id not in caught) if fault.found_by is not None else ()
    missed = {hunt.effort for hunt in fault.hunts if not hunt.found_by}
    quick = {"quick"} - {judged}
    if missed - quick or fault.id in survivors:
        state = SURVIVED
    elif not seeds.issuperset(proof.header.seeds) or not seeds:
        state = NOT_HUNTED
    elif uncaught:
        state = UNCAUGHT
    else:
        state = QUICKLY_MISSED if missed else FOUND
    hunts = tuple(
        (effort, tuple(sorted((h for h in fault.hunts if h.effort == effort), key=lambda h: h.seed)))
        for effort in efforts
    )
    return FaultView(fault, anchor, state, uncaught, tuple(pair for pair in hunts if pair[1]))


def families(proof: Proof, views: Iterable[FaultView]) -> list[FamilyView]:
    """Group the faults by family, in the order in which the families come up."""
    used: set[str] = set()
    groups: dict[str, list[FaultView]] = defaultdict(list)
    for view in views:
        groups[view.fault.family].append(view)
    columns = runs(proof)
    return [
        FamilyView(
            name, f"family-{slug(re.sub(r'[ _]+', '-', name), used)}", tuple(group), sums(group, columns)
        )
        for name, group in groups.items()
    ]


def sums(views: Iterable[FaultView], columns: Sequence[tuple[str, int]]) -> tuple[tuple[int, int], ...]:
    """Count found and hunted faults for each effort and seed."""
    found: Counter[tuple[str, int]] = Counter()
    hunted: Counter[tuple[str, int]] = Counter()
    for view in views:
        for hunt in view.fault.hunts:
            hunted[hunt.effort, hunt.seed] += 1
            found[hunt.effort, hunt.seed] += bool(hunt.found_by)
    return tuple((found[run], hunted[run]) for run in columns)


def requirement_order(proof: Proof) -> list[Requirement]:
    """Give the columns of the matrix: as the file lists them, then whatever else its lines name."""
    listed_first = {requirement.id: requirement for requirement in proof.requirements}
    seen = {id for fault in proof.faults for id in (*fault.caught_by, *(fault.found_by or ()))}
    seen.update(id for variant in proof.benign for id in variant.accused_by)
    seen.update(proof.footer.unnamed if proof.footer else ())
    places = {family: place for place, family in enumerate(FAMILIES)}

    def key(id: str) -> tuple[int, str, int, str]:
        family, _, number = id.partition("-")
        return places.get(family, len(places)), family, int(number[:9]) if number[:9].isdecimal() else 0, id

    rest = sorted(seen - listed_first.keys() - {""}, key=key)
    return [*listed_first.values(), *(Requirement(id, "", False) for id in rest)]


def column_views(order: Iterable[Requirement], views: Iterable[FaultView]) -> list[ColumnView]:
    """Count for each requirement what it is named by, what it finds, and what it alone finds."""
    used: set[str] = set()
    named: Counter[str] = Counter()
    finds: Counter[str] = Counter()
    alone: dict[str, list[FaultView]] = defaultdict(list)
    for view in views:
        named.update(set(view.fault.caught_by))
        found = set(view.fault.found_by or ())
        finds.update(found)
        if len(found) == 1:
            alone[next(iter(found))].append(view)
    return [
        ColumnView(r, f"by-{slug(r.id, used)}", named[r.id], finds[r.id], tuple(alone[r.id])) for r in order
    ]


def by_family(ids: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Put requirement ids together that share a family: ``DEF-01 DEF-02`` is DEF with 01 and 02."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        family, dash, number = id.partition("-")
        groups.setdefault(family if dash else "", []).append(number if dash else id)
    return list(groups.items())


def speeds(proof: Proof, views: Sequence[FaultView]) -> list[Speed]:
    """Measure the successful hunts of each effort."""
    found: dict[str, list[tuple[FaultView, Hunt]]] = defaultdict(list)
    for view in views:
        for hunt in view.fault.hunts:
            if hunt.found_by and not math.isnan(hunt.seconds):
                found[hunt.effort].append((view, hunt))
    measured = []
    for effort in dict.fromkeys(effort for effort, _ in runs(proof)):
        pairs = found[effort]
        if not pairs:
            continue
        cases = [hunt.cases for _, hunt in pairs]
        slowest = sorted(pairs, key=lambda pair: (-pair[1].seconds, pair[0].fault.id, pair[1].seed))[:SLOWEST]
        seconds = tuple(hunt.seconds for _, hunt in pairs)
        measured.append(
            Speed(
                effort,
                len(pairs),
                seconds,
                statistics.median(seconds),
                statistics.median(cases),
                max(cases),
                tuple(slowest),
            )
        )
    return measured


def accused(proof: Proof) -> list[Benign]:
    """Give the correct variants that were accused wrongly."""
    return [variant for variant in proof.benign if variant.accused_by]


def benign_cases(proof: Proof) -> int:
    """Count the cases in which nothing may be found; the footer may know of more than the variants' own."""
    return max(
        sum(variant.cases for variant in proof.benign), proof.footer.benign_cases if proof.footer else 0
    )


def headline(proof: Proof, views: Sequence[FaultView]) -> str:
    """Say in one sentence what was proved; what went wrong comes first."""
    bad, good = _about_faults(proof, views)
    wrong = accused(proof)
    false_alarms = max(len(wrong), proof.footer.false_alarms if proof.footer else 0)
    cases = benign_cases(proof)
    if false_alarms:
        names = f": {listed([variant.id for variant in wrong])}" if wrong else ""
        noun = counted(false_alarms, "correct variant is", "correct variants are")
        bad.append(f"{noun} accused wrongly{names}")
    elif cases:
        good.append(f"no correct variant is accused in {grouped(cases)} cases")
    failures = sum(world.failures for world in proof.exhaustive)
    if failures:
        bad.append(f"{counted(failures, 'geometry fails', 'geometries fail')} in the small worlds")
    if proof.footer and proof.footer.unnamed:
        noun = counted(len(proof.footer.unnamed), "requirement is", "requirements are")
        bad.append(f"{noun} named by no fault: {listed(list(proof.footer.unnamed))}")
    if proof.footer and proof.footer.exit_status and not bad:
        bad.append(f"the proof ended with exit status {proof.footer.exit_status}")
    text = "; ".join([*bad, *good]) or "nothing was proved"
    if not proof.complete:
        text = f"so far, {text}"
    return f"{text[0].upper()}{text[1:]}."


def _about_faults(proof: Proof, views: Sequence[FaultView]) -> tuple[list[str], list[str]]:
    """Give what is to be said of the faults: what went wrong, and what did not."""
    all_faults = counted(len(views), "fault")
    survivors = [view.fault.id for view in views if view.state is SURVIVED]
    unhunted = [view.fault.id for view in views if view.state is NOT_HUNTED]
    uncaught = [view.fault.id for view in views if view.uncaught and view.state is not SURVIVED]
    bad = []
    if survivors:
        verb = "is" if len(survivors) == 1 else "are"
        bad.append(f"{len(survivors)} of {all_faults} {verb} not found: {listed(survivors)}")
    if unhunted:
        verb = "was" if len(unhunted) == 1 else "were"
        bad.append(f"{len(unhunted)} of {all_faults} {verb} not hunted with every seed")
    if uncaught:
        noun = counted(len(uncaught), "fault escapes", "faults escape")
        bad.append(f"{noun} a requirement that is named for it: {listed(uncaught)}")
    for effort, seed, found, total in _found(proof, views):
        if effort == "quick" != main_effort(proof) and found < LEAST_QUICK * total:
            bad.append(f"quick effort finds only {found} of {total} with seed {seed}")
    judged = [row for row in _found(proof, views) if row[0] == main_effort(proof)]
    if not judged or survivors or unhunted:
        return bad, []
    least, total = min((found, total) for _, _, found, total in judged)
    if least < total:
        return [f"{total - least} of {total} faults are not found", *bad], []
    seeds = len({seed for _, seed, _, _ in judged})
    how = f" with each of {in_words(seeds)} seeds" if seeds > 1 else ""
    return bad, [f"all {total} faults are found{how}" if total > 1 else f"the only fault is found{how}"]


def _found(proof: Proof, views: Sequence[FaultView]) -> list[tuple[str, int, int, int]]:
    """Give effort, seed, found and total of each run: from the lines, or from the footer where there are none."""
    columns = runs(proof)
    if columns:
        return [(*run, *both) for run, both in zip(columns, sums(views, columns), strict=True)]
    found = proof.footer.found.items() if proof.footer else ()
    return [(effort, entry.seed, entry.found, entry.total) for effort, entries in found for entry in entries]


def disagreements(proof: Proof, views: Sequence[FaultView]) -> list[str]:
    """Compare the footer's sums with the lines; a proof that contradicts itself must say so."""
    if proof.footer is None:
        return []
    said = []
    columns = runs(proof)
    counted_runs = dict(zip(columns, sums(views, columns), strict=True))
    for effort, entries in proof.footer.found.items():
        for entry in entries:
            own = counted_runs.get((effort, entry.seed))
            if views and own != (entry.found, entry.total):
                found = f"{own[0]} of {own[1]}" if own else "no hunts at all"
                said.append(
                    f"The footer counts {entry.found} of {entry.total} faults found at {effort} effort with seed "
                    f"{entry.seed}; the lines say {found}."
                )
    known = {view.fault.id for view in views}
    strangers = [id for id in proof.footer.survivors if id not in known]
    if strangers:
        said.append(f"The footer names survivors that have no line: {listed(strangers)}.")
    if proof.benign and bool(proof.footer.false_alarms) != bool(accused(proof)):
        said.append(
            f"The footer counts {proof.footer.false_alarms} false alarms; the lines name "
            f"{counted(len(accused(proof)), 'accused variant')}."
        )
    return said


def in_words(number: int) -> str:
    """Write a small number as a word."""
    return WORDS[number] if 0 <= number < len(WORDS) else str(number)


def grouped(number: int) -> str:
    """Write a count with narrow spaces between the thousands, which do not break.

    Examples
    --------
    >>> grouped(9999), grouped(210000)
    ('9999', '210\u202f000')
    """
    return str(number) if number < 10_000 else f"{number:,}".replace(",", "\u202f")


def timed(seconds: float) -> str:
    """Write a time in seconds, to two places where it is short.

    Examples
    --------
    >>> timed(0.0431), timed(12.34), timed(280.0), timed(0.001)
    ('0.04 s', '12.3 s', '280 s', '<0.01 s')
    """
    if 0 < seconds < 0.01:
        return "<0.01 s"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def rate(number: int, seconds: float) -> str:
    """Write how many there were in a second; empty where the time says nothing."""
    return grouped(int(number / seconds)) if 1e-6 < seconds < math.inf else ""


def percent(part: int, whole: int) -> str:
    """Write a share in per cent, rounded down, so that only a whole reads as 100 %.

    Examples
    --------
    >>> percent(1199, 1200), percent(3, 3), percent(0, 0)
    ('99.9 %', '100 %', '–')
    """
    if not whole:
        return "–"
    return "100 %" if part == whole else f"{1000 * part // whole / 10:.1f} %"


def odds(set_size: int) -> str:
    """Write the least probability of a conviction, 1 − 2/|S|, rounded down.

    Examples
    --------
    >>> odds(65536), odds(2)
    ('0.999969', '0')
    """
    if set_size <= 2:
        return "0"
    tiny = 2 / set_size
    if tiny < 1e-9:
        return f"1 − {tiny:.1e}".replace("e-", "e−")
    digits = 1 - math.floor(math.log10(tiny))
    return f"{math.floor((1 - tiny) * 10**digits) / 10**digits:.{digits}f}"
