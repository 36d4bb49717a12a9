"""``convspec check --exhaustive``: the lines it adds, on the terminal, in the results and on the page."""

import json
from pathlib import Path

import jsonschema
import pytest

from convspec import check, cli
from convspec.conformance import exhaustive
from convspec.conformance.world import WORLD, World
from convspec.reports import read_results

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "reports" / "results.schema.json").read_text("utf-8"))
# Right but where the vertical stride is 2 and the picture two rows high.
WRONG = '''"""Right, but for one geometry."""
import numpy as np


def conv(x, w, bias=None, stride=(1, 1)):
    if bias is not None:
        raise ValueError("no bias")
    down = 1 if stride[0] == 2 and x.shape[2] == 2 else stride[0]
    rows, columns = (x.shape[2] - w.shape[2]) // down + 1, (x.shape[3] - w.shape[3]) // stride[1] + 1
    y = np.zeros((len(x), len(w), rows, columns), np.result_type(x, w))
    for i in range(rows):
        for j in range(columns):
            top, left = i * down, j * stride[1]
            window = x[:, :, top:top + w.shape[2], left:left + w.shape[3]]
            y[:, :, i, j] = np.einsum("nchw,ochw->no", window, w)
    return y
'''


@pytest.fixture(autouse=True)
def in_a_small_world(tmp_path, monkeypatch, drawn_once):
    """Of a world that is done in a second, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exhaustive, "WORLD", World(size=2, kernel=2, stride=2, dilation=1, pad=0))
    Path("wrong.py").write_text(WRONG)


def lines(out="convspec-report"):
    found = [json.loads(line) for line in (Path(out) / "results.jsonl").read_text("utf-8").splitlines()]
    for line in found:
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    return found


def run(*arguments):
    return cli.run_command(["check", "--effort", "quick", "--only", "DEF-05", "--exhaustive", *arguments])


def test_what_is_right_passes_and_is_shown(capsys, unexplained):
    assert run("vectorized") == 0
    (line,) = [line for line in lines() if line["type"] == "exhaustive"]
    assert (line["adapter"], line["outcome"], line["failures"]) == ("vectorized", "passed", 0)
    assert line["geometries"] == line["total"] == 108
    printed = capsys.readouterr().out
    assert "✓ vectorized small worlds, whole: all 108 geometries inside its claims are right" in printed
    page = Path("convspec-report/index.html").read_text("utf-8")
    assert '<section id="exhaustive"' in page
    assert 'href="#exhaustive"' in page
    assert "108 right, of 108 inside its claims" in page
    assert 'name="exhaustive"' in Path("convspec-report/junit.xml").read_text("utf-8")


def test_without_the_flag_nothing_of_it(unexplained):
    assert cli.run_command(["check", "vectorized", "--effort", "quick", "--only", "DEF-05"]) == 0
    assert not [line for line in lines() if line["type"] == "exhaustive"]
    assert "exhaustive" not in Path("convspec-report/index.html").read_text("utf-8")


def test_what_is_wrong_fails_and_is_explained(capsys):
    """The requirement that was selected passes; the definition is broken all the same, and diagnosed."""
    assert run("wrong.py:conv", "--only", "BAT-01") == 1
    found = lines()
    (line,) = [line for line in found if line["type"] == "exhaustive"]
    assert (line["outcome"], line["failures"]) == ("failed", 1)
    assert "probability" not in line
    assert "it has no padding: only 0 zeros are asked for" in line["restricted"]
    (definition,) = [line for line in found if line["type"] == "verdict" and line["requirement"] == "DEF-01"]
    assert definition["outcome"] == "failed"
    assert definition["counterexample"] == line["counterexample"]
    (explanation,) = [line for line in found if line["type"] == "explanation"]
    assert explanation["sentence"]
    assert "DEF-01" in explanation["requirements"]
    (footer,) = [line for line in found if line["type"] == "footer"]
    assert footer["verdicts"] == {"wrong.conv": "does not conform"}
    printed = capsys.readouterr().out
    assert line["counterexample"]["repro"] in printed
    assert "wrong.conv small worlds, whole: failed after " in printed
    assert cli.run_command(["repro", line["counterexample"]["case"], "--adapter", "wrong.py:conv"]) == 1


def test_the_line_is_as_it_was_with_the_same_seed(unexplained):
    for out in ("first", "second"):
        run("wrong.py:conv", "vectorized", "--out", out)
    timeless = [
        [line for line in lines(out) if line["type"] != "time"]
        for out in ("first", "second")
    ]
    assert timeless[0] == timeless[1]


def test_what_stops_before_its_end_is_incomplete(unexplained):
    """The item of the world is left out."""
    result = check("vectorized", only="DEF-05", effort="quick", exhaustive=True, pytest_args=["-k", "DEF"], out="there")
    assert not result.complete
    assert result.worlds == []
    assert not read_results("there/results.jsonl").complete


def test_a_file_that_cannot_be_loaded_has_no_world(unexplained):
    Path("homework").mkdir()
    Path("homework/anna.py").write_text(WRONG)
    Path("homework/bert.py").write_text("def conv(x\n")
    assert run("homework/*.py:conv") == 1
    outcomes = {line["adapter"]: line["outcome"] for line in lines() if line["type"] == "exhaustive"}
    assert outcomes == {"anna.conv": "failed", "bert.conv": "unavailable"}


def test_help_names_the_size_of_the_world(capsys):
    with pytest.raises(SystemExit):
        cli.run_command(["check", "--help"])
    assert str(WORLD.total) in capsys.readouterr().out
