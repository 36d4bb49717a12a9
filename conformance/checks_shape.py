"""SHP: how large the result is, and which cells of the input it depends on."""

import numpy as np

from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.checks_errors import refused_or_empty
from convspec.conformance.choices import Pick
from convspec.conformance.generating import ANY_LAYOUT, ANYTHING, EXACT, PLAIN_DTYPES, Bias
from convspec.conformance.judging import Finding
from convspec.conformance.requirement import (
    Hearing,
    Requirement,
    needs_dilation,
    needs_layer,
    needs_local_nan,
    needs_stride,
)

SHAPES = Bias(dtypes=PLAIN_DTYPES, data=("int",), whole_data=("int",), stride="any", padding=(
    "none", "symmetric", "sides", "sides", "wide", "valid", "same_upper", "same_lower", "full"))


def _right_and_its_own(hearing: Hearing) -> Finding | None:
    """The right answer, in memory of its own: with nothing to sum, a view of the bias would do as well."""
    found = hearing.answer()
    aliases = hearing.outcomes[0].aliases
    return found or (Finding(f"the result shares memory with {' and '.join(aliases)}") if aliases else None)


def _right_shape(hearing: Hearing) -> Finding | None:
    for call, outcome in enumerate(hearing.outcomes):
        found = hearing.judge.shape(hearing.expect(call), outcome, call)
        if found:
            return found
    return None


def _other_width(case: Case) -> tuple[Call, ...]:
    """The case, and one with the same height and another width, kernel width, step, gap and pads along it."""
    call = call_of(case)
    if isinstance(case.padding, str):
        return (call,)
    seed = case.seed
    top, bottom = case.padding[0]
    # What is the same along both axes stays so: a call that differs may be more than the adapter claims.
    kernel = case.kernel[0] if case.kernel[0] == case.kernel[1] else 1 + seed % 3
    stride = case.stride[0] if case.stride[0] == case.stride[1] else 1 + seed // 3 % 3
    gap = case.dilation[0] if case.dilation[0] == case.dilation[1] else 1 + seed // 9 % 2
    before, after = case.padding[1]
    if case.padding[0] != case.padding[1]:
        more = (seed // 18 % 3, seed // 54 % 3) if before != after else (1, 1)
        before, after = before + more[0], after + more[1]
    width = max(1, (kernel - 1) * gap + 1 + seed // 162 % 5 - before - after)
    x = np.ones((*call.x.shape[:-1], width), call.x.dtype)
    w = np.ones((*call.w.shape[:-1], kernel), call.w.dtype)
    return call, call.but(
        x=x, w=w, stride=(case.stride[0], stride), dilation=(case.dilation[0], gap),
        padding=((top, bottom), (before, after)), layout_x="C", layout_w="C",
    )


def _same_height(hearing: Hearing) -> Finding | None:
    found = _right_shape(hearing)
    if found or len(hearing.outcomes) == 1:
        return found
    heights = [hearing.value(call).shape[-2] for call in (0, 1)]
    if heights[0] != heights[1]:
        return Finding(f"the height is {heights[0]}, and {heights[1]} when only the width's parameters change", 1)
    return None


def _sandwich(hearing: Hearing) -> Finding | None:
    found = hearing.returned()
    if found:
        return found
    geometry, shape = hearing.case.geometry, hearing.value(0).shape
    if len(shape) != len(hearing.case.x_shape):
        return hearing.judge.shape(hearing.expect(0), hearing.outcomes[0])
    for axis, name in enumerate(("height", "width")):
        outputs, step = shape[axis - 2], hearing.case.stride[axis]
        padded, effective = geometry.padded[axis], geometry.effective_kernel[axis]
        if not (outputs - 1) * step + effective <= padded < outputs * step + effective:
            return Finding(
                f"the {name} is {outputs}: ({outputs} - 1) * {step} + {effective} <= {padded} < "
                f"{outputs} * {step} + {effective} does not hold", expected=None,
            )
    return None


def _grown_and_more(case: Case) -> tuple[Call, ...]:
    """The case; with one stride more rows; with more zeros, if it has any; with a larger stride, if it has one."""
    call = call_of(case)
    if isinstance(case.padding, str):
        return (call,)
    added = np.ones((*call.x.shape[:-2], case.stride[0], call.x.shape[-1]), call.x.dtype)
    more = np.concatenate([call.x, added], axis=-2)
    (top, bottom), across = case.padding
    sides = case.padding if case.padding == NO_PADS else ((top + 1, bottom + 1), (across[0] + 1, across[1] + 1))
    down = case.stride[0] + 1 if case.stride != (1, 1) else 1
    step = (down, down) if case.stride[0] == case.stride[1] else (down, case.stride[1])
    return call, call.but(x=more), call.but(padding=sides), call.but(stride=step)


def _monotone(hearing: Hearing) -> Finding | None:
    found = hearing.returned()
    if found:
        return found
    heights = [hearing.value(call).shape[-2] for call in range(len(hearing.calls)) if hearing.value(call).ndim >= 2]
    if len(heights) == len(hearing.calls) == 4:
        if heights[1] != heights[0] + 1:
            return Finding(f"{hearing.case.stride[0]} more rows (one stride) change the height from {heights[0]} to "
                           f"{heights[1]}, want one more", 1)
        if heights[2] < heights[0]:
            return Finding(f"more padding changes the height from {heights[0]} to {heights[2]}, want no less", 2)
        if heights[3] > heights[0]:
            return Finding(f"a larger stride changes the height from {heights[0]} to {heights[3]}, want no more", 3)
    return _right_shape(hearing)


def _unread(case: Case) -> tuple[int, int]:
    """How many of the last rows and columns of the input no window reaches."""
    geometry = case.geometry
    counts = []
    for axis in (0, 1):
        over = (geometry.padded[axis] - geometry.effective_kernel[axis]) % case.stride[axis]
        counts.append(min(case.size[axis], max(0, over - geometry.pads[axis][1])))
    return counts[0], counts[1]


def _has_unread(case: Case) -> bool:
    return max(_unread(case)) > 0


def _poisoned(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    rows, columns = _unread(case)
    poison = call.x.copy()
    bad = np.nan if poison.dtype.kind in "fcV" else np.iinfo(poison.dtype).max // 3
    if rows:
        poison[..., -rows:, :] = bad
    if columns:
        poison[..., :, -columns:] = bad
    return call, call.but(x=poison)


def _unmoved(hearing: Hearing) -> Finding | None:
    found = _right_shape(hearing)
    if found:
        return found
    law = "the result changes when rows or columns that no window reaches are overwritten"
    return hearing.equal(hearing.value(1), hearing.value(0), 2 * hearing.allowance(0), law, 1, hearing.value(0))


class _Without:
    """Turns a case into one without pictures (axis 0) or without input channels (axis 1)."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def __call__(self, case: Case, _: Pick) -> Case:
        shape = tuple(0 if index == self.axis else length for index, length in enumerate(case.x_shape))
        if self.axis == 0:
            return case.but(x_shape=shape)
        return case.but(x_shape=shape, w_shape=(case.w_shape[0], 0, *case.w_shape[2:]), groups=1)


def _too_large(case: Case, pick: Pick) -> Case:
    """The kernel one to three samples larger than the padded input, on one axis or on both."""
    if pick(range(4)) == 0:
        # One picture under one filter: the two could change places.
        case = case.but(x_shape=(1, 1, *case.size), w_shape=(1, 1, *case.kernel), groups=1,
                        bias_shape=case.bias_shape and (1,))
    pads = case.padding if not isinstance(case.padding, str) else NO_PADS
    reach = pick((1, 2, 3))
    size = list(case.size)
    for axis in pick(((0,), (1,), (0, 1))):
        effective = (case.kernel[axis] - 1) * case.dilation[axis] + 1
        size[axis] = effective - reach - sum(pads[axis])
    if min(size) < 1 or not isinstance(case.padding, tuple):
        size = [pick((1, 2)), pick((1, 2, 3))]
        kernel = tuple(length + reach for length in size)
        return case.but(x_shape=(*case.x_shape[:-2], *size), w_shape=(*case.w_shape[:-2], *kernel), padding=NO_PADS)
    return case.but(x_shape=(*case.x_shape[:-2], *size))


def _kernel_is_too_large(case: Case) -> bool:
    """Whether nothing else is wrong with the case."""
    return "kernel" in (case.invalidity or "") and min(case.size) > 0 and min(case.kernel) > 0


REQUIREMENTS = (
    Requirement("SHP-01", SHAPES, judge=_right_shape),
    Requirement("SHP-02", SHAPES.but(padding=("none", "symmetric", "sides", "sides")), judge=_same_height,
                calls=_other_width),
    Requirement("SHP-03", SHAPES.but(sizes=("long", "extreme", "small"), stride="above"), judge=_sandwich),
    Requirement("SHP-04", SHAPES.but(dilation="above"), judge=_right_shape, needs=(needs_dilation,),
                accepts=lambda case: max(case.dilation) > 1),
    Requirement("SHP-05", SHAPES.but(padding=("none", "symmetric", "sides")), judge=_monotone, calls=_grown_and_more),
    Requirement("SHP-06", EXACT.but(stride="above", remainder="some", padding=("none", "none", "none", "symmetric"),
                                    layouts=ANY_LAYOUT),
                judge=_unmoved, calls=_poisoned, accepts=_has_unread, needs=(needs_stride, needs_local_nan)),
    Requirement("SHP-07", EXACT.but(stride="above", output="one", remainder="none",
                                    padding=("none", "none", "symmetric", "sides"))),
    Requirement("SHP-08", SHAPES.but(padding=("none", "none", "sides")), judge=refused_or_empty, adjust=_too_large,
                accepts=_kernel_is_too_large, valid=False, trivial=True),
    Requirement("SHP-09", ANYTHING, judge=lambda hearing: _right_shape(hearing) or hearing.answer(), adjust=_Without(0),
                needs=(needs_layer,), trivial=True),
    Requirement(
        "SHP-10", EXACT.but(groups="one"), adjust=_Without(1), trivial=True, judge=_right_and_its_own,
        needs=(
            needs_layer, lambda claims, _: None if claims.zero_channels else "it does not claim zero input channels",
        ),
    ),
)
