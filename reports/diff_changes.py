"""Two runs side by side: what changed, requirement by requirement and adapter by adapter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from convspec.reports.conclusion import Conclusion
from convspec.reports.diff_severity import Kind, kind_of_change, severity
from convspec.reports.diff_weakness import Weakness, weaknesses
from convspec.reports.results import Adapter, Requirement, Results, Verdict
from convspec.reports.standing import NOT_HELD, standings
from convspec.reports.words import OUTCOMES, counted, listed

# The small worlds have no requirement of their own; they are compared as if they were one.
WORLDS: Final = "exhaustive"
# The sections of a comparison, in their order, with the words above each.
SECTIONS: Final[tuple[tuple[Kind, str], ...]] = (
    (Kind.WORSE, "Got worse"),
    (Kind.NEWLY_FAILING, "Newly failing"),
    (Kind.BETTER, "Got better"),
    (Kind.CHANGED, "Changed, neither better nor worse"),
)
UNSETTLED: Final = {
    "mistrusted": "No improvement: a mistrusted run shows nothing.",
    "known deviation": "No improvement: the deviation is declared now, not mended.",
}

Key = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One requirement under one adapter in both runs; ``old`` or ``new`` is None where it was not run."""

    kind: Kind
    adapter: Adapter
    requirement: Requirement
    old: Verdict | None
    new: Verdict | None
    note: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """Give the two outcomes, ``not run`` where there is none."""
        return (self.old.outcome if self.old else "not run", self.new.outcome if self.new else "not run")

    @property
    def judged_in_both(self) -> bool:
        """Whether both outcomes say something about the implementation."""
        return all(verdict is not None and verdict.outcome not in NOT_HELD for verdict in (self.old, self.new))

    @property
    def still_bad(self) -> bool:
        """Whether the requirement is not met in the new run."""
        return self.new is not None and OUTCOMES[self.new.outcome].kind == "bad"


@dataclass(frozen=True)
class Missing:
    """What only one of the two runs has."""

    adapters: tuple[str, ...]
    requirements: tuple[str, ...]
    pairs: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say it, one sentence each for adapters, requirements, and requirements of an adapter that both have."""
        found = []
        if self.adapters:
            found.append(f"{counted(len(self.adapters), 'adapter')}: {listed(list(self.adapters), 40)}.")
        if self.requirements:
            found.append(f"{counted(len(self.requirements), 'requirement')}: {listed(list(self.requirements), 40)}.")
        for adapter, ids in self.pairs:
            found.append(f"{adapter}, {counted(len(ids), 'requirement')}: {listed(list(ids), 40)}.")
        return tuple(found)


@dataclass(frozen=True)
class Ended:
    """How two runs ended for one adapter."""

    adapter: str
    old: Conclusion
    new: Conclusion

    @property
    def words(self) -> str:
        """Write it as ``✓ conforms → ≈ conforms but for 1 known deviation``."""
        return f"{self.old.symbol} {self.old.words} → {self.new.symbol} {self.new.words}"


@dataclass(frozen=True)
class Difference:
    """Two runs compared. ``changes`` holds every pair of either run, the gravest first in each kind."""

    old: Results
    new: Results
    changes: tuple[Change, ...]
    only_old: Missing
    only_new: Missing
    weaknesses: tuple[Weakness, ...]

    def of_kind(self, kind: Kind) -> tuple[Change, ...]:
        """Give the changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)

    @property
    def still_failing(self) -> tuple[Change, ...]:
        """What was not met before and is not met now, with the same outcome."""
        return tuple(change for change in self.of_kind(Kind.SAME) if change.still_bad)

    @property
    def compared(self) -> int:
        """Count the outcomes that say something about an implementation in both runs."""
        return sum(change.judged_in_both for change in self.changes)

    @property
    def conclusions(self) -> tuple[Ended, ...]:
        """How the runs ended for each adapter of both, where that is not the same."""
        before = {standing.adapter.id: standing.conclusion for standing in standings(self.old)}
        both = [
            Ended(standing.adapter.id, before[standing.adapter.id], standing.conclusion)
            for standing in standings(self.new)
            if standing.adapter.id in before
        ]
        return tuple(ended for ended in both if ended.old.words != ended.new.words)

    @property
    def exit_status(self) -> int:
        """Give 1 if a requirement got worse, else 0."""
        return int(bool(self.of_kind(Kind.WORSE)))

    @property
    def headline(self) -> str:
        """Say in one sentence what came of it."""
        worse, newly, better = (
            len(self.of_kind(kind)) for kind in (Kind.WORSE, Kind.NEWLY_FAILING, Kind.BETTER)
        )
        rest = [f"{newly} newly {'fails' if newly == 1 else 'fail'}"] if newly else []
        rest += [f"{better} got better"] if better else []
        if worse:
            return "; ".join([f"{counted(worse, 'outcome')} got worse", *rest]) + "."
        if not self.compared:
            return "; ".join(["Nothing can be compared: the two runs judged nothing in common", *rest]) + "."
        return "; ".join([f"None of {counted(self.compared, 'outcome')} got worse", *rest]) + "."


def compare(old: Results, new: Results) -> Difference:
    """Hold a run against an earlier one.

    Adapters and requirements are matched by their ids; the small worlds count as one requirement of each adapter.
    """
    before, after = _verdicts(old), _verdicts(new)
    adapters = {adapter.id: adapter for adapter in (*old.adapters, *new.adapters)}
    requirements = {found.id: found for found in (*old.requirements, *new.requirements)}
    if any(requirement == WORLDS for _, requirement in (*before, *after)):
        requirements.setdefault(WORLDS, _world_requirement())
    changes = []
    for key in dict.fromkeys([*after, *before]):
        first, second = before.get(key), after.get(key)
        outcomes = (verdict.outcome if verdict else None for verdict in (first, second))
        kind = kind_of_change(*outcomes, unclaimed=_claims_differ(key[0], old, new))
        changes.append(
            Change(kind, adapters[key[0]], requirements[key[1]], first, second, _note(kind, key, (first, second), old))
        )
    places = {id: place for place, id in enumerate(requirements)}
    order = {id: place for place, id in enumerate(_distinct([*new.adapters, *old.adapters]))}
    changes.sort(
        key=lambda change: (
            -max(severity(verdict.outcome) for verdict in (change.old, change.new) if verdict),
            places[change.requirement.id],
            order[change.adapter.id],
        )
    )
    return Difference(
        old,
        new,
        tuple(changes),
        _missing(old, new, changes, Kind.GONE),
        _missing(new, old, changes, Kind.COME),
        weaknesses(old, new, _unjudged(changes)),
    )


def _claims_differ(adapter: str, old: Results, new: Results) -> bool:
    """Whether an adapter ceased to claim what it claimed; a run that was asked for less says nothing about that."""
    if old.header.profile != new.header.profile:
        return False
    claims = [
        [(known.profile, known.capabilities, known.not_claimed) for known in results.adapters if known.id == adapter]
        for results in (old, new)
    ]
    return claims[0] != claims[1]


def _verdicts(results: Results) -> dict[Key, Verdict]:
    found = {(verdict.adapter, verdict.requirement): verdict for verdict in results.verdicts}
    for world in results.worlds:
        found[world.adapter, WORLDS] = Verdict(
            world.adapter,
            WORLDS,
            world.outcome,
            world.geometries,
            world.geometries,
            world.seconds,
            world.reason,
            {},
            None,
            None,
            "",
            world.counterexample,
        )
    return found


def _world_requirement() -> Requirement:
    title = "Small worlds, whole: every geometry up to a bound"
    return Requirement(WORLDS, WORLDS, "", "", title, title + ".", "", "", (), "", "core", False)


def _distinct(adapters: Iterable[Adapter]) -> list[str]:
    return list(dict.fromkeys(adapter.id for adapter in adapters))


def _note(kind: Kind, key: Key, verdicts: tuple[Verdict | None, Verdict | None], old: Results) -> str:
    """Say why a failure counts as new, and why what is judged no more counts as worse or as nothing."""
    first, second = verdicts
    if kind is Kind.WORSE and second is not None and second.outcome in NOT_HELD:
        return "No longer verified: the adapter does not claim it any more."
    if kind is Kind.CHANGED and first is not None and second is not None and first.outcome not in NOT_HELD:
        return UNSETTLED.get(second.outcome, "It is judged no more, so nothing follows.")
    if kind is not Kind.NEWLY_FAILING:
        return ""
    if first is not None:
        return f"Not judged before: {first.outcome}."
    if all(known.id != key[0] for known in old.adapters):
        return "The adapter is new."
    if key[1] == WORLDS or any(known.id == key[1] for known in old.requirements):
        return "Not run before."
    return "The requirement is new."


def _missing(one: Results, other: Results, changes: Iterable[Change], kind: Kind) -> Missing:
    """Collect what ``one`` has and ``other`` has not; ``kind`` is that of its pairs."""
    theirs, known = set(_distinct(other.adapters)), {found.id for found in other.requirements}
    adapters = tuple(id for id in _distinct(one.adapters) if id not in theirs)
    requirements = tuple(found.id for found in one.requirements if found.id not in known)
    pairs: dict[str, list[str]] = {}
    for change in changes:
        alone = change.kind is kind or (kind is Kind.COME and change.old is None)
        if alone and change.adapter.id in theirs and change.requirement.id not in requirements:
            pairs.setdefault(change.adapter.id, []).append(change.requirement.id)
    ordered = tuple((id, tuple(sorted(pairs[id]))) for id in _distinct(one.adapters) if id in pairs)
    return Missing(adapters, requirements, ordered)


def _unjudged(changes: Iterable[Change]) -> Mapping[str, Mapping[str, list[str]]]:
    """Give by adapter and outcome what the old run judged and the new one does not, unless that counts as worse."""
    found: dict[str, dict[str, list[str]]] = {}
    for change in changes:
        lost = change.old and change.new and change.old.outcome not in NOT_HELD and change.new.outcome in NOT_HELD
        if change.new and lost and change.kind is not Kind.WORSE:
            found.setdefault(change.adapter.id, {}).setdefault(change.new.outcome, []).append(change.requirement.id)
    return found
