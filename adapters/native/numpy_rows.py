"""NumPy: ``correlate`` and ``convolve``, which know one axis; where a topic has one row, they get that row."""

from convspec.adapters.native.library import Library


def _calls(name: str) -> dict[str, str]:
    return {
        "correlation-or-convolution": f'np.{name}(x[1], w[1], "same")[None]',
        "conjugation": f"np.{name}(x[0], w[0])[None]",
        "border-unsaid": f"np.{name}(x[0], w[0])[None]",
        "padding-per-side": f"np.{name}(x[0], w[0], padding=1)[None]",
        "padding-order": f"np.{name}(x[0], w[0], pad=(1, 2, 3, 4))[None]",
        "negative-padding": f"np.{name}(x[0], w[0], padding=-1)[None]",
        "word-reflect": f'np.{name}(np.pad(x[0], 2, mode="reflect"), w[0], "valid")[None]',
        "even-kernel-same": f'np.{name}(x[0], w[0], "same")[None]',
        "same-with-stride": f'np.{name}(x[0], w[0], "same", stride=3)[None]',
        "kernel-larger": f'np.{name}(x[0], w[0], "valid")[None]',
        "same-with-larger-kernel": f'np.{name}(x[0], w[0], "same")[None]',
        "empty-kernel": f'np.{name}(x[0], w[0], "valid")[None]',
        "non-fitting-stride": f'np.{name}(x[0], w[0], "valid", stride=2)[None]',
        "dilation-one": f'np.{name}(x[0], w[0], "valid", dilation=1)[None]',
        "dilation-zero": f'np.{name}(x[0], w[0], "valid", dilation=0)[None]',
        "depthwise-order": f"np.{name}(x, w, groups=2)",
        "no-channels": f"np.{name}(x, w)",
        "batch-of-zero": f"np.{name}(x, w)",
        "no-batch-axis": f"np.{name}(x, w)",
        "plain-arrays": f"np.{name}(x, w)",
        "integer-wrap": f"np.{name}(x[0], w[0])[None]",
        "mixed-dtypes": f"np.{name}(x[0], w[0])[None]",
        "zero-times-infinity": f'np.{name}(x[0], w[0], "same")[None]',
        "nan-locality": f'np.{name}(x[0], w[0], "same")[None]',
    }


NUMPY = tuple(
    Library(f"numpy-{name}", "NumPy", f"numpy.{name}", ("numpy",), "", _calls(name))
    for name in ("correlate", "convolve")
)
