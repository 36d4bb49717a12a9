"""The formulas of the reports: converted, up to date, well-formed, and drawable with the font beside them."""

import importlib.metadata
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from convspec.reports import formulas

STATIC = Path(formulas.__file__).resolve().parent / "static"
FONT = STATIC / "stix-two-math-subset.woff2"
MATHML = "{http://www.w3.org/1998/Math/MathML}"


def need_the_converter() -> None:
    pytest.importorskip("latex2mathml", reason="latex2mathml, which converts the formulas, is not installed")
    version = importlib.metadata.version("latex2mathml")
    if not version.startswith(f"{formulas.CONVERTER_VERSION}."):
        made_by = formulas.CONVERTER_VERSION
        pytest.skip(f"latex2mathml {version} writes otherwise than {made_by}, which made the file")


def test_each_formula_of_the_pages_is_there_and_no_other() -> None:
    assert sorted(formulas.load()) == formulas.latex_of_pages()


def test_the_file_is_what_the_converter_writes_today() -> None:
    need_the_converter()
    written = formulas.FORMULAS.read_text(encoding="utf-8")
    assert written == formulas.convert_all(), (
        "formulas.json is out of date; to rewrite it: python -m convspec.reports.formulas"
    )


@pytest.mark.parametrize("latex", formulas.latex_of_pages())
def test_mathml_is_well_formed_and_free_of_latex(latex: str) -> None:
    mathml = formulas.load()[latex]
    root = ElementTree.fromstring(mathml)
    assert root.tag == f"{MATHML}math"
    assert root.get("display") == formulas.display(latex)
    assert "\\" not in "".join(root.itertext())
    assert {element.tag for element in root.iter()} & {f"{MATHML}mi", f"{MATHML}mtext"}
    # A command that the converter does not know comes out as an element without content.
    empty = [e.tag for e in root.iter() if not len(e) and not (e.text or "").strip()]
    assert set(empty) <= {f"{MATHML}mspace"}


def test_short_formulas_stay_in_the_text() -> None:
    assert formulas.display("B < 2^p") == "inline"
    assert formulas.display(r"\sum_c x_c") == "block"
    assert formulas.display("x" * 41) == "block"


def test_main_writes_the_same_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need_the_converter()
    copy = tmp_path / "formulas.json"
    before = formulas.FORMULAS.read_bytes()
    monkeypatch.setattr(formulas, "FORMULAS", copy)
    formulas.main()
    assert copy.read_bytes() == before
    assert f"{len(json.loads(before))} formulas" in capsys.readouterr().out


def test_slanted_letters() -> None:
    assert formulas.slanted("x") == "\N{MATHEMATICAL ITALIC SMALL X}"
    assert formulas.slanted("C") == "\N{MATHEMATICAL ITALIC CAPITAL C}"
    assert formulas.slanted("\N{GREEK SMALL LETTER ETA}") == "\N{MATHEMATICAL ITALIC SMALL ETA}"
    assert formulas.slanted("h") == "\N{PLANCK CONSTANT}"
    assert formulas.slanted("1") == "1"


def test_the_font_is_small_and_licensed() -> None:
    data = FONT.read_bytes()
    assert data[:4] == b"wOF2"
    assert len(data) < 30_000
    licence = (STATIC / "stix-two-math-OFL.txt").read_text(encoding="utf-8")
    assert "SIL Open Font License, Version 1.1" in licence
    assert "The STIX Fonts Project Authors" in licence


def test_the_font_has_every_character_and_stretches_brackets() -> None:
    reader = pytest.importorskip("fontTools.ttLib", reason="fontTools, which reads fonts, is not installed")
    pytest.importorskip("brotli", reason="brotli, which unpacks the font, is not installed")
    font = reader.TTFont(FONT)
    mapped = font.getBestCmap()
    needed = formulas.characters() | {chr(code) for code in range(0x20, 0x7F)}
    assert sorted(character for character in needed if ord(character) not in mapped) == []
    stretched = font["MATH"].table.MathVariants.VertGlyphCoverage.glyphs
    for bracket in "(\N{LEFT FLOOR}\N{RIGHT CEILING}|\N{DOUBLE VERTICAL LINE}\N{SQUARE ROOT}":
        assert mapped[ord(bracket)] in stretched
