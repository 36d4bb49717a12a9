"""Read a counterexample, and the arrays in it, out of a line of a results file."""

import math
from typing import Final

from convspec.reports.fields import LARGEST_COUNT, Fields
from convspec.reports.records import Array, Counterexample, Withheld

# NumPy has no array of more.
MOST_AXES: Final = 64


def counterexample_of(fields: Fields) -> Counterexample:
    """Read a counterexample; refuse one that points beside its arrays."""
    example = Counterexample(
        fields.text("case"),
        fields.text("id"),
        array_of(fields, "x"),
        array_of(fields, "w"),
        array_of(fields, "bias"),
        fields.anything("stride"),
        fields.anything("padding"),
        fields.anything("dilation"),
        fields.anything("groups"),
        fields.text_mapping("layout"),
        array_of(fields, "expected"),
        array_of(fields, "got"),
        fields.text("got_text", ""),
        fields.optional_wholes("at"),
        fields.optional_real("error"),
        fields.optional_real("bound"),
        fields.text("bound_text", ""),
        fields.text("message", ""),
        fields.text("repro", ""),
        fields.text("drawn", ""),
        fields.text("ended", ""),
        _withheld(fields.inner("withheld")) if fields.has("withheld") else None,
    )
    shapes = [array.shape for array in (example.expected, example.got) if array is not None]
    if example.at is not None and shapes and not any(_lies_inside(example.at, shape) for shape in shapes):
        fields.fail(f"'at' must lie inside the answer, got {list(example.at)}")
    return example


def _lies_inside(at: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(at) == len(shape) and all(0 <= index < length for index, length in zip(at, shape, strict=True))


def _withheld(fields: Fields) -> Withheld:
    return Withheld(fields.text("why"), fields.texts("dtypes", ()), fields.texts("kind", ()))


def array_of(fields: Fields, key: str) -> Array | None:
    """Read an array; None where there is none."""
    if not fields.has(key):
        return None
    inner = fields.inner(key)
    shape = inner.wholes("shape")
    data = inner.numbers("data") if inner.has("data") else None
    size = math.prod(shape)
    if any(length < 0 for length in shape) or size > LARGEST_COUNT or len(shape) > MOST_AXES:
        inner.fail(f"no array has the shape {list(shape)!r:.60}")
    if data is not None and len(data) != size:
        inner.fail(f"{len(data)} numbers do not fill the shape {list(shape)}")
    return Array(shape, inner.text("dtype"), data, inner.text("note", ""))
