"""Published addresses: none of them ever disappears or changes its meaning, and a withdrawn one has a stone."""

import re
import tomllib
from pathlib import Path

import pytest
from all_pages import make_all_pages
from page_reader import Reader, check_addresses
from sample_results import adapter, catalogue, footer, header, verdict, write

from convspec.reports import page, pages_in, read_results, withdrawn
from convspec.reports.lesson import lesson_page
from convspec.reports.verdict import verdict_page
from convspec.reports.withdrawn import FILE, Stone, read_stones, stones

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("published-addresses.txt")
# What a run names, not the project: adapters, libraries, their outcomes, cases. And what only serves the page itself.
OF_A_RUN = re.compile(
    r"(adapter-|benign-|case-|exhaustive-|fault-|function-|(scipy|faulty|torch)-).*|[^.]+\..+|.*-title"
)
OF_THE_FRAME = {"main", "filters", "explorer", "explorer-answer", "pause", "withdrawn"}


def published() -> list[str]:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every address of every page, as page#address."""
    made = make_all_pages(tmp_path_factory.mktemp("pages"))
    return {f"{name}#{address}" for name, html in made.items() for address in Reader(html).ids}


def test_no_published_address_disappears(living: set[str]) -> None:
    lost = sorted(set(published()) - living)
    assert not lost, (
        f"{', '.join(lost)}: published, and no longer there. Give it back, or withdraw it for good: add a [[stone]] "
        f"with page, address, date, reason and instead to reports/{FILE.name}, and leave its line in {LIST.name}."
    )


def test_every_lasting_address_is_published(living: set[str]) -> None:
    lasting = {
        place
        for place in living
        if not OF_A_RUN.fullmatch(place.partition("#")[2]) and place.partition("#")[2] not in OF_THE_FRAME
    }
    new = sorted(lasting - set(published()))
    assert not new, "\n".join([f"New addresses, for good: add these lines to {LIST.name}, in order.", *new])


def test_the_list_is_in_order_and_names_known_pages() -> None:
    lines = published()
    assert lines == sorted(set(lines))
    assert {line.partition("#")[0] for line in lines} <= {name for name, _ in page.PAGES}


def test_every_requirement_of_the_catalogue_is_on_the_list() -> None:
    wanted = {f"index.html#{requirement['id']}" for requirement in catalogue()}
    assert wanted <= set(published())


def test_outcomes_and_cases_have_addresses_made_from_names(living: set[str]) -> None:
    core = [requirement["id"] for requirement in catalogue() if requirement["status"] == "core"]
    wanted = {f"index.html#{name}-{id}" for name in ("scipy", "faulty", "torch") for id in core}
    assert wanted | {"index.html#adapter-scipy", "index.html#case-3f9a1c2b77"} <= living


def test_what_is_withdrawn_was_published_and_is_used_no_more() -> None:
    requirements = {requirement["id"] for requirement in catalogue()}
    for stone in stones():
        assert f"{stone.page}#{stone.address}" in published()
        assert stone.page != "index.html" or stone.address not in requirements
    assert {stone["page"] for stone in tomllib.loads(FILE.read_text(encoding="utf-8")).get("stone", [])} <= {
        name for name, _ in page.PAGES
    }


INVENTED = """
[[stone]]
page = "index.html"
address = "PAD-99"
date = "2031-05-01"
reason = "It asked for `<nothing>` that a user could see."
instead = "PAD-04"

[[stone]]
page = "lesson.html"
address = "fig-gone"
date = "2031-05-01"
reason = "The figure moved."
instead = "conventions.html#fig-come"
"""


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> tuple[Stone, ...]:
    found = read_stones(INVENTED)
    monkeypatch.setattr(page, "stones", lambda: found)
    return found


def small_verdict(tmp_path: Path, *more: str) -> str:
    requirements = [line for line in catalogue() if line["id"] in ("DEF-01", "PAD-04")]
    requirements += [{**requirements[0], "id": id} for id in more]
    lines = [header(["mine"]), *requirements, adapter("mine"), *(verdict("mine", line["id"]) for line in requirements)]
    results = read_results(write(tmp_path / "results.jsonl", [*lines, footer()]))
    return verdict_page(results, pages_in(tmp_path)).decode("utf-8")


def test_a_withdrawn_address_leaves_a_stone(invented: tuple[Stone, ...], tmp_path: Path) -> None:
    html = small_verdict(tmp_path)
    text = check_addresses(html).text
    assert "Withdrawn on 2031-05-01. It asked for <nothing> that a user could see. Instead: PAD-04." in text
    stone = html[html.index('<div id="PAD-99">') :]
    assert '<a href="#PAD-04">PAD-04</a>' in stone[: stone.index("</div>")]
    assert "fig-gone" not in html
    lesson = lesson_page("0.1.0", "2026-11-22").decode("utf-8")
    assert 'id="fig-gone"' in lesson
    assert '<a href="conventions.html#fig-come">' in lesson
    assert "PAD-99" not in lesson


def test_results_from_before_the_withdrawal_keep_the_requirement(
    invented: tuple[Stone, ...], tmp_path: Path
) -> None:
    html = small_verdict(tmp_path, "PAD-99")
    check_addresses(html)
    assert '<section class="requirement" id="PAD-99"' in html
    assert 'id="withdrawn"' not in html


def test_without_stones_there_is_no_section_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "stones", tuple)
    assert 'id="withdrawn"' not in small_verdict(tmp_path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ('address = "PAD-99"', "stands twice"),
        ('address = "no address"', "'no address' is no address"),
        ('date = "soon"', "needs a date such as 2026-11-22"),
        ('reason = ""', "and a reason"),
        ("reason = 7", "must have the texts"),
        ("", "must have the texts"),
    ],
)
def test_a_broken_stone_is_refused(changed: str, told: str) -> None:
    key = changed.partition(" ")[0] or "instead"
    second = "\n".join(line for line in INVENTED.split("\n\n")[1].splitlines() if not line.startswith(key))
    if key == "address" and told == "stands twice":
        second = second.replace("lesson.html", "index.html")
    with pytest.raises(ValueError, match="stone 2") as refused:
        read_stones(INVENTED.split("\n\n")[0] + f"\n{second}\n{changed}\n")
    assert told in str(refused.value)


def test_the_table_of_the_package_can_be_read() -> None:
    assert withdrawn.stones() == read_stones(FILE.read_text(encoding="utf-8"))
