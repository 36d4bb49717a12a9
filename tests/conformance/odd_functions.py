"""A right convolution that does something odd for one picture, and what a child process says of it."""

import numpy as np

from convspec.adapters.loading import adapt
from convspec.conformance.case import Case
from convspec.conformance.child import ChildProcess
from convspec.conformance.waiting import TimeLimits
from convspec.reference import conv2d

GOOD = Case((1, 1, 3, 3), (1, 1, 2, 2), seed=1)
# The only case whose picture is four rows high.
ODD = Case((1, 1, 4, 3), (1, 1, 2, 2), seed=2)
AFTER = Case((1, 1, 3, 5), (1, 1, 2, 2), seed=3)
MEMORY = 192 << 20
LIMITS = TimeLimits(trial=1.0, long=2.0)


def acting(act):
    """A right convolution but for pictures of four rows, for which it does something else."""
    def function(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        right = conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
        if x.shape[2] != 4:
            return right
        instead = act(right)
        return right if instead is None else instead.pop()

    return function


def outcomes(act, memory=MEMORY):
    child = ChildProcess("odd", adapter=adapt(acting(act), "odd"), limits=LIMITS, memory=memory)
    try:
        found = [first for first, *_ in child.run([("DEF-01", case) for case in (GOOD, ODD, AFTER, GOOD)])]
        return found, child.deaths
    finally:
        child.close()


def the_others_are_right(found):
    for outcome, case in zip((found[0], found[2], found[3]), (GOOD, AFTER, GOOD), strict=True):
        assert outcome.kind == "returned"
        assert outcome.value.shape == (1, 1, *case.geometry.output)
    assert np.array_equal(found[0].value, found[3].value)
    assert not np.array_equal(found[0].value, found[2].value[..., :2])
