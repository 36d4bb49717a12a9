"""What implementations return and raise that is no array of numbers, or looks like none, or comes with more than that.

Each is given the right answer and returns something else, or the same in an odd wrapping.
"""

import concurrent.futures
import datetime
import threading

import numpy as np


class Sub(np.ndarray):
    """A subclass that lies about itself to whoever asks politely."""

    @property
    def nbytes(self):
        return -1

    def tobytes(self, order="C"):
        raise RuntimeError("no bytes from here")

    def __array_finalize__(self, other):
        self.kept = other


class Offers:
    """Something that is no array and offers one."""

    def __init__(self, give):
        self.give = give

    def __array__(self, dtype=None, copy=None):
        return self.give()


class Unpickled:
    """An object that would run if anybody unpickled it."""

    ran = "nobody"

    def __reduce__(self):
        return print, ("this ran in the suite",)


class Mute(Exception):
    """An exception without a text."""

    def __str__(self):
        raise RuntimeError("no text")


class NoText(Exception):
    """An exception whose text is none."""

    def __str__(self):
        return 7


class Named(Exception):
    """An exception with an odd name."""


Named.__name__ = "a\nb\x1b[31m<b>"


def raising(error):
    """Raise an exception instead of an answer."""
    def act(right):
        raise error

    return act


def in_a_ring(right):
    """Raise an exception that is its own cause."""
    error = ValueError("round")
    error.__cause__ = KeyError("and round")
    error.__cause__.__cause__ = error
    raise error


def hiding(right):
    """Hide the first number."""
    return np.ma.array(right, mask=np.arange(right.size).reshape(right.shape) == 0)


def records(right):
    """Put the numbers into records."""
    result = np.zeros(right.shape, [("value", right.dtype), ("valid", bool)])
    result["value"] = right
    return result


def carrying(right):
    """Give the dtype an object to carry."""
    dtype = np.dtype(right.dtype, metadata={"judge": Unpickled()})
    return right.astype(dtype)


def from_a_thread(right):
    """Let a thread make the answer."""
    kept = []
    thread = threading.Thread(target=lambda: kept.append(right.copy()))
    thread.start()
    thread.join()
    return kept[0]


def in_the_future(right):
    """Promise the answer."""
    future = concurrent.futures.Future()
    future.set_result(right)
    return future


def in_a_coroutine(right):
    """Promise to work it out."""
    async def later():
        return right

    made = later()
    made.close()
    return made


def one_number_too_many(right):
    """Add an axis and a number."""
    return np.append(right.ravel(), 0)


# Every number is there, and the array is one: these conform.
READ = {
    "a subclass that lies": lambda right: right.view(Sub),
    "a masked array that hides nothing": lambda right: np.ma.array(right),
    "a dtype that carries an object": carrying,
    "an object that offers an array": lambda right: Offers(lambda: right),
    "a read-only array": lambda right: np.frombuffer(right.tobytes(), right.dtype).reshape(right.shape),
    "steps through memory": lambda right: np.repeat(right, 2, 3)[..., ::2],
    "another order in memory": np.asfortranarray,
    "backwards in memory": lambda right: right[..., ::-1].copy()[..., ::-1],
    "made by a thread": from_a_thread,
}
# No array of numbers: (what is returned, what is said).
NOT_READ = {
    "text": (lambda right: right.astype("U8"), "an array of dtype str256, not of numbers"),
    "bytes": (lambda right: right.astype("S8"), "an array of dtype bytes64, not of numbers"),
    "dates": (lambda right: right.astype("int64").astype("M8[D]"), "an array of dtype datetime64[D], not of numbers"),
    "spans of time": (lambda right: right.astype("int64").astype("m8[s]"), "an array of dtype timedelta64[s]"),
    "void": (lambda right: np.zeros(right.shape, "V3"), "an array of dtype void24, not of numbers"),
    "records": (records, "not of numbers"),
    "Python's objects": (lambda right: right.astype(object), "an array of Python objects, not of numbers"),
    "objects that would run": (lambda right: np.full(right.shape, Unpickled()), "an array of Python objects"),
    "an object that would run": (lambda right: Unpickled(), "a Unpickled, not an array"),
    "a masked array that hides a number": (hiding, "a masked array that hides 1 of its"),
    "a list": (lambda right: right.tolist(), "a list, not an array"),
    "a generator": (lambda right: (row for row in right), "a generator, not an array"),
    "nothing": (lambda right: None, "None, not an array"),
    "a number": (lambda right: np.float64(3), "a float64, not an array"),
    "a view of memory": (lambda right: memoryview(np.ascontiguousarray(right)), "a memoryview, not an array"),
    "a promise": (in_the_future, "a Future, not an array"),
    "a coroutine": (in_a_coroutine, "a coroutine, not an array"),
    "a date": (lambda right: datetime.date(2020, 1, 1), "a date, not an array"),
    "the array's class": (lambda right: np.ndarray, "Python objects"),
    "an array that is too large": (lambda right: np.zeros((1, 1, 1 << 13, 1 << 13)), "too large to be looked at"),
}
# Arrays of numbers that are wrong.
WRONG = {
    "a number without axes": (lambda right: np.array(3.0), "got shape ()"),
    "sixty axes": (lambda right: np.zeros((1,) * 60), "got shape (1, 1, 1"),
    "one number too many": (one_number_too_many, "got shape ("),
    "nothing along one axis": (lambda right: right[..., :0], "got shape ("),
    "truth values": (lambda right: right.astype(bool), "got 1 at"),
    "NaN": (lambda right: np.full_like(right, np.nan), "got nan"),
    "infinities": (lambda right: np.full_like(right, np.inf), "got inf"),
}
# Right numbers of another dtype: one finding of the family DTY for who claims to keep it.
DTYPES = {
    "long double": lambda right: right.astype(np.longdouble),
    "complex long double": lambda right: right.astype(np.clongdouble),
    "complex numbers": lambda right: right.astype(complex),
    "the other byte order": lambda right: right.astype(right.dtype.newbyteorder()),
    "half precision": lambda right: right.astype(np.float16),
}
# (what is raised, what is said).
RAISED = {
    "a lone surrogate": (raising(ValueError("\ud800 and \udcff")), r"ValueError: \ud800 and \udcff"),
    "control characters": (raising(ValueError("a\x00b\x1b[31mc\r\n\td")), "ValueError: a"),
    "a very long text": (raising(ValueError("x" * 10_000_000)), "ValueError: xxxx"),
    "a text that is mark-up": (raising(ValueError("</script><script>alert(1)</script>")), "ValueError: </script>"),
    "no text": (raising(Mute()), "Mute"),
    "a text that is none": (raising(NoText()), "NoText"),
    "an odd name": (raising(Named("odd")), "odd"),
    "an exception of exceptions": (raising(ExceptionGroup("several", [ValueError("one")])), "ExceptionGroup: several"),
    "a bare exception": (raising(BaseException("bare")), "BaseException: bare"),
    "the end of a generator": (raising(GeneratorExit()), "GeneratorExit"),
    "the end of an iterator": (raising(StopIteration(3)), "StopIteration: 3"),
    "no end of calls": (lambda right: in_depth(right), "RecursionError"),
    "a ring of causes": (in_a_ring, "ValueError: round"),
    "an array that raises": (lambda right: Offers(lambda: 1 / 0), "ZeroDivisionError"),
    "an array that is none": (lambda right: Offers(lambda: [1]), "object __array__ method not producing an array"),
}


def in_depth(right):
    """Call itself."""
    return in_depth(right)
