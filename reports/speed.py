"""The speed page: ``speed.html``, made from one speed file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from convspec.reports.figures import Figure
from convspec.reports.page import Citation, Identity, Pages, cited, render, write_page
from convspec.reports.speed_figures import Axis, Mark, Series, chart, rows
from convspec.reports.speed_file import read_speed
from convspec.reports.speed_records import Harness, Run, Speed, Timing
from convspec.reports.speed_views import (
    EACH_GOAL,
    MEAN_GOAL,
    OWN,
    PEER,
    accounts,
    alone,
    duration,
    giga,
    goals,
    headline,
    implementations,
    own_timings,
    percent,
    purposes,
    ratio,
    rest,
    size,
    slowed,
    untimed,
)
from convspec.reports.svg import bar_chart
from convspec.reports.words import counted, listed, readable

TITLE: Final = "How fast are convolutions?"
# What stands under "How to repeat this".
COMMANDS: Final[tuple[tuple[str, str], ...]] = (
    ("tox run -e bench", "all figures, with the versions that the project pins; about seven minutes on two cores"),
    ("tox run -e bench -- --quick", "all figures from fewer rounds, in about a minute"),
    ("tox run -e bench -- --only resnet-64", "one workload"),
)
SHAPES: Final = {OWN: "disc", PEER: "ring", "im2col": "square", "scipy.correlate2d": "diamond", "reference": "cross"}
AXES: Final = {
    "size": "height and width of the picture (3×3, 32 to 32 channels)",
    "channels": "channels in and out (3×3, 28×28)",
    "kernel": "height and width of the kernel (one channel, 256×256)",
    "batch": "pictures in a batch (3×3, 16 to 16 channels, 28×28)",
}
TIMING_COLUMNS: Final = ("implementation", "threads", "rounds", "seconds", "ratio_to_torch", "ratio_low", "ratio_high",
                         "operations_per_second", "share_of_matmul")
TEXT_LIMIT: Final = 600
MOST_ROWS: Final = 60
GROWTH_WIDTH: Final = 480


def write_speed_page(speed_path: str | os.PathLike[str], out_path: str | os.PathLike[str], pages: Pages = ()) -> Path:
    """Write the speed page for a speed file.

    Parameters
    ----------
    speed_path, out_path : path
        The speed file, and the HTML file to write; its folder is made.
    pages : sequence of (address, text)
        The pages that lie beside this one, in the order of the navigation.

    Returns
    -------
    Path
        ``out_path``.

    Raises
    ------
    ResultsError
        The speed file is broken; the message names the file, the member and the value.
    """
    out = Path(out_path)
    write_page(out, speed_page(read_speed(speed_path), pages, out.name), pages)
    return out


def speed_page(speed: Speed, pages: Pages = (), current: str = "speed.html") -> bytes:
    """Make the page.

    Returns
    -------
    bytes
        One HTML file, UTF-8.
    """
    identity = Identity(speed.suite, speed.suite_version, speed.date)
    names = implementations(speed)
    figures = {figure.anchor: figure for figure in drawn(speed)}
    values: dict[str, object] = {
        "speed": speed,
        "results": speed,
        "header": identity,
        "title": f"{speed.suite}: {TITLE}",
        "headline": headline(speed),
        "pages": list(pages),
        "current": current,
        "nav": _navigation(speed, figures),
        "cite": _cite(speed, identity),
        "example_address": next(iter(figures), "speed"),
        "goals": goals(speed),
        "rest": rest(speed),
        "numbers": _numbers(speed),
        "names": names,
        "places": {task.id: place for place, task in enumerate(speed.workloads, start=1)},
        "tables": [(run, f"ratios-{run.threads}", _csv(speed, run), slowed(speed, run)) for run in speed.runs],
        "figures": figures,
        "rooflines": [figure for figure in figures.values() if figure.anchor.startswith("fig-roofline-")],
        "growth": [figure for figure in figures.values() if figure.anchor.startswith("fig-growth-")],
        "peak": {(peak.workload, peak.implementation): peak for peak in speed.peaks},
        "peak_names": [name for name in names if any(peak.implementation == name for peak in speed.peaks)],
        "accounts": accounts(speed),
        "functions": list(
            {part.name: part for profile in speed.profiles for part in profile.parts if part.says}.values()
        ),
        "purposes": purposes(speed.harness) if speed.harness else [],
        "untimed": untimed(speed),
        "commands": COMMANDS,
        "identity": _identity(speed),
        "most": MOST_ROWS,
        "OWN": OWN,
        "PEER": PEER,
        "EACH_GOAL": EACH_GOAL,
        "MEAN_GOAL": MEAN_GOAL,
        "counted": counted,
        "duration": duration,
        "giga": giga,
        "listed": listed,
        "percent": percent,
        "ratio": ratio,
        "size": size,
        "table_link": _table_link,
    }
    return render("speed.html.j2", values, TEXT_LIMIT, styles=("proof.css", "speed.css"))


def drawn(speed: Speed) -> list[Figure]:
    """All figures of the page, those without numbers left out."""
    figures = [_ratios(speed)] if any(own_timings(speed, run) for run in speed.runs) else []
    figures += [_roofline(speed, run) for run in speed.runs if "float32" in run.matmul_rate]
    figures += [found for axis in AXES if (found := _growth(alone(speed), axis)) is not None]
    if any(peak.process_bytes for peak in speed.peaks):
        figures.append(_memory(speed))
    return figures + ([_suite(speed.harness)] if speed.harness and speed.harness.spent else [])


def _ratios(speed: Speed) -> Figure:
    shapes = ("disc", "ring", "square", "diamond")
    lines: list[tuple[str, list[Mark]]] = []
    for task in speed.workloads:
        marks = []
        for place, run in enumerate(speed.runs):
            row = run.timing(task.id, OWN)
            if row is not None and row.ratio is not None:
                name = counted(run.threads, "thread")
                marks.append(Mark(name, shapes[place % 4], row.ratio, row.ratio_low, row.ratio_high))
        if marks:
            lines.append((task.id, marks))
    means = [Mark(counted(run.threads, "thread"), shapes[place % 4], run.geometric_mean[OWN])
             for place, run in enumerate(speed.runs) if OWN in run.geometric_mean]
    lines += [("geometric mean", means)] if means else []
    return Figure(
        "fig-ratios",
        "The vectorised variant’s time by PyTorch’s, and the middle half of the rounds. Left of 1 it is faster.",
        rows(lines, Axis("time of the variant / time of PyTorch", _number), "Ratios to PyTorch",
             ((MEAN_GOAL, f"{MEAN_GOAL:g}"), (EACH_GOAL, f"{EACH_GOAL:g}"))),
        [("workload", *TIMING_COLUMNS), *(_timed(run, row) for run in speed.runs for row in run.timings)],
    )


def _timed(run: Run, row: Timing) -> list[str | int | float]:
    optional = (row.ratio, row.ratio_low, row.ratio_high, row.rate, row.share_of_matmul)
    return [row.workload, row.implementation, run.threads, row.rounds, row.seconds,
            *("" if value is None else value for value in optional)]


def _csv(speed: Speed, run: Run) -> list[list[str | int | float]]:
    return [["workload", *TIMING_COLUMNS], *(_timed(run, row) for row in run.timings)]


def _table_link(table: Sequence[Sequence[str | int | float]]) -> Markup:
    """Give the numbers of a table as a ``data:`` address."""
    return Markup(Figure("fig-table", "", "", table).csv_link)


def _roofline(speed: Speed, run: Run) -> Figure:
    tasks = {task.id: (place, task) for place, task in enumerate(speed.workloads, start=1)}
    series = []
    table: list[list[str | int | float]] = []
    for name in (OWN, PEER):
        points = []
        for row in run.timings:
            place, task = tasks[row.workload]
            if row.implementation == name and task.dtype == "float32":
                intensity = task.operations / task.least_bytes
                points.append((intensity, row.rate / 1e9, str(place) if name == OWN else ""))
                table.append([task.id, name, intensity, row.rate])
        series.append(Series(name, SHAPES[name], points, joined=False))
    peak = run.matmul_rate["float32"]
    ridge = peak / run.bandwidth
    low = min([ridge / 2, *(x for one in series for x, _, _ in one.points)])
    high = max([ridge * 2, *(x for one in series for x, _, _ in one.points)])
    roof = [(low, low * run.bandwidth / 1e9), (ridge, peak / 1e9), (high, peak / 1e9)]
    return Figure(
        f"fig-roofline-{run.threads}",
        f"Roofline, {counted(run.threads, 'thread')}: what each workload reaches, by how much it computes for each "
        f"byte that it must move. The roof is {giga(peak)} Gflop/s of matrix products and {giga(run.bandwidth)} GB/s "
        "of copying, both measured beside the workloads. The numbers are those of the table; what stays in the caches "
        "may lie above the slope.",
        chart(series, Axis("operations for each byte", _number), Axis("Gflop/s", _number), "Roofline", roof),
        [("workload", "implementation", "operations_per_byte", "operations_per_second"), *table,
         ("roof", "matrix product", ridge, peak), ("roof", "bandwidth, bytes per second", "", run.bandwidth)],
    )


def _growth(run: Run, axis: str) -> Figure | None:
    points = [point for point in run.growth if point.axis == axis]
    if not points:
        return None
    names = [name for name in SHAPES if any(point.implementation == name for point in points)]
    others = sorted({point.implementation for point in points} - set(names))
    series = [
        Series(name, SHAPES.get(name, "triangle"),
               [(point.value, point.seconds, "") for point in sorted(points, key=lambda point: point.value)
                if point.implementation == name])
        for name in [*names, *others]
    ]
    table: list[list[str | int | float]] = [
        [point.value, point.implementation, point.seconds, point.operations] for point in points
    ]
    return Figure(
        f"fig-growth-{axis}",
        f"Time of one call by {AXES[axis]}; {counted(run.threads, 'thread')}.",
        chart(series, Axis(AXES[axis], _number), Axis("time", _tick), f"Time by {axis}", width=GROWTH_WIDTH),
        [(axis, "implementation", "seconds", "operations"), *table],
    )


def _memory(speed: Speed) -> Figure:
    shown = (OWN, PEER, "im2col")
    lines = []
    for task in speed.workloads:
        marks = [Mark(peak.implementation, SHAPES[peak.implementation], peak.process_bytes / 2**20)
                 for name in shown for peak in speed.peaks
                 if (peak.workload, peak.implementation) == (task.id, name) and peak.process_bytes]
        if marks:
            lines.append((task.id, marks))
    table: list[list[str | int | float]] = [
        [peak.workload, peak.implementation, peak.process_bytes,
         "" if peak.traced_bytes is None else peak.traced_bytes]
        for peak in speed.peaks
    ]
    return Figure(
        "fig-memory",
        "Memory that one call takes beyond its input, its output included; one thread.",
        rows(lines, Axis("MiB", _number), "Memory peaks"),
        [("workload", "implementation", "process_bytes", "traced_bytes"), *table],
    )


def _suite(harness: Harness) -> Figure:
    shares = {name: round(1000 * seconds) for name, _, seconds in purposes(harness) if seconds}
    table: list[list[str | int | float]] = [[spent.purpose, spent.name, spent.seconds] for spent in harness.spent]
    return Figure(
        "fig-suite",
        "Where the processor time of a check goes, all its processes together.",
        bar_chart(shares, "Processor time of a check", limit=12),
        [("purpose", "name", "seconds"), *table],
    )


def _tick(seconds: float) -> str:
    number, unit = duration(seconds).split()
    return f"{float(number):g} {unit}"


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _numbers(speed: Speed) -> list[tuple[str, str, str]]:
    """Give the numbers at the top of the page: name, value, and a note on it."""
    found = []
    for run in speed.runs:
        if OWN in run.geometric_mean:
            mean = ratio(run.geometric_mean[OWN])
            note = "of PyTorch’s time" + ("; threads wait for each other here" if slowed(speed, run) else "")
            found.append((f"{counted(run.threads, 'thread')}, mean", mean, note))
    shares = [row.share_of_matmul for task, row in own_timings(speed, alone(speed))
              if task.is_broad and task.counted and row.share_of_matmul is not None]
    if shares:
        found.append(("3×3 layers", percent(min(shares)), "of the matrix-product rate, at least"))
    if speed.harness:
        cases = sum(checked.cases for checked in speed.harness.adapters)
        found.append(("the suite itself", f"{cases / speed.harness.seconds:.0f}", "cases a second"))
    return found


def _navigation(speed: Speed, figures: dict[str, Figure]) -> list[tuple[str, str]]:
    entries = [
        ("speed", "Speed", True),
        ("goals", "Goals", True),
        ("ratios", "Ratios", True),
        ("roofline", "Roofline", any(anchor.startswith("fig-roofline") for anchor in figures)),
        ("growth", "Growth", any(anchor.startswith("fig-growth") for anchor in figures)),
        ("memory", "Memory", bool(speed.peaks)),
        ("profile", "Where time goes", bool(accounts(speed))),
        ("suite", "The suite itself", speed.harness is not None),
        ("repeat", "Repeat", True),
        ("run", "This run", True),
        ("cite", "Cite", True),
    ]
    return [(anchor, text) for anchor, text, there in entries if there]


def _identity(speed: Speed) -> list[tuple[str, str]]:
    machine = speed.machine
    rows = [
        ("suite", f"{speed.suite} {speed.suite_version}"),
        ("date", speed.date),
        ("effort", speed.effort),
        ("took", duration(speed.seconds)),
        ("processor", machine.cpu),
        ("cores", str(machine.cores)),
        ("data caches", ", ".join(f"{level} {size}" for level, size in sorted(machine.caches.items()))),
        ("platform", machine.platform),
        ("Python", machine.python),
        ("BLAS", machine.blas),
        ("busy when it began", "" if machine.load is None else f"{machine.load:.1f} processes on average"),
        *sorted(speed.versions.items()),
        *((name, reason) for name, reason in sorted(speed.left_out.items())),
        ("only", ", ".join(speed.only)),
        ("speed.json, SHA-256", speed.sha256),
    ]
    return [(name, text) for name, text in rows if text]


def _cite(speed: Speed, identity: Identity) -> Citation:
    used = listed([f"{name} {version}" for name, version in sorted(speed.versions.items())], 12)
    return cited(identity, "Speed of 2-D convolutions", of=readable(f"{speed.machine.cpu}, {used}", 300),
                 sha256=speed.sha256)
