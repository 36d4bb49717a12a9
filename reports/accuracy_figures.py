"""The figures of the accuracy page beside those on two logarithmic axes: shares by size of error, and trees of sums."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from convspec.reports.accuracy_records import Sum, Tree
from convspec.reports.speed_figures import legend, shape
from convspec.reports.svg import element
from convspec.reports.words import readable

HEIGHT: Final = 250
LEFT: Final = 48
RIGHT: Final = 14
TOP: Final = 26
BOTTOM: Final = 46
# Of a tree: from leaf to leaf, and the most from one addition to the next.
LEAF: Final = 15
STEP: Final = 16
TREE_HEIGHT: Final = 190
FOOT: Final = 16
HEAD: Final = 20
NAME_LETTER: Final = 6.2


def shares(
    series: Sequence[tuple[str, str, Sequence[float]]], sizes: Sequence[str], across: str, title: str, width: float
) -> str:
    """Draw what share of the results has which size of error.

    Parameters
    ----------
    series : sequence of (name, shape, shares)
        Shares between 0 and 1, one for each size.
    sizes : sequence of str
        From small to large.
    across, title : str
    width : float

    Returns
    -------
    str
        One ``<svg>``; its description holds all numbers.
    """
    base, step = HEIGHT - BOTTOM, (width - LEFT - RIGHT) / max(1, len(sizes))
    most = max((share for _, _, own in series for share in own), default=1.0) or 1.0
    top = next(limit for limit in (0.25, 0.5, 0.75, 1.0) if most <= limit + 1e-9)

    def place(index: int, share: float) -> tuple[float, float]:
        return round(LEFT + (index + 0.5) * step, 1), round(base - share / top * (base - TOP), 1)

    parts = []
    for part in range(6):
        y = base - part / 5 * (base - TOP)
        parts.append(f'<path class="net" d="M{LEFT} {y:g}H{width - RIGHT:g}"/>'
                     f'<text class="tick side" x="{LEFT - 6}" y="{y + 4:g}">{part * 20 * top:g} %</text>')
    every = -(-len(sizes) // 14)
    parts += [
        f'<text class="tick" x="{place(index, 0)[0]:g}" y="{base + 15}">{escape(size)}</text>'
        for index, size in enumerate(sizes) if index % every == 0
    ]
    parts.append(f'<text class="tick" x="{(LEFT + width - RIGHT) / 2:g}" y="{HEIGHT - 10}">{escape(across)}</text>')
    for _, kind, own in series:
        line = "L".join("{:g} {:g}".format(*place(index, share)) for index, share in enumerate(own))
        parts.append(f'<path class="curve {kind}" d="M{line}"/>')
    for name, kind, own in series:
        parts += [
            shape(kind, *place(index, share), f"{name}, {size}: {share:.1%}")
            for index, (size, share) in enumerate(zip(sizes, own, strict=True)) if share
        ]
    parts.append(legend([(name, kind) for name, kind, _ in series], 0))
    told = "; ".join(
        f"{name}: " + ", ".join(f"{size} {share:.1%}" for size, share in zip(sizes, own, strict=True) if share)
        for name, _, own in series
    )
    return element(width, HEIGHT, title, told, "".join(parts), "chart")


def legend_width(names: Sequence[str]) -> float:
    """The width that a legend needs."""
    return sum(26 + 6.2 * len(readable(name, 24)) for name in names) + 12


def binned(counts: Mapping[str, int], lowest: int, highest: int) -> list[int]:
    """Put powers of two into bins: up to 2**lowest, each power up to 2**highest, and what is larger.

    Examples
    --------
    >>> binned({"exact": 2, "-3": 1, "0": 4, "1": 5, "9": 6, "inf": 7}, -1, 2)
    [3, 4, 5, 0, 13]
    """
    bins = [0] * (highest - lowest + 2)
    for name, count in counts.items():
        if name == "exact":
            place = 0
        elif name == "inf":
            place = len(bins) - 1
        else:
            place = min(max(int(name) - lowest, 0), len(bins) - 1)
        bins[place] += count
    return bins


def tree(found: Sum, name: str) -> str:
    """Draw the order of a sum: terms at the bottom, each addition a bar over what it adds.

    Parameters
    ----------
    found : Sum
    name : str
        Written above it.

    Returns
    -------
    str
        One ``<svg>``.
    """
    order = leaves(found.tree)
    leaf = LEAF if len(order) <= 40 else LEAF / 2 + 1
    step = min(STEP, TREE_HEIGHT / max(1, found.depth))
    base = HEAD + step * found.depth + 6
    at = {term: (index + 0.5) * leaf for index, term in enumerate(order)}
    paths: list[str] = []

    def draw(branch: Tree) -> tuple[float, float]:
        """Give the place of a branch's upper end."""
        if isinstance(branch, int):
            return at[branch], base
        ends = [draw(part) for part in branch]
        # Each addition stands one step above the higher of what it adds.
        y = min(end[1] for end in ends) - step
        paths.extend(f"M{x:g} {low:.1f}V{y:.1f}" for x, low in ends)
        paths.append(f"M{ends[0][0]:g} {y:.1f}H{ends[-1][0]:g}")
        return (ends[0][0] + ends[-1][0]) / 2, y

    draw(found.tree)
    every = 1 if leaf == LEAF else 3
    texts = "".join(
        f'<text class="leaf" x="{at[term]:g}" y="{base + 11:g}">{term + 1}</text>'
        for index, term in enumerate(order) if index % every == 0
    )
    heading = readable(name, 100)
    numbers = ", ".join(str(term + 1) for term in order)
    told = f"{found.terms} terms, the longest path has {found.depth} additions; from left to right the terms {numbers}"
    body = f'<text class="name" x="0" y="12">{escape(heading)}</text><path d="{"".join(paths)}"/>{texts}'
    return element(max(len(order) * leaf, NAME_LETTER * len(heading)), base + FOOT, name, told, body, "tree")


def leaves(branch: Tree) -> list[int]:
    """The terms of a tree, from left to right."""
    if isinstance(branch, int):
        return [branch]
    return [term for part in branch for term in leaves(part)]
