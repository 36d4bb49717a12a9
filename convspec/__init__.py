"""An executable specification of 2-D convolution, with a conformance suite.

The four parts, in reading order: `convspec.reference`, `convspec.adapters`, `convspec.conformance`, `convspec.reports`.
"""

# Nothing is imported here: `python -m convspec` runs this file while Python searches the working folder first.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from convspec.checking import Result, check

__version__ = "0.1.1"
__all__ = ["Result", "__version__", "check"]


def __getattr__(name: str) -> object:
    # The specification needs NumPy alone; whoever imports it should not wait for pytest and the rest.
    if name in ("Result", "check"):
        from convspec import checking

        return getattr(checking, name)
    raise AttributeError(f"module 'convspec' has no attribute {name!r}")
