"""The catalogue: complete, counted, in closed vocabularies, and written for people."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CATALOGUE = Path(__file__).resolve().parents[2] / "conformance" / "catalogue.toml"
DOCUMENT: dict[str, Any] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
REQUIREMENTS: list[dict[str, Any]] = DOCUMENT["requirement"]
BY_ID = {requirement["id"]: requirement for requirement in REQUIREMENTS}

FAMILIES = {
    "DEF": 5, "SHP": 12, "PAD": 13, "STR": 2, "DIL": 2, "GRP": 3, "CHN": 4, "BAT": 2, "BIA": 2, "DTY": 6,
    "NUM": 10, "SPC": 7, "LAW": 15, "GRD": 3, "PUR": 7, "ERR": 10,
}
KEYS = {
    "id", "level", "profile", "title", "statement", "formula", "class", "sources", "check", "status",
    "informs",
}
PLANNED = {
    "SHP-11", "SHP-12", "PAD-10", "PAD-11", "PAD-13", "DTY-06", "NUM-02", "NUM-08", "NUM-10", "SPC-04",
    "SPC-07", "LAW-11", "LAW-12", "LAW-13", "LAW-14", "LAW-15", "GRD-01", "GRD-02", "GRD-03", "PUR-07",
    "ERR-09",
}
INFORMING = {"NUM-02", "NUM-08", "NUM-10", "SPC-03", "SPC-04", "SPC-07", "SHP-12", "PUR-07"}
# What one picture and one filter cannot show: it takes batches, channels, groups, bias or dilation.
LAYER_FAMILIES = {"DIL", "GRP", "CHN", "BAT", "BIA", "GRD", "ERR"}
LAYER_ONES = {"DEF-04", "SHP-04", "SHP-08", "SHP-09", "SHP-10", "PAD-06", "PAD-12", "DTY-05", "LAW-14"}

OWN_WORK = {"derived in this project", "measured in this project", "re-created faults of this project"}

each = pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement["id"])


def ids_where(**wanted: Any) -> set[str]:
    pairs = [(key.rstrip("_"), value) for key, value in wanted.items()]
    return {r["id"] for r in REQUIREMENTS if all(r.get(key) == value for key, value in pairs)}


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text) if part]


def test_there_are_103_with_ids_of_their_own() -> None:
    assert len(REQUIREMENTS) == 103
    assert len(BY_ID) == 103
    assert DOCUMENT["schema_version"] == 1


def test_ids_number_each_family_without_gaps_and_in_order() -> None:
    ids = [requirement["id"] for requirement in REQUIREMENTS]
    assert ids == [f"{family}-{n:02d}" for family, count in FAMILIES.items() for n in range(1, count + 1)]


def test_levels_add_up() -> None:
    assert Counter(r["level"] for r in REQUIREMENTS) == {"MUST": 79, "DECL": 17, "SHOULD": 3, "INFO": 4}
    assert ids_where(level="SHOULD") == {"NUM-02", "PUR-06", "ERR-09"}
    assert ids_where(level="INFO") == {"NUM-10", "SPC-03", "SPC-04", "PUR-07"}


def test_82_are_in_the_first_release() -> None:
    assert len(ids_where(status="core")) == 82
    assert ids_where(status="planned") == PLANNED


def test_those_that_only_inform() -> None:
    assert ids_where(informs=True) == INFORMING
    assert ids_where(level="INFO") <= INFORMING
    assert ids_where(class_="INFO") == INFORMING


def test_profiles() -> None:
    in_layer = {r["id"] for r in REQUIREMENTS if r["id"][:3] in LAYER_FAMILIES} | LAYER_ONES
    assert ids_where(profile="layer") == in_layer


def test_refusals_are_reported_for_one_picture_and_required_of_layers() -> None:
    errors = {r["id"] for r in REQUIREMENTS if r["id"].startswith("ERR")}
    assert ids_where(reported_in_plane=True) == errors | {"SHP-08", "PAD-12"}
    assert ids_where(reported_in_plane=True) <= ids_where(profile="layer")


@each
def test_vocabularies_are_closed(requirement: dict[str, Any]) -> None:
    assert set(requirement) - {"reported_in_plane", "unsaid"} == KEYS
    assert requirement["level"] in {"MUST", "SHOULD", "DECL", "INFO"}
    assert requirement["profile"] in {"plane", "layer"}
    assert requirement["class"] in {"EQ", "INT", "BND", "BIT", "LAW", "RAISES", "INFO"}
    assert requirement["status"] in {"core", "planned"}
    assert isinstance(requirement["informs"], bool)


@each
def test_title_is_a_few_plain_words(requirement: dict[str, Any]) -> None:
    title = requirement["title"]
    assert 3 <= len(title.split()) <= 6
    assert title[0].isupper()
    assert not title.endswith(".")


def test_titles_differ() -> None:
    assert len({r["title"] for r in REQUIREMENTS}) == len(REQUIREMENTS)


@each
@pytest.mark.parametrize("key", ["statement", "check"])
def test_prose_is_one_or_two_whole_sentences(requirement: dict[str, Any], key: str) -> None:
    text = requirement[key]
    assert text == " ".join(text.split())
    assert text[0].isupper() or text[0].isdigit() or text.startswith("float")
    assert text.endswith(".")
    assert 1 <= len(sentences(text)) <= 2
    assert len(text) >= 30


@each
def test_sources_are_spelt_out(requirement: dict[str, Any]) -> None:
    assert requirement["sources"]
    assert len(set(requirement["sources"])) == len(requirement["sources"])
    for source in requirement["sources"]:
        assert source in OWN_WORK or len(source.split()) >= 4
        assert not re.search(r"\b(DV-R|SH-C|DN|PT|HG|JR|ASNA)\b", source)
        if "http" in source:
            assert re.search(r", https://\S+$", source)


@each
def test_formula_is_bare_latex(requirement: dict[str, Any]) -> None:
    formula = requirement["formula"]
    assert formula == formula.strip()
    assert "$" not in formula
    assert formula.count("{") == formula.count("}")


def test_the_bounds_have_their_formulas() -> None:
    for name in ("NUM-01", "NUM-03", "NUM-04", "NUM-05", "NUM-06", "NUM-09"):
        assert r"\hat{y}" in BY_ID[name]["formula"]
    assert "B < 2^{p}" in BY_ID["NUM-03"]["formula"]
    assert "860" in BY_ID["NUM-06"]["formula"]
