"""What known faults answer to what an implementation was asked, and whether that is the same."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convspec.adapters.faulty import Fault, pieces
from convspec.adapters.faulty.registry import as_function
from convspec.adapters.protocol import Array
from convspec.conformance.calls import Call, Outcome
from convspec.conformance.layouts import place

sound = as_function(pieces.correct, checked=False)


@dataclass(frozen=True)
class Evidence:
    """One answer that was seen.

    Parameters
    ----------
    call, outcome
        What was asked, and what came of it.
    wrong : bool
        Whether the answer is.
    has_right_answer : bool
        Whether there is one at all.
    asked_of_all : str
        The id of the case, if it is one that every implementation is asked; else empty.
    """

    call: Call
    outcome: Outcome
    wrong: bool
    has_right_answer: bool = True
    asked_of_all: str = ""

    @cached_property
    def checked(self) -> pieces.Call | None:
        """The call as the bodies of faults take it, its arrays read-only as all get the same; None if it is refused."""
        try:
            checked = pieces.check(_arranged(self.call))
        except ValueError:
            return None
        for array in (checked.x, checked.w, checked.bias):
            if array is not None:
                array.flags.writeable = False
        return checked


# The answers of known faults to cases that every implementation is asked.
_KNOWN_ANSWERS: dict[tuple[str, str], Array | None] = {}


def known_answer(fault: Fault, item: Evidence) -> Array | None:
    """What a known fault answers to what was asked; None if it raises. What all are asked it is asked once."""
    if not item.asked_of_all:
        return answer_of(fault.function, item.call)
    key = (fault.id, item.asked_of_all)
    if key not in _KNOWN_ANSWERS:
        _KNOWN_ANSWERS[key] = answer_of(fault.function, item.call)
    return _KNOWN_ANSWERS[key]


def reproduces(body: pieces.Body, evidence: Iterable[Evidence]) -> bool:
    """Whether a body, of two faults perhaps, gives all the answers that were seen."""
    return all(is_the_same(_answer(body, item), item.outcome) for item in evidence)


def _answer(body: pieces.Body, item: Evidence) -> Array | None:
    if item.checked is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return _as_asked(item.call, body(item.checked))
    except Exception:
        return None


def answer_of(function: Callable[..., Array], call: Call) -> Array | None:
    """A fault's answer to arrays that lie as those of the call did; None if it raises."""
    asked = _arranged(call)
    try:
        with np.errstate(all="ignore"):
            result = function(
                asked.x, asked.w, asked.bias,
                stride=asked.stride, padding=asked.padding, dilation=asked.dilation, groups=asked.groups,
            )
    except Exception:
        return None
    return _as_asked(call, result)


def _arranged(call: Call) -> pieces.Call:
    """The call with its arrays laid out; planes become pictures of one channel."""
    x, w = place(call.x, call.layout_x)[0], place(call.w, call.layout_w)[0]
    bias = None if call.bias is None else place(call.bias, call.layout_bias)[0]
    if _is_plane(call):
        x, w = x[None, None], w[None, None]
    return pieces.Call(x, w, bias, call.stride, call.padding, call.dilation, call.groups)


def _as_asked(call: Call, result: Array) -> Array:
    return result[0, 0] if _is_plane(call) and result.ndim == 4 else result


def _is_plane(call: Call) -> bool:
    return call.x.ndim == call.w.ndim == 2


def is_the_same(answer: Array | None, outcome: Outcome) -> bool:
    """Whether a fault's answer, None for an exception, is what came of a call."""
    if answer is None or outcome.value is None:
        return answer is None and outcome.kind in ("raised", "out of memory")
    return agree(answer, outcome.value)


def agree(answer: Array | None, got: Array | None) -> bool:
    """Whether two answers are equal to within rounding, whatever their dtypes, or both none."""
    if answer is None or got is None:
        return answer is got
    if answer.shape != got.shape:
        return False
    if answer.dtype.kind in "iu" and got.dtype.kind in "iu":
        return bool(np.array_equal(answer, got.astype(answer.dtype)))
    with np.errstate(all="ignore"):
        left, right = (part.astype(np.complex128 if part.dtype.kind == "c" else np.float64) for part in (answer, got))
        # Two ways to write one fault differ by their rounding, which is relative to what was summed, not to the sum.
        scale = max(float(np.max(np.abs(part), initial=0, where=np.isfinite(part))) for part in (left, right))
        return bool(np.allclose(left, right, rtol=1e-5, atol=1e-6 * scale, equal_nan=True))
