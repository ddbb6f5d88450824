"""The error that ends a command."""

from __future__ import annotations

from lifeboat_cli.exit_codes import ExitCode


class CommandError(Exception):
    """A command did not do what it was asked for.

    Args:
        what: what failed, with the names involved.
        safe: what is not affected.
        next_step: what to do or type now.
        code: the exit code.
    """

    def __init__(
        self, what: str, *, safe: str, next_step: str, code: ExitCode = ExitCode.FAILED
    ) -> None:
        super().__init__(what)
        self.what = what
        self.safe = safe
        self.next_step = next_step
        self.code = code


NOTHING_SENT = "Nothing was sent to AWS that changes anything."
"""What is safe when a command fails before it has invoked a function."""
