"""Making the calls of a trial, and looking at what was done to the arguments and to the process.

This is the part that runs beside the implementation, normally in a child process.
"""

import errno
import random
import sys
import threading
from dataclasses import replace
from typing import Any

import numpy as np

from convspec.adapters.protocol import Adapter, Array
from convspec.adapters.refusals import how_it_raised, where_it_raised
from convspec.conformance.calls import Call, Outcome
from convspec.conformance.digests import Digest
from convspec.conformance.layouts import place, undirected
from convspec.conformance.messages import name_of

TEXT_LIMIT = 2000
# Bytes that an implementation may write to one file: enough for any log, and no disk is filled by a hang.
LARGEST_FILE = 1 << 30
# Fills memory that is given back, so that a result left unwritten holds this and not a lucky zero.
LARGEST_GARBAGE = 1 << 20
GARBAGE = tuple(np.full(LARGEST_GARBAGE, byte, np.uint8) for byte in (0xA5, 0x5A))

Placed = dict[str, tuple[Array, Array]]


def perform(adapter: Adapter, calls: tuple[Call, ...], digest: Digest | None = None) -> tuple[Outcome, ...]:
    """Make the calls in order and say what came of each.

    Parameters
    ----------
    adapter : Adapter
    calls : tuple of Call
        Neighbours with the same thread number above 0 are made at the same time.
    digest : Digest or None
        It is given the arrays with which the calls are made.

    Returns
    -------
    tuple of Outcome
        One for each call. An exception of the implementation is an outcome, not an error.
    """
    outcomes: list[Outcome] = []
    placed: Placed = {}
    earlier: list[Array] = []
    index = 0
    while index < len(calls):
        call = calls[index]
        if call.thread:
            together = [other for other in calls[index:] if other.thread == call.thread]
            outcomes.extend(_at_the_same_time(adapter, together, digest))
            index += len(together)
            continue
        placed = _refilled(placed, call) if call.same_buffers else _placed(call)
        _take(digest, placed)
        outcomes.append(_one(adapter, call, placed, index, earlier))
        index += 1
    return tuple(outcomes)


def _take(digest: Digest | None, placed: Placed) -> None:
    if digest is not None:
        for name in ("x", "w", "bias"):
            digest.take(placed[name][0] if name in placed else None)


def _placed(call: Call) -> Placed:
    x = place(call.x, call.layout_x)
    w = (undirected(x[0][tuple(map(slice, call.w.shape))]), x[1]) if call.w_in_x else place(call.w, call.layout_w)
    placed = {"x": x, "w": w}
    if call.bias is not None:
        placed["bias"] = place(call.bias, call.layout_bias)
    return placed


def _refilled(placed: Placed, call: Call) -> Placed:
    """The arrays of the call before, with new numbers in the same memory."""
    for name, (view, buffer) in placed.items():
        wanted = getattr(call, name)
        if view.flags.writeable:
            view[...] = wanted
        elif view.tobytes() != wanted.tobytes():
            # Equal numbers may be other ones: 0 and -0.
            placed[name] = place(wanted, "C")
        else:
            placed[name] = (view, buffer)
    return placed


def _one(adapter: Adapter, call: Call, placed: Placed, index: int, earlier: list[Array]) -> Outcome:
    before = {name: (buffer.tobytes(), _form(view)) for name, (view, buffer) in placed.items()}
    _leave_garbage(call, index)
    random_before, errors_before = _random_state() if call.watched else (), np.geterr()
    if call.strict_errors:
        with np.errstate(all="raise"):
            outcome = _answer(adapter, call, placed)
    else:
        outcome = _answer(adapter, call, placed)
    disturbed = []
    if call.watched and _random_state() != random_before:
        disturbed.append("the random state")
    if np.geterr() != errors_before:
        disturbed.append("NumPy's error state")
        np.seterr(**errors_before)
    changed = tuple(name for name, (view, buffer) in placed.items() if (buffer.tobytes(), _form(view)) != before[name])
    aliases: list[str] = []
    if outcome.value is not None:
        aliases = [name for name, (_, buffer) in placed.items() if np.may_share_memory(outcome.value, buffer)]
        if any(np.may_share_memory(outcome.value, result) for result in earlier):
            aliases.append("an earlier result")
        earlier.append(outcome.value)
    if changed or aliases or disturbed:
        # A copy, so that what is sent is what was returned and not what a later call makes of it.
        return replace(outcome, changed=changed, aliases=tuple(aliases), disturbed=tuple(disturbed))
    return outcome


def _form(view: Array) -> tuple[object, ...]:
    """What an array is besides its numbers."""
    return view.shape, view.strides, view.dtype, view.flags.writeable


def _answer(adapter: Adapter, call: Call, placed: Placed) -> Outcome:
    bias = placed["bias"][0] if "bias" in placed else None
    try:
        value: Any = adapter.conv2d(
            placed["x"][0], placed["w"][0], bias,
            stride=call.stride, padding=call.padding, dilation=call.dilation, groups=call.groups,
        )
        return _returned(value)
    except MemoryError as error:
        return Outcome("out of memory", None, _told(error))
    except (SystemExit, KeyboardInterrupt) as error:
        return Outcome("exited", None, f"tried to end the process ({_told(error)})")
    except BaseException as error:
        refused = how_it_raised(error) == "refused"
        return Outcome("raised", None, _told(error), where=where_it_raised(error), refused=refused)


def _returned(value: Any) -> Outcome:
    """What was returned, as a plain array: a class or an object of the implementation's own is not sent."""
    if not isinstance(value, np.ndarray) and (not hasattr(value, "__array__") or np.isscalar(value)):
        what = "None" if value is None else f"a {type(value).__name__}"
        shown = "" if value is None else f": {value!r}"
        return Outcome("not an array", None, f"{what}, not an array{shown}"[:200], where=what)
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        hidden = f"a masked array that hides {np.ma.getmaskarray(value).sum()} of its {value.size} numbers"
        return Outcome("not an array", None, hidden, where="a masked array")
    array = np.asarray(value)
    if name_of(array.dtype) is None:
        what = "Python objects" if array.dtype.kind == "O" else f"dtype {array.dtype.name}"
        told = f"an array of {what}, not of numbers, of shape {array.shape}"
        return Outcome("not an array", None, told, where=f"an array of {what}"[:200])
    # A dtype may carry objects of the implementation's own, too.
    return Outcome("returned", array.view(np.ndarray))


def _told(error: BaseException) -> str:
    """The exception in words; its own text may raise in its turn."""
    try:
        text = f"{type(error).__name__}: {error}"[:TEXT_LIMIT]
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            text += f" (the suite lets it write files of up to {LARGEST_FILE >> 20} MiB)"
        return text
    except Exception:
        return type(error).__name__


def _at_the_same_time(adapter: Adapter, calls: list[Call], digest: Digest | None) -> list[Outcome]:
    """Each call in a thread of its own, all started together, the interpreter switching as often as it can."""
    outcomes: list[Outcome] = [Outcome("raised", None, "the thread did not end")] * len(calls)
    placed = [_placed(call) for call in calls]
    for one in placed:
        _take(digest, one)
    start = threading.Barrier(len(calls))

    def run(index: int) -> None:
        start.wait()
        outcomes[index] = _answer(adapter, calls[index], placed[index])

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(calls))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return outcomes


def _leave_garbage(call: Call, index: int) -> None:
    """Fill and give back memory of the size of the result, which an allocation without clearing gets again."""
    try:
        rows, columns = _output_area(call)
    except (TypeError, ValueError, ZeroDivisionError, IndexError, OverflowError):
        return
    count = rows * columns * (call.x.shape[0] * call.w.shape[0] if call.x.ndim == 4 else 1)
    if type(count) is not int or not 0 < count <= LARGEST_GARBAGE // 16:
        return
    for size in {count * call.x.dtype.itemsize, count * 8, count * 4}:
        garbage = [GARBAGE[index % 2][:size].copy() for _ in range(4)]
        del garbage


def _output_area(call: Call) -> tuple[int, int]:
    pads = call.padding if not isinstance(call.padding, str) else ((0, 0), (0, 0))
    area = []
    for axis in (0, 1):
        room = call.x.shape[axis - 2] + pads[axis][0] + pads[axis][1]
        area.append((room - (call.w.shape[axis - 2] - 1) * call.dilation[axis] - 1) // call.stride[axis] + 1)
    return area[0], area[1]


def _random_state() -> tuple[Any, ...]:
    """The global generators: NumPy's place in its stream and a few of its words, and Python's."""
    state = np.random.mtrand._rand._bit_generator.state["state"]
    return int(state["pos"]), state["key"][:4].tobytes(), hash(random.getstate())
