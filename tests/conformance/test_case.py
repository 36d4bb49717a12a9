"""A case, its canonical line, and its id for ever."""

import pytest
from hypothesis import given, settings

from convspec.conformance.case import NO_PADS, Case, parse_case
from convspec.conformance.choices import Choices
from convspec.conformance.generating import ANYTHING, cases
from convspec.conformance.requirements import requirements

# An id is printed in reports and papers. None of these may ever change.
PINNED = {
    "x=1x1x3x3 w=1x1x2x2 data=int:0": "9f3c671f7f",
    "x=2x4x7x6 w=3x2x3x2 bias=3 stride=2,1 padding=1,0,2,1 dilation=1,2 groups=2 dtype=float32 layout_x=channels_last "
    "layout_w=F layout_bias=stepped data=uniform:4294967295": "a6ee4bf606",
    "x=5x5 w=3x3 padding=same_upper dtype=int8 data=full:3": "79a3df329f",
    "x=1x1x1x3 w=1x1x1x1 dtype=bfloat16 values=0.0,-0.0,nan;1;": "5ed6310434",
    "x=1x1x1x3 w=1x1x1x1 bias=1 dtype=complex64 values=1j,0.5,2;1+2j;3": "fe7dfd27f3",
    "x=1x1x4x4 w=1x1x2x2 stride=[1.5,1] data=int:1": "2e403729cc",
    "x=1x1x4x4 w=1x1x2x2 stride=[1,2,1] data=int:1": "6a4823265f",
    'x=1x1x4x4 w=1x1x2x2 padding=[[null,0],["1",0]] dilation=0,-1 groups=0 data=int:1': "cdf57230c2",
    "x=scalar w=2x2 data=int:1": "b7d0529399",
    "x=0x1x3x3 w=1x1x0x2 data=int:9": "5448b705ab",
    "x=1x1x3x3 w=1x1x2x2 w_dtype=int8 data=int:2": "ee19e8a515",
    "x=1x1x4x4 w=1x1x2x2 dilation=4611686018427387904,1 data=int:1": "93836594fc",
    "x=1x1x2x2 w=1x1x1x1 values=1e+300,inf,-inf,2.5;-7;": "97bde6e8c6",
}


@pytest.mark.parametrize(("line", "id"), PINNED.items())
def test_pinned_lines_and_ids(line, id):
    case = parse_case(line)
    assert case.line == line
    assert case.id == id


def test_a_line_says_only_what_differs_from_the_defaults():
    case = Case((1, 1, 3, 3), (1, 1, 2, 2))
    assert case.line == "x=1x1x3x3 w=1x1x2x2 data=int:0"
    assert case.but(groups=2, stride=(1, 2)).line == "x=1x1x3x3 w=1x1x2x2 stride=1,2 groups=2 data=int:0"
    written = Case((1, 1, 1, 3), (1, 1, 1, 2), literal=((1, 2, 3), (2.5, -1), ()))
    assert written.line == "x=1x1x1x3 w=1x1x1x2 values=1,2,3;2.5,-1;"


def test_a_value_of_another_type_is_another_line():
    """True, 1 and (1, 1) are different things to try."""
    plain = Case((1, 1, 3, 3), (1, 1, 2, 2))
    lines = {plain.but(stride=stride).line for stride in ((1, 1), 1, "1", (True, 1), (1.0, 1), (1, None), None)}
    assert len(lines) == 7
    for line in lines:
        assert parse_case(line).line == line


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(cases(ANYTHING))
def test_what_is_drawn_is_read_back_equal(case):
    again = parse_case(case.line)
    assert again == case
    assert again.id == case.id
    assert repr(again) == repr(case)


@pytest.mark.parametrize("id", requirements())
def test_what_a_requirement_makes_of_a_case_is_read_back_equal(id):
    """Invalid values among them: their types must survive."""
    requirement = requirements()[id]
    start = Case((2, 4, 9, 8), (4, 2, 3, 2), (4,), (2, 1), ((1, 0), (2, 1)), (1, 2), 2, "float32")
    pick = Choices(0)
    for seed in range(240):
        case = start.but(seed=seed)
        case = requirement.adjust(case, pick) if requirement.adjust else case
        assert repr(parse_case(case.line)) == repr(case)


@pytest.mark.parametrize(("line", "named"), [
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 stirde=2,1", "'stirde=2,1'"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 stride", "'stride'"),
    ("x=1x1x3x3 w=1x1x2x2 x=1x1x3x3 data=int:0", "'x' is given twice"),
    ("x=1x1x3 w=1x1xtwo data=int:0", "'w=1x1xtwo'"),
    ("x=1x1x3x-3 w=1x1x2x2 data=int:0", "'x=1x1x3x-3' cannot be read (an axis is negative)"),
    ("x=1x1x3x3 data=int:0", "'w' is missing"),
    ("w=1x1x3x3 data=int:0", "'x' is missing"),
    ("x=1x1x3x3 w=1x1x2x2", "neither 'data' nor 'values'"),
    ("x=1x1x3x3 w=1x1x2x2 data=int", "'data=int' cannot be read (data is written KIND:SEED)"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:seven", "'data=int:seven'"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 stride=2,z", "'stride=2,z' cannot be read ('z' is not a number)"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 padding=[1,", "'padding=[1,'"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 dtype=float31", "dtype 'float31' is unknown"),
    ("x=1x1x3x3 w=1x1x2x2 data=int:0 w_dtype=double", "dtype 'double' is unknown"),
    ("x=1x1x1x2 w=1x1x1x1 values=1,2;3", "'values=1,2;3' cannot be read (values are written X;W;BIAS"),
    ("x=1x1x1x2 w=1x1x1x1 values=1,two;3;", "'two' is not a number"),
    ("x=1x1x1x2 w=1x1x1x1 values=1;3;", "values hold 1 numbers for x, its shape wants 2"),
    ("x=1x1x1x2 w=1x1x1x1 values=1,2;;", "values hold 0 numbers for w, its shape wants 1"),
    ("x=1x1x1x2 w=1x1x1x1 bias=1 values=1,2;3;", "values hold 0 numbers for bias, its shape wants 1"),
    ("", "'x' is missing"),
])
def test_a_line_that_cannot_be_read_names_the_part(line, named):
    with pytest.raises(ValueError, match=r"^case: ") as error:
        parse_case(line)
    assert named in str(error.value)


def test_geometry_of_a_valid_case():
    geometry = Case((2, 4, 7, 6), (3, 4, 3, 2), (3,), (2, 1), ((1, 0), (2, 1)), (1, 2)).geometry
    assert geometry.pads == ((1, 0), (2, 1))
    assert geometry.padded == (8, 9)
    assert geometry.effective_kernel == (3, 3)
    assert geometry.output == (3, 7)
    assert geometry.terms == 4 * 3 * 2 + 1


def test_sizes_of_planes_and_layers():
    plane = Case((5, 6), (2, 3))
    assert (plane.is_plane, plane.batch, plane.channels, plane.outputs) == (True, 1, 1, 1)
    assert (plane.size, plane.kernel, plane.numbers) == ((5, 6), (2, 3), 36)
    assert plane.multiplications == 4 * 4 * 6
    layer = Case((2, 4, 5, 6), (6, 2, 2, 3), (6,), groups=2)
    assert (layer.is_plane, layer.batch, layer.channels, layer.outputs) == (False, 2, 4, 6)
    assert layer.multiplications == 2 * 6 * 4 * 4 * 2 * 6
    assert layer.numbers == 240 + 72 + 6


VALID = Case((2, 4, 7, 6), (4, 2, 3, 2), (4,), (2, 1), ((1, 0), (2, 1)), (1, 2), 2)


@pytest.mark.parametrize("changes", [
    {"x_shape": (4, 7, 6)}, {"x_shape": (7, 6)}, {"w_shape": (4, 2, 3)}, {"w_shape": ()}, {"x_shape": (2, 5, 7, 6)},
    {"w_shape": (5, 2, 3, 2), "bias_shape": None}, {"w_shape": (4, 2, 0, 2)}, {"w_shape": (4, 2, 9, 2)},
    {"bias_shape": (3,)}, {"bias_shape": (4, 1)}, {"stride": (0, 1)}, {"stride": (1.5, 1)}, {"stride": (1, 2, 1)},
    {"stride": None}, {"stride": "same"}, {"dilation": (1, -1)}, {"dilation": ("1", 1)}, {"groups": 0}, {"groups": 1.0},
    {"groups": 3}, {"groups": None}, {"padding": ((-1, 0), (0, 0))}, {"padding": ((1, 0), (0, "1"))},
    {"padding": "nearest"}, {"padding": ((1, 0), (0, 0), (1, 1))},
], ids=str)
def test_a_case_may_hold_what_is_not_valid(changes):
    assert VALID.is_valid
    case = VALID.but(**changes)
    assert not case.is_valid
    assert parse_case(case.line) == case


@pytest.mark.parametrize("changes", [
    {"x_shape": (0, 4, 7, 6)}, {"w_shape": (0, 2, 3, 2), "bias_shape": (0,)}, {"bias_shape": None},
    {"x_shape": (2, 0, 7, 6), "w_shape": (4, 0, 3, 2)}, {"x_shape": (2, 4, 0, 6), "padding": ((2, 1), (0, 0))},
    {"padding": "same_upper"}, {"padding": NO_PADS},
], ids=str)
def test_what_is_empty_may_be_valid(changes):
    assert VALID.but(**changes).is_valid


@pytest.mark.parametrize(("numbers", "special"), [
    ("data=int:0", False), ("data=special:0", True), ("data=special_w:0", True),
    ("values=1,2;3;", False), ("values=1,inf;3;", True), ("values=1,2;nan;", True),
])
def test_it_knows_whether_numbers_may_be_special(numbers, special):
    assert parse_case(f"x=1x1x1x2 w=1x1x1x1 {numbers}").has_special_numbers is special
