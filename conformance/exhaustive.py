"""Small worlds, whole: an adapter held against every geometry up to a bound.

Let an implementation compute, for one geometry, each output as a fixed polynomial of degree at most 2 in the numbers of
x, w and bias: some products of an x and a w, some biases, wrong ones perhaps. If one output's polynomial is not that of
the definition, their difference is not the zero polynomial, and so it is zero at numbers drawn evenly from a set S with
probability at most 2/|S| (Schwartz 1980, Zippel 1979). So one call convicts any wrong formula of the kind but with that
probability; and an implementation that is wrong for any geometry at all passes the whole world with at most the same
probability, since for that it must pass at the very geometry where it is wrong.

The numbers are whole and so small that no sum of theirs is rounded. The answers are computed by a screen of its own,
which can only clear; what it does not clear is judged like any other case, by the definition.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Call, Outcome, Trial
from convspec.conformance.case import Case
from convspec.conformance.confirming import Confirmation
from convspec.conformance.engine import Verifier, right_answer_of
from convspec.conformance.expected import Expected, SuiteError
from convspec.conformance.in_process import InProcess
from convspec.conformance.judging import Finding
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Hearing
from convspec.conformance.requirements import calls_of, requirements
from convspec.conformance.results import counterexample_line, verdict_line
from convspec.conformance.verdict import Counterexample, Verdict
from convspec.conformance.world import SMALLER_WORLD, WORLD, Geometry, Part, World, part_of
from convspec.conformance.world_answers import Answers, chunks
from convspec.rules import BAD

DEFINITION = "DEF-01"
HISTORY = 2000
# Answers are whole: with a smaller error than this, the right one and a wrong one are told apart.
DECISIVE = 0.5

Watch = Callable[[int, int], None]


@dataclass
class Exploration:
    """What came of one adapter in a world.

    Parameters
    ----------
    geometries, elements : int
        How many were compared; those of the last, failing one are not.
    seconds : float
        Until the last geometry, or the failing one; confirming it and making it small is not counted.
    excluded, deviating : counts
        Reasons why geometries were not asked for, and known deviations that were seen, each with how many times.
    loosest : float
        The largest error that was allowed; 0 where equality is asked for.
    """

    verdict: Verdict
    part: Part | None
    geometries: int = 0
    elements: int = 0
    seconds: float = 0.0
    loosest: float = 0.0
    excluded: "Counter[str]" = field(default_factory=Counter)
    deviating: "Counter[str]" = field(default_factory=Counter)


class Explorer:
    """Takes one adapter through the part of a world that it claims.

    Parameters
    ----------
    verifier : Verifier
    world : World
    answers : Answers
        Shared with other adapters.
    seed : int
    watch : callable
        Told now and then how many geometries are done, of how many.
    """

    def __init__(
        self,
        verifier: Verifier,
        world: World | None = None,
        answers: Answers | None = None,
        *,
        seed: int = 0,
        watch: Watch = lambda done, total: None,
    ) -> None:
        self.verifier, self.world, self.seed, self.watch = verifier, world or WORLD, seed, watch
        self.answers = answers or Answers()
        self.requirement = requirements()[DEFINITION]

    def explore(self) -> Exploration:
        """Until a geometry fails that no known deviation explains, or to the end.

        Raises
        ------
        SuiteError
            The suite contradicts itself.
        """
        verifier = self.verifier
        part = part_of(self.world, verifier.capabilities, as_plane=verifier.as_plane, seed=self.seed)
        verdict = Verdict(verifier.name, self.requirement.id, "passed")
        found = Exploration(verdict, part)
        if part is None:
            verdict.outcome, verdict.reason = "skipped", "not claimed: none of its element types holds the numbers"
            return found
        started = time.perf_counter()
        verifier.child.fresh()
        history: deque[Case] = deque(maxlen=HISTORY)
        for number, geometries in enumerate(chunks(part)):
            failed = self._chunk(found, part, number, geometries, history)
            found.seconds = time.perf_counter() - started
            self.watch(found.geometries, part.total)
            if verdict.outcome == "mistrusted":
                return found
            if failed is not None:
                verdict.outcome, verdict.reason, verdict.counterexample = "failed", failed.finding.reason, failed
                Confirmation(verifier).explain(self.requirement, verdict, list(history), set())
                return found
        if not found.geometries:
            verdict.outcome, verdict.reason = "skipped", "not claimed: no geometry of it lies inside the claims"
        return found

    def _chunk(
        self, found: Exploration, part: Part, number: int, geometries: list[Geometry], history: deque[Case]
    ) -> Counterexample | None:
        """Run and compare some geometries; the first that fails, or None."""
        child = self.verifier.child
        notes = self.verifier.annotate([case for *_, case in geometries])
        asked = [case for (*_, case), (excluded, _) in zip(geometries, notes, strict=True) if excluded is None]
        came = child.run([(self.requirement.id, case) for case in asked])
        dtype = np.dtype(part.dtype)
        try:
            answers = self.answers.of(part, number, geometries)
            for geometry, (excluded, deviations), answer in zip(geometries, notes, answers, strict=True):
                if excluded is not None:
                    found.excluded[excluded] += 1
                    continue
                case = geometry[-1]
                history.append(case)
                outcomes = next(came)
                value = outcomes[0].value
                if outcomes[0].kind == "not waited for" and not self._known(deviations):
                    found.verdict.outcome = "mistrusted"
                    found.verdict.reason = f"the implementation hung {child.hangs} times before; {outcomes[0].text}"
                    return None
                if value is None or value.dtype != dtype or not _equal(value, answer, part.shape(geometry)):
                    failed = self._judged(found, case, outcomes)
                    known = self._known(deviations)
                    if failed is not None and not known:
                        return failed
                    if failed is not None:
                        found.deviating[known] += 1
                        continue
                found.geometries += 1
                found.elements += answer.size
        finally:
            # What is still to come must not meet the next request.
            if isinstance(came, Generator):
                came.close()
        return None

    def _known(self, deviations: Iterable[int]) -> str:
        """The reason of a known deviation that matches, or nothing."""
        notes = self.verifier.deviations
        named = {self.requirement.id, "*"}
        return next((notes[index].reason for index in deviations if named & set(notes[index].requirements)), "")

    def _judged(self, found: Exploration, case: Case, outcomes: tuple[Outcome, ...]) -> Counterexample | None:
        """What the screen did not clear, judged by the definition."""
        trial = self.verifier.trial(self.requirement, case, outcomes)
        if trial.outcomes[0].died:
            return _counterexample(trial, self.verifier.heard(self.requirement, trial))
        # Not the shared oracle: it would remember all of them.
        expected = Expected(trial.calls[0])
        finding = self.requirement.judge(Hearing(trial, self.verifier.judge, lambda call: expected))
        if finding is None and not expected.is_whole:
            found.loosest = max(found.loosest, self._allowed(expected))
        value = outcomes[0].value
        if finding is None and not found.loosest and value is not None and value.dtype == expected.dtype:
            raise SuiteError(f"the screen of the small worlds and the judge differ on {case.line}")
        return _counterexample(trial, finding)

    def _allowed(self, expected: Expected) -> float:
        """The largest error that the judge allows an answer; 0 where it asks for equality."""
        contract = self.verifier.judge.contract(expected)
        if contract.is_direct and contract.uses_all_bits:
            return 0.0
        return float(np.max(contract.allowance(expected.sums[0], contract.class_term(expected)), initial=0.0))


def _equal(value: Array, answer: Array, shape: tuple[int, ...]) -> bool:
    return value.shape == shape and bool((value.ravel() == answer).all())


def _counterexample(trial: Trial, finding: Finding | None) -> Counterexample | None:
    return None if finding is None else Counterexample(trial.case, finding, trial)


def world_line(explorer: Explorer, target: str) -> dict[str, Any]:
    """Explore, and put what came of it into a line of the results, or of the proof.

    Parameters
    ----------
    explorer : Explorer
    target : str
        What names the adapter on the command line.
    """
    found = explorer.explore()
    verdict, part = found.verdict, found.part
    line: dict[str, Any] = {
        "type": "exhaustive",
        "adapter": verdict.adapter,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "bound": explorer.world.in_words,
        "world": explorer.world.as_data,
        "restricted": _restricted(found),
        "geometries": found.geometries,
        "total": part.total if part is not None else 0,
        "elements": found.elements,
        "failures": int(verdict.counterexample is not None),
        "seconds": round(found.seconds, 3),
        "rate": round(found.geometries / found.seconds, 1) if found.seconds else 0.0,
        "set_size": 2**part.bits if part is not None else 0,
    }
    if part is not None:
        line |= {
            "dtype": part.dtype,
            "largest_sum": part.largest_sum,
            "spare": part.spare,
            "loosest": found.loosest,
        }
    if verdict.outcome == "passed" and part is not None and found.loosest < DECISIVE:
        line |= {"probability": 2 / 2**part.bits, "confidence": confidence(2**part.bits, found.geometries)}
    if verdict.counterexample is not None:
        expected = right_answer_of(explorer.requirement, verdict.counterexample, explorer.verifier.oracle)
        line["counterexample"] = counterexample_line(target, verdict.requirement, verdict.counterexample, expected)
    return line


def unexplored_line(name: str) -> dict[str, Any]:
    """The line of an adapter that could not be loaded."""
    return {
        "type": "exhaustive", "adapter": name, "outcome": "unavailable", "reason": "it could not be loaded",
        "bound": WORLD.in_words, "world": WORLD.as_data, "restricted": [], "geometries": 0, "total": 0, "elements": 0,
        "failures": 0, "seconds": 0.0, "rate": 0.0, "set_size": 0,
    }


def broken(verdict: dict[str, Any] | None, line: dict[str, Any]) -> dict[str, Any] | None:
    """The verdict on the definition once a geometry has failed; None where nothing is to be said anew.

    Parameters
    ----------
    verdict : dict or None
        Its line so far, if it was held against the adapter at all.
    line : dict
        Of type "exhaustive".
    """
    if line["outcome"] not in BAD or (verdict is not None and verdict["outcome"] in BAD):
        return None
    anew = verdict or verdict_line(Verdict(line["adapter"], DEFINITION, line["outcome"]))
    told = {"outcome": line["outcome"], "reason": f"{line['reason']} (found in the small worlds)"}
    return {**anew, **told, **{name: line[name] for name in ("counterexample",) if name in line}}


def confidence(set_size: int, geometries: int) -> str:
    """What a world that passed says, for a person."""
    size = f"{set_size:,}".replace(",", "\u202f")
    return (
        f"if the formula of any one of these geometries were wrong, all of them would have passed with probability at "
        f"most 2/{size}; and if all of them were wrong, no more than {2 * geometries / set_size:.2g} would be "
        "expected to pass by chance"
    )


def _restricted(found: Exploration) -> list[str]:
    reasons = list(found.part.restricted) if found.part is not None else []
    reasons += [f"{count} not claimed: {reason}" for reason, count in sorted(found.excluded.items())]
    reasons += [f"{count} differ as is known: {reason}" for reason, count in sorted(found.deviating.items())]
    if found.loosest:
        follows = (
            "a wrong formula of whole multiples is off by at least 1" if found.loosest < DECISIVE
            else "a wrong formula may hide below that, so no probability is claimed"
        )
        reasons.append(f"its numerics contract allows an error of up to {found.loosest:.2g} here; {follows}")
    return reasons


def line_for_proof(target: str = "vectorized", *, world: World = SMALLER_WORLD, seed: int = 0) -> dict[str, Any]:
    """The line of an adapter that can do no harm: it runs in this process, and each case's arrays are built once.

    Parameters
    ----------
    target : str
        What `convspec.adapters.loading.load` takes.
    world : World
    seed : int
    """

    @lru_cache(maxsize=1)
    def calls(case: Case) -> tuple[Call, ...]:
        return calls_of(DEFINITION, case)

    child = InProcess(target, calls=lambda _, case: calls(case))
    verifier = Verifier(target, child, Battery(seed, "quick"), Oracle())
    return world_line(Explorer(verifier, world, Answers(lambda case: calls(case)[0]), seed=seed), target)
