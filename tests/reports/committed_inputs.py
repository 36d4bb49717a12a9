"""Search files for inputs whose call ended the process of a library: as cases, as arrays, in archives, in pages.

Two ways find them. A record says by itself how a call ended; it must then hold no input. And cases that are known to
end a library are known here by checksums alone: of their canonical line, which is their id, and of their arrays.
"""

import ast
import gzip
import hashlib
import html
import io
import json
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convspec.conformance.case import parse_case
from convspec.reports.withholding import ENDS, KINDS_OF_LINES, is_to_be_withheld, unpublishable

LIST = Path(__file__).with_name("withheld-cases.txt")
CASE_LINE = re.compile(r"\bx=(?:\d+(?:x\d+)*|scalar)(?:\s+[a-z_]+=\S+)+")
# What may stand right behind a case without being part of it; a semicolon may be either.
AROUND = "'\"`\\,.:;)]}"
ARRAY = re.compile(r"\b(?:array|tensor)\(\s*(?=\[)")
INPUTS = ("x", "w", "bias", "expected", "got", "history", "case", "repro")
ENDED_ON_A_PAGE = re.compile(rf'<pre class="got"[^>]*>\s*(?:<bdi>)?(?:{"|".join(ENDS)})')


@dataclass(frozen=True)
class Known:
    """A case that is withheld, by checksums: its id, and those of x and w where they are known."""

    id: str
    x: str = ""
    w: str = ""


def known_cases(path: Path = LIST) -> tuple[Known, ...]:
    """Read the list: id, and checksums of x and w."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(Known(*line.split()) for line in lines if line and not line.startswith("#"))


def committed(root: Path) -> list[Path]:
    """List the files of a checkout that are committed, or would be; without git, those of the whole folder."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8")
        paths = [root / name for name in told.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = list(root.rglob("*"))
    return sorted({path for path in paths if path.is_file() and path.suffix != ".pyc"})


def documents(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Open what is packed, also inside of what is packed."""
    if raw[:2] == b"\x1f\x8b":
        yield from documents(f"{name}/unzipped", gzip.decompress(raw))
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            for member in packed.namelist():
                yield from documents(f"{name}/{member}", packed.read(member))
    elif raw[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(raw)) as tape:
            for entry in tape:
                file = tape.extractfile(entry)
                if file is not None:
                    yield from documents(f"{name}/{entry.name}", file.read())
    else:
        yield name, raw


def findings(paths: Iterable[Path], known: Iterable[Known]) -> list[str]:
    """Say of each input that must not be there where it stands."""
    opened = [found for path in paths for found in documents(str(path), path.read_bytes())]
    wanted = {case.id: case for case in known}
    for _, raw in opened:
        wanted |= {id: Known(id) for id in _withheld_ids(raw) if id not in wanted}
    told = []
    for name, raw in opened:
        told += [f"{name}: {what}" for what in dict.fromkeys((*_of_records(raw), *_of_known(name, raw, wanted)))]
    return told


def _records(raw: bytes) -> Iterator[dict[str, Any]]:
    for piece in (raw, *raw.split(b"\n")):
        if piece[:1] == b"{":
            try:
                yield json.loads(piece)
            except ValueError:
                continue


def _inner(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a JSON value, and itself."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _inner(item)


def _withheld_ids(raw: bytes) -> set[str]:
    items = (item for record in _records(raw) for item in _inner(record))
    return {item["id"] for item in items if isinstance(item.get("withheld"), dict) and isinstance(item.get("id"), str)}


def _of_records(raw: bytes) -> Iterator[str]:
    """What says by itself that a call ended the process, and holds an input all the same."""
    for record in _records(raw):
        for item in _inner(record):
            id = (item["counterexample"] if _is_line(item) else item).get("id", "")
            came = str(item.get("got_text", ""))
            has_input = any(item.get(key) for key in INPUTS)
            if _is_line(item) and is_to_be_withheld(item):
                yield f"the input of case {id}, which ended the process"
            if has_input and (item.get("ended") in tuple(ENDS) or came.startswith(tuple(ENDS))):
                yield f"the input of case {id}, which ended the process"
            if has_input and isinstance(item.get("withheld"), dict) and isinstance(id, str):
                yield f"an input beside the words that withhold that of case {id}"
            if any(unpublishable(json.dumps(item).encode())):
                yield "a fixed input that ended the process"
    for card in raw.decode("utf-8", "replace").split('<div class="case"')[1:]:
        shown = card.partition("</article>")[0]
        if ENDED_ON_A_PAGE.search(shown) and re.search(r'class="(?:repro|snippet)"', shown):
            yield "a page that shows how to repeat a case that ended the process"


def _is_line(item: dict[str, Any]) -> bool:
    """Whether an object is a line of a file of results, with a counterexample."""
    return item.get("type") in KINDS_OF_LINES and isinstance(item.get("counterexample"), dict)


def _of_known(name: str, raw: bytes, wanted: dict[str, Known]) -> Iterator[str]:
    """What stands on the list of withheld cases, in any form in which a case is written down."""
    texts = list(_texts(name, raw))
    for text in texts:
        for match in CASE_LINE.finditer(text):
            id = _id_of(match[0])
            if id in wanted:
                yield f"case {id}, which is withheld"
    arrays = {_checksum(array) for text in texts for array in _written(text)}
    arrays |= {_checksum(array) for record in _records(raw) for item in _inner(record) for array in _of_json(item)}
    for case in wanted.values():
        if case.x and {case.x, case.w} <= arrays:
            yield f"the arrays of case {case.id}, which is withheld"


def _texts(name: str, raw: bytes) -> Iterator[str]:
    """The text of a file as it stands, as a reader of the page sees it, and each text constant of a program."""
    text = raw.decode("utf-8", "replace")
    yield text
    if "<" in text:
        yield html.unescape(re.sub(r"<[^>]*>", "", text))
    if name.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for record in _records(raw):
        yield from (value for item in _inner(record) for value in item.values() if isinstance(value, str))


def _id_of(text: str) -> str:
    """The id of the longest case that a text begins with; empty where it begins with none."""
    parts = text.split()
    while parts:
        try:
            return parse_case(" ".join(parts)).id
        except ValueError:
            # Nothing but what stands behind a case may be taken away from its last part.
            shorter = parts.pop()
            if shorter[-1] in AROUND:
                parts.append(shorter[:-1])
    return ""


def _written(text: str) -> Iterator[Any]:
    """The arrays that a program writes out."""
    for match in ARRAY.finditer(text):
        depth, end = 0, match.end()
        while end < len(text):
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            end += 1
            if depth == 0:
                break
        try:
            yield np.array(ast.literal_eval(text[match.end() : end]), dtype=np.float64)
        except (ValueError, SyntaxError, TypeError):
            continue


def _of_json(item: dict[str, Any]) -> Iterator[Any]:
    if isinstance(item.get("data"), list):
        try:
            yield np.array(item["data"], dtype=np.float64)
        except (ValueError, TypeError):
            return


def _checksum(array: Any) -> str:
    """Of the numbers in C order, whatever their type; a program may write the shape apart from them."""
    text = ",".join(repr(float(number) + 0.0) for number in array.ravel())
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def known_from(line: str) -> Known:
    """The checksums of a case, for the list."""
    from convspec.conformance.recipes import arrays

    case = parse_case(line)
    made = arrays(case)
    return Known(case.id, *(_checksum(np.asarray(array, dtype=np.float64)) for array in (made.x, made.w)))
