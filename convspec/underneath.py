"""Pytest, which runs underneath a check, apart from whatever surrounds it."""

import contextlib
import json
import os
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from convspec.conformance.plugin import CATALOGUE, Prepared
from convspec.conformance.results import encodable
from convspec.conformance.run import Run
from convspec.interrupting import deaf_children

JUNIT = "junit.xml"


class _Ending:
    """A pytest plugin that notes why pytest ended before it was done."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an interruption; where pytest stops by itself, its class is another."""
        self.run.interrupted = self.run.interrupted or excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None, None, None]:
        """Start processes side by side so that the keys of a terminal reach this one alone, which then ends them."""
        with deaf_children():
            yield


def run_pytest(run: Run, out: Path | None, workers: int, pytest_args: list[str]) -> None:
    """Run pytest underneath, isolated: no configuration, conftest or plugin of the surroundings takes part."""
    arguments = [
        "-p",
        "convspec.conformance.plugin",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        # At the end it collects garbage among all that the run remembers, which takes a second.
        "-p",
        "no:unraisableexception",
        "-s",
        "--noconftest",
        "-c",
        str(CATALOGUE.with_name("isolated.ini")),
        "--rootdir",
        str(CATALOGUE.parent),
        str(CATALOGUE),
    ]
    if out is not None:
        # Under another name first, as pytest writes it bit by bit.
        arguments += ["--convspec-out", str(out), "--junit-xml", str(out / f"{JUNIT}.part")]
        arguments += ["-o", "junit_family=xunit2"]
    if workers:
        if find_spec("xdist") is None:
            raise ValueError(
                f"workers is {workers}; processes side by side need pytest-xdist (pip install pytest-xdist)"
            )
        for text in (*run.settings.named, str(out)):
            if encodable(text) != text:
                raise ValueError(f"workers is {workers}, but {text!r} can be handed on in a UTF-8 locale alone")
        given = {name: value for name, value in asdict(replace(run.settings, objects={})).items() if name != "objects"}
        arguments += ["-p", "xdist", "-n", str(workers), "--convspec-settings", json.dumps(given)]
        if run.settings.objects:
            raise ValueError(
                f"workers is {workers}, but {next(iter(run.settings.objects))!r} cannot be found by name "
                "in another process"
            )
    with _surroundings(isolated=bool(workers)):
        status = pytest.main([*arguments, *pytest_args], plugins=[Prepared(run), _Ending(run)])
    if out is not None:
        with contextlib.suppress(FileNotFoundError):
            (out / f"{JUNIT}.part").replace(out / JUNIT)
    if status == pytest.ExitCode.USAGE_ERROR:
        run.refusal = f"pytest refuses its arguments, which end with {' '.join(pytest_args) or arguments[-1]}"
    elif status == pytest.ExitCode.INTERNAL_ERROR and not (run.suite_errors or run.not_written):
        run.suite_errors.append("pytest, which ended with an error of its own")


@contextlib.contextmanager
def _surroundings(isolated: bool) -> Iterator[None]:
    """An environment that adds nothing to pytest; isolated, further processes do not search the working folder."""
    changed = {"PYTEST_ADDOPTS": None, "PYTEST_PLUGINS": None, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if isolated:
        changed["PYTHONSAFEPATH"] = "1"
    before = {name: os.environ.get(name) for name in changed}
    try:
        _set_environment(changed)
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
