"""LAW: algebra. Each law compares the implementation with itself, on whole numbers or bit for bit."""

import numpy as np

from convspec.adapters.protocol import REAL_FLOATS, Array
from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.checks_channels import Judging, stuffed
from convspec.conformance.choices import Pick
from convspec.conformance.expected import Expected
from convspec.conformance.generating import ANY_LAYOUT, LAW, Bias
from convspec.conformance.judging import Finding, same_bits
from convspec.conformance.number_kinds import FINITE_RECIPES
from convspec.conformance.requirement import Hearing, Observation, Requirement, needs_any_kernel

BITWISE = Bias(
    dtypes=("float32", "float64"), data=("uniform", "log", "int", "positive", "cancel"), bias=False,
    layouts=("C", "C", "channels_last"),
)


def _signs_changed(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    return call, call.but(x=-call.x), call.but(w=-call.w)


def _only_signs_change(hearing: Hearing) -> bool:
    return all(same_bits(-hearing.value(0), hearing.value(call)) for call in (1, 2))


def _exponents(case: Case) -> tuple[int, int]:
    return case.seed % 7 - 3, case.seed // 7 % 7 - 3


def _scaled(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    a, c = _exponents(case)
    return call, call.but(x=np.ldexp(call.x, a), w=np.ldexp(call.w, c))


def _only_exponents_change(hearing: Hearing) -> bool:
    return same_bits(np.ldexp(hearing.value(0), sum(_exponents(hearing.case))), hearing.value(1))


def _other_numbers(case: Case) -> Call:
    return call_of(case.but(seed=(case.seed + 1) % 2**32, literal=None))


def _sums(case: Case) -> tuple[Call, ...]:
    """x, x' and x + x' with the same w; w' and w + w' with the same x; no bias."""
    call, other = call_of(case).but(bias=None), _other_numbers(case)
    with np.errstate(over="ignore"):
        both_x, both_w = call.x + other.x, call.w + other.w
    return (
        call, call.but(x=other.x), call.but(x=both_x), call.but(w=other.w), call.but(w=both_w),
    )


def _additive(hearing: Hearing) -> Finding | None:
    found = hearing.answers()
    if found:
        return found
    allowed = sum((hearing.allowance(call) for call in range(1, len(hearing.calls))), start=hearing.allowance(0))
    for one, both, name in ((1, 2, "x"), (3, 4, "w")):
        with np.errstate(over="ignore"):
            total = hearing.value(0) + hearing.value(one)
        law = f"the result for {name} + {name}' is not the sum of the results"
        found = hearing.equal(hearing.value(both), total, allowed, law, both, total)
        if found:
            return found
    return None


def _delta(case: Case) -> tuple[Call, ...]:
    """Each filter a single 1, at one place of one channel."""
    call = call_of(case).but(bias=None)
    w = np.zeros_like(call.w)
    flat = w.reshape(1 if case.is_plane else w.shape[0], -1)
    for output in range(flat.shape[0]):
        flat[output, (case.seed + 7 * output) % flat.shape[1]] = 1
    return (call.but(w=w, layout_w="C"),)


def _zeros(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    return call.but(w=np.zeros_like(call.w)), call.but(x=np.zeros_like(call.x))


def _shifted(case: Case) -> tuple[Call, ...]:
    """x, and x moved down and right by one stride."""
    call = call_of(case)
    down, across = case.stride
    moved = np.zeros_like(call.x)
    moved[..., down:, across:] = call.x[..., :-down, :-across]
    return call, call.but(x=moved)


def _equivariant(hearing: Hearing) -> Finding | None:
    found = hearing.answers()
    if found:
        return found
    inner = hearing.value(0)[..., :-1, :-1]
    allowed = hearing.allowance(0)[..., :-1, :-1] + hearing.allowance(1)[..., 1:, 1:]
    law = "moving x by one stride does not move the result by one"
    return hearing.equal(hearing.value(1)[..., 1:, 1:], inner, allowed, law, 1, inner)


def _can_shift(case: Case) -> bool:
    return case.padding in (NO_PADS, "valid") and all(
        size > step for size, step in zip(case.size, case.stride, strict=True)
    )


def _with_room_to_shift(case: Case, _: Pick) -> Case:
    """One stride larger where the picture is too small to be moved by one."""
    if _can_shift(case):
        return case
    lengths = (size + step for size, step in zip(case.size, case.stride, strict=True))
    return case.but(x_shape=(*case.x_shape[:-2], *lengths))


def _transposed(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    pads = case.geometry.pads
    return call.but(padding=pads), call.but(
        x=np.swapaxes(call.x, -1, -2), w=np.swapaxes(call.w, -1, -2), stride=case.stride[::-1],
        dilation=case.dilation[::-1], padding=pads[::-1],
    )


def _same_transposed(hearing: Hearing) -> Finding | None:
    found = hearing.answers()
    if found:
        return found
    want = np.swapaxes(hearing.value(0), -1, -2)
    allowed = hearing.allowance(1)
    law = "exchanging height and width everywhere does not transpose the result"
    return hearing.equal(hearing.value(1), want, 2 * allowed, law, 1, want)


def _flipped(case: Case) -> tuple[Call, ...]:
    call = call_of(case)
    (top, bottom), (left, right) = case.geometry.pads
    return call.but(padding=case.geometry.pads), call.but(
        x=call.x[..., ::-1, ::-1], w=call.w[..., ::-1, ::-1], padding=((bottom, top), (right, left))
    )


def _same_flipped(hearing: Hearing) -> Finding | None:
    found = hearing.answers()
    if found:
        return found
    want = hearing.value(0)[..., ::-1, ::-1]
    law = "turning x and w by 180 degrees does not turn the result"
    return hearing.equal(hearing.value(1), want, 2 * hearing.allowance(1), law, 1, want)


def _fits_exactly(case: Case) -> bool:
    return not any(case.left_over)


def _second_kernel(case: Case) -> Array:
    """A small kernel of whole numbers for the second of two convolutions in a row."""
    shape = (1 + case.seed % 2, 1 + case.seed // 2 % 3)
    if case.kernel[0] == case.kernel[1]:
        shape = (shape[1], shape[1])
    numbers = np.array([(case.seed // (3 + index)) % 7 - 3 for index in range(shape[0] * shape[1])])
    return numbers.reshape((1, 1, *shape) if not case.is_plane else shape)


def _one_channel(case: Case, _: Pick) -> Case:
    """One picture's worth of channels: one in, one out."""
    if case.is_plane:
        return case.but(padding=NO_PADS, dilation=(1, 1), x_shape=_roomy(case))
    shape = _roomy(case)
    return case.but(
        x_shape=(shape[0], 1, *shape[2:]), w_shape=(1, 1, *case.kernel), bias_shape=None, groups=1, padding=NO_PADS,
        dilation=(1, 1),
    )


def _roomy(case: Case) -> tuple[int, ...]:
    """Large enough for two convolutions in a row."""
    sizes = [
        max(length, kernel + 3 * step)
        for length, kernel, step in zip(case.size, case.kernel, case.stride, strict=True)
    ]
    return (*case.x_shape[:-2], *sizes)


def _is_one_channel(case: Case) -> bool:
    fits = all(
        size >= kernel + 2 * step for size, kernel, step in zip(case.size, case.kernel, case.stride, strict=True)
    )
    return (
        case.channels == case.outputs == 1 and case.padding == NO_PADS and case.dilation == (1, 1) and fits
        and case.bias_shape is None
    )


def exact_result(call: Call) -> Array:
    """The specification's result of a call on whole numbers, in the dtype of x."""
    expected = Expected(call)
    wide = expected.whole_value if expected.is_whole else expected.sums[0].value
    return wide.astype(call.x.dtype)


def _composed(case: Case) -> tuple[Call, ...]:
    """conv with w1, then with w2; and once with the kernel that is both.

    The inner result is the specification's, so that a fault in one call is not hidden by a fault in the other.
    """
    first = call_of(case)
    second_kernel = _second_kernel(case).astype(first.w.dtype)
    inner = exact_result(first)
    second = first.but(x=inner, w=second_kernel, stride=(1, 1), layout_x="C", layout_w="C")
    spread = stuffed(second_kernel, case.stride)
    pads = [(0, 0)] * (first.w.ndim - 2) + [(length - 1,) * 2 for length in spread.shape[-2:]]
    full = exact_result(Call(np.pad(first.w, pads), spread[..., ::-1, ::-1].copy(), None, (1, 1), NO_PADS, (1, 1), 1))
    return first, second, first.but(w=full, layout_w="C")


def _composes(hearing: Hearing) -> Finding | None:
    found = hearing.answers()
    if found:
        return found
    both = hearing.value(2)
    twice = hearing.value(1)
    rows, columns = min(both.shape[-2], twice.shape[-2]), min(both.shape[-1], twice.shape[-1])
    # The exact values agree, so the two results differ by no more than the errors that each may have.
    allowed = hearing.allowance(1)[..., :rows, :columns] + hearing.allowance(2)[..., :rows, :columns]
    return hearing.equal(
        both[..., :rows, :columns], twice[..., :rows, :columns], allowed,
        "two convolutions in a row, and one with the joined kernel, differ", 2, twice,
    )


def _separated(case: Case) -> tuple[Call, ...]:
    """A kernel of rank 1 at once, and as a column and a row one after the other."""
    call = call_of(case)
    height, width = case.kernel
    column = np.array([(case.seed // (index + 2)) % 7 - 3 for index in range(height)]).astype(call.w.dtype)
    row = np.array([(case.seed // (index + 9)) % 7 - 3 for index in range(width)]).astype(call.w.dtype)
    lead = (1,) * (call.w.ndim - 2)
    down = call.but(w=column.reshape(*lead, height, 1), stride=(case.stride[0], 1), layout_w="C")
    inner = exact_result(down)
    across = call.but(x=inner, w=row.reshape(*lead, 1, width), stride=(1, case.stride[1]), layout_x="C", layout_w="C")
    whole = call.but(w=np.outer(column, row).reshape(*lead, height, width), layout_w="C")
    return whole, across, down


SINGLE = LAW.but(
    groups="one", channels=1, outputs=1, batch="any", bias=False, padding=("none",), dilation="one", stride="any",
    sizes=("small",), layouts=("C",),
)

REQUIREMENTS = (
    # No contract promises calls with other numbers the same roundings: equal bits are reported, not required.
    Requirement("LAW-01", BITWISE.but(dtypes=REAL_FLOATS), calls=_signs_changed,
                observation=Observation("only the sign changes, to the last bit,", _only_signs_change)),
    Requirement("LAW-02", BITWISE, calls=_scaled,
                observation=Observation("only the exponents change, to the last bit,", _only_exponents_change)),
    Requirement("LAW-03", LAW, judge=_additive, calls=_sums),
    Requirement("LAW-04", LAW.but(dtypes=(*REAL_FLOATS, "int64", "int32"), data=FINITE_RECIPES[:8]), calls=_delta),
    Requirement("LAW-05", LAW.but(dtypes=(*REAL_FLOATS, "int64", "int32"), data=FINITE_RECIPES[:8], layouts=ANY_LAYOUT),
                calls=_zeros, trivial=True),
    Requirement("LAW-06", LAW.but(padding=("none", "none", "valid")), judge=_equivariant, calls=_shifted,
                accepts=_can_shift, adjust=_with_room_to_shift),
    Requirement("LAW-07", LAW, judge=_same_transposed, calls=_transposed),
    Requirement("LAW-08", LAW.but(remainder="none", padding=("none", "sides", "symmetric", "sides")),
                judge=_same_flipped, calls=_flipped, accepts=_fits_exactly),
    Requirement("LAW-09", SINGLE, judge=_composes, calls=_composed, adjust=_one_channel, accepts=_is_one_channel),
    Requirement("LAW-10", SINGLE, judge=lambda hearing: hearing.answers() or Judging(
        "a kernel of rank 1 at once, and its column and row one after the other, differ")(hearing), calls=_separated,
        adjust=_one_channel, needs=(needs_any_kernel,),
        accepts=lambda case: _is_one_channel(case) and (case.stride == (1, 1) or case.stride[0] != case.stride[1])),
)
