"""What is published names the kind of a case that ends a library, and withholds its input, everywhere."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from all_pages import make_whole_run
from harmful_results import SECRETS, harming, lines_with, results_with, said
from sample_results import array, sample, world, write

import convspec
from convspec.edition import MEASURED, publish
from convspec.reports import ResultsError, published, read_results, unpublishable, write_report

Line = dict[str, Any]
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "reports" / "results.schema.json").read_text("utf-8"))


def the_verdict(raw: bytes) -> Line:
    lines = map(json.loads, raw.decode("utf-8").splitlines())
    return next(line for line in lines if line.get("adapter") == "faulty" and line.get("requirement") == "DIL-01")


OUTCOMES = ("crashed", "failed", "errored", "info", "timed out", "out of memory", "mistrusted")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_input_is_withheld_whatever_the_outcome_is_called(outcome: str, tmp_path: Path) -> None:
    path = results_with(tmp_path, outcome, harming(), diagnosis={"sentence": "the stride is 29, 1", "change": ""})
    text = said(published(path.read_bytes()))
    assert [secret for secret in SECRETS if secret in text] == []
    verdict = the_verdict(text.encode("utf-8"))
    example = verdict["counterexample"]
    assert example["id"] == "aa00bb11cc"
    assert example["withheld"] == {
        "why": "it ended the process of the library",
        "dtypes": ["bfloat16"],
        "kind": ["stride above 1", "dilation above 1", "groups above 1", "padding", "x in channels-last memory"],
    }
    assert verdict["reason"] == example["message"] == "the process ended in the middle of a call"


def test_a_declared_reason_is_kept(tmp_path: Path) -> None:
    path = results_with(tmp_path, "known deviation", harming(), reason="bfloat16 with dilation crashes")
    assert the_verdict(published(path.read_bytes()))["reason"] == "bfloat16 with dilation crashes"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ended": "timed out", "got_text": "timed out no answer"}, "the library did not come back from it"),
        ({"ended": "out of memory", "got_text": ""}, "the library asked for too much memory with it"),
        ({"ended": "exited", "got_text": "exited"}, "it ended the process of the library"),
        # One of several calls ended: what came of the one that is shown says nothing of it.
        ({"got_text": "", "got": array(np.ones((1, 1, 1, 1)))}, "it ended the process of the library"),
    ],
)
def test_every_end_is_known(changes: Line, why: str, tmp_path: Path) -> None:
    path = results_with(tmp_path, "failed", harming(**changes))
    assert the_verdict(published(path.read_bytes()))["counterexample"]["withheld"]["why"] == why


def test_results_from_before_there_was_a_word_for_it(tmp_path: Path) -> None:
    old = harming()
    del old["ended"]
    path = results_with(tmp_path, "known deviation", old, reason="declared")
    assert the_verdict(published(path.read_bytes()))["counterexample"]["withheld"]


def test_what_is_declared_harmful_is_withheld_even_where_an_answer_came(tmp_path: Path) -> None:
    example = harming(harmful=True, got_text="", got=array(np.full((1, 1, 1, 1), 8191.0)))
    del example["ended"]
    path = results_with(tmp_path, "known deviation", example, reason="declared")
    text = said(published(path.read_bytes()))
    assert [secret for secret in SECRETS if secret in text] == []
    assert "read or write beyond its arrays" in text


def test_a_small_world_withholds_as_well(tmp_path: Path) -> None:
    lines = sample()
    lines.insert(-1, world("faulty", outcome="crashed", reason="at stride 29, 1", counterexample=harming()))
    next(line for line in lines if line.get("adapter") == "faulty")["outcome"] = "crashed"
    path = write(tmp_path / "results.jsonl", lines)
    path.write_bytes(published(path.read_bytes()))
    assert [secret for secret in SECRETS if secret in said(path.read_bytes())] == []
    assert read_results(path).worlds


def test_all_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    path = results_with(tmp_path, "known deviation", harming())
    before = said(path.read_bytes()).splitlines()
    raw = published(path.read_bytes())
    after = said(raw).splitlines()
    assert sum(one != two for one, two in zip(before, after, strict=True)) == 1
    assert published(raw) == raw
    path.write_bytes(raw)
    assert read_results(path).chained


def test_without_anything_to_withhold_the_bytes_are_the_same(tmp_path: Path) -> None:
    lines = [line for line in sample() if line.get("requirement") != "DIL-01" or line["adapter"] != "faulty"]
    for version in (1, 2):
        lines[0]["schema_version"] = version
        raw = write(tmp_path / "results.jsonl", lines).read_bytes()
        assert published(raw) == raw


def test_an_explanation_that_is_drawn_from_a_withheld_case_is_withheld(tmp_path: Path) -> None:
    path = results_with(tmp_path, "crashed", harming())
    told = {"type": "explanation", "adapter": "faulty", "sentence": "where the stride is 29, 1", "change": ""}
    for requirements in (["DEF-03", "DIL-01"], ["DEF-03", "DEF-04"]):
        line = json.dumps({**told, "requirements": requirements}).encode() + b"\n"
        raw = published(path.read_bytes() + line)
        assert (b"29, 1" in raw) == ("DIL-01" not in requirements)


def test_the_published_lines_follow_the_schema(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for outcome in ("crashed", "known deviation"):
        raw = results_with(tmp_path, outcome, harming(harmful=True)).read_bytes()
        for line in (the_verdict(raw), the_verdict(published(raw))):
            validator.validate(line)


def test_the_kind_names_no_value(tmp_path: Path) -> None:
    odd = harming(stride=[1.5, 1], dilation=[1, 0], groups=1, padding="same", bias=array(np.array([float("nan")])))
    odd["w"] = array(np.zeros((4, 1, 0, 3)))
    kind = the_verdict(published(results_with(tmp_path, "failed", odd).read_bytes()))["counterexample"]["withheld"]
    assert kind["dtypes"] == ["bfloat16", "float64"]
    assert kind["kind"] == [
        "stride that is not legal", "dilation that is not legal", "padding same", "x in channels-last memory",
        "a bias", "an axis of length 0", "NaN or infinities",
    ]
    negative = harming(padding=[[-1, 0], [0, 0]])
    kind = the_verdict(published(results_with(tmp_path, "failed", negative).read_bytes()))["counterexample"]["withheld"]
    assert "padding that is not legal" in kind["kind"]


def test_a_page_of_ones_own_run_shows_everything(tmp_path: Path) -> None:
    page = write_report(results_with(tmp_path, "known deviation", harming()), tmp_path / "own").read_text("utf-8")
    assert "repeat it" in page
    assert "data=int:987001234" in page


def test_no_file_of_an_edition_holds_the_input(tmp_path: Path) -> None:
    run = make_whole_run(tmp_path / "run")
    explained = {"sentence": "the stride is 29, 1", "change": ""}
    lines = lines_with("crashed", harming(), diagnosis=explained)
    for requirement, outcome in (("STR-01", "known deviation"), ("STR-02", "info")):
        line = next(line for line in lines if line.get("adapter") == "faulty" and line["requirement"] == requirement)
        line |= {"outcome": outcome, "counterexample": harming(), "diagnosis": explained}
    write(run / "results.jsonl", lines)
    publish(run, tmp_path / "editions")
    edition = tmp_path / "editions" / convspec.__version__
    files = {path.name: path.read_bytes() for path in edition.rglob("*") if path.is_file()}
    with zipfile.ZipFile(edition / MEASURED) as packed:
        files |= {f"{MEASURED}/{name}": packed.read(name) for name in packed.namelist() if name.endswith(".jsonl")}
    del files[MEASURED]
    leaks = {
        (name, secret)
        for name, data in files.items()
        for secret in ("x=3x2x31x37", "987001234", "the stride is 29, 1")
        if secret in re.sub(r"<[^>]*>", "", data.decode("utf-8"))
    }
    assert leaks == set()
    page = (edition / "index.html").read_text(encoding="utf-8")
    assert page.count("The input is withheld, because it ended the process of the library.") == 3
    case = page[page.index('id="case-aa00bb11cc"') :]
    assert re.search(r"<dt>dtype</dt><dd>.*bfloat16", case[: case.index("</dl>")])
    assert "dilation above 1" in case[: case.index("</dl>")]
    assert page.count("The case, by its kind") == 3


def test_no_edition_is_made_where_a_fixed_input_ended_a_library(tmp_path: Path) -> None:
    run = make_whole_run(tmp_path / "run")
    path = run / "accuracy.jsonl"
    lines = list(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
    number, line = next((number, line) for number, line in enumerate(lines, 1) if line["type"] == "measured")
    line["ended"] = "crashed"
    write(path, lines)
    assert [place for place, _ in unpublishable(path.read_bytes())] == [number]
    with pytest.raises(ResultsError, match=rf"accuracy.jsonl, line {number}: a library did not live to answer"):
        publish(run, tmp_path / "editions")
    assert not (tmp_path / "editions").exists()


def test_a_cell_that_crashed_cannot_be_withheld() -> None:
    cells = [{"type": "cell", "topic": "same", "library": "lib", "kind": kind} for kind in ("answered", "crashed")]
    raw = "".join(json.dumps(cell) + "\n" for cell in cells).encode("utf-8")
    assert list(unpublishable(raw)) == [(2, "lib, same")]
