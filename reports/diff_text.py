"""Two runs compared, as lines for a terminal and as Markdown."""

import re
from collections.abc import Sequence
from typing import Final

from convspec.reports.diff_changes import SECTIONS, Change, Difference
from convspec.reports.diff_severity import Kind
from convspec.reports.results import Results
from convspec.reports.summary import in_table, one_line
from convspec.reports.words import OUTCOMES, UNCHAINED, UNDATED, listed

MOST_SHOWN: Final = 200
MOST_ENDED: Final = 40
LONGEST_LINE: Final = 1000
# A change in the terminal and in Markdown begins with one of these.
SYMBOLS: Final = {Kind.WORSE: "▼", Kind.NEWLY_FAILING: "✗", Kind.BETTER: "▲", Kind.CHANGED: "≠"}
# These deserve the case that shows them.
WITH_CASE: Final = frozenset({Kind.WORSE, Kind.NEWLY_FAILING})


def identity(results: Results) -> str:
    """Say in one line which run this is."""
    header = results.header
    state = "" if results.complete else "INCOMPLETE, "
    return (
        f"{state}{header.date or UNDATED}, {header.suite} {header.suite_version}, seed {header.seed}, "
        f"{header.effort} effort, SHA-256 {results.sha256[:12]}…" + ("" if results.chained else f", {UNCHAINED}")
    )


def warning(difference: Difference) -> str:
    """Say in one sentence that the comparison is weak; empty where it is not."""
    if not difference.weaknesses:
        return ""
    subjects = listed([weakness.subject for weakness in difference.weaknesses], 6)
    return f"The runs had not everything in common, which makes the comparison weaker: {subjects}."


def diff_lines(difference: Difference) -> list[str]:
    """Give the comparison as lines of text, regressions first."""
    lines = [difference.headline, f"  old: {identity(difference.old)}", f"  new: {identity(difference.new)}"]
    lines += [f"  {one_line(warning(difference))}"] if difference.weaknesses else []
    ended = difference.conclusions
    if ended:
        lines += ["", f"The conclusion is another one ({len(ended)})"]
        lines += [f"  {_short(one.adapter)}: {_short(one.words)}" for one in ended[:MOST_ENDED]]
        lines += _more(len(ended), most=MOST_ENDED)
    for kind, title in SECTIONS:
        found = difference.of_kind(kind)
        if found:
            lines += ["", f"{title} ({len(found)})"]
            for change in found[:MOST_SHOWN]:
                lines += _told(change)
            lines += _more(len(found))
    still = difference.still_failing
    if still:
        lines += ["", f"Not met before and now ({len(still)})"]
        lines += [f"= {_short(_who(change))} {change.words[1]}" for change in still[:MOST_SHOWN]] + _more(len(still))
    for title, missing in (
        ("Only in the old run", difference.only_old),
        ("Only in the new run", difference.only_new),
    ):
        if missing.sentences:
            lines += ["", title, *(f"  {_short(text)}" for text in missing.sentences[:MOST_SHOWN])]
    if difference.weaknesses:
        lines += ["", f"What makes the comparison weaker ({len(difference.weaknesses)})"]
        lines += [
            f"  {_short(weakness.subject)}: {_short(weakness.old)} → {_short(weakness.new)}. {_short(weakness.follows)}"
            for weakness in difference.weaknesses[:MOST_SHOWN]
        ] + _more(len(difference.weaknesses))
    return lines


def diff_markdown(difference: Difference) -> str:
    """Give the comparison as Markdown, harmless whatever the files hold."""
    lines = [f"### {in_table(difference.headline)}", ""]
    if difference.weaknesses:
        lines += [f"**Note.** {in_table(warning(difference))}", ""]
    lines += ["| run | |", "| --- | --- |"]
    lines += [f"| old | {in_table(identity(difference.old))} |", f"| new | {in_table(identity(difference.new))} |"]
    ended = difference.conclusions
    if ended:
        lines += ["", f"#### The conclusion is another one ({len(ended)})", ""]
        lines += [f"- {in_table(one.adapter)}: {in_table(one.words[:LONGEST_LINE])}" for one in ended[:MOST_ENDED]]
        lines += _more(len(ended), "- ", MOST_ENDED)
    for kind, title in SECTIONS:
        found = difference.of_kind(kind)
        if found:
            lines += ["", f"#### {title} ({len(found)})", ""]
            for change in found[:MOST_SHOWN]:
                lines += _item(change)
            lines += _more(len(found), "- ")
    still = difference.still_failing
    if still:
        lines += ["", f"#### Not met before and now ({len(still)})", ""]
        lines += [f"- {in_table(_who(change))} {change.words[1]}" for change in still[:MOST_SHOWN]]
        lines += _more(len(still), "- ")
    for title, missing in (
        ("Only in the old run", difference.only_old),
        ("Only in the new run", difference.only_new),
    ):
        if missing.sentences:
            lines += ["", f"#### {title}", "", *(f"- {in_table(text)}" for text in missing.sentences[:MOST_SHOWN])]
    if difference.weaknesses:
        lines += ["", f"#### What makes the comparison weaker ({len(difference.weaknesses)})", ""]
        lines += ["| what | old | new | what follows |", "| --- | --- | --- | --- |"]
        for weakness in difference.weaknesses[:MOST_SHOWN]:
            cells = (weakness.subject, weakness.old, weakness.new, weakness.follows)
            lines.append("| " + " | ".join(in_table(text[:LONGEST_LINE]) for text in cells) + " |")
        lines += ["", *_more(len(difference.weaknesses))] if len(difference.weaknesses) > MOST_SHOWN else []
    return "\n".join([*lines, ""])


def reasons(change: Change) -> tuple[str, ...]:
    """Give what the new run says of a change: the note, the diagnosis or the reason."""
    new = change.new
    texts = (change.note, (new.diagnosis or new.reason) if new else "")
    return tuple(text for text in texts if text)


def _who(change: Change) -> str:
    return f"{change.adapter.id} {change.requirement.id}"


def _how(change: Change) -> str:
    old, new = change.words
    level = f", {change.requirement.level}" if change.requirement.level else ""
    still = ", still not met" if change.kind is Kind.BETTER and change.still_bad else ""
    symbols = [OUTCOMES[word].symbol if word in OUTCOMES else " " for word in (old, new)]
    return f"{symbols[0]} {old} → {symbols[1]} {new}{level}{still}".strip()


def _told(change: Change) -> list[str]:
    lines = [f"{SYMBOLS[change.kind]} {_short(_who(change))} {_how(change)}: {_short(change.requirement.title)}"]
    lines += [f"    {_short(text)}" for text in reasons(change)]
    example = change.new.counterexample if change.new and change.kind in WITH_CASE else None
    if example is not None:
        # The line that repeats it is there to be copied: it is not shortened.
        lines += [f"    {_short(example.message)}"] if example.message else []
        lines += [f"    {one_line(example.repro or example.named)}"]
    return lines


def _item(change: Change) -> list[str]:
    lines = [
        f"- {SYMBOLS[change.kind]} **{in_table(_who(change))}** {_how(change)}: "
        f"{in_table(change.requirement.title[:LONGEST_LINE])}"
    ]
    lines += [f"  - {in_table(text[:LONGEST_LINE])}" for text in reasons(change)]
    example = change.new.counterexample if change.new and change.kind in WITH_CASE else None
    if example is not None:
        lines += [f"  - {in_table(example.message[:LONGEST_LINE])}"] if example.message else []
        lines += [f"  - {_code(example.repro or example.named)}"]
    return lines


def _short(text: str) -> str:
    return one_line(text[:LONGEST_LINE] + ("…" if len(text) > LONGEST_LINE else ""))


def _code(text: str) -> str:
    """Set a line as code that can be copied: its fence is longer than any run of backticks in it."""
    shown = one_line(text)
    runs: Sequence[str] = re.findall("`+", shown)
    fence = "`" * (max(map(len, runs), default=0) + 1)
    return f"{fence} {shown} {fence}"


def _more(count: int, mark: str = "  ", most: int = MOST_SHOWN) -> list[str]:
    return [f"{mark}and {count - most} more"] if count > most else []
