"""JAX: ``jax.lax.conv_general_dilated``, whose strides and padding must always be said."""

from convspec.adapters.native.library import Library

JAX = Library(
    "jax",
    "JAX",
    "jax.lax.conv_general_dilated",
    ("jax",),
    "import jax.numpy as jnp\nfrom jax.lax import conv_general_dilated as conv",
    {
        "correlation-or-convolution": 'conv(x, w, (1, 1), "SAME")[0, 0]',
        "conjugation": 'conv(x, w, (1, 1), "VALID")[0, 0]',
        "border-unsaid": "conv(x, w, (1, 1))[0, 0]",
        "padding-per-side": "conv(x, w, (1, 1), [1, 1])[0, 0]",
        "padding-order": "conv(x, w, (1, 1), [(1, 2), (3, 4)])[0, 0]",
        "negative-padding": "conv(x, w, (1, 1), [(-1, -1), (-1, -1)])[0, 0]",
        "word-reflect": 'conv(x, w, (1, 1), "REFLECT")[0, 0]',
        "even-kernel-same": 'conv(x, w, (1, 1), "SAME")[0, 0]',
        "same-with-stride": 'conv(x, w, (3, 3), "SAME")[0, 0]',
        "kernel-larger": 'conv(x, w, (1, 1), "VALID")[0, 0]',
        "same-with-larger-kernel": 'conv(x, w, (1, 1), "SAME")[0, 0]',
        "empty-kernel": 'conv(x, w, (1, 1), "VALID")[0, 0]',
        "non-fitting-stride": 'conv(x, w, (2, 2), "VALID")[0, 0]',
        "dilation-one": 'conv(x, w, (1, 1), "VALID", rhs_dilation=(1, 1))[0, 0]',
        "dilation-zero": 'conv(x, w, (1, 1), "VALID", rhs_dilation=(0, 0))[0, 0]',
        "depthwise-order": 'conv(x, w, (1, 1), "VALID", feature_group_count=2)',
        "no-channels": 'conv(x, w, (1, 1), "VALID")',
        "batch-of-zero": 'conv(x, w, (1, 1), "VALID")',
        "no-batch-axis": 'conv(x, w, (1, 1), "VALID")',
        "plain-arrays": 'conv(x, w, (1, 1), "VALID")',
        "integer-wrap": 'conv(x, w, (1, 1), "VALID")[0, 0]',
        "mixed-dtypes": 'conv(x, w, (1, 1), "VALID")[0, 0]',
        "zero-times-infinity": "conv(x, w, (1, 1), [(0, 0), (1, 1)])[0, 0]",
        "nan-locality": 'conv(x, w, (1, 1), "SAME")[0, 0]',
    },
    plane="x, w = jnp.asarray(x)[None, None], jnp.asarray(w)[None, None]",
    layer="x, w = jnp.asarray(x), jnp.asarray(w)",
)
