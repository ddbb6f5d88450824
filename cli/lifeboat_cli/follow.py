"""Starts a run and follows it by its log to its end.

A run may take fifteen minutes, and NAT gateways cut a silent connection after 350 seconds. So it is
started asynchronously: Lambda answers with its id at once, and its log has its progress and its
answer. The functions' asynchronous invocations have no retries.

What does not fit into a function goes on as a job, in the same log and under the same id; then
Lambda's line of the end is not that of the run.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from lifeboat_cli.aws_errors import code_of, explained
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import Answer, error_of
from lifeboat_cli.jobs import LONGEST_SECONDS as LONGEST_JOB_SECONDS
from lifeboat_cli.jobs import STREAM_PREFIX, JobWatch
from lifeboat_cli.progress import Display
from lifeboat_cli.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifeboat_cli.context import Context

    Lines = list[tuple[str, bool]]

LONGEST_SECONDS = 900.0
"""Lambda's limit for a run that stays in its function."""

_LATE_SECONDS = 60.0
"""How late CloudWatch may show a line."""

KILLED_SECONDS = 8.0
"""How long the last words of a run may come after Lambda's line that it was killed."""

LAST_WORDS_SECONDS = 60.0
"""How long they may come after the line of its end, if nothing says that it was killed."""

_EARLY_SECONDS = 60.0
"""How far clocks may differ."""

_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_JOB_PAUSE = 0.5, 2.0, 15.0
"""Seconds between two looks into the log; FilterLogEvents may be called five times a second, by
everybody in the account together."""


@dataclass(frozen=True)
class Run:
    """A run that was started.

    Attributes:
        job: backup, drill or restore.
        database: whose.
        run_id: its request's id, by which its log is found.
        since: when it was started, in milliseconds since 1970.
        function: the function's name.
    """

    job: str
    database: str
    run_id: str
    since: int
    function: str

    @property
    def watch(self) -> str:
        """The command that shows it again."""
        return f"lifeboat watch {self.database} --run {self.run_id}"


def run(
    context: Context,
    job: str,
    database: str | None,
    event: Mapping[str, object],
    *,
    doing: str,
) -> Answer:
    """Start a run, show its progress, and return its answer.

    With --show-event it prints the event instead, and ends the command.

    Args:
        context: of the command.
        job: backup, drill or restore.
        database: of the function; None if it has one for all of them.
        event: what to send; it names the database.
        doing: what people read meanwhile, such as "Backing up app".

    Raises:
        CommandError: it could not be started, failed, or is still running.
    """
    if context.options.show_event:
        context.show_event(job, database, event)
        raise click.exceptions.Exit(0)
    function = context.stack.function(job, database)
    _require_log(context, function)
    with explained(f"lambda:InvokeFunction on {function}"):
        started = context.stack.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(event)
        )["ResponseMetadata"]
    begun = parsedate_to_datetime(started["HTTPHeaders"]["date"]).timestamp()
    return follow(
        context,
        Run(
            job=job,
            database=str(event["database"]),
            run_id=started["RequestId"],
            since=int((begun - _EARLY_SECONDS) * 1000),
            function=function,
        ),
        doing=doing,
    )


def follow(context: Context, started: Run, *, doing: str) -> Answer:
    """Show a run's progress to its end, and return its answer.

    Args:
        context: of the command.
        started: the run.
        doing: what people read meanwhile.

    Raises:
        CommandError: it failed, is still running when its time is over, or Ctrl-C was pressed.
    """
    log, ended, job_watch = RunLog(started.run_id), None, JobWatch(context)
    try:
        with Display(context, doing) as display:
            for lines in _looks(context, started, log):
                _show(display, log, lines)
                if log.settled or job_watch.over(log, time.monotonic()):
                    break
                if log.ended and not log.job:
                    ended = ended or time.monotonic()
                    if time.monotonic() - ended >= _patience(log):
                        break
    except KeyboardInterrupt:
        raise CommandError(
            f"Stopped watching; the run goes on: {started.run_id}",
            safe="The run is not affected.",
            next_step=started.watch,
            code=ExitCode.INTERRUPTED,
        ) from None
    if log.settled and not log.failure and log.answer is not None:
        return log.answer
    failure = log.failure or log.killed() or job_watch.failure()
    if failure is None:
        raise _unknown(started, log)
    if context.options.json:
        context.show_json(failure)
    raise error_of(failure, started.function)


def _show(display: Display, log: RunLog, lines: Lines) -> None:
    """Read new lines, and show the progress in them: the function's, then its job's."""
    for of_job in (False, True):
        for progress in log.add((line for line, its in lines if its == of_job), of_job=of_job):
            display.show(progress)
        if log.job:
            display.handed_over(log.job)


def _patience(log: RunLog) -> float:
    """Seconds to wait for the last words of a run that has ended."""
    return KILLED_SECONDS if log.killed() else LAST_WORDS_SECONDS


def log_lines(context: Context, started: Run) -> Lines:
    """What CloudWatch shows now of a run's log: each line, and whether a job wrote it.

    Raises:
        ClientError: CloudWatch refused.
    """
    pages = (
        context.stack.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{started.function}",
            startTime=started.since,
            filterPattern=f'"{started.run_id}"',
        )
    )
    return [line_of(each) for page in pages for each in page["events"]]


def line_of(event: Mapping[str, Any]) -> tuple[str, bool]:
    """The line of an event of CloudWatch, and whether a job wrote it."""
    stream = str(event.get("logStreamName", ""))
    return event["message"].rstrip("\n"), stream.startswith(STREAM_PREFIX)


def _looks(context: Context, started: Run, log: RunLog) -> Iterator[Lines]:
    """The log again and again, until the run must be over."""
    begun, pause = time.monotonic(), _FIRST_PAUSE
    while time.monotonic() - begun < _LATE_SECONDS + (
        LONGEST_JOB_SECONDS if log.job else LONGEST_SECONDS
    ):
        try:
            yield log_lines(context, started)
        except ClientError as error:
            if code_of(error) != "ThrottlingException":
                raise _unwatched(started, str(error)) from None
        except BotoCoreError as error:
            context.say(f"The log could not be read, trying again: {error}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_JOB_PAUSE if log.job else _LONGEST_PAUSE)


def _require_log(context: Context, function: str) -> None:
    """Find out that the log can be read before a run is started that nobody could watch.

    Raises:
        CommandError: it can't.
    """
    with explained(f"logs:FilterLogEvents on the log group /aws/lambda/{function}"):
        context.stack.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{function}", limit=1
        )


def _unwatched(started: Run, why: str) -> CommandError:
    return CommandError(
        f"The run was started and goes on, but its log can't be read: {why}",
        safe="The run is not affected.",
        next_step=f"Allow logs:FilterLogEvents on /aws/lambda/{started.function}, then:"
        f" {started.watch}",
        code=ExitCode.RUNNING,
    )


def _unknown(started: Run, log: RunLog) -> CommandError:
    also = ""
    if log.job:
        said = f"goes on as the job {log.job.build}, or has ended: its log doesn't show which."
        also = f"{log.job.look}  or: "
    elif log.ended:
        said = "has ended, but its log doesn't show how."
    else:
        what = "has not ended" if log.started else "has not begun"
        said = f"{what} after {LONGEST_SECONDS / 60:.0f} minutes, as far as its log shows."
    return CommandError(
        f"The run {started.run_id} {said}",
        safe="Existing backups are untouched. Nobody knows yet what became of the run.",
        next_step=f"{also}{started.watch}  or: lifeboat backups {started.database}",
        code=ExitCode.RUNNING,
    )
