"""``python -m convspec`` and the ``convspec`` command."""

import sys


def main() -> None:
    """Run the command line."""
    # Imported here: below, the working folder is taken out of the search first.
    from convspec import interrupting
    from convspec.rules import INTERRUPTED

    interrupting.take_over()
    streams = sys.stdout, sys.stderr
    try:
        status = _status()
    except KeyboardInterrupt:
        status = INTERRUPTED
    interrupting.finish()
    sys.stdout, sys.stderr = streams
    sys.exit(status)


def _status() -> int:
    """The exit status of the command, which has printed all that it has to say."""
    from convspec import interrupting
    from convspec.rules import SUITE_FAILED, WRONG_USAGE
    from convspec.streams import open_what_is_closed, steady

    is_open = open_what_is_closed()
    sys.stderr, _ = steady(sys.stderr)
    if not is_open:
        print("convspec: standard output is closed, so nothing could be told", file=sys.stderr)
        return WRONG_USAGE
    sys.stdout, output = steady(sys.stdout)
    if sys.flags.optimize > 1:
        print("convspec: python -OO leaves out the sentences that the results are explained with; run it with -O",
              flush=True)
        return WRONG_USAGE
    try:
        from convspec.cli import run_command

        interrupting.begin()
        status = run_command(sys.argv[1:])
    except SystemExit as ended:
        # So the options are refused, and help is given.
        status = ended.code if isinstance(ended.code, int) else 0
    except Exception:
        # Not 1, with which Python would end: that accuses the implementation.
        import traceback

        traceback.print_exc()
        status = SUITE_FAILED
    interrupting.finish()
    sys.stdout.flush()
    problem = None if output is None else output.problem
    # Whoever reads through a pipe, `head` for instance, has seen enough when it closes it.
    # A terminal that is closed sends a signal, which has said already how it ends.
    if problem is not None and not isinstance(problem, BrokenPipeError) and not interrupting.came():
        print(f"convspec: standard output cannot be written: {problem.strerror}", file=sys.stderr)
        status = WRONG_USAGE
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The working folder: a file there that is called as a module of a library would take its place.
        del sys.path[0]
    main()
