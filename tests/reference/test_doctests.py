"""The examples in the docstrings of the specification are true, and every function has one."""

import doctest
import importlib
import inspect

import numpy as np
import pytest

MODULES = ("arguments", "shapes", "padding", "convolution", "rounding", "exact")


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    module = importlib.import_module(f"convspec.reference.{name}")
    with np.printoptions(legacy=False):
        failed, attempted = doctest.testmod(module)
    assert attempted > 0
    assert failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_function_has_an_example(name):
    module = importlib.import_module(f"convspec.reference.{name}")
    functions = [
        f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__
    ]
    assert functions
    assert [f.__name__ for f in functions if ">>>" not in (f.__doc__ or "")] == []
