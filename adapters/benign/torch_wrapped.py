"""PyTorch's conv2d, for the dtypes in which it is dependable."""

import numpy as np

from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.pieces import Call, convolve, zero_pad
from convspec.adapters.protocol import WORDS, Array, Capabilities

right = Collection()

OFFERED = ("float32", "float64", "int64")


@right(
    "torch-conv2d", library="torch",
    capabilities=Capabilities(
        dtypes=OFFERED, padding_words=WORDS, mixed_dtypes="raise", bridged={"padding": "zeros added first"}))
def torch_conv2d(call: Call) -> Array:
    """PyTorch convolves a contiguous copy; empty arrays, which it refuses, are left to NumPy."""
    import torch

    name = call.x.dtype.newbyteorder("=").name
    if name not in OFFERED or call.w.dtype.newbyteorder("=").name != name:
        raise ValueError(f"x and w must have one dtype of {OFFERED}, got {call.x.dtype} and {call.w.dtype}")
    largest = max(*call.stride, *call.dilation)
    empty, dilated_integers = 0 in (call.x.size, call.w.size), name == "int64" and max(call.dilation) > 1
    if empty or dilated_integers or largest > 2**20:
        return convolve(call)
    padded = torch.from_numpy(zero_pad(call.x.astype(call.dtype), call.pads))
    w = torch.from_numpy(np.array(call.w, call.dtype, order="C"))
    bias = None if call.bias is None else torch.from_numpy(np.array(call.bias, call.dtype))
    y = torch.nn.functional.conv2d(padded, w, bias, call.stride, 0, call.dilation, call.groups)
    return np.asarray(y.numpy())
