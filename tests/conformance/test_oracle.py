"""What is remembered: the same answer for those who ask the same, and room again when it is scarce."""

import pytest

from convspec.conformance import oracle as oracle_module
from convspec.conformance.calls import Trial
from convspec.conformance.case import parse_case
from convspec.conformance.oracle import Oracle
from convspec.conformance.requirements import requirements

CASE = parse_case("x=2x2x5x5 w=2x2x3x3 bias=2 dtype=float32 data=uniform:1")


def asked(oracle: Oracle, id: str) -> Trial:
    return Trial(CASE, oracle.calls_of(id, CASE))


def test_calls_with_the_same_arrays_and_arguments_share_one_answer() -> None:
    oracle, requirement = Oracle(), requirements()["PUR-05"]
    trial = asked(oracle, requirement.id)
    answers = [oracle.of(requirement, trial, call) for call in range(len(trial.calls))]
    # The case, then again, other weights, another picture, other arguments, the case, and two at once.
    assert [answers.index(answer) for answer in answers] == [0, 0, 2, 3, 4, 0, 0, 3]


@pytest.mark.parametrize("change", [{"stride": (2, 2)}, {"padding": "same"}, {"dilation": (2, 1)}, {"groups": 2}])
def test_other_arguments_or_arrays_ask_for_something_else(change: dict[str, object]) -> None:
    (call,) = Oracle().calls_of("DEF-01", CASE)
    assert call.asks_the_same(call.but(layout_x="F", same_buffers=True))
    assert not call.asks_the_same(call.but(**change))
    for name in ("x", "w", "bias"):
        assert not call.asks_the_same(call.but(**{name: getattr(call, name).copy()}))
    assert not call.asks_the_same(call.but(bias=None))


def test_what_is_done_with_is_forgotten_only_if_room_is_scarce(monkeypatch: pytest.MonkeyPatch) -> None:
    oracle, requirement = Oracle(for_several=True), requirements()["DEF-01"]
    trial = asked(oracle, "DEF-01")
    first = oracle.of(requirement, trial, 0)
    oracle.done_with("DEF-01")
    assert oracle.of(requirement, trial, 0) is first
    monkeypatch.setattr(oracle_module, "REMEMBERED", 0)
    oracle.done_with("PUR-05")
    assert oracle.of(requirement, trial, 0) is first
    oracle.done_with("DEF-01")
    assert oracle.of(requirement, trial, 0) is not first
    assert oracle.calls_of("DEF-01", CASE) is not trial.calls
