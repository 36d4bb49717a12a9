"""Fitting a drawn case to what an adapter claims, so that one battery serves all adapters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convspec.adapters.protocol import COMPLEX_FLOATS, WORDS, Capabilities
from convspec.conformance.calls import Call
from convspec.conformance.case import NO_PADS, Case, Number
from convspec.conformance.formats import FORMATS
from convspec.conformance.generating import INTEGERS
from convspec.conformance.number_kinds import FLOAT_RECIPES, WHOLE_RECIPES

_AXES = (0, 1)
# More rows than this are not added to a picture to make a stride fit.
MOST_ADDED = 64


def fit(case: Case, claims: Capabilities) -> Case:
    """The nearest case inside the claims; the case itself where it is inside already.

    A function of its arguments alone: equal claims give equal cases, whose expected values are then shared. Numbers
    that are written out stay where they can; where a shape or a dtype has become another, a recipe for whole ones takes
    their place.
    """
    case = _fit_rank(case, claims)
    case = _fit_kernel(case, claims)
    case = _fit_arguments(case, claims)
    case = _fit_picture(case, claims)
    return _fit_numbers(_fit_dtype(case, claims))


def _fit_numbers(case: Case) -> Case:
    if case.literal is None:
        return case
    x, w, bias = case.literal
    literal = (x, w, bias if case.bias_shape is not None else ())
    w_dtype = case.w_dtype or case.dtype
    stays = all(
        len(part) == count and all(_holds(dtype, number) for number in part)
        for part, count, dtype in zip(literal, case.counts, (case.dtype, w_dtype, w_dtype), strict=True)
    )
    return case.but(literal=literal) if stays else case.but(literal=None, data="int")


def _holds(dtype: str, number: Number) -> bool:
    """Whether a number is one of a dtype, rounded perhaps."""
    if isinstance(number, complex):
        return dtype in COMPLEX_FLOATS
    if dtype in INTEGERS:
        return number == number and number % 1 == 0 and np.iinfo(dtype).min <= number <= np.iinfo(dtype).max
    return not np.isfinite(number) or abs(number) <= FORMATS[dtype].overflow_threshold


def is_inside(call: Call, claims: Capabilities) -> bool:
    """Whether a call asks for nothing that is not claimed.

    A requirement's further calls are built from a case inside the claims; one that leaves them would hold an
    implementation to what it never said.
    """
    x_shape, w_shape = call.x.shape, call.w.shape
    # Planes may be asked of a layer too.
    ranks = (2,) if claims.profile == "plane" else (2, 4)
    if len(x_shape) != len(w_shape) or len(x_shape) not in ranks:
        return False
    (rows, columns), (height, width) = x_shape[-2:], w_shape[-2:]
    return (
        call.x.dtype.name in claims.dtypes
        and call.w.dtype.name in claims.dtypes
        and _axes_inside(call.stride, claims.stride)
        and _axes_inside(call.dilation, claims.dilation)
        and _padding_inside(call.padding, claims)
        and (call.groups == 1 or claims.groups)
        and (call.bias is None or claims.bias)
        and (height == width or not claims.square_kernels_only)
        and (height % 2 == width % 2 == 1 or not claims.odd_kernels_only)
        and (rows == columns or not claims.square_pictures_only)
        and (not claims.exact_fit_only or not any(_case_of(call).left_over))
    )


def _axes_inside(value: Any, claimed: str) -> bool:
    return claimed == "each" or (value[0] == value[1] and (claimed == "same" or value[0] == 1))


def _padding_inside(padding: Any, claims: Capabilities) -> bool:
    if isinstance(padding, str):
        return padding in claims.padding_words
    (top, bottom), (left, right) = padding
    if claims.padding == "sides" or padding == NO_PADS:
        return True
    is_pair = top == bottom and left == right
    return is_pair and (claims.padding == "pair" or (claims.padding == "same" and top == left))


def _case_of(call: Call) -> Case:
    return Case(call.x.shape, call.w.shape, None, call.stride, call.padding, call.dilation, call.groups)


def _fit_rank(case: Case, claims: Capabilities) -> Case:
    if claims.profile == "plane" and len(case.x_shape) == 4:
        case = case.but(x_shape=case.x_shape[2:], w_shape=case.w_shape[2:], bias_shape=None, groups=1)
    if not claims.bias and case.bias_shape is not None:
        case = case.but(bias_shape=None, layout_bias="C")
    has_groups = isinstance(case.groups, int) and case.groups > 1
    if not claims.groups and has_groups and len(case.x_shape) == len(case.w_shape) == 4:
        case = case.but(groups=1, x_shape=(case.x_shape[0], case.w_shape[1], *case.x_shape[2:]))
    return case


def _fit_kernel(case: Case, claims: Capabilities) -> Case:
    if len(case.w_shape) < 2:
        return case
    kernel = list(case.w_shape[-2:])
    if claims.square_kernels_only:
        kernel = [min(kernel)] * 2
    if claims.odd_kernels_only:
        kernel = [length - 1 if length and length % 2 == 0 else length for length in kernel]
    return case.but(w_shape=(*case.w_shape[:-2], *kernel))


def _fit_arguments(case: Case, claims: Capabilities) -> Case:
    changes = {}
    for role in ("stride", "dilation"):
        value, claimed = getattr(case, role), getattr(claims, role)
        if claimed == "none":
            changes[role] = (1, 1)
        elif claimed == "same" and isinstance(value, tuple) and len(value) == 2 and value[0] != value[1]:
            odd = value[0] if not isinstance(value[0], int) or value[0] != 1 else value[1]
            changes[role] = (odd, odd)
    case = _holding(case, case.but(**changes)) if changes else case
    if isinstance(case.padding, str) and case.padding in WORDS:
        word = _word(case.padding, claims)
        if word is not None:
            return case if word == case.padding else case.but(padding=word)
        try:
            case = case.but(padding=case.geometry.pads)
        except (ValueError, TypeError):
            case = case.but(padding=NO_PADS)
    return _fit_pads(case, claims)


def _holding(before: Case, case: Case) -> Case:
    """As much more picture as the kernel reaches further than before, if it reaches further."""
    # An invalid case stays one: a dilation that no picture can hold is not to get a picture that holds it.
    if not before.is_valid:
        return case
    more = (
        max(0, (k - 1) * (after - gap))
        for k, gap, after in zip(case.kernel, before.dilation, case.dilation, strict=True)
    )
    size = tuple(length + reach for length, reach in zip(case.size, more, strict=True))
    return case.but(x_shape=(*case.x_shape[:-2], *size))


def _word(word: str, claims: Capabilities) -> str | None:
    """The word itself, or one that means the same, if it is known natively."""
    synonyms = ("same", "same_upper") if word in ("same", "same_upper") else (word,)
    known = [synonym for synonym in synonyms if synonym in claims.padding_words]
    return word if word in known else next(iter(known), None)


def _fit_pads(case: Case, claims: Capabilities) -> Case:
    if claims.padding == "sides" or case.padding == NO_PADS or isinstance(case.padding, str):
        return case
    try:
        (top, _), (left, _) = case.padding
    except (TypeError, ValueError):
        return case
    if claims.padding == "none":
        return _grown(case, NO_PADS)
    if claims.padding == "same":
        return _grown(case, ((top, top), (top, top)))
    return _grown(case, ((top, top), (left, left)))


def _grown(case: Case, pads: tuple[tuple[int, int], tuple[int, int]]) -> Case:
    """Other pads, and as much more picture as was less padding, so that the kernel still fits."""
    whole = all(type(number) is int for pair in (*pads, *case.padding) for number in pair)
    if not whole or len(case.x_shape) < 2:
        return case.but(padding=pads)
    height, width = (
        case.x_shape[axis - 2] + max(0, sum(case.padding[axis]) - sum(pads[axis])) for axis in _AXES
    )
    return case.but(padding=pads, x_shape=(*case.x_shape[:-2], height, width))


def _fit_picture(case: Case, claims: Capabilities) -> Case:
    if not (claims.square_pictures_only or claims.exact_fit_only) or not case.is_valid:
        return case
    if claims.square_pictures_only and case.size[0] != case.size[1]:
        # The shorter side, which keeps a case quick, but no less than the kernel needs.
        pads = (0, 0) if isinstance(case.padding, str) else tuple(map(sum, case.padding))
        needs = [reach - pad for reach, pad in zip(case.geometry.effective_kernel, pads, strict=True)]
        # A word other than "valid" pads as much as the kernel needs.
        needs = [1, 1] if isinstance(case.padding, str) and case.padding != "valid" else needs
        side = max(min(case.size), *needs)
        case = case.but(x_shape=(*case.x_shape[:-2], side, side))
    if claims.exact_fit_only and any(case.left_over):
        case = _with_exact_fit(case, claims)
    return case


def _with_exact_fit(case: Case, claims: Capabilities) -> Case:
    """So many rows and columns less, or more, that the strides leave nothing over; a square picture stays one."""
    over = case.left_over
    lengths = [
        size - rest if rest < size else size + step - rest
        for size, rest, step in zip(case.size, over, case.stride, strict=True)
    ]
    if max(lengths) > max(case.size) + MOST_ADDED:
        return case.but(stride=(1, 1))
    if claims.square_pictures_only and lengths[0] != lengths[1]:
        # Both axes can be left without a rest only if their steps agree.
        return case.but(stride=(1, 1))
    grown = case.but(x_shape=(*case.x_shape[:-2], *lengths))
    # A padding word may pad a larger picture otherwise.
    return grown if not any(grown.left_over) else case.but(stride=(1, 1))


def _fit_dtype(case: Case, claims: Capabilities) -> Case:
    if case.dtype in claims.dtypes and (case.w_dtype is None or case.w_dtype in claims.dtypes):
        return case
    dtype = case.dtype if case.dtype in claims.dtypes else _nearest(case.dtype, case.seed, claims.dtypes)
    w_dtype = case.w_dtype
    if w_dtype is not None and w_dtype not in claims.dtypes:
        others = [name for name in claims.dtypes if name != dtype]
        w_dtype = _nearest(w_dtype, case.seed // len(claims.dtypes), others) if others else None
    data = case.data
    if dtype in INTEGERS and data not in WHOLE_RECIPES:
        data = "int"
    elif dtype not in INTEGERS and data not in FLOAT_RECIPES:
        data = "wide"
    elif dtype in COMPLEX_FLOATS and data.startswith("special"):
        # Whether an infinite complex product is infinite or NaN is not for this specification to say.
        data = "int"
    return case.but(dtype=dtype, w_dtype=w_dtype, data=data)


def _nearest(dtype: str, seed: int, claimed: Sequence[str]) -> str:
    """A claimed dtype of the same sort, else any claimed one; the seed chooses, which chose nothing else of a case."""
    same = [name for name in claimed if (name in INTEGERS) == (dtype in INTEGERS)]
    choice = same or claimed
    return choice[seed % len(choice)]
