"""The order of the folders, read off the imports of every file.

``reference`` <- ``adapters`` <- ``conformance``; ``reports`` reads ``reference`` only; the files of
``convspec/`` itself join them. No file is imported here: the source is parsed, so an import inside a
function counts as well.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 400


@dataclass(frozen=True)
class Rule:
    """What the files of one folder may import, beside the standard library.

    ``libraries`` of None means any; ``wrapped`` is how many libraries beyond those named one file may import.
    """

    folders: frozenset[str]
    libraries: frozenset[str] | None
    wrapped: int = 0


NUMBERS = frozenset({"numpy", "ml_dtypes"})
RULES = {
    "reference": Rule(frozenset({"reference"}), frozenset({"numpy"})),
    "adapters": Rule(frozenset({"reference", "adapters"}), NUMBERS, wrapped=1),
    "conformance": Rule(
        frozenset({"reference", "adapters", "conformance"}), NUMBERS | {"hypothesis", "msgspec", "pytest"}
    ),
    # latex2mathml serves whoever changes a formula; a report is written without it.
    "reports": Rule(
        frozenset({"reference", "reports"}), frozenset({"numpy", "jinja2", "markupsafe", "latex2mathml"})
    ),
    "convspec": Rule(frozenset({"reference", "adapters", "conformance", "reports", "convspec"}), None),
}


# What the suite writes and the reports read is defined once, in modules that import the standard library alone.
SHARED = ("convspec.chain", "convspec.rules")


def python_files(folder: str) -> list[Path]:
    """List the Python files of a folder; those of ``convspec/`` without the linked folders."""
    base = ROOT / folder
    if folder == "convspec":
        return sorted(base.glob("*.py"))
    published = (base / "editions", base / "out")
    return sorted(path for path in base.rglob("*.py") if not any(path.is_relative_to(p) for p in published))


def imported_modules(source: str) -> Iterator[tuple[int, str]]:
    """Yield line number and dotted name of each import; a relative one begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from convspec import reports` names a folder only in its second half.
            names = (f"{module}.{alias.name}" for alias in node.names) if module == "convspec" else (module,)
            yield from ((node.lineno, name) for name in names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def folder_of(name: str) -> str | None:
    """Name the folder that a dotted name belongs to, None if it is not ours.

    ``convspec.cli`` and ``convspec`` itself belong to the folder ``convspec``, which joins the others.
    """
    first, _, rest = name.partition(".")
    if first != "convspec":
        return None
    second = rest.partition(".")[0]
    return second if second in RULES else "convspec"


def faults(folder: str, source: str) -> list[str]:
    """Say in one line each what a file of this folder imports and must not."""
    rule = RULES[folder]
    found = []
    libraries: dict[str, int] = {}
    for line, name in imported_modules(source):
        ours = folder if name in SHARED else folder_of(name)
        first = name.partition(".")[0]
        if name.startswith("."):
            found.append(f"line {line}: relative import of {name}")
        elif first in RULES and ours is None:
            found.append(f"line {line}: {name} is imported as convspec.{name}")
        elif ours is not None:
            if ours not in rule.folders:
                found.append(f"line {line}: {folder} must not import {name}")
        elif rule.libraries is not None and first not in sys.stdlib_module_names | rule.libraries:
            libraries.setdefault(first, line)
    excess = list(libraries.items())[rule.wrapped :]
    return found + [f"line {line}: {folder} must not import {name}" for name, line in excess]


@pytest.mark.parametrize("name", SHARED)
def test_what_is_shared_imports_nothing_of_ours(name: str) -> None:
    source = (ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert all(found.partition(".")[0] in sys.stdlib_module_names for _, found in imported_modules(source))


@pytest.mark.parametrize("folder", RULES)
def test_imports_follow_the_order_of_the_folders(folder: str) -> None:
    files = python_files(folder)
    assert files, f"no Python file found in {folder}/"
    imports = sum(len(list(imported_modules(path.read_text(encoding="utf-8")))) for path in files)
    assert imports, f"no import found in {folder}/"
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in files
        for fault in faults(folder, path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("reference", "import scipy"),
        ("reference", "from convspec.adapters import Capabilities"),
        ("reference", "def late():\n    from convspec import adapters"),
        ("adapters", "import convspec.conformance.case"),
        ("adapters", "import scipy\nimport torch"),
        ("adapters", "import convspec"),
        ("conformance", "from convspec.reports import html"),
        ("conformance", "import torch"),
        ("conformance", "import importlib\nimportlib.import_module('convspec.reports')"),
        ("conformance", "from convspec.cli import main"),
        ("reports", "from convspec import reference, conformance"),
        ("reports", "from convspec.adapters.protocol import Adapter"),
        ("convspec", "from .reference import conv2d"),
        ("convspec", "from reference import conv2d"),
    ],
)
def test_a_forbidden_import_is_seen(folder: str, source: str) -> None:
    assert len(faults(folder, source)) == 1


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("reference", "import math\nimport numpy as np\nfrom convspec.reference.shapes import output_size"),
        ("adapters", "import ml_dtypes\nimport torch.nn.functional\nfrom convspec.reference import conv2d"),
        ("conformance", "import hypothesis.strategies\nfrom convspec.adapters import Adapter"),
        ("reports", "import jinja2\nfrom convspec import reference"),
        ("convspec", "from convspec.reports import write\nfrom convspec import conformance\nimport anything"),
    ],
)
def test_a_permitted_import_is_left_alone(folder: str, source: str) -> None:
    assert faults(folder, source) == []


def all_modules() -> list[Path]:
    """List every Python file of the project, tests included."""
    files = [path for folder in RULES for path in python_files(folder)]
    files += sorted((ROOT / "tests").rglob("*.py"))
    assert Path(__file__).resolve() in files
    assert len(files) > len(RULES)
    return files


def test_no_module_is_longer_than_can_be_read_in_one_go() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in all_modules()}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_MODULE}
    assert not too_long


def test_every_module_says_what_it_is_about() -> None:
    nameless = {"util", "utils", "helper", "helpers", "misc", "common"}
    assert not [path for path in all_modules() if path.stem in nameless or path.parent.name in nameless]


def test_the_four_folders_hold_no_tests() -> None:
    folders = [folder for folder in RULES if folder != "convspec"]
    # pytest would import such a file under a second name, and the module twice.
    assert not [path for folder in folders for path in python_files(folder) if path.name.startswith("test_")]


def asserts(source: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each assertion that does more than to tell the type checker about a local name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            told = ast.unparse(node.test)
            if not re.fullmatch(r"\w+ is not None|isinstance\(\w+, [\w. |]+\)", told):
                yield node.lineno, told


@pytest.mark.parametrize("folder", RULES)
def test_what_python_leaves_out_under_optimisation_does_nothing(folder: str) -> None:
    """A property that is read in an assertion is not read under `python -O`. Beginners may write what they like."""
    files = [path for path in python_files(folder) if "homework" not in path.parts]
    found = {path.name: [*asserts(path.read_text(encoding="utf-8"))] for path in files}
    assert not {name: lines for name, lines in found.items() if lines}


def test_an_assertion_that_does_something_is_seen() -> None:
    source = "assert x is not None\nassert child.description is not None\nassert isinstance(x, int)\nassert load()"
    assert [line for line, _ in asserts(source)] == [2, 4]
