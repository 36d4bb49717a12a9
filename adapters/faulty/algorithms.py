"""Two other algorithms, correct in themselves: by Fourier transform, and Winograd's for 3x3 kernels.

Their errors are larger than those of a direct sum, and differently spread. An implementation that declares
them is right (`convspec.adapters.benign`); one that uses them without saying so is not.
"""

from typing import Any

import numpy as np

from convspec.adapters.faulty.pieces import Call, add_bias, convolve, extent, sum_of_products, working_dtype, zero_pad
from convspec.adapters.protocol import Array

MATRICES = {
    2: (
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]],
    ),
    4: (
        [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
         [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
        [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
         [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    ),
}
"""By m of F(m, 3): the transforms of the tile, of the kernel and of the products.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", arXiv:1509.09308, section 4.
"""

LARGEST, SMALLEST = 1e12, 1e-12
"""Numbers outside this range, but for 0, are left to the direct sum: transforms leave the range sooner."""


def moderate(call: Call) -> bool:
    """Say whether all numbers are finite and of moderate size, so that no transform leaves the range."""
    for array in (call.x, call.w):
        magnitudes = np.abs(array)
        if not np.all((magnitudes == 0) | ((magnitudes > SMALLEST) & (magnitudes < LARGEST))):
            return False
    return True


def suits_fourier(call: Call) -> bool:
    """Say whether a Fourier transform can be used: floats, nothing empty."""
    return call.dtype.kind in "fcV" and call.x.size > 0 and call.w.size > 0 and moderate(call)


def suits_winograd(call: Call) -> bool:
    """Say whether Winograd's algorithm can be used: real floats, a 3x3 kernel, no stride, no dilation."""
    floats = call.dtype.name in {"float16", "bfloat16", "float32", "float64"}
    still = call.kernel == (3, 3) and call.stride == (1, 1) and call.dilation == (1, 1)
    return floats and still and call.x.size > 0 and call.w.size > 0 and moderate(call)


def finished(call: Call, y: Array) -> Array:
    """Add the bias in the working dtype and round."""
    y = y.astype(working_dtype(call.dtype))
    if call.bias is not None:
        y = add_bias(y, call.bias.astype(y.dtype))
    return y.astype(call.dtype)


def by_fourier(call: Call, *, complex_dtype: str | None = None) -> Array:
    """Convolve by products of spectra over the padded plane; directly where that cannot be done.

    Parameters
    ----------
    call : Call
        A checked call.
    complex_dtype : str, optional
        Dtype of the spectra, if it is to be another than that of the working dtype.
    """
    if not suits_fourier(call):
        return convolve(call)
    work = working_dtype(call.dtype)
    spectral = np.dtype(complex_dtype or np.result_type(work, np.complex64))
    padded = zero_pad(call.x.astype(spectral), call.pads)
    plane = (padded.shape[2], padded.shape[3])
    N, C_in = padded.shape[:2]
    C_out, Cg, kH, kW = call.w.shape
    spread = np.zeros((C_out, Cg, *call.reach), spectral)
    spread[:, :, ::call.dilation[0], ::call.dilation[1]] = call.w.astype(spectral)
    of_x = np.fft.fft2(padded).astype(spectral)
    of_w = np.fft.fft2(spread.conj(), s=plane).astype(spectral).conj()
    of_x = of_x.reshape(N, call.groups, 1, C_in // call.groups, *plane)
    of_w = of_w.reshape(call.groups, C_out // call.groups, Cg, *plane)
    sums = (of_x * of_w).sum(axis=3).reshape(N, C_out, *plane)
    y = np.fft.ifft2(sums)
    rows, columns = extent(plane, (kH, kW), call.stride, call.dilation)
    y = y[:, :, :rows * call.stride[0]:call.stride[0], :columns * call.stride[1]:call.stride[1]]
    return finished(call, y if call.dtype.kind == "c" else y.real)


def by_winograd(call: Call, tile: int, *, dtype: str | None = None) -> Array:
    """Convolve by F(m, 3) on both axes; directly where that cannot be done.

    Parameters
    ----------
    call : Call
        A checked call.
    tile : 2 or 4
        The m of F(m, 3): rows and columns of outputs that a tile gives.
    dtype : str, optional
        Dtype to which the transformed numbers are rounded, if it is to be another than the working dtype.
    """
    if not suits_winograd(call):
        return convolve(call)
    work = np.dtype(dtype) if dtype else working_dtype(call.dtype)
    of_tile, of_kernel, of_products = (np.array(matrix, work) for matrix in MATRICES[tile])
    plane = zero_pad(call.x.astype(work), call.pads)
    N, C_in, height, width = plane.shape
    C_out, Cg = call.w.shape[:2]
    oH, oW = height - 2, width - 2
    down, across = -(-oH // tile), -(-oW // tile)
    plane = zero_pad(plane, ((0, down * tile + 2 - height), (0, across * tile + 2 - width)))
    tiles = np.lib.stride_tricks.sliding_window_view(plane, (tile + 2, tile + 2), axis=(2, 3))
    tiles = of_tile @ tiles[:, :, ::tile, ::tile] @ of_tile.T
    kernels = of_kernel @ call.w.astype(work) @ of_kernel.T
    tiles = tiles.reshape(N, call.groups, C_in // call.groups, down * across, (tile + 2) ** 2)
    kernels = kernels.reshape(call.groups, C_out // call.groups, Cg, (tile + 2) ** 2)
    products = np.matmul(kernels.transpose(0, 3, 1, 2), tiles.transpose(0, 1, 4, 2, 3))
    products = products.transpose(0, 1, 3, 4, 2).reshape(N, C_out, down, across, tile + 2, tile + 2)
    y = of_products @ products @ of_products.T
    y = y.transpose(0, 1, 2, 4, 3, 5).reshape(N, C_out, down * tile, across * tile)[:, :, :oH, :oW]
    return finished(call, y)


def three_products(seen: Array, w: Array, groups: int) -> Array:
    """Multiply complex windows by filters with three real products instead of four, after Gauss, and sum."""
    a, b, c, d = seen.real, seen.imag, w.real, w.imag
    first = sum_of_products(a + b, c, groups)
    y = np.empty(first.shape, seen.dtype)
    y.real = first - sum_of_products(b, c + d, groups)
    y.imag = first + sum_of_products(a, d - c, groups)
    return y


def cut(array: Array, bits: int) -> Array:
    """Round floats to fewer significand bits, the hidden one counted; ties to even, range unchanged.

    Parameters
    ----------
    array : array of float32 or float64
        Numbers to round. What is infinite or NaN stays so.
    bits : int
        Significand bits that remain.
    """
    if array.dtype.kind != "f":
        return array
    mantissa, exponent = np.frexp(array)
    kept: Array = np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)
    return np.where(np.isfinite(array), kept, array).astype(array.dtype)


def with_inputs(call: Call, change: Any) -> Call:
    """Give a call whose x and w were changed by a function."""
    return call.but(x=change(call.x), w=change(call.w))
