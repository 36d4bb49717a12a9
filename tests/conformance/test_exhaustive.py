"""Small worlds, whole: nothing is left out, wrong formulas are convicted, right ones are not."""

import itertools
import json
import os
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from convspec.adapters import vectorized
from convspec.adapters.benign import BENIGN
from convspec.adapters.faulty import FAULTS
from convspec.adapters.loading import adapt
from convspec.adapters.protocol import Capabilities, Deviation, Exclusion, Numerics
from convspec.conformance import exhaustive, world_answers
from convspec.conformance.battery import Battery
from convspec.conformance.calls import call_of
from convspec.conformance.case import parse_case
from convspec.conformance.child import start
from convspec.conformance.engine import Verifier
from convspec.conformance.exhaustive import Explorer, broken, line_for_proof, world_line
from convspec.conformance.expected import SuiteError
from convspec.conformance.oracle import Oracle
from convspec.conformance.proving import Known
from convspec.conformance.waiting import TimeLimits
from convspec.conformance.world import ALONE, Channels, World, part_of
from convspec.conformance.world_answers import Answers, right_answer
from convspec.reference import conv2d

SMALL = World(size=3, kernel=2, stride=2, dilation=2, pad=1)
TINY = World(size=2, kernel=2, stride=2, dilation=1, pad=1)
SCHEMAS = Path(__file__).resolve().parents[2] / "reports"
_ANSWERS = Answers()
PATIENT = TimeLimits()


class Right:
    """The reference's answers with claims of its own."""

    name = "right"
    versions = {}
    numerics = Numerics()
    deviations = ()

    def __init__(self, capabilities=None, answer=conv2d, **members):
        self.capabilities = capabilities or Capabilities()
        self.answer = answer
        self.__dict__.update(members)

    def conv2d(self, x, w, bias, *, stride, padding, dilation, groups):
        return self.answer(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def explored(adapter, world=SMALL, limits=PATIENT, **settings):
    """The line of an adapter that is given as an object."""
    child = start(adapter.name, adapter=adapter, limits=limits)
    try:
        verifier = Verifier(adapter.name, child, Battery(0, "quick"), Oracle(), **settings)
        return world_line(Explorer(verifier, world, _ANSWERS), "a:b")
    finally:
        child.close()


CONVICTED = (
    "stride-ignored-on-width", "strides-swapped", "dilation-of-height-for-both", "output-transposed",
    "row-pitch-is-the-height", "stride-swapped-on-thin-output",
    "stride-clamped-to-kernel", "stride-starts-in-the-middle", "dilation-counts-gaps", "dilation-of-a-single-tap",
    "size-rounded-to-nearest", "exact-fit-lost",
    "pads-on-the-wrong-side", "end-pad-dropped", "pads-read-in-another-order", "pads-limited-to-kernel",
    "right-padding-holds-the-next-row", "bias-missing-in-the-padding",
    "groups-reversed", "last-group-left-out", "bias-restarts-with-each-group", "padding-moved-in-depthwise",
    "kernel-flipped-horizontally", "channels-averaged", "bias-subtracted", "weight-buffer-taps-first",
)


@pytest.mark.parametrize("id", CONVICTED)
def test_faults_of_geometry_are_convicted(id):
    line = explored(Known(FAULTS[id]), shrinks=False)
    assert line["outcome"] in ("failed", "crashed")
    assert line["failures"] == 1
    assert line["geometries"] < 200
    assert "probability" not in line


@pytest.mark.parametrize(
    ("id", "beyond", "within"),
    [
        ("stride-three-is-two", World(3, 1, 2, 1, 0, (ALONE,)), World(3, 1, 3, 1, 0, (ALONE,))),
        ("dilation-of-the-first-gap-only", World(4, 2, 1, 2, 1, (ALONE,)), World(4, 3, 1, 2, 1, (ALONE,))),
        ("pads-limited-to-picture", World(2, 2, 1, 1, 1, (ALONE,)), World(2, 2, 1, 1, 2, (ALONE,))),
        ("multiplier-ignored", TINY, World(2, 2, 1, 1, 0, (Channels(1, 1, 2, 2, False),))),
    ],
)
def test_a_fault_beyond_the_bound_is_not_seen_and_within_it_is(id, beyond, within):
    adapter = Known(FAULTS[id])
    assert explored(adapter, beyond)["outcome"] == "passed"
    assert explored(adapter, within, shrinks=False)["outcome"] == "failed"


def test_a_failure_is_made_small_and_can_be_repeated():
    line = explored(Known(FAULTS["stride-clamped-to-kernel"]))
    found = line["counterexample"]
    assert found["repro"] == f"convspec repro '{found['case']}' --adapter a:b"
    id, _, text = found["case"].partition(" ")
    case = parse_case(text)
    assert id == "DEF-01"
    assert max(case.stride) > min(case.kernel)
    assert case.numbers <= 6
    assert line["reason"] == found["message"]


def test_a_world_that_passes_says_how_sure_it_is():
    line = explored(Right(), TINY)
    assert (line["outcome"], line["geometries"], line["total"]) == ("passed", TINY.total, TINY.total)
    assert line["set_size"] == 2**20
    assert line["probability"] == 2 / 2**20
    assert line["confidence"].startswith("if the formula of any one of these geometries were wrong, all of them would")
    assert line["elements"] == sum(
        rows.outputs * columns.outputs * channels.batch * channels.filters * channels.groups
        for rows, columns, channels in itertools.product(TINY.axes, TINY.axes, TINY.channels)
    )
    assert line["loosest"] == 0


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_other_element_types_have_sets_of_their_own(dtype):
    line = explored(Right(Capabilities(dtypes=(dtype,))), TINY)
    assert (line["outcome"], line["dtype"]) == ("passed", dtype)
    assert line["set_size"] == {"float32": 2**8, "int64": 2**24}[dtype]
    assert line["restricted"] == [f"it does not claim float64: the numbers are {dtype}"]
    wrong = Right(Capabilities(dtypes=(dtype,)), lambda *given, **more: conv2d(*given, **more) + 1)
    assert explored(wrong, TINY, shrinks=False)["outcome"] == "failed"


def test_a_geometry_that_is_not_waited_for_is_neither_right_nor_wrong():
    def answer(x, w, bias, *, stride, **rest):
        if stride[1] > 1:
            time.sleep(600)
        return conv2d(x, w, bias, stride=stride, **rest)

    line = explored(Right(answer=answer), limits=TimeLimits(hangs=0))
    assert (line["outcome"], line["failures"]) == ("mistrusted", 0)
    assert "it is not waited for any longer" in line["reason"]
    assert 0 < line["geometries"] < SMALL.total
    assert "counterexample" not in line
    told = broken(None, line)
    assert (told["requirement"], told["outcome"]) == ("DEF-01", "mistrusted")
    assert "counterexample" not in told


def test_no_element_type_nothing_asked():
    line = explored(Right(Capabilities(dtypes=("complex128",))), TINY)
    assert (line["outcome"], line["geometries"], line["set_size"]) == ("skipped", 0, 0)


@pytest.mark.parametrize("id", ["fourier-declared", "little-claimed", "einsum"])
def test_correct_variants_pass(id):
    line = explored(Known(BENIGN[id]), TINY)
    assert line["outcome"] == "passed"
    assert line["probability"] == 2 / 2**20
    assert (line["loosest"] > 0) == (id == "fourier-declared")
    assert any("allows an error" in reason for reason in line["restricted"]) == (id == "fourier-declared")


def test_a_bound_too_wide_claims_no_probability():
    def rounded(x, w, bias, **more):
        return conv2d(x, w, bias, **more) * (1 + 2.0**-12)

    line = explored(Right(answer=rounded, numerics=Numerics(input_precision=11)), TINY)
    assert line["outcome"] == "passed"
    assert line["loosest"] > 0.5
    assert "probability" not in line
    assert "no probability is claimed" in line["restricted"][-1]


def test_a_function_of_planes():
    def plane(image, kernel, padding=0, stride=1):
        if image.ndim != 2:
            raise ValueError("one picture")
        return conv2d(image, kernel, padding=padding, stride=stride)

    line = explored(adapt(plane, "plane"), SMALL)
    assert line["outcome"] == "passed"
    assert "profile plane" in line["restricted"][0]
    assert line["total"] == len(part_of(SMALL, Capabilities(profile="plane", dilation="none")).pairs)


def test_odd_cells_and_known_deviations_are_counted_and_said():
    def off(x, w, bias, *, stride, **more):
        return conv2d(x, w, bias, stride=stride, **more) + (stride == (2, 2)) + (stride == (1, 2))

    claims = Capabilities(exclusions=(Exclusion("stride 2 in both", lambda case: case.stride == (2, 2)),))
    known = Deviation(("DEF-01",), "stride 2 across adds 1", "", lambda case: case.stride == (1, 2))
    line = explored(Right(claims, off, deviations=(known,)), TINY)
    by_stride = {
        stride: sum((rows.stride, columns.stride) == stride for rows, columns in part_of(TINY, claims).pairs) * 3
        for stride in ((1, 1), (1, 2), (2, 1), (2, 2))
    }
    assert line["outcome"] == "passed"
    assert line["geometries"] == by_stride[1, 1] + by_stride[2, 1]
    assert line["restricted"] == [
        f"{by_stride[2, 2]} not claimed: stride 2 in both",
        f"{by_stride[1, 2]} differ as is known: stride 2 across adds 1",
    ]
    assert explored(Right(claims, off), TINY, shrinks=False)["outcome"] == "failed"


def test_a_crash_and_a_hang_are_failures_like_others():
    def crashes(x, w, bias, *, stride, **more):
        if stride == (2, 1):
            os.abort()
        return conv2d(x, w, bias, stride=stride, **more)

    line = explored(Right(answer=crashes), TINY)
    assert line["outcome"] == "crashed"
    assert "SIGABRT" in line["reason"]
    assert parse_case(line["counterexample"]["case"].partition(" ")[2]).stride == (2, 1)


def test_a_fault_of_state_tells_its_history():
    class Remembering(Right):
        calls = 0

        def conv2d(self, x, w, bias, **more):
            self.calls += 1
            return conv2d(x, w, bias, **more) + (self.calls > 5)

    line = explored(Remembering(), TINY)
    assert line["outcome"] == "failed"
    assert line["counterexample"]["history"]


@pytest.mark.parametrize("every", [1, 10**9])
def test_a_wrong_screen_is_the_suites_fault(monkeypatch, every):
    """Seen by the definition itself, and by the judge, who finds nothing where the screen does not clear."""
    monkeypatch.setattr(world_answers, "right_answer", lambda *given: right_answer(*given) + 1)
    monkeypatch.setattr(world_answers, "VERIFIED_EVERY", every)
    adapter = Right()
    child = start(adapter.name, adapter=adapter)
    verifier = Verifier(adapter.name, child, Battery(0, "quick"), Oracle())
    with pytest.raises(SuiteError, match="screen of the small worlds and the "):
        # Of the first chunk the very first geometry is always held against the definition.
        Explorer(verifier, TINY, _Skipping() if every > 1 else Answers()).explore()
    child.close()


class _Skipping(Answers):
    """Answers of which none is held against the definition."""

    def of(self, part, number, geometries):
        for rows, columns, channels, case in geometries:
            yield right_answer(rows, columns, channels, call_of(case)) + 1


def test_answers_are_shared_and_stay_the_same(monkeypatch):
    answers = Answers()
    part = part_of(TINY, Capabilities())
    geometries = next(world_answers.chunks(part))
    first = list(answers.of(part, 0, geometries))
    monkeypatch.setattr(world_answers, "right_answer", None)
    # Another adapter with equal claims.
    again = list(answers.of(part_of(TINY, Capabilities(zero_channels=False)), 0, geometries))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    with pytest.raises(TypeError):
        next(answers.of(part_of(TINY, Capabilities(bias=False)), 0, geometries))


@pytest.mark.parametrize("target", ["vectorized", "reference"])
def test_the_line_for_the_proof_is_what_its_schema_says(target):
    schema = json.loads((SCHEMAS / "proof.schema.json").read_text("utf-8"))
    line = line_for_proof(target, world=TINY)
    assert (line["adapter"], line["outcome"], line["failures"]) == (target, "passed", 0)
    jsonschema.Draft202012Validator(schema).validate(line)


def test_one_padding_row_beside_one_picture_row():
    """A single tap, one output row because of the stride, and as many rows as the picture: once taken for plain."""
    line = explored(
        Right(answer=vectorized.adapter.conv2d), World(1, 1, 2, 1, 1, (ALONE,))
    )
    assert line["outcome"] == "passed"


def test_the_definition_is_broken_by_a_world():
    line = explored(Known(FAULTS["stride-ignored"]), TINY)
    passed = {"adapter": "stride-ignored", "requirement": "DEF-01", "outcome": "passed", "reason": "", "cases": 7}
    told = broken(passed, line)
    assert (told["outcome"], told["cases"]) == ("failed", 7)
    assert told["reason"].endswith("(found in the small worlds)")
    assert told["counterexample"] == line["counterexample"]
    assert broken(None, line)["requirement"] == "DEF-01"
    assert broken({**passed, "outcome": "failed"}, line) is None
    assert broken(passed, {**line, "outcome": "passed"}) is None


def test_the_usual_world_is_the_one_of_the_command(monkeypatch):
    monkeypatch.setattr(exhaustive, "WORLD", TINY)
    child = start("vectorized")
    assert Explorer(Verifier("vectorized", child, Battery(0, "quick"), Oracle())).world is TINY
    child.close()
