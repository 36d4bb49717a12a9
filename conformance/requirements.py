"""All requirements that are checked, in the order of the catalogue."""

import functools

from convspec.conformance import (
    checks_channels,
    checks_definition,
    checks_errors,
    checks_laws,
    checks_numbers,
    checks_padding,
    checks_purity,
    checks_shape,
)
from convspec.conformance.calls import Call
from convspec.conformance.case import Case
from convspec.conformance.requirement import Requirement

MODULES = (
    checks_definition, checks_shape, checks_padding, checks_channels, checks_numbers, checks_laws, checks_purity,
    checks_errors,
)


@functools.cache
def requirements() -> dict[str, Requirement]:
    """Id to requirement."""
    found: dict[str, Requirement] = {}
    for module in MODULES:
        for requirement in module.REQUIREMENTS:
            if requirement.id in found:
                raise ValueError(f"{requirement.id} is defined twice")
            found[requirement.id] = requirement
    return found


def calls_of(requirement: str, case: Case) -> tuple[Call, ...]:
    """The calls to which a case leads under a requirement.

    Raises
    ------
    KeyError
        No such requirement is checked.
    """
    return requirements()[requirement].calls(case)
