"""OpenCV: ``cv2.filter2D``, which answers with as many pixels as the picture has."""

from convspec.adapters.native.library import Library

OPENCV = Library(
    "opencv",
    "OpenCV",
    "cv2.filter2D",
    ("cv2",),
    "import cv2",
    {
        "correlation-or-convolution": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "conjugation": "cv2.filter2D(x, -1, w)",
        "border-unsaid": "cv2.filter2D(x, -1, w)",
        "padding-per-side": "cv2.filter2D(x, -1, w, padding=1)",
        "padding-order": "cv2.filter2D(cv2.copyMakeBorder(x, 1, 2, 3, 4, cv2.BORDER_CONSTANT), -1, w)",
        "negative-padding": "cv2.filter2D(x, -1, w, padding=-1)",
        "word-reflect": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_REFLECT)",
        "even-kernel-same": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "same-with-stride": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT, stride=3)",
        "kernel-larger": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "same-with-larger-kernel": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "empty-kernel": "cv2.filter2D(x, -1, w)",
        "non-fitting-stride": "cv2.filter2D(x, -1, w, stride=2)",
        "dilation-one": "cv2.filter2D(x, -1, w, dilation=1)",
        "dilation-zero": "cv2.filter2D(x, -1, w, dilation=0)",
        "depthwise-order": "cv2.filter2D(x, -1, w, groups=2)",
        "no-channels": "cv2.filter2D(x, -1, w)",
        "batch-of-zero": "cv2.filter2D(x, -1, w)",
        "no-batch-axis": "cv2.filter2D(x, -1, w)",
        "plain-arrays": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "integer-wrap": "cv2.filter2D(x, -1, w)",
        "mixed-dtypes": "cv2.filter2D(x, -1, w)",
        "zero-times-infinity": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
        "nan-locality": "cv2.filter2D(x, -1, w, borderType=cv2.BORDER_CONSTANT)",
    },
)
