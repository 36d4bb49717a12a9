"""What an adapter says of itself, as plain data: without its functions, which stay in its own process."""

from dataclasses import dataclass, replace

from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.protocol import Adapter, Capabilities, Numerics, Predicate
from convspec.adapters.signatures import Signature
from convspec.conformance.case import Case

# For each case: why it is not claimed (or None), and which deviations match it.
Notes = list[tuple[str | None, tuple[int, ...]]]


@dataclass(frozen=True)
class DeviationNote:
    """A known deviation without its predicates, which stay with the adapter."""

    requirements: tuple[str, ...]
    reason: str
    link: str
    example: str | None
    harmful: bool
    applies: bool


@dataclass(frozen=True)
class Description:
    """What an adapter says of itself.

    Parameters
    ----------
    capabilities : Capabilities
        Without the predicates of its exclusions.
    exclusions : tuple of str
        Their reasons.
    signature : Signature or None
        For a plain function, whose claims are still to be found out.
    """

    name: str
    versions: dict[str, str]
    capabilities: Capabilities
    numerics: Numerics
    deviations: tuple[DeviationNote, ...]
    exclusions: tuple[str, ...]
    signature: Signature | None
    declares: bool


def describe(adapter: Adapter, flags: frozenset[str]) -> Description:
    """Reduce an adapter to plain data."""
    notes = tuple(
        DeviationNote(
            d.requirements, d.reason, d.link, d.example, d.harmful, d.processor is None or d.processor(flags)
        )
        for d in adapter.deviations
    )
    plain = replace(adapter.capabilities, exclusions=(), bridged=dict(adapter.capabilities.bridged))
    reasons = tuple(exclusion.reason for exclusion in adapter.capabilities.exclusions)
    function = adapter if isinstance(adapter, FunctionAdapter) else None
    numerics = replace(adapter.numerics, accumulator=dict(adapter.numerics.accumulator))
    return Description(
        adapter.name,
        dict(adapter.versions),
        plain,
        numerics,
        notes,
        reasons,
        None if function is None else function.signature,
        function is not None and getattr(function.function, "capabilities", None) is not None,
    )


def annotate(adapter: Adapter, cases: list[Case], flags: frozenset[str]) -> Notes:
    """For each case: the reason why it is not claimed (or None), and which deviations match it."""
    if not adapter.capabilities.exclusions and not adapter.deviations:
        return [(None, ())] * len(cases)
    notes: Notes = []
    for case in cases:
        excluded = next((e.reason for e in adapter.capabilities.exclusions if _says_so(e.when, case)), None)
        matching = tuple(
            index
            for index, d in enumerate(adapter.deviations)
            if (d.processor is None or d.processor(flags)) and _says_so(d.when, case)
        )
        notes.append((excluded, matching))
    return notes


def _says_so(predicate: Predicate, case: Case) -> bool:
    """Whether a predicate holds; one that cannot be asked of this case (a stride of text, say) does not."""
    try:
        return bool(predicate(case))
    except (TypeError, ValueError, IndexError):
        return False
