"""Arguments changed, memory shared, something kept from one call to the next."""

import random
import threading
import time
from typing import Any

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, zero_pad
from convspec.adapters.faulty.registry import Conv2d, Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array, Pads

wrong = Family("state")

ENOUGH = 4096
"""Entries that a cache may have before it is emptied, so that it does not eat the memory of a long run."""


def key_of(call: Call, *more: Any) -> tuple[Any, ...]:
    """Name a call by its shapes, parameters and dtypes."""
    return (call.x.shape, call.w.shape, call.stride, call.pads, call.dilation, call.groups, call.x.dtype.name,
            call.w.dtype.name, call.bias is None, *more)


def kept(cache: dict[Any, Any], key: Any, value: Any) -> Any:
    """Give what a cache holds under a key; put the value there first if it holds nothing."""
    if len(cache) > ENOUGH:
        cache.clear()
    return cache.setdefault(key, value)


def changes_arguments(conv2d: Conv2d) -> bool:
    """Say whether a call leaves x, w or the bias other than it found them."""
    arrays = Witness(bias=True).arrays()
    before = [None if array is None else array.copy() for array in arrays]
    conv2d(*arrays, **Witness().parameters())
    return any(a is not None and b is not None and not np.array_equal(a, b)
               for a, b in zip(arrays, before, strict=True))


def differs_on_repeat(conv2d: Conv2d) -> bool:
    """Say whether forty equal calls give more than one answer."""
    witness = Witness(data="normal")
    results = [conv2d(*witness.arrays(), **witness.parameters()).tobytes() for _ in range(40)]
    return len(set(results)) > 1


def remembers(conv2d: Conv2d) -> bool:
    """Say whether a call with other numbers in the same arrays gives the answer to the first ones."""
    (x, w, bias), parameters = Witness(bias=True).arrays(), Witness().parameters()
    conv2d(x, w, bias, **parameters)
    fresh, other = Witness(bias=True).arrays(seed=21), np.random.default_rng(1).permutation(w.ravel())
    answers = []
    for weights in (fresh[1], other.reshape(w.shape)):
        w[...] = weights
        bias = fresh[2] if weights is fresh[1] else bias
        right = convolve(Call(x, w, bias, **parameters))
        answers.append(np.array_equal(conv2d(x, w, bias, **parameters), right))
    return not all(answers)


@wrong(
    "input-changed-in-place",
    remedy="work on a copy of x",
    hides="when nobody looks at x after the call",
    caught_by="PUR-01",
    recreates="https://discuss.pytorch.org/t/implemented-cv2-filter2d-but-output-is-wrong/132441",
    witness=changes_arguments,
)
def input_changed_in_place(call: Call) -> Array:
    """The input is changed in place: its numbers are doubled after the right answer was computed."""
    y = convolve(call)
    if call.x.flags.writeable:
        call.x[...] = call.x + call.x
    return y


@wrong(
    "weight-flipped-in-place",
    remedy="flip a copy of w",
    hides="when nobody looks at w after the call, or the kernel is symmetric",
    caught_by="PUR-01",
    recreates="https://github.com/FluxML/NNlib.jl/issues/114",
    witness=changes_arguments,
)
def weight_flipped_in_place(call: Call) -> Array:
    """The caller's weight is left flipped, so that every second call is wrong."""
    y = convolve(call)
    if call.w.flags.writeable:
        call.w[...] = call.w[..., ::-1, ::-1].copy()
    return y


@wrong(
    "bias-changed-in-place",
    remedy="add the bias to the output, not the output to the bias",
    hides="when there is no bias, or nobody looks at it after the call",
    caught_by="PUR-01",
    witness=changes_arguments,
)
def bias_changed_in_place(call: Call) -> Array:
    """The caller's bias is set to zero."""
    y = convolve(call)
    if call.bias is not None and call.bias.flags.writeable:
        call.bias[...] = 0
    return y


@wrong(
    "neighbour-of-a-view-changed",
    remedy="write only inside your own arrays",
    hides="when x is not a view of a larger array",
    caught_by="PUR-01",
    witness=lambda conv2d: _corner_changes(conv2d),
)
def neighbour_of_a_view_changed(call: Call) -> Array:
    """When x is part of a larger array, that array's last number is overwritten."""
    y, base = convolve(call), call.x.base
    if isinstance(base, np.ndarray) and base.size > call.x.size and base.flags.writeable:
        base[(-1,) * base.ndim] = 1
    return y


def _corner_changes(conv2d: Conv2d) -> bool:
    x, w, _ = plain(layout_x="guarded").arrays()
    conv2d(x, w)
    return isinstance(x.base, np.ndarray) and bool(x.base[-1, -1, -1, -1] == 1)


@wrong(
    "read-only-refused",
    remedy="do not write into x, not even to restore it",
    hides="when x and w may be written",
    caught_by="PUR-01",
    witness=lambda conv2d: _refuses_read_only(conv2d),
)
def read_only_refused(call: Call) -> Array:
    """Arrays that may not be written are refused."""
    if not call.x.flags.writeable or not call.w.flags.writeable:
        raise ValueError("assignment destination is read-only")
    return convolve(call)


def _refuses_read_only(conv2d: Conv2d) -> bool:
    x, w, _ = plain().arrays()
    x.flags.writeable = False
    try:
        conv2d(x, w)
    except ValueError:
        return True
    return False


@wrong(
    "identity-returns-a-view",
    remedy="return a copy, also where there is nothing to compute",
    hides="unless one 1x1 weight of 1 leaves the picture as it is",
    caught_by="PUR-04",
    witness=lambda conv2d: np.shares_memory(conv2d(x := np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1))), x),
)
def identity_returns_a_view(call: Call) -> Array:
    """A single 1x1 weight of 1 returns the input itself: the result is a view of it."""
    identity = call.w.shape == (1, 1, 1, 1) and bool(call.w[0, 0, 0, 0] == 1) and call.dtype == call.x.dtype
    still = call.stride == (1, 1) and not any(map(any, call.pads)) and call.bias is None
    return call.x[:] if identity and still else convolve(call)


BUFFERS: dict[Any, Array] = {}


@wrong(
    "buffer-returned-again",
    remedy="return a new array from each call",
    hides="when no earlier result is looked at after a later call",
    caught_by="PUR-04",
    witness=lambda conv2d: conv2d(*plain().arrays()) is conv2d(*plain().arrays(seed=3)),
)
def buffer_returned_again(call: Call) -> Array:
    """Calls with the same output shape return the same array: a later call changes an earlier result."""
    y = convolve(call)
    buffer: Array = kept(BUFFERS, (y.shape, y.dtype.name), np.empty_like(y))
    buffer[...] = y
    return buffer


WEIGHTS_BY_SHAPE: dict[Any, Array] = {}


@wrong(
    "weights-kept-by-shape",
    remedy="do not keep packed weights under their shape alone",
    hides="when no two calls have the same shapes and parameters",
    caught_by="PUR-05 PUR-06",
    recreates="https://github.com/microsoft/onnxruntime/issues/21311",
    witness=remembers,
)
def weights_kept_by_shape(call: Call) -> Array:
    """Weights are kept by the shapes of a call: a later call of the same shapes uses the first weights."""
    return convolve(call.but(w=kept(WEIGHTS_BY_SHAPE, key_of(call), call.w.copy())))


WEIGHTS_BY_ADDRESS: dict[Any, Array] = {}


@wrong(
    "weights-kept-by-address",
    remedy="compare the numbers, not the address",
    hides="when every weight lives in memory of its own and does not change",
    caught_by="PUR-06",
    recreates="https://github.com/arrayfire/arrayfire/issues/3711",
    witness=remembers,
)
def weights_kept_by_address(call: Call) -> Array:
    """Weights are kept by their address in memory: other numbers at the same place are not seen."""
    key = (call.w.__array_interface__["data"][0], call.w.shape, call.w.dtype.name, call.w.strides)
    return convolve(call.but(w=kept(WEIGHTS_BY_ADDRESS, key, call.w.copy())))


WEIGHTS_BY_SUM: dict[Any, Array] = {}


@wrong(
    "weights-kept-by-sum",
    remedy="compare all numbers; equal sums are no proof",
    hides="when no two weights of one shape have the same sum",
    caught_by="PUR-05",
    witness=remembers,
)
def weights_kept_by_sum(call: Call) -> Array:
    """Weights are kept by shape and sum: the same numbers in another order are not seen."""
    total = call.w.astype(np.complex128).sum()
    key = key_of(call, complex(np.round(total, 6)) if np.isfinite(total) else call.w.tobytes())
    return convolve(call.but(w=kept(WEIGHTS_BY_SUM, key, call.w.copy())))


BIASES: dict[Any, Array] = {}


@wrong(
    "bias-kept-by-shape",
    remedy="use the bias of this call",
    hides="when no two calls with a bias have the same shapes and parameters",
    caught_by="PUR-06",
    witness=remembers,
)
def bias_kept_by_shape(call: Call) -> Array:
    """The bias is kept by the shapes of a call: a later call of the same shapes uses the first bias."""
    if call.bias is None:
        return convolve(call)
    return convolve(call.but(bias=kept(BIASES, key_of(call), call.bias.copy())))


STRIDES: dict[Any, Any] = {}


@wrong(
    "plan-kept-by-picture",
    remedy="make the stride part of what a plan is kept by",
    hides="when no two calls have the same shapes and another stride",
    caught_by="PUR-05",
    recreates="https://github.com/microsoft/onnxruntime/issues/21311",
    witness=lambda conv2d: conv2d(*plain().arrays()).shape == conv2d(*plain().arrays(), stride=(2, 2)).shape,
)
def plan_kept_by_picture(call: Call) -> Array:
    """The stride is kept by the shapes of x and w: a later call of the same shapes uses the first stride."""
    key = (call.x.shape, call.w.shape, call.pads, call.dilation)
    return convolve(call.but(stride=kept(STRIDES, key, call.stride)))


MARGINS: dict[Any, Array] = {}


@wrong(
    "margin-not-cleared",
    remedy="clear the scratch picture before each use",
    hides="when no two calls have padded pictures of the same shape and different pads",
    caught_by="PUR-06",
    witness=lambda conv2d: _margin_stays(conv2d),
)
def margin_not_cleared(call: Call) -> Array:
    """The padded picture is kept between calls, and its margin holds what an earlier call put there."""

    def pad(x: Array, pads: Pads) -> Array:
        padded = zero_pad(x, pads)
        scratch: Array = kept(MARGINS, (padded.shape, padded.dtype.name), padded)
        (top, _), (left, _) = pads
        scratch[:, :, top:top + x.shape[2], left:left + x.shape[3]] = x
        return scratch.copy()

    return convolve(call, pad=pad)


def _margin_stays(conv2d: Conv2d) -> bool:
    x, w, _ = plain().arrays()
    conv2d(x, w, padding=((1, 0), (0, 0)))
    pads = ((0, 1), (0, 0))
    return not np.array_equal(conv2d(x, w, padding=pads), convolve(Call(x, w, None, (1, 1), pads, (1, 1), 1)))


SCRATCH: dict[Any, Array] = {}


@wrong(
    "scratch-shared-by-threads",
    remedy="give each thread a scratch picture of its own",
    hides="when no two calls of the same shape run at once",
    caught_by="PUR-05",
    recreates="https://github.com/FluxML/NNlib.jl/issues/158",
    witness=lambda conv2d: _threads_disturb(conv2d),
)
def scratch_shared_by_threads(call: Call) -> Array:
    """All threads use the same scratch picture: calls at the same time see each other's numbers."""

    def pad(x: Array, pads: Pads) -> Array:
        padded = zero_pad(x, pads)
        scratch: Array = kept(SCRATCH, (padded.shape, padded.dtype.name), np.empty_like(padded))
        scratch[...] = padded
        if threading.active_count() > 1:
            time.sleep(0.001)
        return scratch

    return convolve(call, pad=pad)


def _threads_disturb(conv2d: Conv2d) -> bool:
    pictures = [plain().arrays(seed=seed) for seed in range(8)]
    right = [convolve(Call(x, w, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)) for x, w, _ in pictures]
    found: dict[int, Array] = {}

    def work(number: int) -> None:
        x, w, _ = pictures[number]
        found[number] = conv2d(x, w)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return not all(np.array_equal(found[number], right[number]) for number in range(8))


@wrong(
    "python-generator-reseeded",
    remedy="use a generator of your own",
    hides="when nobody uses the random module",
    caught_by="PUR-06",
    witness=lambda conv2d: _state_changes(conv2d, random.getstate),
)
def python_generator_reseeded(call: Call) -> Array:
    """The global generator of Python's random module is seeded."""
    random.seed(0)
    return convolve(call)


def _state_changes(conv2d: Conv2d, state: Any) -> bool:
    before = repr(state())
    conv2d(*plain().arrays())
    return bool(repr(state()) != before)
