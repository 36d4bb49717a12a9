"""PyTorch's adapter: memory that is shared, forms that torch lacks, and what is passed on as it is."""

import numpy as np
import pytest

from convspec.conformance.battery import Battery
from convspec.conformance.calls import call_of
from convspec.conformance.fitting import fit
from convspec.conformance.layouts import LAYOUTS, place
from convspec.conformance.recipes import numpy_dtype
from convspec.conformance.requirements import requirements
from convspec.reference import conv2d

torch = pytest.importorskip("torch")
PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}


@pytest.fixture(scope="module")
def adapter():
    from convspec.adapters.loading import load

    return load("torch")


def random(*shape, seed=0, dtype="float32"):
    return np.random.default_rng(seed).integers(-5, 6, shape).astype(numpy_dtype(dtype))


def test_drawn_cases_of_whole_numbers_are_exact(adapter):
    count = 0
    for case in Battery(0, "quick").drawn(requirements()["CHN-04"]):
        case = fit(case, adapter.capabilities)
        if case.data != "int" or case.multiplications > 4000 or case.dtype not in ("float32", "float64", "int64"):
            continue
        call = call_of(case)
        settings = {"stride": case.stride, "dilation": case.dilation, "groups": case.groups}
        got = adapter.conv2d(call.x, call.w, call.bias, padding=case.geometry.pads, **settings)
        assert np.array_equal(got, conv2d(call.x, call.w, call.bias, padding=case.geometry.pads, **settings)), case.line
        count += 1
    assert count >= 5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_goes_through(adapter, layout):
    numbers = random(2, 3, 5, 4)
    x, _ = place(numbers, layout)
    w, _ = place(random(4, 3, 2, 2, seed=1), layout)
    got = adapter.conv2d(x, w, None, **PLAIN)
    assert np.array_equal(got, conv2d(np.array(x), np.array(w)))


def test_memory_and_its_strides_are_shared_where_they_can_be():
    from convspec.adapters.torch_conv2d import _as_array, _as_tensor

    for layout in ("C", "F", "channels_last", "stepped", "inside"):
        view, _ = place(random(2, 3, 5, 4), layout)
        tensor = _as_tensor(view)
        assert tensor.data_ptr() == view.__array_interface__["data"][0]
        assert tuple(step * 4 for step in tensor.stride()) == view.strides
    channels_last, _ = place(random(2, 3, 5, 4), "channels_last")
    assert _as_tensor(channels_last).is_contiguous(memory_format=torch.channels_last)
    assert np.shares_memory(_as_array(_as_tensor(channels_last)), channels_last)


def test_bfloat16_keeps_its_bits(adapter):
    from convspec.adapters.torch_conv2d import _as_array, _as_tensor

    pytest.importorskip("ml_dtypes")
    array = random(2, 3, 5, 4, dtype="bfloat16")
    tensor = _as_tensor(array)
    assert tensor.dtype is torch.bfloat16
    assert _as_array(tensor).dtype == array.dtype
    assert _as_array(tensor).tobytes() == array.tobytes()
    w = random(2, 3, 2, 2, seed=1, dtype="bfloat16")
    assert np.array_equal(adapter.conv2d(array, w, None, **PLAIN), conv2d(array, w))


def test_pads_that_differ_from_side_to_side_are_bridged(adapter):
    pads = ((1, 0), (2, 3))
    x, w = random(1, 2, 4, 4), random(3, 2, 2, 2, seed=1)
    assert np.array_equal(adapter.conv2d(x, w, None, **{**PLAIN, "padding": pads}), conv2d(x, w, padding=pads))


@pytest.mark.parametrize("word", ["valid", "same"])
def test_words_are_torchs_own(adapter, word):
    x, w = random(1, 1, 5, 5), random(1, 1, 3, 3, seed=1)
    assert np.array_equal(adapter.conv2d(x, w, None, **{**PLAIN, "padding": word}), conv2d(x, w, padding=word))


@pytest.mark.parametrize("changes", [
    {"stride": (0, 1)}, {"dilation": (1, 0)}, {"groups": 2}, {"padding": ((-1, -1), (0, 0))},
    {"padding": ((-1, 0), (0, 0))}, {"padding": "nearest"},
])
def test_what_is_not_valid_is_refused(adapter, changes):
    with pytest.raises((ValueError, RuntimeError, TypeError)):
        adapter.conv2d(random(1, 3, 4, 4), random(2, 3, 2, 2), None, **{**PLAIN, **changes})


def test_deviations_name_requirements_threads_and_cases(adapter):
    from convspec.conformance.case import parse_case

    for deviation in adapter.deviations:
        assert set(deviation.requirements) <= {"*", *requirements()}
        assert deviation.link.startswith("https://")
        assert len(deviation.reason.split()) > 5
        assert not (deviation.harmful and deviation.example)
        if deviation.example:
            assert deviation.when(parse_case(deviation.example))


def test_no_example_of_a_deviation_ends_the_process(adapter):
    from convspec.conformance.case import parse_case
    from convspec.conformance.child import start

    examples = [(note.requirements[0], parse_case(note.example)) for note in adapter.deviations if note.example]
    child = start("torch")
    try:
        assert [outcomes[0].died for outcomes in child.run(examples)] == [False] * len(examples)
    finally:
        child.close()
    assert examples


@pytest.mark.parametrize(
    ("channels", "values", "known"), [(1, "0,-inf;0,1;", True), (3, "0,0,inf,0,0,0;1,0,0,0,0,0;", True),
                                      (2, "0,-inf,0,0;0,1,0,0;", False), (1, "0,-2;0,1;", False)],
)
def test_odd_channels_of_bfloat16_deviate_only_where_a_number_is_special(adapter, channels, values, known):
    from convspec.conformance.case import parse_case

    case = parse_case(f"x=1x{channels}x1x2 w=1x{channels}x1x2 dtype=bfloat16 values={values}")
    odd = adapter.deviations[-1]
    assert odd.when(case) is known
    assert not odd.when(case.but(dtype="float32"))
    assert odd.processor(frozenset({"avx512f", "avx512bw"}))
    assert not odd.processor(frozenset({"avx2", "fma"}))


def test_exclusions_hold_for_the_cases_that_they_name(adapter):
    from convspec.conformance.case import Case

    dilated = Case((1, 1, 5, 5), (1, 1, 2, 2), dilation=(2, 1), dtype="int8")
    assert [exclusion.when(dilated) for exclusion in adapter.capabilities.exclusions] == [True, False]
    with pytest.raises(RuntimeError):
        adapter.conv2d(random(1, 1, 5, 5, dtype="int8"), random(1, 1, 2, 2, dtype="int8"), None,
                       **{**PLAIN, "dilation": (2, 1)})
