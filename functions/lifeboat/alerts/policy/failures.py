"""A run that failed, in the form of the monitor's findings: whoever tells of it, says the same."""

from dataclasses import replace
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.messages import Kind, Message, raised
from lifeboat.errors import LifeboatError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.commands import Commands
from lifeboat.model.text import at, line

LEVEL = Level.WARNING
"""What a run says of its own failure: it doesn't know whether there is a backup that is young."""

CODES = {AttemptKind.BACKUP: Code.BACKUP_FAILED, AttemptKind.DRILL: Code.DRILL_ERROR}

_CAUSE = 60
_SAFE = {
    AttemptKind.BACKUP: "Nothing was published by that run; earlier backups are untouched.",
    AttemptKind.DRILL: "The run changed nothing, and says nothing about the backup.",
}
_OTHERS = (
    "If this happens to other databases within the hour, the monitor's next message names them, and"
    " they send none of their own."
)


def failure(attempt: Attempt, level: Level, commands: Commands) -> Finding:
    """The finding that a run failed, with the error's own three answers.

    Args:
        attempt: one that failed.
        level: how bad it is.
        commands: for advice.
    """
    what = line(attempt.what or "It does not say why.")
    return _finding(
        attempt,
        level,
        commands,
        headline=f"had a failed {attempt.kind}: {_cut(what)}",
        fact=f"{_run(attempt)} failed: {what}",
        todo=line(attempt.todo) if attempt.todo else None,
    )


def silence(attempt: Attempt, level: Level, commands: Commands, minutes: int) -> Finding:
    """The finding that a run never said how it ended.

    Args:
        attempt: one that is still noted as running.
        level: how bad it is.
        commands: for advice.
        minutes: that its function has.
    """
    kind = attempt.kind
    return _finding(
        attempt,
        level,
        commands,
        headline=f"had a {kind} that ended without a word (time-out or out of memory)",
        fact=f"{_run(attempt)} has not said how it ended. Lambda ends a run after its {minutes}"
        f" minutes ({kind}.timeout_minutes), or when it needs more memory than it has.",
        todo="See the last lines of the log below. If they speak of time or memory, raise"
        f" {kind}.memory_mb in lifeboat.toml, which brings more CPU as well, then: make deploy",
    )


def failure_message(attempt: Attempt, installation: Installation, now: datetime) -> Message:
    """What a run itself tells people, in the monitor's form."""
    found = failure(attempt, LEVEL, installation.commands)
    message = raised([found], kind=Kind.NEW, now=now, installation=installation)
    return replace(message, paragraphs=(*message.paragraphs, _OTHERS))


def restore_message(
    database: str,
    error: LifeboatError,
    started: datetime,
    installation: Installation,
    now: datetime,
) -> Message:
    """What a restore that was carried out, and failed, tells people."""
    what = line(error.what)
    found = Finding(
        code=Code.RESTORE_FAILED,
        level=Level.CRITICAL,
        database=database,
        headline=f"had a failed restore: {_cut(what)}",
        fact=f"The restore of {database} that began at {at(started)} failed: {what}",
        since=now,
        safe=line(error.safe),
        advice=(
            line(error.todo),
            f"See what it said: {installation.commands.restore_log()}",
        ),
    )
    return raised([found], kind=Kind.NEW, now=now, installation=installation)


def _run(attempt: Attempt) -> str:
    named = f" with the label {line(attempt.label)}" if attempt.label else ""
    of = f" ({line(attempt.backup)}{named})" if attempt.backup else named
    return f"The {attempt.kind} of {attempt.database} that began at {at(attempt.started)}{of}"


def _finding(
    attempt: Attempt,
    level: Level,
    commands: Commands,
    *,
    headline: str,
    fact: str,
    todo: str | None,
) -> Finding:
    kind, database = attempt.kind, attempt.database
    again = commands.back_up if kind is AttemptKind.BACKUP else commands.drill
    noun = "Take a backup" if kind is AttemptKind.BACKUP else "Hold a drill"
    return Finding(
        code=CODES[kind],
        level=level,
        database=database,
        headline=headline,
        fact=fact,
        since=attempt.finished or attempt.started,
        basis=attempt.started,
        safe=line(attempt.safe) if attempt.safe else _SAFE[kind],
        advice=(
            *([todo] if todo else []),
            f"The log: {commands.log(kind, database)}",
            f"{noun} now, and read what it answers: {again(database)}",
        ),
    )


def _cut(text: str) -> str:
    """The beginning of a cause, in ASCII, for a line of its own."""
    plain = text.encode("ascii", "replace").decode().rstrip(".")
    return plain if len(plain) <= _CAUSE else f"{plain[: _CAUSE - 3].rstrip(' .:,')}..."
