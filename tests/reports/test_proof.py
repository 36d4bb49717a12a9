"""The proof page: its addresses, what it shows, its safety, its size, and the same bytes each time."""

import json
from pathlib import Path
from typing import Any

import pytest
from page_reader import Reader, check_page, heading

from convspec.reports import write_proof_page
from convspec.reports.proof import proof_page
from convspec.reports.proof_file import read_proof

Line = dict[str, Any]
HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x\u202e\x07{{ 7*7 }}'
SAMPLE = Path(__file__).with_name("proof-sample.jsonl")


def sample() -> list[Line]:
    """Four faults in two families, all found, and every kind of line."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def of_kind(lines: list[Line], kind: str) -> Line:
    return next(line for line in lines if line["type"] == kind)


def fault(id: str, family: str, named: list[str], found: list[str], **changes: Any) -> Line:
    known = of_kind(sample(), "fault")
    return {**known, "id": id, "family": family, "caught_by": named, "found_by": found, **changes}


def write(folder: Path, lines: list[Line]) -> Path:
    path = folder / "proof.jsonl"
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def page_of(folder: Path, lines: list[Line]) -> str:
    return proof_page(read_proof(write(folder, lines))).decode("utf-8")


def checked(html: str) -> Reader:
    return check_page(html, ("https://", "http://"))


def section(html: str, address: str) -> str:
    start = html.index(f'<section id="{address}"')
    return html[start : html.index("</section>", start) + len("</section>")]


def survive_and_accuse(lines: list[Line]) -> None:
    of_kind(lines, "fault")["hunts"][1]["found_by"] = ""
    of_kind(lines, "benign")["accused_by"] = ["NUM-01"]
    of_kind(lines, "footer")["found"]["standard"][1]["found"] = 3
    of_kind(lines, "footer").update(survivors=["kernel-flipped"], false_alarms=1, exit_status=1)


def test_the_first_sentence(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    checked(html)
    assert heading(html) == (
        "All 4 faults are found with each of three seeds; no correct variant is accused in 210 000 cases."
    )
    assert "INCOMPLETE" not in html
    assert "CONTRADICTION" not in html
    assert "No fault survived." in html
    assert "No correct variant was accused." in html


def test_every_fault_has_its_section(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    page = checked(html)
    for id in ("kernel-flipped", "mean-not-sum", "nan-lost", "nan-kept"):
        assert f"fault-{id}" in page.ids
        assert page.links.count(f"#fault-{id}") >= 2
    start = html.index('<section class="fault" id="fault-kernel-flipped"')
    text = Reader(html[start : html.index('<section class="fault" id="fault-mean')]).text
    assert "What kernel-flipped does wrong, in words." in text
    assert "undo kernel-flipped" in text
    assert "when nobody looks" in text
    assert "seeds 0, 1, 2: DEF-01 after 3, 4, 5 cases, 0.02 s, 0.06 s, 0.18 s" in text
    assert "found by 3 DEF 01 02 LAW 04" in text
    assert "diagnosed as itself" in text
    assert "https://github.com/pytorch/pytorch/issues/56998" in page.links


def test_the_matrix_tells_named_from_other_finds(tmp_path: Path) -> None:
    lines = sample()
    of_kind(lines, "fault")["caught_by"] = ["DEF-01", "PAD-01"]
    html = page_of(tmp_path, lines)
    row = html[html.index('<table class="zoo"') :]
    row = row[row.index("kernel-flipped") : row.index("</tr>", row.index("kernel-flipped"))]
    # The columns are DEF-01, DEF-02, PAD-01, SPC-01, SPC-02, LAW-04; one is two units wide.
    assert '<path class="yes" d="M0.35 1h1.3"/>' in row
    assert '<path class="also" d="M3 1zm8 0z"/>' in row
    assert '<path class="not" d="M4.4 .4' in row
    assert "<u>01</u>" in html
    assert "<s>01</s>" in html
    assert heading(html).startswith(
        "1 fault escapes a requirement that is named for it: kernel-flipped; all 4"
    )


def test_the_families_and_their_sums(tmp_path: Path) -> None:
    text = Reader(section(page_of(tmp_path, sample()), "families")).text
    assert "definition 2" + " 2 of 2" * 4 in text
    assert "special values 2" + " 2 of 2" * 4 in text
    assert "all 4" + " 4 of 4" * 4 in text


def test_the_other_summaries(tmp_path: Path) -> None:
    page = checked(page_of(tmp_path, sample()))
    for words in (
        "1199 of 1200 ✗",
        "99.9 %",
        "stride unequal · pads word full · kernel even",
        "98.3 % 61 of 62",
        "18 of 20",
        "90.0 %",
        "student11: nothing was said",
        "1 − 2/65 536 = 0.999969 for each geometry",
        "a text of the run",
        "123 456, in 60.0 s: 2057 a second",
        "convspec prove",
        "210 000",
        "One Einstein sum.",
        "median 0.06 s, 4 cases",
    ):
        assert " ".join(words.split()) in page.text, words
    for address in (
        "benign-einsum",
        "by-LAW-04",
        "family-special-values",
        "survivors",
        "matrix",
        "worlds",
        "cite",
        "run",
    ):
        assert address in page.ids


def test_survivors_and_false_alarms_have_cards(tmp_path: Path) -> None:
    lines = sample()
    survive_and_accuse(lines)
    html = page_of(tmp_path, lines)
    text = Reader(section(html, "survivors")).text
    assert "kernel-flipped ✗ survived" in text
    assert "seed 1: ✗ not found in 4 cases" in text
    assert "einsum ! false alarm" in text
    assert "Accused by NUM-01" in text
    assert "CONTRADICTION" not in html


def test_without_footer_it_is_incomplete(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample()[:4])
    checked(html)
    assert html.index("INCOMPLETE") < html.index("<h1>")
    assert heading(html) == "So far, all 2 faults are found with each of three seeds."
    assert "No correct variant was run." in html


def test_a_header_alone(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample()[:1])
    checked(html)
    assert heading(html) == "So far, nothing was proved."


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    lines = json.loads(
        json.dumps(sample()).replace('"What kernel-flipped does wrong, in `words`."', json.dumps(HOSTILE))
    )
    for line in lines:
        for key in (
            "remedy",
            "hides",
            "said",
            "what",
            "file",
            "bound",
            "adapter",
            "confidence",
            "title",
            "date",
        ):
            if key in line:
                line[key] = HOSTILE
        if line["type"] in ("fault", "benign"):
            line["id"] += HOSTILE
        if line["type"] == "fault":
            line.update(family=HOSTILE, recreates=f"javascript:alert(1) {HOSTILE}", diagnosed=HOSTILE)
            line["caught_by"] = line["found_by"] = [HOSTILE, f"DEF-{HOSTILE}"]
            line["hunts"][0]["found_by"] = HOSTILE
    of_kind(lines, "header")["suite"]["name"] = HOSTILE
    of_kind(lines, "header")["environment"] = {HOSTILE: HOSTILE, "packages": {HOSTILE: HOSTILE}}
    of_kind(lines, "geometry")["dimensions"] = {HOSTILE: [HOSTILE]}
    of_kind(lines, "geometry")["missing_pairs"] = [[HOSTILE, HOSTILE]]
    of_kind(lines, "benign")["accused_by"] = [HOSTILE]
    html = page_of(tmp_path, lines)
    page = checked(html)
    assert "alert(1)" in page.text
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "\x07" not in html
    assert "{{ 7*7 }}" in page.text


def test_a_crowd_stays_under_a_megabyte_and_keeps_the_survivors(tmp_path: Path) -> None:
    lines = sample()
    found = [f"PAD-{i:02d}" for i in range(90)]
    crowd = [fault(f"number-{i:04d}", f"family {i % 19}", found[:2], found) for i in range(1200)]
    crowd[-1]["hunts"][0]["found_by"] = ""
    html = page_of(tmp_path, [lines[0], *crowd])
    page = checked(html)
    assert "fault-number-1199" in page.ids
    assert "more faults are in the proof file" in html
    assert heading(html).startswith("So far, 1 of 1200 faults is not found: number-1199")


def test_very_long_texts_stay_under_a_megabyte(tmp_path: Path) -> None:
    long = "very long " * 3000
    lines = sample()
    crowd = [
        fault(f"{i} {long}", long, [long], [long], sentence=long, remedy=long, hides=long) for i in range(60)
    ]
    benign = [
        {**of_kind(lines, "benign"), "id": f"{i} {long}", "sentence": long, "accused_by": [long] * 30}
        for i in range(60)
    ]
    checked(page_of(tmp_path, [lines[0], *crowd, *benign]))


def test_the_size_of_the_real_zoo_fits_in_full(tmp_path: Path) -> None:
    requirements = [
        f"{family}-{i:02d}" for family in ("DEF", "SHP", "PAD", "NUM", "LAW", "ERR") for i in range(14)
    ]
    crowd = [
        fault(
            f"a-fault-with-a-name-{i:03d}",
            f"family-{i % 14}",
            requirements[i % 80 : i % 80 + 2],
            requirements,
            sentence="s" * 100,
            remedy="r" * 90,
            hides="h" * 90,
        )
        for i in range(315)
    ]
    html = page_of(tmp_path, [sample()[0], *crowd])
    page = checked(html)
    assert sum(id.startswith("fault-") for id in page.ids) == 315
    assert html.count("<u>") == 630


def test_the_same_file_gives_the_same_page(tmp_path: Path) -> None:
    path = write(tmp_path, sample())
    assert proof_page(read_proof(path)) == proof_page(read_proof(path))
    assert proof_page(read_proof(path)).endswith(b"</html>\n")
    assert b"\r" not in proof_page(read_proof(path))


def test_pages_are_linked_only_where_they_are_given(tmp_path: Path) -> None:
    path = write(tmp_path, sample())
    pages = [("index.html", "Verdict"), ("proof.html", "Proof")]
    out = write_proof_page(path, tmp_path / "out" / "proof.html", pages)
    assert out == tmp_path / "out" / "proof.html"
    page = Reader(out.read_text("utf-8"))
    assert [link for link in page.links if not link.startswith(("#", "http"))] == ["index.html"]
    alone = write_proof_page(path, tmp_path / "alone.html").read_text("utf-8")
    checked(alone)
    assert "index.html" not in alone
    assert sorted(path.name for path in out.parent.iterdir()) == ["proof.html"]


def test_strange_times_do_no_harm(tmp_path: Path) -> None:
    lines = sample()
    of_kind(lines, "fault")["hunts"][0]["seconds"] = "nan"
    of_kind(lines, "fault")["hunts"][1]["seconds"] = "inf"
    of_kind(lines, "exhaustive")["seconds"] = 0
    of_kind(lines, "footer").update(seconds="inf", median_seconds=None)
    assert "inf s" in checked(page_of(tmp_path, lines)).text


@pytest.mark.parametrize(
    "kept", [(), ("fault",), ("benign", "geometry"), ("exhaustive",), ("diagnosis", "code")]
)
def test_any_line_but_header_and_footer_may_be_missing(kept: tuple[str, ...], tmp_path: Path) -> None:
    lines = [line for line in sample() if line["type"] in ("header", "footer", *kept)]
    html = page_of(tmp_path, lines)
    page = checked(html)
    assert heading(html).startswith("All 4 faults are found with each of three seeds; no correct variant")
    assert ("matrix" in page.ids) == ("fault" in kept)
    assert ("worlds" in page.ids) == ("exhaustive" in kept)


def test_a_contradiction_stands_above_the_first_sentence(tmp_path: Path) -> None:
    lines = sample()
    of_kind(lines, "footer")["survivors"] = ["ghost"]
    html = page_of(tmp_path, lines)
    assert "The footer names survivors that have no line: ghost." in checked(html).text
    assert html.index("CONTRADICTION") < html.index("<h1>")
