"""What a plain function claims: its signature, and a few probing calls."""

import numpy as np
import pytest

from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.probes import Answer, probes
from convspec.adapters.protocol import Capabilities
from convspec.adapters.recognition import NotCallable, Reading, read_answers
from convspec.adapters.signatures import read_signature
from convspec.reference import conv2d

DTYPES = ("float64", "float32", "int64")


def reading(function, declared=None, dtypes=DTYPES):
    """What is recognised of a function."""
    adapter = FunctionAdapter(function, "function")
    return read_answers(adapter.signature, adapter.probe(dtypes), dtypes, declared)


def found(function, declared=None, dtypes=DTYPES):
    """The claims of a function, and what it does not claim."""
    read = reading(function, declared, dtypes)
    return read.capabilities, dict(read.not_claimed)


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
    assert set(signature.roles) == set(roles.split())
    assert {part.name for part in signature.roles.values()} | set(signature.ignored) == set(listed)


def test_positional_and_keyword_arguments_of_any_kind():
    everything = {"bias", "stride", "padding", "dilation", "groups"}
    assert set(read_signature(lambda x, w, **others: x).roles) == everything
    assert set(read_signature(lambda *arguments: 0).roles) == everything
    assert set(read_signature(lambda x, w, *rest: 0).roles) == set()
    assert set(read_signature(lambda x, w, /, *, stride: 0).roles) == {"stride"}
    assert set(read_signature(lambda *, image, kernel, stride=1: 0).roles) == {"stride"}
    assert set(read_signature(np.dot).roles) <= everything


@pytest.mark.parametrize(("function", "told"), [
    (lambda: 0, "takes 0 positional arguments; a convolution takes two arrays, x and w"),
    (lambda x: 0, "takes 1 positional arguments"),
    (lambda x, *, stride: 0, "takes 1 positional arguments"),
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
    assert reading(plane).forms == {"stride": ("one",), "dilation": (), "padding": ("one",)}
    assert set(missing) >= {"padding for each side", "padding for each axis", "padding same", "padding full"}


def test_a_wrong_answer_is_a_claim():
    """Only an exception, or something that is no array, means that a feature is not offered."""
    def ignoring(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return np.zeros((2, 3, 1, 1))

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
    assert capabilities.limits == ("square kernels only",)
    assert missing["kernels that are not square"] == "one call with it raised ValueError: square"
    assert capabilities.padding == capabilities.stride == "none"


def test_kernels_that_must_be_odd():
    def odd(image, kernel):
        assert all(length % 2 for length in kernel.shape), "odd kernels only"
        return conv2d(image, kernel)

    capabilities, missing = found(odd)
    assert (capabilities.odd_kernels_only, capabilities.square_kernels_only) == (True, False)
    assert missing["kernels with an even side"].startswith("one call with it raised AssertionError: odd kernels only")


def test_pictures_that_must_be_square_are_verified_as_such():
    def square(image, kernel):
        rows, columns = image.shape
        if rows != columns:
            raise NotImplementedError("square pictures only")
        return conv2d(image, kernel)

    capabilities, missing = found(square)
    assert capabilities.square_pictures_only
    assert capabilities.profile == "plane"
    assert missing["pictures that are not square"].endswith("raised NotImplementedError: square pictures only")


def test_strides_that_must_leave_nothing_over():
    def fits(image, kernel, stride=1):
        rows, columns = image.shape
        if (rows - kernel.shape[0]) % stride or (columns - kernel.shape[1]) % stride:
            raise Exception("the stride does not fit")
        return conv2d(image, kernel, stride=stride)

    capabilities, missing = found(fits)
    assert (capabilities.exact_fit_only, capabilities.stride) == (True, "same")
    assert missing["strides that leave rows or columns over"].endswith("raised Exception: the stride does not fit")


def test_a_call_that_breaks_is_a_claim():
    """An index out of range on a valid call is a fault; only what somebody wrote as a refusal is none."""
    def height_for_width(image, kernel, stride=1):
        side = kernel.shape[0]
        rows, columns = ((length - side) // stride + 1 for length in image.shape)
        result = np.zeros((rows, columns))
        for i in range(rows):
            for j in range(columns):
                window = image[i * stride : i * stride + side, j * stride : j * stride + side]
                result[i, j] = np.sum(window * kernel)
        return result

    capabilities, missing = found(height_for_width)
    assert not capabilities.square_kernels_only
    assert capabilities.limits == ()
    assert not any("kernel" in feature for feature in missing)


def test_an_argument_that_no_form_can_use_is_for_the_suite_to_find():
    def halved(image, kernel, stride=1):
        rows, columns = ((length - k) / stride + 1 for length, k in zip(image.shape, kernel.shape, strict=True))
        return np.zeros((rows, columns)) if stride > 1 else conv2d(image, kernel)

    assert found(halved)[0].stride == "same"


def test_pairs_only_and_numbers_only():
    def pairs(x, w, stride=(1, 1), padding=(0, 0), dilation=(1, 1)):
        (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
        return conv2d(x, w, stride=(sh, sw), padding=(ph, pw), dilation=(dh, dw))

    def numbers(x, w, stride=1, padding=0, dilation=1):
        return conv2d(x, w, stride=stride + 0, padding=padding + 0, dilation=dilation + 0)

    # Two pairs are a pair, too, and the reference takes them.
    assert reading(pairs).forms == {"stride": ("pair",), "dilation": ("pair",), "padding": ("sides", "pair")}
    assert reading(numbers).forms == {"stride": ("one",), "dilation": ("one",), "padding": ("one",)}
    assert found(numbers)[0].stride == "same"


def test_a_result_that_is_always_of_one_dtype():
    def filled(x, w):
        result = np.zeros(conv2d(x, w).shape)
        result[...] = conv2d(x, w)
        return result

    def narrow(x, w):
        return conv2d(x, w).astype(np.float32)

    wide = reading(filled)
    assert wide.remarks == ("result always float64",)
    assert (wide.capabilities.wider_result, wide.capabilities.dtypes) == (True, DTYPES)
    assert reading(narrow).remarks == ("result always float32",)
    assert reading(narrow).capabilities.dtypes == ("float32",)
    assert reading(narrow).not_claimed["dtype float64"] == "the result is always float32, which is narrower"
    assert reading(layer).remarks == ()


def test_what_comes_back_in_the_shape_of_the_picture_is_no_layer():
    def as_large(image, kernel):
        return np.zeros(image.shape)

    assert found(as_large)[0].profile == "plane"


def test_dtypes_that_raise_are_not_claimed():
    def floats_only(x, w):
        if x.dtype.kind != "f":
            raise TypeError("floats")
        return conv2d(x, w)

    capabilities, missing = found(floats_only)
    assert capabilities.dtypes == ("float64", "float32")
    assert missing["dtype int64"] == "one call with it raised TypeError: floats"


def test_ordinary_floats_that_break_the_call_are_claimed():
    def doubles_only(x, w):
        result = np.empty(conv2d(x, w).shape, np.float64)
        return np.add(conv2d(x, w), 0, out=result if x.dtype == np.float64 else result[:0])

    assert found(doubles_only)[0].dtypes == ("float64", "float32")


def test_a_declaration_narrows_what_is_found_and_does_not_widen_it():
    narrow, _ = found(layer, Capabilities(dtypes=("float32",), stride="none", groups=False, padding_words=("full",)))
    assert (narrow.stride, narrow.groups, narrow.padding_words) == ("none", False, ("full",))
    assert narrow.dtypes == ("float32",)
    wide, _ = found(plane, Capabilities(stride="each", groups=True))
    assert (wide.profile, wide.stride, wide.groups) == ("plane", "same", False)


@pytest.mark.parametrize(("function", "told"), [
    (lambda x, w: [1], "x (6, 5) with w (3, 3) returned a list, not an array; x (6, 6) with w (3, 3) returned a list"),
    (lambda x, w: 1 / 0, "raised ZeroDivisionError: division by zero"),
    (lambda x, w: np.zeros(3), "gave shape (3,)"),
])
def test_what_works_in_neither_form_says_what_each_gave(function, told):
    with pytest.raises(NotCallable, match=r"^it cannot be called as a convolution: x \(2, 2, 6, 5\)") as error:
        found(function)
    assert told in str(error.value)


def test_probes_have_names_of_their_own():
    signature = read_signature(layer)
    listed = [probe.name for probe in probes(signature, DTYPES)]
    assert len(set(listed)) == len(listed)
    assert len(listed) < 60
    answers = {name: Answer("answered", (2, 3, 1, 1), "float64") for name in listed}
    assert read_answers(signature, answers, DTYPES).capabilities.profile == "layer"


EACH = {"stride": ("pair", "one"), "dilation": ("pair", "one"), "padding": ("sides", "pair", "one")}
ONE = dict.fromkeys(EACH, ("one",))
PAIR = dict.fromkeys(EACH, ("pair",))


def called(function, forms, **arguments):
    """What a function gets by name for a call of the protocol."""
    seen = {}
    adapter = FunctionAdapter(function, "function")
    adapter.understand(Reading(Capabilities(), forms))
    adapter.function = lambda *positional, **named: seen.update(named)
    x, w = np.zeros((1, 1, 4, arguments.pop("width", 4))), np.zeros((1, 1, 2, 2))
    call = {"bias": None, "stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1, **arguments}
    adapter.conv2d(x, w, call.pop("bias"), **call)
    return seen


def test_what_says_nothing_is_left_out():
    assert called(layer, EACH) == {}
    assert called(lambda x, w, stride=(1, 1), padding=(0, 0): 0, PAIR) == {}
    assert called(lambda x, w, stride, padding: 0, ONE) == {"stride": 1, "padding": 0}
    assert called(lambda x, w, stride, padding: 0, PAIR) == {"stride": (1, 1), "padding": (0, 0)}
    assert called(lambda x, w, stride=2, padding="same": 0, ONE) == {"stride": 1, "padding": 0}


def test_one_number_where_the_function_takes_one():
    seen = called(layer, ONE, stride=(2, 2), dilation=(3, 3), padding=((1, 1), (1, 1)))
    assert seen == {"stride": 2, "dilation": 3, "padding": 1}


def test_pairs_and_sides_where_the_function_takes_them():
    seen = called(layer, EACH, stride=(2, 1), dilation=(1, 3), padding=((1, 0), (0, 2)))
    assert seen == {"stride": (2, 1), "dilation": (1, 3), "padding": ((1, 0), (0, 2))}
    assert called(layer, PAIR, padding=((1, 1), (2, 2))) == {"padding": (1, 2)}
    assert called(layer, PAIR, stride=(2, 2), padding=((1, 1), (1, 1))) == {"stride": (2, 2), "padding": (1, 1)}


def test_each_form_gets_its_share_where_several_are_taken():
    forms = {type(called(layer, EACH, stride=(2, 2), width=width)["stride"]) for width in (4, 5)}
    assert forms == {int, tuple}


def test_invalid_values_arrive_as_they_are():
    for stride in ((0, 1), (1.5, 1), (1, 2, 1), None, "1", (True, 1)):
        assert repr(called(layer, EACH, stride=stride)["stride"]) == repr(stride)
    assert called(layer, ONE, stride=(0, 0)) == {"stride": 0}
    assert called(layer, EACH, padding="same") == {"padding": "same"}


def test_what_cannot_be_said_is_an_error_and_not_forgotten():
    with pytest.raises(TypeError, match="has no parameter for dilation"):
        called(plane, EACH, dilation=(2, 2))


def test_arguments_by_position_only_and_by_name_only():
    def by_position(x, w, bias=None, stride=1, padding=0, /):
        return conv2d(x, w, bias, stride=stride, padding=padding)

    def by_name(*, image, kernel, stride=1):
        return conv2d(image, kernel, stride=stride)

    x, w = np.arange(16.0).reshape(1, 1, 4, 4), np.ones((1, 1, 2, 2))
    for function in (by_position, by_name):
        adapter = FunctionAdapter(function, "function")
        got = adapter.call(x, w, {"stride": 2})
        assert np.array_equal(got, conv2d(x, w, stride=2))


def test_a_bias_that_is_required_is_zeros_where_there_is_none():
    def with_bias(x, w, b):
        return conv2d(x, w) + b[None, :, None, None]

    x, w = np.ones((1, 1, 3, 3)), np.ones((2, 1, 2, 2))
    adapter = FunctionAdapter(with_bias, "function")
    assert np.array_equal(adapter.call(x, w, {}), conv2d(x, w))
    assert found(with_bias)[0].bias
