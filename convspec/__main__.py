"""``python -m convspec`` and the ``convspec`` command."""

import os
import sys

from convspec.cli import run_command


def main() -> None:
    """Run the command line."""
    try:
        sys.exit(run_command(sys.argv[1:]))
    except BrokenPipeError:
        # Whoever read the output, `head` for instance, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
