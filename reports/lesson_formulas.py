"""The formulas of the lesson, as LaTeX, and how numbers are put into them.

``formulas.json`` holds their MathML. Where a formula shows numbers, its LaTeX has a number above 9000 in each
place; the page replaces it, and the browser does so again when a reader changes a number.
"""

import re
from typing import Final

from markupsafe import Markup

from convspec.reports.page import formula

PLACES: Final = {
    "before": 9001,
    "size": 9002,
    "after": 9003,
    "reach": 9004,
    "stride": 9005,
    "positions": 9006,
    "dilation": 9007,
    "kernel": 9008,
    "pad": 9009,
    "padded": 9010,
    "left": 9011,
}

FORMULAS: Final = {
    "picture": r"x_{i,j}, \quad 0 \le i < H, \quad 0 \le j < W",
    "weights": r"w_{p,q}, \quad 0 \le p < k_h, \quad 0 \le q < k_w",
    "whole": r"y = x \star w",
    "padding first": r"\text{conv}(x, w;\, p) = \text{conv}(\text{pad}(x, p),\, w;\, 0)",
    "element": r"y_{i,j} = \sum_{p=0}^{k_h-1} \sum_{q=0}^{k_w-1} x_{i+p,\, j+q}\; w_{p,q}",
    "corner": r"y_{0,0} = \sum_{p} \sum_{q} x_{p,q}\; w_{p,q}",
    "window": r"x[i : i + k_h,\; j : j + k_w]",
    "shape": r"o = i - k + 1",
    "shape numbers": r"o = 9002 - 9008 + 1 = 9006",
    "padded": r"o = i + 2p - k + 1",
    "padded numbers": r"o = 9002 + 2 \cdot 9009 - 9008 + 1 = 9006",
    "strided": r"o = \left\lfloor \frac{i + 2p - k}{s} \right\rfloor + 1",
    "strided numbers": r"o = \left\lfloor \frac{9002 + 2 \cdot 9009 - 9008}{9005} \right\rfloor + 1 = 9006",
    "strided element": r"y_{i,j} = \sum_{p} \sum_{q} \tilde{x}_{i s + p,\, j s + q}\; w_{p,q}",
    "general": r"o = \left\lfloor \frac{p_0 + i + p_1 - \hat{k}}{s} \right\rfloor + 1",
    "general numbers": r"o = \left\lfloor \frac{9001 + 9002 + 9003 - 9004}{9005} \right\rfloor + 1 = 9006",
    "reach": r"\hat{k} = d\, (k - 1) + 1",
    "reach numbers": r"\hat{k} = 9007 \cdot (9008 - 1) + 1 = 9004",
    "left": r"a = (p_0 + i + p_1 - \hat{k}) \bmod s",
    "left numbers": r"a = (9010 - 9004) \bmod 9005 = 9011",
    "correlation": r"(x \star w)_{i,j} = \sum_{p} \sum_{q} x_{i+p,\, j+q}\; w_{p,q}",
    "convolution": r"(x \ast w)_{i,j} = \sum_{p} \sum_{q} x_{i-p,\, j-q}\; w_{p,q}",
    "channels": r"y_{o} = \sum_{c} x_{c} \star w_{o,c}",
    "batch": r"y_{n} = \text{conv}(x_{n}, w)",
    "bias": r"y_{o,i,j} = b_{o} + (x \star w_{o})_{i,j}",
    "dilated element": r"y_{i,j} = \sum_{p} \sum_{q} x_{i + p d,\, j + q d}\; w_{p,q}",
    "groups": r"y_{\gamma} = \text{conv}(x_{\gamma}, w_{\gamma}), \quad \gamma = 0, \dots, g-1",
    "same": r"t = \max\left(0,\, (o - 1)\, s + \hat{k} - i\right), \qquad o = \left\lceil \frac{i}{s} \right\rceil",
}


def shown(name: str, **numbers: int) -> Markup:
    """Set a formula of the lesson as MathML, with numbers put into their places.

    Parameters
    ----------
    name : str
        A key of ``FORMULAS``.
    **numbers : int
        By the names of ``PLACES``; each stays findable as ``<mn data-n="name">``.

    Raises
    ------
    KeyError
        A formula has a place for which no number is given.
    """
    names = {str(place): key for key, place in PLACES.items()}

    def put(found: re.Match[str]) -> str:
        key = names[found[1]]
        return f'<mn data-n="{key}">{numbers[key]}</mn>'

    return Markup(re.sub(r"<mn>(90\d\d)</mn>", put, str(formula(FORMULAS[name]))))
