"""The probing calls of a plain function: one table, one row for each thing that a function may or may not take.

A row is a small call with numbers in it, and the shape of its right answer. What came of the rows is read in
`convspec.adapters.recognition`. To recognise one thing more, add a row here and a line there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from convspec.adapters.protocol import WORDS, Array
from convspec.adapters.refusals import how_it_raised
from convspec.adapters.signatures import Signature

UNKNOWN_WORD = "no_such_word"
Came = Literal["answered", "refused", "another form", "broke"]


@dataclass(frozen=True)
class Probe:
    """One call that finds out whether something is taken.

    Parameters
    ----------
    name : str
        The form of a convolution and what is tried, such as "layer stride pair".
    x, w : arrays
    arguments : mapping
        Role to value, in the form that is tried.
    """

    name: str
    x: Array
    w: Array
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came of a probe.

    Parameters
    ----------
    came : "answered", "refused", "another form" or "broke"
        An answer, right or wrong; or how it raised (`convspec.adapters.refusals`).
    shape : tuple of int or None
        Of the array; None if none came.
    dtype : str
        Of the array; empty if none came.
    text : str
        What happened instead.
    """

    came: Came
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    text: str = ""

    @property
    def answered(self) -> bool:
        """Whether an array came."""
        return self.came == "answered"


# What is tried for each role, the richest form first. The strides leave a row over, which some functions refuse.
FORMS: dict[str, tuple[tuple[str, Any], ...]] = {
    "stride": (("pair", (2, 1)), ("one", 2)),
    "dilation": (("pair", (1, 2)), ("one", 2)),
    "padding": (("sides", ((1, 0), (2, 1))), ("pair", (1, 2)), ("one", 1)),
}
# Kernels by name, beside the 3x3 of all other probes: an oblong one of odd sides, an even one, and both at once.
KERNELS = {"1x3": (1, 3), "2x2": (2, 2), "2x3": (2, 3)}
# Pictures by name: all other probes use the oblong one; on the second, strides leave nothing over.
OBLONG, SQUARE, FITTING = (6, 5), (6, 6), (5, 5)


def probes(signature: Signature, dtypes: tuple[str, ...]) -> Iterator[Probe]:
    """Give the probing calls of a signature, in an order that does not matter."""
    for form in ("layer", "plane"):
        yield from _of_form(form, signature, dtypes)


def _of_form(form: str, signature: Signature, dtypes: tuple[str, ...]) -> Iterator[Probe]:
    def picture(size: tuple[int, int], channels: int = 2) -> Array:
        return _ramp(2, channels, *size) if form == "layer" else _ramp(*size)

    def kernel(size: tuple[int, int] = (3, 3), filters: int = 3) -> Array:
        return _ramp(filters, 2, *size) if form == "layer" else _ramp(*size)

    for shape, size in (("oblong", OBLONG), ("square", SQUARE)):
        yield Probe(f"{form} {shape}", picture(size), kernel())
    for name, size in KERNELS.items():
        yield Probe(f"{form} kernel {name}", picture(SQUARE), kernel(size))
    for role, forms in FORMS.items():
        if role in signature.roles:
            for name, value in forms:
                yield Probe(f"{form} {role} {name}", picture(SQUARE), kernel(), {role: value})
                if role == "stride":
                    yield Probe(f"{form} stride {name} fitting", picture(FITTING), kernel(), {role: value})
    if "padding" in signature.roles:
        for word in (*WORDS, UNKNOWN_WORD):
            yield Probe(f"{form} padding {word}", picture(SQUARE), kernel(), {"padding": word})
    for dtype in dtypes:
        named = named_dtype(dtype)
        yield Probe(f"{form} dtype {dtype}", picture(SQUARE).astype(named), kernel().astype(named))
    if form == "plane":
        return
    yield Probe("layer zero channels", picture(SQUARE)[:, :0], kernel()[:, :0])
    if "groups" in signature.roles:
        yield Probe("layer groups", picture(SQUARE, channels=4), kernel(filters=4), {"groups": 2})
    if "bias" in signature.roles:
        yield Probe("layer bias", picture(SQUARE), kernel(), {"bias": np.array([1.0, 2.0, 3.0])})


def answer_to(probe: Probe, call: Callable[[Array, Array, Mapping[str, Any]], Any]) -> Answer:
    """Make one probing call and say what came of it; no exception of the function is an error here."""
    try:
        result = call(probe.x, probe.w, probe.arguments)
    except BaseException as error:
        return Answer(how_it_raised(error), text=f"raised {type(error).__name__}: {error}"[:300])
    shape = getattr(result, "shape", None)
    if not isinstance(shape, tuple):
        return Answer("broke", text=f"returned a {type(result).__name__}, not an array")
    dtype = str(getattr(result, "dtype", "")).rpartition(".")[2]
    return Answer("answered", tuple(map(int, shape)), dtype)


def named_dtype(name: str) -> Any:
    """Find the dtype of a name; bfloat16 is that of ml_dtypes."""
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return name


def _ramp(*shape: int) -> Array:
    return (np.arange(np.prod(shape)) % 5 + 1.0).reshape(shape)
