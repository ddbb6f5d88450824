"""Makes the run reporter of a function or a job, and the record of the run that begins."""

import os
from datetime import UTC, datetime, timedelta

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from lifeboat.alerts.policy.installation import Installation, account_of
from lifeboat.alerts.policy.message import Message
from lifeboat.alerts.run_reporter import RunReporter
from lifeboat.alerts.topic import Topic
from lifeboat.errors import NotificationError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.engine import BuildVariable
from lifeboat.runtime.hand_over import engine
from lifeboat.s3.bucket import BackupBucket, Protection
from lifeboat.settings import DatabaseSettings, NeonRestoreSettings, Settings

_BRIEF = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=3
)
"""A run that failed has little time left, and the monitor can notify people later."""


def run_reporter(
    settings: Settings | NeonRestoreSettings,
    bucket: BackupBucket,
    function: str,
    context: LambdaContext,
    logger: Logger,
) -> RunReporter:
    """The reporter of a run of this function.

    Args:
        settings: of the function.
        bucket: the bucket of the record.
        function: the function's name without the stack's name.
        context: of the invocation.
        logger: of the function.
    """
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    def publish(message: Message) -> None:
        topic = os.environ.get("LIFEBOAT_TOPIC")
        if not topic:  # only on a machine of one's own
            raise NotificationError(
                "LIFEBOAT_TOPIC names no topic.",
                todo="The monitor notifies people at its next check.",
            )
        client = boto3.client("sns", config=_BRIEF)  # few runs need it
        Topic(client, topic, slack=settings.alerts.slack).send(message)

    return RunReporter(
        bucket=bucket,
        protection=Protection(kms_key=settings.kms_key),
        publish=publish,
        installation=Installation(
            stack=name.removesuffix(f"-{function}"),
            # A program on a machine of one's own stands in for no function.
            account=account_of(context.invoked_function_arn or _some_arn(settings)),
            region=bucket.client.meta.region_name,
            bucket=bucket.name,
            alerts=settings.alerts,
        ),
        remaining=lambda: context.get_remaining_time_in_millis() / 1000,
        log=lambda event, details: logger.warning(event, extra=dict(details)),
    )


def _some_arn(settings: Settings | NeonRestoreSettings) -> str:
    first = settings.databases[0]
    return (
        first.secret_arn if isinstance(first, DatabaseSettings) else first.neon.api_key_secret_arn
    )


def begun_attempt(
    kind: AttemptKind, database: str, started: datetime, context: LambdaContext
) -> Attempt:
    """The record of a run that begins, with what it runs in and by when it has to be over.

    Args:
        kind: what runs.
        database: its name in the settings.
        started: when the run began, in UTC.
        context: of the invocation or the job.
    """
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return Attempt(
        kind=kind,
        database=database,
        run_id=context.aws_request_id,
        started=started,
        ends=datetime.now(UTC) + left,
        engine=engine(),
        # https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
        build=os.environ.get("CODEBUILD_BUILD_ID"),
        reason=os.environ.get(BuildVariable.REASON),
    )
