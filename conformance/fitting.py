"""Fitting a drawn case to what an adapter claims, so that one battery serves all adapters."""

import numpy as np

from convspec.adapters.protocol import COMPLEX_FLOATS, WORDS, Capabilities
from convspec.conformance.case import NO_PADS, Case, Number
from convspec.conformance.formats import FORMATS
from convspec.conformance.generating import INTEGERS
from convspec.conformance.number_kinds import FLOAT_RECIPES, WHOLE_RECIPES


def fit(case: Case, claims: Capabilities) -> Case:
    """The nearest case inside the claims; the case itself where it is inside already.

    A function of its arguments alone: equal claims give equal cases, whose expected values are then shared. Numbers
    that are written out stay where they can; where a shape or a dtype has become another, a recipe for whole ones takes
    their place.
    """
    case = _fit_rank(case, claims)
    case = _fit_arguments(case, claims)
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


def _fit_rank(case: Case, claims: Capabilities) -> Case:
    if claims.profile == "plane" and len(case.x_shape) == 4:
        case = case.but(x_shape=case.x_shape[2:], w_shape=case.w_shape[2:], bias_shape=None, groups=1)
    if claims.square_kernels_only and len(case.w_shape) >= 2 and case.w_shape[-1] != case.w_shape[-2]:
        side = min(case.w_shape[-2:])
        case = case.but(w_shape=(*case.w_shape[:-2], side, side))
    if not claims.bias and case.bias_shape is not None:
        case = case.but(bias_shape=None)
    has_groups = isinstance(case.groups, int) and case.groups > 1
    if not claims.groups and has_groups and len(case.x_shape) == len(case.w_shape) == 4:
        case = case.but(groups=1, x_shape=(case.x_shape[0], case.w_shape[1], *case.x_shape[2:]))
    return case


def _fit_arguments(case: Case, claims: Capabilities) -> Case:
    changes = {}
    for role in ("stride", "dilation"):
        value, claimed = getattr(case, role), getattr(claims, role)
        if claimed == "none":
            changes[role] = (1, 1)
        elif claimed == "same" and isinstance(value, tuple) and len(value) == 2 and value[0] != value[1]:
            odd = value[0] if not isinstance(value[0], int) or value[0] != 1 else value[1]
            changes[role] = (odd, odd)
    case = case.but(**changes) if changes else case
    if isinstance(case.padding, str) and case.padding in WORDS:
        word = _word(case.padding, claims)
        if word is not None:
            return case if word == case.padding else case.but(padding=word)
        try:
            case = case.but(padding=case.geometry.pads)
        except (ValueError, TypeError):
            case = case.but(padding=NO_PADS)
    return _fit_pads(case, claims)


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
        case.x_shape[axis - 2] + max(0, sum(case.padding[axis]) - sum(pads[axis])) for axis in (0, 1)
    )
    return case.but(padding=pads, x_shape=(*case.x_shape[:-2], height, width))


def _fit_dtype(case: Case, claims: Capabilities) -> Case:
    if case.dtype in claims.dtypes and (case.w_dtype is None or case.w_dtype in claims.dtypes):
        return case
    dtype = case.dtype if case.dtype in claims.dtypes else _nearest(case.dtype, case.seed, claims)
    w_dtype = case.w_dtype
    if w_dtype is not None and w_dtype not in claims.dtypes:
        w_dtype = _nearest(w_dtype, case.seed + 1, claims)
        w_dtype = None if w_dtype == dtype else w_dtype
    data = case.data
    if dtype in INTEGERS and data not in WHOLE_RECIPES:
        data = "int"
    elif dtype not in INTEGERS and data not in FLOAT_RECIPES:
        data = "wide"
    elif dtype in COMPLEX_FLOATS and data.startswith("special"):
        # Whether an infinite complex product is infinite or NaN is not for this specification to say.
        data = "int"
    return case.but(dtype=dtype, w_dtype=w_dtype, data=data)


def _nearest(dtype: str, seed: int, claims: Capabilities) -> str:
    """A claimed dtype of the same sort, else any claimed one."""
    same = [name for name in claims.dtypes if (name in INTEGERS) == (dtype in INTEGERS)]
    choice = same or list(claims.dtypes)
    return choice[seed % len(choice)]
