"""A failing case as a few lines of NumPy that need the library under test and nothing else."""

from collections.abc import Sequence

from convspec.reports.numbers import literal
from convspec.reports.results import Adapter, Array, Counterexample

MOST_NUMBERS = 64
MOST_LINES = 8


def snippet(example: Counterexample, adapter: Adapter) -> str:
    """Write the case as at most eight lines of Python; empty where its arrays are too large for that."""
    arrays = [("x", example.x), ("w", example.w), ("bias", example.bias)]
    known = [(name, array) for name, array in arrays if array is not None]
    if example.x is None or example.w is None or any(array.data is None for _, array in known):
        return ""
    if sum(len(array.data or ()) for _, array in known) > MOST_NUMBERS:
        return ""
    lines = ["import numpy as np"]
    if any(array.dtype == "bfloat16" for _, array in known):
        lines.append("from ml_dtypes import bfloat16")
    lines += [literal(_flat(array, adapter), name) for name, array in known]
    lines += _call(example, adapter)
    lines += _remarks(example)
    return "\n".join(lines[:MOST_LINES])


def _flat(array: Array, adapter: Adapter) -> Array:
    """Leave out the axes of length one in front of a single picture."""
    if adapter.profile == "plane" and len(array.shape) == 4 and array.shape[:2] == (1, 1):
        return Array(array.shape[2:], array.dtype, array.data, array.note)
    return array


def _call(example: Counterexample, adapter: Adapter) -> list[str]:
    module, _, attribute = adapter.target.rpartition(":")
    stem = module.removesuffix(".py").replace("\\", "/").split("/")[-1] if module.endswith(".py") else module
    if attribute.isidentifier() and all(part.isidentifier() for part in stem.split(".")):
        arguments = ", ".join(["x", "w"] + (["bias"] if example.bias else []) + _keywords(example, adapter))
        return [f"from {stem} import {attribute}", f"print({attribute}({arguments}))"]
    if adapter.id == "torch" and not any(
        array and array.dtype == "bfloat16" for array in (example.x, example.w)
    ):
        pads = _symmetric(example.padding)
        if pads is not None:
            bias = "torch.tensor(bias)" if example.bias else "None"
            return [
                "import torch",
                f"print(torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w), {bias}, "
                f"stride={_python(example.stride)}, padding={pads}, dilation={_python(example.dilation)}, "
                f"groups={example.groups!r}))",
            ]
    bias = "bias" if example.bias else "None"
    return [
        "from convspec.adapters.loading import load",
        f"print(load({adapter.target!r}).conv2d(x, w, {bias}, stride={_python(example.stride)}, "
        f"padding={_python(example.padding)}, dilation={_python(example.dilation)}, "
        f"groups={example.groups!r}))",
    ]


def _keywords(example: Counterexample, adapter: Adapter) -> list[str]:
    """Name only what differs from doing nothing, in the form that the function takes."""
    words = []
    for name, value in (("stride", example.stride), ("dilation", example.dilation)):
        if value not in (1, [1, 1]):
            single = adapter.capabilities.get(name) == "same" and _all_equal(value)
            words.append(f"{name}={_python(value[0] if single and isinstance(value, list) else value)}")
    if example.padding not in (0, [0, 0], [[0, 0], [0, 0]], "valid"):
        form = adapter.capabilities.get("padding")
        words.append(f"padding={_padding(example.padding, form)}")
    if example.groups not in (1, None):
        words.append(f"groups={example.groups!r}")
    return words


def _padding(value: object, form: object) -> str:
    sides = _sides(value)
    if sides is not None and form in ("same", "pair"):
        (top, bottom), (left, right) = sides
        if form == "same" and top == bottom == left == right:
            return repr(top)
        if form == "pair" and (top, left) == (bottom, right):
            return repr((top, left))
    return _python(value)


def _symmetric(value: object) -> str | None:
    sides = _sides(value)
    if isinstance(value, str):
        return repr(value) if value == "valid" else None
    if sides is None or any(before != after for before, after in sides):
        return None
    return repr((sides[0][0], sides[1][0]))


def _sides(value: object) -> list[tuple[object, object]] | None:
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(p, list) and len(p) == 2 for p in value)
    ):
        return [(pair[0], pair[1]) for pair in value]
    return None


def _all_equal(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(item == value[0] for item in value)


def _python(value: object) -> str:
    """Write a JSON value as Python, lists as tuples."""
    if isinstance(value, list):
        inner: Sequence[str] = [_python(item) for item in value]
        return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
    return repr(value)


def _remarks(example: Counterexample) -> list[str]:
    layouts = [f"{name} is {layout}" for name, layout in sorted(example.layout.items()) if layout != "C"]
    remarks = [f"# memory layout in the case: {', '.join(layouts)}"] if layouts else []
    if example.message:
        remarks.append("# " + " ".join(example.message.split()))
    return remarks
