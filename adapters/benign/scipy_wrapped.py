"""SciPy's correlate2d, one channel at a time."""

import numpy as np

from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.pieces import Call, convolve, working_dtype, zero_pad
from convspec.adapters.protocol import DTYPES, WORDS, Array, Capabilities

right = Collection()


@right(
    "scipy-correlate2d", library="scipy.signal",
    capabilities=Capabilities(
        dtypes=DTYPES, padding_words=WORDS, dilation="none", mixed_dtypes="promote",
        bridged={"stride": "every s-th output of stride 1", "padding": "zeros added first"}))
def scipy_correlate2d(call: Call) -> Array:
    """Each channel is correlated by SciPy, and the channels are added; dilation is refused."""
    from scipy.signal import correlate2d

    if max(call.dilation) > 1:
        raise ValueError(f"dilation={call.dilation} is not offered")
    if call.x.size == 0 or call.w.size == 0:
        return convolve(call)
    work = working_dtype(call.dtype)
    padded = zero_pad(call.x.astype(work), call.pads)
    w = call.w.astype(work).conj()
    C_out, Cg = w.shape[:2]
    rows = []
    for n in range(len(padded)):
        for o in range(C_out):
            first = o // (C_out // call.groups) * Cg
            parts = [correlate2d(padded[n, first + c], w[o, c], "valid") for c in range(Cg)]
            total = sum(parts[1:], start=parts[0])[::call.stride[0], ::call.stride[1]]
            rows.append(total if call.bias is None else total + call.bias[o].astype(work))
    y = np.stack(rows).astype(call.dtype)
    return y.reshape(len(padded), C_out, *y.shape[1:])
