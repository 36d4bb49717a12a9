"""The right answers of a small world: a screen of its own, held against the definition.

The screen picks each window out number by number, by a table of what each tap meets at each output, and is a product of
matrices from there. It can only clear an answer; what it does not clear is judged by the definition.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import Case
from convspec.conformance.expected import Expected, SuiteError
from convspec.conformance.world import Axis, Channels, Geometry, Part

CHUNK = 1024
# Every so many geometries the screen is held against the definition.
VERIFIED_EVERY = 61


def chunks(part: Part) -> Iterator[list[Geometry]]:
    """The geometries of a part, some at a time."""
    geometries = iter(part)
    while some := list(islice(geometries, CHUNK)):
        yield some


@lru_cache(maxsize=4096)
def taps(axis: Axis) -> Array:
    """Which sample each tap meets at each output, (kernel, outputs); a pad is the sample after the last."""
    at = np.arange(axis.outputs) * axis.stride + (np.arange(axis.kernel) * axis.dilation)[:, None] - axis.before
    return np.where((at >= 0) & (at < axis.size), at, axis.size)


def right_answer(rows: Axis, columns: Axis, channels: Channels, call: Call) -> Array:
    """The exact answer in float64, flat: windows picked out number by number, and a product of matrices.

    Every partial sum is a whole number below 2**53, so the order of summation does not matter.
    """
    n, _, f, groups, _ = channels
    height, width = call.x.shape[-2:]
    framed = np.zeros((n, call.x.size // (n * height * width), height + 1, width + 1))
    framed[:, :, :height, :width] = call.x
    index = (taps(rows) * (width + 1))[:, None, :, None] + taps(columns)[None, :, None, :]
    windows = framed.reshape(n, framed.shape[1], -1).take(index.ravel(), axis=2)
    positions = rows.outputs * columns.outputs
    answer = np.matmul(call.w.reshape(groups, f, -1).astype(np.float64), windows.reshape(n, groups, -1, positions))
    if call.bias is not None:
        answer += call.bias.reshape(groups, f, 1)
    return np.asarray(answer.ravel())


class Answers:
    """Right answers, computed once and shared by all adapters that are asked for the same part of a world.

    Parameters
    ----------
    call_of : function of a case
        The call that a case describes.
    """

    def __init__(self, call_of: Callable[[Case], Call] = call_of) -> None:
        self._call_of = call_of
        self._known: dict[tuple[Part, int], tuple[Array, Array]] = {}

    def of(self, part: Part, number: int, geometries: list[Geometry]) -> Iterator[Array]:
        """The answers to one chunk of a part, one after the other."""
        known = self._known.get((part, number))
        if known is not None:
            yield from np.split(*known)
            return
        made = []
        for place, (rows, columns, channels, case) in enumerate(geometries):
            call = self._call_of(case)
            answer = right_answer(rows, columns, channels, call)
            if (number * CHUNK + place) % VERIFIED_EVERY == 0:
                _verify(call, answer)
            made.append(answer)
            yield answer
        # One block of memory takes a third of what a thousand small arrays do.
        ends = np.cumsum([answer.size for answer in made])
        self._known[part, number] = np.concatenate(made), ends[:-1]


def _verify(call: Call, answer: Array) -> None:
    """Hold the screen against the definition at two outputs."""
    expected = Expected(call)
    whole = answer.reshape(expected.shape)
    for flat in (answer.size // 3, answer.size - 1):
        at = tuple(int(index) for index in np.unravel_index(flat, expected.shape))
        if expected.exact(at).value != int(whole[at]):
            raise SuiteError(f"the screen of the small worlds and the definition differ at {at}")
