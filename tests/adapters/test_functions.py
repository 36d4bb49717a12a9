"""What a plain function claims: its signature, and a few probing calls."""

import numpy as np
import pytest

from convspec.adapters.functions import Answer, FunctionAdapter, claims, probes, read_signature
from convspec.adapters.protocol import Capabilities
from convspec.conformance.zygote import probe_all
from convspec.reference import conv2d

DTYPES = ("float64", "float32", "int64")


def found(function, declared=None, dtypes=DTYPES):
    """The claims of a function, and what it does not claim."""
    adapter = FunctionAdapter(function, "function")
    return claims(adapter.signature, probe_all(adapter, dtypes, None), dtypes, declared)


@pytest.mark.parametrize(("names", "roles"), [
    ("stride, padding, dilation, groups, bias", "stride padding dilation groups bias"),
    ("strides, pad, dilation_rate, num_groups, b", "stride padding dilation groups bias"),
    ("s, p, d, g", "stride padding dilation groups"),
    ("step, pads, rate, group", "stride padding dilation groups"),
    ("Stride, PADDING", "stride padding"),
    ("verbose, stride", "stride"),
])
def test_parameters_are_known_by_their_names(names, roles):
    listed = names.split(", ")
    function = eval(f"lambda x, w, {', '.join(f'{name}=None' for name in listed)}: x")
    signature = read_signature(function)
    assert set(signature.parameters) == set(roles.split())
    assert set(signature.parameters.values()) | set(signature.ignored) == set(listed)


def test_positional_and_keyword_arguments_of_any_kind():
    everything = {"bias", "stride", "padding", "dilation", "groups"}
    assert set(read_signature(lambda x, w, **others: x).parameters) == everything
    assert set(read_signature(lambda *arguments: 0).parameters) == everything
    assert set(read_signature(lambda x, w, *rest: 0).parameters) == set()
    assert set(read_signature(lambda x, w, /, *, stride: 0).parameters) == {"stride"}
    assert set(read_signature(np.dot).parameters) <= everything


@pytest.mark.parametrize(("function", "told"), [
    (lambda: 0, "takes 0 positional arguments; a convolution takes two arrays, x and w"),
    (lambda x: 0, "takes 1 positional arguments"),
    (lambda x, *, w: 0, "takes 1 positional arguments"),
    (lambda x, w, scale: 0, "has the parameter 'scale' without a default, which is none of bias, stride"),
])
def test_what_is_no_convolution_is_named(function, told):
    with pytest.raises(TypeError, match=told):
        read_signature(function)


def layer(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if x.ndim != 4:
        raise ValueError("a batch of channels is wanted")
    return conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def plane(image, kernel, padding=0, stride=1):
    if image.ndim != 2 or not isinstance(padding, int) or not isinstance(stride, int):
        raise ValueError("one picture and two numbers")
    return conv2d(image, kernel, padding=padding, stride=stride)


def test_a_layer_that_takes_everything():
    capabilities, missing = found(layer)
    assert capabilities == Capabilities(
        padding_words=("valid", "same", "same_upper", "same_lower", "full"), dtypes=DTYPES,
    )
    assert missing == {}


def test_a_function_of_one_picture():
    capabilities, missing = found(plane)
    assert (capabilities.profile, capabilities.stride, capabilities.padding) == ("plane", "same", "same")
    assert (capabilities.dilation, capabilities.groups, capabilities.bias) == ("none", False, False)
    assert capabilities.padding_words == ()
    assert capabilities.wider_result
    assert missing["dilation"] == "its signature has no parameter named dilation or dilations"
    assert missing["stride for each axis"] == "one call with it raised ValueError: one picture and two numbers"
    assert set(missing) >= {"padding for each side", "padding for each axis", "padding same", "padding full"}


def test_a_wrong_answer_is_a_claim():
    """Only an exception, or something that is no array, means that a feature is not offered."""
    def ignoring(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return np.zeros((1, 1, 1, 1))

    capabilities, _ = found(ignoring)
    assert (capabilities.stride, capabilities.dilation, capabilities.padding) == ("each", "each", "sides")
    assert capabilities.groups
    assert capabilities.bias


def test_a_word_that_means_nothing_makes_words_worthless():
    def any_word(x, w, padding=0):
        return conv2d(x, w, padding=0 if isinstance(padding, str) else padding)

    capabilities, missing = found(any_word)
    assert capabilities.padding_words == ()
    assert missing["padding words"] == "a word that means nothing is accepted too"


def test_pads_taken_as_numpy_takes_them_are_no_claim_of_a_pair():
    def before_and_after(image, kernel, padding=0):
        return plane(np.pad(image, padding), kernel)

    capabilities, _ = found(before_and_after)
    assert capabilities.padding == "sides"

    def short(image, kernel, padding=0):
        if isinstance(padding, tuple) and isinstance(padding[0], tuple):
            raise TypeError("no")
        return plane(np.pad(image, padding), kernel)

    assert found(short)[0].padding == "same"


def test_kernels_that_must_be_square():
    def square(image, kernel):
        if kernel.shape[0] != kernel.shape[1]:
            raise ValueError("square")
        return conv2d(image, kernel)

    capabilities, missing = found(square)
    assert capabilities.square_kernels_only
    assert "kernels that are not square" in missing
    assert capabilities.padding == capabilities.stride == "none"


def test_dtypes_that_raise_are_not_claimed():
    def floats_only(x, w):
        if x.dtype.kind != "f":
            raise TypeError("floats")
        return conv2d(x, w)

    capabilities, missing = found(floats_only)
    assert capabilities.dtypes == ("float64", "float32")
    assert missing["dtype int64"] == "one call with it raised TypeError: floats"


def test_a_declaration_narrows_what_is_found_and_does_not_widen_it():
    narrow, _ = found(layer, Capabilities(dtypes=("float32",), stride="none", groups=False, padding_words=("full",)))
    assert (narrow.stride, narrow.groups, narrow.padding_words) == ("none", False, ("full",))
    assert narrow.dtypes == ("float32",)
    wide, _ = found(plane, Capabilities(stride="each", groups=True))
    assert (wide.profile, wide.stride, wide.groups) == ("plane", "same", False)


@pytest.mark.parametrize(("function", "told"), [
    (lambda x, w: [1], "x (6, 5) with w (3, 3) returned a list, not an array"),
    (lambda x, w: 1 / 0, "raised ZeroDivisionError: division by zero"),
    (lambda x, w: np.zeros(3), "gave shape (3,)"),
])
def test_what_works_in_neither_form_says_what_each_gave(function, told):
    with pytest.raises(ValueError, match=r"^neither form of a convolution works: ") as error:
        found(function)
    assert told in str(error.value)


def test_probes_have_names_of_their_own():
    listed = [probe.name for probe in probes(read_signature(layer), DTYPES)]
    assert len(set(listed)) == len(listed)
    assert len(listed) < 60
    assert claims(read_signature(layer), {name: Answer((1, 1, 1, 1)) for name in listed}, DTYPES)[0].profile == "layer"


def called(function, claimed, **arguments):
    """What a function gets for a call of the protocol."""
    seen = {}
    adapter = FunctionAdapter(lambda *positional, **named: None, "function", claimed)
    adapter.signature = read_signature(function)
    adapter.function = lambda x, w, **named: seen.update(named)
    x, w = np.zeros((1, 1, 4, arguments.pop("width", 4))), np.zeros((1, 1, 2, 2))
    call = {"bias": None, "stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1, **arguments}
    adapter.conv2d(x, w, call.pop("bias"), **call)
    return seen


def test_what_says_nothing_is_left_out():
    assert called(layer, Capabilities()) == {}
    required = called(lambda x, w, stride, padding: 0, Capabilities())
    assert required == {"stride": 1, "padding": 0}
    odd = called(lambda x, w, stride=2, padding="same": 0, Capabilities())
    assert odd == {"stride": 1, "padding": 0}


def test_one_number_where_the_function_takes_one():
    one = Capabilities(stride="same", dilation="same", padding="same")
    seen = called(layer, one, stride=(2, 2), dilation=(3, 3), padding=((1, 1), (1, 1)))
    assert seen == {"stride": 2, "dilation": 3, "padding": 1}


def test_pairs_and_sides_where_the_function_takes_them():
    seen = called(layer, Capabilities(), stride=(2, 1), dilation=(1, 3), padding=((1, 0), (0, 2)))
    assert seen == {"stride": (2, 1), "dilation": (1, 3), "padding": ((1, 0), (0, 2))}
    pair = called(layer, Capabilities(padding="pair"), padding=((1, 1), (2, 2)))
    assert pair == {"padding": (1, 2)}


def test_both_forms_are_tried_where_both_are_claimed():
    forms = {type(called(layer, Capabilities(), stride=(2, 2), width=width)["stride"]) for width in (4, 5)}
    assert forms == {int, tuple}


def test_a_default_that_is_a_pair_is_given_pairs():
    seen = called(lambda x, w, padding=(0, 0): 0, Capabilities(padding="pair"), padding=((1, 1), (1, 1)))
    assert seen == {"padding": (1, 1)}


def test_invalid_values_arrive_as_they_are():
    for stride in ((0, 1), (1.5, 1), (1, 2, 1), None, "1", (True, 1)):
        assert repr(called(layer, Capabilities(), stride=stride)["stride"]) == repr(stride)
    assert called(layer, Capabilities(stride="same"), stride=(0, 0)) == {"stride": 0}
    assert called(layer, Capabilities(), padding="same") == {"padding": "same"}


def test_what_cannot_be_said_is_an_error_and_not_forgotten():
    with pytest.raises(TypeError, match="has no parameter for dilation"):
        called(plane, Capabilities(), dilation=(2, 2))
