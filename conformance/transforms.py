"""Whether sums are made through a transform: its noise shows where exact zeros must be."""

import math
from dataclasses import dataclass

import numpy as np

from convspec.conformance.accuracy import Subject
from convspec.conformance.case import Case, Number
from convspec.conformance.formats import FORMATS
from convspec.conformance.number_kinds import Bits

# Channels, side of the picture, side of the kernel: small kernels tempt to Winograd's, large ones to Fourier's.
SETTINGS = ((4, 24, 3), (1, 40, 13))


@dataclass(frozen=True)
class Noise:
    """Outputs that are not zero though all numbers under their windows are.

    Parameters
    ----------
    kernel : int
        Side of the kernel.
    reach : int
        How far the farthest is from the outputs that may be other than zero; 0 where there is none.
    farthest : int
        How far an output can be.
    case : Case
    """

    kernel: int
    reach: int
    farthest: int
    case: Case

    @property
    def is_everywhere(self) -> bool:
        """Whether the noise spreads over the plane, and not only over a tile."""
        return self.reach > self.farthest // 2


def noise(subject: Subject, dtype: str, seed: int) -> list[Noise]:
    """Put numbers into one corner of a picture of zeros, and look at the outputs that do not see them."""
    cases = [_cornered(dtype, subject.is_plane, seed, *setting) for setting in SETTINGS]
    found = []
    for (_, side, kernel), case, value in zip(SETTINGS, cases, subject.values(cases), strict=True):
        if value is None:
            continue
        outputs = side - kernel + 1
        # Rows and columns of outputs whose windows begin at or beyond this one see zeros only.
        blind = np.arange(outputs) - (kernel - 1)
        distance = np.maximum(blind[:, None], blind[None, :])
        wrong = (np.abs(value).reshape(-1, outputs, outputs) != 0).any(axis=0) & (distance > 0)
        found.append(Noise(kernel, int(distance[wrong].max(initial=0)), outputs - kernel, case))
    return found


def _cornered(dtype: str, is_plane: bool, seed: int, channels: int, side: int, kernel: int) -> Case:
    channels = 1 if is_plane else channels
    p = FORMATS[dtype].precision
    bits = Bits((seed << 8) + kernel)

    def numbers(count: int) -> list[Number]:
        words = [int(word) for word in bits.words(count)]
        return [math.ldexp(float((word >> (64 - p)) | 1 << (p - 1)), -p) * (1 - 2 * (word & 1)) for word in words]

    corner = iter(numbers(channels * kernel * kernel))
    picture = [
        next(corner) if row < kernel and column < kernel else 0
        for _ in range(channels) for row in range(side) for column in range(side)
    ]
    w = numbers(channels * kernel * kernel)
    front = () if is_plane else (1, channels)
    return Case((*front, side, side), (*front, kernel, kernel), dtype=dtype, literal=(tuple(picture), tuple(w), ()))
