"""What a command writes into: folders that cannot be written, that another run holds, and files that are the user's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import convspec
from convspec import cli, folder
from convspec.conformance.results import NotWritten
from convspec.folder import held
from convspec.reference import conv2d
from convspec.reports import has_our_mark, write_report
from convspec.reports.page import MARK

HOME = str(Path(convspec.__file__).parents[1])
HEADER = (
    '{"type": "header", "kind": "%s", "schema_version": 1, "suite": {"name": "convspec", "version": "0.1.1"}, %s}\n'
)
OF_A_RUN = (
    '"seed": 0, "effort": "quick", "profile": null, "only": [], "date": "2026-11-28", "environment": {}, "targets": []'
)
OF_A_PROOF = '"date": "2026-11-28", "seeds": [0], "efforts": ["standard"]'
QUICK = ("check", "reference", "--only", "DEF-05", "--effort", "quick")
# Each command that writes, with a target that would end it if it were loaded.
COMMANDS = {
    "check": ("check", "bad.py:conv", "--only", "DEF-05", "--effort", "quick"),
    "accuracy": ("accuracy", "bad.py:conv"),
    "conventions": ("conventions",),
    "prove": ("prove", "--part", "code"),
    "report": ("report", "run.jsonl", "proof.jsonl"),
    "diff": ("diff", "run.jsonl", "run.jsonl"),
}
WRITTEN = {
    "check": ("results.jsonl", "junit.xml", "index.html", "lesson.html", "summary.md", "badge.svg"),
    "accuracy": ("accuracy.jsonl", "accuracy.html"),
    "conventions": ("conventions.jsonl", "conventions.html"),
    "prove": ("proof.jsonl", "proof.html"),
    "report": ("index.html", "lesson.html", "proof.html", "summary.md", "badge.svg"),
    "diff": ("diff.html", "diff.md"),
}


@pytest.fixture(autouse=True)
def sources(tmp_path, monkeypatch, drawn_once, unexplained):
    monkeypatch.chdir(tmp_path)
    Path("bad.py").write_text("from pathlib import Path\nPath('imported').touch()\nraise SystemExit(3)\n")
    Path("run.jsonl").write_text((HEADER % ("results", OF_A_RUN)).replace('"kind": "results", ', ""))
    Path("proof.jsonl").write_text(HEADER % ("proof", OF_A_PROOF))
    return tmp_path


def refused(command, out, capsys):
    """The one sentence with which a command is refused before it has begun."""
    before = sorted(Path().rglob("*"))
    assert cli.run_command([*COMMANDS[command], "--out", str(out)]) == 2
    printed, progress = capsys.readouterr()
    assert printed.startswith("convspec: ")
    assert printed.count("\n") == 1
    assert progress == ""
    assert sorted(Path().rglob("*")) == before
    return printed


def link(place):
    place.symlink_to("nowhere")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("out", "make", "told"), [
    ("", None, "the folder to write into has an empty name"),
    ("a\0b", None, "holds a NUL"),
    ("file", Path.touch, "file: is no folder"),
    ("file/below", lambda place: place.parent.touch(), "file/below: the folder cannot be made: Not a directory"),
    ("lost", link, "lost: is a link to nowhere, which is not there"),
    ("lost/below", lambda place: link(place.parent), "lost/below: the folder cannot be made: "),
    ("a" * 300, None, "the folder cannot be made: File name too long"),
    ("/proc/there", None, "/proc/there: the folder cannot be made: "),
], ids=lambda value: repr(value)[:24] if isinstance(value, str) else "")
def test_a_folder_that_cannot_be(command, out, make, told, capsys):
    if out.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("there is no folder in which not even root may write")
    if make is not None:
        make(Path(out))
    assert told in refused(command, out, capsys)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["file", "link", "folder", "link to one of ours"])
def test_nothing_of_the_user_s_is_overwritten(command, kind, capsys):
    out = Path("out")
    out.mkdir()
    for name in WRITTEN[command]:
        place = out / name
        if kind == "file":
            place.write_text("<title>convspec</title> <!--pages--><!--/pages-->")
        elif kind == "link":
            place.symlink_to("../bad.py")
        elif kind == "folder":
            place.mkdir()
        else:
            place.symlink_to("../run.jsonl")
        told = refused(command, out, capsys)
        assert told.startswith(f"convspec: {place}: ")
        assert told.endswith("; write to another folder, or move it away\n")
        place.rmdir() if kind == "folder" else place.unlink()


def test_a_file_without_a_mark_is_ours_beside_one_that_has_one(capsys):
    out = Path("out")
    report = ("report", "run.jsonl", "--out", "out")
    assert cli.run_command(report) == 0
    assert {path.name for path in out.iterdir()} == {"index.html", "lesson.html", "summary.md", "badge.svg"}
    assert cli.run_command(report) == 0
    (out / "index.html").unlink()
    capsys.readouterr()
    assert cli.run_command(report) == 2
    assert capsys.readouterr().out.startswith("convspec: out/summary.md: was not written by convspec")
    (out / "results.jsonl").write_bytes(Path("run.jsonl").read_bytes())
    assert cli.run_command(report) == 0


def test_pages_of_this_and_of_the_last_release_have_the_mark():
    write_report(Path("run.jsonl"), Path("out"))
    editions = Path(__file__).parents[2] / "reports/editions/0.1.1"
    pages = [*Path("out").glob("*.html"), *editions.glob("*.html")]
    assert all(has_our_mark(page) for page in pages)
    assert all(page.read_bytes().count(MARK) == 1 for page in pages)


def test_a_page_beside_is_told_of_a_new_one_only_if_it_is_ours_and_no_link(capsys):
    assert cli.run_command(["report", "run.jsonl", "--out", "out"]) == 0
    elsewhere = Path("elsewhere.html")
    elsewhere.write_bytes(Path("out/index.html").read_bytes())
    before = elsewhere.read_bytes()
    Path("out/speed.html").symlink_to("../elsewhere.html")
    Path("out/accuracy.html").write_text("<!--pages--><!--/pages-->")
    assert cli.run_command(["report", "proof.jsonl", "--out", "out"]) == 0
    assert b'href="proof.html"' in Path("out/index.html").read_bytes()
    assert Path("out/speed.html").is_symlink()
    assert elsewhere.read_bytes() == before
    assert Path("out/accuracy.html").read_text() == "<!--pages--><!--/pages-->"


def test_a_folder_that_was_made_for_nothing_goes_away():
    with held("a/b", ("x",)) as place:
        assert place.is_dir()
        (place / "x.part").touch()
    assert not Path("a").exists()
    Path("kept").mkdir()
    with held("kept/below", ()) as place:
        (place / "y").touch()
    assert Path("kept/below/y").exists()


def test_a_held_folder_refuses_every_command_and_another_one_none(capsys):
    pytest.importorskip("fcntl")
    with held("out", ()), held("other", ()):
        for command in COMMANDS:
            assert "another run writes into out now; give this one an --out of its own" in refused(
                command, "out", capsys
            )
        with pytest.raises(NotWritten, match="another run writes into out now"):
            convspec.check(conv2d, only="DEF-05", effort="quick", out="out")
        with pytest.raises(NotWritten, match="another run writes"), held("out/../out", ()):
            pass
        assert cli.run_command(["report", "run.jsonl", "--out", "third"]) == 0
        # Nothing lies there that a killed run could leave.
        assert not list(Path("out").iterdir())
    assert cli.run_command(["report", "run.jsonl", "--out", "out"]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_outlives_the_run_does_not_hold_its_folder():
    reader, writer = os.pipe()
    with held("out", ()):
        pid = os.fork()
        if not pid:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
        (inherited,) = folder._holding
    with held("out", ()):
        if Path("/proc/self/fd").exists():
            links = [os.readlink(place) for place in Path(f"/proc/{pid}/fd").iterdir()]
            assert str(Path("out").absolute()) not in links, inherited
    os.close(writer)
    os.close(reader)
    os.waitpid(pid, 0)


def test_without_locks_nothing_is_said(monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def cannot(*arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", cannot)
    with held("out", ()), held("out", ()):
        pass


def test_a_full_disk_is_found_before_the_work(capsys, monkeypatch):
    monkeypatch.setattr(folder, "ROOM", 1 << 20)
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        told = {refused(command, "out", capsys) for command in COMMANDS}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told == {"convspec: out: a report cannot be written there: File too large\n"}


@pytest.mark.parametrize("command", ["report", "diff", "check"])
def test_a_disk_that_is_full_in_the_end_costs_no_old_page(command, capsys, monkeypatch):
    resource = pytest.importorskip("resource")
    arguments = [*(QUICK if command == "check" else COMMANDS[command]), "--out", "out"]
    assert cli.run_command(arguments) == 0
    old = {path.name: path.read_bytes() for path in Path("out").glob("*.html")}
    capsys.readouterr()
    monkeypatch.setattr(folder, "ROOM", 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        status = cli.run_command(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    printed = capsys.readouterr().out
    assert status == 2, printed
    assert printed.splitlines()[-1].startswith("convspec: ")
    assert printed.endswith(": File too large\n") or "cannot be written" in printed
    assert {path.name: path.read_bytes() for path in Path("out").glob("*.html")} == old
    assert not list(Path("out").glob("*.part"))


def test_an_edition_holds_its_folder_too(capsys):
    pytest.importorskip("fcntl")
    assert cli.run_command(["edition", "nothing", "--out", ""]) == 2
    Path("file").touch()
    assert cli.run_command(["edition", "nothing", "--out", "file"]) == 2
    assert cli.run_command(["edition", "nothing", "--out", "editions"]) == 2
    printed = capsys.readouterr().out
    assert printed.count("\n") == printed.count("convspec: ") == 3
    assert not Path("editions").exists()


def run(*arguments, shell=""):
    """Run the command line in a process of its own, with its streams as a shell gives them."""
    environment = {**os.environ, "PYTHONPATH": HOME}
    line = f'"$@" {shell}'
    command = ["bash", "-c", f"set -o pipefail; {line}", "bash", sys.executable, "-P", "-m", "convspec", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


WRONG = "import numpy as np\n" + """def conv(image, kernel):
    shape = tuple(a - b + 1 for a, b in zip(image.shape, kernel.shape))
    return np.array([[(image[i:i + kernel.shape[0], j:j + kernel.shape[1]] * kernel[::-1]).sum()
                      for j in range(shape[1])] for i in range(shape[0])]).reshape(shape)
"""
FULL = "convspec: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is another one")
@pytest.mark.parametrize(("arguments", "shell", "status", "told"), [
    (("list",), "| head -1", 0, ""),
    (("explain", "PAD-99"), "| true", 2, ""),
    (("check", "wrong.py:conv", *QUICK[2:]), "| true", 1, "DEF: wrong.conv 1 failed"),
    (("list",), "> /dev/full", 2, FULL),
    (("--help",), "> /dev/full", 2, FULL),
    (QUICK, "2> /dev/full", 0, ""),
    (QUICK, "2>&-", 0, ""),
    (("list",), ">&-", 2, "convspec: standard output is closed, so nothing could be told\n"),
    (("list",), "<&- >&- 2>&-", 2, ""),
], ids=lambda value: value[0] if isinstance(value, tuple) else str(value)[:16])
def test_what_is_printed_may_reach_nobody(arguments, shell, status, told):
    if "/dev/full" in shell and not Path("/dev/full").exists():
        pytest.skip("there is no disk that is always full")
    Path("wrong.py").write_text(WRONG)
    got, _, said = run(*arguments, shell=shell)
    assert got == status
    assert told in said
    assert said.count("\n") == bool(told)
