"""A plain function as an adapter: it is called in the forms of the arguments that it takes."""

from collections.abc import Callable, Mapping
from typing import Any

from convspec.adapters.probes import Answer, answer_to, probes
from convspec.adapters.protocol import Array, Capabilities, Numerics, Pads, Pair
from convspec.adapters.recognition import Reading
from convspec.adapters.signatures import bound, read_signature


class FunctionAdapter:
    """A plain function behind the protocol.

    Parameters
    ----------
    function : callable
    name : str
    capabilities : Capabilities or None
        What it declares; all of them narrowed by what is recognised (`understand`).
    """

    def __init__(self, function: Callable[..., Any], name: str, capabilities: Capabilities | None = None) -> None:
        self.function = function
        self.name = name
        self.signature = read_signature(function)
        self.versions: dict[str, str] = {}
        self.capabilities = capabilities or Capabilities()
        self.forms: Mapping[str, tuple[str, ...]] = {}
        self.numerics: Numerics = getattr(function, "numerics", None) or Numerics()
        self.deviations = tuple(getattr(function, "deviations", ()))

    def understand(self, reading: Reading) -> None:
        """Take over what was recognised: the claims and the forms of the arguments."""
        self.capabilities, self.forms = reading.capabilities, reading.forms

    def probe(self, dtypes: tuple[str, ...], names: tuple[str, ...] | None = None) -> dict[str, Answer]:
        """Make the probing calls, all of them or those named."""
        asked = [probe for probe in probes(self.signature, dtypes) if names is None or probe.name in names]
        return {probe.name: answer_to(probe, self.call) for probe in asked}

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Any:
        """Call the function with the forms of the arguments that it takes."""
        # Where it takes several forms, each gets its share of the calls.
        is_short = sum(x.shape) % 2 == 0
        return self.call(x, w, {
            "bias": bias,
            "stride": _in_form(stride, self.forms.get("stride", ()), is_short),
            "padding": _in_form(padding, self.forms.get("padding", ()), is_short),
            "dilation": _in_form(dilation, self.forms.get("dilation", ()), is_short),
            "groups": groups,
        })

    def call(self, x: Array, w: Array, given: Mapping[str, Any]) -> Any:
        """Call it with arguments by role; one that says nothing is left out where the default says the same."""
        positional, named = bound(self.function, self.signature, x, w, given)
        return self.function(*positional, **named)


def _in_form(value: Any, forms: tuple[str, ...], is_short: bool) -> Any:
    """A value in one of the forms that are taken: the shortest or the richest that can say it; as it is if none can."""
    can_say = [(form, said) for form in forms if (said := _said(value, form)) is not None]
    if not can_say:
        return value
    return can_say[-1][1] if is_short else can_say[0][1]


def _said(value: Any, form: str) -> Any:
    """The value in that form, or None: only pairs of equal values can be one number, only equal sides a pair."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return None
    if form == "sides":
        return value
    first, second = value
    if isinstance(first, tuple) and isinstance(second, tuple):
        if not (len(first) == len(second) == 2 and _alike(*first) and _alike(*second)):
            return None
        first, second = first[0], second[0]
    if form == "pair":
        return first, second
    return first if _alike(first, second) else None


def _alike(first: Any, second: Any) -> bool:
    # 1.0 equals 1, and is another thing to try.
    return bool(first == second) and type(first) is type(second)
