"""What a call may say, and the words in which anything else is refused.

Every refusal is a ``ValueError`` that names the parameter and gives the value, because a reader of the
message has the call in front of them and wants to know which part of it to change.
"""

import operator
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Pair = tuple[int, int]
Pads = tuple[Pair, Pair]


def integer(name: str, value: Any, *, at_least: int) -> int:
    """Return `value` as a Python int, if it is one and not too small.

    Parameters
    ----------
    name : str
        The parameter's name, for the message.
    value : object
        A Python or NumPy integer. ``True``, ``1.0`` and ``"1"`` are none.
    at_least : int
        The smallest value that means something.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    ValueError
        Not an integer, or below `at_least`. The message gives the name and the value.

    Examples
    --------
    >>> integer("stride", 2, at_least=1)
    2
    >>> integer("stride", 1.5, at_least=1)
    Traceback (most recent call last):
    ValueError: stride must be an integer, got 1.5
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, got {value!r}") from None
    if isinstance(value, bool):
        # Python counts True as 1, but nobody who writes stride=True means a stride of one sample.
        raise ValueError(f"{name} must be an integer, got {value!r}")
    if number < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {number}")
    return number


def pair(name: str, value: Any, *, at_least: int) -> Pair:
    """Return one integer for each of the two axes; one number counts for both.

    Parameters
    ----------
    name : str
        The parameter's name, for the message.
    value : int, (int, int) or [int, int]
        One number for both axes, or one for the rows and one for the columns.
    at_least : int
        The smallest value that means something.

    Returns
    -------
    (int, int)
        The number for the vertical and for the horizontal axis.

    Raises
    ------
    ValueError
        Not one or two integers, or one of them below `at_least`.

    Examples
    --------
    >>> pair("stride", 2, at_least=1)
    (2, 2)
    >>> pair("stride", (2, 1, 1), at_least=1)
    Traceback (most recent call last):
    ValueError: stride must be one number or a pair of numbers, got (2, 1, 1)
    """
    if not isinstance(value, (tuple, list)):
        number = integer(name, value, at_least=at_least)
        return number, number
    if len(value) != 2:
        raise ValueError(f"{name} must be one number or a pair of numbers, got {value!r}")
    vertical, horizontal = value
    return integer(name, vertical, at_least=at_least), integer(name, horizontal, at_least=at_least)


def check_ranks(x: Array, w: Array) -> None:
    """Refuse arrays that are neither batches of channels nor one picture and one filter.

    Parameters
    ----------
    x, w : array
        Both of rank 4, or both of rank 2.

    Raises
    ------
    ValueError
        Any other pair of ranks. The message gives both shapes.

    Examples
    --------
    >>> import numpy as np
    >>> check_ranks(np.zeros((8, 7)), np.zeros((1, 3, 3)))
    Traceback (most recent call last):
    ValueError: x and w must both have rank 4 or both rank 2, got x of shape (8, 7) and w of shape (1, 3, 3)
    """
    if (x.ndim, w.ndim) not in {(4, 4), (2, 2)}:
        raise ValueError(
            f"x and w must both have rank 4 or both rank 2, got x of shape {x.shape} and w of shape {w.shape}"
        )


def check_shapes(x: Array, w: Array, bias: Array | None, groups: int) -> None:
    """Refuse a layer whose shapes do not fit together.

    Parameters
    ----------
    x : array (N, C_in, H, W)
        The input.
    w : array (C_out, C_in / groups, kH, kW)
        The weights.
    bias : array (C_out,), or None
        What is added to each output channel.
    groups : int
        Number of groups, at least 1; every group has the same share of the channels of either kind.

    Raises
    ------
    ValueError
        A kernel without a tap, `groups` that do not divide the channels, filters that expect another number
        of input channels, a bias of another rank or length. The message gives the numbers that disagree.

    Examples
    --------
    >>> import numpy as np
    >>> check_shapes(np.zeros((1, 4, 8, 7)), np.zeros((6, 3, 3, 3)), None, groups=1)
    Traceback (most recent call last):
    ValueError: w expects 3 input channels per group, x has C_in=4 in groups=1, that is 4 per group
    """
    C_in = x.shape[1]
    C_out, channels_per_group, kH, kW = w.shape
    if kH < 1 or kW < 1:
        raise ValueError(f"w must have at least one tap on each axis of the kernel, got kH={kH} and kW={kW}")
    if C_in % groups != 0:
        raise ValueError(f"groups must divide the input channels, got groups={groups} and C_in={C_in}")
    if C_out % groups != 0:
        raise ValueError(f"groups must divide the output channels, got groups={groups} and C_out={C_out}")
    if channels_per_group != C_in // groups:
        raise ValueError(
            f"w expects {channels_per_group} input channels per group, "
            f"x has C_in={C_in} in groups={groups}, that is {C_in // groups} per group"
        )
    if bias is not None and bias.shape != (C_out,):
        raise ValueError(
            f"bias must have shape ({C_out},), one number for each output channel, got shape {bias.shape}"
        )
