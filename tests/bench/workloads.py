"""What is timed: the calls of the benchmark, and the series in which one quantity grows."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Workload:
    """One call: shapes and parameters, the same on both axes.

    Parameters
    ----------
    id, title : str
    x : (N, C_in, H, W)
    w : (C_out, C_in / groups, kH, kW)
    stride, padding, dilation, groups : int
        In samples; padding on each side.
    dtype : str
    counted : bool
        Whether it takes part in the geometric mean.
    """

    id: str
    title: str
    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    dtype: str = "float32"
    counted: bool = True

    @property
    def output(self) -> tuple[int, int, int, int]:
        """(N, C_out, oH, oW)."""
        reach = [self.dilation * (self.w[axis] - 1) + 1 for axis in (2, 3)]
        oH, oW = ((self.x[axis + 2] + 2 * self.padding - reach[axis]) // self.stride + 1 for axis in (0, 1))
        return self.x[0], self.w[0], oH, oW

    @property
    def terms(self) -> int:
        """How many products one output is the sum of."""
        return math.prod(self.w[1:])

    @property
    def operations(self) -> int:
        """Multiplications and additions of the definition."""
        return 2 * math.prod(self.output) * self.terms

    @property
    def least_bytes(self) -> int:
        """What must be moved at least: x and w read once, the output written once."""
        return np.dtype(self.dtype).itemsize * (math.prod(self.x) + math.prod(self.w) + math.prod(self.output))

    def arrays(self) -> tuple[Array, Array]:
        """Build x and w; integers fill their whole range, floats are normally distributed."""
        random = np.random.default_rng(0)
        if np.dtype(self.dtype).kind in "iu":
            limits = np.iinfo(self.dtype)
            return (
                random.integers(limits.min, limits.max, self.x, self.dtype, endpoint=True),
                random.integers(limits.min, limits.max, self.w, self.dtype, endpoint=True),
            )
        return random.standard_normal(self.x).astype(self.dtype), random.standard_normal(self.w).astype(self.dtype)


def layer(id: str, title: str, batch: int, channels: int, size: int, **changes: Any) -> Workload:
    """Make a 3x3 layer with as many channels out as in, whose output is as large as its input."""
    shape = (batch, channels, size, size)
    return Workload(id, title, shape, (channels, channels // changes.get("groups", 1), 3, 3),
                    padding=changes.get("dilation", 1), **changes)


WORKLOADS = [
    Workload("first-layer", "7×7 stride 2, 3 to 64 channels, 224×224", (1, 3, 224, 224), (64, 3, 7, 7), 2, 3),
    layer("resnet-64", "3×3, 64 to 64 channels, 56×56", 1, 64, 56),
    layer("resnet-128", "3×3, 128 to 128 channels, 28×28", 1, 128, 28),
    layer("resnet-256", "3×3, 256 to 256 channels, 14×14", 1, 256, 14),
    Workload("pointwise", "1×1, 256 to 64 channels, 56×56", (1, 256, 56, 56), (64, 256, 1, 1)),
    Workload("downsample", "3×3 stride 2, 128 to 256 channels, 28×28", (1, 128, 28, 28), (256, 128, 3, 3), 2, 1),
    layer("batch-8", "batch of 8, 3×3, 64 to 64 channels, 56×56", 8, 64, 56),
    Workload("picture-3", "one channel, 512×512, 3×3", (1, 1, 512, 512), (1, 1, 3, 3), 1, 1),
    Workload("picture-15", "one channel, 512×512, 15×15", (1, 1, 512, 512), (1, 1, 15, 15), 1, 7),
    layer("large-64", "3×3, 64 to 64 channels, 224×224", 1, 64, 224),
    Workload("example", "the worked example, 8×7 with 3×3", (1, 1, 8, 7), (1, 1, 3, 3)),
    layer("depthwise", "depthwise 3×3, 128 channels, 56×56", 1, 128, 56, groups=128, counted=False),
    layer("dilated", "3×3 dilation 2, 64 to 64 channels, 56×56", 1, 64, 56, dilation=2, counted=False),
    layer("groups-4", "3×3 in 4 groups, 64 to 64 channels, 56×56", 1, 64, 56, groups=4, counted=False),
    layer("double", "float64, 3×3, 64 to 64 channels, 56×56", 1, 64, 56, dtype="float64", counted=False),
    layer("int32", "int32, 3×3, 64 to 64 channels, 28×28", 1, 64, 28, dtype="int32", counted=False),
    Workload("batch-64", "batch of 64, 5×5, 16 to 16 channels, 28×28", (64, 16, 28, 28), (16, 16, 5, 5), 1, 2,
             counted=False),
]


def growth() -> list[tuple[str, int, Workload]]:
    """Vary one quantity at a time.

    Returns
    -------
    list of (axis, value, workload)
        The axis is "size", "channels", "kernel" or "batch", and the value what it is set to.
    """
    series = [("size", n, layer(f"size-{n}", "", 1, 32, n)) for n in (7, 14, 28, 56, 112, 224)]
    series += [("channels", n, layer(f"channels-{n}", "", 1, n, 28)) for n in (1, 4, 16, 64, 256)]
    series += [("kernel", n, Workload(f"kernel-{n}", "", (1, 1, 256, 256), (1, 1, n, n), 1, n // 2))
               for n in (1, 3, 5, 7, 15, 31)]
    return series + [("batch", n, layer(f"batch-{n}", "", n, 16, 28)) for n in (1, 4, 16, 64)]
