"""Editions: what is published holds together, and never changes; test vectors are right."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from all_pages import make_whole_run
from sample_results import sample, write

import convspec
from convspec.cli import run_command
from convspec.conformance.vectors import vectors
from convspec.edition import MEASURED, SUMS, publish, sums
from convspec.reference import conv2d
from convspec.reports import ResultsError, offered, published

ROOT = Path(__file__).resolve().parents[2]
EDITIONS = ROOT / "reports" / "editions"
PUBLISHED = sorted(path for path in EDITIONS.glob("*") if path.is_dir())
LARGEST = 3_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run, under their usual names, made from the samples."""
    return make_whole_run(tmp_path_factory.mktemp("run"))


def test_an_edition_holds_all_that_its_pages_offer(run: Path, tmp_path: Path) -> None:
    assert publish(run, tmp_path) == 0
    edition = tmp_path / convspec.__version__
    assert [path.name for path in tmp_path.iterdir()] == [edition.name]
    listed = dict(reversed(line.split("  ")) for line in (edition / SUMS).read_text().splitlines())
    there = {path.relative_to(edition).as_posix() for path in edition.rglob("*") if path.is_file()}
    assert there == {*listed, SUMS}
    pages = {"index", "lesson", "conventions", "accuracy", "proof", "speed"}
    assert {name.removesuffix(".html") for name in there if name.endswith(".html")} == pages
    assert {MEASURED, "vectors.json", "badge.svg", "summary.md"} < there
    with zipfile.ZipFile(edition / MEASURED) as packed:
        there |= set(packed.namelist())
        # One case of the sample ended its process: that input is withheld, and all else is the run's.
        for name in ("results.jsonl", "accuracy.jsonl", "conventions.jsonl", "proof.jsonl"):
            assert packed.read(name) == published((run / name).read_bytes())
    for page in pages:
        offered = re.findall(r'download="convspec-([\w.-]+\.(?:svg|csv))"', (edition / f"{page}.html").read_text())
        kept = {name.rpartition("/")[2] for name in there if f"/{page}/" in name}
        assert kept == set(offered), page
    drawn = edition / "figures" / "lesson" / "one-step.svg"
    assert drawn.read_text().startswith("<svg ")
    assert len(list((edition / "figures" / "lesson").iterdir())) > 10


def test_the_same_run_gives_the_same_edition(run: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run_command(["edition", str(run), "--out", str(tmp_path / name)]) == 0
    one, two = (tmp_path / name / convspec.__version__ for name in ("one", "two"))
    assert (one / SUMS).read_text() == (two / SUMS).read_text() == sums(two)


def test_a_published_edition_is_left_as_it_is(run: Path, tmp_path: Path) -> None:
    publish(run, tmp_path)
    before = sums(tmp_path / convspec.__version__)
    with pytest.raises(ResultsError, match="never changes"):
        publish(run, tmp_path)
    assert sums(tmp_path / convspec.__version__) == before


def test_an_edition_needs_a_whole_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = tmp_path / "part"
    part.mkdir()
    write(part / "results.jsonl", sample())
    assert run_command(["edition", str(part), "--out", str(tmp_path / "editions")]) == 2
    assert "proof.jsonl: an edition needs it; `convspec prove` writes it" in capsys.readouterr().out
    for path in run.glob("*.json*"):
        (part / path.name).write_bytes(path.read_bytes())
    write(part / "results.jsonl", sample()[:-1])
    with pytest.raises(ResultsError, match="incomplete"):
        publish(part, tmp_path / "editions")
    assert not list((tmp_path / "editions").glob("*"))


def test_a_page_without_downloads_offers_none() -> None:
    assert list(offered("<p>nothing</p>")) == []


@pytest.mark.skipif(not EDITIONS.is_dir(), reason="the source distribution holds no editions")
def test_published_editions_have_not_changed() -> None:
    assert PUBLISHED
    for edition in PUBLISHED:
        assert (edition / SUMS).read_text(encoding="utf-8") == sums(edition)
        assert sum(path.stat().st_size for path in edition.rglob("*")) <= LARGEST


@pytest.mark.skipif(not EDITIONS.is_dir(), reason="the source distribution holds no editions")
def test_the_readme_leads_into_an_edition() -> None:
    links = re.findall(r"\]\((reports/editions/[^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert any(link.endswith(".svg") for link in links)
    assert any(link.endswith(".html") for link in links)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_vectors_are_right_and_say_what_they_are() -> None:
    made = json.loads(json.dumps(vectors("1.2.3")))
    assert made["suite"] == {"name": "convspec", "version": "1.2.3"}
    found = made["vectors"]
    assert len({vector["id"] for vector in found}) == len(found) > 100
    assert {vector["dtype"] for vector in found} >= {"float32", "float64", "int8", "int64"}
    assert any(vector["groups"] > 1 for vector in found)
    assert any(isinstance(vector["padding"], str) for vector in found)
    for vector in found:
        x, w, y, bias = (array(vector[name], vector["dtype"]) for name in ("x", "w", "y", "bias"))
        # In 64-bit whole numbers, then cut to the dtype: another way than the one by which it was made.
        exact = conv2d(
            x.astype(np.int64), w.astype(np.int64), None if bias is None else bias.astype(np.int64),
            **{name: plain(vector[name]) for name in ("stride", "padding", "dilation", "groups")},
        )
        assert np.array_equal(exact.astype(vector["dtype"]), y), vector["id"]


def array(written, dtype):
    return None if written is None else np.array(written["data"], dtype).reshape(written["shape"])


def plain(value):
    return tuple(map(plain, value)) if isinstance(value, list) else value
