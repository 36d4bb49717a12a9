"""Digests of arrays: whether an implementation was given the numbers that its answers are held against."""

import hashlib
from collections.abc import Sequence

from convspec.adapters.protocol import Array
from convspec.conformance.calls import Call, Outcome

CHANGED = Outcome(
    "exited", None, "it has changed its process, where the arrays of the case come out otherwise, so no answer counts"
)
MISCOUNTED = Outcome("exited", None, "its process has told of more or fewer calls than were asked for")


class Digest:
    """Names the numbers of arrays: equal for the same shapes, dtypes and numbers in the same order."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=12)

    def take(self, array: Array | None) -> None:
        """Go on with one more array, or with none."""
        if array is not None:
            self._hash.update(b"%d" % array.ndim + array.dtype.char.encode() + repr(array.shape).encode())
            self._hash.update(array.tobytes())
        else:
            self._hash.update(b"-")

    def text(self) -> str:
        """What was taken, as hexadecimal digits."""
        return self._hash.hexdigest()


def digest_of(calls: Sequence[Call]) -> str:
    """The digest of the arrays that calls are to be made with."""
    digest = Digest()
    for call in calls:
        for array in (call.x, call.w, call.bias):
            digest.take(array)
    return digest.text()


def believed(calls: Sequence[Call], outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """The outcomes of a trial, one for each call, if they are of these calls; else one that says what is wrong.

    Parameters
    ----------
    calls : sequence of Call
    outcomes : tuple of Outcome
        Of each call; or one, for all of them.
    """
    if outcomes[0].digest and outcomes[0].digest != digest_of(calls):
        outcomes = (CHANGED,)
    elif len(outcomes) not in (1, len(calls)):
        outcomes = (MISCOUNTED,)
    return outcomes if len(outcomes) == len(calls) else outcomes * len(calls)
