"""The drill function's entry point: one event, one drill, its log, its figures, its verdict."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
from datetime import UTC, datetime
from functools import partial

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.run_reporter import recorded
from lifeboat.alerts.wiring import begun_attempt, run_reporter
from lifeboat.drill.drill import drill
from lifeboat.drill.policy.answer import DrillAnswer, answer_of
from lifeboat.drill.policy.event import DrillEvent, parse_drill_event
from lifeboat.drill.policy.target import target_of
from lifeboat.drill.run import DrillRun
from lifeboat.errors import VerificationError
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.model.engine import Engine
from lifeboat.model.hand_over import HandOver, HandOverAnswer
from lifeboat.model.metrics import drill_metrics
from lifeboat.postgres.login import read_login
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.branch_broker import branch_broker
from lifeboat.runtime.emit_metrics import emit_metrics
from lifeboat.runtime.hand_over import engine, job_starter, waited_seconds
from lifeboat.runtime.invocation import (
    as_lifeboat_error,
    log_errors,
    seconds_left,
    secret_store,
)
from lifeboat.runtime.progress import logged_progress
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.settings import Settings

logger = Logger(service="lifeboat-drill")


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=DrillRun.SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:
    """Hold the drill that the event asks for; gives what there is to know of it first.

    `{"database": "app"}` drills the newest backup where the settings say. Also
    `"backup": "random"` or an id, and `"target": "embedded"` or `"<ARN of a secret>"`.

    What doesn't fit into the function goes on as a job, and the answer is the build.

    Raises:
        LifeboatError: no drill was held, which the run has told people; or the backup failed it,
            which the monitor tells.
    """
    asked = parse_drill_event(event)
    settings = Settings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    settings = settings.of_database(asked.database)
    target = target_of(asked, settings.databases[0])
    if engine() is Engine.JOB:
        settings = settings.for_job("drill", own_server=target == EMBEDDED)
    started = datetime.now(UTC).replace(microsecond=0)
    logger.append_keys(run_id=context.aws_request_id, database=asked.database)
    logger.info("drill.started", extra={"backup": asked.choice, "target": target})
    run = DrillRun(
        event=asked,
        run_id=context.aws_request_id,
        started=started,
        settings=settings,
        bucket=BackupBucket(s3_client(), os.environ["LIFEBOAT_BUCKET"]),
        programs=Programs.of_environment(),
        read_login=partial(read_login, secret_store()),
        remaining=seconds_left(context),
        memory_mb=int(context.memory_limit_in_mb),
        engine=engine(),
        starter=job_starter(context.aws_request_id, seconds_left(context)),
        waited_seconds=waited_seconds(started),
        progress=logged_progress(logger),
        branches=branch_broker(secret_store()),
        log=lambda event, details: logger.warning(event, extra=dict(details)),
    )
    attempt = begun_attempt(AttemptKind.DRILL, asked.database, started, context)
    with recorded(
        attempt,
        run_reporter(settings, run.bucket, f"drill-{asked.database}", context, logger),
        lambda error: as_lifeboat_error(error, context, safe=DrillRun.SAFE),
    ) as record:
        report = drill(run)
        if isinstance(report, HandOver):
            record.job = report
    if isinstance(report, HandOver):
        logger.info("drill.handed_over", extra=report.as_logged())
        return HandOverAnswer(handed_over=report).as_json()
    if settings.dashboard:
        emit_metrics(drill_metrics(asked.database, report.rto_margin_seconds))
    answer = answer_of(report, run.bucket.name)
    logger.info("drill.finished", extra={"answer": answer.as_logged()})
    if report.verdict is Verdict.FAILED:
        raise _failure(asked, report, answer)
    return answer.as_json()


def _failure(asked: DrillEvent, report: DrillReport, answer: DrillAnswer) -> VerificationError:
    return VerificationError(
        f"The drill of {report.backup or asked.database} failed: {'; '.join(report.reasons)}",
        todo=f"{report.advice} The report: {answer.next_command}",
    )
