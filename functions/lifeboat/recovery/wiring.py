"""What the entry points that bring backups back have in common."""

import os
from pathlib import Path

from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.postgres.login import Login, read_login
from lifeboat.postgres.programs import Programs
from lifeboat.recovery.context import RecoveryMeans
from lifeboat.runtime.invocation import seconds_left, secret_store
from lifeboat.s3.bucket import Vault, s3_client
from lifeboat.settings import Settings


def recovery_means(settings: Settings, context: LambdaContext) -> RecoveryMeans:
    """What this invocation works with."""
    store = secret_store()

    def login_of(arn: str, scratch: Path) -> Login:
        return read_login(store, arn, scratch)

    return RecoveryMeans(
        settings=settings,
        vault=Vault(s3_client(), os.environ["LIFEBOAT_VAULT"]),
        programs=Programs.of_environment(),
        read_login=login_of,
        remaining=seconds_left(context),
        memory_mb=int(context.memory_limit_in_mb),
    )
