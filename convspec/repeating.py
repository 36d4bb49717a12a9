"""Repeating one case, and showing all that belongs to it."""

import textwrap
from collections.abc import Iterable

import numpy as np

from convspec.adapters.protocol import Array
from convspec.checking import split_words
from convspec.conformance.battery import Battery, admits
from convspec.conformance.calls import Trial
from convspec.conformance.case import parse_case
from convspec.conformance.catalogue import catalogue
from convspec.conformance.checks_definition import COUNTING
from convspec.conformance.child import start
from convspec.conformance.engine import Verifier, right_answer_of
from convspec.conformance.judging import Finding
from convspec.conformance.layouts import place
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirement import Requirement
from convspec.conformance.requirements import requirements
from convspec.conformance.verdict import Counterexample
from convspec.conformance.waiting import TimeLimits


def repro(line: str, target: str, dtypes: Iterable[str] = (), time_limit: float = 10.0) -> int:
    """Run one requirement on one case and print what belongs to it.

    Parameters
    ----------
    line : str
        Requirement and case, as in ``PAD-04 x=1x1x3x3 ...``.
    target : str

    Returns
    -------
    int
        0 if the case is in order, 1 otherwise.

    Raises
    ------
    ValueError
        The line cannot be read, or the target cannot be loaded; the message names what is wrong.
    """
    id, _, text = line.strip().partition(" ")
    if id not in catalogue():
        example = f"DEF-01 {COUNTING.line}"
        raise ValueError(f"{id!r} is no requirement; the line is written 'ID CASE', for instance {example!r}")
    if id not in requirements():
        raise ValueError(f"{id} is planned, and not yet tested")
    case = parse_case(text)
    requirement = requirements()[id]
    if not admits(requirement, case):
        raise ValueError(f"the case does not belong to {id}: {case.line}")
    # Built here first: a line with an unknown recipe or layout is wrong usage, not a fault of the suite.
    for call in requirement.calls(case):
        place(call.x, call.layout_x), place(call.w, call.layout_w)
    child = start(target, dtypes=split_words(dtypes), limits=TimeLimits.of(time_limit))
    try:
        verifier = Verifier(target, child, Battery(0, "quick"), Oracle(), dtypes=split_words(dtypes))
        finding, trial = verifier.once(requirement, case)
        print(f"{id}: {catalogue()[id].statement}\n")
        print(f"case {case.id}: {case.line}\n")
        _show(trial, finding, verifier, requirement)
        if printed := child.printed():
            print(f"\nIt printed, at the end:\n{textwrap.indent(printed, '    ')}")
        return 0 if finding is None else 1
    finally:
        child.close()


def _show(trial: Trial, finding: Finding | None, verifier: Verifier, requirement: Requirement) -> None:
    call = trial.calls[finding.call if finding else 0]
    outcome = trial.outcomes[min(finding.call if finding else 0, len(trial.outcomes) - 1)]
    if len(trial.calls) > 1:
        print(f"call {(finding.call if finding else 0) + 1} of {len(trial.calls)}")
    print(_titled("x", call.x, call.layout_x))
    print(_titled("w", call.w, call.layout_w))
    if call.bias is not None:
        print(_titled("bias", call.bias, call.layout_bias))
    print(f"stride {call.stride}, padding {call.padding}, dilation {call.dilation}, groups {call.groups}\n")
    found = Counterexample(trial.case, finding or Finding("", 0), trial)
    expected = right_answer_of(requirement, found, Oracle())
    if expected is not None:
        print(_titled("expected", expected))
    print(_titled("got", outcome.value) if outcome.value is not None else f"got: {outcome.kind} {outcome.text}")
    if finding is None:
        print("\nIn order.")
        return
    print(f"\nNot in order: {finding.reason}")
    if finding.bound_text:
        print(f"bound: {finding.bound_text}" + (f" = {finding.bound:.6g}" if finding.bound is not None else ""))


def _titled(name: str, array: Array, layout: str = "C") -> str:
    where = f", laid out {layout}" if layout != "C" else ""
    with np.printoptions(precision=17, linewidth=110, threshold=400):
        return f"{name}  {array.shape} {array.dtype}{where}\n{textwrap.indent(str(array), '    ')}"
