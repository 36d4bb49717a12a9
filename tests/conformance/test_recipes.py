"""From a recipe to numbers: the same bytes on every machine and in every release."""

import hashlib
import math

import numpy as np
import pytest

from convspec.adapters.protocol import COMPLEX_FLOATS, REAL_FLOATS, SIGNED_INTEGERS, UNSIGNED_INTEGERS
from convspec.conformance.case import Case, parse_case
from convspec.conformance.recipes import FLOAT_RECIPES, FORMATS, WHOLE_RECIPES, arrays, numpy_dtype

FLOATS = REAL_FLOATS + COMPLEX_FLOATS
INTEGERS = SIGNED_INTEGERS + UNSIGNED_INTEGERS
# For each kind, a hash of the bytes in float16, bfloat16, float32, float64, complex64, complex128. They never change: a
# case that was published must lead to the same numbers for ever.
PINNED = {
    "int": "2675223f 6925e420 7a542d8d 14941317 0199f662 dadd623b",
    "wide": "f5b9f5b5 045a168c 3750bbd5 dcc5969e ee3c1ded c102e8df",
    "uniform": "b8b598e5 cf2ccf3f 2d978a11 bac295ca d455a587 4539eadc",
    "log": "97935cd4 75b5e65f 22c10102 2b8868b9 d69c03f9 404675a5",
    "scaled": "1207e8ce aa95afe4 fe76ae37 b182cd53 eb166da9 a65acbae",
    "tiny": "f7200f14 f8395a25 b5556a3c ccf5e545 99df28e2 943d0ea1",
    "subnormal": "5c79397a 7449ebb7 2a55f1ee b3175c78 7b373540 0e11bf9f",
    "cancel": "5c9a71f0 31d87d41 7233a286 090dca59 25fcb6e9 22fc92c8",
    "constant": "2af174f5 bdd01021 a0a52250 73a1450d 9513d60a f01d7624",
    "box": "aff27160 abbf205a ed0ee9d5 d1c9c303 aa36497e 684a13af",
    "positive": "8c4f96f9 a0902363 bb095744 3f197714 4a99e4d4 95dc7c81",
    "outlier": "e0b4f935 09d41e2f 4c0633ea 93bd7f2b 3d6a8f6e 34128365",
    "ladder": "5359cc47 4b0a18a7 666f0b51 922a1468 9d6be887 3b21c22c",
    "sparse": "014e3694 a427b016 4bf9ceb0 de66f8ed f80a61f7 0455aba4",
    "impulse": "41d4bd8b a9c54038 f1fd6bb3 fa638b15 8e5c5b42 04b25069",
    "unit": "a0d561b7 b3776951 6fe46662 758ad6a4 a0037533 64f4872f",
    "balanced": "f7be1d70 c76343ea ac29c86e 66b74205 2076fe30 808e0ad7",
    "flat": "0c632158 9354a76d ca2f1da7 990ae841 9fc3895e e2ff3d68",
    "striped": "13e8b3fc 81a336e9 6b38d9b4 748340d5 56c4c411 e7c28835",
    "rank_one": "1c57eae0 15040a81 15f3e8b9 2c87888f a0ebe3e5 452fa5ae",
    "zero": "aa62b49d fcfffc6a f33373e8 5728a407 32fb7d33 794063cb",
    "special": "ee85e838 9b3a4942 2264051e f01f9579 985b94d0 397e92e6",
    "special_w": "6abe2b70 e04d58b3 6923a7a6 df3b2834 1a8bfa71 59344d3a",
    "huge": "86b4e7bb 1b9a0363 230658da 39d93e06 d603f292 15a4612e",
    "swell": "52579dff 1dac2155 8a0c8bcf 5c5d67fc 9b522370 8929ce82",
    "even": "c3985a89 c5d11dae 29acfd78 79ff9dd4 49b0993c 25fd8d1c",
}
# The same in int8 to int64 and uint8 to uint64.
PINNED_WHOLE = {
    "int": "fb16b332 be16c1a0 c329c56a 1e19827a ee0bf99f dceedc2f a604c853 9efae0b7",
    "full": "b712b463 137da8ae 1f9e1626 b45d36ea b712b463 137da8ae 1f9e1626 b45d36ea",
    "edge": "9ef559dd 1260df10 29505500 02ea50b3 97aec030 62d66dd9 7510f8e5 abbb9132",
    "wide": "b46cbaca 1b026346 e5e6c0eb 3ffd53d6 ed63d7b5 76bf43e6 820dc962 62b577a9",
    "even": "5503b7c0 50245ee8 89eaf951 3ad51de0 ed63d7b5 0f2a636e e98a108a e0b0c46d",
    "zero": "16d0edc8 065cc6b2 9b00b893 53192a12 16d0edc8 065cc6b2 9b00b893 53192a12",
    "impulse": "0cc992f2 9bcfaee2 c4fb1d4e 5a8cae65 38078246 ba92ef1d 18c1f5e5 3ef4f67e",
}
SHAPES = (((2, 3, 5, 4), (4, 3, 3, 2), (4,)), ((1, 1, 3, 4), (1, 1, 1, 1), (1,)))
SEEDS = (7, 8, 9, 2**32 - 1)


def built(kind, dtype, shapes=SHAPES[0], seed=7):
    x, w, bias = shapes
    return arrays(Case(x, w, bias, dtype=dtype, data=kind, seed=seed))


def digest(kind, dtype):
    seen = hashlib.sha256()
    for shapes in SHAPES:
        for seed in SEEDS:
            operands = built(kind, dtype, shapes, seed)
            for part in (operands.x, operands.w, operands.bias):
                seen.update(part.tobytes())
    return seen.hexdigest()[:8]


@pytest.mark.parametrize("kind", FLOAT_RECIPES)
def test_pinned_numbers_of_floats(kind):
    assert " ".join(digest(kind, dtype) for dtype in FLOATS) == PINNED.get(kind)


@pytest.mark.parametrize("kind", sorted(WHOLE_RECIPES))
def test_pinned_numbers_of_integers(kind):
    assert " ".join(digest(kind, dtype) for dtype in INTEGERS) == PINNED_WHOLE.get(kind)


def test_no_recipe_that_was_published_is_gone():
    assert set(PINNED) <= set(FLOAT_RECIPES)
    assert set(PINNED_WHOLE) <= set(WHOLE_RECIPES)


def test_numbers_that_can_be_checked_by_eye():
    operands = arrays(Case((1, 1, 2, 3), (1, 1, 1, 2), (1,), data="int", seed=1))
    assert operands.x.ravel().tolist() == [0, -3, -8, 8, -1, -6]
    assert operands.w.ravel().tolist() == [3, 7]


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_shapes_and_dtypes(dtype):
    for kind in FLOAT_RECIPES if dtype in FLOATS else WHOLE_RECIPES:
        operands = built(kind, dtype)
        assert (operands.x.shape, operands.w.shape, operands.bias.shape) == SHAPES[0]
        assert {operands.x.dtype, operands.w.dtype, operands.bias.dtype} == {numpy_dtype(dtype)}


def test_seeds_give_different_numbers():
    seen = {built("uniform", "float64", seed=seed).x.tobytes() for seed in range(50)}
    assert len(seen) == 50


@pytest.mark.parametrize("dtype", REAL_FLOATS)
@pytest.mark.parametrize("kind", [kind for kind in FLOAT_RECIPES if not kind.startswith("special")])
def test_finite_recipes_are_finite(kind, dtype):
    for seed in range(12):
        operands = built(kind, dtype, seed=seed)
        for part in (operands.x, operands.w, operands.bias):
            assert np.isfinite(part.astype(np.float64)).all()


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_special_numbers_are_where_they_are_said_to_be(dtype):
    found = {"nan": 0, "inf": 0, "-inf": 0}
    for seed in range(40):
        x = built("special", dtype, seed=seed).x.astype(np.float64)
        special = x[~np.isfinite(x)]
        assert 1 <= special.size <= 2
        for number in special:
            found[str(number)] += 1
        other = built("special_w", dtype, seed=seed)
        assert np.isfinite(other.x.astype(np.float64)).all()
        count = sum(int((~np.isfinite(part.astype(np.float64))).sum()) for part in (other.w, other.bias))
        assert count == 1
    assert min(found.values()) > 5


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_wide_sums_are_exact_in_any_order(dtype):
    """The gauge stays below 2**p, so that no partial sum needs rounding."""
    precision = FORMATS[dtype].precision
    for seed in range(30):
        operands = built("wide", dtype, seed=seed)
        x, w, bias = (np.abs(part.astype(np.float64)) for part in (operands.x, operands.w, operands.bias))
        assert (x == np.round(x)).all()
        assert (w == np.round(w)).all()
        assert x.max() * w[0].size * w.max() + bias.max() < 2**precision


@pytest.mark.parametrize(("dtype", "size"), [("float64", 2**20), ("float32", 2**8), ("float16", 8), ("bfloat16", 4)])
def test_even_numbers_come_evenly_from_a_set_of_a_known_size(dtype, size):
    """Sorted into at most eight equal parts of the set: no modulus favours the small ones."""
    x = built("even", dtype, ((8, 4, 32, 32), (4, 4, 3, 2), (4,))).x.astype(np.float64)
    assert -size / 2 <= x.min() < x.max() < size / 2
    assert (x == np.round(x)).all()
    parts = min(size, 8)
    counts = np.bincount(((x.ravel() + size / 2) * parts / size).astype(int), minlength=parts)
    # Six standard deviations of a part's count.
    assert np.abs(counts - x.size / parts).max() < 6 * math.sqrt(x.size / parts)


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_even_sums_of_64_products_are_exact(dtype):
    operands = built("even", dtype)
    x, w = (np.abs(part.astype(np.float64)).max() for part in (operands.x, operands.w))
    assert 64 * x * w <= 2 ** FORMATS[dtype].precision


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_subnormal_x_is_subnormal_and_whole(dtype):
    form = FORMATS[dtype]
    x = built("subnormal", dtype).x.astype(np.float64)
    assert (np.abs(x) < form.smallest_normal).all()
    assert x.any()
    assert (x / form.smallest_subnormal == np.round(x / form.smallest_subnormal)).all()


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_huge_sums_stay_below_the_overflow_threshold(dtype):
    for seed in range(20):
        operands = built("huge", dtype, seed=seed)
        x, w, bias = (np.abs(part.astype(np.longdouble)) for part in (operands.x, operands.w, operands.bias))
        assert x.max() * w.max() * w[0].size + bias.max() < FORMATS[dtype].overflow_threshold
        assert x.max() * w.max() > FORMATS[dtype].overflow_threshold / 2**12


@pytest.mark.parametrize("dtype", REAL_FLOATS)
def test_recipes_that_hold_something_fixed(dtype):
    for seed in range(8):
        assert (built("balanced", dtype, seed=seed).w.astype(np.float64).sum(axis=(1, 2, 3)) == 0).all()
        assert (built("unit", dtype, seed=seed).w == 1).all()
        assert len(np.unique(built("flat", dtype, seed=seed).x)) == 1
        assert len(np.unique(built("box", dtype, seed=seed).w)) == 1
        assert len(np.unique(built("box", dtype, seed=seed).x)) > 50
        constant = built("constant", dtype, seed=seed)
        assert len(np.unique(constant.x)) == len(np.unique(constant.w)) == 1


def test_a_ladder_has_one_tap_and_a_rung_on_it():
    taps = set()
    for seed in range(12):
        operands = built("ladder", "float32", seed=seed)
        counts = {int((operands.w[o] != 0).sum()) for o in range(4)}
        ones = int((operands.x != 0).sum())
        assert counts == {1} or ones == 1
        taps.add(counts == {1})
        assert not operands.bias.any()
    assert taps == {True, False}


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_use_their_whole_range(dtype):
    info = np.iinfo(dtype)
    full = built("full", dtype, ((2, 3, 20, 20), (4, 3, 3, 2), (4,))).x
    assert full.max() > info.max // 4 * 3
    assert full.min() < (info.max // 4 if info.min == 0 else info.min // 4 * 3)
    edge = np.unique(np.concatenate([built("edge", dtype, seed=seed).x.ravel() for seed in range(4)]))
    assert {int(info.min), int(info.max)} <= {int(number) for number in edge}


def test_two_dtypes_give_each_array_its_own():
    operands = arrays(Case((1, 1, 3, 3), (1, 1, 2, 2), dtype="float32", w_dtype="int8"))
    assert (operands.x.dtype, operands.w.dtype) == (np.float32, np.int8)
    # No integer holds the floating side, so that a result cut to integers shows.
    assert (operands.x != np.round(operands.x)).all()


def test_literals_are_taken_as_they_stand():
    case = parse_case("x=1x1x1x4 w=1x1x1x1 bias=1 dtype=float32 values=0.1,-0.0,nan,-inf;3;7")
    operands = arrays(case)
    assert operands.x.ravel()[0] == np.float32(0.1)
    assert math.copysign(1, operands.x.ravel()[1]) == -1
    assert np.isnan(operands.x.ravel()[2])
    assert operands.x.ravel()[3] == -math.inf
    whole = arrays(parse_case("x=1x1x1x2 w=1x1x1x1 dtype=uint64 values=18446744073709551615,0;3;"))
    assert whole.x.ravel().tolist() == [2**64 - 1, 0]
    joined = arrays(parse_case("x=1x1x1x2 w=1x1x1x1 dtype=complex64 values=1+2j,3;1j;"))
    assert joined.x.ravel().tolist() == [1 + 2j, 3]


def test_a_plane_has_numbers_too():
    operands = arrays(Case((5, 4), (3, 2), data="uniform", seed=3))
    assert (operands.x.shape, operands.w.shape, operands.bias) == ((5, 4), (3, 2), None)


def test_an_unknown_recipe_is_named():
    with pytest.raises(ValueError, match="data recipe 'gaussian' is unknown for float64; known are int, "):
        arrays(Case((1, 1, 3, 3), (1, 1, 2, 2), data="gaussian"))


def test_nothing_is_built_of_nothing():
    for kind in FLOAT_RECIPES:
        operands = arrays(Case((0, 2, 3, 3), (1, 2, 2, 2), data=kind))
        assert operands.x.shape == (0, 2, 3, 3)
        operands = arrays(Case((1, 0, 3, 3), (2, 0, 2, 2), (2,), data=kind))
        assert operands.w.shape == (2, 0, 2, 2)
