"""What stands in the title, the terminal, the summary and the badge: for what, and but for what, something conforms."""

import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_results import footer, written
from small_runs import Compare, adapter, header, requirement, verdict
from test_results import SCHEMA, concluded

from convspec.reports import badge, read_results, verdict_lines
from convspec.reports.conclusion import Conclusion, conclude
from convspec.reports.diff_text import diff_lines, diff_markdown
from convspec.reports.summary import COLOURS, markdown
from convspec.reports.verdict import verdict_page

Line = dict[str, Any]
Write = Callable[[list[Line]], Path]
IDS = ("DEF-01", "DEF-02", "PAD-01", "PAD-02")
KNOWN = "known deviation"


def ran(outcomes: dict[str, list[str]], *, adapters: dict[str, Line] | None = None, **of_header: Any) -> list[Line]:
    """A whole run: for each adapter the outcomes of `IDS`."""
    ids = IDS[: max(map(len, outcomes.values()))]
    lines = [header(targets=list(outcomes), schema_version=2, **of_header), *map(requirement, ids)]
    lines += [adapter(name, **{"target": name, **(adapters or {}).get(name, {})}) for name in outcomes]
    for name, words in outcomes.items():
        lines += [verdict(name, id, word) for id, word in zip_longest(ids, words, fillvalue="skipped")]
    return [*lines, footer()]


@pytest.mark.parametrize(("conclusion", "words", "symbol", "kind"), [
    (Conclusion("conforms"), "conforms", "✓", "good"),
    (Conclusion("conforms", ("square kernels only",)), "conforms, for square kernels only", "✓", "good"),
    (Conclusion("conforms", ("a", "b", "c")), "conforms, for a, b and c", "✓", "good"),
    (Conclusion("conforms", (), 1), "conforms but for 1 known deviation", "≈", "known"),
    (Conclusion("conforms", (), 10), "conforms but for 10 known deviations", "≈", "known"),
    (Conclusion("conforms", ("a",), 3), "conforms, for a, but for 3 known deviations", "≈", "known"),
    (Conclusion("conforms", (), 3, ("PAD",)), "conforms but for 3 known deviations (PAD only)", "≈", "known"),
    (Conclusion("conforms", selection=("PAD", "STR-01")), "conforms (PAD and STR-01 only)", "✓", "good"),
    # What is not so good is not said of what is bad.
    (Conclusion("does not conform", ("a",), 3, ("PAD",)), "does not conform (PAD only)", "✗", "bad"),
    (Conclusion("nothing verified", ("a",), 3), "nothing verified", "–", "quiet"),
    (Conclusion("incomplete", ("a",), 3), "not finished, without a failure so far", "…", "bad"),
    (Conclusion("unavailable"), "unavailable", "○", "quiet"),
])
def test_the_words_and_the_sign(conclusion: Conclusion, words: str, symbol: str, kind: str) -> None:
    assert (conclusion.words, conclusion.symbol, conclusion.kind) == (words, symbol, kind)


def judged(*outcomes: str, level: str = "MUST") -> list[tuple[str, str, str]]:
    return [(id, level, word) for id, word in zip(IDS, outcomes, strict=False)]


@pytest.mark.parametrize(("verdicts", "state"), [
    (judged("passed", "passed"), "conforms"),
    (judged(KNOWN, "passed", KNOWN), "conforms"),
    (judged(KNOWN, KNOWN, "passed", "passed"), "nothing verified"),
    (judged("skipped", "skipped", "passed", "passed"), "nothing verified"),
    (judged("skipped", "skipped"), "nothing verified"),
    (judged("passed", "passed", "mistrusted"), "does not conform"),
    ([*judged("passed"), ("PAD-02", "SHOULD", "failed")], "conforms"),
    (judged("unavailable"), "unavailable"),
])
def test_the_state_is_drawn_from_the_verdicts(verdicts: list[tuple[str, str, str]], state: str) -> None:
    assert conclude(verdicts).state == state


def test_without_the_definition_nothing_conforms_but_a_selection_may() -> None:
    """A declared deviation that covers the definition leaves nothing to stand on."""
    verdicts = judged(KNOWN, KNOWN, "passed", "passed")
    assert conclude(verdicts, only=("pad",)).words == "conforms but for 2 known deviations (PAD only)"
    assert conclude(verdicts).words == "nothing verified"


def test_a_deviation_counts_only_where_a_failure_would() -> None:
    assert conclude([*judged("passed", KNOWN), ("PAD-01", "SHOULD", KNOWN)]).deviations == 1
    assert conclude([*judged("passed"), ("PAD-01", "DECL", KNOWN)]).deviations == 1


def test_where_more_than_half_of_the_cases_are_left_out_nothing_is_verified() -> None:
    assert conclude(judged("passed"), left_out=0.5).state == "conforms"
    assert conclude(judged("passed"), left_out=0.51).state == "nothing verified"
    assert conclude(judged("passed"), left_out=0.51, only=("DEF",)).state == "conforms"
    assert conclude(judged("failed"), left_out=0.51).state == "does not conform"


def test_a_failure_counts_in_a_run_that_did_not_end() -> None:
    assert conclude(judged("failed"), complete=False).state == "does not conform"
    assert conclude(judged("passed"), complete=False).state == "incomplete"


QUALIFIED = [
    ({}, [KNOWN, "passed", KNOWN, KNOWN], {}, "conforms but for 3 known deviations"),
    ({"limits": ["square kernels only"]}, ["passed"] * 4, {}, "conforms, for square kernels only"),
    ({}, ["skipped", "skipped", "passed", "passed"], {"only": ["pad"]}, "conforms (PAD only)"),
]


@pytest.mark.parametrize(("of_adapter", "outcomes", "of_header", "words"), QUALIFIED)
def test_it_stands_in_title_terminal_summary_and_badge(
    of_adapter: Line, outcomes: list[str], of_header: Line, words: str, write_lines: Write
) -> None:
    lines = ran({"mine": outcomes}, adapters={"mine": of_adapter}, **of_header)
    for line in written(lines):
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    results = read_results(write_lines(lines))
    sign = concluded(results)["mine"].symbol
    assert f"{sign} mine {words}: " in verdict_lines(results)[0]
    assert f"| mine | {sign} {words} |" in markdown(results).replace("\\", "")
    assert f"convspec: {words}" in badge(results)
    page = verdict_page(results).decode()
    head = re.findall("<title>(.*?)</title>", page)[0]
    (first,) = re.findall("<h1>(.*?)</h1>", page)
    title = "PAD only: mine conforms" if of_header else f"mine {words}"
    assert head == f"{title} – convspec"
    assert re.sub("<.*?>", "", first) == f"{title}."
    assert f'<i aria-hidden="true">{sign}</i> <bdi>{words}</bdi>' in page


@pytest.mark.parametrize(("outcomes", "limits", "words", "kind"), [
    ({"a": ["passed"], "b": ["passed"], "c": ["passed"]}, {}, "3 of 3 conform", "good"),
    ({"a": ["passed"], "b": ["passed", KNOWN]}, {}, "2 of 2 conform, 1 with known deviations", "known"),
    ({"a": ["passed"], "b": ["passed"]}, {"a": ["squares"]}, "2 of 2 conform, 1 within limits", "good"),
    ({"a": ["passed"], "b": ["failed"]}, {"a": ["squares"]}, "1 of 2 conform, 1 within limits", "bad"),
    ({"a": ["passed"], "b": ["skipped"]}, {}, "1 of 2 conform", "bad"),
    ({"a": ["passed"], "b": ["unavailable"]}, {}, "conforms", "good"),
    ({"a": ["failed"]}, {}, "does not conform", "bad"),
    ({"a": ["skipped"], "b": ["skipped"]}, {}, "nothing verified", "quiet"),
])
def test_the_badge_of_several_hides_nothing(
    outcomes: dict[str, list[str]], limits: dict[str, list[str]], words: str, kind: str, write_lines: Write
) -> None:
    adapters = {name: {"limits": texts} for name, texts in limits.items()}
    drawn = badge(read_results(write_lines(ran(outcomes, adapters=adapters))))
    assert f">{words}</text>" in drawn
    assert COLOURS[kind] in drawn


def test_the_badge_of_a_run_that_did_not_end(write_lines: Write) -> None:
    outcomes = {"a": ["passed"], "b": ["failed"]}
    assert ">incomplete, 1 of 2 not conforming</text>" in badge(read_results(write_lines(ran(outcomes)[:-1])))
    assert ">does not conform</text>" in badge(read_results(write_lines(ran({"b": ["failed"]})[:-1])))
    assert ">incomplete</text>" in badge(read_results(write_lines(ran({"a": ["passed"]})[:-1])))


def test_the_headline_keeps_apart_what_ends_in_other_words(write_lines: Write) -> None:
    lines = ran({"a": ["passed"], "b": ["passed", KNOWN], "c": ["passed"], "d": ["failed"]})
    first = markdown(read_results(write_lines(lines))).splitlines()[0]
    assert first == "### 1 of 4 adapters does not conform; 1 conforms but for 1 known deviation; 2 conform."


def test_remarks_inform(write_lines: Write) -> None:
    remarks = ["result always float64", "refuses <oblong> pictures"]
    results = read_results(write_lines(ran({"mine": ["passed"]}, adapters={"mine": {"remarks": remarks}})))
    assert verdict_lines(results)[1:] == [f"  {remark}" for remark in remarks]
    assert "  - result always float64\n  - refuses &lt;oblong&gt; pictures\n" in markdown(results)
    page = verdict_page(results).decode()
    assert '<p class="words"><bdi>result always float64</bdi></p>' in page
    assert "refuses &lt;oblong&gt; pictures" in page
    assert concluded(results)["mine"].words == "conforms"


def expected(outcome: str = "passed") -> list[Line]:
    """A run with a file of three known failures; line 2 was seen, line 5 was not, line 7 is for another adapter."""
    texts = {2: "PAD-01 stride>1 https://a.b", 5: "PAD-02 * https://a.b", 7: "DEF * https://a.b adapter=other"}
    known = {
        "file": "known.txt", "sha256": "0" * 64,
        "lines": [{"line": number, "text": text, "adapter": ""} for number, text in texts.items()],
    }
    deviations = [
        {"requirements": ["PAD-01"], "reason": "r", "link": "https://a.b", "seen": True, "known_line": 2},
        {"requirements": ["PAD-02"], "reason": "r", "link": "https://a.b", "seen": False, "known_line": 5},
    ]
    outcomes = {"mine": ["passed", "passed", KNOWN, outcome]}
    return ran(outcomes, adapters={"mine": {"deviations": deviations}}, known=known)


def test_lines_without_a_failure_are_told(write_lines: Write) -> None:
    lines = expected()
    for line in written(lines):
        jsonschema.Draft202012Validator(SCHEMA).validate(line)
    results = read_results(write_lines(lines))
    told = [
        "line 5 of known.txt matched no failure: PAD-02 * https://a.b",
        "line 7 of known.txt matched no failure: DEF * https://a.b adapter=other",
    ]
    assert verdict_lines(results)[-2:] == told
    page = verdict_page(results).decode()
    for text in told:
        assert f"- {text}\n" in markdown(results).replace("\\", "")
        assert text in page
    assert "(line 2 of <bdi>known.txt</bdi>)" in page
    assert f"known.txt, SHA-256 {'0' * 64}" in page


def test_where_not_all_cases_were_tried_nothing_is_told_of_a_line(write_lines: Write) -> None:
    told = verdict_lines(read_results(write_lines(expected("failed"))))
    assert not any("line 5" in line for line in told)
    told = verdict_lines(read_results(write_lines(expected()[:-1])))
    assert not any("matched no failure" in line for line in told)


def test_a_comparison_says_that_the_conclusion_is_another(compared: Compare) -> None:
    old, new = ran({"mine": ["passed"] * 4}), ran({"mine": ["passed", "passed", KNOWN, "passed"]})
    difference = compared(old, new)
    told = "mine: ✓ conforms → ≈ conforms but for 1 known deviation"
    assert f"  {told}" in diff_lines(difference)
    assert f"- {told}" in diff_markdown(difference)
    assert not compared(old, old).conclusions
    limited = ran({"mine": ["passed"] * 4}, adapters={"mine": {"limits": ["squares"]}})
    (ended,) = compared(old, limited).conclusions
    assert ended.words == "✓ conforms → ✓ conforms, for squares"
