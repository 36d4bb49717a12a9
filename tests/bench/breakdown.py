"""Where the vectorised variant's time goes: matrix products, and each of its functions beside them."""

import cProfile
import pstats
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from implementations import prepared
from workloads import Workload

from convspec.adapters import vectorized

PRODUCTS, ELSEWHERE = "matrix products", "elsewhere"


class Watched:
    """NumPy as the variant sees it, with matrix products that a profile can tell from what is around them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def matmul(self, *arguments: Any, **options: Any) -> Any:
        """Multiply matrices."""
        return np.matmul(*arguments, **options)


def breakdown(task: Workload, seconds: float) -> dict[str, Any]:
    """Profile calls for some seconds.

    Returns
    -------
    dict
        ``seconds`` of one call, and ``parts`` with the seconds of each: their sum is what the profile has seen.
    """
    call = prepared("vectorized", task)
    call()
    calls = 0
    profile = cProfile.Profile()
    vectorized.np, real = Watched(), vectorized.np  # type: ignore[assignment]
    try:
        started = perf_counter()
        while calls < 3 or perf_counter() - started < seconds:
            profile.runcall(call)
            calls += 1
        took = perf_counter() - started
    finally:
        vectorized.np = real  # type: ignore[assignment]
    own: dict[str, float] = {}
    for (file, _, function), (_, _, total, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        mine = Path(file).name == "vectorized.py" and file == vectorized.__file__
        name = PRODUCTS if file == __file__ and function == "matmul" else function if mine else ELSEWHERE
        own[name] = own.get(name, 0.0) + total / calls
    parts = [{"name": name, "says": says(name), "seconds": own[name]} for name in sorted(own, key=lambda n: -own[n])]
    return {"workload": task.id, "implementation": "vectorized", "calls": calls, "seconds": took / calls,
            "parts": parts}


def says(name: str) -> str:
    """What a function says of itself, in its first line."""
    if name == ELSEWHERE:
        return "NumPy's functions and the rules for arguments."
    found = getattr(vectorized, name, None) or getattr(vectorized.Vectorized, name, None)
    return (getattr(found, "__doc__", None) or "").strip().partition("\n")[0]
