"""How an array lies in memory: the same numbers, placed differently.

Real convolutions have read a view's buffer in memory order, ignored strides, and read beyond the end. So each array of
a case may be a view into a larger buffer whose other cells hold a value that would be seen at once: NaN for floats, a
large odd number for integers.
"""

from typing import Any

import numpy as np

from convspec.adapters.protocol import Array

LAYOUTS = (
    "C", "F", "channels_last", "swapped", "stepped", "reversed", "broadcast", "readonly", "inside", "unaligned",
)


def canary(dtype: np.dtype[Any]) -> Any:
    """The value that fills what does not belong to the array."""
    if dtype.kind in "iu":
        return np.array(np.iinfo(dtype).max // 3 | 1, dtype)
    return np.array(np.nan, dtype)


def broadcast_axis(shape: tuple[int, ...]) -> int | None:
    """The axis that the layout "broadcast" repeats with stride 0: the last one with more than one element."""
    return next((axis for axis in reversed(range(len(shape))) if shape[axis] > 1), None)


def spread(array: Array, layout: str) -> Array:
    """The array's values as the layout needs them: "broadcast" repeats the first slice along its axis."""
    axis = broadcast_axis(array.shape)
    if layout != "broadcast" or axis is None:
        return array
    return np.repeat(array.take([0], axis), array.shape[axis], axis)


def undirected(view: Array) -> Array:
    """The same view without a negative stride on an axis that has no direction.

    An axis of one element has none, and no axis of an array without elements has one. Whether NumPy counts a view as
    contiguous does not depend on their strides, so `np.ascontiguousarray` keeps a negative one, and libraries refuse
    it. A positive stride stays, whatever it is: frameworks hand over such arrays (one channel, channels last).
    """
    strides = tuple(
        usual if (step <= 0 and length == 1) or (step < 0 and view.size == 0) else step
        for length, step, usual in zip(view.shape, view.strides, _usual_strides(view), strict=True)
    )
    return view if strides == view.strides else np.lib.stride_tricks.as_strided(view, strides=strides)


def _usual_strides(view: Array) -> tuple[int, ...]:
    """Of a new array of that shape and dtype."""
    steps = [view.itemsize]
    for length in reversed(view.shape[1:]):
        steps.append(steps[-1] * max(length, 1))
    return tuple(reversed(steps[: view.ndim]))


def place(array: Array, layout: str) -> tuple[Array, Array]:
    """Lay the numbers out in memory.

    Parameters
    ----------
    array : array of any shape, C-contiguous
    layout : str
        One of `LAYOUTS`.

    Returns
    -------
    (view, buffer)
        A view with the same shape and values, and the array that owns its memory, to be compared afterwards. An axis
        of one element has no negative stride, and none of 0.

    Raises
    ------
    ValueError
        The layout is unknown.
    """
    view, buffer = _laid_out(array, layout)
    return undirected(view), buffer


def _laid_out(array: Array, layout: str) -> tuple[Array, Array]:
    if layout == "C":
        buffer = array.copy()
        return buffer, buffer
    if layout == "readonly":
        buffer = array.copy()
        buffer.flags.writeable = False
        return buffer, buffer
    if layout == "F":
        buffer = np.array(array, order="F")
        return buffer, buffer
    if layout == "swapped":
        buffer = np.array(np.swapaxes(array, -1, -2), order="C") if array.ndim > 1 else array.copy()
        return (np.swapaxes(buffer, -1, -2) if array.ndim > 1 else buffer), buffer
    if layout == "channels_last":
        if array.ndim < 3:
            return _laid_out(array, "swapped")
        buffer = np.array(np.moveaxis(array, 1, -1), order="C")
        return np.moveaxis(buffer, -1, 1), buffer
    if layout == "reversed":
        back = (slice(None, None, -1),) * array.ndim
        buffer = np.array(array[back], order="C")
        return buffer[back], buffer
    if layout == "broadcast":
        axis = broadcast_axis(array.shape)
        if axis is None:
            return _laid_out(array, "C")
        buffer = array.take([0], axis)
        view = np.broadcast_to(buffer, array.shape)
        # A companion of a case may hold other numbers along that axis.
        return (view, buffer) if view.tobytes() == array.tobytes() else _laid_out(array, "C")
    if layout == "unaligned":
        buffer = np.zeros(array.nbytes + 1, np.uint8)
        view = buffer[1:].view(array.dtype).reshape(array.shape)
        view[...] = array
        return view, buffer
    if layout in ("stepped", "inside"):
        return _within(array, layout)
    raise ValueError(f"layout {layout!r} is unknown; known are {', '.join(LAYOUTS)}")


def _within(array: Array, layout: str) -> tuple[Array, Array]:
    """Every second element of, or the middle of, a buffer full of canaries."""
    axes = array.ndim if layout == "stepped" else min(array.ndim, 2)
    first = array.ndim - axes
    shape = list(array.shape)
    index: list[slice] = [slice(None)] * array.ndim
    for axis in range(first, array.ndim):
        if layout == "stepped":
            shape[axis] = 2 * array.shape[axis] + 1
            index[axis] = slice(1, None, 2)
        else:
            shape[axis] = array.shape[axis] + 4
            index[axis] = slice(2, 2 + array.shape[axis])
    buffer = np.full(shape, canary(array.dtype), array.dtype)
    view = buffer[tuple(index)]
    view[...] = array
    return view, buffer
