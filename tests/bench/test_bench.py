"""The benchmark computes what it says: its workloads, its answers, its turns, its figures. Nothing here is timed."""

import json
import math
import os
import sys
from pathlib import Path

import agreement
import breakdown
import harness
import implementations
import jsonschema
import memory
import numpy as np
import pytest
import speed
import timing
from implementations import IMPLEMENTATIONS, NotOffered, prepared
from workloads import WORKLOADS, Workload, growth

import convspec
from convspec.reference import conv2d, output_size

PACKAGE = Path(convspec.__file__).parent
BY_ID = {task.id: task for task in WORKLOADS}
TINY = [
    Workload("plain", "", (1, 1, 8, 7), (1, 1, 3, 3)),
    Workload("same", "", (1, 1, 9, 9), (1, 1, 3, 3), 1, 1),
    Workload("layer", "", (2, 3, 7, 6), (4, 3, 3, 2), 2, 1),
    Workload("dilated", "", (1, 2, 9, 9), (2, 2, 2, 2), 1, 2, 2),
    Workload("grouped", "", (1, 4, 6, 6), (6, 2, 3, 3), 1, 1, groups=2),
    Workload("double", "", (1, 2, 6, 6), (2, 2, 3, 3), dtype="float64"),
    Workload("whole", "", (1, 2, 6, 6), (2, 2, 3, 3), dtype="int32"),
]


def test_the_workloads_are_those_that_were_promised() -> None:
    counted = [task.id for task in WORKLOADS if task.counted]
    assert counted == ["first-layer", "resnet-64", "resnet-128", "resnet-256", "pointwise", "downsample", "batch-8",
                       "picture-3", "picture-15", "large-64", "example"]
    others = [task for task in WORKLOADS if not task.counted]
    assert [task.id for task in others] == ["depthwise", "dilated", "groups-4", "double", "int32", "batch-64"]
    assert [(task.groups, task.dilation, task.dtype) for task in others] == [
        (128, 1, "float32"), (1, 2, "float32"), (4, 1, "float32"), (1, 1, "float64"), (1, 1, "int32"),
        (1, 1, "float32"),
    ]
    assert all(task.dtype == "float32" for task in WORKLOADS if task.counted)
    assert (BY_ID["batch-64"].x[0], BY_ID["batch-64"].x[2:], BY_ID["batch-64"].w[2:]) == (64, (28, 28), (5, 5))
    assert BY_ID["first-layer"].output == (1, 64, 112, 112)
    assert BY_ID["downsample"].output == (1, 256, 14, 14)
    assert BY_ID["resnet-64"].operations == 2 * 64 * 56 * 56 * 64 * 9


@pytest.mark.parametrize("task", [*WORKLOADS, *TINY, *(task for _, _, task in growth())], ids=lambda task: task.id)
def test_the_output_is_as_large_as_the_specification_says(task: Workload) -> None:
    sides = [output_size(task.x[axis], task.w[axis], pad=(task.padding, task.padding), stride=task.stride,
                         dilation=task.dilation) for axis in (2, 3)]
    assert task.output == (task.x[0], task.w[0], *sides)
    assert task.x[1] == task.w[1] * task.groups
    assert task.least_bytes > 0


def test_the_curves_vary_one_quantity_each() -> None:
    for axis, read in {"size": lambda task: task.x[2], "channels": lambda task: task.x[1],
                       "kernel": lambda task: task.w[2], "batch": lambda task: task.x[0]}.items():
        points = [(value, task) for name, value, task in growth() if name == axis]
        assert len(points) >= 4
        assert all(read(task) == value for value, task in points)
        assert [value for value, _ in points] == sorted(value for value, _ in points)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_each_implementation_convolves(name: str) -> None:
    if not IMPLEMENTATIONS[name].is_installed:
        pytest.skip(f"{IMPLEMENTATIONS[name].package} is not installed")
    done = 0
    for task in TINY:
        try:
            call = prepared(name, task)
        except NotOffered:
            continue
        x, w = task.arrays()
        right = conv2d(x, w, stride=task.stride, padding=task.padding, dilation=task.dilation, groups=task.groups)
        agreement.Checked(task).check(name, call(), IMPLEMENTATIONS[name].transforms, right)
        done += 1
    assert done


@pytest.mark.parametrize("task", TINY, ids=lambda task: task.id)
def test_a_wrong_answer_is_refused(task: Workload) -> None:
    x, w = task.arrays()
    flipped = conv2d(x, w[..., ::-1, ::-1], stride=task.stride, padding=task.padding, dilation=task.dilation,
                     groups=task.groups)
    with pytest.raises(agreement.WrongAnswer, match=rf"somebody gives .* at \(.*\) on {task.id}, want"):
        agreement.Checked(task).check("somebody", flipped, transforms=False)


def test_a_wrong_answer_between_the_sampled_positions_is_refused() -> None:
    task = BY_ID["picture-3"]
    right = agreement.Checked(task)
    answer = prepared("vectorized", task)()
    wrong = answer.copy()
    place = next(place for place in np.ndindex(wrong.shape) if place not in right.exact)
    wrong[place] += 1
    assert right.check("own", answer, transforms=False, other=answer) is answer
    with pytest.raises(agreement.WrongAnswer, match=r"somebody gives .* at .* on picture-3, others"):
        right.check("somebody", wrong, transforms=False, other=answer)


@pytest.mark.parametrize("change", [lambda y: y[0], lambda y: y.astype(np.float64), lambda y: np.full_like(y, np.nan)])
def test_an_answer_of_another_form_is_refused(change) -> None:
    task = TINY[2]
    with pytest.raises(agreement.WrongAnswer, match="somebody gives"):
        agreement.Checked(task).check("somebody", change(prepared("vectorized", task)()), transforms=False)


def test_what_is_not_offered_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, task, words in (
        ("scipy.correlate2d", BY_ID["dilated"], "no groups and no dilation"),
        ("scipy.oaconvolve", BY_ID["int32"], "too slow for more than 1000 pairs of planes"),
        ("reference", BY_ID["resnet-64"], r"too slow for more than 1e\+06 operations"),
    ):
        if IMPLEMENTATIONS[name].is_installed:
            with pytest.raises(NotOffered, match=words):
                prepared(name, task)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with pytest.raises(NotOffered, match="runs on one thread"):
        prepared("reference", TINY[0])
    monkeypatch.setitem(IMPLEMENTATIONS, "ghost", implementations.Implementation(prepared, "no_such_package"))
    with pytest.raises(NotOffered, match="not installed"):
        prepared("ghost", TINY[0])


def test_turns_are_taken_in_rounds_and_slow_ones_get_few(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {"vectorized": 0.01, "torch": 0.02, "slow": 0.5}
    now = [0.0]
    monkeypatch.setattr(timing, "perf_counter", lambda: now[0])
    calls = {name: lambda name=name: now.__setitem__(0, now[0] + took[name]) for name in took}
    turns = timing.planned("task", calls, {"slow": 0.5}, timing.Effort(1.0, 0.1, 5, 3, 1.0), 1.0)
    by_round = {number: [turn.name for turn in turns if turn.round == number] for number in range(33)}
    assert len({turn.round for turn in turns}) == 33
    assert [number for number, names in by_round.items() if "slow" in names] == [0, 16, 32]
    assert all({"vectorized", "torch"} <= set(names) for names in by_round.values())
    assert by_round[1] == ["torch", "vectorized"]
    assert by_round[2] == ["vectorized", "torch"]
    assert {turn.iterations for turn in turns} == {1}


def test_ratios_are_those_of_the_same_round() -> None:
    task = BY_ID["resnet-64"]
    found = {
        (task.id, "vectorized"): {0: 1.0, 1: 4.0, 2: 3.0},
        (task.id, "torch"): {0: 2.0, 1: 4.0, 2: 6.0},
        (task.id, "slow"): {1: 40.0},
        (task.id, timing.YARDSTICK): {0: 1.0, 1: 1.0, 2: 1.0},
    }
    rows = {row["implementation"]: row for row in timing.summary(task, found)}
    assert list(rows) == ["vectorized", "torch", "slow"]
    assert [rows["vectorized"][key] for key in ("rounds", "seconds", "ratio_low", "ratio", "ratio_high")] == [
        3, 3.0, 0.5, 0.5, 0.75]
    assert (rows["slow"]["ratio"], rows["slow"]["ratio_high"]) == (10.0, 10.0)
    assert rows["vectorized"]["share_of_matmul"] == task.operations / 3 / (2 * timing.MATRIX**3)
    alone = timing.summary(task, {(task.id, "vectorized"): {0: 1.0}})[0]
    assert (alone["ratio"], alone["share_of_matmul"]) == (None, None)


def test_the_mean_is_over_all_counted_workloads_or_not_given() -> None:
    tasks = [BY_ID["resnet-64"], BY_ID["example"], BY_ID["depthwise"]]
    rows = [{"workload": id, "implementation": "vectorized", "ratio": value}
            for id, value in (("resnet-64", 2.0), ("example", 0.5), ("depthwise", 9.0))]
    assert timing.means(tasks, rows)["vectorized"] == pytest.approx(1.0, rel=1e-12)
    assert timing.means(tasks, rows[1:]) == {}


def test_memory_is_at_least_the_output() -> None:
    task = Workload("", "", (1, 1, 64, 64), (1, 1, 3, 3))
    found = memory.one_call("im2col", task)
    assert found["traced_bytes"] >= 9 * 62 * 62 * 4
    assert found["process_bytes"] >= 0


def test_the_profile_tells_products_from_what_is_around_them() -> None:
    before = breakdown.vectorized.np
    found = breakdown.breakdown(TINY[2], 0.0)
    assert breakdown.vectorized.np is before
    assert found["calls"] >= 3
    parts = {part["name"]: part for part in found["parts"]}
    assert parts[breakdown.PRODUCTS]["seconds"] > 0
    assert parts["conv2d"]["says"].startswith("(N, C_in, H, W) with")
    assert sum(part["seconds"] for part in found["parts"]) <= found["seconds"]


def test_the_purposes_name_files_that_are_there() -> None:
    there = {path.stem for folder in ("conformance", "reference") for path in (PACKAGE / folder).glob("*.py")}
    assert set(harness.PURPOSE_OF) <= there


def test_a_place_is_the_adapter_or_the_innermost_file() -> None:
    seen = []

    class Adapter:
        name = "mine"

        def conv2d(self):
            seen.append(harness.place(sys._getframe()))

    harness.Wrapped(Adapter(), "mine").conv2d()
    assert [harness.purpose(place) for place in seen] == [(harness.ADAPTER, "mine")]
    assert harness.purpose(harness.part(str(PACKAGE / "conformance" / "oracle.py"))) == (
        "oracle", "conformance/oracle.py")
    assert harness.purpose("conformance/no_such_file.py")[0] == harness.REST
    assert harness.purpose("") == (harness.REST, "outside the project")


def test_samples_are_taken_in_forks_too() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    with harness.Samples() as samples:
        pid = os.fork()
        if pid == 0:
            try:
                conv2d(np.ones((60, 60)), np.ones((5, 5)))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
    assert samples.seconds["reference/convolution.py"] > 0


def test_figures_are_rounded_to_what_was_measured() -> None:
    assert speed.rounded({"a": [1 / 3, 2, None, "x"], "b": 123456789.0}) == {
        "a": [0.333333, 2, None, "x"], "b": 123457000.0}


def test_what_a_stage_gives_is_what_the_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = json.loads((PACKAGE / "reports" / "speed.schema.json").read_text(encoding="utf-8"))
    task = Workload("tiny", "tiny", (1, 1, 8, 7), (1, 1, 3, 3))
    times = {(task.id, name): {0: 1e-5, 1: 2e-5} for name in ("vectorized", "torch")}
    profile = breakdown.breakdown(task, 0.0)
    answers = {
        "times": {"threads": 1, "matmul_rate": {}, "bandwidth": 1e9, "geometric_mean": {},
                  "results": timing.summary(task, times), "not_run": [], "growth": []},
        "memory": [memory.one_call("im2col", task)], "profile": [profile],
    }
    monkeypatch.setattr(speed, "in_child", lambda threads, *arguments: answers[arguments[-1]])
    monkeypatch.setattr(speed, "cores", lambda: 1)
    found = speed.rounded(speed.document("quick", [task], ["tiny"]))
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(found, allow_nan=False)))
    lines = speed.told(found)
    assert any("tiny" in line and "vectorized" in line and "1.000 of torch" in line for line in lines)
    assert math.isfinite(found["seconds"])
