"""``report`` and ``diff`` on the command line: pages made again, runs compared, files refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from convspec import cli
from convspec.reports import write_report

Line = dict[str, Any]


def results(path: Path, outcome: str = "passed") -> Path:
    lines: list[Line] = [
        {
            "type": "header",
            "schema_version": 1,
            "suite": {"name": "convspec", "version": "0.1.0"},
            "seed": 0,
            "effort": "quick",
            "profile": None,
            "only": ["DEF-01"],
            "date": "2026-11-22",
            "environment": {},
            "targets": ["mine"],
        },
        {
            "type": "requirement",
            "id": "DEF-01",
            "family": "DEF",
            "level": "MUST",
            "profile": "plane",
            "title": "One element",
            "statement": "What it asks.",
            "class": "EQ",
            "status": "core",
        },
        {"type": "adapter", "id": "mine", "name": "mine", "available": True},
        {
            "type": "verdict",
            "adapter": "mine",
            "requirement": "DEF-01",
            "outcome": outcome,
            "cases": 3,
            "seconds": 0.1,
        },
        {
            "type": "footer",
            "totals": {"mine": {outcome: 1}},
            "verdicts": {"mine": "conforms" if outcome == "passed" else "does not conform"},
            "exit_status": int(outcome != "passed"),
            "seconds": 1.0,
        },
    ]
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def proof(path: Path) -> Path:
    lines: list[Line] = [
        {
            "type": "header",
            "kind": "proof",
            "schema_version": 1,
            "suite": {"name": "convspec", "version": "0.1.0"},
            "date": "2026-11-22",
            "seeds": [0],
            "efforts": ["standard"],
        }
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def speed(path: Path, indent: int | None = 1) -> Path:
    sample = Path(__file__).parents[1] / "reports" / "speed-sample.json"
    path.write_text(json.dumps(json.loads(sample.read_text(encoding="utf-8")), indent=indent), encoding="utf-8")
    return path


def pages(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def run(*arguments: object) -> int:
    return cli.run_command([str(argument) for argument in arguments])


def test_all_pages_are_made_from_three_files_whatever_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [results(tmp_path / "one"), speed(tmp_path / "two"), proof(tmp_path / "three")]
    out = tmp_path / "deep" / "out"
    assert run("report", *files, "--out", out) == 0
    made = pages(out)
    assert set(made) == {"index.html", "lesson.html", "proof.html", "speed.html", "summary.md", "badge.svg"}
    printed = capsys.readouterr().out
    addresses = [name for name in made if name.endswith(".html")]
    for name in addresses:
        assert f"Made: {out / name}" in printed
        for other in addresses:
            if other != name:
                assert f'<a href="{other}">'.encode() in made[name], (name, other)


def test_the_same_files_give_the_same_bytes_and_those_of_check(tmp_path: Path) -> None:
    files = [proof(tmp_path / "proof.jsonl"), results(tmp_path / "results.jsonl")]
    for folder in ("a", "b"):
        assert run("report", *files, "--out", tmp_path / folder) == 0
    assert run("report", *reversed(files), "--out", tmp_path / "b") == 0
    assert pages(tmp_path / "a") == pages(tmp_path / "b")
    assert run("report", files[1], "--out", tmp_path / "c") == 0
    write_report(files[1], tmp_path / "d")
    assert pages(tmp_path / "c") == pages(tmp_path / "d")


@pytest.mark.parametrize("indent", [None, 1])
def test_pages_that_lie_there_are_in_the_navigation(
    indent: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("report", results(tmp_path / "results.jsonl"), "--out", out) == 0
    before = pages(out)
    assert b'href="speed.html"' not in before["index.html"]
    assert run("report", speed(tmp_path / "speed.json", indent), "--out", out) == 0
    assert b'<a href="index.html">' in pages(out)["speed.html"]
    assert f"There: {out / 'index.html'}" in capsys.readouterr().out
    # The pages that were there lead to the one that came, as if they had been made after it.
    after = pages(out)
    for name in ("index.html", "lesson.html"):
        assert b'<a href="speed.html">' in after[name]
    assert run("report", tmp_path / "results.jsonl", "--out", out) == 0
    assert pages(out) == after


def test_a_comparison_is_in_the_navigation_of_its_folder(tmp_path: Path) -> None:
    good, bad = results(tmp_path / "good"), results(tmp_path / "bad", "failed")
    out = tmp_path / "out"
    assert run("report", good, "--out", out) == 0
    assert run("diff", good, bad, "--out", out) == 1
    made = pages(out)
    assert b'<a href="diff.html"><bdi>Difference</bdi></a>' in made["index.html"]
    assert b'<a href="index.html">' in made["diff.html"]
    stranger = b"<p>no page of ours"
    (out / "speed.html").write_bytes(stranger)
    assert run("report", good, "--out", out) == 0
    assert pages(out)["speed.html"] == stranger


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a file that pages are made from"),
        (b"\xff\xfe\n", "not a file that pages are made from"),
        (b'{"a": 1}\n', "not a file that pages are made from"),
        (b'[{"type": "header"}]\n', "not a file that pages are made from"),
        (b'{"type": "header", "kind": "else"}\n', "not a file that pages are made from"),
        (b'{"kind": "speed"', "not a file that pages are made from"),
        (b'{"kind": "speed"}', "'schema_version' is missing"),
        (b'{"type": "header", "kind": "proof"}\n', "'schema_version' is missing"),
        (b'{"type": "header"}\n', "line 1: 'schema_version' is missing"),
        (b"[" * 100_000, "not a file that pages are made from"),
    ],
)
def test_what_is_unknown_or_broken_is_refused_and_nothing_is_written(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.file"
    wrong.write_bytes(content)
    assert run("report", results(tmp_path / "results.jsonl"), wrong, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr().out
    assert printed.startswith(f"convspec: {wrong}")
    assert told in printed
    if "pages are made" in told:
        assert all(name in printed for name in ("results.jsonl", "proof.jsonl", "speed.json", "`convspec prove`"))
    assert not (tmp_path / "out").exists()


def test_two_files_of_one_kind_and_files_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = results(tmp_path / "one"), results(tmp_path / "two", "failed")
    assert run("report", one, two, "--out", tmp_path / "out") == 2
    assert f"{two}: a second results file beside {one}" in capsys.readouterr().out
    assert run("report", tmp_path / "nothing", "--out", tmp_path / "out") == 2
    assert f"{tmp_path / 'nothing'}: cannot be read" in capsys.readouterr().out
    assert run("report", tmp_path, "--out", tmp_path / "out") == 2
    assert "cannot be read" in capsys.readouterr().out
    for command in (("report", one), ("diff", one, two)):
        assert run(*command, "--out", one) == 2
        assert f"{one}: is no folder" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_diff_has_a_status_for_each_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = results(tmp_path / "good"), results(tmp_path / "bad", "crashed")
    assert run("diff", good, bad) == 1
    assert "mine DEF-01 ✓ passed → ‼ crashed" in capsys.readouterr().out
    assert run("diff", bad, good) == 0
    assert capsys.readouterr().out.startswith("None of 1 outcome got worse; 1 got better.")
    assert run("diff", good, good) == 0
    capsys.readouterr()
    for pair in ((good, tmp_path / "nothing"), (tmp_path / "nothing", good), (good, proof(tmp_path / "proof"))):
        assert run("diff", *pair) == 2
        assert capsys.readouterr().out.startswith(f"convspec: {tmp_path}")


def test_diff_writes_a_page_and_markdown_where_it_is_asked_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = results(tmp_path / "good"), results(tmp_path / "bad", "failed")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run("diff", good, bad) == 1
    assert not pages(tmp_path / "here")
    for folder in ("a", "b"):
        assert run("diff", good, bad, "--out", tmp_path / folder) == 1
    assert f"Difference: {tmp_path / 'b' / 'diff.html'}" in capsys.readouterr().out
    assert set(pages(tmp_path / "a")) == {"diff.html", "diff.md"}
    assert pages(tmp_path / "a") == pages(tmp_path / "b")
