"""What the generator promises of a requirement's cases, asked of a case from elsewhere: fitted, shrunken, or typed in.

A law may be true only of the cases that its generator draws. (That changing the sign of x changes the sign of the
result is true without a bias.) So what is shown as a counterexample must be a case that could have been drawn.
"""

import math

from convspec.conformance.case import Case
from convspec.conformance.generating import Bias
from convspec.conformance.requirement import Requirement

_WITH_SPECIALS = ("special", "special_w")


def keeps_promises(requirement: Requirement, case: Case) -> bool:
    """Whether a case is one that the requirement's generator could have drawn, its size apart."""
    bias = requirement.bias
    if case.dtype not in bias.dtypes or not _bias_is_promised(bias, case) or not _numbers_are_promised(bias, case):
        return False
    # What is turned into an invalid case, or into a special one, is asked by `accepts`.
    if requirement.adjust is not None or not requirement.valid or case.line in requirement.lines:
        return True
    # Extreme sizes come with arguments of their own.
    if "extreme" in bias.sizes:
        return True
    return _arguments_are_promised(bias, case) and _shapes_are_promised(bias, case)


def _bias_is_promised(bias: Bias, case: Case) -> bool:
    return bias.bias is None or bias.bias == (case.bias_shape is not None)


def _numbers_are_promised(bias: Bias, case: Case) -> bool:
    """Numbers that are written out are finite, unless the recipes have NaN and infinities."""
    if case.literal is None or any(name in _WITH_SPECIALS for name in bias.data):
        return True
    numbers = [number for part in case.literal for number in part]
    return all(math.isfinite(part) for number in numbers for part in (number.real, number.imag))


def _arguments_are_promised(bias: Bias, case: Case) -> bool:
    for wanted, value in ((bias.stride, case.stride), (bias.dilation, case.dilation)):
        if (wanted == "one" and value != (1, 1)) or (wanted == "above" and max(value) == 1):
            return False
    is_promised = {
        "any": True,
        "one": case.groups == 1,
        "above": case.groups > 1,
        "depthwise": case.is_plane or (case.groups > 1 and case.w_shape[1] == 1),
    }
    return bool(is_promised[bias.groups])


def _shapes_are_promised(bias: Bias, case: Case) -> bool:
    if bias.remainder == "none" and any(case.left_over):
        return False
    return bias.kernels is None or case.kernel in bias.kernels or case.kernel[::-1] in bias.kernels
