"""Plain functions as strangers write them, each wrong in its own way: none passes."""

import numpy as np
from fast import both, conv, sides


def height_for_width(image, kernel, stride=1):
    """The width of the result is computed from the kernel's height."""
    k = kernel.shape[0]
    rows, columns = (image.shape[0] - k) // stride + 1, (image.shape[1] - k) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(image[i * stride : i * stride + k, j * stride : j * stride + k] * kernel)
    return result


def index_not_divided(image, kernel, stride=1):
    """Loops over range(0, rows, stride) and writes to [i // stride]: only a corner is filled."""
    rows, columns = ((length - k) // stride + 1 for length, k in zip(image.shape, kernel.shape, strict=True))
    result = np.zeros((rows, columns))
    for i in range(0, rows, stride):
        for j in range(0, columns, stride):
            window = image[i : i + kernel.shape[0], j : j + kernel.shape[1]]
            result[i // stride, j // stride] = np.sum(window * kernel)
    return result


def halves_for_integers(image, kernel, stride=1):
    """Right, but for whole numbers the result is in half precision, which does not hold them."""
    result = conv(image, kernel, None, both(stride))
    return result.astype(np.float16) if image.dtype.kind == "i" else result


def gives_up_like_a_user(image, kernel, stride=1):
    """Interrupts where it cannot go on, which refuses nothing."""
    if stride > 1:
        raise KeyboardInterrupt
    return conv(image, kernel)


def turned(x, w, stride=1):
    """A true convolution: the kernel is turned."""
    return conv(x, w[..., ::-1, ::-1], None, both(stride))


def transposed(image, kernel):
    """The kernel is read column by column."""
    return conv(image, np.ascontiguousarray(kernel.T)) if kernel.shape[0] == kernel.shape[1] else conv(image, kernel)


def dilation_of_the_size_only(x, w, dilation=1):
    """The gaps change the size of the result, and not what is summed."""
    rows, columns = (x.shape[axis] - (w.shape[axis] - 1) * dilation for axis in (2, 3))
    return conv(x, w)[..., :rows, :columns]


def bias_of_the_first_filter(x, w, bias=None):
    """Every output channel gets the bias of the first."""
    return conv(x, w, None if bias is None else np.full_like(bias, bias[0] if bias.size else 0))


def breaks_on_wide_pads(x, w, padding=0):
    """An index runs out of range where the pad is as large as the kernel."""
    return conv(x, w, None, padding=sides(padding)) + 0 * np.zeros(max(1, min(w.shape[2:])))[padding if padding else 0]


def breaks_on_stride_three(x, w, stride=1):
    """A variable is missing where the stride is 3."""
    if stride != 3:
        steps = both(stride)
    return conv(x, w, None, steps)


def nothing_but_zeros(x, w, stride=1):
    """Answers zeros of the right shape."""
    return conv(x, w, None, both(stride)) * 0


def seven(x, w):
    """Answers 7."""
    return conv(x, w) * 0 + 7


def as_large_as_the_picture(image, kernel):
    """Gives a result of the picture's size, of which only a part is computed."""
    result = np.zeros(image.shape)
    inner = conv(image, kernel)
    result[: inner.shape[0], : inner.shape[1]] = inner
    return result


def swallows_nan(x, w):
    """A NaN becomes 0."""
    return conv(np.nan_to_num(x), w)


def spoils_its_input(x, w):
    """Its input is multiplied in place."""
    y = conv(x, w)
    if x.flags.writeable:
        x *= 2
    return y


def remembers(x, w, _kept={}):  # noqa: B006  (that is what is wrong with it)
    """Keeps its answer under the shapes alone."""
    return _kept.setdefault((x.shape, w.shape, x.dtype.str), conv(x, w)).copy()


def whole_numbers_by_float32(x, w):
    """Whole numbers are summed in float32 and cast back."""
    return conv(x.astype(np.float32), w.astype(np.float32)).astype(x.dtype) if x.dtype.kind == "i" else conv(x, w)


def half_the_bits(x, w):
    """Its inputs are rounded to float16."""
    narrow = (part.astype(np.float16).astype(part.dtype) if part.dtype.kind == "f" else part for part in (x, w))
    with np.errstate(all="ignore"):
        return conv(*narrow)


def three_arguments(x, w, scale):
    """It wants something that is no argument of a convolution."""
    return conv(x, w) * scale


def raises_always(x, w):
    """It cannot be called at all."""
    raise RuntimeError("no device")


def gives_a_list(x, w):
    """It gives a list of lists."""
    return conv(x, w).tolist()


def not_a_function_of_two(x):
    """It takes one array."""
    return x
