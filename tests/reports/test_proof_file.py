"""Reading proof files: what is accepted, what is refused, and in which words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from convspec.reports import ResultsError, write_proof_page
from convspec.reports.proof_file import read_proof

Line = dict[str, Any]
Change = Callable[[list[Line]], object]
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "reports" / "proof.schema.json").read_text("utf-8"))
SAMPLE = Path(__file__).with_name("proof-sample.jsonl")


def sample() -> list[Line]:
    """Four faults in two families, all found, and every kind of line."""
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def of_kind(lines: list[Line], kind: str) -> Line:
    return next(line for line in lines if line["type"] == kind)


def write(folder: Path, lines: list[Line]) -> Path:
    path = folder / "proof.jsonl"
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_sample_is_what_the_schema_says() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for line in sample():
        validator.validate(line)
    assert {entry["$ref"].rpartition("/")[2] for entry in SCHEMA["oneOf"]} == {
        line["type"] for line in sample()
    }


@pytest.mark.parametrize(
    "kind", ["header", "fault", "benign", "geometry", "code", "diagnosis", "exhaustive", "footer"]
)
def test_the_reader_wants_what_the_schema_wants(kind: str, tmp_path: Path) -> None:
    for key in SCHEMA["$defs"][kind]["properties"]:
        lines = sample()
        line = of_kind(lines, kind)
        line.pop(key, None)
        wanted = key in SCHEMA["$defs"][kind]["required"]
        assert jsonschema.Draft202012Validator(SCHEMA).is_valid(line) is not wanted, key
        if wanted:
            with pytest.raises(ResultsError, match=f"line {lines.index(line) + 1}.*'{key}'"):
                read_proof(write(tmp_path, lines))
        else:
            read_proof(write(tmp_path, lines))


def test_a_file_cut_anywhere_is_incomplete(tmp_path: Path) -> None:
    path = write(tmp_path, sample())
    whole = path.read_bytes()
    assert read_proof(path).complete
    for cut in range(whole.index(b"\n") + 1, len(whole) - 1, len(whole) // 25):
        path.write_bytes(whole[:cut])
        assert not read_proof(path).complete


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines.pop(0), "line 1: the header must be the first line, once"),
        (lambda lines: lines.insert(2, lines[0]), "line 3: the header must be the first line, once"),
        (lambda lines: lines[0].update(kind="results"), "line 1: 'kind' must be one of proof, got 'results'"),
        (
            lambda lines: lines[0].update(schema_version=2),
            "line 1: schema_version is 2, this program reads 1",
        ),
        (
            lambda lines: lines[0].update(efforts=["heroic"]),
            "line 1: 'efforts' must hold words of quick, standard",
        ),
        (lambda lines: lines.insert(3, lines[2]), "line 4: fault 'kernel-flipped' comes a second time"),
        (
            lambda lines: lines.insert(3, of_kind(lines, "requirement")),
            "line 4: requirement 'DEF-01' comes a second time",
        ),
        (
            lambda lines: lines.insert(-1, of_kind(lines, "benign")),
            "correct variant 'einsum' comes a second time",
        ),
        (lambda lines: lines.append(of_kind(lines, "code")), "a code line comes after the footer"),
        (lambda lines: lines.insert(1, {"type": "rumour"}), "line 2: 'type' must be one of header"),
        (
            lambda lines: lines[2]["hunts"][0].update(seed="0"),
            "line 3, hunts: 'seed' must be a whole number, got '0'",
        ),
        (lambda lines: lines[2]["hunts"][0].update(cases=-1), "'cases' must be a count from 0"),
        (
            lambda lines: lines[2]["hunts"][1].update(seed=0),
            "'hunts' holds two hunts with the same effort and seed",
        ),
        (lambda lines: lines[2].update(found_by="DEF-01"), "line 3: 'found_by' must be a list, got 'DEF-01'"),
        (
            lambda lines: of_kind(lines, "geometry")["pairs"].update(reached=400),
            "pairs: 400 combinations reached of only 312",
        ),
        (
            lambda lines: of_kind(lines, "geometry").update(missing_pairs=[["one"]]),
            "'missing_pairs' must be a list of lists of 2 texts, got ['one']",
        ),
        (
            lambda lines: of_kind(lines, "geometry").update(missing_pairs="x"),
            "'missing_pairs' must be a list",
        ),
        (
            lambda lines: of_kind(lines, "code").update(lines=[5, 4]),
            "'lines' must be [covered, all], got [5, 4]",
        ),
        (lambda lines: of_kind(lines, "diagnosis").update(right=21), "21 diagnosed rightly of only 20"),
        (
            lambda lines: of_kind(lines, "exhaustive").update(set_size=10**400),
            "'set_size' must be a count from 0",
        ),
    ],
)
def test_a_broken_file_says_where_and_what(change: Change, words: str, tmp_path: Path) -> None:
    lines = sample()
    change(lines)
    path = write(tmp_path, lines)
    with pytest.raises(ResultsError) as caught:
        read_proof(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no proof"),
        (b"not json\n", "line 1: not JSON: Expecting value at column 1"),
        (b'{"type": NaN}\n', "line 1: not a results line: NaN is written as a bare word"),
        (b'{"type": "\xff"}\n', "line 1: not UTF-8"),
        (b"[1]\n", "line 1: expected an object in braces"),
    ],
)
def test_a_file_that_is_no_proof(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "proof.jsonl"
    path.write_bytes(data)
    with pytest.raises(ResultsError) as caught:
        write_proof_page(path, tmp_path / "proof.html")
    assert words in str(caught.value)
    assert not (tmp_path / "proof.html").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"nothing\.jsonl: cannot be read: No such file"):
        write_proof_page(tmp_path / "nothing.jsonl", tmp_path / "proof.html")
