"""How a function tells people that its run failed."""

import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from lifeboat.alerts.policy.installation import Installation, account_of
from lifeboat.alerts.policy.messages import Message
from lifeboat.alerts.tell_failure import Voice
from lifeboat.alerts.topic import Topic
from lifeboat.s3.bucket import Protection, Vault
from lifeboat.settings import Settings

#: A run that failed has little time left, and the monitor tells what it can't.
_BRIEF = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=3
)


def voice(
    settings: Settings, vault: Vault, function: str, context: LambdaContext, logger: Logger
) -> Voice:
    """The voice of a run of this function.

    Args:
        settings: those of the function.
        vault: where the run is recorded.
        function: what its name ends with, after the stack's.
        context: of the invocation.
        logger: of the function.
    """
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    def tell(message: Message) -> None:
        client = boto3.client("sns", config=_BRIEF)  # which hardly any run needs
        Topic(client, os.environ["LIFEBOAT_TOPIC"], slack=settings.alerts.slack).tell(message)

    return Voice(
        vault=vault,
        protection=Protection(kms_key=settings.kms_key),
        tell=tell,
        installation=Installation(
            stack=name.removesuffix(f"-{function}"),
            account=account_of(context.invoked_function_arn),
            region=vault.client.meta.region_name,
            vault=vault.bucket,
        ),
        left=lambda: context.get_remaining_time_in_millis() / 1000,
        log=lambda event, details: logger.warning(event, extra=dict(details)),
    )
