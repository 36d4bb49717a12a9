"""A right convolution that is quick, for the functions of this folder to be made of."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv(x, w, bias=None, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    """Convolve a batch of channels, or one picture; sum in the dtype of the input."""
    if x.ndim == w.ndim == 2:
        return conv(x[None, None], w[None, None], None, stride, padding, dilation)[0, 0]
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(f"x has {x.ndim} axes and w has {w.ndim}; both must have 4, or both 2")
    (sh, sw), (dh, dw) = stride, dilation
    if min(sh, sw, dh, dw, groups) < 1 or min(w.shape[2:]) < 1 or min(map(min, padding)) < 0:
        raise ValueError(f"stride {stride}, dilation {dilation}, groups {groups} or padding {padding} is too small")
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise ValueError(f"x {x.shape} and w {w.shape} do not match in {groups} groups")
    if bias is not None and bias.shape != (w.shape[0],):
        raise ValueError(f"bias has shape {bias.shape}, want ({w.shape[0]},)")
    padded = np.pad(x, ((0, 0), (0, 0), *padding))
    reach = [(length - 1) * gap + 1 for length, gap in zip(w.shape[2:], dilation, strict=True)]
    if any(size < length for size, length in zip(padded.shape[2:], reach, strict=True)):
        raise ValueError(f"the kernel reaches over {reach}, the padded picture has only {padded.shape[2:]}")
    dtype = np.result_type(x, w)
    wide = np.float32 if dtype.name in ("float16", "bfloat16") else dtype
    windows = sliding_window_view(padded, reach, (2, 3))[:, :, ::sh, ::sw, ::dh, ::dw].astype(wide)
    N, _, rows, columns = windows.shape[:4]
    windows = windows.reshape(N, groups, w.shape[1], *windows.shape[2:])
    kernels = w.astype(wide).reshape(groups, w.shape[0] // groups, *w.shape[1:])
    y = np.einsum("ngcijpq,gocpq->ngoij", windows, kernels).reshape(N, w.shape[0], rows, columns)
    return (y if bias is None else y + bias.astype(wide)[:, None, None]).astype(dtype)


def both(value):
    """One number, or a pair, for both axes."""
    return (value, value) if isinstance(value, int) else tuple(value)


def sides(padding):
    """One number, a pair, or four numbers, as ((top, bottom), (left, right))."""
    if isinstance(padding, int):
        return ((padding, padding), (padding, padding))
    return tuple(pad if isinstance(pad, tuple) else (pad, pad) for pad in padding)
