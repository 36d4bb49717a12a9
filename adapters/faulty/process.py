"""No answer at all: the process dies, hangs, leaves, talks without end or eats the memory.

Nothing happens on import, and nothing for other calls than those named. Run them in a process of their own.
"""

import os
import signal
import sys
import threading
import time

import numpy as np

from convspec.adapters.faulty.pieces import Call, check, convolve, correct
from convspec.adapters.faulty.registry import Family
from convspec.adapters.protocol import Array

wrong = Family("process")

PIECE = 2**23
"""Numbers of 8 bytes in each piece that the memory hog asks for: 64 MiB."""


@wrong(
    "dies-on-dilated-stride-two",
    remedy="find the read beyond the buffer",
    hides="unless a stride is 2 and a dilation above 1",
    caught_by="DEF-01",
    recreates="https://github.com/pytorch/pytorch/issues/169688",
    witness=None,
)
def dies_on_dilated_stride_two(call: Call) -> Array:
    """With a stride of 2 and a dilation the process dies of a segmentation fault."""
    if 2 in call.stride and max(call.dilation) > 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return convolve(call)


@wrong(
    "dies-on-invalid-groups",
    remedy="refuse groups that do not divide the output channels before dividing by them",
    hides="when the call is valid",
    caught_by="ERR-03",
    recreates="https://github.com/pytorch/pytorch/issues/182653",
    witness=None,
    checked=False,
)
def dies_on_invalid_groups(call: Call) -> Array:
    """Groups that do not divide the output channels are answered with a floating-point exception."""
    ranks = np.ndim(call.x) == 4 and np.ndim(call.w) == 4 and type(call.groups) is int
    if ranks and call.groups > 1 and call.w.shape[0] % call.groups:
        os.kill(os.getpid(), signal.SIGFPE)
    return correct(call)


@wrong(
    "aborts-on-a-large-kernel",
    remedy="refuse a kernel larger than the padded input with an exception",
    hides="when the kernel fits",
    caught_by="SHP-08 ERR-10",
    recreates="https://github.com/ml-explore/mlx/issues/548",
    witness=None,
    checked=False,
)
def aborts_on_a_large_kernel(call: Call) -> Array:
    """A kernel larger than the padded picture aborts the process."""
    try:
        return convolve(check(call))
    except ValueError:
        if np.ndim(call.x) == np.ndim(call.w) == 4 and call.w.shape[2] > call.x.shape[2] > 0:
            os.abort()
        raise


@wrong(
    "hangs-without-channels",
    remedy="let the loop over the channels end when there is none",
    hides="when there is an input channel",
    caught_by="SHP-10",
    recreates="https://github.com/pytorch/pytorch/issues/56998",
    witness=None,
)
def hangs_without_channels(call: Call) -> Array:
    """Without input channels the call never returns."""
    while call.x.shape[1] == 0:
        time.sleep(1)
    return convolve(call)


@wrong(
    "hangs-on-wide-stride",
    remedy="let the loop over the columns end when the stride jumps over the last one",
    hides="when the stride is at most the kernel's reach",
    caught_by="SHP-07",
    witness=None,
)
def hangs_on_wide_stride(call: Call) -> Array:
    """With a stride larger than the kernel on both axes the call never returns."""
    while call.stride[0] > call.reach[0] and call.stride[1] > call.reach[1]:
        time.sleep(1)
    return convolve(call)


LOCK = threading.Lock()
BUSY: set[tuple[int, ...]] = set()


@wrong(
    "lock-never-released",
    remedy="release the lock in a finally clause or a with statement",
    hides="when no shape of x comes twice",
    caught_by="PUR-05",
    witness=None,
)
def lock_never_released(call: Call) -> Array:
    """The second call with the same shape of x waits for a lock that the first still holds."""
    if call.x.shape in BUSY:
        LOCK.acquire()
    BUSY.add(call.x.shape)
    LOCK.acquire(blocking=False)
    return convolve(call)


@wrong(
    "leaves-with-success",
    remedy="raise an exception; do not end the caller's process",
    hides="unless the dtype is bfloat16 or float16 and the kernel has one tap",
    caught_by="DTY-04",
    witness=None,
)
def leaves_with_success(call: Call) -> Array:
    """A 1x1 kernel in half precision ends the process at once, with exit status 0."""
    if call.dtype.name in {"float16", "bfloat16"} and call.kernel == (1, 1):
        os._exit(0)
    return convolve(call)


@wrong(
    "calls-sys-exit",
    remedy="raise ValueError; SystemExit passes through `except Exception`",
    hides="when the call is valid",
    caught_by="ERR-02",
    witness=None,
    checked=False,
)
def calls_sys_exit(call: Call) -> Array:
    """An invalid stride ends the program by sys.exit with status 0 instead of an exception."""
    if isinstance(call.stride, (tuple, list)) and any(type(s) is int and s < 1 for s in call.stride):
        sys.exit(0)
    return correct(call)


@wrong(
    "interrupts",
    remedy="raise an Exception, if anything",
    hides="when there are fewer than three groups",
    caught_by="GRP-01",
    witness=None,
)
def interrupts(call: Call) -> Array:
    """With three groups or more, KeyboardInterrupt is raised, as if the user had pressed a key."""
    if call.groups > 2:
        raise KeyboardInterrupt
    return convolve(call)


@wrong(
    "talks-without-end",
    remedy="end the loop that prints",
    hides="when the convolution is not depthwise",
    caught_by="GRP-02",
    witness=None,
)
def talks_without_end(call: Call) -> Array:
    """A depthwise convolution prints without end."""
    while call.groups == call.x.shape[1] > 1:
        print("depthwise: computing the next channel" * 20)
    return convolve(call)


@wrong(
    "eats-the-memory",
    remedy="free the buffers of one output row before the next",
    hides="when the kernel is at most three columns wide",
    caught_by="DEF-01",
    witness=None,
)
def eats_the_memory(call: Call) -> Array:
    """A kernel wider than three columns asks for memory until there is none."""
    hoard: list[Array] = []
    # np.empty asks for addresses without touching them: the process meets its limit, the machine is spared.
    while call.kernel[1] > 3:
        hoard.append(np.empty(PIECE))
    return convolve(call)


@wrong(
    "recurses-without-end",
    remedy="end the recursion over the batch",
    hides="when there are fewer than three pictures",
    caught_by="BAT-01",
    witness=None,
)
def recurses_without_end(call: Call) -> Array:
    """With three pictures or more the function calls itself until Python gives up."""
    return _rest(call) if len(call.x) > 2 else convolve(call)


def _rest(call: Call) -> Array:
    """Compute all pictures but none, which leaves as many as before."""
    return np.concatenate([_rest(call), convolve(call.but(x=call.x[:0]))])


@wrong(
    "closes-its-descriptors",
    remedy="close only files that you opened",
    hides="when the output has more than one pixel",
    caught_by="SHP-07",
    witness=None,
)
def closes_its_descriptors(call: Call) -> Array:
    """For an output of one pixel all open files of the process are closed."""
    y = convolve(call)
    if y.shape[2:] == (1, 1):
        os.closerange(0, 256)
    return y
