"""The entry point of the function that restores by Neon: only people invoke it."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from lifeboat.alerts.policy.failures import neon_restore_message
from lifeboat.alerts.run_reporter import RunReporter
from lifeboat.alerts.wiring import run_reporter
from lifeboat.errors import EventError, LifeboatError, PlatformError, RefusedError
from lifeboat.neon.api import NEON_API, NeonApi, neon_pool
from lifeboat.neon.client import NeonProject
from lifeboat.neon.policy.endpoint import TEST_API, api_of
from lifeboat.neon_restore.carry_out import carry_out
from lifeboat.neon_restore.plan import plan_restore
from lifeboat.neon_restore.policy.event import NeonRestoreEvent, parse_neon_restore_event
from lifeboat.neon_restore.run import NOTHING_TOUCHED, BackupInvoker, NeonRestoreRun
from lifeboat.neon_restore.store import Store
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.invocation import crashes_logged, log_errors, seconds_left, secret_store
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import BackupBucket, Protection, s3_client
from lifeboat.s3.report_lock import locked_for
from lifeboat.settings import NeonDatabase, NeonRestoreSettings
from lifeboat.settings.lifecycle import REPORT_DAYS

logger = Logger(service="lifeboat-neon-restore")

BACKUP_FUNCTIONS = "LIFEBOAT_BACKUP_FUNCTIONS"
"""The environment variable with what comes before a database in the name of its backup function."""

_END_SECONDS = 15.0
"""Kept to answer, when the backup takes all the time."""


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=NOTHING_TOUCHED)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Plan a restore by Neon, or carry a plan out.

    `{"action": "restore", "database": "app", "at": "2026-11-22T09:00:00Z"}` answers a plan.

    Raises:
        LifeboatError: it was not done, or not to the end; says what is safe and what to do next.
            People are told of one that was to be carried out and was not merely refused.
    """
    asked = parse_neon_restore_event(event)
    settings = NeonRestoreSettings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    database = settings.of_database(asked.database)
    logger.append_keys(run_id=context.aws_request_id, database=asked.database)
    logger.info("neon-restore.started", extra={"event": asked.model_dump(mode="json")})
    with tempfile.TemporaryDirectory(prefix="lifeboat-") as folder:
        run = _run(asked, settings, database, context, Path(folder))
        reporter = run_reporter(settings, run.store.bucket, "neon-restore", context, logger)
        try:
            with crashes_logged(logger, context, lambda: run.safe):
                answer = (carry_out(run) if asked.execute else plan_restore(run)).as_json()
        except LifeboatError as error:
            _tell(run, reporter, error)
            raise
    logger.info("neon-restore.finished", extra={"answer": answer})
    return answer


def _tell(run: NeonRestoreRun, reporter: RunReporter, error: LifeboatError) -> None:
    """Notify people, unless nothing was begun: whoever invoked the function reads why."""
    if not run.event.execute or isinstance(error, EventError | RefusedError):
        return
    now, installation = reporter.now(), reporter.installation
    reporter.notify(
        lambda: neon_restore_message(run.event.database, error, run.started, installation, now)
    )


def _run(
    asked: NeonRestoreEvent,
    settings: NeonRestoreSettings,
    database: NeonDatabase,
    context: LambdaContext,
    folder: Path,
) -> NeonRestoreRun:
    started, remaining = datetime.now(UTC).replace(microsecond=0), seconds_left(context)
    key = secret_store().text(database.neon.api_key_secret_arn)
    base_url = api_of(os.environ.get(TEST_API)) or NEON_API
    api = NeonApi(key, neon_pool(), base_url, time.monotonic() + remaining())
    return NeonRestoreRun(
        event=asked,
        run_id=context.aws_request_id,
        started=started,
        database=database,
        neon=NeonProject(api, database.neon.project_id),
        store=Store(
            BackupBucket(s3_client(), os.environ["LIFEBOAT_BUCKET"]),
            of_plans=Protection(kms_key=settings.kms_key),
            of_reports=locked_for(settings.kms_key, settings.object_lock, started, REPORT_DAYS),
        ),
        programs=Programs.of_environment(),
        back_up=_invoker(os.environ[BACKUP_FUNCTIONS] + database.name),
        folder=folder,
        remaining=remaining,
        progress=logged_progress(logger),
    )


def _invoker(function: str) -> BackupInvoker:
    """Invokes a backup function, once, and waits for its answer."""

    def invoke(event: dict[str, object], seconds: float) -> dict[str, object]:
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=10,
            read_timeout=max(1.0, seconds - _END_SECONDS),
            tcp_keepalive=True,
        )
        try:
            said = boto3.client("lambda", config=config).invoke(
                FunctionName=function, Payload=json.dumps(event)
            )
            payload = json.loads(said["Payload"].read())
        except ReadTimeoutError:
            return {}  # it goes on
        except (BotoCoreError, ClientError) as error:
            raise _not_invoked(function, error) from None
        return payload if isinstance(payload, dict) else {}

    return invoke


def _not_invoked(function: str, error: BotoCoreError | ClientError) -> LifeboatError:
    return PlatformError(
        f"The function {function} could not be invoked ({type(error).__name__}), so nothing was"
        " restored.",
        safe=NOTHING_TOUCHED,
        todo="Deploy the stack again (make deploy). In a VPC, the function needs a route to"
        " Lambda's API.",
    )
