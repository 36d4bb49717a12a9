"""Where one adapter stands: its verdict, in figures and in sentences."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convspec.reports.conclusion import Conclusion, conclude
from convspec.reports.results import Adapter, Requirement, Results, Verdict
from convspec.reports.words import OUTCOMES, counted, family_title, listed
from convspec.rules import share_left_out

# These say nothing about an implementation, so they are not among the requirements that it was held to.
NOT_HELD = frozenset({"skipped", "unavailable", "info", "planned"})

# What a reader must see first.
ORDER = ("does not conform", "incomplete", "conforms", "nothing verified", "unavailable")

# Of one adapter, and of several.
VERBS = {
    "does not conform": ("does not conform", "do not conform"),
    "incomplete": ("was not finished", "were not finished"),
    "conforms": ("conforms", "conform"),
    "nothing verified": ("gave nothing to verify", "gave nothing to verify"),
    "unavailable": ("is not installed", "are not installed"),
}

Judged = tuple[Requirement, Verdict]


@dataclass(frozen=True)
class Standing:
    """One adapter with everything that the run found out about it."""

    adapter: Adapter
    conclusion: Conclusion
    totals: dict[str, int]
    judged: tuple[Judged, ...]

    @property
    def held(self) -> int:
        """Count the requirements that it was held to."""
        return sum(count for word, count in self.totals.items() if word not in NOT_HELD)

    def of_kind(self, kind: str) -> list[Judged]:
        """Give the verdicts whose outcome is good, bad, known or quiet."""
        return [pair for pair in self.judged if OUTCOMES[pair[1].outcome].kind == kind]

    def with_outcome(self, word: str) -> list[Judged]:
        """Give the verdicts with one outcome."""
        return [pair for pair in self.judged if pair[1].outcome == word]


def standings(results: Results) -> list[Standing]:
    """Give the adapters, those that do not conform first, otherwise in the order of the run."""
    catalogue = {
        requirement.id: (place, requirement) for place, requirement in enumerate(results.requirements)
    }
    judged: dict[str, list[tuple[int, Judged]]] = defaultdict(list)
    for verdict in results.verdicts:
        place, requirement = catalogue[verdict.requirement]
        judged[verdict.adapter].append((place, (requirement, verdict)))
    order = {target: place for place, target in enumerate(results.header.targets)}
    found = []
    for adapter in results.adapters:
        pairs = tuple(pair for _, pair in sorted(judged[adapter.id], key=lambda item: item[0]))
        found.append(Standing(adapter, _conclusion(results, adapter, pairs), _totals(pairs), pairs))
    last = len(order)
    found.sort(
        key=lambda s: (
            ORDER.index(s.conclusion.state),
            not s.conclusion.deviations,
            not s.of_kind("bad"),
            order.get(s.adapter.id, order.get(s.adapter.target, last)),
            s.adapter.id,
        )
    )
    return found


def _conclusion(results: Results, adapter: Adapter, pairs: Sequence[Judged]) -> Conclusion:
    judged = [(requirement.id, requirement.level, verdict.outcome) for requirement, verdict in pairs]
    # Where the run stopped before it said so itself: the definition fails with a geometry.
    judged += [
        ("DEF-01", "MUST", world.outcome)
        for world in results.worlds
        if world.adapter == adapter.id and OUTCOMES[world.outcome].kind == "bad"
    ]
    return conclude(
        judged,
        left_out=share_left_out(verdict.counts for _, verdict in pairs),
        available=adapter.available,
        complete=results.complete,
        limits=adapter.limits,
        only=results.header.only,
    )


def _totals(pairs: Iterable[Judged]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for _, verdict in pairs:
        counts[verdict.outcome] += 1
    return counts


def sentence(standing: Standing) -> str:
    """Say in one sentence what the run found; the name of the adapter goes in front of it."""
    passed, held, ended = standing.totals["passed"], standing.held, standing.conclusion
    of = f" ({ended.selected})" if ended.selection else ""
    if ended.state == "unavailable":
        return f"was not verified: {_clause(standing.adapter.reason) or 'its library is not installed'}."
    if ended.state == "nothing verified":
        return f"was not verified{of}: {_clause(standing.adapter.reason) or _unverified(standing)}."
    bad = standing.of_kind("bad")
    names = listed([f"{requirement.id} ({verdict.outcome})" for requirement, verdict in bad])
    extras = _extras(standing)
    if ended.state == "incomplete":
        found = f"{len(bad)} of them not met: {names}" if bad else "none of them failed"
        return f"was not finished{of}: {counted(held, 'requirement was', 'requirements were')} judged, {found}."
    if ended.state == "does not conform":
        return f"{ended.words}; {len(bad)} of {held} requirements are not met: {names}{extras}."
    if bad:
        return (
            f"{ended.words}: no MUST and no claimed DECL is broken; {passed} of {held} requirements are met; "
            f"not met: {names}{extras}."
        )
    whole = f"all {held} requirements" if passed == held else f"{passed} of {held} requirements"
    return f"{ended.words}: {whole} that it was held to are met{extras}."


def _unverified(standing: Standing) -> str:
    if not standing.held:
        return "no requirement applied to it"
    return "neither DEF-01 nor DEF-02, which hold its answers against the definition, is among those that passed"


def _extras(standing: Standing) -> str:
    parts = []
    known = [requirement.id for requirement, _ in standing.with_outcome("known deviation")]
    if known:
        parts.append(f"not met, as declared: {listed(known)}")
    if standing.totals["skipped"]:
        parts.append(f"{standing.totals['skipped']} not claimed")
    return "".join(f"; {part}" for part in parts)


def headline(found: list[Standing]) -> str:
    """Say in one sentence how the whole run ended."""
    if not found:
        return "No adapter was verified."
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for standing in found:
        names[standing.conclusion.state, standing.conclusion.qualified].append(standing.adapter.id)
    clauses: list[str] = []
    for (state, qualified), who in names.items():
        of_all = "" if clauses else f" of {len(found)} adapters" if len(who) < len(found) else " adapters"
        subject = listed(who) if len(found) <= 3 else f"{len(who)}{of_all}"
        clauses.append(f"{subject} {VERBS[state][len(who) > 1]}{qualified}")
    selected = found[0].conclusion.selected
    return (f"{selected}: " if selected else "") + "; ".join(clauses) + "."


def gets_right(standing: Standing) -> list[str]:
    """Name the families that are met, in words, with the number where not everything is."""
    passed: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for requirement, verdict in standing.judged:
        if verdict.outcome not in NOT_HELD:
            asked[requirement.family] += 1
            passed[requirement.family] += verdict.outcome == "passed"
    return [
        family_title(family) + ("" if passed[family] == count else f" ({passed[family]} of {count})")
        for family, count in asked.items()
        if passed[family]
    ]


def reported(standing: Standing) -> list[Judged]:
    """Give what was observed without being required and has something to say."""
    return [pair for pair in standing.with_outcome("info") if pair[1].reason]


def skips(standing: Standing) -> list[tuple[str, list[str]]]:
    """Group what was not asked by its reason."""
    groups: dict[str, list[str]] = defaultdict(list)
    for requirement, verdict in standing.with_outcome("skipped"):
        groups[verdict.reason or "not claimed"].append(requirement.id)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def tried(standing: Standing) -> dict[str, dict[str, int]]:
    """Add up over all requirements how often each value of each axis was tried."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for _, verdict in standing.judged:
        for axis, counts in verdict.evidence.items():
            for value, count in counts.items():
                sums[axis][value] += count
    return {axis: dict(counts) for axis, counts in sums.items()}


def _clause(text: str) -> str:
    """Fit a stranger's sentence into the middle of one: no full stop at its end, on one line."""
    return " ".join(text.split()).rstrip(".")


def unmatched(results: Results) -> list[str]:
    """Name the lines of the file of known failures that matched no failure, where the run can say so.

    It cannot where it did not end, where no requirement of the line was asked for, or where one of them failed in
    another way: then not all of its cases were tried.
    """
    known = results.header.known
    if known is None or not results.complete:
        return []
    stopped = {
        (verdict.adapter, verdict.requirement)
        for verdict in results.verdicts
        if OUTCOMES[verdict.outcome].kind == "bad"
    }
    asked = {verdict.requirement for verdict in results.verdicts}
    quiet = set()
    for adapter in results.adapters:
        for deviation in adapter.deviations:
            mine = asked if "*" in deviation.requirements else asked & set(deviation.requirements)
            if deviation.seen or not mine or any((adapter.id, id) in stopped for id in mine):
                quiet.add(deviation.known_line)
    return [
        f"line {number} of {known.file} matched no failure: {text}"
        for number, text in known.lines
        if number not in quiet
    ]
