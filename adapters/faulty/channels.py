"""Channels, pictures of a batch and the bias: left out, repeated, or added in the wrong place."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, add_bias, convolve, sum_of_products
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array

wrong = Family("channels")

BIASED = plain(bias=True)


def without(call: Call, kept: Array) -> Array:
    """Convolve with only some of each group's input channels."""
    return convolve(call.but(w=np.where(kept[:, np.newaxis, np.newaxis], call.w, 0).astype(call.w.dtype)))


@wrong(
    "first-channel-only",
    remedy="sum over all input channels",
    hides="when there is one input channel",
    caught_by="DEF-01 CHN-01 CHN-04",
)
def first_channel_only(call: Call) -> Array:
    """Only the first input channel is read."""
    return without(call, np.arange(call.w.shape[1]) == 0)


@wrong(
    "last-channel-only",
    remedy="add each channel's share to the output (+=), do not overwrite it (=)",
    hides="when there is one input channel",
    caught_by="DEF-01 CHN-01 CHN-04",
)
def last_channel_only(call: Call) -> Array:
    """Each channel's share overwrites that of the one before, so that the last remains."""
    return without(call, np.arange(call.w.shape[1]) == call.w.shape[1] - 1)


@wrong(
    "channels-reversed",
    remedy="take the channels in order; blue, green, red is another order than red, green, blue",
    hides="when there is one input channel",
    caught_by="DEF-01 CHN-01",
)
def channels_reversed(call: Call) -> Array:
    """The input channels are read in reverse order."""
    return convolve(call.but(x=call.x[:, ::-1]) if call.groups == 1 else call.but(w=call.w[:, ::-1]))


@wrong(
    "channels-averaged",
    remedy="sum over the channels, do not average",
    hides="when there is one input channel",
    caught_by="DEF-01 CHN-01",
)
def channels_averaged(call: Call) -> Array:
    """The shares of the channels are averaged instead of summed."""
    count = max(1, call.w.shape[1])

    def average(seen: Array, w: Array, groups: int) -> Array:
        y = sum_of_products(seen, w, groups)
        divided: Array = y // count if y.dtype.kind in "iu" else y / count
        return divided

    return convolve(call, total=average)


@wrong(
    "three-channels-reversed",
    remedy="do not take three channels for a colour picture in another order",
    hides="when there are not exactly three input channels",
    caught_by="CHN-04",
    recreates="https://github.com/ARM-software/armnn/issues/169",
    witness=plain(x=(2, 3, 5, 6), w=(4, 3, 3, 2)),
)
def three_channels_reversed(call: Call) -> Array:
    """Three input channels are read in reverse order, as colours."""
    return convolve(call.but(w=call.w[:, ::-1]) if call.w.shape[1] == 3 else call)


@wrong(
    "one-filter-for-all",
    remedy="use filter o for output channel o",
    hides="when there is one output channel",
    caught_by="DEF-01 CHN-02",
)
def one_filter_for_all(call: Call) -> Array:
    """Every output channel is computed with the first filter of its group."""
    each = call.w.shape[0] // call.groups
    return convolve(call.but(w=np.repeat(call.w[::each], each, axis=0)) if each else call)


@wrong(
    "outputs-accumulate",
    remedy="start the sum of each output channel at 0",
    hides="when there is one output channel",
    caught_by="DEF-01 CHN-02",
)
def outputs_accumulate(call: Call) -> Array:
    """The sum runs on from one output channel to the next."""

    def running(seen: Array, w: Array, groups: int) -> Array:
        y = sum_of_products(seen, w, groups)
        return y.cumsum(axis=1, dtype=y.dtype)

    return convolve(call, total=running)


@wrong(
    "even-channels-weigh-double",
    remedy="add each channel's share once",
    hides="when there is one input channel",
    caught_by="DEF-01 CHN-01 CHN-03",
)
def even_channels_weigh_double(call: Call) -> Array:
    """Every second input channel is added twice."""
    twice = np.where(np.arange(call.w.shape[1]) % 2 == 1, 2, 1)[:, np.newaxis, np.newaxis]
    return convolve(call.but(w=(call.w * twice.astype(call.w.dtype)).astype(call.w.dtype)))


@wrong(
    "first-picture-for-all",
    remedy="take picture n for output n",
    hides="when there is one picture",
    caught_by="DEF-01 BAT-01",
)
def first_picture_for_all(call: Call) -> Array:
    """Every picture of the batch gives the output of the first."""
    return convolve(call.but(x=np.broadcast_to(call.x[:1], call.x.shape)) if len(call.x) > 1 else call)


@wrong(
    "last-picture-left-out",
    remedy="let the loop over the batch run to its end",
    hides="when there is one picture",
    caught_by="DEF-01 BAT-01",
)
def last_picture_left_out(call: Call) -> Array:
    """The last of several pictures gives zeros."""
    y = convolve(call)
    if len(y) > 1:
        y[-1] = 0
    return y


@wrong(
    "fourth-picture-repeats-the-third",
    remedy="take picture n for output n, however many there are",
    hides="when there are fewer than four pictures",
    caught_by="BAT-01",
    recreates="https://github.com/tensorflow/tensorflow/issues/1299",
    witness=plain(x=(4, 2, 4, 4), w=(2, 2, 2, 3)),
)
def fourth_picture_repeats_the_third(call: Call) -> Array:
    """From the fourth picture on, every output is that of the third."""
    return convolve(call.but(x=call.x[np.minimum(np.arange(len(call.x)), 2)]) if len(call.x) > 3 else call)


@wrong(
    "nan-crosses-the-batch",
    remedy="compute each picture from its own numbers alone",
    hides="when all numbers are finite, or there is one picture",
    caught_by="BAT-02",
    witness=lambda conv2d: bool(np.isnan(conv2d(
        np.array([1.0, np.nan]).reshape(2, 1, 1, 1), np.ones((1, 1, 1, 1)))[0]).any()),
)
def nan_crosses_the_batch(call: Call) -> Array:
    """The sum over the whole batch is added with weight zero, so that a NaN reaches every picture."""
    y = convolve(call)
    return y if y.dtype.kind in "iu" else (y + 0 * call.x.sum()).astype(y.dtype)


@wrong(
    "batch-mean-subtracted",
    remedy="do not normalise by the batch",
    hides="when there is one picture",
    caught_by="DEF-01 BAT-01",
)
def batch_mean_subtracted(call: Call) -> Array:
    """The mean over the batch is subtracted from each of several pictures."""
    if len(call.x) < 2 or call.x.dtype.kind in "iu":
        return convolve(call)
    return convolve(call.but(x=(call.x - call.x.mean(axis=0)).astype(call.x.dtype)))


@wrong(
    "empty-batch-becomes-one",
    remedy="return (0, C_out, oH, oW) for a batch of no picture",
    hides="when there is at least one picture",
    caught_by="SHP-09",
    recreates="https://github.com/pytorch/pytorch/pull/24341",
    witness=plain(x=(0, 4, 5, 5)),
)
def empty_batch_becomes_one(call: Call) -> Array:
    """A batch of no picture gives one output of zeros."""
    y = convolve(call)
    return y if len(y) else np.zeros((1, *y.shape[1:]), y.dtype)


@wrong(
    "empty-batch-refused",
    remedy="return (0, C_out, oH, oW) for a batch of no picture",
    hides="when there is at least one picture",
    caught_by="SHP-09",
    recreates="https://github.com/FluxML/NNlib.jl/pull/763",
    witness=plain(x=(0, 4, 5, 5)),
)
def empty_batch_refused(call: Call) -> Array:
    """A batch of no picture is refused."""
    if len(call.x) == 0:
        raise ZeroDivisionError("work cannot be shared out over 0 pictures")
    return convolve(call)


@wrong(
    "no-channels-no-output",
    remedy="a sum over no channel is 0: return (N, C_out, oH, oW) filled with the bias",
    hides="when there is an input channel",
    caught_by="SHP-10",
    recreates="https://github.com/pytorch/pytorch/pull/120944",
    witness=plain(x=(2, 0, 5, 5), w=(3, 0, 2, 2), bias=True),
)
def no_channels_no_output(call: Call) -> Array:
    """Without input channels there are no output channels either, and the bias is lost."""
    y = convolve(call)
    return y[:, :0].copy() if call.x.shape[1] == 0 else y


@wrong(
    "no-channels-no-bias",
    remedy="add the bias also when there is no input channel",
    hides="when there is an input channel or no bias",
    caught_by="SHP-10",
    witness=plain(x=(2, 0, 5, 5), w=(3, 0, 2, 2), bias=True),
)
def no_channels_no_bias(call: Call) -> Array:
    """Without input channels the result is zero, whatever the bias."""
    return convolve(call.but(bias=None) if call.x.shape[1] == 0 else call)


@wrong(
    "bias-per-row",
    remedy="add bias[o] to output channel o: y + bias[:, None, None]",
    hides="when there is no bias or one output channel",
    caught_by="DEF-01 BIA-01",
    witness=BIASED,
)
def bias_per_row(call: Call) -> Array:
    """The bias is added per row of the output, not per channel."""
    return convolve(call, add=lambda y, b: (
        y + b[np.arange(y.shape[2]) % len(b)][:, np.newaxis] if len(b) else y))


@wrong(
    "bias-per-column-when-it-fits",
    remedy="add bias[o] to output channel o: y + bias[:, None, None], not y + bias",
    hides="when there is no bias, or the output is not as wide as it has channels",
    caught_by="BIA-01",
    witness=plain(x=(2, 4, 7, 6), w=(5, 4, 3, 2), bias=True),
)
def bias_per_column_when_it_fits(call: Call) -> Array:
    """The bias is added along the last axis whenever that is as long as the bias."""
    return convolve(call, add=lambda y, b: y + b if y.shape[3] == len(b) else add_bias(y, b))


@wrong(
    "bias-dropped",
    remedy="add bias[o] to output channel o",
    hides="when there is no bias",
    caught_by="DEF-01 BIA-01 PAD-09 LAW-05",
    recreates="https://github.com/pytorch/pytorch/issues/196165",
    witness=BIASED,
)
def bias_dropped(call: Call) -> Array:
    """The bias is ignored."""
    return convolve(call.but(bias=None))


@wrong(
    "bias-subtracted",
    remedy="add the bias, do not subtract it",
    hides="when there is no bias",
    caught_by="DEF-01 BIA-01 LAW-05",
    witness=BIASED,
)
def bias_subtracted(call: Call) -> Array:
    """The bias is subtracted."""
    return convolve(call, add=lambda y, bias: add_bias(y, -bias))


@wrong(
    "bias-for-each-channel",
    remedy="add the bias once, after the sum over the channels",
    hides="when there is one input channel or no bias",
    caught_by="DEF-01 BIA-01 BIA-02",
    witness=BIASED,
)
def bias_for_each_channel(call: Call) -> Array:
    """The bias is added once for each input channel."""
    return convolve(call, add=lambda y, b: add_bias(y, (b * call.w.shape[1]).astype(y.dtype)))


@wrong(
    "bias-for-each-tap",
    remedy="add the bias once, after the sum over the taps",
    hides="when the kernel has one tap or there is no bias",
    caught_by="DEF-01 BIA-01 BIA-02",
    witness=BIASED,
)
def bias_for_each_tap(call: Call) -> Array:
    """The bias is added once for each tap of the kernel."""
    taps = call.kernel[0] * call.kernel[1]
    return convolve(call, add=lambda y, b: add_bias(y, (b * np.array(taps).astype(b.dtype)).astype(y.dtype)))


@wrong(
    "first-bias-for-all",
    remedy="add bias[o], not bias[0], to output channel o",
    hides="when there is no bias or one output channel",
    caught_by="DEF-01 BIA-01",
    witness=BIASED,
)
def first_bias_for_all(call: Call) -> Array:
    """The first number of the bias is added to every output channel."""
    return convolve(call, add=lambda y, b: y + b[0] if len(b) else y)


@wrong(
    "bias-for-the-first-picture",
    remedy="add the bias to every picture of the batch",
    hides="when there is one picture or no bias",
    caught_by="DEF-01 BIA-01",
    witness=BIASED,
)
def bias_for_the_first_picture(call: Call) -> Array:
    """The bias is added to the first picture of the batch only."""

    def first(y: Array, bias: Array) -> Array:
        y[:1] += bias[:, np.newaxis, np.newaxis]
        return y

    return convolve(call, add=first)
