"""What is known of a correct variant, and how it is registered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from convspec.adapters.faulty.pieces import Body
from convspec.adapters.faulty.registry import EVERYTHING, Conv2d, as_function
from convspec.adapters.protocol import Capabilities, Numerics


@dataclass(frozen=True)
class Benign:
    """An implementation that is right, though it computes in another way than others do.

    Parameters
    ----------
    id : str
        Its name for ever.
    sentence : str
        What is special about it.
    function : callable
        The implementation.
    capabilities, numerics
        What it claims and how it says that it computes.
    library : str
        The package that must be installed beside NumPy, empty if none.
    is_plain : bool
        Whether it is a function with a signature of its own, of which everything is recognised by probing.
    """

    id: str
    sentence: str
    function: Callable[..., Any]
    capabilities: Capabilities = EVERYTHING
    numerics: Numerics = field(default_factory=Numerics)
    library: str = ""
    is_plain: bool = False


class Collection:
    """The variants of one module, in order."""

    def __init__(self) -> None:
        self.members: list[Benign] = []

    def __call__(
        self, id: str, *, capabilities: Capabilities = EVERYTHING, numerics: Numerics | None = None,
        library: str = "", checked: bool = True,
    ) -> Callable[[Body], Conv2d]:
        """Register the decorated body, whose docstring is the sentence that says what is special about it.

        Parameters
        ----------
        id, capabilities, numerics, library
            As for `Benign`.
        checked : bool
            Whether invalid calls are refused before the body sees them.

        Returns
        -------
        callable
            A decorator that turns the body into a function with the signature of `Conv2d`.

        Raises
        ------
        ValueError
            The body has no docstring.
        """

        def register(body: Body) -> Conv2d:
            if not body.__doc__:
                raise ValueError(f"variant {id!r} has no sentence: write it as the docstring of its function")
            function = as_function(body, checked=checked)
            self.members.append(Benign(
                id, body.__doc__.strip(), function, capabilities, numerics or Numerics(), library))
            return function

        return register

    def plain(self, id: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function as it stands, with the signature that it has."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            if not function.__doc__:
                raise ValueError(f"variant {id!r} has no sentence: write it as the docstring of its function")
            self.members.append(Benign(id, function.__doc__.strip(), function, is_plain=True))
            return function

        return register
