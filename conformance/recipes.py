"""From a recipe to numbers: the same ones on every machine.

Only the raw bits of a counter-based generator (Philox) are used, with integer arithmetic and ``ldexp``; library
distributions, and functions such as ``exp``, differ between versions and processors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.case import Case
from convspec.conformance.layouts import spread


@dataclass(frozen=True)
class FloatFormat:
    """A binary floating-point format: significand bits (the hidden one counted), normal exponents."""

    precision: int
    smallest_exponent: int
    largest_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2**-precision, half the distance from 1 to the next number."""
        return math.ldexp(1.0, -self.precision)

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number."""
        return math.ldexp(1.0, self.smallest_exponent - self.precision + 1)

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        return math.ldexp(1.0, self.smallest_exponent)

    @property
    def overflow_threshold(self) -> float:
        """Omega, the largest finite number, to within a unit in its last place."""
        return math.ldexp(2.0 - math.ldexp(1.0, 1 - self.precision), self.largest_exponent)


FORMATS = {
    "float16": FloatFormat(11, -14, 15),
    "bfloat16": FloatFormat(8, -126, 127),
    "float32": FloatFormat(24, -126, 127),
    "float64": FloatFormat(53, -1022, 1023),
}
FORMATS["complex64"] = FORMATS["float32"]
FORMATS["complex128"] = FORMATS["float64"]


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype of that name; bfloat16 comes from ml_dtypes.

    Raises
    ------
    ModuleNotFoundError
        bfloat16 is asked for and ml_dtypes is not installed.
    """
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


@dataclass(frozen=True)
class Operands:
    """The arrays of a case, C-contiguous: x, w and bias (or None)."""

    x: Array
    w: Array
    bias: Array | None


class _Bits:
    """A stream of 64-bit words with a seed."""

    def __init__(self, seed: int) -> None:
        self._philox = np.random.Philox(key=seed)

    def words(self, count: int) -> Array:
        return self._philox.random_raw(count) if count else np.zeros(0, np.uint64)

    def one(self, below: int) -> int:
        return int(self._philox.random_raw() % below)


def _below(words: Array, limit: int) -> Array:
    """Whole numbers from 0 to limit - 1, as int64, from the high bits."""
    return ((words >> np.uint64(33)) % np.uint64(limit)).astype(np.int64)


def _signs(words: Array) -> Array:
    return 1.0 - 2.0 * (words & np.uint64(1)).astype(np.float64)


def _significands(words: Array, precision: int) -> Array:
    """Numbers in [1/2, 1) with all bits of the significand random, as float64 (exact)."""
    top = (words >> np.uint64(64 - precision)) | np.uint64(1 << (precision - 1))
    return np.ldexp(top.astype(np.float64), -precision)


@dataclass(frozen=True)
class _Setting:
    """What a recipe may look at: the format, how many terms are summed, the three lengths, the bits."""

    form: FloatFormat
    terms: int
    counts: tuple[int, int, int]
    outputs: int
    bits: _Bits


Three = tuple[Array, Array, Array]


def _each(setting: _Setting, make: Callable[[Array, int], Array]) -> Three:
    x, w, bias = (make(setting.bits.words(count), which) for which, count in enumerate(setting.counts))
    return x, w, bias


def _int(setting: _Setting) -> Three:
    """Whole numbers from -8 to 8."""
    return _each(setting, lambda words, _: _below(words, 17) - 8.0)


def _wide(setting: _Setting) -> Three:
    """Whole numbers as large as an exact sum allows: bits shared evenly, or most to x, or most to w."""
    room = max(2, setting.form.precision - 1 - math.ceil(math.log2(setting.terms + 1)))
    share = setting.bits.one(3)
    for_x = (room // 2, room - 1, 1)[share]
    widths = (for_x, room - for_x, room)

    def make(words: Array, which: int) -> Array:
        magnitude = words >> np.uint64(64 - max(widths[which], 1))
        return np.asarray(_signs(words) * magnitude.astype(np.float64))

    return _each(setting, make)


def _uniform(setting: _Setting) -> Three:
    """Fixed-point numbers in (-1, 1) with all bits of the significand in use."""
    p = setting.form.precision
    return _each(setting, lambda words, _: _signs(words) * np.ldexp((words >> np.uint64(64 - p)).astype(np.float64), -p))


def _log(setting: _Setting) -> Three:
    """Log-uniform over many decades."""
    reach = 4 if setting.form.largest_exponent < 100 else (20, 40)[setting.bits.one(2)]

    def make(words: Array, _: int) -> Array:
        exponents = _below(words * np.uint64(0x9E3779B97F4A7C15), 2 * reach + 1) - reach
        return np.ldexp(_signs(words) * _significands(words, setting.form.precision), exponents)

    return _each(setting, make)


def _scaled(setting: _Setting) -> Three:
    """Full significands; x scaled far up and w as far down, or the other way round."""
    reach = setting.form.largest_exponent - 10
    up = setting.bits.one(2 * reach + 1) - reach
    down = setting.bits.one(7) - 3 - up
    x, w, bias = _uniform(setting)
    return np.ldexp(x, up), np.ldexp(w, down), np.ldexp(bias, up + down)


def _tiny(setting: _Setting) -> Three:
    """Products around the smallest normal number, sums of them below and above it."""
    form = setting.form
    centre = (form.smallest_exponent - form.precision // 2) // 2

    def make(words: Array, which: int) -> Array:
        middle = centre if which < 2 else form.smallest_exponent
        spreading = max(2, form.precision // 4)
        exponents = _below(words * np.uint64(0x9E3779B97F4A7C15), 2 * spreading + 1) - spreading + middle
        return np.ldexp(_signs(words) * _significands(words, form.precision), exponents)

    return _each(setting, make)


def _subnormal(setting: _Setting) -> Three:
    """x of subnormal whole multiples of the smallest number, w of small whole numbers: all exact."""
    step = setting.form.smallest_subnormal
    width = max(2, setting.form.precision - 3 - math.ceil(math.log2(setting.terms + 1)))

    def make(words: Array, which: int) -> Array:
        if which == 1:
            return _below(words, 5) - 2.0
        magnitude = (words >> np.uint64(64 - width)).astype(np.float64)
        return np.asarray(_signs(words) * magnitude * step)

    return _each(setting, make)


def _cancel(setting: _Setting) -> Three:
    """Numbers close to +1 and -1: the sums lose most of their digits."""
    half = setting.form.precision // 2

    def make(words: Array, which: int) -> Array:
        offset = np.ldexp((words >> np.uint64(64 - setting.form.precision + half)).astype(np.float64),
                          1 - setting.form.precision)
        sign = _signs(words) if which else 1.0
        return np.asarray(sign * (1.0 + offset))

    return _each(setting, make)


def _constant(setting: _Setting) -> Three:
    """All x equal, all w equal, all bias equal: honest sequential sums drift furthest here."""
    values = _significands(setting.bits.words(3), setting.form.precision)
    return _each(setting, lambda words, which: np.full(len(words), values[which]))


def _box(setting: _Setting) -> Three:
    """Full significands under a kernel whose taps are all equal: what tempts to running sums."""
    x, w, bias = _uniform(setting)
    return x, np.full(len(w), _significands(setting.bits.words(1), setting.form.precision)[0]), bias


def _positive(setting: _Setting) -> Three:
    """Full significands in [1/2, 1): nothing cancels."""
    return _each(setting, lambda words, _: _significands(words, setting.form.precision))


def _outlier(setting: _Setting) -> Three:
    """One x a thousand times the others."""
    x, w, bias = _uniform(setting)
    if len(x):
        x[setting.bits.one(len(x))] = 1024.0
    return x, w, bias


def _ladder(setting: _Setting) -> Three:
    """One nonzero tap, a power of two, for each output channel; x on the precision ladder 1 + 2**-k; no bias."""
    p = setting.form.precision
    rungs = [_signs(words) * (1.0 + np.ldexp(1.0, -(1 + _below(words, p - 1))))
             for words in (setting.bits.words(setting.counts[0]), setting.bits.words(setting.counts[1]))]
    which = setting.bits.one(2)
    if which == 0 or not setting.counts[0]:
        return rungs[0], _taps(setting, 1), np.zeros(setting.counts[2])
    x = np.zeros(setting.counts[0])
    x[setting.bits.one(len(x))] = math.ldexp(1.0, setting.bits.one(5) - 2)
    return x, rungs[1], np.zeros(setting.counts[2])


def _sparse(setting: _Setting) -> Three:
    """Full significands, but at most two nonzero taps for each output channel: the bound is tightest for few terms."""
    x, w, bias = _uniform(setting)
    return x, np.where(_taps(setting, 2) != 0, w, 0.0), bias * setting.bits.one(2)


def _taps(setting: _Setting, count: int) -> Array:
    w = np.zeros(setting.counts[1])
    per_output = len(w) // setting.outputs if setting.outputs else 0
    for output in range(setting.outputs if per_output else 0):
        for _ in range(count):
            w[output * per_output + setting.bits.one(per_output)] = math.ldexp(1.0, setting.bits.one(5) - 2)
    return w


def _impulse(setting: _Setting) -> Three:
    """A single 1 in x, or a single 1 in each filter; the others are whole numbers; zeros may be negative zeros."""
    x, w, bias = _int(setting)
    if setting.bits.one(2) or not len(x):
        return x, np.sign(_taps(setting, 1)), bias
    zeros = np.where(setting.bits.words(len(x)) & np.uint64(1), 0.0, -0.0)
    zeros[setting.bits.one(len(x))] = 1.0
    return zeros, w, bias


def _balanced(setting: _Setting) -> Three:
    """Whole numbers; each filter sums to zero, as those that find edges do."""
    x, w, bias = _int(setting)
    per_output = len(w) // setting.outputs if setting.outputs else 0
    if per_output > 1:
        filters = w.reshape(setting.outputs, per_output)
        filters[:, -1] -= filters.sum(axis=1)
    return x, w, bias


def _flat(setting: _Setting) -> Three:
    """A picture of one grey under whole weights, often ones that sum to zero."""
    x, w, bias = (_balanced if setting.bits.one(2) else _int)(setting)
    return np.full(len(x), setting.bits.one(9) + 1.0), w, bias


def _unit(setting: _Setting) -> Three:
    """Whole numbers under a kernel of ones: with one tap, the result is the input."""
    x, w, bias = _int(setting)
    return x, w * 0.0 + 1.0, bias * setting.bits.one(2)


def _zero(setting: _Setting) -> Three:
    """x or w all zeros."""
    x, w, bias = _int(setting)
    return (x * 0.0, w, bias) if setting.bits.one(2) else (x, w * 0.0, bias)


def _special(setting: _Setting) -> Three:
    """Whole numbers with one or two of NaN, Inf and -Inf in x, and some zeros in w."""
    x, w, bias = _int(setting)
    for _ in range(1 + setting.bits.one(2) if len(x) else 0):
        x[setting.bits.one(len(x))] = (math.nan, math.inf, -math.inf)[setting.bits.one(3)]
    if setting.terms == 2:
        # One tap for each output: a product with a number, not with an array, which BLAS skips when the number is 0.
        return x, np.where(w == 0, 1.0, w), bias
    return x, np.where(_below(setting.bits.words(len(w)), 10) < 3, 0.0, w), bias


def _special_weights(setting: _Setting) -> Three:
    """Whole numbers with one of NaN, Inf and -Inf in w or in the bias; now and then x is all zeros."""
    x, w, bias = _int(setting)
    x = x * (setting.bits.one(4) > 0)
    target = bias if len(bias) and setting.bits.one(3) == 0 else w
    if len(target):
        target[setting.bits.one(len(target))] = (math.nan, math.inf, -math.inf)[setting.bits.one(3)]
    return x, w, bias


def _swell(setting: _Setting) -> Three:
    """Single products about as large as the largest number of the format: sums are often in range, parts of them not."""
    exponent = (setting.form.largest_exponent + 1) // 2

    def make(words: Array, which: int) -> Array:
        top = exponent + (1 if which == 0 else 0)
        return np.ldexp(_signs(words) * _significands(words, setting.form.precision), top)

    return _each(setting, make)


def _huge(setting: _Setting) -> Three:
    """Sums close to the overflow threshold, but below half of it in any order."""
    form = setting.form
    top = form.largest_exponent - math.ceil(math.log2(setting.terms))
    # Now and then one factor is as large as it can be and the other small: intermediate products with it overflow.
    lean = min(math.ceil(math.log2(setting.terms)), top) * (0, 1, -1)[setting.bits.one(3)]
    tops = (top + lean if lean >= 0 else -lean, -lean if lean >= 0 else top + lean, top - 1)

    def make(words: Array, which: int) -> Array:
        exponents = tops[which] - _below(words * np.uint64(0x9E3779B97F4A7C15), 3)
        return np.ldexp(_signs(words) * _significands(words, form.precision), exponents)

    return _each(setting, make)


FLOAT_RECIPES: dict[str, Callable[[_Setting], Three]] = {
    "int": _int, "wide": _wide, "uniform": _uniform, "log": _log, "scaled": _scaled, "tiny": _tiny, "subnormal": _subnormal,
    "cancel": _cancel, "constant": _constant, "box": _box, "positive": _positive, "outlier": _outlier, "ladder": _ladder,
    "sparse": _sparse, "impulse": _impulse, "unit": _unit, "balanced": _balanced, "flat": _flat, "zero": _zero, "special": _special, "special_w": _special_weights,
    "huge": _huge, "swell": _swell,
}
WHOLE_RECIPES = ("int", "wide", "impulse", "zero", "full", "edge")
FINITE_RECIPES = tuple(kind for kind in FLOAT_RECIPES if not kind.startswith("special"))


def arrays(case: Case) -> Operands:
    """Build x, w and bias of a case, C-contiguous.

    Raises
    ------
    ValueError
        The recipe or the dtype is unknown; the message names it.
    """
    dtype_x, dtype_w = numpy_dtype(case.dtype), numpy_dtype(case.w_dtype or case.dtype)
    bias_shape = case.bias_shape
    counts = (math.prod(case.x_shape), math.prod(case.w_shape), math.prod(bias_shape) if bias_shape is not None else 0)
    if case.literal is not None:
        parts = [_cast_literal(part, dtype) for part, dtype in zip(case.literal, (dtype_x, dtype_w, dtype_w), strict=True)]
    else:
        parts = list(_numbers(case, counts, dtype_x, dtype_w))
    x = spread(parts[0].reshape(case.x_shape), case.layout_x)
    w = spread(parts[1].reshape(case.w_shape), case.layout_w)
    return Operands(x, w, parts[2].reshape(bias_shape) if bias_shape is not None else None)


def _cast_literal(part: tuple[Any, ...], dtype: np.dtype[Any]) -> Array:
    if dtype.kind in "iu":
        return np.array([int(number) for number in part], dtype)
    return np.array(part, np.complex128 if dtype.kind == "c" else np.float64).astype(dtype)


def _numbers(case: Case, counts: tuple[int, int, int], dtype_x: np.dtype[Any], dtype_w: np.dtype[Any]) -> tuple[Array, ...]:
    bits = _Bits(case.seed)
    terms = math.prod(case.w_shape[1:]) + 1 if len(case.w_shape) > 2 else math.prod(case.w_shape) + 1
    outputs = case.w_shape[0] if len(case.w_shape) > 2 else 1
    if dtype_x.kind in "iu" or dtype_w.kind in "iu":
        return tuple(
            _whole(case.data, bits, count, dtype, terms) if dtype.kind in "iu"
            else _fixed_point(bits.words(count), dtype)
            for count, dtype in zip(counts, (dtype_x, dtype_w, dtype_w), strict=True)
        )
    form = FORMATS[case.dtype]
    if case.w_dtype is not None and FORMATS[case.w_dtype].precision < form.precision:
        form = FORMATS[case.w_dtype]
    if case.data not in FLOAT_RECIPES:
        raise ValueError(f"data recipe {case.data!r} is unknown for {case.dtype}; known are {', '.join(FLOAT_RECIPES)}")
    setting = _Setting(form, terms, counts, outputs, bits)
    make = FLOAT_RECIPES[case.data]
    real = make(setting)
    if dtype_x.kind == "c" or dtype_w.kind == "c":
        imaginary = make(setting)
        return tuple(_complex(re, im, dtype) for re, im, dtype in zip(real, imaginary, (dtype_x, dtype_w, dtype_w), strict=True))
    return tuple(part.astype(dtype) for part, dtype in zip(real, (dtype_x, dtype_w, dtype_w), strict=True))


def _fixed_point(words: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers in (-4, 4) that no integer holds, for the floating side of a mixed pair."""
    p = FORMATS[dtype.name].precision
    return np.asarray(_signs(words) * np.ldexp((words >> np.uint64(64 - p)).astype(np.float64), 2 - p)).astype(dtype)


def _complex(real: Array, imaginary: Array, dtype: np.dtype[Any]) -> Array:
    """Join the parts without arithmetic, which would turn Inf into NaN."""
    if dtype.kind != "c":
        return real.astype(dtype)
    joined = np.empty(len(real), dtype)
    joined.real, joined.imag = real, imaginary
    return joined


def _whole(kind: str, bits: _Bits, count: int, dtype: np.dtype[Any], terms: int) -> Array:
    """Numbers of an integer dtype."""
    info = np.iinfo(dtype)
    words = bits.words(count)
    if kind == "full":
        return words.astype(dtype)
    if kind == "edge":
        values = np.array([info.min, info.min + 1, -1 if info.min else 2, 0, 1, info.max - 1, info.max], dtype)
        return values[_below(words, len(values))]
    if kind == "wide":
        width = max(2, (info.bits - 2 - math.ceil(math.log2(terms))) // 2)
        magnitude = (words >> np.uint64(64 - width)).astype(np.int64)
        return (magnitude if info.min == 0 else np.where(words & np.uint64(1), -magnitude, magnitude)).astype(dtype)
    if kind == "zero":
        return np.zeros(count, dtype)
    if kind == "impulse":
        values = np.zeros(count, dtype)
        if count:
            values[bits.one(count)] = 1
        return values if bits.one(2) else (_below(words, 17) - (8 if info.min else 0)).astype(dtype)
    return (_below(words, 17) - (8 if info.min else 0)).astype(dtype)
