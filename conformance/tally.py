"""What the cases of one requirement came to, counted while they run."""

import collections
from collections.abc import Iterable, Sequence

from convspec.conformance.calls import Outcome
from convspec.conformance.case import Case
from convspec.conformance.evidence import Distribution
from convspec.conformance.exceptions import Group
from convspec.conformance.verdict import Counterexample, Raised


class Tally:
    """Counts of one requirement under one adapter.

    The members say of how many cases each was true; `loose` and `observed` count truth values, None where the question
    has no answer.
    """

    def __init__(self) -> None:
        self.distribution = Distribution()
        self.answered = self.nontrivial = self.deaths = self.not_waited_for = self.excused = 0
        self.known: set[int] = set()
        self.passed_examples: set[int] = set()
        self.loose: collections.Counter[bool | None] = collections.Counter()
        self.observed: collections.Counter[bool] = collections.Counter()
        self.exceptions: dict[str, Group] = {}
        self.refusals: dict[str, Raised] = {}
        self.ran: list[Case] = []
        self.passing: list[Case] = []

    def count(self, case: Case, outcome: Outcome, is_unclaimed: bool) -> None:
        """Count a case that ran."""
        self.ran.append(case)
        self.distribution.count(case)
        self.deaths += outcome.kind in ("crashed", "timed out")
        # A refusal of what is not claimed is no answer.
        self.answered += not is_unclaimed or outcome.kind != "raised"

    def right(self, examples: Iterable[int]) -> None:
        """Count the last case as right, though it is the example of these deviations."""
        self.passing.append(self.ran[-1])
        self.passed_examples.update(examples)

    def deviates(self, deviations: Sequence[int]) -> None:
        """Count a wrong answer that known deviations excuse."""
        self.known.update(deviations)
        self.excused += 1

    def raised(self, raised: Raised, found: Counterexample) -> None:
        """Count an exception on a claimed case."""
        self.exceptions.setdefault(raised.key, Group(raised, found)).add(found.case)

    def refused(self, raised: Raised) -> None:
        """Count a refusal of a plain function."""
        known = self.refusals.get(raised.key, raised)
        self.refusals[raised.key] = known.again() if raised.key in self.refusals else known

    def before(self, case: Case) -> list[Case]:
        """The cases that ran until this one, with it."""
        return self.ran[: self.ran.index(case) + 1]
