"""SciPy: ``scipy.ndimage.correlate``, which answers with as many pixels as the picture has."""

from convspec.adapters.native.library import Library

NDIMAGE = Library(
    "scipy-ndimage",
    "SciPy",
    "scipy.ndimage.correlate",
    ("scipy",),
    "from scipy.ndimage import correlate",
    {
        "correlation-or-convolution": 'correlate(x, w, mode="constant")',
        "conjugation": "correlate(x, w)",
        "border-unsaid": "correlate(x, w)",
        "padding-per-side": "correlate(x, w, padding=1)",
        "padding-order": "correlate(x, w, pad=(1, 2, 3, 4))",
        "negative-padding": "correlate(x, w, padding=-1)",
        "word-reflect": 'correlate(x, w, mode="reflect")',
        "even-kernel-same": 'correlate(x, w, mode="constant")',
        "same-with-stride": 'correlate(x, w, mode="constant", stride=3)',
        "kernel-larger": 'correlate(x, w, mode="constant")',
        "same-with-larger-kernel": 'correlate(x, w, mode="constant")',
        "empty-kernel": "correlate(x, w)",
        "non-fitting-stride": "correlate(x, w, stride=2)",
        "dilation-one": "correlate(x, w, dilation=1)",
        "dilation-zero": "correlate(x, w, dilation=0)",
        "depthwise-order": "correlate(x, w, groups=2)",
        "no-channels": "correlate(x, w)",
        "batch-of-zero": "correlate(x, w)",
        "no-batch-axis": "correlate(x, w)",
        "plain-arrays": 'correlate(x, w, mode="constant")',
        "integer-wrap": "correlate(x, w)",
        "mixed-dtypes": "correlate(x, w)",
        "zero-times-infinity": 'correlate(x, w, mode="constant")',
        "nan-locality": 'correlate(x, w, mode="constant")',
    },
)
