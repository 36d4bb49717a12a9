"""The homework functions make the mistakes that their index says: each equals its known fault, call for call."""

import importlib.util
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convspec.adapters.faulty import FAULTS, Witness
from convspec.adapters.faulty.pieces import Call, check, convolve
from convspec.adapters.homework import FOLDER
from convspec.adapters.protocol import Array

INDEX: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))
MISTAKES = [name for name, entry in INDEX.items() if entry["fault"]]


def homework(file: str) -> Callable[..., Array]:
    """Load the function of a file."""
    specification = importlib.util.spec_from_file_location(f"homework_{Path(file).stem}", FOLDER / file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    function: Callable[..., Array] = module.conv
    return function


def answer(function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
    """Give the result of a call as nested lists, or the fact that it raised."""
    try:
        return function(*arguments, **parameters).tolist()
    except (ValueError, IndexError):
        return "raised"


def calls() -> list[tuple[Array, Array, int, int]]:
    """List pictures and kernels with every small padding and stride."""
    listed: list[tuple[Array, Array, int, int]] = []
    for x, w in [((6, 9), (3, 3)), ((7, 6), (2, 2)), ((8, 8), (3, 2)), ((5, 7), (1, 4)), ((9, 4), (3, 1))]:
        picture, kernel, _ = Witness(x=(1, 1, *x), w=(1, 1, *w)).arrays(seed=len(listed))
        listed += [(picture[0, 0], kernel[0, 0], padding, stride) for padding in (0, 1, 2) for stride in (1, 2, 3)]
    return listed


CALLS = calls()


def test_index_and_folder_agree() -> None:
    assert {entry["file"] for entry in INDEX.values()} == {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    assert len(MISTAKES) == 20
    assert len({INDEX[name]["fault"] for name in MISTAKES}) == 20
    assert all(entry["mistake"].endswith(".") for entry in INDEX.values())


def right(picture: Array, kernel: Array, padding: int, stride: int) -> Any:
    """Convolve rightly."""
    pads = ((padding, padding), (padding, padding))
    call = Call(picture[np.newaxis, np.newaxis], kernel[np.newaxis, np.newaxis], None, stride, pads, 1, 1)
    return convolve(check(call))[0, 0]


@pytest.mark.parametrize("name", MISTAKES)
def test_homework_equals_its_known_fault(name: str) -> None:
    function, fault = homework(INDEX[name]["file"]), FAULTS[INDEX[name]["fault"]]

    def known(picture: Array, kernel: Array, padding: int, stride: int) -> Any:
        pads = ((padding, padding), (padding, padding))
        return fault.function(
            picture[np.newaxis, np.newaxis], kernel[np.newaxis, np.newaxis], stride=(stride, stride), padding=pads
        )[0, 0]

    wrong = 0
    for call in CALLS:
        expected = answer(known, *call)
        found = answer(function, *call)
        if "raised" not in (expected, found):
            np.testing.assert_allclose(np.array(found).reshape(np.shape(expected)), expected, rtol=1e-12, atol=1e-12)
        wrong += found != answer(right, *call)
    assert wrong >= 4


def test_the_lesson_is_right_for_square_kernels() -> None:
    lesson = homework(INDEX["right"]["file"])
    square = [call for call in CALLS if call[1].shape[0] == call[1].shape[1]]
    assert square
    for call in square:
        assert answer(lesson, *call) == answer(right, *call)
