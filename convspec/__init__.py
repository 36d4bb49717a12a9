"""An executable specification of 2-D convolution, with a conformance suite.

The four parts, in reading order: `convspec.reference`, `convspec.adapters`, `convspec.conformance`, `convspec.reports`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convspec.checking import Result, check

__version__ = "0.1.1"
__all__ = ["Result", "__version__", "check"]


def __getattr__(name: str) -> Any:
    # The specification needs NumPy alone; whoever imports it should not wait for pytest and the rest.
    if name in ("Result", "check"):
        from convspec import checking

        return getattr(checking, name)
    raise AttributeError(f"module 'convspec' has no attribute {name!r}")
