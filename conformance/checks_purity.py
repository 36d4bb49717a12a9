"""PUR: the arguments stay as they are, and only the numbers count."""

import math
from dataclasses import replace

import numpy as np

from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.choices import Pick
from convspec.conformance.generating import ANY_LAYOUT, ANYTHING, LAW
from convspec.conformance.judging import Finding, same_bits
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.number_kinds import FINITE_RECIPES
from convspec.conformance.requirement import Hearing, Observation, Requirement

ODD_LAYOUTS = LAYOUTS[1:]
FEW = 2
MANY = 300_000
SIZES = ("small",) * 6 + ("tile", "channels")
ANY = ANYTHING.but(sizes=SIZES)
FINITE = ANY.but(data=("int", "int", *FINITE_RECIPES))


def _unchanged(hearing: Hearing) -> Finding | None:
    for call, outcome in enumerate(hearing.outcomes):
        if outcome.changed:
            return Finding(f"the argument {' and '.join(outcome.changed)} was changed in place", call)
    return hearing.returned()


def _contiguous_too(case: Case) -> tuple[Call, ...]:
    """The case, and the same numbers in plain C order."""
    call = call_of(case)
    return call, call.but(layout_x="C", layout_w="C", layout_bias="C")


def _contiguous_and_shared(case: Case) -> tuple[Call, ...]:
    """The case; the same in plain C order; and with the first numbers of x, where they lie, for a weight."""
    call, plain = _contiguous_too(case)
    if case.w_dtype is not None or any(k > length for k, length in zip(case.kernel, case.size, strict=True)):
        return call, plain
    rows, columns = case.kernel
    w = call.x[..., :rows, :columns] if case.is_plane else call.x[:FEW, :, :rows, :columns]
    shared = plain.but(w=np.ascontiguousarray(w), bias=None, groups=1, layout_x=case.layout_x, w_in_x=True)
    return (call, plain, shared) if w.size else (call, plain)


def _layout_independent(hearing: Hearing) -> Finding | None:
    found = hearing.answers() or hearing.returned()
    if found:
        return found
    case = hearing.case
    allowed = hearing.allowance(0) + hearing.allowance(1)
    law = f"x laid out as {case.layout_x} with w as {case.layout_w}, and both in C order, differ"
    return hearing.equal(hearing.value(0), hearing.value(1), allowed, law, 0, hearing.value(1))


def _surrounded(case: Case, pick: Pick) -> Case:
    """Views inside buffers full of canaries."""
    around = ("inside", "stepped")
    return case.but(
        layout_x=pick(around), layout_w=pick(around), layout_bias=pick((*around, "C")) if case.bias_shape else "C",
    )


def _twice(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    return call, call.but(same_buffers=True)


def _sometimes_the_identity(case: Case, pick: Pick) -> Case:
    """A third of the cases ask for nothing but a copy of x, the others for something near it."""
    if pick(range(3)):
        return case
    plain = case.but(
        x_shape=(case.batch, 1, *case.size), w_shape=(1, 1, 1, 1), groups=1, bias_shape=None, padding=NO_PADS,
        data="unit",
    )
    return plain.but(stride=(1, 1), dilation=(1, 1)) if pick((True, False)) else plain


def _own_memory(hearing: Hearing) -> Finding | None:
    found = hearing.returned()
    if found:
        return found
    for call, outcome in enumerate(hearing.outcomes):
        if outcome.aliases:
            return Finding(f"the result shares memory with {' and '.join(outcome.aliases)}", call)
    return None


def _other_seed(case: Case) -> Case:
    return case.but(seed=(case.seed + 1) % 2**32, literal=None)


def _with_plain_arguments(case: Case, call: Call) -> Call:
    """The same arrays with stride, padding and dilation at their plainest: what every implementation claims."""
    if any(k > length for k, length in zip(case.kernel, case.size, strict=True)):
        return call
    plain = call.but(bias=None, dilation=(1, 1), padding=NO_PADS)
    return plain if case.multiplications * math.prod(case.stride) > MANY else plain.but(stride=(1, 1))


def _again_and_with_others(case: Case) -> tuple[Call, ...]:
    """The case twice; other weights in the same memory; another x too; other arguments; the case; two at once."""
    call = call_of(case)
    if case.literal is None:
        other = call_of(_other_seed(case))
    else:
        other = call.but(x=call.x[..., ::-1, ::-1], w=call.w[..., ::-1, ::-1] * call.w.dtype.type(2))
    swapped = call.but(w=other.w, bias=other.bias)
    return (
        call, call.but(same_buffers=True), swapped.but(same_buffers=True), swapped.but(x=other.x, same_buffers=True),
        _with_plain_arguments(case, call), call, call.but(thread=1), swapped.but(x=other.x, thread=1),
    )


NAMES = (
    "the first call", "the same call again", "a call with the same shapes and other weights",
    "a call with the same shapes and other numbers", "a call with the same arrays and other arguments",
    "the first call once more", "the first call, made while another runs", "another call, made at the same time",
)


def _repeatable(hearing: Hearing) -> Finding | None:
    for call, name in enumerate(NAMES):
        found = hearing.answer(call)
        if found:
            return found if call == 0 else replace(found, reason=f"{name}: {found.reason}")
    for first, second in ((0, 1), (0, 5)):
        if not same_bits(hearing.value(first), hearing.value(second)):
            return Finding(f"{NAMES[second]} gives another result than {NAMES[first]}", second,
                           expected=hearing.value(first))
    return None


def _same_beside_another(hearing: Hearing) -> bool:
    """Whether a call beside another has equal bits: with threads it may sum in another order."""
    return same_bits(hearing.value(0), hearing.value(6))


def _undisturbed(hearing: Hearing) -> Finding | None:
    for call, outcome in enumerate(hearing.outcomes):
        if outcome.disturbed:
            return Finding(f"{' and '.join(outcome.disturbed)} is not what it was before the call", call)
    failed = hearing.returned()
    if failed:
        return failed
    if not same_bits(hearing.value(0), hearing.value(2)):
        return Finding("the same call gives another result after a call with other shapes", 2,
                       expected=hearing.value(0))
    found = hearing.answer(3)
    if found is None:
        return None
    return replace(found, reason=f"while NumPy raises on floating-point errors: {found.reason}")


def _another_between(case: Case) -> tuple[Call, ...]:
    """The case; a call with other shapes; the case; small whole numbers while NumPy raises on floating-point errors."""
    call = call_of(case).but(watched=True)
    small = tuple(length if index < len(case.x_shape) - 2 else length + 1 for index, length in enumerate(case.x_shape))
    plain = call_of(case.but(data="int", literal=None)).but(strict_errors=True)
    return call, call.but(x=np.ones(small, call.x.dtype), layout_x="C"), call, plain


REQUIREMENTS = (
    Requirement("PUR-01", ANY.but(layouts=("C", "readonly", *LAYOUTS)), judge=_unchanged, share=3.0),
    Requirement("PUR-02", LAW.but(layouts=ODD_LAYOUTS), judge=_layout_independent, calls=_contiguous_too, share=2.0),
    Requirement("PUR-03", LAW.but(layouts=ANY_LAYOUT), judge=_layout_independent, calls=_contiguous_and_shared,
                adjust=_surrounded,
                accepts=lambda case: {case.layout_x, case.layout_w} & {"inside", "stepped"} != set()),
    Requirement("PUR-04", ANY, judge=_own_memory, calls=_twice, adjust=_sometimes_the_identity, share=1.5),
    Requirement("PUR-05", FINITE, judge=_repeatable, calls=_again_and_with_others, share=1.5,
                observation=Observation("a call beside another gives equal bits", _same_beside_another)),
    Requirement("PUR-06", FINITE, judge=_undisturbed, calls=_another_between),
)
