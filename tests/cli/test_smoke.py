"""The command `smoke`: what it runs, and what it makes of it."""

from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

from convspec import cli, smoking
from convspec.adapters.protocol import DTYPES, WORDS, Capabilities, Deviation, Exclusion, Numerics
from convspec.adapters.vectorized import Vectorized
from convspec.conformance.case import Case
from convspec.conformance.engine import BUILDABLE
from convspec.conformance.in_process import InProcess
from convspec.reference import conv2d

RIGHT = """import numpy as np
def conv(image, kernel, padding=0, stride=1):
    height, width = kernel.shape
    padded = np.pad(image, padding)
    if height > padded.shape[0] or width > padded.shape[1]:
        raise ValueError("the kernel does not fit")
    rows, columns = (padded.shape[0] - height) // stride + 1, (padded.shape[1] - width) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = (padded[i * stride:i * stride + height, j * stride:j * stride + width] * kernel).sum()
    return result
"""
VARIANTS = {
    "right": RIGHT,
    "wrong": RIGHT.replace("* kernel", "* kernel[::-1]"),
    "exchanged": RIGHT.replace("image, kernel,", "kernel, image,"),
    "listed": RIGHT.replace("return result", "return result.tolist()"),
    "silent": RIGHT.replace("return result", "return result * 0 + 7"),
    "trusting": RIGHT.replace('raise ValueError("the kernel does not fit")', "return np.zeros((0, 0))"),
    "bare": RIGHT.replace(", padding=0, stride=1", "").replace("padding", "0").replace("stride", "1"),
    "squares": RIGHT.replace("    padded =", "    assert height == width\n    padded ="),
}
LAYERS = """from convspec.adapters import Capabilities
from convspec.adapters.checks import check_arguments
from convspec.adapters.vectorized import Vectorized
from convspec.reference import conv2d
class Whole(Vectorized):
    pass
class NoBias(Vectorized):
    def conv2d(self, x, w, bias, **arguments):
        if bias is not None or arguments["padding"] != ((0, 0), (0, 0)):
            raise NotImplementedError("neither a bias nor padding")
        return super().conv2d(x, w, bias, **arguments)
class Raises:
    def conv2d(self, x, w, bias, **arguments):
        raise TypeError("called in the wrong way")
class Trusting(Vectorized):
    def conv2d(self, x, w, bias, **arguments):
        return super().conv2d(x, w if w.shape[-1] <= x.shape[-1] + 2 * arguments["padding"][0][0] else w[..., :1, :1],
                              bias, **arguments)
"""


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in VARIANTS.items():
        Path(f"{name}.py").write_text(text, encoding="utf-8")
    Path("layers.py").write_text(LAYERS, encoding="utf-8")


def run(*arguments):
    return cli.run_command(arguments)


@pytest.mark.parametrize(("target", "status", "told"), [
    ("right.py:conv", 0, "All in order: the adapter is wired up."),
    ("bare.py:conv", 0, "All in order: the adapter is wired up."),
    ("squares.py:conv", 0, "All in order: the adapter is wired up."),
    ("trusting.py:conv", 0, "All in order: the adapter is wired up."),
    ("vectorized", 0, "All in order: the adapter is wired up."),
    ("wrong.py:conv", 1, "Simple cases are right, others are not: the implementation looks wrong."),
    ("silent.py:conv", 1, "Nothing is right, not even one tap on one pixel: the adapter looks miswired."),
    ("layers.py:NoBias", 1, "Right where it answers. It gives no answer to: the edge picture, a 3x3 kernel, padding 1"),
    ("layers.py:Raises", 1, "No wrong answers, but none at all: the adapter looks miswired"),
    ("layers.py:Trusting", 1, "All answers are right, but what is no convolution is answered too"),
    ("exchanged.py:conv", 2, "it cannot be called as a convolution: x (2, 2, 6, 5) with w (3, 2, 3, 3) raised"),
    ("listed.py:conv", 2, "it cannot be called as a convolution"),
])
def test_what_is_said(target, status, told, capsys):
    assert run("smoke", target) == status
    printed = capsys.readouterr().out
    assert told in printed
    if status == 2:
        return
    marks = [line.split()[0] for line in printed.splitlines() if line.startswith("  ") and "not claimed" not in line]
    assert len(marks) >= 6
    assert ({"WRONG", "RAISE"} & set(marks) != set()) == bool(status)
    assert ("note" in marks) == (target == "trusting.py:conv")
    assert ("miswired" in printed) == (marks.count("ok") <= 1)


def test_a_plane_is_not_said_to_have_channels(capsys):
    assert run("smoke", "right.py:conv") == 0
    printed = capsys.readouterr().out
    assert "profile plane, dtypes float64, float32, int64" in printed
    assert "not claimed: dilation (its signature has no parameter named dilation or dilations)" in printed
    tried = [line for line in printed.splitlines() if line.startswith("  ok")]
    assert not [line for line in tried if any(word in line for word in ("channel", "filter", "batch", "bias"))]
    for dtype in ("float64", "float32", "int64"):
        assert f"  ok    a picture of 4x5, a 2x3 kernel, {dtype}" in tried


def test_a_layer_is_tried_in_each_dtype_and_with_all_it_claims(capsys):
    assert run("smoke", "layers.py:Whole", "--dtypes", "float32,int8,uint16") == 0
    printed = capsys.readouterr().out
    for dtype in ("float32", "int8", "uint16"):
        assert f"a 2x3 kernel, 2 channels, 3 filters, a batch of 2, a bias, {dtype}\n" in printed
    assert "the edge picture, a 3x3 kernel, padding 1, stride 2, float32" in printed


def every_value():
    """Claims that differ from the defaults, of a layer and of a plane, in one field and one value."""
    values = {
        "dtypes": [(dtype,) for dtype in BUILDABLE],
        "padding_words": [(), *((word,) for word in WORDS)],
        "stride": ("none", "same", "each"), "dilation": ("none", "same", "each"),
        "padding": ("none", "same", "pair", "sides"),
        "groups": (True, False), "bias": (True, False), "square_kernels_only": (True, False),
        "odd_kernels_only": (True, False), "square_pictures_only": (True, False), "exact_fit_only": (True, False),
        "zero_channels": (True, False), "wider_result": (True, False), "empty_output": ("raise", "zero"),
        "mixed_dtypes": ("raise", "promote"),
        "exclusions": ((), (Exclusion("seven", lambda case: case.x_shape[-1] == 7),)),
        "bridged": ({}, {"stride": "every s-th"}),
    }
    assert {*values, "profile"} == {field.name for field in fields(Capabilities)}
    return [
        pytest.param(Capabilities(profile=profile, **{name: value}), id=f"{profile}-{name}-{value}"[:50])
        for profile in ("layer", "plane") for name, some in values.items() for value in some
    ]


class Strict:
    """An adapter that refuses what it does not claim."""

    name, versions, numerics, deviations = "strict", {}, Numerics(), ()

    def __init__(self, claims):
        self.capabilities = claims

    def conv2d(self, x, w, bias=None, *, stride, padding, dilation, groups):
        claims, pads = self.capabilities, [*chain(*padding)]
        assert x.dtype.name in claims.dtypes
        assert x.ndim == (2 if claims.profile == "plane" else 4)
        assert claims.stride == "each" or stride[0] == stride[1] == (1 if claims.stride == "none" else stride[0])
        assert claims.padding != "none" or not any(pads)
        assert claims.padding != "same" or len(set(pads)) == 1
        assert claims.bias or bias is None
        assert w.shape[-1] == w.shape[-2] or not claims.square_kernels_only
        return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def smoke_of(adapter, monkeypatch):
    monkeypatch.setattr(smoking, "start", lambda target, **others: InProcess(target, adapter=adapter))
    return run("smoke", "mine")


@pytest.mark.parametrize("claims", every_value())
def test_every_value_of_every_field_of_the_claims(claims, monkeypatch, capsys):
    assert smoke_of(Strict(claims), monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "All in order" in printed
    for dtype in claims.dtypes:
        assert f", {dtype}\n" in printed or claims.exclusions


def test_what_is_excluded_is_left_out_and_what_is_known_is_not_wrong(monkeypatch, capsys):
    class Odd(Vectorized):
        capabilities = Capabilities(exclusions=(Exclusion("no strides", lambda case: case.stride != (1, 1)),))
        deviations = (
            Deviation(("DEF-01",), "loses the bias", "https://example.org/1", when=lambda case: case.x_shape[0] > 1),
        )

        def conv2d(self, x, w, bias=None, *, stride, **arguments):
            assert stride == (1, 1)
            return super().conv2d(x, w, None, stride=stride, **arguments)

    assert smoke_of(Odd(), monkeypatch) == 0
    printed = capsys.readouterr().out
    left_out = "the edge picture, a 3x3 kernel, padding 1, stride 2, float64 (not claimed: no strides)"
    assert f"  left out: {left_out}" in printed
    assert ": loses the bias" in printed


def test_exclusions_that_leave_nothing_are_told(monkeypatch, capsys):
    everything = Capabilities(exclusions=(Exclusion("everything", lambda case: True),))
    assert smoke_of(Strict(everything), monkeypatch) == 3
    assert "Nothing was tried: the exclusions leave none of these cases." in capsys.readouterr().out


def test_the_words_are_of_what_is_run():
    assert smoking.in_words(smoking.ONE_TAP) == "one tap on one pixel, a 1x1 kernel, float64"
    assert smoking.in_words(Case((8, 7), (3, 3), dtype="uint8")) == "a picture of 8x7, a 3x3 kernel, uint8"
    assert len(DTYPES) == len(smoking.smoke_cases(Capabilities(dtypes=DTYPES))) - 4
