"""Figures: well-formed, told in words, and marked as asked."""

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from convspec.reference import conv2d
from convspec.reports import svg
from convspec.reports.counterexample import view
from convspec.reports.numbers import apart, exact, literal, plane, short
from convspec.reports.records import Adapter, Array, Counterexample

CELLS = [[svg.Cell(str(3 * r + c)) for c in range(3)] for r in range(4)]


def test_a_grid_is_one_figure_with_its_words() -> None:
    drawn = ElementTree.fromstring(svg.number_grid(CELLS, "numbers & more", "0 1 2", svg.Labels(5, 7)))
    assert drawn.attrib["role"] == "img"
    assert drawn.findtext("title") == "numbers & more"
    assert drawn.findtext("desc") == "0 1 2"
    texts = [text.text for text in drawn.findall("text")]
    assert texts == [str(i) for i in range(12)] + ["7", "8", "9"] + ["5", "6", "7", "8"]


def test_an_empty_grid_is_a_figure_too() -> None:
    for cells in ([], [[]]):
        assert ElementTree.fromstring(svg.number_grid(cells, "nothing", "")).findtext("title") == "nothing"


def test_padding_and_window_are_marked() -> None:
    marked = svg.window_over_grid(CELLS, ((1, 0), (0, 1)), [(0, 0), (2, 2), (9, 9)])
    pads = {(r, c) for r, row in enumerate(marked) for c, cell in enumerate(row) if svg.PADDING in cell.marks}
    taps = {(r, c) for r, row in enumerate(marked) for c, cell in enumerate(row) if svg.WINDOW in cell.marks}
    assert pads == {(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (3, 2)}
    assert taps == {(0, 0), (2, 2)}


def test_a_crop_keeps_the_cell_and_its_indices() -> None:
    cut, labels, cropped = svg.crop(CELLS, (3, 0), 2, 2)
    assert [[cell.text for cell in row] for row in cut] == [["6", "7"], ["9", "10"]]
    assert (labels, cropped) == (svg.Labels(2, 0), True)
    assert svg.crop(CELLS, (0, 0), 10, 10)[2] is False


def test_bars_are_ranked_and_the_rest_is_added_up() -> None:
    assert svg.ranked({"b": 2, "a": 2, "c": 9, "d": 1}, 3) == [("c", 9), ("a", 2), ("2 others", 3)]
    drawn = ElementTree.fromstring(svg.bar_chart({"1×1": 3, "<2>": 1}, "stride"))
    assert drawn.findtext("desc") == "1×1: 3; <2>: 1"
    assert [svg.share(*counts) for counts in ((0, 9), (1, 1000), (1, 3), (3, 3))] == [
        "0 %", "<1 %", "33 %", "100 %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-0.0, "−0"), (30.0, "30"), (-1, "−1"), (0.1, "0.1"), (1 / 3, "0.3333"), (1e-9, "1e-9"),
        (123456789, "1.23e8"), (2**62, "4.61e18"),
        (10**400, "2^1328…"), (float("nan"), "nan"),
        (5e-324, "4.94e-324"),
        (-float("inf"), "−inf"), (1.7976931348623157e308, "1.8e308"), (1 - 2j, "1−2i"), (True, "True"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: Any, shown: str) -> None:
    assert short(value) == shown.replace("e-", "e−")


def test_close_numbers_are_told_apart() -> None:
    one, next_one = 1.0, float(np.nextafter(1.0, 2.0))
    assert apart(one, next_one) != apart(next_one, one)
    assert exact(0.1) == "0.1 = 0x1.999999999999ap-4"


def test_planes_and_literals_are_in_c_order() -> None:
    values = np.arange(24.0).reshape(2, 3, 2, 2)
    array = Array(values.shape, "float64", tuple(values.ravel().tolist()), "")
    assert plane(array, 1, 2) == values[1, 2].tolist()
    assert plane(array, 2, 0) is None
    scope: dict[str, Any] = {"np": np}
    exec(literal(array, "x"), scope)
    assert np.array_equal(scope["x"], values)


PLAIN = Adapter("mine", "mine.py:conv", "conv", {}, True, "", "plane", {"stride": "same", "padding": "same"},
                (), (), {}, {}, (), "")  # fmt: skip


def array(values: np.ndarray[Any, Any]) -> Array:
    return Array(values.shape, str(values.dtype), tuple(values.ravel().tolist()), "")


def example(**changes: Any) -> Counterexample:
    x, w = np.arange(12.0).reshape(3, 4), np.array([[1.0, 2.0], [0.0, -1.0]])
    expected = conv2d(x, w, stride=2, padding=1)
    got = expected.copy()
    got[1, 0] += 1
    values: dict[str, Any] = {
        "case": "STR-01 …", "id": "ab12", "x": array(x), "w": array(w), "bias": None, "stride": [2, 2],
        "padding": [[1, 1], [1, 1]], "dilation": [1, 1], "groups": 1, "layout": {},
        "expected": array(expected),
        "got": array(got), "got_text": "", "at": None, "error": None, "bound": None, "bound_text": "",
        "message": "", "repro": "",
    }  # fmt: skip
    return Counterexample(**(values | changes))


def test_the_first_element_that_differs_is_found_and_its_window_framed() -> None:
    shown = view(example(), PLAIN, "case-ab12")
    assert "what y[0, 0, 1, 0] reads" in shown.inputs[0].caption
    assert shown.inputs[0].svg.count('class="win"') == 4
    assert shown.products == "0·1 + 4·2 + 0·0 + 8·(−1) = 0"
    assert shown.outputs[1].svg.count('class="bad"') == 1


def test_a_plain_function_is_called_in_its_own_form() -> None:
    lines = view(example(), PLAIN, "case-ab12").snippet.splitlines()
    assert lines[-2:] == ["from mine import conv", "print(conv(x, w, stride=2, padding=1))"]
    assert lines[1].endswith(".reshape(3, 4)")


@pytest.mark.parametrize(
    "changes",
    [
        {"stride": 1.5}, {"stride": [0, 1]}, {"padding": "diagonal"}, {"padding": [[-1, 0], [0, 0]]},
        {"groups": 0}, {"groups": "two"}, {"dilation": None}, {"padding": [[2**62, 0], [0, 0]]},
        {"at": (9, 9, 9, 9)}, {"at": (1,)}, {"got": None, "got_text": "raised ValueError"}, {"x": None},
        {"expected": None, "got": None}, {"got": array(np.zeros((1, 1, 0, 3)))},
        {"w": array(np.zeros((0, 2)))},
        {"x": array(np.zeros(3)), "expected": None}, {"x": array(np.float64(3))},
        {"x": Array((64, 65), "float64", None, "too large")}, {"got": array(np.zeros((7, 2, 2)))},
        {"dilation": [40, 40]}, {"stride": [True, True]},
    ],
)  # fmt: skip
def test_an_odd_case_is_shown_as_far_as_it_goes(changes: dict[str, Any]) -> None:
    shown = view(example(**changes), PLAIN, "case-ab12")
    for drawing in shown.inputs + shown.outputs:
        ElementTree.fromstring(drawing.svg)
    assert any(name == "stride" for name, _ in shown.facts)


def test_many_channels_are_drawn_in_part_and_that_is_said() -> None:
    x, w = np.ones((1, 8, 20, 30)), np.ones((1, 8, 2, 2))
    got = conv2d(x, w) + 1
    shown = view(example(x=array(x), w=array(w), stride=[1, 1], padding="valid", got=array(got),
                         expected=array(got - 1), at=(0, 0, 15, 20)), PLAIN, "case-ab12")  # fmt: skip
    assert len(shown.inputs) == 2 * 3
    assert "The first 3 of the 8 channels that take part are drawn." in shown.notes
    assert any("20 rows and 30 columns" in note for note in shown.notes)
    assert re.search(r'class="idx"[^>]*>20<', shown.outputs[0].svg)
    assert shown.snippet == ""
