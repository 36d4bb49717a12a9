"""What the tests of all pages share: a reader of HTML, and what must be true of every page."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "wbr", "img", "input", "hr"}
CELLS = {"td", "th", "dt", "dd"}
LOADING = {"src", "srcset", "data", "poster", "action", "xlink:href"}


class Reader(HTMLParser):
    """Collects addresses, links, texts, and whatever would be loaded or run; checks the nesting of the elements."""

    def __init__(self, html: str, *, joint: str = "") -> None:
        super().__init__()
        self.joint = joint
        self.ids: list[str] = []
        self.links: list[str] = []
        self.active: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag in CELLS:
            self.words.append(" ")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in LOADING or name == "href" or name.startswith("on"):
                self.active.append(f"{name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.joint.join(self.words).split())


def check_addresses(html: str, *, joint: str = "") -> Reader:
    """Unique addresses that need no quoting, and links within the page that land."""
    page = Reader(html, joint=joint)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", address) for address in page.ids)
    return page


def check_page(html: str, links: tuple[str, ...]) -> Reader:
    """The same, links that begin as given, one script, nothing loaded, below 1 MB."""
    page = check_addresses(html)
    assert all(link.startswith(("#", *links)) for link in page.links)
    assert page.active == []
    assert page.tags.count("script") == 1
    assert not re.search(r"@import|url\((?!data:)", html)
    assert len(html.encode("utf-8")) < 1_000_000
    return page


def heading(html: str) -> str:
    return Reader(html[html.index("<h1>") : html.index("</h1>") + 5]).text
