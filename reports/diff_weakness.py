"""What two runs did not have in common, so that a change between them says less."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from convspec.reports.results import Adapter, Header, Requirement, Results
from convspec.reports.views import plain
from convspec.reports.words import counted, listed

EFFORTS: Final = ("quick", "standard", "thorough")
MOST_NAMED: Final = 12
ABSENT: Final = "–"
# What is compared of an adapter, and what follows where it differs.
CLAIMS: Final[tuple[tuple[str, Callable[[Adapter], object], str], ...]] = (
    ("target", lambda adapter: adapter.target, "Something else was verified under the same name."),
    ("profile", lambda adapter: adapter.profile, "It was asked for other shapes."),
    (
        "claims",
        lambda adapter: dict(adapter.capabilities),
        "It claims other things, so it was asked other cases; each requirement means what it claims.",
    ),
    ("numerics", lambda adapter: dict(adapter.numerics), "It was judged by another contract, so by other bounds."),
    (
        "deviations declared",
        lambda adapter: [f"{', '.join(found.requirements)}: {found.reason}" for found in adapter.deviations],
        "A deviation that is declared does not count as a failure.",
    ),
    ("isolation", lambda adapter: adapter.isolation, "Crashes and hangs are not seen alike."),
)
# What is compared of a requirement's text.
WORDING: Final[tuple[tuple[str, Callable[[Requirement], str]], ...]] = (
    ("statement", lambda found: found.statement),
    ("verdict class", lambda found: found.verdict_class),
    ("check", lambda found: found.check),
)


@dataclass(frozen=True)
class Weakness:
    """One thing that the runs did not have in common, and what follows for the comparison."""

    subject: str
    old: str
    new: str
    follows: str


def weaknesses(
    old: Results, new: Results, unjudged: Mapping[str, Mapping[str, list[str]]]
) -> tuple[Weakness, ...]:
    """List what makes the comparison weaker.

    Parameters
    ----------
    old, new : Results
    unjudged : mapping
        For each adapter and outcome the requirements that only the old run judged.

    Returns
    -------
    tuple of Weakness
        Missing evidence first, then the settings, the requirements, the adapters, the machine.
    """
    return (
        *_completeness(old, new),
        *_lost(unjudged),
        *_settings(old.header, new.header),
        *_requirements(old, new),
        *_adapters(old, new),
        *_surroundings(old.header, new.header),
    )


def _completeness(old: Results, new: Results) -> Iterator[Weakness]:
    if not (old.complete and new.complete):
        words = {True: "complete", False: "INCOMPLETE"}
        follows = "A run did not come to its end; nothing follows from what is missing in it."
        yield Weakness("completeness", words[old.complete], words[new.complete], follows)


def _lost(unjudged: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Weakness]:
    for adapter, outcomes in unjudged.items():
        for outcome, ids in outcomes.items():
            yield Weakness(
                f"{adapter}: {counted(len(ids), 'requirement')} no longer judged",
                "judged",
                outcome,
                f"Whether it still meets {listed(sorted(ids), MOST_NAMED)} is not known.",
            )


def _settings(old: Header, new: Header) -> Iterator[Weakness]:
    if (old.suite, old.suite_version) != (new.suite, new.suite_version):
        yield Weakness(
            "suite",
            f"{old.suite} {old.suite_version}",
            f"{new.suite} {new.suite_version}",
            "Another suite asks in another way: a change may be its doing.",
        )
    if old.seed != new.seed:
        yield Weakness(
            "seed",
            str(old.seed),
            str(new.seed),
            "Other cases were drawn: what fails now may have been wrong before, and what fails no more may only "
            "not have been found.",
        )
    if old.effort != new.effort:
        yield Weakness("effort", old.effort, new.effort, _effort(old.effort, new.effort))
    for subject, before, after, follows in (
        ("profile asked for", old.profile or "", new.profile or "", "Other shapes were asked for."),
        ("only", ", ".join(old.only), ", ".join(new.only), "The runs were limited to different requirements."),
    ):
        if before != after:
            yield Weakness(subject, before or ABSENT, after or ABSENT, follows)


def _effort(old: str, new: str) -> str:
    if old not in EFFORTS or new not in EFFORTS:
        return "The runs did not try equally many cases."
    if EFFORTS.index(new) < EFFORTS.index(old):
        return "Fewer cases were tried: what fails no more may only not have been found."
    return "More cases were tried: what fails now may have been wrong before."


def _requirements(old: Results, new: Results) -> Iterator[Weakness]:
    before = {found.id: found for found in old.requirements}
    both = [(before[found.id], found) for found in new.requirements if found.id in before]
    for first, second in both:
        if first.level != second.level:
            yield Weakness(
                f"level of {first.id}", first.level, second.level, "The same outcome counts for more or for less."
            )
    for subject, text in WORDING:
        ids = [first.id for first, second in both if text(first) != text(second)]
        if ids:
            yield Weakness(
                f"{subject} of {counted(len(ids), 'requirement')}",
                ABSENT,
                "another text",
                f"{listed(ids, MOST_NAMED)} may have been checked in another way.",
            )


def _adapters(old: Results, new: Results) -> Iterator[Weakness]:
    before = {found.id: found for found in old.adapters}
    for adapter in new.adapters:
        first = before.get(adapter.id)
        if first is None:
            continue
        for name in sorted({*first.versions, *adapter.versions}):
            versions = first.versions.get(name, ABSENT), adapter.versions.get(name, ABSENT)
            if versions[0] != versions[1]:
                yield Weakness(f"{adapter.id}: {name}", *versions, "Another version was verified.")
        for subject, value, follows in CLAIMS:
            told = _apart(value(first), value(adapter))
            if told is not None:
                yield Weakness(f"{adapter.id}: {subject}", *told, follows)


def _surroundings(old: Header, new: Header) -> Iterator[Weakness]:
    before, after = _flat(old.environment), _flat(new.environment)
    for name in sorted({*before, *after}):
        told = _apart(before.get(name), after.get(name))
        if told is not None:
            follows = "The surroundings differ: a change may come from there."
            yield Weakness(name.replace("_", " "), *told, follows)


def _flat(environment: Mapping[str, object]) -> dict[str, object]:
    packages = environment.get("packages")
    rest = {name: value for name, value in environment.items() if name != "packages"}
    return {**rest, **(packages if isinstance(packages, dict) else {})}


def _apart(old: object, new: object) -> tuple[str, str] | None:
    """Write two values as texts, of mappings and lists only what differs; None where they are equal."""
    if old == new:
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        first, second = ({key: values[key] for key in keys if key in values} for values in (old, new))
        return _some(first), _some(second)
    if isinstance(old, list) and isinstance(new, list):
        lacking = [item for item in old if item not in new], [item for item in new if item not in old]
        return (_some(lacking[0]), _some(lacking[1])) if any(lacking) else (_some(old), _some(new))
    return _some(old), _some(new)


def _some(value: object) -> str:
    return ABSENT if value is None or value in ("", [], {}) else plain(value)
