"""What is known of a library before it is called: how to import it, and one line for each topic."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """One function of one library.

    ``id`` is its address, for ever; ``modules`` are imported first and the version is that of the first. ``imports``
    are lines of source. A topic gives `x` and `w` as NumPy arrays: ``plane`` is the line that makes the library's own
    arrays from one picture (H, W) and one kernel (kH, kW), ``layer`` from arrays that are passed as they are. ``calls``
    has one expression for each topic. All of it is run as it stands.
    """

    id: str
    name: str
    function: str
    modules: tuple[str, ...]
    imports: str
    calls: Mapping[str, str]
    plane: str = ""
    layer: str = ""

    def program(self, topic: str, inputs: str, *, layer: bool) -> str:
        """Write the program that a reader can type, line by line; its last line is the call.

        Parameters
        ----------
        topic : str
            A key of ``calls``.
        inputs : str
            Lines that make `x` and `w`.
        layer : bool
            Whether the arrays are passed as they are.
        """
        setup = self.layer if layer else self.plane
        lines = ("import numpy as np", self.imports, inputs, setup, self.calls[topic])
        return "\n".join(line for line in lines if line)
