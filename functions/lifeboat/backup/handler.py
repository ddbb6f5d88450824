"""The backup function's entry point: one event, one backup, its log and its figures."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.run_reporter import recorded
from lifeboat.alerts.wiring import run_reporter
from lifeboat.backup.policy.answer import answer_of
from lifeboat.backup.policy.event import BackupEvent, parse_event, scheduled_at
from lifeboat.backup.policy.publication import Publication
from lifeboat.backup.retry_backup import take_backup_with_retry
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import BackupOutcome
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.engine import Engine
from lifeboat.model.keys import BackupLocation
from lifeboat.model.metrics import backup_metrics
from lifeboat.model.tiers import tier_of
from lifeboat.postgres.login import read_login
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.emit_metrics import emit_metrics
from lifeboat.runtime.hand_over import engine
from lifeboat.runtime.invocation import (
    as_lifeboat_error,
    crashes_logged,
    log_errors,
    seconds_left,
    secret_store,
)
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import Vault, s3_client
from lifeboat.settings import Settings
from lifeboat.settings.allowance import forecast

# The service is named here and not by powertools' variable, which would also make it a dimension
# of every metric: graphs are by database.
logger = Logger(service="lifeboat-backup")


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=BackupRun.SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Take the backup that the event asks for; gives what there is to know of it first.

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
    vault = Vault(s3_client(), os.environ["LIFEBOAT_VAULT"])
    attempt = Attempt(
        kind=AttemptKind.BACKUP,
        database=asked.database,
        run_id=context.aws_request_id,
        started=datetime.now(UTC),
        backup=location.id,
        label=asked.label,
    )
    publication = Publication()
    with crashes_logged(logger, context, lambda: publication.safe):
        with (
            recorded(
                attempt,
                run_reporter(settings, vault, f"backup-{asked.database}", context, logger),
                lambda error: as_lifeboat_error(error, context, safe=publication.safe),
            ),
            tempfile.TemporaryDirectory(prefix="lifeboat-") as folder,
        ):
            run = BackupRun(
                location=location,
                label=asked.label,
                folder=Path(folder),
                run_id=context.aws_request_id,
                started=datetime.now(UTC),
                settings=settings,
                vault=vault,
                programs=Programs.of_environment(),
                read_login=partial(read_login, secret_store()),
                remaining=seconds_left(context),
                log=lambda event, details: logger.warning(event, extra=dict(details)),
                publication=publication,
                progress=logged_progress(logger),
            )
            outcome = take_backup_with_retry(run)
        return _answer(run, outcome)


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
        run.vault.bucket,
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
