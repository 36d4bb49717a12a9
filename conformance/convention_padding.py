"""The topics on borders and padding, with the answer of each convention computed by the specification."""

from itertools import permutations
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array
from convspec.conformance.conventions import Meaning, Topic, both_ways, columns, floats, turned
from convspec.reference import conv2d

# Each window of this kernel reads out as a number whose digits are the pixels, the first pixel last.
DIGITS = np.array([[1, 10, 100, 1000, 10000]], dtype=np.float32)


def borders(x: Array) -> tuple[Meaning, ...]:
    """Give the ways to go on beyond the border, as answers for this picture and the kernel of digits."""

    def around(mode: Any) -> tuple[Array, Array]:
        return both_ways(np.pad(x, columns(2, 2), mode=mode), DIGITS)

    return (
        Meaning("no border", "The kernel stays inside the picture, so the answer is smaller.", both_ways(x, DIGITS)),
        Meaning("zeros, same size", "Zeros are put around, just so many that the size stays.",
                both_ways(x, DIGITS, padding="same")),
        Meaning("zeros, full size", "Zeros are put around, so many that every touch counts; the answer is larger.",
                both_ways(x, DIGITS, padding=columns(4, 4))),
        Meaning("edge twice", "The picture is mirrored at its edge, and the pixel at the edge stands there twice: "
                "b a | a b c.", around("symmetric")),
        Meaning("edge once", "The picture is mirrored at its last pixel, which stands there once: c b | a b c.",
                around("reflect")),
        Meaning("edge repeated", "The last pixel goes on for ever: a a | a b c.", around("edge")),
        Meaning("wrapped", "The picture goes on at its other end.", around("wrap")),
    )


def border_unsaid() -> Topic:
    """What a call does that does not speak of the border."""
    x = floats([[1, 2, 3, 4, 5, 6]])
    return Topic(
        "border-unsaid", "The border, if nothing is said", "What happens at the border if the call does not say it?",
        "The shortest call is the one that people write. Its answers differ in size and, along the border, in numbers.",
        ("PAD-02", "SHP-01"), x, DIGITS, borders(x),
    )


def word_reflect() -> Topic:
    """Which mirror the word names."""
    x = floats([[1, 2, 3, 4, 5, 6]])
    return Topic(
        "word-reflect", "The word “reflect”", "Does “reflect” repeat the pixel at the edge?",
        "The same word names two different mirrors. Code that moves from one library to another changes its answers "
        "along the border, and nothing warns.",
        ("ERR-08",), x, DIGITS, borders(x),
    )


def padding_per_side() -> Topic:
    """What one number of padding counts."""
    x, w = floats([[1, 2, 3]]), floats([[1]])
    return Topic(
        "padding-per-side", "Padding of one", "Does a padding of 1 mean one zero on each side, or one in all?",
        "The formula for the size has 2p where p counts one side, and p where it counts both. Whoever "
        "mixes the two gets a wrong size.",
        ("PAD-01", "SHP-01"), x, w,
        (
            Meaning("each side", "One zero on each of the four sides.", (conv2d(x, w, padding=1),)),
            Meaning("in all, at the end", "One zero along each axis, after the picture.",
                    (conv2d(x, w, padding=((0, 1), (0, 1))),)),
            Meaning("in all, at the start", "One zero along each axis, before the picture.",
                    (conv2d(x, w, padding=((1, 0), (1, 0))),)),
            Meaning("ignored", "Nothing is put around.", (conv2d(x, w),)),
        ),
    )


def padding_order() -> Topic:
    """In which order four numbers stand."""
    x, w = floats([[1]]), floats([[1]])
    meanings = []
    for sides in permutations(("top", "bottom", "left", "right")):
        number = {side: place for place, side in enumerate(sides, start=1)}
        pads = ((number["top"], number["bottom"]), (number["left"], number["right"]))
        meanings.append(Meaning(
            " ".join(side[0].upper() for side in sides), f"The four numbers are {', '.join(sides)}.",
            (conv2d(x, w, padding=pads),),
        ))  # fmt: skip
    return Topic(
        "padding-order", "Four numbers of padding", "In which order do the four numbers 1, 2, 3, 4 name the sides?",
        "Every library that takes four numbers has an order of its own. With a padding that is the same on all sides "
        "the mistake does not show.",
        ("PAD-01", "SHP-02"), x, w, tuple(meanings),
    )


def negative_padding() -> Topic:
    """Whether a padding below 0 is refused."""
    x, w = floats([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), floats([[1]])
    return Topic(
        "negative-padding", "Negative padding", "What does a padding of −1 do?",
        "Formulas that compute a padding can give a negative number. A library that crops then hides the mistake.",
        ("PAD-12",), x, w,
        (
            Meaning("crops", "One row or column is taken away on each side.", (conv2d(x[1:-1, 1:-1], w),)),
            Meaning("ignored", "It is taken as no padding.", (conv2d(x, w),)),
            Meaning("pads", "The sign is dropped.", (conv2d(x, w, padding=1),)),
        ),
    )


def even_kernel_same() -> Topic:
    """Where the odd zero goes."""
    x, w = floats([[1, 2, 3, 4]]), floats([[1, 10]])
    return Topic(
        "even-kernel-same", "Even kernel, same size",
        "A kernel of two taps needs one zero to keep the size. On which side does it go?",
        "An even kernel has no middle. If two libraries choose different sides, all answers are shifted by one pixel, "
        "which looks right in a picture and is wrong in every number.",
        ("PAD-04", "PAD-05"), x, w,
        (
            Meaning("at the end", "The zero left over goes after the picture.", both_ways(x, w, padding=columns(0, 1))),
            Meaning("at the start", "The zero left over goes before the picture.",
                    both_ways(x, w, padding=columns(1, 0))),
            Meaning("one shorter", "No zero is put around.", both_ways(x, w)),
            Meaning("one longer", "A zero goes on both sides.", both_ways(x, w, padding=columns(1, 1))),
        ),
    )


def same_with_stride() -> Topic:
    """Which stride the word "same" knows of."""
    x = floats([[1, 2, 3, 4, 5, 6]])
    return Topic(
        "same-with-stride", "Same size with a stride",
        "With stride 3, is “same” worked out for that stride, or for stride 1?",
        "Six pixels at stride 3 give two answers either way, but over different windows. A network that was trained "
        "with the one rule reads other pixels under the other.",
        ("PAD-04",), x, DIGITS,
        (
            Meaning("for the stride", "The fewest zeros that give ⌈size / stride⌉ answers: here one on each side.",
                    both_ways(x, DIGITS, stride=3, padding="same")),
            Meaning("for stride 1", "The zeros of stride 1, here two on each side; then every third answer.",
                    both_ways(x, DIGITS, stride=3, padding=columns(2, 2))),
            Meaning("stride ignored", "All answers of stride 1.", both_ways(x, DIGITS, padding="same")),
        ),
    )


def kernel_larger() -> Topic:
    """Whether a kernel that does not fit is refused."""
    x, w = floats([[1, 2]]), floats([[1, 10, 100, 1000]])
    exchanged = conv2d(w, x)
    return Topic(
        "kernel-larger", "Kernel larger than the picture", "What comes if the kernel does not fit into the picture?",
        "A refusal tells of the mistake. An empty array or exchanged arguments pass it on to the next line.",
        ("SHP-08", "ERR-10"), x, w,
        (
            Meaning("empty", "An array without elements.",
                    (np.zeros((1, 0), np.float32), np.zeros((0, 0), np.float32))),
            Meaning("exchanges", "Picture and kernel change places without a word.",
                    (exchanged, exchanged[:, ::-1], conv2d(w, turned(x)), conv2d(w, turned(x))[:, ::-1])),
            Meaning("picture’s size", "Zeros are put around always, so the question does not arise.",
                    (*both_ways(x, w, padding=columns(1, 2)), *both_ways(x, w, padding=columns(2, 1)))),
        ),
    )


def same_with_larger_kernel() -> Topic:
    """Whose size "same" keeps."""
    x, w = floats([[1, 2]]), floats([[1, 10, 100, 1000]])
    longer = [full[:, start : start + 4] for full in both_ways(x, w, padding=columns(3, 3)) for start in (0, 1)]
    return Topic(
        "same-with-larger-kernel", "“Same” with a larger kernel", "Same size as what, if the kernel is the larger one?",
        "“Same” is the size of the picture in most libraries, and the size of the larger argument in some.",
        ("PAD-04", "PAD-08"), x, w,
        (
            Meaning("picture’s, zero at the end", "As large as the picture; the zero left over goes after it.",
                    both_ways(x, w, padding=columns(1, 2))),
            Meaning("picture’s, zero at the start", "As large as the picture; the zero left over goes before it.",
                    both_ways(x, w, padding=columns(2, 1))),
            Meaning("the larger one’s", "As large as the kernel.", (*longer, *(one[:, ::-1] for one in longer))),
        ),
    )
