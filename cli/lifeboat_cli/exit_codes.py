"""What the exit code of a command says."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of all commands. They are an interface: scripts and cron jobs rely on them."""

    DONE = 0
    """What was asked for was done, or what was asked about is safe."""
    FAILED = 1
    """It was not done, or not to the end. The error says what is safe and what to do next."""
    USAGE = 2
    """Wrong usage, no such database or stack, or the person declined. Nothing was done."""
    PARTIAL = 3
    """It was done, and a part of it could not be tested or was not done."""
    NOT_SAFE = 4
    """`status`, `doctor`: a database or the bucket is not safe, or something is not set up."""
    RUNNING = 5
    """The run goes on, or nobody knows yet what became of it."""
    INTERRUPTED = 130
    """Ctrl-C. A run that had been started goes on."""
