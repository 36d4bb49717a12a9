"""How much of the space of geometries the generator reaches: pairs and triples of distinctions."""

import itertools
from typing import Any

from convspec.adapters.faulty import FAULTS
from convspec.conformance.battery import Battery
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.fitting import fit
from convspec.conformance.requirements import requirements


def _dimensions(case: Case) -> dict[str, str]:
    """On which side of each distinction a valid case lies."""
    (top, bottom), (left, right) = case.geometry.pads
    parities = {(length % 2 == 1) for length in case.kernel}
    over = any(
        (padded - reach) % step
        for padded, reach, step in zip(case.geometry.padded, case.geometry.effective_kernel, case.stride, strict=True)
    )
    if isinstance(case.padding, str):
        pad = f"word {case.padding}"
    elif case.padding == NO_PADS:
        pad = "none"
    elif (top, left) == (bottom, right):
        pad = "symmetric"
    else:
        pad = "more before" if top + left > bottom + right else "more after or mixed"
    return {
        "stride": _steps(case.stride),
        "dilation": _steps(case.dilation),
        "pads": pad,
        "groups": "1" if case.groups == 1 else ("depthwise" if case.groups == case.channels else "between"),
        "kernel": "odd" if parities == {True} else ("even" if parities == {False} else "odd and even"),
        "remainder": "some" if over else "none",
    }


def _steps(pair: tuple[int, int]) -> str:
    return "1" if pair == (1, 1) else ("equal" if pair[0] == pair[1] else "unequal")


VALUES = {
    "stride": ("1", "equal", "unequal"),
    "dilation": ("1", "equal", "unequal"),
    "pads": (
        "none",
        "symmetric",
        "more before",
        "more after or mixed",
        "word valid",
        "word same_upper",
        "word same_lower",
        "word full",
    ),
    "groups": ("1", "between", "depthwise"),
    "kernel": ("odd", "even", "odd and even"),
    "remainder": ("none", "some"),
}


def _feasible(combination: dict[str, str]) -> bool:
    return not (combination.get("stride") == "1" and combination.get("remainder") == "some")


def geometry_line(battery: Battery) -> dict[str, Any]:
    """Which combinations of stride, dilation, pads, groups, kernel parity and remainder are reached."""
    everything = next(iter(FAULTS.values())).capabilities
    seen = [_dimensions(fit(case, everything)) for case in battery.drawn(requirements()["DEF-01"]) if case.is_valid]
    line: dict[str, Any] = {"type": "geometry", "dimensions": {name: list(values) for name, values in VALUES.items()}}
    for size, word in ((2, "pairs"), (3, "triples")):
        feasible, missing = 0, []
        for names in itertools.combinations(VALUES, size):
            reached = {tuple(item[name] for name in names) for item in seen}
            for values in itertools.product(*(VALUES[name] for name in names)):
                if _feasible(dict(zip(names, values, strict=True))):
                    feasible += 1
                    if values not in reached:
                        missing.append([f"{name} {value}" for name, value in zip(names, values, strict=True)])
        line[word] = {"feasible": feasible, "reached": feasible - len(missing)}
        line[f"missing_{word}"] = missing
    return line
