"""The tutorial of the adapters: its example is an adapter that conforms, and its tables are those of the code."""

import re
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from convspec import cli
from convspec.adapters.loading import adapt
from convspec.adapters.protocol import Capabilities, Deviation, Numerics
from convspec.adapters.signatures import ROLES
from convspec.conformance.case import Case, parse_case
from convspec.reports import read_results

TUTORIAL = (Path(__file__).resolve().parents[2] / "adapters" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
(EXAMPLE,) = (block for block in BLOCKS if "class Windows" in block)


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch, drawn_once, unexplained):
    monkeypatch.chdir(tmp_path)
    Path("windows.py").write_text(EXAMPLE)


def test_the_example_is_no_longer_than_promised():
    assert len(EXAMPLE.splitlines()) <= 25


def test_the_example_conforms(capsys):
    assert cli.run_command(["smoke", "windows.py:Windows"]) == 0
    assert cli.run_command(["check", "windows.py:Windows", "--effort", "quick"]) == 0
    printed = capsys.readouterr().out
    assert "Verdict: windows.Windows conforms." in printed
    assert read_results(Path("convspec-report/results.jsonl")).footer is not None


def test_without_its_first_lines_the_example_answers_what_it_does_not_claim(capsys):
    """What the tutorial says of them."""
    start = EXAMPLE.index("        if groups != 1:")
    Path("careless.py").write_text(EXAMPLE[:start] + EXAMPLE[EXAMPLE.index("        check_arguments("):])
    assert cli.run_command(["check", "careless.py:Windows", "--effort", "quick", "--only", "DTY-05"]) == 1
    assert "groups=" in capsys.readouterr().out


def test_the_attributes_of_a_function_are_read():
    def conv(x, w):
        return x

    (block,) = (block for block in BLOCKS if block.startswith("conv.capabilities"))
    exec(block, {"conv": conv})
    adapter = adapt(conv, "conv")
    assert adapter.capabilities.dtypes == ("float32", "float16")
    assert adapter.numerics.accumulator == {"float16": "float32"}


def test_the_deviation_is_one():
    names = {"Deviation": Deviation}
    (block,) = (block for block in BLOCKS if block.startswith("deviations"))
    exec(block, names)
    (deviation,) = names["deviations"]
    example = parse_case(deviation.example)
    assert example.is_valid
    assert deviation.when(example)
    assert not deviation.when(Case((1, 1, 3, 3), (1, 1, 2, 2)))


def test_the_tables_name_every_field_and_parameter():
    for kind in (Capabilities, Numerics):
        for field in fields(kind):
            assert f"`{field.name}`" in TUTORIAL, field.name
    for role, names in ROLES.items():
        (row,) = (line for line in TUTORIAL.splitlines() if line.startswith(f"| {role} |"))
        assert re.findall(r"`(\w+)`", row) == list(names)


def test_an_entry_point_is_what_the_loader_looks_for(monkeypatch):
    from importlib import metadata

    from convspec.adapters import loading

    group, name, place = re.search(r'entry-points\."(.+?)"\]\n(\w+) = "(.+?)"', TUTORIAL).groups()
    assert group == loading.GROUP
    entry = metadata.EntryPoint(name, place.replace("mypackage.conformance", "windows"), group)
    monkeypatch.setattr(loading.importlib.metadata, "entry_points", lambda group: [entry])
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("windows.py").write_text(EXAMPLE + "\n\nadapter = Windows()\n")
    try:
        adapter = loading.load(name)
        y = adapter.conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), None, stride=(1, 1),
                           padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1)
        assert y.tolist() == [[[[4, 4], [4, 4]]]]
    finally:
        sys.modules.pop("windows", None)
