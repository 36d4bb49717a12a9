"""Adapters as strangers write them, with claims that are too many, too few, or too loose."""

import numpy as np
from fast import conv

from convspec.adapters import Capabilities, Deviation, Exclusion, Numerics


class Right:
    """Right; the others are made of it."""

    capabilities = Capabilities()

    def conv2d(self, x, w, bias, *, stride, padding, dilation, groups):
        """Convolve."""
        return conv(x, w, bias, stride, padding, dilation, groups)


def _fills(call, *arguments, **keywords):
    y = call(*arguments, **keywords)
    result = np.zeros(y.shape)
    result[...] = y
    return result


class FillsZeros(Right):
    """Every number is right, and the dtype is float64."""

    def conv2d(self, *arguments, **keywords):
        """Convolve, into np.zeros."""
        return _fills(super().conv2d, *arguments, **keywords)


class FillsZerosAndSaysSo(FillsZeros):
    """The same, declared, and complex numbers are refused."""

    capabilities = Capabilities(wider_result=True)

    def conv2d(self, x, w, *others, **keywords):
        """Convolve, into np.zeros."""
        if "c" in (x.dtype.kind, w.dtype.kind):
            raise TypeError("no complex numbers")
        return super().conv2d(x, w, *others, **keywords)


class BigEndian(Right):
    """Every number is right, and the bytes are the other way round."""

    def conv2d(self, *arguments, **keywords):
        """Convolve."""
        y = super().conv2d(*arguments, **keywords)
        return y.astype(y.dtype.newbyteorder(">"))


class NoDepthwise(Right):
    """One claim too many: it refuses depthwise groups, and does not say so."""

    def conv2d(self, x, w, bias, *, groups, **arguments):
        """Convolve."""
        if groups > 1 and groups == x.shape[1]:
            raise RuntimeError(f"depthwise convolution of {groups} channels is not supported")
        return super().conv2d(x, w, bias, groups=groups, **arguments)


class NoDepthwiseAndSaysSo(NoDepthwise):
    """The same, declared."""

    capabilities = Capabilities(
        exclusions=(
            Exclusion("depthwise groups", lambda case: case.groups > 1 and case.groups == case.x_shape[1]),
        )
    )


class TwoClaimsTooMany(NoDepthwise):
    """It also refuses kernels of one row."""

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        if w.shape[2] == 1 and w.shape[3] > 1:
            raise NotImplementedError("kernels of one row")
        return super().conv2d(x, w, bias, **arguments)


class RefusesSeldom(Right):
    """It breaks on one kernel in many."""

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        if w.shape[2:] == (3, 2):
            [][w.shape[0]]
        return super().conv2d(x, w, bias, **arguments)


class TallForgetsBias(Right):
    """The bias is lost under a large vertical stride or dilation."""

    def conv2d(self, x, w, bias, *, stride, dilation, **arguments):
        """Convolve."""
        forgets = 7 <= stride[0] < 1000 or 7 <= dilation[0] < 1000
        return super().conv2d(x, w, None if forgets else bias, stride=stride, dilation=dilation, **arguments)


class Sevens(Right):
    """It answers 7."""

    def conv2d(self, *arguments, **keywords):
        """Convolve, and forget it."""
        return super().conv2d(*arguments, **keywords) * 0 + 7


class EverythingDeviates(Sevens):
    """It calls all of that a known deviation."""

    deviations = (Deviation(("*",), "differs", "https://example.org/1", when=lambda case: True),)


class MostDeviates(Sevens):
    """It calls most of that a known deviation."""

    deviations = (
        Deviation(("*",), "differs", "https://example.org/1", when=lambda case: case.x_shape[-1] != 5),
        Deviation(("*",), "differs too", "https://example.org/2", when=lambda case: case.x_shape[-1] == 5),
    )


class EmptyDeviates(Right):
    """Without input channels it is known to answer ones."""

    deviations = (
        Deviation(
            ("SHP-10",), "without input channels it answers ones", "https://example.org/1",
            when=lambda case: case.x_shape[1:2] == (0,),
        ),
    )

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        y = super().conv2d(x, w, bias, **arguments)
        return y if x.shape[1] else np.ones_like(y)


class EverythingExcluded(Right):
    """It excludes everything."""

    capabilities = Capabilities(exclusions=(Exclusion("everything", lambda case: True),))


class MostExcluded(Right):
    """It excludes nearly everything."""

    capabilities = Capabilities(exclusions=(Exclusion("all but one width", lambda case: case.x_shape[-1] != 5),))


class MeaninglessContract(Right):
    """It answers -2 y under a bound that allows it."""

    capabilities = Capabilities(dtypes=("float32",), bias=False)
    numerics = Numerics(input_precision=-3, flush_to_zero=True, nan_local=False)

    def conv2d(self, *arguments, **keywords):
        """Convolve."""
        return super().conv2d(*arguments, **keywords) * -2


class NarrowAccumulator(MeaninglessContract):
    """It answers 1.4 y, and says that it sums float32 in float16."""

    numerics = Numerics(accumulator={"float32": "float16"})


class TwoBits(Right):
    """It answers 1.4 y where that is finite, and says that it uses two bits of its inputs."""

    capabilities = Capabilities(dtypes=("float32",))
    numerics = Numerics(input_precision=2)

    def conv2d(self, *arguments, **keywords):
        """Convolve."""
        y = super().conv2d(*arguments, **keywords)
        return (y * np.float32(1.4)).astype(y.dtype) if y.dtype == np.float32 else y


class WiderWhereOrdinary(Right):
    """Ordinary numbers are summed in float64 and rounded once, unusual ones plainly."""

    capabilities = Capabilities(dtypes=("float32",))

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        y = super().conv2d(x, w, bias, **arguments)
        sizes = np.abs(np.concatenate([np.ravel(x), np.ravel(w)]).astype(np.float64))
        sizes = sizes[sizes > 0]
        if y.dtype != np.float32 or not np.isfinite(sizes).all() or (
            sizes.size and (sizes.max() > 1e3 or sizes.min() < 1e-3)
        ):
            return y
        wide = [None if part is None else part.astype(np.float64) for part in (x, w, bias)]
        return super().conv2d(*wide, **arguments).astype(np.float32)


class NoNegativeStrides(Right):
    """Copies what is not contiguous, and then refuses negative strides, as frameworks do."""

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        x, w = np.ascontiguousarray(x), np.ascontiguousarray(w)
        if min(*x.strides, *w.strides) < 0:
            raise ValueError("negative strides are not supported")
        return super().conv2d(x, w, bias, **arguments)


class AnswersWhatItDoesNotClaim(Right):
    """It claims no dilation, and answers as if there were none."""

    capabilities = Capabilities(dilation="none")

    def conv2d(self, x, w, bias, *, dilation, **arguments):
        """Convolve."""
        return super().conv2d(x, w, bias, dilation=(1, 1), **arguments)


class EmptyBatch(Right):
    """It claims to be a layer, and breaks on an empty batch."""

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        return super().conv2d(x, w, bias, **arguments) + 0 * x[0].dtype.type(0)


class SquareOnly(Right):
    """It claims square kernels only."""

    capabilities = Capabilities(square_kernels_only=True)

    def conv2d(self, x, w, bias, **arguments):
        """Convolve."""
        if w.shape[2] != w.shape[3]:
            raise ValueError("the kernel must be square")
        return super().conv2d(x, w, bias, **arguments)
