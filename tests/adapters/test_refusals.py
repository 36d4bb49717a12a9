"""A refusal that somebody wrote, told from an error that Python or NumPy raises by itself."""

import numpy as np
import pytest

from convspec.adapters.refusals import how_it_raised, where_it_raised
from convspec.reference import conv2d


def caught(function):
    """The exception that a function raises."""
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def refuses_in_words():
    raise ValueError("kernel must be odd")


def asserts():
    assert np.ones(2).size % 2, "kernel must be odd"


def raises_bare():
    raise Exception


def not_implemented():
    raise NotImplementedError


def translates():
    try:
        [][3]
    except IndexError:
        raise ValueError("the picture is too small") from None


def delegates():
    conv2d(np.ones((2, 2)), np.ones((3, 3)))


@pytest.mark.parametrize(
    "function", [refuses_in_words, asserts, raises_bare, not_implemented, translates, delegates]
)
def test_what_somebody_wrote_is_a_refusal(function):
    assert how_it_raised(caught(function)) == "refused"


def indexes():
    return np.ones(3)[5]


def broadcasts():
    return np.ones((2, 3)) * np.ones((2, 2))


def pads():
    return np.pad(np.ones((2, 2)), ((-1, 0), (0, 0)))


def divides():
    return 1 // 0


def looks_up():
    return {}["stride"]


def recurses():
    return recurses()


@pytest.mark.parametrize("function", [indexes, broadcasts, pads, divides, looks_up, recurses])
def test_what_python_or_numpy_raises_by_itself_is_none(function):
    assert how_it_raised(caught(function)) == "broke"


@pytest.mark.parametrize("function", [lambda: (1, 2) // 2, lambda: [*5], lambda: range(2.5)])
def test_a_type_error_is_another_form(function):
    assert how_it_raised(caught(function)) == "another form"


def test_a_type_error_that_somebody_wrote_is_a_refusal():
    def refuses():
        raise TypeError("integers only")

    assert how_it_raised(caught(refuses)) == "refused"


def test_the_line_is_named_with_the_line_that_led_there():
    line = refuses_in_words.__code__.co_firstlineno + 1
    assert where_it_raised(caught(refuses_in_words)) == f"test_refusals.py:{line} in refuses_in_words"
    where = where_it_raised(caught(pads))
    assert where.startswith(("arraypad.py:", "_arraypad_impl.py:"))
    assert f", called at test_refusals.py:{pads.__code__.co_firstlineno + 1} in pads" in where
