"""SciPy's adapter: what it adds to ``correlate2d``, against the specification."""

import numpy as np
import pytest

from convspec.adapters.loading import load
from convspec.conformance.battery import Battery
from convspec.conformance.calls import call_of
from convspec.conformance.fitting import fit
from convspec.conformance.requirements import requirements
from convspec.reference import conv2d

pytest.importorskip("scipy")
PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}


@pytest.fixture(scope="module")
def adapter():
    return load("scipy")


def random(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float64)


def test_drawn_cases_of_whole_numbers_are_exact(adapter):
    drawn = Battery(0, "quick").drawn(requirements()["CHN-04"])
    count = 0
    for case in drawn:
        case = fit(case, adapter.capabilities)
        if case.data != "int" or case.multiplications > 4000 or case.layout_x == "unaligned":
            continue
        call = call_of(case)
        settings = {"stride": case.stride, "dilation": case.dilation, "groups": case.groups}
        got = adapter.conv2d(call.x, call.w, call.bias, padding=case.geometry.pads, **settings)
        right = conv2d(call.x, call.w, call.bias, padding=case.geometry.pads, **settings)
        assert got.dtype == right.dtype
        assert np.array_equal(got, right), case.line
        count += 1
    assert count >= 5


def test_the_conjugation_of_correlate2d_is_undone(adapter):
    x = random(1, 1, 4, 4) + 1j * random(1, 1, 4, 4, seed=1)
    w = random(1, 1, 2, 2, seed=2) + 1j * random(1, 1, 2, 2, seed=3)
    assert np.array_equal(adapter.conv2d(x, w, None, **PLAIN), conv2d(x, w))


def test_the_operands_are_not_swapped_when_the_kernel_is_larger(adapter):
    """``correlate2d(ones((2, 2)), ones((3, 3)), "valid")`` gives an array."""
    with pytest.raises(ValueError, match="kernel"):
        adapter.conv2d(random(1, 1, 2, 2), random(1, 1, 3, 3), None, **PLAIN)


def test_dilation_does_not_read_its_gaps(adapter):
    x = random(1, 1, 1, 5)
    x[..., 1] = np.nan
    got = adapter.conv2d(x, np.ones((1, 1, 1, 2)), None, **{**PLAIN, "dilation": (1, 2)})
    assert np.isnan(got[0, 0, 0]).tolist() == [False, True, False]


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (2, 3)])
def test_pictures_of_a_batch_do_not_meet(adapter, dilation):
    """They lie one below the other, and no window may reach from one into the next."""
    x, w = random(3, 2, 7, 8), random(4, 2, 3, 2, seed=1)
    x[1] = np.nan
    got = adapter.conv2d(x, w, None, **{**PLAIN, "dilation": dilation, "padding": ((1, 0), (0, 2))})
    right = conv2d(x, w, dilation=dilation, padding=((1, 0), (0, 2)))
    assert np.array_equal(got, right, equal_nan=True)
    assert np.isfinite(got[[0, 2]]).all()


@pytest.mark.parametrize("changes", [
    {"stride": (0, 1)}, {"dilation": (1, 0)}, {"groups": 2}, {"padding": ((-1, 0), (0, 0))}, {"stride": (1.5, 1)},
])
def test_what_is_not_valid_is_refused(adapter, changes):
    with pytest.raises((ValueError, TypeError)):
        adapter.conv2d(random(1, 3, 4, 4), random(2, 3, 2, 2), None, **{**PLAIN, **changes})


def test_what_is_bridged_is_said(adapter):
    assert {"stride", "dilation", "padding", "bias"} <= set(adapter.capabilities.bridged)
    assert set(adapter.versions) == {"scipy", "numpy"}
    assert "float16" not in adapter.capabilities.dtypes
