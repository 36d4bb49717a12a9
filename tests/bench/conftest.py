"""The benchmark's files import each other by their bare names, as they do when `speed.py` is run."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """As the benchmark's first process has it; what torch is told is taken back."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    if torch := sys.modules.get("torch"):
        torch.set_grad_enabled(True)
