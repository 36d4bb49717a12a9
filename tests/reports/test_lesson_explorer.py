"""The shape explorer: its script held against the reference, and the axis that both of them draw."""

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from convspec.reports.lesson_explorer import START, WORDS, Shape, knowledge, shape
from convspec.reports.page import STATIC
from convspec.reports.svg_axis import MOST_CELLS, axis_part


def sets_of_parameters(number: int) -> list[dict[str, str]]:
    """Draw what people type: mostly sizes that fit, some at the edge, some that are no sizes at all."""
    draw = random.Random(20261122)
    odd = ["0", "-1", "-7", "1.5", "2.0", "-0.5", "1e-7", "2e20", "007", "+3"]
    sets = []
    for _ in range(number):
        given = {
            "size": str(draw.randint(0, 30)),
            "kernel": str(draw.randint(1, 7)),
            "before": str(draw.randint(0, 4)),
            "after": str(draw.randint(0, 4)),
            "stride": str(draw.randint(1, 5)),
            "dilation": str(draw.randint(1, 4)),
            "padding": draw.choice(["numbers", "numbers", "numbers", *WORDS]),
        }
        for name in START:
            if draw.random() < 0.04:
                given[name] = draw.choice(odd)
        sets.append(given)
    return sets


def typed(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)


def asked(given: dict[str, str]) -> Shape:
    numbers = {name: typed(given[name]) for name in START}
    padding = (numbers["before"], numbers["after"]) if given["padding"] == "numbers" else given["padding"]
    return shape(numbers["size"], numbers["kernel"], padding, numbers["stride"], numbers["dilation"])


def test_the_script_of_the_explorer_agrees_with_the_reference(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node, which runs the script of the page, is not installed")
    sets = sets_of_parameters(4000)
    program = tmp_path / "ask.js"
    program.write_text(
        f"const lesson = require({json.dumps(str(STATIC / 'lesson.js'))});"
        'const fs = require("fs"); const [known, sets] = JSON.parse(fs.readFileSync(0, "utf8"));'
        "const answers = sets.map((given) => { const numbers = {};"
        "Object.keys(known.refusals).forEach((name) => { numbers[name] = lesson.parse(given[name]); });"
        "const found = lesson.shape(numbers, given.padding, known);"
        'const drawn = "padded" in found ? lesson.axis(found, known.drawing) : null;'
        "return [found, lesson.says(found), drawn]; });"
        "process.stdout.write(JSON.stringify(answers));",
        encoding="utf-8",
    )
    asked_for = json.dumps([json.loads(knowledge()), sets])
    done = subprocess.run([node, str(program)], input=asked_for, capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    refused = misfits = drawings = 0
    for given, (found, said, drawn) in zip(sets, answers, strict=True):
        wanted = asked(given)
        assert said == wanted.says, given
        if wanted.error:
            refused += 1
            misfits += "reaches" in wanted.error
            assert (drawn is not None) == ("reaches" in wanted.error), given
        else:
            got = tuple(found[name] for name in ("before", "after", "reach", "positions", "left"))
            assert got == (wanted.before, wanted.after, wanted.reach, wanted.positions, wanted.left), given
        if drawn is not None:
            part = axis_part(
                found["size"], found["kernel"], before=found["before"], after=found["after"],
                stride=found["stride"], dilation=found["dilation"],
            )  # fmt: skip
            assert drawn == {"width": part.width, "height": part.height, "body": part.body}, given
            drawings += bool(part.body)
    # The sets must have asked for all kinds of answers, or their agreement says little.
    assert refused > 400
    assert misfits > 100
    assert refused - misfits > 200
    assert drawings > 2000


def test_the_axis_marks_padding_leftovers_and_what_no_window_reads() -> None:
    drawn = axis_part(5, 2, before=1, after=1, stride=4).body
    # Seven cells: the windows read 0, 1 and 4, 5; 2 and 3 are passed over, 6 is left over and padding.
    assert drawn.count('<rect class="pad"') == 1
    assert drawn.count('<rect class="pad left"') == 1
    assert drawn.count('<rect class="cell over"') == 2
    assert drawn.count('<rect class="cell"') == 3
    assert drawn.count('class="reach"') == 2
    assert "left over" in drawn
    assert "misfit" in axis_part(2, 3).body
    assert "left over" not in axis_part(2, 3).body
    assert axis_part(MOST_CELLS + 1, 3).body == ""
    assert "… and 18 more" in axis_part(34, 3).body


def test_what_the_script_knows_are_the_words_of_the_reference() -> None:
    known = json.loads(knowledge())
    assert known["refusals"]["stride"] == {
        "least": 1,
        "small": "stride must be at least 1, got {value}",
        "broken": "stride must be an integer, got {value}",
    }
    assert known["refusals"]["size"]["least"] == known["refusals"]["after"]["least"] == 0
    assert sorted(known["orders"]["numbers"]) == sorted(START)
    assert "{reach}" in known["misfit"]
    assert "{padded}" in known["misfit"]
