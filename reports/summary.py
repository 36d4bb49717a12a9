"""The run in a few lines for a terminal or a pull request, and as a badge."""

from html import escape

from convspec.reports.results import Adapter, Deviation, Results
from convspec.reports.standing import Standing, headline, sentence, standings, unmatched
from convspec.reports.words import OUTCOMES, UNCHAINED, listed, readable

MOST_LINES = 200
LONGEST_BADGE = 100
# White on each of them has a contrast of at least 5.
COLOURS = {"good": "#1a5a94", "bad": "#ad3a05", "known": "#7a3b72", "quiet": "#66655f"}


def verdict_lines(results: Results) -> list[str]:
    """Give one line for each adapter: symbol, name, verdict, totals of every outcome; then its remarks, indented."""
    found = standings(results)
    lines = []
    for standing in found[:MOST_LINES]:
        said = f"{one_line(standing.adapter.id)} {one_line(sentence(standing))}"
        lines.append(f"{standing.conclusion.symbol} {said} [{totals(standing)}]")
        lines += [f"  {one_line(remark)}" for remark in standing.adapter.remarks]
    if len(found) > MOST_LINES:
        lines.append(f"… and {len(found) - MOST_LINES} more adapters")
    if not results.complete:
        lines.insert(0, "INCOMPLETE: the run did not come to its end; nothing follows from what is missing.")
    lines += [one_line(text) for text in unmatched(results)[:MOST_LINES]]
    return lines if results.chained else [*lines, UNCHAINED]


def deviation_lines(results: Results) -> list[str]:
    """Give one line for each deviation that an adapter declares: whether this run saw it, and what it is."""
    return [
        f"{OUTCOMES['known deviation'].symbol} {one_line(adapter.id)}, "
        f"{one_line(_where(results, adapter, deviation))}: {one_line(deviation.reason)}"
        + (f" ({deviation.status})" if deviation.status else "")
        for adapter in results.adapters[:MOST_LINES]
        for deviation in adapter.deviations
    ][:MOST_LINES]


def _where(results: Results, adapter: Adapter, deviation: Deviation) -> str:
    """Name the requirements under which a deviation was seen, or else those under which it may show."""
    seen = [
        verdict.requirement for verdict in results.verdicts
        if verdict.adapter == adapter.id and verdict.outcome == "known deviation"
        and verdict.requirement in deviation.requirements
    ]
    return listed(seen) if deviation.seen and seen else deviation.where


def totals(standing: Standing) -> str:
    """Write the counts of every outcome, those that are zero too."""
    return ", ".join(f"{standing.totals[word]} {word}" for word in OUTCOMES)


def markdown(results: Results) -> str:
    """Write the summary for a continuous-integration page: a sentence, and a table with every outcome."""
    found = standings(results)
    header = results.header
    lines = [f"### {in_table(headline(found))}", ""]
    if not results.complete:
        lines += [
            "**INCOMPLETE**: the run did not come to its end; nothing follows from what is missing.",
            "",
        ]
    lines += [f"| adapter | verdict | {' | '.join(OUTCOMES)} |", "| --- | --- |" + " ---: |" * len(OUTCOMES)]
    for standing in found[:MOST_LINES]:
        counts = " | ".join(str(count) for count in standing.totals.values())
        ended = standing.conclusion
        lines.append(f"| {in_table(standing.adapter.id)} | {ended.symbol} {in_table(ended.words)} | {counts} |")
    lines.append("")
    for standing in found[:MOST_LINES]:
        lines.append(f"- {in_table(standing.adapter.id)} {in_table(sentence(standing))}")
        lines += [f"  - {in_table(remark)}" for remark in standing.adapter.remarks]
    if len(found) > MOST_LINES:
        lines.append(f"- and {len(found) - MOST_LINES} more adapters")
    untold = unmatched(results)[:MOST_LINES]
    lines += ["", "Known failures:", "", *(f"- {in_table(text)}" for text in untold)] if untold else []
    lines += [
        "",
        f"{in_table(header.suite)} {in_table(header.suite_version)}, seed {header.seed}, {in_table(header.effort)} "
        f"effort, results SHA-256 `{results.sha256}`" + ("" if results.chained else f", {UNCHAINED}"),
        "",
    ]
    return "\n".join(lines)


def badge(results: Results) -> str:
    """Draw a badge: how many of the verified adapters conform.

    Returns
    -------
    str
        A complete SVG file.
    """
    text, kind = _on_badge(results)
    text, colour = readable(text, LONGEST_BADGE), COLOURS[kind]
    name = readable(results.header.suite, 30)
    left, right = round(6.6 * len(name)) + 14, round(6.6 * len(text)) + 14
    label = escape(f"{name}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{label}">'
        f'<title>{label}</title><rect width="{left + right}" height="20" rx="3" fill="#3b3a36"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">{escape(name)}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(text)}</text></g></svg>\n'
    )


def _on_badge(results: Results) -> tuple[str, str]:
    """Choose the words of the badge, and the kind that picks its colour."""
    ended = [standing.conclusion for standing in standings(results)]
    if len(ended) == 1 and (results.complete or ended[0].state == "does not conform"):
        return ended[0].words, ended[0].kind
    failed = [one for one in ended if one.state == "does not conform"]
    if not results.complete:
        told = f", {len(failed)} of {len(ended)} not conforming" if failed else ""
        return f"incomplete{told}", "bad"
    good = [one for one in ended if one.state == "conforms"]
    # In a selection there may be nothing that an adapter claims; of the whole catalogue that would be a fault.
    empty = [one for one in ended if one.state == "nothing verified" and not one.selection]
    verified = good + failed + empty
    if not good + failed:
        return "nothing verified", "quiet"
    if len(verified) == 1:
        return verified[0].words, verified[0].kind
    limited, deviating = sum(bool(one.limits) for one in good), sum(bool(one.deviations) for one in good)
    told = f"{len(good)} of {len(verified)} conform"
    told += f", {limited} within limits" if limited else ""
    told += f", {deviating} with known deviations" if deviating else ""
    told += f" ({verified[0].selected})" if verified[0].selection else ""
    return told, "bad" if len(good) < len(verified) else "known" if deviating else "good"


def one_line(text: str) -> str:
    """Put a text on one line, readable."""
    return " ".join(readable(text).split())


def in_table(text: str) -> str:
    """Make a text harmless inside a Markdown table: one line, no markup of either kind."""
    shown = one_line(text)
    for char in "\\`*_[]|#~":
        shown = shown.replace(char, "\\" + char)
    return escape(shown, quote=False)
