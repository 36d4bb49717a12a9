"""What an implementation prints: as much as it likes, it changes no verdict, and its end can be read."""

import os
import subprocess
import sys

import numpy as np
import pytest
from odd_functions import ODD, acting, outcomes, the_others_are_right

from convspec.adapters.loading import adapt
from convspec.conformance.child import ChildProcess
from convspec.conformance.output import Output

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def loud(right):
    """30 MB by each way out."""
    for _ in range(30):
        print("x" * (1 << 20))
        print("y" * (1 << 20), file=sys.stderr)
        os.write(1, b"z" * (1 << 20))


def loud_in_a_child(right):
    subprocess.run([sys.executable, "-I", "-c", "print('x' * (1 << 22))"], check=True)


def odd_words(right):
    print("\N{SNOWMAN} \ud800")
    os.write(1, bytes(range(256)))


def closing_its_output(right):
    os.close(1)
    os.close(2)


def reading(right):
    assert sys.stdin.read() == ""
    assert os.read(0, 1) == b""


PRINTING = {
    "loud": loud,
    "loud in a child": loud_in_a_child,
    "odd words": odd_words,
    "closing its output": closing_its_output,
    "another output": lambda right: setattr(sys, "stdout", None),
    "reading its input": reading,
}


@pytest.mark.parametrize("act", PRINTING.values(), ids=PRINTING)
def test_what_is_printed_changes_no_answer(act):
    found, deaths = outcomes(act)
    assert [outcome.kind for outcome in found] == ["returned"] * 4
    assert deaths == 0
    assert type(found[1].value) is np.ndarray
    the_others_are_right(found)


def last_words(right):
    loud(right)
    print("a last", end=" ")
    sys.stderr.write("word")
    os._exit(1)


@pytest.mark.parametrize("act", [lambda right: print("a last word"), last_words], ids=["lives on", "dies"])
def test_what_is_printed_is_kept_apart_from_the_answers(act, capfd):
    child = ChildProcess("loud", adapter=adapt(acting(act), "loud"))
    try:
        list(child.run([("DEF-01", ODD)]))
        assert child.printed().endswith("a last word")
        assert len(child.printed()) <= 2000
    finally:
        child.close()
    assert capfd.readouterr() == ("", "")


def test_the_end_can_be_read_while_somebody_prints_without_end():
    output = Output()
    printing = subprocess.Popen([sys.executable, "-I", "-c", "while True: print('words')"], stdout=output.descriptor)
    try:
        while "words" not in output.end():
            pass
    finally:
        printing.kill()
        printing.wait()
        output.close()
    assert output.end() == ""
