"""The restore function's entry point: only people invoke it, and it answers with a plan first."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
from datetime import UTC, datetime
from functools import partial

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.policy.failures import restore_message
from lifeboat.alerts.run_reporter import RunReporter
from lifeboat.alerts.wiring import begun_attempt, run_reporter
from lifeboat.errors import EventError, LifeboatError, RefusedError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.engine import Engine
from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.postgres.login import read_login
from lifeboat.postgres.programs import Programs
from lifeboat.restore.dispatch import restore
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.run import RestoreRun
from lifeboat.runtime.hand_over import engine, job_starter
from lifeboat.runtime.invocation import as_lifeboat_error, log_errors, seconds_left, secret_store
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.settings import Settings

logger = Logger(service="lifeboat-restore")


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=RestoreRun.SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Answer what a person asks: `{"action": "list", "database": "app"}` is where to begin.

    Without `"execute": true` the answer is a plan and the exact event that carries it out. What
    doesn't fit into the function goes on as a job, and the answer is the build.

    Raises:
        LifeboatError: it was not done, or not to the end; says what is safe and what to do next.
            People are told of one that was to be carried out and was not merely refused.
    """
    asked = parse_restore_event(event)
    settings = Settings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    settings = settings.of_database(asked.database)
    if engine() is Engine.JOB:
        settings = settings.for_job("restore")
    logger.append_keys(run_id=context.aws_request_id, database=asked.database)
    logger.info("restore.started", extra={"event": asked.with_changes(execute=asked.execute)})
    run = RestoreRun(
        event=asked,
        run_id=context.aws_request_id,
        started=datetime.now(UTC).replace(microsecond=0),
        settings=settings,
        bucket=BackupBucket(s3_client(), os.environ["LIFEBOAT_BUCKET"]),
        programs=Programs.of_environment(),
        read_login=partial(read_login, secret_store()),
        remaining=seconds_left(context),
        memory_mb=int(context.memory_limit_in_mb),
        engine=engine(),
        starter=job_starter(context.aws_request_id, seconds_left(context)),
        progress=logged_progress(logger),
    )
    reporter = run_reporter(settings, run.bucket, "restore", context, logger)
    attempt = begun_attempt(AttemptKind.RESTORE, asked.database, run.started, context)
    if run.engine is Engine.JOB:
        reporter.record(attempt)
    try:
        answer = restore(run)
    except Exception as error:
        _tell(run, reporter, attempt, as_lifeboat_error(error, context, safe=RestoreRun.SAFE))
        raise
    if isinstance(answer, HandOverAnswer):
        job = answer.handed_over
        reporter.record(attempt.handed_over(job.build, job.reason, reporter.now()))
        logger.info("restore.handed_over", extra=job.as_logged())
        return answer.as_json()
    logger.info("restore.finished", extra={"answer": answer.as_logged()})
    if run.engine is Engine.JOB:
        reporter.record(attempt.succeeded(reporter.now()))
        return answer.as_logged()  # what a build prints is in its log
    return answer.as_json()


def _tell(run: RestoreRun, reporter: RunReporter, attempt: Attempt, error: LifeboatError) -> None:
    """Record the failure of a job, and notify people unless whoever asked reads it at once."""
    in_job = run.engine is Engine.JOB
    ended = attempt.failed(error, reporter.now())
    if in_job:
        reporter.record(ended)
    # Of a refusal nothing was begun; whoever invoked a function reads why.
    if not run.event.execute or (isinstance(error, EventError | RefusedError) and not in_job):
        return
    now, installation = reporter.now(), reporter.installation
    told = reporter.notify(
        lambda: restore_message(run.event.database, error, run.started, installation, now)
    )
    if in_job and told:
        reporter.record(ended.as_notified())
