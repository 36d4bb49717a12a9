"""The specification itself, called as the libraries are."""

from convspec.adapters.native.library import Library

SPECIFICATION = Library(
    "convspec",
    "convspec",
    "convspec.reference.conv2d",
    ("convspec",),
    "from convspec.reference import conv2d",
    {
        "correlation-or-convolution": 'conv2d(x, w, padding="same")',
        "conjugation": "conv2d(x, w)",
        "border-unsaid": "conv2d(x, w)",
        "padding-per-side": "conv2d(x, w, padding=1)",
        "padding-order": "conv2d(x, w, padding=((1, 2), (3, 4)))",
        "negative-padding": "conv2d(x, w, padding=-1)",
        "word-reflect": 'conv2d(x, w, padding="reflect")',
        "even-kernel-same": 'conv2d(x, w, padding="same")',
        "same-with-stride": 'conv2d(x, w, stride=3, padding="same")',
        "kernel-larger": "conv2d(x, w)",
        "same-with-larger-kernel": 'conv2d(x, w, padding="same")',
        "empty-kernel": "conv2d(x, w)",
        "non-fitting-stride": "conv2d(x, w, stride=2)",
        "dilation-one": "conv2d(x, w, dilation=1)",
        "dilation-zero": "conv2d(x, w, dilation=0)",
        "depthwise-order": "conv2d(x, w, groups=2)",
        "no-channels": "conv2d(x, w)",
        "batch-of-zero": "conv2d(x, w)",
        "no-batch-axis": "conv2d(x, w)",
        "plain-arrays": "conv2d(x, w)",
        "integer-wrap": "conv2d(x, w)",
        "mixed-dtypes": "conv2d(x, w)",
        "zero-times-infinity": "conv2d(x, w, padding=(0, 1))",
        "nan-locality": 'conv2d(x, w, padding="same")',
    },
)
