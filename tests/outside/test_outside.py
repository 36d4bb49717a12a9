"""Functions and adapters from outside: what must be said of each, and with which exit status.

At quick effort here; the tox environment `outside` asks for standard effort.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from convspec import cli

HERE = Path(__file__).parent
EFFORT = os.environ.get("CONVSPEC_OUTSIDE_EFFORT", "quick")


@dataclass(frozen=True)
class Said:
    """What must be said of an input.

    Parameters
    ----------
    status : int
        The exit status.
    words : tuple of str
        Parts of what is printed.
    limits, remarks : tuple of str
        The beginnings of the limits and of the remarks of its line in the results.
    found_by : tuple of str or None
        Exactly these requirements fail, where it is given.
    options : tuple of str
        Further options of the command.
    """

    status: int
    words: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    found_by: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()


CONFORMS = Said(0, ("conforms",))
WRONG = Said(1, ("does not conform",), options=("--fail-fast",))
OTHERWISE = "does otherwise in corners of which it says nothing: "
UNCHECKED = "does not check its arguments: "

RIGHT_FUNCTIONS = {
    "pairs_only": CONFORMS,
    "lists_as_defaults": CONFORMS,
    "numbers_only": CONFORMS,
    "numbers_and_pairs": CONFORMS,
    "by_name_only": CONFORMS,
    "by_position_only": CONFORMS,
    "with_keywords": CONFORMS,
    "required_bias": CONFORMS,
    "required_everything": CONFORMS,
    "two_arguments": CONFORMS,
    "keeps_the_dtype": Said(0, remarks=(OTHERWISE + "arguments of two dtypes",)),
    "always_float64": Said(0, ("conforms", "result always float64"), remarks=("result always float64",)),
    "always_float32": Said(0, limits=("float32 only",), remarks=("result always float32",)),
    "floats_only": CONFORMS,
    "odd_kernels": Said(0, ("for kernels with odd sides only",), limits=("kernels with odd sides only",)),
    "stride_is_for_later": Said(0, ("for stride 1 only",), limits=("stride 1 only",)),
    "square_kernels": Said(0, ("for square kernels only",), limits=("square kernels only",)),
    "square_pictures": Said(0, ("for square pictures only",), limits=("square pictures only",)),
    "strides_that_fit": Said(0, limits=("strides that leave nothing over only",)),
    "small_pads": Said(0, ("not below the kernel's size",), limits=("calls that it does not refuse (ValueError: ",)),
    "unchecked_plane": Said(0, ("does not check its arguments",), remarks=(UNCHECKED,)),
    "unchecked_layer": Said(0, ("does not check its arguments",), remarks=(UNCHECKED,)),
    "no_empty_batch": Said(0, remarks=(OTHERWISE + "an empty batch",)),
    "words_only": CONFORMS,
    "chatty": CONFORMS,
    "chatty_below_python": CONFORMS,
    "warns": CONFORMS,
    "slow_at_first": CONFORMS,
    "with_threads": CONFORMS,
    "in_another_order": CONFORMS,
    "matrices": CONFORMS,
    "other_path_for_nan": CONFORMS,
}
WRONG_FUNCTIONS = {
    "height_for_width": WRONG,
    "index_not_divided": WRONG,
    "halves_for_integers": Said(1, ("got dtype float16, want int64",), found_by=("DTY-01",)),
    "gives_up_like_a_user": WRONG,
    "turned": WRONG,
    "transposed": WRONG,
    "dilation_of_the_size_only": WRONG,
    "bias_of_the_first_filter": WRONG,
    "breaks_on_wide_pads": Said(1, ("IndexError",), found_by=("DEF-01",)),
    "breaks_on_stride_three": Said(1, ("UnboundLocalError",), found_by=("DEF-01",)),
    "nothing_but_zeros": WRONG,
    "seven": WRONG,
    "as_large_as_the_picture": WRONG,
    "swallows_nan": WRONG,
    "spoils_its_input": WRONG,
    "remembers": WRONG,
    "whole_numbers_by_float32": WRONG,
    "half_the_bits": WRONG,
    "three_arguments": Said(2, ("'scale' without a default",)),
    "raises_always": Said(2, ("cannot be called as a convolution", "RuntimeError: no device")),
    "gives_a_list": Said(2, ("returned a list, not an array",)),
    "not_a_function_of_two": Said(2, ("takes 1 positional arguments",)),
}
ADAPTERS = {
    "Right": CONFORMS,
    "FillsZeros": Said(1, ("np.zeros(..., dtype=x.dtype)", "wider_result=True"), found_by=("DTY-01",)),
    "FillsZerosAndSaysSo": CONFORMS,
    "BigEndian": Said(1, ("got dtype >f",), found_by=("DTY-01",)),
    "NoDepthwise": Said(1, ("is not supported", "Exclusion("), found_by=("DEF-01",)),
    "NoDepthwiseAndSaysSo": CONFORMS,
    "TwoClaimsTooMany": Said(1, ("Exclusion(",)),
    "RefusesSeldom": Said(1, ("IndexError",), found_by=("DEF-01",)),
    "TallForgetsBias": WRONG,
    "Sevens": WRONG,
    "EverythingDeviates": Said(2, ("its predicate `when` must say which cases deviate",)),
    "MostDeviates": Said(3, ("nothing verified",)),
    "EmptyDeviates": Said(0, ("conforms but for 1 known deviation",)),
    "EverythingExcluded": Said(3, ("nothing verified",)),
    "MostExcluded": Said(3, ("nothing verified",)),
    "MeaninglessContract": Said(2, ("numerics.input_precision is -3",)),
    "NarrowAccumulator": Said(2, ("sums products of float32 in float16",)),
    "TwoBits": Said(1, ("mistrusted", "twice the right one, would pass")),
    "WiderWhereOrdinary": CONFORMS,
    "NoNegativeStrides": CONFORMS,
    "AnswersWhatItDoesNotClaim": Said(1, found_by=("DTY-05",)),
    "EmptyBatch": Said(1, ("IndexError",), found_by=("SHP-09",)),
    "SquareOnly": Said(0, ("conforms, for square kernels only",), limits=("square kernels only",)),
}
OPTIONS = {
    ("right_functions.py", "unchecked_layer", "--strict"): Said(1, ("ERR-",), options=("--strict",)),
    ("right_functions.py", "no_empty_batch", "--strict"): Said(1, ("SHP-09",), options=("--strict",)),
    ("adapters.py", "Right", "PAD only"): Said(0, ("PAD only",), options=("--only", "PAD")),
    ("adapters.py", "Sevens", "fail fast"): Said(1, options=("--fail-fast",)),
    ("adapters.py", "FillsZeros", "SHP only"): Said(0, ("SHP only",), options=("--only", "SHP")),
}
INPUTS = {
    **{("right_functions.py", name): said for name, said in RIGHT_FUNCTIONS.items()},
    **{("wrong_functions.py", name): said for name, said in WRONG_FUNCTIONS.items()},
    **{("adapters.py", name): said for name, said in ADAPTERS.items()},
    **OPTIONS,
}


def test_there_are_enough_of_them():
    assert len(INPUTS) >= 60


@pytest.mark.parametrize("key", INPUTS, ids=" ".join)
def test_an_input_from_outside_is_judged_rightly(key, tmp_path, monkeypatch, capfd, drawn_once, unexplained):
    said = INPUTS[key]
    monkeypatch.chdir(tmp_path)
    target = f"{HERE / key[0]}:{key[1]}"
    status = cli.run_command(["check", target, "--effort", EFFORT, *said.options])
    printed = capfd.readouterr().out
    assert status == said.status, printed
    for words in said.words:
        assert words in printed
    results = Path("convspec-report/results.jsonl")
    if status == 2:
        assert not results.exists()
        return
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    (about,) = (line for line in lines if line["type"] == "adapter")
    for name in ("limits", "remarks"):
        for beginning in getattr(said, name):
            assert any(text.startswith(beginning) for text in about[name]), (name, about[name])
    failing = ("failed", "errored", "crashed", "timed out", "out of memory", "mistrusted", "unexpectedly passing")
    found_by = tuple(line["requirement"] for line in lines if line.get("outcome") in failing)
    if said.found_by is not None:
        assert found_by == said.found_by
    assert bool(found_by) == (status == 1)
