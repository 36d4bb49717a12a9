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


def _special_numbers_in_odd_bfloat16_channels(case: CaseLike) -> bool:
    is_odd = len(case.w_shape) == 4 and case.w_shape[1] % 2 == 1
    return case.dtype == "bfloat16" and is_odd and case.has_special_numbers


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
            ("*",),
            "one input channel, a channels-last weight and a horizontal stride above 1: the weight's strides are "
            "ambiguous, the kernel chosen for them reads beyond the picture, and some results are wrong",
            "https://github.com/pytorch/pytorch/issues/82060",
            when=_single_channel_in_channels_last,
            processor=lambda flags: "avx512f" in flags,
            harmful=True,
        ),
        Deviation(
            ("SHP-10",),
            "without input channels PyTorch returns no output channels, and drops the bias",
            "https://github.com/pytorch/pytorch/pull/120944",
            when=lambda case: case.x_shape[1:2] == (0,),
            example="x=1x0x3x3 w=2x0x2x2 data=int:0",
        ),
        Deviation(
            ("ERR-06",),
            "a dilation near 2**62 overflows in the shape arithmetic and is accepted",
            "https://github.com/pytorch/pytorch/issues/189664",
            when=_reaches_beyond_64_bits,
            example="x=1x1x4x4 w=1x1x1x5 dilation=1,4611686018427387904 data=int:1",
        ),
        Deviation(
            ("*",),
            "bfloat16 in channels-last memory with dilation crashes, or answers wrongly, in the AVX512-BF16 kernels",
            "https://github.com/pytorch/pytorch/issues/169688",
            when=lambda case: case.dtype == "bfloat16" and _dilated(case),
            processor=lambda flags: "avx512_bf16" in flags,
            harmful=True,
        ),
        Deviation(
            ("*",),
            "bfloat16 with an odd number of channels in a group: products are formed in pairs, and an infinity or a "
            "NaN in the number beside the last channel, times the zero that fills the pair, makes a NaN where none "
            "belongs",
            "https://github.com/uxlfoundation/oneDNN/issues/5717",
            when=_special_numbers_in_odd_bfloat16_channels,
            # Measured: with the kernels for AVX-512, with and without its instructions for bfloat16; with those for
            # AVX2 never. Which cases show it differs between the two, so no example holds for both.
            processor=lambda flags: {"avx512f", "avx512bw"} <= flags,
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
