"""Citing: each page, requirement and figure says how, with versions, date and hash; licences are stated."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from all_pages import make_all_pages
from page_reader import Reader

from convspec.reports.page import STATIC, Identity, cited, credit

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_all_pages(tmp_path_factory.mktemp("pages"))


def preformatted(html: str, kind: str) -> str:
    found = re.findall(rf'<pre class="{kind}" tabindex="0">(.*?)</pre>', html, flags=re.DOTALL)
    assert len(found) == 1
    return unescape(found[0])


def test_every_page_is_cited_in_three_forms(pages: dict[str, str]) -> None:
    assert {"index.html", "lesson.html", "proof.html", "speed.html", "diff.html"} <= pages.keys()
    titles = set()
    for name, html in pages.items():
        plain, bibtex, csl = (preformatted(html, kind) for kind in ("cite", "bibtex", "csl"))
        (item,) = json.loads(csl)
        assert item["type"] == "software"
        assert item["version"] == "0.1.0"
        assert item["issued"]["date-parts"][0][0] == int(re.findall(r"contributors \((\d{4})\)", plain)[0])
        assert item["title"] in plain
        assert bibtex.startswith(f"@software{{{item['id']},\n")
        assert bibtex.count("{") == bibtex.count("}")
        hashes = set(re.findall(r"\b[0-9a-f]{64}\b", html.partition('<footer class="end">')[2]))
        # The lesson is made without a results file; every other page names the hashes of all of its files.
        assert bool(hashes) == (name != "lesson.html")
        for sha256 in hashes:
            assert sha256[:12] in plain
            assert sha256[:12] in bibtex + csl
        titles.add(item["title"])
    assert len(titles) == len(pages)


def test_a_page_of_results_names_what_was_run(pages: dict[str, str]) -> None:
    for kind in ("cite", "bibtex", "csl"):
        text = preformatted(pages["index.html"], kind)
        assert "2026-11-22" in text
        assert "scipy 1.2.3" in text


def singles(html: str) -> list[str]:
    box = r'<details class="one"><summary[^>]*>cite</summary><pre tabindex="0">(.*?)</pre></details>'
    return [unescape(text) for text in re.findall(box, html)]


def test_every_requirement_and_figure_can_be_cited_alone(pages: dict[str, str]) -> None:
    for name, html in pages.items():
        wanted = re.findall(r'<section class="requirement" id="([^"]+)"|<figure class="drawn" id="([^"]+)"', html)
        anchors = [first or second for first, second in wanted]
        if name == "index.html":
            planned = html[html.index('<section id="planned"') : html.index('<section id="exhaustive"')]
            anchors += re.findall(r'<div id="([A-Z]{3}-\d+)">', planned)
            assert len(anchors) > 100
        page = preformatted(html, "cite")
        places = []
        for text in singles(html):
            words, _, rest = text.partition(page)
            assert words.strip()
            place = re.fullmatch(rf" {name}#(\S+), CC BY 4\.0\.", rest)
            assert place, rest
            places.append(place[1])
        assert len(places) == len(set(places))
        assert set(anchors) <= set(places) <= set(Reader(html).ids)
    assert any(text.startswith("PAD-04: ") for text in singles(pages["index.html"]))


def test_the_program_of_the_page_makes_the_other_forms(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node, which runs the script of the page, is not installed")
    cite = cited(Identity("convspec", "0.1.0", "2026-11-22"), "Verdict", of="torch 2", sha256="ab" * 32)
    text = credit("PAD-04: Half & half of `same_upper`, at 100 %.", "index.html#PAD-04", cite)
    program = tmp_path / "ask.js"
    texts = {f"#cite .{name}": unescape(str(getattr(cite, kind))) for name, kind in
             (("cite", "plain"), ("bibtex", "bibtex"), ("csl", "csl"))}  # fmt: skip
    program.write_text(
        f"const texts = {json.dumps(texts)};"
        "globalThis.document = {querySelector: (name) => ({textContent: texts[name]}), querySelectorAll: () => []};"
        f"const frame = require({json.dumps(str(STATIC / 'frame.js'))});"
        f"console.log(JSON.stringify(frame.forms({json.dumps(text)})));",
        encoding="utf-8",
    )
    done = subprocess.run([node, program], capture_output=True, text=True, check=True, encoding="utf-8")
    made = json.loads(done.stdout)
    whole, alone = unescape(str(cite.bibtex)), made["BibTeX"]
    assert alone.splitlines()[0] == whole.splitlines()[0].replace(",", "-PAD-04,")
    assert r"title   = {{PAD-04: Half \& half of same\_upper, at 100 \%. In: Verdict}}" in alone
    assert r"note    = {index.html\#PAD-04; Run of 2026-11-22: torch 2; results SHA-256 " + "ab" * 32 in alone
    assert alone.count("{") == alone.count("}")
    (item,), (page,) = json.loads(made["CSL-JSON"]), json.loads(unescape(str(cite.csl)))
    assert item == page | {
        "id": page["id"] + "-PAD-04",
        "title": "PAD-04: Half & half of same_upper, at 100 %",
        "container-title": "Verdict",
        "note": "index.html#PAD-04; " + page["note"],
    }


def test_every_page_states_its_licence_at_its_foot(pages: dict[str, str]) -> None:
    for html in pages.values():
        foot = html[html.index('<footer class="end">') :]
        assert '<a rel="license noreferrer" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>' in foot
        assert "BSD-3-Clause" in foot


def test_the_licences_of_code_and_of_figures_are_stated() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## Licences") :]
    for words in ("BSD-3-Clause", "CC BY 4.0", "(LICENSE)", "(LICENSE-figures.md)"):
        assert words in section
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License")
    figures = (ROOT / "LICENSE-figures.md").read_text(encoding="utf-8")
    assert "creativecommons.org/licenses/by/4.0/" in figures
