"""An implementation that runs in this very process, where nothing keeps its crash from being the suite's."""

from collections.abc import Callable, Iterator, Sequence

from convspec.adapters import loading
from convspec.adapters.functions import FunctionAdapter
from convspec.adapters.probes import Answer
from convspec.adapters.protocol import Adapter
from convspec.adapters.recognition import Reading
from convspec.conformance.calls import Call, Outcome, Trialled
from convspec.conformance.case import Case
from convspec.conformance.description import annotate, describe
from convspec.conformance.machine import cpu_flags
from convspec.conformance.performing import perform
from convspec.conformance.requirements import calls_of


class InProcess:
    """What `ChildProcess` is, without a process of its own: for systems without fork, and for what does no harm.

    Parameters
    ----------
    target, adapter, dtypes
        As of `ChildProcess`.
    calls : function of (str, Case)
        The calls to which a case leads under a requirement; who runs many implementations passes one that remembers.
    """

    isolation = "none: this system cannot fork, so a crash or a hang would end the run"
    deaths = hangs = 0

    def __init__(
        self,
        target: str,
        *,
        adapter: Adapter | None = None,
        dtypes: tuple[str, ...] = (),
        calls: Callable[[str, Case], tuple[Call, ...]] = calls_of,
    ) -> None:
        self._adapter = adapter if adapter is not None else loading.load(target, dtypes)
        self._calls = calls
        self.description = describe(self._adapter, cpu_flags())

    def configure(self, reading: Reading) -> None:
        """Tell a plain function what was recognised of it."""
        if isinstance(self._adapter, FunctionAdapter):
            self._adapter.understand(reading)

    def annotate(self, cases: list[Case]) -> list[tuple[str | None, tuple[int, ...]]]:
        """For each case: why it is not claimed (or None), and which deviations match it."""
        return annotate(self._adapter, cases, cpu_flags())

    def probe(self, dtypes: tuple[str, ...], names: Sequence[str]) -> dict[str, Answer]:
        """Make the probing calls of a plain function."""
        adapter = self._adapter
        assert isinstance(adapter, FunctionAdapter)
        return adapter.probe(dtypes, tuple(names))

    def begin(self, trials: Sequence[Trialled]) -> None:
        """Nothing runs beside this process."""

    def run(
        self, trials: Sequence[Trialled], fresh: bool = False, hasty: bool = False
    ) -> Iterator[tuple[Outcome, ...]]:
        """Run trials in order; nothing can be made fresh here, or given up."""
        for requirement, case in trials:
            yield perform(self._adapter, self._calls(requirement, case))

    def printed(self) -> str:
        """Nothing: what is printed here goes where this process prints."""
        return ""

    def fresh(self) -> None:
        """Nothing can be made fresh here."""

    def close(self) -> None:
        """Nothing to end."""
