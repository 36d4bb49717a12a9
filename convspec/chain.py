"""The chain of a results file: each line carries the hash of all that stands before it.

The suite writes the chain, the reports read it, and neither may import the other: so it lies above both, and imports
the standard library alone.

A chained line is one JSON object whose last member is ``"chain"``: 64 hexadecimal digits, the SHA-256 of the bytes of
all chained lines before it, each whole with its newline, followed by the bytes of this line up to that member. So a
line that is changed, taken out, put in or moved shows in its own hash, or in the hash of the next.
"""

import hashlib
import re

# The kinds of lines that the chain holds together; times and explanations stand outside of it.
CHAINED = ("header", "requirement", "adapter", "verdict", "exhaustive", "footer")
MEMBER = re.compile(rb', "chain": "([0-9a-f]{64})"\}')
LENGTH = len(b', "chain": ""}') + 64


class Chain:
    """The chain up to the line that comes next, for who writes it and for who reads it."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def sealed(self, line: bytes) -> bytes:
        """Add a line to the chain.

        Parameters
        ----------
        line : bytes
            A JSON object with at least one member, without newline and without the chain's own member.

        Returns
        -------
        bytes
            The line with that member, and with a newline.
        """
        opened = line.removesuffix(b"}")
        self._sum.update(opened)
        member = b', "chain": "%s"}\n' % self._sum.hexdigest().encode("ascii")
        self._sum.update(member)
        return opened + member

    def holds(self, line: bytes) -> bool:
        """Add a line that was read to the chain, and tell whether its hash is that of what precedes it.

        Parameters
        ----------
        line : bytes
            As it stands in the file, without newline.
        """
        opened = unsealed(line)
        return opened is not None and self.sealed(opened) == line + b"\n"


def unsealed(line: bytes) -> bytes | None:
    """Take the chain's member out of a line without newline; None where its last member is none."""
    if not MEMBER.fullmatch(line[-LENGTH:]):
        return None
    return line[:-LENGTH] + b"}"
