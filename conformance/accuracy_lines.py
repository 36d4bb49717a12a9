"""The accuracy file: what was measured of each implementation, one JSON object a line."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from convspec.adapters.loading import DEFAULTS, Unavailable
from convspec.adapters.protocol import Adapter
from convspec.conformance.accuracy import (
    FLOATS,
    LAYERS,
    OUTPUTS,
    REGIMES,
    Measured,
    Remembered,
    Spread,
    Subject,
    measure,
    repeated_as,
)
from convspec.conformance.betrayal import CONTRADICTS, Statement, betrayed
from convspec.conformance.case import Case
from convspec.conformance.child import start
from convspec.conformance.directed_search import EVALUATIONS, Worst, search
from convspec.conformance.machine import environment
from convspec.conformance.results import capabilities_line, numerics_line, repro_line
from convspec.conformance.summation_order import Tree
from convspec.rules import NOTHING_VERIFIED

SCHEMA_VERSION = 1
# A case is written down where a reader can take it in.
LONGEST_CASE = 1200
DIGITS = 6


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Parameters
    ----------
    targets : tuple of str
        Empty for SciPy, PyTorch and the vectorised variant; a missing library is then not an error.
    seed : int
    version, date : str
        For the header.
    tell : callable
        Is given a line of text as work proceeds.
    evaluations : int
        Cases of each search.
    adapters : mapping or None
        Adapters that cannot be found by name, by target.
    """

    targets: tuple[str, ...]
    seed: int
    version: str
    date: str
    tell: Callable[[str], None]
    evaluations: int = EVALUATIONS
    adapters: dict[str, Adapter] | None = None


def accuracy(plan: Plan) -> Generator[dict[str, Any], None, None]:
    """Measure, and give the lines of the file.

    Raises
    ------
    UnknownAdapter, Unavailable
        A named target cannot be loaded.
    """
    started = time.perf_counter()
    yield _header(plan)
    subjects: list[Subject] = []
    try:
        for target in plan.targets or DEFAULTS:
            yield _adapter(target, plan, subjects)
        footer: dict[str, Any] = {"type": "footer", "outputs": 0, "above": 0, "contradictions": 0}
        for line in _measurements(plan, subjects):
            if line["type"] == "measured":
                footer["outputs"] += line["outputs"]
                footer["above"] += line["worst_bound"] > 1
            elif line["type"] == "worst":
                footer["above"] += line["bound"] > 1
            elif line["type"] == "betrayed":
                footer["contradictions"] += line["verdict"] == CONTRADICTS
            yield line
        status = NOTHING_VERIFIED if not footer["outputs"] else int(footer["above"] + footer["contradictions"] > 0)
        yield footer | {"exit_status": status, "seconds": round(time.perf_counter() - started, 3)}
    finally:
        for subject in subjects:
            subject.child.close()


def _header(plan: Plan) -> dict[str, Any]:
    return {
        "type": "header",
        "kind": "accuracy",
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": "convspec", "version": plan.version},
        "date": plan.date,
        "seed": plan.seed,
        "targets": list(plan.targets or DEFAULTS),
        "terms": list(LAYERS),
        "outputs": OUTPUTS,
        "evaluations": plan.evaluations,
        "regimes": [{"id": id, "says": says} for id, says in REGIMES.items()],
        "environment": environment(),
    }


def _adapter(target: str, plan: Plan, subjects: list[Subject]) -> dict[str, Any]:
    """Start an implementation and describe it."""
    adapter = (plan.adapters or {}).get(target)
    child = start(target, adapter=adapter)
    line: dict[str, Any] = {"type": "adapter", "id": target, "name": target, "versions": {}, "dtypes": [],
                            "available": False, "reason": "", "capabilities": {}, "numerics": {}}
    try:
        subject = Subject(target, child)
    except Unavailable as error:
        child.close()
        if plan.targets:
            raise
        return line | {"reason": str(error)}
    except BaseException:
        child.close()
        raise
    subjects.append(subject)
    reason = "" if subject.dtypes else "it claims no floating-point type"
    return line | {
        "name": child.description.name, "versions": child.description.versions, "dtypes": subject.dtypes,
        "available": True, "reason": reason, "capabilities": capabilities_line(subject.capabilities),
        "numerics": numerics_line(subject.numerics),
    }


def _measurements(plan: Plan, subjects: list[Subject]) -> Iterator[dict[str, Any]]:
    """By dtype first: the exact answers are shared, and let go before the next dtype."""
    exact = Remembered()
    for dtype in FLOATS:
        for subject in subjects:
            if dtype not in subject.dtypes:
                continue
            common = {"adapter": subject.target, "dtype": dtype}
            measured, spreads = measure(subject, dtype, plan.seed, exact)
            bound = subject.contract(dtype).name
            for line in measured:
                yield _measured(line, bound) | common
            for spread in spreads:
                yield _spread(spread) | common
            for worst in search(subject, dtype, plan.seed, plan.evaluations):
                yield _worst(worst, subject.target) | common
            for statement in betrayed(subject, dtype, plan.seed):
                yield _betrayed(statement) | common
            plan.tell(f"{subject.target} {dtype}: {_told(measured)}")
        exact.forget()


def _told(measured: list[Measured]) -> str:
    answered = [line for line in measured if line.outputs]
    if not answered:
        return "no answers"
    outputs = sum(line.outputs for line in answered)
    return (f"worst {max(line.worst_bound for line in answered):.3g} of the bound, "
            f"{sum(line.correct for line in answered) / outputs:.1%} correctly rounded")


def _measured(line: Measured, bound: str) -> dict[str, Any]:
    return {
        "type": "measured", "regime": line.regime, "terms": line.terms, "outputs": line.outputs,
        "correct": line.correct, "not_finite": line.not_finite, "bound": bound,
        "worst_bound": _short(line.worst_bound), "worst_ulp": _short(line.worst_ulp),
        "worst_gauge": _short(line.worst_gauge), "typical_gauge": _short(line.typical_gauge),
        "case": f"{repeated_as(line.case)} {line.case.line}", "reason": line.reason,
        **({"ended": line.ended} if line.ended else {}),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {"type": "spread", "regime": spread.regime, "bounds": dict(spread.bounds), "ulps": dict(spread.ulps)}


def _worst(worst: Worst, target: str) -> dict[str, Any]:
    return {
        "type": "worst", "terms": worst.terms, "evaluations": worst.evaluations, "start": _short(worst.start),
        "bound": _short(worst.bound), "ulp": _short(worst.ulp), "got": worst.got, "want": worst.want,
        "case": f"{repeated_as(worst.case)} {worst.case.line}",
        "repro": repro_line(target, repeated_as(worst.case), worst.case),
    }


def _betrayed(statement: Statement) -> dict[str, Any]:
    line: dict[str, Any] = {
        "type": "betrayed", "about": statement.about, "said": statement.said, "declared": statement.declared,
        "verdict": statement.verdict, "evidence": statement.evidence, "asked": statement.asked,
        "case": _case_text(statement.case), "sum": None,
    }
    if statement.order is not None:
        order = statement.order
        line["sum"] = {"tree": _lists(order.tree), "fused": sorted(order.fused), "reproduced": order.reproduced,
                       "tried": order.tried}
    return line


def _case_text(case: Case | None) -> str | None:
    if case is None or len(case.line) > LONGEST_CASE:
        return None
    return f"{repeated_as(case)} {case.line}"


def _lists(tree: Tree) -> Any:
    return tree if isinstance(tree, int) else [_lists(branch) for branch in tree]


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
