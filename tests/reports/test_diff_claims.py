"""What is no longer claimed: a loss for whoever relied on it, unless the run asked for less."""

from typing import Any

import pytest
from small_runs import Compare, run

from convspec.reports import diff_lines
from convspec.reports.diff_severity import Kind

CLAIMS: list[dict[str, Any]] = [
    {"capabilities": {"groups": False}},
    {"not_claimed": [{"feature": "groups", "reason": "its signature has no parameter of that name"}]},
    {"profile": "plane"},
]


@pytest.mark.parametrize("claims", CLAIMS)
def test_a_capability_that_is_lost_is_a_regression(claims: dict[str, Any], compared: Compare) -> None:
    old = run({"mine": {"DEF-01": "passed", "PAD-01": "passed", "PAD-02": "known deviation"}})
    skipped = ("skipped", {"reason": "not claimed: it does not know groups"})
    new = run({"mine": {"DEF-01": "passed", "PAD-01": skipped, "PAD-02": skipped}})
    assert compared(old, new).exit_status == 0
    next(line for line in new if line["type"] == "adapter").update(claims)
    difference = compared(old, new)
    assert difference.exit_status == 1
    assert [change.requirement.id for change in difference.of_kind(Kind.WORSE)] == ["PAD-01"]
    text = "\n".join(diff_lines(difference))
    assert "▼ mine PAD-01 ✓ passed → – skipped" in text
    assert "No longer verified: the adapter does not claim it any more." in text
    assert "not claimed: it does not know groups" in text
    # What deviated and is dropped is no loss, and still says that nothing follows.
    assert "Whether it still meets PAD-02 is not known." in text
    # The other way round nothing is lost.
    assert compared(new, old).exit_status == 0


def test_a_run_that_asks_for_less_says_nothing_about_claims(compared: Compare) -> None:
    old = run({"mine": {"DEF-01": "passed", "PAD-01": "passed"}})
    new = run({"mine": {"DEF-01": "passed", "PAD-01": "skipped"}}, profile="plane")
    next(line for line in new if line["type"] == "adapter").update(profile="plane")
    assert compared(old, new).exit_status == 0
