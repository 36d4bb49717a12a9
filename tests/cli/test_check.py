"""``convspec check``: exit statuses, selections, patterns, and messages that name what is wrong."""

import json
import re
from pathlib import Path

import pytest

from convspec import cli
from convspec.adapters.loading import BUILT_IN, DEFAULTS, RefusedDeclaration
from convspec.conformance.catalogue import catalogue

LESSON = '''"""The function of a first lesson."""
import numpy as np


def conv(image, kernel, padding=0, stride=1):
    tall, wide = kernel.shape
    height = (image.shape[0] + 2 * padding - tall) // stride + 1
    width = (image.shape[1] + 2 * padding - wide) // stride + 1
    padded = np.pad(image, padding)
    output = np.zeros((height, width))
    for y in range(0, padded.shape[0] - tall + 1, stride):
        for x in range(0, padded.shape[1] - wide + 1, stride):
            output[y // stride, x // stride] = np.sum(padded[y:y + tall, x:x + wide] * kernel)
    return output
'''


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch, drawn_once, unexplained):
    """Commands write into the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def homework(tmp_path):
    """A folder with the lesson's function, a wrong one, and a file that is not Python."""
    folder = tmp_path / "homework"
    folder.mkdir()
    (folder / "anna.py").write_text(LESSON)
    one_short = LESSON.replace("range(0, padded.shape[1] - wide + 1", "range(0, padded.shape[1] - wide")
    (folder / "bert.py").write_text(one_short)
    (folder / "carl.py").write_text("def conv(image, kernel:\n")
    (folder / "dora.py").write_text("def convolution(image, kernel):\n    return image\n")
    return folder


def check(*arguments):
    return cli.run_command(["check", "--effort", "quick", *arguments])


def test_0_conforms(capsys):
    assert check("vectorized", "--only", "DEF-05") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "Report: convspec-report/index.html. Verdict: vectorized conforms (DEF-05 only)."
    assert {"index.html", "results.jsonl", "junit.xml"} <= {path.name for path in Path("convspec-report").iterdir()}


def test_1_does_not_conform(capsys, homework):
    assert check("homework/bert.py:conv", "--only", "SHP-07", "--out", "there") == 1
    printed = capsys.readouterr().out
    assert "bert.conv SHP-07 failed: " in printed
    assert re.search(r"    convspec repro 'SHP-07 x=\S+ w=\S+ .*values=\S+' --adapter homework/bert.py:conv", printed)
    assert printed.splitlines()[-1] == "Report: there/index.html. Verdict: bert.conv does not conform (SHP-07 only)."


def test_3_nothing_was_verified(capsys, homework):
    """A plane has no groups."""
    assert check("homework/anna.py:conv", "--only", "GRP") == 3
    assert "anna.conv nothing verified" in capsys.readouterr().out.splitlines()[-1]


def test_4_the_suite_failed(capsys, monkeypatch):
    from convspec.conformance import oracle

    def contradicts(self, positions=2):
        raise oracle.SuiteError("the screen and the definition differ at (0, 0)")

    monkeypatch.setattr(oracle.Expected, "verify_screen", contradicts)
    assert check("vectorized", "--only", "DEF-01", "--fail-fast") == 4
    assert "The suite itself failed at " in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "told"), [
    (["scipi"], "'scipi' is no adapter; known are reference, scipy, torch, vectorized."),
    (["no_such_module:conv"], "no module 'no_such_module'"),
    (["no_such_file.py:conv"], "no file 'no_such_file.py'"),
    (["homework/anna.py:convolve"], "'homework/anna.py' has no attribute 'convolve'; it has conv"),
    (["homework/carl.py:conv"], "SyntaxError"),
    (["none/*.py:conv"], "target 'none/*.py:conv' matches no file"),
    (["vectorized", "--only", "PADD"], "'PADD' is neither a requirement nor a family; families are DEF, SHP, PAD"),
    (["vectorized", "--dtypes", "float32,double"], "dtypes names 'double'; known are float16, bfloat16, float32"),
], ids=lambda value: str(value)[:40])
def test_2_wrong_usage_names_the_value(arguments, told, homework, capsys):
    assert check(*arguments) == 2
    printed = capsys.readouterr().out
    assert printed.startswith("convspec: ")
    assert told in printed
    # What a file of the user's does wrong is shown with its place; what is wrong with the command is one line.
    assert ("Traceback" in printed) == ("carl" in arguments[0])
    assert not Path("convspec-report").exists()


def test_2_a_target_that_is_found_wanting_late(capsys):
    """Only the first few are started before anything runs."""
    named = ["vectorized", "reference", "scipy", "no_such_module:conv"]
    assert check(*named, "--only", "LAW-05") == 2
    assert "convspec: there is no module 'no_such_module'" in capsys.readouterr().out
    assert not Path("convspec-report/results.jsonl").exists()


@pytest.mark.parametrize("place", ["convspec.conformance.run.Verifier", "convspec.conformance.engine.Verifier.verify"])
def test_2_a_declaration_that_is_refused(place, capsys, monkeypatch):
    def refuses(*arguments, **options):
        raise RefusedDeclaration("the deviation 'anything goes' matches every case")

    monkeypatch.setattr(place, refuses)
    assert check("vectorized", "--only", "LAW-05", "--only", "DEF") == 2
    assert capsys.readouterr().out == "convspec: the deviation 'anything goes' matches every case\n"


def test_2_an_argument_that_pytest_refuses(capsys):
    assert check("vectorized", "--only", "LAW-05", "--pytest=--no-such-option") == 2
    assert "pytest refuses its arguments, which end with --no-such-option" in capsys.readouterr().out


def test_known_failures_are_read_and_told(capsys, homework):
    Path("known.txt").write_text("SHP-07 kernel>=1 https://example.org/1\nSHP-07 stride>5 https://example.org/2\n")
    assert check("homework/bert.py:conv", "--only", "SHP-07", "--known", "known.txt") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].endswith("but for 1 known deviation (SHP-07 only).")
    assert "line 2 of known.txt matched no failure: SHP-07 stride>5 https://example.org/2" in printed
    (header,) = written("header")
    assert header["known"]["file"] == "known.txt"
    Path("known.txt").write_text("* * https://example.org/1\n")
    assert check("homework/bert.py:conv", "--known", "known.txt") == 2
    assert "known.txt, line 1: '* * https://example.org/1' matches every case" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "told"), [
    (["--seed", "-1"], "seed is '-1'; it must be a whole number of at least 0"),
    (["--seed", "1.5"], "seed is '1.5'"),
    (["--effort", "much"], "invalid choice: 'much' (choose from"),
    (["--time-limit", "0"], "time limit is '0'; it must be a number of seconds above 0"),
    (["--time-limit", "soon"], "time limit is 'soon'"),
    (["--profile", "volume"], "invalid choice: 'volume'"),
    (["--colour"], "--colour"),
], ids=lambda value: str(value)[:40])
def test_2_an_option_that_cannot_be_read(arguments, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        check("vectorized", *arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


@pytest.fixture
def without_torch(tmp_path, monkeypatch):
    """Stands in front of the real library, if there is one, here and in the child process."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    monkeypatch.syspath_prepend(str(hidden))


def test_2_a_named_adapter_without_its_library(without_torch, capsys):
    assert check("torch", "--only", "DEF-05") == 2
    assert "torch: torch is not installed (pip install convspec[torch])" in capsys.readouterr().out


def test_without_names_a_missing_library_is_shown(without_torch, capsys):
    assert check("--only", "DEF-05") == 0
    assert [line["id"] for line in written("adapter")] == list(DEFAULTS)
    assert {(line["adapter"], line["outcome"]) for line in written("verdict")} >= {
        ("torch", "unavailable"), ("vectorized", "passed"),
    }
    assert "torch unavailable" in capsys.readouterr().out.splitlines()[-1]


def written(kind, out="convspec-report"):
    lines = map(json.loads, (Path(out) / "results.jsonl").read_text().splitlines())
    return [line for line in lines if line["type"] == kind]


def test_only_takes_families_and_ids_in_any_case(capsys):
    assert check("vectorized", "--only", "str", "--only", "bia-02") == 0
    assert [line["requirement"] for line in written("verdict")] == ["STR-01", "STR-02", "BIA-02"]
    (header,) = written("header")
    assert header["only"] == ["str", "bia-02"]
    assert (header["effort"], header["seed"]) == ("quick", 0)


def test_pytest_options_reach_pytest(capsys):
    """A selection of pytest's own leaves the run incomplete, which is said."""
    assert check("vectorized", "--only", "STR", "--pytest=-k", "--pytest=STR-02") == 5
    assert [line["requirement"] for line in written("verdict")] == ["STR-02"]
    assert not written("footer")
    assert "INCOMPLETE; vectorized not finished, without a failure so far (STR only)." in capsys.readouterr().out


def test_fail_fast(capsys, homework):
    assert check("homework/bert.py:conv", "--only", "SHP", "--fail-fast") == 1
    outcomes = [line["outcome"] for line in written("verdict")]
    assert outcomes.count("failed") == 1
    assert outcomes[-1] == "failed"


def test_fail_fast_does_not_stop_at_what_only_informs(capsys, homework, monkeypatch):
    """A SHOULD that is not met changes no verdict, so a run that stopped at it would not have ended."""
    from dataclasses import replace

    known = catalogue()
    weaker = {**known, "SHP-07": replace(known["SHP-07"], level="SHOULD")}
    monkeypatch.setattr("convspec.conformance.conclusion.catalogue", lambda: weaker)
    monkeypatch.setattr("convspec.conformance.run.catalogue", lambda: weaker)
    assert check("homework/bert.py:conv", "--only", "SHP-07", "--only", "LAW-05", "--fail-fast") == 0
    assert [line["outcome"] for line in written("verdict")] == ["failed", "passed"]


def test_dtypes_that_are_asked_for(capsys, homework):
    assert check("homework/anna.py:conv", "--only", "LAW-05", "--dtypes", "int8,float16", "--dtypes", "float64") == 0
    (line,) = written("adapter")
    assert line["capabilities"]["dtypes"] == ["int8", "float16", "float64"]


def test_a_layer_asked_for_planes_only(capsys):
    assert check("vectorized", "--profile", "plane", "--only", "DEF") == 0
    outcomes = {line["requirement"]: line["outcome"] for line in written("verdict")}
    assert outcomes["DEF-01"] == "passed"
    assert outcomes["DEF-04"] == "skipped"


def test_a_folder_of_files_gives_a_line_each_and_one_page(capsys, homework):
    assert check("homework/*.py:conv", "--only", "SHP-07", "--only", "LAW-05") == 1
    printed = capsys.readouterr().out
    assert written("footer")[0]["verdicts"] == {
        "anna.conv": "conforms", "bert.conv": "does not conform", "carl.conv": "does not conform",
        "dora.conv": "does not conform",
    }
    for name, conclusion in written("footer")[0]["verdicts"].items():
        assert f"{name} {conclusion}" in printed.splitlines()[-1]
        assert [line for line in printed.splitlines()[:-1] if name in line]
    outcomes = {(line["adapter"], line["requirement"]): line for line in written("verdict")}
    assert outcomes["anna.conv", "SHP-07"]["outcome"] == "passed"
    assert outcomes["bert.conv", "SHP-07"]["outcome"] == "failed"
    assert outcomes["carl.conv", "SHP-07"]["outcome"] == "errored"
    assert "SyntaxError" in outcomes["carl.conv", "SHP-07"]["reason"]
    assert "has no attribute 'conv'; it has convolution" in outcomes["dora.conv", "SHP-07"]["reason"]
    assert len(list(Path("convspec-report").glob("*.html"))) >= 1
    page = Path("convspec-report/index.html").read_text()
    assert all(f"{name}.conv" in page for name in ("anna", "bert", "carl", "dora"))


def test_two_files_of_one_name_are_told_apart(capsys, homework, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "anna.py").write_text(LESSON)
    assert check("homework/anna.py:conv", "other/anna.py:conv", "--only", "LAW-05") == 0
    assert list(written("footer")[0]["verdicts"]) == ["anna.conv", "anna.conv_2"]


def test_the_lesson_conforms_and_says_what_it_does_not_claim(capsys, homework):
    """One number for padding and for stride, a result that is always float64, no refusals."""
    assert check("homework/anna.py:conv") == 0
    (line,) = written("adapter")
    assert line["profile"] == "plane"
    claims = line["capabilities"]
    assert (claims["stride"], claims["padding"], claims["dilation"]) == ("same", "same", "none")
    assert claims["dtypes"] == ["float64", "float32", "int64"]
    reasons = {item["feature"]: item["reason"] for item in line["not_claimed"]}
    assert reasons["dilation"] == "its signature has no parameter named dilation or dilations"
    assert "stride for each axis" in reasons
    assert line["remarks"][0].startswith("does not check its arguments: ")
    assert line["remarks"][1] == "result always float64"
    outcomes = {line["requirement"]: line for line in written("verdict")}
    counts = {}
    for verdict in outcomes.values():
        counts[verdict["outcome"]] = counts.get(verdict["outcome"], 0) + 1
    assert set(counts) <= {"passed", "skipped", "info", "planned"}
    assert counts["passed"] >= 25
    assert outcomes["SHP-08"]["outcome"] == "info"
    # What it does with a kernel that does not fit: nothing, where an exception would be better.
    told = outcomes["SHP-08"]["reason"]
    assert told.startswith("not asked of a plain function: got an array of shape (0, ")
    assert outcomes["GRP-01"]["outcome"] == "skipped"
    assert outcomes["GRP-01"]["reason"].startswith("not claimed: ")
    assert "anna.conv conforms" in capsys.readouterr().out.splitlines()[-1]


def test_the_width_from_the_height_of_the_kernel_is_no_convention(capsys):
    """The first version of a lesson's function, which breaks on oblong kernels, or answers wrongly."""
    Path("first.py").write_text(LESSON.replace("tall, wide = kernel.shape", "tall = wide = kernel.shape[0]"))
    assert check("first.py:conv", "--only", "DEF", "--only", "LAW-05") == 1
    found = {line["requirement"]: line["outcome"] for line in written("verdict")}
    assert found["DEF-01"] == "failed"
    (about,) = written("adapter")
    assert about["limits"] == []


def test_every_known_name_is_built_in_or_installed():
    assert set(DEFAULTS) < set(BUILT_IN)
