"""``list``, ``explain``, ``smoke`` and ``repro``; and ``check`` from a notebook."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import convspec
from convspec import cli
from convspec.conformance.catalogue import catalogue
from convspec.reference import conv2d

RIGHT = """import numpy as np
def conv(image, kernel, padding=0, stride=1):
    height, width = kernel.shape
    padded = np.pad(image, padding)
    if height > padded.shape[0] or width > padded.shape[1]:
        raise ValueError("the kernel does not fit")
    rows, columns = (padded.shape[0] - height) // stride + 1, (padded.shape[1] - width) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = (padded[i * stride:i * stride + height, j * stride:j * stride + width] * kernel).sum()
    return result
"""


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch, drawn_once, unexplained):
    """Two functions: right, and wrong in one way."""
    monkeypatch.chdir(tmp_path)
    Path("right.py").write_text(RIGHT)
    Path("wrong.py").write_text(RIGHT.replace("* kernel", "* kernel[::-1]"))


def run(*arguments):
    return cli.run_command(arguments)


def test_list_shows_adapters_and_requirements(capsys):
    assert run("list") == 0
    printed = capsys.readouterr().out
    for name in ("scipy", "torch", "vectorized", "reference"):
        assert re.search(rf"^  {name} +convspec.adapters.\S+:adapter", printed, re.MULTILINE)
    assert printed.count("(verified when none is named)") == 3
    for id, entry in catalogue().items():
        (line,) = (line for line in printed.splitlines() if line.strip().startswith(f"{id} "))
        assert entry.title in line
        assert entry.level in line
        assert ("(planned)" in line) == (not entry.is_checked)


@pytest.mark.parametrize("id", ["PAD-04", "pad-04", "DTY-05", "NUM-06"])
def test_explain(id, capsys):
    assert run("explain", id) == 0
    printed = " ".join(capsys.readouterr().out.split())
    entry = catalogue()[id.upper()]
    for part in (entry.id, entry.title, entry.level, entry.statement, entry.formula, entry.check, *entry.sources):
        assert " ".join(part.split()) in printed
    assert re.search(r"Cases: up to \d+ \(quick\), \d+ \(standard\), \d+ \(thorough\)", printed)


def test_explain_what_is_planned(capsys):
    assert run("explain", "GRD-01") == 0
    printed = capsys.readouterr().out
    assert "Planned: not yet tested." in printed
    assert "Cases: up to" not in printed


def test_explain_what_is_unknown(capsys):
    assert run("explain", "PAD-99") == 2
    assert capsys.readouterr().out == "convspec: 'PAD-99' is no requirement; `convspec list` shows them\n"


FLIPPED_CASE = "DEF-01 x=2x1 w=2x1 values=0,1;0,1;"


def test_repro_of_a_case_that_is_not_in_order(capsys):
    assert run("repro", FLIPPED_CASE, "--adapter", "wrong.py:conv") == 1
    printed = capsys.readouterr().out
    for part in (catalogue()["DEF-01"].statement, "x  (2, 1) float64", "w  (2, 1) float64", "stride (1, 1)",
                 "expected  (1, 1) float64\n    [[1.]]", "got  (1, 1) float64\n    [[0.]]",
                 "Not in order: got 0 at (0, 0), want 1", "bound: exact: "):
        assert part in printed


def test_repro_of_a_case_that_is_in_order(capsys):
    assert run("repro", FLIPPED_CASE, "--adapter", "right.py:conv") == 0
    assert "In order." in capsys.readouterr().out


def test_repro_shows_the_end_of_what_was_printed(capsys):
    Path("loud.py").write_text(RIGHT.replace("return result", "print('x' * 30000000, 'step 4')\n    return result"))
    assert run("repro", FLIPPED_CASE, "--adapter", "loud.py:conv") == 0
    printed = capsys.readouterr().out
    assert "It printed, at the end:\n    xxx" in printed
    assert printed.endswith("step 4\n")
    assert len(printed) < 5000


def test_repro_of_a_law_says_which_call(capsys):
    line = "LAW-07 x=1x1x3x4 w=1x1x2x2 data=int:3"
    assert run("repro", line, "--adapter", "vectorized") == 0
    assert "call 1 of 2" in capsys.readouterr().out


def test_repro_of_a_refusal(capsys):
    line = "ERR-02 x=1x1x3x3 w=1x1x2x2 stride=0,1 data=int:3"
    assert run("repro", line, "--adapter", "vectorized") == 0
    assert "got: raised ValueError: " in capsys.readouterr().out


@pytest.mark.parametrize(("line", "told"), [
    ("DEF-99 x=2x1 w=2x1 data=int:0", "'DEF-99' is no requirement; the line is written 'ID CASE', for instance"),
    ("x=2x1 w=2x1 data=int:0", "'x=2x1' is no requirement"),
    ("", "'' is no requirement"),
    ("GRD-01 x=2x1 w=2x1 data=int:0", "GRD-01 is planned, and not yet tested"),
    ("DEF-01 x=2x1 data=int:0", "case: 'w' is missing"),
    ("DEF-01 x=2x1 w=2xone data=int:0", "case: 'w=2xone' cannot be read"),
    ("DEF-01 x=2x1 w=2x1 stirde=2,1 data=int:0", "case: 'stirde=2,1' is not KEY=VALUE"),
    ("DEF-01 x=2x1 w=3x1 data=int:0", "the case does not belong to DEF-01: x=2x1 w=3x1 data=int:0"),
    ("DTY-02 x=2x1 w=2x1 data=int:0", "the case does not belong to DTY-02"),
    ("DEF-01 x=2x1 w=2x1 data=gauss:0", "data recipe 'gauss' is unknown"),
    ("DEF-01 x=2x1 w=2x1 layout_w=sideways data=int:0", "layout 'sideways' is unknown"),
])
def test_repro_of_a_line_that_cannot_be_read(line, told, capsys):
    assert run("repro", line, "--adapter", "right.py:conv") == 2
    printed = capsys.readouterr().out
    assert printed.startswith("convspec: ")
    assert told in printed


def test_repro_wants_an_adapter(capsys):
    with pytest.raises(SystemExit) as stopped:
        run("repro", FLIPPED_CASE)
    assert stopped.value.code == 2
    assert "--adapter" in capsys.readouterr().err
    assert run("repro", FLIPPED_CASE, "--adapter", "nothing") == 2
    assert "'nothing' is no adapter" in capsys.readouterr().out


def test_the_line_that_check_prints_is_the_line_that_repro_takes(capsys):
    assert run("check", "wrong.py:conv", "--only", "LAW-04", "--effort", "quick") == 1
    printed = capsys.readouterr().out
    line, target = re.search(r"convspec repro '(LAW-04 .*)' --adapter (\S+)", printed).groups()
    assert run("repro", line, "--adapter", target) == 1
    again = capsys.readouterr().out
    told = re.search(r"wrong.conv LAW-04 failed: (.*)", printed).group(1)
    assert f"Not in order: {told}" in again


def test_the_commands_are_listed_and_the_version_is_told(capsys):
    texts = {"--help": "explain", "check --help": "exit status: 0 conforms", "--version": "convspec 0."}
    for arguments, told in texts.items():
        with pytest.raises(SystemExit) as stopped:
            run(*arguments.split())
        assert stopped.value.code == 0
        assert told in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        run()
    assert stopped.value.code == 2


def test_the_module_can_be_run():
    command = [sys.executable, "-m", "convspec", "explain", "PAD-01"]
    home = str(Path(convspec.__file__).parents[1])
    printed = subprocess.run(command, env={"PYTHONPATH": home}, capture_output=True, text=True, check=True).stdout
    assert printed.startswith("PAD-01  ")


def test_check_from_a_notebook():
    result = convspec.check(conv2d, only="STR-02", effort="quick")
    assert bool(result)
    assert repr(result) == "<conv2d conforms (STR-02 only)>"
    assert result.page is None
    assert not result.failures
    assert result.complete


def test_check_of_a_lambda_and_of_two_functions_of_one_name():
    def conv(x, w):
        return conv2d(x, w)

    first = convspec.check(conv, lambda x, w: conv2d(x, w), conv, only="STR-02", effort="quick")
    assert list(first.conclusions) == ["conv", "_lambda_", "conv_"]
    assert set(first.conclusions.values()) == {"nothing verified (STR-02 only)"}


@pytest.mark.parametrize(("arguments", "told"), [
    ({"seed": -1}, "seed is -1"), ({"seed": 1.5}, "seed is 1.5"), ({"seed": True}, "seed is True"),
    ({"profile": "volume"}, "profile is 'volume'"), ({"time_limit": 0}, "time_limit is 0"),
    ({"effort": "much"}, "effort is 'much'; it must be one of quick, standard, thorough"),
    ({"dtypes": "double"}, "dtypes names 'double'"), ({"only": "PADD"}, "'PADD' is neither a requirement nor a family"),
    ({"workers": 2}, "workers is 2, but 'conv2d' cannot be found by name in another process"),
])
def test_check_names_the_argument_and_the_value(arguments, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        convspec.check(conv2d, **arguments)


def test_check_of_what_is_no_function():
    for target, told in ((3, "neither a function nor an object with a conv2d"), (lambda x: x, "takes 1 positional")):
        with pytest.raises(ValueError, match=told):
            convspec.check(target)


def test_the_arguments_of_a_pytest_run_around_it_do_not_reach_the_suite(monkeypatch, tmp_path):
    """A stranger's conftest, configuration and options take no part."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('never imported')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    assert convspec.check(conv2d, only="LAW-05", effort="quick")


def test_numbers_in_a_result_are_plain():
    result = convspec.check(lambda x, w: conv2d(x, w) + 1, only="LAW-05", effort="quick", fail_fast=True)
    (verdict,) = result.failures
    assert type(verdict["counterexample"]["error"]) is float
    assert not isinstance(verdict["cases"], np.generic)
