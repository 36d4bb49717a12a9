"""A further Python process that imports this very package, and nothing from the working folder."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

# The first argument is the folder of this package, which is searched for this package alone: a checkout has others.
PROGRAM = """\
import sys
sys.path.insert(0, sys.argv.pop(1))
import convspec
del sys.path[0]
from {module} import main
main()
"""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def command(module: str, *arguments: str) -> list[str]:
    """The command that runs `main` of a module of this package.

    Python would search the working folder first, and a file there that is called as a module of the standard library or
    of a package would take its place.
    """
    return [sys.executable, "-P", "-c", PROGRAM.format(module=module), home(), *arguments]


def environment() -> dict[str, str]:
    """An environment in which modules are found where this process finds them."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}


def one_thread() -> dict[str, str]:
    """The same, in which libraries of linear algebra start one thread each."""
    return environment() | dict.fromkeys(THREADS, "1")


def home() -> str:
    """The folder in which this package lies."""
    found = find_spec("convspec")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("convspec is imported, but not from a file", name="convspec")
    return str(Path(found.origin).parent.parent)
