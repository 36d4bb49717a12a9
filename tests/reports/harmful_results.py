"""Results in which a case, invented and harmless, is said to have ended the process of a library."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from sample_results import array, sample, write

import convspec

Line = dict[str, Any]

# Numbers, sizes and arguments that stand nowhere else in a file.
CASE = (
    "x=3x2x31x37 w=4x1x3x3 stride=1,29 dilation=1,23 groups=2 dtype=bfloat16 layout_x=channels_last data=int:987001234"
)
SECRETS = ("x=3x2x31x37", "987001234", "8191", "6271", "29, 1", "channels_last", "w=4x1x3x3")


def harming(**changes: Any) -> Line:
    """A counterexample whose input is to be withheld."""
    return {
        "case": f"DIL-01 {CASE}",
        "id": "aa00bb11cc",
        "call": 0,
        "x": {"shape": [3, 2, 31, 37], "dtype": "bfloat16", "data": None, "note": "8191 numbers"},
        "w": array(np.full((4, 1, 3, 3), 6271.0)) | {"dtype": "bfloat16"},
        "bias": None,
        "stride": [29, 1],
        "padding": [[1, 0], [0, 0]],
        "dilation": [1, 23],
        "groups": 2,
        "layout": {"x": "channels_last", "w": "C", "bias": "C"},
        "expected": array(np.full((1, 1, 1, 1), 6271.0)),
        "got": None,
        "got_text": "crashed the process was killed by SIGSEGV",
        "at": [0, 0, 0, 0],
        "error": 6271.0,
        "bound": 6271.0,
        "bound_text": "6271",
        "message": "the process was killed by SIGSEGV, want 6271",
        "repro": f"convspec repro 'DIL-01 {CASE}' --adapter faulty",
        "history": [f"DIL-01 {CASE}"],
        "ended": "crashed",
        **changes,
    }


def results_with(tmp_path: Path, outcome: str, example: Line, **changes: Any) -> Path:
    return write(tmp_path / "results.jsonl", lines_with(outcome, example, **changes))


def lines_with(outcome: str, example: Line, **changes: Any) -> list[Line]:
    lines = sample()
    lines[0]["suite"]["version"] = convspec.__version__
    line = next(line for line in lines if line.get("adapter") == "faulty" and line["requirement"] == "DIL-01")
    line |= {"outcome": outcome, "counterexample": example, "reason": "the process died, want 6271", **changes}
    return lines


def said(raw: bytes) -> str:
    """What a file says; its hashes are digits as they come."""
    return re.sub(r', "chain": "[0-9a-f]{64}"', "", raw.decode("utf-8"))
