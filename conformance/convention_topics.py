"""All topics, with the answer of each convention computed by the specification."""

import numpy as np

from convspec.conformance.convention_padding import (
    border_unsaid,
    even_kernel_same,
    kernel_larger,
    negative_padding,
    padding_order,
    padding_per_side,
    same_with_larger_kernel,
    same_with_stride,
    word_reflect,
)
from convspec.conformance.conventions import Meaning, Topic, both_ways, floats, turned
from convspec.reference import conv2d


def _correlation() -> Topic:
    x = floats([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    w = floats([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    row, taps = x[1:2], w[1:2]
    return Topic(
        "correlation-or-convolution", "Correlation or convolution",
        "Is the kernel laid on the picture as it is, or turned by 180° first?",
        "Textbooks of signal processing turn the kernel and call it convolution; layers of neural networks do not turn "
        "it and keep the name. A filter that finds left edges then finds right ones.",
        ("DEF-02",), x, w,
        (
            Meaning("as it is", "The kernel is laid on as it is: a cross-correlation. A single bright pixel gives the "
                    "kernel turned.", (conv2d(x, w, padding=1), conv2d(row, taps, padding=(0, 1)))),
            Meaning("turned",
                    "The kernel is turned by 180° first: a convolution. A single bright pixel gives the kernel.",
                    (conv2d(x, turned(w), padding=1), conv2d(row, turned(taps), padding=(0, 1)))),
            Meaning("rows flipped", "Only the rows of the kernel change places.", (conv2d(x, w[::-1], padding=1),)),
            Meaning("columns flipped", "Only the columns of the kernel change places.",
                    (conv2d(x, w[:, ::-1], padding=1),)),
            Meaning("transposed", "Rows and columns of the kernel are exchanged.", (conv2d(x, w.T, padding=1),)),
        ),
    )


def _conjugation() -> Topic:
    x, w = np.array([[1 + 1j]], dtype=np.complex64), np.array([[1 + 2j]], dtype=np.complex64)
    return Topic(
        "conjugation", "Conjugation", "With complex numbers, is one of the two conjugated?",
        "In statistics a correlation conjugates, so that the correlation of a signal with itself is not negative at "
        "its centre. Two libraries may then differ in the sign of every imaginary part.",
        ("DEF-03",), x, w,
        (
            Meaning("plain product", "Neither is conjugated.", (conv2d(x, w),)),
            Meaning("conjugates kernel", "The kernel, the second argument, is conjugated.", (conv2d(x, w.conj()),)),
            Meaning("conjugates picture", "The picture, the first argument, is conjugated.", (conv2d(x.conj(), w),)),
            Meaning("conjugates both", "Both are conjugated.", (conv2d(x.conj(), w.conj()),)),
        ),
    )












def _empty_kernel() -> Topic:
    x, w = floats([[1, 2, 3]]), np.zeros((1, 0), dtype=np.float32)
    return Topic(
        "empty-kernel", "Kernel without taps", "What does a kernel of no column give?",
        "The formula for the size gives one more than the picture has. A careful function refuses instead.",
        ("ERR-07",), x, w,
        (
            Meaning("one longer, zeros", "The formula is taken at its word.", (np.zeros((1, 4), np.float32),)),
            Meaning("same size, zeros", "Zeros as many as pixels.", (np.zeros((1, 3), np.float32),)),
            Meaning("empty", "An array without elements.", (np.zeros((1, 0), np.float32), np.zeros(0, np.float32))),
        ),
    )


def _non_fitting_stride() -> Topic:
    x, w = floats([[1, 2, 3, 4, 5, 6]]), floats([[1, 10, 100]])
    return Topic(
        "non-fitting-stride", "A stride that does not fit",
        "The last step of the kernel would leave the picture. What happens to the pixels left over?",
        "Some textbooks call such a stride invalid. Most libraries leave the rest of the picture unread "
        "and say nothing.",
        ("SHP-01", "SHP-06"), x, w,
        (
            Meaning("rounds down", "The pixels left over are not read.", (conv2d(x, w, stride=2),)),
            Meaning("rounds up", "A zero completes the last window.",
                    (conv2d(x, w, stride=2, padding=((0, 0), (0, 1))),)),
            Meaning("stride ignored", "All answers of stride 1.", (conv2d(x, w),)),
        ),
    )


def _dilation_one() -> Topic:
    x, w = floats([[1, 2, 3, 4, 5]]), floats([[1, 10]])
    return Topic(
        "dilation-one", "Dilation of one", "Does a dilation of 1 mean neighbouring taps, or one pixel between them?",
        "One count is of steps from tap to tap, the other of holes between taps. They differ by one.",
        ("DIL-01", "SHP-04"), x, w,
        (
            Meaning("no gap", "The taps are neighbours: the dilation counts steps.", (conv2d(x, w),)),
            Meaning("one gap", "One pixel between the taps: the dilation counts holes.", (conv2d(x, w, dilation=2),)),
        ),
    )


def _dilation_zero() -> Topic:
    x, w = floats([[1, 2, 3, 4, 5]]), floats([[1, 10]])
    return Topic(
        "dilation-zero", "Dilation of zero", "What does a dilation of 0 do?",
        "Where a dilation counts holes, 0 is the plain kernel. Where it counts steps, 0 lays all taps on one pixel.",
        ("ERR-02",), x, w,
        (
            Meaning("no gap", "The plain kernel.", (conv2d(x, w),)),
            Meaning("all on one pixel", "All taps read the same pixel.", (conv2d(x, w.sum(keepdims=True)),)),
        ),
    )


def _depthwise_order() -> Topic:
    x, w = floats([1, 10]).reshape(1, 2, 1, 1), floats([1, 2, 3, 4]).reshape(4, 1, 1, 1)
    return Topic(
        "depthwise-order", "Order of grouped channels", "Two groups, four filters: which filters see the first group?",
        "Weights that were saved by one library and read by another of the other order give plausible nonsense.",
        ("GRP-02",), x, w,
        (
            Meaning("first two", "The filters of a group stand together.", (conv2d(x, w, groups=2),)),
            Meaning("every second", "The groups take turns.", (conv2d(x[:, [0, 1, 0, 1]], w, groups=4),)),
        ),
        layer=True,
    )


def _no_channels() -> Topic:
    x, w = np.zeros((1, 0, 3, 3), np.float32), np.zeros((2, 0, 2, 2), np.float32)
    return Topic(
        "no-channels", "No input channels", "What is the sum over no channels?",
        "An empty sum is zero. A library that says otherwise breaks programs that remove channels one by one.",
        ("SHP-10",), x, w,
        (
            Meaning("zeros", "An empty sum is zero: both output channels are there.", (conv2d(x, w),)),
            Meaning("no outputs", "The output channels vanish as well.", (conv2d(x, w)[:, :0],)),
            Meaning("shape lost", "An array without elements and with one axis only.", (np.zeros(0, np.float32),)),
        ),
        layer=True,
    )


def _batch_of_zero() -> Topic:
    x, w = np.zeros((0, 1, 3, 3), np.float32), np.zeros((2, 1, 2, 2), np.float32)
    return Topic(
        "batch-of-zero", "A batch of no pictures", "What comes for a batch of no pictures?",
        "The last batch of a data set may be empty. Then the right answer has a shape and no elements.",
        ("SHP-09",), x, w,
        (
            Meaning("empty batch", "No pictures, with the shape that they would have.", (conv2d(x, w),)),
            Meaning("picture’s size", "No pictures, with the shape of those that came in.", (x,)),
            Meaning("shape lost", "An array without elements and with one axis only.", (np.zeros(0, np.float32),)),
        ),
        layer=True,
    )


def _no_batch_axis() -> Topic:
    x, w = np.arange(9, dtype=np.float32).reshape(1, 3, 3), floats([[[[1, 10], [100, 1000]]]])
    return Topic(
        "no-batch-axis", "A picture without a batch", "May the axis of the batch be left out?",
        "A batch of one and no batch look alike when printed, and differ in rank.",
        ("ERR-01",), x, w,
        (
            Meaning("taken", "The answer has no batch axis either.", (conv2d(x[None], w)[0],)),
            Meaning("axis added", "The answer has a batch axis of length 1.", (conv2d(x[None], w),)),
        ),
        layer=True,
    )


def _plain_arrays() -> Topic:
    x, w = floats([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), floats([[1, 0, 0], [0, 10, 0], [0, 0, 100]])
    return Topic(
        "plain-arrays", "Two plain arrays", "May picture and kernel be plain tables of rows and columns?",
        "A first lesson has a picture and a filter. Libraries for layers want axes for batch and channels as well.",
        ("DEF-04", "ERR-01"), x, w,
        (Meaning("taken", "Both are taken as they are.", (*both_ways(x, w), *both_ways(x, w, padding=1))),),
        layer=True,
    )


def _integer_wrap() -> Topic:
    x, w = np.array([[200]], dtype=np.uint8), np.array([[2]], dtype=np.uint8)
    wide = conv2d(x.astype(np.int64), w.astype(np.int64))
    return Topic(
        "integer-wrap", "Too large for the type", "Two times 200 is 400, and a byte ends at 255. What comes?",
        "Pictures are bytes. A sum that wraps around turns a bright pixel dark, without a warning.",
        ("DTY-02",), x, w,
        (
            Meaning("wraps", "400 − 256 = 144: the byte begins again at 0.", (conv2d(x, w),)),
            Meaning("saturates", "The largest byte, 255.", (np.minimum(wide, 255),)),
            Meaning("widens", "400, in a larger type.", (wide,)),
        ),
    )


def _mixed_dtypes() -> Topic:
    x, w = np.array([[3]], dtype=np.int32), floats([[2.5]])
    exact = conv2d(x, w)
    return Topic(
        "mixed-dtypes", "Integers with floats", "A picture of integers, a kernel of floats: 3 times 2.5 is?",
        "A kernel that averages has fractions. If the answer takes the picture’s type, they are cut off.",
        ("DTY-03",), x, w,
        (
            Meaning("promotes", "7.5: the answer is a float.", (exact,)),
            Meaning("cuts the answer", "7: the answer has the picture’s type, its fraction cut off.",
                    (np.floor(exact),)),
            Meaning("rounds up", "8: the answer has the picture’s type, rounded.", (np.ceil(exact),)),
            Meaning("cuts the kernel", "6: the kernel’s fraction is cut off before.", (conv2d(x, np.floor(w)),)),
        ),
    )


def _zero_times_infinity() -> Topic:
    x, w = floats([[1, 2, 3]]), floats([[np.inf, 1, 1]])
    # At either end the kernel is cut to what lies on the picture.
    kept = tuple(
        np.concatenate([conv2d(x[:, :2], taps[:, 1:]), conv2d(x, taps), conv2d(x[:, 1:], taps[:, :2])], axis=1)
        for taps in (w, turned(w))
    )
    return Topic(
        "zero-times-infinity", "Zero times infinity in the padding",
        "An infinite weight meets a zero of the padding. Zero times infinity is NaN: does it count?",
        "If the zeros of the padding are ordinary numbers, the answer there is NaN. If the padding is skipped, it is "
        "not. Both are in use, sometimes in one library for different sizes.",
        ("SPC-03", "PAD-01"), x, w,
        (
            Meaning("NaN", "The zeros of the padding take part.", both_ways(x, w, padding=(0, 1))),
            Meaning("skipped", "What lies in the padding is left out of the sum.", kept),
            Meaning("NaN everywhere", "The NaN spreads to windows that it does not belong to.",
                    (np.full((1, 3), np.nan, np.float32),)),
        ),
    )


def _nan_locality() -> Topic:
    x, w = floats([[np.nan, 2, 3, 4, 5, 6]]), floats([[1, 10, 100]])
    return Topic(
        "nan-locality", "How far one NaN spreads", "One pixel is NaN. Which answers are?",
        "One missing pixel should spoil the windows that read it. A method that goes through the Fourier transform "
        "spoils them all.",
        ("SPC-01",), x, w,
        (
            Meaning("its windows", "Only the windows that read it.", both_ways(x, w, padding="same")),
            Meaning("everywhere", "All answers are NaN.", (np.full((1, 6), np.nan, np.float32),)),
            Meaning("vanishes", "The NaN is taken as zero.", both_ways(np.nan_to_num(x), w, padding="same")),
        ),
    )


TOPICS = tuple(
    make()
    for make in (
        _correlation, _conjugation, border_unsaid, word_reflect, padding_per_side, padding_order, negative_padding,
        even_kernel_same, same_with_stride, kernel_larger, same_with_larger_kernel, _empty_kernel, _non_fitting_stride,
        _dilation_one, _dilation_zero, _depthwise_order, _no_channels, _batch_of_zero, _no_batch_axis, _plain_arrays,
        _integer_wrap, _mixed_dtypes, _zero_times_infinity, _nan_locality,
    )
)  # fmt: skip
