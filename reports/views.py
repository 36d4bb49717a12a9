"""What the verdict page shows, as plain values: the template only sets it in type."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from convspec.reports import svg
from convspec.reports.counterexample import CaseView, view
from convspec.reports.numbers import ratio
from convspec.reports.results import Adapter, Requirement, Results, Verdict
from convspec.reports.standing import Standing, standings, tried
from convspec.reports.trials import Rows, beyond, dtypes, evidence, ordered, value_text
from convspec.reports.words import OUTCOMES, Outcome, family_title, readable, slug
from convspec.reports.worlds import WorldView, world_views

RESERVED = (
    "verdict",
    "failures",
    "known",
    "matrix",
    "requirements",
    "planned",
    "adapters",
    "run",
    "cite",
    "legend",
    "main",
    "filters",
    "style",
    "left-out",
    "exhaustive",
    "glance",
    "withdrawn",
)
# A script counts bits up to 31; NumPy and ml_dtypes have fewer kinds of numbers.
MOST_DTYPES = 30


@dataclass(frozen=True)
class Detail:
    """How much is shown. The page takes the first of `DETAILS` with which it is small enough."""

    evidence: int
    charts: bool
    drawn: int
    drawn_each: int
    listed: int
    text: int
    adapters: int
    requirements: int
    full: bool


DETAILS = (
    Detail(4, True, 40, 12, 400, 1500, 400, 400, True),
    Detail(2, True, 24, 8, 300, 1000, 400, 400, True),
    Detail(2, False, 24, 8, 300, 1000, 400, 400, True),
    Detail(0, False, 16, 4, 200, 600, 400, 400, True),
    Detail(0, False, 12, 2, 150, 300, 400, 400, False),
    Detail(0, False, 6, 1, 60, 160, 120, 150, False),
    Detail(0, False, 2, 1, 20, 80, 40, 60, False),
)


@dataclass(frozen=True)
class OutcomeView:
    """One cell of the matrix, with its evidence; ``like`` is the outcome that has the rest of it."""

    anchor: str
    adapter: Standing
    requirement: Requirement
    verdict: Verdict
    shown: Outcome
    figures: str
    evidence: Rows
    like: "OutcomeView | None"
    case_anchor: str
    dtypes: tuple[str, ...]


@dataclass(frozen=True)
class RequirementView:
    """One requirement with the outcome under each adapter that is shown."""

    anchor: str
    requirement: Requirement
    outcomes: tuple[OutcomeView, ...]
    by_adapter: Mapping[str, OutcomeView]


@dataclass(frozen=True)
class FamilyView:
    """The requirements of one family."""

    id: str
    anchor: str
    title: str
    requirements: tuple[RequirementView, ...]


@dataclass(frozen=True)
class Glance:
    """One adapter and one family: the worst outcome, and how many requirements are met."""

    shown: Outcome
    text: str
    title: str
    link: str


@dataclass(frozen=True)
class SheetView:
    """The data sheet of one adapter."""

    anchor: str
    standing: Standing
    claims: tuple[tuple[str, str], ...]
    numerics: tuple[tuple[str, str], ...]
    charts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Card:
    """A verdict that deserves a look, with its drawing where there is one."""

    outcome: OutcomeView
    case: CaseView | None


@dataclass
class Page:
    """Everything on the verdict page."""

    sheets: list[SheetView] = field(default_factory=list)
    families: list[FamilyView] = field(default_factory=list)
    glance: dict[str, dict[str, Glance]] = field(default_factory=dict)
    planned: list[RequirementView] = field(default_factory=list)
    left_out: list[RequirementView] = field(default_factory=list)
    failures: list[Card] = field(default_factory=list)
    known: list[Card] = field(default_factory=list)
    more: list[OutcomeView] = field(default_factory=list)
    worlds: list[WorldView] = field(default_factory=list)
    unlisted: int = 0
    hidden_adapters: int = 0
    hidden_requirements: int = 0
    dtypes: tuple[str, ...] = ()

    def dtype_bits(self, cell: OutcomeView) -> str:
        """Write the dtypes that an outcome speaks of as hexadecimal digits, one bit for each of `dtypes`."""
        return format(sum(1 << place for place, name in enumerate(self.dtypes) if name in cell.dtypes), "x")


class Addresses:
    """Give every thing on the page an address made from its name, each address once."""

    def __init__(self) -> None:
        self.used = set(RESERVED)

    def take(self, name: str) -> str:
        """Give the address for a name, and keep it."""
        return slug(name, self.used)


def build(results: Results, detail: Detail) -> Page:
    """Turn results into what the page shows, at one level of detail."""
    page = Page()
    addresses = Addresses()
    found = standings(results)
    page.hidden_adapters = max(0, len(found) - detail.adapters)
    found = found[: detail.adapters]
    ran = {verdict.requirement for verdict in results.verdicts if verdict.outcome != "planned"}
    core = [requirement for requirement in results.requirements if requirement.id in ran]
    rest = [requirement for requirement in results.requirements if requirement.id not in ran]
    page.hidden_requirements = max(0, len(core) - detail.requirements) + max(
        0, len(rest) - detail.requirements
    )
    anchors = {r.id: addresses.take(r.id) for r in core[: detail.requirements] + rest[: detail.requirements]}
    families = {r.family: "" for r in core}
    families = {family: addresses.take(f"family-{slug(family)}") for family in families}
    sheets = {
        standing.adapter.id: addresses.take(f"adapter-{slug(standing.adapter.id)}") for standing in found
    }
    page.sheets = [_sheet(standing, sheets[standing.adapter.id], detail) for standing in found]
    for requirement in rest[: detail.requirements]:
        kept = page.planned if requirement.status == "planned" else page.left_out
        kept.append(RequirementView(anchors[requirement.id], requirement, (), {}))
    outcomes = _outcomes(found, anchors, addresses, core, detail)
    found_types = {name for row in outcomes.values() for cell in row.values() for name in cell.dtypes}
    page.dtypes = tuple(sorted(found_types)[:MOST_DTYPES])
    page.families = _families(core[: detail.requirements], anchors, families, outcomes, detail)
    _cards(page, outcomes, detail)
    page.worlds = world_views(results.worlds[: detail.adapters], addresses)
    page.glance = _glances(found, outcomes, sheets, families, detail)
    return page


Outcomes = dict[str, dict[str, OutcomeView]]


def _outcomes(
    found: list[Standing],
    anchors: dict[str, str],
    addresses: Addresses,
    core: list[Requirement],
    detail: Detail,
) -> Outcomes:
    """Make the cells, by requirement and adapter."""
    outcomes: Outcomes = {requirement.id: {} for requirement in core if requirement.id in anchors}
    told: dict[str, list[tuple[Rows, OutcomeView]]] = {id: [] for id in outcomes}
    for standing in found:
        for requirement, verdict in standing.judged:
            if requirement.id not in outcomes:
                continue
            anchor = addresses.take(f"{slug(standing.adapter.id)}-{slug(requirement.id)}")
            example = verdict.counterexample
            case = ""
            if example is not None:
                case = f"case-{slug(example.id)}"
                # The first to show a case gets its plain address; others name themselves as well.
                case = addresses.take(f"{case}-{anchor}" if case in addresses.used else case)
            rows = evidence(verdict, detail.evidence)
            like, shown = beyond(rows, [other for other, _ in told[requirement.id]])
            cell = OutcomeView(
                anchor,
                standing,
                requirement,
                verdict,
                OUTCOMES[verdict.outcome],
                _figures(verdict),
                shown,
                None if like is None else told[requirement.id][like][1],
                case,
                dtypes(verdict),
            )
            outcomes[requirement.id][standing.adapter.id] = cell
            if like is None and rows:
                told[requirement.id].append((rows, cell))
    return outcomes


def _figures(verdict: Verdict) -> str:
    parts = []
    if verdict.cases:
        parts.append(f"{verdict.cases} case{'' if verdict.cases == 1 else 's'}")
    if verdict.worst_ratio is not None:
        parts.append(f"worst error {ratio(verdict.worst_ratio)} of the bound")
    return ", ".join(parts)


def _families(
    core: list[Requirement],
    anchors: dict[str, str],
    families: dict[str, str],
    outcomes: Outcomes,
    detail: Detail,
) -> list[FamilyView]:
    grouped: dict[str, list[RequirementView]] = {}
    for requirement in core:
        cells = outcomes[requirement.id]
        shown = tuple(cells.values())
        if not detail.full:
            shown = tuple(cell for cell in shown if cell.shown.kind in ("bad", "known"))[
                : detail.listed // 10
            ]
        grouped.setdefault(requirement.family, []).append(
            RequirementView(anchors[requirement.id], requirement, shown, cells)
        )
    return [
        FamilyView(family, families[family], family_title(family), tuple(views))
        for family, views in grouped.items()
    ]


def _cards(page: Page, outcomes: Outcomes, detail: Detail) -> None:
    """Choose what is drawn: failures by requirement, then known deviations and notes with a case."""
    by_adapter: dict[str, int] = {}
    drawn = 0
    cells = [cell for row in outcomes.values() for cell in row.values()]
    for wanted, kept in (("bad", page.failures), ("known", page.known), ("quiet", page.known)):
        for cell in cells:
            if cell.shown.kind != wanted or (wanted == "quiet" and not cell.case_anchor):
                continue
            name = cell.adapter.adapter.id
            if drawn < detail.drawn and by_adapter.get(name, 0) < detail.drawn_each:
                example = cell.verdict.counterexample
                case = view(example, cell.adapter.adapter, cell.case_anchor) if example else None
                kept.append(Card(cell, case))
                drawn += 1
                by_adapter[name] = by_adapter.get(name, 0) + 1
            elif len(page.more) < detail.listed:
                page.more.append(cell)
            else:
                page.unlisted += 1


def _glances(
    found: list[Standing],
    outcomes: Outcomes,
    sheets: dict[str, str],
    families: dict[str, str],
    detail: Detail,
) -> dict[str, dict[str, Glance]]:
    glances: dict[str, dict[str, Glance]] = {}
    for standing in found:
        counts: dict[str, dict[str, int]] = {}
        worst: dict[str, Requirement] = {}
        for requirement, verdict in standing.judged:
            if verdict.outcome == "planned" or requirement.id not in outcomes:
                continue
            row = counts.setdefault(requirement.family, {})
            row[verdict.outcome] = row.get(verdict.outcome, 0) + 1
            if OUTCOMES[verdict.outcome].kind == "bad" and requirement.id in outcomes:
                worst.setdefault(requirement.family, requirement)
        name = standing.adapter.id
        glances[name] = {}
        for family, row in counts.items():
            link = families.get(family, "requirements")
            if family in worst:
                link = outcomes[worst[family].id][name].anchor if detail.full else sheets[name]
            glances[name][family] = _glance(row, link)
    return glances


def _glance(counts: dict[str, int], link: str) -> Glance:
    order = ("bad", "known", "good", "quiet")
    words = sorted(counts, key=lambda word: (order.index(OUTCOMES[word].kind), -counts[word], word))
    shown = OUTCOMES[words[0]]
    held = sum(count for word, count in counts.items() if OUTCOMES[word].kind != "quiet")
    passed = counts.get("passed", 0)
    text = "" if shown.kind == "quiet" else str(passed) if passed == held else f"{passed}/{held}"
    return Glance(shown, text, ", ".join(f"{counts[word]} {word}" for word in words), link)


def _sheet(standing: Standing, anchor: str, detail: Detail) -> SheetView:
    adapter = standing.adapter
    charts: list[tuple[str, str]] = []
    if detail.charts:
        counted = tried(standing)
        for axis in ordered(counted):
            if counted[axis]:
                named = {value_text(value): count for value, count in counted[axis].items()}
                charts.append((axis, svg.bar_chart(named, f"{axis} tried with {readable(adapter.id, 40)}")))
    return SheetView(anchor, standing, _claims(adapter), _rows(adapter.numerics), tuple(charts))


def _claims(adapter: Adapter) -> tuple[tuple[str, str], ...]:
    hidden = {"bridged", "exclusions", "profile"}
    return _rows({name: value for name, value in adapter.capabilities.items() if name not in hidden})


def _rows(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name.replace("_", " "), plain(value)) for name, value in sorted(values.items()))


def plain(value: object) -> str:
    """Write a JSON value in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {plain(item)}" for name, item in sorted(value.items())) or "none"
    return str(value)
