"""What verdicts amount to, and the exit status; the reports read the same out of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convspec.conformance.catalogue import catalogue
from convspec.conformance.conclusion import counts_against, left_out, state_of_lines
from convspec.conformance.results import OUTCOMES
from convspec.reports import conclude
from convspec.reports.words import OUTCOMES as SHOWN
from convspec.rules import BAD, exit_status_of

SOME = ("DEF-01", "DEF-02", "PAD-01", *(id for id, entry in catalogue().items() if entry.level != "MUST"))
COUNTS = st.tuples(*[st.integers(0, 9)] * 3).filter(lambda counts: counts[2] <= counts[0])


@given(st.dictionaries(st.sampled_from(SOME), st.tuples(st.sampled_from(OUTCOMES), COUNTS)), st.booleans())
def test_suite_and_reports_conclude_the_same(verdicts, whole):
    lines = [
        {"requirement": id, "outcome": outcome, "cases": cases, "excluded": excluded, "excused": excused}
        for id, (outcome, (cases, excluded, excused)) in verdicts.items()
    ]
    state = state_of_lines(lines, whole=whole)
    judged = [(id, catalogue()[id].level, outcome) for id, (outcome, _) in verdicts.items()]
    assert conclude(judged, left_out=left_out(lines), only=() if whole else ("PAD",)).state == state
    assert (state == "does not conform") == any(map(counts_against, lines))


def test_suite_and_reports_use_the_same_words():
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
