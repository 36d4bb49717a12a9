"""Small worlds, whole: every geometry up to a bound, in figures and in sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from convspec.reports.proof_views import grouped, odds, rate, timed
from convspec.reports.results import Results, World
from convspec.reports.words import OUTCOMES, Outcome, readable, slug


class Taking(Protocol):
    """Gives every thing on a page an address of its own."""

    def take(self, name: str) -> str:
        """Give the address for a name, and keep it."""
        ...


@dataclass(frozen=True)
class WorldView:
    """One adapter's world as the page shows it."""

    anchor: str
    world: World
    shown: Outcome
    rows: tuple[tuple[str, str], ...]
    proves: bool


def world_views(worlds: Iterable[World], addresses: Taking) -> list[WorldView]:
    """Turn worlds into what the page shows."""
    return [
        WorldView(
            addresses.take(f"exhaustive-{slug(world.adapter)}"),
            world,
            OUTCOMES[world.outcome],
            tuple(_rows(world)),
            world.outcome == "passed" and world.probability is not None,
        )
        for world in worlds
    ]


def _rows(world: World) -> Iterable[tuple[str, str]]:
    if not world.total:
        return
    yield "geometries", f"{grouped(world.geometries)} right, of {grouped(world.total)} inside its claims"
    yield "outputs compared", f"{grouped(world.elements)}, one by one"
    if world.outcome == "passed" and world.seconds is not None:
        fast = _rate(world)
        yield "time", timed(world.seconds) + (f", {fast} geometries a second" if fast else "")
    yield "numbers", f"{world.dtype}, drawn evenly from {grouped(world.set_size)} whole ones"
    if world.largest_sum:
        yield "largest sum", f"{grouped(world.largest_sum)}, in any order: nothing is rounded"
    if world.outcome == "passed" and world.probability is not None:
        yield (
            "confidence",
            f"1 − 2/{grouped(world.set_size)} = {odds(world.set_size)} for each geometry; {world.confidence}",
        )


def _rate(world: World) -> str:
    """Write how many geometries came in a second; empty where it is not known."""
    return "" if world.seconds is None else rate(world.geometries, world.seconds)


def world_lines(results: Results) -> list[str]:
    """Give one line for each adapter that was held against a small world, for a terminal."""
    return [_line(world) for world in results.worlds]


def _line(world: World) -> str:
    shown = OUTCOMES[world.outcome]
    text = f"{shown.symbol} {readable(world.adapter)} small worlds, whole: "
    if world.outcome == "passed":
        fast = _rate(world)
        text += f"all {grouped(world.geometries)} geometries inside its claims are right"
        text += f" ({fast} a second)" if fast else ""
        text += f"; {world.confidence}" if world.confidence else ""
    else:
        text += f"{world.outcome} after {grouped(world.geometries)} of {grouped(world.total)} geometries: "
        text += world.reason or "nothing was tried"
    if world.restricted:
        text += f". Restricted: {'; '.join(world.restricted)}"
    return " ".join(readable(text).split()) + "."
