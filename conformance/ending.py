"""No process outlives the run: how processes end with their parent, and how all that descends from one is ended.

Linux ends a process when its parent dies, if it asks for that, and hands orphans to an ancestor that asks for them, so
that whatever an implementation starts can be found. Elsewhere a process of the suite notices that its parent is gone
when its socket is closed, and what has left its group of processes is not found.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from convspec.conformance.processor_time import living

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# Each look ends all that is there; only what starts others faster than they are ended is still there after so many.
LOOKS = 50
BETWEEN_LOOKS = 0.01


def die_with_parent(parent: int) -> None:
    """Let this process be killed when its parent ends.

    Parameters
    ----------
    parent : int
        The parent: if it has ended already, this process ends here.
    """
    if sys.platform == "linux":
        _control(PR_SET_PDEATHSIG, signal.SIGKILL)
        # A launcher may stand between the two: only a parent that is gone counts.
        if os.getppid() != parent and not _is_there(parent):
            os._exit(0)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def outlive_parent() -> None:
    """Take `die_with_parent` back, in a process that notices by itself and has others to end first."""
    if sys.platform == "linux":
        _control(PR_SET_PDEATHSIG, 0)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends."""
    if sys.platform == "linux":
        _control(PR_SET_CHILD_SUBREAPER, 1)


def _control(what: int, value: int) -> None:
    # A system that refuses leaves what other systems have.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(what, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def children() -> set[int]:
    """The children of this process; none where the system does not tell."""
    with contextlib.suppress(OSError):
        return set(map(int, Path("/proc/thread-self/children").read_bytes().split()))
    return set()


def is_child(pid: int, parent: int) -> bool:
    """Whether a process is a child of another, so that it may be ended; what the system does not tell is believed."""
    if pid <= 1 or pid in (parent, os.getpid()):
        return False
    try:
        fields = Path("/proc", str(pid), "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return not Path("/proc/self/stat").exists()
    return int(fields[1]) == parent


def kill_group(pid: int) -> None:
    """Kill a worker and what it has started, if anything of it is left."""
    for how in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            how(pid, signal.SIGKILL)


def kill_all(pid: int, but_itself: bool = False) -> None:
    """Kill a process and all that descend from it, be they in groups of their own."""
    for _ in range(LOOKS):
        left = [found for found in living(pid) if found != pid]
        for found in left:
            kill(found)
        if not left:
            break
        time.sleep(BETWEEN_LOOKS)
    if not but_itself:
        kill_group(pid)


def kill(pid: int) -> None:
    """Kill a process, if it is there and may be killed."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
