"""The specification itself as an adapter: the suite must find nothing wrong with it."""

import numpy as np

from convspec.adapters.protocol import DTYPES, WORDS, Array, Capabilities, Deviation, Numerics, Pads, Pair
from convspec.reference import conv2d


class ReferenceConv2d:
    """The loops of `convspec.reference`."""

    name = "convspec.reference.conv2d"
    versions = {"numpy": np.__version__}
    capabilities = Capabilities(dtypes=DTYPES, padding_words=WORDS)
    numerics = Numerics()
    deviations: tuple[Deviation, ...] = ()

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Array:
        """Give (N, C_out, oH, oW) for x (N, C_in, H, W) and w (C_out, C_in/groups, kH, kW)."""
        return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


adapter = ReferenceConv2d()
