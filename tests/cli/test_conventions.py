"""``convspec conventions`` writes its file and its page, and ``convspec report`` makes the page again."""

from functools import partial
from pathlib import Path

import pytest

from convspec import conventions as command
from convspec.adapters.native import LIBRARIES, Library
from convspec.cli import run_command
from convspec.conformance.convention_lines import Plan
from convspec.reports import read_conventions

ABSENT = Library("absent", "Absent", "absent.conv", ("no_such_library",), "import no_such_library", LIBRARIES[0].calls)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The specification, one function of NumPy, and a library that is not there: quick, and the same everywhere."""
    monkeypatch.setattr(command, "Plan", partial(Plan, libraries=(*LIBRARIES[:2], ABSENT)))


@pytest.mark.usefixtures("few")
def test_the_page_is_made_and_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["conventions", "--out", str(tmp_path / "one")]) == 0
    printed = capsys.readouterr().out
    assert "absent.conv: not installed" in printed
    assert "24 topics, 2 functions, 48 calls" in printed
    page = tmp_path / "one" / "conventions.html"
    assert str(page) in printed
    found = read_conventions(tmp_path / "one" / "conventions.jsonl")
    assert found.complete
    assert run_command(["report", str(tmp_path / "one" / "conventions.jsonl"), "--out", str(tmp_path / "two")]) == 0
    assert (tmp_path / "two" / "conventions.html").read_bytes() == page.read_bytes()


@pytest.mark.usefixtures("few")
def test_an_interrupted_run_leaves_a_page_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(text: str) -> None:
        if "numpy" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "tell", interrupted)
    assert run_command(["conventions", "--out", str(tmp_path)]) == 130
    assert "INCOMPLETE" in (tmp_path / "conventions.html").read_text(encoding="utf-8")
    assert not read_conventions(tmp_path / "conventions.jsonl").complete
