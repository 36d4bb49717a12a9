"""What will be asked of an adapter for one requirement: its cases inside the claims, and what is known of each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec

from convspec.adapters.protocol import DTYPES, Capabilities
from convspec.conformance.battery import Battery, admits
from convspec.conformance.calls import Call, Trialled
from convspec.conformance.case import Case, parse_case
from convspec.conformance.description import DeviationNote, Notes
from convspec.conformance.fitting import fit, is_inside
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Requirement, one_call

BUILDABLE = tuple(name for name in DTYPES if name != "bfloat16" or find_spec("ml_dtypes") is not None)


@dataclass(frozen=True)
class Plan:
    """What will be asked for one requirement.

    Parameters
    ----------
    requirement : Requirement
    cases : list of Case
        Those to run.
    unclaimed : set of str
        The ids of those that are not claimed (asked by DTY-05 alone).
    matching : dict
        By the case's id, the deviations that match it or one of its calls, if there are any.
    excluded : int
        How many cases an exclusion took away.
    """

    requirement: Requirement
    cases: list[Case]
    unclaimed: set[str] = field(default_factory=set)
    matching: dict[str, tuple[int, ...]] = field(default_factory=dict)
    excluded: int = 0

    @cached_property
    def trials(self) -> list[Trialled]:
        """The cases as the child takes them."""
        return [(self.requirement.id, case) for case in self.cases]

    def part(self, some: slice) -> "Plan":
        """The same with some of the cases."""
        return self if some == slice(None) else replace(self, cases=self.cases[some])


@dataclass(frozen=True)
class Planner:
    """Plans for one adapter.

    Parameters
    ----------
    battery : Battery
    oracle : Oracle
    claims : Capabilities
    annotate : function of a list of cases
        For each case why it is not claimed (or None), and which deviations match it.
    deviations : sequence of DeviationNote
        Those that the adapter declares, and those that are expected.
    has_exclusions : bool
        Whether some cells inside the claims are not claimed.
    as_plane : bool
        Whether a layer is asked for planes only.
    is_plain : bool
        Whether the claims are those recognised of a plain function, and not declared.
    """

    battery: Battery
    oracle: Oracle
    claims: Capabilities
    annotate: Callable[[list[Case]], Notes]
    deviations: Sequence[DeviationNote]
    has_exclusions: bool
    as_plane: bool
    is_plain: bool

    def plan(self, requirement: Requirement) -> Plan:
        """Choose the cases of a requirement, and find out what is known of each."""
        # Odd cells that are not claimed are left out below, so begin with more than are wanted.
        picky = self.has_exclusions and requirement.id != "DTY-05"
        cases = list(self.battery.fitted(requirement, self.claims, all_drawn=picky))
        if self.as_plane:
            cases = [case for case in cases if case.batch == case.channels == case.outputs == 1]
        unclaimed: set[str] = set()
        if requirement.id == "DTY-05" and not self.is_plain:
            extra = self._outside_the_claims(requirement)
            unclaimed = {case.id for case in extra}
            cases = extra + cases
        cases = [*self._examples(requirement), *cases]
        cases = [case for case in cases if self.stays_inside(requirement, case)]
        if not cases:
            return Plan(requirement, [], unclaimed)
        size = self.battery.size(requirement)
        kept: list[Case] = []
        matching: dict[str, tuple[int, ...]] = {}
        left_out = 0
        for case, (excluded, deviations) in zip(cases, self.notes(requirement, cases), strict=True):
            if len(kept) == size:
                break
            if excluded:
                if requirement.id != "DTY-05":
                    left_out += 1
                    continue
                unclaimed.add(case.id)
            kept.append(case)
            if deviations:
                matching[case.id] = deviations
        return Plan(requirement, kept, unclaimed, matching, left_out)

    def notes(self, requirement: Requirement, cases: Sequence[Case]) -> Notes:
        """For each case: why it or one of its calls is not claimed (or None), and which deviations match them."""
        if not self.has_exclusions and not self.deviations:
            return [(None, ())] * len(cases)
        asked = [[case, *self._further(requirement, case)] for case in cases]
        answers = iter(self.annotate([part for parts in asked for part in parts]))
        found: Notes = []
        for parts in asked:
            notes = [next(answers) for _ in parts]
            excluded = next((reason for reason, _ in notes if reason), None)
            matching = {index for _, indices in notes for index in indices}
            found.append((excluded, tuple(sorted(index for index in matching if self._speaks_of(index, requirement)))))
        return found

    def stays_inside(self, requirement: Requirement, case: Case) -> bool:
        """Whether no further call that the requirement builds from a case leaves the claims."""
        if requirement.calls is one_call or not requirement.valid or self._claims_everything:
            return True
        return all(is_inside(call, self.claims) for call in self._further_calls(requirement, case))

    @property
    def _claims_everything(self) -> bool:
        claims = self.claims
        return (
            (claims.stride, claims.dilation, claims.padding) == ("each", "each", "sides")
            and claims.groups
            and claims.bias
            and not claims.limits
        )

    def _speaks_of(self, index: int, requirement: Requirement) -> bool:
        return bool({requirement.id, "*"} & set(self.deviations[index].requirements))

    def _examples(self, requirement: Requirement) -> Iterable[Case]:
        for note in self.deviations:
            if note.applies and note.example and requirement.id in note.requirements:
                yield parse_case(note.example)

    def _further_calls(self, requirement: Requirement, case: Case) -> tuple[Call, ...]:
        if requirement.calls is one_call or not requirement.valid:
            return ()
        return self.oracle.calls_of(requirement.id, case)[1:]

    def _further(self, requirement: Requirement, case: Case) -> list[Case]:
        """The further calls as cases, which is what predicates look at."""
        return [
            case.but(
                x_shape=call.x.shape, w_shape=call.w.shape, bias_shape=None if call.bias is None else call.bias.shape,
                stride=call.stride, padding=call.padding, dilation=call.dilation, groups=call.groups,
                layout_x=call.layout_x, layout_w=call.layout_w, layout_bias=call.layout_bias, literal=None,
            )
            for call in self._further_calls(requirement, case)
        ]

    def _outside_the_claims(self, requirement: Requirement) -> list[Case]:
        """Cases that a declared adapter does not claim: it refuses them or is right."""
        claims = self.claims
        is_layer = claims.profile == "layer"
        everything = replace(
            claims,
            dtypes=BUILDABLE,
            stride="each",
            dilation="each",
            padding="sides",
            groups=is_layer,
            bias=is_layer,
            square_kernels_only=False,
            odd_kernels_only=False,
            square_pictures_only=False,
            exact_fit_only=False,
        )
        outside: list[Case] = []
        for drawn in self.battery.drawn(requirement):
            case = fit(drawn, everything)
            if fit(case, claims) != case and admits(requirement, case):
                outside.append(case)
        return outside[: self.battery.size(requirement) // 3]
