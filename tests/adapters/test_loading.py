"""From a name to an adapter."""

import re
import sys
import textwrap
from importlib import metadata
from types import MappingProxyType

import numpy as np
import pytest

from convspec.adapters import loading
from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.loading import BUILT_IN, Unavailable, UnknownAdapter, adapt, load, names
from convspec.adapters.protocol import Adapter, Capabilities, Deviation, Exclusion, Numerics

CALL = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
X, W = np.arange(9.0).reshape(1, 1, 3, 3), np.arange(4.0).reshape(1, 1, 2, 2)


class Mine:
    """The least that is an adapter."""

    def conv2d(self, x, w, bias, *, stride, padding, dilation, groups):
        return np.zeros((1, 1, 2, 2))


class Wide(Mine):
    name = "wide"
    versions = MappingProxyType({"mine": "1.2"})
    capabilities = Capabilities(dtypes=("float32",), stride="none")
    numerics = Numerics(algorithm="fft")
    deviations = (Deviation(("PAD-01",), "known", "https://example.org/1", when=lambda case: True),)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that can be imported, and the file that it is."""
    file = tmp_path / "mine_to_load.py"
    file.write_text(textwrap.dedent("""
        import numpy as np

        def conv(x, w, stride=1):
            return np.zeros((2, 2))

        class Group:
            class Mine:
                def conv2d(self, x, w, bias, **others):
                    return np.ones((1, 1, 2, 2))

        number = 3
        _hidden = conv
    """))
    monkeypatch.chdir(tmp_path)
    yield file
    sys.modules.pop("mine_to_load", None)
    sys.path[:] = [path for path in sys.path if path != str(tmp_path)]


def test_names_are_the_built_in_ones_and_those_of_installed_packages(monkeypatch):
    assert names().items() >= BUILT_IN.items()
    entry = metadata.EntryPoint("other", "numpy:convolve", loading.GROUP)
    shadow = metadata.EntryPoint("scipy", "numpy:convolve", loading.GROUP)
    monkeypatch.setattr(loading.importlib.metadata, "entry_points", lambda group: [entry, shadow])
    assert names()["other"] == "numpy:convolve"
    assert names()["scipy"] == BUILT_IN["scipy"]


def test_an_entry_point_is_loaded(monkeypatch, module):
    entry = metadata.EntryPoint("mine", "mine_to_load:conv", loading.GROUP)
    monkeypatch.setattr(loading.importlib.metadata, "entry_points", lambda group: [entry])
    assert load("mine").name == "mine"


@pytest.mark.parametrize("name", ["reference", "vectorized"])
def test_built_in_adapters_are_adapters(name):
    adapter = load(name)
    assert isinstance(adapter, Adapter)
    assert adapter.versions
    y = adapter.conv2d(X, W, None, **CALL)
    assert y.tolist() == [[[[19, 25], [37, 43]]]]


@pytest.mark.parametrize("target", ["mine_to_load:conv", "mine_to_load.py:conv", "./mine_to_load.py:_hidden"])
def test_a_function_by_module_or_file(target, module):
    adapter = load(target)
    assert isinstance(adapter, FunctionAdapter)
    assert adapter.name == target
    assert set(adapter.signature.roles) == {"stride"}


@pytest.mark.parametrize("target", ["mine_to_load:conv", "mine_to_load.py:conv"])
def test_the_folder_is_searched_after_all_others(target, module):
    """What lies in it is found, and stands in for nothing that is installed."""
    before = list(sys.path)
    load(target)
    load(target)
    assert sys.path == [*before, str(module.parent)]


def test_a_module_that_is_not_the_file_in_the_folder_is_told(module):
    (module.parent / "random.py").write_text("def conv(x, w):\n    return x\n")
    with pytest.raises(UnknownAdapter, match=r"An installed module has the name of the file random\.py; name the file"):
        load("random:conv")
    assert load("random.py:conv").signature.roles == {}
    with pytest.raises(UnknownAdapter) as error:
        load("mine_to_load:convolve")
    assert "installed module" not in str(error.value)


def test_a_claim_whose_arrays_cannot_be_built_says_what_to_install(monkeypatch):
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match=r"mine: .*ml_dtypes, which is not installed \(pip install ml_dtypes\)"):
        adapt(Mine, "mine", ("bfloat16",))
    assert adapt(Mine, "mine", ("bfloat16", "float32")).capabilities.dtypes == ("bfloat16", "float32")


@pytest.mark.parametrize("target", ["mine_to_load:Group.Mine", "mine_to_load.py:Group.Mine"])
def test_a_class_inside_a_class(target, module):
    assert load(target).conv2d(X, W, None, **CALL).shape == (1, 1, 2, 2)


@pytest.mark.parametrize(("target", "told"), [
    ("scipi", "'scipi' is no adapter; known are reference, scipy, torch, vectorized"),
    ("", "'' is no adapter"),
    ("mine_to_load:", "'mine_to_load:' is not written module:attr"),
    (":conv", "':conv' is not written module:attr"),
    ("mine_to_load:convolve", "'mine_to_load' has no attribute 'convolve'; it has Group, conv"),
    ("mine_to_load:Group.Yours", "'mine_to_load' has no attribute 'Group.Yours'"),
    ("mine_to_load:number", "'mine_to_load:number' is int, neither a function nor an object with a conv2d method"),
    ("no_such_module:conv", "there is no module 'no_such_module' (looked in the current folder"),
    ("numpy.no_such_part:conv", "there is no module 'numpy.no_such_part'"),
    ("no_such_file.py:conv", "there is no file 'no_such_file.py'"),
])
def test_what_cannot_be_loaded_is_named(target, told, module):
    with pytest.raises(UnknownAdapter) as error:
        load(target)
    assert told in str(error.value)


def test_a_module_that_lacks_something_says_what(tmp_path, monkeypatch):
    (tmp_path / "lacking_something.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load("lacking_something:conv")


@pytest.mark.parametrize(("name", "hint"), [
    ("torch", r"torch: torch is not installed \(pip install convspec\[torch\]\)"),
    ("scipy", r"scipy: scipy is not installed \(pip install convspec\[scipy\]\)"),
])
def test_a_missing_library_says_what_to_install(name, hint, monkeypatch):
    monkeypatch.delitem(sys.modules, BUILT_IN[name].partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unavailable, match=hint):
        load(name)


def test_what_is_not_declared_gets_the_defaults():
    adapter = adapt(Mine, "mine")
    assert (adapter.name, adapter.versions, adapter.deviations) == ("mine", {}, ())
    assert adapter.capabilities == Capabilities()
    assert adapter.numerics == Numerics()
    assert isinstance(adapter, Adapter)


@pytest.mark.parametrize("found", [Wide, Wide()], ids=["class", "object"])
def test_what_is_declared_is_kept(found):
    adapter = adapt(found, "mine")
    assert (adapter.name, adapter.versions) == ("wide", {"mine": "1.2"})
    assert adapter.capabilities is Wide.capabilities
    assert adapter.numerics is Wide.numerics
    assert adapter.deviations == Wide.deviations


def test_dtypes_that_are_asked_for_replace_the_declared_ones(module):
    assert adapt(Wide, "mine", ("float64", "int8")).capabilities.dtypes == ("float64", "int8")
    assert adapt(Wide, "mine", ("float64",)).capabilities.stride == "none"
    assert load("mine_to_load:conv", ["int8"]).capabilities.dtypes == ("int8",)


def test_a_function_may_declare_itself():
    def conv(x, w, stride=1):
        return x

    conv.capabilities = {"dtypes": ["float32"], "profile": "plane", "padding": "none"}
    conv.numerics = {"algorithm": "winograd", "tile": 4}
    conv.deviations = Wide.deviations
    adapter = adapt(conv, "conv")
    assert adapter.capabilities == Capabilities(dtypes=("float32",), profile="plane", padding="none")
    assert adapter.numerics == Numerics(algorithm="winograd", tile=4)
    assert adapter.deviations == Wide.deviations


@pytest.mark.parametrize(("attribute", "value", "told"), [
    ("capabilities", "all", "capabilities is 'all'; it must be a Capabilities or a mapping of its fields"),
    ("capabilities", {"stride": "many"}, "stride is 'many'; it must be one of 'none', 'same', 'each'"),
    ("capabilities", {"dtypes": ["double"]}, "dtypes is 'double'; it must be one of 'float16'"),
    ("capabilities", {"dtypes": []}, "dtypes is empty: name at least one"),
    ("capabilities", {"padding_words": ["nearest"]}, "padding_words is 'nearest'"),
    ("numerics", 3, "numerics is 3; it must be a Numerics or a mapping of its fields"),
    ("numerics", {"algorithm": "magic"}, "algorithm is 'magic'"),
    ("numerics", {"algorithm": "winograd"}, "tile is None, but algorithm is 'winograd': a tile belongs to 'winograd'"),
    ("numerics", {"tile": 2}, "tile is 2, but algorithm is 'direct'"),
    ("numerics", {"accumulator": {"float16": "double"}}, "accumulator is 'double'"),
])
def test_a_declaration_that_makes_no_sense_is_named(attribute, value, told):
    wrong = type("Wrong", (Mine,), {attribute: value})
    with pytest.raises(ValueError, match=re.escape(told)):
        adapt(wrong, "wrong")


def test_exclusions_are_predicates_on_the_case():
    exclusion = Exclusion("no odd strides", when=lambda case: case.stride[0] % 2 == 1)
    assert Capabilities(exclusions=(exclusion,)).exclusions[0].reason == "no odd strides"


def test_the_signature_of_a_target_must_be_that_of_a_convolution():
    with pytest.raises(UnknownAdapter, match=r"cannot be called as a convolution: .*takes 1 positional arguments"):
        adapt(lambda x: x, "one")
    with pytest.raises(UnknownAdapter, match="has the parameter 'scale' without a default"):
        adapt(lambda x, w, scale: x, "scaled")
