"""``python -m convspec`` and the ``convspec`` command."""

import sys


def main() -> None:
    """Run the command line."""
    # Imported here: below, the working folder is taken out of the search first.
    import io
    import os

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows ASCII alone shows the signs that it lacks as their numbers.
            stream.reconfigure(errors="backslashreplace")
    if sys.flags.optimize > 1:
        print("convspec: python -OO leaves out the sentences that the results are explained with; run it with -O",
              flush=True)
        sys.exit(2)
    from convspec.cli import run_command

    try:
        sys.exit(run_command(sys.argv[1:]))
    except BrokenPipeError:
        # Whoever read the output, `head` for instance, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The working folder: a file there that is called as a module of a library would take its place.
        del sys.path[0]
    main()
