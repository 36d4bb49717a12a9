"""The conventions page and its file: what is read, what is refused, what the page says, its safety, the same bytes."""

import copy
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from page_reader import Reader, check_page, heading

from convspec.reports import ResultsError, read_conventions, write_conventions_page
from convspec.reports.convention_views import disagreed, drawn
from convspec.reports.conventions import conventions_page
from convspec.reports.figures import standalone
from convspec.reports.stated import STATED

Line = dict[str, Any]
Change = Callable[[list[Line]], object]
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "reports" / "conventions.schema.json").read_text("utf-8"))
HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x\u202e\x07{{ 7*7 }}'
TEXTS = {"title", "question", "matters", "name", "function", "version", "reason", "call", "program", "text", "error"}
PUBLISHED = ("conventions", "matrix", "topics", "functions", "stated", "repeat", "run", "cite")


def array(rows: list[list[Any]], dtype: str = "float32") -> Line:
    return {"shape": [len(rows), len(rows[0]) if rows else 0], "dtype": dtype, "data": [n for row in rows for n in row]}


def topic(id: str, title: str, requirements: list[str], x: Line, w: Line, **meanings: list[Line]) -> Line:
    return {
        "type": "topic", "id": id, "title": title, "question": f"What of {title}?", "matters": f"{title} matters.",
        "requirements": requirements, "x": x, "w": w,
        "meanings": [{"word": word.replace("_", " "), "sentence": f"Sentence of {word}.", "answers": answers}
                     for word, answers in meanings.items()],
    }  # fmt: skip


def library(id: str, name: str, function: str, reason: str = "") -> Line:
    version = "" if reason else "1.2.3"
    return {"type": "library", "id": id, "name": name, "function": function, "version": version,
            "available": not reason, "reason": reason}  # fmt: skip


def cell(topic: str, library: str, word: str, answer: Line | None = None, kind: str = "answered", error: str = "",
         text: str = "") -> Line:  # fmt: skip
    call = f"f_{library.replace('-', '_')}(x, w)"
    return {"type": "cell", "topic": topic, "library": library, "call": call, "program": f"import numpy as np\n{call}",
            "kind": kind, "array": answer, "error": error, "text": text, "word": word}  # fmt: skip


END, START = array([[21, 32, 43, 4]]), array([[10, 21, 32, 43]])


def sample() -> list[Line]:
    """Three topics and four functions, one of them absent, with every kind of cell."""
    x, w = array([[1, 2, 3, 4]]), array([[1, 10]])
    odd = array([["nan", [1, -2.0], "inf"]], "complex64")
    words = ("refuses", "no such argument", "crashes", "hangs", "something else")
    return [
        {
            "type": "header", "kind": "conventions", "schema_version": 1,
            "suite": {"name": "convspec", "version": "0.1.0"},
            "date": "2026-11-22", "environment": {"python": "3.11.7", "packages": {"numpy": "2.4.6"}},
            "words": {word: f"Meaning of {word}." for word in words}, "specification": "convspec",
        },
        topic("even-kernel-same", "Even kernel, same size", ["PAD-04", "PAD-05"], x, w,
              at_the_end=[END], at_the_start=[START]),
        topic("kernel-larger", "Kernel larger", ["SHP-08"], w, x, empty=[array([[]])]),
        topic("integer-wrap", "Too large", ["DTY-02"], array([[200]], "uint8"), array([[2]], "uint8"),
              wraps=[array([[144]])]),
        library("convspec", "convspec", "convspec.reference.conv2d"),
        cell("even-kernel-same", "convspec", "at the end", END),
        cell("kernel-larger", "convspec", "refuses", None, "refused", "ValueError", "kernel reaches over 4 samples"),
        cell("integer-wrap", "convspec", "wraps", array([[144]], "uint8")),
        library("scipy-correlate", "SciPy", "scipy.signal.correlate"),
        cell("even-kernel-same", "scipy-correlate", "at the start", START),
        cell("kernel-larger", "scipy-correlate", "something else", odd),
        cell("integer-wrap", "scipy-correlate", "wraps", array([[144]], "uint8")),
        library("torch", "PyTorch", "torch.nn.functional.conv2d"),
        cell("even-kernel-same", "torch", "at the end", END),
        cell("kernel-larger", "torch", "crashes", None, "crashed", "", "ended the process with SIGSEGV"),
        cell("integer-wrap", "torch", "no such argument", None, "refused", "TypeError", "unexpected keyword argument"),
        library("opencv", "OpenCV", "cv2.filter2D", "not installed: No module named 'cv2'"),
        {"type": "footer", "cells": 9},
    ]  # fmt: skip


def write(folder: Path, lines: list[Line]) -> Path:
    path = folder / "conventions.jsonl"
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def page_of(folder: Path, lines: list[Line], *pages: tuple[str, str]) -> str:
    return conventions_page(read_conventions(write(folder, lines)), pages).decode("utf-8")


def checked(html: str) -> Reader:
    return check_page(html, ("https://", "data:image/svg+xml", "data:text/csv", "index.html"))


def part(html: str, tag: str, address: str) -> str:
    start = html.rindex(f"<{tag}", 0, html.index(f' id="{address}"'))
    return Reader(html[start : html.index(f"</{tag}>", start) + len(f"</{tag}>")]).text


def test_the_first_sentence_counts(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    checked(html)
    assert heading(html) == "3 functions, 3 questions: on 2 of them the answers differ."
    assert "INCOMPLETE" not in Reader(html).text
    # Offering no such thing is no other answer.
    assert disagreed(read_conventions(tmp_path / "conventions.jsonl")) == ["even-kernel-same", "kernel-larger"]


def test_the_matrix_holds_each_cell_against_the_specification(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = part(html, "section", "matrix")
    assert "topic convspec reference.conv2d SciPy signal.correlate PyTorch functional.conv2d" in text
    assert "Even kernel, same size = at the end ≠ at the start = at the end" in text
    assert "Kernel larger = refuses ≠ something else ‼ crashes" in text
    assert "Too large = wraps = wraps – no such argument" in text
    assert "Not installed, so not measured: cv2.filter2D" in text
    table = html[html.index('<table class="plain rosetta">') :]
    assert table.count('<th scope="col">', 0, table.index("</table>")) == 4
    assert table.count('<th scope="row">', 0, table.index("</table>")) == 3
    assert table.count("<caption>", 0, table.index("</table>")) == 1


def test_the_matrix_can_be_taken_away(tmp_path: Path) -> None:
    page = checked(page_of(tmp_path, sample()))
    tables = [list(csv.reader(io.StringIO(unquote(link.partition(",")[2])))) for link in page.links
              if link.startswith("data:text/csv")]  # fmt: skip
    assert tables[0] == [
        ["topic", "title", "convspec.reference.conv2d 1.2.3", "scipy.signal.correlate 1.2.3",
         "torch.nn.functional.conv2d 1.2.3"],
        ["even-kernel-same", "Even kernel, same size", "at the end", "at the start", "at the end"],
        ["kernel-larger", "Kernel larger", "refuses", "something else", "crashes"],
        ["integer-wrap", "Too large", "wraps", "wraps", "no such argument"],
    ]  # fmt: skip
    assert len(tables) == 1 + 3


def test_a_topic_says_what_is_decided_and_shows_every_call(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = part(html, "article", "even-kernel-same")
    assert "What of Even kernel, same size? Even kernel, same size matters." in text
    assert "The specification: at the end. Held by PAD-04, PAD-05." in text
    assert "= at the end Sentence of at_the_end." in text
    assert text.index("= at the end") < text.index("≠ at the start")
    assert "SciPy signal.correlate f_scipy_correlate(x, w) import numpy as np f_scipy_correlate(x, w)" in text
    assert "→ float32, 1 × 4: 10 21 32 43" in text
    text = part(html, "article", "kernel-larger")
    assert "→ complex64, 1 × 3: nan 1−2i inf" in text
    assert "→ ValueError: kernel reaches over 4 samples" in text
    assert "→ ended the process with SIGSEGV" in text
    assert "≠ something else Meaning of something else." in text


def test_requirements_are_links_only_where_the_verdict_lies_beside(tmp_path: Path) -> None:
    assert 'href="index.html#PAD-04"' in page_of(tmp_path, sample(), ("index.html", "Verdict"))
    alone = page_of(tmp_path, sample())
    assert "index.html" not in alone
    assert "PAD-04" in alone


def test_every_address_is_there(tmp_path: Path) -> None:
    page = checked(page_of(tmp_path, sample()))
    topics, functions = ("even-kernel-same", "kernel-larger", "integer-wrap"), ("convspec", "scipy-correlate", "torch")
    assert set(PUBLISHED) <= set(page.ids)
    assert {f"function-{id}" for id in (*functions, "opencv")} <= set(page.ids)
    assert {*topics, *(f"fig-{id}" for id in topics)} <= set(page.ids)
    assert {f"{topic}.{id}" for topic in topics for id in functions} <= set(page.ids)


def test_what_is_only_stated_stands_apart_with_its_source(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = part(html, "section", "stated")
    assert "nothing of it was measured here" in text
    assert "⌈p/2⌉ rows at the top" in text
    assert "non-fitting" not in text
    assert all(one.link.startswith("https://") and one.says for one in STATED)
    assert "⌈p/2⌉" not in part(html, "section", "matrix")


def test_figures_stand_alone_and_show_distinct_answers_once(tmp_path: Path) -> None:
    found = read_conventions(write(tmp_path, sample()))
    figures = {one.id: drawn(found, one) for one in found.topics}
    for figure in figures.values():
        ElementTree.fromstring(standalone(figure.svg))
        assert len({len(row) for row in figure.table}) == 1
    assert [list(row) for row in figures["even-kernel-same"].table[3:]] == [
        ["answer", "at the end", "reference.conv2d; functional.conv2d", "1 × 4", "21 32 43 4"],
        ["answer", "at the start", "signal.correlate", "1 × 4", "10 21 32 43"],
    ]
    assert figures["integer-wrap"].svg.count(">144<") == 1


def test_an_interrupted_file_says_so(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample()[:7])
    checked(html)
    assert "INCOMPLETE." in Reader(html).text
    assert "not measured" in part(html, "section", "matrix")
    empty = page_of(tmp_path, sample()[:1])
    assert heading(empty) == "0 functions measured."
    checked(empty)


def test_hostile_texts_do_no_harm(tmp_path: Path) -> None:
    lines = sample()
    for line in lines[1:-1]:
        for key in TEXTS & set(line):
            line[key] = HOSTILE
    lines[0]["environment"] = {"python": HOSTILE, "packages": {"numpy": HOSTILE}}
    lines[0]["suite"]["name"] = lines[0]["date"] = HOSTILE
    lines[0]["words"]["something else"] = HOSTILE
    lines[1]["requirements"] = ["PAD-04"]
    page = checked(page_of(tmp_path, lines, ("index.html", "Verdict")))
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert "49" not in Reader(page_of(tmp_path, lines)).text.split()


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, sample())
    one = write_conventions_page(path, tmp_path / "a" / "conventions.html")
    other = write_conventions_page(path, tmp_path / "b" / "conventions.html")
    assert one.read_bytes() == other.read_bytes()


def test_the_sample_is_what_the_schema_says() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for line in sample():
        validator.validate(line)
    assert {entry["$ref"].rpartition("/")[2] for entry in SCHEMA["oneOf"]} == {line["type"] for line in sample()}


@pytest.mark.parametrize("kind", ["header", "topic", "library", "cell", "footer"])
def test_the_reader_wants_what_the_schema_wants(kind: str, tmp_path: Path) -> None:
    for key in SCHEMA["$defs"][kind]["properties"]:
        lines = sample()
        line = [line for line in lines if line["type"] == kind][-1]
        line.pop(key, None)
        # Without the words of the header, a cell that uses one cannot be read.
        lines = lines[:4] if key in ("words", "meanings") else lines
        wanted = key in SCHEMA["$defs"][kind]["required"]
        assert jsonschema.Draft202012Validator(SCHEMA).is_valid(line) is not wanted, key
        if wanted:
            with pytest.raises(ResultsError, match=f"line {lines.index(line) + 1}.*'{key}'"):
                read_conventions(write(tmp_path, lines))
        else:
            read_conventions(write(tmp_path, lines))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines.pop(0), "line 1: the header must be the first line"),
        (lambda lines: lines[0].update(kind="proof"), "'kind' must be one of conventions"),
        (lambda lines: lines[0].update(schema_version=2), "schema_version is 2, this program reads 1"),
        (lambda lines: lines.insert(2, copy.deepcopy(lines[1])), "line 3: a second topic 'even-kernel-same'"),
        (lambda lines: lines.insert(5, copy.deepcopy(lines[4])), "a second library 'convspec'"),
        (lambda lines: lines.insert(6, copy.deepcopy(lines[5])), "a second cell for even-kernel-same and convspec"),
        (lambda lines: lines[5].update(topic="unheard"), "topic 'unheard' has no line before this one"),
        (lambda lines: lines[5].update(library="opencv"), "library 'opencv' has no line before this one"),
        (lambda lines: lines[5].update(word="unheard"), "'word' must be one of at the end, at the start, crashes"),
        (lambda lines: lines[5].update(array=None), "an answer has an array"),
        (lambda lines: lines[6].update(array=END), "an answer has an array, and nothing else has one"),
        (lambda lines: lines[5]["array"].update(shape=[2, 4]), "4 numbers do not fill the shape"),
        (lambda lines: lines[1].update(x=None), "'x' is missing"),
        (lambda lines: lines[-1].update(cells=8), "the footer counts 8 cells, the file holds 9"),
        (lambda lines: lines.append(lines[4]), "a library line comes after the footer"),
        (lambda lines: lines.clear(), "holds no conventions: the header line is missing"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(change: Change, said: str, tmp_path: Path) -> None:
    lines = copy.deepcopy(sample())
    change(lines)
    with pytest.raises(ResultsError, match=said) as raised:
        read_conventions(write(tmp_path, lines))
    assert "conventions.jsonl" in str(raised.value)
