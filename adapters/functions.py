"""Any function as an adapter: its claims are read off its signature and a few probing calls.

A parameter is recognised by its name. What the signature does not offer, and what raises when it is tried once, is not
claimed; an answer, right or wrong, is a claim.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convspec.adapters.protocol import WORDS, Array, Capabilities, Numerics, Pads, Pair

ROLES: dict[str, tuple[str, ...]] = {
    "bias": ("bias", "b"),
    "stride": ("stride", "strides", "s", "step"),
    "padding": ("padding", "pad", "pads", "p"),
    "dilation": ("dilation", "dilations", "dilation_rate", "rate", "d"),
    "groups": ("groups", "group", "num_groups", "g"),
}
NEUTRAL: dict[str, Any] = {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}
UNKNOWN_WORD = "no_such_word"


@dataclass(frozen=True)
class Signature:
    """What a function's signature offers.

    Parameters
    ----------
    parameters : mapping
        Role (stride, padding, ...) to the name of the parameter that plays it.
    required : tuple of str
        Roles whose parameter has no default.
    pairs : tuple of str
        Roles whose default is a tuple or a list.
    omittable : tuple of str
        Roles that may be left out when there is nothing to say: their default is stride 1, padding 0 and so on.
    ignored : tuple of str
        Further parameters, left at their defaults.
    """

    parameters: Mapping[str, str]
    omittable: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def read_signature(function: Callable[..., Any]) -> Signature:
    """Recognise a function's parameters by their names.

    Raises
    ------
    TypeError
        It does not take two arrays, or has a parameter without default that is not recognised; the message names it.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        return Signature({role: role for role in ROLES})
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and len(positional) < 2:
        return Signature({role: role for role in ROLES})
    if len(positional) < 2:
        raise TypeError(
            f"{_name(function)} takes {len(positional)} positional arguments; a convolution takes two arrays, x and w"
        )
    found: dict[str, str] = {}
    omittable, pairs, ignored = [], [], []
    for parameter in parameters:
        if parameter in positional[:2] or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update({role: role for role in ROLES if role not in found})
            continue
        role = next((role for role, names in ROLES.items() if parameter.name.lower() in names), None)
        if role is None:
            if parameter.default is parameter.empty:
                raise TypeError(
                    f"{_name(function)} has the parameter {parameter.name!r} without a default, which is none of "
                    f"{', '.join(ROLES)}"
                )
            ignored.append(parameter.name)
            continue
        found[role] = parameter.name
        if isinstance(parameter.default, tuple | list):
            pairs.append(role)
        if _is_neutral(role, parameter.default) or parameter.default == "valid":
            omittable.append(role)
    return Signature(found, tuple(omittable), tuple(pairs), tuple(ignored))


@dataclass(frozen=True)
class Probe:
    """One call that finds out whether something is offered."""

    name: str
    x: Array
    w: Array
    arguments: Mapping[str, Any] = field(default_factory=dict)


def probes(signature: Signature, dtypes: tuple[str, ...]) -> Iterator[Probe]:
    """The probing calls, in an order that does not matter. Arguments are by role."""
    picture, square = _ramp(6, 5), _ramp(3, 3)
    batch, filters = _ramp(2, 2, 6, 5), _ramp(3, 2, 3, 3)
    yield Probe("layer", batch, filters)
    yield Probe("plane", picture, square)
    for rank, x, w in (("layer", batch, filters), ("plane", picture, square)):
        tall = w[..., :2, :]
        yield Probe(f"{rank} kernel 2x3", x, tall)
        for role, values in (
            ("stride", ((1, 2), 2)),
            ("dilation", ((1, 2), 2)),
            ("padding", (((1, 0), (2, 1)), (1, 2), 1)),
        ):
            if role in signature.parameters:
                for form, value in zip(("sides", "pair", "one")[3 - len(values) :], values, strict=True):
                    yield Probe(f"{rank} {role} {form}", x, w, {role: value})
        if "padding" in signature.parameters:
            for word in (*WORDS, UNKNOWN_WORD):
                yield Probe(f"{rank} padding {word}", x, w, {"padding": word})
        for dtype in dtypes:
            yield Probe(f"{rank} dtype {dtype}", x.astype(_dtype(dtype)), w.astype(_dtype(dtype)))
    yield Probe("layer zero channels", batch[:, :0], filters[:, :0])
    if "groups" in signature.parameters:
        yield Probe("layer groups", _ramp(2, 4, 6, 5), _ramp(4, 2, 3, 3), {"groups": 2})
    if "bias" in signature.parameters:
        yield Probe("layer bias", batch, filters, {"bias": np.array([1.0, 2.0, 3.0])})


@dataclass(frozen=True)
class Answer:
    """What a probe gave: the shape of the array, or None and what happened instead."""

    shape: tuple[int, ...] | None
    text: str = ""


def claims(
    signature: Signature, answers: Mapping[str, Answer], dtypes: tuple[str, ...], declared: Capabilities | None = None
) -> tuple[Capabilities, dict[str, str]]:
    """Turn the answers into claims.

    Returns
    -------
    (Capabilities, dict)
        The claims, and for each feature that is not claimed the reason.

    Raises
    ------
    ValueError
        Neither the layer nor the plane call gave an array of the right rank; the message says what they gave.
    """
    rank = _rank(answers)
    not_claimed: dict[str, str] = {}

    def works(name: str, feature: str) -> bool:
        role = feature.split()[0]
        if role in ROLES and role not in signature.parameters:
            not_claimed[feature] = f"its signature has no parameter named {' or '.join(ROLES[role][:2])}"
            return False
        answer = answers.get(f"{rank} {name}", Answer(None, "not offered"))
        if answer.shape is None:
            not_claimed[feature] = f"one call with it {answer.text}"
        return answer.shape is not None

    def axes(role: str) -> Any:
        if works(f"{role} pair", f"{role} for each axis"):
            return "each"
        if works(f"{role} one", role):
            return "same"
        return "none"

    sides: Any = "none"
    if works("padding sides", "padding for each side"):
        sides = "sides"
    elif works("padding pair", "padding for each axis") and not _pads_like_numpy(
        signature, answers[f"{rank} padding pair"]
    ):
        sides = "pair"
    elif works("padding one", "padding"):
        sides = "same"
    words = tuple(word for word in WORDS if works(f"padding {word}", f"padding {word}"))
    meaningless = answers[f"{rank} padding {UNKNOWN_WORD}"].shape if words else None
    if meaningless is not None:
        # Only a word that does something else than nonsense does is known to be one.
        words = tuple(word for word in words if answers[f"{rank} padding {word}"].shape != meaningless)
        not_claimed["padding words"] = "a word that means nothing is accepted too"
    names = tuple(name for name in dtypes if works(f"dtype {name}", f"dtype {name}"))
    is_layer = rank == "layer"
    found = Capabilities(
        profile=rank,
        dtypes=names or dtypes,
        stride=axes("stride"),
        padding=sides,
        padding_words=words,
        dilation=axes("dilation"),
        groups=is_layer and works("groups", "groups"),
        bias=is_layer and works("bias", "bias"),
        square_kernels_only=not works("kernel 2x3", "kernels that are not square"),
        zero_channels=is_layer and works("zero channels", "no input channels"),
        wider_result=not is_layer,
    )
    return (found if declared is None else _narrowed(found, declared)), not_claimed


def _rank(answers: Mapping[str, Answer]) -> Any:
    for rank, axes in (("layer", 4), ("plane", 2)):
        shape = answers[rank].shape
        if shape is not None and len(shape) == axes:
            return rank
    told = "; ".join(
        f"{call} {_told(answers[rank])}"
        for rank, call in (("layer", "x (2, 2, 6, 5) with w (3, 2, 3, 3)"), ("plane", "x (6, 5) with w (3, 3)"))
    )
    raise ValueError(f"neither form of a convolution works: {told}")


def _told(answer: Answer) -> str:
    return answer.text if answer.shape is None else f"gave shape {answer.shape}"


def _pads_like_numpy(signature: Signature, answer: Answer) -> bool:
    """Whether (1, 2) was taken as ``np.pad`` does, before and after on each axis: the pair form is then no claim."""
    return "padding" not in signature.pairs and answer.shape is not None and answer.shape[-2:] == (7, 6)


def _narrowed(found: Capabilities, declared: Capabilities) -> Capabilities:
    """What is declared, as far as the function takes it."""
    return replace(
        declared,
        profile=found.profile,
        stride=declared.stride if declared.stride == "none" else found.stride,
        dilation=declared.dilation if declared.dilation == "none" else found.dilation,
        padding=declared.padding if declared.padding == "none" else found.padding,
        padding_words=tuple(
            word for word in found.padding_words if not declared.padding_words or word in declared.padding_words
        ),
        groups=declared.groups and found.groups,
        bias=declared.bias and found.bias,
        zero_channels=declared.zero_channels and found.zero_channels,
        square_kernels_only=declared.square_kernels_only or found.square_kernels_only,
        wider_result=declared.wider_result or found.wider_result,
    )


class FunctionAdapter:
    """A plain function behind the protocol."""

    def __init__(self, function: Callable[..., Any], name: str, capabilities: Capabilities | None = None) -> None:
        self.function = function
        self.name = name
        self.signature = read_signature(function)
        self.versions: dict[str, str] = {}
        self.capabilities = capabilities or Capabilities()
        self.numerics: Numerics = getattr(function, "numerics", None) or Numerics()
        self.deviations = tuple(getattr(function, "deviations", ()))

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Any:
        """Call the function with the forms of the arguments that it takes."""
        given = {"bias": bias, "groups": groups}
        given["stride"] = _form(stride, self.capabilities.stride == "each", x, 1)
        given["dilation"] = _form(dilation, self.capabilities.dilation == "each", x, 1)
        given["padding"] = self._padding_form(padding, x)
        return self.call(x, w, given)

    def call(self, x: Array, w: Array, given: Mapping[str, Any]) -> Any:
        """Call it with arguments by role; one that says nothing is left out where the default says the same."""
        arguments = {}
        for role, name in self.signature.parameters.items():
            value = given.get(role, NEUTRAL[role])
            if role not in self.signature.omittable or not _is_neutral(role, value):
                arguments[name] = value
        unknown = [
            role for role in given if role not in self.signature.parameters and not _is_neutral(role, given[role])
        ]
        if unknown:
            raise TypeError(f"{self.name} has no parameter for {unknown[0]}")
        return self.function(x, w, **arguments)

    def _padding_form(self, padding: Any, x: Array) -> Any:
        if isinstance(padding, str) or not _is_pads(padding):
            return padding
        (top, bottom), (left, right) = padding
        claimed = self.capabilities.padding
        prefer_short = claimed != "sides" or sum(x.shape) % 2 == 0
        if prefer_short and top == bottom == left == right and "padding" not in self.signature.pairs:
            return top
        if claimed == "pair" and top == bottom and left == right:
            return (top, left)
        return padding


def _form(value: Any, each: bool, x: Array, neutral: int) -> Any:
    """One number where both axes have the same and the function takes one; sometimes also where it takes both forms."""
    if not (isinstance(value, tuple) and len(value) == 2 and value[0] == value[1] and type(value[0]) is type(value[1])):
        return value
    return value[0] if not each or value[0] == neutral or sum(x.shape) % 2 == 0 else value


def _is_pads(padding: Any) -> bool:
    return (
        isinstance(padding, tuple)
        and len(padding) == 2
        and all(isinstance(pair, tuple) and len(pair) == 2 for pair in padding)
    )


def _is_neutral(role: str, value: Any) -> bool:
    if value is None:
        return role == "bias"
    if isinstance(value, np.ndarray | str):
        return False
    if role == "padding" and _is_pads(value):
        return bool(all(type(number) is int and number == 0 for pair in value for number in pair))
    if role in ("stride", "dilation") and isinstance(value, tuple):
        return value == (1, 1) and all(type(number) is int for number in value)
    return type(value) is int and value == NEUTRAL[role]


def _ramp(*shape: int) -> Array:
    return (np.arange(np.prod(shape)) % 5 + 1.0).reshape(shape)


def _dtype(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return name


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)
