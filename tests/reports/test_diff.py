"""Two runs compared: what is said, in which order, as text, Markdown and a page, and the same bytes each time."""

import copy
import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from small_runs import CASE, TITLES, Compare, Line, run

from convspec.reports import diff_lines, write_diff
from convspec.reports.diff import LARGEST_SIZE, diff_page
from convspec.reports.diff_severity import Kind
from convspec.reports.diff_text import diff_markdown
from convspec.reports.standing import NOT_HELD
from convspec.reports.words import OUTCOMES

JUDGED = [word for word in OUTCOMES if word not in NOT_HELD]


def old_run() -> list[Line]:
    return run(
        {
            "mine": {"DEF-01": "crashed", "DEF-02": "passed", "PAD-01": "passed", "PAD-02": "skipped"},
            "other": {"DEF-01": "failed", "DEF-02": "failed", "PAD-01": "failed"},
            "gone": {"DEF-01": "failed"},
        }
    )


def new_run() -> list[Line]:
    wrong = {"counterexample": CASE, "diagnosis": {"sentence": "It behaves as if the kernel were flipped."}}
    return run(
        {
            "mine": {
                "DEF-01": ("failed", {"reason": "2 of 9 cases."}),
                "DEF-02": ("failed", wrong),
                "PAD-01": "skipped",
                "PAD-02": "mistrusted",
            },
            "other": {"DEF-01": "failed", "DEF-02": "passed", "PAD-01": "known deviation", "STR-01": "errored"},
            "come": {"DEF-01": "timed out"},
        },
        (*TITLES, "STR-01"),
        date="2026-11-22",
        seed=7,
    )


GOLDEN = """\
1 outcome got worse; 3 newly fail; 2 got better.
  old: 2026-11-01, convspec 0.1.0, seed 0, standard effort, SHA-256 OLD…, unchained: \
written by an earlier release, its lines do not vouch for each other
  new: 2026-11-22, convspec 0.1.0, seed 7, standard effort, SHA-256 NEW…, unchained: \
written by an earlier release, its lines do not vouch for each other
  The runs had not everything in common, which makes the comparison weaker: mine: 1 requirement no longer \
judged and seed.

Got worse (1)
▼ mine DEF-02 ✓ passed → ✗ failed, MUST: No flip
    It behaves as if the kernel were flipped.
    got 11, want 13
    convspec repro 'DEF-02 x=1x1x1x2 `' --adapter mine

Newly failing (3)
✗ come DEF-01 not run → ◷ timed out, MUST: One element
    The adapter is new.
✗ other STR-01 not run → ! errored, MUST: STR-01
    The requirement is new.
✗ mine PAD-02 – skipped → ? mistrusted, MUST: Each side
    Not judged before: skipped.

Got better (2)
▲ mine DEF-01 ‼ crashed → ✗ failed, MUST, still not met: One element
    2 of 9 cases.
▲ other DEF-02 ✗ failed → ✓ passed, MUST: No flip

Changed, neither better nor worse (2)
≠ other PAD-01 ✗ failed → ≈ known deviation, MUST: Zeros
    No improvement: the deviation is declared now, not mended.
≠ mine PAD-01 ✓ passed → – skipped, MUST: Zeros
    It is judged no more, so nothing follows.

Not met before and now (1)
= other DEF-01 failed

Only in the old run
  1 adapter: gone.

Only in the new run
  1 adapter: come.
  1 requirement: STR-01.

What makes the comparison weaker (2)
  mine: 1 requirement no longer judged: judged → skipped. Whether it still meets PAD-01 is not known.
  seed: 0 → 7. Other cases were drawn: what fails now may have been wrong before, and what fails no more may only \
not have been found."""

GOLDEN_MARKDOWN = """\
#### Got worse (1)

- ▼ **mine DEF-02** ✓ passed → ✗ failed, MUST: No flip
  - It behaves as if the kernel were flipped.
  - got 11, want 13
  - `` convspec repro 'DEF-02 x=1x1x1x2 `' --adapter mine ``

#### Newly failing (3)
"""


def test_the_text_as_a_whole(compared: Compare) -> None:
    difference = compared(old_run(), new_run())
    text = "\n".join(diff_lines(difference))
    for name, results in (("OLD", difference.old), ("NEW", difference.new)):
        text = text.replace(results.sha256[:12], name)
    assert text == GOLDEN
    assert difference.exit_status == 1


def test_the_markdown_tells_the_same(compared: Compare) -> None:
    difference = compared(old_run(), new_run())
    text = diff_markdown(difference)
    assert GOLDEN_MARKDOWN in text
    titles = [line[5:] for line in text.splitlines() if line.startswith("#### ")]
    assert titles == [line for line in GOLDEN.splitlines() if line[:1].isupper()]
    assert "| seed | 0 | 7 | Other cases were drawn" in text


def test_a_run_against_itself(compared: Compare) -> None:
    difference = compared(new_run(), new_run())
    assert difference.exit_status == 0
    assert not difference.weaknesses
    assert {change.kind for change in difference.changes} == {Kind.SAME}
    assert difference.headline == "None of 8 outcomes got worse."
    page = diff_page(difference).decode()
    assert "The two files are the same." in page
    assert page.count('<i aria-hidden="true">=</i>') == 6


def test_nothing_in_common_is_not_called_well(compared: Compare) -> None:
    difference = compared(run({"one": {"DEF-01": "passed"}}), run({"two": {"DEF-01": "failed"}}))
    assert difference.exit_status == 0
    assert difference.headline == "Nothing can be compared: the two runs judged nothing in common; 1 newly fails."


@pytest.mark.parametrize("outcome", [word for word in JUDGED if word != "passed"])
def test_whatever_replaces_passed_is_worse(outcome: str, compared: Compare) -> None:
    old, new = ({"mine": {"DEF-01": word}} for word in ("passed", outcome))
    assert compared(run(old), run(new)).exit_status == 1
    assert compared(run(new), run(old)).exit_status == 0


def test_what_comes_first_is_gravest(compared: Compare) -> None:
    ids = ("DEF-01", "DEF-02", "PAD-01")
    old = run({"mine": dict.fromkeys(ids, "passed")})
    new = run({"mine": {"DEF-01": "mistrusted", "DEF-02": "errored", "PAD-01": "crashed"}})
    assert [change.requirement.id for change in compared(old, new).of_kind(Kind.WORSE)] == list(reversed(ids))


def test_small_worlds_are_compared_too(compared: Compare) -> None:
    world = {"type": "exhaustive", "adapter": "mine", "outcome": "passed", "bound": "up to 4", "seconds": 1.0}
    old, new = run({"mine": {"DEF-01": "passed"}}), run({"mine": {"DEF-01": "passed"}})
    without = copy.deepcopy(new)
    old.insert(-1, world)
    new.insert(-1, {**world, "outcome": "failed", "reason": "one geometry is wrong", "counterexample": CASE})
    difference = compared(old, new)
    assert difference.exit_status == 1
    assert "▼ mine exhaustive ✓ passed → ✗ failed" in "\n".join(diff_lines(difference))
    page = diff_page(difference).decode()
    assert 'id="mine-exhaustive"' in page
    difference = compared(old, without)
    assert difference.exit_status == 0
    assert difference.only_old.pairs == (("mine", ("exhaustive",)),)


@pytest.mark.parametrize(
    ("change", "subject", "old", "new"),
    [
        (lambda lines: lines[0].update(effort="quick"), "effort", "standard", "quick"),
        (lambda lines: lines[0].update(effort="thorough"), "effort", "standard", "thorough"),
        (lambda lines: lines[0].update(seed=3), "seed", "0", "3"),
        (lambda lines: lines[0].update(only=["DEF"]), "only", "–", "DEF"),
        (lambda lines: lines[0].update(profile="plane"), "profile asked for", "–", "plane"),
        (lambda lines: lines[0]["suite"].update(version="0.2.0"), "suite", "convspec 0.1.0", "convspec 0.2.0"),
        (lambda lines: lines[0]["environment"].update(python="3.13.1"), "python", "3.11.7", "3.13.1"),
        (lambda lines: lines[0]["environment"]["packages"].update(numpy="2.5"), "numpy", "2.4.6", "2.5"),
        (lambda lines: lines[0]["environment"].update(cpu_flags=["fma"]), "cpu flags", "–", "fma"),
        (lambda lines: lines[1].update(level="SHOULD"), "level of DEF-01", "MUST", "SHOULD"),
        (lambda lines: lines[1].update(statement="Else."), "statement of 1 requirement", "–", "another text"),
        (lambda lines: lines[5].update(versions={"mine": "2.0"}), "mine: mine", "1.0", "2.0"),
        (lambda lines: lines[5].update(versions={}), "mine: mine", "1.0", "–"),
        (lambda lines: lines[5].update(capabilities={"groups": True}), "mine: claims", "–", "groups: yes"),
        (lambda lines: lines[5].update(numerics={"algorithm": "fft"}), "mine: numerics", "–", "algorithm: fft"),
        (
            lambda lines: lines[5].update(deviations=[{"requirements": ["PAD-01"], "reason": "So."}]),
            "mine: deviations declared", "–", "PAD-01: So.",
        ),
        (lambda lines: lines[5].update(isolation="none"), "mine: isolation", "–", "none"),
        (lambda lines: lines.pop(), "completeness", "complete", "INCOMPLETE"),
    ],
)
def test_what_makes_a_comparison_weaker_is_said(
    change: Callable[[list[Line]], object], subject: str, old: str, new: str, compared: Compare
) -> None:
    first, second = run({"mine": {"DEF-01": "passed"}}), run({"mine": {"DEF-01": "passed"}})
    change(second)
    difference = compared(first, second)
    (weakness,) = difference.weaknesses
    assert (weakness.subject, weakness.old, weakness.new) == (subject, old, new)
    assert weakness.follows.endswith(".")
    assert difference.exit_status == 0
    for text in ("\n".join(diff_lines(difference)), diff_markdown(difference), diff_page(difference).decode()):
        assert subject.split(":")[0] in text


def test_fewer_cases_and_more_cases_mean_different_things(compared: Compare) -> None:
    runs = {effort: run({"mine": {"DEF-01": "passed"}}, effort=effort) for effort in ("quick", "standard", "own")}
    told = {pair: compared(runs[pair[0]], runs[pair[1]]).weaknesses[0].follows for pair in permutations(runs, 2)}
    assert told["standard", "quick"].startswith("Fewer cases")
    assert told["quick", "standard"].startswith("More cases")
    assert told["own", "quick"] == told["quick", "own"]


def test_the_page_is_complete(compared: Compare, tmp_path: Path) -> None:
    difference = compared(old_run(), new_run())
    path = write_diff(difference, tmp_path / "out")
    html = path.read_text(encoding="utf-8")
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    for address in ("worse", "newly-failing", "better", "changed", "still-failing", "only", "weaker", "order", "runs",
                    "cite", "mine-DEF-02", "come-DEF-01", "matrix", "case-mine-DEF-02"):
        assert address in ids
    order = [html.index(f'<section id="{name}"') for name in ("worse", "newly-failing", "better", "changed", "weaker")]
    assert order == sorted(order)
    card = html[html.index('<article id="mine-DEF-02"') : html.index("</article>")]
    for text in ("It behaves as if the kernel were flipped.", "got 11, want 13", "convspec repro"):
        assert text in card
    for results in (difference.old, difference.new):
        assert results.sha256 in html
        assert results.sha256[:12] in html[html.index('<section id="cite"') :]
    assert str(tmp_path) not in html
    assert not re.search(r"@import|url\((?!data:)|<link|<img", html)
    assert (tmp_path / "out" / "diff.md").read_text(encoding="utf-8") == diff_markdown(difference)


def test_the_matrix_counts_by_adapter_and_family(compared: Compare) -> None:
    html = diff_page(compared(old_run(), new_run())).decode()
    table = html[html.index('<table class="glance"') : html.index("</table>")]
    cells = {
        re.sub("<[^>]+>", "", row.partition("</th>")[0]): [
            " ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.findall("<td.*?</td>", row)
        ]
        for row in re.findall("<tr>(.*?)</tr>", table, flags=re.DOTALL)[1:]
    }
    assert cells == {
        "mine": ["▼ 1 worse ▲ 1 better", "✗ 1 newly failing ≠ 1 changed", ""],
        "other": ["▲ 1 better", "≠ 1 changed", "✗ 1 newly failing"],
        "come": ["✗ 1 newly failing", "", ""],
    }
    assert 'href="#mine-DEF-02"' in table


def test_the_same_files_give_the_same_bytes(compared: Compare) -> None:
    pages = {diff_page(compared(old_run(), new_run())) for _ in range(2)}
    assert len(pages) == 1


def test_navigation_names_the_pages_beside_it(compared: Compare, tmp_path: Path) -> None:
    difference = compared(old_run(), new_run())
    assert 'class="pages"' not in write_diff(difference, tmp_path / "alone").read_text(encoding="utf-8")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "index.html").touch()
    html = write_diff(difference, tmp_path / "beside").read_text(encoding="utf-8")
    assert '<a href="index.html"' in html
    assert 'aria-current="page"' in html


def test_hostile_texts_do_no_harm(compared: Compare) -> None:
    name = "<script>alert(1)</script>|`*\u202egnp\ud800"
    hostile = {**CASE, "message": "</pre><img src=x onerror=y>\n# no title", "repro": "a\nb `` c"}
    new = run({name: {"DEF-01": ("failed", {"counterexample": hostile, "reason": "<b>\x1b[31m"})}})
    difference = compared(run({name: {"DEF-01": "passed"}}), new)
    assert difference.exit_status == 1
    html, markdown, text = (
        diff_page(difference).decode("utf-8"),
        diff_markdown(difference),
        "\n".join(diff_lines(difference)),
    )
    for shown in (html, markdown):
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert "<b>\\x1b" not in shown
    for shown in (html, markdown, text):
        assert not set("\x1b\u202e\ud800") & set(shown)
    assert "\n# no title" not in markdown
    assert "``` a b `` c ```" in markdown


def test_thousands_of_changes_stay_small_and_regressions_stay_visible(compared: Compare) -> None:
    names = [f"homework/student{number:03}.py:conv" for number in range(300)]
    ids = tuple(f"DEF-{number:02}" for number in range(30))
    long = {"counterexample": {**CASE, "message": "m" * 4000}, "reason": "r" * 4000}
    old = run({name: dict.fromkeys(ids, "passed") for name in names}, ids)
    new = run({name: dict.fromkeys(ids, ("failed", long)) for name in names}, ids)
    difference = compared(old, new)
    page = diff_page(difference)
    assert len(page) < LARGEST_SIZE
    assert b"9000 outcomes got worse." in page
    assert len(diff_lines(difference)) < 1000
    assert "and 8800 more" in diff_markdown(difference)
