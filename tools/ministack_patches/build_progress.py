"""The phases of a build, as its shell tells of them."""

from tools.ministack_patches.build_log import BuildLog, NoLog
from tools.ministack_patches.build_record import BuildRecord, Ended
from tools.ministack_patches.buildspec import Buildspec


class BuildProgress:
    """Writes down what one shell does, in the log and in the record.

    Args:
        build: the record.
        log: the log.
        spec: whose commands run.

    Attributes:
        whole: whether the shell has come to its end.
    """

    def __init__(self, build: BuildRecord, log: BuildLog | NoLog, spec: Buildspec) -> None:
        self.whole = False
        self._build, self._log, self._spec = build, log, spec
        self._commands: tuple[str, ...] = ()
        self._command = ""
        self._open = False

    def hear(self, kind: str, value: str) -> None:
        """Take note of what `buildspec.said` makes of a line."""
        match kind:
            case "text":
                self._log.write(value)
            case "phase":
                self._succeed()
                self._commands, self._open = self._spec.commands[value], True
                self._build.begin(value.upper())
                self._log.note(f"Entering phase {value.upper()}")
            case "run":
                self._command = self._commands[int(value)]
                self._log.note(f"Running command {self._command}")
            case "status" if value != "0":
                self._fail(f"exit status {value}")
            case "end":
                self.whole = True

    def ended(self, code: int, wish: Ended | None) -> None:
        """The shell has ended, with that exit code, or because somebody ended it."""
        if self._open and wish:
            self._open = False
            self._build.complete(wish.status, wish.code, wish.message)
        elif self.whole:
            self._succeed()
        elif self._open:
            self._fail(f"exit status {code}")

    def _succeed(self) -> None:
        if self._open:
            self._open = False
            self._build.complete("SUCCEEDED")

    def _fail(self, reason: str) -> None:
        self._open = False
        self._log.note(f"Command did not exit successfully {self._command} {reason}")
        text = f"Error while executing command: {self._command}. Reason: {reason}"
        self._build.complete("FAILED", "COMMAND_EXECUTION_ERROR", text)
