"""The same sum in another form: contractions, scattering, matrices, tiles, and other shapes of the result."""

import threading
from typing import Any

import numpy as np

from convspec.adapters.benign.orders import finished, prepared, zeros
from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.pieces import Call, convolve, working_dtype, zero_pad
from convspec.adapters.protocol import Array, Pads

right = Collection()


@right("einsum")
def einsum(call: Call) -> Array:
    """The sum is written as one Einstein summation over the windows."""
    seen, w = prepared(call)
    return finished(call, np.einsum("ngxcijpq,gocyzpq->ngoij", seen, w))


@right("tensordot")
def tensordot(call: Call) -> Array:
    """Each group is one tensor contraction."""
    seen, w = prepared(call)
    total = zeros(call)
    for g in range(call.groups):
        contracted = np.tensordot(seen[:, g, 0], w[g, :, :, 0, 0], axes=((1, 4, 5), (1, 2, 3)))
        total[:, g] = np.moveaxis(contracted, -1, 1)
    return finished(call, total)


@right("reduction-of-products")
def reduction_of_products(call: Call) -> Array:
    """All products are formed first and then summed by one reduction."""
    seen, w = prepared(call)
    total = zeros(call)
    for o in range(total.shape[2]):
        part = seen[:, :, 0] * w[:, o]
        total[:, :, o] = np.add.reduce(part, axis=(2, 5, 6), dtype=part.dtype)
    return finished(call, total)


@right("scattered")
def scattered(call: Call) -> Array:
    """Each input row is multiplied by each tap and added to the output row where it belongs."""
    work, total = working_dtype(call.dtype), zeros(call)
    padded = zero_pad(call.x.astype(work), call.pads)
    N, C_in, height, _ = padded.shape
    padded = padded.reshape(N, call.groups, 1, C_in // call.groups, height, padded.shape[3])
    w = call.w.astype(work).reshape(call.groups, total.shape[2], call.w.shape[1], *call.kernel)
    (sh, sw), (dh, dw), columns = call.stride, call.dilation, total.shape[4]
    for row in range(height):
        for p in range(call.kernel[0]):
            i, between = divmod(row - p * dh, sh)
            if between or not 0 <= i < total.shape[3]:
                continue
            for q in range(call.kernel[1]):
                last = q * dw + (columns - 1) * sw + 1
                part = padded[:, :, :, :, row, q * dw:last:sw] * w[:, :, :, p, q, np.newaxis]
                total[:, :, :, i] += np.add.reduce(part, axis=3, dtype=part.dtype)
    return finished(call, total)


@right("padding-skipped")
def padding_skipped(call: Call) -> Array:
    """Padding is never stored: taps that fall outside the picture are left out of the sum."""
    work, total = working_dtype(call.dtype), zeros(call)
    (top, _), (left, _) = call.pads
    H, W = call.size
    x = call.x.astype(work).reshape(len(call.x), call.groups, 1, call.x.shape[1] // call.groups, H, W)
    w = call.w.astype(work).reshape(call.groups, total.shape[2], call.w.shape[1], *call.kernel)
    for p in range(call.kernel[0]):
        rows = [i for i in range(total.shape[3]) if 0 <= i * call.stride[0] + p * call.dilation[0] - top < H]
        for q in range(call.kernel[1]):
            columns = [
                j for j in range(total.shape[4]) if 0 <= j * call.stride[1] + q * call.dilation[1] - left < W]
            if not rows or not columns:
                continue
            down = np.array(rows) * call.stride[0] + p * call.dilation[0] - top
            across = np.array(columns) * call.stride[1] + q * call.dilation[1] - left
            for c in range(w.shape[2]):
                taken = x[:, :, :, c][..., down[:, np.newaxis], across]
                part = taken * w[:, :, c, p, q, np.newaxis, np.newaxis]
                total[:, :, :, rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] += part
    return finished(call, total)


@right("matrix-of-the-weights")
def matrix_of_the_weights(call: Call) -> Array:
    """Each output row is a sparse matrix, built from the weights, times the picture; small pictures only."""
    work, total = working_dtype(call.dtype), zeros(call)
    padded = zero_pad(call.x.astype(work), call.pads)
    finite = call.dtype.kind in "iu" or bool(np.isfinite(padded).all())
    N, _, height, width = padded.shape
    rows, columns = total.shape[3:]
    if height * width * rows * columns > 2**16 or not finite:
        return convolve(call)
    C_out, Cg, kH, kW = call.w.shape
    matrix = np.zeros((C_out, Cg, rows, columns, height, width), work)
    w = call.w.astype(work)
    for i in range(rows):
        for j in range(columns):
            top, left = i * call.stride[0], j * call.stride[1]
            down = slice(top, top + (kH - 1) * call.dilation[0] + 1, call.dilation[0] if kH > 1 else None)
            across = slice(left, left + (kW - 1) * call.dilation[1] + 1, call.dilation[1] if kW > 1 else None)
            matrix[:, :, i, j, down, across] = w
    each, pixels = C_out // call.groups, Cg * height * width
    matrix = matrix.transpose(0, 2, 3, 1, 4, 5).reshape(call.groups, each * rows * columns, pixels)
    flat = padded.reshape(N, call.groups, pixels, 1)
    return finished(call, np.matmul(matrix, flat).reshape(N, call.groups, each, rows, columns))


@right("tiles-of-four-columns")
def tiles_of_four_columns(call: Call) -> Array:
    """Four output columns are computed at a time, the last ones in a tail that is right."""
    seen, w = prepared(call)
    total = zeros(call)
    for start in range(0, total.shape[4], 4):
        tile = seen[:, :, :, :, :, start:start + 4]
        total[..., start:start + 4] = np.einsum("ngxcijpq,gocyzpq->ngoij", tile, w)
    return finished(call, total)


@right("picture-by-picture")
def picture_by_picture(call: Call) -> Array:
    """Each picture of the batch is convolved by itself."""
    parts = [convolve(call.but(x=call.x[n:n + 1])) for n in range(len(call.x))]
    return np.concatenate(parts) if parts else convolve(call)


@right("subsampled-afterwards")
def subsampled_afterwards(call: Call) -> Array:
    """The stride is taken from the outputs of stride 1."""
    full = convolve(call.but(stride=(1, 1), padding=call.pads))
    return np.ascontiguousarray(full[:, :, ::call.stride[0], ::call.stride[1]])


@right("fortran-output")
def fortran_output(call: Call) -> Array:
    """The result stands in Fortran order in memory."""
    return np.asfortranarray(convolve(call))


@right("read-only-output")
def read_only_output(call: Call) -> Array:
    """The result may not be written."""
    y = convolve(call)
    y.flags.writeable = False
    return y


@right("view-output")
def view_output(call: Call) -> Array:
    """The result is a view of every second column of a larger, new array."""
    y = convolve(call)
    room = np.zeros((*y.shape[:3], 2 * y.shape[3]), y.dtype)
    room[..., 1::2] = y
    return room[..., 1::2]


@right("channels-last-output")
def channels_last_output(call: Call) -> Array:
    """The result has the right shape, but its channels are neighbours in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(convolve(call), 1, -1)), -1, 1)


@right("negative-zeros")
def negative_zeros(call: Call) -> Array:
    """Zeros of the result are negative zeros."""
    y = convolve(call)
    return np.where(y == 0, np.negative(np.zeros_like(y)), y) if y.dtype.name in {"float32", "float64"} else y


@right("other-nan")
def other_nan(call: Call) -> Array:
    """A NaN of the result has another sign and payload."""
    y = convolve(call)
    if y.dtype == np.float32:
        odd = np.array([0xFFC00123], np.uint32).view(np.float32)[0]
    elif y.dtype == np.float64:
        odd = np.array([0xFFF8000000000123], np.uint64).view(np.float64)[0]
    else:
        return y
    return np.where(np.isnan(y), odd, y)


PACKED: dict[Any, Array] = {}


@right("weights-kept-by-content")
def weights_kept_by_content(call: Call) -> Array:
    """Weights are kept from call to call by all their numbers, so that no other weight is taken for them."""
    if len(PACKED) > 256:
        PACKED.clear()
    key = (call.w.shape, call.w.dtype.str, call.w.tobytes())
    return convolve(call.but(w=PACKED.setdefault(key, call.w.copy())))


SCRATCH = threading.local()


@right("scratch-kept-and-cleared")
def scratch_kept_and_cleared(call: Call) -> Array:
    """Each thread keeps a scratch picture from call to call, and clears it before each use."""

    def pad(x: Array, pads: Pads) -> Array:
        (top, bottom), (left, right_pad) = pads
        shape = (*x.shape[:2], top + x.shape[2] + bottom, left + x.shape[3] + right_pad)
        scratch: Array | None = getattr(SCRATCH, "picture", None)
        if scratch is None or scratch.shape != shape or scratch.dtype != x.dtype:
            scratch = SCRATCH.picture = np.empty(shape, x.dtype)
        scratch[...] = 0
        scratch[:, :, top:top + x.shape[2], left:left + x.shape[3]] = x
        return scratch

    return convolve(call, pad=pad)
