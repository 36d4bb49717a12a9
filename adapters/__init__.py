"""Real implementations behind one protocol."""

from convspec.adapters.protocol import (
    Adapter,
    Array,
    Capabilities,
    Deviation,
    Exclusion,
    Numerics,
    Pads,
    Pair,
)

__all__ = ["Adapter", "Array", "Capabilities", "Deviation", "Exclusion", "Numerics", "Pads", "Pair"]
