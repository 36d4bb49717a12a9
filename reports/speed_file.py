"""Read ``speed.json``, the record of a benchmark. The published schema is ``speed.schema.json`` beside this module."""

import hashlib
import json
import math
import os
from collections.abc import Iterable
from typing import Final, NoReturn

from convspec.reports.fields import Fields, ResultsError
from convspec.reports.speed_records import (
    Checked,
    Harness,
    Machine,
    NotRun,
    Part,
    Peak,
    Point,
    Profile,
    Run,
    Speed,
    Spent,
    Timing,
    Workload,
)
from convspec.reports.stream import read_raw

SCHEMA_VERSION: Final = 1
EFFORTS: Final = ("quick", "standard")
AXES: Final = ("size", "channels", "kernel", "batch")
# Nobody measures more of anything; what is multiplied later stays within a float.
LARGEST: Final = 10**18


def read_speed(path: str | os.PathLike[str]) -> Speed:
    """Read and check a speed file.

    Parameters
    ----------
    path : path
        One JSON object as the benchmark writes it.

    Returns
    -------
    Speed

    Raises
    ------
    ResultsError
        The file cannot be read, or is not what the schema says. The message names the file, the member and
        the value.
    """
    name, raw = os.fspath(path), read_raw(path)
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ResultsError(f"{name}: not UTF-8: {error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ResultsError(
            f"{name}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{name}: not a speed file: {error}") from error
    if not isinstance(value, dict):
        raise ResultsError(f"{name}: expected an object in braces, got {type(value).__name__}")
    return _speed(Fields(value, name), hashlib.sha256(raw).hexdigest())


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"it holds {word}, which is no measurement")


def _speed(fields: Fields, sha256: str) -> Speed:
    fields.word("kind", ("speed",))
    version = fields.whole("schema_version")
    if version != SCHEMA_VERSION:
        fields.fail(f"schema_version is {version}, this program reads {SCHEMA_VERSION}")
    suite = fields.inner("suite")
    workloads = tuple(_workload(item) for item in _needed(fields, "workloads"))
    known = _distinct(fields, "workloads", [task.id for task in workloads])
    runs = tuple(_run(item, known) for item in _needed(fields, "runs"))
    _distinct(fields, "runs", [f"{run.threads} threads" for run in runs])
    peaks = tuple(_peak(item, known) for item in fields.inners("memory"))
    _distinct(fields, "memory", [f"{peak.workload} {peak.implementation}" for peak in peaks])
    profiles = tuple(_profile(item, known) for item in fields.inners("profile"))
    _distinct(fields, "profile", [profile.workload for profile in profiles])
    return Speed(
        suite.text("name"),
        suite.text("version"),
        fields.text("date"),
        fields.word("effort", EFFORTS),
        fields.texts("only", ()),
        _measured(fields, "seconds"),
        _machine(fields.inner("machine")),
        fields.text_mapping("versions"),
        fields.text_mapping("left_out"),
        workloads,
        runs,
        peaks,
        profiles,
        _harness(fields.inner("harness")) if fields.has("harness") else None,
        sha256,
    )


def _machine(fields: Fields) -> Machine:
    return Machine(
        fields.text("cpu"),
        _count(fields, "cores", least=1),
        fields.text_mapping("caches"),
        fields.text("platform"),
        fields.text("python"),
        fields.text("blas"),
        _measured(fields, "load", or_zero=True) if fields.has("load") else None,
    )


def _workload(fields: Fields) -> Workload:
    return Workload(
        fields.text("id"),
        fields.text("title"),
        fields.truth("counted"),
        _shape(fields, "x"),
        _shape(fields, "w"),
        _count(fields, "stride", least=1),
        _count(fields, "padding"),
        _count(fields, "dilation", least=1),
        _count(fields, "groups", least=1),
        fields.text("dtype"),
        _count(fields, "operations", least=1),
        _count(fields, "least_bytes", least=1),
    )


def _run(fields: Fields, known: frozenset[str]) -> Run:
    timings = tuple(_timing(item, known) for item in _needed(fields, "results"))
    _distinct(fields, "results", [f"{row.workload} {row.implementation}" for row in timings])
    points = tuple(_point(item) for item in fields.inners("growth"))
    _distinct(fields, "growth", [f"{point.axis} {point.value} {point.implementation}" for point in points])
    not_run = tuple(
        NotRun(_known(item, known), item.text("implementation"), item.text("reason"))
        for item in fields.inners("not_run")
    )
    return Run(
        _count(fields, "threads", least=1),
        _rates(fields, "matmul_rate"),
        _measured(fields, "bandwidth"),
        _rates(fields, "geometric_mean"),
        timings,
        not_run,
        points,
    )


def _timing(fields: Fields, known: frozenset[str]) -> Timing:
    optional = {
        key: _measured(fields, key) if fields.has(key) else None
        for key in ("ratio", "ratio_low", "ratio_high", "matmul_rate", "share_of_matmul")
    }
    low, middle, high = optional["ratio_low"], optional["ratio"], optional["ratio_high"]
    if low is not None and middle is not None and high is not None and not low <= middle <= high:
        fields.fail(f"'ratio' {middle:g} is not between 'ratio_low' {low:g} and 'ratio_high' {high:g}")
    if len({value is None for value in (low, middle, high)}) > 1:
        fields.fail("'ratio', 'ratio_low' and 'ratio_high' must be there together or not at all")
    return Timing(
        _known(fields, known),
        fields.text("implementation"),
        _count(fields, "rounds", least=1),
        _measured(fields, "seconds"),
        middle,
        low,
        high,
        _measured(fields, "rate"),
        optional["matmul_rate"],
        optional["share_of_matmul"],
    )


def _point(fields: Fields) -> Point:
    return Point(
        fields.word("axis", AXES),
        _count(fields, "value", least=1),
        fields.text("implementation"),
        _measured(fields, "seconds"),
        _count(fields, "operations", least=1),
    )


def _peak(fields: Fields, known: frozenset[str]) -> Peak:
    traced = _count(fields, "traced_bytes") if fields.has("traced_bytes") else None
    return Peak(
        _known(fields, known), fields.text("implementation"), _count(fields, "process_bytes"), traced
    )


def _profile(fields: Fields, known: frozenset[str]) -> Profile:
    parts = tuple(
        Part(item.text("name"), item.text("says", ""), _measured(item, "seconds", or_zero=True))
        for item in _needed(fields, "parts")
    )
    _distinct(fields, "parts", [part.name for part in parts])
    if not sum(part.seconds for part in parts):
        fields.fail("'parts' took no time at all")
    ordered = tuple(sorted(parts, key=lambda part: -part.seconds))
    return Profile(
        _known(fields, known), fields.text("implementation"), _count(fields, "calls", least=1), ordered
    )


def _harness(fields: Fields) -> Harness:
    adapters = tuple(
        Checked(
            item.text("adapter"),
            item.text("conclusion"),
            _count(item, "cases"),
            _count(item, "calls"),
            _measured(item, "seconds", or_zero=True),
        )
        for item in fields.inners("adapters")
    )
    _distinct(fields, "adapters", [checked.adapter for checked in adapters])
    purposes = fields.text_mapping("purposes")
    spent = tuple(
        Spent(
            item.word("purpose", tuple(purposes)),
            item.text("name"),
            _measured(item, "seconds", or_zero=True),
        )
        for item in fields.inners("parts")
    )
    return Harness(
        fields.word("effort", EFFORTS),
        _measured(fields, "seconds"),
        _measured(fields, "processor_seconds", or_zero=True),
        adapters,
        spent,
        purposes,
    )


def _needed(fields: Fields, key: str) -> tuple[Fields, ...]:
    """Give a list of objects that is there and not empty."""
    if not fields.has(key):
        fields.fail(f"{key!r} is missing")
    return fields.inners(key) or fields.fail(f"{key!r} is empty")


def _distinct(fields: Fields, key: str, names: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            fields.fail(f"{key!r} holds {name!r} a second time")
        seen.add(name)
    return frozenset(seen)


def _known(fields: Fields, known: frozenset[str]) -> str:
    workload = fields.text("workload")
    if workload not in known:
        fields.fail(f"'workload' is {workload!r}, which 'workloads' does not describe")
    return workload


def _count(fields: Fields, key: str, least: int = 0) -> int:
    value = fields.whole(key)
    if not least <= value <= LARGEST:
        fields.fail(f"{key!r} must be a whole number from {least} to {LARGEST:g}, got {str(value)[:40]}")
    return value


def _measured(fields: Fields, key: str, or_zero: bool = False) -> float:
    value = fields.real(key)
    if not (0 < value <= LARGEST or (or_zero and value == 0)) or math.isnan(value):
        fields.fail(f"{key!r} must be a number above 0 and at most {LARGEST:g}, got {value:g}")
    return value


def _rates(fields: Fields, key: str) -> dict[str, float]:
    inner = Fields(fields.mapping(key, {}), f"{fields.where}, {key}")
    return {name: _measured(inner, name) for name in inner.members}


def _shape(fields: Fields, key: str) -> tuple[int, ...]:
    lengths = fields.wholes(key)
    if len(lengths) != 4 or not all(1 <= length <= LARGEST for length in lengths):
        fields.fail(f"{key!r} must be four lengths from 1, got {list(lengths)}")
    return lengths
