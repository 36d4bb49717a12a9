"""Calls on which a fault shows: shapes, parameters and a kind of numbers, from which arrays are made."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array

SEED = 20

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Witness:
    """One call.

    Parameters
    ----------
    x, w : shape
        Of the pictures and of the weight.
    bias : bool
        Whether there is a bias, one number for each output channel.
    stride, padding, dilation, groups
        As in the call; they may be invalid.
    dtype, dtype_w : str
        Of x and bias, and of w if it has another one.
    data : str
        "integers" from -9 to 9 without 0, "normal", "positive" normal, "constant" (all x alike, all w alike),
        "full" (range of an integer dtype), "tiny" (subnormal products in float32), "huge", "spread" (of many
        magnitudes), "ladder" (one tap), or "nan", "inf", "zeros": integers, of which one x, or a third of
        both arrays, is that.
    layout_x, layout_w, layout_bias : str
        "C", "F", "channels last", "reversed", "stepped", "slice", "broadcast" or "guarded" (inside NaN).
    bias_shape : shape, optional
        Another shape of the bias than (C_out,), to be refused.
    """

    x: Shape = (2, 4, 7, 6)
    w: Shape = (3, 4, 3, 2)
    bias: bool = False
    stride: Any = (2, 1)
    padding: Any = ((1, 0), (2, 1))
    dilation: Any = (1, 2)
    groups: Any = 1
    dtype: str = "float64"
    dtype_w: str | None = None
    data: str = "integers"
    layout_x: str = "C"
    layout_w: str = "C"
    layout_bias: str = "C"
    bias_shape: Shape | None = None

    def arrays(self, seed: int = SEED) -> tuple[Array, Array, Array | None]:
        """Make x, w and bias; the same ones for the same seed."""
        random = np.random.default_rng(seed)
        x = numbers(random, self.x, self.dtype, self.data)
        w = numbers(random, self.w, self.dtype_w or self.dtype, self.data)
        bias = None
        if self.bias or self.bias_shape is not None:
            bias = numbers(random, self.bias_shape or self.w[:1], self.dtype, self.data)
            bias = arranged(bias, self.layout_bias)
        if self.data in {"nan", "inf"} and x.size:
            x[tuple(length // 2 for length in x.shape)] = float(self.data)
        if self.data == "ladder":
            w *= np.arange(w.size).reshape(w.shape) == w.size // 2
        return arranged(x, self.layout_x), arranged(w, self.layout_w), bias

    def parameters(self) -> dict[str, Any]:
        """Give the keyword arguments of the call."""
        return {
            "stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}


def plain(**changes: Any) -> Witness:
    """Make a witness with stride 1, no dilation and no padding unless named."""
    simple: dict[str, Any] = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    return Witness(**{**simple, **changes})


def element_type(name: str) -> np.dtype[Any]:
    """Find a dtype by name; bfloat16 needs the package that defines it."""
    if name == "bfloat16":
        import ml_dtypes

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    return np.dtype(name)


def numbers(random: np.random.Generator, shape: Shape, dtype: str, data: str) -> Array:
    """Draw an array of one kind of numbers."""
    target = element_type(dtype)
    if data == "full":
        limits = np.iinfo(target)
        return random.integers(limits.min, limits.max, shape, target, endpoint=True)
    if data in {"normal", "positive", "tiny", "huge", "spread", "ladder"}:
        values = random.standard_normal(shape)
        if data == "positive":
            values = np.abs(values)
        if data == "spread":
            values = values * 2.0 ** random.integers(-12, 12, shape)
        if target.kind == "c":
            values = values + 1j * random.standard_normal(shape)
        scale = {"tiny": 2.0**-70, "huge": 2.0**60}.get(data, 1.0)
        return np.asarray(values * scale).astype(target)
    if data == "constant":
        return np.full(shape, random.uniform(0.5, 2.0)).astype(target)
    small = random.integers(1, 10, shape)
    if target.kind != "u":
        small = small * random.choice([-1, 1], shape)
    if data == "zeros":
        small = small * (random.random(shape) < 0.66)
    if target.kind == "c":
        return (small + 1j * random.integers(1, 10, shape)).astype(target)
    return np.asarray(small).astype(target)


def arranged(array: Array, layout: str) -> Array:
    """Give the same numbers in another arrangement in memory."""
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "channels last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if layout == "reversed":
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    if layout == "stepped":
        room = np.full((*array.shape[:-1], 2 * array.shape[-1]), 77).astype(array.dtype)
        room[..., ::2] = array
        return room[..., ::2]
    if layout == "slice":
        room = np.full((array.shape[0] + 2, *array.shape[1:]), 77).astype(array.dtype)
        room[1:-1] = array
        return room[1:-1]
    if layout == "broadcast":
        return np.broadcast_to(array[..., :1, :], array.shape)
    if layout == "guarded":
        filler = 77 if array.dtype.kind in "iu" else np.nan
        shape = (*array.shape[:-2], array.shape[-2] + 2, array.shape[-1] + 2)
        room = np.full(shape, filler).astype(array.dtype)
        room[..., 1:-1, 1:-1] = array
        return room[..., 1:-1, 1:-1]
    return array
