"""PAD: zeros around the input, by numbers and by words."""

from collections.abc import Callable

import numpy as np

from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.checks_errors import refused
from convspec.conformance.choices import Pick
from convspec.conformance.generating import ANY_LAYOUT, EXACT, LAW, PLAIN_DTYPES, Bias
from convspec.conformance.judging import Finding
from convspec.conformance.requirement import (
    Hearing,
    Requirement,
    needs_dilation,
    needs_layer,
    needs_padding,
    needs_stride,
    needs_word,
)

WORDS = EXACT.but(layouts=("C", "C", "F"), data=("int", "int", "wide"))
SAME = WORDS.but(padding=("same_upper", "same_lower", "same_upper"))


def padded_by_hand(case: Case) -> tuple[Call, ...]:
    """The case, and the case whose zeros are already part of x."""
    call = call_of(case)
    pads = ((0, 0),) * (call.x.ndim - 2) + case.geometry.pads
    return call, call.but(x=np.pad(call.x, pads), padding=NO_PADS, layout_x="C")


def _pad_law(hearing: Hearing) -> Finding | None:
    return hearing.answer() or hearing.returned() or hearing.equal(
        hearing.value(0), hearing.value(1), hearing.allowance(0) + hearing.allowance(1),
        "padding by argument and zeros put around x by hand differ", 0, hearing.value(1),
    )


def _spelled_out(case: Case) -> tuple[Call, ...]:
    """The case with its word, and with the numbers that the word stands for."""
    call = call_of(case)
    return call, call.but(padding=case.geometry.pads)


def _word_law(hearing: Hearing) -> Finding | None:
    found = hearing.answer()
    if found or hearing.judge.capabilities.padding != "sides":
        # The numbers that the word stands for may be more than the adapter claims.
        return found
    return hearing.returned() or hearing.equal(
        hearing.value(0), hearing.value(1), hearing.allowance(0) + hearing.allowance(1),
        f"padding {hearing.case.padding!r} and the numbers {hearing.calls[1].padding} differ", 0, hearing.value(1),
    )


def _any_word(*words: str) -> Callable[[Case], bool]:
    return lambda case: case.padding in words


def _odd_effective(case: Case, _: Pick) -> Case:
    """Odd effective kernels, stride 1."""
    kernel = tuple(
        length if (length - 1) * gap % 2 == 0 else length + 1
        for length, gap in zip(case.kernel, case.dilation, strict=True)
    )
    return case.but(w_shape=(*case.w_shape[:-2], *kernel), stride=(1, 1))


def _is_odd(case: Case) -> bool:
    return case.stride == (1, 1) and all((k - 1) * d % 2 == 0 for k, d in zip(case.kernel, case.dilation, strict=True))


def _half(case: Case) -> tuple[Call, ...]:
    """The word, and half the effective kernel on each side."""
    call = call_of(case)
    half = tuple((k - 1) * d // 2 for k, d in zip(case.kernel, case.dilation, strict=True))
    return call, call.but(padding=((half[0], half[0]), (half[1], half[1])))


def _small_kernel(case: Case) -> bool:
    return any(
        k < s for k, s in zip(case.geometry.effective_kernel, case.stride, strict=True)
    )


def _wide(case: Case, pick: Pick) -> Case:
    """Pads at least as long as the input or as the kernel on one side."""
    pads = case.padding if isinstance(case.padding, tuple) else NO_PADS
    sides = []
    for axis in (0, 1):
        reach = pick((case.size[axis], case.kernel[axis] * case.dilation[axis])) + pick(range(3))
        sides.append(pick(((reach, pads[axis][1]), (pads[axis][0], reach))))
    return case.but(padding=tuple(sides))


def _wide_or_empty(case: Case, pick: Pick) -> Case:
    """Now and then no rows, no columns or no filters at all, under padding that holds the kernel by itself."""
    case = _wide(case, pick)
    empty = pick(range(8))
    if empty > 2 or case.is_plane:
        return case
    if empty == 2:
        return case.but(w_shape=(0, *case.w_shape[1:]), bias_shape=None if case.bias_shape is None else (0,))
    reach = [(k - 1) * d + 1 for k, d in zip(case.kernel, case.dilation, strict=True)]
    more = pick((0, 1))
    pads = tuple(
        (reach[axis] + more, case.padding[axis][1]) if axis == empty else case.padding[axis] for axis in (0, 1)
    )
    x_shape = tuple(0 if axis == empty + 2 else length for axis, length in enumerate(case.x_shape))
    return case.but(x_shape=x_shape, padding=pads)


def _right_or_refused_if_empty(hearing: Hearing) -> Finding | None:
    """The right answer. Where an axis is empty many libraries refuse, which is no wrong answer."""
    if 0 in (*hearing.case.x_shape, *hearing.case.w_shape) and hearing.outcomes[0].kind == "raised":
        return None
    return hearing.answer()


def _has_wide_pads(case: Case) -> bool:
    return not isinstance(case.padding, str) and any(
        max(pads) >= min(size, reach)
        for pads, size, reach in zip(case.padding, case.size, case.geometry.effective_kernel, strict=True)
    )


def _negative(case: Case, pick: Pick) -> Case:
    sides = [list(pair) for pair in (case.padding if isinstance(case.padding, tuple) else NO_PADS)]
    sides[pick((0, 1))][pick((0, 1))] = pick((-1, -2))
    height, width = (length + 3 for length in case.size)
    return case.but(padding=(tuple(sides[0]), tuple(sides[1])), x_shape=(*case.x_shape[:-2], height, width))


def _is_negative(case: Case) -> bool:
    return not isinstance(case.padding, str) and min(number for pair in case.padding for number in pair) < 0


PADDED = Bias(
    dtypes=EXACT.dtypes, data=("int", "int", "wide", "uniform"), padding=("sides", "sides", "symmetric", "wide"),
    layouts=ANY_LAYOUT,
)

REQUIREMENTS = (
    Requirement("PAD-01", LAW.but(padding=("sides", "sides", "symmetric", "wide")), judge=_pad_law,
                calls=padded_by_hand, needs=(needs_padding,),
                accepts=lambda case: not isinstance(case.padding, str) and case.padding != NO_PADS),
    Requirement("PAD-02", LAW.but(padding=("valid",)), judge=_word_law, calls=_spelled_out,
                needs=(needs_word("valid"),), accepts=_any_word("valid")),
    Requirement("PAD-03", LAW.but(padding=("full",)), judge=_word_law, calls=_spelled_out, needs=(needs_word("full"),),
                accepts=_any_word("full")),
    Requirement("PAD-04", WORDS.but(padding=("same_upper",)), share=2.5, needs=(needs_word("same_upper", "same"),),
                accepts=_any_word("same_upper", "same")),
    Requirement("PAD-05", WORDS.but(padding=("same_lower",)), needs=(needs_word("same_lower"),),
                accepts=_any_word("same_lower")),
    Requirement("PAD-06", SAME.but(dilation="above"), share=4.0,
                accepts=lambda case: isinstance(case.padding, str) and max(case.dilation) > 1,
                needs=(needs_layer, needs_dilation, needs_word("same_upper", "same", "same_lower"))),
    Requirement("PAD-07", SAME.but(stride="one", data=("int",), dtypes=PLAIN_DTYPES), adjust=_odd_effective,
                calls=_half, accepts=lambda case: isinstance(case.padding, str) and _is_odd(case), judge=_word_law,
                needs=(needs_word("same_upper", "same", "same_lower"),)),
    Requirement("PAD-08", SAME.but(stride="above", dilation="one",
                                   kernels=((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))),
                accepts=lambda case: isinstance(case.padding, str) and _small_kernel(case),
                needs=(needs_stride, needs_word("same_upper", "same", "same_lower"))),
    Requirement("PAD-09", PADDED, adjust=_wide_or_empty, judge=_right_or_refused_if_empty, share=1.5,
                accepts=_has_wide_pads, needs=(needs_padding,)),
    Requirement("PAD-12", PADDED.but(layouts=("C",)), judge=refused, adjust=_negative, accepts=_is_negative,
                valid=False, trivial=True, needs=(needs_padding,)),
)
