"""Invalid calls that are answered instead of refused."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convspec.adapters.faulty.pieces import Call, correct
from convspec.adapters.faulty.registry import NO_PADDING, Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import WORDS, Array

wrong = Family("validation")


def invalid(**changes: Any) -> Witness:
    """Make a witness of a small call with something invalid in it."""
    return plain(**{"x": (1, 2, 4, 4), "w": (2, 2, 2, 2), **changes})


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the numbers of a pair, or a single number; leave anything else alone."""
    if isinstance(value, (tuple, list)):
        return type(value)(each(item, change) for item in value)
    return change(value) if type(value) in {int, float} else value


@wrong(
    "rank-three-taken-for-one-picture",
    remedy="refuse an x without a batch axis",
    hides="when x has rank 4",
    caught_by="ERR-01",
    witness=invalid(x=(2, 4, 4)),
    checked=False,
)
def rank_three_taken_for_one_picture(call: Call) -> Array:
    """An x of rank 3 is taken for a batch of one."""
    return correct(call.but(x=call.x[np.newaxis]) if np.ndim(call.x) == 3 else call)


@wrong(
    "rank-two-weight-taken-for-all",
    remedy="refuse a weight without channel axes",
    hides="when w has rank 4",
    caught_by="ERR-01",
    recreates="https://github.com/pytorch/pytorch/issues/3039",
    witness=invalid(x=(1, 1, 4, 4), w=(2, 2)),
    checked=False,
)
def rank_two_weight_taken_for_all(call: Call) -> Array:
    """A w of rank 2 or 3 is filled up with axes of length 1."""
    missing = 4 - np.ndim(call.w)
    return correct(call.but(w=call.w[(np.newaxis,) * missing]) if missing in {1, 2} else call)


@wrong(
    "rank-five-flattened",
    remedy="refuse an x of more than four axes",
    hides="when x has at most four axes",
    caught_by="ERR-01",
    witness=invalid(x=(1, 1, 2, 4, 4)),
    checked=False,
)
def rank_five_flattened(call: Call) -> Array:
    """An x of rank 5 has its first two axes joined."""
    return correct(call.but(x=call.x.reshape(-1, *call.x.shape[2:])) if np.ndim(call.x) == 5 else call)


@wrong(
    "stride-zero-taken-for-one",
    remedy="refuse a stride below 1",
    hides="when the stride is at least 1",
    caught_by="ERR-02",
    recreates="https://github.com/pytorch/pytorch/issues/27598",
    witness=invalid(stride=(0, 1)),
    checked=False,
)
def stride_zero_taken_for_one(call: Call) -> Array:
    """A stride of 0 is taken for 1."""
    return correct(call.but(stride=each(call.stride, lambda s: 1 if s == 0 else s)))


@wrong(
    "negative-stride-taken-for-positive",
    remedy="refuse a stride below 1",
    hides="when the stride is at least 1",
    caught_by="ERR-02",
    witness=invalid(stride=(-1, 1)),
    checked=False,
)
def negative_stride_taken_for_positive(call: Call) -> Array:
    """The sign of the stride is ignored."""
    return correct(call.but(stride=each(call.stride, abs)))


@wrong(
    "dilation-zero-taken-for-one",
    remedy="refuse a dilation below 1",
    hides="when the dilation is at least 1",
    caught_by="ERR-02",
    witness=invalid(dilation=(1, 0)),
    checked=False,
)
def dilation_zero_taken_for_one(call: Call) -> Array:
    """A dilation of 0 is taken for 1."""
    return correct(call.but(dilation=each(call.dilation, lambda d: 1 if d == 0 else d)))


@wrong(
    "groups-zero-taken-for-one",
    remedy="refuse groups below 1",
    hides="when groups is at least 1",
    caught_by="ERR-02",
    witness=invalid(groups=0),
    checked=False,
)
def groups_zero_taken_for_one(call: Call) -> Array:
    """Groups of 0 are taken for 1."""
    return correct(call.but(groups=each(call.groups, lambda g: 1 if g == 0 else g)))


def _channels(call: Call) -> tuple[int, int]:
    ranks = np.ndim(call.x) == 4 and np.ndim(call.w) == 4 and type(call.groups) is int and call.groups >= 1
    return (call.x.shape[1], call.w.shape[1] * call.groups) if ranks else (0, 0)


@wrong(
    "extra-channels-ignored",
    remedy="refuse an x with more channels than the weight expects",
    hides="when the channel counts fit",
    caught_by="ERR-03",
    witness=invalid(x=(1, 3, 4, 4)),
    checked=False,
)
def extra_channels_ignored(call: Call) -> Array:
    """Input channels beyond those that the weight expects are ignored."""
    found, expected = _channels(call)
    return correct(call.but(x=call.x[:, :expected]) if found > expected > 0 else call)


@wrong(
    "missing-channels-repeated",
    remedy="refuse an x of one channel where the weight expects more",
    hides="when the channel counts fit",
    caught_by="ERR-03",
    witness=invalid(x=(1, 1, 4, 4)),
    checked=False,
)
def missing_channels_repeated(call: Call) -> Array:
    """An x of one channel is repeated for each channel of the weight: broadcasting."""
    found, expected = _channels(call)
    return correct(call.but(x=np.repeat(call.x, expected, axis=1)) if found == 1 < expected else call)


@wrong(
    "implicit-groups",
    remedy="refuse an x whose channels are a multiple of those that the weight expects",
    hides="when the channel counts fit",
    caught_by="ERR-03",
    witness=invalid(x=(1, 4, 4, 4)),
    checked=False,
)
def implicit_groups(call: Call) -> Array:
    """If x has a multiple of the channels that the weight expects, groups are made up."""
    found, expected = _channels(call)
    times = found // expected if expected else 0
    fits = times > 1 and found % expected == 0 and len(call.w) % (call.groups * times) == 0
    return correct(call.but(groups=call.groups * times) if fits else call)


@wrong(
    "outputs-not-divided-by-groups",
    remedy="refuse groups that do not divide the output channels",
    hides="when groups divides C_out",
    caught_by="ERR-03",
    recreates="https://github.com/pytorch/pytorch/issues/182653",
    witness=invalid(x=(1, 4, 4, 4), w=(3, 2, 2, 2), groups=2),
    checked=False,
)
def outputs_not_divided_by_groups(call: Call) -> Array:
    """If groups does not divide the output channels, those left over are dropped."""
    found, expected = _channels(call)
    odd = found == expected > 0 and len(call.w) % call.groups
    if not odd:
        return correct(call)
    whole = len(call.w) // call.groups * call.groups
    bias = None if call.bias is None else call.bias[:whole]
    return correct(call.but(w=call.w[:whole], bias=bias))


@wrong(
    "long-bias-cut",
    remedy="refuse a bias whose length is not C_out",
    hides="when the bias has at most C_out numbers",
    caught_by="ERR-04",
    witness=invalid(bias_shape=(3,)),
    checked=False,
)
def long_bias_cut(call: Call) -> Array:
    """Numbers of the bias beyond C_out are ignored."""
    if call.bias is None or np.ndim(call.bias) != 1 or np.ndim(call.w) != 4:
        return correct(call)
    return correct(call.but(bias=call.bias[:len(call.w)]))


@wrong(
    "bias-of-any-rank",
    remedy="refuse a bias that has not exactly one axis",
    hides="when the bias has one axis",
    caught_by="ERR-04",
    witness=invalid(bias_shape=(1, 2)),
    checked=False,
)
def bias_of_any_rank(call: Call) -> Array:
    """A bias of any rank with C_out numbers is flattened."""
    return correct(call.but(bias=None if call.bias is None else np.ravel(call.bias)))


@wrong(
    "fractions-cut-off",
    remedy="refuse a stride, pad or dilation that is no whole number",
    hides="when all parameters are whole numbers",
    caught_by="ERR-05",
    witness=invalid(stride=(1.5, 1)),
    checked=False,
)
def fractions_cut_off(call: Call) -> Array:
    """A stride, pad or dilation of 1.5 is taken for 1."""
    return correct(call.but(
        stride=each(call.stride, int), dilation=each(call.dilation, int), groups=each(call.groups, int),
        padding=call.padding if isinstance(call.padding, str) else each(call.padding, int)))


@wrong(
    "text-taken-for-numbers",
    remedy="refuse a stride or dilation that is text",
    hides="when all parameters are whole numbers",
    caught_by="ERR-05",
    witness=invalid(stride=("1", "1")),
    checked=False,
)
def text_taken_for_numbers(call: Call) -> Array:
    """A stride or dilation given as text is turned into a number."""

    def number(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return tuple(number(item) for item in value)
        return int(value) if isinstance(value, str) and value.isdigit() else value

    return correct(call.but(stride=number(call.stride), dilation=number(call.dilation)))


@wrong(
    "third-stride-ignored",
    remedy="refuse a stride, dilation or padding of three numbers",
    hides="when each axis has one number",
    caught_by="ERR-05",
    witness=invalid(stride=(1, 1, 2)),
    checked=False,
)
def third_stride_ignored(call: Call) -> Array:
    """Of a stride or dilation of three numbers the third is ignored."""
    stride, dilation = (
        value[:2] if isinstance(value, (tuple, list)) else value for value in (call.stride, call.dilation))
    return correct(call.but(stride=stride, dilation=dilation))


@wrong(
    "none-taken-for-default",
    remedy="refuse None where a number is asked for",
    hides="when every parameter is given or left out",
    caught_by="ERR-05",
    witness=invalid(stride=None),
    checked=False,
)
def none_taken_for_default(call: Call) -> Array:
    """A stride, dilation or padding of None is taken for the default."""

    def given(value: Any, default: Any) -> Any:
        if isinstance(value, (tuple, list)) and None in value:
            return tuple(1 if item is None else item for item in value)
        return default if value is None else value

    return correct(call.but(
        stride=given(call.stride, (1, 1)), dilation=given(call.dilation, (1, 1)),
        padding=NO_PADDING if call.padding is None else call.padding))


@wrong(
    "unknown-word-is-valid",
    remedy="refuse a padding word that is not known",
    hides="when every padding word is spelt rightly",
    caught_by="ERR-08",
    witness=invalid(padding="smae"),
    checked=False,
)
def unknown_word_is_valid(call: Call) -> Array:
    """A padding word that means nothing is taken for "valid"."""
    nonsense = isinstance(call.padding, str) and call.padding not in WORDS
    return correct(call.but(padding="valid") if nonsense else call)
