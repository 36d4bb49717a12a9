"""A small world: every geometry up to a bound, none left out.

A geometry is one choice of sizes, kernel, strides, dilations and pads, the same kinds for each axis but chosen for each
on its own, and of a channel shape. A world is all of them that are valid. Of an adapter that claims less, the part
inside its claims is asked.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from convspec.adapters.protocol import EXACT_FIT, ODD_KERNELS, SQUARE_KERNELS, SQUARE_PICTURES, Capabilities
from convspec.conformance.case import Case
from convspec.conformance.formats import FORMATS, numpy_dtype
from convspec.conformance.number_kinds import even_bits
from convspec.reference import output_size

# In this order the element type is chosen, out of those that an adapter claims.
DTYPES = ("float64", "int64", "float32", "int32")
GOLDEN = (math.sqrt(5) - 1) / 2


class Axis(NamedTuple):
    """What a geometry says of one axis, in samples."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def outputs(self) -> int:
        """The length of the output, by the reference; it raises ValueError where the kernel does not fit."""
        return output_size(
            self.size, self.kernel, pad=(self.before, self.after), stride=self.stride, dilation=self.dilation
        )

    @property
    def left_over(self) -> int:
        """How many samples of the padded length the stride leaves over."""
        reach = (self.kernel - 1) * self.dilation + 1
        return (self.before + self.size + self.after - reach) % self.stride

    @property
    def is_valid(self) -> bool:
        """Whether the kernel fits."""
        try:
            return self.outputs > 0
        except ValueError:
            return False


class Channels(NamedTuple):
    """What a geometry says of the other axes: pictures, channels and filters of each group, groups, and the bias."""

    batch: int
    channels: int
    filters: int
    groups: int
    bias: bool

    @property
    def in_words(self) -> str:
        """For a person."""
        pictures = "1 picture" if self.batch == 1 else f"{self.batch} pictures"
        count = self.channels * self.groups
        channels = "1 channel" if count == 1 else f"{count} channels"
        count = self.filters * self.groups
        filters = "1 filter" if count == 1 else f"{count} filters"
        groups = "" if self.groups == 1 else f" in {self.groups} groups"
        depthwise = " (depthwise)" if self.groups > 1 and self.channels == 1 else ""
        return f"{pictures}, {channels}, {filters}{groups}{depthwise}, {'with' if self.bias else 'without'} bias"


Geometry = tuple[Axis, Axis, Channels, Case]
ALONE = Channels(1, 1, 1, 1, False)


@dataclass(frozen=True)
class World:
    """The bound.

    Parameters
    ----------
    size, kernel, stride, dilation : int
        The largest of each along either axis; the smallest is 1.
    pad : int
        The most zeros on each of the four sides; the fewest are 0.
    channels : tuple of Channels
        Each goes with every choice of the two axes.
    """

    size: int = 5
    kernel: int = 3
    stride: int = 3
    dilation: int = 2
    pad: int = 1
    channels: tuple[Channels, ...] = (
        Channels(2, 2, 3, 1, False),
        Channels(1, 2, 3, 2, True),
        Channels(2, 1, 1, 3, True),
    )

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """All valid choices for one axis."""
        pads = range(self.pad + 1)
        steps = (range(1, most + 1) for most in (self.size, self.kernel, self.stride, self.dilation))
        return tuple(axis for choice in product(*steps, pads, pads) if (axis := Axis(*choice)).is_valid)

    @property
    def total(self) -> int:
        """How many geometries it holds."""
        return len(self.axes) ** 2 * len(self.channels)

    @property
    def in_words(self) -> str:
        """The bound for a person."""
        shapes = "; ".join(channels.in_words for channels in self.channels)
        return (
            f"on each axis, size 1 to {self.size}, kernel 1 to {self.kernel}, stride 1 to {self.stride}, dilation 1 to "
            f"{self.dilation} and 0 to {self.pad} zeros before and after: {len(self.axes)} choices in which the kernel "
            f"fits, and every choice for the height with every choice for the width; each with every one of "
            f"{len(self.channels)} channel shapes ({shapes})"
        )

    @property
    def as_data(self) -> dict[str, Any]:
        """The bound for a machine."""
        return {
            "size": self.size, "kernel": self.kernel, "stride": self.stride, "dilation": self.dilation,
            "pad": self.pad, "choices_for_an_axis": len(self.axes),
            "channel_shapes": [channels._asdict() for channels in self.channels],
        }


WORLD = World()
# For the proof, which is to be made in minutes.
SMALLER_WORLD = World(size=4, channels=World.channels[:2])


@dataclass(frozen=True)
class Part:
    """The part of a world that lies inside the claims of an adapter, with the numbers it is tried on.

    Parameters
    ----------
    world : World
    channels : tuple of Channels
    dtype : str
    is_plane : bool
        Whether pictures are (H, W) and filters (kH, kW).
    stride, dilation, padding : str
        As they are claimed.
    limits : tuple of str
        What else is left out: the `geometric_limits` of the claims.
    seed : int
        Another one gives other numbers.
    restricted : tuple of str
        In plain sentences, what is left out and why.
    """

    world: World
    channels: tuple[Channels, ...]
    dtype: str
    is_plane: bool
    stride: str
    dilation: str
    padding: str
    limits: tuple[str, ...]
    seed: int
    restricted: tuple[str, ...]

    @cached_property
    def pairs(self) -> tuple[tuple[Axis, Axis], ...]:
        """All choices for the height with all choices for the width, as far as they are claimed."""
        return tuple(pair for pair in product(self.world.axes, self.world.axes) if self._holds(*pair))

    def _holds(self, rows: Axis, columns: Axis) -> bool:
        pads = (rows.before, rows.after, columns.before, columns.after)
        return (
            _is_claimed(self.stride, rows.stride, columns.stride)
            and _is_claimed(self.dilation, rows.dilation, columns.dilation)
            and all(_INSIDE[limit](rows, columns) for limit in self.limits)
            and not (self.padding == "none" and any(pads))
            and not (self.padding == "same" and len(set(pads)) > 1)
            and not (self.padding == "pair" and (pads[0] != pads[1] or pads[2] != pads[3]))
        )

    @property
    def total(self) -> int:
        """How many geometries it holds."""
        return len(self.pairs) * len(self.channels)

    def __iter__(self) -> Iterator[Geometry]:
        """Every geometry once, in an order that comes to all regions of the world early."""
        total = self.total
        step = next((step for step in range(int(total * GOLDEN), 0, -1) if math.gcd(step, total) == 1), 1)
        for position in range(total):
            index = position * step % total
            rows, columns = self.pairs[index // len(self.channels)]
            channels = self.channels[index % len(self.channels)]
            yield rows, columns, channels, self._case(rows, columns, channels, index)

    def _case(self, rows: Axis, columns: Axis, channels: Channels, index: int) -> Case:
        x_shape: tuple[int, ...] = (rows.size, columns.size)
        w_shape: tuple[int, ...] = (rows.kernel, columns.kernel)
        outputs = channels.filters * channels.groups
        if not self.is_plane:
            x_shape = (channels.batch, channels.channels * channels.groups, *x_shape)
            w_shape = (outputs, channels.channels, *w_shape)
        return Case(
            x_shape, w_shape, (outputs,) if channels.bias else None, stride=(rows.stride, columns.stride),
            padding=((rows.before, rows.after), (columns.before, columns.after)),
            dilation=(rows.dilation, columns.dilation), groups=channels.groups, dtype=self.dtype,
            # Numbers of their own for each geometry, and others for another seed.
            data="even", seed=(self.seed << 32) + index,
        )

    def shape(self, geometry: Geometry) -> tuple[int, ...]:
        """Of the output."""
        rows, columns, channels, _ = geometry
        area = (rows.outputs, columns.outputs)
        return area if self.is_plane else (channels.batch, channels.filters * channels.groups, *area)

    @property
    def bits(self) -> int:
        """The numbers are drawn evenly from 2**bits whole ones, half of them below zero."""
        return even_bits(_precision(self.dtype))

    @property
    def terms(self) -> int:
        """The most products in one output."""
        return max(channels.channels for channels in self.channels) * self.world.kernel**2

    @property
    def largest_sum(self) -> int:
        """What no partial sum exceeds, in any order."""
        largest: int = 2 ** (self.bits - 1)
        return self.terms * largest**2 + largest

    @property
    def spare(self) -> int:
        """A formula with this many products, wrong ones too, is still computed without rounding."""
        return (1 << _precision(self.dtype) - 2 * (self.bits - 1)) - 1


def part_of(world: World, claims: Capabilities, *, as_plane: bool = False, seed: int = 0) -> Part | None:
    """The part of a world inside some claims; None if it holds nothing, for want of an element type.

    Parameters
    ----------
    claims : Capabilities
    as_plane : bool
        Whether a layer is asked for single pictures and filters only.
    seed : int
    """
    dtype = next((name for name in DTYPES if name in claims.dtypes), None)
    if dtype is None:
        return None
    reasons = [] if dtype == DTYPES[0] else [f"it does not claim {DTYPES[0]}: the numbers are {dtype}"]
    is_plane = claims.profile == "plane"
    if is_plane:
        reasons.append("it takes one picture and one filter (profile plane): no batch, channels, groups or bias")
    elif as_plane:
        reasons.append("it is asked for planes only: one picture, one channel, one filter, no groups, no bias")
    else:
        reasons += [] if claims.groups else ["it has no groups: each channel shape is asked for with one group"]
        reasons += [] if claims.bias else ["it has no bias: each channel shape is asked for without"]
    for name in ("stride", "dilation"):
        claimed = getattr(claims, name)
        if claimed == "same":
            reasons.append(f"it takes one {name} for both axes: only equal ones are asked for")
        elif claimed == "none":
            reasons.append(f"it has no {name}: only 1 is asked for")
    reasons += {
        "sides": [], "none": ["it has no padding: only 0 zeros are asked for"],
        "pair": ["it takes one padding for each axis: only equal sides of an axis are asked for"],
        "same": ["it takes one padding for all sides: only four equal ones are asked for"],
    }[claims.padding]
    reasons += [f"it takes {limit}" for limit in claims.geometric_limits]
    shapes = (ALONE,) if is_plane or as_plane else tuple(dict.fromkeys(
        replaced._replace(bias=replaced.bias and claims.bias)
        for replaced in (shape if claims.groups else shape._replace(groups=1) for shape in world.channels)
    ))
    return Part(
        world, shapes, dtype, is_plane, claims.stride, claims.dilation, claims.padding, claims.geometric_limits,
        seed, tuple(reasons),
    )


# Whether two axes together lie inside what a limit of `Capabilities.geometric_limits` leaves.
_INSIDE: dict[str, Callable[[Axis, Axis], bool]] = {
    SQUARE_KERNELS: lambda rows, columns: rows.kernel == columns.kernel,
    ODD_KERNELS: lambda rows, columns: rows.kernel % 2 == columns.kernel % 2 == 1,
    SQUARE_PICTURES: lambda rows, columns: rows.size == columns.size,
    EXACT_FIT: lambda rows, columns: rows.left_over == columns.left_over == 0,
}


def _is_claimed(claimed: str, rows: int, columns: int) -> bool:
    return claimed == "each" or (rows == columns and (claimed == "same" or rows == 1))


def _precision(dtype: str) -> int:
    """How many bits a whole number may have and be exact; the sign not counted."""
    if dtype in FORMATS:
        return FORMATS[dtype].precision
    return 8 * numpy_dtype(dtype).itemsize - 1
