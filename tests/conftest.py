"""What keeps the tests that run the suite short."""

import pytest

from convspec.conformance.battery import Battery
from convspec.conformance.run import Run

_DRAWN: dict = {}


@pytest.fixture
def drawn_once(monkeypatch):
    """Draw the cases of a seed and an effort once for all tests that ask for this."""
    draw = Battery._draw

    def remembered(battery, requirement):
        key = (battery.seed, battery.effort, requirement.id)
        if key not in _DRAWN:
            _DRAWN[key] = draw(battery, requirement)
        return _DRAWN[key]

    monkeypatch.setattr(Battery, "_draw", remembered)
    # A process that draws ahead would draw once more.
    monkeypatch.setattr(Battery, "draw_ahead", lambda battery, wanted: None)


@pytest.fixture
def unexplained(monkeypatch):
    """Failures are found and not explained, which takes longer than finding them."""
    monkeypatch.setattr(Run, "diagnose", lambda self, target: None)
