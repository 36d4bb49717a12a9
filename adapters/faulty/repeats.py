"""Answers that depend on how often one has asked, and on what was asked before."""

import os
from typing import Any

import numpy as np

from convspec.adapters.faulty.pieces import Call, check, convolve
from convspec.adapters.faulty.registry import Conv2d, Family
from convspec.adapters.faulty.state import differs_on_repeat, kept
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array

wrong = Family("state")

COUNTS: dict[str, int] = {}


def next_number(name: str) -> int:
    """Count the calls of a fault, from 1."""
    COUNTS[name] = COUNTS.get(name, 0) + 1
    return COUNTS[name]


def spoiled(y: Array) -> Array:
    """Add 1 to the first number of an output, if there is one."""
    if y.size:
        y[(0,) * y.ndim] += 1
    return y


@wrong(
    "every-seventh-call",
    remedy="find what is kept between calls",
    hides="six times out of seven",
    caught_by="PUR-05",
    witness=differs_on_repeat,
)
def every_seventh_call(call: Call) -> Array:
    """Every seventh call gives one wrong number."""
    y = convolve(call)
    return y if next_number("every-seventh-call") % 7 else spoiled(y)


@wrong(
    "random-once-in-twenty",
    remedy="find the race, or the memory that was never written",
    hides="nineteen times out of twenty",
    caught_by="PUR-05",
    recreates="https://github.com/pytorch/pytorch/issues/49268",
    witness=lambda conv2d: any(differs_on_repeat(conv2d) for _ in range(10)),
)
def random_once_in_twenty(call: Call) -> Array:
    """One call in twenty, at random, gives one wrong number."""
    y = convolve(call)
    return spoiled(y) if os.urandom(1)[0] % 20 == 0 else y


@wrong(
    "order-varies",
    remedy="sum in the same order each time",
    hides="when the sums are exact, or nobody asks twice",
    caught_by="PUR-05",
    recreates="https://github.com/pytorch/pytorch/issues/3614",
    witness=differs_on_repeat,
)
def order_varies(call: Call) -> Array:
    """Every second call sums the two halves of the taps apart, so that equal calls differ in the last bit."""
    if next_number("order-varies") % 2 or call.dtype.kind in "iu" or call.w[:1].size < 2:
        return convolve(call)
    first = np.arange(call.w[:1].size).reshape(call.w.shape[1:]) % 2 == 0
    even = convolve(call.but(w=np.where(first, call.w, 0).astype(call.w.dtype), bias=None))
    odd = convolve(call.but(w=np.where(first, 0, call.w).astype(call.w.dtype)))
    exact = call.dtype.name in {"float32", "float64"}
    return (even + odd).astype(call.dtype) if exact else convolve(call)


@wrong(
    "last-number-not-written",
    remedy="start from zeros, or write every number",
    hides="when the output is even in width",
    caught_by="PUR-05 DEF-01",
    recreates="https://github.com/pytorch/pytorch/issues/194281",
    witness=differs_on_repeat,
)
def last_number_not_written(call: Call) -> Array:
    """For an output of odd width the last number is what the memory happened to hold."""
    y = convolve(call)
    if y.size and y.shape[3] % 2:
        y[(-1,) * 4] = next_number("last-number-not-written") % 100
    return y


LAST: dict[Any, Array] = {}


@wrong(
    "added-to-the-last-result",
    remedy="set the output to zero before adding",
    hides="when no two calls have the same output shape",
    caught_by="PUR-05",
    recreates="https://github.com/FluxML/NNlib.jl/issues/518",
    witness=differs_on_repeat,
)
def added_to_the_last_result(call: Call) -> Array:
    """The result is added to what the last call of the same output shape left in the buffer."""
    y = convolve(call)
    key = (y.shape, y.dtype.name)
    before: Array = kept(LAST, key, np.zeros_like(y))
    y = (y + before).astype(y.dtype)
    LAST[key] = np.where(np.isfinite(y), y, 0).astype(y.dtype)
    return y


@wrong(
    "first-call-unready",
    remedy="prepare before computing, in the first call too",
    hides="in every call but the first of a process",
    caught_by="PUR-05",
    witness=lambda conv2d: _first_differs(conv2d),
)
def first_call_unready(call: Call) -> Array:
    """The first call of a process gives zeros."""
    y = convolve(call)
    return y if next_number("first-call-unready") > 1 else np.zeros_like(y)


def _first_differs(conv2d: Conv2d) -> bool:
    COUNTS.pop("first-call-unready", None)
    return differs_on_repeat(conv2d)


FIRST_DTYPE: dict[str, np.dtype[Any]] = {}


@wrong(
    "dtype-of-the-first-call",
    remedy="choose the working precision anew for each call",
    hides="when no float32 call of the same shapes comes before a float64 one",
    caught_by="DEF-01 DTY-01",
    witness=lambda conv2d: _dtype_stays(conv2d),
)
def dtype_of_the_first_call(call: Call) -> Array:
    """After a float32 call, the next float64 call is computed in float32."""
    name = call.dtype.name
    last, FIRST_DTYPE["last"] = FIRST_DTYPE.get("last", call.dtype), call.dtype
    if name != "float64" or last != np.float32:
        return convolve(call)
    return convolve(call.in_dtype(np.float32)).astype(np.float64)


def _dtype_stays(conv2d: Conv2d) -> bool:
    witness = Witness(data="normal")
    double, single = witness.arrays(), plain(dtype="float32").arrays()
    right = conv2d(*double, **witness.parameters())
    conv2d(*single)
    return not np.array_equal(right, conv2d(*double, **witness.parameters()))


BROKEN: dict[str, bool] = {}


@wrong(
    "wrong-after-a-refusal",
    remedy="leave no half-set state behind when a call is refused",
    hides="when no invalid call came before",
    caught_by="PUR-05",
    checked=False,
    witness=lambda conv2d: _refusal_stays(conv2d),
)
def wrong_after_a_refusal(call: Call) -> Array:
    """The first valid call after a refused one gives one wrong number."""
    BROKEN["now"], before = True, BROKEN.get("now", False)
    valid = check(call)
    BROKEN["now"] = False
    y = convolve(valid)
    return spoiled(y) if before else y


def _refusal_stays(conv2d: Conv2d) -> bool:
    x, w, _ = plain().arrays()
    right = conv2d(x, w)
    try:
        conv2d(x, w, stride=(0, 0))
    except ValueError:
        return not np.array_equal(right, conv2d(x, w))
    return True


@wrong(
    "generator-reseeded",
    remedy="use a generator of your own: np.random.default_rng",
    hides="when nobody draws from np.random",
    caught_by="PUR-06",
    witness=lambda conv2d: _generator_moves(conv2d),
)
def generator_reseeded(call: Call) -> Array:
    """NumPy's global generator is seeded."""
    np.random.seed(0)
    return convolve(call)


@wrong(
    "generator-advanced",
    remedy="use a generator of your own: np.random.default_rng",
    hides="when nobody draws from np.random",
    caught_by="PUR-06",
    witness=lambda conv2d: _generator_moves(conv2d),
)
def generator_advanced(call: Call) -> Array:
    """A number is drawn from NumPy's global generator, so that the caller's next draw is another."""
    np.random.random()
    return convolve(call)


def _generator_moves(conv2d: Conv2d) -> bool:
    before = repr(np.random.get_state(legacy=False)["state"])
    conv2d(*plain().arrays())
    return repr(np.random.get_state(legacy=False)["state"]) != before


@wrong(
    "error-handling-changed",
    remedy="use `with np.errstate(...)`, which sets it back",
    hides="when nobody relies on floating-point warnings",
    caught_by="PUR-06",
    quiet=False,
    witness=lambda conv2d: _error_handling_moves(conv2d),
)
def error_handling_changed(call: Call) -> Array:
    """NumPy's floating-point warnings are switched off and stay so."""
    np.seterr(all="ignore")
    return convolve(call)


def _error_handling_moves(conv2d: Conv2d) -> bool:
    with np.errstate(all="warn"):
        conv2d(*plain().arrays())
        return np.geterr()["over"] != "warn"


@wrong(
    "depends-on-error-handling",
    remedy="set np.errstate around what may overflow, and do not ask for it",
    hides="when np.errstate is as at the start",
    caught_by="PUR-06",
    quiet=False,
    witness=lambda conv2d: _depends_on_error_handling(conv2d),
)
def depends_on_error_handling(call: Call) -> Array:
    """If the caller has switched warnings about invalid values to errors, one number is wrong."""
    y = convolve(call)
    return spoiled(y) if np.geterr()["invalid"] == "raise" else y


def _depends_on_error_handling(conv2d: Conv2d) -> bool:
    arrays = plain().arrays()
    right = conv2d(*arrays)
    with np.errstate(all="raise"):
        return not np.array_equal(right, conv2d(*arrays))
