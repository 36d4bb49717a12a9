"""What machine and which libraries a run used."""

import contextlib
import functools
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

PACKAGES = ("numpy", "scipy", "torch", "ml_dtypes", "hypothesis", "pytest", "jinja2", "msgspec")


@functools.cache
def cpu_flags() -> frozenset[str]:
    """What the processor can do, as Linux names it; empty elsewhere."""
    return frozenset(_cpu_field("flags").split())


def _cpu_field(name: str) -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""


def address_space(beyond: int) -> int:
    """Bytes of address space that this process has, and so many more."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + beyond


@contextlib.contextmanager
def limited_memory(beyond: int) -> Iterator[None]:
    """A block in which this process may use so many bytes more than it does; without effect where Linux is not."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before, highest = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space(beyond), highest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, highest))


def today() -> str:
    """The day of a run, in universal time; that of ``SOURCE_DATE_EPOCH`` where it is set."""
    return time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))


def environment() -> dict[str, Any]:
    """Python, platform, processor, BLAS and the versions of the packages that take part."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    interesting = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon", "asimd", "fma")
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "cpu": _cpu_field("model name") or platform.processor() or "unknown",
        "cpu_flags": sorted(flag for flag in interesting if flag in cpu_flags()),
        "blas": _blas(),
        "packages": packages,
        "threads": 1,
        "byteorder": sys.byteorder,
    }


def _blas() -> str:
    config: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment]
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
