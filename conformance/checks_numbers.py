"""DTY, NUM, SPC: dtypes, rounding, special values."""

from convspec.adapters.protocol import DTYPES, REAL_FLOATS, Capabilities, Numerics
from convspec.conformance.case import NO_PADS, Case
from convspec.conformance.choices import Pick
from convspec.conformance.generating import ANY_LAYOUT, ANYTHING, EXACT, INTEGERS, Bias
from convspec.conformance.judging import Finding
from convspec.conformance.number_kinds import FINITE_RECIPES
from convspec.conformance.requirement import Hearing, Requirement, needs_algorithm, needs_dtype, needs_local_nan

FLOATS = Bias(
    dtypes=("float32", "float32", "float64", "float64", *REAL_FLOATS), data=FINITE_RECIPES,
    layouts=("C", "C", "channels_last", "F"),
)
HALVES = ("float16", "bfloat16")
PRECISION_DATA = (
    "ladder", "ladder", "sparse", "sparse", "positive", "constant", "uniform", "cancel", "log", "wide", "outlier",
    "box", "swell",
)
# Two sums or one, and no more: the bound is then a few units in the last place.
FEW_TERMS = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))


def _right_dtype(hearing: Hearing) -> Finding | None:
    expected, outcome = hearing.expect(0), hearing.outcomes[0]
    return hearing.judge.outcome_kind(outcome) or hearing.judge.dtype(expected, outcome) or hearing.answer()


def _refused_or_promoted(hearing: Hearing) -> Finding | None:
    """An exception; or the right numbers in the common dtype or a wider one."""
    expected, outcome = hearing.expect(0), hearing.outcomes[0]
    if outcome.kind in ("raised", "out of memory"):
        return None
    return hearing.answer() or hearing.judge.narrower(expected, outcome)


def _two_dtypes(case: Case, pick: Pick) -> Case:
    """Another dtype for w, out of those that mix without loss or by promotion."""
    candidates = ("float64", "float32", "int64", "int32", "int8", "float16", "uint8")
    others = [name for name in candidates if name != case.dtype]
    data = "uniform" if case.dtype not in INTEGERS else "int"
    return case.but(w_dtype=pick(others), data=data, literal=None)


def _is_few(case: Case) -> bool:
    return case.geometry.terms <= 5


def _few(case: Case, _: Pick) -> Case:
    """One input channel in each group, so that few terms are summed."""
    if case.is_plane:
        return case
    return case.but(x_shape=(case.x_shape[0], case.groups, *case.size), w_shape=(case.w_shape[0], 1, *case.kernel))


def _padding_of_infinite_weights(hearing: Hearing) -> Finding | None:
    """Records; never finds."""
    return None


def _no_pads(case: Case, _: Pick) -> Case:
    return case if case.padding in (NO_PADS, "valid") else case.but(padding=NO_PADS, x_shape=_as_large_as_padded(case))


def _as_large_as_padded(case: Case) -> tuple[int, ...]:
    return (*case.x_shape[:-2], *case.geometry.padded)


def _needs_finite_range(claims: Capabilities, numerics: Numerics) -> str | None:
    if numerics.flush_to_zero is True:
        return "it declares that subnormal numbers may count as zero"
    return None


def _needs_halves_or_truncation(claims: Capabilities, numerics: Numerics) -> str | None:
    if numerics.input_precision is not None or any(name in claims.dtypes for name in HALVES):
        return None
    if any(name in claims.dtypes and other != name for name, other in numerics.accumulator.items()):
        return None
    return "it claims neither half-precision inputs nor a wider accumulator nor truncated inputs"


def _needs_direct(claims: Capabilities, numerics: Numerics) -> str | None:
    return needs_algorithm("direct")(claims, numerics)


def _needs_float(claims: Capabilities, numerics: Numerics) -> str | None:
    return needs_dtype(*REAL_FLOATS)(claims, numerics)


def _needs_integer(claims: Capabilities, numerics: Numerics) -> str | None:
    return needs_dtype(*INTEGERS)(claims, numerics)


def _is_float(case: Case) -> bool:
    return case.dtype in REAL_FLOATS


REQUIREMENTS = (
    Requirement("DTY-01", FLOATS.but(data=("int", "uniform", "constant"), whole_data=("int",),
                                     dtypes=("float32", "float64") * 3 + DTYPES), judge=_right_dtype),
    Requirement("DTY-02", EXACT.but(dtypes=(*INTEGERS, "int64", "int32"),
                                    whole_data=("full", "full", "edge", "wide", "int"), layouts=ANY_LAYOUT),
                accepts=lambda case: case.dtype in INTEGERS, needs=(_needs_integer,), share=1.5),
    Requirement("DTY-03", EXACT.but(dtypes=("float32", "float64", "int64", "int32"), data=("int",),
                                    whole_data=("int",)),
                judge=_refused_or_promoted, adjust=_two_dtypes, trivial=True,
                accepts=lambda case: case.w_dtype not in (None, case.dtype),
                needs=(lambda claims, _: None if len(claims.dtypes) > 1 else "it claims a single dtype",)),
    Requirement("DTY-04", FLOATS.but(dtypes=HALVES, data=("int", *PRECISION_DATA), layouts=ANY_LAYOUT),
                needs=(needs_dtype(*HALVES),), accepts=lambda case: case.dtype in HALVES),
    Requirement("DTY-05", ANYTHING.but(dtypes=DTYPES, data=("int", "wide"), whole_data=("int", "full")), share=2.5),
    Requirement("NUM-01", FLOATS, needs=(_needs_float, _needs_direct), accepts=_is_float, share=3.0),
    Requirement("NUM-03", EXACT.but(data=("wide",), whole_data=("wide",), layouts=("C", "channels_last")),
                needs=(_needs_direct,)),
    Requirement("NUM-04", FLOATS.but(dtypes=(*HALVES, "float32"), data=PRECISION_DATA),
                needs=(_needs_halves_or_truncation,), accepts=_is_float),
    Requirement("NUM-05", FLOATS.but(dtypes=("float32", "float64"),
                                     data=("uniform", "log", "positive", "int", "outlier")),
                needs=(needs_algorithm("fft"),), accepts=_is_float),
    Requirement("NUM-06", FLOATS.but(dtypes=("float32", "float64"), kernels=((3, 3), (3, 3), (5, 5), (2, 3)),
                                     stride="any", data=("uniform", "log", "positive", "int", "constant", "ladder")),
                needs=(needs_algorithm("winograd"),), accepts=_is_float),
    Requirement("NUM-07", FLOATS.but(data=("zero", "impulse", "impulse", "sparse", "ladder")),
                needs=(_needs_float, _needs_direct), accepts=_is_float, trivial=True),
    Requirement("NUM-09", FLOATS.but(kernels=FEW_TERMS, data=PRECISION_DATA, channels=1,
                                     sizes=("small", "small", "tile")),
                needs=(_needs_float,), adjust=_few, accepts=lambda case: _is_float(case) and _is_few(case), share=1.5),
    Requirement("SPC-01", FLOATS.but(data=("special",), layouts=ANY_LAYOUT), needs=(_needs_float, needs_local_nan),
                accepts=_is_float, share=2.5),
    Requirement("SPC-02", FLOATS.but(data=("special", "special_w"), padding=("none", "valid")),
                needs=(_needs_float, needs_local_nan), adjust=_no_pads,
                accepts=lambda case: _is_float(case) and case.padding in (NO_PADS, "valid")),
    Requirement("SPC-03", FLOATS.but(data=("special_w",), padding=("symmetric", "sides")),
                judge=_padding_of_infinite_weights, adjust=lambda case, _: case.but(data="special_w"),
                needs=(_needs_float,), accepts=_is_float, trivial=True),
    Requirement("SPC-05", FLOATS.but(dtypes=("float32", "float64", *HALVES, "float16"),
                                     data=("huge", "swell", "swell")),
                needs=(_needs_float, _needs_direct), accepts=_is_float, share=1.5),
    Requirement("SPC-06", FLOATS.but(data=("tiny", "subnormal", "subnormal")),
                needs=(_needs_float, _needs_direct, _needs_finite_range), accepts=_is_float, share=1.5),
)
