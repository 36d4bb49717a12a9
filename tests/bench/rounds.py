"""What pytest-benchmark times: one turn of one call. `timing.py` makes the turns and collects this file."""

import time
from typing import Any


def test_turn(benchmark: Any, turn: Any) -> None:
    benchmark.extra_info.update(task=turn.task, name=turn.name, round=turn.round)
    time.sleep(turn.pause)
    benchmark.pedantic(turn.call, rounds=1, iterations=turn.iterations)
