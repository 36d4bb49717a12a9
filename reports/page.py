"""The frame that all pages share: head, style, navigation, the block on citing, and the way to bytes."""

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from convspec.reports import formulas
from convspec.reports.results import Results
from convspec.reports.words import readable, slug

Pages = Sequence[tuple[str, str]]

STATIC = Path(__file__).parent / "static"
FONT = "stix-two-math-subset.woff2"
# What every page has; the pages add their own.
STYLES: Final = ("palette.css", "style.css", "figures.css")
SCRIPTS: Final = ("frame.js",)
# The pages of one folder, in the order of the navigation.
PAGES: Final[Pages] = (
    ("index.html", "Verdict"),
    ("lesson.html", "Lesson"),
    ("conventions.html", "Conventions"),
    ("accuracy.html", "Accuracy"),
    ("proof.html", "Proof"),
    ("speed.html", "Speed"),
)


@dataclass(frozen=True)
class Citation:
    """How a page is cited, in three forms."""

    plain: Markup
    bibtex: Markup
    csl: Markup


@dataclass(frozen=True)
class Identity:
    """What a page that is made without a results file says of its maker; results files have a header."""

    suite: str
    suite_version: str
    date: str


def pages_in(folder: Path, *coming: str) -> list[tuple[str, str]]:
    """List the pages that lie in a folder, for the navigation between them.

    Parameters
    ----------
    folder : Path
        Need not be there.
    *coming : str
        File names of pages that are about to be written there.

    Returns
    -------
    list of (file name, text)
        In the order of ``PAGES``.
    """
    return [page for page in PAGES if page[0] in coming or (folder / page[0]).is_file()]


def render(
    template: str,
    values: Mapping[str, object],
    limit: int,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> bytes:
    """Fill a template of this package.

    Parameters
    ----------
    template : str
        Its file name in ``templates/``.
    values : mapping
        What the template names; a name that is missing raises.
    limit : int
        The longest text from the results file that is shown whole, in characters.
    styles, scripts : sequence of str
        Files of ``static/`` that this page needs beside those of every page.

    Returns
    -------
    bytes
        UTF-8, ends with one newline, the same for the same values.
    """
    environment = _environment(limit)
    script = "\n".join(
        (STATIC / name).read_text(encoding="utf-8").strip() for name in (*SCRIPTS, *scripts)
    )
    frame = {
        "style": Markup(_style((*STYLES, *styles))),
        "script": Markup(script),
        "script_hash": _script_hash(script),
        "pages": (),
        "current": "",
    }
    html = environment.get_template(template).render({**frame, **values})
    return (html.strip() + "\n").encode("utf-8")


@cache
def _environment(limit: int) -> Environment:
    environment = Environment(
        loader=PackageLoader("convspec.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        finalize=lambda value: _safe(value, 4 * limit),
    )
    environment.filters["stranger"] = lambda text: stranger(text, limit)
    environment.filters["prose"] = lambda text: prose(text, limit)
    environment.filters["formula"] = formula
    return environment


def _safe(value: object, limit: int) -> object:
    """Make every text of a template readable that no filter took care of; our own markup stays as it is."""
    return readable(value, limit) if isinstance(value, str) and not isinstance(value, Markup) else value


def stranger(text: str, limit: int) -> Markup:
    """Set a text that somebody else wrote: escaped, isolated in its direction, limited in length."""
    return Markup("<bdi>{}</bdi>").format(readable(text, limit))


def prose(text: str, limit: int) -> Markup:
    """Set a sentence of the catalogue: escaped, with `words in backticks` as code and addresses as links."""
    pieces = re.split(r"(`[^`]+`|https?://[^\s<>\"'`]*[^\s<>\"'`.,;:)])", readable(text, limit))
    return Markup("").join(_set(piece) if i % 2 else escape(piece) for i, piece in enumerate(pieces))


def _set(piece: str) -> Markup:
    if piece.startswith("`"):
        return Markup("<code>{}</code>").format(piece[1:-1])
    # The scheme says nothing to a reader; the host and the path are what is looked for.
    return Markup('<a rel="noreferrer" href="{}">{}</a>').format(piece, piece.partition("://")[2])


@cache
def _formulas() -> Mapping[str, str]:
    return formulas.load()


def formula(latex: str) -> Markup:
    """Set a formula as MathML where the package holds its conversion, else as its LaTeX."""
    known = _formulas().get(latex)
    return Markup(known) if known is not None else Markup("<code>{}</code>").format(readable(latex, 400))


@cache
def _style(names: tuple[str, ...]) -> str:
    style = "".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    font = STATIC / FONT
    if font.is_file():
        data = base64.b64encode(font.read_bytes()).decode("ascii")
        style += (
            '@font-face{font-family:"STIX Two Math Subset";font-display:swap;'
            f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
        )
    return re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)


def _script_hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def citation(results: Results, title: str) -> Citation:
    """Write how to cite a page made from these results."""
    header = results.header
    adapters = ", ".join(
        " ".join(f"{name} {version}" for name, version in sorted(adapter.versions.items())) or adapter.id
        for adapter in results.adapters[:6]
    )
    if len(results.adapters) > 6:
        adapters += f" and {len(results.adapters) - 6} more"
    identity = Identity(header.suite, header.suite_version, header.date)
    return cited(identity, title, of=readable(adapters, 300), sha256=results.sha256)


def cited(identity: Identity, title: str, *, of: str = "", sha256: str = "") -> Citation:
    """Write how to cite a page.

    Parameters
    ----------
    identity : Identity
        Who made it, and when.
    title : str
        What the page is about.
    of : str
        What was run; empty for a page that shows no run.
    sha256 : str
        Of the results file, as hexadecimal digits; empty for a page that is made without one.
    """
    suite, version = readable(identity.suite, 60), readable(identity.suite_version, 40)
    date, short = readable(identity.date, 40), sha256[:12]
    year = date[:4] if date[:4].isdigit() else "n.d."
    dated = f"run of {date}: {of}; results SHA-256 {short}…" if sha256 else date
    note = f"Results SHA-256 {sha256}" if sha256 else f"Made by {suite} {version}"
    plain = f"The {suite} contributors ({year}). {title} [{suite} {version}, {dated}]."
    key = f"{slug(suite)}-{short or slug(title.lower())}"
    rows = {
        "author": f"{{The {suite} contributors}}",
        "title": f"{{{_tex(title)}}}",
        "version": version,
        "year": year,
        "note": f"Run of {date}; results SHA-256 {sha256}" if sha256 else f"{note}, {date}",
    }
    entries = ",\n".join(
        f"  {name:<7} = {value if value.startswith('{') else '{' + _tex(value) + '}'}"
        for name, value in rows.items()
    )
    item: dict[str, object] = {
        "id": key,
        "type": "software",
        "title": title,
        "version": version,
        "author": [{"literal": f"The {suite} contributors"}],
        "note": note,
    }
    parts = re.findall(r"\d+", date)
    if len(parts) >= 3 and year != "n.d.":
        item["issued"] = {"date-parts": [[int(part) for part in parts[:3]]]}
    bibtex = f"@software{{{key},\n{entries}\n}}"
    return Citation(escape(plain), escape(bibtex), escape(json.dumps([item], indent=1, sort_keys=True)))


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file at once, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
