"""Another operation than the one that is defined: flipped, transposed, averaged, clipped."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, convolve, sum_of_products
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array

wrong = Family("definition")


@wrong(
    "kernel-flipped",
    remedy="remove the flip, or pass w[..., ::-1, ::-1]",
    hides="when the kernel is symmetric about its centre",
    caught_by="DEF-01 DEF-02 DEF-05 LAW-04",
    recreates="https://github.com/SciML/DiffEqOperators.jl/pull/134",
)
def kernel_flipped(call: Call) -> Array:
    """The kernel is flipped on both axes: a true convolution, not a cross-correlation."""
    return convolve(call.but(w=call.w[..., ::-1, ::-1]))


@wrong(
    "kernel-flipped-vertically",
    remedy="remove the flip of the rows, or pass w[..., ::-1, :]",
    hides="when the kernel is symmetric top to bottom, as edge filters for vertical edges are",
    caught_by="DEF-01 DEF-02 LAW-04",
)
def kernel_flipped_vertically(call: Call) -> Array:
    """The kernel is flipped on one axis: upside down."""
    return convolve(call.but(w=call.w[..., ::-1, :]))


@wrong(
    "kernel-flipped-horizontally",
    remedy="remove the flip of the columns, or pass w[..., ::-1]",
    hides="when the kernel is symmetric left to right",
    caught_by="DEF-01 DEF-02 DEF-05 LAW-04",
)
def kernel_flipped_horizontally(call: Call) -> Array:
    """The kernel is flipped on one axis: left to right."""
    return convolve(call.but(w=call.w[..., ::-1]))


@wrong(
    "kernel-transposed",
    remedy="index the kernel as [row, column], without .T",
    hides="when the kernel is not square (the transposition is left out) or symmetric about its diagonal",
    caught_by="DEF-01 LAW-10",
    recreates="https://www.developerload.com/why-is-the-result-of-my-conv2d-function-centrally-symmetric-with-the-result-of-scipy",
    witness=plain(w=(3, 4, 3, 3)),
)
def kernel_transposed(call: Call) -> Array:
    """A square kernel is transposed: its rows are taken for columns."""
    square = call.kernel[0] == call.kernel[1]
    return convolve(call.but(w=call.w.swapaxes(2, 3)) if square else call)


@wrong(
    "kernel-rotated",
    remedy="remove the rotation by a quarter turn",
    hides="when the kernel is not square or looks the same after a quarter turn",
    caught_by="DEF-01",
    witness=plain(w=(3, 4, 3, 3)),
)
def kernel_rotated(call: Call) -> Array:
    """A square kernel is turned by ninety degrees."""
    square = call.kernel[0] == call.kernel[1]
    return convolve(call.but(w=np.rot90(call.w, axes=(2, 3))) if square else call)


@wrong(
    "output-upside-down",
    remedy="write output row i from window row i",
    hides="when the output has one row or is symmetric top to bottom",
    caught_by="DEF-01 LAW-04",
)
def output_upside_down(call: Call) -> Array:
    """The rows of the output come in reverse order."""
    return convolve(call)[:, :, ::-1].copy()


@wrong(
    "matrix-product",
    remedy="multiply element by element: np.sum(patch * kernel), not np.sum(patch @ kernel)",
    hides="when the kernel is not square, has one tap, or has constant rows and columns",
    caught_by="DEF-01",
    witness=plain(w=(3, 4, 3, 3)),
)
def matrix_product(call: Call) -> Array:
    """A window and a square kernel are multiplied as matrices, not element by element."""
    if call.kernel[0] != call.kernel[1]:
        return convolve(call)
    rows = call.w.sum(axis=3, dtype=call.w.dtype)[:, :, np.newaxis, :]
    return convolve(call.but(w=np.broadcast_to(rows, call.w.shape)))


@wrong(
    "mean-not-sum",
    remedy="sum the products, do not divide by the number of taps",
    hides="when the kernel has one tap",
    caught_by="DEF-01 DEF-05 LAW-09",
)
def mean_not_sum(call: Call) -> Array:
    """The products are averaged over the kernel's taps instead of summed."""
    taps = call.kernel[0] * call.kernel[1]

    def average(seen: Array, w: Array, groups: int) -> Array:
        y = sum_of_products(seen, w, groups)
        return y // taps if y.dtype.kind in "iu" else y / taps

    return convolve(call, total=average)


@wrong(
    "kernel-normalised",
    remedy="use the weights as they are, without dividing by their sum",
    hides="when the weights of a channel sum to 0 or 1, or are integers",
    caught_by="DEF-01",
)
def kernel_normalised(call: Call) -> Array:
    """Each filter is divided by the sum of its weights first."""
    if call.w.dtype.kind in "iu":
        return convolve(call)
    sums = call.w.sum(axis=(2, 3), keepdims=True)
    return convolve(call.but(w=np.where(sums == 0, call.w, call.w / sums).astype(call.w.dtype)))


@wrong(
    "accumulator-not-reset",
    remedy="set the running sum to 0 at each output position",
    hides="when the output has one position",
    caught_by="DEF-01",
)
def accumulator_not_reset(call: Call) -> Array:
    """The running sum is not set back to zero from one output position to the next."""

    def running(seen: Array, w: Array, groups: int) -> Array:
        y = sum_of_products(seen, w, groups)
        return y.reshape(*y.shape[:2], y.shape[2] * y.shape[3]).cumsum(axis=2, dtype=y.dtype).reshape(y.shape)

    return convolve(call, total=running)


@wrong(
    "last-taps-skipped",
    remedy="let the loops over the kernel run to its end: range(k), not range(k - 1)",
    hides="when the last row and column of the kernel are zero, or the kernel has one tap",
    caught_by="DEF-01 LAW-09",
)
def last_taps_skipped(call: Call) -> Array:
    """The last row and the last column of the kernel are not read."""
    w = call.w.copy()
    if w.shape[2] > 1:
        w[:, :, -1, :] = 0
    if w.shape[3] > 1:
        w[:, :, :, -1] = 0
    return convolve(call.but(w=w))


@wrong(
    "last-tap-skipped-on-width",
    remedy="let the loop over the kernel's columns run over kW, not over kH",
    hides="when the kernel is not wider than high",
    caught_by="DEF-01",
    witness=plain(w=(3, 4, 2, 4)),
)
def last_tap_skipped_on_width(call: Call) -> Array:
    """The loop over the kernel's columns stops at its height: a kernel is taken to be square."""
    w = call.w.copy()
    w[:, :, :, call.kernel[0]:] = 0
    return convolve(call.but(w=w))


@wrong(
    "negatives-cut-off",
    remedy="return the sum itself; a rectifier is another operation",
    hides="when no output is negative",
    caught_by="DEF-01 LAW-01 LAW-03",
)
def negatives_cut_off(call: Call) -> Array:
    """Negative outputs are set to zero, as if a rectifier had been fused in."""
    y = convolve(call)
    return y if y.dtype.kind == "c" else np.where(y < 0, 0, y).astype(y.dtype)


@wrong(
    "magnitude-returned",
    remedy="return the sum with its sign",
    hides="when no output is negative",
    caught_by="DEF-01 LAW-01 LAW-03",
)
def magnitude_returned(call: Call) -> Array:
    """The absolute value of each output is returned."""
    y = convolve(call)
    return y if y.dtype.kind == "c" else np.abs(y)


@wrong(
    "clipped-to-a-byte",
    remedy="do not clip; an output may be any number of its dtype",
    hides="when every output lies between 0 and 255, or the dtype has 8 bits",
    caught_by="DEF-01 LAW-01",
)
def clipped_to_a_byte(call: Call) -> Array:
    """Outputs are clipped to 0..255, as if they were pixels."""
    y = convolve(call)
    return y if y.dtype.kind == "c" or y.dtype.itemsize == 1 else np.clip(y, 0, 255).astype(y.dtype)


@wrong(
    "weights-conjugated",
    remedy="pass conj(w), or leave the conjugation out: a layer multiplies by the weights as they are",
    hides="when the weights are real",
    caught_by="DEF-03",
    recreates="https://github.com/scipy/scipy/issues/5954",
    witness=plain(dtype="complex128"),
)
def weights_conjugated(call: Call) -> Array:
    """Complex weights are conjugated, as the correlation of signal processing does."""
    return convolve(call.but(w=call.w.conj()))


@wrong(
    "input-conjugated",
    remedy="leave the conjugation of x out",
    hides="when the input is real",
    caught_by="DEF-03",
    witness=plain(dtype="complex64"),
)
def input_conjugated(call: Call) -> Array:
    """A complex input is conjugated."""
    return convolve(call.but(x=call.x.conj()))


@wrong(
    "imaginary-part-dropped",
    remedy="compute with complex numbers, or refuse them",
    hides="when the numbers are real",
    caught_by="DEF-03",
    witness=plain(dtype="complex128"),
)
def imaginary_part_dropped(call: Call) -> Array:
    """Of complex numbers only the real parts are used."""
    y = convolve(call.but(x=call.x.real, w=call.w.real, bias=None if call.bias is None else call.bias.real))
    return y.astype(call.dtype)


@wrong(
    "squared-difference",
    remedy="multiply the window by the kernel; do not subtract",
    hides="never for long",
    caught_by="DEF-01 DEF-05 LAW-03 LAW-04 LAW-05",
)
def squared_difference(call: Call) -> Array:
    """The distance between window and kernel is computed: template matching, not correlation."""

    def distance(seen: Array, w: Array, groups: int) -> Array:
        ones_w, ones_x = np.ones_like(w), np.ones_like(seen)
        y: Array = (sum_of_products(seen * seen, ones_w, groups) - 2 * sum_of_products(seen, w, groups)
                    + sum_of_products(ones_x, w * w, groups))
        return y.astype(seen.dtype)

    return convolve(call, total=distance)
