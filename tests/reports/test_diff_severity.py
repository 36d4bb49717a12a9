"""The order of outcomes, and what a change between two of them amounts to."""

from itertools import permutations, product

import pytest

from convspec.reports.diff_severity import SEVERITY, Kind, kind_of_change, severity
from convspec.reports.standing import NOT_HELD
from convspec.reports.words import OUTCOMES

JUDGED = [word for word in OUTCOMES if word not in NOT_HELD]


def test_every_outcome_has_one_place_in_the_order() -> None:
    assert sorted(SEVERITY) == sorted(OUTCOMES)
    places = [severity(word) for word in SEVERITY]
    assert places == list(range(len(OUTCOMES)))
    kinds = [OUTCOMES[word].kind for word in SEVERITY]
    # The kinds do not interleave: what check counts as bad is worse than everything else.
    assert kinds == sorted(kinds, key=["good", "quiet", "known", "bad"].index)


def test_the_bad_ones_are_ordered_by_what_they_take_from_whoever_calls() -> None:
    bad = [word for word in SEVERITY if OUTCOMES[word].kind == "bad"]
    told = "unexpectedly passing, mistrusted, errored, failed, timed out, out of memory, crashed"
    assert bad == told.split(", ")


def test_of_two_judged_outcomes_one_is_worse_and_without_judgement_neither() -> None:
    for one, other in permutations(OUTCOMES, 2):
        there, back = kind_of_change(one, other), kind_of_change(other, one)
        if one in JUDGED and other in JUDGED:
            assert [there, back].count(Kind.WORSE) == 1
            assert {there, back} <= {Kind.WORSE, Kind.BETTER, Kind.CHANGED}
        else:
            assert {there, back} <= {Kind.CHANGED, Kind.NEWLY_FAILING}


def test_the_order_is_transitive_where_it_judges() -> None:
    for a, b, c in product(JUDGED, repeat=3):
        if kind_of_change(a, b) is kind_of_change(b, c) is Kind.WORSE:
            assert kind_of_change(a, c) is Kind.WORSE


@pytest.mark.parametrize("old", OUTCOMES)
def test_a_claim_that_is_dropped_is_worse_where_it_was_met(old: str) -> None:
    for new in OUTCOMES:
        lost = kind_of_change(old, new, unclaimed=True)
        if (old, new) == ("passed", "skipped"):
            assert lost is Kind.WORSE
        else:
            assert lost is kind_of_change(old, new)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("passed", "failed", Kind.WORSE),
        ("passed", "mistrusted", Kind.WORSE),
        ("passed", "known deviation", Kind.WORSE),
        ("failed", "crashed", Kind.WORSE),
        ("crashed", "failed", Kind.BETTER),
        ("mistrusted", "passed", Kind.BETTER),
        ("known deviation", "passed", Kind.BETTER),
        ("failed", "mistrusted", Kind.CHANGED),
        ("failed", "known deviation", Kind.CHANGED),
        ("passed", "skipped", Kind.CHANGED),
        ("failed", "skipped", Kind.CHANGED),
        ("skipped", "passed", Kind.CHANGED),
        ("planned", "info", Kind.CHANGED),
        ("skipped", "failed", Kind.NEWLY_FAILING),
        ("unavailable", "mistrusted", Kind.NEWLY_FAILING),
        (None, "failed", Kind.NEWLY_FAILING),
        (None, "passed", Kind.COME),
        (None, "known deviation", Kind.COME),
        ("failed", None, Kind.GONE),
        ("failed", "failed", Kind.SAME),
    ],
)
def test_what_a_change_amounts_to(old: str | None, new: str | None, kind: Kind) -> None:
    assert kind_of_change(old, new) is kind
