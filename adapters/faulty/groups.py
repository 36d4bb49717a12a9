"""Groups of channels that see the wrong channels, or lose something on the way."""

import numpy as np

from convspec.adapters.faulty.pieces import Call, add_bias, convolve
from convspec.adapters.faulty.registry import Family
from convspec.adapters.faulty.witness import Witness, plain
from convspec.adapters.protocol import Array

wrong = Family("groups")

TWO = plain(x=(2, 4, 7, 6), w=(6, 2, 3, 2), groups=2)
THREE = plain(x=(2, 6, 5, 6), w=(6, 2, 3, 2), groups=3)
DEPTHWISE = plain(x=(2, 3, 5, 6), w=(6, 1, 3, 2), groups=3)


def regrouped(call: Call, order: Array) -> Array:
    """Convolve, each output channel with the input channels of the group that `order` names for it."""
    C_out, Cg = call.w.shape[:2]
    parts = []
    for o in range(C_out):
        channels = slice(order[o] * Cg, (order[o] + 1) * Cg)
        bias = None if call.bias is None else call.bias[o:o + 1]
        parts.append(convolve(call.but(x=call.x[:, channels], w=call.w[o:o + 1], bias=bias, groups=1)))
    return np.concatenate(parts, axis=1) if parts else convolve(call)


@wrong(
    "groups-interleaved",
    remedy="output channel o belongs to group o // (C_out/groups), not o % groups",
    hides="when there is one group, or one output channel for each group",
    caught_by="DEF-01 GRP-01 GRP-02 GRP-03",
    recreates="https://github.com/pytorch/pytorch/issues/19912",
    witness=TWO,
)
def groups_interleaved(call: Call) -> Array:
    """Groups are interleaved: output channel o sees group o % groups."""
    return regrouped(call, np.arange(call.w.shape[0]) % call.groups)


@wrong(
    "first-group-for-all",
    remedy="start each group's channels at group * C_in/groups",
    hides="when there is one group",
    caught_by="DEF-01 GRP-01 GRP-02 GRP-03",
    recreates="https://github.com/LBANN/lbann/pull/1036",
    witness=TWO,
)
def first_group_for_all(call: Call) -> Array:
    """Every output channel sees the channels of the first group."""
    return regrouped(call, np.zeros(call.w.shape[0], int))


@wrong(
    "groups-reversed",
    remedy="take the groups in order",
    hides="when there is one group",
    caught_by="DEF-01 GRP-01 GRP-02 GRP-03",
    witness=TWO,
)
def groups_reversed(call: Call) -> Array:
    """The first outputs see the last group of channels."""
    each = max(1, call.w.shape[0] // call.groups)
    return regrouped(call, call.groups - 1 - np.arange(call.w.shape[0]) // each)


@wrong(
    "group-channels-strided",
    remedy="a group is a block of neighbouring channels, not every g-th",
    hides="when there is one group, or one channel in each",
    caught_by="DEF-01 GRP-01 GRP-03",
    witness=TWO,
)
def group_channels_strided(call: Call) -> Array:
    """A group consists of every g-th input channel instead of neighbours."""
    N, C, H, W = call.x.shape
    if C == 0:
        return convolve(call)
    shuffled = call.x.reshape(N, C // call.groups, call.groups, H, W).swapaxes(1, 2).reshape(N, C, H, W)
    return convolve(call.but(x=shuffled))


@wrong(
    "group-outputs-interleaved",
    remedy="join the groups' outputs one after the other",
    hides="when there is one group, or one output in each",
    caught_by="DEF-01 GRP-01 GRP-02 GRP-03",
    witness=TWO,
)
def group_outputs_interleaved(call: Call) -> Array:
    """The outputs of the groups are woven together instead of joined."""
    y = convolve(call)
    N, C_out, oH, oW = y.shape
    return y.reshape(N, call.groups, C_out // call.groups, oH, oW).swapaxes(1, 2).reshape(y.shape)


@wrong(
    "groups-taken-for-depthwise",
    remedy="sum over all C_in/groups channels of a group",
    hides="when there is one group, or one channel in each",
    caught_by="DEF-01 GRP-01 GRP-03",
    recreates="https://github.com/apache/tvm/pull/3020",
    witness=TWO,
)
def groups_taken_for_depthwise(call: Call) -> Array:
    """With more than one group, only the first channel of each group is read."""
    w = call.w.copy()
    if call.groups > 1:
        w[:, 1:] = 0
    return convolve(call.but(w=w))


@wrong(
    "multiplier-order",
    remedy="depthwise output o reads channel o // m, where m = C_out / C_in",
    hides="when there are as many outputs as channels, or fewer groups than channels",
    caught_by="GRP-02",
    recreates="https://github.com/pytorch/pytorch/pull/60460",
    witness=DEPTHWISE,
)
def multiplier_order(call: Call) -> Array:
    """Depthwise with a multiplier: output o reads channel o % C_in."""
    depthwise = call.w.shape[1] == 1 and call.groups > 1
    return regrouped(call, np.arange(call.w.shape[0]) % call.groups) if depthwise else convolve(call)


@wrong(
    "multiplier-ignored",
    remedy="compute all C_out outputs of a depthwise convolution",
    hides="when there are as many outputs as channels, or fewer groups than channels",
    caught_by="GRP-02",
    recreates="https://github.com/pytorch/pytorch/pull/60460",
    witness=DEPTHWISE,
)
def multiplier_ignored(call: Call) -> Array:
    """Depthwise with a multiplier: each channel's first filter is used for all its outputs."""
    if call.w.shape[1] != 1 or call.groups == 1:
        return convolve(call)
    each = call.w.shape[0] // call.groups
    return convolve(call.but(w=np.repeat(call.w[::each], each, axis=0) if each else call.w))


@wrong(
    "last-group-left-out",
    remedy="let the loop over the groups run to its end",
    hides="when there are fewer than three groups",
    caught_by="GRP-01",
    witness=THREE,
)
def last_group_left_out(call: Call) -> Array:
    """With three groups or more, the outputs of the last one stay zero."""
    y = convolve(call)
    if call.groups > 2:
        y[:, y.shape[1] - y.shape[1] // call.groups:] = 0
    return y


@wrong(
    "third-group-takes-the-second",
    remedy="compute the offset of a group as group * C_in/groups, not by a bit",
    hides="when there are at most two groups",
    caught_by="GRP-01",
    witness=THREE,
)
def third_group_takes_the_second(call: Call) -> Array:
    """Groups from the third on read the channels of the second."""
    each = max(1, call.w.shape[0] // call.groups)
    return regrouped(call, np.minimum(1, np.arange(call.w.shape[0]) // each))


@wrong(
    "bias-dropped-with-groups",
    remedy="pass the bias on to the path for groups",
    hides="when there is one group or no bias",
    caught_by="BIA-01 BIA-02",
    witness=plain(w=(6, 2, 3, 2), groups=2, bias=True),
)
def bias_dropped_with_groups(call: Call) -> Array:
    """The bias is dropped when there are groups."""
    return convolve(call.but(bias=None) if call.groups > 1 else call)


@wrong(
    "bias-restarts-with-each-group",
    remedy="index the bias by the output channel, not by its number within the group",
    hides="when there is one group or no bias",
    caught_by="BIA-01",
    witness=plain(w=(6, 2, 3, 2), groups=2, bias=True),
)
def bias_restarts_with_each_group(call: Call) -> Array:
    """Each group starts again with the first number of the bias."""
    each = max(1, call.w.shape[0] // call.groups)

    def restart(y: Array, bias: Array) -> Array:
        return add_bias(y, bias[np.arange(len(bias)) % each])

    return convolve(call, add=restart)


@wrong(
    "bias-added-by-each-group",
    remedy="add the bias once, after the sum",
    hides="when there is one group or no bias",
    caught_by="BIA-01 BIA-02",
    witness=plain(w=(6, 2, 3, 2), groups=2, bias=True),
)
def bias_added_by_each_group(call: Call) -> Array:
    """The bias is added as many times as there are groups."""
    return convolve(call, add=lambda y, bias: add_bias(y, (bias * call.groups).astype(y.dtype)))


@wrong(
    "kernel-flipped-with-groups",
    remedy="leave the flip out of the path for groups",
    hides="when there is one group",
    caught_by="GRP-01 GRP-03",
    witness=TWO,
)
def kernel_flipped_with_groups(call: Call) -> Array:
    """The kernel is flipped, but only when there are groups."""
    return convolve(call.but(w=call.w[..., ::-1, ::-1]) if call.groups > 1 else call)


@wrong(
    "stride-ignored-with-true-groups",
    remedy="pass the stride on to the path for groups of several channels",
    hides="when the stride is 1, or the groups number one or as many as the channels",
    caught_by="DEF-01",
    recreates="https://github.com/iree-org/iree/issues/23786",
    witness=Witness(w=(6, 2, 3, 2), groups=2),
)
def stride_ignored_with_true_groups(call: Call) -> Array:
    """With several groups of several channels, the windows stand one sample apart, whatever the stride."""
    y = convolve(call)
    if 1 < call.groups < call.x.shape[1] and max(call.stride) > 1:
        full = convolve(call.but(stride=(1, 1), padding=call.pads))
        y = full[:, :, :y.shape[2], :y.shape[3]].copy()
    return y


@wrong(
    "padding-moved-in-depthwise",
    remedy="pad in the depthwise path as well",
    hides="when the convolution is not depthwise, or nothing is padded at the top",
    caught_by="GRP-02",
    witness=plain(x=(2, 3, 5, 6), w=(3, 1, 3, 2), groups=3, padding=((1, 1), (0, 0))),
)
def padding_moved_in_depthwise(call: Call) -> Array:
    """In a depthwise convolution the zeros at the top go to the bottom."""
    (top, bottom), sides = call.pads
    depthwise = call.groups == call.x.shape[1] > 1
    return convolve(call, pads=((0, top + bottom), sides) if depthwise else None)


@wrong(
    "depthwise-batch-from-the-first",
    remedy="take each picture of the batch in the depthwise path",
    hides="when the convolution is not depthwise, or there is one picture",
    caught_by="BAT-01 GRP-02",
    recreates="https://github.com/pytorch/pytorch/issues/188335",
    witness=plain(x=(2, 3, 5, 6), w=(3, 1, 3, 2), groups=3),
)
def depthwise_batch_from_the_first(call: Call) -> Array:
    """In a depthwise convolution every picture of the batch gives the output of the first."""
    depthwise = call.groups == call.x.shape[1] > 1 and len(call.x) > 1
    return convolve(call.but(x=np.broadcast_to(call.x[:1], call.x.shape)) if depthwise else call)


@wrong(
    "depthwise-single-row",
    remedy="treat a picture of one row like any other",
    hides="when the convolution is not depthwise, or the picture has more than one row",
    caught_by="GRP-02",
    recreates="https://github.com/tenstorrent/tt-mlir/issues/9276",
    witness=plain(x=(2, 3, 1, 6), w=(3, 1, 1, 2), groups=3),
)
def depthwise_single_row(call: Call) -> Array:
    """Depthwise on pictures of one row: the channels are read in reverse."""
    single = call.groups == call.x.shape[1] > 1 and call.size[0] == 1
    return convolve(call.but(x=call.x[:, ::-1]) if single else call)
