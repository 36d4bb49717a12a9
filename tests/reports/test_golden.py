"""The same files give the same pages, byte for byte, on every machine and in every version of Python."""

import hashlib
from pathlib import Path

import pytest
from all_pages import make_all_pages

# Page and SHA-256, as `sha256sum` writes them. A page that changes on purpose is looked at, and gets its new line.
GOLDEN = Path(__file__).with_name("golden.txt")
# What is on this page is measured while the tests run.
MEASURED = "conventions.html"


def test_pages_are_the_same_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Neither the day nor the place may leave a trace.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    made = make_all_pages(tmp_path)
    lines = [
        f"{hashlib.sha256(html.encode('utf-8')).hexdigest()}  {name}" for name, html in made.items() if name != MEASURED
    ]
    assert len(lines) == 6
    wanted = GOLDEN.read_text(encoding="utf-8").splitlines()
    new = [line for line in lines if line not in wanted]
    advice = f"Look at these pages; if they are meant, {GOLDEN.name} gets these lines:"
    assert lines == wanted, "\n".join([advice, *new])
