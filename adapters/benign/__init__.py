"""Implementations that are right, each in a way of its own; a sound suite accuses none of them."""

from importlib.util import find_spec

from convspec.adapters.benign import declared, forms, orders, plain, scipy_wrapped, torch_wrapped
from convspec.adapters.benign.registry import Benign

MODULES = (orders, forms, declared, plain, scipy_wrapped, torch_wrapped)

BENIGN: dict[str, Benign] = {
    variant.id: variant
    for module in MODULES
    for variant in module.right.members
    # The search for a module inside a package imports the package, which may not be there.
    if not variant.library or find_spec(variant.library.partition(".")[0])
}

__all__ = ["BENIGN", "Benign"]
