"""From what a user names to an adapter: a built-in name, an entry point, ``module:attr`` or ``file.py:attr``."""

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.protocol import Adapter, Array, Capabilities, Deviation, Numerics, Pads, Pair

GROUP = "convspec.adapters"
# Entry points exist only once the package is installed; a bare checkout knows its own adapters by this table.
BUILT_IN = {
    "scipy": "convspec.adapters.scipy_correlate2d:adapter",
    "torch": "convspec.adapters.torch_conv2d:adapter",
    "vectorized": "convspec.adapters.vectorized:adapter",
    "reference": "convspec.adapters.reference_conv2d:adapter",
}
DEFAULTS = ("scipy", "torch", "vectorized")
INSTALL = {"scipy": "pip install convspec[scipy]", "torch": "pip install convspec[torch]"}


class UnknownAdapter(ValueError):
    """Nothing can be loaded under the name that was given."""


class RefusedDeclaration(UnknownAdapter):
    """What an adapter declares of itself leaves nothing to verify, or contradicts itself."""


class Unavailable(ImportError):
    """The adapter is known, but the library that it wraps is not installed."""


class Declared:
    """An object with a `conv2d` method; what it does not declare gets the protocol's defaults."""

    def __init__(self, wrapped: Any, name: str, dtypes: tuple[str, ...] = ()) -> None:
        self._wrapped = wrapped
        self.name: str = str(getattr(wrapped, "name", name))
        self.versions: Mapping[str, str] = dict(getattr(wrapped, "versions", {}))
        self.capabilities = _capabilities(getattr(wrapped, "capabilities", None)) or Capabilities()
        if dtypes:
            self.capabilities = _with_dtypes(self.capabilities, dtypes)
        self.numerics = _numerics(getattr(wrapped, "numerics", None))
        self.deviations: tuple[Deviation, ...] = tuple(getattr(wrapped, "deviations", ()))

    def conv2d(
        self, x: Array, w: Array, bias: Array | None, *, stride: Pair, padding: Pads | str, dilation: Pair, groups: int
    ) -> Array:
        """Pass the call on."""
        result: Array = self._wrapped.conv2d(
            x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        return result


def names() -> dict[str, str]:
    """Adapters known by name, and where each is: the built-in ones and those of installed packages."""
    found = dict(BUILT_IN)
    for entry in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(entry.name, entry.value)
    return found


def load(target: str, dtypes: Iterable[str] = ()) -> Adapter:
    """Load what a target names.

    Parameters
    ----------
    target : str
        A name of `names`, ``module:attr``, or ``path/to/file.py:attr``, which runs the file.
    dtypes : iterable of str
        The element types to claim instead of those that the adapter declares.

    Raises
    ------
    UnknownAdapter
        No such name, module, file or attribute; the message names it and says what is known.
    Unavailable
        The library that a known adapter wraps is not installed; the message says what to install.
    """
    chosen = tuple(dtypes)
    if ":" not in target:
        known = names()
        if target not in known:
            raise UnknownAdapter(
                f"{target!r} is no adapter; known are {', '.join(sorted(known))}. "
                "A function of your own is named module:attr or path/to/file.py:attr"
            )
        try:
            return adapt(_attribute(known[target], target), target, chosen)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("convspec"):
                raise
            hint = INSTALL.get(target, f"pip install {error.name}")
            raise Unavailable(f"{target}: {error.name} is not installed ({hint})") from error
    return adapt(_attribute(target, target), target, chosen)


def adapt(found: Any, name: str, dtypes: tuple[str, ...] = ()) -> Adapter:
    """Make an adapter of a class, an object with `conv2d`, or a function.

    Raises
    ------
    UnknownAdapter
        It is none of these.
    Unavailable
        All its dtypes are ones whose arrays need a library that is not installed.
    """
    adapter = _adapted(found, name, dtypes)
    if set(adapter.capabilities.dtypes) == {"bfloat16"} and importlib.util.find_spec("ml_dtypes") is None:
        raise Unavailable(
            f"{name}: NumPy has arrays of bfloat16 with ml_dtypes, which is not installed (pip install ml_dtypes)"
        )
    return adapter


def _adapted(found: Any, name: str, dtypes: tuple[str, ...]) -> Adapter:
    if isinstance(found, type) and hasattr(found, "conv2d"):
        found = found()
    if hasattr(found, "conv2d"):
        return Declared(found, name, dtypes)
    if not callable(found):
        raise UnknownAdapter(
            f"{name!r} is {type(found).__name__}, neither a function nor an object with a conv2d method"
        )
    declared = _capabilities(getattr(found, "capabilities", None))
    try:
        adapter = FunctionAdapter(found, name, declared)
    except TypeError as error:
        raise UnknownAdapter(f"{name!r} cannot be called as a convolution: {error}") from error
    adapter.numerics = _numerics(getattr(found, "numerics", None))
    if dtypes:
        adapter.capabilities = _with_dtypes(adapter.capabilities, dtypes)
    return adapter


def _with_dtypes(capabilities: Capabilities, dtypes: tuple[str, ...]) -> Capabilities:
    return replace(capabilities, dtypes=dtypes)


def _capabilities(declared: Any) -> Capabilities | None:
    if declared is None or isinstance(declared, Capabilities):
        return declared
    if isinstance(declared, Mapping):
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list | set) else value for key, value in declared.items()
        }
        return Capabilities(**given)
    raise UnknownAdapter(f"capabilities is {declared!r}; it must be a Capabilities or a mapping of its fields")


def _numerics(declared: Any) -> Numerics:
    if isinstance(declared, Mapping):
        declared = Numerics(**declared)
    numerics = Numerics() if declared is None else declared
    if not isinstance(numerics, Numerics):
        raise UnknownAdapter(f"numerics is {declared!r}; it must be a Numerics or a mapping of its fields")
    if numerics.problem:
        raise RefusedDeclaration(numerics.problem)
    return numerics


def _attribute(place: str, target: str) -> Any:
    where, _, path = place.rpartition(":")
    if not where or not path:
        raise UnknownAdapter(f"{target!r} is not written module:attr or path/to/file.py:attr")
    module = _file(where) if where.endswith(".py") else _module(where, target)
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            public = ", ".join(
                name for name in dir(module) if not name.startswith("_") and callable(getattr(module, name))
            )
            raise UnknownAdapter(
                f"{where!r} has no attribute {path!r}; it has {public or 'nothing callable'}{_another(module, where)}"
            )
        found = getattr(found, part)
    return found


def _another(module: Any, name: str) -> str:
    """Says so where a module of that name is not the file in the working folder that has the same name."""
    here, place = Path(f"{name.replace('.', os.sep)}.py"), getattr(module, "__file__", None)
    if name.endswith(".py") or not here.is_file() or (place is not None and here.samefile(place)):
        return ""
    return f". An installed module has the name of the file {here}; name the file: {here}:…"


def _search_last(folder: str) -> None:
    """Let modules be found in a folder, but none in place of one of the standard library or of an installed package."""
    if folder not in sys.path:
        sys.path.append(folder)


def _module(name: str, target: str) -> Any:
    _search_last(os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0] and error.name != name:
            raise
        if target in BUILT_IN:
            raise
        raise UnknownAdapter(
            f"there is no module {name!r} (looked in the current folder and the installed packages)"
        ) from error


def _file(path: str) -> Any:
    file = Path(path)
    if not file.is_file():
        raise UnknownAdapter(f"there is no file {path!r}")
    _search_last(str(file.parent.resolve()))
    name = f"convspec_target_{abs(hash(str(file.resolve())))}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UnknownAdapter(f"{path!r} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
