"""What an exception says: that a call is refused, that an argument has another form, or that the code broke.

A function refuses by a ``raise`` or an ``assert`` that somebody wrote, in its own code or in a library that it calls.
An error that Python or NumPy raises by itself inside a valid call (an index out of range, shapes that do not match) is
no refusal: nobody decided it.
"""

import dis
import os
import sysconfig
import types
from pathlib import Path
from typing import Literal

import numpy as np

HowItRaised = Literal["refused", "another form", "broke"]

_RAISE = dis.opmap["RAISE_VARARGS"]
# Calls into these are arithmetic; what they raise on a valid call is an accident of the caller.
_ARITHMETIC = (os.path.dirname(np.__file__) + os.sep,)
_STANDARD = tuple(
    sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib") if sysconfig.get_path(name)
)
_INSTALLED = tuple(
    sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib") if sysconfig.get_path(name)
)


def how_it_raised(error: BaseException) -> HowItRaised:
    """Tell a refusal from a broken call, by the place at which the exception was raised.

    Parameters
    ----------
    error : BaseException
        As it was caught, with its traceback.

    Returns
    -------
    "refused", "another form" or "broke"
        "refused": a ``raise`` or an ``assert`` outside NumPy and the standard library, an exception of a library's own
        type, or a `RuntimeError` of compiled code. "another form": a `TypeError` that Python or NumPy raises by itself,
        as for a pair where one number is wanted. "broke": everything else.
    """
    if not isinstance(error, Exception):
        # An interrupt, or the end of the process: nobody refuses an argument by it.
        return "broke"
    last = _last(error.__traceback__)
    if last is not None and _is_raised_by_hand(last) and not _is_in_arithmetic(last.tb_frame.f_code.co_filename):
        return "refused"
    if isinstance(error, TypeError):
        return "another form"
    if isinstance(error, RecursionError):
        return "broke"
    own_type = type(error).__module__.partition(".")[0] not in ("builtins", "numpy")
    # Compiled libraries say so what they do not implement; neither Python nor NumPy does in arithmetic.
    return "refused" if own_type or isinstance(error, RuntimeError) else "broke"


def where_it_raised(error: BaseException) -> str:
    """Name the lines at which an exception was raised: the innermost one, and that of the code which led there.

    Returns
    -------
    str
        Such as ``conv.py:12 in conv``; with ``, called at …`` where the innermost line is NumPy's or a library's.
    """
    frames = list(_frames(error.__traceback__))
    if not frames:
        return ""
    last = frames[-1]
    own = next((frame for frame in reversed(frames) if not _is_library(frame.tb_frame.f_code.co_filename)), None)
    if own is None or own is last:
        return _line(last)
    return f"{_line(last)}, called at {_line(own)}"


def _frames(traceback: types.TracebackType | None) -> "list[types.TracebackType]":
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    return frames


def _last(traceback: types.TracebackType | None) -> types.TracebackType | None:
    frames = _frames(traceback)
    return frames[-1] if frames else None


def _is_raised_by_hand(entry: types.TracebackType) -> bool:
    code = entry.tb_frame.f_code.co_code
    return 0 <= entry.tb_lasti < len(code) and code[entry.tb_lasti] == _RAISE


def _is_in_arithmetic(file: str) -> bool:
    return file.startswith(_ARITHMETIC) or (file.startswith(_STANDARD) and not file.startswith(_INSTALLED))


def _is_library(file: str) -> bool:
    return file.startswith((*_ARITHMETIC, *_STANDARD, *_INSTALLED))


def _line(entry: types.TracebackType) -> str:
    code = entry.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{entry.tb_lineno} in {code.co_name}"
