"""The backup function's entry point: one event, one backup, its log and its figures."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.run_reporter import recorded
from lifeboat.alerts.wiring import begun_attempt, run_reporter
from lifeboat.backup.branch_source import NeonBranch
from lifeboat.backup.chosen_source import ChosenSource
from lifeboat.backup.hand_over import take_or_hand_over
from lifeboat.backup.policy.answer import answer_of
from lifeboat.backup.policy.event import BackupEvent, parse_event, scheduled_at
from lifeboat.backup.policy.publication import Publication
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import BackupOutcome
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.branches import BranchRequest
from lifeboat.model.engine import Engine
from lifeboat.model.hand_over import HandOver, HandOverAnswer
from lifeboat.model.keys import BackupLocation
from lifeboat.model.metrics import backup_metrics
from lifeboat.model.tiers import tier_of
from lifeboat.postgres.login import read_login
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.source import DatabaseItself
from lifeboat.runtime.branch_broker import branch_broker
from lifeboat.runtime.emit_metrics import emit_metrics
from lifeboat.runtime.hand_over import engine, job_starter
from lifeboat.runtime.host import database_url
from lifeboat.runtime.invocation import (
    as_lifeboat_error,
    crashes_logged,
    log_errors,
    seconds_left,
    secret_store,
)
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.settings import Settings
from lifeboat.settings.allowance import forecast

# The service is named here and not by powertools' variable, which would also make it a dimension
# of every metric: graphs are by database.
logger = Logger(service="lifeboat-backup")

_HAND_OVER_SECONDS = 25.0
"""Reserve of a run that may become a job, before its own end: to abort the upload, start the job
and try that again while CodeBuild is busy."""

_REPORT_SECONDS = 8.0
"""Reserve before Lambda's timeout to report that no job was started."""


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=BackupRun.SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Take the backup that the event asks for; gives what there is to know of it first.

    A backup that doesn't fit into a function is handed over to a job, which runs this handler with
    the same event; then the answer names the job.

    `{"database": "app", "scheduled": "2026-11-22T02:00:00Z"}` from the schedule, or from a person
    `{"database": "app", "tier": "manual", "label": "before-migration-42"}`.

    Raises:
        LifeboatError: says whether there is a backup all the same. If there is none, or nobody
            knows, the run has notified people.
    """
    asked = parse_event(event)
    settings = Settings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    settings = settings.of_database(asked.database)
    if engine() is Engine.JOB:
        settings = settings.for_job("backup")
    location = _location(asked, settings)
    logger.append_keys(run_id=context.aws_request_id, backup=location.id)
    logger.info("backup.started", extra={"label": asked.label})
    bucket = BackupBucket(s3_client(), os.environ["LIFEBOAT_BUCKET"])
    attempt = begun_attempt(
        AttemptKind.BACKUP, asked.database, datetime.now(UTC), context
    ).model_copy(update={"backup": location.id, "label": asked.label})
    jobs = job_starter(context.aws_request_id, _last_seconds(context))
    may_become_job = jobs is not None and settings.databases[0].engine == "auto"
    publication = Publication()
    with crashes_logged(logger, context, lambda: publication.safe):
        with (
            recorded(
                attempt,
                run_reporter(settings, bucket, f"backup-{asked.database}", context, logger),
                lambda error: as_lifeboat_error(error, context, safe=publication.safe),
            ) as record,
            tempfile.TemporaryDirectory(prefix="lifeboat-") as folder,
        ):
            run = BackupRun(
                location=location,
                label=asked.label,
                folder=Path(folder),
                run_id=context.aws_request_id,
                started=datetime.now(UTC),
                settings=settings,
                bucket=bucket,
                programs=Programs.of_environment(),
                read_login=partial(read_login, secret_store(database_url())),
                remaining=_seconds_left(context, may_become_job=may_become_job),
                log=lambda event, details: logger.warning(event, extra=dict(details)),
                publication=publication,
                progress=logged_progress(logger),
                engine=engine(),
                may_become_job=may_become_job,
            )
            run.source = _source(run)
            taken = take_or_hand_over(run, jobs, asked.pinned(location.scheduled_at))
            if isinstance(taken, HandOver):
                record.job = taken
        return _handed_over(taken) if isinstance(taken, HandOver) else _answer(run, taken)


def _source(run: BackupRun) -> ChosenSource:
    """What the run reads: a branch, if the settings say so."""
    database = DatabaseItself(run.login)
    if run.database.source == "database":
        return ChosenSource(database)
    request = BranchRequest(
        action="create", database=run.database.name, run=run.run_id, engine=run.engine
    )
    branch = NeonBranch(branch_broker(secret_store()), request, run.login, run.folder, run.log)
    return ChosenSource(database, branch, seconds=run.remaining())


def _last_seconds(context: LambdaContext) -> Callable[[], float]:
    """How long the function may still try to start a job: it has to report what comes of it."""
    return lambda: context.get_remaining_time_in_millis() / 1000 - _REPORT_SECONDS


def _seconds_left(context: LambdaContext, *, may_become_job: bool) -> Callable[[], float]:
    """The seconds until the run has to be over; before the function's end if a job may follow."""
    left = seconds_left(context)
    reserve = min(_HAND_OVER_SECONDS, left() / 4) if may_become_job else 0.0
    return lambda: left() - reserve


def _handed_over(job: HandOver) -> dict[str, object]:
    """The answer of a run that a job goes on with."""
    logger.info("backup.handed_over", extra=job.as_logged())
    return HandOverAnswer(handed_over=job).as_json()


def _answer(run: BackupRun, outcome: BackupOutcome) -> dict[str, object]:
    """The answer, which is logged, too; a backup that was taken gives its metrics."""
    manifest = outcome.manifest
    if outcome.created and run.settings.dashboard:
        emit_metrics(
            backup_metrics(manifest.database, manifest.archive.bytes, manifest.inventory.rows)
        )
    transfer = forecast(manifest, run.database, datetime.now(UTC))
    answer = answer_of(
        manifest,
        run.bucket.name,
        created=outcome.created,
        transfer=transfer,
        settings=run.settings,
    ).as_json()
    if transfer.warnings:
        logger.warning("backup.transfer_warning", extra=asdict(transfer))
    logger.info("backup.finished", extra={"answer": answer})
    return answer


def _location(asked: BackupEvent, settings: Settings) -> BackupLocation:
    """Where the backup goes: by its scheduled time, or by now when a person asks."""
    moment = scheduled_at(asked, datetime.now(UTC))
    zone = ZoneInfo(settings.databases[0].timezone)
    return BackupLocation(asked.tier or tier_of(moment, zone), asked.database, moment)
