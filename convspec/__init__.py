"""An executable specification of 2-D convolution, with a conformance suite.

The four parts, in reading order: `convspec.reference`, `convspec.adapters`, `convspec.conformance`, `convspec.reports`.
"""

from convspec.checking import Result, check

__version__ = "0.1.0"
__all__ = ["Result", "__version__", "check"]
