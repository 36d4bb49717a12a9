"""The kinds of numbers that a case may ask for, each a function from random bits to x, w and bias as flat arrays.

Only the raw bits of a counter-based generator (Philox) are used, with integer arithmetic and ``ldexp``; library
distributions, and functions such as ``exp``, differ between versions and processors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.formats import FORMATS, FloatFormat

# A new generator asks the system for entropy first, which takes longer than the numbers of a small case.
_SPARE: list[np.random.Philox] = []


class Bits:
    """A stream of 64-bit words with a seed."""

    def __init__(self, seed: int) -> None:
        self._philox = _SPARE.pop() if _SPARE else np.random.Philox(key=0)
        self._philox.state = {
            "bit_generator": "Philox",
            "state": {"counter": np.zeros(4, np.uint64), "key": np.array([seed, 0], np.uint64)},
            "buffer": np.zeros(4, np.uint64),
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }

    def __del__(self) -> None:
        _SPARE.append(self._philox)

    def words(self, count: int) -> Array:
        """So many words, as uint64."""
        return self._philox.random_raw(count) if count else np.zeros(0, np.uint64)

    def one(self, below: int) -> int:
        """One whole number from 0 to below - 1."""
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
class Setting:
    """What a recipe may look at: the format, how many terms are summed, the three lengths, the shapes, the bits."""

    form: FloatFormat
    terms: int
    counts: tuple[int, int, int]
    outputs: int
    width: int
    kernel: tuple[int, int]
    bits: Bits


Three = tuple[Array, Array, Array]


def _each(setting: Setting, make: Callable[[Array, int], Array]) -> Three:
    """Numbers that are made in one way for x, in another for w or bias."""
    x, w, bias = (make(setting.bits.words(count), which) for which, count in enumerate(setting.counts))
    return x, w, bias


def _alike(setting: Setting, make: Callable[[Array], Array]) -> Three:
    """Numbers that are made in the same way for x, w and bias: at one go, as most arrays are small."""
    numbers, (for_x, for_w, _) = make(setting.bits.words(sum(setting.counts))), setting.counts
    return numbers[:for_x], numbers[for_x : for_x + for_w], numbers[for_x + for_w :]


def _int(setting: Setting) -> Three:
    """Whole numbers from -8 to 8."""
    return _alike(setting, lambda words: _below(words, 17) - 8.0)


def _wide(setting: Setting) -> Three:
    """Whole numbers as large as an exact sum allows: bits shared evenly, or most to x, or most to w."""
    room = max(2, setting.form.precision - 1 - math.ceil(math.log2(setting.terms + 1)))
    share = setting.bits.one(3)
    for_x = (room // 2, room - 1, 1)[share]
    widths = (for_x, room - for_x, room)

    def make(words: Array, which: int) -> Array:
        magnitude = words >> np.uint64(64 - max(widths[which], 1))
        return np.asarray(_signs(words) * magnitude.astype(np.float64))

    return _each(setting, make)


def even_bits(precision: int) -> int:
    """The width in bits of the numbers of "even": sums of 64 products of two signed ones are exact."""
    return 2 * precision // 5 - 1


def _even(setting: Setting) -> Three:
    """Whole numbers, each of 2**b drawn with the same probability, from -2**(b - 1) on; b is 20 in float64."""
    width = even_bits(setting.form.precision)
    return _alike(setting, lambda words: (words >> np.uint64(64 - width)).astype(np.float64) - 2.0 ** (width - 1))


def _uniform(setting: Setting) -> Three:
    """Fixed-point numbers in (-1, 1) with all bits of the significand in use."""
    p = setting.form.precision
    return _alike(
        setting, lambda words: _signs(words) * np.ldexp((words >> np.uint64(64 - p)).astype(np.float64), -p)
    )


def _log(setting: Setting) -> Three:
    """Log-uniform over many decades."""
    reach = 4 if setting.form.largest_exponent < 100 else (20, 40)[setting.bits.one(2)]

    def make(words: Array) -> Array:
        exponents = _below(words * np.uint64(0x9E3779B97F4A7C15), 2 * reach + 1) - reach
        return np.asarray(np.ldexp(_signs(words) * _significands(words, setting.form.precision), exponents))

    return _alike(setting, make)


def _scaled(setting: Setting) -> Three:
    """Full significands; x scaled far up and w as far down, or the other way round; often to the ends of the range."""
    reach = setting.form.largest_exponent - 10
    end = reach - setting.bits.one(8)
    up = (setting.bits.one(2 * reach + 1) - reach, end, -end)[setting.bits.one(3)]
    down = setting.bits.one(7) - 3 - up
    x, w, bias = _uniform(setting)
    return np.ldexp(x, up), np.ldexp(w, down), np.ldexp(bias, up + down)


def _tiny(setting: Setting) -> Three:
    """Products around the smallest normal number, sums of them below and above it."""
    form = setting.form
    centre = (form.smallest_exponent - form.precision // 2) // 2

    def make(words: Array, which: int) -> Array:
        middle = centre if which < 2 else form.smallest_exponent
        spreading = max(2, form.precision // 4)
        exponents = _below(words * np.uint64(0x9E3779B97F4A7C15), 2 * spreading + 1) - spreading + middle
        return np.asarray(np.ldexp(_signs(words) * _significands(words, form.precision), exponents))

    return _each(setting, make)


def _subnormal(setting: Setting) -> Three:
    """x or w of multiples of the smallest number, the other of small whole numbers, now and then lifted: all exact."""
    step = setting.form.smallest_subnormal
    width = max(2, setting.form.precision - 3 - math.ceil(math.log2(setting.terms + 1)))
    tiny, lift = setting.bits.one(2), (0, setting.form.precision)[setting.bits.one(2)]

    def make(words: Array, which: int) -> Array:
        if which == 1 - tiny:
            return np.ldexp(_below(words, 5) - 2.0, lift)
        magnitude = (words >> np.uint64(64 - width)).astype(np.float64)
        return np.ldexp(_signs(words) * magnitude * step, lift if which == 2 else 0)

    return _each(setting, make)


def _cancel(setting: Setting) -> Three:
    """Numbers close to +1 and -1: the sums lose most of their digits."""
    half = setting.form.precision // 2

    def make(words: Array, which: int) -> Array:
        offset = np.ldexp((words >> np.uint64(64 - setting.form.precision + half)).astype(np.float64),
                          1 - setting.form.precision)
        sign = _signs(words) if which else 1.0
        return np.asarray(sign * (1.0 + offset))

    return _each(setting, make)


def _constant(setting: Setting) -> Three:
    """All x equal, all w equal, all bias equal: honest sequential sums drift furthest here."""
    values = _significands(setting.bits.words(3), setting.form.precision)
    return _each(setting, lambda words, which: np.full(len(words), values[which]))


def _box(setting: Setting) -> Three:
    """Full significands under a kernel whose taps are all equal: what tempts to running sums."""
    x, w, bias = _uniform(setting)
    return x, np.full(len(w), _significands(setting.bits.words(1), setting.form.precision)[0]), bias


def _positive(setting: Setting) -> Three:
    """Full significands in [1/2, 1): nothing cancels."""
    return _alike(setting, lambda words: _significands(words, setting.form.precision))


def _outlier(setting: Setting) -> Three:
    """One x a thousand times the others."""
    x, w, bias = _uniform(setting)
    if len(x):
        x[setting.bits.one(len(x))] = 1024.0
    return x, w, bias


def _ladder(setting: Setting) -> Three:
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


def _sparse(setting: Setting) -> Three:
    """Full significands, but at most two nonzero taps for each output channel: the bound is tightest for few terms."""
    x, w, bias = _uniform(setting)
    return x, np.where(_taps(setting, 2) != 0, w, 0.0), bias * setting.bits.one(2)


def _taps(setting: Setting, count: int) -> Array:
    w = np.zeros(setting.counts[1])
    per_output = len(w) // setting.outputs if setting.outputs else 0
    for output in range(setting.outputs if per_output else 0):
        for _ in range(count):
            w[output * per_output + setting.bits.one(per_output)] = math.ldexp(1.0, setting.bits.one(5) - 2)
    return w


def _impulse(setting: Setting) -> Three:
    """A single 1 in x, or a single 1 in each filter; the others are whole numbers; zeros may be negative zeros."""
    x, w, bias = _int(setting)
    if setting.bits.one(2) or not len(x):
        return x, np.sign(_taps(setting, 1)), bias
    zeros = np.where(setting.bits.words(len(x)) & np.uint64(1), 0.0, -0.0)
    zeros[setting.bits.one(len(x))] = 1.0
    return zeros, w, bias


def _balanced(setting: Setting) -> Three:
    """Whole numbers; each filter sums to zero, as those that find edges do."""
    x, w, bias = _int(setting)
    per_output = len(w) // setting.outputs if setting.outputs else 0
    if per_output > 1:
        filters = w.reshape(setting.outputs, per_output)
        filters[:, -1] -= filters.sum(axis=1)
    return x, w, bias


def _flat(setting: Setting) -> Three:
    """A picture of one grey under whole weights, often ones that sum to zero."""
    x, w, bias = (_balanced if setting.bits.one(2) else _int)(setting)
    return np.full(len(x), setting.bits.one(9) + 1.0), w, bias


def _striped(setting: Setting) -> Three:
    """Whole numbers in rows of which some are all zeros."""
    x, w, bias = _int(setting)
    if setting.width and len(x):
        rows = x.reshape(-1, setting.width)
        rows[_below(setting.bits.words(len(rows)), 3) == 0] = 0.0
    return x, w, bias


def _rank_one(setting: Setting) -> Three:
    """Full significands, or a single power of two, under kernels that are each a column times a row, rounded."""
    x, w, bias = _uniform(setting)
    if setting.bits.one(2) and len(x):
        # A single product is rounded once: what a kernel loses when it is taken apart shows.
        x, bias = np.zeros(len(x)), bias * 0.0
        x[setting.bits.one(len(x))] = 2.0
    height, width = setting.kernel
    planes = len(w) // (height * width) if height * width else 0
    column = _significands(setting.bits.words(planes * height), setting.form.precision).reshape(planes, height, 1)
    row = _significands(setting.bits.words(planes * width), setting.form.precision).reshape(planes, 1, width)
    return x, (column * row).ravel() if planes else w, bias


def _unit(setting: Setting) -> Three:
    """Whole numbers under a kernel of ones: with one tap, the result is the input."""
    x, w, bias = _int(setting)
    return x, w * 0.0 + 1.0, bias * setting.bits.one(2)


def _zero(setting: Setting) -> Three:
    """x or w all zeros."""
    x, w, bias = _int(setting)
    return (x * 0.0, w, bias) if setting.bits.one(2) else (x, w * 0.0, bias)


def _special(setting: Setting) -> Three:
    """Whole numbers with one or two of NaN, Inf and -Inf in x, and some zeros in w."""
    x, w, bias = _int(setting)
    for _ in range(1 + setting.bits.one(2) if len(x) else 0):
        x[setting.bits.one(len(x))] = (math.nan, math.inf, -math.inf)[setting.bits.one(3)]
    if setting.terms == 2:
        # One tap for each output: a product with a number, not with an array, which BLAS skips when the number is 0.
        return x, np.where(w == 0, 1.0, w), bias
    if setting.bits.one(4) == 0:
        # Equal taps tempt to running sums, which carry a NaN on.
        return x, w * 0.0 + 1.0, bias
    return x, np.where(_below(setting.bits.words(len(w)), 10) < 3, 0.0, w), bias


def _special_weights(setting: Setting) -> Three:
    """Whole numbers with one of NaN, Inf and -Inf in w or in the bias; now and then x is all zeros."""
    x, w, bias = _int(setting)
    x = x * (setting.bits.one(4) > 0)
    target = bias if len(bias) and setting.bits.one(3) == 0 else w
    if len(target):
        target[setting.bits.one(len(target))] = (math.nan, math.inf, -math.inf)[setting.bits.one(3)]
    return x, w, bias


def _swell(setting: Setting) -> Three:
    """Single products up to the format's largest number and beyond: sums are often in range, parts of them not."""
    exponent = (setting.form.largest_exponent + 1) // 2

    def make(words: Array, which: int) -> Array:
        exponents = exponent + (which == 0) - _below(words * np.uint64(0x9E3779B97F4A7C15), 4)
        return np.asarray(np.ldexp(_signs(words) * _significands(words, setting.form.precision), exponents))

    return _each(setting, make)


def _huge(setting: Setting) -> Three:
    """Sums close to the overflow threshold, but below half of it in any order."""
    form = setting.form
    top = form.largest_exponent - math.ceil(math.log2(setting.terms))
    # Now and then one factor is as large as it can be and the other small: intermediate products with it overflow.
    lean = min(math.ceil(math.log2(setting.terms)), top) * (0, 1, -1)[setting.bits.one(3)]
    tops = (top + lean if lean >= 0 else -lean, -lean if lean >= 0 else top + lean, top - 1)

    def make(words: Array, which: int) -> Array:
        exponents = tops[which] - _below(words * np.uint64(0x9E3779B97F4A7C15), 3)
        return np.asarray(np.ldexp(_signs(words) * _significands(words, form.precision), exponents))

    return _each(setting, make)


FLOAT_RECIPES: dict[str, Callable[[Setting], Three]] = {
    "int": _int, "wide": _wide, "uniform": _uniform, "log": _log, "scaled": _scaled, "tiny": _tiny,
    "subnormal": _subnormal, "cancel": _cancel, "constant": _constant, "box": _box, "positive": _positive,
    "outlier": _outlier, "ladder": _ladder, "sparse": _sparse, "impulse": _impulse, "unit": _unit,
    "balanced": _balanced, "flat": _flat,
    "striped": _striped, "rank_one": _rank_one, "zero": _zero, "special": _special, "special_w": _special_weights,
    "huge": _huge, "swell": _swell, "even": _even,
}
WHOLE_RECIPES = ("int", "wide", "impulse", "zero", "full", "edge", "even")
# "even" is for the small worlds, which are not drawn.
DRAWN_RECIPES = tuple(kind for kind in FLOAT_RECIPES if kind != "even")
FINITE_RECIPES = tuple(kind for kind in DRAWN_RECIPES if not kind.startswith("special"))


def fixed_point(words: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers in (-4, 4) that no integer holds, for the floating side of a mixed pair."""
    p = FORMATS[dtype.name].precision
    return np.asarray(_signs(words) * np.ldexp((words >> np.uint64(64 - p)).astype(np.float64), 2 - p)).astype(dtype)


def whole_numbers(kind: str, bits: Bits, count: int, dtype: np.dtype[Any], terms: int) -> Array:
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
    if kind == "even":
        width = even_bits(info.bits - (info.min < 0))
        return ((words >> np.uint64(64 - width)).astype(np.int64) - ((1 << width - 1) if info.min else 0)).astype(dtype)
    if kind == "zero":
        return np.zeros(count, dtype)
    if kind == "impulse":
        values = np.zeros(count, dtype)
        if count:
            values[bits.one(count)] = 1
        return values if bits.one(2) else (_below(words, 17) - (8 if info.min else 0)).astype(dtype)
    return (_below(words, 17) - (8 if info.min else 0)).astype(dtype)
