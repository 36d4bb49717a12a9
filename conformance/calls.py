"""What a case leads to: calls with arrays and arguments, and what came of each.

Nothing here knows who runs it: the child process builds the calls and makes them, the parent builds the same ones and
judges them.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from convspec.adapters.protocol import Array
from convspec.conformance.case import Case
from convspec.conformance.recipes import Operands, arrays

# A requirement and a case: what a child is sent, and builds the calls of.
Trialled = tuple[str, Case]
Kind = Literal["returned", "raised", "not an array", "exited", "crashed", "timed out",
               "not waited for", "out of memory"]


@dataclass(frozen=True)
class Call:
    """One call to make: the numbers, how they lie in memory, the arguments.

    Parameters
    ----------
    x, w, bias : arrays
        C-contiguous; the child lays them out.
    stride, padding, dilation, groups
        The arguments, valid or not.
    layout_x, layout_w, layout_bias : str
        Where the child puts the numbers.
    same_buffers : bool
        Whether the arrays of the call before are filled with these numbers and used again.
    thread : int
        Calls of one trial that share a thread number above 0 are made at the same time, each in a thread of its own.
    watched : bool
        Whether the global random states are compared too, which costs more than a small call.
    w_in_x : bool
        Whether w is a view of the first numbers of x, in the same memory.
    strict_errors : bool
        Whether the call is made while NumPy raises on floating-point errors, as a caller may have asked it to.
    """

    x: Array
    w: Array
    bias: Array | None
    stride: Any
    padding: Any
    dilation: Any
    groups: Any
    layout_x: str = "C"
    layout_w: str = "C"
    layout_bias: str = "C"
    same_buffers: bool = False
    thread: int = 0
    watched: bool = False
    w_in_x: bool = False
    strict_errors: bool = False

    def but(self, **changes: Any) -> "Call":
        """The same call with some parts changed."""
        return replace(self, **changes)

    def asks_the_same(self, other: "Call") -> bool:
        """Whether the right answers are the same because the very same arrays meet equal arguments."""
        same_arrays = self.x is other.x and self.w is other.w and self.bias is other.bias
        return same_arrays and all(
            getattr(self, name) == getattr(other, name) for name in ("stride", "padding", "dilation", "groups")
        )


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Parameters
    ----------
    kind : str
        How it ended. "not waited for": it may still answer some day, so nothing can be concluded.
    value : array or None
        What it returned.
    text : str
        The exception, the signal, or what was returned instead of an array.
    changed : tuple of str
        The arguments whose memory is not what it was: "x", "w", "bias".
    aliases : tuple of str
        The arguments, or earlier results, that share memory with the result.
    disturbed : tuple of str
        The global state that is not what it was: NumPy's random state, its error state.
    where : str
        The lines at which an exception was raised.
    refused : bool
        Whether the exception is a refusal that somebody wrote (`convspec.adapters.refusals`).
    digest : str
        Of the first outcome of a trial that another process tells of: it names the arrays of all calls.
    """

    kind: Kind
    value: Array | None = None
    text: str = ""
    changed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    disturbed: tuple[str, ...] = ()
    where: str = ""
    refused: bool = False
    digest: str = ""

    @property
    def died(self) -> bool:
        """Whether the child did not live to answer."""
        return self.kind in ("crashed", "timed out", "not waited for", "out of memory", "exited")


@dataclass(frozen=True)
class Trial:
    """A case, the calls it led to, and what came of them."""

    case: Case
    calls: tuple[Call, ...]
    outcomes: tuple[Outcome, ...] = field(default=())


def call_of(case: Case) -> Call:
    """The call that the case itself describes."""
    operands: Operands = arrays(case)
    return Call(
        operands.x, operands.w, operands.bias, case.stride, case.padding, case.dilation, case.groups,
        case.layout_x, case.layout_w, case.layout_bias,
    )
