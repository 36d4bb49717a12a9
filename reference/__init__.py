"""The specification: a 2-D convolution that is meant to be read.

A convolution layer looks at a picture through a small window, multiplies what it sees by a table of weights,
writes down the sum, and moves the window on. Everything in this folder says that sentence with more care.
Nothing here is fast, and nothing here is clever; where another implementation disagrees, this one is right,
or its mistake is a mistake of the specification.

The letters are the same everywhere: ``x`` is the input of shape (N, C_in, H, W), that is a batch of N
pictures with C_in channels, H rows and W columns; ``w`` is the weight of shape (C_out, C_in / groups, kH,
kW), that is one filter for each output channel; ``bias`` has one number for each output channel.

A *sample* is one number of a picture along one axis, that is one pixel; a *tap* is one weight of the kernel
along one axis. So sizes, strides and pads are counted in samples, and kernels in taps.

The operation is a *cross-correlation*: the kernel is laid on the picture as it is, not flipped. Signal
processing calls the flipped one a convolution; layers of neural networks leave the flip out and keep the
name.

Read the modules in this order:

1. ``shapes``: at how many positions does the kernel fit?
2. ``padding``: how many zeros go around the picture, and putting them there.
3. ``convolution``: the definition of one output element, and the loop around it.
4. ``rounding``: what it means that a number of a given type is the nearest one.
5. ``exact``: the same loop on whole numbers, so that the right answer is known without rounding.
6. ``arguments``: what is refused, and in which words.

One module is no part of the specification: ``chain`` holds the lines of a results file together.
"""

from convspec.reference.convolution import conv2d, output_element
from convspec.reference.exact import correctly_rounded, exact_conv2d, gauge, whole_numbers
from convspec.reference.padding import resolve_padding, zero_pad
from convspec.reference.rounding import round_to
from convspec.reference.shapes import effective_kernel_size, output_size

__all__ = [
    "conv2d",
    "correctly_rounded",
    "effective_kernel_size",
    "exact_conv2d",
    "gauge",
    "output_element",
    "output_size",
    "resolve_padding",
    "round_to",
    "whole_numbers",
    "zero_pad",
]
