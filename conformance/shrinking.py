"""Making a failing case smaller, as long as it fails.

A case is a value, so it is made smaller as a value: fewer pictures, channels, rows and columns, arguments that say
nothing, plain memory, and numbers that are small whole ones, written out. Hypothesis shrinks the choices behind a
draw, which costs a draw for each step; here a step costs one call.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convspec.conformance.case import LITERAL_LIMIT, NO_PADS, Case, Number
from convspec.conformance.recipes import arrays

STEPS_LIMIT = 600


def smallest(case: Case, fails: Callable[[Case], bool], budget: int = STEPS_LIMIT) -> tuple[Case, int]:
    """The smallest case that still fails, as far as the budget of trials goes.

    Parameters
    ----------
    case : Case
        It fails.
    fails : function of a case
        Whether a case speaks of the requirement and fails.
    budget : int
        How many cases may be tried.

    Returns
    -------
    (Case, int)
        The smallest found, and how many were tried.
    """
    tried = 0
    seen = {case.id}
    improved = True
    while improved and tried < budget:
        improved = False
        for simpler in _simpler(case):
            if simpler.id in seen:
                continue
            seen.add(simpler.id)
            tried += 1
            if fails(simpler):
                case, improved = simpler, True
                break
            if tried >= budget:
                break
    return case, tried


def _simpler(case: Case) -> Iterator[Case]:
    yield from _plainer(case)
    yield from _smaller(case)
    literal = _written_out(case)
    if literal is not None:
        if case.literal is None:
            yield literal
        yield from _smaller_numbers(literal)


def _plainer(case: Case) -> Iterator[Case]:
    """Arguments that say less."""
    for name, plain in (("layout_x", "C"), ("layout_w", "C"), ("layout_bias", "C"), ("bias_shape", None)):
        if getattr(case, name) != plain:
            changes: dict[str, Any] = {name: plain}
            if name == "bias_shape" and case.literal is not None:
                changes["literal"] = (case.literal[0], case.literal[1], ())
            yield case.but(**changes)
    if case.padding != NO_PADS:
        yield case.but(padding=NO_PADS)
    for name in ("stride", "dilation"):
        value = getattr(case, name)
        if _pair(value) and value != (1, 1):
            yield case.but(**{name: (1, 1)})
            for axis in (0, 1):
                for less in {1, value[axis] - 1, value[axis] // 2}:
                    if 0 < less < value[axis]:
                        yield case.but(**{name: (less, value[1]) if axis == 0 else (value[0], less)})
    if isinstance(case.padding, tuple) and len(case.padding) == 2 and all(_pair(pair) for pair in case.padding):
        for axis in (0, 1):
            for side in (0, 1):
                number = case.padding[axis][side]
                for less in {0, number - 1, number // 2}:
                    if 0 <= less < number:
                        pads = [list(pair) for pair in case.padding]
                        pads[axis][side] = less
                        yield case.but(padding=tuple(map(tuple, pads)))


def _pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(type(number) is int for number in value)


def _smaller(case: Case) -> Iterator[Case]:
    """Shorter axes. The numbers that remain are the first ones of those that were there, or else the last of x."""
    if len(case.x_shape) == len(case.w_shape) == 4 and type(case.groups) is int and case.groups > 0:
        n, c, height, width = case.x_shape
        o, per_group, kernel_height, kernel_width = case.w_shape
        groups = case.groups
        for fewer in _less(n):
            yield _cut(case, (fewer, c, height, width), case.w_shape)
        if c == per_group * groups and groups > 1 and o % groups == 0:
            for fewer in (1, groups - 1):
                fewer_filters = (o // groups * fewer, per_group, kernel_height, kernel_width)
                yield _cut(case, (n, per_group * fewer, height, width), fewer_filters, groups=fewer)
        for fewer in _less(o // groups):
            yield _cut(case, case.x_shape, (fewer * groups, per_group, kernel_height, kernel_width))
        for fewer in _less(per_group):
            channels = fewer * groups if c == per_group * groups else c - per_group + fewer
            yield _cut(case, (n, channels, height, width), (o, fewer, kernel_height, kernel_width))
    if len(case.x_shape) < 2 or len(case.w_shape) < 2:
        return
    for axis in (-1, -2):
        for fewer in _less(case.x_shape[axis]):
            yield _cut(case, _with(case.x_shape, axis, fewer), case.w_shape)
            if case.literal is not None:
                yield _last(case, axis, fewer)
        for fewer in _less(case.w_shape[axis]):
            yield _cut(case, case.x_shape, _with(case.w_shape, axis, fewer))
            gone = case.w_shape[axis] - fewer
            if case.x_shape[axis] > gone:
                yield _cut(case, _with(case.x_shape, axis, case.x_shape[axis] - gone), _with(case.w_shape, axis, fewer))


def _less(length: int) -> list[int]:
    # By two as well: some faults show for even lengths alone.
    return sorted({shorter for shorter in (1, 2, length // 2, length - 2, length - 1) if 0 < shorter < length})


def _with(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    changed = list(shape)
    changed[axis] = length
    return tuple(changed)


def _cut(case: Case, x_shape: tuple[int, ...], w_shape: tuple[int, ...], **changes: Any) -> Case:
    bias_shape = case.bias_shape
    if bias_shape == (case.w_shape[0],):
        bias_shape = (w_shape[0],)
    literal = case.literal
    if literal is not None:
        shapes = (x_shape, w_shape, bias_shape or (0,))
        old = (case.x_shape, case.w_shape, case.bias_shape or (0,))
        literal = tuple(  # type: ignore[assignment]
            tuple(np.array(part, object).reshape(before)[tuple(slice(0, length) for length in after)].ravel().tolist())
            for part, before, after in zip(literal, old, shapes, strict=True)
        )
    return case.but(x_shape=x_shape, w_shape=w_shape, bias_shape=bias_shape, literal=literal, **changes)


def _last(case: Case, axis: int, length: int) -> Case:
    """Only the last rows or columns of x, whose numbers are written out."""
    literal = case.literal
    assert literal is not None
    rows = np.array(literal[0], object).reshape(case.x_shape)
    kept = np.moveaxis(np.moveaxis(rows, axis, 0)[-length:], 0, axis)
    return case.but(x_shape=kept.shape, literal=(tuple(kept.ravel().tolist()), *literal[1:]))


def _written_out(case: Case) -> Case | None:
    """The same case with its numbers written out, if they are few."""
    if case.literal is not None:
        return case
    if case.numbers > LITERAL_LIMIT:
        return None
    operands = arrays(case)
    parts = [
        () if part is None else tuple(_number(item) for item in part.ravel())
        for part in (operands.x, operands.w, operands.bias)
    ]
    return case.but(literal=(parts[0], parts[1], parts[2]), data="int", seed=0)


def _number(item: Any) -> Number:
    if isinstance(item, np.integer):
        return int(item)
    number: complex | float = complex(item) if isinstance(item, np.complexfloating) else float(item)
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 and math.copysign(1.0, number) > 0:
        return int(number)
    return number


def _smaller_numbers(case: Case) -> Iterator[Case]:
    """Zeros, then ones, then smaller whole numbers."""
    literal = case.literal
    assert literal is not None
    for part, numbers in enumerate(literal):
        for simple in (0, 1):
            if any(number not in (0, simple) for number in numbers):
                yield _replaced(case, part, tuple(simple for _ in numbers))
    for part, numbers in enumerate(literal):
        for index, number in enumerate(numbers):
            for simpler in _simpler_numbers(number):
                yield _replaced(case, part, (*numbers[:index], simpler, *numbers[index + 1:]))


def _simpler_numbers(number: Number) -> tuple[Number, ...]:
    if number == 0:
        return ()
    if number == 1:
        return (0,)
    if isinstance(number, complex) or number != number or abs(number) == math.inf:
        return (0, 1)
    simpler: list[Number] = [0, 1]
    if abs(number) > 2 and abs(number) < 2**53:
        simpler += [int(number / 2), int(number) - (1 if number > 0 else -1)]
    if isinstance(number, float) and not number.is_integer():
        simpler.append(round(number) if abs(number) < 2**53 else 1)
    return tuple(item for item in simpler if item != number)


def _replaced(case: Case, part: int, numbers: tuple[Number, ...]) -> Case:
    literal = case.literal
    assert literal is not None
    return case.but(literal=(*literal[:part], numbers, *literal[part + 1 :]))
