"""A requirement in code: what to generate, which calls a case leads to, how the outcomes are judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array, Capabilities, Numerics
from convspec.conformance.calls import Call, Outcome, Trial, call_of
from convspec.conformance.case import Case
from convspec.conformance.choices import Pick
from convspec.conformance.expected import Expected
from convspec.conformance.generating import Bias
from convspec.conformance.judging import Finding, Judge

Expect = Callable[[int], Expected]
Need = Callable[[Capabilities, Numerics], str | None]


@dataclass(frozen=True)
class Hearing:
    """All that a judge may look at: the trial, the adapter's claims, and the oracle."""

    trial: Trial
    judge: Judge
    expect: Expect

    @property
    def case(self) -> Case:
        """The case."""
        return self.trial.case

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls it led to."""
        return self.trial.calls

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What came of them."""
        return self.trial.outcomes

    def answer(self, call: int = 0) -> Finding | None:
        """Whether one call's result is right."""
        return self.judge.answer(self.expect(call), self.outcomes[call], call)

    def answers(self) -> Finding | None:
        """Whether all results are right; the first wrong one otherwise."""
        return next((found for call in range(len(self.calls)) if (found := self.answer(call))), None)

    def returned(self) -> Finding | None:
        """Whether all calls gave an array; the first that did not otherwise."""
        kinds = (self.judge.outcome_kind(outcome, call) for call, outcome in enumerate(self.outcomes))
        return next((found for found in kinds if found), None)

    def value(self, call: int) -> Array:
        """The result of a call that returned."""
        value = self.outcomes[call].value
        assert value is not None
        return value

    def allowance(self, call: int) -> Array:
        """The error that each number of a call's result may have: 0 where whole numbers must come out exactly."""
        return self.judge.allowance(self.expect(call))

    def equal(
        self, left: Array, right: Array, allowed: Any, law: str, call: int, expected: Array | None = None
    ) -> Finding | None:
        """Whether the two sides of a law agree: exactly, or within what the adapter's contract allows."""
        if left.shape != right.shape:
            return Finding(f"{law}: the shapes are {left.shape} and {right.shape}", call, expected=expected)
        with np.errstate(all="ignore"):
            # Integers wrap, and infinities have no difference, so equality is asked directly.
            wrong = left != right
            if left.dtype.kind not in "iu":
                wrong &= ~(np.abs(left - right) <= allowed)
        if not wrong.any():
            return None
        at = tuple(int(index) for index in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
        return Finding(f"{law}: {left[at]} is not {right[at]} at {at}", call, at, expected)


Calls = Callable[[Case], tuple[Call, ...]]
JudgeHearing = Callable[[Hearing], Finding | None]


def one_call(case: Case) -> tuple[Call, ...]:
    """The call that the case itself describes."""
    return (call_of(case),)


def right_answer(hearing: Hearing) -> Finding | None:
    """Every call gives the right answer."""
    return hearing.answers()


def anything(case: Case) -> bool:
    """Every valid case will do."""
    return True


@dataclass(frozen=True)
class Observation:
    """Something that is counted over the cases that are in order, reported, and not required.

    Parameters
    ----------
    words : str
        What is observed; "in 118 of 120 cases" follows.
    holds : function of a hearing
        Whether it is so in this case.
    """

    words: str
    holds: Callable[[Hearing], bool]


@dataclass(frozen=True)
class Requirement:
    """The three pieces, and what they need.

    Parameters
    ----------
    id : str
        As in the catalogue.
    bias : Bias
        What to generate.
    calls : function of a case
        The calls that it leads to; a function of the case alone, built alike on both sides.
    judge : function of a hearing
        What is wrong, or None.
    accepts : function of a case
        Whether the case still speaks of this requirement, after it was fitted to claims or made smaller.
    adjust : function of a case and of what picks
        Turns a drawn case into one of this requirement (an invalid one, say); what it chooses, it picks.
    needs : tuple of functions
        Each gives the reason why an adapter with these claims is not asked, or None.
    valid : bool
        Whether its cases are valid ones.
    share : float
        How many cases it gets, in units of the effort's number.
    trivial : bool
        Whether results that are all zero are in order here (the run is mistrusted otherwise).
    lines : tuple of str
        Case lines that are always tried first.
    observation : Observation or None
        What is reported beside the verdict.
    """

    id: str
    bias: Bias
    judge: JudgeHearing = right_answer
    calls: Calls = one_call
    accepts: Callable[[Case], bool] = anything
    adjust: Callable[[Case, Pick], Case] | None = None
    needs: tuple[Need, ...] = ()
    valid: bool = True
    share: float = 1.0
    trivial: bool = False
    lines: tuple[str, ...] = field(default=())
    observation: Observation | None = None

    @property
    def family(self) -> str:
        """The three letters before the number."""
        return self.id.partition("-")[0]

    def not_asked(self, capabilities: Capabilities, numerics: Numerics) -> str | None:
        """The reason why an adapter is not asked, or None."""
        return next((reason for need in self.needs if (reason := need(capabilities, numerics))), None)


def needs_layer(capabilities: Capabilities, _: Numerics) -> str | None:
    """Batches and channels."""
    return None if capabilities.profile == "layer" else "it takes one picture and one filter (profile plane)"


def needs_stride(capabilities: Capabilities, _: Numerics) -> str | None:
    """A stride above 1."""
    return "it has no stride" if capabilities.stride == "none" else None


def needs_dilation(capabilities: Capabilities, _: Numerics) -> str | None:
    """A dilation above 1."""
    return "it has no dilation" if capabilities.dilation == "none" else None


def needs_padding(capabilities: Capabilities, _: Numerics) -> str | None:
    """Padding by numbers."""
    return "it has no padding" if capabilities.padding == "none" else None


def needs_groups(capabilities: Capabilities, _: Numerics) -> str | None:
    """Groups above 1."""
    return None if capabilities.groups else "it has no groups"


def needs_bias(capabilities: Capabilities, _: Numerics) -> str | None:
    """A bias."""
    return None if capabilities.bias else "it has no bias"


def needs_any_kernel(capabilities: Capabilities, _: Numerics) -> str | None:
    """Kernels that are not square."""
    return "it takes square kernels only" if capabilities.square_kernels_only else None


def needs_word(*words: str) -> Need:
    """One of some padding words."""

    def need(capabilities: Capabilities, _: Numerics) -> str | None:
        if any(word in capabilities.padding_words for word in words):
            return None
        return f"it does not know the padding word {' or '.join(words)}"

    return need


def needs_dtype(*names: str) -> Need:
    """One of some dtypes."""

    def need(capabilities: Capabilities, _: Numerics) -> str | None:
        return None if any(name in capabilities.dtypes for name in names) else f"it does not claim {' or '.join(names)}"

    return need


def needs_algorithm(*names: str) -> Need:
    """A numerics contract of some class."""

    def need(_: Capabilities, numerics: Numerics) -> str | None:
        if numerics.algorithm in names:
            return None
        return f"it declares the {numerics.algorithm} class, not {' or '.join(names)}"

    return need


def needs_local_nan(_: Capabilities, numerics: Numerics) -> str | None:
    """A NaN that stays in its windows."""
    if numerics.nan_local and numerics.algorithm == "direct":
        return None
    return "it declares that a NaN or an infinity spreads"
