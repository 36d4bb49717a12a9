"""What a published file of results withholds: the input of every case that ends a library, or may end it.

A run on one's own machine shows everything. What is published names the kind of such a case and its id, and nothing
from which the input could be made again: the seed of a run is public, so the line that repeats the case is one, too.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from convspec.chain import CHAINED, Chain, unsealed

Line = dict[str, Any]

# How a call ended: what is said of it in place of a message, and why the input is withheld.
ENDS: Final[dict[str, tuple[str, str]]] = {
    "crashed": ("the process ended in the middle of a call", "it ended the process of the library"),
    "exited": ("the process ended in the middle of a call", "it ended the process of the library"),
    "timed out": ("a call did not come back in time", "the library did not come back from it"),
    "out of memory": ("a call asked for more memory than allowed", "the library asked for too much memory with it"),
}
HARMFUL: Final = (
    "an answer is not right",
    "with such a case the library may end its process, or read or write beyond its arrays",
)
KINDS_OF_LINES: Final = ("verdict", "exhaustive")
# Lines of the other measurements: their inputs are written in the suite, where nothing can withhold them.
FIXED_INPUTS: Final = ("measured", "cell")


def unpublishable(raw: bytes) -> Iterator[tuple[int, str]]:
    """Find what ended a library on an input that is part of the suite itself.

    Yields
    ------
    (int, str)
        The number of the line from 1, and what was called, in words.
    """
    for number, text in enumerate(_lines(raw), start=1):
        line = json.loads(text)
        if line.get("type") in FIXED_INPUTS and (line.get("ended") or line.get("kind") in ENDS):
            names = ("adapter", "library", "topic", "dtype", "regime", "terms")
            yield number, ", ".join(str(line[name]) for name in names if name in line)


def published(raw: bytes) -> bytes:
    """Withhold what must not be published from the lines of a file of results, or of a proof.

    Parameters
    ----------
    raw : bytes
        The file, whole.

    Returns
    -------
    bytes
        The same lines; where a counterexample ended the process, or may end it, with its kind in place of its input.
        Where the lines are chained, they are chained anew.
    """
    lines = []
    chain = Chain()
    withheld: set[tuple[str, str]] = set()
    for text in _lines(raw):
        line = json.loads(text)
        kind, opened = line.get("type"), unsealed(text.encode("utf-8"))
        is_chained = kind in CHAINED and opened is not None
        if kind in KINDS_OF_LINES and is_to_be_withheld(line):
            withheld.add((line["adapter"], line.get("requirement", "")))
            line.pop("chain", None)
            opened = json.dumps(_without_input(line), sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
            text = opened.decode("utf-8")
        # It names conditions on sizes, and is drawn from all the cases together.
        if kind == "explanation" and any((line["adapter"], id) in withheld for id in line["requirements"]):
            continue
        lines.append(chain.sealed(opened) if is_chained and opened is not None else f"{text}\n".encode())
    return b"".join(lines)


def _lines(raw: bytes) -> list[str]:
    # Other characters that end a line for Python may stand inside a text.
    return [text for text in raw.decode("utf-8").split("\n") if text]


def is_to_be_withheld(line: Mapping[str, Any]) -> bool:
    """Whether the counterexample of a verdict or a world, if there is one, has an input that must not be published."""
    example = line.get("counterexample")
    return bool(example and "withheld" not in example and (_ended(line) or example.get("harmful")))


def _ended(line: Mapping[str, Any]) -> str:
    """How a call of the counterexample ended the process; empty where each came back, whatever the outcome is."""
    example = line["counterexample"]
    # Results of before this was a member of its own have it at the beginning of what came.
    said = (example.get("ended"), line.get("outcome"), *(end for end in ENDS if _came(example).startswith(end)))
    return next((str(end) for end in said if end in ENDS), "")


def _came(example: Mapping[str, Any]) -> str:
    return str(example.get("got_text", ""))


def _without_input(line: Line) -> Line:
    example = line["counterexample"]
    ended = _ended(line)
    message, why = ENDS[ended] if ended else HARMFUL
    kept: Line = {name: example[name] for name in ("id", "ended", "harmful") if name in example}
    kept |= {"case": "", "repro": "", "message": message}
    kept["withheld"] = {"why": why, "dtypes": _dtypes(example), "kind": _kind(example)}
    # The explanation, which schema 1 has here, names conditions on sizes, and the reason may quote an argument; a
    # declared one is kept.
    reason = line.get("reason", "") if line["outcome"] == "known deviation" else message
    shown = {name: value for name, value in line.items() if name != "diagnosis"}
    return shown | {"counterexample": kept, "reason": reason}


def _dtypes(example: Mapping[str, Any]) -> list[str]:
    return sorted({example[name]["dtype"] for name in ("x", "w", "bias") if example.get(name)})


def _kind(example: Mapping[str, Any]) -> list[str]:
    """Say in words which parameters of a case are special, without their values."""
    kind = []
    for name, plain in (("stride", 1), ("dilation", 1), ("groups", 1)):
        numbers = _flat(example.get(name, plain))
        if not all(type(number) is int and number >= plain for number in numbers):
            kind.append(f"{name} that is not legal")
        elif any(number > plain for number in numbers):
            kind.append(f"{name} above {plain}")
    kind += _padding(example.get("padding", 0))
    kind += [
        f"{name} in {layout.replace('_', '-')} memory"
        for name, layout in sorted(example.get("layout", {}).items())
        if layout != "C" and example.get(name)
    ]
    arrays = [example[name] for name in ("x", "w", "bias") if example.get(name)]
    kind += ["a bias"] if example.get("bias") else []
    kind += ["an axis of length 0"] if any(0 in array["shape"] for array in arrays) else []
    special = any(isinstance(number, str) for array in arrays for number in _flat(array.get("data") or []))
    return kind + (["NaN or infinities"] if special else [])


def _padding(padding: object) -> list[str]:
    if isinstance(padding, str):
        return [f"padding {padding}"]
    numbers = _flat(padding)
    if not all(type(number) is int and number >= 0 for number in numbers):
        return ["padding that is not legal"]
    return ["padding"] if any(numbers) else []


def _flat(value: object) -> list[Any]:
    return [part for item in value for part in _flat(item)] if isinstance(value, list) else [value]
