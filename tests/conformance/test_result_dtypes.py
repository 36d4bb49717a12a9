"""The numbers of a result are one thing, and their dtype is another."""

import numpy as np
import pytest

from convspec.adapters.protocol import DTYPES, Capabilities, Numerics
from convspec.conformance.calls import Outcome, call_of
from convspec.conformance.case import parse_case
from convspec.conformance.expected import Expected
from convspec.conformance.judging import Judge
from convspec.reference import conv2d

LAYER = Judge(Capabilities(dtypes=DTYPES), Numerics())
PLANE = Judge(Capabilities(profile="plane", dtypes=DTYPES), Numerics())


def setting(line):
    call = call_of(parse_case(line))
    expected = Expected(call)
    arguments = {name: getattr(call, name) for name in ("stride", "padding", "dilation", "groups")}
    return expected, conv2d(call.x, call.w, call.bias, **arguments)


def judged(expected, value, judge=LAYER):
    return judge.answer(expected, Outcome("returned", value))


@pytest.mark.parametrize(("dtype", "other"), [
    ("float32", "float64"), ("float64", "float32"), ("float16", "float32"), ("int32", "int64"), ("int64", "float64"),
    ("uint8", "int64"), ("float32", "complex64"), ("int8", "bool"),
])
def test_a_layer_keeps_its_dtype(dtype, other):
    expected, right = setting(f"x=1x1x4x4 w=1x1x2x2 dtype={dtype} data=zero:0")
    judge = Judge(Capabilities(dtypes=DTYPES), Numerics())
    assert judge.dtype(expected, Outcome("returned", right)) is None
    found = judge.dtype(expected, Outcome("returned", right.astype(other)))
    assert found.reason.startswith(f"got dtype {other}, want {dtype}")
    assert ("np.zeros(..., dtype=x.dtype)" in found.reason) == (other == "float64")


@pytest.mark.parametrize(("dtype", "other"), [
    ("float32", "float64"), ("float64", "float32"), ("int32", "int64"), ("int64", "float64"),
    ("float32", "complex64"), ("float32", ">f4"), ("float64", "longdouble"), ("float64", "int32"),
])
def test_right_numbers_in_another_dtype_are_right_numbers(dtype, other):
    """The dtype is asked for by one requirement, and the numbers by all others."""
    expected, right = setting(f"x=1x1x4x4 w=1x1x2x2 dtype={dtype} data=int:1")
    value = right.astype(other)
    assert judged(expected, value) is None
    value[0, 0, 1, 1] += 1
    assert judged(expected, value) is not None


def test_what_holds_no_numbers_is_wrong_everywhere():
    expected, right = setting("x=1x1x4x4 w=1x1x2x2 data=int:1")
    for other in ("U8", "S8", "V8", "m8[s]", "M8[s]", "complex256"):
        value = np.zeros(right.shape, other)
        if other == "complex256":
            value = right.astype(other) + 1j
        assert judged(expected, value).reason.startswith("got dtype ")


def test_a_narrower_result_is_compared_in_the_right_dtype():
    expected, right = setting("x=1x1x4x4 w=1x1x2x2 dtype=int64 data=full:1")
    assert judged(expected, right.astype("int32")) is not None
    expected, right = setting("x=1x1x4x4 w=1x1x2x2 dtype=float64 data=uniform:1")
    assert judged(expected, right.astype("float32")) is not None


@pytest.mark.parametrize(("dtype", "other", "allowed"), [
    ("float32", "float64", True), ("float16", "float32", True), ("int32", "int64", True), ("int64", "float64", True),
    ("uint8", "int64", True), ("float64", "float32", False), ("int64", "int32", False), ("float32", "float16", False),
    ("int32", "uint32", False), ("complex64", "float64", False), ("float64", "int64", False),
    ("float32", "object", False),
])
def test_a_plane_may_have_a_wider_one(dtype, other, allowed):
    expected, right = setting(f"x=4x4 w=2x2 dtype={dtype} data=zero:0")
    value = (right.real if dtype == "complex64" else right).astype(other)
    for judge in (PLANE, Judge(Capabilities(dtypes=DTYPES, wider_result=True), Numerics())):
        assert (judge.dtype(expected, Outcome("returned", value)) is None) == allowed
