"""What implementations do to their own process, to those beside it, and to the suite's way of hearing of them.

Each is given the right answer, does something, and returns what is to be returned; None stands for the right answer.
"""

import builtins
import gc
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import numpy as np

from convspec.conformance.messages import LENGTHS


def sockets():
    """The sockets that this process has; through one of them the suite hears of it."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found.append(socket.socket(fileno=os.dup(int(name))))
        except OSError:
            continue
    return found


def sending(*pieces):
    """Send something of one's own to the suite."""
    def act(right):
        for piece in pieces:
            for end in sockets():
                end.sendall(piece)

    return act


def message(text, raw=b""):
    """Frame a message as the suite does."""
    return LENGTHS.pack(len(text), len(raw)) + text + raw


def answer(outcome, raw=b"", digest="00"):
    """A message that says what came of a trial."""
    return message(b'{"type":"answered","outcomes":[%s],"seconds":0.1,"digest":"%s"}' % (outcome, digest.encode()), raw)


def returned(shape, dtype):
    """An outcome that says that an array came."""
    form = b'{"type":"returned","shape":%s,"dtype":"%s"}' % (shape, dtype)
    return b'["returned","",[],[],[],"",false,%s]' % form


def escaping(right):
    """Start a process that leaves its group, its session and its parent."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()


def starting_many(right):
    """Start programs that outlive the call."""
    for _ in range(3):
        subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"], start_new_session=True)


def killing(find):
    """Kill a process."""
    def act(right):
        os.kill(find(), signal.SIGKILL)
        time.sleep(0.2)

    return act


def unread(right):
    """Kill the process that reads what is printed: a brother of the one that forked this one."""
    suite = parent_of(os.getppid())
    for name in os.listdir("/proc"):
        if name.isdigit() and parent_of(int(name)) == suite:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if b"drain" in file.read():
                    os.kill(int(name), signal.SIGKILL)


def parent_of(pid):
    """The parent of a process; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def in_no_folder(right):
    """Work in a folder that is gone."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


def with_an_alarm(right):
    """Be killed by an alarm clock."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(5)


def with_few_files(right):
    """Allow itself no more files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def without_modules(right):
    """Forget what was imported."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("json", "random", "threading"):
            del sys.modules[name]


def without_builtins(right):
    """Replace a function of Python's for a moment only; for ever would end the interpreter."""
    kept, builtins.len = builtins.len, lambda thing: 0
    builtins.len = kept


def other_numbers(right):
    """Replace what the suite makes its arrays with."""
    real = np.ndarray.astype
    np.full = lambda *arguments, **keywords: None
    np.arange = lambda *arguments, **keywords: None
    np.array = lambda *arguments, **keywords: None
    np.ascontiguousarray = lambda array, *others: real(np.asarray(array) + 1, np.asarray(array).dtype)
    np.empty = lambda *arguments, **keywords: None
    np.zeros = lambda *arguments, **keywords: None


def printing(text, count=1):
    """Print bytes on both ways out."""
    def act(right):
        for _ in range(count):
            os.write(1, text)
            os.write(2, text)

    return act


def littering(right):
    """Leave a folder behind, which goes with the test."""
    folder = tempfile.mkdtemp()
    shutil.rmtree(folder)


def threads(right):
    """Leave threads at work."""
    for _ in range(4):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def half_an_answer(right):
    """Begin an answer and never end it."""
    sending(LENGTHS.pack(100, 0) + b'{"type"')(right)
    time.sleep(600)


def a_little_now_and_then(right):
    """Send an answer byte by byte, without end."""
    ends = sockets()
    for end in ends:
        end.sendall(LENGTHS.pack(1 << 20, 0))
    while True:
        time.sleep(1)
        for end in ends:
            end.send(b" ")


def stopping(find):
    """Stop a process."""
    def act(right):
        os.kill(find(), signal.SIGSTOP)

    return act


def quietly(act):
    """Do something whose result is nobody's business."""
    def whole(right):
        act()

    return whole


# The answer is right all the same: these conform.
HARMLESS = {
    "a folder that is gone": in_no_folder,
    "a closed standard output": lambda right: sys.stdout.close(),
    "the way out closed": lambda right: os.closerange(0, 3),
    "much printed": printing(b"words " * 1000, 20),
    "bytes that are no text": printing(b"\xff\xfe\x00\x1b[2J"),
    "escape sequences": printing(b"\x1b]0;title\x07\x1b[31m\r"),
    "an interrupt": lambda right: os.kill(os.getpid(), signal.SIGINT),
    "a hang-up ignored": quietly(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)),
    "threads at work": threads,
    "a process that escapes": escaping,
    "programs that stay": starting_many,
    "warnings made errors": lambda right: warnings.simplefilter("error"),
    "no collecting of garbage": lambda right: gc.disable(),
    "the size of the stack": quietly(lambda: threading.stack_size(1 << 20)),
    "another mask": quietly(lambda: os.umask(0o777)),
    "modules forgotten": without_modules,
    "a builtin replaced for a moment": without_builtins,
    "a folder made and removed": littering,
    "nobody reads what is printed": unread,
    "other random numbers": lambda right: random.seed(1),
    "few files": with_few_files,
}
# (what is done, the outcome, what is said of it).
ENDED = {
    "killed": (killing(os.getpid), "crashed", "the process was killed by SIGKILL"),
    "ended quietly": (lambda right: os._exit(0), "crashed", "the process ended with status 0 and no answer"),
    "sys.exit": (lambda right: sys.exit(0), "crashed", "tried to end the process (SystemExit: 0)"),
    "an interrupt raised": (lambda right: signal.raise_signal(signal.SIGTERM), "crashed", "killed by SIGTERM"),
    "an alarm": (with_an_alarm, "crashed", "the process was killed by SIGALRM"),
    "all closed": (lambda right: os.closerange(0, 256), "crashed", "the process ended with status 0 and no answer"),
    "its parent killed": (killing(os.getppid), "crashed", "the process from which it is started"),
    "other arrays": (other_numbers, "crashed", "it has changed its process"),
    # What the suite hears instead of an answer.
    "noise": (sending(b"\x00" * 64), "crashed", "it sent what is no answer"),
    "a text of another kind": (sending(b"GET / HTTP/1.1\r\n\r\n" * 8), "crashed", "which no answer has"),
    "an answer without end": (sending(LENGTHS.pack(10, 1 << 40)), "crashed", "which no answer has"),
    "no JSON": (sending(message(b"\x80\x04\x95")), "crashed", "it sent what is no answer"),
    "deep JSON": (sending(message(b"[" * 100_000)), "crashed", "it sent what is no answer"),
    "an unknown message": (
        sending(message(b'{"type":"verdict","outcome":"passed"}')), "crashed", "it sent what is no answer"),
    "another message": (
        sending(message(b'{"type":"configured"}')), "crashed", "an answer that was not asked for"),
    "no outcome": (sending(answer(b"")), "crashed", "an answer without an outcome"),
    "another kind of outcome": (
        sending(answer(b'["passed","",[],[],[],"",false,null]')), "crashed", "it sent what is no answer"),
    "an array without bytes": (sending(answer(returned(b"[1,1,2,2]", b"<f8"))), "crashed", "it sent 0 bytes"),
    "bytes without an array": (
        sending(answer(b'["raised","",[],[],[],"",false,null]', b"abc")), "crashed", "3 bytes for arrays of 0"),
    "an array of objects": (sending(answer(returned(b"[1]", b"|O"), b"12345678")), "crashed", "dtype '|O'"),
    "a shape below zero": (sending(answer(returned(b"[-1,-1]", b"<f8"), b"12345678")), "crashed", "shape (-1, -1)"),
    "a shape beyond all bounds": (
        sending(answer(returned(b"[4611686018427387904,4]", b"<f8"))), "crashed", "not those of shape"),
    "a shape with a zero in it": (
        sending(answer(returned(b"[0,4611686018427387904,16]", b"<f8"))), "crashed", "it sent an array of shape"),
    "a forged answer": (
        sending(answer(returned(b"[1]", b"<f8"), b"12345678")), "crashed", "it has changed its process"),
    "too many answers": (
        sending(answer(b",".join([b'["raised","E: e",[],[],[],"",false,null]'] * 3), digest="")), "crashed",
        "more or fewer calls"),
}
# They take a minute each, which is what the suite gives to one that sleeps: (what is done, the outcome, what is said).
SLOW = {
    "half an answer": (half_an_answer, "timed out", "it slept or waited for"),
    "a little now and then": (a_little_now_and_then, "timed out", "it slept or waited for"),
    "stopped": (stopping(os.getpid), "timed out", "it slept or waited for"),
    # Its answers are right; the process that does not answer any more is started again.
    "its parent stopped": (stopping(os.getppid), "passed", ""),
    "asleep": (lambda right: time.sleep(600), "timed out", "it slept or waited for"),
}
