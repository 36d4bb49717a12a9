"""The frame that all pages share: head, style, navigation, the block on citing, and the way to bytes."""

import base64
import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from convspec.reports import formulas
from convspec.reports.results import Results
from convspec.reports.withdrawn import stones
from convspec.reports.words import UNDATED, readable, slug

Pages = Sequence[tuple[str, str]]

STATIC = Path(__file__).parent / "static"
FONT = "stix-two-math-subset.woff2"
# What every page has; the pages add their own.
STYLES: Final = ("palette.css", "style.css")
# In an element of its own: a figure that is saved takes its statements from there.
FIGURE_STYLES: Final = ("figures.css",)
SCRIPTS: Final = ("frame.js",)
# The pages of one folder, in the order of the navigation.
PAGES: Final[Pages] = (
    ("index.html", "Verdict"),
    ("lesson.html", "Lesson"),
    ("conventions.html", "Conventions"),
    ("accuracy.html", "Accuracy"),
    ("proof.html", "Proof"),
    ("speed.html", "Speed"),
    ("diff.html", "Difference"),
)
LICENCE: Final = "CC BY 4.0"
# What the head of every page holds and nobody else's.
MARK: Final = b" <span>an executable specification of 2-D convolution</span></p>"
# No page is longer.
LONGEST_PAGE: Final = 1 << 21
# Where the links between the pages stand, so that a page that lies there can learn of one that comes.
NAVIGATION: Final = re.compile(rb"<!--pages-->.*?<!--/pages-->", re.DOTALL)


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
        "style": Markup(_style(STYLES) + _face()),
        "figure_style": Markup(_style(FIGURE_STYLES)),
        "own_style": Markup(_style(tuple(styles))),
        "script": Markup(script),
        "script_hash": _script_hash(script),
        "pages": (),
        "current": "",
        "taken": (),
    }
    filled = {**frame, **values}
    pages, current = cast(Pages, filled["pages"]), str(filled["current"])
    filled["navigation"] = navigation(pages, current)
    taken = cast(Container[str], filled["taken"])
    filled["stones"] = [stone for stone in stones() if stone.page == current and stone.address not in taken]
    html = environment.get_template(template).render(filled)
    if "<math" not in html:
        html = html.replace(_face(), "")
    return (html.strip() + "\n").encode("utf-8")


def navigation(pages: Pages, current: str) -> Markup:
    """Set the links between the pages; a page that lies alone has none."""
    entries = [
        Markup('<b aria-current="page"><bdi>{}</bdi></b>').format(text)
        if address == current
        else Markup('<a href="{}"><bdi>{}</bdi></a>').format(address, text)
        for address, text in pages
    ]
    if all(address == current for address, _ in pages):
        entries = []
    links = Markup('<nav class="pages" aria-label="Pages">\n{}\n</nav>').format(Markup("\n").join(entries))
    return Markup("<!--pages-->{}<!--/pages-->").format(links if entries else "")


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
    environment.filters["isolated"] = lambda text: isolated(text, limit)
    environment.filters["prose"] = lambda text: prose(text, limit)
    environment.filters["formula"] = formula
    environment.globals["credit"] = lambda words, place, cite: _text(credit(readable(words, 300), place, cite))
    return environment


def _safe(value: object, limit: int) -> object:
    """Make every text of a template readable that no filter took care of; our own markup stays as it is."""
    return readable(value, limit) if isinstance(value, str) and not isinstance(value, Markup) else value


def stranger(text: str, limit: int) -> Markup:
    """Set a text that somebody else wrote: escaped, isolated in its direction, limited in length."""
    return Markup("<bdi>{}</bdi>").format(readable(text, limit))


def isolated(text: str, limit: int) -> Markup:
    """Set a text like `stranger`, in an element of its own only where it may run from right to left.

    For what stands on a page by the thousand.
    """
    rightward = all(unicodedata.bidirectional(char) not in ("R", "AL", "AN") for char in text)
    return escape(readable(text, limit)) if rightward else stranger(text, limit)


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
    return {latex: _lean(mathml) for latex, mathml in formulas.load().items()}


def _lean(mathml: str) -> str:
    """Leave out what HTML does not need: the name space, and the numbers of characters that it can hold."""
    plain = mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    return re.sub(r"&#x([0-9A-Fa-f]+);", lambda found: _character(int(found[1], 16)), plain)


def _character(code: int) -> str:
    return f"&#{code};" if chr(code) in "<>&" else chr(code)


def formula(latex: str) -> Markup:
    """Set a formula as MathML where the package holds its conversion, else as its LaTeX."""
    known = _formulas().get(latex)
    return Markup(known) if known is not None else Markup("<code>{}</code>").format(readable(latex, 400))


@cache
def _style(names: tuple[str, ...]) -> str:
    style = "".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    return re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)


@cache
def _face() -> str:
    """The font of the formulas, which no page needs that has none."""
    font = STATIC / FONT
    if not font.is_file():
        return ""
    data = base64.b64encode(font.read_bytes()).decode("ascii")
    return (
        '@font-face{font-family:"STIX Two Math Subset";font-display:swap;'
        f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
    )


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
    date, short = readable(identity.date, 40) or UNDATED, sha256[:12]
    year = date[:4] if date[:4].isdigit() else "n.d."
    dated = f"run of {date}: {of}; results SHA-256 {short}…" if sha256 else date
    note = f"Run of {date}: {of}; results SHA-256 {sha256}" if sha256 else f"Made by {suite} {version}, {date}"
    plain = f"The {suite} contributors ({year}). {title} [{suite} {version}, {dated}]."
    key = f"{slug(suite)}-{short or slug(title.lower())}"
    rows = {
        # In braces of their own: no part of a name is a first name, and no letter of a title is made small.
        "author": f"{{The {_tex(suite)} contributors}}",
        "title": f"{{{_tex(title)}}}",
        "version": _tex(version),
        "year": _tex(year),
        "note": _tex(note),
    }
    entries = ",\n".join(f"  {name:<7} = {{{value}}}" for name, value in rows.items())
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
    members = ",\n".join(f"  {json.dumps(name)}: {json.dumps(item[name])}" for name in sorted(item))
    return Citation(*map(_text, (plain, bibtex, f"[{{\n{members}\n}}]")))


def credit(words: str, place: str, cite: Citation) -> str:
    """Say in one line what a thing on a page is and where it stands; ``frame.js`` makes the other two forms of it.

    Parameters
    ----------
    words : str
        A caption, or id and title; backticks are left out.
    place : str
        File name of the page and address on it, such as ``index.html#PAD-04``.
    cite : Citation
        Of the page.
    """
    return f"{words.replace('`', '')} {cite.plain.unescape()} {place}, {LICENCE}."


def _text(text: str) -> Markup:
    # No quotation mark is escaped: these stand between elements, and there are hundreds of them on a page.
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file at once, so that a reader never sees half of it.

    Raises
    ------
    OSError
        It cannot be written, and says which; the old file stays.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        os.replace(part, path)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(problem, OSError):
            # A full disk does not say itself which file it had no room for.
            raise OSError(problem.errno, problem.strerror, str(path)) from problem
        raise


def has_our_mark(path: Path) -> bool:
    """Whether a file is a page that this package made, of this release or of an earlier one."""
    with path.open("rb") as file:
        return MARK in file.read(LONGEST_PAGE)


def write_page(path: Path, data: bytes, pages: Pages = ()) -> None:
    """Write a page, and tell the pages that lie beside it which others there are now.

    Parameters
    ----------
    path : Path
        The HTML file; its folder is made.
    data : bytes
        The page.
    pages : sequence of (address, text)
        What the page itself was told; where that is nothing, it lies alone and the others are left as they are.
    """
    write_bytes(path, data)
    beside = pages_in(path.parent) if pages else []
    for address, _ in beside:
        other = path.with_name(address)
        if other != path and not other.is_symlink() and has_our_mark(other):
            old = other.read_bytes()
            place = NAVIGATION.search(old)
            block = str(navigation(beside, address)).encode("utf-8")
            if place is not None and place[0] != block:
                write_bytes(other, old[: place.start()] + block + old[place.end() :])
