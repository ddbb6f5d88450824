"""A failed run as a finding: the run's own notification and the monitor's say the same."""

from dataclasses import replace
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.message import Kind, Message
from lifeboat.alerts.policy.messages import alert_message
from lifeboat.errors import LifeboatError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.commands import Commands
from lifeboat.model.steps import Step
from lifeboat.model.text import format_time, line

LEVEL = Level.WARNING
"""The level of a run's own notification: the run does not know whether there is a recent backup."""

CODES = {
    AttemptKind.BACKUP: Code.BACKUP_FAILED,
    AttemptKind.DRILL: Code.DRILL_ERROR,
    AttemptKind.RESTORE: Code.RESTORE_FAILED,
}

_CAUSE = 60
_SAFE = {
    AttemptKind.BACKUP: "That run published nothing. Earlier backups are not affected.",
    AttemptKind.DRILL: "The run changed nothing. It shows nothing about the backup.",
    AttemptKind.RESTORE: "Backups are not affected. Only a swap changes the live database.",
}
_OTHERS = (
    "If runs of other databases fail within the same hour, they send no message of their own; the"
    " monitor's next message names them."
)


def failed_run(attempt: Attempt, level: Level, commands: Commands) -> Finding:
    """The finding that a run failed, with the text of its error.

    Args:
        attempt: the failed run.
        level: how bad it is.
        commands: for advice.
    """
    what = line(attempt.what or "The run does not say why.")
    return run_finding(
        attempt,
        level,
        commands,
        headline=f"had a failed {attempt.kind}: {_cut(what)}",
        fact=f"{named_run(attempt)} failed: {what}",
        todo=line(attempt.next_step) if attempt.next_step else None,
    )


def run_without_result(attempt: Attempt, level: Level, commands: Commands, minutes: int) -> Finding:
    """The finding that a run ended without a result.

    Args:
        attempt: the run whose record still says that it is running.
        level: how bad it is.
        commands: for advice.
        minutes: the time limit of its function.
    """
    kind = attempt.kind
    return run_finding(
        attempt,
        level,
        commands,
        headline=f"had a {kind} that ended without a result (time-out or out of memory)",
        fact=f"{named_run(attempt)} recorded no result. Lambda stops a run after {minutes} minutes"
        f" ({kind}.timeout_minutes), or when it runs out of memory.",
        todo="Read the end of the log below. If it says time-out or out of memory, raise"
        f" {kind}.memory_mb in lifeboat.toml, which also gives more CPU, then: make deploy",
    )


def failure_message(attempt: Attempt, installation: Installation, now: datetime) -> Message:
    """The notification that a run sends of its own failure, in the monitor's form."""
    found = failed_run(attempt, LEVEL, installation.commands)
    message = alert_message([found], kind=Kind.NEW, now=now, installation=installation)
    return replace(message, paragraphs=(*message.paragraphs, _OTHERS))


def restore_message(
    database: str,
    error: LifeboatError,
    started: datetime,
    installation: Installation,
    now: datetime,
) -> Message:
    """The notification that a restore was executed and failed."""
    what = line(error.what)
    return _of_restore(
        database,
        error,
        headline=f"had a failed restore: {_cut(what)}",
        fact=f"The restore of {database} that started at {format_time(started)} failed: {what}",
        log=installation.commands.restore_log(),
        installation=installation,
        now=now,
    )


def neon_restore_message(
    database: str,
    error: LifeboatError,
    started: datetime,
    installation: Installation,
    now: datetime,
) -> Message:
    """The notification that a restore by Neon was executed and did not end.

    It failed, or Neon goes on with it: the error says which.
    """
    what = line(error.what)
    return _of_restore(
        database,
        error,
        headline=f"has a restore by Neon that is not done: {_cut(what)}",
        fact=f"The restore of {database} by Neon that started at {format_time(started)} is not"
        f" done: {what}",
        log=installation.commands.neon_restore_log(),
        installation=installation,
        now=now,
    )


def _of_restore(  # noqa: PLR0913  # each by its name
    database: str,
    error: LifeboatError,
    *,
    headline: str,
    fact: str,
    log: str,
    installation: Installation,
    now: datetime,
) -> Message:
    found = Finding(
        code=Code.RESTORE_FAILED,
        level=Level.CRITICAL,
        database=database,
        headline=headline,
        fact=fact,
        since=now,
        safe=line(error.safe),
        advice=(Step(line(error.todo)), Step("Read its log", log)),
    )
    return alert_message([found], kind=Kind.NEW, now=now, installation=installation)


def named_run(attempt: Attempt) -> str:
    """The run in words: the backup of app that started at 2026-11-22 02:00 UTC (its id)."""
    named = f" with the label {line(attempt.label)}" if attempt.label else ""
    of = f" ({line(attempt.backup)}{named})" if attempt.backup else named
    return (
        f"The {attempt.kind} of {attempt.database} that started at"
        f" {format_time(attempt.started)}{of}"
    )


def run_finding(
    attempt: Attempt,
    level: Level,
    commands: Commands,
    *,
    headline: str,
    fact: str,
    todo: str | None,
) -> Finding:
    """The finding about a run that failed, or left no result.

    Args:
        attempt: the run.
        level: how bad it is.
        commands: for advice.
        headline: what is wrong, in a few words.
        fact: the same in sentences.
        todo: what to do first; None for no more than to read the log and try again.
    """
    kind = attempt.kind
    return Finding(
        code=CODES[kind],
        level=level,
        database=attempt.database,
        headline=headline,
        fact=fact,
        since=attempt.finished or attempt.started,
        basis=attempt.started,
        safe=line(attempt.safe) if attempt.safe else _SAFE[kind],
        advice=(*([Step(todo)] if todo else []), *_again(kind, attempt.database, commands)),
        passing=kind is AttemptKind.RESTORE,
    )


def _again(kind: AttemptKind, database: str, commands: Commands) -> tuple[Step, Step]:
    """Read the log, and try again."""
    match kind:
        case AttemptKind.BACKUP:
            again = commands.to_back_up("Take a backup now, and read its answer", database)
        case AttemptKind.DRILL:
            again = commands.to_drill("Run a drill now, and read its answer", database)
        case AttemptKind.RESTORE:
            return Step("Read its log", commands.restore_log()), Step(
                "Plan the restore again",
                commands.program("restore", database),
                commands.restore({"action": "restore", "database": database}),
            )
    return Step("Read the log", commands.log(kind, database)), again


def _cut(text: str) -> str:
    """The beginning of an error's text, in ASCII, for a headline."""
    plain = text.encode("ascii", "replace").decode().rstrip(".")
    return plain if len(plain) <= _CAUSE else f"{plain[: _CAUSE - 3].rstrip(' .:,')}..."
