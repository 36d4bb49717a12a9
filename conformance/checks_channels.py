"""STR, DIL, GRP, CHN, BAT, BIA: stride, dilation, groups, channels, batches, bias."""

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import Case
from convspec.conformance.choices import Pick
from convspec.conformance.extremes import FAR
from convspec.conformance.generating import ANY_LAYOUT, EXACT, LAW
from convspec.conformance.judging import Finding
from convspec.conformance.requirement import (
    Hearing,
    Requirement,
    needs_any_kernel,
    needs_bias,
    needs_dilation,
    needs_groups,
    needs_layer,
    needs_local_nan,
    needs_stride,
)

MOST_PARTS = 5


def _unstrided(case: Case) -> tuple[Call, ...]:
    """The case, and the case with stride 1 and the same pads."""
    call = call_of(case)
    return call, call.but(stride=(1, 1), padding=case.geometry.pads)


def _every_nth(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    down, across = hearing.case.stride
    whole = hearing.value(1)[..., ::down, ::across]
    allowed = hearing.allowance(0) + hearing.allowance(1)[..., ::down, ::across]
    return hearing.equal(
        hearing.value(0), whole, allowed, "stride s and every s-th output of stride 1 differ", 0, whole,
    )


def stuffed(w: Array, dilation: tuple[int, int]) -> Array:
    """The kernel with zeros between its taps."""
    shape = [(w.shape[axis - 2] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    result = np.zeros((*w.shape[:-2], *shape), w.dtype)
    result[..., :: dilation[0], :: dilation[1]] = w
    return result


def _with_zeros_between(case: Case) -> tuple[Call, ...]:
    """The case, and dilation 1 with a kernel that has the zeros in it."""
    call = call_of(case)
    return call, call.but(w=stuffed(call.w, case.dilation), dilation=(1, 1), padding=case.geometry.pads, layout_w="C")


class Judging:
    """The first answer is right, and the first two calls agree."""

    def __init__(self, law: str) -> None:
        self.law = law

    def __call__(self, hearing: Hearing) -> Finding | None:
        """What is wrong with the first answer or between the first two calls, or None."""
        found = hearing.answer() or hearing.returned()
        if found:
            return found
        allowed = hearing.allowance(0) + hearing.allowance(1)
        return hearing.equal(hearing.value(0), hearing.value(1), allowed, self.law, 0, hearing.value(1))


def _without_needless_dilation(case: Case) -> tuple[Call, ...]:
    """Dilation along an axis on which the kernel has one tap, and without it."""
    call = call_of(case)
    needed = tuple(gap if length > 1 else 1 for gap, length in zip(case.dilation, case.kernel, strict=True))
    return call, call.but(dilation=needed, padding=case.geometry.pads)


def _has_needless_dilation(case: Case) -> bool:
    return any(gap > 1 and length == 1 for gap, length in zip(case.dilation, case.kernel, strict=True))


def _with_needless_dilation(case: Case, pick: Pick) -> Case:
    """Dilation along each axis on which the kernel has one tap, where there is none yet."""
    if _has_needless_dilation(case):
        return case
    gaps = (gap if length > 1 else pick((2, 3, *FAR)) for gap, length in zip(case.dilation, case.kernel, strict=True))
    return case.but(dilation=tuple(gaps))


def _each_group_alone(case: Case) -> tuple[Call, ...]:
    """The case, and each group as a convolution of its own."""
    call = call_of(case)
    inputs, outputs = case.w_shape[1], case.w_shape[0] // case.groups
    parts = []
    for group in range(case.groups):
        mine = slice(group * outputs, (group + 1) * outputs)
        parts.append(call.but(
            x=call.x[:, group * inputs: (group + 1) * inputs], w=call.w[mine],
            bias=None if call.bias is None else call.bias[mine], groups=1, layout_x="C", layout_w="C",
        ))
    return call, *parts


def _joined_groups(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    joined = np.concatenate([hearing.value(call) for call in range(1, len(hearing.calls))], axis=1)
    return hearing.equal(
        hearing.value(0), joined, _twice(hearing), "the groups together and each alone differ", 0, joined,
    )


def _twice(hearing: Hearing) -> Array:
    """Both sides of a law come from the same sums, so twice the whole's allowance holds them."""
    return 2 * hearing.allowance(0)


def _block_diagonal(case: Case) -> tuple[Call, ...]:
    """The case, and one group with a kernel that is zero outside the blocks."""
    call = call_of(case)
    inputs, outputs = case.w_shape[1], case.w_shape[0] // case.groups
    dense = np.zeros((case.w_shape[0], case.x_shape[1], *case.kernel), call.w.dtype)
    for group in range(case.groups):
        mine = slice(group * outputs, (group + 1) * outputs)
        dense[mine, group * inputs: (group + 1) * inputs] = call.w[mine]
    return call, call.but(w=dense, groups=1, layout_w="C")


def _channel_by_channel(case: Case) -> tuple[Call, ...]:
    """The case without bias, and each input channel alone."""
    call = call_of(case).but(bias=None)
    parts = [
        call.but(x=call.x[:, c: c + 1], w=call.w[:, c: c + 1], layout_x="C", layout_w="C")
        for c in range(case.x_shape[1])
    ]
    return call, *parts


def _sum_of_channels(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    total = hearing.value(1).copy()
    for call in range(2, len(hearing.calls)):
        total += hearing.value(call)
    allowed = sum((hearing.allowance(call) for call in range(1, len(hearing.calls))), start=hearing.allowance(0))
    return hearing.equal(hearing.value(0), total, allowed, "all channels together and their sum differ", 0, total)


def _turned(case: Case) -> int:
    """By how many places a permutation turns."""
    return 1 + case.seed % 3


def _outputs_permuted(case: Case) -> tuple[Call, ...]:
    """The case; its output channels in another order; the last output channel left out."""
    call = call_of(case)
    turn = _turned(case)
    bias = None if call.bias is None else np.roll(call.bias, turn)
    fewer = call.but(w=call.w[:-1], bias=None if call.bias is None else call.bias[:-1])
    return call, call.but(w=np.roll(call.w, turn, 0), bias=bias), fewer


def _independent_outputs(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    turned = np.roll(hearing.value(0), _turned(hearing.case), 1)
    allowed = _twice(hearing)
    turned_allowance = np.roll(allowed, _turned(hearing.case), 1)
    kept = hearing.value(0)[:, :-1]
    return hearing.equal(
        hearing.value(1), turned, turned_allowance, "output channels in another order give other results", 1, turned
    ) or hearing.equal(
        hearing.value(2), kept, allowed[:, :-1], "leaving out an output channel changes the others", 2, kept
    )


def _inputs_permuted(case: Case) -> tuple[Call, ...]:
    """The case, and x and w with their input channels in the same other order."""
    call = call_of(case)
    turn = _turned(case)
    return call, call.but(x=np.roll(call.x, turn, 1), w=np.roll(call.w, turn, 1))


def _picture_by_picture(case: Case) -> tuple[Call, ...]:
    """The case, and each picture of the batch alone."""
    call = call_of(case)
    return call, *(call.but(x=call.x[n: n + 1]) for n in range(case.x_shape[0]))


def _joined_pictures(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    joined = np.concatenate([hearing.value(call) for call in range(1, len(hearing.calls))])
    return hearing.equal(hearing.value(0), joined, _twice(hearing), "a batch and its pictures alone differ", 0, joined)


def _one_picture_spoilt(case: Case) -> tuple[Call, ...]:
    """The case, and the case with one picture of the batch overwritten."""
    call = call_of(case)
    spoilt = call.x.copy()
    spoilt[case.seed % case.x_shape[0]] = np.nan if spoilt.dtype.kind in "fcV" else np.iinfo(spoilt.dtype).max // 3
    return call, call.but(x=spoilt, layout_x="C" if call.layout_x == "broadcast" else call.layout_x)


def _others_unmoved(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.judge.shape(hearing.expect(1), hearing.outcomes[1], 1)
    if found:
        return found
    others = [n for n in range(hearing.case.x_shape[0]) if n != hearing.case.seed % hearing.case.x_shape[0]]
    law = "other pictures' results change when one picture is overwritten"
    before, after = hearing.value(0), hearing.value(1)
    allowed = 2 * hearing.allowance(0)
    return hearing.equal(after[others], before[others], allowed[others], law, 1, before)


def _as_many_outputs_as_columns(case: Case, pick: Pick) -> Case:
    """C_out equal to the output's width, or height, so that a bias along the wrong axis fits too; else as it is."""
    axis = pick((0, 1, None))
    if axis is None:
        return case
    outputs = min(case.geometry.output[axis], 12)
    per_group = case.w_shape[1] * case.groups
    return case.but(w_shape=(outputs, per_group, *case.kernel), bias_shape=(outputs,), groups=1)


def _without_bias(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    return call, call.but(bias=None)


def _bias_is_added(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    bias = hearing.calls[0].bias
    if found or bias is None:
        return found
    with np.errstate(over="ignore"):
        total = hearing.value(1) + bias[None, :, None, None]
    return hearing.equal(
        hearing.value(0), total, _twice(hearing), "with bias, and without bias but the bias added, differ", 0, total,
    )


def _zero_bias(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    return call, call.but(bias=np.zeros(case.bias_shape or (), call.w.dtype)), call.but(bias=None)


def _zero_bias_is_none(hearing: Hearing) -> Finding | None:
    found = hearing.answer() or hearing.returned()
    if found:
        return found
    return hearing.equal(
        hearing.value(1), hearing.value(2), _twice(hearing), "a bias of zeros and no bias differ", 1, hearing.value(2),
    )


ONE_GROUP = LAW.but(groups="one")

REQUIREMENTS = (
    Requirement("STR-01", LAW.but(stride="above"), judge=_every_nth, calls=_unstrided, needs=(needs_stride,),
                accepts=lambda case: max(case.stride) > 1),
    Requirement("STR-02", EXACT.but(stride="above", kernels=((1, 1),), layouts=ANY_LAYOUT), share=1.3,
                needs=(needs_stride,),
                accepts=lambda case: case.kernel == (1, 1) and max(case.stride) > 1),
    Requirement("DIL-01", LAW.but(dilation="above"),
                judge=Judging("dilation, and zeros put between the taps by hand, differ"),
                calls=_with_zeros_between, needs=(needs_dilation, needs_any_kernel),
                accepts=lambda case: max(case.dilation) > 1),
    Requirement("DIL-02", LAW.but(dilation="above", kernels=((1, 1), (1, 3), (3, 1), (1, 2), (2, 1))),
                judge=Judging("dilation along an axis with one tap changes the result"),
                calls=_without_needless_dilation, needs=(needs_dilation,), accepts=_has_needless_dilation,
                adjust=_with_needless_dilation),
    Requirement("GRP-01", LAW.but(groups="above"), judge=_joined_groups, calls=_each_group_alone,
                needs=(needs_layer, needs_groups), accepts=lambda case: 1 < case.groups <= 8),
    Requirement("GRP-02", EXACT.but(groups="depthwise", layouts=ANY_LAYOUT), needs=(needs_layer, needs_groups),
                accepts=lambda case: case.groups > 1 and case.w_shape[1] == 1),
    Requirement("GRP-03", LAW.but(groups="above"),
                judge=Judging("groups, and one group with a block-diagonal kernel, differ"),
                calls=_block_diagonal, needs=(needs_layer, needs_groups), accepts=lambda case: case.groups > 1),
    Requirement("CHN-01", ONE_GROUP, judge=_sum_of_channels, calls=_channel_by_channel, needs=(needs_layer,),
                adjust=lambda case, _: _channels(case, 2, MOST_PARTS),
                accepts=lambda case: case.groups == 1 and 1 < case.channels <= MOST_PARTS),
    Requirement("CHN-02", ONE_GROUP, judge=_independent_outputs, calls=_outputs_permuted, needs=(needs_layer,),
                adjust=lambda case, _: _filters(case, 2), accepts=lambda case: case.groups == 1 and case.outputs > 1),
    Requirement("CHN-03", ONE_GROUP,
                judge=Judging("input channels in another order, in x and w alike, give another result"),
                calls=_inputs_permuted, needs=(needs_layer,), adjust=lambda case, _: _channels(case, 2, 40),
                accepts=lambda case: case.groups == 1 and case.channels > 1),
    Requirement("CHN-04", EXACT.but(sizes=("channels", "channels", "small"), layouts=ANY_LAYOUT), needs=(needs_layer,),
                share=2.0),
    Requirement("BAT-01", LAW, judge=_joined_pictures, calls=_picture_by_picture, needs=(needs_layer,),
                adjust=lambda case, _: _pictures(case, 2), accepts=lambda case: 1 < case.batch <= 6),
    Requirement("BAT-02", LAW, judge=_others_unmoved, calls=_one_picture_spoilt, needs=(needs_layer, needs_local_nan),
                adjust=lambda case, _: _pictures(case, 2), accepts=lambda case: case.batch > 1),
    Requirement("BIA-01", LAW.but(bias=True), judge=_bias_is_added, calls=_without_bias,
                needs=(needs_layer, needs_bias), adjust=_as_many_outputs_as_columns,
                accepts=lambda case: case.bias_shape is not None),
    Requirement("BIA-02", LAW.but(bias=True), judge=_zero_bias_is_none, calls=_zero_bias,
                needs=(needs_layer, needs_bias), accepts=lambda case: case.bias_shape is not None),
)


def _channels(case: Case, least: int, most: int) -> Case:
    """At least, and at most, so many input channels, in one group."""
    channels = max(least, min(most, case.channels))
    return case.but(
        x_shape=(case.batch, channels, *case.size), w_shape=(case.outputs, channels, *case.kernel), groups=1
    )


def _filters(case: Case, least: int) -> Case:
    outputs = max(least, case.outputs)
    bias_shape = None if case.bias_shape is None else (outputs,)
    return case.but(w_shape=(outputs, *case.w_shape[1:]), bias_shape=bias_shape)


def _pictures(case: Case, least: int) -> Case:
    return case.but(x_shape=(max(least, case.batch), *case.x_shape[1:]))
