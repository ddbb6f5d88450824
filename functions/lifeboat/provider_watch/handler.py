"""The entry point of the function that asks Neon: the only one that may read Neon's API key."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
from datetime import UTC, datetime

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.model.provider import ProviderReport
from lifeboat.neon.api import NEON_API
from lifeboat.neon.policy.endpoint import TEST_API, api_of
from lifeboat.provider_watch.report_store import ReportStore
from lifeboat.provider_watch.watch import Look, watch
from lifeboat.runtime.invocation import SHORT_TIMEOUTS, log_errors, seconds_left, secret_store
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import ProviderSettings

logger = Logger(service="lifeboat-neon-watch")

SAFE = "Backups and drills run without it; it only looks."
"""What no failure of this function affects."""


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object]:  # noqa: ARG001
    """Ask Neon about each database, and write a report of each; the event doesn't matter.

    A wrong key, a project that is gone and an API that is down are what a report says, and no
    failure. The monitor, which reads the reports, tells people.

    Raises:
        StorageError: a report could not be stored.
    """
    logger.append_keys(run_id=context.aws_request_id)
    look = _look(context)
    answers: list[dict[str, object]] = []
    for report in watch(look):
        _log(report)
        problem = report.problem
        answers.append({"database": report.database, "problem": problem and problem.kind.value})
    return {"databases": answers}


def _look(context: LambdaContext) -> Look:
    settings = ProviderSettings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    bucket = BackupBucket(boto3.client("s3", config=SHORT_TIMEOUTS), os.environ["LIFEBOAT_BUCKET"])
    return Look(
        settings=settings,
        secrets=secret_store(),
        reports=ReportStore(bucket, settings.kms_key),
        remaining=seconds_left(context),
        now=datetime.now(UTC),
        logger=logger,
        base_url=api_of(os.environ.get(TEST_API)) or NEON_API,
    )


def _log(report: ProviderReport) -> None:
    if report.problem is None:
        logger.info("provider.asked", extra={"database": report.database})
        return
    logger.warning(
        "provider.problem",
        extra={
            "database": report.database,
            "kind": report.problem.kind,
            "what": report.problem.what,
            "next": report.problem.next_step,
        },
    )
