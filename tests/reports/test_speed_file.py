"""Reading speed files: what is accepted, what is refused, and in which words."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import convspec
from convspec.reports import ResultsError, write_speed_page
from convspec.reports.speed_file import read_speed

Document = dict[str, Any]
Change = Callable[[Document], object]
SCHEMA = json.loads((Path(convspec.__file__).parent / "reports" / "speed.schema.json").read_text("utf-8"))
SAMPLE = Path(__file__).with_name("speed-sample.json")


def sample() -> Document:
    """Three workloads on one and two threads; every member is there."""
    document: Document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return document


def write(folder: Path, document: Document) -> Path:
    path = folder / "speed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_sample_is_what_the_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(sample())


@pytest.mark.parametrize("place", [
    (), ("suite",), ("machine",), ("workloads", 0), ("runs", 0), ("runs", 0, "results", 0), ("runs", 0, "not_run", 0),
    ("runs", 0, "growth", 0), ("memory", 0), ("profile", 0), ("profile", 0, "parts", 0), ("harness",),
    ("harness", "adapters", 0), ("harness", "parts", 0),
])  # fmt: skip
def test_the_reader_wants_what_the_schema_wants(place: tuple[Any, ...], tmp_path: Path) -> None:
    def found(document: Document) -> Document:
        for step in place:
            document = document[step]
        return document

    for key in list(found(sample())):
        document = sample()
        del found(document)[key]
        if key in ("ratio", "ratio_low", "ratio_high"):
            continue
        wanted = not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
        path = write(tmp_path, document)
        if wanted:
            with pytest.raises(ResultsError, match=f"'{key}' is missing"):
                read_speed(path)
        elif key != "purposes":  # without it, no part has a purpose that is known
            read_speed(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(kind="proof"), "'kind' must be one of speed, got 'proof'"),
        (lambda d: d.update(schema_version=2), "schema_version is 2, this program reads 1"),
        (lambda d: d.update(effort="heroic"), "'effort' must be one of quick, standard, got 'heroic'"),
        (lambda d: d.update(runs=[]), "'runs' is empty"),
        (lambda d: d.update(workloads={}), "'workloads' must be a list, got {}"),
        (lambda d: d["workloads"].append(d["workloads"][0]), "'workloads' holds 'resnet-64' a second time"),
        (lambda d: d["workloads"][0].update(x=[1, 2, 3]), "'x' must be four lengths from 1, got [1, 2, 3]"),
        (lambda d: d["workloads"][0].update(stride=0), "'stride' must be a whole number from 1 to 1e+18, got 0"),
        (lambda d: d["workloads"][0].update(counted=1), "'counted' must be true or false, got 1"),
        (lambda d: d["runs"].append(d["runs"][0]), "'runs' holds '1 threads' a second time"),
        (lambda d: d["runs"][0].update(bandwidth=0), "runs: 'bandwidth' must be a number above 0"),
        (lambda d: d["runs"][0]["matmul_rate"].update(float32="inf"), "'float32' must be a number above 0"),
        (lambda d: d["runs"][0]["results"][0].update(workload="ghost"),
         "'workload' is 'ghost', which 'workloads' does not describe"),
        (lambda d: d["runs"][0]["results"].append(d["runs"][0]["results"][0]),
         "'results' holds 'resnet-64 vectorized' a second time"),
        (lambda d: d["runs"][0]["results"][0].update(seconds=-1),
         "'seconds' must be a number above 0 and at most 1e+18, got -1"),
        (lambda d: d["runs"][0]["results"][0].update(seconds="fast"), "'seconds' must be a number"),
        (lambda d: d["runs"][0]["results"][0].update(ratio=9.0), "'ratio' 9 is not between 'ratio_low' 1.08"),
        (lambda d: d["runs"][0]["results"][0].update(ratio_low=None), "must be there together or not at all"),
        (lambda d: d["runs"][0]["results"][0].update(rounds=True), "'rounds' must be a whole number, got True"),
        (lambda d: d["runs"][0]["growth"][0].update(axis="time"), "'axis' must be one of size, channels"),
        (lambda d: d["memory"][0].update(process_bytes=10**400), "'process_bytes' must be a whole number from 0"),
        (lambda d: d["memory"].append(d["memory"][0]), "'memory' holds 'resnet-64 vectorized' a second time"),
        (lambda d: d["profile"][0]["parts"].clear(), "'parts' is empty"),
        (lambda d: [part.update(seconds=0) for part in d["profile"][0]["parts"]], "'parts' took no time at all"),
        (lambda d: d["harness"]["parts"][0].update(purpose="tea"),
         "'purpose' must be one of oracle, adapter under test, got 'tea'"),
        (lambda d: d["machine"].update(cores=0), "machine: 'cores' must be a whole number from 1"),
    ],
)  # fmt: skip
def test_a_broken_file_says_where_and_what(change: Change, words: str, tmp_path: Path) -> None:
    document = sample()
    change(document)
    path = write(tmp_path, document)
    with pytest.raises(ResultsError) as caught:
        read_speed(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON: Expecting value at line 1, column 1"),
        (b"[1]", "expected an object in braces, got list"),
        (b'{"kind": NaN}', "not a speed file: it holds NaN, which is no measurement"),
        (b'{"kind": "\xff"}', "not UTF-8"),
    ],
)
def test_a_file_that_is_no_speed_file(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    path.write_bytes(data)
    with pytest.raises(ResultsError, match=re.escape(words)):
        read_speed(path)
    with pytest.raises(ResultsError, match=r"nothing\.json: cannot be read"):
        write_speed_page(tmp_path / "nothing.json", tmp_path / "speed.html")
