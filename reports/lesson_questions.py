"""The figures of what readers ask next: leftovers, flips, channels, batches, bias, dilation, groups, "same"."""

from typing import Final

import numpy as np

from convspec.reference import conv2d, output_size, resolve_padding
from convspec.reports.figures import Figure
from convspec.reports.lesson_example import EDGE, PICTURE, Ints, counting, ints, left_over, scattered, walk
from convspec.reports.lesson_figures import axis_figure, told
from convspec.reports.svg import Part, beside, element, grid_part, in_a_row, stacked
from convspec.reports.svg_moving import moving_figure
from convspec.reports.svg_pictures import grey_cells, heat_cells, plain_cells

# The configurations of the figures that everybody knows, with the relationship that gives the output's size:
# Dumoulin and Visin, arXiv:1603.07285, chapters 2 and 5.
CLASSICS: Final[tuple[tuple[str, str, dict[str, int]], ...]] = (
    ("no-padding", "No padding, stride 1", {"size": 4, "kernel": 3}),
    ("arbitrary-padding", "Arbitrary padding", {"size": 5, "kernel": 4, "padding": 2}),
    ("half-padding", "Half padding, also called same", {"size": 5, "kernel": 3, "padding": 1}),
    ("full-padding", "Full padding", {"size": 5, "kernel": 3, "padding": 2}),
    ("stride-without-padding", "Stride 2 without padding", {"size": 5, "kernel": 3, "stride": 2}),
    ("stride-with-padding", "Stride 2 with padding", {"size": 5, "kernel": 3, "padding": 1, "stride": 2}),
    ("stride-left-over", "Stride 2, one sample left over", {"size": 6, "kernel": 3, "padding": 1, "stride": 2}),
    ("dilated-kernel", "Dilation 2", {"size": 7, "kernel": 3, "dilation": 2}),
)


def classics() -> list[Figure]:
    """Draw the classic figures, moving."""
    return [_classic(name, title, given) for name, title, given in CLASSICS]


def _classic(name: str, title: str, given: dict[str, int]) -> Figure:
    size, kernel = given["size"], given["kernel"]
    padding, stride, dilation = given.get("padding", 0), given.get("stride", 1), given.get("dilation", 1)
    walked = walk(
        scattered(size, size), scattered(kernel, kernel) % 3, padding=padding, stride=stride, dilation=dilation
    )
    said = ", ".join(f"{'input' if key == 'size' else key} {value}" for key, value in given.items())
    drawn = moving_figure(
        ints(walked.padded), ints(walked.weights), ints(walked.output), pads=walked.pads, stride=stride,
        dilation=dilation, title=title,
        description=f"Input with padding: {told(ints(walked.padded))}. Kernel: {told(ints(walked.weights))}. "
        f"Output: {told(ints(walked.output))}. The window visits the positions row by row.",
    )  # fmt: skip
    table: list[list[str | int]] = [["array", "row", "column", "value"]]
    for what, rows in (("padded input", walked.padded), ("kernel", walked.weights), ("output", walked.output)):
        table += [[what, r, c, value] for r, row in enumerate(ints(rows)) for c, value in enumerate(row)]
    return Figure(f"fig-{name}", f"{title}: {said}, output {len(walked.output)}.", drawn, table)


def left_over_figure() -> Figure:
    """Draw both axes of the worked example under stride 2."""
    rows, columns = PICTURE.shape
    return axis_figure(
        "fig-left-over",
        "The worked example with stride 2. Each line is the kernel at one position, with its taps and the number "
        "of the output element; a crossed cell is left over.",
        "Rows and columns under stride 2",
        [
            (_axis_words("rows", rows, 2), {"size": rows, "kernel": 3, "stride": 2}),
            (_axis_words("columns", columns, 2), {"size": columns, "kernel": 3, "stride": 2}),
        ],
    )


def _axis_words(name: str, size: int, stride: int) -> str:
    over = left_over(size, 3, stride=stride)
    return f"{size} {name}, kernel 3, stride {stride}: output {output_size(size, 3, stride=stride)}, {over} left over"


def floor_table(kernel: int = 3, stride: int = 2) -> list[tuple[int, str, int, int]]:
    """Give for some sizes the quotient as it is, the output and what is left over."""
    return [
        (size, f"{(size - kernel) / stride:g}", output_size(size, kernel, stride=stride),
         left_over(size, kernel, stride=stride))
        for size in range(kernel, kernel + 7)
    ]  # fmt: skip


def flip_figure() -> Figure:
    """Draw the worked example with the kernel as it is, and flipped."""
    flipped = EDGE[::-1, ::-1]
    rows: list[Part] = []
    table: list[list[str | int]] = [["operation", "row", "column", "value"]]
    for word, kernel in (("cross-correlation", EDGE), ("convolution of signal processing", flipped)):
        made = conv2d(PICTURE, kernel)[:1]
        parts: list[Part | str] = [
            grid_part(plain_cells(ints(kernel)), word="kernel"),
            "→",
            grid_part(grey_cells(ints(made), -30, 30), word=f"each row, {word}"),
        ]
        rows.append(in_a_row(parts))
        table += [[word, 0, c, value] for c, value in enumerate(ints(made)[0])]
    part = stacked(rows, 16)
    description = (
        f"Kernel {told(ints(EDGE))} gives {told(ints(conv2d(PICTURE, EDGE)))}. "
        f"Flipped kernel {told(ints(flipped))} gives {told(ints(conv2d(PICTURE, flipped)))}"
    )
    title = "The same kernel, not flipped and flipped"
    return Figure(
        "fig-flip",
        "The kernel as it is, and flipped in both directions: the answer to the edge changes its sign.",
        element(part.width, part.height, title, description, part.body, "grid"),
        table,
    )


def channels_figure() -> Figure:
    """Draw two channels, each with its own kernel, and their sum."""
    x = np.stack([counting(3, 3), np.eye(3, dtype=np.int64) * 10])
    w = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])
    both = conv2d(x[np.newaxis], w[np.newaxis])[0, 0]
    rows = []
    table: list[list[str | int]] = [["channel", "row", "column", "value"]]
    for c in range(2):
        alone = conv2d(x[c], w[c])
        rows.append(
            in_a_row([
                grid_part(plain_cells(ints(x[c])), word=f"channel {c}", width=32),
                "⋆",
                grid_part(plain_cells(ints(w[c])), word=f"kernel {c}", width=32),
                "=",
                grid_part(plain_cells(ints(alone)), word="its share", width=32),
            ])
        )  # fmt: skip
        table += [[str(c), i, j, int(alone[i, j])] for i in range(2) for j in range(2)]
    table += [["sum", i, j, int(both[i, j])] for i in range(2) for j in range(2)]
    part = in_a_row([stacked(rows, 12), "→", grid_part(plain_cells(ints(both)), word="sum", width=32)])
    description = "; ".join(f"channel {c}: {told(ints(x[c]))}, kernel {told(ints(w[c]))}" for c in range(2))
    title = "Two input channels, one output channel"
    drawn = element(part.width, part.height, title, f"{description}; sum {told(ints(both))}", part.body, "grid")
    return Figure("fig-channels", "Each input channel has its own kernel; what they give is added up.", drawn, table)


def batch_figure() -> Figure:
    """Draw two pictures of a batch with their outputs."""
    batch = np.stack([PICTURE[:3], PICTURE[:3, ::-1]])
    made = conv2d(batch[:, np.newaxis], EDGE[np.newaxis, np.newaxis])[:, 0]
    rows = [
        in_a_row([
            grid_part(grey_cells(ints(picture), 0, 10), word=f"picture {n}"),
            "→",
            grid_part(grey_cells(ints(made[n]), -30, 30), word=f"output {n}"),
        ])
        for n, picture in enumerate(batch)
    ]  # fmt: skip
    part = stacked(rows, 14)
    table: list[list[str | int]] = [["picture", "row", "column", "value"]]
    table += [[n, 0, c, value] for n in range(2) for c, value in enumerate(ints(made[n])[0])]
    description = "; ".join(f"picture {n} gives {told(ints(made[n]))}" for n in range(2))
    drawn = element(part.width, part.height, "A batch of two pictures", description, part.body, "grid")
    caption = "Three rows of the example and their mirror image, in one call. Neither knows of the other."
    return Figure("fig-batch", caption, drawn, table)


def bias_figure(bias: int = 5) -> Figure:
    """Draw a row of the output without and with a bias."""
    x, w = PICTURE[np.newaxis, np.newaxis], EDGE[np.newaxis, np.newaxis]
    without, plus = conv2d(x, w)[0, 0], conv2d(x, w, np.array([bias]))[0, 0]
    parts: list[Part | str] = [
        grid_part(plain_cells(ints(without[:1])), word="without"),
        "+",
        grid_part(plain_cells([[bias]]), word="bias"),
        "=",
        grid_part(plain_cells(ints(plus[:1])), word="with bias"),
    ]
    description = f"{told(ints(without[:1]))}, bias {bias}, {told(ints(plus[:1]))}"
    table: list[list[str | int]] = [["column", "without", "with bias"]]
    table += [[c, int(without[0, c]), int(plus[0, c])] for c in range(without.shape[1])]
    drawn = beside(parts, "A row of the output and a bias", description)
    return Figure("fig-bias", f"Each of the six equal rows with a bias of {bias}.", drawn, table)


def dilation_figure(size: int = 7) -> Figure:
    """Draw the same three taps at distances 1, 2 and 3."""
    axes = []
    for d in (1, 2, 3):
        made = output_size(size, 3, dilation=d)
        axes.append((f"dilation {d}: output {made}", {"size": size, "kernel": 3, "dilation": d}))
    caption = f"Three taps over {size} samples. The kernel reaches further, and fits at fewer positions."
    return axis_figure("fig-dilation", caption, "Three taps, further and further apart", axes)


def groups_figure(channels: int = 4) -> Figure:
    """Draw which output channel hears which input channel, for 1, 2 and 4 groups."""
    parts: list[Part | str] = []
    table: list[list[str | int]] = [["groups", "output channel", "input channel", "hears"]]
    told_maps = []
    for groups in (1, 2, channels):
        heard = _heard(channels, groups)
        if parts:
            parts.append(Part(18, 0, ""))
        parts.append(grid_part(heat_cells(ints(heard), 0, 2), word=f"groups {groups}"))
        table += [[groups, o, c, int(heard[o, c])] for o in range(channels) for c in range(channels)]
        told_maps.append(f"groups {groups}: {told(ints(heard))}")
    caption = (
        f"Rows are the {channels} output channels, columns the {channels} input channels; 1 where the output depends "
        f"on the input. With groups {channels} each channel is on its own, which is called depthwise."
    )
    drawn = beside(parts, "Who hears whom", "; ".join(told_maps))
    return Figure("fig-groups", caption, drawn, table)


def _heard(channels: int, groups: int) -> Ints:
    """Put a one into each input channel in turn and look where it comes out."""
    w = np.ones((channels, channels // groups, 1, 1), dtype=np.int64)
    batch = np.eye(channels, dtype=np.int64)[:, :, np.newaxis, np.newaxis]
    answers: Ints = conv2d(batch, w, groups=groups)[:, :, 0, 0].T
    return answers


def same_figure() -> Figure:
    """Draw "same" padding for an odd and for an even kernel."""
    axes = []
    for kernel, word in ((3, "same_upper"), (4, "same_upper"), (4, "same_lower")):
        pads = _pads(5, kernel, word)
        made = output_size(5, kernel, pad=pads)
        said = f"{word}, kernel {kernel}: {pads[0]} before, {pads[1]} after, output {made}"
        axes.append((said, {"size": 5, "kernel": kernel, "before": pads[0], "after": pads[1]}))
    caption = (
        "Five samples stay five. An even kernel has no middle, so one end gets one zero more: "
        "which one is a convention."
    )
    return axis_figure("fig-same", caption, "Same padding of an odd and of an even kernel", axes)


def _pads(size: int, kernel: int, word: str) -> tuple[int, int]:
    return resolve_padding(word, size=(size, size), kernel=(kernel, kernel))[0]
