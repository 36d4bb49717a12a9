"""The conventions: the cases tell them apart, the words follow from the numbers, and known facts are measured."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from convspec.adapters.native import LIBRARIES, SPECIFICATION, Library
from convspec.conformance.catalogue import catalogue
from convspec.conformance.convention_lines import Plan, conventions
from convspec.conformance.convention_topics import TOPICS
from convspec.conformance.conventions import GENERAL, NEAR, Meaning, Topic, as_array, meaning, near, source, word
from convspec.conformance.native import answer, measure
from convspec.conformance.results import array_line, dump

Line = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
# An address, once published, stays.
PUBLISHED = """
    correlation-or-convolution conjugation border-unsaid word-reflect padding-per-side padding-order negative-padding
    even-kernel-same same-with-stride kernel-larger same-with-larger-kernel empty-kernel non-fitting-stride dilation-one
    dilation-zero depthwise-order no-channels batch-of-zero no-batch-axis plain-arrays integer-wrap mixed-dtypes
    zero-times-infinity nan-locality
"""
FUNCTIONS = """
    convspec numpy-correlate numpy-convolve scipy-correlate2d scipy-convolve2d scipy-correlate scipy-fftconvolve
    scipy-ndimage torch jax onnxruntime onnx opencv
"""


def library(id: str) -> Library:
    return next(one for one in LIBRARIES if one.id == id)


def words(id: str, topics: tuple[Topic, ...] = TOPICS) -> dict[str, str]:
    """What a library that is installed means by its answers."""
    one = library(id)
    for module in one.modules:
        pytest.importorskip(module)
    found = measure(one, {topic.id: one.program(topic.id, topic.inputs, layer=topic.layer) for topic in topics})
    assert found.version
    return {topic.id: word(found.answers[topic.id], topic.meanings) for topic in topics}


def test_the_addresses_stay() -> None:
    assert set(PUBLISHED.split()) <= {topic.id for topic in TOPICS}
    assert set(FUNCTIONS.split()) <= {one.id for one in LIBRARIES}
    assert len({topic.id for topic in TOPICS}) == len(TOPICS)
    assert LIBRARIES[0] is SPECIFICATION


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_a_case_tells_the_conventions_apart(topic: Topic) -> None:
    assert len({one.word for one in topic.meanings}) == len(topic.meanings)
    assert not {one.word for one in topic.meanings} & set(GENERAL)
    for one, other in itertools.combinations(topic.meanings, 2):
        for got, want in itertools.product(one.answers, other.answers):
            assert apart(got, want), f"{one.word} and {other.word} both answer {got.tolist()}"


def apart(one: Any, other: Any) -> bool:
    """Whether no answer can be near to both."""
    if one.shape != other.shape:
        return True
    special = ~(np.isfinite(one) & np.isfinite(other))
    if not np.array_equal(one[special], other[special], equal_nan=True):
        return True
    return bool((np.abs(one[~special] - other[~special]) >= 2 * NEAR).any())


def test_equal_answers_are_not_apart() -> None:
    ones = np.ones((1, 2))
    assert not apart(ones, ones + NEAR)
    assert apart(ones, ones + 2 * NEAR)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_a_topic_can_be_read_and_is_held_by_requirements(topic: Topic) -> None:
    assert topic.question.endswith("?")
    assert topic.requirements
    assert all(catalogue()[id].is_checked for id in topic.requirements)
    names: dict[str, Any] = {"np": np}
    exec(topic.inputs, names)
    for name, array in (("x", topic.x), ("w", topic.w)):
        assert names[name].dtype == array.dtype
        assert np.array_equal(names[name], array, equal_nan=True)


@pytest.mark.parametrize("one", LIBRARIES, ids=lambda one: one.id)
def test_every_function_is_asked_every_question(one: Library) -> None:
    assert set(one.calls) == {topic.id for topic in TOPICS}
    for topic in TOPICS:
        program = one.program(topic.id, topic.inputs, layer=topic.layer)
        assert program.splitlines()[-1] == one.calls[topic.id]
        compile(program, topic.id, "exec")


def test_the_specification_decides_every_question() -> None:
    found = words("convspec")
    refused = {id for id, said in found.items() if said == "refuses"}
    assert refused == {
        "word-reflect", "negative-padding", "kernel-larger", "empty-kernel", "dilation-zero", "no-batch-axis"
    }
    assert not {"something else", "no such argument", "crashes", "hangs"} & set(found.values())


def test_what_is_known_of_scipy_is_measured() -> None:
    found = words("scipy-correlate2d")
    assert found | {
        "correlation-or-convolution": "as it is",
        "conjugation": "conjugates kernel",
        "even-kernel-same": "at the end",
        "kernel-larger": "exchanges",
        "non-fitting-stride": "no such argument",
        "empty-kernel": "one longer, zeros",
        "integer-wrap": "wraps",
        "nan-locality": "its windows",
    } == found


def test_what_is_known_of_pytorch_is_measured() -> None:
    found = words("torch")
    assert found | {
        "correlation-or-convolution": "as it is",
        "conjugation": "plain product",
        "even-kernel-same": "at the end",
        "same-with-stride": "refuses",
        "padding-order": "L R T B",
        "padding-per-side": "each side",
        "kernel-larger": "refuses",
        "no-channels": "no outputs",
        "mixed-dtypes": "refuses",
    } == found


def test_numpy_turns_in_one_function_and_conjugates_in_the_other() -> None:
    ids = ("correlation-or-convolution", "conjugation", "kernel-larger")
    chosen = tuple(topic for topic in TOPICS if topic.id in ids)
    assert list(words("numpy-correlate", chosen).values()) == ["as it is", "conjugates kernel", "exchanges"]
    assert list(words("numpy-convolve", chosen).values()) == ["turned", "plain product", "exchanges"]


def test_an_answer_means_a_convention_only_with_its_shape_and_its_numbers() -> None:
    meanings = (
        Meaning("one", "", (np.array([[1.0, np.nan]]), np.array([2.0]))),
        Meaning("three", "", (np.array([3j]),)),
    )
    assert meaning(np.array([[1 + NEAR / 2, np.nan]], dtype=np.float32), meanings) == "one"
    assert meaning(np.array([2]), meanings) == "one"
    assert meaning(np.array([3j]), meanings) == "three"
    for other in ([1.0, np.nan], [[1.0, 2.0]], [[1 + NEAR, np.nan]], [[np.inf, np.nan]], [3.0], ["one"], [None]):
        assert meaning(np.array(other), meanings) == "something else", other
    assert not near(np.array([np.inf]), np.array([-np.inf]))


@pytest.mark.parametrize(
    "array",
    [np.array([[1, np.nan, -np.inf]]), np.array([1 + 2j, complex(np.nan, 1)]), np.zeros((0, 2), np.uint8), np.array(3)],
)
def test_arrays_come_back_from_their_lines(array: Any) -> None:
    line = json.loads(dump({"array": array_line(array)}))["array"]
    assert np.array_equal(as_array(line), array, equal_nan=True)


@pytest.mark.parametrize("array", [np.array([[1, np.nan, -np.inf]]), np.array([1 + 2j]), np.zeros((0, 2), np.uint8)])
def test_arrays_come_back_from_their_source(array: Any) -> None:
    assert np.array_equal(eval(source(array), {"np": np}), array, equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("refused", "f() got an unexpected keyword argument 'stride'", "no such argument"),
        ("refused", "'stride' is an invalid keyword argument for filter2D()", "no such argument"),
        ("refused", "stride is too large", "refuses"),
        ("crashed", "", "crashes"),
        ("timed out", "", "hangs"),
    ],
)
def test_what_is_no_array_has_a_word_of_its_own(kind: str, text: str, said: str) -> None:
    assert word({"kind": kind, "text": text}, ()) == said
    assert said in GENERAL


def test_a_death_or_a_hang_costs_one_answer_only() -> None:
    programs = {
        "good": "1 + 1",
        "loud": "print('noise')\n[3]",
        "dead": "import os\nos.abort()",
        "left": "import sys\nsys.exit(0)",
        "slow": "import time\ntime.sleep(60)",
        "last": "[[4]]",
    }
    found = measure(replace(SPECIFICATION, modules=("numpy",)), programs, seconds=2.0).answers
    assert [(name, line["kind"]) for name, line in found.items()] == [
        ("good", "answered"), ("loud", "answered"), ("dead", "crashed"), ("left", "crashed"), ("slow", "timed out"),
        ("last", "answered"),
    ]  # fmt: skip
    assert found["loud"]["array"]["data"] == [3]
    assert "SIGABRT" in found["dead"]["text"]
    assert "status 0" in found["left"]["text"]
    assert "2 s" in found["slow"]["text"]


def test_a_library_that_is_absent_or_dies_at_once_is_named() -> None:
    absent = measure(replace(SPECIFICATION, modules=("no_such_library",)), {"any": "1"})
    assert (absent.version, absent.reason) == ("", "not installed: No module named 'no_such_library'")
    assert not absent.answers


def test_folders_of_the_machine_are_left_out_of_errors() -> None:
    line = answer("raise_ = open('/tmp/nowhere/at/all/file.txt')\n1")
    assert line["text"] == "[Errno 2] No such file or directory: 'file.txt'"
    assert answer("3 / (1 / 2)\n[].pop(0) / 2")["error"] == "IndexError"


def small() -> Iterator[Line]:
    chosen = [topic for topic in TOPICS if topic.id in ("even-kernel-same", "kernel-larger")]
    absent = replace(SPECIFICATION, id="absent", modules=("no_such_library",))
    return conventions(Plan("0.1.0", "2026-11-22", topics=chosen, libraries=(SPECIFICATION, absent)))


def test_the_file_is_what_the_schema_says_and_the_same_again() -> None:
    lines = list(small())
    schema = json.loads((ROOT / "reports" / "conventions.schema.json").read_text("utf-8"))
    for line in lines:
        jsonschema.validate(json.loads(json.dumps(line)), schema)
    assert [line["type"] for line in lines] == [
        "header", "topic", "topic", "library", "cell", "cell", "library", "footer"
    ]  # fmt: skip
    assert [line["word"] for line in lines if line["type"] == "cell"] == ["at the end", "refuses"]
    assert lines[-1]["cells"] == 2
    assert lines[-2]["available"] is False
    assert list(small()) == lines
