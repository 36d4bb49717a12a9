"""The suite as a pytest plugin: one item for each adapter and requirement.

Load it with ``-p convspec.conformance.plugin`` and name adapters with ``--convspec``; ``convspec check`` does so in an
isolated configuration. Results travel with the reports of the items, so that xdist loses nothing.
"""

import json
import os
import sys
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from convspec.adapters.loading import Unavailable, UnknownAdapter
from convspec.conformance.adapter_lines import joined
from convspec.conformance.conclusion import counts_against
from convspec.conformance.ending import die_with_parent
from convspec.conformance.results import UNWRITABLE, NotWritten, dump
from convspec.conformance.results_file import ResultsFile
from convspec.conformance.run import OPEN_CHILDREN, Run, Settings
from convspec.rules import BAD

CATALOGUE = Path(__file__).with_name("catalogue.toml")
RUN = pytest.StashKey[Run]()
LINES = pytest.StashKey[str]()


class Prepared:
    """Carries a run whose adapters are already started into pytest."""

    def __init__(self, run: Run) -> None:
        self.run = run


class DoesNotHold(Exception):
    """A requirement that the adapter claims does not hold."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's options."""
    group = parser.getgroup("convspec", "conformance of 2-D convolutions")
    group.addoption(
        "--convspec", action="append", default=[], metavar="TARGET", help="an adapter to verify; may be repeated"
    )
    group.addoption("--convspec-settings", default=None, help="settings as JSON; used by `convspec check`")
    group.addoption("--convspec-out", default=None, metavar="DIR", help="folder of results.jsonl")


def settings_from(config: pytest.Config) -> Settings:
    """The settings that the options give."""
    text = config.getoption("--convspec-settings")
    given: dict[str, Any] = json.loads(text) if text else {}
    for name in ("targets", "only", "dtypes", "found_by_pattern"):
        given[name] = tuple(given.get(name, ()))
    given["targets"] = (*given["targets"], *config.getoption("--convspec"))
    return Settings(**given)


def pytest_configure(config: pytest.Config) -> None:
    """Take the run that the caller prepared, or prepare one."""
    if hasattr(config, "workerinput"):
        # A process of xdist would go on with what it has, were its controller killed.
        die_with_parent(os.getppid())
    prepared = [plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Prepared)]
    if prepared:
        config.stash[RUN] = prepared[0].run
    elif config.getoption("--convspec") or config.getoption("--convspec-settings"):
        config.stash[RUN] = Run(settings_from(config))


def pytest_collection(session: pytest.Session) -> None:
    """Without other arguments, collect the catalogue alone."""
    if RUN in session.config.stash and str(CATALOGUE) not in session.config.args:
        session.config.args.append(str(CATALOGUE))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "CatalogueFile | None":
    """The catalogue is the file of all items."""
    if file_path == CATALOGUE and RUN in parent.config.stash:
        return CatalogueFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask a few targets side by side, requirement by requirement: while one is judged, the others work."""
    if RUN not in config.stash:
        return
    run = config.stash[RUN]
    requirement, target = list(run.selected), list(run.settings.named)

    def place(item: pytest.Item) -> tuple[int, int, int]:
        number = target.index(item.target) if isinstance(item, RequirementItem) else -1
        asked = requirement.index(item.name) if item.name in requirement else len(requirement)
        return number // OPEN_CHILDREN, asked, number

    items.sort(key=place)
    # A process of xdist does not know what it will be given next.
    run.looks_ahead = not hasattr(config, "workerinput")


class CatalogueFile(pytest.File):
    """Collects the adapters."""

    def collect(self) -> Iterator["AdapterNode"]:
        """One node for each target."""
        run = self.config.stash[RUN]
        for target in run.settings.named:
            yield AdapterNode.from_parent(self, name=run.ids[target], target=target)


class AdapterNode(pytest.Collector):
    """Collects the requirements of one adapter."""

    def __init__(self, *, target: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.target = target

    def collect(self) -> Iterator["RequirementItem | WorldItem"]:
        """One item for each requirement, and one for the small worlds if they are asked for."""
        run = self.config.stash[RUN]
        for id in run.selected:
            yield RequirementItem.from_parent(self, name=id, target=self.target)
        if run.settings.exhaustive:
            yield WorldItem.from_parent(self, name="exhaustive", target=self.target)


class RequirementItem(pytest.Item):
    """One requirement held against one adapter."""

    def __init__(self, *, target: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.target = target

    def runtest(self) -> None:
        """Verify, and put the lines where the report carries them."""
        run = self.config.stash[RUN]
        try:
            line = run.verify(self.target, self.name)
        except (UnknownAdapter, Unavailable) as error:
            self.stash[LINES] = dump({"refusal": str(error)})
            raise DoesNotHold(str(error)) from None
        self.stash[LINES] = self._carried(verdict=line)
        outcome, reason = line["outcome"], line["reason"]
        if outcome in ("skipped", "unavailable", "planned"):
            pytest.skip(f"{outcome}: {reason}")
        if outcome == "known deviation":
            pytest.xfail(reason)
        if outcome in BAD:
            repro = line.get("counterexample", {}).get("repro", "")
            raise DoesNotHold(f"{outcome}: {reason}\n{repro}")

    def _carried(self, **content: dict[str, Any]) -> str:
        """What `Intake` reads; the target by its number, as a name may hold what no text can."""
        run = self.config.stash[RUN]
        number = run.settings.named.index(self.target)
        return dump({"number": number, "adapter": run.adapter_lines.get(self.target), **content})

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What does not hold, without a traceback of the suite."""
        if isinstance(excinfo.value, DoesNotHold):
            return str(excinfo.value)
        return "".join(traceback.format_exception(excinfo.value)[-6:])

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where JUnit says that it is."""
        return CATALOGUE, 0, f"{self.parent.name if self.parent else ''} {self.name}"


class WorldItem(RequirementItem):
    """Every geometry up to a bound, held against one adapter."""

    def runtest(self) -> None:
        """Explore, and put the line where the report carries it."""
        run = self.config.stash[RUN]
        line = run.explore(self.target, self._watch)
        self.stash[LINES] = self._carried(world=line)
        if line["outcome"] in ("skipped", "unavailable"):
            pytest.skip(f"{line['outcome']}: {line['reason']}")
        if line["outcome"] in BAD:
            raise DoesNotHold(f"{line['outcome']}: {line['reason']}\n{line['counterexample']['repro']}")

    def _watch(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            name = self.parent.name if self.parent else ""
            sys.stderr.write(f"\r\x1b[K{name} small worlds: {done} of {total} geometries")
            sys.stderr.flush()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the report carry the lines; a property would do, but JUnit would print it."""
    report = yield
    if LINES in item.stash:
        report.convspec = item.stash[LINES]
    return report


class Intake:
    """Takes the lines of all reports into the run of the controlling process and its file, and shows how far it is."""

    def __init__(self, run: Run, out: Path | None, progress: "Progress | None", session: pytest.Session) -> None:
        self.run, self.progress, self.session = run, progress, session
        self.file = None if out is None else ResultsFile(out)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Begin the file before anything is verified, and after pytest has taken its arguments."""
        try:
            if self.file is not None:
                self.file.begin(self.run.first_lines())
        except NotWritten as error:
            self._cannot_write(error)
            raise session.Interrupted(str(error)) from None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one report."""
        lines: str | None = getattr(report, "convspec", None)
        if report.failed and not lines:
            self.run.suite_errors.append(f"{report.nodeid.partition('::')[2]}: {report.longreprtext}")
            self._stop(self.run.settings.fail_fast, "the suite failed")
        if report.when != "call" or not lines:
            return
        content = json.loads(lines)
        if "refusal" in content:
            self.run.refusal = content["refusal"]
            self._stop(True, self.run.refusal)
            return
        target, line = self.run.settings.named[content["number"]], content.get("verdict")
        if content["adapter"] is not None:
            known = self.run.adapter_lines.get(target, content["adapter"])
            self.run.adapter_lines[target] = joined(known, content["adapter"])
        if line is None:
            self.run.world_lines[target] = content["world"]
            self._write(target, content["world"])
            return
        self.run.verdict_lines[target, line["requirement"]] = line
        self._write(target, line)
        self._stop(self.run.settings.fail_fast and counts_against(line), "a failure was found")
        if self.progress is not None:
            self.progress.show(line)

    def _write(self, target: str, line: dict[str, Any]) -> None:
        """Put into the file at once what is known, so that nothing that comes later can lose it."""
        if self.file is None or self.run.not_written:
            return
        try:
            if target in self.run.adapter_lines:
                self.file.add(self.run.adapter_lines[target])
            self.file.add(line)
        except NotWritten as error:
            self._cannot_write(error)

    def _cannot_write(self, error: NotWritten) -> None:
        self.run.not_written = self.run.not_written or str(error)
        self._stop(True, self.run.not_written)

    def _stop(self, wanted: bool, why: str) -> None:
        """Start nothing more. pytest would stop at what only informs, too; xdist has a loop of its own."""
        if wanted:
            for loop in (self.session, self.session.config.pluginmanager.get_plugin("dsession")):
                if loop is not None:
                    loop.shouldstop = why

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Take it for what it is where a file, such as that of JUnit, could not be written: no fault of the suite."""
        error = excinfo.value
        if not isinstance(error, OSError) or error.errno not in UNWRITABLE:
            return None
        self._cannot_write(NotWritten.because(error, error.filename or self.session.config.getoption("xmlpath") or ""))
        return True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what there is: complete, or without a footer; then what explains it, which takes longer."""
        if self.progress is not None:
            self.progress.end()
        self.run.settle()
        try:
            self._finish()
            if self.run.settings.explains and self.run.is_complete() and not self.run.not_written:
                self._explain()
        except NotWritten as error:
            self._cannot_write(error)
        finally:
            if self.file is not None:
                self.file.close()

    def _finish(self) -> None:
        if self.file is None or self.run.not_written or not self.file.has_begun:
            return
        if self.run.refusal:
            self.file.withdraw()
        else:
            self.file.finish(self.run.lines())

    def _explain(self) -> None:
        """Explain failures until there are no more, or until somebody will not wait: every verdict is written."""
        try:
            for target in self.run.settings.named:
                line = self.run.diagnose(target)
                if line is not None and self.file is not None and self.file.has_begun:
                    self.file.explain(line)
        except KeyboardInterrupt:
            self.run.interrupted = True


class Progress:
    """One line that changes on a terminal; one line for each family elsewhere."""

    def __init__(self, run: Run) -> None:
        self.total = len(run.settings.named) * len(run.selected)
        self.done = 0
        self.on_terminal = sys.stderr.isatty()
        self._family = ""
        self._counts: dict[str, dict[str, int]] = {}

    def show(self, line: dict[str, Any]) -> None:
        """One more verdict."""
        family = line["requirement"].partition("-")[0]
        if family != self._family and not self.on_terminal:
            self.end()
        self._family = family
        self.done += 1
        if self.on_terminal:
            sys.stderr.write(
                f"\r\x1b[K{self.done:4d}/{self.total} {line['adapter']} {line['requirement']} {line['outcome']}"
            )
            if line["outcome"] in BAD:
                sys.stderr.write(f": {line['reason'][:100]}\n")
        counts = self._counts.setdefault(line["adapter"], {})
        counts[line["outcome"]] = counts.get(line["outcome"], 0) + 1
        sys.stderr.flush()

    def end(self) -> None:
        """Close the line."""
        if self.on_terminal:
            sys.stderr.write("\r\x1b[K")
        elif self._counts:
            told = "; ".join(
                f"{adapter} " + ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
                for adapter, counts in self._counts.items()
            )
            sys.stderr.write(f"{self.done:4d}/{self.total} {self._family}: {told}\n")
        self._counts = {}
        sys.stderr.flush()


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In the controlling process, take in reports."""
    config = session.config
    if RUN not in config.stash or hasattr(config, "workerinput"):
        return
    out = config.getoption("--convspec-out")
    progress = None if config.pluginmanager.has_plugin("terminalreporter") else Progress(config.stash[RUN])
    intake = Intake(config.stash[RUN], Path(out) if out else None, progress, session)
    config.pluginmanager.register(intake, "convspec-intake")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the children."""
    if RUN in config.stash:
        config.stash[RUN].close()
