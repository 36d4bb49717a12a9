"""Plain functions as strangers write them, each right in its own way: none is accused."""

import os
import sys
import threading
import warnings

import numpy as np
from fast import both, conv, sides

_first = []


def pairs_only(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
    """Takes pairs and nothing else, as its defaults say."""
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    return conv(x, w, None, (sh, sw), ((ph + 0, ph + 0), (pw + 0, pw + 0)), (dh, dw))


def lists_as_defaults(x, w, stride=[1, 1], padding=[0, 0]):  # noqa: B006  (as strangers write it)
    """Its defaults are lists of two."""
    return conv(x, w, None, tuple(stride[:2]), tuple((p + 0, p + 0) for p in padding))


def numbers_only(x, w, stride=1, padding=0, dilation=1):
    """Takes one number for both axes, and raises TypeError for a tuple."""
    return conv(x, w, None, (stride + 0,) * 2, sides(padding + 0), (dilation + 0,) * 2)


def numbers_and_pairs(x, w, b=None, stride=1, padding=0, groups=1):
    """Takes one number or a pair."""
    return conv(x, w, b, both(stride), sides(padding), (1, 1), groups)


def by_name_only(*, image, kernel, stride=1):
    """All its arguments are given by name."""
    return conv(image, kernel, None, both(stride))


def by_position_only(x, w, bias=None, stride=1, padding=0, /):
    """All its arguments are given by position."""
    return conv(x, w, bias, both(stride), sides(padding))


def with_keywords(x, w, **options):
    """Reads its options from keywords."""
    return conv(x, w, options.get("bias"), both(options.get("stride", 1)), sides(options.get("padding", 0)),
                both(options.get("dilation", 1)), options.get("groups", 1))


def required_bias(x, w, b):
    """Its bias has no default."""
    return conv(x, w, b)


def required_everything(x, w, b, stride, padding):
    """Nothing has a default."""
    return conv(x, w, b, both(stride), sides(padding))


def two_arguments(image, kernel):
    """One picture, one filter, no options: what beginners write first."""
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    result = np.zeros((rows, columns))
    for p in range(kernel.shape[0]):
        for q in range(kernel.shape[1]):
            result += image[p : p + rows, q : q + columns] * kernel[p, q]
    return result


def keeps_the_dtype(image, kernel):
    """One picture, in the dtype of the picture, whatever the filter has."""
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError(f"kernel {kernel.shape} is larger than image {image.shape}")
    return conv(image, kernel).astype(image.dtype)


def always_float64(x, w, stride=1):
    """A layer that fills np.zeros."""
    y = conv(x, w, None, both(stride))
    result = np.zeros(y.shape)
    result[...] = conv(x.astype(float), w.astype(float), None, both(stride))
    return result


def always_float32(x, w, stride=1):
    """A layer that computes in float32."""
    return conv(x.astype(np.float32), w.astype(np.float32), None, both(stride))


def floats_only(x, w, padding=0):
    """Whole numbers are beyond it: NumPy raises by itself."""
    y = np.full(conv(x, w, None, padding=sides(padding)).shape, 0.0, x.dtype)
    y += np.float64(0.0) if x.dtype.kind == "f" else np.zeros(1)
    y += conv(x, w, None, padding=sides(padding))
    return y


def stride_is_for_later(image, kernel, stride=1):
    """It has a stride, and refuses all but 1."""
    if stride != 1:
        raise NotImplementedError("stride")
    return conv(image, kernel)


def odd_kernels(image, kernel):
    """Asserts that the kernel is odd."""
    assert all(length % 2 for length in kernel.shape)
    return conv(image, kernel)


def square_kernels(image, kernel, stride=1):
    """Refuses kernels that are not square."""
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError("the kernel must be square")
    return conv(image, kernel, None, both(stride))


def square_pictures(image, kernel, padding=0):
    """Refuses oblong pictures."""
    rows, columns = image.shape
    if rows != columns:
        raise NotImplementedError("square images only")
    return conv(image, kernel, None, padding=sides(padding))


def strides_that_fit(x, w, stride=1, padding=0):
    """Refuses strides that leave something over, with a bare Exception."""
    for axis in (2, 3):
        if (x.shape[axis] + 2 * padding - w.shape[axis]) % stride:
            raise Exception("invalid output size")
    return conv(x, w, None, both(stride), sides(padding))


def small_pads(x, w, padding=0):
    """Refuses pads that are as large as the kernel: no probe asks for them."""
    if padding >= min(w.shape[2:]) and padding:
        raise ValueError(f"padding {padding} is not below the kernel's size")
    return conv(x, w, None, padding=sides(padding))


def unchecked_plane(image, kernel, stride=1):
    """Answers anything: an empty array for a kernel that does not fit, and so on."""
    rows, columns = (max(0, (length - k) // stride + 1) for length, k in zip(image.shape, kernel.shape, strict=True))
    result = np.zeros((rows, columns), image.dtype)
    for p in range(kernel.shape[0]):
        for q in range(kernel.shape[1]):
            part = image[p : p + rows * stride : stride, q : q + columns * stride : stride]
            result += part[:rows, :columns] * kernel[p, q]
    return result


def unchecked_layer(x, w, bias=None, stride=1):
    """Checks nothing: a bias that broadcasts is added, channels too many are left out."""
    rows, columns = ((x.shape[axis] - w.shape[axis]) // stride + 1 for axis in (2, 3))
    y = np.zeros((len(x), len(w), rows, columns), np.result_type(x, w))
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            part = x[:, : w.shape[1], p : p + rows * stride : stride, q : q + columns * stride : stride]
            y += np.einsum("nchw,oc->nohw", part[..., :rows, :columns], w[:, :, p, q])
    return y if bias is None else y + np.reshape(bias, (1, -1, 1, 1))


def no_empty_batch(x, w):
    """Looks at the first picture, which an empty batch has not."""
    assert x[0].ndim == 3
    return conv(x, w)


def words_only(x, w, padding="valid"):
    """Knows two words, and no numbers."""
    if padding not in ("valid", "same"):
        raise ValueError(f"padding {padding!r} is unknown")
    pads = ((0, 0), (0, 0)) if padding == "valid" else tuple(((k - 1) // 2, k // 2) for k in w.shape[2:])
    return conv(x, w, None, padding=pads)


def chatty(x, w, bias=None, *, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    """Prints some kilobytes a call."""
    print("computing", x.shape, w.shape, "-" * 4000)
    return conv(x, w, bias, stride, padding, dilation, groups)


def chatty_below_python(x, w):
    """Writes to the descriptors themselves, bytes that are no text."""
    os.write(1, b"\xff\xfe" * 2000)
    os.write(2, b"\x00" * 2000)
    sys.stderr.write("done")
    return conv(x, w)


def warns(x, w, stride=1):
    """Warns in each call."""
    warnings.warn(f"stride is {stride}", stacklevel=2)
    return conv(x, w, None, both(stride))


def slow_at_first(x, w):
    """Its first call builds something, for a while."""
    if not _first:
        _first.append(sum(number * number for number in range(1_000_000)))
    return conv(x, w)


def with_threads(x, w):
    """Each picture is computed by a thread of its own."""
    parts = [None] * len(x)

    def one(n):
        parts[n] = conv(x[n : n + 1], w)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(x))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.concatenate(parts) if parts else conv(x, w)


def in_another_order(x, w):
    """Gives its result in Fortran order, and read-only."""
    result = np.asfortranarray(conv(x, w))
    result.flags.writeable = False
    return result


def matrices(image, kernel):
    """Gives a matrix, the class that NumPy keeps for old code."""
    return np.asmatrix(conv(image, kernel))


def other_path_for_nan(x, w, stride=1):
    """Where a NaN or an infinity is anywhere it sums plainly, else in float64 and rounds once."""
    y = conv(x, w, None, both(stride))
    if y.dtype != np.float32 or not np.isfinite(x).all():
        return y
    return conv(x.astype(float), w.astype(float), None, both(stride)).astype(np.float32)
