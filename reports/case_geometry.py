"""Where each output element of a counterexample reads, if its numbers fit together."""

from collections.abc import Sequence
from dataclasses import dataclass

from convspec.reference import output_size, resolve_padding
from convspec.reports.results import Array, Counterexample

LARGEST_PADDED = 300

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """A case whose numbers fit together: where each output element reads."""

    stride: Pair
    dilation: Pair
    pads: tuple[Pair, Pair]
    groups: int
    kernel: Pair
    out: Pair

    def window(self, i: int, j: int) -> list[Pair]:
        """Give the places in the padded picture that one output element reads."""
        return [
            (i * self.stride[0] + p * self.dilation[0], j * self.stride[1] + q * self.dilation[1])
            for p in range(self.kernel[0])
            for q in range(self.kernel[1])
        ]


def geometry_of(example: Counterexample, x: Array | None, w: Array | None) -> Geometry | None:
    """Resolve the parameters with the reference; None where they are not those of a legal call."""
    stride, dilation, groups = _pair(example.stride), _pair(example.dilation), example.groups
    if x is None or w is None or len(x.shape) != 4 or len(w.shape) != 4 or stride is None or dilation is None:
        return None
    if not isinstance(groups, int) or groups < 1 or w.shape[0] % groups or w.shape[1] * groups != x.shape[1]:
        return None
    size, kernel = (x.shape[2], x.shape[3]), (w.shape[2], w.shape[3])
    try:
        pads = resolve_padding(
            tuples(example.padding), size=size, kernel=kernel, stride=stride, dilation=dilation
        )
        out = tuple(
            output_size(size[a], kernel[a], pad=pads[a], stride=stride[a], dilation=dilation[a])
            for a in (0, 1)
        )
    except (TypeError, ValueError):
        return None
    if max(size[a] + sum(pads[a]) for a in (0, 1)) > LARGEST_PADDED:
        return None
    return Geometry(stride, dilation, (pads[0], pads[1]), groups, kernel, (out[0], out[1]))


def inside(at: Sequence[int], x: Array, w: Array, geometry: Geometry) -> bool:
    """Tell whether an output has such an element."""
    limits = (x.shape[0], w.shape[0], *geometry.out)
    return len(at) == 4 and all(0 <= index < limit for index, limit in zip(at, limits, strict=True))


def _pair(value: object) -> Pair | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    if isinstance(value, list) and len(value) == 2 and all(type(item) is int for item in value):
        return (value[0], value[1])
    return None


def tuples(value: object) -> object:
    """Write the lists of JSON as tuples."""
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value
