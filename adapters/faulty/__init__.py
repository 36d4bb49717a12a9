"""Implementations that are wrong on purpose, each in exactly one way.

They measure the suite: each must be found. And they explain: a stranger's function that gives the same wrong
answers as one of these is wrong in the same way.
"""

from convspec.adapters.faulty import (
    axes,
    blocks,
    channels,
    definition,
    dtypes,
    fastpaths,
    geometry,
    groups,
    layouts,
    limits,
    padding,
    padding_words,
    precision,
    process,
    repeats,
    special_values,
    state,
    transforms,
    validation,
)
from convspec.adapters.faulty.registry import EVERYTHING, Conv2d, Fault
from convspec.adapters.faulty.witness import Witness

MODULES = (
    definition, axes, geometry, padding, padding_words, groups, channels, fastpaths, blocks, layouts, dtypes,
    precision, transforms, special_values, validation, limits, state, repeats, process,
)

FAULTS: dict[str, Fault] = {fault.id: fault for module in MODULES for fault in module.wrong.members}

__all__ = ["EVERYTHING", "FAULTS", "Conv2d", "Fault", "Witness"]
