"""``python -m convspec`` and the ``convspec`` command."""

import sys

from convspec.cli import run_command


def main() -> None:
    """Run the command line."""
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
