"""The conditions that all failures share and all passes lack."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convspec.conformance.case import Case

MOST_CONDITIONS = 3
# Below so many failures a shared condition may be chance.
LEAST_FAILURES = 3
CHANCE_OF_A_CONDITION = 1e-4
# The largest and the smallest of some values always bound them; where a real bound is, several of them lie on it.
ON_A_BOUND = 3
LEAST_RULED_OUT = 0.15
# A wrong formula may give a right number now and then.
CHANCE_OF_RIGHT = 0.05


@dataclass(frozen=True)
class Labelled:
    """A case, and whether it fails."""

    case: Case
    fails: bool


@dataclass(frozen=True)
class Condition:
    """Something that is true of a case, or not.

    Parameters
    ----------
    text : str
        In words.
    code : str
        As a Python expression over ``case``, which a predicate of an adapter may use as it stands.
    """

    text: str
    code: str

    @cached_property
    def holds(self) -> Callable[[Case], bool]:
        """The expression as a function of a case."""
        function: Callable[[Case], bool] = eval(f"lambda case: {self.code}")
        return function


@dataclass(frozen=True)
class Shared:
    """What all failures share.

    Parameters
    ----------
    sentence : str
        In words, with how many cases were tried.
    conditions : tuple of Condition
        Those that hold together in every failing case; none if it fails whatever the case is like.
    is_exact : bool
        Whether every case in which they hold fails.
    is_told : bool
        Whether the sentence says when it fails at all.
    """

    sentence: str
    conditions: tuple[Condition, ...] = ()
    is_exact: bool = False
    is_told: bool = True

    def is_borne_out(self, labelled: list[Labelled]) -> bool:
        """Whether what is told is true of further cases and tells them apart: no failure outside, few others inside."""
        valid = [item for item in labelled if item.case.is_valid]
        inside = [item for item in valid if all(condition.holds(item.case) for condition in self.conditions)]
        failing, passing = sum(item.fails for item in valid), sum(not item.fails for item in valid)
        if not self.is_told or failing == 0 or sum(item.fails for item in inside) < failing:
            return False
        right_inside = len(inside) - failing
        if self.is_exact:
            return right_inside <= CHANCE_OF_RIGHT * len(inside)
        if self.conditions:
            return right_inside <= (1 - LEAST_RULED_OUT) * passing
        return failing > passing


def shared_conditions(labelled: list[Labelled], least_failures: int = LEAST_FAILURES) -> Shared | None:
    """Under which conditions, and only under which, cases fail; None if there are no failures.

    Parameters
    ----------
    labelled : list of Labelled
    least_failures : int
        Below so many nothing is said of what they share.
    """
    valid = [item for item in labelled if item.case.is_valid]
    failing = [item.case for item in valid if item.fails]
    passing = [item.case for item in valid if not item.fails]
    if not failing:
        return None
    if not passing:
        return Shared(f"It fails in all {len(failing)} cases that were tried.", is_exact=True)
    told = f"It fails in {len(failing)} of {len(valid)} cases that were tried"
    if len(failing) < least_failures:
        return Shared(f"{told}: too few to say what they share.", is_told=False)
    chosen, wrongly = _choose(failing, passing)
    if chosen and wrongly == 0:
        return Shared(f"{told}: always, and only, when {_joined(chosen)}.", chosen, True)
    if chosen:
        but = f"but not always then ({wrongly} such cases are right)"
        return Shared(f"{told}: only when {_joined(chosen)}, {but}.", chosen)
    if len(failing) > len(passing):
        return Shared(f"{told}, whatever the shapes and arguments are like.")
    return Shared(
        f"{told}; no simple condition on the shapes and arguments separates them from the others.", is_told=False
    )


def _choose(failing: list[Case], passing: list[Case]) -> tuple[tuple[Condition, ...], int]:
    """The conditions that rule out most of what passes, one after the other; how many cases pass all the same.

    All failures meeting a condition that a share q of the others does not meet is chance with a probability of
    (1 - q)**failures at most, so a bound read off the failing cases is told only where it says something.
    """
    candidates = [condition for condition in conditions(failing) if all(map(condition.holds, failing))]
    holds = np.array([[condition.holds(case) for case in passing] for condition in candidates], bool)
    chosen: list[int] = []
    left = np.ones(len(passing), bool)
    while candidates and left.any() and len(chosen) < MOST_CONDITIONS:
        kept = (holds & left).sum(axis=1)
        best = int(np.argmin(kept))
        ruled_out = 1 - kept[best] / left.sum()
        if ruled_out < LEAST_RULED_OUT or (1 - ruled_out) ** len(failing) > CHANCE_OF_A_CONDITION:
            break
        chosen.append(best)
        left = left & holds[best]
    for index in list(chosen):
        others = [other for other in chosen if other != index]
        if others and np.array_equal(holds[others].all(axis=0), left):
            chosen = others
    return tuple(candidates[index] for index in chosen), int(left.sum())


def _joined(chosen: tuple[Condition, ...]) -> str:
    return " and ".join(condition.text for condition in chosen)


def conditions(failing: list[Case]) -> Iterator[Condition]:
    """Conditions to try, simple ones first; bounds and shared values are taken from the failing cases."""
    yield from _ARGUMENTS
    yield from _DATA
    for name, code in _MEASURES:
        values = list(map(_measure(code), failing))
        low, high = min(values), max(values)
        if low == high:
            yield Condition(f"{name} is {low}", f"{code} == {low}")
        if low > 1 and values.count(low) >= ON_A_BOUND:
            yield Condition(f"{name} is at least {low}", f"{code} >= {low}")
        if values.count(high) >= ON_A_BOUND:
            yield Condition(f"{name} is at most {high}", f"{code} <= {high}")
        for modulus in (2, 4, 8):
            rest = {value % modulus for value in values}
            if rest == {0} and low > 0:
                yield Condition(f"{name} is a multiple of {modulus}", f"({code}) % {modulus} == 0")
            if 0 not in rest:
                yield Condition(f"{name} is no multiple of {modulus}", f"({code}) % {modulus} != 0")
    dtypes = sorted({case.dtype for case in failing})
    if len(dtypes) <= 4:
        yield Condition(f"the dtype is {' or '.join(dtypes)}", f"case.dtype in {tuple(dtypes)}")
    for which in ("x", "w", "bias"):
        layouts = sorted({getattr(case, f"layout_{which}") for case in failing})
        if len(layouts) <= 4 and layouts != ["C"]:
            yield Condition(f"{which} is laid out {' or '.join(layouts)}", f"case.layout_{which} in {tuple(layouts)}")


@functools.cache
def _measure(code: str) -> Callable[[Case], int]:
    function: Callable[[Case], int] = eval(f"lambda case: {code}")
    return function


_ARGUMENTS = (
    Condition("the stride is above 1", "max(case.stride) > 1"),
    Condition("the stride is 1", "max(case.stride) == 1"),
    Condition("the stride differs between the axes", "case.stride[0] != case.stride[1]"),
    Condition("the vertical stride is above 1", "case.stride[0] > 1"),
    Condition("the horizontal stride is above 1", "case.stride[1] > 1"),
    Condition("the dilation is above 1", "max(case.dilation) > 1"),
    Condition("the dilation differs between the axes", "case.dilation[0] != case.dilation[1]"),
    Condition("the vertical dilation is above 1", "case.dilation[0] > 1"),
    Condition("the horizontal dilation is above 1", "case.dilation[1] > 1"),
    Condition("groups is above 1", "case.groups > 1"),
    Condition("groups equals the input channels (depthwise)", "case.groups > 1 and case.groups == case.channels"),
    Condition("groups is above 1 and below the input channels", "1 < case.groups < case.channels"),
    Condition("there is padding", "max(map(max, case.geometry.pads)) > 0"),
    Condition("there is no padding", "max(map(max, case.geometry.pads)) == 0"),
    Condition("top and bottom padding differ", "case.geometry.pads[0][0] != case.geometry.pads[0][1]"),
    Condition("left and right padding differ", "case.geometry.pads[1][0] != case.geometry.pads[1][1]"),
    Condition(
        "the padding differs from side to side",
        "any(before != after for before, after in case.geometry.pads)",
    ),
    Condition("the padding is a word", "isinstance(case.padding, str)"),
    Condition("the padding is 'same' in one of its forms", "str(case.padding).startswith('same')"),
    Condition("there is a bias", "case.bias_shape is not None"),
    Condition(
        "the stride leaves rows or columns over",
        "any((padded - reach) % step for padded, reach, step in zip(case.geometry.padded, "
        "case.geometry.effective_kernel, case.stride, strict=True))",
    ),
    Condition("the kernel has more than one tap", "max(case.kernel) > 1"),
    Condition("the kernel is not square", "case.kernel[0] != case.kernel[1]"),
    Condition("the kernel has an even side", "any(length % 2 == 0 for length in case.kernel)"),
    Condition("the picture is not square", "case.size[0] != case.size[1]"),
    Condition("the batch has more than one picture", "case.batch > 1"),
    Condition("there is more than one input channel", "case.channels > 1"),
    Condition("there is more than one output channel", "case.outputs > 1"),
    Condition(
        "a pad reaches beyond the kernel",
        "any(max(pads) >= reach for pads, reach in zip(case.geometry.pads, "
        "case.geometry.effective_kernel, strict=True))",
    ),
    Condition(
        "the stride is larger than the kernel",
        "any(step > reach for step, reach in zip(case.stride, case.geometry.effective_kernel, strict=True))",
    ),
)
_DATA = (
    Condition("the numbers hold NaN or infinities", "case.has_special_numbers"),
    Condition("the numbers are not all whole", "case.data not in ('int', 'impulse', 'zero', 'wide', 'full', 'edge')"),
    Condition("the numbers are tiny", "case.data in ('tiny', 'subnormal')"),
    Condition("the numbers are large", "case.data in ('full', 'edge', 'wide', 'huge', 'log')"),
    Condition("an array is not in C order", "(case.layout_x, case.layout_w) != ('C', 'C')"),
)
_MEASURES = (
    ("the output's height", "case.geometry.output[0]"),
    ("the output's width", "case.geometry.output[1]"),
    ("the picture's height", "case.size[0]"),
    ("the picture's width", "case.size[1]"),
    ("the kernel's height", "case.kernel[0]"),
    ("the kernel's width", "case.kernel[1]"),
    ("the number of input channels for each filter", "case.channels // case.groups"),
    ("the number of input channels", "case.channels"),
    ("the number of output channels", "case.outputs"),
    ("the number of pictures", "case.batch"),
    ("the number of products for each output", "case.geometry.terms"),
    ("the vertical stride", "case.stride[0]"),
    ("the horizontal stride", "case.stride[1]"),
    ("the largest pad", "max(map(max, case.geometry.pads))"),
)
