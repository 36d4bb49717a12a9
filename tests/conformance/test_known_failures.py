"""The file of known failures: what a line may say, what it matches, and what a run makes of it."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from convspec import check
from convspec.cli import parser
from convspec.conformance.case import parse_case
from convspec.conformance.known_failures import read_known

LINK = "https://example.org/issues/1"
CASE = parse_case(
    "x=2x4x9x7 w=6x2x2x3 bias=6 stride=1,3 padding=1,0,2,1 dilation=3,2 groups=2 dtype=bfloat16 layout_w=channels_last "
    "data=uniform:2"
)
ODD = parse_case('x=3x3x3 w=0x1 stride="fast" data=int:1')


def read(tmp_path, *lines):
    file = tmp_path / "known.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_known(file)


def test_lines_comments_and_adapters(tmp_path):
    lines = [f"PAD-01 stride>1 {LINK}", f"  def * {LINK} adapter=mine", f"* stride>=2&groups>1 {LINK}"]
    known = read(tmp_path, "# what we know", "", *lines)
    assert [failure.line for failure in known.failures] == [3, 4, 5]
    assert known.failures[0].requirements == ("PAD-01",)
    assert set(known.failures[1].requirements) >= {"DEF-01", "DEF-02"}
    assert known.failures[2].requirements == ("*",)
    assert [failure.line for failure in known.of("other", "other.py:conv")] == [3, 5]
    assert [failure.line for failure in known.of("mine", "mine.py:conv")] == [3, 4, 5]
    assert known.failures[0].note.reason == "expected by line 3 of known.txt: PAD-01 stride>1"
    assert known.failures[0].note.link == LINK
    header = known.header()
    assert header["file"] == "known.txt"
    assert len(header["sha256"]) == 64
    assert header["lines"][1] == {"line": 4, "text": f"def * {LINK} adapter=mine", "adapter": "mine"}


@pytest.mark.parametrize("predicate", [
    "*", "dtype=bfloat16", "w_dtype=bfloat16", "dtype!=float16", "stride>1", "stride=3", "stride_h=1", "stride_w>=3",
    "dilation=3", "dilation_h = 3", "dilation_w<3", "kernel=3", "kernel_h=2", "kernel_w=3", "groups>1", "batch=2",
    "channels=4", "outputs<=6", "height=9", "width=7", "padding=2", "padding!=same", "layout_x=C",
    "layout_w=channels_last", "layout_bias=C", "data=uniform", "bias=yes", f"id={CASE.id}", "kernel_h!=kernel_w",
    "height>width", "padding<kernel", "dtype=bfloat16 & stride>1 & layout_w=channels_last", "stride>1&bias=yes",
])
def test_predicates_that_hold(tmp_path, predicate):
    (failure,) = read(tmp_path, f"STR-01 {predicate} {LINK}").failures
    assert failure.matches(CASE)


@pytest.mark.parametrize("predicate", [
    "dtype=float16", "stride<=1", "stride_h>1", "kernel_h=kernel_w", "padding=same", "bias=no", "id=0123456789",
    "stride>1 & bias=no", "groups>2", "data=int", "padding=3",
])
def test_predicates_that_do_not_hold(tmp_path, predicate):
    (failure,) = read(tmp_path, f"STR-01 {predicate} {LINK}").failures
    assert not failure.matches(CASE)


@pytest.mark.parametrize("predicate", ["stride>1", "stride_h<2", "channels=7", "groups>1", "padding>0"])
def test_what_cannot_be_asked_of_a_case_does_not_hold(tmp_path, predicate):
    (failure,) = read(tmp_path, f"ERR {predicate} {LINK}").failures
    assert not failure.matches(ODD)


@pytest.mark.parametrize(("line", "told"), [
    ("PAD-01 stride>1", "'PAD-01 stride>1' has no link; a line is REQUIREMENT PREDICATE LINK"),
    (f"PAD-01 {LINK}", "has no predicate; write * for every case of PAD-01"),
    (f"PADD stride>1 {LINK}", "'PADD' is neither a requirement nor a family"),
    (f"PAD strid>1 {LINK}", "'strid' in 'strid>1' is no field; known are stride, stride_h"),
    (f"PAD stride {LINK}", "'stride' is no comparison such as stride>1"),
    (f"PAD stride>1 bias=yes {LINK}", "'stride>1 bias=yes' is no comparison such as"),
    (f"PAD stride>1 & {LINK}", "'' is no comparison"),
    (f"PAD stride>one {LINK}", "'one' in 'stride>one' is no whole number"),
    (f"PAD padding=some {LINK}", "no padding word (valid, same, "),
    (f"PAD padding>same {LINK}", "'>' in 'padding>same' needs numbers"),
    (f"PAD dtype=double {LINK}", "'double' in 'dtype=double' is no dtype; known are float16"),
    (f"PAD layout_x=c {LINK}", "'c' in 'layout_x=c' is no layout_x; known are C, F, channels_last"),
    (f"PAD dtype<float64 {LINK}", "'<' in 'dtype<float64' needs numbers"),
    (f"PAD id=xyz {LINK}", "'xyz' in 'id=xyz' is no id of a case"),
    (f"PAD __import__('os')=1 {LINK}", "is no comparison"),
    (f"PAD stride>1 {LINK} only=mine", "'only=mine' stands after the link, where only adapter=NAME may stand"),
    (f"* * {LINK}", "matches every case of every requirement, so nothing would be verified"),
    (f"* groups>=0 {LINK}", "matches every case of every requirement"),
    (f"* stride>=1 & id!=0123456789 {LINK}", "matches every case of every requirement"),
], ids=lambda value: value[:30])
def test_refusals_name_file_line_and_word(tmp_path, line, told):
    with pytest.raises(ValueError, match=r"^known\.txt, line 2: ") as refused:
        read(tmp_path, "# a comment", line)
    assert told in str(refused.value)


def test_the_lines_and_the_recipe_of_the_readme(tmp_path):
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(# Requirement, family.*?)```", text, re.DOTALL).group(1)
    assert len(read(tmp_path, *block.splitlines()).failures) == 3
    command = re.search(r"- run: convspec (check .*)", text).group(1)
    given = parser().parse_args(shlex.split(command))
    assert (given.known, given.out) == (".convspec-known.txt", "convspec-report")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.txt: the file of known failures cannot be read: No such file"):
        check("vectorized", known=tmp_path / "nowhere.txt")
    (tmp_path / "latin.txt").write_bytes(b"# caf\xe9")
    with pytest.raises(ValueError, match="is not UTF-8, at byte 5"):
        read_known(tmp_path / "latin.txt")


def wrong_where_it_strides(image, kernel, padding=0, stride=1):
    padded = np.pad(image, padding)
    tall, wide = kernel.shape
    rows, columns = (
        range(0, length - size + 1, stride) for length, size in zip(padded.shape, kernel.shape, strict=True)
    )
    answer = np.array([[(padded[i : i + tall, j : j + wide] * kernel).sum() for j in columns] for i in rows])
    return answer + (stride > 2)


@pytest.fixture
def expecting(tmp_path, drawn_once, unexplained):
    """Verify the function that strides wrongly, with lines of known failures."""

    def checked(*lines, **options):
        read(tmp_path, *lines)
        return check(
            wrong_where_it_strides, only=("STR", "LAW-05"), effort="quick", known=tmp_path / "known.txt",
            out=tmp_path / "out", **options,
        )

    return checked


def test_an_expected_failure_is_a_known_deviation(expecting, tmp_path):
    result = expecting(f"* stride>2 {LINK}", f"LAW-05 bias=yes {LINK}")
    assert result.exit_status == 0
    outcomes = {line["requirement"]: line for line in result.verdicts}
    known = [id for id, line in outcomes.items() if line["outcome"] == "known deviation"]
    assert "STR-01" in known
    assert outcomes["STR-01"]["reason"] == "expected by line 1 of known.txt: * stride>2"
    (conclusion,) = result.conclusions.values()
    number = f"{len(known)} known deviation{'s' if len(known) > 1 else ''}"
    assert conclusion.startswith("conforms, for ") or conclusion.startswith("conforms but for ")
    assert conclusion.endswith(f"but for {number} (STR and LAW-05 only)")
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    (adapter,) = (line for line in lines if line["type"] == "adapter")
    assert [(note["known_line"], note["seen"]) for note in adapter["deviations"]] == [(1, True), (2, False)]
    told = (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    assert "line 2 of known.txt matched no failure" in told
    assert "line 1 of known.txt matched" not in told


def test_what_is_not_expected_fails_all_the_same(expecting):
    result = expecting(f"* stride>2 & dtype=float32 {LINK}")
    assert result.exit_status == 1
    (conclusion,) = result.conclusions.values()
    assert conclusion == "does not conform (STR and LAW-05 only)"


def test_a_case_is_known_by_its_id(expecting):
    first = expecting(f"LAW-05 bias=yes {LINK}").failures[0]
    example = first["counterexample"]
    drawn = example.get("drawn", example["id"])
    second = expecting(f"{first['requirement']} id={drawn} {LINK}").failures[0]
    assert second["requirement"] == first["requirement"]
    assert second["counterexample"].get("drawn", second["counterexample"]["id"]) != drawn
