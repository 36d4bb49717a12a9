"""The vectorised variant against the specification, on every path that it takes."""

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from convspec.adapters import vectorized
from convspec.adapters.protocol import DTYPES, WORDS
from convspec.adapters.vectorized import adapter
from convspec.reference import conv2d, exact_conv2d, gauge

Array = np.ndarray[Any, Any]

BLOCKS = {
    "as published": {},
    "tiny blocks": {"WORK_SPACE": 2048, "LARGEST_PRODUCT": 300, "LANES": 5, "SMALL": 0},
    "several rows": {"WORK_SPACE": 1 << 15, "LARGEST_PRODUCT": 20_000, "LANES": 6, "SMALL": 0},
}


@pytest.fixture(params=BLOCKS)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Shrink the blocks, so that small pictures too are divided into many."""
    vectorized._plan.cache_clear()
    for name, value in BLOCKS[request.param].items():
        monkeypatch.setattr(vectorized, name, value)
    yield request.param
    vectorized._plan.cache_clear()


def dtype_of(name: str) -> np.dtype[Any]:
    if name == "bfloat16":
        name = pytest.importorskip("ml_dtypes").bfloat16
    return np.dtype(name)


def numbers(random: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...], whole_range: bool) -> Array:
    """Draw numbers whose sums of products are exact: small ones, or integers that wrap."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low, high = (limits.min, limits.max) if whole_range else (max(limits.min, -3), 3)
        return random.integers(low, high, shape, dtype=dtype, endpoint=True)
    values: Array = random.integers(-2, 2, shape, endpoint=True)
    return (values + 1j * random.integers(-2, 2, shape) if dtype.kind == "c" else values).astype(dtype)


def draw_case(random: np.random.Generator, dtype: np.dtype[Any]) -> tuple[Array, Array, Array | None, dict[str, Any]]:
    """Draw the output first, then the input that leads to it: no case is thrown away."""
    N, groups, channels, outputs = (int(random.integers(1, limit)) for limit in (3, 4, 3, 4))
    kernel, dilation, stride = (tuple(map(int, random.integers(1, 4, 2))) for _ in range(3))
    if random.random() < 0.4:
        stride = (1, 1)
    output = int(random.integers(1, 5)), int(random.integers(1, 9))
    pads, size = [], []
    for axis in range(2):
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        padded = (output[axis] - 1) * stride[axis] + reach + int(random.integers(0, stride[axis]))
        before = int(random.integers(0, 4)) if random.random() < 0.5 else reach // 2
        after = int(random.integers(0, 4)) if random.random() < 0.5 else reach - 1 - reach // 2
        pads.append((before, after))
        size.append(max(int(random.integers(0, 2)), padded - before - after))
        if size[axis] + before + after < reach:
            size[axis] = reach
    whole_range = random.random() < 0.5
    x = numbers(random, dtype, (N, groups * channels, *size), whole_range)
    w = numbers(random, dtype, (groups * outputs, channels, *kernel), whole_range)
    bias = numbers(random, dtype, (groups * outputs,), whole_range) if random.random() < 0.5 else None
    return x, w, bias, {"stride": stride, "padding": tuple(pads), "dilation": dilation, "groups": groups}


def assert_same(got: Array, want: Array) -> None:
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    assert np.array_equal(got, want, equal_nan=want.dtype.kind not in "iu")


@pytest.mark.parametrize("name", DTYPES)
def test_random_geometry_is_exact(name: str, blocks: str) -> None:
    dtype = dtype_of(name)
    random = np.random.default_rng(DTYPES.index(name))
    for _ in range(25):
        x, w, bias, parameters = draw_case(random, dtype)
        assert_same(adapter.conv2d(x, w, bias, **parameters), conv2d(x, w, bias, **parameters))


@pytest.mark.parametrize("kernel", [(1, 1), (1, 4), (3, 3), (9, 2)])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 2)])
def test_wide_pictures(kernel: tuple[int, int], groups: int, stride: tuple[int, int], blocks: str) -> None:
    random = np.random.default_rng(sum(kernel))
    x = numbers(random, np.dtype(np.float32), (1, groups, 6, 70), False)
    w = numbers(random, np.dtype(np.float32), (groups, 1, *kernel), False)
    parameters: dict[str, Any] = {"stride": stride, "padding": ((5, 3), (2, 1)), "dilation": (1, 2), "groups": groups}
    assert_same(adapter.conv2d(x, w, None, **parameters), conv2d(x, w, None, **parameters))


@pytest.mark.parametrize("outputs", [1, 5, 6, 7, 31, 64])
def test_any_number_of_filters(outputs: int, blocks: str) -> None:
    random = np.random.default_rng(outputs)
    x = numbers(random, np.dtype(np.float64), (1, 2, 3, 5), False)
    w = numbers(random, np.dtype(np.float64), (outputs, 2, 2, 3), False)
    bias = numbers(random, np.dtype(np.float64), (outputs,), False)
    assert_same(adapter.conv2d(x, w, bias, padding=((1, 0), (1, 1))), conv2d(x, w, bias, padding=((1, 0), (1, 1))))


@pytest.mark.parametrize("word", WORDS)
def test_padding_words(word: str) -> None:
    x = np.arange(35, dtype=np.int16).reshape(1, 1, 5, 7)
    w = np.array([[[[1, -2, 3, 5], [7, 11, -13, 17]]]], dtype=np.int16)
    for stride, dilation in (((1, 1), (1, 1)), ((2, 3), (2, 1))):
        got = adapter.conv2d(x, w, stride=stride, padding=word, dilation=dilation)
        assert_same(got, conv2d(x, w, stride=stride, padding=word, dilation=dilation))


@pytest.mark.parametrize(
    ("x_dtype", "w_dtype"),
    [("int8", "uint8"), ("int16", "float16"), ("float32", "float64"), ("float32", "complex64"),
     ("int64", "float32"), ("uint64", "int8"), (">f4", ">f4"), (">i2", "int16")],
)
def test_mixed_dtypes_follow_numpy(x_dtype: str, w_dtype: str, blocks: str) -> None:
    random = np.random.default_rng(3)
    x, w = random.integers(0, 5, (2, 2, 4, 6)).astype(x_dtype), random.integers(0, 5, (3, 2, 3, 2)).astype(w_dtype)
    assert_same(adapter.conv2d(x, w), conv2d(x, w))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounded_sums_keep_the_bound_of_any_order(dtype: type) -> None:
    random = np.random.default_rng(5)
    x = random.lognormal(0, 4, (1, 3, 6, 7)).astype(dtype) * random.choice([-1, 1], (1, 3, 6, 7)).astype(dtype)
    w, bias = random.normal(size=(2, 3, 3, 2)).astype(dtype), random.normal(size=2).astype(dtype)
    error = np.abs(adapter.conv2d(x, w, bias) - exact_conv2d(x, w, bias)).astype(np.float64)
    bound = 19 * np.finfo(dtype).eps / 2 * np.asarray(gauge(x, w, bias), dtype=np.float64)
    assert (error <= bound).all()
    assert error.max() > 0


def test_float16_is_summed_in_float32_and_rounded_once() -> None:
    # In float16 both 2048 + 1 and 2048 + 1 + 1 are 2048; the sum of all three is 2050.
    x, w = np.array([[[[2048, 1]]]], np.float16), np.ones((1, 1, 1, 2), np.float16)
    assert adapter.conv2d(x, w, np.ones(1, np.float16))[0, 0, 0, 0] == 2050


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint64, np.int64])
@pytest.mark.parametrize("largest", [1, 2**11, 2**12 - 1, 2**26, 2**26 - 1, 2**31 - 1, 2**63 - 1])
def test_integers_wrap_at_any_size(dtype: type, largest: int) -> None:
    largest = min(largest, int(np.iinfo(dtype).max))
    x, w = np.full((1, 3, 3, 3), largest, dtype), np.full((2, 3, 2, 2), largest, dtype)
    bias = np.full(2, np.iinfo(dtype).max, dtype)
    assert_same(adapter.conv2d(x, w, bias), conv2d(x, w, bias))


@pytest.mark.parametrize("shape", [(3, 5), (8, 60), (12, 60)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_windows(shape: tuple[int, int], value: float, blocks: str) -> None:
    x, w = np.ones((1, 1, *shape), np.float32), np.ones((1, 1, min(9, shape[0]), 3), np.float32)
    x[0, 0, 1, 2] = value
    got, want = adapter.conv2d(x, w, padding="same"), conv2d(x, w, padding="same")
    assert_same(got, want)
    assert np.isfinite(got).any()
    assert not np.isfinite(got).all()


@pytest.mark.parametrize("columns", [4, 60])
def test_zeros_of_the_padding_are_multiplied(columns: int, blocks: str) -> None:
    x, w = np.ones((1, 1, 4, columns)), np.full((1, 1, 3, 3), np.inf)
    assert_same(adapter.conv2d(x, w, padding=((1, 1), (1, 1))), conv2d(x, w, padding=((1, 1), (1, 1))))
    assert np.isnan(adapter.conv2d(x, w, padding=((1, 1), (1, 1)))[0, 0, 0, 0])


def unaligned(array: Array) -> Array:
    raw = np.zeros(array.nbytes + 1, np.uint8)
    view: Array = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def surrounded(array: Array) -> Array:
    wide = np.full(tuple(length + 4 for length in array.shape), np.nan, array.dtype)
    view = wide[(slice(2, -2),) * array.ndim]
    view[...] = array
    return view


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran order": np.asfortranarray,
    "channels last": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "backwards": lambda a: a[..., ::-1].copy()[..., ::-1],
    "every other": lambda a: np.repeat(a, 2, axis=3)[..., ::2],
    "unaligned": unaligned,
    "among NaN": surrounded,
    "broadcast": lambda a: np.broadcast_to(a[:, :, :1], a.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3)])
def test_layouts_and_purity(layout: str, kernel: tuple[int, int], blocks: str) -> None:
    random = np.random.default_rng(1)
    x = LAYOUTS[layout](numbers(random, np.dtype(np.float32), (2, 4, 5, 9), False))
    w = LAYOUTS[layout](numbers(random, np.dtype(np.float32), (6, 2, *kernel), False))
    x.setflags(write=False)
    w.setflags(write=False)
    before = x.tobytes(), w.tobytes()
    parameters: dict[str, Any] = {"padding": ((0, 0), (0, 0)), "groups": 2}
    first, second = adapter.conv2d(x, w, **parameters), adapter.conv2d(x, w, **parameters)
    assert_same(first, conv2d(x, w, **parameters))
    assert (x.tobytes(), w.tobytes()) == before
    assert first.tobytes() == second.tobytes()
    assert not any(np.shares_memory(first, other) for other in (x, w, second))
    assert first.flags.writeable


@pytest.mark.parametrize(
    ("x_shape", "w_shape", "padding"),
    [((0, 2, 4, 4), (3, 2, 2, 2), ((0, 0), (0, 0))), ((2, 0, 4, 4), (3, 0, 2, 2), ((1, 0), (0, 0))),
     ((2, 2, 4, 4), (0, 2, 2, 2), ((0, 0), (0, 0))), ((1, 2, 0, 3), (3, 2, 2, 2), ((1, 2), (0, 0))),
     ((1, 2, 0, 0), (3, 2, 2, 2), ((1, 2), (30, 30))), ((1, 1, 1, 1), (2, 1, 1, 1), ((3, 4), (50, 1)))],
)
def test_empty_axes(x_shape: tuple[int, ...], w_shape: tuple[int, ...], padding: Any, blocks: str) -> None:
    for dtype in (np.float32, np.int16):
        x, w, bias = np.ones(x_shape, dtype), np.ones(w_shape, dtype), np.arange(w_shape[0], dtype=dtype)
        for added in (None, bias):
            assert_same(adapter.conv2d(x, w, added, padding=padding), conv2d(x, w, added, padding=padding))


@pytest.mark.parametrize(
    ("change", "named"),
    [({"x": np.ones((4, 4))}, r"\(4, 4\)"), ({"w": np.ones((3, 3))}, r"\(3, 3\)"),
     ({"x": np.ones((4, 4)), "w": np.ones((3, 3))}, r"rank 4.*\(4, 4\)"),
     ({"x": np.ones((1, 3, 4, 4))}, "3 per group"), ({"groups": 3}, "groups=3"), ({"groups": 0}, "groups.*0"),
     ({"groups": True}, "groups.*True"), ({"groups": 1.0}, r"groups.*1\.0"), ({"stride": (0, 1)}, "stride.*0"),
     ({"stride": (1.5, 1)}, r"stride.*1\.5"), ({"stride": (True, 1)}, "stride.*True"),
     ({"stride": ([1], 1)}, r"stride.*\[1\]"), ({"stride": (1, 1, 1)}, r"stride.*\(1, 1, 1\)"),
     ({"dilation": (1, -1)}, "dilation.*-1"), ({"dilation": None}, "dilation.*None"),
     ({"dilation": (2, 2)}, "reaches over 5 samples"), ({"dilation": (2**62, 1)}, "reaches over"),
     ({"padding": ((0, -1), (0, 0))}, "padding.*-1"), ({"padding": "sam"}, "padding.*'sam'"),
     ({"padding": ((1, 1),)}, "padding"), ({"padding": ((2**62, 0), (0, 0))}, f"padding.*{2**62}"),
     ({"w": np.ones((2, 2, 0, 3))}, "kernel.*0"), ({"bias": np.ones(1)}, r"bias.*\(1,\)"),
     ({"bias": np.ones((2, 1))}, r"bias.*\(2, 1\)"), ({"x": np.ones((1, 2, 4, 4), bool)}, "bool"),
     ({"x": np.ones((1, 2, 4, 4), object)}, "object")],
)
def test_refusals_name_parameter_and_value(change: dict[str, Any], named: str) -> None:
    arguments: dict[str, Any] = {"x": np.ones((1, 2, 4, 4)), "w": np.ones((2, 2, 3, 3)), "bias": None,
                                 "stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    adapter.conv2d(**arguments)  # remembered, and still not taken for the call that only looks equal
    with pytest.raises(ValueError, match=named):
        adapter.conv2d(**(arguments | change))


@pytest.mark.parametrize("huge", [2**31, 2**32, 2**62, 2**63 - 1])
def test_steps_that_are_never_taken(huge: int) -> None:
    x, w = np.arange(12.0).reshape(1, 1, 3, 4), np.ones((1, 1, 1, 4))
    got = adapter.conv2d(x, w, stride=(huge, huge), dilation=(huge, 1))
    assert_same(got, np.array([[[[6.0]]]]))


def test_numbers_for_both_axes_and_lists() -> None:
    x, w = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], [[[[1, 2], [3, 4]]]]
    got = adapter.conv2d(x, w, [5], stride=2, padding=1, dilation=1)  # type: ignore[arg-type]  # lists, as a beginner has them
    assert_same(got, conv2d(x, w, [5], stride=2, padding=1, dilation=1))


def test_warnings_settings_are_left_alone() -> None:
    x = np.full((1, 1, 3, 60), np.inf, np.float32)
    with np.errstate(all="raise"):
        assert np.isnan(adapter.conv2d(x, np.array([[[[1, -1]]]], np.float32))).all()
        assert np.geterr()["over"] == "raise"


def test_threads_do_not_disturb_each_other() -> None:
    random = np.random.default_rng(8)
    calls = [(random.normal(size=(1, 3, 9, 60 if k % 2 else 9)), random.normal(size=(4, 3, 3, 3))) for k in range(40)]
    alone = [adapter.conv2d(x, w, padding=((1, 1), (1, 1))) for x, w in calls]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda call: adapter.conv2d(*call, padding=((1, 1), (1, 1))), calls))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(alone, together, strict=True))


def peak_beside_result(x: Array, w: Array, parameters: dict[str, Any]) -> tuple[int, Array]:
    tracemalloc.start()
    try:
        y = adapter.conv2d(x, w, **parameters)
        return tracemalloc.get_traced_memory()[1] - y.nbytes, y
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("x_shape", "w_shape", "pad", "stride", "dilation"),
    [((1, 1, 3000, 4000), (1, 1, 31, 31), 15, 1, 1), ((64, 16, 28, 28), (16, 16, 5, 5), 2, 1, 1),
     ((1, 2048, 7, 7), (8, 2048, 3, 3), 1, 1, 1), ((1, 2, 2000, 3000), (1, 2, 2, 2), 1, 40, 1),
     ((1, 2, 2000, 3000), (1, 2, 2, 2), 1, 70, 1), ((1, 2, 1000, 1000), (1, 2, 3, 3), 9, 1, 9)],
)
def test_memory_is_bounded(x_shape: tuple[int, ...], w_shape: tuple[int, ...], pad: int, stride: int,
                           dilation: int) -> None:
    random = np.random.default_rng(4)
    x = random.integers(-3, 4, x_shape).astype(np.float32)
    w = random.integers(-3, 4, w_shape).astype(np.float32)
    parameters: dict[str, Any] = {"padding": ((pad, pad), (pad, pad)), "stride": (stride, stride),
                                  "dilation": (dilation, dilation)}
    peak, y = peak_beside_result(x, w, parameters)
    windows_of_16_positions = 16 * x_shape[1] * max(w_shape[2], stride) * max(w_shape[3], stride) * 4
    assert peak <= w.nbytes + 3 * max(vectorized.WORK_SPACE, windows_of_16_positions)
    n, o, i, j = x_shape[0] - 1, w_shape[0] - 1, y.shape[2] // 2, y.shape[3] // 2
    first = [index * stride - pad for index in (i, j)]
    rows, columns = (np.arange(w_shape[axis + 2]) * dilation + first[axis] for axis in range(2))
    seen_rows, seen_columns = ((r >= 0) & (r < x_shape[axis + 2]) for axis, r in enumerate((rows, columns)))
    window = x[n][:, rows[seen_rows][:, None], columns[seen_columns]].astype(np.int64)
    assert y[n, o, i, j] == (window * w[o][:, seen_rows][:, :, seen_columns].astype(np.int64)).sum()
