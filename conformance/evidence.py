"""How the dimensions were distributed in the cases that ran, so that "passed" means something."""

import collections
from typing import Any

from convspec.conformance.case import NO_PADS, Case

COMMONEST = 12


class Distribution:
    """Counts the values of each dimension."""

    def __init__(self) -> None:
        self._counters: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)

    def count(self, case: Case) -> None:
        """One more case."""
        counters = self._counters
        counters["dtype"][case.dtype if case.w_dtype is None else f"{case.dtype} with {case.w_dtype}"] += 1
        counters["kernel"]["x".join(map(str, case.w_shape[-2:])) or "scalar"] += 1
        counters["stride"][_short(case.stride)] += 1
        counters["dilation"][_short(case.dilation)] += 1
        counters["padding"][_padding_kind(case.padding)] += 1
        counters["groups"][_short(case.groups)] += 1
        counters["layout x"][case.layout_x] += 1
        counters["layout w"][case.layout_w] += 1
        counters["data"][case.data if case.literal is None else "written out"] += 1

    def table(self) -> dict[str, dict[str, int]]:
        """The commonest values of each dimension; the rest together."""
        table = {}
        for name, counter in self._counters.items():
            common = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
            kept = dict(common[:COMMONEST])
            rest = sum(count for _, count in common[COMMONEST:])
            if rest:
                kept["other"] = rest
            table[name] = kept
        return table


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
