"""PyTorch: ``torch.nn.functional.conv2d`` on the CPU."""

import numpy as np
import torch
from torch.nn.functional import conv2d, pad

from convspec.adapters.protocol import (
    COMPLEX_FLOATS,
    REAL_FLOATS,
    SIGNED_INTEGERS,
    Array,
    Capabilities,
    CaseLike,
    Deviation,
    Exclusion,
    Numerics,
    Pads,
    Pair,
)


def _as_tensor(array: Array) -> torch.Tensor:
    """Share the memory, with its strides; copy only what torch has no form for (negative strides, read-only)."""
    # A read-only array would only bring a warning, and an unaligned one a copy inside; both keep their values.
    if any(step < 0 for step in array.strides) or not array.flags.writeable or not array.flags.aligned:
        array = array.copy()
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _as_array(tensor: torch.Tensor) -> Array:
    if tensor.dtype is torch.bfloat16:
        import ml_dtypes

        return np.asarray(tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16))
    return np.asarray(tensor.numpy())


def _dilated(case: CaseLike) -> bool:
    return bool(case.dilation != (1, 1))


def _reaches_beyond_64_bits(case: CaseLike) -> bool:
    reaches = [(k - 1) * int(d) for k, d in zip(case.w_shape[-2:], case.dilation, strict=True)]
    return max(reaches) >= 2**63 - 1


def _single_channel_in_channels_last(case: CaseLike) -> bool:
    channels_last = "channels_last" in (case.layout_x, case.layout_w)
    return channels_last and len(case.w_shape) == 4 and case.w_shape[1] == 1 and bool(case.stride[1] > 1)


class TorchConv2d:
    """The call that every convolution layer of PyTorch makes."""

    name = "torch.nn.functional.conv2d"
    versions = {"torch": torch.__version__}
    capabilities = Capabilities(
        dtypes=(*REAL_FLOATS, *COMPLEX_FLOATS, *SIGNED_INTEGERS, "uint8"),
        padding_words=("valid", "same"),
        mixed_dtypes="raise",
        exclusions=(
            Exclusion(
                "integers other than int64 with dilation: not implemented in PyTorch",
                lambda case: "int" in case.dtype and case.dtype != "int64" and _dilated(case),
            ),
            Exclusion(
                "padding='same' with a stride above 1: PyTorch refuses it",
                lambda case: case.padding == "same" and case.stride != (1, 1),
            ),
        ),
        bridged={"padding that differs from side to side": "added with torch.nn.functional.pad"},
    )
    numerics = Numerics(flush_to_zero=("bfloat16",), complex_products=3)
    deviations = (
        Deviation(
            ("DEF-04", "*"),
            "one input channel, a channels-last weight and a horizontal stride above 1: the weight's strides are "
            "ambiguous, the kernel chosen for them reads beyond the picture, and some results are wrong",
            "https://github.com/pytorch/pytorch/issues/82060",
            when=_single_channel_in_channels_last,
            processor=lambda flags: "avx512f" in flags,
            example="x=2x1x6x3 w=3x1x4x2 stride=1,2 dtype=float32 layout_w=channels_last data=int:1",
        ),
        Deviation(
            ("SHP-10",),
            "without input channels PyTorch returns no output channels, and drops the bias",
            "https://github.com/pytorch/pytorch/pull/120944",
            when=lambda case: case.x_shape[1:2] == (0,),
        ),
        Deviation(
            ("ERR-06",),
            "a dilation near 2**62 overflows in the shape arithmetic and is accepted",
            "https://github.com/pytorch/pytorch/issues/189664",
            when=_reaches_beyond_64_bits,
            example="x=1x1x4x4 w=1x1x1x5 dilation=1,4611686018427387904 data=int:1",
        ),
        Deviation(
            ("DTY-04", "DTY-05", "PUR-02", "PUR-03"),
            "bfloat16 in channels-last memory with dilation crashes, or answers wrongly, in the AVX512-BF16 kernels",
            "https://github.com/pytorch/pytorch/issues/169688",
            when=lambda case: case.dtype == "bfloat16" and _dilated(case),
            processor=lambda flags: "avx512_bf16" in flags,
            example=(
                "x=1x2x2x1 w=2x2x2x2 stride=1,2 padding=1,1,3,3 dilation=1,2 dtype=bfloat16 "
                "layout_x=channels_last data=int:1"
            ),
        ),
        Deviation(
            ("DEF-01", "SPC-01", "SPC-02"),
            "bfloat16 with an odd number of channels: products are formed in pairs, and an infinity in the number "
            "beside the last channel, times the zero that fills the pair, makes a NaN where none belongs",
            "https://github.com/uxlfoundation/oneDNN/issues/5717",
            when=lambda case: case.dtype == "bfloat16" and len(case.w_shape) == 4 and case.w_shape[1] % 2 == 1,
            processor=lambda flags: "avx512_bf16" in flags,
            example="x=1x1x3x1 w=1x1x1x1 dtype=bfloat16 layout_x=channels_last values=0,0,inf;1;",
        ),
    )

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Array:
        """Give (N, C_out, oH, oW) for x (N, C_in, H, W) and w (C_out, C_in/groups, kH, kW)."""
        image, weight = _as_tensor(x), _as_tensor(w)
        offset = None if bias is None else _as_tensor(bias)
        if not isinstance(padding, str):
            (top, bottom), (left, right) = padding
            if min(top, bottom, left, right) < 0:
                # The bridge must not let through what the library refuses: pad() would crop.
                raise ValueError(f"padding is {padding}; negative padding is not supported")
            if (top, left) != (bottom, right):
                image, top, left = pad(image, (left, right, top, bottom)), 0, 0
            return _as_array(conv2d(image, weight, offset, stride, (top, left), dilation, groups))
        return _as_array(conv2d(image, weight, offset, stride, padding, dilation, groups))


adapter = TorchConv2d()
