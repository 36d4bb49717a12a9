"""The lines of a results file: one JSON object each, the same for the same run but for what it says of times."""

import errno
import json
import math
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convspec.adapters.protocol import Array, Capabilities, Numerics
from convspec.conformance.case import Case
from convspec.conformance.verdict import Counterexample, Raised, Verdict

SCHEMA_VERSION = 2
ARRAY_LIMIT = 4096
# What a verdict would be if another requirement had reported its exceptions; it never reaches a file.
OTHERWISE = "otherwise"
OUTCOMES = (
    "passed",
    "failed",
    "errored",
    "crashed",
    "timed out",
    "out of memory",
    "skipped",
    "unavailable",
    "known deviation",
    "unexpectedly passing",
    "info",
    "mistrusted",
    "planned",
)
# What another run of the same seed gives otherwise, or what is told later: it stands outside of the chain.
OUTSIDE = ("date", "seconds", "rate", "diagnosis")
# In place of a requirement, in the line that says how long the small worlds took.
WORLDS = "exhaustive"
# What the system says where a file, and not something else, is what it cannot do.
UNWRITABLE = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EISDIR,
    errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP,
})
# What Python's own numbers do not hold is shown in the nearest type that they do.
_SHOWN_AS = {
    "bfloat16": np.float64, np.dtype(np.longdouble).name: np.float64, np.dtype(np.clongdouble).name: np.complex128,
}


class NotWritten(Exception):
    """A file cannot be written; the message is one sentence, which names the file and says why."""

    @classmethod
    def because(cls, error: OSError, path: str | os.PathLike[str]) -> "NotWritten":
        """Say it of a file for which the system gives a reason."""
        return cls(f"{os.fspath(path)} cannot be written: {error.strerror or error}")


def dump(line: Mapping[str, Any]) -> str:
    """One line of a results file, keys sorted, without its newline."""
    return json.dumps(_plain(line), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """What JSON can hold: NaN and infinities as strings, complex numbers as pairs."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, Mapping):
        return {encodable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, int | float | bool) or value is None:
        return value
    return encodable(str(value))


def encodable(text: str) -> str:
    """The text as UTF-8 can hold it.

    Where the locale knows ASCII alone, Python has a file's name with a surrogate for each byte that it could not read:
    these are read as UTF-8. Other surrogates, and bytes that are not UTF-8, are written out.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def array_line(array: Array | None) -> dict[str, Any] | None:
    """An array with its shape and dtype; its numbers only if they are not too many."""
    if array is None:
        return None
    line: dict[str, Any] = {"shape": list(array.shape), "dtype": array.dtype.name}
    if array.size > ARRAY_LIMIT:
        return line | {"data": None, "note": f"{array.size} numbers, too many to write out"}
    numbers = array.astype(_SHOWN_AS.get(array.dtype.name, array.dtype), copy=False)
    return line | {
        "data": numbers.ravel().tolist() if numbers.dtype.kind != "O" else [str(item) for item in numbers.ravel()]
    }


def capabilities_line(capabilities: Capabilities) -> dict[str, Any]:
    """The claims as plain data."""
    names = (
        "profile",
        "dtypes",
        "stride",
        "padding",
        "padding_words",
        "dilation",
        "groups",
        "bias",
        "square_kernels_only",
        "odd_kernels_only",
        "square_pictures_only",
        "exact_fit_only",
        "empty_output",
        "mixed_dtypes",
        "zero_channels",
        "wider_result",
    )
    return {name: getattr(capabilities, name) for name in names}


def unavailable_line(id: str, target: str, reason: str, available: bool = False) -> dict[str, Any]:
    """An adapter of which only the name is known; `available` says whether its library is there all the same."""
    empty: dict[str, Any] = {"versions": {}, "capabilities": {}, "bridged": {}, "numerics": {}}
    empty |= {"not_claimed": [], "native": [], "deviations": [], "isolation": "", "profile": "layer"}
    empty |= {"limits": [], "remarks": []}
    known = {"type": "adapter", "id": id, "target": target, "name": target, "available": available, "reason": reason}
    return known | empty


def numerics_line(numerics: Numerics) -> dict[str, Any]:
    """The numerics contract as plain data."""
    names = ("algorithm", "tile", "accumulator", "input_precision", "flush_to_zero", "complex_products", "nan_local")
    return {name: getattr(numerics, name) for name in names}


def verdict_line(verdict: Verdict, expected: Array | None = None, target: str = "") -> dict[str, Any]:
    """A verdict, with its counterexample where there is one; `target` is what names the adapter on the command line."""
    line: dict[str, Any] = {
        "type": "verdict",
        "adapter": verdict.adapter,
        "requirement": verdict.requirement,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "cases": verdict.cases,
        "calls": verdict.calls,
        "seconds": round(verdict.seconds, 3),
        "evidence": verdict.evidence,
        "nontrivial": verdict.nontrivial,
        "worst_ratio": None if verdict.worst_ratio is None else float(f"{verdict.worst_ratio:.4g}"),
    }
    counts = {"excluded": verdict.excluded, "excused": verdict.excused}
    line |= {name: count for name, count in counts.items() if count}
    for name, raised in (("exceptions", verdict.exceptions), ("refusals", verdict.refusals)):
        if raised:
            line[name] = [raised_line(one) for one in raised]
    if verdict.exclusion:
        line["exclusion"] = verdict.exclusion
    if verdict.otherwise is not None:
        line[OTHERWISE] = list(verdict.otherwise)
    if verdict.counterexample is not None:
        line["counterexample"] = counterexample_line(
            target or verdict.adapter, verdict.requirement, verdict.counterexample, expected
        )
    return line


def raised_line(raised: Raised) -> dict[str, Any]:
    """Write an exception or a refusal as plain data."""
    return {"type": raised.kind, "where": raised.where, "text": raised.text, "cases": raised.cases}


def counterexample_line(target: str, requirement: str, found: Counterexample, expected: Array | None) -> dict[str, Any]:
    """A failing case with its arrays, what was expected and what came, and the line that repeats it."""
    case, finding = found.case, found.finding
    call = found.trial.calls[finding.call]
    outcome = found.trial.outcomes[min(finding.call, len(found.trial.outcomes) - 1)]
    line: dict[str, Any] = {
        "case": f"{requirement} {case.line}",
        "id": case.id,
        "call": finding.call,
        "x": array_line(call.x),
        "w": array_line(call.w),
        "bias": array_line(call.bias),
        "stride": call.stride,
        "padding": call.padding,
        "dilation": call.dilation,
        "groups": call.groups,
        "layout": {"x": call.layout_x, "w": call.layout_w, "bias": call.layout_bias},
        "expected": array_line(expected),
        "got": array_line(outcome.value),
        "got_text": f"{outcome.kind} {outcome.text}".strip() if outcome.value is None else "",
        "at": finding.at,
        "error": finding.error,
        "bound": finding.bound,
        "bound_text": finding.bound_text,
        "message": finding.reason,
        "repro": repro_line(target, requirement, case),
    }
    if found.drawn is not None and found.drawn.id != case.id:
        line["drawn"] = found.drawn.id
    if found.ended:
        line["ended"] = found.ended
    if found.harmful:
        line["harmful"] = True
    if found.history:
        line["history"] = [f"{requirement} {earlier.line}" for earlier in found.history]
    return line


def repro_line(target: str, requirement: str, case: Case) -> str:
    """The command that repeats one case."""
    return f"convspec repro '{requirement} {case.line}' --adapter {shlex.quote(target)}"


def parted(line: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Part a line into what stands in the chain, and the line that says when it was or how long it took.

    Returns
    -------
    (dict, dict or None)
        The second follows the first in a file; None where nothing is known of a time.
    """
    kept = {name: value for name, value in line.items() if name not in (OTHERWISE, *OUTSIDE)}
    time = {name: line[name] for name in ("date", "seconds") if name in line}
    if not time:
        return kept, None
    about = {name: line[name] for name in ("adapter", "requirement") if name in line}
    if line["type"] == "exhaustive":
        about["requirement"] = WORLDS
    return kept, {"type": "time", **about, **time}


def explanation_line(adapter: str, requirements: Iterable[str], diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    """Write what explains the failures of an adapter as a line of its own."""
    return {"type": "explanation", "adapter": adapter, "requirements": list(requirements), **diagnosis}


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write a file of lines in one step, as `replace_file` does."""
    replace_file(path, (f"{dump(line)}\n".encode() for line in lines))


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file in one step: a reader sees the old one or the new one, whole.

    Where the pieces end with an exception, those that came before it are kept, and the exception goes on: a file
    without a footer is incomplete. Where they cannot be written, the old file stays as it was.

    Raises
    ------
    NotWritten
        The disk is full, or the place cannot be written.
    """
    beside = path.with_name(path.name + ".part")
    ended: list[BaseException] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(beside, "wb") as file:
            for piece in _up_to_an_exception(pieces, ended):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        _remove(beside)
        raise NotWritten.because(error, path) from error
    except BaseException:
        _remove(beside)
        raise
    if ended:
        raise ended[0]


def _up_to_an_exception(pieces: Iterable[bytes], ended: list[BaseException]) -> Iterator[bytes]:
    """The pieces; the exception with which they end is put into a list, so that it is no failure to write."""
    try:
        yield from pieces
    except GeneratorExit:
        raise
    except BaseException as error:
        ended.append(error)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # What could not be written may not be there, or not even its folder.
        return


def short_ids(targets: Iterable[str]) -> dict[str, str]:
    """A readable id for each target, fit for an address: the name, or file and function; numbered if they clash."""
    ids: dict[str, str] = {}
    for target in targets:
        place, _, attribute = target.rpartition(":")
        stem = Path(place).stem if place.endswith(".py") else place.rpartition(".")[2]
        text = f"{stem}.{attribute}" if place else target
        short = "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in text) or "adapter"
        candidate, number = short, 2
        while candidate in ids.values():
            candidate, number = f"{short}_{number}", number + 1
        ids[target] = candidate
    return ids
