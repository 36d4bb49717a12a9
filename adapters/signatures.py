"""What a function's signature offers, and how a call of the protocol is put into it.

A parameter is recognised by its name. The first two that play no other role take the picture and the filter.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from convspec.adapters.protocol import Array

ROLES: dict[str, tuple[str, ...]] = {
    "bias": ("bias", "b"),
    "stride": ("stride", "strides", "s", "step"),
    "padding": ("padding", "pad", "pads", "p"),
    "dilation": ("dilation", "dilations", "dilation_rate", "rate", "d"),
    "groups": ("groups", "group", "num_groups", "g"),
}
NEUTRAL: dict[str, Any] = {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}

Form = Literal["sides", "pair", "one"]
Kind = Literal["positional", "either", "keyword"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function.

    Parameters
    ----------
    name, kind : str
        A positional one cannot be named, a keyword one must be.
    role : str
        A key of `ROLES`; "x" or "w" for the arrays; empty for one that is left at its default.
    is_required : bool
        Whether it has no default.
    is_omittable : bool
        Whether its default says the same as the neutral value: stride 1, padding 0, no bias.
    form : "sides", "pair", "one" or None
        The form of its default; None where the default has none (None, a word).
    """

    name: str
    kind: Kind
    role: str
    is_required: bool = True
    is_omittable: bool = False
    form: Form | None = None


@dataclass(frozen=True)
class Signature:
    """What a function's signature offers.

    Parameters
    ----------
    parameters : tuple of Parameter
        In the function's order, x and w among them.
    """

    parameters: tuple[Parameter, ...]

    @property
    def roles(self) -> dict[str, Parameter]:
        """Role to the parameter that plays it, without x and w."""
        return {part.role: part for part in self.parameters if part.role in ROLES}

    @property
    def ignored(self) -> tuple[str, ...]:
        """The parameters that are left at their defaults."""
        return tuple(part.name for part in self.parameters if not part.role)


_X, _W = (Parameter(role, "positional", role) for role in ("x", "w"))
# A function that takes anything by name, or of which nothing is known.
_ANYTHING = tuple(Parameter(role, "keyword", role, is_required=False, is_omittable=True) for role in ROLES)


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
        return Signature((_X, _W, *_ANYTHING))
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and sum(map(_is_positional, parameters)) < 2:
        return Signature((_X, _W, *_ANYTHING))
    arrays = _arrays(function, parameters)
    found: list[Parameter] = []
    takes_anything = False
    for parameter in parameters:
        takes_anything = takes_anything or parameter.kind is parameter.VAR_KEYWORD
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.name in arrays:
            found.append(Parameter(parameter.name, _kind(parameter), arrays[parameter.name]))
            continue
        role = _role(parameter.name)
        if not role and parameter.default is parameter.empty:
            raise TypeError(
                f"{name_of(function)} has the parameter {parameter.name!r} without a default, which is none of "
                f"{', '.join(ROLES)}"
            )
        found.append(_with_default(parameter, role))
    if takes_anything:
        known = {part.role for part in found}
        found += [part for part in _ANYTHING if part.role not in known]
    return Signature(tuple(found))


def _arrays(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> dict[str, str]:
    """The names of the parameters for x and w: the first two that may be given by position, else the first by name."""
    positional = [p for p in parameters if _is_positional(p)]
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty and not _role(p.name)]
    chosen = [*positional, *named][:2]
    if len(chosen) < 2:
        raise TypeError(
            f"{name_of(function)} takes {len(positional)} positional arguments; a convolution takes two arrays, x and w"
        )
    return {chosen[0].name: "x", chosen[1].name: "w"}


def _is_positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _kind(parameter: inspect.Parameter) -> Kind:
    if parameter.kind is parameter.POSITIONAL_ONLY:
        return "positional"
    return "keyword" if parameter.kind is parameter.KEYWORD_ONLY else "either"


def _role(name: str) -> str:
    return next((role for role, names in ROLES.items() if name.lower() in names), "")


def _with_default(parameter: inspect.Parameter, role: str) -> Parameter:
    default, required = parameter.default, parameter.default is parameter.empty
    omittable = bool(role) and not required and (says_nothing(role, default) or default == "valid")
    form: Form | None = "one" if type(default) is int else None
    if isinstance(default, tuple | list) and default:
        form = "sides" if isinstance(default[0], tuple | list) else "pair"
    return Parameter(parameter.name, _kind(parameter), role, required, omittable, form)


def bound(
    function: Callable[..., Any], signature: Signature, x: Array, w: Array, given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Put a call into the function's form: the positional and the named arguments.

    Parameters
    ----------
    function : callable
    signature : Signature
        Of that function.
    x, w : arrays
    given : mapping
        Role to value. One that says nothing is left out where the default says the same; a bias that the function
        requires and the call has not is a bias of zeros.

    Raises
    ------
    TypeError
        A role that says something has no parameter; the message names it.
    """
    roles = signature.roles
    unknown = [role for role, value in given.items() if role not in roles and not says_nothing(role, value)]
    if unknown:
        raise TypeError(f"{name_of(function)} has no parameter for {unknown[0]}")
    values: dict[str, Any] = {"x": x, "w": w}
    for role, parameter in roles.items():
        value = given.get(role, NEUTRAL[role])
        if parameter.is_omittable and says_nothing(role, value):
            continue
        if role == "bias" and value is None and parameter.is_required:
            value = np.zeros(w.shape[0], np.result_type(x, w))
        values[role] = value
    positional: list[Any] = []
    named: dict[str, Any] = {}
    places = [part for part in signature.parameters if part.kind == "positional"]
    # What is given by position fills the places before it.
    last = max((index for index, part in enumerate(places) if part.role in values), default=-1)
    for index, part in enumerate(places):
        if index <= last:
            positional.append(values[part.role] if part.role in values else _default_of(function, part.name))
    for part in signature.parameters:
        if part.kind == "positional" or part.role not in values:
            continue
        if part.kind == "either" and part.role in ("x", "w") and not named:
            positional.append(values[part.role])
        else:
            named[part.name] = values[part.role]
    return positional, named


def _default_of(function: Callable[..., Any], name: str) -> Any:
    return inspect.signature(function).parameters[name].default


def says_nothing(role: str, value: Any) -> bool:
    """Whether a value asks for nothing: stride 1, no padding, no gaps, one group, no bias; one number or a pair."""
    if role == "bias" or value is None:
        return role == "bias" and value is None
    if isinstance(value, tuple | list) and role != "groups":
        return len(value) == 2 and all(says_nothing(role, part) for part in value)
    return type(value) is int and value == NEUTRAL[role]


def name_of(function: Callable[..., Any]) -> str:
    """Name a function; an object without a name by its class."""
    return str(getattr(function, "__name__", type(function).__name__))
