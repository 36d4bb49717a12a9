"""Draw one counterexample: the window that makes the wrong element, the kernel, expected and got."""

from collections.abc import Sequence
from dataclasses import dataclass

from convspec.reports import svg
from convspec.reports.case_geometry import Geometry, Pair, geometry_of, inside, tuples
from convspec.reports.numbers import apart, exact, plane, ratio, same, short
from convspec.reports.results import Adapter, Array, Counterexample, Number, Withheld
from convspec.reports.snippet import snippet

MOST_CHANNELS = 3
MOST_ROWS = 10
MOST_COLUMNS = 12
MOST_TERMS = 12


@dataclass(frozen=True)
class Drawing:
    """One grid with its caption; ``sign`` stands between it and the one before."""

    svg: str
    caption: str
    sign: str = ""


@dataclass(frozen=True)
class CaseView:
    """All that the page shows of a counterexample."""

    anchor: str
    case: str
    inputs: tuple[Drawing, ...]
    outputs: tuple[Drawing, ...]
    one_row: bool
    notes: tuple[str, ...]
    products: str
    facts: tuple[tuple[str, str], ...]
    message: str
    got_text: str
    snippet: str
    repro: str
    withheld: str = ""


def view(example: Counterexample, adapter: Adapter, anchor: str) -> CaseView:
    """Make the drawing, the facts and the snippet of one counterexample."""
    if example.withheld is not None:
        return _by_kind(example, example.withheld, anchor)
    x, w = _four(example.x), _four(example.w)
    expected, got = _four(example.expected), _four(example.got)
    at = _place(example, expected, got)
    geometry = geometry_of(example, x, w)
    notes: list[str] = []
    inputs: list[Drawing] = []
    products = ""
    if (
        x is not None
        and w is not None
        and geometry is not None
        and at is not None
        and inside(at, x, w, geometry)
    ):
        inputs = _reading(x, w, geometry, at, notes)
        products = _products(x, w, _four_bias(example), geometry, at, expected)
    else:
        inputs = [d for d in (_whole(x, "input x", "", notes), _whole(w, "weight w", "⋆", notes)) if d]
    if (
        example.bias is not None
        and example.bias.data is not None
        and 0 < len(example.bias.data) <= MOST_COLUMNS
    ):
        row = [[svg.Cell(short(v), exact(v)) for v in example.bias.data]]
        inputs.append(
            Drawing(svg.number_grid(row, "bias", _told(row)), "bias, one number an output channel", "+")
        )
    marks = None if example.bound is None and expected is not None else at
    outputs = [
        d
        for d in (
            _answer(expected, got, at, marks, "expected", "→" if inputs else "", notes),
            _answer(got, expected, at, marks, "got", "≠", notes),
        )
        if d
    ]
    return CaseView(
        anchor,
        example.case,
        tuple(inputs),
        tuple(outputs),
        len(inputs) <= 2,
        tuple(dict.fromkeys(notes)),
        products,
        _facts(example),
        example.message,
        example.got_text,
        snippet(example, adapter),
        example.repro,
    )


def _by_kind(example: Counterexample, withheld: Withheld, anchor: str) -> CaseView:
    """Name a case whose input is withheld, by its id and its kind."""
    facts = (("dtype", ", ".join(withheld.dtypes)), ("special", ", ".join(withheld.kind)))
    return CaseView(
        anchor, example.id, (), (), True, (), "", tuple(fact for fact in facts if fact[1]), example.message, "", "", "",
        f"The input is withheld, because {withheld.why}.",
    )


def _four(array: Array | None) -> Array | None:
    """Give a single picture the two leading axes that a batch has."""
    if array is not None and len(array.shape) == 2:
        return Array((1, 1, *array.shape), array.dtype, array.data, array.note)
    return array


def _four_bias(example: Counterexample) -> tuple[Number, ...] | None:
    return example.bias.data if example.bias is not None else ()


def _place(example: Counterexample, expected: Array | None, got: Array | None) -> tuple[int, ...] | None:
    """Find the element to point at: the one that the suite names, else the first that differs."""
    if example.at is not None:
        return (0, 0, *example.at) if len(example.at) == 2 else example.at
    if (
        expected is None
        or got is None
        or expected.shape != got.shape
        or expected.data is None
        or got.data is None
    ):
        return None
    for flat, (want, have) in enumerate(zip(expected.data, got.data, strict=True)):
        if not same(want, have):
            index = []
            for length in reversed(expected.shape):
                flat, remainder = divmod(flat, length)
                index.append(remainder)
            return tuple(reversed(index))
    return None


def _reading(x: Array, w: Array, geometry: Geometry, at: Sequence[int], notes: list[str]) -> list[Drawing]:
    """Draw, for each channel that takes part, the padded input with its window, and the kernel."""
    n, o, i, j = at
    each = w.shape[1]
    first = o // (w.shape[0] // geometry.groups) * each
    window = geometry.window(i, j)
    drawings = []
    for c in range(min(each, MOST_CHANNELS)):
        values, taps = plane(x, n, first + c), plane(w, o, c)
        if values is None or taps is None:
            continue
        cells = svg.window_over_grid(_padded(values, geometry.pads, x.shape[3]), geometry.pads, window)
        middle = window[len(window) // 2] if window else (0, 0)
        cut, labels, cropped = svg.crop(cells, middle, MOST_ROWS, MOST_COLUMNS)
        if cropped:
            notes.append(
                f"Only the part of the input around the window is drawn; padded, it has {len(cells)} rows "
                f"and {len(cells[0])} columns."
            )
        channel = f", channel {first + c}" if x.shape[1] > 1 else ""
        image = f" of image {n}" if x.shape[0] > 1 else ""
        title = f"padded input{channel}{image}"
        kernel = [[svg.Cell(short(v), exact(v)) for v in row] for row in taps]
        drawings.append(
            Drawing(
                svg.number_grid(
                    cut, title, _told(cut) + f"; the window of y[{n}, {o}, {i}, {j}] is framed", labels
                ),
                f"{title}. Framed: what y[{n}, {o}, {i}, {j}] reads."
                + (" Dashed: padding." if _pads(geometry) else ""),
                "+" if c else "",
            )
        )
        drawings.append(_kernel(kernel, f"kernel w[{o}, {c}]"))
    if each > MOST_CHANNELS:
        notes.append(f"The first {MOST_CHANNELS} of the {each} channels that take part are drawn.")
    return drawings


def _kernel(cells: list[list[svg.Cell]], caption: str) -> Drawing:
    cut, _, _ = svg.crop(cells, (0, 0), MOST_ROWS, MOST_COLUMNS)
    return Drawing(svg.number_grid(cut, caption, _told(cut), svg.Labels()), caption, "⋆")


def _pads(geometry: Geometry) -> bool:
    return any(amount for side in geometry.pads for amount in side)


def _padded(values: list[list[Number]], pads: tuple[Pair, Pair], width: int) -> list[list[svg.Cell]]:
    zero = svg.Cell("0")
    (top, bottom), (left, right) = pads
    empty = [zero] * (left + width + right)
    rows = [[zero] * left + [svg.Cell(short(v), exact(v)) for v in row] + [zero] * right for row in values]
    return [empty] * top + rows + [empty] * bottom


def _products(
    x: Array,
    w: Array,
    bias: tuple[Number, ...] | None,
    geometry: Geometry,
    at: Sequence[int],
    expected: Array | None,
) -> str:
    """Write the sum that the definition asks for, where it is short and gives the expected number."""
    n, o, i, j = at
    first = o // (w.shape[0] // geometry.groups) * w.shape[1]
    want = _element(expected, at)
    if (
        want is None
        or bias is None
        or not 0 < w.shape[1] * geometry.kernel[0] * geometry.kernel[1] <= MOST_TERMS
    ):
        return ""
    (top, _), (left, _) = geometry.pads
    terms: list[tuple[Number, Number]] = []
    for c in range(w.shape[1]):
        values, taps = plane(x, n, first + c), plane(w, o, c)
        if values is None or taps is None:
            return ""
        for (r, s), tap in zip(geometry.window(i, j), [v for row in taps for v in row], strict=True):
            real = 0 <= r - top < x.shape[2] and 0 <= s - left < x.shape[3]
            terms.append((values[r - top][s - left] if real else 0, tap))
    total: Number = sum(a * b for a, b in terms) + (bias[o] if bias else 0)
    scale = sum(abs(a * b) for a, b in terms) + abs(want)
    if not same(total, want) and not abs(total - want) <= 1e-2 * scale:
        return ""
    text = " + ".join(f"{_factor(a)}·{_factor(b)}" for a, b in terms) + (
        f" + {_factor(bias[o])}" if bias else ""
    )
    return f"{text} = {short(want)}"


def _factor(value: Number) -> str:
    text = short(value)
    return f"({text})" if text.startswith("−") or "i" in text[1:] else text


def _element(array: Array | None, at: Sequence[int]) -> Number | None:
    if array is None or len(at) != 4 or len(array.shape) != 4:
        return None
    rows = plane(array, at[0], at[1])
    return rows[at[2]][at[3]] if rows is not None and at[2] < len(rows) and at[3] < len(rows[0]) else None


def _whole(array: Array | None, caption: str, sign: str, notes: list[str]) -> Drawing | None:
    """Draw the first plane of an array without a window."""
    if array is None:
        return None
    shape = f"{caption}, shape {_shape(array.shape)}, {array.dtype}"
    rows = plane(array, *[0] * (len(array.shape) - 2))
    if rows is None and array.data and len(array.shape) < 2:
        rows = [list(array.data)]
    if rows is None or not rows or not rows[0]:
        notes.append(f"The {shape} is not drawn" + (f": {array.note}." if array.note else "."))
        return None
    cells = [[svg.Cell(short(v), exact(v)) for v in row] for row in rows]
    cut, _, cropped = svg.crop(cells, (0, 0), MOST_ROWS, MOST_COLUMNS)
    if cropped or any(length > 1 for length in array.shape[:-2]):
        notes.append(f"Only the first part of the {shape} is drawn.")
    return Drawing(svg.number_grid(cut, shape, _told(cut)), shape, sign)


def _answer(
    array: Array | None,
    other: Array | None,
    at: Sequence[int] | None,
    only: Sequence[int] | None,
    word: str,
    sign: str,
    notes: list[str],
) -> Drawing | None:
    """Draw the plane of an output in which the wrong element lies, with what differs marked."""
    if at is None or array is None or len(at) != 4 or len(array.shape) != 4:
        return _whole(array, word, sign, notes)
    rows = plane(array, at[0], at[1])
    if rows is None or not rows or not rows[0]:
        return _whole(array, word, sign, notes)
    against = plane(other, at[0], at[1]) if other is not None and other.shape == array.shape else None
    marked = against if only is None else None
    cells = [
        [
            svg.Cell(
                apart(v, against[r][c]) if against and (r, c) == (at[2], at[3]) else short(v),
                exact(v),
                _marks(v, marked, r, c, at, word),
            )
            for c, v in enumerate(row)
        ]
        for r, row in enumerate(rows)
    ]
    cut, labels, _ = svg.crop(cells, (at[2], at[3]), MOST_ROWS, MOST_COLUMNS)
    where = f"y[{at[0]}, {at[1]}]" if array.shape[0] * array.shape[1] > 1 else "y"
    caption = f"{word} {where}, shape {_shape(array.shape)}, {array.dtype}"
    told = f"{_told(cut)}; marked: [{', '.join(map(str, at))}]"
    return Drawing(
        svg.number_grid(cut, word, told, labels), f"{caption}, marked at [{', '.join(map(str, at))}]", sign
    )


def _marks(
    value: Number, against: list[list[Number]] | None, r: int, c: int, at: Sequence[int], word: str
) -> frozenset[str]:
    if (r, c) == (at[2], at[3]):
        return frozenset({svg.WRONG if word == "got" else svg.WINDOW})
    if word == "got" and against is not None and not same(value, against[r][c]):
        return frozenset({svg.DIFFERS})
    return frozenset()


def _told(cells: svg.Grid) -> str:
    return "; ".join(" ".join(cell.text for cell in row) for row in cells)


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _facts(example: Counterexample) -> tuple[tuple[str, str], ...]:
    facts = []
    for name, array in (("x", example.x), ("w", example.w), ("bias", example.bias)):
        if array is not None:
            layout = example.layout.get(name, "C")
            facts.append(
                (
                    name,
                    f"{_shape(array.shape)} {array.dtype}" + (f", layout {layout}" if layout != "C" else ""),
                )
            )
    for name, value in (
        ("stride", example.stride),
        ("padding", example.padding),
        ("dilation", example.dilation),
        ("groups", example.groups),
    ):
        facts.append((name, str(tuples(value))))
    if example.error is not None:
        facts.append(("error", short(example.error)))
    if example.bound is not None:
        facts.append(
            ("bound", short(example.bound) + (f" = {example.bound_text}" if example.bound_text else ""))
        )
        if example.error is not None and 0 < example.bound < float("inf"):
            facts.append(("missed by", f"{ratio(example.error / example.bound)} times the bound"))
    elif example.bound_text:
        facts.append(("bound", example.bound_text))
    return tuple(facts)
