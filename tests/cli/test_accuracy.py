"""``accuracy`` on the command line, and its page made again."""

import json
from pathlib import Path

import pytest

from convspec import cli

FUNCTION = """
import numpy as np

def conv(image, kernel):
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    if rows < 1 or columns < 1:
        raise ValueError("the kernel is larger than the image")
    y = np.zeros((rows, columns), image.dtype)
    for p in range(kernel.shape[0]):
        for q in range(kernel.shape[1]):
            y += image[p:p + rows, q:q + columns] * kernel[p, q]
    return y
"""


def test_a_function_is_measured_and_its_page_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "mine.py"
    source.write_text(FUNCTION, encoding="utf-8")
    out = tmp_path / "out"
    assert cli.run_command(["accuracy", f"{source}:conv", "--seed", "3", "--out", str(out)]) == 0
    assert "All errors stay below their bounds" in capsys.readouterr().out
    lines = [json.loads(line) for line in (out / "accuracy.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["seed"] == 3
    assert {line["dtype"] for line in lines if line["type"] == "measured"} == {"float32", "float64"}
    orders = {line["said"] for line in lines if line["type"] == "betrayed" and line["about"].startswith("order")}
    assert orders == {"one after the other, first to last"}
    made = (out / "accuracy.html").read_bytes()
    assert cli.run_command(["report", str(out / "accuracy.jsonl"), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "accuracy.html").read_bytes() == made
    worst = next(line for line in lines if line["type"] == "worst")
    assert cli.run_command(["repro", worst["case"], "--adapter", f"{source}:conv"]) == 0
    assert "In order." in capsys.readouterr().out


def test_an_unknown_name_costs_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = '{"type": "header", "kind": "accuracy"}\n'
    (tmp_path / "accuracy.jsonl").write_text(kept, encoding="utf-8")
    assert cli.run_command(["accuracy", "nobody", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().out.startswith("convspec: 'nobody' is no adapter")
    assert [path.name for path in tmp_path.iterdir()] == ["accuracy.jsonl"]
    assert (tmp_path / "accuracy.jsonl").read_text(encoding="utf-8") == kept
