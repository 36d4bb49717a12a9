"""Nothing that is committed holds an input whose call ended the process of a library, or ran out of time."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from committed_inputs import committed, documents, findings, known_cases, known_from
from harmful_results import harming, results_with

from convspec.conformance.case import parse_case
from convspec.conformance.recipes import arrays
from convspec.reports import published, write_report
from convspec.reports.numbers import literal
from convspec.reports.records import Array

ROOT = Path(__file__).resolve().parents[2]
# Harmless, and of these tests alone.
INVENTED = "x=1x1x2x3 w=1x1x1x2 stride=1,2 dtype=float32 data=int:41"
INVENTED_AS_KNOWN = known_from(INVENTED)


def test_nothing_that_is_committed_holds_such_an_input() -> None:
    files = committed(ROOT)
    assert ROOT / "adapters" / "torch_conv2d.py" in files
    assert findings(files, known_cases()) == []


def test_archives_are_opened() -> None:
    opened = [name for path in committed(ROOT) if path.suffix == ".zip" for name, _ in documents("", path.read_bytes())]
    if not (ROOT / "reports" / "editions").is_dir():
        pytest.skip("the source distribution holds no editions")
    assert "/results.jsonl" in opened


def of_planted(tmp_path: Path, name: str, text: str | bytes) -> list[str]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return [told.removeprefix(f"{path}") for told in findings([path], [INVENTED_AS_KNOWN])]


TOLD = f"case {INVENTED_AS_KNOWN.id}, which is withheld"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.md", f"Repeat it with `convspec repro 'DEF-01 {INVENTED}' --adapter lib`."),
        ("notes.txt", f"{INVENTED};"),
        ("adapter.py", f'example=("{INVENTED[:20]}"\n    "{INVENTED[20:]}")'),
        ("page.html", f"<p><code>DEF-01 {INVENTED.replace('stride', '<b>stride</b>')}</code></p>"),
        ("page.html", f"<pre>convspec repro &#39;DEF-01 {INVENTED}&#39; --adapter lib</pre>"),
        ("out-of-order.txt", " ".join(reversed(INVENTED.split()[2:])).join(["x=1x1x2x3 w=1x1x1x2 ", ""])),
        ("lines.jsonl", json.dumps({"type": "verdict", "counterexample": {"case": f"DEF-01 {INVENTED}"}})),
    ],
)
def test_a_case_is_found_however_it_is_written_down(name: str, text: str, tmp_path: Path) -> None:
    assert of_planted(tmp_path, name, text) == [f": {TOLD}"]


def test_its_arrays_are_found_in_programs_and_in_results(tmp_path: Path) -> None:
    made = arrays(parse_case(INVENTED))
    written = [
        literal(Array(array.shape, "float32", tuple(array.ravel().tolist()), ""), name)
        for name, array in (("x", made.x), ("w", made.w))
    ]
    told = f": the arrays of case {INVENTED_AS_KNOWN.id}, which is withheld"
    assert of_planted(tmp_path, "snippet.py", "\n".join(written)) == [told]
    named = (("x", made.x), ("w", made.w))
    lines = {name: {"shape": array.shape, "data": array.ravel().tolist()} for name, array in named}
    assert of_planted(tmp_path, "vectors.json", json.dumps({"vectors": [lines]}, indent=1)) == [told]
    assert of_planted(tmp_path, "half.py", written[0]) == []


def test_it_is_found_inside_of_archives(tmp_path: Path) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("results.txt", INVENTED)
    with zipfile.ZipFile(outer, "w") as packed:
        packed.writestr("measured.zip", inner.getvalue())
    assert of_planted(tmp_path, "all.zip", outer.getvalue()) == [f"/measured.zip/results.txt: {TOLD}"]


@pytest.mark.parametrize("outcome", ["known deviation", "failed", "info", "crashed"])
def test_a_record_of_an_end_is_found_whatever_the_outcome_is_called(outcome: str, tmp_path: Path) -> None:
    raw = results_with(tmp_path, outcome, harming()).read_bytes()
    told = ": the input of case aa00bb11cc, which ended the process"
    assert of_planted(tmp_path, "planted.jsonl", raw) == [told]
    assert of_planted(tmp_path, "planted.jsonl", published(raw)) == []


def test_a_page_that_shows_such_a_case_is_found(tmp_path: Path) -> None:
    path = results_with(tmp_path, "known deviation", harming())
    page = write_report(path, tmp_path / "own").read_bytes()
    assert of_planted(tmp_path, "planted.html", page) == [
        ": a page that shows how to repeat a case that ended the process"
    ]
    path.write_bytes(published(path.read_bytes()))
    assert of_planted(tmp_path, "planted.html", write_report(path, tmp_path / "shown").read_bytes()) == []


def test_what_an_edition_withholds_is_looked_for_everywhere_else(tmp_path: Path) -> None:
    example = {"id": INVENTED_AS_KNOWN.id, "case": "", "repro": "", "withheld": {"why": "it ended the process"}}
    edition, notes = tmp_path / "results.jsonl", tmp_path / "notes.md"
    edition.write_text(json.dumps({"type": "verdict", "counterexample": example}) + "\n")
    notes.write_text(INVENTED)
    assert findings([edition, notes], []) == [f"{notes}: {TOLD}"]
    edition.write_text(json.dumps({"type": "verdict", "counterexample": example | {"case": "DEF-01 x"}}) + "\n")
    assert "an input beside the words" in findings([edition], [])[0]


def test_other_inputs_are_left_alone(tmp_path: Path) -> None:
    assert of_planted(tmp_path, "notes.md", INVENTED.replace("41", "42") + " and x=3 w=4 is no case") == []
    assert of_planted(tmp_path, "picture.bin", bytes(range(256))) == []
