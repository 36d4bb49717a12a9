"""The accuracy page and its file: what is shown, refused, escaped, and the same bytes each time."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from page_reader import Reader, check_page, heading

from convspec.conformance.accuracy import FLOATS
from convspec.conformance.betrayal import VERDICTS
from convspec.reports import read_accuracy, write_accuracy_page
from convspec.reports.accuracy import accuracy_page
from convspec.reports.accuracy_figures import binned, shares, tree
from convspec.reports.accuracy_file import DTYPES, MOST_TERMS
from convspec.reports.accuracy_file import VERDICTS as READ_VERDICTS
from convspec.reports.accuracy_records import Sum
from convspec.reports.accuracy_views import groups, rows
from convspec.reports.fields import ResultsError

Line = dict[str, Any]
HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x\u202e\x07{{ 7*7 }}'
SAMPLE = Path(__file__).with_name("accuracy-sample.jsonl")
LINES = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def sample() -> list[Line]:
    return copy.deepcopy(LINES)


def of_kind(lines: list[Line], kind: str, **members: Any) -> Line:
    return next(line for line in lines if line["type"] == kind and members.items() <= line.items())


def write(folder: Path, lines: list[Line]) -> Path:
    path = folder / "accuracy.jsonl"
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def page_of(folder: Path, lines: list[Line]) -> str:
    return accuracy_page(read_accuracy(write(folder, lines))).decode("utf-8")


def test_the_first_sentence_answers(tmp_path: Path) -> None:
    found = heading(page_of(tmp_path, sample()))
    wanted = "All errors stay below their bounds; the worst of sums made in their own type is 0.8 of it, "
    assert found.startswith(wanted)
    lines = sample()
    of_kind(lines, "measured", adapter="torch", dtype="float32", terms=9)["worst_bound"] = 3.5
    of_kind(lines, "betrayed", adapter="torch", about="accumulator")["verdict"] = "contradicts"
    broken = page_of(tmp_path, lines)
    assert heading(broken) == (
        "Errors exceed the bound in 1 type of 10; it is 3.5 times the bound, torch float32. "
        "1 answer contradicts what is declared."
    )
    assert "CONTRADICTION." in broken
    assert "3.5 ✗" in Reader(broken).text
    of_kind(lines, "measured", adapter="scipy", dtype="float64", terms=1)["worst_bound"] = "inf"
    assert "the worst is infinitely many times the bound, scipy float64" in heading(page_of(tmp_path, lines))


def test_a_file_without_its_end_is_shown_as_such(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample()[:-1])
    assert heading(html).startswith("So far: ")
    assert "INCOMPLETE." in html
    for count in (1, 2, 4, 40):
        check_page(page_of(tmp_path, sample()[:count]), ("https://", "http://", "data:"))
    assert heading(page_of(tmp_path, sample()[:1])) == "Nothing has been measured so far."


def test_the_page_stands_alone_and_has_its_figures(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    page = check_page(html, ("https://", "http://", "data:"))
    for dtype in DTYPES:
        assert {f"fig-growth-{dtype}", f"fig-ulps-{dtype}", f"fig-shares-{dtype}"} <= set(page.ids)
    assert {"fig-bounds", "adapter-data-scipy", "adapter-sum-1-torch", "adapter-sum-2-torch"} <= set(page.ids)
    assert "√n" in html
    for word in ("correctly rounded", "ulp", "bound", "agrees", "nothing declared"):
        assert word in page.text


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_accuracy_page(SAMPLE, tmp_path / "a" / "accuracy.html")
    two = write_accuracy_page(SAMPLE, tmp_path / "b" / "accuracy.html")
    assert one.read_bytes() == two.read_bytes()
    beside = write_accuracy_page(SAMPLE, tmp_path / "c" / "accuracy.html", [("index.html", "Verdict")])
    assert b'<a href="index.html">' in beside.read_bytes()


def test_strangers_texts_stay_texts(tmp_path: Path) -> None:
    lines = sample()
    for line in lines:
        if line.get("adapter") == "torch":
            line["adapter"] = HOSTILE
        for name in ("case", "got", "want", "repro", "evidence", "said", "about", "declared", "reason"):
            if isinstance(line.get(name), str):
                line[name] = HOSTILE + line[name]
    of_kind(lines, "adapter", id="torch").update(id=HOSTILE, name=HOSTILE, versions={HOSTILE: HOSTILE})
    lines[0]["environment"]["cpu"] = HOSTILE
    for regime in lines[0]["regimes"]:
        regime["says"] = HOSTILE
    html = page_of(tmp_path, lines)
    check_page(html, ("https://", "http://", "data:"))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "{{ 7*7 }}" in html
    assert "\u202e" not in html


def test_many_and_long_names_stay_below_the_size_of_a_page(tmp_path: Path) -> None:
    lines = sample()
    torch = [line for line in lines if line.get("adapter", line.get("id")) == "torch"]
    crowd = []
    for number in range(12):
        name = f"homework/someone-{number:02}/with/a/long/path/convolution.py:conv"
        for line in torch:
            crowd.append({**line, ("id" if line["type"] == "adapter" else "adapter"): name})
    html = page_of(tmp_path, [*lines[:-1], *crowd, lines[-1]])
    check_page(html, ("https://", "http://", "data:"))


def change(kind: str, /, **members: Any) -> Callable[[list[Line]], None]:
    return lambda lines: of_kind(lines, kind).update(members)


def deep(levels: int) -> Any:
    found: Any = 0
    for term in range(1, levels):
        found = [found, term]
    return found


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda lines: lines.pop(0), "the header must be the first line"),
        (lambda lines: lines.append(lines[-1]), "comes after the footer"),
        (change("header", schema_version=2), "schema_version is 2"),
        (change("header", kind="proof"), "'kind' must be one of accuracy"),
        (change("adapter", id="other"), "adapter 'scipy' has no line of its own"),
        (lambda lines: lines.insert(2, lines[1]), "comes a second time"),
        (change("measured", dtype="float8"), "'dtype' must be one of"),
        (change("measured", correct=65), "65 correct and 0 not finite of only 64 outputs"),
        (change("measured", worst_bound=-1.0), "'worst_bound' must be at least 0"),
        (change("measured", worst_ulp="nan"), "'worst_ulp' must be at least 0"),
        (change("measured", terms=0), "'terms' must be at least 1"),
        (lambda lines: lines.insert(-1, of_kind(lines, "measured")), "comes a second time"),
        (lambda lines: lines.insert(-1, of_kind(lines, "spread")), "comes a second time"),
        (change("spread", ulps={"many": 3}), "must be a power of two"),
        (change("spread", bounds={"0": -3}), "must be a count"),
        (change("betrayed", verdict="perhaps"), "'verdict' must be one of"),
        (change("betrayed", sum={"tree": [0, 0], "fused": [], "reproduced": 0, "tried": 0}), "each once"),
        (change("betrayed", sum={"tree": [[0], 1], "fused": [], "reproduced": 0, "tried": 0}), "two branches"),
        (change("betrayed", sum={"tree": [0, True], "fused": [], "reproduced": 0, "tried": 0}), "two branches"),
        (change("betrayed", sum={"tree": [0, 1], "fused": [2], "reproduced": 0, "tried": 0}), "terms of the tree"),
        (change("betrayed", sum={"tree": [0, 1], "fused": [], "reproduced": 2, "tried": 1}), "2 reproduced of only 1"),
        (change("betrayed", sum={"tree": deep(MOST_TERMS + 3), "fused": [], "reproduced": 0, "tried": 0}), "at most"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(
    spoil: Callable[[list[Line]], object], told: str, tmp_path: Path
) -> None:
    lines = sample()
    spoil(lines)
    with pytest.raises(ResultsError, match=r"accuracy\.jsonl, line \d+.*: .*") as raised:
        read_accuracy(write(tmp_path, lines))
    assert told in str(raised.value)


def test_a_file_without_a_header_or_a_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ResultsError, match="header line is missing"):
        read_accuracy(tmp_path / "empty")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_accuracy(tmp_path / "nothing")


def test_the_reader_knows_the_words_of_the_writer() -> None:
    assert set(DTYPES) == set(FLOATS)
    assert set(READ_VERDICTS) == set(VERDICTS)


def test_rows_and_groups_say_what_the_lines_say() -> None:
    accuracy = read_accuracy(SAMPLE)
    found = {(row.adapter, row.dtype): row for row in rows(accuracy)}
    lines = [line for line in accuracy.measured if (line.adapter, line.dtype) == ("torch", "float32")]
    row = found["torch", "float32"]
    assert row.correct == sum(line.correct for line in lines)
    assert row.longer is not None
    assert row.longer.worst_bound == max(line.worst_bound for line in lines if line.terms > 1)
    assert found["torch", "complex64"].ulp is None
    told = groups(accuracy, "torch")
    assert sum(len(group.dtypes) for group in told) == sum(line.adapter == "torch" for line in accuracy.betrayed)
    assert len(told) < sum(line.adapter == "torch" for line in accuracy.betrayed)


def test_a_tree_is_drawn_with_a_bar_for_each_addition() -> None:
    drawn = ElementTree.fromstring(tree(Sum(((0, 2), (1, 3)), 4, 2, (), 1, 1), "a & b"))
    assert drawn.findtext("title") == "a & b"
    assert drawn.findtext("desc") == (
        "4 terms, the longest path has 2 additions; from left to right the terms 1, 3, 2, 4"
    )
    path = drawn.find("path")
    assert path is not None
    assert path.attrib["d"].count("H") == 3
    assert [text.text for text in drawn.findall("text")[1:]] == ["1", "3", "2", "4"]


def test_shares_are_told_in_words_too() -> None:
    drawn = ElementTree.fromstring(shares([("one", "disc", [0.25, 0.75]), ("two", "ring", [1.0, 0.0])],
                                          ["small", "large"], "error", "shares", 400))
    assert drawn.findtext("desc") == "one: small 25.0%, large 75.0%; two: small 100.0%"
    assert len(drawn.findall("circle")) == 3 + 2
    assert binned({"exact": 1, "-30": 1, "-2": 1, "3": 1, "inf": 1}, -2, 0) == [3, 0, 0, 2]
