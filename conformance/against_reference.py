"""A counterexample is held against the specification before anybody sees it.

If the reference fails a case too, the case does not speak of its requirement, and no implementation is to blame.
"""

from convspec.adapters.reference_conv2d import adapter
from convspec.conformance.calls import Trial
from convspec.conformance.case import Case
from convspec.conformance.expected import SuiteError
from convspec.conformance.judging import Judge
from convspec.conformance.machine import limited_memory
from convspec.conformance.oracle import Oracle
from convspec.conformance.performing import perform
from convspec.conformance.requirement import Hearing, Requirement

# The reference is a loop in Python: a second or so.
MOST_PRODUCTS = 1_000_000
MEMORY = 1 << 30


def hold_against_the_reference(requirement: Requirement, case: Case) -> None:
    """Let the reference answer a case, and judge its answers as any adapter's.

    Raises
    ------
    SuiteError
        The reference does not meet the requirement in this case; the message names both.
    """
    if case.is_valid and case.multiplications > MOST_PRODUCTS:
        return
    oracle = Oracle()
    calls = oracle.calls_of(requirement.id, case)
    with limited_memory(MEMORY):
        trial = Trial(case, calls, perform(adapter, calls))
    judge = Judge(adapter.capabilities, adapter.numerics)
    finding = requirement.judge(Hearing(trial, judge, lambda call: oracle.of(requirement, trial, call)))
    if finding is not None:
        raise SuiteError(f"the reference itself fails {requirement.id} {case.line}: {finding.reason}")
