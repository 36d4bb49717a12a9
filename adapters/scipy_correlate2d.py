"""SciPy: ``scipy.signal.correlate2d``, one pair of channels at a time."""

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
from convspec.reference import zero_pad


class ScipyCorrelate2d:
    """One 2-D correlation for each output channel and input channel, of all pictures of the batch at once.

    The pictures lie one below the other. With dilation, the rows and columns that a window meets are made neighbours
    first. Zeros between the taps would be shorter, but would turn a NaN in a gap into a NaN in the result.
    """

    name = "scipy.signal.correlate2d"
    versions = {"scipy": scipy.__version__, "numpy": np.__version__}
    capabilities = Capabilities(
        dtypes=("float32", "float64", *COMPLEX_FLOATS, *SIGNED_INTEGERS, *UNSIGNED_INTEGERS),
        bridged={
            "batches": "one picture below the other; windows that meet two of them are left out",
            "channels and groups": "one call for each pair of channels, summed",
            "stride": "every s-th output of stride 1",
            "dilation": "the rows and columns that a window meets are made neighbours",
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
        y = np.zeros(shape, dtype)
        if y.size == 0:
            return y
        padded = zero_pad(x, pads)
        rows, columns = (_neighbours(padded.shape[axis + 2], dilation[axis]) for axis in (0, 1))
        pictures = padded[:, :, rows][:, :, :, columns].swapaxes(0, 1)
        tall = pictures.reshape(x.shape[1], shape[0] * len(rows), len(columns))
        # Where the window of each output begins, (N, oH, 1) and (oW,).
        across = np.argsort(columns)[:: stride[1]][: shape[3]]
        within = np.argsort(rows)[:: stride[0]][: shape[2]]
        down = (np.arange(shape[0])[:, None] * len(rows) + within)[:, :, None]
        # correlate2d conjugates its second operand, which the specification does not.
        kernels = w.conj()
        outputs, inputs = w.shape[0] // groups, w.shape[1]
        everywhere = np.zeros((tall.shape[1] - w.shape[2] + 1, tall.shape[2] - w.shape[3] + 1), dtype)
        for o in range(shape[1]):
            channels = tall[o // outputs * inputs :][:inputs]
            planes = (correlate2d(*pair, mode="valid") for pair in zip(channels, kernels[o], strict=True))
            y[:, o] = sum(planes, start=everywhere)[down, across]
            if bias is not None:
                y[:, o] += bias[o]
        return y


def _neighbours(length: int, step: int) -> Array:
    """The order of rows in which those that are a step apart follow each other: 0 2 4 1 3 for 5 rows and step 2."""
    return np.argsort(np.arange(length) % step, kind="stable")


adapter = ScipyCorrelate2d()
