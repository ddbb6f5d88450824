"""Signals in programs that tests start, wherever the tests themselves run."""

import signal


def heed_ctrl_c() -> None:
    """Let Ctrl-C and a lost terminal end the program that is about to start: for `preexec_fn`.

    Who starts the tests in the background, as `make test &` or `nohup make test` in a script, has
    them ignore SIGINT or SIGHUP, and programs inherit that. A person's shell doesn't do so to what
    runs in the foreground.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
