"""The project's own variant: NumPy alone, and near the rate at which the machine multiplies matrices.

A convolution is a matrix product once every window of the picture stands in a column of its own:

      w              windows            y
    filter 0       | | | | | |       |0|1|2|3|4|
    filter 1   @ K | | | | | |   =   | | | | | |       K = channels * kH * kW
       K           positions         positions

Each pixel stands in kH * kW windows. They are copied in blocks that stay in the cache, in one of two ways.
*Wide* pictures are unfolded sideways only: a row becomes kW rows, each moved by one pixel. The windows of an
output row are then neighbouring rows of that table: nothing is copied for kH. With a kernel of 2 x 3:

      a b c d e      row 0  a b c  +
      f g h i j             b c d  |  windows of output row 0
      k l m n o             c d e  |
                     row 1  f g h  |  +
                            g h i  |  |  windows of output row 1
                            h i j  +  |

*Narrow* pictures would make products too narrow to be fast: windows of several rows stand side by side. If the
output is as wide as the picture, a tap sees all of it moved: one long copy, and zeros over what came around.

      a b c d  moved by one  b c d e  the last column    b c d 0
      e f g h ------------>  f g h .  is padding ----->  f g h 0

The products are small on purpose: up to `LARGEST_PRODUCT` OpenBLAS reads both factors where they lie (105 to
110 Gflop/s on 3x3 layers, large products 92 to 100). Integers stay integers: `einsum` adds whole rows, 20 times
as fast as NumPy's matrix product does it. Beside input and output a call needs a copy of the weight and three
times `WORK_SPACE` bytes (or the windows of 16 positions and the pixels between them).
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np

from convspec.adapters.protocol import DTYPES, WORDS, Array, Capabilities, Deviation, Numerics, Pads, Pair
from convspec.reference import output_size, resolve_padding
from convspec.reference.arguments import check_shapes, integer, pair
from convspec.reference.padding import LARGEST_ARRAY
from convspec.reference.rounding import result_dtype

WORK_SPACE = 1 << 21  # bytes of windows: twice the usual second-level cache
LARGEST_PRODUCT = 1_000_000  # multiplications
LANES = 48  # positions in one product of narrow pictures: three registers of 16 numbers
SMALL = 4096  # so many numbers are written down at once, without blocks
BY_ROWS = frozenset(map(np.dtype, ("i1", "i2", "i4", "u1", "u2", "u4")))  # processors multiply rows of these
TALL = 9  # from so many rows on, a filter that is alone is multiplied with four output rows at a time


class Plan(NamedTuple):
    """What shapes, dtypes and parameters come to, the same for every call that is like this one."""

    stride: Pair
    dilation: Pair
    corner: Pair  # where the first window starts
    shape: tuple[int, int, int, int, int]  # of y, with groups
    block: Pair  # rows and columns of y computed together
    wide: bool
    dtype: Any


class Vectorized:
    """Cross-correlation as many small matrix products over copied windows."""

    name = "vectorized"
    versions = {"numpy": np.__version__}
    capabilities = Capabilities(dtypes=DTYPES, padding_words=WORDS, mixed_dtypes="promote")
    numerics = Numerics()
    deviations: tuple[Deviation, ...] = ()

    def conv2d(self, x: Array, w: Array, bias: Array | None = None, *, stride: Pair = (1, 1),
               padding: Pads | str = ((0, 0), (0, 0)), dilation: Pair = (1, 1), groups: int = 1) -> Array:
        """(N, C_in, H, W) with (C_out, C_in/groups, kH, kW) gives (N, C_out, oH, oW)."""
        x, w, bias = np.asarray(x), np.asarray(w), None if bias is None else np.asarray(bias)
        added = (None, None) if bias is None else (bias.shape, bias.dtype)
        arrays, sides = (x.shape, x.dtype, w.shape, w.dtype, *added), cast(Any, padding)
        try:
            (sh, sw), (dh, dw), ((top, bottom), (left, right)) = stride, dilation, sides
            plan = _plan(*arrays, groups, sh, sw, dh, dw, top, bottom, left, right)
        except (TypeError, ValueError):  # a word, one number for both axes, or a mistake to be named
            (sh, sw), (dh, dw) = pair("stride", stride, at_least=1), pair("dilation", dilation, at_least=1)
            (top, bottom), (left, right) = resolve_padding(
                padding, size=x.shape[-2:], kernel=w.shape[-2:], stride=(sh, sw), dilation=(dh, dw))
            groups = integer("groups", groups, at_least=1)
            plan = _plan(*arrays, groups, sh, sw, dh, dw, top, bottom, left, right)
        y = np.empty(plan.shape, plan.dtype)
        with np.errstate(all="ignore"):  # infinities and NaN are answers like others
            _fill(y, x, w, bias, plan)
        return y.reshape(len(x), len(w), *plan.shape[3:])


# Remembers numbers, never arrays; typed, because 1.0 and True are equal to 1 but must be refused.
@lru_cache(maxsize=512, typed=True)
def _plan(x_shape: Any, x_dtype: Any, w_shape: Any, w_dtype: Any, bias_shape: Any, bias_dtype: Any,
          groups: int, sh: int, sw: int, dh: int, dw: int, top: int, bottom: int, left: int, right: int) -> Plan:
    """Check a call by the rules of the specification and divide its output into blocks."""
    x, w = np.broadcast_to(np.empty((), x_dtype), x_shape), np.broadcast_to(np.empty((), w_dtype), w_shape)
    bias = None if bias_dtype is None else np.broadcast_to(np.empty((), bias_dtype), bias_shape)
    if (x.ndim, w.ndim) != (4, 4) or (dtype := result_dtype(x, w, bias)).name not in DTYPES:
        raise ValueError("x and w must have rank 4 and numbers of a supported dtype, "
                         f"got x of shape {x_shape} and dtype {x_dtype} and w of shape {w_shape} and dtype {w_dtype}")
    check_shapes(x, w, bias, integer("groups", groups, at_least=1))
    (N, _, H, W), (C_out, channels, kH, kW) = x_shape, w_shape
    rows = output_size(H, kH, pad=(top, bottom), stride=sh, dilation=dh)
    columns = output_size(W, kW, pad=(left, right), stride=sw, dilation=dw)
    if (padded := (top + H + bottom) * (left + W + right)) > max(LARGEST_ARRAY, 4 * H * W):
        raise ValueError(f"padding {((top, bottom), (left, right))} makes pictures of {padded} numbers")
    K = max(1, channels * kH * kW)
    # Bytes for each position: of its window, or of the pixels from one position to the next if those are more.
    window = K * groups * max(4, dtype.itemsize) * -(-max(kH, sh) * max(kW, sw) // (kH * kW))
    if wide := columns >= LANES and (dh == 1 or kH == 1) and dtype not in BY_ROWS:
        most = max(16, min(WORK_SPACE // (2 * window), LARGEST_PRODUCT // (K * min(C_out + 4, 12))))
        width = columns if columns <= most else -(-columns // (16 * -(-columns // most))) * 16
        height = (WORK_SPACE * kH // (window * width) - kH) // sh + 1
    else:
        width = min(columns, max(16, WORK_SPACE // window // -(-(1 + (kH - 1) * dh) // (kH * kW))))
        height = WORK_SPACE // (window * width) if width == columns else 1
    return Plan((sh if rows > 1 else 1, sw if columns > 1 else 1), (dh if kH > 1 else 1, dw if kW > 1 else 1),
                (-top, -left), (N, groups, C_out // groups, rows, columns),
                (max(1, min(rows, height)), width), wide, dtype)  # an untaken step may exceed any address


def _fill(y: Array, x: Array, w: Array, bias: Array | None, plan: Plan) -> None:
    """Compute y (N, groups, C_out/groups, oH, oW), block by block if it is not a short way."""
    N, groups, outputs, rows, columns = y.shape
    kernel, K = w.shape[2:], math.prod(w.shape[1:])
    added = np.asarray(0) if bias is None else bias.reshape(groups, outputs, 1, 1)
    if y.size == 0 or K == 0:
        y[...] = added
        return
    compute = y.dtype if y.dtype.kind in "iu" or y.dtype.itemsize > 2 else np.dtype(np.float32)
    if bias is None and x.dtype == w.dtype == y.dtype == compute:
        # One output row needs no stride, and one row of padding and one of picture give as many as the picture has.
        pointwise = (kernel == plan.stride == (1, 1) and plan.corner == (0, 0) and x.shape[2:] == (rows, columns)
                     and x.flags.c_contiguous)
        if pointwise or (N == groups == 1 and K * rows * columns <= SMALL):
            windows = x if pointwise else _windows(x[0], compute, kernel, plan, plan.corner, (rows, columns))
            _product(w.reshape(groups, outputs, K), windows.reshape(N, groups, K, -1),
                     y.reshape(N, groups, outputs, -1))
            return
    weight = np.asarray(w.transpose(0, 2, 3, 1) if plan.wide else w, compute).reshape(groups, outputs, K)
    height, width = plan.block
    high = (height - 1) * plan.stride[0] + kernel[0] if plan.wide else height * kernel[0]
    table = np.empty(groups * K // kernel[0] * high * width, compute)
    for n, i, j in np.ndindex(N, -(-rows // height), -(-columns // width)):
        block = y[n, :, :, i * height:(i + 1) * height, j * width:(j + 1) * width]
        total = block if compute == y.dtype else np.empty(block.shape, compute)
        corner = plan.corner[0] + i * height * plan.stride[0], plan.corner[1] + j * width * plan.stride[1]
        (_wide if plan.wide else _narrow)(total, table, x[n], weight, kernel, plan, corner)
        if bias is not None:
            total += added.astype(total.dtype)
        if total is not block:
            block[...] = total


def _wide(total: Array, table: Array, picture: Array, weight: Array, kernel: Pair, plan: Plan,
          corner: Pair) -> None:
    """Unfold the rows of a block sideways, and multiply."""
    groups, outputs, height, width = total.shape
    (kH, kW), (sh, sw) = kernel, plan.stride
    high = (height - 1) * sh + kH
    moved = _windows(picture, weight.dtype, (1, kW), plan._replace(stride=(1, sw)), corner, (high, width))
    table = table[:moved.size].reshape(groups, high, kW, -1, width)
    table[...] = moved.reshape(groups, -1, kW, high, width).transpose(0, 3, 2, 1, 4)

    def windows(rows_at_once: int) -> Array:
        taps = (rows_at_once - 1 + kH) * (weight.shape[2] // kH)
        g, h, _, _, b = table.strides
        return np.ndarray((groups, height // rows_at_once, taps, width), table.dtype, table, 0,
                          (g, h * sh * rows_at_once, b * width, b))

    pixels = picture[:, max(0, corner[0]):max(0, corner[0] + high)]
    done = height // 4 * 4 if outputs == sh == 1 and kH >= TALL and np.isfinite(pixels).all() else 0
    if done:  # one filter makes a thin product: below it stands the same one for the next rows, among zeros
        four = np.zeros((groups, 4, 3 + kH, weight.shape[2] // kH), weight.dtype)
        for t in range(4):
            four[:, t, t:t + kH] = weight.reshape(groups, kH, -1)
        _multiply(four.reshape(groups, 4, -1), windows(4), total[:, 0, :done].reshape(groups, -1, 4, width))
    _multiply(weight, windows(1)[:, done:], total[:, :, done:].swapaxes(1, 2))


def _narrow(total: Array, table: Array, picture: Array, weight: Array, kernel: Pair, plan: Plan,
            corner: Pair) -> None:
    """Write the windows of a block side by side, and multiply."""
    groups, outputs, height, width = total.shape
    (C, _, W), (kH, kW), (dh, dw) = picture.shape, kernel, plan.dilation
    table = table[:C * kH * kW * height * width].reshape(C, kH, kW, height, width)
    moves = [q * dw + corner[1] for q in range(kW)]
    if plan.stride == (1, 1) and width == W and max(-moves[0], moves[-1]) <= W:
        # A row more above and below: what comes around the edge is overwritten, but it must be there.
        patch = _patch(picture, table.dtype, (corner[0] - 1, 0), (height + (kH - 1) * dh + 2, W))
        c, h, b = patch.strides
        table.reshape(C, kH, kW, -1)[...] = np.ndarray((C, kH, kW, height * W), table.dtype, patch,
                                                       (W + moves[0]) * b, (c, h * dh, b * dw, b))
        for q, move in enumerate(moves):
            table[:, :, q, :, max(0, W - move):] = table[:, :, q, :, :max(0, -move)] = 0
    else:
        table[...] = _windows(picture, table.dtype, kernel, plan, corner, (height, width))
    windows, total = table.reshape(groups, 1, -1, height * width), total.reshape(groups, 1, outputs, -1)
    if full := 0 if table.dtype in BY_ROWS else height * width // LANES * LANES:
        _multiply(weight, *(a[..., :full].reshape(groups, -1, full // LANES, LANES).swapaxes(1, 2)
                            for a in (windows, total)))
    if full < height * width:
        _multiply(weight, windows[..., full:], total[..., full:])


def _multiply(weight: Array, windows: Array, total: Array) -> None:
    """Multiply (groups, O, K) with windows (groups, P, K, positions) to total (groups, P, O, positions)."""
    outputs, size = weight.shape[1], windows.shape[2] * windows.shape[3]
    most = outputs if total.dtype in BY_ROWS else min(30, LARGEST_PRODUCT // size) // 6 * 6 or outputs
    for first in range(0, outputs, most):
        # OpenBLAS is fastest with six filters at a time: the last block starts early rather than being short.
        many = min(most, -(-(outputs - first) // 6) * 6)
        first = max(0, min(first, outputs - many))
        _product(weight[:, None, first:first + many], windows, total[:, :, first:first + many])


def _product(weight: Array, windows: Array, total: Array) -> None:
    """Multiply (..., O, K) with (..., K, positions) to total (..., O, positions)."""
    if total.dtype in BY_ROWS:
        np.einsum("...ok,...kp->...op", weight, windows, out=total)
    else:
        np.matmul(weight, windows, out=total)


def _windows(picture: Array, dtype: Any, kernel: Pair, plan: Plan, corner: Pair, size: Pair) -> Array:
    """View a picture (C, H, W) in its padding as windows (C, kH, kW, rows, columns), first at `corner`."""
    (sh, sw), (dh, dw), (kH, kW), (rows, columns) = plan.stride, plan.dilation, kernel, size
    reach = (rows - 1) * sh + (kH - 1) * dh + 1, (columns - 1) * sw + (kW - 1) * dw + 1
    patch = _patch(picture, dtype, corner, reach)
    c, h, b = patch.strides
    return np.ndarray((len(picture), *kernel, *size), dtype, patch, 0, (c, h * dh, b * dw, h * sh, b * sw))


def _patch(picture: Array, dtype: Any, corner: Pair, size: Any) -> Array:
    """Cut a piece out of a picture in its padding, in one piece of memory; without a copy if it lies so."""
    (C, H, W), (i, j), (height, width) = picture.shape, corner, size
    inside = picture[:, max(0, i):max(0, i + height), max(0, j):max(0, j + width)]
    if inside.shape == (C, height, width) and inside.dtype == dtype and inside.flags.carray:
        return inside
    patch = np.zeros((C, height, width), dtype)
    patch[:, max(0, -i):max(0, H - i), max(0, -j):max(0, W - j)] = inside
    return patch


adapter = Vectorized()
