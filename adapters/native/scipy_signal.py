"""SciPy: the four functions of ``scipy.signal`` that take a picture, a kernel and a mode."""

from convspec.adapters.native.library import Library


def _calls(name: str) -> dict[str, str]:
    return {
        "correlation-or-convolution": f'{name}(x, w, "same")',
        "conjugation": f'{name}(x, w, "valid")',
        "border-unsaid": f"{name}(x, w)",
        "padding-per-side": f'{name}(x, w, "valid", padding=1)',
        "padding-order": f'{name}(x, w, "valid", pad=(1, 2, 3, 4))',
        "negative-padding": f'{name}(x, w, "valid", padding=-1)',
        "word-reflect": f'{name}(x, w, "same", boundary="reflect")',
        "even-kernel-same": f'{name}(x, w, "same")',
        "same-with-stride": f'{name}(x, w, "same", stride=3)',
        "kernel-larger": f'{name}(x, w, "valid")',
        "same-with-larger-kernel": f'{name}(x, w, "same")',
        "empty-kernel": f'{name}(x, w, "valid")',
        "non-fitting-stride": f'{name}(x, w, "valid", stride=2)',
        "dilation-one": f'{name}(x, w, "valid", dilation=1)',
        "dilation-zero": f'{name}(x, w, "valid", dilation=0)',
        "depthwise-order": f'{name}(x, w, "valid", groups=2)',
        "no-channels": f'{name}(x, w, "valid")',
        "batch-of-zero": f'{name}(x, w, "valid")',
        "no-batch-axis": f'{name}(x, w, "valid")',
        "plain-arrays": f'{name}(x, w, "valid")',
        "integer-wrap": f'{name}(x, w, "valid")',
        "mixed-dtypes": f'{name}(x, w, "valid")',
        "zero-times-infinity": f'{name}(x, w, "same")',
        "nan-locality": f'{name}(x, w, "same")',
    }


SIGNAL = tuple(
    Library(
        f"scipy-{name}", "SciPy", f"scipy.signal.{name}", ("scipy",), f"from scipy.signal import {name}", _calls(name)
    )
    for name in ("correlate2d", "convolve2d", "correlate", "fftconvolve")
)
