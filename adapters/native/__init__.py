"""The calls of each library as its users write them, with nothing bridged.

An adapter hides how a library differs from the specification, so that both can be compared. Here the differences are
what is looked for: each library is called in its own words, and what it answers is measured.
"""

from convspec.adapters.native.jax_lax import JAX
from convspec.adapters.native.library import Library
from convspec.adapters.native.numpy_rows import NUMPY
from convspec.adapters.native.onnx_conv import ONNX
from convspec.adapters.native.opencv_filter2d import OPENCV
from convspec.adapters.native.scipy_ndimage import NDIMAGE
from convspec.adapters.native.scipy_signal import SIGNAL
from convspec.adapters.native.specification import SPECIFICATION
from convspec.adapters.native.torch_functional import TORCH

LIBRARIES: tuple[Library, ...] = (SPECIFICATION, *NUMPY, *SIGNAL, NDIMAGE, TORCH, JAX, *ONNX, OPENCV)

__all__ = ["LIBRARIES", "SPECIFICATION", "Library"]
