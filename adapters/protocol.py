"""What an adapter says of itself: what it claims, how it computes, where it is known to differ.

An adapter is any object with the members of `Adapter`. A plain function needs none of this: its claims
are read off its signature (`convspec.adapters.functions`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
Pads = tuple[Pair, Pair]

REAL_FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX_FLOATS = ("complex64", "complex128")
SIGNED_INTEGERS = ("int8", "int16", "int32", "int64")
UNSIGNED_INTEGERS = ("uint8", "uint16", "uint32", "uint64")
DTYPES = REAL_FLOATS + COMPLEX_FLOATS + SIGNED_INTEGERS + UNSIGNED_INTEGERS
WORDS = ("valid", "same", "same_upper", "same_lower", "full")

# Significand bits of the floating types, the hidden one counted; of a complex type those of its parts.
_BITS = {"bfloat16": 8, "float16": 11, "float32": 24, "complex64": 24, "float64": 53, "complex128": 53}

SQUARE_KERNELS = "square kernels only"
ODD_KERNELS = "kernels with odd sides only"
SQUARE_PICTURES = "square pictures only"
EXACT_FIT = "strides that leave nothing over only"

Axes = Literal["none", "same", "each"]
Sides = Literal["none", "same", "pair", "sides"]


class CaseLike(Protocol):
    """The part of a case that a predicate of an adapter may look at."""

    @property
    def x_shape(self) -> tuple[int, ...]:
        """(N, C_in, H, W), or (H, W)."""
        ...

    @property
    def w_shape(self) -> tuple[int, ...]:
        """(C_out, C_in/groups, kH, kW), or (kH, kW)."""
        ...

    @property
    def stride(self) -> Any:
        """Normally (int, int)."""
        ...

    @property
    def padding(self) -> Any:
        """Normally ((top, bottom), (left, right)), or a word."""
        ...

    @property
    def dilation(self) -> Any:
        """Normally (int, int)."""
        ...

    @property
    def groups(self) -> Any:
        """Normally an int."""
        ...

    @property
    def dtype(self) -> str:
        """Element type of x."""
        ...

    @property
    def has_special_numbers(self) -> bool:
        """Whether NaN or an infinity may be among the numbers of x, w and bias."""
        ...

    @property
    def layout_x(self) -> str:
        """How x lies in memory."""
        ...

    @property
    def layout_w(self) -> str:
        """How w lies in memory."""
        ...


Predicate = Callable[[CaseLike], bool]


@dataclass(frozen=True)
class Exclusion:
    """An odd cell inside the claims that is not claimed: int8 with dilation, say."""

    reason: str
    when: Predicate


@dataclass(frozen=True)
class Capabilities:
    """What an adapter claims to offer; what is not claimed is not asked of it.

    Parameters
    ----------
    profile : "layer" or "plane"
        Batches of channels, x (N, C_in, H, W) and w (C_out, C_in/groups, kH, kW); or one picture (H, W)
        and one filter (kH, kW).
    dtypes : tuple of str
        Names of the element types for which it computes, out of `DTYPES`.
    stride, dilation : "each", "same" or "none"
        A value for each axis, one value for both axes, or none but 1.
    padding : "sides", "pair", "same" or "none"
        Four numbers, one number for each axis, one number for all, or no padding at all.
    padding_words : tuple of str
        Words that it resolves by itself, out of `WORDS`. The suite resolves the others.
    groups, bias : bool
        Whether groups above 1 and a bias are offered.
    square_kernels_only, odd_kernels_only : bool
        Whether kernels with kH != kW, and those with an even side, are left out.
    square_pictures_only : bool
        Whether pictures with H != W are left out.
    exact_fit_only : bool
        Whether strides that leave rows or columns over are left out.
    empty_output : "raise" or "zero"
        What a kernel larger than the padded input gives: an exception, or a result with an axis of length 0.
    mixed_dtypes : "raise" or "promote"
        What x and w of different dtypes give: an exception, or ``np.result_type``.
    zero_channels : bool
        Whether C_in = 0 is offered.
    wider_result : bool
        Whether the result may have a wider dtype than the input (a homework function that fills a
        ``np.zeros``); always allowed in the plane profile.
    exclusions : tuple of Exclusion
        Odd cells inside these claims that are not claimed.
    bridged : mapping
        Feature to the way in which the wrapper, not the library, provides it.
    """

    profile: Literal["plane", "layer"] = "layer"
    dtypes: tuple[str, ...] = ("float64", "float32", "int64")
    stride: Axes = "each"
    padding: Sides = "sides"
    padding_words: tuple[str, ...] = ()
    dilation: Axes = "each"
    groups: bool = True
    bias: bool = True
    square_kernels_only: bool = False
    odd_kernels_only: bool = False
    square_pictures_only: bool = False
    exact_fit_only: bool = False
    empty_output: Literal["raise", "zero"] = "raise"
    mixed_dtypes: Literal["raise", "promote"] = "promote"
    zero_channels: bool = True
    wider_result: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    bridged: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("profile", self.profile, ("plane", "layer"))
        _one_of("stride", self.stride, ("none", "same", "each"))
        _one_of("dilation", self.dilation, ("none", "same", "each"))
        _one_of("padding", self.padding, ("none", "same", "pair", "sides"))
        _one_of("empty_output", self.empty_output, ("raise", "zero"))
        _one_of("mixed_dtypes", self.mixed_dtypes, ("raise", "promote"))
        for name in self.dtypes:
            _one_of("dtypes", name, DTYPES)
        for word in self.padding_words:
            _one_of("padding_words", word, WORDS)
        if not self.dtypes:
            raise ValueError("dtypes is empty: name at least one, for instance 'float64'")

    @property
    def geometric_limits(self) -> tuple[str, ...]:
        """Which shapes these claims leave out, in words that follow "conforms, for"."""
        said = {
            SQUARE_KERNELS: self.square_kernels_only,
            ODD_KERNELS: self.odd_kernels_only,
            SQUARE_PICTURES: self.square_pictures_only,
            EXACT_FIT: self.exact_fit_only,
        }
        return tuple(words for words, holds in said.items() if holds)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these claims leave out of a convolution's ordinary calls, in words that follow "conforms, for"."""
        is_narrow = len(self.dtypes) == 1 or not set(self.dtypes) & {"float32", "float64"}
        return self.geometric_limits + ((f"{' and '.join(self.dtypes)} only",) if is_narrow else ())


@dataclass(frozen=True)
class Numerics:
    """How an adapter computes: the contract its errors are judged by.

    Parameters
    ----------
    algorithm : "direct", "fft" or "winograd"
        Sums of products in any order; by Fourier transform; by Winograd's F(m, 3).
    tile : 2, 4, 6 or None
        The m of Winograd's F(m, 3).
    accumulator : mapping
        Dtype of the input to the dtype in which its products are summed. A dtype that is not named is summed in itself.
    input_precision : int or None
        Significand bits, the hidden one counted, to which float32 inputs are cut before they are multiplied
        (11 for TF32, 8 for bfloat16); None where they are used as they are.
    flush_to_zero : bool or tuple of str
        Whether subnormal numbers may be taken for, or returned as, zero; or the dtypes in which they may.
    complex_products : 4 or 3
        Real products for a complex one: four, or three by Gauss's trick, whose parts lose accuracy to each other.
    nan_local : bool
        Whether a NaN or an infinity reaches only the outputs whose window holds it.
    """

    algorithm: Literal["direct", "fft", "winograd"] = "direct"
    tile: Literal[2, 4, 6] | None = None
    accumulator: Mapping[str, str] = field(default_factory=lambda: {"float16": "float32", "bfloat16": "float32"})
    input_precision: int | None = None
    flush_to_zero: bool | tuple[str, ...] = False
    complex_products: Literal[3, 4] = 4
    nan_local: bool = True

    def __post_init__(self) -> None:
        _one_of("algorithm", self.algorithm, ("direct", "fft", "winograd"))
        _one_of("tile", self.tile, (None, 2, 4, 6))
        _one_of("complex_products", self.complex_products, (3, 4))
        if (self.algorithm == "winograd") != (self.tile is not None):
            raise ValueError(
                f"tile is {self.tile!r}, but algorithm is {self.algorithm!r}: a tile belongs to 'winograd'"
            )
        for name in (*self.accumulator.keys(), *self.accumulator.values()):
            _one_of("accumulator", name, DTYPES)

    @property
    def problem(self) -> str | None:
        """Which of its numbers means nothing, so that a bound made of it would allow anything; None if all are sound.

        It is asked when an adapter is loaded, not when one is written down: a file may hold several.
        """
        bits = self.input_precision
        if bits is not None and (type(bits) is not int or not 2 <= bits <= 53):
            return f"numerics.input_precision is {bits!r}; it must be None or a number of significand bits from 2 to 53"
        for name, sums in self.accumulator.items():
            if _BITS.get(sums, 0) < _BITS.get(name, 0):
                return (
                    f"numerics.accumulator sums products of {name} in {sums}, which has fewer significand bits "
                    f"({_BITS.get(sums, 0)} instead of {_BITS[name]})"
                )
        if not isinstance(self.flush_to_zero, bool):
            for name in self.flush_to_zero:
                if name not in DTYPES:
                    return f"numerics.flush_to_zero names {name!r}; known dtypes are {', '.join(DTYPES)}"
        return None


@dataclass(frozen=True)
class Deviation:
    """A known departure from the specification, with the thread that knows of it.

    It is matched by its predicates on the case and the processor, never by the requirement alone. It is reported
    as known, and the run says whether it was seen; only if its `example` is right after all does the run say that it is
    gone. `requirements` are those under which the example is run; "*" among them means that it may show wherever its
    predicate holds.

    `harmful` says that such a case may end the process, hang it, or reach memory that is not that of its arrays. Then
    there is no example, and what is published names the kind of the case and withholds its input.

    Raises
    ------
    ValueError
        A harmful deviation has an example; the message gives the reason of the deviation.
    """

    requirements: tuple[str, ...]
    reason: str
    link: str
    when: Predicate
    processor: Callable[[frozenset[str]], bool] | None = None
    example: str | None = None
    harmful: bool = False

    def __post_init__(self) -> None:
        if self.harmful and self.example is not None:
            raise ValueError(
                f"a harmful deviation has an example, which would be published: {self.example!r} ({self.reason})"
            )


@runtime_checkable
class Adapter(Protocol):
    """An implementation, as the suite sees it."""

    @property
    def name(self) -> str:
        """What it is called in results and reports."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Of the libraries that it uses."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it claims."""
        ...

    @property
    def numerics(self) -> Numerics:
        """How it computes."""
        ...

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """Where it is known to differ."""
        ...

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Array:
        """Give (N, C_out, oH, oW) for x (N, C_in, H, W) and w (C_out, C_in/groups, kH, kW), or (oH, oW) for planes."""
        ...


def _one_of(parameter: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        known = ", ".join(repr(item) for item in allowed)
        raise ValueError(f"{parameter} is {value!r}; it must be one of {known}")
