"""What several files here share: the cases of a whole run, drawn once."""

import sys
from pathlib import Path

import pytest

from convspec.conformance.battery import Battery

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def battery():
    """The cases of the standard effort with seed 0."""
    return Battery(0, "standard")
