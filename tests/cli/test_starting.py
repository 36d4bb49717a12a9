"""The command line as it is started elsewhere: without libraries, among files of other names, in other surroundings."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import convspec

HOME = str(Path(convspec.__file__).parents[1])
WRONG = """import numpy as np
def conv(image, kernel, stride=1):
    kernel = kernel[::-1]
    rows = (image.shape[0] - kernel.shape[0]) // stride + 1
    columns = (image.shape[1] - kernel.shape[1]) // stride + 1
    result = np.zeros((max(rows, 1), max(columns, 1)))
    for i in range(rows):
        for j in range(columns):
            window = image[i * stride:i * stride + kernel.shape[0], j * stride:j * stride + kernel.shape[1]]
            result[i, j] = (window * kernel).sum()
    return result
"""
# What the suite and its libraries import, at once or later; and what lies beside it in a checkout.
NAMES = (
    "numpy", "scipy", "torch", "ml_dtypes", "hypothesis", "pytest", "conftest", "jinja2", "convspec", "reference",
    "adapters", "random", "signal", "select", "socket", "pickle", "json", "inspect", "secrets", "tempfile",
    "subprocess", "typing", "dataclasses", "queue", "statistics", "copy",
)
# Python itself imports these before it runs a module that `-m` names.
EARLY = ("types", "functools", "collections", "contextlib", "warnings")
# As `convspec` is: the working folder is not searched.
SCRIPT = ("-P", "-m", "convspec")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, python=SCRIPT, without=(), **variables):
    """Run the command line in a process of its own; the exit status and what it printed."""
    environment = {key: value for key, value in os.environ.items() if key not in (*without, "PYTHONSAFEPATH")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [variables.pop("path", ""), HOME]))
    done = subprocess.run(
        [sys.executable, *python, *arguments], env=environment | variables, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )
    return done.returncode, done.stdout.decode("utf-8")


def verdicts(out):
    """The verdicts of a results file."""
    lines = (json.loads(line) for line in (Path(out) / "results.jsonl").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["type"] == "verdict"]


QUICKLY = ("--only", "DEF-05", "--effort", "quick")


@pytest.fixture
def shadowed(folder):
    """A file that imports one beside it, among files that are called as modules of the libraries are."""
    for name in NAMES:
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong file is imported')\n", encoding="utf-8")
    (folder / "helper_of_mine.py").write_text(WRONG, encoding="utf-8")
    mine = "import random\nfrom helper_of_mine import conv\nrandom.random()\n"
    (folder / "mine.py").write_text(mine, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("python", "target"), [
    (SCRIPT, "mine.py:conv"), (SCRIPT, "mine:conv"), (SCRIPT, "vectorized"), (("-m", "convspec"), "mine.py:conv"),
])
def test_a_file_does_not_stand_in_for_a_module_of_the_libraries(python, target, shadowed):
    if python == SCRIPT:
        for name in EARLY:
            (shadowed / f"{name}.py").write_text("raise SystemExit('the wrong file is imported')\n", encoding="utf-8")
    else:
        # Python itself would take this file for the package.
        (shadowed / "convspec.py").unlink()
    status, printed = run("check", target, *QUICKLY, python=python)
    assert status == (0 if target == "vectorized" else 1), printed
    assert "the wrong file" not in printed
    assert [line["outcome"] for line in verdicts("convspec-report")] == ["passed" if not status else "failed"]


def test_nor_does_it_for_processes_side_by_side_and_other_libraries(shadowed):
    pytest.importorskip("xdist")
    for name in EARLY:
        (shadowed / f"{name}.py").write_text("raise SystemExit('the wrong file is imported')\n", encoding="utf-8")
    status, printed = run("check", "mine.py:conv", *QUICKLY, "-n", "2")
    assert status == 1, printed
    assert "mine.conv does not conform" in printed
    status, printed = run("conventions")
    assert status == 0, printed
    assert "the wrong file" not in printed


def test_a_file_may_be_called_as_a_library_is(folder):
    (folder / "numpy.py").write_text(WRONG, encoding="utf-8")
    status, printed = run("check", "numpy.py:conv", *QUICKLY)
    assert status == 1, printed
    assert "numpy.conv does not conform" in printed
    (folder / "random.py").write_text(WRONG, encoding="utf-8")
    status, printed = run("check", "random:conv", *QUICKLY)
    assert status == 2
    assert "An installed module has the name of the file random.py; name the file: random.py:" in printed


def test_assertions_that_are_left_out_change_nothing(folder):
    """What is refused is judged by what is wrong with it."""
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    chosen = ("--only", "ERR", "--only", "SHP", "--only", "DEF-05", "--only", "LAW-08", "--effort", "quick")
    for out, flags in (("plain", ()), ("optimised", ("-O",))):
        status, printed = run("check", "wrong.py:conv", "vectorized", *chosen, "--out", out, python=(*flags, *SCRIPT))
        assert status == 1, printed
    assert verdicts("plain") == verdicts("optimised")


def test_python_without_docstrings_is_refused_in_words():
    status, printed = run("list", python=("-OO", *SCRIPT))
    assert (status, printed.count("\n")) == (2, 1)
    assert "run it with -O" in printed


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def test_an_ascii_locale(folder):
    (folder / "ördner").mkdir()
    (folder / "ördner" / "fälsch.py").write_text(f"# ✓ ∑\n{WRONG}", encoding="utf-8")
    target = "ördner/fälsch.py:conv"
    status, printed = run("check", target, "vectorized", *QUICKLY, "--out", "bericht ü", **ASCII)
    assert status == 1, printed
    assert printed.isascii()
    assert "\\u2713 vectorized conforms" in printed
    lines = (folder / "bericht ü" / "results.jsonl").read_text(encoding="utf-8")
    assert "--adapter 'ördner/fälsch.py:conv'" in lines
    assert "ördner" in (folder / "bericht ü" / "index.html").read_text(encoding="utf-8")
    for arguments in (("explain", "DEF-01"), ("smoke", target), ("diff", *["bericht ü/results.jsonl"] * 2),
                      ("report", "bericht ü/results.jsonl", "--out", "nochmals")):
        status, printed = run(*arguments, **ASCII)
        assert status == (arguments[0] == "smoke"), printed


def test_no_home_and_no_folder_for_temporary_files(folder):
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    status, printed = run("check", "wrong.py:conv", *QUICKLY, without=("HOME",), TMPDIR=str(folder / "nowhere"))
    assert status == 1, printed
    assert "wrong.conv does not conform" in printed
    assert not (folder / "nowhere").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder in which not even root may write")
def test_a_working_folder_that_cannot_be_written(folder, monkeypatch):
    monkeypatch.chdir("/proc")
    status, printed = run("check", "vectorized", *QUICKLY, "--out", str(folder / "out"))
    assert status == 0, printed
    status, printed = run("check", "vectorized", *QUICKLY)
    assert status == 2
    assert printed.startswith("convspec: convspec-report: ")


BLOCKED = """from importlib.machinery import PathFinder
found = PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in ("scipy", "torch", "ml_dtypes", "xdist") else found(name, path, target)
PathFinder.find_spec = staticmethod(find_spec)
"""


@pytest.mark.parametrize(("arguments", "status", "told"), [
    (("--help",), 0, "explain"),
    (("list",), 0, "(verified when none is named)"),
    (("explain", "PAD-04"), 0, "Sources:"),
    (("smoke", "vectorized"), 0, "All in order"),
    (("check", *QUICKLY), 0, "vectorized conforms"),
    (("check", "wrong.py:conv", *QUICKLY), 1, "wrong.conv does not conform"),
    (("check", "scipy"), 2, "convspec: scipy: scipy is not installed (pip install convspec[scipy])\n"),
    (("smoke", "torch"), 2, "convspec: torch: torch is not installed (pip install convspec[torch])\n"),
    (("accuracy", "torch"), 2, "convspec: torch: torch is not installed (pip install convspec[torch])\n"),
    (("check", "vectorized", "--dtypes", "bfloat16"), 2, "ml_dtypes, which is not installed (pip install ml_dtypes)\n"),
    (("check", "vectorized", "-n", "2"), 2, "processes side by side need pytest-xdist (pip install pytest-xdist)\n"),
    (("repro", "DEF-01 x=1x1x2x1 w=1x1x2x1 values=0,1;0,1;", "--adapter", "vectorized"), 0, "In order."),
    (("conventions",), 0, "Conventions: "),
])
def test_without_the_optional_libraries(arguments, status, told, folder):
    (folder / "wrong.py").write_text(WRONG, encoding="utf-8")
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
    got, printed = run(*arguments, path=str(folder / "hook"))
    assert got == status, printed
    assert told in printed
    assert "Traceback" not in printed


def test_what_is_blocked_is_not_there(folder):
    (folder / "sitecustomize.py").write_text(BLOCKED, encoding="utf-8")
    program = "from importlib.util import find_spec; print(find_spec('scipy'), find_spec('numpy') is None)"
    assert run(python=("-c", program), path=str(folder)) == (0, "None False\n")
    assert find_spec("numpy") is not None
