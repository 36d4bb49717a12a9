"""What the process of an implementation tells the suite: lengths, a small JSON text, and raw bytes.

An implementation shares its process with the suite's own part there, and can send whatever it likes. So nothing that
comes from it is unpickled, and nothing of it can run: the text must be one of the messages below, member by member, and
the bytes become arrays whose shape and dtype the text gives, the dtype out of a closed list.
"""

import math
import os
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec
import numpy as np

from convspec.adapters.probes import Answer
from convspec.adapters.protocol import Array
from convspec.conformance.calls import Kind, Outcome
from convspec.conformance.description import Description
from convspec.conformance.results import encodable

LENGTHS = struct.Struct(">IQ")
# The largest text: the traceback of a fault, or the notes on some thousand cases.
LARGEST_TEXT = 16 << 20
# The largest results of one trial that are looked at; the largest right ones of the suite have some megabytes.
LARGEST_RESULTS = 256 << 20


class Garbled(Exception):
    """What came is no message; the text says why."""


class Loaded(msgspec.Struct, tag="loaded", frozen=True):
    """The implementation is imported."""

    description: Description


class Failed(msgspec.Struct, tag="failed", frozen=True):
    """The implementation cannot be had."""

    why: Literal["usage", "unavailable"]
    text: str


class Forked(msgspec.Struct, tag="forked", frozen=True):
    """A worker is there; its socket comes with the message."""

    pid: int


class Reaped(msgspec.Struct, tag="reaped", frozen=True):
    """How a worker ended: an exit status, or the negative of a signal's number."""

    status: int


class Returned(msgspec.Struct, tag="returned", frozen=True):
    """The form of an array, whose bytes follow the text."""

    shape: tuple[int, ...]
    dtype: str


class Came(msgspec.Struct, array_like=True, frozen=True):
    """An `Outcome` without the numbers of its array."""

    kind: Kind
    text: str
    changed: tuple[str, ...]
    aliases: tuple[str, ...]
    disturbed: tuple[str, ...]
    where: str
    refused: bool
    value: Returned | None


class Answered(msgspec.Struct, tag="answered", frozen=True):
    """What came of the calls of one trial, how long they took, and the digest of the arrays that they were given."""

    outcomes: tuple[Came, ...]
    seconds: float
    digest: str


class NotBuilt(msgspec.Struct, tag="not built", frozen=True):
    """The calls of a trial could not be made up; the text is the traceback."""

    text: str


class Noted(msgspec.Struct, tag="noted", frozen=True):
    """For each case why it is not claimed, and which deviations match it."""

    notes: tuple[tuple[str | None, tuple[int, ...]], ...]


class Probed(msgspec.Struct, tag="probed", frozen=True):
    """What came of the probing calls of a plain function."""

    answers: dict[str, Answer]


class Configured(msgspec.Struct, tag="configured", frozen=True):
    """What was recognised of a plain function is known."""


Message = Loaded | Failed | Forked | Reaped | Answered | NotBuilt | Noted | Probed | Configured


def _plain(value: Any) -> Any:
    """A text or a number of a class of its own, such as a library's version, as Python's own."""
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is a {type(value).__name__}, which is no plain text or number")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
_DECODER = msgspec.json.Decoder(Message)


ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")


def _known_dtypes() -> dict[str, np.dtype[Any]]:
    found = {np.dtype(letter).newbyteorder(order).str for letter in "?bBhHiIlLqQefdgFDG" for order in ORDERS}
    known = {name: np.dtype(name) for name in found}
    try:
        import ml_dtypes
    except ImportError:
        return known
    own = np.dtype(ml_dtypes.bfloat16)
    return known | {"bfloat16": own, "bfloat16 in the other byte order": own.newbyteorder()}


DTYPES = _known_dtypes()


def name_of(dtype: np.dtype[Any]) -> str | None:
    """The name under which an array of this dtype is sent; None if it holds no numbers that the suite knows."""
    name = dtype.str
    if dtype.kind not in "biufc":
        name = dtype.name if dtype.isnative else f"{dtype.name} in the other byte order"
    # Metadata and subclasses of a dtype stay where they are: the name is all that is sent.
    return name if name in DTYPES else None


def encoded(message: Message) -> bytes:
    """Write a message as JSON."""
    try:
        return _ENCODER.encode(message)
    except UnicodeEncodeError:
        # Python has texts that UTF-8 has not.
        return _ENCODER.encode(_encodable(msgspec.to_builtins(message, enc_hook=_plain)))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list | tuple) else value


def decoded(text: bytes) -> Message:
    """Read a message.

    Raises
    ------
    Garbled
        It is none.
    """
    try:
        message: Message = _DECODER.decode(text)
        return message
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise Garbled(f"it sent what is no answer: {problem}") from problem


def expected(message: Message, kinds: tuple[type, ...]) -> Any:
    """The message, if it is of a kind that was asked for.

    Raises
    ------
    Garbled
        It is of another.
    """
    if isinstance(message, kinds):
        return message
    raise Garbled(f"it sent an answer that was not asked for ({type(message).__name__})")


def parts(outcomes: Iterable[Outcome]) -> tuple[tuple[Came, ...], bytes]:
    """Split outcomes into what the text says of them and the bytes of their arrays."""
    came, pieces = [], []
    left = LARGEST_RESULTS
    for outcome in outcomes:
        value, returned = outcome.value, None
        if value is not None:
            left -= value.nbytes
            if left < 0:
                told = f"an array of shape {value.shape}, too large to be looked at"
                outcome = Outcome("not an array", None, told, where="an array that is too large")
            else:
                name = name_of(value.dtype)
                assert name is not None
                returned = Returned(value.shape, name)
                pieces.append(value.tobytes())
        came.append(Came(
            outcome.kind, outcome.text, outcome.changed, outcome.aliases, outcome.disturbed, outcome.where,
            outcome.refused, returned,
        ))
    return tuple(came), b"".join(pieces)


def outcomes_of(answered: Answered, raw: bytes) -> tuple[Outcome, ...]:
    """Join what the text says of outcomes and the bytes of their arrays.

    Raises
    ------
    Garbled
        They contradict each other.
    """
    outcomes: list[Outcome] = []
    start = 0
    if not answered.outcomes:
        raise Garbled("it sent an answer without an outcome")
    for came in answered.outcomes:
        value = None
        if (came.value is None) == (came.kind == "returned"):
            raise Garbled(f"it sent an outcome {came.kind!r} {'without' if came.value is None else 'with'} an array")
        if came.value is not None:
            value = _array(came.value, raw, start)
            start += value.nbytes
        outcomes.append(Outcome(
            came.kind, value, came.text, came.changed, came.aliases, came.disturbed, came.where, came.refused,
            "" if outcomes else answered.digest,
        ))
    if start != len(raw):
        raise Garbled(f"it sent {len(raw)} bytes for arrays of {start}")
    return tuple(outcomes)


def _array(form: Returned, raw: bytes, start: int) -> Array:
    dtype = DTYPES.get(form.dtype)
    if dtype is None:
        raise Garbled(f"it sent an array of dtype {form.dtype[:40]!r}, which is not one of the suite's")
    size = dtype.itemsize * math.prod(form.shape)
    if min(form.shape, default=0) < 0 or start + size > len(raw):
        raise Garbled(f"it sent {len(raw)} bytes, which are not those of shape {form.shape} and dtype {form.dtype}")
    try:
        return np.ndarray(form.shape, dtype, raw, start)
    except ValueError as problem:
        raise Garbled(f"it sent an array of shape {form.shape}: {problem}") from None


class Channel:
    """One end of a socket through which messages go, each behind the lengths of its text and of its bytes.

    Parameters
    ----------
    end : socket
        It is closed with the channel.
    """

    def __init__(self, end: Any) -> None:
        self.end = end
        self._kept = bytearray()

    def send(self, text: bytes, raw: bytes = b"", pause: Callable[[bool], None] | None = None) -> None:
        """Send a message.

        Parameters
        ----------
        text, raw : bytes
        pause : function or None
            Of an end that does not block: it waits until there is room, and raises when it has waited long enough.
        """
        frame = LENGTHS.pack(len(text), len(raw)) + text + raw
        if pause is None:
            self.end.sendall(frame)
            return
        left = memoryview(frame)
        while left:
            try:
                left = left[self.end.send(left) :]
            except BlockingIOError:
                pause(True)

    def receive(self, pause: Callable[[bool], None] | None = None) -> tuple[bytes, bytes]:
        """The next message's text and bytes.

        Parameters
        ----------
        pause : function or None
            Of an end that does not block: it waits until something is there, and raises when it has waited long enough.

        Raises
        ------
        EOFError
            The other end is closed.
        Garbled
            The lengths are those of no message.
        """
        while True:
            taken = self._taken()
            if taken is not None:
                return taken
            try:
                piece = self._piece()
            except BlockingIOError:
                assert pause is not None
                pause(False)
                continue
            if not piece:
                raise EOFError
            self._kept += piece

    def _piece(self) -> bytes:
        piece: bytes = self.end.recv(1 << 18)
        return piece

    def _taken(self) -> tuple[bytes, bytes] | None:
        if len(self._kept) < LENGTHS.size:
            return None
        text, raw = LENGTHS.unpack_from(self._kept)
        if text > LARGEST_TEXT or raw > LARGEST_RESULTS:
            raise Garbled(f"it sent lengths of {text} and {raw} bytes, which no answer has")
        end = LENGTHS.size + text + raw
        if len(self._kept) < end:
            return None
        taken = bytes(self._kept[LENGTHS.size : LENGTHS.size + text]), bytes(self._kept[LENGTHS.size + text : end])
        del self._kept[:end]
        return taken

    def close(self) -> None:
        """Close this end."""
        self.end.close()


class ControlChannel(Channel):
    """A channel with whose messages open descriptors come.

    Attributes
    ----------
    descriptors : list of int
        Those that came and were not taken.
    """

    def __init__(self, end: Any) -> None:
        super().__init__(end)
        self.descriptors: list[int] = []

    def _piece(self) -> bytes:
        piece, descriptors, _, _ = socket.recv_fds(self.end, 1 << 16, 1)
        self.descriptors += descriptors
        return piece

    def close(self) -> None:
        """Close this end, and what came through it."""
        super().close()
        for descriptor in self.descriptors:
            os.close(descriptor)
