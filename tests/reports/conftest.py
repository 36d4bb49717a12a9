"""What the tests of the reports share: the sample results, and a way to write changed ones."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# The tests of the pages import what they share by its bare name.
sys.path.append(str(Path(__file__).parent))

from sample_homework import homework
from sample_results import sample, write
from small_runs import Compare

from convspec.reports import compare, read_results
from convspec.reports.diff_changes import Difference

Line = dict[str, Any]


@pytest.fixture
def sample_lines() -> list[Line]:
    return sample()


@pytest.fixture
def make_homework() -> Callable[[int], list[Line]]:
    return homework


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[[list[Line]], Path]:
    return lambda lines: write(tmp_path / "results.jsonl", lines)


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    def made(old: list[Line], new: list[Line]) -> Difference:
        paths = []
        for name, lines in (("old", old), ("new", new)):
            paths.append(write(tmp_path / f"{name}.jsonl", lines))
        return compare(*map(read_results, paths))

    return made
