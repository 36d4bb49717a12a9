"""ERR: what is not a convolution raises, and never answers, crashes or hangs."""

from dataclasses import replace

from convspec.adapters.protocol import Capabilities, Numerics
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.choices import Pick
from convspec.conformance.expected import Expected
from convspec.conformance.generating import Bias
from convspec.conformance.judging import Finding
from convspec.conformance.requirement import (
    Hearing,
    Requirement,
    needs_bias,
    needs_groups,
    needs_layer,
    needs_padding,
)

VALID = Bias(
    dtypes=("float32", "float64", "int64"), data=("int",), whole_data=("int",), padding=("none", "symmetric", "sides"),
    sizes=("small",),
)
MISSPELT = ("smae", "vaild", "same_uper", "fulll", "sam", "same_", "vali")
# Around the ends of 16, 32 and 64 bits: one more than a power of two is 1 to a counter that wraps.
ABSURD = (2**31, 2**32, 2**62, 2**63 - 1, 2**31 + 1, 2**32 + 1, 2**32 + 2, 2**64 + 1, 2**16 + 1)


def refused(hearing: Hearing) -> Finding | None:
    """An exception, and nothing else."""
    outcome = hearing.outcomes[0]
    if outcome.kind in ("raised", "out of memory"):
        return None
    if outcome.kind == "returned" and outcome.value is not None:
        return Finding(
            f"got an array of shape {outcome.value.shape}, want an exception: {_what_is_wrong(hearing.case)}"
        )
    return Finding(f"{outcome.text}, want an exception: {_what_is_wrong(hearing.case)}")


def refused_or_empty(hearing: Hearing) -> Finding | None:
    """An exception; or, where the adapter declares it, a result without elements."""
    outcome = hearing.outcomes[0]
    declared = hearing.judge.capabilities.empty_output == "zero"
    if declared and outcome.kind == "returned" and outcome.value is not None and outcome.value.size == 0:
        return None
    return refused(hearing)


def _what_is_wrong(case: Case) -> str:
    return case.invalidity or "the case is not valid"


def _invalid(case: Case) -> bool:
    return not case.is_valid


def _rank(case: Case, pick: Pick) -> Case:
    """One axis too few or too many on x, on w, or on both."""
    x, w = case.x_shape, case.w_shape
    if pick(range(5)) == 0:
        # A weight that lacks axes would fit if they were made up.
        missing = pick((1, 2))
        channels = w[1] if missing == 1 else 1
        return case.but(x_shape=(x[0], channels, *x[2:]), w_shape=w[missing:], literal=None, groups=1, bias_shape=None)
    changed = pick((
        ((1, *x), w), (x, (1, *w)), (x[1:], w), (x[2:], w), (x[3:], w), ((), w), (x, ()), (x[1:], w[1:]),
    ))
    return case.but(x_shape=changed[0], w_shape=changed[1], literal=None)


def _has_wrong_rank(case: Case) -> bool:
    return (len(case.x_shape), len(case.w_shape)) not in ((2, 2), (4, 4))


def _refused_or_unbatched(hearing: Hearing) -> Finding | None:
    """An exception.

    Some libraries take (C, H, W) for a picture without a batch and give (C_out, oH, oW): no error of theirs.
    """
    call, outcome = hearing.calls[0], hearing.outcomes[0]
    if outcome.value is not None and (call.x.ndim, call.w.ndim, outcome.value.ndim) == (3, 4, 3):
        try:
            expected = Expected(call.but(x=call.x[None]))
        except ValueError:
            return refused(hearing)
        return hearing.judge.answer(expected, replace(outcome, value=outcome.value[None]))
    return refused(hearing)


def _not_positive(case: Case, pick: Pick) -> Case:
    value = pick((0, -1, -2, 0))
    role = pick(("stride", "dilation", "groups", "stride", "dilation"))
    if role == "groups":
        return case.but(groups=value)
    pair = list(getattr(case, role))
    axes = pick(((0,), (1,), (0, 1)))
    pair = [value if axis in axes else number for axis, number in enumerate(pair)]
    return case.but(**{role: tuple(pair)})


def _has_not_positive(case: Case) -> bool:
    numbers = (*case.stride, *case.dilation, case.groups)
    return bool(min(numbers) < 1)


def _channel_mismatch(case: Case, pick: Pick) -> Case:
    n, c, height, width = case.x_shape
    o, per_group, *kernel = case.w_shape
    which = pick(range(5))
    if which == 4:
        # Twice the channels: groups of which nothing was said could be made up.
        return case.but(x_shape=(n, 2 * c, height, width), w_shape=(2 * o, per_group, *kernel), bias_shape=None)
    if which == 0:
        return case.but(x_shape=(n, c + 1, height, width))
    if which == 1:
        return case.but(w_shape=(o, per_group + 1, *kernel))
    if which == 2:
        # Every group would still have its channels, but the filters cannot be shared out.
        return case.but(
            groups=2, x_shape=(n, 2 * per_group, height, width), w_shape=(2 * (o // 2) + 1, per_group, *kernel),
            bias_shape=None,
        )
    return case.but(groups=2, x_shape=(n, 2 * c + 1, height, width), w_shape=(2 * o, c, *kernel), bias_shape=None)


def _bias_mismatch(case: Case, pick: Pick) -> Case:
    o = case.w_shape[0]
    # A bias of length 1 is left out: it is broadcast wherever the bias is a separate sum, as in JAX, MLX or Paddle.
    return case.but(bias_shape=pick(((o + 1,), (o, 1), (1, o), (o + 2,), (o, 1, 1), (2 * o,))))


def _has_bias_mismatch(case: Case) -> bool:
    return case.bias_shape is not None and case.bias_shape not in ((case.outputs,), (1,), ())


def _not_integral(case: Case, pick: Pick) -> Case:
    value = pick((1.5, "1", None, 0.5, (1, 2)))
    role = pick(("stride", "dilation", "padding"))
    axis = pick((0, 1))
    if pick(range(4)) == 0:
        # Three numbers where there are two axes.
        three = (1, 2, 1)
        return case.but(**{role: three if role != "padding" else ((1, 0), (0, 1), (1, 1))})
    if role == "padding":
        sides: list[list[object]] = [list(pair) for pair in NO_PADS]
        sides[axis][pick((0, 1))] = value if value is not None else "1"
        return case.but(padding=tuple(map(tuple, sides)))
    pair: list[object] = [1, 1]
    pair[axis] = value
    return case.but(**{role: tuple(pair)})


def _is_integral(value: object) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and all(_is_integral(item) for item in value)
    return type(value) is int


def _has_not_integral(case: Case) -> bool:
    return not all(_is_integral(value) for value in (case.stride, case.dilation, case.padding))


def _absurd(case: Case, pick: Pick) -> Case:
    """One absurd step, gap or pad; kernels of more than one tap, so that a gap counts."""
    role = pick(("stride", "dilation", "padding"))
    # Sixteen bits of padding would be a legal, large picture.
    value = pick(ABSURD[:-1] if role == "padding" else ABSURD)
    axis = pick((0, 1))
    kernel = tuple(max(2, length) for length in case.kernel)
    size = tuple(
        max(length, (k - 1) * gap + 1) for length, k, gap in zip(case.size, kernel, case.dilation, strict=True)
    )
    case = case.but(x_shape=(*case.x_shape[:-2], *size), w_shape=(*case.w_shape[:-2], *kernel), padding=NO_PADS)
    if role == "padding":
        sides = [list(pair) for pair in NO_PADS]
        sides[axis][pick((0, 1))] = value
        return case.but(padding=tuple(map(tuple, sides)), stride=(1, 1))
    pair = list(getattr(case, role))
    pair[axis] = value
    return case.but(**{role: tuple(pair)})


def _is_absurd(case: Case) -> bool:
    pads = () if isinstance(case.padding, str) else tuple(number for pair in case.padding for number in pair)
    return bool(max(*case.stride, *case.dilation, *pads) >= 2**16)


def _refused_or_right(hearing: Hearing) -> Finding | None:
    outcome = hearing.outcomes[0]
    if outcome.kind in ("raised", "out of memory"):
        return None
    if outcome.kind == "returned" and hearing.case.is_valid:
        expected: Expected = hearing.expect(0)
        if max(expected.shape, default=0) < 2**31:
            return hearing.answer() if expected.is_computable else hearing.judge.shape(expected, outcome)
    return refused_or_empty(hearing)


def _misspelt(case: Case, pick: Pick) -> Case:
    return case.but(padding=pick(MISSPELT))


def _needs_some_word(capabilities: Capabilities, _: Numerics) -> str | None:
    return None if capabilities.padding_words else "it knows no padding words"


def _empty_kernel(case: Case, pick: Pick) -> Case:
    height, width = case.kernel
    kernel = pick(((0, width), (height, 0), (0, 0)))
    return case.but(w_shape=(*case.w_shape[:-2], *kernel))


def _larger_than_the_picture(case: Case, pick: Pick) -> Case:
    """A picture that would fit inside the kernel: exchanging the two would give an answer."""
    height, width = pick((1, 2, 3)), pick((1, 2, 3))
    kernel = (height + pick((1, 2)), width + pick((1, 2)))
    return case.but(
        x_shape=(*case.x_shape[:-2], height, width), w_shape=(*case.w_shape[:-2], *kernel), padding=NO_PADS,
        dilation=(1, 1),
    )


REQUIREMENTS = (
    Requirement("ERR-01", VALID, judge=_refused_or_unbatched, adjust=_rank, accepts=_has_wrong_rank, valid=False,
                trivial=True, share=1.5),
    Requirement("ERR-02", VALID, judge=refused, adjust=_not_positive, accepts=_has_not_positive, valid=False,
                trivial=True),
    Requirement("ERR-03", VALID, judge=refused, adjust=_channel_mismatch, accepts=_invalid, valid=False, trivial=True,
                needs=(needs_layer, needs_groups)),
    Requirement("ERR-04", VALID.but(bias=True), judge=refused, adjust=_bias_mismatch, accepts=_has_bias_mismatch,
                valid=False, trivial=True, needs=(needs_layer, needs_bias)),
    Requirement("ERR-05", VALID, judge=refused, adjust=_not_integral, accepts=_has_not_integral, valid=False,
                trivial=True, needs=(needs_padding,)),
    Requirement("ERR-06", VALID, judge=_refused_or_right, adjust=_absurd, accepts=_is_absurd, valid=False,
                trivial=True),
    Requirement("ERR-07", VALID, judge=refused, adjust=_empty_kernel, accepts=lambda case: min(case.kernel) == 0,
                valid=False, trivial=True),
    Requirement("ERR-08", VALID.but(padding=("none",)), judge=refused, adjust=_misspelt, valid=False, trivial=True,
                accepts=lambda case: case.padding in MISSPELT, needs=(_needs_some_word,)),
    Requirement("ERR-10", VALID, judge=refused_or_empty, adjust=_larger_than_the_picture, valid=False, trivial=True,
                accepts=lambda case: all(
                    k > s > 0 for k, s in zip(case.kernel, case.size, strict=True)) and not case.is_valid),
)
