"""A program that reads all that comes through its standard input and keeps the end of it.

It runs in a process of its own and imports next to nothing, so that it is always there to read: what an implementation
prints must neither fill a disk nor wait for anyone. Its standard output is a socket: for each byte that comes through
it, the end of what was read so far goes back, behind its length in four bytes.
"""

import os
import select

PIECE, KEPT = 1 << 20, 1 << 16
# What is in the pipe when somebody asks belongs to the answer; one who prints without end must not delay it for ever.
PIECES_BEFORE_AN_ANSWER = 32


def main() -> None:
    """Read until the other end of the socket is closed."""
    os.set_blocking(0, False)
    kept = bytearray()
    watched = [0, 1]
    while True:
        asked = 1 in select.select(watched, [], [])[0]
        for _ in range(PIECES_BEFORE_AN_ANSWER if asked else 1):
            try:
                piece = os.read(0, PIECE)
            except BlockingIOError:
                break
            if not piece:
                # Nobody can print any more, and the end may still be asked for.
                watched = [1]
                break
            kept += piece
            del kept[:-KEPT]
        if asked:
            if not os.read(1, 1):
                return
            os.write(1, len(kept).to_bytes(4, "big") + kept)


if __name__ == "__main__":
    main()
