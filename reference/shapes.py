"""How large the output is: at how many positions the kernel fits.

The two axes of a picture never meet in this arithmetic, so both functions speak of one axis. All of it is
done in whole numbers; there is no division that could round.
"""

from convspec.reference.arguments import Pair, integer, pair


def effective_kernel_size(kernel: int, dilation: int) -> int:
    r"""Count the samples from the first tap of a dilated kernel to its last.

    .. math:: \hat k = d (k - 1) + 1

    Parameters
    ----------
    kernel : int
        Number of taps *k* along the axis, at least 1.
    dilation : int
        Distance *d* from one tap to the next, in samples, at least 1. With 1 the taps are neighbours.

    Returns
    -------
    int
        Reach of the kernel, in samples, at least 1.

    Raises
    ------
    ValueError
        An argument is not an integer or below 1. The message gives its name and value.

    Notes
    -----
    Source: Dumoulin and Visin, arXiv:1603.07285, section 5.1 (dilated convolutions), where it is written
    :math:`k + (k - 1)(d - 1)`, the same number.

    Examples
    --------
    Three taps, each two samples from the next, reach over five samples.

    >>> effective_kernel_size(3, dilation=2)
    5
    """
    kernel = integer("kernel", kernel, at_least=1)
    dilation = integer("dilation", dilation, at_least=1)
    return dilation * (kernel - 1) + 1


def output_size(size: int, kernel: int, *, pad: Pair = (0, 0), stride: int = 1, dilation: int = 1) -> int:
    r"""Count the positions at which the kernel fits along one axis.

    .. math:: o = \left\lfloor \frac{p_0 + i + p_1 - \hat k}{s} \right\rfloor + 1,
              \qquad \hat k = d (k - 1) + 1

    The first position starts at the first sample; each next one starts *s* samples further on. The last
    samples may be left over: when the kernel does not fit once more, they are read by nobody. That is why
    the formula rounds down.

    Parameters
    ----------
    size : int
        Length *i* of the input, in samples; 0 is legal if the padding alone is long enough.
    kernel : int
        Number of taps *k*, at least 1.
    pad : (int, int)
        Zeros before and after the input, *p0* and *p1*, in samples, at least 0. One number counts for both.
    stride : int
        Step *s* from one position to the next, in samples, at least 1.
    dilation : int
        Distance *d* from one tap to the next, in samples, at least 1.

    Returns
    -------
    int
        Length *o* of the output, at least 1.

    Raises
    ------
    ValueError
        An argument is not an integer or out of range (the message gives its name and value), or the kernel
        fits nowhere (the message gives its reach and the padded length).

    Notes
    -----
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 15, which contains relationships 1 to 6;
    written here with a separate number of zeros on either side.

    Examples
    --------
    The rows of the worked example: 8 rows, a kernel of 3; then every second position; then one zero around.

    >>> output_size(8, 3)
    6
    >>> output_size(8, 3, stride=2)
    3
    >>> output_size(8, 3, stride=2, pad=(1, 1))
    4
    >>> output_size(3, 2, dilation=3)
    Traceback (most recent call last):
    ValueError: kernel reaches over 4 samples, padded input has only 3
    """
    size = integer("size", size, at_least=0)
    before, after = pair("pad", pad, at_least=0)
    stride = integer("stride", stride, at_least=1)
    reach = effective_kernel_size(kernel, dilation)

    padded = before + size + after
    if reach > padded:
        raise ValueError(f"kernel reaches over {reach} samples, padded input has only {padded}")
    return (padded - reach) // stride + 1
