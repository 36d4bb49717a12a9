"""A realistic results file, made from the catalogue and the reference, for the tests of the pages."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from convspec.chain import CHAINED, Chain
from convspec.conformance.results import parted
from convspec.reference import conv2d
from convspec.reports.words import OUTCOMES
from convspec.rules import exit_status_of, share_left_out, state_of

ROOT = Path(__file__).resolve().parents[2]
Line = dict[str, Any]

EVIDENCE = {
    "stride": {"1,1": 60, "2,1": 22, "2,2": 18, "3,1": 12, "1,3": 8},
    "dilation": {"1,1": 90, "2,1": 20, "1,2": 10},
    "padding": {"0": 30, "symmetric": 30, "sides": 40, "same_upper": 12, "full": 8},
    "groups": {"1": 80, "2": 40},
    "kernel": {"3,3": 40, "2,3": 40, "1,1": 10, "5,2": 30},
    "dtype": {"float64": 60, "float32": 40, "int64": 20},
    "layout x": {"C": 80, "F": 20, "channels-last": 12, "negative strides": 8},
    "layout w": {"C": 100, "F": 20},
    "data": {"integers": 70, "uniform": 30, "log-uniform": 20},
}


def catalogue() -> list[Line]:
    with (ROOT / "conformance" / "catalogue.toml").open("rb") as file:
        requirements = tomllib.load(file)["requirement"]
    keys = (
        "id",
        "level",
        "profile",
        "title",
        "statement",
        "formula",
        "class",
        "sources",
        "check",
        "status",
        "informs",
    )
    return [{"type": "requirement", "family": r["id"][:3], **{k: r[k] for k in keys}} for r in requirements]


def header(targets: list[str]) -> Line:
    return {
        "type": "header",
        "schema_version": 2,
        "suite": {"name": "convspec", "version": "0.1.0"},
        "seed": 0,
        "effort": "standard",
        "profile": None,
        "only": [],
        "date": "2026-11-22",
        "targets": targets,
        "environment": {
            "python": "3.11.7",
            "platform": "Linux-x86_64",
            "cpu": "AMD EPYC 9B14",
            "cpu_flags": ["avx2", "avx512f", "fma"],
            "blas": "OpenBLAS 0.3.30",
            "threads": 1,
            "packages": {"numpy": "2.4.6", "scipy": "1.17.1", "torch": "2.13.0"},
        },
    }


def adapter(identity: str, **changes: Any) -> Line:
    return {
        "type": "adapter",
        "id": identity,
        "target": identity,
        "name": f"{identity}.conv2d",
        "versions": {identity: "1.2.3"},
        "available": True,
        "reason": "",
        "profile": "layer",
        "capabilities": {
            "dtypes": ["float32", "float64", "int64"],
            "stride": "each",
            "padding": "pair",
            "padding_words": ["same"],
            "dilation": "each",
            "groups": True,
            "bias": True,
            "bridged": {"padding": "asymmetric pads"},
        },
        "not_claimed": [{"feature": "complex128", "reason": "not among its element types"}],
        "native": ["stride", "dilation", "groups"],
        "bridged": {"padding": "asymmetric pads are added with F.pad"},
        "numerics": {
            "algorithm": "direct",
            "accumulator": {"float16": "float32"},
            "flush_to_zero": False,
            "tile": None,
        },
        "deviations": [],
        "isolation": "child process forked from a zygote",
        **changes,
    }


def verdict(name: str, requirement: str, outcome: str = "passed", **changes: Any) -> Line:
    quiet = outcome in ("skipped", "unavailable", "planned")
    return {
        "type": "verdict",
        "adapter": name,
        "requirement": requirement,
        "outcome": outcome,
        "cases": 0 if quiet else 120,
        "calls": 0 if quiet else 240,
        "seconds": 0.12,
        "reason": "",
        "evidence": {} if quiet else EVIDENCE,
        "nontrivial": None if quiet else 0.97,
        "worst_ratio": 0.4166 if requirement.startswith("NUM") and not quiet else None,
        **changes,
    }


def array(values: np.ndarray[Any, Any]) -> Line:
    def plain(value: Any) -> Any:
        if isinstance(value, complex):
            return [plain(value.real), plain(value.imag)]
        return value if isinstance(value, int) or np.isfinite(value) else str(value).replace("-nan", "nan")

    return {
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "data": [plain(v) for v in values.ravel().tolist()],
    }


def example(
    x: np.ndarray[Any, Any],
    w: np.ndarray[Any, Any],
    got: np.ndarray[Any, Any] | None,
    *,
    identity: str,
    bias: np.ndarray[Any, Any] | None = None,
    stride: Any = (1, 1),
    padding: Any = ((0, 0), (0, 0)),
    dilation: Any = (1, 1),
    groups: int = 1,
    **changes: Any,
) -> Line:
    """A counterexample line whose expected array is the reference's answer."""
    expected = conv2d(x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    at = None
    if got is not None and got.shape == expected.shape:
        wrong = np.argwhere(~((got == expected) | ((got != got) & (expected != expected))))
        at = [int(index) for index in wrong[0]] if len(wrong) else None
    return {
        "case": f"PAD-01 x{list(x.shape)} w{list(w.shape)}",
        "id": identity,
        "x": array(x),
        "w": array(w),
        "bias": None if bias is None else array(bias),
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "layout": {"x": "C", "w": "C", "bias": "C"},
        "expected": array(expected),
        "got": None if got is None else array(got),
        "got_text": "",
        "at": at,
        "error": None,
        "bound": None,
        "bound_text": "",
        "message": "got 6.0 at [0, 0, 0, 0], want 2.0",
        "repro": "convspec repro 'PAD-01 …' --adapter faulty",
        **changes,
    }


def flipped() -> Line:
    x = np.array([[[[1.0, 2.0, 0.0], [0.0, 3.0, 1.0], [2.0, 1.0, 0.0]]]])
    w = np.array([[[[1.0, 0.0, -1.0], [2.0, 0.0, 0.0]]]])
    sides = ((1, 0), (1, 2))
    return example(
        x,
        w,
        conv2d(x, w[..., ::-1, ::-1], padding=sides, stride=(1, 2)),
        identity="3f9a1c2b77",
        padding=sides,
        stride=(1, 2),
    )


def grouped() -> Line:
    x = np.arange(-8, 8, dtype=np.int64).reshape(1, 4, 2, 2)
    w = np.array([1, -2, 3, 5, -1, 4, 2, 7]).reshape(4, 2, 1, 1)
    bias = np.array([10, 20, 30, 40])
    got = conv2d(x[:, [0, 2, 1, 3]], w, bias, groups=2)
    return example(x, w, got, identity="77aa01bc99", bias=bias, groups=2)


def rounding() -> Line:
    x = np.array([[[[0.1, 1 / 3, 1e-9], [2.5e7, -0.7, 0.25]]]])
    w = np.array([[[[0.3, -1.1]]]])
    want = conv2d(x, w)
    got = want.copy()
    got[0, 0, 1, 0] += 1e-6
    return example(
        x,
        w,
        got,
        identity="beef00cafe",
        error=1.0e-6,
        bound=4.4e-9,
        bound_text="n_eff u B = 2 x 1.11e-16 x 7.5e6",
    )


def crash() -> Line:
    x, w = np.zeros((1, 1, 2, 2), np.float32), np.ones((1, 1, 2, 2), np.float32)
    return example(
        x,
        w,
        None,
        identity="0badc0de00",
        expected=None,
        got_text="killed by signal 11 (SIGSEGV)",
        message="the process died in the call",
    ) | {"expected": None}


def world(name: str = "scipy", **changes: Any) -> Line:
    return {
        "type": "exhaustive",
        "adapter": name,
        "outcome": "passed",
        "reason": "",
        "bound": "sizes up to <5>",
        "restricted": [],
        "dtype": "float64",
        "geometries": 264627,
        "total": 264627,
        "elements": 7372800,
        "seconds": 80.0,
        "set_size": 1048576,
        "largest_sum": 4947802849280,
        "probability": 2 / 1048576,
        "confidence": "as sure as that",
        **changes,
    }


def sample() -> list[Line]:
    """Three adapters, one of them faulty, one unavailable, and every outcome at least once."""
    requirements = catalogue()
    core = [r["id"] for r in requirements if r["status"] == "core"]
    planned = [r["id"] for r in requirements if r["status"] == "planned"]
    changed = {
        "DEF-02": (
            "failed",
            {
                "counterexample": flipped(),
                "reason": "2 of 120 cases were answered wrongly.",
                "diagnosis": {"sentence": "It behaves as if the kernel were flipped.", "change": "w[::-1]"},
            },
        ),
        "GRP-01": ("failed", {"counterexample": grouped(), "reason": "Groups are interleaved."}),
        "NUM-01": ("failed", {"counterexample": rounding(), "worst_ratio": 227.3}),
        "DIL-01": ("crashed", {"counterexample": crash(), "reason": "The process was killed by signal 11."}),
        "PAD-01": ("timed out", {"reason": "A call did not come back within 5 s."}),
        "PAD-02": ("out of memory", {"reason": "More than 2 GB were asked for."}),
        "STR-01": ("errored", {"reason": "raised TypeError: 'int' object is not iterable"}),
        "STR-02": ("mistrusted", {"reason": "99 % of the outputs were zero.", "nontrivial": 0.01}),
        "SHP-10": ("known deviation", {"reason": "Without input channels it gives no output channels."}),
        "DIL-02": ("unexpectedly passing", {"reason": "The declared deviation was not seen."}),
        "DEF-03": ("skipped", {"reason": "complex128 is not claimed"}),
        "SPC-03": ("info", {"reason": "Padding multiplies: zero times infinity gives nan."}),
    }
    lines = [header(["scipy", "faulty", "torch"]), *requirements]
    deviation = {
        "requirements": ["SHP-10"],
        "reason": "Zero input channels give zero output channels.",
        "link": "https://github.com/pytorch/pytorch/issues/56998",
        "seen": True,
    }
    lines += [
        adapter("scipy"),
        adapter("faulty", deviations=[deviation]),
        adapter("torch", available=False, reason="PyTorch is not installed: pip install convspec[torch]"),
    ]
    for identity in core:
        outcome, changes = changed.get(identity, ("passed", {}))
        calm = outcome if outcome in ("skipped", "info") else "passed"
        lines.append(verdict("scipy", identity, calm, **(changes if calm != "passed" else {})))
        lines.append(verdict("faulty", identity, outcome, **changes))
        lines.append(verdict("torch", identity, "unavailable", reason="PyTorch is not installed."))
    lines += [
        verdict(name, identity, "planned") for identity in planned for name in ("scipy", "faulty", "torch")
    ]
    return [*lines, footer()]


def footer() -> Line:
    """The end of a run; what is not said here is counted when the lines are written."""
    return {"type": "footer", "seconds": 41.2}


def write(path: Path, lines: list[Line]) -> Path:
    """Write lines as the suite has them in memory, as a file of the schema that their header names."""
    path.write_bytes(b"".join(as_bytes(lines)))
    return path


def written(lines: list[Line]) -> list[Line]:
    """The lines of such a file."""
    return [json.loads(line) for line in as_bytes(lines)]


def as_bytes(lines: list[Line]) -> list[bytes]:
    """Each line of such a file: times and explanations apart, all others chained, the footer counted."""
    lines = [{**counted(lines), **line} if line.get("type") == "footer" else line for line in lines]
    if any(line.get("schema_version") == 1 for line in lines):
        return [_dump(line) + b"\n" for line in lines]
    chain, found = Chain(), []
    for line in lines:
        kept, time = parted(line)
        found.append(chain.sealed(_dump(kept)) if kept.get("type") in CHAINED else _dump(kept) + b"\n")
        found += [_dump(time) + b"\n"] if time else []
    explained = [line for line in lines if line.get("diagnosis")]
    about = [{"adapter": line["adapter"], "requirements": [line["requirement"]]} for line in explained]
    for line, whose in zip(explained, about, strict=True):
        found.append(_dump({"type": "explanation", **whose, **line["diagnosis"]}) + b"\n")
    return found


def _dump(line: Line) -> bytes:
    return json.dumps(line, sort_keys=True).encode()


def counted(lines: list[Line]) -> Line:
    """What a footer says of the lines before it."""
    levels = {line["id"]: line["level"] for line in lines if line.get("type") == "requirement"}
    whole = not any(line.get("only") for line in lines)
    mine: dict[str, list[Line]] = {line["id"]: [] for line in lines if line.get("type") == "adapter"}
    for line in lines:
        if line.get("type") == "verdict":
            mine.setdefault(line["adapter"], []).append(line)
    totals: dict[str, dict[str, int]] = {name: {} for name in mine}
    states = {}
    for name, verdicts in mine.items():
        for line in verdicts:
            totals[name][line["outcome"]] = totals[name].get(line["outcome"], 0) + 1
        judged = [
            (line["requirement"], levels.get(line["requirement"], "MUST"), line["outcome"])
            for line in verdicts
            if line["outcome"] in OUTCOMES
        ]
        states[name] = state_of(judged, whole=whole, left_out=share_left_out(map(_counts, verdicts)))
    began = any(mine.values())
    return {
        "totals": totals, "verdicts": states,
        "exit_status": exit_status_of(states.values(), whole=whole, complete=True, began=began),
    }


def _counts(line: Line) -> tuple[int, int, int]:
    # Some samples are broken on purpose.
    cases = line["cases"] if isinstance(line["cases"], int) else 0
    return cases, line.get("excluded", 0), line.get("excused", 0)
