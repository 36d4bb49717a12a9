"""Plain functions, as people write them: each takes its arguments in a form of its own, and claims little."""

from typing import Any

import numpy as np

from convspec.adapters.benign.registry import Collection
from convspec.adapters.faulty.pieces import correct
from convspec.adapters.faulty.registry import as_function
from convspec.adapters.protocol import Array

right = Collection()
_conv = as_function(correct)


def _layer(x: Array, w: Array, bias: Array | None = None, **arguments: Any) -> Array:
    return _conv(x, w, bias, **arguments)


def _plane(image: Array, kernel: Array, **arguments: Any) -> Array:
    rows, columns = image.shape
    result: Array = _conv(image.reshape(1, 1, rows, columns), kernel[None, None], **arguments)[0, 0]
    return result


def _twice(number: int) -> tuple[int, int]:
    return number + 0, number + 0


def _around(number: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return _twice(number), _twice(number)


@right.plain("plain-numbers-only")
def numbers_only(x: Array, w: Array, stride: int = 1, padding: int = 0, dilation: int = 1) -> Array:
    """It takes one number for both axes and nothing else."""
    return _layer(x, w, stride=_twice(stride), padding=_around(padding), dilation=_twice(dilation))


@right.plain("plain-pairs-only")
def pairs_only(x: Array, w: Array, stride: Any = (1, 1), padding: Any = (0, 0), dilation: Any = (1, 1)) -> Array:
    """It takes pairs and nothing else."""
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    return _layer(x, w, stride=(sh, sw), padding=(_twice(ph), _twice(pw)), dilation=(dh, dw))


@right.plain("plain-lists-of-two")
def lists_of_two(x: Array, w: Array, strides: Any = [1, 1], pads: Any = [0, 0]) -> Array:  # noqa: B006  (its form)
    """Its defaults are lists of two numbers."""
    return _layer(x, w, stride=(strides[0], strides[1]), padding=(_twice(pads[0]), _twice(pads[1])))


@right.plain("plain-by-name-only")
def by_name_only(*, image: Array, kernel: Array, stride: int = 1) -> Array:
    """All its arguments are given by name."""
    return _plane(image, kernel, stride=_twice(stride))


@right.plain("plain-by-position-only")
def by_position_only(x: Array, w: Array, bias: Array | None = None, stride: int = 1, padding: int = 0, /) -> Array:
    """All its arguments are given by position."""
    return _layer(x, w, bias, stride=_twice(stride), padding=_around(padding))


@right.plain("plain-any-keywords")
def any_keywords(x: Array, w: Array, **options: Any) -> Array:
    """It reads its options from whatever keywords come."""
    form: dict[str, Any] = {"stride": _twice, "dilation": _twice, "padding": _around}
    whole: dict[str, Any] = {
        name: form[name](value) if isinstance(value, int) and name in form else value
        for name, value in options.items()
    }
    return _layer(x, w, **whole)


@right.plain("plain-required-bias")
def required_bias(x: Array, w: Array, b: Array) -> Array:
    """Its bias has no default."""
    return _layer(x, w, b)


@right.plain("plain-two-arguments")
def two_arguments(image: Array, kernel: Array) -> Array:
    """It takes one picture and one filter, and fills an array of float64."""
    result = np.zeros(_plane(image, kernel).shape)
    result[...] = _plane(image, kernel)
    return result


@right.plain("plain-dtype-of-the-picture")
def dtype_of_the_picture(image: Array, kernel: Array) -> Array:
    """The result has the dtype of the picture, whatever the filter has."""
    return _plane(image, kernel).astype(image.dtype)


@right.plain("plain-always-float64")
def always_float64(x: Array, w: Array, stride: int = 1) -> Array:
    """A layer whose result is float64, whatever comes in."""
    return _layer(x.astype(np.float64), w.astype(np.float64), stride=_twice(stride))


@right.plain("plain-always-float32")
def always_float32(x: Array, w: Array, stride: int = 1) -> Array:
    """A layer whose result is float32, whatever comes in."""
    return _layer(x.astype(np.float32), w.astype(np.float32), stride=_twice(stride))


@right.plain("plain-odd-kernels")
def odd_kernels(image: Array, kernel: Array) -> Array:
    """It refuses kernels with an even side."""
    if not all(length % 2 for length in kernel.shape):
        raise AssertionError
    return _plane(image, kernel)


@right.plain("plain-square-kernels")
def square_kernels(image: Array, kernel: Array, stride: int = 1) -> Array:
    """It refuses kernels that are not square."""
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError("the kernel must be square")
    return _plane(image, kernel, stride=_twice(stride))


@right.plain("plain-square-pictures")
def square_pictures(image: Array, kernel: Array, padding: int = 0) -> Array:
    """It refuses pictures that are not square."""
    rows, columns = image.shape
    if rows != columns:
        raise NotImplementedError("square pictures only")
    return _plane(image, kernel, padding=_around(padding))


@right.plain("plain-exact-fit")
def exact_fit(x: Array, w: Array, stride: int = 1, padding: int = 0) -> Array:
    """It refuses strides that leave rows or columns over."""
    if any((x.shape[axis] + 2 * padding - w.shape[axis]) % stride for axis in (2, 3)):
        raise Exception("invalid output size")
    return _layer(x, w, stride=_twice(stride), padding=_around(padding))


@right.plain("plain-small-pads")
def small_pads(x: Array, w: Array, padding: int = 0) -> Array:
    """It refuses pads as large as the kernel, which no probing call asks for."""
    if 0 < min(w.shape[2:]) <= padding:
        raise ValueError(f"padding {padding} is not below the kernel's size")
    return _layer(x, w, padding=_around(padding))


@right.plain("plain-unchecked")
def unchecked(x: Array, w: Array, bias: Array | None = None) -> Array:
    """It checks nothing: channels too many are left out, and a bias of one number is added everywhere."""
    rows, columns = (max(0, x.shape[axis] - w.shape[axis] + 1) for axis in (2, 3))
    y = np.zeros((len(x), len(w), rows, columns), np.result_type(x, w))
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            part = x[:, : w.shape[1], p : p + rows, q : q + columns]
            with np.errstate(all="ignore"):
                y += np.einsum("nchw,oc->nohw", part, w[:, :, p, q])
    return y if bias is None else y + np.reshape(bias, (1, -1, 1, 1))


@right.plain("plain-no-empty-batch")
def no_empty_batch(x: Array, w: Array) -> Array:
    """It looks at the first picture, which an empty batch has not."""
    return _layer(x, w) if x[0].ndim == 3 else x


@right.plain("plain-words-only")
def words_only(x: Array, w: Array, padding: str = "valid") -> Array:
    """It knows two padding words, and no numbers."""
    if padding not in ("valid", "same"):
        raise ValueError(f"padding {padding!r} is unknown")
    return _layer(x, w, padding=padding)


def _unusual(*arrays: Array | None) -> bool:
    sizes = np.abs(np.concatenate([np.ravel(array) for array in arrays if array is not None]).astype(np.float64))
    sizes = sizes[sizes > 0]
    return not np.isfinite(sizes).all() or (sizes.size > 0 and (sizes.max() > 1e3 or sizes.min() < 1e-3))


@right.plain("plain-wider-where-ordinary")
def wider_where_ordinary(x: Array, w: Array, bias: Array | None = None, stride: int = 1) -> Array:
    """Ordinary numbers are summed in float64 and rounded once, unusual ones plainly."""
    y = _layer(x, w, bias, stride=_twice(stride))
    if y.dtype != np.float32 or _unusual(x, w, bias):
        return y
    wide = None if bias is None else bias.astype(np.float64)
    return _layer(x.astype(np.float64), w.astype(np.float64), wide, stride=_twice(stride)).astype(np.float32)
