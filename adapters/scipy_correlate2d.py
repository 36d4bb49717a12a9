"""SciPy: ``scipy.signal.correlate2d``, one plane at a time."""

import numpy as np
import scipy
from scipy.signal import correlate2d

from convspec.adapters.checks import check_arguments
from convspec.adapters.protocol import (
    COMPLEX_FLOATS,
    SIGNED_INTEGERS,
    UNSIGNED_INTEGERS,
    Array,
    Capabilities,
    Deviation,
    Numerics,
    Pads,
    Pair,
)


class ScipyCorrelate2d:
    """One 2-D correlation for each picture, output channel and input channel."""

    name = "scipy.signal.correlate2d"
    versions = {"scipy": scipy.__version__, "numpy": np.__version__}
    capabilities = Capabilities(
        dtypes=("float32", "float64", *COMPLEX_FLOATS, *SIGNED_INTEGERS, *UNSIGNED_INTEGERS),
        bridged={
            "batches, channels and groups": "one call for each pair of channels, summed",
            "stride": "every s-th output of stride 1",
            "dilation": "the kernel meets each of the interleaved pictures on its own",
            "padding": "zeros around the picture, then mode 'valid'",
            "bias": "added afterwards",
        },
    )
    numerics = Numerics()
    deviations: tuple[Deviation, ...] = ()

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Array:
        """Give (N, C_out, oH, oW) for x (N, C_in, H, W) and w (C_out, C_in/groups, kH, kW)."""
        # The check comes first: with a kernel larger than the picture SciPy would swap the operands in silence.
        shape, pads, dtype = check_arguments(
            x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        padded = np.pad(x, ((0, 0), (0, 0), *pads))
        y = np.zeros(shape, dtype)
        outputs, inputs = w.shape[0] // groups, w.shape[1]
        for n, o in np.ndindex(shape[:2]):
            for c in range(inputs):
                y[n, o] += _plane(padded[n, o // outputs * inputs + c], w[o, c], stride, dilation)
            if bias is not None:
                y[n, o] += bias[o]
        return y


def _plane(picture: Array, kernel: Array, stride: Pair, dilation: Pair) -> Array:
    """One plane with stride and dilation: the kernel meets each of the interleaved pictures on its own.

    Zeros between the taps would be shorter, but they would turn a NaN in a gap into a NaN in the result.
    """
    (down, across), (height, width) = dilation, kernel.shape
    whole = np.zeros((picture.shape[0] - (height - 1) * down, picture.shape[1] - (width - 1) * across), picture.dtype)
    whole = whole.astype(np.result_type(picture, kernel))
    for row, column in np.ndindex(min(down, whole.shape[0]), min(across, whole.shape[1])):
        # correlate2d conjugates its second operand, which the specification does not.
        whole[row::down, column::across] = correlate2d(picture[row::down, column::across], kernel.conj(), mode="valid")
    return np.asarray(whole[:: stride[0], :: stride[1]])


adapter = ScipyCorrelate2d()
