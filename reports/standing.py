"""Where one adapter stands: its verdict, in figures and in sentences."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from convspec.reports.results import Adapter, Requirement, Results, Verdict
from convspec.reports.words import OUTCOMES, VERDICT_SYMBOLS, VERDICTS, counted, family_title, listed

# These say nothing about an implementation, so they are not among the requirements that it was held to.
NOT_HELD = frozenset({"skipped", "unavailable", "info", "planned"})

Judged = tuple[Requirement, Verdict]


@dataclass(frozen=True)
class Standing:
    """One adapter with everything that the run found out about it."""

    adapter: Adapter
    verdict: str
    totals: dict[str, int]
    judged: tuple[Judged, ...]

    @property
    def kind(self) -> str:
        """Give the colour of the verdict."""
        return VERDICTS[self.verdict]

    @property
    def symbol(self) -> str:
        """Give the symbol of the verdict."""
        return VERDICT_SYMBOLS[self.verdict]

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
        found.append(Standing(adapter, results.verdict_word(adapter.id), _totals(pairs), pairs))
    last = len(order)
    found.sort(
        key=lambda s: (
            list(VERDICTS).index(s.verdict),
            not s.of_kind("bad"),
            order.get(s.adapter.id, order.get(s.adapter.target, last)),
            s.adapter.id,
        )
    )
    return found


def _totals(pairs: Iterable[Judged]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for _, verdict in pairs:
        counts[verdict.outcome] += 1
    return counts


def sentence(standing: Standing) -> str:
    """Say in one sentence what the run found; the name of the adapter goes in front of it."""
    passed, held = standing.totals["passed"], standing.held
    if standing.verdict == "unavailable":
        return f"was not verified: {_clause(standing.adapter.reason) or 'its library is not installed'}."
    if standing.verdict == "nothing verified":
        return f"was not verified: {_clause(standing.adapter.reason) or 'no requirement applied to it'}."
    bad = standing.of_kind("bad")
    names = listed([f"{requirement.id} ({verdict.outcome})" for requirement, verdict in bad])
    extras = _extras(standing)
    if standing.verdict == "incomplete":
        found = f"{len(bad)} of them not met: {names}" if bad else "none of them failed"
        return f"was not finished: {counted(held, 'requirement was', 'requirements were')} judged, {found}."
    if standing.verdict == "does not conform":
        return f"does not conform; {len(bad)} of {held} requirements are not met: {names}{extras}."
    if bad:
        return (
            f"conforms: no MUST and no claimed DECL is broken; {passed} of {held} requirements are met; "
            f"not met: {names}{extras}."
        )
    whole = f"all {held} requirements" if passed == held else f"{passed} of {held} requirements"
    return f"conforms: {whole} that it was held to are met{extras}."


def _extras(standing: Standing) -> str:
    parts = []
    known = [requirement.id for requirement, _ in standing.with_outcome("known deviation")]
    if known:
        parts.append(f"{counted(len(known), 'known deviation')} ({listed(known)})")
    if standing.totals["skipped"]:
        parts.append(f"{standing.totals['skipped']} not claimed")
    return "".join(f"; {part}" for part in parts)


def headline(found: list[Standing]) -> str:
    """Say in one sentence how the whole run ended."""
    names: dict[str, list[str]] = defaultdict(list)
    for standing in found:
        names[standing.verdict].append(standing.adapter.id)
    if not found:
        return "No adapter was verified."
    clauses: list[str] = []
    for verdict, verb, plural in (
        ("does not conform", "does not conform", "do not conform"),
        ("incomplete", "was not finished", "were not finished"),
        ("conforms", "conforms", "conform"),
        ("nothing verified", "gave nothing to verify", "gave nothing to verify"),
        ("unavailable", "is not installed", "are not installed"),
    ):
        if names[verdict]:
            who = names[verdict]
            of_all = "" if clauses else f" of {len(found)} adapters" if len(who) < len(found) else " adapters"
            subject = listed(who) if len(found) <= 3 else f"{len(who)}{of_all}"
            clauses.append(f"{subject} {verb if len(who) == 1 else plural}")
    return "; ".join(clauses) + "."


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
