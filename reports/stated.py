"""What textbooks and documents say of their conventions: read, not measured."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stated:
    """One statement: the topic that it belongs to, who says it, what, and where."""

    topic: str
    source: str
    says: str
    link: str


DUMOULIN: Final = ("Dumoulin and Visin, A guide to convolution arithmetic", "https://arxiv.org/abs/1603.07285")
CS231N: Final = ("CS231n, course notes", "https://cs231n.github.io/convolutional-networks/")
D2L: Final = (
    "Dive into Deep Learning",
    "https://d2l.ai/chapter_convolutional-neural-networks/padding-and-strides.html",
)
ONEDNN: Final = ("oneDNN, developer guide", "https://uxlfoundation.github.io/oneDNN/dev_guide_convolution.html")
TENSORFLOW: Final = ("TensorFlow, notes on padding", "https://www.tensorflow.org/api_docs/python/tf/nn")
MATLAB: Final = ("MATLAB, conv2", "https://www.mathworks.com/help/matlab/ref/conv2.html")


def _said(topic: str, by: tuple[str, str], says: str) -> Stated:
    return Stated(topic, by[0], says, by[1])


STATED: Final = (
    _said("correlation-or-convolution", DUMOULIN, "a convolution; the kernel is not turned"),
    _said("correlation-or-convolution", D2L, "cross-correlation, in a function named `corr2d`"),
    _said("correlation-or-convolution", MATLAB, "a convolution; the kernel is turned"),
    _said("padding-per-side", DUMOULIN, "p counts one side; the size has 2p"),
    _said("padding-per-side", CS231N, "P counts one side; the size has 2P"),
    _said("padding-per-side", D2L, "p counts both sides together; the size has p"),
    _said("padding-per-side", ONEDNN, "each side has a number of its own"),
    _said("even-kernel-same", D2L, "for an even kernel, ⌈p/2⌉ rows at the top are one possibility: at the start"),
    _said("even-kernel-same", TENSORFLOW, "if the total is odd, the rest goes to the bottom and right: at the end"),
    _said("same-with-stride", TENSORFLOW, "⌈size / stride⌉ answers; the padding follows from that"),
    _said("non-fitting-stride", DUMOULIN, "rounded down"),
    _said("non-fitting-stride", CS231N, "an invalid choice; a library may raise, pad or crop"),
    _said("non-fitting-stride", D2L, "rounded down, written as ⌊(n − k + p + s) / s⌋"),
    _said("dilation-zero", CS231N, "0 means no gap: holes are counted"),
    _said("dilation-zero", ONEDNN, "0 means no gap: holes are counted"),
    _said("dilation-one", DUMOULIN, "1 means no gap: steps are counted"),
    _said("kernel-larger", MATLAB, "an empty array, for the shape “valid”"),
)
