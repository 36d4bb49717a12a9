"""What verdicts amount to, and the exit status; the reports read the same out of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convspec.conformance.catalogue import catalogue
from convspec.conformance.conclusion import DECIDING, DEFINING, STATES, exit_status_of, state_of
from convspec.conformance.results import BAD, OUTCOMES
from convspec.reports import conclude, conclusion
from convspec.reports.words import OUTCOMES as SHOWN

SOME = ("DEF-01", "DEF-02", "PAD-01", *(id for id, entry in catalogue().items() if entry.level != "MUST"))


@given(st.dictionaries(st.sampled_from(SOME), st.sampled_from(OUTCOMES)), st.booleans())
def test_suite_and_reports_conclude_the_same(outcomes, whole):
    lines = [{"requirement": id, "outcome": outcome} for id, outcome in outcomes.items()]
    state = state_of(lines, whole=whole)
    judged = [(id, catalogue()[id].level, outcome) for id, outcome in outcomes.items()]
    assert conclude(judged, only=() if whole else ("PAD",)).state == state


def test_suite_and_reports_use_the_same_words():
    assert conclusion.DECIDING == DECIDING
    assert conclusion.DEFINING == DEFINING
    assert set(conclusion.STATES) == {*STATES, "incomplete"}
    assert {word for word in OUTCOMES if SHOWN[word].kind == "bad"} == set(BAD)


ENDED = {"whole": True, "complete": True, "began": True}


@pytest.mark.parametrize(("states", "changes", "status"), [
    (["conforms"], {}, 0),
    (["conforms", "unavailable"], {}, 0),
    (["conforms", "does not conform"], {}, 1),
    (["does not conform"], {"complete": False}, 1),
    (["conforms"], {"complete": False}, 5),
    (["nothing verified"], {"complete": False}, 5),
    (["nothing verified"], {"complete": False, "began": False}, 3),
    (["nothing verified"], {}, 3),
    (["unavailable"], {}, 3),
    # Of the whole catalogue, each must be verified; a selection may hold nothing that one of them claims.
    (["conforms", "nothing verified"], {}, 3),
    (["conforms", "nothing verified"], {"whole": False}, 0),
])
def test_the_exit_status(states, changes, status):
    assert exit_status_of(states, **ENDED | changes) == status
