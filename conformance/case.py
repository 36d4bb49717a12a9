"""The one currency of the suite: a case, its canonical line, its id for ever.

A case says everything about one convolution but the numbers themselves, for which it holds a recipe (a kind and a
seed) or a literal of at most 64 numbers. Arrays are never sent between processes: both sides build the same ones.
A case may hold values that are not legal (stride 1.5, a kernel of height 0, rank 3): validity is asked of it.
"""

import cmath
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from convspec.adapters.protocol import DTYPES, WORDS, Pads, Pair
from convspec.reference import effective_kernel_size, output_size, resolve_padding

NO_PADS: Pads = ((0, 0), (0, 0))
LITERAL_LIMIT = 64

Number = int | float | complex
Literal = tuple[tuple[Number, ...], tuple[Number, ...], tuple[Number, ...]]


@dataclass(frozen=True)
class Geometry:
    """The shape arithmetic of a valid case, worked out."""

    pads: Pads
    output: tuple[int, int]
    effective_kernel: Pair
    padded: Pair
    terms: int


@dataclass(frozen=True)
class Case:
    """One convolution to try.

    Parameters
    ----------
    x_shape, w_shape : tuple of int
        Normally (N, C_in, H, W) and (C_out, C_in/groups, kH, kW), or (H, W) and (kH, kW).
    bias_shape : tuple of int or None
        Normally (C_out,).
    stride, dilation : (int, int)
        Steps along height and width.
    padding : ((int, int), (int, int)) or str
        Zeros (top, bottom), (left, right), or a padding word.
    groups : int
    dtype : str
        Element type of x; of w and bias too unless `w_dtype` names another.
    layout_x, layout_w, layout_bias : str
        How each array lies in memory (`convspec.conformance.layouts`).
    data, seed : str, int
        The recipe of the numbers (`convspec.conformance.recipes`).
    literal : three tuples of numbers, or None
        The numbers themselves, in C order, instead of a recipe.
    """

    x_shape: tuple[int, ...]
    w_shape: tuple[int, ...]
    bias_shape: tuple[int, ...] | None = None
    stride: Any = (1, 1)
    padding: Any = NO_PADS
    dilation: Any = (1, 1)
    groups: Any = 1
    dtype: str = "float64"
    w_dtype: str | None = None
    layout_x: str = "C"
    layout_w: str = "C"
    layout_bias: str = "C"
    data: str = "int"
    seed: int = 0
    literal: Literal | None = None

    @cached_property
    def line(self) -> str:
        """The canonical line: what differs from the defaults, in the order of the fields, one blank between."""
        return " ".join(_written(self))

    @cached_property
    def id(self) -> str:
        """Ten hexadecimal digits of the line's SHA-256."""
        return hashlib.sha256(self.line.encode()).hexdigest()[:10]

    @property
    def is_plane(self) -> bool:
        """Whether it is one picture and one filter, (H, W) and (kH, kW)."""
        return len(self.x_shape) == 2 and len(self.w_shape) == 2

    @property
    def size(self) -> Pair:
        """(H, W)."""
        return self.x_shape[-2], self.x_shape[-1]

    @property
    def kernel(self) -> Pair:
        """(kH, kW)."""
        return self.w_shape[-2], self.w_shape[-1]

    @property
    def batch(self) -> int:
        """N; 1 for a picture."""
        return 1 if self.is_plane else self.x_shape[0]

    @property
    def channels(self) -> int:
        """C_in; 1 for a picture."""
        return 1 if self.is_plane else self.x_shape[1]

    @property
    def outputs(self) -> int:
        """C_out; 1 for a picture."""
        return 1 if self.is_plane else self.w_shape[0]

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many numbers x, w and bias hold; 0 for no bias."""
        bias = 0 if self.bias_shape is None else math.prod(self.bias_shape)
        return math.prod(self.x_shape), math.prod(self.w_shape), bias

    @property
    def numbers(self) -> int:
        """How many numbers x, w and bias hold together."""
        return sum(self.counts)

    @property
    def has_special_numbers(self) -> bool:
        """Whether NaN or an infinity may be among the numbers of x, w and bias."""
        if self.literal is None:
            return self.data.startswith("special")
        return not all(cmath.isfinite(number) for part in self.literal for number in part)

    @cached_property
    def geometry(self) -> Geometry:
        """The shape arithmetic, by the reference.

        Raises
        ------
        ValueError
            The case is not valid; the message names the parameter and the value.
        """
        for name, shape in (("x", self.x_shape), ("w", self.w_shape)):
            if len(shape) not in (2, 4) or len(shape) != len(self.x_shape):
                raise ValueError(f"{name} has shape {shape}: the ranks must be 4 and 4, or 2 and 2")
        pads = resolve_padding(
            self.padding, size=self.size, kernel=self.kernel, stride=self.stride, dilation=self.dilation
        )
        output = tuple(
            output_size(self.size[axis], self.kernel[axis], pad=pads[axis], stride=self.stride[axis],
                        dilation=self.dilation[axis])
            for axis in (0, 1)
        )
        effective = tuple(effective_kernel_size(self.kernel[axis], self.dilation[axis]) for axis in (0, 1))
        padded = tuple(self.size[axis] + sum(pads[axis]) for axis in (0, 1))
        self._check_channels()
        per_group = 1 if self.is_plane else self.w_shape[1]
        terms = per_group * math.prod(self.kernel) + (self.bias_shape is not None)
        return Geometry(pads, (output[0], output[1]), (effective[0], effective[1]), (padded[0], padded[1]), terms)

    def _check_channels(self) -> None:
        if type(self.groups) is not int or self.groups < 1:
            raise ValueError(f"groups is {self.groups!r}; it must be a whole number of at least 1")
        if not self.is_plane:
            if self.channels != self.w_shape[1] * self.groups:
                raise ValueError(
                    f"x has {self.channels} channels, w wants {self.w_shape[1]} in each of {self.groups} groups"
                )
            if self.outputs % self.groups:
                raise ValueError(f"groups is {self.groups}, which does not divide C_out = {self.outputs}")
        if self.bias_shape not in (None, (self.outputs,)):
            raise ValueError(f"bias has shape {self.bias_shape}; it must be ({self.outputs},)")

    @cached_property
    def invalidity(self) -> str | None:
        """Why the specification defines no answer; None if it defines one."""
        try:
            _ = self.geometry
        except (ValueError, TypeError) as error:
            return str(error)
        return None

    @property
    def is_valid(self) -> bool:
        """Whether the specification defines an answer."""
        return self.invalidity is None

    @property
    def left_over(self) -> Pair:
        """How many rows and columns of the padded picture of a valid case its strides leave over."""
        geometry = self.geometry
        rows, columns = (
            (geometry.padded[axis] - geometry.effective_kernel[axis]) % self.stride[axis] for axis in (0, 1)
        )
        return rows, columns

    @property
    def multiplications(self) -> int:
        """Products in the whole output of a valid case."""
        per_group = 1 if self.is_plane else self.w_shape[1]
        return self.batch * self.outputs * math.prod(self.geometry.output) * per_group * math.prod(self.kernel)

    def but(self, **changes: Any) -> "Case":
        """The same case with some fields changed."""
        return replace(self, **changes)


_DEFAULTS = {field.name: field.default for field in fields(Case)}
_KEYS = {
    "x_shape": "x", "w_shape": "w", "bias_shape": "bias", "stride": "stride", "padding": "padding",
    "dilation": "dilation", "groups": "groups", "dtype": "dtype", "w_dtype": "w_dtype", "layout_x": "layout_x",
    "layout_w": "layout_w", "layout_bias": "layout_bias", "data": "data", "literal": "values",
}
_FIELDS = {key: name for name, key in _KEYS.items()}


def _written(case: Case) -> Iterator[str]:
    for name, key in _KEYS.items():
        value = getattr(case, name)
        if name == "data":
            if case.literal is None:
                yield f"data={value}:{case.seed}"
        elif name == "literal":
            if value is not None:
                yield "values=" + ";".join(",".join(_number_text(number) for number in part) for part in value)
        elif name.endswith("_shape"):
            if value is not None:
                yield f"{key}={_shape_text(value)}"
        # (1.0, 1) equals (1, 1), and is another thing to try.
        elif (value != _DEFAULTS[name] or repr(value) != repr(_DEFAULTS[name])) and not (
            name == "w_dtype" and value is None
        ):
            yield f"{key}={_value_text(value)}"


def _shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) if shape else "scalar"


def _number_text(number: Number) -> str:
    return repr(number).strip("()")


def _value_text(value: Any) -> str:
    if isinstance(value, str) and (value in WORDS or value in DTYPES or value.isidentifier()):
        return value
    if _is_pads(value):
        return ",".join(str(number) for pair in value for number in pair)
    if isinstance(value, tuple) and len(value) == 2 and all(type(item) is int for item in value):
        return f"{value[0]},{value[1]}"
    return json.dumps(value, separators=(",", ":"))


def _is_pads(value: Any) -> bool:
    return (
        isinstance(value, tuple) and len(value) == 2
        and all(isinstance(pair, tuple) and len(pair) == 2 and all(type(n) is int for n in pair) for pair in value)
    )


def parse_case(line: str) -> Case:
    """Read a canonical line back.

    Raises
    ------
    ValueError
        The line is not one; the message names the part that cannot be read.

    Examples
    --------
    >>> parse_case("x=1x1x3x3 w=1x1x2x2 stride=2,1 data=int:7").stride
    (2, 1)
    """
    found: dict[str, Any] = {}
    for part in line.split():
        key, equals, text = part.partition("=")
        if not equals or key not in _FIELDS:
            raise ValueError(f"case: {part!r} is not KEY=VALUE with a key out of {', '.join(_FIELDS)}")
        if _FIELDS[key] in found:
            raise ValueError(f"case: {key!r} is given twice")
        try:
            found.update(_read(_FIELDS[key], text))
        except ValueError as error:
            raise ValueError(f"case: {part!r} cannot be read ({error})") from None
    for name in ("x_shape", "w_shape"):
        if name not in found:
            raise ValueError(f"case: {_KEYS[name]!r} is missing in {line!r}")
    if "literal" not in found and "data" not in found:
        raise ValueError(f"case: neither 'data' nor 'values' in {line!r}")
    case = Case(**found)
    _check_literal(case)
    return case


def _read(name: str, text: str) -> dict[str, Any]:
    if name.endswith("_shape"):
        shape = () if text == "scalar" else tuple(int(part) for part in text.split("x"))
        if any(length < 0 for length in shape):
            raise ValueError("an axis is negative")
        return {name: shape}
    if name == "data":
        kind, colon, seed = text.partition(":")
        if not colon:
            raise ValueError("data is written KIND:SEED")
        return {"data": kind, "seed": int(seed)}
    if name == "literal":
        parts = text.split(";")
        if len(parts) != 3:
            raise ValueError("values are written X;W;BIAS, numbers with commas between")
        return {"literal": tuple(tuple(_number(item) for item in part.split(",") if item) for part in parts)}
    return {name: _read_value(name, text)}


def _number(text: str) -> Number:
    for read in (int, float, complex):
        try:
            return read(text)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a number")


def _read_value(name: str, text: str) -> Any:
    if text[:1] in '["' or text in ("null", "true", "false"):
        return _tuples(json.loads(text))
    if name in ("dtype", "w_dtype", "layout_x", "layout_w", "layout_bias"):
        return text
    if text.isidentifier():
        return text
    numbers = tuple(_number(part) for part in text.split(","))
    if len(numbers) == 1:
        return numbers[0]
    if name == "padding" and len(numbers) == 4:
        return ((numbers[0], numbers[1]), (numbers[2], numbers[3]))
    return numbers


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _check_literal(case: Case) -> None:
    for dtype in (case.dtype, case.w_dtype or case.dtype):
        if dtype not in DTYPES:
            raise ValueError(f"case: dtype {dtype!r} is unknown; known are {', '.join(DTYPES)}")
    if case.literal is None:
        return
    for name, part, count in zip(("x", "w", "bias"), case.literal, case.counts, strict=True):
        if len(part) != count:
            raise ValueError(f"case: values hold {len(part)} numbers for {name}, its shape wants {count}")
