"""What is published: versions, the citation, the package lists, the links, and the wheel where installed."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import convspec
from convspec.adapters.loading import BUILT_IN

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("reference", "adapters", "conformance", "reports")
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION: str = SETTINGS["project"]["version"]
ENTRY_POINTS: dict[str, str] = SETTINGS["project"]["entry-points"]["convspec.adapters"]


def citation() -> dict[str, str]:
    """Read the top level of CITATION.cff: the value of a plain key, or the indented lines below it."""
    fields: dict[str, str] = {}
    key = ""
    for line in (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines():
        top = re.fullmatch(r"([a-z-]+):(?: (.+))?", line)
        if top:
            key = top[1]
            assert key not in fields, f"{key} stands twice"
            fields[key] = (top[2] or "").strip('"')
        else:
            assert re.match(r" {2,}\S", line), f"neither a field nor part of one: {line!r}"
            fields[key] += f"{line}\n"
    return fields


def test_the_citation_has_what_the_format_demands() -> None:
    fields = citation()
    demanded = {"cff-version", "message", "type", "title", "authors", "version", "date-released", "license"}
    allowed = {"abstract", "keywords", "references", "doi", "url", "repository-code"}
    assert demanded <= fields.keys() <= demanded | allowed
    assert fields["cff-version"] == "1.2.0"
    assert fields["type"] == "software"
    assert re.match(r'  - (name|family-names): "[^"]+"\n', fields["authors"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", fields["date-released"])
    licences = re.findall(r"  - (\S+)\n", fields["license"])
    assert " AND ".join(licences) == SETTINGS["project"]["license"]


def test_the_version_and_its_date_are_the_same_everywhere() -> None:
    fields = citation()
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.+) \((.+)\)$", changes, re.MULTILINE)
    assert newest
    assert newest.groups() == (VERSION, fields["date-released"])
    assert fields["version"] == VERSION
    assert convspec.__version__ == VERSION


@pytest.mark.parametrize("name", FOLDERS)
def test_the_import_name_links_to_the_folder(name: str) -> None:
    link = ROOT / "convspec" / name
    if (ROOT / "PKG-INFO").exists():
        pytest.skip("a source distribution holds no links; the wheel does not need them")
    if sys.platform == "win32" and not link.is_symlink() and link.is_file():
        pytest.skip("this checkout was made without core.symlinks; the wheel does not need them")
    assert link.is_symlink()
    assert link.readlink() == Path("..", name)
    assert link.is_dir()


def package_files(folder: str) -> list[Path]:
    """List what one of the four folders holds for the wheel, relative to it; documentation stays out."""
    base = ROOT / folder
    files = (path.relative_to(base) for path in base.rglob("*") if path.is_file())
    files = (path for path in files if path.suffix not in {".md", ".pyc"})
    return sorted(path for path in files if path.parts[0] not in {"editions", "out"})


def covers(pattern: str, path: Path) -> bool:
    """Tell whether a pattern of package-data means this file; a star stays within one folder."""
    return path.match(pattern) and len(path.parts) == len(Path(pattern).parts)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_a_folder_is_listed_for_the_wheel(folder: str) -> None:
    files = package_files(folder)
    assert Path("__init__.py") in files
    listed = set(SETTINGS["tool"]["setuptools"]["packages"])
    packages = {".".join(("convspec", folder, *path.parent.parts)) for path in files if path.suffix == ".py"}
    assert packages == {name for name in listed if f"{name}.".startswith(f"convspec.{folder}.")}
    patterns = SETTINGS["tool"]["setuptools"]["package-data"].get(f"convspec.{folder}", [])
    data = [path for path in files if path.suffix != ".py"]
    assert not [path for path in data if not any(covers(pattern, path) for pattern in patterns)]
    assert not [pattern for pattern in patterns if not any(covers(pattern, path) for path in data)]


def test_a_bare_checkout_knows_the_adapters_that_are_registered() -> None:
    assert BUILT_IN == ENTRY_POINTS


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_each_built_in_adapter_can_be_loaded_by_its_entry_point(name: str) -> None:
    entry_point = metadata.EntryPoint(name, ENTRY_POINTS[name], "convspec.adapters")
    library = {"scipy": "scipy", "torch": "torch"}.get(name, "numpy")
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    adapter = entry_point.load()
    assert adapter.name
    assert callable(adapter.conv2d)


def test_the_console_script_names_a_function() -> None:
    module, _, function = SETTINGS["project"]["scripts"]["convspec"].partition(":")
    assert callable(getattr(import_module(module), function))


def installed_files() -> list[str]:
    """List the files of the installed wheel, or skip: there is none, or it is a link back to the checkout."""
    # Building leaves metadata in the checkout, which is not an installation.
    found = (one for one in metadata.distributions(name="convspec") if Path(str(one.locate_file(""))).resolve() != ROOT)
    distribution = next(found, None)
    if distribution is None:
        pytest.skip("convspec is not installed; tox installs the wheel")
    files = [path.as_posix() for path in distribution.files or []]
    if "convspec/__init__.py" not in files:
        pytest.skip("convspec is installed in editable mode")
    assert distribution.version == VERSION
    return files


def test_the_wheel_owns_no_top_level_name_but_its_own() -> None:
    top_level = {path.partition("/")[0] for path in installed_files() if not path.startswith("..")}
    assert top_level == {"convspec", f"convspec-{VERSION}.dist-info"}


def test_the_wheel_holds_every_module_and_data_file() -> None:
    files = set(installed_files())
    wanted = {f"convspec/{folder}/{path.as_posix()}" for folder in FOLDERS for path in package_files(folder)}
    wanted |= {f"convspec/{path.name}" for path in (ROOT / "convspec").glob("*.py")} | {"convspec/py.typed"}
    assert len(wanted) > len(FOLDERS)
    assert wanted == {path for path in files if path.startswith("convspec/") and not path.endswith(".pyc")}
    assert {Path(path).name for path in files} >= {"LICENSE", "LICENSE-figures.md", "entry_points.txt"}


def test_the_four_folders_cannot_be_imported_by_their_bare_names() -> None:
    installed_files()
    program = f"import importlib.util as u; print([n for n in {FOLDERS} if u.find_spec(n)])"
    seen = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_the_installed_wheel_is_what_is_tested() -> None:
    installed_files()
    installed = metadata.distribution("convspec").locate_file("convspec")
    assert Path(convspec.__file__).parent == Path(str(installed))
