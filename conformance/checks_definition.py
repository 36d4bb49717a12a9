"""DEF: what a convolution is."""

from convspec.conformance.calls import Call, call_of
from convspec.conformance.case import Case
from convspec.conformance.choices import Pick
from convspec.conformance.generating import ANYTHING, EXACT
from convspec.conformance.judging import Finding
from convspec.conformance.layouts import LAYOUTS
from convspec.conformance.requirement import Hearing, Requirement, needs_dtype, needs_layer

ROWS, COLUMNS = 8, 7
EDGE = Case(
    (1, 1, ROWS, COLUMNS), (1, 1, 3, 3),
    literal=((10, 10, 10, 0, 0, 0, 0) * ROWS, (1, 0, -1) * 3, ()),
)
COUNTING = Case((1, 1, 3, 3), (1, 1, 2, 2), literal=(tuple(range(9)), tuple(range(4)), ()))
# Size, kernel, stride, pad on each side, dilation: the figures of Dumoulin and Visin, one for each relationship.
FIGURES = (
    (4, 3, 1, 0, 1), (5, 4, 1, 2, 1), (5, 3, 1, 1, 1), (5, 3, 1, 2, 1), (5, 3, 2, 0, 1), (5, 3, 2, 1, 1),
    (6, 3, 2, 1, 1), (7, 3, 1, 0, 2),
)
# Stride and pad on each side under which the worked example is tried as well.
EXAMPLES = ((1, 0), (1, 1), (2, 0), (2, 1))

# One large filter over one picture, as image processing has it; and one dimension beyond what a counter of one or two
# bytes, or a number of half precision, can hold: always tried.
EXTREMES = (
    "x=1x1x23x70 w=1x1x17x4 bias=1 padding=1,0,2,1 dtype=float32 data=int:16",
    "x=1x1x70x23 w=1x1x4x17 bias=1 padding=2,1,1,0 data=int:17",
    "x=1x1x66000x1 w=1x1x2x1 dtype=float32 data=int:1",
    "x=1x1x1x66000 w=1x1x1x2 dtype=float32 data=int:2",
    "x=1x1x66001x2 w=1x1x2x1 stride=2,1 padding=1,0,0,1 data=int:3",
    "x=1x1x2x66001 w=1x1x1x3 stride=1,2 padding=0,1,1,0 dtype=float32 data=int:4",
    "x=1x2x1x33000 w=2x2x1x1 bias=2 dtype=float32 data=int:5",
    "x=1x1x261x259 w=1x1x2x1 padding=0,1,1,0 dtype=float32 data=int:6",
    "x=301x1x3x4 w=2x1x2x3 padding=1,0,0,1 data=int:7",
    "x=2x301x3x4 w=3x301x2x3 bias=3 dtype=float32 data=int:8",
    "x=1x2x4x3 w=301x2x3x2 bias=301 stride=1,2 dtype=float32 data=int:9",
    "x=1x301x4x5 w=301x1x3x2 bias=301 groups=301 dtype=float32 data=int:10",
    "x=1x2x45x3 w=1x2x40x2 dtype=float32 data=int:11",
    "x=1x2x3x45 w=1x2x2x40 padding=0,1,2,0 data=int:12",
    "x=1x1x150x7 w=1x1x3x3 dilation=70,1 dtype=float32 data=int:13",
    "x=1x1x7x150 w=1x1x3x3 dilation=1,70 stride=1,40 data=int:14",
    "x=1x1x5x4 w=1x1x3x2 padding=40,1,2,50 dtype=float32 data=int:15",
)


def _as_figure(case: Case, pick: Pick) -> Case:
    """The worked example's shapes, or a figure's, with new whole numbers."""
    dtype, seed = case.dtype, case.seed
    figure = pick((*FIGURES, *EXAMPLES))
    if figure in EXAMPLES:
        stride, pad = figure
        return EDGE.but(
            literal=None, dtype=dtype, data="int", seed=seed, stride=(stride, stride), padding=((pad, pad),) * 2
        )
    size, kernel, stride, pad, dilation = figure
    return Case(
        (1, 1, size, size), (1, 1, kernel, kernel), stride=(stride, stride), padding=((pad, pad),) * 2,
        dilation=(dilation, dilation), dtype=dtype, data="int", seed=seed,
    )


def _has_two_taps(case: Case) -> bool:
    return max(case.kernel) > 1


def _true_convolution_too(case: Case) -> tuple[Call, ...]:
    """The case, and the case with kernel and picture turned by 180 degrees."""
    call = call_of(case)
    return call, call.but(x=call.x[..., ::-1, ::-1], w=call.w[..., ::-1, ::-1])


def _right_layout(hearing: Hearing) -> Finding | None:
    return hearing.judge.shape(hearing.expect(0), hearing.outcomes[0]) or hearing.answer()


REQUIREMENTS = (
    Requirement("DEF-01", ANYTHING, share=10.0, lines=EXTREMES),
    Requirement("DEF-02", EXACT.but(data=("int", "impulse"), padding=("none", "none", "sides"), layouts=("C", "F")),
                accepts=_has_two_taps, calls=_true_convolution_too),
    Requirement("DEF-03", EXACT.but(dtypes=("complex64", "complex128"), data=("int", "int", "wide", "uniform"),
                                    layouts=LAYOUTS),
                needs=(needs_dtype("complex64", "complex128"),)),
    Requirement("DEF-04", EXACT.but(groups="one", layouts=LAYOUTS), judge=_right_layout, needs=(needs_layer,),
                accepts=lambda case: len({*case.x_shape}) > 1),
    Requirement("DEF-05", EXACT.but(dtypes=("float64", "float32", "int64"), stride="one", dilation="one",
                                    padding=("none",)),
                adjust=_as_figure, lines=(EDGE.line, COUNTING.line)),
)
