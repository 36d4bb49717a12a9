"""The formulas of the catalogue and the lesson as MathML, converted beforehand and kept in ``formulas.json``.

A report needs no converter: it looks the LaTeX text up here. After a formula has changed in
``conformance/catalogue.toml`` or ``lesson_formulas.py``, ``python -m convspec.reports.formulas`` rewrites
the file, which takes latex2mathml, of the version named below.
"""

import html
import json
import re
import tomllib
from pathlib import Path

# Resolved, because in a checkout this folder is reached through a link of the import package.
FORMULAS = Path(__file__).resolve().with_name("formulas.json")
CATALOGUE = FORMULAS.parent.parent / "conformance" / "catalogue.toml"

# What the converter writes differs between its minor versions.
CONVERTER_VERSION = "3.81"

# Longer than this, in characters of LaTeX, a formula gets a line of its own.
LONGEST_INLINE = 40
# These become unreadably small within a line of text.
TALL = (r"\frac", r"\sum", r"\left")
# Hat, tilde and star as mathematical signs: the ASCII ones of the converter are too large or too high.
SIGNS = {"&#x0005E;": "&#x002C6;", "&#x0007E;": "&#x002DC;", "&#x0002A;": "&#x02217;"}


def load() -> dict[str, str]:
    """Return the MathML of each formula, by its LaTeX text as it stands where it was written.

    Raises
    ------
    FileNotFoundError
        The file is not there. The message gives its path.
    """
    formulas: dict[str, str] = json.loads(FORMULAS.read_text(encoding="utf-8"))
    return formulas


def latex_of_catalogue() -> list[str]:
    """List the distinct formulas of the catalogue that are not empty, sorted."""
    with CATALOGUE.open("rb") as file:
        requirements = tomllib.load(file)["requirement"]
    return sorted({requirement["formula"] for requirement in requirements} - {""})


def latex_of_pages() -> list[str]:
    """List the distinct formulas of the catalogue and of the lesson, sorted."""
    # Imported here, because the lesson sets its formulas with the help of this module.
    from convspec.reports import lesson_formulas

    return sorted({*latex_of_catalogue(), *lesson_formulas.FORMULAS.values()})


def display(latex: str) -> str:
    r"""Say how a formula is set: ``"block"`` on a line of its own, or ``"inline"`` within the text.

    Examples
    --------
    >>> display(r"k_h = 0"), display(r"B < \frac{\Omega}{2}")
    ('inline', 'block')
    """
    on_its_own = len(latex) > LONGEST_INLINE or any(command in latex for command in TALL)
    return "block" if on_its_own else "inline"


def convert_all() -> str:
    """Convert the formulas of the pages and return the text that ``formulas.json`` should hold.

    Raises
    ------
    ModuleNotFoundError
        latex2mathml is not installed.
    """
    # Imported here, because only whoever changes a formula needs it.
    from latex2mathml.converter import convert

    formulas = {}
    for latex in latex_of_pages():
        mathml = convert(latex, display=display(latex))
        for ascii_sign, sign in SIGNS.items():
            mathml = mathml.replace(ascii_sign, sign)
        formulas[latex] = mathml
    return json.dumps(formulas, indent=1, sort_keys=True) + "\n"


def characters() -> set[str]:
    """Collect the characters that a font needs in order to draw the formulas.

    Single letters count in their slanted form, in which a browser draws a variable. ``static/`` holds a
    subset of STIX Two Math (SIL Open Font License) made from these and printable ASCII::

        pyftsubset stix-two-math-latin-400-normal.woff2 --text-file=CHARACTERS --flavor=woff2 --no-hinting
            --desubroutinize --layout-features=ssty,dtls,flac,kern,ccmp,mark,mkmk
            --output-file=stix-two-math-subset.woff2
    """
    needed: set[str] = set()
    for mathml in load().values():
        for tag, text in re.findall(r"<(\w+)[^>]*>([^<]+)</", mathml):
            shown = html.unescape(text)
            needed.update(slanted(shown) if tag == "mi" and len(shown) == 1 else shown)
        if "<msqrt>" in mathml:
            needed.add("\N{SQUARE ROOT}")
    return needed


def slanted(letter: str) -> str:
    r"""Give a variable's letter in mathematical italic; any other character comes back as it is.

    Examples
    --------
    >>> [hex(ord(slanted(letter))) for letter in "xh\u03b7"]
    ['0x1d465', '0x210e', '0x1d702']
    """
    # Unicode leaves a gap in its block for the one italic that was there before, Planck's constant.
    if letter == "h":
        return "\N{PLANCK CONSTANT}"
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("\u0391", "\u03a9", 0x1D6E2),
                               ("\u03b1", "\u03c9", 0x1D6FC)):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


def main() -> None:
    """Rewrite ``formulas.json`` from the catalogue."""
    text = convert_all()
    FORMULAS.write_text(text, encoding="utf-8", newline="\n")
    print(f"{FORMULAS}: {len(json.loads(text))} formulas")


if __name__ == "__main__":
    main()
