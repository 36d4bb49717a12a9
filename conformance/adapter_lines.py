"""The lines of the results file that say what an adapter is, and what came to light about it."""

from typing import Any

from convspec.conformance.engine import Verifier
from convspec.conformance.results import capabilities_line, numerics_line


def adapter_line(id: str, target: str, verifier: Verifier) -> dict[str, Any]:
    """An adapter as plain data: its claims, how it computes, where it is known to differ."""
    child, claims = verifier.child, verifier.capabilities
    bridged = dict(claims.bridged)
    features = {
        "stride": claims.stride != "none",
        "padding": claims.padding != "none",
        "dilation": claims.dilation != "none",
        "groups": claims.groups,
        "bias": claims.bias,
    }
    return {
        "type": "adapter",
        "id": id,
        "target": target,
        "name": child.description.name,
        "versions": child.description.versions,
        "available": True,
        "reason": "",
        "profile": claims.profile,
        "capabilities": capabilities_line(claims),
        "not_claimed": [
            *({"feature": feature, "reason": reason} for feature, reason in verifier.not_claimed.items()),
            *({"feature": reason.partition(":")[0], "reason": reason} for reason in child.description.exclusions),
        ],
        "native": [
            name for name, offered in features.items() if offered and not any(name in key for key in bridged)
        ],
        "bridged": bridged,
        "numerics": numerics_line(child.description.numerics),
        "deviations": _deviations(verifier),
        "isolation": child.isolation,
        **observed(verifier),
    }


def observed(verifier: Verifier) -> dict[str, list[str]]:
    """What the verdict on an adapter is limited to, and what else a reader is told of it, each in a fixed order."""
    narrowed = ["one picture and one filter only"] if verifier.as_plane else []
    return {"limits": sorted({*verifier.limits, *narrowed}), "remarks": sorted(set(verifier.remarks))}


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two lines on the same adapter, each by a process that saw a part of the run, as one."""
    deviations = [
        {**old, "seen": old["seen"] or new["seen"]}
        for old, new in zip(one["deviations"], other["deviations"], strict=True)
    ]
    told = {name: sorted({*one[name], *other[name]}) for name in ("limits", "remarks")}
    return one | {"deviations": deviations} | told


def _deviations(verifier: Verifier) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "requirements": list(note.requirements),
            "reason": note.reason,
            "link": note.link,
            "seen": False,
            "applies": note.applies,
        }
        for note in verifier.deviations
    ]
    if verifier.known:
        for line, failure in zip(lines[-len(verifier.known) :], verifier.known, strict=True):
            line["known_line"] = failure.line
    return lines
