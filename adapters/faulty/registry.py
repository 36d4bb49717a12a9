"""What is known of a fault, and how a module of a family registers its faults."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from convspec.adapters.faulty.pieces import Body, Call, check
from convspec.adapters.faulty.witness import Witness
from convspec.adapters.protocol import DTYPES, WORDS, Array, Capabilities, Numerics

EVERYTHING = Capabilities(dtypes=DTYPES, padding_words=WORDS, mixed_dtypes="promote")
"""What the pieces can do, and so what a fault claims unless it says otherwise."""

NO_PADDING = ((0, 0), (0, 0))

GENERIC = Witness()
"""A call on which most faults show: stride, dilation and padding all differ between the axes."""


class Conv2d(Protocol):
    """A function of the layer profile."""

    def __call__(
        self, x: Array, w: Array, bias: Array | None = None, *, stride: Any = (1, 1),
        padding: Any = NO_PADDING, dilation: Any = (1, 1), groups: Any = 1,
    ) -> Array:
        """(N, C_in, H, W) with (C_out, C_in/groups, kH, kW) gives (N, C_out, oH, oW)."""
        ...


@dataclass(frozen=True)
class Fault:
    """An implementation that is wrong in exactly one way.

    Parameters
    ----------
    id : str
        Its name for ever.
    family : str
        The module it stands in.
    sentence : str
        What is wrong, in one sentence.
    remedy : str
        What to change.
    hides : str
        When it gives right answers all the same.
    caught_by : tuple of str
        Requirements that must catch it.
    function : callable
        The implementation.
    recreates : str
        Link to the real bug that it re-creates, empty if there is none in particular.
    capabilities, numerics
        What it claims and how it says that it computes.
    witness : Witness or callable
        A call on which it is wrong, or a function that is given the implementation and returns whether
        it misbehaved; None for those that may only be run in a process of their own.
    body : callable
        The implementation as a function of one `Call`, which `pieces.both` joins with another.
    """

    id: str
    family: str
    sentence: str
    remedy: str
    hides: str
    caught_by: tuple[str, ...]
    function: Conv2d
    recreates: str = ""
    capabilities: Capabilities = EVERYTHING
    numerics: Numerics = field(default_factory=Numerics)
    witness: Witness | Callable[[Conv2d], bool] | None = GENERIC
    body: Body | None = None


def as_function(body: Body, *, checked: bool = True, quiet: bool = True) -> Conv2d:
    """Give a body of one `Call` the signature of a convolution.

    Parameters
    ----------
    body : callable
        Takes a call, returns the output.
    checked : bool
        Whether invalid calls are refused before the body sees them.
    quiet : bool
        Whether NumPy's floating-point warnings are silenced meanwhile.
    """

    def conv2d(
        x: Array, w: Array, bias: Array | None = None, *, stride: Any = (1, 1), padding: Any = NO_PADDING,
        dilation: Any = (1, 1), groups: Any = 1,
    ) -> Array:
        call = Call(x, w, bias, stride, padding, dilation, groups)
        if checked:
            call = check(call)
        if not quiet:
            return body(call)
        with np.errstate(all="ignore"):
            return body(call)

    conv2d.__name__ = conv2d.__qualname__ = getattr(body, "__name__", "conv2d")
    conv2d.__module__ = body.__module__
    conv2d.__doc__ = body.__doc__
    return conv2d


class Family:
    """The faults of one module, in order; calling it registers the next one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: list[Fault] = []

    def __call__(
        self, id: str, *, remedy: str, hides: str, caught_by: str, recreates: str = "",
        capabilities: Capabilities = EVERYTHING, numerics: Numerics | None = None,
        witness: Witness | Callable[[Conv2d], bool] | None = GENERIC, checked: bool = True,
        quiet: bool = True,
    ) -> Callable[[Body], Conv2d]:
        """Register the decorated body, whose docstring is the sentence that says what is wrong.

        Parameters
        ----------
        id, remedy, hides, recreates, capabilities, numerics, witness
            As for `Fault`.
        caught_by : str
            Requirement ids, separated by spaces.
        checked, quiet : bool
            As for `as_function`.

        Returns
        -------
        callable
            A decorator that turns the body into a function with the signature of `Conv2d`.

        Raises
        ------
        ValueError
            The body has no docstring.
        """

        def register(body: Body) -> Conv2d:
            if not body.__doc__:
                raise ValueError(f"fault {id!r} has no sentence: write it as the docstring of its function")
            function = as_function(body, checked=checked, quiet=quiet)
            self.members.append(Fault(
                id, self.name, body.__doc__.strip(), remedy, hides, tuple(caught_by.split()), function,
                recreates, capabilities, numerics or Numerics(), witness, body))
            return function

        return register
