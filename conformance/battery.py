"""The battery: the cases of each requirement, drawn once for a seed and an effort, and shared by all adapters."""

import zlib
from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings

from convspec.adapters.protocol import Capabilities
from convspec.conformance.case import Case, parse_case
from convspec.conformance.fitting import fit
from convspec.conformance.generating import cases
from convspec.conformance.requirement import Requirement

# Cases for each requirement, in units of its share.
EFFORTS = {"quick": 30, "standard": 120, "thorough": 1500}
# Hypothesis repeats itself now and then, and fitting makes some cases equal.
SURPLUS = 1.5


class Battery:
    """Cases by requirement, drawn when they are first asked for.

    Parameters
    ----------
    seed : int
    effort : str
        One of `EFFORTS`.
    """

    def __init__(self, seed: int, effort: str) -> None:
        if effort not in EFFORTS:
            raise ValueError(f"effort is {effort!r}; it must be one of {', '.join(EFFORTS)}")
        self.seed, self.effort = seed, effort
        self._drawn: dict[str, list[Case]] = {}

    def size(self, requirement: Requirement) -> int:
        """How many cases a requirement gets."""
        return round(EFFORTS[self.effort] * requirement.share)

    def drawn(self, requirement: Requirement) -> list[Case]:
        """The cases of a requirement as drawn, before they are fitted."""
        if requirement.id not in self._drawn:
            self._drawn[requirement.id] = self._draw(requirement)
        return self._drawn[requirement.id]

    def _draw(self, requirement: Requirement) -> list[Case]:
        found: dict[str, Case] = {parse_case(line).id: parse_case(line) for line in requirement.lines}
        # Each requirement has a stream of its own, so that a selection of requirements changes nothing.
        stream = (self.seed << 32) ^ zlib.crc32(requirement.id.encode())

        @settings(
            max_examples=round(self.size(requirement) * SURPLUS), database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        )
        @seed(stream)
        @given(cases(requirement.bias))
        def collect(case: Case) -> None:
            if requirement.adjust is not None:
                case = requirement.adjust(case)
            found.setdefault(case.id, case)

        collect()
        return list(found.values())

    def fitted(self, requirement: Requirement, claims: Capabilities) -> Iterator[Case]:
        """The requirement's cases inside the claims, each once, at most as many as it gets."""
        seen: set[str] = set()
        wanted = self.size(requirement)
        for drawn in self.drawn(requirement):
            case = fit(drawn, claims)
            if case.id in seen or not admits(requirement, case):
                continue
            seen.add(case.id)
            yield case
            if len(seen) >= wanted:
                return


def admits(requirement: Requirement, case: Case) -> bool:
    """Whether a case speaks of a requirement: valid where it must be, of the right dtype, and accepted."""
    if case.dtype not in requirement.bias.dtypes:
        return False
    try:
        if requirement.valid and not case.is_valid:
            return False
        return requirement.accepts(case)
    except (ValueError, TypeError, ArithmeticError, IndexError):
        return False
