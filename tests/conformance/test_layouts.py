"""How an array lies in memory: the same numbers, placed differently."""

import gc
import itertools
import types

import numpy as np
import pytest

from convspec.adapters.protocol import DTYPES, Capabilities
from convspec.conformance.calls import call_of
from convspec.conformance.case import Case
from convspec.conformance.digests import Digest, digest_of
from convspec.conformance.engine import BUILDABLE
from convspec.conformance.layouts import LAYOUTS, broadcast_axis, canary, place, spread, undirected
from convspec.conformance.performing import perform
from convspec.conformance.recipes import arrays, numpy_dtype
from convspec.conformance.requirements import calls_of, requirements

SHAPES = ((2, 3, 4, 5), (4, 5), (3,), (1, 1, 1, 1), (0, 2, 3, 3), (2, 0, 3, 3), (1, 1, 5, 1))


def counted(shape, dtype="float32"):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return np.arange(1, np.prod(shape) + 1).reshape(shape).astype(numpy_dtype(dtype))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_stay(layout, shape):
    array = spread(counted(shape), layout)
    view, buffer = place(array, layout)
    assert view.shape == shape
    assert view.dtype == array.dtype
    assert np.array_equal(view, array)
    assert view.size == 0 or np.may_share_memory(view, buffer)
    assert not np.may_share_memory(view, array)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_stay_in_every_dtype(layout, dtype):
    array = spread(counted((2, 3, 4, 5), dtype), layout)
    view, _ = place(array, layout)
    assert view.dtype == array.dtype
    assert view.tobytes() == array.tobytes()


def strides(layout, shape=(2, 3, 4, 5)):
    """In elements."""
    view, _ = place(spread(counted(shape), layout), layout)
    return tuple(step / view.itemsize for step in view.strides)


@pytest.mark.parametrize(("layout", "promised"), [
    ("C", (60, 20, 5, 1)),
    ("readonly", (60, 20, 5, 1)),
    ("unaligned", (60, 20, 5, 1)),
    ("F", (1, 2, 6, 24)),
    ("channels_last", (60, 1, 15, 3)),
    ("swapped", (60, 20, 1, 4)),
    ("reversed", (-60, -20, -5, -1)),
    ("broadcast", (12, 4, 1, 0)),
    ("stepped", (2 * 7 * 9 * 11, 2 * 9 * 11, 2 * 11, 2)),
    ("inside", (3 * 8 * 9, 8 * 9, 9, 1)),
])
def test_strides_as_promised(layout, promised):
    assert strides(layout) == promised


SHORT_AXES = [shape for rank in (1, 2, 4) for shape in itertools.product((0, 1, 3), repeat=rank)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_has_no_direction_gets_none(layout):
    """NumPy calls an array of one element contiguous whatever its strides are, and hands a negative one on."""
    for shape in SHORT_AXES:
        array = spread(counted(shape), layout)
        view, buffer = place(array, layout)
        assert np.array_equal(view, array)
        assert view.size == 0 or np.may_share_memory(view, buffer)
        for length, step in zip(shape, view.strides, strict=True):
            assert step > 0 or length > 1 or view.size == 0
            assert step >= 0 or (length > 1 and view.size > 0)
        assert min(np.ascontiguousarray(view).strides) >= 0


def test_a_positive_stride_of_a_single_channel_stays():
    """Frameworks hand over such arrays, and a kernel has been chosen wrongly by it."""
    assert strides("channels_last", (2, 1, 4, 5)) == (20, 1, 5, 1)
    assert strides("F", (2, 1, 4, 5)) == (1, 2, 2, 8)
    assert strides("reversed", (2, 1, 4, 5)) == (-20, 20, -5, -1)
    assert strides("broadcast", (2, 1, 4, 1)) == (1, 4, 0, 1)


def test_a_view_without_direction_keeps_its_memory_and_its_flags():
    view, buffer = place(counted((1, 1), "bfloat16") if "bfloat16" in BUILDABLE else counted((1, 1)), "reversed")
    view[...] = 5
    assert buffer[0, 0] == 5
    locked = counted((1, 1))[::-1]
    locked.flags.writeable = False
    assert not undirected(locked).flags.writeable
    del buffer
    gc.collect()
    assert view[0, 0] == 5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_weight_inside_the_picture_has_no_direction_either(layout):
    """One tap of a picture that lies backwards is one number."""
    strides = []

    class Looks:
        def conv2d(self, x, w, bias, **arguments):
            strides.append(w.strides)
            return x

    case = Case((1, 1, 3, 3), (1, 1, 1, 1), layout_x=layout, data="int", seed=1)
    perform(Looks(), calls_of("PUR-03", case))
    assert len(strides) == 3
    assert min(min(steps) for steps in strides) > 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pytorch_takes_what_numpy_calls_contiguous(layout):
    torch = pytest.importorskip("torch")
    for shape in SHORT_AXES:
        view, _ = place(spread(counted(shape), layout), layout)
        contiguous = np.ascontiguousarray(view)
        if contiguous.flags.writeable and contiguous.flags.aligned:
            assert torch.from_numpy(contiguous).tolist() == view.tolist()


def test_every_layout_has_a_promise():
    assert len({strides(layout) for layout in LAYOUTS}) == len(LAYOUTS) - 2


def test_planes_have_no_channels_to_put_last():
    assert strides("channels_last", (4, 5)) == strides("swapped", (4, 5)) == (1, 4)


def test_readonly_and_unaligned_arrays_say_so():
    view, _ = place(counted((2, 3)), "readonly")
    assert not view.flags.writeable
    view, _ = place(counted((2, 3)), "unaligned")
    assert not view.flags.aligned
    assert view.flags.writeable


@pytest.mark.parametrize("layout", ["stepped", "inside"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_canaries_fill_what_does_not_belong_to_the_array(layout, dtype):
    array = counted((2, 3, 4, 5), dtype)
    view, buffer = place(array, layout)
    mine = np.zeros(buffer.shape, bool)
    place_of = np.lib.stride_tricks.as_strided
    offset = (view.__array_interface__["data"][0] - buffer.__array_interface__["data"][0]) // view.itemsize
    steps = tuple(step // view.itemsize for step in view.strides)
    place_of(mine.reshape(-1)[offset:], view.shape, steps)[...] = True
    assert mine.sum() == array.size
    others = buffer[~mine]
    assert others.size > 0
    if others.dtype.kind in "iu":
        assert (others == canary(others.dtype)).all()
        assert canary(others.dtype) > 40
    else:
        assert np.isnan(others).all()


def test_inside_has_two_canaries_on_each_side_of_a_plane():
    view, buffer = place(np.ones((4, 5)), "inside")
    assert buffer.shape == (8, 9)
    assert np.shares_memory(buffer[2:-2, 2:-2], view)
    assert np.isnan(buffer).sum() == 72 - 20


def test_broadcast_repeats_the_last_axis_with_more_than_one_element():
    assert [broadcast_axis(shape) for shape in ((2, 3), (2, 1), (1, 1), (), (4, 0))] == [1, 0, None, None, 0]
    array = spread(counted((2, 3)), "broadcast")
    assert array.tolist() == [[1, 1, 1], [4, 4, 4]]
    view, buffer = place(array, "broadcast")
    assert view.strides[1] == 0
    assert buffer.size == 2


def test_broadcast_of_other_numbers_keeps_the_numbers():
    """A companion of a case may hold numbers that no repetition gives."""
    view, _ = place(counted((2, 3)), "broadcast")
    assert np.array_equal(view, counted((2, 3)))


def test_a_case_has_the_numbers_that_its_layout_can_hold():
    operands = arrays(Case((1, 2, 3, 4), (2, 2, 2, 2), layout_x="broadcast", data="uniform", seed=5))
    assert (operands.x == operands.x[..., :1]).all()
    assert len(np.unique(operands.w)) > 1


def test_an_unknown_layout_is_named():
    with pytest.raises(ValueError, match="layout 'sideways' is unknown; known are C, F, "):
        place(np.ones((2, 2)), "sideways")


def test_what_cannot_be_refilled_is_laid_out_anew_where_a_zero_has_another_sign():
    case = Case((1, 1, 2, 2), (1, 1, 1, 2), layout_w="broadcast", data="zero", seed=1)
    first = call_of(case)
    signed = first.but(w=np.zeros_like(first.w), same_buffers=True)
    calls = (first.but(w=-np.zeros_like(first.w)), signed)
    digest = Digest()
    perform(types.SimpleNamespace(conv2d=lambda x, w, bias, **_: x + 0), calls, digest)
    assert digest.text() == digest_of(calls)


@pytest.mark.parametrize("profile", ["layer", "plane"])
def test_what_an_implementation_is_given_has_the_digest_of_the_calls(profile, battery):
    """Else a right implementation would be told that it has changed its process."""
    claims = Capabilities(profile=profile, dtypes=("float64", "float32", "float16", "int64", "complex64"))
    tried = 0
    for requirement in requirements().values():
        for case in battery.fitted(requirement, claims)[::3]:
            calls, digest = calls_of(requirement.id, case), Digest()
            if sum(call.x.size for call in calls) < 10_000:
                perform(types.SimpleNamespace(conv2d=lambda x, w, bias, **_: x[:0]), calls, digest)
                assert digest.text() == digest_of(calls), case.line
                tried += 1
    assert tried > 1000
