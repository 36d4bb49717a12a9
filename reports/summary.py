"""The run in a few lines for a terminal or a pull request, and as a badge."""

from html import escape

from convspec.reports.results import Results
from convspec.reports.standing import Standing, headline, sentence, standings
from convspec.reports.words import OUTCOMES, readable

MOST_LINES = 200


def verdict_lines(results: Results) -> list[str]:
    """Give one line for each adapter: symbol, name, verdict, and the totals of every outcome that came up."""
    found = standings(results)
    lines = [
        f"{standing.symbol} {one_line(standing.adapter.id)} {one_line(sentence(standing))} [{totals(standing)}]"
        for standing in found[:MOST_LINES]
    ]
    if len(found) > MOST_LINES:
        lines.append(f"… and {len(found) - MOST_LINES} more adapters")
    if not results.complete:
        lines.insert(0, "INCOMPLETE: the run did not come to its end; nothing follows from what is missing.")
    return lines


def deviation_lines(results: Results) -> list[str]:
    """Give one line for each deviation that an adapter declares: whether this run saw it, and what it is."""
    return [
        f"{OUTCOMES['known deviation'].symbol} {one_line(adapter.id)}, {one_line(deviation.where)}: "
        f"{one_line(deviation.reason)}" + (f" ({deviation.status})" if deviation.status else "")
        for adapter in results.adapters[:MOST_LINES]
        for deviation in adapter.deviations
    ][:MOST_LINES]


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
        lines.append(f"| {in_table(standing.adapter.id)} | {standing.symbol} {standing.verdict} | {counts} |")
    lines.append("")
    lines += [
        f"- {in_table(standing.adapter.id)} {in_table(sentence(standing))}" for standing in found[:MOST_LINES]
    ]
    if len(found) > MOST_LINES:
        lines.append(f"- and {len(found) - MOST_LINES} more adapters")
    lines += [
        "",
        f"{in_table(header.suite)} {in_table(header.suite_version)}, seed {header.seed}, {in_table(header.effort)} "
        f"effort, results SHA-256 `{results.sha256}`",
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
    verdicts = [standing.verdict for standing in standings(results)]
    verified = [verdict for verdict in verdicts if verdict in ("conforms", "does not conform")]
    good = verified.count("conforms")
    if not results.complete:
        text, colour = "incomplete", "#ad3a05"
    elif not verified:
        text, colour = "nothing verified", "#66655f"
    elif len(verified) == 1:
        text, colour = verified[0], "#1a5a94" if good else "#ad3a05"
    else:
        text, colour = f"{good} of {len(verified)} conform", "#1a5a94" if good == len(verified) else "#ad3a05"
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


def one_line(text: str) -> str:
    """Put a text on one line, readable."""
    return " ".join(readable(text).split())


def in_table(text: str) -> str:
    """Make a text harmless inside a Markdown table: one line, no markup of either kind."""
    shown = one_line(text)
    for char in "\\`*_[]|#~":
        shown = shown.replace(char, "\\" + char)
    return escape(shown, quote=False)
