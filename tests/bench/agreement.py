"""Is what is timed a convolution at all? Each implementation's answer to each workload, checked once.

At sampled positions the definition gives the exact sum, and the answer must lie within the rounding that such a sum
can suffer in any order: ``n u (|x| * |w|)`` for n products and unit roundoff u (Jeannerod and Rump, "Improved error
bounds for inner products in floating-point arithmetic", 2013); one u more leaves room for compensated summation.
Integers must be equal, modulo two to the number of bits. What computes by Fourier transforms errs by the size of the
whole picture instead: ``c u ||x|| ||w||``, summed over channels, with c = 3 log2(2 P) + C + 2 for P points and C
channels (after Higham, "Accuracy and Stability of Numerical Algorithms", section 24.1; the factor 3 is a measured
budget).

Everywhere else two answers are compared with each other. Both lie within ``n u G`` of the exact sum, so within
``2 n u G`` of each other, where G = max |x| times the sum of the filter's |w| is at least the gauge of any output of
that filter.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from workloads import Array, Workload

from convspec.reference import exact_conv2d, gauge, round_to, zero_pad

POSITIONS = 8


class WrongAnswer(Exception):
    """An implementation does not convolve; the message names it, the workload, the position and both numbers."""


class Checked:
    """The right answers to one workload, as far as they are looked at.

    Parameters
    ----------
    task : Workload
    """

    def __init__(self, task: Workload) -> None:
        self.task = task
        self.x, self.w = task.arrays()
        self.is_whole = self.x.dtype.kind in "iu"
        self.unit = 0.0 if self.is_whole else float(np.finfo(task.dtype).eps) / 2
        self.padded = zero_pad(self.x, ((task.padding, task.padding), (task.padding, task.padding)))
        self.exact = {position: self._exact(position) for position in self._positions()}

    def _positions(self) -> list[tuple[int, ...]]:
        """The four corners of the first output, and others spread over all of it."""
        _, _, oH, oW = self.task.output
        corners = [(0, 0, i, j) for i in (0, oH - 1) for j in (0, oW - 1)]
        count = math.prod(self.task.output)
        spread = [np.unravel_index((k * count) // POSITIONS + (k * 7919) % max(1, count // POSITIONS), self.task.output)
                  for k in range(POSITIONS)]
        return list(dict.fromkeys([*corners, *(tuple(int(index) for index in place) for place in spread)]))

    def _exact(self, position: tuple[int, ...]) -> tuple[Any, float]:
        """The exact sum of one output, and its gauge."""
        n, o, i, j = position
        kH, kW = self.task.w[2:]
        per_group, d, s = self.task.w[1], self.task.dilation, self.task.stride
        first = o // (self.task.w[0] // self.task.groups) * per_group
        window = self.padded[n:n + 1, first:first + per_group,
                             i * s:i * s + d * (kH - 1) + 1:d, j * s:j * s + d * (kW - 1) + 1:d]
        filter = self.w[o:o + 1]
        return exact_conv2d(window, filter).item(), float(gauge(window, filter).item())

    def check(self, name: str, answer: Any, transforms: bool, other: Array | None = None) -> Array:
        """Hold an answer against the definition, and against another answer.

        Parameters
        ----------
        name : str
            Whose answer it is.
        answer : array
            Of the shape of the output, or one picture of it.
        transforms : bool
            Whether it may have been computed by Fourier transforms.
        other : array, optional
            An answer that was checked.

        Returns
        -------
        array
            The answer as a NumPy array.

        Raises
        ------
        WrongAnswer
            It has another shape or dtype, or is too far off.
        """
        got = np.asarray(answer)
        if got.size == math.prod(self.task.output) and got.ndim == 2:
            got = got[np.newaxis, np.newaxis]
        if (got.shape, got.dtype.name) != (self.task.output, self.task.dtype):
            raise WrongAnswer(f"{name} gives {got.dtype}{got.shape} on {self.task.id}, "
                              f"want {self.task.dtype}{self.task.output}")
        extra = self._transform_error() if transforms else 0.0
        for position, (right, size) in self.exact.items():
            number = got[position].item()
            if self.is_whole:
                good = number == round_to(right, self.task.dtype).item()
            else:
                # The gauge is itself rounded by its number of terms; 2**-20 is far more.
                bound = (self.task.terms + 1) * self.unit * size * (1 + 2.0**-20) + extra
                good = math.isfinite(number) and abs(Fraction(number) - right) <= bound
            if not good:
                raise WrongAnswer(f"{name} gives {number!r} at {position} on {self.task.id}, want {float(right)!r}")
        if other is not None:
            self._compare(name, got, other, extra)
        return got

    def _compare(self, name: str, got: Array, other: Array, extra: float) -> None:
        sums = np.abs(self.w.astype(np.float64)).sum(axis=(1, 2, 3))[:, np.newaxis, np.newaxis]
        largest = float(np.abs(self.x.astype(np.float64)).max())
        bound = 2 * (self.task.terms + 1) * self.unit * largest * sums * (1 + 2.0**-20) + extra
        away = got != other if self.is_whole else ~(np.abs(got.astype(np.float64) - other) <= bound)
        if away.any():
            place = tuple(int(index) for index in np.unravel_index(int(away.argmax()), away.shape))
            raise WrongAnswer(f"{name} gives {got[place]!r} at {place} on {self.task.id}, others {other[place]!r}")

    def _transform_error(self) -> float:
        """The largest budget of any output: norms of whole planes, summed over the channels of a group."""
        x_norm = np.sqrt((self.padded.astype(np.float64) ** 2).sum(axis=(2, 3))).max()
        w_norm = np.sqrt((self.w.astype(np.float64) ** 2).sum(axis=(2, 3))).sum(axis=1).max()
        points = math.prod(a + b for a, b in zip(self.padded.shape[2:], self.w.shape[2:], strict=True))
        return float(self.unit * (3 * math.log2(2 * points) + self.task.w[1] + 2) * x_norm * w_norm)
