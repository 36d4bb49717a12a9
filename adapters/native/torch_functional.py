"""PyTorch: ``torch.nn.functional.conv2d``, and ``pad`` where four numbers or a word are asked for."""

from convspec.adapters.native.library import Library

TORCH = Library(
    "torch",
    "PyTorch",
    "torch.nn.functional.conv2d",
    ("torch",),
    "import torch\nfrom torch.nn.functional import conv2d, pad",
    {
        "correlation-or-convolution": 'conv2d(x, w, padding="same")[0, 0]',
        "conjugation": "conv2d(x, w)[0, 0]",
        "border-unsaid": "conv2d(x, w)[0, 0]",
        "padding-per-side": "conv2d(x, w, padding=1)[0, 0]",
        "padding-order": "conv2d(pad(x, (1, 2, 3, 4)), w)[0, 0]",
        "negative-padding": "conv2d(x, w, padding=-1)[0, 0]",
        "word-reflect": 'conv2d(pad(x, (2, 2, 0, 0), mode="reflect"), w)[0, 0]',
        "even-kernel-same": 'conv2d(x, w, padding="same")[0, 0]',
        "same-with-stride": 'conv2d(x, w, stride=3, padding="same")[0, 0]',
        "kernel-larger": "conv2d(x, w)[0, 0]",
        "same-with-larger-kernel": 'conv2d(x, w, padding="same")[0, 0]',
        "empty-kernel": "conv2d(x, w)[0, 0]",
        "non-fitting-stride": "conv2d(x, w, stride=2)[0, 0]",
        "dilation-one": "conv2d(x, w, dilation=1)[0, 0]",
        "dilation-zero": "conv2d(x, w, dilation=0)[0, 0]",
        "depthwise-order": "conv2d(x, w, groups=2)",
        "no-channels": "conv2d(x, w)",
        "batch-of-zero": "conv2d(x, w)",
        "no-batch-axis": "conv2d(x, w)",
        "plain-arrays": "conv2d(x, w)",
        "integer-wrap": "conv2d(x, w)[0, 0]",
        "mixed-dtypes": "conv2d(x, w)[0, 0]",
        "zero-times-infinity": "conv2d(x, w, padding=(0, 1))[0, 0]",
        "nan-locality": 'conv2d(x, w, padding="same")[0, 0]',
    },
    plane="x, w = torch.from_numpy(x)[None, None], torch.from_numpy(w)[None, None]",
    layer="x, w = torch.from_numpy(x), torch.from_numpy(w)",
)
