"""How the dimensions were distributed in the cases that ran, so that "passed" means something."""

import collections
from typing import Any

from convspec.conformance.case import NO_PADS, Case

COMMONEST = 12


class Distribution:
    """Counts the values of each dimension."""

    def __init__(self) -> None:
        self._cases: collections.Counter[tuple[Any, ...]] = collections.Counter()

    def count(self, case: Case) -> None:
        """One more case."""
        self._cases[
            case.dtype, case.w_dtype, case.w_shape[-2:], case.stride, case.dilation, case.padding, case.groups,
            case.layout_x, case.layout_w, case.data if case.literal is None else "written out",
        ] += 1

    def table(self) -> dict[str, dict[str, int]]:
        """The commonest values of each dimension; the rest together."""
        counters: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for values, count in self._cases.items():
            for name, value in _described(*values).items():
                counters[name][value] += count
        table = {}
        for name, counter in counters.items():
            common = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
            kept = dict(common[:COMMONEST])
            rest = sum(count for _, count in common[COMMONEST:])
            if rest:
                kept["other"] = rest
            table[name] = kept
        return table


def _described(
    dtype: str, w_dtype: str | None, kernel: tuple[int, ...], stride: Any, dilation: Any, padding: Any, groups: Any,
    layout_x: str, layout_w: str, data: str,
) -> dict[str, str]:
    return {
        "dtype": dtype if w_dtype is None else f"{dtype} with {w_dtype}",
        "kernel": "x".join(map(str, kernel)) or "scalar",
        "stride": _short(stride),
        "dilation": _short(dilation),
        "padding": _padding_kind(padding),
        "groups": _short(groups),
        "layout x": layout_x,
        "layout w": layout_w,
        "data": data,
    }


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _padding_kind(padding: Any) -> str:
    if isinstance(padding, str):
        return padding
    if padding == NO_PADS:
        return "0"
    try:
        (top, bottom), (left, right) = padding
        return "symmetric" if (top, left) == (bottom, right) else "sides"
    except (TypeError, ValueError):
        return "other"
