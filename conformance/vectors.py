"""Test vectors: small calls with their right answers, for implementations in any language.

All numbers are whole and so small that every sum of products is exact in every order and in every dtype that is named
here: an answer is right if it is equal, and wrong if it is not.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.battery import Battery
from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import Case
from convspec.conformance.requirement import one_call
from convspec.conformance.requirements import requirements
from convspec.reference import conv2d

SCHEMA_VERSION = 1
FOR_EACH_REQUIREMENT = 5
MOST_NUMBERS = 96
# Neither half precision nor bfloat16, which many languages lack.
DTYPES = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8")
MEANING = (
    "y is the cross-correlation of x (N, C_in, H, W) with w (C_out, C_in/groups, kH, kW), plus bias (C_out). stride "
    "and dilation are (vertical, horizontal); padding is ((top, bottom), (left, right)) zeros, or a word. Numbers "
    "stand in row-major order and are exact: integers wrap, and no float is rounded in any order of summation. "
    "Compare with equality."
)


def vectors(version: str, seed: int = 0) -> dict[str, Any]:
    """All vectors, as one object of JSON.

    Parameters
    ----------
    version : str
        Of the suite.
    seed : int
        Of the battery from which the cases are taken.

    Returns
    -------
    dict
        With ``vectors``, a list; each names the requirement for which its case was drawn.
    """
    return {
        "kind": "vectors",
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": "convspec", "version": version},
        "meaning": MEANING,
        "vectors": [_vector(id, case) for id, case in _chosen(Battery(seed, "standard"))],
    }


def _chosen(battery: Battery) -> Iterator[tuple[str, Case]]:
    """A few small cases of each requirement that judges one valid call; no case twice."""
    seen: set[str] = set()
    for requirement in requirements().values():
        if not requirement.valid or requirement.calls is not one_call:
            continue
        cases = (case for case in battery.drawn(requirement) if case.id not in seen and _is_plain(case))
        for case, _ in zip(cases, range(FOR_EACH_REQUIREMENT), strict=False):
            seen.add(case.id)
            yield requirement.id, case


def _is_plain(case: Case) -> bool:
    if case.dtype not in DTYPES or case.w_dtype is not None or case.literal is not None or case.is_plane:
        return False
    if case.data not in ("int", "impulse") or not case.is_valid or not 0 < case.numbers <= MOST_NUMBERS:
        return False
    height, width = case.geometry.output
    return 0 < case.batch * case.outputs * height * width <= MOST_NUMBERS


def _vector(requirement: str, case: Case) -> dict[str, Any]:
    call = call_of(case)
    return {
        "id": case.id,
        "requirement": requirement,
        "case": case.line,
        "dtype": case.dtype,
        "stride": case.stride,
        "padding": case.padding,
        "dilation": case.dilation,
        "groups": case.groups,
        "x": _written(call.x),
        "w": _written(call.w),
        "bias": None if call.bias is None else _written(call.bias),
        "y": _written(_answer(call)),
    }


def _answer(call: Call) -> Array:
    return conv2d(
        call.x, call.w, call.bias,
        stride=call.stride, padding=call.padding, dilation=call.dilation, groups=call.groups,
    )


def _written(array: Array) -> dict[str, Any]:
    """The shape and the numbers of an array; a number that is not whole would be a fault of the choice of cases."""
    whole = array.astype(np.int64)
    if not np.array_equal(whole, array):
        raise ValueError(f"a vector holds numbers that are not whole: {array.tolist()}")
    return {"shape": list(array.shape), "data": whole.ravel().tolist()}
